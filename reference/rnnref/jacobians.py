"""Jacobians of one step as they are derived by hand, and products of them over time.

A Jacobian belongs to one member of the batch: it is formed from the record of a step with a
single column. In its row j and column l stands the derivative of the new state's entry j
by the old one's entry l. diag(v) M is `v * M`, with the column v beside every column of M,
and M diag(v) is `M * v.T`.

What depends on what is told by name: of `"dc/dh"` the value is dc_t/dh_{t-1}. The state as
a whole is one long vector, h above c, with a Jacobian of blocks.

Sources: Pascanu et al. 2013 for Elman's; the others are derived from the equations in `cells`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from rnnref.activations import activation, slope_from_output
from rnnref.affine import Gate, Gates, Gradients
from rnnref.cells import LstmStep, step_back
from rnnref.cells.elman import JordanStep, RnnStep
from rnnref.cells.gru import GruStep
from rnnref.layer import Layer
from rnnref.systems.base import Matrix, System

Blocks: TypeAlias = dict[str, Matrix]
"""Jacobians by name: `dh/dh`, `dc/dh`, ..."""


def step_jacobian(s: System[Matrix], layer: Layer, gates: Gates, done: Any) -> Blocks:
    """The new state by the old one, by the formula that belongs to the layer's kind."""
    match layer.kind:
        case "rnn":
            return {"dh/dh": rnn_jacobian(s, layer, gates, done)}
        case "jordan":
            return {"dy/dy": jordan_jacobian(s, layer, gates, done)}
        case "lstm":
            return lstm_jacobian(s, layer, gates, done)
        case "gru":
            return {"dh/dh": gru_jacobian(s, layer, gates, done)}


def rnn_jacobian(s: System[Matrix], layer: Layer, gates: Gates, done: RnnStep) -> Matrix:
    """Elman network: dh_t/dh_{t-1} = diag(phi'(a_t)) U, where h_t = phi(a_t)."""
    return slope_from_output(s, layer.activation, done.h, layer.alpha) * gates.h.U


def jordan_jacobian(s: System[Matrix], layer: Layer, gates: Gates, done: JordanStep) -> Matrix:
    """Jordan network: dy_t/dy_{t-1} = diag(psi') W_y diag(phi') U."""
    dy_dh = slope_from_output(s, layer.output_activation, done.y) * gates.y.W
    dh_dy = slope_from_output(s, layer.activation, done.h, layer.alpha) * gates.h.U
    return dy_dh @ dh_dy


def gru_jacobian(s: System[Matrix], layer: Layer, gates: Gates, done: GruStep) -> Matrix:
    """GRU: the new h by the old one, of four variants.

    Where z replaces, with z' = z (1 - z), r' = r (1 - r) and n' = 1 - n^2,

    dh_t/dh_{t-1} = diag(1 - z) + diag((n - h_{t-1}) z') U_z + diag(z n') D,

    D = U_n [diag(r) + diag(h_{t-1} r') U_r]             for a reset before the product,
    D = diag(r) U_n + diag((U_n h_{t-1} + bU_n) r') U_r  for one after it.

    Where z keeps, z and 1 - z are exchanged, and so are n and h_{t-1} in the second term.
    """
    h, r, z, n = done.h_before, done.r, done.z, done.n
    r_slope, z_slope = (slope_from_output(s, layer.gate_activation, gate) for gate in (r, z))
    n_slope = slope_from_output(s, layer.activation, n, layer.alpha)

    if layer.reset == "before":
        inner = gates.n.U * r.T + gates.n.U @ (h * r_slope * gates.r.U)
    else:
        inner = r * gates.n.U + done.recurrent * r_slope * gates.r.U
    if layer.update == "keeps":
        return diagonal(s, z) + (h - n) * z_slope * gates.z.U + (1 - z) * n_slope * inner
    return diagonal(s, 1 - z) + (n - h) * z_slope * gates.z.U + z * n_slope * inner


