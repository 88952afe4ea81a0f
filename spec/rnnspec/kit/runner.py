"""Running checks: from claims and readings to tasks, and from tasks to results."""

from __future__ import annotations

import difflib
import gc
import signal
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context, resource_tracker
from typing import Any

from hypothesis.errors import HypothesisException

from rnnspec.claim import About, Check, Claim, Kind
from rnnspec.claims import registry
from rnnspec.errors import CallAtFault, CannotLoad
from rnnspec.evidence import NotProved, NotRun
from rnnspec.hold import Inapplicable
from rnnspec.kit.enclosing import Encloser
from rnnspec.kit.endpoint import Endpoint, InProcess
from rnnspec.kit.explore import (
    Judge,
    explore,
    implementation_judge,
    judge_once,
    mathematics_judge,
)
from rnnspec.kit.held import Held
from rnnspec.kit.laboratory import Laboratory
from rnnspec.kit.proving import Prover
from rnnspec.kit.results import CheckResult, Status, describe_row
from rnnspec.kit.subjects import Mathematics
from rnnspec.protocol import Format, format_named
from rnnspec.strategies.settings import Profile, profile_named
from rnnspec.strategies.writing import as_python

MATHEMATICS = "mathematics"
"""The reading in balls; the others are called by their float format."""

WIDEST = format_named("float64")
"""The mathematics is explored at numbers of this format."""


@dataclass(frozen=True)
class Task:
    """One check in one reading, by name, so that it can be sent to another process."""

    check: str
    reading: str
    profile: str
    seed: int

    def find(self) -> tuple[Claim, Check]:
        """The claim and the check that are meant."""
        claim = registry[self.check.split("/")[0]]
        return claim, next(check for check in claim.checks if check.id == self.check)

    @property
    def own_seed(self) -> int:
        """A seed that depends on the run's and on what is run, not on the order."""
        return zlib.crc32(f"{self.seed} {self.check} {self.reading}".encode())


