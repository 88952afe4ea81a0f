"""What more levels are good for."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from rnnspec.claim import EMPIRICAL, claim
from rnnspec.claims.bidirectional.parts import GATES
from rnnspec.claims.empirical.weighing import Setting, weighed
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
    title="More levels have more parameters; whether they learn faster depends on the kind of layer",
    says="Stacking recurrent layers adds parameters and raises the model's ability to learn.",
    statement="""
        With more levels of the same size the parameters are more, and the loss on examples that
        are to be learnt by heart is smaller after the same number of steps.
    """,
    equation="""
        one more level, both directions:  2gn(3n + k) parameters more, which is 2gn(2n + n + k)
        16 sequences of 3 steps with random signs, n = 4, 80 steps of learning at the rate 7/10:
        E(L = 3) / E(L = 1) < 1
    """,
    verdict=EMPIRICAL,
    finding="depends on the kind of layer",
    because="""
        That there are more parameters is counting. What they can do is measured where nothing
        but capacity counts: signs that were drawn at random, which can only be learnt by heart.
        Three levels of RNN are ahead of one, at the end by a third or more; three levels of LSTM lag behind
        one. (That what three half-closed gates let through is small would be a reason; it was not
        examined.) This is how fast they learn, not what they can: after 1000 steps at the rate 1 no
        difference was left to be seen, both knew nearly all of it. A first look at other rates,
        other numbers of steps and Glorot's weights showed the same of both kinds, and the GRU near 1.

        None of it says anything about examples that were not learnt from: of random signs
        there is nothing to be known.
    """,
    sources=[D4("stacked bidirectional RNNs")],
    floats="Counting is exact.",
    see=["BID-04", "BID-05"],
)


@more_levels.law(needs=["parameter_count"])
def each_level_adds_parameters(impl: Subject, hold: Hold, sizes: LayerSizes, depth: Depth) -> None:
    """One more bidirectional level of RNN, GRU or LSTM adds 2gn(3n + k) parameters."""
    n, k = sizes.n, sizes.k
    for kind, gates in GATES.items():
        layer = Layer(kind, sizes.m, n, biases=sizes.biases)
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
PLAN = Plan(learning_rate=0.7, steps=80, batch=16, examples=16, clip=1.0)
KINDS: tuple[tuple[Literal["rnn", "lstm"], int], ...] = (("rnn", 1), ("lstm", 2))
"""The kinds of layer, each with how many of the trials are left to one."""


@more_levels.experiment
def learning_by_heart(lab: Lab) -> Outcome:
    """The loss on sixteen sequences with random signs, of one level and of three, in pairs."""
    rows, ratios = [], {}
    for kind, one_in in KINDS:
        one, three = (
            lab.train(
                Stack(Layer(kind, 1, 4), levels, bidirectional=True),
                BY_HEART,
                Start("uniform"),
                PLAN,
                one_in=one_in,
            ).known
            for levels in (1, 3)
        )
        ratios[kind] = lab.ratio(f"{kind}: loss with three levels / loss with one", three, one)
        rows += [
            lab.median(f"{kind}: loss with one level", one),
            lab.median(f"{kind}: loss with three levels", three),
            ratios[kind],
        ]
    settings = [
        Setting({"the kind of layer": kind}, row.below(1), row.above(1)) for kind, row in ratios.items()
    ]
    verdict, settled, says = weighed(settings, supporting=["rnn"], contradicting=["lstm"])
    return Outcome(verdict, rows, says, settled)
