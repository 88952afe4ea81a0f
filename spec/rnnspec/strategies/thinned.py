"""Pre-activations of every regime, but fewer: for laws that look for nothing narrow."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, TypeAlias, get_args

from hypothesis import strategies as st

from rnnspec.drawn import Drawn
from rnnspec.protocol import Format
from rnnspec.strategies.preactivations import Preactivations
from rnnspec.subject import Array

THINNED = 8
"""One of so many is kept, so that a law takes an eighth of the time."""

_dense: Drawn[Array] = get_args(Preactivations)[1]


def _strategy(fmt: Format) -> st.SearchStrategy[Array]:
    def kept(values: Array, first: int) -> Array:
        return values[first::THINNED]

    return st.builds(kept, _dense.strategy(fmt), st.integers(0, THINNED - 1))


FewPreactivations: TypeAlias = Annotated[
    Array, replace(_dense, name="a few pre-activations in every regime", strategy=_strategy)
]
"""An eighth of what `Preactivations` draws, spread over the same regimes; shape (N,)."""
