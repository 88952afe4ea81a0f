"""Activation functions of one number, with their first and second derivatives.

| kind         | phi(z)                               | source                                  |
| ------------ | ------------------------------------ | --------------------------------------- |
| `identity`   | z                                    |                                         |
| `sigmoid`    | 1 / (1 + e^-z)                       |                                         |
| `tanh`       | (e^z - e^-z) / (e^z + e^-z)          | Abramowitz and Stegun 4.5               |
| `g_1997`     | 4 sigmoid(z) - 2, in (-2, 2)         | Hochreiter and Schmidhuber 1997, App. A |
| `h_1997`     | 2 sigmoid(z) - 1, in (-1, 1)         | Hochreiter and Schmidhuber 1997, App. A |
| `relu`       | max(0, z)                            | Nair and Hinton 2010                    |
| `leaky_relu` | z for z > 0, else alpha z            | Maas et al. 2013                        |
| `elu`        | z for z > 0, else alpha (e^z - 1)    | Clevert et al. 2016                     |

Where a derivative has a jump, at z = 0, its value there is the one from the left: the
slope of ReLU at 0 is 0, that of leaky ReLU and ELU is alpha, and so is ELU's curvature.

At an infinity every function has its limit, except that leaky ReLU of -inf with alpha = 0
is NaN, as 0 times infinity is. phi(NaN) is NaN. So is a slope or a curvature there, but of
straight pieces: where nothing is computed of z, only its sign is asked for, NaN counts as
not positive; in balls its sign is open, and the slope is a ball from one piece's to the other's.
"""

from __future__ import annotations

import numpy as np

from rnnref.arguments import check_choice, is_finite_number
from rnnref.errors import BadInput
from rnnref.systems.base import Matrix, System

PARAMETRIC = ("leaky_relu", "elu")
KINDS = ("identity", "sigmoid", "tanh", "g_1997", "h_1997", "relu", *PARAMETRIC)


def check_kind(parameter: str, kind: object, alpha: object) -> None:
    """Raise `BadInput` unless there is such an activation and alpha is what it needs."""
    check_choice(parameter, kind, KINDS)
    if kind not in PARAMETRIC:
        if alpha is not None:
            raise BadInput("alpha", repr(alpha), f"None: {kind} has no parameter")
    elif not is_finite_number(alpha):
        raise BadInput("alpha", repr(alpha), f"the finite number that {kind} needs")


def activation(s: System[Matrix], kind: str, z: Matrix, alpha: float | None = None) -> Matrix:
    """phi(z), entry by entry.

    Raises:
        BadInput: if there is no such activation, or alpha is missing or not asked for.
    """
    check_kind("activation", kind, alpha)
    match kind:
        case "sigmoid":
            return s.sigmoid(z)
        case "tanh":
            return s.tanh(z)
        case "g_1997":
            return 2 * s.tanh(0.5 * z)  # 4 sigmoid(z) - 2 without its cancellation
        case "h_1997":
            return s.tanh(0.5 * z)
        case "relu":
            return s.relu(z)
        case "leaky_relu":
            return s.relu(z) - alpha * s.relu(0 - z)
        case "elu":
            return s.relu(z) + alpha * s.expm1(0 - s.relu(0 - z))
    return z


def slope_from_output(s: System[Matrix], kind: str, y: Matrix, alpha: float | None = None) -> Matrix:
    """phi'(z) in terms of y = phi(z), as back-propagation has it.

    Every implementation differentiates like this, because y is what it has kept. In
    floats the differences cancel in saturation; the precision of the reference absorbs it.
    Leaky ReLU and ELU are read like this for alpha > 0 only, where y has the sign of z.

    Raises:
        BadInput: as `activation`; and for alpha <= 0.
    """
    check_kind("activation", kind, alpha)
    if alpha is not None and alpha <= 0:
        raise BadInput("alpha", alpha, "a number above 0, without which y does not determine the slope")
    match kind:
        case "sigmoid":
            return y * (1 - y)
        case "tanh":
            return 1 - y * y
        case "g_1997":
            return 1 - 0.25 * (y * y)
        case "h_1997":
            return 0.5 * (1 - y * y)
        case "relu":
            return s.positive(y)
        case "leaky_relu":
            return s.positive(y) + alpha * (1 - s.positive(y))
        case "elu":
            return s.positive(y) + (1 - s.positive(y)) * (alpha - s.relu(0 - y))  # alpha + y where y < 0
    return _constant(s, 1, y)


def slope(s: System[Matrix], kind: str, z: Matrix, alpha: float | None = None) -> Matrix:
    """phi'(z) without cancellation: accurate relative to itself however far z saturates.

    Raises:
        BadInput: as `activation`.
    """
    check_kind("activation", kind, alpha)
    match kind:
        case "sigmoid":
            e = s.exp(0 - s.absolute(z))
            return e / ((1 + e) * (1 + e))
        case "tanh":
            e = s.exp(0 - s.absolute(z))
            e = e * e  # not the exponential of 2|z|, which may overflow
            return 4 * e / ((1 + e) * (1 + e))
        case "g_1997":
            return 4 * slope(s, "sigmoid", z)
        case "h_1997":
            return 2 * slope(s, "sigmoid", z)
        case "relu":
            return s.positive(z)
        case "leaky_relu":
            return s.positive(z) + alpha * (1 - s.positive(z))
        case "elu":
            return s.positive(z) + alpha * (1 - s.positive(z)) * s.exp(0 - s.relu(0 - z))
    return _constant(s, 1, z)


def curvature(s: System[Matrix], kind: str, z: Matrix, alpha: float | None = None) -> Matrix:
    """phi''(z): sigma'' = sigma' (1 - 2 sigma), tanh'' = -2 tanh tanh'; 0 on straight pieces.

    Raises:
        BadInput: as `activation`.
    """
    check_kind("activation", kind, alpha)
    match kind:
        case "sigmoid":
            return 0 - slope(s, "sigmoid", z) * s.tanh(0.5 * z)  # 1 - 2 sigma(z) = -tanh(z/2)
        case "tanh":
            return -2 * s.tanh(z) * slope(s, "tanh", z)
        case "g_1997":
            return 4 * curvature(s, "sigmoid", z)
        case "h_1997":
            return 2 * curvature(s, "sigmoid", z)
        case "elu":
            return alpha * (1 - s.positive(z)) * s.exp(0 - s.relu(0 - z))
    return _constant(s, 0, z)


def _constant(s: System[Matrix], value: float, like: Matrix) -> Matrix:
    """The value in every entry: 0 * z + value would not be a number where z is infinite."""
    return s.matrix(np.full(like.shape, float(value)))
