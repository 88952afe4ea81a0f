"""Where a law's inputs come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from hypothesis import strategies as st

from rnnspec.protocol import Format

T = TypeVar("T")


def _one_piece(value: T) -> Iterator[T]:
    yield value


def _anything(value: object) -> bool:
    return True


def _no_regimes(value: object, fmt: Format) -> Iterable[str]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Drawn(Generic[T]):
    """A source of drawn inputs, used as the annotation of a law's parameter.

    Attributes:
        name: what it draws, in a few words.
        strategy: the Hypothesis strategy for a float format, whose numbers alone it yields.
        pieces: splits a value into smaller ones that are inputs in their own right (an array
            into its entries), so that a failure can be pinned to one of them.
        admits: whether a value could have been drawn; shrinking asks before it leaves what
            the strategy itself would yield.
        regimes: names the regimes that a value reaches, once for each time it reaches one.
    """

    name: str
    strategy: Callable[[Format], st.SearchStrategy[T]]
    pieces: Callable[[T], Iterator[T]] = _one_piece
    admits: Callable[[T], bool] = _anything
    regimes: Callable[[T, Format], Iterable[str]] = _no_regimes
