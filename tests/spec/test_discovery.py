"""A narrow error is found wherever it is: 20 of 20 times, without a hint from any source file.

Hypothesis collects the numeric literals of the files that it takes for the user's own, and
these tests would be among them. So every place is drawn when the test runs, and nothing in
`spec.planted` is a literal that lies in a region.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnspec.claim import Kind
from rnnspec.claims import registry
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.results import CheckResult, Status
from rnnspec.kit.runner import MATHEMATICS, Task, run_task
from rnnspec.protocol import Format, format_named
from spec.planted import (
    NARROW_SATURATION,
    PLACES,
    SLOPE_ERROR,
    VALUE_ERROR,
    Place,
    Region,
    WrongSlope,
    WrongValue,
)

TIMES = 20
FEW_TIMES = 3
KINDS = ("sigmoid", "tanh")


@dataclass(frozen=True)
class Fault:
    """What is off by how much, and the laws that are to notice, by the function it is planted in."""

    name: str
    faulty: type[WrongSlope]
    error: float
    laws: Mapping[str, str]


SLOPE = Fault(
    "slope", WrongSlope, SLOPE_ERROR, {"sigmoid": "ACT-02/whole_curve", "tanh": "ACT-05/whole_tanh_curve"}
)
# No law of these states a value: an identity with the slope gives it away.
VALUE = Fault(
    "value",
    WrongValue,
    VALUE_ERROR,
    {"sigmoid": "ACT-02/square_of_the_distance_from_one_half", "tanh": "ACT-05/one_minus_the_square"},
)
HALF_OF_TANH = Fault("half", WrongValue, VALUE_ERROR, {"tanh": "ACT-03/quarter_of_a_squared_tanh"})

EVERY_FAULT = pytest.mark.parametrize("fault", [SLOPE, VALUE], ids=lambda fault: fault.name)
EVERY_PLACE = pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
EVERY_DTYPE = pytest.mark.parametrize("dtype", ["float32", "float64"])

AS_STATED = [check.id for claim in registry for check in claim.of_kind(Kind.AS_STATED)]


def sought(fault: Fault, kind: str, place: Place, dtype: str, seed: int) -> tuple[Region, CheckResult]:
    """One error at a place of this seed, and what the law meant for it says."""
    region = place.draw(np.random.default_rng(seed), format_named(dtype))
    endpoint = InProcess(fault.faulty(kind, region, fault.error))
    return region, run_task(Task(fault.laws[kind], dtype, "standard", seed), endpoint)


def numbers(result: CheckResult) -> NDArray[np.float64]:
    """The input of a failure, from the Python that repeats it."""
    assert result.failure is not None
    text = result.failure.inputs["x"]
    if text == "np.zeros(1)":
        return np.zeros(1)
    found = re.fullmatch(r"np\.array\((.*)\)", text)
    assert found is not None, text
    return np.array(ast.literal_eval(found[1]))


def assert_found(fault: Fault, kinds: Sequence[str], place: Place, dtype: str, seeds: range) -> list[int]:
    """Every error is found, each in one of the two functions in turn; after how many examples."""
    examples = []
    for seed in seeds:
        region, result = sought(fault, kinds[seed % len(kinds)], place, dtype, seed)
        assert result.status is Status.FAILED, f"seed {seed}: missed in {result.examples} examples"
        assert region(numbers(result)).any(), f"seed {seed}: another failure than the planted one"
        examples.append(result.examples)
    return examples


def assert_pinned(fault: Fault, kinds: Sequence[str], place: Place, dtype: str, seeds: range) -> None:
    """Every error is found and shrunk to one number, which lies in its region."""
    for seed in seeds:
        region, result = sought(fault, kinds[seed % len(kinds)], place, dtype, seed)
        assert result.status is Status.FAILED, f"seed {seed}: missed in {result.examples} examples"
        assert region(numbers(result)).tolist() == [True], f"seed {seed}: {numbers(result)}"


def seeds_from(run_seed: int, times: int) -> range:
    return range(run_seed * TIMES, run_seed * TIMES + times)


@pytest.mark.usefixtures("unshrunk")
@EVERY_DTYPE
@EVERY_PLACE
@EVERY_FAULT
def test_twenty_of_twenty_are_found(
    fault: Fault, place: Place, dtype: str, run_seed: int, record_property: Callable[[str, object], None]
) -> None:
    record_property("examples", assert_found(fault, KINDS, place, dtype, seeds_from(run_seed, TIMES)))


@EVERY_DTYPE
@EVERY_PLACE
@EVERY_FAULT
def test_what_is_found_is_shrunk_to_one_number(fault: Fault, place: Place, dtype: str, run_seed: int) -> None:
    assert_pinned(fault, KINDS, place, dtype, seeds_from(run_seed, FEW_TIMES))


@pytest.mark.thorough
@EVERY_DTYPE
@EVERY_PLACE
@EVERY_FAULT
@pytest.mark.parametrize("kind", KINDS)
def test_twenty_of_twenty_are_found_and_shrunk_in_either_function(
    kind: str, fault: Fault, place: Place, dtype: str, run_seed: int
) -> None:
    assert_pinned(fault, [kind], place, dtype, seeds_from(run_seed, TIMES))


@pytest.mark.usefixtures("unshrunk")
@EVERY_DTYPE
@pytest.mark.parametrize("place", [p for p in PLACES if p.name != "largest"], ids=lambda place: place.name)
def test_the_other_identity_finds_a_wrong_tanh(place: Place, dtype: str, run_seed: int) -> None:
    """¼ tanh²(x/2) never asks for tanh of the largest number, nor densely beyond 10."""

    def halved(random: np.random.Generator, fmt: Format) -> Region:
        region = place.draw(random, fmt)
        return (lambda x: region(2 * x)) if place.name == "bulk" else region

    for seed in seeds_from(run_seed, TIMES):
        _, result = sought(HALF_OF_TANH, "tanh", Place(place.name, halved), dtype, seed)
        assert result.status is Status.FAILED, f"seed {seed}: missed in {result.examples} examples"


@pytest.mark.usefixtures("unshrunk")
@EVERY_DTYPE
def test_a_narrow_error_in_saturation(
    dtype: str, run_seed: int, record_property: Callable[[str, object], None]
) -> None:
    """One per cent wide: how often it is found is on record; that it is found at all is asserted."""
    found = [
        sought(SLOPE, KINDS[seed % 2], NARROW_SATURATION, dtype, seed)[1].status is Status.FAILED
        for seed in seeds_from(run_seed, TIMES)
    ]
    record_property("found", f"{sum(found)} of {len(found)}")
    assert any(found)


def falsified(check: str, seed: int) -> CheckResult:
    result = run_task(Task(check, MATHEMATICS, "standard", seed), None)
    assert result.status is Status.PASSED, f"seed {seed}: {result.detail}"
    assert result.detail.startswith("falsified by ")
    return result


@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize("check", AS_STATED)
def test_a_false_statement_is_falsified_unaided(check: str, run_seed: int) -> None:
    for seed in seeds_from(run_seed, FEW_TIMES):
        falsified(check, seed)


@pytest.mark.thorough
@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize("check", AS_STATED)
def test_a_false_statement_is_falsified_unaided_every_time(check: str, run_seed: int) -> None:
    for seed in seeds_from(run_seed, TIMES):
        falsified(check, seed)
