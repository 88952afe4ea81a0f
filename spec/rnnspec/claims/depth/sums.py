"""What the short version of the gradient leaves out: the sum over paths, and the input."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import prod
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import LOOSE, REFUTED, SAMPLED, claim
from rnnspec.claims.depth.layers import (
    activations,
    all_alike,
    gradients,
    lower,
    output,
    sigmoid_slopes,
    square_of_a_norm,
    upper,
)
from rnnspec.evidence import INF, Enclose, Enclosed, Functions, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, arrays, chains, one_unit_a_layer, reals, wholes
from rnnspec.subject import Array, Subject

Width = Annotated[int, wholes(1, 6)]
Depth = Annotated[int, wholes(1, 6)]
Sigmoids = Annotated[
    Feedforward, chains(depth=(1, 3), width=(1, 3), inputs=(1, 3), batch=(1, 1), activations=("sigmoid",))
]
Batches = Annotated[
    Feedforward, chains(depth=(1, 3), width=(1, 3), inputs=(1, 3), batch=(1, 2), activations=("sigmoid",))
]
ThreeLayers = Annotated[
    Feedforward, chains(depth=(3, 3), width=(1, 3), inputs=(1, 2), batch=(1, 1), activations=("sigmoid",))
]
DY = (1.0, -2.0, 0.5)
"""dC/dy of up to three outputs."""

# ------------------------------------------------------------------------------------------
sums = claim(
    "DEP-07",
    title="The sum over paths matters: it can make small factors explode, and large ones cancel",
    says="""
        To see why gradients vanish or explode one need not look at the sums over paths; only the
        products along each path matter.
    """,
    statement="""
        The gradient of a lower layer is as large as the factors |w σ'| on a path make it, whatever
        the width; and it is 0 only if some factor is.
    """,
    equation="""
        all w = 1, all z = 0, n units a layer:  ∂C/∂x = (n/4)^L ∂C/∂y
        δ_1 w_5 + δ_2 w_7 = 0  ⇒  ∂E/∂w_1 = 0
    """,
    verdict=REFUTED,
    because="""
        n^(L−1) paths add up. With weights of 1 and slopes of 1/4 every factor is 1/4, yet a layer
        of n units multiplies the gradient by n/4: it vanishes below four units, keeps its size with
        four, and explodes from five on, 1.25^50 being 70 065. And the two terms of ∂E/∂w_1 can
        cancel although no factor in them is 0. What bounds the gradient is not the largest weight
        but the spectral norm of the weights, which sums over paths; it can be n times as large.
    """,
    corrected="""
        ‖J_l‖₂ ≤ ‖W_l‖₂/4 for the Jacobian J_l of a sigmoid layer, and ‖W‖₂ of n × n weights may reach
        n max|w|. For independent weights from N(0, 1) without biases, and wide layers, the mean-field
        gain χ(n) = n E σ'(√q Z)², with q = n E σ(√q Z)², passes 1 between n = 103 and n = 104.
    """,
    sources=[D0("1.2")],
    rests_on=SAMPLED,
    floats="Nothing is rounded in the networks at z = 0 until (n/4)^L is no longer a number of the format.",
    see=["DEP-04", "DEP-06", "RNN-21", "LGR-09"],
)


@sums.as_stated(needs=["chain_vjp"])
def as_small_as_on_one_path(impl: Subject, hold: Hold, width: Width, depth: Depth) -> None:
    """With every |w σ'| = 1/4, ∂C/∂b_1 is at most 4^−L, however wide the layers are."""
    net = all_alike(width, depth)
    hold.at_most(abs(gradients(impl, net, 1.0)["b_1"]), 0.25**depth, "|∂C/∂b_1|")


@sums.witness(of=as_small_as_on_one_path)
def two_layers_of_two_units() -> Mapping[str, Any]:
    """Two units in each of two layers: 2/4 · 1/4 = 1/8, and not 1/16."""
    return {"width": 2, "depth": 2}


@sums.as_stated(needs=["chain_vjp"])
def zero_only_with_a_factor(
    impl: Subject,
    hold: Hold,
    factors: Annotated[Array, arrays(2, 2, unit=0.5, where=lambda factors: bool(factors.all()))],
) -> None:
    """If no factor on either path is 0, neither is the gradient of w_1."""
    hold.given(bool(factors.all()), "no factor is 0")
    dy, w = factors
    hold.strictly_less(0, abs(gradients(impl, _fork(w), dy)["W_1"]), "|∂E/∂w_1|")


