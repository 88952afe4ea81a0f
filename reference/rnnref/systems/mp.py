"""mpmath: an engine that shares no code with flint, to check the balls against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from rnnref.arguments import MOST_BITS, check_whole
from rnnref.systems.base import Array

MpMatrix = NDArray[np.object_]


class Mpmath:
    """Object arrays of `mpf` at a working precision in bits.

    The numbers live in a context of this object's own, so mpmath's process-wide `mp`
    and its precision are never touched.

    Args:
        precision: in bits; from 2 to `MOST_BITS`.

    Raises:
        BadInput: if it is no such number.
    """

    def __init__(self, precision: int) -> None:
        check_whole("precision", precision, 2, MOST_BITS)
        self.context = mpmath.MPContext()
        self.context.prec = int(precision)

    @contextmanager
    def working_at(self, precision: int) -> Iterator[None]:
        """Run the body at another precision."""
        with self.context.workprec(precision):
            yield

    def matrix(self, values: Array) -> MpMatrix:
        return self._each(self._lifted, values)

    def array(self, a: MpMatrix) -> MpMatrix:
        return a

    def sum_columns(self, a: MpMatrix) -> MpMatrix:
        columns: MpMatrix = a.sum(axis=1, keepdims=True)
        return columns if a.shape[1] else self.matrix(np.zeros((a.shape[0], 1)))

    def sum_rows(self, a: MpMatrix) -> MpMatrix:
        rows: MpMatrix = a.sum(axis=0, keepdims=True)
        return rows if a.shape[0] else self.matrix(np.zeros((1, a.shape[1])))

    def beside(self, parts: Sequence[MpMatrix]) -> MpMatrix:
        return np.concatenate(parts, axis=1)

    def above(self, parts: Sequence[MpMatrix]) -> MpMatrix:
        return np.concatenate(parts, axis=0)

    def rows(self, a: MpMatrix, start: int, stop: int) -> MpMatrix:
        return a[start:stop]

    def choose(self, where: NDArray[np.bool_], a: MpMatrix, b: MpMatrix) -> MpMatrix:
        return np.where(where, a, b)

    def largest(self, a: MpMatrix) -> MpMatrix:
        found: MpMatrix = a.max(axis=0, keepdims=True)
        return found

    def clip(self, a: MpMatrix, bound: float) -> MpMatrix:
        high = self.context.mpf(bound)
        return self._each(lambda v: min(max(v, -high), high), a)

    def inside(self, a: MpMatrix, bound: float) -> MpMatrix:
        one = self.context.mpf(1)
        return self._each(lambda v: one if abs(v) <= bound else one * 0, a)

    def sigmoid(self, z: MpMatrix) -> MpMatrix:
        ctx = self.context
        return self._each(lambda v: 1 / (1 + ctx.exp(-v)), z)

    def tanh(self, z: MpMatrix) -> MpMatrix:
        return self._each(self.context.tanh, z)

    def relu(self, z: MpMatrix) -> MpMatrix:
        zero = self.context.mpf(0)
        return self._each(lambda v: zero if v <= 0 else v, z)

    def positive(self, y: MpMatrix) -> MpMatrix:
        one = self.context.mpf(1)
        return self._each(lambda v: one if v > 0 else one * 0, y)

    def exp(self, z: MpMatrix) -> MpMatrix:
        return self._each(self.context.exp, z)

    def expm1(self, z: MpMatrix) -> MpMatrix:
        return self._each(self.context.expm1, z)

    def log(self, z: MpMatrix) -> MpMatrix:
        return self._each(self._real(self.context.log), z)

    def sqrt(self, z: MpMatrix) -> MpMatrix:
        return self._each(self._real(self.context.sqrt), z)

    def absolute(self, z: MpMatrix) -> MpMatrix:
        return self._each(abs, z)

    def _lifted(self, value: Any) -> Any:
        """As a number of this context. A result of an earlier computation keeps its digits."""
        return self.context.mpf(value if hasattr(value, "_mpf_") else float(value))

    def _real(self, function: Any) -> Any:
        """The function where it is real, nan where mpmath would leave the real line."""
        nan = self.context.mpf("nan")
        return lambda v: function(v) if v >= 0 else nan

    @staticmethod
    def _each(function: Any, values: NDArray[Any]) -> MpMatrix:
        result = np.empty(np.shape(values), dtype=object)
        result.flat[:] = [function(v) for v in np.asarray(values).flat]
        return result
