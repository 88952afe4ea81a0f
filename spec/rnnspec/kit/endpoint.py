"""An implementation as the kit sees it: it describes itself, and it answers calls.

Whether it lives in this process (`InProcess`) or in another (`rnnspec.kit.worker.Worker`)
makes no difference to a caller: plain data go in, plain data come out, and everything
that can go wrong is one of two exceptions, whose messages are the same for both. A
message of `Misbehaved` that has no subject of its own (`exited with code 3 during run`)
speaks of the implementation.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from rnnspec.errors import CannotLoad, Misbehaved, NotOffered, Raised
from rnnspec.kit.wire import NotPlain, Status, plain, plain_argument
from rnnspec.protocol import FORMATS, METHODS, Description, Implementation

_SIGNATURES = {
    method: list(inspect.signature(getattr(Implementation, method)).parameters.values())[1:]
    for method in METHODS
}

# The order in which the contract has each method's arguments. They are handed over by
# position, so that an adapter may call them what its library calls them.
PARAMETERS = {method: tuple(each.name for each in named) for method, named in _SIGNATURES.items()}

# Those that are not always there; they come last.
OPTIONAL = {
    method: tuple(each.name for each in named if each.default is not inspect.Parameter.empty)
    for method, named in _SIGNATURES.items()
}

# Characters of a foreign message that are worth a place in a report.
_MESSAGE_LENGTH = 300


class Endpoint(Protocol):
    """Something that answers for an implementation; a context manager that closes it."""

    @property
    def description(self) -> Description:
        """What the implementation says of itself.

        Raises:
            CannotLoad: if it cannot be loaded; said again at every access.
        """
        ...

    def call(self, method: str, /, **arguments: Any) -> Any:
        """Call a method of `rnnspec.protocol.Implementation`, all its arguments by name.

        One that has a default there may be left out.

        What comes back is plain data and the caller's own: float arrays (new, contiguous,
        writable), a dict of these, a tuple of both, or an int. That shapes and formats are
        those which the call should give is for the caller to check. Arguments are copied:
        an implementation that writes into them spoils nothing.

        Raises:
            NotOffered: if the method is absent, or is there and answers `NotImplemented`.
            Misbehaved: if it raises, crashes, hangs or returns what is not plain data.
            NotPlain: if an argument is not plain data, which is the caller's fault.
            TypeError: if the arguments are not those of the method.
        """
        ...

    def close(self) -> None:
        """Let go of whatever is held; closing twice is harmless."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class InProcess:
    """An implementation in this very process: only for code that is trusted not to crash it.

    Args:
        implementation: an object that offers some of `Implementation`'s methods.

    Raises:
        CannotLoad: if it does not describe itself properly.
    """

    def __init__(self, implementation: object) -> None:
        self._implementation = implementation
        self._description = describe(implementation)

    @property
    def description(self) -> Description:
        return self._description

    def call(self, method: str, /, **arguments: Any) -> Any:
        """See `Endpoint.call`; a hang here is a hang of the kit."""
        check_call(self._description, method, arguments)
        own = {name: plain_argument(value) for name, value in arguments.items()}
        return value_of(answer(self._implementation, method, own), method)

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Answer:
    """How a call went, before it is a result or an exception.

    Attributes:
        status: as in a reply of the wire format.
        value: plain data, where the status is `ok`.
        message: `ValueError: ...` where it raised; what was returned where that is rubbish.
    """

    status: Status
    value: Any = None
    message: str = ""


