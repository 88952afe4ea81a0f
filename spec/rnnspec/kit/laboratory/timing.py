"""How long two things take, side by side in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from rnnspec.experiment import Timing
from rnnspec.kit.laboratory.measuring import median

REPETITIONS = 21


def time_ratio(what: str, first: Callable[[], Any], second: Callable[[], Any]) -> Timing:
    """Each once to warm up, and then by turns, in an order that turns round every time.

    What slows the machine down for a while slows both, so the ratios scatter less than the times.
    """
    first()
    second()
    pairs = []
    for repetition in range(REPETITIONS):
        if repetition % 2:
            late = _seconds(second)
            pairs.append((_seconds(first), late))
        else:
            early = _seconds(first)
            pairs.append((early, _seconds(second)))
    ratios = median(what, [a / b for a, b in pairs])
    return Timing(
        what,
        REPETITIONS,
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        ratios.value,
        ratios.low,
        ratios.high,
    )


def _seconds(action: Callable[[], Any]) -> float:
    begun = time.perf_counter_ns()
    action()
    return max(1, time.perf_counter_ns() - begun) * 1e-9
