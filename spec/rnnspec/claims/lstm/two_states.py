"""The two states: h, which is shown, and C, which remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, LOOSE, REFUTED, claim
from rnnspec.claims.lstm.words import cell, one_unit
from rnnspec.claims.lstm_gradients.passing import gates, on_the_cell, steps_of
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Cotangent, Layer, Network
from rnnspec.sources import D0, D1, D2
from rnnspec.strategies import networks, reals, wholes
from rnnspec.subject import Subject

Step = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2), biases="one")]
Sequence = Annotated[Network, networks("lstm", steps=(1, 4), hidden=(1, 3), inputs=(1, 2))]
Longer = Annotated[Network, networks("lstm", steps=(2, 4), hidden=(1, 3), inputs=(1, 2))]
Short = Annotated[Network, networks("lstm", steps=(1, 3), hidden=(1, 2), inputs=(1, 2))]
Content = Annotated[float, reals(-4, 4, 1 / 16)]
Steps = Annotated[int, wholes(2, 12)]
Cut = Annotated[int, wholes(0, 4)]

# ------------------------------------------------------------------------------------------
two_things = claim(
    "LST-10",
    title="The memory cell is not the hidden state: |h| is below 1 and below |C|, which has no bound",
    says="""
        What the memory cell stores should properly be called h_t, in the RNN and in the LSTM
        alike; cell and hidden state are one thing.
    """,
    statement="C_t = h_t.",
    equation="""
        h_t = o tanh(C_t),   |h_t| < |C_t| unless both are 0
        C = 2, o = 1/2:   h = 0.482014
    """,
    verdict=REFUTED,
    because="""
        An Elman network has one state, which is its memory and its output. An LSTM has two: C, which is
        carried on by sums, and h, the part of it that is shown. |tanh C| < |C| and o < 1, so the
        two agree only where both are 0; and h stays below 1 while C may grow with every
        step. Both documents list them as two elsewhere, and libraries return a pair.
    """,
    corrected="The state is the pair (h_t, C_t), with |h_t| < min(1, |C_t|) unless C_t = 0.",
    sources=[D0("2, LSTM"), D1("3, in detail")],
    floats="h is rounded twice on its way from C; where it is nearly as large, that may show.",
    see=["LST-04", "LST-16", "LST-29"],
)


@two_things.as_stated(needs=["run"])
def one_and_the_same(impl: Subject, hold: Hold, c: Content) -> None:
    """After a step from a cell of C, without parameters, hidden state and cell are equal."""
    after = impl.run(one_unit(c=c)).state
    hold.equal(after["h"], after["c"], "h_t = C_t")


@two_things.witness(of=one_and_the_same)
def a_cell_of_two() -> Mapping[str, Any]:
    """From C = 4, with f = o = 1/2: C = 2 and h = 0.482014."""
    return {"c": 4.0}


@two_things.law(needs=["run"])
def hidden_is_the_smaller(impl: Subject, hold: Hold, net: Sequence) -> None:
    """The final h is at most |C| and below 1."""
    state = impl.run(net).state
    hold.at_most(abs(state["h"]), abs(state["c"]), "|h_T| ≤ |C_T|")
    hold.strictly_less(abs(state["h"]), 1, "|h_T|", rounding=SURVIVES)


@two_things.law(needs=["run"])
def one_grows_and_the_other_does_not(impl: Subject, hold: Hold, T: Steps) -> None:
    """With all gates and the candidate open, C_T is nearly T, and h_T nearly 1."""
    after = impl.run(one_unit(T, b_i=8, b_f=8, b_g=8, b_o=8)).state
    hold.at_most(T * (1 - Fraction(T, 1000)), after["c"], "C_T")
    hold.at_most(Fraction(9, 10), after["h"], "h_T")
    hold.strictly_less(after["h"], 1, "h_T", rounding=SURVIVES)


@two_things.proof
def never_equal(prove: Prove) -> None:
    """One unit: |h| < |C| wherever C is not 0, and |h| < 1."""
    net = prove.network(Layer("lstm", 1, 1), 1)
    now = {k: v[0, 0] for k, v in prove.reference.gates(net)[0].items()}
    prove.identical(now["h"], now["o"] * prove.activation("tanh", now["c"]))
    prove.valid(prove.implies(now["c"] > 0, prove.all_of(now["h"] > 0, now["h"] < now["c"])))
    prove.valid(prove.implies(now["c"] < 0, prove.all_of(now["h"] < 0, now["h"] > now["c"])))
    prove.valid(abs(now["h"]) < 1)


@two_things.enclosure
def printed_output(enclose: Enclose) -> None:
    """tanh(2)/2 = 0.482014; and |tanh C| < |C| away from 0."""
    enclose.value(lambda f: f.tanh(f.number(2)) / 2, "0.482014")
    enclose.holds(lambda f, c: f.tanh(c) < c, touching=[0], c=(0, INF))


# ------------------------------------------------------------------------------------------
summary = claim(
    "LST-11",
    title="The cell is a function of the inputs so far, and of no later one",
    says="The cell after step t sums up all the inputs that the network has read before step t + 1.",
    statement="C_t = F(x_1, ..., x_t), given the initial state; ∂C_t/∂x_s = 0 for s > t.",
    equation="""
        C_t = (f_t ⋯ f_1) C_0 + Σ_s (f_t ⋯ f_{s+1}) i_s g_s
        ∂C_t/∂x_s = 0   for s > t
    """,
    verdict=HOLDS,
    because="""
        The recursion runs forward: nothing of a later step enters an earlier one. Written out, the
        cell is a sum with a term for every step so far, each weighted by the forget gates
        since. Whether an input has left anything there is another question: its term is 0 where
        the input gate was closed, and fades as the forget gates say.
    """,
    sources=[D1("3, in detail")],
    floats="A gradient that is a product with 0 is 0 to the last bit.",
    see=["LST-03", "LST-29", "LGR-05"],
)


def _before_the_last(hold: Hold, net: Network, cut: int) -> int:
    """A step that has later ones."""
    hold.given(net.steps > 1, "at least two steps")
    return 1 + cut % (net.steps - 1)


@summary.law(needs=["run"])
def later_inputs_do_not_matter(impl: Subject, hold: Hold, net: Longer, cut: Cut) -> None:
    """With other inputs after step s the outputs up to s are the same."""
    s = _before_the_last(hold, net, cut)
    other = replace(net, inputs=np.concatenate([net.inputs[:s], np.ones_like(net.inputs[s:])]))
    hold.equal(impl.run(other).outputs[:s], impl.run(net).outputs[:s], f"h_1 ... h_{s}")


@summary.law(needs=["run_vjp"])
def no_gradient_from_the_future(impl: Subject, hold: Hold, net: Longer, cut: Cut) -> None:
    """The output of step s has no derivative by a later input."""
    s = _before_the_last(hold, net, cut)
    outputs = np.zeros((net.steps, net.batch, net.layer.width))
    outputs[s - 1] = 1.0
    zero = {name: np.zeros(value.shape) for name, value in net.state.items()}
    back = impl.vjp(net, Cotangent(outputs, zero))
    hold.exactly(back.inputs[s:], 0, f"∂h_{s}/∂x_t for t > {s}")


@summary.law(needs=["run"])
def a_term_for_every_step(impl: Subject, hold: Hold, net: Short) -> None:
    """C_T is C_0 and every i g so far, each times the forget gates since."""
    total: Any = net.state["c"]
    for step in steps_of(impl, net):
        now = gates(hold, step)
        total = now["f"] * total + now["i"] * now["g"]
    hold.equal(cell(impl, net), total, "C_T")


@summary.proof
def traced_causality(prove: Prove) -> None:
    """One unit: C_3 is a sum of four terms, and C_t has no derivative by x_s for s > t; likewise for every t.

    For a step makes of C = P C_0 + S the cell (f P) C_0 + (f S + i g), and reads its own input only.
    """
    net = prove.network(Layer("lstm", 1, 1), 3)
    now = [{k: v[0, 0] for k, v in step.items()} for step in prove.reference.gates(net)]
    one, two, three = now
    terms = (
        three["f"] * two["f"] * one["f"] * net.state["c"][0, 0]
        + three["f"] * two["f"] * one["i"] * one["g"]
        + three["f"] * two["i"] * two["g"]
        + three["i"] * three["g"]
    )
    prove.identical(three["c"], terms)
    for t, s in ((1, 2), (1, 3), (2, 3)):
        prove.identical(prove.derivative(now[t - 1]["c"], net.inputs[s - 1, 0, 0]), 0)
    P, S, start = prove.symbols("P S C0")
    step = prove.network(Layer("lstm", 1, 1), 1, c=P * start + S)
    after = {k: v[0, 0] for k, v in prove.reference.gates(step)[0].items()}
    prove.identical(after["c"], (after["f"] * P) * start + (after["f"] * S + after["i"] * after["g"]))


# ------------------------------------------------------------------------------------------
bounded_output = claim(
    "LST-16",
    title="No output of an LSTM leaves (−1, 1), nor exceeds its gate, nor its cell",
    says="The cell is squashed into (−1, 1) by tanh, and then gated, to be the output.",
    statement="|h_t| < 1, for all weights, inputs and states.",
    equation="|h_t| ≤ o min(1, |C_t|) < 1",
    verdict=HOLDS,
    because="""
        |tanh C| is below 1, and at most |C|; the output gate is between 0 and 1. So whatever the
        cell has grown to, each output stays within its gate.
    """,
    sources=[D1("3, in detail")],
    floats="A product of a computed gate and a computed tanh, both at most 1, is at most 1.",
    see=["LST-04", "LST-10", "SPE-09", "ACT-10"],
)

Wild = Annotated[Network, networks("lstm", steps=(1, 4), hidden=(1, 3), inputs=(1, 2), scales=(0, 2, 3, 5))]


@bounded_output.law(needs=["run"])
def within_one(impl: Subject, hold: Hold, net: Wild) -> None:
    """No output exceeds 1, for weights of any size."""
    hold.strictly_less(abs(impl.run(net).outputs), 1, "|h_t|", rounding=SURVIVES)


@bounded_output.law(needs=["run"])
def within_gate_and_cell(impl: Subject, hold: Hold, net: Step) -> None:
    """|h| ≤ o and |h| ≤ o |C|."""
    after, o = impl.run(net).state, gates(hold, net)["o"]
    hold.at_most(abs(after["h"]), o, "|h_t| ≤ o")
    hold.at_most(abs(after["h"]), o * abs(after["c"]), "|h_t| ≤ o |C_t|")


@bounded_output.proof
def minimum_of_one_and_the_cell(prove: Prove) -> None:
    """One unit, any numbers: |h| ≤ o min(1, |C|), and |h| < 1."""
    net = prove.network(Layer("lstm", 1, 1), 1)
    now = {k: v[0, 0] for k, v in prove.reference.gates(net)[0].items()}
    prove.valid(abs(now["h"]) <= now["o"] * prove.minimum(1, abs(now["c"])))
    prove.valid(abs(now["h"]) < 1)


# ------------------------------------------------------------------------------------------
through_h = claim(
    "LST-23",
    title="f_t, i_t and the candidate depend on C_{t-1}, through h_{t-1}; not on C_t",
    says="When differentiating, f, i and the candidate are functions of C_t and must be included.",
    statement="f_t, i_t and g_t are functions of C_t.",
    equation="""
        f_t = σ(W_f x_t + U_f h_{t-1} + b_f),   h_{t-1} = o_{t-1} tanh(C_{t-1})
        ∂f_t/∂C_{t-1} = 0 with h_{t-1} held,   else f_t(1 − f_t) U_f o_{t-1} sech²(C_{t-1})
    """,
    verdict=LOOSE,
    because="""
        An index has slipped. C_t is computed from f_t, so that f_t cannot be a function of it:
        one and the same C_t may come from different gates. What is meant is C_{t-1}, which the
        gates see through h_{t-1}, and the point that is made, not to take them for
        constants, is right (LGR-03).
    """,
    corrected="""
        Without peepholes the gates depend on C_{t-1} only through h_{t-1}: with h_{t-1} held,
        ∂C_t/∂C_{t-1} = f_t; otherwise each of f, i and g adds a term.
    """,
    sources=[D2("a common misconception")],
    floats="With h held the gradient is the computed forget gate itself, up to rounding.",
    see=["LGR-03", "LST-26"],
)


@through_h.as_stated(needs=["run"])
def functions_of_the_new_cell(impl: Subject, hold: Hold, h: Content) -> None:
    """Steps with the same C_t, here 0, have the same forget gate; U_f = 1, and h_{t-1} is h or 0."""
    ending_alike = [one_unit(h=value, U_f=1) for value in (h, 0)]
    for net in ending_alike:
        hold.exactly(cell(impl, net), 0, "C_t")
    one, other = (gates(hold, net)["f"] for net in ending_alike)
    hold.equal(one, other, "f_t, at the same C_t")


@through_h.witness(of=functions_of_the_new_cell)
def one_cell_two_gates() -> Mapping[str, Any]:
    """C_t = 0 from h_{t-1} = 1 and from 0: the forget gates are 0.731 and 0.5."""
    return {"h": 1.0}


@through_h.law(needs=["run_vjp"])
def not_with_h_held(impl: Subject, hold: Hold, net: Step) -> None:
    """With h_{t-1} held, the cell's gradient is f_t: no gate moves with C_{t-1}."""
    back = impl.vjp(net, on_the_cell(net, 1.0)).state
    hold.equal(back["c"], gates(hold, net)["f"], "∂C_t/∂C_{t-1} with h_{t-1} held")


