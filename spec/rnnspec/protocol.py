"""What an implementation may offer to be held to the spec.

Every method is optional: a law that needs a missing one is reported as not offered. A
method that is there may still return `NotImplemented` for options that the library does
not have (a GRU that resets before the product, say), with the same effect.

Arguments are passed by position. All arrays are NumPy arrays of the float format in which
the implementation is held, and copies that the adapter may keep or overwrite; what it
returns must be of the same format. Nothing else crosses: no tensors, no integer arrays, no
callables, no objects of the library's own. An adapter therefore need not import rnnspec.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import NotImplementedType
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rnnref import FORMATS, Cotangent, Format, Layer, Network, format_named

__all__ = [
    "FORMATS",
    "METHODS",
    "Cotangent",
    "Description",
    "Floats",
    "Format",
    "Implementation",
    "Layer",
    "Network",
    "format_named",
]

Floats: TypeAlias = NDArray[np.floating[Any]]

METHODS = ("activation", "activation_vjp", "run", "run_vjp", "parameter_count")


class Implementation(Protocol):
    """An adapter: a library's recurrent layers behind plain data.

    Attributes:
        name: of the library.
        version: of the library, as it calls itself; required.
        formats: the float formats it computes in, of `FORMATS`.
        declares: what it says of itself, by name; `flushes_subnormals` is understood.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def formats(self) -> Sequence[str]: ...

    @property
    def declares(self) -> Mapping[str, bool | str]: ...

    def activation(self, kind: str, x: Floats) -> Floats | NotImplementedType:
        """phi(x) for x of shape (N,); kind is `sigmoid`, `tanh` or `relu`."""
        ...

    def activation_vjp(self, kind: str, x: Floats, dy: Floats) -> Floats | NotImplementedType:
        """phi'(x) times dy, all of shape (N,)."""
        ...

    def run(
        self, layer: Layer, parameters: Mapping[str, Floats], inputs: Floats, state: Mapping[str, Floats]
    ) -> tuple[Floats, Mapping[str, Floats]] | NotImplementedType:
        """The forward pass: all h_t, shape (T, B, n), and the final state, each (B, n).

        Parameters are named and shaped as `Layer.parameter_shapes` says, inputs are
        (T, B, m), the initial state is `h` and, for an LSTM, `c`, each (B, n).
        """
        ...

    def run_vjp(
        self,
        layer: Layer,
        parameters: Mapping[str, Floats],
        inputs: Floats,
        state: Mapping[str, Floats],
        d_outputs: Floats,
        d_state: Mapping[str, Floats],
    ) -> tuple[Mapping[str, Floats], Floats, Mapping[str, Floats]] | NotImplementedType:
        """The gradients with respect to parameters, inputs and initial state.

        The scalar differentiated is the sum of outputs * d_outputs and of every final
        state * its cotangent; d_outputs is (T, B, n), each entry of d_state (B, n).
        """
        ...

    def parameter_count(self, layer: Layer) -> int | NotImplementedType:
        """How many trainable numbers the library's own layer of this kind has."""
        ...


@dataclass(frozen=True)
class Description:
    """What an implementation says of itself, as plain data."""

    name: str
    version: str
    formats: tuple[str, ...]
    offers: tuple[str, ...]
    declares: Mapping[str, bool | str] = field(default_factory=dict)
