"""Two reasons that are given for tanh in an LSTM, neither of which is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import REFUTED, SAMPLED, About, claim
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D1
from rnnspec.strategies import FewPreactivations, Preactivations, arrays, one_unit_a_layer, reals
from rnnspec.subject import Array, Numbers, Subject

Curved = Annotated[float, reals(-4, 4, 1 / 16, where=lambda z: z != 0)]
LargeBiases = Annotated[Array, arrays((1, 8), low=2, high=4, unit=1 / 64)]
AnyWeights = Annotated[Array, arrays((1, 8), low=-2, high=2, unit=1 / 64)]
Layers = Annotated[Array, arrays((1, 4), 2, low=-2, high=2, unit=1 / 64)]
Pair = Annotated[Array, arrays(2, low=-4, high=4, unit=1 / 8)]
OnBothSides = Annotated[Array, arrays(2, low=-4, high=4, unit=1 / 8, where=lambda w: bool(w[0] * w[1] < 0))]
Near = Annotated[Array, arrays(2, low=-5 / 8, high=5 / 8, unit=1 / 8)]
Far = Annotated[Array, arrays(2, low=3 / 4, high=4, unit=1 / 8)]

STEPS = 32
VANISHED = Fraction(1, 1000)

# ------------------------------------------------------------------------------------------
second_derivative = claim(
    "ACT-24",
    title="Whether gradients vanish depends on first derivatives; the second ones do not enter",
    says="""
        To prevent vanishing gradients one needs a function whose second derivative is not 0 over
        a large range, and tanh is such a function.
    """,
    statement="""
        Where f'' is not 0, the product of the slopes f' does not vanish (after 32 steps it is not
        below 1/1000); where f'' is 0, it does.
    """,
    equation="""
        ∏ tanh'(1) = 0.42^T → 0    although tanh''(1) = −0.64
        ∏ id'(z) = 1               although id'' = 0
        max |tanh''| = 4/(3√3) = 0.7698 at artanh(1/√3) = 0.6585,   tanh''(x) = 0 ⇔ x = 0
    """,
    verdict=REFUTED,
    because="""
        Back-propagation multiplies by first derivatives. tanh has a second derivative other than
        0 everywhere but at 0, and its slopes are below 1 in just these places: the product
        vanishes. The identity has none anywhere, and passes everything on. Nor is the range
        large: |tanh''| falls like 8 e^-2|x|, with 3.6e-4 at 5 and 1.6e-8 at 10.
    """,
    corrected="""
        Along a chain the gradient is multiplied by ∏ f'(z_t) w_t, whatever f'' is. The identity's
        slopes are 1, although its f'' is 0 everywhere; a slope of tanh is below 1 exactly where
        tanh'' is not 0.
    """,
    sources=[D1("3, in detail")],
    rests_on=SAMPLED,
    floats="The identity's slope is exact; along a chain of weights 1 nothing is rounded.",
    see=["ACT-05", "ACT-06", "DEP-09"],
)


def after_steps(slope: Numbers) -> Numbers:
    """The product of `STEPS` equal slopes."""
    product: Numbers = slope**STEPS
    return product


@second_derivative.as_stated(needs=["activation_vjp"])
def curved_keeps_its_gradient(impl: Subject, hold: Hold, z: Curved) -> None:
    """At a pre-activation where tanh'' is not 0, 32 slopes multiply to at least 1/1000."""
    hold.given(z != 0, "tanh'' is 0")
    hold.at_most(VANISHED, after_steps(impl.slope("tanh", np.array([z]))), "tanh'(z)^32")


@second_derivative.witness(of=curved_keeps_its_gradient)
def thirty_two_ones() -> Mapping[str, Any]:
    """z = 1: 0.42^32 is below 1e-12, and tanh''(1) = −0.64."""
    return {"z": 1.0}


@second_derivative.as_stated(needs=["activation_vjp"])
def straight_loses_its_gradient(impl: Subject, hold: Hold, z: Curved) -> None:
    """Where f'' is 0, as it is everywhere for the identity, 32 slopes multiply to less than 1/1000."""
    hold.strictly_less(after_steps(impl.slope("identity", np.array([z]))), VANISHED, "id'(z)^32")


@second_derivative.witness(of=straight_loses_its_gradient)
def identity_at_one() -> Mapping[str, Any]:
    """z = 1: 1^32 = 1."""
    return {"z": 1.0}


@second_derivative.law(needs=["activation_vjp"])
def slope_of_the_identity(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """The identity's slope is 1 everywhere, to the last bit."""
    hold.exactly(impl.slope("identity", x), 1, "id'(x)")


