"""What the data of this package is held to."""

from __future__ import annotations

import math

from rnnref.arguments import is_finite_number
from rnnref.errors import BadInput


def check_size(parameter: str, got: object) -> None:
    """Raise `BadInput` unless it is a whole number, at least 1."""
    if not isinstance(got, int) or isinstance(got, bool) or got < 1:
        raise BadInput(parameter, repr(got), "a whole number, at least 1")


def check_choice(parameter: str, got: object, choices: tuple[object, ...]) -> None:
    """Raise `BadInput` unless it is one of the choices."""
    if got not in choices:
        raise BadInput(parameter, repr(got), f"one of {', '.join(map(str, choices))}")


def check_number(parameter: str, got: object, expected: str, low: float, high: float = math.inf) -> None:
    """Raise `BadInput` unless it is a finite number from `low` to `high`."""
    if not is_finite_number(got) or not low <= got <= high:  # type: ignore[operator]  # a number by then
        raise BadInput(parameter, repr(got), expected)
