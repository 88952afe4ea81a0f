"""Activations, losses and clipping as a textbook page prints them: number by number.

A deliberate second writing, as `textbook.py` is one of the cells: the definitions by e^x,
logarithm and square root, without a shift, without a logarithm of a sum, and with an if
where a formula has two cases. It shares no code and no idea with `rnnref`.

Numbers are `mpf` of a context of the caller's; vectors are lists, and a batch is the
caller's loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Number: TypeAlias = Any  # an mpf of the caller's context; mpmath ships no types
Vector: TypeAlias = list[Number]


def activation(mp: Any, kind: str, alpha: Number | None, x: Number) -> Number:
    """phi(x), by its definition."""
    if kind == "identity":
        return x
    if kind == "sigmoid":
        return 1 / (1 + mp.exp(-x))
    if kind == "tanh":
        return (mp.exp(x) - mp.exp(-x)) / (mp.exp(x) + mp.exp(-x))
    if kind == "g_1997":
        return 4 / (1 + mp.exp(-x)) - 2
    if kind == "h_1997":
        return 2 / (1 + mp.exp(-x)) - 1
    if x > 0:
        return x
    if kind == "relu":
        return mp.mpf(0)
    if kind == "leaky_relu":
        return alpha * x
    if kind == "elu":
        return alpha * (mp.exp(x) - 1)
    raise KeyError(kind)


def softmax(mp: Any, x: Vector) -> Vector:
    """e^x[k] / sum_j e^x[j]."""
    total = mp.mpf(0)
    for j in range(len(x)):
        total += mp.exp(x[j])
    return [mp.exp(x[k]) / total for k in range(len(x))]


def cross_entropy(mp: Any, x: Vector, t: Vector) -> Number:
    """- sum_k t[k] log softmax(x)[k]."""
    p = softmax(mp, x)
    loss = mp.mpf(0)
    for k in range(len(x)):
        loss -= t[k] * mp.log(p[k])
    return loss


def squared_error(mp: Any, y: Vector, t: Vector, convention: str) -> Number:
    """sum_k (y[k] - t[k])^2, or half of it, or its share of one entry."""
    loss = mp.mpf(0)
    for k in range(len(y)):
        loss += (y[k] - t[k]) ** 2
    if convention == "half":
        loss /= 2
    elif convention == "mean":
        loss /= len(y)
    return loss


def l2_penalty(mp: Any, weights: Vector, alpha: Number, convention: str) -> Number:
    """alpha sum_k w[k]^2, or alpha/2 times it."""
    penalty = mp.mpf(0)
    for w in weights:
        penalty += (alpha / 2 if convention == "half" else alpha) * w**2
    return penalty


def norm(mp: Any, tensors: Mapping[str, Vector]) -> Number:
    """The length of the one vector that all tensors make together."""
    total = mp.mpf(0)
    for g in tensors.values():
        for v in g:
            total += v**2
    return mp.sqrt(total)


def clip_by_norm(
    mp: Any, tensors: Mapping[str, Vector], threshold: Number, epsilon: Number
) -> dict[str, Vector]:
    """If the norm exceeds the threshold, every number is multiplied by threshold over norm."""
    size = norm(mp, tensors) + epsilon
    if size <= threshold:
        return {name: list(g) for name, g in tensors.items()}
    return {name: [v * threshold / size for v in g] for name, g in tensors.items()}


def clip_by_value(tensors: Mapping[str, Vector], threshold: Number) -> dict[str, Vector]:
    """Every number beyond the threshold, on either side, becomes the threshold on that side."""
    clipped: dict[str, Vector] = {}
    for name, g in tensors.items():
        clipped[name] = []
        for v in g:
            if v > threshold:
                clipped[name].append(threshold)
            elif v < -threshold:
                clipped[name].append(-threshold)
            else:
                clipped[name].append(v)
    return clipped


def rescale(mp: Any, tensors: Mapping[str, Vector], threshold: Number) -> dict[str, Vector]:
    """Every number is multiplied by threshold over norm."""
    size = norm(mp, tensors)
    return {name: [v * threshold / size for v in g] for name, g in tensors.items()}
