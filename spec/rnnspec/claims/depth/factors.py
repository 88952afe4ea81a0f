"""One unit a layer: the chain rule as a product, and how large its factors are."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import prod
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, HOLDS, LOOSE, SAMPLED, claim
from rnnspec.claims.depth.layers import (
    all_alike,
    at_rest,
    gradients,
    one_layer_of_many,
    sigmoid_slopes,
    square_of_a_norm,
    weights_of,
)
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Dense
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, arrays, chains, one_unit_a_layer, reals, wholes
from rnnspec.subject import Array, Subject

QUARTER = Fraction(1, 4)
DY = -1.5
"""dC/dy_L, where one is as good as another; its sign is to be seen in the gradient."""


def small_weights(net: Feedforward) -> bool:
    """Whether every |w| is at most 1."""
    return all(abs(w) <= 1 for w in weights_of(net))


OneUnit = Annotated[
    Feedforward, chains(depth=(1, 5), width=(1, 1), inputs=(1, 1), batch=(1, 1), activations=("sigmoid",))
]
SmallWeights = Annotated[
    Feedforward,
    chains(
        depth=(1, 5),
        width=(1, 1),
        inputs=(1, 1),
        batch=(1, 1),
        activations=("sigmoid",),
        scales=(-1, -3),
        where=small_weights,
    ),
]
OneLayer = Annotated[
    Feedforward,
    chains(depth=(1, 1), width=(1, 3), inputs=(1, 3), batch=(1, 1), activations=("sigmoid",)),
]
Signs = Annotated[
    Array, arrays((1, 6), low=-1, high=1, unit=1, where=lambda signs: bool((np.abs(signs) == 1).all()))
]
Weight = Annotated[float, reals(-16, 16, unit=1 / 8)]
Input = Annotated[float, reals(-2, 2, unit=1 / 64)]

# ------------------------------------------------------------------------------------------
product_rule = claim(
    "DEP-09",
    title="With one unit a layer the gradient is a product of slopes and weights",
    says="""
        If every layer has one unit, y_l = σ(w_l y_{l−1} + b_l), the derivative of the loss by the
        first bias is the product of all slopes and of the weights of the later layers.
    """,
    statement="∂C/∂b_1 = ∂C/∂y_L · σ'(z_1) ⋯ σ'(z_L) · w_2 ⋯ w_L; the document has L = 4.",
    equation="""
        ∂C/∂b_1 = ∂C/∂y_L · ∏_{l=1}^{L} σ'(z_l) · ∏_{l=2}^{L} w_l
        ∂C/∂w_1 = y_0 ∂C/∂b_1
        |∂C/∂b_1| ≤ 4^−L · ∏_{l=2}^{L} |w_l| · |∂C/∂y_L|
    """,
    verdict=HOLDS,
    because="""
        There is one path only. Going down it, each layer contributes σ'(z_l), and each step to the
        layer below a weight. The weight of the first layer has its input as one more factor; the
        bias, whose input is 1, has none. No slope exceeds 1/4.
    """,
    sources=[D0("1.2")],
    see=["DEP-05", "DEP-10", "ACT-02"],
)


@product_rule.law(needs=["chain_vjp"])
def product_of_slopes_and_weights(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """The gradients of the first bias and of the first weight are those products."""
    slopes = [slope[0, 0] for slope in sigmoid_slopes(hold.reference, net)]
    expected = prod(slopes) * prod(weights_of(net)[1:]) * DY
    got = gradients(impl, net, DY)
    hold.equal(got["b_1"], expected, "∂C/∂b_1")
    hold.equal(got["W_1"], expected * float(net.x[0, 0]), "∂C/∂w_1")


@product_rule.law(needs=["chain_vjp"])
def at_most_the_weights_over_four(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """4^L |∂C/∂b_1| is at most the product of the later weights times |∂C/∂y_L|."""
    weights = [Fraction(abs(w)) for w in weights_of(net)[1:]]
    hold.at_most(
        4**net.depth * abs(gradients(impl, net, DY)["b_1"]),
        prod(weights) * Fraction(abs(DY)),
        "4^L |∂C/∂b_1|",
    )


@product_rule.proof
def of_one_to_nine_layers(prove: Prove) -> None:
    """L = 1, 2, 4 and 9, traced: the derivative is that product; and the step to any other depth.

    One layer multiplies what it gets from above, a product of slopes and weights, by its own.
    """
    for depth in (1, 2, 4, 9):
        net = prove.chain(*(Dense(1, 1, "sigmoid") for _ in range(depth)))
        inside = [a[0, 0] for a in prove.reference.chain(net.chain, net.parameters, net.inputs).inside]
        slopes = [a * (1 - a) for a in inside]
        later = [net.parameters[f"W_{layer}"][0, 0] for layer in range(2, depth + 1)]
        b, w = net.parameters["b_1"][0], net.parameters["W_1"][0, 0]
        prove.identical(prove.derivative(inside[-1], b), prod(slopes) * prod(later))
        prove.identical(prove.derivative(inside[-1], w), prod(slopes) * prod(later) * net.inputs[0, 0])
    (c,) = prove.symbols("c")
    one_layer_of_many(prove, c)
    (s,), (w, P, bound) = prove.symbols("s", at_least=0, at_most=QUARTER), prove.symbols("w P bound")
    prove.valid(abs(P * s * w) <= bound * abs(w) / 4, given=[abs(P) <= bound])


# ------------------------------------------------------------------------------------------
WITHIN_ONE = "every |w| is at most 1"

quarters = claim(
    "DEP-10",
    title="Weights within 1 leave at most a quarter of the gradient in each layer",
    says="""
        The factor |σ'(z) w| is at most 1/4, since weights are at most 1; so gradients of deep
        networks become tiny towards the input.
    """,
    statement="|∂C/∂b_1| ≤ 4^−L |∂C/∂y_L| in a chain of L sigmoids with one unit a layer.",
    equation="""
        |w_l| ≤ 1 for all l   ⇒  |∂C/∂b_1| ≤ 4^−L |∂C/∂y_L|
        |w_l| ≤ w̄ for all l  ⇒  |∂C/∂b_1| ≤ ¼ (w̄/4)^{L−1} |∂C/∂y_L|
    """,
    verdict=CONDITIONAL,
    because="""
        Each factor is at most |w|/4. With weights within 1 that is 1/4, and it is 1/4 exactly where
        |w| = 1 and z = 0. To vanish takes less: any common bound below 4 makes the gradient fall
        geometrically, as Hochreiter and Schmidhuber remark. But the bound must be a common one
        (DEP-11), and there must be one unit a layer (DEP-07).
    """,
    conditions=[WITHIN_ONE],
    sources=[D0("1.2"), D0("introduction"), D0("1.2, summary")],
    floats="At z = 0 with weights of ±1 the bound is reached to the last bit: all is a power of two.",
    see=["DEP-09", "DEP-11", "ACT-02"],
)


@quarters.as_stated(needs=["chain_vjp"])
def at_most_a_quarter_a_layer(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """Every layer takes away three quarters of the gradient or more."""
    hold.at_most(4**net.depth * abs(gradients(impl, net, 1.0)["b_1"]), 1, "4^L |∂C/∂b_1|")


@quarters.necessity(of=at_most_a_quarter_a_layer, condition=WITHIN_ONE)
def weight_of_two() -> Mapping[str, Any]:
    """Two layers, w_2 = 2 and both z = 0: 1/8 is left, and not 1/16."""
    return {"net": at_rest([1.0, 2.0])}


@quarters.law(needs=["chain_vjp"])
def quarters_with_small_weights(impl: Subject, hold: Hold, net: SmallWeights) -> None:
    """With every |w| at most 1 the bound holds."""
    hold.given(small_weights(net), WITHIN_ONE)
    hold.at_most(4**net.depth * abs(gradients(impl, net, 1.0)["b_1"]), 1, "4^L |∂C/∂b_1|")


@quarters.law(needs=["chain_vjp"])
def reached_at_rest(impl: Subject, hold: Hold, signs: Signs) -> None:
    """With |w| = 1 and z = 0 in every layer it is an equality, to the last bit."""
    hold.given(bool((np.abs(signs) == 1).all()), "weights of ±1")
    got = gradients(impl, at_rest(signs.tolist()), 1.0)
    hold.exactly(got["b_1"], 0.25 ** len(signs) * signs[1:].prod(), "∂C/∂b_1")


@quarters.law(needs=["chain_vjp"], times=6)
def rate_of_any_common_bound(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """With w̄ = max |w_l| over the later layers, |∂C/∂b_1| ≤ ¼ (w̄/4)^{L−1} |∂C/∂y_L|."""
    largest = max((abs(w) for w in weights_of(net)[1:]), default=0.0)
    bound = Fraction(largest) ** (net.depth - 1)
    hold.at_most(4**net.depth * abs(gradients(impl, net, 1.0)["b_1"]), bound, "4^L |∂C/∂b_1|")


@quarters.proof
def one_factor(prove: Prove) -> None:
    """|w σ'| ≤ 1/4 for |w| ≤ 1, with equality only if |w| = 1 and σ' = 1/4, that is z = 0.

    So each layer takes a bound of what arrives from above to a quarter of it, at any depth.
    """
    slope, (s,) = prove.slope("sigmoid"), prove.symbols("s", at_least=0, at_most=QUARTER)
    prove.identical(QUARTER - slope, (prove.activation("sigmoid") - Fraction(1, 2)) ** 2)
    prove.vanishes_only_at_zero(prove.activation("sigmoid") - Fraction(1, 2))
    (w,) = prove.symbols("w", at_least=-1, at_most=1)
    prove.valid(abs(w * s) <= QUARTER)
    prove.valid(prove.implies(abs(w * s) == QUARTER, prove.all_of(abs(w) == 1, s == QUARTER)))
    v, bound = prove.symbols("v bound")
    prove.valid(prove.implies(abs(v) <= bound, abs(v * s) <= bound / 4))
    (c,) = prove.symbols("c")
    one_layer_of_many(prove, c)
    prove.valid(abs(c * s) <= bound / 4, given=[abs(c) <= bound])
    prove.valid(abs(c * s * w) <= bound / 4, given=[abs(c) <= bound])


# ------------------------------------------------------------------------------------------
above_one = claim(
    "DEP-13",
    title="Weights above 1 do not make a sigmoid chain explode; weights above 4 can",
    says="""
        If the initial weights are larger than 1, or larger still, many factors above 1 are
        multiplied, and the gradient becomes huge.
    """,
    statement="w > 1 ⇒ |w σ'(z)| > 1.",
    equation="""
        |w σ'(z)| > 1  ⇒  |w| > 4
        |w| > 4, z = 0  ⇒  |w σ'(z)| = |w|/4 > 1
    """,
    verdict=LOOSE,
    because="""
        The factor is not w but w σ', and σ' is 1/4 at best: a weight of 2 halves the gradient even
        at z = 0. The threshold is 4 (for tanh, whose slope reaches 1, it is 1), and a weight above
        it helps only in a window around z = 0. The document hedges with 'or larger still', and
        elsewhere has the right threshold: |w σ'(z)| > 1.
    """,
    corrected="""
        |w σ'(z)| > 1 implies |w| > 4; and where |w| > 4 at z = 0 the gradient does grow, by |w|/4 a
        layer.
    """,
    sources=[D0("introduction"), D0("1.2"), D0("1.2, summary")],
    see=["DEP-10", "DEP-15", "DEP-17", "SPE-03"],
)


@above_one.as_stated(needs=["chain_vjp"])
def weights_above_one_explode(
    impl: Subject, hold: Hold, w: Annotated[float, reals(1, 16, unit=1 / 8)], x: Input
) -> None:
    """A weight above 1 makes the gradient longer as it passes."""
    hold.given(w > 1, "w > 1")
    hold.strictly_less(1, gradients(impl, one_unit_a_layer([w], x=x), 1.0)["x"], "w σ'(w x)")


@above_one.witness(of=weights_above_one_explode)
def weight_of_two_at_rest() -> Mapping[str, Any]:
    """w = 2 and z = 0: the factor is 1/2."""
    return {"w": 2.0, "x": 0.0}


@above_one.law(needs=["chain_vjp"])
def a_quarter_of_the_weight(impl: Subject, hold: Hold, w: Weight, b: Weight, x: Input) -> None:
    """The factor of a sigmoid is at most |w|/4, that of tanh at most |w|."""
    for kind, bound in (("sigmoid", abs(w) / 4), ("tanh", abs(w))):
        factor = gradients(impl, one_unit_a_layer([w], [b], x, kind), 1.0)["x"]
        hold.at_most(abs(factor), bound, f"|w φ'(z)| with {kind}")


@above_one.law(needs=["chain_vjp"])
def grows_above_four(
    impl: Subject,
    hold: Hold,
    w: Annotated[float, reals(4, 16, unit=1 / 8)],
    depth: Annotated[int, wholes(1, 6)],
) -> None:
    """As meant: with a weight above 4 and z = 0, each layer multiplies the gradient by w/4 > 1."""
    hold.given(w > 4, "w > 4")
    got = gradients(impl, at_rest([w] * depth), 1.0)["x"]
    hold.equal(got, Fraction(w / 4) ** depth, "∂C/∂x")
    hold.strictly_less(1, got, "1 < ∂C/∂x")


@above_one.proof
def threshold_is_four(prove: Prove) -> None:
    """Of the traced slopes: |w σ'| ≤ |w|/4 and |w tanh'| ≤ |w|, and at z = 0 both are reached."""
    for kind, threshold in (("sigmoid", 4), ("tanh", 1)):
        prove.valid(prove.slope(kind) <= Fraction(1, threshold))
        prove.identical(threshold * prove.slope(kind, prove.number(0)), 1)
        (s,) = prove.symbols(f"s_{kind}", above=0, at_most=Fraction(1, threshold))
        (w,) = prove.symbols(f"w_{kind}")
        prove.valid(abs(w * s) <= abs(w) / threshold)


# ------------------------------------------------------------------------------------------
ONE_UNIT = "each layer has one unit"

only_weights = claim(
    "DEP-15",
    title="With one unit a layer only weights above 4 can explode; wide layers need none",
    says="""
        The sigmoid's slope cannot exceed 1, so if gradients explode it must be because of weights
        that are too large.
    """,
    statement="If every |w| is at most 4, no layer of sigmoids makes a gradient longer.",
    equation="""
        |w σ'(z)| > 1  ⇒  |w| > 4
        ‖J‖₂ > 1       ⇒  ‖W‖₂ > 4
    """,
    verdict=CONDITIONAL,
    because="""
        For one unit the factor is w σ'(z) with σ' ≤ 1/4. For many, what has to exceed 4 is the
        spectral norm of the weights, and many small weights make a large norm: n × n equal weights
        w have the norm n|w|. So layers of two units explode with weights of 3.
    """,
    conditions=[ONE_UNIT],
    sources=[D0("1.2")],
    rests_on=SAMPLED,
    see=["DEP-07", "DEP-13", "DEP-16", "SPE-03"],
)


@only_weights.as_stated(needs=["chain_vjp"])
def none_without_large_weights(
    impl: Subject,
    hold: Hold,
    w: Annotated[float, reals(-4, 4, unit=1 / 16)],
    width: Annotated[int, wholes(1, 4)],
) -> None:
    """A layer whose weights are within 4 makes no gradient longer."""
    hold.given(abs(w) <= 4, "|w| is at most 4")
    hold.at_most(abs(gradients(impl, all_alike(width, 1, w), 1.0)["x"]), 1, "|∂C/∂x|")


@only_weights.necessity(of=none_without_large_weights, condition=ONE_UNIT)
def two_units_with_weights_of_three() -> Mapping[str, Any]:
    """Two units with weights of 3 and slopes of 1/4: 3/2."""
    return {"w": 3.0, "width": 2}


@only_weights.law(needs=["chain_vjp"])
def one_unit_within_four(impl: Subject, hold: Hold, w: Weight, b: Weight, x: Input) -> None:
    """With one unit the gradient gets longer by |w|/4 at most: not at all, within 4."""
    hold.at_most(4 * abs(gradients(impl, one_unit_a_layer([w], [b], x), 1.0)["x"]), abs(w), "4 |w σ'(z)|")


@only_weights.law(needs=["chain_vjp"])
def norm_within_a_quarter(impl: Subject, hold: Hold, net: OneLayer) -> None:
    """|Jᵀ v| ≤ ‖W‖ |v|/4, with the spectral norm of W: so ‖J‖₂ > 1 takes ‖W‖₂ > 4."""
    v = np.array([1.0, -2.0, 0.5])[: net.chain.outputs]
    squares = (gradients(impl, net, v)["x"] ** 2).sum()
    bound = square_of_a_norm(net.parameters["W_1"]) * Fraction(float((v**2).sum()))
    hold.at_most(16 * squares, bound, "16 |Jᵀ v|²")


@only_weights.proof
def norms(prove: Prove) -> None:
    """Jᵀ v = Wᵀ (σ' ⊙ v), and σ' ⊙ v is at most a quarter as long as v; for one unit and for two."""
    for n in (1, 2):
        net, v = prove.chain(Dense(n, n, "sigmoid")), prove.symbols(" ".join(f"v{n}{k}" for k in range(n)))
        (y,) = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
        back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, v[np.newaxis]).inputs[0]
        prove.identical(back, net.parameters["W_1"].T @ (y * (1 - y) * v))
        s = prove.symbols(" ".join(f"s{n}{k}" for k in range(n)), at_least=0, at_most=QUARTER)
        prove.valid(((s * v) ** 2).sum() <= (v**2).sum() / 16)
    (s,) = prove.symbols("s")
    prove.valid(s * (1 - s) <= QUARTER)
