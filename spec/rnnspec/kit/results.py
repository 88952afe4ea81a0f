"""What a run has to say: results of checks, failures with all that is needed to repeat them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

from rnnspec.claim import Check, Claim
from rnnspec.experiment import Measurement, Timing
from rnnspec.kit.explore import Exploration, Failure
from rnnspec.strategies.writing import as_python, names_used


class Status(Enum):
    """What a check came to."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_OFFERED = "not offered"
    UNDECIDED = "undecided"
    NOT_RUN = "not run"
    RECORDED = "recorded"


OPEN = (Status.NOT_OFFERED, Status.UNDECIDED, Status.NOT_RUN, Status.RECORDED)
"""What is neither passed nor failed."""


@dataclass
class FailureReport:
    """A failure, with everything that is needed to understand and to repeat it.

    Attributes:
        claim, check, equation: what failed.
        text: what the check says, in words.
        inputs: the shrunk input, as Python expressions by parameter.
        names: the classes that these expressions need.
        what: the comparison that failed, in the law's words.
        relation: between `got` and `expected`.
        got, expected: as decimal strings.
        allowed: how far apart they may be.
        ratio: observed/allowed; null in JSON where nothing is allowed.
        misbehaviour: instead of these, why there was nothing to compare.
    """

    claim: str
    check: str
    equation: str
    text: str
    inputs: dict[str, str]
    names: list[str]
    what: str = ""
    relation: str = ""
    got: str = ""
    expected: str = ""
    allowed: float = 0.0
    ratio: float = 0.0
    misbehaviour: str | None = None


@dataclass
class Times:
    """How long two things took by turns, which is never the same twice.

    Attributes:
        first, second: the median of each, in seconds.
        ratio: the median of first/second.
        low, high: its interval at 95 %.
    """

    first: float
    second: float
    ratio: float
    low: float
    high: float


@dataclass
class Row:
    """A number that an experiment measured; null in JSON where it is infinite or unknown.

    Attributes:
        what: the setting.
        statistic: `frequency`, `mean`, `median`, `mean difference`, `median ratio`, or `time ratio`,
            whose numbers are in `seconds`.
        value: the number.
        low, high: its interval at 95 %.
        n: of how many trials.
        seconds: of a time ratio, what was measured.
    """

    what: str
    statistic: str
    value: float
    low: float
    high: float
    n: int
    seconds: Times | None = None


def describe_row(row: Measurement | Timing) -> Row:
    """A row of an outcome as plain text and numbers."""
    if isinstance(row, Measurement):
        return Row(row.what, row.statistic, row.value, row.low, row.high, row.n)
    times = Times(row.first, row.second, row.ratio, row.low, row.high)
    return Row(row.what, "time ratio", math.nan, math.nan, math.nan, row.n, times)


def describe_failure(failure: Failure, claim: Claim, check: Check) -> FailureReport:
    """A failure as plain text and numbers."""
    report = FailureReport(
        claim=claim.id,
        check=check.id,
        equation=claim.equation,
        text=check.text,
        inputs={name: as_python(value) for name, value in failure.inputs.items()},
        names=sorted(set().union(*map(names_used, failure.inputs.values()))),
        misbehaviour=failure.misbehaviour,
    )
    if failure.judgement is not None and (violation := failure.judgement.violation) is not None:
        report.what, report.relation = violation.what, violation.relation
        report.got, report.expected = violation.got, violation.expected
        report.allowed, report.ratio = violation.allowed, violation.ratio
    return report


@dataclass
class CheckResult:
    """What one check came to in one reading.

    Attributes:
        claim, check: ids.
        kind: of the check.
        reading: `mathematics`, or the float format of the implementation.
        status: `not offered`, `undecided`, `not run` and `recorded` are neither passes nor failures.
        examples: inputs that were judged.
        decided, undecided: single comparisons (or steps of a proof, or intervals).
        worst: the largest observed/allowed.
        regimes: how many drawn numbers or networks belonged to each.
        detail: one line: what was found, counted or missing.
        rows: of an experiment, what it measured.
        failure: what failed, if anything did.
        seconds: how long it took.
    """

    claim: str
    check: str
    kind: str
    reading: str
    status: Status = Status.UNDECIDED
    examples: int = 0
    decided: int = 0
    undecided: int = 0
    worst: float = 0.0
    regimes: dict[str, int] = field(default_factory=dict)
    detail: str = ""
    rows: list[Row] = field(default_factory=list)
    failure: FailureReport | None = None
    seconds: float = 0.0

    def count(self, found: Exploration) -> None:
        """Take over the numbers of an exploration."""
        self.examples, self.worst = found.examples, found.worst
        self.decided, self.undecided = found.decided, found.undecided
        self.regimes = dict(sorted(found.regimes.items()))

    def take(self, found: Exploration, claim: Claim, check: Check) -> None:
        """Take over the numbers and the verdict of an exploration."""
        self.count(found)
        if found.failure is not None:
            self.status = Status.FAILED
            self.failure = describe_failure(found.failure, claim, check)
        elif found.decided:
            self.status = Status.PASSED
        elif found.not_offered is not None:
            self.status = Status.NOT_OFFERED
        else:
            self.status = Status.UNDECIDED
        if found.not_offered is not None:
            self.detail = found.not_offered
