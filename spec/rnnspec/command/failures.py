"""A failure as a person reads it: what was said, what came of it, and how to see it again."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from rnnspec.claim import Check, Claim
from rnnspec.command.code import repeating_lines
from rnnspec.command.words import in_figures, sentence, status_text
from rnnspec.kit.report import Report
from rnnspec.kit.results import CheckResult, FailureReport, Status
from rnnspec.kit.runner import MATHEMATICS
from rnnspec.protocol import METHODS

LONGEST_INPUT = 300
"""Characters of an input beyond which it is left to the lines that repeat the failure."""


def show_failures(console: Console, report: Report) -> None:
    """Print all failures, by claim; the readings in which one check fails are put together."""
    for claim in report.claims:
        failed = [result for result in claim.results if result.status is Status.FAILED]
        if not failed:
            continue
        console.print(Text(f"{claim.id}  {claim.title}", style="bold red"))
        for check in dict.fromkeys(result.check for result in failed):
            same = [result for result in failed if result.check == check]
            _show_check(console, same, report)
        console.print()


def show_outcome(console: Console, claim: Claim, law: Check, result: CheckResult, subject: str) -> None:
    """Print what came of a single input."""
    console.print(Text(f"{claim.id}  {claim.title}", style="bold"))
    _show_law(console, law.id, result.reading, law.text, claim.equation)
    if result.failure is not None:
        console.print(Padding(_facts(result.failure, subject), (1, 0, 0, 2)))
    elif result.status is Status.PASSED:
        worst = f", observed/allowed {in_figures(result.worst)}" if result.worst else ""
        console.print(f"  {result.decided:,} comparisons hold{worst}")
    if result.detail:
        console.print(f"  {result.detail}")
    console.print(Text("  ").append_text(status_text(result.status)))


def _show_check(console: Console, results: Sequence[CheckResult], report: Report) -> None:
    first = results[0]
    failure = first.failure
    if failure is None:
        console.print(f"  {first.check}, in {first.reading}: {first.detail}")
        return
    _show_law(console, first.check, first.reading, failure.text, failure.equation)
    console.print(Padding(_facts(failure, report.held.name), (1, 0, 0, 2)))
    for other in results[1:]:
        assert other.failure is not None
        console.print(f"  It fails in {other.reading} as well: {_briefly(other.failure, report.held.name)}")
    console.print("  To see it again:\n")
    target = None if first.reading == MATHEMATICS else report.held.target
    _show_code(console, repeating_lines(failure, target, first.reading, report.profile))
    console.print()


def _show_law(console: Console, check: str, reading: str, text: str, equation: str) -> None:
    name = check.split("/")[1]
    console.print(Padding(Text(f"{name}, in {reading}: {sentence(text)}"), (0, 0, 0, 2)))
    console.print()
    console.print(Padding(Text(equation), (0, 0, 0, 6)))


def _facts(failure: FailureReport, name: str) -> Table:
    """Input, got, expected and allowed, one beneath the other."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for parameter, expression in failure.inputs.items():
        shown = expression if len(expression) <= LONGEST_INPUT else "as in the lines below"
        grid.add_row("input", f"{parameter} = {shown}")
    if failure.misbehaviour is not None:
        grid.add_row("but", misbehaved(failure.misbehaviour, name))
        return grid
    if failure.what:
        grid.add_row("said", failure.what)
    grid.add_row("got", failure.got)
    grid.add_row("expected", f"{failure.relation} {failure.expected}")
    if failure.allowed == 0:
        grid.add_row("allowed", "no error is allowed here")
    else:
        grid.add_row("allowed", f"an error of {failure.allowed:.3g}")
        grid.add_row("observed", f"{in_figures(failure.ratio)} times what is allowed")
    return grid


def _briefly(failure: FailureReport, name: str) -> str:
    if failure.misbehaviour is not None:
        return misbehaved(failure.misbehaviour, name)
    return f"got {failure.got}, expected {failure.relation} {failure.expected}"


def misbehaved(message: str, name: str) -> str:
    """A message about misbehaviour as a sentence, which may lack its subject."""
    has_subject = message.startswith(tuple(f"{method} " for method in METHODS))
    return message if has_subject else f"{name} {message}"


def _show_code(console: Console, lines: str) -> None:
    """Print code that can be copied: never broken, and flush left."""
    if console.is_terminal:
        console.print(Syntax(lines, "python", background_color="default", word_wrap=False), soft_wrap=True)
    else:
        console.print(Text(lines), soft_wrap=True)
