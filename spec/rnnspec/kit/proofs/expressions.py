"""Expressions: quotients of polynomials with rational coefficients, in symbols with a name.

A symbol is an independent variable or the value of a function, sigma(z) say, and then it
remembers of what. Symbols are algebraically independent of each other, so two expressions that
are equal here are equal whatever numbers the symbols stand for, wherever no denominator is 0.

The exceptions are the symbols with r^2 = p r + q: square roots (p = 0) and maxima (of a and b:
p = a + b and q = -a b). No power of them but the first is ever left. So an expression is 0 if and
only if its numerator looks it.
"""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from flint import fmpq, fmpz

from rnnspec.kit.proofs.statements import Comparison, Negation, Statement

if TYPE_CHECKING:
    from rnnspec.kit.proofs.ring import Ring, Symbol

Polynomial: TypeAlias = Any  # flint.fmpq_mpoly, which ships no types

LONGEST = 160  # characters of an expression in a message


class Expression:
    """A quotient of polynomials in the symbols of a ring, in normal form; it never changes.

    It calculates with Python's numbers and NumPy's: floats are taken for what they are, exactly.
    Comparisons are statements, for `prove.valid`. Where Python wants to know whether two
    expressions are equal, they are if they are the same function; an expression is true unless
    it is 0.
    """

    __slots__ = ("bottom", "ring", "scope", "top")

    def __init__(self, ring: Ring, top: Polynomial, bottom: Polynomial) -> None:
        self.ring = ring
        self.top = top
        self.bottom = bottom
        self.scope = ring.scope

    def here(self) -> Expression:
        """The same, as something found out under what is assumed at this point."""
        return Expression(self.ring, self.top, self.bottom)

    def unscoped(self) -> Expression:
        """The same, for use in any scope."""
        same = self.here()
        same.scope = None
        return same

    @property
    def key(self) -> tuple[str, str]:
        """What is equal for equal expressions."""
        canonical = self.ring.canonical(self)
        return canonical.top.str(), canonical.bottom.str()

    @property
    def number(self) -> Fraction | None:
        """Its value, if it is a number."""
        if not (self.top.is_constant() and self.bottom.is_constant()):
            return None
        value = fmpq(0) if self.top.is_zero() else self.top.leading_coefficient()
        return Fraction(int(value.p), int(value.q))

    @property
    def symbols(self) -> list[Symbol]:
        """Those that occur in it."""
        in_top, in_bottom = self.top.degrees(), self.bottom.degrees()
        occur = {k for degrees in (in_top, in_bottom) for k, degree in enumerate(degrees) if degree > 0}
        return [self.ring.symbols[k] for k in sorted(occur)]

    @property
    def symbol(self) -> Symbol | None:
        """The symbol that it is, if it is nothing more."""
        symbols = self.symbols
        if len(symbols) == 1 and not self - self.ring.atom(symbols[0]):
            return symbols[0]
        return None

    def _with(self, other: Any) -> Any:
        """The other as an expression of the same ring; NotImplemented if it is none and no number."""
        self.ring.expression(self)  # which may have outlived its scope
        if isinstance(other, Expression) or is_number(other):
            return self.ring.expression(other)
        return NotImplemented

    def __add__(self, other: Any) -> Expression:
        if (o := self._with(other)) is NotImplemented:
            return NotImplemented
        a, b, c, d = map(self.ring.lift, (self.top, self.bottom, o.top, o.bottom))
        return self.ring.quotient(a + c, b) if b == d else self.ring.quotient(a * d + c * b, b * d)

    def __mul__(self, other: Any) -> Expression:
        if (o := self._with(other)) is NotImplemented:
            return NotImplemented
        a, b, c, d = map(self.ring.lift, (self.top, self.bottom, o.top, o.bottom))
        return self.ring.quotient(a * c, b * d)

    def __truediv__(self, other: Any) -> Expression:
        if (o := self._with(other)) is NotImplemented:
            return NotImplemented
        a, b, c, d = map(self.ring.lift, (self.top, self.bottom, o.top, o.bottom))
        return self.ring.quotient(a * d, b * c)

    def __rtruediv__(self, other: Any) -> Expression:
        return NotImplemented if (o := self._with(other)) is NotImplemented else o / self

    def __sub__(self, other: Any) -> Expression:
        return NotImplemented if (o := self._with(other)) is NotImplemented else self + -o

    def __rsub__(self, other: Any) -> Expression:
        difference: Expression = -self + other
        return difference

    def __neg__(self) -> Expression:
        return Expression(self.ring, -self.ring.expression(self).top, self.bottom)

    def __pos__(self) -> Expression:
        return self

    def __abs__(self) -> Expression:
        from rnnspec.kit.proofs.functions import maximum

        return maximum(self, -self)

    def __pow__(self, exponent: Any) -> Expression:
        self.ring.expression(self)
        if isinstance(exponent, Integral):
            if exponent < 0:
                return (1 / self) ** -exponent
            return self.ring.quotient(self.top ** int(exponent), self.bottom ** int(exponent))
        from rnnspec.kit.proofs.functions import power

        return power(self, self.ring.expression(exponent))

    def __rpow__(self, base: Any) -> Expression:
        power: Expression = self.ring.expression(base) ** self
        return power

    __radd__ = __add__
    __rmul__ = __mul__

    def __bool__(self) -> bool:
        return not self.top.is_zero()

    def __le__(self, other: Any) -> Statement:
        return self._compared("<=", other)

    def __lt__(self, other: Any) -> Statement:
        return self._compared("<", other)

    def __ge__(self, other: Any) -> Statement:
        return self._compared("<=", other, turned=True)

    def __gt__(self, other: Any) -> Statement:
        return self._compared("<", other, turned=True)

    def __eq__(self, other: object) -> Statement:  # type: ignore[override]
        return self._compared("==", other)

    def __ne__(self, other: object) -> Statement:  # type: ignore[override]
        equation = self._compared("==", other)
        return NotImplemented if equation is NotImplemented else Unequal(equation)

    __hash__ = None  # type: ignore[assignment]  # `key` is for that

    def _compared(self, relation: str, other: Any, turned: bool = False) -> Statement:
        if (o := self._with(other)) is NotImplemented:
            return NotImplemented  # type: ignore[no-any-return]  # which Python understands
        return Comparison(relation, o, self) if turned else Comparison(relation, self, o)

    def __str__(self) -> str:
        top = self.ring.text(self.top)
        text = top if self.bottom.is_one() else f"({top}) / ({self.ring.text(self.bottom)})"
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."

    __repr__ = __str__


class Unequal(Negation):
    """Two expressions differ; for Python's `!=`, if they are not the same function."""

    def __bool__(self) -> bool:
        return not self.part


def is_number(value: object) -> bool:
    """Whether it is a real number of Python's, of NumPy's or of flint's."""
    return isinstance(value, Real | np.number | fmpq | fmpz) and not isinstance(value, bool | np.bool_)


def rational(number: Any) -> fmpq:
    """A number as the quotient that it is.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is infinite or not a number.
    """
    if isinstance(number, fmpq | fmpz):
        return fmpq(number)
    if not is_number(number):
        raise TypeError(f"got {number!r}, expected a number or an expression")
    if isinstance(number, Integral | Fraction):  # which may be too large for a float
        exact = Fraction(number)
    elif isfinite(number):
        exact = Fraction(float(number))
    else:
        raise ValueError(f"got {number!r}, expected a finite number")
    return fmpq(int(exact.numerator), int(exact.denominator))
