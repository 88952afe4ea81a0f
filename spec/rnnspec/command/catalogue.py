"""The registry as plain data, as `rnnspec claims --json` prints it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rnnspec.claim import Check, Claim
from rnnspec.contradictions import CONTRADICTIONS, Contradiction, Support
from rnnspec.sources import Source

FORMAT = 1
"""The version of this format; a field that changes its meaning or goes makes a new one."""


class SourceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Where something is said.

    Attributes:
        document: its tag, `D0` to `D4`.
        file: its file name.
        section: as the document numbers or names it.
    """

    document: str
    file: str
    section: str


class CheckEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One executable piece of evidence.

    Attributes:
        id: the claim's id, a slash and the check's name.
        kind: `law`, `as stated`, `witness`, `necessity`, `proof`, `enclosure`,
            `exhaustive` or `experiment`.
        about: `the mathematics`, `an implementation`, or both.
        text: what it says.
        needs: the methods that an implementation must have for it.
        of: the check that a witness falsifies or an exhaustive check repeats.
        condition: which of the claim's conditions a necessity check drops.
        format: the float format whose values an exhaustive check goes through.
        unsearched: of a false statement, why no search is made for an input that shows it; else empty.
    """

    id: str
    kind: str
    about: str
    text: str
    needs: list[str]
    of: str | None
    condition: str | None
    format: str | None
    unsearched: str


class ClaimEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An assertion of the documents, with its verdict and its checks.

    Attributes:
        id: a topic's three letters and a number.
        topic: the topic's name.
        title: what is true of it, in one line.
        says: what the documents say.
        statement: the same, exactly.
        equation: the heart of it as a formula.
        verdict: `holds`, `conditional`, `refuted`, `loose` or `empirical`.
        conditions: of a conditional claim.
        because: why.
        corrected: of a refuted or loose claim, what holds in its place; else empty.
        floats: how it reads for rounded arithmetic.
        evidence: what the whole of it rests on: `proved`, `enclosed`, `exhaustive`, `sampled`
            or `measured`.
        strongest: the strongest evidence that any of its checks gives, be it for a part.
        finding: of an empirical claim, what its experiment comes to; else empty.
        sources: where it is said.
        see: ids of related claims.
        needs: the methods that an implementation must have to be held to all of its laws; empty
            where no law speaks of implementations.
        checks: the evidence.
    """

    id: str
    topic: str
    title: str
    says: str
    statement: str
    equation: str
    verdict: str
    conditions: list[str]
    because: str
    corrected: str
    floats: str
    evidence: str
    strongest: str
    finding: str
    sources: list[SourceEntry]
    see: list[str]
    needs: list[str]
    checks: list[CheckEntry]


class SideEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One of the things that are said.

    Attributes:
        says: what.
        support: whether the mathematics supports it.
        sources: where.
        claims: the ids of the claims that examine it.
        elsewhere: who says so where none of the documents does.
    """

    says: str
    support: Support
    sources: list[SourceEntry]
    claims: list[str]
    elsewhere: str


class ContradictionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Things that cannot all be true.

    Attributes:
        name: a few words, joined by hyphens.
        about: what they are said about.
        sides: at least two.
        supported: which sides the mathematics supports, and why.
    """

    name: str
    about: str
    sides: list[SideEntry]
    supported: str


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """Claims, in the order of the topics.

    Attributes:
        format: the version of this format.
        rnnspec: the version of rnnspec.
        claims: all of them, or those that were asked for.
        contradictions: those that any of these claims takes part in.
    """

    format: int
    rnnspec: str
    claims: list[ClaimEntry]
    contradictions: list[ContradictionEntry]


def catalogue(claims: Iterable[Claim], rnnspec: str) -> Catalogue:
    """The claims as plain data."""
    claims = list(claims)
    ids = {claim.id for claim in claims}
    return Catalogue(
        format=FORMAT,
        rnnspec=rnnspec,
        claims=[_claim(claim) for claim in claims],
        contradictions=[_contradiction(each) for each in CONTRADICTIONS if ids & set(each.claims)],
    )


def _contradiction(contradiction: Contradiction) -> ContradictionEntry:
    return ContradictionEntry(
        name=contradiction.name,
        about=contradiction.about,
        sides=[
            SideEntry(
                says=side.says,
                support=side.support,
                sources=[_source(source) for source in side.sources],
                claims=list(side.claims),
                elsewhere=side.elsewhere,
            )
            for side in contradiction.sides
        ],
        supported=contradiction.supported,
    )


def _source(source: Source) -> SourceEntry:
    return SourceEntry(document=source.document, file=source.file, section=source.section)


def _claim(claim: Claim) -> ClaimEntry:
    return ClaimEntry(
        id=claim.id,
        topic=claim.topic,
        title=claim.title,
        says=claim.says,
        statement=claim.statement,
        equation=claim.equation,
        verdict=claim.verdict.value,
        conditions=list(claim.conditions),
        because=claim.because,
        corrected=claim.corrected,
        floats=claim.floats,
        evidence=claim.evidence.value,
        strongest=claim.strongest.value,
        finding=claim.finding,
        sources=[_source(source) for source in claim.sources],
        see=list(claim.see),
        needs=list(claim.needs),
        checks=[_check(check) for check in claim.checks],
    )


def _check(check: Check) -> CheckEntry:
    return CheckEntry(
        id=check.id,
        kind=check.kind.value,
        about=check.about.value,
        text=check.text,
        needs=list(check.needs),
        of=None if check.of is None else check.of.id,
        condition=check.condition,
        format=check.format,
        unsearched=check.unsearched,
    )
