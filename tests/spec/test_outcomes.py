"""What an experiment reports: ratios of times, and a verdict with the rows that bear it."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from rnnspec.experiment import Outcome
from rnnspec.kit.laboratory import Laboratory, timing


class TestTimes:
    def test_ratios_of_turns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [0]
        turns: list[str] = []

        def spend(who: str, ticks: int) -> None:
            turns.append(who)
            now[0] += ticks * (100 if len(turns) in (1, 2) else 1)  # the first time takes long

        monkeypatch.setattr(time, "perf_counter_ns", lambda: now[0])
        found = timing.time_ratio("a / b", lambda: spend("a", 300), lambda: spend("b", 100))
        assert (found.ratio, found.low, found.high, found.n) == (3, 3, 3, timing.REPETITIONS)
        assert math.isclose(found.first, 300e-9)
        assert math.isclose(found.second, 100e-9)
        assert turns[2:6] == ["a", "b", "b", "a"]
        assert turns.count("a") == turns.count("b") == timing.REPETITIONS + 1

    def test_the_real_clock(self) -> None:
        found = Laboratory(1, 0).time_ratio("it", lambda: sum(range(10)), lambda: sum(range(10)))
        assert 0 < found.low <= found.ratio <= found.high


class TestOutcomes:
    def test_a_verdict_is_one_of_five(self) -> None:
        row = Laboratory(6, 0).frequency("it", np.ones(6))
        for verdict in ("supported", "not supported", "depends on the gain"):
            assert Outcome(verdict, [row], "it is so", True).verdict == verdict
        with pytest.raises(ValueError, match="got the verdict 'maybe', expected supported, not supported"):
            Outcome("maybe", [row], "it is so", True)
        assert Outcome("not settled", [row], "it is open", False).verdict == "not settled"
        with pytest.raises(ValueError, match="got the verdict 'not settled' of rows that are said to"):
            Outcome("not settled", [row], "it is open", True)

    def test_what_is_recorded_and_nothing_else_has_no_rows(self) -> None:
        row = Laboratory(6, 0).frequency("it", np.ones(6))
        assert Outcome.recorded("it is history").settled
        with pytest.raises(ValueError, match="got 1 rows and the verdict 'recorded'"):
            Outcome("recorded", [row], "it is history", True)
        with pytest.raises(ValueError, match="got 0 rows and the verdict 'supported'"):
            Outcome("supported", [], "it is so", True)
