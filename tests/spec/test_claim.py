"""A record that is wrong is refused at import, in words that name the claim and the field."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from rnnspec import claim as module
from rnnspec.claim import (
    CONDITIONAL,
    EMPIRICAL,
    HOLDS,
    LOOSE,
    REFUTED,
    TOPICS,
    BadClaim,
    Claim,
    Registry,
    Verdict,
    claim,
)
from rnnspec.claims import registry
from rnnspec.errors import RnnspecError
from rnnspec.sources import D0, Source
from spec.records import CONDITIONS, CORRECTED, FIELDS, law, made, refused

REQUIRED_TEXTS = ("title", "says", "statement", "equation", "because")


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
        "wrong",
        ["", "ACT", "ACT-1", "ACT-100", "act-01", "ACT_01", "ACT-01 ", "ACT-01\n", "ACTS-01", None, 2],
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
            "claim ACT-02: field checks: none that is evidence "
            "(law, proof, enclosure, exhaustive or experiment)"
        ):
            ours.check_complete()

    def test_the_real_one_is_complete(self) -> None:
        registry.check_complete()
        assert len(registry) > 0


def test_a_source_says_where_it_is() -> None:
    assert isinstance(D0("1.2"), Source)
    assert str(D0("1.2")) == f"D0 ({D0.file}), 1.2"


class TestWhatIsNoText:
    """What a typo makes of a record: refused by name, before anything is cleaned up."""

    RECORD: Any = FIELDS

    @pytest.mark.parametrize("name", ["says", "statement", "equation", "because", "corrected", "floats"])
    @pytest.mark.parametrize("wrong", [None, 7, ("a",)])
    def test_no_text(self, name: str, wrong: object, fresh: Registry) -> None:
        with refused(f"claim ACT-99: field {name}: got {wrong!r}, expected a sentence"):
            claim(**{**self.RECORD, name: wrong})

    @pytest.mark.parametrize(
        ("name", "wrong", "kind"),
        [
            ("sources", None, "Source"),
            ("sources", D0("1"), "Source"),
            ("see", "ACT-03", "str"),
            ("conditions", "short", "str"),
            ("conditions", [""], "str"),
        ],
    )
    def test_no_list(self, name: str, wrong: object, kind: str, fresh: Registry) -> None:
        with refused(f"claim ACT-99: field {name}: got {wrong!r}, expected a list of {kind}"):
            claim(**{**self.RECORD, name: wrong})

    def test_what_holds_is_not_corrected(self) -> None:
        with refused("claim ACT-99: field corrected: only what is refuted or loose is corrected"):
            made(corrected="x = x")

    @pytest.mark.parametrize(("verdict", "finding"), [(HOLDS, "supported"), (EMPIRICAL, "")])
    def test_findings_belong_to_empirical_claims(self, verdict: Verdict, finding: str) -> None:
        message = "claim ACT-99: field finding: an empirical claim, and only such a one, says what was found"
        with refused(message):
            made(verdict=verdict, finding=finding)

    def test_what_is_referred_to_exists(self, fresh: Registry) -> None:
        it = claim(**{**self.RECORD, "see": ["ACT-98"]})
        it.law()(law)
        with refused("claim ACT-99: field see: there is no claim ACT-98"):
            fresh.check_complete()

    def test_what_is_needed_exists(self) -> None:
        with pytest.raises(BadClaim, match=r"^claim ACT-99: field law: needs 'nonsense', which is none of "):
            made().law(needs=["nonsense"])(law)

    def test_only_small_formats_are_exhausted(self) -> None:
        it = made()
        it.law()(law)
        with pytest.raises(BadClaim, match=r"expected a format of 16 bits, small enough to enumerate$"):
            it.exhaustive(of=law, format="float32")
