"""Functions of expressions: a value is a new symbol, with all that is known of it.

| function      | slope           | range   | rules                                        |
| ------------- | --------------- | ------- | -------------------------------------------- |
| sigma(a)      | s (1 - s)       | (0, 1)  | sigma(0) = 1/2, sigma(-a) = 1 - sigma(a)     |
| tanh(a)       | 1 - t^2         | (-1, 1) | tanh(0) = 0, tanh(-a) = -tanh(a)             |
| exp(a)        | e               | > 0     | exp(a + b) = exp(a) exp(b), exp(log a) = a   |
| log(a)        | 1 / a           |         | log(a b) = log a + log b, log(exp a) = a     |
| sqrt(a)       | 1 / (2 r)       | >= 0    | r^2 = a, sqrt(a^2 b) = |a| sqrt(b)           |
| max(a, b)     | refused         |         | m >= a, m >= b, (m - a) (m - b) = 0          |
| q^n           | by n: q^n log q | q > 0: > 0 | q^(m + n) = q^m q^n                       |

The square root, the logarithm and powers are those of real numbers; what is shown of them is
shown wherever they have a value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpz

from rnnspec.kit.proofs.expressions import Expression
from rnnspec.kit.proofs.ring import NONNEGATIVE, POSITIVE, REAL, Range
from rnnspec.kit.proofs.signs import PLUS, sign
from rnnspec.kit.proofs.statements import Statement, all_of, any_of
from rnnspec.proof import NotProved


@dataclass(frozen=True)
class Function:
    """A function whose values are symbols.

    Attributes:
        name: as it is printed.
        apply: its value at other arguments, by all of its rules.
        slopes: its partial derivatives, from the value and the arguments.
        facts: what is known of the value beyond its range, from value and arguments.
    """

    name: str
    apply: Callable[..., Expression]
    slopes: Callable[..., tuple[Expression, ...]]
    facts: Callable[..., list[Statement]]


def _nothing(*_: Expression) -> list[Statement]:
    return []


def _leads_negative(a: Expression) -> bool:
    """Whether -a is the one of the two that stands for both in an odd function."""
    return bool(a.top.leading_coefficient() < 0)


# --------------------------------------------------------------------------------- S-shapes
def sigmoid(a: Expression) -> Expression:
    """1 / (1 + e^-a)."""
    if not a:
        return a.ring.expression(Fraction(1, 2))
    if _leads_negative(a):
        return 1 - sigmoid(-a)
    return a.ring.value(SIGMOID, (a,), Range(Fraction(0), Fraction(1)))


def tanh(a: Expression) -> Expression:
    """The hyperbolic tangent."""
    if not a:
        return a
    if _leads_negative(a):
        return -tanh(-a)
    return a.ring.value(TANH, (a,), Range(Fraction(-1), Fraction(1)))


def _between_line_and_middle(y: Expression, a: Expression, middle: Fraction, slope: Fraction) -> Any:
    """An S-shape with its largest slope at 0 lies between its middle and its tangent there."""
    line = middle + slope * a
    return [
        any_of(
            all_of(a > 0, y > middle, y < line),
            all_of(a == 0, y == middle),
            all_of(a < 0, y < middle, y > line),
        )
    ]


SIGMOID = Function(
    "sigmoid",
    sigmoid,
    lambda s, a: (s * (1 - s),),
    lambda s, a: _between_line_and_middle(s, a, Fraction(1, 2), Fraction(1, 4)),
)
TANH = Function(
    "tanh",
    tanh,
    lambda t, a: (1 - t * t,),
    lambda t, a: _between_line_and_middle(t, a, Fraction(0), Fraction(1)),
)


# ------------------------------------------------------------- powers, exponentials, logarithms
def exp(a: Expression) -> Expression:
    """e^a, as a product of the exponentials of a's terms."""
    return _by_terms(a, _exp_of_term)


def _by_terms(a: Expression, of_term: Callable[[Expression, int], Expression]) -> Expression:
    """The product of `of_term(m, c)` over the terms c m of a; m is divided where c is no integer."""
    result, ring = a.ring.expression(1), a.ring
    for powers, coefficient in a.top.to_dict().items():
        p, q = int(coefficient.p), int(coefficient.q)
        term = ring.quotient(type_of(a.top).from_dict({powers: fmpq(1, q)}), a.bottom)
        result = result * of_term(term, p)
    return result


def type_of(polynomial: Any) -> Any:
    """The context of a polynomial."""
    return polynomial.context()


def _exp_of_term(term: Expression, times: int) -> Expression:
    symbol = term.symbol
    if symbol is not None and symbol.function is LOG:
        return symbol.arguments[0] ** times
    return term.ring.value(EXP, (term,), POSITIVE) ** times


def log(a: Expression) -> Expression:
    """The natural logarithm, as a sum of those of a's factors where they are positive.

    Raises:
        NotProved: if a is certainly not positive.
    """
    signs = sign(a)
    if 1 not in signs:
        raise NotProved(f"log({a}): its argument is not positive")
    parts = _positive_factors(a) or [(a, 1)]
    total = a.ring.expression(0)
    for factor, times in parts:
        total = total + times * _log_of_factor(factor)
    return total


