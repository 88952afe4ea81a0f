"""Batch norm backward: what it multiplies gradients by, and whether they become larger."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, HOLDS, claim
from rnnspec.claims.remedies.batch_norm import Batch, Cotangents, Scale, deviations, normed, scaled, varied
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import BatchNorm, Chain, Dense
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, arrays, chains, reals
from rnnspec.subject import Array, Numbers, Subject

SATURATED = "before, the whole batch lies where the slope is small (μ ≥ 8, and no member beyond 3σ)"
CLOSE = "it is not spread widely (σ ≤ 1)"

Layer = Annotated[
    Feedforward,
    chains(depth=(1, 1), width=(1, 1), inputs=(1, 3), batch=(1, 2), activations=("sigmoid", "tanh")),
]
Column = Annotated[Array, arrays(2, 1, low=-2, high=2, unit=1 / 8)]
Far = Annotated[float, reals(8, 12, unit=1 / 16)]
Spread = Annotated[float, reals(1 / 2, 15 / 16, unit=1 / 16)]
Members = Annotated[Array, arrays((2, 4), 1, low=-8, high=8, unit=1 / 8, where=varied)]

# ------------------------------------------------------------------------------------------
times_the_weight = claim(
    "REM-18",
    title="Back-propagation through a layer multiplies by its weight and by its slope",
    says="""
        On the way back the gradient is multiplied by the weight of every layer it passes, so that
        the size of w decides whether gradients vanish or explode.
    """,
    statement="With y = f(wᵀx + b), ∂y/∂x = f'(wᵀx + b) w.",
    equation="∂y/∂x = f'(wᵀx + b) w",
    verdict=HOLDS,
    because="""
        This is the chain rule: f' of what f was applied to, times the derivative of wᵀx + b, which is w.
        (The document prints it with indices that do not fit one another; nothing else can be meant.)
        The slope is the other factor, which it leaves out here and treats elsewhere.
    """,
    sources=[D0("1.3, solution 4")],
    floats="A slope computed from the output, times a weight.",
    see=["REM-10", "REM-19", "ACT-02"],
)


@times_the_weight.law(needs=["chain_vjp"])
def slope_times_weight(impl: Subject, hold: Hold, net: Layer, dy: Column) -> None:
    """dx = dy f'(w·x + b) w for every member of a batch, for the sigmoid and for tanh."""
    dense, W, dy = net.chain.links[0], net.parameters["W_1"], dy[: net.batch]
    z = net.x @ W.T + net.parameters["b_1"]  # exact: a few multiples of 2⁻¹⁵
    slope = hold.reference.slope(_kind(dense), z)
    hold.equal(impl.chain_vjp(net.chain, net.parameters, net.x, dy).inputs, (dy * slope) @ W, "∂E/∂x")


def _kind(link: Any) -> str:
    kind: str = link.activation
    return kind


@times_the_weight.proof
def chain_rule(prove: Prove) -> None:
    """Two inputs, with any weights: the derivative of f(wᵀx + b), and what back-propagation returns.

    What further inputs add to wᵀx may be taken to be in b, which is any number.
    """
    for kind in ("sigmoid", "tanh"):
        net = prove.chain(Dense(2, 1, kind))
        W, x = net.parameters["W_1"][0], net.inputs[0]
        slope = prove.slope(kind, W @ x + net.parameters["b_1"][0])
        y = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs[0, 0]
        prove.identical(prove.derivative(y, x), slope * W)
        back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, prove.matrix([[1]]))
        prove.identical(back.inputs[0], slope * W)


