"""What several settings of an experiment come to together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rnnspec.evidence import Training

Happened: TypeAlias = NDArray[np.bool_]
"""Of every trial, whether something was so."""

LEARNT = 0.9
"""The share of right answers from which a task counts as learnt; guessing gets 0.5 of a sign."""

SILENT = 0.5
"""The loss on a sign, which is -1 or 1, of a network that always says 0."""


def weighed(supports: Mapping[str, bool], contradicts: Mapping[str, bool], on: str) -> tuple[str, bool, str]:
    """The verdict, whether it is settled, and which settings say what.

    A setting supports a statement, or contradicts it, only with its whole interval. Where one does
    the one and another the other, the statement depends on what they differ in, whatever the rest
    would say with more trials. Otherwise all of them have to agree.
    """
    yes = [setting for setting, certain in supports.items() if certain]
    no = [setting for setting, certain in contradicts.items() if certain]
    says = f"supported with 95 % certainty: {_listed(yes)}. Contradicted: {_listed(no)}"
    if yes and no:
        return f"depends on {on}", True, says
    settled = len(yes) == len(supports) or len(no) == len(contradicts)
    return "supported" if yes else "not supported", settled, says


def learnt(training: Training) -> Happened:
    """Which trials have learnt their task."""
    return np.asarray(training.right > LEARNT)


def lost(training: Training) -> Happened:
    """Which trials end with a loss above that of saying nothing, or with none."""
    return np.asarray(~(training.last() < SILENT))


def _listed(settings: list[str]) -> str:
    return "; ".join(settings) or "none"
