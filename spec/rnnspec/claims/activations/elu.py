"""ELU: its derivative, what is left of it far to the left, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, EMPIRICAL, ENCLOSED, HOLDS, About, claim
from rnnspec.claims.activations import rounded
from rnnspec.claims.activations.drawing import AT_ZERO, times_log_two
from rnnspec.evidence import INF, Enclose, Enclosed, Functions, Lab, Outcome, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.sources import D0
from rnnspec.strategies import FewPreactivations, arrays, reals
from rnnspec.subject import Array, Subject

Alpha = Annotated[float, reals(1 / 16, 4, 1 / 16)]
AnyAlpha = Annotated[float, reals(-2, 2, 1 / 8)]
Left = Annotated[Array, arrays((1, 8), low=-8, high=-1, unit=1 / 16)]

# ------------------------------------------------------------------------------------------
elu = claim(
    "ACT-20",
    title="ELU is α(e^x − 1) on the left, with slope α e^x = f + α",
    says="ELU is x for x > 0 and α(e^x − 1) otherwise; its derivative is 1 and f + α.",
    statement="""
        f(x) = x and f'(x) = 1 for x > 0; f(x) = α(e^x − 1) and f'(x) = f(x) + α = α e^x for x < 0. At 0
        there is a derivative if and only if α = 1.
    """,
    equation="""
        f(x) = x,           f'(x) = 1               for x > 0
        f(x) = α(e^x − 1),  f'(x) = f(x) + α = α e^x  for x < 0
        −α < f(x),  0 < f'(x) ≤ max(α, 1)   for α > 0
    """,
    verdict=HOLDS,
    because="""
        The derivative of α(e^x − 1) is α e^x, which is the function plus α: as with the sigmoid,
        the output is all that back-propagation has to keep. From the left the slope at 0 is α,
        from the right 1.
    """,
    sources=[D0("1.3, solution 3")],
    rests_on=ENCLOSED,
    floats="""
        f + α cancels far to the left; see ACT-21. Its bounds survive rounding, since α(e^x − 1)
        never falls below −α. On the right nothing is computed.
    """,
    see=["ACT-13", "ACT-21"],
)


@elu.law(needs=["activation"], about=About.IMPLEMENTATION)
def both_pieces(impl: Subject, hold: Hold, x: FewPreactivations, alpha: Alpha) -> None:
    """The function is x on the right, to the last bit, and α(e^x − 1) on the left."""
    hold.exactly(impl.activation("elu", x[x > 0], alpha), x[x > 0], "f(x), x > 0")
    hold.agrees(lambda it: it.activation("elu", x, alpha), impl, "f(x)")


@elu.law(needs=["activation", "activation_vjp"])
def slope_from_the_output(impl: Subject, hold: Hold, x: FewPreactivations, alpha: Alpha) -> None:
    """The slope is 1 on the right, to the last bit, and f + α on the left."""
    right, left = x[x > 0], x[x < 0]
    hold.exactly(impl.slope("elu", right, alpha), 1, "f'(x), x > 0")
    hold.equal(impl.slope("elu", left, alpha), impl.activation("elu", left, alpha) + alpha, "f'(x), x < 0")


@elu.law(needs=["activation", "activation_vjp"])
def within_its_bounds(impl: Subject, hold: Hold, x: FewPreactivations, alpha: Alpha) -> None:
    """f is above −α, and its slope is positive and at most max(α, 1); in floats, weakly so."""
    slope = impl.slope("elu", x, alpha)
    hold.strictly_less(-alpha, impl.activation("elu", x, alpha), "−α < f(x)", rounding=SURVIVES)
    hold.strictly_less(0, slope, "0 < f'(x)", rounding=SURVIVES)
    hold.at_most(slope, max(alpha, 1.0), "f'(x) ≤ max(α, 1)", rounding=SURVIVES)


@elu.law(needs=["activation_vjp"])
def smooth_with_one(impl: Subject, hold: Hold) -> None:
    """With α = 1 there is a derivative at 0, and it is 1."""
    hold.exactly(impl.slope("elu", AT_ZERO, 1.0), 1, "f'(0) with α = 1")


@elu.proof
def two_pieces(prove: Prove) -> None:
    """On either side, for any α > 0: the derivative is 1 and f + α, which is α e^x; and f > −α.

    f is put together of the reference's ReLU; for α = 1/2, 1 and 3 it is the reference's own ELU.
    """
    (right,), (left,) = prove.symbols("p", above=0), prove.symbols("q", below=0)
    (alpha,) = prove.symbols("alpha", above=0)

    def f(x: Any, alpha: Any) -> Any:
        return prove.activation("relu", x) + alpha * (prove.exp(-prove.activation("relu", -x)) - 1)

    prove.identical(f(right, alpha), right)
    prove.identical(prove.derivative(f(right, alpha), right), 1)
    prove.identical(f(left, alpha), alpha * (prove.exp(left) - 1))
    prove.identical(prove.derivative(f(left, alpha), left), f(left, alpha) + alpha)
    prove.identical(f(left, alpha) + alpha, alpha * prove.exp(left))
    prove.valid(f(left, alpha) > -alpha)
    for number in (0.5, 1.0, 3.0):
        for x in (right, left):
            y = prove.activation("elu", x, number)
            prove.identical(y, f(x, prove.number(int(2 * number), 2)))
        prove.identical(prove.slope("elu", right, number), 1)


@elu.enclosure
def slope_from_the_left_at_zero(enclose: Enclose) -> None:
    """α x ≤ f(x) ≤ α(x + x²) for x ≤ 0: the quotient f(x)/x tends to α from the left, and α e^x ≤ α."""
    enclose.holds(lambda f, x: x <= f.exp(x) - 1, touching=[0], x=(-INF, 0))
    enclose.holds(lambda f, x: f.exp(x) - 1 <= x + x * x, touching=[0], x=(-INF, 0))
    enclose.holds(lambda f, x: f.exp(x) <= 1, touching=[0], x=(-INF, 0))
    for alpha in (0.5, 1.0, 3.0):
        enclose.holds(partial(_at_most_the_larger, alpha), x=(-INF, -1))


def _at_most_the_larger(alpha: float, f: Functions, x: Enclosed) -> Any:
    slope = f.slope("elu", x, alpha)
    return [slope > 0, slope < max(alpha, 1.0), f.activation("elu", x, alpha) > -alpha]


# ------------------------------------------------------------------------------------------
POSITIVE = "α > 0"
NOT_FAR_LEFT = "x is not far to the left: α e^x is more than the rounding of 1"

no_flat_half = claim(
    "ACT-21",
    title="ELU's slope is positive everywhere, but far to the left it is lost beside 1",
    says="ELU was introduced to remove the effect of ReLU's zero interval.",
    statement="For every x the slope is above 0, and by more than rounding is: above half the unit roundoff.",
    equation="""
        ELU'(x) = α e^x > 0                                           for x < 0, α > 0
        with α = 1:
        ELU'(−10) = 4.53999e-5
        f + α is rounded to 0 below −25 ln 2 = −17.33 in binary32, −54 ln 2 = −37.43 in binary64
        α e^x underflows below −1075 ln 2 = −745.13 in binary64
    """,
    verdict=CONDITIONAL,
    because="""
        As a real number the slope α e^x is never 0. But it falls exponentially: at −10 a gradient
        is multiplied by 1/22000. As it is printed, and usually computed, the slope is f + α;
        once f is rounded to −α, which takes no more than x = −37.43 in binary64 and −17.33 in
        binary32, it is exactly 0, and the unit as dead as one of ReLU. Written as α e^x it lasts
        to −745.
    """,
    conditions=[POSITIVE, NOT_FAR_LEFT],
    sources=[D0("1.3, solution 3")],
    rests_on=ENCLOSED,
    floats="""
        Either form of the slope is accepted. Where α e^x is at least 16 u, and 16 u α, four bits
        above rounding, neither form of it is below u.
    """,
    see=["ACT-15", "ACT-20"],
)


@no_flat_half.as_stated(needs=["activation_vjp"])
def felt_everywhere(impl: Subject, hold: Hold, x: FewPreactivations, alpha: AnyAlpha) -> None:
    """The slope exceeds half the unit roundoff: it is not lost beside ReLU's slope 1."""
    hold.strictly_less(impl.format.unit_roundoff / 2, impl.slope("elu", x, alpha), "u/2 < f'(x)")


