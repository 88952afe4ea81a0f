"""A dominant eigenvalue above 1, and what it says about gradients."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import REFUTED, SAMPLED, About, claim
from rnnspec.claims.spectra.passing import carried_back, exact
from rnnspec.evidence import INF, Enclose, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.sources import D2
from rnnspec.strategies import Orbit, arrays, orbits, reals, wholes
from rnnspec.subject import Array, Subject

LITTLE = Fraction(1, 1000)
"""What a gradient is said to have vanished below, for a limit at a finite number of steps."""

# ------------------------------------------------------------------------------------------
above_one = claim(
    "SPE-01",
    title="A dominant eigenvalue above 1 does not make gradients explode",
    says="If the dominant eigenvalue of the recurrent matrix is greater than 1, the gradient explodes.",
    statement="If |λ_1(W)| > 1, then ‖∂h_t/∂h_k‖ → ∞.",
    equation="""
        h_t = tanh(2 h_{t-1}),  h_0 = 1/2:   ∂h_60/∂h_0 = 2.4·10^-46
        |∂h_T/∂h_0| ≤ |h_T| / |h_0|          for one unit and every w
        J* = w (1 − h*²) = 2u / sinh 2u < 1  where w = u coth u, u = w h*
        v · (Wᵀ)^k δ = λ^k v · δ             for W v = λ v
    """,
    verdict=REFUTED,
    because="""
        The gradient is a product of W and of slopes. A unit with a large weight does not stay at
        0, where the slope is 1: it moves to a fixed point at which tanh is so flat that weight
        times slope is below 1. For one unit no w makes it explode: as x tanh'(x) ≤ tanh(x) for
        x ≥ 0, a step's derivative is at most h_t / h_{t-1} in size, and the product at most
        h_T / h_0. From h_0 ≠ 0 it even vanishes in the end, for every w: by J* < 1 if |w| > 1,
        like T^(−3/2) if |w| = 1 (SPE-07), and by the weight itself if |w| < 1.
        For matrices too the spectrum decides only where the slopes are all alike, as in a linear
        recurrence; and there it is the *right* eigenvector that a back-propagated δ must not be
        orthogonal to. With W = [2 1; 0 1/2], δ = (0, 1) has a part along the left eigenvector
        (3, 2) and vanishes all the same; δ = (−2, 3) has none and explodes.
    """,
    corrected="""
        ‖W‖ > 1/γ, with the largest slope γ, is necessary for an explosion (SPE-12). An
        eigenvalue |λ| > 1 is sufficient if φ is linear and δ is not orthogonal to the
        dominant right eigenvector v: then v · (Wᵀ)^k δ = λ^k v · δ grows without bound. For one
        tanh unit without input |∂h_T/∂h_0| ≤ |h_T / h_0|, whatever w; only on h = 0 is it |w|^T.
    """,
    sources=[D2("vanishing gradients")],
    rests_on=SAMPLED,
    floats="""
        In saturation 1 − tanh² has no correct digit left; that is shared by all implementations,
        and what the tolerance shows.
    """,
    see=["SPE-02", "SPE-04", "SPE-07", "SPE-08", "SPE-12", "EMP-01"],
)


def large_weight_and_moving(orbit: Orbit) -> bool:
    """Whether |w| ≥ 3/2 and h_0 is not 0, the fixed point at which nothing ever moves."""
    return bool(abs(orbit.W[0, 0]) >= 1.5 and orbit.start[0] != 0)


# 3⁸ is a number of every format: an overflow times a slope of 0 would be no number.
OneUnit = Annotated[Orbit, orbits(size=(1, 1), steps=(1, 8), entries=(-24, 24), start=(-16, 16))]
LargeWeight = Annotated[
    Orbit,
    orbits(size=(1, 1), steps=(20, 20), entries=(-32, 32), start=(-16, 16), where=large_weight_and_moving),
]
AtTheOrigin = Annotated[Orbit, orbits(size=(1, 1), steps=(1, 4), entries=(-32, 32), start=(0, 0))]


@above_one.as_stated(needs=["run_vjp"])
def explodes(impl: Subject, hold: Hold, orbit: LargeWeight) -> None:
    """With a weight beyond 1, over 20 steps the gradient has at least not become smaller."""
    hold.given(large_weight_and_moving(orbit), "|w| is not above 1, or h_0 = 0")
    hold.at_most(1, abs(carried_back(impl, orbit.network("tanh"))), "|∂h_T/∂h_0|")


@above_one.witness(of=explodes)
def two_from_one_half() -> Mapping[str, Any]:
    """w = 2 from h_0 = 1/2: 2.4·10^-46 after 60 steps."""
    return {"orbit": Orbit(np.array([[2.0]]), np.array([0.5]), 60)}


@above_one.law(needs=["run", "run_vjp"])
def at_most_the_ratio_of_the_states(impl: Subject, hold: Hold, orbit: OneUnit) -> None:
    """For one unit, |h_0 ∂h_T/∂h_0| ≤ |h_T|: no weight makes the gradient explode."""
    net = orbit.network("tanh")
    slope = carried_back(impl, net)[0]
    hold.at_most(abs(orbit.start * slope), abs(impl.run(net).state["h"][0]), "|h_0 ∂h_T/∂h_0|")


@above_one.law(needs=["run_vjp"])
def vanishes_with_a_large_weight(impl: Subject, hold: Hold, orbit: LargeWeight) -> None:
    """With |w| ≥ 3/2 and h_0 ≠ 0, after 20 steps less than 1/1000 of the gradient is left."""
    hold.at_most(abs(carried_back(impl, orbit.network("tanh"))), LITTLE, "|∂h_20/∂h_0|")


@above_one.law(needs=["run_vjp"], about=About.MATHEMATICS)
def nothing_left_after_sixty_steps(impl: Subject, hold: Hold) -> None:
    """With w = 2 from h_0 = 1/2, what is left after 60 steps is 2.4·10^-46."""
    slope = carried_back(impl, two_from_one_half()["orbit"].network("tanh"))
    hold.at_most(Fraction("2.35e-46"), slope, "∂h_60/∂h_0")
    hold.at_most(slope, Fraction("2.45e-46"), "∂h_60/∂h_0")


@above_one.law(needs=["run_vjp"])
def the_weight_itself_only_at_the_origin(impl: Subject, hold: Hold, orbit: AtTheOrigin) -> None:
    """From h_0 = 0 the state stays there, where tanh has the slope 1, and the gradient is w^T."""
    slope = carried_back(impl, orbit.network("tanh"))[0]
    hold.equal(slope, exact(orbit.W[0]) ** orbit.steps, "∂h_T/∂h_0")


@above_one.law(needs=["run_vjp"])
def grows_along_the_right_eigenvector(
    impl: Subject,
    hold: Hold,
    v: Annotated[Array, arrays((2, 3), unit=1)],
    others: Annotated[Array, arrays(2, 3, low=-1, high=1, unit=1 / 2)],
    eigenvalue: Annotated[float, reals(-2, 2, unit=1 / 8)],
    ends: Annotated[Array, arrays(3, unit=1 / 8)],
    steps: Annotated[int, wholes(1, 4)],
) -> None:
    """In a linear recurrence with W v = λ v, v · (Wᵀ)^T δ = λ^T v · δ, whatever else W does."""
    n = len(v)
    d, W = ends[:n], eigenvalue * np.eye(n)
    for k in range(n - 1):  # to both of v's entries it multiplies what takes them to 0
        W[:, k : k + 2] += np.outer(others[k, :n], [v[k + 1], -v[k]])
    back = carried_back(impl, Orbit(W, np.zeros(n), steps).network("identity"), d)[0]
    hold.equal((back * v).sum(), eigenvalue**steps * float(d @ v), "v · (Wᵀ)^T δ")


@above_one.proof
def right_and_not_left(prove: Prove) -> None:
    """v · Wᵀδ = λ v · δ for every 2 × 2 matrix, δ and v; and W = [2 1; 0 1/2] for every k."""
    a, b, p, q, x, y, eigenvalue = prove.symbols("a b p q x y l")
    W = prove.matrix([[eigenvalue + p * y, -p * x], [q * y, eigenvalue - q * x]])
    net = prove.network(Layer("rnn", 1, 2, activation="identity", biases="none"), 1, W_h=0, U_h=W)
    back = carried_back(prove.reference, net, np.array([a, b], dtype=object))[0]
    prove.identical(x * back[0] + y * back[1], eigenvalue * (x * a + y * b))
    half = prove.number(1, 2)

    def once_more(n: Any, d: Any) -> list[Any]:
        return [2 * d[0], d[0] + half * d[1]]

    # (3, 2) W = 2 (3, 2): (0, 1) is not orthogonal to the left eigenvector, and (−2, 3) is.
    prove.identical([3 * 2, 3 * 1 + 2 * half], [2 * 3, 2 * 2])
    prove.closed_form(lambda n: [0 * n, half**n], first=[0, half], then=once_more)
    prove.closed_form(lambda n: [-2 * 2**n, (13 * half**n - 4 * 2**n) / 3], first=[-4, -half], then=once_more)


@above_one.enclosure
def one_unit_at_its_fixed_point(enclose: Enclose) -> None:
    """x tanh'(x) < tanh(x), so J* = 2u/sinh 2u < 1 for every u > 0; and J* for w = 2."""
    enclose.holds(lambda f, x: x * f.slope("tanh", x) < f.activation("tanh", x), touching=[0], x=(0, INF))
    enclose.holds(lambda f, u: 2 * u < f.sinh(2 * u), touching=[0], u=(0, INF))
    # h*² = 1 − J/2 is where tanh(2 h) = h.
    enclose.zeros(
        lambda f, J: f.tanh(2 * f.sqrt(1 - J / 2)) - f.sqrt(1 - J / 2),
        at=["0.166372087752"],
        J=(Fraction(1, 100), Fraction(3, 2)),
    )
