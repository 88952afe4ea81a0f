"""Experiments: seeded, and with an uncertainty that is the published one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnref import FORMATS, Cotangent, Evaluator, Floats, Layer, Network
from rnnspec.kit.laboratory import NORMAL_97_5, Laboratory, wilson

COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def misfit(p: float, hits: int, trials: int) -> float:
    """(hits/trials - p)² / (p (1 - p) / trials), times the denominator, less z² times it."""
    return (hits / trials - p) ** 2 * trials - NORMAL_97_5**2 * p * (1 - p)


@given(counts=COUNTS)
def test_the_ends_are_where_the_score_test_turns(counts: tuple[int, int]) -> None:
    """Wilson's interval is by definition the p that the score test does not reject."""
    hits, trials = counts
    low, high = wilson(hits, trials)
    # Some ten operations on numbers of at most 1 round, and terms of size n + z² cancel.
    rounded = 10 * 2.0**-53
    assert 0 <= low <= hits / trials + rounded
    assert hits / trials - rounded <= high <= 1
    rounding = 2 * rounded * (trials + NORMAL_97_5**2)
    for end in (low, high):
        assert abs(misfit(end, hits, trials)) <= rounding
    assert misfit((low + high) / 2, hits, trials) < 0
    if low > rounded:
        assert misfit(low / 2, hits, trials) > 0
    if high < 1 - rounded:
        assert misfit((1 + high) / 2, hits, trials) > 0


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    # Brown, Cai and DasGupta 2001 print the formula; at 0 and n it is z² / (n + z²), and
    # symmetric at one half.
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_known_values(hits: int, trials: int, low: float, high: float) -> None:
    assert [round(end, 4) for end in wilson(hits, trials)] == [low, high]


def test_the_quantile_is_that_of_the_normal_distribution() -> None:
    assert math.isclose(0.5 * math.erfc(-NORMAL_97_5 / math.sqrt(2)), 0.975, rel_tol=2.0**-50)


def test_trials_are_seeded_one_by_one(run_seed: int) -> None:
    lab, same, other = Laboratory(5, run_seed), Laboratory(50, run_seed), Laboratory(5, run_seed + 1)
    for trial in range(5):
        draw = lab.random(trial).random()
        assert lab.random(trial).random() == draw == same.random(trial).random()
        assert other.random(trial).random() != draw
    assert len({lab.random(trial).random() for trial in range(5)}) == 5


def test_a_frequency_counts_what_happened(run_seed: int) -> None:
    lab, seen = Laboratory(40, run_seed), []

    def event(random: np.random.Generator) -> bool:
        seen.append(random.random())
        return seen[-1] < 0.5

    measured = lab.frequency("below one half", event)
    assert (measured.what, measured.trials, len(seen)) == ("below one half", 40, 40)
    assert measured.hits == sum(number < 0.5 for number in seen)
    assert 0 < measured.hits < 40
    assert (measured.low, measured.high) == wilson(measured.hits, 40)
    assert lab.frequency("again", event) == type(measured)(
        "again", measured.hits, 40, measured.low, measured.high
    )


def test_gradients_are_those_of_the_reference_in_float64(run_seed: int) -> None:
    random, layer = np.random.default_rng(run_seed), Layer("lstm", 2, 3)
    network = Network(
        layer,
        {name: random.normal(size=shape) for name, shape in layer.parameter_shapes.items()},
        random.normal(size=(4, 1, 2)),
        {name: random.normal(size=(1, 3)) for name in "hc"},
    )
    cotangent = Cotangent(random.normal(size=(4, 1, 3)), {name: random.normal(size=(1, 3)) for name in "hc"})
    got = Laboratory(1, 0).vjp(network, cotangent)
    expected = Evaluator(Floats(FORMATS["float64"])).vjp(network, cotangent)
    assert np.array_equal(got.inputs, expected.inputs)
    assert all(np.array_equal(got.state[name], expected.state[name]) for name in "hc")
