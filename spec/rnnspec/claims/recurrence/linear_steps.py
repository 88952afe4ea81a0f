"""Three steps without an activation: the example with which the gradients are explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, HOLDS, REFUTED, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    B,
    ReadOut,
    U,
    W,
    beginning,
    filled,
    on_outputs,
    on_the_last,
    one_unit,
    power,
    rational,
    read_out,
    states,
    total,
)
from rnnspec.evidence import Cotangent, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Dense, Layer, Network
from rnnspec.sources import D0, D2, D3
from rnnspec.strategies import arrays, networks
from rnnspec.subject import Array, Subject

ThreeSteps = Annotated[
    Network,
    networks(
        "rnn",
        activation="identity",
        biases="one",
        hidden=(1, 3),
        inputs=(1, 2),
        steps=(3, 3),
        scales=(-1, -2, -3),  # so that products of states and their gradients fit into binary16
    ),
]
Tanh = Annotated[
    Network, networks("rnn", activation="tanh", biases="one", hidden=(1, 3), inputs=(1, 2), steps=(1, 4))
]
Targets = Annotated[Array, arrays(5, 2, 3)]
"""Of up to four outputs of two sequences, and in the first place for an output o_0."""

LINEAR = Layer("rnn", 1, 1, activation="identity")

# ------------------------------------------------------------------------------------------
forward = claim(
    "RNN-06",
    title="Three linear steps, and the state they lead to",
    says="""
        With S_0 given and no activation, three time steps are
        S_t = W_x X_t + W_s S_{t−1} + b_1 and O_t = W_o S_t + b_2.
    """,
    statement="S_3 = U³ S_0 + U² (W X_1 + b) + U (W X_2 + b) + (W X_3 + b) and O_3 = V S_3 + c.",
    equation="""
        S_t = W X_t + U S_{t−1} + b,   O_t = V S_t + c,   t = 1, 2, 3
        S_T = U^T S_0 + Σ_k U^(T−k) (W X_k + b)
    """,
    verdict=HOLDS,
    because="""
        The formulas are pictures in the document and are read from its source. Put one step
        into the next, and each input is multiplied by U once for every step that follows it.
    """,
    sources=[D0("1.3, RNN")],
    rests_on=SAMPLED,
    floats="Products and sums in another order; they may differ by rounding.",
    see=["RNN-02", "RNN-12"],
)


@forward.law(needs=["run"])
def closed_form(impl: Subject, hold: Hold, net: ThreeSteps) -> None:
    """Every S_t is U^t S_0 + Σ_k U^(t−k) (W X_k + b)."""
    w, u, b = (rational(net.parameters[name]) for name in (W, U, B))
    X, start = rational(net.inputs), rational(net.state["h"])
    for t, S in enumerate(impl.run(net).outputs, start=1):
        read = sum((X[k - 1] @ w.T + b) @ power(u, t - k).T for k in range(1, t + 1))
        hold.equal(S, start @ power(u, t).T + read, f"S_{t}")


@forward.law(needs=["run", "chain"])
def outputs_of_each_step(impl: Subject, hold: Hold, net: ThreeSteps, R: ReadOut) -> None:
    """O_t = V S_t + c: every output is read from its own state."""
    link, given = read_out(net, R)
    S = impl.run(net).outputs
    together = impl.chain(link, given, S.reshape(-1, net.layer.hidden)).reshape(3, net.batch, 2)
    for t in range(3):
        hold.equal(together[t], S[t] @ given["W_1"].T + given["b_1"], f"O_{t + 1}")


@forward.proof
def traced(prove: Prove) -> None:
    """Three steps of two units; and T steps of one with a constant input, by induction."""
    net = prove.network(Layer("rnn", 2, 2, activation="identity"), 3)
    w, u, b = (net.parameters[name] for name in (W, U, B))
    X, start = net.inputs[:, 0], net.state["h"][0]
    driven = u @ u @ (w @ X[0] + b) + u @ (w @ X[1] + b) + (w @ X[2] + b)
    prove.identical(prove.reference.run(net).outputs[2, 0], u @ u @ u @ start + driven)
    q, S0, a = prove.symbols("q S0 a")
    prove.closed_form(
        lambda T: q**T * S0 + (1 - q**T) / (1 - q) * a,
        first=q * S0 + a,
        then=lambda T, S: q * S + a,
        where=[q != 1],
    )


# ------------------------------------------------------------------------------------------
FROM_ONE = "the sum begins at t = 1, with the first output"

loss_over_time = claim(
    "RNN-07",
    title="The loss of a sequence is the sum of the losses of its T outputs",
    says="""
        At every step there is a loss, at t = 3 half the squared error; the loss of a training
        pass is their sum. One document sums from t = 0.
    """,
    statement="L_t = ½ |Y_t − O_t|² and L = Σ_t L_t, t = 0, ..., T.",
    equation="""
        L_t = ½ |Y_t − O_t|²
        L = L_1 + L_2 + ... + L_T
        ∂L/∂θ = Σ_t ∂L_t/∂θ
    """,
    verdict=CONDITIONAL,
    because="""
        There is no output at t = 0: O_0 has no formula. Who takes V S_0 + c for it adds the loss
        of a prediction that no input has led to and no recurrent weight can change. From
        t = 1 on, the sum is what the squared error of the whole sequence is, read as one
        long vector; and differentiating term by term is allowed, since a gradient is linear.
    """,
    conditions=(FROM_ONE,),
    sources=[D0("1.3, RNN"), D2("vanishing gradients"), D3("6.9, deriving BPTT")],
    rests_on=SAMPLED,
    floats="Sums in another order; they may differ by rounding.",
    see=["RNN-11", "RNN-20"],
)


@loss_over_time.as_stated(needs=["run", "loss"])
def from_zero(impl: Subject, hold: Hold, net: Tanh, Y: Targets) -> None:
    """Σ_{t≥0} L_t, with S_t for O_t, is the squared error of the T outputs."""
    hs, Y = states(impl, net), Y[:, : net.batch, : net.layer.hidden]
    losses = [impl.loss("half_squares", S, Y[t]).sum() for t, S in enumerate(hs)]
    hold.equal(sum(losses), sum(losses[1:]), "L")


@loss_over_time.necessity(of=from_zero, condition=FROM_ONE)
def start_that_was_not_asked_for() -> Mapping[str, Any]:
    """One step from S_0 = 1 with all weights 0: O_1 = 0 = Y_1, and L_0 = ½."""
    return {"net": one_unit([0.0], h=1.0), "Y": np.zeros((5, 2, 3))}


@loss_over_time.law(needs=["run", "loss"])
def one_long_vector(impl: Subject, hold: Hold, net: Tanh, Y: Targets) -> None:
    """The losses of all steps add up to that of the sequence as one vector."""
    O = impl.run(net).outputs  # the read-out is the identity
    Y = Y[1 : net.steps + 1, : net.batch, : net.layer.hidden]
    by_step = sum(impl.loss("half_squares", O[t], Y[t]) for t in range(net.steps))
    joined = [np.concatenate(list(values), axis=1) for values in (O, Y)]
    hold.equal(impl.loss("half_squares", *joined), by_step, "L")


@loss_over_time.law(needs=["run", "loss_gradient", "run_vjp"])
def gradients_add_up(impl: Subject, hold: Hold, net: Tanh, Y: Targets) -> None:
    """The gradient of L is the sum of those of L_1, ..., L_T."""
    O = impl.run(net).outputs
    Y = Y[1 : net.steps + 1, : net.batch, : net.layer.hidden]
    d = np.stack([impl.loss_gradient("half_squares", O[t], Y[t]) for t in range(net.steps)])
    parts = [
        impl.vjp(short, on_the_last(short, d[t - 1])).parameters
        for t in range(1, net.steps + 1)
        for short in [beginning(net, t)]
    ]
    whole = impl.vjp(net, on_outputs(net, d)).parameters
    for name in (W, U, B):
        hold.equal(whole[name], total(parts, name), f"∂L/∂{name}")


@loss_over_time.proof
def traced_loss(prove: Prove) -> None:
    """Three steps with a read-out: the gradient of L_1 + L_2 + L_3 is what back-propagation returns."""
    net = prove.network(LINEAR, 3)
    V, c, *Y = prove.symbols("V c Y1 Y2 Y3")
    O = V * prove.reference.run(net).outputs[:, :, 0] + c
    Y = np.array(Y, dtype=object)[:, np.newaxis]
    L = prove.reference.squared_error(O, Y, "half").sum()
    prove.identical(L, sum((y - o) ** 2 for y, o in zip(Y[:, 0], O[:, 0], strict=True)) / 2)
    e = prove.reference.squared_error_gradient(O, Y, "half")
    back = prove.reference.vjp(net, Cotangent((V * e)[:, :, np.newaxis], {"h": prove.matrix([[0]])}))
    for name, parameter in net.parameters.items():
        prove.identical(back.parameters[name], prove.derivative(L, parameter))


# ------------------------------------------------------------------------------------------
five = claim(
    "RNN-08",
    title="Five groups of parameters, and the gradient of each in three linear steps",
    says="Training means to differentiate by W_x, W_s, W_o and by b_1, b_2.",
    statement="The linear model has these five groups of parameters, and L_3 has a gradient for each.",
    equation="""
        with e = O_3 − Y_3 and δ = Vᵀ e
        ∂L_3/∂V = e S_3ᵀ                      ∂L_3/∂c = e
        ∂L_3/∂U = Σ_k (U^(3−k))ᵀ δ S_{k−1}ᵀ   ∂L_3/∂W = Σ_k (U^(3−k))ᵀ δ X_kᵀ
        ∂L_3/∂b = (1 + Uᵀ + U²ᵀ) δ
    """,
    verdict=HOLDS,
    because="""
        W, U and b belong to the recurrence, V and c to the read-out. The chain rule gives the five
        closed forms; the bias of the recurrence is counted once for every step in
        which it is added.
    """,
    sources=[D0("1.3, RNN")],
    rests_on=SAMPLED,
    floats="Sums of a few products; they may differ by rounding.",
    see=["RNN-09", "RNN-12"],
)


@five.law(needs=["run_vjp"])
def recurrent_bias(impl: Subject, hold: Hold, net: ThreeSteps) -> None:
    """∂L_3/∂b = (1 + Uᵀ + U²ᵀ) δ, added up over the batch, for any δ = ∂L_3/∂S_3."""
    d, u = filled(net.batch, net.layer.hidden), rational(net.parameters[U])
    b = impl.vjp(net, on_the_last(net, d)).parameters[B]
    hold.equal(b, (rational(d) @ (power(u, 0) + u + power(u, 2))).sum(axis=0), "∂L_3/∂b")


@five.law(needs=["run", "run_vjp", "chain", "chain_vjp", "loss_gradient"])
def all_five(impl: Subject, hold: Hold, net: ThreeSteps, R: ReadOut, Y: Targets) -> None:
    """Through the read-out and all steps: each of the five gradients is its closed form."""
    (link, given), hs = read_out(net, R), states(impl, net)
    e = impl.loss_gradient("half_squares", impl.chain(link, given, hs[3]), Y[3, : net.batch, :2])
    out = impl.chain_vjp(link, given, hs[3], e)
    hold.equal(out.parameters["W_1"], e.T @ hs[3], "∂L_3/∂V")
    hold.equal(out.parameters["b_1"], e.sum(axis=0), "∂L_3/∂c")
    back = impl.vjp(net, on_the_last(net, out.inputs)).parameters
    u, d = net.parameters[U], {3: e @ given["W_1"]}
    d[2] = d[3] @ u
    d[1] = d[2] @ u
    hold.equal(back[W], sum(d[k].T @ net.inputs[k - 1] for k in (1, 2, 3)), "∂L_3/∂W")
    hold.equal(back[U], sum(d[k].T @ hs[k - 1] for k in (1, 2, 3)), "∂L_3/∂U")
    hold.equal(back[B], sum(d[k].sum(axis=0) for k in (1, 2, 3)), "∂L_3/∂b")


@five.proof
def derivatives_of_the_loss(prove: Prove) -> None:
    """One unit: L_3 written out and differentiated by each of the five."""
    net, read, (Y,) = prove.network(LINEAR, 3), prove.chain(Dense(1, 1)), prove.symbols("Y")
    V, c = read.parameters["W_1"][0, 0], read.parameters["b_1"][0]
    S = [net.state["h"][0, 0], *prove.reference.run(net).outputs[:, 0, 0]]
    (w, u, b), X = (net.parameters[name].flat[0] for name in (W, U, B)), net.inputs[:, 0, 0]
    e = V * S[3] + c - Y
    L = e**2 / 2
    prove.identical(len(net.parameters) + len(read.parameters), 5)
    prove.identical(prove.derivative(L, V), e * S[3])
    prove.identical(prove.derivative(L, c), e)
    prove.identical(prove.derivative(L, w), e * V * (X[2] + u * X[1] + u**2 * X[0]))
    prove.identical(prove.derivative(L, u), e * V * (S[2] + u * S[1] + u**2 * S[0]))
    prove.identical(prove.derivative(L, b), e * V * (1 + u + u**2))


# ------------------------------------------------------------------------------------------
three = claim(
    "RNN-09",
    title="The biases have to be found as well: five groups of parameters, not three",
    says="Three parameters need to be optimised: U, V and W.",
    statement="The model of section 6.8 has no other parameters than U, V and W.",
    equation="""
        h = φ(U x + W h + b),  o = V h + c:   U, V, W, b, c
        ∂L/∂b = Σ_t δ_t,   ∂L/∂c = Σ_t ∂L/∂o_t
    """,
    verdict=REFUTED,
    because="""
        The model that the same document prints a section before has the biases b and c. Their
        gradients are not 0, so descent moves them. A bias is the weight of an input
        that is always 1: who leaves it out takes that input away.
    """,
    corrected="""
        There are five groups. ∂L/∂b is the column of ∂L/∂W that belongs to an input that is always
        1, and ∂L/∂c is the sum of ∂L/∂o_t over the steps.
    """,
    sources=[D3("6.9, deriving BPTT")],
    rests_on=SAMPLED,
    floats="Sums in another order; they may differ by rounding.",
    see=["RNN-08"],
)


@three.as_stated(needs=["run_vjp"])
def nothing_else_to_find(impl: Subject, hold: Hold, net: Tanh) -> None:
    """The loss does not depend on b: its gradient is 0."""
    hold.equal(impl.vjp(net, on_the_last(net, 1.0)).parameters[B], 0, "∂L/∂b")


@three.witness(of=nothing_else_to_find)
def bias_alone() -> Mapping[str, Any]:
    """One step with all numbers 0: ∂h_1/∂b = tanh'(0) = 1."""
    return {"net": one_unit([0.0])}


