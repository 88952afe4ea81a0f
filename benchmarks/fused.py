"""An LSTM written straight for flint: what the reference would be without its number systems.

The yardstick for what the generality of `rnnref` costs. One batch member, one bias vector,
the gates stacked in one matrix: a = [W U] [x; h] + b with [W U] of shape (4n, m + n).
Entrywise work is done on plain lists, the weights' gradients are one product for all steps.
Written once more on purpose, and for speed; `speed.py` checks it against the reference
before it is timed.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from flint import arb, arb_mat

from rnnref import Cotangent, Network

Ball: TypeAlias = Any  # flint.arb, which ships no types
GATES = ("i", "f", "g", "o")
ONE = arb(1)


@dataclass(frozen=True)
class Fused:
    """An LSTM's numbers, lifted and stacked.

    Attributes:
        weights: [W U] over the gates i, f, g, o, of shape (4n, m + n).
        bias: (4n, 1).
    """

    m: int
    n: int
    weights: arb_mat
    bias: arb_mat
    xs: list[list[Ball]]
    h: list[Ball]
    c: list[Ball]
    dhs: list[list[Ball]]
    dh: list[Ball]
    dc: list[Ball]


def lifted(network: Network, cotangent: Cotangent) -> Fused:
    """The numbers of an LSTM with one bias vector and a batch of one."""
    p, m, n = network.parameters, network.layer.inputs, network.layer.hidden
    stacked = np.hstack([np.vstack([p[f"{kind}_{gate}"] for gate in GATES]) for kind in "WU"])
    bias = np.concatenate([p[f"b_{gate}"] for gate in GATES])
    return Fused(
        m,
        n,
        weights=arb_mat(4 * n, m + n, stacked.ravel().tolist()),
        bias=arb_mat(4 * n, 1, bias.tolist()),
        xs=[_balls(x[0]) for x in network.inputs],
        h=_balls(network.state["h"][0]),
        c=_balls(network.state["c"][0]),
        dhs=[_balls(d[0]) for d in cotangent.outputs],
        dh=_balls(cotangent.state["h"][0]),
        dc=_balls(cotangent.state["c"][0]),
    )


@dataclass(frozen=True)
class Step:
    """What the backward pass reads of a step: lists of length n, and [x; h_before]."""

    xh: list[Ball]
    c_before: list[Ball]
    i: list[Ball]
    f: list[Ball]
    g: list[Ball]
    o: list[Ball]
    tanh_c: list[Ball]
    h: list[Ball]


def forward(net: Fused) -> tuple[list[Step], list[Ball], list[Ball]]:
    """All steps, the final h and the final c."""
    n, h, c = net.n, net.h, net.c
    steps = []
    for x in net.xs:
        xh = x + h
        a = (net.weights * arb_mat(net.m + n, 1, xh) + net.bias).entries()
        i, f = _sigmoid(a[:n]), _sigmoid(a[n : 2 * n])
        g, o = list(map(arb.tanh, a[2 * n : 3 * n])), _sigmoid(a[3 * n :])
        c_before = c
        c = [f_ * c_ + i_ * g_ for f_, c_, i_, g_ in zip(f, c, i, g, strict=True)]
        tanh_c = list(map(arb.tanh, c))
        h = list(map(operator.mul, o, tanh_c))
        steps.append(Step(xh, c_before, i, f, g, o, tanh_c, h))
    return steps, h, c


@dataclass(frozen=True)
class FusedGradients:
    """Gradients: of [W U] (4n, m + n), of b (4n), of each x, and of the initial state."""

    weights: arb_mat
    bias: Sequence[Ball]
    xs: list[list[Ball]]
    h: list[Ball]
    c: list[Ball]


def backward(net: Fused, steps: list[Step]) -> FusedGradients:
    """Back-propagation through time."""
    m, n, T = net.m, net.n, len(steps)
    transposed = net.weights.transpose()
    dh, dc = net.dh, net.dc
    das: list[list[Ball]] = []
    dxs: list[list[Ball]] = []
    for step, dh_out in zip(reversed(steps), reversed(net.dhs), strict=True):
        dh = list(map(operator.add, dh, dh_out))
        dc = [
            dc_ + dh_ * o * (ONE - t * t) for dc_, dh_, o, t in zip(dc, dh, step.o, step.tanh_c, strict=True)
        ]
        da = [dc_ * g * (i * (ONE - i)) for dc_, g, i in zip(dc, step.g, step.i, strict=True)]
        da += [dc_ * c * (f * (ONE - f)) for dc_, c, f in zip(dc, step.c_before, step.f, strict=True)]
        da += [dc_ * i * (ONE - g * g) for dc_, i, g in zip(dc, step.i, step.g, strict=True)]
        da += [dh_ * t * (o * (ONE - o)) for dh_, t, o in zip(dh, step.tanh_c, step.o, strict=True)]
        dc = list(map(operator.mul, dc, step.f))
        dxh = (transposed * arb_mat(4 * n, 1, da)).entries()
        dxs.append(dxh[:m])
        dh = dxh[m:]
        das.append(da)
    rows = [entry for step in reversed(steps) for entry in step.xh]
    cotangents = arb_mat(T, 4 * n, [entry for da in das for entry in da]).transpose()
    return FusedGradients(
        weights=cotangents * arb_mat(T, m + n, rows),
        bias=(cotangents * arb_mat(T, 1, [1] * T)).entries(),
        xs=dxs[::-1],
        h=dh,
        c=dc,
    )


def named(net: Fused, gradients: FusedGradients) -> dict[str, list[Ball]]:
    """Gradients by the names of the parameters, of the state, and of all the x: flat lists."""
    m, n = net.m, net.n
    rows = gradients.weights.tolist()
    found = {"x": list(chain(*gradients.xs)), "h": gradients.h, "c": gradients.c}
    for k, gate in enumerate(GATES):
        own = slice(k * n, (k + 1) * n)
        found[f"W_{gate}"] = [entry for row in rows[own] for entry in row[:m]]
        found[f"U_{gate}"] = [entry for row in rows[own] for entry in row[m:]]
        found[f"b_{gate}"] = list(gradients.bias[own])
    return found


def _sigmoid(zs: list[Ball]) -> list[Ball]:
    return [ONE / (ONE + (-z).exp()) for z in zs]


def _balls(numbers: Any) -> list[Ball]:
    return list(map(arb, numbers.tolist()))
