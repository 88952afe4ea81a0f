"""Numbers that stand for functions on a whole ray: how the tail of a line is enclosed.

On the ray x >= a, with a >= 1, a function is carried as a sum of terms B x^p e^(qx), where p and
q are rational and B is a ball, or exactly a rational number. It means: for every x of the ray
there is a number in each B such that the function's value at x is the sum. Every operation keeps
that true:

- sums and products are those of the terms, whose balls add and multiply;
- x^p e^(qx) is positive, and bounded on the ray if q < 0, or if q = 0 and p <= 0: its largest
  value is at a or where its derivative vanishes, at -p/q. So a sum whose terms are all bounded
  lies in a ball; and where one term dominates, all others divided by it being bounded, what is
  left after dividing by it lies in a ball, whose sign is that of the sum, on the whole ray;
- a division or a function is one of mean values: phi(c + r) = phi(c) + r phi'(t) with t between
  c and c + r, so the terms of r stay what they are and only their balls get wider.

Nothing is lost towards infinity: tanh x is 1 + B e^(-2x), with B near -2, so that 1 - tanh x is
known to be positive however far out, and to tend to 0. With several rays at once, a term has a
factor x^p e^(qx) for each.

A sign or a bound that does not come out is `Undecided`: the ray is then cut at 2a, and there is
one more bounded piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from flint import arb, fmpq

from rnnref.systems.balls import BallMatrix, Balls
from rnnspec.kit.numbers import exactly

Ball: TypeAlias = Any  # flint.arb, which ships no types
Power: TypeAlias = tuple[Fraction, Fraction]
Monomial: TypeAlias = tuple[Power, ...]
"""x^p e^(qx) for each of the rays, as (p, q)."""

BALLS = Balls()
NONE, ONE = Fraction(0), Fraction(1)


class Undecided(Exception):
    """A piece or a ray is too wide to tell."""


def function_of(ball: Ball, function: Callable[[BallMatrix], BallMatrix]) -> Ball:
    """A function of the reference's balls, of a single one."""
    return function(BallMatrix(1, 1, [ball])).entries[0]


class Tail:
    """A sum of terms on some rays.

    Args:
        rays: the rays that it is a function on.
        terms: the ball of every monomial.
    """

    __slots__ = ("rays", "terms")

    def __init__(self, rays: Tails, terms: dict[Monomial, Ball]) -> None:
        self.rays = rays
        self.terms = {m: B for m, B in terms.items() if not _is_zero(B)}
        if not all(arb(B).is_finite() for B in self.terms.values()):
            raise Undecided

    def __add__(self, other: Tail) -> Tail:
        terms = dict(self.terms)
        for m, B in other.terms.items():
            terms[m] = terms[m] + B if m in terms else B
        return Tail(self.rays, terms)

    def __neg__(self) -> Tail:
        return Tail(self.rays, {m: -B for m, B in self.terms.items()})

    def __sub__(self, other: Tail) -> Tail:
        return self + -other

    def __mul__(self, other: Tail) -> Tail:
        product = Tail(self.rays, {})
        for m, B in self.terms.items():
            product = product + Tail(self.rays, {_times(m, k): B * C for k, C in other.terms.items()})
        return product

    def __truediv__(self, other: Tail) -> Tail:
        """1 / (m (C + r)) = 1/m (1/C - r / (C (C + r)))."""
        for m, C, r, whole in other.dominated():
            if not (arb(C).contains(0) or whole.contains(0)):
                inverse = self.rays.constant(1 / C) - r * self.rays.constant(1 / (C * whole))
                return self * inverse * Tail(self.rays, {_power(m, -ONE): fmpq(1)})
        raise Undecided

    def dominated(self) -> Iterator[tuple[Monomial, Ball, Tail, Ball]]:
        """The ways to write it as m (C + r), r being bounded: m, C, r and a ball of C + r."""
        for m, C in self.terms.items():
            r = Tail(self.rays, {_times(k, _power(m, -ONE)): B for k, B in self.terms.items() if k != m})
            whole = r.hull()
            if whole is not None:
                yield m, C, r, C + whole

    def hull(self) -> Ball | None:
        """A ball of all values on the rays, if they are bounded."""
        total = arb(0)
        for m, B in self.terms.items():
            bound = self.rays.bound(m)
            if bound is None:
                return None
            total += B * bound
        return total

    def sign(self) -> int:
        """1 or -1 if it has this sign on the whole of the rays; 0 if it is 0 there."""
        if not self.terms:
            return 0
        for _, _, _, whole in self.dominated():
            if whole > 0:
                return 1
            if whole < 0:
                return -1
        raise Undecided

    def tends_to_zero(self) -> bool:
        """Whether every term does, as far as one can tell from its powers."""
        return all(_vanishes(m) for m in self.terms)


