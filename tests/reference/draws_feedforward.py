"""What the tests of feed-forward networks draw: chains of links with all their options."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

from reference.checks_feedforward import ChainExample, TrainingExample, TuningExample
from reference.draws import SCALES, SEEDS
from rnnref.feedforward import Autoencoder, BatchNorm, Chain, Dense, Descent, Link, Residual

SMOOTH = ("identity", "sigmoid", "tanh", "g_1997", "h_1997")
PARAMETRIC = ("leaky_relu", "elu")


@st.composite
def denses(draw: st.DrawFn, inputs: int, outputs: int, kinked: bool = True) -> Dense:
    """A dense link; one whose slope jumps has a bias.

    Without, it has its kink at 0 where all that it reads is 0, as after dead ReLUs, and there
    a difference is the mean of the slopes on both sides.
    """
    kinds = (*SMOOTH, "relu", *PARAMETRIC) if kinked else SMOOTH
    kind = draw(st.sampled_from(kinds))
    alpha = draw(st.sampled_from((0.01, 0.5, 1.5))) if kind in PARAMETRIC else None
    bias = kind not in SMOOTH or draw(st.booleans())
    return Dense(inputs, outputs, kind, alpha, bias)


@st.composite
def batch_norms(draw: st.DrawFn, features: int, exact: bool) -> BatchNorm:
    """A batch norm, with epsilon = 0 if `exact`."""
    return BatchNorm(
        features,
        0.0 if exact else draw(st.sampled_from((1e-5, 0.1))),
        draw(st.sampled_from(("training", "inference"))),
        draw(st.sampled_from(("unbiased", "biased"))),
        draw(st.sampled_from((0.1, 0.0, 0.75, 1.0))),
    )


@st.composite
def links(draw: st.DrawFn, inputs: int, outputs: int, exact: bool, deep: bool = True) -> Link:
    """Any link from `inputs` to `outputs` numbers."""
    kinds = ["dense"]
    if inputs == outputs:
        kinds += ["batch norm", "residual"] if deep else ["batch norm"]
    match draw(st.sampled_from(kinds)):
        case "dense":
            return draw(denses(inputs, outputs, kinked=not exact))
        case "batch norm":
            return draw(batch_norms(inputs, exact))
    sizes = [inputs, *draw(st.lists(st.integers(1, 3), max_size=1)), inputs]
    inside = (draw(links(m, n, exact, deep=False)) for m, n in pairwise(sizes))
    return Residual(tuple(inside))


@st.composite
def chains(draw: st.DrawFn, exact: bool, longest: int = 4) -> Chain:
    """One to `longest` links of one to three numbers."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=longest + 1))
    return Chain(tuple(draw(links(m, n, exact)) for m, n in pairwise(sizes)))


@st.composite
def chain_examples(draw: st.DrawFn, scales: st.SearchStrategy[float] = SCALES) -> ChainExample:
    """A drawn chain with all that goes into it, a batch of one to four.

    With epsilon = 0 the members of a batch must differ in every feature: there are two at
    least, and no ReLU, which makes them equal where it is dead.
    """
    exact = draw(st.booleans())
    chain = draw(chains(exact))
    batch = draw(st.integers(2 if exact else 1, 4))
    return chain_example(np.random.default_rng(draw(SEEDS)), chain, batch, draw(scales))


def chain_example(random: np.random.Generator, chain: Chain, batch: int, scale: float) -> ChainExample:
    """Normal numbers: the matrices of size `scale`, all else of size 1; running variances around 1."""
    return ChainExample(
        chain,
        numbers(random, chain, scale),
        {
            name: random.uniform(0.25, 2, shape) if name.startswith("variance") else random.normal(size=shape)
            for name, shape in chain.statistic_shapes.items()
        },
        random.normal(size=(batch, chain.inputs)),
        random.normal(size=(batch, chain.outputs)),
    )


def numbers(random: np.random.Generator, chain: Chain, scale: float) -> dict[str, Any]:
    return {
        name: random.normal(0, scale if name.startswith("W") else 1, shape)
        for name, shape in chain.parameter_shapes.items()
    }


