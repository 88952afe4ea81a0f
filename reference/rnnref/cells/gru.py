"""The gated recurrent unit, in its two published forms and both directions of z.

Sources: Cho et al. 2014; Chung et al. 2014. The backward equations are derived from these.
"""

from __future__ import annotations

from dataclasses import dataclass

from rnnref.activations import activation, slope_from_output
from rnnref.affine import Gates, Gradients
from rnnref.layer import Layer
from rnnref.systems.base import Matrix, System


@dataclass
class GruStep:
    """What a step has seen: x (m, B), all the rest (n, B)."""

    x: Matrix
    h_before: Matrix
    r: Matrix
    z: Matrix
    n: Matrix
    recurrent: Matrix  # what the reset gate multiplies: h, or U_n h + bU_n
    h: Matrix


def gru_step(s: System[Matrix], layer: Layer, gates: Gates, x: Matrix, h: Matrix) -> GruStep:
    """GRU: the reset gate r, the update gate z, the candidate n and the new state h."""

    def sigma(a: Matrix) -> Matrix:
        return activation(s, layer.gate_activation, a)

    def phi(a: Matrix) -> Matrix:
        return activation(s, layer.activation, a, layer.alpha)

    h_before = h
    r = sigma(gates.r(x, h))
    z = sigma(gates.z(x, h))
    if layer.reset == "before":
        recurrent = h
        n = phi(gates.n(x, r * h))
    else:
        recurrent = gates.n.from_state(h)
        n = phi(gates.n.from_input(x) + r * recurrent)
    if layer.update == "keeps":
        h = (1 - z) * n + z * h
    else:
        h = (1 - z) * h + z * n
    return GruStep(x, h_before, r, z, n, recurrent, h)


def gru_step_back(
    s: System[Matrix], layer: Layer, gates: Gates, done: GruStep, dh: Matrix, grad: Gradients
) -> tuple[Matrix, Matrix]:
    """From dh_t to (dx_t, dh_{t-1})."""

    def sigma_slope(y: Matrix) -> Matrix:
        return slope_from_output(s, layer.gate_activation, y)

    x, h, r, z, n = done.x, done.h_before, done.r, done.z, done.n

    if layer.update == "keeps":
        dz, dn, dh_kept = dh * (h - n), dh * (1 - z), dh * z
    else:
        dz, dn, dh_kept = dh * (n - h), dh * z, dh * (1 - z)
    da_n = dn * slope_from_output(s, layer.activation, n, layer.alpha)

    dx_n = grad.from_input(gates.n, da_n, x)
    if layer.reset == "before":
        drh = grad.from_state(gates.n, da_n, r * h)
        dr, dh_n = drh * h, drh * r
    else:
        dr = da_n * done.recurrent
        dh_n = grad.from_state(gates.n, da_n * r, h)

    dx_r, dh_r, _ = grad.affine(gates.r, dr * sigma_slope(r), x, h)
    dx_z, dh_z, _ = grad.affine(gates.z, dz * sigma_slope(z), x, h)
    return dx_n + dx_r + dx_z, dh_kept + dh_n + dh_r + dh_z
