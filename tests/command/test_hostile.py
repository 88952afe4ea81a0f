"""Adapters that cannot be loaded are the call's fault; those that misbehave have failed."""

from __future__ import annotations

import re

import pytest

from command.calling import Said, adapter, at_once, rnnspec
from rnnspec.kit.explore import COSTLY_FAILURES
from rnnspec.kit.patience import LOST_IN_A_ROW


def check(target: str, *arguments: str) -> Said:
    return rnnspec("check", target, *arguments, "--profile", "quick")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("no_such_thing", "no adapter called 'no_such_thing' is installed"),
        ("tourch", "did you mean 'torch'"),
        ("no/such/file.py:Mine", "there is no file no/such/file.py"),
        (adapter("Mine").replace(":Mine", ""), "does not say which attribute"),
        (adapter("Missing"), "has no attribute Missing"),
        (adapter("OffersNothing"), "offers nothing"),
        (adapter("Any", "fails_on_import.py"), "RuntimeError: no licence for this library"),
        (adapter("Any", "exits_on_import.py"), "exited with code 9 while it was loaded"),
    ],
    ids=lambda text: text.rpartition("/")[2],
)
def test_what_cannot_be_loaded_is_said_in_one_sentence(target: str, says: str) -> None:
    said = at_once("check", target)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("rnnspec: ")
    assert said.err.count("\n") == 1
    assert says in said.err


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Raises", "activation_vjp raised ValueError: bad luck"),
        ("WrongShape", "activation_vjp returned dx of shape (2, 3), expected shape (1,)"),
        ("Integers", "activation_vjp returned"),
        ("NotANumber", "activation_vjp returned not-a-number in dx"),
        ("Exits", "exiting exited with code 3 during activation_vjp"),
    ],
)
def test_what_misbehaves_has_failed(name: str, says: str) -> None:
    said = check(adapter(name), "ACT-02", "GRU-08", "--dtype", "float32")
    assert said.code == 1
    assert says in said.out
    assert "input" in said.out
    assert "x = np.zeros(1)" in said.out
    assert "does not conform" in said.out
    assert re.search(r"^GRU-08 .* passed", said.out, re.MULTILINE)  # what can be checked is checked
    assert said.err == ""


def lost_in_a_row(out: str) -> list[int]:
    """How many calls of each method were lost before it was not called again."""
    said = re.findall(r"(\d+) times in a row and was not called again", " ".join(out.split()))
    return [int(times) for times in said]


def test_a_run_of_hangs_ends() -> None:
    said = check(adapter("Hangs"), "ACT", "GRU-08", "--timeout", "1", "--dtype", "float64")
    assert said.code == 1
    assert "hanging gave no answer to activation_vjp within 1 s" in said.out
    assert re.search(r"^GRU-08 .* passed", said.out, re.MULTILINE)
    lost = lost_in_a_row(said.out)
    assert lost
    assert all(LOST_IN_A_ROW <= times <= LOST_IN_A_ROW + COSTLY_FAILURES for times in lost)


def test_a_crash_in_every_call_ends() -> None:
    said = check(adapter("ExitsAlways"), "ACT-02", "SPE-08", "LGR-05", "GRU-08", "--dtype", "float32")
    assert said.code == 1
    for code in (3, 5, 7):  # activation_vjp, run, parameter_count
        assert f"exited with code {code}" in said.out
    lost = lost_in_a_row(said.out)
    assert lost
    assert all(LOST_IN_A_ROW <= times <= LOST_IN_A_ROW + COSTLY_FAILURES for times in lost)


def test_what_offers_only_options_it_does_not_have_was_not_checked() -> None:
    said = check(adapter("NothingButAnOption"), "RNN", "LGR")
    assert said.code == 2
    assert "Nothing could be checked of optional 1.0 in float64" in said.out
    assert "run is not offered with these options" in said.out.replace("\n          ", " ")
