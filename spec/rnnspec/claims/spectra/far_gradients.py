"""Gradients over long distances: between vanishing and exploding."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import permutations
from math import cosh
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, SAMPLED, About, claim
from rnnspec.claims.spectra.passing import by_turns, carried_back
from rnnspec.claims.spectra.relu_recurrence import within_the_unit_circle
from rnnspec.evidence import Enclose, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D0
from rnnspec.strategies import Orbit, arrays, orbits, reals, wholes
from rnnspec.subject import Array, Numbers, Subject

SAME = "every step has the same derivative"
APART = "its spectral radius is not near 1: at most 1/2, or at least 2"

FAR = 20
"""Steps after which a power of 1/2 is below 1/1000, and one of 2 above 1000, with some to spare."""

MUCH = 1000**2
"""The square of the length above which a gradient has exploded, and below whose inverse it has vanished."""


def whole_jacobian(impl: Subject, W: Array, steps: int) -> Numbers:
    """∂h_T/∂h_0 of the linear recurrence with a 2 × 2 matrix: a row for each member of a batch."""
    layer = Layer("rnn", 1, 2, activation="identity", biases="none")
    parameters = {"W_h": np.zeros((2, 1)), "U_h": np.asarray(W, float)}
    net = Network(layer, parameters, np.zeros((steps, 2, 1)), {"h": np.zeros((2, 2))})
    return carried_back(impl, net, np.eye(2))


def apart(W: Array) -> bool:
    """Whether every eigenvalue is at most 1/2 in size, or one is greater than 2."""
    return within_the_unit_circle(2 * W) or not within_the_unit_circle(W / 2)


def slope_apart(w: float, z: float) -> bool:
    """Whether the derivative w sech² z is at most 1/2 in size, or at least 2."""
    size = abs(w) / cosh(z) ** 2
    return size <= 1 / 2 or size >= 2


AnyMatrix = Annotated[Orbit, orbits(size=(2, 2), steps=(FAR, FAR))]
Apart = Annotated[
    Orbit,
    orbits(size=(2, 2), steps=(FAR, FAR), entries=(-32, 32), where=lambda orbit: apart(orbit.W)),
]
"""Nearly all have an eigenvalue greater than 2, so that a law takes one of `Within` as well."""
Within = Annotated[
    Orbit,
    orbits(
        size=(2, 2),
        steps=(FAR, FAR),
        entries=(-16, 16),
        unit=1 / 32,
        where=lambda orbit: within_the_unit_circle(2 * orbit.W),
    ),
]
"""Every eigenvalue is at most 1/2 in size."""

AtFixedSpeed = Annotated[Orbit, orbits(size=(1, 1), steps=(1, 12), entries=(8, 8), start=(1, 8))]

# ------------------------------------------------------------------------------------------
far = claim(
    "SPE-07",
    title="Over long distances a gradient vanishes or explodes, or does neither",
    says="When the distance gets long, the earliest derivative vanishes or explodes.",
    statement="‖J_t ... J_{k+1}‖ → 0 or → ∞ as t − k → ∞.",
    equation="""
        Wⁿ = (λⁿ − μⁿ)/(λ − μ) W − λμ (λⁿ⁻¹ − μⁿ⁻¹)/(λ − μ) I      eigenvalues λ ≠ μ of W, 2 × 2
        [1 1; 0 1]ⁿ = [1 n; 0 1]
        h_t = tanh h_{t−1}:  ¾ |h_T/h_0|³ ≤ ∂h_T/∂h_0 ≤ |h_T/h_0|³,  0 < |h_0| ≤ 1
                             h_0²/(1 + T h_0²) ≤ h_T² ≤ h_0²/(1 + ⅔ T h_0²)
    """,
    verdict=CONDITIONAL,
    because="""
        If all steps have the same derivative, its n-th power behaves like n-th powers of the
        eigenvalues: it vanishes if all are inside the unit circle and explodes if one is
        outside. Between these there is a third case. A rotation keeps every length; a Jordan
        block with the eigenvalue 1 grows like n, to 50 after 50 steps; a tanh unit with w = 1
        decays like T^(−3/2). And where the derivatives differ, steps of 2 and of 1/2 may take turns.
        How near to 1, how long and how much is our reading: eigenvalues of 1/2 or 2, twenty
        steps, a factor 1000. Where the derivatives are drawn by lot the third case is rare: of
        factors 2 and 1/2, with probabilities p and 1 − p, the product almost surely vanishes or explodes
        exponentially unless p = 1/2. For random matrices, too, the growth rate (the Lyapunov
        exponent) exists almost surely (Furstenberg and Kesten 1960); when it is 0 is not shown here.
    """,
    conditions=(SAME, APART),
    sources=[D0("1.3, DNN and RNN")],
    rests_on=SAMPLED,
    floats="Permutations and Jordan blocks add small whole numbers: exactly, in every format.",
    see=["SPE-01", "SPE-03", "SPE-05", "EMP-01", "EMP-05", "DEP-10"],
)


@far.as_stated(needs=["run_vjp"])
def vanishes_or_explodes(impl: Subject, hold: Hold, orbit: AnyMatrix) -> None:
    """With one matrix in all steps, after 20 of them ‖J‖ is below 1/1000 or above 1000."""
    size = (whole_jacobian(impl, orbit.W, orbit.steps) ** 2).sum()
    hold.at_most(0, (MUCH * size - 1) * (size - MUCH), "(10⁶ ‖J‖² − 1)(‖J‖² − 10⁶)")


@far.necessity(of=vanishes_or_explodes, condition=APART)
def quarter_turn() -> Mapping[str, Any]:
    """[0 −1; 1 0], whose eigenvalues are ±i: every power of it is a rotation."""
    return {"orbit": Orbit(np.array([[0.0, -1.0], [1.0, 0.0]]), np.zeros(2), FAR)}


@far.as_stated(needs=["run", "run_vjp"])
def vanishes_or_explodes_by_turns(
    impl: Subject,
    hold: Hold,
    w: Annotated[float, reals(-8, 8, unit=1 / 8)],
    z: Annotated[Array, arrays(2, low=-4, high=4, unit=1 / 16)],
) -> None:
    """A unit whose derivatives, by turns, are at most 1/2 or at least 2 in size.

    Ten equal ones would come to less than 1/1000 or to more than 1000.
    """
    hold.given(all(slope_apart(w, float(one)) for one in z), "a derivative is near 1")
    size = carried_back(impl, by_turns(impl, w, z, 5)) ** 2
    hold.at_most(0, (MUCH * size - 1) * (size - MUCH), "(10⁶ J² − 1)(J² − 10⁶)")


@far.necessity(of=vanishes_or_explodes_by_turns, condition=SAME)
def two_and_less_than_a_half() -> Mapping[str, Any]:
    """w = 2 held at z = 0 and z = 11/8 by turns: J is 2 and 0.45, and 0.61 after ten steps."""
    return {"w": 2.0, "z": np.array([0.0, 1.375])}


@far.law(needs=["run_vjp"], about=About.MATHEMATICS)
def decided_by_the_spectral_radius(impl: Subject, hold: Hold, orbit: Apart, small: Within) -> None:
    """With one matrix in all steps and its spectral radius apart from 1, it is as stated."""
    for W in (orbit.W, small.W):
        size = (whole_jacobian(impl, W, orbit.steps) ** 2).sum()
        hold.at_most(0, (MUCH * size - 1) * (size - MUCH), "(10⁶ ‖J‖² − 1)(‖J‖² − 10⁶)")


@far.law(needs=["run_vjp"])
def permutations_keep_every_entry(
    impl: Subject,
    hold: Hold,
    order: Annotated[int, wholes(0, 5)],
    signs: Annotated[int, wholes(0, 7)],
    d: Annotated[Array, arrays(3, unit=1 / 64)],
    steps: Annotated[int, wholes(1, 24)],
) -> None:
    """A linear recurrence that permutes three units, and changes signs, keeps the gradient for ever."""
    ordered = list(permutations(range(3)))[order]
    W = np.eye(3)[list(ordered)] * [(-1.0) ** (signs >> k) for k in range(3)]
    back = carried_back(impl, Orbit(W, np.zeros(3), steps).network("identity"), d)[0]
    hold.exactly(back, d @ np.linalg.matrix_power(W, steps), "(Wᵀ)^T δ")
    hold.exactly((abs(back)).sum(), float(np.abs(d).sum()), "Σ|(Wᵀ)^T δ|")


@far.law(needs=["run_vjp"])
def jordan_block_grows_like_the_steps(
    impl: Subject, hold: Hold, steps: Annotated[int, wholes(1, 50)]
) -> None:
    """[1 1; 0 1] reaches T after T steps: 50 after 50, neither vanished nor exploded."""
    back = whole_jacobian(impl, np.array([[1.0, 1.0], [0.0, 1.0]]), steps)
    hold.exactly(back, [[1, steps], [0, 1]], "[1 1; 0 1]^T")


@far.law(needs=["run", "run_vjp"])
def tanh_with_weight_one_decays_like_a_power(impl: Subject, hold: Hold, orbit: AtFixedSpeed) -> None:
    """With w = 1 the gradient is |h_T/h_0|³ up to a quarter, and h_T² between two 1/T's."""
    net, T = orbit.network("tanh"), orbit.steps
    slope, state = carried_back(impl, net)[0, 0], impl.run(net).state["h"][0, 0]
    start = float(orbit.start[0])
    hold.at_most(slope * start**3, state**3, "h_0³ ∂h_T/∂h_0")
    hold.at_most(state**3 * 0.75, slope * start**3, "¾ h_T³")
    hold.at_most(start**2, state**2 * (1 + T * start**2), "h_0²")
    hold.at_most(state**2 * (3 + 2 * T * start**2), 3 * start**2, "h_T² (3 + 2 T h_0²)")


