"""The affine maps that cells are made of, forward and backward.

Every gate begins with a = W x + U h + b: of the input x and of some state h, and with
peepholes P * c of the cell c as well. Given da, its share of the gradient is dW = da x^T,
dU = da h^T, dP = the sum of da * c over the batch and db that of da; what flows back is
dx = W^T da, dh = U^T da and dc = P * da.

Over a sequence these shares are summed over time, which is one product for all steps:
dW = [da_1 ... da_T] [x_1 ... x_T]^T. So `Gradients` keeps the factors of every step, and
multiplies when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from rnnref.systems.base import Matrix, System


class Gate:
    """a = W x + U h + P * c + b, with those terms for which there is a parameter.

    Args:
        name: of the gate; its parameters are `W_name`, `U_name`, `P_name`, `b_name`, `bU_name`.
        parameters: of the layer, by name: W (n, m), U (n, n), P, b and bU (n, 1).
    """

    def __init__(self, name: str, parameters: Mapping[str, Matrix]) -> None:
        self.name = name
        self.W: Matrix = parameters[f"W_{name}"]
        self.U: Matrix = parameters.get(f"U_{name}")
        self.P = parameters.get(f"P_{name}")
        self.b = parameters.get(f"b_{name}")
        self.bU = parameters.get(f"bU_{name}")

    def __call__(self, x: Matrix, h: Matrix, c: Matrix = None) -> Matrix:
        """W x + U h + P * c + b; a second bias bU stands beside U h."""
        a = self.from_input(x)
        if self.U is not None:
            a = a + self.from_state(h)
        return a if self.P is None else a + self.P * c

    def from_input(self, x: Matrix) -> Matrix:
        """W x + b."""
        a = self.W @ x
        return a if self.b is None else a + self.b

    def from_state(self, h: Matrix) -> Matrix:
        """U h + bU."""
        a = self.U @ h
        return a if self.bU is None else a + self.bU


class Gates:
    """The gates of a layer, as attributes by name: `gates.i`, `gates.f`, ...

    Args:
        parameters: of the layer, by name, in some number system.
    """

    def __init__(self, parameters: Mapping[str, Matrix]) -> None:
        self._gates = {name[2:]: Gate(name[2:], parameters) for name in parameters if name.startswith("W_")}

    def __getattr__(self, name: str) -> Gate:
        try:
            return self._gates[name]
        except KeyError:
            raise AttributeError(f"this layer has no gate {name}") from None


class Gradients:
    """The gradients of one layer's parameters: recorded step by step, then multiplied out.

    Args:
        s: the number system.
        parameters: the parameters by name, in that system.
    """

    def __init__(self, s: System[Matrix], parameters: Mapping[str, Matrix]) -> None:
        self._s = s
        self._parameters = parameters
        # For every step, the cotangent of each parameter's term and what it was multiplied by.
        self._steps: list[dict[str, tuple[Matrix, Matrix]]] = []

    def next_step(self) -> None:
        """What follows belongs to another step than what came before."""
        self._steps.append({})

    def affine(
        self, gate: Gate, da: Matrix, x: Matrix, h: Matrix, c: Matrix = None
    ) -> tuple[Matrix, Matrix, Matrix]:
        """Back through a = W x + U h + P * c + b: returns (dx, dh, dc), None for what is not read."""
        dh = None if gate.U is None else self.from_state(gate, da, h)
        dc = None
        if gate.P is not None:
            self._record(f"P_{gate.name}", da, c)
            dc = gate.P * da
        return self.from_input(gate, da, x), dh, dc

    def from_input(self, gate: Gate, da: Matrix, x: Matrix) -> Matrix:
        """Back through W x + b: returns dx."""
        self._record(f"W_{gate.name}", da, x)
        self._record(f"b_{gate.name}", da, None)
        return gate.W.T @ da

    def from_state(self, gate: Gate, da: Matrix, h: Matrix) -> Matrix:
        """Back through U h + bU: returns dh."""
        self._record(f"U_{gate.name}", da, h)
        self._record(f"bU_{gate.name}", da, None)
        return gate.U.T @ da

    def total(self) -> dict[str, Matrix]:
        """The gradient of every parameter, summed over all steps; 0 where there are none."""
        return self._of(self._steps)

    def by_step(self) -> list[dict[str, Matrix]]:
        """Each step's own share, in the order in which the steps were recorded.

        This is the gradient of an unrolled network that has a copy of the parameters for
        every step: in the step k, the cotangent of h_k times the *immediate* partial
        derivative of h_k, in which h_{k-1} is held.
        """
        return [self._of([step]) for step in self._steps]

    def _record(self, name: str, da: Matrix, factor: Matrix) -> None:
        if name in self._parameters:
            self._steps[-1][name] = (da, factor)

    def _of(self, steps: list[dict[str, tuple[Matrix, Matrix]]]) -> dict[str, Matrix]:
        joined: dict[tuple[int, ...], Matrix] = {}  # what several parameters read is joined once

        def beside(parts: list[Matrix]) -> Matrix:
            key = tuple(map(id, parts))
            if key not in joined:
                joined[key] = self._s.beside(parts)
            return joined[key]

        return {name: self._product(name, steps, beside) for name in self._parameters}

    def _product(
        self,
        name: str,
        steps: list[dict[str, tuple[Matrix, Matrix]]],
        beside: Callable[[list[Matrix]], Matrix],
    ) -> Matrix:
        s = self._s
        recorded = [step[name] for step in steps if name in step]
        if not recorded:
            return s.matrix(np.zeros(self._parameters[name].shape))
        da = beside([da for da, _ in recorded])
        if name.startswith("b"):
            return s.sum_columns(da)
        factor = beside([factor for _, factor in recorded])
        return s.sum_columns(da * factor) if name.startswith("P_") else da @ factor.T


def added(terms: Iterable[Matrix]) -> Matrix:
    """The sum of those terms that are not None, of which there is at least one."""
    there = [term for term in terms if term is not None]
    return sum(there[1:], there[0])
