"""Batch norm in deep networks: whether gradients explode or vanish."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import factorial
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, MEASURED, REFUTED, About, claim
from rnnspec.claims.remedies.batch_norm import Batch, Cotangents, normed, scaled, varied
from rnnspec.evidence import Enclose, Lab, Measurement, Outcome, Prove, Start
from rnnspec.hold import Hold
from rnnspec.protocol import BatchNorm, Chain, Dense
from rnnspec.sources import D0, D3
from rnnspec.strategies import arrays, reals
from rnnspec.subject import Array, Subject

MANY = "the batch has more than two distinct members"
SCALED = "no scale γ is 0"
RANDOM = "the weights are random, as at the beginning"

Values = Annotated[Array, arrays((2, 4), 1, low=-2, high=2, unit=1 / 4, where=varied)]
Close = Annotated[Array, arrays((3, 5), 1, low=-1, high=1, unit=1 / 64, where=varied)]
Cotangent = Annotated[Array, arrays(5, 1, low=-2, high=2, unit=1 / 8)]
Slope = Annotated[float, reals(-2, 2, unit=1 / 2)]
Weight = Annotated[float, reals(-2, 2, unit=1 / 2)]
Pair = Annotated[Array, arrays(2, 2, low=-2, high=2, unit=1 / 4, where=varied)]
Weights = Annotated[Array, arrays(2, 2, low=-1, high=1, unit=1 / 4)]
Affine = Annotated[float, reals(1 / 2, 2, unit=1 / 4)]


def growth(kind: str, gamma: Fraction = Fraction(1), beta: Fraction = Fraction(0)) -> Any:
    """γ² E φ'(γZ + β)² / Var φ(γZ + β): the factor of a wide layer with random weights."""

    def mean(of: Any) -> Any:
        return lambda f: f.mean_of_normal(lambda f, z: of(f, gamma * z + beta))

    squared_slope = mean(lambda f, z: f.slope(kind, z) ** 2)
    first, second = mean(lambda f, z: f.activation(kind, z)), mean(lambda f, z: f.activation(kind, z) ** 2)
    return lambda f: gamma**2 * squared_slope(f) / (second(f) - first(f) ** 2)


WIDTH, DEPTH = 64, 10
EPSILON = 2.0**-20


def growth_of_gradients(lab: Lab, kind: str, batch_norm: bool) -> Measurement:
    """ln of the factor of the squared gradient, a layer: ten layers of 64 units, a batch of 16."""
    layer = (Dense(WIDTH, WIDTH, kind), BatchNorm(WIDTH, EPSILON))
    chain = Chain(layer[: 1 + batch_norm] * DEPTH)
    grown = 2 * lab.gradient_growth(chain, Start("normal", WIDTH**-0.5)) / DEPTH
    return lab.mean(f"{kind}, {'with' if batch_norm else 'without'} batch norm: ln factor a layer", grown)


# ------------------------------------------------------------------------------------------
solves = claim(
    "REM-23",
    title="Batch norm does not bound gradients: with random weights they grow with the depth",
    says="Batch norm essentially solves the problem of gradients in back-propagation.",
    statement="Deep networks with batch norm have bounded gradients.",
    equation="""
        squared gradient, per layer:  E φ'(Z)² / Var φ(Z) ≥ 1,  Z ~ N(0, 1);   = 1 only for affine φ
        sigmoid 1.0336,  tanh 1.1778,  ReLU π/(π − 1) = 1.466942207
    """,
    verdict=REFUTED,
    because="""
        Dividing by the deviation σ multiplies the gradient by 1/σ, without any bound as σ becomes
        small. In a wide network with large batches and random weights, pre-activations are standard
        normal after each norm; a layer multiplies the squared gradient by E φ'(Z)², and the norm
        after it by 1/Var φ(Z). (This is mean-field theory, of Yang et al. 2019; it is not derived
        here but measured, at 64 units and a batch of 16, where the factors are somewhat larger.)
        By Poincaré's inequality for the normal distribution the product is
        never below 1, and more than 1 unless φ is affine: of a function with Hermite coefficients
        a_k the one is Σ k·k! a_k² and the other Σ k! a_k². So such networks explode, if slowly:
        with ReLU fifty layers make gradients 14,000 times as long.
    """,
    corrected="""
        At random initialisation, wide and with large batches, each layer multiplies the mean
        squared gradient by E φ'(Z)²/Var φ(Z) ≥ 1. Through one batch norm, ‖∂E/∂x‖ ≤ (∣γ∣/σ) ‖∂E/∂y‖
        (REM-21), and of more than two members no better bound holds.
    """,
    sources=[D0("1.3, solution 4"), D3("introduction"), D3("6.10")],
    rests_on=MEASURED,
    see=["REM-21", "REM-30"],
)


