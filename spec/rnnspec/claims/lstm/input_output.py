"""The input gate, which lets in, and the output gate, which shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, LOOSE, claim
from rnnspec.claims.lstm.words import (
    FAR,
    LEFT,
    candidate,
    cell,
    forced,
    forget_gate,
    input_gate,
    of_layer,
    output_gate,
    starting,
)
from rnnspec.claims.lstm_gradients.passing import gates
from rnnspec.evidence import Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0, D1, D4
from rnnspec.strategies import arrays, networks, reals
from rnnspec.subject import Array, Subject

Step = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2), biases="one")]
Sequence = Annotated[Network, networks("lstm", steps=(0, 3), hidden=(1, 3), inputs=(1, 2), biases="one")]
Units = Annotated[Array, arrays((1, 6), low=-8, high=8, unit=1 / 16)]
Bias = Annotated[float, reals(-8, 8, 1 / 16)]

# ------------------------------------------------------------------------------------------
letting_in = claim(
    "LST-03",
    title="What the input gate lets in is i g: behind a closed one nothing new is added to the cell",
    says="""
        At each moment the input gate decides whether, and how much, new information enters the
        memory cell. (One document gives a part of this, updating what is newer, to the forget gate.)
    """,
    statement="""
        C_t = f C_{t-1} + i g, so i = 0 gives C_t = f C_{t-1}. What is let in is i g, less than 1 in
        absolute value, and the forget gate has no part in it.
    """,
    equation="""
        C_t − f C_{t-1} = i g,   |i g| < 1
        i = 0  ⇒  C_t = f C_{t-1}
        C_{t-1} = 0  ⇒  C_t = i g, whatever f
    """,
    verdict=HOLDS,
    because="""
        The input reaches the cell in two ways: as i g, and through f, which reads it too. The first
        is cut off by i = 0. Exactly 0 is a limit, since a sigmoid is never 0: behind a gate
        closed by a bias of −b less than e^-b comes through. The forget gate multiplies what is already
        there and lets in nothing, so that updating is the input gate's part.
    """,
    sources=[D0("2, LSTM"), D0("2.2"), D1("3, in detail"), D4("LSTM")],
    floats="Where a gate is closed by a bias of −64, 2^-92 is left for what e^-64 lets through.",
    see=["LST-04", "LST-17", "LGR-05"],
)


@letting_in.law(needs=["run"])
def what_is_let_in(impl: Subject, hold: Hold, net: Step) -> None:
    """C_t − f C_{t-1} is i g, and less than 1 in absolute value."""
    now = gates(hold, net)
    let_in = cell(impl, net) - now["f"] * net.state["c"]
    hold.equal(let_in, now["i"] * now["g"], "C_t − f C_{t-1} = i g")
    hold.strictly_less(abs(let_in), 1, "|C_t − f C_{t-1}|")


@letting_in.law(needs=["run"])
def nothing_through_a_closed_gate(impl: Subject, hold: Hold, net: Step) -> None:
    """With i closed the cell is f C_{t-1}, whatever the candidate."""
    shut = forced(net, i=-FAR)
    hold.at_most(abs(cell(impl, shut) - gates(hold, shut)["f"] * net.state["c"]), LEFT, "|C_t − f C_{t-1}|")


@letting_in.law(needs=["run"])
def input_without_effect(impl: Subject, hold: Hold, net: Sequence) -> None:
    """With i closed, and f a constant, the cell is the same for every input, over all steps."""
    shut = forced(net, i=-FAR, f=1)
    other = Network(net.layer, shut.parameters, 0 * net.inputs, net.state)
    moved = cell(impl, shut) - cell(impl, other)
    hold.at_most(abs(moved), 2 * net.steps * LEFT, "what the input does to C_T")


@letting_in.law(needs=["run"])
def forget_gate_lets_nothing_in(impl: Subject, hold: Hold, net: Step, bias: Bias) -> None:
    """What an empty cell gets does not depend on the forget gate."""
    empty = starting(net, c=0)
    hold.equal(cell(impl, forced(empty, f=bias)), cell(impl, empty), "C_t from C_{t-1} = 0")


@letting_in.proof
def traced_input_gate(prove: Prove) -> None:
    """Two units, each by itself: C_t = f C_{t-1} + i g, |i g| < 1, and i g does not depend on f's block."""
    net = prove.network(Layer("lstm", 1, 2), 1)
    now = {k: v[0] for k, v in prove.reference.gates(net)[0].items()}
    let_in = now["c"] - now["f"] * net.state["c"][0]
    prove.identical(let_in, now["i"] * now["g"])
    prove.valid(abs(now["i"][0] * now["g"][0]) < 1)
    for name in ("W_f", "U_f", "b_f"):
        by = net.parameters[name]
        prove.identical(prove.derivative(now["i"] * now["g"], by), np.zeros((2, *by.shape)))
    empty = prove.network(Layer("lstm", 1, 2), 1, c=0)
    begun = {k: v[0] for k, v in prove.reference.gates(empty)[0].items()}
    prove.identical(begun["c"], begun["i"] * begun["g"])


