"""What lasts: latches that keep a bit for ever, although its gradient vanishes."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    U,
    one_unit,
    pairs,
    power,
    rational,
    reads_the_same,
)
from rnnspec.claims.spectra.passing import STEEPEST, largest_stretch, with_activation
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Activation, Layer, Network
from rnnspec.sources import D1, D3, D4
from rnnspec.strategies import Orbit, orbits, reals
from rnnspec.subject import Subject

CONTRACTS = "the recurrence contracts: ‖U‖ sup φ' ≤ 7/8"
THOUSANDTH = Fraction(1, 1000)


LongOrbit = Annotated[Orbit, orbits(size=(1, 1), steps=(60, 60), start=(1, 16))]
"""One unit, from a positive state, for 60 steps."""

Contracting = Annotated[Orbit, orbits(size=(1, 1), steps=(60, 60), entries=(-7, 7), start=(1, 16))]
"""The same with |w| ≤ 7/8."""

AnyUnit = Annotated[Orbit, orbits(size=(1, 1), steps=(1, 20), entries=(-32, 32))]
SmallLatch = Annotated[Orbit, orbits(size=(1, 1), steps=(1, 20), entries=(9, 16), start=(6, 16))]
"""9/8 ≤ w ≤ 2, from h_0 ≥ ¾."""


def is_latch(orbit: Orbit) -> bool:
    """Whether it begins in the basin of a stable state, with w of at least 2."""
    return bool(orbit.W[0, 0] >= 2 and orbit.start[0] >= 0.5)


Latch = Annotated[Orbit, orbits(size=(1, 1), steps=(12, 20), entries=(16, 32), start=(4, 16), where=is_latch)]
"""h_t = tanh(w h_{t−1}) with 2 ≤ w ≤ 4, from h_0 ≥ ½."""

Pair = Annotated[Network, pairs()]
Weight = Annotated[float, reals(2, 4, unit=1 / 8)]
SmallWeight = Annotated[float, reals(1 / 8, 2, unit=1 / 8)]
Share = Annotated[float, reals(-1, 1, unit=1 / 8)]
BeyondTheFold = Annotated[float, reals(0.75, 2)]


def both_signs(orbit: Orbit, activation: Activation = "tanh") -> Network:
    """The orbit from h_0 and from −h_0, side by side."""
    net = orbit.network(activation)
    both = np.stack([orbit.start, -orbit.start])
    return Network(net.layer, net.parameters, np.zeros((orbit.steps, 2, 1)), {"h": both})


def _steady(w: float, b: float, steps: int) -> Network:
    """h_t = tanh(w h_{t−1} + b), from 1 and from −1."""
    net = one_unit([0.0], U_h=w, b_h=b)
    return Network(net.layer, net.parameters, np.zeros((steps, 2, 1)), {"h": np.array([[1.0], [-1.0]])})


# ------------------------------------------------------------------------------------------
near_context = claim(
    "RNN-27",
    title="A contracting RNN forgets; with |w| > 1 even one unit keeps a bit for ever",
    says="""
        Simple recurrent networks can deal with near context only; long-term dependence is out of
        their reach, and the defect lies in the architecture itself.
    """,
    statement="""
        Whatever the weights, the influence of an early state on h_t tends to 0: say, 60 steps
        from two starts the states of a unit are within 1/1000 of each other.
    """,
    equation="""
        ‖h_t − h'_t‖ ≤ (γ‖U‖)^t ‖h_0 − h'_0‖,   γ = sup φ'
        |h_t − h'_t| ≤ γ^t |U|^t |h_0 − h'_0|   entry by entry
        one unit, |w| ≤ 7/8:  |h_60 − h'_60| ≤ 2 (7/8)^59 < 1/1000
        b = 0:  a bit is kept  ⇔  |w| > 1
        h = tanh(w h),  u = w h:   w = u coth u > 1,   J* = w tanh'(u) = 2u / sinh 2u < 1
        w = 2:  h* = ±0.957504024077;   w > 1:  h_{t−1}² ≥ 3 (w − 1)/w³  ⇒  h_t² ≥ 3 (w − 1)/w³
        h = tanh(w h + b) has three solutions  ⇔  w > 1 and |b| < √(w(w−1)) − arcosh √w
    """,
    verdict=CONDITIONAL,
    because="""
        While γ‖U‖ < 1, in the spectral norm, every step brings states closer together by at least
        that factor; and after the first step states of a tanh unit are never more than 2 apart.
        How many steps and how close is our reading: for 60 steps and 1/1000 the factor 7/8 is
        small enough, and 15/16 is not. But nothing in the architecture asks for that. With w > 1
        the map tanh(w h) has two stable states, and which of them is taken is remembered for
        ever; with w < −1 the phase of a two-cycle is. Without an activation U = 1 keeps
        everything. What is true is that a bit that is stored robustly has a vanishing
        gradient: at the stable states the slope 2u / sinh 2u is below 1. That is a difficulty of
        training by gradients and not of the architecture. How far training gets is a matter of
        measurement.
    """,
    conditions=(CONTRACTS,),
    sources=[
        D1("0, what an LSTM is"),
        D1("1, why an LSTM is needed"),
        D4("abstract"),
        D4("LSTM"),
        D3("6.10"),
    ],
    rests_on=SAMPLED,
    floats="A stable state pulls roundings in as well: the latch keeps its sign in every format.",
    see=["RNN-03", "RNN-28", "RNN-35", "SPE-07", "EMP-12", "LGR-14"],
)


@near_context.as_stated(needs=["run"])
def starts_are_forgotten(impl: Subject, hold: Hold, orbit: LongOrbit) -> None:
    """From h_0 and from −h_0, tanh(w h) leads to nearly the same after 60 steps."""
    h = impl.run(both_signs(orbit)).outputs[-1]
    hold.strictly_less(abs(h[0] - h[1]), THOUSANDTH, "|h_60 − h'_60|")


@near_context.necessity(of=starts_are_forgotten, condition=CONTRACTS)
def latch_of_one_unit() -> Mapping[str, Any]:
    """w = 2, from ±½: 1.91500804815 apart after 60 steps."""
    return {"orbit": Orbit(np.array([[2.0]]), np.array([0.5]), 60)}


@near_context.law(needs=["run"])
def contraction_forgets(impl: Subject, hold: Hold, net: Pair) -> None:
    """With the same inputs ‖h_t − h'_t‖ ≤ (γ‖U‖)^t ‖h_0 − h'_0‖, for tanh and for the sigmoid.

    Entry by entry it is at most γ^t |U|^t |h_0 − h'_0| as well.
    """
    hold.given(reads_the_same(net), "the inputs differ")
    start, other = rational(net.state["h"])
    apart, entries = start - other, rational(np.abs(net.parameters[U]))
    for kind, steepest in STEEPEST.items():
        stretch = steepest**2 * largest_stretch(net.parameters[U])
        for t, h in enumerate(impl.run(with_activation(net, kind)).outputs, start=1):
            left = h[0] - h[1]
            hold.at_most((left * left).sum(), stretch**t * (apart @ apart), f"‖h_{t} − h'_{t}‖² with {kind}")
            bound = steepest**t * (power(entries, t) @ abs(apart))
            hold.at_most(abs(left), bound, f"|h_{t} − h'_{t}| with {kind}")


@near_context.law(needs=["run"])
def forgotten_after_sixty_steps(impl: Subject, hold: Hold, orbit: Contracting) -> None:
    """|w| ≤ 7/8: from ±h_0, whatever it is, the states are within 1/1000 after 60 steps."""
    h = impl.run(both_signs(orbit)).outputs[-1]
    hold.strictly_less(abs(h[0] - h[1]), THOUSANDTH, "|h_60 − h'_60|")


@near_context.law(needs=["run"])
def latch_keeps_the_sign(impl: Subject, hold: Hold, orbit: Latch) -> None:
    """w ≥ 2: from ±h_0 with h_0 ≥ ½, after 12 steps and more |h| is still above 0.95, with its sign."""
    hold.given(is_latch(orbit), "w < 2 or h_0 < 1/2")
    h = impl.run(both_signs(orbit)).outputs[11:]
    hold.at_most(Fraction(95, 100), h[:, 0], "h_t from h_0")
    hold.at_most(h[:, 1], Fraction(-95, 100), "h_t from −h_0")


@near_context.law(needs=["run"])
def smallest_latches(impl: Subject, hold: Hold, orbit: SmallLatch) -> None:
    """9/8 ≤ w ≤ 2: a state with h² ≥ 3 (w − 1)/w³ stays one, with its sign, step after step."""
    w = float(orbit.W[0, 0])
    low = 3 * (w - 1)
    hold.given(low <= float(orbit.start[0]) ** 2 * w**3, "h_0 is below √(3 (w − 1)/w³)")
    h = impl.run(both_signs(orbit)).outputs
    hold.at_most(low, h[:, 0] * abs(h[:, 0]) * w**3, "w³ h_t² from h_0")
    hold.at_most(h[:, 1] * abs(h[:, 1]) * w**3, -low, "−w³ h_t² from −h_0")


@near_context.law(needs=["run"])
def phase_of_a_cycle(impl: Subject, hold: Hold, orbit: AnyUnit) -> None:
    """With −w in the place of w the same numbers come with alternating signs, for every w.

    So a phase is kept where a sign is, if w < −1, and with −1 ≤ w < 0 both are lost.
    """
    turned = Orbit(-orbit.W, orbit.start, orbit.steps)
    h, other = (impl.run(each.network("tanh")).outputs[:, 0, 0] for each in (orbit, turned))
    for t in range(orbit.steps):
        hold.equal(other[t], h[t] * (-1) ** (t + 1), f"h_{t + 1} with −w")


@near_context.law(needs=["run"])
def nothing_is_lost_without_activation(impl: Subject, hold: Hold, orbit: Latch) -> None:
    """U = 1 without an activation: what is in the state stays, to the last bit."""
    kept = Orbit(np.ones((1, 1)), orbit.start, orbit.steps)
    hold.exactly(impl.run(kept.network("identity")).outputs[:, 0], orbit.start, "h_t")


@near_context.law(needs=["run"])
def bistable_within_the_fold(impl: Subject, hold: Hold, w: Weight, share: Share) -> None:
    """2 ≤ w ≤ 4, |b| ≤ (w − 1)/2: from ±1 two states more than √2 apart, one above 1/√2, one below −1/√2."""
    h = impl.run(_steady(w, share * (w - 1) / 2, 20)).outputs[-1, :, 0]
    hold.at_most(Fraction(707, 1000), h[0], "h_20 from 1")
    hold.at_most(h[1], Fraction(-707, 1000), "h_20 from −1")


@near_context.law(needs=["run"])
def one_state_beyond_the_fold(impl: Subject, hold: Hold, w: SmallWeight, b: BeyondTheFold) -> None:
    """0 < w ≤ 2 and |b| ≥ ¾: from ±1 the same state is reached."""
    for bias in (b, -b):
        h = impl.run(_steady(w, bias, 40)).outputs[-1, :, 0]
        hold.at_most(abs(h[0] - h[1]), THOUSANDTH, "|h_40 − h'_40|")


@near_context.enclosure
def stored_bits_have_small_slopes(enclose: Enclose) -> None:
    """For every u > 0: w = u coth u > 1 and J* = 2u / sinh 2u < 1; with w ≤ 1 the only rest is 0."""
    enclose.holds(lambda f, u: f.sinh(u) < u * f.cosh(u), touching=[0], u=(0, INF))
    enclose.holds(lambda f, u: 2 * u < f.sinh(2 * u), touching=[0], u=(0, INF))
    enclose.holds(lambda f, h: f.tanh(h) < h, touching=[0], h=(0, INF))
    found: list[str | int] = ["-0.957504024077", 0, "0.957504024077"]
    enclose.zeros(lambda f, h: f.tanh(2 * h) - h, at=found, h=(-2, 2))


@near_context.enclosure
def every_weight_above_one_has_its_latch(enclose: Enclose) -> None:
    """w = u coth u grows with u, from 1 (its limit at 0) on, and is above u: it takes every value above 1."""
    enclose.holds(lambda f, u: u * f.cosh(u) > u * f.sinh(u), touching=[0], u=(0, INF))
    enclose.holds(lambda f, u: f.sinh(u) * (1 + u * u) > u * f.cosh(u), touching=[0], u=(0, INF))
    enclose.holds(lambda f, z: f.tanh(z) > z - z**3 / 3, touching=[0], z=(0, INF))


@near_context.enclosure
def folds(enclose: Enclose) -> None:
    """w = 3/2, 2, 4: b = z − w tanh z, z = w h + b, turns round at ∓arcosh √w, where |b| is as stated."""
    _fold(enclose, Fraction(3, 2), at="0.658479", fold="0.20755")
    _fold(enclose, Fraction(2), at="0.881374", fold="0.53284")
    _fold(enclose, Fraction(4), at="1.316958", fold="2.14714")


def _fold(enclose: Enclose, w: Fraction, at: str, fold: str) -> None:
    enclose.maximum(lambda f, z: z - w * f.tanh(z), is_=fold, at=f"-{at}", z=(-INF, 0))
    enclose.minimum(lambda f, z: z - w * f.tanh(z), is_=f"-{fold}", at=at, z=(0, INF))
    enclose.value(lambda f: f.arcosh(f.sqrt(f.number(w))), at)
    enclose.value(lambda f: f.sqrt(f.number(w * (w - 1))) - f.arcosh(f.sqrt(f.number(w))), fold)


@near_context.enclosure
def no_difference_is_stretched(enclose: Enclose) -> None:
    """z − tanh z and z/4 − σ(z) increase: |φ(z) − φ(z')| ≤ γ |z − z'|; and 2 (7/8)^59 < 1/1000."""
    enclose.increasing(lambda f, z: STEEPEST["tanh"] * z - f.tanh(z), flat=[0], z=(-INF, INF))
    enclose.increasing(
        lambda f, z: STEEPEST["sigmoid"] * z - f.activation("sigmoid", z), flat=[0], z=(-INF, INF)
    )
    enclose.holds(lambda f: 2 * f.number(Fraction(7, 8) ** 59) < THOUSANDTH)


@near_context.proof
def contraction_of_any_length(prove: Prove) -> None:
    """‖h_t − h'_t‖ ≤ (γ‖U‖)^t ‖h_0 − h'_0‖ for every t: the first step, and from t to t + 1; two units.

    In a step the differences of the arguments are U (h − h'), those of the states at most γ times
    these (the enclosure), and ‖U v‖ ≤ ‖U‖ ‖v‖ is what the norm is.
    """
    net = prove.network(Layer("rnn", 1, 2), 1, batch=2, inputs=prove.matrix(np.zeros((1, 2, 1))))
    z = [h @ net.parameters[U].T + net.parameters["b_h"] for h in net.state["h"]]
    outputs = prove.reference.run(net).outputs[0]
    for h, argument in zip(outputs, z, strict=True):
        prove.identical(h, prove.activation("tanh", argument))
    prove.identical(z[0] - z[1], net.parameters[U] @ (net.state["h"][0] - net.state["h"][1]))

    a, b, first, second = prove.symbols("a b c d")
    (gamma,) = prove.symbols("gamma", at_least=0)
    for passed, argument in ((a, first), (b, second)):
        prove.valid(passed**2 <= gamma**2 * argument**2, given=[abs(passed) <= gamma * abs(argument)])
    after, before, start, rate, reached = prove.symbols("after before start rate reached", at_least=0)
    prove.valid(after <= rate * reached * start, given=[after <= rate * before, before <= reached * start])


@near_context.proof
def every_latch_stays_one(prove: Prove) -> None:
    """For w > 1, at b > 0 with b² = 3 (w − 1)/w³: z − z³/3 is b at z = w b, so tanh(w b) > b; and b < 1.

    That tanh z > z − z³/3 is an enclosure (`every_weight_above_one_has_its_latch`). tanh increases: what
    is at least b is led to at least tanh(w b), and by symmetry what is at most −b to at most −b.
    """
    w, b = prove.symbols("w b", above=0)
    prove.identical(w * b - (w * b) ** 3 / 3, b * (w - w**3 * b**2 / 3))
    prove.identical(w - w**3 * (3 * (w - 1) / w**3) / 3, 1)
    prove.valid(w**3 > 3 * (w - 1), given=[w > 1])


@near_context.proof
def rest_and_fold(prove: Prove) -> None:
    """At rest w = u/tanh u grows with u, and w tanh'(u) = 2u/sinh 2u; with w = cosh² s, b folds at z = ∓s."""
    u, z, s = prove.symbols("u z s", above=0)
    tanh, slope = prove.activation("tanh", u), prove.slope("tanh", u)
    twice = prove.exp(2 * u) - prove.exp(-2 * u)
    prove.identical(u / tanh * slope, 4 * u / twice)
    prove.identical(prove.derivative(u / tanh, u), (twice / 2 - 2 * u) * slope / (2 * tanh**2))
    w = ((prove.exp(s) + prove.exp(-s)) / 2) ** 2
    fold = 1 - w * prove.slope("tanh", z)
    square = ((prove.exp(z) + prove.exp(-z)) / 2) ** 2
    prove.identical(fold, (square - w) / square)
    # There b = s − w tanh s is −(√(w(w−1)) − s), since √(w(w−1)) = cosh s sinh s and w tanh s the same.
    both = (prove.exp(2 * s) - prove.exp(-2 * s)) / 4
    prove.identical(w * prove.activation("tanh", s), both)
    prove.identical(w * (w - 1), both**2)
