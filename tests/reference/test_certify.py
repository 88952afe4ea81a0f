"""The loop that works until enough bits are proven, and the counting of them."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from flint import arb
from hypothesis import given, seed
from hypothesis import strategies as st

from reference.checks import Example
from reference.checks_balls import (
    check_blind,
    check_certified_bits,
    check_foreseen,
    check_underestimated,
    long_sequence,
    recorded_precisions,
    saturated,
)
from reference.draws import KINDS, SEEDS, drawing, examples, panel
from reference.exact import PROVEN, assert_proven, flat, tensors
from rnnref import BadInput, Cotangent, Layer, Network, NotCertified, Reference, Run, certified_bits, certify


@drawing(100)
@given(seed=SEEDS)
def test_bits_are_counted_truly_and_not_meanly(seed: int) -> None:
    check_certified_bits(np.random.default_rng(seed))


@drawing(20)
@given(bits=st.integers(1, 1000))
def test_as_many_bits_as_were_asked_for(bits: int) -> None:
    tried = check_underestimated(bits)
    # The slopes are 2^-230, so that without foresight the first attempt can prove nothing.
    assert len(tried) >= 2
    assert all(later == 2 * earlier for earlier, later in pairwise(tried))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("units", [1, 2])
def test_digits_that_cancel_are_foreseen(units: int, activation: str) -> None:
    network, cotangent = saturated(units, activation)
    check_foreseen(network, cotangent)


@pytest.mark.parametrize("bits", [1, 100, 256])
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_precision_nearly_always_suffices(kind: str, bits: int) -> None:
    first = []

    @seed(1000)
    @drawing(60)
    @given(drawn=examples(kind, largest=16, steps=12, stacked=True, ragged=True))
    def counted(drawn: Example) -> None:
        with recorded_precisions() as tried:
            Reference(bits).vjp(drawn.network, drawn.cotangent)
        first.append(len(tried) == 1)

    counted()
    assert sum(first) >= 0.9 * len(first), f"{sum(first)} of {len(first)}"


@drawing(20)
@given(seed=SEEDS, kind=st.sampled_from(["lstm", "gru"]))
def test_what_a_long_sequence_loses_is_foreseen(seed: int, kind: str) -> None:
    drawn = long_sequence(np.random.default_rng(seed), kind)
    check_foreseen(drawn.network, drawn.cotangent)


def test_what_is_foreseen_does_not_depend_on_what_is_asked_for() -> None:
    # Nor is it far too much: at the precision foreseen, few more bits are proven than that.
    drawn = panel()[3]
    spare = []
    for bits in (50, 100, 1000):
        result = Reference(bits).vjp(drawn.network, drawn.cotangent)
        spare.append(min(map(certified_bits, (value for _, value in tensors(result)))) - bits)
    assert len(set(spare)) == 1
    assert 0 <= spare[0] <= certify.MARGIN


def test_where_the_dry_run_overflows_precision_is_doubled_all_the_same() -> None:
    # h_t = 1e300^t: a ball can hold it and a float64 cannot.
    layer = Layer("rnn", 1, 1, activation="relu", biases="none")
    parameters = {"W_h": np.ones((1, 1)), "U_h": np.full((1, 1), 1e300)}
    state = {"h": np.ones((1, 1))}
    network = Network(layer, parameters, np.full((9, 1, 1), 0.1), state)
    pullback = Reference().vjp(network, Cotangent(np.ones((9, 1, 1)), state))
    for name, value in tensors(pullback):
        assert_proven(name, flat(value), PROVEN)


def test_tensors_are_found_wherever_they_are() -> None:
    a, b, c, d = (np.array([k], dtype=object) for k in range(4))
    found = list(certify.tensors([{"x": a, "y": (b,)}, Run(c, {"h": d})]))
    assert [value.item() for value in found] == [0, 1, 2, 3]
    [lone] = certify.tensors({"loss": arb(3)})
    assert lone.tolist() == [arb(3)]
    with pytest.raises(TypeError, match="float is no tensor"):
        list(certify.tensors({"loss": 3.0}))


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


def test_a_blind_attempt_counts_if_no_more_is_lost_than_it_allows() -> None:
    # About 230 bits are lost.
    assert check_blind(bits=128, spare=64, blind=300) == [492]
    assert len(check_blind(bits=128, spare=64, blind=200)) == 2
    assert len(check_blind(bits=128, spare=0, blind=1)) == 2


@pytest.mark.parametrize("argument", ["spare", "blind"])
def test_bits_that_may_be_lost_are_a_whole_number(argument: str) -> None:
    with pytest.raises(BadInput, match=f"^{argument}: got -1, expected a whole number from 0 to 8192$"):
        Reference(**{argument: -1})
