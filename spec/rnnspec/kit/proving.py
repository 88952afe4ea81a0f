"""Exact algebra: proofs whose object is traced from the reference's own formulas.

Functions of one variable are quotients of polynomials in e = e^x. Networks are traced with
one hidden unit over a ring in which every gate, slope and weight is an independent variable:
the reference's `lstm_step` runs unchanged, in a number system whose numbers are polynomials
that carry their derivative along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flint import fmpq, fmpq_mpoly_ctx, fmpq_poly

from rnnref.activations import activation, slope_from_output
from rnnref.affine import Gates
from rnnref.cells import LstmStep, lstm_step
from rnnref.layer import Layer
from rnnspec.evidence import CellTrace, Expression, NotProved

E = fmpq_poly([0, 1])
"""The polynomial e, which stands for e^x."""


class Ratio:
    """A quotient of polynomials in e = e^x, in lowest terms, denominator leading with 1."""

    def __init__(self, numerator: Any, denominator: Any = 1) -> None:
        numerator, denominator = fmpq_poly([0]) + numerator, fmpq_poly([0]) + denominator
        if denominator == 0:
            raise ZeroDivisionError("a quotient of polynomials with denominator 0")
        common = numerator.gcd(denominator)
        lead = (denominator // common)[denominator.degree() - common.degree()]
        self.numerator = numerator // common / lead
        self.denominator = denominator // common / lead

    def __add__(self, other: Any) -> Ratio:
        o = _ratio(other)
        return Ratio(
            self.numerator * o.denominator + o.numerator * self.denominator,
            self.denominator * o.denominator,
        )

    def __mul__(self, other: Any) -> Ratio:
        o = _ratio(other)
        return Ratio(self.numerator * o.numerator, self.denominator * o.denominator)

    def __neg__(self) -> Ratio:
        return Ratio(-self.numerator, self.denominator)

    def __sub__(self, other: Any) -> Ratio:
        return self + -_ratio(other)

    def __rsub__(self, other: Any) -> Ratio:
        return _ratio(other) - self

    def __pow__(self, power: int) -> Ratio:
        return Ratio(self.numerator**power, self.denominator**power)

    def __eq__(self, other: object) -> bool:
        o = _ratio(other)
        return bool(self.numerator == o.numerator and self.denominator == o.denominator)

    __hash__ = None  # type: ignore[assignment]  # equal ratios are compared, never stored
    __radd__ = __add__
    __rmul__ = __mul__

    def derivative(self) -> Ratio:
        """d/dx, by the quotient rule and de/dx = e."""
        top, bottom = self.numerator, self.denominator
        slope = (top.derivative() * bottom - top * bottom.derivative()) * E
        return Ratio(slope, bottom * bottom)

    def __repr__(self) -> str:
        return f"({self.numerator.str(var='e')}) / ({self.denominator.str(var='e')})"


def _ratio(value: Any) -> Ratio:
    return value if isinstance(value, Ratio) else Ratio(value)


class _Functions:
    """The number system in which a formula is a function of e^x."""

    def sigmoid(self, z: Ratio) -> Ratio:
        self._only_of_x(z)
        return Ratio(E, 1 + E)

    def tanh(self, z: Ratio) -> Ratio:
        self._only_of_x(z)
        return Ratio(E * E - 1, E * E + 1)

    @staticmethod
    def _only_of_x(z: object) -> None:
        if z is not X:
            raise NotProved("activations are known as functions of x alone")


X: Any = object()
"""Stands for the variable x itself, which is no quotient of polynomials in e^x."""


@dataclass(frozen=True)
class Dual:
    """A polynomial and its derivative with respect to c_0; a 1 x 1 matrix to the formulas."""

    value: Any
    slope: Any

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

    def __init__(self, ring: _Ring) -> None:
        self._ring = ring

    def sigmoid(self, z: Dual) -> Dual:
        return self._fresh(z)

    tanh = sigmoid

    def _fresh(self, z: Dual) -> Dual:
        y, slope = self._ring.fresh(), self._ring.fresh()
        self._ring.slope_of[str(y)] = slope
        return Dual(y, slope * z.slope)


class _Ring:
    """Polynomials with rational coefficients in as many variables as are asked for."""

    SIZE = 160

    def __init__(self) -> None:
        context = fmpq_mpoly_ctx.get([f"v{k}" for k in range(self.SIZE)], "lex")
        self._free = iter(context.gens())
        self.zero = 0 * context.gens()[0]
        self.one = self.zero + 1
        self.slope_of: dict[str, Any] = {}

    def fresh(self) -> Any:
        return next(self._free)


class Prover:
    """See `rnnspec.evidence.Prove`. `proved` counts the steps that were shown to hold."""

    def __init__(self) -> None:
        self.proved = 0

    def _step(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise NotProved(f"step {self.proved + 1}: {otherwise}")
        self.proved += 1

    def number(self, numerator: int, denominator: int = 1) -> Ratio:
        return Ratio(fmpq(numerator, denominator))

    def activation(self, kind: str) -> Ratio:
        return activation(_Functions(), kind, X)  # type: ignore[arg-type, no-any-return]  # a system of two functions

    def slope(self, kind: str) -> Ratio:
        return slope_from_output(_Functions(), kind, self.activation(kind))  # type: ignore[arg-type, no-any-return]

    def derivative(self, f: Ratio) -> Ratio:
        return f.derivative()

    def identical(self, left: Expression, right: Expression) -> None:
        self._step(left == right, f"{left} and {right} are different")

    def positive(self, f: Ratio) -> None:
        positive = _all_positive(f.numerator) and _all_positive(f.denominator)
        self._step(positive, f"{f} has a coefficient that is not positive")

    def vanishes_only_at_zero(self, f: Ratio) -> None:
        # The numerator is a power of e - 1 times a polynomial without positive roots.
        rest, power = f.numerator, 0
        while rest != 0 and rest(1) == 0:
            rest, power = rest // (E - 1), power + 1
        only = power > 0 and _one_sign(rest) and _all_positive(f.denominator)
        self._step(only, f"{f} does not vanish at x = 0, or not only there")

    def tends_to(self, f: Ratio, limit: int) -> None:
        rest = f - limit
        # At e = 0, and at infinity where the denominator has the higher degree.
        below = rest.numerator(0) == 0 and rest.denominator(0) != 0
        above = rest.numerator.degree() < rest.denominator.degree()
        self._step(below and above, f"{f} does not tend to {limit} on both sides")

    def symbols(self, names: str) -> Sequence[Any]:
        ring = _Ring()
        return [ring.fresh() for _ in names.split()]

    def parameter_count(self, kind: str, biases: str) -> Any:
        # Sizes that occur nowhere else mark which dimension is m and which is n.
        m_mark, n_mark = 1009, 10007
        m, n = self.symbols("m n")
        dimension = {m_mark: m, n_mark: n}
        layer = Layer(kind, m_mark, n_mark, biases=biases)  # type: ignore[arg-type]
        total = 0 * m
        for shape in layer.parameter_shapes.values():
            size = 1 + 0 * m
            for length in shape:
                size *= dimension[length]
            total += size
        return total

    def lstm_derivatives(self, steps: int) -> CellTrace:
        return _trace(steps)


def _all_positive(polynomial: Any) -> bool:
    coefficients = polynomial.coeffs()
    return bool(coefficients) and all(c >= 0 for c in coefficients) and any(c > 0 for c in coefficients)


def _one_sign(polynomial: Any) -> bool:
    return _all_positive(polynomial) or _all_positive(-polynomial)


def _trace(steps: int) -> CellTrace:
    """Run the reference's `lstm_step` on polynomials, once for each derivative wanted."""
    ring = _Ring()
    layer = Layer("lstm", 1, 1)
    names = [f"{letter}_{gate}" for letter in "WUb" for gate in layer.gates]
    symbols = {name: ring.fresh() for name in names}
    layer_gates = Gates({name: Dual(symbol, ring.zero) for name, symbol in symbols.items()})
    o_first, tanh_first, slope_first, c_first = (ring.fresh() for _ in range(4))
    x = Dual(ring.zero, ring.zero)

    # What the state before a step is differentiated by decides which derivative comes out.
    def step(h: Dual, c: Dual, replay: LstmStep | None = None) -> LstmStep:
        system = _FreeActivations(ring) if replay is None else _Replay(ring, replay)
        return lstm_step(system, layer, layer_gates, x, h, c)  # type: ignore[arg-type]  # a system of two functions

    c = Dual(c_first, ring.one)
    h = Dual(o_first * tanh_first, o_first * slope_first)
    done: list[LstmStep] = []
    cells = [c_first]
    for _ in range(steps):
        done.append(step(h, c))
        h, c = done[-1].h, Dual(ring.fresh(), done[-1].c.slope)
        cells.append(c.value)
    total = c.slope

    along, one_step, carried = [], [], ring.one
    o_before = o_first
    hidden = o_first * tanh_first
    tanh_slope = slope_first
    for cell, each in zip(cells, done, strict=False):
        held = step(Dual(hidden, ring.zero), Dual(cell, ring.one), each)
        along.append(held.c.slope)
        carried = carried * held.c.slope
        through = step(Dual(hidden, o_before * tanh_slope), Dual(cell, ring.one), each)
        one_step.append(through.c.slope)
        o_before, hidden = each.o.value, each.h.value
        tanh_slope = ring.slope_of[str(each.squashed.value)]

    return CellTrace(
        gates=[_symbols_of(each, ring) for each in done],
        weights={name: symbol for name, symbol in symbols.items() if name[0] == "U"},
        cells=cells,
        along_cells=along,
        one_step=one_step,
        total=total,
        carried=carried,
        o_first=o_first,
        slope_first=slope_first,
        count_paths=int(sum((ring.zero + total).coeffs())),
    )


class _Replay(_FreeActivations):
    """Activations that return the symbols of a step already traced, in the same order."""

    def __init__(self, ring: _Ring, done: LstmStep) -> None:
        super().__init__(ring)
        self._values = iter([done.f, done.i, done.g, done.o, done.squashed])

    def _fresh(self, z: Dual) -> Dual:
        y = next(self._values).value
        return Dual(y, self._ring.slope_of[str(y)] * z.slope)

    def sigmoid(self, z: Dual) -> Dual:
        return self._fresh(z)

    tanh = sigmoid


def _symbols_of(step: LstmStep, ring: _Ring) -> dict[str, Any]:
    named = {name: getattr(step, name).value for name in ("i", "f", "g", "o")}
    named["tanh_c"] = step.squashed.value
    return named | {f"slope_{name}": ring.slope_of[str(symbol)] for name, symbol in named.items()}
