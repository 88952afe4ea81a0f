"""The path from cell to cell: what passes along it unchanged, and what does not."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, claim
from rnnspec.claims.lstm_gradients.passing import along_the_cell, gates, on_the_cell, steps_of, unit
from rnnspec.evidence import Enclose, Layer, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Network
from rnnspec.sources import D0
from rnnspec.strategies import networks
from rnnspec.subject import Subject

Lstm = Annotated[Network, networks("lstm", steps=(0, 5), hidden=(1, 3), inputs=(1, 2), large=True)]
LstmOfTwoSteps = Annotated[Network, networks("lstm", steps=(2, 2), hidden=(1, 3), inputs=(1, 2))]

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
    equation="""
        ∂c_T/∂c_0 = diag(f_1) diag(f_2) ... diag(f_T)   with every h held
        paths from c_0 to c_T in all: 4, 19, 91, 436, 2089   for T = 1, ..., 5
    """,
    verdict=HOLDS,
    because="""
        c_t = f_t c_{t-1} + i_t g_t, entry by entry. Whoever holds h_{t-1} holds the gates,
        and what remains of the derivative is f_t. All other paths leave the cell through an
        output gate and come back through a weight matrix, and can be of any size; this one has
        factors between 0 and 1, whatever the weights. Of the ways from c_0 there are A to the cell
        and B to the output of a step, and A' = A + 3B, B' = A + 4B in the next: nearly five
        times as many.
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
    """One unit, with h held: f_1 ... f_T; the paths are 4, 19, 91, 436, 2089."""
    counted = []
    for steps in range(1, 6):
        trace = prove.lstm_derivatives(steps)
        product = prove.symbols("one")[0] ** 0
        for now, along in zip(trace.gates, trace.along_cells, strict=True):
            prove.identical(along, now["f"])
            product = product * now["f"]
        prove.identical(trace.carried, product)
        counted.append(trace.count_paths)
    direct, other = 1, 1  # A, the paths that end in c; B, those that end in h
    expected = []
    for _ in range(5):
        direct, other = direct + 3 * other, direct + 4 * other
        expected.append(direct)
    prove.identical(counted, expected)
    prove.identical(expected, [4, 19, 91, 436, 2089])


@stable_path.proof
def diagonal(prove: Prove) -> None:
    """With h_{t-1} held ∂c_t/∂c_{t-1} is diag(f_t), in which is no weight; two units stand for n."""
    net = prove.network(Layer("lstm", 1, 2), 1)
    after = prove.reference.run(net).state["c"][0]
    f = prove.reference.gates(net)[0]["f"][0]
    prove.identical(prove.derivative(after, net.state["c"][0]), np.diag(f))


@stable_path.proof
def one_path_meets_no_matrix(prove: Prove) -> None:
    """One unit, three steps: without recurrent weights one path is left of all 91, the cell's own."""
    trace = prove.lstm_derivatives(3)
    without_matrices = prove.at(trace.total, dict.fromkeys(trace.weights, 0))
    prove.identical(without_matrices, trace.carried)


@stable_path.proof
def growth_of_their_number(prove: Prove) -> None:
    """The numbers grow by the eigenvalues of A' = A + 3B, B' = A + 4B, which are (5 ± √21)/2."""
    (x,) = prove.symbols("lambda")
    root = prove.sqrt(prove.number(21))
    pair = prove.characteristic([[1, 3], [1, 4]], x)
    prove.identical(pair, (x - (5 + root) / 2) * (x - (5 - root) / 2))


@stable_path.enclosure
def nearly_fivefold(enclose: Enclose) -> None:
    """The larger one is (5 + √21)/2 = 4.7913."""
    enclose.value(lambda f: (5 + f.sqrt(f.number(21))) / 2, "4.7913")


# ------------------------------------------------------------------------------------------
shortcut = claim(
    "LGR-07",
    title="Where the forget gate is 1, the gradient passes the shortcut unchanged",
    says="""
        The first LSTM had no forget gate, which is a forget gate of 1. There the gradient
        passes from cell to cell without loss, like through a residual connection.
    """,
    statement="If f_t = 1 for all t, then with every h_t held ∂c_T/∂c_0 is the identity.",
    equation="""
        f_t = 1  ⇒  ∂c_T/∂c_0 = 1   with every h held
        1 − ∏ f_t ≤ Σ (1 − f_t)   in general
    """,
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
    see=["LGR-05", "LGR-12", "REM-25"],
)

Lstm1997 = Annotated[
    Network, networks("lstm", steps=(0, 6), hidden=(1, 3), inputs=(1, 2), large=True, forget_gate=False)
]
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
def identity(prove: Prove) -> None:
    """A forget gate of exactly 1, h held: the identity, so all products of it are; two units stand for n."""
    # A gate that is the identity shows its bias.
    net = prove.network(Layer("lstm", 1, 2, gate_activation="identity"), 1, W_f=0, U_f=0, b_f=1)
    after = prove.reference.run(net).state["c"][0]
    prove.identical(prove.derivative(after, net.state["c"][0]), np.eye(2))


@shortcut.proof
def losses_add_up_at_most(prove: Prove) -> None:
    """If 1 − P ≤ S after some steps, 1 − P f ≤ S + (1 − f) after one more; and 1 − σ(b) < e^-b."""
    P, f = prove.symbols("P f", at_least=0, at_most=1)
    (S,) = prove.symbols("S")
    prove.valid(1 - P * f <= S + (1 - f), given=[1 - P <= S])
    (e,) = prove.symbols("e", above=0)  # e^b
    prove.identical(prove.activation("sigmoid", prove.log(e)), e / (1 + e))
    prove.valid(1 - e / (1 + e) < 1 / e)
