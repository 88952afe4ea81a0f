"""What follows from the things a law said: in floats, and in balls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rnnref import working_precision
from rnnspec.hold import SURVIVES, TOLERATED, Comparison, Relation, Rounding
from rnnspec.kit.judge import (
    EQUALITY_BITS,
    Judgement,
    Outcome,
    decimal,
    judge_balls,
    judge_floats,
)
from rnnspec.kit.numbers import LAW_PRECISION
from rnnspec.protocol import FORMATS, Format

EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
EVERY_RELATION = pytest.mark.parametrize("relation", Relation, ids=lambda relation: relation.name)
INFINITY = arb("inf")
NOT_A_NUMBER = arb("nan")

# Multiples of 1/64, so that what these tests calculate themselves is exact.
GRID = 64
NUMBERS = st.integers(-8 * GRID, 8 * GRID).map(lambda k: k / GRID)
AMOUNTS = st.integers(0, 2 * GRID).map(lambda k: k / GRID)


@pytest.fixture(autouse=True)
def law_precision() -> Iterator[None]:
    with working_precision(LAW_PRECISION):
        yield


def said(
    relation: Relation, left: Any, right: Any, rounding: Rounding = TOLERATED, what: str = ""
) -> Comparison:
    return Comparison(relation, left, right, rounding, what)


def allowing(*limits: Any) -> Callable[[], list[NDArray[np.float64]]]:
    """What comparisons are allowed, one by one."""
    return lambda: [np.array(limit) for limit in limits]


def floats(
    relation: Relation, left: Any, right: Any, allowed: float = 0.0, fmt: Format = FORMATS["float64"]
) -> Judgement:
    """One comparison of an implementation's numbers."""
    return judge_floats([said(relation, left, right)], allowing(allowed), fmt)


def balls(relation: Relation, left: Any, right: Any) -> Outcome:
    """One comparison of balls."""
    return judge_balls([said(relation, left, right)]).outcome


def beyond(relation: Relation, left: float, right: float) -> Fraction:
    """How far `left relation right` is violated; in floats, strict means weak."""
    difference = Fraction(left) - Fraction(right)
    return abs(difference) if relation is Relation.EQUAL else max(Fraction(0), difference)


