"""Vectors, losses, clipping, chains and stacks: the three subjects of laws answer alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from flint import arb

from rnnref import BadInput, Cotangent, Network
from rnnspec.claim import About, Check, Kind
from rnnspec.errors import Misbehaved, NotOffered
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.explore import implementation_judge
from rnnspec.kit.held import Held
from rnnspec.kit.judge import Outcome
from rnnspec.kit.numbers import Replicates, from_replicates
from rnnspec.kit.subjects import Mathematics, Scattered
from rnnspec.protocol import (
    ACTIVATIONS,
    FORMATS,
    LOSSES,
    PARAMETRIC,
    Architecture,
    BatchNorm,
    Chain,
    Dense,
    Format,
    Layer,
    Residual,
    Stack,
)
from rnnspec.strategies.settings import PROFILES
from rnnspec.subject import Subject
from spec.agreement import Call, arrays, assert_agrees
from spec.test_subjects import Answering, misbehaves, with_nan

EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
FLOAT32, K = FORMATS["float32"], 8
B, n = 3, 4

CHAIN = Chain(
    (
        Dense(2, n, "tanh"),
        BatchNorm(n, epsilon=0.25),
        Residual((Dense(n, n, "elu", 0.5, bias=False), BatchNorm(n, 0.25, "inference"))),
        Dense(n, 1, "sigmoid"),
    )
)
STACK = Stack(Layer("lstm", 2, 3), depth=2, bidirectional=True)


def eighths(*shape: int, seed: int = 7) -> Any:
    """Numbers that every format represents, no two rows alike."""
    return np.random.default_rng([seed, *shape]).integers(-8, 9, shape) / 8


X, DY = eighths(B, n), eighths(B, n, seed=8)
TENSORS = {"W": eighths(2, 3), "b": eighths(3), "s": np.array(0.5)}
PARAMETERS = {name: eighths(*shape, seed=k) for k, (name, shape) in enumerate(CHAIN.parameter_shapes.items())}
STATISTICS = {name: eighths(*shape) ** 2 for name, shape in CHAIN.statistic_shapes.items()}
NETWORK = Network(
    STACK,
    {name: eighths(*shape, seed=k) for k, (name, shape) in enumerate(STACK.parameter_shapes.items())},
    eighths(2, B, 2),
    {name: eighths(B, size, seed=k) for k, (name, size) in enumerate(STACK.state_sizes.items())},
)
COTANGENT = Cotangent(eighths(2, B, STACK.width), {name: eighths(B, 3, seed=9) for name in STACK.states})


def value(kind: str, alpha: float | None) -> Call:
    return lambda s: s.activation(kind, X, alpha)


def slope(kind: str, alpha: float | None) -> Call:
    return lambda s: s.slope(kind, X, alpha)


def loss(kind: str) -> Call:
    return lambda s: s.loss(kind, X, abs(DY))


def gradient(kind: str) -> Call:
    return lambda s: s.loss_gradient(kind, X, abs(DY))


CALLS: dict[str, Call] = {
    **{f"value of {kind}": value(kind, None) for kind in ("identity", "g_1997")},
    **{f"value of {kind}": value(kind, 0.25) for kind in PARAMETRIC},
    **{f"slope of {kind}": slope(kind, 0.25) for kind in PARAMETRIC},
    **{f"slope of {kind} the other way": slope(kind, -0.25) for kind in PARAMETRIC},
    "softmax": lambda s: s.softmax(X),
    "softmax back": lambda s: s.softmax_vjp(X, DY),
    **{f"loss {kind}": loss(kind) for kind in LOSSES},
    **{f"gradient of {kind}": gradient(kind) for kind in LOSSES},
    "clip by norm": lambda s: s.clip("norm", TENSORS, 0.5),
    "clip nothing by norm": lambda s: s.clip("norm", TENSORS, 64.0),
    "clip by value": lambda s: s.clip("value", TENSORS, 0.25),
    "chain": lambda s: s.chain(CHAIN, PARAMETERS, eighths(B, 2)),
    "chain with statistics": lambda s: s.chain(CHAIN, PARAMETERS, eighths(B, 2), STATISTICS),
    "chain back": lambda s: s.chain_vjp(CHAIN, PARAMETERS, eighths(B, 2), eighths(B, 1)),
    "chain back with statistics": lambda s: s.chain_vjp(
        CHAIN, PARAMETERS, eighths(B, 2), eighths(B, 1), STATISTICS
    ),
    "stack": lambda s: s.run(NETWORK),
    "stack back": lambda s: s.vjp(NETWORK, COTANGENT),
    # What an earlier call returned is handed on.
    "softmax of tanh": lambda s: s.softmax(s.activation("tanh", X)),
    "back with a gradient": lambda s: s.softmax_vjp(X, s.loss_gradient("cross_entropy", X, abs(DY))),
    "loss of a chain": lambda s: s.loss("half_squares", s.chain(CHAIN, PARAMETERS, eighths(B, 2)), X[:, :1]),
    "clipped gradients": lambda s: s.clip("norm", s.vjp(NETWORK, COTANGENT).parameters, 0.25),
    "chain of softmax": lambda s: s.chain(
        Chain((Dense(n, 2),)), {"W_1": s.softmax_vjp(X, DY)[:2], "b_1": X[0, :2]}, s.softmax(X)
    ),
    "chain back of an outcome": lambda s: s.chain_vjp(
        CHAIN, PARAMETERS, eighths(B, 2), s.chain(CHAIN, PARAMETERS, eighths(B, 2))
    ),
}  # fmt: skip
EVERY_CALL = pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))


def held(change: Any = lambda value: value, fmt: Format = FLOAT32) -> Held:
    return Held(Answering(change), fmt)


@EVERY_FORMAT
@EVERY_CALL
def test_the_numpy_implementation_is_right_within_the_noise(call: Call, fmt: Format) -> None:
    assert_agrees(InProcess(NumpyImplementation()), call, fmt)


@EVERY_CALL
def test_noise_scatters_and_silence_does_not(call: Call) -> None:
    for quiet in (True, False):
        spreads = []
        for value in arrays(call(Scattered(FLOAT32, K, seed=0, quiet=quiet))).values():
            assert all(isinstance(number, Replicates) for number in value.flat)
            spreads.append(np.ptp(from_replicates(value, K), axis=0).max(initial=0))
        exact = call in (CALLS["value of identity"], CALLS["clip by value"])
        assert (max(spreads) > 0) == (not quiet and not exact)


def in_the_same_places(got: Any, expected: Any) -> bool:
    """Whether numbers that all differ, up to noise that is smaller than any difference, are ordered alike."""
    return got.shape == expected.shape and np.array_equal(
        np.argsort(got, axis=None), np.argsort(expected, axis=None)
    )


@pytest.mark.parametrize("quiet", [True, False])
def test_replicates_keep_their_places(quiet: bool) -> None:
    """Arrays are transposed and reshaped on their way in; every number stays with its replicates."""
    random = np.random.default_rng(0)
    values = random.normal(size=(K, B, n))
    numbers = np.empty((B, n), dtype=object)
    for place in np.ndindex(B, n):
        numbers[place] = Replicates(values[(slice(None), *place)])
    subject = Scattered(FLOAT32, K, seed=0, quiet=quiet)
    y = from_replicates(subject.softmax(numbers), K)
    e = np.exp(values)
    assert in_the_same_places(y, e / e.sum(axis=2, keepdims=True))
    W = from_replicates(subject.chain(Chain((Dense(n, B, bias=False),)), {"W_1": numbers}, np.eye(n)), K)
    assert in_the_same_places(W, values.swapaxes(1, 2))
    clipped = subject.clip("value", {"g": numbers}, 0.5)["g"]
    assert np.array_equal(from_replicates(clipped, K), np.clip(values, -0.5, 0.5))


def arguments_of(call: Call, fmt: Format = FLOAT32) -> list[tuple[str, dict[str, Any]]]:
    endpoint = Answering()
    call(Held(endpoint, fmt))
    return endpoint.asked


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_alpha_crosses_only_where_there_is_one(kind: str) -> None:
    alpha = 0.25 if kind in PARAMETRIC else None
    asked = arguments_of(lambda s: (s.activation(kind, X, alpha), s.slope(kind, X, alpha)))
    assert [name for name, _ in asked] == ["activation", "activation_vjp"]
    for _, arguments in asked:
        assert ("alpha" in arguments) == (kind in PARAMETRIC)
        assert arguments.get("alpha") == alpha


def test_without_statistics_means_are_0_and_variances_1() -> None:
    [(_, arguments)] = arguments_of(lambda s: s.chain(CHAIN, PARAMETERS, eighths(B, 2)))
    statistics = {name: set(value.tolist()) for name, value in arguments["statistics"].items()}
    assert statistics == {"mean_2": {0}, "variance_2": {1}, "mean_3_2": {0}, "variance_3_2": {1}}


@EVERY_FORMAT
@EVERY_CALL
def test_what_crosses_is_of_the_format(call: Call, fmt: Format) -> None:
    for _, arguments in arguments_of(call, fmt):
        for value in arguments.values():
            crossing = value.values() if isinstance(value, Mapping) else [value]
            assert all(a.dtype == fmt.dtype for a in crossing if isinstance(a, np.ndarray))


@pytest.mark.parametrize(
    ("call", "change", "sentence"),
    [
        ("softmax", lambda y: y.T, "softmax returned y of shape (4, 3), expected shape (3, 4)"),
        ("softmax", with_nan, "softmax returned not-a-number in y"),
        ("softmax back", lambda y: None, "softmax_vjp returned dx as NoneType None, expected an array"),
        ("loss half_squares", lambda y: y.sum(), None),
        ("loss cross_entropy", lambda y: y[:, None], "loss returned losses of shape (3, 1), expected"),
        (
            "gradient of sum_squares",
            lambda y: y.astype(np.float64),
            "loss_gradient returned dy as float64, expected float32",
        ),
        (
            "clip by norm",
            lambda g: {"W": g["W"]},
            "clip returned tensors ['W'], expected arrays named ['W', 'b', 's']",
        ),
        (
            "clip by value",
            lambda g: {**g, "b": g["b"][:1]},
            "clip returned tensors['b'] of shape (1,), expected shape (3,)",
        ),
        ("chain", lambda y: y.ravel(), "chain returned y of shape (3,), expected shape (3, 1)"),
        ("chain back", lambda r: r[1], "chain_vjp returned an array of shape (3, 2) and type float32"),
        (
            "chain back",
            lambda r: (r[0], r[1].T),
            "chain_vjp returned dx of shape (2, 3), expected shape (3, 2)",
        ),
        ("stack", lambda r: (r[0][..., :3], r[1]), "run returned outputs of shape (2, 3, 3), expected"),
        (
            "stack",
            lambda r: (r[0], {name[:1]: h for name, h in r[1].items()}),
            "run returned state ['c', 'h'], expected arrays named ['c_l0', 'c_l0_reverse', 'c_l1', ",
        ),
    ],
)  # fmt: skip
def test_what_is_no_answer(call: str, change: Any, sentence: str | None) -> None:
    with pytest.raises(Misbehaved) as caught:
        CALLS[call](held(change))
    assert str(caught.value).startswith(sentence or "loss returned losses as float32 ")


class TestWhatALawMayNotDo:
    def test_an_infinity_that_was_returned_is_not_passed_on(self) -> None:
        def call(subject: Subject) -> None:
            subject.softmax(subject.activation("relu", X))

        sentence = "an earlier call returned what is not finite, and became x of softmax"
        with misbehaves(sentence):
            call(held(lambda y: np.full_like(y, np.inf)))

    def test_a_threshold_that_the_format_does_not_have(self) -> None:
        with pytest.raises(ValueError, match=r"^a law passed a threshold that is not float32$"):
            held().clip("norm", TENSORS, 0.1)

    def test_lengths_do_not_cross(self) -> None:
        ragged = Network(STACK, NETWORK.parameters, NETWORK.inputs, NETWORK.state, lengths=(2, 1, 0))
        with pytest.raises(NotOffered, match="sequences that differ in length"):
            held().run(ragged)

    @pytest.mark.parametrize("subject", [Mathematics(FLOAT32), Scattered(FLOAT32, K, seed=0)])
    def test_unknown_kinds(self, subject: Subject) -> None:
        with pytest.raises(BadInput, match="one of half_squares, sum_squares, mean_squares, cross_entropy"):
            subject.loss("hinge", X, X)
        with pytest.raises(BadInput, match="one of half_squares"):
            subject.loss_gradient("half", X, X)
        with pytest.raises(BadInput, match="one of norm, value"):
            subject.clip("global", TENSORS, 1.0)

    def test_parameters_that_are_not_the_chains(self) -> None:
        with pytest.raises(BadInput, match="missing"):
            held().chain(CHAIN, {"W_1": X}, eighths(B, 2))


class TestOnlyTheReference:
    def test_second_derivatives(self) -> None:
        for subject in (Mathematics(FLOAT32), Scattered(FLOAT32, K, seed=0, quiet=True)):
            assert subject.curvature("elu", X, 0.5).shape == X.shape
        curvature = Mathematics(FLOAT32).curvature("sigmoid", np.array([0.0, 1.0]))
        assert curvature[0] == 0
        assert curvature[1].overlaps(_sigmoid_curvature())
        with pytest.raises(NotOffered, match=r"^curvature: "):
            held().curvature("tanh", X)

    def test_jacobians(self) -> None:
        single = Network(
            Layer("rnn", 1, 2, activation="relu", biases="none"),
            {"W_h": np.zeros((2, 1)), "U_h": np.array([[1.0, 2.0], [0.5, 0.25]])},
            np.zeros((1, 1, 1)),
            {"h": np.ones((1, 2))},
        )
        [step] = Mathematics(FLOAT32).jacobians(single)
        assert step["dh/dh"].astype(float).tolist() == [[[1, 2], [0.5, 0.25]]]
        [scattered] = Scattered(FLOAT32, K, seed=0).jacobians(single)
        assert scattered["dh/dh"].shape == (1, 2, 2)
        with pytest.raises(NotOffered, match=r"^jacobians: "):
            held().jacobians(single)

    def test_gates_of_a_stack(self) -> None:
        assert {"i_l0", "o_l1_reverse"} <= set(Mathematics(FLOAT32).gates(NETWORK)[0])


def _sigmoid_curvature() -> Any:
    s = 1 / (1 + arb(-1).exp())
    return s * (1 - s) * (1 - 2 * s)


@pytest.mark.parametrize("layer", [Layer("gru", 2, 3), STACK, CHAIN])
def test_parameters_are_counted(layer: Architecture) -> None:
    subjects: list[Subject] = [held(), Mathematics(FLOAT32), Scattered(FLOAT32, K, seed=0)]
    expected = sum(int(np.prod(shape)) for shape in layer.parameter_shapes.values())
    assert [subject.parameter_count(layer) for subject in subjects] == [expected] * 3


class TestInitialParameters:
    @EVERY_FORMAT
    @pytest.mark.parametrize("layer", [Layer("gru", 2, 16), Stack(Layer("rnn", 2, 16), 2), CHAIN])
    def test_those_of_numpy_are_of_the_format_and_within_reach(
        self, layer: Architecture, fmt: Format
    ) -> None:
        initial = held(fmt=fmt).initial_parameters(layer, 3)
        assert {name: value.shape for name, value in initial.items()} == layer.parameter_shapes
        if isinstance(layer, Chain):
            assert initial["gamma_2"].astype(float).tolist() == [1] * n
            assert initial["beta_3_2"].astype(float).tolist() == [0] * n
            return
        numbers = np.concatenate([value.ravel() for value in initial.values()]).astype(float)
        assert 0.24 < np.abs(numbers).max() <= 0.25
        assert abs(numbers.mean()) < 0.02
        again, other = (held(fmt=fmt).initial_parameters(layer, seed) for seed in (3, 4))
        assert all(np.array_equal(initial[name], again[name]) for name in initial)
        assert not all(np.array_equal(initial[name], other[name]) for name in initial)

    def test_the_reference_has_none(self) -> None:
        with pytest.raises(NotOffered):
            Mathematics(FLOAT32).initial_parameters(STACK, 0)
        with pytest.raises(NotOffered):
            Scattered(FLOAT32, K, seed=0).initial_parameters(STACK, 0)

    @pytest.mark.parametrize(("factor", "outcome"), [(1.0, Outcome.TRUE), (1.01, Outcome.FALSE)])
    def test_a_law_may_compute_with_them(self, factor: float, outcome: Outcome) -> None:
        """In noise they are what the implementation has named, so that the rest has its tolerance."""

        def law(impl: Subject, hold: Any) -> None:
            initial = impl.initial_parameters(CHAIN, 0)
            hold.agrees(lambda s: s.chain(CHAIN, initial, eighths(B, 2)), impl)

        class Off(NumpyImplementation):
            def chain(self, *arguments: Any) -> Any:
                y = super().chain(*arguments)
                return (y * factor).astype(y.dtype)

        check = Check("ACT-99", "law", Kind.LAW, About.IMPLEMENTATION, law)
        judge = implementation_judge(check, Held(InProcess(Off()), FLOAT32), PROFILES["quick"])
        assert judge({}).outcome is outcome
