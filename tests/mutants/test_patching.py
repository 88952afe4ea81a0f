"""The tool that plants mutants does what it says, and complains when it cannot."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest

from mutants.patching import Mutant

HERE = __name__


def double(x: int) -> int:
    return 2 * x


held_elsewhere = double


class Counter:
    start = 3

    def after(self, x: int) -> int:
        return self.start + x

    @property
    def first(self) -> int:
        return self.start + 1


@contextmanager
def collecting(into: list[str]) -> Any:
    into.append("in")
    yield
    into.append("out")


def adder(amount: int) -> Callable[[int], int]:
    def add(x: int) -> int:
        return x + amount

    return add


add_five = adder(5)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever name pytest has given to this module, it can be imported by it.
    import sys

    module = type(sys)(HERE)
    module.__dict__.update(globals())
    monkeypatch.setitem(sys.modules, HERE, module)


def mutant(where: str, old: str, new: str) -> Mutant:
    return Mutant("a-mutant", f"{HERE}:{where}", old, new, "none: it is a test of the tool")


def test_every_holder_of_the_function_sees_it_and_only_inside() -> None:
    with mutant("double", "2 * x", "3 * x").planted():
        assert (double(5), held_elsewhere(5)) == (15, 15)
    assert (double(5), held_elsewhere(5)) == (10, 10)


def test_it_is_taken_back_after_an_exception() -> None:
    with pytest.raises(KeyError), mutant("double", "2 * x", "3 * x").planted():
        raise KeyError
    assert double(5) == 10


def test_methods_properties_and_decorated_functions() -> None:
    with mutant("Counter.after", "+ x", "- x").planted():
        assert Counter().after(1) == 2
    with mutant("Counter.first", "+ 1", "+ 2").planted():
        assert Counter().first == 5
    seen: list[str] = []
    with mutant("collecting", '"out"', '"left"').planted(), collecting(seen):
        pass
    assert seen == ["in", "left"]


def test_a_function_that_uses_variables_of_an_enclosing_one() -> None:
    with mutant("add_five", "x + amount", "x - amount").planted():
        assert add_five(7) == 2
    assert add_five(7) == 12


def test_a_traceback_shows_the_mutated_line() -> None:
    with mutant("double", "2 * x", "x / 0").planted():
        try:
            double(1)
        except ZeroDivisionError:
            shown = traceback.format_exc()
    assert "<mutant a-mutant of" in shown
    assert "return x / 0" in shown


@pytest.mark.parametrize(
    ("where", "old", "new", "complaint"),
    [
        ("double", "4 * x", "x", r"'4 \* x' occurs 0 times"),
        ("Counter.after", "x", "y", "'x' occurs 2 times"),
        ("add_five", "x + amount", "x", r"needs \(\) of the enclosing function"),
    ],
)
def test_what_cannot_be_planted_is_refused(where: str, old: str, new: str, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint), mutant(where, old, new).planted():
        pass
