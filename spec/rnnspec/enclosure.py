"""What an enclosure is written with: statements about functions of real variables.

@quarter.enclosure
def at_most_a_quarter(enclose: Enclose) -> None:
    enclose.holds(lambda f, x: f.slope("sigmoid", x) <= Fraction(1, 4), touching=[0], x=(-INF, INF))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

INF = math.inf

Number: TypeAlias = int | float | Fraction
"""An exact number: a float is what it is in binary."""

End: TypeAlias = Number | str
"""The end of an interval: a number, a decimal number as it is printed, INF or -INF."""

Range: TypeAlias = tuple[End, End] | Sequence[tuple[End, End]]
"""One interval, or a list of several; closed where they are finite."""

Enclosed: TypeAlias = Any
"""A function's values on a piece: it calculates with `+ - * / **`, and compares with `< <= > >=`."""

Real: TypeAlias = Callable[..., Enclosed]
"""A function of real variables: `lambda f, x, y: ...`, with its formulas from `f`."""

Statement: TypeAlias = Callable[..., Any]
"""A comparison of functions of real variables, or a list of several."""


class Functions(Protocol):
    """What functions are written with. Activations are the reference's own formulas."""

    def number(self, value: Number | str) -> Enclosed:
        """A number; needed only where Python would calculate with two of its own."""
        ...

    def activation(self, kind: str, x: Enclosed, alpha: float | None = None) -> Enclosed:
        """phi(x)."""
        ...

    def slope(self, kind: str, x: Enclosed, alpha: float | None = None) -> Enclosed:
        """phi'(x)."""
        ...

    def curvature(self, kind: str, x: Enclosed, alpha: float | None = None) -> Enclosed:
        """phi''(x)."""
        ...

    def exp(self, x: Enclosed) -> Enclosed: ...

    def log(self, x: Enclosed) -> Enclosed: ...

    def sqrt(self, x: Enclosed) -> Enclosed: ...

    def sinh(self, x: Enclosed) -> Enclosed: ...

    def cosh(self, x: Enclosed) -> Enclosed: ...

    def tanh(self, x: Enclosed) -> Enclosed: ...

    def arsinh(self, x: Enclosed) -> Enclosed: ...

    def arcosh(self, x: Enclosed) -> Enclosed: ...

    def artanh(self, x: Enclosed) -> Enclosed: ...

    def sin(self, x: Enclosed) -> Enclosed: ...

    def cos(self, x: Enclosed) -> Enclosed: ...

    def erf(self, x: Enclosed) -> Enclosed: ...

    def integral(self, function: Real, low: Number, high: Number) -> Enclosed:
        """The integral of `lambda f, x: ...`, which depends on x alone, over a bounded interval."""
        ...

    def mean_of_normal(self, function: Real) -> Enclosed:
        """The mean of `lambda f, z: ...` over z from the standard normal distribution."""
        ...

    @property
    def pi(self) -> Enclosed: ...

    @property
    def euler(self) -> Enclosed:
        """Euler's constant, 0.5772..."""
        ...


class Enclose(Protocol):
    """What holds on whole intervals, shown by ball arithmetic; the tails are not left out.

    The domain is given by the names of the variables: `x=(0, INF)`, or a list of intervals.
    Every method raises `NotProved` if it does not get there, with a point if there is one on
    which the statement is certainly false. Balls cannot show that two sides are *equal*. So
    points of equality are named, and there everything has to be computable in rational numbers.

        enclose.holds(lambda f, x: f.slope("sigmoid", x) <= Fraction(1, 4), touching=[0], x=(-INF, INF))
        enclose.maximum(lambda f, c: c * f.slope("tanh", c), is_="0.4477", at="0.77", c=(0, INF))
    """

    def holds(self, statement: Statement, *, touching: Sequence[Number] = (), **over: Range) -> None:
        """A comparison holds on the whole domain; or, without variables, of two numbers.

        Args:
            touching: of a function of one variable, the points where both sides are equal. A
                strict comparison then holds everywhere but there; so ends of an open interval
                can be named as well.
        """
        ...

    def increasing(
        self, function: Real, *, flat: Sequence[Number] = (), by: str | None = None, **over: Range
    ) -> None:
        """The slope is positive, but in some points in which it is 0.

        Args:
            flat: these points.
            by: the variable, of several.
        """
        ...

    def decreasing(
        self, function: Real, *, flat: Sequence[Number] = (), by: str | None = None, **over: Range
    ) -> None:
        """The slope is negative; see `increasing`."""
        ...

    def convex(self, function: Real, *, flat: Sequence[Number] = (), **over: Range) -> None:
        """The second derivative is positive, but in some points in which it is 0."""
        ...

    def concave(self, function: Real, *, flat: Sequence[Number] = (), **over: Range) -> None:
        """The second derivative is negative; see `convex`."""
        ...

    def maximum(self, function: Real, *, is_: str, at: str, **over: Range) -> None:
        """The largest value, and the only place where it is taken, inside of the domain.

        Args:
            is_: the value as it is printed, correctly rounded to its last digit.
            at: the place, likewise.
        """
        ...

    def minimum(self, function: Real, *, is_: str, at: str, **over: Range) -> None:
        """The smallest value; see `maximum`."""
        ...

    def zeros(self, function: Real, *, at: Sequence[str | Number], **over: Range) -> None:
        """There are zeros here and nowhere else.

        Args:
            at: each as it is printed, rounded to its last digit; or a number, if that is the zero.
        """
        ...

    def limit(self, function: Real, *, is_: Number, **to: float) -> None:
        """The limit, a rational number or an infinity, for `x=INF` or `x=-INF`."""
        ...

    def value(self, constant: Callable[[Functions], Enclosed], printed: str) -> None:
        """A number is what is printed of it, rounded to the last digit."""
        ...
