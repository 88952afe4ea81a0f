"""Words for the LSTM, shared by the claims about it: its equations, and its gates forced and seen.

No implementation shows its gates. But a gate whose weights are 0 is what its bias makes of it,
and with the other gates out of the way one step from a chosen state shows the last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.subject import Array, Numbers, Subject

FAR = 64
"""A bias that opens a gate, and -64 one that closes it, up to e^-64."""

LEFT = 2.0**-92
"""A little more than e^-64: all that a closed gate lets through, or an open one holds back."""


def forced(net: Network, **biases: float) -> Network:
    """The network with the given gates made constant: weights 0, and the bias that is named."""
    names = net.layer.parameter_shapes
    constant = {
        name: biases[gate] if name == f"b_{gate}" else 0
        for name in names
        for gate in [name.partition("_")[2]]
        if gate in biases
    }
    return net.with_parameters(**constant)


def starting(net: Network, **state: Any) -> Network:
    """The network in another initial state; a number fills h or c."""
    shape = (net.batch, net.layer.hidden)
    return replace(net, state={**net.state, **{k: np.broadcast_to(v, shape) for k, v in state.items()}})


def cell(impl: Subject, net: Network) -> Numbers:
    """The final cell."""
    final: Numbers = impl.run(net).state["c"]
    return final


def output(impl: Subject, net: Network) -> Numbers:
    """The last output."""
    last: Numbers = impl.run(net).outputs[-1]
    return last


def forget_gate(impl: Subject, step: Network) -> Numbers:
    """f, exactly: what is left of a cell of 1 where the candidate is 0."""
    return cell(impl, starting(forced(step, g=0), c=1))


def input_gate(impl: Subject, step: Network) -> Numbers:
    """i tanh(64): what an empty cell gets of a candidate of tanh(64)."""
    return cell(impl, starting(forced(step, g=FAR), c=0))


def candidate(impl: Subject, step: Network) -> Numbers:
    """σ(64) g: what an empty cell gets through an open input gate."""
    return cell(impl, starting(forced(step, i=FAR), c=0))


def output_gate(impl: Subject, step: Network) -> Numbers:
    """o tanh(64 σ(64)): what is shown of a cell of 64 that is kept."""
    return output(impl, starting(forced(step, f=FAR, g=0), c=FAR))


def affine(step: Network, gate: str, read: str = "h") -> Any:
    """W x + U h + b of a gate in a one-step network, without rounding; U may read c instead.

    Products and sums of drawn numbers, of few digits each, are exact in float64.
    """
    p = step.parameters
    a = step.inputs[0] @ p[f"W_{gate}"].T
    if f"U_{gate}" in p:
        a = a + step.state[read] @ p[f"U_{gate}"].T
    for bias in ("b", "bU"):
        if f"{bias}_{gate}" in p:
            a = a + p[f"{bias}_{gate}"]
    return a


def function(hold: Hold, kind: str) -> Callable[[Any], Any]:
    """An activation function, exactly: σ or tanh of whatever a law has computed."""
    return lambda a: hold.reference.activation(kind, a)


def textbook(hold: Hold, step: Network) -> Mapping[str, Any]:
    """i, f, g, o, c and h of a one-step network, by the equations of the LSTM as they are printed."""
    sigma, tanh = (function(hold, kind) for kind in ("sigmoid", "tanh"))
    i, f, o = (sigma(affine(step, gate)) for gate in "ifo")
    g = tanh(affine(step, "g"))
    c = f * step.state["c"] + i * g
    return {"i": i, "f": f, "g": g, "o": o, "c": c, "h": o * tanh(c)}


def one_unit(
    steps: int = 1, *, h: float = 0.0, c: float = 0.0, x: Any = 0.0, units: int = 1, **parameters: Any
) -> Network:
    """A small LSTM with one input, all of whose parameters are 0 but the given ones."""
    return of_layer(Layer("lstm", 1, units), steps, h=h, c=c, x=x, **parameters)


def of_layer(
    layer: Layer, steps: int = 1, /, *, h: Any = 0.0, c: Any = 0.0, x: Any = 0.0, **parameters: Any
) -> Network:
    """A network of this layer and one sequence, all of whose parameters are 0 but the given ones.

    Args:
        h, c, x: the initial state and the inputs, each a number or an array of the right shape.
    """
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    inputs = np.broadcast_to(np.asarray(x, float), (steps, 1, layer.inputs))
    state = {
        name: np.broadcast_to(np.asarray(v, float), (1, layer.hidden)) for name, v in (("h", h), ("c", c))
    }
    return Network(layer, zero, inputs, state).with_parameters(**parameters)


def latch(marks: int, values: Array, units: int = 1) -> Network:
    """A unit that stores the marked values; every further unit has marks of its own, one step later.

    Args:
        marks: bit t says whether step t is marked.
        values: what is read, one a step; it is the last input, after the marks of each unit.
    """
    T = len(values)
    inputs = np.zeros((T, 1, units + 1))
    inputs[:, 0, -1] = values
    for k in range(units):
        inputs[:, 0, k] = [marks >> (t + k) & 1 for t in range(T)]
    marked, value = np.eye(units, units + 1), np.eye(units + 1)[[-1] * units]
    layer = Layer("lstm", units + 1, units)
    return of_layer(layer, T, x=inputs, W_i=32 * marked, b_i=-16, W_f=-32 * marked, b_f=16, W_g=value)