# ------------------------------------------------------------------------------------------
showing = claim(
    "LST-04",
    title="The output gate decides what of the cell is shown, and does not touch the cell",
    says="""
        At each moment it depends on the output gate whether information leaves the memory cell; the
        output is the gate times the tanh of the cell.
    """,
    statement="""
        h_t = o tanh(C_t); o = 0 gives h_t = 0. C_t does not depend on o_t; later cells do, and
        only through h_t.
    """,
    equation="""
        h_t = o tanh(C_t),   o = 0  ⇒  h_t = 0
        ∂C_t/∂o_t = 0
        U_i = U_f = U_g = 0  ⇒  no cell depends on any o
    """,
    verdict=HOLDS,
    because="""
        The cell is computed before the output gate acts, so what is hidden now is not lost: it
        stays in the cell and may be shown later. The gates of the next step, however, see the cell
        only as far as it was shown.
    """,
    sources=[D0("2, LSTM"), D0("2.4"), D1("3, in detail")],
    floats="Behind an output gate closed by a bias of −64 at most 2^-92 is shown.",
    see=["LST-03", "LST-10", "LST-16"],
)


@showing.law(needs=["run"])
def nothing_shown_by_a_closed_gate(impl: Subject, hold: Hold, net: Sequence) -> None:
    """With o closed no output exceeds 2^-92."""
    hold.at_most(abs(impl.run(forced(net, o=-FAR)).outputs), LEFT, "|h_t|")


@showing.law(needs=["run"])
def gate_times_tanh_of_the_cell(impl: Subject, hold: Hold, net: Step) -> None:
    """h_t is o times the tanh of the cell that the implementation returns beside it."""
    done, o = impl.run(net), gates(hold, net)["o"]
    hold.equal(done.outputs[0], o * hold.reference.activation("tanh", done.state["c"]), "h_t = o tanh(C_t)")


@showing.law(needs=["run"])
def cell_is_not_touched(impl: Subject, hold: Hold, net: Step, bias: Bias) -> None:
    """One step with another output gate gives the same cell."""
    hold.equal(cell(impl, forced(net, o=bias)), cell(impl, net), "C_t")


@showing.law(needs=["run"])
def only_through_what_is_shown(impl: Subject, hold: Hold, net: Sequence, bias: Bias) -> None:
    """If no gate of the cell reads h, the output gate does not matter to it at any time."""
    deaf = net.with_parameters(U_i=0, U_f=0, U_g=0)
    hold.equal(cell(impl, forced(deaf, o=bias)), cell(impl, deaf), "C_T")


@showing.proof
def traced_output_gate(prove: Prove) -> None:
    """Two units, from any state: h = o tanh C; C_t has no derivative by o's block, nor by h if U is 0.

    So then, step after step, no cell depends on any o; with U_g = 1 the second one does.
    """
    net = prove.network(Layer("lstm", 1, 2), 1)
    now = {k: v[0] for k, v in prove.reference.gates(net)[0].items()}
    prove.identical(now["h"], now["o"] * prove.activation("tanh", now["c"]))
    for name in ("W_o", "U_o", "b_o"):
        by = net.parameters[name]
        prove.identical(prove.derivative(now["c"], by), np.zeros((2, *by.shape)))
    deaf = prove.network(Layer("lstm", 1, 2), 1, U_i=0, U_f=0, U_g=0)
    after = prove.reference.gates(deaf)[0]["c"][0]
    prove.identical(prove.derivative(after, deaf.state["h"][0]), np.zeros((2, 2)))
    hears = prove.network(Layer("lstm", 1, 1), 2, rest=0, b_g=1, b_o=prove.symbols("b"), U_g=1)
    last = prove.reference.gates(hears)[1]["c"][0, 0]
    prove.valid(prove.derivative(last, hears.parameters["b_o"][0]) > 0)


