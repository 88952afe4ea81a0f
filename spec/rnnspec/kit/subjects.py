"""The reference as a subject of laws: the mathematics, and noise. `held` has the third, implementations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from rnnref import Cotangent, Evaluator, Network, Noise, Pullback, Reference, Run
from rnnref.arguments import check_choice
from rnnref.systems.noise import NoisyMatrix
from rnnspec.errors import NotOffered
from rnnspec.kit.numbers import from_replicates, to_replicates
from rnnspec.protocol import CLIPPINGS, LOSSES, Architecture, Chain, Format
from rnnspec.subject import Array, Numbers

R = TypeVar("R")


class _Evaluated(ABC):
    """What an evaluator of the reference answers, in whatever number system."""

    @abstractmethod
    def _answer(self, call: Callable[[Evaluator], R]) -> R:
        """Ask an evaluator; every array of its answer holds the numbers of this reading."""

    def softmax(self, x: Any) -> Numbers:
        return self._answer(lambda e: e.softmax(x))

    def softmax_vjp(self, x: Any, dy: Any) -> Numbers:
        return self._answer(lambda e: e.softmax_vjp(x, dy))

    def loss(self, kind: str, y: Any, t: Any) -> Numbers:
        check_choice("kind", kind, LOSSES)
        if kind == "cross_entropy":
            return self._answer(lambda e: e.cross_entropy(y, t))
        return self._answer(lambda e: e.squared_error(y, t, _convention(kind)))

    def loss_gradient(self, kind: str, y: Any, t: Any) -> Numbers:
        check_choice("kind", kind, LOSSES)
        if kind == "cross_entropy":
            return self._answer(lambda e: e.cross_entropy_gradient(y, t))
        return self._answer(lambda e: e.squared_error_gradient(y, t, _convention(kind)))

    def clip(self, kind: str, tensors: Mapping[str, Any], threshold: float) -> dict[str, Numbers]:
        check_choice("kind", kind, CLIPPINGS)
        if kind == "value":
            return self._answer(lambda e: e.clip_by_value(tensors, threshold))
        return self._answer(lambda e: e.clip_by_norm(tensors, threshold))

    def clip_reports(self, kind: str, tensors: Mapping[str, Array], threshold: float) -> int:
        raise NotOffered("clip_reports: among real numbers there is none that is not finite")

    def chain(
        self,
        chain: Chain,
        parameters: Mapping[str, Any],
        x: Any,
        statistics: Mapping[str, Any] | None = None,
    ) -> Numbers:
        return self._answer(lambda e: e.chain(chain, parameters, x, statistics).outputs)

    def chain_vjp(
        self,
        chain: Chain,
        parameters: Mapping[str, Any],
        x: Any,
        dy: Any,
        statistics: Mapping[str, Any] | None = None,
    ) -> Pullback:
        def back(e: Evaluator) -> Pullback:
            pulled = e.chain_vjp(chain, parameters, x, dy, statistics)
            return Pullback(pulled.parameters, pulled.inputs, {})

        return self._answer(back)

    def run(self, network: Network) -> Run:
        return self._answer(lambda e: e.run(network))

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        return self._answer(lambda e: e.vjp(network, cotangent))

    def parameter_count(self, layer: Architecture) -> int:
        return layer.parameter_count

    def gates(self, network: Network) -> list[Mapping[str, Numbers]]:
        return list(self._answer(lambda e: e.gates(network)))

    def curvature(self, kind: str, x: Any, alpha: float | None = None) -> Numbers:
        return self._answer(lambda e: e.curvature(kind, x, alpha))

    def jacobians(self, network: Network) -> list[Mapping[str, Numbers]]:
        return list(self._answer(lambda e: e.jacobians(network)))


def _convention(loss: str) -> str:
    """What the reference calls the factor of a squared error."""
    return loss.removesuffix("_squares")


SPARE = 128
"""Bits of the reference's answers that may be lost when a law hands them on to the next call."""

BLIND = 128
"""Bits that a call may lose before its precision is foreseen: the networks of laws are small."""


