"""The squashing functions of the first LSTM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, claim
from rnnspec.claims.activations.drawing import AT_ZERO
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.sources import D0
from rnnspec.strategies import FewPreactivations, arrays
from rnnspec.subject import Array, Subject

FarRight = Annotated[Array, arrays((1, 4), low=8, high=64, unit=1 / 4)]

OPEN = "the intervals are open: their ends are limits and not values"

squashing = claim(
    "ACT-23",
    title="The squashing functions of 1997 are tanh(x/2) and 2 tanh(x/2), within open intervals",
    says="""
        The original LSTM used variants of the sigmoid: h(x) = 2σ(x) − 1 with the range [−1, 1],
        and g(x) = 4σ(x) − 2 with the range [−2, 2].
    """,
    statement="The range of 2σ(x) − 1 is [−1, 1], and that of 4σ(x) − 2 is [−2, 2].",
    equation="""
        h(x) = 2σ(x) − 1 = tanh(x/2)      −1 < h < 1,  h' = ½(1 − h²),  h'(0) = 1/2
        g(x) = 4σ(x) − 2 = 2 tanh(x/2)    −2 < g < 2,  g' = 1 − g²/4,   g'(0) = 1
    """,
    verdict=CONDITIONAL,
    because="""
        The formulas are those of Hochreiter and Schmidhuber. σ lies in the open interval (0, 1),
        so 2σ − 1 lies in (−1, 1) and 4σ − 2 in (−2, 2): all values between are taken, the ends
        are not. Both functions are tanh, stretched to twice its width, and g to twice its height,
        so that its slope at 0 is 1.
    """,
    conditions=[OPEN],
    sources=[D0("questions, 2")],
    floats="""
        No tolerance for the bounds: rounding may reach them and never passes them. Computed as
        printed, 2σ − 1 and 4σ − 2 cancel near 0, where tanh does not; both are accepted.
    """,
    see=["ACT-09", "ACT-10", "LST-18", "LST-22"],
)


@squashing.as_stated(needs=["activation"])
def ends_are_reached(impl: Subject, hold: Hold, x: FarRight) -> None:
    """Far to the right h has reached the end of its range, and g that of its own."""
    hold.at_most(1, impl.activation("h_1997", x), "1 ≤ h(x)")
    hold.at_most(2, impl.activation("g_1997", x), "2 ≤ g(x)")


@squashing.necessity(of=ends_are_reached, condition=OPEN)
def not_at_thirty_two() -> Mapping[str, Any]:
    """x = 32: both are short of their ends by some 1e-14."""
    return {"x": np.array([32.0])}


@squashing.law(needs=["activation"])
def within_open_intervals(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """−1 < h < 1 and −2 < g < 2; in floats the ends may be reached."""
    for kind, end in (("h_1997", 1), ("g_1997", 2)):
        hold.strictly_less(abs(impl.activation(kind, x)), end, f"|{kind}| < {end}", rounding=SURVIVES)


@squashing.law(needs=["activation"])
def moved_sigmoids(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """h = 2σ − 1 and g = 4σ − 2."""
    s = impl.activation("sigmoid", x)
    hold.equal(impl.activation("h_1997", x), 2 * s - 1, "h(x)")
    hold.equal(impl.activation("g_1997", x), 4 * s - 2, "g(x)")


@squashing.law(needs=["activation"])
def stretched_tanh(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """h(x) = tanh(x/2) and g(x) = 2 tanh(x/2), as far as the printed forms can say: beside 1 and beside 2."""
    half = impl.format.round(x / 2)
    t = impl.activation("tanh", half)
    hold.equal(1 + impl.activation("h_1997", 2 * half), 1 + t, "1 + h(x)")
    hold.equal(2 + impl.activation("g_1997", 2 * half), 2 + 2 * t, "2 + g(x)")


@squashing.law(needs=["activation_vjp"])
def slopes_at_zero(impl: Subject, hold: Hold) -> None:
    """h'(0) = 1/2 and g'(0) = 1, to the last bit."""
    hold.exactly(impl.slope("h_1997", AT_ZERO), 0.5, "h'(0)")
    hold.exactly(impl.slope("g_1997", AT_ZERO), 1, "g'(0)")


@squashing.law(needs=["activation", "activation_vjp"])
def slopes_from_the_outputs(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """h' = ½(1 − h²) and g' = 1 − g²/4."""
    hold.equal(impl.slope("h_1997", x), (1 - impl.activation("h_1997", x) ** 2) / 2, "h'(x)")
    hold.equal(impl.slope("g_1997", x), 1 - impl.activation("g_1997", x) ** 2 / 4, "g'(x)")


squashing.exhaustive(of=within_open_intervals, format="float16")


@squashing.proof
def sigmoid_moved_and_tanh_stretched(prove: Prove) -> None:
    """In e = e^x: both identities, what is missing to both ends is positive, and the slopes at 0.

    Every value between is taken: E y at ln((1 + y)/(1 − y)), for the end E and −1 < y < 1.
    """
    (between,) = prove.symbols("y", above=-1, below=1)
    s, t = prove.activation("sigmoid"), prove.activation("tanh", prove.x / 2)
    for kind, end in (("h_1997", 1), ("g_1997", 2)):
        y = prove.activation(kind)
        prove.identical(y, end * (2 * s - 1))
        prove.identical(y, end * t)
        prove.identical(prove.derivative(y), prove.slope(kind))
        prove.identical(prove.slope(kind), (end - y**2 / end) / 2)
        prove.identical(prove.slope(kind, prove.number(0)), prove.number(end, 2))
        at = prove.log((1 + between) / (1 - between))
        prove.identical(prove.activation(kind, at), end * between)
    prove.identical(1 - t, 2 / (prove.exp(prove.x) + 1))
    prove.positive(1 - (2 * s - 1))
    prove.positive(1 + (2 * s - 1))


@squashing.enclosure
def ends_are_limits(enclose: Enclose) -> None:
    """Both rise, from one end of the interval to the other, and stay within."""
    enclose.increasing(lambda f, x: f.activation("h_1997", x), x=(-INF, INF))
    enclose.increasing(lambda f, x: f.activation("g_1997", x), x=(-INF, INF))
    enclose.limit(lambda f, x: f.activation("h_1997", x), is_=1, x=INF)
    enclose.limit(lambda f, x: f.activation("g_1997", x), is_=2, x=INF)
    enclose.limit(lambda f, x: f.activation("h_1997", x), is_=-1, x=-INF)
    enclose.limit(lambda f, x: f.activation("g_1997", x), is_=-2, x=-INF)
    enclose.holds(lambda f, x: abs(f.activation("h_1997", x)) < 1, x=(-INF, INF))
    enclose.holds(lambda f, x: abs(f.activation("g_1997", x)) < 2, x=(-INF, INF))
