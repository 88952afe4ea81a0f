"""Implementations with a planted mistake: what the report says of them, and what it lets one repeat."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from command.calling import adapter, pasted, python, rnnspec

TOO_STEEP = adapter("TooSteep", "mistaken.py")
SWAPPED = adapter("SwappedGates", "mistaken.py")


def test_a_slope_too_steep_by_a_millionth(tmp_path: Path) -> None:
    said = rnnspec("check", TOO_STEEP, "ACT-02", "--dtype", "float64", "--profile", "quick")
    assert said.code == 1
    assert "ACT-02  The sigmoid's slope is at most one quarter" in said.out
    assert re.search(r"input +x = np\.(zeros\(1\)|array\(\[[^,\]]+\]\))$", said.out, re.MULTILINE | re.ASCII)
    assert re.search(r"allowed +no error is allowed here", said.out)
    assert re.search(r"expected +≤ 0\.25", said.out)
    for again in pasted(said, tmp_path):
        assert "failed" in again.out
        assert "0.250000999" in again.out or "-9.99999" in again.out


def test_input_and_forget_gates_swapped(tmp_path: Path) -> None:
    said = rnnspec("check", SWAPPED, "LGR-05", "--dtype", "float32", "--profile", "quick", "-q")
    assert said.code == 1
    assert said.out.startswith("LGR-05  ")
    assert "from rnnspec import Layer, Network, reproduce" in said.out
    assert "worst" not in said.out  # the summary, which -q leaves out
    again = pasted(said, tmp_path)
    assert again
    assert all("LGR-05" in each.out and "failed" in each.out for each in again)


def test_the_same_input_is_no_failure_of_the_numpy_implementation() -> None:
    said = python(
        "-c",
        "import numpy as np\n"
        "from rnnspec import reproduce\n"
        "result = reproduce('ACT-02/at_most_a_quarter', 'numpy', 'float64', x=np.zeros(1))\n"
        "reproduce('ACT-02/at_most_a_quarter', None, 'mathematics', x=np.zeros(1))\n"
        "assert result.status.value == 'passed'",
    )
    assert said.code == 0
    assert said.out.count("passed") == 2


@pytest.mark.framework
def test_torch_conforms_in_float32() -> None:
    said = rnnspec("check", "torch", "--dtype", "float32", "--profile", "quick")
    assert said.code == 0, said.out
    assert "conforms in float32" in said.out
    assert "LGR-07/unchanged_without_forget_gate" in said.out  # which it has no layer for


@pytest.mark.framework
def test_torch_clips_a_little_shorter_in_float64_and_does_nothing_else_wrong() -> None:
    """See docs/findings.md."""
    said = rnnspec("check", "torch", "--dtype", "float64")
    assert said.code == 1, said.out
    assert re.search(r"does not conform in float64: 1 of \d+ claims failed \(REM-04\)", said.out)


@pytest.mark.framework
@pytest.mark.parametrize(("name", "claim"), [("TooSteepTorch", "ACT-02"), ("SwappedTorch", "LGR-05")])
def test_torch_with_a_mistake_does_not(name: str, claim: str) -> None:
    target = adapter(name, "mistaken_torch.py")
    said = rnnspec("check", target, claim, "--dtype", "float64", "--profile", "quick")
    assert said.code == 1
    assert f"{claim}  " in said.out