@three.law(needs=["run_vjp"])
def weight_of_a_constant_input(impl: Subject, hold: Hold, net: Tanh) -> None:
    """If the last input is always 1, then ∂L/∂b is the last column of ∂L/∂W."""
    inputs = net.inputs.copy()
    inputs[:, :, -1] = 1.0
    constant = Network(net.layer, net.parameters, inputs, net.state)
    d = filled(net.steps, net.batch, net.layer.hidden)
    back = impl.vjp(constant, on_outputs(constant, d)).parameters
    hold.equal(back[B], back[W][:, -1], "∂L/∂b")


@three.law(needs=["run", "chain_vjp"])
def bias_of_the_read_out(impl: Subject, hold: Hold, net: Tanh, R: ReadOut) -> None:
    """∂L/∂c is the sum of ∂L/∂o_t over all steps, and V's is that of ∂L/∂o_t h_tᵀ."""
    link, given = read_out(net, R)
    h = impl.run(net).outputs.reshape(-1, net.layer.hidden)
    do = filled(len(h), 2)
    back = impl.chain_vjp(link, given, h, do).parameters
    hold.equal(back["b_1"], do.sum(axis=0), "∂L/∂c")
    hold.equal(back["W_1"], do.T @ h, "∂L/∂V")


@three.proof
def five_groups(prove: Prove) -> None:
    """Groups counted; and for one step ∂h/∂b = φ'(z) > 0 and ∂o/∂c = 1, for all numbers."""
    net, read = prove.network(Layer("rnn", 1, 1), 1), prove.chain(Dense(1, 1))
    prove.identical(len(net.parameters) + len(read.parameters), 5)
    h = prove.reference.run(net).outputs[0, 0, 0]
    prove.positive(prove.derivative(h, net.parameters[B][0]))
    o = prove.reference.chain(read.chain, read.parameters, prove.matrix([[h]])).outputs[0, 0]
    prove.identical(prove.derivative(o, read.parameters["b_1"][0]), 1)
