"""Sizes of layers, for laws that count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from hypothesis import strategies as st

from rnnspec.drawn import Drawn
from rnnspec.protocol import Biases, Format
from rnnspec.strategies.small import among, between

BIAS_VECTORS: Mapping[Biases, int] = {"two": 2, "one": 1, "none": 0}
"""How many bias vectors a gate has, by convention."""


@dataclass(frozen=True)
class Sizes:
    """m inputs, n hidden units, and a convention for the biases: `none`, `one` or `two`."""

    m: int
    n: int
    biases: Biases

    @property
    def k(self) -> int:
        """How many bias vectors a gate has."""
        return BIAS_VECTORS[self.biases]


def _sizes(largest: int) -> st.SearchStrategy[Sizes]:
    return st.builds(Sizes, between(1, largest), between(1, largest), among(*BIAS_VECTORS))


def _regimes(sizes: Sizes, fmt: Format) -> Iterable[str]:
    yield f"biases: {sizes.biases}"


LayerSizes: TypeAlias = Annotated[
    Sizes, Drawn(name="sizes of a layer", strategy=lambda fmt: _sizes(64), regimes=_regimes)
]
"""Up to 64 inputs and 64 hidden units, in every bias convention."""
