"""What the claims about activations share: where inputs are drawn, and bounds in whole powers of two."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import numpy as np

from rnnspec.evidence import Enclosed, Functions
from rnnspec.strategies import arrays
from rnnspec.subject import Array

AT_ZERO = np.zeros(1)

Points: TypeAlias = Annotated[Array, arrays((1, 16), low=-16, high=16, unit=1 / 16)]
"""A few numbers from −16 to 16, for laws of which pre-activations of every regime ask too much."""

LOG_2 = 0.6932
"""A little more than ln 2, so that e^-x <= 2^-floor(x / LOG_2) for every x >= 0."""

SMALLEST_BOUND = 1000
"""Bounds are cut off at 2^-1000, which a float64 still represents."""


def above_exponential(x: Array, times: int = 1) -> Array:
    """A power of two that is at least e^-(times |x|), and at most 2.01 times as large, down to 2^-1000."""
    exponent = times * np.minimum(np.abs(x), SMALLEST_BOUND * LOG_2 / times) / LOG_2
    return np.asarray(2.0 ** -np.floor(exponent))


def slope_of(kind: str, f: Functions, x: Enclosed) -> Enclosed:
    """phi'(x), as a function of x once the kind is given."""
    return f.slope(kind, x)


def times_log_two(n: int, f: Functions) -> Enclosed:
    """n ln 2, where e^x is a power of two: rounding and underflow begin there."""
    return n * f.log(2)
