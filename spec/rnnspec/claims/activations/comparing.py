"""The slope of tanh beside that of the sigmoid: which is larger, where, and what follows for products."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, claim
from rnnspec.evidence import INF, Enclose, Enclosed, Functions, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0, D3
from rnnspec.strategies import FewPreactivations, arrays, one_unit_a_layer
from rnnspec.subject import Array, Numbers, Subject

CROSSING = "1.66288589105862108"
"""x*, where both slopes are equal, as printed digits."""

BEFORE, BEYOND = 1.6628, 1.6629
"""Either side of x*."""

WEIGHT = Fraction(1, 16)
"""So small that a chain of units hardly moves the pre-activations that its biases set."""

WITHIN = "the pre-activation is closer to 0 than x* = 1.66288..."
ALL_WITHIN = "no pre-activation is farther from 0 than x* = 1.66288..."

Inside = Annotated[Array, arrays((1, 6), low=-212 / 128, high=212 / 128, unit=1 / 128)]
Outside = Annotated[Array, arrays((1, 6), low=27 / 16, high=8, unit=1 / 16)]
InsideWell = Annotated[Array, arrays((2, 4), low=-3 / 2, high=3 / 2, unit=1 / 16)]
OutsideWell = Annotated[Array, arrays((2, 4), low=2, high=4, unit=1 / 16)]
Sequences = Annotated[Array, arrays((1, 6), low=-4, high=4, unit=1 / 16)]

# ------------------------------------------------------------------------------------------
larger = claim(
    "ACT-07",
    title="The slope of tanh is the larger one between −1.66 and 1.66, and the smaller one beyond",
    says="Of the two functions tanh has the larger gradient; one of the sources says, near zero.",
    statement="tanh'(x) > σ'(x).",
    equation="""
        tanh'(x) > σ'(x)  ⇔  cosh x < 1 + √3  ⇔  |x| < x*
        x* = arcosh(1 + √3) = 2 arcosh((1 + √3)/2) = 1.6628858910...
        tanh'(x*) = σ'(x*) = 0.1339745962...
        2 < (1/2a ∫ tanh') / (1/2a ∫ σ') ≤ 4   over every [−a, a]
        2 < E tanh'(X) / E σ'(X) ≤ 4   for every X that is symmetric about 0 and falls on both sides
        E tanh'(sZ) / E σ'(sZ) = 3.955, 2.931, 2.037   for s = 1/8, 1, 8,   Z standard normal
    """,
    verdict=CONDITIONAL,
    because="""
        At 0 the slopes are 1 and 1/4, but tanh' falls like 4 e^-2|x| and σ' only like e^-|x|,
        so they cross: the smallest whole number on the other side is 2, with 0.0707 and 0.1050.
        The one that is ahead at 0 is steeper and saturates earlier. On average over an interval
        around 0 it stays ahead, since the area under tanh' is 2 and that under σ' is 1; and
        then so it is for every distribution of pre-activations that is symmetric about 0 and
        falls on both sides of it, since that is a mixture of such intervals. The ratio of the
        two means lies between 4, for narrow ones, and 2, for wide ones.
    """,
    conditions=[WITHIN],
    sources=[D0("1.3, solution 3"), D0("questions, 2"), D3("6.9, why gradients vanish")],
    rests_on=ENCLOSED,
    floats="Beside the crossing the slopes are closer together than rounding; there both orders pass.",
    see=["ACT-04", "ACT-05", "ACT-08"],
)


@larger.as_stated(needs=["activation_vjp"])
def larger_everywhere(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """The slope of tanh is larger than that of the sigmoid."""
    hold.strictly_less(impl.slope("sigmoid", x), impl.slope("tanh", x), "σ'(x) < tanh'(x)")


@larger.necessity(of=larger_everywhere, condition=WITHIN)
def smaller_at_two() -> Mapping[str, Any]:
    """x = 2, the smallest whole number beyond the crossing: 0.0707 and 0.1050."""
    return {"x": np.array([2.0])}


@larger.law(needs=["activation_vjp"])
def larger_within(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """Up to 1.6628 on both sides, tanh has the larger slope."""
    x = x[abs(x) <= BEFORE]
    hold.strictly_less(impl.slope("sigmoid", x), impl.slope("tanh", x), "σ'(x) < tanh'(x), |x| < x*")


@larger.law(needs=["activation_vjp"])
def smaller_beyond(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """From 1.6629 on, the sigmoid has."""
    x = x[abs(x) >= BEYOND]
    hold.strictly_less(impl.slope("tanh", x), impl.slope("sigmoid", x), "tanh'(x) < σ'(x), |x| > x*")


@larger.law(needs=["activation_vjp"])
def on_either_side(impl: Subject, hold: Hold) -> None:
    """At 1.6628 and at 1.6630, rounded to the format, where they still are on their sides of the crossing."""
    x = impl.format.round(np.array([1.6628, 1.6630]))
    for side in (x, -x):
        before, beyond = side[abs(side) <= BEFORE], side[abs(side) >= BEYOND]
        hold.strictly_less(impl.slope("sigmoid", before), impl.slope("tanh", before), "σ' < tanh' at 1.6628")
        hold.strictly_less(impl.slope("tanh", beyond), impl.slope("sigmoid", beyond), "tanh' < σ' at 1.6630")


@larger.enclosure
def one_crossing(enclose: Enclose) -> None:
    """On x ≥ 0 the slopes are equal at x* and nowhere else; tanh' is larger before, σ' beyond."""

    def ahead(f: Functions, x: Enclosed) -> Enclosed:
        return f.slope("tanh", x) - f.slope("sigmoid", x)

    enclose.zeros(ahead, at=[CROSSING], x=(0, INF))
    enclose.holds(lambda f, x: ahead(f, x) > 0, x=(0, str(BEFORE)))
    enclose.holds(lambda f, x: ahead(f, x) < 0, x=(str(BEYOND), INF))
    enclose.value(lambda f: f.arcosh(1 + f.sqrt(3)), CROSSING)
    enclose.value(lambda f: 2 * f.arcosh((1 + f.sqrt(3)) / 2), CROSSING)
    enclose.value(lambda f: 2 * f.log((1 + f.sqrt(3) + f.sqrt(2 * f.sqrt(3))) / 2), CROSSING)
    enclose.value(lambda f: f.slope("tanh", 2 * f.arcosh((1 + f.sqrt(3)) / 2)), "0.13397459621556")
    enclose.value(lambda f: f.slope("sigmoid", 2 * f.arcosh((1 + f.sqrt(3)) / 2)), "0.13397459621556")
    enclose.value(lambda f: f.slope("tanh", f.number(2)), "0.07065")
    enclose.value(lambda f: f.slope("sigmoid", f.number(2)), "0.10499")
    enclose.limit(lambda f, x: f.slope("sigmoid", x) / f.slope("tanh", x) * f.exp(-x), is_=0.25, x=INF)


@larger.proof
def ahead_while_cosh_is_small(prove: Prove) -> None:
    """With u = e^x + e^-x = 2 cosh x, tanh' − σ' has the sign of 12 − (u − 2)²: positive for u < 2 + 2√3."""
    e = prove.exp(prove.x)
    u = e + 1 / e
    ahead = prove.slope("tanh") - prove.slope("sigmoid")
    prove.identical(ahead, (12 - (u - 2) ** 2) / (u**2 * (u + 2)))
    prove.positive(u)
    prove.identical(u - 2, (e - 1) ** 2 / e)


@larger.proof
def means_over_an_interval(prove: Prove) -> None:
    """Over [−a, a] the means are tanh(a)/a and (σ(a) − ½)/a; their ratio is 4/(1 + tanh²(a/2))."""
    x = prove.x
    prove.identical(prove.derivative(prove.activation("tanh")), prove.slope("tanh"))
    prove.identical(prove.derivative(prove.activation("sigmoid")), prove.slope("sigmoid"))
    half = prove.activation("tanh", x)  # at a = 2x
    ratio = 4 / (1 + half**2)
    prove.identical(prove.activation("tanh", 2 * x), ratio * (prove.activation("sigmoid", 2 * x) - 0.5))
    prove.valid(prove.all_of(ratio > 2, ratio <= 4))


@larger.proof
def mixtures_of_intervals(prove: Prove) -> None:
    """The ratio of two sums, term by term above 2 and at most 4, is so too: for mixtures, term by term.

    A density p that falls on both sides of 0 is such a mixture, with the weight −2a p'(a) da of [−a, a]:
    from a = |x| on, the heights −2a p'(a)/2a add up to p(x).
    """
    tanh, sigmoid, more_tanh, more_sigmoid, weight = prove.symbols("t s t' s' c", above=0)
    bounds = [2 * sigmoid < tanh, tanh <= 4 * sigmoid]
    bounds += [2 * more_sigmoid < more_tanh, more_tanh <= 4 * more_sigmoid]
    of_tanh, of_sigmoid = tanh + weight * more_tanh, sigmoid + weight * more_sigmoid
    prove.valid(prove.all_of(2 * of_sigmoid < of_tanh, of_tanh <= 4 * of_sigmoid), given=bounds)


@larger.enclosure
def means_over_normal_inputs(enclose: Enclose) -> None:
    """For normal pre-activations, a narrow, the standard and a wide distribution: the ratio of the means."""
    for spread, printed in ((Fraction(1, 8), "3.955"), (Fraction(1), "2.931"), (Fraction(8), "2.037")):
        enclose.value(partial(ratio_of_means, spread), printed)


def ratio_of_means(s: Fraction, f: Functions) -> Enclosed:
    """E tanh'(sZ) / E σ'(sZ), for Z standard normal."""
    of_tanh = f.mean_of_normal(lambda f, z: f.slope("tanh", s * z))
    return of_tanh / f.mean_of_normal(lambda f, z: f.slope("sigmoid", s * z))


# ------------------------------------------------------------------------------------------
slower = claim(
    "ACT-08",
    title="Products of slopes shrink more slowly with tanh while all pre-activations are within ±1.66",
    says="Since its gradient is the larger one, tanh makes gradients vanish more slowly than the sigmoid.",
    statement="For all pre-activations z_1, ..., z_T, the product of tanh'(z_t) is at least that of σ'(z_t).",
    equation="""
        ∏ tanh'(z_t) ≥ ∏ σ'(z_t)   if every |z_t| ≤ x* = 1.66288...
        ∏ tanh'(z_t) ≤ ∏ σ'(z_t)   if every |z_t| ≥ x*
        E ln tanh'(sZ) > E ln σ'(sZ)  ⇔  s < 2.0259...,   Z standard normal
    """,
    verdict=CONDITIONAL,
    because="""
        Products of positive factors are compared factor by factor, and the factors cross at x*.
        With z_t = 3 each step costs tanh a factor 0.0099 and the sigmoid one of 0.045. For
        random pre-activations what counts in a long product is the mean of the logarithm;
        ln tanh' − ln σ' falls all the way from 2 ln 2 at 0 to −∞, so the wider the
        distribution the worse for tanh: for a normal one with the standard deviation s the
        order turns at s = 2.026.
    """,
    conditions=[ALL_WITHIN],
    sources=[D3("6.9, why gradients vanish")],
    rests_on=ENCLOSED,
    floats="""
        A product of at most six slopes, multiplied here: what is rounded are the slopes. In a chain the
        implementation multiplies, and the weights of 1/16, made up for above it, are powers of two.
    """,
    see=["ACT-07", "REM-10"],
)


def products_of_slopes(impl: Subject, kind: str, z: Array) -> Numbers:
    """∏ φ'(z_t) up to each t, of the slopes that one unit multiplies gradients by; exact products."""
    unit = Chain((Dense(1, 1, kind, bias=False),))
    x = z[:, np.newaxis]
    back = impl.chain_vjp(unit, {"W_1": np.ones((1, 1))}, x, np.ones_like(x))
    slopes = back.inputs[:, 0]
    products: Numbers = np.array([math.prod(slopes[:t]) for t in range(1, len(z) + 1)], dtype=object)
    return products


