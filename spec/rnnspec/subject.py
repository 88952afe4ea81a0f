"""What a law is told about: an implementation, or the mathematics itself, behind one face.

A law calls these methods with plain arrays or with numbers that an earlier call returned,
and gets arrays of numbers back with which it can calculate without rounding: the outputs of
an implementation lifted exactly, balls, or replicates of noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rnnref import Cotangent, Network, Pullback, Run
from rnnspec.protocol import Architecture, Chain, Format

Array: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = NDArray[np.object_]


class Subject(Protocol):
    """Something that a law can be held to.

    Every method raises `NotOffered` where the part is missing and `Misbehaved` where the
    answer is none.
    """

    @property
    def format(self) -> Format:
        """The float format in which inputs are drawn."""
        ...

    def activation(self, kind: str, x: Any, alpha: float | None = None) -> Numbers:
        """phi(x), entry by entry, shaped like x; alpha is the parameter of `leaky_relu` or `elu`."""
        ...

    def slope(self, kind: str, x: Any, alpha: float | None = None) -> Numbers:
        """phi'(x), entry by entry, shaped like x."""
        ...

    def softmax(self, x: Any) -> Numbers:
        """The softmax of every row: (B, n) to (B, n)."""
        ...

    def softmax_vjp(self, x: Any, dy: Any) -> Numbers:
        """The cotangent of x, given dy, that of softmax(x): each (B, n)."""
        ...

    def loss(self, kind: str, y: Any, t: Any) -> Numbers:
        """The loss of every row, one of `rnnspec.protocol.LOSSES`: (B, n) and (B, n) to (B,)."""
        ...

    def loss_gradient(self, kind: str, y: Any, t: Any) -> Numbers:
        """The gradient of every row's loss by its outputs y, (B, n)."""
        ...

    def clip(self, kind: str, tensors: Mapping[str, Any], threshold: float) -> dict[str, Numbers]:
        """The tensors, clipped all together by `norm` or entry by entry by `value`."""
        ...

    def clip_reports(self, kind: str, tensors: Mapping[str, Array], threshold: float) -> int:
        """Whether clipping tensors that are not finite shows that they are not: 1 if so, else 0.

        It shows that by raising, or by answering something that is not finite. Only
        implementations meet such tensors: real numbers are finite.
        """
        ...

    def chain(
        self,
        chain: Chain,
        parameters: Mapping[str, Any],
        x: Any,
        statistics: Mapping[str, Any] | None = None,
    ) -> Numbers:
        """The forward pass of a feed-forward network: x (B, m) to y (B, n).

        Args:
            chain: its links.
            parameters: by the names of `Chain.parameter_shapes`.
            x: the batch.
            statistics: the running ones, by the names of `Chain.statistic_shapes`; without them
                means are 0 and variances 1.
        """
        ...

    def chain_vjp(
        self,
        chain: Chain,
        parameters: Mapping[str, Any],
        x: Any,
        dy: Any,
        statistics: Mapping[str, Any] | None = None,
    ) -> Pullback:
        """The gradients of parameters and of x, for dy (B, n); there is no state."""
        ...

    def run(self, network: Network) -> Run:
        """The forward pass of a layer or a stack."""
        ...

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        """The vector-Jacobian product of a layer or a stack."""
        ...

    def parameter_count(self, layer: Architecture) -> int:
        """How many parameters the layer, stack or chain has."""
        ...

    def initial_parameters(self, layer: Architecture, seed: int) -> dict[str, Numbers]:
        """What the layer, stack or chain begins with. The reference has no opinion on it."""
        ...

    def gates(self, network: Network) -> list[Mapping[str, Numbers]]:
        """Gates and states of every step. Only the reference offers them."""
        ...

    def curvature(self, kind: str, x: Any, alpha: float | None = None) -> Numbers:
        """phi''(x), entry by entry, shaped like x. Only the reference offers it."""
        ...

    def jacobians(self, network: Network) -> list[Mapping[str, Numbers]]:
        """Of every step the new state by the old one and by the input, each (B, rows, columns).

        By the names `dh/dh`, `dc/dh`, `dh/dx` and so on, of a single layer. Only the reference
        offers them.
        """
        ...