def answer(implementation: object, method: str, arguments: Mapping[str, Any]) -> Answer:
    """Call a method of a Python object with arguments that are its own to spoil.

    Whatever it raises is its answer, `SystemExit` too; only Ctrl-C goes through. A method that
    cannot take an optional argument does not offer what it stands for.
    """
    own = [arguments[name] for name in PARAMETERS[method] if name in arguments]
    try:
        function = getattr(implementation, method)
        if not arguments.keys().isdisjoint(OPTIONAL[method]) and not _takes(function, len(own)):
            return Answer("not_offered")
        value = function(*own)
        if value is NotImplemented:
            return Answer("not_offered")
        return Answer("ok", plain(value))
    except NotPlain as refusal:
        return Answer("rubbish", message=one_line(str(refusal)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # foreign code, whose every failure is its answer
        return Answer("raised", message=raised(error))


def value_of(got: Answer, method: str) -> Any:
    """The value of an answer.

    Raises:
        NotOffered: if the implementation has no such thing.
        Raised: if it raised.
        Misbehaved: if it returned rubbish.
    """
    match got.status:
        case "ok":
            return got.value
        case "not_offered":
            raise NotOffered(f"{method} is not offered with these options")
        case "raised":
            raise Raised(f"{method} raised {one_line(got.message)}")
        case "rubbish":
            raise Misbehaved(f"{method} returned what is not plain data: {one_line(got.message)}")


def check_call(description: Description, method: str, arguments: Mapping[str, Any]) -> None:
    """Refuse a call that cannot be made.

    Raises:
        NotOffered: if the implementation does not have the method.
        TypeError: if the arguments are not those of the contract.
    """
    if method not in description.offers:
        raise NotOffered(f"{method} is not offered")
    missing = set(PARAMETERS[method]) - set(arguments) - set(OPTIONAL[method])
    if missing or not set(arguments) <= set(PARAMETERS[method]):
        takes = ", ".join(f"[{name}]" if name in OPTIONAL[method] else name for name in PARAMETERS[method])
        raise TypeError(f"{method} takes {takes}, got {', '.join(arguments)}")


def describe(implementation: object) -> Description:
    """Ask a Python object what it is and which methods it has.

    A missing name is the name of its type; nothing declared is an empty mapping. A method
    that is None, or that comes from `Implementation` itself by inheritance, is not offered.

    Raises:
        CannotLoad: if the version, the formats, what it declares or a method is missing or
            of the wrong kind, or if it offers nothing.
    """
    kind = type(implementation).__name__
    if isinstance(implementation, type):
        raise CannotLoad(f"{implementation.__name__} is a class, where an instance of it is expected")
    name = _attribute(implementation, "name")
    declares = _attribute(implementation, "declares")
    offers = []
    for method in METHODS:
        found = _attribute(implementation, method)
        if found is None or getattr(found, "__func__", None) is getattr(Implementation, method):
            continue
        if not callable(found):
            raise CannotLoad(f"{kind}.{method} is {_shown(found)}, where a method is expected")
        offers.append(method)
    return checked_description(
        kind,
        name=kind if name is None else name,
        version=_attribute(implementation, "version"),
        formats=_attribute(implementation, "formats"),
        offers=offers,
        declares={} if declares is None else declares,
    )


def checked_description(
    subject: str, *, name: Any, version: Any, formats: Any, offers: Sequence[str], declares: Any
) -> Description:
    """A description of the right kinds, from what somebody else has said.

    Args:
        subject: what to call the speaker in messages.

    Raises:
        CannotLoad: in one sentence that names the field, what it is and what is expected.
    """

    def expect(condition: bool, field: str, got: Any, expected: str) -> None:
        if not condition:
            was = "missing" if got is None else _shown(got)
            raise CannotLoad(f"{subject}.{field} is {was}, where {expected} is expected")

    for field, text in (("name", name), ("version", version)):
        expect(isinstance(text, str) and bool(text.strip()), field, text, "text")
    known = ", ".join(FORMATS)
    listed = isinstance(formats, Sequence) and not isinstance(formats, str) and len(formats) > 0
    expect(listed, "formats", formats, f"a tuple of some of {known}")
    for each in formats:
        expect(isinstance(each, str) and each in FORMATS, "formats", formats, f"a tuple of some of {known}")
    expect(isinstance(declares, Mapping), "declares", declares, "a mapping")
    for key, value in declares.items():
        expect(isinstance(key, str), "declares", declares, "a mapping from names")
        expect(isinstance(value, (bool, str)), f"declares[{key!r}]", value, "True, False or text")
    for method in offers:
        if method not in METHODS:
            raise CannotLoad(f"{subject} offers {method!r}, which is none of {', '.join(METHODS)}")
    if not offers:
        raise CannotLoad(f"{subject} offers nothing: none of {', '.join(METHODS)}")
    return Description(
        name=one_line(name),
        version=one_line(version),
        formats=tuple(dict.fromkeys(formats)),
        offers=tuple(method for method in METHODS if method in offers),
        declares=dict(declares),
    )


def raised(error: BaseException) -> str:
    """The type and the message of an exception, in a line."""
    try:
        text = str(error)
    except Exception:  # foreign code as well
        text = ""
    return one_line(f"{type(error).__name__}: {text}" if text.strip() else type(error).__name__)


def one_line(text: str) -> str:
    """Foreign text on a single line of bounded length, fit to be encoded."""
    line = " ".join(text[: 4 * _MESSAGE_LENGTH].split()).encode("utf-8", "replace").decode()
    return line if len(line) <= _MESSAGE_LENGTH else line[: _MESSAGE_LENGTH - 3] + "..."


def _takes(function: Any, count: int) -> bool:
    """Whether so many arguments can be given by position."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # it does not say
        return True
    return True


def _attribute(implementation: object, name: str) -> Any:
    """An attribute, None where there is none."""
    try:
        return getattr(implementation, name, None)
    except Exception as error:
        kind = type(implementation).__name__
        raise CannotLoad(f"{kind}.{name} cannot be read: {raised(error)}") from error


def _shown(value: Any) -> str:
    try:
        return one_line(repr(value))
    except Exception:  # foreign code as well
        return f"an object of type {type(value).__name__}"
