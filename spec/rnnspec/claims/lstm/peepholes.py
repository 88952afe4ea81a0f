"""Peepholes: which gate sees which cell, and the two structures that are in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import EMPIRICAL, HOLDS, LOOSE, SAMPLED, claim
from rnnspec.claims.lstm.words import affine, function, of_layer, textbook
from rnnspec.claims.lstm_gradients.passing import on_the_cell
from rnnspec.evidence import Lab, Outcome, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network, Peepholes
from rnnspec.sources import D1, D4
from rnnspec.strategies import LayerSizes, networks, reals
from rnnspec.subject import Subject


def _steps(peepholes: str) -> Any:
    return networks(
        "lstm",
        steps=(1, 1),
        hidden=(1, 3),
        inputs=(1, 2),
        scales=(0, -1, 1),
        peepholes=peepholes,
    )


Gers = Annotated[Network, _steps("gers")]
Previous = Annotated[Network, _steps("previous")]
Layers = Annotated[Network, _steps("layers")]
Wikipedia = Annotated[Network, _steps("wikipedia")]
Plain = Annotated[Network, _steps("none")]
Number = Annotated[float, reals(-2, 2, 1 / 16)]

# ------------------------------------------------------------------------------------------
who_sees_what = claim(
    "LST-26",
    title="With peepholes i and f see the old cell and o the new one; the candidate sees none",
    says="""
        Peepholes give every gate the previous cell state; in the figure the cell is added to all
        three layers, the output gate excepted.
    """,
    statement="The cell C_{t-1} is an argument of f, i and the candidate, and none of o.",
    equation="""
        f = σ(W_f x + U_f h + P_f C_{t-1} + b_f)      i likewise
        o = σ(W_o x + U_o h + P_o C_t + b_o)          g = tanh(W_g x + U_g h + b_g)
        3n parameters more
    """,
    verdict=LOOSE,
    because="""
        Three layers without the output gate are f, i and the candidate, if layers are counted and not
        gates. Then the candidate has a peephole and the output gate has none. As peepholes were
        published (Gers et al. 2002) it is the other way round: the three gates have them, the
        candidate has not; and the output gate, which acts last, sees the cell of its own step. What the
        sentence before says, that every gate sees the cell, is right in that sense. There are other
        variants, so whoever says peephole has to say which.
    """,
    corrected="""
        f and i see C_{t-1}, o sees C_t and g sees no cell (Gers); each through one number a unit,
        3n in all. In a variant o sees C_{t-1} too, and as the document has it, g does and o does not.
    """,
    sources=[D1("4, variants")],
    floats="Each variant is compared with its equations over one step.",
    see=["LST-23", "LST-27", "LST-28"],
)


def _seen(hold: Hold, step: Network, seen: Mapping[str, str]) -> tuple[Any, Any]:
    """C_t and h_t by the equations, in which the gates named see the `old` or the `new` cell through P."""
    p, c = step.parameters, step.state["c"]
    sigma, tanh = (function(hold, kind) for kind in ("sigmoid", "tanh"))

    def reads(gate: str, new: Any = None) -> Any:
        cell = {"old": c, "new": new}.get(seen.get(gate, ""))
        return affine(step, gate) if cell is None else affine(step, gate) + p[f"P_{gate}"] * cell

    after = sigma(reads("f")) * c + sigma(reads("i")) * tanh(reads("g"))
    return after, sigma(reads("o", after)) * tanh(after)


def _held(impl: Subject, hold: Hold, net: Network, seen: Mapping[str, str]) -> None:
    (c, h), after = _seen(hold, net, seen), impl.run(net).state
    hold.equal(after["c"], c, "C_t")
    hold.equal(after["h"], h, "h_t")


GERS = {"i": "old", "f": "old", "o": "new"}
PREVIOUS = {"i": "old", "f": "old", "o": "old"}
LAYERS = {"i": "old", "f": "old", "g": "old"}
SEEN: Mapping[Peepholes, Mapping[str, str]] = {
    "gers": GERS,
    "previous": PREVIOUS,
    "layers": LAYERS,
    "none": {},
}


@who_sees_what.as_stated(needs=["run"])
def candidate_instead_of_output_gate(impl: Subject, hold: Hold, c: Number) -> None:
    """As drawn and as published are one layer: from a cell of c, with all P equal to 1, h is equal."""
    drawn = of_layer(Layer("lstm", 1, 1, peepholes="layers"), c=c, P_i=1, P_f=1, P_g=1)
    published = of_layer(Layer("lstm", 1, 1, peepholes="gers"), c=c, P_i=1, P_f=1, P_o=1)
    hold.equal(impl.run(drawn).state["h"], impl.run(published).state["h"], "h_t as drawn, and as published")


@who_sees_what.witness(of=candidate_instead_of_output_gate)
def a_cell_of_one() -> Mapping[str, Any]:
    """C_{t-1} = 1: the candidate that sees it adds 0.557 to the cell, and h is different."""
    return {"c": 1.0}


@who_sees_what.law(needs=["run"])
def as_published(impl: Subject, hold: Hold, net: Gers) -> None:
    """Gers: i and f see C_{t-1}, o sees C_t, the candidate sees none."""
    _held(impl, hold, net, GERS)


@who_sees_what.law(needs=["run"])
def all_see_the_old_one(impl: Subject, hold: Hold, net: Previous) -> None:
    """The variant in which o sees C_{t-1} like i and f."""
    _held(impl, hold, net, PREVIOUS)


@who_sees_what.law(needs=["run"])
def as_it_is_drawn(impl: Subject, hold: Hold, net: Layers) -> None:
    """The document's: i, f and the candidate see C_{t-1}, o none."""
    _held(impl, hold, net, LAYERS)


