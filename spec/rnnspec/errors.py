"""What can go wrong between the kit and an implementation, and what each means for a verdict."""

from __future__ import annotations


class RnnspecError(Exception):
    """Base of all errors that rnnspec raises on purpose; each message is one clear sentence."""


class CallAtFault(RnnspecError):
    """The command line or an argument is wrong: exit code 2."""


class CannotLoad(RnnspecError):
    """The target names nothing that can be loaded: exit code 2."""


class NotOffered(RnnspecError):
    """The implementation does not have the part that a law needs: no verdict either way."""


class Misbehaved(RnnspecError):
    """The implementation raised, crashed, hung or returned something that is no answer.

    This is a failed verdict about it, like a wrong number.

    Attributes:
        costly: whether the call took the worker down (a crash or a hang), so that repeating
            it costs a restart.
    """

    def __init__(self, message: str, *, costly: bool = False) -> None:
        super().__init__(message)
        self.costly = costly


class Raised(Misbehaved):
    """The implementation raised an exception in a call, which is an answer only where there is no other."""
