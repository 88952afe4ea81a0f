"""Experiments on training can come out otherwise: their verdicts follow from what is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnnspec.claim import Kind
from rnnspec.claims import registry
from rnnspec.claims.empirical.weighing import learnt, lost, weighed
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
        ("EMP-05", training(1e-4, 1.0), 1.0, "supported"),
        ("EMP-05", training(0.5, 0.5), 1.0, "not supported"),
        ("EMP-07", training(0.5, 0.5), 1.0, "supported"),
        ("EMP-08", training(0.5, 0.5), 1.0, "not supported"),
        ("EMP-12", training(0.5, 0.5), 1.0, "supported"),
        ("EMP-12", training(1e-4, 1.0), 1.0, "not supported"),
        ("LST-21", training(1e-4, 1.0), 1.0, "not supported"),
    ],
)
def test_other_measurements_give_other_verdicts(
    claim_id: str, trained: Training, growth: float, verdict: str
) -> None:
    assert outcome(claim_id, Pretended(trained, growth)).verdict == verdict


def test_settings_are_weighed() -> None:
    yes, no = {"a": True, "b": False}, {"a": False, "b": True}
    both, neither = {"a": True, "b": True}, {"a": False, "b": False}
    assert weighed(yes, no, "it")[:2] == ("depends on it", True)
    assert weighed(both, neither, "it")[:2] == ("supported", True)
    assert weighed(neither, both, "it")[:2] == ("not supported", True)
    assert weighed(yes, neither, "it")[:2] == ("supported", False)
    assert weighed(neither, no, "it")[:2] == ("not supported", False)
    assert weighed(neither, neither, "it")[:2] == ("not supported", False)
    assert weighed(yes, no, "it")[2] == "supported with 95 % certainty: a. Contradicted: b"


def test_what_was_learnt_and_what_was_lost() -> None:
    assert learnt(training(0.1, 0.95)).all()
    assert not learnt(training(0.1, 0.85)).any()
    for loss, whether in ((0.4, False), (0.6, True), (np.inf, True), (np.nan, True)):
        assert (lost(training(loss, 0.5)) == whether).all()
