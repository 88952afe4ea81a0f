"""Chains of `nn.Linear`, `nn.BatchNorm1d` and residual blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from rnnref.feedforward import BatchNorm, Chain, Dense, Link, Residual
from rnnref.feedforward.residual import within
from rnnspec.implementations.torch_.functions import activation
from rnnspec.implementations.torch_.tensors import Arrays, tensor

# What our parameters and running statistics are called there.
NAMES = {
    "W": "weight",
    "b": "bias",
    "gamma": "weight",
    "beta": "bias",
    "mean": "running_mean",
    "variance": "running_var",
}


class Activated(nn.Module):
    """A linear layer and what follows it."""

    def __init__(self, linear: nn.Linear, phi: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.linear = linear
        self.phi = phi

    def forward(self, x: Tensor) -> Tensor:
        return self.phi(self.linear(x))


class Shortcut(nn.Module):
    """x + F(x)."""

    def __init__(self, inside: nn.Sequential) -> None:
        super().__init__()
        self.inside = inside

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inside(x)


def chain_module(chain: Chain, dtype: torch.dtype) -> nn.Sequential | None:
    """The chain as a module, None where PyTorch lacks one of its links."""
    return _sequential(chain.links, dtype)


def runs(chain: Chain, batch: int) -> bool:
    """Whether PyTorch takes a batch of this size.

    It normalizes neither a batch of one nor without an epsilon, but by running statistics.
    """
    training = [
        link for _, link in within(chain.links) if isinstance(link, BatchNorm) and link.mode == "training"
    ]
    return not training or (batch > 1 and all(link.epsilon > 0 for link in training))


def load(module: nn.Sequential, chain: Chain, parameters: Arrays, statistics: Arrays) -> None:
    """Give the module our parameters and running statistics."""
    ours = {**parameters, **statistics}
    with torch.no_grad():
        for name, theirs in _named(module, chain, chain.parameter_shapes | chain.statistic_shapes):
            theirs.copy_(tensor(ours[name]))


def parameters_of(module: nn.Module, chain: Chain) -> dict[str, Tensor]:
    """The module's parameters by our names."""
    return dict(_named(module, chain, chain.parameter_shapes))


def _named(
    module: nn.Module, chain: Chain, names: dict[str, tuple[int, ...]]
) -> Iterator[tuple[str, Tensor]]:
    """Of some of our names (`W_1`, `gamma_2_1`) the module's tensors."""
    leaves = [leaf for leaf in module.modules() if isinstance(leaf, (nn.Linear, nn.BatchNorm1d))]
    by_place = dict(zip((place for place, _ in within(chain.links)), leaves, strict=True))
    for name in names:
        kind, _, place = name.partition("_")
        yield name, getattr(by_place[place], NAMES[kind])


def _sequential(links: tuple[Link, ...], dtype: torch.dtype) -> nn.Sequential | None:
    modules = []
    for link in links:
        made = _module(link, dtype)
        if made is None:
            return None
        modules.append(made)
    return nn.Sequential(*modules)


def _module(link: Link, dtype: torch.dtype) -> nn.Module | None:
    match link:
        case Dense():
            phi = activation(link.activation, link.alpha)
            linear = nn.Linear(link.inputs, link.outputs, bias=link.bias, dtype=dtype)
            return None if phi is None else Activated(linear, phi)
        case BatchNorm():
            norm = nn.BatchNorm1d(link.features, eps=link.epsilon, momentum=link.momentum, dtype=dtype)
            return norm.train(link.mode == "training")
        case Residual():
            inside = _sequential(link.inside, dtype)
            return None if inside is None else Shortcut(inside)
