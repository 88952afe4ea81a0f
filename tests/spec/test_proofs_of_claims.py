"""Proofs as claims would have them: each is about a row of the catalogue, and is proved of all numbers."""

from __future__ import annotations

import numpy as np
import pytest

from rnnspec.kit.proving import Prover
from rnnspec.proof import BatchNorm, Dense, Layer, Prove, Stack


@pytest.fixture
def prove() -> Prover:
    return Prover()


def test_weights_of_the_2_2_2_network(prove: Prove) -> None:
    """dE/dw_5 is one product, dE/dw_1 a sum of two: of all weights, inputs and targets."""
    net = prove.chain(Dense(2, 2, "sigmoid"), Dense(2, 2, "sigmoid"))
    hidden, out = prove.reference.chain(net.chain, net.parameters, net.inputs).inside
    (i,), (h,), (o,), t = net.inputs, hidden, out, prove.symbols("t1 t2")
    W1, W2 = net.parameters["W_1"], net.parameters["W_2"]
    E = prove.reference.squared_error(out, t[np.newaxis], "half")[0]
    delta = -(t - o) * o * (1 - o)
    prove.identical(prove.derivative(E, W2[0, 0]), delta[0] * h[0])
    through_both = (delta[0] * W2[0, 0] + delta[1] * W2[1, 0]) * h[0] * (1 - h[0]) * i[0]
    prove.identical(prove.derivative(E, W1[0, 0]), through_both)
    dE = prove.reference.squared_error_gradient(out, t[np.newaxis], "half")
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, dE)
    prove.identical(back.parameters["W_1"], prove.derivative(E, W1))
    prove.identical(back.parameters["W_2"], prove.derivative(E, W2))


@pytest.mark.parametrize(("units", "steps"), [(1, 3), (2, 2)])
def test_sum_over_k_of_products_of_jacobians(units: int, steps: int, prove: Prove) -> None:
    """dL_t/dU is the sum over k = 1 ... t of dL_t/dh_t J_t ... J_{k+1} d+h_k/dU, for a tanh RNN."""
    net = prove.network(Layer("rnn", units, units), steps)
    loss = prove.cotangent(net, last=True)
    terms = prove.reference.gradient_terms(net, loss)[-1]
    L = (prove.reference.run(net).outputs * loss.outputs).sum()
    assert len(terms) == steps
    for name, array in net.parameters.items():
        prove.identical(sum(term[name] for term in terms), prove.derivative(L, array))


def test_total_derivatives_count_early_steps_twice(prove: Prove) -> None:
    """Scalar and linear, t = 3: with total derivatives the weights are 1, 2, 3 instead of 1, 1, 1."""
    net = prove.network(Layer("rnn", 1, 1, activation="identity", biases="none"), 3)
    loss = prove.cotangent(net, last=True)
    S0, (S1, S2, _) = net.state["h"][0, 0], prove.reference.run(net).outputs[:, 0, 0]
    e, W = loss.outputs[-1, 0, 0], net.parameters["U_h"][0, 0]
    for derivative, weights in (("immediate", (1, 1, 1)), ("total", (1, 2, 3))):
        terms = prove.reference.gradient_terms(net, loss, derivative)[-1]  # type: ignore[arg-type]
        a, b, c = weights
        prove.identical(sum(term["U_h"][0, 0] for term in terms), e * (a * S2 + b * W * S1 + c * W**2 * S0))


def test_a_jordan_network_is_an_elman_network(prove: Prove) -> None:
    """With a linear read-out, if y_0 = W_y h_0 + b_y: Elman's U is U W_y, its bias b + U b_y."""
    jordan = Layer("jordan", 1, 2, outputs=1, output_activation="identity")
    W_y, b_y, h0 = prove.symbols("p q")[np.newaxis], prove.symbols("b_y"), prove.symbols("h1 h2")
    one = prove.network(jordan, 2, W_y=W_y, b_y=b_y, y=W_y @ h0 + b_y)
    U, b = one.parameters["U_h"], one.parameters["b_h"]
    other = prove.network(
        Layer("rnn", 1, 2),
        2,
        W_h=one.parameters["W_h"],
        U_h=U @ W_y,
        b_h=b + U @ b_y,
        inputs=one.inputs,
        h=h0,
    )
    h = prove.reference.run(other).outputs
    prove.identical(prove.reference.run(one).outputs, h @ W_y.T + b_y)


