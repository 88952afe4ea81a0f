"""What a proof works with: exact expressions, the reference run in them, and what can be stated.

    @claim.proof
    def chain_rule(prove: Prove) -> None:
        net = prove.chain(Dense(2, 2, "sigmoid"), Dense(2, 1, "sigmoid"))
        y = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
        ...

Every number of a network is a symbol, so that what is shown holds for all of them at once; sizes
and numbers of steps are those that the proof names. Expressions calculate like numbers, also in
NumPy's arrays; `<`, `<=` and `==` make statements of them. Identities hold wherever no
denominator is 0, and roots and logarithms have a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from rnnref import Cotangent, Evaluator, Layer, Network, Stack
from rnnref.feedforward import Autoencoder, BatchNorm, Chain, Dense, Descent, Residual
from rnnspec.protocol import Biases, LayerKind

__all__ = [
    "Autoencoder",
    "BatchNorm",
    "CellTrace",
    "Chain",
    "Cotangent",
    "Dense",
    "Descent",
    "Expression",
    "Layer",
    "Network",
    "NotProved",
    "NotRun",
    "Prove",
    "Residual",
    "Stack",
    "Statement",
    "SymbolicChain",
]

Expression: TypeAlias = Any
"""A quotient of polynomials with rational coefficients in symbols; or an array of such."""

Statement: TypeAlias = Any
"""A comparison of expressions, or what `all_of`, `any_of`, `not_` and `implies` make of some."""


class NotProved(Exception):
    """A step of a proof does not hold, or could not be shown; says which and how."""


class NotRun(Exception):
    """A proof needs a program that is not installed; nothing was shown, and nothing refuted."""


@dataclass(frozen=True)
class SymbolicChain:
    """A feed-forward network all of whose numbers are symbols.

    Attributes:
        chain: the network.
        parameters: by name.
        inputs: (B, m).
    """

    chain: Chain
    parameters: Mapping[str, Any]
    inputs: Any


class Prove(Protocol):
    """Exact algebra over formulas traced from the reference's own code.

    Every method that states something raises `NotProved` if it is not so or cannot be shown, and
    `NotRun` if that needs the solver z3 and there is none.

    Attributes:
        x: the symbol x, of which functions of one real variable are functions.
        reference: all that the reference computes, of arrays of expressions.
    """

    x: Expression
    reference: Evaluator

    # ---------------------------------------------------------------- expressions

    def number(self, numerator: int, denominator: int = 1) -> Expression: ...

    def symbols(
        self,
        names: str,
        *,
        above: Any = None,
        below: Any = None,
        at_least: Any = None,
        at_most: Any = None,
    ) -> Any:
        """Fresh independent variables, named in a string with spaces; in an array.

        Args:
            names: their names.
            above, below: numbers between which they lie.
            at_least, at_most: the same, but they may reach them.
        """
        ...

    def matrix(self, rows: Any) -> Any:
        """An array of expressions, from lists of numbers and expressions."""
        ...

    def exp(self, a: Expression) -> Expression: ...

    def log(self, a: Expression) -> Expression: ...

    def sqrt(self, a: Expression) -> Expression: ...

    def maximum(self, a: Expression, *others: Expression) -> Expression: ...

    def minimum(self, a: Expression, *others: Expression) -> Expression: ...

    def activation(self, kind: str, at: Expression = None, alpha: float | None = None) -> Expression:
        """phi(x), or phi at something else, as the reference computes it."""
        ...

    def slope(self, kind: str, at: Expression = None, alpha: float | None = None) -> Expression:
        """The slope that back-propagation computes from phi(x)."""
        ...

    def derivative(self, f: Expression, by: Expression = None) -> Expression:
        """df/dx; or, of arrays, by every entry of `by`, with the axes of f first."""
        ...

    def at(self, f: Expression, values: Mapping[str, Any]) -> Expression:
        """f, or an array, with expressions in the place of independent symbols, by name.

        They must lie in the symbols' ranges, and whatever is assumed must hold of them, too.
        """
        ...

    # ---------------------------------------------------------------- networks

    def network(
        self, layer: Layer | Stack, steps: int, batch: int = 1, rest: Any = None, **given: Any
    ) -> Network:
        """A network whose numbers are symbols: `U_h[1,2]`, `x1[1]`, `h0[2]`, ...

        Args:
            layer: the layer or stack.
            steps: T.
            batch: B; with more than one, inputs and states have the member as a first index.
            rest: what all numbers are that are not given, in the place of symbols.
            given: parameters, `inputs` and states, by name; a number fills a whole array.
        """
        ...

    def cotangent(self, network: Network, *, last: bool = False) -> Cotangent:
        """Symbols for the cotangents of all outputs and of the final state; else 0 if `last`.

        With `last`, only the last output has one: it is the gradient of a loss L_T.
        """
        ...

    def chain(
        self, *links: Dense | BatchNorm | Residual, batch: int = 1, epsilon: Any = None, **given: Any
    ) -> SymbolicChain:
        """A feed-forward network whose numbers are symbols: `W_1[1,2]`, `x[1]`, ...

        Args:
            links: its links.
            batch: B; with more than one, inputs have the member as a first index.
            epsilon: of every batch norm, an expression; else the links' own.
            given: parameters and `inputs` by name.
        """
        ...

    def backpropagation(self, network: Network | SymbolicChain) -> None:
        """What back-propagation returns is the derivative of what the forward pass computes.

        By every parameter, every input and every entry of the initial state, for all cotangents.
        """
        ...

    # ---------------------------------------------------------------- statements

    def identical(self, left: Any, right: Any) -> None:
        """Two expressions, or arrays or lists of them, are the same functions of their symbols."""
        ...

    def valid(self, statement: Statement, given: Sequence[Statement] = ()) -> None:
        """The statement holds for all real numbers in the ranges of their symbols.

        Signs that can be read off are: what is more difficult goes to the solver. That the
        conditions in `given` can hold together is shown as well.
        """
        ...

    def possible(self, *statements: Statement) -> None:
        """There are real numbers for which the statements hold together."""
        ...

    def positive(self, f: Expression) -> None:
        """f > 0 wherever its symbols are in their ranges, read off its coefficients."""
        ...

    def vanishes_only_at_zero(self, f: Expression) -> None:
        """A function of e^x is 0 if and only if x = 0."""
        ...

    def tends_to(self, f: Expression, limit: Any) -> None:
        """A function of e^x has this limit for x to minus infinity and to plus infinity."""
        ...

    def all_of(self, *parts: Statement) -> Statement: ...

    def any_of(self, *parts: Statement) -> Statement: ...

    def not_(self, part: Statement) -> Statement: ...

    def implies(self, condition: Statement, consequence: Statement) -> Statement: ...

    def assuming(self, *statements: Statement) -> AbstractContextManager[None]:
        """Within the `with`, the statements hold: for signs, and for everything stated.

        They must be possible. What is computed inside cannot be used outside.
        """
        ...

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
        """The sequence a_start = first, a_{n+1} = then(n, a_n) is closed(n), for every n.

        By induction: both steps are identities, the second in the symbol n. q**n is known as a
        symbol with q^(n+1) = q q^n.

        Args:
            closed: the formula, of a whole number and of an expression; may return a list.
            first: what the sequence begins with.
            then: the next term, from n and the one of n.
            start: the first n.
            where: conditions for denominators not to be 0.
        """
        ...

    def sum_is(
        self,
        term: Callable[[Any], Any],
        closed: Callable[[Any], Any],
        start: int = 1,
        where: Sequence[Statement] = (),
    ) -> None:
        """term(start) + ... + term(n) = closed(n) for every n >= start."""
        ...

    def product_is(
        self,
        factor: Callable[[Any], Any],
        closed: Callable[[Any], Any],
        start: int = 1,
        where: Sequence[Statement] = (),
    ) -> None:
        """factor(start) ... factor(n) = closed(n) for every n >= start."""
        ...

    def by_induction(
        self, statement: Callable[[Any], Statement], start: int = 1, given: Sequence[Statement] = ()
    ) -> None:
        """statement(n) for every whole n >= start: for the first, and from n to n + 1."""
        ...

    def sizes(self, names: str) -> Any:
        """The symbols that `count` and its like use for sizes, each at least 1."""
        ...

    def parameter_count(self, kind: LayerKind, biases: Biases) -> Expression:
        """The number of a layer's parameters, a polynomial in m and n."""
        ...

    def count(self, build: Callable[..., Any], sizes: str) -> Expression:
        """The number of parameters of what `build` makes of sizes, a polynomial in these.

        Args:
            build: from whole numbers to a layer, a stack or a chain.
            sizes: the names of the symbols, such as "m n".
        """
        ...

    def count_in_depth(
        self, build: Callable[..., Any], sizes: str, depth: str, degree: int = 1
    ) -> Expression:
        """The same with a depth, of which build's last argument is a small whole number.

        A polynomial of the given degree is laid through the counts of the smallest depths, and
        held to those of three more.
        """
        ...

    # ---------------------------------------------------------------- matrices

    def determinant(self, matrix: Any) -> Expression: ...

    def characteristic(self, matrix: Any, at: Expression) -> Expression:
        """det(lambda I - M), whose roots are the eigenvalues."""
        ...

    def lstm_derivatives(self, steps: int) -> CellTrace:
        """The LSTM's derivatives with respect to c_0, traced with one hidden unit."""
        ...


