"""`rnnspec claims`: the claims by topic, or one like a page of a book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rnnspec import __version__
from rnnspec.claim import TOPICS, Claim, Evidence, Verdict
from rnnspec.claims import registry
from rnnspec.command.catalogue import catalogue
from rnnspec.command.consoles import NARROW, output
from rnnspec.command.page import show_page
from rnnspec.command.words import counted
from rnnspec.kit.report import as_json
from rnnspec.kit.runner import selected

SHORT: dict[Verdict | Evidence, str] = {
    Verdict.CONDITIONAL: "cond.",
    Verdict.EMPIRICAL: "emp.",
    Evidence.EXHAUSTIVE: "exh.",
    Evidence.MEASURED: "meas.",
}
"""Heads of columns that would be too wide."""


@click.command("claims")
@click.argument("name", metavar="[CLAIM|TOPIC]", required=False)
@click.option("--json", "as_data", is_flag=True, help="Print the claims as JSON (docs/claims.schema.json).")
def claims_command(name: str | None, as_data: bool) -> None:
    """List the claims, or show one with its evidence."""
    chosen = selected([name] if name else [])
    if as_data:
        click.echo(as_json(catalogue(chosen, __version__)), nl=False)
    elif name is not None and name.upper() in registry:
        show_page(output(), chosen[0])
    else:
        show_list(output(), chosen)


def show_list(console: Console, claims: Sequence[Claim]) -> None:
    """Print claims by topic, and how many there are of each verdict and of each evidence."""
    narrow = console.width < NARROW
    for topic, name in TOPICS.items():
        of_topic = [claim for claim in claims if claim.topic_code == topic]
        if of_topic:
            console.print(Text(f"{topic}  {name}", style="bold"))
            console.print(Padding(_table(of_topic, narrow), (0, 0, 1, 2)))
    console.print(_counts(claims))
    checks = sum(len(claim.checks) for claim in claims)
    console.print(f"\n{counted(len(claims), 'claim')}, {counted(checks, 'check')}")
    console.print("verdicts: " + _tally(Verdict, (claim.verdict for claim in claims)))
    console.print("evidence: " + _tally(Evidence, (claim.evidence for claim in claims)))
    console.print("of parts: " + _tally(Evidence, (kind for claim in claims for kind in claim.has_evidence)))


def _counts(claims: Sequence[Claim]) -> Table:
    """How many claims of each topic there are, by verdict and by evidence."""
    kinds: list[Verdict | Evidence] = [*Verdict, *Evidence]
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("claims", justify="right")
    for kind in kinds:
        table.add_column(SHORT.get(kind, kind.value), justify="right")
    for topic in TOPICS:
        of_topic = [claim for claim in claims if claim.topic_code == topic]
        if of_topic:
            found = Counter[Verdict | Evidence]()
            for claim in of_topic:
                found.update([claim.verdict, claim.evidence])
            figures = (str(found[kind] or "") for kind in kinds)
            table.add_row(topic, str(len(of_topic)), *figures)
    return table


def _table(claims: Sequence[Claim], narrow: bool) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1 if narrow else None, width=None if narrow else 54)
    if not narrow:
        table.add_column(no_wrap=True, width=11)
        table.add_column(no_wrap=True, width=10)
    table.add_column(no_wrap=True, justify="right", width=9)
    for claim in claims:
        table.add_row(*_row(claim, narrow))
    return table


def _row(claim: Claim, narrow: bool) -> Iterator[Text]:
    verdict, evidence = claim.verdict.value, claim.evidence.value
    yield Text(claim.id)
    yield Text(claim.title).append(f"\n{verdict}, {evidence}" if narrow else "", style="dim")
    if not narrow:
        yield Text(verdict)
        yield Text(evidence)
    yield Text(counted(len(claim.checks), "check"))


def _tally(kinds: type[Verdict | Evidence], found: Iterable[Verdict | Evidence]) -> str:
    counts = Counter(found)
    return ", ".join(f"{counts[kind]} {kind.value}" for kind in kinds if counts[kind])
