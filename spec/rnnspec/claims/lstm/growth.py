"""How far a cell can grow: without a forget gate, with one, and with coupled gates."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, HOLDS, claim
from rnnspec.claims.lstm.words import FAR, LEFT, cell, forced, of_layer, starting
from rnnspec.claims.lstm_gradients.passing import gates, steps_of
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0, D2
from rnnspec.strategies import arrays, networks, reals, wholes
from rnnspec.subject import Array, Subject

OLD: dict[str, Any] = {"forget_gate": False}
AS_PUBLISHED: dict[str, Any] = {**OLD, "activation": "g_1997", "output_activation": "h_1997"}

OldStep = Annotated[
    Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2), biases="one", **OLD)
]
PublishedStep = Annotated[
    Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2), **AS_PUBLISHED)
]
OldSequence = Annotated[
    Network, networks("lstm", steps=(1, 5), hidden=(1, 3), inputs=(1, 2), scales=(1, 3), **OLD)
]
PublishedSequence = Annotated[
    Network, networks("lstm", steps=(1, 5), hidden=(1, 2), inputs=(1, 2), scales=(1, 3), **AS_PUBLISHED)
]
Steps = Annotated[int, wholes(1, 12)]
Content = Annotated[float, reals(-4, 4, 1 / 16)]

# ------------------------------------------------------------------------------------------
of_1997 = claim(
    "LST-18",
    title="The LSTM of 1997 keeps its cell with weight 1; a forget gate of 1 gives it back",
    says="""
        The first LSTM had an input gate and an output gate and no forget gate, as if it were 1.
    """,
    statement="C_t = C_{t-1} + i g.",
    equation="""
        C_t = C_{t-1} + i g          h_t = o h(C_t)
        g(x) = 4σ(x) − 2,  h(x) = 2σ(x) − 1   as it was published
    """,
    verdict=HOLDS,
    because="""
        In Hochreiter and Schmidhuber's paper the unit is connected with itself with weight 1, the
        constant error carousel; the forget gate came three years later. It is a factor, so
        with the value 1 it is not there. Which functions squash the candidate and the cell
        has nothing to do with it.
    """,
    sources=[D0("questions, 1"), D0("questions, 2"), D2("preventing vanishing gradients with the LSTM")],
    floats="The old cell is not multiplied by anything, so only i g and the sum are rounded.",
    see=["LST-19", "LST-21", "LGR-07"],
)


@of_1997.law(needs=["run"])
def kept_with_weight_one(impl: Subject, hold: Hold, net: OldStep) -> None:
    """Without a forget gate, C_t = C_{t-1} + i g."""
    now = gates(hold, net)
    hold.equal(cell(impl, net), net.state["c"] + now["i"] * now["g"], "C_t = C_{t-1} + i g")


@of_1997.law(needs=["run"])
def as_it_was_published(impl: Subject, hold: Hold, net: PublishedStep) -> None:
    """The same with the functions of 1997, and h_t = o h(C_t)."""
    now, after = gates(hold, net), impl.run(net).state
    hold.equal(after["c"], net.state["c"] + now["i"] * now["g"], "C_t = C_{t-1} + i g")
    shown = now["o"] * hold.reference.activation("h_1997", after["c"])
    hold.equal(after["h"], shown, "h_t = o (2σ(C_t) − 1)")


@of_1997.law(needs=["run"])
def forget_gate_of_one(impl: Subject, hold: Hold, net: OldStep) -> None:
    """An LSTM with its forget gate forced to 1, and else the same parameters, takes the same step."""
    m, n = net.layer.inputs, net.layer.hidden
    forgetting = {"W_f": np.zeros((n, m)), "U_f": np.zeros((n, n)), "b_f": np.full(n, float(FAR))}
    modern = Network(Layer("lstm", m, n), {**net.parameters, **forgetting}, net.inputs, net.state)
    hold.at_most(abs(cell(impl, modern) - cell(impl, net)), LEFT * abs(net.state["c"]), "cells apart")


@of_1997.proof
def reduced_to_it(prove: Prove) -> None:
    """Two units: C_t − C_{t-1} = i g; with a forget gate it is i g − (1 − f) C_{t-1}, the same at f = 1."""
    for options in (OLD, AS_PUBLISHED):
        net = prove.network(Layer("lstm", 1, 2, **options), 1)
        now = prove.reference.gates(net)[0]
        prove.identical(now["c"] - net.state["c"], now["i"] * now["g"])
    old = prove.network(Layer("lstm", 1, 2, forget_gate=False), 1)
    forgetting = {"W_f": np.zeros((2, 1)), "U_f": np.zeros((2, 2)), "b_f": prove.symbols("b1 b2")}
    modern = Network(Layer("lstm", 1, 2), {**old.parameters, **forgetting}, old.inputs, old.state)
    one, other = (prove.reference.gates(net)[0] for net in (old, modern))
    prove.identical(other["c"] - one["c"], (other["f"] - 1) * old.state["c"])


# ------------------------------------------------------------------------------------------
linear_growth = claim(
    "LST-19",
    title="Without a forget gate a cell grows without bound, but never faster than linearly",
    says="The formula of 1997 did not work well, as the cell state may grow without control.",
    statement="|C_t| < |C_0| + t sup|g| for t ≥ 1; under a constant saturating input C_t comes near to it.",
    equation="""
        |C_t| < |C_0| + t   (g = tanh),     |C_0| + 2t   (g = 4σ − 2)
        i = σ(20), g = tanh(20):   C_100 = 99.9999997939
    """,
    verdict=HOLDS,
    because="""
        Every step adds i g, less than sup|g| in absolute value, and takes nothing away. An input that
        holds gate and candidate open adds nearly that each time, in the same direction: growth
        is linear, never exponential. Whether it works well is another question.
    """,
    sources=[D2("preventing vanishing gradients with the LSTM")],
    rests_on=ENCLOSED,
    floats="A sum of T terms: T roundings.",
    see=["LST-18", "LST-20"],
)


@linear_growth.law(needs=["run"])
def one_a_step(impl: Subject, hold: Hold, net: OldSequence) -> None:
    """In T steps the cell grows by less than T."""
    hold.strictly_less(abs(cell(impl, net)), abs(net.state["c"]) + net.steps, "|C_T| < |C_0| + T")


@linear_growth.law(needs=["run"])
def two_a_step_as_published(impl: Subject, hold: Hold, net: PublishedSequence) -> None:
    """With g = 4σ − 2 it grows by less than 2 T."""
    hold.strictly_less(abs(cell(impl, net)), abs(net.state["c"]) + 2 * net.steps, "|C_T| < |C_0| + 2T")


@linear_growth.law(needs=["run"])
def nearly_attained(impl: Subject, hold: Hold, T: Steps, c: Content) -> None:
    """With i = σ(20) and g = tanh(20) it grows by T, as published by 2T, but for T 2^-28 or twice that."""
    short = 1 - Fraction(1, 2**28)
    for layer, most in ((Layer("lstm", 1, 1, **OLD), 1), (Layer("lstm", 1, 1, **AS_PUBLISHED), 2)):
        grown = cell(impl, of_layer(layer, T, c=c, b_i=20, b_g=20 * most)) - c
        hold.at_most(most * T * short, grown, f"C_T − C_0 of at most {most} T")


@linear_growth.proof
def step_by_step(prove: Prove) -> None:
    """One step adds less than 1, or 2; under constant gates t steps add t i g, for every t."""
    for options, most in ((OLD, 1), (AS_PUBLISHED, 2)):
        net = prove.network(Layer("lstm", 1, 1, **options), 1)
        now = {k: v[0, 0] for k, v in prove.reference.gates(net)[0].items()}
        prove.valid(abs(now["i"] * now["g"]) < most)
        before = net.state["c"][0, 0]
        prove.identical(now["c"], before + now["i"] * now["g"])
        prove.valid(abs(now["c"]) < abs(before) + most)
    C, i, g = prove.symbols("C i g")
    prove.closed_form(lambda t: C + t * i * g, first=C, then=lambda t, before: before + i * g, start=0)


@linear_growth.enclosure
def saturated_for_a_hundred_steps(enclose: Enclose) -> None:
    """100 σ(20) tanh(20) = 99.9999997939."""
    enclose.value(
        lambda f: 100 * f.activation("sigmoid", f.number(20)) * f.tanh(f.number(20)), "99.9999997939"
    )


# ------------------------------------------------------------------------------------------
AWAY_FROM_ONE = "no forget gate passes some f̄ < 1, the same for all steps; for a bound of 4, f̄ = 3/4"

prevented = claim(
    "LST-20",
    title="A forget gate bounds the cell if it stays away from 1; being below 1 is not enough",
    says="To prevent the unlimited growth of the cell state, the forget gate was introduced.",
    statement="Whatever its forget gates, a cell that starts at 0 stays within 4 for 12 steps.",
    equation="""
        f_t ≤ f̄ < 1:   |C_t| < f̄^t |C_0| + (1 − f̄^t)/(1 − f̄),   from C_0 = 0 below 1/(1 − f̄)
        f_t = f, i g → 1, t → ∞:   C_t → 1/(1 − f)
        f_t = 1 − 1/(t + 1)², i g → 1:   C_t = (t + 2)/(t + 1) Σ_{s ≤ t} (s + 1)/(s + 2),  C_2000 = 1994.3
        i = 1 − f:   |C_t| ≤ max(|C_0|, 1)
    """,
    verdict=CONDITIONAL,
    because="""
        Every forget gate is below 1, and still the cell may grow without bound, if they come near to 1
        fast enough. What bounds it is a distance from 1 that all of them keep: then a geometric
        series does. From an empty cell 1/(1 − f̄) is the supremum: it is never attained, as |i g| < 1,
        and with a constant forget gate of f̄ and the other gates open the cell comes as near to it as
        one likes. What the cell began with fades beside it.
        (To ask for 4 in 12 steps, which f̄ = 3/4 gives, is our reading of a bound for all times;
        with a larger bound it takes more steps.) Coupled gates, i = 1 − f, take an average of the
        old cell and the candidate, and need no condition.
    """,
    conditions=(AWAY_FROM_ONE,),
    sources=[D2("preventing vanishing gradients with the LSTM")],
    floats="The bound is formed of the computed gates' exact values; the cell is a sum of rounded terms.",
    see=["LST-18", "LST-19"],
)

THREE_QUARTERS = Fraction(3, 4)

Openings = Annotated[Array, arrays(12, low=0, high=8, unit=1 / 16)]
Forgetting = Annotated[
    Network, networks("lstm", steps=(1, 4), hidden=(1, 2), inputs=(1, 2), scales=(1, 3), biases="one")
]
Coupled = Annotated[
    Network, networks("lstm", steps=(1, 4), hidden=(1, 3), inputs=(1, 2), scales=(1, 3), coupled=True)
]
Gate = Annotated[float, reals(-4, 4, 1 / 16)]
Kept = Annotated[float, reals(-4, 2, 1 / 16)]
ManySteps = Annotated[int, wholes(1, 64)]


@prevented.as_stated(needs=["run"])
def stays_within_four(impl: Subject, hold: Hold, a: Openings) -> None:
    """With i = g = 1 and forget gates of σ(a_t), which all are below 1, C_12 is at most 4."""
    reading = a.reshape(len(a), 1, 1)
    net = of_layer(Layer("lstm", 1, 1), len(a), x=reading, W_f=1, b_i=FAR, b_g=FAR)
    hold.at_most(cell(impl, net), 4, "C_12")


@prevented.necessity(of=stays_within_four, condition=AWAY_FROM_ONE)
def gates_that_come_near_to_one() -> Mapping[str, Any]:
    """f_t = 1 − 1/(t + 1)², the sigmoid of ln((t + 1)² − 1): C_12 = 11.04."""
    t = np.arange(1, 13, dtype=float)
    return {"a": np.log((t + 1) ** 2 - 1)}


@prevented.law(needs=["run"])
def geometric_series(impl: Subject, hold: Hold, net: Forgetting, bias: Gate) -> None:
    """With a constant forget gate f: |C_T| < f^T |C_0| + (1 − f^T)/(1 − f)."""
    net = forced(net, f=bias)
    f = gates(hold, net.at(0, net.state))["f"]
    series = sum(f**k for k in range(1, net.steps)) + 1
    hold.strictly_less(abs(cell(impl, net)), f**net.steps * abs(net.state["c"]) + series, "|C_T|")


@prevented.law(needs=["run"])
def at_most_three_quarters(impl: Subject, hold: Hold, net: Forgetting) -> None:
    """With forget gates of at most 3/4 that read x and h: f̄^T |C_0| and the series, below 4."""
    p, largest = net.parameters, max(1, np.max(abs(net.state["h"])))
    # σ(1) = 0.731; what h adds at most is taken off the bias, and inputs only close the gate further.
    U_f = p["U_f"] / 16
    b_f = 1 - np.ceil(4 * largest * abs(U_f).sum(axis=1)) / 4
    net = net.with_parameters(U_f=U_f, b_f=b_f, W_f=-abs(p["W_f"]))
    net = Network(net.layer, net.parameters, abs(net.inputs), net.state)
    for t, step in enumerate(steps_of(impl, net)):
        hold.at_most(gates(hold, step)["f"], THREE_QUARTERS, f"f_{t + 1}")
    left = float(THREE_QUARTERS**net.steps)  # exact, and so is what is made of it
    series = (1 - left) / float(1 - THREE_QUARTERS)
    for begun in (net, starting(net, c=0)):
        bound = left * abs(begun.state["c"]) + series
        hold.strictly_less(abs(cell(impl, begun)), bound, "|C_T| < f̄^T |C_0| + (1 − f̄^T)/(1 − f̄)")


@prevented.law(needs=["run"])
def supremum_approached(impl: Subject, hold: Hold, T: ManySteps, b: Kept) -> None:
    """From 0, with f = σ(b) and i = g = 1 but for e^-64, C_T is below 1/(1 − f) by f^T/(1 − f), no more."""
    net = of_layer(Layer("lstm", 1, 1), T, b_f=b, b_i=FAR, b_g=FAR)
    f, grown = gates(hold, net.at(0, net.state))["f"], cell(impl, net)
    hold.strictly_less(grown, 1 / (1 - f), "C_T < 1/(1 − f)")
    hold.at_most((1 - f**T) / (1 - f) - grown, 9 * LEFT, "(1 − f^T)/(1 − f) − C_T")  # 1/(1 − σ(2)) < 9


@prevented.law(needs=["run"])
def coupled_gates(impl: Subject, hold: Hold, net: Coupled) -> None:
    """With i = 1 − f the cell stays between its start and ±1."""
    largest = np.maximum(abs(net.state["c"]), 1)
    hold.at_most(abs(cell(impl, net)), largest, "|C_T| ≤ max(|C_0|, 1)")


@prevented.proof
def bounded_away_from_one(prove: Prove) -> None:
    """One step: |C'| < f̄|C| + 1 if f ≤ f̄; t steps, for every t: the bound; from 0 with f̄ = 3/4: below 4."""
    net = prove.network(Layer("lstm", 1, 1), 1)
    now = {k: v[0, 0] for k, v in prove.reference.gates(net)[0].items()}
    (largest,) = prove.symbols("F", above=0, below=1)
    before = net.state["c"][0, 0]
    prove.valid(abs(now["c"]) < now["f"] * abs(before) + 1)
    (f,) = prove.symbols("f", above=0)
    prove.valid(f * abs(before) <= largest * abs(before), given=[f <= largest])
    (C,) = prove.symbols("C", at_least=0)
    prove.closed_form(
        lambda t: largest**t * C + (1 - largest**t) / (1 - largest),
        first=C,
        then=lambda t, bound: largest * bound + 1,
        start=0,
    )
    (power,) = prove.symbols("power", above=0)  # of 3/4
    prove.valid((1 - power) / (1 - prove.number(3, 4)) < 4)


