"""What is refused of layers, stacks, sequences and backward passes, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rnnref import (
    BadInput,
    Cotangent,
    Evaluator,
    Floats,
    Layer,
    Mpmath,
    Network,
    Noise,
    NotCertified,
    Reference,
    Stack,
    certified_bits,
    format_named,
    working_precision,
)

layer: Any = Layer  # so that a type checker lets pass what is refused at run time
stack: Any = Stack

LSTM = Layer("lstm", 2, 3)
X = np.ones((4, 2, 2))
E: Any = Evaluator(Floats(format_named("float64")))


def system(kind: Any, *arguments: Any) -> Any:
    return kind(*arguments)


def network(of: Any, steps: int = 4, batch: int = 2, **changed: Any) -> Network:
    """A network of ones."""
    arguments: dict[str, Any] = {
        "parameters": {name: np.ones(shape) for name, shape in of.parameter_shapes.items()},
        "inputs": np.ones((steps, batch, of.inputs)),
        "state": {name: np.ones((batch, size)) for name, size in of.state_sizes.items()},
    }
    return Network(of, **(arguments | changed))


def pulled_back(of: Any, steps: int = 4, **how: Any) -> Any:
    net = network(of, steps)
    cotangent = Cotangent(np.ones((steps, 2, of.width)), net.state)
    return Evaluator(Floats(format_named("float64"))).vjp(net, cotangent, **how)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: layer("lstm", 1, 1, reset="before"),
        "Layer.reset: got 'before', expected 'after', which only kind gru may change",
    ),
    (
        lambda: layer("gru", 1, 1, peepholes="gers"),
        "Layer.peepholes: got 'gers', expected 'none', which only kind lstm may change",
    ),
    (
        lambda: layer("rnn", 1, 1, gate_activation="tanh"),
        "Layer.gate_activation: got 'tanh', expected 'sigmoid', which only kind lstm or gru may change",
    ),
    (
        lambda: layer("gru", 1, 1, output_activation="relu"),
        "Layer.output_activation: got 'relu', expected 'tanh', which only kind lstm or jordan may change",
    ),
    (
        lambda: layer("rnn", 1, 1, outputs=2),
        "Layer.outputs: got 2, expected None, which only kind jordan may change",
    ),
    (lambda: layer("jordan", 1, 1), "Layer.outputs: got None, expected a whole number, at least 1"),
    (lambda: layer("jordan", 1, 1, outputs=0), "Layer.outputs: got 0, expected a whole number, at least 1"),
    (
        lambda: layer("lstm", 1, 1, peepholes="all"),
        "Layer.peepholes: got 'all', expected one of none, gers, previous, layers, wikipedia",
    ),
    (
        lambda: layer("lstm", 1, 1, gate_activation="elu"),
        ("Layer.gate_activation: got 'elu', expected one of identity, sigmoid, tanh, g_1997, h_1997, relu"),
    ),
    (lambda: layer("lstm", 1, 1, coupled=1), "Layer.coupled: got 1, expected True or False"),
    (
        lambda: layer("lstm", 1, 1, coupled=True, forget_gate=False),
        "Layer.coupled: got True, expected False where there is no forget gate to couple to",
    ),
    *(
        (
            lambda bound=bound: layer("lstm", 1, 1, cell_clip=bound),
            f"Layer.cell_clip: got {bound!r}, expected a finite number above 0, or None",
        )
        for bound in (0, -1.0, float("inf"), float("nan"), True, "1")
    ),
    (
        lambda: layer("rnn", 1, 1, activation="elu"),
        "alpha: got None, expected the finite number that elu needs",
    ),
    (
        lambda: layer("rnn", 1, 1, activation="elu", alpha=0.0),
        "Layer.alpha: got 0.0, expected a number above 0",
    ),
    (lambda: layer("rnn", 1, 1, alpha=0.5), "alpha: got 0.5, expected None: tanh has no parameter"),
    (lambda: stack("lstm"), "Stack.layer: got 'lstm', expected a Layer"),
    *(
        (
            lambda depth=depth: stack(LSTM, depth),
            f"Stack.depth: got {depth!r}, expected a whole number, at least 1",
        )
        for depth in (0, 1.0, True, None)
    ),
    (
        lambda: stack(LSTM, 1, bidirectional="both"),
        "Stack.bidirectional: got 'both', expected True or False",
    ),
    (
        lambda: network(Stack(Layer("rnn", 1, 1)), state={"h": np.ones((2, 1))}),
        "names of state: got missing ['h_l0'] and unknown ['h'], expected exactly ['h_l0']",
    ),
    *(
        (
            lambda lengths=lengths: network(LSTM, lengths=lengths),
            f"lengths: got {lengths}, expected 2 whole numbers from 0 to 4, one a sequence",
        )
        for lengths in ((1,), (1, 2, 3), (1, 5), (-1, 2), (1.0, 2), (True, 1))
    ),
    (
        lambda: network(LSTM, lengths=(4, 4)).at(0, network(LSTM).state),
        "lengths: got (4, 4), expected None: a step of sequences that have all the same length",
    ),
    (
        lambda: network(LSTM, inputs=[[[1.0, 2.0]]]),
        "inputs: got a list, expected a NumPy array",
    ),
    (
        lambda: network(LSTM, inputs=np.ones((4, 2, 2), complex)),
        "inputs: got an array of complex128, expected one of real numbers",
    ),
    (
        lambda: network(LSTM, state={"h": np.ones((2, 3)), "c": np.ones((2, 3), bool)}),
        "state['c']: got an array of bool, expected one of real numbers",
    ),
    *(
        (
            lambda inputs=inputs: network(LSTM, inputs=inputs),
            f"inputs: got an array {of}, expected one of real numbers",
        )
        for inputs, of in (
            (np.ones((4, 2, 2), np.longdouble), f"of {np.dtype(np.longdouble)}"),
            (np.full((4, 2, 2), None), "with None in it"),
            (np.full((4, 2, 2), 1j, object), "with a complex in it"),
        )
    ),
    (
        lambda: layer("rnn", 1, 1, outputs=np.ones(2)),
        "Layer.outputs: got array([1., 1.]), expected None, which only kind jordan may change",
    ),
    (
        lambda: layer(np.array(["rnn", "gru"]), 1, 1),
        "Layer.kind: got array(['rnn', 'gru'], dtype='<U3'), expected one of rnn, jordan, lstm, gru",
    ),
    (lambda: Network(None, {}, X, {}), "layer: got None, expected a Layer or a Stack"),  # type: ignore[arg-type]
    (
        lambda: network(LSTM, parameters=None),
        "parameters: got None, expected a mapping of names to arrays",
    ),
    (
        lambda: network(LSTM, state=[np.ones((2, 3))]),
        "state: got a list, expected a mapping of names to arrays",
    ),
    (lambda: network(LSTM, lengths=4), "lengths: got an int, expected a tuple of whole numbers, or None"),
    (lambda: network(LSTM).at(4, {}), "t: got 4, expected a step from 0 to 3"),
    (lambda: network(LSTM).at("0", {}), "t: got '0', expected a step from 0 to 3"),  # type: ignore[arg-type]
    (
        lambda: network(LSTM).with_parameters(b_i=[[1.0], [1.0, 2.0]]),  # type: ignore[arg-type]
        "parameters['b_i']: got a list of no shape, expected an array of real numbers",
    ),
    (
        lambda: network(LSTM).with_parameters(b_i="1"),  # type: ignore[arg-type]
        "parameters['b_i']: got an array of <U1, expected one of real numbers",
    ),
    *(
        (lambda method=method: method(LSTM), "network: got a Layer, expected a Network")
        for method in (E.run, E.gates, E.jacobians, lambda n: E.jacobian(n, 0, 0), lambda n: E.vjp(n, None))
    ),
    (lambda: E.vjp(network(LSTM), X), "cotangent: got a ndarray, expected a Cotangent"),
    (
        lambda: pulled_back(LSTM, detached={"y"}),
        "detached: got 'y', expected some of the states c, h",
    ),
    (lambda: pulled_back(LSTM, detached=None), "detached: got None, expected a collection of states"),
    (
        lambda: pulled_back(LSTM, detached=[np.ones(1)]),
        "detached: got array([1.]), expected some of the states c, h",
    ),
    (lambda: pulled_back(LSTM, cut={4}), "cut: got 4, expected steps from 0 to 3"),
    (lambda: pulled_back(LSTM, cut={"0"}), "cut: got '0', expected steps from 0 to 3"),
    (lambda: pulled_back(LSTM, cut=2), "cut: got an int, expected a collection of steps"),
    (lambda: pulled_back(LSTM, steps=0, cut={0}), "cut: got 0, expected none: the network has no steps"),
    (lambda: network(LSTM, steps=0).at(0, {}), "t: got 0, expected none: the network has no steps"),
    *(
        (
            lambda system=system: Evaluator(system),
            (
                f"s: got {system!r}, expected a number system, "
                "such as Floats(format_named('float32')) or Balls()"
            ),
        )
        for system in ("float32", Floats, None)
    ),
    (
        lambda: system(format_named, ["float32"]),
        "format: got ['float32'], expected one of float16, bfloat16, float32, float64",
    ),
    (lambda: system(certified_bits, X), "values, an entry: got a float, expected a ball"),
    (lambda: certified_bits(None), "values: got None, expected an array of balls"),  # type: ignore[arg-type]
    (lambda: system(Mpmath, 1), "precision: got 1, expected a whole number from 2 to 1048576"),
    (lambda: system(Mpmath, 53.0), "precision: got 53.0, expected a whole number from 2 to 1048576"),
    (lambda: system(Mpmath, 2**21), "precision: got 2097152, expected a whole number from 2 to 1048576"),
    (
        lambda: working_precision(2**70).__enter__(),
        f"bits: got {2**70}, expected a whole number from 2 to 1048576",
    ),
    (
        lambda: system(Floats, "float32"),
        "fmt: got 'float32', expected a Format, as format_named gives it by its name",
    ),
    (
        lambda: system(Noise, np.float32),
        "fmt: got <class 'numpy.float32'>, expected a Format, as format_named gives it by its name",
    ),
    (
        lambda: system(Noise, format_named("float32"), 0),
        "replicates: got 0, expected a whole number, at least 1",
    ),
    (
        lambda: system(Noise, format_named("float32"), 4, -1),
        "seed: got -1, expected a whole number, at least 0",
    ),
    (lambda: working_precision(1).__enter__(), "bits: got 1, expected a whole number from 2 to 1048576"),
]


@pytest.mark.parametrize(("refused", "message"), REFUSED, ids=[case[1][:60] for case in REFUSED])
def test_the_sentence(refused: Callable[[], Any], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        refused()
    assert str(caught.value) == message


def test_what_is_beyond_the_end_of_a_sequence_is_not_read() -> None:
    # Not even when it is no number.
    clean = network(LSTM, lengths=(4, 1))
    inputs = clean.inputs.copy()
    inputs[1:, 1] = np.nan
    cotangent = Cotangent(np.ones((4, 2, 3)), clean.state)
    evaluator = Evaluator(Floats(format_named("float64")))
    got, expected = (evaluator.vjp(net, cotangent) for net in (replace(clean, inputs=inputs), clean))
    for name, value in expected.parameters.items():
        assert np.array_equal(got.parameters[name], value)
    assert np.array_equal(got.inputs, expected.inputs)
    assert not got.inputs[1:, 1].any()


def test_the_state_of_a_sequence_of_no_steps_spoils_nothing() -> None:
    clean = network(LSTM, lengths=(3, 0))
    cotangent = Cotangent(np.ones((4, 2, 3)), clean.state)
    state = {name: value.copy() for name, value in clean.state.items()}
    for value in state.values():
        value[1] = np.nan
    evaluator = Evaluator(Floats(format_named("float64")))
    got, expected = (evaluator.vjp(net, cotangent) for net in (replace(clean, state=state), clean))
    for name, value in expected.parameters.items():
        assert np.array_equal(got.parameters[name], value)
    assert np.isnan(evaluator.run(replace(clean, state=state)).state["c"][1]).all()


def started_from(value: float) -> Network:
    return network(LSTM, state={"h": np.full((2, 3), value), "c": np.zeros((2, 3))})


def test_of_what_follows_from_not_a_number_nothing_is_certified() -> None:
    net = started_from(np.nan)
    assert np.isnan(Evaluator(Floats(format_named("float32"))).run(net).outputs).all()
    with pytest.raises(NotCertified, match="proved 0"):
        Reference().run(net)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinities_saturate(value: float) -> None:
    # sigmoid and tanh have limits there, which every number system knows.
    net = started_from(value)
    floats = Evaluator(Floats(format_named("float64"))).run(net).outputs
    certain = Reference().run(net).outputs
    assert np.all(floats[0] == (np.tanh(1.0) if value > 0 else 0.0))
    certain = np.array([float(ball.mid()) for ball in certain.flat]).reshape(floats.shape)
    assert np.array_equal(certain.astype(np.float32), floats.astype(np.float32))
