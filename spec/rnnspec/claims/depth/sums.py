"""What the short version of the gradient leaves out: the sum over paths."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import MEASURED, REFUTED, claim
from rnnspec.claims.depth.layers import DY, INPUTS, Sigmoids, all_alike, gradients, square_of_a_norm
from rnnspec.evidence import INF, Enclose, Enclosed, Functions, Lab, Outcome, Prove, Start
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, arrays, wholes
from rnnspec.subject import Array, Subject

Width = Annotated[int, wholes(1, 6)]
Depth = Annotated[int, wholes(1, 6)]
PowerOfTwo = Annotated[int, wholes(0, 5)]
FewLayers = Annotated[int, wholes(1, 4)]

# ------------------------------------------------------------------------------------------
sums = claim(
    "DEP-07",
    title="The sum over paths matters: it can make small factors explode, and large ones cancel",
    says="""
        To see why gradients vanish or explode one need not look at the sums over paths; only the
        products along each path matter.
    """,
    statement="""
        The gradient of a lower layer is as large as the factors |w σ'| on a path make it, whatever
        the width; and it is 0 only if some factor is.
    """,
    equation="""
        all w = 1, all z = 0, n units a layer:  ∂C/∂x = (n/4)^L ∂C/∂y
        all w = ±1, rows orthogonal, all z = 0:  ‖∂C/∂x‖ = (√n/4)^L ‖∂C/∂y‖
        δ_1 w_5 + δ_2 w_7 = 0  ⇒  ∂E/∂w_1 = 0
    """,
    verdict=REFUTED,
    because="""
        n^(L−1) paths add up. With weights of 1 and slopes of 1/4 every factor is 1/4, yet a layer
        of n units multiplies the gradient by n/4: it vanishes below four units, keeps its size with
        four, and explodes from five on, 1.25^50 being 70 065. With weights of both signs, so that terms
        cancel, a layer can still multiply it by √n/4. And the two terms of ∂E/∂w_1 can cancel
        altogether although no factor in them is 0. What bounds the gradient is not the largest weight
        but the spectral norm of the weights, which sums over paths; it can be n times as large.

        Of independent weights from N(0, 1) without biases, the mean square of a gradient is multiplied by
        the mean-field gain χ(n) in each of many wide layers (a result of mean-field theory, which is not
        derived here), and this gain passes 1 between n = 103 and n = 104. In networks drawn, of forty
        layers, a typical gradient does worse: the mean logarithm of its growth a layer lies below
        ½ ln χ(n), by 0.12 at 10 units, 0.05 at 50, 0.03 at 100 and about 0.02 at 200 and 300, since the
        mean of a logarithm is below the logarithm of the mean, and the more so the fewer the units. So it
        is still below 0 at n = 104, where the gain is above 1, and passes 0 further up.
    """,
    corrected="""
        ‖J_l‖₂ ≤ ‖W_l‖₂/4 for the Jacobian J_l of a sigmoid layer, and ‖W‖₂ of n × n weights may reach
        n max|w|. For independent weights from N(0, 1) without biases the mean-field gain
        χ(n) = n E σ'(√q Z)², with q = n E σ(√q Z)², passes 1 between n = 103 and n = 104. In networks
        drawn the mean ln growth a layer rises with the width, is negative up to n = 104 and positive from
        n = 200 on.
    """,
    sources=[D0("1.2")],
    rests_on=MEASURED,
    floats="Nothing is rounded in the networks at z = 0 until (n/4)^L is no longer a number of the format.",
    see=["DEP-04", "DEP-06", "DEP-16", "RNN-21", "LGR-09"],
)


@sums.as_stated(needs=["chain_vjp"])
def as_small_as_on_one_path(impl: Subject, hold: Hold, width: Width, depth: Depth) -> None:
    """With every |w σ'| = 1/4, ∂C/∂b_1 is at most 4^−L, however wide the layers are."""
    net = all_alike(width, depth)
    hold.at_most(abs(gradients(impl, net, 1.0)["b_1"]), 0.25**depth, "|∂C/∂b_1|")


@sums.witness(of=as_small_as_on_one_path)
def two_layers_of_two_units() -> Mapping[str, Any]:
    """Two units in each of two layers: 2/4 · 1/4 = 1/8, and not 1/16."""
    return {"width": 2, "depth": 2}


@sums.as_stated(needs=["chain_vjp"])
def zero_only_with_a_factor(
    impl: Subject,
    hold: Hold,
    factors: Annotated[Array, arrays(2, 2, unit=0.5, where=lambda factors: bool(factors.all()))],
) -> None:
    """If no factor on either path is 0, neither is the gradient of w_1."""
    hold.given(bool(factors.all()), "no factor is 0")
    dy, w = factors
    hold.strictly_less(0, abs(gradients(impl, _fork(w), dy)["W_1"]), "|∂E/∂w_1|")


