"""Which law notices which mistake: every mutant against every law, kept in `matrix.json`.

    make matrix                  # compute it anew, on all cores
    make matrix ARGS=--check     # say whether it is stale, by the hash of the sources it was made from

A law's column is made from a few inputs that it draws once. While the correct implementation
answers for these, every function that it runs is written down, with every call and its answer: a
mistake in another function cannot be noticed, nor one that changes no answer. Mistakes in the
reference's formulas are planted in the NumPy implementation, which is made of the same ones, while
the reference that it is held to runs without.

The tests hold each mutant to its designated killers at the standard profile; here they are held in
the same way, and everything else to `EXAMPLES` inputs. So that a law is seen to miss a mistake means
that it missed it on these, no more.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
from rich.progress import track

from mutants.every import FAULTY, FORMULAS, held_to_implementations
from mutants.patching import Mutant
from mutants.planting import Planted
from rnnspec.claim import Check, Kind
from rnnspec.errors import Misbehaved, NotOffered
from rnnspec.hold import Inapplicable
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.explore import Judge, explore, implementation_judge
from rnnspec.kit.held import Held
from rnnspec.kit.judge import Judgement, Outcome
from rnnspec.kit.results import Status
from rnnspec.kit.runner import Task, run_task
from rnnspec.protocol import format_named
from rnnspec.strategies.settings import profile_named

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).with_name("matrix.json")
SOURCES = ("spec/rnnspec", "reference/rnnref", "tests/mutants")
PACKAGES = ("numpy", "hypothesis", "python-flint", "ml_dtypes")

SEED = 0
EXAMPLES = 6

KILLED, MISSED, UNCHANGED, UNREACHED = "x.= "
MARKS = {
    KILLED: "the law fails",
    MISSED: "an answer differs, and the law does not fail",
    UNCHANGED: "no answer differs",
    UNREACHED: "the function that the mistake is in does not run",
}


@dataclass(frozen=True)
class Row:
    """A mutant, what it is a mistake in, the format in which it is tried, and its designated killers."""

    mutant: Mutant
    of: str
    dtype: str
    killers: tuple[str, ...]


def rows() -> list[Row]:
    """All mutants: first those of implementations, then those of the reference's formulas."""
    own = [Row(each.mutant, "an implementation", each.dtype, each.killers) for each in FAULTY]
    return own + [Row(mutant, "the formulas", "float64", ()) for mutant, _ in FORMULAS]


def laws() -> list[Check]:
    """The laws that speak of implementations. Exhaustive checks are these laws again, at all values."""
    return [check for check in held_to_implementations() if check.kind is Kind.LAW]


def sources_hash(root: Path = ROOT) -> str:
    """SHA-256 over all Python files that the matrix depends on, with their names."""
    digest = hashlib.sha256()
    for path in sorted(path for source in SOURCES for path in (root / source).rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


@dataclass(frozen=True)
class Call:
    """A call that a law makes, and what is answered correctly."""

    method: str
    arguments: dict[str, Any]
    answer: Any

    def is_answered_alike(self, endpoint: InProcess) -> bool:
        """Whether an implementation answers the same, to the last bit."""
        try:
            return _alike(endpoint.call(self.method, **self.arguments), self.answer)
        except Misbehaved:
            return False


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        form = (one.dtype, one.shape) == (other.dtype, other.shape)
        return form and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other)