# ------------------------------------------------------------------------------------------
sensitive_region = claim(
    "REM-21",
    title="Batch norm makes slopes larger in saturation, and smaller where inputs are centred and spread",
    says="""
        Inputs are brought to where the activation is sensitive; small changes of them then change the
        loss much, gradients become larger, and do not vanish.
    """,
    statement="∣∂(f∘BN)/∂z∣ ≥ ∣f'(z)∣ for the sigmoid f, with mean and deviation of the batch as constants.",
    equation="""
        ∂BN/∂z = (γ/σ) (I − 11ᵀ/m − x̂x̂ᵀ/m),   of norm ∣γ∣/σ and rank m − 2
        batch ±1, ±7 (σ = 5):  f'(1) = 0.1966,  f'(0.2)/5 = 0.0495
        μ ≥ 8, σ ≤ 1, ∣x̂∣ ≤ 3:  f'(x̂)/σ > 6 f'(μ + σx̂)
        z ~ N(10, 1):          the mean slope grows more than a thousandfold
    """,
    verdict=CONDITIONAL,
    because="""
        Bringing z to where the slope is large is one effect, dividing by σ another. In deep
        saturation the first wins by orders of magnitude; for the sigmoid at z around 10 slopes of
        10⁻⁴ become 0.2. But a batch of 8 and 1208, deep in saturation, is divided by 600. Where z is
        centred already with a spread s > 1, slopes grow on the average,
        since E f'(sZ) decreases with s, but less than s: the gradient, divided by s, shrinks.
        Besides, mean and deviation of the batch depend on z, too: what points along 1 or x̂ is
        taken out.
    """,
    conditions=(SATURATED, CLOSE),
    sources=[D0("1.3, solution 4")],
    rests_on=ENCLOSED,
    floats="Sums over the batch; what is 0 in the mathematics is so up to rounding.",
    see=["REM-18", "REM-19", "REM-22"],
)


def _squashed(impl: Subject, z: Array, normalised: bool) -> Numbers:
    """Slopes of σ at z, entry by entry; or of σ after z has been normalised by its mean and variance."""
    dense = Dense(1, 1, "sigmoid")
    parameters = {"W_1": np.ones((1, 1)), "b_1": np.zeros(1)}
    ones = np.ones((len(z), 1))
    if not normalised:
        return impl.chain_vjp(Chain((dense,)), parameters, z, ones).inputs
    chain = Chain((BatchNorm(1, mode="inference"), dense))
    parameters = {"W_2": np.ones((1, 1)), "b_2": np.zeros(1), **scaled(1)}
    statistics = {"mean_1": z.mean(axis=0), "variance_1": z.var(axis=0)}
    return impl.chain_vjp(chain, parameters, z, ones, statistics).inputs


@sensitive_region.as_stated(needs=["chain_vjp"])
def gradients_become_larger(impl: Subject, hold: Hold, z: Members) -> None:
    """Of no member of a batch is the slope of the sigmoid larger without batch norm."""
    hold.at_most(_squashed(impl, z, normalised=False), _squashed(impl, z, normalised=True), "σ'(z)")


@sensitive_region.necessity(of=gradients_become_larger, condition=SATURATED)
def one_at_the_centre() -> Mapping[str, Any]:
    """0 and 2, σ = 1: at 0 the slope was 0.25 and is 0.1966."""
    return {"z": np.array([[0.0], [2.0]])}


@sensitive_region.necessity(of=gradients_become_larger, condition=CLOSE)
def far_apart() -> Mapping[str, Any]:
    """8 and 1208, σ = 600: at 8 the slope was 3.35 10⁻⁴ and is 3.28 10⁻⁴."""
    return {"z": np.array([[8.0], [1208.0]])}


@sensitive_region.law(needs=["chain_vjp"])
def larger_in_saturation(impl: Subject, hold: Hold, mean: Far, spread: Spread) -> None:
    """Of a batch of two around 8 to 12 with σ < 1, every slope becomes a hundred times as large."""
    z = np.array([[mean - spread], [mean + spread]])
    before, after = (_squashed(impl, z, normalised) for normalised in (False, True))
    hold.at_most(100 * before, after, "100 σ'(z) ≤ σ'(ẑ)/σ")


