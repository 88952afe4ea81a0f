"""The border between the formulas and the arrays of libraries.

Inside, matrices have the batch in their columns and time is a list; outside, arrays have it
in front: (B, n), (T, B, n). What comes out holds numbers of the number system: floats, `mpf`,
`arb`; in noise every array has the replicates as an additional first axis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref.arguments import real_array
from rnnref.errors import BadInput
from rnnref.systems.base import Array, Matrix, System


class Border:
    """What everything that is evaluated in one number system has in common."""

    def __init__(self, s: System[Matrix]) -> None:
        if isinstance(s, type) or not hasattr(s, "matrix"):
            raise BadInput(
                "s", repr(s), "a number system, such as Floats(format_named('float32')) or Balls()"
            )
        self.system = s

    def _lifted(self, values: Array) -> Matrix:
        """An array (B, n) as a matrix (n, B)."""
        return self.system.matrix(np.asarray(values).T)

    def _columns(self, named: Mapping[str, Array]) -> dict[str, Matrix]:
        """Parameters by name, a vector becoming a single column."""
        return {name: self.system.matrix(np.reshape(v, (len(v), -1))) for name, v in named.items()}

    def _entrywise(
        self, function: Callable[[Matrix], Matrix], x: Array, parameter: str = "x"
    ) -> NDArray[Any]:
        """A function of one number, at every entry of an array of any shape."""
        x = real_array(parameter, x)
        values = self._array(function(self.system.matrix(x.reshape((1, -1)))))
        return values.reshape((*values.shape[:-2], *x.shape))

    def _array(self, matrix: Matrix) -> NDArray[Any]:
        return self.system.array(matrix)

    def _rows(self, matrix: Matrix) -> NDArray[Any]:
        """A matrix (n, B) as an array (B, n)."""
        return self._array(matrix).swapaxes(-1, -2)

    def _named_rows(self, matrices: Mapping[str, Matrix]) -> dict[str, NDArray[Any]]:
        return {name: self._rows(matrix) for name, matrix in matrices.items()}

    def _parameters(
        self, matrices: Mapping[str, Matrix], shapes: Mapping[str, tuple[int, ...]]
    ) -> dict[str, NDArray[Any]]:
        """Parameters, or their gradients, by name, in the shapes that they have outside."""
        arrays = {name: self._array(matrices[name]) for name in shapes}
        return {name: a.reshape((*a.shape[:-2], *shapes[name])) for name, a in arrays.items()}

    def _sequence(self, matrices: Sequence[Matrix], batch: int, width: int) -> NDArray[Any]:
        """Matrices (n, B), T of them, as one array (T, B, n)."""
        if not matrices:  # an empty array, but of the right type and with its replicates
            one = self._rows(self.system.matrix(np.zeros((width, batch))))
            return one[..., np.newaxis, :, :][..., :0, :, :]
        return np.stack([self._rows(matrix) for matrix in matrices], axis=-3)
