"""What a statement is made of: the reference's own functions, on series of whatever piece it is."""

from __future__ import annotations

from typing import Any

from flint import arb

from rnnref import activations
from rnnspec.enclosure import Real
from rnnspec.kit.enclosing.series import Series, SeriesSystem
from rnnspec.kit.enclosing.tails import Undecided
from rnnspec.kit.numbers import exactly

SMOOTH = ("identity", "sigmoid", "tanh", "g_1997", "h_1997")


class Formulas:
    """See `rnnspec.evidence.Functions`.

    Args:
        like: some series of the piece that is at hand.
    """

    def __init__(self, like: Series) -> None:
        self._like = like
        self._series = SeriesSystem(like)
        self._system: Any = self._series  # for formulas of numbers, which ask no more of a system

    def number(self, value: Any) -> Series:
        return self._like.number(value)

    def activation(self, kind: str, x: Any, alpha: float | None = None) -> Series:
        y: Series = activations.activation(self._system, kind, self._lifted(x), alpha)
        return y

    def slope(self, kind: str, x: Any, alpha: float | None = None) -> Series:
        """By the formula in e^-|x|; where that has a kink, at 0, in terms of phi(x).

        Both are the reference's and say the same. The first loses nothing in saturation, and
        the second is smooth.
        """
        x = self._lifted(x)
        dy: Series
        if kind in SMOOTH and self._sign_is_open(x):
            dy = activations.slope_from_output(self._system, kind, self.activation(kind, x))
        else:
            dy = activations.slope(self._system, kind, x, alpha)
        return dy

    def curvature(self, kind: str, x: Any, alpha: float | None = None) -> Series:
        ddy: Series = activations.curvature(self._system, kind, self._lifted(x), alpha)
        return ddy

    def exp(self, x: Any) -> Series:
        return self._series.exp(self._lifted(x))

    def log(self, x: Any) -> Series:
        return self._series.log(self._lifted(x))

    def sqrt(self, x: Any) -> Series:
        return self._series.sqrt(self._lifted(x))

    def sinh(self, x: Any) -> Series:
        e = self.exp(x)
        return (e - 1 / e) / 2

    def cosh(self, x: Any) -> Series:
        e = self.exp(x)
        return (e + 1 / e) / 2

    def tanh(self, x: Any) -> Series:
        return self._series.tanh(self._lifted(x))

    def arsinh(self, x: Any) -> Series:
        x = self._lifted(x)
        return self.log(x + self.sqrt(x * x + 1))

    def arcosh(self, x: Any) -> Series:
        x = self._lifted(x)
        return self.log(x + self.sqrt(x * x - 1))

    def artanh(self, x: Any) -> Series:
        x = self._lifted(x)
        return self.log((1 + x) / (1 - x)) / 2

    def sin(self, x: Any) -> Series:
        return self._series.sin_cos(self._lifted(x))[0]

    def cos(self, x: Any) -> Series:
        return self._series.sin_cos(self._lifted(x))[1]

    def erf(self, x: Any) -> Series:
        return self._series.erf(self._lifted(x))

    @property
    def pi(self) -> Series:
        return self._like.constant(self._like.field.pi())

    @property
    def euler(self) -> Series:
        return self._like.constant(self._like.field.constant(arb.const_euler()))

    def integral(self, function: Real, low: Any, high: Any) -> Series:
        from rnnspec.kit.enclosing.integrals import integral  # which is made of these formulas

        ends = [
            value.coefficients[0] if isinstance(value, Series) else exactly(value) for value in (low, high)
        ]
        return self._like.constant(self._like.field.constant(integral(function, *ends)))

    def mean_of_normal(self, function: Real) -> Series:
        from rnnspec.kit.enclosing.integrals import mean_of_normal

        return self._like.constant(self._like.field.constant(mean_of_normal(function)))

    def _lifted(self, x: Any) -> Series:
        return x if isinstance(x, Series) else self.number(x)

    def _sign_is_open(self, x: Series) -> bool:
        try:
            return x.field.sign(x.coefficients[0]) == 0
        except Undecided:
            return True
