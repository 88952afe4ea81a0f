"""Steps of gradient descent on a single unit of ReLU, for laws of units that die."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from rnnspec.drawn import Drawn
from rnnspec.protocol import Chain, Dense, Format
from rnnspec.strategies.small import among, between, several
from rnnspec.subject import Array, Numbers, Subject


@dataclass(frozen=True)
class Update:
    """One step of gradient descent on one unit relu(w·x + b), and the inputs that it sees afterwards.

    Attributes:
        w: (m,).
        b: the bias.
        x: the training inputs, (B, m).
        gradient: of the loss by each output, (B,).
        rate: η.
        decay: λ, of the weight decay λ w that is added to the gradient of w.
        momentum: what is left of earlier steps and is added to w, (m,).
        after: the inputs afterwards, (B, m).
    """

    w: Array
    b: float
    x: Array
    gradient: Array
    rate: float
    decay: float
    momentum: Array
    after: Array

    @property
    def before(self) -> Array:
        """The pre-activations before the step, (B,); exact, since the numbers have few digits."""
        return np.asarray(self.x @ self.w + self.b)

    def gradients(self, impl: Subject) -> tuple[Numbers, Any]:
        """dw and db, by back-propagation."""
        unit = Chain((Dense(len(self.w), 1, "relu"),))
        parameters = {"W_1": self.w[np.newaxis], "b_1": np.array([self.b])}
        back = impl.chain_vjp(unit, parameters, self.x, self.gradient[:, np.newaxis]).parameters
        return back["W_1"][0], back["b_1"][0]

    def after_the_step(self, impl: Subject) -> Numbers:
        """The pre-activations after the step, (B,)."""
        dw, db = self.gradients(impl)
        w = self.w - self.rate * (dw + self.decay * self.w) + self.momentum
        z: Numbers = (self.after * w).sum(axis=1) + (self.b - self.rate * db)
        return z


def updates(plain: bool) -> Drawn[Update]:
    """Steps with numbers of few digits; with `plain`, of dead units and plain gradient descent."""

    @st.composite
    def drawn(draw: st.DrawFn) -> Update:
        B, m = draw(between(1, 4)), draw(between(1, 3))

        def numbers(*shape: int, low: int = -12, high: int = 12) -> Array:
            size = int(np.prod(shape))
            return np.array(draw(several(size, low, high))).reshape(shape) / 4

        w, x, gradient = numbers(m), numbers(B, m), numbers(B)
        rate = 2.0 ** -draw(between(0, 4))
        if plain:
            off = np.floor(-4 * (x @ w).max()) - draw(between(1, 8))  # in quarters: w x has sixteenths
            b = float(min(off / 4, 0))
            return Update(w, b, x, gradient, rate, 0.0, np.zeros(m), x)
        b = float(numbers()[()])
        decay, momentum = draw(among(0.0, 0.25)), draw(among(0, 1)) * numbers(m)
        after = draw(st.sampled_from([x, numbers(B, m)]))
        return Update(w, b, x, gradient, rate, decay, momentum, after)

    def admits(update: Update) -> bool:
        return not plain or bool((update.before < 0).all())

    return Drawn(name="steps of gradient descent on one unit", strategy=lambda fmt: drawn(), admits=admits)


@dataclass(frozen=True)
class Descent:
    """One step on one unit relu(w·x + b) with one input and the upstream gradient s.

    Attributes:
        w, x: (m,).
        b: the bias.
        s: above 0.
        rate: η.
    """

    w: Array
    x: Array
    b: float
    s: float
    rate: float

    @property
    def before(self) -> float:
        """z, exactly."""
        return float(self.w @ self.x + self.b)

    @property
    def slack(self) -> float:
        """z − η s (|x|² + 1): above 0 if the rate is below the threshold."""
        return float(self.before - self.rate * self.s * (self.x @ self.x + 1))

    def after(self, impl: Subject) -> Numbers:
        """z' = w'·x + b' after the step, (1,)."""
        x = self.x[np.newaxis]
        step = Update(self.w, self.b, x, np.array([self.s]), self.rate, 0.0, np.zeros(len(x[0])), x)
        return step.after_the_step(impl)


@st.composite
def _descents(draw: st.DrawFn, fmt: Format) -> Descent:
    m = draw(between(1, 3))
    w, x = (np.array(draw(several(m, -8, 8))) / 4 for _ in range(2))
    b, s, power = draw(between(-8, 8)) / 4, draw(between(1, 8)) / 4, draw(between(-1, 6))
    return Descent(w, x, b, s, 2.0**-power)


def descents(sign: int = 0) -> Drawn[Descent]:
    """Steps; with a sign, of a unit that is on, below (1) or above (-1) the threshold of the rate."""

    def admits(descent: Descent) -> bool:
        return sign == 0 or (descent.before > 0 and sign * descent.slack > 0)

    return Drawn(name="steps", strategy=lambda fmt: _descents(fmt).filter(admits), admits=admits)
