"""What an LSTM can keep, what it can drop, and what nothing guarantees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, HOLDS, SAMPLED, claim
from rnnspec.claims.lstm.words import FAR, LEFT, cell, forced, latch, one_unit, starting
from rnnspec.claims.lstm_gradients.passing import gates, on_the_cell, steps_of
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0, D1, D4
from rnnspec.strategies import arrays, networks, reals, wholes
from rnnspec.subject import Array, Subject

# ------------------------------------------------------------------------------------------
selective = claim(
    "LST-24",
    title="An LSTM can keep one thing and drop another, as the input tells it",
    says="""
        The LSTM stores selectively: gates let it keep what is important for long, and clear what is out
        of date, dynamically, with the input.
    """,
    statement="""
        There are parameters with which, depending on x_t, one component keeps its content,
        f_j ≥ 1 − ε and i_j ≤ ε, while another replaces it, f_k ≤ ε and i_k ≥ 1 − ε, for every ε > 0.
    """,
    equation="""
        i = σ(32 m − 16),  f = σ(16 − 32 m),  g = tanh(v)      x = (m, v), with a mark m = 0 or 1
        |C_T − tanh(v at the last mark)| ≤ T 2^-22
    """,
    verdict=HOLDS,
    because="""
        A gate is a function of the input, and a steep one is a switch. One unit with the weights
        above is a latch: marked values are stored, others ignored, what was stored before is
        cleared by the next mark. Each unit does this for itself, since it has gates of its own. That such
        parameters are there is certain; that training finds them is not said. What the same latch does to
        gradients is in LGR-14.
    """,
    sources=[D0("2, LSTM"), D1("2, the intuition"), D1("3, in detail"), D4("LSTM")],
    rests_on=ENCLOSED,
    floats="A switch is open or closed up to e^-16, which is less than 2^-23.",
    see=["LST-06", "LST-13", "LST-25", "LGR-14", "EMP-09"],
)

Marks = Annotated[int, wholes(0, 63)]
Values = Annotated[Array, arrays((1, 6))]
Bias = Annotated[float, reals(8, 16, 1 / 8)]


@selective.law(needs=["run"])
def holds_the_last_marked_value(impl: Subject, hold: Hold, marks: Marks, values: Values) -> None:
    """The latch holds the tanh of the value at the last mark, or 0 if there was none."""
    marked = [v for t, v in enumerate(values) if marks >> t & 1]
    stored = hold.reference.activation("tanh", np.array([marked[-1] if marked else 0.0]))
    apart = abs(cell(impl, latch(marks, values))[0] - stored)
    hold.at_most(apart, Fraction(len(values), 2**22), "|C_T − the value stored last|")


@selective.law(needs=["run"])
def each_unit_by_itself(impl: Subject, hold: Hold, marks: Marks, values: Values) -> None:
    """Two such units, with marks of their own, store what each does alone."""
    both = cell(impl, latch(marks, values, units=2))[0]
    for j in range(2):
        hold.equal(both[j], cell(impl, latch(marks >> j, values))[0, 0], f"C of unit {j}")


@selective.enclosure
def switches(enclose: Enclose) -> None:
    """From 16 on a gate is open, from −16 down it is closed, up to 2^-23; and for every ε in the limit."""
    small = Fraction(1, 2**23)
    enclose.holds(lambda f, a: f.activation("sigmoid", a) > 1 - small, a=(16, INF))
    enclose.holds(lambda f, a: f.activation("sigmoid", a) < small, a=(-INF, -16))
    enclose.limit(lambda f, a: f.activation("sigmoid", a), is_=1, a=INF)
    enclose.limit(lambda f, a: f.activation("sigmoid", a), is_=0, a=-INF)


@selective.proof
def distance_to_what_is_stored(prove: Prove) -> None:
    """A step of the latch, i = σ(a) and f = σ(−a): |C| stays within 1, |C' − g| ≤ 2f and |C' − C| ≤ 2i.

    At a mark 2f, elsewhere 2i, is 2σ(−16) < 2^-22 (`switches`), which is what a step may add to the error.
    """
    a, v, C = prove.symbols("a v C")
    net = prove.network(Layer("lstm", 1, 1), 1, rest=0, b_i=a, b_f=-a, b_g=v, c=C)
    now = {k: values[0, 0] for k, values in prove.reference.gates(net)[0].items()}
    i, f, g, after = (now[k] for k in "ifgc")
    prove.identical(f + i, 1)
    prove.identical([after - g, after - C], [f * (C - g), i * (g - C)])
    (f,), (g, C) = prove.symbols("f", above=0, below=1), prove.symbols("g C", at_least=-1, at_most=1)
    prove.valid(abs(f * C + (1 - f) * g) <= 1)
    prove.valid(abs(f * (C - g)) <= 2 * f)


# ------------------------------------------------------------------------------------------
REMEMBERS = "the gates forget little enough: the sum of −ln f_t is at most ln 2"

not_forgotten = claim(
    "LST-25",
    title="An LSTM can keep what is long past, and nothing makes sure that it does",
    says="The LSTM carries information over long sequences and does not let what is useful be forgotten.",
    statement="Whatever the parameters, half of C_0 is still in C_T, T ≤ 20.",
    equation="""
        ∂C_T/∂C_0 = f_1 ⋯ f_T  with every h held;   ≥ 1 − ε  ⇔  Σ −ln f_t ≤ −ln(1 − ε)
        all parameters 0:   2^-T,   9.5·10^-7 for T = 20
    """,
    verdict=CONDITIONAL,
    because="""
        It can: with forget gates of 1 everything stays. It need not: with all parameters 0 half of the
        cell goes at every step. What is kept of the old cell is the product of the forget gates,
        and how much that is, the parameters decide, which is what training is for. (Half, and twenty steps,
        are our reading; any other share and time fail likewise.)
    """,
    conditions=(REMEMBERS,),
    sources=[D1("1, why an LSTM is needed")],
    floats="Products of one half are exact; a product of T gates has T roundings.",
    see=["LST-24", "LST-30", "LGR-05", "LGR-12", "LGR-14", "EMP-04"],
)

Steps = Annotated[int, wholes(0, 12)]
Distance = Annotated[int, wholes(1, 20)]
AnyBias = Annotated[float, reals(-8, 8, 1 / 16)]


def _kept(impl: Subject, net: Network) -> Any:
    """∂C_T/∂C_0, where nothing is read back."""
    return impl.vjp(net, on_the_cell(net, 1.0)).state["c"]


@not_forgotten.as_stated(needs=["run_vjp"])
def half_is_still_there(impl: Subject, hold: Hold, b_f: AnyBias, T: Distance) -> None:
    """Whatever the forget bias, where nothing else is, half of C_0 is in C_T."""
    hold.at_most(0.5, _kept(impl, one_unit(T, b_f=b_f)), "∂C_T/∂C_0")


@not_forgotten.necessity(of=half_is_still_there, condition=REMEMBERS)
def without_parameters() -> Mapping[str, Any]:
    """All parameters 0 and T = 20: 2^-20 = 9.5·10^-7 is left."""
    return {"b_f": 0.0, "T": 20}


@not_forgotten.law(needs=["run_vjp"])
def halved_by_each_step(impl: Subject, hold: Hold, T: Steps) -> None:
    """With all parameters 0 exactly 2^-T is left."""
    hold.exactly(_kept(impl, one_unit(T)), 2.0**-T, "∂C_T/∂C_0")


@not_forgotten.law(needs=["run_vjp"])
def kept_by_open_gates(impl: Subject, hold: Hold, T: Steps, b: Bias) -> None:
    """With a forget bias of b it is at least 1 − T 2^-b of any T steps, and never more than all."""
    kept = _kept(impl, one_unit(T, b_f=b))
    hold.at_most(1 - T * 2.0 ** -int(b), kept, "1 − T 2^-b ≤ ∂C_T/∂C_0")
    hold.at_most(kept, 1, "∂C_T/∂C_0", rounding=SURVIVES)


@not_forgotten.proof
def in_logarithms(prove: Prove) -> None:
    """A step with f = e^-u makes e^-(S + u) of e^-S, so e^-S is kept after any T; e^-S ≥ e^-s iff S ≤ s."""
    trace = prove.lstm_derivatives(1)
    before, u = prove.symbols("S u", at_least=0)
    step = prove.at(trace.carried, {"f1": prove.exp(-u)})
    prove.identical(step * prove.exp(-before), prove.exp(-(before + u)))
    total, bound = prove.symbols("total bound")
    prove.valid(prove.exp(-total) >= prove.exp(-bound), given=[total <= bound])
    prove.valid(prove.exp(-total) < prove.exp(-bound), given=[total > bound])


@not_forgotten.proof
def halved_without_parameters(prove: Prove) -> None:
    """All parameters 0: a step takes C to C/2, so T steps to 2^-T C; and 2^-20 = 9.5·10^-7."""
    net = prove.network(Layer("lstm", 1, 1), 1, rest=0, c=prove.symbols("C"))
    C, after = net.state["c"][0, 0], prove.reference.run(net).state["c"][0, 0]
    half = prove.number(1, 2)
    prove.identical(after, half * C)
    prove.closed_form(lambda t: half**t * C, first=C, then=lambda t, before: half * before, start=0)
    prove.valid(abs(half**20 * 10**7 - prove.number(95, 10)) < prove.number(5, 100))


# ------------------------------------------------------------------------------------------
blocked = claim(
    "LST-31",
    title="A forget gate of 0 blocks the direct path, for memory and gradient; others remain",
    says="""
        Where the forget gate is near 0 the model blocks the gradient on purpose, which is no bug but a
        feature: having read "A, but B" it may well forget A.
    """,
    statement="f_t = 0 makes the path from C_{t-1} to C_t carry nothing, in either direction.",
    equation="""
        f_t = 0:   C_t = i g,   ∂C_t/∂C_{t-1} = 0  with h_{t-1} held
        ∂C_t/∂C_{t-1} in all  =  f + (C_{t-1} f' U_f + g i' U_i + i g' U_g) o_{t-1} sech²(C_{t-1})
    """,
    verdict=HOLDS,
    because="""
        f is the factor of that path, forward and backward. What C_{t-1} has done to h_{t-1} is
        read by the other gates all the same, so the total derivative need not be 0. If
        nothing is read back, a step with f = 0 cuts the sequence in two: what comes out is what
        would come out without all that was before. Whether a model learns to do so at the word
        "but" is an empirical question, which is not asked here.
    """,
    sources=[D0("questions, 1")],
    floats="A gate closed by −64 lets e^-64 through, for which 2^-92 is left.",
    see=["LST-05", "LST-33", "LGR-03", "LGR-05"],
)

Step = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2), biases="one")]
Sequence = Annotated[Network, networks("lstm", steps=(1, 4), hidden=(1, 3), inputs=(1, 1), biases="one")]
Place = Annotated[int, wholes(0, 3)]


def _but(net: Network, place: int) -> Network:
    """Nothing is read back, and the forget gate, open elsewhere, is closed at one word, whose input is 1."""
    net = net.with_parameters(U_i=0, U_f=0, U_g=0, W_f=-2 * FAR, b_f=FAR)
    word = np.arange(net.steps) == min(place, net.steps - 1)
    return replace(net, inputs=np.where(word[:, np.newaxis, np.newaxis], 1.0, 0 * net.inputs))


@blocked.law(needs=["run_vjp"])
def nothing_passes_the_word(impl: Subject, hold: Hold, net: Sequence, place: Place) -> None:
    """With one forget gate of 0 among open ones, the cell's gradient is 0."""
    net = _but(net, place)
    back = impl.vjp(net, on_the_cell(net, 1.0)).state["c"]
    hold.at_most(abs(back), LEFT, "|∂C_T/∂C_0|")


@blocked.law(needs=["run"])
def what_came_before_is_gone(impl: Subject, hold: Hold, net: Sequence, place: Place) -> None:
    """The final cell is the same, whatever the cell was before the word."""
    net = _but(net, place)
    moved = cell(impl, net) - cell(impl, starting(net, c=0))
    hold.at_most(abs(moved), LEFT * abs(net.state["c"]), "what C_0 does to C_T")


@blocked.law(needs=["run_vjp"])
def other_paths_remain(impl: Subject, hold: Hold, net: Step) -> None:
    """With f = 0 the gradient still reaches h_{t-1}, through the input gate and the candidate."""
    net = forced(net, f=-FAR)
    now, p = gates(hold, net), net.parameters
    back = impl.vjp(net, on_the_cell(net, 1.0)).state
    read = (now["g"] * now["i"] * (1 - now["i"])) @ p["U_i"] + (now["i"] * (1 - now["g"] ** 2)) @ p["U_g"]
    hold.equal(back["h"], read, "∂C_t/∂h_{t-1}")
    hold.at_most(abs(back["c"]), LEFT, "|∂C_t/∂C_{t-1}| with h_{t-1} held")


@blocked.proof
def direct_and_total(prove: Prove) -> None:
    """Traced: at f = 0 the path carries 0; what the others carry remains, and may not be 0."""
    trace = prove.lstm_derivatives(1)
    (now,), U, C = trace.gates, trace.weights, trace.cells[0]
    closed = {"f1": 0}
    prove.identical(prove.at(trace.along_cells[0], closed), 0)
    shown = trace.o_first * trace.slope_first
    others = (
        C * now["slope_f"] * U["U_f"]
        + now["g"] * now["slope_i"] * U["U_i"]
        + now["i"] * now["slope_g"] * U["U_g"]
    ) * shown
    prove.identical(trace.total, now["f"] + others)
    prove.identical(prove.at(trace.total, closed), others)
    prove.possible(others > 0)


# ------------------------------------------------------------------------------------------
key_line = claim(
    "LST-33",
    title="The line through the cell is the only path without a weight matrix, and needs nothing but f",
    says="What makes the LSTM stand out is the line that runs through the cell, its core.",
    statement="""
        Of all paths from C_0 to C_T only the one through the cells alone meets no weight matrix. With
        all U = 0 it is all there is; with f = 0 it is what is missing; and with both nothing is left.
    """,
    equation="""
        ∂C_T/∂C_0 = diag(f_T ⋯ f_1) + terms each with a factor U
        f = 0:   ∂C_t/∂C_{t-1} = (diag(g i') U_i + diag(i g') U_g) diag(o_{t-1} sech² C_{t-1})
                 of at most the rank that U_i and U_g have one above the other
        f = 0 and U = 0:   0
    """,
    verdict=HOLDS,
    because="""
        From cell to cell there is a product with f and a sum. Every other way leaves through h, and h
        is read through U by whoever reads it. A direction that all U map to 0 is lost on these ways, however
        long; the cell keeps it as long as f is open. That is the sense in which the equations have a
        key; what it does for learning is another matter.
    """,
    sources=[D1("3, in detail"), D4("LSTM")],
    rests_on=SAMPLED,
    floats="A gate closed by −64 lets e^-64 through, for which 2^-92 is left.",
    see=["LST-31", "LGR-05"],
)

Pair = Annotated[
    Network, networks("lstm", steps=(2, 2), hidden=(2, 2), inputs=(1, 1), batch=(1, 1), biases="one")
]
SomeSteps = Annotated[Network, networks("lstm", steps=(1, 4), hidden=(1, 3), inputs=(1, 2), biases="one")]


@key_line.law(needs=["run_vjp"])
def nothing_without_both(impl: Subject, hold: Hold, net: SomeSteps) -> None:
    """With f = 0 and all U = 0 nothing of the old cell is left."""
    net = forced(net, f=-FAR).with_parameters(U_i=0, U_g=0, U_o=0)
    hold.at_most(abs(_kept(impl, net)), LEFT, "|∂C_T/∂C_0|")


@key_line.law(needs=["run_vjp"])
def forget_gates_without_weights(impl: Subject, hold: Hold, net: SomeSteps) -> None:
    """With all U = 0 it is the product of the forget gates, which only read the input."""
    net = net.with_parameters(U_i=0, U_f=0, U_g=0, U_o=0)
    product: Any = 1
    for step in steps_of(hold.reference, net):
        product = product * gates(hold, step)["f"]
    hold.equal(_kept(impl, net), product, "∂C_T/∂C_0")


@key_line.law(needs=["run_vjp"])
def other_paths_have_the_rank_of_the_weights(impl: Subject, hold: Hold, net: Pair) -> None:
    """Where the second forget gate is 0 and all U are of rank 1, with one row, ∂C_2/∂C_0 has rank 1."""
    row = net.parameters["U_i"][0]
    alike = {f"U_{k}": np.outer(column, row) for k, column in (("i", [1, 2]), ("g", [1, -2]), ("o", [2, 1]))}
    net = _but(net, 1).with_parameters(**alike)
    twice = Network(
        net.layer,
        net.parameters,
        np.repeat(net.inputs, 2, axis=1),
        {name: np.repeat(value, 2, axis=0) for name, value in net.state.items()},
    )
    J = impl.vjp(twice, on_the_cell(twice, np.eye(2))).state["c"]  # a row of it for each copy
    determinant = J[0, 0] * J[1, 1] - J[0, 1] * J[1, 0]
    hold.at_most(abs(determinant), LEFT * (abs(J[0, 0]) + abs(J[1, 1]) + 1), "|det ∂C_2/∂C_0|")


@key_line.proof
def weights_on_every_other_path(prove: Prove) -> None:
    """Traced over three steps: at U = 0 the total derivative is f_1 f_2 f_3, at f = 0 as well it is 0."""
    trace = prove.lstm_derivatives(3)
    without_weights = prove.at(trace.total, {name: 0 for name in trace.weights})
    prove.identical(without_weights, trace.carried)
    one, two, three = (now["f"] for now in trace.gates)
    prove.identical(without_weights, one * two * three)
    prove.identical(prove.at(without_weights, {"f2": 0}), 0)
    prove.possible(prove.at(trace.total, {"f2": 0}) != 0)


@key_line.proof
def rank_of_what_remains(prove: Prove) -> None:
    """Two units: ∂C_t/∂C_{t-1} − diag(f) has determinant 0 if the rows of all U are multiples of one."""
    row, C = prove.symbols("v1 v2"), prove.symbols("C1 C2")
    o = prove.symbols("o1 o2", above=0, below=1)
    columns = {k: prove.symbols(f"{k}1 {k}2") for k in "ifgo"}
    U: dict[str, Any] = {f"U_{k}": np.outer(column, row) for k, column in columns.items()}
    net = prove.network(Layer("lstm", 1, 2), 1, c=C, h=o * prove.activation("tanh", C), **U)
    now = prove.reference.gates(net)[0]
    whole = prove.derivative(prove.reference.run(net).state["c"][0], C)
    rest = whole - np.diag(now["f"][0])
    prove.identical(rest[0, 0] * rest[1, 1] - rest[0, 1] * rest[1, 0], 0)
