"""Recurrent networks in the layouts of libraries: (T, B, m), (T, B, n) and (B, n)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref.arguments import check_type
from rnnref.border import Border
from rnnref.errors import BadInput
from rnnref.layer import GATES
from rnnref.network import Cotangent, Network, Pullback, Run, check_cotangent, steps_of
from rnnref.sequence import Trajectory
from rnnref.stack import Place
from rnnref.stacking import StackCotangents, StackTrajectory, backward_stack, forward_stack
from rnnref.systems.base import Matrix


class Recurrence(Border):
    """Forward and backward passes of recurrent layers and stacks."""

    def run(self, network: Network) -> Run:
        """The forward pass."""
        done = self._forward(network)
        outputs = self._sequence(done.outputs, network.batch, network.layer.width)
        return Run(outputs, self._named_rows(done.state))

    def gates(self, network: Network) -> list[dict[str, NDArray[Any]]]:
        """Every gate and state of every step, each (B, n), by name; in a stack with the place.

        They are those of the step's own computation: of a sequence that has ended before,
        they mean nothing.
        """
        levels = self._forward(network).levels
        steps: list[dict[str, NDArray[Any]]] = [{} for _ in range(network.steps)]
        for level in levels:
            for place, done in level:
                for values, own in zip(steps, self._gates(place, done), strict=True):
                    values |= own
        return steps

    def vjp(
        self,
        network: Network,
        cotangent: Cotangent,
        detached: Collection[str] = (),
        cut: Collection[int] = (),
    ) -> Pullback:
        """The vector-Jacobian product, by back-propagation through time.

        Args:
            network: the network.
            cotangent: where it starts from.
            detached: states, of `h`, `c` and `y`, through which nothing flows back from a
                step to the one before it. {"h"} is the truncated gradient with which the
                LSTM was published in 1997: without peepholes, dc_t/dc_{t-1} is then f_t (1,
                where there is no forget gate) and nothing else.
            cut: steps from 0 to T - 1, as each layer reads them, before which nothing flows
                back at all: truncated back-propagation in pieces.

        Raises:
            BadInput: if the cotangent does not fit, or there is no such state or step.
        """
        back = self._backward(network, cotangent, detached, cut)
        return Pullback(
            parameters=self._parameters(back.parameters(), network.layer.parameter_shapes),
            inputs=self._sequence(back.inputs, network.batch, network.layer.inputs),
            state=self._named_rows(back.state),
        )

    def vjp_by_step(self, network: Network, cotangent: Cotangent) -> list[dict[str, NDArray[Any]]]:
        """Of the parameters' gradients the share of every step, T of them; they add up to `vjp`'s.

        The share of step k is what a copy of the parameters would have that is used in step
        k alone: dh_k times the immediate partial derivative of h_k, with h_{k-1} held. With a
        cotangent of h_t alone, these are the terms of the sum over k that textbooks print.

        Raises:
            BadInput: if the cotangent does not fit.
        """
        shares = self._backward(network, cotangent).by_step()
        return [self._parameters(share, network.layer.parameter_shapes) for share in shares]

    def _forward(self, network: Network, parameters: Mapping[str, Matrix] | None = None) -> StackTrajectory:
        check_type("network", network, Network, "a Network")
        inputs = np.asarray(network.inputs)
        if network.live is not None:  # whatever lies beyond the end is not read
            inputs = np.where(network.live[:, :, np.newaxis], inputs, np.zeros_like(inputs))
        return forward_stack(
            self.system,
            network.layer,
            parameters or self._columns(network.parameters),
            [self._lifted(x) for x in inputs],
            {name: self._lifted(value) for name, value in network.state.items()},
            network.live,
        )

    def _backward(
        self,
        network: Network,
        cotangent: Cotangent,
        detached: Collection[str] = (),
        cut: Collection[int] = (),
    ) -> StackCotangents:
        check_cotangent(network, cotangent)
        parameters = self._columns(network.parameters)
        forward = self._forward(network, parameters)
        states = {name for level in forward.levels for place, _ in level for name in place.layer.states}
        check_type("detached", detached, Collection, "a collection of states")
        for name in detached:
            if not isinstance(name, str) or name not in states:
                raise BadInput("detached", repr(name), f"some of the states {', '.join(sorted(states))}")
        check_type("cut", cut, Collection, "a collection of steps")
        for t in cut:
            if not isinstance(t, int | np.integer) or t not in range(network.steps):
                raise BadInput("cut", repr(t), steps_of(network, "steps"))
        return backward_stack(
            self.system,
            parameters,
            forward,
            [self._lifted(d) for d in cotangent.outputs],
            {name: self._lifted(d) for name, d in cotangent.state.items()},
            network.live,
            detached,
            cut,
        )

    def _gates(self, place: Place, done: Trajectory) -> list[dict[str, NDArray[Any]]]:
        layer = place.layer
        names = dict.fromkeys((*GATES[layer.kind], *layer.states))
        steps = [
            {name: self._rows(getattr(step, name)) for name in names if getattr(step, name) is not None}
            for step in done.steps
        ]
        return [place.named(values) for values in (reversed(steps) if place.reverse else steps)]
