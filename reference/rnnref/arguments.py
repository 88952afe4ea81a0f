"""What arguments are asked to be, where more than one module asks it."""

from __future__ import annotations

import sys

from rnnref.errors import BadInput


def is_finite_number(value: object) -> bool:
    """Whether it is a Python number that a float64 can hold: no bool, no infinity, no NaN."""
    if not isinstance(value, float | int) or isinstance(value, bool):
        return False
    return -sys.float_info.max <= value <= sys.float_info.max


def check_convention(conventions: tuple[str, ...], convention: object) -> None:
    """Raise `BadInput` unless the convention is one of those that have a name."""
    if convention not in conventions:
        raise BadInput("convention", repr(convention), f"one of {', '.join(conventions)}")
