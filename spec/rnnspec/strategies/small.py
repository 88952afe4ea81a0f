"""The small strategies that larger inputs are drawn with.

Each is made once and kept: Hypothesis looks a new strategy through before it draws from it,
which took longer than the draw itself where one was made for every number of every input.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache, lru_cache
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T", bound=Hashable)


@cache
def between(low: int, high: int) -> st.SearchStrategy[int]:
    """Whole numbers from `low` to `high`."""
    return st.integers(low, high)


@cache
def several(count: int, low: int, high: int) -> st.SearchStrategy[list[int]]:
    """`count` of them, drawn one by one, so that each can be shrunk."""
    return st.lists(between(low, high), min_size=count, max_size=count)


@lru_cache(maxsize=None, typed=True)  # 1 is not True
def among(*values: T) -> st.SearchStrategy[T]:
    """One of these names, truth values or numbers but −0.0; the first is the simplest."""
    return st.sampled_from(values)
