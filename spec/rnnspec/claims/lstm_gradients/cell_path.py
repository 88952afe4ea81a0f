"""The path from cell to cell: what passes along it, and what else there is."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, REFUTED, claim
from rnnspec.claims.lstm_gradients.passing import (
    along_the_cell,
    gates,
    on_the_cell,
    slope_of_tanh,
    steps_of,
    through_the_output,
    unit,
)
from rnnspec.evidence import Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Cotangent, Layer, Network
from rnnspec.sources import D0, D2
from rnnspec.strategies import networks
from rnnspec.subject import Subject

Lstm = Annotated[Network, networks("lstm", steps=(0, 5), hidden=(1, 3), inputs=(1, 2))]
LstmOfOneStep = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2))]
LstmOfTwoSteps = Annotated[Network, networks("lstm", steps=(2, 2), hidden=(1, 3), inputs=(1, 2))]
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
    statement="∂C_t/∂C_{t-1} ≠ diag(f_t) in general, because h_{t-1} = o_{t-1} tanh(C_{t-1}) feeds every gate.",
    equation="∂C_t/∂C_{t-1} = diag(f) + [diag(C_{t-1} f') U_f + diag(g i') U_i + diag(i g') U_g] diag(o_{t-1} sech² C_{t-1})",
    verdict=HOLDS,
    because="""
        The cell is kept by f, and it is also shown to the gates of the next step through
        h_{t-1}. By the product and chain rules this adds one term for each of f, i and g.
        The derivative is diag(f) exactly when those terms vanish: when h_{t-1} is held
        (the truncated gradient of 1997), or when U_f = U_i = U_g = 0.
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
    shown = o_before * slope_of_tanh(hold, c_before)
    for j in range(net.layer.hidden):
        v = unit(net, j)
        through_gates = (
            (v * c_before * now["f"] * (1 - now["f"])) @ U["U_f"]
            + (v * now["g"] * now["i"] * (1 - now["i"])) @ U["U_i"]
            + (v * now["i"] * (1 - now["g"] ** 2)) @ U["U_g"]
        )
        whole = through_the_output(impl, hold, second, o_before, v)
        hold.equal(whole, v * now["f"] + through_gates * shown, f"row {j} of ∂C_2/∂C_1")


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
def traced_through_one_step(prove: Prove) -> None:
    """With gates, slopes and weights as free variables, the traced derivative is the four terms."""
    trace = prove.lstm_derivatives(2)
    c, now, o_before = trace.cells[1], trace.gates[1], trace.gates[0]["o"]
    U = trace.weights
    reads = (
        c * now["slope_f"] * U["U_f"]
        + now["g"] * now["slope_i"] * U["U_i"]
        + now["i"] * now["slope_g"] * U["U_g"]
    )
    shown = o_before * trace.gates[0]["slope_tanh_c"]
    prove.identical(trace.one_step[1], now["f"] + reads * shown)


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
    whole = back["c"] + back["h"] * o_first * slope_of_tanh(hold, c_first)
    product, o_before = 1, o_first
    for step in steps_of(impl, net):
        product = product * through_the_output(impl, hold, step, o_before, 1.0)
        o_before = gates(hold, step)["o"]
    return whole, product


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
        whole = dc + dh * now["o"] * (1 - tanh_c**2)
        through_gates = (
            (whole * before * now["f"] * (1 - now["f"])) @ U["U_f"]
            + (whole * now["g"] * now["i"] * (1 - now["i"])) @ U["U_i"]
            + (whole * now["i"] * (1 - now["g"] ** 2)) @ U["U_g"]
            + (dh * tanh_c * now["o"] * (1 - now["o"])) @ U["U_o"]
        )
        hold.equal(back["c"], whole * now["f"], f"dC_0 from unit {j}")
        hold.equal(back["h"], through_gates, f"dh_0 from unit {j}")


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
def product_is_exact_without_recurrent_output_gate(impl: Subject, hold: Hold, net: TinyLstm) -> None:
    """With U_o = 0 the one-step derivatives of the cell do multiply."""
    hold.given(bool((net.state["c"] != 0).all()), "C_0 = 0, where o_0 cannot be told from h_0")
    hold.equal(*_whole_and_product(impl, hold, net.with_parameters(U_o=0)), "∂C_2/∂C_0")


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


# ------------------------------------------------------------------------------------------
stable_path = claim(
    "LGR-05",
    title="Along the path from cell to cell the gradient is multiplied by the forget gates alone",
    says="""
        Gradients travel through an LSTM on many paths. On the one from cell to cell there are
        only elementwise products and sums; it is the most stable one.
    """,
    statement="""
        With every h_t held, ∂c_t/∂c_{t-1} = diag(f_t), without any weight matrix, and over T
        steps the product of the f_t. Of the paths from c_0 to c_T exactly one is this one.
    """,
    equation="∂c_T/∂c_0 |_h = ∏ diag(f_t);   paths in all: 4, 19, 91, 436, 2089 for T = 1 ... 5",
    verdict=HOLDS,
    because="""
        c_t = f_t c_{t-1} + i_t g_t, entry by entry. Whoever holds h_{t-1} holds the gates,
        and what remains of the derivative is f_t. All other paths leave the cell through an
        output gate and come back through a weight matrix; their number A grows by
        A' = A + 3B, B' = A + 4B, nearly fivefold a step.
    """,
    sources=[D0("questions, 1")],
    floats="A product of T gates: T roundings, and those of the gates themselves.",
    see=["LGR-03", "LGR-07", "LGR-12"],
)