@st.composite
def training_examples(draw: st.DrawFn) -> TrainingExample:
    """One to three small autoencoders and a few steps of descent."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    stages = tuple(Autoencoder(draw(denses(m, n)), draw(denses(n, m))) for m, n in pairwise(sizes))
    random = np.random.default_rng(draw(SEEDS))
    return training_example(random, stages, draw(st.integers(1, 3)), draw(descents()))


def training_example(
    random: np.random.Generator, stages: tuple[Autoencoder, ...], batch: int, how: Descent
) -> TrainingExample:
    parameters = [numbers(random, stage.chain, 0.7) for stage in stages]
    return TrainingExample(stages, parameters, random.normal(size=(batch, stages[0].encoder.inputs)), how)


@st.composite
def tuning_examples(draw: st.DrawFn) -> TuningExample:
    """A drawn chain that is trained on drawn targets."""
    drawn = draw(chain_examples(st.floats(0.1, 1)))
    how = draw(descents())
    return TuningExample(drawn.chain, drawn.parameters, drawn.statistics, drawn.x, drawn.dy, how)


@st.composite
def descents(draw: st.DrawFn) -> Descent:
    """Up to two steps, with and without a penalty."""
    rate = draw(st.sampled_from((0.125, 0.03)))
    return Descent(rate, draw(st.integers(0, 2)), draw(st.sampled_from((0.0, 0.05))))


def panel() -> list[ChainExample]:
    """Chains that have every option at work, always the same.

    The seed is arbitrary. First come those in which all sizes are the same, so that a mistake
    that fits them gives wrong numbers and not an exception.
    """
    random = np.random.default_rng(1986)
    return [
        chain_example(random, Chain(chain), batch=4, scale=0.7)
        for chain in (
            (Dense(2, 2, "sigmoid"), Dense(2, 2, "tanh")),
            (Residual((BatchNorm(2, 0.1, momentum=0.75), Dense(2, 2, "sigmoid"))), BatchNorm(2, 1e-5)),
            (Dense(2, 3, "sigmoid"), Dense(3, 4, "tanh", bias=False), Dense(4, 2)),
            (Dense(2, 3, "relu"), Dense(3, 2, "leaky_relu", 0.01), Dense(2, 3, "elu", 1.5)),
            (Dense(2, 3, "g_1997"), Dense(3, 2, "h_1997")),
            (BatchNorm(3),),
            (Dense(2, 3, "tanh"), BatchNorm(3, 0.1, running="biased"), Dense(3, 2, "sigmoid")),
            (Dense(2, 3), BatchNorm(3, 0.1, "inference"), Dense(3, 2, "tanh")),
            (Dense(2, 3), Residual((Dense(3, 4, "tanh"), Dense(4, 3))), Dense(3, 2, "sigmoid")),
            (Residual((Dense(2, 3), Residual((Dense(3, 3, "tanh"),)), Dense(3, 2))), Dense(2, 3)),
        )
    ]


def training_panel() -> list[TrainingExample | TuningExample]:
    """Two stages of pre-training, twice, and a chain with a batch norm that is tuned; always the same."""
    random = np.random.default_rng(2007)
    how = Descent(0.125, 2, l2=0.05)
    alike = (Autoencoder(Dense(2, 2, "tanh"), Dense(2, 2)), Autoencoder(Dense(2, 2, "sigmoid"), Dense(2, 2)))
    narrowing = (Autoencoder(Dense(4, 3, "tanh"), Dense(3, 4)), Autoencoder(Dense(3, 2), Dense(2, 3, "tanh")))
    chain = Chain((Dense(2, 3, "tanh"), BatchNorm(3, 0.1), Dense(3, 2)))
    tuned = chain_example(random, chain, 3, 0.7)
    return [
        training_example(random, alike, 3, how),
        training_example(random, narrowing, 3, how),
        TuningExample(chain, tuned.parameters, tuned.statistics, tuned.x, tuned.dy, how),
    ]
