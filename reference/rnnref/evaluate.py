"""The formulas evaluated in one number system, in the layouts that libraries use.

Inside, matrices have the batch in their columns and time is a list; outside, arrays are
(T, B, m), (T, B, n) and (B, n). This module is the border between the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref import activations
from rnnref.network import Cotangent, Network, Pullback, Run, check_cotangent
from rnnref.sequence import Trajectory, backward, forward
from rnnref.systems.base import Array, Matrix, System


class Evaluator:
    """All that `rnnref` computes, in the number system `s`.

    Arrays that come out hold numbers of that system: floats, `mpf`, `arb`; in noise they
    have the replicates as an additional first axis.
    """

    def __init__(self, s: System[Matrix]) -> None:
        self.system = s

    def activation(self, kind: str, x: Array) -> NDArray[Any]:
        """phi(x), entry by entry; x of any shape."""
        return self._entrywise(lambda z: activations.activation(self.system, kind, z), x)

    def slope(self, kind: str, x: Array) -> NDArray[Any]:
        """phi'(x) as back-propagation computes it, from the output phi(x)."""
        s = self.system
        return self._entrywise(
            lambda z: activations.slope_from_output(s, kind, activations.activation(s, kind, z)), x
        )

    def sharp_slope(self, kind: str, x: Array) -> NDArray[Any]:
        """phi'(x) without cancellation."""
        return self._entrywise(lambda z: activations.slope(self.system, kind, z), x)

    def run(self, network: Network) -> Run:
        """The forward pass."""
        trajectory = self._forward(network)
        outputs = self._sequence([step.h for step in trajectory.steps], network)
        return Run(outputs, self._states(trajectory.state))

    def gates(self, network: Network) -> list[dict[str, NDArray[Any]]]:
        """Every gate of every step, each (B, n), by the names of `Layer.gates`; and the states."""
        layer = network.layer
        names = (layer.gates if layer.kind != "rnn" else ()) + layer.states
        return [
            {name: self._rows(getattr(step, name)) for name in names} for step in self._forward(network).steps
        ]

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        """The vector-Jacobian product, by back-propagation through time."""
        check_cotangent(network, cotangent)
        gradient = backward(
            self.system,
            network.layer,
            self._parameters(network),
            self._forward(network),
            [self.system.matrix(d.T) for d in cotangent.outputs],
            {name: self.system.matrix(d.T) for name, d in cotangent.state.items()},
        )
        return Pullback(
            parameters={
                name: self._array(g)[..., 0] if name.startswith("b") else self._array(g)
                for name, g in gradient.parameters.items()
            },
            inputs=self._sequence(gradient.inputs, network, width=network.layer.inputs),
            state=self._states(gradient.state),
        )

    def _forward(self, network: Network) -> Trajectory:
        lift = self.system.matrix
        return forward(
            self.system,
            network.layer,
            self._parameters(network),
            [lift(x.T) for x in network.inputs],
            {name: lift(np.asarray(value).T) for name, value in network.state.items()},
        )

    def _parameters(self, network: Network) -> dict[str, Matrix]:
        return {
            name: self.system.matrix(value.reshape(len(value), -1))
            for name, value in network.parameters.items()
        }

    def _entrywise(self, function: Any, x: Array) -> NDArray[Any]:
        values = self._array(function(self.system.matrix(np.reshape(x, (1, -1)))))
        return values.reshape((*values.shape[:-2], *np.shape(x)))

    def _states(self, state: Mapping[str, Matrix]) -> dict[str, NDArray[Any]]:
        return {name: self._rows(value) for name, value in state.items()}

    def _sequence(
        self, matrices: Sequence[Matrix], network: Network, width: int | None = None
    ) -> NDArray[Any]:
        """Matrices (n, B), T of them, as one array (T, B, n)."""
        if not matrices:  # an empty array, but of the right type and with its replicates
            one = self._rows(self.system.matrix(np.zeros((width or network.layer.hidden, network.batch))))
            return one[..., np.newaxis, :, :][..., :0, :, :]
        return np.stack([self._rows(matrix) for matrix in matrices], axis=-3)

    def _rows(self, matrix: Matrix) -> NDArray[Any]:
        """A matrix (n, B) as an array (B, n)."""
        return self._array(matrix).swapaxes(-1, -2)

    def _array(self, matrix: Matrix) -> NDArray[Any]:
        return self.system.array(matrix)