def selected(names: Sequence[str]) -> list[Claim]:
    """The claims that ids or topics name, in the registry's order; all of them if there are none.

    Raises:
        CallAtFault: if a name is neither an id nor a topic.
    """
    chosen: set[str] = set()
    for name in names:
        called = name.strip().upper()
        found = {c.id for c in registry if called in (c.id, c.topic_code, c.topic.upper())}
        if not found:
            topics = list(dict.fromkeys(claim.topic_code for claim in registry))
            known = [claim.id for claim in registry] + topics
            close = difflib.get_close_matches(called, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; topics are {', '.join(topics)}"
            raise CallAtFault(f"no claim or topic is called {name!r}{hint}")
        chosen |= found
    return [claim for claim in registry if claim.id in chosen or not names]


def plan(
    claims: Iterable[Claim],
    readings: Sequence[str],
    profile: str,
    seed: int,
    *,
    swept: Sequence[str] = (),
) -> list[Task]:
    """Every check of the claims in every reading that it has.

    Args:
        swept: float formats besides, in which nothing but exhaustive checks is held.
    """
    return [
        Task(check.id, reading, profile, seed)
        for claim in claims
        for check in claim.checks
        for reading in (*readings, *(swept if check.kind is Kind.EXHAUSTIVE else ()))
        if _has_reading(check, reading)
    ]


def _has_reading(check: Check, reading: str) -> bool:
    if check.unsearched:  # its witness shows that it is false
        return False
    if reading == MATHEMATICS:
        return check.about is not About.IMPLEMENTATION
    if check.about is About.MATHEMATICS:
        return False
    return check.format in (None, reading)


@dataclass
class _Job:
    """A task found and set up: what its runner needs, and the result that it fills in."""

    claim: Claim
    check: Check
    reading: str
    profile: Profile
    seed: int
    endpoint: Endpoint | None
    result: CheckResult

    def judge(self, check: Check) -> tuple[Judge, Format]:
        """How inputs of `check` are judged in this reading, and the format they are drawn in."""
        if self.reading == MATHEMATICS:
            return mathematics_judge(check, Mathematics(WIDEST)), WIDEST
        if self.endpoint is None:
            raise CallAtFault(f"{check.id} in {self.reading} needs an implementation")
        fmt = format_named(self.reading)
        return implementation_judge(check, Held(self.endpoint, fmt), self.profile), fmt


def run_task(task: Task, endpoint: Endpoint | None) -> CheckResult:
    """Run one check in one reading.

    Args:
        task: which.
        endpoint: the implementation, for readings in a float format.
    """
    claim, check = task.find()
    result = CheckResult(claim.id, check.id, check.kind.value, task.reading)
    job = _Job(claim, check, task.reading, profile_named(task.profile), task.own_seed, endpoint, result)
    started = time.perf_counter()
    try:
        _RUNNERS[check.kind](job)
    except HypothesisException as reason:  # no input satisfies the law, or drawing takes too long
        result.status = Status.FAILED
        result.detail = f"Hypothesis gave up: {type(reason).__name__}: {reason}"
    except NotProved as reason:
        result.status = Status.FAILED
        result.detail = str(reason)
    except NotRun as reason:
        result.status = Status.NOT_RUN
        result.detail = str(reason)
    except Inapplicable as reason:
        result.status = Status.FAILED
        result.detail = f"the witness does not satisfy the statement's own conditions: {reason}"
    except (CallAtFault, CannotLoad):  # of the call and of the implementation, and no check's fault
        raise
    except Exception as fault:  # a mistake in the check itself, which must not cost all other results
        result.status = Status.FAILED
        result.detail = f"the check itself broke: {type(fault).__name__}: {fault}"
    result.seconds = time.perf_counter() - started
    return result


def run_tasks(tasks: Sequence[Task], endpoint: Endpoint | None) -> Iterator[CheckResult]:
    """Run tasks one after the other in this process."""
    for task in tasks:
        yield run_task(task, endpoint)


def run_tasks_side_by_side(
    tasks: Sequence[Task], make: Callable[[], Any], jobs: int
) -> Iterator[CheckResult]:
    """Run tasks on several processes, each with an implementation of its own; results in order.

    Args:
        make: makes the implementation; a class or function that can be imported.
    """
    if jobs <= 1:
        yield from run_tasks(tasks, InProcess(make()))
        return
    # Fresh processes instead of forks: flint's and the implementation's threads survive no fork.
    others = {process.pid for process in active_children()}
    with ProcessPoolExecutor(jobs, get_context("spawn"), _prepare, (make,)) as pool:
        try:
            with _interrupts_held_back():  # from the processes for ever: Ctrl-C is for this one
                begun = {task: pool.submit(_run_prepared, task) for task in sorted(tasks, key=_lightness)}
            for task in tasks:
                yield begun[task].result()
        except (KeyboardInterrupt, GeneratorExit):
            for process in active_children():
                if process.pid not in others:
                    process.terminate()
            raise


def _lightness(task: Task) -> bool:
    """What takes seconds goes first, so that no process is left with it alone at the end."""
    return task.find()[1].kind is not Kind.EXPERIMENT


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let Ctrl-C wait; processes that are started meanwhile never hear of it."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    resource_tracker.ensure_running()  # whose start would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_prepared: list[Endpoint] = []


def _prepare(make: Callable[[], Any]) -> None:
    _prepared.append(InProcess(make()))
    spare_what_is_loaded()


def spare_what_is_loaded() -> None:
    """Keep the garbage collector from what is there to stay: claims, and all that they import.

    Laws make hundreds of thousands of short-lived numbers. To look through everything else
    for each few of them took a sixth of a run.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


def _run_prepared(task: Task) -> CheckResult:
    return run_task(task, _prepared[0])


def _law(job: _Job) -> None:
    judge, fmt = job.judge(job.check)
    examples = job.check.times * job.profile.examples
    job.result.take(explore(job.check, judge, fmt, examples, job.seed), job.claim, job.check)


def _exhaustive(job: _Job) -> None:
    law, name = _statement(job.check), job.check.format
    assert name is not None
    judge, fmt = job.judge(law)
    (parameter,) = law.inputs
    values = format_named(name).every_finite_value()
    job.result.take(judge_once(law, judge, fmt, {parameter: values}), job.claim, law)
    job.result.detail = job.result.detail or f"all {len(values)} finite values"


def _as_stated(job: _Job) -> None:
    judge, fmt = job.judge(job.check)
    found = explore(job.check, judge, fmt, job.profile.search, job.seed)
    job.result.count(found)
    if found.failure is None:
        job.result.status = Status.FAILED
        job.result.detail = f"the statement is false, but none of {found.examples} inputs shows it"
    else:
        job.result.status = Status.PASSED
        job.result.detail = f"falsified by {_inputs(found.failure.inputs)}"


def _witness(job: _Job) -> None:
    statement = _statement(job.check)
    judge, fmt = job.judge(statement)
    found = judge_once(statement, judge, fmt, job.check.function(), pin=False)
    job.result.count(found)
    judgement = found.failure.judgement if found.failure else None
    if judgement is None or judgement.violation is None:
        job.result.status = Status.FAILED
        job.result.detail = f"the witness does not falsify {statement.id} with certainty"
    else:
        seen = judgement.violation
        job.result.status = Status.PASSED
        job.result.detail = f"not {seen.got} {seen.relation} {seen.expected}"


def _proof(job: _Job) -> None:
    prover = Prover()
    job.check.function(prover)
    _shown(job, prover.proved, "steps of exact algebra")


def _enclosure(job: _Job) -> None:
    encloser = Encloser()
    job.check.function(encloser)
    _shown(job, encloser.pieces, "intervals")


def _experiment(job: _Job) -> None:
    outcome = job.check.function(Laboratory(job.profile.trials, job.seed))
    job.result.rows = [describe_row(row) for row in outcome.rows]
    job.result.examples = job.result.decided = sum(row.n for row in outcome.rows)
    if outcome.verdict != (job.claim.finding or "supported"):
        job.result.status = Status.FAILED if outcome.settled else Status.UNDECIDED
    else:
        job.result.status = Status.PASSED if outcome.rows else Status.RECORDED
    job.result.detail = f"{outcome.verdict}: {outcome.explanation}"


_RUNNERS: Mapping[Kind, Callable[[_Job], None]] = {
    Kind.LAW: _law,
    Kind.EXHAUSTIVE: _exhaustive,
    Kind.AS_STATED: _as_stated,
    Kind.WITNESS: _witness,
    Kind.NECESSITY: _witness,
    Kind.PROOF: _proof,
    Kind.ENCLOSURE: _enclosure,
    Kind.EXPERIMENT: _experiment,
}


def _statement(check: Check) -> Check:
    """The check that a witness falsifies or an exhaustive check repeats."""
    assert check.of is not None
    return check.of


def _shown(job: _Job, count: int, what: str) -> None:
    """A proof or an enclosure that ran to its end has shown what it did, unless it did nothing."""
    job.result.status = Status.PASSED if count else Status.FAILED
    job.result.decided = count
    job.result.detail = f"{count} {what}"


def _inputs(inputs: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {as_python(value)}" for name, value in inputs.items())
