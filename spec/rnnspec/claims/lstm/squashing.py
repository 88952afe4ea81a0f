"""The squashing functions of 1997, g and h, beside those of today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from rnnspec.claim import CONDITIONAL, EMPIRICAL, claim
from rnnspec.evidence import INF, Enclose, Lab, Outcome, Plan, Prove, Start
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0
from rnnspec.strategies import arrays, reals
from rnnspec.subject import Array, Subject
from rnnspec.tasks import two_classes

# ------------------------------------------------------------------------------------------
tanh_for_h = claim(
    "LST-21",
    title="Whether tanh is better than 2σ − 1 for h depends on the learning rate: it is a matter of scale",
    says="After much research it was found that h(x) = tanh(x) works better than 2σ(x) − 1.",
    statement="An LSTM whose cell is shown through tanh learns better than one with 2σ − 1 in its place.",
    equation="""
        h(x) = 2σ(x) − 1 = tanh(x/2),   g(x) = 4σ(x) − 2 = 2 tanh(x/2)
        (g, h) with W_g, U_g, b_g, C_0   =   (tanh, tanh) with W_g/2, U_g/2, b_g/2, C_0/2
        sup|h_1| from C_0 = 0:   tanh(1) = 0.762,   tanh(1/2) = 0.462
    """,
    verdict=EMPIRICAL,
    finding="depends on the learning rate",
    because="""
        Both functions are a tanh, one of them of half the argument. If g and h of 1997 are exchanged
        together, the model is the same: halve the candidate's parameters and the cell, and every gate
        and every output is what it was. The document exchanges h alone, and that is another
        model: one step from an empty cell shows less than 0.462 in the place of 0.762, and gradients are
        smaller likewise. In training, on a small task by plain gradient descent, tanh is
        ahead while steps are small, as one that learns faster from the same start would be;
        with steps sixteen times as large nothing of it is left. The two rates were chosen
        after a first look at some, to show both. What research found on large tasks is not
        repeated here.
    """,
    sources=[D0("questions, 2")],
    see=["LST-18", "LST-22", "EMP-06", "ACT-29"],
)

SMALL, LARGE = 0.25, 4.0
"""Learning rates."""


@tanh_for_h.experiment
def trained_with_either(lab: Lab) -> Outcome:
    """From the same starts, on the same examples: the ratio of the losses after 60 steps, at two rates."""
    rows = []
    task = two_classes(steps=3, shift=0.7)
    for rate in (SMALL, LARGE):
        plan = Plan(learning_rate=rate, steps=60, batch=16)
        layers = [Layer("lstm", task.inputs, 4, output_activation=h) for h in ("tanh", "h_1997")]
        tanh, old = (lab.train(layer, task, Start("glorot"), plan, one_in=2).last() for layer in layers)
        rows.append(lab.ratio(f"loss, tanh / 2σ − 1, learning rate {rate:g}", tanh, old))
    better = [row.below(1) for row in rows]
    match better:
        case [True, False]:
            verdict = "depends on the learning rate"
        case [True, True]:
            verdict = "supported"
        case _:
            verdict = "not supported"
    return Outcome(
        verdict,
        rows,
        f"the median ratio is below 1 with its interval at a learning rate of {SMALL:g}: "
        f"{'yes' if better[0] else 'no'}; at {LARGE:g}: {'yes' if better[1] else 'no'}",
        settled=rows[0].below(1) or rows[0].above(1),
    )


@tanh_for_h.proof
def same_model_if_both_are_exchanged(prove: Prove) -> None:
    """Two units, two steps: (4σ − 2, 2σ − 1) is (tanh, tanh) with half the candidate's numbers and cell."""
    for forgets in (True, False):
        old_layer = Layer("lstm", 1, 2, activation="g_1997", output_activation="h_1997", forget_gate=forgets)
        old = prove.network(old_layer, 2)
        halved = {name: old.parameters[name] / 2 for name in ("W_g", "U_g", "b_g")}
        state = {"h": old.state["h"], "c": old.state["c"] / 2}
        new = Network(
            Layer("lstm", 1, 2, forget_gate=forgets), {**old.parameters, **halved}, old.inputs, state
        )
        before, now = (prove.reference.run(net) for net in (old, new))
        prove.identical(before.outputs, now.outputs)
        prove.identical(before.state["c"], 2 * now.state["c"])


