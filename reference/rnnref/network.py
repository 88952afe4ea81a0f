"""A layer with everything needed to run it, and what comes out, in the layouts of libraries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref.errors import BadInput
from rnnref.layer import Layer
from rnnref.systems.base import Array


@dataclass(frozen=True)
class Network:
    """A recurrent layer, its parameters, an input sequence and an initial state.

    Attributes:
        layer: the layer.
        parameters: by name, as `Layer.parameter_shapes` says: W (n, m), U (n, n), b (n,).
        inputs: x_1 ... x_T, shape (T, B, m); T may be 0, B is at least 1.
        state: h_0 and, for an LSTM, c_0, each of shape (B, n).

    All arrays are float64; narrower formats are carried in it exactly.

    Raises:
        BadInput: if a name is missing or unknown, or a shape does not fit.
    """

    layer: Layer
    parameters: Mapping[str, Array]
    inputs: Array
    state: Mapping[str, Array]

    def __post_init__(self) -> None:
        _check("parameters", self.parameters, self.layer.parameter_shapes)
        shape = np.shape(self.inputs)
        if len(shape) != 3 or shape[1] < 1 or shape[2] != self.layer.inputs:
            raise BadInput(
                "inputs", f"shape {shape}", f"(T, B, m) with B at least 1 and m = {self.layer.inputs}"
            )
        _check("state", self.state, dict.fromkeys(self.layer.states, (shape[1], self.layer.hidden)))

    @property
    def steps(self) -> int:
        """T, the number of steps."""
        return int(np.shape(self.inputs)[0])

    @property
    def batch(self) -> int:
        """B, the number of sequences side by side."""
        return int(np.shape(self.inputs)[1])

    def with_parameters(self, **changed: Array | float) -> Network:
        """The same network with some parameters replaced; a number fills the whole array.

        Raises:
            BadInput: if the layer has no such parameter, or one of another shape.
        """
        shapes = self.layer.parameter_shapes
        for name, value in changed.items():
            if name not in shapes:
                raise BadInput("parameter name", repr(name), f"one of {', '.join(shapes)}")
            if np.shape(value) not in ((), shapes[name]):
                raise BadInput(
                    f"parameters[{name!r}]", f"shape {np.shape(value)}", f"a number or shape {shapes[name]}"
                )
        filled = {name: np.broadcast_to(np.asarray(v, float), shapes[name]) for name, v in changed.items()}
        return replace(self, parameters={**self.parameters, **filled})

    def at(self, t: int, state: Mapping[str, NDArray[Any]]) -> Network:
        """The one-step network that reads x_t, counted from 0, in the given state.

        Raises:
            BadInput: if the network has no such step.
        """
        if not 0 <= t < self.steps:
            raise BadInput("t", t, f"a step from 0 to {self.steps - 1}")
        return replace(self, inputs=self.inputs[t : t + 1], state=state)


@dataclass(frozen=True)
class Run:
    """What a forward pass returns.

    Attributes:
        outputs: h_1 ... h_T, shape (T, B, n).
        state: the final h and, for an LSTM, c, each (B, n).

    The entries are numbers of whatever system the run took place in; in noise every
    array has the K replicates as an additional first axis.
    """

    outputs: NDArray[Any]
    state: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Cotangent:
    """What a backward pass starts from: d(outputs), shape (T, B, n), and d(final state)."""

    outputs: Array
    state: Mapping[str, Array]


@dataclass(frozen=True)
class Pullback:
    """What a backward pass returns: gradients, shaped like the things they belong to."""

    parameters: Mapping[str, NDArray[Any]]
    inputs: NDArray[Any]
    state: Mapping[str, NDArray[Any]]


def check_cotangent(network: Network, cotangent: Cotangent) -> None:
    """Raise `BadInput` unless the cotangent fits the network."""
    n = network.layer.hidden
    expected = (network.steps, network.batch, n)
    if np.shape(cotangent.outputs) != expected:
        raise BadInput("cotangent.outputs", f"shape {np.shape(cotangent.outputs)}", f"shape {expected}")
    _check("cotangent.state", cotangent.state, dict.fromkeys(network.layer.states, (network.batch, n)))


def _check(what: str, got: Mapping[str, Array], shapes: Mapping[str, tuple[int, ...]]) -> None:
    if set(got) != set(shapes):
        missing, unknown = sorted(set(shapes) - set(got)), sorted(set(got) - set(shapes))
        faults = [f"{word} {names}" for word, names in (("missing", missing), ("unknown", unknown)) if names]
        raise BadInput(f"names of {what}", " and ".join(faults), f"exactly {sorted(shapes)}")
    for name, shape in shapes.items():
        if np.shape(got[name]) != shape:
            raise BadInput(f"{what}[{name!r}]", f"shape {np.shape(got[name])}", f"shape {shape}")
