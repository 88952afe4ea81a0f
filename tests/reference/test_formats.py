"""Rounding to a format, and bfloat16, in which NumPy itself cannot calculate."""

from __future__ import annotations

from typing import Any

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
from rnnref import FORMATS, Evaluator, Floats, Layer, Network
from rnnref.feedforward import BatchNorm, Chain, Dense, Descent


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


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32"])
def test_a_numpy_number_among_the_options_widens_nothing(name: str) -> None:
    # A NumPy scalar has a format of its own, which wins over that of an array.
    evaluator, x, half = (
        Evaluator(Floats(FORMATS[name])),
        np.array([[-1.0, 2.0], [3.0, 5.0]]),
        np.float64(0.5),
    )
    results: list[Any] = [
        *(
            getattr(evaluator, what)("elu", x, half)
            for what in ("activation", "slope", "sharp_slope", "curvature")
        ),
        evaluator.l2_penalty(x, half, "full"),
        evaluator.l2_gradient(x, half, "half"),
        *(
            getattr(evaluator, what)({"x": x}, half)["x"]
            for what in ("clip_by_value", "clip_by_norm", "rescale")
        ),
        evaluator.clip_by_norm({"x": x}, 1.0, half)["x"],
    ]
    for layer in (Layer("rnn", 2, 2, activation="elu", alpha=half), Layer("lstm", 2, 2, cell_clip=half)):
        parameters = {name: np.ones(shape) for name, shape in layer.parameter_shapes.items()}
        state = {name: np.ones((2, size)) for name, size in layer.state_sizes.items()}
        results.append(evaluator.run(Network(layer, parameters, x[np.newaxis], state)).outputs)
    norm = BatchNorm(2, epsilon=half, momentum=half)
    chain = Chain((Dense(2, 2, "elu", alpha=half), norm))
    parameters = {name: np.ones(shape) for name, shape in chain.parameter_shapes.items()}
    results += evaluator.batch_norm_statistics(chain, parameters, x).values()
    results += evaluator.train(chain, parameters, x, x, Descent(half, 1, half)).parameters.values()
    assert {array.dtype.name for array in results} == {name}