@sums.witness(of=zero_only_with_a_factor)
def two_paths_that_cancel() -> Mapping[str, Any]:
    """w_5 = w_7 = 1 and both outputs 1/2, for the targets 0 and 1."""
    return {"factors": np.array([[0.5, -0.5], [1.0, 1.0]])}


@sums.law(needs=["chain_vjp"])
def n_quarters_a_layer(impl: Subject, hold: Hold, width: Width, depth: Depth) -> None:
    """n equal weights of 1 at slope 1/4 multiply the gradient by n/4 a layer."""
    got = gradients(impl, all_alike(width, depth), 1.0)
    hold.equal(got["x"], Fraction(width, 4) ** depth, "∂C/∂x")
    hold.equal(got["b_1"], Fraction(width, 4) ** (depth - 1) / 4, "∂C/∂b_1")


@sums.law(needs=["chain_vjp"])
def root_of_n_with_both_signs(impl: Subject, hold: Hold, power: PowerOfTwo, depth: FewLayers) -> None:
    """n weights of 1 and −1, in rows orthogonal to each other, multiply its length by √n/4 a layer."""
    width = 2**power
    dy = np.eye(width)[0]
    back = gradients(impl, _hadamard(power, depth), dy)["x"]
    hold.equal((back * back).sum(), Fraction(width, 16) ** depth, "|∂C/∂x|²")


@sums.law(needs=["chain_vjp"])
def cancels(impl: Subject, hold: Hold, factors: Annotated[Array, arrays(2, 2, unit=0.25)]) -> None:
    """Of two paths from w_1 the gradient is the sum: it vanishes when the two are opposite."""
    dy, w = factors
    opposite = np.array([dy[0] * w[1], -dy[0] * w[0]])
    hold.equal(gradients(impl, _fork(w), dy)["W_1"], (dy * w).sum() / 32, "∂E/∂w_1")
    hold.equal(gradients(impl, _fork(w), opposite)["W_1"], 0, "∂E/∂w_1 of two opposite paths")


@sums.law(needs=["chain_vjp"])
def within_the_product_of_norms(impl: Subject, hold: Hold, net: Sigmoids) -> None:
    """|∂C/∂x| ≤ |∂C/∂y| ∏ ‖W_l‖/4, with the spectral norm of each layer."""
    dy = np.array(DY[: net.chain.outputs])
    bound = prod(square_of_a_norm(net.parameters[f"W_{layer + 1}"]) / 16 for layer in range(net.depth))
    squares = (gradients(impl, net, dy)["x"] ** 2).sum()
    hold.at_most(squares, bound * Fraction(float((dy**2).sum())), "|∂C/∂x|²")


@sums.proof
def norm_of_a_layer(prove: Prove) -> None:
    """The traced layer sends v back to Wᵀ(σ' ⊙ v), and ‖σ' ⊙ v‖ ≤ ‖v‖/4: so ‖J‖ ≤ ‖W‖/4."""
    net, v = prove.chain(Dense(2, 2, "sigmoid")), prove.symbols("v1 v2")
    (y,) = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, v[np.newaxis]).inputs[0]
    prove.identical(back, net.parameters["W_1"].T @ (y * (1 - y) * v))
    slopes = prove.symbols("s1 s2", at_least=0, at_most=Fraction(1, 4))
    (s,) = prove.symbols("s")
    prove.valid(s * (1 - s) <= Fraction(1, 4))
    prove.valid(((slopes * v) ** 2).sum() <= (v**2).sum() / 16)


@sums.enclosure
def five_units_for_fifty_layers(enclose: Enclose) -> None:
    """1.25^50 = 7.0 · 10^4, where every path has 0.25^50."""
    enclose.value(lambda f: f.number("1.25") ** 50, "7.0e4")