@tanh_for_h.enclosure
def half_the_argument(enclose: Enclose) -> None:
    """2σ − 1 is closer to 0 than tanh everywhere; what one step from an empty cell can show."""
    enclose.holds(lambda f, x: f.activation("h_1997", x) < f.activation("tanh", x), touching=[0], x=(0, INF))
    enclose.value(lambda f: f.tanh(f.number(1)), "0.762")
    enclose.value(lambda f: f.activation("h_1997", f.number(1)), "0.462")


# ------------------------------------------------------------------------------------------
SQUASHING = "the function g that squashes the cell's input is meant, and not the input gate"

zero_centred = claim(
    "LST-22",
    title="g is centred at 0; the input gate, for which the document takes it, is not",
    says="""
        In the first LSTM the gated input is added to the memory directly, so the input gate g(x) is
        zero-centred.
    """,
    statement="g(−x) = −g(x), of the gate that the input passes.",
    equation="""
        g(x) = 4σ(x) − 2 = 2 tanh(x/2):   g(−x) = −g(x),   −2 < g < 2
        σ(−x) = 1 − σ(x):   centred at 1/2
    """,
    verdict=CONDITIONAL,
    because="""
        g is odd, with a range from −2 to 2, so what is added to the cell may have either sign. But
        it is not the gate: it squashes the cell's input, and the input gate beside it is a sigmoid,
        in the LSTM of 1997 as in those of today, with values in (0, 1) around 1/2.
    """,
    conditions=(SQUASHING,),
    sources=[D0("questions, 2")],
    floats="Written as 4σ − 2, g cancels near 0, which its tolerance does not grant; |g| ≤ 2 always.",
    see=["LST-15", "LST-18", "LST-21", "ACT-23"],
)

Points = Annotated[Array, arrays((1, 8), low=-16, high=16, unit=1 / 8)]
Point = Annotated[float, reals(-8, 8, 1 / 16)]


@zero_centred.as_stated(needs=["activation"])
def input_gate_is_odd(impl: Subject, hold: Hold, x: Point) -> None:
    """The input gate, a sigmoid, is odd: σ(−x) = −σ(x)."""
    both = impl.activation("sigmoid", [x, -x])
    hold.equal(both[1:], -both[:1], "σ(−x) = −σ(x)")


@zero_centred.necessity(of=input_gate_is_odd, condition=SQUASHING)
def half_open_in_the_middle() -> Mapping[str, Any]:
    """σ(0) = 1/2, where an odd function is 0."""
    return {"x": 0.0}


@zero_centred.law(needs=["activation"])
def odd(impl: Subject, hold: Hold, x: Points) -> None:
    """g(−x) = −g(x), and |g| ≤ 2."""
    g = impl.activation("g_1997", x)
    hold.equal(impl.activation("g_1997", -x), -g, "g(−x) = −g(x)")
    hold.strictly_less(abs(g), 2, "|g|", rounding=SURVIVES)


@zero_centred.law(needs=["activation"])
def gate_is_centred_at_one_half(impl: Subject, hold: Hold, x: Points) -> None:
    """σ(x) + σ(−x) = 1, so the gate lies around 1/2."""
    hold.equal(impl.activation("sigmoid", x) + impl.activation("sigmoid", -x), 1, "σ(x) + σ(−x)")


@zero_centred.proof
def traced_symmetries(prove: Prove) -> None:
    """g(−x) = −g(x) = 2 − 4σ(x), |g| < 2, and σ(−x) = 1 − σ(x)."""
    g, mirrored = prove.activation("g_1997"), prove.activation("g_1997", -prove.x)
    s = prove.activation("sigmoid")
    prove.identical(mirrored, -g)
    prove.identical(g, 4 * s - 2)
    prove.valid(abs(g) < 2)
    prove.identical(prove.activation("sigmoid", -prove.x), 1 - s)
