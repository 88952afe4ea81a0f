"""A failure as a person reads it: what was said, what came of it, and how to see it again."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from rnnspec.claim import Check, Claim
from rnnspec.claims import registry
from rnnspec.command.code import repeating_lines
from rnnspec.command.consoles import plain
from rnnspec.command.measured import row_text
from rnnspec.command.words import equation_lines, in_figures, sentence, status_text
from rnnspec.kit.report import ClaimReport, Report
from rnnspec.kit.results import CheckResult, FailureReport, Status
from rnnspec.kit.runner import MATHEMATICS
from rnnspec.protocol import METHODS

LONGEST_INPUT = 300
"""Characters of an input beyond which it is left to the lines that repeat the failure."""


@dataclass(frozen=True)
class Account:
    """A check that failed, as text.

    Attributes:
        check: its name.
        reading: the first in which it failed.
        text: what it says; of a proof or an experiment, what came of it.
        facts: input, got, expected and allowed, or what was measured, each with its label.
        others: a sentence for every other reading.
        code: the lines that repeat it, if an input failed.
    """

    check: str
    reading: str
    text: str
    facts: list[tuple[str, str]]
    others: list[str]
    code: str


def accounts(results: Iterable[CheckResult], report: Report) -> list[Account]:
    """The failures among results; the readings in which one check fails are put together."""
    failed = [result for result in results if result.status is Status.FAILED]
    checks = dict.fromkeys(result.check for result in failed)
    return [_account([result for result in failed if result.check == check], report) for check in checks]


def show_failures(console: Console, report: Report) -> None:
    """Print all failures, by claim."""
    for claim in report.claims:
        if found := accounts(claim.results, report):
            _show_failed(console, claim, found)
            console.print()


def failure_text(claim: ClaimReport, result: CheckResult, report: Report) -> str:
    """A single failure as `show_failures` prints it where nobody is watching."""
    page = io.StringIO()
    _show_failed(plain(page), claim, accounts([result], report))
    return page.getvalue().strip("\n")


def show_outcome(console: Console, claim: Claim, law: Check, result: CheckResult, subject: str) -> None:
    """Print what came of a single input."""
    _show_title(console, claim.id, claim.title, claim.equation, "bold")
    _show_law(console, law.name, result.reading, sentence(law.text))
    if result.failure is not None:
        _show_facts(console, _facts(result.failure, subject))
    elif result.status is Status.PASSED:
        worst = f", observed/allowed {in_figures(result.worst)}" if result.worst else ""
        console.print(f"  {result.decided:,} comparisons hold{worst}")
    if result.detail:
        console.print(f"  {result.detail}")
    console.print(Text("  ").append_text(status_text(result.status)))


def _account(results: Sequence[CheckResult], report: Report) -> Account:
    """What there is to say of one check, of which these are the failures."""
    first, failure = results[0], results[0].failure
    name = first.check.split("/")[1]
    if failure is None:
        measured = [("measured", row_text(row)) for row in first.rows]
        return Account(name, first.reading, first.detail, measured, [], "")
    held = report.held
    target = None if first.reading == MATHEMATICS else held.program or held.target
    return Account(
        check=name,
        reading=first.reading,
        text=sentence(failure.text),
        facts=list(_facts(failure, held.name)),
        others=[
            f"It fails in {other.reading} as well: {briefly(other.failure, held.name)}"
            for other in results[1:]
            if other.failure is not None
        ],
        code=repeating_lines(failure, target, first.reading, report.profile),
    )


def _show_failed(console: Console, claim: ClaimReport, found: Iterable[Account]) -> None:
    _show_title(console, claim.id, claim.title, registry[claim.id].equation, "bold red")
    for account in found:
        _show_law(console, account.check, account.reading, account.text)
        _show_facts(console, account.facts)
        for line in account.others:
            console.print(f"  {line}")
        if account.code:
            console.print("  To see it again:\n")
            _show_code(console, account.code)
            console.print()


def _show_title(console: Console, claim: str, title: str, equation: str, style: str) -> None:
    console.print(Text(f"{claim}  {title}", style=style))
    console.print()
    console.print(Text(textwrap.indent("\n".join(equation_lines(equation)), 6 * " ")), soft_wrap=True)
    console.print()


def _show_law(console: Console, name: str, reading: str, text: str) -> None:
    console.print(Padding(Text(f"{name}, in {reading}: {text}"), (0, 0, 0, 2)))


def _show_facts(console: Console, facts: Iterable[tuple[str, str]]) -> None:
    """Print them one beneath the other."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for label, text in facts:
        grid.add_row(label, text)
    if grid.row_count:
        console.print(Padding(grid, (0, 0, 0, 2)))


def _facts(failure: FailureReport, name: str) -> Iterator[tuple[str, str]]:
    for parameter, expression in failure.inputs.items():
        is_long = len(expression) > LONGEST_INPUT
        yield "input", f"{parameter}, as below" if is_long else f"{parameter} = {expression}"
    if failure.misbehaviour is not None:
        yield "but", misbehaved(failure.misbehaviour, name)
        return
    if failure.what:
        yield "said", failure.what
    yield "got", failure.got
    yield "expected", f"{failure.relation} {failure.expected}"
    if failure.allowed == 0:
        yield "allowed", "no error is allowed here"
    else:
        yield "allowed", f"an error of {failure.allowed:.3g}"
        yield "observed", f"{in_figures(failure.ratio)} times what is allowed"


def briefly(failure: FailureReport, name: str) -> str:
    """What went wrong, in a line."""
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
