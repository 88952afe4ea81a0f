"""Every faulty implementation is found out by the law meant for it, and every law finds one."""

from __future__ import annotations

import pytest

from mutants.every import FAULTY, held_to_implementations
from mutants.planting import Faulty, Planted
from rnnspec.kit.results import Status
from rnnspec.kit.runner import Task, run_task

SEED = 0

PAIRS = [
    pytest.param(each, killer, id=f"{each.mutant.name}-{killer}")
    for each in FAULTY
    for killer in each.killers
]


@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize(("each", "killer"), PAIRS)
def test_mutant_is_killed(each: Faulty, killer: str) -> None:
    swept = killer.partition("_in_every_")[2]
    result = run_task(Task(killer, swept or each.dtype, "standard", SEED), Planted(each.mutant))
    assert result.status is Status.FAILED, f"{killer} does not notice: {each.mutant.mistake}"
    assert result.failure is not None
    raised = " raised " in (result.failure.misbehaviour or "")
    assert not raised, f"the mistake stops the program: {result.failure.misbehaviour}"


def test_every_law_has_a_mutant() -> None:
    laws = {check.id for check in held_to_implementations()}
    assert laws - {killer for each in FAULTY for killer in each.killers} == set()


def test_names_are_unique() -> None:
    names = [each.mutant.name for each in FAULTY]
    assert len(set(names)) == len(names)


def test_no_mistake_is_planted_twice() -> None:
    """What several laws are to notice is one mutant with several killers."""
    planted = [(each.mutant.where, each.mutant.old, each.mutant.new, each.dtype) for each in FAULTY]
    assert len(set(planted)) == len(planted)
