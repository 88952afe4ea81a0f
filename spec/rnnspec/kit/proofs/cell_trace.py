"""The LSTM's derivatives by c_0, traced with one hidden unit.

The reference's `lstm_step` runs unchanged, in a number system whose numbers are expressions that
carry their derivative along, and in which every activation returns a new symbol with a new slope.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rnnref.affine import Gates
from rnnref.cells import LstmStep, lstm_step
from rnnref.layer import Layer
from rnnspec.kit.proofs.expressions import Expression
from rnnspec.kit.proofs.ring import Ring
from rnnspec.proof import CellTrace


@dataclass(frozen=True)
class Dual:
    """An expression and its derivative with respect to c_0; a 1 x 1 matrix to the formulas."""

    value: Expression
    slope: Expression

    def __add__(self, other: Any) -> Dual:
        o = _dual(other)
        return Dual(self.value + o.value, self.slope + o.slope)

    def __mul__(self, other: Any) -> Dual:
        o = _dual(other)
        return Dual(self.value * o.value, self.slope * o.value + self.value * o.slope)

    __radd__ = __add__
    __rmul__ = __mul__
    __matmul__ = __mul__


def _dual(value: Any) -> Dual:
    return value if isinstance(value, Dual) else Dual(value, 0 * value)


class _FreeActivations:
    """The number system in which every activation returns a new symbol with a new slope."""

    def __init__(self, ring: Ring, slope_of: dict[int, Expression], step: int) -> None:
        self._ring = ring
        self._slope_of = slope_of
        self._names = iter([f"{name}{step}" for name in ("f", "i", "g", "o", "tanh_c")])

    def sigmoid(self, z: Dual) -> Dual:
        name = next(self._names)
        y, slope = self._ring.symbol(name), self._ring.symbol(f"slope_{name}")
        self._slope_of[y.symbols[0].index] = slope
        return Dual(y, slope * z.slope)

    tanh = sigmoid


class _Replay:
    """Activations that return the symbols of a step already traced, in the same order."""

    def __init__(self, slope_of: dict[int, Expression], done: LstmStep) -> None:
        self._slope_of = slope_of
        self._values = iter([done.f, done.i, done.g, done.o, done.squashed])

    def sigmoid(self, z: Dual) -> Dual:
        y = next(self._values).value
        return Dual(y, self._slope_of[y.symbols[0].index] * z.slope)

    tanh = sigmoid


def traced(ring: Ring, steps: int) -> CellTrace:
    """Run the reference's `lstm_step`, once for each derivative wanted."""
    layer = Layer("lstm", 1, 1)
    names = [f"{letter}_{gate}" for letter in "WUb" for gate in layer.gates]
    zero, one = ring.expression(0), ring.expression(1)
    symbols = {name: ring.symbol(name) for name in names}
    gates = Gates({name: Dual(symbol, zero) for name, symbol in symbols.items()})
    o_first, tanh_first, slope_first, c_first = map(ring.symbol, ("o0", "tanh_c0", "slope_tanh_c0", "c0"))
    slope_of: dict[int, Expression] = {}
    x = Dual(zero, zero)

    # What the state before a step is differentiated by decides which derivative comes out.
    def step(system: Any, h: Dual, c: Dual) -> LstmStep:
        return lstm_step(system, layer, gates, x, h, c)

    c = Dual(c_first, one)
    h = Dual(o_first * tanh_first, o_first * slope_first)
    done: list[LstmStep] = []
    cells = [c_first]
    for t in range(1, steps + 1):
        done.append(step(_FreeActivations(ring, slope_of, t), h, c))
        h, c = done[-1].h, Dual(ring.symbol(f"c{t}"), done[-1].c.slope)
        cells.append(c.value)
    total = c.slope

    along, one_step, carried = [], [], one
    o_before, hidden, tanh_slope = o_first, o_first * tanh_first, slope_first
    for cell, each in zip(cells, done, strict=False):
        held = step(_Replay(slope_of, each), Dual(hidden, zero), Dual(cell, one))
        along.append(held.c.slope)
        carried = carried * held.c.slope
        through = step(_Replay(slope_of, each), Dual(hidden, o_before * tanh_slope), Dual(cell, one))
        one_step.append(through.c.slope)
        o_before, hidden = each.o.value, each.h.value
        tanh_slope = slope_of[each.squashed.value.symbols[0].index]

    return CellTrace(
        gates=[_symbols_of(each, slope_of) for each in done],
        weights={name: symbol for name, symbol in symbols.items() if name[0] == "U"},
        cells=cells,
        along_cells=along,
        one_step=one_step,
        total=total,
        carried=carried,
        o_first=o_first,
        slope_first=slope_first,
        count_paths=int(sum(total.top.coeffs())),
    )


def _symbols_of(step: LstmStep, slope_of: dict[int, Expression]) -> dict[str, Expression]:
    named = {name: getattr(step, name).value for name in ("i", "f", "g", "o")}
    named["tanh_c"] = step.squashed.value
    slopes = {f"slope_{name}": slope_of[y.symbols[0].index] for name, y in named.items()}
    return named | slopes
