"""Exact algebra: what is false is refused, by every method and also where it is nearly true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rnnref.feedforward import Chain
from rnnspec.evidence import NotProved, NotRun
from rnnspec.kit.proofs import solver
from rnnspec.kit.proving import Prover
from rnnspec.proof import BatchNorm, Dense, Layer, Stack
from spec.false_statements import FALSE


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
