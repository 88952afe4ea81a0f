"""Batch norm forward: what becomes of mean, variance and shape, and of the scale of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, claim
from rnnspec.evidence import Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import BatchNorm, Chain, Dense
from rnnspec.sources import D0, D3
from rnnspec.strategies import arrays, reals, wholes
from rnnspec.subject import Array, Subject

NO_EPSILON = "nothing is added to the variance (ε = 0)"
VARIED = "not all members of the batch are equal (so there are at least two)"
NOTHING_ADDED = "nothing is added to the variance, unless it is 0 (ε = 0)"
UNSCALED = "no scale follows (γ = 1)"
UNSHIFTED = "no shift follows (β = 0)"
POSITIVE = "the factors are positive"
ROWS = "all weights of a unit are scaled alike"
NORMAL = "the pre-activations were normally distributed before"


def varied(x: Array) -> bool:
    """Whether every feature of a batch (B, n) has more than one value."""
    return bool(np.all(np.ptp(x, axis=0) > 0))


Batch = Annotated[Array, arrays((2, 5), (1, 2), low=-2, high=2, unit=1 / 4, where=varied)]
AnyBatch = Annotated[Array, arrays((1, 4), 1, low=-2, high=2, unit=1 / 4)]
Shaped = Annotated[Array, arrays((3, 6), 1, low=-2, high=2, unit=1 / 4, where=varied)]
Inputs = Annotated[Array, arrays((3, 5), 2, low=-2, high=2, unit=1 / 4, where=varied)]
Weights = Annotated[Array, arrays(2, 2, low=-1, high=1, unit=1 / 4)]
Cotangents = Annotated[Array, arrays(5, 2, low=-2, high=2, unit=1 / 8)]
Epsilon = Annotated[float, reals(0, 2, unit=1 / 4)]
Above = Annotated[float, reals(1 / 4, 2, unit=1 / 4)]
Scale = Annotated[float, reals(-2, 2, unit=1 / 4)]
Factors = Annotated[Array, arrays(2, low=-3, high=3, unit=1 / 4, where=lambda a: bool(np.all(a != 0)))]
Which = Annotated[int, wholes(0, 3)]

SCALES = (1 / 16, 1 / 2, 3.0, 16.0)
"""Positive factors; larger ones would overflow when binary16 takes squares."""


def normed(features: int, epsilon: float = 0.0) -> Chain:
    """A batch norm alone."""
    return Chain((BatchNorm(features, epsilon),))


def scaled(features: int, gamma: float = 1.0, beta: float = 0.0, place: int = 1) -> dict[str, Array]:
    """The parameters of a batch norm, the same for every feature."""
    return {f"gamma_{place}": np.full(features, gamma), f"beta_{place}": np.full(features, beta)}


def each_its_own(number: float, features: int) -> Array:
    """A number for the first feature, twice as much for the second, and so on."""
    return number * np.arange(1.0, features + 1)


def deviations(x: Any) -> Any:
    """m (x − mean): of drawn numbers exactly, without a division."""
    return len(x) * x - x.sum(axis=0)


# ------------------------------------------------------------------------------------------
standardised = claim(
    "REM-17",
    title="Batch norm makes the mean 0 and the variance σ²/(σ² + ε), before it scales and shifts",
    says="The output signal is normalised to mean 0 and variance 1.",
    statement="What batch norm puts out has mean 0 and variance 1 over the batch.",
    equation="""
        x̂ = (x − μ_B)/√(σ_B² + ε):   mean 0,  variance σ_B²/(σ_B² + ε),  which lacks ε/(σ_B² + ε)
        γx̂ + β:                      mean β,  variance γ² σ_B²/(σ_B² + ε)
    """,
    verdict=CONDITIONAL,
    because="""
        Subtracting the mean leaves mean 0; dividing by the root of the variance leaves variance 1.
        But libraries add ε to the variance, so a little is lacking, and all of it where the members
        of the batch are equal, as in a batch of one: there the output is 0. And a scale γ and a
        shift β follow, which are learnt, and which the document mentions two lines later. The
        variance that is divided by is the biased one, a mean over m and not over m − 1.
    """,
    conditions=(NOTHING_ADDED, VARIED, UNSCALED, UNSHIFTED),
    sources=[D0("1.3, solution 4")],
    floats="Sums over the batch; they may differ by rounding.",
    see=["REM-20"],
)


@standardised.as_stated(needs=["chain"])
def mean_zero_and_variance_one(
    impl: Subject, hold: Hold, x: AnyBatch, epsilon: Epsilon, gamma: Scale, beta: Scale
) -> None:
    """Over the batch, outputs have mean 0 and variance 1."""
    y = impl.chain(normed(1, epsilon), scaled(1, gamma, beta), x)
    hold.equal(y.sum(), 0, "Σ y")
    hold.equal(((y - beta) ** 2).sum(), len(x), "Σ (y − β)²")


@standardised.necessity(of=mean_zero_and_variance_one, condition=NOTHING_ADDED)
def epsilon_as_large_as_the_variance() -> Mapping[str, Any]:
    """(−1, 1) with ε = 1: the variance is 1/2."""
    return {"x": np.array([[-1.0], [1.0]]), "epsilon": 1.0, "gamma": 1.0, "beta": 0.0}


@standardised.necessity(of=mean_zero_and_variance_one, condition=VARIED)
def a_batch_of_one() -> Mapping[str, Any]:
    """A single member, and some ε, without which 0 would be divided by 0: the variance stays 0."""
    return {"x": np.ones((1, 1)), "epsilon": 2.0**-40, "gamma": 1.0, "beta": 0.0}


@standardised.necessity(of=mean_zero_and_variance_one, condition=UNSCALED)
def twice_as_large() -> Mapping[str, Any]:
    """γ = 2: the variance is 4."""
    return {"x": np.array([[-1.0], [1.0]]), "epsilon": 0.0, "gamma": 2.0, "beta": 0.0}


@standardised.necessity(of=mean_zero_and_variance_one, condition=UNSHIFTED)
def one_more() -> Mapping[str, Any]:
    """β = 1: the mean is 1."""
    return {"x": np.array([[-1.0], [1.0]]), "epsilon": 0.0, "gamma": 1.0, "beta": 1.0}


@standardised.law(needs=["chain"])
def mean_and_variance(
    impl: Subject, hold: Hold, x: Batch, epsilon: Epsilon, gamma: Scale, beta: Scale
) -> None:
    """Mean β and variance γ²σ²/(σ² + ε), with the biased variance σ², of every feature its own."""
    m, n = x.shape
    gammas, betas = each_its_own(gamma, n), each_its_own(beta, n)
    y = impl.chain(normed(n, epsilon), {"gamma_1": gammas, "beta_1": betas}, x)
    variance = (deviations(x) ** 2).sum(axis=0) / m  # times m²
    hold.equal(y.sum(axis=0), m * betas, "Σ y = m β")
    spread = ((y - betas) ** 2).sum(axis=0) * (variance + m * m * epsilon)
    hold.equal(spread, gammas**2 * m * variance, "Σ (y − β)² (σ² + ε) = m γ² σ²")


@standardised.law(needs=["chain"])
def a_constant_batch_becomes_the_shift(
    impl: Subject, hold: Hold, x: AnyBatch, epsilon: Above, gamma: Scale, beta: Scale
) -> None:
    """Where all members are equal, as in a batch of one, y = β."""
    constant = np.full(x.shape, x[0, 0])
    hold.equal(impl.chain(normed(1, epsilon), scaled(1, gamma, beta), constant), beta, "y")


@standardised.proof
def of_three_members(prove: Prove) -> None:
    """Three members, any ε, γ and β: mean β, variance γ²σ²/(σ² + ε); what is lacking is ε/(σ² + ε).

    For any number m of members the same in their sum S and the sum Q of their squares.
    """
    (epsilon,) = prove.symbols("epsilon", at_least=0)
    net = prove.chain(BatchNorm(1), batch=3, epsilon=epsilon)
    gamma, beta = net.parameters["gamma_1"][0], net.parameters["beta_1"][0]
    x = net.inputs[:, 0]
    y = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs[:, 0]
    variance = ((x - x.sum() / 3) ** 2).sum() / 3
    prove.identical(y.sum() / 3, beta)
    prove.identical(((y - beta) ** 2).sum() / 3, gamma**2 * variance / (variance + epsilon))
    prove.identical(1 - variance / (variance + epsilon), epsilon / (variance + epsilon))
    (m,), (spread,) = prove.symbols("m", at_least=1), prove.symbols("v", above=0)
    (S,) = prove.symbols("S")
    Q, mean = m * spread + S**2 / m, S / m  # so that the variance is Q/m − (S/m)² = v
    factor = gamma / prove.sqrt(spread + epsilon)
    prove.identical(factor * (S - m * mean) + m * beta, m * beta)
    squares = factor**2 * (Q - 2 * mean * S + m * mean**2)
    prove.identical(squares / m, gamma**2 * spread / (spread + epsilon))


# ------------------------------------------------------------------------------------------
scale_free = claim(
    "REM-19",
    title="Batch norm makes the positive scale of a unit's weights immaterial",
    says="""
        The weight w is a factor of the gradient, so its size makes gradients vanish or explode;
        batch norm takes this influence away, and makes the network insensitive to how its weights
        begin.
    """,
    statement="BN((aw)·u) = BN(w·u), and what is passed back to u does not depend on a either.",
    equation="""
        a > 0, ε = 0:   BN(a w·u) = BN(w·u),   ∂E/∂u the same,   ∂E/∂(aw) = a⁻¹ ∂E/∂w,   ⟨w, ∂E/∂w⟩ = 0
        a < 0:          BN(a w·u) = −BN(w·u)   (β = 0)
    """,
    verdict=CONDITIONAL,
    because="""
        Mean and standard deviation of a·z are a and ∣a∣ times those of z, and cancel. A gradient
        with respect to weights that do not matter in one direction has no part in that direction:
        it is orthogonal to w; and where w is larger, the same change of direction takes a larger
        step, so the gradient is smaller. A negative factor turns the output round; ε > 0 notices
        how large z is; and scaling single columns changes the direction of w, which batch norm
        leaves as it is: the conditioning of the problem remains.
    """,
    conditions=(POSITIVE, NO_EPSILON, ROWS),
    sources=[D0("1.3, solution 4"), D3("6.10")],
    floats="The two outputs are of the same size; they may differ by rounding.",
    see=["REM-17"],
)


def _unit(W: Array, x: Array, epsilon: float = 0.0) -> tuple[Chain, dict[str, Array]]:
    """W x and a batch norm of it; W is such that W x is exact in every format."""
    n, m = W.shape
    chain = Chain((Dense(m, n, bias=False), BatchNorm(n, epsilon)))
    return chain, {"W_1": W, **scaled(n, place=2)}


def _factors(which: int) -> Array:
    """One of `SCALES` for the first unit, and the one as far from the other end for the second."""
    return np.array([[SCALES[which]], [SCALES[-1 - which]]])


@scale_free.as_stated(needs=["chain"])
def the_scale_is_immaterial(
    impl: Subject, hold: Hold, W: Weights, x: Inputs, epsilon: Epsilon, a: Factors
) -> None:
    """The output is the same with the weights of each unit a times as large, by an a of its own."""
    hold.given(varied(x @ W.T), "a unit puts out one value only")
    outputs = [impl.chain(*_unit(rows, x, epsilon), x) for rows in (W, a[:, np.newaxis] * W)]
    hold.equal(outputs[1], outputs[0], "BN(diag(a) W x)")


@scale_free.necessity(of=the_scale_is_immaterial, condition=POSITIVE)
def a_negative_factor() -> Mapping[str, Any]:
    """a = (1, −1): the output of the second unit changes its sign."""
    x = np.array([[0.0, 0], [1, 1], [2, 1]])
    return {"W": np.eye(2), "x": x, "epsilon": 0.0, "a": np.array([1.0, -1.0])}


@scale_free.necessity(of=the_scale_is_immaterial, condition=NO_EPSILON)
def an_epsilon_of_one() -> Mapping[str, Any]:
    """ε = 1, a = (1, 2): larger pre-activations are diminished less."""
    x = np.array([[0.0, 0], [1, 1], [2, 1]])
    return {"W": np.eye(2), "x": x, "epsilon": 1.0, "a": np.array([1.0, 2.0])}


@scale_free.as_stated(needs=["chain"])
def so_is_that_of_columns(impl: Subject, hold: Hold, W: Weights, x: Inputs, a: Above) -> None:
    """The output is the same with the weights of one input a times as large."""
    other = W * np.array([a, 1.0])
    hold.given(varied(x @ W.T) and varied(x @ other.T), "a unit puts out one value only")
    hold.equal(impl.chain(*_unit(other, x), x), impl.chain(*_unit(W, x), x), "BN(W diag(a, 1) x)")


@scale_free.necessity(of=so_is_that_of_columns, condition=ROWS)
def one_input_weighs_double() -> Mapping[str, Any]:
    """w = (1, 1) and (2, 1): another direction."""
    return {"W": np.ones((2, 2)), "x": np.array([[0.0, 0], [1, 0], [0, 1]]), "a": 2.0}


@scale_free.law(needs=["chain"])
def same_outputs(impl: Subject, hold: Hold, W: Weights, x: Inputs, which: Which) -> None:
    """Outputs with weights 1/16, 1/2, 3 or 16 times as large are the same; −1 times, their negatives.

    Each of the two units has a factor of its own.
    """
    hold.given(varied(x @ W.T), "a unit puts out one value only")
    plain = impl.chain(*_unit(W, x), x)
    hold.equal(impl.chain(*_unit(_factors(which) * W, x), x), plain, "BN(diag(a) W x)")
    hold.equal(impl.chain(*_unit(-W, x), x), -plain, "BN(−W x)")


@scale_free.law(needs=["chain_vjp"])
def gradients_scale_inversely(
    impl: Subject, hold: Hold, W: Weights, x: Inputs, dy: Cotangents, which: Which
) -> None:
    """∂E/∂x is the same, ∂E/∂(aw) = a⁻¹ ∂E/∂w for each unit, and ∂E/∂w is orthogonal to w."""
    hold.given(varied(x @ W.T), "a unit puts out one value only")
    a, dy = _factors(which), dy[: len(x)]
    plain = impl.chain_vjp(*_unit(W, x), x, dy)
    other = impl.chain_vjp(*_unit(a * W, x), x, dy)
    hold.equal(other.inputs, plain.inputs, "∂E/∂x")
    hold.equal(a * other.parameters["W_1"], plain.parameters["W_1"], "a ∂E/∂(aw)")
    hold.equal((W * plain.parameters["W_1"]).sum(axis=1), 0, "⟨w, ∂E/∂w⟩")


@scale_free.proof
def of_all_pre_activations(prove: Prove) -> None:
    """Three pre-activations z = w·u, any a > 0: BN(az) = BN(z), ∂E/∂(az) = a⁻¹ ∂E/∂z, ⟨z, ∂E/∂z⟩ = 0.

    Of any number of them BN(az) = BN(z), in one of them, their mean and their variance; the other two
    follow, by differentiating it with respect to z and to a. What reaches u and w is made of ∂E/∂z by the
    chain rule: a w · a⁻¹ for the one, a⁻¹ u for the other.
    """
    (a,) = prove.symbols("a", above=0)
    net, dy = prove.chain(BatchNorm(1), batch=3, epsilon=0), prove.symbols("d1 d2 d3").reshape(3, 1)
    z = net.inputs

    def through(z: Any) -> tuple[Any, Any]:
        done = prove.reference.chain(net.chain, net.parameters, z).outputs
        return done, prove.reference.chain_vjp(net.chain, net.parameters, z, dy).inputs

    (y, dz), (other, d_other) = through(z), through(a * z)
    prove.identical(other, y)
    prove.identical(a * d_other, dz)
    prove.identical((z * dz).sum(), 0)
    beta = net.parameters["beta_1"][0]
    prove.identical(through(-z)[0] - beta, beta - y)
    (variance,), (one, mean) = prove.symbols("v", above=0), prove.symbols("z mu")
    xhat = (one - mean) / prove.sqrt(variance)
    prove.identical((a * one - a * mean) / prove.sqrt(a**2 * variance), xhat)
    prove.identical((-one + mean) / prove.sqrt(variance), -xhat)


# ------------------------------------------------------------------------------------------
shape_kept = claim(
    "REM-20",
    title="Batch norm moves and scales a distribution; it does not make it normal",
    says="""
        The distribution of what a neuron reads, assumed to be normal, is forced back to nearly the
        standard normal distribution.
    """,
    statement="After batch norm the pre-activations are distributed like N(0, 1).",
    equation="""
        skewness and kurtosis of x̂ are those of x
        {0, 0, 0, 1}:  skewness 2/√3 = 1.154700538, before and after
        X ~ N(μ, σ²)   ⇒   (X − μ)/σ ~ N(0, 1)
    """,
    verdict=CONDITIONAL,
    because="""
        x̂ is an affine function of x. Such a map changes mean and variance and nothing else: every
        standardised moment stays. So a normal distribution becomes the standard normal one, as the
        document assumes, and any other keeps its shape.
    """,
    conditions=(NORMAL,),
    sources=[D0("1.3, solution 4")],
    floats="Third and fourth powers of deviations; they may differ by rounding.",
    see=["REM-17"],
)


@shape_kept.as_stated(needs=["chain"])
def without_skewness(impl: Subject, hold: Hold, x: Shaped) -> None:
    """What comes out is not skewed, as a normal distribution is not."""
    y = impl.chain(normed(1), scaled(1), x)
    hold.equal((deviations(y) ** 3).sum(), 0, "Σ (y − mean)³")


@shape_kept.necessity(of=without_skewness, condition=NORMAL)
def one_of_four() -> Mapping[str, Any]:
    """{0, 0, 0, 1}: skewness 2/√3 before and after."""
    return {"x": np.array([[0.0], [0.0], [0.0], [1.0]])}


@shape_kept.law(needs=["chain"], times=6)
def skewness_and_kurtosis_stay(impl: Subject, hold: Hold, x: Shaped, epsilon: Epsilon) -> None:
    """m₃²/m₂³ with the sign of m₃, and m₄/m₂², are those of the input."""
    y = impl.chain(normed(1, epsilon), scaled(1), x)
    (x2, x3, x4), (y2, y3, y4) = ([(deviations(batch) ** k).sum() for k in (2, 3, 4)] for batch in (x, y))
    hold.equal(y3**2 * x2**3, x3**2 * y2**3, "skewness²")
    hold.at_most(0, y3 * x3, "the sign of the skewness")
    hold.equal(y4 * x2**2, x4 * y2**2, "kurtosis")


@shape_kept.proof
def moments_of_three_members(prove: Prove) -> None:
    """Three members, any ε: standardised third and fourth moments stay. And (μ + σZ − μ)/σ is Z.

    Of any number of members, since a moment of order k is multiplied by the k-th power of 1/√(σ² + ε).
    """
    (epsilon,) = prove.symbols("epsilon", at_least=0)
    net = prove.chain(BatchNorm(1), batch=3, epsilon=epsilon, gamma_1=1, beta_1=0)
    x = net.inputs[:, 0]
    y = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs[:, 0]
    (x2, x3, x4), (y2, y3, y4) = ([(deviations(batch) ** k).sum() for k in (2, 3, 4)] for batch in (x, y))
    prove.identical(y3**2 * x2**3, x3**2 * y2**3)
    prove.identical(y4 * x2**2, x4 * y2**2)
    mu, Z = prove.symbols("mu Z")
    (sigma,) = prove.symbols("sigma", above=0)
    prove.identical((mu + sigma * Z - mu) / sigma, Z)
    (scale,), moments = prove.symbols("scale", above=0), prove.symbols("M2 M3 M4", above=0)
    M2, M3, M4 = moments
    prove.identical((scale**3 * M3) ** 2 / (scale**2 * M2) ** 3, M3**2 / M2**3)
    prove.identical(scale**4 * M4 / (scale**2 * M2) ** 2, M4 / M2**2)


@shape_kept.enclosure
def skewness_of_one_of_four(enclose: Enclose) -> None:
    """{0, 0, 0, 1} has the skewness (3/32)/(3/16)^{3/2} = 2/√3."""
    enclose.value(lambda f: f.number(3) / 32 / (f.number(3) / 16 * f.sqrt(f.number(3) / 16)), "1.154700538")
