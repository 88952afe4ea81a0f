"""A layer with everything needed to run it, and what comes out, in the layouts of libraries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref.arguments import check_real, check_type, real_array
from rnnref.errors import BadInput
from rnnref.layer import Layer
from rnnref.stack import Recurrent, Stack
from rnnref.systems.base import Array


@dataclass(frozen=True)
class Network:
    """A recurrent layer or stack, its parameters, an input sequence and an initial state.

    Attributes:
        layer: the layer, or the stack of layers.
        parameters: by name, as `parameter_shapes` says: W (n, m), U (n, n), b (n,), ...
        inputs: x_1 ... x_T, shape (T, B, m); T may be 0, B is at least 1.
        state: the initial state by name, as `state_sizes` says: h_0 and, for an LSTM, c_0,
            each of shape (B, n).
        lengths: the length of each sequence of the batch, B whole numbers from 0 to T; all
            have length T if there are none. What `inputs` holds beyond them is not read. The
            outputs beyond them are 0, the final state is that after the last step of each
            sequence, and the direction from the end begins there.

    All arrays are float64; narrower formats are carried in it exactly. Infinities and NaN
    go through the formulas like other numbers: an infinity saturates what has a limit there,
    and of what follows from NaN no digits are certified, so `Reference` refuses it.

    Raises:
        BadInput: if a name is missing or unknown, or a shape or a length does not fit.
    """

    layer: Recurrent
    parameters: Mapping[str, Array]
    inputs: Array
    state: Mapping[str, Array]
    lengths: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        check_type("layer", self.layer, Layer | Stack, "a Layer or a Stack")
        check_arrays("parameters", self.parameters, self.layer.parameter_shapes)
        check_real("inputs", self.inputs)
        shape = np.shape(self.inputs)
        if len(shape) != 3 or shape[1] < 1 or shape[2] != self.layer.inputs:
            raise BadInput(
                "inputs", f"shape {shape}", f"(T, B, m) with B at least 1 and m = {self.layer.inputs}"
            )
        check_arrays("state", self.state, self._state_shapes)
        if self.lengths is not None:
            check_type("lengths", self.lengths, tuple | list, "a tuple of whole numbers, or None")
            fits = len(self.lengths) == self.batch and all(
                isinstance(length, int | np.integer)
                and not isinstance(length, bool)
                and 0 <= length <= self.steps
                for length in self.lengths
            )
            if not fits:
                expected = f"{self.batch} whole numbers from 0 to {self.steps}, one a sequence"
                raise BadInput("lengths", self.lengths, expected)

    @property
    def _state_shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: (self.batch, size) for name, size in self.layer.state_sizes.items()}

    @property
    def live(self) -> NDArray[np.bool_] | None:
        """For every step, which sequences it belongs to, shape (T, B); None where it is all of them."""
        if self.lengths is None:
            return None
        return np.arange(self.steps)[:, np.newaxis] < np.array(self.lengths)

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
            shape = real_array(f"parameters[{name!r}]", value).shape
            if shape not in ((), shapes[name]):
                raise BadInput(f"parameters[{name!r}]", f"shape {shape}", f"a number or shape {shapes[name]}")
        filled = {name: np.broadcast_to(np.asarray(v, float), shapes[name]) for name, v in changed.items()}
        return replace(self, parameters={**self.parameters, **filled})

    def at(self, t: int, state: Mapping[str, NDArray[Any]]) -> Network:
        """The one-step network that reads x_t, counted from 0, in the given state.

        Raises:
            BadInput: if the network has no such step.
        """
        if not isinstance(t, int | np.integer) or not 0 <= t < self.steps:
            raise BadInput("t", repr(t), steps_of(self, "a step"))
        if self.lengths is not None:
            raise BadInput("lengths", self.lengths, "None: a step of sequences that have all the same length")
        return replace(self, inputs=self.inputs[t : t + 1], state=state)


@dataclass(frozen=True)
class Run:
    """What a forward pass returns.

    Attributes:
        outputs: h_1 ... h_T, shape (T, B, n); 0 beyond the end of a sequence.
        state: the final state by name, each (B, n): h and, for an LSTM, c.

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


def steps_of(network: Network, what: str) -> str:
    """What could be expected instead of a step that the network does not have."""
    return f"{what} from 0 to {network.steps - 1}" if network.steps else "none: the network has no steps"


def check_cotangent(network: Network, cotangent: Cotangent) -> None:
    """Raise `BadInput` unless it is a cotangent that fits the network."""
    check_type("network", network, Network, "a Network")
    check_type("cotangent", cotangent, Cotangent, "a Cotangent")
    check_array("cotangent.outputs", cotangent.outputs, (network.steps, network.batch, network.layer.width))
    shapes = {name: (network.batch, size) for name, size in network.layer.state_sizes.items()}
    check_arrays("cotangent.state", cotangent.state, shapes)


def check_arrays(what: str, got: Mapping[str, Array], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise `BadInput` unless there is an array of the right shape for every name, and no other."""
    check_type(what, got, Mapping, "a mapping of names to arrays")
    if set(got) != set(shapes):
        missing, unknown = sorted(set(shapes) - set(got)), sorted(set(got) - set(shapes), key=str)
        faults = [f"{word} {names}" for word, names in (("missing", missing), ("unknown", unknown)) if names]
        raise BadInput(f"names of {what}", " and ".join(faults), f"exactly {sorted(shapes)}")
    for name, shape in shapes.items():
        check_array(f"{what}[{name!r}]", got[name], shape)


def check_array(parameter: str, got: Any, shape: tuple[int, ...]) -> None:
    """Raise `BadInput` unless it is an array of real numbers, of that shape."""
    check_real(parameter, got)
    if np.shape(got) != shape:
        raise BadInput(parameter, f"shape {np.shape(got)}", f"shape {shape}")