class TestFloats:
    @EVERY_RELATION
    @given(left=NUMBERS, right=NUMBERS, allowed=AMOUNTS)
    def test_a_violation_beyond_what_is_allowed_fails_and_no_other(
        self, relation: Relation, left: float, right: float, allowed: float
    ) -> None:
        with working_precision(LAW_PRECISION):
            judgement = floats(relation, left, right, allowed)
        excess = beyond(relation, left, right)
        assert (judgement.outcome is Outcome.FALSE) == (excess > Fraction(allowed))
        assert (judgement.decided, judgement.undecided) == (1, 0)
        assert judgement.worst == (float(excess / Fraction(allowed)) if allowed else 0)

    @EVERY_FORMAT
    @EVERY_RELATION
    def test_without_tolerance_the_last_bit_decides(self, relation: Relation, fmt: Format) -> None:
        for right in (0.25, 1.0, fmt.largest / 2, fmt.smallest_normal, 0.0):
            above = float(np.nextafter(fmt.dtype.type(right), fmt.dtype.type(np.inf)))
            assert floats(relation, right, right, fmt=fmt).outcome is Outcome.TRUE
            judgement = floats(relation, above, right, fmt=fmt)
            assert judgement.outcome is Outcome.FALSE
            assert judgement.violation is not None
            assert judgement.violation.ratio == np.inf

    @pytest.mark.parametrize("relation", [Relation.AT_MOST, Relation.LESS])
    def test_an_inequality_is_kept_by_any_smaller_number(self, relation: Relation) -> None:
        assert floats(relation, -1e300, 1.0).outcome is Outcome.TRUE
        assert floats(Relation.EQUAL, -1e300, 1.0).outcome is Outcome.FALSE

    @EVERY_FORMAT
    @EVERY_RELATION
    @pytest.mark.parametrize("allowed", [0.0, 1.0, 1e300, np.inf])
    def test_not_a_number_always_fails(self, allowed: float, relation: Relation, fmt: Format) -> None:
        for left, right in ((NOT_A_NUMBER, 0), (0, NOT_A_NUMBER), (NOT_A_NUMBER, NOT_A_NUMBER)):
            assert floats(relation, left, right, allowed, fmt).outcome is Outcome.FALSE

    @EVERY_FORMAT
    def test_an_infinity_stands_for_what_overflows(self, fmt: Format) -> None:
        for sign in (1, -1):
            for truth in (sign * arb(fmt.largest), sign * 2 * arb(fmt.largest), sign * INFINITY):
                assert floats(Relation.EQUAL, sign * INFINITY, truth, fmt=fmt).outcome is Outcome.TRUE
                wrong_sign = floats(Relation.EQUAL, -sign * INFINITY, truth, fmt=fmt)
                assert wrong_sign.outcome is Outcome.FALSE

    @EVERY_FORMAT
    def test_an_infinity_stands_for_nothing_smaller(self, fmt: Format) -> None:
        finite = fmt.largest / 2
        for sign in (1, -1):
            judgement = floats(Relation.EQUAL, sign * INFINITY, sign * finite, finite / 2, fmt)
            assert judgement.outcome is Outcome.FALSE
            assert judgement.violation is not None
            assert judgement.violation.ratio == 2  # largest - largest / 2, over largest / 4

    @EVERY_FORMAT
    def test_an_infinity_keeps_and_breaks_inequalities(self, fmt: Format) -> None:
        for relation in (Relation.AT_MOST, Relation.LESS):
            assert floats(relation, 1, INFINITY, fmt=fmt).outcome is Outcome.TRUE
            assert floats(relation, -INFINITY, 1, fmt=fmt).outcome is Outcome.TRUE
            assert floats(relation, INFINITY, 1, fmt=fmt).outcome is Outcome.FALSE
            assert floats(relation, 1, -INFINITY, fmt=fmt).outcome is Outcome.FALSE

    @EVERY_RELATION
    @given(left=NUMBERS, middle=NUMBERS, radius=AMOUNTS)
    def test_the_width_of_the_reference_is_held_against_nobody(
        self, relation: Relation, left: float, middle: float, radius: float
    ) -> None:
        with working_precision(LAW_PRECISION):
            judgement = floats(relation, left, arb(middle, radius))
        # Only what every number of the ball contradicts is violated.
        nearest = min(
            beyond(relation, left, number)
            for number in (middle - radius, middle + radius, min(max(left, middle - radius), middle + radius))
        )
        assert (judgement.outcome is Outcome.FALSE) == (nearest > 0)

    def test_the_worst_entry_of_all_is_shown(self) -> None:
        judgement = judge_floats(
            [
                said(Relation.EQUAL, [[0.0, 0.0], [0.0, 0.5]], 0, what="first"),
                said(Relation.AT_MOST, [1.0, 0.75, 4.0], [1.0, 0.5, 8.0], what="second"),
            ],
            allowing(0.25, [0.5, 0.0625, 0.5]),
            FORMATS["float64"],
        )
        assert (judgement.outcome, judgement.decided, judgement.worst) == (Outcome.FALSE, 7, 4.0)
        violation = judgement.violation
        assert violation is not None
        assert (violation.what, violation.relation, violation.index) == ("second", "≤", (1,))
        assert (violation.got, violation.expected, violation.allowed) == ("0.75", "0.5", 0.0625)
        assert violation.ratio == 4.0

    def test_entries_have_tolerances_of_their_own(self) -> None:
        for allowed, outcome in (([1.0, 0.5], Outcome.TRUE), ([0.5, 1.0], Outcome.FALSE)):
            comparison = said(Relation.EQUAL, [1.0, 0.5], 0)
            assert judge_floats([comparison], allowing(allowed), FORMATS["float64"]).outcome is outcome

    def test_where_noise_overflowed_nothing_is_decided_and_nothing_is_hidden(self) -> None:
        for blind in (2.0, INFINITY):
            comparison = said(Relation.EQUAL, [blind, 1.0, 0.0], 0)
            for allowed, outcome in ((2.0, Outcome.UNDECIDED), (0.5, Outcome.FALSE)):
                limits = [np.nan, allowed, allowed]
                judgement = judge_floats([comparison], allowing(limits), FORMATS["float64"])
                assert (judgement.outcome, judgement.decided, judgement.undecided) == (outcome, 2, 1)
                assert judgement.worst == 1 / allowed

    def test_what_is_not_off_needs_no_tolerance(self) -> None:
        """Nor does what may not be off; all have theirs as soon as one of them needs it."""
        kept, broken = said(Relation.AT_MOST, [1.0, 2.0], 2.0), said(Relation.EQUAL, [1.0, 2.0], 2.0)
        strict = said(Relation.EQUAL, [1.0, 2.0], 2.0, SURVIVES)
        for second, asked, outcome in (
            (kept, 0, Outcome.TRUE),
            (strict, 0, Outcome.FALSE),
            (broken, 1, Outcome.TRUE),
        ):
            allowance = Mock(side_effect=allowing(1.0, 1.0))
            judgement = judge_floats([kept, second], allowance, FORMATS["float64"])
            assert (allowance.call_count, judgement.outcome) == (asked, outcome)
            assert (judgement.decided, judgement.undecided) == (4, 0)

    @EVERY_RELATION
    def test_a_violation_smaller_than_any_float_is_one(self, relation: Relation) -> None:
        assert floats(relation, arb(2) ** -2000, 0).outcome is Outcome.FALSE

    @EVERY_RELATION
    def test_a_violation_that_floats_would_round_off_is_one(self, relation: Relation) -> None:
        assert floats(relation, 1 + arb(2) ** -600, 1).outcome is Outcome.FALSE

    def test_a_tolerance_of_nothing_has_no_sign(self) -> None:
        assert floats(Relation.EQUAL, 1, 0, -0.0).outcome is Outcome.FALSE

    def test_what_numpy_is_told_to_raise_makes_no_difference(self) -> None:
        """A foreign implementation in this process may have told it so."""
        with np.errstate(all="raise"):
            for allowed, outcome in (
                (1e300, Outcome.TRUE),
                (0.0, Outcome.FALSE),
                (np.nan, Outcome.UNDECIDED),
            ):
                assert floats(Relation.EQUAL, 2.0**-1074, 0, allowed).outcome is outcome

    def test_nothing_said_is_nothing_decided(self) -> None:
        empty = said(Relation.EQUAL, np.zeros((0, 3)), 0)
        for judgement in (judge_floats([], list, FORMATS["float32"]), judge_balls([]), judge_balls([empty])):
            assert (judgement.outcome, judgement.decided, judgement.undecided) == (Outcome.TRUE, 0, 0)


