"""Leaky ReLU: its formula, its coefficient, and what it keeps of ReLU."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, EMPIRICAL, LOOSE, claim
from rnnspec.evidence import Lab, Outcome, Prove
from rnnspec.hold import Hold
from rnnspec.sources import D0
from rnnspec.strategies import FewPreactivations, arrays, one_unit_a_layer, reals
from rnnspec.subject import Array, Subject

LEAKY = "leaky_relu"

Leak = Annotated[float, reals(-2, 4, 1 / 16)]
SmallLeak = Annotated[float, reals(-1, 1, 1 / 64)]
PositiveLeak = Annotated[float, reals(1 / 16, 4, 1 / 16)]
Inputs = Annotated[Array, arrays((1, 8), low=-8, high=8, unit=1 / 16)]
Biases = Annotated[Array, arrays((1, 6), low=-4, high=4, unit=1 / 4)]

USUAL = (0.01, 0.02, 0.1, 0.2, 0.3)
"""What papers and libraries have, the documents' 0.1 and 0.2 among it."""

AT_MOST_ONE = "k ≤ 1"

# ------------------------------------------------------------------------------------------
formula = claim(
    "ACT-17",
    title="Leaky ReLU is max(k x, x) for k ≤ 1 only",
    says="Leaky ReLU is max(k x, x): x on the right, k x on the left.",
    statement="For every k and every x, max(k x, x) is x for x > 0 and k x for x ≤ 0.",
    equation="""
        f_k(x) = x for x > 0,  k x for x ≤ 0
        max(k x, x) = f_k(x) for all x  ⇔  k ≤ 1
        f_0 = relu,  f_1 = identity
    """,
    verdict=CONDITIONAL,
    because="""
        (k − 1) x decides which of k x and x is larger. For k < 1 it is negative on the right
        and positive on the left, as it should be; for k > 1 it is the other way round, and the
        maximum exchanges the two pieces: k = 2 has f(−1) = −2, and the maximum is −1. Where k is learned
        nothing keeps it below 1.
    """,
    conditions=[AT_MOST_ONE],
    sources=[D0("1.3, solution 3")],
    floats="One product, rounded once.",
    see=["ACT-13", "ACT-19"],
)


@formula.as_stated(needs=["activation"])
def always_the_maximum(impl: Subject, hold: Hold, k: Leak, x: Inputs) -> None:
    """Leaky ReLU is the larger of k x and x."""
    hold.equal(impl.activation(LEAKY, x, k), np.maximum(k * x, x), "max(k x, x)")


@formula.necessity(of=always_the_maximum, condition=AT_MOST_ONE)
def left_of_zero_with_two() -> Mapping[str, Any]:
    """k = 2, x = −1: the function is −2, the maximum −1."""
    return {"k": 2.0, "x": np.array([-1.0])}


@formula.necessity(of=always_the_maximum, condition=AT_MOST_ONE)
def right_of_zero_with_two() -> Mapping[str, Any]:
    """k = 2, x = 1: the function is 1, the maximum 2."""
    return {"k": 2.0, "x": np.array([1.0])}


@formula.law(needs=["activation"])
def by_the_sign(impl: Subject, hold: Hold, k: Leak, x: Inputs) -> None:
    """x on the right and k x on the left, for k on both sides of 1."""
    hold.equal(impl.activation(LEAKY, x, k), np.where(x > 0, x, k * x), "f_k(x)")


@formula.law(needs=["activation"])
def maximum_for_small_leaks(impl: Subject, hold: Hold, k: SmallLeak, x: Inputs) -> None:
    """For k ≤ 1 it is the maximum."""
    hold.equal(impl.activation(LEAKY, x, k), np.maximum(k * x, x), "max(k x, x)")


@formula.law(needs=["activation"])
def between_relu_and_the_identity(impl: Subject, hold: Hold, x: Inputs) -> None:
    """k = 0 is ReLU and k = 1 the identity, to the last bit."""
    hold.exactly(impl.activation(LEAKY, x, 0.0), np.maximum(x, 0), "f_0(x)")
    hold.exactly(impl.activation(LEAKY, x, 1.0), x, "f_1(x)")


