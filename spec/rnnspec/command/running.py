"""What `verify` and `check` have in common: their options, and a run from its tasks to its report."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from rnnspec import __version__
from rnnspec.claim import Claim
from rnnspec.command.consoles import output
from rnnspec.command.failures import show_failures
from rnnspec.command.files import STANDARD_OUTPUT, write
from rnnspec.command.measured import show_measured
from rnnspec.command.summary import closing, show_summary
from rnnspec.command.table import ClaimsTable, Watch
from rnnspec.command.words import counted, listed
from rnnspec.kit.report import make_report
from rnnspec.kit.results import CheckResult
from rnnspec.kit.runner import Task
from rnnspec.protocol import FORMATS, Description
from rnnspec.strategies.settings import PROFILES

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Options:
    """What both commands are told.

    Attributes:
        profile: how thoroughly.
        seed: of the whole run.
        dtypes: the float formats asked for; none means all.
        files: those to write, by option (`--json`), `-` for standard output.
        quiet: print only failures and the closing sentence.
    """

    profile: str
    seed: int
    dtypes: tuple[str, ...]
    files: Mapping[str, str]
    quiet: bool


def run_options(function: F) -> F:
    """The options of `Options`, for a command."""
    for option in (
        click.option("-q", "--quiet", is_flag=True, help="Print only failures and the closing sentence."),
        click.option("--junit", metavar="FILE", help="The same as JUnit XML, for continuous integration."),
        click.option("--html", metavar="FILE", help="The same as a web page that needs no other file."),
        click.option("--json", metavar="FILE", help="Write the report to FILE; - is standard output."),
        click.option(
            "--dtype",
            "dtypes",
            multiple=True,
            type=click.Choice(list(FORMATS)),
            help="A float format to hold it in; can be given several times.  [default: all]",
        ),
        click.option(
            "--seed",
            type=click.IntRange(min=0),
            help="Makes a run again.  [default: 0; with --profile thorough a new one, which is printed]",
        ),
        click.option(
            "--profile",
            type=click.Choice(list(PROFILES)),
            default="standard",
            show_default=True,
            help="How many inputs are drawn.",
        ),
    ):
        function = option(function)
    return function


def options_from(
    *, profile: str, seed: int | None, dtypes: Sequence[str], quiet: bool, **files: str | None
) -> Options:
    """The options as click hands them over, with a seed."""
    if seed is None:
        seed = secrets.randbits(32) if profile == "thorough" else 0
    named = {f"--{kind}": file for kind, file in files.items() if file is not None}
    return Options(profile, seed, tuple(dict.fromkeys(dtypes)), named, quiet)


def carry_out(
    options: Options,
    *,
    command: str,
    target: str,
    description: Description,
    claims: Sequence[Claim],
    readings: Sequence[str],
    tasks: Sequence[Task],
    results: Iterable[CheckResult],
    program: Sequence[str] = (),
) -> int:
    """Take in the results of all tasks, show and write what they come to; returns the exit code."""
    console = output(stderr=STANDARD_OUTPUT in options.files.values())
    planned = {task.check.split("/")[0] for task in tasks}
    shown = [claim for claim in claims if claim.id in planned]
    if not options.quiet:
        console.print(
            f"{description.name} {description.version} is held to {counted(len(shown), 'claim')} "
            f"in {listed(readings)} (profile {options.profile}, seed {options.seed}).\n"
        )
    started = time.perf_counter()
    watch = Watch(console, shown, len(tasks), silent=options.quiet)
    report = make_report(
        claims,
        watch.follow(results),
        command=command,
        rnnspec=__version__,
        target=target,
        program=program,
        description=description,
        readings=readings,
        profile=options.profile,
        seed=options.seed,
        seconds=time.perf_counter() - started,
    )
    write(options.files, report)
    if not options.quiet:
        console.print(ClaimsTable(shown, {claim.id: claim for claim in report.claims}))
        console.print()
        show_measured(console, report)
    show_failures(console, report)
    if not options.quiet:
        show_summary(console, report)
    console.print(closing(report), soft_wrap=not console.is_terminal)
    return report.exit_code
