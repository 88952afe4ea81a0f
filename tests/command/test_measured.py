"""What was measured, on paper: figures, intervals, and no times where pages are to be the same."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from command.calling import rnnspec
from rnnspec.command.measured import cells, number, row_text, timeless
from rnnspec.kit.results import Row, Times

RACE = Row(
    "a / b", "time ratio", math.nan, math.nan, math.nan, 21, Times(2e-3, 5e-7, 4000.0, 3500.0, math.inf)
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (-2.5, "−2.5"),
        (12345.6, "1.235e+04"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "unknown"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_rows() -> None:
    row = Row("lag 9", "median ratio", 2.0, 1.5, math.inf, 10)
    assert cells(row) == timeless(row) == ("median ratio 2", "1.5 to ∞", "n = 10")
    assert row_text(row) == "lag 9: median ratio 2 (1.5 to ∞, n = 10)"


def test_times_are_shown_where_nothing_is_to_be_the_same_twice() -> None:
    assert cells(RACE) == ("time ratio 4000, 2 ms to 500 ns", "3500 to ∞", "n = 21")
    assert timeless(RACE) == ("time ratio: in the JSON", "", "n = 21")


def test_a_page_shows_what_was_measured(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    said = rnnspec("verify", "LGR-11", "--dtype", "float16", "--html", str(file), "--profile", "quick")
    page = file.read_text(encoding="utf-8")
    assert "<h2>What was measured</h2>" in page
    for text in ("RNN, gain 8", "LSTM, gain 32", "n = 30", "depends on the gain: "):
        assert text in page
        assert text in said.out
