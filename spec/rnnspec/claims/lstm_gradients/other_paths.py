"""The paths that leave the cell: what they carry, and that all paths add up to the gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, HOLDS, claim
from rnnspec.claims.lstm_gradients.at_rest import RestingLstm, closed_form, step_at_rest, total_at_rest
from rnnspec.claims.lstm_gradients.passing import CLOSED, KAPPA, on_the_cell, one_unit, unit
from rnnspec.evidence import INF, Enclose, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D0
from rnnspec.strategies import networks, reals, wholes
from rnnspec.subject import Array, Subject

OPEN = "the gates and slopes between the matrices are 1, or nearly so"

OneUnitOneStep = Annotated[
    Network, networks("lstm", steps=(1, 1), hidden=(1, 1), inputs=(1, 1), biases="one")
]
Above = Annotated[float, reals(1, 4, where=lambda w: w > 1)]
Bias = Annotated[float, reals(-8, 8)]
Steps = Annotated[int, wholes(1, 6)]
Few = Annotated[
    Network, networks("lstm", steps=(0, 2), hidden=(1, 2), inputs=(1, 2), batch=(1, 1), biases="one")
]
FewOfOneUnit = Annotated[
    Network, networks("lstm", steps=(3, 3), hidden=(1, 1), inputs=(1, 1), batch=(1, 1), biases="one")
]

# ------------------------------------------------------------------------------------------
through_matrices = claim(
    "LGR-06",
    title="Every other path carries recurrent matrices, each of them damped by gates and slopes",
    says="""
        On the other paths, c_{t-1} → h_{t-1} → i_t → c_t for example, the gradient flows as in
        a plain RNN: the same weight matrix is multiplied again and again, and so it explodes
        or vanishes.
    """,
    statement="""
        Off the path from cell to cell, the gradient over T steps is that of a plain RNN with
        the same recurrent weights: for one unit and |U| > 1 it grows.
    """,
    equation="""
        each step away from the cell carries one matrix U_f, U_i, U_g or U_o
        n = 1, per step:  |c f' o sech² c| ≤ κ/4,  |g i'| < 1/4,  |i g'| < 1
        at rest, forget gates closed:  ∂c_T/∂c_0 = (diag(i) U_g diag(o))^T
    """,
    verdict=CONDITIONAL,
    because="""
        The first half is right: over T steps a path that never uses the direct way meets
        exactly T recurrent matrices, and if all weights are multiplied by s such paths are
        multiplied by s^T. But between two matrices stand gates and slopes, whose product is at
        most κ/4 = 0.112 by way of the forget gate, 1/4 by way of the input gate and 1 by way
        of the candidate. A plain RNN has one slope there. With half-open gates and U_g = 2 the
        RNN doubles in every step at rest and the LSTM's other paths halve; the two agree only
        where gates and slopes are 1.
    """,
    conditions=(OPEN,),
    sources=[D0("questions, 1")],
    rests_on=ENCLOSED,  # the constant κ
    floats="Products of a few gates, slopes and weights; they may differ by rounding.",
    see=["LGR-01", "LGR-05", "LGR-08"],
)


@through_matrices.as_stated(needs=["run_vjp"])
def grows_like_a_plain_rnn(impl: Subject, hold: Hold, w: Above, T: Steps, b_i: Bias, b_o: Bias) -> None:
    """At rest and off the cell's own path: for a recurrent weight above 1 the gradient grows."""
    net = one_unit(steps=T, b_f=CLOSED, b_i=b_i, b_o=b_o, U_g=w)
    hold.strictly_less(1, abs(total_at_rest(impl, hold, net, 1.0)), "|∂c_T/∂c_0| without the direct path")


@through_matrices.necessity(of=grows_like_a_plain_rnn, condition=OPEN)
def half_open_gates() -> Mapping[str, Any]:
    """U_g = 2 with i = o = 1/2: each step multiplies by 1/2, and a plain RNN's by 2."""
    return {"w": 2.0, "T": 1, "b_i": 0.0, "b_o": 0.0}


@through_matrices.law(needs=["run_vjp"])
def with_open_gates_a_plain_rnn(impl: Subject, hold: Hold, w: Above, T: Steps) -> None:
    """With open gates at rest it is a plain RNN's w^T, but for a part in 2^40."""
    net = one_unit(steps=T, b_f=CLOSED, b_i=-CLOSED, b_o=-CLOSED, U_g=w)
    gradient = total_at_rest(impl, hold, net, 1.0)
    hold.at_most(abs(gradient - w**T), w**T * 2.0**-40, "∂c_T/∂c_0 − w^T")


