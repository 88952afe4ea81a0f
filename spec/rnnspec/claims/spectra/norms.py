"""What the largest singular value of the recurrent matrix says about gradients."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, claim
from rnnspec.claims.spectra.passing import (
    STEEPEST,
    carried_back,
    exact,
    held,
    largest_stretch,
    with_activation,
)
from rnnspec.evidence import INF, Enclose, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D2
from rnnspec.strategies import Orbit, arrays, at_rest, networks, wholes
from rnnspec.subject import Array, Numbers, Subject

Ends = Annotated[Array, arrays(2, low=-2, high=2, unit=1 / 16)]
LongerEnds = Annotated[Array, arrays(4, low=-2, high=2, unit=1 / 16)]
FewUnits = Annotated[Network, networks("rnn", hidden=(1, 4), inputs=(1, 2), steps=(1, 5))]
SmallWeights = Annotated[Network, networks("rnn", hidden=(1, 3), inputs=(1, 2), steps=(1, 6), scales=(1, 2))]


def shrunk(W: Array, norm: Fraction) -> Array:
    """W halved until ‖W‖ is at most this: powers of two round nothing."""
    return W if largest_stretch(W) <= norm**2 else shrunk(W / 2, norm)


def length(v: Numbers) -> Numbers:
    """‖v‖² of every member of the batch."""
    squares: Numbers = (v**2).sum(axis=-1)
    return squares


# ------------------------------------------------------------------------------------------
small_weights = claim(
    "SPE-03",
    title="If the recurrent matrix is small enough, the gradient vanishes",
    says="A recurrent matrix that is too small inevitably drives the derivative to 0.",
    statement="If ‖W‖ < 1/γ, the largest singular value, then ‖∂h_t/∂h_k‖ ≤ (γ‖W‖)^{t−k} → 0.",
    equation="""
        ‖Wᵀ D δ‖ ≤ ‖W‖ γ ‖δ‖       γ = 1 for tanh, 1/4 for the sigmoid
        q^n ≤ 1 / (1 + n r)  for  q = 1/(1 + r)
    """,
    verdict=HOLDS,
    because="""
        "Small" has to be read as a small norm. Back-propagation multiplies by slopes of at most γ
        and by Wᵀ, which makes nothing longer than ‖W‖ times what it was. If the product of
        the two is below 1, every step shortens the gradient by at least that factor,
        whatever the inputs, and a power of it tends to 0. The rate is sharp: in a linear
        recurrence whose matrix is a rotation times q, each step shortens by q exactly.
    """,
    sources=[D2("vanishing gradients")],
    rests_on=SAMPLED,
    floats="Squares of a few numbers are compared; the usual tolerance covers their rounding.",
    see=["SPE-02", "SPE-12"],
)


@small_weights.law(needs=["run_vjp"])
def halved_by_every_step(impl: Subject, hold: Hold, net: SmallWeights, d: LongerEnds) -> None:
    """With ‖W‖ ≤ 1/(2γ), ‖δᵀ ∂h_T/∂h_0‖ ≤ ‖δ‖/2^T; also at rest, where slopes are steepest."""
    d = d[: net.layer.hidden]
    bound = Fraction(1, 4**net.steps) * length(exact(d))
    biases = [name for name in net.parameters if name.startswith("b")]
    for kind, steepest in STEEPEST.items():
        sized = net.with_parameters(U_h=shrunk(net.parameters["U_h"], 1 / (2 * steepest)))
        for network in (sized, at_rest(sized, biases)):
            back = carried_back(impl, with_activation(network, kind), d)
            hold.at_most(length(back), bound, f"‖δᵀ ∂h_T/∂h_0‖² with {kind}")


@small_weights.law(needs=["run_vjp"])
def rate_is_sharp(
    impl: Subject,
    hold: Hold,
    parts: Annotated[Array, arrays(2, low=-1, high=1, unit=1 / 8)],
    d: Ends,
    steps: Annotated[int, wholes(1, 6)],
) -> None:
    """A linear recurrence with W = [a −b; b a] multiplies by √(a² + b²) = ‖W‖ in every step."""
    a, b = parts
    orbit = Orbit(np.array([[a, -b], [b, a]]), np.zeros(2), steps)
    back = carried_back(impl, orbit.network("identity"), d)
    hold.equal(length(back), Fraction(a * a + b * b) ** steps * length(exact(d)), "‖(Wᵀ)^T δ‖²")


@small_weights.proof
def powers_tend_to_zero(prove: Prove) -> None:
    """(1 + r)^n ≥ 1 + n r for every n, so q^n falls below any bound; and the rotation's exact rate.

    That a step shortens by q is shown for SPE-12: this is what follows from ‖g_{n+1}‖ ≤ q ‖g_n‖.
    """
    (r,) = prove.symbols("r", above=0)
    prove.by_induction(lambda n: (1 + r) ** n >= 1 + n * r)
    a, b = prove.symbols("a b")
    d = prove.symbols("d1 d2")
    layer = Layer("rnn", 1, 2, activation="identity", biases="none")
    net = prove.network(layer, 1, U_h=prove.matrix([[a, -b], [b, a]]))
    back = carried_back(prove.reference, net, d)[0]
    prove.identical(back @ back, (a**2 + b**2) * (d @ d))


# ------------------------------------------------------------------------------------------
norm_bound = claim(
    "SPE-12",
    title="Gradients through a recurrence grow by at most γ‖W‖ a step",
    says="That gradients vanish or explode can be proved by norms, as in the paper that is cited.",
    statement="‖∂h_t/∂h_k‖ ≤ (γ‖W‖)^{t−k} in the spectral norm, with γ = sup |φ'|.",
    equation="""
        ∂h_t/∂h_k = D_t W D_{t−1} W ... D_{k+1} W
        ‖∂h_t/∂h_k‖ ≤ (γ‖W‖)^{t−k}
        tanh: γ = 1, no explosion while ‖W‖ ≤ 1;  sigmoid: γ = 1/4, none while ‖W‖ ≤ 4
    """,
    verdict=HOLDS,
    because="""
        The spectral norm of a product is at most the product of the norms, and a diagonal
        matrix of slopes has at most the norm γ. It is an upper bound: it can prove that
        gradients vanish, and that ‖W‖ > 1/γ is *necessary* for them to explode, but it
        cannot prove an explosion. It is reached where all slopes are γ, tanh at z = 0 and the
        sigmoid at z = 0, by a matrix that is a multiple of a rotation. The norm is that of
        singular values; with eigenvalues the bound is false (SPE-02).
    """,
    sources=[D2("vanishing gradients")],
    rests_on=SAMPLED,
    floats="Squares of a few numbers are compared; the usual tolerance covers their rounding.",
    see=["SPE-01", "SPE-02", "SPE-03", "ACT-02", "ACT-05", "RNN-20"],
)


@norm_bound.law(needs=["run_vjp"])
def at_most_the_power_of_the_norm(impl: Subject, hold: Hold, net: FewUnits, d: LongerEnds) -> None:
    """‖δᵀ ∂h_T/∂h_0‖ ≤ (γ‖W‖)^T ‖δ‖, for tanh and for the sigmoid."""
    d = d[: net.layer.hidden]
    for kind, steepest in STEEPEST.items():
        stretch = steepest**2 * largest_stretch(net.parameters["U_h"])
        back = carried_back(impl, with_activation(net, kind), d)
        hold.at_most(length(back), stretch**net.steps * length(exact(d)), f"‖δᵀ ∂h_T/∂h_0‖² with {kind}")


@norm_bound.law(needs=["run", "run_vjp"])
def reached_where_slopes_are_largest(
    impl: Subject,
    hold: Hold,
    parts: Annotated[Array, arrays(2, low=-2, high=2, unit=1 / 8)],
    d: Ends,
    steps: Annotated[int, wholes(1, 5)],
) -> None:
    """Held at z = 0, with W a multiple of a rotation, ‖δᵀ ∂h_T/∂h_0‖ = (γ‖W‖)^T ‖δ‖."""
    a, b = parts
    W = np.array([[a, -b], [b, a]])
    for kind, steepest in STEEPEST.items():
        back = carried_back(impl, held(impl, W, [np.zeros(2)] * steps, kind), d)
        rate = steepest**2 * Fraction(a * a + b * b)
        hold.equal(length(back), rate**steps * length(exact(d)), f"‖δᵀ ∂h_T/∂h_0‖² with {kind}")


@norm_bound.proof
def one_step_with_two_units(prove: Prove) -> None:
    """A step of two units: it hands back Wᵀ D δ, ‖D δ‖ ≤ γ ‖δ‖, and ‖Wᵀ v‖ ≤ ‖W‖ ‖v‖ for every v.

    The last is what the spectral norm is. The bound for T steps is T times this one.
    """
    d, (one,) = prove.symbols("d1 d2"), prove.symbols("d")
    for kind, steepest in STEEPEST.items():
        layer = Layer("rnn", 1, 2, activation=kind, biases="none")
        net = prove.network(layer, 1)
        h, W = prove.reference.run(net).outputs[0, 0], net.parameters["U_h"]
        slopes = h * (1 - h) if kind == "sigmoid" else 1 - h**2
        prove.identical(carried_back(prove.reference, net, d)[0], (d * slopes) @ W)
        prove.valid((slopes[0] * one) ** 2 <= steepest**2 * one**2)
        stretched, before, first, norm = prove.symbols("a b c s", at_least=0)
        prove.valid(
            stretched <= norm * steepest**2 * first,
            given=[stretched <= norm * before, before <= steepest**2 * first],
        )


@norm_bound.enclosure
def steepest_slopes(enclose: Enclose) -> None:
    """γ is 1 for tanh and 1/4 for the sigmoid: no slope is larger, and at 0 they are reached."""
    tanh, sigmoid = STEEPEST["tanh"], STEEPEST["sigmoid"]
    enclose.holds(lambda f, x: f.slope("tanh", x) <= tanh, touching=[0], x=(-INF, INF))
    enclose.holds(lambda f, x: f.slope("sigmoid", x) <= sigmoid, touching=[0], x=(-INF, INF))