@formula.proof
def maximum_exactly_up_to_one(prove: Prove) -> None:
    """relu(x) − k relu(−x) is x and k x for any k; it is the maximum if k ≤ 1, and for no x ≠ 0 if k > 1.

    The reference's function is this one, for k = 1/4 and k = 3.
    """
    x = prove.x
    for k in (0.25, 3.0):
        by_relu = prove.activation("relu", x) - prove.number(int(4 * k), 4) * prove.activation("relu", -x)
        prove.identical(prove.activation(LEAKY, x, k), by_relu)
    (k,) = prove.symbols("k")
    for z, factor in zip((prove.symbols("p", above=0), prove.symbols("q", below=0)), (1, k), strict=True):
        prove.identical(prove.activation("relu", z) - k * prove.activation("relu", -z), factor * z)
    leaky = prove.activation("relu", x) - k * prove.activation("relu", -x)
    prove.valid(prove.implies(k <= 1, leaky == prove.maximum(k * x, x)))
    prove.valid(prove.implies(prove.all_of(k > 1, prove.not_(x == 0)), leaky < prove.maximum(k * x, x)))


# ------------------------------------------------------------------------------------------
coefficient = claim(
    "ACT-18",
    title="Which leak is usual is a matter of libraries",
    says="The leak k is generally chosen as 0.1 or 0.2, or learned.",
    statement="Most uses of leaky ReLU have k = 0.1 or k = 0.2.",
    equation="k ∈ {0.1, 0.2}",
    verdict=EMPIRICAL,
    because="""
        A convention, not a theorem. The paper that introduced the function has 0.01, and so have
        the defaults of some libraries; others have 0.2 or 0.3. What a given program uses is to
        be read in its source: an implementation that is held to this spec is handed the coefficient, so that
        its default is never seen. What can be held is that it takes what it is handed.
    """,
    finding="recorded",
    sources=[D0("1.3, solution 3")],
    floats="Most of these coefficients are rounded to the format, which the tolerance covers.",
    see=["ACT-17"],
)


@coefficient.law(needs=["activation", "activation_vjp"])
def taken_as_handed_over(impl: Subject, hold: Hold) -> None:
    """0.01, 0.02, 0.1, 0.2 and 0.3, one after the other: at −1 the value is −k and the slope k."""
    left = -np.ones(1)
    for k in USUAL:
        hold.equal(impl.activation(LEAKY, left, k), -k, f"f(−1), k = {k}")
        hold.equal(impl.slope(LEAKY, left, k), k, f"f'(−1), k = {k}")


@coefficient.experiment
def a_convention(lab: Lab) -> Outcome:
    """Nothing is measured: how often people choose a number is not in the mathematics."""
    return Outcome.recorded(
        "a convention of users; the protocol hands the coefficient over, so that no default is seen"
    )


# ------------------------------------------------------------------------------------------
advantages = claim(
    "ACT-19",
    title="Leaky ReLU has no flat half, and it loses ReLU's exact zeros",
    says="Leaky ReLU removes what ReLU's zero interval does, and has all advantages of ReLU.",
    statement="""
        For k > 0 the slope is nowhere 0; and whatever is good about ReLU's values and slopes is
        true of those of leaky ReLU, too: that outputs on the left are exactly 0 among it.
    """,
    equation="""
        f'(x) = k > 0 for x < 0
        min(k, 1)^L ≤ ∏ f'(z_l) ≤ max(k, 1)^L
        f(−1) = −k ≠ 0 = relu(−1)
    """,
    verdict=LOOSE,
    because="""
        What was meant is about gradients, and it is so: no slope is 0, and the product of the slopes
        along a chain is at least that for ReLU, which is 1 or 0. A chain of which m pre-activations
        are below 0 passes on k^m, 1e-10 for ten with k = 0.1: little, but more than nothing.
        'All advantages' is too much: ReLU's outputs are exactly 0 on the left, so that about half the
        units of a layer are silent; leaky ReLU's never are.
    """,
    corrected="""
        For k > 0 the slope is k or 1 and never 0: at least ReLU's at every x. The product of L slopes
        lies between min(k, 1)^L and max(k, 1)^L. What is lost are exact zeros: f(x) = 0 only for x = 0.
    """,
    sources=[D0("1.3, solution 3")],
    floats="The slope k is a number that is handed over and handed back: exact.",
    see=["ACT-13", "ACT-17", "REM-08"],
)


