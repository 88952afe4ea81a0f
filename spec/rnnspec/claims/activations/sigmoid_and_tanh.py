"""The two curves themselves: the sigmoid, tanh, and their derivatives."""

from __future__ import annotations

import numpy as np

from rnnspec.claim import ENCLOSED, HOLDS, About, claim
from rnnspec.claims.activations import rounded
from rnnspec.claims.activations.drawing import Points
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import FORMATS
from rnnspec.sources import D0, D1, D3
from rnnspec.strategies import FewPreactivations
from rnnspec.subject import Subject

U = FORMATS["float64"].unit_roundoff

# ------------------------------------------------------------------------------------------
sigmoid = claim(
    "ACT-01",
    title="The sigmoid's slope is computed from its output: σ' = σ(1 − σ)",
    says="The activation is the logistic function; its derivative follows from its own output.",
    statement="For every real x, σ(x) = 1/(1 + e^-x) and σ'(x) = σ(x)(1 − σ(x)).",
    equation="""
        σ(x) = 1/(1 + e^-x)
        σ'(x) = σ(x)(1 − σ(x)) = σ(x) σ(−x) = ¼ sech²(x/2)
        ¼ e^-|x| ≤ σ'(x) ≤ e^-|x|
        max |σ''| = 1/(6√3) at |x| = ln(2 + √3)
    """,
    verdict=HOLDS,
    because="""
        The derivative of 1/(1 + e^-x) is e^-x/(1 + e^-x)², and e^-x/(1 + e^-x) is what σ leaves
        of 1. So back-propagation needs no exponential: it has kept the output. The slope is
        the same on both sides of 0 and falls from 1/4 like e^-|x|, which is what vanishing
        gradients are about.
    """,
    sources=[D0("1.1"), D3("6.9, why gradients vanish")],
    rests_on=ENCLOSED,
    floats="""
        Where s is rounded to 1, 1 − s is 0: in binary64, with s = 1/(1 + e^-x) one operation after the
        other, s(1 − s) has an error of 3.6e-8 of itself at x = 20, and at x = 40 it is 0 instead of
        4.2e-18. The form e/(1 + e)² with e = e^-|x| loses no more than four roundings. Both are
        accepted, since every library has the first; the tolerance of the slope is what rounding s costs
        it. On the left, where s is small, 1 − s loses nothing, and there every digit is asked for.
        The two parts of 1 add up to it within 4 u, two units in its last place. In each of σ(x) and
        σ(−x) an exponential that is wrong by 2 u of itself makes a difference of σ' 2 u ≤ u/2; rounding
        1 + e^-x makes one of u at most, and 1 + e^x one of u/2; the quotients, u/2 and u/4. That is 3.25 u.
    """,
    see=["ACT-02", "ACT-04"],
)