@dataclass
class LstmSlopes:
    """The derivatives inside a step of an LSTM that are diagonal: columns (n, 1).

    With a_f for the argument of f = sigma(a_f), and so on.
    """

    f: Matrix | None  # dc_t/da_f = c_{t-1} f', and (c_{t-1} - g) f' where i = 1 - f
    i: Matrix | None  # dc_t/da_i = g i'
    g: Matrix  # dc_t/da_g = i g'
    o: Matrix  # dh_t/da_o = tanh(c_t) o', with c_t held
    c: Matrix  # dh_t/dc_t = o tanh'(c_t), with o held


def lstm_slopes(s: System[Matrix], layer: Layer, done: LstmStep) -> LstmSlopes:
    """Those of one step; before the cell is clipped."""

    def sigma_slope(y: Matrix) -> Matrix:
        return slope_from_output(s, layer.gate_activation, y)

    c, i, f, g, o = done.c_before, done.i, done.f, done.g, done.o
    by_f = None if f is None else (c - g if layer.coupled else c) * sigma_slope(f)
    by_i = None if layer.coupled else g * sigma_slope(i)
    by_g = i * slope_from_output(s, layer.activation, g, layer.alpha)
    by_o = done.squashed * sigma_slope(o)
    by_c = o * slope_from_output(s, layer.output_activation, done.squashed)
    return LstmSlopes(by_f, by_i, by_g, by_o, by_c)


def lstm_jacobian(s: System[Matrix], layer: Layer, gates: Gates, done: LstmStep) -> Blocks:
    """LSTM: of the pair (h, c), in four blocks.

    Without peepholes, and with f' = f (1 - f), g' = 1 - g^2 and so on,

    dc_t/dc_{t-1} = diag(f)
    dc_t/dh_{t-1} = diag(c_{t-1} f') U_f + diag(g i') U_i + diag(i g') U_g
    dh_t/dc_{t-1} = diag(o tanh'(c_t)) dc_t/dc_{t-1}
    dh_t/dh_{t-1} = diag(o tanh'(c_t)) dc_t/dh_{t-1} + diag(tanh(c_t) o') U_o.

    With them, what a gate reads of the cell joins what it reads of h. A cell that has been
    cut off moves with nothing.
    """
    slopes = lstm_slopes(s, layer, done)
    n = layer.hidden
    fed_back = "c" if layer.peepholes == "wikipedia" else "h"
    kept = s.matrix(np.eye(n)) if done.f is None else diagonal(s, done.f)

    def reads(gate: Gate, old: str) -> Matrix:
        """The gate's argument by an old state: U, diag(P) or 0."""
        if old == fed_back and gate.U is not None:
            return gate.U
        if old == "c" and gate.P is not None and not (gate is gates.o and layer.peepholes == "gers"):
            return diagonal(s, gate.P)
        return s.matrix(np.zeros((n, n)))

    def by(old: str) -> tuple[Matrix, Matrix]:
        """dh_t and dc_t by h_{t-1} or c_{t-1}."""
        dc = slopes.g * reads(gates.g, old)
        if slopes.i is not None:
            dc = dc + slopes.i * reads(gates.i, old)
        if slopes.f is not None:
            dc = dc + slopes.f * reads(gates.f, old)
        if old == "c":
            dc = dc + kept
        if layer.cell_clip is not None:
            dc = s.inside(done.unclipped, layer.cell_clip) * dc
        da_o = reads(gates.o, old)
        if layer.peepholes == "gers":
            da_o = da_o + gates.o.P * dc
        return slopes.c * dc + slopes.o * da_o, dc

    (dh_dh, dc_dh), (dh_dc, dc_dc) = by("h"), by("c")
    return {"dh/dh": dh_dh, "dh/dc": dh_dc, "dc/dh": dc_dh, "dc/dc": dc_dc}


