"""Sizes of layers, for laws that count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from hypothesis import strategies as st

from rnnref.layer import Biases
from rnnspec.drawn import Drawn
from rnnspec.protocol import Format


@dataclass(frozen=True)
class Sizes:
    """m inputs, n hidden units, and a convention for the biases: `none`, `one` or `two`."""

    m: int
    n: int
    biases: Biases


CONVENTIONS: tuple[Biases, ...] = ("two", "one", "none")


def _sizes(largest: int) -> st.SearchStrategy[Sizes]:
    return st.builds(Sizes, st.integers(1, largest), st.integers(1, largest), st.sampled_from(CONVENTIONS))


def _regimes(sizes: Sizes, fmt: Format) -> Iterable[str]:
    yield f"biases: {sizes.biases}"


LayerSizes: TypeAlias = Annotated[
    Sizes, Drawn(name="sizes of a layer", strategy=lambda fmt: _sizes(64), regimes=_regimes)
]
"""Up to 64 inputs and 64 hidden units, in every bias convention."""
