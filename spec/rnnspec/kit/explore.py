"""One law held to one subject: judged on an input, explored by Hypothesis, shrunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import given, reject, seed
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from numpy.typing import NDArray

from rnnref import NotCertified
from rnnref.systems.balls import working_precision
from rnnspec.claim import Check, Kind
from rnnspec.errors import Misbehaved, NotOffered
from rnnspec.hold import Comparison, Hold, Inapplicable, Rounding
from rnnspec.kit.held import Held
from rnnspec.kit.judge import Judgement, Outcome, judge_balls, judge_floats, tolerances
from rnnspec.kit.numbers import LAW_PRECISION
from rnnspec.kit.shrink import shorter
from rnnspec.kit.subjects import Mathematics, Scattered
from rnnspec.protocol import Format
from rnnspec.strategies.settings import Profile, explicit_settings, without_local_constants

COSTLY_FAILURES = 3
"""After so many hangs or crashes, shrinking stops: each costs a worker."""

SHRINKING_CALLS = 400
"""How many more inputs are tried to make a failing one smaller. For a false statement it is
an eighth: its smallest counterexample stands beside it, as its witness."""


@dataclass(frozen=True)
class Failure:
    """An input on which a law fails, as small as it could be made.

    Either `judgement` has the violated comparison or `misbehaviour` says why there was
    nothing to compare.
    """

    inputs: Mapping[str, Any]
    judgement: Judgement | None = None
    misbehaviour: str | None = None


@dataclass
class Exploration:
    """What exploring one law on one subject came to.

    Attributes:
        examples: inputs that were judged.
        decided, undecided: single comparisons, of which an input may have many.
        not_offered: why inputs were passed over, if any were.
        worst: the largest observed/allowed.
        costly: how often the implementation's worker went down.
        regimes: how often each was reached.
    """

    examples: int = 0
    decided: int = 0
    undecided: int = 0
    not_offered: str | None = None
    worst: float = 0.0
    costly: int = 0
    regimes: Counter[str] = field(default_factory=Counter)
    failure: Failure | None = None


UNCERTIFIED = Judgement(Outcome.UNDECIDED, decided=0, undecided=1)
"""Of an input at which the reference cannot prove its digits, as at a tie of ReLU."""

Judge = Callable[[Mapping[str, Any]], Judgement]


def mathematics_judge(check: Check, subject: Mathematics) -> Judge:
    """Judges the law in balls, on the reference itself."""

    def judge(inputs: Mapping[str, Any]) -> Judgement:
        hold = Hold(subject)
        try:
            with working_precision(LAW_PRECISION):
                check.function(subject, hold, **inputs)
                return judge_balls(hold.said)
        except NotCertified:  # what was said before that may be false all the same
            with working_precision(LAW_PRECISION):
                so_far = judge_balls(hold.said)
            return so_far if so_far.outcome is Outcome.FALSE else UNCERTIFIED

    return judge


def implementation_judge(check: Check, subject: Held, profile: Profile) -> Judge:
    """Judges the law on an implementation's own numbers, with noise as the tolerance."""
    truth = Mathematics(subject.format, strict=False)

    # Where rounding has kept nothing from being true, it need not be run: in most cases.
    def allowance(said: Sequence[Comparison], inputs: Mapping[str, Any]) -> list[NDArray[np.float64]]:
        noise, quiet = (
            Scattered(subject.format, profile.replicates, 0, quiet=each, begun=subject.begun)
            for each in (False, True)
        )
        scatter = Hold(quiet)
        check.function(noise, scatter, **inputs)
        return tolerances(scatter.said, subject.format, noise.noise.scale, said)

    def judge(inputs: Mapping[str, Any]) -> Judgement:
        hold = Hold(truth)
        try:
            with working_precision(LAW_PRECISION):
                answered = subject.answers
                check.function(subject, hold, **inputs)
                if subject.answers == answered:  # over no steps, say: true, and true of anything
                    return Judgement(Outcome.UNDECIDED, decided=0)
                return judge_floats(hold.said, lambda: allowance(hold.said, inputs), subject.format)
        except NotCertified:
            exact = [said for said in hold.said if said.rounding is Rounding.SURVIVES]
            with working_precision(LAW_PRECISION):
                so_far = judge_floats(exact, list, subject.format)  # they are allowed nothing
            return so_far if so_far.outcome is Outcome.FALSE else UNCERTIFIED

    return judge


class _Failed(Exception):
    """Tells Hypothesis that an input is a failing one."""


class _Enough(BaseException):
    """Stops Hypothesis, which takes any `Exception` for a failure and would look for a smaller one."""


