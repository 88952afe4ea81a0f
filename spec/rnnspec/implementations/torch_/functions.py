"""Activations, losses and clipping of PyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": nn.Identity(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
}

# By the names that their parameter has there.
PARAMETRIC: dict[str, Any] = {
    "leaky_relu": (functional.leaky_relu, "negative_slope"),
    "elu": (functional.elu, "alpha"),
}


def activation(kind: str, alpha: float | None = None) -> Callable[[Tensor], Tensor] | None:
    """PyTorch's function of that name, None where it has none."""
    if kind not in PARAMETRIC:
        return ACTIVATIONS.get(kind)
    function, parameter = PARAMETRIC[kind]
    return partial(function, **{parameter: alpha})


def row_losses(kind: str, y: Tensor, t: Tensor) -> Tensor | None:
    """The loss of every row, (B,); None where PyTorch has none of that name.

    PyTorch's factor is that of the mean. A half of the sum is the sum that it is made of.
    """
    match kind:
        case "cross_entropy":
            return functional.cross_entropy(y, t, reduction="none")
        case "mean_squares":
            return functional.mse_loss(y, t, reduction="none").mean(dim=1)
        case "sum_squares":
            return functional.mse_loss(y, t, reduction="none").sum(dim=1)
        case "half_squares":
            return functional.mse_loss(y, t, reduction="none").sum(dim=1) / 2
    return None


def clipped(kind: str, tensors: Mapping[str, Tensor], threshold: float) -> dict[str, Tensor] | None:
    """Gradients after `clip_grad_norm_` or `clip_grad_value_`; None for another kind.

    PyTorch divides by norm + 1e-6, and clips to a little less than the threshold.
    """
    clippings: dict[str, Any] = {"norm": nn.utils.clip_grad_norm_, "value": nn.utils.clip_grad_value_}
    if kind not in clippings:
        return None
    parameters = [torch.zeros_like(gradient) for gradient in tensors.values()]
    for parameter, gradient in zip(parameters, tensors.values(), strict=True):
        parameter.grad = gradient  # which is clipped in place
    clippings[kind](parameters, threshold)
    return dict(tensors)
