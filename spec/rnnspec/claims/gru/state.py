"""The state of a GRU: between the old one and the candidate, and shown as it is."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, claim
from rnnspec.claims.gru.words import OPEN, affine, candidate, one_unit, replacing, stepped
from rnnspec.evidence import Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D0
from rnnspec.strategies import networks, wholes
from rnnspec.subject import Numbers, Subject

OneStep = Annotated[Network, networks("gru", steps=(1, 1), hidden=(1, 4), inputs=(1, 3))]
Sequence = Annotated[Network, networks("gru", steps=(0, 6), hidden=(1, 3), inputs=(1, 2), large=True)]
Cut = Annotated[Network, networks("gru", steps=(2, 6), hidden=(1, 3), inputs=(1, 2))]
Biased = Annotated[
    Network, networks("gru", steps=(1, 6), hidden=(1, 3), inputs=(1, 2), biases="one", large=True)
]
BiasedStep = Annotated[Network, networks("gru", steps=(1, 1), hidden=(1, 4), inputs=(1, 3), biases="one")]
Steps = Annotated[int, wholes(1, 8)]

# ------------------------------------------------------------------------------------------
between = claim(
    "GRU-06",
    title="The new state lies between the old one and the candidate, and z says where",
    says="""
        The update gate controls how much of the previous hidden state is forgotten and how much
        of the candidate is added to it.
    """,
    statement="""
        h_t lies between h_{t-1} and n, entry by entry; with z = 0 it is h_{t-1}, with z = 1 it is
        n. So |h_t| ≤ max(1, |h_0|) for all t, and |h_0| < 1 implies |h_t| < 1.
    """,
    equation="""
        h_t − h_{t-1} = z (n − h_{t-1}),   n − h_t = (1 − z) (n − h_{t-1}),   0 < z < 1
        |h_t − h_{t-1}| + |n − h_t| = |n − h_{t-1}|
        |h_t| ≤ max(|h_{t-1}|, |n|),   |n| < 1
    """,
    verdict=HOLDS,
    because="""
        The new state is a weighted mean, with weights 1 − z and z that are positive and add up
        to 1. A mean is no further from 0 than the further of the two, and the candidate is
        within (−1, 1): so a state that begins there stays there for ever. The cell of an LSTM
        does not: with open gates it may grow by nearly 1 in every step. In the other convention,
        which PyTorch has, z and 1 − z change places.
    """,
    sources=[D0("3, GRU")],
    floats="""
        Sums of two products, which may differ by rounding. So even with z = 0 in floats a copy need
        not be exact to the last bit: who computes n + z (h − n), as some libraries do, rounds twice
        on the way.
    """,
    see=["GRU-01", "GRU-02", "GRU-05", "ACT-12"],
)


def _candidate(hold: Hold, net: Network) -> Numbers:
    h = net.state["h"]
    n: Numbers = candidate(hold, net, hold.reference.activation("sigmoid", affine(net, "r", h)), h)
    return n


@between.law(needs=["run"])
def within_the_two(impl: Subject, hold: Hold, net: OneStep) -> None:
    """The way from h_{t-1} to h_t and on to n is as long as from h_{t-1} to n: it is never shorter."""
    h, n, out = net.state["h"], _candidate(hold, net), stepped(impl, net)
    hold.equal(abs(out - h) + abs(n - out), abs(n - h), "|h_t − h_{t-1}| + |n − h_t|")


@between.law(needs=["run"])
def copied_with_a_closed_update_gate(impl: Subject, hold: Hold, net: Biased) -> None:
    """With z = 10^-28 the state is kept over all steps, whatever comes in."""
    net = net.with_parameters(W_z=0, U_z=0, b_z=-replacing(net) * OPEN)
    hold.at_most(abs(impl.run(net).state["h"] - net.state["h"]), 2.0**-64, "|h_T − h_0|")


@between.law(needs=["run"])
def replaced_with_an_open_update_gate(impl: Subject, hold: Hold, net: BiasedStep) -> None:
    """With z = 1 but for 10^-28 the state is the candidate."""
    net = net.with_parameters(W_z=0, U_z=0, b_z=replacing(net) * OPEN)
    hold.at_most(abs(stepped(impl, net) - _candidate(hold, net)), 2.0**-64, "|h_t − n|")


@between.law(needs=["run"])
def never_beyond_where_it_began(impl: Subject, hold: Hold, net: Sequence) -> None:
    """No unit is ever further from 0 than it began, or than 1."""
    hold.at_most(abs(impl.run(net).outputs), np.maximum(1, abs(net.state["h"])), "|h_t| ≤ max(1, |h_0|)")


@between.law(needs=["run"])
def unlike_the_cell_of_an_lstm(impl: Subject, hold: Hold, T: Steps) -> None:
    """With all gates and the candidate at 1, an LSTM's cell is T after T steps, and a GRU's state 1."""
    layer = Layer("lstm", 1, 1)
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    lstm = Network(layer, zero, np.zeros((T, 1, 1)), {name: np.zeros((1, 1)) for name in layer.states})
    gru = one_unit(steps=T, b_z=OPEN, b_n=OPEN)
    hold.at_most(impl.run(gru).state["h"], 1, "h_T of the GRU")
    cell = impl.run(lstm.with_parameters(b_f=OPEN, b_i=OPEN, b_g=OPEN)).state["c"]
    hold.strictly_less(T - 2.0**-20, cell, "c_T of the LSTM")


@between.proof
def weighted_mean(prove: Prove) -> None:
    """Both directions of z: the two distances; and that |h|, |n| < 1 gives |h_t| < 1.

    Unit by unit, whatever z and n are, so two stand for any number; and step by step.
    """
    for update in ("replaces", "keeps"):
        net = prove.network(Layer("gru", 1, 2, update=update), 1)
        now, h = prove.reference.gates(net)[0], net.state["h"][0]
        out, n = prove.reference.run(net).state["h"][0], now["n"][0]
        share = now["z"][0] if update == "replaces" else 1 - now["z"][0]
        prove.identical(out - h, share * (n - h))
        prove.identical(n - out, (1 - share) * (n - h))
        prove.valid(prove.all_of(share[0] > 0, share[0] < 1, n[0] > -1, n[0] < 1))
    (z,) = prove.symbols("z", above=0, below=1)
    h, n, most = prove.symbols("h n most")
    prove.valid(abs(z * (n - h)) + abs((1 - z) * (n - h)) <= abs(n - h))
    mean = (1 - z) * h + z * n
    prove.valid(abs(mean) < 1, given=[abs(h) < 1, abs(n) < 1])
    prove.valid(abs(mean) <= most, given=[abs(h) <= most, abs(n) <= most])


@between.proof
def at_both_ends(prove: Prove) -> None:
    """Two units, a gate that is exactly 0 or 1: the old state, or the candidate."""
    layer = Layer("gru", 1, 2, update="replaces", gate_activation="identity")
    for b_z in (0, 1):  # a gate that is the identity shows its bias
        net = prove.network(layer, 1, W_z=0, U_z=0, b_z=b_z)
        end = prove.reference.gates(net)[0]["n"] if b_z else net.state["h"]
        prove.identical(prove.reference.run(net).state["h"], end)


# ------------------------------------------------------------------------------------------
all_shown = claim(
    "GRU-07",
    title="A GRU has no output gate: its output is its whole state",
    says="The GRU has no output gate.",
    statement="What a GRU shows at step t is h_t, the very state that the next step begins with.",
    equation="""
        output_t = h_t = (1 − z) h_{t-1} + z n
        LSTM, for comparison:  output_t = o_t tanh(c_t),  state (h_t, c_t)
    """,
    verdict=HOLDS,
    because="""
        By definition. Hence whoever knows one output of a GRU knows all that the rest of its
        run depends on besides the inputs. With an LSTM that is not so: the output does not
        tell the cell, since a closed output gate hides it.
    """,
    sources=[D0("3, GRU")],
    rests_on=SAMPLED,
    floats="""
        The last output and the final state are the same numbers, to the last bit. A run that is
        taken up again may differ by rounding, if it computes several steps at once.
    """,
    see=["GRU-02", "GRU-06"],
)


@all_shown.law(needs=["run"])
def final_state_is_the_last_output(impl: Subject, hold: Hold, net: Sequence) -> None:
    """The final state is the last output, to the last bit; without any step it is the first state."""
    done = impl.run(net)
    hold.exactly(done.state["h"], done.outputs[-1] if net.steps else net.state["h"], "h_T")


@all_shown.law(needs=["run"])
def any_output_will_do_to_go_on(impl: Subject, hold: Hold, net: Cut) -> None:
    """Taken up again from an output in the middle, the run goes on as it did."""
    half = net.steps // 2
    outputs = impl.run(net).outputs
    rest = Network(net.layer, net.parameters, net.inputs[half:], {"h": outputs[half - 1]})
    hold.equal(impl.run(rest).outputs, outputs[half:], "h_t from the middle on")


@all_shown.law(needs=["run"])
def an_lstms_output_does_not_tell_its_cell(impl: Subject, hold: Hold, T: Steps) -> None:
    """Behind a closed output gate cells of 0 and of 1 look alike, and T steps later they are apart."""
    layer = Layer("lstm", 1, 1)
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    hidden = {}
    for c in (0.0, 1.0):
        state = {"h": np.zeros((1, 1)), "c": np.full((1, 1), c)}
        net = Network(layer, zero, np.zeros((T, 1, 1)), state).with_parameters(b_f=OPEN, b_o=-OPEN)
        hidden[c] = impl.run(net)
    hold.at_most(abs(hidden[1.0].outputs), 2.0**-64, "outputs with c_0 = 1")
    hold.at_most(abs(hidden[0.0].outputs), 2.0**-64, "outputs with c_0 = 0")
    hold.strictly_less(0.5, hidden[1.0].state["c"] - hidden[0.0].state["c"], "the cells after T steps")


@all_shown.proof
def shown_as_it_is(prove: Prove) -> None:
    """Two units, two steps: each output is the state between; the second step from the first output."""
    net = prove.network(Layer("gru", 1, 2, biases="none"), 2)
    done = prove.reference.run(net)
    first = prove.reference.run(net.at(0, net.state))
    prove.identical(done.outputs[0], first.state["h"])
    prove.identical(done.outputs[1], prove.reference.run(net.at(1, {"h": done.outputs[0]})).outputs[0])
    prove.identical(done.outputs[1], done.state["h"])
    now, h = prove.reference.gates(net)[0], net.state["h"]
    prove.identical(done.outputs[0], now["z"] * h + (1 - now["z"]) * now["n"])
