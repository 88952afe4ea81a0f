"""What arguments are asked to be, where more than one module asks it.

Each function raises `BadInput`, with the parameter's name, unless the argument is what it
should be.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable

from rnnref.errors import BadInput


def is_finite_number(value: object) -> bool:
    """Whether it is a Python number that a float64 can hold: no bool, no infinity, no NaN."""
    if not isinstance(value, float | int) or isinstance(value, bool):
        return False
    return -sys.float_info.max <= value <= sys.float_info.max


def check_number(parameter: str, got: object, expected: str, low: float, high: float = math.inf) -> None:
    """A finite number from `low` to `high`; `expected` says so in words."""
    if not is_finite_number(got) or not low <= got <= high:  # type: ignore[operator]  # a number by then
        raise BadInput(parameter, repr(got), expected)


def check_whole(parameter: str, got: object, low: int, high: int | None = None) -> None:
    """A whole number from `low` to `high`, or without an upper bound."""
    fits = isinstance(got, int) and not isinstance(got, bool) and got >= low
    if not fits or (high is not None and got > high):  # type: ignore[operator]  # a number by then
        expected = (
            f"a whole number, at least {low}" if high is None else f"a whole number from {low} to {high}"
        )
        raise BadInput(parameter, repr(got), expected)


def check_flag(parameter: str, got: object) -> None:
    """True or False."""
    if not isinstance(got, bool):
        raise BadInput(parameter, repr(got), "True or False")


def check_choice(parameter: str, got: object, choices: Iterable[str]) -> None:
    """One of some names."""
    choices = tuple(choices)
    if got not in choices:
        raise BadInput(parameter, repr(got), f"one of {', '.join(choices)}")
