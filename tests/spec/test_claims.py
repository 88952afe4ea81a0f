"""Every check of every claim, in every reading that it has, is a test of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rnnspec.claim import About, Check, Claim, Kind
from rnnspec.claims import registry
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.results import Status
from rnnspec.kit.runner import MATHEMATICS, Task, plan, run_task
from rnnspec.protocol import FORMATS

NUMPY = InProcess(NumpyImplementation())
CLAIMS = list(registry)
TASKS = plan(CLAIMS, (MATHEMATICS, *FORMATS), "quick", seed=0)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.check}[{task.reading}]")
def test_check(task: Task, run_seed: int) -> None:
    result = run_task(replace(task, seed=run_seed), NUMPY)
    if result.status is Status.RECORDED:  # nothing can measure it, and the claim says so
        assert registry[result.claim].finding == "recorded"
        return
    assert result.status is Status.PASSED, (result.detail, result.failure)
    assert result.decided > 0


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_check_is_planned_in_the_readings_that_it_has(claim: Claim) -> None:
    for check in claim.checks:
        assert_planned(check)


def assert_planned(check: Check) -> None:
    planned = [task.reading for task in TASKS if task.check == check.id]
    if check.kind is Kind.EXHAUSTIVE:
        assert check.format is not None
        floats = [check.format]
    elif check.kind is Kind.LAW and check.about is not About.MATHEMATICS:
        floats = list(FORMATS)
    else:
        floats = []
    law = check.of or check
    of_the_reference = law.about is About.IMPLEMENTATION
    assert planned == ([] if of_the_reference else [MATHEMATICS]) + floats
    # What is held to the reference itself says nothing about the reference.
    assert of_the_reference or "agrees" not in law.function.__code__.co_names


def test_the_verdict_of_an_experiment_is_that_of_its_title(run_seed: int) -> None:
    result = run_task(Task("LGR-11/how_often_gradients_grow", MATHEMATICS, "standard", run_seed), None)
    assert result.status is Status.PASSED
    assert result.detail.startswith("depends on the gain")