@slower.as_stated(needs=["chain_vjp"])
def slower_everywhere(impl: Subject, hold: Hold, z: Sequences) -> None:
    """The product of the slopes of tanh is at least that of the sigmoid's."""
    hold.at_most(products_of_slopes(impl, "sigmoid", z), products_of_slopes(impl, "tanh", z), "∏σ' ≤ ∏tanh'")


@slower.necessity(of=slower_everywhere, condition=ALL_WITHIN)
def one_step_at_two() -> Mapping[str, Any]:
    """T = 1, z = 2."""
    return {"z": np.array([2.0])}


@slower.necessity(of=slower_everywhere, condition=ALL_WITHIN)
def steps_at_three() -> Mapping[str, Any]:
    """z_t = 3 for four steps: 0.0099⁴ and 0.045⁴."""
    return {"z": np.full(4, 3.0)}


@slower.law(needs=["chain_vjp"])
def slower_within(impl: Subject, hold: Hold, z: Inside) -> None:
    """Within the crossing, tanh passes on more, after every step."""
    hold.at_most(products_of_slopes(impl, "sigmoid", z), products_of_slopes(impl, "tanh", z), "∏σ' ≤ ∏tanh'")


@slower.law(needs=["chain_vjp"])
def faster_beyond(impl: Subject, hold: Hold, z: Outside) -> None:
    """Beyond it, the sigmoid does."""
    for side in (z, -z):
        sigmoid, tanh = (products_of_slopes(impl, kind, side) for kind in ("sigmoid", "tanh"))
        hold.at_most(tanh, sigmoid, "∏tanh' ≤ ∏σ'")


