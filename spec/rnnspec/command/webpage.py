"""The report as a page for a browser: one file that needs no other."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from rnnspec.claims import registry
from rnnspec.command.failures import accounts
from rnnspec.command.measured import findings, timeless
from rnnspec.command.summary import closing, summary
from rnnspec.command.table import missing
from rnnspec.command.words import equation_lines, in_figures
from rnnspec.kit.report import Report

TEMPLATE = "report.html.jinja"

OUTCOMES = {0: "passed", 1: "failed", 2: "undecided"}
"""The colour of a run, by its exit code."""


def as_html(report: Report) -> bytes:
    """The page; everything in it that is not the template's own is escaped."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.from_string(files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8"))
    page = template.render(
        report=report,
        closing=closing(report).plain,
        outcome=OUTCOMES[report.exit_code],
        claims=list(_claims(report)),
        failures=list(_failures(report)),
        measured=list(_measured(report)),
        summary=summary(report),
    )
    return page.encode()


def _claims(report: Report) -> Iterator[dict[str, Any]]:
    """The rows of the table."""
    for claim in report.claims:
        yield {
            "id": claim.id,
            "title": claim.title,
            "verdict": claim.verdict,
            "evidence": claim.evidence,
            "examples": f"{claim.examples:,}",
            "worst": in_figures(claim.worst),
            "status": claim.status.value,
            "missing": missing(claim),
        }


def _measured(report: Report) -> Iterator[dict[str, Any]]:
    """The experiments; times are left out, which would make the page another one each time."""
    for found in findings(report):
        rows = [(row.what, *timeless(row)) for row in found.rows]
        yield {"id": found.claim, "title": found.title, "detail": found.detail, "rows": rows}


def _failures(report: Report) -> Iterator[dict[str, Any]]:
    """The claims that failed, with an account of each check that did."""
    for claim in report.claims:
        if found := accounts(claim.results, report):
            equation = "\n".join(equation_lines(registry[claim.id].equation))
            yield {"id": claim.id, "title": claim.title, "equation": equation, "accounts": found}
