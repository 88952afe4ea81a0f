"""The table of claims, and how it is shown while it fills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from rnnspec.claim import Claim
from rnnspec.command.consoles import NARROW
from rnnspec.command.words import in_figures, status_text
from rnnspec.kit.report import ClaimReport, claim_report
from rnnspec.kit.results import OPEN, CheckResult

AROUND = 8
"""Lines of a terminal that a live table leaves for what is around it."""


class ClaimsTable:
    """A row for each claim: of those that are done, what they came to.

    Args:
        claims: in the order of the registry.
        reports: by id, of the claims that have been checked.
    """

    def __init__(self, claims: Sequence[Claim], reports: dict[str, ClaimReport]) -> None:
        self._claims = claims
        self._reports = reports

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        narrow = options.max_width < NARROW
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold", expand=False)
        table.add_column("claim", no_wrap=True)
        table.add_column("title", ratio=1 if narrow else None, max_width=None if narrow else 60)
        if not narrow:
            table.add_column("verdict", no_wrap=True)
            table.add_column("evidence", no_wrap=True)
        table.add_column("examples", justify="right", no_wrap=True)
        table.add_column("worst", justify="right", no_wrap=True)
        table.add_column("result", no_wrap=True)
        for claim in self._claims:
            table.add_row(*self._row(claim, narrow))
        yield table

    def _row(self, claim: Claim, narrow: bool) -> Iterator[Text]:
        verdict, evidence = claim.verdict.value, claim.evidence.value
        yield Text(claim.id)
        yield Text(claim.title).append(f"\n{verdict}, {evidence}" if narrow else "", style="dim")
        if not narrow:
            yield Text(verdict)
            yield Text(evidence)
        report = self._reports.get(claim.id)
        if report is None:
            yield from (Text(), Text(), Text("...", style="dim"))
            return
        yield Text(f"{report.examples:,}")
        yield Text(in_figures(report.worst))
        yield _result(report)


def _result(report: ClaimReport) -> Text:
    """The status; beneath it, how many of the checks are missing from it."""
    text = status_text(report.status)
    for line in missing(report):
        text.append(f"\n{line}", style="yellow")
    return text


def missing(report: ClaimReport) -> list[str]:
    """How many results are none, where the claim has others: `3 not offered`."""
    numbers = {
        status: sum(result.status is status for result in report.results)
        for status in OPEN
        if status is not report.status
    }
    return [f"{number} {status.value}" for status, number in numbers.items() if number]


class Watch:
    """Takes in results one after the other, and shows them to whoever is watching.

    Args:
        console: where to.
        claims: those of which results are to come.
        total: how many results are to come.
        silent: show nothing.
    """

    def __init__(
        self, console: Console, claims: Sequence[Claim], total: int, *, silent: bool = False
    ) -> None:
        self._console = console
        self._silent = silent
        self._claims = claims
        self._results: list[CheckResult] = []
        self._reports: dict[str, ClaimReport] = {}
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        )
        self._task = self._progress.add_task("checks", total=total)

    def follow(self, results: Iterable[CheckResult]) -> list[CheckResult]:
        """Take in all results; returns them as they came."""
        with self._shown():
            for result in results:
                self._take(result)
        return self._results

    def _take(self, result: CheckResult) -> None:
        self._results.append(result)
        claim = next(claim for claim in self._claims if claim.id == result.claim)
        self._reports[claim.id] = claim_report(claim, [r for r in self._results if r.claim == claim.id])
        self._progress.update(self._task, advance=1, description=claim.id)

    @contextmanager
    def _shown(self) -> Iterator[None]:
        if self._silent or not self._console.is_interactive:
            yield
            return
        with Live(
            console=self._console, get_renderable=self._latest, transient=True, vertical_overflow="crop"
        ):
            yield

    def _latest(self) -> Group:
        """As many claims as fit, around the one that is being checked."""
        fitting = max(3, (self._console.height - AROUND) // 3)  # a row has up to three lines
        done = len(self._reports)
        first = max(0, min(done - fitting + 2, len(self._claims) - fitting))
        return Group(
            ClaimsTable(self._claims[first : first + fitting], self._reports), Text(), self._progress
        )
