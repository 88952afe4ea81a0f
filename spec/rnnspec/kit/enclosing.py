"""Enclosures: bounds on whole intervals, tails included, by bisection with balls."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flint import arb

from rnnref.activations import slope
from rnnref.systems.balls import BallMatrix, Balls, working_precision
from rnnspec.evidence import NotProved
from rnnspec.kit.numbers import exactly

PRECISION = 128
TAIL = 64
"""Beyond this the slopes are bounded on the whole rest of the line at once."""

SMALLEST_PIECE = arb(2) ** -20


class Encloser:
    """See `rnnspec.evidence.Enclose`. `pieces` counts the intervals that were enclosed."""

    def __init__(self) -> None:
        self.pieces = 0

    def less(self, kind: str, bound: Fraction, *, outside: Fraction) -> None:
        with working_precision(PRECISION):
            limit = exactly(bound)
            for sign in (1, -1):
                self._below(kind, limit, sign, exactly(outside), exactly(TAIL))
                # [TAIL, infinity): in the formula |x| occurs only as e^-|x|, which lies
                # between 0 and e^-TAIL, and a ball of that is as good as one of x.
                self._tail(kind, limit)

    def _below(self, kind: str, limit: Any, sign: int, low: Any, high: Any) -> None:
        pieces = [(low, high)]
        while pieces:
            a, b = pieces.pop()
            value = _slope_on(kind, sign * a.union(b))
            self.pieces += 1
            if value < limit:
                continue
            if b - a < SMALLEST_PIECE or value.mid() - value.rad() > limit:
                raise NotProved(f"the slope of {kind} is not below {limit} on [{a}, {b}] times {sign}")
            middle = ((a + b) / 2).mid()
            pieces += [(a, middle), (middle, b)]

    def _tail(self, kind: str, limit: Any) -> None:
        value = slope(_FromTail(), kind, BallMatrix(1, 1, [exactly(TAIL)])).entries[0]
        self.pieces += 1
        if not value < limit:
            raise NotProved(f"the slope of {kind} is not below {limit} beyond {TAIL}")


def _slope_on(kind: str, piece: Any) -> Any:
    return slope(Balls(), kind, BallMatrix(1, 1, [piece])).entries[0]


class _FromTail(Balls):
    """Balls in which e^-x stands for all of e^-[x, infinity)."""

    def exp(self, z: BallMatrix) -> BallMatrix:
        return z.each(lambda v: arb(0).union(v.exp()))
