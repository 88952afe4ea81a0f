"""Noise: reproducible, linear in its unit, wide enough for correct floats and no wider."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reference.checks import Example
from reference.checks_noise import (
    check_cancelling_sums,
    check_floats,
    check_linear,
    check_noise_of_sums,
    check_one_rounding,
    check_reproducible,
    check_tf32_is_caught,
    check_underflow,
    check_units,
    fits,
)
from reference.draws import KINDS, SCALES, SEEDS, drawing, example, examples, layers
from rnnref import FORMATS

FORMAT_NAMES = sorted(FORMATS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FORMAT_NAMES)
@drawing(40)
@given(data=st.data(), seed=SEEDS)
def test_correct_floats_are_within_the_tolerance(
    name: str, kind: str, data: st.DataObject, seed: int
) -> None:
    # Weights of an Elman network of ReLUs are kept where float16 does not soon overflow.
    scales = SCALES if name != "float16" or kind != "rnn" else st.floats(0.1, 0.5)
    drawn = data.draw(examples(kind, largest=8, steps=8, scales=scales))
    assume(fits(drawn, FORMATS[name]))
    check_floats(drawn, FORMATS[name], seed)


@pytest.mark.parametrize("kind", KINDS)
@drawing(25)
@given(data=st.data(), seed=SEEDS)
def test_operands_cut_to_tf32_are_not(kind: str, data: st.DataObject, seed: int) -> None:
    # What can hide the cut is left out: no step at all, too few operands for one of them to
    # have lost much, and weights with which everything is saturated.
    layer = data.draw(layers(kind, smallest=2, largest=8, smooth=True))
    steps, scale = data.draw(st.integers(1, 8)), data.draw(st.floats(0.1, 1))
    check_tf32_is_caught(example(np.random.default_rng(seed), layer, steps, 2, scale), seed)


@drawing(20)
@given(seed=SEEDS)
def test_sums_that_cancel_keep_the_noise_of_their_terms(seed: int) -> None:
    check_cancelling_sums(np.random.default_rng(seed))


def test_sums_are_perturbed_each_by_its_own_terms() -> None:
    check_noise_of_sums(np.random.default_rng(5))


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_one_rounding_is_perturbed_evenly(name: str) -> None:
    check_one_rounding(np.random.default_rng(5), FORMATS[name])


def test_what_underflows_is_perturbed_by_half_a_gap() -> None:
    check_underflow(seed=5)


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_the_unit_injected_and_its_scale(name: str) -> None:
    check_units(FORMATS[name])


@pytest.mark.parametrize("name", FORMAT_NAMES)
@drawing(20)
@given(drawn=examples(), replicates=st.integers(2, 9), seed=st.integers(0, 2**31))
def test_a_seed_gives_one_scatter(name: str, drawn: Example, replicates: int, seed: int) -> None:
    check_reproducible(drawn, FORMATS[name], replicates, seed)


@pytest.mark.parametrize("kind", KINDS)
@drawing(20)
@given(data=st.data(), seed=SEEDS)
def test_scatter_is_proportional_to_the_unit(kind: str, data: st.DataObject, seed: int) -> None:
    # No kink: where a replicate falls on the other side of it nothing is linear. And at least
    # one step: without, there is no scatter.
    layer, steps, scale = (
        data.draw(layers(kind, smooth=True)),
        data.draw(st.integers(1, 4)),
        data.draw(st.floats(0.1, 1)),
    )
    check_linear(example(np.random.default_rng(seed), layer, steps, 2, scale), seed)
