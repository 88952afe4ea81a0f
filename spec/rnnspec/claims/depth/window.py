"""The window of inputs in which a large weight can make a factor exceed 1."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import numpy as np

from rnnspec.claim import ENCLOSED, HOLDS, claim
from rnnspec.claims.depth.layers import gradients
from rnnspec.evidence import INF, Enclose, Enclosed, Functions, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, arrays, reals
from rnnspec.subject import Array, Subject


def off_the_edge(places: Array) -> bool:
    """Whether none is at an edge of the window, where rounding decides on which side it is."""
    return bool((np.abs(places) != 1).all())


Weight = Annotated[float, reals(-64, 64, unit=1 / 4, where=lambda w: w != 0)]
Bias = Annotated[float, reals(-2, 2, unit=1 / 16)]
Places = Annotated[Array, arrays(8, low=-2, high=2, unit=1 / 64, where=off_the_edge)]
"""z in units of the window's own half width."""

THRESHOLD = {"sigmoid": 4, "tanh": 1}
"""The weight from which on a factor can be 1 or more: one over the largest slope."""


def reach(kind: str, w: float) -> float:
    """Up to which |z| the factor |w φ'(z)| is at least 1; −1 if nowhere."""
    if abs(w) < THRESHOLD[kind]:
        return -1.0
    scale = 2 if kind == "sigmoid" else 1
    return float(scale * np.arccosh(np.sqrt(abs(w) / THRESHOLD[kind])))


# ------------------------------------------------------------------------------------------
window = claim(
    "DEP-17",
    title="However large the weight, the factor exceeds 1 only in a window of inputs narrower than 0.45",
    says="""
        |σ'(z) w| depends on w twice, since z = w x + b; so it exceeds 1 only if the layer's input
        stays within a rather small range.
    """,
    statement="""
        For |w| ≥ 4 the inputs x with |w σ'(w x + b)| ≥ 1 are an interval of width W(|w|), which
        never exceeds 0.448; for |w| < 4 there are none, and for |w| = 4 there is one.
    """,
    equation="""
        W(w) = (2/w) ln(w (1 + √(1 − 4/w))/2 − 1) = (4/w) arcosh(√w/2)
             = c/cosh² c   with w = 4 cosh² c
        max W = 0.447743204694303   at w = 6.894151032272928, where c tanh c = 1/2
        tanh: W(w) = (2/w) arcosh √w,   max W = 0.895486409389   at w = 1.723537758068
    """,
    verdict=HOLDS,
    because="""
        σ' falls off on both sides of 0, so |w| σ'(z) ≥ 1 means |z| ≤ 2c with σ'(2c) = 1/|w|. As
        σ'(2c) = 1/(4 cosh² c), that is |w| = 4 cosh² c. The window for z grows with the weight, but
        only like its logarithm; for x it is divided by |w| and closes again. Nielsen sets it as a
        problem and rounds the widest window to 0.45, at about 6.9.
    """,
    sources=[D0("1.2")],
    rests_on=ENCLOSED,
    see=["DEP-13", "DEP-15", "DEP-16"],
)


@window.law(needs=["chain_vjp"])
def inside_and_outside(impl: Subject, hold: Hold, w: Weight, b: Bias, places: Places) -> None:
    """At eight inputs the factor is at least 1 inside of the window, and at most 1 outside."""
    hold.given(w != 0 and off_the_edge(places), "a weight, and places that are not at an edge")
    for kind in THRESHOLD:
        up_to = reach(kind, w)
        x = impl.format.round((places * max(up_to, 1.0) - b) / w)
        chain = Chain((Dense(1, 1, kind),))
        net = Feedforward(chain, {"W_1": np.array([[w]]), "b_1": np.array([b])}, x[:, np.newaxis])
        factors = abs(gradients(impl, net, 1.0)["x"][:, 0])
        inside = np.abs(w * x + b) <= up_to
        hold.at_most(1, factors[inside], f"1 ≤ |w φ'(z)|, {kind}, inside")
        hold.at_most(factors[~inside], 1, f"|w φ'(z)| ≤ 1, {kind}, outside")


@window.proof
def closed_forms(prove: Prove) -> None:
    """With w = 4 cosh² c: w σ'(±2c) = 1, the logarithm is 2c, and the width c/cosh² c; so for tanh."""
    (c,) = prove.symbols("c", above=0)
    e = prove.exp(c)
    cosh, tanh = (e + 1 / e) / 2, prove.activation("tanh", c)
    w = 4 * cosh**2
    for z in (2 * c, -2 * c):
        prove.identical(w * prove.slope("sigmoid", z), 1)
    prove.identical(tanh**2, 1 - 4 / w)
    prove.identical(w * (1 + tanh) / 2 - 1, e**2)
    prove.identical(2 / w * 2 * c, c / cosh**2)
    prove.identical(prove.slope("tanh", c), 1 / cosh**2)
    for z in (c, -c):
        prove.identical(cosh**2 * prove.slope("tanh", z), 1)


@window.proof
def one_point_at_four(prove: Prove) -> None:
    """4 σ' is 1 at z = 0 alone, and with a smaller weight the factor is below 1 everywhere."""
    missing = 1 - 4 * prove.slope("sigmoid")
    prove.identical(missing, prove.activation("tanh", prove.x / 2) ** 2)
    prove.identical(missing, (2 * prove.activation("sigmoid") - 1) ** 2)
    prove.vanishes_only_at_zero(missing)
    (s,) = prove.symbols("s", above=0, at_most=Fraction(1, 4))
    (w,) = prove.symbols("w", at_least=0, below=4)
    prove.valid(w * s < 1)


@window.enclosure
def an_interval(enclose: Enclose) -> None:
    """Both slopes fall strictly on both sides of 0, so that what exceeds a bound is an interval."""
    for slope in (_sigmoid_slope, _tanh_slope):
        enclose.decreasing(slope, flat=[0], z=(0, INF))
        enclose.increasing(slope, flat=[0], z=(-INF, 0))


@window.enclosure
def widest(enclose: Enclose) -> None:
    """The widest window, and the weight for which it is: for the sigmoid, and for tanh."""
    enclose.maximum(
        lambda f, c: c * f.slope("tanh", c), is_="0.447743204694303", at="0.771702319209104", c=(0, INF)
    )
    enclose.maximum(
        lambda f, c: 2 * c * f.slope("tanh", c), is_="0.895486409389", at="0.771702319209", c=(0, INF)
    )
    half = Fraction(1, 2)
    enclose.zeros(lambda f, c: c * f.tanh(c) - half, at=["0.7717023192"], c=(0, INF))
    enclose.zeros(
        lambda f, w: f.sqrt(1 - 4 / w) * f.arcosh(f.sqrt(w) / 2) - half, at=["6.894151032272928"], w=(5, 9)
    )
    enclose.zeros(
        lambda f, w: f.sqrt(1 - 1 / w) * f.arcosh(f.sqrt(w)) - half, at=["1.723537758068"], w=("1.2", 3)
    )


def _sigmoid_slope(f: Functions, z: Enclosed) -> Enclosed:
    return f.slope("sigmoid", z)


def _tanh_slope(f: Functions, z: Enclosed) -> Enclosed:
    return f.slope("tanh", z)
