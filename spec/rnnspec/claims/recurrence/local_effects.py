"""What a derivative says of a change: nothing but what small changes do."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, REFUTED, SAMPLED, claim
from rnnspec.claims.recurrence.latches import THOUSANDTH, Latch, LongOrbit, both_signs, is_latch
from rnnspec.claims.recurrence.words import (
    U,
    jacobian,
    on_the_last,
    pairs,
    rational,
    reads_the_same,
)
from rnnspec.evidence import INF, Enclose, Functions, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D2, D4
from rnnspec.strategies import Orbit
from rnnspec.subject import Subject

# ------------------------------------------------------------------------------------------
no_effect = claim(
    "RNN-28",
    title="A vanished gradient means no local effect; a finite change may last for ever",
    says="""
        Vanishing gradients mean that earlier hidden states have no effect on later ones, so that
        no long-term dependencies are learned or captured.
    """,
    statement="If ∂h_T/∂h_0 tends to 0, then h_T becomes independent of h_0.",
    equation="""
        h_t = tanh(2 h_{t−1}):   ∂h_60/∂h_0 = 2.4·10^−46 at h_0 = ½
        h_60 = ±0.957504024077 from h_0 = ±½
    """,
    verdict=REFUTED,
    because="""
        A derivative speaks of changes that are small enough. In the basin of a stable state all
        small changes die out, so the derivative vanishes; a change that leads into the other
        basin stays. The dependence is as strong as can be, and flat nearly everywhere.
        What follows is that a method that looks at gradients alone does not see it.
    """,
    corrected="""
        Within a basin a change dies out as the gradient does: for w ≥ 2 and starts from ½ on,
        0 < ∂h_T/∂h_0 ≤ 2^−T and |h_T − h'_T| ≤ 2^−T |h_0 − h'_0|, for T ≥ 4. Between basins it
        lasts: from h_0 and −h_0 the states stay 1.9 apart.
    """,
    sources=[D2("vanishing gradients"), D2("introduction"), D4("RNN training")],
    floats="The gradient may underflow to 0 but never turns negative, and the effect is still there.",
    see=["RNN-27", "RNN-29", "SPE-12", "LGR-24"],
)


@no_effect.as_stated(needs=["run", "run_vjp"])
def flat_means_independent(impl: Subject, hold: Hold, orbit: LongOrbit) -> None:
    """From ±h_0 the states after 60 steps differ by no more than 1/1000 and 10⁹ times both slopes."""
    net = both_signs(orbit)
    h, back = impl.run(net).outputs[-1], impl.vjp(net, on_the_last(net, 1.0)).state["h"]
    slopes = abs(back[0]) + abs(back[1])
    hold.at_most(abs(h[0] - h[1]) - slopes * 10**9, THOUSANDTH, "|h_60 − h'_60|, less 10⁹ slopes")


@no_effect.witness(of=flat_means_independent)
def flat_and_far_apart() -> Mapping[str, Any]:
    """w = 2, h_0 = ±½: slopes of 2.4·10^−46, and states 1.915 apart."""
    return {"orbit": Orbit(np.array([[2.0]]), np.array([0.5]), 60)}


@no_effect.law(needs=["run", "run_vjp"])
def no_gradient_and_all_the_effect(impl: Subject, hold: Hold, orbit: Latch) -> None:
    """w ≥ 2, h_0 ≥ ½: 0 < ∂h_T/∂h_0 ≤ 2^−T, and from ±h_0 the states are 1.9 apart, from h_4 on."""
    hold.given(is_latch(orbit), "w < 2 or h_0 < 1/2")
    net = both_signs(orbit)
    h, back = impl.run(net).outputs[3:], impl.vjp(net, on_the_last(net, 1.0)).state["h"]
    hold.at_most(0, back, "∂h_T/∂h_0", rounding=SURVIVES)
    hold.at_most(back, Fraction(1, 2**orbit.steps), "∂h_T/∂h_0")
    hold.at_most(Fraction(19, 10), h[:, 0] - h[:, 1], "h_t − h'_t")


@no_effect.law(needs=["run"])
def small_changes_die_out(impl: Subject, hold: Hold, orbit: Latch) -> None:
    """w ≥ 2: from h_0 and h_0 + 1, both on the same side, the states are 2^−T apart at most."""
    hold.given(is_latch(orbit), "w < 2 or h_0 < 1/2")
    net = orbit.network("tanh")
    both = np.stack([orbit.start, impl.format.round(orbit.start + 1)])
    pair = Network(net.layer, net.parameters, np.zeros((orbit.steps, 2, 1)), {"h": both})
    h = impl.run(pair).outputs[-1]
    apart = float(both[1, 0] - both[0, 0])
    hold.at_most(abs(h[0] - h[1]), Fraction(1, 2**orbit.steps) * Fraction(apart), "|h_T − h'_T|")


@no_effect.enclosure
def basin_of_a_latch(enclose: Enclose) -> None:
    """For all w ≥ 2 and h ≥ ½: tanh(w h) climbs past .76, .9, .94 to .95 and stays; slopes fall below ½.

    As tanh increases and tanh' decreases, the worst h of each step is the lowest. By the mean value
    theorem what holds of derivatives in the basin holds of differences.
    """
    enclose.decreasing(lambda f, z: f.slope("tanh", z), flat=[0], z=(0, INF))

    def step(low: Fraction, following: Fraction, steepest: Fraction) -> None:
        enclose.holds(lambda f, w: f.tanh(w * low) > following, w=(2, INF))
        enclose.holds(lambda f, w: w * f.slope("tanh", w * low) < steepest, w=(2, INF))

    h = [Fraction(n, 100) for n in (50, 76, 90, 94, 95, 95)]
    slopes = [Fraction(n, 100) for n in (85, 36, 22, 18, 18)]
    for t, steepest in enumerate(slopes):
        step(h[t], h[t + 1], steepest)
    enclose.holds(lambda f: f.number(slopes[0]) * slopes[1] * slopes[2] * slopes[3] < Fraction(1, 2**4))
    enclose.holds(lambda f: f.number(slopes[4]) < Fraction(1, 2))


@no_effect.enclosure
def sixty_steps(enclose: Enclose) -> None:
    """h_60 and ∂h_60/∂h_0 of tanh(2h) from ½, in balls."""

    def after(f: Functions) -> tuple[Any, Any]:
        h, J = f.number("0.5"), f.number(1)
        for _ in range(60):
            h = f.tanh(2 * h)
            J = J * 2 * (1 - h * h)
        return h, J

    enclose.value(lambda f: after(f)[0], "0.957504024077")
    enclose.value(lambda f: after(f)[1] * 10**46, "2.4")


# ------------------------------------------------------------------------------------------
CURVATURE = Fraction(77, 100)
"""Above sup |tanh''| = 4/(3√3) = 0.7698."""

first_order = claim(
    "RNN-29",
    title="The derivative says how much h_k moves with h_l, to first order",
    says="The derivative tells how much the hidden state at step k changes when that at step l is changed.",
    statement="h_k(h_l + δ) = h_k(h_l) + (∂h_k/∂h_l) δ + r with |r| ≤ ½ sup|∂²h_k| |δ|².",
    equation="""
        h_k(h_l + δ) − h_k(h_l) = (∂h_k/∂h_l) δ + r
        |r_t| ≤ |U| |r_{t−1}| + ½ sup|tanh''| (|U|^t |δ|)²,   r_0 = 0
        sup |tanh''| = 4 / (3√3) = 0.7698
    """,
    verdict=HOLDS,
    because="""
        This is what a derivative is. In each step the remainder is carried on by U and joined by
        that of the step's own tanh, of which the second derivative is at most 0.77. For
        small δ it is negligible; for large ones it may be everything (RNN-28).
    """,
    sources=[D2("vanishing gradients")],
    rests_on=SAMPLED,
    floats="Differences of states; they may differ by the rounding of both.",
    see=["RNN-16", "RNN-28"],
)

ShortPair = Annotated[Network, pairs(inputs=(1, 2), steps=(1, 4))]


@first_order.law(needs=["run", "run_vjp"], times=6)
def taylor_with_remainder(impl: Subject, hold: Hold, net: ShortPair) -> None:
    """Two starts δ apart: the difference of the states is J δ, up to the bound of the remainder."""
    hold.given(reads_the_same(net), "the inputs differ")
    first = Network(net.layer, net.parameters, net.inputs[:, :1], {"h": net.state["h"][:1]})
    start, other = net.state["h"]
    step = rational(other) - rational(start)
    size, reach, rest = rational(np.abs(net.parameters[U])), np.abs(step), 0 * step
    for _ in range(net.steps):
        reach = size @ reach
        rest = size @ rest + CURVATURE / 2 * reach**2
    h = impl.run(net).outputs[-1]
    J = jacobian(impl, first)[0]
    hold.at_most(abs(h[1] - h[0] - (J @ other - J @ start)), rest, "|h_T(h_0 + δ) − h_T(h_0) − J δ|")


@first_order.proof
def linear_coefficient(prove: Prove) -> None:
    """Two tanh steps of two units: the derivative by ε of h_2(h_0 + ε v) at ε = 0 is J v."""
    net, v, (small,) = prove.network(Layer("rnn", 1, 2), 2), prove.symbols("v1 v2"), prove.symbols("eps")
    moved = Network(net.layer, net.parameters, net.inputs, {"h": net.state["h"] + small * v})
    h = prove.reference.run(moved).outputs[-1, 0]
    J = prove.reference.jacobian(net, 2, 0)["dh/dh"][0]
    prove.identical(prove.at(prove.derivative(h, small), {"eps": 0}), J @ v)


@first_order.enclosure
def curvature_of_tanh(enclose: Enclose) -> None:
    """|tanh''| is at most 0.7698004, taken at ∓0.6584789, and so below 77/100 everywhere."""
    enclose.maximum(lambda f, z: -f.curvature("tanh", z), is_="0.7698004", at="0.6584789", z=(0, INF))
    enclose.holds(lambda f, z: f.curvature("tanh", z) < CURVATURE, z=(-INF, INF))
    enclose.holds(lambda f, z: f.curvature("tanh", z) > -CURVATURE, z=(-INF, INF))
