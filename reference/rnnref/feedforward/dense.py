"""A dense link: an affine map and an activation, forward and backward.

Shapes: x (m, B); y (n, B); W (n, m); b (n, 1).

Source: Rumelhart, Hinton and Williams 1986, with W x for their sum over the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rnnref.activations import activation, check_kind, slope_from_output
from rnnref.arguments import check_flag, check_whole, keep_plain
from rnnref.errors import BadInput
from rnnref.systems.base import Matrix, System


@dataclass(frozen=True)
class Dense:
    """y = phi(W x + b).

    Attributes:
        inputs: m, the length of x; at least 1.
        outputs: n, the length of y; at least 1.
        activation: phi, one of `rnnref.activations.KINDS`.
        alpha: the parameter of `activation`, where it has one; above 0.
        bias: without it, b is 0.

    Raises:
        BadInput: if a size or an option does not fit.
    """

    inputs: int
    outputs: int
    activation: str = "identity"
    alpha: float | None = None
    bias: bool = True

    def __post_init__(self) -> None:
        check_whole("Dense.inputs", self.inputs, 1)
        check_whole("Dense.outputs", self.outputs, 1)
        check_kind("Dense.activation", self.activation, self.alpha)
        if self.alpha is not None and self.alpha <= 0:
            raise BadInput("Dense.alpha", repr(self.alpha), "a number above 0")
        check_flag("Dense.bias", self.bias)
        keep_plain(self)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """W (n, m) and, with a bias, b (n,)."""
        W = {"W": (self.outputs, self.inputs)}
        return W | {"b": (self.outputs,)} if self.bias else {**W}


@dataclass
class DensePass:
    """What a forward pass has seen: x (m, B) and y (n, B)."""

    x: Matrix
    y: Matrix


def dense(s: System[Matrix], link: Dense, p: Any, x: Matrix) -> DensePass:
    """y = phi(W x + b)."""
    a = p.W @ x + p.b if link.bias else p.W @ x
    y = activation(s, link.activation, a, link.alpha)
    return DensePass(x, y)


def dense_back(
    s: System[Matrix], link: Dense, p: Any, done: DensePass, dy: Matrix
) -> tuple[Matrix, dict[str, Matrix]]:
    """From dy to dx and the gradients of the parameters, summed over the batch."""
    da = dy * slope_from_output(s, link.activation, done.y, link.alpha)
    dx = p.W.T @ da
    gradients = {"W": da @ done.x.T}
    if link.bias:
        gradients["b"] = s.sum_columns(da)
    return dx, gradients
