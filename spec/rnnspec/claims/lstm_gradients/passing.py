"""Words for gradients through an LSTM, shared by the claims about them.

Where proofs trace the derivative of one step, two units stand for any number. Its entry (j, l)
has to do with the units j and l alone: what other units and inputs add to a gate's argument is a
constant while c_l or h_l moves, as the bias is, and the bias is a symbol. From one step to many
it is the chain rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from rnnspec.hold import Hold
from rnnspec.protocol import Cotangent, Layer, Network
from rnnspec.subject import Array, Numbers, Subject

KAPPA = Fraction("0.447743204695")
"""The maximum of x sech² x, rounded up (LGR-01)."""

CLOSED = -64.0
"""A bias with which a gate is below 10^-27."""


def on_the_cell(network: Network, dc: Any) -> Cotangent:
    """The cotangent dc on the final cell, and 0 on everything else."""
    n = network.layer.hidden
    return Cotangent(
        outputs=np.zeros((network.steps, network.batch, n)),
        state={"h": np.zeros((network.batch, n)), "c": np.broadcast_to(dc, (network.batch, n))},
    )


def steps_of(impl: Subject, network: Network) -> list[Network]:
    """The run taken apart: one-step networks, each in the state that the implementation reached."""
    parts, state = [], network.state
    for t in range(network.steps):
        parts.append(network.at(t, state))
        state = impl.run(parts[-1]).state
    return parts


def along_the_cell(impl: Subject, step: Network) -> Numbers:
    """dc_t/dc_{t-1} of one step with h_{t-1} held: it is diagonal, and this is the diagonal."""
    return impl.vjp(step, on_the_cell(step, 1.0)).state["c"]


def gates(hold: Hold, step: Network) -> Mapping[str, Numbers]:
    """The reference's gates and states of a one-step network."""
    return hold.reference.gates(step)[0]


def through_the_output(impl: Subject, hold: Hold, step: Network, o_before: Any, dc: Any) -> Numbers:
    """dc times the whole one-step derivative dC_t/dC_{t-1}, with o_{t-1} held.

    The old cell acts directly and through h_{t-1} = o_{t-1} tanh(C_{t-1}).
    """
    back = impl.vjp(step, on_the_cell(step, dc)).state
    whole: Numbers = back["c"] + back["h"] * o_before * hold.reference.slope("tanh", step.state["c"])
    return whole


def on_everything(network: Network) -> Cotangent:
    """A cotangent on every output and on the final state, no two neighbours alike."""
    n, pattern = network.layer.hidden, (1.0, -0.5, 0.25, 2.0, -1.5)
    return Cotangent(
        np.resize(pattern, (network.steps, network.batch, n)),
        {name: np.resize(pattern[::-1], (network.batch, n)) for name in network.layer.states},
    )


def unit(network: Network, j: int) -> Array:
    """The j-th unit vector, for every member of the batch."""
    vector = np.zeros((network.batch, network.layer.hidden))
    vector[:, j] = 1.0
    return vector


def one_unit(*, steps: int, forget_gate: bool = True, **parameters: float) -> Network:
    """One unit without input or state, all parameters 0 but the given ones."""
    layer = Layer("lstm", 1, 1, forget_gate=forget_gate)
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    state = {name: np.zeros((1, 1)) for name in layer.states}
    return Network(layer, zero, np.zeros((steps, 1, 1)), state).with_parameters(**parameters)
