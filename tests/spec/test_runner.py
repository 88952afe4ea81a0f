"""What becomes of a check: passed, failed, not offered or undecided, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import pytest

from rnnspec.claim import EMPIRICAL, About, Claim, Registry
from rnnspec.drawn import Drawn
from rnnspec.errors import CallAtFault
from rnnspec.evidence import Enclose, Lab, Measurement, Outcome, Prove
from rnnspec.hold import Hold
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit import runner
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.proofs import solver
from rnnspec.kit.results import CheckResult, Row, Status
from rnnspec.kit.runner import MATHEMATICS, Task, plan, run_task, run_tasks, selected
from rnnspec.strategies import Preactivations
from rnnspec.subject import Subject
from spec.records import CONDITIONS, CORRECTED, NUMBERS, made

SHIFTED: Drawn[float] = NUMBERS
Shift = Annotated[float, SHIFTED]


class Lacking(NumpyImplementation):
    """An implementation without slopes."""

    activation_vjp = None  # type: ignore[assignment]


@pytest.fixture
def its(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Claim]]:
    """Makes a claim that is the only one there is."""
    only = Registry()
    monkeypatch.setattr(runner, "registry", only)

    def make(**fields: Any) -> Claim:
        only.add(made(**fields))
        return only["ACT-99"]

    return make  # type: ignore[return-value]  # a plain fixture


def run(name: str, reading: str = MATHEMATICS, implementation: object = None) -> CheckResult:
    endpoint = None if reading == MATHEMATICS else InProcess(implementation or NumpyImplementation())
    return run_task(Task(f"ACT-99/{name}", reading, "quick", 0), endpoint)


def doubled(impl: Subject, hold: Hold, x: Shift) -> None:
    """Twice a number is larger than the number."""
    hold.strictly_less(x, 2 * x, "x < 2x")


def minus_three() -> dict[str, Any]:
    """x = -3."""
    return {"x": -3.0}


def three() -> dict[str, Any]:
    """x = 3."""
    return {"x": 3.0}


class TestStatements:
    def test_a_false_one_is_falsified_and_shrunk(self, its: Callable[..., Claim]) -> None:
        its(**CORRECTED).as_stated()(doubled)
        result = run("doubled")
        assert (result.status, result.detail) == (Status.PASSED, "falsified by x = 0.0")

    def test_one_that_holds_after_all_is_a_failed_check(self, its: Callable[..., Claim]) -> None:
        @its(**CORRECTED).as_stated()
        def itself(impl: Subject, hold: Hold, x: Shift) -> None:
            """A number is at most itself."""
            hold.at_most(x, x)

        result = run("itself")
        assert result.status is Status.FAILED
        assert result.detail.startswith("the statement is false, but none of ")
        assert result.detail.endswith(" inputs shows it")

    def test_a_witness_falsifies(self, its: Callable[..., Claim]) -> None:
        claim = its(**CORRECTED)
        claim.as_stated()(doubled)
        claim.witness(of=doubled)(minus_three)
        assert (run("minus_three").status, run("minus_three").detail) == (Status.PASSED, "not -3 < -6")

    def test_a_witness_of_nothing_fails(self, its: Callable[..., Claim]) -> None:
        claim = its(**CORRECTED)
        claim.as_stated()(doubled)
        claim.witness(of=doubled)(three)
        result = run("three")
        assert result.status is Status.FAILED
        assert result.detail == "the witness does not falsify ACT-99/doubled with certainty"

    def test_a_witness_must_satisfy_the_statements_conditions(self, its: Callable[..., Claim]) -> None:
        claim = its(**CONDITIONS)

        @claim.as_stated()
        def of_positive(impl: Subject, hold: Hold, x: Shift) -> None:
            """Twice a positive number is larger."""
            hold.given(x > 0, "x is positive")
            hold.strictly_less(x, 2 * x)

        claim.necessity(of=of_positive, condition="x is there")(minus_three)
        result = run("minus_three")
        assert result.status is Status.FAILED
        assert result.detail == ("the witness does not satisfy the statement's own conditions: x is positive")

    def test_rounding_is_no_witness(self, its: Callable[..., Claim]) -> None:
        """Balls that overlap decide nothing, so nothing is falsified with certainty."""
        claim = its(**CORRECTED)

        @claim.as_stated()
        def tanh_is_no_number(impl: Subject, hold: Hold, x: Shift) -> None:
            """tanh x differs from itself."""
            hold.strictly_less(impl.activation("tanh", np.array([x])), impl.activation("tanh", np.array([x])))

        claim.witness(of=tanh_is_no_number)(three)
        assert run("three").status is Status.FAILED


class TestProofs:
    def test_a_step_that_fails_fails_the_check_and_says_why(self, its: Callable[..., Claim]) -> None:
        @its().proof
        def wrong(prove: Prove) -> None:
            """One is two."""
            prove.identical(prove.number(1), prove.number(2))

        result = run("wrong")
        assert result.status is Status.FAILED
        assert result.detail.startswith("step 1: ")

    def test_a_mistake_in_a_check_fails_that_check_alone(self, its: Callable[..., Claim]) -> None:
        claim = its()

        @claim.enclosure
        def broken(enclose: Enclose) -> None:
            """It divides by 0."""
            enclose.holds(lambda f, x: x <= 1 // 0, x=(0, 1))

        @claim.law()
        def itself(impl: Subject, hold: Hold, x: Shift) -> None:
            """A number is itself."""
            hold.equal(x, x)

        tasks = plan([claim], [MATHEMATICS], "quick", 0)
        first, second = run_tasks(tasks, None)
        assert (first.status, second.status) == (Status.FAILED, Status.PASSED)
        assert first.detail.startswith("the check itself broke: ZeroDivisionError: ")

    def test_nothing_shown_is_nothing_proved(self, its: Callable[..., Claim]) -> None:
        claim = its()

        @claim.proof
        def empty(prove: Prove) -> None:
            """Trust me."""

        @claim.enclosure
        def no_interval(enclose: Enclose) -> None:
            """Trust me, too."""

        assert [run(name).status for name in ("empty", "no_interval")] == [Status.FAILED] * 2

    def test_steps_are_counted(self, its: Callable[..., Claim]) -> None:
        @its().proof
        def two(prove: Prove) -> None:
            """Two steps."""
            prove.positive(prove.number(1))
            prove.positive(prove.number(2))

        assert (run("two").detail, run("two").decided) == ("2 steps of exact algebra", 2)

    def test_without_a_solver_a_proof_that_needs_one_is_not_run(
        self, its: Callable[..., Claim], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It has neither passed nor failed, whatever it had shown before; and no step is left out."""

        @its().proof
        def needs_one(prove: Prove) -> None:
            """A sum of squares is at least twice the product, and so on."""
            a, b = prove.symbols("a b")
            prove.valid(a * a + b * b >= 2 * a * b)
            prove.valid(prove.any_of(a < b, b <= a))

        assert run("needs_one").status is Status.PASSED
        monkeypatch.setattr(solver, "is_there", lambda: False)
        result = run("needs_one")
        assert (result.status, result.decided) == (Status.NOT_RUN, 0)
        assert result.detail == (
            "this proof needs the solver z3, which is not installed: pip install rnnspec[proofs]"
        )

    def test_without_a_solver_signs_are_read_off_all_the_same(
        self, its: Callable[..., Claim], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(solver, "is_there", lambda: False)

        @its().proof
        def needs_none(prove: Prove) -> None:
            """A product of numbers between 0 and 1 lies there, too."""
            s, t = prove.symbols("s t", above=0, below=1)
            prove.valid(prove.all_of(s * t > 0, s * t < 1))

        assert run("needs_none").status is Status.PASSED


class TestExperiments:
    @pytest.mark.parametrize(
        ("finding", "settled", "status"),
        [
            ("supported", True, Status.PASSED),
            ("supported", False, Status.PASSED),
            ("not supported", True, Status.FAILED),
            ("not supported", False, Status.UNDECIDED),
        ],
    )
    def test_what_comes_out_is_held_to_the_finding(
        self, finding: str, settled: bool, status: Status, its: Callable[..., Claim]
    ) -> None:
        """Another outcome is a failure, unless there were too few trials to decide."""

        @its(verdict=EMPIRICAL, finding=finding).experiment
        def coin(lab: Lab) -> Outcome:
            """Heads."""
            row = Measurement("heads", "frequency", 0.6, 0.25, 0.75, 5)
            return Outcome("supported", [row, row], "it came up", settled)

        result = run("coin")
        assert (result.status, result.examples) == (status, 10)
        assert result.detail == "supported: it came up"
        assert result.rows == [Row("heads", "frequency", 0.6, 0.25, 0.75, 5)] * 2

    @pytest.mark.parametrize(
        ("verdict", "status"), [("supported", Status.PASSED), ("not supported", Status.FAILED)]
    )
    def test_of_a_theorem_it_supports_what_no_other_check_reaches(
        self, verdict: str, status: Status, its: Callable[..., Claim]
    ) -> None:
        """A claim that is not empirical has no finding: what is measured is to support it."""

        @its().experiment
        def coin(lab: Lab) -> Outcome:
            """Heads."""
            row = Measurement("heads", "frequency", 0.6, 0.25, 0.75, 5)
            return Outcome(verdict, [row], "it came up", settled=True)

        assert run("coin").status is status

    @pytest.mark.parametrize(
        ("finding", "status"), [("recorded", Status.RECORDED), ("supported", Status.FAILED)]
    )
    def test_what_is_only_recorded_is_no_pass(
        self, finding: str, status: Status, its: Callable[..., Claim]
    ) -> None:
        @its(verdict=EMPIRICAL, finding=finding).experiment
        def history(lab: Lab) -> Outcome:
            """It was so."""
            return Outcome.recorded("nobody can measure it")

        result = run("history")
        assert (result.status, result.decided, result.rows) == (status, 0, [])
        assert result.detail == "recorded: nobody can measure it"

    def test_times_stand_apart(self, its: Callable[..., Claim]) -> None:
        @its(verdict=EMPIRICAL, finding="depends on the machine").experiment
        def race(lab: Lab) -> Outcome:
            """Which is faster?"""
            return Outcome("depends on the machine", [lab.time_ratio("a / b", list, list)], "it does", True)

        first, second = run("race"), run("race")
        for result in (first, second):
            [row] = result.rows
            assert row.seconds is not None
            assert 0 < row.seconds.low <= row.seconds.ratio <= row.seconds.high
            row.seconds = None
            result.seconds = 0.0
        assert repr(first) == repr(second)


class TestLaws:
    def test_a_failure_says_all(self, its: Callable[..., Claim]) -> None:
        @its().law(about=About.IMPLEMENTATION)
        def below_zero(impl: Subject, hold: Hold, x: Preactivations) -> None:
            """No value of tanh is positive."""
            hold.at_most(impl.activation("tanh", x), 0, "tanh x ≤ 0")

        result = run("below_zero", "float32")
        assert result.status is Status.FAILED
        failure = result.failure
        assert failure is not None
        assert (failure.claim, failure.check, failure.text) == (
            "ACT-99",
            "ACT-99/below_zero",
            "No value of tanh is positive.",
        )
        assert (failure.what, failure.relation, failure.expected) == ("tanh x ≤ 0", "≤", "0")
        assert failure.inputs == {"x": "np.array([1.0])"}
        assert failure.ratio > 1
        assert failure.got.startswith("0.76159")

    def test_what_is_not_offered_is_no_pass(self, its: Callable[..., Claim]) -> None:
        @its().law(needs=["activation_vjp"])
        def slopes(impl: Subject, hold: Hold, x: Preactivations) -> None:
            """Every slope is positive."""
            hold.at_most(0, impl.slope("tanh", x))

        result = run("slopes", "float32", Lacking())
        assert (result.status, result.examples) == (Status.NOT_OFFERED, 0)
        assert result.detail == "activation_vjp is not offered"

    def test_an_exhaustive_check_goes_through_all_values(self, its: Callable[..., Claim]) -> None:
        seen: list[Any] = []
        claim = its()

        @claim.law()
        def all_of_them(impl: Subject, hold: Hold, x: Preactivations) -> None:
            """A number is itself."""
            seen.append(x)
            hold.at_most(impl.activation("relu", x), impl.activation("relu", x))

        claim.exhaustive(of=all_of_them, format="float16")
        result = run("all_of_them_in_every_float16", "float16")
        assert (result.status, result.detail) == (Status.PASSED, "all 63488 finite values")
        assert len(np.unique(seen[0])) == 63487  # both zeros are one number

    def test_a_float_reading_needs_an_implementation(self, its: Callable[..., Claim]) -> None:
        its().law()(doubled)
        with pytest.raises(CallAtFault, match=r"^ACT-99/doubled in float32 needs an implementation$"):
            run_task(Task("ACT-99/doubled", "float32", "quick", 0), None)


def test_seeds_are_of_what_is_run_and_not_of_the_order() -> None:
    one = Task("ACT-02/positive", "float32", "quick", 0)
    others = [
        Task("ACT-02/positive", "float64", "quick", 0),
        Task("ACT-02/at_most_a_quarter", "float32", "quick", 0),
        Task("ACT-02/positive", "float32", "quick", 1),
    ]
    assert one.own_seed not in {other.own_seed for other in others}
    assert one.own_seed == Task("ACT-02/positive", "float32", "standard", 0).own_seed


def test_a_run_is_reproducible_whatever_was_run_before(run_seed: int) -> None:
    tasks = plan(selected(["ACT-03"]), (MATHEMATICS, "float32"), "quick", run_seed)
    endpoint = InProcess(NumpyImplementation())
    forward, backward = list(run_tasks(tasks, endpoint)), list(run_tasks(tasks[::-1], endpoint))
    for result in (*forward, *backward):
        result.seconds = 0
    assert forward == backward[::-1]


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (["ACT-02"], ["ACT-02"]),
        (["act-02"], ["ACT-02"]),
        (["BID"], [f"BID-0{number}" for number in range(1, 7)]),
        (["bid", "ACT-02", "ACT-02"], ["ACT-02", *(f"BID-0{number}" for number in range(1, 7))]),
        (["bidirectional and stacked"], [f"BID-0{number}" for number in range(1, 7)]),
    ],
)
def test_claims_are_selected_by_id_and_by_topic(names: list[str], ids: list[str]) -> None:
    assert sorted(claim.id for claim in selected(names)) == ids


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(CallAtFault, match=r"^no claim or topic is called 'XYZ'"):
        selected(["XYZ"])


def test_in_a_format_that_is_only_swept_nothing_is_planned_but_what_is_exhaustive() -> None:
    claims = selected(["ACT-02"])
    tasks = plan(claims, ("float32",), "quick", 0, swept=("bfloat16",))
    assert {task.check for task in tasks if task.reading == "bfloat16"} == {
        "ACT-02/at_most_a_quarter_in_every_bfloat16",
        "ACT-02/whole_curve_in_every_bfloat16",
    }
    drawn = plan(claims, ("bfloat16",), "quick", 0)
    assert {task.reading for task in drawn} == {"bfloat16"}
    assert "ACT-02/at_most_a_quarter" in {task.check for task in drawn}
