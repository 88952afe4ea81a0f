"""Every number system against the definitions of its vocabulary, on exact fractions.

A system that rounds is held to balls of 40 bits: they are so wide that a correctly rounded
float64 is in them, and where an operation is exact in 40 bits it is in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reference import textbook
from reference.draws import SEEDS, drawing
from reference.exact import fraction
from rnnref import FORMATS, Balls, Floats, Mpmath, Noise, certified_bits, working_precision
from rnnref.certify import MARGIN
from rnnref.systems.balls import BallMatrix
from rnnref.systems.widths import WideMatrix, Widths

Exact = NDArray[np.object_]  # of fractions

MP = textbook.precision(600)
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda x: 1 / (1 + MP.exp(-x)),
    "tanh": MP.tanh,
    "exp": MP.exp,
    "expm1": MP.expm1,
    "log": MP.log,
    "sqrt": MP.sqrt,
    "absolute": abs,
    "relu": lambda x: x if x > 0 else MP.mpf(0),
    "positive": lambda x: MP.mpf(x > 0),
}
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


def silent_noise() -> Noise:
    """Noise that perturbs nothing, so that its operations can be compared with their definitions."""
    noise = Noise(FORMATS["float64"], replicates=3)
    noise.unit = 0.0
    return noise


def numbers(system: Any, matrix: Any) -> list[NDArray[Any]]:
    """The entries, replicates apart and without the widths."""
    values = system.array(matrix)
    if isinstance(system, Noise):
        return list(values)
    return [values[0] if isinstance(system, Widths) else values]


def holds(ball: arb, number: Fraction) -> bool:
    return abs(fraction(ball.mid()) - number) <= fraction(ball.rad())


def check(operation: Callable[..., Any], expected: Exact, *operands: NDArray[np.float64]) -> None:
    """An operation in every system, given what it is in fractions."""
    enclosed = {}
    for bits in (40, 200):
        with working_precision(bits):
            system = Balls()
            result = operation(system, *map(system.matrix, operands))
            enclosed[bits] = system.array(result)
        assert result.shape == expected.shape
        for got, e in zip(enclosed[bits].ravel(), expected.ravel(), strict=True):
            assert holds(got, e), f"{got} at {bits} bits, expected {e}"

    others: tuple[Any, ...] = (Floats(FORMATS["float64"]), Mpmath(100), silent_noise(), Widths())
    for other in others:
        matrix = operation(other, *map(other.matrix, operands))
        assert matrix.shape == expected.shape
        for values in numbers(other, matrix):
            assert values.shape == expected.shape
            for got, around in zip(values.ravel(), enclosed[40].ravel(), strict=True):
                assert holds(around, fraction(got)), f"{other}: {got}, not in {around}"


def drawn(random: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    """Eighths from -4 to 4, without 0: sums and products of them are exact in every system."""
    eighths = random.integers(1, 33, shape) * random.choice([-1, 1], shape)
    return np.asarray(eighths / 8)


def exact(values: NDArray[np.float64]) -> Exact:
    return mapped(Fraction, values)


def mapped(function: Callable[[Any], Any], values: NDArray[Any]) -> Exact:
    result = np.empty(values.shape, dtype=object)
    result.ravel()[:] = [function(v) for v in values.ravel().tolist()]
    return result


SIZES = st.integers(1, 4)


@pytest.mark.parametrize("name", FUNCTIONS)
@drawing(15)
@given(rows=SIZES, columns=SIZES, seed=SEEDS)
def test_functions(name: str, rows: int, columns: int, seed: int) -> None:
    x = drawn(np.random.default_rng(seed), rows, columns)
    x = np.abs(x) if name in ("log", "sqrt") else x
    expected = mapped(lambda v: fraction(FUNCTIONS[name](MP.mpf(v))), x)
    check(lambda s, a: getattr(s, name)(a), expected, x)


@drawing(20)
@given(rows=SIZES, columns=SIZES, seed=SEEDS, bound=st.sampled_from([0.5, 1.0, 2.0]))
def test_clipping_and_its_slope(rows: int, columns: int, seed: int, bound: float) -> None:
    x = drawn(np.random.default_rng(seed), rows, columns)
    x[0, 0] = bound
    check(lambda s, a: s.clip(a, bound), exact(np.clip(x, -bound, bound)), x)
    check(lambda s, a: s.inside(a, bound), exact((np.abs(x) <= bound).astype(float)), x)


@pytest.mark.parametrize("sign", OPERATIONS)
@drawing(20)
@given(rows=SIZES, columns=SIZES, single=st.tuples(st.booleans(), st.booleans()), seed=SEEDS)
def test_operations_repeat_a_single_row_and_a_single_column(
    sign: str, rows: int, columns: int, single: tuple[bool, bool], seed: int
) -> None:
    random = np.random.default_rng(seed)
    a, b = drawn(random, rows, columns), drawn(random, *np.where(single, 1, (rows, columns)))
    operation = OPERATIONS[sign]
    check(lambda s, x, y: operation(x, y), operation(exact(a), exact(b)), a, b)
    check(lambda s, x, y: operation(y, x), operation(exact(b), exact(a)), a, b)


@pytest.mark.parametrize("sign", OPERATIONS)
@pytest.mark.parametrize("number", [3, 0.375, -1, 0, 1])
def test_operations_with_a_number(sign: str, number: float) -> None:
    a, operation = drawn(np.random.default_rng(4), 2, 3), OPERATIONS[sign]
    check(lambda s, x: operation(number, x), operation(Fraction(number), exact(a)), a)
    if sign != "/" or number != 0:
        check(lambda s, x: operation(x, number), operation(exact(a), Fraction(number)), a)


@drawing(20)
@given(rows=SIZES, inner=SIZES, columns=SIZES, seed=SEEDS)
def test_products_and_transposes(rows: int, inner: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = drawn(random, rows, inner), drawn(random, inner, columns)
    check(lambda s, x, y: x @ y, exact(a) @ exact(b), a, b)
    check(lambda s, x, y: y.T @ x.T, (exact(a) @ exact(b)).T, a, b)
    # Of what has been computed as well, not only of what was lifted.
    check(lambda s, x, y: (x + 1) @ (y * 2), (exact(a) + 1) @ (exact(b) * 2), a, b)
    check(lambda s, x, y: (x * 2).T, (exact(a) * 2).T, a, b)


@drawing(20)
@given(sizes=st.lists(st.integers(0, 3), min_size=1, max_size=4), other=SIZES, seed=SEEDS)
def test_arrangements(sizes: list[int], other: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    wide = [drawn(random, other, size) for size in sizes]
    tall = [drawn(random, size, other) for size in sizes]
    check(lambda s, *parts: s.beside(parts), np.concatenate(list(map(exact, wide)), axis=1), *wide)
    check(lambda s, *parts: s.above(parts), np.concatenate(list(map(exact, tall)), axis=0), *tall)
    # One that was computed beside one that was only lifted.
    check(
        lambda s, x, y: s.beside([x, y + 1]), np.concatenate([exact(wide[0]), exact(wide[-1]) + 1], axis=1),
        wide[0], wide[-1],
    )  # fmt: skip
    start, stop = sorted(map(int, random.integers(0, sizes[0] + 1, 2)))
    check(lambda s, x: s.rows(x, start, stop), exact(tall[0])[start:stop], tall[0])
    check(lambda s, x: s.rows(x + 1, start, stop), (exact(tall[0]) + 1)[start:stop], tall[0])


@drawing(20)
@given(rows=SIZES, columns=SIZES, seed=SEEDS)
def test_sums_and_choices(rows: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b, column = drawn(random, rows, columns), drawn(random, rows, columns), drawn(random, rows, 1)
    where = random.integers(0, 2, columns).astype(bool)
    check(lambda s, x: s.sum_columns(x), exact(a).sum(axis=1, keepdims=True), a)
    check(lambda s, x: s.sum_rows(x), exact(a).sum(axis=0, keepdims=True), a)
    check(lambda s, x: s.largest(x), exact(a).max(axis=0, keepdims=True), a)
    check(lambda s, x, y: s.choose(where, x, y), np.where(where, exact(a), exact(b)), a, b)
    check(lambda s, x, y: s.choose(where, x + 1, y), np.where(where, exact(a) + 1, exact(column)), a, column)


def test_nothing_adds_up_to_zero() -> None:
    check(lambda s, x, y: x @ y, exact(np.zeros((2, 3))), np.zeros((2, 0)), np.zeros((0, 3)))
    check(lambda s, x: s.sum_columns(x), exact(np.zeros((2, 1))), np.zeros((2, 0)))
    check(lambda s, x: s.sum_rows(x), exact(np.zeros((1, 2))), np.zeros((0, 2)))
    for name in FUNCTIONS:
        check(lambda s, x, name=name: getattr(s, name)(x), exact(np.zeros((2, 0))), np.zeros((2, 0)))


@pytest.mark.parametrize(
    "system", [Floats(FORMATS["float64"]), Mpmath(100), silent_noise()], ids=["floats", "mpmath", "noise"]
)
def test_what_is_not_finite(system: Any) -> None:
    inf, nan = np.inf, np.nan

    def of(name: str, *values: float, **more: Any) -> list[float]:
        with np.errstate(all="ignore"):
            result = getattr(system, name)(system.matrix(np.array([values])), **more)
        return list(map(float, numbers(system, result)[0].ravel()))

    def same(got: list[float], expected: list[float]) -> bool:
        return np.array_equal(got, expected, equal_nan=True)

    assert same(of("relu", nan, inf, -inf), [nan, inf, 0])
    assert same(of("positive", nan, inf, -inf), [0, 1, 0])
    assert same(of("clip", nan, inf, -inf, bound=2.0), [nan, 2, -2])
    assert same(of("inside", nan, inf, -inf, bound=2.0), [0, 0, 0])
    assert same(of("sigmoid", nan, inf, -inf), [nan, 1, 0])
    assert same(of("tanh", nan, inf, -inf), [nan, 1, -1])
    assert same(of("exp", nan, inf, -inf), [nan, inf, 0])
    assert same(of("expm1", nan, inf, -inf), [nan, inf, -1])
    assert same(of("log", nan, inf, -1, 0), [nan, inf, nan, -inf])
    assert same(of("sqrt", nan, inf, -1, 0), [nan, inf, nan, 0])
    assert same(of("absolute", nan, inf, -inf), [nan, inf, inf])


def test_the_root_of_a_sum_of_squares_that_underflow_is_a_number() -> None:
    noise = Noise(FORMATS["float16"], replicates=1000)
    tiny = noise.matrix(np.full((1, 100), 1e-5))
    assert noise.array(noise.sum_columns(tiny * tiny)).min() < 0
    assert np.isfinite(noise.array(noise.sqrt(noise.sum_columns(tiny * tiny)))).all()
    assert np.isnan(noise.array(noise.sqrt(noise.matrix(np.array([[-1e-4]]))))).all()


def test_an_infinity_is_not_perturbed() -> None:
    noise = Noise(FORMATS["float32"], replicates=5)
    result = noise.array(noise.matrix(np.array([[np.inf, -np.inf, np.nan, 1.0, 1e200]])) * 1.0)[:, 0]
    assert np.array_equal(result[:, :3], np.tile([np.inf, -np.inf, np.nan], (5, 1)), equal_nan=True)
    assert len(set(result[:, 3])) == len(set(result[:, 4])) == 5
    # Nor is a product whose noise is beyond float64: its factor's square is.
    product = noise.array(noise.matrix(np.array([[1e200]])) @ noise.matrix(np.array([[2.0]])))
    assert np.all(product == 2e200)


def ball_of(z: arb) -> BallMatrix:
    return BallMatrix(1, 1, [z])


@pytest.mark.parametrize(
    ("what", "compute"),
    [
        ("log of a ball with 0 in it", lambda s: s.log(ball_of(arb(1, 2)))),
        ("log of a negative number", lambda s: s.log(ball_of(arb(-1)))),
        ("root of a ball that reaches below 0", lambda s: s.sqrt(ball_of(arb(1, 2)))),
        ("division by a ball with 0 in it", lambda s: 1 / ball_of(arb(1, 2))),
        ("quotient of balls", lambda s: ball_of(arb(1)) / ball_of(arb(0, 1))),
        ("slope at an open bound", lambda s: s.inside(ball_of(arb(2, 1)), 2.0)),
        ("slope at an open sign", lambda s: s.positive(ball_of(arb(0, 1)))),
        ("relu of nothing known", lambda s: s.relu(ball_of(arb("nan")))),
        ("relu of an infinite ball", lambda s: s.relu(ball_of(arb(0, float("inf"))))),
        ("clip of no number", lambda s: s.clip(ball_of(arb("nan")), 2.0)),
        ("clip of an infinite ball", lambda s: s.clip(ball_of(arb(0, float("inf"))), 2.0)),
        ("sigmoid of no number", lambda s: s.sigmoid(ball_of(arb("nan")))),
        ("tanh of no number", lambda s: s.tanh(ball_of(arb(float("nan"))))),
    ],
    ids=lambda p: p.replace(" ", "-") if isinstance(p, str) else "",
)
def test_no_digits_are_claimed_of(what: str, compute: Callable[[Balls], BallMatrix]) -> None:
    with working_precision(64):
        assert certified_bits(Balls().array(compute(Balls()))) == 0, what


@drawing(100)
@given(middle=st.floats(-3, 3), radius=st.floats(0, 3), where=st.floats(-1, 1), bound=st.floats(0.1, 3))
def test_clipping_encloses(middle: float, radius: float, where: float, bound: float) -> None:
    with working_precision(200):
        z = arb(middle, radius)
        point = arb(middle) + arb(where) * z.rad()
        x = float(point.mid())
        if not z.contains(x):  # rounding has put it outside
            return
        s = Balls()
        assert s.clip(ball_of(z), bound).entries[0].contains(min(max(x, -bound), bound))
        assert s.inside(ball_of(z), bound).entries[0].contains(int(abs(x) <= bound))
        assert s.absolute(ball_of(z)).entries[0].contains(abs(x))


def computed(s: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in FUNCTIONS:
        yield name, lambda a, b, name=name: getattr(s, name)(a)
    yield from OPERATIONS.items()
    yield "@", lambda a, b: a @ b.T
    yield "sum of columns", lambda a, b: s.sum_columns(a)
    yield "sum of rows", lambda a, b: s.sum_rows(a)
    yield "beside", lambda a, b: s.beside([a, b])
    yield "above", lambda a, b: s.above([a, b])
    yield "rows", lambda a, b: s.rows(a, 1, 2)
    yield "largest", lambda a, b: s.largest(a)
    yield "clip", lambda a, b: s.clip(a, 2.0)
    yield "inside", lambda a, b: s.inside(a, 2.0)
    yield "slope of tanh", lambda a, b: 1 - s.tanh(a) * s.tanh(a)
    yield "choose", lambda a, b: s.choose(np.array([True, False, True]), a, b)


WIDTHS = st.sampled_from([0, 2**10, 2**20])


@drawing(40)
@given(seed=SEEDS, widths=st.tuples(WIDTHS, WIDTHS))
def test_widths_are_those_of_balls(seed: int, widths: tuple[int, int]) -> None:
    # Of every entry to within the margin that is left for rounding, whichever way it goes. The
    # two operands differ in size and in width, and some entries have none.
    random = np.random.default_rng(seed)
    apart = 1 / 3 - np.arange(6).reshape(2, 3) / 64  # no two alike: which is the largest is not open
    sizes = 2.0 ** -random.choice([0, 20], 2)
    values = [size * (np.abs(drawn(random, 2, 3)) + apart) for size in sizes]
    lost = [
        random.integers(w, 2 * w + 1, (2, 3)) * random.integers(0, 2, (2, 3)).astype(np.float64)
        for w in widths
    ]
    bits = 60  # with which products of the values are not exact
    dry, s = Widths(), Balls()
    with working_precision(bits):
        unit = arb(2) ** -bits
        balls = [
            BallMatrix(2, 3, [arb(v) + arb(0, unit * int(k)) for v, k in zip(x.flat, w.flat, strict=True)])
            for x, w in zip(values, lost, strict=True)
        ]
        wide = [WideMatrix(x, w if np.any(w) else 0.0) for x, w in zip(values, lost, strict=True)]
        for (name, real), (_, foreseen) in zip(computed(s), computed(dry), strict=True):
            radii = [float(v.rad() / unit) for v in real(*balls).entries]
            for radius, width in zip(radii, dry.array(foreseen(*wide))[1].flat, strict=True):
                assert radius <= width * 2**MARGIN, f"{name}: {radius} units wide, {width} were foreseen"
                if radius:
                    assert width <= radius * 2**MARGIN, f"{name}: {radius} units wide, {width} were foreseen"
