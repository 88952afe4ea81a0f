"""The reference, run in expressions: every formula of it, forward and backward, as it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rnnref import Evaluator, clipping, losses
from rnnspec.kit.proofs import functions
from rnnspec.kit.proofs.expressions import Expression
from rnnspec.kit.proofs.ring import Ring
from rnnspec.kit.proofs.signs import sign
from rnnspec.proof import NotProved

Expressions: TypeAlias = NDArray[np.object_]


class Symbolic:
    """Object arrays of expressions: a number system for `rnnref`.

    A choice that depends on a sign (of ReLU, of clipping) is made where the sign is known, from
    the ranges of symbols or from what is assumed at this point of the proof. Where it is not, a
    value becomes a maximum, known by its bounds; a slope, which jumps there, is refused.
    """

    def __init__(self, ring: Ring) -> None:
        self.ring = ring

    def matrix(self, values: Any) -> Expressions:
        return self._each(self.ring.expression, values)

    def array(self, a: Expressions) -> Expressions:
        return a

    def sum_columns(self, a: Expressions) -> Expressions:
        columns: Expressions = a.sum(axis=1, keepdims=True)
        return columns if a.shape[1] else self.matrix(np.zeros((a.shape[0], 1)))

    def sum_rows(self, a: Expressions) -> Expressions:
        rows: Expressions = a.sum(axis=0, keepdims=True)
        return rows if a.shape[0] else self.matrix(np.zeros((1, a.shape[1])))

    def beside(self, parts: Sequence[Expressions]) -> Expressions:
        return np.concatenate(parts, axis=1)

    def above(self, parts: Sequence[Expressions]) -> Expressions:
        return np.concatenate(parts, axis=0)

    def rows(self, a: Expressions, start: int, stop: int) -> Expressions:
        return a[start:stop]

    def choose(self, where: NDArray[np.bool_], a: Expressions, b: Expressions) -> Expressions:
        return np.where(where, a, b)

    def largest(self, a: Expressions) -> Expressions:
        return np.array([[reduce(functions.maximum, column) for column in a.T]], dtype=object)

    def clip(self, a: Expressions, bound: Any) -> Expressions:
        high = self.ring.expression(bound)
        return self._each(lambda v: functions.maximum(functions.minimum(v, high), -high), a)

    def inside(self, a: Expressions, bound: Any) -> Expressions:
        return self._each(lambda v: 1 - self._step(abs(v) - bound, f"whether {v} is clipped"), a)

    def relu(self, z: Expressions) -> Expressions:
        return self._each(lambda v: functions.maximum(v, self.ring.expression(0)), z)

    def positive(self, y: Expressions) -> Expressions:
        return self._each(lambda v: self._step(v, f"the slope of ReLU at {v}"), y)

    def absolute(self, z: Expressions) -> Expressions:
        return self._each(abs, z)

    def sigmoid(self, z: Expressions) -> Expressions:
        return self._each(functions.sigmoid, z)

    def tanh(self, z: Expressions) -> Expressions:
        return self._each(functions.tanh, z)

    def exp(self, z: Expressions) -> Expressions:
        return self._each(functions.exp, z)

    def expm1(self, z: Expressions) -> Expressions:
        return self._each(lambda v: functions.exp(v) - 1, z)

    def log(self, z: Expressions) -> Expressions:
        return self._each(functions.log, z)

    def sqrt(self, z: Expressions) -> Expressions:
        return self._each(functions.sqrt, z)

    def _step(self, v: Expression, what: str) -> Expression:
        """1 where v > 0, else 0."""
        signs = sign(v, self.ring.assumed)
        if signs <= {-1, 0}:
            return self.ring.expression(0)
        if signs == {1}:
            return self.ring.expression(1)
        raise NotProved(f"{what} is open: its sign is not known here; assume one")

    @staticmethod
    def _each(function: Callable[[Any], Expression], values: Any) -> Expressions:
        result = np.empty(np.shape(values), dtype=object)
        result.flat[:] = [function(v) for v in np.asarray(values).flat]
        return result


class Traced(Evaluator):
    """All that `rnnref` computes, of expressions; thresholds and strengths may be expressions as well."""

    system: Symbolic

    def clip_by_norm(
        self, tensors: Mapping[str, Any], threshold: Any, epsilon: Any = 0.0
    ) -> dict[str, Expressions]:
        return self._together(clipping.clip_by_norm, tensors, threshold, epsilon)

    def l2_penalty(self, weights: Any, alpha: Any, convention: str) -> Any:
        W = self.system.matrix(np.reshape(weights, (1, -1)))
        return losses.l2_penalty(self.system, W, alpha, convention)[0, 0]

    def l2_gradient(self, weights: Any, alpha: Any, convention: str) -> Any:
        return losses.l2_gradient(self.system, self.system.matrix(weights), alpha, convention)

    def _check_threshold(self, threshold: Any) -> None:
        if sign(self.system.ring.expression(threshold), self.system.ring.assumed) != {1}:
            raise NotProved(f"the threshold {threshold} is not known to be positive")
