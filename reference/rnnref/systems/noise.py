"""Noise: Monte Carlo arithmetic, whose scatter is the tolerance.

Every operation is carried out in float64 and then perturbed by up to one unit roundoff of
the format under study, in K seeded replicates at once. How far the replicates of a result
lie apart is how far correct implementations of that result may lie apart.

The unit that is injected is never below 2^-33: smaller ones would drown in float64's own
rounding, while first-order error scales linearly and can be scaled back afterwards
(`Noise.scale`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref.formats import Format
from rnnref.systems.base import Array

SMALLEST_INJECTED = 2.0**-33


class NoisyMatrix:
    """K replicates of a matrix: an array (K, rows, columns) that knows its source of noise."""

    __slots__ = ("noise", "values")
    __array_ufunc__ = None  # so that `ndarray * NoisyMatrix` comes here

    def __init__(self, values: NDArray[np.float64], noise: Noise) -> None:
        self.values = values
        self.noise = noise

    @property
    def T(self) -> NoisyMatrix:
        return NoisyMatrix(self.values.transpose(0, 2, 1), self.noise)

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

    def _rounded(self, operation: np.ufunc, left: Any, right: Any) -> NoisyMatrix:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return self.noise.rounded(operation(left, right))

    __radd__ = __add__
    __rmul__ = __mul__

    def __matmul__(self, other: NoisyMatrix) -> NoisyMatrix:
        # Each partial product and partial sum is rounded. Their errors add up like a
        # random walk, in proportion to the root of the sum of squares of the terms.
        product = self.values @ other.values
        walk = np.sqrt(self.values**2 @ other.values**2)
        return self.noise.perturbed(product, np.abs(product) + walk)


class Noise:
    """The number system of the tolerance.

    Args:
        fmt: the format whose roundings are imitated.
        replicates: K, how many independent runs are carried side by side.
        seed: of the perturbations; the same seed gives the same scatter.
    """

    def __init__(self, fmt: Format, replicates: int = 16, seed: int = 0) -> None:
        self.unit = max(fmt.unit_roundoff, SMALLEST_INJECTED)
        self.scale = fmt.unit_roundoff / self.unit
        self.underflow = fmt.smallest_subnormal
        self.replicates = replicates
        self._random = np.random.default_rng(seed)

    def perturbed(self, values: NDArray[np.float64], size: NDArray[np.float64]) -> NoisyMatrix:
        """Add errors of up to one unit of `size`, and of half a subnormal gap."""
        shape = (self.replicates, *values.shape[1:])
        with np.errstate(invalid="ignore", over="ignore"):
            size = np.where(np.isfinite(size), size, 0.0)  # an infinity is not rounded
            error = self._random.uniform(-self.unit, self.unit, shape) * size
            if self.underflow > 1e-30:  # elsewhere it is lost beside the rounding itself
                error += self._random.uniform(-self.underflow / 2, self.underflow / 2, shape)
            return NoisyMatrix(values + error, self)

    def rounded(self, values: NDArray[np.float64]) -> NoisyMatrix:
        """Perturb each entry in proportion to itself, as one rounding does."""
        return self.perturbed(values, np.abs(values))

    def matrix(self, values: Array) -> NoisyMatrix:
        return NoisyMatrix(np.asarray(values, dtype=np.float64)[np.newaxis], self)

    def array(self, a: NoisyMatrix) -> NDArray[np.float64]:
        return np.broadcast_to(a.values, (self.replicates, *a.shape))

    def sum_columns(self, a: NoisyMatrix) -> NoisyMatrix:
        total = a.values.sum(axis=2, keepdims=True)
        walk = np.sqrt((a.values**2).sum(axis=2, keepdims=True))
        return self.perturbed(total, np.abs(total) + walk)

    def sum_rows(self, a: NoisyMatrix) -> NoisyMatrix:
        total = a.values.sum(axis=1, keepdims=True)
        walk = np.sqrt((a.values**2).sum(axis=1, keepdims=True))
        return self.perturbed(total, np.abs(total) + walk)

    def beside(self, parts: Sequence[NoisyMatrix]) -> NoisyMatrix:
        return self._joined(parts, axis=2)

    def above(self, parts: Sequence[NoisyMatrix]) -> NoisyMatrix:
        return self._joined(parts, axis=1)

    def _joined(self, parts: Sequence[NoisyMatrix], axis: int) -> NoisyMatrix:
        replicates = max(part.values.shape[0] for part in parts)  # 1 where nothing was perturbed yet
        wide = [np.broadcast_to(part.values, (replicates, *part.shape)) for part in parts]
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

    def sigmoid(self, z: NoisyMatrix) -> NoisyMatrix:
        e = np.exp(-np.abs(z.values))
        return self.rounded(np.where(z.values < 0, e / (1 + e), 1 / (1 + e)))

    def tanh(self, z: NoisyMatrix) -> NoisyMatrix:
        return self.rounded(np.tanh(z.values))

    def relu(self, z: NoisyMatrix) -> NoisyMatrix:
        return NoisyMatrix(np.maximum(z.values, 0), self)  # choosing is exact

    def positive(self, y: NoisyMatrix) -> NoisyMatrix:
        return NoisyMatrix((y.values > 0).astype(np.float64), self)

    def exp(self, z: NoisyMatrix) -> NoisyMatrix:
        with np.errstate(over="ignore"):
            return self.rounded(np.exp(z.values))

    def expm1(self, z: NoisyMatrix) -> NoisyMatrix:
        with np.errstate(over="ignore"):
            return self.rounded(np.expm1(z.values))

    def log(self, z: NoisyMatrix) -> NoisyMatrix:
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.rounded(np.log(z.values))

    def sqrt(self, z: NoisyMatrix) -> NoisyMatrix:
        with np.errstate(invalid="ignore"):
            return self.rounded(np.sqrt(z.values))

    def absolute(self, z: NoisyMatrix) -> NoisyMatrix:
        return NoisyMatrix(np.abs(z.values), self)


def _values(other: Any) -> Any:
    return other.values if isinstance(other, NoisyMatrix) else other
