"""Explosion and clipping in training: what they do to the loss."""

from __future__ import annotations

import numpy as np

from rnnspec.claim import EMPIRICAL, claim
from rnnspec.claims.empirical.weighing import Happened, Setting, lost, weighed
from rnnspec.evidence import Lab, Outcome, Plan, Start, Training
from rnnspec.protocol import Layer
from rnnspec.sources import D3, D4
from rnnspec.subject import Array
from rnnspec.tasks import recall

NETWORK = Layer("rnn", 2, 16)
LAG = 10

# ------------------------------------------------------------------------------------------
fatal = claim(
    "EMP-02",
    title="An exploding gradient does not always occur, and whether it is fatal depends on the learning rate",
    says="Gradient explosion does not happen every time, but it is fatal as soon as it does.",
    statement="""
        Of RNNs trained without clipping, some and not all meet a gradient of norm above 10; of
        those that do, most end with a higher loss than a network that always says 0.
    """,
    equation="""
        0 < P(max_k ‖∇_k‖ > 10) < 1
        P(loss at the end > 1/2 | max_k ‖∇_k‖ > 10) > 1/2
    """,
    verdict=EMPIRICAL,
    finding="depends on the learning rate",
    because="""
        What is fatal is the step, learning rate times gradient. An RNN with 16 units has to keep
        a sign for 10 steps. With Glorot's weights and the learning rate 0.3, gradients explode in
        three runs of four, and most of these are lost. With weights twice as large they
        explode in nearly every run, mostly at once: at the learning rate 0.3 most runs are lost,
        at 0.1 the same networks with the same examples recover, most of them.

        What counts as an explosion is our reading: 10 is several times the usual
        first gradient, of about 1.7. Explosion and loss are counted together; which of the two
        came first, these counts do not say, and a step that is too long makes gradients
        large by itself. The settings are three of a grid of three gains and three rates; with
        weights four times as large, 13 of 20 runs were lost at 0.1, too.
    """,
    sources=[D4("RNN training")],
    see=["SPE-01", "EMP-01", "EMP-08"],
)

EXPLODED = 10.0
"""A gradient of this norm is called exploded."""

FATAL = "gain 1, learning rate 0.3", "gain 2, learning rate 0.3"
HARMLESS = ("gain 2, learning rate 0.1",)


@fatal.experiment
def runs_that_explode_and_runs_that_are_lost(lab: Lab) -> Outcome:
    """How many runs explode, and how many of these are lost, in three settings."""
    rows, exploding, settings = [], [], []
    for gain, rate in ((1.0, 0.3), (2.0, 0.3), (2.0, 0.1)):
        levels = {
            "the size of the weights": f"gain {gain:g}",
            "the learning rate": f"learning rate {rate:g}",
        }
        setting = ", ".join(levels.values())
        trained = lab.train(NETWORK, recall(LAG), Start("glorot", gain), Plan(rate, 80, batch=16))
        exploded = ~(trained.norms <= EXPLODED).all(axis=1)
        exploding.append(lab.frequency(f"{setting}: explodes", exploded))
        rows.append(exploding[-1])
        fatal_here, harmless_here = False, False
        if exploded.any():
            dying = lab.frequency(f"{setting}: lost, of those", lost(trained)[exploded])
            fatal_here, harmless_here = dying.above(1 / 2), dying.below(1 / 2)
            rows.append(dying)
        settings.append(Setting(levels, fatal_here, harmless_here))
    verdict, settled, says = weighed(settings, FATAL, HARMLESS)
    sometimes = any(row.above(0) and row.below(1) for row in exploding)
    says = f"that it is fatal is {says}; a setting in which only some runs explode: {sometimes}"
    return Outcome(verdict, rows, says, settled) if sometimes else Outcome("not supported", rows, says, True)


