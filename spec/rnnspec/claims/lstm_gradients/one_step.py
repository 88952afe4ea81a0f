"""The derivative of the cell over one step, and why its products are not enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, REFUTED, About, claim
from rnnspec.claims.lstm_gradients.passing import (
    gates,
    on_everything,
    on_the_cell,
    one_unit,
    steps_of,
    through_the_output,
    unit,
)
from rnnspec.evidence import Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Cotangent, Layer, Network
from rnnspec.sources import D2
from rnnspec.strategies import networks, reals
from rnnspec.subject import Subject

Lstm = Annotated[Network, networks("lstm", steps=(0, 5), hidden=(1, 3), inputs=(1, 2), large=True)]
ShortLstm = Annotated[Network, networks("lstm", steps=(1, 5), hidden=(1, 4), inputs=(1, 3), batch=(1, 3))]
LstmOfOneStep = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 5), inputs=(1, 2))]
LstmOfTwoSteps = Annotated[Network, networks("lstm", steps=(2, 2), hidden=(1, 3), inputs=(1, 2))]
SmallLstm = Annotated[Network, networks("lstm", steps=(1, 3), hidden=(1, 2), inputs=(1, 1), batch=(1, 1))]
SmallOfTwoSteps = Annotated[
    Network, networks("lstm", steps=(2, 2), hidden=(1, 2), inputs=(1, 1), batch=(1, 1))
]
Weight = Annotated[float, reals(-8, 8)]
TinyLstm = Annotated[Network, networks("lstm", steps=(2, 2), hidden=(1, 1), inputs=(1, 1), batch=(1, 1))]

# ------------------------------------------------------------------------------------------
four_terms = claim(
    "LGR-03",
    title="The cell's one-step derivative is more than the forget gate",
    says="""
        Many explanations take the derivative from one cell to the next to be 1 (the original
        LSTM) or f (with a forget gate). They forget that f, i and the candidate depend on the
        previous cell too.
    """,
    statement="∂C_t/∂C_{t-1} ≠ diag(f_t) in general: h_{t-1} = o_{t-1} tanh(C_{t-1}) feeds every gate.",
    equation="""
        ∂C_t/∂C_{t-1} = diag(f) + R diag(o_{t-1} sech² C_{t-1})
        R = diag(C_{t-1} f') U_f + diag(g i') U_i + diag(i g') U_g
    """,
    verdict=HOLDS,
    because="""
        The cell is kept by f, and it is also shown to the gates of the next step through
        h_{t-1}. By the product and chain rules this adds one term for each of f, i and g.
        The derivative is diag(f) if and only if those terms add up to 0. They do so whatever the
        state where h_{t-1} is held (the truncated gradient of 1997), or where U_f = U_i = U_g = 0;
        and for any weights in single states, as at rest with U_g = 0, where all of them are 0.
    """,
    sources=[D2("a common misconception")],
    floats="Both sides are sums of a few products; they may differ by rounding.",
    see=["LGR-02", "LGR-05", "LGR-12"],
)


@four_terms.as_stated(needs=["run", "run_vjp"])
def derivative_is_the_forget_gate(impl: Subject, hold: Hold, net: LstmOfTwoSteps) -> None:
    """The misconception: ∂C_2/∂C_1 is diag(f_2)."""
    first, second = steps_of(impl, net)
    o_before = gates(hold, first)["o"]
    for j in range(net.layer.hidden):
        whole = through_the_output(impl, hold, second, o_before, unit(net, j))
        hold.equal(whole, gates(hold, second)["f"] * unit(net, j), f"row {j} of ∂C_2/∂C_1")


@four_terms.witness(of=derivative_is_the_forget_gate)
def one_unit_that_reads_itself() -> Mapping[str, Any]:
    """One unit whose candidate reads h: U_g = 1, all else 0, C_0 = 1."""
    return {"net": _one_unit(U_g=1.0)}


@four_terms.law(needs=["run", "run_vjp"])
def sum_of_four_terms(impl: Subject, hold: Hold, net: LstmOfTwoSteps) -> None:
    """∂C_2/∂C_1 is diag(f) and one term for each of f, i and g, row by row."""
    first, second = steps_of(impl, net)
    o_before = gates(hold, first)["o"]
    now, U = gates(hold, second), net.parameters
    c_before = second.state["c"]
    shown = o_before * hold.reference.slope("tanh", c_before)
    for j in range(net.layer.hidden):
        v = unit(net, j)
        through_gates = (
            (v * c_before * now["f"] * (1 - now["f"])) @ U["U_f"]
            + (v * now["g"] * now["i"] * (1 - now["i"])) @ U["U_i"]
            + (v * now["i"] * (1 - now["g"] ** 2)) @ U["U_g"]
        )
        whole = through_the_output(impl, hold, second, o_before, v)
        hold.equal(whole, v * now["f"] + through_gates * shown, f"row {j} of ∂C_2/∂C_1")


@four_terms.law(needs=["run_vjp"])
def forget_gate_alone_in_a_single_state(impl: Subject, hold: Hold, U_f: Weight, U_i: Weight) -> None:
    """At rest with U_g = 0 it is f = 1/2, though two gates read h: c f' and g i' are 0."""
    net = one_unit(steps=1, U_f=U_f, U_i=U_i)
    hold.equal(through_the_output(impl, hold, net, O_FIRST, 1.0), 0.5, "∂C_t/∂C_{t-1}")


@four_terms.law(needs=["run"])
def gates_see_the_cell(impl: Subject, hold: Hold, net: Lstm) -> None:
    """What is fed back is h_t = o_t tanh(C_t), the output; the last one is the final state."""
    outputs = impl.run(net).outputs
    for t, step in enumerate(steps_of(impl, net)):
        now = gates(hold, step)
        hold.equal(outputs[t], now["o"] * hold.reference.activation("tanh", now["c"]), f"h_{t + 1}")
    if net.steps:
        hold.exactly(impl.run(net).state["h"], outputs[-1], "the final h")


@four_terms.law(needs=["run", "run_vjp"])
def forget_gates_alone_if_nothing_reads_h(impl: Subject, hold: Hold, net: Lstm) -> None:
    """With U_f = U_i = U_g = 0 the gradient over all steps is the product of the forget gates."""
    net = net.with_parameters(U_f=0, U_i=0, U_g=0)
    back = impl.vjp(net, on_the_cell(net, 1.0)).state
    product = np.ones(back["c"].shape)
    for step in steps_of(impl, net):
        product = product * gates(hold, step)["f"]
    hold.equal(back["c"], product, "∂c_T/∂c_0")
    hold.exactly(back["h"], 0, "∂c_T/∂h_0")


@four_terms.proof
def more_than_the_forget_gate(prove: Prove) -> None:
    """∂C_t/∂h_{t-1} is R, two units standing for n; and with U_g = u > 0 alone the derivative exceeds f."""
    net = prove.network(Layer("lstm", 1, 2), 1)
    now, U, c, h = prove.reference.gates(net)[0], net.parameters, net.state["c"][0], net.state["h"][0]
    f, i, g = (now[name][0] for name in "fig")
    R = np.diag(c * f * (1 - f)) @ U["U_f"]
    R = R + np.diag(g * i * (1 - i)) @ U["U_i"] + np.diag(i * (1 - g**2)) @ U["U_g"]
    after = prove.reference.run(net).state["c"][0]
    prove.identical(prove.derivative(after, c), np.diag(f))
    prove.identical(prove.derivative(after, h), R)
    (c_before,), (u, o) = prove.symbols("c"), prove.symbols("u o", above=0)
    h_before = o * prove.activation("tanh", c_before)
    alone = prove.network(Layer("lstm", 1, 1), 1, rest=0, U_g=u, c=c_before, h=h_before)
    derivative = prove.derivative(prove.reference.run(alone).state["c"][0, 0], c_before)
    prove.valid(derivative > prove.reference.gates(alone)[0]["f"][0, 0])


O_FIRST = 0.5
"""What is taken for o_0. The derivatives are identities in it: it need not fit h_0."""

# ------------------------------------------------------------------------------------------
product_of_steps = claim(
    "LGR-02",
    title="Multiplying one-step derivatives of the cell does not give the k-step derivative",
    says="To back-propagate k steps it is enough to multiply the four-term expression k times.",
    statement="∂C_t/∂C_{t-k} is the product of the k one-step derivatives ∂C_s/∂C_{s-1}.",
    equation="∂C_2/∂C_0 = D_2 D_1 + (∂C_2/∂h_1) diag(tanh C_1 · o_1') U_o diag(o_0 sech² C_0)",
    verdict=REFUTED,
    because="""
        C is not a state by itself. C_2 sees h_1 = o_1 tanh(C_1), and the output gate o_1 sees
        h_0, hence C_0, by a way that skips C_1; no product of the one-step derivatives
        contains it. The state is the pair (h, C): its Jacobians do multiply. The simple
        product is exact if U_o = 0, and also if U_f = U_i = U_g = 0.
    """,
    corrected="""
        The Jacobians of the pair (h_t, C_t) multiply. The product of the cell's own
        one-step derivatives is exact if U_o = 0; otherwise, for two steps, the term in U_o
        above is what it lacks.
    """,
    sources=[D2("the full gradient")],
    floats="Both sides are products of a few steps; they may differ by rounding.",
    see=["LGR-03", "LGR-05"],
)


def _whole_and_product(impl: Subject, hold: Hold, net: Network) -> tuple[Any, Any]:
    """∂C_2/∂C_0 of one unit with h_0 = o_0 tanh(C_0), and the product of one-step derivatives.

    The o_0 that belongs to the network's h_0 is h_0 / tanh(C_0); it need not lie in (0, 1),
    as the derivatives are identities in it.
    """
    c_first = net.state["c"]
    o_first = net.state["h"] / hold.reference.activation("tanh", c_first)
    back = impl.vjp(net, on_the_cell(net, 1.0)).state
    whole = back["c"] + back["h"] * o_first * hold.reference.slope("tanh", c_first)
    product, o_before = 1, o_first
    for step in steps_of(impl, net):
        product = product * through_the_output(impl, hold, step, o_before, 1.0)
        o_before = gates(hold, step)["o"]
    return whole, product


def _whole(impl: Subject, hold: Hold, net: Network, v: Any) -> Any:
    """v ∂C_T/∂C_0 with h_0 moving along by O_FIRST sech² C_0."""
    back = impl.vjp(net, on_the_cell(net, v)).state
    return back["c"] + back["h"] * O_FIRST * hold.reference.slope("tanh", net.state["c"])


def _product(impl: Subject, hold: Hold, net: Network) -> list[Any]:
    """The product of the one-step derivatives ∂C_t/∂C_{t-1}, row by row."""
    units, steps = range(net.layer.hidden), steps_of(impl, net)
    o_before = [O_FIRST, *(gates(hold, step)["o"] for step in steps[:-1])]
    rows: list[Any] = [unit(net, j) for j in units]
    for step, o in reversed(list(zip(steps, o_before, strict=True))):
        # A call takes floats only: unit vectors are sent, and what comes back is combined here.
        J = [through_the_output(impl, hold, step, o, unit(net, j)) for j in units]
        rows = [sum(v[:, j : j + 1] * J[j] for j in units) for v in rows]
    return rows


@product_of_steps.as_stated(needs=["run", "run_vjp"])
def one_step_derivatives_multiply(impl: Subject, hold: Hold, net: TinyLstm) -> None:
    """∂C_2/∂C_0 = (∂C_2/∂C_1)(∂C_1/∂C_0), for one unit."""
    hold.given(bool((net.state["c"] != 0).all()), "C_0 = 0, where o_0 cannot be told from h_0")
    hold.equal(*_whole_and_product(impl, hold, net), "∂C_2/∂C_0")


@product_of_steps.witness(of=one_step_derivatives_multiply)
def output_gate_that_reads_itself() -> Mapping[str, Any]:
    """U_g = U_o = 1, all else 0, C_0 = 1, o_0 = 1/2: 0.409741650751 against 0.396453023355."""
    return {"net": _one_unit(U_g=1.0, U_o=1.0)}


@product_of_steps.law(needs=["run_vjp"])
def jacobian_of_the_pair(impl: Subject, hold: Hold, net: LstmOfOneStep) -> None:
    """One step carries cotangents of h and C back as the equations of the cell say."""
    now, before, U = gates(hold, net), net.state["c"], net.parameters
    tanh_c = hold.reference.activation("tanh", now["c"])
    for j in range(net.layer.hidden):
        dh, dc = unit(net, j), unit(net, net.layer.hidden - 1 - j)
        back = impl.vjp(net, _on_the_final_state(net, {"h": dh, "c": dc})).state
        whole = dc + dh * now["o"] * hold.reference.slope("tanh", now["c"])
        through_gates = (
            (whole * before * now["f"] * (1 - now["f"])) @ U["U_f"]
            + (whole * now["g"] * now["i"] * (1 - now["i"])) @ U["U_i"]
            + (whole * now["i"] * (1 - now["g"] ** 2)) @ U["U_g"]
            + (dh * tanh_c * now["o"] * (1 - now["o"])) @ U["U_o"]
        )
        hold.equal(back["c"], whole * now["f"], f"dC_0 from unit {j}")
        hold.equal(back["h"], through_gates, f"dh_0 from unit {j}")


@product_of_steps.law(needs=["run_vjp"], about=About.IMPLEMENTATION)
def whole_gradient(impl: Subject, hold: Hold, net: ShortLstm) -> None:
    """What back-propagation through all steps must give: every parameter, every input, the state."""
    got, expected = (it.vjp(net, on_everything(net)) for it in (impl, hold.reference))
    for name, gradient in expected.parameters.items():
        hold.equal(got.parameters[name], gradient, f"d{name}")
    for name, gradient in expected.state.items():
        hold.equal(got.state[name], gradient, f"d{name}_0")
    hold.equal(got.inputs, expected.inputs, "dx")


@product_of_steps.law(needs=["run", "run_vjp"])
def jacobians_of_the_pair_multiply(impl: Subject, hold: Hold, net: Lstm) -> None:
    """Carrying the cotangents of h and c back, one step at a time, gives the whole gradient."""
    whole = impl.vjp(net, _on_the_final_state(net, dict.fromkeys("hc", 1.0)))
    carried: Mapping[str, Any] = {name: np.ones(value.shape) for name, value in net.state.items()}
    for step in reversed(steps_of(impl, net)):
        carried = impl.vjp(step, _on_the_final_state(step, carried)).state
    hold.equal(whole.state["c"], carried["c"], "∂(h_T + c_T)/∂c_0")
    hold.equal(whole.state["h"], carried["h"], "∂(h_T + c_T)/∂h_0")


@product_of_steps.law(needs=["run", "run_vjp"])
def product_is_exact_without_recurrent_output_gate(impl: Subject, hold: Hold, net: SmallLstm) -> None:
    """With U_o = 0 the one-step derivatives of the cells multiply, row by row, over all steps."""
    net = net.with_parameters(U_o=0)
    for j, row in enumerate(_product(impl, hold, net)):
        hold.equal(_whole(impl, hold, net, unit(net, j)), row, f"row {j} of ∂C_T/∂C_0")


@product_of_steps.law(needs=["run", "run_vjp"])
def what_the_product_lacks(impl: Subject, hold: Hold, net: SmallOfTwoSteps) -> None:
    """Over two steps it lacks (∂C_2/∂h_1) diag(tanh C_1 · o_1') U_o diag(o_0 sech² C_0), row by row."""
    first, second = steps_of(impl, net)
    now, c_1 = gates(hold, first), second.state["c"]
    slope = hold.reference.activation("tanh", c_1) * now["o"] * (1 - now["o"])
    shown = O_FIRST * hold.reference.slope("tanh", net.state["c"])
    for j, row in enumerate(_product(impl, hold, net)):
        v = unit(net, j)
        reads = impl.vjp(second, on_the_cell(second, v)).state["h"]
        skipping = ((reads * slope) @ net.parameters["U_o"]) * shown
        hold.equal(_whole(impl, hold, net, v), row + skipping, f"row {j} of ∂C_2/∂C_0")


@product_of_steps.proof
def one_step_of_the_pair(prove: Prove) -> None:
    """By C_0, with h_0 = o_0 tanh(C_0): h_1 moves as o_1 sech² C_1 does C_1, but for the term in U_o.

    So with U_o = 0 it is to C_1 as h_0 was to C_0, and every further step multiplies; two units
    stand for n.
    """
    c, o = prove.symbols("c1 c2"), prove.symbols("o1 o2", above=0, below=1)
    net = prove.network(Layer("lstm", 1, 2), 1, c=c, h=o * prove.activation("tanh", c))
    after, o_1 = prove.reference.run(net).state, prove.reference.gates(net)[0]["o"][0]
    D, c_1 = prove.derivative(after["c"][0], c), after["c"][0]
    slope = prove.activation("tanh", c_1) * o_1 * (1 - o_1)
    skipping = np.diag(slope) @ net.parameters["U_o"] @ np.diag(o * prove.slope("tanh", c))
    carried = np.diag(o_1 * prove.slope("tanh", c_1)) @ D
    prove.identical(prove.derivative(after["h"][0], c), carried + skipping)


@product_of_steps.proof
def the_missing_term(prove: Prove) -> None:
    """Traced with free gates, slopes and weights: the product lacks exactly the term in U_o."""
    trace = prove.lstm_derivatives(2)
    first, second, U = trace.gates[0], trace.gates[1], trace.weights
    c_sees_h = (
        trace.cells[1] * second["slope_f"] * U["U_f"]
        + second["g"] * second["slope_i"] * U["U_i"]
        + second["i"] * second["slope_g"] * U["U_g"]
    )
    skipping = first["tanh_c"] * first["slope_o"] * U["U_o"] * trace.o_first * trace.slope_first
    product = trace.one_step[1] * trace.one_step[0]
    prove.identical(trace.total, product + c_sees_h * skipping)


@product_of_steps.proof
def where_nothing_is_missing(prove: Prove) -> None:
    """The term is 0 if U_o = 0, if U_f = U_i = U_g = 0, or at c_1 = 0; and if the gates read c, not h."""
    trace = prove.lstm_derivatives(2)
    missing = trace.total - trace.one_step[1] * trace.one_step[0]
    prove.identical(prove.at(missing, {"U_o": 0}), 0)
    prove.identical(prove.at(missing, {"U_f": 0, "U_i": 0, "U_g": 0}), 0)
    prove.identical(prove.at(missing, {str(trace.gates[0]["tanh_c"]): 0}), 0)
    net = prove.network(Layer("lstm", 1, 1, peepholes="wikipedia"), 2)
    first = prove.reference.run(net.at(0, net.state)).state
    second = prove.reference.run(net.at(1, first)).state["c"][0, 0]
    prove.identical(prove.derivative(second, net.state["h"][0]), [0])


@product_of_steps.enclosure
def the_two_numbers(enclose: Enclose) -> None:
    """U_g = U_o = 1, all else 0, c_0 = 1, o_0 = 1/2: 0.409741650751 in truth, 0.396453023355 as a product."""

    def derivatives(f: Any) -> tuple[Any, Any]:
        h_0, by_h_0 = f.tanh(f.number(1)) / 2, f.slope("tanh", f.number(1)) / 2
        c_1, o_1 = (1 + f.tanh(h_0)) / 2, f.activation("sigmoid", h_0)
        by_c_1 = (1 + f.slope("tanh", h_0) * by_h_0) / 2
        h_1, shown = o_1 * f.tanh(c_1), o_1 * f.slope("tanh", c_1) * by_c_1
        skipping = f.tanh(c_1) * o_1 * (1 - o_1) * by_h_0
        product = (by_c_1 + f.slope("tanh", h_1) * shown) / 2
        return product + f.slope("tanh", h_1) * skipping / 2, product

    enclose.value(lambda f: derivatives(f)[0], "0.409741650751")
    enclose.value(lambda f: derivatives(f)[1], "0.396453023355")


def _on_the_final_state(network: Network, d: Mapping[str, Any]) -> Cotangent:
    n = network.layer.hidden
    return Cotangent(
        np.zeros((network.steps, network.batch, n)),
        {name: np.broadcast_to(value, (network.batch, n)) for name, value in d.items()},
    )


def _one_unit(**recurrent: float) -> Network:
    """One unit, C_0 = 1, no input, all weights 0 but the given ones, and o_0 = 1/2.

    h_0 = tanh(1)/2 is rounded to float64, so o_0 is 1/2 up to 2^-54.
    """
    layer = Layer("lstm", 1, 1)
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    state = {"h": np.full((1, 1), 0.5 * np.tanh(1.0)), "c": np.ones((1, 1))}
    return Network(layer, zero, np.zeros((2, 1, 1)), state).with_parameters(**recurrent)
