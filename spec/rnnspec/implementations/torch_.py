"""PyTorch's `nn.RNN`, `nn.LSTM` and `nn.GRU` on the CPU, with gradients by autograd.

Imported by the worker only. What PyTorch does not have is answered `NotImplemented`: an
LSTM without forget gate, an Elman network with sigmoid, a GRU that resets before the
product or whose z = 1 replaces the state, a sequence of no steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import NotImplementedType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rnnref import Layer

FloatArray = NDArray[np.floating[Any]]
Arrays = Mapping[str, FloatArray]

# The order in which PyTorch stacks the gates in its weights.
PACKED = {"rnn": ("h",), "lstm": ("i", "f", "g", "o"), "gru": ("r", "z", "n")}

# Which of our matrices and vectors are stacked in which of PyTorch's parameters.
STACKS = {"weight_ih_l0": "W", "weight_hh_l0": "U", "bias_ih_l0": "b", "bias_hh_l0": "bU"}

# What the contract has for options that a library lacks, of a type that is not Any.
NOT_OFFERED: NotImplementedType = NotImplemented

ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}


class TorchImplementation:
    """PyTorch behind plain data.

    PyTorch has two bias vectors or none. Where a layer has one, it is given to
    `bias_ih`, and `bias_hh` is 0: the function computed is the same, and so is the
    gradient. The number of parameters is not, so it is not given for such a layer.

    It computes in one thread: sums are then added up in the same order every time, and
    several workers side by side do not compete for the cores.
    """

    name = "torch"
    version = str(torch.__version__)
    formats = ("float32", "float64")
    declares: Mapping[str, bool | str] = {"flushes_subnormals": False}

    def __init__(self) -> None:
        torch.set_num_threads(1)

    def activation(self, kind: str, x: FloatArray) -> FloatArray | NotImplementedType:
        """phi(x), entry by entry."""
        if kind not in ACTIVATIONS:
            return NOT_OFFERED
        return _array(ACTIVATIONS[kind](_tensor(x)))

    def activation_vjp(self, kind: str, x: FloatArray, dy: FloatArray) -> FloatArray | NotImplementedType:
        """phi'(x) times dy, by autograd."""
        if kind not in ACTIVATIONS:
            return NOT_OFFERED
        at = _tensor(x).requires_grad_()
        (dx,) = torch.autograd.grad(ACTIVATIONS[kind](at), at, _tensor(dy))
        return _array(dx)

    def run(
        self, layer: Layer, parameters: Arrays, inputs: FloatArray, state: Arrays
    ) -> tuple[FloatArray, Arrays] | NotImplementedType:
        """All h_t, shape (T, B, n), and the final state."""
        module = _module(layer, inputs)
        if module is None:
            return NOT_OFFERED
        _load(module, layer, parameters)
        with torch.no_grad():
            outputs, final = _forward(module, _tensor(inputs), _initial(layer, state))
        return _array(outputs), _named_states(layer, final)

    def run_vjp(
        self,
        layer: Layer,
        parameters: Arrays,
        inputs: FloatArray,
        state: Arrays,
        d_outputs: FloatArray,
        d_state: Arrays,
    ) -> tuple[Arrays, FloatArray, Arrays] | NotImplementedType:
        """The gradients with respect to parameters, inputs and initial state, by autograd."""
        module = _module(layer, inputs)
        if module is None:
            return NOT_OFFERED
        _load(module, layer, parameters)
        x = _tensor(inputs).requires_grad_()
        initial = [h.requires_grad_() for h in _initial(layer, state)]
        outputs, final = _forward(module, x, initial)
        weights = dict(module.named_parameters())
        gradients = torch.autograd.grad(
            [outputs, *final],
            [*weights.values(), x, *initial],
            [_tensor(d_outputs), *_initial(layer, d_state)],
        )
        by_weight = dict(zip(weights, gradients, strict=False))
        dx, *d_initial = gradients[len(weights) :]
        return _unpacked(layer, by_weight), _array(dx), _named_states(layer, d_initial)

    def parameter_count(self, layer: Layer) -> int | NotImplementedType:
        """How many numbers PyTorch's own layer has."""
        module = _module(layer) if layer.biases != "one" else None
        if module is None:
            return NOT_OFFERED
        return sum(int(parameter.numel()) for parameter in module.parameters())


def _module(layer: Layer, inputs: FloatArray | None = None) -> nn.RNNBase | None:
    """PyTorch's layer of this kind, None where it has none; in the format of the inputs."""
    if inputs is not None and len(inputs) == 0:
        return None
    sizes: dict[str, Any] = {
        "input_size": layer.inputs,
        "hidden_size": layer.hidden,
        "bias": layer.biases != "none",
        "dtype": torch.float32 if inputs is None else _tensor(inputs).dtype,
    }
    # An option that is not at its default is one that PyTorch does not have, but for a few.
    plain = Layer(layer.kind, layer.inputs, layer.hidden, biases=layer.biases, outputs=layer.outputs)
    match layer.kind:
        case "rnn" if layer.activation in ("tanh", "relu") and layer == replace(
            plain, activation=layer.activation
        ):
            return nn.RNN(nonlinearity=layer.activation, **sizes)
        case "lstm" if layer == plain:
            return nn.LSTM(**sizes)
        case "gru" if layer == plain:
            return nn.GRU(**sizes)
    return None


def _load(module: nn.RNNBase, layer: Layer, parameters: Arrays) -> None:
    """Give the module our parameters, stacked as it wants them; a missing bias is 0."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parts = [parameters.get(f"{STACKS[name]}_{gate}") for gate in PACKED[layer.kind]]
            for block, part in zip(_blocks(parameter, layer), parts, strict=True):
                block.copy_(torch.zeros_like(block) if part is None else _tensor(part))


def _unpacked(layer: Layer, gradients: Mapping[str, Tensor]) -> dict[str, FloatArray]:
    """Gradients of stacked parameters by our names, those of a bias we do not have left out."""
    found = {
        f"{STACKS[name]}_{gate}": _array(block)
        for name, gradient in gradients.items()
        for gate, block in zip(PACKED[layer.kind], _blocks(gradient, layer), strict=True)
    }
    return {name: found[name] for name in layer.parameter_shapes}


def _blocks(stack: Tensor, layer: Layer) -> Sequence[Tensor]:
    """A stacked parameter taken apart, one block of n rows a gate; they share its memory."""
    return [stack.narrow(0, k * layer.hidden, layer.hidden) for k in range(len(PACKED[layer.kind]))]


def _forward(module: nn.RNNBase, x: Tensor, initial: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """The outputs, and the final states in the order of the initial ones."""
    if isinstance(module, nn.LSTM):
        outputs, final = module(x, tuple(initial))
        return outputs, list(final)
    outputs, h = module(x, initial[0])
    return outputs, [h]


def _initial(layer: Layer, state: Arrays) -> list[Tensor]:
    """States (B, n) as PyTorch has them, (1, B, n): one layer, one direction."""
    return [_tensor(state[name][np.newaxis]) for name in layer.states]


def _named_states(layer: Layer, state: Sequence[Tensor]) -> dict[str, FloatArray]:
    return {name: _array(value[0]) for name, value in zip(layer.states, state, strict=True)}


def _tensor(array: FloatArray) -> Tensor:
    return torch.from_numpy(np.array(array))  # a copy: tensors are always writable


def _array(tensor: Tensor) -> FloatArray:
    array: FloatArray = tensor.detach().numpy()
    return array
