"""A number system in which many trials are computed at once.

A matrix stands for one of every trial: an array (trials, rows, columns). The formulas of the
reference run on it as they are; what happens in one trial does not depend on how many there are
beside it. Small networks are computed several times as fast like this as one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]


class Matrices:
    """A matrix of every trial; with one trial, the same one for all."""

    __slots__ = ("values",)
    __array_ufunc__ = None  # so that `ndarray * Matrices` comes here

    def __init__(self, values: Array) -> None:
        self.values = values

    @property
    def shape(self) -> tuple[int, int]:
        return (self.values.shape[1], self.values.shape[2])

    @property
    def T(self) -> Matrices:
        return Matrices(self.values.transpose(0, 2, 1))

    def __add__(self, other: Any) -> Matrices:
        return Matrices(self.values + _values(other))

    def __sub__(self, other: Any) -> Matrices:
        return Matrices(self.values - _values(other))

    def __rsub__(self, other: Any) -> Matrices:
        return Matrices(_values(other) - self.values)

    def __mul__(self, other: Any) -> Matrices:
        return Matrices(self.values * _values(other))

    def __truediv__(self, other: Any) -> Matrices:
        return Matrices(self.values / _values(other))

    def __rtruediv__(self, other: Any) -> Matrices:
        return Matrices(_values(other) / self.values)

    def __matmul__(self, other: Matrices) -> Matrices:
        return Matrices(self.values @ other.values)

    __radd__ = __add__
    __rmul__ = __mul__


class SideBySide:
    """The number system. Numbers are float64; what overflows is infinite, without a warning."""

    def matrix(self, values: Array) -> Matrices:
        """One matrix for all trials, or one of each: (rows, columns) or (trials, rows, columns)."""
        array = np.asarray(values, dtype=np.float64)
        return Matrices(array if array.ndim == 3 else array[np.newaxis])

    def array(self, a: Matrices) -> Array:
        return a.values

    def sum_columns(self, a: Matrices) -> Matrices:
        return Matrices(a.values.sum(axis=2, keepdims=True))

    def sum_rows(self, a: Matrices) -> Matrices:
        return Matrices(a.values.sum(axis=1, keepdims=True))

    def beside(self, parts: Sequence[Matrices]) -> Matrices:
        return self._joined(parts, axis=2)

    def above(self, parts: Sequence[Matrices]) -> Matrices:
        return self._joined(parts, axis=1)

    def _joined(self, parts: Sequence[Matrices], axis: int) -> Matrices:
        arrays = [part.values for part in parts]
        trials = max(map(len, arrays))
        if trials > min(map(len, arrays)):  # one for all, beside one of each
            arrays = [np.broadcast_to(each, (trials, *each.shape[1:])) for each in arrays]
        return Matrices(np.concatenate(arrays, axis=axis))

    def rows(self, a: Matrices, start: int, stop: int) -> Matrices:
        return Matrices(a.values[:, start:stop])

    def choose(self, where: NDArray[np.bool_], a: Matrices, b: Matrices) -> Matrices:
        return Matrices(np.where(where, a.values, b.values))

    def largest(self, a: Matrices) -> Matrices:
        return Matrices(a.values.max(axis=1, keepdims=True))

    def clip(self, a: Matrices, bound: float) -> Matrices:
        return Matrices(np.clip(a.values, -bound, bound))

    def inside(self, a: Matrices, bound: float) -> Matrices:
        return Matrices((np.abs(a.values) <= bound).astype(np.float64))

    def relu(self, z: Matrices) -> Matrices:
        return Matrices(np.maximum(z.values, 0))

    def positive(self, y: Matrices) -> Matrices:
        return Matrices((y.values > 0).astype(np.float64))

    def sigmoid(self, z: Matrices) -> Matrices:
        return Matrices(1 / (1 + np.exp(-z.values)))  # accurate, also where e^-z is infinite

    def tanh(self, z: Matrices) -> Matrices:
        return Matrices(np.tanh(z.values))

    def exp(self, z: Matrices) -> Matrices:
        return Matrices(np.exp(z.values))

    def expm1(self, z: Matrices) -> Matrices:
        return Matrices(np.expm1(z.values))

    def log(self, z: Matrices) -> Matrices:
        return Matrices(np.log(z.values))

    def sqrt(self, z: Matrices) -> Matrices:
        return Matrices(np.sqrt(z.values))

    def absolute(self, z: Matrices) -> Matrices:
        return Matrices(np.abs(z.values))


def _values(other: Any) -> Any:
    return other.values if isinstance(other, Matrices) else other