@second_derivative.law(needs=["chain_vjp"])
def a_straight_chain_passes_everything_on(impl: Subject, hold: Hold, b: AnyWeights) -> None:
    """Through L layers of the identity with weights 1, the gradient arrives as it was sent."""
    case = one_unit_a_layer([1.0] * len(b), list(b), activation="identity")
    for dy in (1.0, -3.0):
        back = impl.chain_vjp(case.chain, case.parameters, case.x, np.array([[dy]]))
        hold.exactly(back.inputs, dy, "dy/dx")


@second_derivative.law(needs=["chain_vjp"])
def a_curved_chain_loses_it(impl: Subject, hold: Hold, b: LargeBiases) -> None:
    """Through L layers of tanh with weights −1 and biases from 2 on, at most 0.42^L arrives.

    Every pre-activation is at least 1, where tanh'' is not 0 and tanh' is below 0.42.
    """
    case = one_unit_a_layer([-1.0] * len(b), list(b), activation="tanh")
    back = impl.chain_vjp(case.chain, case.parameters, case.x, np.ones((1, 1)))
    hold.at_most(abs(back.inputs), Fraction(42, 100) ** len(b), "|dy/dx|")


@second_derivative.law(needs=["chain", "chain_vjp"])
def first_derivatives_and_weights(impl: Subject, hold: Hold, weights_and_biases: Layers) -> None:
    """Through L layers of tanh, the gradient is multiplied by the slopes 1 − y_t² and by the weights."""
    w, b = weights_and_biases.T
    product: Any = 1
    for t in range(1, len(w) + 1):
        case = one_unit_a_layer(list(w[:t]), list(b[:t]), activation="tanh")
        y = impl.chain(case.chain, case.parameters, case.x)
        product = product * (1 - y**2) * float(w[t - 1])
    hold.equal(impl.chain_vjp(case.chain, case.parameters, case.x, np.ones((1, 1))).inputs, product, "dy/dx")


@second_derivative.law(about=About.MATHEMATICS)
def curved_where_its_slope_is_below_one(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """tanh'' = −2 tanh tanh', and for the identity it is 0."""
    curvature = impl.curvature("tanh", x)
    hold.equal(curvature, -2 * impl.activation("tanh", x) * impl.slope("tanh", x), "tanh''(x)")
    hold.exactly(impl.curvature("identity", x), 0, "id''(x)")


@second_derivative.proof
def zero_only_at_zero(prove: Prove) -> None:
    """tanh'' = −2 tanh tanh' vanishes at 0 alone, and there alone tanh' is 1; the identity's slope is 1.

    Two layers of either multiply the gradient by their slopes f' and weights.
    """
    t, slope = prove.activation("tanh"), prove.slope("tanh")
    curvature = prove.derivative(prove.derivative(t))
    prove.identical(curvature, -2 * t * slope)
    prove.vanishes_only_at_zero(curvature)
    prove.vanishes_only_at_zero(1 - slope)
    prove.identical(prove.slope("identity"), 1)
    prove.identical(prove.derivative(prove.slope("identity")), 0)
    for kind in ("tanh", "identity"):
        net = prove.chain(Dense(1, 1, kind), Dense(1, 1, kind))
        W_1, b_1, W_2, b_2 = (net.parameters[name].item() for name in ("W_1", "b_1", "W_2", "b_2"))
        z_1 = W_1 * net.inputs.item() + b_1
        z_2 = W_2 * prove.activation(kind, z_1) + b_2
        back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, np.ones((1, 1)))
        prove.identical(back.inputs.item(), prove.slope(kind, z_2) * W_2 * prove.slope(kind, z_1) * W_1)


