"""A chain of links, and back-propagation through it.

Parameters go by the place of their link, counted from 1: `W_1`, `b_1`, `gamma_2`, `beta_2`,
and inside of a residual block in place 3 `W_3_1`, `b_3_1`, ... Running statistics are named
in the same way, `mean_2`, `variance_2`. `forward` and `backward` work on matrices of any
number system, with parameters and statistics in one mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from rnnref.feedforward.batch_norm import BatchNorm, batch_norm, batch_norm_back, running_statistics
from rnnref.feedforward.dense import Dense, dense, dense_back
from rnnref.feedforward.residual import (
    Link,
    Residual,
    check_links,
    placed,
    residual,
    residual_back,
    within,
)
from rnnref.systems.base import Matrix, System


@dataclass(frozen=True)
class Chain:
    """A feed-forward network: links, each of which reads what the one before has put out.

    Attributes:
        links: `Dense`, `BatchNorm` and `Residual` links; at least one.

    Raises:
        BadInput: if a link does not fit the one before; says which.
    """

    links: tuple[Link, ...]

    def __post_init__(self) -> None:
        check_links("Chain.links", self.links)

    @property
    def kind(self) -> str:
        """`chain`, by which it is told from layers and stacks."""
        return "chain"

    @property
    def inputs(self) -> int:
        """The length of an input vector."""
        return self.links[0].inputs

    @property
    def outputs(self) -> int:
        """The length of an output vector."""
        return self.links[-1].outputs

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes: W (n, m), b (n,) of a dense link, gamma (n,), beta (n,) of a batch norm."""
        return {
            f"{name}_{place}": shape
            for place, link in within(self.links)
            for name, shape in link.parameter_shapes.items()
        }

    @property
    def statistic_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the running statistics: mean (n,) and variance (n,) of every batch norm."""
        return {
            f"{name}_{place}": shape
            for place, link in within(self.links)
            if isinstance(link, BatchNorm)
            for name, shape in link.statistic_shapes.items()
        }

    @property
    def parameter_count(self) -> int:
        """How many numbers the parameters hold."""
        return sum(int(np.prod(shape)) for shape in self.parameter_shapes.values())


@dataclass
class Pulled:
    """What back-propagation ends with: the gradients of the parameters and of each link's input."""

    parameters: dict[str, Matrix]
    inputs: list[Matrix]


def forward(
    s: System[Matrix], links: tuple[Link, ...], values: Mapping[str, Matrix], x: Matrix, before: str = ""
) -> list[Any]:
    """The passes of all links, in their order; each has the link's output `y`.

    Args:
        values: parameters and running statistics by name.
        before: what stands before the places of these links in those names.
    """
    passes: list[Any] = []
    for place, link in placed(links, before):
        done = _forward(s, link, values, x, place)
        passes.append(done)
        x = done.y
    return passes


def backward(
    s: System[Matrix],
    links: tuple[Link, ...],
    values: Mapping[str, Matrix],
    passes: list[Any],
    dy: Matrix,
    before: str = "",
) -> Pulled:
    """From the gradient of the last output to those of all parameters and of every link's input."""
    pulled = Pulled({}, [])
    for (place, link), done in reversed(list(zip(placed(links, before), passes, strict=True))):
        dy, gradients = _backward(s, link, values, done, dy, place)
        pulled.parameters |= gradients
        pulled.inputs.insert(0, dy)
    return pulled


def updated_statistics(
    links: tuple[Link, ...], values: Mapping[str, Matrix], passes: list[Any], m: int, before: str = ""
) -> dict[str, Matrix]:
    """The running statistics of every batch norm after a forward pass of a batch of m."""
    updated: dict[str, Matrix] = {}
    for (place, link), done in zip(placed(links, before), passes, strict=True):
        if isinstance(link, BatchNorm):
            updated |= _at(place, running_statistics(link, _own(link, values, place), done, m))
        elif isinstance(link, Residual):
            updated |= updated_statistics(link.inside, values, done.inside, m, f"{place}_")
    return updated


def _forward(s: System[Matrix], link: Link, values: Mapping[str, Matrix], x: Matrix, place: str) -> Any:
    match link:
        case Dense():
            return dense(s, link, _own(link, values, place), x)
        case BatchNorm():
            return batch_norm(s, link, _own(link, values, place), x)
        case Residual():
            return residual(x, lambda x: forward(s, link.inside, values, x, f"{place}_"))


def _backward(
    s: System[Matrix], link: Link, values: Mapping[str, Matrix], done: Any, dy: Matrix, place: str
) -> tuple[Matrix, dict[str, Matrix]]:
    match link:
        case Dense():
            dx, gradients = dense_back(s, link, _own(link, values, place), done, dy)
            return dx, _at(place, gradients)
        case BatchNorm():
            dx, gradients = batch_norm_back(s, link, _own(link, values, place), done, dy)
            return dx, _at(place, gradients)
        case Residual():
            return residual_back(
                dy, lambda dy: backward(s, link.inside, values, done.inside, dy, f"{place}_")
            )


def _own(link: Dense | BatchNorm, values: Mapping[str, Matrix], place: str) -> SimpleNamespace:
    """A link's parameters, and statistics where it has them, as attributes `W`, `b`, `gamma`, ..."""
    shapes = dict(link.parameter_shapes)
    if isinstance(link, BatchNorm):
        shapes |= link.statistic_shapes
    return SimpleNamespace(**{name: values[f"{name}_{place}"] for name in shapes})


def _at(place: str, own: Mapping[str, Matrix]) -> dict[str, Matrix]:
    return {f"{name}_{place}": matrix for name, matrix in own.items()}
