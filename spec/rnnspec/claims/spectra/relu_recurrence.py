"""Recurrences with ReLU and with tanh: which blow up, and which stay bounded."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, REFUTED, SAMPLED, About, claim
from rnnspec.claims.spectra.passing import carried_back, exact
from rnnspec.claims.spectra.perron import shrinking, spectral_radius
from rnnspec.evidence import Layer, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Network
from rnnspec.sources import D0
from rnnspec.strategies import Orbit, Preactivations, networks, orbits
from rnnspec.subject import Array, Numbers, Subject


def eigenvalue_above_one(W: Array) -> bool:
    """Whether a 2 x 2 matrix has a real eigenvalue greater than 1, decided exactly.

    The eigenvalues are the roots of p(x) = x² − (trace) x + det. A root lies beyond 1 if
    p(1) < 0, or if p has real roots whose mean, trace / 2, does.
    """
    trace, det = _trace_and_determinant(W)
    at_one = 1 - trace + det
    return at_one < 0 or (trace**2 >= 4 * det and trace > 2)


def within_the_unit_circle(W: Array) -> bool:
    """Whether both eigenvalues of a 2 x 2 matrix have modulus at most 1, decided exactly (Jury)."""
    trace, det = _trace_and_determinant(W)
    return abs(det) <= 1 and abs(trace) <= 1 + det


def _trace_and_determinant(W: Array) -> tuple[Fraction, Fraction]:
    (a, b), (c, d) = ((Fraction(float(x)) for x in row) for row in W)
    return a + d, a * d - b * c


Expanding = Annotated[
    Orbit,
    orbits(size=(2, 2), start=(1, 16), steps=(8, 8), where=lambda orbit: eigenvalue_above_one(orbit.W)),
]
Contracting = Annotated[
    Orbit,
    orbits(size=(2, 2), start=(0, 16), steps=(4, 4), where=lambda orbit: within_the_unit_circle(orbit.W)),
]
NonNegative = Annotated[Orbit, orbits(entries=(0, 16), start=(1, 16))]
AnyOrbit = Annotated[Orbit, orbits()]
Slow = Annotated[Orbit, orbits(entries=(-8, 8))]

# ------------------------------------------------------------------------------------------
blow_up = claim(
    "SPE-08",
    title="An eigenvalue above 1 decides nothing about a ReLU recurrence",
    says="""
        In a recurrence the same matrix is applied many times; with ReLU and an eigenvalue of
        that matrix greater than 1 the output blows up.
    """,
    statement="If W has an eigenvalue λ > 1, then h_t = relu(W h_{t-1}) is unbounded; otherwise it is not.",
    equation="""
        W = [  1   −1 ]   has λ = 2, and h_t = h_1 for t ≥ 1
            [ −1    1 ]

        W = [ 3/2  9/4 ]  has λ = 0 only, and h_t = (3/2)^t h_0 from h_0 = (1, 0)
            [ −1  −3/2 ]
    """,
    verdict=REFUTED,
    because="""
        ReLU is not linear: what it cuts off decides which part of W acts, and the spectrum of
        W is not that of its parts. The first matrix has the eigenvalue 2 with eigenvector (1, −1),
        which ReLU never lets through: every state is mapped to ((h₁−h₂)₊, (h₂−h₁)₊) and stays
        there. The second is nilpotent, W² = 0, yet on (1, 0) ReLU removes just the entry
        that would have brought it back, and each step multiplies by 3/2. If no
        entry of W is negative nothing is ever cut off, and then the spectrum does decide
        (Perron and Frobenius).
    """,
    corrected="""
        If W ≥ 0 and h_0 > 0 entry by entry, then h_t = W^t h_0, and max h_t ≥ min(h_0) ρ(W)^t, which
        is unbounded for ρ(W) > 1. For any W, |h_t| ≤ |W|^t |h_0|, which ρ(|W|) < 1 makes vanish:
        with λ > ρ(|W|) there is a v > 0 such that |W| v < λ v, and h_t ≤ λ^t c v if h_0 ≤ c v. In
        between, what counts is the product of the parts of W that are active along the orbit.
    """,
    sources=[D0("questions, 3")],
    rests_on=SAMPLED,
    floats="""
        Orbits are short and their numbers have few digits, so floats follow them almost
        exactly; what is rounded gets the usual tolerance.
    """,
    see=["SPE-01", "SPE-02", "SPE-09", "SPE-11"],
)


@blow_up.as_stated(needs=["run"])
def never_at_rest(impl: Subject, hold: Hold, orbit: Expanding) -> None:
    """With an eigenvalue above 1, from a positive start, the state never comes to rest.

    A state at rest stays at rest, so an orbit that reaches one is bounded.
    """
    hold.given(eigenvalue_above_one(orbit.W), "W has no eigenvalue above 1")
    outputs = impl.run(orbit.network()).outputs[:, 0]
    hold.strictly_less(0, abs(outputs[-1] - outputs[-2]).sum(), "|h_T − h_{T-1}|")


@blow_up.witness(of=never_at_rest)
def eigenvalue_two_at_rest() -> Mapping[str, Any]:
    """W = [1 −1; −1 1], eigenvalue 2: from (1, 2) to (0, 1), and there it stays."""
    return {"orbit": Orbit(np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([1.0, 2.0]), 8)}


@blow_up.as_stated(needs=["run"])
def bounded_without_large_eigenvalue(impl: Subject, hold: Hold, orbit: Contracting) -> None:
    """Without an eigenvalue beyond the unit circle, no state is a larger multiple of the one before.

    ReLU(λ z) = λ ReLU(z) for λ > 0, so one such step repeats itself for ever.
    """
    hold.given(within_the_unit_circle(orbit.W), "W has an eigenvalue beyond the unit circle")
    before, after = impl.run(orbit.network()).outputs[-2:, 0]
    parallel = bool(after[0] * before[1] - after[1] * before[0] == 0)
    hold.at_most(after.sum() if parallel else 0, before.sum(), "|h_T| where h_T is parallel to h_{T-1}")


@blow_up.witness(of=bounded_without_large_eigenvalue)
def nilpotent_and_exploding() -> Mapping[str, Any]:
    """W = [3/2 9/4; −1 −3/2], W² = 0: from (1, 0), h_t = (3/2)^t (1, 0)."""
    return {"orbit": Orbit(np.array([[1.5, 2.25], [-1.0, -1.5]]), np.array([1.0, 0.0]), 4)}


@blow_up.law(needs=["run"])
def positive_matrices_grow_as_their_spectrum_says(impl: Subject, hold: Hold, orbit: NonNegative) -> None:
    """If W ≥ 0 and h_0 > 0, the largest entry of h_T is at least min(h_0) ρ(W)^T.

    A left eigenvector u ≥ 0 of ρ(W) has uᵀh_T = ρ(W)^T uᵀh_0. The radius is rounded down to a multiple of
    1/64. Which entry is the largest follows from W^T h_0, which float64 holds to the last bit.
    """
    rate, _ = spectral_radius(orbit.W)
    largest = int(np.argmax(np.linalg.matrix_power(orbit.W, orbit.steps) @ orbit.start))
    final = impl.run(orbit.network()).outputs[-1, 0]
    bound = rate**orbit.steps * Fraction(orbit.start.min())
    hold.at_most(bound, final[largest], "min(h_0) ρ(W)^T ≤ max h_T")


@blow_up.law(needs=["run"])
def positive_matrices_keep_the_rate_of_a_start(impl: Subject, hold: Hold, orbit: NonNegative) -> None:
    """If W ≥ 0 and W h_0 ≥ λ h_0, then h_t ≥ λ^t h_0: with λ > 1 it is unbounded."""
    W, start = exact(orbit.W), exact(orbit.start)
    rate = min(W @ start / start)
    outputs = impl.run(orbit.network()).outputs[:, 0]
    for t in range(orbit.steps):
        hold.at_most(rate ** (t + 1) * start, outputs[t], f"λ^{t + 1} h_0 ≤ h_{t + 1}")


@blow_up.law(needs=["run"])
def no_faster_than_the_absolute_values(impl: Subject, hold: Hold, orbit: AnyOrbit) -> None:
    """|h_t| ≤ |W|^t |h_0| entry by entry."""
    outputs = impl.run(orbit.network()).outputs[:, 0]
    bound = orbit.start.astype(object)
    for t in range(orbit.steps):
        bound = np.abs(orbit.W).astype(object) @ bound
        hold.at_most(outputs[t], bound, f"h_{t + 1} ≤ |W|^{t + 1} h_0")


@blow_up.law(needs=["run"])
def vanishes_as_the_absolute_values_do(impl: Subject, hold: Hold, orbit: Slow) -> None:
    """h_t ≤ λ^t c v for λ > ρ(|W|), with a v > 0 for which |W| v < λ v, and c with h_0 ≤ c v.

    λ is a multiple of 1/64, and at most 1 if ρ(|W|) is less.
    """
    _, rate = spectral_radius(orbit.W)
    v = shrinking(rate, orbit.W)
    bound = max(exact(orbit.start) / v) * v
    outputs = impl.run(orbit.network()).outputs[:, 0]
    for t in range(orbit.steps):
        hold.at_most(outputs[t], rate ** (t + 1) * bound, f"h_{t + 1} ≤ λ^{t + 1} c v")


@blow_up.law(needs=["activation", "activation_vjp"])
def cut_off_at_zero(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """ReLU cuts off what is negative and keeps the rest as it is; its slope, away from 0, is 0 or 1."""
    hold.exactly(impl.activation("relu", x), np.maximum(x, 0), "relu(x)")
    x = x[x != 0]
    hold.exactly(impl.slope("relu", x), (x > 0).astype(float), "relu'(x)")


@blow_up.law(needs=["run", "run_vjp"])
def product_of_the_active_parts(impl: Subject, hold: Hold, orbit: AnyOrbit) -> None:
    """h_T = (D_T W) ... (D_1 W) h_0, where D_t keeps the rows of W that are active at t.

    The product is what back-propagation goes through. Where a pre-activation is 0 it does not
    matter which slope ReLU is given there: the row times the state is 0 in any case.
    """
    net = orbit.network()
    final = impl.run(net).state["h"][0]
    for j, d in enumerate(np.eye(len(orbit.start))):
        hold.equal((carried_back(impl, net, d)[0] * orbit.start).sum(), final[j], f"h_T[{j}]")


@blow_up.law(needs=["run"])
def scales_with_its_start(impl: Subject, hold: Hold, orbit: AnyOrbit) -> None:
    """Twice the start gives twice the orbit: what happens once on a ray happens for ever."""
    twice = Orbit(orbit.W, 2 * orbit.start, orbit.steps)
    hold.equal(impl.run(twice.network()).outputs, 2 * impl.run(orbit.network()).outputs, "the orbit of 2 h_0")


@blow_up.proof
def both_orbits_for_every_t(prove: Prove) -> None:
    """Both matrices, traced: at rest after one step from any start; and (3/2)^t, for every t.

    And the reverse where nothing is cut off: with W and h_0 positive a step of ReLU is W h_0.
    """

    def after(W: Any, h: Any) -> Any:
        net = prove.network(Layer("rnn", 1, 2, activation="relu", biases="none"), 1, W_h=0, U_h=W, h=h)
        return prove.reference.run(net).outputs[0, 0]

    two = prove.matrix([[1, -1], [-1, 1]])
    prove.identical(prove.characteristic(two, prove.x), prove.x * (prove.x - 2))
    low, apart = prove.symbols("a b", at_least=0)
    for start, rest in (([low, low + apart], [0, apart]), ([low + apart, low], [apart, 0])):
        prove.identical(after(two, prove.matrix([start])), rest)
        prove.identical(after(two, prove.matrix([rest])), rest)
    nilpotent = prove.matrix([[Fraction(3, 2), Fraction(9, 4)], [-1, Fraction(-3, 2)]])
    prove.identical(nilpotent @ nilpotent, 0 * nilpotent)
    rate = prove.number(3, 2)
    prove.closed_form(
        lambda n: [rate**n, 0 * n],
        first=[rate, 0],
        then=lambda n, h: list(after(nilpotent, prove.matrix([h]))),
    )
    prove.by_induction(lambda n: rate**n >= 1 + n / 2)
    W, h = prove.symbols("p q r s", above=0).reshape(2, 2), prove.symbols("h1 h2", above=0)
    prove.identical(after(W, prove.matrix([h])), W @ h)


@blow_up.proof
def along_an_eigenvector_and_below_a_vector(prove: Prove) -> None:
    """Two units, one step: uᵀh grows by ρ if uᵀW = ρ uᵀ, and h ≤ c v becomes h ≤ λ c v if |W| v ≤ λ v.

    So they do step by step. And with u ≥ 0 uᵀh_0 ≥ min(h_0) Σ u, and max h_T Σ u ≥ uᵀh_T.
    """
    h, u = prove.symbols("h1 h2", above=0), prove.symbols("u1 u2", at_least=0)
    layer = Layer("rnn", 1, 2, activation="relu", biases="none")
    W, (rate,) = prove.symbols("p q r s", at_least=0).reshape(2, 2), prove.symbols("rho", at_least=0)
    after = W @ h  # what is traced above for W > 0, and nothing is cut off of a W ≥ 0
    given = [u @ W[:, j] == rate * u[j] for j in range(2)]
    prove.valid(u @ after == rate * (u @ h), given=given)
    (largest,), (least,) = prove.symbols("largest", at_least=0), prove.symbols("least", at_least=0)
    prove.valid(u @ h <= largest * u.sum(), given=[entry <= largest for entry in h])
    prove.valid(least * u.sum() <= u @ h, given=[least <= entry for entry in h])

    (a, b), (x, y), (v, w) = (
        prove.symbols("a b"),
        prove.symbols("x y", at_least=0),
        prove.symbols("v w", above=0),
    )
    row = prove.network(layer, 1, W_h=0, U_h=prove.matrix([[a, b], [0, 0]]), h=prove.matrix([[x, y]]))
    first = prove.reference.run(row).outputs[0, 0, 0]
    (c,) = prove.symbols("c", at_least=0)
    prove.valid(first <= rate * c * v, given=[x <= c * v, y <= c * w, abs(a) * v + abs(b) * w <= rate * v])


# ------------------------------------------------------------------------------------------
bounded = claim(
    "SPE-09",
    title="A tanh recurrence stays within (−1, 1), whatever its weights",
    says="With tanh as the activation the output of a recurrent network is limited.",
    statement="For every W, U, b, every input and every start, |h_t| < 1 for t ≥ 1.",
    equation="""
        |h_t| < 1
        1 − tanh² z = 4 e² / (e² + 1)² > 0,  where e stands for e^z
    """,
    verdict=HOLDS,
    because="""
        Whatever reaches the activation, tanh maps it into the open interval (−1, 1). That
        bounds the state; it says nothing about the gradient, which may still explode.
    """,
    sources=[D0("questions, 3")],
    floats="""
        No tolerance: a rounded tanh may reach ±1, from about |z| = 9 in binary32 and 19 in
        binary64, and never passes it.
    """,
    see=["SPE-08", "EMP-12"],
)

TanhNetwork = Annotated[
    Network, networks("rnn", activation="tanh", steps=(0, 8), large=True, scales=(0, -1, 1, 3, 6))
]


@bounded.law(needs=["run"])
def states_within_one(impl: Subject, hold: Hold, net: TanhNetwork) -> None:
    """Every |h_t| is below 1 (in floats, at most 1), for weights of any size."""
    run = impl.run(net)
    hold.strictly_less(run.outputs, 1, "h_t", rounding=SURVIVES)
    hold.strictly_less(-1, run.outputs, "−1 < h_t", rounding=SURVIVES)
    if net.steps:
        hold.strictly_less(abs(run.state["h"]), 1, "|h_T|", rounding=SURVIVES)


@bounded.law(needs=["run"], about=About.IMPLEMENTATION)
def tanh_of_the_preactivation(impl: Subject, hold: Hold, net: TanhNetwork) -> None:
    """Each state is the tanh of W x_t + U h_{t-1} + b, and therefore bounded by it."""
    state = net.state
    for t in range(net.steps):
        step = net.at(t, state)
        hold.agrees(partial(_outputs, step), impl, f"h_{t + 1}")
        state = impl.run(step).state


def _outputs(network: Network, subject: Subject) -> Numbers:
    return subject.run(network).outputs


@bounded.law(needs=["activation"])
def tanh_within_one(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """|tanh x| is below 1 (in floats, at most 1), in every regime."""
    y = impl.activation("tanh", x)
    hold.strictly_less(y, 1, "tanh x", rounding=SURVIVES)
    hold.strictly_less(-1, y, "−1 < tanh x", rounding=SURVIVES)


bounded.exhaustive(of=tanh_within_one, format="float16")


@bounded.proof
def one_minus_the_square_is_positive(prove: Prove) -> None:
    """1 − tanh² is a quotient of polynomials in e^z with positive coefficients."""
    prove.positive(1 - prove.activation("tanh") ** 2)
