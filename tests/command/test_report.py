"""The JSON: its schemas are current, real reports obey them, and a seed decides all of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from command.calling import ROOT, Said, adapter, rnnspec
from rnnspec.command.schemas import schemas
from rnnspec.kit.report import together
from rnnspec.kit.results import Status

QUICK = ("--profile", "quick")


def valid(said: Said, schema: str) -> Any:
    document = json.loads(said.out)
    jsonschema.validate(document, json.loads((ROOT / "docs" / schema).read_text(encoding="utf-8")))
    return document


def timeless(document: Any) -> Any:
    """The same without the fields that say how long something took."""
    if isinstance(document, dict):
        return {name: timeless(value) for name, value in document.items() if name != "seconds"}
    return [timeless(value) for value in document] if isinstance(document, list) else document


@pytest.mark.parametrize("name", schemas())
def test_schemas_are_current(name: str) -> None:
    committed = json.loads((ROOT / "docs" / name).read_text(encoding="utf-8"))
    assert committed == json.loads(schemas()[name]), "run `python -m rnnspec.command.schemas docs`"


def test_a_report_of_verify() -> None:
    said = rnnspec("verify", "ACT-06", "GRU-08", "--dtype", "float16", "--json", "-", *QUICK)
    report = valid(said, "report.schema.json")
    assert (report["exit_code"], said.code) == (0, 0)
    assert report["readings"] == ["mathematics", "float16"]
    assert [claim["id"] for claim in report["claims"]] == ["ACT-06", "GRU-08"]
    assert {claim["status"] for claim in report["claims"]} == {"passed"}
    assert report["counts"]["comparisons"] > 1000
    assert report["gaps"] == []
    assert "The mathematics and numpy" in said.err  # where the page goes instead


def test_a_report_of_a_failure() -> None:
    target = adapter("TooSteep", "mistaken.py")
    said = rnnspec("check", target, "ACT-02", "EMP-01", "--dtype", "float64", "--json", "-", *QUICK)
    report = valid(said, "report.schema.json")
    assert (report["exit_code"], said.code) == (1, 1)
    assert report["held"]["target"] == target
    [claim] = report["claims"]
    assert claim["status"] == "failed"
    assert claim["worst"] is None  # an error where none is allowed
    failure = next(result["failure"] for result in claim["results"] if result["failure"])
    assert failure["check"] == "ACT-02/at_most_a_quarter"
    assert failure["ratio"] is None
    assert [gap["claim"] for gap in report["gaps"]] == ["EMP-01"]


def test_a_report_of_what_was_measured() -> None:
    said = rnnspec("verify", "LGR-11", "--dtype", "float16", "--json", "-", *QUICK)
    report = valid(said, "report.schema.json")
    [claim] = report["claims"]
    result = next(each for each in claim["results"] if each["check"] == "LGR-11/how_often_gradients_grow")
    assert result["detail"].startswith("depends on the gain: ")
    assert len(result["rows"]) == 18  # three kinds of layer in six settings
    for row in result["rows"]:
        assert row["statistic"] == "frequency"
        assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1
        assert row["n"] == 30
        assert row["seconds"] is None
    assert "LSTM, gain 8" in said.err


def test_a_report_of_crashes() -> None:
    said = rnnspec("check", adapter("Exits"), "ACT-02", "--dtype", "float32", "--json", "-", *QUICK)
    report = valid(said, "report.schema.json")
    failure = next(r["failure"] for r in report["claims"][0]["results"] if r["failure"])
    assert "exited with code 3" in failure["misbehaviour"]
    assert any("was not called again" in gap["why"] for gap in report["gaps"])


def test_the_same_seed_gives_the_same_report(tmp_path: Path) -> None:
    texts = []
    for number, jobs in enumerate("122"):
        file = tmp_path / f"{number}.json"
        seed = "8" if number == 2 else "7"
        said = rnnspec(
            "verify",
            "SPE-08",
            "GRU-08",
            "EMP-03",
            "--jobs",
            jobs,
            "--seed",
            seed,
            "--json",
            str(file),
            *QUICK,
        )
        assert said.code == 0, said.out
        assert f"seed {seed}" in said.out
        texts.append(json.dumps(timeless(json.loads(file.read_text(encoding="utf-8")))))
    assert texts[0] == texts[1]
    assert texts[0] != texts[2].replace('"seed": 8', '"seed": 7')


def test_the_claims_as_json() -> None:
    catalogue = valid(rnnspec("claims", "--json"), "claims.schema.json")
    ids = [claim["id"] for claim in catalogue["claims"]]
    assert len(ids) == len(set(ids))
    [one] = valid(rnnspec("claims", "act-02", "--json"), "claims.schema.json")["claims"]
    assert one == next(claim for claim in catalogue["claims"] if claim["id"] == "ACT-02")
    assert {check["kind"] for check in one["checks"]} >= {"law", "proof", "exhaustive"}


@pytest.mark.parametrize(
    ("statuses", "whole"),
    [
        ([Status.PASSED, Status.FAILED], Status.FAILED),
        ([Status.NOT_OFFERED, Status.PASSED, Status.UNDECIDED], Status.PASSED),
        ([Status.UNDECIDED, Status.NOT_OFFERED], Status.NOT_OFFERED),
        ([Status.UNDECIDED], Status.UNDECIDED),
        ([], Status.UNDECIDED),
    ],
)
def test_the_status_of_a_whole(statuses: list[Status], whole: Status) -> None:
    assert together(statuses) is whole
