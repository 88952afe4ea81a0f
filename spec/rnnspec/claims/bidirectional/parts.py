"""Words for taking a stack apart, shared by the claims about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np

from rnnspec.protocol import Cotangent, LayerKind, Network, Stack
from rnnspec.subject import Numbers

GATES: Mapping[LayerKind, int] = {"rnn": 1, "gru": 3, "lstm": 4}
"""How many affine maps a layer of each kind has."""


def stack_of(network: Network) -> Stack:
    """The network's layer, which is a stack."""
    return cast(Stack, network.layer)


def direction_of(network: Network, reverse: bool) -> Network:
    """One direction of the lowest level as a layer by itself: its inputs are in the order it reads them."""
    place = stack_of(network).levels[0][reverse]
    inputs = network.inputs[::-1] if reverse else network.inputs
    return Network(place.layer, place.own(network.parameters), inputs, place.own(network.state))


def level_of(network: Network, level: int, inputs: Any) -> Network:
    """One level of a stack as a stack by itself, over the outputs of the level below."""
    stack = stack_of(network)
    alone = Stack(stack.levels[level][0].layer, 1, bidirectional=stack.bidirectional)
    parameters, state = (of_level(network, level, named) for named in (network.parameters, network.state))
    return Network(alone, parameters, inputs, state)


def of_level(network: Network, level: int, named: Mapping[str, Any]) -> dict[str, Any]:
    """Of tensors by name those of one level, under the names that they have in that level alone."""
    levels = stack_of(network).levels
    places = zip(levels[0], levels[level], strict=True)
    return {name: value for lowest, here in places for name, value in lowest.named(here.own(named)).items()}


def halves(network: Network, outputs: Any) -> tuple[Numbers, Numbers]:
    """The outputs of the forward and of the backward direction, each (T, B, n), in the order of time."""
    n = network.layer.hidden
    return outputs[..., :n], outputs[..., n:]


def mirrored(named: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors by name with the two directions exchanged."""
    return {
        name.removesuffix("_reverse") if name.endswith("_reverse") else f"{name}_reverse": value
        for name, value in named.items()
    }


def negated(named: Mapping[str, Any], reverse: bool) -> dict[str, Any]:
    """Tensors by name with those of one direction negated: other numbers, and of every format."""
    return {k: -v if k.endswith("_reverse") == reverse else v for k, v in named.items()}


def with_other(network: Network, reverse: bool) -> Network:
    """The network with other parameters and another initial state in one direction."""
    return replace(
        network,
        parameters=negated(network.parameters, reverse),
        state=negated(network.state, reverse),
    )


def on_everything(network: Network) -> Cotangent:
    """A cotangent of all outputs and of all final states, no two neighbours alike."""
    sizes = network.layer.state_sizes.items()
    outputs = np.resize(PATTERN, (network.steps, network.batch, network.layer.width))
    state = {
        name: np.resize(np.roll(PATTERN, k), (network.batch, size))
        for k, (name, size) in enumerate(sizes, start=1)
    }
    return Cotangent(outputs, state)


def on_direction(network: Network, reverse: bool) -> Cotangent:
    """The same, but of one direction of the only level: on all that is the other's it is 0."""
    d = on_everything(network)
    halves(network, d.outputs)[not reverse][:] = 0
    state = {name: value * (name.endswith("_reverse") == reverse) for name, value in d.state.items()}
    return Cotangent(d.outputs, state)


PATTERN = (1.0, -0.5, 0.25, 2.0, -1.5)
"""Entries of cotangents, numbers of every format."""
