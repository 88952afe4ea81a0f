"""The equations of the LSTM: what is computed of what."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, About, claim
from rnnspec.claims.lstm.words import (
    FAR,
    LEFT,
    candidate,
    forced,
    forget_gate,
    input_gate,
    of_layer,
    output_gate,
    starting,
    textbook,
)
from rnnspec.claims.lstm_gradients.passing import steps_of
from rnnspec.evidence import Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0, D1, D2, D4
from rnnspec.strategies import arrays, networks, wholes
from rnnspec.subject import Array, Subject

Lstm = Annotated[Network, networks("lstm", steps=(0, 2), hidden=(1, 3), inputs=(1, 2))]
WholeLstm = Annotated[Network, networks("lstm", steps=(0, 3), hidden=(1, 17), inputs=(1, 2), large=True)]
LstmOfOneStep = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 3))]
BiasedStep = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2), biases="one")]

Block = Annotated[int, wholes(0, 3)]
Numbers = Annotated[Array, arrays(8)]

GATES = ("i", "f", "g", "o")

# ------------------------------------------------------------------------------------------
six_equations = claim(
    "LST-01",
    title="An LSTM is six equations: three gates, a candidate, the cell and the output",
    says="""
        The forget, input and output gates are sigmoids, and the candidate a tanh, of the old
        output together with the input; the cell keeps and adds, and the output is the gated tanh
        of the cell.
    """,
    statement="""
        With h_{t-1}, C_{t-1} and x_t, a step of an LSTM computes f, i, o, g, C_t and h_t by the
        equations below. The notations of the documents are the same function.
    """,
    equation="""
        f = σ(W_f x_t + U_f h_{t-1} + b_f)
        i = σ(W_i x_t + U_i h_{t-1} + b_i)
        o = σ(W_o x_t + U_o h_{t-1} + b_o)
        g = tanh(W_g x_t + U_g h_{t-1} + b_g)
        C_t = f C_{t-1} + i g        h_t = o tanh(C_t)
    """,
    verdict=HOLDS,
    because="""
        This is the definition, and the documents agree in it: as one matrix on [h, x], as one on
        [x, h] with the candidate called Z, without biases, or with W x + U h written out. What
        differs between libraries is the order in which the four blocks are packed (i, f, g, o or
        i, o, f, g) and whether there are two bias vectors; neither changes the function.
    """,
    sources=[
        D0("2, LSTM"),
        D0("2.1"),
        D0("2.2"),
        D0("2.3"),
        D0("2.4"),
        D1("3, in detail"),
        D2("introduction"),
        D4("LSTM"),
    ],
    rests_on=SAMPLED,
    floats="Each step is compared from the state that the implementation itself has reached.",
    see=["LST-32", "LGR-05"],
)


@six_equations.law(needs=["run"])
def as_printed(impl: Subject, hold: Hold, net: Lstm) -> None:
    """Step by step, cell and output are what the printed equations make of the state before."""
    for step in steps_of(impl, net):
        now, done = textbook(hold, step), impl.run(step)
        hold.equal(done.state["c"], now["c"], "C_t = f C_{t-1} + i g")
        hold.equal(done.outputs[0], now["h"], "h_t = o tanh(C_t)")
        hold.equal(done.state["h"], now["h"], "the h_t that is handed on")


@six_equations.law(needs=["run"], about=About.IMPLEMENTATION, times=2)  # few are wide
def over_all_steps(impl: Subject, hold: Hold, net: WholeLstm) -> None:
    """Whole sequences, wide and long ones among them, are what the reference computes."""
    got, expected = (it.run(net) for it in (impl, hold.reference))
    hold.equal(got.outputs, expected.outputs, "h_1 ... h_T")
    for name in ("h", "c"):
        hold.equal(got.state[name], expected.state[name], f"the final {name}")


@six_equations.proof
def four_notations(prove: Prove) -> None:
    """Two inputs, two units: [h, x] and [x, h], with and without biases, are what the reference runs."""
    for biases in ("none", "one"):
        net = prove.network(Layer("lstm", 2, 2, biases=biases), 1)
        p, (x,), (h,), (c,) = net.parameters, net.inputs[0], net.state["h"], net.state["c"]
        now = prove.reference.gates(net)[0]
        a = {}
        for k in GATES:
            b = p[f"b_{k}"] if biases == "one" else 0
            hx = np.hstack([p[f"U_{k}"], p[f"W_{k}"]]) @ np.concatenate([h, x]) + b
            xh = np.hstack([p[f"W_{k}"], p[f"U_{k}"]]) @ np.concatenate([x, h]) + b
            prove.identical(hx, xh)
            a[k] = hx
        i, f, o = (prove.activation("sigmoid", a[k]) for k in "ifo")
        new = f * c + i * prove.activation("tanh", a["g"])
        prove.identical(now["c"][0], new)
        prove.identical(now["h"][0], o * prove.activation("tanh", new))


# ------------------------------------------------------------------------------------------
one_input = claim(
    "LST-12",
    title="All four blocks read the input; one is content, the other three are factors in (0, 1)",
    says="""
        Of the four Z only one, by tanh, is really an input; the three others, by sigmoid, are
        control signals between 0 and 1. All four take the input x_t.
    """,
    statement="""
        f, i, o and g are each a function of one affine map of the same [x_t, h_{t-1}], with
        parameters of its own; 0 < f, i, o < 1 and |g| < 1. Only g enters C_t as a term.
    """,
    equation="""
        a_k = W_k x_t + U_k h_{t-1} + b_k      k = i, f, g, o
        ∂(gate k)/∂W_l = 0   for l ≠ k
        g = 0  ⇒  C_t = f C_{t-1}, h_t = o tanh(C_t)
    """,
    verdict=HOLDS,
    because="""
        The blocks share their argument and nothing else, so each block's weights act on its own
        gate only. f, i and o appear as factors: without a candidate, g = 0, nothing
        of the input is added to the cell, whatever they are.
    """,
    sources=[D0("2, LSTM")],
    rests_on=SAMPLED,
    floats="""
        A computed gate lies in [0, 1], a computed candidate in [−1, 1]: rounding does not lead out
        of these intervals, whose ends are floats.
    """,
    see=["LST-01", "LST-14"],
)


@one_input.law(needs=["run"])
def a_block_acts_on_its_own_gate(
    impl: Subject, hold: Hold, net: BiasedStep, block: Block, numbers: Numbers
) -> None:
    """Where a gate has no part in the result, its block may be any other: C_t stays, and h_t but for o's."""
    gate = GATES[block]
    if gate == "f":  # there is nothing to forget
        net = starting(net, c=0)
    elif gate == "i":  # there is nothing to let in
        net = forced(net, g=0)
    elif gate == "g":  # nothing is let in
        net = forced(net, i=-FAR)
    shapes = {name: shape for name, shape in net.layer.parameter_shapes.items() if name.endswith(f"_{gate}")}
    other = net.with_parameters(**{name: np.resize(numbers, shape) for name, shape in shapes.items()})
    after, stays = impl.run(other).state, impl.run(net).state
    for name in ("c",) if gate == "o" else ("c", "h"):  # o is a factor of h alone
        moved = after[name] - stays[name]
        hold.at_most(abs(moved), 2 * LEFT, f"{name} with another block of {gate}, where {gate} has no part")


