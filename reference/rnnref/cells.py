"""One step of a recurrent cell, forward and backward.

The forward functions are the equations of a textbook, in its order and with its names.
Each keeps what its backward function needs in a record. The backward functions carry
cotangents (the gradient of some scalar with respect to a value, written d<value>) from the
new state to the old one, to the input and to the parameters.

Shapes: x (m, B); h, c and every gate (n, B); W (n, m); U (n, n); b (n, 1).

Sources: Elman 1990; Hochreiter and Schmidhuber 1997 and Gers et al. 2000 (LSTM); Cho et
al. 2014 and Chung et al. 2014 (GRU); the backward equations are derived from these.
"""

from __future__ import annotations

from dataclasses import dataclass

from rnnref.activations import activation, slope_from_output
from rnnref.gradients import Gradients
from rnnref.layer import Layer
from rnnref.systems.base import Matrix, System


class Parameters:
    """The parameters of a layer in one number system, as attributes `W_i`, `U_i`, `b_i`, ..."""

    def __init__(self, **matrices: Matrix) -> None:
        self.__dict__.update(matrices)

    def __getattr__(self, name: str) -> Matrix:
        raise AttributeError(f"this layer has no parameter {name}")


@dataclass
class RnnStep:
    x: Matrix
    h_before: Matrix
    h: Matrix


def rnn_step(s: System[Matrix], layer: Layer, p: Parameters, x: Matrix, h: Matrix) -> RnnStep:
    """Elman network: h_t = phi(W x_t + U h_{t-1} + b)."""
    h_before = h
    h = activation(s, layer.activation, p.W_h @ x + p.U_h @ h + p.b_h)
    return RnnStep(x, h_before, h)


def rnn_step_back(
    s: System[Matrix], layer: Layer, p: Parameters, step: RnnStep, dh: Matrix, grad: Gradients
) -> tuple[Matrix, Matrix]:
    """From dh_t to (dx_t, dh_{t-1})."""
    da = dh * slope_from_output(s, layer.activation, step.h)
    return grad.affine("h", da, step.x, step.h_before)


@dataclass
class LstmStep:
    x: Matrix
    h_before: Matrix
    c_before: Matrix
    i: Matrix
    f: Matrix | None  # None where the layer has no forget gate
    g: Matrix
    o: Matrix
    c: Matrix
    tanh_c: Matrix
    h: Matrix


def lstm_step(s: System[Matrix], layer: Layer, p: Parameters, x: Matrix, h: Matrix, c: Matrix) -> LstmStep:
    """LSTM: the gates i, f, o, the candidate g, the cell c and the output h.

    Without a forget gate (1997) the cell is kept with weight 1.
    """
    h_before, c_before = h, c
    i = s.sigmoid(p.W_i @ x + p.U_i @ h + p.b_i)
    f = s.sigmoid(p.W_f @ x + p.U_f @ h + p.b_f) if layer.forget_gate else None
    g = s.tanh(p.W_g @ x + p.U_g @ h + p.b_g)
    o = s.sigmoid(p.W_o @ x + p.U_o @ h + p.b_o)
    c = (c if f is None else f * c) + i * g
    tanh_c = s.tanh(c)
    h = o * tanh_c
    return LstmStep(x, h_before, c_before, i, f, g, o, c, tanh_c, h)


def lstm_step_back(
    s: System[Matrix],
    layer: Layer,
    p: Parameters,
    step: LstmStep,
    dh: Matrix,
    dc: Matrix,
    grad: Gradients,
) -> tuple[Matrix, Matrix, Matrix]:
    """From (dh_t, dc_t) to (dx_t, dh_{t-1}, dc_{t-1})."""
    i, f, g, o = step.i, step.f, step.g, step.o

    do = dh * step.tanh_c
    dc = dc + dh * o * slope_from_output(s, "tanh", step.tanh_c)
    di = dc * g
    dg = dc * i

    back = {
        "i": di * slope_from_output(s, "sigmoid", i),
        "g": dg * slope_from_output(s, "tanh", g),
        "o": do * slope_from_output(s, "sigmoid", o),
    }
    if f is None:
        dc_before = dc
    else:
        df = dc * step.c_before
        back["f"] = df * slope_from_output(s, "sigmoid", f)
        dc_before = dc * f
    dx, dh_before = grad.affines(back, step.x, step.h_before)
    return dx, dh_before, dc_before


@dataclass
class GruStep:
    x: Matrix
    h_before: Matrix
    r: Matrix
    z: Matrix
    n: Matrix
    recurrent: Matrix  # what the reset gate multiplies, where it acts after the product
    h: Matrix


def gru_step(s: System[Matrix], layer: Layer, p: Parameters, x: Matrix, h: Matrix) -> GruStep:
    """GRU: the reset gate r, the update gate z, the candidate n and the new state h."""
    h_before = h
    r = s.sigmoid(p.W_r @ x + p.U_r @ h + p.b_r)
    z = s.sigmoid(p.W_z @ x + p.U_z @ h + p.b_z)
    if layer.reset == "before":
        recurrent = h
        n = s.tanh(p.W_n @ x + p.U_n @ (r * h) + p.b_n)
    else:
        recurrent = p.U_n @ h + p.bU_n
        n = s.tanh(p.W_n @ x + p.b_n + r * recurrent)
    if layer.update == "keeps":
        h = (1 - z) * n + z * h
    else:
        h = (1 - z) * h + z * n
    return GruStep(x, h_before, r, z, n, recurrent, h)


def gru_step_back(
    s: System[Matrix], layer: Layer, p: Parameters, step: GruStep, dh: Matrix, grad: Gradients
) -> tuple[Matrix, Matrix]:
    """From dh_t to (dx_t, dh_{t-1})."""
    h, r, z, n = step.h_before, step.r, step.z, step.n

    if layer.update == "keeps":
        dz, dn, dh_kept = dh * (h - n), dh * (1 - z), dh * z
    else:
        dz, dn, dh_kept = dh * (n - h), dh * z, dh * (1 - z)
    da_n = dn * slope_from_output(s, "tanh", n)

    if layer.reset == "before":
        dx_n, drh = grad.affine("n", da_n, step.x, r * h)
        dr, dh_n = drh * h, drh * r
    else:
        dx_n, dh_n = grad.affine_apart("n", da_n, da_n * r, step.x, h)
        dr = da_n * step.recurrent

    back = {
        "r": dr * slope_from_output(s, "sigmoid", r),
        "z": dz * slope_from_output(s, "sigmoid", z),
    }
    dx, dh_gates = grad.affines(back, step.x, h)
    return dx_n + dx, dh_kept + dh_n + dh_gates
