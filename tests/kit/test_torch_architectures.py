"""PyTorch's stacks and chains against the reference, and what they begin with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnref import Cotangent, Network
from rnnref.layer import Kind
from rnnspec.errors import NotOffered
from rnnspec.kit.held import Held
from rnnspec.kit.worker import Worker
from rnnspec.protocol import (
    FORMATS,
    Architecture,
    BatchNorm,
    Chain,
    Dense,
    Format,
    Layer,
    Residual,
    Stack,
)
from spec.agreement import assert_agrees

pytestmark = pytest.mark.framework

FLOAT64 = FORMATS["float64"]
EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
ACTIVATIONS = (("identity", None), ("tanh", None), ("sigmoid", None), ("leaky_relu", 0.25), ("elu", 0.5))


@pytest.fixture(scope="module")
def torch() -> Iterator[Worker]:
    with Worker("torch") as worker:
        yield worker


class Normal:
    """Normal numbers of a format, no two of them alike."""

    def __init__(self, fmt: Format, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._format = fmt

    def __call__(self, *shape: int) -> Any:
        return self._format.round(self._random.normal(0, 0.75, shape))

    def named(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
        return {name: self(*shape) for name, shape in shapes.items()}


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    kinds: list[Kind] = ["rnn", "lstm", "gru"]
    layer = Layer(
        draw(st.sampled_from(kinds)),
        draw(st.integers(1, 4)),
        draw(st.integers(1, 4)),
        biases=draw(st.sampled_from(["none", "one", "two"])),
    )
    return Stack(layer, draw(st.integers(1, 3)), draw(st.booleans()))


@EVERY_FORMAT
@settings(max_examples=15)
@given(stack=stacks(), steps=st.integers(1, 5), batch=st.integers(1, 3), seed=st.integers(0, 2**32))
def test_stacks(torch: Worker, fmt: Format, stack: Stack, steps: int, batch: int, seed: int) -> None:
    some = Normal(fmt, seed)
    states = {name: (batch, size) for name, size in stack.state_sizes.items()}
    network = Network(
        stack, some.named(stack.parameter_shapes), some(steps, batch, stack.inputs), some.named(states)
    )
    cotangent = Cotangent(some(steps, batch, stack.width), some.named(states))
    assert_agrees(torch, lambda s: s.run(network), fmt)
    assert_agrees(torch, lambda s: s.vjp(network, cotangent), fmt)


@st.composite
def links(draw: st.DrawFn, inputs: int, deep: bool = True) -> Dense | BatchNorm | Residual:
    kind = draw(st.sampled_from(["dense", "batch norm", "residual"] if deep else ["dense", "batch norm"]))
    if kind == "dense":
        outputs, activation = draw(st.integers(1, 4)), draw(st.sampled_from(ACTIVATIONS))
        return Dense(inputs, outputs, *activation, bias=draw(st.booleans()))
    if kind == "batch norm":
        mode = draw(st.sampled_from(["training", "inference"]))
        return BatchNorm(inputs, epsilon=0.125, mode=mode)  # type: ignore[arg-type]  # one of the two
    first = draw(links(inputs, deep=False))
    return Residual((first, Dense(first.outputs, inputs, "tanh")))


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    made = [draw(links(draw(st.integers(1, 4))))]
    for _ in range(draw(st.integers(0, 3))):
        made.append(draw(links(made[-1].outputs)))
    return Chain(tuple(made))


@EVERY_FORMAT
@settings(max_examples=25)
@given(chain=chains(), batch=st.integers(2, 5), seed=st.integers(0, 2**32))
def test_chains(torch: Worker, fmt: Format, chain: Chain, batch: int, seed: int) -> None:
    some = Normal(fmt, seed)
    parameters, x, dy = (
        some.named(chain.parameter_shapes),
        some(batch, chain.inputs),
        some(batch, chain.outputs),
    )
    statistics = {name: np.abs(value) for name, value in some.named(chain.statistic_shapes).items()}
    assert_agrees(torch, lambda s: s.chain(chain, parameters, x, statistics), fmt)
    assert_agrees(torch, lambda s: s.chain_vjp(chain, parameters, x, dy, statistics), fmt)


@pytest.mark.parametrize(
    ("chain", "batch"),
    [
        (Chain((BatchNorm(2, epsilon=0.125),)), 1),
        (Chain((BatchNorm(2, epsilon=0.0),)), 2),
        (Chain((Residual((Dense(2, 2, "g_1997"),)),)), 2),
    ],
)
def test_chains_that_it_does_not_have(torch: Worker, chain: Chain, batch: int) -> None:
    held, some = Held(torch, FLOAT64), Normal(FLOAT64, 0)
    parameters, x = some.named(chain.parameter_shapes), some(batch, 2)
    with pytest.raises(NotOffered):
        held.chain(chain, parameters, x)
    with pytest.raises(NotOffered):
        held.chain_vjp(chain, parameters, x, x)


def test_running_statistics_take_a_batch_of_one(torch: Worker) -> None:
    chain, some = Chain((BatchNorm(2, epsilon=0.0, mode="inference"),)), Normal(FLOAT64, 0)
    parameters, x = some.named(chain.parameter_shapes), some(1, 2)
    assert_agrees(torch, lambda s: s.chain(chain, parameters, x), FLOAT64)


CHAIN = Chain((Dense(4, 9, "tanh"), BatchNorm(9), Residual((Dense(9, 9, bias=False),))))
LAYERS: list[Architecture] = [
    Layer("lstm", 2, 16, biases="two"),
    Stack(Layer("gru", 2, 16, biases="two"), depth=2, bidirectional=True),
    Layer("rnn", 2, 16, biases="none"),
    CHAIN,
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_parameters_are_counted(torch: Worker, layer: Architecture) -> None:
    assert Held(torch, FLOAT64).parameter_count(layer) == layer.parameter_count


@EVERY_FORMAT
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_what_it_begins_with(torch: Worker, layer: Architecture, fmt: Format) -> None:
    held = Held(torch, fmt)
    initial, again, other = (held.initial_parameters(layer, seed) for seed in (1, 1, 2))
    assert {name: value.shape for name, value in initial.items()} == layer.parameter_shapes
    assert all(np.array_equal(initial[name], again[name]) for name in initial)
    assert not all(np.array_equal(initial[name], other[name]) for name in initial)
    if isinstance(layer, Chain):
        reach = {"W_1": 1 / 2, "b_1": 1 / 2, "W_3_1": 1 / 3}
        assert initial["gamma_2"].astype(float).tolist() == [1] * 9
        assert initial["beta_2"].astype(float).tolist() == [0] * 9
    else:
        reach = {name: 1 / 4 for name in initial}
    for name, bound in reach.items():
        largest = np.abs(initial[name].astype(float)).max()
        assert 0.5 * bound < largest <= bound * (1 + 2 * fmt.unit_roundoff)


@pytest.mark.parametrize(
    "layer", [Layer("lstm", 2, 3), Stack(Layer("gru", 2, 3)), Layer("jordan", 2, 3, outputs=1)]
)
def test_what_its_own_layer_does_not_have(torch: Worker, layer: Layer | Stack) -> None:
    held = Held(torch, FLOAT64)
    with pytest.raises(NotOffered):
        held.parameter_count(layer)
    with pytest.raises(NotOffered):
        held.initial_parameters(layer, 0)
