"""Contradictions are between claims that exist, and cite what those claims cite."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import pytest

from rnnspec.claim import CONDITIONAL, HOLDS, LOOSE, REFUTED, Verdict
from rnnspec.claims import registry
from rnnspec.contradictions import CONTRADICTIONS, Contradiction, Side, Support, contradictions_of

EVERY = pytest.mark.parametrize("contradiction", CONTRADICTIONS, ids=lambda each: each.name)


@EVERY
def test_it_has_sides_with_claims(contradiction: Contradiction) -> None:
    assert len(contradiction.sides) >= 2
    for side in contradiction.sides:
        assert side.says.endswith(".")
        assert side.claims
        assert bool(side.sources) != bool(side.elsewhere), "a document says it, or somebody else"
    assert contradiction.because.strip()


@EVERY
def test_its_claims_exist_and_cite_its_sources(contradiction: Contradiction) -> None:
    for side in contradiction.sides:
        assert set(side.claims) <= {claim.id for claim in registry}
        cited = {source for claim in side.claims for source in registry[claim].sources}
        assert set(side.sources) <= cited, f"{contradiction.name}: {side.says}"


def verdicts(claims: Iterable[str]) -> set[Verdict]:
    return {registry[claim].verdict for claim in claims}


@EVERY
def test_what_is_said_of_a_side_agrees_with_the_verdicts_of_its_claims(contradiction: Contradiction) -> None:
    """What is supported is not refuted, and what is not supported has no claim of its own that holds.

    A side that no document takes is what a claim says in the place of what one does say, so of that
    claim it may be the correction.
    """
    for side in contradiction.sides:
        told = f"{contradiction.name}: {side.says}"
        others = {claim for other in contradiction.sides if other is not side for claim in other.claims}
        every, own = verdicts(side.claims), verdicts(set(side.claims) - others)
        match side.support:
            case "supported" if side.elsewhere:
                assert all(
                    registry[claim].verdict is HOLDS or registry[claim].corrected for claim in side.claims
                ), told
            case "supported":
                assert HOLDS in every, told
                assert not every & {REFUTED, LOOSE}, told
            case "in part":
                assert every & {HOLDS, CONDITIONAL, LOOSE}, told
                assert own != {HOLDS} or others & set(side.claims), told
            case "not supported":
                assert HOLDS not in own, told
                assert every & {REFUTED, LOOSE}, told


def test_the_supported_sides_are_named() -> None:
    def about(*support: Support) -> str:
        sides = tuple(Side("It is so.", each, (), ("ACT-01",), "somebody") for each in support)
        return Contradiction("it", "it", sides, "Look.").supported

    yes, part, no = get_args(Support)
    assert about(yes, no) == "The first. Look."
    assert about(no, part) == "In part the second. Look."
    assert about(no, no) == "None. Look."
    assert about(part, yes, yes, yes) == "The second, the third and the fourth; in part the first. Look."


@pytest.mark.parametrize(
    ("name", "supported"),
    [
        ("largest-slopes", [0]),
        ("what-relu-solves", [2]),
        ("an-open-forget-gate", [1]),
        ("whether-the-lstm-solves-it", []),
        ("how-many-parameters", [0]),
        ("whether-sums-matter", []),
        ("the-sigmoids-range", [1]),
        ("the-update-gates-direction", [0, 1]),
    ],
)
def test_who_is_right(name: str, supported: list[int]) -> None:
    (found,) = (each for each in CONTRADICTIONS if each.name == name)
    assert [place for place, side in enumerate(found.sides) if side.support == "supported"] == supported


def test_names_are_unique_and_claims_find_them() -> None:
    assert len({each.name for each in CONTRADICTIONS}) == len(CONTRADICTIONS)
    assert [each.name for each in contradictions_of("ACT-03")] == ["largest-slopes"]
    assert contradictions_of("GRU-08") == []
