"""Jacobians that can be written down: every cell at the zero state, with zero input.

There, tanh'(0) = 1 and every gate is the sigmoid of its bias, s. Then

- Elman: dh'/dh = diag(phi'(b)) U.
- GRU, whose candidate has no bias: dh'/dh = diag(z) + diag(1 - z) diag(r) U, or U diag(r)
  for a reset before the product, with 1 - z and z exchanged where z replaces.
  With zero biases all four are I/2 + U/4.
- LSTM, whose candidate has no bias: of the full state (h, c) the four blocks are
  dc'/dc = diag(f), dc'/dh = diag(i) U, dh'/dc = diag(o f), dh'/dh = diag(o i) U.
  What is known as the Jacobian of the cell, A = diag(f) + diag(i) U diag(o), and I/2 + U/4
  with zero biases, is none of them: it is dc'/dc with h = o tanh(c) moving along and its o
  held. It is exact from the second step on: dc_T/dc_0 = A^(T-1) diag(f).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from reference import textbook
from reference.checks import PRECISION
from reference.draws import SEEDS, drawing
from reference.exact import PROVEN, assert_enclosed, flat
from rnnref import Cotangent, Layer, Network, Reference

SIZES = st.integers(1, 4)
AT_TWO = (PRECISION, 2 * PRECISION)


def jacobian(layer: Layer, parameters: dict[str, Any], of: str, steps: int = 1) -> dict[str, Any]:
    """d(final `of`)/d(initial state) at zero, by back-propagating the rows of I as a batch."""
    n = layer.hidden
    zero = {name: np.zeros((n, n)) for name in layer.states}
    network = Network(layer, parameters, np.zeros((steps, n, layer.inputs)), zero)
    cotangent = Cotangent(np.zeros((steps, n, n)), zero | {of: np.eye(n)})
    return dict(Reference(PROVEN).vjp(network, cotangent).state)


def drawn_parameters(layer: Layer, seed: int, unbiased: str = "") -> dict[str, Any]:
    random = np.random.default_rng(seed)
    parameters = {name: random.normal(size=shape) for name, shape in layer.parameter_shapes.items()}
    for name, value in parameters.items():
        if name.startswith("b") and name.endswith(f"_{unbiased}"):
            value[:] = 0
    return parameters


def gates(mp: Any, parameters: dict[str, Any], *names: str) -> list[Any]:
    """The gates at zero: as diagonal matrices."""
    return [mp.diag([textbook.sigmoid(mp, mp.mpf(b)) for b in parameters[f"b_{name}"]]) for name in names]


def assert_matrices(what: str, got: Any, formula: Any) -> None:
    """A matrix of balls encloses the formula's value."""
    rough, fine = (flat(formula(textbook.precision(bits)).tolist()) for bits in AT_TWO)
    assert_enclosed(what, got, rough, fine)


@drawing(20)
@given(n=SIZES, seed=SEEDS, steps=st.integers(1, 5), forget_gate=st.booleans())
def test_lstm(n: int, seed: int, steps: int, forget_gate: bool) -> None:
    layer = Layer("lstm", 2, n, forget_gate=forget_gate)
    p = drawn_parameters(layer, seed, unbiased="g")

    def matrices(mp: Any) -> tuple[Any, ...]:
        f = gates(mp, p, "f")[0] if forget_gate else mp.eye(n)
        return (*gates(mp, p, "i", "o"), f, mp.matrix(p["U_g"].tolist()))

    def block(name: str) -> Any:
        def formula(mp: Any) -> Any:
            i, o, f, U = matrices(mp)
            return {"cc": f, "ch": i * U, "hc": o * f, "hh": o * i * U}[name]

        return formula

    def long(mp: Any) -> Any:
        i, o, f, U = matrices(mp)
        return (f + i * U * o) ** (steps - 1) * f

    for of in "ch":
        for to, got in jacobian(layer, p, of).items():
            assert_matrices(f"d{of}'/d{to}", got, block(of + to))
    assert_matrices(f"dc_{steps}/dc_0", jacobian(layer, p, "c", steps)["c"], long)


@pytest.mark.parametrize("update", ["keeps", "replaces"])
@pytest.mark.parametrize("reset", ["before", "after"])
@drawing(10)
@given(n=SIZES, seed=SEEDS)
def test_gru(reset: Any, update: Any, n: int, seed: int) -> None:
    layer = Layer("gru", 2, n, reset=reset, update=update)
    p = drawn_parameters(layer, seed, unbiased="n")

    def formula(mp: Any) -> Any:
        r, z = gates(mp, p, "r", "z")
        U, one = mp.matrix(p["U_n"].tolist()), mp.eye(n)
        candidate = U * r if reset == "before" else r * U
        return z + (one - z) * candidate if update == "keeps" else one - z + z * candidate

    assert_matrices("dh'/dh", jacobian(layer, p, "h")["h"], formula)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
@drawing(10)
@given(n=SIZES, seed=SEEDS)
def test_elman(activation: Any, n: int, seed: int) -> None:
    layer = Layer("rnn", 2, n, activation=activation)
    p = drawn_parameters(layer, seed)

    def slope(mp: Any, b: Any) -> Any:
        match activation:
            case "tanh":
                return 1 - textbook.tanh(mp, b) ** 2
            case "sigmoid":
                return textbook.sigmoid(mp, b) * textbook.sigmoid(mp, -b)
            case _:
                return mp.mpf(int(b > 0))

    def formula(mp: Any) -> Any:
        return mp.diag([slope(mp, mp.mpf(b)) for b in p["b_h"]]) * mp.matrix(p["U_h"].tolist())

    assert_matrices("dh'/dh", jacobian(layer, p, "h")["h"], formula)


@drawing(10)
@given(n=SIZES, seed=SEEDS)
def test_with_zero_biases_lstm_and_gru_have_one_half_and_one_quarter(n: int, seed: int) -> None:
    # Multiples of a quarter of small whole numbers: exact in any binary arithmetic.
    U = np.random.default_rng(seed).integers(-8, 9, (n, n)).astype(float)
    expected = np.eye(n) / 2 + U / 4
    lstm = Layer("lstm", 1, n, biases="none")
    parameters = {name: np.ones(shape) for name, shape in lstm.parameter_shapes.items()} | {"U_g": U}
    assert_exactly(jacobian(lstm, parameters, "c", steps=2)["c"], expected / 2)
    assert_exactly(jacobian(lstm, parameters, "c", steps=3)["c"], expected @ expected / 2)
    for reset in ("before", "after"):
        for update in ("keeps", "replaces"):
            gru = Layer("gru", 1, n, biases="none", reset=reset, update=update)
            parameters = {name: np.ones(shape) for name, shape in gru.parameter_shapes.items()}
            assert_exactly(jacobian(gru, parameters | {"U_n": U}, "h")["h"], expected)


@pytest.mark.parametrize(("kind", "value", "slope"), [("tanh", 0, 1), ("sigmoid", 0.5, 0.25), ("relu", 0, 0)])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_at_zero(kind: str, value: float, slope: float, zero: float) -> None:
    reference = Reference(PROVEN)
    assert_exactly(reference.activation(kind, np.array([zero])), np.array([value]))
    assert_exactly(reference.slope(kind, np.array([zero])), np.array([slope]))


def assert_exactly(balls: Any, expected: Any) -> None:
    assert flat(balls) == [arb(float(v)) for v in flat(expected)]