@no_flat_half.necessity(of=felt_everywhere, condition=POSITIVE)
def without_alpha() -> Mapping[str, Any]:
    """α = 0 is ReLU: x = −1 has the slope 0."""
    return {"x": np.array([-1.0]), "alpha": 0.0}


@no_flat_half.necessity(of=felt_everywhere, condition=NOT_FAR_LEFT)
def at_minus_forty() -> Mapping[str, Any]:
    """α = 1, x = −40: e^-40 = 4.2e-18."""
    return {"x": np.array([-40.0]), "alpha": 1.0}


@no_flat_half.law(needs=["activation_vjp"])
def felt_while_not_far_left(impl: Subject, hold: Hold, x: FewPreactivations, alpha: Alpha) -> None:
    """While α e^x ≥ 16 u max(1, α) the slope is at least u, in whatever form it is computed."""
    u = impl.format.unit_roundoff
    x = x[x >= np.log(16 * u * max(1 / alpha, 1))]
    hold.at_most(u, impl.slope("elu", x, alpha), "u ≤ f'(x)", rounding=SURVIVES)


@no_flat_half.law(needs=["activation_vjp"])
def felt_at_minus_thirty(impl: Subject, hold: Hold) -> None:
    """With α = 1 at −30, where e^x = 9.4e-14; in formats to which that is nothing, at −10, −4 and −2."""
    x, u = np.array([-30.0, -10.0, -4.0, -2.0]), impl.format.unit_roundoff
    x = x[np.exp(x) >= 16 * u]
    hold.at_most(u, impl.slope("elu", x, 1.0), "u ≤ f'(x)", rounding=SURVIVES)


