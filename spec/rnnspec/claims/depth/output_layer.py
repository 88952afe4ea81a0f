"""The gradient at the output layer, and what it means for the layers below."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import LOOSE, SAMPLED, claim
from rnnspec.claims.depth.layers import (
    activations,
    at_rest,
    gradients,
    output,
    square_of_a_norm,
)
from rnnspec.evidence import Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, arrays, chains, one_unit_a_layer, reals, wholes
from rnnspec.subject import Array, Subject

Sigmoids = Annotated[
    Feedforward, chains(depth=(1, 3), width=(1, 3), inputs=(1, 2), batch=(1, 1), activations=("sigmoid",))
]
SeveralLayers = Annotated[
    Feedforward, chains(depth=(2, 3), width=(1, 3), inputs=(1, 2), batch=(1, 1), activations=("sigmoid",))
]
Targets = Annotated[Array, arrays(1, 3, low=0, high=1)]
Wrong = Annotated[float, reals(0, 32, unit=1 / 8)]
"""A pre-activation from 0 on, where the target 0 is missed by 1/2 or more."""

# ------------------------------------------------------------------------------------------
output_layer = claim(
    "DEP-22",
    title="The output layer's gradient has no product over depth, but it can vanish by its own slope",
    says="""
        The gradient of weights that belong to the output layer neither vanishes nor explodes,
        because nothing is multiplied: it takes a single step.
    """,
    statement="As long as the output is wrong, |∂E/∂net_o| stays away from 0, and it is bounded.",
    equation="""
        |∂E/∂net_o| = |o − t| o (1 − o) ≤ 4/27   for t in [0, 1]
        t = 0, net_o = 20:  ∂E/∂net_o = 2.061 · 10⁻⁹, although o − t ≈ 1
        cross-entropy:  ∂E/∂net_o = o − t = 0.999999998
    """,
    verdict=LOOSE,
    because="""
        There is indeed no product over the layers, and the gradient by net_o is at most 4/27, which
        it reaches at o = 2/3 with the target 0. But the output has a sigmoid, too, whose slope is a
        factor. Where it is saturated on the wrong side, the squared error hardly has a gradient,
        although the error could not be larger. With cross-entropy the slope cancels, and what is
        left is the error itself.
    """,
    corrected="""
        The gradient at the output layer has one slope as a factor and no product over depth: it is
        at most 4/27 and may vanish in saturation. With the cross-entropy of one output, or of two
        classes, it is the error, o − t.
    """,
    sources=[D0("1.3, DNN and RNN")],
    see=["DEP-03", "DEP-21"],
)


@output_layer.as_stated(needs=["chain", "loss_gradient", "chain_vjp"])
def learns_while_it_errs(impl: Subject, hold: Hold, z: Wrong) -> None:
    """An output that misses its target by 1/2 or more has a gradient of 1/100 at least."""
    hold.given(z >= 0, "an output of 1/2 or more, for the target 0")
    net = one_unit_a_layer([1.0], x=z)
    dy = impl.loss_gradient("half_squares", output(impl, net), np.zeros((1, 1)))
    hold.at_most(0.01, abs(gradients(impl, net, dy)["b_1"]), "1/100 ≤ |∂E/∂net_o|")


@output_layer.witness(of=learns_while_it_errs)
def saturated_on_the_wrong_side() -> Mapping[str, Any]:
    """net_o = 20 for the target 0."""
    return {"z": 20.0}


@output_layer.law(needs=["chain", "loss_gradient", "chain_vjp"])
def one_slope_at_any_depth(impl: Subject, hold: Hold, net: Sigmoids, targets: Targets) -> None:
    """However many layers there are below, the gradient is (o − t) o (1 − o), and at most 4/27."""
    hold.given(bool(((targets >= 0) & (targets <= 1)).all()), "targets within [0, 1]")
    t = targets[:, : net.chain.outputs]
    got = gradients(impl, net, impl.loss_gradient("half_squares", output(impl, net), t))
    (o,) = activations(hold.reference, net)[-1]
    hold.equal(got[f"b_{net.depth}"], (o - t[0]) * o * (1 - o), "∂E/∂net_o")
    hold.at_most(27 * abs(got[f"b_{net.depth}"]), 4, "27 |∂E/∂net_o|")


@output_layer.law(needs=["loss_gradient"])
def cross_entropy_does_not_saturate(impl: Subject, hold: Hold, z: Wrong) -> None:
    """For two classes with the logits z and 0 it is σ(z) − t: at least 1/2 where it is wrong."""
    hold.given(z >= 0, "the wrong class is the likelier one")
    logits, t = np.array([[z, 0.0]]), np.array([[0.0, 1.0]])
    ((g, other),) = impl.loss_gradient("cross_entropy", logits, t)
    (o,) = hold.reference.activation("sigmoid", np.array([z]))
    hold.equal(g, o, "∂E/∂z")
    hold.equal(other, -o, "∂E by the other logit")
    hold.at_most(0.5, g, "1/2 ≤ ∂E/∂z")


@output_layer.proof
def four_27ths(prove: Prove) -> None:
    """|(o − t) o (1 − o)| ≤ 4/27, reached at o = 2/3 and t = 0; with cross-entropy it is p − t.

    The traced layer reads symbols: whatever stands below it is in these. For the target 0 its
    gradient tends to 0 on both sides, also where o tends to 1.
    """
    net, targets = prove.chain(Dense(2, 2, "sigmoid")), prove.symbols("t1 t2")[np.newaxis]
    out = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
    dy = prove.reference.squared_error_gradient(out, targets, "half")
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, dy).parameters
    prove.identical(back["b_1"], ((out - targets) * out * (1 - out))[0])
    prove.tends_to(prove.activation("sigmoid") * prove.slope("sigmoid"), 0)
    o, t = prove.symbols("o t", at_least=0, at_most=1)
    bound, at = Fraction(4, 27), prove.number(2, 3)
    prove.valid(abs((o - t) * o * (1 - o)) <= bound)
    prove.identical(at * at * (1 - at), bound)
    z, (p,) = prove.symbols("z1 z2"), prove.symbols("p")
    logits, targets = z[np.newaxis], prove.matrix([[p, 1 - p]])
    dE = prove.reference.cross_entropy_gradient(logits, targets)
    prove.identical(dE[0], prove.derivative(prove.reference.cross_entropy(logits, targets)[0], z))
    prove.identical(dE, prove.reference.softmax(logits) - targets)
    alone = prove.reference.softmax(prove.matrix([[prove.x, 0]]))[0, 0]
    prove.identical(alone, 1 / (1 + prove.exp(-prove.x)))


@output_layer.enclosure
def at_twenty(enclose: Enclose) -> None:
    """max s²(1 − s) = 4/27 at 2/3; at net_o = 20 it is 2.061 · 10⁻⁹, where the error is 0.999999998."""
    enclose.maximum(lambda f, s: s * s * (1 - s), is_="0.148148", at="0.666667", s=(0, 1))
    enclose.value(lambda f: f.activation("sigmoid", 20) * f.slope("sigmoid", 20), "2.061e-9")
    enclose.value(lambda f: f.activation("sigmoid", 20), "0.999999998")


# ------------------------------------------------------------------------------------------
independence = claim(
    "DEP-23",
    title="The gradients of different layers are not independent; their parameters are",
    says="""
        In a feed-forward network the gradients of the weights are independent of each other: those
        that have to vanish do, and the others do not.
    """,
    statement="Whether a layer's gradient vanishes says nothing about the layers below it.",
    equation="""
        δ_l = (W_{l+1})ᵀ δ_{l+1} ⊙ σ'(z_l)
        δ_{l+1} = 0  ⇒  δ_l = 0
        ‖δ_l‖ ≤ ¼ ‖W_{l+1}‖ ‖δ_{l+1}‖
    """,
    verdict=LOOSE,
    because="""
        Every δ is made from the one above it. If that is 0, as below a dead ReLU, then all lower
        gradients are 0; and if it is small, they are as small, but for the norm of the weights.
        What is meant, in comparison with a recurrent network, is right: no parameter is used in
        two layers, so the gradient of each is one term, and no sum over layers.
    """,
    corrected="""
        A lower layer's gradient is bounded by the one above it, and is 0 where that is. But layers
        share no parameters: were they to share one, its gradient would be the sum of theirs.
    """,
    sources=[D0("1.3, DNN and RNN")],
    rests_on=SAMPLED,
    see=["DEP-08", "DEP-21", "DEP-22", "RNN-20"],
)


@independence.as_stated(needs=["chain_vjp"])
def goes_its_own_way(
    impl: Subject, hold: Hold, b: Annotated[float, reals(-4, 4, unit=1 / 8, where=lambda b: b != -0.5)]
) -> None:
    """The first of three layers learns, whether the second, a ReLU with z_2 = 1/2 + b, does or not."""
    hold.given(b != -0.5, "z_2 is not 0")
    chain = Chain((Dense(1, 1, "sigmoid"), Dense(1, 1, "relu"), Dense(1, 1, "sigmoid")))
    biases = {"b_1": np.zeros(1), "b_2": np.array([b]), "b_3": np.zeros(1)}
    ones = {f"W_{layer}": np.ones((1, 1)) for layer in (1, 2, 3)}
    got = gradients(impl, Feedforward(chain, {**ones, **biases}, np.zeros((1, 1))), 1.0)
    hold.strictly_less(0, abs(got["b_1"]), "0 < |∂C/∂b_1|")


@independence.witness(of=goes_its_own_way)
def nothing_from_above() -> Mapping[str, Any]:
    """z_2 = −1/2: the second layer's gradient is 0, and with it the first's; the third has one."""
    return {"b": -1.0}


@independence.law(needs=["chain_vjp"])
def nothing_passes_a_dead_layer(
    impl: Subject, hold: Hold, W: Annotated[Array, arrays(3, 2, 2)], x: Annotated[Array, arrays(1, 2)]
) -> None:
    """Below a layer of dead ReLUs every gradient is 0, exactly, and above it the bias still learns."""
    chain = Chain((Dense(2, 2, "sigmoid"), Dense(2, 2, "relu"), Dense(2, 2, "sigmoid")))
    biases = {"b_1": np.zeros(2), "b_2": np.full(2, -16.0), "b_3": np.zeros(2)}
    net = Feedforward(chain, {"W_1": W[0], "W_2": W[1], "W_3": W[2], **biases}, x)
    got = gradients(impl, net, 1.0)
    for name in ("b_2", "W_2", "b_1", "W_1", "x"):
        hold.exactly(got[name], 0, f"∂C/∂{name}")
    hold.equal(got["b_3"], 0.25, "∂C/∂b_3")


@independence.law(needs=["chain_vjp"])
def bounded_by_the_layer_above(impl: Subject, hold: Hold, net: SeveralLayers) -> None:
    """16 ‖δ_l‖² ≤ ‖W_{l+1}‖² ‖δ_{l+1}‖², with a bound for the norm."""
    got = gradients(impl, net, np.array([1.0, -2.0, 0.5])[: net.chain.outputs])
    for layer in range(1, net.depth):
        bound = float(square_of_a_norm(net.parameters[f"W_{layer + 1}"]))
        below, above = ((got[f"b_{k}"] ** 2).sum() for k in (layer, layer + 1))
        hold.at_most(16 * below, above * bound, f"16 ‖δ_{layer}‖²")


@independence.law(needs=["chain_vjp"])
def each_layer_its_own_term(
    impl: Subject,
    hold: Hold,
    w: Annotated[float, reals(-4, 4, unit=1 / 8)],
    depth: Annotated[int, wholes(2, 4)],
) -> None:
    """In a chain of equal layers, at z = 0, each weight's gradient is its own: (w/4)^{L−l}/8."""
    got = gradients(impl, at_rest([w] * depth), 1.0)
    for layer in range(1, depth + 1):
        hold.equal(got[f"W_{layer}"], Fraction(w / 4) ** (depth - layer) / 8, f"∂C/∂w_{layer}")


@independence.proof
def sum_if_they_were_shared(prove: Prove) -> None:
    """Of two layers traced: δ_1 = W_2ᵀ δ_2 ⊙ σ', 0 if δ_2 is; of one weight in both, the sum of both."""
    net, v = prove.chain(Dense(1, 2, "sigmoid"), Dense(2, 2, "sigmoid")), prove.symbols("v1 v2")
    (h,), _ = prove.reference.chain(net.chain, net.parameters, net.inputs).inside
    own = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, v[np.newaxis]).parameters
    below = net.parameters["W_2"].T @ own["b_2"]
    prove.identical(own["b_1"], below * h * (1 - h))
    prove.identical(prove.at(own["b_1"], {"v1": 0, "v2": 0}), [0, 0])

    one = prove.chain(Dense(1, 1, "sigmoid"), Dense(1, 1, "sigmoid"))
    w = one.parameters["W_1"]
    shared = {**one.parameters, "W_2": w}
    y = prove.reference.chain(one.chain, shared, one.inputs).outputs
    each = prove.reference.chain_vjp(one.chain, shared, one.inputs, np.ones((1, 1))).parameters
    prove.identical(prove.derivative(y[0, 0], w[0, 0]), each["W_1"][0, 0] + each["W_2"][0, 0])
