"""Plain NumPy floats: the built-in implementation, as a library would write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref.formats import Format
from rnnref.systems.base import Array

FloatMatrix = NDArray[np.floating[Any]]


class Floats:
    """NumPy arrays of one float format; every operation rounds once to that format."""

    def __init__(self, fmt: Format) -> None:
        self.format = fmt

    def matrix(self, values: Array) -> FloatMatrix:
        return np.asarray(values).astype(self.format.dtype)

    def array(self, a: FloatMatrix) -> FloatMatrix:
        return a

    def sum_columns(self, a: FloatMatrix) -> FloatMatrix:
        total: FloatMatrix = a.sum(axis=1, keepdims=True, dtype=self.format.dtype)
        return total

    def sum_rows(self, a: FloatMatrix) -> FloatMatrix:
        total: FloatMatrix = a.sum(axis=0, keepdims=True, dtype=self.format.dtype)
        return total

    def beside(self, parts: Sequence[FloatMatrix]) -> FloatMatrix:
        return np.concatenate(parts, axis=1)

    def above(self, parts: Sequence[FloatMatrix]) -> FloatMatrix:
        return np.concatenate(parts, axis=0)

    def rows(self, a: FloatMatrix, start: int, stop: int) -> FloatMatrix:
        return a[start:stop]

    def choose(self, where: NDArray[np.bool_], a: FloatMatrix, b: FloatMatrix) -> FloatMatrix:
        return np.where(where, a, b)

    def largest(self, a: FloatMatrix) -> FloatMatrix:
        found: FloatMatrix = a.max(axis=0, keepdims=True)
        return found

    def clip(self, a: FloatMatrix, bound: float) -> FloatMatrix:
        return np.clip(a, -bound, bound)

    def inside(self, a: FloatMatrix, bound: float) -> FloatMatrix:
        return (np.abs(a) <= bound).astype(self.format.dtype)

    def sigmoid(self, z: FloatMatrix) -> FloatMatrix:
        # e^-|z| cannot overflow, and the left branch keeps small values to full accuracy.
        e = np.exp(-np.abs(z))
        return np.where(z < 0, e / (1 + e), 1 / (1 + e)).astype(self.format.dtype)

    def tanh(self, z: FloatMatrix) -> FloatMatrix:
        return np.tanh(z)

    def relu(self, z: FloatMatrix) -> FloatMatrix:
        return np.maximum(z, 0)

    def positive(self, y: FloatMatrix) -> FloatMatrix:
        return (y > 0).astype(self.format.dtype)

    def exp(self, z: FloatMatrix) -> FloatMatrix:
        return np.exp(z)

    def expm1(self, z: FloatMatrix) -> FloatMatrix:
        return np.expm1(z)

    def log(self, z: FloatMatrix) -> FloatMatrix:
        return np.log(z)

    def sqrt(self, z: FloatMatrix) -> FloatMatrix:
        return np.sqrt(z)

    def absolute(self, z: FloatMatrix) -> FloatMatrix:
        return np.abs(z)
