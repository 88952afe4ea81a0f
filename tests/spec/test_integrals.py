"""Integrals and means over the normal distribution: their digits, and what has none."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from rnnspec.evidence import NotProved
from rnnspec.kit.enclosing import Encloser, integrals


def refused(part: str = "not|is") -> Any:
    return pytest.raises(NotProved, match=part)


def mean(function: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    return lambda f: f.mean_of_normal(function)


def across_zero(function: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    return lambda f: f.integral(function, -1, 1)


def test_means_over_the_normal_distribution() -> None:
    for moment, printed in (
        (lambda f, z: 1, "1.0000000000000000000000000"),
        (lambda f, z: z, "0.0000000000000000000000000"),
        (lambda f, z: z**4, "3.0000000000000000000000000"),
        (lambda f, z: f.exp(z) - f.exp(f.number(1) / 2), "0.0000000000000000000000000"),
        (lambda f, z: f.activation("relu", z) * f.sqrt(2 * f.pi), "1.0000000000000000000000000"),
        (lambda f, z: f.slope("relu", z), "0.5000000000000000000000000"),
    ):
        Encloser().value(mean(moment), printed)


def test_the_last_digit_counts() -> None:
    """E ln of both slopes, at the scale where they agree."""
    scale = Fraction(20259145967, 10**10)
    for kind in ("tanh", "sigmoid"):

        def logarithm(f: Any, z: Any, kind: str = kind) -> Any:
            return f.log(f.slope(kind, scale * z))

        Encloser().value(mean(logarithm), "-2.151165746")
        with refused("to its last digit"):
            Encloser().value(mean(logarithm), "-2.151165747")


def test_bounded_intervals() -> None:
    def gap(f: Any, x: Any) -> Any:
        return f.slope("tanh", x) - f.slope("sigmoid", x)

    Encloser().value(lambda f: f.integral(gap, 0, 40), "0.50000000000000000")
    Encloser().value(lambda f: f.integral(lambda f, x: abs(x), -1, 1), "1.00000000000000000")
    Encloser().value(lambda f: f.integral(lambda f, x: f.log(x), 1, 2) + 1, "1.38629436111989062")


def test_two_numbers_are_compared() -> None:
    def slope(scale: int) -> Any:
        return lambda f, z: f.slope("sigmoid", scale * z)

    Encloser().holds(lambda f: f.mean_of_normal(slope(2)) < f.mean_of_normal(slope(1)))
    with refused(r"minus the other, is not positive$"):
        Encloser().holds(lambda f: f.mean_of_normal(slope(1)) < f.mean_of_normal(slope(2)))
    with refused("whose sign is open"):
        Encloser().holds(lambda f: f.mean_of_normal(slope(2)) <= f.mean_of_normal(slope(2)))


def test_what_grows_too_fast_has_no_mean() -> None:
    for function in (lambda f, z: f.exp(9 * z), lambda f, z: z**400, lambda f, z: f.exp(z * z)):
        with refused("the number cannot be computed"):
            Encloser().value(mean(function), "1")


def test_poles_and_branch_cuts_have_no_integral() -> None:
    for function in (lambda f, x: 1 / x, lambda f, x: f.log(x), lambda f, x: f.sqrt(x)):
        with refused():
            Encloser().value(across_zero(function), "0")


def test_an_integrand_knows_no_other_variable() -> None:
    with pytest.raises(TypeError, match="an integrand is a function of its own variable alone"):
        Encloser().holds(lambda f, x: f.integral(lambda f, z: z * x, 0, 1) < 3, x=(0, 1))


def test_functions_that_end_in_a_branch_cut() -> None:
    Encloser().value(lambda f: f.integral(lambda f, x: f.sqrt(x), 0, 1), "0.666666667")
    little = Fraction(1, 1000)
    Encloser().value(
        lambda f: (
            f.integral(lambda f, x: f.log(x + little), 0, 1)
            - (1 + little) * f.log(1 + little)
            + little * f.log(little)
        ),
        "-1.0000000000000000",
    )


def test_logarithms_of_negative_numbers_are_no_numbers() -> None:
    with refused("the number cannot be computed"):
        Encloser().value(lambda f: f.integral(lambda f, x: f.log(x), -2, -1), "0.386")


def test_what_is_beyond_is_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """With two standard deviations for all of the line, 4.6 % of the density are beyond."""
    monkeypatch.setattr(integrals, "FAR", 2)
    Encloser().value(mean(lambda f, z: 1), "1")
    with refused("the number is .* which is not 1.0 to its last digit"):
        Encloser().value(mean(lambda f, z: 1), "1.0")
