"""Exact algebra: proofs whose object is traced from the reference's own formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from rnnref import Cotangent, Layer, Network, Stack
from rnnspec.kit.proofs import calculus, cell_trace, counting, functions, statements, tracing, univariate
from rnnspec.kit.proofs.expressions import Expression
from rnnspec.kit.proofs.ring import Range, Ring, Scope, Symbol
from rnnspec.kit.proofs.showing import check_not_zero, replaced, show, show_possible
from rnnspec.kit.proofs.signs import PLUS, sign
from rnnspec.kit.proofs.statements import Statement
from rnnspec.kit.proofs.symbolic import Symbolic, Traced
from rnnspec.proof import CellTrace, NotProved, SymbolicChain
from rnnspec.protocol import Biases, LayerKind


class Prover:
    """See `rnnspec.proof.Prove`. `proved` counts the steps that were shown to hold."""

    all_of = staticmethod(statements.all_of)
    any_of = staticmethod(statements.any_of)
    not_ = staticmethod(statements.not_)
    implies = staticmethod(statements.implies)

    def __init__(self) -> None:
        self.proved = 0
        self._ring = Ring()
        self._sizes: dict[str, Expression] = {}
        self.x = self._ring.symbol("x")
        self.reference = Traced(Symbolic(self._ring))

    @contextmanager
    def _step(self) -> Iterator[None]:
        """One statement is shown; where it fails, the reason says which it was."""
        try:
            yield
        except NotProved as reason:
            raise NotProved(f"step {self.proved + 1}: {reason}") from reason
        self.proved += 1

    # ---------------------------------------------------------------- expressions

    def number(self, numerator: int, denominator: int = 1) -> Expression:
        return self._ring.expression(Fraction(numerator, denominator))

    def symbols(
        self,
        names: str,
        *,
        above: Any = None,
        below: Any = None,
        at_least: Any = None,
        at_most: Any = None,
    ) -> Any:
        low, high = _end(above, at_least), _end(below, at_most)
        within = Range(low, high, at_least is not None, at_most is not None)
        return np.array([self._ring.symbol(name, within) for name in names.split()], dtype=object)

    def sizes(self, names: str) -> Any:
        for name in names.split():
            if name not in self._sizes:
                self._sizes[name] = self.symbols(name, at_least=1)[0]
        return np.array([self._sizes[name] for name in names.split()], dtype=object)

    def matrix(self, rows: Any) -> Any:
        return self.reference.system.matrix(np.asarray(rows, dtype=object))

    def exp(self, a: Any) -> Expression:
        return functions.exp(self._ring.expression(a))

    def log(self, a: Any) -> Expression:
        return functions.log(self._ring.expression(a))

    def sqrt(self, a: Any) -> Expression:
        return functions.sqrt(self._ring.expression(a))

    def maximum(self, a: Any, *others: Any) -> Expression:
        return reduce(functions.maximum, map(self._ring.expression, (a, *others)))

    def minimum(self, a: Any, *others: Any) -> Expression:
        return reduce(functions.minimum, map(self._ring.expression, (a, *others)))

    def activation(self, kind: str, at: Any = None, alpha: float | None = None) -> Any:
        values = self.reference.activation(kind, self._points(at), alpha)
        return values if np.ndim(values) else values[()]

    def slope(self, kind: str, at: Any = None, alpha: float | None = None) -> Any:
        values = self.reference.slope(kind, self._points(at), alpha)
        return values if np.ndim(values) else values[()]

    def _points(self, at: Any) -> Any:
        return np.asarray(self.x if at is None else at, dtype=object)

    def derivative(self, f: Any, by: Any = None) -> Any:
        by = np.asarray(self.x if by is None else by, dtype=object)
        fs = np.asarray(f, dtype=object)
        result = np.empty((*fs.shape, *by.shape), dtype=object)
        for place in np.ndindex(*fs.shape):
            for where in np.ndindex(*by.shape):
                one = self._ring.expression(fs[place])
                result[(*place, *where)] = calculus.derivative(one, self._variable(by[where]))
        return result if result.ndim else result[()]

    def _variable(self, f: Any) -> Symbol:
        """The independent variable that an expression is."""
        symbol = f.symbol if isinstance(f, Expression) else None
        if symbol is None or symbol.function is not None:
            raise TypeError(f"got {f}, expected a symbol that is no value of a function")
        return symbol

    def at(self, f: Any, values: Mapping[str, Any]) -> Any:
        new = {}
        for name, value in values.items():
            symbol = self._named(name)
            new[symbol.index] = self._ring.expression(value)
            self._check_within(symbol, new[symbol.index])
        for statement in self._ring.assumed:  # under which f may have been computed
            show(replaced(statement, new), (), self._ring.assumed)
        fs = np.asarray(f, dtype=object)
        result = np.empty(fs.shape, dtype=object)
        result.flat[:] = [calculus.substituted(self._ring.expression(one), new) for one in fs.flat]
        return result if result.ndim else result[()]

    def _named(self, name: str) -> Symbol:
        """The independent variable of a name that only one has."""
        called = [symbol for symbol in self._ring.symbols if symbol.name == name and not symbol.function]
        if len(called) != 1:
            raise TypeError(f"{len(called)} symbols are called {name}, expected one")
        return called[0]

    # ---------------------------------------------------------------- networks

    def network(
        self, layer: Layer | Stack, steps: int, batch: int = 1, rest: Any = None, **given: Any
    ) -> Network:
        return tracing.network(self._ring, layer, steps, batch, rest, given)

    def cotangent(self, network: Network, *, last: bool = False) -> Cotangent:
        return tracing.cotangent(self._ring, network, last)

    def chain(self, *links: Any, batch: int = 1, epsilon: Any = None, **given: Any) -> SymbolicChain:
        return tracing.chain(self._ring, links, batch, epsilon, given)

    def backpropagation(self, network: Network | SymbolicChain) -> None:
        for name, gradient, scalar, by in self._gradients(network):
            with self._step():
                slopes = self.derivative(scalar, by)
                for place in np.ndindex(*np.shape(by)):
                    if not self._same(gradient[place], slopes[place]):
                        raise NotProved(
                            f"by {by[place]} back-propagation gives d{name} = {gradient[place]}, "
                            f"the derivative is {slopes[place]}"
                        )

    def _gradients(self, network: Network | SymbolicChain) -> Iterator[tuple[str, Any, Expression, Any]]:
        """Of every array its name, what back-propagation gives, what is differentiated, and itself."""
        evaluator = self.reference
        if isinstance(network, SymbolicChain):
            y = evaluator.chain(network.chain, network.parameters, network.inputs).outputs
            dy = tracing.symbols_in(self._ring, "dy", y.shape)
            scalar = (dy * y).sum()
            pulled = evaluator.chain_vjp(network.chain, network.parameters, network.inputs, dy)
            yield "x", pulled.inputs, scalar, network.inputs
            for name, gradient in pulled.parameters.items():
                yield name, gradient, scalar, network.parameters[name]
            return
        cotangent = self.cotangent(network)
        run, back = evaluator.run(network), evaluator.vjp(network, cotangent)
        scalar = (run.outputs * cotangent.outputs).sum()
        for name, d in cotangent.state.items():
            scalar = scalar + (run.state[name] * d).sum()
        yield "x", back.inputs, scalar, network.inputs
        for name, gradient in back.parameters.items():
            yield name, gradient, scalar, network.parameters[name]
        for name, gradient in back.state.items():
            yield f"{name}_0", gradient, scalar, network.state[name]

    # ---------------------------------------------------------------- statements

    def identical(self, left: Any, right: Any) -> None:
        with self._step():
            self._check_identical(left, right)

    def _check_identical(self, left: Any, right: Any) -> None:
        lefts, rights = (np.asarray(side, dtype=object) for side in (left, right))
        if lefts.shape != rights.shape:
            raise NotProved(f"an array of shape {lefts.shape} is none of shape {rights.shape}")
        for place in np.ndindex(*lefts.shape):
            if not self._same(lefts[place], rights[place]):
                where = f" in the place {place}" if place else ""
                raise NotProved(f"{lefts[place]} and {rights[place]} are different{where}")
        if lefts.size == 0:
            raise NotProved("there is nothing to compare")

    def _same(self, left: Any, right: Any) -> bool:
        difference = self._ring.expression(left) - self._ring.expression(right)
        if not difference:
            return True
        return calculus.fits_exponentials(difference) and not calculus.in_exponentials(difference)

    def valid(self, statement: Statement, given: Sequence[Statement] = ()) -> None:
        with self._step():
            show(statement, given, self._ring.assumed)

    def possible(self, *statements: Statement) -> None:
        with self._step():
            show_possible(statements, self._ring.assumed)

    def positive(self, f: Any) -> None:
        f = self._ring.expression(f)
        with self._step():
            forms = [f, calculus.in_exponentials(f)] if calculus.fits_exponentials(f) else [f]
            if PLUS not in (sign(form, self._ring.assumed) for form in forms):
                raise NotProved(f"{f} has a coefficient that is not positive")
            check_not_zero(self._ring.quotient(f.bottom, self._ring.one), self._ring.assumed)

    def vanishes_only_at_zero(self, f: Any) -> None:
        f = self._ring.expression(f)
        with self._step():
            if not univariate.vanishes_only_at_zero(f, self._variable(self.x)):
                raise NotProved(f"{f} does not vanish at x = 0, or not only there")

    def tends_to(self, f: Any, limit: Any) -> None:
        f, limit = self._ring.expression(f), self._ring.expression(limit)
        with self._step():
            if not univariate.tends_to(f, limit, self._variable(self.x)):
                raise NotProved(f"{f} does not tend to {limit} on both sides")

    @contextmanager
    def assuming(self, *statements: Statement) -> Iterator[None]:
        show_possible(statements, self._ring.assumed)
        scope = Scope(statements, self._ring.scope)
        self._ring.scope = scope
        try:
            yield
        finally:
            scope.open = False
            self._ring.scope = scope.outer

    # ---------------------------------------------------------------- for every n

    def closed_form(
        self,
        closed: Callable[[Any], Any],
        *,
        first: Any,
        then: Callable[[Any, Any], Any],
        start: int = 1,
        where: Sequence[Statement] = (),
    ) -> None:
        with self._step():
            self._check_identical(closed(self.number(start)), first)
        with self._step():
            n = self.symbols("n", at_least=start)[0]
            here = closed(n)
            several = isinstance(here, list | tuple | np.ndarray)
            self._check_identical(closed(n + 1), then(n, here))
            terms = [self._ring.symbol(f"a{k}") for k in range(len(here))] if several else self.x
            following = then(n, terms)
            for f in [*here, *following] if several else [here, following]:
                f = self._ring.expression(f)
                check_not_zero(self._ring.quotient(f.bottom, self._ring.one), [*self._ring.assumed, *where])

    def sum_is(
        self,
        term: Callable[[Any], Any],
        closed: Callable[[Any], Any],
        start: int = 1,
        where: Sequence[Statement] = (),
    ) -> None:
        first = term(self.number(start))
        self.closed_form(closed, first=first, then=lambda n, a: a + term(n + 1), start=start, where=where)

    def product_is(
        self,
        factor: Callable[[Any], Any],
        closed: Callable[[Any], Any],
        start: int = 1,
        where: Sequence[Statement] = (),
    ) -> None:
        first = factor(self.number(start))
        self.closed_form(closed, first=first, then=lambda n, a: a * factor(n + 1), start=start, where=where)

    def by_induction(
        self, statement: Callable[[Any], Statement], start: int = 1, given: Sequence[Statement] = ()
    ) -> None:
        self.valid(statement(self.number(start)), given)
        n = self.symbols("n", at_least=start)[0]
        self.valid(statement(n + 1), [*given, statement(n)])

    def parameter_count(self, kind: LayerKind, biases: Biases) -> Expression:
        return self.count(lambda m, n: Layer(kind, m, n, biases=biases), "m n")

    def count(self, build: Callable[..., Any], sizes: str) -> Expression:
        return counting.counted(build, list(self.sizes(sizes)))

    def count_in_depth(
        self, build: Callable[..., Any], sizes: str, depth: str, degree: int = 1
    ) -> Expression:
        return counting.polynomial_in_depth(
            lambda L: counting.counted(build, list(self.sizes(sizes)), L), self.sizes(depth)[0], degree
        )

    # ---------------------------------------------------------------- matrices

    def determinant(self, matrix: Any) -> Expression:
        return self._ring.expression(_determinant(np.asarray(matrix, dtype=object)))

    def characteristic(self, matrix: Any, at: Any) -> Expression:
        M = np.asarray(matrix, dtype=object)
        return self.determinant(self._ring.expression(at) * self.matrix(np.eye(len(M))) - M)

    def lstm_derivatives(self, steps: int) -> CellTrace:
        return cell_trace.traced(self._ring, steps)

    def _check_within(self, symbol: Symbol, value: Expression) -> None:
        """A symbol is replaced only by what lies in its range."""
        low, high, own = symbol.range.low, symbol.range.high, self._ring.assumed
        if low is not None:
            show(value >= low if symbol.range.low_closed else value > low, (), own)
        if high is not None:
            show(value <= high if symbol.range.high_closed else value < high, (), own)


def _end(strict: Any, weak: Any) -> Fraction | None:
    if strict is not None and weak is not None:
        raise TypeError(f"got both {strict} and {weak} for one end of a range")
    end = weak if strict is None else strict
    return None if end is None else Fraction(end)


def _determinant(M: Any) -> Any:
    """By the first row: the matrices of proofs are small."""
    if len(M) == 1:
        return M[0, 0]
    minors = [np.delete(M[1:], k, axis=1) for k in range(len(M))]
    return sum((-1) ** k * M[0, k] * _determinant(minor) for k, minor in enumerate(minors) if M[0, k])
