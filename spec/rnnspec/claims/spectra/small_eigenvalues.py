"""A dominant eigenvalue below 1, and what it says about gradients."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import atanh, sqrt
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import REFUTED, SAMPLED, About, claim
from rnnspec.claims.spectra.passing import (
    STEEPEST,
    carried_back,
    exact,
    held,
    largest_eigenvalue,
    largest_stretch,
    with_activation,
)
from rnnspec.evidence import Enclose, Enclosed, Functions, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D2
from rnnspec.strategies import Orbit, arrays, networks, reals, wholes
from rnnspec.subject import Array, Subject

# ------------------------------------------------------------------------------------------
below_one = claim(
    "SPE-02",
    title="A dominant eigenvalue below 1 does not make gradients vanish",
    says="If the dominant eigenvalue of the recurrent matrix is below 1, the gradient vanishes.",
    statement="If ρ(W) < 1, then ‖∂h_t/∂h_k‖ → 0, whatever the inputs.",
    equation="""
        W = [ 2 −2 ]   W² = 0       D = diag(1, 1/10)
            [ 2 −2 ]   ρ(W) = 0     (D W)^k = (9/5)^{k−1} D W

        |D_T W ... D_1 W| ≤ γ^T |W|^T   entry by entry
    """,
    verdict=REFUTED,
    because="""
        The slopes change the spectrum. In W = [2 −2; 2 −2] what one unit passes on the other takes
        back, and nothing is left after two steps. Slow the second unit down, and they no
        longer cancel: with slopes 1 and 1/10 the derivative of a step has the eigenvalue
        9/5. Such slopes belong to a fixed point of h = tanh(W h + b), h* = (0, √0.9) for
        b = (2√0.9, artanh √0.9 + 2√0.9), and gradients grow there by 9/5 a step. The point is
        unstable: an orbit that starts beside it, by 1/1000 in h_1, leaves it, and the
        gradient grows to 343 in ten steps and falls to 0.0015 in twenty. Inputs can hold the
        orbit there. One unit alone is no counterexample: |w| < 1 is then ‖W‖ < 1.
    """,
    corrected="""
        Sufficient is a bound on something that slopes cannot enlarge: the largest singular value,
        ‖W‖ < 1/γ; or ‖P W P⁻¹‖ < 1/γ for some diagonal P > 0; or ρ(|W|) < 1/γ. The
        eigenvalues themselves do for W normal, entrywise non-negative or triangular. Even then
        only the limit is 0: [1/2 100; 0 1/2] reaches 100 before anything decays.
    """,
    sources=[D2("vanishing gradients")],
    rests_on=SAMPLED,
    floats="Products of a few matrices on each side; they may differ by rounding.",
    see=["SPE-01", "SPE-03", "SPE-08", "SPE-12"],
)

Small = Annotated[Network, networks("rnn", hidden=(1, 3), inputs=(1, 2), steps=(1, 5), biases="one")]
Held = Annotated[Array, arrays(2, low=-2, high=2, unit=1 / 16)]
Ends = Annotated[Array, arrays(2, low=-2, high=2, unit=1 / 16)]
Factors = Annotated[Array, arrays(2, low=-2, high=2, unit=1 / 2)]

NILPOTENT = np.array([[2.0, -2.0], [2.0, -2.0]])


def with_one_eigenvalue(eigenvalue: float, factors: Array) -> Array:
    """λ I + s [r −r²; 1 −r]: the 2 × 2 matrices with no eigenvalue but λ (if W[2, 1] ≠ 0)."""
    scale, r = factors
    W: Array = eigenvalue * np.eye(2) + scale * np.array([[r, -r * r], [1, -r]])
    return W


@below_one.as_stated(needs=["run", "run_vjp"])
def vanishes(
    impl: Subject,
    hold: Hold,
    eigenvalue: Annotated[float, reals(-0.5, 0.5, unit=1 / 8)],
    factors: Factors,
    z: Held,
) -> None:
    """With no eigenvalue but λ, |λ| ≤ 1/2, no entry of the gradient is above 1 after eight steps.

    No entry of W^8 itself is: W^8 = λ^8 + 8 λ^7 N, where N has entries of at most 8.
    """
    net = held(impl, with_one_eigenvalue(eigenvalue, factors), [z] * 8)
    for d in np.eye(2):
        hold.at_most(abs(carried_back(impl, net, d)), 1, "δᵀ ∂h_8/∂h_0")


@below_one.witness(of=vanishes)
def nilpotent_and_growing() -> Mapping[str, Any]:
    """W = [2 −2; 2 −2] held where the slopes are 1 and 1/10: gradients grow like (9/5)^k."""
    return {
        "eigenvalue": 0.0,
        "factors": np.array([2.0, 1.0]),
        "z": np.array([0.0, atanh(sqrt(0.9))]),
    }


@below_one.law(needs=["run", "run_vjp"])
def nilpotent_example_grows(impl: Subject, hold: Hold) -> None:
    """Held at z = (0, 29/16), where the slopes are 1 and 0.101, it grows by 7/4 a step and more."""
    net = held(impl, NILPOTENT, [np.array([0.0, 29 / 16])] * 8)
    back = carried_back(impl, net, np.array([1.0, 0.0]))[0]
    hold.at_most(2 * Fraction(7, 4) ** 7, back[0], "∂h_8[1]/∂h_0[1]")
    hold.equal(back[1], -back[0], "∂h_8[1]/∂h_0[2]")


@below_one.law(needs=["run", "run_vjp"])
def slopes_change_the_powers(
    impl: Subject,
    hold: Hold,
    factors: Factors,
    z: Held,
    d: Ends,
    steps: Annotated[int, wholes(1, 6)],
) -> None:
    """Held at z, the gradient is that of the matrices D W, of which W may have no eigenvalue but 0."""
    W = with_one_eigenvalue(0, factors)
    expected: Any = d
    for _ in range(steps):
        expected = (expected * hold.reference.slope("tanh", z)) @ W
    hold.equal(carried_back(impl, held(impl, W, [z] * steps), d)[0], expected, "δᵀ (D W)^T")


@below_one.law(needs=["run_vjp"])
def bounded_by_the_absolute_values(impl: Subject, hold: Hold, net: Small) -> None:
    """|δᵀ ∂h_T/∂h_0| ≤ γ^T |δ|ᵀ |W|^T entry by entry: with ρ(|W|) < 1/γ it vanishes."""
    for kind, steepest in STEEPEST.items():
        back = abs(carried_back(impl, with_activation(net, kind)))
        bound = np.array([Fraction(1)] * net.layer.hidden, dtype=object)
        for _ in range(net.steps):
            bound = steepest * (bound @ abs(exact(net.parameters["U_h"])))
        hold.at_most(back, bound, f"|δᵀ ∂h_T/∂h_0| with {kind}")


@below_one.law(needs=["run_vjp"])
def eigenvalues_decide_in_a_triangle(impl: Subject, hold: Hold, net: Small) -> None:
    """If W is triangular, the diagonal of ∂h_T/∂h_0 is at most that of |W|^T: the eigenvalues' powers."""
    net = net.with_parameters(U_h=np.tril(net.parameters["U_h"]))
    for j, d in enumerate(np.eye(net.layer.hidden)):
        own = carried_back(impl, net, d)[:, j]
        eigenvalue = Fraction(float(net.parameters["U_h"][j, j]))
        hold.at_most(abs(own), abs(eigenvalue) ** net.steps, f"|∂h_T[{j}]/∂h_0[{j}]|")


