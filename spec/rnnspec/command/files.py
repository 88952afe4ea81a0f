"""The files of a run: whether they can be written is found out before it begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from rnnspec.command.junit import as_junit
from rnnspec.command.webpage import as_html
from rnnspec.errors import CallAtFault
from rnnspec.kit.report import Report, as_json

STANDARD_OUTPUT = "-"

WRITERS: Mapping[str, Callable[[Report], bytes]] = {
    "--json": as_json,
    "--html": as_html,
    "--junit": as_junit,
}
"""What each option writes."""


@contextmanager
def writable(files: Mapping[str, str]) -> Iterator[None]:
    """See to it before a long run that its files can be written; leave no empty ones behind.

    Args:
        files: by option; `-` is standard output.

    Raises:
        CallAtFault: if one cannot be written, or two are the same.
    """
    _check_distinct(files)
    made: list[Path] = []
    try:
        for option, file in files.items():
            if file != STANDARD_OUTPUT:
                _try_out(option, Path(file), made)
        yield
    finally:
        for path in made:
            if path.is_file() and path.stat().st_size == 0:
                path.unlink()


def write(files: Mapping[str, str], report: Report) -> None:
    """Write a report to all of its files.

    Raises:
        CallAtFault: if that fails in spite of `writable`.
    """
    for option, file in files.items():
        data = WRITERS[option](report)
        if file == STANDARD_OUTPUT:
            click.echo(data, nl=False)
            continue
        try:
            Path(file).write_bytes(data)
        except OSError as error:
            raise _unwritable(option, file, error) from error


def _check_distinct(files: Mapping[str, str]) -> None:
    taken: dict[str | Path, str] = {}
    for option, file in files.items():
        place = file if file == STANDARD_OUTPUT else Path(file).resolve()
        if place in taken:
            called = "standard output" if file == STANDARD_OUTPUT else file
            raise CallAtFault(f"{option}: {called} is where {taken[place]} writes")
        taken[place] = option


def _try_out(option: str, path: Path, made: list[Path]) -> None:
    """Open a file for writing, and remember whether that made it."""
    is_new = not path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        raise _unwritable(option, str(path), error) from error
    if is_new:
        made.append(path)


def _unwritable(option: str, file: str, error: OSError) -> CallAtFault:
    return CallAtFault(f"{option}: {file} cannot be written: {error.strerror}")