@stable_path.law(needs=["run"])
def kept_and_written(impl: Subject, hold: Hold, net: Lstm) -> None:
    """The path itself: c_t = f_t c_{t-1} + i_t g_t, products and a sum, entry by entry."""
    for step in steps_of(impl, net):
        now = gates(hold, step)
        written = now["f"] * step.state["c"] + now["i"] * now["g"]
        hold.equal(impl.run(step).state["c"], written, "c_t")


@stable_path.law(needs=["run", "run_vjp"])
def product_of_forget_gates(impl: Subject, hold: Hold, net: Lstm) -> None:
    """One step at a time with h held, the cell's gradient is multiplied by each forget gate."""
    passed: Any = np.ones((net.batch, net.layer.hidden))
    forgotten = passed
    for step in steps_of(impl, net):
        passed = passed * along_the_cell(impl, step)
        forgotten = forgotten * gates(hold, step)["f"]
    hold.equal(passed, forgotten, "∂c_T/∂c_0 with every h held")


@stable_path.law(needs=["run", "run_vjp"])
def no_unit_reaches_another(impl: Subject, hold: Hold, net: LstmOfTwoSteps) -> None:
    """With h held the Jacobian is diagonal: a cell's gradient never reaches another cell."""
    step = steps_of(impl, net)[-1]
    for j in range(net.layer.hidden):
        back = impl.vjp(step, on_the_cell(step, unit(net, j))).state["c"]
        hold.exactly(back * (1 - unit(net, j)), 0, f"what unit {j} sends to the others")


@stable_path.proof
def traced_over_five_steps(prove: Prove) -> None:
    """The traced derivative with h held is f_1 ... f_T; the paths are 4, 19, 91, 436, 2089."""
    counted = []
    for steps in range(1, 6):
        trace = prove.lstm_derivatives(steps)
        product = prove.symbols("one")[0] ** 0
        for now, along in zip(trace.gates, trace.along_cells, strict=True):
            prove.identical(along, now["f"])
            product = product * now["f"]
        prove.identical(trace.carried, product)
        counted.append(trace.count_paths)
    direct, other = 1, 0  # A, the paths that end in c; B, those that end in h
    other = 1
    expected = []
    for _ in range(5):
        direct, other = direct + 3 * other, direct + 4 * other
        expected.append(direct)
    prove.identical(counted, expected)
    prove.identical(expected, [4, 19, 91, 436, 2089])


# ------------------------------------------------------------------------------------------
shortcut = claim(
    "LGR-07",
    title="Where the forget gate is 1, the gradient passes the shortcut unchanged",
    says="""
        The first LSTM had no forget gate, which is a forget gate of 1. There the gradient
        passes from cell to cell without loss, like through a residual connection.
    """,
    statement="If f_t = 1 for all t, then with every h_t held ∂c_T/∂c_0 is the identity.",
    equation="f = 1  ⇒  ∏ diag(f_t) = 1;   in general  1 − ∏ f_t ≤ Σ (1 − f_t)",
    verdict=HOLDS,
    because="""
        A product of ones is one: c_t = c_{t-1} + i_t g_t is a residual connection. A sigmoid
        gate never is 1, but a bias of b brings it within e^-b, and over T steps the
        shortcut loses at most T e^-b.
    """,
    sources=[D0("questions, 1")],
    floats="""
        Without a forget gate nothing is multiplied, so nothing is rounded: the gradient comes
        back to the last bit.
    """,
    see=["LGR-05", "LGR-12"],
)

Lstm1997 = Annotated[Network, networks("lstm", steps=(0, 6), hidden=(1, 3), inputs=(1, 2), forget_gate=False)]
BiasedLstm = Annotated[Network, networks("lstm", steps=(1, 6), hidden=(1, 3), inputs=(1, 2), biases="two")]


@shortcut.law(needs=["run", "run_vjp"])
def unchanged_without_forget_gate(impl: Subject, hold: Hold, net: Lstm1997) -> None:
    """In the LSTM of 1997 the cell's gradient comes back as it was sent."""
    for step in steps_of(impl, net):
        hold.exactly(along_the_cell(impl, step), 1, "∂c_t/∂c_{t-1} with h held")


@shortcut.law(needs=["run", "run_vjp"])
def nearly_unchanged_with_a_large_bias(impl: Subject, hold: Hold, net: BiasedLstm) -> None:
    """With a forget gate held open by a bias b, T steps lose less than T 2^-b of the gradient."""
    open_by = 64
    net = net.with_parameters(W_f=0, U_f=0, bU_f=0, b_f=open_by)
    passed: Any = np.ones((net.batch, net.layer.hidden))
    for step in steps_of(impl, net):
        passed = passed * along_the_cell(impl, step)
    hold.at_most(1 - passed, Fraction(net.steps, 2**open_by), "1 − ∂c_T/∂c_0")
    hold.at_most(passed, 1, "∂c_T/∂c_0", rounding=SURVIVES)


@shortcut.proof
def telescoped(prove: Prove) -> None:
    """1 − Pf = (1 − P) + P(1 − f): each step loses at most 1 − f, and nothing if f = 1."""
    P, f = prove.symbols("P f")
    prove.identical(1 - P * f, (1 - P) + P * (1 - f))


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