@below_one.law(needs=["run_vjp"])
def eigenvalues_decide_if_normal(
    impl: Subject,
    hold: Hold,
    parts: Annotated[Array, arrays(3, low=-1, high=1, unit=1 / 8)],
    start: Annotated[Array, arrays(2, low=-1 / 4, high=1 / 4)],
    d: Ends,
    steps: Annotated[int, wholes(1, 6)],
) -> None:
    """[a −b; b a], |λ|² = a² + b², and [a b; b c] are normal: ‖δᵀ ∂h_T/∂h_0‖ ≤ ρ^T ‖δ‖."""
    a, b, c = parts
    symmetric = np.array([[a, b], [b, c]])
    radius = max(largest_eigenvalue(symmetric), largest_eigenvalue(-symmetric))
    for W, squared in ((np.array([[a, -b], [b, a]]), Fraction(a * a + b * b)), (symmetric, radius**2)):
        back = carried_back(impl, Orbit(W, start, steps).network("tanh"), d)
        hold.at_most((back**2).sum(), squared**steps * (exact(d) ** 2).sum(), "‖δᵀ ∂h_T/∂h_0‖²")


@below_one.law(needs=["run_vjp"])
def largest_singular_value_after_rescaling(
    impl: Subject,
    hold: Hold,
    A: Annotated[Array, arrays(3, 3, low=-1, high=1, unit=1 / 16)],
    powers: Annotated[Array, arrays(2, low=-3, high=3, unit=1)],
    start: Annotated[Array, arrays(3, low=-1 / 4, high=1 / 4)],
    d: Annotated[Array, arrays(3, low=-2, high=2, unit=1 / 16)],
    steps: Annotated[int, wholes(1, 5)],
) -> None:
    """‖P⁻¹ g_0‖ ≤ ‖P W P⁻¹‖^T ‖P⁻¹ δ‖ for W = P⁻¹ A P and P = diag(1, 2^j, 2^k).

    Slopes commute with P. The norm of W itself may be much larger than that of A.
    """
    P = np.array([1.0, *2.0**powers])
    back = carried_back(impl, Orbit(A * P / P[:, np.newaxis], start, steps).network("tanh"), d)[0]
    bound = largest_stretch(A) ** steps * (exact(d / P) ** 2).sum()
    hold.at_most(((back * (1 / P)) ** 2).sum(), bound, "‖P⁻¹ g_0‖²")


