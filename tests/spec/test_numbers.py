"""The numbers of laws: lifted without rounding, and taken back without rounding."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import assume, given
from hypothesis import strategies as st

from rnnref import working_precision
from rnnspec.kit.numbers import (
    LAW_PRECISION,
    NotAFloat,
    Replicates,
    exactly,
    from_replicates,
    to_balls,
    to_floats,
    to_replicates,
)
from rnnspec.protocol import FORMATS, Format

EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
K = 4
WHOLE = st.integers(-64, 64).filter(bool)
ROWS = st.lists(WHOLE, min_size=K, max_size=K)


def fraction(ball: Any) -> Fraction:
    """The number that an exact ball is."""
    assert ball.is_exact()
    mantissa, exponent = ball.man_exp()
    return int(mantissa) * Fraction(2) ** int(exponent)


class TestLifting:
    @EVERY_FORMAT
    @given(data=st.data())
    def test_every_float_is_itself(self, fmt: Format, data: st.DataObject) -> None:
        size = fmt.dtype.itemsize
        bits = data.draw(st.integers(0, 2 ** (8 * size) - 1))
        x = float(np.array(bits, f"u{size}").view(fmt.dtype))
        assume(np.isfinite(x))
        for number in (x, fmt.dtype.type(x)):
            assert fraction(exactly(number)) == Fraction(x)
        assert to_floats(to_balls(np.array([x], fmt.dtype)))[0] == x

    @EVERY_FORMAT
    def test_so_are_the_extremes(self, fmt: Format) -> None:
        for x in (fmt.smallest_subnormal, fmt.smallest_normal, fmt.largest, -fmt.largest, 0.0):
            assert fraction(exactly(fmt.dtype.type(x))) == Fraction(x)

    @pytest.mark.parametrize("name", ["float16", "bfloat16"])
    def test_every_float_of_16_bits(self, name: str) -> None:
        values = FORMATS[name].every_finite_value()
        lifted = to_balls(values.astype(FORMATS[name].dtype))
        assert [fraction(ball) for ball in lifted] == [Fraction(x) for x in values.tolist()]
        assert np.array_equal(to_floats(lifted), values)

    @given(number=st.integers() | st.integers(2**54, 2**200).map(lambda k: 2 * k + 1))  # no float64
    def test_whole_numbers_of_any_size(self, number: int) -> None:
        assert fraction(exactly(number)) == number

    @given(number=st.fractions())
    def test_fractions_are_enclosed_as_narrowly_as_the_precision_allows(self, number: Fraction) -> None:
        with working_precision(LAW_PRECISION):
            ball = exactly(number)
            assert (ball * number.denominator).contains(arb(number.numerator))
            assert ball.is_exact() or ball.rel_accuracy_bits() >= LAW_PRECISION - 2

    def test_what_is_lifted_stays_lifted(self) -> None:
        ball = arb(1, 0.25)
        assert exactly(ball) is ball
        assert to_balls(np.array([[ball]], object))[0, 0] is ball

    def test_what_is_not_finite(self) -> None:
        assert exactly(np.nan).is_nan()
        assert exactly(np.inf) > exactly(1e308)
        assert exactly(-np.inf) < exactly(-1e308)
        assert to_floats(to_balls([np.inf, -np.inf])).tolist() == [np.inf, -np.inf]

    @pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0), (2, 3)])
    def test_shapes_are_kept(self, shape: tuple[int, ...]) -> None:
        lifted = to_balls(np.ones(shape))
        assert (lifted.shape, to_floats(lifted).shape) == (shape, shape)
        assert to_floats(np.ones(shape, np.float16)).dtype == np.float64

    @pytest.mark.parametrize(
        "ball", [arb(1, 0.25), arb(1) / 3, 1 + arb(2) ** -53, arb(2) ** -1075, arb(10) ** 400]
    )
    def test_what_is_no_float_is_refused(self, ball: Any) -> None:
        with pytest.raises(NotAFloat, match=r"is not a float64; a law may pass on only what"):
            to_floats(np.array([1.0, ball], object))


class TestReplicates:
    OPERATIONS = (operator.add, operator.sub, operator.mul, operator.truediv)

    @pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
    @given(left=ROWS, right=ROWS, number=WHOLE)
    def test_arithmetic_goes_through_them_side_by_side(
        self, operation: Callable[[Any, Any], Any], left: list[int], right: list[int], number: int
    ) -> None:
        a, b = Replicates(np.array(left, float)), Replicates(np.array(right, float))
        cases = [
            (operation(a, b), [operation(x, y) for x, y in zip(left, right, strict=True)]),
            (operation(a, number), [operation(x, number) for x in left]),
            (operation(number, a), [operation(number, x) for x in left]),
            (operation(a, np.float64(number)), [operation(x, number) for x in left]),
        ]
        for got, expected in cases:
            assert isinstance(got, Replicates)
            assert got.values.tolist() == expected

    @given(values=ROWS, exponent=st.integers(0, 3))
    def test_one_by_one(self, values: list[int], exponent: int) -> None:
        a = Replicates(np.array(values, float))
        assert (-a).values.tolist() == [-x for x in values]
        assert abs(a).values.tolist() == [abs(x) for x in values]
        assert (a**exponent).values.tolist() == [x**exponent for x in values]

    @given(data=st.data(), shape=st.sampled_from([(), (3,), (2, 1), (2, 3), (0,), (2, 0)]))
    def test_there_and_back(self, data: st.DataObject, shape: tuple[int, ...]) -> None:
        size = K * int(np.prod(shape))
        numbers = data.draw(st.lists(WHOLE, min_size=size, max_size=size))
        values = np.array(numbers, float).reshape(K, *shape)
        lifted: Any = to_replicates(values)
        assert lifted.shape == shape
        for index in np.ndindex(shape):
            assert lifted[index].values.tolist() == values[(slice(None), *index)].tolist()
        assert np.array_equal(from_replicates(lifted, K), values)

    def test_arrays_of_them_multiply_add_and_broadcast_as_numbers_do(self) -> None:
        left, right = np.arange(1, 13, dtype=float).reshape(2, 6), np.arange(7, 19, dtype=float).reshape(2, 6)
        A, B = to_replicates(left.reshape(2, 2, 3)), to_replicates(right.reshape(2, 3, 2))
        product = from_replicates(A @ B, 2)
        assert np.array_equal(product, left.reshape(2, 2, 3) @ right.reshape(2, 3, 2))
        total: list[Any] = [A.sum()]
        assert total[0].values.tolist() == left.sum(axis=1).tolist()
        scaled = from_replicates(np.array([1.0, 10.0, 100.0]) * A, 2)
        assert np.array_equal(scaled, np.array([1.0, 10.0, 100.0]) * left.reshape(2, 2, 3))

    def test_plain_numbers_are_the_same_in_each(self) -> None:
        assert np.array_equal(from_replicates(np.array([1.0, 2.0]), K), np.tile([1.0, 2.0], (K, 1)))
        mixed = np.array([Replicates(np.arange(K, dtype=float)), 5.0], object)
        assert np.array_equal(from_replicates(mixed, K), [[k, 5.0] for k in range(K)])
