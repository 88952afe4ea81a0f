"""Recurrent networks as a textbook page prints them: number by number, index by index.

A deliberate second writing. It shares no code and no idea with `rnnref`: no matrices, no
folding of biases, no formula common to two cells, and the two squashing functions are
their definitions by e^x. Whoever wants to know whether `rnnref` computes the right thing
compares it with this page, and whoever doubts this page can read it.

Numbers are `mpf` of a context of the caller's; arrays are nested lists:
inputs[t][b][j], state["h"][b][k], parameters["W_i"][k][j], parameters["U_i"][k][l],
parameters["b_i"][k], parameters["P_i"][k], and outputs[t][b][k] come back.

Sources: Elman 1990; Jordan 1986; Hochreiter and Schmidhuber 1997; Gers et al. 2000 and 2002;
Greff et al. 2017; Cho et al. 2014 and Chung et al. 2014; the documentation of cuDNN for the
reset gate after the product; Wikipedia's article on LSTM for the peepholes called after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    lengths: Sequence[int] | None = None,
) -> tuple[list[list[Vector]], dict[str, list[Vector]]]:
    """All outputs and the final state; every sequence of the batch is run by itself.

    `lengths` says where each sequence ends; what comes out after that is 0.
    """
    first = "y" if options["kind"] == "jordan" else "h"
    batch = len(state[first])
    outputs: list[list[Vector]] = [[[] for _ in range(batch)] for _ in inputs]
    final: dict[str, list[Vector]] = {name: [] for name in state}

    for b in range(batch):
        h = list(state[first][b])
        c = list(state["c"][b]) if options["kind"] == "lstm" else []

        for t in range(len(inputs)):
            if lengths is not None and t >= lengths[b]:
                outputs[t][b] = [mp.mpf(0) for _ in h]
                continue
            x = inputs[t][b]
            if options["kind"] == "rnn":
                h = elman(mp, options, parameters, x, h)
            elif options["kind"] == "jordan":
                h = jordan(mp, options, parameters, x, h)
            elif options["kind"] == "lstm":
                h, c = lstm(mp, options, parameters, x, h, c)
            elif options["kind"] == "gru":
                h = gru(mp, options, parameters, x, h)
            outputs[t][b] = h

        final[first].append(h)
        if options["kind"] == "lstm":
            final["c"].append(c)
    return outputs, final


def run_stack(
    mp: Any,
    options: Mapping[str, Any],
    parameters: Mapping[str, Any],
    inputs: list[list[Vector]],
    state: Mapping[str, list[Vector]],
    lengths: Sequence[int] | None = None,
) -> tuple[list[list[Vector]], dict[str, list[Vector]]]:
    """The same for `depth` levels, with a second direction in each if `bidirectional`.

    Every sequence is cut to its own length first, reversed as a list for the direction from
    the end, and its outputs are put back with zeros behind them.
    """
    batch = len(inputs[0]) if inputs else len(next(iter(state.values())))
    ends = [len(inputs)] * batch if lengths is None else list(lengths)
    directions = ["", "_reverse"] if options["bidirectional"] else [""]
    below = [[inputs[t][b] for t in range(ends[b])] for b in range(batch)]
    final: dict[str, list[Vector]] = {name: [] for name in state}

    for level in range(options["depth"]):
        above: list[list[Vector]] = [[] for _ in range(batch)]
        for b in range(batch):
            found = []
            for direction in directions:
                end = f"_l{level}{direction}"
                own = {name[: -len(end)]: p for name, p in parameters.items() if name.endswith(end)}
                start = {name[: -len(end)]: [v[b]] for name, v in state.items() if name.endswith(end)}
                sequence = below[b][::-1] if direction else below[b]
                out, last = run(mp, options, own, [[x] for x in sequence], start)
                hs = [step[0] for step in out]
                found.append(hs[::-1] if direction else hs)
                for name, value in last.items():
                    final[name + end].append(value[0])
            above[b] = [[h for part in parts for h in part] for parts in zip(*found, strict=True)]
        below = above

    width = len(directions) * len(next(v for k, v in state.items() if k[0] in "hy")[0])
    padding = [mp.mpf(0)] * width
    outputs = [[below[b][t] if t < ends[b] else padding for b in range(batch)] for t in range(len(inputs))]
    return outputs, final


def elman(mp: Any, options: Mapping[str, Any], p: Mapping[str, Any], x: Vector, h: Vector) -> Vector:
    """h'[k] = phi( sum_j W[k][j] x[j] + b[k] + sum_l U[k][l] h[l] + bU[k] )."""
    new = []
    for k in range(len(h)):
        a = from_input(mp, p, "h", k, x) + from_state(mp, p, "h", k, h)
        new.append(squashed(mp, options["activation"], a, options["alpha"]))
    return new


