"""The backward pass, against central differences of the textbook's forward pass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.checks import check_directional_derivative, check_gradients
from reference.draws import KINDS, SEEDS, drawing, examples


@pytest.mark.parametrize("kind", KINDS)
@drawing(12)
@given(data=st.data())
def test_every_gradient_is_the_textbooks_difference(kind: str, data: st.DataObject) -> None:
    check_gradients(data.draw(examples(kind)))


@drawing(12)
@given(data=st.data())
def test_every_gradient_of_a_stack_and_of_ragged_batches(data: st.DataObject) -> None:
    check_gradients(data.draw(examples(largest=2, stacked=data.draw(st.booleans()), ragged=True)))


@pytest.mark.parametrize("kind", KINDS)
@drawing(10)
@given(data=st.data(), seed=SEEDS)
def test_all_gradients_of_a_larger_network_along_one_direction(
    kind: str, data: st.DataObject, seed: int
) -> None:
    drawn = data.draw(examples(kind, largest=8, steps=8, batch=3))
    check_directional_derivative(drawn, np.random.default_rng(seed))
