"""`rnnspec check`: somebody else's implementation."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import click

from rnnspec.claim import Claim
from rnnspec.command.files import writable
from rnnspec.command.running import Options, carry_out, options_from, run_options
from rnnspec.command.words import listed
from rnnspec.errors import CallAtFault
from rnnspec.kit.patience import run_patiently
from rnnspec.kit.runner import plan, selected
from rnnspec.kit.worker import TIME_LIMIT, worker_of
from rnnspec.protocol import Description


@click.command("check")
@click.argument("words", nargs=-1, metavar="[TARGET] [CLAIM|TOPIC]...")
@click.option(
    "--exec",
    "command",
    metavar="COMMAND",
    help="In the place of TARGET, a program that speaks the wire format (docs/wire.md), and its arguments.",
)
@run_options
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=TIME_LIMIT,
    show_default=True,
    metavar="SECONDS",
    help="How long a single call may take.",
)
def check_command(words: tuple[str, ...], command: str | None, timeout: float, **told: Any) -> int:
    """Hold an implementation to the spec.

    TARGET is the name of an installed adapter (torch), module:attribute or
    file.py:attribute. Without a CLAIM (ACT-02) or TOPIC (ACT), it is held to all of the
    spec. The exit code is 0 if it conforms, 1 if it does not (a call that raises, crashes
    or hangs is a failure), 2 if it cannot be loaded or nothing could be checked.
    """
    options = options_from(**told)
    target, program, claims = _called(words, command)
    with writable(options.files), worker_of(program or target, time_limit=timeout) as worker:
        description = worker.description
        formats = _formats(description, options)
        tasks = plan(claims, formats, options.profile, options.seed)
        return carry_out(
            options,
            command="check",
            target=target,
            program=program,
            description=description,
            claims=claims,
            readings=formats,
            tasks=tasks,
            results=run_patiently(tasks, worker),
        )


def _called(words: Sequence[str], command: str | None) -> tuple[str, list[str], list[Claim]]:
    """The target, the words of the command if it is a program, and the claims."""
    if command is not None:
        return command, _program(command), _claims_beside_program(words)
    if not words:
        raise click.UsageError("Missing argument 'TARGET', or --exec with a command in its place.")
    _check_text("TARGET", words[0])
    return words[0], [], selected(words[1:])


def _program(command: str) -> list[str]:
    """The words of a command, as a shell splits them; nothing else of a shell is understood."""
    _check_text("--exec", command)
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise CallAtFault(f"--exec: {command!r} cannot be split into words: {error}") from error
    if not words:
        raise CallAtFault("--exec: the command is empty")
    return words


def _claims_beside_program(names: Sequence[str]) -> list[Claim]:
    try:
        selected(names[:1])
    except CallAtFault as error:  # most likely it was meant for a target
        raise CallAtFault(f"TARGET and --exec exclude each other: {error}") from error
    return selected(names)


def _check_text(option: str, text: str) -> None:
    """Refuse bytes that are no UTF-8, which no report could hold."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise CallAtFault(f"{option}: {text!r} is not UTF-8")


def _formats(description: Description, options: Options) -> list[str]:
    """The formats to hold it in: those asked for, which it must have, or all that it has."""
    for dtype in options.dtypes:
        if dtype not in description.formats:
            raise CallAtFault(
                f"--dtype: {description.name} {description.version} does not compute in {dtype}, "
                f"only in {listed(description.formats)}"
            )
    return list(options.dtypes or description.formats)
