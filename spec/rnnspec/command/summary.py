"""What stands below the table: how much was done, what was not, where, and the closing sentence."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnnspec.command.words import counted, in_figures, listed
from rnnspec.kit.report import Gap, Report
from rnnspec.kit.results import Status

LABELS = 12
"""Columns that the labels take up, with some room."""

NO_BREAK = "\0"


def show_summary(console: Console, report: Report) -> None:
    """Print counts, coverage, versions and the seed."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column()
    for label, items in summary(report).items():
        lines = _filled(items, console.width - LABELS) if label == "regimes" else items
        for number, line in enumerate(lines):
            grid.add_row("" if number else label, line)
    console.print(grid)
    console.print()


def summary(report: Report) -> dict[str, list[str]]:
    """What there is to say of a run as a whole, by label; what has nothing to it is left out."""
    counts, machine = report.counts, report.machine
    results = counts.passed + counts.failed + counts.not_offered + counts.undecided + counts.not_run
    open_ones = f"; {counts.undecided_comparisons:,} stayed open" if counts.undecided_comparisons else ""
    features = f" ({' '.join(machine.features)})" if machine.features else ""
    entries = {
        "checked": [
            f"{counted(counts.claims, 'claim')}, {counted(counts.checks, 'check')} "
            f"in {listed(report.readings) or 'no reading'}: {counted(results, 'result')}: "
            + ", ".join(_statuses(report)),
            f"{counted(counts.comparisons, 'comparison')} in {counted(counts.examples, 'input')}{open_ones}",
        ],
        "worst": _worst(report),
        "regimes": [f"{name}: {times:,}" for name, times in counts.regimes.items()],
        "coverage": _coverage(report),
        "held": [_held(report)],
        "with": [
            (
                f"rnnspec {report.rnnspec}, Python {machine.python}, NumPy {machine.numpy}, "
                f"python-flint {machine.python_flint}, Hypothesis {machine.hypothesis}"
            )
        ],
        "on": [f"{machine.system}, {machine.processor}{features}"],
        "seed": [f"{report.seed}, profile {report.profile}"],
    }
    return {label: lines for label, lines in entries.items() if lines}


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
        text = f"{who} {do} not conform{formats}: {of} failed ({listed(failed)}) {run}."
        return Text(text, style="bold red")
    if report.exit_code == 2:
        return Text(f"Nothing could be checked of {who}{formats} {run}.", style="bold red")
    passed = sum(claim.status is Status.PASSED for claim in report.claims)
    return Text(f"{who} {conform}{formats}: {counted(passed, 'claim')} held {run}.", style="bold green")


def _filled(items: Sequence[str], width: int) -> list[str]:
    """Lines of items, none of which is broken."""
    text = ", ".join(item.replace(" ", NO_BREAK) for item in items)
    filled = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(NO_BREAK, " ") for line in filled]


def _statuses(report: Report) -> list[str]:
    counts = report.counts
    named = {
        "passed": counts.passed,
        "failed": counts.failed,
        "not offered": counts.not_offered,
        "undecided": counts.undecided,
        "not run": counts.not_run,
    }
    return [f"{number:,} {name}" for name, number in named.items() if number or name == "failed"]


def _held(report: Report) -> str:
    held = report.held
    says = ", ".join(f"{name}: {_plainly(value)}" for name, value in held.declares.items())
    return f"{held.name} {held.version}" + (f" (says of itself {says})" if says else "")


def _plainly(value: bool | str) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else value


def _coverage(report: Report) -> list[str]:
    """What was not checked, by reason."""
    whole: dict[str, list[str]] = {}
    partly: dict[str, list[str]] = {}
    for gap in report.gaps:
        if gap.partly:
            partly.setdefault(gap.why, []).append(gap.claim)
        else:
            whole.setdefault(gap.why, []).extend(_missing(gap, report))
    lines = [f"not checked: {_all(names)}: {why}" for why, names in whole.items()]
    lines += [f"not on every input: {_all(names)}: {why}" for why, names in partly.items()]
    return lines or ["complete: every check had an answer"]


def _missing(gap: Gap, report: Report) -> list[str]:
    """What a gap is called: the claim if nothing of it is left, else the check."""
    results = [result for claim in report.claims if claim.id == gap.claim for result in claim.results]
    if not any(result.status in (Status.PASSED, Status.FAILED) for result in results):
        return [gap.claim]
    planned = [result.reading for result in results if result.check == gap.check]
    return [f"{gap.check}" if planned == gap.readings else f"{gap.check} in {listed(gap.readings)}"]


def _all(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _worst(report: Report) -> list[str]:
    """The largest observed/allowed of all, and where it was seen."""
    results = [result for claim in report.claims for result in claim.results]
    worst = max(results, key=lambda result: result.worst, default=None)
    if worst is None or worst.worst == 0:
        return []
    return [f"observed/allowed reached {in_figures(worst.worst)}, in {worst.check} in {worst.reading}"]