@slower.law(needs=["chain_vjp"])
def a_chain_within(impl: Subject, hold: Hold, z: InsideWell) -> None:
    """Through a chain of units of which each is well within the crossing, more arrives with tanh."""
    passed = {kind: _through_a_chain(impl, kind, z) for kind in ("sigmoid", "tanh")}
    hold.at_most(passed["sigmoid"], passed["tanh"], "∏σ' ≤ ∏tanh'")


@slower.law(needs=["chain_vjp"])
def a_chain_beyond(impl: Subject, hold: Hold, z: OutsideWell) -> None:
    """Through one of which each is well beyond it, on either side, with the sigmoid."""
    for side in (z, -z):
        passed = {kind: _through_a_chain(impl, kind, side) for kind in ("sigmoid", "tanh")}
        hold.at_most(passed["tanh"], passed["sigmoid"], "∏tanh' ≤ ∏σ'")


def _through_a_chain(impl: Subject, kind: str, z: Array) -> Numbers:
    """∏ φ'(z'_t), as one chain passes it on to its first bias, with every z'_t within 1/16 of z_t."""
    net = one_unit_a_layer([float(WEIGHT)] * len(z), z.tolist(), activation=kind)
    dy = np.full((1, 1), float(WEIGHT) ** (1 - len(z)))
    return impl.chain_vjp(net.chain, net.parameters, net.x, dy).parameters["b_1"]


