"""Recurrences without input: a matrix and the state it starts from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from rnnspec.drawn import Drawn
from rnnspec.protocol import Activation, Layer, Network
from rnnspec.strategies.small import between, several
from rnnspec.subject import Array


@dataclass(frozen=True)
class Orbit:
    """h_t = phi(W h_{t-1}) for t = 1 ... T, from h_0.

    Attributes:
        W: shape (n, n).
        start: h_0, shape (n,).
        steps: T.
    """

    W: Array
    start: Array
    steps: int

    def network(self, activation: Activation = "relu") -> Network:
        """The same as an Elman network whose input is one that it ignores."""
        n = len(self.start)
        layer = Layer("rnn", 1, n, activation=activation, biases="none")
        return Network(
            layer,
            {"W_h": np.zeros((n, 1)), "U_h": self.W},
            np.zeros((self.steps, 1, 1)),
            {"h": self.start[np.newaxis]},
        )


def orbits(
    *,
    size: tuple[int, int] = (1, 3),
    steps: tuple[int, int] = (1, 8),
    entries: tuple[int, int] = (-16, 16),
    start: tuple[int, int] = (0, 16),
    unit: float = 1 / 8,
    where: Callable[[Orbit], bool] | None = None,
) -> Drawn[Orbit]:
    """Orbits whose numbers are multiples of `unit` in the given ranges.

    Args:
        size, steps: the smallest and the largest n and T.
        entries, start: the range of the entries of W and of h_0, in units.
        where: keeps only the orbits that satisfy it.
    """

    def admits(orbit: Orbit) -> bool:
        within = _within(orbit.W, entries, unit) and _within(orbit.start, start, unit)
        return within and (where is None or where(orbit))

    drawn = _drawn_orbit(size, steps, entries, start, unit)
    strategy = drawn if where is None else drawn.filter(where)
    return Drawn(name="recurrences without input", strategy=lambda fmt: strategy, admits=admits)


@st.composite
def _drawn_orbit(
    draw: st.DrawFn,
    size: tuple[int, int],
    steps: tuple[int, int],
    entries: tuple[int, int],
    start: tuple[int, int],
    unit: float,
) -> Orbit:
    n = draw(between(*size))
    numbers = draw(several(n * n, *entries))
    first = draw(several(n, *start))
    W = unit * np.array(numbers, float).reshape(n, n)
    return Orbit(W, unit * np.array(first, float), draw(between(*steps)))


def _within(values: Array, units: tuple[int, int], unit: float) -> bool:
    return bool(np.all((values >= units[0] * unit) & (values <= units[1] * unit)))
