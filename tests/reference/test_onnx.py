"""The reference against the test data of ONNX, which others have computed and frozen.

How far a frozen number may be off is not chosen: it is what noise allows the very same
operator in float32 at these very numbers.

What the data can tell is limited. In most of the recurrent cases all weights are one
constant: each of the 24 orders of an LSTM's gates passes all four cases of LSTM. Only
`test_gru_seq_length` and `test_rnn_seq_length` have numbers of all sorts. Of gradients there
are none. (Nor do the frozen ELUs come from a careful program: near 0 they have the
cancellation of e^x - 1, up to 15 times the scatter that is expected without it.)
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reference.checks_noise import FACTOR
from reference.exact import PROVEN, assert_proven, flat
from reference.onnx_cases import Case, data_files, models, names_of, read
from reference.onnx_operators import ACTIVATIONS, GATES, translated
from rnnref import Balls, Evaluator, Noise, format_named, working_precision

OPERATORS = frozenset(
    {*GATES, *ACTIVATIONS, "Softmax", "LogSoftmax", "SoftmaxCrossEntropyLoss", "BatchNormalization", "Clip"}
)

# What an operator that the reference has can do and the reference cannot.
NOT_COVERED = {
    "test_clip_default_inbounds": "has no bounds",
    "test_clip_default_int8_inbounds": "has no bounds, on integers",
    "test_clip_default_int8_max": "is an upper bound alone, on integers",
    "test_clip_default_int8_min": "is a lower bound alone, on integers",
    "test_clip_default_max": "is an upper bound alone",
    "test_clip_default_min": "is a lower bound alone",
    "test_clip_min_greater_than_max": "has an empty interval",
}

COVERED = sorted(set(names_of(OPERATORS)) - set(NOT_COVERED))

PRECISION = 300  # more than the proven bits by what any of these operators cancels
FLOAT32 = format_named("float32")


def worst_ratio(case: Case, gates: str | None = None) -> float:
    """The largest |frozen - reference| of a case, in units of the tolerance without its factor."""
    compute = translated(case, gates)
    with working_precision(PRECISION):
        truths = compute(Evaluator(Balls()))
    scattered = compute(Evaluator(Noise(FLOAT32)))
    worst = 0.0
    assert len(truths) >= len(case.outputs)
    for frozen, truth, replicates in zip(case.outputs, truths, scattered, strict=False):
        if frozen is None:
            continue
        assert truth is not None
        assert replicates is not None
        assert frozen.dtype == np.float32
        assert frozen.shape == truth.shape, f"shape {truth.shape}, frozen is {frozen.shape}"
        assert_proven(case.name, flat(truth) if truth.ndim else [truth.item()], PROVEN)
        value = _rounded(truth)
        scatter = np.std(np.asarray(replicates, dtype=np.float64), axis=0)
        unit = scatter + FLOAT32.unit_roundoff * np.abs(value) + FLOAT32.smallest_normal
        worst = max(worst, float(np.max(np.abs(frozen - value) / unit)))
    return worst


def _rounded(truth: NDArray[Any]) -> NDArray[np.float64]:
    """The midpoints, rounded to float32."""
    midpoints = [float(ball.mid()) for ball in truth.ravel().tolist()]
    return FLOAT32.round(np.array(midpoints).reshape(truth.shape))


@pytest.mark.parametrize("name", COVERED)
def test_the_reference_agrees(name: str) -> None:
    ratio = worst_ratio(read(name))
    assert ratio < FACTOR, f"off by {ratio:.1f} times the scatter"


def test_no_case_is_forgotten() -> None:
    assert {read(name).operator for name in COVERED} == OPERATORS
    assert set(NOT_COVERED) <= set(names_of(OPERATORS))
    for name in NOT_COVERED:
        with pytest.raises((AssertionError, NotImplementedError)):
            translated(read(name))(Evaluator(Noise(FLOAT32)))


def test_expanded_cases_have_the_same_numbers() -> None:
    # An operator written out as a graph of simpler ones: the numbers are those of the case itself.
    known = set(names_of(OPERATORS))
    expanded = [name for name in models() if "_expanded" in name and name.split("_expanded")[0] in known]
    assert len(expanded) > 50
    for name in expanded:
        assert data_files(name) == data_files(name.split("_expanded")[0]), name


@pytest.mark.parametrize("gates", sorted(map("".join, itertools.permutations("zrn"))))
def test_the_order_of_a_grus_gates_is_told(gates: str) -> None:
    ratio = worst_ratio(read("test_gru_seq_length"), gates)
    assert (ratio < FACTOR) == (gates == GATES["GRU"])
