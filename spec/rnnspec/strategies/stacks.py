"""Stacks of layers with their numbers: levels on top of each other, and both directions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from hypothesis import strategies as st

from rnnspec.drawn import Drawn
from rnnspec.protocol import Format, Layer, Network, Stack
from rnnspec.strategies.networks import Sizes, with_numbers
from rnnspec.strategies.small import among, between


def stacks(
    *,
    kinds: Sequence[str] = ("rnn", "gru", "lstm"),
    depth: Sizes = (1, 3),
    directions: Sequence[int] = (2,),
    hidden: Sizes = (1, 3),
    inputs: Sizes = (1, 2),
    steps: Sizes = (1, 4),
    batch: Sizes = (1, 2),
    scales: Sequence[int] = (0, -1, 1),
    biases: Sequence[str] = ("two", "one", "none"),
) -> Drawn[Network]:
    """Stacks of one kind of layer, as networks.

    Args:
        kinds: of the layers, of which each stack has one.
        depth: the smallest and the largest number of levels.
        directions: 1, 2, or both of them.
        hidden, inputs, steps, batch: the smallest and the largest n, m, T and B.
        scales: weights are drawn from [-2, 2] times 2^scale.
        biases: conventions for the biases, of which each stack has one.
    """

    @st.composite
    def drawn(draw: st.DrawFn) -> Network:
        layer = Layer(
            draw(among(*kinds)),
            draw(between(*inputs)),
            draw(between(*hidden)),
            biases=draw(among(*biases)),
        )
        both = draw(among(*directions)) == 2
        stack = Stack(layer, draw(between(*depth)), bidirectional=both)
        return draw(with_numbers(stack, draw(between(*steps)), draw(between(*batch)), scales))

    return Drawn(name="stacks", strategy=lambda fmt: drawn(), regimes=_regimes)


def _regimes(network: Network, fmt: Format) -> Iterable[str]:
    stack = cast(Stack, network.layer)
    yield f"L = {stack.depth}"
    yield "two directions" if stack.bidirectional else "one direction"
    yield f"{stack.layer.kind} layers"
