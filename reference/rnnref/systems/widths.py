"""Widths: how wide the balls of a computation will get, foreseen in float64.

A dry run of the formulas. Every number is carried as its value and as the half-width of the
ball that stands for it in the real run, in units of 2^-p, where p is the working precision
that is still to be chosen. Widths follow the rules of ball arithmetic to first order, so
they do not depend on p: that a tensor is wider than its largest entry by 2^40 units means
that 40 of its p bits are lost, whatever p.

This is a forecast and no enclosure. Values are rounded to float64, terms of second order
are left out, and what is decided here may be open in balls; nothing that is proven rests
on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rnnref.systems.base import Array

Width: TypeAlias = Any  # an array of the values' shape, or the number 0 where they are exact

UNSEEN = 64.0  # bits: what is taken to be lost where the dry run overflows, or cancels to 0
SMALLEST = 2.0**-1022  # below, `certified_bits` counts absolutely


class WideMatrix:
    """Values and the half-widths of their balls: two arrays (rows, columns)."""

    __array_ufunc__ = None  # so that `ndarray * WideMatrix` comes here

    # 1 - values and 1 - values^2, where they are known better than by subtracting: in
    # saturation float64 would see 0, and the slopes there are what is lost.
    _complement: Array | None = None
    _square_complement: Array | None = None

    _size: Array | None = None
    _reach: Array | None = None
    _transposed: WideMatrix | None = None

    def __init__(self, values: Array, width: Width = 0.0) -> None:
        self.values = values
        self.width = width

    @property
    def size(self) -> Array:
        """|values|."""
        if self._size is None:
            self._size = np.abs(self.values)
        return self._size

    @property
    def reach(self) -> Array:
        """|values| and one width more: what a factor makes of the other's size and rounding."""
        if self._reach is None:
            size = self.size
            self._reach = size if isinstance(self.width, float) else size + self.width
        return self._reach

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.values.shape
        return rows, columns

    @property
    def T(self) -> WideMatrix:
        if self._transposed is None:
            width = self.width if isinstance(self.width, float) else self.width.T
            self._transposed = WideMatrix(self.values.T, width)
        return self._transposed

    def __matmul__(self, other: WideMatrix) -> WideMatrix:
        # `dot` is `@` at half the cost, where matrices are small.
        width = self.size.dot(other.reach)
        if not isinstance(self.width, float):
            width += self.width.dot(other.size)
        return WideMatrix(self.values.dot(other.values), width)

    def __add__(self, other: Any) -> WideMatrix:
        if not isinstance(other, WideMatrix):
            other = _lifted(other)
        return _rounded(self.values + other.values, self.width + other.width)

    def __sub__(self, other: Any) -> WideMatrix:
        if not isinstance(other, WideMatrix):
            other = _lifted(other)
        return _rounded(self.values - other.values, self.width + other.width)

    def __rsub__(self, other: float) -> WideMatrix:
        if other == 1 and self._complement is not None:
            result = _rounded(self._complement, self.width)
            result._complement = self.values
            return result
        return _rounded(other - self.values, self.width)

    def __mul__(self, other: Any) -> WideMatrix:
        squared = other is self
        if not isinstance(other, WideMatrix):
            other = _lifted(other)
        width = self.size * other.reach  # which has the rounding of the product in it
        if not isinstance(self.width, float):
            width += self.width * other.size
        result = WideMatrix(self.values * other.values, width)
        if squared:
            result._complement = self._square_complement
        return result

    def __truediv__(self, other: Any) -> WideMatrix:
        return _quotient(self, other if isinstance(other, WideMatrix) else _lifted(other))

    def __rtruediv__(self, other: float) -> WideMatrix:
        return _quotient(_lifted(other), self)

    __radd__ = __add__
    __rmul__ = __mul__


