"""What arguments are asked to be, where more than one module asks it.

Each function raises `BadInput`, with the parameter's name, unless the argument is what it
should be.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref.errors import BadInput

# Precisions beyond this, in bits, are taken for a mistake: nobody would wait for the result.
MOST_BITS = 1 << 20

# What an array of objects may hold by mistake. Its numbers may be of any number system.
NO_NUMBERS = (str, bytes, complex, date, timedelta, list, tuple, set, dict)


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
    """A whole number from `low` to `high`, or without an upper bound; NumPy's integers are numbers too."""
    fits = isinstance(got, int | np.integer) and not isinstance(got, bool) and got >= low
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
    if not isinstance(got, str) or got not in choices:
        raise BadInput(parameter, repr(got), f"one of {', '.join(choices)}")


def check_type(parameter: str, got: object, wanted: Any, expected: str) -> None:
    """An instance of `wanted`, a class or several; `expected` says so in words."""
    if not isinstance(got, wanted):
        raise BadInput(parameter, described(got), expected)


def described(got: object) -> str:
    """Something of a wrong type, in words: by its type, since its value may take many lines."""
    if got is None:
        return "None"
    name = type(got).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def check_real(parameter: str, got: object) -> None:
    """A NumPy array of real numbers that a float64 can hold, or of some number system's."""
    if not isinstance(got, np.ndarray):
        raise BadInput(parameter, described(got), "a NumPy array")
    too_wide = got.dtype.kind == "f" and got.dtype.itemsize > 8
    if too_wide or (got.dtype.kind not in "fiuO" and got.dtype.name != "bfloat16"):
        raise BadInput(parameter, f"an array of {got.dtype}", "one of real numbers")
    if got.dtype.kind == "O":
        for entry in got.flat:
            if entry is None or isinstance(entry, NO_NUMBERS):
                raise BadInput(parameter, f"an array with {described(entry)} in it", "one of real numbers")


def real_array(parameter: str, got: Any) -> NDArray[Any]:
    """The array of real numbers that NumPy makes of a number, of lists of numbers, or of an array."""
    try:
        values = np.asarray(got)
    except ValueError:  # of lists that differ in length
        raise BadInput(parameter, f"{described(got)} of no shape", "an array of real numbers") from None
    check_real(parameter, values)
    return values


def plain(number: Any) -> Any:
    """A NumPy scalar as Python's number: its format would win over that of a matrix it meets."""
    return number.item() if isinstance(number, np.generic) else number


def keep_plain(record: Any) -> None:
    """The same for all fields of a frozen record."""
    for field in fields(record):
        object.__setattr__(record, field.name, plain(getattr(record, field.name)))
