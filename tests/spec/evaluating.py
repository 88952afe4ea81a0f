"""What an expression comes to in numbers: an independent reading of its symbols, by mpmath."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath

from rnnspec.kit.proofs.expressions import Expression
from rnnspec.kit.proofs.ring import Symbol
from rnnspec.kit.proofs.statements import Comparison, Junction, Statement

CONTEXT = mpmath.MPContext()
CONTEXT.prec = 400
NEAR = CONTEXT.mpf(2) ** -200
"""Far more than a few operations on numbers of moderate size lose of 400 bits."""

FUNCTIONS: Mapping[str, Any] = {
    "sigmoid": lambda a: 1 / (1 + CONTEXT.exp(-a)),
    "tanh": CONTEXT.tanh,
    "exp": CONTEXT.exp,
    "log": CONTEXT.log,
    "sqrt": CONTEXT.sqrt,
    "max": max,
    "power": CONTEXT.power,
}


def number(fraction: Any) -> Any:
    return CONTEXT.mpf(int(fraction.numerator)) / int(fraction.denominator)


def value(f: Expression, at: Mapping[str, Any]) -> Any:
    """The value of an expression, given those of its independent symbols by name."""
    return _polynomial(f, f.top, at) / _polynomial(f, f.bottom, at)


def _polynomial(f: Expression, polynomial: Any, at: Mapping[str, Any]) -> Any:
    total = CONTEXT.mpf(0)
    for powers, coefficient in polynomial.to_dict().items():
        term = CONTEXT.mpf(int(coefficient.p)) / int(coefficient.q)
        for k, times in enumerate(powers):
            if times:
                term *= _symbol(f.ring.symbols[k], at) ** int(times)
        total += term
    return total


def _symbol(symbol: Symbol, at: Mapping[str, Any]) -> Any:
    if symbol.function is None:
        return at[symbol.name]
    return FUNCTIONS[symbol.function.name](*(value(argument, at) for argument in symbol.arguments))


def true(statement: Statement, at: Mapping[str, Any]) -> bool:
    """Whether a statement without negations is true, but for rounding."""
    match statement:
        case Comparison():
            difference = value(statement.difference, at)
            return bool(abs(difference) < NEAR if statement.relation == "==" else difference < NEAR)
        case Junction():
            return (all if statement.all else any)(true(part, at) for part in statement.parts)
    raise AssertionError("unreachable")
