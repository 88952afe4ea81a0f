"""Long short-term memory: standard, of 1997, with peepholes, with coupled gates, with a clipped cell.

Sources: Hochreiter and Schmidhuber 1997; Gers et al. 2000 (the forget gate); Gers et al.
2002 (peepholes); Greff et al. 2017 (coupled gates). The backward equations are derived
from these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnref.activations import activation, slope_from_output
from rnnref.affine import Gates, Gradients, added
from rnnref.layer import Layer
from rnnref.systems.base import Matrix, System


@dataclass
class LstmStep:
    """What a step has seen: x (m, B), all the rest (n, B); `squashed` is psi(c), mostly tanh(c)."""

    x: Matrix
    h_before: Matrix
    c_before: Matrix
    i: Matrix
    f: Matrix | None  # None where the layer has no forget gate
    g: Matrix
    o: Matrix
    unclipped: Matrix  # the cell before it was clipped, if it was
    c: Matrix
    squashed: Matrix
    h: Matrix


def lstm_step(s: System[Matrix], layer: Layer, gates: Gates, x: Matrix, h: Matrix, c: Matrix) -> LstmStep:
    """LSTM: the gates i, f, o, the candidate g, the cell c and the output h.

    Without a forget gate (1997) the cell is kept with weight 1.
    """

    def sigma(a: Matrix) -> Matrix:
        return activation(s, layer.gate_activation, a)

    h_before, c_before = h, c
    read = c if layer.peepholes == "wikipedia" else h
    f: Matrix = sigma(gates.f(x, read, c)) if layer.forget_gate else None
    i = 1 - f if layer.coupled else sigma(gates.i(x, read, c))
    g = activation(s, layer.activation, gates.g(x, h, c), layer.alpha)
    c = (c if f is None else f * c) + i * g
    unclipped = c
    if layer.cell_clip is not None:
        c = s.clip(c, layer.cell_clip)
    o = sigma(gates.o(x, read, c if layer.peepholes == "gers" else c_before))
    squashed = activation(s, layer.output_activation, c)
    h = o * squashed
    return LstmStep(x, h_before, c_before, i, f, g, o, unclipped, c, squashed, h)


def lstm_step_back(
    s: System[Matrix],
    layer: Layer,
    gates: Gates,
    done: LstmStep,
    dh: Matrix,
    dc: Matrix,
    grad: Gradients,
) -> tuple[Matrix, Matrix, Matrix]:
    """From (dh_t, dc_t) to (dx_t, dh_{t-1}, dc_{t-1})."""

    def sigma_slope(y: Matrix) -> Matrix:
        return slope_from_output(s, layer.gate_activation, y)

    x, h, c = done.x, done.h_before, done.c_before
    i, f, g, o = done.i, done.f, done.g, done.o
    wikipedia, gers = layer.peepholes == "wikipedia", layer.peepholes == "gers"
    read = c if wikipedia else h

    do = dh * done.squashed
    dc = dc + dh * o * slope_from_output(s, layer.output_activation, done.squashed)
    dx_o, dread_o, dseen = grad.affine(gates.o, do * sigma_slope(o), x, read, done.c if gers else c)
    if gers:
        dc, dseen = dc + dseen, None
    if layer.cell_clip is not None:
        dc = dc * s.inside(done.unclipped, layer.cell_clip)

    di = dc * g
    dg = dc * i
    dx_g, dh_g, dc_g = grad.affine(
        gates.g, dg * slope_from_output(s, layer.activation, g, layer.alpha), x, h, c
    )
    dx_i = dread_i = dc_i = dx_f = dread_f = dc_f = None
    if f is None:
        dc_kept = dc
    else:
        dc_kept = dc * f
        df = dc * c - di if layer.coupled else dc * c
        dx_f, dread_f, dc_f = grad.affine(gates.f, df * sigma_slope(f), x, read, c)
    if not layer.coupled:
        dx_i, dread_i, dc_i = grad.affine(gates.i, di * sigma_slope(i), x, read, c)

    dx = added([dx_i, dx_f, dx_g, dx_o])
    dread = added([dread_i, dread_f, dread_o])
    dc_before = added([dc_kept, dc_i, dc_f, dc_g, dseen])
    if wikipedia:
        return dx, s.matrix(np.zeros(dh.shape)), dc_before + dread
    return dx, dread + dh_g, dc_before
