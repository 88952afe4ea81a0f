"""The same calculation again and again: powers, and what they do and do not tend to."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import ENCLOSED, HOLDS, REFUTED, claim
from rnnspec.evidence import Cotangent, Enclose, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.sources import D1
from rnnspec.strategies import Orbit, arrays, orbits, wholes
from rnnspec.subject import Array, Numbers, Subject

STEPS = 40
DAYS = 365

# ------------------------------------------------------------------------------------------
powers = claim(
    "DEP-24",
    title="0.99^365 is a fortieth, 1.01^365 is 38; together they are not 1",
    says="""
        The well-known comparison of 0.99 and 1.01, each multiplied by itself 365 times, shows what
        happens to gradients.
    """,
    statement="0.99^365 = 0.0255..., 1.01^365 = 37.78...",
    equation="""
        0.99^365   = 0.0255179644522912
        1.01^365   = 37.78343433288716
        0.9999^365 = 0.964156334   since 0.99 · 1.01 = 0.9999
    """,
    verdict=HOLDS,
    because="""
        Powers of a number near 1 depend exponentially on how near it is: 0.99 has halved after 69
        multiplications, and 365 are more than five times as many. The two do not cancel, because
        0.99 · 1.01 is not 1 but 0.9999.
    """,
    floats="The two numbers are rounded to the format; the powers are those of the rounded ones.",
    sources=[D1("0, what an LSTM is")],
    see=["DEP-11", "DEP-14", "DEP-25"],
)


@powers.law(needs=["run_vjp"])
def gradient_of_a_year(impl: Subject, hold: Hold) -> None:
    """Through 365 steps of h_t = a h_{t−1} the gradient is multiplied by a^365, for 0.99 and 1.01."""
    for a in impl.format.round(np.array([0.99, 1.01])).tolist():
        orbit = Orbit(np.array([[a]]), np.ones(1), DAYS)
        last = Cotangent(np.zeros((DAYS, 1, 1)), {"h": np.ones((1, 1))})
        back = impl.vjp(orbit.network("identity"), last)
        hold.equal(back.state["h"], Fraction(a) ** DAYS, "dh_365/dh_0")


@powers.enclosure
def digits_of_the_powers(enclose: Enclose) -> None:
    """The two powers, their product, and the half-life of 0.99."""
    enclose.value(lambda f: f.number("0.99") ** 365, "0.0255179644522912")
    enclose.value(lambda f: f.number("1.01") ** 365, "37.7834343328871589")
    enclose.value(lambda f: f.number("0.9999") ** 365, "0.964156334")
    enclose.value(lambda f: -f.log(2) / f.log(f.number("0.99")), "68.97")


@powers.proof
def do_not_cancel(prove: Prove) -> None:
    """The printed digits of the three powers, in whole numbers; and the product, 0.9999^365, is below 1."""
    low, high = prove.number(99, 100), prove.number(101, 100)
    prove.identical(low * high, prove.number(9999, 10000))
    prove.identical(low**365 * high**365, prove.number(9999, 10000) ** 365)
    prove.valid(low**365 * high**365 < 1)
    for power, digits in (
        (low**365, "0.0255179644522912"),
        (high**365, "37.78343433288716"),
        (low**365 * high**365, "0.964156334"),
    ):
        printed, half = Fraction(digits), Fraction(1, 2 * 10 ** len(digits.partition(".")[2]))
        prove.valid(abs(power - printed) <= half)
    prove.valid(low**69 < Fraction(1, 2))
    prove.valid(low**68 > Fraction(1, 2))


# ------------------------------------------------------------------------------------------
repeating = claim(
    "DEP-25",
    title="Repeating a calculation need not lead to 0 or infinity; of linear ones |a| decides",
    says="""
        Whatever the information, to apply the same calculation to it often enough leads to
        extremely large or extremely small results.
    """,
    statement="For every function f, |f(f(⋯f(x)⋯))| tends to 0 or to infinity.",
    equation="""
        f = cos:     f^n(x) → 0.739085133215161   for every x
        f(x) = −x:   |f^n(x)| = |x|
        f(x) = a x:  f^n(x) = a^n x
        two by two, up to the basis one of three:
        f(x, y) = (a x, b y):              f^n(x, y) = (a^n x, b^n y)
        f(x, y) = (c x − s y, s x + c y):  |f^n(x, y)|² = (c² + s²)^n (x² + y²)
        f(x, y) = (λx + y, λy):            f^n(x, y) = (λ^n x + n λ^{n−1} y, λ^n y)
    """,
    verdict=REFUTED,
    because="""
        Turning the sign again and again changes no size; the cosine draws every number to its fixed
        point. Of linear calculations it is nearly true: x tends to 0 if |a| < 1, and to infinity if
        |a| > 1 and x ≠ 0, but stays as large as it is if |a| = 1. For matrices the spectral radius ρ
        takes the place of |a|: below 1 every orbit tends to 0, above it some grow beyond all bounds. For
        two rows it can be seen: but for the basis, such a matrix is diagonal, with ρ the larger of |a| and
        |b|; or a rotation stretched to ρ = √(c² + s²); or a Jordan block, with ρ = |λ|. Where ρ = 1 there are
        both bounded orbits, as of a rotation, and orbits that grow like n, as of a Jordan block:
        large, but not exponentially so.
    """,
    corrected="""
        For f(x) = a x and x ≠ 0: f^n(x) → 0 if and only if |a| < 1, |f^n(x)| → ∞ if and only if
        |a| > 1, and it is bounded and bounded away from 0 if |a| = 1. For two by two matrices every orbit
        tends to 0 if and only if ρ < 1, and some are unbounded if ρ > 1.
    """,
    sources=[D1("0, what an LSTM is")],
    rests_on=ENCLOSED,
    see=["DEP-20", "DEP-24", "SPE-08"],
)

LongScalar = Annotated[
    Orbit,
    orbits(size=(1, 1), start=(8, 8), steps=(STEPS, STEPS), where=lambda orbit: bool(orbit.W[0, 0] != 0)),
]
Scalar = Annotated[Orbit, orbits(size=(1, 1), start=(1, 16), steps=(1, 8))]
Start = Annotated[Array, arrays(2, unit=1 / 8)]
Pair = Annotated[Array, arrays(2, low=-1, high=1, unit=1 / 8)]
Steps = Annotated[int, wholes(1, 10)]


def states(subject: Subject, orbit: Orbit) -> Numbers:
    """h_1, ..., h_T of h_t = W h_{t−1}, (T, n)."""
    return subject.run(orbit.network("identity")).outputs[:, 0]


@repeating.as_stated(needs=["run"])
def tiny_or_huge(impl: Subject, hold: Hold, orbit: LongScalar) -> None:
    """After forty multiplications by the same number, 1 has become 100 times as large, or as small.

    For multiples of 1/8: of the ones next to 1, 7/8 and 9/8, it is true.
    """
    hold.given(bool(orbit.W[0, 0] != 0), "no multiplication by 0")
    (last,) = states(impl, orbit)[-1]
    hold.at_most(100, abs(last) + 1 / abs(last), "100 ≤ |h| + 1/|h|")


@repeating.witness(of=tiny_or_huge)
def sign_that_turns() -> Mapping[str, Any]:
    """a = −1: from 1 to −1 to 1, and so on."""
    return {"orbit": Orbit(np.array([[-1.0]]), np.array([1.0]), STEPS)}


@repeating.law(needs=["run"])
def powers_of_a(impl: Subject, hold: Hold, orbit: Scalar) -> None:
    """h_t = a^t h_0: smaller each time if |a| < 1, larger if |a| > 1, and otherwise as large."""
    a, start = Fraction(float(orbit.W[0, 0])), Fraction(float(orbit.start[0]))
    h = states(impl, orbit)[:, 0]
    for t in range(orbit.steps):
        hold.equal(h[t], a ** (t + 1) * start, f"h_{t + 1}")
    if abs(a) <= 1:
        hold.at_most(abs(h[-1]), start, "|h_T| ≤ h_0")
    if abs(a) >= 1:
        hold.at_most(start, abs(h[-1]), "h_0 ≤ |h_T|")


@repeating.law(needs=["run"])
def rotation_and_jordan_block(impl: Subject, hold: Hold, start: Start, steps: Steps) -> None:
    """Both have the spectral radius 1: one keeps the length, the other adds T y to x."""
    turned = states(impl, Orbit(np.array([[0.0, -1.0], [1.0, 0.0]]), start, steps))[-1]
    hold.equal((turned**2).sum(), float(start @ start), "|h_T|² of a rotation")
    sheared = states(impl, Orbit(np.array([[1.0, 1.0], [0.0, 1.0]]), start, steps))[-1]
    x, y = start
    hold.equal(sheared, [x + steps * y, y], "h_T of a Jordan block")


@repeating.law(needs=["run"])
def powers_of_matrices(impl: Subject, hold: Hold, pair: Pair, start: Start, steps: Steps) -> None:
    """A diagonal matrix, a stretched rotation, a Jordan block, of spectral radii below, at and above 1."""
    x, y = map(Fraction, start.tolist())
    first, second = map(Fraction, pair.tolist())
    a, b = pair
    apart = states(impl, Orbit(np.diag(pair), start, steps))[-1]
    hold.equal(apart, [first**steps * x, second**steps * y], "h_T of a diagonal matrix")
    turned = states(impl, Orbit(np.array([[a, -b], [b, a]]), start, steps))[-1]
    length = (first**2 + second**2) ** steps * (x**2 + y**2)
    hold.equal((turned**2).sum(), length, "|h_T|² of a stretched rotation")
    sheared = states(impl, Orbit(np.array([[a, 1.0], [0.0, a]]), start, steps))[-1]
    moved = steps * first ** (steps - 1) * y
    hold.equal(sheared, [first**steps * x + moved, first**steps * y], "h_T of a Jordan block")


@repeating.proof
def closed_forms(prove: Prove) -> None:
    """a^n x for every n, from the traced step; a rotation keeps the length; a Jordan block's power.

    (1 + e)^n ≥ 1 + n e has no bound: so |a|^n has none if |a| > 1, and tends to 0 if 1/|a| > 1. And
    (1 + e)^{2n} ≥ (1 + n e)² outgrows every multiple of n: so n |λ|^n tends to 0, too, if 1/|λ| > 1.

    Two by two matrices have two real eigenvalues a and b, one without a second eigenvector, λ, or the
    pair c ± s i. In a basis to match they are the three that are written down here; a Jordan block
    with λ < 0 is −1 times one with −λ, in which −y stands for y.
    """
    a, x, y = prove.symbols("a x y")
    prove.identical(_step(prove, a, x), [a * x])
    prove.closed_form(lambda n: a**n * x, first=a * x, then=lambda n, h: a * h)
    (e,) = prove.symbols("e", above=0)
    prove.by_induction(lambda n: (1 + e) ** n >= 1 + n * e)
    prove.valid(prove.implies(abs(a) == 1, abs(a * x) == abs(x)))

    prove.by_induction(lambda n: (1 + e) ** (2 * n) >= (1 + n * e) ** 2)

    (b,), zero = prove.symbols("b"), prove.number(0)
    diagonal = prove.matrix([[a, zero], [zero, b]])
    prove.identical(_step(prove, diagonal, prove.matrix([[x, y]])), [a * x, b * y])
    prove.closed_form(
        lambda n: [a**n * x, b**n * y], first=[a * x, b * y], then=lambda n, h: [a * h[0], b * h[1]]
    )

    c, s = prove.symbols("c s")
    turned = _step(prove, prove.matrix([[c, -s], [s, c]]), prove.matrix([[x, y]]))
    prove.identical((turned**2).sum(), (c**2 + s**2) * (x**2 + y**2))
    prove.closed_form(
        lambda n: (c**2 + s**2) ** n * (x**2 + y**2),
        first=(c**2 + s**2) * (x**2 + y**2),
        then=lambda n, square: (c**2 + s**2) * square,
    )

    (lam,) = prove.symbols("lam", above=0)
    block = prove.matrix([[lam, prove.number(1)], [prove.number(0), lam]])
    prove.identical(_step(prove, block, prove.matrix([[x, y]])), [lam * x + y, lam * y])
    prove.closed_form(
        lambda n: [lam**n * x + n * lam**n / lam * y, lam**n * y],
        first=[lam * x + y, lam * y],
        then=lambda n, h: [lam * h[0] + h[1], lam * h[1]],
    )


def _step(prove: Prove, U: Any, h: Any) -> Any:
    """One traced step of h ← U h."""
    layer = Layer("rnn", 1, np.shape(U)[0] if np.shape(U) else 1, activation="identity", biases="none")
    return prove.reference.run(prove.network(layer, 1, rest=0, U_h=U, h=h)).outputs[0, 0]


@repeating.enclosure
def cosine(enclose: Enclose) -> None:
    """cos maps every number into [−1, 1], where its slope is at most 0.842 < 1: a contraction.

    So by Banach's theorem every orbit tends to the only fixed point.
    """
    enclose.holds(lambda f, x: f.sin(x) ** 2 < Fraction(842, 1000) ** 2, x=(-1, 1))
    enclose.zeros(lambda f, x: f.cos(x) - x, at=["0.739085133215161"], x=(-1, 1))