@who_sees_what.law(needs=["run"])
def output_gate_sees_the_new_cell(impl: Subject, hold: Hold, c: Number, b: Number) -> None:
    """Gers, all else 0: the output gate is σ(P_o C_t), of the cell that the same step has made."""
    net = of_layer(Layer("lstm", 1, 1, peepholes="gers"), c=c, b_g=b, P_o=2)
    after = impl.run(net).state
    gate = hold.reference.activation("sigmoid", 2 * after["c"])
    hold.equal(after["h"], gate * hold.reference.activation("tanh", after["c"]), "h_t = σ(2 C_t) tanh(C_t)")


@who_sees_what.law(needs=["parameter_count"])
def three_numbers_a_unit(impl: Subject, hold: Hold, sizes: LayerSizes) -> None:
    """Peepholes cost 3n parameters, whichever three they are: they are vectors, not matrices."""
    m, n = sizes.m, sizes.n
    plain = impl.parameter_count(Layer("lstm", m, n, biases=sizes.biases))
    for peepholes in ("gers", "previous", "layers"):
        layer = Layer("lstm", m, n, biases=sizes.biases, peepholes=peepholes)
        hold.exactly(impl.parameter_count(layer) - plain, 3 * n, f"parameters for peepholes: {peepholes}")


@who_sees_what.proof
def dependencies_traced(prove: Prove) -> None:
    """Two units: with h held, derivatives by C_{t-1} are P times the slope, and 3n numbers are added."""
    for peepholes, seen in SEEN.items():
        net = prove.network(Layer("lstm", 1, 2, peepholes=peepholes), 1)
        now = {k: v[0] for k, v in prove.reference.gates(net)[0].items()}
        old, unchanged = net.state["c"][0], np.diag([prove.number(1)] * 2)
        for k in "ifgo":
            slope = 1 - now[k] ** 2 if k == "g" else now[k] * (1 - now[k])
            P = net.parameters.get(f"P_{k}", np.zeros(2))
            cell = prove.derivative(now["c"], old) if seen.get(k) == "new" else unchanged
            prove.identical(prove.derivative(now[k], old), np.diag(slope * P) @ cell)
    n = prove.sizes("n")[0]
    count = {
        peepholes: prove.count(lambda m, n, p=peepholes: Layer("lstm", m, n, peepholes=p), "m n")
        for peepholes in ("none", "gers", "previous", "layers")
    }
    for peepholes in ("gers", "previous", "layers"):
        prove.identical(count[peepholes] - count["none"], 3 * n)


# ------------------------------------------------------------------------------------------
in_practice = claim(
    "LST-27",
    title="How many of the peepholes are opened in practice is a matter of record",
    says="In practice most researchers open only one or two of the three channels.",
    statement="Of the papers that use peepholes, most use one or two of the three.",
    equation="P_i, P_f, P_o: which of them are not 0",
    verdict=EMPIRICAL,
    finding="recorded",
    because="""
        This is a statement about papers. The essay that the document follows has it more
        carefully: many papers give some of the gates peepholes and not others.
    """,
    sources=[D1("4, variants")],
    see=["LST-26", "EMP-07"],
)


@in_practice.experiment
def usage(lab: Lab) -> Outcome:
    """A survey of papers is no measurement on networks."""
    return Outcome.recorded("it would take a survey of the papers that use peepholes, and none is at hand")


# ------------------------------------------------------------------------------------------
two_structures = claim(
    "LST-28",
    title="Two structures: the traditional LSTM, and one whose gates read the cell in the place of h",
    says="""
        Two LSTMs are common. The first, traditional one has a forget gate; its three gates read
        [x_t, h_{t-1}] with parameters of their own and come out in about [0, 1]; c_t is made of the
        previous c and what is new. The second has peepholes.
    """,
    statement="Each of the two computes c_t and h_t by its equations below.",
    equation="""
        traditional:  f, i, o = σ(W x_t + U h_{t-1} + b)
                      c_t = f c_{t-1} + i tanh(W_c x_t + U_c h_{t-1} + b_c)
        peephole:     f, i, o = σ(W x_t + U c_{t-1} + b)
                      c_t = f c_{t-1} + i tanh(W_c x_t + b_c)
        both:         h_t = o tanh(c_t)
    """,
    verdict=HOLDS,
    because="""
        These are the two of the encyclopedia that the document takes them from. In the second, U
        is a whole matrix and reads c where the first reads h; the candidate reads neither. So h
        is shown and never read again: c alone is the state, and ∂c_T/∂c_0 is just the product of
        the one-step Jacobians, which for the first is not so (LGR-02). Gers' peepholes are a third thing.
    """,
    sources=[D4("LSTM")],
    rests_on=SAMPLED,
    floats="Each structure is compared with its equations over one step.",
    see=["LST-01", "LST-26", "LGR-02"],
)

