"""What can only be measured, or only be recorded, of simple recurrent networks."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from rnnspec.claim import EMPIRICAL, claim
from rnnspec.evidence import Lab, Outcome, Plan, Start
from rnnspec.experiment import Chain, Dense
from rnnspec.protocol import Layer
from rnnspec.sources import D1, D4
from rnnspec.tasks import recall

HIDDEN, DEPTH = 32, 50
SMALL, LARGE = 1.0, 4.0
STRONG, WEAK = 1.0, 0.1
GATED: tuple[Literal["lstm", "gru"], ...] = ("lstm", "gru")

# ------------------------------------------------------------------------------------------
more_easily = claim(
    "RNN-30",
    title="Whether an RNN's gradients vanish sooner than a deep net's depends on what it reads",
    says="""
        Compared with ordinary networks, simple recurrent ones are easily hit by the two notorious
        problems: gradients so small that learning stops, or so large that it overshoots.
    """,
    statement="""
        For random weights, gradients vanish faster over 50 steps of a tanh RNN than over 50
        tanh layers of the same width, and explode where those do.
    """,
    equation="""
        g = ln(‖Jᵀ v‖ / ‖v‖) / 50,   J = ∂h_50/∂h_0,  v random
        n = 32,  weights uniform within ± gain/√n,  gain 1 and 4
        inputs normal,  standard deviation 1 and 1/10
    """,
    verdict=EMPIRICAL,
    finding="depends on the size of the inputs",
    because="""
        With the weights that libraries begin with, gain 1, and inputs of standard deviation 1, an
        RNN loses more a step than an ordinary net a layer, also more than an LSTM or a GRU. With a
        tenth of such inputs it loses no more than the net. The net reads its input once; the RNN
        reads one at every step, and what it reads drives its units out of the middle of tanh,
        where slopes are largest. With weights four times as large the net explodes, and so
        does the RNN with weak inputs, while with strong ones it still vanishes. As all factors of
        an RNN contain the same matrix, its seeds lie further apart. That sequences are long
        and ordinary nets are not, is not in these numbers, which are by step and by layer. Gains
        and inputs were chosen after a first look at more of them.
    """,
    sources=[D1("0, what an LSTM is"), D4("RNN training")],
    see=["RNN-23", "RNN-33", "DEP-19", "EMP-02"],
)


@more_easily.experiment
def growth_by_step_and_by_layer(lab: Lab) -> Outcome:
    """The same width and depth, from the same kind of weights; LSTM and GRU beside them."""
    layers = Chain((Dense(HIDDEN, HIDDEN, "tanh"),) * DEPTH)

    def steps(kind: Literal["rnn", "lstm", "gru"], gain: float, inputs: float) -> Any:
        start = Start("uniform", gain)
        return lab.gradient_growth(Layer(kind, HIDDEN, HIDDEN), start, DEPTH, inputs) / DEPTH

    net = {gain: lab.gradient_growth(layers, Start("uniform", gain)) / DEPTH for gain in (SMALL, LARGE)}
    rnn = {(gain, inputs): steps("rnn", gain, inputs) for gain in net for inputs in (STRONG, WEAK)}
    means = [lab.mean(f"layers, gain {gain:g}", g) for gain, g in net.items()]
    means += [lab.mean(f"RNN, gain {gain:g}, inputs {inputs:g}", g) for (gain, inputs), g in rnn.items()]
    means += [lab.mean(f"{kind.upper()}, gain 1, inputs 1", steps(kind, SMALL, STRONG)) for kind in GATED]
    strong, weak = (
        lab.difference(f"RNN − layers, gain 1, inputs {inputs:g}", rnn[SMALL, inputs], net[SMALL])
        for inputs in (STRONG, WEAK)
    )
    grow = [lab.frequency("layers grow, gain 4", net[LARGE] > 0)]
    grow += [lab.frequency(f"RNN grows, gain 4, inputs {i:g}", rnn[LARGE, i] > 0) for i in (STRONG, WEAK)]
    apart = lab.ratio("distance from the median, RNN / layers", _apart(rnn[SMALL, WEAK]), _apart(net[SMALL]))
    sooner = {inputs: row.below(0) for inputs, row in ((STRONG, strong), (WEAK, weak))}
    net_grows, strong_grows, weak_grows = (row.low > 0.5 for row in grow)
    if sooner[STRONG] and not sooner[WEAK] and net_grows and weak_grows and not strong_grows:
        verdict = "depends on the size of the inputs"
    elif all(sooner.values()) and strong_grows and weak_grows:
        verdict = "supported"
    else:
        verdict = "not supported"
    return Outcome(
        verdict,
        [*means, strong, weak, *grow, apart],
        f"at gain 1 the RNN vanishes faster, with strong inputs: {_yes(sooner[STRONG])}, with weak ones: "
        f"{_yes(sooner[WEAK])}; at gain 4 it explodes, with strong inputs: {_yes(strong_grows)}, "
        f"with weak ones: {_yes(weak_grows)}",
        settled=not strong.low <= 0 <= strong.high and not any(r.low <= 0.5 <= r.high for r in grow),
    )


def _apart(g: Any) -> Any:
    return abs(g - np.median(g))


def _yes(it_is: bool) -> str:
    return "yes" if it_is else "no"


# ------------------------------------------------------------------------------------------
most_used = claim(
    "RNN-32",
    title="Whether Elman's network is the most used kind is a matter of record",
    says="Of the two kinds, Elman's network seems to be the one that is used most; tutorials have it.",
    statement="Of simple recurrent networks that are in use, more feed back h than feed back y.",
    equation="h_t = φ(W x_t + U h_{t−1} + b)   rather than   φ(W x_t + U y_{t−1} + b)",
    verdict=EMPIRICAL,
    finding="recorded",
    because="""
        It is a statement about people. For what it is worth, the layer that PyTorch calls RNN is
        Elman's, and it has none of Jordan's kind. A count of uses would need a corpus, and
        nothing here depends on it.
    """,
    sources=[D4("vanilla RNN")],
    see=["RNN-31"],
)


@most_used.experiment
def popularity(lab: Lab) -> Outcome:
    """Nothing to measure."""
    return Outcome.recorded("how often something is used is no property of networks; a survey would show it")


# ------------------------------------------------------------------------------------------
NEAR, FAR = 1, 200
PLAN = Plan(learning_rate=0.3, steps=40, batch=8, clip=1.0)

examples = claim(
    "RNN-35",
    title="After the same short training, an RNN recalls what it read one step ago, not 200 steps ago",
    says="""
        A sentence whose missing word is determined by the word just before it is completed by a
        simple RNN; one in which it depends on a word more than 200 characters earlier is
        not, in reality by almost no RNN.
    """,
    statement="""
        Trained alike to recall a sign after some steps of noise, a tanh RNN is right after 200 steps
        less often by more than 1/4 than after 1 step, when it is right more than 3 times in 4.
    """,
    equation="right(1) > 3/4,   right(1) − right(200) > 1/4",
    verdict=EMPIRICAL,
    finding="supported",
    because="""
        The examples are made up, so the task is a synthetic one of the same kind: a sign is read
        first, then noise, and the sign is asked for at the end. In 40 steps of gradient descent
        the near one is learnt, the far one is guessed. That is about training, and a
        short one: a network that keeps a sign for ever exists (RNN-27), and careful tuning may
        find it, as the document itself says of ideal conditions.
    """,
    sources=[D1("0, what an LSTM is")],
    see=["RNN-27", "RNN-33", "EMP-12"],
)


@examples.experiment
def lagged_recall(lab: Lab) -> Outcome:
    """Eight units; the same plan for both lags."""
    near, far = (
        lab.train(Layer("rnn", 2, 8), recall(lag), Start("glorot"), PLAN, one_in=3).right
        for lag in (NEAR, FAR)
    )
    rows = [lab.mean(f"right answers, lag {NEAR}", near), lab.mean(f"right answers, lag {FAR}", far)]
    lost = lab.difference("the difference", near, far)
    learnt, forgotten = rows[0].above(0.75), lost.above(0.25)
    return Outcome(
        "supported" if learnt and forgotten else "not supported",
        [*rows, lost],
        f"lag 1 is learnt: {_yes(learnt)}; lag 200 is not: {_yes(forgotten)}",
        settled=(learnt or rows[0].below(0.75)) and (forgotten or lost.below(0.25)),
    )
