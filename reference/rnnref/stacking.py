"""A stack of layers over T steps, forward and backward.

The direction from the end is the same layer over the reversed sequence. Where sequences
differ in length nothing more is needed: the reversed masks keep a sequence's initial state
until the step with which it ends.

Source: Schuster and Paliwal 1997, for the two directions; Graves et al. 2013, for levels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rnnref.affine import Gradients
from rnnref.sequence import Masks, Trajectory, backward, forward
from rnnref.stack import Place, Recurrent, levels_of
from rnnref.systems.base import Matrix, System

E = TypeVar("E")


@dataclass
class StackTrajectory:
    """What a forward pass has seen, level by level and by direction, and what came out."""

    levels: list[list[tuple[Place, Trajectory]]]
    outputs: list[Matrix]
    state: dict[str, Matrix]


@dataclass
class StackCotangents:
    """The gradients that a backward pass through a stack ends with."""

    gradients: list[tuple[Place, Gradients]]
    inputs: list[Matrix]
    state: dict[str, Matrix]

    def parameters(self) -> dict[str, Matrix]:
        """The gradient of every parameter."""
        return {k: v for place, own in self.gradients for k, v in place.named(own.total()).items()}

    def by_step(self) -> list[dict[str, Matrix]]:
        """The share of every step in it, in the order of time: see `Gradients.by_step`."""
        # Recorded from the step that was read last to the one read first.
        by_place = [
            [place.named(share) for share in _in_order(place, own.by_step()[::-1])]
            for place, own in self.gradients
        ]
        return [
            {k: v for share in shares for k, v in share.items()} for shares in zip(*by_place, strict=True)
        ]


def forward_stack(
    s: System[Matrix],
    recurrent: Recurrent,
    parameters: Mapping[str, Matrix],
    xs: Sequence[Matrix],
    state: Mapping[str, Matrix],
    live: Masks | None = None,
) -> StackTrajectory:
    """The outputs of the highest level and every layer's final state."""
    levels: list[list[tuple[Place, Trajectory]]] = []
    final: dict[str, Matrix] = {}
    outputs = list(xs)
    for level in levels_of(recurrent):
        seen = []
        for place in level:
            p, h = place.own(parameters), place.own(state)
            done = forward(s, place.layer, p, _in_order(place, outputs), h, _masks(place, live))
            seen.append((place, done))
            final |= place.named(done.state)
        by_direction = [_in_order(place, done.outputs) for place, done in seen]
        outputs = [
            parts[0] if len(parts) == 1 else s.above(parts) for parts in zip(*by_direction, strict=True)
        ]
        levels.append(seen)
    return StackTrajectory(levels, outputs, final)


def backward_stack(
    s: System[Matrix],
    parameters: Mapping[str, Matrix],
    trajectory: StackTrajectory,
    doutputs: Sequence[Matrix],
    dstate: Mapping[str, Matrix],
    live: Masks | None = None,
    detached: Collection[str] = (),
    cut: Collection[int] = (),
) -> StackCotangents:
    """Back-propagation through levels and time; the arguments are those of `sequence.backward`.

    A `cut` is a step of the sequence as it is read by the layer.
    """
    gradients: list[tuple[Place, Gradients]] = []
    dinitial: dict[str, Matrix] = {}
    douts = list(doutputs)
    for level in reversed(trajectory.levels):
        dxs: list[Matrix] = []
        for k, (place, done) in enumerate(level):
            width = place.layer.width
            part = douts if len(level) == 1 else [s.rows(d, k * width, (k + 1) * width) for d in douts]
            back = backward(
                s,
                place.layer,
                place.own(parameters),
                done,
                _in_order(place, part),
                place.own(dstate),
                _masks(place, live),
                detached,
                cut,
            )
            gradients.append((place, back.parameters))
            dinitial |= place.named(back.state)
            own_dxs = _in_order(place, back.inputs)
            dxs = [a + b for a, b in zip(dxs, own_dxs, strict=True)] if dxs else own_dxs
        douts = dxs
    return StackCotangents(gradients, douts, dinitial)


def _masks(place: Place, live: Masks | None) -> Masks | None:
    return live[::-1] if live is not None and place.reverse else live


def _in_order(place: Place, sequence: Sequence[E]) -> list[E]:
    """A sequence in the order in which a layer reads it; once more, in that of time."""
    return list(reversed(sequence)) if place.reverse else list(sequence)
