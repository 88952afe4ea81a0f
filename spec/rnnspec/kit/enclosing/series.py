"""Taylor series with enclosed coefficients, and the number system that they make.

A series has coefficients c_0, c_1, ... c_n: c_k is a number of some `Field` that contains
f^(k)(x)/k! for every x in the piece, or on the ray, that the series belongs to. So c_0 encloses
the function, and the others its derivatives. Each is carried by the recurrence that follows from
the differential equation of the function: of y = e^a, y' = y a' (Griewank and Walther 2008,
chapter 13).

A series is its own 1 x 1 matrix. That is how the formulas of the reference run on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnnspec.kit.enclosing.points import Field
from rnnspec.kit.enclosing.tails import Undecided


@dataclass(frozen=True)
class Relation:
    """What a statement says at one place: this series is positive, or not negative."""

    excess: Series
    strict: bool

    def __bool__(self) -> bool:
        raise TypeError("a statement is one comparison; of several, return a list: [a < b, b < c]")


class Series:
    """See the module.

    Args:
        field: what the coefficients are.
        coefficients: c_0 ... c_n.
    """

    __array_ufunc__ = None  # so that NumPy leaves mixed operations to this class
    __hash__ = None  # type: ignore[assignment]  # it cannot be compared for equality
    shape = (1, 1)

    def __init__(self, field: Field[Any], coefficients: list[Any]) -> None:
        self.field = field
        self.coefficients = coefficients

    @property
    def order(self) -> int:
        return len(self.coefficients) - 1

    @property
    def T(self) -> Series:
        return self

    def number(self, value: Any) -> Series:
        """A constant, as a series like this one."""
        return self.constant(self.field.number(value))

    def constant(self, value: Any) -> Series:
        """A number of the field, as a series like this one."""
        zero = self.field.number(0)
        return Series(self.field, [value] + [zero] * self.order)

    def __add__(self, other: Any) -> Series:
        other = self._lifted(other)
        pairs = zip(self.coefficients, other.coefficients, strict=True)
        return Series(self.field, [a + b for a, b in pairs])

    def __neg__(self) -> Series:
        return Series(self.field, [-a for a in self.coefficients])

    def __sub__(self, other: Any) -> Series:
        return self + -self._lifted(other)

    def __rsub__(self, other: Any) -> Series:
        return self._lifted(other) - self

    def __mul__(self, other: Any) -> Series:
        a, b = self.coefficients, self._lifted(other).coefficients
        return Series(self.field, [_convolved(a, b, k, 0) for k in range(len(a))])

    def __truediv__(self, other: Any) -> Series:
        """q b = a, solved for one coefficient of q after the other."""
        a, b = self.coefficients, self._lifted(other).coefficients
        q: list[Any] = []
        for k in range(len(a)):
            known = a[k] - _convolved(b, [*q, None], k, 1) if k else a[0]
            q.append(_quotient(known, b[0]))
        return Series(self.field, q)

    def __rtruediv__(self, other: Any) -> Series:
        return self._lifted(other) / self

    def __pow__(self, exponent: int) -> Series:
        if not isinstance(exponent, int):
            raise TypeError(f"a power is whole, not {exponent!r}; write f.exp(y * f.log(x))")
        if exponent < 0:
            return 1 / self**-exponent
        if exponent < 2:
            return self if exponent else self.number(1)
        root = self ** (exponent // 2)
        return root * root * self if exponent % 2 else root * root

    __radd__ = __add__
    __rmul__ = __mul__
    __matmul__ = __mul__

    def __lt__(self, other: Any) -> Relation:  # type: ignore[override, unused-ignore]  # a statement, as in `expressions`
        return Relation(self._lifted(other) - self, strict=True)

    def __le__(self, other: Any) -> Relation:
        return Relation(self._lifted(other) - self, strict=False)

    def __gt__(self, other: Any) -> Relation:
        return Relation(self - other, strict=True)

    def __ge__(self, other: Any) -> Relation:
        return Relation(self - other, strict=False)

    def __eq__(self, other: object) -> bool:
        raise TypeError("balls cannot show an equality; an identity needs a proof")

    def __abs__(self) -> Series:
        """|f|, whose slope jumps where f is 0: no second derivative goes across that.

        Nor up to it from one side, since a piece begins where another has ended.
        """
        if self.order > 1 and self.field.sign(self.coefficients[0]) == 0:
            raise Undecided
        size, slope = self.field.absolute(self.coefficients[0])
        return Series(self.field, [size, *(slope * c for c in self.coefficients[1:])])

    def __bool__(self) -> bool:
        raise TypeError("a function is neither true nor false")

    def _lifted(self, other: Any) -> Series:
        if not isinstance(other, Series):
            return self.number(other)
        if other.field is not self.field:
            raise TypeError("an integrand is a function of its own variable alone")
        return other


def _convolved(a: list[Any], b: list[Any], k: int, start: int) -> Any:
    """The sum of a_j b_{k-j}, j from `start` to k."""
    total = a[start] * b[k - start]
    for j in range(start + 1, k + 1):
        total = total + a[j] * b[k - j]
    return total


def _quotient(a: Any, b: Any) -> Any:
    try:
        return a / b
    except ZeroDivisionError:  # of rationals; balls are not finite then
        raise Undecided from None


class SeriesSystem:
    """The number system of series: what the reference's formulas ask for, one number at a time.

    Args:
        like: some series of the piece that is at hand.
    """

    def __init__(self, like: Series) -> None:
        self._like = like
        self._field = like.field

    def matrix(self, values: Any) -> Series:
        return self._like.number(float(values[0][0]))

    def exp(self, a: Series) -> Series:
        """y' = y a'."""
        return self._solved(a, self._field.exp(a.coefficients[0]), lambda y: y)

    def expm1(self, a: Series) -> Series:
        return self.exp(a) - 1

    def tanh(self, a: Series) -> Series:
        """y' = (1 - y^2) a'."""
        return self._solved(a, self._field.tanh(a.coefficients[0]), lambda y: 1 - y * y)

    def sigmoid(self, a: Series) -> Series:
        """y' = y (1 - y) a'."""
        return self._solved(a, self._field.sigmoid(a.coefficients[0]), lambda y: y * (1 - y))

    def log(self, a: Series) -> Series:
        """a y' = a'."""
        rest = _derivative(a) / _shortened(a) if a.order else None
        return _integral(a, self._field.log(a.coefficients[0]), rest)

    def erf(self, a: Series) -> Series:
        """y' = 2 e^(-a^2) a' / sqrt(pi)."""
        value = self._field.erf(a.coefficients[0])
        if not a.order:
            return Series(self._field, [value])
        short = _shortened(a)
        root = self.sqrt(short.constant(self._field.pi()))
        return _integral(a, value, 2 * self.exp(-(short * short)) * _derivative(a) / root)

    def sqrt(self, a: Series) -> Series:
        """y^2 = a, solved for one coefficient of y after the other."""
        y = [self._field.sqrt(a.coefficients[0])]
        for k in range(1, a.order + 1):
            known = a.coefficients[k]
            for j in range(1, k):
                known = known - y[j] * y[k - j]
            y.append(_quotient(known, y[0] + y[0]))
        return Series(self._field, y)

    def sin_cos(self, a: Series) -> tuple[Series, Series]:
        """y' = z a' and z' = -y a'."""
        y0, z0 = self._field.sin_cos(a.coefficients[0])
        y, z = Series(self._field, [y0]), Series(self._field, [z0])
        for k in range(1, a.order + 1):
            da = Series(self._field, _derivative(a).coefficients[:k])
            y, z = _integral(a, y0, z * da), _integral(a, z0, -(y * da))
        return y, z

    def absolute(self, a: Series) -> Series:
        return abs(a)

    def positive(self, a: Series) -> Series:
        """A step: no slope is there of a jump."""
        step = self._field.positive(a.coefficients[0])
        if a.order and hasattr(step, "is_exact") and not step.is_exact():
            raise Undecided
        return a.constant(step)

    def relu(self, a: Series) -> Series:
        """(z + |z|) / 2."""
        return (a + abs(a)) / 2

    def _solved(self, a: Series, value: Any, right: Callable[[Series], Series]) -> Series:
        """y with y' = right(y) a', from its value: each pass makes one more coefficient right."""
        y = Series(self._field, [value])
        for k in range(1, a.order + 1):
            da = Series(self._field, _derivative(a).coefficients[:k])
            y = _integral(a, value, right(y) * da)
        return y


def _derivative(a: Series) -> Series:
    """The coefficients of a', of which there is one less."""
    return Series(a.field, [c * a.field.number(k) for k, c in enumerate(a.coefficients)][1:])


def _shortened(a: Series) -> Series:
    return Series(a.field, a.coefficients[:-1])


def _integral(like: Series, value: Any, rest: Series | None) -> Series:
    """The series with this value and this derivative."""
    if rest is None:
        return Series(like.field, [value])
    field = like.field
    integrated = [_quotient(c, field.number(k)) for k, c in enumerate(rest.coefficients, 1)]
    return Series(field, [value, *integrated])
