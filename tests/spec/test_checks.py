"""Checks are attached to a claim, or refused in words that name the claim and the fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from rnnspec.claim import EMPIRICAL, LOOSE, REFUTED, About, Claim, Evidence, Kind, Verdict
from rnnspec.kit.runner import MATHEMATICS, plan
from spec.records import CONDITIONS, CORRECTED, NUMBERS, Number, law, made, other, refused, thing, thing_too

ATTACHING: list[Callable[[Claim], Callable[[Any], Any]]] = [
    lambda it: it.law(),
    lambda it: it.as_stated(),
    lambda it: it.witness(of=law),
    lambda it: it.necessity(of=law, condition="x is there"),
    lambda it: it.proof,
    lambda it: it.enclosure,
    lambda it: it.experiment,
]
KINDS = [Kind.LAW, Kind.AS_STATED, Kind.WITNESS, Kind.NECESSITY, Kind.PROOF, Kind.ENCLOSURE, Kind.EXPERIMENT]


@pytest.mark.parametrize(
    ("attach", "kind"), list(zip(ATTACHING, KINDS, strict=True)), ids=[kind.name for kind in KINDS]
)
class TestAttaching:
    def test_the_function_is_returned_and_the_check_recorded(
        self, attach: Callable[[Claim], Callable[[Any], Any]], kind: Kind
    ) -> None:
        it = made(**CONDITIONS)
        it.law()(law)
        assert attach(it)(other) is other
        check = it.checks[-1]
        assert (check.claim, check.name, check.kind, check.function) == ("ACT-99", "other", kind, other)
        assert (check.id, check.text) == ("ACT-99/other", "It holds as well.")
        assert check.about is (About.BOTH if kind is Kind.LAW else About.MATHEMATICS)
        assert it.of_kind(kind)[-1] is check

    def test_without_a_docstring(self, attach: Callable[[Claim], Callable[[Any], Any]], kind: Kind) -> None:
        def silent(impl: Any, hold: Any) -> None:
            """ """  # noqa: D419  # blank on purpose

        it = made(**CONDITIONS)
        it.law()(law)
        with refused("claim ACT-99: field silent: a check says in its docstring what it shows"):
            attach(it)(silent)
        assert len(it.checks) == 1

    def test_under_a_name_that_is_taken(
        self, attach: Callable[[Claim], Callable[[Any], Any]], kind: Kind
    ) -> None:
        it = made(**CONDITIONS)
        it.law()(law)
        with refused("claim ACT-99: field law: the claim has another check of this name"):
            attach(it)(law)


class TestInputs:
    def test_what_is_drawn_is_read_from_the_annotation(self) -> None:
        it = made()
        it.law(needs=["run"], about=About.IMPLEMENTATION)(law)
        [check] = it.checks
        assert [(name, source.name) for name, source in check.inputs.items()] == [("x", "numbers")]
        assert (check.needs, check.about) == (("run",), About.IMPLEMENTATION)

    @pytest.mark.parametrize("attach", ATTACHING[:2], ids=["law", "as_stated"])
    def test_the_first_two_parameters(self, attach: Callable[[Claim], Callable[[Any], Any]]) -> None:
        def swapped(hold: Any, impl: Any) -> None:
            """It holds."""

        with refused("claim ACT-99: swapped must take (impl, hold, ...), it takes ['hold', 'impl']"):
            attach(made())(swapped)

    @pytest.mark.parametrize("hint", [float, Annotated[float, "no source"], Annotated[Number, NUMBERS], None])
    def test_a_parameter_from_nowhere_or_from_two_places(self, hint: Any) -> None:
        def lost(impl: Any, hold: Any, y: Any) -> None:
            """It holds."""

        lost.__annotations__["y"] = hint
        with refused(
            "claim ACT-99: parameter y of lost does not say where it is drawn from; "
            "annotate it with one of rnnspec.strategies"
        ):
            made().law()(lost)


class TestOf:
    @pytest.mark.parametrize(
        "attach",
        [
            lambda it: it.witness(of=other),
            lambda it: it.necessity(of=other, condition="x is there"),
            lambda it: it.exhaustive(of=other, format="float16"),
        ],
        ids=["witness", "necessity", "exhaustive"],
    )
    def test_another_function_is_no_check(self, attach: Callable[[Claim], Any]) -> None:
        it = made(**CONDITIONS)
        it.law()(law)
        with refused("claim ACT-99: field of: 'other' is no check of this claim"):
            attach(it)

    def test_what_is_no_function_at_all(self) -> None:
        with refused("claim ACT-99: field of: 3 is no check of this claim"):
            made().witness(of=3)  # type: ignore[arg-type]

    def test_a_condition_that_is_not_named(self) -> None:
        it = made(**CONDITIONS)
        it.law()(law)
        with refused(
            "claim ACT-99: field conditions: a necessity check names 'x is red', which is not among them"
        ):
            it.necessity(of=law, condition="x is red")

    def test_an_exhaustive_check_repeats_its_law(self) -> None:
        it = made()
        it.law(needs=["run"], about=About.IMPLEMENTATION)(law)
        it.exhaustive(of=law, format="float16")
        check = it.checks[1]
        assert (check.id, check.of, check.format) == ("ACT-99/law_in_every_float16", it.checks[0], "float16")
        assert (check.needs, check.about) == (("run",), About.IMPLEMENTATION)
        assert check.text == "It holds: at every finite float16."


class TestCompleteness:
    def test_a_witness_is_no_evidence(self) -> None:
        it = made()
        it.as_stated()(law)
        it.witness(of=law)(thing)
        with refused(
            "claim ACT-99: field checks: none that is evidence "
            "(law, proof, enclosure, exhaustive or experiment)"
        ):
            it.check_complete()

    @pytest.mark.parametrize(
        "attach", [ATTACHING[0], *ATTACHING[4:]], ids=["law", "proof", "enclosure", "lab"]
    )
    def test_each_of_these_is(self, attach: Callable[[Claim], Callable[[Any], Any]]) -> None:
        it = made()
        attach(it)(other)
        it.check_complete()

    def test_an_empirical_claim_has_an_experiment(self) -> None:
        it = made(verdict=EMPIRICAL, finding="supported")
        it.law()(law)
        with refused("claim ACT-99: field checks: an empirical claim has an experiment"):
            it.check_complete()
        it.experiment(other)
        it.check_complete()

    @pytest.mark.parametrize("theorem", [ATTACHING[0], *ATTACHING[4:6]], ids=["law", "proof", "enclosure"])
    @pytest.mark.parametrize("verdict", [REFUTED, LOOSE])
    def test_a_false_claim_has_the_statement_a_witness_and_what_holds_instead(
        self, verdict: Verdict, theorem: Callable[[Claim], Callable[[Any], Any]]
    ) -> None:
        it = made(verdict=verdict, corrected="x = x")
        it.experiment(thing_too)
        steps: list[tuple[str, Callable[[], Any]]] = [
            ("has a check of the kind 'as stated'", lambda: it.as_stated()(law)),
            ("has a check of the kind 'witness'", lambda: it.witness(of=law)(thing)),
            (
                "shows what holds instead, in a law, a proof or an enclosure",
                lambda: theorem(it)(other),
            ),
        ]
        for fault, attach in steps:
            with refused(f"claim ACT-99: field checks: a {verdict.value} claim {fault}"):
                it.check_complete()
            attach()
        it.check_complete()

    def test_a_conditional_claim_has_the_statement_and_a_law(self) -> None:
        it = made(**CONDITIONS)
        it.experiment(thing_too)
        with refused("claim ACT-99: field checks: a conditional claim has a check of the kind 'as stated'"):
            it.check_complete()
        it.as_stated()(law)
        with refused(
            "claim ACT-99: field checks: a conditional claim shows what holds instead, "
            "in a law, a proof or an enclosure"
        ):
            it.check_complete()

    def test_a_statement_that_is_not_searched_says_why_and_has_no_task(self) -> None:
        it = made(**CORRECTED)
        it.as_stated(unsearched="one matrix in a million shows it")(law)
        assert it.checks[0].unsearched == "one matrix in a million shows it"
        assert plan([it], [MATHEMATICS], "quick", 0) == []

    def test_every_condition_is_dropped_once(self) -> None:
        it = made(**CONDITIONS)
        it.law()(other)
        it.as_stated()(law)
        with refused("claim ACT-99: field conditions: no necessity check drops 'x is there'"):
            it.check_complete()
        it.necessity(of=law, condition="x is there")(thing)
        with refused("claim ACT-99: field conditions: no necessity check drops 'x is a number'"):
            it.check_complete()
        it.necessity(of=law, condition="x is a number")(thing_too)
        it.check_complete()

    def test_every_false_statement_has_a_witness_of_its_own(self) -> None:
        it = made(**CORRECTED)
        it.law()(other)
        it.as_stated()(law)
        it.witness(of=law)(thing)

        @it.as_stated()
        def another(impl: Any, hold: Any) -> None:
            """It is false, too."""

        with refused("claim ACT-99: field another: no witness falsifies this statement"):
            it.check_complete()

    def test_the_strongest_evidence_counts(self) -> None:
        it = made()
        shown = []
        for attach in (
            lambda: it.experiment(thing),
            lambda: it.law()(law),
            lambda: it.exhaustive(of=law, format="float16"),
            lambda: it.enclosure(thing_too),
            lambda: it.proof(other),
        ):
            attach()
            shown.append(it.evidence)
        assert shown == list(Evidence)[::-1]

    @pytest.mark.parametrize("weakest", [Evidence.SAMPLED, Evidence.ENCLOSED])
    def test_a_claim_rests_on_the_weakest_of_its_parts_if_it_says_so(self, weakest: Evidence) -> None:
        it = made(rests_on=weakest)
        it.law()(law)
        it.enclosure(thing_too)
        it.proof(other)
        it.check_complete()
        assert (it.evidence, it.strongest) == (weakest, Evidence.PROVED)
        assert it.has_evidence == {Evidence.SAMPLED, Evidence.ENCLOSED, Evidence.PROVED}

    def test_it_cannot_rest_on_what_is_not_there(self) -> None:
        it = made(rests_on=Evidence.ENCLOSED)
        it.law()(law)
        it.proof(other)
        with refused("claim ACT-99: field rests_on: enclosed, of which it has no check"):
            it.check_complete()

    def test_that_it_rests_on_the_strongest_goes_without_saying(self) -> None:
        it = made(rests_on=Evidence.SAMPLED)
        it.law()(law)
        with refused(
            "claim ACT-99: field rests_on: sampled is the strongest that it has, and need not be said"
        ):
            it.check_complete()

    def test_what_is_empirical_rests_on_what_is_measured(self) -> None:
        it = made(verdict=EMPIRICAL, finding="supported")
        it.experiment(thing)
        it.proof(other)
        it.check_complete()
        assert (it.evidence, it.strongest) == (Evidence.MEASURED, Evidence.PROVED)
        it = made(verdict=EMPIRICAL, finding="supported", rests_on=Evidence.MEASURED)
        it.experiment(thing)
        it.proof(other)
        with refused(
            "claim ACT-99: field rests_on: an empirical claim rests on what is measured, and need not say so"
        ):
            it.check_complete()
