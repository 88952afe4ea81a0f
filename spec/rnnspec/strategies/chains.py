"""Feed-forward networks with their numbers: dense chains, and chains of one unit a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from rnnref.feedforward import Chain, Dense
from rnnspec.drawn import Drawn
from rnnspec.protocol import Format
from rnnspec.strategies.small import among, between, several
from rnnspec.subject import Array

GRID = 128  # numbers are multiples of 1/128 in [-2, 2], times a power of two: eight significant bits


@dataclass(frozen=True)
class Feedforward:
    """A chain, its parameters and a batch of inputs.

    Attributes:
        chain: the links.
        parameters: by name, as `Chain.parameter_shapes` says.
        x: the inputs, (B, m).
    """

    chain: Chain
    parameters: Mapping[str, Array]
    x: Array

    @property
    def batch(self) -> int:
        """B."""
        return len(self.x)

    @property
    def depth(self) -> int:
        """L, the number of links."""
        return len(self.chain.links)

    def with_parameters(self, **changed: Array | float) -> Feedforward:
        """The same with some parameters replaced; a number fills the whole array."""
        shapes = self.chain.parameter_shapes
        filled = {name: np.broadcast_to(np.asarray(v, float), shapes[name]) for name, v in changed.items()}
        return replace(self, parameters={**self.parameters, **filled})


def one_unit_a_layer(
    weights: Sequence[float],
    biases: Sequence[float] | None = None,
    x: float = 1.0,
    activation: str = "sigmoid",
    alpha: float | None = None,
) -> Feedforward:
    """y_l = phi(w_l y_{l-1} + b_l), from y_0 = x: the chain with which vanishing is explained.

    Args:
        weights: w_1 ... w_L.
        biases: b_1 ... b_L; 0 if not given.
        x: the only input of a batch of one.
        activation, alpha: phi.
    """
    biases = biases if biases is not None else [0.0] * len(weights)
    parameters: dict[str, Array] = {}
    for place, (w, b) in enumerate(zip(weights, biases, strict=True), start=1):
        parameters |= {f"W_{place}": np.array([[float(w)]]), f"b_{place}": np.array([float(b)])}
    links = tuple(Dense(1, 1, activation, alpha) for _ in weights)
    return Feedforward(Chain(links), parameters, np.array([[float(x)]]))


def chains(
    *,
    depth: tuple[int, int] = (1, 4),
    width: tuple[int, int] = (1, 3),
    inputs: tuple[int, int] = (1, 3),
    batch: tuple[int, int] = (1, 2),
    activations: Sequence[str] = ("sigmoid", "tanh"),
    bias: bool = True,
    scales: Sequence[int] = (0, -1, 1),
    where: Callable[[Feedforward], bool] | None = None,
) -> Drawn[Feedforward]:
    """Dense chains whose layers have drawn widths and one activation.

    Args:
        depth, width, inputs, batch: the smallest and the largest L, n, m and B.
        activations: of which each chain has one; none with a parameter.
        bias: whether the links have one.
        scales: weights and biases are drawn from [-2, 2] times 2^scale.
        where: keeps only the chains that satisfy it.
    """
    drawn = _drawn_chain(depth, width, inputs, batch, activations, bias, scales)
    strategy = drawn if where is None else drawn.filter(where)
    admits = where or (lambda case: True)
    return Drawn(name="dense chains", strategy=lambda fmt: strategy, admits=admits, regimes=_regimes)


@st.composite
def _drawn_chain(
    draw: st.DrawFn,
    depth: tuple[int, int],
    width: tuple[int, int],
    inputs: tuple[int, int],
    batch: tuple[int, int],
    activations: Sequence[str],
    bias: bool,
    scales: Sequence[int],
) -> Feedforward:
    sizes = [draw(between(*inputs))]
    sizes += [draw(between(*width)) for _ in range(draw(between(*depth)))]
    kind = draw(among(*activations))
    links = [Dense(m, n, kind, bias=bias) for m, n in pairwise(sizes)]
    chain = Chain(tuple(links))
    shapes = {**chain.parameter_shapes, "x": (draw(between(*batch)), chain.inputs)}
    counts = [int(np.prod(shape)) for shape in shapes.values()]
    numbers = np.array(draw(several(sum(counts), -2 * GRID, 2 * GRID)), float) / GRID
    pieces = np.split(numbers, np.cumsum(counts)[:-1])
    values = {name: piece.reshape(shape) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)}
    scale = 2.0 ** draw(among(*scales))
    x = values.pop("x")
    return Feedforward(chain, {name: scale * value for name, value in values.items()}, x)


def _regimes(case: Feedforward, fmt: Format) -> Iterable[str]:
    yield f"L = {case.depth}"
    yield "B = 1" if case.batch == 1 else "B > 1"
    largest = max((float(np.abs(v).max()) for v in case.parameters.values()), default=0.0)
    yield "large weights" if largest > 3 else "moderate weights"
