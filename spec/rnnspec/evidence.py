"""What checks of the mathematics work with: exact algebra, enclosures and experiments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from rnnref import Cotangent, Network
from rnnspec.enclosure import INF, Enclose, Enclosed, Functions
from rnnspec.experiment import Lab, Measurement, Outcome, Plan, Start, Timing, Training
from rnnspec.protocol import Layer

Expression: TypeAlias = Any
"""An exact expression: a quotient of polynomials with rational coefficients."""


class NotProved(Exception):
    """A step of a proof does not hold; says which."""


class Prove(Protocol):
    """Exact algebra over formulas traced from the reference's own code.

    Functions of one real variable x are quotients of polynomials in e = e^x, which is
    positive; de/dx = e. Every method that states something raises `NotProved` if it is not so.
    """

    def number(self, numerator: int, denominator: int = 1) -> Expression: ...

    def activation(self, kind: str) -> Expression:
        """phi(x)."""
        ...

    def slope(self, kind: str) -> Expression:
        """The slope that back-propagation computes from phi(x)."""
        ...

    def derivative(self, f: Expression) -> Expression:
        """df/dx."""
        ...

    def identical(self, left: Expression, right: Expression) -> None:
        """The two expressions are the same function."""
        ...

    def positive(self, f: Expression) -> None:
        """f > 0 for all real x, since all coefficients in e are positive."""
        ...

    def vanishes_only_at_zero(self, f: Expression) -> None:
        """f = 0 if and only if x = 0."""
        ...

    def tends_to(self, f: Expression, limit: int) -> None:
        """f has this limit for x to minus infinity and to plus infinity."""
        ...

    def lstm_derivatives(self, steps: int) -> CellTrace:
        """The LSTM's derivatives with respect to c_0, traced with one hidden unit."""
        ...

    def parameter_count(self, kind: str, biases: str) -> Expression:
        """The number of a layer's parameters, a polynomial in m and n."""
        ...

    def symbols(self, names: str) -> Sequence[Expression]:
        """Fresh independent variables, named in a string with spaces."""
        ...


@dataclass(frozen=True)
class CellTrace:
    """Derivatives of an LSTM with one hidden unit, as polynomials in independent symbols.

    Each gate, each slope and each weight is a symbol of its own, so an identity between
    these polynomials is one between the networks, whatever their numbers.

    Attributes:
        gates: by step, the symbols of `i`, `f`, `g`, `o`, of `tanh_c`, and of each one's
            slope, `slope_i` and so on.
        weights: the symbols of `U_i`, `U_f`, `U_g`, `U_o`.
        cells: the symbols of c_0, c_1, ...
        along_cells: dc_t/dc_{t-1} with h_{t-1} held, by step.
        one_step: dc_t/dc_{t-1} with o_{t-1} held and h_{t-1} = o_{t-1} tanh c_{t-1}, by step.
        total: dc_T/dc_0 with h_0 = o_0 tanh c_0, by back-propagation through all paths.
        carried: dc_T/dc_0 with every h_t held.
        o_first, slope_first: o_0 and the slope of tanh at c_0.
        count_paths: how many paths lead from c_0 to c_T in the total derivative.
    """

    gates: Sequence[dict[str, Expression]]
    weights: dict[str, Expression]
    cells: Sequence[Expression]
    along_cells: Sequence[Expression]
    one_step: Sequence[Expression]
    total: Expression
    carried: Expression
    o_first: Expression
    slope_first: Expression
    count_paths: int


__all__ = [
    "INF",
    "CellTrace",
    "Cotangent",
    "Enclose",
    "Enclosed",
    "Expression",
    "Functions",
    "Lab",
    "Layer",
    "Measurement",
    "Network",
    "NotProved",
    "Outcome",
    "Plan",
    "Prove",
    "Start",
    "Timing",
    "Training",
]