class Mathematics(_Evaluated):
    """The reference in balls: what is true, with proven digits.

    Args:
        fmt: the float format in which inputs are drawn.
        strict: whether saturated values are told from the limits that they approach, however
            precisely one has to compute for that. Beside rounded numbers it makes no difference.
    """

    def __init__(self, fmt: Format, *, strict: bool = True) -> None:
        self.format = fmt
        self._strict = strict
        self._reference = Reference(spare=SPARE, blind=BLIND)

    def _answer(self, call: Callable[[Evaluator], R]) -> R:
        return self._reference.certified(call)

    def activation(self, kind: str, x: Any, alpha: float | None = None) -> Numbers:
        if not self._strict:
            return self._answer(lambda e: e.activation(kind, np.asarray(x), alpha))
        return self._reference.activation(kind, np.asarray(x), alpha)

    def slope(self, kind: str, x: Any, alpha: float | None = None) -> Numbers:
        return self._reference.slope(kind, np.asarray(x), alpha)

    def initial_parameters(self, layer: Architecture, seed: int) -> dict[str, Numbers]:
        raise NotOffered("initial_parameters: every library has its own, and the mathematics has none")


class LawNoise(Noise):
    """Noise that also takes back what a law was given: states that are replicates already."""

    def matrix(self, values: Any) -> NoisyMatrix:
        if np.asarray(values).dtype != object:
            return super().matrix(values)
        return NoisyMatrix(from_replicates(values, self.replicates), self)


class Silence(LawNoise):
    """No noise at all; what is the same in all replicates is computed once."""

    def perturbed(self, values: NDArray[np.float64], size: NDArray[np.float64]) -> NoisyMatrix:
        return NoisyMatrix(values, self)

    def array(self, a: NoisyMatrix) -> NDArray[np.float64]:
        return a.values


Begun = Mapping[tuple[Architecture, int], Mapping[str, Array]]
"""Initial parameters by layer and seed."""


class Scattered(_Evaluated):
    """The reference in noise, K replicates side by side; without noise if `quiet`.

    Quietly it is the reference of the noise reading: exact answers at the replicates'
    own states.

    Args:
        fmt: the format whose roundings are imitated.
        replicates: K.
        seed: of the perturbations.
        quiet: whether to perturb nothing.
        begun: the initial parameters that the implementation has named. They are chosen and
            not computed, so that there is nothing to perturb in them.
    """

    def __init__(
        self, fmt: Format, replicates: int, seed: int, *, quiet: bool = False, begun: Begun | None = None
    ) -> None:
        self.format = fmt
        self.noise = (Silence if quiet else LawNoise)(fmt, replicates, seed)
        self._evaluator = Evaluator(self.noise)
        self._quiet = quiet
        self._begun: Begun = begun or {}

    def _answer(self, call: Callable[[Evaluator], R]) -> R:
        answer: R = _replicated(call(self._evaluator))
        return answer

    def activation(self, kind: str, x: Any, alpha: float | None = None) -> Numbers:
        return self._answer(lambda e: e.activation(kind, x, alpha))

    def slope(self, kind: str, x: Any, alpha: float | None = None) -> Numbers:
        # Nobody computes a slope from the output where the output does not determine it.
        sharp = self._quiet or (alpha is not None and alpha <= 0)
        return self._answer(lambda e: (e.sharp_slope if sharp else e.slope)(kind, x, alpha))

    def initial_parameters(self, layer: Architecture, seed: int) -> dict[str, Numbers]:
        if (layer, seed) not in self._begun:
            raise NotOffered("initial_parameters: noise has only those that the implementation has named")
        return {name: value.astype(object) for name, value in self._begun[layer, seed].items()}


def _replicated(answer: Any) -> Any:
    """An answer in which every array (K, ...) is one (...) of replicates."""
    if isinstance(answer, np.ndarray):
        return to_replicates(answer)
    if isinstance(answer, Mapping):
        return {name: _replicated(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [_replicated(value) for value in answer]
    return replace(
        answer, **{field.name: _replicated(getattr(answer, field.name)) for field in fields(answer)}
    )
