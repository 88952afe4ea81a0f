"""Claims: what is asserted, what is true of it, and the checks that show it.

A claim is a record with checks attached by decorators:

    slope_bound = claim("ACT-02", title=..., verdict=HOLDS, ...)

    @slope_bound.law(needs=[SLOPE])
    def at_most_a_quarter(impl: Subject, hold: Hold, x: Preactivations) -> None:
        hold.at_most(impl.slope("sigmoid", x), Fraction(1, 4), rounding=SURVIVES)

A law's inputs are drawn: the annotation of each further parameter says from where.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rnnspec.checks import BadClaim, Check, drawn_inputs
from rnnspec.protocol import FORMATS, METHODS
from rnnspec.sources import Source
from rnnspec.vocabulary import (
    CONDITIONAL,
    EMPIRICAL,
    ENCLOSED,
    EVIDENCE_OF,
    EXHAUSTIVE,
    HOLDS,
    LOOSE,
    MEASURED,
    REFUTED,
    SAMPLED,
    TOPICS,
    About,
    Evidence,
    Kind,
    Verdict,
)

__all__ = [
    "CONDITIONAL",
    "EMPIRICAL",
    "ENCLOSED",
    "EXHAUSTIVE",
    "HOLDS",
    "LOOSE",
    "MEASURED",
    "REFUTED",
    "SAMPLED",
    "TOPICS",
    "About",
    "BadClaim",
    "Check",
    "Claim",
    "Evidence",
    "Kind",
    "Registry",
    "Verdict",
    "claim",
    "registry",
]

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

NOT_AS_STATED = (CONDITIONAL, REFUTED, LOOSE)
"""The verdicts on statements that are false as they were made."""

THEOREMS = {Kind.LAW, Kind.PROOF, Kind.ENCLOSURE}
"""The kinds of check that show what holds."""

SMALL = 2
"""Bytes of a float format whose values are few enough to enumerate."""


@dataclass(frozen=True)
class Claim:
    """An assertion of the documents, with its verdict and its checks.

    Attributes:
        id: a topic of three letters and a number, `ACT-02`.
        title: what is true of it, in one line.
        says: what the documents say, in our words.
        statement: the same, exactly.
        equation: the heart of it as formulas in plain Unicode, one a line.
        verdict: what is true of the statement as made.
        because: why, in a few sentences a student can follow.
        sources: where it is said.
        conditions: of a conditional claim, each as a clause that can be dropped.
        corrected: of a refuted or loose claim, the theorem that stands in its place.
        finding: of an empirical claim, what its experiment comes to.
        rests_on: the weakest evidence that some part of the theorem has, where it has not the
            strongest throughout: `SAMPLED` if proofs cover a few sizes and drawn inputs the rest.
        floats: how the laws read for rounded arithmetic.
        see: ids of related claims.
    """

    id: str
    title: str
    says: str
    statement: str
    equation: str
    verdict: Verdict
    because: str
    sources: tuple[Source, ...]
    conditions: tuple[str, ...] = ()
    corrected: str = ""
    finding: str = ""
    rests_on: Evidence | None = None
    floats: str = ""
    see: tuple[str, ...] = ()
    checks: list[Check] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not re.fullmatch(r"[A-Z]{3}-\d\d", self.id):
            raise BadClaim(f"claim {self.id!r}: id must be a topic and a number, like ACT-02")
        if self.topic_code not in TOPICS:
            self._fault("id", f"topic {self.topic_code} is none of {', '.join(TOPICS)}")
        for name in ("title", "says", "statement", "equation", "because"):
            self._require_text(name)
        if not isinstance(self.verdict, Verdict):
            self._fault("verdict", f"got {self.verdict!r}, expected one of {', '.join(Verdict.__members__)}")
        if not self.sources or not all(isinstance(s, Source) for s in self.sources):
            self._fault("sources", 'expected at least one, like D0("1.2")')
        if (self.verdict is CONDITIONAL) != bool(self.conditions):
            self._fault("conditions", "a conditional claim, and only such a one, names its conditions")
        if self.verdict in (REFUTED, LOOSE) and not self.corrected:
            self._fault("corrected", "a refuted or loose claim says what holds in its place")
        if self.corrected and self.verdict not in (REFUTED, LOOSE):
            self._fault("corrected", "only what is refuted or loose is corrected")
        if (self.verdict is EMPIRICAL) != bool(self.finding):
            self._fault("finding", "an empirical claim, and only such a one, says what was found")

    def _require_text(self, name: str) -> None:
        value = getattr(self, name)
        if not isinstance(value, str) or not value.strip():
            self._fault(name, f"got {value!r}, expected a sentence")

    def _fault(self, name: str, problem: str) -> None:
        raise BadClaim(f"claim {self.id}: field {name}: {problem}")

    @property
    def topic_code(self) -> str:
        return self.id[:3]

    @property
    def topic(self) -> str:
        """The topic's name."""
        return TOPICS[self.topic_code]

    @property
    def evidence(self) -> Evidence:
        """What the whole of it rests on: the strongest evidence that it has, unless it says otherwise."""
        if self.verdict is EMPIRICAL:
            return MEASURED
        return self.rests_on or self.strongest

    @property
    def strongest(self) -> Evidence:
        """The strongest evidence that any of its checks gives, be it for a part."""
        return next(evidence for evidence in Evidence if evidence in self.has_evidence)

    @property
    def has_evidence(self) -> set[Evidence]:
        """All kinds of evidence that its checks give."""
        return {EVIDENCE_OF[check.kind] for check in self.checks if check.kind in EVIDENCE_OF}

    @property
    def needs(self) -> tuple[str, ...]:
        """The methods that an implementation must have for all of the claim's laws to be held to it."""
        laws = [check for check in self.checks if check.about is not About.MATHEMATICS]
        return tuple(method for method in METHODS if any(method in law.needs for law in laws))

    def of_kind(self, kind: Kind) -> list[Check]:
        """The checks of one kind, in the order in which they are written."""
        return [check for check in self.checks if check.kind is kind]

    def law(self, needs: Sequence[str] = (), about: About = About.BOTH, times: int = 1) -> Callable[[F], F]:
        """A statement that holds for all inputs drawn: `f(impl, hold, drawn...)`.

        Args:
            needs: the methods that the law calls.
            about: the mathematics, an implementation, or both.
            times: how many times as many inputs to draw as the profile says, for a bound that
                most inputs are far from, so that few of them show a mistake.
        """
        return self._attach(Kind.LAW, about, needs=tuple(needs), times=times)

    def as_stated(self, needs: Sequence[str] = (), unsearched: str = "") -> Callable[[F], F]:
        """The statement as the document makes it; the search must find it false.

        Args:
            needs: the methods that the statement speaks of.
            unsearched: why no search can reasonably find an input that shows it; the witness
                alone does then.
        """
        return self._attach(Kind.AS_STATED, About.MATHEMATICS, needs=tuple(needs), unsearched=unsearched)

    def witness(self, of: Callable[..., Any]) -> Callable[[F], F]:
        """`f()` gives an input on which the statement `of` is certainly false."""
        return self._attach(Kind.WITNESS, About.MATHEMATICS, of=self._check_of(of))

    def necessity(self, of: Callable[..., Any], condition: str) -> Callable[[F], F]:
        """`f()` gives an input on which `of` fails because a condition is dropped."""
        if condition not in self.conditions:
            self._fault("conditions", f"a necessity check names {condition!r}, which is not among them")
        return self._attach(Kind.NECESSITY, About.MATHEMATICS, of=self._check_of(of), condition=condition)

    def proof(self, function: F) -> F:
        """`f(prove)`: exact algebra over formulas traced from the reference."""
        return self._attach(Kind.PROOF, About.MATHEMATICS)(function)

    def enclosure(self, function: F) -> F:
        """`f(enclose)`: balls over the whole domain, tails included."""
        return self._attach(Kind.ENCLOSURE, About.MATHEMATICS)(function)

    def exhaustive(self, of: Callable[..., Any], format: str) -> None:
        """Hold the law `of`, whose only input is an array x, at every value of a format."""
        law = self._check_of(of)
        if len(law.inputs) != 1:
            self._fault(law.name, "only a law whose one input is an array is held at every value")
        if format not in FORMATS or FORMATS[format].dtype.itemsize > SMALL:
            self._fault(law.name, f"got {format!r}, expected a format of 16 bits, small enough to enumerate")

        def every_value() -> None: ...

        every_value.__name__ = f"{law.name}_in_every_{format}"
        every_value.__doc__ = f"{law.text.rstrip('.')}: at every finite {format}."
        self._attach(Kind.EXHAUSTIVE, law.about, of=law, format=format, needs=law.needs)(every_value)

    def experiment(self, function: F) -> F:
        """`f(lab)`: a seeded measurement, returning an `Outcome`.

        Its verdict is to be the claim's finding. Of a claim that is not empirical, and so has none, it
        shows what no other check reaches, such as a limit of wide networks, and is to support it.
        """
        return self._attach(Kind.EXPERIMENT, About.MATHEMATICS)(function)

    def _attach(self, kind: Kind, about: About, **rest: Any) -> Callable[[F], F]:
        def attach(function: F) -> F:
            name = function.__name__
            for method in rest.get("needs", ()):
                if method not in METHODS:
                    self._fault(name, f"needs {method!r}, which is none of {', '.join(METHODS)}")
            if not (function.__doc__ or "").strip():
                self._fault(name, "a check says in its docstring what it shows")
            if any(check.name == name for check in self.checks):
                self._fault(name, "the claim has another check of this name")
            drawn = kind in (Kind.LAW, Kind.AS_STATED)
            inputs = drawn_inputs(self.id, function) if drawn else {}
            self.checks.append(Check(self.id, name, kind, about, function, inputs=inputs, **rest))
            return function

        return attach

    def _check_of(self, function: Callable[..., Any]) -> Check:
        for check in self.checks:
            if check.function is function:
                return check
        self._fault("of", f"{getattr(function, '__name__', function)!r} is no check of this claim")
        raise AssertionError("unreachable")

    def _check_rests_on(self, weakest: Evidence) -> None:
        if self.verdict is EMPIRICAL:
            self._fault("rests_on", "an empirical claim rests on what is measured, and need not say so")
        if weakest not in self.has_evidence:
            self._fault("rests_on", f"{weakest.value}, of which it has no check")
        if weakest is self.strongest:
            self._fault("rests_on", f"{weakest.value} is the strongest that it has, and need not be said")

    def check_complete(self) -> None:
        """Raise `BadClaim` unless the checks are those that the verdict calls for."""
        kinds = {check.kind for check in self.checks}
        if not self.has_evidence:
            self._fault("checks", "none that is evidence (law, proof, enclosure, exhaustive or experiment)")
        if self.rests_on is not None:
            self._check_rests_on(self.rests_on)
        if self.verdict is EMPIRICAL and Kind.EXPERIMENT not in kinds:
            self._fault("checks", "an empirical claim has an experiment")
        if self.verdict in NOT_AS_STATED and Kind.AS_STATED not in kinds:
            self._fault("checks", f"a {self.verdict.value} claim has a check of the kind 'as stated'")
        if self.verdict in (REFUTED, LOOSE) and Kind.WITNESS not in kinds:
            self._fault("checks", f"a {self.verdict.value} claim has a check of the kind 'witness'")
        if self.verdict in NOT_AS_STATED and not kinds & THEOREMS:
            self._fault(
                "checks",
                f"a {self.verdict.value} claim shows what holds instead, in a law, a proof or an enclosure",
            )
        dropped = {check.condition for check in self.of_kind(Kind.NECESSITY)}
        for condition in self.conditions:
            if condition not in dropped:
                self._fault("conditions", f"no necessity check drops {condition!r}")
        falsified = {check.of.name for check in self.checks if check.of and check.kind is not Kind.EXHAUSTIVE}
        for check in self.of_kind(Kind.AS_STATED):
            if check.name not in falsified:
                self._fault(check.name, "no witness falsifies this statement")


