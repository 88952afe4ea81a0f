"""Where text goes: a person's terminal, or a file of a width that does not depend on the machine."""

from __future__ import annotations

import io
import os
import re
import sys
from typing import IO, Any, TextIO, cast

from rich.console import Console

WIDTH = 100
"""Of a page that nobody looks at as it is printed, unless COLUMNS says otherwise."""

NARROW = 100
"""Below this width, a table has its less important columns beneath the others."""


class _Trimmed(io.TextIOBase):
    """Passes text on without the spaces at the ends of its lines, which fill a table's columns."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(re.sub(r" +(?=\n)", "", text))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the base class has a variable
        return self._stream.encoding


class Page(Console):
    """A console that tells its caller when nobody reads any more."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def plain(stream: TextIO) -> Console:
    """A console on a stream that is no terminal, whatever the environment says."""
    return _page(stream, width=WIDTH, color_system=None, force_terminal=False)


def output(*, stderr: bool = False) -> Console:
    """A console on standard output, or on standard error where that is for data."""
    stream = sys.stderr if stderr else sys.stdout
    person = stream.isatty()
    known = bool(os.environ.get("TERM"))
    return _page(
        stream,
        width=None if person or os.environ.get("COLUMNS", "").isdigit() else WIDTH,
        color_system="auto" if known else None,
        force_interactive=None if known else False,
    )


def _page(stream: TextIO, **options: Any) -> Page:
    """A console that prints text as it is: brackets are no markup, and numbers are not coloured."""
    return Page(
        file=stream if stream.isatty() else cast("IO[str]", _Trimmed(stream)),
        **options,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
