"""What a number system offers to a formula.

Formulas are written once, over matrices whose columns are the members of a batch: an
input is (m, B), a state (n, B), a bias (n, 1). A system supplies the matrices, with
`@`, `+`, `-`, `*` (entry by entry, a single column being repeated) and `.T`, and the
functions below.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, TypeVar

from numpy.typing import NDArray

from rnnref.layer import Array

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

    def sum_columns(self, a: M) -> M:
        """The sum over the batch: (n, B) to (n, 1)."""
        ...

    def sigmoid(self, z: M) -> M:
        """1 / (1 + e^-z), entry by entry."""
        ...

    def tanh(self, z: M) -> M:
        """The hyperbolic tangent, entry by entry."""
        ...

    def relu(self, z: M) -> M:
        """max(0, z), entry by entry."""
        ...

    def positive(self, y: M) -> M:
        """1 where y > 0, else 0: the slope of ReLU, whose value at 0 is taken to be 0."""
        ...

    def exp(self, z: M) -> M:
        """e^z, entry by entry."""
        ...

    def absolute(self, z: M) -> M:
        """|z|, entry by entry."""
        ...