@dataclass(frozen=True)
class CellTrace:
    """Derivatives of an LSTM with one hidden unit, as polynomials in independent symbols.

    Each gate, each slope and each weight is a symbol of its own, so an identity between
    these polynomials is one between the networks, whatever their numbers.

    Attributes:
        gates: by step, the symbols of `i`, `f`, `g`, `o`, of `tanh_c`, and of each one's
            slope, `slope_i` and so on.
        weights: the symbols of `U_i`, `U_f`, `U_g`, `U_o`.
        cells: the symbols of c_0, c_1, ...
        along_cells: dc_t/dc_{t-1} with h_{t-1} held, by step.
        one_step: dc_t/dc_{t-1} with o_{t-1} held and h_{t-1} = o_{t-1} tanh c_{t-1}, by step.
        total: dc_T/dc_0 with h_0 = o_0 tanh c_0, by back-propagation through all paths.
        carried: dc_T/dc_0 with every h_t held.
        o_first, slope_first: o_0 and the slope of tanh at c_0.
        count_paths: how many paths lead from c_0 to c_T in the total derivative.
    """

    gates: Sequence[dict[str, Expression]]
    weights: dict[str, Expression]
    cells: Sequence[Expression]
    along_cells: Sequence[Expression]
    one_step: Sequence[Expression]
    total: Expression
    carried: Expression
    o_first: Expression
    slope_first: Expression
    count_paths: int