@slower.enclosure
def room_for_a_chain(enclose: Enclose) -> None:
    """Up to 3/2, and from 2 on, the order of the slopes is the same where they are taken 1/8 apart.

    In a chain with weights of 1/16 the pre-activations depend on φ, but by no more than that.
    """
    enclose.holds(
        lambda f, x: f.slope("sigmoid", x - WEIGHT) < f.slope("tanh", x + WEIGHT), x=(0, Fraction(3, 2))
    )
    enclose.holds(lambda f, x: f.slope("tanh", x - WEIGHT) < f.slope("sigmoid", x + WEIGHT), x=(2, INF))


@slower.proof
def factor_by_factor(prove: Prove) -> None:
    """If each of T factors is at least another, and these are positive, so is the product: by induction."""
    P, Q, a, b = prove.symbols("P Q a b", above=0)
    prove.valid(P * a >= Q * b, given=[P >= Q, a >= b])


@slower.enclosure
def logarithms_of_the_slopes(enclose: Enclose) -> None:
    """tanh'/σ' falls from 4 past 1 at x* to 0 on x ≥ 0; so the mean of its logarithm over sZ falls in s.

    It turns negative once: both means, for an s slightly below that of the turn and for one above.
    """

    def ratio(f: Functions, x: Enclosed) -> Enclosed:
        return f.slope("tanh", x) / f.slope("sigmoid", x)

    enclose.decreasing(ratio, flat=[0], x=(0, INF))
    enclose.zeros(lambda f, x: ratio(f, x) - 1, at=[CROSSING], x=(0, INF))
    enclose.limit(ratio, is_=0, x=INF)
    for s, of_tanh, of_sigmoid in (
        ("2.0259145966", "-2.15116574597", "-2.15116574601"),
        ("2.0259145967", "-2.15116574612", "-2.15116574607"),
    ):
        enclose.value(partial(mean_for_tanh, Fraction(s)), of_tanh)
        enclose.value(partial(mean_for_sigmoid, Fraction(s)), of_sigmoid)


def mean_for_sigmoid(s: Fraction, f: Functions) -> Enclosed:
    """E ln σ'(sZ), with ln σ'(x) = x − 2 ln(1 + e^x), and E Z = 0."""
    return -2 * f.mean_of_normal(lambda f, z: f.log(1 + f.exp(s * z)))


def mean_for_tanh(s: Fraction, f: Functions) -> Enclosed:
    """E ln tanh'(sZ), with tanh'(x) = 4σ'(2x)."""
    return f.log(4) + mean_for_sigmoid(2 * s, f)
