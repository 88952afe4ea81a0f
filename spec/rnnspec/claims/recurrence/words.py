"""Words for plain recurrences and back-propagation through them, shared by the claims about them.

The documents call the same three matrices by different names. Here h_t = φ(W x_t + U h_{t-1} + b),
and a read-out, where there is one, is o_t = V h_t + c.

| here | W        | U        | V        | b   | c   |
| ---- | -------- | -------- | -------- | --- | --- |
| D0   | W_x      | W_s      | W_o      | b_1 | b_2 |
| D2   | W_I      | W_R      | W_O      |     |     |
| D3   | U        | W        | V        | b   | c   |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any, TypeAlias

import numpy as np

from rnnspec.protocol import Activation, Chain, Cotangent, Dense, Layer, Network
from rnnspec.strategies import arrays, networks
from rnnspec.subject import Array, Numbers, Subject

W, U, B, BU = "W_h", "U_h", "b_h", "bU_h"
"""The parameters of an Elman network, as `Layer` calls them; some libraries have a second bias, beside U."""

PATTERN = (1.0, -0.5, 0.25, 2.0, -1.5)
"""What cotangents are filled with: no two neighbours alike, and exact in every format."""

ReadOut: TypeAlias = Annotated[Array, arrays(2, 4)]
"""Two outputs for up to three units: V in the first columns, c in the last."""


def one_unit(
    inputs: Sequence[float], h: float = 0.0, activation: Activation = "tanh", **parameters: float
) -> Network:
    """A network of one unit and one input; parameters that are not given are 0."""
    layer = Layer("rnn", 1, 1, activation=activation)
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    net = Network(layer, zero, np.reshape(np.array(inputs, float), (-1, 1, 1)), {"h": np.full((1, 1), h)})
    return net.with_parameters(**parameters)


def changing_places(inputs: Sequence[float], h: Sequence[float] = (0.0, 0.0)) -> Network:
    """Two tanh units with U = [0 1; 1 0], of which only the first reads the input."""
    parameters = {W: np.array([[1.0], [0.0]]), U: np.array([[0.0, 1.0], [1.0, 0.0]]), B: np.zeros(2)}
    sequence = np.reshape(np.array(inputs, float), (-1, 1, 1))
    return Network(Layer("rnn", 1, 2), parameters, sequence, {"h": np.array([h], float)})


def whole_numbers(network: Network) -> Network:
    """A drawn network with all its numbers rounded to whole ones from -2 to 2."""

    def coarse(values: Array) -> Array:
        return np.clip(np.round(values), -2, 2) + 0.0

    return Network(
        network.layer,
        {name: coarse(value) for name, value in network.parameters.items()},
        coarse(network.inputs),
        {name: coarse(value) for name, value in network.state.items()},
    )


def reading_the_same(network: Network) -> Network:
    """The same network with the inputs of its first sequence for all of the batch."""
    same = np.broadcast_to(network.inputs[:, :1], network.inputs.shape).copy()
    return Network(network.layer, network.parameters, same, network.state)


def reads_the_same(network: Network) -> bool:
    """Whether all sequences of the batch have the same inputs."""
    return bool(np.all(network.inputs == network.inputs[:, :1]))


def pairs(**sizes: Any) -> Any:
    """Tanh networks that read the same inputs twice, from two states."""
    return networks(
        "rnn",
        activation="tanh",
        hidden=(1, 3),
        batch=(2, 2),
        scales=(0, -1),
        also=reading_the_same,
        where=reads_the_same,
        **sizes,
    )


def states(impl: Subject, network: Network) -> list[Any]:
    """h_0, h_1, ..., h_T, each (B, n)."""
    return [network.state["h"], *impl.run(network).outputs]


def step(network: Network, t: int, h: Any) -> Network:
    """The one-step network that makes h_t of the given h_{t-1}; t counts from 1."""
    return network.at(t - 1, {"h": h})


def beginning(network: Network, t: int) -> Network:
    """The first t steps."""
    return Network(network.layer, network.parameters, network.inputs[:t], network.state)


def ending(network: Network, t: int, h: Any) -> Network:
    """What follows the first t steps, from the state h_t that they have led to."""
    return Network(network.layer, network.parameters, network.inputs[t:], {"h": h})


def filled(*shape: int) -> Array:
    """An array of such a shape, filled with the pattern."""
    return np.resize(np.array(PATTERN), shape)


def on_the_last(network: Network, d: Any) -> Cotangent:
    """The cotangent d on h_T, (B, n), and nothing on the outputs before it: dL_T/dh_T."""
    n = network.layer.width
    zero = np.zeros((network.steps, network.batch, n))
    return Cotangent(zero, dict.fromkeys(network.state, np.broadcast_to(d, (network.batch, n))))


def on_outputs(network: Network, d: Any) -> Cotangent:
    """The cotangents d of all outputs, (T, B, n): dL_t/dh_t for a loss at every step."""
    return Cotangent(d, {name: np.zeros(value.shape) for name, value in network.state.items()})


def unit(network: Network, j: int) -> Array:
    """The j-th unit vector, for every sequence of the batch."""
    vector = np.zeros((network.batch, network.layer.width))
    vector[:, j] = 1.0
    return vector


def jacobian(impl: Subject, network: Network) -> Numbers:
    """dh_T/dh_0 of every sequence, (B, n, n), row by row from vector-Jacobian products."""
    rows = [
        impl.vjp(network, on_the_last(network, unit(network, j))).state["h"]
        for j in range(network.layer.hidden)
    ]
    return np.stack(rows, axis=1)


def slope(kind: str, h: Any) -> Any:
    """φ'(z), told from h = φ(z)."""
    return {"tanh": lambda: 1 - h * h, "sigmoid": lambda: h * (1 - h), "identity": lambda: h * 0 + 1}[kind]()


