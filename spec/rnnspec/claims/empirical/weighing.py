"""What several settings of an experiment come to together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
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

OTHERWISE = ", but not as it was found to"
"""After what a statement depends on, where other settings support it than were named."""


@dataclass(frozen=True)
class Setting:
    """What one setting of an experiment says of a statement.

    Attributes:
        levels: of everything in which the settings of the experiment differ, what it is in this one.
        supports, contradicts: whether a whole interval does. Neither may be so.
    """

    levels: Mapping[str, str]
    supports: bool
    contradicts: bool

    @property
    def name(self) -> str:
        """The levels, one after the other."""
        return ", ".join(self.levels.values())


def weighed(
    settings: Sequence[Setting], supporting: Collection[str] = (), contradicting: Collection[str] = ()
) -> tuple[str, bool, str]:
    """The verdict, whether it is settled, and which settings say what.

    A claim names the settings that it found to support its statement, and those that it found to
    contradict it. All of these have to say something with certainty; settings that are not named
    are measured for the reader and decide nothing. Where one does the one and another the other,
    the statement depends on the factors that a comparison isolates: those for which two settings on
    opposite sides differ in nothing else. Where the sides are others than the named ones, the
    verdict says so, and so is no longer what the claim found.

    Args:
        settings: each with the same factors.
        supporting, contradicting: the names of settings.

    Raises:
        ValueError: if a name is none of a setting, is on both sides, or none is given, or factors differ.
    """
    named = _named(settings, supporting, contradicting)
    says = (
        f"supported with 95 % certainty: {_listed(each.name for each in settings if each.supports)}. "
        f"Contradicted: {_listed(each.name for each in settings if each.contradicts)}"
    )
    yes, no = [each for each in named if each.supports], [each for each in named if each.contradicts]
    if len(yes) + len(no) < len(named):
        open_ones = _listed(each.name for each in named if not (each.supports or each.contradicts))
        return "not settled", False, f"{says}. To be settled by more trials: {open_ones}"
    if not (yes and no):
        return "supported" if yes else "not supported", True, says
    as_found = {each.name for each in yes} == set(supporting)
    return f"depends on {_isolated(yes, no)}{'' if as_found else OTHERWISE}", True, says


def together(supports: Mapping[str, bool], contradicts: Mapping[str, bool]) -> tuple[str, bool, str]:
    """The same of a statement in several parts, all of which have to be so for it to be supported.

    Args:
        supports, contradicts: of each part, by name, whether a whole interval does.
    """
    against = [part for part, certain in contradicts.items() if certain]
    left = [part for part, certain in supports.items() if not certain]
    says = f"contradicted with 95 % certainty: {_listed(against)}. Not supported: {_listed(left)}"
    if against:
        return "not supported", True, says
    return (
        ("not settled", False, says)
        if left
        else ("supported", True, f"supported in all of: {_listed(supports)}")
    )


def learnt(training: Training) -> Happened:
    """Which trials have learnt their task."""
    return np.asarray(training.right > LEARNT)


def lost(training: Training) -> Happened:
    """Which trials end with a loss above that of saying nothing, or with none."""
    return np.asarray(~(training.last() < SILENT))


def _named(
    settings: Sequence[Setting], supporting: Collection[str], contradicting: Collection[str]
) -> list[Setting]:
    names, chosen = [each.name for each in settings], [*supporting, *contradicting]
    if len({tuple(each.levels) for each in settings}) != 1 or len(set(names)) < len(names):
        raise ValueError(f"got the settings {names}, expected different ones with the same factors")
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(names):
        raise ValueError(f"got the names {chosen}, expected some of {names}, each once")
    return [each for each in settings if each.name in chosen]


def _isolated(yes: Sequence[Setting], no: Sequence[Setting]) -> str:
    """The factors in which alone a setting of the one side and one of the other differ."""
    alone = {
        factor
        for one in yes
        for other in no
        for factor in one.levels
        if {name for name in one.levels if one.levels[name] != other.levels[name]} == {factor}
    }
    factors = [factor for factor in yes[0].levels if factor in alone]
    return " and on ".join(factors) or "what was varied together"


def _listed(settings: Iterable[str]) -> str:
    return "; ".join(settings) or "none"
