"""What an experiment is written with: measurements over seeded trials, and what they come to.

    @explodes_less.experiment
    def how_often_gradients_grow(lab: Lab) -> Outcome:
        rnn, lstm = (lab.gradient_growth(Layer(kind, 32, 32), START, 50) for kind in ("rnn", "lstm"))
        rows = [lab.frequency("RNN", rnn > 0), lab.frequency("LSTM", lstm > 0)]
        ...
        return Outcome("supported", rows, "the 95 % intervals are apart", settled=...)

A quantity that was measured is an array with a number for each trial. The trials of an experiment
are the same seeds in all of its settings, so two settings can be compared in pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rnnref import Cotangent, Layer, Network, Pullback, Run, Stack
from rnnref.feedforward import BatchNorm, Chain, Dense, Residual
from rnnspec.tasks import Task

__all__ = [
    "BatchNorm",
    "Chain",
    "Dense",
    "Lab",
    "Layer",
    "Measurement",
    "Model",
    "Outcome",
    "Plan",
    "Residual",
    "Stack",
    "Start",
    "Timing",
    "Training",
]

Model: TypeAlias = Layer | Stack | Chain
"""A recurrent network, which gets a linear read-out, or a feed-forward one."""

Values: TypeAlias = NDArray[np.float64]
"""One number a trial."""

DEPENDS = "depends on "
VERDICTS = ("supported", "not supported", "not settled", "recorded")


@dataclass(frozen=True)
class Measurement:
    """One row of an experiment: a number with its uncertainty.

    Attributes:
        what: the setting.
        statistic: what was made of the trials: `frequency`, `mean`, `median`, `mean difference`
            or `median ratio`.
        value: the number; NaN where trials that diverged leave none.
        low, high: its interval at 95 %.
        n: the number of trials.
    """

    what: str
    statistic: str
    value: float
    low: float
    high: float
    n: int

    def above(self, bound: float) -> bool:
        """Whether the whole interval is."""
        return self.low > bound

    def below(self, bound: float) -> bool:
        """Whether the whole interval is."""
        return self.high < bound


@dataclass(frozen=True)
class Timing:
    """How long two things took, by turns: for the reader, and for nobody's verdict.

    Times are never the same twice, and what a report says otherwise has to be. So they stand
    apart in it, under `seconds`, and an outcome must not depend on them.

    Attributes:
        what: what was compared.
        n: how often each was done.
        first, second: the median of each, in seconds.
        ratio, low, high: the median of first/second, with its interval at 95 %.
    """

    what: str
    n: int
    first: float
    second: float
    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class Outcome:
    """What an experiment came to.

    Attributes:
        verdict: `supported`, `not supported`, `depends on ...`; `not settled`, where the rows leave
            it open; or `recorded`, for an opinion or a piece of history that nothing can measure here.
        rows: what was measured; nothing, if it is recorded.
        explanation: how the verdict follows from the rows; of what is recorded, why it cannot be
            measured.
        settled: whether the rows decide, at their uncertainty; otherwise more trials are needed.

    Raises:
        ValueError: if the verdict is none of these, or does not fit the rows or what is settled.
    """

    verdict: str
    rows: Sequence[Measurement | Timing]
    explanation: str
    settled: bool

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS and not self.verdict.startswith(DEPENDS):
            expected = f"{', '.join(VERDICTS)} or {DEPENDS}..."
            raise ValueError(f"got the verdict {self.verdict!r}, expected {expected}")
        if (self.verdict == "recorded") == bool(self.rows):
            expected = "none for what is recorded, and some for everything else"
            raise ValueError(
                f"got {len(self.rows)} rows and the verdict {self.verdict!r}, expected {expected}"
            )
        if self.verdict == "not settled" and self.settled:
            raise ValueError("got the verdict 'not settled' of rows that are said to settle it")

    @staticmethod
    def recorded(why: str) -> Outcome:
        """What is said can only be recorded, since nothing here can measure it."""
        return Outcome("recorded", (), why, settled=True)


@dataclass(frozen=True)
class Start:
    """What the weights are drawn from. Biases and peepholes begin at 0, a batch norm's gamma at 1.

    | weights   | the law of W, with m columns and n rows                | source                |
    | --------- | ------------------------------------------------------ | --------------------- |
    | `uniform` | uniform within +- gain/sqrt(n); sqrt(m) in a chain     | PyTorch's default     |
    | `glorot`  | uniform within +- gain sqrt(6/(m + n))                 | Glorot and Bengio 2010 |
    | `he`      | normal, with standard deviation gain sqrt(2/m)         | He et al. 2015        |
    | `normal`  | normal, with standard deviation gain                   |                       |

    Attributes:
        weights: one of these.
        gain: a factor.
        forget_bias: what the bias of an LSTM's forget gate begins at.
    """

    weights: Literal["uniform", "glorot", "he", "normal"] = "uniform"
    gain: float = 1.0
    forget_bias: float = 0.0


@dataclass(frozen=True)
class Plan:
    """Plain gradient descent on batches.

    Attributes:
        learning_rate: eta.
        steps: how many.
        batch: B, how many examples a step sees.
        examples: how many there are to learn from, drawn before the first step; without it,
            every step draws new ones.
        clip: the norm to which all gradients together are clipped; None for none.
        l2: alpha, the weight of the penalty alpha |W|^2 on every weight matrix.
        pretraining: steps of greedy pre-training before the first one, a stage: every link but the
            last learns, as the encoder of an autoencoder, to give back what it reads of the
            examples. For chains of dense links, and with `examples` only.
        dropout: the probability with which each input of each example is 0 in a step (Srivastava et
            al. 2014, on the visible units); the others are divided by one minus it. No hidden unit is
            ever dropped, and no input in a test, in `Training.known` or in pre-training.
    """

    learning_rate: float
    steps: int
    batch: int = 32
    examples: int | None = None
    clip: float | None = None
    l2: float = 0.0
    pretraining: int = 0
    dropout: float = 0.0


@dataclass(frozen=True)
class Training:
    """What became of some networks that were trained, one a trial.

    Attributes:
        losses: the mean loss of every batch before the step that it led to, (trials, steps).
        norms: the norm of the gradient of every step, before it was clipped, (trials, steps).
        known: the loss on the examples that were learnt from, at the end, (trials,); NaN where
            every step drew new ones.
        tested: the loss on new examples, at the end, (trials,).
        right: the share of new examples that were answered right, (trials,); NaN where a task has
            no right and wrong.
        diverged: whether any loss or gradient was infinite or not a number, (trials,). Such a run
            is left to itself: what it says afterwards is infinite or NaN as well, or it is stuck.
    """

    losses: Values
    norms: Values
    known: Values
    tested: Values
    right: Values
    diverged: NDArray[np.bool_]

    def steps_to(self, loss: float, window: int = 10) -> Values:
        """The step at which the mean of the last losses first is below some loss; infinite if never."""
        padded = np.cumsum(np.where(np.isfinite(self.losses), self.losses, np.inf), axis=1)
        with np.errstate(invalid="ignore"):
            means = (padded[:, window:] - padded[:, :-window]) / window
        below = means < loss
        return np.where(below.any(axis=1), below.argmax(axis=1) + window, np.inf).astype(float)

    def last(self, window: int = 10) -> Values:
        """The mean of each trial's last losses."""
        return np.asarray(self.losses[:, -window:].mean(axis=1), dtype=float)


