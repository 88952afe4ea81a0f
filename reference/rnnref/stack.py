"""Layers on top of each other and in both directions, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from rnnref.arguments import check_flag, check_whole, keep_plain
from rnnref.errors import BadInput
from rnnref.layer import Layer


@dataclass(frozen=True)
class Place:
    """Where a layer stands in a stack.

    Attributes:
        layer: the layer.
        suffix: what the names of its parameters and states end with: `_l0`, `_l0_reverse`, ...
        reverse: whether it reads its sequence from the end.
    """

    layer: Layer
    suffix: str
    reverse: bool

    def own(self, tensors: Mapping[str, Any]) -> dict[str, Any]:
        """Of tensors by name those that are this layer's, under the layer's own names."""
        names = (*self.layer.parameter_shapes, *self.layer.states)
        return {name: tensors[name + self.suffix] for name in names if name + self.suffix in tensors}

    def named(self, tensors: Mapping[str, Any]) -> dict[str, Any]:
        """The other way round: this layer's tensors under their names in the stack."""
        return {name + self.suffix: value for name, value in tensors.items()}


@dataclass(frozen=True)
class Stack:
    """Several layers of one kind: each reads the outputs of the one below it.

    With two directions, every level is two layers that know nothing of each other: one
    reads the sequence from its beginning, the other from its end, and at each step their
    two outputs are concatenated, the forward one first (Schuster and Paliwal 1997).

    Names of parameters and states end with the place: `W_i_l0`, `h_l1`; and for the
    direction from the end `W_i_l0_reverse`, `h_l1_reverse`.

    Attributes:
        layer: the lowest layer; those above differ from it in the length of their inputs.
        depth: how many levels there are; at least 1.
        bidirectional: whether a level has two directions.

    Raises:
        BadInput: if the depth is no whole number of at least 1.
    """

    layer: Layer
    depth: int = 1
    bidirectional: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.layer, Layer):
            raise BadInput("Stack.layer", repr(self.layer), "a Layer")
        check_whole("Stack.depth", self.depth, 1)
        check_flag("Stack.bidirectional", self.bidirectional)
        keep_plain(self)

    @property
    def levels(self) -> list[list[Place]]:
        """The layers from the lowest level to the highest, each level by direction."""
        levels = []
        for level in range(self.depth):
            layer = self.layer if level == 0 else replace(self.layer, inputs=self.width)
            directions = [Place(layer, f"_l{level}", False)]
            if self.bidirectional:
                directions.append(Place(layer, f"_l{level}_reverse", True))
            levels.append(directions)
        return levels

    @property
    def kind(self) -> str:
        """`stack`, by which it is told from the kinds of a layer."""
        return "stack"

    @property
    def inputs(self) -> int:
        """m, the length of an input vector."""
        return self.layer.inputs

    @property
    def hidden(self) -> int:
        """n, the length of each hidden state."""
        return self.layer.hidden

    @property
    def states(self) -> tuple[str, ...]:
        """The names of all states."""
        return tuple(self.state_sizes)

    @property
    def width(self) -> int:
        """The length of an output vector: D n for D directions."""
        return self.layer.width * (2 if self.bidirectional else 1)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the parameters, as `Layer.parameter_shapes` with the place."""
        return {
            name: shape
            for level in self.levels
            for place in level
            for name, shape in place.named(place.layer.parameter_shapes).items()
        }

    @property
    def state_sizes(self) -> dict[str, int]:
        """Names and lengths of the states, as `Layer.state_sizes` with the place."""
        return {
            name: size
            for level in self.levels
            for place in level
            for name, size in place.named(place.layer.state_sizes).items()
        }

    @property
    def parameter_count(self) -> int:
        """How many numbers the parameters hold."""
        return sum(int(np.prod(shape)) for shape in self.parameter_shapes.values())


Recurrent: TypeAlias = Layer | Stack


def levels_of(recurrent: Recurrent) -> list[list[Place]]:
    """The levels of a stack; a layer by itself is one whose names have no suffix."""
    return recurrent.levels if isinstance(recurrent, Stack) else [[Place(recurrent, "", False)]]
