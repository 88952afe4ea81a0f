"""The calibration of the tolerance, on a few networks: that it runs, and that it can tell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.framework

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "calibration.py"


def test_a_few_networks(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    few = ["--layers", "8", "--share", "2", "--jobs", "1", "--seed", "4", "--frameworks", "torch"]
    command = [sys.executable, str(SCRIPT), *few, "--json", str(found)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (result,) = json.loads(found.read_text())
    assert "seed 4, 8 networks of 4 designs" in done.stdout
    assert set(result["subjects"]) >= {"float32: torch", "float64: torch"}
    for name, row in result["subjects"].items():
        worse = "," in name
        assert row["networks"] == 8 or name.endswith("layers")
        assert row["undecided"] < 4
        assert row["accused"] == (row["networks"] - row["undecided"] if worse else 0), name
        assert (row["worst"]["observed/allowed"] > 1) == worse, name


def test_one_network_again() -> None:
    few = ["--share", "2", "--seed", "4", "--frameworks", "torch", "--only", "5"]
    done = subprocess.run([sys.executable, str(SCRIPT), *few], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Design(layer=")
    assert any(line.startswith("float32: torch, tf32 operands: outputs ") for line in lines)
