"""What a proof may state: comparisons of expressions, and what `and`, `or`, `not` make of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


class Statement:
    """Something that is true or false of real numbers; nothing is decided by writing it down."""

    def comparisons(self) -> Iterator[Comparison]:
        """All comparisons in it."""
        raise NotImplementedError

    def __bool__(self) -> bool:
        raise TypeError(f"whether {self} is true is for `prove.valid` to say")


@dataclass(frozen=True, eq=False)
class Comparison(Statement):
    """left < right, left <= right or left == right.

    Attributes:
        relation: `<`, `<=` or `==`.
        left, right: expressions.
    """

    relation: str
    left: Any
    right: Any

    @property
    def difference(self) -> Any:
        """left - right, which is compared with 0."""
        return self.left - self.right

    def comparisons(self) -> Iterator[Comparison]:
        yield self

    def __bool__(self) -> bool:
        """Of an equation whether both sides are the same expression; of numbers, what they say."""
        difference = self.difference
        if self.relation == "==":
            return not difference
        if (number := difference.number) is None:
            raise TypeError(f"whether {self} is true is for `prove.valid` to say")
        return bool(number < 0 or (number == 0 and self.relation == "<="))

    def __str__(self) -> str:
        return f"{self.left} {self.relation} {self.right}"


@dataclass(frozen=True, eq=False)
class Junction(Statement):
    """All of some statements, or any of them."""

    all: bool
    parts: tuple[Statement, ...]

    def comparisons(self) -> Iterator[Comparison]:
        for part in self.parts:
            yield from part.comparisons()

    def __str__(self) -> str:
        return f"({(' and ' if self.all else ' or ').join(map(str, self.parts))})"


@dataclass(frozen=True, eq=False)
class Negation(Statement):
    """The contrary of a statement."""

    part: Statement

    def comparisons(self) -> Iterator[Comparison]:
        yield from self.part.comparisons()

    def __str__(self) -> str:
        return f"not {self.part}"


def all_of(*parts: Statement) -> Statement:
    """All of them are true."""
    return Junction(True, _stated(parts))


def any_of(*parts: Statement) -> Statement:
    """At least one of them is true."""
    return Junction(False, _stated(parts))


def not_(part: Statement) -> Statement:
    """It is not true."""
    return Negation(*_stated((part,)))


def implies(condition: Statement, consequence: Statement) -> Statement:
    """If the condition is true, then so is the consequence."""
    return any_of(not_(condition), consequence)


def _stated(parts: tuple[Any, ...]) -> tuple[Statement, ...]:
    """Statements, and nothing that Python has already made a bool of."""
    for part in parts:
        if not isinstance(part, Statement):
            raise TypeError(f"got {part!r}, expected a comparison of expressions")
    return parts
