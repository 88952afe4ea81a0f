"""A record that is wrong is refused at import, in words that name the claim and the field."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from typing import Annotated, Any

import pytest
from hypothesis import strategies as st

from rnnspec import claim as module
from rnnspec.claim import (
    CONDITIONAL,
    EMPIRICAL,
    HOLDS,
    LOOSE,
    REFUTED,
    TOPICS,
    About,
    BadClaim,
    Claim,
    Evidence,
    Kind,
    Registry,
    Verdict,
    claim,
    registry,
)
from rnnspec.drawn import Drawn
from rnnspec.errors import RnnspecError
from rnnspec.sources import D0, Source

Number = Annotated[float, Drawn(name="numbers", strategy=lambda fmt: st.just(0.0))]

FIELDS: dict[str, Any] = {
    "id": "ACT-99",
    "title": "Nothing is larger than itself",
    "says": "They say so.",
    "statement": "x ≤ x for every x.",
    "equation": "x ≤ x",
    "verdict": HOLDS,
    "because": "Order is reflexive.",
    "sources": (D0("1"),),
}
CONDITIONS = {"verdict": CONDITIONAL, "conditions": ("x is there", "x is a number")}
CORRECTED = {"verdict": REFUTED, "corrected": "x = x"}
REQUIRED_TEXTS = ("title", "says", "statement", "equation", "because")


def made(**changed: Any) -> Claim:
    """A claim in no registry."""
    return Claim(**{**FIELDS, **changed})


def refused(message: str) -> Any:
    """A `BadClaim` that says exactly this."""
    return pytest.raises(BadClaim, match=f"^{re.escape(message)}$")


def law(impl: Any, hold: Any, x: Number) -> None:
    """It holds."""


def other(impl: Any, hold: Any) -> None:
    """It holds as well."""


def thing() -> dict[str, Any]:
    """A thing on which it fails."""
    return {"x": 1.0}


def thing_too() -> dict[str, Any]:
    """Another one."""
    return {"x": 2.0}


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry in the place of the real one."""
    empty = Registry()
    monkeypatch.setattr(module, "registry", empty)
    return empty


class TestFields:
    def test_a_record_that_is_right_is_accepted(self) -> None:
        assert [made().id, made(**CONDITIONS).verdict, made(**CORRECTED).corrected] == [
            "ACT-99",
            CONDITIONAL,
            "x = x",
        ]

    @pytest.mark.parametrize(
        "wrong", ["", "ACT", "ACT-1", "ACT-100", "act-01", "ACT_01", "ACT-01 ", "ACT-01\n", "ACTS-01", None, 2]
    )
    def test_id_of_the_wrong_form(self, wrong: object) -> None:
        with refused(f"claim {wrong!r}: id must be a topic and a number, like ACT-02"):
            made(id=wrong)

    def test_id_of_an_unknown_topic(self) -> None:
        with refused(f"claim XYZ-01: field id: topic XYZ is none of {', '.join(TOPICS)}"):
            made(id="XYZ-01")

    @pytest.mark.parametrize("code", TOPICS)
    def test_every_topic_is_known_by_its_code(self, code: str) -> None:
        it = made(id=f"{code}-07")
        assert (it.topic_code, it.topic) == (code, TOPICS[code])

    @pytest.mark.parametrize("name", REQUIRED_TEXTS)
    @pytest.mark.parametrize("wrong", ["", "  \n ", None, 7, ("a",)])
    def test_text_that_is_missing(self, name: str, wrong: object) -> None:
        with refused(f"claim ACT-99: field {name}: got {wrong!r}, expected a sentence"):
            made(**{name: wrong})

    @pytest.mark.parametrize("wrong", ["holds", None, "HOLDS", True])
    def test_verdict_that_is_none(self, wrong: object) -> None:
        names = "HOLDS, CONDITIONAL, REFUTED, LOOSE, EMPIRICAL"
        with refused(f"claim ACT-99: field verdict: got {wrong!r}, expected one of {names}"):
            made(verdict=wrong)

    @pytest.mark.parametrize("wrong", [(), ("D0, 1.2",), (D0("1"), "D1"), (D0,)])
    def test_sources_that_are_none(self, wrong: object) -> None:
        with refused('claim ACT-99: field sources: expected at least one, like D0("1.2")'):
            made(sources=wrong)

    @pytest.mark.parametrize("verdict", Verdict)
    def test_conditions_belong_to_conditional_claims_alone(self, verdict: Verdict) -> None:
        conditions = () if verdict is CONDITIONAL else ("a condition",)
        with refused(
            "claim ACT-99: field conditions: a conditional claim, and only such a one, names its conditions"
        ):
            made(verdict=verdict, conditions=conditions, corrected="x = x")

    @pytest.mark.parametrize("verdict", [REFUTED, LOOSE])
    def test_what_is_false_is_corrected(self, verdict: Verdict) -> None:
        with refused("claim ACT-99: field corrected: a refuted or loose claim says what holds in its place"):
            made(verdict=verdict)

    def test_a_claim_is_not_changed_afterwards(self) -> None:
        with pytest.raises(FrozenInstanceError):
            made().title = "another"  # type: ignore[misc]