@sums.witness(of=zero_only_with_a_factor)
def two_paths_that_cancel() -> Mapping[str, Any]:
    """w_5 = w_7 = 1 and both outputs 1/2, for the targets 0 and 1."""
    return {"factors": np.array([[0.5, -0.5], [1.0, 1.0]])}


@sums.law(needs=["chain_vjp"])
def n_quarters_a_layer(impl: Subject, hold: Hold, width: Width, depth: Depth) -> None:
    """n equal weights of 1 at slope 1/4 multiply the gradient by n/4 a layer."""
    got = gradients(impl, all_alike(width, depth), 1.0)
    hold.equal(got["x"], Fraction(width, 4) ** depth, "∂C/∂x")
    hold.equal(got["b_1"], Fraction(width, 4) ** (depth - 1) / 4, "∂C/∂b_1")


@sums.law(needs=["chain_vjp"])
def cancels(impl: Subject, hold: Hold, factors: Annotated[Array, arrays(2, 2, unit=0.25)]) -> None:
    """Of two paths from w_1 the gradient is the sum: it vanishes when the two are opposite."""
    dy, w = factors
    opposite = np.array([dy[0] * w[1], -dy[0] * w[0]])
    hold.equal(gradients(impl, _fork(w), dy)["W_1"], (dy * w).sum() / 32, "∂E/∂w_1")
    hold.equal(gradients(impl, _fork(w), opposite)["W_1"], 0, "∂E/∂w_1 of two opposite paths")


@sums.law(needs=["chain_vjp"])
def within_the_product_of_norms(impl: Subject, hold: Hold, net: Sigmoids) -> None:
    """|∂C/∂x| ≤ |∂C/∂y| ∏ ‖W_l‖/4, with a bound for each spectral norm that sums over paths."""
    dy = np.array(DY[: net.chain.outputs])
    bound = prod(square_of_a_norm(net.parameters[f"W_{layer + 1}"]) / 16 for layer in range(net.depth))
    squares = (gradients(impl, net, dy)["x"] ** 2).sum()
    hold.at_most(squares, bound * Fraction(float((dy**2).sum())), "|∂C/∂x|²")


@sums.proof
def norm_of_a_layer(prove: Prove) -> None:
    """The traced layer sends v back to Wᵀ(σ' ⊙ v), and ‖σ' ⊙ v‖ ≤ ‖v‖/4: so ‖J‖ ≤ ‖W‖/4."""
    net, v = prove.chain(Dense(2, 2, "sigmoid")), prove.symbols("v1 v2")
    (y,) = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, v[np.newaxis]).inputs[0]
    prove.identical(back, net.parameters["W_1"].T @ (y * (1 - y) * v))
    slopes = prove.symbols("s1 s2", at_least=0, at_most=Fraction(1, 4))
    (s,) = prove.symbols("s")
    prove.valid(s * (1 - s) <= Fraction(1, 4))
    prove.valid(((slopes * v) ** 2).sum() <= (v**2).sum() / 16)


@sums.enclosure
def five_units_for_fifty_layers(enclose: Enclose) -> None:
    """1.25^50 = 7.0 · 10^4, where every path has 0.25^50."""
    enclose.value(lambda f: f.number("1.25") ** 50, "7.0e4")


@sums.enclosure
def gain_of_wide_layers(enclose: Enclose) -> None:
    """χ(103) < 1 < χ(104), where q = n E σ(√q Z)² is the variance of the pre-activations.

    As σ² and its mirror image add up to 1 − 2σ', the right side is n (1/2 − E σ'(√q Z)). In u = z²
    the slope is convex: its second derivative has the sign of z σ''' − σ'', where σ''' = σ'(1 − 6σ')
    and σ'' = σ'(1 − 2σ). So the right side is concave in q, positive for q = 0, and meets q once. The
    gain falls with √q: of this a lower bound will do with 103 units, and an upper one with 104.
    """
    enclose.holds(
        lambda f, z: z * (1 - 6 * f.slope("sigmoid", z)) > 1 - 2 * f.activation("sigmoid", z),
        touching=[0],
        z=(0, INF),
    )
    low, high = Fraction("6.754311"), Fraction("6.789117")
    enclose.holds(lambda f: 103 * _mean_square(f, "activation", low) > low**2)
    enclose.holds(lambda f: 104 * _mean_square(f, "activation", high) < high**2)
    enclose.value(lambda f: 103 * _mean_square(f, "slope", low), "0.99996")
    enclose.value(lambda f: 104 * _mean_square(f, "slope", high), "1.00464")


