"""What is needed besides a recursive derivative: a way in; and what the derivative is."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, HOLDS, claim
from rnnspec.claims.lstm_gradients.passing import CLOSED, on_the_cell, one_unit, unit
from rnnspec.evidence import Cotangent, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D2
from rnnspec.strategies import networks, reals, wholes
from rnnspec.subject import Numbers, Subject


def _nothing_reads_h(net: Network) -> Network:
    return net.with_parameters(U_i=0, U_g=0)


def _none_reads_h(net: Network) -> bool:
    return all(bool(np.all(net.parameters[name] == 0)) for name in ("U_i", "U_g"))


Storing1997 = Annotated[
    Network,
    networks(
        "lstm",
        steps=(1, 4),
        hidden=(1, 3),
        inputs=(1, 2),
        batch=(1, 1),
        biases="one",
        forget_gate=False,
        also=_nothing_reads_h,
        where=_none_reads_h,
    ),
]
OneUnit1997 = Annotated[
    Network,
    networks(
        "lstm",
        steps=(1, 6),
        hidden=(1, 1),
        inputs=(1, 1),
        batch=(1, 1),
        biases="one",
        forget_gate=False,
        scales=(0, -1, 1),
        also=_nothing_reads_h,
        where=_none_reads_h,
    ),
]
RnnStep = Annotated[
    Network,
    networks(
        "rnn", activation="tanh", steps=(1, 1), hidden=(1, 4), inputs=(1, 2), batch=(1, 2), biases="one"
    ),
]
Weight = Annotated[float, reals(-2, 2)]
Steps = Annotated[int, wholes(0, 6)]
FromTwo = Annotated[int, wholes(2, 8)]
Bias = Annotated[float, reals(-32, 32, 1 / 4)]
# ------------------------------------------------------------------------------------------
matrix = claim(
    "LGR-22",
    title="The recursive derivative is a Jacobian matrix, and its eigenvalues govern its powers",
    says="""
        As a reminder: the recursive partial derivative is a Jacobian matrix, for which the
        eigenvalues of the recurrent weights matter.
    """,
    statement="""
        ∂h_{k+1}/∂h_k is a matrix with n rows and n columns, with diag(φ'(a)) U for a plain RNN;
        along an eigenvector of a linear recurrence, gradients are multiplied by the eigenvalue.
    """,
    equation="""
        ∂h_{k+1}/∂h_k = diag(φ'(a_{k+1})) U ∈ ℝ^{n×n},  a = W x + U h + b
        φ = id, U = [[p, q], [q, p]]:  (1, ±1) ∂h_T/∂h_0 = (p ± q)^T (1, ±1)
    """,
    verdict=HOLDS,
    because="""
        n numbers are differentiated by n numbers. Back-propagation never forms the matrix: it
        multiplies a row by it from the left, so n unit vectors give its n rows, and any other
        row gives their combination. Eigenvalues are the factors along the eigenvectors. For
        what a product of *different* Jacobians does they are not enough, and singular values
        say more.
    """,
    sources=[D2("appendix")],
    floats="Rows of a few products; they may differ by rounding.",
    see=["LGR-02", "SPE-08", "SPE-02"],
)


def _row(impl: Subject, net: Network, v: Any) -> Numbers:
    """v ∂h_T/∂h_0."""
    on_h = Cotangent(np.zeros((net.steps, net.batch, net.layer.hidden)), {"h": v})
    return impl.vjp(net, on_h).state["h"]


@matrix.law(needs=["run_vjp"])
def n_rows_of_n_numbers(impl: Subject, hold: Hold, net: RnnStep) -> None:
    """n unit cotangents give the n rows of diag(tanh'(a)) U."""
    p = net.parameters
    a = net.inputs[0] @ p["W_h"].T + net.state["h"] @ p["U_h"].T + p["b_h"]
    slopes = hold.reference.slope("tanh", a)
    for j in range(net.layer.hidden):
        row = slopes[:, j : j + 1] * p["U_h"][j]
        hold.equal(_row(impl, net, unit(net, j)), row, f"row {j} of ∂h_1/∂h_0")


@matrix.law(needs=["run_vjp"])
def rows_combine(impl: Subject, hold: Hold, net: RnnStep) -> None:
    """Any other cotangent gives the same combination of the rows."""
    v = net.state["h"]  # any numbers of the format
    combined: Any = np.zeros(v.shape)
    for j in range(net.layer.hidden):
        combined = combined + v[:, j : j + 1] * _row(impl, net, unit(net, j))
    hold.equal(_row(impl, net, v), combined, "v ∂h_1/∂h_0")


@matrix.law(needs=["run_vjp"])
def eigenvalues_along_eigenvectors(impl: Subject, hold: Hold, p: Weight, q: Weight, T: Steps) -> None:
    """A linear recurrence with U = [[p, q], [q, p]]: (1, 1) and (1, −1) are multiplied by (p ± q)^T."""
    layer = Layer("rnn", 1, 2, activation="identity", biases="none")
    parameters = {"W_h": np.zeros((2, 1)), "U_h": np.array([[p, q], [q, p]])}
    net = Network(layer, parameters, np.zeros((T, 1, 1)), {"h": np.ones((1, 2))})
    for sign in (1.0, -1.0):
        v = np.array([[1.0, sign]])
        hold.equal(_row(impl, net, v), (p + sign * q) ** T * v, f"(1, {sign:+g}) ∂h_T/∂h_0")


@matrix.proof
def traced_with_two_units(prove: Prove) -> None:
    """diag(φ'(a)) U for three φ, two units standing for n; (1, ±1) U = (p ± q)(1, ±1) for φ = id."""
    for activation in ("tanh", "sigmoid", "identity"):
        net = prove.network(Layer("rnn", 1, 2, activation=activation), 1)
        p, before = net.parameters, net.state["h"][0]
        a = p["W_h"] @ net.inputs[0, 0] + p["U_h"] @ before + p["b_h"]
        J = prove.derivative(prove.reference.run(net).outputs[0, 0], before)
        prove.identical(J, np.diag(prove.slope(activation, a)) @ p["U_h"])
    p, q, x = prove.symbols("p q lambda")
    U = prove.matrix([[p, q], [q, p]])
    prove.identical(prove.characteristic(U, x), (x - p - q) * (x - p + q))
    for sign in (1, -1):
        prove.identical(np.array([1, sign]) @ U, (p + sign * q) * np.array([1, sign]))


# ------------------------------------------------------------------------------------------
WRITTEN = "the input gate is open at the step that matters"

learnable = claim(
    "LGR-24",
    title="A recursive derivative of 1 carries a far input only if the input gate let it in",
    says="""
        If the recursive derivative can be kept from vanishing, long-term dependencies can be
        learned.
    """,
    statement="If ∂c_t/∂c_{t-1} = 1 at every step, the final cell depends on the first input.",
    equation="""
        f = 1, nothing reads h:  ∂c_T/∂x_t = diag(i_t (1−g_t²)) W_g + diag(g_t i_t (1−i_t)) W_i
        i_t → 0  ⇒  ∂c_T/∂x_t → 0,  while  ∂c_T/∂c_0 = 1
    """,
    verdict=CONDITIONAL,
    because="""
        A lossless cell keeps what is in it and says nothing of how anything gets in. With
        f = 1 and i = 0 the cell is the same for ever: the derivative from cell to cell is 1
        and that to every input is 0, so nothing can be learned of them. The input gate must
        have been open at the step that matters. And to be learnable takes more than a gradient
        that is not 0: it has to point to somewhere, and training has to get there.
    """,
    conditions=(WRITTEN,),
    sources=[D2("preventing vanishing gradients with the LSTM")],
    floats="Sums of a few products; a closed gate underflows to something that is nearly 0.",
    see=["LGR-04", "LGR-07", "RNN-28"],
)


@learnable.as_stated(needs=["run_vjp"])
def depends_on_the_first_input(impl: Subject, hold: Hold, b_i: Bias, T: FromTwo) -> None:
    """Without a forget gate and with W_g = 1, at rest: |∂c_T/∂x_1| ≥ 1/1000 for any input gate."""
    net = one_unit(steps=T, forget_gate=False, W_g=1.0, b_i=b_i)
    back = impl.vjp(net, on_the_cell(net, 1.0)).inputs[0]
    hold.at_most(Fraction(1, 1000), abs(back), "|∂c_T/∂x_1|")


@learnable.necessity(of=depends_on_the_first_input, condition=WRITTEN)
def closed_input_gate() -> Mapping[str, Any]:
    """b_i = −32: the gate is 10^-14, and so is what the cell sees of the input."""
    return {"b_i": -32.0, "T": 2}


@learnable.law(needs=["run_vjp"])
def one_from_cell_to_cell_and_nothing_to_the_inputs(impl: Subject, hold: Hold, net: OneUnit1997) -> None:
    """With a closed input gate ∂c_T/∂c_0 = 1, to the last bit, and all of ∂c_T/∂x is below 2^-64."""
    net = net.with_parameters(W_i=0, b_i=CLOSED)
    back = impl.vjp(net, on_the_cell(net, 1.0))
    hold.exactly(back.state["c"], 1, "∂c_T/∂c_0")
    hold.at_most(abs(back.inputs), 2.0**-64, "|∂c_T/∂x_t|")


@learnable.law(needs=["run_vjp"])
def every_input_that_was_let_in(impl: Subject, hold: Hold, net: Storing1997) -> None:
    """Nothing reading h: ∂c_T/∂x_t is what step t let in, however long ago it was, row by row."""
    U, steps = net.parameters, hold.reference.gates(net)
    for j in range(net.layer.hidden):
        v = unit(net, j)
        back = impl.vjp(net, on_the_cell(net, v)).inputs
        for t, now in enumerate(steps):
            i, g = now["i"], now["g"]
            let_in = (v * i * (1 - g**2)) @ U["W_g"] + (v * g * i * (1 - i)) @ U["W_i"]
            hold.equal(back[t], let_in, f"row {j} of ∂c_T/∂x_{t + 1}")


@learnable.proof
def what_is_let_in_stays(prove: Prove) -> None:
    """Nothing reading h: what one step lets in, and that it is passed on as it is by every other.

    Two units stand for n; and i (1 − g²), with which the candidate's weights are multiplied, is
    above 0 wherever the input gate is.
    """
    net = prove.network(Layer("lstm", 1, 2, forget_gate=False), 1, U_i=0, U_g=0)
    now, p, after = prove.reference.gates(net)[0], net.parameters, prove.reference.run(net).state["c"][0]
    i, g = now["i"][0], now["g"][0]
    let_in = np.diag(i * (1 - g**2)) @ p["W_g"] + np.diag(g * i * (1 - i)) @ p["W_i"]
    prove.identical(prove.derivative(after, net.inputs[0, 0]), let_in)
    prove.identical(prove.derivative(after, net.state["c"][0]), np.eye(2))
    prove.identical(prove.derivative(after, net.state["h"][0]), np.zeros((2, 2)))
    prove.valid(i[0] * (1 - g[0] ** 2) > 0)


@learnable.proof
def closed_for_ever(prove: Prove) -> None:
    """Three steps with i = 0 and no forget gate: the cell's derivative by itself is 1, by the inputs 0."""
    # An input gate that is the identity of 0 is exactly closed.
    layer = Layer("lstm", 1, 1, forget_gate=False, gate_activation="identity")
    net = prove.network(layer, 3, W_i=0, U_i=0, b_i=0)
    final = prove.reference.run(net).state["c"][0]
    prove.identical(prove.derivative(final, net.state["c"][0]), np.eye(1))
    prove.identical(prove.derivative(final, net.inputs[:, 0, 0]), np.zeros((1, 3)))
