"""Activation functions and their slopes.

Source: the standard definitions; the identities are those of Abramowitz and Stegun 4.5.
"""

from __future__ import annotations

from rnnref.errors import BadInput
from rnnref.systems.base import Matrix, System

KINDS = ("sigmoid", "tanh", "relu")


def activation(s: System[Matrix], kind: str, z: Matrix) -> Matrix:
    """phi(z), entry by entry, for `sigmoid`, `tanh` or `relu`."""
    match kind:
        case "sigmoid":
            return s.sigmoid(z)
        case "tanh":
            return s.tanh(z)
        case "relu":
            return s.relu(z)
    raise BadInput("activation", repr(kind), f"one of {', '.join(KINDS)}")


def slope_from_output(s: System[Matrix], kind: str, y: Matrix) -> Matrix:
    """phi'(z) in terms of y = phi(z), as back-propagation has it.

    Every implementation differentiates like this, because y is what it has kept. In
    floats the differences cancel in saturation; the precision of the reference absorbs it.
    """
    match kind:
        case "sigmoid":
            return y * (1 - y)
        case "tanh":
            return 1 - y * y
        case "relu":
            return s.positive(y)
    raise BadInput("activation", repr(kind), f"one of {', '.join(KINDS)}")


def slope(s: System[Matrix], kind: str, z: Matrix) -> Matrix:
    """phi'(z) without cancellation: accurate relative to itself however far z saturates."""
    match kind:
        case "sigmoid":
            e = s.exp(0 - s.absolute(z))
            return e / ((1 + e) * (1 + e))
        case "tanh":
            e = s.exp(0 - s.absolute(z))
            e = e * e  # not the exponential of 2|z|, which may overflow
            return 4 * e / ((1 + e) * (1 + e))
        case "relu":
            return s.positive(z)
    raise BadInput("activation", repr(kind), f"one of {', '.join(KINDS)}")
