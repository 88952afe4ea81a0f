"""Polynomial statements over the real numbers, decided by an SMT solver (z3).

What the solver is asked is whether a statement can fail while all that is known of its symbols
holds. It answers no (then the statement is proved), yes, with numbers for which it fails as far
as is known, or it gives up after a fixed amount of work, the same on every machine.

Numerators and denominators are polynomials. N / D <= 0 is N D <= 0, wherever D is not 0; that
it never is has been shown before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import Any

from rnnspec.kit.proofs.calculus import all_symbols
from rnnspec.kit.proofs.expressions import Polynomial
from rnnspec.kit.proofs.functions import EXP, LOG, SIGMOID, SQRT, TANH
from rnnspec.kit.proofs.ring import Symbol
from rnnspec.kit.proofs.statements import Comparison, Junction, Negation, Statement, all_of, any_of
from rnnspec.proof import NotProved, NotRun

WORK = 2_000_000  # in z3's own unit: a few seconds at most, with rare exceptions
PARTIAL = (LOG, SQRT)
INCREASING = (EXP, LOG, SIGMOID, SQRT, TANH)
TIME = 30_000  # milliseconds: the net beneath, for work that is not counted


def is_there() -> bool:
    """Whether the solver is installed."""
    return find_spec("z3") is not None


class Question:
    """Statements that may or may not be satisfiable together.

    Args:
        deep: whether to tell the solver also of the arguments of functions, and how the values
            lie to them: that |tanh a| <= |a|, say. It makes a question harder, and decides more.

    Raises:
        NotRun: if z3 is not installed.
    """

    def __init__(self, *, deep: bool) -> None:
        if not is_there():
            raise NotRun(
                "this proof needs the solver z3, which is not installed: pip install rnnspec[proofs]"
            )
        import z3

        # A context of its own: what was asked before must not change an answer.
        self._z3 = z3
        self._context = z3.Context()
        self._solver = z3.SolverFor("QF_NRA", ctx=self._context)
        self._solver.set("rlimit", WORK)
        self._solver.set("timeout", TIME)
        self._variables: dict[int, tuple[Symbol, Any]] = {}
        self._deep = deep

    def add(self, statements: Iterable[Statement], symbols: Sequence[Symbol] = ()) -> None:
        """What shall hold, and symbols to be known besides those in it."""
        statements = list(statements)
        for symbol in self._new_symbols(statements, symbols):
            self._variables[symbol.index] = (symbol, self._z3.Real(f"v{symbol.index}", ctx=self._context))
        for statement in statements:
            self._solver.add(self._statement(statement))

    def add_known(self) -> None:
        """All that is known of the symbols that occur by now."""
        for symbol, variable in list(self._variables.values()):
            self._add_range(symbol, variable)
            if symbol.function is None or not self._deep:
                continue
            value = symbol.arguments[0].ring.atom(symbol).unscoped()
            self.add(symbol.function.facts(value, *symbol.arguments))
            self.add(self._compared_with_earlier(symbol))
            if symbol.square is not None:
                self._add_square(symbol, variable)

    def answer(self) -> bool | None:
        """Whether they can hold together; None if the solver gives up."""
        found = self._solver.check()
        return None if found == self._z3.unknown else bool(found == self._z3.sat)

    def example(self) -> str:
        """Of statements that can hold together, numbers for which they do."""
        model = self._solver.model()
        named = []
        for symbol, variable in self._variables.values():
            value = model.eval(variable, model_completion=True)
            named.append(f"{symbol.name} = {value.as_decimal(6) if hasattr(value, 'as_decimal') else value}")
        return ", ".join(named)

    @property
    def symbols(self) -> list[Symbol]:
        """Those that occur by now."""
        return [symbol for symbol, _ in self._variables.values()]

    def _new_symbols(self, statements: Sequence[Statement], more: Sequence[Symbol]) -> list[Symbol]:
        fs = [symbol.arguments[0].ring.atom(symbol).unscoped() for symbol in more]
        fs += [c.difference for statement in statements for c in statement.comparisons()]
        if self._deep:
            symbols = all_symbols(fs)
        else:
            symbols = list({s.index: s for f in fs for s in f.symbols}.values())
        return [symbol for symbol in symbols if symbol.index not in self._variables]

    def _add_range(self, symbol: Symbol, variable: Any) -> None:
        within = symbol.range
        if within.low is not None:
            low = self._number(within.low)
            self._solver.add(variable >= low if within.low_closed else variable > low)
        if within.high is not None:
            high = self._number(within.high)
            self._solver.add(variable <= high if within.high_closed else variable < high)

    def _add_square(self, symbol: Symbol, r: Any) -> None:
        """r^2 = p r + q, times the denominators."""
        assert symbol.square is not None
        p, q = symbol.square
        (a, b), (c, d) = (
            (self._polynomial(p.ring.lift(f.top)), self._polynomial(p.ring.lift(f.bottom))) for f in (p, q)
        )
        self._solver.add(r * r * b * d == a * d * r + c * b)

    def _compared_with_earlier(self, symbol: Symbol) -> list[Statement]:
        """Of two values of an increasing function, the one with the larger argument is larger."""
        if symbol.function not in INCREASING:
            return []
        ring, (a,) = symbol.arguments[0].ring, symbol.arguments
        y, facts = ring.atom(symbol).unscoped(), []
        for other, _ in list(self._variables.values()):
            if other.function is symbol.function and other.index < symbol.index:
                (b,) = other.arguments
                z = ring.atom(other).unscoped()
                facts.append(any_of(all_of(a < b, y < z), all_of(a == b, y == z), all_of(a > b, y > z)))
        return facts

    def _statement(self, statement: Statement) -> Any:
        z3 = self._z3
        match statement:
            case Comparison():
                f = statement.difference
                ring = f.ring
                top, bottom = ring.lift(f.top), ring.lift(f.bottom)
                if statement.relation == "==":
                    return self._polynomial(top) == 0
                signed = self._polynomial(top if bottom.is_constant() else top * bottom)
                return signed < 0 if statement.relation == "<" else signed <= 0
            case Junction():
                parts = [self._statement(part) for part in statement.parts]
                return z3.And(parts, self._context) if statement.all else z3.Or(parts, self._context)
            case Negation():
                return z3.Not(self._statement(statement.part))
        raise AssertionError("unreachable")

    def _polynomial(self, polynomial: Polynomial) -> Any:
        total = self._number(0)
        for powers, coefficient in polynomial.to_dict().items():
            term = self._number(coefficient)
            for k, times in enumerate(powers):
                for _ in range(int(times)):
                    term = term * self._variables[k][1]
            total = total + term
        return total

    def _number(self, number: Any) -> Any:
        return self._z3.RealVal(str(number), ctx=self._context)


def proved(statement: Statement, hypotheses: Sequence[Statement]) -> None:
    """The statement follows from the hypotheses and from what is known of the symbols.

    Raises:
        NotProved: if it does not, as far as is known, or the solver gives up.
        NotRun: if there is no solver.
    """
    for deep in (False, True):
        question = Question(deep=deep)
        question.add([*hypotheses, Negation(statement)])
        question.add_known()
        answer = question.answer()
        if answer is False:
            _check_there_is_something(question, hypotheses)
            return
    if answer is None:
        raise NotProved(f"{statement}: the solver gives up")
    raise NotProved(f"{statement} is not so, as far as is known, at {question.example()}")


def _check_there_is_something(question: Question, hypotheses: Sequence[Statement]) -> None:
    """Of roots and logarithms that nowhere have a value, everything would follow."""
    partial = [symbol for symbol in question.symbols if symbol.function in PARTIAL]
    if partial and not satisfiable(hypotheses, partial):
        raise NotProved(f"{partial[0].name} cannot be shown to have a value anywhere")


def satisfiable(statements: Sequence[Statement], symbols: Sequence[Symbol] = ()) -> bool | None:
    """Whether statements can hold together, where the symbols have values; None if the solver gives up."""
    question = Question(deep=True)
    question.add(statements, symbols)
    question.add_known()
    return question.answer()
