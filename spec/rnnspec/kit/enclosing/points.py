"""Numbers at a point or on a bounded piece: balls, and rationals where a value is to be exact."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from typing import Any, Protocol, TypeVar

from flint import arb, fmpq

from rnnspec.kit.enclosing.tails import BALLS, Ball, Undecided, function_of
from rnnspec.kit.numbers import exactly

S = TypeVar("S")


class Field(Protocol[S]):
    """What the coefficients of a series can be: balls, rationals, or functions on rays.

    They add, subtract, multiply and divide among each other; the rest is asked for here. Each
    method raises `Undecided` where it has no answer.
    """

    def number(self, value: Any) -> S:
        """A number as it is, or enclosed."""
        ...

    def constant(self, ball: Ball) -> S:
        """A number of which a ball is known."""
        ...

    def sign(self, v: S) -> int:
        """1, -1, or 0 for what is exactly 0."""
        ...

    def absolute(self, v: S) -> tuple[S, S]:
        """|v| and its slope, which is between -1 and 1 where the sign is open."""
        ...

    def positive(self, v: S) -> S:
        """1 where v > 0, else 0."""
        ...

    def exp(self, v: S) -> S: ...

    def log(self, v: S) -> S: ...

    def sqrt(self, v: S) -> S: ...

    def tanh(self, v: S) -> S: ...

    def sigmoid(self, v: S) -> S: ...

    def sin_cos(self, v: S) -> tuple[S, S]: ...

    def erf(self, v: S) -> S: ...

    def pi(self) -> S: ...


class Pieces:
    """Balls: each stands for a number of a bounded piece, or for all of them."""

    def number(self, value: Any) -> Ball:
        # A decimal number as it is printed is a fraction; as a float it would be another one.
        return exactly(Fraction(value) if isinstance(value, str) else value)

    def constant(self, ball: Ball) -> Ball:
        return ball

    def sign(self, v: Ball) -> int:
        if not v.is_finite():
            raise Undecided
        if v > 0:
            return 1
        if v < 0:
            return -1
        if v.is_zero():
            return 0
        raise Undecided

    def absolute(self, v: Ball) -> tuple[Ball, Ball]:
        if v >= 0:
            return v, arb(1)
        if v <= 0:
            return -v, arb(-1)
        return abs(v), arb(0, 1)

    def positive(self, v: Ball) -> Ball:
        return function_of(v, BALLS.positive)

    def exp(self, v: Ball) -> Ball:
        return v.exp()

    def log(self, v: Ball) -> Ball:
        return v.log()

    def sqrt(self, v: Ball) -> Ball:
        return v.sqrt()

    def tanh(self, v: Ball) -> Ball:
        return function_of(v, BALLS.tanh)

    def sigmoid(self, v: Ball) -> Ball:
        return function_of(v, BALLS.sigmoid)

    def sin_cos(self, v: Ball) -> tuple[Ball, Ball]:
        return v.sin(), v.cos()

    def erf(self, v: Ball) -> Ball:
        return v.erf()

    def pi(self) -> Ball:
        return arb.pi()


class Rationals:
    """Exact rational numbers, for points where two sides are to be *equal*, which no ball can show.

    Of a function that is not rational, only the values that everybody knows are there: e^0 = 1,
    log 1 = 0, tanh 0 = 0, and the roots of squares. Any other is `Undecided`.
    """

    def number(self, value: Any) -> Any:
        if isinstance(value, arb):
            raise Undecided
        exact = Fraction(value)
        return fmpq(exact.numerator, exact.denominator)

    def constant(self, ball: Ball) -> Any:
        raise Undecided

    def sign(self, v: Any) -> int:
        return int(v > 0) - int(v < 0)

    def absolute(self, v: Any) -> tuple[Any, Any]:
        if v == 0:
            raise Undecided  # where |x| has no slope
        return (v, fmpq(1)) if v > 0 else (-v, fmpq(-1))

    def positive(self, v: Any) -> Any:
        return fmpq(int(v > 0))

    def exp(self, v: Any) -> Any:
        return self._known(v, 0, 1)

    def log(self, v: Any) -> Any:
        return self._known(v, 1, 0)

    def sqrt(self, v: Any) -> Any:
        if v <= 0:
            raise Undecided  # where the root has no slope
        root = fmpq(isqrt(int(v.p)), isqrt(int(v.q)))
        if root * root != v:
            raise Undecided
        return root

    def tanh(self, v: Any) -> Any:
        return self._known(v, 0, 0)

    def sigmoid(self, v: Any) -> Any:
        return self._known(v, 0, fmpq(1, 2))

    def sin_cos(self, v: Any) -> tuple[Any, Any]:
        return self._known(v, 0, 0), self._known(v, 0, 1)

    def erf(self, v: Any) -> Any:
        return self._known(v, 0, 0)

    def pi(self) -> Any:
        raise Undecided

    def _known(self, v: Any, at: int, value: Any) -> Any:
        if v != at:
            raise Undecided
        return fmpq(value)
