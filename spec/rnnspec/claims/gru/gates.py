"""What the two gates of a GRU do."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, claim
from rnnspec.claims.gru.words import OPEN, affine, candidate, interpolated, replacing, stepped
from rnnspec.evidence import Layer, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Network
from rnnspec.sources import D0, D4
from rnnspec.strategies import networks, reals
from rnnspec.subject import Subject

OneStep = Annotated[
    Network, networks("gru", steps=(1, 1), hidden=(1, 3), inputs=(1, 2), biases="one", scales=(0, -1, 1))
]
Keeping = Annotated[
    Network,
    networks("gru", steps=(1, 1), hidden=(1, 3), inputs=(1, 2), biases="one", update="keeps"),
]
Bias = Annotated[float, reals(0.5, 4)]

# ------------------------------------------------------------------------------------------
merged = claim(
    "GRU-02",
    title="The update gate is forget and input gate in one, and the state is cell and output in one",
    says="""
        The GRU merges the forget gate and the input gate into one update gate, and the cell
        state with the hidden state.
    """,
    statement="h_t = (weight) h_{t-1} + (weight) n, where the two weights add up to 1, entry by entry.",
    equation="""
        h_t = (1 − z) h_{t-1} + z n,   (1 − z) + z = 1
        recurrent weights 0:  the state of a GRU is the cell of an LSTM with i = 1 − f
    """,
    verdict=HOLDS,
    because="""
        What is written and what is kept are shares of the same whole. A coupled LSTM, i = 1 − f,
        has the same update; where nothing reads h it is the same to the last number. It is not
        a GRU for that: it has an output gate between cell and output, and no reset gate.
    """,
    sources=[D0("3, GRU"), D4("abstract")],
    floats="Differences of states near each other lose digits, and the tolerance knows which.",
    see=["GRU-01", "GRU-06", "GRU-08"],
)


@merged.law(needs=["run"])
def weights_add_up_to_one(impl: Subject, hold: Hold, net: OneStep, b: Bias) -> None:
    """What a change of h moves h_t by, and what a change of n does, both per unit, add up to 1."""
    net = net.with_parameters(U_z=0, U_n=0, W_n=0, b_n=b)
    kept = stepped(impl, net, 1.0) - stepped(impl, net, 0.0)
    other = stepped(impl, net.with_parameters(b_n=-b), 0.0)
    n = hold.reference.activation("tanh", np.full((1, 1), b))
    written = (stepped(impl, net, 0.0) - other) / (2 * n)
    hold.equal(kept + written, 1, "weight of h_{t-1} + weight of n")


@merged.law(needs=["run"])
def coupled_cell(impl: Subject, hold: Hold, net: Keeping) -> None:
    """Without recurrent weights the state is the cell of a coupled LSTM with the same weights."""
    net = net.with_parameters(U_z=0, U_n=0)
    m, n = net.layer.inputs, net.layer.hidden
    layer = Layer("lstm", m, n, coupled=True)
    p = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    for ours, theirs in (("z", "f"), ("n", "g")):
        p |= {f"{letter}_{theirs}": net.parameters[f"{letter}_{ours}"] for letter in "Wb"}
    zero = np.zeros_like(net.state["h"])
    cell = impl.run(Network(layer, p, net.inputs, {"h": zero, "c": net.state["h"]})).state["c"]
    hold.equal(stepped(impl, net), cell, "h_t and c_t")


@merged.proof
def shares_of_one(prove: Prove) -> None:
    """Without recurrent weights: the derivatives of h_t by h_{t-1} and by n add up to 1; and the cell.

    No unit then sees another, so one stands for any number. Whatever z and n are, h_t is that
    mean of them: GRU-06 shows it.
    """
    net = prove.network(Layer("gru", 1, 1), 1, U_z=0, U_n=0)
    now = prove.reference.gates(net)[0]
    z, n, h = now["z"][0, 0], now["n"][0, 0], net.state["h"][0, 0]
    out = prove.reference.run(net).state["h"][0, 0]
    prove.identical(out, z * h + (1 - z) * n)
    by_h = prove.derivative(out, h)
    by_b = prove.derivative(out, net.parameters["b_n"][0])  # n' times what n is worth
    prove.identical(by_h + by_b / (1 - n**2), 1)
    p = {f"{a}_{b}": net.parameters[f"{a}_{c}"] for a in "Wb" for b, c in (("f", "z"), ("g", "n"))}
    given: dict[str, Any] = {"c": h, "inputs": net.inputs, **p}
    coupled = prove.network(Layer("lstm", 1, 1, coupled=True), 1, rest=0, **given)
    prove.identical(prove.reference.run(coupled).state["c"][0, 0], out)


# ------------------------------------------------------------------------------------------
like_an_lstm = claim(
    "GRU-03",
    title="Both gates of the GRU are computed like those of the LSTM, and lie in (0, 1)",
    says="Reset and update gate are computed in the same way as the gates of an LSTM.",
    statement="z and r are σ(W x + U h + b), as an LSTM's gate with these weights would be.",
    equation="""
        z, r = σ(W x + U h_{t-1} + b) ∈ (0, 1)
        n = 0:  h_t = z h_{t-1} in the one convention, (1 − z) h_{t-1} in the other
    """,
    verdict=HOLDS,
    because="""
        It is the same formula. A gate is seen where nothing else acts: with the candidate held
        at 0 the state is multiplied by the update gate, as the cell of an LSTM is by its
        forget gate where nothing is written; with z set to write, a candidate with U_n = 1
        shows tanh(r h).
    """,
    sources=[D0("3, GRU")],
    rests_on=SAMPLED,
    floats="""
        A product with a factor within [0, 1] is never larger than what was multiplied, also
        when rounded. That bound has no tolerance; the rest may differ by rounding.
    """,
    see=["GRU-01"],
)


def _forgotten(impl: Subject, net: Network, gate: str) -> object:
    """f h of an LSTM that writes nothing, whose forget gate has the weights of this gate."""
    layer = Layer("lstm", net.layer.inputs, net.layer.hidden)
    p = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    p |= {f"{letter}_f": net.parameters[f"{letter}_{gate}"] for letter in "WUb"}
    state = {"h": net.state["h"], "c": net.state["h"]}
    return impl.run(Network(layer, p, net.inputs, state)).state["c"]


@like_an_lstm.law(needs=["run"])
def update_gate_is_a_forget_gate(impl: Subject, hold: Hold, net: Keeping) -> None:
    """With the candidate at 0, h_t = z h_{t-1} is what an LSTM's forget gate leaves of the same cell."""
    net = net.with_parameters(W_n=0, U_n=0, b_n=0)
    hold.equal(stepped(impl, net), _forgotten(impl, net, "z"), "z h and f c")


