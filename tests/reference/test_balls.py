"""Balls enclose, however wide they are and wherever they lie."""

from __future__ import annotations

import flint
import numpy as np
import pytest
from flint import arb
from hypothesis import example, given
from hypothesis import strategies as st

from reference.checks_balls import check_enclosure, check_sign_enclosure, check_working_precision
from reference.draws import drawing
from rnnref import Balls, working_precision

LARGEST = 1.7e308
NUMBERS = st.floats(-LARGEST, LARGEST) | st.floats(-100, 100) | st.floats(-1e-300, 1e-300)
RADII = st.floats(0, LARGEST) | st.floats(0, 100) | st.floats(0, 1e-3)
PLACES = st.floats(-1, 1) | st.sampled_from([-1.0, 1.0])
PRECISIONS = st.integers(53, 700)


@pytest.mark.parametrize("kind", ["sigmoid", "tanh", "relu"])
@drawing(150)
@given(middle=NUMBERS, radius=RADII, where=PLACES, bits=PRECISIONS)
@example(middle=1e300, radius=1e299, where=0.0, bits=53)
@example(middle=0.0, radius=1e308, where=1.0, bits=53)
@example(middle=-1e40, radius=0.0, where=0.0, bits=53)
@example(middle=0.0, radius=1.0, where=-1.0, bits=53)
@example(middle=64.0, radius=1.0, where=1.0, bits=53)
def test_the_value_at_each_point_is_in_the_ball_of_values(
    kind: str, middle: float, radius: float, where: float, bits: int
) -> None:
    check_enclosure(kind, middle, radius, where, bits)


@drawing(100)
@given(middle=NUMBERS, radius=RADII, where=PLACES)
def test_the_slope_of_relu_at_each_point_is_in_the_ball_of_slopes(
    middle: float, radius: float, where: float
) -> None:
    check_sign_enclosure(middle, radius, where)


@pytest.mark.parametrize(("kind", "low", "high"), [("sigmoid", 0, 1), ("tanh", -1, 1)])
def test_nothing_known_of_the_argument_leaves_the_range(kind: str, low: int, high: int) -> None:
    with working_precision(53):
        unknown = Balls().matrix(np.zeros((1, 1))).each(lambda _: arb(0, float("inf")))
        value = getattr(Balls(), kind)(unknown).entries[0]
    assert value.contains(arb(low))
    assert value.contains(arb(high))
    assert value.is_finite()


def test_the_working_precision_is_restored() -> None:
    check_working_precision()


@drawing(20)
@given(bits=st.integers(2, 5000))
def test_the_working_precision_is_the_one_that_was_asked_for(bits: int) -> None:
    before = flint.ctx.prec
    with working_precision(bits):
        third = arb(1) / 3
    assert flint.ctx.prec == before
    assert bits - 2 <= third.rel_accuracy_bits() <= bits + 2


@drawing(50)
@given(rows=st.integers(1, 4), columns=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_a_single_column_is_repeated_as_numpy_repeats_it(rows: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    a = random.integers(-9, 9, (rows, columns)).astype(np.float64)
    b = random.integers(1, 9, (rows, 1)).astype(np.float64)
    system = Balls()
    with working_precision(64):
        left, right = system.matrix(a), system.matrix(b)
        for got, expected in [
            (left + right, a + b),
            (right + left, b + a),
            (left - right, a - b),
            (left * right, a * b),
            ((left * right) / right, a),
            (1 - left, 1 - a),
            (2 * left, 2 * a),
            (left.T @ right, a.T @ b),
            (system.sum_columns(left), a.sum(axis=1, keepdims=True)),
        ]:
            assert got.shape == expected.shape
            assert [float(v) for v in got.entries] == expected.ravel().tolist()