@solves.as_stated(needs=["chain_vjp"])
def ten_times_at_most(impl: Subject, hold: Hold, x: Close, dy: Cotangent) -> None:
    """The gradient that leaves a batch norm is at most ten times as long as the one that enters."""
    back = impl.chain_vjp(normed(1), scaled(1), x, dy[: len(x)]).inputs
    hold.at_most((back * back).sum(), 100 * (dy[: len(x)] ** 2).sum(), "‖∂E/∂x‖² ≤ 100 ‖∂E/∂y‖²")


@solves.witness(of=ten_times_at_most)
def three_members_close_together() -> Mapping[str, Any]:
    """x = (−1, 0, 1)/64: σ = 1/78.4, and of (1, −2, 1) all is multiplied by 78.4."""
    return {"x": np.array([[-1.0], [0], [1]]) / 64, "dy": np.array([[1.0], [-2.0], [1.0]])}


@solves.law(needs=["chain_vjp"], about=About.MATHEMATICS)
def attained_orthogonally(impl: Subject, hold: Hold, a: Affine, b: Affine) -> None:
    """On (−a, 0, 0, a) the gradient b(1, −1, −1, 1) is multiplied by 1/σ, σ² = a²/2."""
    x, dy = np.array([[-a], [0], [0], [a]]), b * np.array([[1.0], [-1], [-1], [1]])
    back = impl.chain_vjp(normed(1), scaled(1), x, dy).inputs
    hold.equal(back * back * a**2 / 2, dy**2, "σ² (∂E/∂x)² = (∂E/∂y)²")


@solves.proof
def poincare_in_hermite_coefficients(prove: Prove) -> None:
    """For every polynomial of degree 5: E φ'² − Var φ = Σ (k − 1) k! a_k², which is 0 iff φ is affine.

    Means over the normal distribution by parts, E Z^{k+2} = (k + 1) E Z^k. Polynomials are dense, so
    the inequality holds for every φ for which both sides have a meaning.
    """
    degree, a = 5, prove.symbols("a0 a1 a2 a3 a4 a5")
    moments = [1, 0]
    for k in range(2 * degree):
        moments.append((k + 1) * moments[k])

    def mean(p: Any) -> Any:
        return sum(c * moment for c, moment in zip(p, moments, strict=False))

    def square(p: Any) -> Any:
        return [
            sum(p[i] * p[k - i] for i in range(len(p)) if 0 <= k - i < len(p)) for k in range(2 * len(p) - 1)
        ]

    hermite = [[1], [0, 1]]
    for k in range(1, degree):
        last, before = [0, *hermite[k]], [*hermite[k - 1], 0, 0]
        hermite.append([c - k * d for c, d in zip(last, before, strict=True)])
    phi = [sum(a[k] * h[i] for k, h in enumerate(hermite) if i < len(h)) for i in range(degree + 1)]
    slope = [i * c for i, c in enumerate(phi)][1:]
    missing = mean(square(slope)) - (mean(square(phi)) - mean(phi) ** 2)
    excess = sum((k - 1) * factorial(k) * a[k] ** 2 for k in range(2, degree + 1))
    prove.identical(missing, excess)
    prove.valid(excess >= 0)
    prove.valid(prove.implies(excess == 0, prove.all_of(*(a[k] == 0 for k in range(2, degree + 1)))))


@solves.enclosure
def growth_of_a_layer(enclose: Enclose) -> None:
    """The factors of sigmoid and tanh."""
    enclose.value(growth("sigmoid"), "1.0336")
    enclose.value(growth("tanh"), "1.1778")


@solves.enclosure
def growth_of_a_layer_of_relu(enclose: Enclose) -> None:
    """That of ReLU is π/(π − 1), so that fifty layers make gradients 14,000 times as long at least."""
    enclose.value(growth("relu"), "1.4669")
    enclose.value(lambda f: f.pi / (f.pi - 1), "1.466942207")
    enclose.holds(lambda f: (f.pi / (f.pi - 1)) ** 25 > 14000)


@solves.experiment
def growth_in_networks_of_some_width(lab: Lab) -> Outcome:
    """Ten layers of 64 units with random weights and batch norm: gradients grow, whatever is in between."""
    rows = [growth_of_gradients(lab, kind, batch_norm=True) for kind in ("sigmoid", "tanh", "relu")]
    return Outcome(
        "supported" if all(row.above(0) for row in rows) else "not supported",
        rows,
        f"a layer multiplies the squared gradient by {', '.join(f'{np.exp(row.value):.2f}' for row in rows)}",
        settled=all(row.above(0) for row in rows) or any(row.below(0) for row in rows),
    )