@like_an_lstm.law(needs=["run"])
def reset_gate_is_a_forget_gate(impl: Subject, hold: Hold, net: Keeping) -> None:
    """With U_n = 1 and z at the candidate, h_t = tanh(r h_{t-1}), of the same r as an LSTM's f."""
    n = net.layer.hidden
    net = net.with_parameters(W_n=0, U_n=np.eye(n), b_n=0, W_z=0, U_z=0, b_z=-OPEN)
    shown = hold.reference.activation("tanh", _forgotten(impl, net, "r"))
    z = hold.reference.activation("sigmoid", np.full((1, 1), -OPEN))
    hold.equal(stepped(impl, net), interpolated(net, z, net.state["h"], shown), "tanh(r h)")


@like_an_lstm.law(needs=["run"])
def within_zero_and_one(impl: Subject, hold: Hold, net: OneStep) -> None:
    """With the candidate at 0 no gate makes a state larger, nor turns its sign."""
    net = net.with_parameters(W_n=0, U_n=0, b_n=0)
    h, out = net.state["h"], stepped(impl, net)
    hold.at_most(abs(out), abs(h), "|h_t| ≤ |h_{t-1}|", rounding=SURVIVES)
    hold.at_most(0, out * h, "the sign of h_t", rounding=SURVIVES)