@through_matrices.law(needs=["run_vjp"])
def one_matrix_a_step(impl: Subject, hold: Hold, net: RestingLstm) -> None:
    """At rest with closed forget gates: (diag(i) U_g diag(o))^T, row by row."""
    net = net.with_parameters(b_f=CLOSED)
    for j in range(net.layer.hidden):
        v = unit(net, j)
        hold.equal(total_at_rest(impl, hold, net, v), closed_form(hold, net, v), f"row {j} of ∂c_T/∂c_0")


@through_matrices.law(needs=["run_vjp"])
def each_way_is_damped(impl: Subject, hold: Hold, net: OneUnitOneStep) -> None:
    """One unit: from cell to cell by way of a single gate, at most κ/4, 1/4 or 1 times its weight."""
    shown = hold.reference.slope("tanh", net.state["c"])  # the output gate is at most 1
    most = {"f": KAPPA / 4, "i": Fraction(1, 4), "g": Fraction(1)}
    for gate, damping in most.items():
        alone = net.with_parameters(**{f"U_{other}": 0 for other in most if other != gate})
        passed = abs(impl.vjp(alone, on_the_cell(alone, 1.0)).state["h"] * shown)
        hold.at_most(
            passed, damping * Fraction(float(abs(net.parameters[f"U_{gate}"][0, 0]))), f"by way of {gate}"
        )


@through_matrices.proof
def as_many_matrices_as_steps(prove: Prove) -> None:
    """Traced over four steps: without the direct path the derivative is of degree 4 in the weights."""
    (s,) = prove.symbols("s")
    trace = prove.lstm_derivatives(4)
    without_matrices = prove.at(trace.total, dict.fromkeys(trace.weights, 0))
    prove.identical(without_matrices, trace.carried)
    off_the_cell = prove.at(trace.total, {str(now["f"]): 0 for now in trace.gates})
    scaled = prove.at(off_the_cell, {name: s * U for name, U in trace.weights.items()})
    prove.identical(scaled, s**4 * off_the_cell)


@through_matrices.proof
def gates_of_one_make_it_a_plain_rnn(prove: Prove) -> None:
    """At rest the factor is diag(f) + diag(i) U_g diag(o); with f = 0, i = o = 1 it is U_g, as an RNN's."""
    _, U = step_at_rest(prove, units=2)
    # Gates that are the identity show their biases, and are exactly 0 and 1.
    layer, c = Layer("lstm", 1, 2, gate_activation="identity"), prove.symbols("d1 d2")
    ends = {"b_f": 0, "b_i": 1, "b_o": 1}
    net = prove.network(layer, 1, rest=0, U_g=U, c=c, h=prove.activation("tanh", c), **ends)
    derivative = prove.derivative(prove.reference.run(net).state["c"][0], c)
    rnn = prove.network(Layer("rnn", 1, 2), 1, rest=0, U_h=U, h=c)
    plain = prove.derivative(prove.reference.run(rnn).state["h"][0], c)
    at_rest = {"d1": 0, "d2": 0}
    prove.identical(prove.at(derivative, at_rest), U)
    prove.identical(prove.at(plain, at_rest), U)


@through_matrices.enclosure
def damping_of_the_forget_gate(enclose: Enclose) -> None:
    """|c f' sech² c| ≤ κ/4 = 0.112: a slope of at most 1/4 times x sech² x."""
    enclose.maximum(
        lambda f, c: c * f.slope("tanh", c) / 4, is_="0.111935801174", at="0.771702319209", c=(0, INF)
    )


# ------------------------------------------------------------------------------------------
sum_over_paths = claim(
    "LGR-08",
    title="The far gradient is the sum over all paths of the products of their edges",
    says="The far gradient in all is the sum of the far gradients of the single paths.",
    statement="""
        ∂c_T/∂c_0, with h_0 = o_0 tanh(c_0) moving along, is the sum over all paths from c_0 to
        c_T of the product of the derivatives along their edges.
    """,
    equation="""
        (J_T ... J_1)_cc = Σ_paths ∏ edges
        edges: diag(f_t);  diag(c_{t-1} f') U_f,  diag(g i') U_i,  diag(i g') U_g from h to c;
               diag(o sech² c_t) from c to h;  diag(tanh(c_t) o') U_o from h to h
    """,
    verdict=HOLDS,
    because="""
        A product of sums, multiplied out, is the sum over all ways of choosing one summand from
        each factor; each way is a path. For matrices the order of the factors is that of time.
    """,
    sources=[D0("questions, 1")],
    floats="Both sides are sums of the same products in another order; they may differ by rounding.",
    see=["LGR-02", "LGR-05", "LGR-06"],
)


