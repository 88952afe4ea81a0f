"""The report of a run: everything it came to, as plain data that are written as JSON.

The same seed gives the same report, byte for byte, but for the fields called `seconds`.
JSON knows no infinity: a number that is infinite is written as null.
"""

from __future__ import annotations

import inspect
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import msgspec
import numpy as np

from rnnspec.claim import About, Claim
from rnnspec.kit.results import OPEN, CheckResult, Status
from rnnspec.kit.runner import MATHEMATICS
from rnnspec.protocol import Description

FORMAT = 1
"""The version of the report's format; a field that changes its meaning or goes makes a new one."""

UNBOUNDED = frozenset({"worst", "allowed", "ratio", "value", "low", "high"})
"""The numbers that may be infinite, and are null then."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The implementation that was held to the spec.

    Attributes:
        target: as it was named on the command line; of a program, its command.
        program: the words of that command; empty for what is no program.
        name, version: what it calls itself.
        formats: the float formats it was held in.
        offers: the methods that it has.
        declares: what it says of itself.
    """

    target: str
    program: list[str]
    name: str
    version: str
    formats: list[str]
    offers: list[str]
    declares: dict[str, bool | str]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where the run took place.

    Attributes:
        system: the operating system.
        processor: its architecture.
        features: the processor's extensions that NumPy makes use of.
        python, numpy, python_flint, hypothesis: versions.
    """

    system: str
    processor: str
    features: list[str]
    python: str
    numpy: str
    python_flint: str
    hypothesis: str


class ClaimReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks of one claim came to.

    Attributes:
        id, title: of the claim.
        verdict: what the mathematics says of the statement as it was made.
        evidence: the strongest that the claim has.
        status: `failed` if any check failed, else `passed` if any passed.
        examples: inputs that were judged.
        worst: the largest observed/allowed; null where an error was found and none is allowed.
        results: every check in every reading.
    """

    id: str
    title: str
    verdict: str
    evidence: str
    status: Status
    examples: int
    worst: float
    results: list[CheckResult]


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was not checked.

    Attributes:
        claim: its id.
        check: the id of the check; null if no check of the claim was run.
        readings: in which it was not.
        partly: whether only some of the inputs were passed over.
        why: the reason.
    """

    claim: str
    check: str | None
    readings: list[str]
    partly: bool
    why: str


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How much was done.

    Attributes:
        claims, checks: how many were run, in whatever readings.
        passed, failed, not_offered, undecided, not_run, recorded: checks in single readings,
            by status.
        examples: inputs that were judged.
        comparisons: single comparisons that were decided.
        undecided_comparisons: those that stayed open; they are no evidence.
        regimes: how many drawn numbers or networks belonged to each.
    """

    claims: int
    checks: int
    passed: int
    failed: int
    not_offered: int
    undecided: int
    not_run: int
    recorded: int
    examples: int
    comparisons: int
    undecided_comparisons: int
    regimes: dict[str, int]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run came to.

    Attributes:
        format: the version of this format.
        rnnspec: the version of rnnspec.
        command: `verify` or `check`.
        held: the implementation.
        readings: `mathematics` and float formats.
        profile: how thoroughly.
        seed: with which the same run can be made again.
        machine: where.
        claims: what each came to, in the order of the registry.
        gaps: what was not checked, and why.
        counts: how much was done.
        exit_code: 0 conforms, 1 does not, 2 nothing could be checked.
        seconds: how long it took.
    """

    format: int
    rnnspec: str
    command: str
    held: Held
    readings: list[str]
    profile: str
    seed: int
    machine: Machine
    claims: list[ClaimReport]
    gaps: list[Gap]
    counts: Counts
    exit_code: int
    seconds: float


def make_report(
    claims: Sequence[Claim],
    results: Sequence[CheckResult],
    *,
    command: str,
    rnnspec: str,
    target: str,
    description: Description,
    readings: Sequence[str],
    profile: str,
    seed: int,
    seconds: float,
    program: Sequence[str] = (),
) -> Report:
    """The report of a run from the results of its checks.

    Args:
        claims: those that were selected, whether or not a check of theirs was run.
        results: of all checks that were run.
        readings: in which they were run.
        program: the words of the command, if the target is a program.
    """
    by_claim = {claim.id: [r for r in results if r.claim == claim.id] for claim in claims}
    formats = [reading for reading in readings if reading != MATHEMATICS]
    return Report(
        format=FORMAT,
        rnnspec=rnnspec,
        command=command,
        held=Held(
            target=target,
            program=list(program),
            name=description.name,
            version=description.version,
            formats=formats,
            offers=list(description.offers),
            declares=dict(description.declares),
        ),
        readings=list(readings),
        profile=profile,
        seed=seed,
        machine=this_machine(),
        claims=[claim_report(claim, by_claim[claim.id]) for claim in claims if by_claim[claim.id]],
        gaps=[gap for claim in claims for gap in _gaps(claim, by_claim[claim.id], formats)],
        counts=_counts(results),
        exit_code=_exit_code(results),
        seconds=seconds,
    )


def claim_report(claim: Claim, results: Sequence[CheckResult]) -> ClaimReport:
    """What the results of one claim's checks come to together."""
    ratios = [r.worst for r in results] + [r.failure.ratio for r in results if r.failure is not None]
    return ClaimReport(
        id=claim.id,
        title=claim.title,
        verdict=claim.verdict.value,
        evidence=claim.evidence.value,
        status=together(r.status for r in results),
        examples=sum(r.examples for r in results),
        worst=max(ratios, default=0.0),
        results=list(results),
    )