@second_derivative.enclosure
def second_derivative_of_tanh(enclose: Enclose) -> None:
    """Where |tanh''| is largest, on x ≥ 0, and how fast it falls; tanh' beyond 1."""
    enclose.minimum(lambda f, x: f.curvature("tanh", x), is_="-0.7698003589", at="0.6584789485", x=(0, INF))
    enclose.value(lambda f: 4 / (3 * f.sqrt(3)), "0.7698003589")
    enclose.value(lambda f: f.artanh(1 / f.sqrt(3)), "0.6584789485")
    enclose.holds(lambda f, x: f.curvature("tanh", x) >= -8 * f.exp(-2 * x), x=(0, INF))
    enclose.value(lambda f: f.curvature("tanh", f.number(5)), "-3.63e-4")
    enclose.value(lambda f: f.curvature("tanh", f.number(10)), "-1.65e-8")
    enclose.holds(lambda f, x: f.slope("tanh", x) < Fraction(42, 100), x=(1, INF))


# ------------------------------------------------------------------------------------------
convexity = claim(
    "ACT-25",
    title="A monotone activation makes no loss convex, and convexity needs no monotone one",
    says="For the sake of convex optimisation a monotone function is needed, and tanh is one.",
    statement="The squared error of a unit f(w x) is convex in w if and only if f is monotone.",
    equation="""
        (tanh²)''(w) = 2 tanh'(w) (1 − 3 tanh²(w)) < 0  for |w| > artanh(1/√3) = 0.6585
        (|w x| − 0)² = x² w²  is convex, although |·| is not monotone
        d²/dw² (f(wx) − y)² = 2x² (f'² + (f − y) f'')
    """,
    verdict=REFUTED,
    because="""
        tanh is monotone. For x = 1 and y = 0 the error is tanh²(w), a valley between two
        plateaus, and no convex function is bounded on a line without being constant: the
        second derivative at w = 1 is −0.62. The other way round, |·| is not monotone, and its
        squared error for y = 0 is the parabola w² x². For a smooth f, the factor (f − y) f''
        can be made as negative as one likes by a suitable target, wherever f'' is not 0: only
        for a straight line is the error convex for all inputs and targets.
    """,
    corrected="""
        For twice differentiable f, (f(wx) − y)² is convex in w for all x and y if and only if f is
        affine. For tanh with y = 0 it is so exactly within |w x| ≤ artanh(1/√3).
    """,
    sources=[D1("3, in detail")],
    floats="Two sides of Jensen's inequality, each with the roundings of one unit and one square.",
)


def squared_error(impl: Subject, chain: Chain, parameters: Mapping[str, Any]) -> Any:
    """The squared error of a chain for the input 1 and the target 0."""
    y = impl.chain(chain, parameters, np.ones((1, 1)))
    return impl.loss("sum_squares", y, np.zeros((1, 1)))[0]


def of_tanh(impl: Subject, w: float) -> Any:
    """tanh²(w)."""
    unit = Chain((Dense(1, 1, "tanh", bias=False),))
    return squared_error(impl, unit, {"W_1": np.array([[w]])})


def of_absolute_value(impl: Subject, w: float) -> Any:
    """|w|², with |w| as relu(w) + relu(−w)."""
    links = (Dense(1, 2, "relu", bias=False), Dense(2, 1, "identity", bias=False))
    return squared_error(impl, Chain(links), {"W_1": np.array([[w], [-w]]), "W_2": np.ones((1, 2))})


def jensen(impl: Subject, error: Callable[[Subject, float], Any], w: Array) -> tuple[Any, Any]:
    """The error in the middle of two weights, and the mean of the errors at both."""
    middle = error(impl, float(w.mean()))
    return middle, (error(impl, float(w[0])) + error(impl, float(w[1]))) / 2


@convexity.as_stated(needs=["chain", "loss"])
def monotone_makes_convex(impl: Subject, hold: Hold, w: Pair) -> None:
    """The error of the monotone tanh satisfies Jensen's inequality."""
    middle, mean = jensen(impl, of_tanh, w)
    hold.at_most(middle, mean, "the error in the middle, and the mean of both")


