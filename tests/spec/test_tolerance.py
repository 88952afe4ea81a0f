"""What is allowed: 32 (scatter + u |value| + smallest normal), calculated a second time."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from rnnspec.claim import Check
from rnnspec.claims import registry
from rnnspec.hold import SURVIVES, TOLERATED, Comparison, Hold, Relation
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.explore import implementation_judge
from rnnspec.kit.held import Held
from rnnspec.kit.judge import FACTOR, Outcome, tolerances
from rnnspec.kit.numbers import Replicates
from rnnspec.kit.subjects import Scattered
from rnnspec.protocol import FORMATS, Format
from rnnspec.strategies.settings import PROFILES

EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
PUBLISHED_FACTOR = 32

# What float64 rounds on the way, in units of 2^-53: two additions of positive terms, relative
# to the whole; and, relative to the largest of K differences, the K differences from their
# mean, the mean itself, the sum of K squares, a quotient and a root.
REPLICATES = 8
ROUNDING = Fraction(1, 2**53)
OF_THE_WHOLE, OF_THE_SCATTER = 3 * ROUNDING, (2 * REPLICATES + 8) * ROUNDING

WHOLE = st.integers(-(2**20), 2**20)
SCALES = st.integers(-30, 0).map(lambda exponent: 2.0**exponent)


def said(left: Any, right: Any, rounding: Any = TOLERATED) -> Comparison:
    return Comparison(Relation.EQUAL, left, right, rounding, "")


def replicates(values: list[int]) -> Replicates:
    return Replicates(np.array(values, float))


def noisy(middle: int, step: int, values: list[int]) -> tuple[Replicates, Replicates]:
    """Two sides whose difference is `middle` plus and minus `step`, as often one as the other."""
    half = len(values)
    differences = [middle + step] * half + [middle - step] * half
    right = [*values, *values]
    return replicates([d + r for d, r in zip(differences, right, strict=True)]), replicates(right)


def test_the_factor_is_the_one_that_is_published() -> None:
    assert FACTOR == PUBLISHED_FACTOR


@EVERY_FORMAT
@given(
    middle=WHOLE,
    step=WHOLE,
    values=st.lists(WHOLE, min_size=REPLICATES // 2, max_size=REPLICATES // 2),
    scale=SCALES,
    got=WHOLE,
    expected=WHOLE,
)
def test_scatter_and_size_and_underflow(
    fmt: Format, middle: int, step: int, values: list[int], scale: float, got: int, expected: int
) -> None:
    left, right = noisy(middle, step, values)
    [[allowed]] = tolerances([said([left], [right])], fmt, scale, [said([got], [expected])])
    exactly = PUBLISHED_FACTOR * (
        abs(step) * Fraction(scale)
        + Fraction(fmt.unit_roundoff) * max(abs(got), abs(expected))
        + Fraction(fmt.smallest_normal)
    )
    largest = PUBLISHED_FACTOR * (abs(middle) + abs(step)) * Fraction(scale)
    rounding = OF_THE_WHOLE * exactly + OF_THE_SCATTER * largest
    assert abs(Fraction(float(allowed)) - exactly) <= rounding


@EVERY_FORMAT
def test_a_plain_number_has_no_scatter(fmt: Format) -> None:
    [allowed] = tolerances([said(2.0, [0.5, 4])], fmt, 1.0, [said(2.0, [0.5, 4])])
    for got, size in zip(allowed, (2, 4), strict=True):
        assert got == PUBLISHED_FACTOR * (fmt.unit_roundoff * size + fmt.smallest_normal)


@EVERY_FORMAT
def test_what_overflows_widens_nothing(fmt: Format) -> None:
    infinite, huge = arb("inf"), arb(2) ** 2000
    [allowed] = tolerances([said([0, 0], 0)], fmt, 1.0, [said([infinite, huge], 1)])
    assert allowed.tolist() == [PUBLISHED_FACTOR * (fmt.unit_roundoff + fmt.smallest_normal)] * 2


@EVERY_FORMAT
def test_what_survives_rounding_gets_nothing(fmt: Format) -> None:
    left, right = noisy(5, 7, [1, 2])
    noise = [said([left], [right], rounding) for rounding in (SURVIVES, TOLERATED)]
    none, some = tolerances(noise, fmt, 1.0, [said([1.0], [2.0], r) for r in (SURVIVES, TOLERATED)])
    assert not np.any(none)
    assert np.all(some > 0)


def test_each_entry_has_its_own_in_the_shape_of_both_sides() -> None:
    fmt = FORMATS["float32"]
    calm, wild = noisy(0, 0, [1, 1])[0], noisy(0, 64, [1, 1])[0]
    left = np.array([[calm], [wild]], dtype=object)
    [allowed] = tolerances([said(left, np.zeros(3))], fmt, 1.0, [said(np.ones((2, 1)), np.zeros(3))])
    assert allowed.shape == (2, 3)
    assert np.all(allowed[1] >= PUBLISHED_FACTOR * 64)
    assert np.all(allowed[0] < PUBLISHED_FACTOR)


def test_nothing_said_is_allowed_nothing() -> None:
    empty = said(np.zeros((0, 2)), 0.0)
    [allowed] = tolerances([empty], FORMATS["float64"], 1.0, [empty])
    assert allowed.shape == (0, 2)


def test_what_the_law_says_of_noise_must_be_what_it_says_of_the_implementation() -> None:
    with pytest.raises(ValueError, match="zip"):
        tolerances([said(1, 1)], FORMATS["float64"], 1.0, [said(1, 1), said(1, 1)])


def check_named(name: str) -> Check:
    return next(check for claim in registry for check in claim.checks if check.id == name)


class Shifted(NumpyImplementation):
    """Slopes that are off by a given amount."""

    def __init__(self, by: float) -> None:
        self._by = by

    def activation_vjp(self, kind: str, x: Any, dy: Any, *alpha: Any) -> Any:
        return (super().activation_vjp(kind, x, dy, *alpha) + self._by).astype(x.dtype)


@EVERY_FORMAT
def test_the_law_on_noise_says_how_much_an_implementation_may_be_off(fmt: Format, run_seed: int) -> None:
    """The scatter of two runs of the law, one in noise and one without, made anew here."""
    check, profile = check_named("ACT-02/whole_curve"), PROFILES["standard"]
    x = fmt.round(np.random.default_rng(run_seed).uniform(-2, 2, 1))

    noise = Scattered(fmt, profile.replicates, seed=0)
    quiet = Hold(Scattered(fmt, profile.replicates, seed=0, quiet=True))
    check.function(noise, quiet, x=x)
    [comparison] = quiet.said
    [difference] = (
        left.values - right.values for left, right in zip(comparison.left, comparison.right, strict=True)
    )
    [size] = (np.abs(side.values).max() for side in comparison.left)
    variance = float(np.mean((difference - difference.mean()) ** 2))
    allowed = PUBLISHED_FACTOR * (
        np.sqrt(variance) * noise.noise.scale + fmt.unit_roundoff * size + fmt.smallest_normal
    )

    # What NumPy itself is off comes on top; it is a small part of what is allowed.
    for by, outcome in ((0.5 * allowed, Outcome.TRUE), (1.5 * allowed, Outcome.FALSE)):
        judge = implementation_judge(check, Held(InProcess(Shifted(by)), fmt), profile)
        assert judge({"x": x}).outcome is outcome
