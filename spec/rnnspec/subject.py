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
from rnnspec.protocol import Format, Layer

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

    def activation(self, kind: str, x: Any) -> Numbers:
        """phi(x), entry by entry, shaped like x."""
        ...

    def slope(self, kind: str, x: Any) -> Numbers:
        """phi'(x), entry by entry, shaped like x."""
        ...

    def run(self, network: Network) -> Run:
        """The forward pass."""
        ...

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        """The vector-Jacobian product."""
        ...

    def gates(self, network: Network) -> list[Mapping[str, Numbers]]:
        """Gates and states of every step. Only the reference offers them."""
        ...

    def parameter_count(self, layer: Layer) -> int:
        """How many parameters the layer has."""
        ...