def activation(network: Network) -> Any:
    """φ of a network of one layer.

    Raises:
        TypeError: if it is a stack.
    """
    if not isinstance(network.layer, Layer):
        raise TypeError(f"network.layer: got {network.layer}, expected a single layer")
    return network.layer.activation


def terms(network: Network, hs: Sequence[Any], d: Any) -> list[dict[str, Any]]:
    """The terms k = 1 ... T of the gradient of L_T, by the formula: products of Jacobians, then ∂⁺h_k.

    Args:
        hs: h_0 ... h_T.
        d: dL_T/dh_T, (B, n).
    """
    found = []
    for k in range(network.steps, 0, -1):
        da = d * slope(activation(network), hs[k])
        bias = da.sum(axis=0)
        found.append({W: da.T @ network.inputs[k - 1], U: da.T @ hs[k - 1], B: bias, BU: bias})
        d = da @ network.parameters[U]
    return found[::-1]


def total(parts: Sequence[Mapping[str, Any]], name: str) -> Any:
    """The sum of the parts of one parameter's gradient."""
    return sum(part[name] for part in parts)


def step_by_step(impl: Subject, network: Network, d: Any) -> list[Mapping[str, Numbers]]:
    """The same terms from the implementation: d is carried back through one-step networks.

    What a one-step network says of its parameters is the immediate partial derivative, since
    its h_{k-1} is given.
    """
    hs, found = states(impl, network), []
    for k in range(network.steps, 0, -1):
        now = step(network, k, hs[k - 1])
        back = impl.vjp(now, on_the_last(now, d))
        found.append(back.parameters)
        d = back.state["h"]
    return found[::-1]


def read_out(network: Network, R: Array) -> tuple[Chain, dict[str, Array]]:
    """o = V h + c with two outputs: the link and its parameters."""
    n = network.layer.hidden
    return Chain((Dense(n, len(R)),)), {"W_1": R[:, :n], "b_1": R[:, -1]}


def rational(values: Array) -> Any:
    """The same numbers as fractions, with which a law calculates exactly."""
    exact = np.empty(np.shape(values), dtype=object)
    exact.flat[:] = [Fraction(float(value)) for value in np.asarray(values).flat]
    return exact


def power(matrix: Any, exponent: int) -> Any:
    """M^k of a matrix of fractions."""
    result = rational(np.eye(len(matrix)))
    for _ in range(exponent):
        result = result @ matrix
    return result
