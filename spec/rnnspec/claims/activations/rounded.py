"""Formulas in the arithmetic of a float format: each operation is exact and then rounded.

What a printed formula loses in floats can be seen only where it is calculated as it is printed.
No library is asked for its exponential: whose last bit would be right is not said.
"""

from __future__ import annotations

from decimal import Context, Decimal

import numpy as np

from rnnspec.protocol import FORMATS, Format

DIGITS = Context(prec=60)
"""Enough to tell on which side of the middle between two numbers of a format a result is."""


class Rounded:
    """A number of a float format that calculates as the format does.

    Attributes:
        value: the nearest number of the format.
    """

    def __init__(self, number: str | int | Decimal, fmt: Format) -> None:
        self._format = fmt
        self.value = float(fmt.round(np.array(float(Decimal(number)))))

    @property
    def _exact(self) -> Decimal:
        return Decimal(self.value)

    def _rounded(self, number: Decimal) -> Rounded:
        return Rounded(number, self._format)

    def __neg__(self) -> Rounded:
        return self._rounded(self._exact.copy_negate())

    def __add__(self, other: Rounded | int) -> Rounded:
        return self._rounded(DIGITS.add(self._exact, _exactly(other)))

    __radd__ = __add__

    def __rsub__(self, other: int) -> Rounded:
        return -self + other

    def __mul__(self, other: Rounded | int) -> Rounded:
        return self._rounded(DIGITS.multiply(self._exact, _exactly(other)))

    def __rtruediv__(self, other: int) -> Rounded:
        return self._rounded(DIGITS.divide(Decimal(other), self._exact))

    def __truediv__(self, other: Rounded) -> Rounded:
        return self._rounded(DIGITS.divide(self._exact, other._exact))


def _exactly(number: Rounded | int) -> Decimal:
    return number._exact if isinstance(number, Rounded) else Decimal(number)


def numbers(fmt: str, *printed: str) -> tuple[Rounded, ...]:
    """Decimal numbers, each rounded to the format."""
    return tuple(Rounded(number, FORMATS[fmt]) for number in printed)


def exp(x: Rounded) -> Rounded:
    """e^x, correctly rounded."""
    return x._rounded(DIGITS.exp(x._exact))


def expm1(x: Rounded) -> Rounded:
    """e^x − 1, correctly rounded as a whole."""
    return x._rounded(DIGITS.subtract(DIGITS.exp(x._exact), Decimal(1)))


def tanh(x: Rounded) -> Rounded:
    """tanh x, correctly rounded."""
    e = DIGITS.exp(DIGITS.multiply(x._exact, Decimal(-2)))
    return x._rounded(DIGITS.divide(DIGITS.subtract(Decimal(1), e), DIGITS.add(Decimal(1), e)))


def sigmoid(x: Rounded) -> Rounded:
    """1/(1 + e^-x) as it is printed, an operation after the other."""
    return 1 / (1 + exp(-x))
