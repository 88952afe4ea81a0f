"""Words for what a GRU does in one step, shared by the claims about it."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.subject import Numbers, Subject

OPEN = 64.0
"""A bias with which a gate is 1 but for 10^-27; with its negative it is closed as tightly."""


def layer_of(net: Network) -> Layer:
    """The layer of a network that is no stack."""
    return cast(Layer, net.layer)


def replacing(net: Network) -> float:
    """The sign of a z near 1 that puts the candidate in the place of the state."""
    return 1.0 if layer_of(net).update == "replaces" else -1.0


def resets_before(net: Network) -> bool:
    """Whether the reset gate acts before the product with U_n."""
    return layer_of(net).reset == "before"


def affine(net: Network, gate: str, h: Any) -> Any:
    """W x_1 + U h + b of a gate, with both biases where there are two."""
    p = net.parameters
    a = net.inputs[0] @ p[f"W_{gate}"].T + h @ p[f"U_{gate}"].T
    for name in (f"b_{gate}", f"bU_{gate}"):
        a = a + p.get(name, 0.0)
    return a


def candidate(hold: Hold, net: Network, r: Any, h: Any) -> Any:
    """tanh of the candidate's argument, where the reset gate r acts where the layer says."""
    p = net.parameters
    a = net.inputs[0] @ p["W_n"].T + p.get("b_n", 0.0)
    if resets_before(net):
        a = a + (r * h) @ p["U_n"].T + p.get("bU_n", 0.0)
    else:
        a = a + r * (h @ p["U_n"].T + p.get("bU_n", 0.0))
    return hold.reference.activation("tanh", a)


def interpolated(net: Network, z: Any, h: Any, n: Any) -> Any:
    """The new state from the old one and the candidate, in the layer's direction of z."""
    return (1 - z) * h + z * n if layer_of(net).update == "replaces" else (1 - z) * n + z * h


def stepped(impl: Subject, net: Network, h: Any = None) -> Numbers:
    """The state after the only step of a network; from another state, if one is given."""
    if h is not None:
        net = Network(net.layer, net.parameters, net.inputs, {"h": np.broadcast_to(h, net.state["h"].shape)})
    return impl.run(net).state["h"]


def one_unit(*, steps: int = 1, h: float = 0.0, **parameters: float) -> Network:
    """One unit without input, all parameters 0 but the given ones, in the documents' convention."""
    layer = Layer("gru", 1, 1, reset="before", update="replaces")
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    net = Network(layer, zero, np.zeros((steps, 1, 1)), {"h": np.full((1, 1), h)})
    return net.with_parameters(**parameters)
