"""The gradient of the parameters as textbooks print it: a sum over steps of products over steps.

dL_t/dW = sum over k = 1 ... t of dL_t/dh_t (dh_t/dh_{t-1} ... dh_{k+1}/dh_k) d+h_k/dW,

with the latest factor on the left. The last factor is the *immediate* partial derivative: of
h_k = phi(W x_k + U h_{k-1} + b) with h_{k-1} held. A term for k = 0 would be 0, as h_0 is
given. The notation does not say so, and whoever reads dh_k/dW as the total derivative counts
the early steps again and again: that sum is computed here as well, to be compared with.

Source: Werbos 1990; the form of the sum is that of Pascanu et al. 2013.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from rnnref.affine import Gates, Gradients
from rnnref.cells import step_back
from rnnref.jacobians import chained, joined, joined_rows, parted_rows, step_jacobian
from rnnref.layer import Layer
from rnnref.sequence import Trajectory, backward, zero
from rnnref.systems.base import Matrix, System

Derivative: TypeAlias = Literal["immediate", "total"]


def gradient_terms(
    s: System[Matrix],
    layer: Layer,
    parameters: Mapping[str, Matrix],
    steps: Sequence[Any],
    dstate: Mapping[str, Matrix],
    derivative: Derivative = "immediate",
) -> list[dict[str, Matrix]]:
    """The terms k = 1 ... t of the gradient of one loss, for one member of the batch.

    Args:
        steps: the records of the steps 1 ... t, each with a single column.
        dstate: dL_t by the state after step t.
        derivative: the last factor: `immediate` is right, `total` is the misreading.
    """
    gates = Gates(parameters)
    size = sum(layer.state_sizes.values())
    jacobians = [joined(s, layer, step_jacobian(s, layer, gates, done)) for done in steps]
    last_factor = _immediate if derivative == "immediate" else _total
    terms = []
    for k in range(1, len(steps) + 1):
        dlast = chained(s, jacobians[k:], size).T @ joined_rows(s, layer, dstate)
        terms.append(last_factor(s, layer, parameters, steps[:k], parted_rows(s, layer, dlast)))
    return terms


def _immediate(
    s: System[Matrix],
    layer: Layer,
    parameters: Mapping[str, Matrix],
    steps: Sequence[Any],
    dstate: Mapping[str, Matrix],
) -> dict[str, Matrix]:
    """dL/dh_k d+h_k/dW: through the last of the steps alone."""
    grad = Gradients(s, parameters)
    step_back(s, layer, Gates(parameters), steps[-1], dstate, grad)
    return grad.total()


def _total(
    s: System[Matrix],
    layer: Layer,
    parameters: Mapping[str, Matrix],
    steps: Sequence[Any],
    dstate: Mapping[str, Matrix],
) -> dict[str, Matrix]:
    """dL/dh_k dh_k/dW: through all of the steps 1 ... k."""
    nothing = [zero(s, dstate[layer.output])] * len(steps)
    trajectory = Trajectory(list(steps), [], {})
    return backward(s, layer, parameters, trajectory, nothing, dstate).parameters.total()
