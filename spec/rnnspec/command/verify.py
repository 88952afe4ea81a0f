"""`rnnspec verify`: the mathematics and the built-in implementation."""

from __future__ import annotations

import os
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import click

from rnnspec.command.files import writable
from rnnspec.command.running import carry_out, options_from, run_options
from rnnspec.errors import RnnspecError
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import describe
from rnnspec.kit.runner import MATHEMATICS, plan, run_tasks_side_by_side, selected
from rnnspec.protocol import FORMATS

SWEPT = ("bfloat16",)
"""Formats in which, unless they are asked for, only exhaustive checks are held: what drawn inputs
show in bfloat16 they have shown in float16, and a run shall not take longer than it must."""


@click.command("verify")
@click.argument("names", nargs=-1, metavar="[CLAIM|TOPIC]...")
@run_options
@click.option(
    "--jobs", type=click.IntRange(min=1), help="How many processes share the work.  [default: one a core]"
)
def verify_command(names: tuple[str, ...], jobs: int | None, **told: Any) -> int:
    """Hold the mathematics and the NumPy implementation to the spec.

    Without a CLAIM (ACT-02) or TOPIC (ACT), to all of it. In bfloat16 nothing is held
    but what goes through all of its values, unless --dtype asks for it. The exit code is 0
    if they conform, 1 if they do not, 2 if the call is at fault or nothing could be checked.
    """
    options = options_from(**told)
    claims = selected(names)
    swept = () if options.dtypes else SWEPT
    drawn = [MATHEMATICS, *(options.dtypes or (name for name in FORMATS if name not in swept))]
    tasks = plan(claims, drawn, options.profile, options.seed, swept=swept)
    reached = {task.reading for task in tasks}
    readings = [reading for reading in (*drawn, *swept) if reading not in swept or reading in reached]
    processes = min(jobs or os.cpu_count() or 1, max(1, len(tasks)))
    try:
        with writable(options.files):
            return carry_out(
                options,
                command="verify",
                target="numpy",
                description=describe(NumpyImplementation()),
                claims=claims,
                readings=readings,
                tasks=tasks,
                results=run_tasks_side_by_side(tasks, NumpyImplementation, processes),
            )
    except BrokenProcessPool as error:
        raise RnnspecError("a process that shared the work was killed, perhaps for want of memory") from error
