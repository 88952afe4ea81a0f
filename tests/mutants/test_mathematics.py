"""Laws that are about the mathematics alone notice a mistake, too."""

from __future__ import annotations

import pytest

from mutants.mathematics import MISTAKES
from mutants.patching import Mutant
from rnnspec.claim import About, Kind
from rnnspec.claims import registry
from rnnspec.kit.results import Status
from rnnspec.kit.runner import MATHEMATICS, Task, run_task

PAIRS = [pytest.param(each, law, id=f"{each.name}-{law}") for each, laws in MISTAKES for law in laws]


@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize(("mutant", "law"), PAIRS)
def test_mutant_is_killed(mutant: Mutant, law: str) -> None:
    with mutant.planted():
        result = run_task(Task(law, MATHEMATICS, "standard", seed=0), None)
    assert result.status is Status.FAILED, f"{law} does not notice: {mutant.mistake}"
    assert result.failure is not None  # a law that is false, not one that breaks down


def test_every_law_about_the_mathematics_alone_has_a_mutant() -> None:
    laws = {
        check.id
        for claim in registry
        for check in claim.checks
        if check.kind is Kind.LAW and check.about is About.MATHEMATICS
    }
    assert laws == {law for _, killed in MISTAKES for law in killed}
