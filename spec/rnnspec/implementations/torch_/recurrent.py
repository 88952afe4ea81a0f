"""`nn.RNN`, `nn.LSTM` and `nn.GRU`: in levels, in both directions, and with their gates packed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnnref import Layer, Stack
from rnnref.stack import Place, levels_of
from rnnspec.implementations.torch_.tensors import Arrays, FloatArray, array, tensor

# The order in which PyTorch stacks the gates in its weights.
PACKED = {"rnn": ("h",), "lstm": ("i", "f", "g", "o"), "gru": ("r", "z", "n")}

# Which of our matrices and vectors are stacked in which of PyTorch's parameters.
STACKS = {"weight_ih": "W", "weight_hh": "U", "bias_ih": "b", "bias_hh": "bU"}


def recurrent_module(recurrent: Layer | Stack, dtype: torch.dtype) -> nn.RNNBase | None:
    """PyTorch's module of this kind, None where it has none."""
    stack = recurrent if isinstance(recurrent, Stack) else Stack(recurrent)
    layer = stack.layer
    options: dict[str, Any] = {
        "input_size": layer.inputs,
        "hidden_size": layer.hidden,
        "num_layers": stack.depth,
        "bidirectional": stack.bidirectional,
        "bias": layer.biases != "none",
        "dtype": dtype,
    }
    # An option that is not at its default is one that PyTorch does not have, but for a few.
    plain = Layer(layer.kind, layer.inputs, layer.hidden, biases=layer.biases, outputs=layer.outputs)
    match layer.kind:
        case "rnn" if layer.activation in ("tanh", "relu") and layer == replace(
            plain, activation=layer.activation
        ):
            return nn.RNN(nonlinearity=layer.activation, **options)
        case "lstm" if layer == plain:
            return nn.LSTM(**options)
        case "gru" if layer == plain:
            return nn.GRU(**options)
    return None


def load(module: nn.RNNBase, recurrent: Layer | Stack, parameters: Arrays) -> None:
    """Give the module our parameters, stacked as it wants them; a missing bias is 0."""
    with torch.no_grad():
        for name, block in _blocks(recurrent, dict(module.named_parameters())):
            ours = parameters.get(name)
            block.copy_(torch.zeros_like(block) if ours is None else tensor(ours))


def unpacked(recurrent: Layer | Stack, stacked: Mapping[str, Tensor]) -> dict[str, FloatArray]:
    """What is stacked like the parameters by our names, that of a bias we do not have left out."""
    found = {name: array(block) for name, block in _blocks(recurrent, stacked)}
    return {name: found[name] for name in recurrent.parameter_shapes}


def forward(module: nn.RNNBase, x: Tensor, initial: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """The outputs, and the final states in the order of the initial ones."""
    if isinstance(module, nn.LSTM):
        outputs, final = module(x, tuple(initial))
        return outputs, list(final)
    outputs, h = module(x, initial[0])
    return outputs, [h]


def packed_states(recurrent: Layer | Stack, state: Arrays) -> list[Tensor]:
    """States (B, n) as PyTorch has them: for h and for c all places on top of each other."""
    places = _places(recurrent)
    return [tensor(np.stack([place.own(state)[name] for place in places])) for name in places[0].layer.states]


def named_states(recurrent: Layer | Stack, packed: Sequence[Tensor]) -> dict[str, FloatArray]:
    """The way back."""
    named = {}
    for k, place in enumerate(_places(recurrent)):
        own = zip(place.layer.states, packed, strict=True)
        named.update(place.named({name: array(values[k]) for name, values in own}))
    return named


def _places(recurrent: Layer | Stack) -> list[Place]:
    return [place for level in levels_of(recurrent) for place in level]


def _blocks(recurrent: Layer | Stack, stacked: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Stacked parameters taken apart, one block of n rows a gate; blocks share their memory."""
    for place in _places(recurrent):
        for theirs, ours in STACKS.items():
            whole = stacked.get(theirs + (place.suffix or "_l0"))
            if whole is not None:
                n = place.layer.hidden
                for k, gate in enumerate(PACKED[place.layer.kind]):
                    yield f"{ours}_{gate}{place.suffix}", whole.narrow(0, k * n, n)
