"""Tails of the line: what is said of a whole ray is so at every point of it, however far out."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from flint import arb

from rnnref import activations
from rnnref.systems.balls import working_precision
from rnnspec.enclosure import INF, Range
from rnnspec.evidence import NotProved
from rnnspec.kit.enclosing import Encloser
from rnnspec.kit.enclosing.domains import Ray, at_point, evaluate
from rnnspec.kit.enclosing.encloser import PRECISION
from rnnspec.kit.enclosing.formulas import Formulas
from rnnspec.kit.enclosing.series import Series
from rnnspec.kit.enclosing.tails import Tails, Undecided

TINY = Fraction(1, 10**12)
LINE: Range = (-INF, INF)
RIGHT: Range = (0, INF)


def refused(part: str = "not|is") -> Any:
    return pytest.raises(NotProved, match=part)


def sigmoid_slope(f: Any, x: Any) -> Any:
    return f.slope("sigmoid", x)


class TestTails:
    @pytest.mark.parametrize("where", [1e3, 1e6, 1e15])
    def test_a_violation_far_out_is_found(self, where: float) -> None:
        """x e^(-x/s) reaches s/e at x = s, and is far below it elsewhere."""
        scale = int(where)
        bound = Fraction(where) * Fraction(math.exp(-1))
        slightly = bound / 10**9

        def hump(f: Any, x: Any) -> Any:
            return x * f.exp(-x / scale)

        Encloser().holds(lambda f, x: hump(f, x) < bound + slightly, x=RIGHT)
        with refused("minus the other, is -"):
            Encloser().holds(lambda f, x: hump(f, x) < bound - slightly, x=RIGHT)
        with refused("minus the other, is -"):
            Encloser().holds(lambda f, x: hump(f, -x) < bound - slightly, x=(-INF, 0))

    def test_what_tends_to_the_bound_is_still_below_it(self) -> None:
        Encloser().holds(
            lambda f, x: [f.activation("sigmoid", x) > 0, f.activation("sigmoid", x) < 1], x=LINE
        )
        Encloser().holds(lambda f, x: abs(f.tanh(x)) < 1, x=LINE)
        Encloser().holds(lambda f, x: f.slope("tanh", x) > 0, x=LINE)
        for statement in (
            lambda f, x: f.tanh(x) < 1 - TINY,
            lambda f, x: f.tanh(x) > TINY - 1,
            lambda f, x: f.slope("tanh", x) > TINY,
        ):
            with refused():
                Encloser().holds(statement, x=LINE)

    def test_the_order_may_be_reversed_far_out(self) -> None:
        ratio = Fraction(1, 1000)
        with refused(r"x = \d"):
            Encloser().holds(lambda f, x: ratio * x > f.log(x + 1) - Fraction(590, 100), x=RIGHT)
        Encloser().holds(lambda f, x: ratio * x > f.log(x + 1) - Fraction(591, 100), x=RIGHT)

    def test_a_bump_in_the_formula_itself_is_seen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def bumped(s: Any, kind: str, z: Any, alpha: float | None = None) -> Any:
            e = s.exp(0 - s.absolute(z))
            return honest(s, kind, z, alpha) + 10**30 * e * e

        honest = activations.slope
        Encloser().holds(lambda f, x: sigmoid_slope(f, x) < f.exp(-x), x=(40, INF))
        monkeypatch.setattr(activations, "slope", bumped)
        with refused("x >= 40"):
            Encloser().holds(lambda f, x: sigmoid_slope(f, x) < f.exp(-x), x=(40, INF))

    FUNCTIONS: tuple[Callable[[Any, Any], Any], ...] = (
        lambda f, x: f.tanh(x),
        lambda f, x: f.tanh(-x / 3) * x,
        lambda f, x: 1 - f.tanh(x) ** 2,
        lambda f, x: f.activation("sigmoid", 2 * x - 1),
        lambda f, x: f.slope("sigmoid", x) * f.exp(x),
        lambda f, x: f.slope("tanh", 1 - x) * x**3,
        lambda f, x: f.curvature("sigmoid", x),
        lambda f, x: f.curvature("tanh", -x) / f.slope("tanh", x),
        lambda f, x: f.sqrt(x * x + x) - x,
        lambda f, x: f.log(x**2 + f.exp(-x)) / x,
        lambda f, x: f.log(f.cosh(x)) - x,
        lambda f, x: f.sinh(x) / f.cosh(2 * x),
        lambda f, x: f.exp(1 / x) + f.exp(-x * x),
        lambda f, x: f.arcosh(x + 1) - f.arsinh(x),
        lambda f, x: f.artanh(1 / (x + 1)) * x,
        lambda f, x: f.sin(x) / x + f.cos(1 / x),
        lambda f, x: f.erf(x) + f.erf(1 / x),
        lambda f, x: f.tanh(1 / x) + f.activation("sigmoid", 1 / x) + f.euler * f.pi,
        lambda f, x: f.activation("elu", 3 - x, 1.0) + f.slope("elu", -x, 0.5),
        lambda f, x: f.activation("leaky_relu", 1 - x, 0.25) + abs(-x) / (x + 1),
        lambda f, x: (x**2 - 3 * x + 7) / (5 - x**2 * 2 - f.exp(-x)),
    )

    @pytest.mark.parametrize("number", range(len(FUNCTIONS)))
    @pytest.mark.parametrize("start", [4, 32])
    def test_the_terms_contain_the_function_and_its_derivatives(self, number: int, start: int) -> None:
        function, order = self.FUNCTIONS[number], 2

        def curve(xs: Any) -> Series:
            value: Series = function(Formulas(xs[0]), xs[0])
            return value

        with working_precision(PRECISION):
            tails = evaluate(curve, (Ray(arb(start), 1),), order).coefficients
            for x in (start, start + 0.5, start * 3, 777):
                with working_precision(4096):
                    exact = at_point(curve, [arb(x)], order).coefficients
                for tail, value in zip(tails, exact, strict=True):
                    total = sum((arb(B) * powers(m, x) for m, B in tail.terms.items()), arb(0))
                    assert total.overlaps(value)
                    hull = tail.hull()
                    assert hull is None or hull.overlaps(value)
                    with_sign(tail.sign, value)

    def test_a_term_that_is_not_bounded_has_no_bound(self) -> None:
        rays = Tails([arb(2)])
        x = rays.variable(0, 1)
        for unbounded in (x, rays.exp(x), x * rays.exp(x), rays.exp(x) / x):
            assert unbounded.hull() is None
            assert not unbounded.tends_to_zero()
        with pytest.raises(Undecided):
            (x * rays.exp(-x) - rays.number(Fraction(1, 5))).sign()


def powers(m: Any, x: float) -> Any:
    [(p, q)] = m
    return (arb(x).log() * arb(p.numerator) / p.denominator + arb(x) * q.numerator / q.denominator).exp()


def with_sign(sign: Callable[[], int], value: Any) -> None:
    try:
        found = sign()
    except Undecided:
        return
    assert (found > 0 and value > 0) or (found < 0 and value < 0) or (found == 0 and value.is_zero())