@convexity.witness(of=monotone_makes_convex)
def between_the_plateaus() -> Mapping[str, Any]:
    """w = 3/4 and 9/4: the mean is 0.68, the error in the middle 0.82."""
    return {"w": np.array([0.75, 2.25])}


@convexity.as_stated(needs=["chain", "loss"])
def convex_needs_monotone(impl: Subject, hold: Hold, w: OnBothSides) -> None:
    """The error of |w|, which is not monotone, violates Jensen's inequality between weights of both signs."""
    hold.given(bool(w[0] * w[1] < 0), "both weights are on one side, where |w| is monotone")
    middle, mean = jensen(impl, of_absolute_value, w)
    hold.strictly_less(mean, middle, "the mean of both errors, and the error in the middle")


@convexity.witness(of=convex_needs_monotone)
def parabola() -> Mapping[str, Any]:
    """w = −1 and 1: the mean is 1, the error in the middle 0."""
    return {"w": np.array([-1.0, 1.0])}


@convexity.law(needs=["chain", "loss"])
def concave_on_the_plateau(impl: Subject, hold: Hold, w: Far) -> None:
    """Beyond 0.6585 the error of tanh is concave: the middle is at least the mean."""
    middle, mean = jensen(impl, of_tanh, w)
    hold.at_most(mean, middle, "the mean of both errors, and the error in the middle")


@convexity.law(needs=["chain", "loss"])
def convex_in_the_valley(impl: Subject, hold: Hold, w: Near) -> None:
    """Within ±0.6585 it is convex."""
    middle, mean = jensen(impl, of_tanh, w)
    hold.at_most(middle, mean, "the error in the middle, and the mean of both")


@convexity.law(needs=["chain", "loss"])
def absolute_value_is_convex(impl: Subject, hold: Hold, w: Pair) -> None:
    """The error of |w| is w², convex all over."""
    middle, mean = jensen(impl, of_absolute_value, w)
    hold.at_most(middle, mean, "the error in the middle, and the mean of both")
    hold.equal(mean, (Fraction(w[0]) ** 2 + Fraction(w[1]) ** 2) / 2, "the mean of both errors")


@convexity.proof
def second_derivatives_of_the_error(prove: Prove) -> None:
    """For any f, and for tanh; for any f, a target with which f'² + (f − y) f'' is −1.

    A second derivative depends on no more of f than value, slope and curvature, so that a parabola
    stands for any f. The target is one where f'' is not 0; for a straight line a square is left.
    """
    w, u, y = prove.symbols("w u y")
    a, b, c = prove.symbols("a b c")
    f, f1, f2 = a + b * (w * u) + c * (w * u) ** 2 / 2, b + c * (w * u), c
    twice = prove.derivative(prove.derivative((f - y) ** 2, w), w)
    prove.identical(twice, 2 * u**2 * (f1**2 + (f - y) * f2))
    t, slope = prove.activation("tanh", w * u), prove.slope("tanh", w * u)
    twice = prove.derivative(prove.derivative((t - y) ** 2, w), w)
    prove.identical(twice, 2 * u**2 * (slope**2 + (t - y) * (-2 * t * slope)))
    prove.identical(prove.derivative(prove.derivative(t**2, w), w), 2 * u**2 * slope * (1 - 3 * t**2))
    f, f1, f2 = prove.symbols("f f1 f2")
    target = f + (f1**2 + 1) / f2
    prove.identical(f1**2 + (f - target) * f2, -1)
    affine = prove.derivative(prove.derivative((a * w * u - y) ** 2, w), w)
    prove.valid(affine >= 0)


@convexity.enclosure
def where_the_error_is_convex(enclose: Enclose) -> None:
    """tanh² is convex within artanh(1/√3) and concave beyond; its second derivative at 1 is −0.6216."""
    enclose.value(lambda f: f.artanh(1 / f.sqrt(3)), "0.6584789485")
    enclose.convex(lambda f, w: f.tanh(w) ** 2, w=("-0.6584789484", "0.6584789484"))
    enclose.concave(lambda f, w: f.tanh(w) ** 2, w=("0.6584789485", INF))
    enclose.value(lambda f: 2 * f.slope("tanh", 1) * (1 - 3 * f.tanh(1) ** 2), "-0.6216")
