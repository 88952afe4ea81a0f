"""What an implementation answers is checked, in one sentence each, before it is believed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pytest
from flint import arb

from rnnref import Cotangent, Network, certified_bits
from rnnspec.errors import Misbehaved, NotOffered
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.held import Held
from rnnspec.kit.numbers import NotAFloat, from_replicates, to_floats
from rnnspec.kit.subjects import Mathematics, Scattered
from rnnspec.protocol import FORMATS, Description, Format, Layer

EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
FLOAT32 = FORMATS["float32"]
LSTM = Layer("lstm", 2, 3)
T, B = 4, 2
X = np.array([[0.5, -1.0], [2.0, 0.0]])


def network(layer: Layer = LSTM, steps: int = T) -> Network:
    random = np.random.default_rng(3)

    def multiples_of_an_eighth(shape: tuple[int, ...]) -> Any:
        return random.integers(-8, 9, shape) / 8

    return Network(
        layer,
        {name: multiples_of_an_eighth(shape) for name, shape in layer.parameter_shapes.items()},
        multiples_of_an_eighth((steps, B, layer.inputs)),
        {name: multiples_of_an_eighth((B, layer.hidden)) for name in layer.states},
    )


NET = network()
ONES = Cotangent(np.ones((T, B, 3)), {name: np.ones((B, 3)) for name in "hc"})


class Answering:
    """An endpoint whose answers are made from the right ones."""

    def __init__(self, change: Any = lambda value: value) -> None:
        self._honest = InProcess(NumpyImplementation())
        self._change = change
        self.asked: list[tuple[str, dict[str, Any]]] = []

    @property
    def description(self) -> Description:
        return self._honest.description

    def call(self, method: str, /, **arguments: Any) -> Any:
        self.asked.append((method, arguments))
        return self._change(self._honest.call(method, **arguments))

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def held(change: Any = lambda value: value, fmt: Format = FLOAT32) -> Held:
    return Held(Answering(change), fmt)


def misbehaves(sentence: str) -> Any:
    return pytest.raises(Misbehaved, match=f"^{re.escape(sentence)}$")


def with_nan(array: Any) -> Any:
    spoilt = array.copy()
    spoilt.flat[-1] = np.nan
    return spoilt


WRONG_ARRAYS = [
    (lambda y: y[:-1], "of shape (3,), expected shape (4,)"),
    (lambda y: y.reshape(2, 2), "of shape (2, 2), expected shape (4,)"),
    (lambda y: y.astype(np.float64), "as float64, expected float32"),
    (lambda y: y.astype(np.int32), "as int32, expected float32"),
    (lambda y: None, "as NoneType None, expected an array"),
    (lambda y: 7, "as int 7, expected an array"),
]


class TestActivations:
    @pytest.mark.parametrize(("change", "said"), WRONG_ARRAYS)
    @pytest.mark.parametrize(("method", "what"), [("activation", "y"), ("slope", "dx")])
    def test_what_is_no_answer(self, method: str, what: str, change: Any, said: str) -> None:
        call = {"activation": "activation", "slope": "activation_vjp"}[method]
        with misbehaves(f"{call} returned {what} {said}"):
            getattr(held(change), method)("sigmoid", X)

    def test_what_is_long_is_abbreviated(self) -> None:
        with pytest.raises(
            Misbehaved, match=r"^activation returned y as str '-{56}\.\.\., expected an array$"
        ):
            held(lambda y: 100 * "-").activation("tanh", X)

    @pytest.mark.parametrize(("method", "call"), [("activation", "activation"), ("slope", "activation_vjp")])
    def test_not_a_number(self, method: str, call: str) -> None:
        what = "y" if method == "activation" else "dx"
        with misbehaves(f"{call} returned not-a-number in {what}"):
            getattr(held(with_nan), method)("tanh", X)

    def test_an_infinity_is_an_answer(self) -> None:
        answer = held(lambda y: np.full_like(y, -np.inf)).activation("tanh", X)
        assert to_floats(answer).tolist() == [[-np.inf, -np.inf], [-np.inf, -np.inf]]

    @EVERY_FORMAT
    def test_answers_are_lifted_exactly_in_the_shape_of_x(self, fmt: Format) -> None:
        honest = NumpyImplementation()
        x = X.astype(fmt.dtype)
        for kind in ("sigmoid", "tanh", "relu"):
            value = held(fmt=fmt).activation(kind, X)
            assert np.array_equal(to_floats(value), honest.activation(kind, x).astype(np.float64))
            slope = held(fmt=fmt).slope(kind, X)
            assert np.array_equal(to_floats(slope), honest.activation_vjp(kind, x, np.ones_like(x)))
            assert all(ball.is_exact() for ball in [*value.flat, *slope.flat])


class TestRuns:
    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (lambda r: r[0], "run returned an array of shape (4, 2, 3) and type float32, expected 2 things"),
            (lambda r: (r[0],), None),
            (lambda r: (r[0][0], r[1]), "run returned outputs of shape (2, 3), expected shape (4, 2, 3)"),
            (
                lambda r: (r[0].swapaxes(0, 1), r[1]),
                "run returned outputs of shape (2, 4, 3), expected shape (4, 2, 3)",
            ),
            (lambda r: (with_nan(r[0]), r[1]), "run returned not-a-number in outputs"),
            (
                lambda r: (r[0], {"h": r[1]["h"]}),
                "run returned state ['h'], expected arrays named ['c', 'h']",
            ),
            (
                lambda r: (r[0], {**r[1], "z": r[1]["h"]}),
                "run returned state ['c', 'h', 'z'], expected arrays named ['c', 'h']",
            ),
            (lambda r: (r[0], 5), "run returned state int 5, expected arrays named ['c', 'h']"),
            (
                lambda r: (r[0], {**r[1], "c": r[1]["c"].T}),
                "run returned state['c'] of shape (3, 2), expected shape (2, 3)",
            ),
            (lambda r: (r[0], {**r[1], "c": with_nan(r[1]["c"])}), "run returned not-a-number in state['c']"),
        ],
    )
    def test_what_is_no_answer(self, change: Any, sentence: str | None) -> None:
        with pytest.raises(Misbehaved) as caught:
            held(change).run(NET)
        if sentence is None:
            assert str(caught.value).startswith("run returned tuple (array(")
            assert str(caught.value).endswith(", expected 2 things")
        else:
            assert str(caught.value) == sentence

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (lambda r: None, "run_vjp returned NoneType None, expected 3 things"),
            (
                lambda r: ({**r[0], "W_i": r[0]["W_i"].T}, *r[1:]),
                "run_vjp returned parameters['W_i'] of shape (2, 3), expected shape (3, 2)",
            ),
            (
                lambda r: (r[0], r[1][:, :, :1], r[2]),
                "run_vjp returned inputs of shape (4, 2, 1), expected shape (4, 2, 2)",
            ),
            (
                lambda r: (*r[:2], {"c": r[2]["c"]}),
                "run_vjp returned state ['c'], expected arrays named ['c', 'h']",
            ),
            (
                lambda r: (*r[:2], {**r[2], "h": r[2]["h"].astype(np.float16)}),
                "run_vjp returned state['h'] as float16, expected float32",
            ),
        ],
    )
    def test_what_is_no_gradient(self, change: Any, sentence: str) -> None:
        with misbehaves(sentence):
            held(change).vjp(NET, ONES)

    def test_a_parameter_that_is_missing(self) -> None:
        names = sorted(LSTM.parameter_shapes)

        def without_b_i(reply: Any) -> Any:
            return {name: g for name, g in reply[0].items() if name != "b_i"}, *reply[1:]

        got = [name for name in names if name != "b_i"]
        with misbehaves(f"run_vjp returned parameters {got}, expected arrays named {names}"):
            held(without_b_i).vjp(NET, ONES)

    @EVERY_FORMAT
    def test_right_answers_come_back_as_they_are(self, fmt: Format) -> None:
        honest = InProcess(NumpyImplementation())
        cast = {name: value.astype(fmt.dtype) for name, value in NET.parameters.items()}
        arguments = {
            "layer": LSTM,
            "parameters": cast,
            "inputs": NET.inputs.astype(fmt.dtype),
            "state": {name: value.astype(fmt.dtype) for name, value in NET.state.items()},
        }
        outputs, state = honest.call("run", **arguments)
        run = held(fmt=fmt).run(NET)
        assert np.array_equal(to_floats(run.outputs), outputs)
        assert same_arrays(run.state, state)
        ones = np.ones((T, B, 3), fmt.dtype)
        d_state = {name: np.ones((B, 3), fmt.dtype) for name in "hc"}
        gradients = honest.call("run_vjp", **arguments, d_outputs=ones, d_state=d_state)
        back = held(fmt=fmt).vjp(NET, ONES)
        assert same_arrays(back.parameters, gradients[0])
        assert np.array_equal(to_floats(back.inputs), gradients[1])
        assert same_arrays(back.state, gradients[2])

    def test_no_steps(self) -> None:
        run = held().run(network(steps=0))
        assert run.outputs.shape == (0, B, 3)

    def test_a_state_that_has_overflowed_is_not_passed_on(self) -> None:
        state = {"h": np.full((B, 3), np.inf), "c": np.zeros((B, 3))}
        with misbehaves("run returned a final state 'h' that is not finite"):
            held().run(NET.at(0, state))


def same_arrays(got: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    return set(got) == set(expected) and all(
        np.array_equal(to_floats(got[name]), expected[name]) for name in expected
    )


class TestCounting:
    @pytest.mark.parametrize("wrong", [-1, True, 2.0, "12", None])
    def test_what_is_no_count(self, wrong: object) -> None:
        with misbehaves(
            f"parameter_count returned {type(wrong).__name__} {wrong!r}, expected a whole number"
        ):
            held(lambda count: wrong).parameter_count(LSTM)

    def test_a_count(self) -> None:
        assert held().parameter_count(LSTM) == 4 * (9 + 6 + 3)


class TestNarrowing:
    @EVERY_FORMAT
    def test_what_crosses_is_of_the_format_and_unrounded(self, fmt: Format) -> None:
        endpoint = Answering()
        subject = Held(endpoint, fmt)
        subject.activation("tanh", X)
        subject.slope("tanh", X)
        subject.vjp(NET, ONES)
        for _, arguments in endpoint.asked:
            for value in arguments.values():
                arrays = value.values() if isinstance(value, Mapping) else [value]
                assert all(a.dtype == fmt.dtype for a in arrays if isinstance(a, np.ndarray))
        [first, second, third] = endpoint.asked
        assert first[1]["x"].tolist() == second[1]["x"].tolist() == X.ravel().tolist()
        assert second[1]["dy"].tolist() == [1, 2, 0.5, -1]
        assert np.array_equal(third[1]["parameters"]["U_f"], NET.parameters["U_f"])

    @pytest.mark.parametrize("name", ["float16", "float32"])
    @pytest.mark.parametrize("x", [0.1, 1e300, 5e-324])
    def test_what_the_format_does_not_have_is_refused(self, x: float, name: str) -> None:
        with pytest.raises(ValueError, match=f"^a law passed numbers that are not {name}$"):
            held(fmt=FORMATS[name]).activation("tanh", np.array([x]))

    def test_so_is_a_ball_that_is_no_number(self) -> None:
        with pytest.raises(NotAFloat):
            held().activation("tanh", np.array([arb(1) / 3], object))

    def test_a_result_is_taken_back_as_it_was(self) -> None:
        subject = held()
        once = subject.activation("tanh", X)
        twice = subject.activation("tanh", once)
        expected = np.tanh(np.tanh(X.astype(np.float32)))
        assert np.array_equal(to_floats(twice), expected)


def test_gates_are_not_shown() -> None:
    with pytest.raises(NotOffered, match=r"^gates: implementations do not show them$"):
        held().gates(NET)


class TestReferences:
    def test_the_mathematics_is_certified(self) -> None:
        truth = Mathematics(FLOAT32)
        run, back = truth.run(NET), truth.vjp(NET, ONES)
        for numbers in (run.outputs, run.state["c"], back.inputs, back.parameters["U_o"]):
            assert certified_bits(numbers) >= 128
        assert certified_bits(truth.activation("tanh", X)) >= 128
        assert certified_bits(truth.slope("tanh", X)) >= 128
        assert (truth.parameter_count(LSTM), len(truth.gates(NET))) == (72, T)

    @EVERY_FORMAT
    def test_quiet_replicates_do_not_scatter_and_noisy_ones_do(self, fmt: Format) -> None:
        for quiet in (True, False):
            scattered = Scattered(fmt, 8, seed=0, quiet=quiet)
            answers = [scattered.run(NET).outputs, scattered.vjp(NET, ONES).inputs]
            spread = max(np.ptp(from_replicates(answer, 8), axis=0).max() for answer in answers)
            assert bool(spread == 0) is quiet

    @EVERY_FORMAT
    def test_the_same_seed_gives_the_same_scatter(self, fmt: Format) -> None:
        same, again, other = (
            from_replicates(Scattered(fmt, 8, seed=s).slope("tanh", X), 8).tolist() for s in (5, 5, 6)
        )
        assert same == again != other


@pytest.mark.parametrize("strict", [True, False])
def test_only_a_strict_reference_tells_a_value_from_its_limit(strict: bool) -> None:
    truth = Mathematics(FLOAT32, strict=strict)
    far, near = truth.activation("tanh", np.array([700.0, 0.5]))
    assert bool(far < 1) == strict
    assert far.overlaps(arb(1)) != strict
    assert near.overlaps(arb(0.5).tanh())
