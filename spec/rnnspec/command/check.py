"""`rnnspec check`: somebody else's implementation."""

from __future__ import annotations

import click

from rnnspec.command.running import Options, carry_out, options_from, run_options, writable
from rnnspec.command.words import listed
from rnnspec.errors import CallAtFault
from rnnspec.kit.patience import run_patiently
from rnnspec.kit.runner import plan, selected
from rnnspec.kit.worker import TIME_LIMIT, Worker
from rnnspec.protocol import Description


@click.command("check")
@click.argument("target")
@click.argument("names", nargs=-1, metavar="[CLAIM|TOPIC]...")
@run_options
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=TIME_LIMIT,
    show_default=True,
    metavar="SECONDS",
    help="How long a single call may take.",
)
def check_command(
    target: str,
    names: tuple[str, ...],
    profile: str,
    seed: int | None,
    dtypes: tuple[str, ...],
    json: str | None,
    quiet: bool,
    timeout: float,
) -> int:
    """Hold an implementation to the spec.

    TARGET is the name of an installed adapter (torch), module:attribute or
    file.py:attribute. Without a CLAIM (ACT-02) or TOPIC (ACT), it is held to all of the
    spec. The exit code is 0 if it conforms, 1 if it does not (a call that raises, crashes
    or hangs is a failure), 2 if it cannot be loaded or nothing could be checked.
    """
    options = options_from(profile, seed, dtypes, json, quiet)
    claims = selected(names)
    with writable(options.json), Worker(target, time_limit=timeout) as worker:
        description = worker.description
        formats = _formats(description, options)
        tasks = plan(claims, formats, options.profile, options.seed)
        return carry_out(
            options,
            command="check",
            target=target,
            description=description,
            claims=claims,
            readings=formats,
            tasks=tasks,
            results=run_patiently(tasks, worker),
        )


def _formats(description: Description, options: Options) -> list[str]:
    """The formats to hold it in: those asked for, which it must have, or all that it has."""
    for dtype in options.dtypes:
        if dtype not in description.formats:
            raise CallAtFault(
                f"--dtype: {description.name} {description.version} does not compute in {dtype}, "
                f"only in {listed(description.formats)}"
            )
    return list(options.dtypes or description.formats)