@far.proof
def powers_of_two_by_two(prove: Prove) -> None:
    """Wⁿ in λⁿ and μⁿ for every n, of W with eigenvalues λ ≠ μ and W[1, 2] ≠ 0; and of [1 1; 0 1].

    |λ|, |μ| < 1 make every entry tend to 0, and |λ| > 1 with |λ| > |μ| some entry unbounded.
    """
    a, b, p, q, x, y = prove.symbols("a b p q x y")
    W = prove.matrix([[a, b], [(a * (p + q - a) - p * q) / b, p + q - a]])
    prove.identical(prove.characteristic(W, prove.x), (prove.x - p) * (prove.x - q))
    net = prove.network(Layer("rnn", 1, 2, activation="identity", biases="none"), 1, U_h=W)
    d = np.array([x, y], dtype=object)

    def closed(n: Any) -> list[Any]:
        growth, before = (p**n - q**n) / (p - q), (p**n * q - q**n * p) / (p - q)
        return list(growth * (d @ W) - before * d)

    def once_more(n: Any, now: Any) -> list[Any]:
        return list(carried_back(prove.reference, net, np.array(now, dtype=object))[0])

    prove.closed_form(closed, first=list(d @ W), then=once_more, where=[p != q, b != 0])
    block = prove.network(
        Layer("rnn", 1, 2, activation="identity", biases="none"), 1, U_h=prove.matrix([[1, 1], [0, 1]])
    )
    prove.closed_form(
        lambda n: [x, n * x + y],
        first=[x, x + y],
        then=lambda n, now: list(carried_back(prove.reference, block, np.array(now, dtype=object))[0]),
    )