@one_input.law(needs=["run"])
def the_input_acts_as_a_bias_in_each(impl: Subject, hold: Hold, net: BiasedStep) -> None:
    """An input of 1 does in every block what a bias W_k would do."""
    first = np.eye(net.layer.inputs)[0]
    net = replace(net, inputs=np.broadcast_to(first, net.inputs.shape))
    reading = net.with_parameters(**{f"b_{k}": 0 for k in GATES})
    biased = net.with_parameters(**{f"b_{k}": net.parameters[f"W_{k}"][:, 0] for k in GATES})
    biased = biased.with_parameters(**{f"W_{k}": 0 for k in GATES})
    left, right = (impl.run(it).state for it in (reading, biased))
    for name in ("h", "c"):
        hold.equal(left[name], right[name], f"{name} of an input 1, and of the bias W_k")


@one_input.law(needs=["run"])
def between_their_limits(impl: Subject, hold: Hold, net: BiasedStep) -> None:
    """Seen one by one through the states: f, i and o are not negative and at most 1, |g| is at most 1."""
    for name, seen in (("f", forget_gate), ("i", input_gate), ("o", output_gate)):
        gate = seen(impl, net)
        hold.at_most(0, gate, f"0 ≤ {name}", rounding=SURVIVES)
        hold.at_most(gate, 1, f"{name} ≤ 1", rounding=SURVIVES)
    hold.at_most(abs(candidate(impl, net)), 1, "|g| ≤ 1", rounding=SURVIVES)


