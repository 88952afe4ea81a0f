"""The gradient of the read-out's weights, which needs no product over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, HOLDS, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    B,
    ReadOut,
    U,
    W,
    filled,
    on_outputs,
    one_unit,
    read_out,
    reading_the_same,
    reads_the_same,
    total,
)
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Dense, Layer, Network
from rnnspec.sources import D0, D3
from rnnspec.strategies import networks
from rnnspec.subject import Subject

GIVEN = "the state h_t is given, although it is a function of all inputs so far"

Tanh = Annotated[
    Network, networks("rnn", activation="tanh", biases="one", hidden=(1, 3), inputs=(1, 2), steps=(1, 4))
]


def _other_past(network: Network) -> Network:
    """Two sequences from one state whose last inputs are the same, and whose first are not."""
    same = reading_the_same(network)
    inputs = same.inputs.copy()
    inputs[0, 1] = -inputs[0, 0]
    start = np.repeat(same.state["h"][:1], 2, axis=0)
    return Network(same.layer, same.parameters, inputs, {"h": start})


def _has_other_past(network: Network) -> bool:
    last = Network(network.layer, network.parameters, network.inputs[1:], network.state)
    return reads_the_same(last) and bool(np.all(network.state["h"] == network.state["h"][:1]))


TwoPasts = Annotated[
    Network,
    networks(
        "rnn",
        activation="tanh",
        biases="one",
        hidden=(1, 2),
        inputs=(1, 1),
        steps=(3, 3),
        batch=(2, 2),
        scales=(0,),
        also=_other_past,
        where=_has_other_past,
    ),
]

# ------------------------------------------------------------------------------------------
present_step = claim(
    "RNN-10",
    title="The gradient of the output weights takes one step, but its value depends on all of them",
    says="""
        The gradient of L_t by the output weights has no long-term dependence; it has only
        to look at the present step and does not depend on earlier moments.
    """,
    statement="∂L_t/∂V = ∂L_t/∂o_t h_tᵀ, without any product over time, whatever x_1, ..., x_{t−1} are.",
    equation="""
        ∂L_t/∂V = ∂L_t/∂o_t h_tᵀ = (ŷ_t − y_t) h_tᵀ   (softmax and cross-entropy)
        ∂/∂X_1 (e S_3) = e U² W + V U² W S_3   (three linear steps, e = O_3 − Y_3)
    """,
    verdict=CONDITIONAL,
    because="""
        V is used once for each output, after the state has been made. So its gradient is one
        outer product, and no Jacobian of a state occurs in it. But it contains h_t and, through
        o_t, the error; and both are functions of everything that was read before. It does
        not vanish with the distance as ∂h_t/∂h_k does; that is what is meant.
    """,
    conditions=(GIVEN,),
    sources=[D0("1.3, RNN"), D0("1.3, DNN and RNN"), D3("6.9, deriving BPTT")],
    rests_on=SAMPLED,
    floats="One product; it may differ by rounding.",
    see=["RNN-11", "RNN-12"],
)


@present_step.as_stated(needs=["run", "chain_vjp"])
def whatever_came_before(impl: Subject, hold: Hold, net: TwoPasts, R: ReadOut) -> None:
    """For the same error, ∂L_3/∂V is the same after another first input."""
    hold.given(_has_other_past(net), "the sequences differ in more than the first input")
    link, given = read_out(net, R)
    h = impl.run(net).outputs[-1]
    one, other = (
        impl.chain_vjp(link, given, h[k : k + 1], np.ones((1, 2))).parameters["W_1"] for k in (0, 1)
    )
    hold.equal(one, other, "∂L_3/∂V")


@present_step.necessity(of=whatever_came_before, condition=GIVEN)
def first_input_of_three() -> Mapping[str, Any]:
    """W = U = 1 and all else 0, after the first inputs 1 and −1: h_3 = ±tanh tanh tanh 1."""
    return {"net": _other_past(_twice(one_unit([1.0, 0.0, 0.0], W_h=1.0, U_h=1.0))), "R": np.zeros((2, 4))}


@present_step.law(needs=["run", "chain", "chain_vjp", "softmax", "loss_gradient"])
def error_times_state(impl: Subject, hold: Hold, net: Tanh, R: ReadOut) -> None:
    """With softmax and cross-entropy, ∂L_t/∂V = (ŷ_t − y_t) h_tᵀ and ∂L_t/∂c = ŷ_t − y_t."""
    link, given = read_out(net, R)
    y = np.resize([1.0, 0.0, 0.25, 0.75], (net.batch, 2))
    for t, h in enumerate(impl.run(net).outputs, start=1):
        o = impl.chain(link, given, h)
        do = impl.loss_gradient("cross_entropy", o, y)
        hold.equal(do, impl.softmax(o) - y, f"∂L_{t}/∂o_{t}")
        back = impl.chain_vjp(link, given, h, do).parameters
        hold.equal(back["W_1"], do.T @ h, f"∂L_{t}/∂V")
        hold.equal(back["b_1"], do.sum(axis=0), f"∂L_{t}/∂c")


@present_step.proof
def no_jacobian_and_yet_the_past(prove: Prove) -> None:
    """Cross-entropy of two classes, traced; and the derivative of ∂L_3/∂V by X_1, mostly not 0."""
    net = prove.chain(Dense(2, 2))
    y = prove.symbols("y", above=0, below=1)
    o = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
    target = prove.matrix([[y[0], 1 - y[0]]])
    do = prove.reference.cross_entropy_gradient(o, target)
    prove.identical(do, prove.reference.softmax(o) - target)
    prove.identical(
        prove.derivative(prove.reference.cross_entropy(o, target)[0], _weights(net)), do.T @ net.inputs
    )

    linear, (V, c, Y) = prove.network(Layer("rnn", 1, 1, activation="identity"), 3), prove.symbols("V c Y")
    S = prove.reference.run(linear).outputs[2, 0, 0]
    w, u, first = linear.parameters[W][0, 0], linear.parameters[U][0, 0], linear.inputs[0, 0, 0]
    e = V * S + c - Y
    moved = prove.derivative(e * S, first)
    prove.identical(moved, e * u**2 * w + V * u**2 * w * S)
    prove.possible(prove.not_(moved == 0))


def _weights(net: Any) -> Any:
    """The weights by which the logits are differentiated."""
    return net.parameters["W_1"]


# ------------------------------------------------------------------------------------------
sum_over_time = claim(
    "RNN-11",
    title="The gradient of V is the sum of those of all steps",
    says="""
        The loss of a recurrent network adds up over time, so that ∂L/∂V is the sum of the
        gradients of all steps.
    """,
    statement="∂L/∂V = Σ_t ∂L_t/∂o_t ∂o_t/∂V.",
    equation="""
        L = L_1 + ... + L_T
        ∂L/∂V = Σ_t ∂L_t/∂o_t h_tᵀ = [∂L_1/∂o_1 ... ∂L_T/∂o_T] [h_1 ... h_T]ᵀ
    """,
    verdict=HOLDS,
    because="""
        A gradient is linear in the loss, and V is the same matrix at every step. The sum of outer
        products is one product of two matrices, and so it is computed.
    """,
    sources=[D3("6.9, deriving BPTT")],
    rests_on=SAMPLED,
    floats="Sums in another order; they may differ by rounding.",
    see=["RNN-10", "RNN-20"],
)


@sum_over_time.law(needs=["run", "chain_vjp"])
def steps_side_by_side(impl: Subject, hold: Hold, net: Tanh, R: ReadOut) -> None:
    """All steps at once give the sum of what they give one by one; and their inputs, one by one."""
    link, given = read_out(net, R)
    h = impl.run(net).outputs
    do = filled(net.steps, net.batch, 2)
    one_by_one = [impl.chain_vjp(link, given, h[t], do[t]) for t in range(net.steps)]
    at_once = impl.chain_vjp(link, given, h.reshape(-1, net.layer.hidden), do.reshape(-1, 2))
    for name in ("W_1", "b_1"):
        hold.equal(at_once.parameters[name], total([p.parameters for p in one_by_one], name), f"∂L/∂{name}")
    hold.equal(at_once.parameters["W_1"], sum(do[t].T @ h[t] for t in range(net.steps)), "∂L/∂V")
    parts = np.concatenate([p.inputs for p in one_by_one])
    hold.equal(at_once.inputs, parts, "∂L/∂h_t")


@sum_over_time.law(needs=["run", "run_vjp", "chain_vjp"])
def recurrent_weights_behind_a_read_out(impl: Subject, hold: Hold, net: Tanh, R: ReadOut) -> None:
    """What V sends back to every state at once is Vᵀ ∂L_t/∂o_t, and through time as good as by itself."""
    link, given = read_out(net, R)
    h = impl.run(net).outputs
    do = filled(net.steps, net.batch, 2)
    dh = impl.chain_vjp(link, given, h.reshape(-1, net.layer.hidden), do.reshape(-1, 2)).inputs
    dh = dh.reshape(h.shape)
    hold.equal(dh, do @ given["W_1"], "∂L_t/∂h_t")
    zero = np.zeros(h.shape)
    parts = []
    for t in range(net.steps):
        alone = zero.astype(object)
        alone[t] = dh[t]
        parts.append(impl.vjp(net, on_outputs(net, alone)).parameters)
    whole = impl.vjp(net, on_outputs(net, dh)).parameters
    for name in (W, U, B):
        hold.equal(whole[name], total(parts, name), f"∂L/∂{name}")


@sum_over_time.proof
def traced(prove: Prove) -> None:
    """Three steps of two units: back-propagation through the read-out, and the derivative of L."""
    net, V = prove.network(Layer("rnn", 1, 2), 3), prove.symbols("V1 V2")[np.newaxis]
    link = prove.chain(Dense(2, 1, bias=False), W_1=V)
    h = prove.reference.run(net).outputs[:, 0]
    Y = prove.symbols("Y1 Y2 Y3")[:, np.newaxis]
    o = prove.reference.chain(link.chain, {"W_1": V}, h).outputs
    do = prove.reference.squared_error_gradient(o, Y, "half")
    back = prove.reference.chain_vjp(link.chain, {"W_1": V}, h, do)
    prove.identical(back.parameters["W_1"][0], sum(do[t, 0] * h[t] for t in range(3)))
    L = prove.reference.squared_error(o, Y, "half").sum()
    prove.identical(back.parameters["W_1"], prove.derivative(L, V))


def _twice(net: Network) -> Network:
    """The same sequence twice, side by side."""
    return Network(net.layer, net.parameters, np.repeat(net.inputs, 2, axis=1), {"h": np.zeros((2, 1))})
