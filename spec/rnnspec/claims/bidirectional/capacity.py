"""What more levels are good for."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from rnnspec.claim import EMPIRICAL, claim
from rnnspec.evidence import Lab, Layer, Outcome, Plan, Prove, Start
from rnnspec.hold import Hold
from rnnspec.protocol import Stack
from rnnspec.sources import D4
from rnnspec.strategies import LayerSizes, wholes
from rnnspec.subject import Array, Subject
from rnnspec.tasks import Examples, Task

Depth = Annotated[int, wholes(1, 3)]

# ------------------------------------------------------------------------------------------
more_levels = claim(
    "BID-06",
    title="More levels have more parameters, and learn more examples by heart",
    says="Stacking recurrent layers adds parameters and raises the model's ability to learn.",
    statement="""
        With more levels of the same size the parameters are more, and the loss on examples that
        are to be learnt by heart is smaller after the same number of steps.
    """,
    equation="""
        one more level, both directions:  2gn(3n + k) parameters more, which is 2gn(2n + n + k)
        random signs, 16 sequences, 3 steps, n = 4, 80 steps of learning: loss of L = 3 / loss of L = 1
    """,
    verdict=EMPIRICAL,
    finding="supported",
    because="""
        That there are more parameters is counting. What they can do is measured where nothing
        but capacity counts: signs that were drawn at random, which can only be learnt
        by heart. It is measured in one setting, with one learning rate and one number of steps, and
        says nothing about examples that were not learnt from: of random signs there is
        nothing to be known.
    """,
    sources=[D4("stacked bidirectional RNNs")],
    floats="Counting is exact.",
    see=["BID-04", "BID-05"],
)


@more_levels.law(needs=["parameter_count"])
def each_level_adds_parameters(impl: Subject, hold: Hold, sizes: LayerSizes, depth: Depth) -> None:
    """One more bidirectional level of RNN, GRU or LSTM adds 2gn(3n + k) parameters."""
    n, k = sizes.n, {"none": 0, "one": 1, "two": 2}[sizes.biases]
    for kind, gates in (("rnn", 1), ("gru", 3), ("lstm", 4)):
        layer = Layer(kind, sizes.m, n, biases=sizes.biases)  # type: ignore[arg-type]
        less, more = (
            impl.parameter_count(Stack(layer, levels, bidirectional=True)) for levels in (depth, depth + 1)
        )
        hold.exactly(more - less, 2 * gates * n * (3 * n + k), f"parameters of another {kind} level")


@more_levels.proof
def more_for_every_depth(prove: Prove) -> None:
    """From L to L + 1 levels, as a polynomial in m, n and L: 2n(3n + 1) more, which is above 0."""
    (L,), (n,) = prove.sizes("L"), prove.sizes("n")

    def stack(m: int, n: int, L: int) -> Stack:
        return Stack(Layer("rnn", m, n), L, bidirectional=True)

    count = prove.count_in_depth(stack, "m n", "L")
    added = prove.at(count, {"L": L + 1}) - count
    prove.identical(added, 2 * n * (3 * n + 1))
    prove.positive(added)


def _random_signs(random: np.random.Generator, batch: int) -> Examples:
    inputs: Array = random.normal(size=(3, batch, 1))
    return Examples(inputs, np.where(random.random((1, batch, 1)) < 0.5, -1.0, 1.0))


BY_HEART = Task("random signs", 1, 1, "squared", _random_signs, signs=True)
PLAN = Plan(learning_rate=0.3, steps=80, batch=16, examples=16, clip=1.0)


@more_levels.experiment
def learning_by_heart(lab: Lab) -> Outcome:
    """The loss on sixteen sequences with random signs, of one level and of three, in pairs."""
    one, three = (
        lab.train(
            Stack(Layer("rnn", 1, 4), levels, bidirectional=True), BY_HEART, Start("uniform"), PLAN
        ).known
        for levels in (1, 3)
    )
    ratio = lab.ratio("loss with three levels / loss with one", three, one)
    rows = [lab.median("loss with one level", one), lab.median("loss with three levels", three), ratio]
    better = ratio.below(1)
    return Outcome(
        "supported" if better else "not supported",
        rows,
        "whether the 95 % interval of the ratio, trial by trial, is below 1",
        settled=better or ratio.above(1),
    )
