"""Where the sigmoid and tanh end up: their ranges, and how close to the limits they get."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Annotated

import numpy as np

from rnnspec.claim import HOLDS, About, claim
from rnnspec.claims.activations import rounded
from rnnspec.claims.activations.drawing import above_exponential, slope_of, times_log_two
from rnnspec.evidence import INF, Enclose, Enclosed, Functions, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.sources import D0, D1, D4
from rnnspec.strategies import FewPreactivations, Preactivations, arrays
from rnnspec.subject import Array, Subject

PERCENT = Fraction(1, 100)

Ascending = Annotated[Array, arrays((2, 12), low=-16, high=16, unit=1 / 16)]

# ------------------------------------------------------------------------------------------
sigmoid_range = claim(
    "ACT-09",
    title="The sigmoid's values are the open interval (0, 1)",
    says="""
        A gate's value is a number between 0 and 1. The documents print the closed interval, the
        open one, and 'around' the closed one.
    """,
    statement="The range of σ over the real numbers is (0, 1): 0 and 1 are limits and not values.",
    equation="""
        0 < σ(x) < 1
        |σ(x) − 1[x > 0]| = 1/(1 + e^|x|) < e^-|x|   for x ≠ 0
    """,
    verdict=HOLDS,
    because="""
        1/(1 + e^-x) has a denominator above 1 and a numerator above 0. As x grows the
        denominator falls to 1 without reaching it. So in exact numbers no gate is ever quite
        open or quite shut, but e^-|x| is all that is missing.
    """,
    sources=[
        D0("2, LSTM"),
        D0("2.1"),
        D0("questions, 2"),
        D1("3, in detail"),
        D4("LSTM"),
    ],
    floats="""
        No tolerance for 0 and 1 themselves: rounding may reach them and never passes them.
        1/(1 + e^-x) is rounded to 1 from 53 ln 2 = 36.74 on in binary64, from 24 ln 2 = 16.64 on
        in binary32; e^x/(1 + e^x) underflows to 0 with e^x below −745.13 and −103.97.
    """,
    see=["ACT-01", "ACT-10", "ACT-11"],
)


@sigmoid_range.law(needs=["activation"])
def between_zero_and_one(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """Every value lies between 0 and 1; in floats it may be rounded to either."""
    s = impl.activation("sigmoid", x)
    hold.strictly_less(0, s, "0 < σ(x)", rounding=SURVIVES)
    hold.strictly_less(s, 1, "σ(x) < 1", rounding=SURVIVES)


@sigmoid_range.law(needs=["activation"])
def exponentially_close_to_its_limits(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """What is missing to 0 on the left and to 1 on the right is below e^-|x|."""
    bound = above_exponential(x)
    hold.at_most(impl.activation("sigmoid", -abs(x)), bound, "σ(−|x|) ≤ e^-|x|")
    hold.at_most(1 - impl.activation("sigmoid", abs(x)), bound, "1 − σ(|x|) ≤ e^-|x|")


@sigmoid_range.law(about=About.MATHEMATICS)
def rounded_to_its_limits(impl: Subject, hold: Hold) -> None:
    """Calculated as printed, 1/(1 + e^-x) is 1 and e^-x/(1 + e^-x) is 0 from known x on, and not before."""
    for name, one, zero in (
        ("float64", ("36.736", "36.737"), ("745.13", "745.14")),
        ("float32", ("16.635", "16.636"), ("103.97", "103.98")),
    ):
        before, beyond = map(rounded.sigmoid, rounded.numbers(name, *one))
        hold.strictly_less(before.value, 1, f"σ({one[0]}) in {name}")
        hold.exactly(beyond.value, 1, f"σ({one[1]}) in {name}")
        before, beyond = (rounded.exp(-x) for x in rounded.numbers(name, *zero))
        hold.strictly_less(0, (before / (1 + before)).value, f"σ(−{zero[0]}) in {name}")
        hold.exactly((beyond / (1 + beyond)).value, 0, f"σ(−{zero[1]}) in {name}")


sigmoid_range.exhaustive(of=between_zero_and_one, format="float16")
sigmoid_range.exhaustive(of=between_zero_and_one, format="bfloat16")


@sigmoid_range.proof
def both_parts_are_positive(prove: Prove) -> None:
    """In e = e^x: σ and 1 − σ = 1/(1 + e^x) are positive; and σ takes any y between, at ln(y/(1 − y))."""
    s = prove.activation("sigmoid")
    prove.positive(s)
    prove.positive(1 - s)
    prove.identical(1 - s, 1 / (1 + prove.exp(prove.x)))
    (y,) = prove.symbols("y", above=0, below=1)
    prove.identical(prove.activation("sigmoid", prove.log(y / (1 - y))), y)


@sigmoid_range.enclosure
def every_value_between_the_limits(enclose: Enclose) -> None:
    """σ rises from the limit 0 to the limit 1, and 1 − σ < e^-x; where floats reach the limits."""
    enclose.increasing(lambda f, x: f.activation("sigmoid", x), x=(-INF, INF))
    enclose.limit(lambda f, x: f.activation("sigmoid", x), is_=0, x=-INF)
    enclose.limit(lambda f, x: f.activation("sigmoid", x), is_=1, x=INF)
    enclose.holds(lambda f, x: f.activation("sigmoid", -x) < f.exp(-x), x=(0, INF))
    for powers, printed in ((53, "36.7368006"), (24, "16.635532"), (1075, "745.1332"), (150, "103.9721")):
        enclose.value(partial(times_log_two, powers), printed)


# ------------------------------------------------------------------------------------------
tanh_range = claim(
    "ACT-10",
    title="The values of tanh are the open interval (−1, 1), symmetric about 0",
    says="""
        tanh squashes its input into (−1, 1) and is centred at 0; which, one source adds, is
        how features are distributed in most scenes. (That is left to measurement.)
    """,
    statement="The range of tanh over the real numbers is (−1, 1), and tanh(−x) = −tanh x.",
    equation="""
        −1 < tanh x < 1
        tanh(−x) = −tanh x
        1 − |tanh x| = 2/(e^2|x| + 1)
    """,
    verdict=HOLDS,
    because="""
        The denominator e^x + e^-x is larger than the numerator e^x − e^-x by 2 e^-x, and larger
        than its negative by 2 e^x. To exchange x and −x turns the numerator's sign. So the mean
        output for pre-activations that are symmetric about 0 is 0, whatever their spread.
    """,
    sources=[D0("questions, 2"), D0("questions, 3"), D1("3, in detail")],
    floats="""
        No tolerance for ±1, and none for the symmetry: a sign costs no rounding. A correctly
        rounded tanh reaches 1 from 19.0615 on in binary64 and 9.0109 in binary32, which is ½ ln(4/u), where
        2 e^-2x is u/2. From there on any that is right within one unit is 1, or 1 − u, the number below 1.
    """,
    see=["ACT-04", "ACT-09"],
)


@tanh_range.law(needs=["activation"])
def between_minus_one_and_one(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """Every value lies between −1 and 1; in floats it may be rounded to either."""
    hold.strictly_less(abs(impl.activation("tanh", x)), 1, "|tanh x| < 1", rounding=SURVIVES)


@tanh_range.law(needs=["activation"], about=About.IMPLEMENTATION)
def symmetric_to_the_last_bit(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """tanh(−x) is −tanh x, also in floats."""
    hold.exactly(impl.activation("tanh", -x), -impl.activation("tanh", x), "tanh(−x)")


@tanh_range.law(needs=["activation"], about=About.IMPLEMENTATION)
def as_good_as_one(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """Beyond ½ ln(4/u) it is ±1 or the next number to it."""
    u = impl.format.unit_roundoff
    x = x[abs(x) >= np.log(4 / u) / 2]
    hold.at_most(1 - u, abs(impl.activation("tanh", x)), "1 − u ≤ |tanh x|", rounding=SURVIVES)


@tanh_range.law(needs=["activation"])
def distance_from_one(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """What |tanh x| lacks of 1 is 2σ(−2|x|) = 2/(e^2|x| + 1)."""
    half = abs(impl.format.round(x / 2))
    missing = 2 * impl.activation("sigmoid", -2 * half)
    hold.equal(1 - abs(impl.activation("tanh", half)), missing, "1 − |tanh x|")


@tanh_range.law(about=About.MATHEMATICS)
def rounded_to_one(impl: Subject, hold: Hold) -> None:
    """Correctly rounded, tanh is 1 from 19.0615 on in binary64 and from 9.0109 on in binary32, not before."""
    for name, ends in (("float64", ("19.0615", "19.0616")), ("float32", ("9.0109", "9.0110"))):
        before, beyond = map(rounded.tanh, rounded.numbers(name, *ends))
        hold.strictly_less(before.value, 1, f"tanh {ends[0]} in {name}")
        hold.exactly(beyond.value, 1, f"tanh {ends[1]} in {name}")


tanh_range.exhaustive(of=between_minus_one_and_one, format="float16")
tanh_range.exhaustive(of=between_minus_one_and_one, format="bfloat16")
tanh_range.exhaustive(of=symmetric_to_the_last_bit, format="float16")
tanh_range.exhaustive(of=symmetric_to_the_last_bit, format="bfloat16")


@tanh_range.proof
def what_is_missing_is_positive(prove: Prove) -> None:
    """In e = e^x: 1 − tanh x = 2/(e² + 1) and 1 + tanh x are positive; tanh is odd and takes all between."""
    e, t = prove.exp(prove.x), prove.activation("tanh")
    prove.identical(1 - t, 2 / (e**2 + 1))
    prove.positive(1 - t)
    prove.positive(1 + t)
    prove.identical(prove.activation("tanh", -prove.x), -t)
    (y,) = prove.symbols("y", above=-1, below=1)
    prove.identical(prove.activation("tanh", prove.log((1 + y) / (1 - y)) / 2), y)


@tanh_range.enclosure
def every_value_between_minus_one_and_one(enclose: Enclose) -> None:
    """tanh rises from the limit −1 to the limit 1; from where it is nearer to 1 than to the float below."""
    enclose.increasing(lambda f, x: f.activation("tanh", x), x=(-INF, INF))
    enclose.limit(lambda f, x: f.activation("tanh", x), is_=-1, x=-INF)
    enclose.limit(lambda f, x: f.activation("tanh", x), is_=1, x=INF)
    for bits, printed in ((53, "19.0615"), (24, "9.0109")):
        enclose.value(partial(_where_one_is_nearest, bits), printed)


def _where_one_is_nearest(bits: int, f: Functions) -> Enclosed:
    """Where tanh is half a unit in the last place below 1, for a format with so many bits."""
    return f.artanh(1 - f.number(Fraction(1, 2 ** (bits + 1))))


# ------------------------------------------------------------------------------------------
saturating = claim(
    "ACT-11",
    title="Both functions saturate: far out they are nearly constant, and flat",
    says="""
        Beyond some input the output hardly changes any more; for a very large or very small
        input a gate is as good as open or shut.
    """,
    statement="""
        For every ε > 0 there is an X such that |x| > X brings σ and tanh within ε of their limits
        and their slopes below ε. For σ, X = ln(1/ε) will do; for tanh, X = ½ ln(4/ε).
    """,
    equation="""
        1 − σ(x) < e^-x,  σ'(x) < e^-x
        1 − tanh x < 2 e^-2x,  tanh'(x) < 4 e^-2x
        within 1 %: |x| ≥ ln 99 = 4.5951 for σ, |x| ≥ artanh 0.99 = 2.6467 for tanh
    """,
    verdict=HOLDS,
    because="""
        1 − σ(x) = 1/(1 + e^x) is below e^-x, and so is σ' = σ(1 − σ). tanh is the same curve,
        run through twice as fast. What saturates is what can be held open or shut; it is also
        what lets no gradient through while it is.
    """,
    sources=[D0("questions, 2")],
    floats="Rounding adds its tolerance to the bounds; far out the bounds are cut off at 2^-1000.",
    see=["ACT-09", "ACT-10"],
)


@saturating.law(needs=["activation"])
def within_one_per_cent(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """Beyond 4.6 the sigmoid, and beyond 2.65 tanh, are within 1 % of their limits."""
    far, further = (abs(x[abs(x) >= bound]) for bound in (2.65, 4.6))
    hold.at_most(0.99, impl.activation("sigmoid", further), "σ(x), x ≥ 4.6")
    hold.at_most(impl.activation("sigmoid", -further), PERCENT, "σ(−x), x ≥ 4.6")
    hold.at_most(0.99, impl.activation("tanh", far), "tanh x, x ≥ 2.65")
    hold.at_most(impl.activation("tanh", -far), -0.99, "tanh(−x), x ≥ 2.65")


@saturating.law(needs=["activation_vjp"])
def flat_far_out(impl: Subject, hold: Hold, x: FewPreactivations) -> None:
    """The slopes are below e^-|x| and 4 e^-2|x|."""
    hold.at_most(impl.slope("sigmoid", x), above_exponential(x), "σ'(x) ≤ e^-|x|")
    hold.at_most(impl.slope("tanh", x), 4 * above_exponential(x, 2), "tanh'(x) ≤ 4 e^-2|x|")


@saturating.law(needs=["activation"])
def never_turning_back(impl: Subject, hold: Hold, x: Ascending) -> None:
    """A larger input never gives a smaller output."""
    x = np.sort(x)
    for kind in ("sigmoid", "tanh"):
        y = impl.activation(kind, x)
        hold.at_most(y[:-1], y[1:], kind)


@saturating.proof
def below_an_exponential(prove: Prove) -> None:
    """In e = e^x: what is missing to 1 is below 1/e and 2/e², the slopes are below 1/e and 4/e².

    That is on the right. σ(−x) = 1 − σ(x), tanh is odd and both slopes are even, so it is so on the left.
    """
    x, e = prove.x, prove.exp(prove.x)
    s, t = prove.activation("sigmoid"), prove.activation("tanh")
    prove.positive(1 / e - (1 - s))
    prove.positive(2 / e**2 - (1 - t))
    prove.positive(1 / e - prove.slope("sigmoid"))
    prove.positive(4 / e**2 - prove.slope("tanh"))
    prove.identical(prove.activation("sigmoid", -x), 1 - s)
    prove.identical(prove.activation("tanh", -x), -t)
    for kind in ("sigmoid", "tanh"):
        prove.identical(prove.slope(kind, -x), prove.slope(kind))


@saturating.enclosure
def bounds_of_what_is_missing(enclose: Enclose) -> None:
    """For x ≥ 0, values and slopes are within these exponentials of their limits; where 1 % is reached."""
    enclose.holds(lambda f, x: 1 - f.activation("sigmoid", x) < f.exp(-x), x=(0, INF))
    enclose.holds(lambda f, x: f.slope("sigmoid", x) < f.exp(-x), x=(0, INF))
    enclose.holds(lambda f, x: 1 - f.activation("tanh", x) < 2 * f.exp(-2 * x), x=(0, INF))
    enclose.holds(lambda f, x: f.slope("tanh", x) < 4 * f.exp(-2 * x), x=(0, INF))
    for kind, where in (("sigmoid", "4.5951"), ("tanh", "2.6467")):
        enclose.increasing(partial(_value, kind), x=(-INF, INF))
        enclose.zeros(partial(_above_99_percent, kind), at=[where], x=(0, INF))
        enclose.limit(partial(slope_of, kind), is_=0, x=INF)
    enclose.value(lambda f: f.log(f.number(99)), "4.5951")
    enclose.value(lambda f: f.artanh(f.number(Fraction(99, 100))), "2.6467")


def _value(kind: str, f: Functions, x: Enclosed) -> Enclosed:
    return f.activation(kind, x)


def _above_99_percent(kind: str, f: Functions, x: Enclosed) -> Enclosed:
    return f.activation(kind, x) - Fraction(99, 100)
