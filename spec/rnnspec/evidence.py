"""What checks of the mathematics work with: exact algebra, enclosures and experiments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from rnnref import Cotangent, Network, Pullback
from rnnspec.proof import CellTrace, Expression, NotProved, NotRun, Prove
from rnnspec.protocol import Layer


class Enclose(Protocol):
    """Bounds that hold on whole intervals, by ball arithmetic."""

    def less(self, kind: str, bound: Fraction, *, outside: Fraction) -> None:
        """phi'(x) < bound for every |x| >= outside, up to infinity.

        Raises `NotProved` if bisection does not get there.
        """
        ...


@dataclass(frozen=True)
class Measurement:
    """One row of an experiment: a frequency with its uncertainty.

    Attributes:
        what: the setting.
        hits, trials: how often the event was seen, of how many.
        low, high: the Wilson score interval at 95 %.
    """

    what: str
    hits: int
    trials: int
    low: float
    high: float


@dataclass(frozen=True)
class Outcome:
    """What an experiment came to: `supported`, `not supported` or `depends on ...`.

    Attributes:
        verdict: one of these.
        rows: what was measured.
        explanation: how the verdict follows from the rows.
        settled: whether the rows decide, at their uncertainty; otherwise more trials are needed.
    """

    verdict: str
    rows: Sequence[Measurement]
    explanation: str
    settled: bool


class Lab(Protocol):
    """Seeded measurements on the reference in float64."""

    trials: int

    def random(self, trial: int) -> np.random.Generator:
        """The generator of one trial; the same trials see the same numbers in every setting."""
        ...

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        """Gradients by back-propagation through time, in float64."""
        ...

    def frequency(self, what: str, event: Callable[[np.random.Generator], bool]) -> Measurement:
        """How often an event occurs over the lab's trials."""
        ...


__all__ = [
    "CellTrace",
    "Cotangent",
    "Enclose",
    "Expression",
    "Lab",
    "Layer",
    "Measurement",
    "Network",
    "NotProved",
    "NotRun",
    "Outcome",
    "Prove",
]
