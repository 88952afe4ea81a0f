"""The numbers with which a law calculates, and the way into them and back.

A law's arithmetic must add no rounding of its own. So the floats that an implementation
returns are lifted to balls of radius 0, and the laws' sums and products of them are taken
at a precision that makes the enclosures negligibly wide. In noise a number is a vector of
replicates, and the arithmetic of the law goes through them side by side, unperturbed.

Both come as NumPy object arrays, so that indexing, `@`, broadcasting and `.sum()` work the
same way in every reading.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, fmpq
from numpy.typing import NDArray

from rnnspec.subject import Numbers

LAW_PRECISION = 640
"""Bits for the arithmetic of laws: products of a dozen float64 stay exact."""


def exactly(number: Any) -> Any:
    """A Python or NumPy number, or a ball, as a ball that contains it."""
    if isinstance(number, arb):
        return number
    if isinstance(number, Fraction):
        return arb(fmpq(number.numerator, number.denominator))
    if isinstance(number, (int, np.integer)):
        return arb(int(number))
    return arb(float(number))  # every float format up to float64 is exact in float64


def each(function: Callable[[Any], Any], values: Any) -> Numbers:
    """Apply a function to the entries of an array, into an object array."""
    array = np.asarray(values)
    result = np.empty(array.shape, dtype=object)
    result.flat[:] = [function(value) for value in array.ravel().tolist()]
    return result


def to_balls(values: Any) -> Numbers:
    """Lift numbers, or an array of them, to balls; an array of balls is what it is."""
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return each(arb, array.astype(np.float64))
    if array.dtype == object and set(map(type, array.ravel().tolist())) <= {arb}:
        return array
    return each(exactly, array)


class NotAFloat(ValueError):
    """A law passed on a number that an implementation's format cannot represent."""


def to_floats(values: Any) -> NDArray[np.float64]:
    """Plain float64 from plain numbers or from balls of radius 0.

    Raises:
        NotAFloat: if a ball is not exactly a float64.
    """
    array = np.asarray(values)
    if array.dtype != object:
        return array.astype(np.float64)
    floats = np.empty(array.shape, dtype=np.float64)
    floats.flat[:] = [_float(value) for value in array.flat]
    return floats


def _float(value: Any) -> float:
    if not isinstance(value, arb):
        return float(value)
    rounded = float(value.mid())
    if value.is_finite() and not (value.is_exact() and arb(rounded) == value):
        raise NotAFloat(f"{value} is not a float64; a law may pass on only what a call returned")
    return rounded


class Replicates:
    """One number of the noise reading: its K replicates, combined entry by entry."""

    __slots__ = ("values",)

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values

    def __add__(self, other: Any) -> Replicates:
        return Replicates(self.values + _replicated(other))

    def __sub__(self, other: Any) -> Replicates:
        return Replicates(self.values - _replicated(other))

    def __rsub__(self, other: Any) -> Replicates:
        return Replicates(_replicated(other) - self.values)

    def __mul__(self, other: Any) -> Replicates:
        return Replicates(self.values * _replicated(other))

    def __truediv__(self, other: Any) -> Replicates:
        return Replicates(self.values / _replicated(other))

    def __rtruediv__(self, other: Any) -> Replicates:
        return Replicates(_replicated(other) / self.values)

    def __pow__(self, exponent: int) -> Replicates:
        return Replicates(self.values**exponent)

    def __neg__(self) -> Replicates:
        return Replicates(-self.values)

    def __abs__(self) -> Replicates:
        return Replicates(np.abs(self.values))

    __radd__ = __add__
    __rmul__ = __mul__


def _replicated(other: Any) -> Any:
    return other.values if isinstance(other, Replicates) else float(other)


def to_replicates(values: NDArray[np.float64]) -> Numbers:
    """An array (K, ...) as an array (...) of K replicates each."""
    result = np.empty(values.shape[1:], dtype=object)
    result.flat[:] = [Replicates(r) for r in values.reshape(len(values), result.size).T]
    return result


def from_replicates(values: Any, replicates: int) -> NDArray[np.float64]:
    """The way back: an array (...) of replicates or plain numbers as (K, ...)."""
    array = np.asarray(values)
    if array.dtype != object:
        return np.broadcast_to(array.astype(np.float64), (replicates, *array.shape))
    columns = np.empty((replicates, array.size))
    for place, value in enumerate(array.flat):
        columns[:, place] = _replicated(value)
    return columns.reshape(replicates, *array.shape)