@sensitive_region.law(needs=["chain_vjp"])
def nothing_along_the_ones_and_the_outputs(
    impl: Subject, hold: Hold, x: Batch, dy: Cotangents, gamma: Scale
) -> None:
    """What comes back sums to 0 and is orthogonal to x̂; what points along 1 and x̂ does not come back."""
    m, n = x.shape
    chain, parameters = normed(n), scaled(n, gamma)
    back = impl.chain_vjp(chain, parameters, x, dy[:m, :n]).inputs
    hold.equal(back.sum(axis=0), 0, "Σ ∂E/∂z")
    hold.equal((back * deviations(x)).sum(axis=0), 0, "⟨∂E/∂z, x̂⟩")
    hold.equal(impl.chain_vjp(chain, parameters, x, np.ones((m, n))).inputs, 0, "of the cotangent 1")
    hold.equal(impl.chain_vjp(chain, parameters, x, x).inputs, 0, "of the cotangent μ + σ x̂")


@sensitive_region.law(needs=["chain_vjp"])
def jacobian_of_the_norm(impl: Subject, hold: Hold, x: Batch, dy: Cotangents, gamma: Scale) -> None:
    """∂E/∂z = (γ/σ) (dy − its mean − x̂ ⟨x̂, dy⟩/m), and its length at most ∣γ∣/σ times that of dy.

    And ∂E/∂γ = ⟨x̂, dy⟩, ∂E/∂β = ⟨1, dy⟩.
    """
    m, n = x.shape
    dy = dy[:m, :n]
    pulled = impl.chain_vjp(normed(n), scaled(n, gamma), x, dy)
    back, out = pulled.inputs, deviations(x)
    V = (out**2).sum(axis=0)  # m³ σ²
    kept = V * deviations(dy) - m * out * (out * dy).sum(axis=0)
    hold.equal(back * abs(back) * V**3 * m**2, gamma * abs(gamma) * kept * abs(kept) * m**3, "(∂E/∂z)²")
    hold.at_most(
        (back * back).sum(axis=0) * V, gamma**2 * m**3 * (dy**2).sum(axis=0), "σ² ‖∂E/∂z‖² ≤ γ² ‖dy‖²"
    )
    slope, along = pulled.parameters["gamma_1"], (out * dy).sum(axis=0)
    hold.equal(slope * abs(slope) * V, m * along * abs(along), "(∂E/∂γ)²")
    hold.equal(pulled.parameters["beta_1"], dy.sum(axis=0), "∂E/∂β")


@sensitive_region.proof
def three_members(prove: Prove) -> None:
    """Three members: the derivative is (γ/σ)(I − 11ᵀ/m − x̂x̂ᵀ/m), and its rank is m − 2 = 1.

    Of any number m of members: x̂_k depends on x_k and, with all x_j, on their sum S and the sum Q of their
    squares; dS/dx_j = 1 and dQ/dx_j = 2x_j. With 1·x̂ = 0 and x̂·x̂ = m the bracket takes out two directions.
    """
    net = prove.chain(BatchNorm(1), batch=3, epsilon=0, gamma_1=1, beta_1=0)
    x, dy = net.inputs[:, 0], prove.symbols("d1 d2 d3")
    out = x - x.sum() / 3
    variance = (out**2).sum() / 3
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, dy.reshape(3, 1)).inputs[:, 0]
    prove.identical(back * prove.sqrt(variance), dy - dy.sum() / 3 - out * (out @ dy) / (3 * variance))
    prove.identical(back @ back * variance, dy @ dy - dy.sum() ** 2 / 3 - (out @ dy) ** 2 / (3 * variance))
    rows = prove.derivative(back, dy)
    prove.identical([rows @ np.ones(3, int), rows @ out], [[0, 0, 0], [0, 0, 0]])
    prove.identical(rows.trace() * prove.sqrt(variance), 1)

    (m,), (v,) = prove.symbols("m", at_least=2), prove.symbols("v", above=0)
    mean, x_k, x_j, S, Q = prove.symbols("mu x_k x_j S Q")
    given = {"S": m * mean, "Q": m * (v + mean**2)}
    spread = Q / m - (S / m) ** 2
    # σ dx̂_k/dx_j for k ≠ j, of x̂_k = (x_k − S/m) spread^{−1/2}; for k = j there is a 1 more.
    d_out, d_spread = -1 / m, prove.derivative(spread, S) + 2 * x_j * prove.derivative(spread, Q)
    by_others = prove.at(d_out - (x_k - S / m) * d_spread / (2 * spread), given)
    prove.identical(by_others, -1 / m - (x_k - mean) * (x_j - mean) / v / m)


