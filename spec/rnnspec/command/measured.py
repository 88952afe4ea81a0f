"""What experiments measured, as a person reads it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnnspec.kit.report import Report
from rnnspec.kit.results import Row

FEW = 10
"""Claims of which a terminal is shown what was measured; of more, the files tell."""

FIGURES = 4


@dataclass(frozen=True)
class Findings:
    """What an experiment came to, as text.

    Attributes:
        claim, title, check: whose it is.
        detail: the outcome and how it follows.
        rows: what was measured.
    """

    claim: str
    title: str
    check: str
    detail: str
    rows: list[Row]


def findings(report: Report) -> list[Findings]:
    """All experiments of a run that measured something."""
    return [
        Findings(claim.id, claim.title, result.check.split("/")[1], result.detail, result.rows)
        for claim in report.claims
        for result in claim.results
        if result.rows
    ]


def show_measured(console: Console, report: Report) -> None:
    """Print what was measured, if it is of a few claims."""
    if len(report.claims) > FEW:
        return
    for found in findings(report):
        console.print(Text(f"{found.claim}  {found.title}", style="bold"))
        console.print(f"  {found.check}: {found.detail}")
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=2)
        for _ in range(4):
            grid.add_column()
        for row in found.rows:
            grid.add_row("", row.what, *cells(row))
        console.print(grid)
        console.print()


def cells(row: Row) -> tuple[str, str, str]:
    """A row as three texts: the statistic and its value, the interval, the number of trials."""
    if (times := row.seconds) is not None:
        each = f"{_seconds(times.first)} to {_seconds(times.second)}"
        interval = f"{number(times.low)} to {number(times.high)}"
        return f"{row.statistic} {number(times.ratio)}, {each}", interval, f"n = {row.n}"
    return f"{row.statistic} {number(row.value)}", f"{number(row.low)} to {number(row.high)}", f"n = {row.n}"


def row_text(row: Row) -> str:
    """A row in a line."""
    value, interval, n = cells(row)
    return f"{row.what}: {value} ({interval}, {n})"


def timeless(row: Row) -> tuple[str, str, str]:
    """As `cells`, without what is never the same twice."""
    if row.seconds is None:
        return cells(row)
    return f"{row.statistic}: in the JSON", "", f"n = {row.n}"


def number(value: float) -> str:
    """A measured number in a few figures."""
    if math.isnan(value):
        return "unknown"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{FIGURES}g}".replace("-", "−")


def _seconds(time: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if time >= size:
            return f"{time / size:.3g} {unit}"
    return f"{time * 1e9:.3g} ns"
