"""PyTorch on the CPU, with gradients by autograd.

Imported by the worker only. What PyTorch does not have is answered `NotImplemented`: an
LSTM without forget gate, an Elman network with sigmoid, a GRU that resets before the
product or whose z = 1 replaces the state, a sequence of no steps, the squashing functions
of 1997, batch norm of a batch of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NotImplementedType

import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnref import Layer, Stack
from rnnref.feedforward import Chain
from rnnspec.implementations.torch_ import feedforward, recurrent
from rnnspec.implementations.torch_.functions import activation, clipped, row_losses
from rnnspec.implementations.torch_.tensors import (
    NOT_OFFERED,
    Arrays,
    FloatArray,
    array,
    arrays,
    count,
    dtype_named,
    gradients,
    tensor,
)

__all__ = ["TorchImplementation"]

Architecture = Layer | Stack | Chain


class TorchImplementation:
    """PyTorch behind plain data.

    PyTorch's recurrent layers have two bias vectors or none. Where a layer has one, it is
    given to `bias_ih`, and `bias_hh` is 0: the function computed is the same, and so is the
    gradient. The number of parameters is not, so neither it nor what they begin with is
    given for such a layer.

    It computes in one thread: sums are then added up in the same order every time, and
    several workers side by side do not compete for the cores.
    """

    name = "torch"
    version = str(torch.__version__)
    formats = ("float16", "bfloat16", "float32", "float64")
    declares: Mapping[str, bool | str] = {"flushes_subnormals": False}

    def __init__(self) -> None:
        torch.set_num_threads(1)

    def activation(
        self, kind: str, x: FloatArray, alpha: float | None = None
    ) -> FloatArray | NotImplementedType:
        """phi(x), entry by entry."""
        phi = activation(kind, alpha)
        return NOT_OFFERED if phi is None else array(phi(tensor(x)))

    def activation_vjp(
        self, kind: str, x: FloatArray, dy: FloatArray, alpha: float | None = None
    ) -> FloatArray | NotImplementedType:
        """phi'(x) times dy, by autograd."""
        phi, at = activation(kind, alpha), tensor(x).requires_grad_()
        return NOT_OFFERED if phi is None else array(*gradients([phi(at)], [at], [tensor(dy)]))

    def softmax(self, x: FloatArray) -> FloatArray:
        """The softmax of every row, (B, n)."""
        return array(functional.softmax(tensor(x), dim=1))

    def softmax_vjp(self, x: FloatArray, dy: FloatArray) -> FloatArray:
        """The cotangent of x, by autograd."""
        at = tensor(x).requires_grad_()
        return array(*gradients([functional.softmax(at, dim=1)], [at], [tensor(dy)]))

    def loss(self, kind: str, y: FloatArray, t: FloatArray) -> FloatArray | NotImplementedType:
        """The loss of every row, (B,)."""
        losses = row_losses(kind, tensor(y), tensor(t))
        return NOT_OFFERED if losses is None else array(losses)

    def loss_gradient(self, kind: str, y: FloatArray, t: FloatArray) -> FloatArray | NotImplementedType:
        """The gradient of the sum of all losses by y, (B, n), by autograd."""
        at = tensor(y).requires_grad_()
        losses = row_losses(kind, at, tensor(t))
        return NOT_OFFERED if losses is None else array(*gradients([losses], [at], [torch.ones_like(losses)]))

    def clip(self, kind: str, tensors: Arrays, threshold: float) -> Arrays | NotImplementedType:
        """All tensors, clipped in place as gradients are."""
        done = clipped(kind, {name: tensor(g) for name, g in tensors.items()}, threshold)
        return NOT_OFFERED if done is None else arrays(done)

    def chain(
        self, chain: Chain, parameters: Arrays, statistics: Arrays, x: FloatArray
    ) -> FloatArray | NotImplementedType:
        """The outputs of the last link, (B, n)."""
        module = _loaded_chain(chain, parameters, statistics, x)
        return NOT_OFFERED if module is None else array(module(tensor(x)))

    def chain_vjp(
        self, chain: Chain, parameters: Arrays, statistics: Arrays, x: FloatArray, dy: FloatArray
    ) -> tuple[Arrays, FloatArray] | NotImplementedType:
        """The gradients of the parameters and of x, by autograd."""
        module = _loaded_chain(chain, parameters, statistics, x)
        if module is None:
            return NOT_OFFERED
        named, at = feedforward.parameters_of(module, chain), tensor(x).requires_grad_()
        *by_name, dx = gradients([module(at)], [*named.values(), at], [tensor(dy)])
        return arrays(dict(zip(named, by_name, strict=True))), array(dx)

    def run(
        self, layer: Layer | Stack, parameters: Arrays, inputs: FloatArray, state: Arrays
    ) -> tuple[FloatArray, Arrays] | NotImplementedType:
        """All h_t, shape (T, B, n), and the final state."""
        module = _loaded(layer, parameters, inputs)
        if module is None:
            return NOT_OFFERED
        with torch.no_grad():
            initial = recurrent.packed_states(layer, state)
            outputs, final = recurrent.forward(module, tensor(inputs), initial)
        return array(outputs), recurrent.named_states(layer, final)

    def run_vjp(
        self,
        layer: Layer | Stack,
        parameters: Arrays,
        inputs: FloatArray,
        state: Arrays,
        d_outputs: FloatArray,
        d_state: Arrays,
    ) -> tuple[Arrays, FloatArray, Arrays] | NotImplementedType:
        """The gradients with respect to parameters, inputs and initial state, by autograd."""
        module = _loaded(layer, parameters, inputs)
        if module is None:
            return NOT_OFFERED
        x = tensor(inputs).requires_grad_()
        initial = [h.requires_grad_() for h in recurrent.packed_states(layer, state)]
        outputs, final = recurrent.forward(module, x, initial)
        weights = dict(module.named_parameters())
        found = gradients(
            [outputs, *final],
            [*weights.values(), x, *initial],
            [tensor(d_outputs), *recurrent.packed_states(layer, d_state)],
        )
        by_weight: dict[str, Tensor] = dict(zip(weights, found, strict=False))
        dx, *d_initial = found[len(weights) :]
        return recurrent.unpacked(layer, by_weight), array(dx), recurrent.named_states(layer, d_initial)

    def parameter_count(self, layer: Architecture) -> int | NotImplementedType:
        """How many numbers PyTorch's own module has."""
        module = _own(layer, torch.float32)
        return NOT_OFFERED if module is None else count(module)

    def initial_parameters(self, layer: Architecture, seed: int, format: str) -> Arrays | NotImplementedType:
        """What PyTorch's own module begins with, after `torch.manual_seed`."""
        torch.manual_seed(seed)
        module = _own(layer, dtype_named(format))
        if module is None:
            return NOT_OFFERED
        if isinstance(layer, Chain):
            return arrays(feedforward.parameters_of(module, layer))
        return recurrent.unpacked(layer, dict(module.named_parameters()))


def _own(layer: Architecture, dtype: torch.dtype) -> nn.Module | None:
    """PyTorch's module, None where it has another number of parameters."""
    if isinstance(layer, Chain):
        return feedforward.chain_module(layer, dtype)
    single = layer.layer if isinstance(layer, Stack) else layer
    return None if single.biases == "one" else recurrent.recurrent_module(layer, dtype)


def _loaded(layer: Layer | Stack, parameters: Arrays, inputs: FloatArray) -> nn.RNNBase | None:
    """PyTorch's module with our parameters, None where it has none or takes no such sequence."""
    if len(inputs) == 0:
        return None
    module = recurrent.recurrent_module(layer, dtype_named(inputs.dtype.name))
    if module is not None:
        recurrent.load(module, layer, parameters)
    return module


def _loaded_chain(
    chain: Chain, parameters: Arrays, statistics: Arrays, x: FloatArray
) -> nn.Sequential | None:
    """The chain with our numbers, None where PyTorch lacks a link or takes no such batch."""
    if not feedforward.runs(chain, len(x)):
        return None
    module = feedforward.chain_module(chain, dtype_named(x.dtype.name))
    if module is not None:
        feedforward.load(module, chain, parameters, statistics)
    return module
