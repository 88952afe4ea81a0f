"""A recurrence whose slopes are 1: what the powers of its matrix make of a gradient, and of a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, SAMPLED, About, claim
from rnnspec.claims.remedies.clipping import squared
from rnnspec.claims.spectra.passing import carried_back, exact
from rnnspec.claims.spectra.perron import shrinking, spectral_radius
from rnnspec.evidence import Cotangent, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer
from rnnspec.sources import D3
from rnnspec.strategies import Orbit, arrays, orbits, reals
from rnnspec.subject import Array, Numbers, Subject

SPECTRUM = "the spectral radius of W is greater than 1 (and only then does it explode exponentially)"
ACTIVE = "no weight is negative and all units are active"

SWAP = np.array([[0.0, 2.0], [1.0, 0.0]])
RATE = 1.25


def above(rate: float, W: Array) -> bool:
    """Whether det(W − λ I) < 0 for a 2 x 2 matrix: one eigenvalue is greater than λ, and one less."""
    (a, b), (c, d) = W
    return bool((a - rate) * (d - rate) - b * c < 0)


def stays_active(orbit: Orbit) -> bool:
    """Whether every unit reads some unit, so that without negative weights all remain positive."""
    return bool(np.all(orbit.W.any(axis=1)))


ActiveOrbit = Annotated[Orbit, orbits(entries=(0, 16), start=(1, 16), steps=(1, 4), where=stays_active)]
Unstable = Annotated[
    Orbit, orbits(size=(2, 2), start=(1, 16), steps=(4, 4), where=lambda orbit: above(RATE, orbit.W))
]
Threshold = Annotated[float, reals(1 / 8, 8)]
Little = Annotated[Array, arrays(2, low=1 / 1024, high=1 / 32, unit=1 / 1024)]

# ------------------------------------------------------------------------------------------
slope_one = claim(
    "REM-12",
    title="With slopes of 1 the powers of the recurrent matrix decide, and a threshold bounds the step",
    says="""
        A derivative that is constantly 1 easily makes gradients explode; setting a suitable threshold
        solves this.
    """,
    statement="In a recurrence with ReLU the gradient grows exponentially with time.",
    equation="""
        W ≥ 0, all units active:   ∂h_T/∂h_0 = W^T,   ρ(W)^T ≤ ‖W^T‖
        W v ≥ λ v, v > 0   ⇒   W^T v ≥ λ^T v;     W v ≤ μ v   ⇒   W^T v ≤ μ^T v
        W = [0 2; 1 0]:   W^40 = 2^20 I;     [1 1; 0 1]^T = [1 T; 0 1]
    """,
    verdict=CONDITIONAL,
    because="""
        Where all slopes are 1 the gradient over T steps is the T-th power of W. It explodes exponentially
        if and only if the spectral radius is greater than 1; below 1 it vanishes; at 1 it may still grow,
        though not exponentially: [1 1; 0 1] has the entry T. Where units are off, what counts
        is the part of W between those that are on: [1 −1; −1 1] has the eigenvalue 2, and ReLU never
        lets its direction through. The threshold bounds the step that is taken, and not the
        gradient (REM-05).
    """,
    conditions=(SPECTRUM, ACTIVE),
    sources=[D3("6.10")],
    rests_on=SAMPLED,
    floats="""
        Orbits are short and their numbers have few digits; what is rounded gets the usual tolerance. Powers
        of two times one number are exact, over any number of steps within the range of the format.
    """,
    see=["REM-05", "REM-08", "REM-09", "SPE-08"],
)


def _jacobian(impl: Subject, orbit: Orbit) -> Numbers:
    """∂h_T/∂h_0, row by row."""
    rows: Numbers = np.array([carried_back(impl, orbit.network(), d)[0] for d in np.eye(len(orbit.start))])
    return rows


@slope_one.as_stated(needs=["run_vjp"])
def grows_in_an_active_network(impl: Subject, hold: Hold, orbit: ActiveOrbit) -> None:
    """No weight negative, all units active: in Frobenius' norm, ∂h_T/∂h_0 is longer than 1.

    The norm of W^T is at least ρ(W)^T. (A single gradient may shrink before it grows.)
    """
    hold.strictly_less(1, squared(_jacobian(impl, orbit)), "1 < ‖∂h_T/∂h_0‖²")


@slope_one.necessity(of=grows_in_an_active_network, condition=SPECTRUM)
def a_weight_of_one_half() -> Mapping[str, Any]:
    """One unit, W = 1/2, one step: 1/2."""
    return {"orbit": Orbit(np.array([[0.5]]), np.ones(1), 1)}


@slope_one.as_stated(needs=["run_vjp"])
def grows_with_a_large_eigenvalue(impl: Subject, hold: Hold, orbit: Unstable) -> None:
    """If an eigenvalue of W is greater than 5/4, ∂h_4/∂h_0 is longer than (5/4)^4, in Frobenius' norm."""
    hold.given(above(RATE, orbit.W), "no eigenvalue of W is known to be above 5/4")
    hold.strictly_less(RATE**8, squared(_jacobian(impl, orbit)), "(5/4)^8 < ‖∂h_4/∂h_0‖²")


@slope_one.necessity(of=grows_with_a_large_eigenvalue, condition=ACTIVE)
def eigenvalue_two_that_is_cut_off() -> Mapping[str, Any]:
    """W = [1 −1; −1 1] has the eigenvalue 2; from (1, 2) one unit goes off, and [0 0; −1 1] stays."""
    return {"orbit": Orbit(np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([1.0, 2.0]), 4)}


