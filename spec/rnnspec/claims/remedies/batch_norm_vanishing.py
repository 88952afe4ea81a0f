"""Batch norm in deep networks: why gradients do not vanish at the start, and where they do."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import log
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, MEASURED, claim
from rnnspec.claims.remedies.batch_norm import Batch, Cotangents, normed, scaled, varied
from rnnspec.claims.remedies.random_layers import (
    LAYERS,
    batch,
    growth,
    growth_of_gradients,
    layers,
    passed,
    seeded,
)
from rnnspec.evidence import Enclose, Lab, Outcome, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import BatchNorm, Chain, Dense
from rnnspec.sources import D0, D3
from rnnspec.strategies import arrays, reals, wholes
from rnnspec.subject import Array, Subject

MANY = "the batch has more than two distinct members"
SCALED = "no scale γ is 0"
RANDOM = "the weights and the gradient are random, as at the beginning"

DEPTH = 20

Slope = Annotated[float, reals(-2, 2, unit=1 / 2)]
Weight = Annotated[float, reals(-2, 2, unit=1 / 2)]
Seed = Annotated[int, wholes(0, 63)]
RandomSeed = Annotated[int, wholes(0, 255)]
Members = Annotated[int, wholes(2, 6)]
Pair = Annotated[Array, arrays(2, 2, low=-2, high=2, unit=1 / 4, where=varied)]
Weights = Annotated[Array, arrays(2, 2, low=-1, high=1, unit=1 / 4)]

# ------------------------------------------------------------------------------------------
avoids = claim(
    "REM-30",
    title="Batch norm keeps gradients from vanishing at the start, if batches are not of two",
    says="Batch norm makes gradients larger and so avoids that they vanish.",
    statement="Through layers with batch norm, gradients do not vanish.",
    equation="""
        γ² E φ'(γZ + β)² / Var φ(γZ + β) ≥ 1   (γ ≠ 0)
        sigmoid: 1.0336 per layer, and 0.0557 without batch norm
        a batch (u, v) with u ≠ v, ε = 0:  the gradient below is 0
    """,
    verdict=CONDITIONAL,
    because="""
        With random weights, wide layers and large batches the squared gradient is multiplied by at
        least 1 at every layer, for every activation (REM-23): not since slopes become larger
        (REM-21), but since the norm divides by the deviation of what the activation has left. There
        is no guarantee afterwards: weights learn, and a layer whose weights or whose γ are 0 passes
        nothing on. And a batch of two becomes ±1, whatever its members are: what comes out depends
        on their order only, and nothing at all comes back, from the first step on. The same happens
        where of more members only two are distinct, if equal members have equal gradients, that is,
        equal targets; otherwise their differences come back, divided by σ. And of a single
        gradient all may be lost, in any batch: what lies along 1 or x̂ is (REM-21).
    """,
    conditions=(RANDOM, SCALED, MANY),
    sources=[D0("1.3, solution 4"), D3("introduction"), D3("6.10")],
    rests_on=MEASURED,
    floats="What is 0 because terms cancel is so up to rounding; a factor of 0 is exact.",
    see=["REM-21", "REM-23"],
)


def _network(seed: int, members: int, gamma: float, weight: float) -> tuple[Any, ...]:
    """(norm → five sigmoid units), three times, with random weights; the last of γ and of weights are these.

    And a batch, and a gradient for it. No two members agree in any feature; and an odd number of
    weights of the same size never adds up to 0, so that no norm divides by 0.
    """
    random, chain = (
        np.random.default_rng(seed),
        Chain((BatchNorm(5, 0.0), Dense(5, 5, "sigmoid", bias=False)) * 3),
    )
    parameters: dict[str, Array] = {}
    for place, scale in ((1, 1.0), (3, 1.0), (5, gamma)):
        parameters |= {**scaled(5, scale, place=place), f"W_{place + 1}": seeded((5, 5), random)}
    parameters["W_6"] = weight * parameters["W_6"]
    return chain, parameters, batch(5, random)[:members], batch(5, random)[:members]


@avoids.as_stated(needs=["chain_vjp"])
def a_millionth_arrives(
    impl: Subject, hold: Hold, seed: Seed, members: Members, gamma: Slope, weight: Weight
) -> None:
    """Through three layers of sigmoids with batch norm a millionth of a gradient arrives.

    Of any one gradient this is not so: what lies along 1 or x̂ never comes through a norm. Of the 64 that
    are drawn here together with the weights it is, of each, and for each γ, weight and number of members.
    """
    chain, parameters, x, dy = _network(seed, members, gamma, weight)
    back = impl.chain_vjp(chain, parameters, x, dy).inputs
    hold.at_most(1e-6 * np.abs(dy).sum(), abs(back).sum(), "10⁻⁶ Σ|∂E/∂y| ≤ Σ|∂E/∂x|")


@avoids.necessity(of=a_millionth_arrives, condition=RANDOM)
def a_weight_that_has_become_zero() -> Mapping[str, Any]:
    """All weights of the last layer are 0: nothing comes back."""
    return {"seed": 0, "members": 3, "gamma": 1.0, "weight": 0.0}


@avoids.necessity(of=a_millionth_arrives, condition=SCALED)
def a_scale_that_has_become_zero() -> Mapping[str, Any]:
    """γ = 0 in the last norm: nothing comes back."""
    return {"seed": 0, "members": 3, "gamma": 0.0, "weight": 1.0}


@avoids.necessity(of=a_millionth_arrives, condition=MANY)
def a_batch_of_two() -> Mapping[str, Any]:
    """Two members become ±1, whatever they are: nothing comes back."""
    return {"seed": 0, "members": 2, "gamma": 1.0, "weight": 1.0}


@avoids.law(needs=["chain_vjp"])
def kept_by_the_norm_and_lost_without(impl: Subject, hold: Hold, seed: RandomSeed) -> None:
    """Eight layers of 16 sigmoid units: with norms the squared gradient grows, without it falls below 14^−8.

    So it is for each of the 256 seeds; see REM-23.
    """
    below, above = passed(impl, layers("sigmoid"), seed)
    hold.at_most(above, below, "‖∂E/∂y‖² ≤ ‖∂E/∂x‖² with batch norm")
    below, above = passed(impl, layers("sigmoid", batch_norm=False), seed)
    hold.at_most(below, Fraction(1, 14**LAYERS) * above, "‖∂E/∂x‖² ≤ 14^−8 ‖∂E/∂y‖² without")


@avoids.law(needs=["chain_vjp"])
def nothing_through_a_batch_of_two(impl: Subject, hold: Hold, x: Pair, dy: Pair, gamma: Slope) -> None:
    """A batch of two passes no gradient back, nor does one of which only two members are distinct.

    In the latter, equal members have equal gradients at the output, as they have if their targets are equal.
    """
    for copies in (1, 2):
        back = impl.chain_vjp(
            normed(2), scaled(2, gamma), np.repeat(x, copies, axis=0), np.repeat(dy, copies, axis=0)
        )
        hold.equal(back.inputs, 0, f"∂E/∂x with {2 * copies} members")


@avoids.law(needs=["chain_vjp"])
def nothing_through_a_scale_of_zero(impl: Subject, hold: Hold, W: Weights, x: Batch, dy: Cotangents) -> None:
    """With γ = 0 nothing comes back, to the last bit, and no weight below learns."""
    x = np.repeat(x, 2, axis=1)[:, :2]
    hold.given(varied(x @ W.T), "a unit puts out one value only")
    chain = Chain((Dense(2, 2, bias=False), BatchNorm(2)))
    back = impl.chain_vjp(chain, {"W_1": W, **scaled(2, gamma=0.0, place=2)}, x, dy[: len(x)])
    hold.exactly(back.inputs, 0, "∂E/∂x")
    hold.exactly(back.parameters["W_1"], 0, "∂E/∂W")


@avoids.proof
def two_distinct_members(prove: Prove) -> None:
    """A batch (u, v), and (u, v, u, v) with equal gradients for equal members: ∂E/∂x = 0. With γ = 0 also."""
    u, v, first, second = prove.symbols("u v d e")
    for repeated in (1, 2):
        x = np.array([[u], [v]] * repeated)
        net = prove.chain(BatchNorm(1), batch=2 * repeated, epsilon=0, inputs=x)
        dy = np.array([[first], [second]] * repeated)
        back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, dy)
        prove.identical(back.inputs, np.zeros((2 * repeated, 1), int))
    net = prove.chain(BatchNorm(1), batch=3, epsilon=0, gamma_1=0)
    dy = prove.symbols("d1 d2 d3").reshape(3, 1)
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, dy)
    prove.identical(back.inputs, np.zeros((3, 1), int))


@avoids.proof
def scale_and_shift_make_one_more_activation(prove: Prove) -> None:
    """γφ'(γz + β) is the slope of ψ(z) = φ(γz + β), to which Poincaré's inequality applies as to φ (REM-23).

    So the factor is at least 1 for all γ ≠ 0 and β, and more than 1, since ψ is affine only where φ is.
    """
    gamma, beta, z = prove.symbols("gamma beta z")
    for kind in ("sigmoid", "tanh"):
        moved = prove.derivative(prove.activation(kind, gamma * z + beta), z)
        prove.identical(moved, gamma * prove.slope(kind, gamma * z + beta))


@avoids.enclosure
def at_least_one_with_scale_and_shift(enclose: Enclose) -> None:
    """γ²E φ'(γZ + β)²/Var φ(γZ + β) > 1 for tanh at γ = 2, β = 1/2, for the sigmoid at γ = 1/2, β = −1."""
    half = Fraction(1, 2)
    enclose.holds(lambda f: growth("tanh", Fraction(2), half)(f) > 1)
    enclose.holds(lambda f: growth("sigmoid", half, Fraction(-1))(f) > 1)


