"""What kind of recurrent network an LSTM is, beside that of Elman."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from rnnspec.claim import HOLDS, SAMPLED, claim
from rnnspec.claims.lstm.words import FAR, LEFT, affine, forced, starting
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0, D1
from rnnspec.strategies import networks, wholes
from rnnspec.subject import Subject

Step = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2), biases="one")]
Sequence = Annotated[Network, networks("lstm", steps=(1, 4), hidden=(1, 3), inputs=(1, 2))]
Cut = Annotated[int, wholes(0, 4)]

# ------------------------------------------------------------------------------------------
special_rnn = claim(
    "LST-29",
    title="An LSTM is a recurrent network with the pair (h, C) as its state, but never Elman's",
    says="The LSTM is a variant of the RNN, a special recurrent network, and like it processes sequences.",
    statement="(h_t, C_t) = F(h_{t-1}, C_{t-1}, x_t) with one F for all t.",
    equation="""
        s_t = F(s_{t-1}, x_t),   s = (h, C) ∈ ℝ^(2n)
        f = 0, i = o = 1:   h_t = tanh(tanh(W_g x_t + U_g h_{t-1} + b_g))
        |h_t| < tanh(|C_{t-1}| + 1) < 1;   from an empty cell tanh(1) = 0.7616
    """,
    verdict=HOLDS,
    because="""
        The same equations are applied at every step to a state of 2n numbers, which is what makes
        a network recurrent; so a run can be cut anywhere and taken up with (h, C). The tanh network of
        Elman is not among the LSTMs, though: even with f = 0 and i = o = 1 there is a second tanh on the
        way out, and tanh(tanh z) is smaller than tanh z. Whatever the parameters, one step from a cell C
        shows less than tanh(|C| + 1), from an empty one less than 0.7616, where Elman's tanh z comes
        as near to 1 as one likes, if it reads anything at all: an input or its last output.
    """,
    sources=[D0("2, LSTM"), D1("0, what an LSTM is"), D1("3, in detail")],
    rests_on=SAMPLED,
    floats="A run that is cut computes the same steps. Of a large cell, h and its bound may both round to 1.",
    see=["LST-10", "LST-11", "RNN-01", "RNN-02"],
)


@special_rnn.law(needs=["run"])
def may_be_cut_anywhere(impl: Subject, hold: Hold, net: Sequence, cut: Cut) -> None:
    """Two runs, the second from the state in which the first ended, are one run."""
    s = min(cut, net.steps)
    whole = impl.run(net)
    first = impl.run(replace(net, inputs=net.inputs[:s]))
    second = impl.run(replace(net, inputs=net.inputs[s:], state=first.state))
    hold.equal(first.outputs, whole.outputs[:s], "outputs before the cut")
    hold.equal(second.outputs, whole.outputs[s:], "outputs after the cut")
    for name in ("h", "c"):
        hold.equal(second.state[name], whole.state[name], f"the final {name}")


@special_rnn.law(needs=["run"])
def a_second_tanh(impl: Subject, hold: Hold, net: Step) -> None:
    """With f = 0 and i = o = 1 it is Elman's network but for a second tanh."""
    net = starting(forced(net, f=-FAR, i=FAR, o=FAR), c=1)
    tanh = hold.reference.activation("tanh", affine(net, "g"))
    shown = impl.run(net).outputs[0]
    hold.at_most(abs(shown - hold.reference.activation("tanh", tanh)), 3 * LEFT, "|h_t − tanh(tanh(a))|")


@special_rnn.law(needs=["run"])
def less_than_the_cell_and_one_show(impl: Subject, hold: Hold, net: Step) -> None:
    """One step shows less than tanh(|C_0| + 1), whatever the parameters and the input."""
    bound = hold.reference.activation("tanh", abs(net.state["c"]) + 1)
    hold.strictly_less(abs(impl.run(net).outputs[0]), bound, "|h_1| < tanh(|C_0| + 1)")


@special_rnn.proof
def composed(prove: Prove) -> None:
    """Two units: two steps at once are one step after the other, in the state (h, C)."""
    net = prove.network(Layer("lstm", 1, 2), 2)
    whole = prove.reference.run(net)
    first = prove.reference.run(replace(net, inputs=net.inputs[:1]))
    second = prove.reference.run(replace(net, inputs=net.inputs[1:], state=first.state))
    for name in ("h", "c"):
        prove.identical(second.state[name], whole.state[name])


@special_rnn.proof
def less_than_the_cell_and_one(prove: Prove) -> None:
    """One unit, any parameters: |C_1| < |C_0| + 1 and |h_1| ≤ |tanh C_1|, so |h_1| < tanh(|C_0| + 1)."""
    net = prove.network(Layer("lstm", 1, 1), 1)
    now = {k: v[0, 0] for k, v in prove.reference.gates(net)[0].items()}
    prove.valid(abs(now["c"]) < abs(net.state["c"][0, 0]) + 1)
    prove.valid(abs(now["h"]) <= abs(prove.activation("tanh", now["c"])))


@special_rnn.enclosure
def smaller_than_elman(enclose: Enclose) -> None:
    """|tanh(tanh z)| < |tanh z| away from 0; tanh grows, is 0.7616 at 1, and tends to 1."""
    enclose.holds(lambda f, z: f.tanh(f.tanh(z)) < f.tanh(z), touching=[0], z=(0, INF))
    enclose.increasing(lambda f, z: f.tanh(z), z=(-INF, INF))
    enclose.value(lambda f: f.tanh(f.number(1)), "0.7616")
    enclose.limit(lambda f, z: f.tanh(z), is_=1, z=INF)
