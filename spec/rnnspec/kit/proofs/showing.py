"""How a statement is shown: signs are read off where they can be, the rest is asked of the solver."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

from rnnspec.kit.proofs import solver
from rnnspec.kit.proofs.calculus import all_symbols, substituted
from rnnspec.kit.proofs.expressions import Expression
from rnnspec.kit.proofs.functions import MAXIMUM, SQRT
from rnnspec.kit.proofs.ring import Range, Symbol
from rnnspec.kit.proofs.signs import SIGNS, never_zero, sign
from rnnspec.kit.proofs.statements import Comparison, Junction, Negation, Statement
from rnnspec.proof import NotProved

NUMBERS = tuple(Fraction(p, q) for p, q in [(0, 1), (1, 1), (1, 2), (2, 1), (1, 4), (3, 1), (3, 4), (5, 1)])
TRIES = 100  # of finding numbers for which conditions hold


def show(statement: Statement, given: Sequence[Statement], assumed: Sequence[Statement]) -> None:
    """The statement follows from what is given and assumed, and from the ranges of symbols.

    Raises:
        NotProved: if it does not, or could not be shown.
        NotRun: if that needs the solver, and there is none.
    """
    known = [*assumed, *given]
    for condition in given:
        _check_denominators(condition, [c for c in known if c is not condition])
    if given and not _consistent(known):
        raise NotProved(f"what is given, {' and '.join(map(str, given))}, cannot be shown to be possible")
    _check_denominators(statement, known)
    if not evident(statement, known):
        solver.proved(statement, known)


def show_possible(statements: Sequence[Statement], assumed: Sequence[Statement]) -> None:
    """There are real numbers for which all of them hold.

    Raises:
        NotProved: if there are none, or none were found.
        NotRun: if that needs the solver, and there is none.
    """
    together = [*assumed, *statements]
    for statement in statements:
        _check_denominators(statement, [c for c in together if c is not statement])
    symbols = all_symbols(c.difference for s in together for c in s.comparisons())
    # Of other functions the solver knows bounds alone: what is possible for it need not be so.
    exact = all(symbol.function in (None, MAXIMUM, SQRT) for symbol in symbols)
    if not _found(together, symbols) and not (exact and solver.satisfiable(together)):
        said = " and ".join(map(str, statements))
        raise NotProved(f"no numbers were found for which {said}")


def evident(statement: Statement, known: Sequence[Statement]) -> bool:
    """Whether a statement can be read off the signs of its coefficients."""
    match statement:
        case Comparison():
            return bool(found := sign(statement.difference, known)) and found <= SIGNS[statement.relation]
        case Junction(all=True):
            return all(evident(part, known) for part in statement.parts)
        case Junction():
            # A part may be shown under the condition that the others fail.
            conditions = [part.part for part in statement.parts if isinstance(part, Negation)]
            return any(evident(part, [*known, *conditions]) for part in statement.parts)
        case Negation(part=Comparison() as contrary):
            return bool(found := sign(contrary.difference, known)) and not found & SIGNS[contrary.relation]
    return False


def _check_denominators(statement: Statement, known: Sequence[Statement]) -> None:
    for comparison in statement.comparisons():
        f = comparison.difference
        bottom = f.ring.quotient(f.bottom, f.ring.one)
        check_not_zero(bottom, known)


def check_not_zero(f: Expression, known: Sequence[Statement]) -> None:
    """Raise `NotProved` unless f is never 0, given what is known of polynomials."""
    if f.number is not None or never_zero(f, known):
        return
    whole = [c for c in known if all(d.difference.bottom.is_constant() for d in c.comparisons())]
    try:
        solver.proved(Negation(f == 0), whole)
    except NotProved as reason:
        raise NotProved(f"the denominator {f} may be 0: {reason}") from None


def _consistent(statements: Sequence[Statement]) -> bool:
    """Whether statements do not contradict each other, as far as is known of functions."""
    symbols = all_symbols(c.difference for s in statements for c in s.comparisons())
    return _found(statements, symbols) or bool(solver.satisfiable(statements))


def _found(statements: Sequence[Statement], symbols: Sequence[Symbol]) -> bool:
    """Whether some simple numbers satisfy them, all symbols being independent."""
    if any(symbol.function is not None for symbol in symbols):
        return False
    draw = random.Random(0)
    for _ in range(TRIES):
        numbers = {symbol.index: _drawn(draw, symbol.range) for symbol in symbols}
        try:
            if all(_true(statement, numbers) for statement in statements):
                return True
        except ZeroDivisionError:
            continue
    return False


def _drawn(draw: random.Random, range: Range) -> Fraction:
    number = draw.choice(NUMBERS)
    if range.low is not None and range.high is not None:
        inside = number / (number + 1) if number else Fraction(1, 3)
        return range.low + (range.high - range.low) * inside
    if range.low is not None:
        return range.low + (number or 1)
    if range.high is not None:
        return range.high - (number or 1)
    return number * draw.choice((1, -1))


def replaced(statement: Statement, new: dict[int, Expression]) -> Statement:
    """A statement with expressions in the place of symbols."""
    match statement:
        case Comparison():
            sides = (substituted(side, new) for side in (statement.left, statement.right))
            return Comparison(statement.relation, *sides)
        case Junction():
            return Junction(statement.all, tuple(replaced(part, new) for part in statement.parts))
        case Negation():
            return Negation(replaced(statement.part, new))
    raise AssertionError("unreachable")


def _true(statement: Statement, numbers: dict[int, Fraction]) -> bool:
    match statement:
        case Comparison():
            ring = statement.left.ring
            at = replaced(statement, {k: ring.expression(v) for k, v in numbers.items()})
            return bool(at)
        case Junction():
            return (all if statement.all else any)(_true(part, numbers) for part in statement.parts)
        case Negation():
            return not _true(statement.part, numbers)
    raise AssertionError("unreachable")
