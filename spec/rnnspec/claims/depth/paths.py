"""How many paths lead from a weight to the loss, and how many factors each has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from math import prod
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, About, claim
from rnnspec.claims.depth.layers import activations, all_alike, gradients, sigmoid_slopes
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, chains, wholes
from rnnspec.subject import Subject

Sigmoids = Annotated[
    Feedforward,
    chains(depth=(1, 4), width=(1, 3), inputs=(1, 2), batch=(1, 1), activations=("sigmoid",)),
]
Depth = Annotated[int, wholes(1, 64)]
FewLayers = Annotated[int, wholes(1, 5)]
FewUnits = Annotated[int, wholes(1, 4)]
LOSS = (1.0, -2.0, 0.5)
"""dC/dy of up to three outputs."""


def paths(
    parameters: Mapping[str, Any], inside: Sequence[Any], slopes: Sequence[Any], dy: Any, layer: int
) -> Iterator[list[Any]]:
    """The factors along each path from the first weight of a layer to the loss, loss first.

    Args:
        parameters: W_1, ..., W_L.
        inside: a_0, ..., a_L, one vector each.
        slopes: φ'(z_1), ..., φ'(z_L).
        dy: the derivative of the loss by a_L.
        layer: l, from 1; its weight is the one from the first input to the first unit.
    """
    depth = len(slopes)
    for units in product(*(range(len(inside[k])) for k in range(depth, layer, -1))):
        visited = (*units, 0)  # from the top down to the weight's own unit
        factors = [dy[visited[0]], slopes[-1][visited[0]]]
        for k, (above, below) in enumerate(pairwise(visited)):
            factors += [parameters[f"W_{depth - k}"][above, below], slopes[depth - k - 2][below]]
        yield [*factors, inside[layer - 1][0]]


# ------------------------------------------------------------------------------------------
counting = claim(
    "DEP-05",
    title="An output weight has one path of three factors, a hidden one two paths of five",
    says="""
        The derivative by w_5 is computed in three steps. That by w_1 consists of two parts, one for
        each output, of five steps each.
    """,
    statement="""
        In a net of L layers a path from a weight of layer l to the loss has 2(L − l + 1) + 1
        factors, and there are as many paths as the widths of the later layers give when multiplied.
    """,
    equation="""
        factors of a path = 2(L − l + 1) + 1      L = 2:  3 for l = 2,  5 for l = 1
        number of paths   = n_{l+1} n_{l+2} ⋯ n_L  L = 2:  1 for l = 2,  2 for l = 1
    """,
    verdict=HOLDS,
    because="""
        The loss contributes one derivative and each layer two: that of its activation, and that of
        its affine map, which is a weight, or on reaching the weight in question, the weight's
        input. A path may pass through any unit of each later layer, one unit a layer.
    """,
    sources=[D0("1.1")],
    rests_on=SAMPLED,
    see=["DEP-03", "DEP-04", "DEP-06", "LGR-09"],
)


@counting.law(needs=["chain", "chain_vjp"])
def sum_over_all_paths(impl: Subject, hold: Hold, net: Sigmoids) -> None:
    """Paths enumerated: their number, their length, and that their products add up to the gradient."""
    inside = [a[0] for a in activations(impl, net)]
    slopes = [slope[0] for slope in sigmoid_slopes(impl, net)]
    dy = np.array(LOSS[: net.chain.outputs])
    got = gradients(impl, net, dy)
    for layer in range(1, net.depth + 1):
        found = list(paths(net.parameters, inside, slopes, dy, layer))
        later = [link.outputs for link in net.chain.links[layer:]]
        hold.exactly(len(found), prod(later), f"paths from layer {layer}")
        hold.exactly([len(path) for path in found], 2 * (net.depth - layer + 1) + 1, "factors of a path")
        hold.equal(got[f"W_{layer}"][0, 0], sum(prod(path) for path in found), f"∂C/∂W_{layer}[1, 1]")


@counting.proof
def traced_paths(prove: Prove) -> None:
    """In the 2-2-2 network, and in one with a third layer: the sum over paths is the derivative."""
    for sizes in ((2, 2, 2), (1, 2, 2, 2)):
        net = prove.chain(*(Dense(m, n, "sigmoid") for m, n in pairwise(sizes)))
        inside = [net.inputs[0], *(a[0] for a in _inside(prove, net))]
        slopes = [a * (1 - a) for a in inside[1:]]
        dy = prove.symbols("c1 c2")
        for layer in range(1, len(sizes)):
            found = list(paths(net.parameters, inside, slopes, dy, layer))
            derivative = prove.derivative((dy * inside[-1]).sum(), net.parameters[f"W_{layer}"][0, 0])
            prove.identical(sum(prod(path) for path in found), derivative)
            later = len(sizes) - 1 - layer
            prove.identical(len(found), 2**later)
            prove.identical([len(path) for path in found], [2 * later + 3] * len(found))


def _inside(prove: Prove, net: Any) -> list[Any]:
    """a_1, ..., a_L of a chain in symbols, (1, n_l) each."""
    return list(prove.reference.chain(net.chain, net.parameters, net.inputs).inside)


# ------------------------------------------------------------------------------------------
class Counted:
    """A number that writes down, for the whole of a calculation, every multiplication it takes part in."""

    def __init__(self, value: Any, made: list[str]) -> None:
        self.value = value
        self.made = made

    def __mul__(self, other: Counted) -> Counted:
        self.made.append("multiplication")
        return Counted(self.value * other.value, self.made)

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.value + other.value, self.made)

    def __rsub__(self, other: int) -> Counted:
        return Counted(other - self.value, self.made)


def counted(array: Any, made: list[str]) -> Any:
    """An array of numbers that count."""
    numbers = np.empty(np.shape(array), dtype=object)
    for place in np.ndindex(numbers.shape):
        numbers[place] = Counted(np.asarray(array)[place], made)
    return numbers


def values(array: Any) -> list[Any]:
    """What numbers that count amount to, row by row."""
    return [each.value for each in np.asarray(array).ravel()]


def recursion(
    parameters: Mapping[str, Any], inside: Sequence[Any], dy: Any
) -> Iterator[tuple[Any, Any, Any]]:
    """∂C/∂W_l, ∂C/∂b_l = δ_l and ∂C/∂a_{l−1} of a chain of sigmoids, from the last layer to the first.

    Args:
        parameters: W_1, ..., W_L.
        inside: a_0, ..., a_L, (1, n_l) each.
        dy: the derivative of the loss by a_L, (1, n_L).
    """
    for layer in range(len(inside) - 1, 0, -1):
        delta = dy * (inside[layer] * (1 - inside[layer]))
        dy = delta @ parameters[f"W_{layer}"]
        yield delta.T @ inside[layer - 1], delta, dy


def of_numbers_that_count(
    parameters: Mapping[str, Any], inside: Sequence[Any], dy: Any
) -> tuple[list[tuple[list[Any], ...]], int]:
    """What the recursion gives, and how many multiplications it took."""
    made: list[str] = []
    found = recursion(
        {name: counted(W, made) for name, W in parameters.items()},
        [counted(a, made) for a in inside],
        counted(dy, made),
    )
    return [tuple(values(part) for part in layer) for layer in found], len(made)


growing = claim(
    "DEP-06",
    title="Written out, the derivative grows exponentially with depth; back-propagation does not",
    says="Already the derivative by one weight of so simple a network is this complicated.",
    statement="""
        With L layers of n units the derivative by a weight of the first layer is a sum of n^(L−1)
        products. From the activations, reverse mode gives the derivatives by all weights, all biases and
        the input with two multiplications for each weight and each bias.
    """,
    equation="""
        terms of ∂E/∂w_1 = n^(L−1)
        δ_l = a_l ⊙ (1 − a_l) ⊙ W_{l+1}ᵀ δ_{l+1},   ∂E/∂W_l = δ_l a_{l−1}ᵀ,   ∂E/∂b_l = δ_l
        multiplications = Σ_l 2 n_l (n_{l−1} + 1) = 2 · parameters
    """,
    verdict=HOLDS,
    because="""
        A path chooses one of n units in each of the L − 1 later layers. But all paths that meet in
        a unit share everything above it. Back-propagation adds up what they share, in δ, before it
        goes on downwards: each weight is multiplied once with δ for the layer below, and each δ
        once with every input of its unit; that makes two a weight. And each unit has one product in its
        slope a(1 − a) and one of that slope with what arrives: two for its bias. The first layer can do
        without what is sent down to the input, so that a chain 1-1-1 takes seven multiplications in the
        place of eight.
    """,
    sources=[D0("1.1")],
    rests_on=SAMPLED,
    see=["DEP-05", "DEP-07", "ACT-26"],
)


@growing.law(needs=["chain", "chain_vjp"])
def two_multiplications_a_parameter(impl: Subject, hold: Hold, net: Sigmoids) -> None:
    """The recursion for δ gives every gradient, and its multiplications are counted as they are made."""
    dy, got = np.array([LOSS[: net.chain.outputs]]), gradients(impl, net, LOSS[: net.chain.outputs])
    weights = {name: W for name, W in net.parameters.items() if name.startswith("W")}
    found, made = of_numbers_that_count(weights, activations(impl, net), dy)
    for layer, (dW, db, _) in zip(range(net.depth, 0, -1), found, strict=True):
        hold.equal(got[f"W_{layer}"].ravel(), dW, f"∂C/∂W_{layer}")
        hold.equal(got[f"b_{layer}"], db, f"∂C/∂b_{layer}")
    hold.equal(got["x"][0], found[-1][2], "∂C/∂x")
    parameters = sum(link.outputs * (link.inputs + 1) for link in net.chain.links)
    hold.exactly(made, 2 * parameters, "multiplications")


@growing.law(needs=["chain_vjp"])
def answered_at_any_depth(impl: Subject, hold: Hold, depth: Depth) -> None:
    """Through up to 64 layers of two units, and so along 2^63 paths, which nobody could enumerate.

    With weights of 2 at z = 0 every factor is 1/2, and each layer passes on the gradient as it is.
    """
    got = gradients(impl, all_alike(2, depth, 2.0), 1.0)
    hold.equal(got["x"], 1, "∂C/∂x")
    hold.equal(4 * got["b_1"], 1, "4 ∂C/∂b_1")


@growing.law(about=About.MATHEMATICS)
def as_many_terms_as_paths(impl: Subject, hold: Hold, width: FewUnits, depth: FewLayers) -> None:
    """Enumerated: n units a layer make n^(L−1) products."""
    inside = [np.ones(width)] * (depth + 1)
    found = list(paths(all_alike(width, depth).parameters, inside, inside[1:], inside[-1], 1))
    hold.exactly(len(found), width ** (depth - 1), "terms of ∂C/∂W_1[1, 1]")


@growing.proof
def terms_outgrow_weights(prove: Prove) -> None:
    """n^(L−1) terms, L n² weights without biases; of two units a layer more terms from L = 6 on."""
    n, L = prove.sizes("n L")
    prove.closed_form(lambda k: n ** (k - 1), first=1, then=lambda k, terms: n * terms)
    weights = prove.count_in_depth(_square, "n", "L")
    prove.identical(weights, L * n**2)
    prove.by_induction(lambda k: 2 ** (k - 1) > 4 * k, start=6)


@growing.proof
def traced_recursion(prove: Prove) -> None:
    """Counted in networks of one to three layers, whose derivatives the recursion gives.

    A layer of n units with m inputs takes n multiplications for its slopes, n for δ, m n for its
    gradients and as many for what it sends down: two for each of its m n weights and n biases.
    """
    for sizes in ((1, 1), (3, 2), (1, 1, 1), (2, 2, 2), (1, 2, 2, 1)):
        net = prove.chain(*(Dense(m, n, "sigmoid") for m, n in pairwise(sizes)))
        inside, dy = [net.inputs, *_inside(prove, net)], prove.symbols("c1 c2")[: sizes[-1]]
        weights = {name: W for name, W in net.parameters.items() if name.startswith("W")}
        found, made = of_numbers_that_count(weights, inside, prove.matrix([list(dy)]))
        loss = (dy * inside[-1][0]).sum()
        for layer, (dW, db, _) in zip(range(len(sizes) - 1, 0, -1), found, strict=True):
            for name, gradient in (("W", dW), ("b", db)):
                derivative = prove.derivative(loss, net.parameters[f"{name}_{layer}"])
                prove.identical(gradient, list(derivative.ravel()))
        prove.identical(found[-1][2], list(prove.derivative(loss, net.inputs).ravel()))
        prove.identical(made, 2 * sum(n * (m + 1) for m, n in pairwise(sizes)))
    m, n = prove.sizes("m n")
    prove.identical(n + n + m * n + m * n, 2 * (m * n + n))


def _square(n: int, L: int) -> Chain:
    """L layers of n units that read n inputs, without biases."""
    return Chain(tuple(Dense(n, n, "sigmoid", bias=False) for _ in range(L)))
