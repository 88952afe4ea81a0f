"""The yardstick of the benchmarks computes what the reference computes."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from click.testing import CliRunner

import fused
import speed
from rnnref import Layer


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 4, 8), (4, 3, 2)])
def test_the_fused_lstm_has_the_references_gradients(size: tuple[int, int, int]) -> None:
    m, n, T = size
    speed.check_fused(*speed.network(Layer("lstm", m, n), T, np.random.default_rng(3)))


def test_one_that_differs_is_not_timed() -> None:
    drawn = speed.network(Layer("lstm", 3, 4), 5, np.random.default_rng(3))
    with patch.object(fused, "GATES", ("i", "f", "o", "g")), pytest.raises(SystemExit, match="gradient of"):
        speed.check_fused(*drawn)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_every_engine_is_timed(kind: str) -> None:
    with patch.object(speed, "SIZES", ((2, 2, 2),)), patch.object(speed, "TORCH", False):
        result = CliRunner().invoke(speed.main, ["--kind", kind, "--repetitions", "1", "--all"])
    assert result.exit_code == 0, result.output
    for engine in ("numpy float32", "numpy float64", "noise", "reference", "balls", "mpmath"):
        assert result.output.count(engine) >= 2
    assert ("fused" in result.output) == (kind == "lstm")
