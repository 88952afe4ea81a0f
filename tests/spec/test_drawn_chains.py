"""Numbers, arrays and chains are drawn as they were asked for, and every format represents them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnnref import FORMATS
from rnnspec.drawn import Drawn
from rnnspec.strategies import Feedforward, arrays, chains, one_unit_a_layer, reals, wholes
from spec.exploring import collect

EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
WIDE = chains(depth=(2, 5), width=(1, 4), inputs=(1, 3), batch=(1, 3), scales=(-2, 0, 3))


def drawn(source: Drawn[Any], seed: int, times: int = 60) -> list[Any]:
    return collect(source, FORMATS["float64"], times, seed)[0]


@EVERY_FORMAT
def test_every_format_represents_them(fmt: Any, run_seed: int) -> None:
    for case in drawn(WIDE, run_seed):
        for array in (*case.parameters.values(), case.x):
            assert fmt.represents(array)
    assert fmt.represents(np.array(drawn(reals(-4, 4, 1 / 64), run_seed)))
    for array in drawn(arrays(3, (0, 4), low=-1, high=1, unit=1 / 256), run_seed):
        assert fmt.represents(array)


def test_chains_have_the_sizes_asked_for_and_fit_together(run_seed: int) -> None:
    cases: list[Feedforward] = drawn(WIDE, run_seed)
    assert {case.depth for case in cases} == {2, 3, 4, 5}
    assert {case.batch for case in cases} == {1, 2, 3}
    for case in cases:
        assert {name: v.shape for name, v in case.parameters.items()} == case.chain.parameter_shapes
        assert case.x.shape == (case.batch, case.chain.inputs)
        assert all(1 <= link.outputs <= 4 for link in case.chain.links)
        assert WIDE.admits(case)
    weights = np.concatenate([case.parameters["W_1"].ravel() for case in cases])
    assert len(np.unique(weights)) > len(weights) / 4
    assert np.abs(weights).max() > 8


def test_numbers_stay_in_their_range_and_satisfy_what_is_asked(run_seed: int) -> None:
    source = reals(-1, 3, where=lambda value: value != 0)
    values = drawn(source, run_seed)
    assert min(values) < 0 < max(values)
    assert all(-1 <= value <= 3 and value != 0 for value in values)
    assert source.admits(2.5)
    assert not source.admits(0.0)
    assert not source.admits(3.5)
    lengths = wholes(2, 5)
    assert set(drawn(lengths, run_seed)) == {2, 3, 4, 5}
    assert lengths.admits(5)
    assert not lengths.admits(6)


def test_arrays_have_the_shapes_asked_for(run_seed: int) -> None:
    source = arrays(2, (1, 3), where=lambda values: bool(values[0, 0] >= 0))
    values = drawn(source, run_seed)
    assert {array.shape for array in values} == {(2, 1), (2, 2), (2, 3)}
    assert all(array[0, 0] >= 0 for array in values)
    assert not source.admits(-np.ones((2, 2)))


def test_one_unit_a_layer() -> None:
    case = one_unit_a_layer([2, -3], [0.5, 0], x=4, activation="tanh")
    assert case.depth == 2
    assert [link.activation for link in case.chain.links] == ["tanh", "tanh"]  # type: ignore[union-attr]
    assert {name: v.tolist() for name, v in case.parameters.items()} == {
        "W_1": [[2.0]],
        "b_1": [0.5],
        "W_2": [[-3.0]],
        "b_2": [0.0],
    }
    assert case.x.tolist() == [[4.0]]
    assert case.with_parameters(b_2=1).parameters["b_2"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: reals(0, 1, unit=0.1), "unit: got 0.1, expected a power of two"),
        (lambda: reals(0, 5, unit=1 / 64), "range: got 0 to 320 units, expected at most 256"),
        (lambda: arrays(2, low=1, high=0), "range: got 64 to 0 units"),
    ],
)
def test_what_no_format_could_hold_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
