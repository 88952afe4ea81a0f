"""The seed of everything that these tests draw for themselves."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def run_seed(pytestconfig: pytest.Config) -> int:
    """The seed that pytest was given, as Hypothesis gets it: `make test SEED=7`."""
    return int(pytestconfig.getoption("--hypothesis-seed"))
