"""How steep the sigmoid and tanh can be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import ENCLOSED, HOLDS, REFUTED, About, claim
from rnnspec.claims.activations.drawing import AT_ZERO, slope_of, times_log_two
from rnnspec.evidence import INF, Enclose, Enclosed, Functions, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.sources import D0, D2, D3
from rnnspec.strategies import Preactivations, wholes
from rnnspec.subject import Subject

QUARTER = Fraction(1, 4)

Steps = Annotated[int, wholes(1, 64)]

SURVIVING = """
    s(1 - s) and 1 - t², rounded at every step, exceed 1/4 and 1 in no binary format: near the
    maximum the exact product falls short of it by more than the rounding of 1 - s can add.
    So the bounds are held without any tolerance; strict ones become weak, since a slope may
    underflow to 0. In saturation s(1 - s) has no correct digit left. All libraries share
    that; it is what the tolerance of the whole curve shows, and it is not held against them.
"""

# ------------------------------------------------------------------------------------------
quarter = claim(
    "ACT-02",
    title="The sigmoid's slope is at most one quarter, and reaches it",
    says="The derivative of the sigmoid is never larger than 0.25, and 0.25 is its maximum.",
    statement="The range of σ' over the real numbers is (0, 1/4]; the maximum is attained at 0 alone.",
    equation="""
        0 < σ'(x) ≤ 1/4
        1/4 − σ'(x) = (σ(x) − 1/2)² = ¼ tanh²(x/2)
    """,
    verdict=HOLDS,
    because="""
        σ' = σ(1 − σ) is a product of two numbers whose sum is 1. Completing the square gives
        1/4 − σ(1 − σ) = (σ − 1/2)², which is never negative and vanishes only where
        σ(x) = 1/2, that is at x = 0. The slope is positive because both factors are; it
        tends to 0 on both sides, and being continuous takes every value in between.
    """,
    sources=[D0("introduction"), D0("1.2"), D0("1.2, summary"), D3("6.9, why gradients vanish")],
    floats=SURVIVING,
    see=["ACT-03", "ACT-05"],
)


@quarter.law(needs=["activation_vjp"])
def at_most_a_quarter(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """No slope of the sigmoid exceeds 1/4."""
    hold.at_most(impl.slope("sigmoid", x), QUARTER, "σ'(x)", rounding=SURVIVES)


@quarter.law(needs=["activation_vjp"])
def positive(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """Every slope of the sigmoid is positive; in floats it may underflow to 0."""
    hold.strictly_less(0, impl.slope("sigmoid", x), "0 < σ'(x)", rounding=SURVIVES)


@quarter.law(needs=["activation_vjp"])
def attained_at_zero(impl: Subject, hold: Hold) -> None:
    """At 0 the slope is 1/4, to the last bit."""
    hold.exactly(impl.slope("sigmoid", AT_ZERO), QUARTER, "σ'(0)")


@quarter.law(needs=["activation", "activation_vjp"])
def square_of_the_distance_from_one_half(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """What is missing to 1/4 is the square of σ(x) − 1/2."""
    missing = 0.25 - impl.slope("sigmoid", x)
    hold.equal(missing, (impl.activation("sigmoid", x) - 0.5) ** 2, "1/4 − σ'(x)")


@quarter.law(needs=["activation_vjp"], about=About.IMPLEMENTATION)
def whole_curve(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """The slope is that of the sigmoid everywhere, so it takes the values of (0, 1/4] where it should."""
    hold.agrees(lambda it: it.slope("sigmoid", x), impl, "σ'(x)")


@quarter.law(needs=["activation"], about=About.IMPLEMENTATION)
def sigmoid_itself(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """What has this slope is σ, not its mirror image, which has the same."""
    hold.agrees(lambda it: it.activation("sigmoid", x), impl, "σ(x)")


quarter.exhaustive(of=at_most_a_quarter, format="float16")
quarter.exhaustive(of=at_most_a_quarter, format="bfloat16")
quarter.exhaustive(of=whole_curve, format="float16")
quarter.exhaustive(of=whole_curve, format="bfloat16")


@quarter.proof
def square_completed(prove: Prove) -> None:
    """In e = e^x: σ' = σ(1 − σ), 1/4 − σ' is the square of σ − 1/2, whose only zero is x = 0."""
    s, slope = prove.activation("sigmoid"), prove.slope("sigmoid")
    prove.identical(prove.derivative(s), slope)
    prove.identical(prove.number(1, 4) - slope, (s - prove.number(1, 2)) ** 2)
    prove.vanishes_only_at_zero(s - prove.number(1, 2))
    prove.positive(slope)
    prove.tends_to(slope, 0)


# ------------------------------------------------------------------------------------------
below_quarter = claim(
    "ACT-03",
    title="The sigmoid's slope is not strictly below one quarter",
    says="In passing, the maximum of the sigmoid's derivative is said to be less than 0.25.",
    statement="sup σ' < 1/4.",
    equation="""
        σ'(0) = 1/4
        1/4 − σ'(x) = ¼ tanh²(x/2) > 0   for x ≠ 0
    """,
    verdict=REFUTED,
    because="""
        One evaluation settles it: σ(0) = 1/2, so σ'(0) = 1/4. The same document says
        elsewhere, rightly, that the maximum is 1/4. So the bound 4^-T on a product of T slopes is
        reached, where all pre-activations are 0. Elsewhere something is missing, ¼ tanh²(x/2):
        from 1/8 on, more than 1/1100.
    """,
    corrected="σ'(x) < 1/4 if and only if x ≠ 0.",
    sources=[D0("1.3, solution 3")],
    floats=SURVIVING,
    see=["ACT-02", "ACT-06"],
)


@below_quarter.as_stated(needs=["activation_vjp"])
def below_a_quarter(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """Every slope of the sigmoid is less than 1/4."""
    hold.strictly_less(impl.slope("sigmoid", x), QUARTER, "σ'(x)")


@below_quarter.witness(of=below_a_quarter)
def sigmoid_at_zero() -> Mapping[str, Any]:
    """x = 0, where σ'(0) = 1/4."""
    return {"x": AT_ZERO}


