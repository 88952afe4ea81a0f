"""What stands below the table: how much was done, what was not, where, and the closing sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnnspec.command.words import counted, listed
from rnnspec.kit.report import Gap, Report
from rnnspec.kit.results import Status


def show_summary(console: Console, report: Report) -> None:
    """Print counts, coverage, versions and the seed."""
    counts, machine = report.counts, report.machine
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column()
    results = counts.passed + counts.failed + counts.not_offered + counts.undecided
    grid.add_row(
        "checked",
        f"{counted(counts.claims, 'claim')}, {counted(counts.checks, 'check')} "
        f"in {listed(report.readings) or 'no reading'}: {counted(results, 'result')}, "
        + ", ".join(_statuses(report)),
    )
    open_ones = f"; {counts.undecided_comparisons:,} stayed open" if counts.undecided_comparisons else ""
    grid.add_row(
        "", f"{counted(counts.comparisons, 'comparison')} in {counted(counts.examples, 'input')}{open_ones}"
    )
    if counts.regimes:
        grid.add_row("regimes", ", ".join(f"{name} {n:,}" for name, n in counts.regimes.items()))
    _add_coverage(grid, report.gaps)
    grid.add_row("held", _held(report))
    grid.add_row(
        "with",
        f"rnnspec {report.rnnspec}, Python {machine.python}, NumPy {machine.numpy}, "
        f"python-flint {machine.python_flint}, Hypothesis {machine.hypothesis}",
    )
    features = f" ({' '.join(machine.features)})" if machine.features else ""
    grid.add_row("on", f"{machine.system}, {machine.processor}{features}")
    grid.add_row("seed", f"{report.seed}, profile {report.profile}")
    console.print(grid)
    console.print()


def closing(report: Report) -> Text:
    """The one sentence that says how it ended."""
    who = f"{report.held.name} {report.held.version}"
    if report.command == "verify":
        who = f"The mathematics and {who}"
    formats = f" in {listed(report.held.formats)}" if report.held.formats else ""
    run = f"(profile {report.profile}, seed {report.seed})"
    failed = [claim.id for claim in report.claims if claim.status is Status.FAILED]
    conform, do = ("conform", "do") if report.command == "verify" else ("conforms", "does")
    if report.exit_code == 1:
        of = f"{len(failed)} of {counted(len(report.claims), 'claim')}"
        return Text(f"{who} {do} not conform: {of} failed{formats}: {listed(failed)} {run}.", style="bold red")
    if report.exit_code == 2:
        return Text(f"Nothing could be checked of {who}{formats} {run}.", style="bold red")
    passed = sum(claim.status is Status.PASSED for claim in report.claims)
    return Text(f"{who} {conform}{formats}: {counted(passed, 'claim')} held {run}.", style="bold green")


def _statuses(report: Report) -> list[str]:
    counts = report.counts
    named = {
        "passed": counts.passed,
        "failed": counts.failed,
        "not offered": counts.not_offered,
        "undecided": counts.undecided,
    }
    return [f"{number:,} {name}" for name, number in named.items() if number or name == "failed"]


def _held(report: Report) -> str:
    held = report.held
    says = ", ".join(f"{name}: {_plainly(value)}" for name, value in held.declares.items())
    return f"{held.name} {held.version}" + (f" (says of itself {says})" if says else "")


def _plainly(value: bool | str) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else value


def _add_coverage(grid: Table, gaps: Sequence[Gap]) -> None:
    """What was not checked, by reason."""
    if not gaps:
        grid.add_row("coverage", "complete: every check had an answer")
        return
    whole = [gap for gap in gaps if gap.check is None]
    missing = [gap for gap in gaps if gap.check is not None and not gap.partly]
    partly = [gap for gap in gaps if gap.partly]
    rows = [f"{listed(claims)} not checked: {why}" for why, claims in _by_reason(whole).items()]
    rows += [f"{_where(gap)} not checked: {gap.why}" for gap in missing]
    for why, claims in _by_reason(partly).items():
        rows.append(f"{listed(claims)} not on all inputs: {why}")
    for label, row in zip(["coverage"] + [""] * len(rows), rows, strict=False):
        grid.add_row(label, row)


def _by_reason(gaps: Sequence[Gap]) -> dict[str, list[str]]:
    reasons: dict[str, Counter[str]] = {}
    for gap in gaps:
        reasons.setdefault(gap.why, Counter())[gap.claim] += 1
    return {why: list(claims) for why, claims in reasons.items()}


def _where(gap: Gap) -> str:
    return f"{gap.check} in {listed(gap.readings)}"