# ------------------------------------------------------------------------------------------
fluctuates = claim(
    "EMP-08",
    title="A long memory makes the loss of an RNN swing, and clipping keeps it low, if the steps are large",
    says="""
        The loss fluctuates strongly while an RNN is trained, because its memory makes gradients now
        large and now small; cutting gradients off at a threshold damps that.
    """,
    statement="""
        Trained on the same examples in every step, an RNN that has to remember for 10 steps sees
        its loss rise in more than one step of twenty, one that has nothing to remember does not;
        and with gradients clipped to norm 1 fewer runs reach twice their first loss, and the losses
        of a run have a smaller variance.
    """,
    equation="""
        P(share of steps with E_{k+1} > E_k  exceeds 1/20) > 1/2
        P(max_k E_k > 2 E_0 | ‖∇‖ clipped to 1)  <  P(max_k E_k > 2 E_0)
        median of (Var_k E_k, ‖∇‖ clipped to 1) / (Var_k E_k)  <  1
    """,
    verdict=EMPIRICAL,
    finding="depends on the learning rate",
    because="""
        All examples are the same in every step, so that nothing else can make the loss rise
        but steps that are too long. At the learning rate 0.3 the document is right in
        both: with a lag of 10 steps the loss rises often, in some runs to more than twice its
        first value; with a lag of 0 in no run; and with clipping it hardly ever gets to twice the
        first value, and the variance of a run's losses is two to five times smaller. But it still rises
        in nearly as many runs: clipping limits how high the loss swings, not how often. At the learning
        rate 0.03 the same networks descend smoothly, and there is nothing to damp: clipping makes the
        variance a little larger there.

        The memory is the cause as far as the lag is all that differs; lags of 1 and 3, in a first
        look, were between, and much nearer to 0. That learning rates
        cannot be made individual, which the document gives as a reason, is another claim.
    """,
    sources=[D3("6.7")],
    see=["EMP-02", "REM-29"],
)

OFTEN = 1 / 20
"""Of the steps: so many rises of the loss are called swings."""


def _swings(trained: Training) -> Happened:
    before, after = trained.losses[:, :-1], trained.losses[:, 1:]
    return np.asarray((~(after <= before)).mean(axis=1) > OFTEN)


def _doubles(trained: Training) -> Happened:
    return np.asarray(~(trained.losses <= 2 * trained.losses[:, :1]).all(axis=1))


def _variance(trained: Training) -> Array:
    """Of the losses of every run; infinite where these do not stay finite."""
    with np.errstate(all="ignore"):
        each = trained.losses.var(axis=1)
    return np.where(np.isnan(each), np.inf, each)


@fluctuates.experiment
def rises_of_the_loss(lab: Lab) -> Outcome:
    """How often the loss rises, and how high, with and without a lag and a threshold."""

    def train(lag: int, rate: float, clip: float | None = None, one_in: int = 1) -> Training:
        plan = Plan(rate, 60, batch=16, examples=16, clip=clip)
        return lab.train(NETWORK, recall(lag), Start("glorot"), plan, one_in)

    free, clipped = train(LAG, 0.3), train(LAG, 0.3, clip=1.0)
    slow, slower = train(LAG, 0.03, one_in=2), train(LAG, 0.03, clip=1.0, one_in=2)
    forgetful = lab.frequency("lag 0, learning rate 0.3: swings", _swings(train(0, 0.3, one_in=2)))
    swings = {rate: lab.frequency(f"lag {LAG}, learning rate {rate}: swings", _swings(trained))
              for rate, trained in (("0.3", free), ("0.03", slow))}  # fmt: skip
    still = lab.frequency(f"lag {LAG}, learning rate 0.3, clipped: swings", _swings(clipped))
    doubles = [_doubles(trained) for trained in (free, clipped)]
    shares = [
        lab.frequency(f"lag {LAG}, learning rate 0.3{how}: doubles", happened)
        for how, happened in zip(("", ", clipped"), doubles, strict=True)
    ]
    damped = lab.difference("doubles, without clipping − with", *doubles)
    varies = {
        rate: lab.ratio(f"lag {LAG}, learning rate {rate}: variance, with clipping / without", *both)
        for rate, both in (
            ("0.3", (_variance(clipped), _variance(free))),
            ("0.03", (_variance(slower), _variance(slow))),
        )
    }
    last = lab.ratio(
        f"lag {LAG}, learning rate 0.3: last losses, with clipping / without", clipped.last(), free.last()
    )
    settings = [
        Setting(
            {"the learning rate": "0.3"},
            swings["0.3"].above(1 / 2)
            and forgetful.below(1 / 2)
            and damped.above(0)
            and varies["0.3"].below(1),
            swings["0.3"].below(1 / 2) or forgetful.above(1 / 2) or damped.below(0) or varies["0.3"].above(1),
        ),
        Setting(
            {"the learning rate": "0.03"},
            swings["0.03"].above(1 / 2) and varies["0.03"].below(1),
            swings["0.03"].below(1 / 2) or varies["0.03"].above(1),
        ),
    ]
    verdict, settled, says = weighed(settings, supporting=["0.3"], contradicting=["0.03"])
    rows = [forgetful, *swings.values(), still, *shares, damped, *varies.values(), last]
    return Outcome(verdict, rows, says, settled)
