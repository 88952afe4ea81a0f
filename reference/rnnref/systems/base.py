"""What a number system offers to a formula.

Formulas are written once, over matrices whose columns are the members of a batch: an
input is (m, B), a state (n, B), a bias (n, 1). A system supplies the matrices, with
`@`, `.T`, `.shape` and `+`, `-`, `*`, `/` (entry by entry; a single column or a single row
is repeated as often as needed, and so is a Python number), and the functions below.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

# A system's matrices are of a type of its own; a formula only combines them.
Matrix: TypeAlias = Any

M = TypeVar("M")


class System(Protocol[M]):
    """One arithmetic in which the formulas of `rnnref` run."""

    def matrix(self, values: Array) -> M:
        """Lift a float64 array (rows, columns), exactly."""
        ...

    def array(self, a: M) -> NDArray[Any]:
        """The entries as a NumPy array (rows, columns), replicates first where there are any."""
        ...

    # Sums and the arrangement of matrices.

    def sum_columns(self, a: M) -> M:
        """The sum over the batch: (n, B) to (n, 1)."""
        ...

    def sum_rows(self, a: M) -> M:
        """The sum over the entries of each vector: (n, B) to (1, B)."""
        ...

    def beside(self, parts: Sequence[M]) -> M:
        """Matrices of as many rows, side by side: (n, B_1), (n, B_2), ... to (n, B_1 + B_2 + ...)."""
        ...

    def above(self, parts: Sequence[M]) -> M:
        """Matrices of as many columns, one above the other: vectors concatenated."""
        ...

    def rows(self, a: M, start: int, stop: int) -> M:
        """The rows from `start` to before `stop`: what `above` put together, taken apart."""
        ...

    # Choices, which round nothing.

    def choose(self, where: NDArray[np.bool_], a: M, b: M) -> M:
        """a where the mask is true, b elsewhere; the mask is (B,), a choice of columns."""
        ...

    def largest(self, a: M) -> M:
        """The largest entry of each column: (n, B) to (1, B); where undecided, one of the candidates."""
        ...

    def clip(self, a: M, bound: float) -> M:
        """The nearest number in [-bound, bound], entry by entry."""
        ...

    def inside(self, a: M, bound: float) -> M:
        """1 where |a| <= bound, else 0: the slope of `clip`, whose value at the bound is taken to be 1."""
        ...

    def relu(self, z: M) -> M:
        """max(0, z), entry by entry."""
        ...

    def positive(self, y: M) -> M:
        """1 where y > 0, else 0: the slope of ReLU, whose value at 0 is taken to be 0."""
        ...

    def absolute(self, z: M) -> M:
        """|z|, entry by entry."""
        ...

    # Functions, entry by entry.

    def sigmoid(self, z: M) -> M:
        """1 / (1 + e^-z)."""
        ...

    def tanh(self, z: M) -> M:
        """The hyperbolic tangent."""
        ...

    def exp(self, z: M) -> M:
        """e^z."""
        ...

    def expm1(self, z: M) -> M:
        """e^z - 1, without cancellation near 0."""
        ...

    def log(self, z: M) -> M:
        """The natural logarithm; not a number for z < 0."""
        ...

    def sqrt(self, z: M) -> M:
        """The square root; not a number for z < 0."""
        ...