class Lab(Protocol):
    """Seeded measurements on the reference's formulas in float64."""

    trials: int

    def random(self, trial: int) -> np.random.Generator:
        """The generator of one trial; the same trials see the same numbers in every setting."""
        ...

    def each(self, measure: Callable[[np.random.Generator], float]) -> Values:
        """A quantity in every trial, one after the other."""
        ...

    def activation(self, kind: str, x: Values, alpha: float | None = None) -> Values:
        """phi(x)."""
        ...

    def run(self, network: Network) -> Run:
        """The forward pass."""
        ...

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        """Gradients by back-propagation through time."""
        ...

    def gradient_growth(
        self,
        model: Model,
        start: Start,
        steps: int = 1,
        inputs: float = 1.0,
        batch: int = 1,
        one_in: int = 1,
    ) -> Values:
        """ln of how many times longer a random cotangent gets on its way back, in every trial.

        Of a recurrent network from the final states to the initial ones, over `steps`; of a chain
        from its output to its input.

        Args:
            inputs: the standard deviation of the normal inputs; initial states are 0.
            batch: the members of a chain's batch, of which a batch norm needs several. The length is that of
                all their cotangents together: the root of a mean square, which grows where few of them do.
            one_in: only so many of the trials, where each takes long; but six, at least.
        """
        ...

    def train(self, model: Model, task: Task, start: Start, plan: Plan, one_in: int = 1) -> Training:
        """Train a network on a task in every trial, all of them side by side.

        Args:
            one_in: only so many of the trials, since this takes long; but six, at least.
        """
        ...

    def frequency(self, what: str, happened: ArrayLike) -> Measurement:
        """How often something happened, of the trials, with Wilson's interval."""
        ...

    def mean(self, what: str, values: ArrayLike) -> Measurement:
        """The mean over the trials, with Student's interval."""
        ...

    def median(self, what: str, values: ArrayLike) -> Measurement:
        """The median over the trials, with an interval between two of the sorted values."""
        ...

    def difference(self, what: str, left: ArrayLike, right: ArrayLike) -> Measurement:
        """The mean of left - right, trial by trial, with Student's interval."""
        ...

    def ratio(self, what: str, left: ArrayLike, right: ArrayLike) -> Measurement:
        """The median of left/right, trial by trial, with an interval between two of the sorted ratios."""
        ...

    def time_ratio(self, what: str, first: Callable[[], Any], second: Callable[[], Any]) -> Timing:
        """How long two things take, by turns, after each has been done once."""
        ...