def _positive_factors(a: Expression) -> list[tuple[Expression, int]] | None:
    """Factors and powers whose product is a, if every one is positive or can be turned so."""
    ring, found = a.ring, []
    number = Fraction(1)
    for polynomial, side in ((a.top, 1), (a.bottom, -1)):
        lead, factors = polynomial.factor()
        number *= Fraction(int(lead.p), int(lead.q)) ** side
        for factor, power in factors:
            one = ring.quotient(factor, ring.one)
            if sign(one) == {-1}:
                one, number = -one, number * (-1) ** int(power)
            if sign(one) != PLUS:
                return None
            found.append((one, side * int(power)))
    return found if number == 1 else [*found, (ring.expression(number), 1)] if number > 0 else None


def _log_of_factor(factor: Expression) -> Expression:
    symbol = factor.symbol
    if factor.number == 1:
        return factor.ring.expression(0)
    if symbol is not None and symbol.function is EXP:
        return symbol.arguments[0]
    return factor.ring.value(LOG, (factor,), REAL)


def power(base: Expression, exponent: Expression) -> Expression:
    """base^exponent for an exponent with whole coefficients, such as 2 n + 1: (base^n)^2 base."""
    if (whole := exponent.number) is not None and whole.denominator == 1:
        return base ** int(whole)
    if base.number == 1:
        return base
    within = POSITIVE if sign(base) == PLUS else REAL

    def of_term(term: Expression, times: int) -> Expression:
        if (number := term.number) is not None:
            if number != 1:
                raise NotProved(f"({base}) ** ({exponent}): the exponent is no whole combination of symbols")
            return base**times
        return base.ring.value(POWER, (base, term), within) ** times

    return _by_terms(exponent, of_term)


EXP = Function("exp", exp, lambda e, a: (e,), lambda e, a: [any_of(a == 0, e > 1 + a), e >= 1 + a])
LOG = Function("log", log, lambda y, a: (1 / a,), lambda y, a: [a > 0, y <= a - 1])
POWER = Function("power", lambda q, n: q**n, lambda y, q, n: (n * y / q, y * log(q)), _nothing)


# -------------------------------------------------------------------------- roots and maxima
def sqrt(a: Expression) -> Expression:
    """The square root that is not negative; of S^2 F, with no square left in F, |S| times that of F.

    Raises:
        NotProved: if a is certainly negative.
    """
    if sign(a) == {-1}:
        raise NotProved(f"sqrt({a}): its argument is negative")
    S, F = _square_and_rest(a)
    if not a or F.number == 1:
        return abs(S)
    within = POSITIVE if sign(F) == PLUS else NONNEGATIVE
    return abs(S) * a.ring.value(SQRT, (F,), within, square=(a.ring.expression(0), F))


def _square_and_rest(a: Expression) -> tuple[Expression, Expression]:
    """S and F with a = S^2 F: factors in even powers are in S, all others once in F."""
    ring = a.ring
    S, F = ring.expression(1), ring.expression(1)
    number = Fraction(1)
    for polynomial, side in ((a.top, 1), (a.bottom, -1)):
        if polynomial.is_zero():
            return a, a
        lead, factors = polynomial.factor()
        number *= Fraction(int(lead.p), int(lead.q)) ** side
        for factor, times in factors:
            one = ring.quotient(factor, ring.one) ** side
            S, F = S * one ** (int(times) // 2), F * one ** (int(times) % 2)
    p, q = number.numerator, number.denominator  # sqrt(p/q) = sqrt(p q) / q
    whole = 1
    for prime, times in fmpz(abs(p * q)).factor():
        whole *= int(prime) ** (int(times) // 2)
    return S * Fraction(whole, q), F * Fraction(p * q, whole * whole)


def maximum(a: Expression, b: Expression) -> Expression:
    """The larger of the two: one of them, where it is known which; else a symbol."""
    signs = sign(a - b, a.ring.assumed)
    if -1 not in signs:
        return a.here()
    if 1 not in signs:
        return b.here()
    if b.key < a.key:
        a, b = b, a
    within = max((_range(side) for side in (a, b)), key=[REAL, NONNEGATIVE, POSITIVE].index)
    return a.ring.value(MAXIMUM, (a, b), within, square=(a + b, -(a * b)))


def _range(f: Expression) -> Range:
    signs = sign(f)
    return POSITIVE if signs == PLUS else REAL if -1 in signs else NONNEGATIVE


def minimum(a: Expression, b: Expression) -> Expression:
    """The smaller of the two: what the larger leaves of their sum."""
    return a + b - maximum(a, b)


def _kink(m: Expression, a: Expression, b: Expression) -> tuple[Expression, ...]:
    raise NotProved(f"which of {a} and {b} is larger is open, so {m} has no known derivative")


SQRT = Function("sqrt", sqrt, lambda r, a: (1 / (2 * r),), _nothing)
MAXIMUM = Function("max", maximum, _kink, lambda m, a, b: [m >= a, m >= b])