@no_flat_half.law(about=About.MATHEMATICS)
def lost_beside_one(impl: Subject, hold: Hold) -> None:
    """With α = 1 and f = e^x − 1 correctly rounded, f + 1 is 0 from known x on to the left; e^x far later."""
    for name, printed in (("float32", ("-17.32", "-17.33")), ("float64", ("-37.42", "-37.43"))):
        before, beyond = rounded.numbers(name, *printed)
        hold.strictly_less(0, (rounded.expm1(before) + 1).value, f"f + 1 at {printed[0]} in {name}")
        hold.exactly((rounded.expm1(beyond) + 1).value, 0, f"f + 1 at {printed[1]} in {name}")
        hold.strictly_less(0, rounded.exp(beyond).value, f"e^x at {printed[1]} in {name}")
    before, beyond = map(rounded.exp, rounded.numbers("float64", "-745.13", "-745.14"))
    hold.strictly_less(0, before.value, "e^x at −745.13 in binary64")
    hold.exactly(beyond.value, 0, "e^x at −745.14 in binary64")


@no_flat_half.law(needs=["activation_vjp"], about=About.IMPLEMENTATION)
def whole_curve(impl: Subject, hold: Hold, x: FewPreactivations, alpha: Alpha) -> None:
    """The slope is α e^x on the left, up to what rounding f costs f + α."""
    hold.agrees(lambda it: it.slope("elu", x, alpha), impl, "f'(x)")


@no_flat_half.proof
def positive_for_every_alpha(prove: Prove) -> None:
    """For α > 0, on the left: the derivative of α(e^x − 1) is α e^x, above 0; on the right that of x is 1."""
    (x,), (alpha,) = prove.symbols("q", below=0), prove.symbols("alpha", above=0)
    slope = prove.derivative(alpha * (prove.exp(x) - 1), x)
    prove.identical(slope, alpha * prove.exp(x))
    prove.positive(slope)
    prove.identical(prove.derivative(prove.activation("elu", x, 1.0), x), prove.exp(x))