def exact(ball: Any) -> Fraction:
    mantissa, exponent = ball.man_exp()
    return int(mantissa) * Fraction(2) ** int(exponent)


def interval(ball: Any) -> tuple[Fraction, Fraction]:
    """The ends of a ball, whose radius flint may have rounded up."""
    return exact(ball.mid()) - exact(ball.rad()), exact(ball.mid()) + exact(ball.rad())


class TestBalls:
    @EVERY_RELATION
    @given(left=NUMBERS, right=NUMBERS, radius=AMOUNTS, other=AMOUNTS)
    def test_three_values(
        self, relation: Relation, left: float, right: float, radius: float, other: float
    ) -> None:
        here, there = arb(left, radius), arb(right, other)
        (low, high), (bottom, top) = interval(here), interval(there)
        match relation:
            case Relation.AT_MOST:
                true, false = high <= bottom, low > top
            case Relation.LESS:
                true, false = high < bottom, low >= top
            case Relation.EQUAL:
                true, false = low == high == bottom == top, high < bottom or top < low
        expected = Outcome.TRUE if true else Outcome.FALSE if false else Outcome.UNDECIDED
        with working_precision(LAW_PRECISION):
            assert balls(relation, here, there) is expected

    @pytest.mark.parametrize("size", [1.0, 1e-200, 1e200])
    def test_narrow_balls_that_overlap_are_equal(self, size: float) -> None:
        for bits, outcome in ((EQUALITY_BITS + 1, Outcome.TRUE), (EQUALITY_BITS - 1, Outcome.UNDECIDED)):
            left = arb(size, arb(size) * arb(2) ** -bits)
            assert balls(Relation.EQUAL, left, size) is outcome
            assert balls(Relation.EQUAL, size, left) is outcome

    def test_narrow_balls_that_do_not_overlap_are_different(self) -> None:
        radius = arb(2) ** -200
        assert balls(Relation.EQUAL, arb(1, radius), 1 + 4 * radius) is Outcome.FALSE
        assert balls(Relation.EQUAL, arb(1, radius), arb(1, radius) + radius) is Outcome.TRUE

    def test_nearly_nothing_equals_nothing(self) -> None:
        assert balls(Relation.EQUAL, arb(0, arb(2) ** -1001), 0) is Outcome.TRUE
        assert balls(Relation.EQUAL, arb(0, arb(2) ** -900), 0) is Outcome.UNDECIDED

    @EVERY_RELATION
    def test_not_a_number_decides_nothing(self, relation: Relation) -> None:
        assert balls(relation, NOT_A_NUMBER, 1) is Outcome.UNDECIDED

    @pytest.mark.parametrize("rounding", Rounding)
    def test_strict_is_strict_however_it_reads_in_floats(self, rounding: Rounding) -> None:
        assert judge_balls([said(Relation.LESS, 1, 1, rounding)]).outcome is Outcome.FALSE
        assert judge_balls([said(Relation.AT_MOST, 1, 1, rounding)]).outcome is Outcome.TRUE

    def test_what_is_undecided_is_counted_and_is_no_failure(self) -> None:
        open_ended = arb(0, 1)
        judgement = judge_balls([said(Relation.AT_MOST, [0, open_ended, -2, open_ended], 0)])
        assert (judgement.outcome, judgement.decided, judgement.undecided) == (Outcome.UNDECIDED, 2, 2)

    def test_one_certain_violation_outweighs_what_is_open(self) -> None:
        judgement = judge_balls(
            [
                said(Relation.AT_MOST, [arb(0, 1), 0], 0, what="open"),
                said(Relation.LESS, [[-1, 3]], 2, SURVIVES, "false"),
            ]
        )
        assert judgement.outcome is Outcome.FALSE
        violation = judgement.violation
        assert violation is not None
        assert (violation.what, violation.relation, violation.index) == ("false", "<", (0, 1))
        assert (violation.got, violation.expected, violation.ratio) == ("3", "2", np.inf)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (arb(0.25), "0.25"),
        (arb(3), "3"),
        (arb(100), "100"),
        (arb(-0.5, 1e-30), "-0.5"),
        (arb(0), "0"),
        (arb(1e300), "1.0000000000000000525e+300"),
    ],
)
def test_numbers_are_shown_shortly(number: Any, text: str) -> None:
    assert decimal(number) == text


def test_twenty_digits_are_shown() -> None:
    assert decimal(arb(1) / 3) == "0." + 20 * "3"
