"""What is refused, and in which words: the argument, what was got, what was expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnnref import (
    FORMATS,
    BadInput,
    Cotangent,
    Evaluator,
    Floats,
    Layer,
    Network,
    NotCertified,
    Reference,
    RnnrefError,
    activations,
    format_named,
)

make_layer: Any = Layer  # so that a type checker lets pass what is refused at run time

LAYER = Layer("rnn", 2, 3)
PARAMETERS = {name: np.ones(shape) for name, shape in LAYER.parameter_shapes.items()}
NETWORK = Network(LAYER, PARAMETERS, np.ones((4, 5, 2)), {"h": np.zeros((5, 3))})
LSTM = Layer("lstm", 1, 1, biases="none")
LSTM_PARAMETERS = {name: np.ones(shape) for name, shape in LSTM.parameter_shapes.items()}


def network(**changed: Any) -> Callable[[], Network]:
    arguments: dict[str, Any] = {"layer": LAYER, "parameters": PARAMETERS}
    arguments |= {"inputs": NETWORK.inputs, "state": NETWORK.state}
    return lambda: Network(**(arguments | changed))


def vjp(outputs: tuple[int, ...], **state: tuple[int, ...]) -> Callable[[], Any]:
    cotangent = Cotangent(np.zeros(outputs), {name: np.zeros(shape) for name, shape in state.items()})
    return lambda: Reference().vjp(NETWORK, cotangent)


REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    (
        "Layer.kind",
        lambda: make_layer("elman", 2, 3),
        "Layer.kind: got 'elman', expected one of rnn, jordan, lstm, gru",
    ),
    (
        "Layer.activation",
        lambda: make_layer("rnn", 2, 3, activation="gelu"),
        (
            "Layer.activation: got 'gelu', expected one of "
            "identity, sigmoid, tanh, g_1997, h_1997, relu, leaky_relu, elu"
        ),
    ),
    (
        "Layer.biases",
        lambda: make_layer("rnn", 2, 3, biases=2),
        "Layer.biases: got 2, expected one of none, one, two",
    ),
    (
        "Layer.reset",
        lambda: make_layer("gru", 2, 3, reset=True),
        "Layer.reset: got True, expected one of before, after",
    ),
    (
        "Layer.update",
        lambda: make_layer("gru", 2, 3, update=None),
        "Layer.update: got None, expected one of keeps, replaces",
    ),
    *(
        (
            f"Layer.{name}",
            lambda name=name, value=value: make_layer("rnn", **({"inputs": 1, "hidden": 1} | {name: value})),
            f"Layer.{name}: got {value!r}, expected a whole number, at least 1",
        )
        for name in ("inputs", "hidden")
        for value in (0, -1, 1.0, True, "3", None)
    ),
    (
        "names of parameters",
        network(parameters={"W_h": PARAMETERS["W_h"], "b_h": PARAMETERS["b_h"]}),
        "names of parameters: got missing ['U_h'], expected exactly ['U_h', 'W_h', 'b_h']",
    ),
    (
        "names of parameters",
        network(parameters=PARAMETERS | {"bU_h": np.ones(3)}),
        "names of parameters: got unknown ['bU_h'], expected exactly ['U_h', 'W_h', 'b_h']",
    ),
    (
        "names of parameters",
        network(parameters={"W_h": PARAMETERS["W_h"], "W": PARAMETERS["W_h"]}),
        (
            "names of parameters: got missing ['U_h', 'b_h'] and unknown ['W'], "
            "expected exactly ['U_h', 'W_h', 'b_h']"
        ),
    ),
    (
        "parameters['W_h']",
        network(parameters=PARAMETERS | {"W_h": np.ones((2, 3))}),
        "parameters['W_h']: got shape (2, 3), expected shape (3, 2)",
    ),
    (
        "parameters['b_h']",
        network(parameters=PARAMETERS | {"b_h": np.ones((3, 1))}),
        "parameters['b_h']: got shape (3, 1), expected shape (3,)",
    ),
    (
        "inputs",
        network(inputs=np.ones((5, 2))),
        "inputs: got shape (5, 2), expected (T, B, m) with B at least 1 and m = 2",
    ),
    (
        "inputs",
        network(inputs=np.ones((4, 0, 2))),
        "inputs: got shape (4, 0, 2), expected (T, B, m) with B at least 1 and m = 2",
    ),
    (
        "inputs",
        network(inputs=np.ones((4, 5, 3))),
        "inputs: got shape (4, 5, 3), expected (T, B, m) with B at least 1 and m = 2",
    ),
    ("names of state", network(state={}), "names of state: got missing ['h'], expected exactly ['h']"),
    (
        "names of state",
        lambda: Network(LSTM, LSTM_PARAMETERS, np.ones((1, 1, 1)), {"h": np.ones((1, 1))}),
        "names of state: got missing ['c'], expected exactly ['c', 'h']",
    ),
    (
        "state['h']",
        network(state={"h": np.zeros((3, 5))}),
        "state['h']: got shape (3, 5), expected shape (5, 3)",
    ),
    (
        "parameter name",
        lambda: NETWORK.with_parameters(W_x=1.0),
        "parameter name: got 'W_x', expected one of W_h, U_h, b_h",
    ),
    (
        "cotangent.outputs",
        vjp((3, 5, 3), h=(5, 3)),
        "cotangent.outputs: got shape (3, 5, 3), expected shape (4, 5, 3)",
    ),
    (
        "names of cotangent.state",
        vjp((4, 5, 3), h=(5, 3), c=(5, 3)),
        "names of cotangent.state: got unknown ['c'], expected exactly ['h']",
    ),
    (
        "cotangent.state['h']",
        vjp((4, 5, 3), h=(1, 3)),
        "cotangent.state['h']: got shape (1, 3), expected shape (5, 3)",
    ),
    (
        "format",
        lambda: format_named("bfloat17"),
        "format: got 'bfloat17', expected one of float16, bfloat16, float32, float64",
    ),
    (
        "format",
        FORMATS["float32"].every_finite_value,
        "format: got float32, expected a 16-bit format, small enough to enumerate",
    ),
    *(
        (
            "activation",
            refused,
            (
                "activation: got 'gelu', expected one of "
                "identity, sigmoid, tanh, g_1997, h_1997, relu, leaky_relu, elu"
            ),
        )
        for refused in (
            lambda: Reference().activation("gelu", np.zeros(1)),
            lambda: Reference().slope("gelu", np.zeros(1)),
            lambda: activations.slope_from_output(Floats(FORMATS["float64"]), "gelu", np.zeros((1, 1))),
        )
    ),
]


@pytest.mark.parametrize(("parameter", "refused", "message"), REFUSED, ids=[case[2][:60] for case in REFUSED])
def test_the_sentence(parameter: str, refused: Callable[[], Any], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        refused()
    assert str(caught.value) == message
    assert caught.value.parameter == parameter
    assert isinstance(caught.value, RnnrefError)
    assert isinstance(caught.value, ValueError)


def test_what_is_not_certified_says_by_how_much() -> None:
    error = NotCertified(wanted=128, proven=7, precision=9000)
    assert str(error) == (
        "asked for 128 certified bits, proved 7 at a working precision of 9000 bits, the largest allowed here"
    )
    assert (error.wanted, error.proven, error.precision) == (128, 7, 9000)


def test_a_replaced_parameter_fills_its_array_or_fits_it() -> None:
    changed = NETWORK.with_parameters(b_h=2.0, W_h=np.array([[1.0, 2.0]] * 3))
    assert changed.parameters["b_h"].tolist() == [2.0, 2.0, 2.0]
    assert changed.parameters["W_h"].tolist() == [[1.0, 2.0]] * 3
    assert changed.parameters["U_h"] is NETWORK.parameters["U_h"]
    assert NETWORK.parameters["b_h"].tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(BadInput, match=r"W_h.*got shape \(2, 3\), expected .*\(3, 2\)"):
        NETWORK.with_parameters(W_h=np.ones((2, 3)))


def test_sizes_may_be_integers_of_numpy() -> None:
    sizes = np.array([2, 3])
    layer = make_layer("rnn", *sizes)
    assert layer == LAYER
    assert type(layer.inputs) is int
    parameters = {name: np.ones(shape) for name, shape in layer.parameter_shapes.items()}
    given = Network(layer, parameters, NETWORK.inputs, NETWORK.state, lengths=tuple(np.arange(5)))
    plain = Network(layer, parameters, NETWORK.inputs, NETWORK.state, lengths=(0, 1, 2, 3, 4))
    floats = Evaluator(Floats(format_named("float64")))
    assert np.array_equal(floats.run(given).outputs, floats.run(plain).outputs)


def test_one_step_of_a_network() -> None:
    inputs = np.arange(40.0).reshape(4, 5, 2)
    long = network(inputs=inputs)()
    state = {"h": np.full((5, 3), 0.5)}
    one = long.at(2, state)
    assert one.inputs.tolist() == [inputs[2].tolist()]
    assert one.state is state
    for t in (-1, 4):
        with pytest.raises(BadInput, match=f"got {t}, expected"):
            long.at(t, state)


def test_a_format_enumerates_its_finite_numbers() -> None:
    values = FORMATS["float16"].every_finite_value()
    # 2^16 patterns, less two signs times 2^10 patterns of infinities and nans
    assert len(values) == 2**16 - 2**11
    assert np.isfinite(values).all()
    assert values.max() == FORMATS["float16"].largest
    assert np.sum(values == 0) == 2


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_format_knows_its_numbers(name: str) -> None:
    fmt = FORMATS[name]
    third = np.array([1 / 3])
    assert fmt.represents(np.array([1.0, -0.0, fmt.largest, fmt.smallest_subnormal, np.inf, np.nan]))
    assert fmt.represents(third) == (name == "float64")
    assert fmt.represents(fmt.round(third))
    assert fmt.represents(np.array([1 + 2 * fmt.unit_roundoff]))
    if name != "float64":
        assert not fmt.represents(np.array([1 + fmt.unit_roundoff]))
        assert np.isinf(fmt.round(np.array([fmt.largest * 2]))).all()
    with np.errstate(all="raise"):  # as somebody else may have asked of NumPy
        assert fmt.represents(np.array([1e-300])) == fmt.represents(np.array([1e300])) == (name == "float64")
    assert Evaluator(Floats(fmt)).activation("relu", np.ones(1)).dtype == fmt.dtype
