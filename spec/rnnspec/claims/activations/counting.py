"""A third reason that is given for tanh, a cheaper derivative: operations, counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnnspec.claim import REFUTED, About, claim
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.sources import D1
from rnnspec.strategies import FewPreactivations
from rnnspec.subject import Subject

SLOPES: Mapping[str, Callable[[Any], Any]] = {
    "tanh": lambda y: 1 - y * y,
    "sigmoid": lambda y: y * (1 - y),
    "relu": lambda y: y > 0,
}
"""The slopes as they are computed from the output y; ReLU's is a mask, true or false."""

STEPS = {
    "tanh": {"multiplication": 1, "subtraction": 1},
    "sigmoid": {"multiplication": 1, "subtraction": 1},
    "relu": {"comparison": 1},
}
"""What each of them takes."""


class Counting:
    """A number that counts the operations that it takes part in.

    Attributes:
        steps: the operations that led to it, in words.
    """

    def __init__(self, steps: tuple[str, ...] = ()) -> None:
        self.steps = steps

    def __mul__(self, other: Any) -> Counting:
        return self._after("multiplication", other)

    def __rsub__(self, other: Any) -> Counting:
        return self._after("subtraction", other)

    def __gt__(self, other: Any) -> Counting:
        return self._after("comparison", other)

    def _after(self, step: str, other: Any) -> Counting:
        before = other.steps if isinstance(other, Counting) else ()
        return Counting((*self.steps, *before, step))


def operations(kind: str) -> tuple[str, ...]:
    """What the slope takes, given the output."""
    steps: tuple[str, ...] = SLOPES[kind](Counting()).steps
    return steps


cheaper = claim(
    "ACT-26",
    title="Given its output, tanh's slope takes as many operations as the sigmoid's: two",
    says="Differentiating tanh takes fewer of the system's resources.",
    statement="Computing tanh' takes fewer operations than computing the slopes of its rivals.",
    equation="""
        tanh'(x) = 1 − y y       one multiplication, one subtraction
        σ'(x) = y (1 − y)        one multiplication, one subtraction
        relu'(x) = 1[y > 0]      one comparison
    """,
    verdict=REFUTED,
    because="""
        What back-propagation has kept is the output y. From it both slopes take one subtraction and
        one multiplication: a tie; and they are the same function up to scale, y(1 − y) =
        ¼(1 − t²) with y = (1 + t)/2. ReLU's takes a single comparison, one operation in the place of two.
        Which operations an implementation makes it does not show; but from the outputs that it gives,
        these must lead to its slopes.
    """,
    corrected="""
        Given the output, tanh' and σ' each take one multiplication and one subtraction, and no
        single sum, difference or product gives either; relu' takes one comparison.
    """,
    sources=[D1("3, in detail")],
    see=["ACT-01", "ACT-04"],
)


@cheaper.as_stated()
def fewer_operations(impl: Subject, hold: Hold) -> None:
    """The slope of tanh takes fewer operations than that of the sigmoid, whatever their input is."""
    hold.strictly_less(len(operations("tanh")), len(operations("sigmoid")), "operations")


@cheaper.witness(of=fewer_operations)
def two_and_two() -> Mapping[str, Any]:
    """Both take two."""
    return {}


@cheaper.law(needs=["activation", "activation_vjp"])
def formulas_are_the_slopes(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """What is counted leads from the outputs to the slopes; of ReLU, from the sign of the output, exactly."""
    for kind in ("tanh", "sigmoid"):
        hold.equal(impl.slope(kind, x), SLOPES[kind](impl.activation(kind, x)), kind)
    x = x[x != 0]
    hold.exactly(impl.slope("relu", x), SLOPES["relu"](np.maximum(x, 0)).astype(float), "relu")


@cheaper.law(about=About.MATHEMATICS)
def operations_of_each(impl: Subject, hold: Hold) -> None:
    """One multiplication and one subtraction for either function, one comparison for ReLU, which is less."""
    for kind, expected in STEPS.items():
        steps = operations(kind)
        hold.exactly(len(steps), sum(expected.values()), f"operations for {kind}")
        hold.exactly([steps.count(step) for step in expected], list(expected.values()), kind)
    hold.strictly_less(len(operations("relu")), len(operations("tanh")), "operations")


@cheaper.proof
def the_same_up_to_scale(prove: Prove) -> None:
    """Both formulas, run on the reference's outputs, are the derivatives; with y = (1 + t)/2 they are one.

    Each takes two operations, and no single one with y and a constant c will do: the second
    difference of what one gives is 0 or 2, and not −2. ReLU's slope is whether its output is above 0.
    """
    of_two_operations = {kind: SLOPES[kind] for kind in ("tanh", "sigmoid")}
    for kind, formula in of_two_operations.items():
        y = prove.activation(kind)
        prove.identical(formula(y), prove.derivative(y))
    (t,) = prove.symbols("t")
    prove.identical(SLOPES["sigmoid"]((1 + t) / 2), SLOPES["tanh"](t) / 4)

    def second_difference(f: Callable[[Any], Any]) -> Any:
        return f(t + 1) - 2 * f(t) + f(t - 1)

    for kind, formula in of_two_operations.items():
        prove.identical(prove.number(len(operations(kind))), 2)
        prove.identical(second_difference(formula), -2)
    (c,) = prove.symbols("c")
    for single in (lambda y: y + c, lambda y: y - c, lambda y: c - y, lambda y: c * y, lambda y: y + y):
        prove.identical(second_difference(single), 0)
    prove.identical(second_difference(lambda y: y * y), 2)
    (right,), (left,) = prove.symbols("p", above=0), prove.symbols("q", below=0)
    prove.positive(prove.activation("relu", right))
    prove.identical(prove.slope("relu", right), 1)
    prove.identical(prove.activation("relu", left), 0)
    prove.identical(prove.slope("relu", left), 0)