@sensitive_region.proof
def slopes_and_spread(prove: Prove) -> None:
    """s E f'(sZ) = ∫ f'(u) φ(u/s) du is more than E f'(Z) for s > 1, as φ(u/s) > φ(u), φ being the density.

    So where the spread s becomes 1, the mean slope after batch norm, E f'(Z)/s, is less than E f'(sZ): the
    slopes f' are positive, and u = 0, where the densities agree, has no weight; −u is as u. And E f'(sZ)
    itself decreases with s: f' decreases away from 0 (`two_slopes`), and sz goes away from it for each z ≠ 0.
    """
    (s,), (u,) = prove.symbols("s", above=1), prove.symbols("u", above=0)
    prove.valid(prove.slope("sigmoid") > 0)
    prove.valid(-(u**2) / 2 < -(u**2) / (2 * s**2))
    prove.valid(prove.exp(-(u**2) / 2) < prove.exp(-(u**2) / (2 * s**2)))


def _mean_slope(spread: Fraction, mean: int = 0) -> Any:
    """E f'(mean + spread Z)."""
    return lambda f: f.mean_of_normal(lambda f, z: f.slope("sigmoid", mean + spread * z))


@sensitive_region.enclosure
def two_slopes(enclose: Enclose) -> None:
    """At 1 with σ = 5: 0.1966 and 0.0495; at 5: 0.00665 and 0.0393. And f' decreases from 0 on.

    So with μ ≥ 8, σ ≤ 1 and ∣x̂∣ ≤ 3 the slope was at most f'(5), and is at least f'(3)/σ ≥ f'(3) > 6 f'(5).
    """

    def slope(z: Fraction, divided: int = 1) -> Any:
        return lambda f: f.slope("sigmoid", f.number(z)) / divided

    enclose.value(slope(Fraction(1)), "0.1966")
    enclose.value(slope(Fraction(1, 5), divided=5), "0.0495")
    enclose.value(slope(Fraction(1), divided=5), "0.0393")
    enclose.value(slope(Fraction(5)), "0.00665")
    enclose.decreasing(lambda f, x: f.slope("sigmoid", x), flat=[0], x=(0, INF))
    enclose.holds(lambda f: slope(Fraction(3))(f) > 6 * slope(Fraction(5))(f))


@sensitive_region.enclosure
def mean_slopes(enclose: Enclose) -> None:
    """E f'(sZ) = 0.236, 0.2066, 0.1514 for s = 1/2, 1, 2; N(10, 1) gains more than a thousandfold."""
    for spread, printed in ((Fraction(1, 2), "0.236"), (Fraction(1), "0.2066"), (Fraction(2), "0.1514")):
        enclose.value(_mean_slope(spread), printed)
    standard, far = _mean_slope(Fraction(1)), _mean_slope(Fraction(1), mean=10)
    enclose.holds(lambda f: 1000 * far(f) < standard(f))


@sensitive_region.enclosure
def mean_slopes_of_wide_distributions(enclose: Enclose) -> None:
    """E f'(sZ) = 0.0751 and 0.0393 for s = 5 and 10, and 0.250 for s = 1/100."""
    for spread, printed in ((Fraction(1, 100), "0.250"), (Fraction(5), "0.0751"), (Fraction(10), "0.0393")):
        enclose.value(_mean_slope(spread), printed)
