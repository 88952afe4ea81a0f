"""The reference: results in balls with as many proven bits as were asked for.

A tensor's certified bits are counted relative to its largest entry, because that is how
errors of sums behave: b bits mean that every entry is known to within 2^-b times the
largest. Below `FLOOR`, the smallest normal number of float64, bits are counted absolutely,
so that a tensor of exact or nearly exact zeros has them too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from rnnref.errors import NotCertified
from rnnref.evaluate import Evaluator
from rnnref.network import Cotangent, Network, Pullback, Run
from rnnref.systems.balls import Balls, working_precision
from rnnref.systems.base import Array

FLOOR = -1022  # as a power of two
LARGEST_PRECISION = 1 << 14

R = TypeVar("R")


def certified_bits(values: NDArray[np.object_], cap: int = 1 << 16) -> int:
    """How many bits of a tensor of balls are proven; `cap` if every entry is exact."""
    if values.size == 0:
        return cap
    balls = values.ravel().tolist()
    if not all(ball.is_finite() for ball in balls):
        return 0
    widest = max(_exponent(ball.rad()) for ball in balls)
    largest = max(max(_exponent(ball.mid()) for ball in balls), FLOOR)
    # The exponents are those of powers of two just above, so one bit may be lost.
    return int(min(cap, max(0, largest - 1 - widest)))


def _saturation(x: Array) -> int:
    """The bits by which tanh(x) differs from its limit: 2|x| / ln 2, up to where floats underflow.

    With as many more bits, values that never reach their limit are told from it.
    """
    sizes = [abs(float(value)) for value in np.asarray(x).flat]
    return math.ceil(2.9 * min(max(sizes, default=0.0), 800.0))


def _exponent(x: Any) -> float:
    """The smallest e with |x| < 2^e; minus infinity for 0. x is an exact ball."""
    if x == 0:
        return -math.inf
    mantissa, exponent = x.man_exp()
    return int(exponent) + int(abs(mantissa)).bit_length()


class Reference:
    """Everything that `rnnref` computes, in balls, with proven accuracy.

    Args:
        bits: how many certified bits every tensor of a result shall have.

    Raises (from every method):
        NotCertified: if no working precision up to `LARGEST_PRECISION` proves them, as
            when a ReLU's argument is too close to 0 for its sign to be decided.
        BadInput: if an argument does not fit.
    """

    def __init__(self, bits: int = 128) -> None:
        self.bits = bits
        self._evaluator = Evaluator(Balls())

    def activation(self, kind: str, x: Array) -> NDArray[np.object_]:
        """phi(x), entry by entry."""
        return self._certified(
            lambda: self._evaluator.activation(kind, x), lambda y: [y], start=self.bits + 16 + _saturation(x)
        )

    def slope(self, kind: str, x: Array) -> NDArray[np.object_]:
        """phi'(x), entry by entry, without cancellation."""
        return self._certified(
            lambda: self._evaluator.sharp_slope(kind, x), lambda y: [y], start=self.bits + 16
        )

    def run(self, network: Network) -> Run:
        """The forward pass: all h_t and the final state."""
        return self._certified(
            lambda: self._evaluator.run(network),
            lambda run: [run.outputs, *run.state.values()],
            start=self._predicted(network),
        )

    def gates(self, network: Network) -> list[dict[str, NDArray[np.object_]]]:
        """Every gate and state of every step, each (B, n)."""
        return self._certified(
            lambda: self._evaluator.gates(network),
            lambda steps: [value for step in steps for value in step.values()],
            start=self._predicted(network),
        )

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        """The vector-Jacobian product with respect to parameters, inputs and initial state."""
        return self._certified(
            lambda: self._evaluator.vjp(network, cotangent),
            lambda g: [*g.parameters.values(), g.inputs, *g.state.values()],
            start=self._predicted(network),
        )

    def _predicted(self, network: Network) -> int:
        """The precision to begin with, in bits.

        A step's matrix products widen a ball by about log2 of the sum of a row of |W| and
        |U|, and T steps do so T times, forward and backward.
        """
        rows = [np.abs(v).sum(axis=1).max() for k, v in network.parameters.items() if k[0] in "WU"]
        width = 2 + math.log2(1 + max(map(float, rows)))
        return self.bits + 32 + math.ceil(width * min(network.steps, 128))

    def _certified(
        self, compute: Callable[[], R], tensors: Callable[[R], Iterable[NDArray[Any]]], start: int
    ) -> R:
        precision = min(start, LARGEST_PRECISION)
        while True:
            with working_precision(precision):
                result = compute()
                proven = min(map(certified_bits, tensors(result)), default=self.bits)
            if proven >= self.bits:
                return result
            if precision >= LARGEST_PRECISION:
                raise NotCertified(self.bits, proven, precision)
            precision = min(2 * precision, LARGEST_PRECISION)
