"""The report as JUnit XML, which continuous integration knows how to show."""

from __future__ import annotations

import re

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from rnnspec.command.failures import briefly, failure_text
from rnnspec.kit.report import ClaimReport, Report, reason
from rnnspec.kit.results import CheckResult, Status

NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What cannot stand in XML 1.0 (section 2.2), not even escaped."""


def as_junit(report: Report) -> bytes:
    """A suite for each reading, in it a case for each check."""
    document = JUnitXml("rnnspec")
    for reading in report.readings:
        document.add_testsuite(_suite(report, reading))
    document.update_statistics()
    xml: bytes = document.tostring()
    return xml.rstrip(b"\n") + b"\n"


def _suite(report: Report, reading: str) -> TestSuite:
    suite = TestSuite(reading)
    for name, value in _properties(report).items():
        suite.add_property(name, _legal(value))
    suite.add_testcases(
        [
            _case(claim, result, report)
            for claim in report.claims
            for result in claim.results
            if result.reading == reading
        ]
    )
    return suite


def _properties(report: Report) -> dict[str, str]:
    held, machine = report.held, report.machine
    return {
        "command": report.command,
        "target": held.target,
        "implementation": f"{held.name} {held.version}",
        "profile": report.profile,
        "seed": str(report.seed),
        "rnnspec": report.rnnspec,
        "python": machine.python,
        "numpy": machine.numpy,
        "python-flint": machine.python_flint,
        "hypothesis": machine.hypothesis,
        "machine": " ".join([machine.system, machine.processor, *machine.features]),
    }


def _case(claim: ClaimReport, result: CheckResult, report: Report) -> TestCase:
    case = TestCase(result.check.split("/")[1], claim.id, round(result.seconds, 6))
    if result.status is Status.FAILED:
        case.result = [_failure(claim, result, report)]
    elif result.status is not Status.PASSED:
        case.result = [Skipped(_legal(f"{result.status.value}: {reason(result)}"))]
    return case


def _failure(claim: ClaimReport, result: CheckResult, report: Report) -> Failure:
    brief = result.detail if result.failure is None else briefly(result.failure, report.held.name)
    kind = "law" if result.failure is None or result.failure.misbehaviour is None else "misbehaviour"
    failure = Failure(_legal(brief), kind)
    failure.text = _legal(failure_text(claim, result, report))
    return failure


def _legal(text: str) -> str:
    return NO_XML.sub("\ufffd", text)
