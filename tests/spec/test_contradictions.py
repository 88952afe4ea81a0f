"""Contradictions are between claims that exist, and cite what those claims cite."""

from __future__ import annotations

import pytest

from rnnspec.claims import registry
from rnnspec.contradictions import CONTRADICTIONS, Contradiction, contradictions_of

EVERY = pytest.mark.parametrize("contradiction", CONTRADICTIONS, ids=lambda each: each.name)


@EVERY
def test_it_has_sides_with_claims(contradiction: Contradiction) -> None:
    assert len(contradiction.sides) >= 2
    for side in contradiction.sides:
        assert side.says.endswith(".")
        assert side.claims
    assert contradiction.supported.strip()


@EVERY
def test_its_claims_exist_and_cite_its_sources(contradiction: Contradiction) -> None:
    for side in contradiction.sides:
        assert set(side.claims) <= {claim.id for claim in registry}
        cited = {source for claim in side.claims for source in registry[claim].sources}
        assert set(side.sources) <= cited, f"{contradiction.name}: {side.says}"


def test_names_are_unique_and_claims_find_them() -> None:
    assert len({each.name for each in CONTRADICTIONS}) == len(CONTRADICTIONS)
    assert [each.name for each in contradictions_of("ACT-03")] == ["largest-slopes"]
    assert contradictions_of("GRU-08") == []