class Tails:
    """The rays x >= a, one a variable, and the functions of what lives on them.

    Args:
        starts: a, a number of at least 1 for each.
    """

    def __init__(self, starts: Sequence[Ball]) -> None:
        self._starts = starts
        self._one: Monomial = ((NONE, NONE),) * len(starts)

    def variable(self, place: int, sign: int) -> Tail:
        """x of one of the rays, or -x."""
        monomial = list(self._one)
        monomial[place] = (ONE, NONE)
        return Tail(self, {tuple(monomial): fmpq(sign)})

    def constant(self, ball: Ball) -> Tail:
        return Tail(self, {self._one: ball})

    def number(self, value: Any) -> Tail:
        """Exactly, if it is no ball."""
        return self.constant(value if isinstance(value, arb) else _rational(Fraction(value)))

    def sign(self, t: Tail) -> int:
        return t.sign()

    def absolute(self, t: Tail) -> tuple[Tail, Tail]:
        return (-t if t.sign() < 0 else t), self.number(t.sign())

    def positive(self, t: Tail) -> Tail:
        return self.number(1 if t.sign() > 0 else 0)

    def bound(self, m: Monomial) -> Ball | None:
        """A ball of x^p e^(qx) on the ray, a product over the rays; None if it is unbounded."""
        total = arb(1)
        for (p, q), a in zip(m, self._starts, strict=True):
            if p == q == 0:
                continue
            if q > 0 or (q == 0 and p > 0):
                return None
            at = exactly(max(p / -q, NONE)) if q < 0 else a
            at = at.max(a)
            total *= arb(0).union((exactly(p) * at.log() + exactly(q) * at).exp())
        return total

    def exp(self, t: Tail) -> Tail:
        """Linear terms with an exact factor become e^(qx); what is left is to be bounded."""
        shift, rest = list(self._one), {}
        for m, B in t.terms.items():
            place = _linear(m)
            if place is not None and isinstance(B, fmpq):
                p, q = shift[place]
                shift[place] = (p, q + Fraction(int(B.p), int(B.q)))
            else:
                rest[m] = B
        left = Tail(self, rest)
        if left.hull() is not None:
            return self._by_mean_value(left, arb.exp, arb.exp) * Tail(self, {tuple(shift): fmpq(1)})
        if left.sign() > 0:
            raise Undecided
        return Tail(self, {tuple(shift): arb(0).union(arb(1))})  # 0 < e^r < 1, since r < 0

    def log(self, t: Tail) -> Tail:
        """log (m (C + r)) = p log x + q x + log (C + r), where 0 <= log x <= 2/e sqrt(x)."""
        for m, C, r, whole in t.dominated():
            if C > 0 and whole > 0:
                result = self._by_mean_value(self.constant(C) + r, arb.log, lambda v: 1 / v)
                below_root = arb(0).union(2 / arb(1).exp())
                for place, (p, q) in enumerate(m):
                    x = self.variable(place, 1)
                    log_x = Tail(self, {_power(k, Fraction(1, 2)): below_root for k in x.terms})
                    result = result + self.number(p) * log_x + self.number(q) * x
                return result
        raise Undecided

    def sqrt(self, t: Tail) -> Tail:
        for m, C, r, whole in t.dominated():
            if C > 0 and whole > 0:
                root = self._by_mean_value(self.constant(C) + r, arb.sqrt, lambda v: 1 / (2 * v.sqrt()))
                return root * Tail(self, {_power(m, Fraction(1, 2)): fmpq(1)})
        raise Undecided

    def tanh(self, t: Tail) -> Tail:
        """1 - 2 / (e^2t + 1) where t grows without bound."""
        if t.hull() is not None:
            return self._by_mean_value(t, _tanh, lambda v: 1 - _tanh(v) ** 2)
        if t.sign() < 0:
            return -self.tanh(-t)
        one = self.number(1)
        e = self.exp(self.number(-2) * t)
        return one - self.number(2) * e / (one + e)

    def sigmoid(self, t: Tail) -> Tail:
        """1 - 1 / (e^t + 1) where t grows without bound."""
        if t.hull() is not None:
            return self._by_mean_value(t, _sigmoid, lambda v: _sigmoid(v) * _sigmoid(-v))
        if t.sign() < 0:
            return self.number(1) - self.sigmoid(-t)
        one = self.number(1)
        e = self.exp(-t)
        return one - e / (one + e)

    def sin_cos(self, t: Tail) -> tuple[Tail, Tail]:
        if t.hull() is None:
            either = self.constant(arb(0, 1))
            return either, either
        sine = self._by_mean_value(t, arb.sin, arb.cos)
        return sine, self._by_mean_value(t, arb.cos, lambda v: -v.sin())

    def pi(self) -> Tail:
        return self.constant(arb.pi())

    def erf(self, t: Tail) -> Tail:
        if t.hull() is not None:
            return self._by_mean_value(t, arb.erf, lambda v: 2 * (-(v**2)).exp() / arb.pi().sqrt())
        return self.constant(arb(0).union(arb(t.sign())))

    def _by_mean_value(
        self, t: Tail, function: Callable[[Ball], Ball], derivative: Callable[[Ball], Ball]
    ) -> Tail:
        """function(c + r) = function(c) + r derivative(somewhere between), c being the constant term."""
        c = arb(t.terms.get(self._one, 0))
        r = Tail(self, {m: B for m, B in t.terms.items() if m != self._one})
        spread = r.hull()
        if spread is None:
            raise Undecided
        around = (c + spread).union(c)
        return self.constant(function(c)) + r * self.constant(derivative(around))


def _tanh(v: Ball) -> Ball:
    return function_of(v, BALLS.tanh)


def _sigmoid(v: Ball) -> Ball:
    return function_of(v, BALLS.sigmoid)


def _is_zero(B: Any) -> bool:
    return bool(B.is_zero() if isinstance(B, arb) else B == 0)


def _times(m: Monomial, k: Monomial) -> Monomial:
    return tuple((p + r, q + s) for (p, q), (r, s) in zip(m, k, strict=True))


def _power(m: Monomial, exponent: Fraction) -> Monomial:
    return tuple((p * exponent, q * exponent) for p, q in m)


def _vanishes(m: Monomial) -> bool:
    """Whether x^p e^(qx) tends to 0 where all rays go to infinity, and is bounded on the way."""
    bounded = all(q < 0 or (q == 0 and p <= 0) for p, q in m)
    return bounded and any(p or q for p, q in m)


def _linear(m: Monomial) -> int | None:
    """Which variable it is, if it is one by itself."""
    places = [k for k, power in enumerate(m) if power != (NONE, NONE)]
    return places[0] if len(places) == 1 and m[places[0]] == (ONE, NONE) else None


def _rational(value: Fraction) -> Any:
    return fmpq(value.numerator, value.denominator)
