"""The forward pass, against the textbook."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.checks import check_forward, check_gates
from reference.draws import KINDS, drawing, examples
from rnnref import FORMATS, Balls, Evaluator, Floats, Layer, Mpmath, Network, Noise, working_precision


@pytest.mark.parametrize("kind", KINDS)
@drawing(30)
@given(data=st.data())
def test_outputs_and_final_state_enclose_the_textbooks(kind: str, data: st.DataObject) -> None:
    check_forward(data.draw(examples(kind, largest=4, steps=5, batch=3)))


@pytest.mark.parametrize("kind", KINDS)
@drawing(20)
@given(data=st.data())
def test_gates_enclose_the_textbooks(kind: str, data: st.DataObject) -> None:
    check_gates(data.draw(examples(kind)))


@drawing(20)
@given(data=st.data())
def test_stacks_and_directions(data: st.DataObject) -> None:
    check_forward(data.draw(examples(batch=2, stacked=True, ragged=True)))


@drawing(20)
@given(data=st.data())
def test_sequences_of_different_lengths(data: st.DataObject) -> None:
    check_forward(data.draw(examples(largest=3, steps=4, batch=3, ragged=True)))


@drawing(5)
@given(data=st.data())
def test_a_wider_and_longer_network(data: st.DataObject) -> None:
    check_forward(data.draw(examples(largest=8, steps=12, batch=3)))


@pytest.mark.parametrize("kind", KINDS)
def test_no_steps_return_the_initial_state(kind: str) -> None:
    outputs = 3 if kind == "jordan" else None
    layer = Layer(kind, inputs=2, hidden=3, biases="none", outputs=outputs)  # type: ignore[arg-type]
    parameters = {name: np.ones(shape) for name, shape in layer.parameter_shapes.items()}
    state = {name: np.array([[0.1, 0.2, 0.3]]) for name in layer.states}
    network = Network(layer, parameters, np.zeros((0, 1, 2)), state)
    with working_precision(64):
        run = Evaluator(Balls()).run(network)
    assert run.outputs.shape == (0, 1, 3)
    for name in layer.states:
        assert [float(v) for v in run.state[name].ravel()] == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize(
    ("system", "axes", "dtype"),
    [
        (Balls(), (), np.dtype(object)),
        (Mpmath(64), (), np.dtype(object)),
        (Floats(FORMATS["float32"]), (), np.dtype(np.float32)),
        (Noise(FORMATS["float32"], replicates=5), (5,), np.dtype(np.float64)),
    ],
    ids=["balls", "mpmath", "floats", "noise"],
)
def test_arrays_are_of_the_systems_own_kind(
    system: object, axes: tuple[int, ...], dtype: object, steps: int
) -> None:
    # However many steps there are: a caller stacks and subtracts them without a special case.
    layer = Layer("lstm", inputs=2, hidden=3)
    parameters = {name: np.ones(shape) for name, shape in layer.parameter_shapes.items()}
    state = {name: np.zeros((4, 3)) for name in layer.states}
    run = Evaluator(system).run(Network(layer, parameters, np.ones((steps, 4, 2)), state))  # type: ignore[arg-type]
    assert (run.outputs.shape, run.outputs.dtype) == ((*axes, steps, 4, 3), dtype)
    for value in run.state.values():
        assert (value.shape, value.dtype) == ((*axes, 4, 3), dtype)