# ------------------------------------------------------------------------------------------
beside_the_gates = claim(
    "LST-15",
    title="The gates are sigmoids; tanh stands beside them, at the candidate and at the read-out",
    says="Reasons are given for which tanh is used in the LSTM's input and output gates.",
    statement="i = tanh(a_i) and o = tanh(a_o).",
    equation="""
        0 < i, o < 1
        what is let in:  i · tanh(a_g)        what is shown:  o · tanh(C_t)
    """,
    verdict=LOOSE,
    because="""
        A gate by tanh could be negative and turn the sign of what it lets through; the same
        document has sigmoids there a few lines before. What it evidently means are the places,
        each made of a sigmoid and a tanh: the candidate beside the input gate, and the cell's
        read-out beside the output gate.
    """,
    corrected="""
        i = σ(a_i) and o = σ(a_o); beside them stand the candidate tanh(a_g) and the read-out tanh(C_t).
    """,
    sources=[D1("3, in detail")],
    floats="A computed sigmoid is never negative.",
    see=["LST-12", "LST-14", "ACT-24", "ACT-25", "ACT-26"],
)


def _with_biases(gate: str, a: Array) -> Network:
    """One unit for each number in a, which is the pre-activation of this gate."""
    return of_layer(Layer("lstm", 1, len(a)), **{f"b_{gate}": a})


@beside_the_gates.as_stated(needs=["run"])
def gates_by_tanh(impl: Subject, hold: Hold, a: Units) -> None:
    """The input gate is the tanh of its pre-activation."""
    let_in = hold.reference.activation("tanh", a) * hold.reference.activation("tanh", np.array(float(FAR)))
    hold.equal(input_gate(impl, _with_biases("i", a)), let_in, "i tanh(64)")


@beside_the_gates.witness(of=gates_by_tanh)
def half_open_at_zero() -> Mapping[str, Any]:
    """At a = 0 the input gate is 1/2, and tanh(0) = 0."""
    return {"a": np.zeros(1)}


@beside_the_gates.law(needs=["run"])
def gates_are_not_negative(impl: Subject, hold: Hold, net: Step) -> None:
    """No gate is negative, whatever it reads."""
    for name, seen in (("i", input_gate), ("f", forget_gate), ("o", output_gate)):
        hold.at_most(0, seen(impl, net), f"0 ≤ {name}", rounding=SURVIVES)


@beside_the_gates.law(needs=["run"])
def either_sign_beside_them(impl: Subject, hold: Hold, net: Step) -> None:
    """With the candidate's block negated, an empty cell gets, and shows, the same with the other sign."""
    empty = starting(net, c=0)
    turned = empty.with_parameters(**{f"{k}_g": -net.parameters[f"{k}_g"] for k in "WUb"})
    one, other = impl.run(empty).state, impl.run(turned).state
    for name in ("c", "h"):
        hold.equal(other[name], -one[name], f"{name} with −W_g, −U_g, −b_g")


@beside_the_gates.law(needs=["run"])
def tanh_of_the_candidate(impl: Subject, hold: Hold, a: Units) -> None:
    """What an open input gate lets in is the tanh of the candidate's pre-activation."""
    let_in = hold.reference.activation("tanh", a) * hold.reference.activation("sigmoid", np.array(float(FAR)))
    hold.equal(candidate(impl, _with_biases("g", a)), let_in, "σ(64) tanh(a)")


@beside_the_gates.proof
def signs_traced(prove: Prove) -> None:
    """Free pre-activations, so those of any unit: σ at i, f and o, tanh at the candidate and at the read-out.

    0 < i, f, o < 1 always, and tanh(a) < 0 for a < 0; what is let in has g's sign.
    """
    a = dict(zip("ifgo", prove.symbols("a_i a_f a_g a_o"), strict=True))
    biases = {f"b_{k}": a[k] for k in a}
    net = prove.network(Layer("lstm", 1, 1), 1, rest=0, c=prove.symbols("C"), **biases)
    now = {k: v[0, 0] for k, v in prove.reference.gates(net)[0].items()}
    for k in "ifo":
        prove.identical(now[k], prove.activation("sigmoid", a[k]))
        prove.valid(prove.all_of(now[k] > 0, now[k] < 1))
    let_in = now["c"] - now["f"] * net.state["c"][0, 0]
    prove.identical(let_in, now["i"] * prove.activation("tanh", a["g"]))
    prove.valid(now["g"] < 0, given=[a["g"] < 0])
    prove.identical(now["h"], now["o"] * prove.activation("tanh", now["c"]))


