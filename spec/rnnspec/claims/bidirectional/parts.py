"""Words for taking a stack apart, shared by the claims about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np

from rnnspec.protocol import Cotangent, Network, Stack
from rnnspec.subject import Numbers


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
    here = stack.levels[level]
    alone = Stack(here[0].layer, 1, bidirectional=stack.bidirectional)
    parameters: dict[str, Any] = {}
    state: dict[str, Any] = {}
    for new, old in zip(alone.levels[0], here, strict=True):
        parameters |= new.named(old.own(network.parameters))
        state |= {k: v for k, v in new.named(old.own(network.state)).items() if k in alone.states}
    parameters = {name: parameters[name] for name in alone.parameter_shapes}
    return Network(alone, parameters, inputs, state)


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


def on_outputs(network: Network, outputs: Any) -> Cotangent:
    """A cotangent of the outputs alone."""
    sizes = network.layer.state_sizes.items()
    return Cotangent(outputs, {name: np.zeros((network.batch, size)) for name, size in sizes})


def pattern(network: Network, width: int | None = None) -> Any:
    """A cotangent of outputs, (T, B, width), no two neighbours alike."""
    width = network.layer.width if width is None else width
    return np.resize((1.0, -0.5, 0.25, 2.0, -1.5), (network.steps, network.batch, width))
