"""A layer over T steps, and back-propagation through time.

`forward` and `backward` work on matrices of any number system, a Python list being the
time axis. Everything about layouts and precision is the business of their callers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnnref.cells import (
    Parameters,
    gru_step,
    gru_step_back,
    lstm_step,
    lstm_step_back,
    rnn_step,
    rnn_step_back,
)
from rnnref.gradients import Gradients
from rnnref.layer import Layer
from rnnref.systems.base import Matrix, System


@dataclass
class Trajectory:
    """All that a forward pass has seen: one record a step, and the final state."""

    steps: list[Any]
    state: dict[str, Matrix]


@dataclass
class Cotangents:
    """The gradients that back-propagation through time ends with."""

    parameters: dict[str, Matrix]
    inputs: list[Matrix]
    state: dict[str, Matrix]


def step(s: System[Matrix], layer: Layer, p: Parameters, x: Matrix, state: Mapping[str, Matrix]) -> Any:
    """One step of whatever kind the layer is."""
    match layer.kind:
        case "rnn":
            return rnn_step(s, layer, p, x, state["h"])
        case "lstm":
            return lstm_step(s, layer, p, x, state["h"], state["c"])
        case "gru":
            return gru_step(s, layer, p, x, state["h"])


def forward(
    s: System[Matrix],
    layer: Layer,
    parameters: Mapping[str, Matrix],
    xs: Sequence[Matrix],
    state: Mapping[str, Matrix],
) -> Trajectory:
    """h_1 ... h_T from x_1 ... x_T and the initial state; T may be 0."""
    p = _folded(s, layer, parameters)
    steps, state = [], dict(state)
    for x in xs:
        done = step(s, layer, p, x, state)
        steps.append(done)
        state = {name: getattr(done, name) for name in layer.states}
    return Trajectory(steps, state)


def backward(
    s: System[Matrix],
    layer: Layer,
    parameters: Mapping[str, Matrix],
    trajectory: Trajectory,
    dhs: Sequence[Matrix],
    dstate: Mapping[str, Matrix],
) -> Cotangents:
    """Back-propagation through time.

    Args:
        dhs: the cotangent of every h_t as an output, T of them.
        dstate: the cotangent of the final state, which for h comes on top of dhs[-1].
    """
    p = _folded(s, layer, parameters)
    grad = Gradients(s, parameters)
    dxs: list[Matrix] = []
    dh, dc = dstate["h"], dstate.get("c")
    for done, dh_out in zip(reversed(trajectory.steps), reversed(dhs), strict=True):
        dh = dh + dh_out
        match layer.kind:
            case "rnn":
                dx, dh = rnn_step_back(s, layer, p, done, dh, grad)
            case "lstm":
                dx, dh, dc = lstm_step_back(s, layer, p, done, dh, dc, grad)
            case "gru":
                dx, dh = gru_step_back(s, layer, p, done, dh, grad)
        dxs.append(dx)
    zero = {name: 0 * matrix for name, matrix in parameters.items()}
    return Cotangents(
        parameters={name: grad.total.get(name, zero[name]) for name in parameters},
        inputs=dxs[::-1],
        state={"h": dh} if dc is None else {"h": dh, "c": dc},
    )


def _folded(s: System[Matrix], layer: Layer, parameters: Mapping[str, Matrix]) -> Parameters:
    """The parameters with every gate's biases in the one place where its equation has one.

    Two bias vectors act as their sum, except in the candidate of a GRU whose reset gate
    acts after the product; a missing bias is 0.
    """
    folded = dict(parameters)
    for gate in layer.gates:
        zero = 0 * s.sum_columns(parameters[f"U_{gate}"])
        b = parameters.get(f"b_{gate}", zero)
        bU = parameters.get(f"bU_{gate}")
        apart = layer.kind == "gru" and layer.reset == "after" and gate == "n"
        if apart:
            folded[f"bU_{gate}"] = zero if bU is None else bU
        folded[f"b_{gate}"] = b if bU is None or apart else b + bU
    return Parameters(**folded)
