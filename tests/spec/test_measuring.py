"""Intervals: they are the published ones, and they cover what they are for as often as they say."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnspec.experiment import Measurement, Values
from rnnspec.kit.laboratory.measuring import (
    NORMAL_97_5,
    difference,
    frequency,
    mean,
    median,
    ratio,
    student_97_5,
    wilson,
)

COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def misfit(p: float, hits: int, trials: int) -> float:
    """(hits/trials - p)² / (p (1 - p) / trials), times the denominator, less z² times it."""
    return float((hits / trials - p) ** 2 * trials - NORMAL_97_5**2 * p * (1 - p))


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


@given(trials=st.integers(1, 500))
def test_what_never_or_always_happened_has_an_end_that_is_exact(trials: int) -> None:
    assert wilson(0, trials)[0] == 0
    assert wilson(trials, trials)[1] == 1


def test_the_quantile_is_that_of_the_normal_distribution() -> None:
    assert math.isclose(0.5 * math.erfc(-NORMAL_97_5 / math.sqrt(2)), 0.975, rel_tol=2.0**-50)


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.7062), (2, 4.3027), (5, 2.5706), (9, 2.2622), (29, 2.0452), (120, 1.9799)],
)
def test_students_quantiles_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    assert round(student_97_5(freedom), 4) == quantile


@pytest.mark.parametrize(("n", "k"), [(6, 1), (8, 1), (9, 2), (10, 2), (20, 6), (25, 8), (40, 14)])
def test_the_medians_interval_is_that_of_the_tables(n: int, k: int) -> None:
    """Between the k-th smallest and the k-th largest value (Conover 1999, table A3)."""
    found = median("it", np.arange(1.0, n + 1)[::-1])
    assert (found.low, found.high, found.value) == (k, n + 1 - k, (n + 1) / 2)


def test_too_few_values_leave_the_median_open() -> None:
    found = median("it", [1.0, 2.0, 3.0, 4.0, 5.0])
    assert (found.low, found.value, found.high) == (-math.inf, 3.0, math.inf)
    alone = mean("it", [1.0])
    assert (alone.low, alone.value, alone.high) == (-math.inf, 1.0, math.inf)


def covered(
    interval: Callable[[Values], Measurement], truth: float, draw: Callable[[int], Values], n: int
) -> int:
    """In how many of a thousand repetitions the truth is inside."""
    samples = draw(1000 * n).reshape(1000, n)
    return sum(found.low <= truth <= found.high for found in map(interval, samples))


FEWEST = 950 - 3 * math.sqrt(950 * 0.05)
"""Three standard deviations below 95 % of a thousand."""

MOST = 950 + 3 * math.sqrt(950 * 0.05)


class TestCoverage:
    @pytest.mark.parametrize("n", [3, 10, 40])
    def test_means_of_the_normal_distribution(self, n: int, run_seed: int) -> None:
        random = np.random.default_rng(run_seed)
        assert FEWEST <= covered(lambda x: mean("it", x), 5.0, lambda k: random.normal(5, 3, k), n) <= MOST

    @pytest.mark.parametrize("n", [6, 11, 40])
    def test_medians_of_a_skewed_distribution(self, n: int, run_seed: int) -> None:
        """Any interval between sorted values covers at least as often as it says."""
        random = np.random.default_rng(run_seed)
        assert (
            covered(lambda x: median("it", x), math.log(2), lambda k: random.exponential(size=k), n) >= FEWEST
        )

    @pytest.mark.parametrize(("n", "p"), [(40, 0.5), (120, 0.5), (120, 0.2)])
    def test_frequencies(self, n: int, p: float, run_seed: int) -> None:
        """Wilson's interval covers 95 % on the average over p; at these n and p, 93 % at least."""
        random = np.random.default_rng(run_seed)
        assert covered(lambda x: frequency("it", x < p), p, random.random, n) >= FEWEST - 20

    def test_an_interval_that_is_too_narrow_is_noticed(self, run_seed: int) -> None:
        random = np.random.default_rng(run_seed)

        def narrow(x: Values) -> Measurement:
            found = mean("it", x)
            spread = (found.high - found.low) / 4
            return Measurement("it", "mean", found.value, found.value - spread, found.value + spread, 10)

        assert covered(narrow, 0.0, lambda k: random.normal(size=k), 10) < FEWEST


class TestPairs:
    def test_what_pairs_share_is_no_uncertainty(self, run_seed: int) -> None:
        random = np.random.default_rng(run_seed)
        shared, small = random.normal(0, 100, 20), random.normal(1, 0.1, 20)
        found = difference("it", shared + small, shared)
        assert found.above(0.8)
        assert found.below(1.2)
        assert not mean("it", shared + small).above(0)

    def test_ratios(self) -> None:
        left = np.array([2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0])
        found = ratio("it", left, left / 2)
        assert (found.statistic, found.low, found.value, found.high, found.n) == ("median ratio", 2, 2, 2, 7)

    def test_runs_that_never_got_there_count_as_infinite(self) -> None:
        left = np.array([math.inf, math.inf, 3.0, 3.0, 3.0, 3.0, 3.0])
        assert ratio("it", left, np.ones(7)).high == math.inf
        assert ratio("it", left, np.ones(7)).value == 3
        neither = ratio("it", left, left)
        assert math.isnan(neither.value)
        assert (neither.low, neither.high) == (-math.inf, math.inf)

    def test_unequal_numbers_of_trials_are_no_pairs(self) -> None:
        with pytest.raises(ValueError, match="got 2 and 3 values, expected pairs"):
            ratio("it", [1.0, 2.0], [1.0, 2.0, 3.0])
        with pytest.raises(ValueError, match=r"got values of shape \(2, 2\)"):
            mean("it", np.ones((2, 2)))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_value_that_is_not_finite_leaves_nothing_known_of_a_mean(bad: float) -> None:
    found = mean("it", [1.0, 2.0, bad])
    assert math.isnan(found.value)
    assert (found.low, found.high, found.n) == (-math.inf, math.inf, 3)
    assert not found.above(-1e300)
    assert not found.below(1e300)


def test_what_is_not_a_number_could_be_any() -> None:
    values = [*range(1, 10), math.nan]
    found = median("it", values)
    assert math.isnan(found.value)
    assert (found.low, found.high) == (1, 9)  # the second smallest if it is small, the ninth if it is large


def test_values_at_an_end_are_not_beyond_it() -> None:
    found = Measurement("it", "mean", 1.0, 0.0, 2.0, 9)
    assert not found.above(0.0)
    assert not found.below(2.0)
    assert found.above(-0.1)
    assert found.below(2.1)
