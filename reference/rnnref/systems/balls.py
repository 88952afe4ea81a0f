"""Balls: midpoint-radius arithmetic by flint, in which every digit reported is proven.

flint keeps its working precision in one process-wide place. `working_precision` is the
only code in the project that sets it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from itertools import chain, cycle, repeat
from typing import Any, TypeAlias

import flint
import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from rnnref.arguments import MOST_BITS, check_whole
from rnnref.systems.base import Array

Ball: TypeAlias = Any  # flint.arb, which ships no types

ONE = arb(1)
SOME_DIGITS = 10  # bits: a value of at most 1 is then known to within a thousandth


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Run the body with flint rounding to `bits` bits, from 2 to `MOST_BITS`.

    Raises:
        BadInput: if it is no such number.
    """
    check_whole("bits", bits, 2, MOST_BITS)
    before = flint.ctx.prec
    flint.ctx.prec = int(bits)
    try:
        yield
    finally:
        flint.ctx.prec = before


class BallMatrix:
    """A matrix of balls, which never changes.

    It has two forms: products and the sums of products are flint's (`arb_mat`), entrywise
    work is done on a flat list, row by row. Each is made from the other when it is first
    asked for, and kept.
    """

    __slots__ = ("_entries", "_mat", "_transposed", "columns", "rows")
    __array_ufunc__ = None  # so that NumPy leaves mixed operations to this class

    def __init__(
        self, rows: int, columns: int, entries: list[Ball] | None = None, mat: arb_mat | None = None
    ) -> None:
        self.rows = rows
        self.columns = columns
        self._entries = entries
        self._mat = mat
        self._transposed: BallMatrix | None = None

    @property
    def entries(self) -> list[Ball]:
        if self._entries is None:
            self._entries = self._mat.entries() if self._mat is not None else []
        return self._entries

    @property
    def mat(self) -> arb_mat:
        if self._mat is None:
            self._mat = arb_mat(self.rows, self.columns, self.entries)
        return self._mat

    @property
    def shape(self) -> tuple[int, int]:
        return (self.rows, self.columns)

    @property
    def T(self) -> BallMatrix:
        if self._transposed is None:  # a weight is transposed once, and not at every step
            self._transposed = BallMatrix(self.columns, self.rows, mat=self.mat.transpose())
        return self._transposed

    def __matmul__(self, other: BallMatrix) -> BallMatrix:
        return BallMatrix(self.rows, other.columns, mat=self.mat * other.mat)

    def __add__(self, other: Any) -> BallMatrix:
        return self._with(other, operator.add, linear=True)

    def __sub__(self, other: Any) -> BallMatrix:
        return self._with(other, operator.sub, linear=True)

    def __mul__(self, other: Any) -> BallMatrix:
        return self._with(other, operator.mul)

    def __truediv__(self, other: Any) -> BallMatrix:
        return self._with(other, operator.truediv)

    def __rsub__(self, other: float) -> BallMatrix:
        number = arb(other)
        return BallMatrix(self.rows, self.columns, [number - v for v in self.entries])

    def __rtruediv__(self, other: float) -> BallMatrix:
        number = arb(other)
        return BallMatrix(self.rows, self.columns, [number / v for v in self.entries])

    __radd__ = __add__
    __rmul__ = __mul__

    def each(self, function: Callable[[Ball], Ball]) -> BallMatrix:
        """Apply a function to every entry."""
        return BallMatrix(self.rows, self.columns, list(map(function, self.entries)))

    def _with(self, other: Any, operation: Callable[[Any, Any], Any], linear: bool = False) -> BallMatrix:
        if not isinstance(other, BallMatrix):
            numbers = repeat(arb(other))  # converted once, and not at every entry
            return BallMatrix(self.rows, self.columns, list(map(operation, self.entries, numbers)))
        if self.rows != other.rows or self.columns != other.columns:
            rows, columns = _common(self.rows, other.rows), _common(self.columns, other.columns)
            left, right = self._widened(rows, columns), other._widened(rows, columns)
            return BallMatrix(rows, columns, list(map(operation, left, right)))
        if linear and self._mat is not None and other._mat is not None:
            return BallMatrix(self.rows, self.columns, mat=operation(self._mat, other._mat))
        return BallMatrix(self.rows, self.columns, list(map(operation, self.entries, other.entries)))

    def _widened(self, rows: int, columns: int) -> list[Ball]:
        """The entries, with a single column or a single row repeated."""
        entries = self.entries
        if self.columns != columns:
            entries = [v for v in entries for _ in range(columns)]
        if self.rows != rows:
            entries = entries * rows
        return entries


def _common(left: int, right: int) -> int:
    """The size of two sizes of which one may be a 1 that is repeated."""
    return left if right == 1 else right


