"""Where a statement is to hold: intervals, cut into bounded pieces and rays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias

from flint import arb

from rnnspec.enclosure import INF, Range
from rnnspec.kit.enclosing.points import Pieces
from rnnspec.kit.enclosing.series import Series
from rnnspec.kit.enclosing.tails import Ball, Tails
from rnnspec.kit.numbers import exactly

End: TypeAlias = Fraction | float
"""A rational number, or an infinity."""

Curve: TypeAlias = Callable[[Sequence[Series]], Series]
"""A function of some variables, on series of them."""


@dataclass(frozen=True)
class Segment:
    """A bounded closed interval, between numbers that flint represents exactly."""

    low: Ball
    high: Ball

    @property
    def ball(self) -> Ball:
        """All of it. An end that is 0 stays one: a ball's radius is rounded upwards."""
        if self.low == self.high:
            return self.low
        hull = self.low.union(self.high)
        if self.low >= 0:
            return hull.nonnegative_part()
        return -(-hull).nonnegative_part() if self.high <= 0 else hull

    @property
    def middle(self) -> Ball:
        return ((self.low + self.high) / 2).mid()

    def halves(self) -> list[Side]:
        return [Segment(self.low, self.middle), Segment(self.middle, self.high)]


@dataclass(frozen=True)
class Ray:
    """All x with sign * x >= start, where start is at least 1."""

    start: Ball
    sign: int

    def halves(self) -> list[Side]:
        """What is bounded of it, as far as twice its start, and the rest."""
        ends = [self.sign * self.start, 2 * self.sign * self.start]
        return [Segment(*ends[:: self.sign]), Ray(2 * self.start, self.sign)]


Side: TypeAlias = Segment | Ray
Box: TypeAlias = tuple[Side, ...]


def evaluate(curve: Curve, box: Box, order: int, by: int = 0) -> Series:
    """A function's series on a box, in powers of what is added to one of its variables.

    Raises:
        Undecided: if the box is too wide for that.
    """
    rays = [side for side in box if isinstance(side, Ray)]
    field: Any = Tails([ray.start for ray in rays]) if rays else Pieces()
    xs, place = [], 0
    for k, side in enumerate(box):
        if isinstance(side, Ray):
            x, place = field.variable(place, side.sign), place + 1
        else:
            x = field.constant(side.ball)
        slope = [field.number(1 if k == by else 0)][:order]
        xs.append(Series(field, [x, *slope, *[field.number(0)] * (order - 1)]))
    return curve(xs) if xs else curve([Series(field, [field.number(0)])])


def at_point(curve: Curve, point: Sequence[Ball], order: int = 0) -> Series:
    """A function's series at a single point."""
    return evaluate(curve, tuple(Segment(x, x) for x in point), order)


def intervals_of(over: Range) -> list[tuple[End, End]]:
    """The intervals that an author wrote down, with rational ends.

    Raises:
        ValueError: if one is empty.
    """
    several = over if isinstance(over, list) else [over]
    found = [(_end(low), _end(high)) for low, high in several]
    for low, high in found:
        if not low < high:
            raise ValueError(f"got the interval from {low} to {high}, expected one that is not empty")
    return found


def _end(value: Any) -> End:
    return float(value) if value in (INF, -INF) else rational(value)


def rational(value: Any) -> Fraction:
    """A number as its author meant it: a decimal string is what it says, a float what it is."""
    return Fraction(Decimal(value)) if isinstance(value, str) else Fraction(value)


def without(intervals: Sequence[tuple[End, End]], gaps: Sequence[tuple[End, End]]) -> list[tuple[End, End]]:
    """What is left of some intervals if others are taken away."""
    left = list(intervals)
    for low, high in gaps:
        cut = [((a, min(b, low)), (max(a, high), b)) for a, b in left]
        left = [(a, b) for pair in cut for a, b in pair if a < b]
    return left


def boxes(over: Mapping[str, Sequence[tuple[End, End]]]) -> list[Box]:
    """All of a domain, in segments and rays."""
    sides = [[side for low, high in intervals for side in _sides(low, high)] for intervals in over.values()]
    return list(product(*sides))


def _sides(low: End, high: End) -> list[Side]:
    """Rays begin at 1, or at the end of the interval if that is farther out."""
    sides: list[Side] = []
    if low == -INF:
        start = max(Fraction(1), -rational(high)) if high != INF else Fraction(1)
        sides.append(Ray(exactly(start).lower(), -1))
        low = -start
    if high == INF:
        start = max(Fraction(1), rational(low))
        sides.append(Ray(exactly(start).lower(), 1))
        high = start
    if low < high:  # a little too wide, where an end is no binary fraction
        sides.append(Segment(exactly(rational(low)).lower(), exactly(rational(high)).upper()))
    return sides


def decimal(ball: Ball) -> str:
    """A point in a sentence."""
    return str(arb(ball).str(12, radius=False))
