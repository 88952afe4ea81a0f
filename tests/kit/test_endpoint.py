"""Descriptions, and calls of an implementation in this process."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from kit import hostile
from rnnspec.errors import CannotLoad, Misbehaved, NotOffered
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import PARAMETERS, Endpoint, InProcess, describe
from rnnspec.kit.wire import NotPlain
from rnnspec.protocol import (
    FORMATS,
    METHODS,
    Architecture,
    Chain,
    Dense,
    Description,
    Implementation,
    Layer,
    Stack,
)

X = np.array([-1.0, 0.5], dtype=np.float32)


def test_a_description_has_it_all() -> None:
    assert describe(hostile.honest) == Description(
        name="honest",
        version="1.0",
        formats=("float32", "float64"),
        offers=("activation",),
        declares={"flushes_subnormals": False, "dialect": "plain"},
    )
    assert describe(NumpyImplementation()).offers == METHODS


def test_name_and_declarations_may_be_missing() -> None:
    class Bare:
        version = "1"
        formats = ("float64", "float32", "float64")
        run = None

        def activation(self, kind: str, x: Any) -> Any: ...

    assert describe(Bare()) == Description("Bare", "1", ("float64", "float32"), ("activation",), {})


def test_methods_inherited_from_the_contract_are_not_offered() -> None:
    class Mine(Implementation):
        name, version, formats, declares = "mine", "1", ("float32",), {}

        def parameter_count(self, layer: Architecture) -> int:
            return 0

    assert describe(Mine()).offers == ("parameter_count",)  # type: ignore[abstract]


def unreadable(self: object) -> str:
    raise OSError("no such device")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", 3, "Spoiled.name is 3, where text is expected"),
        ("name", " ", "Spoiled.name is ' ', where text is expected"),
        ("version", None, "Spoiled.version is missing, where text is expected"),
        ("version", (1, 0), "Spoiled.version is (1, 0), where text is expected"),
        ("version", property(unreadable), "Spoiled.version cannot be read: OSError: no such device"),
        (
            "formats",
            None,
            "Spoiled.formats is missing, where a tuple of some of float16, bfloat16, float32, float64",
        ),
        ("formats", "float32", "Spoiled.formats is 'float32', where a tuple of some of float16"),
        ("formats", (), "Spoiled.formats is (), where a tuple of some of float16"),
        ("formats", ("float32", "float8"), "Spoiled.formats is ('float32', 'float8'), where"),
        ("formats", (np.float32,), "Spoiled.formats is (<class 'numpy.float32'>,), where"),
        ("declares", ["fast"], "Spoiled.declares is ['fast'], where a mapping is expected"),
        ("declares", {"flushes": 1.5}, "Spoiled.declares['flushes'] is 1.5, where True, False or text"),
        ("run", 3, "Spoiled.run is 3, where a method is expected"),
        ("activation", None, "Spoiled offers nothing: none of activation, activation_vjp, run, run_vjp"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: Any, said: str) -> None:
    spoiled = type("Spoiled", (hostile.Honest,), {field: value})()
    with pytest.raises(CannotLoad) as caught:
        describe(spoiled)
    assert str(caught.value).startswith(said)


def test_a_class_is_no_instance() -> None:
    with pytest.raises(CannotLoad, match="Honest is a class"):
        InProcess(hostile.Honest)


def test_arguments_go_by_position() -> None:
    class OwnNames(hostile.Honest):
        def activation(self, function: str, values: Any) -> Any:
            assert function == "tanh"
            return -values

    with InProcess(OwnNames()) as endpoint:
        assert np.array_equal(endpoint.call("activation", kind="tanh", x=X), -X)
    assert PARAMETERS["run_vjp"] == ("layer", "parameters", "inputs", "state", "d_outputs", "d_state")


def test_what_is_not_offered() -> None:
    endpoint: Endpoint = InProcess(hostile.SaysNotImplemented())
    with pytest.raises(NotOffered, match="activation is not offered with these options"):
        endpoint.call("activation", kind="tanh", x=X)
    with pytest.raises(NotOffered, match="run_vjp is not offered"):
        endpoint.call("run_vjp")


def test_an_adapter_need_not_know_the_parameter_of_an_activation() -> None:
    """It gets one only for the two kinds that have one, and does not offer these."""

    class Old(hostile.Honest):
        def activation(self, kind: str, x: Any) -> Any:
            return x

    class New(Old):
        def activation(self, kind: str, x: Any, slope: float = 0.0) -> Any:
            return x * x.dtype.type(slope)

    class Silent(Old):  # a function in C, say, that does not tell what it takes
        activation = staticmethod(max)  # type: ignore[assignment]

    assert np.array_equal(InProcess(Old()).call("activation", kind="tanh", x=X), X)
    with pytest.raises(NotOffered, match="activation is not offered with these options"):
        InProcess(Old()).call("activation", kind="elu", x=X, alpha=0.5)
    assert np.array_equal(InProcess(New()).call("activation", kind="elu", x=X, alpha=0.5), X / 2)
    with pytest.raises(Misbehaved, match="activation raised UFuncTypeError"):
        InProcess(Silent()).call("activation", kind="elu", x=X, alpha=0.5)


@pytest.mark.parametrize("layer", [Stack(Layer("lstm", 2, 3)), Chain((Dense(2, 3),))])
def test_an_adapter_tells_a_layer_by_its_kind(layer: Architecture) -> None:
    class OneLstm(hostile.Honest):
        def parameter_count(self, layer: Any) -> Any:
            return 4 if layer.kind == "lstm" else NotImplemented

    endpoint = InProcess(OneLstm())
    assert endpoint.call("parameter_count", layer=Layer("lstm", 2, 3)) == 4
    with pytest.raises(NotOffered):
        endpoint.call("parameter_count", layer=layer)


def test_a_method_that_takes_too_little_raises() -> None:
    class Unfinished(hostile.Honest):
        def activation(self, kind: str) -> Any: ...  # type: ignore[override]  # that is the fault

    with pytest.raises(Misbehaved, match=r"activation raised TypeError: .* takes 2 positional arguments"):
        InProcess(Unfinished()).call("activation", kind="tanh", x=X)


def test_a_call_that_cannot_be_made_is_the_callers_fault() -> None:
    endpoint = InProcess(hostile.honest)
    with pytest.raises(TypeError, match=r"activation takes kind, x, \[alpha\], got kind"):
        endpoint.call("activation", kind="tanh")
    with pytest.raises(TypeError, match=r"activation takes kind, x, \[alpha\], got kind, x, beta"):
        endpoint.call("activation", kind="tanh", x=X, beta=1.0)
    with pytest.raises(TypeError, match=r"run_vjp takes layer, .*, got layer"):
        InProcess(NumpyImplementation()).call("run_vjp", layer=Layer("rnn", 1, 1))
    with pytest.raises(NotPlain, match="a list"):
        endpoint.call("activation", kind="tanh", x=[1.0])


@pytest.mark.parametrize(
    ("adapter", "said"),
    [
        (hostile.Raises, "activation raised ValueError: bad luck !!!"),
        (hostile.RaisesWithoutMessage, "activation raised Mute"),
        (hostile.SystemExits, "activation raised SystemExit: 0"),
        (hostile.Recurses, "activation raised RecursionError: maximum recursion depth exceeded"),
        (hostile.Integers, "activation returned what is not plain data: an array of int64"),
        (hostile.Objects, "activation returned what is not plain data: an array of object"),
        (hostile.Tensors, "activation returned what is not plain data: a Tensor at ['y']"),
        (hostile.Huge, "activation returned what is not plain data: an array of 7,629,395 MiB, more than"),
    ],
)
def test_misbehaviour_is_said_in_a_sentence(adapter: type, said: str) -> None:
    with pytest.raises(Misbehaved) as caught:
        InProcess(adapter()).call("activation", kind="tanh", x=X)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert not caught.value.costly


def test_the_users_interruption_goes_through() -> None:
    class Interrupted(hostile.Honest):
        def activation(self, kind: str, x: Any) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        InProcess(Interrupted()).call("activation", kind="tanh", x=X)


def test_neither_side_can_write_into_the_others_arrays() -> None:
    x = X.copy()
    assert np.isnan(InProcess(hostile.SpoilsArguments()).call("activation", kind="tanh", x=x)).all()
    assert np.array_equal(x, X)

    endpoint = InProcess(hostile.KeepsItsReply())
    first = endpoint.call("activation", kind="tanh", x=X)
    assert (first, endpoint.call("activation", kind="tanh", x=X)) == (1, 2)
    first += 10
    assert endpoint.call("activation", kind="tanh", x=X) == 3


def arguments(layer: Layer, fmt: str, steps: int) -> dict[str, Any]:
    """A call of `run_vjp`, with numbers of one format."""
    random = np.random.default_rng(0)

    def some(*shape: int) -> Any:
        return random.normal(0, 1, shape).astype(fmt)

    return {
        "layer": layer,
        "parameters": {name: some(*shape) for name, shape in layer.parameter_shapes.items()},
        "inputs": some(steps, 2, layer.inputs),
        "state": {name: some(2, layer.hidden) for name in layer.states},
        "d_outputs": some(steps, 2, layer.hidden),
        "d_state": {name: some(2, layer.hidden) for name in layer.states},
    }


@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_numpy_answers_in_the_format_it_is_asked_in(kind: Any, fmt: str, steps: int) -> None:
    layer = Layer(kind, 3, 4, biases="two")
    endpoint = InProcess(NumpyImplementation())
    call = arguments(layer, fmt, steps)
    parameters, inputs, state = endpoint.call("run_vjp", **call)
    del call["d_outputs"], call["d_state"]
    outputs, final = endpoint.call("run", **call)

    expected = {name: (2, 4) for name in layer.states}
    assert {name: array.shape for name, array in parameters.items()} == layer.parameter_shapes
    assert {name: array.shape for name, array in state.items()} == expected
    assert {name: array.shape for name, array in final.items()} == expected
    assert (inputs.shape, outputs.shape) == ((steps, 2, 3), (steps, 2, 4))
    every = [inputs, outputs, *parameters.values(), *state.values(), *final.values()]
    assert {array.dtype.name for array in every} == {fmt}
    if steps:
        assert np.array_equal(outputs[-1], final["h"])


def test_numpy_computes_in_float16_itself() -> None:
    """1 + x and the whole sigmoid round to eleven bits on the way, and not only at the end."""
    x = np.linspace(-8, 8, 2001).astype(np.float16)
    y = InProcess(NumpyImplementation()).call("activation", kind="sigmoid", x=x)
    exact = 1 / (1 + np.exp(-x.astype(np.float64)))
    assert y.dtype == np.float16
    assert 0 < np.mean(y != exact.astype(np.float16)) < 0.5
    assert np.abs(y / exact - 1).max() < 4 * FORMATS["float16"].unit_roundoff


def test_numpy_overflows_without_a_warning() -> None:
    layer = Layer("rnn", 1, 1, activation="relu", biases="none")
    big = np.full((1, 1), 6e4, dtype=np.float16)
    outputs, _ = InProcess(NumpyImplementation()).call(
        "run", layer=layer, parameters={"W_h": big, "U_h": big}, inputs=big[np.newaxis], state={"h": big}
    )
    assert np.isinf(outputs).all()


def test_numpy_counts_its_parameters() -> None:
    endpoint = InProcess(NumpyImplementation())
    assert endpoint.call("parameter_count", layer=Layer("lstm", 3, 4, biases="two")) == 4 * (12 + 16 + 8)


def test_numpy_gives_a_slope() -> None:
    one = cast("Any", np.ones_like(X))
    dx = InProcess(NumpyImplementation()).call("activation_vjp", kind="relu", x=X, dy=3 * one)
    assert dx.tolist() == [0, 3]
