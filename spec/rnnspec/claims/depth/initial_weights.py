"""What weights are at the beginning, and what that means for gradients."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import EMPIRICAL, ENCLOSED, LOOSE, About, claim
from rnnspec.claims.depth.layers import INPUTS, gradients
from rnnspec.evidence import INF, Enclose, Enclosed, Functions, Lab, Outcome, Prove, Start
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0
from rnnspec.strategies import one_unit_a_layer, wholes
from rnnspec.subject import Subject

Seed = Annotated[int, wholes(0, 2**16)]

# ------------------------------------------------------------------------------------------
initial = claim(
    "DEP-12",
    title="Initial weights are usually below 1 in size, and half of them are negative",
    says="""
        Weights usually begin between 0 and 1, or below 1; most often they are drawn from the
        standard normal distribution.
    """,
    statement="Initial weights w, most often from N(0, 1), satisfy 0 ≤ w ≤ 1.",
    equation="""
        w ~ N(0, 1):  P(|w| < 1) = 0.6827,  P(w < 1) = 0.8413,  P(0 < w < 1) = 0.3413
        E ln|w| = −(γ + ln 2)/2 = −0.6352,  E ln|w σ'(z)| ≤ −2.0215
        w ~ U(0, 1):  E ln w = −1
    """,
    verdict=LOOSE,
    because="""
        The two sentences of the document exclude each other: of standard normal weights half are
        negative, and a third are larger than 1 in size. Of two such weights both are within 1 with
        probability 0.466, of ten with 0.022. As a statement about the usual size it is fair, and
        what is inferred from it for one unit a layer survives: on average the logarithm of |w| is
        −0.635, and that of the slope at most −ln 4. By the law of large numbers the gradient then
        vanishes with probability 1, by a factor of 0.1325 a layer or faster; with weights from
        U(0, 1) by 0.0920. A factor above 1 takes |w| > 4, with probability 6.3 · 10⁻⁵.
    """,
    corrected="""
        A standard normal weight is below 1 with probability 0.841, and within 1 with 0.683. In a
        chain with one unit a layer and such weights the gradient vanishes almost surely.
    """,
    sources=[D0("introduction"), D0("1.2"), D0("1.2, summary")],
    rests_on=ENCLOSED,
    floats="""
        Initial weights are taken as they come, and what is said of them is exact. The gradient
        stays so far below its bounds that no rounding carries it there; that it is not 0 can be held in
        binary64 only, since the others underflow.
    """,
    see=["DEP-10", "DEP-13", "DEP-16"],
)


@initial.as_stated()
def between_zero_and_one(impl: Subject, hold: Hold, seed: Seed) -> None:
    """Two weights from the standard normal distribution lie between 0 and 1."""
    w = np.random.default_rng(seed).standard_normal(2)
    hold.at_most(0, w, "0 ≤ w")
    hold.at_most(w, 1, "w ≤ 1")


@initial.witness(of=between_zero_and_one)
def two_of_seed_zero() -> Mapping[str, Any]:
    """The second of them is −0.13."""
    return {"seed": 0}


@initial.law(needs=["initial_parameters"], about=About.IMPLEMENTATION)
def of_both_signs(impl: Subject, hold: Hold, seed: Seed) -> None:
    """Of what weights add up to in size, the negative ones have a fair part: a sixteenth at least.

    They have half of it on average. With 256 weights a part of 1/16 is many deviations away.
    """
    W = impl.initial_parameters(Chain((Dense(16, 16, "sigmoid"),)), seed)["W_1"]
    hold.at_most(8 * W.sum(), 7 * abs(W).sum(), "8 Σ W ≤ 7 Σ |W|", rounding=SURVIVES)
    hold.at_most(-8 * W.sum(), 7 * abs(W).sum(), "−8 Σ W ≤ 7 Σ |W|", rounding=SURVIVES)


@initial.law(needs=["initial_parameters"], about=About.IMPLEMENTATION)
def below_one_on_average(impl: Subject, hold: Hold, seed: Seed) -> None:
    """The mean size of a dense layer's initial weights is not 0 and below 1."""
    W = impl.initial_parameters(Chain((Dense(16, 16, "sigmoid"),)), seed)["W_1"]
    hold.at_most(abs(W).sum(), W.size, "Σ |W| ≤ the number of weights", rounding=SURVIVES)
    hold.at_most(W.size, 2**16 * abs(W).sum(), "the number of weights ≤ 2^16 Σ |W|", rounding=SURVIVES)


