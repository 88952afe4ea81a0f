"""Running checks on an implementation that may crash or hang, without waiting for ever.

A check that is failed by a crash or a hang costs a few of them while its input is shrunk.
Where every call of a method ends so, the checks that need it would take hours to say the
same again; after a few such calls in a row, they are left undecided, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Self

from rnnspec.claim import Check
from rnnspec.errors import Misbehaved
from rnnspec.kit.endpoint import Endpoint
from rnnspec.kit.explore import COSTLY_FAILURES
from rnnspec.kit.results import CheckResult
from rnnspec.kit.runner import Task, run_task
from rnnspec.protocol import Description

LOST_IN_A_ROW = 2 * COSTLY_FAILURES
"""Calls of one method, none of them answered, after which it is not called again: two
checks in which every call was lost."""


class Patient:
    """An endpoint that counts how many calls of a method in a row crashed or hung.

    Args:
        endpoint: where the calls go; whoever opened it closes it.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._lost: Counter[str] = Counter()

    @property
    def description(self) -> Description:
        return self._endpoint.description

    def call(self, method: str, /, **arguments: Any) -> Any:
        """See `Endpoint.call`."""
        try:
            value = self._endpoint.call(method, **arguments)
        except Misbehaved as misbehaviour:
            self._lost[method] = self._lost[method] + 1 if misbehaviour.costly else 0
            raise
        self._lost[method] = 0
        return value

    def given_up(self, check: Check) -> str | None:
        """Why a check is not run, if it is not."""
        for method in check.needs:
            times = self._lost[method]
            if times >= LOST_IN_A_ROW:
                return f"{method} crashed or hung {times} times in a row and was not called again"
        return None

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""


def run_patiently(tasks: Sequence[Task], endpoint: Endpoint) -> Iterator[CheckResult]:
    """Run tasks one after the other; those that only a lost method could decide stay undecided."""
    patient = Patient(endpoint)
    for task in tasks:
        claim, check = task.find()
        reason = patient.given_up(check)
        if reason is None:
            yield run_task(task, patient)
        else:
            yield CheckResult(claim.id, check.id, check.kind.value, task.reading, detail=reason)