@one_input.proof
def four_maps_of_the_same_vector(prove: Prove) -> None:
    """Two inputs, two units: a gate has no derivative by another's weights, and lies in its interval."""
    net = prove.network(Layer("lstm", 2, 2), 1)
    now = {k: values[0] for k, values in prove.reference.gates(net)[0].items()}
    p, x = net.parameters, net.inputs[0, 0]
    for k in GATES:
        slope = now[k] * (1 - now[k]) if k != "g" else 1 - now[k] ** 2
        prove.identical(prove.derivative(now[k], x), slope[:, np.newaxis] * p[f"W_{k}"])
        for other in set(GATES) - {k}:
            for letter in "WUb":
                by = p[f"{letter}_{other}"]
                prove.identical(prove.derivative(now[k], by), np.zeros((2, *by.shape)))
    for k in "ifo":
        prove.valid(prove.all_of(now[k][0] > 0, now[k][0] < 1))
    prove.valid(abs(now["g"][0]) < 1)
    silent = prove.network(Layer("lstm", 2, 2), 1, W_g=0, U_g=0, b_g=0)
    kept = prove.reference.gates(silent)[0]
    prove.identical(kept["c"], kept["f"] * silent.state["c"])


# ------------------------------------------------------------------------------------------
two_functions = claim(
    "LST-14",
    title="Sigmoid at the three gates, tanh at the candidate and at the read-out",
    says="The LSTM commonly uses two activation functions, tanh and sigmoid.",
    statement="f, i and o go through the sigmoid, the candidate and the cell on its way to h through tanh.",
    equation="""
        σ(a) = 1/(1 + e^-a)                       f, i, o
        tanh(a) = (e^a − e^-a)/(e^a + e^-a)       g, and C_t on its way to h_t
    """,
    verdict=HOLDS,
    because="""
        This is the standard LSTM; with it a gate is a share between 0 and 1, and what is written and
        shown may have either sign. Other functions have been used, those of 1997 among them
        (LST-22), and libraries let them be replaced. Whoever replaces one has another layer.
    """,
    sources=[D0("2, LSTM"), D0("questions, 2"), D1("3, in detail")],
    floats="Each node is seen through a step in which all else is constant, up to a few roundings.",
    see=["LST-01", "LST-15", "LST-22", "ACT-09", "ACT-11", "EMP-11"],
)

Units = Annotated[Array, arrays((1, 6), low=-16, high=16, unit=1 / 8)]


def _reading(a: Array, gate: str) -> Network:
    """One input, a unit for each number in a: its pre-activation of this gate, where others have 0."""
    return of_layer(Layer("lstm", 1, len(a)), **{f"b_{gate}": a})


@two_functions.law(needs=["run"])
def sigmoid_at_the_gates(impl: Subject, hold: Hold, a: Units) -> None:
    """f, i and o are the sigmoid of their pre-activation, all along the curve."""
    sigma = hold.reference.activation("sigmoid", a)
    full = hold.reference.activation("tanh", np.array(float(FAR)))
    hold.equal(forget_gate(impl, _reading(a, "f")), sigma, "f")
    hold.equal(input_gate(impl, _reading(a, "i")), sigma * full, "i tanh(64)")
    hold.at_most(abs(output_gate(impl, _reading(a, "o")) - sigma), FAR * LEFT, "|o tanh(64 σ(64)) − σ(a)|")


@two_functions.law(needs=["run"])
def tanh_at_candidate_and_read_out(impl: Subject, hold: Hold, a: Units) -> None:
    """The candidate is the tanh of its pre-activation, and h that of the cell, with either sign."""
    tanh = hold.reference.activation("tanh", a)
    opened = hold.reference.activation("sigmoid", np.array(float(FAR)))
    hold.equal(candidate(impl, _reading(a, "g")), tanh * opened, "σ(64) g")
    shown = impl.run(starting(forced(_reading(a, "g"), g=0, f=FAR, o=FAR), c=a))
    squashed = hold.reference.activation("tanh", shown.state["c"])
    hold.equal(shown.outputs[0], squashed * opened, "σ(64) tanh(C)")