class Registry:
    """All claims, by id, in the order of the topics."""

    def __init__(self) -> None:
        self._claims: dict[str, Claim] = {}

    def add(self, claim: Claim) -> None:
        if claim.id in self._claims:
            raise BadClaim(f"claim {claim.id}: the id is taken twice")
        self._claims[claim.id] = claim

    def __iter__(self) -> Iterator[Claim]:
        topics = list(TOPICS)
        return iter(sorted(self._claims.values(), key=lambda c: (topics.index(c.topic_code), c.id)))

    def __len__(self) -> int:
        return len(self._claims)

    def __getitem__(self, claim_id: str) -> Claim:
        return self._claims[claim_id]

    def __contains__(self, claim_id: object) -> bool:
        return claim_id in self._claims

    def check_complete(self) -> None:
        """Raise `BadClaim` if any claim is incomplete or refers to one that is not there."""
        for claim in self:
            claim.check_complete()
            for other in claim.see:
                if other not in self:
                    raise BadClaim(f"claim {claim.id}: field see: there is no claim {other}")


registry = Registry()


def claim(
    id: str,
    *,
    title: str,
    says: str,
    statement: str,
    equation: str,
    verdict: Verdict,
    because: str,
    sources: Sequence[Source],
    conditions: Sequence[str] = (),
    corrected: str = "",
    finding: str = "",
    rests_on: Evidence | None = None,
    floats: str = "",
    see: Sequence[str] = (),
) -> Claim:
    """Make a claim and enter it in the registry. For the arguments see `Claim`.

    Raises:
        BadClaim: if a field is missing, empty or contradicts another.
    """
    made = Claim(
        id=id,
        title=title,
        says=_text(id, "says", says),
        statement=_text(id, "statement", statement),
        equation=_text(id, "equation", equation),
        verdict=verdict,
        because=_text(id, "because", because),
        sources=_several(id, "sources", sources, Source),
        conditions=_several(id, "conditions", conditions, str),
        corrected=_text(id, "corrected", corrected),
        finding=_text(id, "finding", finding),
        rests_on=rests_on,
        floats=_text(id, "floats", floats),
        see=_several(id, "see", see, str),
    )
    registry.add(made)
    return made


def _text(claim_id: str, name: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadClaim(f"claim {claim_id}: field {name}: got {value!r}, expected a sentence")
    return inspect.cleandoc(value)


def _several(claim_id: str, name: str, values: object, kind: type[T]) -> tuple[T, ...]:
    """A list of things, and not one thing: a string would pass for a list of letters."""
    if isinstance(values, (list, tuple)) and all(isinstance(v, kind) and v for v in values):
        return tuple(values)
    raise BadClaim(f"claim {claim_id}: field {name}: got {values!r}, expected a list of {kind.__name__}")