@initial.law(needs=["initial_parameters"], about=About.IMPLEMENTATION)
def quartiles(impl: Subject, hold: Hold, seed: Seed) -> None:
    """Of all weights a quarter is not above 0 and a quarter not below, and half of them are within 1.

    Of 256 weights from any distribution that is symmetric about 0, fewer than a quarter have one of the
    signs only if their number is eight deviations away. Of standard normal ones 0.683 are within 1.
    """
    W = impl.initial_parameters(Chain((Dense(16, 16, "sigmoid"),)), seed)["W_1"].ravel()
    upwards, sizes = np.sort(W), np.sort(abs(W))
    hold.at_most(upwards[len(W) // 4], 0, "the lower quartile ≤ 0", rounding=SURVIVES)
    hold.at_most(0, upwards[-1 - len(W) // 4], "0 ≤ the upper quartile", rounding=SURVIVES)
    hold.at_most(sizes[len(W) // 2], 1, "the median of |W| ≤ 1", rounding=SURVIVES)


@initial.law(needs=["chain_vjp"])
def vanishes_all_the_same(impl: Subject, hold: Hold, seed: Seed) -> None:
    """On average over 32 sigmoids with standard normal weights, at most e^−0.9 of the gradient passes one.

    The Lyapunov exponent is estimated: ln|w σ'| has a mean of −2.02 at most and a standard deviation near
    1.1, so that over 32 layers a mean of −0.9 would be more than five deviations away, on the side of the
    thinner tail; and one below −3.6 is as unlikely. Over the last 16 layers less than a thousandth arrives.
    """
    w = impl.format.round(np.random.default_rng(seed).standard_normal(32))
    got = gradients(impl, one_unit_a_layer(w.tolist()), 1.0)
    hold.at_most(1024 * abs(got["b_17"]), 1, "2^10 |∂C/∂b_17|", rounding=SURVIVES)
    hold.at_most(2.0**42 * abs(got["b_1"]), 1, "e^29.1 |∂C/∂b_1|", rounding=SURVIVES)
    hold.at_most(2.0**-168, abs(got["b_1"]), "e^−116.4 ≤ |∂C/∂b_1|")


@initial.proof
def mean_logarithms(prove: Prove) -> None:
    """∫ ln w = w ln w − w, which is −1 from 0 to 1; and σ' ≤ 1/4, so that ln σ' ≤ −ln 4."""
    (w,) = prove.symbols("w", above=0)
    antiderivative = w * prove.log(w) - w
    prove.identical(prove.derivative(antiderivative, w), prove.log(w))
    prove.identical(prove.at(antiderivative, {"w": 1}), -1)
    prove.valid(prove.slope("sigmoid") <= Fraction(1, 4))


@initial.enclosure
def probabilities(enclose: Enclose) -> None:
    """Of a standard normal weight, of two and of ten; and that it is larger than 4."""
    enclose.value(_within_one, "0.682689492137")
    enclose.value(lambda f: _within_one(f) / 2, "0.341344746")
    enclose.value(lambda f: (1 + _within_one(f)) / 2, "0.841")
    enclose.value(lambda f: _within_one(f) ** 2, "0.466")
    enclose.value(lambda f: _within_one(f) ** 10, "0.022")
    enclose.value(lambda f: 1 - f.erf(4 / f.sqrt(2)), "6.334e-5")


@initial.enclosure
def rates(enclose: Enclose) -> None:
    """E ln|w| is −(γ + ln 2)/2, the rate e^−2.021475784 = 0.1325; for U(0, 1) it is 0.09197.

    The mean is an integral from 10⁻¹² to 16, but for less than 3 · 10⁻¹¹ beyond.
    """
    enclose.value(lambda f: _mean_logarithm(f) - _beyond(f), "-0.635181423")
    enclose.value(lambda f: _mean_logarithm(f) + _beyond(f), "-0.635181423")
    enclose.value(lambda f: -(f.euler + f.log(2)) / 2, "-0.635181423")
    enclose.value(lambda f: -(f.euler + f.log(2)) / 2 - f.log(4), "-2.021475784")
    enclose.value(lambda f: f.exp(-(f.euler + f.log(2)) / 2) / 4, "0.1325")
    enclose.value(lambda f: f.exp(f.number(-1)) / 4, "0.09197")
    enclose.limit(lambda f, x: x * f.exp(-x), is_=0, x=INF)  # w ln w → 0, with w = e^−x


def _within_one(f: Functions) -> Enclosed:
    return f.erf(1 / f.sqrt(2))


SMALLEST, LARGEST = Fraction(1, 10**12), 16


def _mean_logarithm(f: Functions) -> Enclosed:
    """E ln|w| = √(2/π) ∫ ln w e^{−w²/2} dw, between the two."""
    return f.sqrt(2 / f.pi) * f.integral(lambda g, w: g.log(w) * g.exp(-w * w / 2), SMALLEST, LARGEST)


def _beyond(f: Functions) -> Enclosed:
    """A bound for what is missing: ∫ −ln w dw up to a is a (1 − ln a), and further out ln w < w."""
    a = f.number(SMALLEST)
    return f.sqrt(2 / f.pi) * (a * (1 - f.log(a)) + f.exp(f.number(-Fraction(LARGEST**2, 2))))


# ------------------------------------------------------------------------------------------
rare = claim(
    "DEP-16",
    title="Narrow sigmoid networks rarely explode; wide ones do, unless the weights are scaled down",
    says="With the sigmoid gradients usually do not explode.",
    statement="For random weights the gradient of a sigmoid network rarely gets longer on its way back.",
    equation="""
        ln growth = ln ‖Jᵀ v‖ − ln ‖v‖,  J = ∂y/∂x,  v one random cotangent;  ten layers of n units
        P(|w σ'(w x + b)| > 1) ≤ P(|w| > 4) = 6.334 · 10⁻⁵   for w ~ N(0, 1)
    """,
    verdict=EMPIRICAL,
    finding="depends on the width and on the scale of the weights",
    because="""
        With one unit a layer an explosion takes many weights beyond 4, which standard normal
        weights nearly never are. But what counts in a wide layer is the norm. Of ten layers with
        standard normal weights, measured with random cotangents, 50 units a layer lengthen next to none
        and 160 nine in ten; where the one turns into the other is DEP-07's. With weights scaled to the
        width, as Glorot and Bengio do, the norm no longer depends on it, and each layer leaves less than
        a quarter: e^−1.45 of the gradient's length, measured with 160 units.
    """,
    sources=[D0("1.2")],
    floats="One slope and one product: what rounding adds to a quarter of the weight is tolerated.",
    see=["DEP-07", "DEP-12", "DEP-17", "REM-08", "REM-09"],
)

DEPTH = 10
NARROW, WIDE = (1, 10, 50), 160
RARELY = 1 / 5
"""Less often than this is called rarely; more often than not, often."""
BEYOND_FOUR = "6.334e-5"
"""P(|w| > 4)."""


@rare.experiment
def growth_by_width(lab: Lab) -> Outcome:
    """How often a cotangent gets longer through ten layers, for four widths; and with Glorot's weights.

    Before that, how many of the factors of a single unit exceed 1: no more than weights do 4.
    """
    share = lab.mean(
        "share of |w σ'(w x + b)| > 1, all N(0, 1)", lab.each(lambda r: _share_above_one(lab, r))
    )
    normal = {n: lab.gradient_growth(_layers(n), Start("normal"), 1, INPUTS) for n in (*NARROW, WIDE)}
    scaled = lab.gradient_growth(_layers(WIDE), Start("glorot"), 1, INPUTS)
    often = {n: lab.frequency(f"grows, N(0, 1), {n} units", growth > 0) for n, growth in normal.items()}
    glorot = lab.frequency(f"grows, Glorot's weights, {WIDE} units", scaled > 0)
    rarely = all(each.below(RARELY) for each in (*(often[n] for n in NARROW), glorot))
    wide_ones_do = often[WIDE].above(0.5)
    means = [
        lab.mean(f"ln growth a layer, N(0, 1), {n} units", growth / DEPTH) for n, growth in normal.items()
    ]
    return Outcome(
        "depends on the width and on the scale of the weights" if wide_ones_do else "supported",
        [
            share,
            *often.values(),
            glorot,
            *means,
            lab.mean(f"ln growth a layer, Glorot's weights, {WIDE} units", scaled / DEPTH),
        ],
        f"fewer than one in five gradients grow with up to {NARROW[-1]} units, and with Glorot's weights; "
        f"with {WIDE} units and weights from N(0, 1) {'more' if wide_ones_do else 'fewer'} than half do",
        settled=share.below(float(BEYOND_FOUR)) and rarely and (wide_ones_do or often[WIDE].below(RARELY)),
    )


def _layers(width: int) -> Chain:
    return Chain(tuple(Dense(width, width, "sigmoid") for _ in range(DEPTH)))


def _share_above_one(lab: Lab, random: np.random.Generator) -> float:
    """Of a hundred thousand |w σ'(w x + b)|, with standard normal w, x and b."""
    w, x, b = random.standard_normal((3, 100_000))
    s = lab.activation("sigmoid", w * x + b)
    return float((abs(w) * s * (1 - s) > 1).mean())


@rare.law(needs=["chain_vjp"])
def a_quarter_of_a_normal_weight(impl: Subject, hold: Hold, seed: Seed) -> None:
    """No |w σ'(w x + b)| exceeds |w|/4, and so 1 only where |w| exceeds 4: for eight units side by side."""
    w, x, b = impl.format.round(np.random.default_rng(seed).standard_normal((3, 8)))
    chain = Chain((Dense(8, 8, "sigmoid"),))
    back = impl.chain_vjp(chain, {"W_1": np.diag(w), "b_1": b}, x[np.newaxis], np.ones((1, 8)))
    hold.at_most(4 * abs(back.inputs[0]), abs(w), "4 |w σ'(w x + b)| ≤ |w|")


@rare.enclosure
def a_weight_beyond_four(enclose: Enclose) -> None:
    """P(|w| > 4) = 6.334 · 10⁻⁵ for w ~ N(0, 1)."""
    enclose.value(lambda f: 1 - f.erf(4 / f.sqrt(2)), BEYOND_FOUR)
