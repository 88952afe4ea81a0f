"""Drawing inputs for a law: reproducible, counted, and careful with what costs a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import strategies as st

from rnnref import NotCertified
from rnnspec.claims import registry
from rnnspec.drawn import Drawn
from rnnspec.errors import Misbehaved, NotOffered
from rnnspec.hold import Inapplicable
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.explore import (
    COSTLY_FAILURES,
    SHRINKING_CALLS,
    Exploration,
    explore,
    implementation_judge,
    judge_once,
    mathematics_judge,
)
from rnnspec.kit.held import Held
from rnnspec.kit.judge import Judgement, Outcome
from rnnspec.kit.subjects import Mathematics
from rnnspec.protocol import FORMATS
from rnnspec.strategies import networks
from rnnspec.strategies.settings import PROFILES
from rnnspec.strategies.writing import as_python
from spec.exploring import FALSE, TRUE, a_law, collect
from spec.records import NUMBERS

FLOAT64 = FORMATS["float64"]
EXAMPLES = 50
# One call more may be made to pin a failure to a single piece of its input.
LAST_CALL = 1
LISTS = Drawn(name="lists", strategy=lambda fmt: st.lists(st.integers(0, 1000), min_size=5, max_size=20))
NETS = networks("lstm", steps=(0, 3), hidden=(1, 2), inputs=(1, 1))

Judging = Callable[[Mapping[str, Any]], Judgement]


class Calls:
    """A judge that is called by number, from 1."""

    def __init__(self, answer: Callable[[int, Any], Judgement]) -> None:
        self.count = 0
        self._answer = answer

    def __call__(self, inputs: Mapping[str, Any]) -> Judgement:
        self.count += 1
        return self._answer(self.count, inputs["x"])


def explored(
    answer: Callable[[int, Any], Judgement], seed: int, source: Drawn[Any] = LISTS
) -> tuple[int, Exploration]:
    calls = Calls(answer)
    found = explore(a_law(x=source), calls, FLOAT64, EXAMPLES, seed)
    return calls.count, found


def hang(message: str = "took too long") -> Judgement:
    raise Misbehaved(message, costly=True)


class TestCounting:
    def test_every_example_is_judged_once_and_counted(self, run_seed: int) -> None:
        judgement = Judgement(Outcome.UNDECIDED, decided=3, undecided=2, worst=0.25)
        count, found = explored(lambda number, x: judgement, run_seed)
        assert count == found.examples == EXAMPLES
        assert (found.decided, found.undecided, found.worst) == (3 * EXAMPLES, 2 * EXAMPLES, 0.25)
        assert (found.failure, found.not_offered, found.costly) == (None, None, 0)

    def test_the_worst_of_all_is_kept(self, run_seed: int) -> None:
        _, found = explored(lambda number, x: Judgement(Outcome.TRUE, 1, worst=number % 7 / 8), run_seed)
        assert found.worst == 6 / 8

    def test_only_examples_up_to_the_first_failure_count(self, run_seed: int) -> None:
        _, found = explored(lambda number, x: FALSE if number >= 7 else TRUE, run_seed)
        assert (found.examples, found.decided) == (7, 7)

    def test_regimes_are_counted(self, run_seed: int) -> None:
        drawn, found = collect(NUMBERS, FLOAT64, EXAMPLES, run_seed)
        assert found.regimes["negative"] == sum(x < 0 for x in drawn)
        assert found.regimes["positive"] == sum(x >= 0 for x in drawn)

    def test_a_law_without_inputs_is_judged_once(self) -> None:
        found = explore(a_law(), lambda inputs: TRUE, FLOAT64, EXAMPLES, 0)
        assert (found.examples, found.decided, found.failure) == (1, 1, None)

    def test_an_input_that_does_not_apply_is_drawn_again(self, run_seed: int) -> None:
        def odd_only(number: int, x: list[int]) -> Judgement:
            if sum(x) % 2 == 0:
                raise Inapplicable
            return TRUE

        count, found = explored(odd_only, run_seed)
        assert found.examples == EXAMPLES < count

    def test_a_single_input_that_does_not_apply_is_the_callers_affair(self) -> None:
        def judge(inputs: Mapping[str, Any]) -> Judgement:
            raise Inapplicable("not this one")

        with pytest.raises(Inapplicable, match="not this one"):
            judge_once(a_law(x=LISTS), judge, FLOAT64, {"x": []})


class TestNotOffered:
    def test_nothing_is_judged(self, run_seed: int) -> None:
        def absent(number: int, x: list[int]) -> Judgement:
            raise NotOffered("run is not offered")

        _, found = explored(absent, run_seed)
        assert (found.examples, found.decided, found.failure) == (0, 0, None)
        assert found.not_offered == "run is not offered"

    def test_what_is_offered_is_judged(self, run_seed: int) -> None:
        def long_only(number: int, x: list[int]) -> Judgement:
            if len(x) < 10:
                raise NotOffered("short lists are not offered")
            return TRUE

        count, found = explored(long_only, run_seed)
        assert 0 < found.examples < count
        assert found.not_offered == "short lists are not offered"

    def test_it_is_no_way_to_make_a_failure_smaller(self, run_seed: int) -> None:
        def long_only(number: int, x: list[int]) -> Judgement:
            if len(x) < 10:
                raise NotOffered("short lists are not offered")
            return FALSE

        _, found = explored(long_only, run_seed)
        assert found.failure is not None
        assert len(found.failure.inputs["x"]) == 10


class TestSeeds:
    @pytest.mark.parametrize("source", [LISTS, NETS], ids=["lists", "networks"])
    def test_the_same_seed_draws_the_same_and_another_draws_others(
        self, source: Drawn[Any], run_seed: int
    ) -> None:
        drawn, again, others = (
            [as_python(value) for value in collect(source, FLOAT64, EXAMPLES, seed)[0]]
            for seed in (run_seed, run_seed, run_seed + 1)
        )
        assert drawn == again
        assert len(set(drawn) & set(others)) < EXAMPLES // 2

    def test_the_same_seed_shrinks_to_the_same(self, run_seed: int) -> None:
        found = [explored(lambda n, x: FALSE if sum(x) > 500 else TRUE, run_seed)[1] for _ in range(2)]
        assert found[0] == found[1]

    def test_what_is_drawn_in_between_makes_no_difference(self, run_seed: int) -> None:
        first, _ = collect(LISTS, FLOAT64, EXAMPLES, run_seed)
        collect(NUMBERS, FLOAT64, EXAMPLES, run_seed + 1)
        assert collect(LISTS, FLOAT64, EXAMPLES, run_seed)[0] == first


class TestFailures:
    def test_what_is_reported_fails_and_is_small(self, run_seed: int) -> None:
        _, found = explored(lambda n, x: FALSE if max(x) >= 417 else TRUE, run_seed)
        assert found.failure is not None
        assert found.failure.inputs["x"] == [0, 0, 0, 0, 417]

    def test_shrinking_ends(self, run_seed: int) -> None:
        """A sum with a remainder is long to shrink: Hypothesis alone takes twice as many calls.

        Where no more may be judged, Hypothesis draws once more, and is stopped.
        """
        drawn: list[list[int]] = []

        def counted(x: list[int]) -> list[int]:
            drawn.append(x)
            return x

        long = Drawn(
            name="long lists",
            strategy=lambda fmt: st.lists(st.integers(0, 10**6), min_size=30, max_size=60).map(counted),
        )

        def failing(x: list[int]) -> bool:
            return sum(x) % 7 == 3 and sum(x) > 10**6

        shown, found = collect(long, FLOAT64, EXAMPLES, run_seed, failing)
        assert found.failure is not None
        assert failing(found.failure.inputs["x"])
        assert len(shown) <= found.examples + SHRINKING_CALLS + LAST_CALL
        assert len(drawn) <= len(shown) + 1

    def test_a_failure_that_does_not_repeat_stands(self, run_seed: int) -> None:
        _, found = explored(lambda number, x: FALSE if number == 5 else TRUE, run_seed)
        assert found.failure is not None
        assert found.examples == 5

    def test_an_exception_is_a_failure_with_its_reason(self, run_seed: int) -> None:
        def answer(number: int, x: list[int]) -> Judgement:
            raise Misbehaved("run raised ValueError: no")

        _, found = explored(answer, run_seed)
        assert found.failure is not None
        assert (found.failure.misbehaviour, found.failure.judgement) == ("run raised ValueError: no", None)
        assert (found.examples, found.costly) == (1, 0)

    def test_a_mistake_in_a_law_is_not_taken_for_one_of_the_implementation(self, run_seed: int) -> None:
        def answer(number: int, x: list[int]) -> Judgement:
            raise ZeroDivisionError("in the law")

        with pytest.raises(ZeroDivisionError, match="in the law"):
            explored(answer, run_seed)


class TestCost:
    def test_after_three_hangs_it_is_over(self, run_seed: int) -> None:
        count, found = explored(lambda number, x: hang(), run_seed)
        assert found.failure is not None
        assert found.failure.misbehaviour == "took too long"
        assert COSTLY_FAILURES == 3
        assert count <= COSTLY_FAILURES + LAST_CALL

    def test_hangs_among_answers_count_as_well(self, run_seed: int) -> None:
        """Wrong from the tenth call on, and every input after that with a small sum hangs."""
        hung = 0

        def answer(number: int, x: list[int]) -> Judgement:
            nonlocal hung
            if number < 10:
                return TRUE
            if sum(x) < 1000:
                hung += 1
                hang()
            return FALSE

        _, found = explored(answer, run_seed)
        assert found.failure is not None
        assert 0 < hung <= COSTLY_FAILURES + LAST_CALL

    def test_a_crash_that_does_not_repeat_stands(self, run_seed: int) -> None:
        _, found = explored(lambda number, x: hang("exited") if number == 3 else TRUE, run_seed)
        assert found.failure is not None
        assert found.failure.misbehaviour == "exited"
        assert found.costly == 1


def check_named(name: str) -> Any:
    return next(check for claim in registry for check in claim.checks if check.id == name)


class TestJudges:
    def test_no_steps_are_judged_without_an_error(self, run_seed: int) -> None:
        nothing = networks("lstm", steps=(0, 0))
        [net, *_], _ = collect(nothing, FLOAT64, 1, run_seed)
        check = check_named("LGR-03/gates_see_the_cell")
        held = Held(InProcess(NumpyImplementation()), FLOAT64)
        for judge in (
            mathematics_judge(check, Mathematics(FLOAT64)),
            implementation_judge(check, held, PROFILES["standard"]),
        ):
            assert judge({"net": net}).outcome is not Outcome.FALSE

    @pytest.mark.parametrize("reading", ["mathematics", "float64"])
    def test_what_the_reference_cannot_prove_is_undecided(
        self, reading: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unable(self: object, kind: str, x: object) -> None:
            raise NotCertified(128, 3, 1 << 14)

        monkeypatch.setattr(Mathematics, "slope", unable)
        check = check_named("ACT-02/whole_curve")
        judge: Judging = mathematics_judge(check, Mathematics(FLOAT64))
        if reading == "float64":
            held = Held(InProcess(NumpyImplementation()), FLOAT64)
            judge = implementation_judge(check, held, PROFILES["standard"])
        judgement = judge({"x": FORMATS["float16"].every_finite_value()[:3]})
        assert (judgement.outcome, judgement.decided, judgement.undecided) == (Outcome.UNDECIDED, 0, 1)
