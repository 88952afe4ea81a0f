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

from rnnref import FORMATS, Cotangent, Format, Layer, Network, Stack, format_named
from rnnref.activations import KINDS as ACTIVATIONS
from rnnref.activations import PARAMETRIC
from rnnref.feedforward import BatchNorm, Chain, Dense, Residual
from rnnref.layer import Activation, Biases, Peepholes
from rnnref.layer import Kind as LayerKind

__all__ = [
    "ACTIVATIONS",
    "CLIPPINGS",
    "FORMATS",
    "LOSSES",
    "METHODS",
    "PARAMETRIC",
    "Activation",
    "Architecture",
    "BatchNorm",
    "Biases",
    "Chain",
    "Cotangent",
    "Dense",
    "Description",
    "Floats",
    "Format",
    "Implementation",
    "Layer",
    "LayerKind",
    "Network",
    "Peepholes",
    "Recurrent",
    "Residual",
    "Stack",
    "format_named",
]

Floats: TypeAlias = NDArray[np.floating[Any]]

Recurrent: TypeAlias = Layer | Stack
"""What runs through a sequence."""

Architecture: TypeAlias = Layer | Stack | Chain
"""What has parameters."""

METHODS = (
    "activation",
    "activation_vjp",
    "run",
    "run_vjp",
    "parameter_count",
    "initial_parameters",
    "softmax",
    "softmax_vjp",
    "loss",
    "loss_gradient",
    "clip",
    "chain",
    "chain_vjp",
)

LOSSES = ("half_squares", "sum_squares", "mean_squares", "cross_entropy")
"""The squared error of a row of n entries times 1/2, 1 or 1/n; and cross-entropy of logits."""

CLIPPINGS = ("norm", "value")
"""By the norm of all tensors together, or entry by entry."""


class Implementation(Protocol):
    """An adapter: a library's layers and functions behind plain data.

    Shapes: N numbers; B rows or sequences; T steps; m inputs, n outputs or hidden units.

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

    def activation(self, kind: str, x: Floats, alpha: float | None = None) -> Floats | NotImplementedType:
        """phi(x) for x of shape (N,).

        Args:
            kind: one of `ACTIVATIONS`.
            x: the pre-activations.
            alpha: the parameter of `leaky_relu` and `elu`. For other kinds it is not passed, so
                that an adapter that knows none of these two need not take it.
        """
        ...

    def activation_vjp(
        self, kind: str, x: Floats, dy: Floats, alpha: float | None = None
    ) -> Floats | NotImplementedType:
        """phi'(x) times dy, all of shape (N,)."""
        ...

    def softmax(self, x: Floats) -> Floats | NotImplementedType:
        """The softmax of every row: (B, n) to (B, n)."""
        ...

    def softmax_vjp(self, x: Floats, dy: Floats) -> Floats | NotImplementedType:
        """The cotangent of x, given dy, that of softmax(x): each (B, n)."""
        ...

    def loss(self, kind: str, y: Floats, t: Floats) -> Floats | NotImplementedType:
        """The loss of every row: (B, n) and (B, n) to (B,).

        Args:
            kind: one of `LOSSES`.
            y: outputs; logits, for `cross_entropy`.
            t: targets; probabilities, for `cross_entropy`.
        """
        ...

    def loss_gradient(self, kind: str, y: Floats, t: Floats) -> Floats | NotImplementedType:
        """The gradient of every row's loss by its outputs, (B, n)."""
        ...

    def clip(
        self, kind: str, tensors: Mapping[str, Floats], threshold: float
    ) -> Mapping[str, Floats] | NotImplementedType:
        """Gradients, made smaller.

        Args:
            kind: `norm`: all of them times min(1, threshold / norm), with the Euclidean norm
                of all together; or `value`: every entry moved into [-threshold, threshold].
            tensors: by name, of any shapes. An entry may be infinite or not a number, as gradients
                that have exploded are; then the call raises, or something in the answer is not
                finite either. By `value` an infinity may be moved to the threshold.
            threshold: above 0; a number of the format.
        """
        ...

    def chain(
        self,
        chain: Chain,
        parameters: Mapping[str, Floats],
        statistics: Mapping[str, Floats],
        x: Floats,
    ) -> Floats | NotImplementedType:
        """The forward pass of a feed-forward network: x (B, m) to y (B, n).

        Args:
            chain: its links.
            parameters: named and shaped as `Chain.parameter_shapes` says.
            statistics: the running ones of every batch norm, as `Chain.statistic_shapes` says;
                only links in `inference` read them.
            x: the batch.
        """
        ...

    def chain_vjp(
        self,
        chain: Chain,
        parameters: Mapping[str, Floats],
        statistics: Mapping[str, Floats],
        x: Floats,
        dy: Floats,
    ) -> tuple[Mapping[str, Floats], Floats] | NotImplementedType:
        """The gradients of the parameters, summed over the batch, and of x, for dy (B, n)."""
        ...

    def run(
        self, layer: Recurrent, parameters: Mapping[str, Floats], inputs: Floats, state: Mapping[str, Floats]
    ) -> tuple[Floats, Mapping[str, Floats]] | NotImplementedType:
        """The forward pass: all h_t, shape (T, B, n), and the final state, each (B, n).

        Parameters are named and shaped as `Layer.parameter_shapes` says, inputs are
        (T, B, m), the initial state is `h` and, for an LSTM, `c`, each (B, n). In a `Stack`
        names end with the place of the layer, `W_i_l0`, `h_l1_reverse`, and with both
        directions outputs are (T, B, 2 n).
        """
        ...

    def run_vjp(
        self,
        layer: Recurrent,
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

    def parameter_count(self, layer: Architecture) -> int | NotImplementedType:
        """How many trainable numbers the library's own layer, stack or chain of this kind has."""
        ...

    def initial_parameters(
        self, layer: Architecture, seed: int, format: str
    ) -> Mapping[str, Floats] | NotImplementedType:
        """What the library's own layer, stack or chain begins with, unless it is told otherwise.

        Args:
            layer: the parameters are named and shaped as its `parameter_shapes` says.
            seed: of the library's random numbers; the same seed gives the same parameters.
            format: the name of the float format.
        """
        ...


@dataclass(frozen=True)
class Description:
    """What an implementation says of itself, as plain data."""

    name: str
    version: str
    formats: tuple[str, ...]
    offers: tuple[str, ...]
    declares: Mapping[str, bool | str] = field(default_factory=dict)
