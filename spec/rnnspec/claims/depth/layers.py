"""Words for feed-forward networks, shared by the claims about depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.evidence import Expression, Prove
from rnnspec.protocol import Chain, Dense
from rnnspec.strategies import Feedforward, chains, one_unit_a_layer
from rnnspec.subject import Array, Numbers, Subject

Sigmoids = Annotated[
    Feedforward, chains(depth=(1, 3), width=(1, 3), inputs=(1, 3), batch=(1, 1), activations=("sigmoid",))
]
DY = (1.0, -2.0, 0.5)
"""dC/dy of up to three outputs."""

INPUTS = 2 / 3
"""What random networks read has this standard deviation: about the root of a wide layer's mean square."""


def output(subject: Subject, net: Feedforward) -> Numbers:
    """y, the last layer's output, (B, n)."""
    return subject.chain(net.chain, net.parameters, net.x)


def gradients(subject: Subject, net: Feedforward, dy: Any) -> Mapping[str, Numbers]:
    """dC/dW_l and dC/db_l of every layer, and dC/dx under the name `x`, for dC/dy = dy."""
    back = subject.chain_vjp(net.chain, net.parameters, net.x, np.broadcast_to(dy, _outputs(net)))
    return {**back.parameters, "x": back.inputs}


def _outputs(net: Feedforward) -> tuple[int, int]:
    return net.batch, net.chain.outputs


def lower(net: Feedforward, layers: int) -> Feedforward:
    """The first layers alone."""
    chain = Chain(net.chain.links[:layers])
    return Feedforward(chain, {name: net.parameters[name] for name in chain.parameter_shapes}, net.x)


def upper(net: Feedforward, layers: int, x: Any) -> Feedforward:
    """What stands above the first layers, with x in the place of what they put out."""
    chain = Chain(net.chain.links[layers:])
    names = {name: _moved(name, layers) for name in chain.parameter_shapes}
    return Feedforward(chain, {name: net.parameters[old] for name, old in names.items()}, x)


def _moved(name: str, layers: int) -> str:
    kind, place = name.split("_")
    return f"{kind}_{int(place) + layers}"


def activations(subject: Subject, net: Feedforward) -> list[Any]:
    """a_0 = x, a_1, ..., a_L: what every layer puts out, (B, n_l) each, layer by layer."""
    passed: list[Any] = [net.x]
    for layer in range(net.depth):
        passed.append(output(subject, lower(upper(net, layer, passed[-1]), 1)))
    return passed


def sigmoid_slopes(subject: Subject, net: Feedforward) -> list[Any]:
    """σ'(z_1), ..., σ'(z_L) of a chain of sigmoids, from what it puts out."""
    return [a * (1 - a) for a in activations(subject, net)[1:]]


def one_layer_of_many(prove: Prove, c: Expression) -> tuple[Expression, Expression, Expression]:
    """w and σ'(z) of one traced layer with one unit, and what it sends down of c, ∂C/∂y, to its input.

    It is shown that this is c σ'(z) w, and that the gradients of b and w are c σ'(z) and that times
    the input. Whatever stands above is in c, whatever stands below in the input: so it is the step of
    an induction over the layers of a chain of any depth.
    """
    net = prove.chain(Dense(1, 1, "sigmoid"))
    ((y,),) = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, prove.matrix([[c]]))
    w, slope = net.parameters["W_1"][0, 0], y * (1 - y)
    prove.identical(back.parameters["b_1"][0], c * slope)
    prove.identical(back.parameters["W_1"][0, 0], c * slope * net.inputs[0, 0])
    prove.identical(back.inputs[0, 0], c * slope * w)
    prove.valid(slope <= Fraction(1, 4))
    prove.valid(slope > 0)
    return w, slope, back.inputs[0, 0]


def at_rest(weights: Sequence[float]) -> Feedforward:
    """One sigmoid a layer with every z_l = 0: from x = 1/2, with the biases −w_l/2.

    Nothing is rounded in it, for σ(0) = 1/2: in every float format each factor w_l σ'(0) is w_l/4.
    """
    return one_unit_a_layer(weights, [-w / 2 for w in weights], 0.5)


def all_alike(width: int, depth: int, w: float = 1.0) -> Feedforward:
    """Layers of n units, each of which reads all of the one below with the weight w, and z = 0.

    From x = 1/2 with the biases −n w/2; nothing is rounded in it, as in `at_rest`.
    """
    chain = Chain(tuple(Dense(width, width, "sigmoid") for _ in range(depth)))
    filled = {"W": w, "b": -width * w / 2}
    parameters = {name: np.full(shape, filled[name[0]]) for name, shape in chain.parameter_shapes.items()}
    return Feedforward(chain, parameters, np.full((1, width), 0.5))


def square_of_a_norm(W: Array) -> Fraction:
    """A number that ‖W‖₂² does not exceed, and that is above it by a millionth of it, as a rule.

    What floats say of the norm is a proposal. That μ is a bound for it, WᵀW ≤ μ, is checked exactly.
    """
    rows = [[Fraction(float(w)) for w in row] for row in W]
    columns = list(zip(*rows, strict=True))
    gram = [[sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0)) for v in columns] for u in columns]
    if not any(any(row) for row in rows):
        return Fraction(0)
    norm, above = Fraction(float(np.linalg.norm(np.array(W, dtype=float), 2)) ** 2), Fraction(1, 2**20)
    while not _positive_definite(_difference(norm * (1 + above), gram)):
        above *= 2
    return norm * (1 + above)


def _difference(bound: Fraction, gram: list[list[Fraction]]) -> list[list[Fraction]]:
    """μ I − G."""
    return [[bound * (i == j) - g for j, g in enumerate(row)] for i, row in enumerate(gram)]


def _positive_definite(matrix: list[list[Fraction]]) -> bool:
    """Whether all pivots of a symmetric matrix are positive."""
    if not matrix:
        return True
    (pivot, *across), *below = matrix
    if pivot <= 0:
        return False
    return _positive_definite(
        [[a - row[0] * b / pivot for a, b in zip(row[1:], across, strict=True)] for row in below]
    )


def weights_of(net: Feedforward) -> list[float]:
    """w_1, ..., w_L of a chain with one unit a layer."""
    return [float(net.parameters[f"W_{place}"][0, 0]) for place in range(1, net.depth + 1)]
