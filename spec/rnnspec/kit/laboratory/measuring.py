"""Statistics of trials, each with an interval at 95 %."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from flint import arb
from numpy.typing import ArrayLike

from rnnref.systems.balls import working_precision
from rnnspec.experiment import Measurement, Values

NORMAL_97_5 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""

LEVEL = 0.05
"""How often an interval may miss what it is for."""

BITS = 64
"""Of a quantile, which is found by halving."""


def frequency(what: str, happened: ArrayLike) -> Measurement:
    """Of trials in which something happened or did not, how many it did."""
    seen = np.asarray(happened, dtype=bool)
    low, high = wilson(int(seen.sum()), len(seen))
    return Measurement(what, "frequency", float(seen.mean()), low, high, len(seen))


def mean(what: str, values: ArrayLike, statistic: str = "mean") -> Measurement:
    """The mean with Student's interval; any that is not finite leaves nothing known."""
    x = _numbers(values)
    n = len(x)
    if not np.isfinite(x).all():
        return Measurement(what, statistic, math.nan, -math.inf, math.inf, n)
    centre = float(x.mean())
    spread = student_97_5(n - 1) * float(x.std(ddof=1)) / math.sqrt(n) if n > 1 else math.inf
    return Measurement(what, statistic, centre, centre - spread, centre + spread, n)


def median(what: str, values: ArrayLike, statistic: str = "median") -> Measurement:
    """The median, and the sorted values between which it lies with 95 % certainty.

    That needs no assumption on the distribution, and infinite values are values like others. One
    that is not a number could be any: it counts as the smallest for the lower end, and as the
    largest for the upper one.
    """
    x = _numbers(values)
    n, unknown = len(x), np.isnan(x)
    lowest, highest = np.sort(np.where(unknown, -np.inf, x)), np.sort(np.where(unknown, np.inf, x))
    k = _rank(n)
    low, high = (float(lowest[k - 1]), float(highest[n - k])) if k else (-math.inf, math.inf)
    value = math.nan if unknown.any() else _middle(lowest)
    return Measurement(what, statistic, value, low, high, n)


def difference(what: str, left: ArrayLike, right: ArrayLike) -> Measurement:
    """The mean of left - right, by pairs."""
    with np.errstate(invalid="ignore"):
        return mean(what, np.subtract(*_pairs(left, right)), "mean difference")


def ratio(what: str, left: ArrayLike, right: ArrayLike) -> Measurement:
    """The median of left/right, by pairs."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return median(what, np.divide(*_pairs(left, right)), "median ratio")


def wilson(hits: int, trials: int, z: float = NORMAL_97_5) -> tuple[float, float]:
    """The score interval for a frequency (Wilson 1927), honest also at 0 and at all.

    What never happened has the lower end 0, and what always did the upper end 1, exactly: rounded, an
    end could lie inside, and "more often than never" would be certain of what was never seen.
    """
    p = hits / trials
    centre = p + z * z / (2 * trials)
    spread = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low = max(0.0, (centre - spread) / scale) if hits else 0.0
    return low, min(1.0, (centre + spread) / scale) if hits < trials else 1.0


@cache
def student_97_5(freedom: int) -> float:
    """The 97.5 % quantile of Student's distribution, from its incomplete beta function.

    P(|X| > t) = I_x(freedom/2, 1/2) with x = freedom / (freedom + t^2).
    """
    with working_precision(2 * BITS):
        level = arb(1) / 20
        low, high = arb(0), arb(1)
        for _ in range(BITS):
            x = (low + high) / 2
            tail = x.beta_lower(arb(freedom) / 2, arb(1) / 2, regularized=1)
            low, high = (x, high) if tail < level else (low, x)
        return float((freedom * (1 - low) / low).sqrt().mid())


@cache
def _rank(n: int) -> int:
    """The largest k for which k-th smallest and k-th largest value enclose the median with 95 %; 0 if none.

    It lies below the k-th smallest if fewer than k of n values are below it, each with probability 1/2.
    """
    k, below = 0, 0
    while 2 * (below + math.comb(n, k)) <= LEVEL * 2**n:
        below += math.comb(n, k)
        k += 1
    return k


def _middle(ordered: Values) -> float:
    n = len(ordered)
    low, high = float(ordered[(n - 1) // 2]), float(ordered[n // 2])
    return low if low == high else (low + high) / 2


def _numbers(values: ArrayLike) -> Values:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not len(x):
        raise ValueError(f"got values of shape {x.shape}, expected one number for each of the trials")
    return x


def _pairs(left: ArrayLike, right: ArrayLike) -> tuple[Values, Values]:
    x, y = _numbers(left), _numbers(right)
    if x.shape != y.shape:
        raise ValueError(f"got {len(x)} and {len(y)} values, expected pairs of the same trials")
    return x, y