def _mean_square(f: Functions, of: str, r: Fraction) -> Enclosed:
    """E σ(r Z)², or E σ'(r Z)², for a standard normal Z."""
    return f.mean_of_normal(lambda g, z: getattr(g, of)("sigmoid", r * z) ** 2)


def _fork(w: Array) -> Feedforward:
    """One hidden unit that two outputs read with the weights w; all z = 0, and w_1 reads 1/2."""
    chain = Chain((Dense(1, 1, "sigmoid"), Dense(1, 2, "sigmoid")))
    parameters = {
        "W_1": np.ones((1, 1)),
        "b_1": np.array([-0.5]),
        "W_2": w[:, np.newaxis],
        "b_2": -w / 2,
    }
    return Feedforward(chain, parameters, np.full((1, 1), 0.5))


# ------------------------------------------------------------------------------------------
inputs = claim(
    "DEP-08",
    title="In a middle layer the input's place is taken by the activation of the layer below",
    says="""
        The derivative by a weight depends on the loss, on weights and on slopes of the sigmoid. The
        input is not among these: for a unit in a middle layer it plays no part.
    """,
    statement="For 1 < l < L, ∂E/∂w^l is made of the loss derivative, weights and slopes alone.",
    equation="""
        ∂E/∂W^l = δ^l (a^{l−1})ᵀ,   ∂E/∂b^l = δ^l
        δ^l = (W^{l+1})ᵀ δ^{l+1} ⊙ σ'(z^l)
    """,
    verdict=LOOSE,
    because="""
        Every weight's gradient has the weight's own input as a factor: in the first layer that is
        the input of the network, above it the activation of the layer below. Where that one is
        nearly 0, as σ(−40) is, the weight does not learn although δ is as large as ever; the bias,
        whose input is 1, does. Through the activations the slopes depend on the input as well. What
        is meant is right: the raw input is no factor of its own in a middle layer.
    """,
    corrected="""
        ∂E/∂W^l = δ^l (a^{l−1})ᵀ: the activation of the layer below is the input. The raw input
        matters only through it; gradients of biases have no such factor.
    """,
    sources=[D0("1.2")],
    rests_on=SAMPLED,
    see=["DEP-04"],
)

OneUnit = Annotated[
    Feedforward, chains(depth=(3, 3), width=(1, 1), inputs=(1, 1), batch=(1, 1), activations=("sigmoid",))
]


