"""A failure as a person reads it: what was said, what came of it, and how to see it again."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from rnnspec.claim import Check, Claim
from rnnspec.claims import registry
from rnnspec.command.code import repeating_lines
from rnnspec.command.words import equation_lines, in_figures, sentence, status_text
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
        _show_title(console, claim.id, claim.title, registry[claim.id].equation, "bold red")
        for check in dict.fromkeys(result.check for result in failed):
            same = [result for result in failed if result.check == check]
            _show_check(console, same, report)
        console.print()


def show_outcome(console: Console, claim: Claim, law: Check, result: CheckResult, subject: str) -> None:
    """Print what came of a single input."""
    _show_title(console, claim.id, claim.title, claim.equation, "bold")
    _show_law(console, law.id, result.reading, law.text)
    if result.failure is not None:
        console.print(Padding(_facts(result.failure, subject), (0, 0, 0, 2)))
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
    _show_law(console, first.check, first.reading, failure.text)
    console.print(Padding(_facts(failure, report.held.name), (0, 0, 0, 2)))
    for other in results[1:]:
        if other.failure is not None:
            brief = _briefly(other.failure, report.held.name)
            console.print(f"  It fails in {other.reading} as well: {brief}")
    console.print("  To see it again:\n")
    target = None if first.reading == MATHEMATICS else report.held.target
    _show_code(console, repeating_lines(failure, target, first.reading, report.profile))
    console.print()


def _show_title(console: Console, claim: str, title: str, equation: str, style: str) -> None:
    console.print(Text(f"{claim}  {title}", style=style))
    console.print()
    console.print(Text(textwrap.indent("\n".join(equation_lines(equation)), 6 * " ")), soft_wrap=True)
    console.print()


def _show_law(console: Console, check: str, reading: str, text: str) -> None:
    name = check.split("/")[1]
    console.print(Padding(Text(f"{name}, in {reading}: {sentence(text)}"), (0, 0, 0, 2)))


def _facts(failure: FailureReport, name: str) -> Table:
    """Input, got, expected and allowed, one beneath the other."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for parameter, expression in failure.inputs.items():
        is_long = len(expression) > LONGEST_INPUT
        grid.add_row("input", f"{parameter}, as below" if is_long else f"{parameter} = {expression}")
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