@slope_one.law(needs=["run_vjp"])
def the_power_of_the_matrix(impl: Subject, hold: Hold, orbit: ActiveOrbit) -> None:
    """∂h_T/∂h_0 = W^T, row by row; with the rates of growth that W v shows on a positive v."""
    v = orbit.start
    power = np.linalg.matrix_power(orbit.W, orbit.steps)  # exact: the entries are small multiples of 1/8
    rates = exact(orbit.W) @ exact(v) / exact(v)
    jacobian = _jacobian(impl, orbit)
    hold.equal(jacobian, power, "∂h_T/∂h_0")
    hold.at_most(min(rates) ** orbit.steps * exact(v), jacobian @ v, "λ^T v ≤ W^T v")
    hold.at_most(jacobian @ v, max(rates) ** orbit.steps * exact(v), "W^T v ≤ μ^T v")


@slope_one.law(needs=["run_vjp"])
def between_the_powers_of_the_radius(impl: Subject, hold: Hold, orbit: ActiveOrbit) -> None:
    """‖∂h_T/∂h_0‖² ≥ ρ(W)^{2T}, in Frobenius' norm; and W^T v ≤ μ^T v for μ > ρ(W) and some v > 0.

    Both rates are multiples of 1/64, and 1/64 apart.
    """
    low, high = spectral_radius(orbit.W)
    v, jacobian = shrinking(high, orbit.W), _jacobian(impl, orbit)
    hold.at_most(low ** (2 * orbit.steps), squared(jacobian), "ρ(W)^{2T} ≤ ‖∂h_T/∂h_0‖²")
    hold.at_most(jacobian @ v, high**orbit.steps * v, "W^T v ≤ μ^T v")


@slope_one.law(needs=["run", "run_vjp"])
def forty_steps_by_the_root_of_two(impl: Subject, hold: Hold, start: Little, d: Little) -> None:
    """W = [0 2; 1 0], ρ(W) = √2: 40 steps make state and gradient 2^20 times as large, to the last bit."""
    net = Orbit(SWAP, start, 40).network()
    hold.exactly(impl.run(net).state["h"][0], 2**20 * start, "h_40")
    hold.exactly(carried_back(impl, net, d)[0], 2**20 * d, "δᵀ ∂h_40/∂h_0")


@slope_one.law(needs=["run_vjp", "clip"], about=About.MATHEMATICS)
def clipped_it_is_as_long_as_the_threshold(
    impl: Subject, hold: Hold, orbit: ActiveOrbit, threshold: Threshold
) -> None:
    """However large it has grown, clipped it is θ long; and what is shorter than θ stays as long as it is.

    For balls an equality, since they cannot tell θ from a bound that is just reached.
    """
    gradient = carried_back(impl, orbit.network())
    done = impl.clip("norm", {"h_0": gradient}, threshold)["h_0"]
    hold.equal(squared(done), min(squared(gradient), threshold**2), "‖clip ∂/∂h_0‖²")


@slope_one.law(needs=["run_vjp", "clip"], about=About.IMPLEMENTATION)
def a_threshold_bounds_the_step(impl: Subject, hold: Hold, orbit: ActiveOrbit, threshold: Threshold) -> None:
    """However large it has grown, the clipped gradient is at most θ long; a little less, with an epsilon."""
    gradient = carried_back(impl, orbit.network())
    done = impl.clip("norm", {"h_0": gradient}, threshold)["h_0"]
    hold.at_most(squared(done), threshold**2, "‖clip ∂/∂h_0‖²")


@slope_one.proof
def powers(prove: Prove) -> None:
    """Two units, two steps, W > 0, h_0 > 0: ∂h_2/∂h_0 = W², traced. And the powers of the examples.

    [0 2; 1 0]² = 2I, hence 2^n I after 2n steps; [1 1; 0 1]^n = [1 n; 0 1]. If W^n v ≥ λ^n v and W v ≥ λ v
    then W^{n+1} v ≥ λ^n W v ≥ λ^{n+1} v, since W has no negative entry.
    """
    W, h0 = prove.symbols("a b c d", above=0).reshape(2, 2), prove.symbols("h1 h2", above=0)
    layer = Layer("rnn", 1, 2, activation="relu", biases="none")
    net = prove.network(layer, 2, W_h=0, U_h=W, inputs=0, h=h0)
    dh = prove.symbols("dh1 dh2")
    back = prove.reference.vjp(net, Cotangent(np.zeros((2, 1, 2), int), {"h": dh[np.newaxis]}))
    prove.identical(back.state["h"][0], dh @ W @ W)

    swap = prove.matrix([[0, 2], [1, 0]])
    prove.identical(swap @ swap, [[2, 0], [0, 2]])
    prove.closed_form(lambda n: 2**n, first=2, then=lambda n, x: 2 * x)
    prove.closed_form(
        lambda n: [1 + 0 * n, n, 0 * n, 1 + 0 * n],
        first=[1, 1, 0, 1],
        then=lambda n, M: [M[0] + M[2], M[1] + M[3], M[2], M[3]],
    )
    w, rate, power, v, before = prove.symbols("w rate power v before", at_least=0)
    prove.valid(w * before >= w * power * v, given=[before >= power * v])
    prove.valid(power * before >= power * rate * v, given=[before >= rate * v])
