"""What follows from the things a law said, in each of the three readings.

*An implementation's* numbers are exact: a comparison fails if it is certainly violated by
more than what is allowed. *Balls* are three-valued: only what is certainly false fails,
and what stays undecided is no evidence. *Noise* judges nothing; the scatter of left minus
right over the replicates is what is allowed, times one documented factor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from rnnspec.hold import Comparison, Relation, Rounding
from rnnspec.kit.numbers import Replicates, to_balls
from rnnspec.protocol import Format

FACTOR = 32
"""How many times the scatter is allowed: correct layers of all sizes stay below about 7,
operands cut to half their digits land in the hundreds."""


SMALLEST = 2.0**-1074
"""The smallest float64: it stands for any violation smaller than that."""


class Outcome(Enum):
    """What a comparison came to."""

    TRUE = "true"
    FALSE = "false"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Violation:
    """The worst entry of a comparison that failed.

    Attributes:
        what: the law's own words for the comparison, possibly empty.
        relation: between `got` and `expected`.
        got, expected: the two sides there, as decimal strings.
        allowed: how far apart they may be.
        ratio: observed over allowed; infinite where nothing is allowed.
        index: of the entry, in the broadcast shape.
    """

    what: str
    relation: str
    got: str
    expected: str
    allowed: float
    ratio: float
    index: tuple[int, ...]


@dataclass(frozen=True)
class Judgement:
    """What a law's comparisons came to on one input.

    Attributes:
        outcome: false if any is false, else undecided if any is, else true.
        decided, undecided: how many entries were, and were not.
        worst: the largest observed/allowed among tolerated comparisons, 0 if there is none.
        violation: of the worst comparison that is false.
    """

    outcome: Outcome
    decided: int
    undecided: int = 0
    worst: float = 0.0
    violation: Violation | None = None


def _sides(said: Comparison) -> tuple[NDArray[Any], NDArray[Any]]:
    left, right = np.broadcast_arrays(to_balls(said.left), to_balls(said.right))
    return left, right


def judge_balls(said: Sequence[Comparison]) -> Judgement:
    """The mathematics: compare balls, three-valued. Call within a working precision."""
    decided = undecided = 0
    for comparison in said:
        left, right = _sides(comparison)
        compare = _COMPARING[comparison.relation]
        for place, (a, b) in enumerate(zip(left.flat, right.flat, strict=True)):
            outcome = compare(a, b)
            if outcome is Outcome.FALSE:
                return Judgement(outcome, decided + 1, violation=_violation(comparison, left, right, place))
            undecided += outcome is Outcome.UNDECIDED
            decided += outcome is Outcome.TRUE
    return Judgement(Outcome.UNDECIDED if undecided else Outcome.TRUE, decided, undecided)


EQUALITY_BITS = 80
"""Two balls that overlap count as equal if they agree to this many bits, as they do by
accident only once in 2^80."""

_NARROW, _TINY = arb(2) ** -EQUALITY_BITS, arb(2) ** -1000


def _equal(left: Any, right: Any) -> Outcome:
    # Balls cannot prove an equality of inexact numbers. That they overlap although they
    # are narrow is evidence, and counts as true.
    if not left.overlaps(right):
        return Outcome.FALSE
    width = (left - right).rad()
    size = max(abs(left.mid()), abs(right.mid()))
    return Outcome.TRUE if width <= size * _NARROW or width <= _TINY else Outcome.UNDECIDED


def _at_most(left: Any, right: Any) -> Outcome:
    return Outcome.TRUE if left <= right else Outcome.FALSE if left > right else Outcome.UNDECIDED


def _less(left: Any, right: Any) -> Outcome:
    return Outcome.TRUE if left < right else Outcome.FALSE if left >= right else Outcome.UNDECIDED


_COMPARING = {Relation.EQUAL: _equal, Relation.AT_MOST: _at_most, Relation.LESS: _less}


def tolerances(
    noisy: Sequence[Comparison], fmt: Format, scale: float, said: Sequence[Comparison]
) -> list[NDArray[np.float64]]:
    """What each comparison is allowed, entry by entry: zero where rounding cannot break it.

    allowed = FACTOR * (scatter of left - right + u |value| + smallest normal number)

    Args:
        noisy: what the same law said of the noise, in the same order.
        scale: of the noise (`Noise.scale`).
        said: what it said of the implementation, whose values these are.
    """
    allowed = []
    for noise, exact in zip(noisy, said, strict=True):
        if exact.rounding is Rounding.SURVIVES:
            allowed.append(np.zeros(()))
            continue
        left, right = np.broadcast_arrays(np.asarray(noise.left, object), np.asarray(noise.right, object))
        a, b = _stacked(left), _stacked(right)
        with np.errstate(invalid="ignore", over="ignore"):
            scatter = _scatter(a - b) * scale
        entries = FACTOR * (scatter + fmt.unit_roundoff * _sizes(exact) + fmt.smallest_normal)
        allowed.append(entries.reshape(left.shape))
    return allowed


def _scatter(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard deviation of every row, also of rows whose squares would underflow."""
    largest = np.abs(differences).max(axis=1, initial=0.0)
    unit = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    spread: NDArray[np.float64] = np.std(differences / unit[:, np.newaxis], axis=1) * unit
    return spread