@prevented.proof
def approached_and_never_attained(prove: Prove) -> None:
    """i g = p: C_t = p (1 − f^t)/(1 − f), for every t: below 1/(1 − f), and above s/(1 − f) for any s < 1.

    For that, it takes i g ≥ (1 + s)/2, which gates that are open enough give, and f^t ≤ (1 − s)/2,
    which enough steps do.
    """
    (p, f, left, s) = prove.symbols("p f q s", above=0, below=1)
    prove.closed_form(
        lambda t: p * (1 - f**t) / (1 - f), first=0, then=lambda t, before: f * before + p, start=0
    )
    prove.valid(p * (1 - left) / (1 - f) < 1 / (1 - f))
    prove.valid(p * (1 - left) > s, given=[p >= (1 + s) / 2, left <= (1 - s) / 2])


@prevented.enclosure
def open_as_wide_as_one_likes(enclose: Enclose) -> None:
    """i g = σ(x) tanh(x) tends to 1."""
    enclose.limit(lambda f, x: f.activation("sigmoid", x) * f.tanh(x), is_=1, x=INF)


@prevented.proof
def unbounded_below_one(prove: Prove) -> None:
    """f_t = 1 − 1/(t+1)², i g = 1: C_t (t+1)/(t+2) grows by (t+1)/(t+2) ≥ 2/3 a step; C_2000 = 1994.3."""
    (t,), (C,) = prove.symbols("t", at_least=1), prove.symbols("C")
    f = 1 - 1 / (t + 1) ** 2
    scaled_before, scaled_after = C * t / (t + 1), (f * C + 1) * (t + 1) / (t + 2)
    prove.identical(scaled_after - scaled_before, (t + 1) / (t + 2))
    prove.valid((t + 1) / (t + 2) >= prove.number(2, 3))
    prove.valid(prove.all_of(f > 0, f < 1))
    last = Fraction(0)
    for step in range(1, 2001):
        last = last * (1 - Fraction(1, (step + 1) ** 2)) + 1
    prove.valid(abs(prove.number(*last.as_integer_ratio()) - prove.number(19943, 10)) < prove.number(1, 20))


@prevented.proof
def average_of_two(prove: Prove) -> None:
    """Coupled gates, one unit: |C'| ≤ max(|C|, 1)."""
    net = prove.network(Layer("lstm", 1, 1, coupled=True), 1)
    before, after = net.state["c"][0, 0], prove.reference.run(net).state["c"][0, 0]
    prove.valid(abs(after) <= prove.maximum(abs(before), 1))