@sums.enclosure
def gain_of_wide_layers(enclose: Enclose) -> None:
    """χ(103) < 1 < χ(104), where q = n E σ(√q Z)² is the variance of the pre-activations.

    As σ² and its mirror image add up to 1 − 2σ', the right side is n (1/2 − E σ'(√q Z)). In u = z²
    the slope is convex: its second derivative has the sign of z σ''' − σ'', where σ''' = σ'(1 − 6σ')
    and σ'' = σ'(1 − 2σ). So the right side is concave in q, positive for q = 0, and meets q once. The
    gain falls with √q: of this a lower bound will do with 103 units, and an upper one with 104.
    """
    enclose.holds(
        lambda f, z: z * (1 - 6 * f.slope("sigmoid", z)) > 1 - 2 * f.activation("sigmoid", z),
        touching=[0],
        z=(0, INF),
    )
    low, high = Fraction("6.754311"), Fraction("6.789117")
    enclose.holds(lambda f: 103 * _mean_square(f, "activation", low) > low**2)
    enclose.holds(lambda f: 104 * _mean_square(f, "activation", high) < high**2)
    enclose.value(lambda f: 103 * _mean_square(f, "slope", low), "0.99996")
    enclose.value(lambda f: 104 * _mean_square(f, "slope", high), "1.00464")


def _mean_square(f: Functions, of: str, r: Fraction) -> Enclosed:
    """E σ(r Z)², or E σ'(r Z)², for a standard normal Z."""
    return f.mean_of_normal(lambda g, z: getattr(g, of)("sigmoid", r * z) ** 2)


def _hadamard(power: int, depth: int) -> Feedforward:
    """2^power units a layer with Sylvester's matrix for weights, and z = 0: nothing is rounded."""
    W = np.ones((1, 1))
    for _ in range(power):
        W = np.block([[W, W], [W, -W]])
    chain = Chain(tuple(Dense(len(W), len(W), "sigmoid") for _ in range(depth)))
    own = {"W": W, "b": -W.sum(axis=1) / 2}
    return Feedforward(
        chain, {name: own[name[0]] for name in chain.parameter_shapes}, np.full((1, len(W)), 0.5)
    )


def _fork(w: Array) -> Feedforward:
    """One hidden unit that two outputs read with the weights w; all z = 0, and w_1 reads 1/2."""
    chain = Chain((Dense(1, 1, "sigmoid"), Dense(1, 2, "sigmoid")))
    parameters = {
        "W_1": np.ones((1, 1)),
        "b_1": np.array([-0.5]),
        "W_2": w[:, np.newaxis],
        "b_2": -w / 2,
    }
    return Feedforward(chain, parameters, np.full((1, 1), 0.5))


# ------------------------------------------------------------------------------------------
DEEP, WIDE_DEEP = 40, 10
"""Layers, and how many of wide ones, which take long and leave no doubt."""
SHRINKING, GROWING = (1, 10, 50, 100, 104), (200, 300)
ABOVE_THE_GAIN = 10
"""From so many units on a mean over many wide layers says something of a network."""


@sums.experiment
def growth_by_width(lab: Lab) -> Outcome:
    """ln growth a layer of one random cotangent, of seven widths, and how far it is from the mean field."""
    growth = {}
    for n in SHRINKING + GROWING:
        layers = DEEP if n in SHRINKING else WIDE_DEEP
        growth[n] = lab.gradient_growth(_drawn(n, layers), Start("normal"), 1, INPUTS) / layers
    means = {n: lab.mean(f"ln growth a layer, {n} units", each) for n, each in growth.items()}
    wider = [n for n in growth if n != 104]
    rises = [
        lab.difference(f"the same, {n} units − {m} units", growth[n], growth[m]) for m, n in pairwise(wider)
    ]
    off = {
        n: lab.mean(f"the same − ½ ln χ(n), {n} units", each - _half_log_gain(lab, n))
        for n, each in growth.items()
        if n >= ABOVE_THE_GAIN
    }
    as_said = [
        *(means[n].below(0) for n in SHRINKING),
        *(means[n].above(0) for n in GROWING),
        *(each.above(0) for each in rises),
        *(off[n].below(0) for n in off if n <= SHRINKING[-1]),
    ]
    return Outcome(
        "supported" if all(as_said) else "not supported",
        [*means.values(), *rises, *off.values()],
        f"gradients shrink with up to {SHRINKING[-1]} units, at {SHRINKING[-1]} against the mean-field gain, "
        f"and grow from {GROWING[0]} on; the wider, the more",
        settled=all(as_said),
    )


def _drawn(width: int, layers: int) -> Chain:
    return Chain(tuple(Dense(width, width, "sigmoid", bias=False) for _ in range(layers)))


def _half_log_gain(lab: Lab, width: int) -> float:
    """½ ln χ(n), by the trapezoidal rule; q by iteration, which contracts: its right side is concave."""
    z = np.linspace(-10, 10, 2001)
    weight = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()
    q = width / 4
    for _ in range(50):
        s = lab.activation("sigmoid", np.sqrt(q) * z)
        q = width * float(weight @ (s * s))
    return float(np.log(width * (weight @ (s * (1 - s)) ** 2)) / 2)
