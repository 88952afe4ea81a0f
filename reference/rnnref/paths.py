"""The gradient through an LSTM's cells, path by path.

Which ways are there from c_0 to c_k? In every step

- c_{t-1} -> c_t            by diag(f_t),
- h_{t-1} -> i_t -> c_t     by diag(g i') U_i, and likewise through f_t and g_t,
- h_{t-1} -> o_t -> h_t     by diag(tanh(c_t) o') U_o,
- c_t -> h_t                by diag(o_t tanh'(c_t)).

The first edge may be c_0 -> h_0, with o_0 held: h_0 = o_0 tanh(c_0) moves along with c_0. A
path's value is the product of its edges, the latest on the left, and dc_k/dc_0 is the sum
over all paths. One of them goes through cells only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rnnref.affine import Gates
from rnnref.arguments import check_whole
from rnnref.cells import LstmStep
from rnnref.jacobians import lstm_slopes, output_by_cell
from rnnref.layer import Layer
from rnnref.systems.base import Matrix, System

LONGEST = 7  # steps: 47,956 paths, and 4.8 times as many with each step more
MOST_STEPS = 10_000  # of those that are only counted; that is a number of 6,805 digits


@dataclass(frozen=True)
class Path:
    """One way from c_0.

    Attributes:
        edges: in the order of time: `c0->h0`, `h0->i1->c1`, `c1->c2`, ...
        matrices: the recurrent matrices that it meets, in the same order: `U_i`, ...
        value: the derivative along it, (n, n).
    """

    edges: tuple[str, ...]
    matrices: tuple[str, ...]
    value: Matrix

    def along(self, edge: str, diagonal: Matrix | None) -> Path:
        """Continued by a diagonal edge, given as a column; None for the diagonal of ones."""
        value = self.value if diagonal is None else diagonal * self.value
        return Path((*self.edges, edge), self.matrices, value)

    def through(self, edge: str, matrix: str, jacobian: Matrix) -> Path:
        """Continued by an edge that has a recurrent matrix in it."""
        return Path((*self.edges, edge), (*self.matrices, matrix), jacobian @ self.value)


def count_paths(k: int, forget_gate: bool = True) -> int:
    """How many paths lead from c_0 to c_k: 4, 19, 91, 436, 2089, ...; without a forget gate fewer.

    With A_k ways to c_k and B_k to h_k, A' = A + 3 B and B' = A' + B, from A_0 = B_0 = 1.

    Raises:
        BadInput: if k is no whole number from 0 to 10,000.
    """
    check_whole("k", k, 0, MOST_STEPS)
    gates = 3 if forget_gate else 2
    to_cell, to_output = 1, 1
    for _ in range(k):
        to_cell = to_cell + gates * to_output
        to_output = to_cell + to_output
    return to_cell


def cell_paths(
    s: System[Matrix], layer: Layer, gates: Gates, steps: Sequence[LstmStep], o_before: Matrix
) -> Iterator[Path]:
    """All paths from c_0 to c_k, one after the other, for one member of the batch.

    Args:
        layer: an LSTM without peepholes, coupled gates or clipping.
        steps: the records of k steps, each with a single column.
        o_before: o_0, (n, 1).
    """
    k = len(steps)
    slopes = [lstm_slopes(s, layer, done) for done in steps]
    into_cell = ("f", "i", "g") if layer.forget_gate else ("i", "g")

    def from_cell(t: int, path: Path) -> Iterator[Path]:
        if t == k:
            yield path
            return
        yield from from_cell(t + 1, path.along(f"c{t}->c{t + 1}", steps[t].f))
        output = slopes[t - 1].c if t else output_by_cell(s, layer, steps[0], o_before)
        yield from from_output(t, path.along(f"c{t}->h{t}", output))

    def from_output(t: int, path: Path) -> Iterator[Path]:
        for name in into_cell:
            jacobian = getattr(slopes[t], name) * getattr(gates, name).U
            edge = f"h{t}->{name}{t + 1}->c{t + 1}"
            yield from from_cell(t + 1, path.through(edge, f"U_{name}", jacobian))
        if t + 1 < k:  # h_k is not on the way to c_k
            edge = f"h{t}->o{t + 1}->h{t + 1}"
            yield from from_output(t + 1, path.through(edge, "U_o", slopes[t].o * gates.o.U))

    return from_cell(0, Path((), (), s.matrix(np.eye(layer.hidden))))


def grouped(paths: Iterable[Path]) -> dict[int, Matrix]:
    """Sums of the paths that meet equally many recurrent matrices, by that number."""
    sums: dict[int, Matrix] = {}
    for path in paths:
        met = len(path.matrices)
        sums[met] = sums[met] + path.value if met in sums else path.value
    return sums