@inputs.as_stated(needs=["chain_vjp"])
def input_plays_no_part(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """In the middle one of three layers the gradient of the weight is the same for the input 0."""
    without = Feedforward(net.chain, net.parameters, np.zeros((1, 1)))
    got, expected = (gradients(impl, case, 1.0)["W_2"] for case in (net, without))
    hold.equal(got, expected, "∂E/∂w_2")


@inputs.witness(of=input_plays_no_part)
def input_of_one() -> Mapping[str, Any]:
    """All weights 1, no biases: the input 1 makes another gradient than the input 0."""
    return {"net": one_unit_a_layer([1.0, 1.0, 1.0], x=1.0)}


@inputs.as_stated(needs=["chain_vjp"])
def made_of_delta_alone(impl: Subject, hold: Hold, b: Annotated[float, reals(-64, 64, unit=0.25)]) -> None:
    """Without an input among its factors, a weight's gradient is some fair part of its bias's, say 1/100."""
    got = gradients(impl, one_unit_a_layer([1.0, 1.0, 1.0], [b, 0.0, 0.0], x=0.0), 1.0)
    hold.at_most(got["b_2"], 100 * got["W_2"], "∂E/∂b_2 ≤ 100 ∂E/∂w_2")


@inputs.witness(of=made_of_delta_alone)
def almost_nothing_comes_from_below() -> Mapping[str, Any]:
    """z_1 = −40, so that a_1 = 4 · 10⁻¹⁸ is the ratio of the two."""
    return {"b": -40.0}


@inputs.law(needs=["chain_vjp"])
def activation_from_below(impl: Subject, hold: Hold, net: Batches) -> None:
    """In every layer the gradient of W is that of b times what the layer reads, added up over the batch."""
    dy = np.array(DY[: net.chain.outputs])
    got, below = gradients(impl, net, dy), activations(hold.reference, net)
    alone = [gradients(impl, Feedforward(net.chain, net.parameters, x[np.newaxis]), dy) for x in net.x]
    for layer in range(1, net.depth + 1):
        delta = np.stack([each[f"b_{layer}"] for each in alone])
        hold.equal(got[f"W_{layer}"], delta.T @ below[layer - 1], f"∂E/∂W_{layer}")
        hold.equal(got[f"b_{layer}"], delta.sum(axis=0), f"∂E/∂b_{layer}")


@inputs.law(needs=["chain_vjp"])
def delta_comes_from_above(impl: Subject, hold: Hold, net: Sigmoids) -> None:
    """δ of a layer is that of the next through all of its weights, times the slope; the last has dC/dy."""
    dy = np.array(DY[: net.chain.outputs])
    got, slopes = gradients(impl, net, dy), [slope[0] for slope in sigmoid_slopes(hold.reference, net)]
    hold.equal(got[f"b_{net.depth}"], dy * slopes[-1], f"∂E/∂b_{net.depth}")
    for layer in range(1, net.depth):
        arriving = net.parameters[f"W_{layer + 1}"].T @ got[f"b_{layer + 1}"]
        hold.equal(got[f"b_{layer}"], arriving * slopes[layer - 1], f"∂E/∂b_{layer}")


@inputs.law(needs=["chain", "chain_vjp"])
def raw_input_matters_only_through_it(impl: Subject, hold: Hold, net: ThreeLayers) -> None:
    """Cut off below the middle layer and fed with what came from there, the net has the same gradients."""
    dy = np.array(DY[: net.chain.outputs])
    whole, cut = gradients(impl, net, dy), upper(net, 1, output(impl, lower(net, 1)))
    got = gradients(impl, cut, dy)
    for name in ("W", "b"):
        hold.equal(got[f"{name}_1"], whole[f"{name}_2"], f"∂E/∂{name}_2")


@inputs.law(needs=["chain_vjp"])
def dies_with_the_activation(
    impl: Subject, hold: Hold, b: Annotated[float, reals(-64, -8, unit=0.25)]
) -> None:
    """Where the layer below puts out almost nothing, less than e^−8, the weight learns as little.

    Less still arrives in that layer: its slope a(1 − a) is smaller than its output a.
    """
    hold.given(b <= -8, "z_1 is at most −8")
    got = gradients(impl, one_unit_a_layer([1.0, 1.0, 1.0], [b, 0.0, 0.0], x=0.0), 1.0)
    hold.at_most(2980 * got["W_2"], got["b_2"][np.newaxis], "e^8 ∂E/∂w_2 ≤ ∂E/∂b_2")
    hold.at_most(0.01, got["b_2"], "∂E/∂b_2")
    hold.at_most(got["b_1"], got["W_2"][0], "∂E/∂b_1 ≤ ∂E/∂w_2")


@inputs.proof
def outer_product(prove: Prove) -> None:
    """Three layers of two units, traced: dE/dW_2 = δ aᵀ, and the input is no factor in it."""
    net = prove.chain(Dense(1, 2, "sigmoid"), Dense(2, 2, "sigmoid"), Dense(2, 1, "sigmoid"))
    (a1,), (a2,), (y,) = prove.reference.chain(net.chain, net.parameters, net.inputs).inside
    delta = net.parameters["W_3"][0] * (y * (1 - y)) * a2 * (1 - a2)
    prove.identical(prove.derivative(y[0], net.parameters["W_2"]), np.outer(delta, a1))
    prove.identical(prove.derivative(y[0], net.parameters["b_2"]), delta)
