"""Experiments: seeded, on the reference in float64, with an honest uncertainty."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rnnref import FORMATS, Cotangent, Evaluator, Floats, Network, Pullback
from rnnspec.evidence import Measurement

NORMAL_97_5 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


class Laboratory:
    """See `rnnspec.evidence.Lab`.

    Args:
        trials: how often each event is tried.
        seed: of the whole experiment.
    """

    def __init__(self, trials: int, seed: int) -> None:
        self.trials = trials
        self._seed = seed
        self._evaluator = Evaluator(Floats(FORMATS["float64"]))

    def random(self, trial: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, trial])

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        return self._evaluator.vjp(network, cotangent)

    def frequency(self, what: str, event: Callable[[np.random.Generator], bool]) -> Measurement:
        hits = sum(event(self.random(trial)) for trial in range(self.trials))
        low, high = wilson(hits, self.trials)
        return Measurement(what, hits, self.trials, low, high)


def wilson(hits: int, trials: int, z: float = NORMAL_97_5) -> tuple[float, float]:
    """The score interval for a frequency (Wilson 1927), honest also at 0 and at all."""
    p = hits / trials
    centre = p + z * z / (2 * trials)
    spread = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
