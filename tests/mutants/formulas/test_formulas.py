"""Every mistake planted in the reference's formulas is noticed by the check meant for it.

Noticed means that the check's own assertion fails. A mutant that dies of another exception,
a name that is missing or shapes that do not fit, has not been killed and fails here.
"""

from __future__ import annotations

import pytest

from mutants.every import FORMULA_TOPICS, FORMULAS
from mutants.patching import Mutant

KILLERS = {name: killer for topic in FORMULA_TOPICS for name, killer in topic.KILLERS.items()}


@pytest.mark.parametrize("killer", KILLERS)
def test_correct_code_survives(killer: str) -> None:
    KILLERS[killer]()


@pytest.mark.parametrize(
    ("mutant", "killer"), [pytest.param(mutant, killer, id=mutant.name) for mutant, killer in FORMULAS]
)
def test_mutant_is_killed(mutant: Mutant, killer: str) -> None:
    with mutant.planted():
        try:
            KILLERS[killer]()
        except AssertionError:
            return
    pytest.fail(f"{killer} does not notice in {mutant.where}: {mutant.mistake}")


def test_names_are_unique() -> None:
    names = [mutant.name for mutant, _ in FORMULAS]
    assert len(set(names)) == len(names)


def test_every_killer_is_one_topics() -> None:
    assert len(KILLERS) == sum(len(topic.KILLERS) for topic in FORMULA_TOPICS)
    assert {killer for _, killer in FORMULAS} == set(KILLERS)