Sequence = Annotated[
    Network,
    networks(
        "lstm",
        steps=(2, 2),
        hidden=(1, 2),
        inputs=(1, 1),
        scales=(0, -1, 1),
        peepholes="wikipedia",
    ),
]


@two_structures.law(needs=["run"])
def traditional(impl: Subject, hold: Hold, net: Plain) -> None:
    """The first: all read h_{t-1}."""
    now, after = textbook(hold, net), impl.run(net).state
    hold.equal(after["c"], now["c"], "c_t")
    hold.equal(after["h"], now["h"], "h_t")


@two_structures.law(needs=["run"])
def peephole(impl: Subject, hold: Hold, net: Wikipedia) -> None:
    """The second: the gates read c_{t-1} through U, the candidate reads the input alone."""
    sigma, tanh = (function(hold, kind) for kind in ("sigmoid", "tanh"))
    f, i, o = (sigma(affine(net, gate, read="c")) for gate in "fio")
    c = f * net.state["c"] + i * tanh(affine(net, "g"))
    after = impl.run(net).state
    hold.equal(after["c"], c, "c_t")
    hold.equal(after["h"], o * tanh(c), "h_t")


@two_structures.law(needs=["run_vjp"])
def nothing_reads_h(impl: Subject, hold: Hold, net: Sequence) -> None:
    """In the second no gradient reaches h_0."""
    hold.exactly(impl.vjp(net, on_the_cell(net, 1.0)).state["h"], 0, "∂c_T/∂h_0")


@two_structures.law(needs=["run", "run_vjp"])
def one_step_jacobians_multiply(impl: Subject, hold: Hold, net: Sequence) -> None:
    """In the second the gradient carried back over two steps one by one, from cell to cell, is the whole."""
    first = net.at(0, net.state)
    second = net.at(1, impl.run(first).state)
    to_the_middle = impl.vjp(second, on_the_cell(second, 1.0)).state["c"]
    carried = impl.vjp(first, on_the_cell(first, to_the_middle)).state["c"]
    whole = impl.vjp(net, on_the_cell(net, 1.0)).state["c"]
    hold.equal(whole, carried, "∂c_2/∂c_0, and step by step")
    hold.equal(whole, hold.reference.vjp(net, on_the_cell(net, 1.0)).state["c"], "∂c_2/∂c_0")


@two_structures.proof
def both_traced(prove: Prove) -> None:
    """Two units: both sets of equations; in the second ∂c_2/∂c_0 = ∂c_2/∂c_1 ∂c_1/∂c_0, and h is not read."""
    for peepholes in ("none", "wikipedia"):
        net = prove.network(Layer("lstm", 1, 2, peepholes=peepholes), 1)
        p, x, h, c = net.parameters, net.inputs[0, 0], net.state["h"][0], net.state["c"][0]
        read = h if peepholes == "none" else c
        f, i, o = (
            prove.activation("sigmoid", p[f"W_{k}"] @ x + p[f"U_{k}"] @ read + p[f"b_{k}"]) for k in "fio"
        )
        new = p["W_g"] @ x + p["b_g"] + (p["U_g"] @ h if peepholes == "none" else 0)
        after = f * c + i * prove.activation("tanh", new)
        state = prove.reference.run(net).state
        prove.identical(state["c"][0], after)
        prove.identical(state["h"][0], o * prove.activation("tanh", after))
        for gate in (f, i, o):
            prove.valid(prove.all_of(gate[0] > 0, gate[0] < 1))
    net = prove.network(Layer("lstm", 1, 1, peepholes="wikipedia"), 2)
    first = replace(net, inputs=net.inputs[:1])
    middle = prove.symbols("c1")
    second = replace(net, inputs=net.inputs[1:], state={"h": net.state["h"], "c": middle[np.newaxis]})
    whole, one, two = (prove.reference.run(each).state["c"][0, 0] for each in (net, first, second))
    by_middle = prove.at(prove.derivative(two, middle[0]), {"c1": one})
    c0, h0 = net.state["c"][0, 0], net.state["h"][0, 0]
    prove.identical(prove.derivative(whole, c0), by_middle * prove.derivative(one, c0))
    prove.identical(prove.derivative(whole, h0), 0)
