"""Plain NumPy floats: the built-in implementation, as a library would write it.

NumPy calculates in float16, float32 and float64. bfloat16 is imitated in float32, each
result being rounded. float32 has more than twice its digits and two more, 24 >= 2 * 8 + 2,
so that rounding +, -, *, / and the square root twice does what rounding once would
(Figueroa 1995), but for results below the smallest normal number. A product of matrices or
a sum is added up in float32 and rounded at the end, as hardware does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from ml_dtypes import bfloat16
from numpy.typing import NDArray

from rnnref.formats import Format, check_format, format_named

FloatMatrix: TypeAlias = NDArray[np.floating[Any]]


class Bfloat16Matrix(np.ndarray):
    """bfloat16 numbers carried in a float32 array; whatever NumPy computes of it is rounded."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        result = getattr(ufunc, method)(*map(_carried, inputs), **options)
        return rounded_to_bfloat16(result) if result.dtype == np.float32 else result


def rounded_to_bfloat16(values: NDArray[np.float32]) -> Bfloat16Matrix:
    """The nearest bfloat16 numbers of float32 ones."""
    return values.astype(bfloat16).astype(np.float32).view(Bfloat16Matrix)


def _carried(value: Any) -> Any:
    """A plain float32 array, or a Python number that has been rounded to bfloat16."""
    if isinstance(value, np.ndarray):
        return value.view(np.ndarray)
    return np.float32(format_named("bfloat16").round(np.array(value, float)))


class Floats:
    """NumPy arrays of one float format; every operation rounds once to that format.

    So are the numbers of a formula, which are not all of them numbers of the format.

    Raises:
        BadInput: if `fmt` is no `Format`; `format_named` gives one by its name.
    """

    def __init__(self, fmt: Format) -> None:
        check_format(fmt)
        self.format = fmt
        self._imitated = fmt.dtype == bfloat16

    def matrix(self, values: NDArray[Any]) -> FloatMatrix:
        if self._imitated:
            nearest = self.format.round(np.asarray(values, dtype=np.float64))
            return nearest.astype(np.float32).view(Bfloat16Matrix)
        return np.asarray(values).astype(self.format.dtype)

    def array(self, a: FloatMatrix) -> FloatMatrix:
        return a.view(np.ndarray).astype(bfloat16) if self._imitated else a

    def sum_columns(self, a: FloatMatrix) -> FloatMatrix:
        total: FloatMatrix = a.sum(axis=1, keepdims=True)
        return total

    def sum_rows(self, a: FloatMatrix) -> FloatMatrix:
        total: FloatMatrix = a.sum(axis=0, keepdims=True)
        return total

    def beside(self, parts: Sequence[FloatMatrix]) -> FloatMatrix:
        return self.matrix(np.concatenate(parts, axis=1))

    def above(self, parts: Sequence[FloatMatrix]) -> FloatMatrix:
        return self.matrix(np.concatenate(parts, axis=0))

    def rows(self, a: FloatMatrix, start: int, stop: int) -> FloatMatrix:
        return a[start:stop]

    def choose(self, where: NDArray[np.bool_], a: FloatMatrix, b: FloatMatrix) -> FloatMatrix:
        return self.matrix(np.where(where, a, b))

    def largest(self, a: FloatMatrix) -> FloatMatrix:
        found: FloatMatrix = a.max(axis=0, keepdims=True)
        return found

    def clip(self, a: FloatMatrix, bound: float) -> FloatMatrix:
        return np.clip(a, -bound, bound)

    def inside(self, a: FloatMatrix, bound: float) -> FloatMatrix:
        return self.matrix(np.abs(a) <= bound)

    def sigmoid(self, z: FloatMatrix) -> FloatMatrix:
        # e^-|z| cannot overflow, and the left branch keeps small values to full accuracy.
        e = np.exp(-np.abs(z))
        return self.matrix(np.where(z < 0, e / (1 + e), 1 / (1 + e)))

    def tanh(self, z: FloatMatrix) -> FloatMatrix:
        return np.tanh(z)

    def relu(self, z: FloatMatrix) -> FloatMatrix:
        return np.maximum(z, 0)

    def positive(self, y: FloatMatrix) -> FloatMatrix:
        return self.matrix(y > 0)

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