@sigmoid.law(needs=["activation"])
def mirrored(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """σ(x) and σ(−x) are the two parts of 1."""
    hold.equal(impl.activation("sigmoid", x) + impl.activation("sigmoid", -x), 1, "σ(x) + σ(−x)")


@sigmoid.law(needs=["activation"], about=About.IMPLEMENTATION)
def parts_of_one(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """σ(x) and σ(−x) add up to 1 but for two units in its last place."""
    together = impl.activation("sigmoid", x) + impl.activation("sigmoid", -x)
    hold.at_most(abs(together - 1), 4 * impl.format.unit_roundoff, "|σ(x) + σ(−x) − 1|", rounding=SURVIVES)


@sigmoid.law(needs=["activation", "activation_vjp"])
def slope_from_the_output(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """The slope is the output times what it leaves of 1."""
    s = impl.activation("sigmoid", x)
    hold.equal(impl.slope("sigmoid", x), s * (1 - s), "σ'(x)")


@sigmoid.law(needs=["activation", "activation_vjp"])
def slope_from_both_outputs(impl: Subject, hold: Hold, x: Points) -> None:
    """The slope is σ(x) σ(−x), so it is the same at x and at −x."""
    both = impl.activation("sigmoid", x) * impl.activation("sigmoid", -x)
    hold.equal(impl.slope("sigmoid", x), both, "σ'(x)")
    hold.equal(impl.slope("sigmoid", -x), both, "σ'(−x)")


@sigmoid.law(needs=["activation", "activation_vjp"], about=About.IMPLEMENTATION)
def no_digit_lost_on_the_left(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """Where σ is small, it and its slope are as accurate as their own size asks for."""
    left = x[x <= 0]
    hold.agrees(lambda it: it.activation("sigmoid", left), impl, "σ(x), x ≤ 0")
    hold.agrees(lambda it: it.slope("sigmoid", left), impl, "σ'(x), x ≤ 0")


@sigmoid.law(about=About.MATHEMATICS)
def lost_by_the_output(impl: Subject, hold: Hold) -> None:
    """In binary64 s(1 − s) is wrong by 3.6e-8 of the slope at 20, and is 0 at 40; e/(1 + e)² is right."""
    for x, low, high in (("20", 3.5e-8, 3.65e-8), ("40", 1.0, 1.0)):
        (z,) = rounded.numbers("float64", x)
        s, e = rounded.sigmoid(z), rounded.exp(-z)
        slope = impl.slope("sigmoid", np.array([z.value]))
        lost = abs(slope - (s * (1 - s)).value)
        hold.at_most(low * slope, lost, f"s(1 − s) at {x}")
        hold.at_most(lost, high * slope, f"s(1 − s) at {x}")
        hold.at_most(abs(slope - (e / ((1 + e) * (1 + e))).value), 4 * U * slope, f"e/(1 + e)² at {x}")


@sigmoid.proof
def from_the_exponential(prove: Prove) -> None:
    """In e = e^x: σ is 1/(1 + e^-x), its derivative is σ(1 − σ) = ¼ sech²(x/2), an even function."""
    x = prove.x
    s, slope = prove.activation("sigmoid"), prove.slope("sigmoid")
    prove.identical(s, 1 / (1 + prove.exp(-x)))
    prove.identical(prove.derivative(s), slope)
    prove.identical(slope, s * (1 - s))
    prove.identical(slope, s * prove.activation("sigmoid", -x))
    prove.identical(slope, prove.slope("sigmoid", -x))
    prove.identical(slope, (1 - prove.activation("tanh", x / 2) ** 2) / 4)
    prove.identical(slope, prove.exp(-x) / (1 + prove.exp(-x)) ** 2)


@sigmoid.enclosure
def between_two_exponentials(enclose: Enclose) -> None:
    """For x ≥ 0: ¼ e^-x ≤ σ' ≤ e^-x, and σ' falls; |σ''| is largest at ln(2 + √3), 1/(6√3).

    The slope is even, so this is so on both sides.
    """
    enclose.holds(lambda f, x: f.exp(-x) / 4 <= f.slope("sigmoid", x), touching=[0], x=(0, INF))
    enclose.holds(lambda f, x: f.slope("sigmoid", x) <= f.exp(-x), x=(0, INF))
    enclose.decreasing(lambda f, x: f.slope("sigmoid", x), flat=[0], x=(0, INF))
    enclose.minimum(
        lambda f, x: f.curvature("sigmoid", x), is_="-0.0962250449", at="1.3169578969", x=(0, INF)
    )
    enclose.value(lambda f: 1 / (6 * f.sqrt(3)), "0.0962250449")
    enclose.value(lambda f: f.log(2 + f.sqrt(3)), "1.3169578969")
    enclose.value(lambda f: f.slope("sigmoid", f.number(40)), "4.248e-18")


# ------------------------------------------------------------------------------------------
tanh = claim(
    "ACT-04",
    title="tanh is a quotient of exponentials, and its slope is 1 − tanh²",
    says="tanh is given by its exponentials; its derivative is 1 minus its square.",
    statement="For every real x, tanh x = (e^x − e^-x)/(e^x + e^-x) and tanh'(x) = 1 − tanh²(x).",
    equation="""
        tanh x = (e^x − e^-x)/(e^x + e^-x) = 2σ(2x) − 1
        tanh'(x) = 1 − tanh²(x) = sech²(x) = 4σ'(2x)
        e^-2|x| ≤ tanh'(x) ≤ 4 e^-2|x|
    """,
    verdict=HOLDS,
    because="""
        tanh is the sigmoid, stretched: twice as steep in its argument, twice as high, and moved
        down by 1. What is known of one curve is known of the other: the slope of tanh at x is
        four times that of the sigmoid at 2x. (Written the other way round, 1 − 2σ(2x), it is
        −tanh x, a slip that can be found in print.)
    """,
    sources=[D0("1.3, solution 3"), D3("6.9, why gradients vanish"), D1("3, in detail")],
    rests_on=ENCLOSED,
    floats="""
        1 − t² cancels in saturation: in binary64 1.1e-8 of the slope is lost at x = 10, and all of it at
        x = 20. The form 4/(e^x + e^-x)² loses no more than six roundings. As with the sigmoid, both are
        accepted.
    """,
    see=["ACT-01", "ACT-05"],
)


@tanh.law(needs=["activation"])
def odd(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """tanh(−x) = −tanh x."""
    hold.equal(impl.activation("tanh", -x), -impl.activation("tanh", x), "tanh(−x)")


@tanh.law(needs=["activation"])
def stretched_sigmoid(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """tanh x is 2σ(2x) − 1, and not 1 − 2σ(2x)."""
    half = impl.format.round(x / 2)
    hold.equal(impl.activation("tanh", half), 2 * impl.activation("sigmoid", 2 * half) - 1, "tanh x")


@tanh.law(needs=["activation_vjp"])
def four_slopes_of_the_sigmoid(impl: Subject, hold: Hold, x: Points) -> None:
    """tanh'(x) = 4σ'(2x)."""
    hold.equal(impl.slope("tanh", x), 4 * impl.slope("sigmoid", 2 * x), "tanh'(x)")


@tanh.law(needs=["activation", "activation_vjp"])
def slope_from_the_square(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """The slope is what the output's square leaves of 1."""
    hold.equal(impl.slope("tanh", x), 1 - impl.activation("tanh", x) ** 2, "tanh'(x)")


@tanh.law(needs=["activation"], about=About.IMPLEMENTATION)
def no_digit_lost_near_zero(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """Where tanh is small, it is as accurate as its own size asks for."""
    near = x[abs(x) <= 1]
    hold.agrees(lambda it: it.activation("tanh", near), impl, "tanh x, |x| ≤ 1")


@tanh.law(about=About.MATHEMATICS)
def lost_by_the_square(impl: Subject, hold: Hold) -> None:
    """In binary64 1 − t² is wrong by 1.1e-8 of the slope at 10, and is 0 at 20; 4/(e^x + e^-x)² is right."""
    for x, low, high in (("10", 1.05e-8, 1.15e-8), ("20", 1.0, 1.0)):
        (z,) = rounded.numbers("float64", x)
        t, twice = rounded.tanh(z), rounded.exp(z) + rounded.exp(-z)
        slope = impl.slope("tanh", np.array([z.value]))
        lost = abs(slope - (1 - t * t).value)
        hold.at_most(low * slope, lost, f"1 − t² at {x}")
        hold.at_most(lost, high * slope, f"1 − t² at {x}")
        hold.at_most(abs(slope - (4 / (twice * twice)).value), 6 * U * slope, f"4/(e^x + e^-x)² at {x}")


@tanh.proof
def quotient_of_exponentials(prove: Prove) -> None:
    """In e = e^x: tanh is the quotient, odd, 2σ(2x) − 1; its derivative is 1 − tanh², 4σ'(2x)."""
    x = prove.x
    e, t, slope = prove.exp(x), prove.activation("tanh"), prove.slope("tanh")
    prove.identical(t, (e - 1 / e) / (e + 1 / e))
    prove.identical(prove.activation("tanh", -x), -t)
    prove.identical(t, 2 * prove.activation("sigmoid", 2 * x) - 1)
    prove.identical(prove.derivative(t), slope)
    prove.identical(slope, 1 - t**2)
    prove.identical(slope, (2 / (e + 1 / e)) ** 2)
    prove.identical(slope, 4 * prove.slope("sigmoid", 2 * x))


@tanh.enclosure
def between_two_squared_exponentials(enclose: Enclose) -> None:
    """For x ≥ 0: e^-2x ≤ tanh' ≤ 4 e^-2x. The slope is even, so this is so on both sides."""
    enclose.holds(lambda f, x: f.exp(-2 * x) <= f.slope("tanh", x), touching=[0], x=(0, INF))
    enclose.holds(lambda f, x: f.slope("tanh", x) <= 4 * f.exp(-2 * x), x=(0, INF))
