"""One step of a recurrent cell, forward and backward.

The forward functions are the equations of a textbook, in its order and with its names;
`gates.i(x, h)` stands for W_i x + U_i h + b_i. Each keeps what its backward function needs
in a record. The backward functions carry cotangents (the gradient of some scalar with
respect to a value, written d<value>) from the new state to the old one, to the input and
to the parameters.

Shapes: x (m, B); h, c and every gate (n, B); W (n, m); U (n, n); b and P (n, 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rnnref.affine import Gates, Gradients
from rnnref.cells.elman import jordan_step, jordan_step_back, rnn_step, rnn_step_back
from rnnref.cells.gru import gru_step, gru_step_back
from rnnref.cells.lstm import LstmStep, lstm_step, lstm_step_back
from rnnref.layer import Layer
from rnnref.systems.base import Matrix, System

__all__ = ["LstmStep", "lstm_step", "lstm_step_back", "step", "step_back"]


def step(s: System[Matrix], layer: Layer, gates: Gates, x: Matrix, state: Mapping[str, Matrix]) -> Any:
    """One step of whatever kind the layer is: its record, with the new state by name."""
    match layer.kind:
        case "rnn":
            return rnn_step(s, layer, gates, x, state["h"])
        case "jordan":
            return jordan_step(s, layer, gates, x, state["y"])
        case "lstm":
            return lstm_step(s, layer, gates, x, state["h"], state["c"])
        case "gru":
            return gru_step(s, layer, gates, x, state["h"])


def step_back(
    s: System[Matrix],
    layer: Layer,
    gates: Gates,
    done: Any,
    dstate: Mapping[str, Matrix],
    grad: Gradients,
) -> tuple[Matrix, dict[str, Matrix]]:
    """From the cotangents of the new state to those of the input and of the old state."""
    grad.next_step()
    match layer.kind:
        case "rnn":
            dx, dh = rnn_step_back(s, layer, gates, done, dstate["h"], grad)
            return dx, {"h": dh}
        case "jordan":
            dx, dy = jordan_step_back(s, layer, gates, done, dstate["y"], grad)
            return dx, {"y": dy}
        case "lstm":
            dx, dh, dc = lstm_step_back(s, layer, gates, done, dstate["h"], dstate["c"], grad)
            return dx, {"h": dh, "c": dc}
        case "gru":
            dx, dh = gru_step_back(s, layer, gates, done, dstate["h"], grad)
            return dx, {"h": dh}