@like_an_lstm.proof
def same_formula(prove: Prove) -> None:
    """Two units: both gates are an LSTM's with the same weights, σ(W x + U h + b), and in (0, 1)."""
    net = prove.network(Layer("gru", 1, 2), 1)
    p, x, h = net.parameters, net.inputs, net.state["h"]
    now = prove.reference.gates(net)[0]
    for gate, theirs in (("z", "f"), ("r", "i")):
        same: dict[str, Any] = {f"{letter}_{theirs}": p[f"{letter}_{gate}"] for letter in "WUb"}
        lstm = prove.network(Layer("lstm", 1, 2), 1, rest=0, inputs=x, h=h, **same)
        prove.identical(now[gate], prove.reference.gates(lstm)[0][theirs])
        a = p[f"W_{gate}"] @ x[0, 0] + p[f"U_{gate}"] @ h[0] + p[f"b_{gate}"]
        prove.identical(now[gate][0], prove.activation("sigmoid", a))
        prove.valid(prove.all_of(now[gate][0, 0] > 0, now[gate][0, 0] < 1))


# ------------------------------------------------------------------------------------------
reset_closed = claim(
    "GRU-04",
    title="With a closed reset gate the candidate sees the input alone; the state still keeps its share",
    says="If the reset gate is 0, the candidate keeps nothing but the current input.",
    statement="r = 0 ⇒ n = tanh(W_n x_t + b_n), and ∂n/∂h_{t-1} = 0 with r held.",
    equation="""
        r = 0:  n = tanh(W_n x + b_n),   h_t = (1 − z) h_{t-1} + z n
    """,
    verdict=HOLDS,
    because="""
        The state enters the candidate as r h_{t-1} only (or as r (U_n h_{t-1} + b), if the reset
        comes after the product). A sigmoid is never 0, so in a network the statement is a limit;
        a bias of −64 is within 10^-27 of it. What is said is about the candidate: the new state
        still has (1 − z) h_{t-1} in it.
    """,
    sources=[D0("3, GRU")],
    floats="The closed gate's rest is far below a rounding error.",
    see=["GRU-01", "GRU-05"],
)


@reset_closed.law(needs=["run"])
def candidate_of_the_input_alone(impl: Subject, hold: Hold, net: OneStep) -> None:
    """r = 10^-28 and z = 1/2: h_t = ½ h_{t-1} + ½ tanh(W_n x + b_n), whatever U_n."""
    net = net.with_parameters(W_r=0, U_r=0, b_r=-OPEN, W_z=0, U_z=0, b_z=0)
    h, p = net.state["h"], net.parameters
    n = hold.reference.activation("tanh", net.inputs[0] @ p["W_n"].T + p["b_n"])
    hold.at_most(abs(stepped(impl, net) - (h + n) / 2), 2.0**-64, "h_t − ½ (h_{t-1} + n)")


@reset_closed.law(needs=["run"])
def another_past_makes_no_difference(impl: Subject, hold: Hold, net: OneStep) -> None:
    """r = 10^-28 and z at the candidate: from any other state the step ends in the same one."""
    b_z = replacing(net) * OPEN
    net = net.with_parameters(W_r=0, U_r=0, b_r=-OPEN, W_z=0, U_z=0, b_z=b_z)
    hold.at_most(abs(stepped(impl, net) - stepped(impl, net, 0.0)), 2.0**-64, "h_t from h and from 0")


@reset_closed.proof
def with_a_gate_of_zero(prove: Prove) -> None:
    """Both resets, a gate that is exactly 0: n = tanh(W_n x + b_n); and h_t has (1 − z) h.

    Two units stand for any number: what r keeps out of the candidate is 0 for each of them, and
    further inputs add a constant, as b_n does.
    """
    for reset in ("before", "after"):
        # A gate that is the identity of 0 is exactly closed; z then is a number b_z.
        layer = Layer("gru", 1, 2, reset=reset, update="replaces", gate_activation="identity")
        net = prove.network(layer, 1, W_r=0, U_r=0, b_r=0, W_z=0, U_z=0)
        n, p, h = prove.reference.gates(net)[0]["n"][0], net.parameters, net.state["h"][0]
        prove.identical(n, prove.activation("tanh", p["W_n"] @ net.inputs[0, 0] + p["b_n"]))
        prove.identical(prove.derivative(n, h), np.zeros((2, 2)))
        out = prove.reference.run(net).outputs[0, 0]
        prove.identical(prove.derivative(out, h), np.diag(1 - p["b_z"]))


