"""The symbols of a proof, and the normal form of quotients of polynomials in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from flint import fmpq_mpoly_ctx

from rnnspec.kit.proofs.expressions import Expression, Polynomial, rational
from rnnspec.kit.proofs.statements import Statement
from rnnspec.proof import NotProved

if TYPE_CHECKING:
    from rnnspec.kit.proofs.functions import Function

LONGEST_NAME = 32  # of what stands in the brackets of a function
FEWEST = 16  # variables of a ring; it doubles whenever it is full


class LeftScope(NotProved):
    """An expression is used outside of the assumptions under which it was computed."""


class Undefined(NotProved, ZeroDivisionError):
    """A denominator is 0, or may be."""


@dataclass(frozen=True)
class Range:
    """The real numbers between two ends; None for infinity. Ends belong to it if they are `closed`."""

    low: Fraction | None = None
    high: Fraction | None = None
    low_closed: bool = False
    high_closed: bool = False

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"got the range from {self.low} to {self.high}, expected the lower end first")


REAL = Range()
POSITIVE = Range(Fraction(0))
NONNEGATIVE = Range(Fraction(0), low_closed=True)


@dataclass(frozen=True, eq=False)
class Symbol:
    """A variable of the ring.

    Attributes:
        index: its place among them.
        name: as it is printed.
        range: where its value lies.
        function: what it is a value of; None for an independent variable.
        arguments: of that function.
        square: p and q with r^2 = p r + q, if it has such an equation.
    """

    index: int
    name: str
    range: Range = REAL
    function: Function | None = None
    arguments: tuple[Expression, ...] = ()
    square: tuple[Expression, Expression] | None = None


@dataclass(eq=False)
class Scope:
    """A part of a proof in which something is assumed.

    What was computed in it may be true there only: a ReLU may have been taken for its argument.
    So an expression knows its scope, and cannot be used when that has been left.
    """

    assumed: tuple[Statement, ...]
    outer: Scope | None
    open: bool = True

    @property
    def all_assumed(self) -> list[Statement]:
        return [*(self.outer.all_assumed if self.outer else ()), *self.assumed]


class Ring:
    """The symbols of one proof, and the normal form of quotients of polynomials in them."""

    def __init__(self) -> None:
        self.symbols: list[Symbol] = []
        self.scope: Scope | None = None
        self._grow(FEWEST)
        self._quadratic: list[int] = []
        self._values: dict[tuple[Any, ...], Symbol] = {}
        self.slopes: dict[tuple[int, int], Expression] = {}  # of functions' values, by variables

    @property
    def assumed(self) -> list[Statement]:
        """What is assumed at this point of the proof, in all scopes that are open."""
        return [] if self.scope is None else self.scope.all_assumed

    def _grow(self, size: int) -> None:
        self._size = size
        self._context = fmpq_mpoly_ctx.get([f"v{k}" for k in range(size)], "lex")
        self.one = self._context.constant(1)

    def lift(self, polynomial: Polynomial) -> Polynomial:
        """The same polynomial, among all variables that there are by now."""
        if polynomial.context() is self._context:
            return polynomial
        more = (0,) * (self._size - len(polynomial.context().names()))
        return self._context.from_dict({(*k, *more): c for k, c in polynomial.to_dict().items()})

    def constant(self, number: Any) -> Polynomial:
        return self._context.constant(rational(number))

    def polynomial(self, terms: dict[tuple[int, ...], Any]) -> Polynomial:
        return self._context.from_dict(terms)

    def symbol(self, name: str, range: Range = REAL) -> Expression:
        """A new independent variable."""
        return self.atom(self._new(name, range))

    def value(
        self,
        function: Function,
        arguments: tuple[Expression, ...],
        range: Range,
        square: tuple[Expression, Expression] | None = None,
    ) -> Expression:
        """The symbol of a function's value: the same one for the same arguments."""
        key = (function.name, *(argument.key for argument in arguments))
        if key not in self._values:
            inside = ", ".join(map(str, arguments))
            name = (
                f"{function.name}({inside if len(inside) <= LONGEST_NAME else inside[:LONGEST_NAME] + '...'})"
            )
            # Of what it is the value does not depend on anything that is assumed.
            free = tuple(argument.unscoped() for argument in arguments)
            if square is not None:
                square = (square[0].unscoped(), square[1].unscoped())
            self._values[key] = self._new(name, range, function, free, square)
        return self.atom(self._values[key])

    def _new(self, name: str, range: Range, *rest: Any) -> Symbol:
        index = len(self.symbols)
        if index == self._size:
            self._grow(2 * self._size)
        symbol = Symbol(index, name, range, *rest)
        self.symbols.append(symbol)
        if symbol.square is not None:
            self._quadratic.append(index)
        return symbol

    def atom(self, symbol: Symbol) -> Expression:
        """The expression that is nothing but this symbol."""
        return Expression(self, self._context.gen(symbol.index), self.one)

    def expression(self, value: Any) -> Expression:
        """A number or an expression, as an expression of this ring.

        Raises:
            TypeError: if it is neither, or belongs to another proof.
            LeftScope: if it was computed under an assumption that is no longer made.
        """
        if not isinstance(value, Expression):
            return Expression(self, self.constant(value), self.one)
        if value.ring is not self:
            raise TypeError(f"{value} belongs to another proof")
        if value.scope is not None and not value.scope.open:
            assumed = " and ".join(map(str, value.scope.assumed))
            raise LeftScope(f"{value} was computed where {assumed}, which is no longer assumed")
        return value

    def quotient(self, top: Polynomial, bottom: Polynomial) -> Expression:
        """The normal form of top / bottom.

        Raises:
            Undefined: if the bottom is 0, or might be, having no inverse.
        """
        top, bottom = self.lift(top), self.lift(bottom)
        if bottom.is_zero():
            raise Undefined(f"({self.text(top)}) / 0")
        if self._quadratic:
            in_top, in_bottom = top.degrees(), bottom.degrees()
            for index in reversed(self._quadratic):
                if in_top[index] > 1 or in_bottom[index] > 1:
                    return self._reduced(top, bottom, index)
        return self._lowest(top, bottom)

    def _reduced(self, top: Polynomial, bottom: Polynomial, index: int) -> Expression:
        """(A r + B) / (C r + D) of two polynomials in r, which is none of those in A, B, C, D."""
        A, B = self._linear(top, index)
        C, D = self._linear(bottom, index)
        a, b, c, d = (self.lift(f.bottom) for f in (A, B, C, D))
        A, B, C, D = (self.lift(f.top) for f in (A, B, C, D))
        r = self._context.gen(index)
        return self.quotient((A * b * r + B * a) * c * d, (C * d * r + D * c) * a * b)

    def canonical(self, f: Expression) -> Expression:
        """The same for equal expressions: roots and maxima are removed from the denominator.

        For comparing only, since the new denominator may be 0 where the old one is not.
        """
        for index in reversed(self._quadratic):
            if self.lift(f.bottom).degrees()[index] > 0:
                p, q = self.symbols[index].square  # type: ignore[misc]  # one of those that have it
                C, D = self._linear(self.lift(f.bottom), index)
                if norm := D * D + C * D * p - C * C * q:
                    conjugate = D + C * p - C * self.atom(self.symbols[index])
                    f = self.quotient(f.top, self.one) * conjugate / norm
        return f

    def _linear(self, polynomial: Polynomial, index: int) -> tuple[Expression, Expression]:
        """A and B, without r, such that the polynomial is A r + B."""
        by_power: dict[int, dict[tuple[int, ...], Any]] = {}
        for powers, coefficient in polynomial.to_dict().items():
            rest = (*powers[:index], 0, *powers[index + 1 :])
            by_power.setdefault(powers[index], {})[rest] = coefficient
        p, q = self.symbols[index].square  # type: ignore[misc]  # one of those that have it
        zero, one = self.expression(0), self.expression(1)
        a, b = zero, one  # r^k = a r + b
        A, B = zero, zero
        for power in range(max(by_power, default=0) + 1):
            if power in by_power:
                factor = self.quotient(self._context.from_dict(by_power[power]), self.one)
                A, B = A + factor * a, B + factor * b
            a, b = a * p + b, a * q
        return A, B

    def _lowest(self, top: Polynomial, bottom: Polynomial) -> Expression:
        if not bottom.is_one():
            common = top.gcd(bottom)
            if not common.is_one():
                top, bottom = top / common, bottom / common
            if (lead := bottom.leading_coefficient()) != 1:
                top, bottom = top / lead, bottom / lead
        return Expression(self, top, bottom)

    def text(self, polynomial: Polynomial) -> str:
        """As it is printed, with the symbols' own names."""
        return re.sub(r"v(\d+)", lambda found: self.symbols[int(found[1])].name, polynomial.str())
