"""Experiments on training can come out otherwise: their verdicts follow from what is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnnspec.claim import Kind
from rnnspec.claims import registry
from rnnspec.claims.empirical.weighing import OTHERWISE, Setting, learnt, lost, together, weighed
from rnnspec.evidence import Outcome, Training
from rnnspec.kit.laboratory import Laboratory

TRIALS, STEPS = 40, 60
MEASURED = [claim for claim in registry if claim.topic_code == "EMP" and claim.finding != "recorded"]


def training(loss: float, right: float, norm: float = 0.1) -> Training:
    """What networks would have come to, all trials alike, with a loss that does not move."""
    losses, norms = np.full((TRIALS, STEPS), loss), np.full((TRIALS, STEPS), norm)
    each = losses[:, 0]
    return Training(losses, norms, each, each, np.full(TRIALS, right), ~np.isfinite(each))


class Pretended(Laboratory):
    """A laboratory in which every setting gives the same."""

    def __init__(self, trained: Training, growth: float) -> None:
        super().__init__(TRIALS, 0)
        self._trained, self._growth = trained, growth

    def train(self, *settings: Any, **options: Any) -> Training:
        return self._trained

    def gradient_growth(self, *settings: Any, **options: Any) -> Any:
        return np.full(TRIALS, self._growth)


def outcome(claim_id: str, lab: Laboratory) -> Outcome:
    (experiment,) = registry[claim_id].of_kind(Kind.EXPERIMENT)
    found: Outcome = experiment.function(lab)
    return found


@pytest.mark.parametrize("claim", MEASURED, ids=lambda claim: claim.id)
@pytest.mark.parametrize(
    "trained", [training(1e-4, 1.0), training(0.6, 0.5, norm=50.0), training(np.inf, 0.0, norm=np.inf)]
)
def test_nothing_depends_on_settings_that_make_no_difference(claim: Any, trained: Training) -> None:
    found = outcome(claim.id, Pretended(trained, growth=-1.0))
    assert not found.verdict.startswith("depends")


@pytest.mark.parametrize(
    ("claim_id", "trained", "growth", "verdict"),
    [
        ("EMP-01", training(1e-4, 1.0), -1.0, "supported"),
        ("EMP-01", training(1e-4, 1.0), 1.0, "not supported"),
        ("EMP-02", training(1e-4, 1.0), 1.0, "not supported"),  # none explodes
        ("EMP-04", training(0.5, 0.5), 1.0, "not supported"),
        ("EMP-05", training(1e-4, 1.0), -120.0, "not supported"),  # learnt over 200 steps as well
        ("EMP-05", training(0.5, 0.5), -120.0, "not supported"),
        ("EMP-07", training(0.5, 0.5), 1.0, "supported"),
        ("EMP-08", training(0.5, 0.5), 1.0, "not supported"),
        ("EMP-12", training(0.5, 0.5), 1.0, "supported"),
        ("EMP-12", training(1e-4, 1.0), 1.0, "not supported"),
        ("LST-21", training(1e-4, 1.0), 1.0, "not supported"),
        ("REM-11", training(1e-4, 1.0), 1.0, "not settled"),  # as many steps as any other
        ("REM-24", training(1e-4, 1.0), 1.0, "not settled"),
    ],
)
def test_other_measurements_give_other_verdicts(
    claim_id: str, trained: Training, growth: float, verdict: str
) -> None:
    assert outcome(claim_id, Pretended(trained, growth)).verdict == verdict


class UpToSome(Pretended):
    """A laboratory in which a task is learnt if its sequences are short."""

    def __init__(self, longest: int) -> None:
        super().__init__(training(1e-4, 1.0), growth=-120.0)
        self._longest = longest

    def train(self, model: Any, task: Any, *settings: Any, **options: Any) -> Training:
        steps = len(task.draw(self.random(0), 1).inputs)
        return training(1e-4, 1.0) if steps <= self._longest else training(0.5, 0.5)


@pytest.mark.parametrize(
    ("longest", "verdict"),
    [
        (4, "not supported"),
        (8, "supported"),
        (11, "not supported"),
        (21, "not supported"),
        (201, "not supported"),
    ],
)
def test_how_far_a_plain_network_remembers_is_a_curve(longest: int, verdict: str) -> None:
    """Too short; as found; no worse at 10 than at 5; and too long, twice."""
    assert outcome("EMP-05", UpToSome(longest)).verdict == verdict


YES, NO, OPEN = (True, False), (False, True), (False, False)


def two_by_two(**says: tuple[bool, bool]) -> list[Setting]:
    """Settings with two factors of two levels each: `a1` to `b2`."""
    return [Setting({"letter": name[0], "digit": name[1]}, *whether) for name, whether in says.items()]


NAMES = {"supporting": ["a, 1", "a, 2"], "contradicting": ["b, 1"]}


@pytest.mark.parametrize(
    ("says", "verdict", "settled"),
    [
        ((YES, YES, NO), "depends on letter", True),
        # Other sides than the named ones: no longer what was found, whatever it depends on.
        ((NO, NO, YES), "depends on letter" + OTHERWISE, True),
        ((YES, NO, NO), "depends on letter and on digit" + OTHERWISE, True),
        ((NO, YES, NO), "depends on digit" + OTHERWISE, True),
        ((YES, YES, YES), "supported", True),
        ((NO, NO, NO), "not supported", True),
        ((YES, OPEN, NO), "not settled", False),
        ((OPEN, YES, NO), "not settled", False),
        ((YES, YES, OPEN), "not settled", False),
        ((OPEN, OPEN, OPEN), "not settled", False),
    ],
)
@pytest.mark.parametrize("aside", [YES, NO, OPEN])
def test_only_the_sides_that_were_found_are_the_finding(
    says: tuple[tuple[bool, bool], ...], verdict: str, settled: bool, aside: tuple[bool, bool]
) -> None:
    """What is not named, here b2, decides nothing."""
    settings = two_by_two(a1=says[0], a2=says[1], b1=says[2], b2=aside)
    assert weighed(settings, **NAMES)[:2] == (verdict, settled)


def test_what_was_varied_together_is_not_told_apart() -> None:
    verdict, settled, says = weighed(two_by_two(a1=YES, b2=NO, a2=OPEN), ["a, 1"], ["b, 2"])
    assert (verdict, settled) == ("depends on what was varied together", True)
    assert says == "supported with 95 % certainty: a, 1. Contradicted: b, 2"


def test_it_is_said_what_is_open() -> None:
    says = weighed(two_by_two(a1=YES, a2=OPEN, b1=NO), **NAMES)[2]
    assert says.endswith("Contradicted: b, 1. To be settled by more trials: a, 2")


def test_names_are_those_of_settings() -> None:
    settings = two_by_two(a1=YES, b1=NO)
    for names in (([], []), (["a, 2"], ["b, 1"]), (["a, 1"], ["a, 1"])):
        with pytest.raises(ValueError, match="got the names"):
            weighed(settings, *names)
    for others in ([*settings, settings[0]], [*settings, Setting({"letter": "c"}, *YES)], []):
        with pytest.raises(ValueError, match="got the settings"):
            weighed(others, ["a, 1"], ["b, 1"])


def test_a_statement_in_parts_needs_all_of_them() -> None:
    yes, no = {"a": True, "b": True}, {"a": False, "b": False}
    assert together(yes, no) == ("supported", True, "supported in all of: a; b")
    assert together(yes | {"a": False}, no | {"a": True})[:2] == ("not supported", True)
    assert together(no, no | {"b": True})[:2] == ("not supported", True)
    assert together(yes | {"b": False}, no) == (
        "not settled", False, "contradicted with 95 % certainty: none. Not supported: b",
    )  # fmt: skip


def test_what_was_learnt_and_what_was_lost() -> None:
    assert learnt(training(0.1, 0.95)).all()
    assert not learnt(training(0.1, 0.85)).any()
    for loss, whether in ((0.4, False), (0.6, True), (np.inf, True), (np.nan, True)):
        assert (lost(training(loss, 0.5)) == whether).all()
