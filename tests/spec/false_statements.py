"""Pairs of a false statement and a true one that is nearly the same, for every method of a proof."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from rnnref.feedforward import Chain
from rnnspec.kit.proving import Prover
from rnnspec.proof import Dense, Layer

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
