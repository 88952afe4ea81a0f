"""Derivatives and substitution, through all values of functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rnnspec.kit.proofs.expressions import Expression
from rnnspec.kit.proofs.functions import SIGMOID, TANH, exp
from rnnspec.kit.proofs.ring import Symbol
from rnnspec.kit.proofs.statements import Comparison, Junction, Negation, Statement
from rnnspec.proof import NotProved

MOST_SHAPES = 6  # values of sigma and tanh that an expression may have, to be written in exponentials


def derivative(f: Expression, by: Symbol) -> Expression:
    """df/dby, by the chain rule through all values of functions; one-sided at a closed end of a range.

    Raises:
        NotProved: if that of a maximum is needed, or the variable cannot move where it is assumed.
    """
    for statement in f.ring.assumed:
        closed = all_symbols(c.difference for c in statement.comparisons())
        if by in closed and not is_open(statement):
            raise NotProved(f"where {statement}, {by.name} cannot move, so there is no derivative by it")
    return _derivative(f, by)


def _derivative(f: Expression, by: Symbol) -> Expression:
    total = f.ring.expression(0)
    for symbol in f.symbols:
        if partial := _partial(f, symbol.index):
            total = total + partial * _slope(symbol, by, f)
    return total


def is_open(statement: Statement, contrary: bool = False) -> bool:
    """Whether a statement, or its contrary, stays true when its symbols move a little."""
    match statement:
        case Comparison():
            return contrary != (statement.relation == "<")
        case Junction():
            return all(is_open(part, contrary) for part in statement.parts)
        case Negation():
            return is_open(statement.part, not contrary)
    raise AssertionError("unreachable")


def _slope(symbol: Symbol, by: Symbol, f: Expression) -> Expression:
    ring = f.ring
    if symbol is by or symbol.function is None:
        return ring.expression(int(symbol is by))
    if (known := ring.slopes.get((symbol.index, by.index))) is not None:
        return known
    total = ring.expression(0)
    inner = [_derivative(argument, by) for argument in symbol.arguments]
    if any(inner):
        slopes = symbol.function.slopes(ring.atom(symbol), *symbol.arguments)
        for slope, by_argument in zip(slopes, inner, strict=True):
            total = total + slope * by_argument
    ring.slopes[symbol.index, by.index] = total.unscoped()
    return total


def _partial(f: Expression, index: int) -> Expression:
    top, bottom = f.ring.lift(f.top), f.ring.lift(f.bottom)
    if bottom.is_one():
        return f.ring.quotient(top.derivative(index), bottom)
    slope = top.derivative(index) * bottom - top * bottom.derivative(index)
    return f.ring.quotient(slope, bottom * bottom)


def substituted(f: Expression, new: dict[int, Expression]) -> Expression:
    """f where symbols, by their index, are replaced, also inside of the functions' arguments.

    Raises:
        Undefined: if a denominator becomes 0.
    """
    ring = f.ring
    values: dict[int, Expression] = {}

    def value(symbol: Symbol) -> Expression:
        if symbol.index not in values:
            if symbol.index in new:
                values[symbol.index] = new[symbol.index]
            elif symbol.function is None:
                values[symbol.index] = ring.atom(symbol)
            else:
                arguments = [substituted(argument, new) for argument in symbol.arguments]
                values[symbol.index] = symbol.function.apply(*arguments)
        return values[symbol.index]

    def of(polynomial: Any) -> Expression:
        total = ring.expression(0)
        for powers, coefficient in polynomial.to_dict().items():
            term = ring.expression(coefficient)
            for k, times in enumerate(powers):
                if times:
                    term = term * value(ring.symbols[k]) ** int(times)
            total = total + term
        return total

    return of(f.top) / of(f.bottom)


def all_symbols(fs: Iterable[Expression]) -> list[Symbol]:
    """The symbols in some expressions, and in the arguments of functions, and in theirs."""
    found: dict[int, Symbol] = {}
    waiting = list(fs)
    while waiting:
        for symbol in waiting.pop().symbols:
            if symbol.index not in found:
                found[symbol.index] = symbol
                waiting += symbol.arguments
    return [found[index] for index in sorted(found)]


def fits_exponentials(f: Expression) -> bool:
    """Whether f has some sigma or tanh, but few, and none inside of another."""
    shaped = [symbol for symbol in all_symbols([f]) if symbol.function in (SIGMOID, TANH)]
    inside = all_symbols(argument for symbol in shaped for argument in symbol.arguments)
    return 0 < len(shaped) <= MOST_SHAPES and not any(s.function in (SIGMOID, TANH) for s in inside)


def in_exponentials(f: Expression) -> Expression:
    """f with every sigma(a) as e^a / (1 + e^a), and tanh(a) as (e^2a - 1) / (e^2a + 1)."""
    new: dict[int, Expression] = {}
    for symbol in all_symbols([f]):
        if symbol.function is SIGMOID:
            e = exp(in_exponentials(symbol.arguments[0]))
            new[symbol.index] = e / (1 + e)
        elif symbol.function is TANH:
            e = exp(2 * in_exponentials(symbol.arguments[0]))
            new[symbol.index] = (e - 1) / (e + 1)
    return substituted(f, new) if new else f
