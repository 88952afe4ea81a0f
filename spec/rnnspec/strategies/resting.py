"""Networks that stay where they are: no input, a state of 0, and nothing that would move it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from rnnspec.drawn import Drawn
from rnnspec.protocol import LayerKind, Network
from rnnspec.strategies.networks import networks


def at_rest(network: Network, biases: Iterable[str]) -> Network:
    """The same weights without input, from a state of 0, and without these biases."""
    state = {name: np.zeros_like(value) for name, value in network.state.items()}
    still = Network(network.layer, network.parameters, np.zeros_like(network.inputs), state)
    return still.with_parameters(**dict.fromkeys(biases, 0))


def resting(kind: LayerKind, bias: str, **options: Any) -> Drawn[Network]:
    """Layers of up to three units whose candidate is 0 at rest, for up to four steps.

    Args:
        kind: `lstm` or `gru`.
        bias: the candidate's.
        options: of the layer.
    """

    def rests(network: Network) -> bool:
        arrays = (network.inputs, network.parameters[bias], *network.state.values())
        return all(bool(np.all(array == 0)) for array in arrays)

    return networks(
        kind,
        hidden=(1, 3),
        inputs=(1, 1),
        steps=(0, 4),
        batch=(1, 1),
        biases="one",
        scales=(0, 1, -1, 3),
        also=lambda network: at_rest(network, [bias]),
        where=rests,
        **options,
    )
