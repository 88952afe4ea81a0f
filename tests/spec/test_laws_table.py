"""The table of laws for implementations says what the claims do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnnspec.claim import TOPICS, Claim
from rnnspec.claims import registry
from rnnspec.protocol import METHODS

TABLE = Path(__file__).resolve().parents[2] / "spec" / "laws.md"
ROW = re.compile(r"\| ([A-Z]{3}-\d\d) \| (.+?) \| (.+?) \|")
NONE = "–"


def rows() -> list[tuple[str, str, str]]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [(found[1], found[2], found[3]) for line in lines if (found := ROW.fullmatch(line))]


def calls(cell: str) -> set[str]:
    return set() if cell == NONE else set(re.findall(r"`(\w+)`", cell))


CALLS = {claim: calls(cell) for claim, cell, _ in rows()}


def test_every_claim_has_one_row_in_the_order_of_the_topics() -> None:
    ids = [claim for claim, _, _ in rows()]
    topics = list(TOPICS)
    assert ids == sorted(set(ids), key=lambda claim: (topics.index(claim[:3]), claim))
    assert {claim.id for claim in registry} <= set(ids)


@pytest.mark.parametrize("claim", registry, ids=lambda claim: claim.id)
def test_its_laws_call_what_the_table_says(claim: Claim) -> None:
    assert set(claim.needs) == CALLS[claim.id]


def test_what_is_called_is_in_the_protocol() -> None:
    of_claims = set().union(*(CALLS[claim.id] for claim in registry))
    assert of_claims <= set(METHODS)


def test_a_row_says_what_is_held_or_why_nothing_is() -> None:
    for claim, cell, text in rows():
        assert cell == NONE or calls(cell), f"{claim}: {cell}"
        assert len(text.split()) >= 2, f"{claim}: {text}"
