"""Activations, softmax, losses and clipping, evaluated in one number system.

These are the functions of `rnnref` that know of no network. Vectors come as rows, (B, n);
in noise every array that comes out has the replicates as an additional first axis.

Infinities and NaN are numbers like others and go through the formulas by the rules of
IEEE 754; what comes of that where it may surprise is said with each function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref import activations, clipping, losses
from rnnref.arguments import check_type, is_finite_number, plain, real_array
from rnnref.border import Border
from rnnref.errors import BadInput
from rnnref.systems.base import Array, Matrix


class Functions(Border):
    """What is elementwise or a function of single vectors."""

    def activation(self, kind: str, x: Array, alpha: float | None = None) -> NDArray[Any]:
        """phi(x), entry by entry; x of any shape.

        Raises:
            BadInput: if there is no such activation, or alpha is missing or not asked for.
        """
        alpha = plain(alpha)
        return self._entrywise(lambda z: activations.activation(self.system, kind, z, alpha), x)

    def slope(self, kind: str, x: Array, alpha: float | None = None) -> NDArray[Any]:
        """phi'(x) as back-propagation computes it, from the output phi(x).

        Raises:
            BadInput: as `activation`; and for alpha <= 0, with which the output does not
                determine the slope.
        """
        s, alpha = self.system, plain(alpha)

        def from_output(z: Matrix) -> Matrix:
            return activations.slope_from_output(s, kind, activations.activation(s, kind, z, alpha), alpha)

        return self._entrywise(from_output, x)

    def sharp_slope(self, kind: str, x: Array, alpha: float | None = None) -> NDArray[Any]:
        """phi'(x) without cancellation.

        Raises:
            BadInput: as `activation`.
        """
        alpha = plain(alpha)
        return self._entrywise(lambda z: activations.slope(self.system, kind, z, alpha), x)

    def curvature(self, kind: str, x: Array, alpha: float | None = None) -> NDArray[Any]:
        """phi''(x), without cancellation.

        Raises:
            BadInput: as `activation`.
        """
        alpha = plain(alpha)
        return self._entrywise(lambda z: activations.curvature(self.system, kind, z, alpha), x)

    def softmax(self, x: Array) -> NDArray[Any]:
        """The softmax of every row: (B, n) to (B, n).

        An entry of -inf has probability 0; a row with +inf, with NaN, or of nothing but -inf
        becomes NaN.

        Raises:
            BadInput: if x is no array (B, n) with B and n at least 1.
        """
        return self._rowwise(losses.softmax, {"x": x})

    def softmax_vjp(self, x: Array, dy: Array) -> NDArray[Any]:
        """The cotangent of x, given that of softmax(x): (B, n) and (B, n) to (B, n).

        Raises:
            BadInput: as `softmax`, or if dy is of another shape.
        """

        def back(s: Any, z: Matrix, dp: Matrix) -> Matrix:
            return losses.softmax_back(s, losses.softmax(s, z), dp)

        return self._rowwise(back, {"x": x, "dy": dy})

    def cross_entropy(self, logits: Array, targets: Array) -> NDArray[Any]:
        """-sum_k t_k log softmax(logits)_k of every row: (B, n) and (B, n) to (B,).

        Targets need not sum to 1. Where a target of 0 meets a logit of -inf the loss is NaN,
        as 0 times infinity is.

        Raises:
            BadInput: if logits are no array (B, n) with B and n at least 1, or targets of
                another shape.
        """
        return self._rowwise(losses.cross_entropy, {"logits": logits, "targets": targets})[..., 0]

    def cross_entropy_gradient(self, logits: Array, targets: Array) -> NDArray[Any]:
        """d/dlogits of the sum of `cross_entropy`: softmax(logits) sum_k t_k - t, (B, n).

        Raises:
            BadInput: as `cross_entropy`.
        """
        return self._rowwise(losses.cross_entropy_gradient, {"logits": logits, "targets": targets})

    def squared_error(self, y: Array, t: Array, convention: str) -> NDArray[Any]:
        """The squared error of every row, times the convention's factor: (B, n) and (B, n) to (B,).

        Args:
            y: outputs.
            t: targets.
            convention: `half`, `sum` or `mean`: 1/2, 1 or 1/n.

        Raises:
            BadInput: if y is no array (B, n) with B and n at least 1, t of another shape, or
                there is no such convention.
        """
        return self._rowwise(losses.squared_error, {"y": y, "t": t}, convention)[..., 0]

    def squared_error_gradient(self, y: Array, t: Array, convention: str) -> NDArray[Any]:
        """d/dy of the sum of `squared_error`, (B, n).

        Raises:
            BadInput: as `squared_error`.
        """
        return self._rowwise(losses.squared_error_gradient, {"y": y, "t": t}, convention)

    def l2_penalty(self, weights: Array, alpha: float, convention: str) -> NDArray[Any]:
        """The penalty on weights of any shape: one number, an array of no axes.

        Args:
            alpha: its strength, finite and at least 0.
            convention: `full` or `half`: alpha ||W||^2 or alpha/2 ||W||^2.

        Raises:
            BadInput: if alpha is no such number, or there is no such convention.
        """
        _check_strength(alpha)
        W = self.system.matrix(real_array("weights", weights).reshape((1, -1)))
        penalty = self._array(losses.l2_penalty(self.system, W, plain(alpha), convention))
        return penalty.reshape(penalty.shape[:-2])

    def l2_gradient(self, weights: Array, alpha: float, convention: str) -> NDArray[Any]:
        """The gradient of `l2_penalty`, shaped like the weights.

        Raises:
            BadInput: as `l2_penalty`.
        """
        _check_strength(alpha)
        alpha = plain(alpha)
        return self._entrywise(
            lambda W: losses.l2_gradient(self.system, W, alpha, convention), weights, "weights"
        )

    def clip_by_norm(
        self, tensors: Mapping[str, Array], threshold: float, epsilon: float = 0.0
    ) -> dict[str, NDArray[Any]]:
        """All tensors times min(1, threshold / (norm + epsilon)), the norm being that of all together.

        If anything is NaN, everything becomes NaN. If anything is infinite, the factor is 0:
        what is infinite becomes NaN and what is finite 0. In floats the squares may overflow,
        and the norm is infinite then as well.

        Args:
            tensors: gradients by name, of any shapes.
            threshold: finite and above 0, and still so when rounded to the number system.
            epsilon: added to the norm; finite and at least 0. 1e-6 in PyTorch.

        Raises:
            BadInput: if there are no tensors, or a number is not as it should be.
        """
        if not is_finite_number(epsilon) or epsilon < 0:
            raise BadInput("epsilon", repr(epsilon), "a finite number, at least 0")
        return self._together(clipping.clip_by_norm, tensors, threshold, plain(epsilon))

    def clip_by_value(self, tensors: Mapping[str, Array], threshold: float) -> dict[str, NDArray[Any]]:
        """Every entry moved to the nearest number in [-threshold, threshold]; NaN stays NaN.

        Raises:
            BadInput: as `clip_by_norm`.
        """
        return self._together(clipping.clip_by_value, tensors, threshold)

    def rescale(self, tensors: Mapping[str, Array], threshold: float) -> dict[str, NDArray[Any]]:
        """All tensors times threshold / norm, so that their norm together is the threshold.

        Infinities and NaN are treated as in `clip_by_norm`.

        Raises:
            BadInput: as `clip_by_norm`; and for gradients that are all 0, which have no direction.
        """
        tensors = _real_tensors(tensors)
        if not any(np.any(g) for g in tensors.values()):
            raise BadInput("tensors", "nothing but zeros", "at least one entry that is not 0")
        return self._together(clipping.rescale, tensors, threshold)

    def _rowwise(
        self, function: Callable[..., Matrix], named: Mapping[str, Array], *options: Any
    ) -> NDArray[Any]:
        """A function of vectors, for every row of arrays (B, n) of one shape."""
        named = {name: real_array(name, x) for name, x in named.items()}
        (first, *_), shapes = named, [np.shape(x) for x in named.values()]
        if len(shapes[0]) != 2 or 0 in shapes[0]:
            raise BadInput(first, f"shape {shapes[0]}", "shape (B, n) with B and n at least 1")
        for name, shape in zip(named, shapes, strict=True):
            if shape != shapes[0]:
                raise BadInput(name, f"shape {shape}", f"shape {shapes[0]}")
        return self._rows(function(self.system, *map(self._lifted, named.values()), *options))

    def _together(
        self,
        function: Callable[..., Sequence[Matrix]],
        tensors: Mapping[str, Array],
        threshold: float,
        *options: Any,
    ) -> dict[str, NDArray[Any]]:
        """A function of a list of tensors and a threshold."""
        tensors = _real_tensors(tensors)
        self._check_threshold(threshold)
        threshold = plain(threshold)
        lifted = [self.system.matrix(np.reshape(g, (1, -1))) for g in tensors.values()]
        done = map(self._array, function(self.system, lifted, threshold, *options))
        return {
            name: g.reshape((*g.shape[:-2], *np.shape(tensors[name])))
            for name, g in zip(tensors, done, strict=True)
        }

    def _check_threshold(self, threshold: float) -> None:
        # One that is rounded to 0 or to infinity would make NaN of everything.
        if not is_finite_number(threshold) or not 0 < self._rounded(threshold) < math.inf:
            fmt = getattr(self.system, "format", None)
            within = "" if fmt is None else f" of {fmt.name}"
            raise BadInput("threshold", repr(threshold), f"a finite number above 0{within}")

    def _rounded(self, number: float) -> float:
        """As a float format holds it; in other number systems as it is."""
        fmt = getattr(self.system, "format", None)
        return number if fmt is None else float(fmt.round(np.array(number, float)))


def _real_tensors(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """At least one array of real numbers, by name."""
    check_type("tensors", tensors, Mapping, "a mapping of names to arrays")
    if not tensors:
        raise BadInput("tensors", "none", "at least one, by name")
    return {name: real_array(f"tensors[{name!r}]", g) for name, g in tensors.items()}


def _check_strength(alpha: object) -> None:
    if not is_finite_number(alpha) or alpha < 0:  # type: ignore[operator]  # a number by now
        raise BadInput("alpha", repr(alpha), "a finite number, at least 0")
