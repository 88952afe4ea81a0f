"""The forget gate: which way it opens, and what of the cell it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from rnnspec.claim import HOLDS, REFUTED, claim
from rnnspec.claims.lstm.words import FAR, LEFT, cell, forced, forget_gate, one_unit, starting
from rnnspec.claims.lstm_gradients.passing import gates
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0, D1
from rnnspec.strategies import networks, reals, wholes
from rnnspec.subject import Subject

Step = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2), biases="one")]
Sequence = Annotated[Network, networks("lstm", steps=(1, 3), hidden=(1, 3), inputs=(1, 2))]
Content = Annotated[float, reals(-4, 4, 1 / 16)]
Bias = Annotated[float, reals(-8, 8, 1 / 16)]
Opening = Annotated[int, wholes(1, FAR)]

UP_TO = "A gate forced by a bias of 64 or −64 is 1 or 0 up to e^-64, for which 2^-92 is left."

# ------------------------------------------------------------------------------------------
cleared_when_closed = claim(
    "LST-05",
    title="An open forget gate keeps the memory; it is the closed one that clears it",
    says="When the forget gate is opened, the value in the memory cell is cleared.",
    statement="f = 1 leaves C_t without memory of C_{t-1}.",
    equation="""
        f = 1  ⇒  C_t = C_{t-1} + i g
        f = 0  ⇒  C_t = i g
    """,
    verdict=REFUTED,
    because="""
        The cell is multiplied by f. One keeps it, zero clears it. The name misleads: the gate is
        open, in the document's own words a few lines below, when its value is 1, and an open
        forget gate forgets nothing. (Gers et al., who introduced it in 2000, multiply likewise.)
    """,
    corrected="C_t depends on C_{t-1} with weight f: it is kept where f = 1, and cleared where f = 0.",
    sources=[D0("2, LSTM")],
    floats=UP_TO,
    see=["LST-06", "LST-08", "LGR-05"],
)


@cleared_when_closed.as_stated(needs=["run"])
def opening_clears(impl: Subject, hold: Hold, c: Content) -> None:
    """With an open forget gate the new cell is the same from C_{t-1} as from 0."""
    opened = one_unit(b_f=FAR)
    hold.equal(cell(impl, starting(opened, c=c)), cell(impl, opened), "C_t from C_{t-1}, and from 0")


@cleared_when_closed.witness(of=opening_clears)
def a_cell_of_one_that_stays() -> Mapping[str, Any]:
    """f = 1, g = 0 and C_{t-1} = 1: C_t = 1."""
    return {"c": 1.0}


@cleared_when_closed.law(needs=["run"])
def open_keeps(impl: Subject, hold: Hold, net: Step) -> None:
    """With f = 1 the cell is the old one and what is let in."""
    opened = forced(net, f=FAR)
    now, c = gates(hold, opened), net.state["c"]
    hold.at_most(
        abs(cell(impl, opened) - (c + now["i"] * now["g"])), LEFT * abs(c), "|C_t − (C_{t-1} + i g)|"
    )


@cleared_when_closed.law(needs=["run"])
def closed_clears(impl: Subject, hold: Hold, net: Step) -> None:
    """With f = 0 the cell is what is let in."""
    shut = forced(net, f=-FAR)
    now = gates(hold, shut)
    hold.at_most(abs(cell(impl, shut) - now["i"] * now["g"]), LEFT * abs(net.state["c"]), "|C_t − i g|")


@cleared_when_closed.proof
def weight_of_the_old_cell(prove: Prove) -> None:
    """Two units: ∂C_t/∂C_{t-1} = diag(f) with h held, and f grows with its pre-activation."""
    net = prove.network(Layer("lstm", 1, 2), 1)
    c, now = net.state["c"][0], prove.reference.gates(net)[0]
    f = now["f"][0]
    prove.identical(prove.derivative(now["c"][0], c), [[f[0], 0], [0, f[1]]])
    prove.valid(prove.derivative(f[0], net.parameters["b_f"][0]) > 0)


# ------------------------------------------------------------------------------------------
open_and_closed = claim(
    "LST-06",
    title="A gate value of 1 is fully open and keeps everything; 0 is fully closed and keeps nothing",
    says="A gate of 1 is completely open, one of 0 completely closed; for the cell, full memory and none.",
    statement="f → 1 gives f C → C, and f → 0 gives f C → 0: |f C − C| = (1 − f)|C|.",
    equation="""
        |f C − C| = (1 − f)|C|        |f C| = f |C|
        f = σ(b):   1 − f < e^-b,     f < e^b
    """,
    verdict=HOLDS,
    because="""
        What a gate lets through is its value times what comes in. With a sigmoid both ends are
        limits: a bias of b opens it up to e^-b, and one of −b closes it up to the same.
    """,
    sources=[D0("2, LSTM"), D0("questions, 2"), D1("3, in detail")],
    floats="The cell's change is a difference of two numbers that may be close; its tolerance knows.",
    see=["LST-05", "LST-09", "LST-30", "ACT-28"],
)


@open_and_closed.law(needs=["run"])
def loses_one_minus_f(impl: Subject, hold: Hold, net: Step) -> None:
    """Without a candidate the cell changes by (1 − f)|C|."""
    silent = forced(net, g=0)
    f, c = gates(hold, silent)["f"], net.state["c"]
    hold.equal(abs(cell(impl, silent) - c), (1 - f) * abs(c), "|C_t − C_{t-1}| = (1 − f)|C_{t-1}|")


@open_and_closed.law(needs=["run"])
def ends_approached(impl: Subject, hold: Hold, bias: Opening, c: Content) -> None:
    """A bias of b keeps all but 2^-b of the cell, one of −b clears all but 2^-b of it."""
    left = 2.0**-bias * abs(c)
    opened, shut = (cell(impl, one_unit(c=c, b_f=b)) for b in (bias, -bias))
    hold.at_most(abs(opened - c), left, "|C_t − C_{t-1}| at a bias of b")
    hold.at_most(abs(shut), left, "|C_t| at a bias of −b")


@open_and_closed.proof
def exact_loss(prove: Prove) -> None:
    """Any unit without a candidate: |C_t − C| = (1 − f)|C|, |C_t| = f |C|; σ(b) < e^b, 1 − σ(b) < e^-b."""
    (b,) = prove.symbols("b")
    net = prove.network(Layer("lstm", 1, 1), 1, rest=0, b_f=b, c=prove.symbols("C"))
    now = {k: v[0, 0] for k, v in prove.reference.gates(net)[0].items()}
    c, f = net.state["c"][0, 0], now["f"]
    prove.valid(abs(now["c"] - c) == (1 - f) * abs(c))
    prove.valid(abs(now["c"]) == f * abs(c))
    prove.valid(prove.all_of(f > 0, f < 1))
    up, down = prove.exp(b), prove.exp(-b)
    prove.identical([f, 1 - f], [1 / (1 + down), 1 / (1 + up)])
    prove.valid(prove.all_of(1 / (1 + down) < up, 1 / (1 + up) < down))


@open_and_closed.enclosure
def limits_of_a_gate(enclose: Enclose) -> None:
    """σ grows from 0 to 1, its limits; it misses them by less than e^-|b|."""
    enclose.increasing(lambda f, b: f.activation("sigmoid", b), b=(-INF, INF))
    enclose.limit(lambda f, b: f.activation("sigmoid", b), is_=1, b=INF)
    enclose.limit(lambda f, b: f.activation("sigmoid", b), is_=0, b=-INF)
    enclose.holds(lambda f, b: 1 - f.activation("sigmoid", b) < f.exp(-b), b=(0, INF))
    enclose.holds(lambda f, b: f.activation("sigmoid", b) < f.exp(b), b=(-INF, 0))


# ------------------------------------------------------------------------------------------
no_probability = claim(
    "LST-07",
    title="f_t is no probability of forgetting: nothing is drawn, and f_t is the share that is kept",
    says="The forget gate forgets the previous cell state with a certain probability, which is f_t.",
    statement="P(C_{t-1} is forgotten) = f_t.",
    equation="C_t = f C_{t-1} + i g,   without any chance;   forgotten:  (1 − f) C_{t-1}",
    verdict=REFUTED,
    because="""
        Two things are wrong with it. A value between 0 and 1 is not yet a probability: the cell
        is multiplied by it, the same in every run, and no component is either lost or kept. And
        the direction: even on average f is what stays, 1 − f what goes. (Zoneout does draw which components
        are kept, but that is another LSTM.) The previous layer of which the document speaks is the
        previous step.
    """,
    corrected="C_t is a function of its arguments, and of C_{t-1} the share f_t is kept, 1 − f_t forgotten.",
    sources=[D0("2.1")],
    floats="Two runs on the same input may differ by rounding at most.",
    see=["LST-05", "LST-08"],
)


@no_probability.as_stated(needs=["run"])
def forgets_f_on_average(impl: Subject, hold: Hold, b: Bias, c: Content) -> None:
    """Without a candidate 1 − f of the cell remains, as on average if f were the chance to forget it."""
    net = one_unit(c=c, b_f=b)
    hold.equal(cell(impl, net), (1 - gates(hold, net)["f"]) * c, "C_t = (1 − f) C_{t-1}")


@no_probability.witness(of=forgets_f_on_average)
def the_wrong_direction() -> Mapping[str, Any]:
    """b_f = 1 and C_{t-1} = 1: 0.731 is kept, and not 0.269."""
    return {"b": 1.0, "c": 1.0}


@no_probability.as_stated(needs=["run"])
def all_or_nothing(impl: Subject, hold: Hold, b: Bias, c: Content) -> None:
    """Without a candidate the cell is either what it was or 0."""
    after = cell(impl, one_unit(c=c, b_f=b))
    hold.equal(after * (after - c), 0, "C_t (C_t − C_{t-1})")


@no_probability.witness(of=all_or_nothing)
def half_of_it() -> Mapping[str, Any]:
    """b_f = 0 and C_{t-1} = 1: C_t = 1/2."""
    return {"b": 0.0, "c": 1.0}


@no_probability.law(needs=["run"])
def same_input_same_output(impl: Subject, hold: Hold, net: Sequence) -> None:
    """Two runs on the same input end alike."""
    once, again = impl.run(net), impl.run(net)
    hold.equal(once.outputs, again.outputs, "outputs of two runs")
    hold.equal(once.state["c"], again.state["c"], "final cells of two runs")


@no_probability.law(needs=["run"])
def kept_share(impl: Subject, hold: Hold, net: Step) -> None:
    """Without a candidate the share f of the cell is kept, of a cell of 1 and of any other."""
    silent = forced(net, g=0)
    f = forget_gate(impl, net)
    hold.equal(f, gates(hold, silent)["f"], "what is left of 1")
    hold.equal(cell(impl, silent), f * net.state["c"], "what is left of C_{t-1}")


@no_probability.proof
def share_traced(prove: Prove) -> None:
    """One unit: C_t − i g = f C_{t-1}, and neither 0 nor all of it, since 0 < f < 1."""
    net = prove.network(Layer("lstm", 1, 1), 1)
    now = {k: v[0, 0] for k, v in prove.reference.gates(net)[0].items()}
    c, kept = net.state["c"][0, 0], now["c"] - now["i"] * now["g"]
    prove.identical(kept, now["f"] * c)
    prove.identical(c - kept, (1 - now["f"]) * c)
    prove.valid(prove.all_of(now["f"] > 0, now["f"] < 1))


# ------------------------------------------------------------------------------------------
kept_part = claim(
    "LST-08",
    title="f C_{t-1} is the part of the cell that is kept; forgotten is (1 − f) C_{t-1}",
    says="The previous cell state times the output of the forget gate is the information to be forgotten.",
    statement="The part of C_{t-1} that is forgotten is f C_{t-1}.",
    equation="""
        C_{t-1} = f C_{t-1} + (1 − f) C_{t-1}      kept + forgotten
        1 − σ(a) = σ(−a)
    """,
    verdict=REFUTED,
    because="""
        f C_{t-1} is what stands in C_t, so it is what is left. At f = 1 nothing is forgotten, but f C_{t-1}
        is the whole cell. What a gate forgets is what the same gate with all signs
        turned would keep, because the sigmoid is symmetric.
    """,
    corrected="f C_{t-1} is kept, (1 − f) C_{t-1} is forgotten; together they are C_{t-1}.",
    sources=[D0("2.3")],
    floats="Both parts are rounded once more when they are added.",
    see=["LST-05", "LST-07"],
)


@kept_part.as_stated(needs=["run"])
def product_is_forgotten(impl: Subject, hold: Hold, b: Bias, c: Content) -> None:
    """Without a candidate, what is missing from the cell after a step is f C_{t-1}."""
    net = one_unit(c=c, b_f=b)
    hold.equal(c - cell(impl, net), gates(hold, net)["f"] * c, "C_{t-1} − C_t = f C_{t-1}")


@kept_part.witness(of=product_is_forgotten)
def nothing_forgotten_at_one() -> Mapping[str, Any]:
    """f = 1 up to e^-8 and C_{t-1} = 1: hardly anything is missing, and f C_{t-1} is the whole."""
    return {"b": 8.0, "c": 1.0}


@kept_part.law(needs=["run"])
def kept_and_forgotten_make_the_whole(impl: Subject, hold: Hold, net: Step) -> None:
    """What a gate keeps and what its mirror image keeps, all parameters negated, add up to the cell."""
    silent = forced(net, g=0)
    mirrored = silent.with_parameters(**{f"{k}_f": -net.parameters[f"{k}_f"] for k in "WUb"})
    hold.equal(cell(impl, silent) + cell(impl, mirrored), net.state["c"], "kept + forgotten = C_{t-1}")


@kept_part.law(needs=["run"])
def nothing_is_forgotten_at_one(impl: Subject, hold: Hold, net: Step) -> None:
    """With f = 1 nothing of the cell is missing, in whatever state h is."""
    opened = forced(net, f=FAR, g=0)
    hold.at_most(abs(net.state["c"] - cell(impl, opened)), LEFT * abs(net.state["c"]), "what is missing")


@kept_part.proof
def two_parts(prove: Prove) -> None:
    """Two units without a candidate: the gate and its mirror image keep f C and (1 − f) C."""
    net = prove.network(Layer("lstm", 1, 2), 1, W_g=0, U_g=0, b_g=0)
    turned = {f"{k}_f": -net.parameters[f"{k}_f"] for k in "WUb"}
    other = Network(net.layer, {**net.parameters, **turned}, net.inputs, net.state)
    c, now, mirrored = net.state["c"], prove.reference.gates(net)[0], prove.reference.gates(other)[0]
    prove.identical(now["c"], now["f"] * c)
    prove.identical(mirrored["c"], (1 - now["f"]) * c)
    prove.identical(now["c"] + mirrored["c"], c)
