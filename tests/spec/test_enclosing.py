"""Bounds on the whole line: too tight a one is refused, and nothing hides beyond the last piece."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import pytest
from flint import arb

from rnnref.activations import slope
from rnnref.systems.balls import BallMatrix
from rnnspec.evidence import NotProved
from rnnspec.kit import enclosing
from rnnspec.kit.enclosing import TAIL, Encloser

QUARTER = Fraction(1, 4)
EIGHTH = Fraction(1, 8)

OUTSIDE = [
    ("sigmoid", EIGHTH),
    ("sigmoid", Fraction(0)),
    ("tanh", Fraction(1)),
    ("tanh", Fraction(40)),
    ("sigmoid", Fraction(63)),
]


def largest_slope(kind: str, outside: Fraction) -> Fraction:
    """The slope at the near end, by a formula that shares nothing with the reference's."""
    context = mpmath.MPContext()
    context.prec = 200
    x = context.mpf(outside.numerator) / outside.denominator
    value = context.sech(x) ** 2 if kind == "tanh" else context.sech(x / 2) ** 2 / 4
    mantissa, exponent = value.man_exp
    return int(mantissa) * Fraction(2) ** int(exponent)


@pytest.mark.parametrize(("kind", "outside"), OUTSIDE)
def test_the_bound_holds_and_a_slightly_tighter_one_is_refused(kind: str, outside: Fraction) -> None:
    # Pieces are no smaller than 2^-20, over which a slope changes by 2^-19 of itself at most.
    slightly = Fraction(1, 2**16)
    largest = largest_slope(kind, outside)
    encloser = Encloser()
    encloser.less(kind, largest * (1 + slightly), outside=outside)
    assert encloser.pieces >= 4  # two sides, each with an interval and a tail
    for too_tight in (largest * (1 - slightly), largest / 2, Fraction(0)):
        with pytest.raises(NotProved, match=rf"^the slope of {kind} is not below "):
            Encloser().less(kind, too_tight, outside=outside)


def test_every_piece_is_counted() -> None:
    coarse, fine = Encloser(), Encloser()
    coarse.less("tanh", Fraction(2), outside=Fraction(1))
    assert coarse.pieces == 4
    fine.less("tanh", Fraction(421, 1000), outside=Fraction(1))
    assert fine.pieces > coarse.pieces
    before = fine.pieces
    fine.less("tanh", Fraction(2), outside=Fraction(1))
    assert fine.pieces == before + 4


def with_a_bump(monkeypatch: pytest.MonkeyPatch, where: float) -> None:
    """The slope, but 1 at one point, and so on every interval that contains it."""

    def bumped(system: Any, kind: str, z: BallMatrix) -> BallMatrix:
        honest = slope(system, kind, z).entries[0]
        [piece] = z.entries
        beyond = isinstance(system, enclosing._FromTail)
        contains = piece.lower() <= where and (beyond or where <= piece.upper())
        return BallMatrix(1, 1, [honest.union(arb(1)) if contains else honest])

    monkeypatch.setattr(enclosing, "slope", bumped)


@pytest.mark.parametrize("where", [TAIL + 1.0, 1e6, 1e300])
def test_what_happens_only_beyond_the_last_piece_is_seen(
    where: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    Encloser().less("sigmoid", QUARTER, outside=EIGHTH)
    with_a_bump(monkeypatch, where)
    with pytest.raises(NotProved, match=f"beyond {TAIL}$"):
        Encloser().less("sigmoid", QUARTER, outside=EIGHTH)


@pytest.mark.parametrize("where", [0.2, -0.2, 1.0, -1.0, 63.9, -63.9])
def test_what_happens_at_one_point_of_either_side_is_seen(
    where: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_bump(monkeypatch, where)
    with pytest.raises(NotProved, match=r"on \["):
        Encloser().less("sigmoid", QUARTER, outside=EIGHTH)


def test_what_happens_inside_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with_a_bump(monkeypatch, 0.0625)
    Encloser().less("sigmoid", QUARTER, outside=EIGHTH)


@pytest.mark.parametrize("kind", ["sigmoid", "tanh"])
def test_the_ball_of_the_tail_contains_the_slopes_there(kind: str) -> None:
    [tail] = slope(enclosing._FromTail(), kind, BallMatrix(1, 1, [arb(TAIL)])).entries
    for x in (TAIL, TAIL + 0.5, 100.0, 1e3, 1e300):
        assert tail.contains(enclosing._slope_on(kind, arb(x)))
        assert tail.contains(enclosing._slope_on(kind, arb(-x)))
