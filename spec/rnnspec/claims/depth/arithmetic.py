"""Two numerical examples of updates that are too small and too large, computed again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from rnnspec.claim import HOLDS, REFUTED, About, claim
from rnnspec.evidence import Expression, Layer, Network, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense, Format
from rnnspec.sources import D1
from rnnspec.subject import Array, Numbers, Subject

FROM, TO, UPDATE = Fraction(-224, 100), Fraction(-199, 100), Fraction(1, 10**6)
USUAL_SAMPLES = 500

# ------------------------------------------------------------------------------------------
slow = claim(
    "DEP-26",
    title="From −2.24 to −1.99 by 10⁻⁶ at a time takes 250 000 steps",
    says="""
        If 500 samples would do to move a parameter from −2.24 to −1.99, but the gradient is so
        small that each moves it by 10⁻⁶ only, several tens of thousands of samples are needed.
    """,
    statement="(2.24 − 1.99)/10⁻⁶ is less than 100 000.",
    equation="""
        (2.24 − 1.99)/10⁻⁶ = 250 000 = 500 · 500
        binary32: 262 144 = 2¹⁸ steps, as 10⁻⁶ is rounded to 2⁻²⁰
        binary32 with steps of 10⁻⁷: none moves anything
    """,
    verdict=REFUTED,
    because="""
        0.25 divided by a millionth is a quarter of a million, which is not tens but hundreds of
        thousands, and 500 times the 500 samples, each of which would move it by 5 · 10⁻⁴. In
        floats it may take longer still. Near 2 the numbers of binary32 are 2⁻²³ or 2⁻²² apart, so
        each step is 2⁻²⁰ in effect; one of 10⁻⁷ is less than half a gap at −2.24, and is lost.
        Binary64 takes the 250 000 steps.
    """,
    corrected="It takes 250 000 samples, 500 times as many; in binary32 262 144.",
    sources=[D1("0, what an LSTM is")],
    floats="""
        An addition is one rounding, to the nearest number; so what it comes to is exact. An implementation
        adds in the recurrence h_t = h_{t−1} + b and in a layer y = x + b, in each format with a b that is as
        many gaps of that format wide as 10⁻⁶ is in binary32, 4.19 below −2, and with a tenth of it.
    """,
    see=["DEP-19", "DEP-27"],
)


@slow.as_stated()
def tens_of_thousands(impl: Subject, hold: Hold) -> None:
    """The number of steps is below 100 000."""
    hold.strictly_less((TO - FROM) / UPDATE, 100_000, "(2.24 − 1.99)/10⁻⁶")


@slow.witness(of=tens_of_thousands)
def a_quarter_of_a_million() -> Mapping[str, Any]:
    """The division itself: 250 000."""
    return {}


@slow.law(about=About.MATHEMATICS)
def counted_in_floats(impl: Subject, hold: Hold) -> None:
    """Updates added one by one: 262 144 in binary32, 250 000 in binary64."""
    hold.exactly(_steps(np.float32), 2**18, "steps in binary32")
    hold.exactly(_steps(np.float64), 250_000, "steps in binary64")


@slow.law(about=About.MATHEMATICS)
def lost_in_float32(impl: Subject, hold: Hold) -> None:
    """In binary32 −2.24 + 10⁻⁷ is −2.24; in binary64 it is not. A step of 10⁻⁶ is one of 2⁻²⁰."""
    for start in (FROM, Fraction(-2) + Fraction(1, 2**20)):
        before = np.float32(float(start))
        hold.exactly(before + np.float32(1e-6) - before, 2.0**-20, "a step of 10⁻⁶ in binary32")
    before = np.float32(float(FROM))
    hold.exactly(before + np.float32(1e-7), before, "−2.24 + 10⁻⁷ in binary32")
    hold.strictly_less(float(FROM), float(FROM) + 1e-7, "−2.24 < −2.24 + 10⁻⁷ in binary64")


@slow.law(needs=["run"], about=About.IMPLEMENTATION)
def moved_by_whole_gaps(impl: Subject, hold: Hold) -> None:
    """An update of 4.19 gaps moves by four below −2, and by eight of half the width above; 0.42 are lost.

    It is held at 32 of the places that such updates lead through from −2.24 to −1.99, which in binary32 are
    262 144; the state is handed over and handed back, and so is a number of the format.
    """
    hold_by_gaps(impl, hold, _one_step)


@slow.law(needs=["chain"], about=About.IMPLEMENTATION)
def moved_by_whole_gaps_in_a_layer(impl: Subject, hold: Hold) -> None:
    """The same of a layer without activation, whose weight is 1 and whose bias is the update."""
    hold_by_gaps(impl, hold, _one_layer)


@slow.proof
def quotient(prove: Prove) -> None:
    """250 000, which is 500 times 500: each of 500 steps would be 5 · 10⁻⁴."""
    distance = prove.number(224, 100) - prove.number(199, 100)
    prove.identical(distance / prove.number(1, 10**6), 250_000)
    prove.identical(distance / USUAL_SAMPLES, prove.number(5, 10**4))
    prove.identical(prove.number(250_000) / USUAL_SAMPLES, 500)
    prove.identical(distance * 2**20, 2**18)


@slow.proof
def steps_of_binary32(prove: Prove) -> None:
    """In binary32 every step is 2⁻²⁰, and the 262 144th is the first that reaches the target.

    Below −2 the numbers are 2⁻²² apart, above 2⁻²³. The update is nearer to four of these gaps, and
    to eight, than to three or five, and to seven or nine.
    """
    start, end, update = (Fraction(float(np.float32(float(each)))) for each in (FROM, TO, UPDATE))
    for gap, gaps in ((Fraction(1, 2**22), 4), (Fraction(1, 2**23), 8)):
        prove.valid(abs(_number(prove, update / gap) - gaps) < Fraction(1, 2))
        prove.identical(_number(prove, gap * gaps), Fraction(1, 2**20))
    prove.identical(_number(prove, start * 2**22), int(start * 2**22))
    step = _number(prove, Fraction(1, 2**20))
    prove.valid(_number(prove, start) + (2**18 - 1) * step < _number(prove, end))
    prove.valid(_number(prove, start) + 2**18 * step >= _number(prove, end))


def _number(prove: Prove, value: Fraction) -> Expression:
    return prove.number(value.numerator, value.denominator)


def _steps(dtype: DTypeLike) -> int:
    """How many updates, added one after the other and rounded each time, lead from −2.24 to −1.99."""
    numbers = np.full(300_000, float(UPDATE), dtype)
    numbers[0] = float(FROM)
    reached = np.add.accumulate(numbers) >= np.array(float(TO), dtype)
    return int(np.argmax(reached))


def _places(fmt: Format, step: float) -> Array:
    """Where a parameter is after some of the steps from −2.24 to −1.99, the first and later ones."""
    steps = round(float(TO - FROM) / step)
    (start,) = fmt.round(np.array([float(FROM)]))
    return np.asarray(start + step * (np.arange(32) * steps // 32))


def hold_by_gaps(impl: Subject, hold: Hold, add: Callable[[Subject, Array, Array], Numbers]) -> None:
    """What is added in one rounding: 16 u with an update of 4.19 gaps, nothing with a tenth of it."""
    step = 16 * impl.format.unit_roundoff
    update, tenth = impl.format.round(float(UPDATE) * step * 2**20 * np.array([[1.0], [0.1]]))
    before = _places(impl.format, step)
    hold.exactly(add(impl, before, update), before + step, "h + b")
    before = before[before < -2]
    hold.exactly(add(impl, before, tenth), before, "h + b/10, h < −2")


def _one_step(impl: Subject, h: Array, b: Array) -> Numbers:
    """h_t = h_{t−1} + b, from each of the states h."""
    layer = Layer("rnn", 1, 1, activation="identity")
    parameters = {"W_h": np.zeros((1, 1)), "U_h": np.ones((1, 1)), "b_h": b}
    network = Network(layer, parameters, np.zeros((1, len(h), 1)), {"h": h[:, np.newaxis]})
    return impl.run(network).outputs[0, :, 0]


def _one_layer(impl: Subject, x: Array, b: Array) -> Numbers:
    """y = x + b, of each x of a batch."""
    parameters = {"W_1": np.ones((1, 1)), "b_1": b}
    return impl.chain(Chain((Dense(1, 1),)), parameters, x[:, np.newaxis])[:, 0]


# ------------------------------------------------------------------------------------------
overshoot = claim(
    "DEP-27",
    title="From −10.02 to +20.3 instead of −9.97 is a step 606.4 times too long",
    says="""
        A parameter that should have gone from −10.02 to −9.97 was moved to +20.3, because the
        gradient was too large.
    """,
    statement="(20.3 + 10.02)/0.05 = 606.4: so many times too long was the step.",
    equation="""
        (20.3 + 10.02)/(10.02 − 9.97) = 606.4
        |20.3 + 9.97|/0.05 = 605.4 = |1 − 606.4|
    """,
    verdict=HOLDS,
    because="""
        This is an example, and its arithmetic is possible: on a parabola with its minimum at −9.97
        it is one step with ηλ = 606.4, which multiplies the distance by 1 − ηλ = −605.4. That is
        far beyond the bound of 2 up to which descent converges (DEP-19): the next step would end
        605.4 times as far away again.
    """,
    sources=[D1("0, what an LSTM is")],
    see=["DEP-19", "DEP-26", "REM-04"],
)


@overshoot.proof
def one_step_on_a_parabola(prove: Prove) -> None:
    """606.4 and 605.4, and the step with ηλ = 606.4 towards −9.97 does end at 20.3."""
    start, target, end = prove.number(-1002, 100), prove.number(-997, 100), prove.number(203, 10)
    times = (end - start) / (target - start)
    prove.identical(times, prove.number(6064, 10))
    prove.identical((end - target) / (target - start), prove.number(6054, 10))
    prove.identical(start - times * (start - target), end)
    prove.identical((1 - times) * (start - target), end - target)
    prove.valid(times > 2)
