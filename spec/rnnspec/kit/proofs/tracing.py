"""Networks whose numbers are symbols."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np

from rnnref import Cotangent, Layer, Network, Stack
from rnnref.feedforward import BatchNorm, Chain
from rnnspec.kit.proofs.ring import Ring
from rnnspec.proof import SymbolicChain


def symbols_in(ring: Ring, name: str, shape: tuple[int, ...]) -> Any:
    """An array of symbols `name[1,2]`; axes of length 1 are not counted."""
    array: Any = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        counted = ",".join(str(k + 1) for k, length in zip(place, shape, strict=True) if length > 1)
        array[place] = ring.symbol(f"{name}[{counted}]" if counted else name)
    return array


def filled(ring: Ring, value: Any, shape: tuple[int, ...]) -> Any:
    """A number, an expression or an array of such, as an array of expressions of a shape.

    Raises:
        ValueError: if it does not fit.
    """
    array = np.empty(shape, dtype=object)
    array[...] = np.broadcast_to(np.asarray(value, dtype=object), shape)
    array.flat[:] = [ring.expression(entry) for entry in array.flat]
    return array


class Numbers:
    """The numbers of a network: given, else the same one for all the rest, else symbols."""

    def __init__(self, ring: Ring, given: Mapping[str, Any], rest: Any) -> None:
        self._ring = ring
        self._given = dict(given)
        self._rest = rest

    def array(self, name: str, shape: tuple[int, ...], called: str | None = None) -> Any:
        """The array of a name, whose symbols may be called otherwise."""
        value = self._given.pop(name, self._rest)
        if value is None:
            return symbols_in(self._ring, called or name, shape)
        return filled(self._ring, value, shape)

    def sequence(self, name: str, called: str, shape: tuple[int, ...]) -> Any:
        """An array with time as its first axis: x1, x2, ..."""
        value = self._given.pop(name, self._rest)
        if value is not None:
            return filled(self._ring, value, shape)
        steps = [symbols_in(self._ring, f"{called}{t}", shape[1:]) for t in range(1, shape[0] + 1)]
        return np.stack(steps) if steps else np.empty(shape, dtype=object)

    def check_all_used(self) -> None:
        """Raise `TypeError` if something was given that there is none of."""
        if self._given:
            raise TypeError(f"the network has no {', '.join(self._given)}")


def network(
    ring: Ring, layer: Layer | Stack, steps: int, batch: int, rest: Any, given: Mapping[str, Any]
) -> Network:
    """See `rnnspec.proof.Prove.network`."""
    numbers = Numbers(ring, given, rest)
    made = Network(
        layer,
        {name: numbers.array(name, shape) for name, shape in layer.parameter_shapes.items()},
        numbers.sequence("inputs", "x", (steps, batch, layer.inputs)),
        {
            name: numbers.array(name, (batch, size), f"{name}_0" if "_" in name else f"{name}0")
            for name, size in layer.state_sizes.items()
        },
    )
    numbers.check_all_used()
    return made


def cotangent(ring: Ring, network: Network, last: bool) -> Cotangent:
    """See `rnnspec.proof.Prove.cotangent`."""
    T, B, layer = network.steps, network.batch, network.layer
    sizes = layer.state_sizes.items()
    if not last:
        return Cotangent(
            Numbers(ring, {}, None).sequence("", "d", (T, B, layer.width)),
            {name: symbols_in(ring, f"d{name}", (B, size)) for name, size in sizes},
        )
    outputs = filled(ring, 0, (T, B, layer.width))
    outputs[-1] = symbols_in(ring, f"d{T}", (B, layer.width))
    return Cotangent(outputs, {name: filled(ring, 0, (B, size)) for name, size in sizes})


def chain(
    ring: Ring, links: tuple[Any, ...], batch: int, epsilon: Any, given: Mapping[str, Any]
) -> SymbolicChain:
    """See `rnnspec.proof.Prove.chain`."""
    whole = Chain(tuple(_with_epsilon(ring, link, epsilon) for link in links))
    numbers = Numbers(ring, given, None)
    made = SymbolicChain(
        whole,
        {name: numbers.array(name, shape) for name, shape in whole.parameter_shapes.items()},
        numbers.array("inputs", (batch, whole.inputs), "x"),
    )
    numbers.check_all_used()
    return made


def _with_epsilon(ring: Ring, link: Any, epsilon: Any) -> Any:
    """A batch norm with an expression for its epsilon, which only takes floats; others as they are."""
    if epsilon is None or not isinstance(link, BatchNorm):
        return link
    symbolic = copy(link)
    object.__setattr__(symbolic, "epsilon", ring.expression(epsilon))
    return symbolic
