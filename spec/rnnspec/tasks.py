"""Synthetic tasks on which small networks are trained: seeded, and as large as one likes.

| task        | the network reads                               | and has to say                     |
| ----------- | ----------------------------------------------- | ---------------------------------- |
| recall      | a sign, then noise for `lag` steps              | the sign, at the end               |
| echo        | a sign at every step                            | at every step, that of `lag` before |
| latest      | signs at random steps, and noise                | at every step, the latest sign     |
| adding      | numbers in [0, 1], two of which are marked      | the sum of these two, at the end   |
| two_classes | noise around -shift or shift                    | which of them, at the end          |
| xor_sign    | two numbers in [-1, 1]                          | the sign of their product          |

Sources: Hochreiter and Schmidhuber 1997 for the adding problem; Bengio, Simard and Frasconi 1994
for a sign that is to be kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Examples:
    """Some examples of a task.

    Attributes:
        inputs: (T, B, m); for a feed-forward network T is 1.
        targets: (S, B, q), asked for at the last S of the T steps.
    """

    inputs: Array
    targets: Array


@dataclass(frozen=True)
class Task:
    """What a network is to learn.

    Attributes:
        name: for a report.
        inputs, outputs: m and q.
        loss: `squared`, half the squared error, or `cross entropy` of q classes.
        draw: makes B examples.
        signs: whether targets are -1 and 1, and an answer is right if it has the sign.
    """

    name: str
    inputs: int
    outputs: int
    loss: Literal["squared", "cross entropy"]
    draw: Callable[[np.random.Generator, int], Examples]
    signs: bool = False

    def right(self, answers: Array, targets: Array) -> Array:
        """1 where an answer (..., q) is right, else 0; NaN where a task has no right and wrong."""
        if self.loss == "cross entropy":
            return np.where(answers.argmax(axis=-1) == targets.argmax(axis=-1), 1.0, 0.0)
        if self.signs:
            return np.where(np.all(answers * targets > 0, axis=-1), 1.0, 0.0)
        return np.full(answers.shape[:-1], np.nan)


def _signs(random: np.random.Generator, *shape: int) -> Array:
    return np.where(random.random(shape) < 0.5, -1.0, 1.0)


def recall(lag: int) -> Task:
    """A sign, in the first input at the first step; noise in the second; the sign is asked for at the end."""

    def draw(random: np.random.Generator, batch: int) -> Examples:
        sign = _signs(random, batch, 1)
        inputs = np.zeros((lag + 1, batch, 2))
        inputs[0, :, :1] = sign
        inputs[:, :, 1] = random.normal(size=(lag + 1, batch))
        return Examples(inputs, sign[np.newaxis])

    return Task(f"recall after {lag} steps", 2, 1, "squared", draw, signs=True)


def echo(lag: int, steps: int) -> Task:
    """At every step from `lag` on, the sign that was read `lag` steps before."""

    def draw(random: np.random.Generator, batch: int) -> Examples:
        inputs = _signs(random, steps, batch, 1)
        return Examples(inputs, inputs[: steps - lag])

    return Task(f"echo {lag} steps later", 1, 1, "squared", draw, signs=True)


def adding(steps: int) -> Task:
    """The sum of two numbers, one marked in each half of the sequence; its variance is 1/6."""

    def draw(random: np.random.Generator, batch: int) -> Examples:
        inputs = np.zeros((steps, batch, 2))
        inputs[:, :, 0] = random.uniform(size=(steps, batch))
        each = np.arange(batch)
        inputs[random.integers(0, steps // 2, batch), each, 1] = 1
        inputs[random.integers(steps // 2, steps, batch), each, 1] = 1
        total = (inputs[:, :, 0] * inputs[:, :, 1]).sum(axis=0)
        return Examples(inputs, total[np.newaxis, :, np.newaxis])

    return Task(f"adding over {steps} steps", 2, 1, "squared", draw)


def two_classes(steps: int, shift: float) -> Task:
    """Standard normal noise around -shift or shift: which one?"""

    def draw(random: np.random.Generator, batch: int) -> Examples:
        label = random.integers(0, 2, batch)
        inputs = random.normal(size=(steps, batch, 1)) + shift * (2 * label - 1)[:, np.newaxis]
        return Examples(inputs, np.eye(2)[label][np.newaxis])

    return Task(f"two classes over {steps} steps", 1, 2, "cross entropy", draw)


def xor_sign() -> Task:
    """The sign of x_1 x_2, for x uniform in [-1, 1]^2."""

    def draw(random: np.random.Generator, batch: int) -> Examples:
        inputs = random.uniform(-1, 1, (1, batch, 2))
        return Examples(inputs, np.where(inputs.prod(axis=-1, keepdims=True) < 0, -1.0, 1.0))

    return Task("sign of a product", 2, 1, "squared", draw, signs=True)


def latest(steps: int, rate: float) -> Task:
    """Signs at the first step and, with this probability, at each further one; always say the last.

    The first input is the sign where there is one, and 0 elsewhere; the second is noise.
    """

    def draw(random: np.random.Generator, batch: int) -> Examples:
        marked = random.random((steps, batch)) < rate
        marked[0] = True
        signs = _signs(random, steps, batch)
        last = np.maximum.accumulate(np.where(marked, np.arange(steps)[:, np.newaxis], 0))
        inputs = np.stack([np.where(marked, signs, 0.0), random.normal(size=(steps, batch))], axis=-1)
        return Examples(inputs, np.take_along_axis(signs, last, axis=0)[:, :, np.newaxis])

    return Task(f"latest of {steps} steps", 2, 1, "squared", draw, signs=True)
