"""Counts of parameters for all sizes at once: whole numbers that remember how they were made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from rnnspec.kit.proofs.calculus import substituted
from rnnspec.kit.proofs.expressions import Expression
from rnnspec.kit.proofs.ring import Ring
from rnnspec.proof import NotProved

MARKS = (1_000_003, 1_100_009, 1_200_007, 1_300_021, 1_400_017)
LARGEST = 10_000  # number that may stand in a formula; beyond, it is a size that has lost its name
TRIED = (1, 2, 3)  # sizes at which a polynomial is held to the count itself
MORE_DEPTHS = 3  # than are needed for a polynomial


class Size(int):
    """A large whole number that stands for a symbol, or for a sum or product of such."""

    expression: Expression

    @classmethod
    def of(cls, value: int, expression: Expression) -> Size:
        size = cls(value)
        size.expression = expression
        return size

    def _with(self, other: object, value: int, combine: Callable[[Any, Any], Expression]) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        return Size.of(value, combine(self.expression, named(other, self.expression.ring)))

    def __add__(self, other: Any) -> Any:
        return self._with(other, int(self) + int(other), lambda a, b: a + b)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, int(self) * int(other), lambda a, b: a * b)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, int(self) - int(other), lambda a, b: a - b)

    __radd__ = __add__
    __rmul__ = __mul__


def named(length: int, ring: Ring) -> Expression:
    """The expression that a length stands for.

    Raises:
        NotProved: if it was made of a size in a way that leaves no trace.
    """
    if isinstance(length, Size):
        return length.expression
    if abs(length) > LARGEST:
        raise NotProved(f"the length {length} comes from a size, but not by sums and products")
    return ring.expression(length)


def counted(build: Callable[..., Any], sizes: Sequence[Expression], *rest: int) -> Expression:
    """The number of parameters of what is built of these sizes: products of lengths, added up.

    Args:
        build: from whole numbers to what has `parameter_shapes` and a `parameter_count`.
        sizes: symbols for the first of them.
        rest: the other ones.

    Raises:
        NotProved: if a length leaves no trace, or the polynomial fails at small sizes.
    """
    ring = sizes[0].ring
    marked = [Size.of(mark, size) for mark, size in zip(MARKS, sizes, strict=False)]
    total = ring.expression(0)
    for shape in build(*marked, *rest).parameter_shapes.values():
        entries = ring.expression(1)
        for length in shape:
            entries = entries * named(length, ring)
        total = total + entries
    indices = [size.symbols[0].index for size in sizes]
    for numbers in product(TRIED, repeat=len(sizes)):
        at = {k: ring.expression(number) for k, number in zip(indices, numbers, strict=True)}
        count = build(*numbers, *rest).parameter_count
        if substituted(total, at) != count:
            raise NotProved(f"{total} is not {count} at the sizes {numbers}")
    return total


def polynomial_in_depth(of_depth: Callable[[int], Expression], depth: Expression, degree: int) -> Expression:
    """The polynomial of a degree through the values at the smallest depths.

    Raises:
        NotProved: if it misses the values at those that follow.
    """
    ring = depth.ring
    values = {L: of_depth(L) for L in range(1, degree + 2 + MORE_DEPTHS)}
    nodes = range(1, degree + 2)
    total = ring.expression(0)
    for k in nodes:
        weight = ring.expression(1)
        for j in nodes:
            if j != k:
                weight = weight * (depth - j) * Fraction(1, k - j)
        total = total + weight * values[k]
    index = depth.symbols[0].index
    for L, value in values.items():
        if substituted(total, {index: ring.expression(L)}) != value:
            raise NotProved(f"{total} is not {value} at depth {L}, so it is of a higher degree")
    return total
