"""One unit with a large weight: it saturates, and its gradient vanishes the faster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import REFUTED, claim
from rnnspec.claims.spectra.passing import carried_back
from rnnspec.evidence import INF, Enclose, Enclosed, Functions
from rnnspec.hold import Hold
from rnnspec.sources import D2
from rnnspec.strategies import Orbit, orbits
from rnnspec.subject import Subject

WINDOW = Fraction("0.447743204694304")
"""κ = max x sech² x, rounded up in the last digit."""

# ------------------------------------------------------------------------------------------
large = claim(
    "SPE-04",
    title="A very large recurrent weight makes the gradient small, not large",
    says="If the recurrent matrix is made very large, the derivative gets very large.",
    statement="‖W‖ → ∞ ⇒ ‖∂h_t/∂h_k‖ → ∞.",
    equation="""
        w sech²(w h) ≤ κ / |h|,  κ = max x sech² x = 0.447743204694303 at x = 0.771702319209104
        J*(w) = 2u / sinh 2u for w = u coth u, decreasing:

        w    1.05     1.5      2        3        5          10
        J*   0.9057   0.3943   0.1664   0.0305   0.00091    0.0000000824
    """,
    verdict=REFUTED,
    because="""
        The derivative of a step is the weight times a slope, and the weight is in the slope, too:
        w sech²(w h). The exponential wins. For a state that is not 0 there is a largest value,
        κ/|h|, and a larger weight beyond |w| = 0.77/|h| makes the derivative smaller. A unit with
        w = 10 and h_0 = 1/2 has the derivative 10 sech² 5 = 0.0018 in its first step, and less
        than 10^-7 in each later one. What a large weight can do is to make the gradient large
        *near 0*, in a window that gets ever narrower.
    """,
    corrected="""
        For one unit without input |∂h_1/∂h_0| ≤ κ/|h_0|, whatever w; and once |w h_0| ≥ 1 and
        |w| ≥ 4, doubling w only makes |∂h_T/∂h_0| smaller. The derivative at the fixed point
        falls from 1 to 0 as w grows from 1.
    """,
    sources=[D2("vanishing gradients")],
    floats="""
        Where tanh rounds to 1 the slope is 0 in floats and tiny in truth: the tolerance shows it.
    """,
    see=["SPE-01", "SPE-03"],
)


def large_and_moving(orbit: Orbit) -> bool:
    """Whether |w| ≥ 4 and |h_0| ≥ 1/4, so that |w h_0| ≥ 1."""
    return bool(abs(orbit.W[0, 0]) >= 4 and abs(orbit.start[0]) >= 0.25)


LargeWeight = Annotated[
    Orbit,
    orbits(size=(1, 1), steps=(1, 4), entries=(-64, 64), start=(-16, 16), unit=1 / 8, where=large_and_moving),
]
FirstStep = Annotated[
    Orbit, orbits(size=(1, 1), steps=(1, 1), entries=(-64, 64), start=(-64, 64), unit=1 / 16)
]


@large.as_stated(needs=["run_vjp"])
def large_gradient(impl: Subject, hold: Hold, orbit: LargeWeight) -> None:
    """With |w| ≥ 4 the gradient is larger than 1."""
    hold.given(large_and_moving(orbit), "|w| is below 4, or |h_0| below 1/4")
    hold.at_most(1, abs(carried_back(impl, orbit.network("tanh"))), "|∂h_T/∂h_0|")


@large.witness(of=large_gradient)
def ten_from_one_half() -> Mapping[str, Any]:
    """w = 10, h_0 = 1/2: the first step has the derivative 0.00182."""
    return {"orbit": Orbit(np.array([[10.0]]), np.array([0.5]), 1)}


@large.law(needs=["run_vjp"])
def at_most_the_window(impl: Subject, hold: Hold, orbit: FirstStep) -> None:
    """|h_0 ∂h_1/∂h_0| ≤ κ, for every weight and every state."""
    slope = carried_back(impl, orbit.network("tanh"))[0]
    hold.at_most(abs(orbit.start * slope), WINDOW, "|h_0 ∂h_1/∂h_0|")


@large.law(needs=["run_vjp"])
def the_larger_the_smaller(impl: Subject, hold: Hold, orbit: LargeWeight) -> None:
    """With |w| ≥ 4 and |w h_0| ≥ 1, twice the weight gives a smaller gradient."""
    twice = Orbit(2 * orbit.W, orbit.start, orbit.steps)
    larger, smaller = (abs(carried_back(impl, it.network("tanh"))) for it in (twice, orbit))
    hold.strictly_less(larger, smaller, "|∂h_T/∂h_0| with 2w")


@large.enclosure
def window_and_fixed_points(enclose: Enclose) -> None:
    """κ; w = u coth u grows with u and J* = 2u/sinh 2u falls; and the table of J*."""
    enclose.maximum(
        lambda f, x: x * f.slope("tanh", x), is_="0.447743204694303", at="0.771702319209104", x=(0, INF)
    )
    enclose.value(lambda f: 10 * f.slope("tanh", f.number(5)), "0.00182")
    # The signs of dw/du and of dJ*/du, without their denominators.
    enclose.holds(lambda f, u: 2 * u < f.sinh(2 * u), touching=[0], u=(0, INF))
    enclose.holds(lambda f, u: f.sinh(u) < u * f.cosh(u), touching=[0], u=(0, INF))
    table = {
        "1.05": "0.9057", "1.5": "0.3943", "2": "0.1664", "3": "0.0305", "5": "0.00091", "10": "0.0000000824",
    }  # fmt: skip
    for w, slope in table.items():
        enclose.zeros(
            _off_the_fixed_point(Fraction(w)), at=[slope], J=(Fraction(slope) / 2, Fraction(49, 50))
        )


@large.enclosure
def doubling_shrinks_every_factor(enclose: Enclose) -> None:
    """2 sech² 2x < sech² x for x ≥ 1, and sech² falls: each factor shrinks, at a state that grows.

    Let w and h_0 be positive. If h' ≥ h then tanh(2w h') > tanh(w h), so the states with 2w are
    never below those with w; and from w h ≥ 1 follows w tanh(w h) ≥ 4 tanh 1 > 1, so x = w h
    stays above 1. With other signs the states have the same sizes.
    """
    enclose.holds(lambda f, x: 2 * f.slope("tanh", 2 * x) < f.slope("tanh", x), x=(1, INF))
    enclose.decreasing(lambda f, x: f.slope("tanh", x), x=(1, INF))
    enclose.increasing(lambda f, x: f.activation("tanh", x), x=(0, INF))
    enclose.holds(lambda f: 4 * f.activation("tanh", f.number(1)) > 1)
    # From 1 to 0, at the two ends of u.
    enclose.limit(lambda f, u: 2 * u / f.sinh(2 * u), is_=0, u=INF)
    enclose.holds(lambda f, u: 2 * u > (1 - u) * f.sinh(2 * u), touching=[0], u=(0, 1))


def _off_the_fixed_point(w: Fraction) -> Callable[[Functions, Enclosed], Enclosed]:
    """tanh(w h) − h for the h at which a step's derivative is J = w (1 − h²)."""

    def off(f: Functions, J: Enclosed) -> Enclosed:
        h = f.sqrt(1 - J / w)
        return f.tanh(w * h) - h

    return off
