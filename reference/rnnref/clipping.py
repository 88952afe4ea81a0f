"""Remedies for exploding gradients: clipping by norm, clipping by value, rescaling.

| remedy  | g becomes                     | source                                        |
| ------- | ----------------------------- | --------------------------------------------- |
| norm    | g min(1, theta / norm)        | Pascanu et al. 2013, Algorithm 1              |
| value   | each entry in [-theta, theta] | Mikolov 2012                                  |
| rescale | g theta / norm, always        | Algorithm 1 as it reads without its condition |

The norm is the Euclidean one of all tensors together, as libraries take it: a list of
tensors is one long vector, and all of them are multiplied by one factor.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnref.affine import added
from rnnref.systems.base import Matrix, System


def norm(s: System[Matrix], tensors: Sequence[Matrix]) -> Matrix:
    """The Euclidean norm of all entries of one tensor or more, a (1, 1)."""
    return s.sqrt(added(s.sum_columns(s.sum_rows(g * g)) for g in tensors))


def clip_by_norm(
    s: System[Matrix], tensors: Sequence[Matrix], theta: float, epsilon: float = 0.0
) -> list[Matrix]:
    """g min(1, theta / (norm + epsilon)) for every tensor g.

    Below the threshold the factor is exactly 1 and nothing changes, nor do zeros. PyTorch
    adds an epsilon of 1e-6 to the norm; what comes out is then a little shorter than theta.
    """
    bound = s.matrix(np.full((1, 1), theta))
    # min(1, theta / size) as theta / max(size, theta), which divides by no 0.
    factor = bound / s.largest(s.above([norm(s, tensors) + epsilon, bound]))
    return [g * factor for g in tensors]


def clip_by_value(s: System[Matrix], tensors: Sequence[Matrix], theta: float) -> list[Matrix]:
    """Every entry that is beyond -theta or theta is set to it."""
    return [s.clip(g, theta) for g in tensors]


def rescale(s: System[Matrix], tensors: Sequence[Matrix], theta: float) -> list[Matrix]:
    """g theta / norm for every tensor g, whatever the norm: small gradients are blown up.

    In floats, where the squares of all entries underflow the norm is 0, and what comes out infinite.
    """
    factor = theta / norm(s, tensors)
    return [g * factor for g in tensors]