@below_quarter.law(needs=["activation_vjp"])
def below_a_quarter_elsewhere(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """Away from 0 the slope is below 1/4 (in floats, at most 1/4)."""
    hold.strictly_less(impl.slope("sigmoid", x[x != 0]), QUARTER, "σ'(x), x ≠ 0", rounding=SURVIVES)


@below_quarter.law(needs=["activation", "activation_vjp"])
def quarter_of_a_squared_tanh(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """What is missing to 1/4 is ¼ tanh²(x/2), which is 0 only at 0."""
    half = impl.format.round(x / 2)
    missing = 0.25 - impl.slope("sigmoid", 2 * half)
    hold.equal(missing, impl.activation("tanh", half) ** 2 / 4, "1/4 − σ'(x)")


below_quarter.exhaustive(of=below_a_quarter_elsewhere, format="float16")
below_quarter.exhaustive(of=below_a_quarter_elsewhere, format="bfloat16")


@below_quarter.proof
def missing_but_at_zero(prove: Prove) -> None:
    """In e = e^x: 1/4 − σ' is the square of ½ tanh(x/2), and vanishes at 0 alone."""
    missing = QUARTER - prove.slope("sigmoid")
    prove.identical(missing, (prove.activation("tanh", prove.x / 2) / 2) ** 2)
    prove.vanishes_only_at_zero(missing)


@below_quarter.enclosure
def clearly_below_outside_an_eighth(enclose: Enclose) -> None:
    """For |x| ≥ 1/8, up to infinity, σ'(x) < 1/4 − 1/1100."""
    eighth = Fraction(1, 8)
    enclose.holds(
        lambda f, x: f.slope("sigmoid", x) < QUARTER - Fraction(1, 1100), x=[(-INF, -eighth), (eighth, INF)]
    )


# ------------------------------------------------------------------------------------------
both_ranges = claim(
    "ACT-05",
    title="The slope of tanh lies in (0, 1]; neither slope exceeds 1",
    says="The derivative of the sigmoid lies in (0, 0.25], that of tanh in (0, 1]; neither exceeds 1.",
    statement="The range of σ' is (0, 1/4] and that of tanh' is (0, 1], every value being taken.",
    equation="""
        0 < tanh'(x) ≤ 1
        1 − tanh'(x) = tanh²(x)
        tanh'(x) = 4 σ'(2x)
        tanh'(x) ≥ 1 − ε  ⇔  |x| ≤ artanh √ε
    """,
    verdict=HOLDS,
    because="""
        tanh' = 1 − tanh². A square is never negative, so the slope is at most 1; and |tanh| is
        less than 1, so the slope is positive. It is 1 exactly where tanh x = 0, at x = 0. Since
        tanh x = 2σ(2x) − 1, everything that is true of one slope translates to the other.
    """,
    sources=[D3("6.9, why gradients vanish")],
    floats=SURVIVING,
    see=["ACT-02", "ACT-06"],
)


@both_ranges.law(needs=["activation_vjp"])
def at_most_one(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """Neither slope exceeds 1."""
    hold.at_most(impl.slope("tanh", x), 1, "tanh'(x)", rounding=SURVIVES)
    hold.at_most(impl.slope("sigmoid", x), 1, "σ'(x)", rounding=SURVIVES)


@both_ranges.law(needs=["activation_vjp"])
def both_positive(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """Both slopes are positive; in floats they may underflow to 0."""
    hold.strictly_less(0, impl.slope("tanh", x), "0 < tanh'(x)", rounding=SURVIVES)
    hold.strictly_less(0, impl.slope("sigmoid", x), "0 < σ'(x)", rounding=SURVIVES)


@both_ranges.law(needs=["activation", "activation_vjp"])
def one_minus_the_square(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """The slope of tanh is what its square leaves of 1."""
    hold.equal(impl.slope("tanh", x), 1 - impl.activation("tanh", x) ** 2, "tanh'(x)")


@both_ranges.law(needs=["activation_vjp"], about=About.IMPLEMENTATION)
def whole_tanh_curve(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """The slope is that of tanh everywhere, so it takes the values of (0, 1] where it should."""
    hold.agrees(lambda it: it.slope("tanh", x), impl, "tanh'(x)")


@both_ranges.law(needs=["activation"], about=About.IMPLEMENTATION)
def tanh_itself(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """What has this slope is tanh, not its negative, whose square is the same."""
    hold.agrees(lambda it: it.activation("tanh", x), impl, "tanh x")


both_ranges.exhaustive(of=at_most_one, format="float16")
both_ranges.exhaustive(of=at_most_one, format="bfloat16")
both_ranges.exhaustive(of=whole_tanh_curve, format="float16")
both_ranges.exhaustive(of=whole_tanh_curve, format="bfloat16")


@both_ranges.proof
def one_minus_a_square(prove: Prove) -> None:
    """In e = e^x: tanh' = 1 − tanh² is positive; what is missing to 1 is a square."""
    t, slope = prove.activation("tanh"), prove.slope("tanh")
    prove.identical(prove.derivative(t), slope)
    prove.identical(1 - slope, t**2)
    prove.vanishes_only_at_zero(t)
    prove.positive(slope)
    prove.tends_to(slope, 0)
    prove.identical(slope, 4 * prove.slope("sigmoid", 2 * prove.x))
    prove.positive(prove.slope("sigmoid"))
    prove.positive(1 - prove.slope("sigmoid"))


@both_ranges.enclosure
def every_value_is_taken(enclose: Enclose) -> None:
    """On x ≥ 0 both slopes fall, to the limit 0; where tanh' is 0.95, and where it underflows in binary64.

    The slopes are even. 4 e^-2x, which tanh' does not exceed, is 2^-1075 at 1077 ln 2 / 2.
    """
    for kind, top in (("sigmoid", QUARTER), ("tanh", 1)):
        enclose.decreasing(partial(slope_of, kind), flat=[0], x=(0, INF))
        enclose.holds(partial(_at_most, kind, top), touching=[0], x=(0, INF))
        enclose.limit(partial(slope_of, kind), is_=0, x=INF)
    enclose.zeros(lambda f, x: f.slope("tanh", x) - Fraction(19, 20), at=["0.2274495360"], x=(0, INF))
    enclose.value(lambda f: f.artanh(f.sqrt(f.number(Fraction(1, 20)))), "0.2274495360")
    enclose.value(lambda f: times_log_two(1077, f) / 2, "373.26")


def _at_most(kind: str, top: Fraction | int, f: Functions, x: Enclosed) -> Any:
    return f.slope(kind, x) <= top


# ------------------------------------------------------------------------------------------
below_one = claim(
    "ACT-06",
    title="The slope of tanh is not always less than one",
    says="The derivative of tanh, and of the activation functions in general, is said to be less than 1.",
    statement="tanh'(x) < 1 for every real x.",
    equation="""
        tanh'(0) = 1
        tanh'(x) < 1  ⇔  x ≠ 0
        1 − z² ≤ tanh'(z) ≤ 1/(1 + z²)
        ln cosh z ≥ ¼ min(z², 1);   ln cosh z ≤ z²/2 for |z| ≤ 1
        ∏ tanh'(1/t) ≥ tanh'(1) (T + 1)/(2T) > 1/5     over t = 1 ... T
        ∏ tanh'(1/√t) ≤ 1/(T + 1)
    """,
    verdict=REFUTED,
    because="""
        tanh'(0) = 1 − 0² = 1. What is usually inferred from the strict inequality fails with
        it: a product of slopes over many steps need not shrink. While every pre-activation is
        0 the product stays exactly 1, and along z_t = 1/t it stays above 1/5. It tends to 0
        exactly if the sum of ln cosh z_t is infinite, for tanh' = 1/cosh²; and that is so exactly if
        the sum of min(z_t², 1) is: if that is finite only finitely many |z_t| exceed 1, and beyond them
        ln cosh z_t ≤ z_t²/2. Along 1/√t it is infinite.
    """,
    corrected="tanh'(x) ≤ 1 for every x, with equality if and only if x = 0.",
    sources=[D0("1.3, solution 3"), D0("1.3, RNN"), D0("questions, 1"), D2("vanishing gradients")],
    rests_on=ENCLOSED,
    floats=SURVIVING,
    see=["ACT-03", "ACT-05"],
)


@below_one.as_stated(needs=["activation_vjp"])
def always_below_one(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """Every slope of tanh is less than 1."""
    hold.strictly_less(impl.slope("tanh", x), 1, "tanh'(x)")


@below_one.witness(of=always_below_one)
def tanh_at_zero() -> Mapping[str, Any]:
    """x = 0, where tanh'(0) = 1."""
    return {"x": AT_ZERO}


@below_one.law(needs=["activation_vjp"])
def below_one_elsewhere(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """Away from 0 the slope is below 1 (in floats, at most 1)."""
    hold.strictly_less(impl.slope("tanh", x[x != 0]), 1, "tanh'(x), x ≠ 0", rounding=SURVIVES)


@below_one.law(needs=["activation_vjp"])
def one_at_zero(impl: Subject, hold: Hold) -> None:
    """At 0 the slope is 1, to the last bit."""
    hold.exactly(impl.slope("tanh", AT_ZERO), 1, "tanh'(0)")


below_one.exhaustive(of=below_one_elsewhere, format="float16")
below_one.exhaustive(of=below_one_elsewhere, format="bfloat16")


@below_one.law(needs=["activation_vjp"])
def one_product_stays_and_one_vanishes(impl: Subject, hold: Hold, T: Steps) -> None:
    """Along z_t = 1/t the product of T slopes stays above 1/5; along 1/√t it is at most 1/(T + 1)."""
    t = np.arange(1.0, T + 1)
    staying, vanishing = (
        math.prod(impl.slope("tanh", impl.format.round(z))) for z in (1 / t, 1 / np.sqrt(t))
    )
    hold.strictly_less(Fraction(1, 5), staying, "∏ tanh'(1/t)")
    hold.at_most(vanishing, Fraction(1, T + 1), "∏ tanh'(1/√t)")


@below_one.proof
def only_at_zero(prove: Prove) -> None:
    """1 − tanh' = tanh² vanishes only at 0; and for every T, the products of the two bounds of a slope."""
    prove.identical(1 - prove.slope("tanh"), prove.activation("tanh") ** 2)
    prove.vanishes_only_at_zero(1 - prove.slope("tanh"))
    prove.product_is(lambda t: 1 - 1 / t**2, lambda T: (T + 1) / (2 * T), start=2)
    prove.product_is(lambda t: 1 / (1 + 1 / t), lambda T: 1 / (T + 1))


@below_one.enclosure
def between_two_bounds(enclose: Enclose) -> None:
    """1 − z² ≤ tanh'(z) ≤ 1/(1 + z²) for every z; and tanh'(1)/2 > 1/5."""
    enclose.holds(lambda f, z: 1 - z * z <= f.slope("tanh", z), touching=[0], z=(-INF, INF))
    enclose.holds(lambda f, z: f.slope("tanh", z) <= 1 / (1 + z * z), touching=[0], z=(-INF, INF))
    enclose.holds(lambda f: f.slope("tanh", f.number(1)) / 2 > Fraction(1, 5))


@below_one.enclosure
def logarithms_of_cosh(enclose: Enclose) -> None:
    """For |z| ≤ 1, e^−z² ≤ tanh'(z) and 1/(1 + z²) ≤ e^(−z²/2), with ln cosh z = −½ ln tanh'(z).

    So z²/4 ≤ ln cosh z ≤ z²/2 there, on the left by the bound of a slope; beyond, ln cosh z only rises.
    """
    enclose.holds(lambda f, z: f.exp(-z * z) <= f.slope("tanh", z), touching=[0], z=(0, 1))
    enclose.holds(lambda f, z: f.exp(z * z / 2) <= 1 + z * z, touching=[0], z=(0, 1))
    enclose.decreasing(lambda f, z: f.slope("tanh", z), flat=[0], z=(0, INF))