# ------------------------------------------------------------------------------------------
reset_scales = claim(
    "GRU-05",
    title="The reset gate scales what the candidate sees of the past; the candidate is the LSTM's otherwise",
    says="""
        The reset gate controls how much of the previous memory is kept in the candidate, which
        like the LSTM's candidate is the new information.
    """,
    statement="""
        With r held, n depends on h_{t-1} through r h_{t-1} only (or r (U_n h_{t-1})), and with
        r = 1 it is the LSTM's candidate.
    """,
    equation="""
        n = tanh(W_n x + b_n + U_n (r h_{t-1}))   or   tanh(W_n x + b_n + r (U_n h_{t-1}))
        r = 1:  n = tanh(W_n x + U_n h_{t-1} + b_n) = g
    """,
    verdict=HOLDS,
    because="""
        By definition. Between r = 0, where the past is not seen, and r = 1, where the candidate
        is that of an LSTM or of a plain RNN, every share is possible, unit by unit.
    """,
    sources=[D0("3, GRU")],
    rests_on=SAMPLED,
    floats="Sums of a few products within a tanh; they may differ by rounding.",
    see=["GRU-01", "GRU-04"],
)


@reset_scales.law(needs=["run"])
def scaled_by_the_reset_gate(impl: Subject, hold: Hold, net: OneStep) -> None:
    """With z = 1/2 the candidate is 2 h_t − h_{t-1}: tanh of the input and of the state times r."""
    net = net.with_parameters(W_z=0, U_z=0, b_z=0)
    h = net.state["h"]
    r = hold.reference.activation("sigmoid", affine(net, "r", h))
    hold.equal(2 * stepped(impl, net) - h, candidate(hold, net, r, h), "n")


@reset_scales.law(needs=["run"])
def open_it_is_the_lstms(impl: Subject, hold: Hold, net: OneStep) -> None:
    """With r = 1 and z = 1/2, 2 h_t − h_{t-1} is twice the cell that an LSTM writes with i = 1/2."""
    net = net.with_parameters(W_r=0, U_r=0, b_r=OPEN, W_z=0, U_z=0, b_z=0)
    layer = Layer("lstm", net.layer.inputs, net.layer.hidden)
    p = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    p |= {f"{letter}_g": net.parameters[f"{letter}_n"] for letter in "WUb"}
    h = net.state["h"]
    cell = impl.run(Network(layer, p, net.inputs, {"h": h, "c": np.zeros_like(h)})).state["c"]
    hold.at_most(abs(2 * stepped(impl, net) - h - 2 * cell), 2.0**-64, "n − g")


@reset_scales.proof
def through_the_product_alone(prove: Prove) -> None:
    """Two units, r given: n is tanh(W_n x + b_n + U_n (r h)), or with r (U_n h); with r = 1 both are g."""
    r = prove.symbols("r1 r2")  # a gate that is the identity shows what it is given
    for reset in ("before", "after"):
        layer = Layer("gru", 1, 2, reset=reset, gate_activation="identity")
        net = prove.network(layer, 1, W_r=0, U_r=0, b_r=r)
        n, p = prove.reference.gates(net)[0]["n"][0], net.parameters
        x, h = net.inputs[0, 0], net.state["h"][0]
        seen = p["U_n"] @ (r * h) if reset == "before" else r * (p["U_n"] @ h)
        prove.identical(n, prove.activation("tanh", p["W_n"] @ x + p["b_n"] + seen))
        same: dict[str, Any] = {f"{letter}_g": p[f"{letter}_n"] for letter in "WUb"}
        lstm = prove.network(Layer("lstm", 1, 2), 1, rest=0, h=h, inputs=net.inputs, **same)
        prove.identical(prove.at(n, {"r1": 1, "r2": 1}), prove.reference.gates(lstm)[0]["g"][0])
