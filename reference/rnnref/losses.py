"""Softmax, the losses that networks are trained with, and the L2 penalty; with their gradients.

A loss has one value a column, (1, B): for each member of the batch the loss of its vector of
n entries. Sums and means over time and over the batch are the caller's. As everywhere a
gradient is written beside its function, and is that of the sum of all columns' losses.

Papers and libraries differ by factors, so these have names:

| convention | squared error, y and t of n entries | penalty             |
| ---------- | ----------------------------------- | ------------------- |
| `half`     | 1/2 sum (y - t)^2                   | alpha/2 sum W^2     |
| `sum`      | sum (y - t)^2                       |                     |
| `mean`     | 1/n sum (y - t)^2                   |                     |
| `full`     |                                     | alpha sum W^2       |

Sources: Bishop 2006, chapter 4.3.4 for softmax and cross-entropy, 3.1.4 for the penalty;
Blanchard, Higham and Higham 2021 for the shift by the largest entry.
"""

from __future__ import annotations

from rnnref.arguments import check_choice
from rnnref.systems.base import Matrix, System

SQUARED_ERRORS = ("half", "sum", "mean")
PENALTIES = ("full", "half")


def softmax(s: System[Matrix], z: Matrix) -> Matrix:
    """p_k = e^z_k / sum_j e^z_j in every column: (n, B) to (n, B)."""
    e = s.exp(z - s.largest(z))  # the same p, and nothing can overflow
    return e / s.sum_rows(e)


def softmax_back(s: System[Matrix], p: Matrix, dp: Matrix) -> Matrix:
    """From the cotangent of p = softmax(z) to that of z: p_k (dp_k - sum_j p_j dp_j)."""
    return p * (dp - s.sum_rows(p * dp))


def log_softmax(s: System[Matrix], z: Matrix) -> Matrix:
    """log p_k = z_k - log sum_j e^z_j in every column: (n, B) to (n, B)."""
    shifted = z - s.largest(z)
    return shifted - s.log(s.sum_rows(s.exp(shifted)))


def cross_entropy(s: System[Matrix], z: Matrix, t: Matrix) -> Matrix:
    """-sum_k t_k log softmax(z)_k, from the logits z: (n, B) to (1, B).

    The targets t, (n, B), are a probability vector a column. Nothing depends on that: if they
    do not sum to 1, this is what the formula says, and `cross_entropy_gradient` is its gradient.
    """
    return 0 - s.sum_rows(t * log_softmax(s, z))


def cross_entropy_gradient(s: System[Matrix], z: Matrix, t: Matrix) -> Matrix:
    """d/dz of `cross_entropy`: softmax(z) sum_k t_k - t, which is softmax(z) - t for probabilities."""
    return softmax(s, z) * s.sum_rows(t) - t


def squared_error(s: System[Matrix], y: Matrix, t: Matrix, convention: str) -> Matrix:
    """The squared distance of y from t times the convention's factor: (n, B) to (1, B).

    Raises:
        BadInput: if there is no such convention.
    """
    check_choice("convention", convention, SQUARED_ERRORS)
    d = y - t
    total = s.sum_rows(d * d)
    match convention:
        case "half":
            return total / 2
        case "mean":
            return total / y.shape[0]
    return total


def squared_error_gradient(s: System[Matrix], y: Matrix, t: Matrix, convention: str) -> Matrix:
    """d/dy of `squared_error`, (n, B).

    Raises:
        BadInput: if there is no such convention.
    """
    check_choice("convention", convention, SQUARED_ERRORS)
    match convention:
        case "half":
            return y - t
        case "mean":
            return 2 * (y - t) / y.shape[0]
    return 2 * (y - t)


def l2_penalty(s: System[Matrix], W: Matrix, alpha: float, convention: str) -> Matrix:
    """The sum of squares of all weights times alpha and the convention's factor: a (1, 1).

    Raises:
        BadInput: if there is no such convention.
    """
    check_choice("convention", convention, PENALTIES)
    penalty = alpha * s.sum_columns(s.sum_rows(W * W))
    return penalty / 2 if convention == "half" else penalty


def l2_gradient(s: System[Matrix], W: Matrix, alpha: float, convention: str) -> Matrix:
    """d/dW of `l2_penalty`, shaped like W.

    Raises:
        BadInput: if there is no such convention.
    """
    check_choice("convention", convention, PENALTIES)
    return alpha * W if convention == "half" else 2 * (alpha * W)