@two_functions.proof
def traced_at_each_node(prove: Prove) -> None:
    """Free pre-activations, so those of any unit: σ(a_f), σ(a_i), σ(a_o), tanh(a_g), tanh(C_t)."""
    a = dict(zip(GATES, prove.symbols("a_i a_f a_g a_o"), strict=True))
    net = prove.network(
        Layer("lstm", 1, 1), 1, rest=0, c=prove.symbols("C"), **{f"b_{k}": a[k] for k in GATES}
    )
    now = {k: values[0, 0] for k, values in prove.reference.gates(net)[0].items()}
    for k in "ifo":
        prove.identical(now[k], 1 / (1 + prove.exp(-a[k])))
    up, down = prove.exp(a["g"]), prove.exp(-a["g"])
    prove.identical(now["g"], (up - down) / (up + down))
    prove.identical(now["h"], now["o"] * prove.activation("tanh", now["c"]))


# ------------------------------------------------------------------------------------------
concatenation = claim(
    "LST-32",
    title="One matrix on the concatenation [h, x] is two matrices, and the order is a matter of columns",
    says="Every gate multiplies one weight matrix with the concatenation of h_{t-1} and x_t.",
    statement="""
        For every gate W[h_{t-1}; x_t] = U h_{t-1} + V x_t, where W = [U V]. With [x_t; h_{t-1}] it
        is the same gate if the columns of W are exchanged alike.
    """,
    equation="""
        [U V] [h; x] = U h + V x = [V U] [x; h]
    """,
    verdict=HOLDS,
    because="""
        That is how a product with a block matrix is computed. So the two forms have the same
        functions and the same number of parameters, n(n + m) a gate, and the [h, x] of one
        document differs from the [x, h] of another by a permutation of columns, which is nothing but a
        matter of packing.
    """,
    sources=[D0("2, LSTM"), D1("3, in detail"), D4("LSTM")],
    rests_on=SAMPLED,
    floats="Both sides add the same products, in another order.",
    see=["LST-01"],
)


def _concatenated(net: Network, first: str) -> Network:
    """A layer that reads [h; x] or [x; h] as its input, with one matrix a gate and no recurrent one."""
    order = ["U", "W"] if first == "h" else ["W", "U"]
    m, n = net.layer.inputs, net.layer.hidden
    together = {}
    for k in GATES:
        together[f"W_{k}"] = np.hstack([net.parameters[f"{letter}_{k}"] for letter in order])
        together[f"U_{k}"] = np.zeros((n, n))
        together[f"b_{k}"] = net.parameters[f"b_{k}"]
    h, x = net.state["h"], net.inputs[0]
    inputs = np.hstack([h, x] if first == "h" else [x, h])[np.newaxis]
    return Network(Layer("lstm", m + n, n), together, inputs, net.state)


@concatenation.law(needs=["run"])
def one_matrix(impl: Subject, hold: Hold, net: BiasedStep) -> None:
    """A layer whose input is [h; x], with W = [U V] and nothing recurrent, takes the same step."""
    apart, together = impl.run(net).state, impl.run(_concatenated(net, "h")).state
    for name in ("h", "c"):
        hold.equal(together[name], apart[name], name)


@concatenation.law(needs=["run"])
def order_of_the_columns(impl: Subject, hold: Hold, net: BiasedStep) -> None:
    """[h; x] with W = [U V] and [x; h] with W = [V U] are the same step."""
    hx, xh = (impl.run(_concatenated(net, first)).state for first in ("h", "x"))
    for name in ("h", "c"):
        hold.equal(hx[name], xh[name], name)


@concatenation.proof
def product_with_a_block_matrix(prove: Prove) -> None:
    """Two units, two inputs: the layer that reads [h; x] or [x; h] is traced to the same cell and output."""
    net = prove.network(Layer("lstm", 2, 2), 1)
    apart = prove.reference.run(net)
    for first in ("h", "x"):
        together = prove.reference.run(_concatenated(net, first))
        prove.identical(together.outputs, apart.outputs)
        prove.identical(together.state["c"], apart.state["c"])
