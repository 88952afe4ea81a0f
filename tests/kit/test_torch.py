"""PyTorch's layers against NumPy's, within the tolerance that noise gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnref import Cotangent, Evaluator, Network, Noise, format_named
from rnnref.layer import Kind
from rnnspec.errors import NotOffered
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.worker import Worker
from rnnspec.protocol import FORMATS, METHODS, Layer

pytestmark = pytest.mark.framework

FACTOR = 32

NUMPY = InProcess(NumpyImplementation())


@pytest.fixture(scope="module")
def torch() -> Iterator[Worker]:
    with Worker("torch") as worker:
        yield worker


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """Layers that PyTorch has."""
    kinds: list[Kind] = ["rnn", "lstm", "gru"]
    kind = draw(st.sampled_from(kinds))
    return Layer(
        kind,
        draw(st.integers(1, 9)),
        draw(st.integers(1, 9)),
        activation=draw(st.sampled_from(["tanh", "relu"])) if kind == "rnn" else "tanh",
        biases=draw(st.sampled_from(["none", "one", "two"])),
    )


def calls(layer: Layer, steps: int, batch: int, seed: int) -> dict[str, Any]:
    """The arguments of `run_vjp`, in float64: no two numbers alike, some of them large."""
    random = np.random.default_rng(seed)
    scale = 10 ** random.uniform(-1, 0.5)

    def some(*shape: int) -> Any:
        return random.normal(0, scale, shape)

    return {
        "layer": layer,
        "parameters": {name: some(*shape) for name, shape in layer.parameter_shapes.items()},
        "inputs": some(steps, batch, layer.inputs),
        "state": {name: some(batch, layer.hidden) for name in layer.states},
        "d_outputs": some(steps, batch, layer.hidden),
        "d_state": {name: some(batch, layer.hidden) for name in layer.states},
    }


def flat(reply: Any) -> dict[str, Any]:
    """The arrays of a reply, by where they are in it."""
    found = {}
    for place, part in enumerate(reply):
        named = part if isinstance(part, dict) else {"": part}
        found.update({f"[{place}]{name}": array for name, array in named.items()})
    return found


def check(got: Any, expected: Any, scattered: Any, noise: Noise, fmt: str) -> None:
    """Every number within what correct implementations may differ by."""
    kind = format_named(fmt)
    got, expected, scattered = flat(got), flat(expected), flat(scattered)
    assert set(got) == set(expected)
    for name, value in expected.items():
        scatter = scattered[name].std(axis=0) * noise.scale
        allowed = FACTOR * (scatter + kind.unit_roundoff * np.abs(value) + kind.smallest_normal)
        assert got[name].dtype == kind.dtype
        assert got[name].shape == value.shape
        excess = np.abs(got[name] - value) / allowed
        assert excess.max(initial=0) <= 1, f"{name}: observed/allowed {excess.max()}"


@pytest.mark.parametrize("fmt", FORMATS)
@settings(max_examples=60)
@given(layers(), st.integers(1, 12), st.integers(1, 4), st.integers(0, 2**32))
def test_torch_agrees_with_numpy(
    torch: Worker, fmt: str, layer: Layer, steps: int, batch: int, seed: int
) -> None:
    call = calls(layer, steps, batch, seed)
    for name in ("parameters", "state", "d_state"):
        call[name] = {key: array.astype(fmt) for key, array in call[name].items()}
    for name in ("inputs", "d_outputs"):
        call[name] = call[name].astype(fmt)
    noise = Noise(format_named(fmt))
    network = Network(layer, call["parameters"], call["inputs"], call["state"])
    back = Evaluator(noise).vjp(network, Cotangent(call["d_outputs"], call["d_state"]))
    run = Evaluator(noise).run(network)

    got, expected = torch.call("run_vjp", **call), NUMPY.call("run_vjp", **call)
    check(got, expected, (back.parameters, back.inputs, back.state), noise, fmt)
    del call["d_outputs"], call["d_state"]
    check(torch.call("run", **call), NUMPY.call("run", **call), (run.outputs, run.state), noise, fmt)


@given(st.sampled_from(["sigmoid", "tanh", "relu"]), st.integers(0, 2**32))
def test_torch_agrees_on_activations(torch: Worker, kind: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    x, dy = random.normal(0, 3, 40), random.normal(0, 1, 40)
    noise = Noise(format_named("float64"))
    y, slope = Evaluator(noise).activation(kind, x), Evaluator(noise).slope(kind, x)
    got = torch.call("activation", kind=kind, x=x)
    check([got], [NUMPY.call("activation", kind=kind, x=x)], [y], noise, "float64")
    call = {"kind": kind, "x": x, "dy": dy}
    got = torch.call("activation_vjp", **call)
    check([got], [NUMPY.call("activation_vjp", **call)], [slope * dy], noise, "float64")


@given(layers())
def test_torch_counts_its_own_parameters(torch: Worker, layer: Layer) -> None:
    if layer.biases == "one":
        with pytest.raises(NotOffered):
            torch.call("parameter_count", layer=layer)
    else:
        assert torch.call("parameter_count", layer=layer) == layer.parameter_count


@pytest.mark.parametrize(
    "layer",
    [
        Layer("rnn", 2, 3, activation="sigmoid"),
        Layer("lstm", 2, 3, forget_gate=False),
        Layer("lstm", 2, 3, activation="relu"),
        Layer("gru", 2, 3, reset="before"),
        Layer("gru", 2, 3, update="replaces"),
    ],
)
def test_what_torch_does_not_have(torch: Worker, layer: Layer) -> None:
    call = calls(layer, 2, 1, 0)
    with pytest.raises(NotOffered):
        torch.call("run_vjp", **call)
    del call["d_outputs"], call["d_state"]
    with pytest.raises(NotOffered):
        torch.call("run", **call)


def test_torch_does_not_have_a_sequence_of_no_steps(torch: Worker) -> None:
    with pytest.raises(NotOffered):
        torch.call("run_vjp", **calls(Layer("lstm", 2, 3), 0, 1, 0))


def test_torch_describes_itself(torch: Worker) -> None:
    description = torch.description
    assert (description.name, description.formats) == ("torch", tuple(FORMATS))
    assert description.offers == METHODS
    assert description.version[0].isdigit()