def test_output_of_an_lstm(prove: Prove) -> None:
    """|h| <= o min(1, |C|) and |h| < 1, whatever the weights and the state."""
    net = prove.network(Layer("lstm", 1, 1), 1)
    now, (h,) = prove.reference.gates(net)[0], prove.reference.run(net).outputs[0, 0]
    o, C = now["o"][0, 0], now["c"][0, 0]
    prove.valid(abs(h) <= o * prove.minimum(1, abs(C)))
    prove.valid(abs(h) < 1)


def test_cell_of_a_coupled_lstm(prove: Prove) -> None:
    """With i = 1 - f, |C_t| <= max(|C_{t-1}|, 1)."""
    net = prove.network(Layer("lstm", 1, 1, coupled=True), 1)
    (before,), (after,) = net.state["c"][0], prove.reference.run(net).state["c"][0]
    prove.valid(abs(after) <= prove.maximum(abs(before), 1))


@pytest.mark.parametrize("update", ["keeps", "replaces"])
def test_a_gru_interpolates(update: str, prove: Prove) -> None:
    """h_t lies between h_{t-1} and the candidate."""
    net = prove.network(Layer("gru", 1, 1, update=update), 1)  # type: ignore[arg-type]
    now, (h,) = prove.reference.gates(net)[0], prove.reference.run(net).outputs[0, 0]
    before, n = net.state["h"][0, 0], now["n"][0, 0]
    prove.valid(prove.all_of(prove.minimum(before, n) <= h, h <= prove.maximum(before, n)))


@pytest.mark.parametrize("reset", ["before", "after"])
def test_one_step_jacobian_of_a_gru(reset: str, prove: Prove) -> None:
    """With two units, of both variants of the reset; at the zero state, one unit: 1/2 + U_n / 4."""
    net = prove.network(Layer("gru", 1, 2, reset=reset), 1)  # type: ignore[arg-type]
    h = prove.reference.run(net).outputs[0, 0]
    formula = prove.reference.jacobian_formulas(net)[0]["dh/dh"][0]
    prove.identical(formula, prove.derivative(h, net.state["h"][0]))
    (U,) = prove.symbols("U")
    small = prove.network(Layer("gru", 1, 1, reset=reset), 1, rest=0, U_n=U)  # type: ignore[arg-type]
    prove.identical(prove.reference.jacobian_formulas(small)[0]["dh/dh"][0, 0, 0], 0.5 + U / 4)


def test_four_terms_of_the_cells_derivative(prove: Prove) -> None:
    """Two units; h_{t-1} = o_{t-1} tanh(C_{t-1}) moves along, o_{t-1} is held."""
    C, o = prove.symbols("C1 C2"), prove.symbols("o1 o2", above=0, below=1)
    net = prove.network(Layer("lstm", 1, 2), 1, c=C, h=o * prove.activation("tanh", C))
    terms = prove.reference.cell_terms(net, o[np.newaxis])[0]
    now, U = prove.reference.gates(net)[0], net.parameters
    f, i, g = (now[name][0] for name in "fig")
    along = o * prove.slope("tanh", C)
    printed = (
        np.diag(C * f * (1 - f)) @ U["U_f"]
        + np.diag(g * i * (1 - i)) @ U["U_i"]
        + np.diag(i * (1 - g**2)) @ U["U_g"]
    ) @ np.diag(along) + np.diag(f)
    prove.identical(sum(term[0] for term in terms.values()), printed)
    prove.identical(prove.derivative(prove.reference.run(net).state["c"][0], C), printed)


def test_batch_norm_does_not_see_the_scale_of_weights(prove: Prove) -> None:
    """BN(a w u) = BN(w u) for a > 0; the gradient by a w is 1/a of that by w, and orthogonal to w."""
    links = (Dense(2, 1, bias=False), BatchNorm(1))
    net = prove.chain(*links, batch=3)
    (a,), W = prove.symbols("a", above=0), net.parameters["W_1"]
    scaled = net.parameters | {"W_1": a * W}  # type: ignore[operator]
    y, same = (prove.reference.chain(net.chain, p, net.inputs).outputs for p in (net.parameters, scaled))
    prove.identical(same, y)
    dy = prove.symbols("d1 d2 d3")[:, np.newaxis]
    dW, dscaled = (
        prove.reference.chain_vjp(net.chain, p, net.inputs, dy).parameters["W_1"]
        for p in (net.parameters, scaled)
    )
    prove.identical(dscaled, dW / a)
    prove.identical((W * dW).sum(), 0)


