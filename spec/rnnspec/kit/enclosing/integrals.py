"""Integrals with proven digits, and means over the normal distribution.

flint integrates analytic functions by Gauss-Legendre quadrature on pieces, with an error bound
from the function's size on ellipses around them (Petras 2002; Johansson 2018). It asks for the
integrand on complex balls, and to be told where it is not analytic: at a branch cut, or where
|x| has its kink. What lies beyond a bounded interval is bounded by the terms of a `Tail`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import acb, arb

from rnnref.systems.balls import working_precision
from rnnspec.enclosure import Real
from rnnspec.kit.enclosing.domains import Ray, evaluate
from rnnspec.kit.enclosing.formulas import Formulas
from rnnspec.kit.enclosing.series import Series
from rnnspec.kit.enclosing.tails import Ball, Tail, Undecided
from rnnspec.kit.numbers import exactly

BITS = 160
"""To which integrals are computed: some forty digits."""

MOST_VALUES = 10_000
"""Of an integrand, after which what is left of the interval is enclosed as it is."""

FAR = 16
"""Standard deviations up to which a mean is integrated: beyond, less than 10^-50 is left of the density."""


class Analytic:
    """Complex balls, of functions that are to be analytic on them: see `points.Field`.

    Args:
        analytic: whether they have to be; otherwise a value is asked for in any case.
    """

    def __init__(self, analytic: bool) -> None:
        self._analytic = analytic

    def number(self, value: Any) -> Any:
        return acb(exactly(value))

    def constant(self, ball: Ball) -> Any:
        return acb(ball)

    def sign(self, v: Any) -> int:
        raise Undecided  # so that slopes are taken in their smooth form

    def absolute(self, v: Any) -> tuple[Any, Any]:
        return v.real_abs(analytic=self._analytic), v.real_sgn(analytic=self._analytic)

    def positive(self, v: Any) -> Any:
        return v.real_heaviside(analytic=self._analytic)

    def exp(self, v: Any) -> Any:
        return v.exp()

    def log(self, v: Any) -> Any:
        return v.log(analytic=self._analytic)

    def sqrt(self, v: Any) -> Any:
        return v.sqrt(analytic=self._analytic)

    def tanh(self, v: Any) -> Any:
        return v.tanh()

    def sigmoid(self, v: Any) -> Any:
        return 1 / (1 + (-v).exp())

    def sin_cos(self, v: Any) -> tuple[Any, Any]:
        sine, cosine = v.sin_cos()
        return sine, cosine

    def erf(self, v: Any) -> Any:
        return v.erf()

    def pi(self) -> Any:
        return acb.pi()


def integral(function: Real, low: Ball, high: Ball) -> Ball:
    """The integral of a function of one variable, which depends on nothing else."""
    with working_precision(BITS):
        return _integral(lambda z, analytic: _at(function, z, analytic), low, high)


def mean_of_normal(function: Real) -> Ball:
    """The mean of function(Z), Z being standard normal.

    It is cut at 0, where an activation may have its kink.
    """

    def weighted(z: Any, analytic: bool) -> Any:
        return _at(function, z, analytic) * (-z * z / 2).exp()

    with working_precision(BITS):
        beyond = sum((_beyond(function, sign) for sign in (-1, 1)), arb(0))
        inside = _integral(weighted, -FAR, 0) + _integral(weighted, 0, FAR)
        return (inside + arb(0, 1) * beyond) / (2 * arb.pi()).sqrt()


def _integral(integrand: Callable[[Any, bool], Any], low: Any, high: Any) -> Ball:
    value = acb.integral(integrand, low, high, eval_limit=MOST_VALUES)
    if not value.imag.contains(0):  # a logarithm or a root of what is negative
        raise Undecided
    return value.real


def _at(function: Callable[..., Any], z: Any, analytic: bool) -> Any:
    x = Series(Analytic(analytic), [z])
    value = function(Formulas(x), x)
    return value.coefficients[0] if isinstance(value, Series) else acb(exactly(value))


def _beyond(function: Real, sign: int) -> Ball:
    """A bound of the integral of |function(z)| e^(-z^2/2) over z >= FAR, or z <= -FAR.

    Of a term B z^p e^(qz): B z^p e^(qz - z^2/4) falls where p/z + q < z/2, and the integral of
    e^(-z^2/4) from a on is less than 2/a e^(-a^2/4).
    """
    a = arb(FAR)
    tail: Tail = evaluate(_lifted(function), (Ray(a, sign),), 0).coefficients[0]
    total = arb(0)
    for [(p, q)], B in tail.terms.items():
        if not max(p, Fraction(0)) / FAR + q < Fraction(FAR, 2):
            raise Undecided
        total += abs(arb(B)) * (exactly(p) * a.log() + exactly(q) * a - a * a / 2).exp() * 2 / a
    return total


def _lifted(function: Real) -> Callable[..., Series]:
    def curve(xs: Any) -> Series:
        value = function(Formulas(xs[0]), xs[0])
        return value if isinstance(value, Series) else xs[0].number(value)

    return curve
