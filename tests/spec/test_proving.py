"""Exact algebra: what is false is refused, and what is traced is the network's own derivative."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import fmpq, fmpq_poly
from hypothesis import assume, given
from hypothesis import strategies as st

from rnnspec.evidence import CellTrace, NotProved
from rnnspec.kit.proving import Prover, Ratio
from rnnspec.protocol import Layer

COEFFICIENTS = st.lists(st.fractions(-9, 9, max_denominator=9), min_size=1, max_size=4)
POINTS = st.fractions(-9, 9, max_denominator=9)
LONGEST = 5


def ratio(top: list[Fraction], bottom: list[Fraction]) -> Ratio:
    assume(any(bottom))
    return Ratio(*(fmpq_poly([fmpq(c.numerator, c.denominator) for c in side]) for side in (top, bottom)))


def value(coefficients: Any, e: Fraction) -> Fraction:
    return sum((Fraction(int(c.p), int(c.q)) * e**k for k, c in enumerate(coefficients)), Fraction(0))


def at(r: Ratio, e: Fraction) -> Fraction:
    """The value at e, or a rejected draw where there is none."""
    bottom = value(r.denominator.coeffs(), e)
    assume(bottom)
    return value(r.numerator.coeffs(), e) / bottom


class TestRatio:
    @given(
        a=COEFFICIENTS, b=COEFFICIENTS, c=COEFFICIENTS, d=COEFFICIENTS, e=POINTS, number=st.integers(-5, 5)
    )
    def test_arithmetic_is_that_of_fractions(
        self,
        a: list[Fraction],
        b: list[Fraction],
        c: list[Fraction],
        d: list[Fraction],
        e: Fraction,
        number: int,
    ) -> None:
        left, right = ratio(a, b), ratio(c, d)
        x, y = at(left, e), at(right, e)
        assert at(left + right, e) == x + y
        assert at(left - right, e) == x - y
        assert at(left * right, e) == x * y
        assert at(-left, e) == -x
        assert at(left**3, e) == x**3
        assert at(number + left, e) == number + x
        assert at(number - left, e) == number - x
        assert at(number * left, e) == number * x

    @given(a=COEFFICIENTS, b=COEFFICIENTS, e=POINTS)
    def test_derivative_is_that_of_the_quotient_times_e(
        self, a: list[Fraction], b: list[Fraction], e: Fraction
    ) -> None:
        bottom, slope_of_bottom = (sum(f(k, c) for k, c in enumerate(b)) for f in (power(e), slope(e)))
        top, slope_of_top = (sum(f(k, c) for k, c in enumerate(a)) for f in (power(e), slope(e)))
        assume(bottom)
        quotient = (slope_of_top * bottom - top * slope_of_bottom) / bottom**2
        assert at(ratio(a, b).derivative(), e) == e * quotient

    @given(a=COEFFICIENTS, b=COEFFICIENTS, c=COEFFICIENTS)
    def test_equal_are_those_that_are_the_same_function(
        self, a: list[Fraction], b: list[Fraction], c: list[Fraction]
    ) -> None:
        one, common = ratio(a, b), ratio(c, [Fraction(1)])
        assume(any(c))
        inverse = Ratio(common.denominator, common.numerator)
        assert one * common * inverse == one
        assert (one == one + 1) is False

    def test_nothing_over_nothing_is_refused(self) -> None:
        with pytest.raises(ZeroDivisionError):
            Ratio(1, 0)


def power(e: Fraction) -> Callable[[int, Fraction], Fraction]:
    return lambda k, c: c * e**k


def slope(e: Fraction) -> Callable[[int, Fraction], Fraction]:
    return lambda k, c: c * k * e ** (k - 1) if k else Fraction(0)


E = Ratio(fmpq_poly([0, 1]))
FALSE: list[tuple[str, Callable[[Prover], None], str]] = [
    ("slope is the function", lambda p: p.identical(p.slope("tanh"), p.activation("tanh")), "are different"),
    (
        "sigmoid without square",
        lambda p: p.identical(p.slope("sigmoid"), p.activation("sigmoid")),
        "different",
    ),
    ("tanh is positive", lambda p: p.positive(p.activation("tanh")), "not positive"),
    ("zero is positive", lambda p: p.positive(p.number(0)), "not positive"),
    ("minus one is positive", lambda p: p.positive(p.number(-1)), "not positive"),
    ("a pole is positive", lambda p: p.positive(Ratio(1, fmpq_poly([-1, 1]))), "not positive"),
    ("sigmoid vanishes", lambda p: p.vanishes_only_at_zero(p.activation("sigmoid")), "does not vanish"),
    ("zero vanishes only at zero", lambda p: p.vanishes_only_at_zero(p.number(0)), "not only there"),
    ("(e-1)(e-2)", lambda p: p.vanishes_only_at_zero((E - 1) * (E - 2)), "not only there"),
    ("e - 2", lambda p: p.vanishes_only_at_zero(E - 2), "does not vanish"),
    ("a pole", lambda p: p.vanishes_only_at_zero((E - 1) * Ratio(1, fmpq_poly([-2, 1]))), "not only there"),
    ("tanh tends to one", lambda p: p.tends_to(p.activation("tanh"), 1), "does not tend to 1"),
    ("sigmoid tends to zero", lambda p: p.tends_to(p.activation("sigmoid"), 0), "does not tend to 0"),
    ("slope tends to one", lambda p: p.tends_to(p.slope("tanh"), 1), "does not tend to 1"),
    ("1/e tends to zero", lambda p: p.tends_to(Ratio(1, fmpq_poly([0, 1])), 0), "does not tend to 0"),
    ("e tends to zero", lambda p: p.tends_to(E, 0), "does not tend to 0"),
]


class TestStatements:
    @pytest.mark.parametrize(("state", "complaint"), [f[1:] for f in FALSE], ids=[f[0] for f in FALSE])
    def test_what_is_false_is_refused(self, state: Callable[[Prover], None], complaint: str) -> None:
        prover = Prover()
        prover.positive(prover.number(1))
        with pytest.raises(NotProved, match=rf"^step 2: .*{complaint}"):
            state(prover)
        assert prover.proved == 1

    def test_what_is_true_is_counted(self) -> None:
        prover = Prover()
        prover.identical(prover.derivative(prover.activation("tanh")), prover.slope("tanh"))
        prover.identical(prover.derivative(prover.activation("sigmoid")), prover.slope("sigmoid"))
        prover.positive(prover.slope("tanh"))
        prover.vanishes_only_at_zero(prover.activation("tanh") ** 3)
        prover.vanishes_only_at_zero(-prover.activation("tanh"))
        prover.tends_to(prover.slope("sigmoid"), 0)
        prover.tends_to(prover.slope("sigmoid") + 7, 7)
        assert prover.proved == 7

    @pytest.mark.parametrize("kind", ["tanh", "sigmoid"])
    @given(x=st.floats(-20, 20))
    def test_activations_are_those_of_mpmath(self, kind: str, x: float) -> None:
        context = mpmath.MPContext()
        context.prec = 200
        prover, e = Prover(), context.exp(x)
        truth = context.tanh(x) if kind == "tanh" else 1 / (1 + context.exp(-context.mpf(x)))
        formula = prover.activation(kind)
        top, bottom = (
            sum(context.mpf(int(c.p)) / int(c.q) * e**k for k, c in enumerate(polynomial.coeffs()))
            for polynomial in (formula.numerator, formula.denominator)
        )
        # Both sides are at most 1 and took some ten operations; 1 - e^-40 loses 60 bits of 200.
        assert abs(top / bottom - truth) < context.mpf(2) ** -120

    def test_only_x_itself_has_an_activation(self) -> None:
        from rnnspec.kit.proving import _Functions

        with pytest.raises(NotProved, match="x alone"):
            _Functions().tanh(E)

    def test_symbols_are_independent(self) -> None:
        prover = Prover()
        a, b = prover.symbols("a b")
        prover.identical((a + b) ** 2, a * a + 2 * a * b + b * b)
        with pytest.raises(NotProved, match="are different"):
            prover.identical(a, b)

    @pytest.mark.parametrize("biases", ["none", "one", "two"])
    @pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
    def test_counts_are_those_of_layers_of_every_size(self, kind: Any, biases: Any) -> None:
        polynomial = Prover().parameter_count(kind, biases)
        gates, vectors = {"rnn": 1, "lstm": 4, "gru": 3}[kind], {"none": 0, "one": 1, "two": 2}[biases]
        for m in (1, 2, 3, 17):
            for n in (1, 2, 5, 12):
                count = polynomial.subs({"v0": m, "v1": n})
                assert count == Layer(kind, m, n, biases=biases).parameter_count
                assert count == gates * (n * n + n * m + vectors * n)


def paths(steps: int) -> int:
    """How many ways lead from c_0 to c_T, by walking all of them on the drawn-out graph."""
    successors: dict[tuple[str, int], list[tuple[str, int]]] = {}

    def arrow(source: tuple[str, int], target: tuple[str, int]) -> None:
        successors.setdefault(source, []).append(target)

    for t in range(steps + 1):
        arrow(("c", t), ("h", t))  # h_t = o_t tanh(c_t)
        if t > 0:
            arrow(("o", t), ("h", t))
        if t < steps:
            arrow(("c", t), ("c", t + 1))  # f c
            for gate in "ifgo":
                arrow(("h", t), (gate, t + 1))
            for gate in "ifg":
                arrow((gate, t + 1), ("c", t + 1))

    def walk(node: tuple[str, int]) -> int:
        return 1 if node == ("c", steps) else sum(map(walk, successors.get(node, ())))

    return walk(("c", 0))


class TestTrace:
    @pytest.mark.parametrize("steps", range(1, LONGEST + 1))
    def test_paths_are_those_of_the_graph(self, steps: int) -> None:
        traced = Prover().lstm_derivatives(steps).count_paths
        assert traced == paths(steps) == [4, 19, 91, 436, 2089][steps - 1]

    def test_of_no_steps(self) -> None:
        trace = Prover().lstm_derivatives(0)
        assert trace.count_paths == 1
        assert trace.total == 1

    @pytest.mark.parametrize("steps", [1, 2, 3])
    def test_the_derivatives_are_those_of_a_scalar_network(self, steps: int, run_seed: int) -> None:
        """Each polynomial at a network's own numbers, against differences in 400 bits."""
        network = Scalar(np.random.default_rng(run_seed), steps)
        trace = Prover().lstm_derivatives(steps)
        known = network.substituted(trace)
        # The quotient of differences at a distance of 2^-100 is off by about as much.
        near = network.context.mpf(2) ** -80
        assert abs(known(trace.total) - network.difference(held="nothing")) < near
        assert abs(known(trace.carried) - network.difference(held="h")) < near
        product = network.context.mpf(1)
        for derivative in trace.one_step:
            product *= known(derivative)
        if steps > 1:
            assert abs(product - known(trace.total)) > near  # a term in U_o is missing

    def test_the_missing_term(self, run_seed: int) -> None:
        network = Scalar(np.random.default_rng(run_seed), 2)
        trace = Prover().lstm_derivatives(2)
        known = network.substituted(trace)
        first, second, U = trace.gates[0], trace.gates[1], trace.weights
        cell_by_hidden = (
            known(trace.cells[1]) * known(second["slope_f"]) * known(U["U_f"])
            + known(second["g"]) * known(second["slope_i"]) * known(U["U_i"])
            + known(second["i"]) * known(second["slope_g"]) * known(U["U_g"])
        )
        through_output = known(first["tanh_c"]) * known(first["slope_o"]) * known(U["U_o"])
        missing = cell_by_hidden * through_output * known(trace.o_first) * known(trace.slope_first)
        product = known(trace.one_step[0]) * known(trace.one_step[1])
        whole = network.difference(held="nothing")
        assert abs(whole - product - missing) < network.context.mpf(2) ** -80


