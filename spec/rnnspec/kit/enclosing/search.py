"""Signs on whole domains: bisection, with mean values, until every piece is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from rnnspec.evidence import NotProved
from rnnspec.kit.enclosing.domains import (
    Box,
    Curve,
    End,
    Ray,
    Segment,
    at_point,
    boxes,
    decimal,
    evaluate,
    without,
)
from rnnspec.kit.enclosing.points import Rationals
from rnnspec.kit.enclosing.series import Series
from rnnspec.kit.enclosing.tails import Ball, Undecided
from rnnspec.kit.numbers import exactly

MOST_PIECES = 4000
"""Of one statement: some seconds."""

SMALLEST = 2.0**-60
"""A piece narrower than this, or than as much of the number it is near, is given up."""

FARTHEST = arb(2) ** 64
"""A ray that begins beyond is given up."""

HIGHEST_CONTACT = 8
"""How often two functions may be asked to agree in a point: to this derivative."""


@dataclass
class Question:
    """Whether a derivative of a function of some variables is positive on a domain.

    Attributes:
        curve: the function.
        names: of its variables.
        order: which derivative; 0 is the function.
        by: with respect to which variable.
        strict: otherwise it may be exactly 0.
        what: it, for a sentence.
    """

    curve: Curve
    names: Sequence[str]
    order: int = 0
    by: int = 0
    strict: bool = True
    what: str = "the side said to be larger, minus the other,"


class Search:
    """Decides questions; `pieces` counts the pieces and rays that were enclosed."""

    def __init__(self) -> None:
        self.pieces = 0

    def positive(self, question: Question, over: Mapping[str, Sequence[tuple[End, End]]]) -> None:
        """Raise `NotProved` unless the answer is yes."""
        waiting = [(box, 0) for box in boxes(over)]
        limit = self.pieces + MOST_PIECES
        while waiting:
            box, depth = waiting.pop()
            self.pieces += 1
            split = self._open(question, box)
            if split is None:
                continue
            if split < 0:
                split = depth % len(box)
            if self.pieces > limit:
                raise NotProved(
                    f"{question.what} is not shown to be positive: {MOST_PIECES:,} pieces do not suffice; "
                    f"it is open near {_where(question, box)}"
                )
            if _is_smallest(box[split]):
                raise NotProved(f"{question.what} is not shown to be positive near {_where(question, box)}")
            waiting += [((*box[:split], half, *box[split + 1 :]), depth + 1) for half in box[split].halves()]

    def _open(self, question: Question, box: Box) -> int | None:
        """None if it is positive on the box; else where to cut it, or -1 for anywhere."""
        try:
            value = evaluate(question.curve, box, question.order, question.by)
            sign = value.field.sign(value.coefficients[question.order])
        except Undecided:
            return self._closer(question, box)
        if sign < 0 or (sign == 0 and question.strict):
            around = f" at {_where(question, box)} and around it" if box else ""
            raise NotProved(f"{question.what} is not positive{around}")
        return None

    def _closer(self, question: Question, box: Box) -> int | None:
        """The same, by the value in the middle and the slopes on the box."""
        segments = [side for side in box if isinstance(side, Segment)]
        if len(segments) < len(box) or (question.order and len(box) > 1):
            return -1
        try:
            return self._by_slopes(question, segments)
        except Undecided:
            return -1

    def _by_slopes(self, question: Question, box: Sequence[Segment]) -> int | None:
        middle = [side.middle for side in box]
        value = self._value(question, middle)
        moves = []
        for k, side in enumerate(box):
            slopes = evaluate(question.curve, tuple(box), question.order + 1, k)
            slope = slopes.coefficients[-1] * (question.order + 1)
            if len(box) == 1 and (slope >= 0 or slope <= 0):  # monotone, and smallest at one end
                end = side.low if slope >= 0 else side.high
                return None if _is_positive(self._value(question, [end]), question.strict) else 0
            moves.append(slope * (side.ball - middle[k]))
        if _is_positive(value + sum(moves, arb(0)), question.strict):
            return None
        if not box:
            raise NotProved(f"{question.what} is {value.str(5)}, whose sign is open")
        if not all(move.is_finite() for move in moves):
            return -1
        sizes = [float(move.rad()) for move in moves]
        return sizes.index(max(sizes))

    def _value(self, question: Question, point: Sequence[Ball]) -> Ball:
        """The derivative in question at a point, where a certain violation ends the search."""
        series = (
            at_point(question.curve, point, question.order)
            if len(point) == 1
            else at_point(question.curve, point)
        )
        value = series.coefficients[question.order]
        if value < 0 or (question.strict and value.is_zero()):
            places = zip(question.names, point, strict=True)
            at = ", ".join(f"{name} = {decimal(x)}" for name, x in places)
            raise NotProved(f"{question.what} is {value.str(5, radius=False)}{' at ' * bool(at)}{at}")
        return value

    def around(
        self, question: Question, at: Fraction, interval: tuple[End, End], sides: tuple[int, int]
    ) -> tuple[End, End]:
        """A neighbourhood of a point in which the derivative in question has its only zero there.

        The derivatives below some other are exactly 0 in that point, and that one has a sign
        around it; then so has the function, on either side, by Taylor's formula.

        Args:
            interval: in which to look.
            sides: the sign asked for to the left of the point, and to its right; 0 for any.

        Raises:
            NotProved: if it is not exactly 0 there, or touches from the wrong side.
        """
        [name] = question.names
        order = self._order_of_contact(question, at)
        low, high = interval
        wanted = (
            sides[0] * (-1) ** (order - question.order) if low < at else 0,
            sides[1] if high > at else 0,
        )
        radius = Fraction(1)
        while radius > SMALLEST:
            near = (max(low, at - radius), min(high, at + radius))
            segment = Segment(exactly(near[0]).lower(), exactly(near[1]).upper())
            self.pieces += 1
            try:
                series = evaluate(question.curve, (segment,), order)
                sign = series.field.sign(series.coefficients[order])
            except Undecided:
                radius /= 2
                continue
            if any(side not in (0, sign) for side in wanted):
                raise NotProved(f"{question.what} is 0 at {name} = {at}, and has the wrong sign beside it")
            return near
        raise NotProved(f"what {question.what} does around {name} = {at} is not shown")

    def _order_of_contact(self, question: Question, at: Fraction) -> int:
        exact = Rationals()
        [name] = question.names
        x = [exact.number(at), exact.number(1)] + [exact.number(0)] * (HIGHEST_CONTACT - 1)
        try:
            values = question.curve([Series(exact, x)]).coefficients
        except Undecided:
            raise NotProved(
                f"{question.what} is not shown to be 0 at {name} = {at}: "
                "it cannot be computed in rational numbers there"
            ) from None
        if values[question.order] != 0:
            raise NotProved(f"{question.what} is {values[question.order]} at {name} = {at}, and not 0")
        for k in range(question.order + 1, len(values)):
            if values[k] != 0:
                return k
        raise NotProved(f"{question.what} and its first derivatives are all 0 at {name} = {at}")


def remaining(
    over: Mapping[str, Sequence[tuple[End, End]]], gaps: Sequence[tuple[End, End]]
) -> dict[str, Sequence[tuple[End, End]]]:
    """A domain of one variable without some neighbourhoods."""
    return {name: without(intervals, gaps) for name, intervals in over.items()}


def _is_positive(value: Ball, strict: bool) -> bool:
    return bool(value.is_finite() and (value > 0 if strict else value >= 0))


def _is_smallest(side: Segment | Ray) -> bool:
    if isinstance(side, Ray):
        return bool(side.start > FARTHEST)
    return bool(side.high - side.low < SMALLEST * abs(side.middle).max(arb(1)))


def _where(question: Question, box: Box) -> str:
    places = []
    for name, side in zip(question.names, box, strict=True):
        if isinstance(side, Ray):
            relation = ">=" if side.sign > 0 else "<="
            places.append(f"{name} {relation} {decimal(side.sign * side.start)}")
        else:
            places.append(f"{name} = {decimal(side.middle)}")
    return ", ".join(places)