# ------------------------------------------------------------------------------------------
avoids = claim(
    "REM-30",
    title="Batch norm keeps gradients from vanishing at the start, if batches are not of two",
    says="Batch norm makes gradients larger and so avoids that they vanish.",
    statement="Through layers with batch norm, gradients do not vanish.",
    equation="""
        γ² E φ'(γZ + β)² / Var φ(γZ + β) ≥ 1   (γ ≠ 0)
        sigmoid: 1.0336 per layer, and 0.0557 without batch norm
        a batch of two distinct members, ε = 0:  the gradient below is 0
    """,
    verdict=CONDITIONAL,
    because="""
        With random weights, wide layers and large batches the squared gradient is multiplied by at
        least 1 at every layer, for every activation (REM-23): not since slopes become larger
        (REM-21), but since the norm divides by the deviation of what the activation has left. There
        is no guarantee afterwards: weights learn, and a layer whose weights or whose γ are 0 passes
        nothing on. And a batch of two becomes ±1, whatever its members are: what comes out depends
        on their order only, and nothing at all comes back, from the first step on. The same happens
        where of more members only two are distinct.
    """,
    conditions=(RANDOM, SCALED, MANY),
    sources=[D0("1.3, solution 4"), D3("introduction"), D3("6.10")],
    rests_on=MEASURED,
    floats="What is 0 because terms cancel is so up to rounding; a factor of 0 is exact.",
    see=["REM-21", "REM-23"],
)


def _network(weight: float, gamma: float) -> tuple[Chain, dict[str, Array]]:
    """x → batch norm → weight · tanh: one unit a layer."""
    chain = Chain((BatchNorm(1), Dense(1, 1, "tanh")))
    return chain, {**scaled(1, gamma), "W_2": np.array([[weight]]), "b_2": np.zeros(1)}


@avoids.as_stated(needs=["chain_vjp"])
def a_millionth_arrives(
    impl: Subject, hold: Hold, x: Values, dy: Cotangent, gamma: Slope, weight: Weight
) -> None:
    """Of a gradient through tanh and a batch norm at least a millionth arrives."""
    dy = dy[: len(x)]
    hold.given(bool(np.any(dy)), "there is no gradient")
    back = impl.chain_vjp(*_network(weight, gamma), x, dy).inputs
    hold.at_most(1e-6 * np.abs(dy).sum(), abs(back).sum(), "10⁻⁶ Σ|dy| ≤ Σ|dx|")


@avoids.necessity(of=a_millionth_arrives, condition=RANDOM)
def a_weight_that_has_become_zero() -> Mapping[str, Any]:
    """w = 0 above the norm: nothing comes back."""
    return {"x": np.array([[0.0], [1], [2]]), "dy": np.array([[1.0], [-1], [1]]), "gamma": 1.0, "weight": 0.0}


@avoids.necessity(of=a_millionth_arrives, condition=SCALED)
def a_scale_that_has_become_zero() -> Mapping[str, Any]:
    """γ = 0: nothing comes back."""
    return {"x": np.array([[0.0], [1], [2]]), "dy": np.array([[1.0], [-1], [1]]), "gamma": 0.0, "weight": 1.0}


@avoids.necessity(of=a_millionth_arrives, condition=MANY)
def a_batch_of_two() -> Mapping[str, Any]:
    """Two members become ±1, whatever they are: nothing comes back."""
    return {"x": np.array([[0.0], [1.0]]), "dy": np.array([[1.0], [-1.0]]), "gamma": 1.0, "weight": 1.0}


@avoids.law(needs=["chain_vjp"])
def nothing_through_a_batch_of_two(impl: Subject, hold: Hold, x: Pair, dy: Pair, gamma: Slope) -> None:
    """A batch of two passes no gradient back, nor does one of which only two members are distinct.

    In the latter, equal members have equal gradients at the output, as they have in a network.
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
def ten_layers_with_and_without(lab: Lab) -> Outcome:
    """Ten layers of 64 sigmoid units with random weights: gradients vanish, and with batch norm do not."""
    rows = [growth_of_gradients(lab, "sigmoid", batch_norm) for batch_norm in (True, False)]
    with_it, without = rows
    return Outcome(
        "supported" if with_it.above(0) and without.below(-2) else "not supported",
        rows,
        f"a layer multiplies the squared gradient by {np.exp(with_it.value):.2f}, and by "
        f"{np.exp(without.value):.4f} without batch norm",
        settled=(with_it.above(0) and without.below(-2)) or with_it.below(0) or without.above(-2),
    )
