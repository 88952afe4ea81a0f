"""The loop that works until enough bits are proven, and the counting of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.checks_balls import check_certified_bits, check_saturated_digits, saturated
from reference.draws import KINDS, SEEDS, drawing, example, layer_options
from reference.exact import assert_proven, flat, tensors
from rnnref import Cotangent, Layer, Network, NotCertified, Reference, certify, working_precision


@contextmanager
def recorded_precisions() -> Iterator[list[int]]:
    """The working precisions that the reference tries, in order."""
    tried: list[int] = []

    def recording(bits: int) -> Any:
        tried.append(bits)
        return working_precision(bits)

    with patch.object(certify, "working_precision", recording):
        yield tried


@drawing(100)
@given(seed=SEEDS)
def test_bits_are_counted_truly_and_not_meanly(seed: int) -> None:
    check_certified_bits(np.random.default_rng(seed))


def test_digits_that_cancel_are_made_up_for() -> None:
    check_saturated_digits()


@drawing(20)
@given(bits=st.integers(1, 1000))
def test_as_many_bits_as_were_asked_for(bits: int) -> None:
    network, cotangent = saturated(units=2)
    with recorded_precisions() as tried:
        pullback = Reference(bits).vjp(network, cotangent)
    # The slopes are 2^-230, so the first attempt can prove nothing: the precision is doubled.
    assert len(tried) >= 2
    assert all(later == 2 * earlier for earlier, later in pairwise(tried))
    for name, value in tensors(pullback):
        assert_proven(name, flat(value), bits)


def test_the_first_precision_nearly_always_suffices() -> None:
    random = np.random.default_rng(1000)
    first = []
    for _ in range(200):
        kind = str(random.choice(KINDS))
        chosen = {name: values[random.integers(len(values))] for name, values in layer_options(kind).items()}
        layer = Layer(kind, *map(int, random.integers(1, 17, 2)), **chosen)  # type: ignore[arg-type]
        scale = 10 ** random.uniform(-1, 0.5)
        drawn = example(random, layer, int(random.integers(0, 21)), int(random.integers(1, 3)), scale)
        with recorded_precisions() as tried:
            Reference().vjp(drawn.network, drawn.cotangent)
        first.append(len(tried) == 1)
    assert sum(first) >= 0.9 * len(first), f"{sum(first)} of {len(first)}"


def test_a_tie_that_no_precision_decides() -> None:
    # Two units grow by the factor 1 + 2^-52 a step: after T steps each is a number of 52 T
    # bits, more than any precision allowed. A third unit reads their difference, which is 0
    # and can only be enclosed: whether its ReLU has the slope 0 or 1 stays open.
    steps = 2 * certify.LARGEST_PRECISION // 52 + 2
    w = 1 + 2.0**-52
    layer = Layer("rnn", 1, 3, activation="relu", biases="none")
    parameters = {"W_h": np.zeros((3, 1)), "U_h": np.array([[w, 0, 0], [0, w, 0], [1, -1, 0]])}
    state = {"h": np.array([[1.0, 1.0, 0.0]])}
    network = Network(layer, parameters, np.zeros((steps, 1, 1)), state)
    zero = np.zeros((steps, 1, 3))

    Reference().run(network)  # the value is 0 either way
    with pytest.raises(NotCertified) as caught:
        Reference(bits=100).vjp(network, Cotangent(zero, {"h": np.array([[0.0, 0.0, 1.0]])}))
    assert re.fullmatch(
        r"asked for 100 certified bits, proved 0 at a working precision of \d+ bits, "
        r"the largest allowed here",
        str(caught.value),
    )
    assert (caught.value.wanted, caught.value.proven) == (100, 0)
    assert caught.value.precision == certify.LARGEST_PRECISION