class Scalar:
    """An LSTM with one unit, gate by gate, in mpmath; h_0 = o_0 tanh(c_0), without inputs."""

    def __init__(self, random: np.random.Generator, steps: int) -> None:
        self.context = mpmath.MPContext()
        self.context.prec = 400
        self.steps = steps
        self.U = {gate: self.context.mpf(random.uniform(0.5, 2)) for gate in "ifgo"}
        self.b = {gate: self.context.mpf(random.uniform(-1, 1)) for gate in "ifgo"}
        self.c = self.context.mpf(random.uniform(0.5, 1))
        self.o = self.context.mpf(random.uniform(0.25, 0.75))

    def _gates(self, h: Any) -> dict[str, Any]:
        ctx, z = self.context, {gate: self.U[gate] * h + self.b[gate] for gate in "ifgo"}
        return {gate: ctx.tanh(v) if gate == "g" else 1 / (1 + ctx.exp(-v)) for gate, v in z.items()}

    def run(self, c: Any, hiddens: list[Any] | None = None) -> list[dict[str, Any]]:
        """What each step comes to; with the given h in the place of its own, if there are any."""
        h, steps = self.o * self.context.tanh(c), []
        for t in range(self.steps):
            before = h if hiddens is None else hiddens[t]
            now = self._gates(before)
            now["c_before"], c = c, now["f"] * c + now["i"] * now["g"]
            h = now["o"] * self.context.tanh(c)
            steps.append({**now, "h_before": before, "c": c, "tanh_c": self.context.tanh(c)})
        return steps

    def difference(self, held: str) -> Any:
        """dc_T/dc_0, as a central difference."""
        step = self.context.mpf(2) ** -100
        hiddens = [now["h_before"] for now in self.run(self.c)] if held == "h" else None
        above, below = (self.run(self.c + sign * step, hiddens)[-1]["c"] for sign in (1, -1))
        return (above - below) / (2 * step)

    def substituted(self, trace: CellTrace) -> Callable[[Any], Any]:
        """A polynomial's value where each symbol is this network's number."""
        steps, numbers = self.run(self.c), {}
        for names, now in zip(trace.gates, steps, strict=True):
            for name in ("i", "f", "g", "o", "tanh_c"):
                y = now[name]
                numbers[str(names[name])] = y
                slope_at = 1 - y * y if name in ("g", "tanh_c") else y * (1 - y)
                numbers[str(names[f"slope_{name}"])] = slope_at
        numbers |= {str(symbol): self.U[name[-1]] for name, symbol in trace.weights.items()}
        numbers |= {str(cell): now["c"] for cell, now in zip(trace.cells[1:], steps, strict=True)}
        numbers[str(trace.cells[0])] = self.c
        numbers[str(trace.o_first)] = self.o
        numbers[str(trace.slope_first)] = 1 - self.context.tanh(self.c) ** 2

        def evaluate(polynomial: Any) -> Any:
            names = polynomial.context().names()
            total = self.context.mpf(0)
            for powers, coefficient in polynomial.terms():
                term = self.context.mpf(int(coefficient.p)) / int(coefficient.q)
                for name, exponent in zip(names, powers, strict=True):
                    if exponent:
                        term *= numbers[name] ** int(exponent)
                total += term
            return total

        return evaluate