def output_by_cell(s: System[Matrix], layer: Layer, done: LstmStep, o_before: Matrix) -> Matrix:
    """dh_{t-1}/dc_{t-1} = diag(o_{t-1} tanh'(c_{t-1})), o_{t-1} being held: its diagonal (n, 1)."""
    squashed = activation(s, layer.output_activation, done.c_before)
    return o_before * slope_from_output(s, layer.output_activation, squashed)


def cell_terms(s: System[Matrix], layer: Layer, gates: Gates, done: LstmStep, o_before: Matrix) -> Blocks:
    """The four terms of dc_t/dc_{t-1} where h_{t-1} moves along, by h = o tanh(c) with o held.

    dc_t/dc_{t-1} = [ diag(c_{t-1} f (1 - f)) U_f + diag(g i (1 - i)) U_i + diag(i (1 - g^2)) U_g ]
                    diag(o_{t-1} sech^2 c_{t-1}) + diag(f).

    By the names `f`, `i`, `g`, of the gate that each goes through, and `kept`. For an LSTM
    without peepholes, coupled gates or clipping; without a forget gate, `f` is missing and
    what is kept is I.
    """
    slopes = lstm_slopes(s, layer, done)
    along = output_by_cell(s, layer, done, o_before).T
    terms = {"i": slopes.i * gates.i.U * along, "g": slopes.g * gates.g.U * along}
    if done.f is None:
        return terms | {"kept": s.matrix(np.eye(layer.hidden))}
    return {"f": slopes.f * gates.f.U * along, **terms, "kept": diagonal(s, done.f)}


def pulled_back(s: System[Matrix], layer: Layer, gates: Gates, done: Any) -> Blocks:
    """The new state by the old one and by the input, row by row: unit vectors, back-propagated.

    Nothing is derived by hand here beyond the step's own backward equations.
    """
    size = sum(layer.state_sizes.values())
    rows = parted_rows(s, layer, s.matrix(np.eye(size)))  # a column for every entry of the new state
    dx, dold = step_back(s, layer, gates, done, rows, Gradients(s, {}))
    by_input = parted_rows(s, layer, dx.T)
    whole = joined_rows(s, layer, dold).T
    return parted(s, layer, whole) | {f"d{new}/dx": block for new, block in by_input.items()}


def chained(s: System[Matrix], factors: Sequence[Matrix], size: int) -> Matrix:
    """J_t J_{t-1} ... J_{k+1} from J_{k+1}, ..., J_t: the latest stands left; I if there are none."""
    if not factors:
        return s.matrix(np.eye(size))
    return reduce(lambda product, later: later @ product, factors)


def joined(s: System[Matrix], layer: Layer, blocks: Blocks) -> Matrix:
    """The Jacobian of the state as a whole, from its blocks."""
    return s.above([s.beside([blocks[f"d{new}/d{old}"] for old in layer.states]) for new in layer.states])


def parted(s: System[Matrix], layer: Layer, whole: Matrix) -> Blocks:
    """The other way round."""
    return {
        f"d{new}/d{old}": columns.T
        for new, rows in parted_rows(s, layer, whole).items()
        for old, columns in parted_rows(s, layer, rows.T).items()
    }


def parted_rows(s: System[Matrix], layer: Layer, whole: Matrix) -> dict[str, Matrix]:
    """The rows that belong to each state."""
    start, parts = 0, {}
    for name, size in layer.state_sizes.items():
        parts[name] = s.rows(whole, start, start + size)
        start += size
    return parts


def joined_rows(s: System[Matrix], layer: Layer, parts: Mapping[str, Matrix]) -> Matrix:
    """The other way round: the states above each other."""
    return s.above([parts[name] for name in layer.states])


def diagonal(s: System[Matrix], v: Matrix) -> Matrix:
    """diag(v) of a column v."""
    return v * s.matrix(np.eye(v.shape[0]))
