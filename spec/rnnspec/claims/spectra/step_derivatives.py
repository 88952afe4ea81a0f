"""The derivative of one step of a plain recurrence, and products of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import REFUTED, claim
from rnnspec.claims.spectra.passing import STEEPEST, by_turns, carried_back, driven, exact, held, steps_of
from rnnspec.evidence import Enclose, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D2, D3
from rnnspec.strategies import Orbit, arrays, networks, orbits, reals, wholes
from rnnspec.subject import Array, Numbers, Subject

OneUnit = Annotated[Network, networks("rnn", hidden=(1, 1), inputs=(1, 2), steps=(1, 5))]
AnyWeight = Annotated[float, reals(-2, 2, unit=1 / 8)]
TwoPlaces = Annotated[Array, arrays(2, low=-2, high=2, unit=1 / 16)]


def last_derivative(impl: Subject, net: Network) -> Numbers:
    """∂h_T/∂h_{T−1} of one unit, at the state that the implementation reached, (B, 1)."""
    before = impl.run(replace(net, inputs=net.inputs[:-1])).state
    return carried_back(impl, net.at(net.steps - 1, before))


# ------------------------------------------------------------------------------------------
one_side = claim(
    "SPE-05",
    title="The derivatives of a plain RNN's steps need not end up above 1, nor in [0, 1]",
    says="""
        In a plain RNN the derivative of one step is in the end either always greater than 1 or
        always in [0, 1], and therefore its products explode or vanish.
    """,
    statement="For some t_0, J_t > 1 for all t > t_0, or J_t ∈ [0, 1] for all t > t_0.",
    equation="""
        J_t = w (1 − h_t²)
        w = −1/2 at h = 0:               J = −1/2
        w = −2 without input:            J → −0.166372087752, on a 2-cycle
        w = 2, held at z = 0, 2, 0, ...:          J = 2, 0.1413, 2, 0.1413, ...
        w = 2, held at z = 0, arcosh 2, 0, ...:   J = 2, 1/2, 2, 1/2, ..., and J_{t+1} J_t = 1
    """,
    verdict=REFUTED,
    because="""
        The sign of J is that of w, so a negative weight is in neither set. And with inputs J goes
        where they drive it: to 2 at z = 0 and to 1/7 at z = 2, for ever in turns. The product may
        then do anything; with slopes 1 and 1/4 and w = 2 two steps cancel exactly. (For more
        than one unit the derivative is a matrix, and J > 1 says nothing yet.) What makes a
        unit settle is a constant input and w > 0: then the states move in one direction only,
        and where they come to rest J is in [0, 1], unless they began on an unstable fixed point.
    """,
    corrected="""
        For one unit with w > 0 and a constant input the states are monotone, so they converge,
        and J_t → J* ∈ [0, 1], unless h_0 is an unstable fixed point.
    """,
    sources=[D2("the full gradient")],
    floats="One product a step on each side; they may differ by rounding.",
    see=["SPE-01", "SPE-07"],
)

Settling = Annotated[Orbit, orbits(size=(1, 1), steps=(10, 10), start=(-16, 16))]


@one_side.as_stated(needs=["run", "run_vjp"])
def never_negative(impl: Subject, hold: Hold, orbit: Settling) -> None:
    """After ten steps without input the derivative is not negative."""
    hold.at_most(0, last_derivative(impl, orbit.network("tanh")), "J_10")


@one_side.witness(of=never_negative)
def minus_a_half_at_rest() -> Mapping[str, Any]:
    """w = −1/2 at h = 0, where it stays: J = −1/2 in every step."""
    return {"orbit": Orbit(np.array([[-0.5]]), np.zeros(1), 10)}


@one_side.as_stated(needs=["run", "run_vjp"])
def on_one_side_of_one(impl: Subject, hold: Hold, w: AnyWeight, z: TwoPlaces) -> None:
    """Held at z_1 and z_2 by turns, the seventh and the eighth derivative are not apart from 1."""
    net = by_turns(impl, w, z, 4)
    seventh, eighth = (carried_back(impl, step) for step in steps_of(impl, net)[-2:])
    hold.at_most(0, (seventh - 1) * (eighth - 1), "(J_7 − 1)(J_8 − 1)")


@one_side.witness(of=on_one_side_of_one)
def two_and_a_seventh() -> Mapping[str, Any]:
    """w = 2 at z = 0 and z = 2: J = 2 and J = 0.1413."""
    return {"w": 2.0, "z": np.array([0.0, 2.0])}


@one_side.law(needs=["run", "run_vjp"])
def weight_times_slope(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """J_t = w (1 − h_t²), in every step of a driven unit."""
    outputs = impl.run(net).outputs
    for t, step in enumerate(steps_of(impl, net)):
        expected = net.parameters["U_h"] * (1 - outputs[t] ** 2)
        hold.equal(carried_back(impl, step), expected, f"J_{t + 1}")


@one_side.law(needs=["run", "run_vjp"])
def turns_multiply(
    impl: Subject, hold: Hold, w: AnyWeight, z: TwoPlaces, turns: Annotated[int, wholes(1, 4)]
) -> None:
    """Held at z_1 and z_2 by turns, the gradient is (w² φ'(z_1) φ'(z_2))^turns."""
    there, back = hold.reference.slope("tanh", z)
    whole = carried_back(impl, by_turns(impl, w, z, turns))
    hold.equal(whole, (there * back * (w * w)) ** turns, "J_T ... J_1")


@one_side.law(needs=["run"])
def monotone_with_a_positive_weight(
    impl: Subject,
    hold: Hold,
    w: Annotated[float, reals(0.125, 3, unit=1 / 8)],
    drive: Annotated[float, reals(-2, 2, unit=1 / 8)],
    start: Annotated[float, reals(-2, 2, unit=1 / 8)],
) -> None:
    """With w > 0 and a constant input, Σ|h_t − h_{t−1}| = |h_T − h_0|: all steps go one way."""
    h = impl.run(driven(w, [drive] * 12, start)).outputs[:, 0, 0]
    ways = abs(h[0] - start) + abs(h[1:] - h[:-1]).sum()
    hold.equal(ways, abs(h[-1] - start), "Σ|h_t − h_{t−1}|")


@one_side.law(needs=["run", "run_vjp"])
def settles_between_zero_and_one(
    impl: Subject,
    hold: Hold,
    w: Annotated[float, reals(0.25, 3, unit=1 / 4)],
    drive: Annotated[float, reals(-2, 2, unit=1 / 4)],
    start: Annotated[float, reals(-2, 2, unit=1 / 4)],
) -> None:
    """And after 20 steps 0 ≤ J ≤ 1, but on h = 0 without input.

    Of these weights, inputs and starts no other lies on an unstable fixed point, and 20 steps
    suffice for all of them.
    """
    hold.given((drive, start) != (0, 0), "h = 0 is a fixed point without input")
    J = last_derivative(impl, driven(w, [drive] * 20, start))
    hold.at_most(0, J, "0 ≤ J_20")
    hold.at_most(J, 1, "J_20")


@one_side.proof
def comes_to_rest_between_zero_and_one(prove: Prove) -> None:
    """With w > 0 and z = w h + x the states are monotone; and where they come to rest J is in [0, 1].

    A larger state is followed by a larger one, so with the first two all are in order, and bounded
    by 1 they converge. They never arrive, unless they began there, as different states are
    followed by different ones. Let f(h) = tanh(w h + x) and h* = f(h*), with h_t on their way to
    it: the quotient (f(h*) − f(h_t))/(h* − h_t) = (h* − h_{t+1})/(h* − h_t) lies between 0 and 1,
    and J* = f'(h*) is its limit.
    """
    (w,) = prove.symbols("w", above=0)
    a, b, x, rest = prove.symbols("a b x s")
    prove.valid(prove.activation("tanh", w * a + x) < prove.activation("tanh", w * b + x), given=[a < b])
    quotient = (rest - b) / (rest - a)
    for on_the_way in ([a < b, b < rest], [a > b, b > rest]):
        prove.valid(prove.all_of(quotient > 0, quotient < 1), given=on_the_way)
    net = prove.network(Layer("rnn", 1, 1), 1)
    h = prove.reference.run(net).outputs[0, 0, 0]
    prove.identical(carried_back(prove.reference, net)[0, 0], net.parameters["U_h"][0, 0] * (1 - h**2))


@one_side.proof
def two_that_cancel(prove: Prove) -> None:
    """J = w (1 − h²) is 2 and 1/2 for w = 2 and h² = 0 and 3/4: 1 − 1/cosh² z at z = 0 and arcosh 2."""
    e = prove.exp(prove.x)
    cosh = (e + 1 / e) / 2
    prove.identical(prove.activation("tanh") ** 2, 1 - 1 / cosh**2)
    at_zero, at_arcosh_two = (2 * (1 - prove.number(k, 4)) for k in (0, 3))
    prove.identical(at_zero * at_arcosh_two, 1)


@one_side.enclosure
def printed_derivatives(enclose: Enclose) -> None:
    """The derivative on the 2-cycle of w = −2, and at z = 2 and arcosh 2 with w = 2."""
    enclose.zeros(
        lambda f, J: f.tanh(2 * f.sqrt(1 + J / 2)) - f.sqrt(1 + J / 2),
        at=["-0.166372087752"],
        J=(Fraction(-3, 2), Fraction(-1, 100)),
    )
    enclose.value(lambda f: 2 * f.slope("tanh", f.number(2)), "0.1413")
    enclose.value(lambda f: 2 * f.slope("tanh", f.arcosh(f.number(2))), "0.5000000000000000")


# ------------------------------------------------------------------------------------------
shrinking = claim(
    "SPE-06",
    title="With tanh or the sigmoid the product of derivatives need not shrink to 0",
    says="""
        With tanh or sigmoid the factors are necessarily decimals below 1, so the product gets
        smaller and smaller, until it is 0.
    """,
    statement="∏ φ'(z_j) w → 0 for φ = tanh and φ = σ.",
    equation="""
        tanh at z = 0:  w^T         1 for w = 1,  1.1^T for w = 1.1
        σ at z = 0:     (w/4)^T     1 for w = 4
    """,
    verdict=REFUTED,
    because="""
        The factor is φ'(z) w, and not φ'(z) alone: the weight stands in it. A tanh unit that rests
        at 0 multiplies by w, a sigmoid unit that rests at z = 0 by w/4, and the product is a
        power. Nor need the slope itself be below 1: tanh'(0) = 1. What is said holds for small
        weights.
    """,
    corrected="""
        |∏ φ'(z_j) w| ≤ (γ|w|)^T with γ = 1 for tanh and 1/4 for the sigmoid; so it tends to 0,
        whatever the inputs, if |w| < 1/γ.
    """,
    sources=[D3("6.9, why gradients vanish")],
    floats="Powers of a number, on both sides; they may differ by rounding.",
    see=["SPE-01", "SPE-03", "SPE-05", "SPE-12", "EMP-03", "DEP-11", "ACT-06"],
)

TwentySteps = Annotated[Orbit, orbits(size=(1, 1), steps=(20, 20), start=(-8, 8))]
LITTLE = Fraction(1, 1000)


@shrinking.as_stated(needs=["run_vjp"])
def shrinks_with_tanh(impl: Subject, hold: Hold, orbit: TwentySteps) -> None:
    """Over 20 steps of a tanh unit less than 1/1000 of the gradient is left."""
    hold.at_most(abs(carried_back(impl, orbit.network("tanh"))), LITTLE, "|∂h_20/∂h_0|")


@shrinking.witness(of=shrinks_with_tanh)
def one_at_rest() -> Mapping[str, Any]:
    """w = 1 at h = 0: every factor is 1."""
    return {"orbit": Orbit(np.array([[1.0]]), np.zeros(1), 20)}


@shrinking.as_stated(needs=["run", "run_vjp"])
def shrinks_with_the_sigmoid(
    impl: Subject,
    hold: Hold,
    w: Annotated[float, reals(-8, 8, unit=1 / 8)],
    z: Annotated[Array, arrays(1, unit=1 / 16)],
) -> None:
    """Over 10 steps of a sigmoid unit, held anywhere, less than 1/1000 of the gradient is left."""
    net = held(impl, np.array([[w]]), [z] * 10, "sigmoid")
    hold.at_most(abs(carried_back(impl, net)), LITTLE, "|∂h_10/∂h_0|")


@shrinking.witness(of=shrinks_with_the_sigmoid)
def four_at_the_steepest() -> Mapping[str, Any]:
    """w = 4 held at z = 0, where the slope is 1/4: every factor is 1."""
    return {"w": 4.0, "z": np.zeros(1)}


@shrinking.law(needs=["run_vjp"])
def power_of_the_weight_at_rest(
    impl: Subject,
    hold: Hold,
    w: Annotated[float, reals(-2, 2, unit=1 / 8)],
    steps: Annotated[int, wholes(1, 10)],
) -> None:
    """At rest at z = 0: w^T with tanh, and (w'/4)^T with the sigmoid, here for w' = 4w."""
    resting = carried_back(impl, driven(w, [0.0] * steps))
    hold.equal(resting, Fraction(w) ** steps, "∂h_T/∂h_0 with tanh")
    resting = carried_back(impl, driven(4 * w, [-2 * w] * steps, 0.5, "sigmoid"))
    hold.equal(resting, Fraction(w) ** steps, "∂h_T/∂h_0 with the sigmoid")


@shrinking.law(needs=["run_vjp"])
def shrinks_with_a_small_weight(
    impl: Subject,
    hold: Hold,
    w: Annotated[float, reals(-1, 1, unit=1 / 16)],
    inputs: Annotated[Array, arrays((1, 8), low=-2, high=2, unit=1 / 16)],
) -> None:
    """|∂h_T/∂h_0| ≤ (γ|w|)^T, whatever the inputs: with |w| < 1/γ it tends to 0."""
    for kind, steepest in STEEPEST.items():
        net = driven(w / float(steepest), list(inputs), 0.25, kind)
        hold.at_most(abs(carried_back(impl, net)), abs(exact(w)) ** net.steps, f"|∂h_T/∂h_0| with {kind}")


@shrinking.proof
def at_most_the_power_for_every_t(prove: Prove) -> None:
    """One unit, traced: a step multiplies by at most γ|w|, at any z; so T steps by at most (γ|w|)^T.

    With |w| < 1/γ that tends to 0, as (1 + r)^n ≥ 1 + n r for q = 1/(1 + r).
    """
    for kind, steepest in STEEPEST.items():
        net = prove.network(Layer("rnn", 1, 1, activation=kind), 1)
        h, w = prove.reference.run(net).outputs[0, 0, 0], net.parameters["U_h"][0, 0]
        slope = h * (1 - h) if kind == "sigmoid" else 1 - h**2
        d, g = prove.symbols("d g")
        prove.identical(carried_back(prove.reference, net, np.array([d], dtype=object))[0, 0], d * slope * w)
        prove.valid(prove.all_of(slope >= 0, slope <= steepest))
        prove.valid(abs(slope * g) <= steepest * abs(g))
    q, before, after, power = prove.symbols("q a b p", at_least=0)
    prove.valid(after <= q * power, given=[after <= q * before, before <= power])
    (r,) = prove.symbols("r", above=0)
    prove.by_induction(lambda n: (1 + r) ** n >= 1 + n * r)


@shrinking.proof
def powers_at_rest(prove: Prove) -> None:
    """Three steps, traced: w³ from h_0 = 0 with tanh, (w/4)³ from h_0 = 1/2 with σ; and every T."""
    (w,) = prove.symbols("w")
    half, quarter = prove.number(1, 2), prove.number(1, 4)
    tanh = prove.network(Layer("rnn", 1, 1, biases="none"), 3, U_h=w, inputs=0, h=0)
    prove.identical(carried_back(prove.reference, tanh)[0, 0], w**3)
    layer = Layer("rnn", 1, 1, activation="sigmoid", biases="none")
    sigmoid = prove.network(layer, 3, W_h=1, U_h=w, inputs=-w * half, h=half)
    prove.identical(prove.reference.run(sigmoid).outputs[:, 0, 0], [half] * 3)
    prove.identical(carried_back(prove.reference, sigmoid)[0, 0], (w * quarter) ** 3)
    # At a state that does not move, one more step is one more factor.
    again = prove.network(layer, 1, W_h=1, U_h=w, inputs=-w * half, h=half)
    prove.closed_form(
        lambda n: (w * quarter) ** n,
        first=w * quarter,
        then=lambda n, d: carried_back(prove.reference, again, np.array([d], dtype=object))[0, 0],
    )
