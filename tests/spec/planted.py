"""Errors planted in a narrow region of an activation function, at places drawn when a test runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.protocol import Format

WIDTH = 1e-2  # of the faults in the bulk: what a table of some thousand entries has
REACH = 20.0  # beyond it, sigmoid and tanh are flat in every format
FARTHEST = 800.0  # of the narrow faults in saturation: beyond it e^-x underflows everywhere

# Far above what 32 times the scatter of float32 comes to (some 1e-6), far below what anybody
# would see in a plot. A value's error is squared in most identities, so it has to be larger.
SLOPE_ERROR, VALUE_ERROR = 1e-3, 1e-2

Region = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


@dataclass(frozen=True)
class Place:
    """Where an error is, as a predicate of the argument."""

    name: str
    draw: Callable[[np.random.Generator, Format], Region]


def _bulk(random: np.random.Generator, fmt: Format) -> Region:
    middle = random.uniform(-REACH, REACH)
    return lambda x: np.abs(x - middle) <= WIDTH / 2


def _narrow(random: np.random.Generator, fmt: Format) -> Region:
    """One per cent of its position wide, which is drawn in proportion, with either sign."""
    middle = np.exp(random.uniform(np.log(REACH), np.log(FARTHEST))) * random.choice([-1.0, 1.0])
    return lambda x: np.abs(x - middle) <= abs(middle) * 0.01 / 2


PLACES = [
    Place("bulk", _bulk),
    Place("saturation", lambda random, fmt: lambda x: np.abs(x) > REACH),
    Place("subnormal", lambda random, fmt: lambda x: (x != 0) & (np.abs(x) < fmt.smallest_normal)),
    Place("negative-zero", lambda random, fmt: lambda x: (x == 0) & np.signbit(x)),
    Place("largest", lambda random, fmt: lambda x: np.abs(x) == fmt.largest),
]
NARROW_SATURATION = Place("narrow-saturation", _narrow)


class WrongSlope(NumpyImplementation):
    """The slope of one function is off in a region, by a constant."""

    def __init__(self, kind: str, region: Region, error: float) -> None:
        self._kind, self._region, self._error = kind, region, error

    def activation_vjp(self, kind: str, x: Any, dy: Any, *alpha: Any) -> Any:
        return self._spoilt(kind, x, super().activation_vjp(kind, x, dy, *alpha))

    def _spoilt(self, kind: str, x: Any, y: Any) -> Any:
        wrong = self._region(x.astype(np.float64)) if kind == self._kind else False
        return np.where(wrong, y + self._error, y).astype(x.dtype)


class WrongValue(WrongSlope):
    """The value of one function is off in a region, by a constant."""

    def activation(self, kind: str, x: Any, *alpha: Any) -> Any:
        return self._spoilt(kind, x, super().activation(kind, x, *alpha))

    def activation_vjp(self, kind: str, x: Any, dy: Any, *alpha: Any) -> Any:
        return NumpyImplementation.activation_vjp(self, kind, x, dy, *alpha)
