"""A failing input is written with less: never one that passes, and never for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnspec.drawn import Drawn
from rnnspec.hold import Inapplicable
from rnnspec.kit.explore import Failure, judge_once, pinned
from rnnspec.kit.judge import Judgement
from rnnspec.kit.shrink import MOST_CALLS, MOST_NUMBERS, shorter
from rnnspec.protocol import FORMATS, Format, Layer
from rnnspec.strategies import Orbit, networks, orbits
from spec.exploring import FALSE, TRUE, a_law, collect

EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
FLOAT64 = FORMATS["float64"]
Inputs = Mapping[str, Any]


def shortened(
    x: Any, fails: Callable[[Any], bool], fmt: Format = FLOAT64
) -> tuple[Any, list[tuple[Any, bool]]]:
    """What becomes of an array, and everything that was tried with its outcome."""
    tried: list[tuple[Any, bool]] = []

    def still_fails(inputs: Inputs) -> bool:
        tried.append((inputs["x"], fails(inputs["x"])))
        return tried[-1][1]

    return shorter({"x": np.array(x, float)}, still_fails, fmt)["x"], tried


class TestNumbers:
    @EVERY_FORMAT
    @given(
        drawn=st.lists(st.floats(-100, 100, width=16), min_size=1, max_size=6),
        bound=st.floats(-50, 50, width=16),
    )
    def test_what_comes_out_fails_and_is_of_the_format(
        self, fmt: Format, drawn: list[float], bound: float
    ) -> None:
        numbers = fmt.round(np.array(drawn)).tolist()

        def fails(x: Any) -> bool:
            return bool(np.sum(x) >= bound)

        if not fails(np.array(numbers)):
            return
        result, tried = shortened(numbers, fails, fmt)
        assert fails(result)
        assert all(fmt.represents(x) for x, _ in tried)
        accepted = [x for x, outcome in tried if outcome]
        assert not accepted or np.array_equal(result, accepted[-1])

    @pytest.mark.parametrize(
        ("x", "fails", "expected"),
        [
            ([3.7, -2.2], lambda x: True, [0.0, 0.0]),
            ([3.7, -2.2], lambda x: x[1] < 0, [0.0, -1.0]),
            ([3.7], lambda x: x[0] >= 1, [1.0]),
            ([3.71], lambda x: x[0] > 3.5, [4.0]),
            ([3.3], lambda x: 3.2 < x[0] < 3.4, [3.25]),
            ([0.123456789012], lambda x: 0.12 <= x[0] < 0.1243, [0.12]),
            ([123456.789], lambda x: x[0] > 123456.7, [123457.0]),
            ([0.7], lambda x: x[0] == 0.7, [0.7]),
            ([0.0, -0.0], lambda x: True, [0.0, -0.0]),
        ],
    )
    def test_each_is_made_as_simple_as_it_can_be(
        self, x: list[float], fails: Callable[[Any], bool], expected: list[float]
    ) -> None:
        result, _ = shortened(x, fails)
        assert result.tolist() == expected

    @EVERY_FORMAT
    def test_the_largest_stays_finite(self, fmt: Format) -> None:
        result, tried = shortened([fmt.largest], lambda x: x[0] > fmt.largest / 2, fmt)
        assert result[0] > fmt.largest / 2
        assert all(np.isfinite(x).all() for x, _ in tried)

    def test_what_was_given_is_not_changed(self) -> None:
        x = np.array([3.7, 2.2])
        shorter({"x": x}, lambda inputs: True, FLOAT64)
        assert x.tolist() == [3.7, 2.2]

    @given(x=st.floats(allow_nan=False, allow_infinity=False))
    def test_none_is_replaced_by_a_longer_one(self, x: float) -> None:
        [result], _ = shortened([x], lambda candidate: True)
        assert len(repr(abs(float(result)))) <= len(repr(abs(x)))
        assert abs(Fraction(float(result))) <= abs(Fraction(x)) or abs(result) == 1


class TestBudget:
    def test_calls_are_counted(self) -> None:
        x = np.random.default_rng(1).uniform(size=MOST_NUMBERS)
        _, tried = shortened(x, lambda candidate: False)
        assert len(tried) == MOST_CALLS

    def test_an_input_of_many_numbers_is_left_alone(self) -> None:
        x = np.random.default_rng(1).uniform(size=MOST_NUMBERS + 1)
        result, tried = shortened(x, lambda candidate: True)
        assert (tried, result.tolist()) == ([], x.tolist())


class TestStructures:
    def test_every_number_of_a_network_is_tried(self, run_seed: int) -> None:
        source = networks("lstm", hidden=(1, 1), inputs=(1, 1), steps=(2, 2), batch=(1, 1), biases="one")
        [net, *_], _ = collect(source, FLOAT64, 1, run_seed)
        net = replace(
            net.with_parameters(**dict.fromkeys(net.parameters, 0.3)), inputs=np.full((2, 1, 1), 0.7)
        )
        result = shorter({"net": net}, lambda inputs: bool(inputs["net"].inputs[1] > 0.5), FLOAT64)["net"]
        assert result.layer == net.layer
        assert not any(value.any() for value in result.parameters.values())
        assert not any(value.any() for value in result.state.values())
        assert result.inputs.ravel().tolist() == [0.0, 1.0]

    def test_what_is_no_array_stays(self) -> None:
        inputs = {"layer": Layer("gru", 2, 3), "steps": 5, "name": "x"}
        assert shorter(inputs, lambda changed: True, FLOAT64) == inputs

    def test_inputs_are_shrunk_one_after_the_other(self) -> None:
        inputs = {"a": np.array([2.5]), "b": np.array([[0.3]])}
        result = shorter(inputs, lambda now: bool(now["a"][0] + now["b"][0, 0] > 2), FLOAT64)
        assert (result["a"].tolist(), result["b"].tolist()) == ([2.0], [[1.0]])


def judging(fails: Callable[[Inputs], bool], seen: list[Inputs]) -> Callable[[Inputs], Judgement]:
    def judge(inputs: Inputs) -> Judgement:
        seen.append(inputs)
        return FALSE if fails(inputs) else TRUE

    return judge


ARRAYS = Drawn(
    name="arrays", strategy=lambda fmt: st.none(), pieces=lambda x: (x[k : k + 1] for k in range(x.size))
)


class TestPinning:
    def test_nothing_is_tried_that_could_not_be_drawn(self, run_seed: int) -> None:
        """Everything that the judge sees again is an orbit with an eigenvalue beyond 1."""
        source = orbits(where=lambda orbit: bool(np.trace(orbit.W) > 1))
        [orbit, *_], _ = collect(source, FLOAT64, 1, run_seed)
        seen: list[Inputs] = []
        judge = judging(lambda inputs: True, seen)
        shrunk = pinned(a_law(x=source), judge, Failure({"x": orbit}, FALSE), FLOAT64)
        assert all(source.admits(inputs["x"]) for inputs in seen)
        assert source.admits(shrunk.inputs["x"])
        assert np.trace(shrunk.inputs["x"].W) > 1

    def test_the_first_piece_that_fails_alone_is_taken(self) -> None:
        x = np.array([1.0, 2.0, 5.25, 7.25])
        seen: list[Inputs] = []
        judge = judging(lambda inputs: bool(inputs["x"].max() > 5), seen)
        shrunk = pinned(a_law(x=ARRAYS), judge, Failure({"x": x}, FALSE), FLOAT64)
        assert shrunk.inputs["x"].tolist() == [5.25]
        assert all(inputs["x"].size == 1 for inputs in seen)

    def test_what_fails_only_as_a_whole_stays_whole(self) -> None:
        judge = judging(lambda inputs: inputs["x"].size == 2, [])
        shrunk = pinned(a_law(x=ARRAYS), judge, Failure({"x": np.array([3.5, 4.5])}, FALSE), FLOAT64)
        assert shrunk.inputs["x"].tolist() == [0.0, 0.0]

    def test_an_input_outside_of_the_laws_conditions_is_passed_over(self) -> None:
        def judge(inputs: Inputs) -> Judgement:
            if inputs["x"].W[0, 0] < 1.5:
                raise Inapplicable
            return FALSE

        orbit = Orbit(np.array([[1.75]]), np.array([0.5]), 2)
        shrunk = judge_once(a_law(x=orbits(size=(1, 1))), judge, FLOAT64, {"x": orbit}).failure
        assert shrunk is not None
        assert (shrunk.inputs["x"].W.tolist(), shrunk.inputs["x"].start.tolist()) == ([[2.0]], [0.0])
