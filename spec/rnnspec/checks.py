"""Checks: single pieces of executable evidence, attached to claims."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from rnnspec.drawn import Drawn
from rnnspec.errors import RnnspecError
from rnnspec.vocabulary import About, Kind


class BadClaim(RnnspecError):
    """A claim's record is incomplete or contradicts itself; says which field of which claim."""


@dataclass(frozen=True)
class Check:
    """One executable piece of evidence, a test id of its own.

    Attributes:
        claim: the id of its claim.
        name: of the function, unique within the claim.
        kind: what it does.
        about: whether its subject is the mathematics, an implementation, or each in turn.
        function: the code.
        needs: the methods of the protocol that an implementation must offer.
        inputs: where each further parameter is drawn from.
        of: the check whose statement a witness falsifies or an exhaustive check repeats.
        format: the float format whose values an exhaustive check goes through.
        condition: which of the claim's conditions a necessity check drops.
        times: of a law, how many times as many inputs are drawn as the profile says.
        unsearched: of a false statement, why no search is made for an input that shows it,
            beside the witness; empty where one is made.
    """

    claim: str
    name: str
    kind: Kind
    about: About
    function: Callable[..., Any]
    needs: tuple[str, ...] = ()
    inputs: Mapping[str, Drawn[Any]] = field(default_factory=dict)
    of: Check | None = None
    format: str | None = None
    condition: str | None = None
    times: int = 1
    unsearched: str = ""

    @property
    def id(self) -> str:
        return f"{self.claim}/{self.name}"

    @property
    def text(self) -> str:
        """The docstring: what the check says, in words."""
        return inspect.cleandoc(self.function.__doc__ or "")


def drawn_inputs(claim: str, function: Callable[..., Any]) -> dict[str, Drawn[Any]]:
    """Where the inputs of a law are drawn from: what the annotations of its parameters say.

    Raises:
        BadClaim: if one says nothing, or the function is no law.
    """
    names = list(inspect.signature(function).parameters)
    if names[:2] != ["impl", "hold"]:
        raise BadClaim(f"claim {claim}: {function.__name__} must take (impl, hold, ...), it takes {names}")
    hints = get_type_hints(function, include_extras=True)
    inputs = {}
    for name in names[2:]:
        sources = [m for m in getattr(hints.get(name), "__metadata__", ()) if isinstance(m, Drawn)]
        if len(sources) != 1:
            raise BadClaim(
                f"claim {claim}: parameter {name} of {function.__name__} does not say where it is "
                f"drawn from; annotate it with one of rnnspec.strategies"
            )
        inputs[name] = sources[0]
    return inputs
