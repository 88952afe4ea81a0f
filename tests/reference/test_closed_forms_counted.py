"""Closed forms of one unit's dynamics, and what is counted of layers and stacks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reference import textbook
from reference.checks import PRECISION
from reference.exact import PROVEN, assert_agrees
from rnnref import Layer, Network, Reference, Stack, working_precision

STEPS = 200


@pytest.mark.parametrize("w", [1.5, 2.0, 3.0, 5.0])
def test_the_slope_at_the_fixed_point_of_one_unit(w: float) -> None:
    # h = tanh(w h) has the solution h = tanh(u) with w = u coth u, and there the slope of a
    # step is w (1 - h^2) = 2u / sinh 2u, below 1: so 200 steps are enough to be at it.
    layer = Layer("rnn", 1, 1, biases="none")
    weights = {"W_h": np.zeros((1, 1)), "U_h": np.array([[w]])}
    network = Network(layer, weights, np.zeros((STEPS, 1, 1)), {"h": np.array([[0.5]])})
    slope = Reference(PROVEN).certified(lambda e: e.jacobian(network, STEPS, STEPS - 1))["dh/dh"]

    mp = textbook.precision(PRECISION)
    u = mp.findroot(lambda u: u * mp.coth(u) - w, w)
    assert_agrees("slope", slope, [2 * u / mp.sinh(2 * u)])


@pytest.mark.parametrize("w", [4.5, 6.894151032272928, 100.0])
def test_the_window_in_which_a_sigmoid_does_not_shrink_a_gradient(w: float) -> None:
    # w sigma'(z) >= 1 just for |z| <= 2 arcosh(sqrt(w) / 2), where w = 4 cosh^2(z / 2).
    mp = textbook.precision(PRECISION)
    edge = 2 * mp.acosh(mp.sqrt(mp.mpf(w)) / 2)
    nearest = float(edge)
    below, above = np.nextafter(nearest, 0), np.nextafter(nearest, np.inf)
    if nearest < edge:
        below = nearest
    else:
        above = nearest
    inside, outside = Reference(PROVEN).slope("sigmoid", np.array([below, above]))
    with working_precision(PROVEN):
        assert inside * w > 1
        assert outside * w < 1


@pytest.mark.parametrize("biases", ["none", "one", "two"])
@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 2), (7, 64)])
def test_parameters_are_as_1_to_3_to_4(biases: Any, m: int, n: int) -> None:
    rnn, gru, lstm = (Layer(kind, m, n, biases=biases) for kind in ("rnn", "gru", "lstm"))
    vectors = {"none": 0, "one": 1, "two": 2}[biases]
    assert rnn.parameter_count == n * n + n * m + vectors * n
    assert gru.parameter_count == 3 * rnn.parameter_count
    assert lstm.parameter_count == 4 * rnn.parameter_count


@pytest.mark.parametrize(("kind", "times"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
@pytest.mark.parametrize(("m", "n", "depth"), [(3, 4, 3), (1, 2, 1), (5, 3, 2)])
def test_a_stack_in_both_directions_counts_twice(kind: Any, times: int, m: int, n: int, depth: int) -> None:
    stack = Stack(Layer(kind, m, n), depth, bidirectional=True)
    above = 2 * n * (3 * n + 1)
    assert stack.parameter_count == times * (2 * n * (m + n + 1) + (depth - 1) * above)
    assert stack.width == 2 * n
    assert sum(stack.state_sizes.values()) == 2 * depth * n * len(stack.layer.states)


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"peepholes": "gers"}, 48 + 6),
        ({"peepholes": "previous"}, 48 + 6),
        ({"peepholes": "layers"}, 48 + 6),
        ({"peepholes": "wikipedia"}, 48 - 4),
        ({"peepholes": "wikipedia", "biases": "two"}, 48 - 4 + 6),
        ({"coupled": True}, 36),
        ({"forget_gate": False}, 36),
        ({"coupled": True, "peepholes": "gers"}, 36 + 4),
    ],
)
def test_what_an_option_of_an_lstm_adds(options: dict[str, Any], count: int) -> None:
    assert Layer("lstm", 3, 2, **options).parameter_count == count
