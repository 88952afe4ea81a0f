"""Activations with their first and second derivatives."""

from __future__ import annotations

from operator import methodcaller
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from reference.checks_functions import (
    LARGEST_ARGUMENT,
    check_activation,
    check_activation_encloses,
    check_derivatives,
    check_elu_near_zero,
    check_engines,
    check_floats,
    check_limits,
    check_sharp_slopes,
    in_balls,
)
from reference.draws import SEEDS, drawing
from reference.exact import PROVEN, assert_proven
from rnnref import FORMATS, Balls, Evaluator, Floats, Mpmath, Noise, working_precision
from rnnref.activations import KINDS, PARAMETRIC, curvature
from rnnref.systems.balls import BallMatrix

METHODS = ("activation", "slope", "sharp_slope", "curvature")

# Nearer to 0 than the step of the differences they would see both sides of a kink.
ARGUMENTS = st.floats(-LARGEST_ARGUMENT, LARGEST_ARGUMENT).map(lambda v: v if abs(v) > 2.0**-60 else 0.0)
VECTORS = st.lists(ARGUMENTS, min_size=1, max_size=4).map(np.array)

EVERY_KIND = pytest.mark.parametrize("kind", KINDS)
EVERY_FORMAT = pytest.mark.parametrize("name", FORMATS)


def alphas(kind: str, smallest: float = -2.0) -> st.SearchStrategy[float | None]:
    """A parameter where there is one, and not one that hides what is multiplied by it."""
    if kind not in PARAMETRIC:
        return st.none()
    return st.floats(smallest, 2.0).filter(lambda a: abs(a) > 2.0**-20)


@EVERY_KIND
@drawing(25)
@given(data=st.data(), x=VECTORS)
def test_values_are_the_textbooks(kind: str, data: st.DataObject, x: Any) -> None:
    check_activation(kind, data.draw(alphas(kind)), x)


@EVERY_KIND
@drawing(15)
@given(data=st.data(), x=VECTORS)
def test_slopes_and_curvatures_are_the_textbooks_differences(kind: str, data: st.DataObject, x: Any) -> None:
    check_derivatives(kind, data.draw(alphas(kind)), x)


@pytest.mark.parametrize("kind", ["relu", *PARAMETRIC])
def test_at_a_kink_the_derivatives_are_those_from_the_left(kind: str) -> None:
    for alpha in (0.75, 1.5) if kind in PARAMETRIC else (None,):
        check_derivatives(kind, alpha, np.array([0.0, -0.0, 2.0**-60, -(2.0**-60)]))


@EVERY_KIND
@drawing(15)
@given(data=st.data(), x=VECTORS)
def test_two_engines_agree(kind: str, data: st.DataObject, x: Any) -> None:
    alpha = data.draw(alphas(kind, smallest=0.0))
    for method in METHODS:
        check_engines(f"{method} of {kind}", methodcaller(method, kind, x, alpha))


@EVERY_KIND
@EVERY_FORMAT
@drawing(15)
@given(data=st.data(), scale=st.sampled_from([2.0**-8, 0.5, 2.0, 8.0]), seed=SEEDS)
def test_floats_are_within_the_tolerance(
    name: str, kind: str, data: st.DataObject, scale: float, seed: int
) -> None:
    fmt, alpha = FORMATS[name], data.draw(alphas(kind, smallest=0.0))
    x = fmt.round(np.append(np.random.default_rng(seed).normal(0, scale, 6), 0.0))
    for method in METHODS:
        check_floats(f"{method} of {kind}", methodcaller(method, kind, x, alpha), fmt, seed)


@EVERY_KIND
@drawing(15)
@given(
    data=st.data(),
    middle=st.one_of(st.floats(-4, 4), st.floats(-0.1, 0.1)),  # not seldom on both sides of a kink
    radius=st.floats(2.0**-60, 0.1),
)
def test_balls_enclose(kind: str, data: st.DataObject, middle: float, radius: float) -> None:
    check_activation_encloses(kind, data.draw(alphas(kind)), middle, radius)


@EVERY_FORMAT
def test_at_infinity_everything_has_its_limit(name: str) -> None:
    check_limits(FORMATS[name])