@through_h.law(needs=["run_vjp"])
def through_h_and_nothing_else(impl: Subject, hold: Hold, net: Step) -> None:
    """What reaches h_{t-1} comes through U_f, U_i and U_g; without these it is 0."""
    p, c = net.parameters, net.state["c"]
    now = gates(hold, net)
    back = impl.vjp(net, on_the_cell(net, 1.0)).state["h"]
    read = (
        (c * now["f"] * (1 - now["f"])) @ p["U_f"]
        + (now["g"] * now["i"] * (1 - now["i"])) @ p["U_i"]
        + (now["i"] * (1 - now["g"] ** 2)) @ p["U_g"]
    )
    hold.equal(back, read, "∂C_t/∂h_{t-1}")


@through_h.proof
def held_and_not_held(prove: Prove) -> None:
    """Two units: with h_{t-1} held no gate moves with C_{t-1}, and ∂C_t/∂C_{t-1} = diag(f).

    With h = o tanh(C) each of f, i and g has the derivative slope · U · o sech²(C), and adds a term.
    Two are enough for any number: an entry is about two units, and what others add is like a bias.
    """
    held = prove.network(Layer("lstm", 1, 2), 1)
    now, c = {k: v[0] for k, v in prove.reference.gates(held)[0].items()}, held.state["c"][0]
    for k in "fig":
        prove.identical(prove.derivative(now[k], c), np.zeros((2, 2)))
    prove.identical(prove.derivative(now["c"], c), np.diag(now["f"]))
    C, o = prove.symbols("C1 C2"), prove.symbols("o1 o2")
    net = prove.network(Layer("lstm", 1, 2), 1, c=C, h=o * prove.activation("tanh", C))
    now = {k: v[0] for k, v in prove.reference.gates(net)[0].items()}
    along = np.diag(o * prove.slope("tanh", C))
    slopes = {"f": now["f"] * (1 - now["f"]), "i": now["i"] * (1 - now["i"]), "g": 1 - now["g"] ** 2}
    moved = {k: np.diag(slopes[k]) @ net.parameters[f"U_{k}"] @ along for k in "fig"}
    for k in "fig":
        prove.identical(prove.derivative(now[k], C), moved[k])
    terms = np.diag(C) @ moved["f"] + np.diag(now["g"]) @ moved["i"] + np.diag(now["i"]) @ moved["g"]
    prove.identical(prove.derivative(now["c"], C), np.diag(now["f"]) + terms)
