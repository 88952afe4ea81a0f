"""What is true of a network, how far from it correct results may lie, and where that is known.

Noise is a measure of first order: what is allowed grows in proportion to the unit. In three
places it does not. At a kink (the sign of a ReLU's argument, the bound of a clipped cell) a
correct program may be on either side, and 16 replicates may all be on the other. Below the
smallest normal number a program may keep what it has or make it 0, and what follows may
magnify that. And in a network so chaotic that no digit is left, replicates may agree by accident.

So noise is run with a smaller unit, too: scatter must shrink in proportion. Once more with
that unit, taking both ways whatever may go either way: that must move nothing by more than
one scatter. And no output may be allowed to be off by as much as the largest of them all.
Where one of the three fails for some number, the network is *undecided*: nothing is said about an
implementation's results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.checks import Example
from reference.checks_noise import FACTOR, representable
from reference.exact import TARGET, tensors
from rnnref import Evaluator, Format, Noise, Reference, working_precision
from rnnref.systems.noise import NoisyMatrix

# The smaller unit is 2^-10 of the other, so at least 2^-43; float64's own rounding is below a
# thousandth of that. All runs draw the same numbers, so that their scatter differs by what
# is not of first order and by nothing else: twice as much is far from proportion.
SMALLER = 2.0**-10
PROPORTION = 2.0


class Smaller(Noise):
    """Noise of a smaller unit."""

    def __init__(self, fmt: Format, seed: int) -> None:
        super().__init__(fmt, seed=seed)
        self.unit *= SMALLER
        self.scale /= SMALLER


class Torn(Smaller):
    """The same noise, but that whatever may go either way goes both ways.

    That is an argument nearer to the kink than an argument is allowed to be off, which is
    reflected in it; the slope there; and a number below the smallest normal one, which may be flushed to 0.
    """

    def __init__(self, fmt: Format, seed: int) -> None:
        super().__init__(fmt, seed)
        self._roundoff, self._smallest = fmt.unit_roundoff, fmt.smallest_normal
        self._choices = np.random.default_rng([seed, 1])
        # Which entries of a ReLU's output had an argument near 0; the output itself does not tell.
        self._near: dict[int, tuple[NoisyMatrix, NDArray[np.bool_]]] = {}

    def perturbed(self, values: NDArray[np.float64], size: NDArray[np.float64]) -> NoisyMatrix:
        a = super().perturbed(values, size)
        tiny = np.any((np.abs(a.values) < self._smallest) & (a.values != 0), axis=0)
        if not np.any(tiny):
            return a
        return NoisyMatrix(np.where(tiny & self._ways(tiny.shape), 0.0, a.values), self)

    def relu(self, z: NoisyMatrix) -> NoisyMatrix:
        near = self._within_reach(z.values, 0)
        y = super().relu(self._both(z, near, -z.values, z.values))
        self._near[id(y)] = (y, near)
        return y

    def positive(self, y: NoisyMatrix) -> NoisyMatrix:
        _, near = self._near.get(id(y)) or (y, self._within_reach(y.values, 0))
        return self._both(super().positive(y), near, 0, 1)

    def clip(self, a: NoisyMatrix, bound: float) -> NoisyMatrix:
        near = self._within_reach(np.abs(a.values), bound)
        reflected = np.sign(a.values) * (2 * bound - np.abs(a.values))
        return super().clip(self._both(a, near, reflected, a.values), bound)

    def inside(self, a: NoisyMatrix, bound: float) -> NoisyMatrix:
        near = self._within_reach(np.abs(a.values), bound)
        return self._both(super().inside(a, bound), near, 0, 1)

    def _within_reach(self, values: NDArray[np.float64], kink: float) -> NDArray[np.bool_]:
        scatter = _scatter(values) * self.scale
        size = np.max(np.abs(values), axis=0)
        reach = FACTOR * (scatter + self._roundoff * size + self._smallest)
        distance = np.abs(values - kink)
        # Always exactly at the kink is what nobody's rounding has brought there: the sums of dead units.
        return np.asarray((np.min(distance, axis=0) <= reach) & (np.max(distance, axis=0) > 0))

    def _both(self, a: NoisyMatrix, near: NDArray[np.bool_], one: Any, other: Any) -> NoisyMatrix:
        """What is near a kink replaced by one or the other."""
        if not np.any(near):
            return a
        either = np.where(self._ways(near.shape), one, other)
        return NoisyMatrix(np.where(near, either, a.values), self)

    def _ways(self, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """A choice for every replicate and entry; for every entry there are both."""
        ways = self._choices.integers(0, 2, (self.replicates, *shape)).astype(bool)
        ways[:2] = [np.zeros(shape), np.ones(shape)]
        return ways


class Yardstick:
    """The reference's results for an example, and what noise allows beside them.

    Attributes:
        example: with its numbers rounded to the format, as they are to be computed with.
        allowed: how far every number may be off.
        undecided: of each tensor the share of numbers that fail, if any do.

    Args:
        example: a network and a cotangent.
        fmt: the format that an implementation computes in.
        seed: of the noise.
    """

    def __init__(self, example: Example, fmt: Format, seed: int = 0) -> None:
        self.example = representable(example, fmt)
        self._exact = {name: _split(balls) for name, balls in self._results(Reference(TARGET))}
        noise, smaller = Noise(fmt, seed=seed), Smaller(fmt, seed)
        runs = (self._results(Evaluator(system)) for system in (noise, smaller, Torn(fmt, seed)))
        self.allowed: dict[str, NDArray[np.float64]] = {}
        self.undecided: dict[str, float] = {}
        for (name, replicates), (_, small), (_, torn) in zip(*runs, strict=True):
            rounding = fmt.unit_roundoff * np.abs(self._exact[name][0]) + fmt.smallest_normal
            scatter = _scatter(replicates) * noise.scale
            unit = scatter + rounding
            self.allowed[name] = FACTOR * unit
            # Beside the result's own rounding, scatter may be anything.
            lagging = _scatter(small) * smaller.scale + rounding > PROPORTION * unit
            moved = np.max(np.abs(torn - small), axis=0) > unit
            blank = np.zeros_like(lagging)
            if not name.startswith("d"):  # a gradient may vanish beside its own terms
                blank = FACTOR * scatter > np.max(np.abs(self._exact[name][0]), initial=0.0)
            doubtful = float(np.mean(lagging | moved | blank)) if lagging.size else 0.0
            if doubtful:
                self.undecided[name] = doubtful

    def ratios(self, answer: Mapping[str, NDArray[Any]]) -> dict[str, float]:
        """The largest observed/allowed of every tensor; infinite where it is not a number."""
        assert set(answer) == set(self._exact), f"{set(answer) ^ set(self._exact)}"
        return {name: self._ratio(name, value) for name, value in answer.items()}

    def _ratio(self, name: str, got: NDArray[Any]) -> float:
        near, rest = self._exact[name]
        assert got.shape == near.shape, f"{name}: shape {got.shape}, expected {near.shape}"
        # What is close to each other is subtracted without rounding.
        observed = np.abs((got.astype(np.float64) - near) - rest)
        worst = float(np.max(observed / self.allowed[name], initial=0.0))
        return worst if np.isfinite(worst) else np.inf

    def _results(self, engine: Any) -> Iterator[tuple[str, NDArray[Any]]]:
        with np.errstate(all="ignore"):
            yield from tensors(engine.run(self.example.network))
            yield from tensors(engine.vjp(self.example.network, self.example.cotangent))


def _scatter(replicates: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard deviation over the first axis, of numbers whose squares may underflow."""
    _, exponent = np.frexp(np.max(np.abs(replicates), axis=0))
    scatter: NDArray[np.float64] = np.ldexp(np.std(np.ldexp(replicates, -exponent), axis=0), exponent)
    return scatter


def _split(balls: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The midpoints as the sum of two float64: the nearest, and what is left."""
    with working_precision(2 * TARGET):
        pairs = [(near := float(ball.mid()), float(ball.mid() - near)) for ball in balls.ravel().tolist()]
    both = np.array(pairs).reshape(-1, 2)
    return both[:, 0].reshape(balls.shape), both[:, 1].reshape(balls.shape)
