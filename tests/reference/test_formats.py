"""Rounding to a format, and bfloat16, in which NumPy itself cannot calculate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from reference.checks_formats import (
    BFLOAT16,
    check_bfloat16_functions,
    check_bfloat16_operations,
    check_rounding_as_numpy_does,
    check_rounding_to_bfloat16,
)
from reference.draws import SEEDS, drawing
from rnnref import FORMATS


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
@drawing(20)
@given(seed=SEEDS)
def test_rounding_is_what_numpys_conversion_does(name: str, seed: int) -> None:
    check_rounding_as_numpy_does(name, np.random.default_rng(seed))


@drawing(20)
@given(seed=SEEDS)
def test_rounding_to_bfloat16_is_to_the_nearest(seed: int) -> None:
    check_rounding_to_bfloat16(np.random.default_rng(seed))


def test_bfloat16_is_the_upper_half_of_float32() -> None:
    patterns = np.arange(2**16, dtype=np.uint32) << 16
    with np.errstate(invalid="ignore"):  # of signalling NaNs
        values = patterns.view(np.float32).astype(np.float64)
    finite = values[np.isfinite(values)]
    assert np.array_equal(BFLOAT16.every_finite_value(), finite)
    assert (BFLOAT16.largest, BFLOAT16.smallest_subnormal) == (finite.max(), finite[finite > 0].min())
    assert BFLOAT16.smallest_normal == FORMATS["float32"].smallest_normal
    assert 1 + 2 * BFLOAT16.unit_roundoff == finite[finite > 1].min()


def test_bfloat16_overflows_where_the_next_number_would_be() -> None:
    beyond = 2.0**128 - 2.0**119  # halfway from the largest number to 2^128, which is even
    got = BFLOAT16.round(np.array([np.nextafter(beyond, 0), beyond, -beyond, np.inf]))
    assert got.tolist() == [BFLOAT16.largest, np.inf, -np.inf, np.inf]


@drawing(30)
@given(seed=SEEDS)
def test_every_operation_in_bfloat16_rounds_once(seed: int) -> None:
    check_bfloat16_operations(np.random.default_rng(seed))


@drawing(20)
@given(seed=SEEDS)
def test_functions_in_bfloat16_are_nearly_the_nearest(seed: int) -> None:
    check_bfloat16_functions(np.random.default_rng(seed))