class Balls:
    """The number system of the reference. Use inside `working_precision`."""

    def matrix(self, values: Array) -> BallMatrix:
        rows, columns = np.shape(values)
        return BallMatrix(rows, columns, mat=arb_mat(rows, columns, np.asarray(values).ravel().tolist()))

    def array(self, a: BallMatrix) -> NDArray[np.object_]:
        return np.fromiter(a.entries, dtype=object, count=len(a.entries)).reshape(a.shape)

    def sum_columns(self, a: BallMatrix) -> BallMatrix:
        if a.columns == 1:
            return a
        return BallMatrix(a.rows, 1, mat=a.mat * arb_mat(a.columns, 1, [1] * a.columns))

    def sum_rows(self, a: BallMatrix) -> BallMatrix:
        return BallMatrix(1, a.columns, mat=arb_mat(1, a.rows, [1] * a.rows) * a.mat)

    def beside(self, parts: Sequence[BallMatrix]) -> BallMatrix:
        columns = [part.entries[k :: part.columns] for part in parts for k in range(part.columns)]
        rows = zip(*columns, strict=True)
        return BallMatrix(parts[0].rows, len(columns), list(chain.from_iterable(rows)))

    def above(self, parts: Sequence[BallMatrix]) -> BallMatrix:
        return BallMatrix(
            sum(part.rows for part in parts), parts[0].columns, list(chain(*(part.entries for part in parts)))
        )

    def rows(self, a: BallMatrix, start: int, stop: int) -> BallMatrix:
        return BallMatrix(stop - start, a.columns, a.entries[start * a.columns : stop * a.columns])

    def choose(self, where: NDArray[np.bool_], a: BallMatrix, b: BallMatrix) -> BallMatrix:
        rows, columns = _common(a.rows, b.rows), len(where)
        chosen = cycle(where.tolist())
        pairs = zip(chosen, a._widened(rows, columns), b._widened(rows, columns), strict=False)
        return BallMatrix(rows, columns, [v if first else w for first, v, w in pairs])

    def largest(self, a: BallMatrix) -> BallMatrix:
        return BallMatrix(
            1, a.columns, [reduce(arb.max, a.entries[k :: a.columns]) for k in range(a.columns)]
        )

    def clip(self, a: BallMatrix, bound: float) -> BallMatrix:
        low, high = arb(-bound), arb(bound)
        return a.each(lambda v: v.min(high).max(low))

    def inside(self, a: BallMatrix, bound: float) -> BallMatrix:
        return a.each(lambda v: inside_ball(v, bound))

    def sigmoid(self, z: BallMatrix) -> BallMatrix:
        return _increasing(_narrow_sigmoid, z, [ONE / (ONE + (-v).exp()) for v in z.entries])

    def tanh(self, z: BallMatrix) -> BallMatrix:
        return _increasing(arb.tanh, z, list(map(arb.tanh, z.entries)))

    def relu(self, z: BallMatrix) -> BallMatrix:
        return z.each(relu_ball)

    def positive(self, y: BallMatrix) -> BallMatrix:
        return y.each(positive_ball)

    def exp(self, z: BallMatrix) -> BallMatrix:
        return z.each(arb.exp)

    def expm1(self, z: BallMatrix) -> BallMatrix:
        return z.each(arb.expm1)

    def log(self, z: BallMatrix) -> BallMatrix:
        return z.each(arb.log)

    def sqrt(self, z: BallMatrix) -> BallMatrix:
        return z.each(arb.sqrt)

    def absolute(self, z: BallMatrix) -> BallMatrix:
        return z.each(abs)


def _increasing(at_a_point: Callable[[Ball], Ball], z: BallMatrix, values: list[Ball]) -> BallMatrix:
    """An increasing function into [-1, 1], entry by entry, given what a plain formula says.

    The formula's value is taken where it has some digits. Formulas blow up on wide balls:
    they return nan or leave the range. There the ball is enclosed by the values at its two
    ends: an increasing function maps [a, b] into [f(a), f(b)], whatever the width.
    """
    if min(map(arb.rel_accuracy_bits, values), default=SOME_DIGITS) < SOME_DIGITS:
        values = [
            value if value.rel_accuracy_bits() >= SOME_DIGITS else _hull(at_a_point, ball)
            for value, ball in zip(values, z.entries, strict=True)
        ]
    return BallMatrix(z.rows, z.columns, values)


def _hull(increasing: Callable[[Ball], Ball], z: Ball) -> Ball:
    """The ball from the function's value at the lower end to that at the upper end."""
    low, high = increasing(arb(z.lower())), increasing(arb(z.upper()))
    return low.union(high)


def _narrow_sigmoid(z: Ball) -> Ball:
    if z <= 0:  # where e^-z may be too large even for flint
        e = z.exp()
        return e / (1 + e)
    return 1 / (1 + (-z).exp())


def relu_ball(z: Ball) -> Ball:
    """max(0, z): the hull of both branches where the sign is open."""
    if z > 0:
        return z
    if z <= 0:
        return arb(0)
    return z.nonnegative_part() if z.is_finite() else z


def positive_ball(y: Ball) -> Ball:
    """1 where y > 0 and 0 where y <= 0; the ball [0, 1] where the sign is open."""
    if y > 0:
        return arb(1)
    if y <= 0:
        return arb(0)
    return arb(0.5, 0.5)


def inside_ball(v: Ball, bound: float) -> Ball:
    """1 where |v| <= bound and 0 beyond; the ball [0, 1] where that is open."""
    if abs(v) <= bound:
        return arb(1)
    if abs(v) > bound:
        return arb(0)
    return arb(0.5, 0.5)
