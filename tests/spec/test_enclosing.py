"""Enclosures: what is true is shown, what is nearly true is not, and nothing hides in the tails."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from flint import arb

from rnnref.systems.balls import working_precision
from rnnspec.enclosure import INF, Range
from rnnspec.evidence import NotProved
from rnnspec.kit.enclosing import Encloser, search
from rnnspec.kit.enclosing.encloser import PRECISION, Printed
from rnnspec.kit.enclosing.points import Pieces, Rationals
from rnnspec.kit.enclosing.tails import Undecided

QUARTER, EIGHTH = Fraction(1, 4), Fraction(1, 8)
TINY = Fraction(1, 10**12)
LINE: Range = (-INF, INF)
RIGHT: Range = (0, INF)


def refused(part: str = "not|is") -> Any:
    return pytest.raises(NotProved, match=part)


def sigmoid_slope(f: Any, x: Any) -> Any:
    return f.slope("sigmoid", x)


def window(f: Any, c: Any) -> Any:
    return c * f.slope("tanh", c)


class TestComparisons:
    @pytest.mark.parametrize("kind", ["sigmoid", "tanh"])
    def test_a_bound_holds_and_one_too_small_by_1e_12_does_not(self, kind: str) -> None:
        context = mpmath.MPContext()
        context.prec = 200
        at = context.mpf(1) / 8
        slope = context.sech(at) ** 2 if kind == "tanh" else context.sech(at / 2) ** 2 / 4
        mantissa, exponent = slope.man_exp
        largest = int(mantissa) * Fraction(2) ** int(exponent)
        outside: Range = [(-INF, -EIGHTH), (EIGHTH, INF)]
        Encloser().holds(lambda f, x: f.slope(kind, x) < largest + TINY, x=outside)
        with refused(r"x = -?0\.125"):
            Encloser().holds(lambda f, x: f.slope(kind, x) < largest - TINY, x=outside)

    def test_equality_at_a_point_is_to_be_named(self) -> None:
        def at_most(f: Any, x: Any) -> Any:
            return sigmoid_slope(f, x) <= QUARTER

        Encloser().holds(at_most, touching=[0], x=LINE)
        with refused("is not shown to be positive near x = "):
            Encloser().holds(at_most, x=LINE)
        with refused("is not shown to be 0 at x = 1/1000"):
            Encloser().holds(at_most, touching=[Fraction(1, 1000)], x=LINE)
        with refused(r"is -1/1000000000000 at x = 0, and not 0"):
            Encloser().holds(lambda f, x: sigmoid_slope(f, x) <= QUARTER - TINY, touching=[0], x=LINE)

    def test_strict_and_weak_differ_where_both_sides_are_equal(self) -> None:
        Encloser().holds(lambda f, x: x - x <= 0, x=(1, 2))
        with refused("is 0 at x = 1.5"):
            Encloser().holds(lambda f, x: x - x < 0, x=(1, 2))
        with refused("near x = "):
            Encloser().holds(lambda f, x: f.tanh(x) < x, x=RIGHT)
        Encloser().holds(lambda f, x: f.tanh(x) < x, touching=[0], x=RIGHT)

    def test_touching_from_the_wrong_side_is_seen(self) -> None:
        with refused("has the wrong sign beside it"):
            Encloser().holds(lambda f, x: f.tanh(x) <= x, touching=[0], x=LINE)
        with refused("has the wrong sign beside it"):
            Encloser().holds(lambda f, x: x**4 <= x**2 * 0, touching=[0], x=(-1, 1))

    def test_a_contact_may_be_at_any_rational_number(self) -> None:
        def largest(f: Any, s: Any) -> Any:
            return s * s * (1 - s) <= Fraction(4, 27)

        Encloser().holds(largest, touching=[Fraction(2, 3)], s=(0, 1))
        Encloser().holds(lambda f, x: (3 * x - 1) ** 4 >= 0, touching=[Fraction(1, 3)], x=LINE)
        with refused("at s = 333333/500000, and not 0"):
            Encloser().holds(largest, touching=[Fraction(333333, 500000)], s=(0, 1))

    def test_a_point_outside_of_the_domain_is_no_contact(self) -> None:
        Encloser().holds(lambda f, x: sigmoid_slope(f, x) <= QUARTER, touching=[0], x=(1, 2))

    def test_several_comparisons_are_all_made(self) -> None:
        def between(f: Any, x: Any) -> Any:
            e = f.exp(-x)
            return [e / 4 < sigmoid_slope(f, x), sigmoid_slope(f, x) < e]

        Encloser().holds(between, touching=[], x=(1, INF))
        with refused():
            Encloser().holds(lambda f, x: [*between(f, x), x < 10**6], x=(1, INF))
        with refused():
            Encloser().holds(lambda f, x: [x < 10**6, *between(f, x)], x=(1, INF))

    def test_pieces_are_counted(self) -> None:
        encloser = Encloser()
        encloser.holds(lambda f, x: x < 3, x=(1, 2))
        assert encloser.pieces == 1
        encloser.holds(lambda f, x: sigmoid_slope(f, x) < QUARTER + TINY, x=LINE)
        assert 10 < encloser.pieces < 1000


class TestSlopes:
    def test_monotone(self) -> None:
        Encloser().decreasing(lambda f, x: f.slope("tanh", x), flat=[0], x=RIGHT)
        Encloser().increasing(lambda f, x: f.slope("tanh", x), flat=[0], x=(-INF, 0))
        Encloser().increasing(lambda f, x: x**3, flat=[0], x=LINE)
        Encloser().increasing(lambda f, x: f.activation("leaky_relu", x, 0.1), x=LINE)

    def test_nearly_monotone_is_not(self) -> None:
        with refused("the slope is"):
            Encloser().increasing(lambda f, x: x**3 - TINY * x, x=LINE)
        with refused(r"the slope is -1/1000000000000 at x = 0, and not 0"):
            Encloser().increasing(lambda f, x: x**3 - TINY * x, flat=[0], x=LINE)
        with refused("has the wrong sign beside it"):
            Encloser().increasing(lambda f, x: x**2, flat=[0], x=(-1, 1))
        with refused("the slope is 0 at x = 0"):
            Encloser().increasing(lambda f, x: x**3, x=LINE)

    def test_along_one_of_several_variables(self) -> None:
        def carried(f: Any, x: Any, y: Any) -> Any:
            return f.activation("sigmoid", x) * y

        Encloser().increasing(carried, by="x", x=(-3, 3), y=(1, 2))
        Encloser().increasing(carried, by="y", x=(-3, 3), y=(-2, 2))
        with refused():
            Encloser().increasing(carried, by="x", x=(-3, 3), y=(-1, 2))

    def test_convex_and_concave(self) -> None:
        near = "0.6584789484"  # artanh(1/sqrt 3) = 0.65847894846...
        Encloser().convex(lambda f, w: f.tanh(w) ** 2, w=(f"-{near}", near))
        with refused("the second derivative is -"):
            Encloser().convex(lambda f, w: f.tanh(w) ** 2, w=("-0.6584789485", "0.6584789485"))
        Encloser().concave(lambda f, x: f.tanh(x), flat=[0], x=RIGHT)
        with refused():
            Encloser().concave(lambda f, x: f.tanh(x), x=(-EIGHTH, INF))

    def test_a_kink_has_no_second_derivative(self) -> None:
        for kinked in (lambda f, x: x * x - abs(x), lambda f, x: x * x + abs(x)):
            ranges: list[Range] = [(-1, 1), [(-1, 0), (0, 1)], (0, 1)]
            for over in ranges:
                with refused():
                    Encloser().convex(kinked, x=over)
        Encloser().convex(lambda f, x: x * x - abs(x), x=(EIGHTH, INF))

    def test_across_a_kink_it_may_be_monotone(self) -> None:
        Encloser().increasing(lambda f, x: 2 * x - abs(x), x=(-1, 1))
        with refused():
            Encloser().increasing(lambda f, x: x - 2 * abs(x), x=(-1, 1))

    def test_across_a_jump_it_is_not(self) -> None:
        with refused():
            Encloser().increasing(lambda f, x: x - f.slope("relu", x), x=(-1, 1))


class TestExtrema:
    WHERE, VALUE = "0.771702319209104", "0.447743204694303"

    def test_the_largest_value_and_its_place(self) -> None:
        Encloser().maximum(window, is_=self.VALUE, at=self.WHERE, c=RIGHT)
        Encloser().maximum(window, is_="0.45", at="0.8", c=RIGHT)
        Encloser().minimum(lambda f, c: -window(f, c), is_=f"-{self.VALUE}", at=self.WHERE, c=RIGHT)
        Encloser().maximum(window, is_=self.VALUE, at=self.WHERE, c=LINE)

    @pytest.mark.parametrize(
        ("value", "where", "says"),
        [
            ("0.447743204694304", WHERE, "which is not 0.447743204694304 to its last digit"),
            ("0.447743204694302", WHERE, "which is not"),
            (VALUE, "0.771702319209103", "the slope does not change its sign"),
            (VALUE, "0.771702319209105", "the slope does not change its sign"),
        ],
    )
    def test_the_last_digit_counts(self, value: str, where: str, says: str) -> None:
        with refused(says):
            Encloser().maximum(window, is_=value, at=where, c=RIGHT)

    def test_a_minimum_is_no_maximum(self) -> None:
        with refused("the slope does not change its sign"):
            Encloser().maximum(lambda f, x: f.cosh(x), is_="1.0", at="0.0", x=(-2, 2))

    def test_another_place_with_as_much_or_more_is_seen(self) -> None:
        def twice(f: Any, x: Any) -> Any:
            return window(f, x) + f.slope("sigmoid", x - 30) * 4 * Fraction(447743204695, 10**12)

        with refused("the extremum minus a value"):
            Encloser().maximum(twice, is_="0.4477", at="0.7717", x=RIGHT)
        with refused("the extremum minus a value"):
            Encloser().maximum(lambda f, x: f.sin(x), is_="1.000", at="1.571", x=(0, 9))
        Encloser().maximum(lambda f, x: f.sin(x), is_="1.000", at="1.571", x=(0, 7))

    def test_the_place_is_inside(self) -> None:
        with refused("0.8 is not inside of the domain"):
            Encloser().maximum(window, is_="0.45", at="0.8", c=(1, INF))
        with refused("0.8 is not inside of the domain"):
            Encloser().maximum(window, is_="0.45", at="0.8", c=("0.8", INF))


class TestZeros:
    def test_exactly_these(self) -> None:
        def curve(f: Any, c: Any) -> Any:
            return c * f.tanh(c) - Fraction(1, 2)

        Encloser().zeros(curve, at=["0.7717023192"], c=RIGHT)
        Encloser().zeros(curve, at=["0.7717023192", "-0.7717023192"], c=LINE)
        with refused("minus the function is -"):
            Encloser().zeros(curve, at=["0.7717023192"], c=LINE)
        with refused("does not change its sign around 0.7717023193"):
            Encloser().zeros(curve, at=["0.7717023193"], c=RIGHT)

    def test_a_second_zero_close_by_is_seen(self) -> None:
        close = 1 + Fraction(1, 1000)

        def curve(f: Any, x: Any) -> Any:
            return (x - 1) * (x - close)

        Encloser().zeros(curve, at=[1, close], x=RIGHT)
        for one in (1, close):
            with refused("the function is -"):
                Encloser().zeros(curve, at=[one], x=RIGHT)
        with refused("does not change its sign around 1.00"):
            Encloser().zeros(curve, at=["1.00"], x=RIGHT)

    def test_a_zero_without_a_change_of_sign(self) -> None:
        Encloser().zeros(lambda f, x: f.tanh(x) ** 2, at=[0], x=LINE)
        with refused():
            Encloser().zeros(lambda f, x: f.tanh(x) ** 2, at=[], x=LINE)
        with refused("is 1/4 at x = 0, and not 0"):
            Encloser().zeros(sigmoid_slope, at=[0], x=LINE)

    def test_none_at_all(self) -> None:
        Encloser().zeros(sigmoid_slope, at=[], x=LINE)


class TestLimits:
    def test_limits(self) -> None:
        Encloser().limit(lambda f, x: f.activation("sigmoid", x), is_=1, x=INF)
        Encloser().limit(lambda f, x: f.activation("sigmoid", x), is_=0, x=-INF)
        Encloser().limit(lambda f, x: f.slope("tanh", x) * f.exp(2 * x), is_=4, x=INF)
        Encloser().limit(lambda f, x: x - f.log(f.cosh(x)) ** 2, is_=-INF, x=INF)
        Encloser().limit(lambda f, x: f.exp(-x / 7) / x, is_=-INF, x=-INF)

    @pytest.mark.parametrize("wrong", [4 - TINY, 4 + TINY, 0, INF])
    def test_another_one_is_refused(self, wrong: Any) -> None:
        with refused("is not shown to tend to"):
            Encloser().limit(lambda f, x: f.slope("tanh", x) * f.exp(2 * x), is_=wrong, x=INF)


class TestValues:
    def test_digits(self) -> None:
        Encloser().value(lambda f: 2 * f.arcosh((1 + f.sqrt(3)) / 2), "1.66288589105862107565")
        Encloser().value(lambda f: -(f.euler + f.log(2)) / 2, "-0.635181423")
        Encloser().value(lambda f: f.erf(1 / f.sqrt(2)), "0.682689492137")
        Encloser().value(lambda f: f.number("0.99") ** 365, "0.0255179644522911")
        Encloser().value(lambda f: f.sinh(f.pi) / f.pi, "3.67607791")
        Encloser().value(lambda f: f.slope("sigmoid", 40), "4.248354255291589e-18")
        Encloser().value(lambda f: 3, "3")

    @pytest.mark.parametrize("printed", ["0.682689492138", "0.682689492136", "-0.682689492137"])
    def test_the_last_digit_counts(self, printed: str) -> None:
        with refused(f"the number is .* which is not {printed} to its last digit"):
            Encloser().value(lambda f: f.erf(1 / f.sqrt(2)), printed)

    def test_what_is_no_number_is_no_value(self) -> None:
        for nothing in (lambda f: f.log(f.number(-1)), lambda f: f.number(1) / 0, lambda f: f.sqrt(-1)):
            with refused():
                Encloser().value(nothing, "0")

    def test_a_printed_number_stands_for_half_a_unit_around(self) -> None:
        with working_precision(PRECISION):
            Printed("0.25").check(arb("0.2549"), "it")
            Printed("-12").check(arb("-11.5"), "it")
            Printed("1.0e-3").check(arb("0.00104"), "it")
            for text, number in (("0.25", "0.2551"), ("0.250", "0.2506"), ("1.0e-3", "0.00106")):
                with refused():
                    Printed(text).check(arb(number), "it")
            with refused():
                Printed("0.25").check(arb("0.25", "0.1"), "it")


class TestHonesty:
    def test_strict_is_not_weak(self) -> None:
        touching = (arb(1, 1)).nonnegative_part()
        assert touching.contains(0)
        assert search._is_positive(touching, strict=False)
        assert not search._is_positive(touching, strict=True)

    @pytest.mark.parametrize(
        "statement",
        [
            lambda f, x: f.log(x) > -(10**9),
            lambda f, x: f.sqrt(x) >= 0,
            lambda f, x: 1 / x > -1,
            lambda f, x: x / x > 0,
            lambda f, x: f.log(x) < 10**9,
            lambda f, x: f.sqrt(x) ** 2 < 10,
        ],
    )
    def test_nothing_holds_of_what_is_no_number(self, statement: Any) -> None:
        with refused():
            Encloser().holds(statement, x=(-1, 1))

    def test_an_infinite_ball_has_no_sign(self) -> None:
        for ball in (arb("inf"), arb("-inf"), arb("nan"), arb(0, "inf")):
            with pytest.raises(Undecided):
                Pieces().sign(ball)

    def test_the_search_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(search, "MOST_PIECES", 50)
        with refused("50 pieces do not suffice; it is open near x = "):
            Encloser().holds(lambda f, x: sigmoid_slope(f, x) < QUARTER + TINY, x=LINE)

    def test_rationals_know_only_what_is_exact(self) -> None:
        exact = Rationals()
        for function in (exact.exp, exact.log, exact.tanh, exact.sigmoid, exact.erf, exact.sqrt):
            with pytest.raises(Undecided):
                function(exact.number(Fraction(1, 3)))
        with refused("it cannot be computed in rational numbers there"):
            Encloser().holds(lambda f, x: f.exp(x) <= f.exp(1), touching=[1], x=(0, 1))


class TestSeveralVariables:
    def test_a_box(self) -> None:
        def product(f: Any, x: Any, y: Any) -> Any:
            return x * f.exp(-x) * y * f.exp(-y)

        peak = Fraction(math.exp(-2))
        Encloser().holds(lambda f, x, y: product(f, x, y) < peak + Fraction(1, 10**6), x=RIGHT, y=RIGHT)
        with refused(r"is -.* at x = \d.*, y = \d"):
            Encloser().holds(lambda f, x, y: product(f, x, y) < peak - Fraction(1, 10**6), x=RIGHT, y=RIGHT)

    def test_unbounded_in_one_of_them(self) -> None:
        def inside(f: Any, x: Any, y: Any) -> Any:
            return f.tanh(x) * y < 1

        Encloser().holds(inside, x=LINE, y=("-0.999999", "0.999999"))
        Encloser().holds(inside, x=LINE, y=[("-0.5", 0), ("0.5", "0.9")])
        with refused():
            Encloser().holds(inside, x=LINE, y=(0, "1.000001"))

    def test_each_has_its_range(self) -> None:
        for ranges in ({"x": LINE}, {"x": LINE, "y": LINE, "z": LINE}, {"x": LINE, "z": LINE}, {}):
            with pytest.raises(TypeError, match=r"expected one for each of the variables \['x', 'y'\]"):
                Encloser().holds(lambda f, x, y: x < y, **ranges)  # type: ignore[arg-type]


class TestMistakes:
    def test_a_chain_of_comparisons_is_refused(self) -> None:
        with pytest.raises(TypeError, match="a statement is one comparison"):
            Encloser().holds(lambda f, x: 0 < sigmoid_slope(f, x) < 1, x=LINE)

    def test_an_equality_is_refused(self) -> None:
        with pytest.raises(TypeError, match="balls cannot show an equality"):
            Encloser().holds(lambda f, x: sigmoid_slope(f, x) == 1, x=LINE)

    def test_what_is_no_comparison_is_refused(self) -> None:
        nothings: list[Any] = [lambda f, x: x, lambda f, x: True, lambda f, x: []]
        for nothing in nothings:
            with pytest.raises(TypeError, match="a statement is a comparison"):
                Encloser().holds(nothing, x=LINE)

    def test_an_empty_interval_is_refused(self) -> None:
        for empty in ((1, 1), (2, 1), (INF, INF)):
            with pytest.raises(ValueError, match="expected one that is not empty"):
                Encloser().holds(lambda f, x: x < 3, x=empty)
