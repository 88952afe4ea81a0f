"""The matrix that is kept says what it was made from, and is made as it says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mutants import matrix
from mutants.every import FAULTY, FORMULAS
from mutants.matrix import KEPT, KILLED, MARKS, MISSED, SOURCES, UNREACHED, Row, sources_hash
from mutants.patching import mutant
from mutants.planting import RETURNED, SLOPE, STEP

SQUARE = "ACT-02/square_of_the_distance_from_one_half"
WRONG_BELOW_ZERO = mutant(
    "wrong below zero", SLOPE, RETURNED, f"{RETURNED} * (1 + 0.1 * (x < 0))", "a branch is wrong"
)


@pytest.fixture(scope="module")
def kept() -> dict[str, list[dict[str, str]]]:
    loaded: dict[str, list[dict[str, str]]] = json.loads(KEPT.read_text(encoding="utf-8"))
    return loaded


def test_what_is_kept_has_a_mark_for_every_mutant_and_law(kept: dict[str, list[dict[str, str]]]) -> None:
    assert len({(each["of"], each["name"]) for each in kept["mutants"]}) == len(kept["mutants"])
    for each in kept["mutants"]:
        assert len(each["laws"]) == len(kept["laws"])
        assert set(each["laws"]) <= set(MARKS)


def test_no_law_that_is_kept_kills_nothing(kept: dict[str, list[dict[str, str]]]) -> None:
    for law, marks in zip(
        kept["laws"], zip(*(each["laws"] for each in kept["mutants"]), strict=True), strict=True
    ):
        assert KILLED in marks, law


def test_every_mutant_has_a_row() -> None:
    assert [row.mutant for row in matrix.rows()] == [each.mutant for each in FAULTY] + [
        m for m, _ in FORMULAS
    ]


def test_a_mistake_is_killed_missed_or_not_reached() -> None:
    harmless = mutant("harmless", SLOPE, RETURNED, f"{RETURNED} * (1 + 1e-15)", "too small")
    elsewhere = mutant("elsewhere", STEP, "h = o * squashed", "h = squashed", "in another function")
    rows = [Row(each, "an implementation", "float64", ()) for each in (WRONG_BELOW_ZERO, harmless, elsewhere)]
    assert [matrix.entry(row, SQUARE) for row in rows] == [KILLED, MISSED, UNREACHED]


def test_a_mistake_in_what_runs_may_change_nothing() -> None:
    unused = mutant("unused", SLOPE, RETURNED, f"({RETURNED}) + 0.0 * dy", "adds zeros")
    assert matrix.entry(Row(unused, "an implementation", "float64", ()), SQUARE) == matrix.UNCHANGED


def test_what_is_not_there_and_what_is_stale(tmp_path: Path) -> None:
    kept = tmp_path / "matrix.json"
    assert matrix.state_of(kept).startswith("not there")
    for made_from, state in ((sources_hash(), matrix.CURRENT), ("0", "stale: its sources have changed")):
        kept.write_text(json.dumps({"sources": made_from}), encoding="utf-8")
        assert matrix.state_of(kept) == state


def test_a_change_of_any_source_makes_it_stale(tmp_path: Path) -> None:
    for source in SOURCES:
        shutil.copytree(matrix.ROOT / source, tmp_path / source)
    before = sources_hash(tmp_path)
    assert before == sources_hash()
    for source in SOURCES:
        some = min((tmp_path / source).rglob("*.py"))
        content = some.read_bytes()
        some.write_bytes(content + b"\n")
        assert sources_hash(tmp_path) != before
        some.write_bytes(content)
        some.rename(some.with_name("moved.py"))
        assert sources_hash(tmp_path) != before
        some.with_name("moved.py").rename(some)
    assert sources_hash(tmp_path) == before