@far.proof
def cube_of_the_ratio(prove: Prove) -> None:
    """With w = 1 and y = tanh x, 1 − x⁴/15 ≤ (x/y)³ (1 − y²) ≤ 1; and ¾ is what is always left.

    The middle is x³ cosh x / sinh³ x, and 4 sinh³ x = sinh 3x − 3 sinh x. The power series of
    both have the coefficients 4k(k−1)(k−2)/k! and (3^k − 3)/k!, for odd k.
    """
    e, x = prove.exp(prove.x), prove.x
    sinh, cosh, y = (e - 1 / e) / 2, (e + 1 / e) / 2, prove.activation("tanh")
    prove.identical(4 * sinh**3, (e**3 - e**-3) / 2 - 3 * sinh)
    prove.identical((x / y) ** 3 * prove.slope("tanh"), x**3 * cosh / sinh**3)
    prove.by_induction(lambda k: 3**k - 3 >= 4 * k * (k - 1) * (k - 2), start=5)
    # Of 4x³ cosh x − 4(1 − x⁴/15) sinh³ x, the coefficient of x^(m+4), times (m + 4)!.
    m, power = prove.symbols("m p")
    fourth = (m + 4) * (m + 3) * (m + 2) * (m + 1)
    left = 4 * (m + 4) * (m + 3) * (m + 2) - (81 * power - 3) + fourth * (power - 3) / 15
    prove.identical(prove.at(left, {"m": 3, "p": 27}), 0)
    prove.valid(fourth >= 1680, given=[m >= 4])
    prove.valid(left >= (power - 3) * (fourth - 1680) / 15, given=[m >= 4, power >= 81])
    # The sum of h_t⁴/15 over all steps, with h_t² ≤ 1/(1 + ⅔t), is below 1/4.
    (t,) = prove.symbols("t", at_least=0)
    prove.valid(1 / (1 + 2 * t / 3) ** 2 / 15 <= prove.number(3, 20) / ((t + 1) * (t + 2)))
    prove.sum_is(lambda k: 1 / (k * (k + 1)), lambda n: n / (n + 1))


