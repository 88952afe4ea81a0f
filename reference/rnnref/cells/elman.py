"""Simple recurrent networks: Elman's feeds back its hidden state, Jordan's its output.

Sources: Elman 1990; Jordan 1986, without the connections of his state units to themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from rnnref.activations import activation, slope_from_output
from rnnref.affine import Gates, Gradients
from rnnref.layer import Layer
from rnnref.systems.base import Matrix, System


@dataclass
class RnnStep:
    """What a step has seen: x (m, B) and h (n, B)."""

    x: Matrix
    h_before: Matrix
    h: Matrix


def rnn_step(s: System[Matrix], layer: Layer, gates: Gates, x: Matrix, h: Matrix) -> RnnStep:
    """Elman network: h_t = phi(W x_t + U h_{t-1} + b)."""
    h_before = h
    h = activation(s, layer.activation, gates.h(x, h), layer.alpha)
    return RnnStep(x, h_before, h)


def rnn_step_back(
    s: System[Matrix], layer: Layer, gates: Gates, done: RnnStep, dh: Matrix, grad: Gradients
) -> tuple[Matrix, Matrix]:
    """From dh_t to (dx_t, dh_{t-1})."""
    da = dh * slope_from_output(s, layer.activation, done.h, layer.alpha)
    dx, dh_before, _ = grad.affine(gates.h, da, done.x, done.h_before)
    return dx, dh_before


@dataclass
class JordanStep:
    """What a step has seen: x (m, B), h (n, B) and y, of as many rows as the layer has outputs."""

    x: Matrix
    y_before: Matrix
    h: Matrix
    y: Matrix


def jordan_step(s: System[Matrix], layer: Layer, gates: Gates, x: Matrix, y: Matrix) -> JordanStep:
    """Jordan network: h_t = phi(W x_t + U y_{t-1} + b) and y_t = psi(W_y h_t + b_y)."""
    y_before = y
    h = activation(s, layer.activation, gates.h(x, y), layer.alpha)
    y = activation(s, layer.output_activation, gates.y.from_input(h))
    return JordanStep(x, y_before, h, y)


def jordan_step_back(
    s: System[Matrix], layer: Layer, gates: Gates, done: JordanStep, dy: Matrix, grad: Gradients
) -> tuple[Matrix, Matrix]:
    """From dy_t to (dx_t, dy_{t-1})."""
    da_y = dy * slope_from_output(s, layer.output_activation, done.y)
    dh = grad.from_input(gates.y, da_y, done.h)
    da = dh * slope_from_output(s, layer.activation, done.h, layer.alpha)
    dx, dy_before, _ = grad.affine(gates.h, da, done.x, done.y_before)
    return dx, dy_before
