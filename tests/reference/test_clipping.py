"""Clipping by norm, by value, and rescaling."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from reference.checks_functions import (
    BALL_BITS,
    check_clipping,
    check_clipping_encloses,
    check_engines,
    check_floats,
    check_unchanged_below,
)
from reference.draws import SEEDS, drawing
from rnnref import FORMATS, Balls, Evaluator, Floats, Noise, clipping, working_precision
from rnnref.systems.balls import BallMatrix

THRESHOLDS = st.floats(2.0**-10, 2.0**5)
EVERY_FORMAT = pytest.mark.parametrize("name", FORMATS)


@st.composite
def gradients(draw: st.DrawFn) -> dict[str, Any]:
    """A few tensors of different shapes and sizes, some entries of which are 0."""
    random = np.random.default_rng(draw(SEEDS))
    shapes = draw(st.lists(st.lists(st.integers(1, 3), max_size=3), min_size=1, max_size=3))
    scales = 2.0 ** random.integers(-4, 4, len(shapes))
    tensors = {
        f"g{k}": np.asarray(random.normal(0, scale, shape)) * (random.random(shape) < 0.8)
        for k, (shape, scale) in enumerate(zip(shapes, scales, strict=True))
    }
    tensors["g0"] = tensors["g0"] + 2.0**-5  # so that not all are 0
    return tensors


def norm_of(tensors: list[BallMatrix]) -> Any:
    return clipping.norm(Balls(), tensors).entries[0]


def lifted(tensors: dict[str, Any]) -> list[BallMatrix]:
    return [Balls().matrix(g.reshape(1, -1)) for g in tensors.values()]


@drawing(40)
@given(tensors=gradients(), threshold=THRESHOLDS, epsilon=st.sampled_from([0.0, 1e-6, 0.5]))
def test_values_are_the_textbooks(tensors: dict[str, Any], threshold: float, epsilon: float) -> None:
    check_clipping(tensors, threshold, epsilon)


@drawing(20)
@given(tensors=gradients(), threshold=THRESHOLDS, epsilon=st.sampled_from([0.0, 1e-6]))
def test_two_engines_agree(tensors: dict[str, Any], threshold: float, epsilon: float) -> None:
    check_engines("clip_by_norm", lambda e: e.clip_by_norm(tensors, threshold, epsilon))
    check_engines("clip_by_value", lambda e: e.clip_by_value(tensors, threshold))
    check_engines("rescale", lambda e: e.rescale(tensors, threshold))


@EVERY_FORMAT
@drawing(20)
@given(tensors=gradients(), threshold=THRESHOLDS, seed=SEEDS)
def test_floats_are_within_the_tolerance(
    name: str, tensors: dict[str, Any], threshold: float, seed: int
) -> None:
    fmt = FORMATS[name]
    tensors = {key: fmt.round(g) for key, g in tensors.items()}
    check_floats("clip_by_norm", lambda e: e.clip_by_norm(tensors, threshold), fmt, seed)
    check_floats("clip_by_value", lambda e: e.clip_by_value(tensors, threshold), fmt, seed)
    if sum(float((g * g).sum()) for g in tensors.values()) >= fmt.smallest_normal:
        # Below, the squares underflow, and it is divided by next to nothing.
        check_floats("rescale", lambda e: e.rescale(tensors, threshold), fmt, seed)


@EVERY_FORMAT
@drawing(20)
@given(tensors=gradients())
def test_below_the_threshold_nothing_changes(name: str, tensors: dict[str, Any]) -> None:
    fmt = FORMATS[name]
    tensors = {key: fmt.round(g) for key, g in tensors.items()}
    longest = float(sum(np.abs(g).sum() for g in tensors.values()))
    check_unchanged_below(tensors, 2 * longest, fmt)


@EVERY_FORMAT
def test_at_the_threshold_nothing_changes(name: str) -> None:
    # 3, 4 and 5, whose squares are exact.
    check_unchanged_below({"a": np.array([3.0, 0.0]), "b": np.array([-4.0])}, 5.0, FORMATS[name])


@drawing(30)
@given(tensors=gradients(), threshold=THRESHOLDS)
def test_the_norm_is_within_the_threshold_and_clipping_again_changes_nothing(
    tensors: dict[str, Any], threshold: float
) -> None:
    with working_precision(BALL_BITS):
        once = clipping.clip_by_norm(Balls(), lifted(tensors), threshold)
        assert not norm_of(once) > threshold
        twice = clipping.clip_by_norm(Balls(), once, threshold)
        for first, second in zip(once, twice, strict=True):
            assert all(a.overlaps(b) for a, b in zip(first.entries, second.entries, strict=True))
        by_value = clipping.clip_by_value(Balls(), lifted(tensors), threshold)
        assert all(abs(v) <= threshold for g in by_value for v in g.entries)
        rescaled = clipping.rescale(Balls(), lifted(tensors), threshold)
        assert norm_of(rescaled).overlaps(arb(threshold))


@drawing(30)
@given(seed=SEEDS, n=st.integers(1, 6), threshold=st.floats(2.0**-4, 4.0))
def test_clipping_brings_nothing_further_apart(seed: int, n: int, threshold: float) -> None:
    random = np.random.default_rng(seed)
    with working_precision(BALL_BITS):
        g, h = (Balls().matrix(random.normal(0, 2, (1, n))) for _ in range(2))
        for clip in (clipping.clip_by_norm, clipping.clip_by_value):
            [a], [b] = (clip(Balls(), [v], threshold) for v in (g, h))
            assert not norm_of([a - b]) > norm_of([g - h])


@drawing(40)
@given(seed=SEEDS, n=st.integers(1, 6), threshold=st.floats(2.0**-4, 4.0))
def test_clipping_by_value_turns_a_gradient_by_no_more_than_to_a_cosine_of_one_over_root_n(
    seed: int, n: int, threshold: float
) -> None:
    random = np.random.default_rng(seed)
    g = Balls().matrix(random.normal(size=(1, n)) * 2.0 ** random.integers(-3, 8, (1, n)))
    with working_precision(BALL_BITS):
        [clipped] = clipping.clip_by_value(Balls(), [g], threshold)
        [dot] = Balls().sum_rows((g * clipped).T).entries
        cosine = dot / (norm_of([g]) * norm_of([clipped]))
        assert not cosine < 1 / arb(n).sqrt()
        # Clipping by norm does not turn it at all.
        [shortened] = clipping.clip_by_norm(Balls(), [g], threshold)
        [dot] = Balls().sum_rows((g * shortened).T).entries
        assert (dot / (norm_of([g]) * norm_of([shortened]))).overlaps(arb(1))


@drawing(30)
@given(seed=SEEDS, n=st.integers(1, 3), radius=st.floats(2.0**-60, 0.2))
def test_balls_enclose_both_answers(seed: int, n: int, radius: float) -> None:
    middles = np.random.default_rng(seed).uniform(0.3, 1.5, n).tolist()
    # The norm of the middle itself: whether the ball's points exceed it, some do.
    threshold = float(np.linalg.norm(middles))
    check_clipping_encloses(middles, radius, threshold)


@EVERY_FORMAT
def test_zeros_stay_zero(name: str) -> None:
    evaluator = Evaluator(Floats(FORMATS[name]))
    for clip in (evaluator.clip_by_norm, evaluator.clip_by_value):
        assert clip({"g": np.zeros((2, 2))}, 0.5)["g"].tolist() == [[0, 0], [0, 0]]
    for system in (Balls(), Noise(FORMATS["float32"], 2)):
        got = Evaluator(system).clip_by_norm({"g": np.zeros(3)}, 0.5)["g"]
        assert all(v == 0 for v in got.flat)


@EVERY_FORMAT
def test_infinities_and_nan(name: str) -> None:
    evaluator = Evaluator(Floats(FORMATS[name]))

    def clipped(function: Any, *g: float) -> list[str]:
        return [str(v) for v in function({"g": np.array(g)}, 1.0)["g"].astype(float).tolist()]

    with np.errstate(invalid="ignore"):
        for function in (evaluator.clip_by_norm, evaluator.rescale):
            assert clipped(function, np.inf, 1.0) == ["nan", "0.0"]
            assert clipped(function, -np.inf, 0.0) == ["nan", "0.0"]
            assert clipped(function, np.nan, 1.0) == ["nan", "nan"]
        assert clipped(evaluator.clip_by_value, np.inf, -np.inf, np.nan, 0.5) == ["1.0", "-1.0", "nan", "0.5"]


@EVERY_FORMAT
def test_squares_that_overflow_make_an_infinite_norm(name: str) -> None:
    fmt = FORMATS[name]
    with np.errstate(over="ignore"):
        got = Evaluator(Floats(fmt)).clip_by_norm({"g": np.array([fmt.largest / 2, 1.0])}, 1.0)["g"]
    assert got.tolist() == [0, 0]