@far.proof
def drawn_by_lot(prove: Prove) -> None:
    """J = 2 with probability p < 1/2, else 1/2: almost surely J_1 ... J_n < 2^{−n/k} from some n on.

    With 2^K for the product, the mean of t^K is M^n, M = √(4p(1 − p)) < 1, for t = √((1 − p)/p) > 1. By
    Markov's inequality P(K ≥ −n/k) ≤ t^{n/k} M^n = (t M^k)^{n/k}, as t^K ≥ t^{−n/k} there. And t M^k < 1 if k
    is large enough, since (1/M)^k ≥ 1 + k (1/M − 1): so these probabilities have a finite sum, and by the
    lemma of Borel and Cantelli only finitely many of the events happen. For p > 1/2 the same holds of 1/J.
    """
    (p,) = prove.symbols("p", above=0, below=Fraction(1, 2))
    t = prove.sqrt((1 - p) / p)
    prove.valid((1 - p) / p > 1)
    (root,) = prove.symbols("t", at_least=1)
    prove.by_induction(lambda k: root**k >= 1)  # so t^K grows with K
    mean = p * t + (1 - p) / t
    prove.identical(mean**2, 4 * p * (1 - p))
    prove.valid(4 * p * (1 - p) < 1)
    # One more factor, independent of the others: P(K) splits into P(K − 1) p and P(K + 1)(1 − p).
    prove.closed_form(
        lambda n: mean**n, first=mean, then=lambda n, before: p * t * before + (1 - p) / t * before
    )
    (inverse,), (k,) = prove.symbols("inverse", above=1), prove.symbols("k", at_least=1)
    prove.by_induction(lambda n: inverse**n >= 1 + n * (inverse - 1))
    prove.valid(1 + k * (inverse - 1) > root, given=[k * (inverse - 1) > root - 1])


@far.enclosure
def one_step_with_weight_one(enclose: Enclose) -> None:
    """2/3 ≤ 1/tanh² x − 1/x² ≤ 1 for 0 < x ≤ 1, which bounds 1/h_T² − 1/h_0² by ⅔T and T."""
    enclose.holds(lambda f, x: f.tanh(x) * f.sqrt(1 + Fraction(2, 3) * x**2) <= x, touching=[0], x=(0, 1))
    enclose.holds(lambda f, x: x / f.sqrt(1 + x**2) <= f.tanh(x), touching=[0], x=(0, 1))
