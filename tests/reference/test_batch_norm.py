"""Batch norm: what it keeps, what it loses, and where it is 0/0."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from reference.checks_feedforward import proven
from reference.draws import SEEDS, drawing
from reference.draws_feedforward import batch_norms, chain_example
from reference.exact import PROVEN, flat, fraction
from rnnref import FORMATS, Balls, Floats, Mpmath, working_precision
from rnnref.feedforward import BatchNorm, Chain, Dense, Feedforward

FLOATS = Feedforward(Floats(FORMATS["float64"]))


def normalised(link: BatchNorm, x: Any, dy: Any) -> tuple[Any, Any]:
    """Outputs and input gradients of a batch norm alone, with gamma = 1 and beta = 0."""
    p = {"gamma_1": np.ones(link.features), "beta_1": np.zeros(link.features)}
    run = proven(lambda engine: engine.chain(Chain((link,)), p, x))
    back = proven(lambda engine: engine.chain_vjp(Chain((link,)), p, x, dy))
    return run.outputs, back.inputs


def is_zero(ball: Any) -> bool:
    return bool(abs(fraction(ball.mid())) <= fraction(ball.rad()))


@drawing(30)
@given(seed=SEEDS, batch=st.integers(2, 6), epsilon=st.sampled_from((0.0, 1e-5, 0.1)))
def test_the_mean_becomes_0_and_the_variance_its_share_of_itself_and_epsilon(
    seed: int, batch: int, epsilon: float
) -> None:
    random = np.random.default_rng(seed)
    x, dy = random.normal(size=(2, batch, 3))
    y, dx = normalised(BatchNorm(3, epsilon), x, dy)
    with working_precision(2 * PROVEN):
        for k in range(3):
            column = [Fraction(v) for v in x[:, k].tolist()]
            mean = sum(column, Fraction(0)) / batch
            variance = sum(((v - mean) ** 2 for v in column), Fraction(0)) / batch
            share = variance / (variance + Fraction(epsilon))
            assert is_zero(sum(y[:, k])), "the mean is not 0"
            square = sum(v * v for v in y[:, k]) / batch
            assert is_zero(square - arb(share.numerator) / arb(share.denominator)), "the variance"
            assert is_zero(sum(dx[:, k])), "the gradient does not sum to 0"
            if epsilon == 0:
                along = sum(g * v for g, v in zip(dx[:, k], y[:, k], strict=True))
                assert is_zero(along), "the gradient is not orthogonal to the output"


@drawing(20)
@given(seed=SEEDS)
def test_below_a_batch_of_two_there_is_no_gradient(seed: int) -> None:
    x, dy = np.random.default_rng(seed).normal(size=(2, 2, 3))
    y, dx = normalised(BatchNorm(3), x, dy)
    assert all(is_zero(abs(v) - 1) for v in flat(y))
    assert all(is_zero(g) for g in flat(dx))
    assert not any(is_zero(g) for g in flat(normalised(BatchNorm(3, 0.1), x, dy)[1]))


@drawing(20)
@given(seed=SEEDS, scale=st.sampled_from((0.125, 3.0, 1024.0)))
def test_the_scale_of_the_weights_before_it_is_lost(seed: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    chain = Chain((Dense(2, 3, bias=False), BatchNorm(3)))
    one = chain_example(random, chain, batch=4, scale=1)
    W = FORMATS["float32"].round(one.parameters["W_1"])  # so that scale * W is exact
    one = replace(one, parameters={**one.parameters, "W_1": W})
    other = replace(one, parameters={**one.parameters, "W_1": scale * W})
    for y, scaled in zip(flat(proven(one.run).outputs), flat(proven(other.run).outputs), strict=True):
        assert y.overlaps(scaled)
    dW, dscaled = (proven(each.vjp).parameters["W_1"] for each in (one, other))
    with working_precision(2 * PROVEN):
        for g, scaled in zip(flat(dW), flat(dscaled), strict=True):
            assert g.overlaps(scale * scaled)
        for row, w in zip(dW, W, strict=True):
            assert is_zero(sum(g * arb(float(v)) for g, v in zip(row, w, strict=True)))


@pytest.mark.parametrize("system", [Floats(FORMATS["float64"]), Balls(), Mpmath(64)], ids=["f", "b", "m"])
def test_where_all_members_agree(system: Any) -> None:
    chain = Chain((BatchNorm(2, 0.1),))
    p = {"gamma_1": np.array([2.0, 3.0]), "beta_1": np.array([0.5, -0.25])}
    for x in (np.array([[7.0, 8.0]]), np.array([[7.0, 8.0]] * 2)):
        y = Feedforward(system).chain(chain, p, x).outputs
        assert [float(v) for v in flat(y)] == [0.5, -0.25] * len(x)


def test_zero_over_zero() -> None:
    chain = Chain((BatchNorm(1),))
    p, x = {"gamma_1": np.ones(1), "beta_1": np.zeros(1)}, np.array([[3.0]])
    with np.errstate(invalid="ignore"):
        assert np.isnan(FLOATS.chain(chain, p, x).outputs).all()
    assert not Feedforward(Balls()).chain(chain, p, x).outputs[0, 0].is_finite()
    with pytest.raises(ZeroDivisionError):
        Feedforward(Mpmath(64)).chain(chain, p, x)


def test_nan_stays_with_its_member_but_for_batch_norm() -> None:
    x = np.array([[1.0, 2.0], [np.nan, 1.0], [0.5, 3.0]])
    dense = chain_example(np.random.default_rng(3), Chain((Dense(2, 2, "tanh"),)), 3, 1)
    assert np.isnan(replace(dense, x=x).run(FLOATS).outputs).tolist() == [
        [False] * 2,
        [True] * 2,
        [False] * 2,
    ]
    for mode, spread in (("training", True), ("inference", False)):
        link = BatchNorm(2, mode=mode)  # type: ignore[arg-type]
        norm = chain_example(np.random.default_rng(3), Chain((link,)), 3, 1)
        y = np.isnan(replace(norm, x=x).run(FLOATS).outputs)
        assert y.tolist() == [[spread, False], [True, False], [spread, False]]


def test_statistics_that_libraries_begin_with() -> None:
    chain = Chain((BatchNorm(2, 0.5, "inference"),))
    p, x = {"gamma_1": np.ones(2), "beta_1": np.zeros(2)}, np.array([[1.0, -2.0]])
    begin = {"mean_1": np.zeros(2), "variance_1": np.ones(2)}
    without, given_ = FLOATS.chain(chain, p, x), FLOATS.chain(chain, p, x, begin)
    assert without.outputs.tolist() == given_.outputs.tolist() == (x / np.sqrt(1.5)).tolist()


@drawing(15)
@given(data=st.data(), seed=SEEDS)
def test_inference_changes_no_statistics_and_training_reads_none(data: st.DataObject, seed: int) -> None:
    link = data.draw(batch_norms(2, exact=False))
    example = chain_example(np.random.default_rng(seed), Chain((link,)), 3, 1)
    after, y = example.running(FLOATS), example.run(FLOATS).outputs
    others = {name: 2 + value for name, value in example.statistics.items()}
    y_others = replace(example, statistics=others).run(FLOATS).outputs
    if link.mode == "inference":
        assert all(np.array_equal(after[name], value) for name, value in example.statistics.items())
        assert not np.array_equal(y, y_others)
    else:
        assert np.array_equal(y, y_others)
        assert any(not np.array_equal(after[k], v) for k, v in example.statistics.items()) == (
            link.momentum > 0
        )
