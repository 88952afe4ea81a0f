"""Statements about functions of real variables, shown by signs on whole domains."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from rnnref.systems.balls import working_precision
from rnnspec.enclosure import INF, Functions, Number, Range, Real, Statement
from rnnspec.evidence import NotProved
from rnnspec.kit.enclosing.domains import (
    Curve,
    End,
    Ray,
    Segment,
    at_point,
    decimal,
    evaluate,
    intervals_of,
    rational,
)
from rnnspec.kit.enclosing.formulas import Formulas
from rnnspec.kit.enclosing.search import FARTHEST, Question, Search, remaining
from rnnspec.kit.enclosing.series import Relation, Series
from rnnspec.kit.enclosing.tails import Ball, Tail, Undecided
from rnnspec.kit.numbers import exactly

PRECISION = 128
FINE = 512
"""Bits for single values, of which many digits may be printed."""

HALVINGS = 100
"""With which the place of an extremum is found."""

Domain = Mapping[str, Sequence[tuple[End, End]]]


@dataclass(frozen=True)
class Printed:
    """A decimal number as it is printed: rounded to its last digit.

    Attributes:
        text: as it was written.
    """

    text: str

    @property
    def value(self) -> Fraction:
        return Fraction(Decimal(self.text))

    @property
    def half_a_unit(self) -> Fraction:
        """Of the last place: as far as the number may be from what was rounded."""
        return Fraction(10) ** int(Decimal(self.text).as_tuple().exponent) / 2

    def check(self, number: Ball, what: str) -> None:
        """Raise `NotProved` unless all of the ball rounds to this."""
        if not abs(number - exactly(self.value)) <= exactly(self.half_a_unit):
            raise NotProved(f"{what} is {number.str(30)}, which is not {self.text} to its last digit")


class Encloser:
    """See `rnnspec.evidence.Enclose`. `pieces` counts the pieces and rays that were enclosed."""

    def __init__(self) -> None:
        self._search = Search()

    @property
    def pieces(self) -> int:
        return self._search.pieces

    def holds(self, statement: Statement, *, touching: Sequence[Number] = (), **over: Range) -> None:
        with working_precision(PRECISION):
            domain = _domain(statement, over)
            for number, strict in enumerate(_strictness(statement, len(domain))):
                question = Question(_excess(statement, number), list(domain), strict=strict)
                self._positive(question, domain, touching)

    def increasing(
        self, function: Real, *, flat: Sequence[Number] = (), by: str | None = None, **over: Range
    ) -> None:
        self._derivative(function, 1, 1, "the slope", flat, by, over)

    def decreasing(
        self, function: Real, *, flat: Sequence[Number] = (), by: str | None = None, **over: Range
    ) -> None:
        self._derivative(function, -1, 1, "minus the slope", flat, by, over)

    def convex(self, function: Real, *, flat: Sequence[Number] = (), **over: Range) -> None:
        self._derivative(function, 1, 2, "the second derivative", flat, None, over)

    def concave(self, function: Real, *, flat: Sequence[Number] = (), **over: Range) -> None:
        self._derivative(function, -1, 2, "minus the second derivative", flat, None, over)

    def maximum(self, function: Real, *, is_: str, at: str, **over: Range) -> None:
        self._extremum(function, 1, Printed(is_), Printed(at), over)

    def minimum(self, function: Real, *, is_: str, at: str, **over: Range) -> None:
        self._extremum(function, -1, Printed(is_), Printed(at), over)

    def zeros(self, function: Real, *, at: Sequence[str | Number], **over: Range) -> None:
        with working_precision(PRECISION):
            domain = _domain(function, over)
            question = Question(_curve(function), [_single(domain)], what="the function")
            gaps = sorted(self._only_zero(question, zero, domain) for zero in at)
            for left, right in pairwise(gaps):
                if left[1] > right[0]:
                    raise NotProved(f"the zeros at {' and '.join(map(str, at))} are not told apart")
            for interval in _intervals(remaining(domain, gaps)):
                self._search.positive(_signed(question, interval), {question.names[0]: [interval]})

    def limit(self, function: Real, *, is_: Number, **to: float) -> None:
        with working_precision(PRECISION):
            [(name, infinity)] = to.items()
            _check_names(function, to)
            if infinity not in (INF, -INF):
                raise ValueError(f"{name}: got {infinity}, expected INF or -INF")
            sign = 1 if infinity > 0 else -1
            start = exactly(1)
            while not self._tends(_curve(function), Ray(start, sign), is_):
                start = 2 * start
                if start > FARTHEST:
                    raise NotProved(f"the function is not shown to tend to {is_} for {name} to {infinity}")

    def value(self, constant: Callable[[Functions], Any], printed: str) -> None:
        with working_precision(FINE):
            value = _at(Question(_curve(constant), [], what="the number"))
            self._search.pieces += 1
            Printed(printed).check(value, "the number")

    def _positive(self, question: Question, domain: Domain, touching: Sequence[Number]) -> None:
        """The answer is yes but for some points, where it is exactly 0."""
        if touching:
            _single(domain)
        gaps = [
            self._search.around(question, rational(point), interval, (1, 1))
            for point in touching
            for interval in _containing(domain, rational(point))
        ]
        self._search.positive(question, remaining(domain, gaps) if gaps else domain)

    def _derivative(
        self,
        function: Real,
        sign: int,
        order: int,
        what: str,
        flat: Sequence[Number],
        by: str | None,
        over: Mapping[str, Range],
    ) -> None:
        with working_precision(PRECISION):
            domain = _domain(function, over)
            names = list(domain)
            place = names.index(by if by is not None else _single(domain))
            question = Question(_times(sign, _curve(function)), names, order, place, what=what)
            self._positive(question, domain, flat)

    def _extremum(
        self, function: Real, sign: int, is_: Printed, at: Printed, over: Mapping[str, Range]
    ) -> None:
        """The largest value of `sign` times the function: concave around it, smaller everywhere else."""
        with working_precision(PRECISION):
            domain = _domain(function, over)
            name = _single(domain)
            curve = _times(sign, _curve(function))
            [interval] = _containing(domain, at.value) or [(at.value, at.value)]
            low, high = at.value - at.half_a_unit, at.value + at.half_a_unit
            if not interval[0] <= low < high <= interval[1]:
                raise NotProved(f"{at.text} is not inside of the domain")
            slopes = Question(curve, [name], 1, what="the slope")
            left, right = exactly(low).upper(), exactly(high).lower()
            if not (_at(slopes, left) > 0 and _at(slopes, right) < 0):
                raise NotProved(
                    f"the slope does not change its sign between {decimal(left)} and {decimal(right)}"
                )
            bend = Question(_times(-1, curve), [name], 2, what="minus the second derivative")
            near = self._widest(bend, (low, high), interval)
            for _ in range(HALVINGS):
                middle = ((left + right) / 2).mid()
                slope = _at(slopes, middle)
                left, right = (middle, right) if slope > 0 else (left, middle) if slope < 0 else (left, right)
            around = (Segment(left, right),)
            top = _at(Question(curve, [name]), left) + evaluate(curve, around, 1).coefficients[1] * (
                around[0].ball - left
            )
            is_.check(sign * top, "the extremum")
            floor = top.lower()

            def below(xs: Sequence[Series]) -> Series:
                return xs[0].number(floor) - curve(xs)

            elsewhere = Question(below, [name], what="the extremum minus a value")
            self._search.positive(elsewhere, remaining(domain, [near]))

    def _only_zero(self, question: Question, zero: str | Number, domain: Domain) -> tuple[End, End]:
        """A neighbourhood of a zero without another one."""
        if not isinstance(zero, str):
            at = rational(zero)
            gaps = [self._search.around(question, at, i, (0, 0)) for i in _containing(domain, at)]
            if len(gaps) != 1:
                raise NotProved(f"{at} is not inside of the domain")
            return gaps[0]
        printed = Printed(zero)
        low, high = printed.value - printed.half_a_unit, printed.value + printed.half_a_unit
        found = [i for i in _containing(domain, printed.value) if i[0] <= low and high <= i[1]]
        if not found:
            raise NotProved(f"{zero} is not inside of the domain")
        values = [_at(question, end) for end in (exactly(low).upper(), exactly(high).lower())]
        if not (values[0] * values[1]) < 0:
            raise NotProved(f"the function does not change its sign around {zero}")
        slope = Question(question.curve, question.names, 1, what="the slope")
        if values[0] > 0:
            slope.curve = _times(-1, question.curve)
        return self._widest(slope, (low, high), found[0])

    def _widest(
        self, question: Question, start: tuple[Fraction, Fraction], within: tuple[End, End]
    ) -> tuple[End, End]:
        """A neighbourhood of an interval on which the answer is yes, as wide as doubling makes it."""
        [name] = question.names
        self._search.positive(question, {name: [start]})
        near: tuple[End, End] = start
        width = start[1] - start[0]
        while near != within:
            width *= 2
            wider = (max(within[0], start[0] - width), min(within[1], start[1] + width))
            self._search.pieces += 1
            ball = Segment(exactly(rational(wider[0])).lower(), exactly(rational(wider[1])).upper())
            try:
                series = evaluate(question.curve, (ball,), question.order)
                sign = series.field.sign(series.coefficients[question.order])
            except Undecided:
                break
            if sign <= 0:
                break
            near = wider
        return near

    def _tends(self, curve: Curve, ray: Ray, to: Number) -> bool:
        self._search.pieces += 1
        try:
            tail = evaluate(curve, (ray,), 0).coefficients[0]
            if to in (INF, -INF):
                one: Tail = tail.rays.number(1)
                return tail.sign() == (1 if to > 0 else -1) and bool((one / tail).tends_to_zero())
            return bool((tail - tail.rays.number(rational(to))).tends_to_zero())
        except Undecided:
            return False


def _domain(function: Callable[..., Any], over: Mapping[str, Range]) -> Domain:
    """The intervals of every variable, in the order in which the function takes them."""
    names = _check_names(function, over)
    return {name: intervals_of(over[name]) for name in names}


def _variables(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)[1:]


def _check_names(function: Callable[..., Any], over: Mapping[str, Any]) -> list[str]:
    names = _variables(function)
    if sorted(names) != sorted(over):
        raise TypeError(f"got ranges of {sorted(over)}, expected one for each of the variables {names}")
    return names


def _times(sign: int, curve: Curve) -> Curve:
    return lambda xs: sign * curve(xs)


def _single(domain: Domain) -> str:
    """The only variable."""
    if len(domain) != 1:
        raise TypeError(f"got the variables {list(domain)}, expected a single one, or `by` to say which")
    [name] = domain
    return name


def _intervals(domain: Domain) -> Sequence[tuple[End, End]]:
    [intervals] = domain.values()
    return intervals


def _containing(domain: Domain, point: Fraction) -> list[tuple[End, End]]:
    return [(low, high) for low, high in _intervals(domain) if low <= point <= high]


def _curve(function: Real) -> Curve:
    return lambda xs: _lifted(_called(function, xs), xs[0])


def _called(function: Callable[..., Any], xs: Sequence[Series]) -> Any:
    """A function of these variables; of none, if it has none, when a series stands for the place alone."""
    return function(Formulas(xs[0]), *xs[: len(_variables(function))])


def _lifted(value: Any, like: Series) -> Series:
    return value if isinstance(value, Series) else like.number(value)


def _relations(statement: Statement, xs: Sequence[Series]) -> list[Relation]:
    said = _called(statement, xs)
    relations = said if isinstance(said, list) else [said]
    if not relations or not all(isinstance(relation, Relation) for relation in relations):
        raise TypeError(f"a statement is a comparison of functions, or a list of some; got {said!r}")
    return relations


def _excess(statement: Statement, number: int) -> Curve:
    return lambda xs: _relations(statement, xs)[number].excess


def _strictness(statement: Statement, variables: int) -> list[bool]:
    """Of each of a statement's comparisons, whether it is strict; found by making it at a point."""
    found: list[bool] = []

    def look(xs: Sequence[Series]) -> Series:
        found.extend(relation.strict for relation in _relations(statement, xs))
        return xs[0]

    at_point(look, [exactly(1)] * variables)
    return found


def _at(question: Question, *point: Ball) -> Ball:
    try:
        return at_point(question.curve, point, question.order).coefficients[question.order]
    except Undecided:
        at = "".join(f" at {decimal(x)}" for x in point)
        raise NotProved(f"{question.what} cannot be computed{at}") from None


def _signed(question: Question, interval: tuple[End, End]) -> Question:
    """The question whether a function is positive on an interval, or whether minus it is."""
    low, high = interval
    if low == -INF:
        inside = Fraction(0) if high == INF else rational(high) - 1
    else:
        inside = rational(low) + 1 if high == INF else (rational(low) + rational(high)) / 2
    negative = _at(question, exactly(inside).mid()) < 0
    what = "minus the function" if negative else "the function"
    return Question(_times(-1 if negative else 1, question.curve), question.names, what=what)
