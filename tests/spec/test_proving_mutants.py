"""A mistake in the reference's backward formulas is a step of a proof that fails.

The mistakes are those of the reference's own tests. Left out are the few that only show in
sequences of different lengths, in functions with a kink, or in what no proof asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from mutants.formulas import cells, derivatives, feedforward
from mutants.patching import Mutant
from rnnref.feedforward import BatchNorm, Dense, Residual
from rnnspec.kit.proving import Prover
from rnnspec.proof import Layer, NotProved, Stack

Networks: TypeAlias = list[tuple[Any, int, int]]
"""Layers or stacks, each with a number of steps and of sequences."""

OUT_OF_REACH = (
    "alpha",  # of leaky ReLU and ELU
    "clip",
    "relu slope",
    "padding has a gradient",
    "an ended sequence loses its gradient",
    "gradients-by-link-in-reverse",
    "inference-differentiated-as-training",
)


def within_reach(mutants: list[Mutant]) -> list[Mutant]:
    return [m for m in mutants if not any(word.replace(" ", "-") in m.name for word in OUT_OF_REACH)]


ELMAN: Networks = [
    (Layer("rnn", 1, 2), 2, 2),
    (Layer("jordan", 1, 2, outputs=2, output_activation="sigmoid"), 2, 1),
]
LSTM: Networks = [
    (Layer("lstm", 1, 1), 2, 1),
    (Layer("lstm", 1, 1, forget_gate=False), 1, 1),
    (Layer("lstm", 1, 1, coupled=True), 1, 1),
    *((Layer("lstm", 1, 1, peepholes=p), 1, 1) for p in ("gers", "previous", "layers", "wikipedia")),
]
GRU: Networks = [
    (Layer("gru", 1, 1, biases="two", reset=reset, update=update), 1, 1)
    for reset in ("before", "after")
    for update in ("keeps", "replaces")
]
STACKED: Networks = [(Stack(Layer("rnn", 1, 1), 2, bidirectional=True), 2, 1)]
BY_MODULE: dict[str, list[tuple[Any, int, int]]] = {
    "elman": ELMAN,
    "lstm": LSTM,
    "gru": GRU,
    "stacking": STACKED,
}
CHAINS: list[tuple[Any, ...]] = [
    (Dense(2, 2, "sigmoid"), Dense(2, 2, "tanh")),
    (BatchNorm(1),),
    (Residual((Dense(1, 1, "tanh"), Dense(1, 1, "sigmoid"))),),
]


def networks(module: str) -> None:
    for layer, steps, batch in BY_MODULE.get(module, [*ELMAN, *LSTM, *STACKED]):
        prove = Prover()
        prove.backpropagation(prove.network(layer, steps, batch))


def chains() -> None:
    for links in CHAINS:
        prove = Prover()
        prove.backpropagation(prove.chain(*links, batch=3))


def jacobians() -> None:
    for layer, _, _ in (*ELMAN, *LSTM, *GRU, *BIGGER):
        prove = Prover()
        net = prove.network(layer, 1)
        run = prove.reference.run(net)
        for blocks in (prove.reference.jacobian_formulas(net)[0], prove.reference.jacobians(net)[0]):
            for new in layer.states:
                for old in layer.states:
                    slopes = prove.derivative(run.state[new][0], net.state[old][0])
                    prove.identical(blocks[f"d{new}/d{old}"][0], slopes)


BIGGER = [(Layer("lstm", 1, 2), 1, 1), (Layer("gru", 1, 2, reset="before"), 1, 1)]


def refused(mutant: Mutant, proof: Callable[[], None]) -> None:
    with mutant.planted(), pytest.raises(NotProved, match=r"^step \d+: "):
        proof()


def test_the_formulas_as_they_are_are_proved() -> None:
    for module in BY_MODULE:
        networks(module)
    chains()
    jacobians()


@pytest.mark.parametrize("mutant", within_reach(cells.BACKWARD), ids=lambda mutant: mutant.name)
def test_back_propagation_of_cells(mutant: Mutant) -> None:
    refused(mutant, lambda: networks(mutant.where.split(":")[0].rpartition(".")[2]))


@pytest.mark.parametrize("mutant", within_reach(feedforward.GRADIENTS), ids=lambda mutant: mutant.name)
def test_back_propagation_of_chains(mutant: Mutant) -> None:
    refused(mutant, chains)


@pytest.mark.parametrize("mutant", within_reach(derivatives.ONE_STEP), ids=lambda mutant: mutant.name)
def test_jacobians(mutant: Mutant) -> None:
    refused(mutant, jacobians)


def test_few_are_out_of_reach() -> None:
    every = [*cells.BACKWARD, *feedforward.GRADIENTS, *derivatives.ONE_STEP]
    assert len(every) - len(within_reach(every)) < len(every) / 6
