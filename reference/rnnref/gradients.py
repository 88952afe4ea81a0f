"""Gradients of the parameters, summed over the steps of a sequence.

Every gate is an affine map a = W x + U h + b of the input and of some state. Given da,
its share of the gradient is dW = da x^T, dU = da h^T and db = the sum of da over the batch;
what flows back is dx = W^T da and dh = U^T da.
"""

from __future__ import annotations

from collections.abc import Mapping

from rnnref.systems.base import Matrix, System


class Gradients:
    """An accumulator for the gradients of one layer's parameters.

    Args:
        s: the number system.
        parameters: the parameters by name, in that system.
    """

    def __init__(self, s: System[Matrix], parameters: Mapping[str, Matrix]) -> None:
        self._s = s
        self._parameters = parameters
        self.total: dict[str, Matrix] = {}

    def affine(self, gate: str, da: Matrix, x: Matrix, h: Matrix) -> tuple[Matrix, Matrix]:
        """Back through a = W x + U h + b, for one gate: returns (dx, dh)."""
        return self.affine_apart(gate, da, da, x, h)

    def affine_apart(
        self, gate: str, da: Matrix, da_recurrent: Matrix, x: Matrix, h: Matrix
    ) -> tuple[Matrix, Matrix]:
        """The same where W x + b and U h + bU have cotangents of their own."""
        self._add(f"W_{gate}", da @ x.T)
        self._add(f"U_{gate}", da_recurrent @ h.T)
        if f"b_{gate}" in self._parameters:
            self._add(f"b_{gate}", self._s.sum_columns(da))
        if f"bU_{gate}" in self._parameters:
            self._add(f"bU_{gate}", self._s.sum_columns(da_recurrent))
        W, U = self._parameters[f"W_{gate}"], self._parameters[f"U_{gate}"]
        return W.T @ da, U.T @ da_recurrent

    def affines(self, da: Mapping[str, Matrix], x: Matrix, h: Matrix) -> tuple[Matrix, Matrix]:
        """Back through several gates that read the same x and h."""
        dxs, dhs = zip(*(self.affine(gate, each, x, h) for gate, each in da.items()), strict=True)
        return sum(dxs[1:], dxs[0]), sum(dhs[1:], dhs[0])

    def _add(self, name: str, term: Matrix) -> None:
        self.total[name] = self.total[name] + term if name in self.total else term
