"""Where text goes: a person's terminal, or a file of a width that does not depend on the machine."""

from __future__ import annotations

import os
import sys

from rich.console import Console

WIDTH = 100
"""Of a page that nobody looks at as it is printed, unless COLUMNS says otherwise."""

NARROW = 100
"""Below this width, a table has its less important columns beneath the others."""


def output(*, stderr: bool = False) -> Console:
    """A console on standard output, or on standard error where that is for data.

    Text is printed as it is: brackets are no markup, and numbers are not coloured.
    """
    stream = sys.stderr if stderr else sys.stdout
    person = stream.isatty()
    known = bool(os.environ.get("TERM"))
    return Console(
        file=stream,
        width=None if person or os.environ.get("COLUMNS", "").isdigit() else WIDTH,
        color_system="auto" if known else None,
        force_interactive=None if known else False,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
