"""PyTorch's own recurrent layers, and all of ours on its tensors, with gradients by autograd.

Products can be replaced by worse ones, forward and backward, to see whether that is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from frameworks.equations import Library, functions_of, run
from rnnref import Cotangent, Format, Layer, Network, Stack

Answer: TypeAlias = dict[str, NDArray[Any]]
Product: TypeAlias = Callable[[Tensor, Tensor], Tensor]

# The order in which PyTorch stacks the gates, and what it calls what is stacked.
GATES = {"rnn": "h", "lstm": "ifgo", "gru": "rzn"}
STACKED = {"weight_ih": "W", "weight_hh": "U", "bias_ih": "b", "bias_hh": "bU"}
MODULES: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def answer(network: Network, cotangent: Cotangent, fmt: Format, product: str = "plain") -> Answer:
    """All outputs and gradients by our equations on PyTorch's tensors, named as in `reference.exact`."""
    lengths = _lengths(network)
    lib = LIBRARIES[product]

    def forward(p: Any, xs: Tensor, state: Any) -> Any:
        return run(lib, network.layer, p, xs, state, lengths)

    return _answer(forward, network, cotangent, fmt)


def has(network: Network) -> bool:
    """Whether PyTorch's own layers have the options of this network."""
    layer = network.layer.layer if isinstance(network.layer, Stack) else network.layer
    plain = Layer(layer.kind, layer.inputs, layer.hidden, biases=layer.biases, outputs=layer.outputs)
    if layer.kind == "rnn" and layer.activation == "relu":
        plain = replace(plain, activation="relu")
    # It packs no sequence of no steps, nor runs one.
    return layer.kind in MODULES and layer == plain and min(_lengths(network)) > 0


def native(network: Network, cotangent: Cotangent, fmt: Format) -> Answer:
    """The same by `nn.RNN`, `nn.LSTM` or `nn.GRU`, sequences of different lengths being packed."""
    recurrent = network.layer if isinstance(network.layer, Stack) else Stack(network.layer)
    suffixes = [place.suffix for level in recurrent.levels for place in level]
    layer = recurrent.layer
    module = MODULES[layer.kind](
        layer.inputs,
        layer.hidden,
        num_layers=recurrent.depth,
        bias=layer.biases != "none",
        bidirectional=recurrent.bidirectional,
        **({"nonlinearity": layer.activation} if layer.kind == "rnn" else {}),
    )

    def ours(suffix: str) -> str:
        return suffix if isinstance(network.layer, Stack) else ""

    def forward(p: Mapping[str, Tensor], xs: Tensor, state: Mapping[str, Tensor]) -> Any:
        none = torch.zeros(layer.hidden, dtype=xs.dtype)
        stacked = {
            name + suffix: torch.cat(
                [p.get(f"{own}_{gate}{ours(suffix)}", none) for gate in GATES[layer.kind]]
            )
            for name, own in STACKED.items()
            if layer.biases != "none" or "bias" not in name
            for suffix in suffixes
        }
        initial = [torch.stack([state[name + ours(suffix)] for suffix in suffixes]) for name in layer.states]
        given: Any = xs
        if network.lengths is not None:
            given = pack_padded_sequence(xs, torch.tensor(network.lengths), enforce_sorted=False)
        start = tuple(initial) if layer.kind == "lstm" else initial[0]
        outputs, final = torch.func.functional_call(module, stacked, (given, start))
        if network.lengths is not None:
            outputs, _ = pad_packed_sequence(outputs, total_length=network.steps)
        by_name = zip(layer.states, final if layer.kind == "lstm" else [final], strict=True)
        return outputs, {
            name + ours(suffix): value[k] for name, value in by_name for k, suffix in enumerate(suffixes)
        }

    return _answer(forward, network, cotangent, fmt)


def _answer(forward: Any, network: Network, cotangent: Cotangent, fmt: Format) -> Answer:
    def leaf(values: Any) -> Tensor:
        return torch.from_numpy(np.array(values, dtype=fmt.dtype)).requires_grad_()

    p = {name: leaf(value) for name, value in network.parameters.items()}
    xs = leaf(network.inputs)
    state = {name: leaf(value) for name, value in network.state.items()}
    outputs, final = forward(p, xs, state)
    gradients = torch.autograd.grad(
        [outputs, *final.values()],
        [*p.values(), xs, *state.values()],
        [leaf(cotangent.outputs), *(leaf(cotangent.state[name]) for name in final)],
        materialize_grads=True,
    )
    names = [*(f"d{name}" for name in p), "dinputs", *(f"d{name}_0" for name in state)]
    found = {"outputs": outputs} | {f"final {name}": value for name, value in final.items()}
    found |= dict(zip(names, gradients, strict=True))
    return {name: value.detach().numpy() for name, value in found.items()}


def _lengths(network: Network) -> NDArray[Any]:
    return np.array(network.lengths or [network.steps] * network.batch)


def _loop(step: Any, state: Any, sequences: Any) -> Any:
    xs, live = sequences
    outputs = []
    for x, going_on in zip(xs, torch.from_numpy(live), strict=True):
        state, output = step(state, x, going_on)
        outputs.append(output)
    if outputs:
        return torch.stack(outputs), state
    some = state.get("y", state.get("h"))
    return some[np.newaxis][:0], state  # of no steps, but with the state's shape and history


class Worse(torch.autograd.Function):
    """x W^T by another product, and the gradients of it as well."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, W: Tensor, product: Product) -> Tensor:
        ctx.save_for_backward(x, W)
        ctx.product = product
        return product(x, W)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        (d,) = cotangents
        x, W = ctx.saved_tensors
        return ctx.product(d, W.T), ctx.product(d.T, x.T), None


def tf32_operands(x: Tensor, W: Tensor) -> Tensor:
    """Operands rounded to the 10 stored bits of tf32, the rest in float32."""

    def cut(a: Tensor) -> Tensor:
        return ((a.contiguous().view(torch.int32) + (1 << 12)) & -(1 << 13)).view(torch.float32)

    return cut(x) @ cut(W).T


def float32_sums(x: Tensor, W: Tensor) -> Tensor:
    """Operands and their products in float64, only added up in float32."""
    terms = x[:, None, :] * W[None, :, :]
    return terms.to(torch.float32).sum(dim=2).to(torch.float64)


def _library(product: Product) -> Library:
    return Library(
        product,
        functions_of(torch.sigmoid, torch.tanh, torch.relu, functional.leaky_relu, functional.elu),
        lambda a, bound: torch.clamp(a, -bound, bound),
        torch.where,
        lambda parts: torch.cat(parts, dim=-1),
        _loop,
    )


_worse: Any = Worse.apply  # which has no types

LIBRARIES = {
    "plain": _library(lambda x, W: x @ W.T),
    "tf32": _library(lambda x, W: _worse(x, W, tf32_operands)),
    "float32 sums": _library(lambda x, W: _worse(x, W, float32_sums)),
}