def test_a_product_of_factors_below_one_that_stays_above_one_half(prove: Prove) -> None:
    """The product of 1 - 1/k^2 from 2 to n is (n + 1) / (2 n), which is above 1/2."""
    prove.product_is(lambda k: 1 - 1 / k**2, lambda n: (n + 1) / (2 * n), start=2)
    (n,) = prove.symbols("n", at_least=2)
    prove.valid((n + 1) / (2 * n) > prove.number(1, 2))


def test_parameters_of_a_bidirectional_stack(prove: Prove) -> None:
    """2 H (m + H + 1) + (L - 1) 2 H (3 H + 1) for an RNN, 4 and 3 times as many for LSTM and GRU."""
    m, H, L = prove.sizes("m H L")
    rnn = 2 * H * (m + H + 1) + (L - 1) * 2 * H * (3 * H + 1)
    for kind, times in (("rnn", 1), ("lstm", 4), ("gru", 3)):

        def stack(m: int, H: int, L: int, kind: str = kind) -> Stack:
            return Stack(Layer(kind, m, H), L, bidirectional=True)  # type: ignore[arg-type]

        prove.identical(prove.count_in_depth(stack, "m H", "L"), times * rnn)


def test_paths_from_cell_to_cell(prove: Prove) -> None:
    """A' = A + 3 B, B' = A + 4 B from 1 and 1: a closed form with (5 +- sqrt 21) / 2, and the traces."""
    root = prove.sqrt(21)
    p, q = (5 + root) / 2, (5 - root) / 2

    def to_cell(k: object) -> object:
        return ((3 + root) * p**k + (root - 3) * q**k) / (2 * root)

    def both(k: object) -> list[object]:
        A, following = to_cell(k), to_cell(k + 1)  # type: ignore[operator]
        return [A, (following - A) / 3]  # type: ignore[operator]

    prove.closed_form(both, first=[1, 1], then=lambda k, AB: [AB[0] + 3 * AB[1], AB[0] + 4 * AB[1]], start=0)
    for k in (1, 2, 3):
        prove.identical(to_cell(k), prove.lstm_derivatives(k).count_paths)


def test_orbits_of_two_relu_networks(prove: Prove) -> None:
    """The eigenvalue 2 does not make ReLU's output grow, and with the eigenvalue 0 alone it may."""
    layer = Layer("rnn", 1, 2, activation="relu", biases="none")
    (lam,) = prove.symbols("lambda")
    bounded, growing = prove.matrix([[1, -1], [-1, 1]]), prove.matrix([[1.5, 2.25], [-1, -1.5]])
    prove.identical(prove.characteristic(bounded, lam), lam * (lam - 2))
    prove.identical(prove.characteristic(growing, lam), lam**2)
    a, b = prove.symbols("a b", at_least=0)
    for low, high in ((a, b), (b, a)):
        with prove.assuming(low <= high):
            net = prove.network(layer, 3, rest=0, U_h=bounded, h=[a, b])
            h = prove.reference.run(net).outputs[:, 0]
            prove.identical(h[1:], h[:2])
            prove.identical(h[0].sum(), high - low)
    (c,) = prove.symbols("c", above=0)
    net = prove.network(layer, 3, rest=0, U_h=growing, h=[c, 0])
    for t, h in enumerate(prove.reference.run(net).outputs[:, 0], start=1):
        prove.identical(h, [prove.number(3, 2) ** t * c, 0])


def test_clipping_by_norm(prove: Prove) -> None:
    """The norm is at most theta, the direction is kept, below theta nothing changes, twice is once."""
    g, (theta,) = prove.symbols("g1 g2"), prove.symbols("theta", above=0)
    once = prove.reference.clip_by_norm({"g": g}, theta)["g"]
    length, clipped = g @ g, once @ once
    prove.valid(clipped <= theta**2)
    prove.identical(once[0] * g[1], once[1] * g[0])
    prove.valid(once @ g >= 0)
    prove.valid(prove.implies(length <= theta**2, prove.all_of(once[0] == g[0], once[1] == g[1])))
    prove.valid(prove.implies(length >= theta**2, clipped == theta**2))
    same = prove.at(once[0], {"g1": once[0], "g2": once[1]})
    prove.valid(same == once[0])
