"""Batch norm in deep networks: how gradients explode."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import factorial, log
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import MEASURED, REFUTED, About, claim
from rnnspec.claims.remedies.batch_norm import normed, scaled, varied
from rnnspec.claims.remedies.random_layers import LAYERS, growth, growth_of_gradients, layers, passed
from rnnspec.evidence import Enclose, Lab, Outcome, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Activation
from rnnspec.sources import D0, D3
from rnnspec.strategies import arrays, reals, wholes
from rnnspec.subject import Array, Subject

Close = Annotated[Array, arrays((3, 5), 1, low=-1, high=1, unit=1 / 64, where=varied)]
Cotangent = Annotated[Array, arrays(5, 1, low=-2, high=2, unit=1 / 8)]
Affine = Annotated[float, reals(1 / 2, 2, unit=1 / 4)]
Seed = Annotated[int, wholes(0, 255)]
Which = Annotated[int, wholes(0, 2)]
"""Of the activations, in the order of `AT_LEAST`."""

AT_LEAST: Mapping[Activation, Fraction] = {
    "relu": Fraction(7, 5),
    "tanh": Fraction(9, 8),
    "sigmoid": Fraction(1),
}
IN_THE_LIMIT: Mapping[Activation, float] = {"sigmoid": 1.0336, "tanh": 1.1778, "relu": 1.466942207}
ABOVE = 0.03
DEPTH = 8

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
        here but measured, at 128 units and a batch of 128, where the factors are larger by 1 to 3
        percent; by how much falls as the batch grows.)
        By Poincaré's inequality for the normal distribution the product is
        never below 1, and more than 1 unless φ is affine: of a function with Hermite coefficients
        a_k the one is Σ k·k! a_k² and the other Σ k! a_k², both from k = 1. So such networks
        explode, if slowly: with ReLU fifty layers make gradients 14,000 times as long.
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

    Means over the normal distribution by parts, E Z^{k+2} = (k + 1) E Z^k.
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


@solves.proof
def poincare_of_any_degree(prove: Prove) -> None:
    """The same of any φ with E φ² and E φ'² finite, of Hermite coefficients a_k, for all k.

    H_{k+1} = z H_k − H_k' has the derivative (k + 1) H_k, if H_k has k H_{k−1}, as H_1 = z has. With the
    density w, of which w' = −z w, H_{k+1} q w = H_k q' w − (H_k q w)', so that E H_{k+1} q = E H_k q'. Hence
    E H_{k+1} H_j = j E H_k H_{j−1}: two different H are orthogonal, and N_k = E H_k² is k N_{k−1}. And
    E φ' H_{k−1} = E φ H_k = a_k N_k, divided by N_{k−1} k a_k, the coefficient of φ'. That the H_k are
    complete, so that these sums are all of E φ'² and of Var φ, is a theorem of analysis.
    """
    z, k = prove.symbols("z k")
    H, dH, before, d_before, q, dq, w = prove.symbols("H dH before d_before q dq w")
    raised = z * before - d_before  # H_k of H_{k−1}, whose derivatives by the induction are:
    first, second = k * before, k * d_before
    prove.identical(raised + z * first - second, (k + 1) * raised)
    of_the_product = dH * q * w + H * dq * w - H * q * z * w
    prove.identical((z * H - dH) * q * w, H * dq * w - of_the_product)

    (degree,), (a,), (N,) = prove.symbols("n", at_least=1), prove.symbols("a"), prove.symbols("N", above=0)
    slopes, variance = (degree * a) ** 2 * N, a**2 * degree * N  # with N = N_{k−1}, hence k N = N_k
    prove.identical(slopes - variance, (degree - 1) * variance)
    prove.valid(slopes >= variance)
    prove.valid(prove.implies(slopes == variance, prove.any_of(degree == 1, a == 0)))


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


@solves.law(needs=["chain_vjp"])
def gradients_grow_with_the_depth(impl: Subject, hold: Hold, seed: Seed, which: Which) -> None:
    """Eight layers of 16 units, a batch of 16, weights of ±1/4: the squared gradient grows at every seed.

    It grows by 7/5 a layer at least with ReLU, by 9/8 with tanh, and with the sigmoid it does not shrink. So
    it is for each of the 256 seeds, and not for every weights: a unit may be dead for the whole batch.
    """
    kind, factor = list(AT_LEAST.items())[which]
    below, above = passed(impl, layers(kind), seed)
    hold.at_most(factor**LAYERS * above, below, f"{factor}^8 ‖∂E/∂y‖² ≤ ‖∂E/∂x‖², {kind}")


@solves.experiment
def growth_in_networks_of_some_width(lab: Lab) -> Outcome:
    """Eight layers with random weights and batch norm: the factors of the limit, or up to 3 % more."""
    limits = [log(factor) for factor in IN_THE_LIMIT.values()]
    rows = [growth_of_gradients(lab, kind, DEPTH) for kind in IN_THE_LIMIT]
    pairs = list(zip(rows, limits, strict=True))
    near = all(row.above(limit) and row.below(limit + ABOVE) for row, limit in pairs)
    away = any(row.below(limit) or row.above(limit + ABOVE) for row, limit in pairs)
    return Outcome(
        "supported" if near else "not supported",
        rows,
        f"a layer multiplies the squared gradient by {', '.join(f'{np.exp(row.value):.3f}' for row in rows)}",
        settled=near or away,
    )
