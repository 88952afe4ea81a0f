"""Which inputs an output depends on: in feed-forward and in recurrent networks."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    U,
    W,
    beginning,
    ending,
    power,
    rational,
)
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Dense, Layer, Network
from rnnspec.sources import D1, D2, D3
from rnnspec.strategies import Feedforward, chains, networks
from rnnspec.subject import Subject

Frames = Annotated[Feedforward, chains(depth=(1, 3), batch=(2, 4), activations=("sigmoid", "tanh", "relu"))]
Elman = Annotated[Network, networks("rnn", activation="tanh", hidden=(1, 3), steps=(2, 5))]
Linear = Annotated[
    Network,
    networks(
        "rnn",
        activation="identity",
        hidden=(1, 3),
        inputs=(1, 2),
        steps=(2, 4),
        batch=(1, 1),
        scales=(0, -1, -3),  # so that four steps stay below the largest number of binary16
    ),
]

# ------------------------------------------------------------------------------------------
unrelated = claim(
    "RNN-01",
    title="A feed-forward network takes what it reads at t and at t + 1 for unrelated",
    says="""
        A feed-forward network treats what it reads at step t and at step t + 1 as if the one
        had nothing to do with the other.
    """,
    statement="If y_t = f(x_t) with the same f at every step, then ∂y_t/∂x_s = 0 for s ≠ t.",
    equation="""
        y_t = f(x_t)
        ∂y_t/∂x_s = 0   for s ≠ t
    """,
    verdict=HOLDS,
    because="""
        Nothing of x_s enters the formula of y_t. For such a network a sequence is a batch:
        its members can be exchanged, changed or left out, and the others' outputs stay what
        they are. (A batch norm in training is no such f: it mixes the members.)
    """,
    sources=[D1("0, what an LSTM is"), D3("6.5")],
    rests_on=SAMPLED,
    floats="A row may be rounded otherwise in another place of the batch; a gradient of 0 is 0 exactly.",
    see=["RNN-25", "RNN-26"],
)


@unrelated.law(needs=["chain"])
def each_frame_by_itself(impl: Subject, hold: Hold, net: Frames) -> None:
    """The output of a frame is the same alone and among others."""
    together = impl.chain(net.chain, net.parameters, net.x)
    for t in range(net.batch):
        alone = impl.chain(net.chain, net.parameters, net.x[t : t + 1])
        hold.equal(together[t], alone[0], f"y_{t + 1}")


@unrelated.law(needs=["chain"])
def backwards_in_time(impl: Subject, hold: Hold, net: Frames) -> None:
    """Frames in reverse give the outputs in reverse."""
    y = impl.chain(net.chain, net.parameters, net.x)
    hold.equal(impl.chain(net.chain, net.parameters, net.x[::-1]), y[::-1], "y of the reversed sequence")


@unrelated.law(needs=["chain_vjp"])
def no_gradient_to_other_frames(impl: Subject, hold: Hold, net: Frames) -> None:
    """What y_t is sent back never reaches an x_s of another step."""
    for t in range(net.batch):
        dy = np.zeros((net.batch, net.chain.outputs))
        dy[t] = 1.0
        dx = impl.chain_vjp(net.chain, net.parameters, net.x, dy).inputs
        hold.exactly(np.delete(dx, t, axis=0), 0, f"∂y_{t + 1}/∂x_s, s ≠ {t + 1}")


@unrelated.proof
def no_symbol_of_another_frame(prove: Prove) -> None:
    """Three frames through two layers: the derivatives of y_t by all numbers of x_s are 0."""
    net = prove.chain(Dense(2, 2, "tanh"), Dense(2, 1, "sigmoid"), batch=3)
    y = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
    for t in range(3):
        for s in {0, 1, 2} - {t}:
            prove.identical(prove.derivative(y[t], net.inputs[s]), prove.matrix(np.zeros((1, 2))))


# ------------------------------------------------------------------------------------------
several = claim(
    "RNN-25",
    title="A recurrent network's output depends on all inputs so far, through the state alone",
    says="""
        Recurrent networks have directed cycles: every output depends not on the present step
        alone but on the states of several steps before. They remember the training
        information of earlier steps and follow dependencies far back.
    """,
    statement="o_t = F(x_1, ..., x_t, h_0), and each of these can change it; x_{t+1}, ... cannot.",
    equation="""
        h_t − h'_t = U^(t−s) W (x_s − x'_s)   without an activation, if only x_s differs
        h_T = F(x_{s+1}, ..., x_T; h_s)
    """,
    verdict=HOLDS,
    because="""
        Unrolled, h_t is a composition of t steps, and every one of them reads an input. All that
        the later steps know of the earlier ones is the state: who knows h_s need not know what
        led to it. What is remembered are inputs of this sequence. Of "training
        information", as one document has it, nothing is in the state: a second run of the
        same network begins anew.
    """,
    sources=[D2("introduction"), D3("6.4"), D3("6.5"), D3("6.6")],
    rests_on=SAMPLED,
    floats="The same operations in the same order; what differs may differ by rounding.",
    see=["RNN-01", "RNN-03"],
)


@several.law(needs=["run"])
def early_inputs_change_late_outputs(impl: Subject, hold: Hold, net: Linear) -> None:
    """Without an activation, x_1 + 1 in the place of x_1 adds U^(t−1) W 1 to every later h_t."""
    changed = net.inputs.copy()
    changed[0] = impl.format.round(changed[0] + 1)
    step = rational(changed[0, 0]) - rational(net.inputs[0, 0])
    other = Network(net.layer, net.parameters, changed, net.state)
    difference = impl.run(other).outputs[:, 0] - impl.run(net).outputs[:, 0]
    for t in range(net.steps):
        arrived = power(rational(net.parameters[U]), t) @ (rational(net.parameters[W]) @ step)
        hold.equal(difference[t], arrived, f"what x_1 has changed in h_{t + 1}")


@several.law(needs=["run"])
def nothing_is_foreseen(impl: Subject, hold: Hold, net: Elman) -> None:
    """The first outputs are the same whether or not anything follows."""
    outputs = impl.run(net).outputs
    for t in range(1, net.steps):
        hold.equal(impl.run(beginning(net, t)).outputs, outputs[:t], f"h_1 ... h_{t}")


@several.law(needs=["run"])
def the_state_is_all_that_is_kept(impl: Subject, hold: Hold, net: Elman) -> None:
    """From h_s on, a run goes on as it would have."""
    outputs = impl.run(net).outputs
    for s in range(1, net.steps):
        hold.equal(impl.run(ending(net, s, outputs[s - 1])).outputs, outputs[s:], f"after h_{s}")


@several.law(needs=["run"])
def nothing_is_left_of_other_runs(impl: Subject, hold: Hold, net: Elman) -> None:
    """A run from the state 0 is the same, whatever has run before it."""
    fresh = Network(net.layer, net.parameters, net.inputs, {"h": np.zeros_like(net.state["h"])})
    before = impl.run(fresh).outputs
    impl.run(net)
    hold.equal(impl.run(fresh).outputs, before, "the same run, later")


@several.proof
def every_input_so_far_and_no_other(prove: Prove) -> None:
    """Three tanh steps of one unit: ∂h_t/∂x_s is positive for s ≤ t (if W, U > 0), and 0 for s > t."""
    w, u = prove.symbols("w u", above=0)
    net = prove.network(Layer("rnn", 1, 1), 3, W_h=w, U_h=u)
    h = prove.reference.run(net).outputs[:, 0, 0]
    for t in range(3):
        for s in range(3):
            influence = prove.derivative(h[t], net.inputs[s, 0, 0])
            if s > t:
                prove.identical(influence, 0)
            else:
                prove.positive(influence)
