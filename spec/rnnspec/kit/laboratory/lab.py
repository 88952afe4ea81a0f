"""The laboratory that an experiment is handed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rnnref import FORMATS, Cotangent, Evaluator, Floats, Network, Pullback, Run
from rnnspec.experiment import Measurement, Model, Plan, Start, Timing, Training, Values
from rnnspec.kit.laboratory import measuring, timing, training
from rnnspec.tasks import Task

FEWEST = 6
"""Trials without which no median has an interval at 95 %."""


class Laboratory:
    """See `rnnspec.evidence.Lab`.

    Args:
        trials: how often everything is tried.
        seed: of the whole experiment.
    """

    def __init__(self, trials: int, seed: int) -> None:
        self.trials = trials
        self._seed = seed
        self._evaluator = Evaluator(Floats(FORMATS["float64"]))

    def random(self, trial: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, trial])

    def each(self, measure: Callable[[np.random.Generator], float]) -> Values:
        return np.array([measure(random) for random in self._randoms(self.trials)], dtype=np.float64)

    def activation(self, kind: str, x: Values, alpha: float | None = None) -> Values:
        return self._evaluator.activation(kind, x, alpha)

    def run(self, network: Network) -> Run:
        return self._evaluator.run(network)

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        return self._evaluator.vjp(network, cotangent)

    def gradient_growth(
        self,
        model: Model,
        start: Start,
        steps: int = 1,
        inputs: float = 1.0,
        batch: int = 1,
        one_in: int = 1,
    ) -> Values:
        randoms = self._randoms(self.trials) if one_in == 1 else self._some(one_in)
        return training.gradient_growth(model, start, steps, inputs, batch, randoms)

    def train(self, model: Model, task: Task, start: Start, plan: Plan, one_in: int = 1) -> Training:
        return training.train(model, task, start, plan, self._some(one_in))

    def frequency(self, what: str, happened: ArrayLike) -> Measurement:
        return measuring.frequency(what, happened)

    def mean(self, what: str, values: ArrayLike) -> Measurement:
        return measuring.mean(what, values)

    def median(self, what: str, values: ArrayLike) -> Measurement:
        return measuring.median(what, values)

    def difference(self, what: str, left: ArrayLike, right: ArrayLike) -> Measurement:
        return measuring.difference(what, left, right)

    def ratio(self, what: str, left: ArrayLike, right: ArrayLike) -> Measurement:
        return measuring.ratio(what, left, right)

    def time_ratio(self, what: str, first: Callable[[], Any], second: Callable[[], Any]) -> Timing:
        return timing.time_ratio(what, first, second)

    def _some(self, one_in: int) -> list[np.random.Generator]:
        return self._randoms(max(FEWEST, self.trials // one_in))

    def _randoms(self, trials: int) -> list[np.random.Generator]:
        return [self.random(trial) for trial in range(trials)]