@avoids.enclosure
def without_batch_norm(enclose: Enclose) -> None:
    """Sigmoid without a norm, weights of variance 1/n: the squared gradient is multiplied by 0.0557 a layer.

    There pre-activations have the variance q = E σ(√q Z)², which lies between 0.51² and 0.52².
    """
    low, high = Fraction(51, 100), Fraction(52, 100)

    def mean(of: str, spread: Fraction) -> Any:
        return lambda f: f.mean_of_normal(lambda f, z: getattr(f, of)("sigmoid", spread * z) ** 2)

    enclose.holds(lambda f: mean("activation", low)(f) > low**2)
    enclose.holds(lambda f: mean("activation", high)(f) < high**2)
    for printed, spread in (("0.0557", Fraction(5145, 10**4)), ("0.056", low), ("0.056", high)):
        enclose.value(mean("slope", spread), printed)


@avoids.experiment
def twenty_layers_with_and_without(lab: Lab) -> Outcome:
    """Twenty layers of sigmoids: with batch norm a factor of 1.03 to 1.07 a layer, without about 0.056."""
    with_it, without = (growth_of_gradients(lab, "sigmoid", DEPTH, norm) for norm in (True, False))
    kept = with_it.above(log(1.0336)) and with_it.below(log(1.0336) + 0.03)
    lost = without.above(log(0.0557) - 0.03) and without.below(log(0.0557) + 0.03)
    return Outcome(
        "supported" if kept and lost else "not supported",
        [with_it, without],
        f"a layer multiplies the squared gradient by {np.exp(with_it.value):.3f}, and by "
        f"{np.exp(without.value):.4f} without batch norm",
        settled=(kept and lost) or with_it.below(0) or without.above(-2),
    )