@below_one.law(needs=["run_vjp"])
def grows_before_it_decays(
    impl: Subject,
    hold: Hold,
    eigenvalue: Annotated[float, reals(-1, 1, unit=1 / 8)],
    beside: Annotated[float, reals(-200, 200, unit=1)],
    steps: Annotated[int, wholes(1, 8)],
) -> None:
    """In a linear recurrence with [λ b; 0 λ], ∂h_T[1]/∂h_0[2] = T λ^{T−1} b: at first it is b."""
    W = np.array([[eigenvalue, beside], [0.0, eigenvalue]])
    orbit = Orbit(W, np.zeros(2), steps)
    back = carried_back(impl, orbit.network("identity"), np.array([1.0, 0.0]))[0]
    own = Fraction(eigenvalue)
    hold.equal(back, [own**steps, steps * own ** (steps - 1) * Fraction(beside)], "∂h_T[1]/∂h_0")


@below_one.law(needs=["run_vjp"], about=About.MATHEMATICS)
def leaves_the_fixed_point_by_itself(impl: Subject, hold: Hold) -> None:
    """Off by (1/1000, 0) the largest entry grows to 343 in ten steps; after twenty it is 0.0015.

    Off by (1/1000, 1/1000), which W maps to 0, the first step ends on the fixed point, and the
    entry is 2 (9/5)⁹ = 396.7 after ten. The biases and √0.9 are rounded here to float64, which
    is nothing beside 1/1000.
    """
    for off, steps, low, high in (
        ((1e-3, 0), 10, "342.5", "343.5"),
        ((1e-3, 0), 20, "0.00145", "0.00155"),
        ((1e-3, 1e-3), 10, "396.65", "396.75"),
    ):
        net = _beside_the_fixed_point(np.array([0, sqrt(0.9)]) + off, steps)
        jacobian = abs(np.stack([carried_back(impl, net, d)[0] for d in np.eye(2)]))
        hold.at_most(jacobian, Fraction(high), f"|∂h_{steps}/∂h_0|")
        hold.at_most(Fraction(low), jacobian[0, 0], f"|∂h_{steps}[1]/∂h_0[1]|")


def _beside_the_fixed_point(start: Array, steps: int) -> Network:
    """h = tanh(W h + b) with the fixed point (0, √0.9), from somewhere near it."""
    net = Orbit(NILPOTENT, start, steps).network("tanh")
    b = np.array([2 * sqrt(0.9), atanh(sqrt(0.9)) + 2 * sqrt(0.9)])
    return Network(Layer("rnn", 1, 2), {**net.parameters, "b_h": b}, net.inputs, net.state)


@below_one.enclosure
def biases_of_the_fixed_point(enclose: Enclose) -> None:
    """b = artanh h* − W h* for h* = (0, √0.9), where the second unit's slope is 1/10."""

    def root(f: Functions) -> Enclosed:
        return f.sqrt(f.number(Fraction(9, 10)))

    enclose.value(lambda f: 2 * root(f), "1.897366596")
    enclose.value(lambda f: f.artanh(root(f)) + 2 * root(f), "3.715813055")
    enclose.value(lambda f: f.slope("tanh", f.artanh(root(f))), "0.10000000000000000000")


@below_one.proof
def nilpotent_with_slopes(prove: Prove) -> None:
    """W² = 0; a step at h = (0, √0.9) has the derivative D W; (D W)^k = (9/5)^{k−1} D W for every k."""
    W = prove.matrix(NILPOTENT)
    prove.identical(W @ W, 0 * W)
    prove.identical(prove.characteristic(W, prove.x), prove.x**2)
    root = prove.sqrt(prove.number(9, 10))
    D = prove.matrix([[1 - 0 * root, 0], [0, 1 - root**2]])
    DW = D @ W
    prove.identical(DW, prove.matrix([[2, -2], [prove.number(1, 5), -prove.number(1, 5)]]))
    prove.identical(DW @ DW, prove.number(9, 5) * DW)
    prove.identical(prove.characteristic(DW, prove.x), prove.x * (prove.x - prove.number(9, 5)))
    # What a step of the reference hands back is its slopes, 1 − h², times W.
    net = prove.network(Layer("rnn", 1, 2, biases="one"), 1, U_h=W)
    h = prove.reference.run(net).outputs[0, 0]
    d = prove.symbols("d1 d2")
    prove.identical(carried_back(prove.reference, net, d)[0], (d * (1 - h**2)) @ W)


@below_one.proof
def entry_by_entry(prove: Prove) -> None:
    """One step, two units, both activations: |Σ_j δ_j φ'_j W_ji| ≤ γ Σ_j |δ_j W_ji|.

    Traced; then every slope is at most γ, and a sum is at most that of the absolute values.
    """
    d, (p, q) = prove.symbols("d1 d2"), prove.symbols("p q")
    for kind, steepest in STEEPEST.items():
        layer = Layer("rnn", 1, 2, activation=kind, biases="none")
        net = prove.network(layer, 1)
        h = prove.reference.run(net).outputs[0, 0]
        slopes = h * (1 - h) if kind == "sigmoid" else 1 - h**2
        back = carried_back(prove.reference, net, d)[0]
        prove.identical(back, (d * slopes) @ net.parameters["U_h"])
        prove.valid(abs(slopes[0] * p) <= steepest * abs(p))
    prove.valid(abs(p + q) <= abs(p) + abs(q))