class _Watched(InProcess):
    """The correct implementation, which writes down what it is asked and the functions that run then."""

    def __init__(self) -> None:
        super().__init__(NumpyImplementation())
        self.ran: set[CodeType] = set()
        self.calls: list[Call] = []

    def call(self, method: str, /, **arguments: Any) -> Any:
        before = sys.getprofile()
        sys.setprofile(self._write_down)
        try:
            answer = super().call(method, **arguments)
        finally:
            sys.setprofile(before)
        self.calls.append(Call(method, arguments, copy.deepcopy(answer)))
        return answer

    def _write_down(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            self.ran.add(frame.f_code)


@dataclass(frozen=True)
class Drawn:
    """What a law draws: inputs, with the calls that it makes for each; and what runs meanwhile."""

    inputs: list[tuple[Any, list[Call]]]
    ran: set[CodeType]


@cache
def drawn(law: str, dtype: str) -> Drawn:
    """The inputs on which a law is held to mistakes.

    Raises:
        AssertionError: if the correct implementation is accused.
    """
    _, check = Task(law, dtype, "quick", SEED).find()
    watched, inputs = _Watched(), list[tuple[Any, list[Call]]]()
    correct = _judge(check, watched, dtype)

    def judge(drawn: Any) -> Judgement:
        watched.calls = []
        judgement = correct(drawn)
        inputs.append((drawn, watched.calls))
        return judgement

    found = explore(check, judge, format_named(dtype), EXAMPLES, SEED)
    assert found.failure is None, f"{law} accuses the correct implementation in {dtype}: {found.failure}"
    return Drawn(inputs, watched.ran)


def _judge(law: Check, endpoint: InProcess, dtype: str) -> Judge:
    return implementation_judge(law, Held(endpoint, format_named(dtype)), profile_named("quick"))


def entry(row: Row, law: str) -> str:
    """What becomes of one mutant under one law."""
    endpoint = Planted(row.mutant)
    if law in row.killers:
        found = run_task(Task(law, row.dtype, "standard", SEED), endpoint)
        return KILLED if found.status is Status.FAILED else MISSED
    tried = drawn(law, row.dtype)
    if row.mutant.code not in tried.ran:
        return UNREACHED
    _, check = Task(law, row.dtype, "quick", SEED).find()
    judge = _judge(check, endpoint, row.dtype)
    different = [
        inputs
        for inputs, calls in tried.inputs
        if not all(call.is_answered_alike(endpoint) for call in calls)
    ]
    noticed = any(_fails(judge, inputs) for inputs in different)
    return KILLED if noticed else MISSED if different else UNCHANGED


def _fails(judge: Judge, inputs: Any) -> bool:
    try:
        return judge(inputs).outcome is Outcome.FALSE
    except Misbehaved:
        return True
    except (NotOffered, Inapplicable):
        return False


def column(law: str) -> str:
    """What becomes of every mutant under one law, a character each."""
    return "".join(entry(row, law) for row in rows())


def computed(jobs: int) -> dict[str, Any]:
    """The whole matrix, with what it was made from."""
    names = [law.id for law in laws()]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        futures = [pool.submit(column, name) for name in names]
        columns = [future.result() for future in track(futures, "laws", transient=True)]
    return {
        "sources": sources_hash(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "seed": SEED,
        "examples": EXAMPLES,
        "marks": MARKS,
        "laws": names,
        "mutants": [
            {**described(row), "laws": "".join(marks)}
            for row, marks in zip(rows(), zip(*columns, strict=True), strict=True)
        ],
    }


def described(row: Row) -> dict[str, Any]:
    """What the matrix says of a mutant, beside what became of it."""
    mutant = row.mutant
    return {
        "name": mutant.name,
        "of": row.of,
        "where": mutant.where,
        "mistake": mutant.mistake,
        "format": row.dtype,
    }


CURRENT = "current"


def state_of(kept: Path) -> str:
    """Whether a matrix that is kept is still that of the sources."""
    if not kept.exists():
        return "not there: make matrix computes it"
    made_from = json.loads(kept.read_text(encoding="utf-8"))["sources"]
    return CURRENT if made_from == sources_hash() else "stale: its sources have changed"


def summary(matrix: dict[str, Any]) -> str:
    """The matrix in a few lines."""
    kept, names = matrix["mutants"], matrix["laws"]
    killed = [KILLED in each["laws"] for each in kept]
    changed = [KILLED in each["laws"] or MISSED in each["laws"] for each in kept]
    toothless = [
        n
        for n, marks in zip(names, zip(*(m["laws"] for m in kept), strict=True), strict=True)
        if KILLED not in marks
    ]
    claims = {name.split("/")[0] for name in names}
    return "\n".join(
        [
            f"{len(kept)} mutants, {len(names)} laws of {len(claims)} claims",
            f"{sum(changed)} mutants change an answer to a law, {sum(killed)} are killed by a law",
            f"laws that kill nothing: {', '.join(toothless) or 'none'}",
            f"sources {matrix['sources']}",
        ]
    )


def main() -> int:
    """Compute the matrix, or say whether the one that is kept is stale."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether what is kept is stale")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    asked = parser.parse_args()
    if asked.check:
        state = state_of(KEPT)
        print(f"{KEPT.relative_to(ROOT)} is {state}")
        return int(state != CURRENT)
    matrix = computed(asked.jobs)
    KEPT.write_text(json.dumps(matrix, indent=1, ensure_ascii=False) + "\n")
    print(summary(matrix))
    return 0


if __name__ == "__main__":
    sys.exit(main())
