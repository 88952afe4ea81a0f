"""The additive update: how near it keeps the derivative to the forget gates."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, claim
from rnnspec.claims.lstm_gradients.passing import KAPPA, gates, on_the_cell, one_unit, through_the_output
from rnnspec.claims.spectra.passing import exact, largest_stretch
from rnnspec.evidence import INF, Enclose, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D2
from rnnspec.strategies import arrays, networks
from rnnspec.subject import Array, Subject

QUARTER = Fraction(1, 4)
READ = 1 / 8
"""The most that is read through h where the band is to be narrow."""


def _rounded_up(found: float, large_enough: Callable[[Fraction], bool]) -> float:
    while not large_enough(Fraction(found)):
        found = math.nextafter(found, INF)
    return found


def _norm(W: Array) -> Fraction:
    """‖W‖, the largest singular value, rounded up."""
    squared = largest_stretch(W)
    return Fraction(_rounded_up(math.sqrt(squared), lambda root: root**2 >= squared))


def _length(v: Any) -> Any:
    """‖v‖²."""
    return (v**2).sum()


def _read_through_h(net: Network, cell: float) -> float:
    """The most that R can be while no cell is larger than `cell`, rounded up."""
    known = KAPPA if net.layer.hidden == 1 else Fraction(cell)
    U = {gate: _norm(net.parameters[f"U_{gate}"]) for gate in "fig"}
    r = known / 4 * U["f"] + U["i"] / 4 + U["g"]
    return _rounded_up(float(r), lambda found: found >= r)


def _steps(net: Network) -> list[tuple[float, float, float]]:
    """Of every step between what numbers the forget gates' arguments are, and the most that R can be.

    The first state is given. Afterwards |h| < 1, and a cell grows by less than 1 in a step.
    """
    p, found = net.parameters, []
    cell = float(abs(net.state["c"]).max())
    for t, x in enumerate(net.inputs[:, 0]):
        read = p["W_f"] @ x + p["b_f"]
        unknown = np.zeros(net.layer.hidden) if t == 0 else abs(p["U_f"]).sum(axis=1)
        read = read + p["U_f"] @ net.state["h"][0] if t == 0 else read
        r = _read_through_h(net, cell + t)
        found.append((float((read - unknown).min()), float((read + unknown).max()), r))
    return found


def _little_read(net: Network) -> Network:
    """Forget gates of 1/2 and more, which the inputs move, and as little read through h as `READ` says.

    Weights are halved, by which nothing is rounded; biases are multiples of 1/16 up to 8.
    """
    net = net.with_parameters(U_o=0)
    while max(r for _, _, r in _steps(net)) > READ:
        net = net.with_parameters(**{f"U_{gate}": net.parameters[f"U_{gate}"] / 2 for gate in "fig"})
    while max(high - low for low, high, _ in _steps(net.with_parameters(b_f=0))) > 4:
        net = net.with_parameters(**{f"{name}_f": net.parameters[f"{name}_f"] / 2 for name in "WU"})
    b_f = np.round(np.clip(abs(net.parameters["b_f"]), 0, 1) * 16) / 16
    lacking = -min(low for low, _, _ in _steps(net.with_parameters(b_f=0)))
    return net.with_parameters(b_f=b_f + max(0, math.ceil(lacking)))


def _reads_little(net: Network) -> bool:
    alone = bool(np.all(net.parameters["U_o"] == 0))
    return alone and all(low >= 0 and r <= READ for low, _, r in _steps(net))


OneStep = Annotated[
    Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 1), batch=(1, 1), scales=(0, -1, -3))
]
LittleRead = Annotated[
    Network,
    networks(
        "lstm",
        steps=(1, 4),
        hidden=(1, 3),
        inputs=(1, 1),
        batch=(1, 1),
        biases="one",
        scales=(0, -1, -3),
        also=_little_read,
        where=_reads_little,
    ),
]
TwoSteps = Annotated[
    Network, networks("lstm", steps=(2, 2), hidden=(1, 1), inputs=(1, 1), batch=(1, 1), biases="one")
]
Vector = Annotated[Array, arrays(3, low=-2, high=2, unit=1 / 16)]

SMALLER = "what is read through h is at most a quarter of the forget gates"

well_behaved = claim(
    "LGR-19",
    title="The additive update keeps the derivative near the forget gates while little is read through h",
    says="""
        The additive update of the cell is the first reason for the LSTM's success: it gives a
        derivative that behaves much better.
    """,
    statement="""
        ∂c_t/∂c_{t-1} = diag(f_t) + R_t keeps near diag(f_t): over two steps the gradient of one
        unit is between half and double of what its forget gates let through.
    """,
    equation="""
        J = diag(f) + R,  ‖R‖ ≤ r < f_min:   f_min − r ≤ σ_min(J),   ‖J‖ ≤ f_max + r
        (f_min − r)^k ‖v‖ ≤ ‖v J_k ... J_1‖ ≤ (f_max + r)^k ‖v‖
        r = (m/4)‖U_f‖ + ¼‖U_i‖ + ‖U_g‖,   m = max_j |c_j|;   n = 1: m = κ = max x sech² x
        n = 1,  r ≤ f/4 in both steps:   ½ f_1 f_2 ≤ |∂c_2/∂c_0| ≤ 2 f_1 f_2,   h_0 held
    """,
    verdict=CONDITIONAL,
    because="""
        That it is a sum is exact, and a sum with one well-known term is bounded by the other:
        whatever R is, it moves each factor by no more than its norm, here the largest singular
        value. Where r and f differ from step to step the bounds are the products of what each
        step allows. With small recurrent weights this is a narrow band around the product of
        the forget gates. It is for the product of one-step derivatives, with each o_{t-1} held;
        that is the whole derivative if U_o = 0 (LGR-02).

        For one unit r depends on the weights alone. For several it does not: where unit 1
        reads unit 2, the entry is c_1 f_1' U_f o_2 sech² c_2, and c_1 may be as large as it likes
        while c_2 is 0. So the cells that occur are in the bound, and with it the
        derivative stays near diag(f) only while these are not large.

        How much better "better" is, the document does not say; two steps and a factor of two
        are our reading. Without the condition there is no such band: with U_g = 4 at rest f is
        1/2 and the factor 3/2, and with larger weights gradients explode (LGR-10).
    """,
    conditions=(SMALLER,),
    sources=[D2("why it works")],
    rests_on=ENCLOSED,  # the constant κ
    floats="Sums of gates and products, and squares of them; they may differ by rounding.",
    see=["LGR-01", "LGR-02", "LGR-10", "SPE-12"],
)


@well_behaved.as_stated(needs=["run_vjp"])
def between_the_forget_gates(impl: Subject, hold: Hold, net: TwoSteps) -> None:
    """One unit: |∂c_2/∂c_0| with h_0 held is between half and double of f_1 f_2."""
    first, second = hold.reference.gates(net)
    product = first["f"] * second["f"]
    back = abs(impl.vjp(net, on_the_cell(net, 1.0)).state["c"])
    hold.at_most(product, 2 * back, "f_1 f_2 / 2 ≤ |∂c_2/∂c_0|")
    hold.at_most(back, 2 * product, "|∂c_2/∂c_0| ≤ 2 f_1 f_2")


@well_behaved.necessity(of=between_the_forget_gates, condition=SMALLER)
def candidate_that_reads_h() -> Mapping[str, Any]:
    """U_g = 4 at rest: ½ (½ + 1) = 3/4, three times what the forget gates let through."""
    return {"net": one_unit(steps=2, U_g=4.0)}


@well_behaved.law(needs=["run_vjp"])
def within_r_of_the_forget_gates(impl: Subject, hold: Hold, net: OneStep, v: Vector) -> None:
    """One step, any state, any v: ‖v (∂c_t/∂c_{t-1} − diag(f))‖ ≤ r ‖v‖."""
    v = v[: net.layer.hidden]
    r = _read_through_h(net, float(abs(net.state["c"]).max()))
    whole = through_the_output(impl, hold, net, 1.0, v)  # an output gate is at most 1
    hold.at_most(
        _length(whole - gates(hold, net)["f"] * v), Fraction(r) ** 2 * _length(exact(v)), "‖v R‖² ≤ r² ‖v‖²"
    )


@well_behaved.law(needs=["run_vjp"])
def narrow_band_over_several_steps(impl: Subject, hold: Hold, net: LittleRead, v: Vector) -> None:
    """U_o = 0, gates that differ by unit and by step: ‖v J_k ... J_1‖ is between the products."""
    v = v[: net.layer.hidden]
    least = most = float(_length(v))  # squares of a few bits
    for low, high, r in _steps(net):
        f_min, f_max = hold.reference.activation("sigmoid", np.array([low, high]))
        least, most = least * (f_min - r) ** 2, most * (f_max + r) ** 2
    length = _length(through_the_output(impl, hold, net, 0.5, v))
    hold.at_most(least, length, "∏ (f_min − r)² ‖v‖² ≤ ‖v J_k ... J_1‖²")
    hold.at_most(length, most, "‖v J_k ... J_1‖² ≤ ∏ (f_max + r)² ‖v‖²")


@well_behaved.proof
def three_matrices_between_diagonals(prove: Prove) -> None:
    """R = D_f U_f S + D_i U_i S + D_g U_g S with diagonals of at most m/4, 1/4, 1 and 1: so ‖R‖ ≤ r.

    D with entries of at most d makes no v longer than d times what it was, square by square;
    ‖v U‖ ≤ ‖U‖ ‖v‖ is what the norm is; and ‖x + y‖ ≤ ‖x‖ + ‖y‖, with q = x·y. Traced with two
    units, which stand for n. For one unit c sech² c takes the place of c, and κ that of m.
    """
    c, o = prove.symbols("c1 c2"), prove.symbols("o1 o2", above=0, below=1)
    net = prove.network(Layer("lstm", 1, 2), 1, c=c, h=o * prove.activation("tanh", c))
    now, U = prove.reference.gates(net)[0], net.parameters
    f, i, g = (now[name][0] for name in "fig")
    S = np.diag(o * prove.slope("tanh", c))
    D = {"f": np.diag(c * f * (1 - f)), "i": np.diag(g * i * (1 - i)), "g": np.diag(i * (1 - g**2))}
    R = sum(D[gate] @ U[f"U_{gate}"] @ S for gate in "fig")
    prove.identical(prove.derivative(prove.reference.run(net).state["c"][0], c), np.diag(f) + R)

    f1, i1, s1, o1 = prove.symbols("f i s o", above=0, below=1)
    (g1,), (a, v, d), (m,) = prove.symbols("g", above=-1, below=1), prove.symbols("a v d"), prove.symbols("m")
    prove.valid(f1 * (1 - f1) <= QUARTER)
    prove.valid(abs(a * d) <= m * QUARTER, given=[abs(a) <= m, d >= 0, d <= QUARTER])  # a = c, or c sech² c
    prove.valid(abs(g1 * i1 * (1 - i1)) < QUARTER)
    prove.valid(prove.all_of(i1 * (1 - g1**2) > 0, i1 * (1 - g1**2) <= 1, o1 * s1 < 1))
    prove.valid((d * v) ** 2 <= m**2 * v**2, given=[abs(d) <= m])
    x, y = prove.symbols("X Y", at_least=0)  # lengths
    (q,) = prove.symbols("q")
    prove.valid(x**2 + 2 * q + y**2 <= (x + y) ** 2, given=[abs(q) <= x * y])


@well_behaved.proof
def one_factor_more(prove: Prove) -> None:
    """(f_min − r) ‖v‖ ≤ ‖v (diag(f) + R)‖ ≤ (f_max + r) ‖v‖, and so on from step to step.

    For all v these are σ_min and the norm. x = v diag(f) is as long as its squares say, y = v R is
    at most r ‖v‖, and |x·y| ≤ ‖x‖ ‖y‖. At the end one unit with r ≤ f/4 in each of two steps.
    """
    low, f, high, v = prove.symbols("f_min f f_max v", at_least=0)
    kept = prove.all_of(low**2 * v**2 <= (f * v) ** 2, (f * v) ** 2 <= high**2 * v**2)
    prove.valid(kept, given=[low <= f, f <= high])
    x, y, r = prove.symbols("X Y r", at_least=0)
    (q,) = prove.symbols("q")
    given = [low * v <= x, x <= high * v, y <= r * v, r < low, abs(q) <= x * y]
    prove.valid(((low - r) * v) ** 2 <= x**2 + 2 * q + y**2, given=given)
    prove.valid(x**2 + 2 * q + y**2 <= ((high + r) * v) ** 2, given=given)
    least, so_far, most, after = prove.symbols("least so_far most after", at_least=0)
    one_more = [least <= so_far, so_far <= most, (low - r) * so_far <= after, after <= (high + r) * so_far]
    prove.valid(least * (low - r) <= after, given=[*one_more, r < low])
    prove.valid(after <= most * (high + r), given=[*one_more, r < low])
    (f1, f2), (R,) = prove.symbols("f1 f2", above=0), prove.symbols("R")
    back, product = abs((f2 + R) * f1), f1 * f2
    prove.valid(prove.all_of(product / 2 <= back, back <= 2 * product), given=[abs(R) <= f2 / 4])


@well_behaved.proof
def no_bound_by_the_weights_alone(prove: Prove) -> None:
    """Two units, U_f 1 from unit 2 to unit 1 and all else 0, c = (c, 0): the entry between them is c o/4."""
    (c,), (o,) = prove.symbols("c"), prove.symbols("o", above=0, below=1)
    cells = prove.symbols("c1 c2")
    h = o * prove.activation("tanh", cells)
    U_f = prove.matrix([[0, 1], [0, 0]])
    net = prove.network(Layer("lstm", 1, 2), 1, rest=0, U_f=U_f, c=cells, h=h)
    J = prove.derivative(prove.reference.run(net).state["c"][0], cells)
    half = prove.number(1, 2)
    prove.identical(prove.at(J, {"c1": c, "c2": 0}), [[half, c * o / 4], [0, half]])


@well_behaved.enclosure
def what_one_unit_reads_of_itself(enclose: Enclose) -> None:
    """|x sech² x| < κ, rounded up, for every x: so for one unit |c f' o sech² c| ≤ κ/4."""
    enclose.holds(lambda f, x: x * f.slope("tanh", x) < KAPPA, x=(-INF, INF))
    enclose.holds(lambda f, x: x * f.slope("tanh", x) > -KAPPA, x=(-INF, INF))