# ------------------------------------------------------------------------------------------
rating = claim(
    "LST-17",
    title="The higher a component's input gate, the more of its candidate enters the cell",
    says="""
        Each component of the new information is rated between 0 and 1; the higher the rating, the more
        memory enters the cell.
    """,
    statement="For a fixed candidate g, |i g| grows with i, at the rate |g|, component by component.",
    equation="""
        ∂|i g|/∂i = |g| ≥ 0
        |i' g| − |i g| = (i' − i)|g|
    """,
    verdict=HOLDS,
    because="""
        i is a factor, and not negative. The candidate has to be held: the two read the same input, and
        an input that raises i may lower |g|, so that less enters after all.
    """,
    sources=[D1("3, in detail")],
    floats="Sigmoids of two biases, some 1/16 apart or equal, are compared up to rounding.",
    see=["LST-03"],
)


@rating.law(needs=["run"])
def more_with_a_higher_rating(impl: Subject, hold: Hold, net: Step, a: Bias, b: Bias) -> None:
    """For the same candidate, a higher input bias lets in no less: the difference is (i' − i)|g|."""
    low, high = sorted((a, b))
    empty = starting(net, c=0)
    less, more = (abs(cell(impl, forced(empty, i=bias))) for bias in (low, high))
    hold.at_most(less, more, "|i g| ≤ |i' g|")
    i = hold.reference.activation("sigmoid", np.array([low, high]))
    hold.equal(more - less, abs(gates(hold, net)["g"]) * (i[1:] - i[:1]), "|i' g| − |i g| = (i' − i)|g|")


@rating.law(needs=["run"])
def each_component_by_itself(impl: Subject, hold: Hold, g: Units, bias: Bias) -> None:
    """Rating one component otherwise leaves what enters the others."""
    net = starting(_with_biases("g", g), c=0)
    first = np.eye(len(g))[0]
    one, other = cell(impl, net), cell(impl, net.with_parameters(b_i=bias * first))
    hold.equal(other * (1 - first), one * (1 - first), "what enters the other components")
    rated = hold.reference.activation("sigmoid", np.array([bias, 0.0]))
    hold.equal(other[:, 0] * rated[1:], one[:, 0] * rated[:1], "what enters the first, by its rating")


@rating.proof
def derivative_by_the_gate(prove: Prove) -> None:
    """From C = 0: C ∂C/∂b_i = C² (1 − i) ≥ 0, so |C| grows with the bias; (i + d)|g| − i|g| = d|g|.

    And of two units neither is moved by the other's rating.
    """
    two = prove.network(Layer("lstm", 1, 2), 1)
    moved = prove.derivative(prove.reference.gates(two)[0]["c"][0], two.parameters["b_i"])
    prove.identical([moved[0, 1], moved[1, 0]], [0, 0])
    net = prove.network(Layer("lstm", 1, 1), 1, c=0)
    now = {k: v[0, 0] for k, v in prove.reference.gates(net)[0].items()}
    slope = prove.derivative(now["c"], net.parameters["b_i"][0])
    prove.identical(now["c"] * slope, now["c"] ** 2 * (1 - now["i"]))
    prove.valid(now["c"] * slope >= 0)
    (i, d), (g,) = prove.symbols("i d", above=0), prove.symbols("g")
    prove.valid(abs((i + d) * g) - abs(i * g) == d * abs(g))


@rating.proof
def not_if_the_input_moves_both(prove: Prove) -> None:
    """With W_i = 1, W_g = −1 and b_g = 1 the input 1 rates higher than 0 does, and nothing enters."""
    entered, ratings = [], []
    for x in (0, 1):
        net = prove.network(Layer("lstm", 1, 1), 1, rest=0, W_i=1, W_g=-1, b_g=1, inputs=x)
        now = prove.reference.gates(net)[0]
        entered.append(now["c"][0, 0])
        ratings.append(now["i"][0, 0])
    prove.valid(ratings[0] < ratings[1])
    prove.valid(entered[0] > 0)
    prove.identical(entered[1], 0)