class Widths:
    """The number system of the dry run. Use inside `np.errstate(all="ignore")`."""

    def matrix(self, values: Array) -> WideMatrix:
        return WideMatrix(np.asarray(values, dtype=np.float64))

    def array(self, a: WideMatrix) -> Array:
        """Values and widths, (2, rows, columns)."""
        both = np.empty((2, *a.values.shape))
        both[0], both[1] = a.values, a.width
        return both

    def sum_columns(self, a: WideMatrix) -> WideMatrix:
        return _rounded(a.values.sum(axis=1, keepdims=True), _full(a).sum(axis=1, keepdims=True))

    def sum_rows(self, a: WideMatrix) -> WideMatrix:
        return _rounded(a.values.sum(axis=0, keepdims=True), _full(a).sum(axis=0, keepdims=True))

    def beside(self, parts: Sequence[WideMatrix]) -> WideMatrix:
        return _joined(parts, axis=1)

    def above(self, parts: Sequence[WideMatrix]) -> WideMatrix:
        return _joined(parts, axis=0)

    def rows(self, a: WideMatrix, start: int, stop: int) -> WideMatrix:
        return WideMatrix(a.values[start:stop], _full(a)[start:stop])

    def choose(self, where: NDArray[np.bool_], a: WideMatrix, b: WideMatrix) -> WideMatrix:
        return WideMatrix(np.where(where, a.values, b.values), np.where(where, _full(a), _full(b)))

    def largest(self, a: WideMatrix) -> WideMatrix:
        at = a.values.argmax(axis=0)[np.newaxis]
        return WideMatrix(np.take_along_axis(a.values, at, 0), np.take_along_axis(_full(a), at, 0))

    def clip(self, a: WideMatrix, bound: float) -> WideMatrix:
        return WideMatrix(np.clip(a.values, -bound, bound), np.where(a.size <= bound, a.width, 0.0))

    def inside(self, a: WideMatrix, bound: float) -> WideMatrix:
        return WideMatrix((a.size <= bound).astype(np.float64))

    def relu(self, z: WideMatrix) -> WideMatrix:
        return WideMatrix(np.maximum(z.values, 0), np.where(z.values > 0, z.width, 0.0))

    def positive(self, y: WideMatrix) -> WideMatrix:
        return WideMatrix((y.values > 0).astype(np.float64))

    def absolute(self, z: WideMatrix) -> WideMatrix:
        return WideMatrix(z.size, z.width)

    def sigmoid(self, z: WideMatrix) -> WideMatrix:
        e = np.exp(z.values)
        complement = 1 / (1 + e)
        values = 1 / (1 + 1 / e)
        result = _rounded(values, values * complement * z.width)
        result._complement = complement
        return result

    def tanh(self, z: WideMatrix) -> WideMatrix:
        cosh = np.cosh(z.values)
        slope = 1 / (cosh * cosh)
        result = _rounded(np.tanh(z.values), slope * z.width)
        result._square_complement = slope
        return result

    def exp(self, z: WideMatrix) -> WideMatrix:
        return _function(np.exp, lambda z, y: y, z)

    def expm1(self, z: WideMatrix) -> WideMatrix:
        return _function(np.expm1, lambda z, y: y + 1, z)

    def log(self, z: WideMatrix) -> WideMatrix:
        return _function(np.log, lambda z, y: 1 / z, z)

    def sqrt(self, z: WideMatrix) -> WideMatrix:
        return _function(np.sqrt, lambda z, y: 0.5 / y, z)


def bits_lost(both: Array) -> float:
    """By how many bits a tensor falls short of the working precision.

    Args:
        both: its values and widths, as `Widths.array` returns them.
    """
    values, widths = np.abs(both)
    if values.size == 0:
        return 0.0
    largest, widest = float(values.max()), float(widths.max())
    if not (math.isfinite(largest) and math.isfinite(widest)) or largest == 0 < widest:
        return UNSEEN
    return max(0.0, math.log2(max(widest, SMALLEST)) - math.log2(max(largest, SMALLEST)))


def _rounded(values: Array, width: Width) -> WideMatrix:
    """Rounding adds up to one unit of the value."""
    size = np.abs(values)
    result = WideMatrix(values, width + size)
    result._size = size
    return result


def _function(
    function: Callable[[Array], Array], slope: Callable[[Array, Array], Array], z: WideMatrix
) -> WideMatrix:
    values = function(z.values)
    return _rounded(
        values, z.width if isinstance(z.width, float) else np.abs(slope(z.values, values)) * z.width
    )


def _quotient(a: WideMatrix, b: WideMatrix) -> WideMatrix:
    values = a.values / b.values
    return _rounded(values, (a.width + np.abs(values) * b.width) / b.size)


def _joined(parts: Sequence[WideMatrix], axis: int) -> WideMatrix:
    return WideMatrix(
        np.concatenate([part.values for part in parts], axis=axis),
        np.concatenate([_full(part) for part in parts], axis=axis),
    )


def _full(a: WideMatrix) -> Array:
    return np.zeros(a.shape) if isinstance(a.width, float) else a.width


def _lifted(number: float) -> WideMatrix:
    return WideMatrix(np.array([[number]], dtype=np.float64))
