"""From NumPy's arrays to PyTorch's tensors and back, in every format that both have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NotImplementedType
from typing import Any

import ml_dtypes
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

FloatArray = NDArray[np.floating[Any]]
Arrays = Mapping[str, FloatArray]

# What the contract has for options that a library lacks, of a type that is not Any.
NOT_OFFERED: NotImplementedType = NotImplemented


def tensor(array: FloatArray) -> Tensor:
    """A copy, since tensors are always writable."""
    if array.dtype == ml_dtypes.bfloat16:  # which PyTorch does not know of NumPy
        return torch.from_numpy(np.array(array).view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(np.array(array))


def array(values: Tensor) -> FloatArray:
    """The array of a tensor's values."""
    values = values.detach()
    if values.dtype == torch.bfloat16:
        bits: NDArray[Any] = values.contiguous().view(torch.int16).numpy()
        return bits.view(ml_dtypes.bfloat16)
    plain: FloatArray = values.numpy()
    return plain


def arrays(named: Mapping[str, Tensor]) -> dict[str, FloatArray]:
    """The arrays of tensors by name."""
    return {name: array(values) for name, values in named.items()}


def dtype_named(name: str) -> torch.dtype:
    """PyTorch's format of that name."""
    found: torch.dtype = getattr(torch, name)
    return found


def gradients(outputs: Sequence[Tensor], by: Sequence[Tensor], cotangents: Sequence[Tensor]) -> list[Tensor]:
    """By autograd; 0 by what the outputs do not depend on."""
    found = torch.autograd.grad(outputs, by, cotangents, materialize_grads=True)
    return list(found)


def count(module: nn.Module) -> int:
    """How many trainable numbers a module has."""
    return sum(int(parameter.numel()) for parameter in module.parameters())