def ways_back(hold: Hold, net: Network, dc: Array) -> Iterator[tuple[str, Any]]:
    """Every path on which a cotangent of the final cell comes back: where it ends, and what arrives.

    It ends in `c`, the initial cell, or in `h`, the initial output.
    """
    steps, U = hold.reference.gates(net), net.parameters
    before = [net.state["c"], *(now["c"] for now in steps)]
    tanh = [hold.reference.activation("tanh", now["c"]) for now in steps]
    shown = [now["o"] * hold.reference.slope("tanh", now["c"]) for now in steps]

    def from_cell(t: int, v: Any) -> Iterator[tuple[str, Any]]:
        if t == 0:
            yield "c", v
            return
        now, c = steps[t - 1], before[t - 1]
        yield from from_cell(t - 1, v * now["f"])
        yield from from_output(t - 1, (v * c * now["f"] * (1 - now["f"])) @ U["U_f"])
        yield from from_output(t - 1, (v * now["g"] * now["i"] * (1 - now["i"])) @ U["U_i"])
        yield from from_output(t - 1, (v * now["i"] * (1 - now["g"] ** 2)) @ U["U_g"])

    def from_output(t: int, v: Any) -> Iterator[tuple[str, Any]]:
        if t == 0:
            yield "h", v
            return
        now = steps[t - 1]
        yield from from_cell(t, v * shown[t - 1])
        yield from from_output(t - 1, (v * tanh[t - 1] * now["o"] * (1 - now["o"])) @ U["U_o"])

    return from_cell(net.steps, dc)


def _holds_the_sum(impl: Subject, hold: Hold, net: Network) -> None:
    for j in range(net.layer.hidden):
        arriving: dict[str, Any] = dict.fromkeys("ch", np.zeros((net.batch, net.layer.hidden)))
        for end, value in ways_back(hold, net, unit(net, j)):
            arriving[end] = arriving[end] + value
        back = impl.vjp(net, on_the_cell(net, unit(net, j))).state
        for end, value in arriving.items():
            hold.equal(back[end], value, f"row {j} of ∂c_T/∂{end}_0")


@sum_over_paths.law(needs=["run_vjp"])
def over_two_steps(impl: Subject, hold: Hold, net: Few) -> None:
    """All paths over up to two steps, one by one, add up to what back-propagation returns."""
    _holds_the_sum(impl, hold, net)


@sum_over_paths.law(needs=["run_vjp"])
def over_three_steps(impl: Subject, hold: Hold, net: FewOfOneUnit) -> None:
    """The same over three steps, for one unit."""
    _holds_the_sum(impl, hold, net)


@sum_over_paths.proof
def each_jacobian_is_the_sum_of_its_edges(prove: Prove) -> None:
    """One step of the pair (h, c): what leads from each to each are these edges, and no others.

    So a product of T Jacobians, multiplied out, is the sum over all paths, whatever T; two units
    stand for n.
    """
    net = prove.network(Layer("lstm", 1, 2), 1)
    now, U, c, h = prove.reference.gates(net)[0], net.parameters, net.state["c"][0], net.state["h"][0]
    f, i, g, o = (now[name][0] for name in "figo")
    after = prove.reference.run(net).state
    c_t = after["c"][0]
    through_gates = np.diag(c * f * (1 - f)) @ U["U_f"] + np.diag(g * i * (1 - i)) @ U["U_i"]
    to_cell = through_gates + np.diag(i * (1 - g**2)) @ U["U_g"]
    shown = np.diag(o * prove.slope("tanh", c_t))
    past_the_cell = np.diag(prove.activation("tanh", c_t) * o * (1 - o)) @ U["U_o"]
    prove.identical(prove.derivative(c_t, c), np.diag(f))
    prove.identical(prove.derivative(c_t, h), to_cell)
    prove.identical(prove.derivative(after["h"][0], c), shown @ np.diag(f))
    prove.identical(prove.derivative(after["h"][0], h), shown @ to_cell + past_the_cell)


@sum_over_paths.proof
def listed_and_added(prove: Prove) -> None:
    """The reference's paths, two units and two steps, one unit and three: their sum is the derivative."""
    for n, T in ((2, 2), (1, 3)):
        c, o = (prove.symbols(" ".join(f"{name}{k}_{T}" for k in range(n))) for name in "co")
        net = prove.network(Layer("lstm", 1, n), T, c=c, h=o * prove.activation("tanh", c))
        paths = prove.reference.paths(net, o[np.newaxis])
        prove.identical(len(paths), {2: 19, 3: 91}[T])
        derivative = prove.derivative(prove.reference.run(net).state["c"][0], c)
        prove.identical(sum(value[0] for value in paths.values()), derivative)