def jordan(mp: Any, options: Mapping[str, Any], p: Mapping[str, Any], x: Vector, y: Vector) -> Vector:
    """The hidden state reads the old output y; the new output reads the hidden state."""
    hidden = []
    for k in range(len(p["W_h"])):
        a = from_input(mp, p, "h", k, x) + from_state(mp, p, "h", k, y)
        hidden.append(squashed(mp, options["activation"], a, options["alpha"]))
    return [
        squashed(mp, options["output_activation"], from_input(mp, p, "y", k, hidden)) for k in range(len(y))
    ]


def lstm(
    mp: Any, options: Mapping[str, Any], p: Mapping[str, Any], x: Vector, h: Vector, c: Vector
) -> tuple[Vector, Vector]:
    """c'[k] = f[k] c[k] + i[k] g[k] and h'[k] = o[k] tanh c'[k], with what the options change."""
    new_h, new_c = [], []
    gate, peepholes = options["gate_activation"], options["peepholes"]
    # In Wikipedia's form the cell stands where the hidden state stood, but for the candidate.
    fed_back = c if peepholes == "wikipedia" else h
    for k in range(len(h)):
        seen = c[k] if peepholes in ("gers", "previous", "layers") else None
        if options["forget_gate"]:
            f = squashed(mp, gate, gate_sum(mp, p, "f", k, x, fed_back, seen))
        else:
            f = mp.mpf(1)
        if options["coupled"]:
            i = 1 - f
        else:
            i = squashed(mp, gate, gate_sum(mp, p, "i", k, x, fed_back, seen))
        if peepholes == "wikipedia":
            a = from_input(mp, p, "g", k, x)
        else:
            a = gate_sum(mp, p, "g", k, x, h, seen if peepholes == "layers" else None)
        g = squashed(mp, options["activation"], a, options["alpha"])
        cell = f * c[k] + i * g
        if options["cell_clip"] is not None:
            bound = mp.mpf(options["cell_clip"])
            if cell > bound:
                cell = bound
            elif cell < -bound:
                cell = -bound
        if peepholes == "gers":
            seen = cell
        elif peepholes == "layers":
            seen = None
        o = squashed(mp, gate, gate_sum(mp, p, "o", k, x, fed_back, seen))
        new_c.append(cell)
        new_h.append(o * squashed(mp, options["output_activation"], cell))
    return new_h, new_c


def gate_sum(
    mp: Any, p: Mapping[str, Any], gate: str, k: int, x: Vector, h: Vector, seen: Number | None
) -> Number:
    """What a gate squashes: input, state, biases, and through its peephole the one cell it sees."""
    total = from_input(mp, p, gate, k, x) + from_state(mp, p, gate, k, h)
    if seen is not None:
        total += p["P_" + gate][k] * seen
    return total


def gru(mp: Any, options: Mapping[str, Any], p: Mapping[str, Any], x: Vector, h: Vector) -> Vector:
    """h'[k] mixes the candidate n[k] and the old h[k] in the proportions that z[k] says."""
    size, gate = len(h), options["gate_activation"]
    r = [squashed(mp, gate, gate_sum(mp, p, "r", k, x, h, None)) for k in range(size)]
    z = [squashed(mp, gate, gate_sum(mp, p, "z", k, x, h, None)) for k in range(size)]

    new = []
    for k in range(size):
        if options["reset"] == "before":
            reset_h = [r[j] * h[j] for j in range(size)]
            a = from_input(mp, p, "n", k, x) + from_state(mp, p, "n", k, reset_h)
        else:
            a = from_input(mp, p, "n", k, x) + r[k] * from_state(mp, p, "n", k, h)
        n = squashed(mp, options["activation"], a, options["alpha"])
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


def squashed(mp: Any, kind: str, a: Number, alpha: float | None = None) -> Number:
    """The activation of that name."""
    if kind == "sigmoid":
        return sigmoid(mp, a)
    if kind == "tanh":
        return tanh(mp, a)
    if kind == "g_1997":
        return 4 * sigmoid(mp, a) - 2
    if kind == "h_1997":
        return 2 * sigmoid(mp, a) - 1
    if kind == "relu":
        return a if a > 0 else mp.mpf(0)
    if kind == "leaky_relu":
        return a if a > 0 else mp.mpf(alpha) * a
    if kind == "elu":
        return a if a > 0 else mp.mpf(alpha) * (mp.exp(a) - 1)
    assert kind == "identity", kind
    return a


def sigmoid(mp: Any, a: Number) -> Number:
    """1 / (1 + e^-a)."""
    return 1 / (1 + mp.exp(-a))


def tanh(mp: Any, a: Number) -> Number:
    """(e^a - e^-a) / (e^a + e^-a)."""
    up = mp.exp(a)
    down = 1 / up
    return (up - down) / (up + down)
