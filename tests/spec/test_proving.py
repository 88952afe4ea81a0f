"""Exact algebra: what is false is refused, by every method and also where it is nearly true."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from rnnref.feedforward import Chain
from rnnspec.evidence import NotProved, NotRun
from rnnspec.kit.proofs import solver
from rnnspec.kit.proving import Prover
from rnnspec.proof import BatchNorm, Dense, Layer, Stack

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)


def e(p: Prover) -> Any:
    return p.exp(p.x)


def with_symbols(names: str, state: Callable[..., Any], **ranges: Any) -> Callable[[Prover], Any]:
    """A statement about some symbols in a range."""
    return lambda p: state(p, *p.symbols(names, **ranges))


def of_an_lstm(state: Callable[..., Any]) -> Callable[[Prover], Any]:
    """A statement about h, o and c of a step of an LSTM."""

    def stated(p: Prover) -> None:
        net = p.network(Layer("lstm", 1, 1), 1)
        now = p.reference.gates(net)[0]
        state(p, now["h"][0, 0], now["o"][0, 0], now["c"][0, 0])

    return stated


UNIT = {"above": 0, "below": 1}
CLOSED = {"at_least": 0, "at_most": 1}

# What is false, beside what is true and nearly the same.
IDENTICAL: dict[str, tuple[Callable[[Prover], Any], Callable[[Prover], Any]]] = {
    "slope and function": (
        lambda p: p.identical(p.slope("tanh"), p.activation("tanh")),
        lambda p: p.identical(p.slope("tanh"), 1 - p.activation("tanh") ** 2),
    ),
    "a sign": (
        lambda p: p.identical(p.activation("tanh"), 1 - 2 * p.activation("sigmoid", 2 * p.x)),
        lambda p: p.identical(p.activation("tanh"), 2 * p.activation("sigmoid", 2 * p.x) - 1),
    ),
    "one entry of many": (
        lambda p: p.identical([1, p.x, p.x], [1, p.x, p.x + 1]),
        lambda p: p.identical([1, p.x, p.x], [1, p.x, p.x]),
    ),
    "shapes": (lambda p: p.identical([p.x], p.x), lambda p: p.identical([p.x], [p.x])),
    "nothing": (lambda p: p.identical([], []), lambda p: p.identical([0], [0])),
    "a root is no longer the number": (
        lambda p: p.identical(p.sqrt(p.x**2), p.x),
        lambda p: p.identical(p.sqrt(p.x**2), abs(p.x)),
    ),
    "a float": (lambda p: p.identical(0.1, Fraction(1, 10)), lambda p: p.identical(0.5, HALF)),
    "maximum": (
        with_symbols("a b", lambda p, a, b: p.identical(p.maximum(a, b) - p.minimum(a, b), a - b)),
        with_symbols("a b", lambda p, a, b: p.identical(p.maximum(a, b) + p.minimum(a, b), a + b)),
    ),
    "softmax of three": (
        lambda p: p.identical(p.reference.softmax(p.matrix([[p.x, 1, 2]]))[0, 0], p.activation("sigmoid")),
        lambda p: p.identical(p.reference.softmax(p.matrix([[p.x, 0]]))[0, 0], p.activation("sigmoid")),
    ),
}

VALID: dict[str, tuple[Callable[[Prover], Any], Callable[[Prover], Any]]] = {
    "strict at a point": (
        with_symbols("a b", lambda p, a, b: p.valid(a * a + b * b > 2 * a * b)),
        with_symbols("a b", lambda p, a, b: p.valid(a * a + b * b >= 2 * a * b)),
    ),
    "closed end above": (
        with_symbols("s", lambda p, s: p.valid(s < 1), above=0, at_most=1),
        with_symbols("s", lambda p, s: p.valid(s < 1), **UNIT),
    ),
    "closed end below": (
        with_symbols("s", lambda p, s: p.valid(s * (2 - s) > 0), **CLOSED),
        with_symbols("s", lambda p, s: p.valid(s * (2 - s) > 0), **UNIT),
    ),
    "both ends": (
        with_symbols("s", lambda p, s: p.valid(s * (1 - s) > 0), **CLOSED),
        with_symbols("s", lambda p, s: p.valid(s * (1 - s) >= 0), **CLOSED),
    ),
    "no range": (
        with_symbols("s", lambda p, s: p.valid(s * (1 - s) <= Fraction(2499, 10000))),
        with_symbols("s", lambda p, s: p.valid(s * (1 - s) <= QUARTER)),
    ),
    "an upper end alone": (
        with_symbols("s", lambda p, s: p.valid(s + 1 <= 0), below=0),
        with_symbols("s", lambda p, s: p.valid(s - 1 < 0), below=0),
    ),
    "motzkin": (
        with_symbols("x y", lambda p, x, y: p.valid(x**4 * y**2 + x**2 * y**4 + 1 > 3 * x**2 * y**2)),
        with_symbols("x y", lambda p, x, y: p.valid(x**4 * y**2 + x**2 * y**4 + 1 >= 3 * x**2 * y**2)),
    ),
    "a denominator": (
        with_symbols("a", lambda p, a: p.valid(1 / a > 0), at_least=0),
        with_symbols("a", lambda p, a: p.valid(1 / a > 0), above=0),
    ),
    "the sign of a denominator": (
        with_symbols("a", lambda p, a: p.valid(1 / a < 1, given=[a != 0])),
        with_symbols("a", lambda p, a: p.valid(1 / a < 1, given=[a > 1])),
    ),
    "given the wrong side": (
        with_symbols("a b", lambda p, a, b: p.valid(a * b > 0, given=[a > 0, b < 0])),
        with_symbols("a b", lambda p, a, b: p.valid(a * b > 0, given=[a < 0, b < 0])),
    ),
    "given nothing possible": (
        with_symbols("a", lambda p, a: p.valid(a > 5, given=[a > 1, a < 0])),
        with_symbols("a", lambda p, a: p.valid(a > 5, given=[a > 1, a > 6])),
    ),
    "given a denominator that may be 0": (
        with_symbols("a", lambda p, a: p.valid(a > 0, given=[1 / a > 0])),
        with_symbols("a", lambda p, a: p.valid(a > 0, given=[1 / a > 0, a != 0])),
    ),
    "converse": (
        with_symbols("a", lambda p, a: p.valid(p.implies(a * a > 1, a > 1))),
        with_symbols("a", lambda p, a: p.valid(p.implies(a > 1, a * a > 1))),
    ),
    "and for or": (
        with_symbols("a b", lambda p, a, b: p.valid(p.all_of(a < b, b <= a))),
        with_symbols("a b", lambda p, a, b: p.valid(p.any_of(a < b, b <= a))),
    ),
    "not": (
        with_symbols("a", lambda p, a: p.valid(p.not_(a * a == 1))),
        with_symbols("a", lambda p, a: p.valid(p.not_(a * a == -1))),
    ),
    "equation": (
        with_symbols("a b", lambda p, a, b: p.valid(a == b, given=[a * a == b * b])),
        with_symbols(
            "a b",
            lambda p, a, b: p.valid(
                a == b,
                given=[a * a == b * b],
            ),
            above=0,
        ),
    ),
    "absolute": (
        with_symbols("a b", lambda p, a, b: p.valid(abs(a + b) >= abs(a) + abs(b))),
        with_symbols("a b", lambda p, a, b: p.valid(abs(a + b) <= abs(a) + abs(b))),
    ),
    "tangent": (
        lambda p: p.valid(abs(p.activation("tanh")) < abs(p.x)),
        lambda p: p.valid(abs(p.activation("tanh")) <= abs(p.x)),
    ),
    "sigmoid above its middle": (
        lambda p: p.valid(p.activation("sigmoid") > HALF, given=[p.x >= 0]),
        lambda p: p.valid(p.activation("sigmoid") > HALF, given=[p.x > 0]),
    ),
    "increasing": (
        with_symbols("a b", lambda p, a, b: p.valid(p.exp(a) < p.exp(b), given=[a <= b])),
        with_symbols("a b", lambda p, a, b: p.valid(p.exp(a) < p.exp(b), given=[a < b])),
    ),
    "exponential and line": (
        lambda p: p.valid(p.exp(p.x) > 1 + p.x),
        lambda p: p.valid(p.exp(p.x) >= 1 + p.x),
    ),
    "logarithm and line": (
        with_symbols("a", lambda p, a: p.valid(p.log(a) < a - 1), above=0),
        with_symbols("a", lambda p, a: p.valid(p.log(a) <= a - 1), above=0),
    ),
    "root": (
        with_symbols("a", lambda p, a: p.valid(p.sqrt(a) <= a), above=0),
        with_symbols("a", lambda p, a: p.valid(p.sqrt(a) <= (1 + a) / 2), above=0),
    ),
    "a root that has no value": (
        with_symbols("a", lambda p, a: p.valid(p.sqrt(-(a**2) + 2 * a - 2) >= 7)),
        with_symbols("a", lambda p, a: p.valid(p.sqrt(a**2 + 2 * a + 2) >= 1)),
    ),
    "half of the bound": (
        of_an_lstm(lambda p, h, o, c: p.valid(abs(h) <= o * abs(c) / 2)),
        of_an_lstm(lambda p, h, o, c: p.valid(abs(h) <= o * abs(c))),
    ),
    "a strict bound at zero": (
        of_an_lstm(lambda p, h, o, c: p.valid(abs(h) < o * abs(c))),
        of_an_lstm(lambda p, h, o, c: p.valid(abs(h) < o)),
    ),
}

OTHERS: dict[str, tuple[Callable[[Prover], Any], Callable[[Prover], Any]]] = {
    "tanh is positive": (
        lambda p: p.positive(p.activation("tanh")),
        lambda p: p.positive(1 + p.activation("tanh")),
    ),
    "zero is positive": (lambda p: p.positive(p.number(0)), lambda p: p.positive(p.number(1))),
    "minus one is positive": (lambda p: p.positive(p.number(-1)), lambda p: p.positive(1)),
    "a pole is positive": (lambda p: p.positive(1 / (e(p) - 1)), lambda p: p.positive(1 / (e(p) + 1))),
    "a double pole is positive": (
        lambda p: p.positive(1 / (e(p) - 1) ** 2),
        lambda p: p.positive(1 / (e(p) + 1) ** 2),
    ),
    "sigmoid vanishes": (
        lambda p: p.vanishes_only_at_zero(p.activation("sigmoid")),
        lambda p: p.vanishes_only_at_zero(p.activation("sigmoid") - HALF),
    ),
    "zero vanishes only at zero": (
        lambda p: p.vanishes_only_at_zero(p.number(0)),
        lambda p: p.vanishes_only_at_zero(e(p) - 1),
    ),
    "another zero": (
        lambda p: p.vanishes_only_at_zero((e(p) - 1) * (e(p) - 2)),
        lambda p: p.vanishes_only_at_zero((e(p) - 1) * (e(p) + 2)),
    ),
    "the wrong zero": (
        lambda p: p.vanishes_only_at_zero(e(p) - 2),
        lambda p: p.vanishes_only_at_zero((e(p) - 1) ** 3),
    ),
    "a zero and a pole": (
        lambda p: p.vanishes_only_at_zero((e(p) - 1) / (e(p) - 2)),
        lambda p: p.vanishes_only_at_zero(-p.activation("tanh")),
    ),
    "not of e^x": (
        lambda p: p.vanishes_only_at_zero(p.x),
        lambda p: p.vanishes_only_at_zero(p.activation("h_1997", 2 * p.x)),
    ),
    "tanh tends to one": (
        lambda p: p.tends_to(p.activation("tanh"), 1),
        lambda p: p.tends_to(p.activation("tanh") ** 2, 1),
    ),
    "sigmoid tends to zero": (
        lambda p: p.tends_to(p.activation("sigmoid"), 0),
        lambda p: p.tends_to(p.slope("sigmoid"), 0),
    ),
    "slope tends to one": (
        lambda p: p.tends_to(p.slope("tanh"), 1),
        lambda p: p.tends_to(p.slope("tanh") + 7, 7),
    ),
    "1/e tends to zero": (lambda p: p.tends_to(1 / e(p), 0), lambda p: p.tends_to(1 / (e(p) + 1 / e(p)), 0)),
    "e tends to zero": (lambda p: p.tends_to(e(p), 0), lambda p: p.tends_to(p.number(3), 3)),
    "a product off by one": (
        lambda p: p.product_is(lambda k: 1 - 1 / k**2, lambda n: (n + 1) / (2 * n), start=3),
        lambda p: p.product_is(lambda k: 1 - 1 / k**2, lambda n: (n + 1) / (2 * n), start=2),
    ),
    "a product with another first factor": (
        lambda p: p.product_is(lambda k: (k + 1) / k, lambda n: 2 * (n + 1)),
        lambda p: p.product_is(lambda k: (k + 1) / k, lambda n: n + 1),
    ),
    "a sum off by one term": (
        with_symbols(
            "q", lambda p, q: p.sum_is(lambda k: q**k, lambda n: (q - q**n) / (1 - q), where=[q != 1])
        ),
        with_symbols(
            "q", lambda p, q: p.sum_is(lambda k: q**k, lambda n: (q - q ** (n + 1)) / (1 - q), where=[q != 1])
        ),
    ),
    "a sum with a denominator that may be 0": (
        with_symbols("q", lambda p, q: p.sum_is(lambda k: q**k, lambda n: (q - q ** (n + 1)) / (1 - q))),
        with_symbols(
            "q", lambda p, q: p.sum_is(lambda k: q**k, lambda n: (q - q ** (n + 1)) / (1 - q)), **UNIT
        ),
    ),
    "a term with a pole on the way": (
        lambda p: p.sum_is(lambda k: 1 / ((k - 5) * (k - 6)), lambda n: 1 / (5 - n) - 1 / p.number(5)),
        lambda p: p.sum_is(lambda k: 1 / (k * (k + 1)), lambda n: n / (n + 1)),
    ),
    "the right first term and the wrong step": (
        lambda p: p.closed_form(lambda n: n**2, first=1, then=lambda n, a: a + 2 * n),
        lambda p: p.closed_form(lambda n: n**2, first=1, then=lambda n, a: a + 2 * n + 1),
    ),
    "the right step and the wrong first term": (
        lambda p: p.closed_form(lambda n: n**2 + 1, first=1, then=lambda n, a: a + 2 * n + 1),
        lambda p: p.closed_form(lambda n: n**2 + 1, first=2, then=lambda n, a: a + 2 * n + 1),
    ),
    "an induction that begins too early": (
        lambda p: p.by_induction(lambda n: 2**n >= n**2, start=3),
        lambda p: p.by_induction(lambda n: 2**n >= n**2, start=4),
    ),
    "a step of an induction that fails": (
        lambda p: p.by_induction(lambda n: n <= 100),
        lambda p: p.by_induction(lambda n: 2**n >= n + 1),
    ),
    "possible": (
        with_symbols("a", lambda p, a: p.possible(a * a < 0)),
        with_symbols("a", lambda p, a: p.possible(a * a > 2, a < 0)),
    ),
    "possible for a bound, not for the function": (
        lambda p: p.possible(p.activation("tanh") == p.x / 2, p.x > 5),
        lambda p: p.possible(p.sqrt(p.x) == p.x / 2, p.x > 0),
    ),
    "a characteristic polynomial": (
        lambda p: p.identical(p.characteristic([[1, 2], [3, 4]], p.x), p.x**2 - 5 * p.x + 2),
        lambda p: p.identical(p.characteristic([[1, 2], [3, 4]], p.x), p.x**2 - 5 * p.x - 2),
    ),
    "a determinant": (
        lambda p: p.identical(p.determinant([[p.x, 1, 0], [0, 2, 1], [1, 0, 3]]), 6 * p.x - 1),
        lambda p: p.identical(p.determinant([[p.x, 1, 0], [0, 2, 1], [1, 0, 3]]), 6 * p.x + 1),
    ),
    "a count": (
        lambda p: p.identical(p.parameter_count("lstm", "two"), 4 * p.parameter_count("rnn", "one")),
        lambda p: p.identical(p.parameter_count("lstm", "two"), 4 * p.parameter_count("rnn", "two")),
    ),
    "a count that is quadratic in the depth": (
        lambda p: p.count_in_depth(_growing, "n", "L"),
        lambda p: p.positive(p.count_in_depth(_growing, "n", "L", degree=2)),
    ),
    "relu without a sign": (
        lambda p: p.identical(p.slope("relu", p.x), 1),
        with_symbols("z", lambda p, z: p.identical(p.slope("relu", z), 1), above=0),
    ),
    "relu at a closed end": (
        with_symbols("z", lambda p, z: p.identical(p.slope("relu", z), 1), at_least=0),
        with_symbols("z", lambda p, z: p.identical(p.slope("relu", z), 0), at_most=0),
    ),
    "the derivative of an undecided relu": (
        lambda p: p.identical(p.derivative(p.activation("relu")), 1),
        with_symbols("z", lambda p, z: p.identical(p.derivative(p.activation("relu", z), z), 0), below=0),
    ),
}
FALSE = {name: pair for group in (IDENTICAL, VALID, OTHERS) for name, pair in group.items()}


def _growing(n: int, L: int) -> Chain:
    """A chain whose width grows with the depth."""
    return Chain((Dense(n, L * n, bias=False), Dense(L * n, L * n, bias=False)))


class TestStatements:
    @pytest.mark.parametrize("state", [pair[0] for pair in FALSE.values()], ids=list(FALSE))
    def test_what_is_false_is_refused(self, state: Callable[[Prover], None]) -> None:
        prover = Prover()
        prover.positive(prover.number(1))
        with pytest.raises(NotProved):
            state(prover)
        assert prover.proved <= 2  # where an induction's first step holds, it counts

    @pytest.mark.parametrize("state", [pair[1] for pair in FALSE.values()], ids=list(FALSE))
    def test_what_is_true_and_nearly_the_same_is_proved(self, state: Callable[[Prover], None]) -> None:
        prover = Prover()
        state(prover)
        assert prover.proved >= 1

    def test_the_reason_says_which_step_failed_and_where(self) -> None:
        prover = Prover()
        a, b = prover.symbols("a b")
        prover.identical(a, a)
        with pytest.raises(NotProved, match=r"^step 2: a and b are different$"):
            prover.identical(a, b)
        with pytest.raises(NotProved, match=r"^step 2: 0 < a\^2 is not so, as far as is known, at a = 0$"):
            prover.valid(a**2 > 0)
        with pytest.raises(NotProved, match=r"^step 2: the denominator b may be 0"):
            prover.valid(a / b * b / b <= 1)
        assert prover.proved == 1

    def test_a_solver_that_gives_up_proves_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(solver, "WORK", 1000)
        prover = Prover()
        a, b, c, d = prover.symbols("a b c d")
        with pytest.raises(NotProved, match="the solver gives up"):
            prover.valid(a**4 + b**4 + c**4 + d**4 - a * b * c + d**3 >= -5)

    def test_without_a_solver_nothing_is_guessed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(solver, "is_there", lambda: False)
        prover = Prover()
        a, b = prover.symbols("a b")
        for statement in (abs(a + b) <= abs(a) + abs(b), a < b):
            with pytest.raises(NotRun, match=r"pip install rnnspec\[proofs\]"):
                prover.valid(statement)
        assert prover.proved == 0

    def test_what_is_no_statement(self) -> None:
        prover = Prover()
        with pytest.raises(TypeError, match="expected a comparison"):
            prover.all_of(True)  # type: ignore[arg-type]

    def test_symbols_are_independent(self) -> None:
        prover = Prover()
        a, b = prover.symbols("a b")
        prover.identical((a + b) ** 2, a * a + 2 * a * b + b * b)
        with pytest.raises(NotProved, match="are different"):
            prover.identical(a, b)

    def test_names_that_two_symbols_have_name_none(self) -> None:
        prover = Prover()
        (a,) = prover.symbols("a")
        prover.identical(prover.at(a, {"a": 2}), 2)
        prover.symbols("a")
        for name in ("a", "missing"):
            with pytest.raises(TypeError, match=f"symbols are called {name}, expected one"):
                prover.at(a, {name: 2})

    def test_values_of_functions_are_not_replaced(self) -> None:
        prover = Prover()
        t = prover.activation("tanh")
        with pytest.raises(TypeError, match="expected one"):
            prover.at(t, {"tanh(x)": 2})
        with pytest.raises(TypeError, match="no value of a function"):
            prover.derivative(t, t)

    def test_ranges_have_an_inside(self) -> None:
        with pytest.raises(ValueError, match="expected the lower end first"):
            Prover().symbols("a", above=1, below=1)
        with pytest.raises(TypeError, match="for one end"):
            Prover().symbols("a", above=1, at_least=1)


class TestBackPropagation:
    @pytest.mark.parametrize("kind", ["tanh", "sigmoid", "g_1997", "h_1997", "identity"])
    def test_of_every_smooth_activation(self, kind: Any) -> None:
        prover = Prover()
        prover.backpropagation(prover.network(Layer("rnn", 1, 1, activation=kind), 2))
        assert prover.proved == 5

    def test_of_relu_on_a_branch(self) -> None:
        """One unit, two steps, the first of them active."""
        for second in (1, -1):
            prover = Prover()
            net = prover.network(Layer("rnn", 1, 1, activation="relu"), 2)
            W, U, b = (net.parameters[name].flat[0] for name in ("W_h", "U_h", "b_h"))
            z1 = W * net.inputs[0, 0, 0] + U * net.state["h"][0, 0] + b
            z2 = W * net.inputs[1, 0, 0] + U * z1 + b
            with pytest.raises(NotProved, match="its sign is not known here"):
                prover.backpropagation(net)
            with prover.assuming(z1 > 0, second * z2 > 0):
                prover.backpropagation(net)
            assert prover.proved == 5

    def test_of_batch_norm_with_epsilon(self) -> None:
        prover = Prover()
        (epsilon,) = prover.symbols("epsilon", above=0)
        prover.backpropagation(prover.chain(BatchNorm(1), batch=2, epsilon=epsilon))

    def test_of_a_network_that_is_not_all_symbols(self) -> None:
        prover = Prover()
        with pytest.raises(TypeError, match="expected a symbol"):
            prover.backpropagation(prover.network(Layer("rnn", 1, 1), 1, U_h=2))

    def test_what_the_network_does_not_have(self) -> None:
        with pytest.raises(TypeError, match="the network has no U_i"):
            Prover().network(Layer("rnn", 1, 1), 1, U_i=0)


class TestCounts:
    @pytest.mark.parametrize("biases", ["none", "one", "two"])
    @pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
    def test_counts_are_those_of_layers_of_every_size(self, kind: Any, biases: Any) -> None:
        prover = Prover()
        polynomial = prover.parameter_count(kind, biases)
        for m in (1, 2, 17):
            for n in (1, 5, 12):
                count = prover.at(polynomial, {"m": m, "n": n})
                prover.identical(count, Layer(kind, m, n, biases=biases).parameter_count)

    def test_of_stacks_of_every_depth(self) -> None:
        prover = Prover()
        count = prover.count_in_depth(
            lambda m, n, L: Stack(Layer("gru", m, n), L, bidirectional=True), "m n", "L"
        )
        for L in (1, 2, 9):
            stack = Stack(Layer("gru", 3, 4), L, bidirectional=True)
            prover.identical(prover.at(count, {"m": 3, "n": 4, "L": L}), stack.parameter_count)

    def test_a_size_that_loses_its_name(self) -> None:
        with pytest.raises(NotProved, match="not by sums and products"):
            Prover().count(halved, "m")

    def test_a_formula_that_is_another_at_small_sizes(self) -> None:
        with pytest.raises(NotProved, match="at the sizes"):
            Prover().count(lambda m: Chain((Dense(m, 1 if m > 2 else 5),)), "m")


def halved(m: int) -> Chain:
    """A chain whose width is half of the size, rounded up."""
    return Chain((Dense(m, -(-m // 2)),))
