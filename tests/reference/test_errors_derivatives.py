"""What is refused of derived formulas, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference.draws_derivatives import derived
from rnnref import FORMATS, BadInput, Cotangent, Floats, Layer, Network, Stack
from rnnref.derivatives import Derivatives
from rnnref.paths import LONGEST, cell_paths, count_paths

ENGINE: Any = Derivatives(Floats(FORMATS["float64"]))  # so that what is refused passes a type checker
COUNT: Any = count_paths


def network(steps: int = 2, **options: Any) -> Network:
    asked: dict[str, Any] = {"kind": "lstm", "inputs": 1, "hidden": 2}
    layer = Layer(**(asked | options))
    return derived(np.random.default_rng(0), layer, steps, 3, 1).network


def stacked() -> Network:
    layer = Stack(Layer("rnn", 1, 2), depth=2)
    random = np.random.default_rng(0)
    parameters = {name: random.normal(size=shape) for name, shape in layer.parameter_shapes.items()}
    return Network(
        layer, parameters, np.ones((2, 3, 1)), {"h_l0": np.zeros((3, 2)), "h_l1": np.zeros((3, 2))}
    )


def ragged() -> Network:
    n = network()
    return Network(n.layer, n.parameters, n.inputs, n.state, (2, 1, 0))


LSTM = network()
O = np.full((3, 2), 0.5)  # an output gate half open
COTANGENT = Cotangent(np.ones((2, 3, 2)), {"h": np.ones((3, 2)), "c": np.ones((3, 2))})
WRONG = Cotangent(np.ones((1, 3, 2)), COTANGENT.state)

REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    (
        "stack",
        lambda: ENGINE.jacobians(stacked()),
        "network.layer: got a Stack, expected a single Layer",
    ),
    (
        "stack, formulas",
        lambda: ENGINE.jacobian_formulas(stacked()),
        "network.layer: got a Stack, expected a single Layer",
    ),
    (
        "stack, paths",
        lambda: ENGINE.paths(stacked(), O),
        "network.layer: got a Stack, expected a single Layer",
    ),
    (
        "lengths",
        lambda: ENGINE.jacobian(ragged(), 2, 0),
        "network.lengths: got (2, 1, 0), expected None: sequences that have all the same length",
    ),
    ("t below 0", lambda: ENGINE.jacobian(LSTM, -1, 0), "t: got -1, expected a whole number from 0 to 2"),
    ("t beyond T", lambda: ENGINE.jacobian(LSTM, 3, 0), "t: got 3, expected a whole number from 0 to 2"),
    ("t a float", lambda: ENGINE.jacobian(LSTM, 1.0, 0), "t: got 1.0, expected a whole number from 0 to 2"),
    ("t a bool", lambda: ENGINE.jacobian(LSTM, True, 0), "t: got True, expected a whole number from 0 to 2"),
    ("k after t", lambda: ENGINE.jacobian(LSTM, 1, 2), "k: got 2, expected a whole number from 0 to 1"),
    ("k below 0", lambda: ENGINE.jacobian(LSTM, 1, -1), "k: got -1, expected a whole number from 0 to 1"),
    (
        "cell of a GRU",
        lambda: ENGINE.cell_terms(network(kind="gru"), O),
        "network.layer.kind: got 'gru', expected 'lstm': the formula is that of the plain LSTM",
    ),
    (
        "peepholes",
        lambda: ENGINE.cell_terms(network(peepholes="gers"), O),
        "network.layer.peepholes: got 'gers', expected 'none': the formula is that of the plain LSTM",
    ),
    (
        "coupled",
        lambda: ENGINE.cell_jacobian(network(coupled=True), O),
        "network.layer.coupled: got True, expected False: the formula is that of the plain LSTM",
    ),
    (
        "clip",
        lambda: ENGINE.path_groups(network(cell_clip=1.0), O),
        "network.layer.cell_clip: got 1.0, expected None: the formula is that of the plain LSTM",
    ),
    (
        "o_before",
        lambda: ENGINE.cell_terms(LSTM, O[:2]),
        "o_before: got shape (2, 2), expected shape (3, 2)",
    ),
    (
        "o_before a number",
        lambda: ENGINE.paths(LSTM, 0.5),
        "o_before: got shape (), expected shape (3, 2)",
    ),
    (
        "too many steps",
        lambda: ENGINE.paths(network(LONGEST + 1), O),
        "network.inputs: got 8 steps, expected at most 7, of which all paths can be listed",
    ),
    (
        "too many steps for groups",
        lambda: ENGINE.path_groups(network(LONGEST + 1), O),
        "network.inputs: got 8 steps, expected at most 7, of which all paths can be listed",
    ),
    (
        "cotangent",
        lambda: ENGINE.gradient_terms(LSTM, WRONG),
        "cotangent.outputs: got shape (1, 3, 2), expected shape (2, 3, 2)",
    ),
    (
        "derivative",
        lambda: ENGINE.gradient_terms(LSTM, COTANGENT, "partial"),
        "derivative: got 'partial', expected one of immediate, total",
    ),
    (
        "terms of a stack",
        lambda: ENGINE.gradient_terms(stacked(), Cotangent(np.ones((2, 3, 2)), dict(stacked().state))),
        "network.layer: got a Stack, expected a single Layer",
    ),
    ("count below 0", lambda: COUNT(-1), "k: got -1, expected a whole number from 0 to 10000"),
    ("count of too many", lambda: COUNT(10**9), f"k: got {10**9}, expected a whole number from 0 to 10000"),
    ("count of a float", lambda: COUNT(2.0), "k: got 2.0, expected a whole number from 0 to 10000"),
    ("count of a bool", lambda: COUNT(True), "k: got True, expected a whole number from 0 to 10000"),
]


@pytest.mark.parametrize(("act", "message"), [pytest.param(*rest, id=name) for name, *rest in REFUSED])
def test_refused(act: Callable[[], Any], message: str) -> None:
    with pytest.raises(BadInput) as error:
        act()
    assert str(error.value) == message


def test_paths_come_one_after_the_other() -> None:
    """The first of more than 10^20 paths is there at once."""
    long = network(steps=30)
    member = ENGINE._members(long)[0]
    first = next(cell_paths(ENGINE.system, member.layer, member.gates, member.steps, O[:1].T))
    assert first.edges == tuple(f"c{t}->c{t + 1}" for t in range(30))
    assert count_paths(30) > 10**20


def test_no_step_is_no_term() -> None:
    none = network(steps=0)
    assert ENGINE.jacobians(none) == []
    assert ENGINE.cell_terms(none, O) == []
    assert ENGINE.gradient_terms(none, Cotangent(np.ones((0, 3, 2)), COTANGENT.state)) == []
    identity = np.broadcast_to(np.eye(2), (3, 2, 2))
    assert np.array_equal(ENGINE.cell_jacobian(none, O), identity)
    assert list(ENGINE.paths(none, O)) == [()]
    assert np.array_equal(ENGINE.path_groups(none, O)[0], identity)
    blocks = ENGINE.jacobian(none, 0, 0)
    assert np.array_equal(blocks["dh/dh"], identity)
    assert not np.any(blocks["dh/dc"])