@no_flat_half.enclosure
def positive_and_small(enclose: Enclose) -> None:
    """The slope is positive for every x and falls to 0 on the left; its value at −10, and the thresholds."""
    enclose.holds(lambda f, x: f.slope("elu", x, 1.0) > 0, x=(-INF, 0))
    enclose.limit(lambda f, x: f.slope("elu", x, 1.0), is_=0, x=-INF)
    enclose.increasing(lambda f, x: f.slope("elu", x, 1.0), x=(-INF, -1))
    enclose.value(lambda f: f.slope("elu", f.number(-10), 1.0), "4.53999e-5")
    for powers, printed in ((25, "17.33"), (54, "37.43"), (1075, "745.13")):
        enclose.value(partial(times_log_two, powers), printed)


# ------------------------------------------------------------------------------------------
cost = claim(
    "ACT-22",
    title="ELU needs an exponential that leaky ReLU does not; whether that takes longer, the machine decides",
    says="Compared with leaky ReLU, ELU takes more time to compute, since there is an e in it.",
    statement="On inputs below 0, computing ELU takes longer than computing leaky ReLU.",
    equation="""
        leaky:  k x            one product,      f'' = 0
        ELU:    α(e^x − 1)     one exponential,  f'' = f' = α e^x
        for x below 0; on the right both are x
    """,
    verdict=EMPIRICAL,
    because="""
        The count is clear: one exponential more for each input below 0, and no polynomial will do in
        its place, since ELU's left half is its own second derivative up to a constant. What it
        costs in time is not: where the arrays come from memory, or where both sides are computed
        for every input and one is selected, the difference may disappear. An implementation does not
        show what it calculates; but its values do that there is an exponential in them.
    """,
    finding="depends on the machine and the library",
    sources=[D0("1.3, solution 3")],
    floats="Where f is near −α, rounding f leaves little of f + α; the tolerance is what it costs.",
    see=["ACT-20"],
)

MANY, SOME = 100_000, 1_000


@cost.law(needs=["activation"])
def straight_and_geometric(impl: Subject, hold: Hold, x: Left) -> None:
    """At x − 1, x and x + 1 on the left, leaky ReLU is an arithmetic sequence; ELU + α is a geometric one."""
    low, middle, high = (impl.activation("leaky_relu", x + step, 0.25) for step in (-1, 0, 1))
    hold.equal(low + high, 2 * middle, "f(x − 1) + f(x + 1), leaky")
    low, middle, high = (impl.activation("elu", x + step, 1.0) + 1 for step in (-1, 0, 1))
    hold.equal(low * high, middle**2, "(f(x − 1) + α)(f(x + 1) + α), ELU")


@cost.experiment
def side_by_side(lab: Lab) -> Outcome:
    """How many inputs take an exponential more; the ratio of the times is on record, and decides nothing."""
    x = lab.random(0).standard_normal(MANY)
    more = lab.mean(
        "inputs below 0, each with one exponential more, of normal ones",
        lab.each(lambda random: float((random.standard_normal(SOME) < 0).mean())),
    )
    times = lab.time_ratio(
        "ELU / leaky ReLU, a hundred thousand numbers of float64",
        lambda: lab.activation("elu", x, 1.0),
        lambda: lab.activation("leaky_relu", x, 0.25),
    )
    return Outcome(
        "depends on the machine and the library",
        [more, times],
        "there is one exponential more for every input below 0, half of the inputs if they are symmetric; "
        "what it takes in time is up to the library and the machine, and no verdict follows from a time",
        settled=more.above(0),
    )


@cost.proof
def curved_and_straight(prove: Prove) -> None:
    """On the left leaky ReLU's second derivative is 0; ELU's is e^x, so no straight piece is ELU."""
    (x,) = prove.symbols("q", below=0)
    straight, curved = prove.activation("leaky_relu", x, 0.25), prove.activation("elu", x, 1.0)
    prove.identical(prove.derivative(prove.derivative(straight, x), x), 0)
    prove.identical(prove.derivative(prove.derivative(curved, x), x), prove.exp(x))
    prove.valid(prove.derivative(prove.derivative(curved, x), x) > 0)