class TestMaking:
    def test_texts_lose_their_indentation_and_lists_become_tuples(self, fresh: Registry) -> None:
        it = claim(
            **{**FIELDS, "sources": [D0("1")], "equation": "\n        a = b\n          c\n    "},
            see=["ACT-98"],
        )
        assert (it.equation, it.sources, it.see) == ("a = b\n  c", (D0("1"),), ("ACT-98",))
        assert list(fresh) == [it]
        assert it not in list(registry)

    def test_every_field_of_the_record_can_be_given(self) -> None:
        given = set(module.claim.__kwdefaults__ or {}) | set(FIELDS)
        assert given == {field.name for field in fields(Claim)} - {"checks"}

    def test_what_is_refused_enters_no_registry(self, fresh: Registry) -> None:
        with pytest.raises(BadClaim):
            claim(**{**FIELDS, "title": " "})
        assert len(fresh) == 0

    def test_the_id_is_given_once(self, fresh: Registry) -> None:
        claim(**FIELDS)
        with refused("claim ACT-99: the id is taken twice"):
            claim(**FIELDS)
        assert len(fresh) == 1

    def test_it_is_an_error_of_ours(self) -> None:
        assert issubclass(BadClaim, RnnspecError)


class TestRegistry:
    def test_order_is_that_of_the_topics(self) -> None:
        ours = Registry()
        for name in ("GRU-01", "ACT-02", "LST-01", "ACT-01", "EMP-01", "DEP-03"):
            ours.add(made(id=name))
        assert [c.id for c in ours] == ["ACT-01", "ACT-02", "DEP-03", "LST-01", "GRU-01", "EMP-01"]

    def test_finding(self) -> None:
        ours, one = Registry(), made()
        ours.add(one)
        assert (ours["ACT-99"], len(ours), "ACT-99" in ours, "ACT-98" in ours) == (one, 1, True, False)
        with pytest.raises(KeyError):
            ours["ACT-98"]

    def test_completeness_is_asked_of_every_claim(self) -> None:
        ours = Registry()
        for name in ("ACT-01", "ACT-02"):
            ours.add(made(id=name))
        ours["ACT-01"].law()(law)
        with refused(
            "claim ACT-02: field checks: none that is evidence (law, proof, enclosure, exhaustive or experiment)"
        ):
            ours.check_complete()

    def test_the_real_one_is_complete(self) -> None:
        registry.check_complete()
        assert len(registry) > 0


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


@pytest.mark.parametrize(("attach", "kind"), zip(ATTACHING, KINDS, strict=True), ids=[k.name for k in KINDS])
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

    @pytest.mark.parametrize("hint", [float, Annotated[float, "no source"], Annotated[Number, Number], None])
    def test_a_parameter_from_nowhere_or_from_two_places(self, hint: Any) -> None:
        def lost(impl: Any, hold: Any, y: Any) -> None:
            """It holds."""

        source = Drawn(name="again", strategy=lambda fmt: st.just(0.0))
        lost.__annotations__["y"] = Annotated[Number, source] if hint == Annotated[Number, Number] else hint
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
            "claim ACT-99: field checks: none that is evidence (law, proof, enclosure, exhaustive or experiment)"
        ):
            it.check_complete()

    @pytest.mark.parametrize("attach", [ATTACHING[0], *ATTACHING[4:]], ids=["law", "proof", "enclosure", "lab"])
    def test_each_of_these_is(self, attach: Callable[[Claim], Callable[[Any], Any]]) -> None:
        it = made()
        attach(it)(other)
        it.check_complete()

    def test_an_empirical_claim_has_an_experiment(self) -> None:
        it = made(verdict=EMPIRICAL)
        it.law()(law)
        with refused("claim ACT-99: field checks: an empirical claim has an experiment"):
            it.check_complete()
        it.experiment(other)
        it.check_complete()

    @pytest.mark.parametrize("verdict", [REFUTED, LOOSE])
    def test_a_false_claim_has_the_statement_a_witness_and_a_law(self, verdict: Verdict) -> None:
        it = made(verdict=verdict, corrected="x = x")
        it.proof(thing_too)
        steps: list[tuple[str, Callable[[], Any]]] = [
            ("as stated", lambda: it.as_stated()(law)),
            ("witness", lambda: it.witness(of=law)(thing)),
            ("law", lambda: it.law()(other)),
        ]
        for missing, attach in steps:
            with refused(
                f"claim ACT-99: field checks: a {verdict.value} claim has a check of the kind {missing!r}"
            ):
                it.check_complete()
            attach()
        it.check_complete()

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


def test_a_source_says_where_it_is() -> None:
    assert isinstance(D0("1.2"), Source)
    assert str(D0("1.2")) == f"D0 ({D0.file}), 1.2"
