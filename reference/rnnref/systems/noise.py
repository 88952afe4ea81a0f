"""Noise: Monte Carlo arithmetic, whose scatter is the tolerance.

Every operation is carried out in float64 and then perturbed by up to one unit roundoff of
the format under study, in K seeded replicates at once. How far the replicates of a result
lie apart is how far correct implementations of that result may lie apart.

The unit that is injected is never below 2^-33: smaller ones would drown in float64's own
rounding, while first-order error scales linearly and can be scaled back afterwards
(`Noise.scale`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref.arguments import check_whole
from rnnref.formats import Format, check_format
from rnnref.systems.base import Array

SMALLEST_INJECTED = 2.0**-33

# How many random numbers are drawn at once: few for a law of one number, many for a network.
SMALLEST_BLOCK, LARGEST_BLOCK = 1 << 8, 1 << 15

# A sum is taken for one of squares that underflow down to so many subnormal gaps below 0, where
# the errors of a million squares, half a gap each, do not add up to that many.
UNDERFLOWN = 2.0**10

# What overflows or is not a number is so in the implementation too, and is compared there.
silent = np.errstate(all="ignore")


class NoisyMatrix:
    """K replicates of a matrix: an array (K, rows, columns) that knows its source of noise."""

    __slots__ = ("_squares", "_transposed", "noise", "values")
    __array_ufunc__ = None  # so that `ndarray * NoisyMatrix` comes here

    def __init__(self, values: NDArray[np.float64], noise: Noise) -> None:
        self.values = values
        self.noise = noise
        self._squares: NDArray[np.float64] | None = None
        self._transposed: NoisyMatrix | None = None

    @property
    def T(self) -> NoisyMatrix:
        if self._transposed is None:  # once for a weight, so that its squares are kept as well
            self._transposed = NoisyMatrix(self.values.transpose(0, 2, 1), self.noise)
        return self._transposed

    @property
    def squares(self) -> NDArray[np.float64]:
        """The values' squares."""
        if self._squares is None:
            self._squares = self.values * self.values
        return self._squares

    @property
    def shape(self) -> tuple[int, int]:
        return (self.values.shape[1], self.values.shape[2])

    def __add__(self, other: Any) -> NoisyMatrix:
        return self._rounded(np.add, self.values, _values(other))

    def __sub__(self, other: Any) -> NoisyMatrix:
        return self._rounded(np.subtract, self.values, _values(other))

    def __rsub__(self, other: Any) -> NoisyMatrix:
        return self._rounded(np.subtract, _values(other), self.values)

    def __rtruediv__(self, other: Any) -> NoisyMatrix:
        return self._rounded(np.divide, _values(other), self.values)

    def __mul__(self, other: Any) -> NoisyMatrix:
        return self._rounded(np.multiply, self.values, _values(other))

    def __truediv__(self, other: Any) -> NoisyMatrix:
        return self._rounded(np.divide, self.values, _values(other))

    @silent
    def _rounded(self, operation: np.ufunc, left: Any, right: Any) -> NoisyMatrix:
        return self.noise.rounded(operation(left, right))

    __radd__ = __add__
    __rmul__ = __mul__

    @silent
    def __matmul__(self, other: NoisyMatrix) -> NoisyMatrix:
        # Each partial product and partial sum is rounded. Their errors add up like a
        # random walk, in proportion to the root of the sum of squares of the terms.
        product = self.values @ other.values
        walk = np.sqrt(self.squares @ other.squares)
        return self.noise.perturbed(product, np.abs(product) + walk)


