"""Numbers and lists as people write them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from rich.text import Text

from rnnspec.kit.results import Status

STYLES = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.NOT_OFFERED: "yellow",
    Status.UNDECIDED: "yellow",
    Status.NOT_RUN: "yellow",
    Status.RECORDED: "dim",
}


def status_text(status: Status) -> Text:
    """A status in its colour."""
    return Text(status.value, style=STYLES[status])


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """`1 claim`, `1,024 claims`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def listed(names: Iterable[str], most: int = 12) -> str:
    """`a, b and c`; of a long list, its beginning."""
    all_names = list(names)
    if len(all_names) > most:
        return f"{', '.join(all_names[:most])} and {len(all_names) - most} more"
    return " and ".join([", ".join(all_names[:-1]), all_names[-1]] if len(all_names) > 1 else all_names)


def in_figures(ratio: float) -> str:
    """An observed/allowed, in two or three figures; infinite where nothing is allowed."""
    if math.isinf(ratio):
        return "∞"
    if ratio == 0:
        return "0"
    if ratio < 0.01:
        return "<0.01"
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}" if ratio < 1e4 else f"{ratio:.0e}"


def reflowed(text: str) -> list[str]:
    """The paragraphs of a text that was wrapped where it was written."""
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip()]


def equation_lines(equation: str, width: int = 72) -> list[str]:
    """The lines of an equation; a single long one is broken where its parts stand apart."""
    lines = equation.splitlines()
    if len(lines) > 1 or len(equation) <= width:
        return lines
    lines = [""]
    for part in re.split(r"\s{2,}", equation):
        joined = f"{lines[-1]}   {part}" if lines[-1] else part
        if len(joined) <= width or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(part)
    return lines


def sentence(text: str) -> str:
    """The first paragraph, on one line."""
    paragraphs = reflowed(text)
    return paragraphs[0] if paragraphs else ""