def together(statuses: Iterable[Status]) -> Status:
    """The status of a whole from those of its parts: one failure fails it, one pass carries it."""
    order = (Status.FAILED, Status.PASSED, *OPEN)
    return min(statuses, key=order.index, default=Status.UNDECIDED)


def _gaps(claim: Claim, results: Sequence[CheckResult], formats: Sequence[str]) -> list[Gap]:
    if not results:
        return [Gap(claim=claim.id, check=None, readings=[], partly=False, why=_no_check(claim, formats))]
    found: dict[tuple[str, bool, str], list[str]] = {}
    for r in results:
        missing = r.status in OPEN
        # A law that passed says in its detail only why inputs were passed over.
        if missing or (r.status is Status.PASSED and r.kind == "law" and r.detail):
            found.setdefault((r.check, not missing, reason(r)), []).append(r.reading)
    return [
        Gap(claim=claim.id, check=check, readings=readings, partly=partly, why=why)
        for (check, partly, why), readings in found.items()
    ]


def _no_check(claim: Claim, formats: Sequence[str]) -> str:
    if all(check.about is About.MATHEMATICS for check in claim.checks):
        return "it is about the mathematics alone, which `rnnspec verify` examines"
    return f"no check of it is made in {' or '.join(formats)}"


def reason(result: CheckResult) -> str:
    """Why there was nothing to compare, or not everywhere."""
    if result.detail:
        return result.detail
    if not result.examples:
        return "no drawn input satisfied its conditions"
    return "no comparison could be decided at the precision that was reached"


def _counts(results: Sequence[CheckResult]) -> Counts:
    regimes: Counter[str] = Counter()
    for result in results:
        regimes.update(result.regimes)
    statuses = Counter(result.status for result in results)
    return Counts(
        claims=len({result.claim for result in results}),
        checks=len({result.check for result in results}),
        passed=statuses[Status.PASSED],
        failed=statuses[Status.FAILED],
        not_offered=statuses[Status.NOT_OFFERED],
        undecided=statuses[Status.UNDECIDED],
        not_run=statuses[Status.NOT_RUN],
        recorded=statuses[Status.RECORDED],
        examples=sum(result.examples for result in results),
        comparisons=sum(result.decided for result in results),
        undecided_comparisons=sum(result.undecided for result in results),
        regimes=dict(sorted(regimes.items())),
    )


def _exit_code(results: Sequence[CheckResult]) -> int:
    statuses = {result.status for result in results}
    return 1 if Status.FAILED in statuses else 0 if Status.PASSED in statuses else 2


def this_machine() -> Machine:
    """What may make results differ from one machine to the next."""
    config: Mapping[str, Any] = np.show_config(mode="dicts")  # type: ignore[assignment, call-arg, func-returns-value, unused-ignore]
    simd = config.get("SIMD Extensions", {})
    return Machine(
        system=platform.system(),
        processor=platform.machine(),
        features=[*simd.get("baseline", ()), *simd.get("found", ())],
        python=platform.python_version(),
        numpy=np.__version__,
        python_flint=version("python-flint"),
        hypothesis=version("hypothesis"),
    )


def as_json(document: msgspec.Struct) -> bytes:
    """A report, or whatever else is made of structs, as indented JSON with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def json_schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON schema of what `as_json` writes for a type."""
    schema = msgspec.json.schema(kind)
    for definition in schema["$defs"].values():
        if "description" in definition:
            definition["description"] = inspect.cleandoc(definition["description"])
        for name in UNBOUNDED & set(definition.get("properties", ())):
            definition["properties"][name]["type"] = ["number", "null"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
