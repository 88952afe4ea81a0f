"""What stands in the place of the network's input in the layers above the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import LOOSE, SAMPLED, claim
from rnnspec.claims.depth.layers import (
    DY,
    Sigmoids,
    activations,
    gradients,
    lower,
    output,
    sigmoid_slopes,
    upper,
)
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Dense
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, chains, one_unit_a_layer, reals
from rnnspec.subject import Subject

Batches = Annotated[
    Feedforward, chains(depth=(1, 3), width=(1, 3), inputs=(1, 3), batch=(1, 2), activations=("sigmoid",))
]
ThreeLayers = Annotated[
    Feedforward, chains(depth=(3, 3), width=(1, 3), inputs=(1, 2), batch=(1, 1), activations=("sigmoid",))
]

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
