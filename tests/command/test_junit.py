"""JUnit XML: it parses, its numbers are those of the report, its texts those that are printed."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from command.adapters.markup import NAME
from command.calling import Said, adapter, rnnspec


def both(folder: Path, *arguments: str) -> tuple[ET.Element, Any, Said]:
    """A run, as JUnit XML, as JSON and as it was printed."""
    junit, report = folder / "junit.xml", folder / "report.json"
    said = rnnspec(*arguments, "--profile", "quick", "--junit", str(junit), "--json", str(report))
    return ET.parse(junit).getroot(), json.loads(report.read_text(encoding="utf-8")), said  # noqa: S314


def outcome(case: ET.Element) -> str:
    return next((child.tag for child in case), "passed")


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "ACT-06", "GRU-08", "--dtype", "float16", "--jobs", "1"),
        ("check", adapter("TooSteep", "mistaken.py"), "ACT-02", "LGR-03"),
        ("check", adapter("NothingButAnOption"), "SPE"),
    ],
    ids=["conforms", "does not", "nothing checked"],
)
def test_the_numbers_are_those_of_the_report(arguments: tuple[str, ...], tmp_path: Path) -> None:
    document, report, _ = both(tmp_path, *arguments)
    assert [suite.get("name") for suite in document] == report["readings"]
    results = [result for claim in report["claims"] for result in claim["results"]]
    for suite in document:
        cases = suite.findall("testcase")
        expected = [result for result in results if result["reading"] == suite.get("name")]
        assert [f"{case.get('classname')}/{case.get('name')}" for case in cases] == [
            result["check"] for result in expected
        ]
        counts = Counter(map(outcome, cases))
        assert int(suite.get("tests", "")) == len(cases)
        assert int(suite.get("failures", "")) == counts["failure"]
        assert int(suite.get("skipped", "")) == counts["skipped"]
        properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
        assert (properties["seed"], properties["profile"]) == ("0", "quick")
        assert properties["target"] == report["held"]["target"]
        assert properties["numpy"] == report["machine"]["numpy"]
    total = Counter(outcome(case) for case in document.iter("testcase"))
    counted = report["counts"]
    assert total["failure"] == counted["failed"]
    assert total["skipped"] == counted["not_offered"] + counted["undecided"]
    assert total["passed"] == counted["passed"]
    assert document.get("tests") == str(len(results))
    assert document.get("failures") == str(counted["failed"])


def test_a_failure_is_told_as_it_is_printed(tmp_path: Path) -> None:
    target = adapter("TooSteep", "mistaken.py")
    document, _, said = both(tmp_path, "check", target, "ACT-02", "--dtype", "float64")
    failures = list(document.iter("failure"))
    assert failures
    for failure in failures:
        text = failure.text or ""
        title, rest = re.split(r"\n\n(?=  \w+, in float64:)", text)
        assert title.startswith("ACT-02  The sigmoid's slope is at most one quarter")
        assert title in said.out
        assert rest in said.out
        assert "reproduce(" in text
        assert failure.get("message", "").startswith("got ")


def test_what_is_skipped_has_a_reason(tmp_path: Path) -> None:
    document, _, _ = both(tmp_path, "check", adapter("NothingButAnOption"), "SPE-08")
    reasons = {skipped.get("message") for skipped in document.iter("skipped")}
    assert reasons == {
        "not offered: run is not offered with these options",
        "not offered: activation is not offered",
    }


def test_texts_that_no_xml_can_hold(tmp_path: Path) -> None:
    document, _, said = both(tmp_path, "check", adapter("Markup", "markup.py"), "ACT-02")
    assert said.code == 1
    properties = {each.get("name"): each.get("value") for each in document.iter("property")}
    assert properties["implementation"] == f"{NAME} 1</td>\ufffd[31m\ufffd"
    [message] = {failure.get("message") for failure in document.iter("failure")}
    assert message == "activation_vjp raised ValueError: ]]></failure><img src=x>\ufffd\ufffd\ufffd"
    assert {failure.get("type") for failure in document.iter("failure")} == {"misbehaviour"}
