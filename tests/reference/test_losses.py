"""Softmax, squared error, cross-entropy and the L2 penalty, with their gradients."""

from __future__ import annotations

from operator import methodcaller
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from reference import textbook, textbook_functions
from reference.checks import PRECISION
from reference.checks_functions import (
    LOSSES,
    Loss,
    check_engines,
    check_floats,
    check_large_logits,
    check_loss,
    check_loss_gradient,
    check_penalty,
    in_balls,
)
from reference.draws import SEEDS, drawing
from reference.exact import ball
from rnnref import FORMATS, Balls, Evaluator, Floats, Noise, losses, working_precision
from rnnref.systems.balls import BallMatrix

SCALES = st.sampled_from([2.0**-6, 1.0, 6.0])
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
EVERY_FORMAT = pytest.mark.parametrize("name", FORMATS)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two arrays (B, n): any numbers, and probabilities, all on one entry, or any numbers again."""
    random = np.random.default_rng(draw(SEEDS))
    shape = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    x = random.normal(0, draw(SCALES), shape)
    match draw(st.sampled_from(["probabilities", "one entry", "any"])):
        case "probabilities":
            return x, random.dirichlet(np.ones(shape[1]), shape[0])
        case "one entry":
            return x, np.eye(shape[1])[random.integers(shape[1], size=shape[0])]
    return x, random.normal(size=shape)


@EVERY_LOSS
@drawing(20)
@given(drawn=rows())
def test_values_are_the_textbooks(loss: Loss, drawn: tuple[Any, Any]) -> None:
    check_loss(loss, *drawn)


@EVERY_LOSS
@drawing(15)
@given(drawn=rows())
def test_gradients_are_the_textbooks_differences(loss: Loss, drawn: tuple[Any, Any]) -> None:
    check_loss_gradient(loss, *drawn)


@EVERY_LOSS
@drawing(10)
@given(drawn=rows())
def test_two_engines_agree(loss: Loss, drawn: tuple[Any, Any]) -> None:
    check_engines(loss.name, lambda e: loss.value(e, *drawn))
    check_engines(f"gradient of {loss.name}", lambda e: loss.gradient(e, *drawn))


@EVERY_LOSS
@EVERY_FORMAT
@drawing(15)
@given(drawn=rows(), seed=SEEDS)
def test_floats_are_within_the_tolerance(name: str, loss: Loss, drawn: tuple[Any, Any], seed: int) -> None:
    fmt = FORMATS[name]
    x, t = map(fmt.round, drawn)
    check_floats(loss.name, lambda e: loss.value(e, x, t), fmt, seed)
    check_floats(f"gradient of {loss.name}", lambda e: loss.gradient(e, x, t), fmt, seed)


@pytest.mark.parametrize("convention", losses.PENALTIES)
@drawing(15)
@given(seed=SEEDS, alpha=st.floats(0, 10), shape=st.lists(st.integers(1, 3), max_size=3))
def test_the_penalty_and_its_gradient(convention: str, seed: int, alpha: float, shape: list[int]) -> None:
    weights = np.random.default_rng(seed).normal(size=shape)
    check_penalty(weights, alpha, convention)
    check_engines("l2_penalty", lambda e: e.l2_penalty(weights, alpha, convention))
    check_engines("l2_gradient", lambda e: e.l2_gradient(weights, alpha, convention))


@pytest.mark.parametrize("convention", losses.PENALTIES)
@EVERY_FORMAT
@drawing(10)
@given(seed=SEEDS, alpha=st.sampled_from([0.0, 1e-2, 0.3, 2.0]))
def test_the_penalty_in_floats(name: str, convention: str, seed: int, alpha: float) -> None:
    fmt = FORMATS[name]
    weights = fmt.round(np.random.default_rng(seed).normal(size=(3, 4)))
    check_floats("l2_penalty", lambda e: e.l2_penalty(weights, alpha, convention), fmt, seed)
    check_floats("l2_gradient", lambda e: e.l2_gradient(weights, alpha, convention), fmt, seed)


@drawing(20)
@given(drawn=rows(), shift=st.floats(-8, 8))
def test_softmax_is_a_probability_and_knows_differences_only(drawn: tuple[Any, Any], shift: float) -> None:
    x = np.ldexp(np.rint(np.ldexp(drawn[0], 8)), -8)  # so that adding the shift is exact
    shift = np.ldexp(np.rint(np.ldexp(shift, 8)), -8)
    p, shifted = (in_balls(methodcaller("softmax", z)) for z in (x, x + shift))
    for row, same in zip(p, shifted, strict=True):
        assert all(v > 0 for v in row)
        assert sum(row, arb(0)).overlaps(arb(1))
        assert all(a.overlaps(b) for a, b in zip(row, same, strict=True))


def test_equal_logits_are_exactly_one_nth() -> None:
    for n in (1, 2, 4, 8):
        for fmt in FORMATS.values():
            evaluator = Evaluator(Floats(fmt))
            assert evaluator.softmax(np.full((1, n), 3.5)).tolist() == [[1 / n] * n]
    # The loss of a uniform guess is log n, whatever the target.
    for target in np.eye(3):
        [loss] = in_balls(methodcaller("cross_entropy", np.zeros((1, 3)), target[np.newaxis]))
        with working_precision(256):
            assert loss.overlaps(arb(3).log())


@EVERY_FORMAT
def test_large_logits_do_not_overflow(name: str) -> None:
    check_large_logits(FORMATS[name])


@EVERY_FORMAT
def test_infinite_logits(name: str) -> None:
    evaluator = Evaluator(Floats(FORMATS[name]))
    x = np.array([[0.0, -np.inf], [-np.inf, -np.inf], [np.inf, 0.0], [np.nan, 0.0]])
    with np.errstate(invalid="ignore"):
        p = evaluator.softmax(x).astype(float)
        assert p[0].tolist() == [1, 0]
        assert np.isnan(p[1:]).all()
        loss = evaluator.cross_entropy(x[:1], np.array([[1.0, 0.0]])).astype(float)
        assert np.isnan(loss).all()  # 0 times infinity, as documented


@drawing(20)
@given(seed=SEEDS, radius=st.floats(2.0**-60, 0.1))
def test_balls_enclose_where_the_largest_is_open(seed: int, radius: float) -> None:
    random = np.random.default_rng(seed)
    middles = random.choice([0.0, 0.05, 1.0], size=4)
    with working_precision(64):
        z = BallMatrix(4, 1, [arb(m, radius) for m in middles])
        wide = losses.softmax(Balls(), z).entries
    mp = textbook.precision(PRECISION)
    for _ in range(4):
        where = random.choice([-1.0, -0.5, 0.0, 1.0], size=4)
        point = [mp.mpf(m) + mp.mpf(w) * mp.mpf(radius) for m, w in zip(middles, where, strict=True)]
        for got, value in zip(wide, textbook_functions.softmax(mp, point), strict=True):
            assert got.is_finite()
            assert got.contains(ball(value))


def test_in_noise_replicates_come_first() -> None:
    evaluator = Evaluator(Noise(FORMATS["float32"], 5))
    x, t = np.arange(6.0).reshape(2, 3), np.full((2, 3), 0.25)
    assert evaluator.softmax(x).shape == (5, 2, 3)
    assert evaluator.cross_entropy(x, t).shape == (5, 2)
    assert evaluator.squared_error(x, t, "mean").shape == (5, 2)
    assert evaluator.l2_penalty(x, 0.5, "full").shape == (5,)
    assert evaluator.l2_gradient(x, 0.5, "full").shape == (5, 2, 3)
    assert evaluator.clip_by_norm({"g": x}, 1.0)["g"].shape == (5, 2, 3)
