"""What the documents show is what happens."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("name", ["proofs.md", "reference.md"])
def test_the_examples_of_a_page(name: str) -> None:
    done = doctest.testfile(str(DOCS / name), module_relative=False)
    assert done.attempted > 10
    assert done.failed == 0