def judge_once(
    check: Check, judge: Judge, fmt: Format, inputs: Mapping[str, Any], *, pin: bool = True
) -> Exploration:
    """Judge one given input, and pin it down if it fails.

    Raises:
        Inapplicable: if the input does not satisfy the law's own conditions.
    """
    found = Exploration()
    found.failure = _attempt(judge, inputs, found)
    if found.failure is not None and pin:
        found.failure = pinned(check, judge, found.failure, fmt)
    return found


def explore(check: Check, judge: Judge, fmt: Format, examples: int, run_seed: int) -> Exploration:
    """Draw inputs for a law until one fails or enough have passed; shrink the one that fails.

    Args:
        check: the law; its inputs are drawn in the format `fmt`.
        examples: how many inputs to draw.
        run_seed: makes the draw reproducible.
    """
    if not check.inputs:
        return judge_once(check, judge, fmt, {})
    found, shrinking = Exploration(), Exploration()
    affordable = SHRINKING_CALLS // 8 if check.kind is Kind.AS_STATED else SHRINKING_CALLS

    def test(inputs: dict[str, Any]) -> None:
        counts, before = (found, found.examples) if found.failure is None else (shrinking, shrinking.examples)
        spent = found.costly + shrinking.costly >= COSTLY_FAILURES or shrinking.examples >= affordable
        if found.failure is not None and spent:
            raise _Enough  # what has been found stands
        try:
            failure = _attempt(judge, inputs, counts)
        except Inapplicable:
            reject()
        if counts is found and found.examples > before:  # it was judged
            for name, source in check.inputs.items():
                found.regimes.update(source.regimes(inputs[name], fmt))
        if failure is not None:
            found.failure = failure
            raise _Failed

    strategies = {name: source.strategy(fmt) for name, source in check.inputs.items()}

    @seed(run_seed)
    @explicit_settings(examples)
    @given(st.fixed_dictionaries(strategies))
    def run(inputs: dict[str, Any]) -> None:
        test(inputs)  # and no more: Hypothesis tokenizes the source of what it is given

    try:
        with without_local_constants():
            run()
    except (_Failed, _Enough, HypothesisException):
        if found.failure is None:
            raise
    if found.failure is not None:
        spent_so_far = found.costly + shrinking.costly
        found.failure = pinned(check, judge, found.failure, fmt, costly=spent_so_far)
    return found


def _attempt(judge: Judge, inputs: Mapping[str, Any], counts: Exploration) -> Failure | None:
    """Judge one input and count what came of it."""
    try:
        judgement = judge(inputs)
    except NotOffered as reason:
        counts.not_offered = str(reason)
        return None
    except Misbehaved as misbehaviour:
        counts.examples += 1
        counts.decided += 1
        counts.costly += misbehaviour.costly
        return Failure(inputs, misbehaviour=str(misbehaviour))
    counts.examples += 1
    counts.decided += judgement.decided
    counts.undecided += judgement.undecided
    counts.worst = max(counts.worst, judgement.worst)
    return Failure(inputs, judgement) if judgement.outcome is Outcome.FALSE else None


def pinned(check: Check, judge: Judge, failure: Failure, fmt: Format, *, costly: int = 0) -> Failure:
    """Pin a failure to a single piece of its input, written with as few digits as it takes.

    Args:
        costly: how many workers the failure has cost so far. One more than
            `COSTLY_FAILURES` is spent on reducing hundreds of numbers to one.
    """
    latest, counts = failure, Exploration(costly=costly)

    def still_fails(inputs: Mapping[str, Any]) -> bool:
        nonlocal latest
        if counts.costly > COSTLY_FAILURES:
            return False
        if not all(source.admits(inputs[name]) for name, source in check.inputs.items()):
            return False
        try:
            smaller = _attempt(judge, inputs, counts)
        except Inapplicable:
            return False
        latest = smaller or latest
        return smaller is not None

    for name, source in check.inputs.items():
        pieces = _suspects_first(list(source.pieces(latest.inputs[name])), latest)
        if len(pieces) > 1:
            whole = latest.inputs
            next(filter(still_fails, ({**whole, name: piece} for piece in pieces)), None)
    if counts.costly < COSTLY_FAILURES:
        shorter(latest.inputs, still_fails, fmt)
    return latest


def _suspects_first(pieces: list[Any], failure: Failure) -> list[Any]:
    """The pieces with those first that stand where the worst violation does.

    A law may have left out a few entries (x = 0, say), so the neighbours are suspects too.
    """
    seen = failure.judgement.violation if failure.judgement else None
    if seen is None or len(seen.index) != 1:
        return pieces
    place = min(seen.index[0], len(pieces) - 1)
    near = slice(place, place + 4)
    return pieces[near] + pieces[: near.start] + pieces[near.stop :]
