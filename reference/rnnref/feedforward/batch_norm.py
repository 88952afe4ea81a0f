"""Batch normalization, forward and backward, and its running statistics.

Shapes: x and y (n, B), with m = B as in the paper; gamma, beta, mean and variance (n, 1).

What is normalised in training is divided by the root of the *biased* variance, the mean of
the squared deviations, plus epsilon. The running variance, which inference uses, is made of
unbiased ones, with m - 1 for m, in the paper and in PyTorch, and of biased ones in other
libraries (Keras).

Where all members of the batch agree in a feature, as in a batch of one, the variance is 0.
With epsilon > 0 then y = beta. With epsilon = 0 this is 0 / 0: not a number in floats and in
balls; mpmath, in which nothing can be divided by 0, raises ZeroDivisionError; in noise, where
the mean is off by a rounding, it is mostly some number from -sqrt(m) to sqrt(m).

Source: Ioffe and Szegedy 2015, Algorithms 1 and 2; the backward equations are derived from
these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from rnnref.arguments import check_choice, check_number, check_whole, keep_plain
from rnnref.systems.base import Matrix, System

Mode: TypeAlias = Literal["training", "inference"]
Running: TypeAlias = Literal["unbiased", "biased"]


@dataclass(frozen=True)
class BatchNorm:
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, feature by feature.

    Attributes:
        features: n, the length of x and of y; at least 1.
        epsilon: added to the variance, inside of the root; at least 0.
        mode: whose mean and variance: in `training` those of the batch, in `inference` the
            running ones, which are constants there.
        running: which variance of a batch goes into the running one, `unbiased` or `biased`.
        momentum: the weight of the newest batch in the running statistics, from 0 to 1, as
            in PyTorch. (In Keras it is the weight of what was there before.)

    Raises:
        BadInput: if an option is unknown or a number out of its range.
    """

    features: int
    epsilon: float = 0.0
    mode: Mode = "training"
    running: Running = "unbiased"
    momentum: float = 0.1

    def __post_init__(self) -> None:
        check_whole("BatchNorm.features", self.features, 1)
        check_number("BatchNorm.epsilon", self.epsilon, "a finite number, at least 0", 0)
        check_choice("BatchNorm.mode", self.mode, get_args(Mode))
        check_choice("BatchNorm.running", self.running, get_args(Running))
        check_number("BatchNorm.momentum", self.momentum, "a number from 0 to 1", 0, 1)
        keep_plain(self)

    @property
    def inputs(self) -> int:
        """n."""
        return self.features

    @property
    def outputs(self) -> int:
        """n."""
        return self.features

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """gamma and beta, each (n,)."""
        return {"gamma": (self.features,), "beta": (self.features,)}

    @property
    def statistic_shapes(self) -> dict[str, tuple[int, ...]]:
        """The running mean and variance, each (n,)."""
        return {"mean": (self.features,), "variance": (self.features,)}


@dataclass
class BatchNormPass:
    """What a forward pass has seen: xhat and y (n, B), the rest (n, 1)."""

    mean: Matrix
    squares: Matrix | None  # the sum of the squared deviations; None in inference
    sigma: Matrix
    xhat: Matrix
    y: Matrix


def batch_norm(s: System[Matrix], link: BatchNorm, p: Any, x: Matrix) -> BatchNormPass:
    """xhat = (x - mean) / sigma with sigma = sqrt(variance + epsilon), and y = gamma xhat + beta."""
    if link.mode == "training":
        m = x.shape[1]
        mean = s.sum_columns(x) / m
        squares = s.sum_columns((x - mean) * (x - mean))
        variance = squares / m
    else:
        mean, squares, variance = p.mean, None, p.variance
    sigma = s.sqrt(variance + link.epsilon)
    xhat = (x - mean) / sigma
    y = p.gamma * xhat + p.beta
    return BatchNormPass(mean, squares, sigma, xhat, y)


def batch_norm_back(
    s: System[Matrix], link: BatchNorm, p: Any, done: BatchNormPass, dy: Matrix
) -> tuple[Matrix, dict[str, Matrix]]:
    """From dy to dx and the gradients of gamma and beta.

    In training the mean and the variance depend on x as well. With a feature of the batch as a
    column vector of m numbers, dx = gamma / sigma (I - 1 1^T / m - xhat xhat^T / m) dy.
    """
    sigma, xhat = done.sigma, done.xhat
    dgamma = s.sum_columns(dy * xhat)
    dbeta = s.sum_columns(dy)
    if link.mode == "training":
        m = dy.shape[1]
        dy = dy - dbeta / m - xhat * (dgamma / m)
    dx = p.gamma / sigma * dy
    return dx, {"gamma": dgamma, "beta": dbeta}


def running_statistics(link: BatchNorm, p: Any, done: BatchNormPass, m: int) -> dict[str, Matrix]:
    """(1 - momentum) running + momentum batch, for mean and variance; in inference, what they were.

    Args:
        m: the size of the batch that `done` belongs to; at least 2 for an unbiased variance.
    """
    if done.squares is None:
        return {"mean": p.mean, "variance": p.variance}
    variance = done.squares / (m - 1 if link.running == "unbiased" else m)
    # In this form, since Python would round 1 - momentum before any number system sees it.
    return {
        "mean": p.mean + link.momentum * (done.mean - p.mean),
        "variance": p.variance + link.momentum * (variance - p.variance),
    }