def _sizes(said: Comparison) -> NDArray[np.float64]:
    """The larger of the two sides, entry by entry.

    Taken from the implementation and the reference, not from noise: where a law's own
    arithmetic cancels, noise in float64 has lost the value.
    """
    left, right = map(_magnitudes, _sides(said))
    larger: NDArray[np.float64] = np.maximum(left, right)
    return larger.ravel()


def _magnitudes(balls: NDArray[Any]) -> NDArray[np.float64]:
    """How large the midpoints are; 0 for what no float64 holds."""
    values = np.abs(balls.astype(np.float64))
    return np.where(np.isfinite(values), values, 0.0)


def _stacked(values: NDArray[Any]) -> NDArray[np.float64]:
    """Entries as rows of replicates; plain numbers are their own only replicate."""
    entries = [value.values if isinstance(value, Replicates) else float(value) for value in values.flat]
    width = max((len(row) for row in entries if isinstance(row, np.ndarray)), default=1)
    rows = np.empty((len(entries), width))
    for place, entry in enumerate(entries):
        rows[place] = entry
    return rows


def judge_floats(
    said: Sequence[Comparison], allowance: Callable[[], Sequence[NDArray[np.float64]]], fmt: Format
) -> Judgement:
    """An implementation: a comparison fails if it is violated by more than is allowed.

    What overflows in the mathematics may be infinite in floats: an infinity of the right
    sign stands for anything at or beyond the largest finite number. Not-a-number always
    fails.

    Args:
        allowance: what each comparison is allowed (`tolerances`). It takes long, and is not asked
            where all that may be off by rounding is not off at all.
    """
    sides = [_sides(comparison) for comparison in said]
    off = [
        _excesses(comparison.relation, left.ravel(), right.ravel(), fmt)
        for comparison, (left, right) in zip(said, sides, strict=True)
    ]
    asked = any(
        comparison.rounding is Rounding.TOLERATED and excesses.any()
        for comparison, excesses in zip(said, off, strict=True)
    )
    allowed = allowance() if asked else [np.zeros(())] * len(said)
    worst_violation: Violation | None = None
    worst, decided, undecided = 0.0, 0, 0
    for comparison, (left, right), excesses, tolerance in zip(said, sides, off, allowed, strict=True):
        limits = np.broadcast_to(tolerance, left.shape).ravel()
        blind = np.isnan(limits)  # the noise itself overflowed, and says nothing
        undecided += int(blind.sum())
        decided += int((~blind).sum())
        ratios = _ratios(excesses, limits)
        ratios[blind] = 0
        worst = max(worst, ratios.max(initial=0, where=limits > 0))
        place = int(ratios.argmax()) if ratios.size else 0
        ratio = float(ratios.max(initial=0))
        if ratio > 1 and (worst_violation is None or ratio > worst_violation.ratio):
            worst_violation = _violation(comparison, left, right, place, float(limits[place]), ratio)
    open_or_true = Outcome.UNDECIDED if undecided else Outcome.TRUE
    outcome = open_or_true if worst_violation is None else Outcome.FALSE
    return Judgement(outcome, decided, undecided, float(worst), worst_violation)


def _excesses(
    relation: Relation, left: NDArray[Any], right: NDArray[Any], fmt: Format
) -> NDArray[np.float64]:
    """How far the statement is certainly violated, entry by entry; strict ones are weak in floats."""
    differences = left - right
    if relation is Relation.EQUAL:
        differences = np.abs(differences)
    sides = zip(differences.flat, left.flat, right.flat, strict=True)
    return np.array(
        [_certain(d) if d.is_finite() else _excess_beyond(relation, a, b, fmt) for d, a, b in sides],
        dtype=np.float64,
    )


def _certain(difference: Any) -> float:
    # The lower end, so that the width of the reference's ball is never held against anyone.
    lower = difference.lower()
    return max(float(lower), SMALLEST) if lower > 0 else 0.0  # also where it is too small for a float


def _excess_beyond(relation: Relation, left: Any, right: Any, fmt: Format) -> float:
    """The same where a side is not finite: an infinity stands for anything from the largest number on."""
    if left.is_nan() or right.is_nan():
        return math.inf
    difference = _clamped(left, fmt) - _clamped(right, fmt)
    return _certain(abs(difference) if relation is Relation.EQUAL else difference)


def _clamped(x: Any, fmt: Format) -> Any:
    return min(max(x, arb(-fmt.largest)), arb(fmt.largest))


def _ratios(excesses: NDArray[np.float64], allowed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Observed over allowed: infinite where nothing is allowed, or the excess is infinite itself."""
    with np.errstate(all="ignore"):
        ratios = np.where(np.isinf(excesses) | (allowed == 0), np.inf, excesses / allowed)
    return np.where(excesses == 0, 0.0, ratios)


def _violation(
    comparison: Comparison,
    left: NDArray[Any],
    right: NDArray[Any],
    place: int,
    allowed: float = 0.0,
    ratio: float = math.inf,
) -> Violation:
    index = tuple(map(int, np.unravel_index(place, left.shape)))
    return Violation(
        comparison.what,
        comparison.relation.value,
        decimal(left[index]),
        decimal(right[index]),
        allowed,
        ratio,
        index,
    )


def decimal(ball: Any, digits: int = 20) -> str:
    """A ball's midpoint, shortly: `0.25`, `0.40974165075147986442`."""
    if not ball.is_finite():
        return "inf" if ball > 0 else "-inf" if ball < 0 else "nan"
    text = str(ball.mid().str(digits, radius=False))
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return text
