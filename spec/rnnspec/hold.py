"""How a law speaks: it holds what it was given against what must be true of it.

A law never contains a tolerance and never a bare assert. `Hold` only writes down what the
law says; what follows from it is for the reading to judge, and there are three: exact
numbers of an implementation against a tolerance, balls, and the scatter of noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from rnnspec.subject import Subject


class Relation(Enum):
    """What a law may state of two things."""

    EQUAL = "="
    AT_MOST = "≤"
    LESS = "<"


class Rounding(Enum):
    """How a statement reads for rounded arithmetic.

    `TOLERATED`: rounding may break it, by as much as noise says. `SURVIVES`: rounding
    cannot break it, so no tolerance is granted; what is strict in the mathematics is then
    weak (sigma(x) > 0 may underflow to 0).
    """

    TOLERATED = "tolerated"
    SURVIVES = "survives"


SURVIVES = Rounding.SURVIVES
TOLERATED = Rounding.TOLERATED


@dataclass(frozen=True)
class Comparison:
    """One thing a law said: `left relation right`, entry by entry.

    The two sides are numbers or arrays of numbers of the reading's own system, and are
    broadcast against each other.
    """

    relation: Relation
    left: Any
    right: Any
    rounding: Rounding
    what: str


class Inapplicable(Exception):
    """An input does not satisfy the conditions of the law it was drawn for."""


class Hold:
    """Writes down what a law says.

    Attributes:
        reference: the reference's own answers in the same number system, for laws that
            speak of what an implementation does not show (its gates, say).
    """

    def __init__(self, reference: Subject) -> None:
        self.reference = reference
        self.said: list[Comparison] = []

    def given(self, condition: bool, what: str) -> None:
        """The law speaks only of inputs that satisfy `condition`.

        Raises:
            Inapplicable: if this one does not; another is drawn, and a witness is rejected.
        """
        if not condition:
            raise Inapplicable(what)

    def equal(self, left: Any, right: Any, what: str = "") -> None:
        """left = right, up to the rounding errors of the implementation."""
        self._say(Relation.EQUAL, left, right, TOLERATED, what)

    def exactly(self, left: Any, right: Any, what: str = "") -> None:
        """left = right, to the last bit, also in floats."""
        self._say(Relation.EQUAL, left, right, SURVIVES, what)

    def at_most(self, left: Any, right: Any, what: str = "", *, rounding: Rounding = TOLERATED) -> None:
        """left <= right."""
        self._say(Relation.AT_MOST, left, right, rounding, what)

    def strictly_less(self, left: Any, right: Any, what: str = "", *, rounding: Rounding = TOLERATED) -> None:
        """left < right in the mathematics; left <= right in floats."""
        self._say(Relation.LESS, left, right, rounding, what)

    def agrees(self, call: Callable[[Subject], Any], impl: Subject, what: str = "") -> None:
        """The implementation answers a call as the reference does."""
        self.equal(call(impl), call(self.reference), what)

    def _say(self, relation: Relation, left: Any, right: Any, rounding: Rounding, what: str) -> None:
        self.said.append(Comparison(relation, left, right, rounding, what))
