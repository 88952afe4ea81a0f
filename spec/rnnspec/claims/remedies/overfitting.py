"""The L2 penalty: what it does to overfitting."""

from __future__ import annotations

import numpy as np

from rnnspec.claim import EMPIRICAL, claim
from rnnspec.evidence import Lab, Outcome, Plan, Start
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0
from rnnspec.tasks import Examples, Task

# ------------------------------------------------------------------------------------------
overfitting = claim(
    "REM-16",
    title="With few examples, weight decay narrows the gap between known and new ones",
    says="Regularisation restricts the weights of the network and thereby overfitting.",
    statement="With the penalty, the loss on new examples exceeds that on known ones by less.",
    equation="""
        gap = loss on 256 new examples − loss on the 16 known ones
        ten inputs, of which the answer depends on one, and noise; α = 0 and α = 0.2
    """,
    verdict=EMPIRICAL,
    finding="supported",
    because="""
        Generalisation is a matter of the data. Here a linear unit with ten inputs learns from 16
        examples an answer that depends on one of them, with as much noise; without the penalty it
        fits the noise with the other nine weights. With it the gap is narrower and the loss on new
        examples smaller, by pairs on the same seeds. Where there is no noise to be fitted, the
        penalty may do harm.
    """,
    sources=[D0("1.3, solution 2")],
    see=["REM-13", "REM-15"],
)


def one_of_ten() -> Task:
    """The first of ten normal numbers, plus normal noise."""

    def draw(random: np.random.Generator, batch: int) -> Examples:
        inputs = random.normal(size=(1, batch, 10))
        return Examples(inputs, inputs[..., :1] + random.normal(size=(1, batch, 1)))

    return Task("one of ten, with noise", 10, 1, "squared", draw)


@overfitting.experiment
def gap_between_known_and_new(lab: Lab) -> Outcome:
    """Trained on 16 examples, tested on 256 others, with the penalty and without it."""
    chain = Chain((Dense(10, 1),))
    with_it, without = (
        lab.train(chain, one_of_ten(), Start("glorot"), Plan(0.2, 200, batch=16, examples=16, l2=alpha))
        for alpha in (0.2, 0.0)
    )
    gap = lab.difference(
        "gap with α − without", with_it.tested - with_it.known, without.tested - without.known
    )
    new = lab.difference("loss on new examples, with α − without", with_it.tested, without.tested)
    verdict = "supported" if gap.below(0) and new.below(0) else "not supported"
    return Outcome(
        verdict,
        [gap, new],
        f"the gap changes by {gap.value:+.3f}, the loss on new examples by {new.value:+.3f}",
        settled=(gap.below(0) and new.below(0)) or gap.above(0) or new.above(0),
    )
