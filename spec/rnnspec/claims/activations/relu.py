"""ReLU: what it is, and where its outputs lie."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import numpy as np

from rnnspec.claim import HOLDS, claim
from rnnspec.claims.activations.drawing import AT_ZERO
from rnnspec.evidence import Enclose, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.sources import D0, D3
from rnnspec.strategies import Preactivations, arrays, wholes
from rnnspec.subject import Array, Subject

Quarters = Annotated[Array, arrays((8, 16), low=-4, high=4, unit=1 / 4)]
Factor = Annotated[int, wholes(0, 8)]
Samples = Annotated[Array, arrays((2, 12), low=-4, high=4, unit=1 / 16, where=lambda x: bool((x > 0).any()))]

# ------------------------------------------------------------------------------------------
relu = claim(
    "ACT-13",
    title="ReLU is max(0, x), with slope 1 on the right and 0 on the left",
    says="ReLU is the larger of 0 and x. Its slope is constantly 1 on the right and 0 on the left.",
    statement="relu(x) = max(0, x); relu'(x) = 1 for x > 0 and 0 for x < 0. At 0 there is no derivative.",
    equation="""
        relu(x) = max(0, x)
        relu'(x) = 1[x > 0]   for x ≠ 0
        relu(a x) = a relu(x)   for a ≥ 0
        (relu(h) − relu(0))/h = 1[h > 0]:  every number from 0 to 1 is a subgradient at 0
    """,
    verdict=HOLDS,
    because="""
        Two straight lines that meet at 0. From the right the quotient of differences is 1, from the
        left 0, so what back-propagation uses at 0 is a choice; most libraries choose 0. The
        documents are silent on it, and so no law asks for it beyond that it is from 0 to 1.
    """,
    sources=[D0("1.3, solution 3"), D3("6.10")],
    floats="Nothing is computed, so nothing is rounded: all of it is exact.",
    see=["SPE-08"],
)


@relu.law(needs=["activation"])
def maximum_with_zero(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """relu(x) is x or 0, whichever is larger, to the last bit."""
    hold.exactly(impl.activation("relu", x), np.maximum(x, 0), "relu(x)")


@relu.law(needs=["activation_vjp"])
def slope_zero_or_one(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """The slope is 1 for x > 0 and 0 for x < 0, however small x is."""
    x = x[x != 0]
    hold.exactly(impl.slope("relu", x), (x > 0).astype(float), "relu'(x)")


@relu.law(needs=["activation_vjp"])
def a_subgradient_at_zero(impl: Subject, hold: Hold) -> None:
    """At 0 an implementation answers with some number from 0 to 1."""
    slope = impl.slope("relu", AT_ZERO)
    hold.at_most(0, slope, "0 ≤ relu'(0)", rounding=SURVIVES)
    hold.at_most(slope, 1, "relu'(0) ≤ 1", rounding=SURVIVES)


@relu.law(needs=["activation"])
def homogeneous(impl: Subject, hold: Hold, x: Quarters, a: Factor) -> None:
    """relu(a x) = a relu(x) for a ≥ 0, exactly where a x is."""
    hold.exactly(impl.activation("relu", a * x), a * impl.activation("relu", x), "relu(a x)")


relu.exhaustive(of=maximum_with_zero, format="float16")
relu.exhaustive(of=maximum_with_zero, format="bfloat16")
relu.exhaustive(of=slope_zero_or_one, format="float16")
relu.exhaustive(of=slope_zero_or_one, format="bfloat16")


@relu.proof
def two_straight_lines(prove: Prove) -> None:
    """On either side: value, derivative, a factor a ≥ 0, quotient of differences at 0, subgradients at 0."""
    (a,) = prove.symbols("a", at_least=0)
    (right,), (left,) = prove.symbols("p", above=0), prove.symbols("q", below=0)
    for z, slope in ((right, 1), (left, 0)):
        y = prove.activation("relu", z)
        prove.identical(y, slope * z)
        prove.identical(prove.derivative(y, z), slope)
        prove.identical(prove.slope("relu", z), slope)
        prove.identical((y - prove.activation("relu", prove.number(0))) / z, slope)
        prove.identical(prove.activation("relu", a * z), a * y)
    prove.valid(prove.activation("relu") == prove.maximum(0, prove.x))
    (s,) = prove.symbols("s")
    below_everywhere = prove.activation("relu") >= s * prove.x
    prove.valid(prove.implies(prove.all_of(s >= 0, s <= 1), below_everywhere))
    prove.valid(prove.implies(prove.activation("relu", right) >= s * right, s <= 1))
    prove.valid(prove.implies(prove.activation("relu", left) >= s * left, s >= 0))


# ------------------------------------------------------------------------------------------
not_centred = claim(
    "ACT-14",
    title="The outputs of ReLU are never negative, so their mean is not 0",
    says="A disadvantage of ReLU is that its outputs are not centred at 0.",
    statement="relu(x) ≥ 0; the mean of relu(X) is positive unless X ≤ 0 with probability 1.",
    equation="""
        relu(x) ≥ 0
        E relu(X) > 0   if P(X > 0) > 0
        E relu(Z) = ∫_0^∞ z e^(−z²/2)/√(2π) dz = 1/√(2π) = 0.398942280...   for Z standard normal
    """,
    verdict=HOLDS,
    because="""
        A mean of numbers of which none is negative is 0 only if all of them are: whatever the
        distribution, E relu(X) ≥ a P(X ≥ a) for every a > 0, and one of these is not 0. For standard
        normal pre-activations, z e^(−z²/2) has the antiderivative −e^(−z²/2), which runs from −1
        to 0.
    """,
    sources=[D0("1.3, solution 3")],
    floats="Exact: a sum of numbers that are 0 or above has no cancellation.",
    see=["ACT-13"],
)


@not_centred.law(needs=["activation"])
def never_negative(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """No output is below 0."""
    hold.at_most(0, impl.activation("relu", x), "0 ≤ relu(x)", rounding=SURVIVES)


@not_centred.law(needs=["activation"])
def mean_above_zero(impl: Subject, hold: Hold, x: Samples) -> None:
    """Where any input is positive, the mean output is at least what this one contributes."""
    hold.given(bool((x > 0).any()), "no input is positive")
    y = impl.activation("relu", x)
    hold.strictly_less(0, y.sum() / len(x), "0 < the mean of relu(x)")
    hold.at_most(Fraction(x.max()) / len(x), y.sum() / len(x), "the largest input's share of the mean")


not_centred.exhaustive(of=never_negative, format="float16")
not_centred.exhaustive(of=never_negative, format="bfloat16")


@not_centred.proof
def neither_sign_is_negative(prove: Prove) -> None:
    """relu(x) ≥ 0, and relu(x) ≥ a wherever x ≥ a; so its mean is at least a P(X ≥ a), for every a > 0.

    If P(X > 0) is not 0, nor is P(X ≥ a) for some a. And z e^(−z²/2) has the antiderivative.
    """
    y = prove.activation("relu")
    prove.valid(y >= 0)
    (a,) = prove.symbols("a", above=0)
    prove.valid(prove.implies(prove.x >= a, y >= a))
    density = prove.exp(-(prove.x**2) / 2)
    prove.identical(prove.derivative(-density), prove.x * density)


@not_centred.enclosure
def mean_of_a_normal_input(enclose: Enclose) -> None:
    """The mean of relu(Z), by integration, has the digits of 1/√(2π)."""
    enclose.value(
        lambda f: f.mean_of_normal(lambda f, z: f.activation("relu", z)), "0.39894228040143267793994605993"
    )
    enclose.value(lambda f: 1 / f.sqrt(2 * f.pi), "0.39894228040143267793994605993")
