"""Recurrent networks as a textbook page prints them: number by number, index by index.

A deliberate second writing. It shares no code and no idea with `rnnref`: no matrices, no
folding of biases, no formula common to two cells, and the two squashing functions are
their definitions by e^x. Whoever wants to know whether `rnnref` computes the right thing
compares it with this page, and whoever doubts this page can read it.

Numbers are `mpf` of a context of the caller's; arrays are nested lists:
inputs[t][b][j], state["h"][b][k], parameters["W_i"][k][j], parameters["U_i"][k][l],
parameters["b_i"][k], and outputs[t][b][k] come back.

Sources: Elman 1990; Hochreiter and Schmidhuber 1997; Gers et al. 2000; Cho et al. 2014 and
Chung et al. 2014; the documentation of cuDNN for the reset gate after the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import mpmath

Number: TypeAlias = Any  # an mpf of the caller's context; mpmath ships no types
Vector: TypeAlias = list[Number]


def precision(bits: int) -> Any:
    """A context of mpmath's that works with so many bits, and is nobody else's."""
    context = mpmath.MPContext()
    context.prec = bits
    return context


def run(
    mp: Any,
    options: Mapping[str, Any],
    parameters: Mapping[str, Any],
    inputs: list[list[Vector]],
    state: Mapping[str, list[Vector]],
) -> tuple[list[list[Vector]], dict[str, list[Vector]]]:
    """All h_t and the final state; every sequence of the batch is run by itself."""
    batch = len(state["h"])
    outputs: list[list[Vector]] = [[[] for _ in range(batch)] for _ in inputs]
    final: dict[str, list[Vector]] = {name: [] for name in state}

    for b in range(batch):
        h = list(state["h"][b])
        c = list(state["c"][b]) if options["kind"] == "lstm" else []

        for t in range(len(inputs)):
            x = inputs[t][b]
            if options["kind"] == "rnn":
                h = elman(mp, options, parameters, x, h)
            elif options["kind"] == "lstm":
                h, c = lstm(mp, options, parameters, x, h, c)
            elif options["kind"] == "gru":
                h = gru(mp, options, parameters, x, h)
            outputs[t][b] = h

        final["h"].append(h)
        if options["kind"] == "lstm":
            final["c"].append(c)
    return outputs, final


def elman(mp: Any, options: Mapping[str, Any], p: Mapping[str, Any], x: Vector, h: Vector) -> Vector:
    """h'[k] = phi( sum_j W[k][j] x[j] + b[k] + sum_l U[k][l] h[l] + bU[k] )."""
    new = []
    for k in range(len(h)):
        a = from_input(mp, p, "h", k, x) + from_state(mp, p, "h", k, h)
        if options["activation"] == "tanh":
            new.append(tanh(mp, a))
        elif options["activation"] == "sigmoid":
            new.append(sigmoid(mp, a))
        elif options["activation"] == "relu":
            new.append(a if a > 0 else mp.mpf(0))
    return new


def lstm(
    mp: Any, options: Mapping[str, Any], p: Mapping[str, Any], x: Vector, h: Vector, c: Vector
) -> tuple[Vector, Vector]:
    """c'[k] = f[k] c[k] + i[k] g[k] and h'[k] = o[k] tanh c'[k]; f[k] = 1 without a forget gate."""
    new_h, new_c = [], []
    for k in range(len(h)):
        i = sigmoid(mp, from_input(mp, p, "i", k, x) + from_state(mp, p, "i", k, h))
        if options["forget_gate"]:
            f = sigmoid(mp, from_input(mp, p, "f", k, x) + from_state(mp, p, "f", k, h))
        else:
            f = mp.mpf(1)
        g = tanh(mp, from_input(mp, p, "g", k, x) + from_state(mp, p, "g", k, h))
        o = sigmoid(mp, from_input(mp, p, "o", k, x) + from_state(mp, p, "o", k, h))
        cell = f * c[k] + i * g
        new_c.append(cell)
        new_h.append(o * tanh(mp, cell))
    return new_h, new_c


def gru(mp: Any, options: Mapping[str, Any], p: Mapping[str, Any], x: Vector, h: Vector) -> Vector:
    """h'[k] mixes the candidate n[k] and the old h[k] in the proportions that z[k] says."""
    size = len(h)
    r = [sigmoid(mp, from_input(mp, p, "r", k, x) + from_state(mp, p, "r", k, h)) for k in range(size)]
    z = [sigmoid(mp, from_input(mp, p, "z", k, x) + from_state(mp, p, "z", k, h)) for k in range(size)]

    new = []
    for k in range(size):
        if options["reset"] == "before":
            reset_h = [r[j] * h[j] for j in range(size)]
            a = from_input(mp, p, "n", k, x) + from_state(mp, p, "n", k, reset_h)
        else:
            a = from_input(mp, p, "n", k, x) + r[k] * from_state(mp, p, "n", k, h)
        n = tanh(mp, a)
        if options["update"] == "keeps":
            new.append(z[k] * h[k] + (1 - z[k]) * n)
        else:
            new.append(z[k] * n + (1 - z[k]) * h[k])
    return new


def from_input(mp: Any, p: Mapping[str, Any], gate: str, k: int, x: Vector) -> Number:
    """sum_j W[k][j] x[j] + b[k], where there is a b."""
    total = mp.mpf(0)
    for j in range(len(x)):
        total += p["W_" + gate][k][j] * x[j]
    if "b_" + gate in p:
        total += p["b_" + gate][k]
    return total


def from_state(mp: Any, p: Mapping[str, Any], gate: str, k: int, h: Vector) -> Number:
    """sum_l U[k][l] h[l] + bU[k], where there is a second bias bU."""
    total = mp.mpf(0)
    for j in range(len(h)):
        total += p["U_" + gate][k][j] * h[j]
    if "bU_" + gate in p:
        total += p["bU_" + gate][k]
    return total


def sigmoid(mp: Any, a: Number) -> Number:
    """1 / (1 + e^-a)."""
    return 1 / (1 + mp.exp(-a))


def tanh(mp: Any, a: Number) -> Number:
    """(e^a - e^-a) / (e^a + e^-a)."""
    up = mp.exp(a)
    down = 1 / up
    return (up - down) / (up + down)
