"""How many paths lead from a weight to the loss, and how many factors each has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from math import prod
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, About, claim
from rnnspec.claims.depth.layers import activations, gradients, sigmoid_slopes
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, chains
from rnnspec.subject import Subject

Sigmoids = Annotated[
    Feedforward,
    chains(depth=(1, 4), width=(1, 3), inputs=(1, 2), batch=(1, 1), activations=("sigmoid",)),
]
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


@counting.law(needs=["chain", "chain_vjp"], about=About.MATHEMATICS)
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
    """a_1, ..., a_L of a chain in symbols."""
    return list(prove.reference.chain(net.chain, net.parameters, net.inputs).inside)


# ------------------------------------------------------------------------------------------
growing = claim(
    "DEP-06",
    title="Written out, the derivative grows exponentially with depth; back-propagation does not",
    says="Already the derivative by one weight of so simple a network is this complicated.",
    statement="""
        With L layers of n units the derivative by a weight of the first layer is a sum of n^(L−1)
        products. Reverse mode gives the derivatives by all weights with at most three
        multiplications a weight.
    """,
    equation="""
        terms of ∂E/∂w_1 = n^(L−1)
        δ_l = σ'(z_l) ⊙ W_{l+1}ᵀ δ_{l+1},   ∂E/∂W_l = δ_l a_{l−1}ᵀ
    """,
    verdict=HOLDS,
    because="""
        A path chooses one of n units in each of the L − 1 later layers. But all paths that meet in
        a unit share everything above it. Back-propagation adds up what they share, in δ, before it
        goes on downwards: each weight is multiplied once with δ for the layer below, and each δ
        once with every input of its unit and once with the slope.
    """,
    sources=[D0("1.1")],
    rests_on=SAMPLED,
    see=["DEP-05", "DEP-07"],
)


@growing.law(needs=["chain", "chain_vjp"], about=About.MATHEMATICS)
def three_multiplications_a_weight(impl: Subject, hold: Hold, net: Sigmoids) -> None:
    """The recursion for δ gives every gradient, with one multiplication a unit and two a weight."""
    inside, slopes = activations(impl, net), sigmoid_slopes(impl, net)
    dy = np.array([LOSS[: net.chain.outputs]])
    got, made = gradients(impl, net, dy), 0
    for layer in range(net.depth, 0, -1):
        W, a, delta = net.parameters[f"W_{layer}"], inside[layer - 1], dy * slopes[layer - 1]
        hold.equal(got[f"W_{layer}"], delta.T @ a, f"∂C/∂W_{layer}")
        dy = delta @ W
        made += delta.size + 2 * W.size
    weights = sum(net.parameters[f"W_{layer}"].size for layer in range(1, net.depth + 1))
    hold.at_most(made, 3 * weights, "multiplications")


@growing.law(about=About.MATHEMATICS)
def as_many_terms_as_paths(
    impl: Subject,
    hold: Hold,
    net: Annotated[
        Feedforward,
        chains(depth=(1, 5), width=(2, 2), inputs=(1, 1), batch=(1, 1), activations=("sigmoid",)),
    ],
) -> None:
    """Enumerated: two units a layer make 2^(L−1) products."""
    inside = [np.ones(1), *(np.ones(link.outputs) for link in net.chain.links)]
    found = list(paths(net.parameters, inside, inside[1:], inside[-1], 1))
    hold.exactly(len(found), 2 ** (net.depth - 1), "terms of ∂C/∂W_1[1, 1]")


@growing.proof
def terms_outgrow_weights(prove: Prove) -> None:
    """n^(L−1) terms, L n² weights without biases; of two units a layer more terms from L = 6 on.

    And a layer of n units with m inputs, for which δ takes n multiplications, its gradients m n and
    what it sends down as many, takes no more than three a weight.
    """
    m, n, L = prove.sizes("m n L")
    prove.valid(n + 2 * m * n <= 3 * m * n)
    prove.closed_form(lambda k: n ** (k - 1), first=1, then=lambda k, terms: n * terms)
    weights = prove.count_in_depth(_square, "n", "L")
    prove.identical(weights, L * n**2)
    prove.by_induction(lambda k: 2 ** (k - 1) > 4 * k, start=6)


def _square(n: int, L: int) -> Chain:
    """L layers of n units that read n inputs, without biases."""
    return Chain(tuple(Dense(n, n, "sigmoid", bias=False) for _ in range(L)))
