"""The reference: results in balls, with as many proven bits as were asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rnnref.arguments import check_whole, real_array
from rnnref.certify import LARGEST_PRECISION, certified
from rnnref.evaluate import Evaluator
from rnnref.network import Cotangent, Network, Pullback, Run
from rnnref.systems.base import Array

R = TypeVar("R")

FAR = 20.0
"""From here on 1 - tanh(x) is smaller than any float64 can tell, and its digits cost precision."""


class Reference:
    """Everything that `rnnref` computes, in balls, with proven accuracy.

    What is asked for most has a method. `certified` is the way to all the rest of what an
    `Evaluator` has:

        Reference().certified(lambda e: e.softmax(x))

    Args:
        bits: how many certified bits every tensor of a result shall have, see
            `rnnref.certified_bits`; from 1 to half of `LARGEST_PRECISION`.
        spare: bits to work with beyond those that are foreseen to be necessary; up to as many.
            Results that are handed back as arguments lose some, and no precision restores them.
        blind: bits that may be lost in a first attempt which foresees nothing, see
            `rnnref.certify.certified`; 0, if none is to be made.

    Raises (from every method):
        NotCertified: if no working precision up to `LARGEST_PRECISION` proves them, as
            when a ReLU's argument is too close to 0 for its sign to be decided, or when
            something in the result is not a number.
        BadInput: if an argument does not fit.
    """

    def __init__(self, bits: int = 128, spare: int = 0, blind: int = 0) -> None:
        check_whole("bits", bits, 1, LARGEST_PRECISION // 2)
        check_whole("spare", spare, 0, LARGEST_PRECISION // 2)
        check_whole("blind", blind, 0, LARGEST_PRECISION // 2)
        self.bits = int(bits)
        self.spare = int(spare)
        self.blind = int(blind)

    def activation(self, kind: str, x: Array, alpha: float | None = None) -> NDArray[np.object_]:
        """phi(x), entry by entry; precise enough to tell a value from the limit that it approaches."""
        x = real_array("x", x)
        result = np.empty(x.shape, dtype=object)
        far = np.abs(x) > FAR
        for chosen in (far, ~far):  # what is near needs little precision

            def activations(e: Evaluator, part: Array = x[chosen]) -> NDArray[np.object_]:
                return e.activation(kind, part, alpha)

            result[chosen] = certified(activations, self.bits, self.spare + _saturation(x[chosen]))
        return result

    def slope(self, kind: str, x: Array, alpha: float | None = None) -> NDArray[np.object_]:
        """phi'(x), entry by entry, without cancellation."""
        return self.certified(lambda e: e.sharp_slope(kind, x, alpha))

    def run(self, network: Network) -> Run:
        """The forward pass: all h_t and the final state."""
        return self.certified(lambda e: e.run(network))

    def gates(self, network: Network) -> list[dict[str, NDArray[np.object_]]]:
        """Every gate and state of every step, each (B, n)."""
        return self.certified(lambda e: e.gates(network))

    def vjp(
        self,
        network: Network,
        cotangent: Cotangent,
        detached: Collection[str] = (),
        cut: Collection[int] = (),
    ) -> Pullback:
        """The vector-Jacobian product; `detached` and `cut` truncate it, see `Evaluator.vjp`."""
        return self.certified(lambda e: e.vjp(network, cotangent, detached, cut))

    def certified(self, compute: Callable[[Evaluator], R]) -> R:
        """Whatever `compute` makes of an evaluator, with `bits` proven bits in every tensor of it.

        Args:
            compute: called several times, with evaluators in different number systems. What
                one method returns cannot be handed to another in it: the arrays of the dry run
                have an axis more.

        Raises:
            TypeError: if there is something else in the result than tensors.
        """
        return certified(compute, self.bits, self.spare, self.blind)


def _saturation(x: Array) -> int:
    """The bits by which tanh(x) differs from its limit: 2|x| / ln 2, up to where floats underflow.

    With as many more bits, values that never reach their limit are told from it.
    """
    size = np.abs(real_array("x", x))
    return math.ceil(2.9 * min(float(np.fmax.reduce(size, axis=None, initial=0.0)), 800.0))
