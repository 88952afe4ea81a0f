"""Whole networks: a layer with drawn options and sizes, weights, inputs and states.

Small arrays are drawn number by number, so that Hypothesis can shrink each of them; larger
ones come from a drawn seed and scale, with a few entries drawn on top. (Filling an array
with one drawn value, which is what generic array strategies prefer, makes all gates alike:
then 23 of the 24 orders of the gates look right.)

Numbers are multiples of a power of two with 8 significant bits, so that every float format
represents them and all of them mean the same network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from rnnspec.drawn import Drawn
from rnnspec.protocol import Format, Layer, LayerKind, Network, Recurrent
from rnnspec.strategies.small import among, between, several
from rnnspec.subject import Array

ONE_BY_ONE = 24
"""Arrays of a network are drawn number by number while all of them together have at most
this many entries."""

LARGE_ONE_IN = 5
"""One network in so many is wide, and one is long, where a law asks for large ones."""

AROUND_VECTORS = (7, 8, 9, 15, 16, 17, 31, 32, 33)
"""Numbers of hidden units at which vectorised code changes from one loop to another."""

LONG = (16, 24)
"""Steps of a long sequence."""

CALM = 1
"""The largest scale of a wide or a long network. Larger weights make it chaotic: no digit of a narrow
format is left of its results, and how far apart correct ones lie cannot be told from a few of them."""

INPUT_SCALES = (0, 2, -4)
STATE_SCALES = (0, 4, -4)
"""As powers of two. A cell of 32 is further than it gets by itself in a short sequence."""

GRID = 128  # the unit of drawn numbers is 1/128; up to 2 * GRID, 8 bits suffice, as bfloat16 has

Sizes = tuple[int, int]


def _options(kind: LayerKind, given: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    choices: dict[str, Sequence[Any]] = {"biases": ("two", "one", "none")}
    if kind == "gru":
        choices |= {"reset": ("after", "before"), "update": ("keeps", "replaces")}
    return st.fixed_dictionaries(
        {
            name: st.just(given[name]) if name in given else among(*values)
            for name, values in {**choices, **{k: () for k in given}}.items()
        }
    )


@cache
def _numbers(count: int) -> st.SearchStrategy[Array]:
    return several(count, -2 * GRID, 2 * GRID).map(lambda v: np.array(v, float) / GRID)


@cache
def _seeded(count: int) -> st.SearchStrategy[Array]:
    """Many numbers from a seed, with up to four entries overridden."""

    def make(seed: int, places: dict[int, int]) -> Array:
        random = np.random.default_rng(seed)
        values = random.integers(-2 * GRID, 2 * GRID + 1, count).astype(float)
        for place, value in places.items():
            values[place] = value
        return values / GRID

    overrides = st.dictionaries(between(0, count - 1), between(-2 * GRID, 2 * GRID), max_size=4)
    return st.builds(make, between(0, 2**23 - 1), overrides)


@st.composite
def _drawn_network(
    draw: st.DrawFn,
    kind: LayerKind,
    options: st.SearchStrategy[dict[str, Any]],
    hidden: Sizes,
    inputs: Sizes,
    steps: Sizes,
    batch: Sizes,
    scales: Sequence[int],
    large: bool,
) -> Network:
    size = draw(between(0, LARGE_ONE_IN - 1)) if large else 0
    wide, long = size == LARGE_ONE_IN - 1, size == LARGE_ONE_IN - 2
    layer = Layer(
        kind,
        inputs=draw(between(*inputs)),
        hidden=draw(among(*AROUND_VECTORS) if wide else between(*hidden)),
        **draw(options),
    )
    T, B = draw(between(*(LONG if long else steps))), draw(between(*batch))
    calm = [scale for scale in scales if scale <= CALM]
    return draw(with_numbers(layer, T, B, calm if wide or long else scales))


@st.composite
def with_numbers(draw: st.DrawFn, layer: Recurrent, T: int, B: int, scales: Sequence[int]) -> Network:
    """A network of a layer or a stack over T steps with B sequences, with drawn numbers.

    Args:
        scales: weights are drawn from [-2, 2] times 2^scale.
    """
    shapes = {
        **layer.parameter_shapes,
        "inputs": (T, B, layer.inputs),
        **{f"state {name}": (B, size) for name, size in layer.state_sizes.items()},
    }
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    numbers = draw(_numbers(sum(sizes)) if sum(sizes) <= ONE_BY_ONE else _seeded(sum(sizes)))
    weight_scale, input_scale, state_scale = (
        2.0 ** draw(among(*powers)) for powers in (scales, INPUT_SCALES, STATE_SCALES)
    )
    pieces = np.split(numbers, np.cumsum(sizes)[:-1])
    arrays = {name: piece.reshape(shape) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)}
    return Network(
        layer,
        {name: arrays[name] * weight_scale for name in layer.parameter_shapes},
        arrays["inputs"] * input_scale,
        {name: arrays[f"state {name}"] * state_scale for name in layer.states},
    )


def _regimes(network: Network, fmt: Format) -> Iterable[str]:
    T, n = network.steps, network.layer.hidden
    yield "T = 0" if T == 0 else "T = 1" if T == 1 else "long" if LONG[0] <= T else "T = 2 to 15"
    yield "n = 1" if n == 1 else "n odd" if n % 2 else "n even"
    if n in AROUND_VECTORS:
        yield "n around a vector's width"
    largest = max((float(np.abs(v).max()) for v in network.parameters.values()), default=0.0)
    yield "large weights" if largest > 3 else "moderate weights"


def networks(
    kind: LayerKind,
    *,
    hidden: Sizes = (1, 4),
    inputs: Sizes = (1, 3),
    steps: Sizes = (1, 6),
    batch: Sizes = (1, 2),
    scales: Sequence[int] = (0, -1, 1, -3, 3),
    large: bool = False,
    also: Callable[[Network], Network] | None = None,
    where: Callable[[Network], bool] = lambda network: True,
    **options: Any,
) -> Drawn[Network]:
    """Networks of one kind; every option that is not given is drawn.

    Args:
        hidden, inputs, steps, batch: the smallest and the largest n, m, T and B.
        large: whether to draw some networks that are wider or longer than that.
        scales: weights are drawn from [-2, 2] times 2^scale; those of large networks up to `CALM`.
        also: changes every network drawn, for laws about special ones.
        where: tells the networks that `also` makes from others.
        options: of the layer, held fixed.
    """
    drawn = _drawn_network(kind, _options(kind, options), hidden, inputs, steps, batch, scales, large)
    strategy = drawn if also is None else drawn.map(also)
    return Drawn(name=f"{kind} networks", strategy=lambda fmt: strategy, regimes=_regimes, admits=where)
