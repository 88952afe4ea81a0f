"""The squashing functions of 1997, g and h, beside those of today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, cast

from rnnspec.claim import CONDITIONAL, EMPIRICAL, claim
from rnnspec.claims.lstm_gradients.passing import on_everything
from rnnspec.evidence import INF, Enclose, Lab, Outcome, Plan, Prove, Start
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Cotangent, Layer, Network
from rnnspec.sources import D0
from rnnspec.strategies import arrays, networks, reals
from rnnspec.subject import Array, Subject
from rnnspec.tasks import two_classes

# ------------------------------------------------------------------------------------------
tanh_for_h = claim(
    "LST-21",
    title="What tanh gains over 2σ − 1 for h depends on the learning rate: it is a matter of scale",
    says="After much research it was found that h(x) = tanh(x) works better than 2σ(x) − 1.",
    statement="An LSTM whose cell is shown through tanh learns better than one with 2σ − 1 in its place.",
    equation="""
        h(x) = 2σ(x) − 1 = tanh(x/2),   g(x) = 4σ(x) − 2 = 2 tanh(x/2)
        (g, h) with θ = (W_g, U_g, b_g, C_0)   =   (tanh, tanh) with θ/2:   ∂L/∂θ = ½ ∂L/∂(θ/2)
        sup|h_1| from C_0 = 0:   tanh(1) = 0.762,   tanh(1/2) = 0.462
    """,
    verdict=EMPIRICAL,
    finding="depends on the learning rate",
    because="""
        Both functions are a tanh, one of them of half the argument. If g and h of 1997 are exchanged
        together, the model is the same, with a forget gate or without: halve the candidate's
        parameters and the cell, and every gate and every output is what it was. Only gradients by
        what has been halved are twice as large. The document exchanges h alone, and that is another
        model: one step from an empty cell shows less than 0.462 in the place of 0.762, and the
        slope at 0 is halved. In training, on a small task by plain gradient descent, tanh is
        ahead while steps are small, as one that learns faster from the same start would be;
        with steps sixteen times as large nothing of it is left, and the intervals at the two rates
        lie apart. The two rates were chosen after a first look at some, to show both. What research
        found on large tasks is not repeated here.
    """,
    sources=[D0("questions, 2")],
    floats="""
        Halving is exact but for what underflows: written by tanh(x/2), the functions of 1997 give both
        layers the same digits. Written as 4σ − 2, g cancels near 0, which its tolerance does not grant.
    """,
    see=["LST-18", "LST-22", "EMP-06", "ACT-29"],
)

OF_1997: dict[str, Any] = {"activation": "g_1997", "output_activation": "h_1997"}
HALVED = ("W_g", "U_g", "b_g", "bU_g")

Old = Annotated[Network, networks("lstm", steps=(0, 4), hidden=(1, 3), inputs=(1, 2), **OF_1997)]


def _of_1997(net: Network, forgets: bool) -> Network:
    """The network with the functions of 1997; without a forget gate, its parameters are left out."""
    layer = replace(cast(Layer, net.layer), forget_gate=forgets)
    return replace(
        net, layer=layer, parameters={name: net.parameters[name] for name in layer.parameter_shapes}
    )


def _by_tanh(old: Network) -> Network:
    """The same by (tanh, tanh): half the candidate's parameters, and half the cell."""
    layer = replace(cast(Layer, old.layer), activation="tanh", output_activation="tanh")
    parameters = {name: v / 2 if name in HALVED else v for name, v in old.parameters.items()}
    return Network(layer, parameters, old.inputs, {"h": old.state["h"], "c": old.state["c"] / 2})


@tanh_for_h.law(needs=["run"])
def same_model_with_half_the_numbers(impl: Subject, hold: Hold, net: Old) -> None:
    """(4σ − 2, 2σ − 1) and (tanh, tanh) with half the candidate's numbers and cell: one trajectory.

    With a forget gate, and without.
    """
    for forgets in (True, False):
        old = _of_1997(net, forgets)
        before, now = impl.run(old), impl.run(_by_tanh(old))
        hold.equal(now.outputs, before.outputs, "h_1 ... h_T")
        hold.equal(now.state["h"], before.state["h"], "h_T")
        hold.equal(2 * now.state["c"], before.state["c"], "C_T, and twice that of (tanh, tanh)")


@tanh_for_h.law(needs=["run_vjp"])
def gradients_by_what_was_halved(impl: Subject, hold: Hold, net: Old) -> None:
    """Gradients by the candidate's parameters and by C_0 are half those by their halves; others are equal."""
    for forgets in (True, False):
        old = _of_1997(net, forgets)
        d = on_everything(old)
        doubled = Cotangent(d.outputs, {"h": d.state["h"], "c": 2 * d.state["c"]})  # of C_T/2
        before, now = impl.vjp(old, d), impl.vjp(_by_tanh(old), doubled)
        for name in old.parameters:
            factor = 2 if name in HALVED else 1
            hold.equal(factor * before.parameters[name], now.parameters[name], f"{factor} ∂L/∂{name}")
        hold.equal(before.inputs, now.inputs, "∂L/∂x_t")
        hold.equal(before.state["h"], now.state["h"], "∂L/∂h_0")
        hold.equal(2 * before.state["c"], now.state["c"], "2 ∂L/∂C_0")


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
        tanh, old = (lab.train(layer, task, Start("glorot"), plan).last() for layer in layers)
        rows.append(lab.ratio(f"loss, tanh / 2σ − 1, learning rate {rate:g}", tanh, old))
    small, large = rows
    apart = small.high < large.low or large.high < small.low
    better, worse = [row.below(1) for row in rows], [row.above(1) for row in rows]
    if all(better):
        verdict = "supported"
    elif apart and any(better):
        verdict = "depends on the learning rate"
    else:
        verdict = "not supported"
    return Outcome(
        verdict,
        rows,
        f"the intervals of the ratio at {SMALL:g} and at {LARGE:g} lie apart: {'yes' if apart else 'no'}; "
        f"below 1: {'yes' if better[0] else 'no'} and {'yes' if better[1] else 'no'}",
        settled=all(better) or all(worse) or (apart and any(better)),
    )


@tanh_for_h.proof
def same_model_if_both_are_exchanged(prove: Prove) -> None:
    """Two units, two steps: (4σ − 2, 2σ − 1) is (tanh, tanh) with half the candidate's numbers and cell."""
    for forgets in (True, False):
        old = prove.network(Layer("lstm", 1, 2, forget_gate=forgets, **OF_1997), 2)
        before, now = (prove.reference.run(net) for net in (old, _by_tanh(old)))
        prove.identical(before.outputs, now.outputs)
        prove.identical(before.state["c"], 2 * now.state["c"])


@tanh_for_h.enclosure
def half_the_argument(enclose: Enclose) -> None:
    """2σ − 1 is closer to 0 than tanh everywhere; what one step from an empty cell can show; slopes at 0."""
    enclose.holds(lambda f, x: f.activation("h_1997", x) < f.activation("tanh", x), touching=[0], x=(0, INF))
    enclose.value(lambda f: f.tanh(f.number(1)), "0.762")
    enclose.value(lambda f: f.activation("h_1997", f.number(1)), "0.462")
    enclose.value(lambda f: f.slope("h_1997", f.number(0)), "0.5")
    enclose.value(lambda f: f.slope("tanh", f.number(0)), "1")


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
