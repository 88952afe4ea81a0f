"""A layer over T steps, and back-propagation through time.

`forward` and `backward` work on matrices of any number system, a Python list being the
time axis. Everything about layouts and precision is the business of their callers.

Sequences of different lengths lie side by side in a batch: a mask says for every step which
of them are still going on. One that has ended keeps its state, and its outputs are 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rnnref.affine import Gates, Gradients
from rnnref.cells import step, step_back
from rnnref.layer import Layer
from rnnref.systems.base import Matrix, System

Masks: TypeAlias = NDArray[np.bool_]
"""For every step, which sequences of the batch it belongs to: shape (T, B)."""


@dataclass
class Trajectory:
    """All that a forward pass has seen.

    Attributes:
        steps: one record a step, of every sequence, ended or not.
        outputs: the outputs, T of them.
        state: the final state: of every sequence, that after its last step.
    """

    steps: list[Any]
    outputs: list[Matrix]
    state: dict[str, Matrix]


@dataclass
class Cotangents:
    """The gradients that back-propagation through time ends with."""

    parameters: Gradients
    inputs: list[Matrix]
    state: dict[str, Matrix]


def zero(s: System[Matrix], like: Matrix) -> Matrix:
    """A matrix of zeros of some other's shape: not 0 times it, which need not be 0."""
    return s.matrix(np.zeros(like.shape))


def _chosen(s: System[Matrix], live: NDArray[np.bool_], named: Mapping[str, Matrix]) -> dict[str, Matrix]:
    """The columns of the sequences that are going on, and 0 for the others."""
    return {name: s.choose(live, value, zero(s, value)) for name, value in named.items()}


def forward(
    s: System[Matrix],
    layer: Layer,
    parameters: Mapping[str, Matrix],
    xs: Sequence[Matrix],
    state: Mapping[str, Matrix],
    live: Masks | None = None,
) -> Trajectory:
    """h_1 ... h_T from x_1 ... x_T and the initial state; T may be 0.

    Args:
        live: which sequences each step belongs to; all to every step if there is none.
    """
    gates = Gates(parameters)
    steps, outputs, state = [], [], dict(state)
    for t, x in enumerate(xs):
        # What has ended starts from 0, lest a state that it only keeps spoils a gradient: 0 times NaN.
        going_on = state if live is None else _chosen(s, live[t], state)
        done = step(s, layer, gates, x, going_on)
        new = {name: getattr(done, name) for name in layer.states}
        output = new[layer.output]
        if live is not None:
            new = {name: s.choose(live[t], new[name], state[name]) for name in new}
            output = s.choose(live[t], output, zero(s, output))
        steps.append(done)
        outputs.append(output)
        state = new
    return Trajectory(steps, outputs, state)


def backward(
    s: System[Matrix],
    layer: Layer,
    parameters: Mapping[str, Matrix],
    trajectory: Trajectory,
    doutputs: Sequence[Matrix],
    dstate: Mapping[str, Matrix],
    live: Masks | None = None,
    detached: Collection[str] = (),
    cut: Collection[int] = (),
) -> Cotangents:
    """Back-propagation through time.

    Args:
        doutputs: the cotangent of every output, T of them.
        dstate: the cotangent of the final state, which for h comes on top of the last output's.
        live: as for `forward`.
        detached: states through which nothing flows back from a step to the one before: {"h"}
            is the truncated gradient of Hochreiter and Schmidhuber 1997.
        cut: steps, counted from 0, before which nothing flows back at all: truncated
            back-propagation in pieces.
    """
    gates = Gates(parameters)
    grad = Gradients(s, parameters)
    dxs: list[Matrix] = []
    dstate = dict(dstate)
    for t in reversed(range(len(trajectory.steps))):
        later = dstate
        dstate = dstate | {layer.output: dstate[layer.output] + doutputs[t]}
        if live is not None:
            dstate = _chosen(s, live[t], dstate)
        dx, dstate = step_back(s, layer, gates, trajectory.steps[t], dstate, grad)
        for name, d in dstate.items():
            if name in detached or t in cut:
                dstate[name] = zero(s, d)
        if live is not None:  # an ended sequence hands its state's cotangent on as it is
            dstate = {name: s.choose(live[t], d, later[name]) for name, d in dstate.items()}
        dxs.append(dx)
    return Cotangents(grad, dxs[::-1], dstate)
