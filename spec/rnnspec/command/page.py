"""One claim, set like a page of a book."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from rnnspec.claim import Check, Claim, Evidence, Kind, Verdict
from rnnspec.claims import registry
from rnnspec.command.words import equation_lines, listed, reflowed
from rnnspec.contradictions import Contradiction, contradictions_of

MEASURE = 80
"""Characters in a line of prose; longer ones read badly."""

VERDICTS = {
    Verdict.HOLDS: "It holds.",
    Verdict.CONDITIONAL: "It holds under conditions, none of which can be dropped.",
    Verdict.REFUTED: "It is false.",
    Verdict.LOOSE: "As printed it is false; as it was evidently meant it is true.",
    Verdict.EMPIRICAL: "It can only be measured.",
}

EVIDENCE = {
    Evidence.PROVED: "exact algebra, traced from the formulas themselves",
    Evidence.ENCLOSED: "balls over the whole domain",
    Evidence.EXHAUSTIVE: "every value of a float format",
    Evidence.SAMPLED: "drawn inputs",
    Evidence.MEASURED: "what was measured, with its uncertainty",
}

KINDS = {
    Kind.LAW: "Law",
    Kind.AS_STATED: "As stated",
    Kind.WITNESS: "Witness",
    Kind.NECESSITY: "Necessity",
    Kind.PROOF: "Proof",
    Kind.ENCLOSURE: "Enclosure",
    Kind.EXHAUSTIVE: "Exhaustive",
    Kind.EXPERIMENT: "Experiment",
}


def show_page(console: Console, claim: Claim) -> None:
    """Print everything about a claim, its evidence included."""
    console.print(Text(f"{claim.id}  ").append(claim.title, style="bold"))
    console.print(Text(f"{claim.topic}: {claim.verdict.value}, {claim.evidence.value}", style="dim"))

    _heading(console, "What is said")
    _prose(console, claim.says)
    console.print()
    for source in claim.sources:
        _line(console, str(source), "dim")

    _heading(console, "Exactly")
    _prose(console, claim.statement)
    console.print()
    for line in equation_lines(claim.equation):
        console.print(Text(f"      {line}".rstrip()), soft_wrap=True)

    _heading(console, "Verdict")
    _prose(console, VERDICTS[claim.verdict])
    for condition in claim.conditions:
        _line(console, f"* {condition}")
    console.print()
    _prose(console, claim.because)
    if claim.corrected:
        _heading(console, "What holds instead")
        _prose(console, claim.corrected)
    if claim.floats:
        _heading(console, "In floats")
        _prose(console, claim.floats)

    _heading(console, "Evidence")
    _prose(console, f"It rests on {EVIDENCE[claim.evidence]}.")
    if claim.strongest is not claim.evidence:
        _prose(console, f"Parts of it rest on {EVIDENCE[claim.strongest]}.")
    for check in claim.checks:
        _show_check(console, check)
    for contradiction in contradictions_of(claim.id):
        _heading(console, f"Contradicted: {contradiction.about}")
        show_contradiction(console, contradiction)
    if claim.see:
        _heading(console, "See also")
        for other in claim.see:
            _line(console, f"{other}  {registry[other].title if other in registry else ''}".rstrip())


def show_contradictions(console: Console, contradictions: Sequence[Contradiction]) -> None:
    """Print contradictions, each with its sides and with what the mathematics supports."""
    for contradiction in contradictions:
        _heading(console, contradiction.about)
        show_contradiction(console, contradiction)


def show_contradiction(console: Console, contradiction: Contradiction) -> None:
    """Print the sides, the claims that examine them, and what the mathematics supports."""
    for side in contradiction.sides:
        _prose(console, f"{side.says} ({listed(side.claims)}; {side.support})")
        for source in (*side.sources, *filter(None, [side.elsewhere])):
            _line(console, str(source), "dim")
    console.print()
    _prose(console, f"Supported: {contradiction.supported}")


def _show_check(console: Console, check: Check) -> None:
    console.print()
    console.print(Text("  ").append(KINDS[check.kind], style="bold").append(f"  {check.name}"))
    _prose(console, check.text)
    for fact in _facts(check):
        _line(console, fact, "dim")
    code = textwrap.indent(source_of(check), 4 * " ")
    if not code:
        return
    console.print()
    if console.is_terminal:
        console.print(Syntax(code, "python", background_color="default", word_wrap=True))
    else:
        console.print(Text(code), soft_wrap=True)


def _facts(check: Check) -> list[str]:
    facts = []
    if check.of is not None and check.kind is not Kind.EXHAUSTIVE:
        facts.append(f"Falsifies {check.of.name}.")
    if check.condition is not None:
        facts.append(f"Drops the condition: {check.condition}.")
    if check.unsearched:
        facts.append(f"Shown by its witness alone: {check.unsearched}.")
    about = f"About {check.about.value}."
    if check.needs and check.kind is not Kind.AS_STATED:
        about += f" Needs {listed(check.needs)}."
    return [*facts, about]


def source_of(check: Check) -> str:
    """The code of a check without its decorators and its docstring, which stand above it.

    Empty for an exhaustive check, which is the code of its law.
    """
    if check.kind is Kind.EXHAUSTIVE:
        return ""
    lines = textwrap.dedent(inspect.getsource(check.function)).splitlines()
    tree = ast.parse("\n".join(lines))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    docstring = function.body[0]
    head, body = lines[function.lineno - 1 : docstring.lineno - 1], lines[docstring.end_lineno :]
    return "\n".join([*head, *body])


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))
    console.print()


def _prose(console: Console, text: str) -> None:
    """Paragraphs, with an empty line between them."""
    for number, paragraph in enumerate(reflowed(text)):
        if number:
            console.print()
        _line(console, paragraph)


def _line(console: Console, text: str, style: str = "") -> None:
    width = min(console.width, MEASURE)
    filled = textwrap.fill(text, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    console.print(Text(filled, style=style), soft_wrap=True)