@EVERY_KIND
def test_what_is_not_a_number_has_no_value(kind: str) -> None:
    alpha = 0.5 if kind in PARAMETRIC else None
    computed = kind not in ("identity", "relu", "leaky_relu")  # whose slopes ask for a sign only
    for system in (Floats(FORMATS["float32"]), Floats(FORMATS["bfloat16"]), Noise(FORMATS["float32"])):
        evaluator = Evaluator(system)
        nan = np.array([np.nan])
        assert np.isnan(evaluator.activation(kind, nan, alpha).astype(float)).all()
        assert np.isnan(evaluator.sharp_slope(kind, nan, alpha).astype(float)).all() == computed
        assert np.isnan(evaluator.curvature(kind, nan, alpha).astype(float)).all() == computed


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 1, 3)])
def test_any_shape_is_kept(shape: tuple[int, ...]) -> None:
    for method in METHODS:
        assert getattr(Evaluator(Mpmath(64)), method)("elu", np.ones(shape), 0.5).shape == shape
        assert getattr(Evaluator(Noise(FORMATS["float32"], 3)), method)("identity", np.ones(shape)).shape == (
            3,
            *shape,
        )


def test_relations_that_every_textbook_has() -> None:
    x = np.array([-7.5, -0.25, 0.0, 1.0, 30.0])

    def equal(left: Any, right: Any) -> bool:
        return all(a.overlaps(b) for a, b in zip(left, right, strict=True))

    def activation(kind: str, x: Any) -> Any:
        return in_balls(lambda e: e.activation(kind, x))

    with working_precision(256):
        assert equal(activation("g_1997", x), 2 * activation("tanh", x / 2))
        assert equal(activation("h_1997", x), activation("tanh", x / 2))
        assert equal(activation("sigmoid", x) + activation("sigmoid", -x), [arb(1)] * len(x))
        assert equal(activation("tanh", x), 2 * activation("sigmoid", 2 * x) - 1)


@pytest.mark.parametrize(
    ("kind", "value", "slope", "second"),
    [
        ("identity", 0, 1, 0),
        ("sigmoid", 0.5, 0.25, 0),
        ("tanh", 0, 1, 0),
        ("g_1997", 0, 1, 0),
        ("h_1997", 0, 0.5, 0),
        ("relu", 0, 0, 0),
        ("leaky_relu", 0, 0.75, 0),
        ("elu", 0, 0.75, 0.75),
    ],
)
@EVERY_FORMAT
def test_at_zero_floats_are_exact(name: str, kind: str, value: float, slope: float, second: float) -> None:
    alpha = 0.75 if kind in PARAMETRIC else None
    got = [getattr(Evaluator(Floats(FORMATS[name])), m)(kind, np.zeros(1), alpha).item() for m in METHODS]
    assert got == [value, slope, slope, second]


def test_the_largest_curvatures() -> None:
    # tanh'' = -2 t (1 - t^2) is largest where t^2 = 1/3, and sigma'' = tanh''(z/2) / 8.
    with working_precision(256):
        t = 1 / arb(3).sqrt()
        z, largest = t.atanh(), 4 / (3 * arb(3).sqrt())
        for kind, at, expected in (
            ("tanh", z, largest),
            ("sigmoid", 2 * z, largest / 8),
            ("g_1997", 2 * z, largest / 2),
            ("h_1997", 2 * z, largest / 4),
        ):
            [left, right] = curvature(Balls(), kind, BallMatrix(1, 2, [-at, at])).entries
            assert left.overlaps(expected)
            assert right.overlaps(-expected)
            assert_proven(kind, [left, right], PROVEN)
        elsewhere = in_balls(lambda e: e.curvature("tanh", np.linspace(-8, 8, 401)))
        assert all(abs(v) < largest for v in elsewhere)


@drawing(30)
@given(x=st.floats(0, 2.0**-30))
def test_elu_near_zero_does_not_cancel(x: float) -> None:
    check_elu_near_zero(x)


def test_sharp_slopes_keep_their_digits_in_saturation() -> None:
    check_sharp_slopes()