class Noise:
    """The number system of the tolerance.

    Args:
        fmt: the format whose roundings are imitated.
        replicates: K, how many independent runs are carried side by side.
        seed: of the perturbations; the same seed gives the same scatter.

    Raises:
        BadInput: if an argument does not fit.
    """

    def __init__(self, fmt: Format, replicates: int = 16, seed: int = 0) -> None:
        check_format(fmt)
        check_whole("replicates", replicates, 1)
        check_whole("seed", seed, 0)
        self.unit = max(fmt.unit_roundoff, SMALLEST_INJECTED)
        self.scale = fmt.unit_roundoff / self.unit
        self.underflow = fmt.smallest_subnormal
        self.replicates = replicates
        self._random = np.random.default_rng(seed)
        self._drawn = np.empty(0)
        self._used = 0

    def perturbed(self, values: NDArray[np.float64], size: NDArray[np.float64]) -> NoisyMatrix:
        """Add errors of up to one unit of `size`, and of half a subnormal gap."""
        rows, columns = values.shape[1:]
        drawn = self._errors(self.replicates * rows * columns)
        errors = drawn.reshape(self.replicates, rows, columns)
        errors *= size
        if self.underflow > 1e-30:  # elsewhere it is lost beside the rounding itself
            gap = self._errors(drawn.size) * (self.underflow / (2 * self.unit))
            drawn += gap
        errors += values
        # A sum of squares is finite only if they all are. An infinity is not rounded: what it
        # would be perturbed by is nan.
        if not math.isfinite(drawn.dot(drawn)):
            errors = np.where(np.isfinite(size), errors, values)
        return NoisyMatrix(errors, self)

    def _errors(self, wanted: int) -> NDArray[np.float64]:
        """Independent numbers, uniform in [-unit, unit], which the caller may overwrite.

        They are drawn many at a time, since a call costs more than what it draws.
        """
        if self._used + wanted > self._drawn.size:
            block = max(wanted, min(2 * self._drawn.size, LARGEST_BLOCK), SMALLEST_BLOCK)
            self._drawn = self._random.uniform(-self.unit, self.unit, block)
            self._used = 0
        first, self._used = self._used, self._used + wanted
        return self._drawn[first : self._used]

    def rounded(self, values: NDArray[np.float64]) -> NoisyMatrix:
        """Perturb each entry in proportion to itself, as one rounding does."""
        return self.perturbed(values, np.abs(values))

    def matrix(self, values: Array) -> NoisyMatrix:
        return NoisyMatrix(np.asarray(values, dtype=np.float64)[np.newaxis], self)

    def array(self, a: NoisyMatrix) -> NDArray[np.float64]:
        return np.broadcast_to(a.values, (self.replicates, *a.shape))

    @silent
    def sum_columns(self, a: NoisyMatrix) -> NoisyMatrix:
        total = a.values.sum(axis=2, keepdims=True)
        walk = np.sqrt(a.squares.sum(axis=2, keepdims=True))
        return self.perturbed(total, np.abs(total) + walk)

    @silent
    def sum_rows(self, a: NoisyMatrix) -> NoisyMatrix:
        total = a.values.sum(axis=1, keepdims=True)
        walk = np.sqrt(a.squares.sum(axis=1, keepdims=True))
        return self.perturbed(total, np.abs(total) + walk)

    def beside(self, parts: Sequence[NoisyMatrix]) -> NoisyMatrix:
        return self._joined(parts, axis=2)

    def above(self, parts: Sequence[NoisyMatrix]) -> NoisyMatrix:
        return self._joined(parts, axis=1)

    def _joined(self, parts: Sequence[NoisyMatrix], axis: int) -> NoisyMatrix:
        replicates = max(part.values.shape[0] for part in parts)  # 1 where nothing was perturbed yet
        wide = [
            part.values if len(part.values) == replicates else part.values.repeat(replicates, axis=0)
            for part in parts
        ]
        return NoisyMatrix(np.concatenate(wide, axis=axis), self)

    def rows(self, a: NoisyMatrix, start: int, stop: int) -> NoisyMatrix:
        return NoisyMatrix(a.values[:, start:stop], self)

    def choose(self, where: NDArray[np.bool_], a: NoisyMatrix, b: NoisyMatrix) -> NoisyMatrix:
        return NoisyMatrix(np.where(where, a.values, b.values), self)

    def largest(self, a: NoisyMatrix) -> NoisyMatrix:
        return NoisyMatrix(a.values.max(axis=1, keepdims=True), self)

    def clip(self, a: NoisyMatrix, bound: float) -> NoisyMatrix:
        return NoisyMatrix(np.clip(a.values, -bound, bound), self)

    def inside(self, a: NoisyMatrix, bound: float) -> NoisyMatrix:
        return NoisyMatrix((np.abs(a.values) <= bound).astype(np.float64), self)

    @silent
    def sigmoid(self, z: NoisyMatrix) -> NoisyMatrix:
        e = np.exp(-np.abs(z.values))
        return self.rounded(np.where(z.values < 0, e, 1.0) / (1 + e))

    @silent
    def tanh(self, z: NoisyMatrix) -> NoisyMatrix:
        return self.rounded(np.tanh(z.values))

    def relu(self, z: NoisyMatrix) -> NoisyMatrix:
        return NoisyMatrix(np.maximum(z.values, 0), self)  # choosing is exact

    def positive(self, y: NoisyMatrix) -> NoisyMatrix:
        return NoisyMatrix((y.values > 0).astype(np.float64), self)

    @silent
    def exp(self, z: NoisyMatrix) -> NoisyMatrix:
        return self.rounded(np.exp(z.values))

    @silent
    def expm1(self, z: NoisyMatrix) -> NoisyMatrix:
        return self.rounded(np.expm1(z.values))

    @silent
    def log(self, z: NoisyMatrix) -> NoisyMatrix:
        return self.rounded(np.log(z.values))

    @silent
    def sqrt(self, z: NoisyMatrix) -> NoisyMatrix:
        # A sum of squares that underflow may come out below 0 in noise, and nowhere else.
        lost = (z.values < 0) & (z.values >= -UNDERFLOWN * self.underflow)
        return self.rounded(np.sqrt(np.where(lost, 0, z.values)))

    def absolute(self, z: NoisyMatrix) -> NoisyMatrix:
        return NoisyMatrix(np.abs(z.values), self)


def _values(other: Any) -> Any:
    return other.values if isinstance(other, NoisyMatrix) else other