@advantages.as_stated(needs=["activation"])
def as_sparse_as_relu(impl: Subject, hold: Hold, k: PositiveLeak, x: Inputs) -> None:
    """Where ReLU's output is exactly 0, so is leaky ReLU's."""
    hold.exactly(impl.activation(LEAKY, x[x <= 0], k), 0, "f(x), x ≤ 0")


@advantages.witness(of=as_sparse_as_relu)
def minus_one() -> Mapping[str, Any]:
    """k = 1/4, x = −1: −1/4."""
    return {"k": 0.25, "x": np.array([-1.0])}


@advantages.law(needs=["activation_vjp"])
def slope_is_the_leak(impl: Subject, hold: Hold, k: PositiveLeak, x: FewPreactivations) -> None:
    """The slope is k on the left and 1 on the right, to the last bit; so it is never 0."""
    x = x[x != 0]
    hold.exactly(impl.slope(LEAKY, x, k), np.where(x > 0, 1.0, k), "f'(x)")


@advantages.law(needs=["chain_vjp"])
def products_of_slopes(impl: Subject, hold: Hold, k: PositiveLeak, b: Biases) -> None:
    """Through L layers of weight 1, what arrives is between min(k, 1)^L and max(k, 1)^L, as with 0 or 1."""
    case = one_unit_a_layer([1.0] * len(b), list(b), activation=LEAKY, alpha=k)
    hold.given(_clear_of_zero(b, k), "a pre-activation is 0, or rounding decides its sign")
    dx = impl.chain_vjp(case.chain, case.parameters, case.x, np.ones((1, 1))).inputs
    exact, one = Fraction(k), Fraction(1)
    hold.at_most(min(exact, one) ** len(b), dx, "min(k, 1)^L ≤ dy/dx")
    hold.at_most(dx, max(exact, one) ** len(b), "dy/dx ≤ max(k, 1)^L")
    hold.equal(dx, exact ** _below_zero(b, k), "dy/dx = k^m with m pre-activations below 0")


def _preactivations(b: Array, k: float) -> list[Fraction]:
    """z_1 ... z_L, exactly, from x = 1 with weights 1."""
    y, found = Fraction(1), []
    for bias in b:
        z = y + Fraction(float(bias))
        found.append(z)
        y = z if z > 0 else Fraction(k) * z
    return found


def _clear_of_zero(b: Array, k: float) -> bool:
    return all(abs(z) >= Fraction(1, 8) for z in _preactivations(b, k))


def _below_zero(b: Array, k: float) -> int:
    return sum(z < 0 for z in _preactivations(b, k))


@advantages.proof
def one_of_two_slopes(prove: Prove) -> None:
    """For any k > 0 the slope is 1 or k, at least ReLU's, and f(x) = 0 only at 0; products, for any L.

    The reference's slope is this one, for k = 1/4.
    """
    (right,), (left,) = prove.symbols("p", above=0), prove.symbols("q", below=0)
    prove.identical(prove.slope(LEAKY, right, 0.25), 1)
    prove.identical(prove.slope(LEAKY, left, 0.25), prove.number(1, 4))
    for x in (right, left):
        prove.valid(prove.slope(LEAKY, x, 0.25) >= prove.slope("relu", x))
    prove.identical(prove.derivative(prove.activation(LEAKY, left, 0.25), left), prove.number(1, 4))
    k, product, low, high = prove.symbols("k product low high", above=0)

    def leaky(x: Any) -> Any:
        return prove.activation("relu", x) - k * prove.activation("relu", -x)

    for x, slope in ((right, 1), (left, k)):
        prove.identical(prove.derivative(leaky(x), x), slope)
        prove.valid(slope >= prove.slope("relu", x))
    prove.valid(prove.implies(leaky(prove.x) == 0, prove.x == 0))
    bounds = [low <= product, product <= high]
    for slope in (k, 1 + 0 * k):
        prove.valid(low * prove.minimum(k, 1) <= product * slope, given=bounds)
        prove.valid(product * slope <= high * prove.maximum(k, 1), given=bounds)
