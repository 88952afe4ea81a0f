"""Gates at their ends: what is exactly 0 or 1 in floats only, and how far a bias reaches."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, HOLDS, About, claim
from rnnspec.claims.lstm.words import FAR, LEFT, of_layer, one_unit
from rnnspec.claims.lstm_gradients.passing import gates, on_the_cell
from rnnspec.evidence import INF, Enclose, Enclosed, Functions, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Layer, format_named
from rnnspec.sources import D0, D1
from rnnspec.strategies import Preactivations, arrays, reals, wholes
from rnnspec.subject import Array, Subject

LARGE = 1024.0
"""e^-1024 underflows in every format."""

# ------------------------------------------------------------------------------------------
zero_and_one = claim(
    "LST-09",
    title="A component whose gate is 0 is erased, one whose gate is 1 is kept; floats do reach both",
    says="""
        If a component is 0 after the sigmoid, that component of the cell state is erased; if it is 1,
        its memory is kept completely.
    """,
    statement="""
        f_j = 0 gives (C_t)_j = (i g)_j, and f_j = 1 gives (C_t)_j = (C_{t-1} + i g)_j, component
        by component.
    """,
    equation="""
        C_t − i g = f C_{t-1}:   0 for f = 0,   C_{t-1} for f = 1
        0 < σ(x) < 1;   1 − σ(x) < 2^-p for x > p ln 2
        float32, correctly rounded:  σ(x) = 1 from ln(2^25 − 1) = 17.3287,   0 below −150 ln 2 = −103.97
        float32, as 1/(1 + e^-x):    1 from 24 ln 2 = 16.6355,   0 below −128 ln 2 = −88.7228
    """,
    verdict=HOLDS,
    because="""
        As an implication it is exact: an ideal gate of 0 erases, one of 1 keeps. The sigmoid comes
        arbitrarily near to both and never gets there, as the same document says with its open
        interval. In floats it does get there: what is nearer to 1 than half the spacing of the
        numbers is 1, and what is at most half of the smallest number is 0. Where, is a matter of how it is
        computed. By 1/(1 + e^-x) both ends come sooner: the sum is rounded to 1 already where e^-x
        is the roundoff, and for x far below 0 the quotient is 0 where e^-x overflows, before e^x
        underflows. After erasing, the component is not 0 but what has been let in, i g.
    """,
    sources=[D1("3, in detail"), D0("questions, 2")],
    rests_on=ENCLOSED,
    floats="""
        A correctly rounded sigmoid is 1, and 0, at 1024 and −1024 in every format. Sixteen units of
        roundoff away from 1, and above the smallest normal number, no good one has got there yet; from
        one unit on, and from the smallest number on, it is at most a number or two away.
    """,
    see=["LST-06", "ACT-27"],
)

Components = Annotated[Array, arrays((1, 5), unit=1 / 32)]
Written = Annotated[float, reals(-4, 4, 1 / 16)]
Beyond = Annotated[float, reals(0, 2, 1 / 16)]


@zero_and_one.law(needs=["run"])
def component_by_component(impl: Subject, hold: Hold, c: Components, b: Written) -> None:
    """With forget gates of 1 and 0 by turns, components are kept and erased by turns; i g is added."""
    keeps = np.arange(len(c)) % 2 == 0
    net = of_layer(Layer("lstm", 1, len(c)), c=c, b_f=np.where(keeps, FAR, -FAR), b_g=b)
    now, after = gates(hold, net), impl.run(net).state["c"]
    let_in = now["i"] * now["g"]
    hold.at_most(abs(after - let_in - np.where(keeps, c, 0)), LEFT * abs(c), "|C_t − i g − (C_{t-1} or 0)|")


@zero_and_one.law(needs=["activation"], about=About.IMPLEMENTATION)
def both_are_reached(impl: Subject, hold: Hold) -> None:
    """In floats σ(1024) is 1 and σ(−1024) is 0, as far as rounding and underflow go."""
    ends = impl.activation("sigmoid", np.array([LARGE, -LARGE]))
    hold.equal(ends, np.array([1.0, 0.0]), "σ(±1024)")


@zero_and_one.law(needs=["activation"])
def not_before(impl: Subject, hold: Hold, x: Preactivations) -> None:
    """σ(x) is not 1 while e^-x is above 16 roundoffs, and not 0 while e^x is above the smallest number."""
    u, smallest = impl.format.unit_roundoff, impl.format.smallest_normal
    x = np.where((x < -math.log(16 * u)) & (x > math.log(smallest) + 1), x, 0)  # 0 where nothing is said
    s = impl.activation("sigmoid", x)
    hold.at_most(s, 1 - 2 * u, "σ(x) ≤ 1 − 2u", rounding=SURVIVES)
    hold.at_most(smallest, s, "smallest normal ≤ σ(x)", rounding=SURVIVES)


zero_and_one.exhaustive(of=not_before, format="float16")
zero_and_one.exhaustive(of=not_before, format="bfloat16")


@zero_and_one.law(needs=["activation"])
def from_there_on(impl: Subject, hold: Hold, beyond: Beyond) -> None:
    """σ(x) is 1 where e^-x is a roundoff or less, and 0 where e^x is the smallest number or less: up to two.

    In float32 that is from 16.6355 on, and below −103.28.
    """
    fmt = impl.format
    ends = fmt.round(np.array([-math.log(fmt.unit_roundoff), math.log(fmt.smallest_subnormal)]))
    s = impl.activation("sigmoid", fmt.round(ends * (1 + beyond)))
    hold.at_most(1 - 2 * fmt.unit_roundoff, s[0], "1 − 2u ≤ σ(x)", rounding=SURVIVES)
    hold.at_most(s[1], 2 * fmt.smallest_subnormal, "σ(x) ≤ 2s", rounding=SURVIVES)


@zero_and_one.proof
def never_in_exact_arithmetic(prove: Prove) -> None:
    """Two units: 0 < f < 1, and C_t − i g = f C_{t-1}, entry by entry."""
    net = prove.network(Layer("lstm", 1, 2), 1)
    now = {k: v[0] for k, v in prove.reference.gates(net)[0].items()}
    for j in range(2):
        prove.valid(prove.all_of(now["f"][j] > 0, now["f"][j] < 1))
        prove.identical(now["c"][j] - now["i"][j] * now["g"][j], now["f"][j] * net.state["c"][0, j])


@zero_and_one.proof
def rounded_in_float32(prove: Prove) -> None:
    """What float32 rounds to 1, to 0 and to infinity, and the next number that it does not.

    1 + e^-x is 1 for e^-x = 2^-24, and not for the next float32, with which the quotient is below 1. At
    2^128 e^-x is infinite, and the quotient 0. σ itself is 1 from 1 − 2^-25 on, and 0 up to 2^-150.
    """
    u, gap = 2.0**-24, 2.0**-23  # below 1 two numbers are u apart, above 1 twice as much
    rounded = {
        1 + u: 1.0,
        1 + u * (1 + gap): 1 + gap,
        1 / (1 + gap): 1 - gap,
        2.0**128 * (1 - u): 2.0**128 * (1 - u),
        1 - u / 2: 1.0,
        1 - u / 2 - 2.0**-40: 1 - u,
        2.0**-150: 0.0,
        2.0**-150 * (1 + gap): 2.0**-149,
    }
    float32 = format_named("float32")
    prove.identical(float32.round(np.array(list(rounded))), np.array(list(rounded.values())))
    prove.identical(1 / (1 + float32.round(np.array([2.0**128]))), np.array([0.0]))


@zero_and_one.enclosure
def where_floats_get_there(enclose: Enclose) -> None:
    """Where e^-x is the roundoff of float32, and 2^128; where e^x/(1 + e^x) is 1 − 2^-25, and 2^-150.

    1 − σ(x) < e^-x. σ(1024) is nearer to 1 than to the next float64, and σ(−1024) nearer to 0.
    """
    enclose.value(lambda f: 24 * f.log(f.number(2)), "16.6355")
    enclose.value(lambda f: -128 * f.log(f.number(2)), "-88.7228")
    enclose.value(lambda f: f.log(f.number(2**25 - 1)), "17.3287")
    enclose.value(lambda f: -f.log(f.number(2**150 - 1)), "-103.97")
    enclose.holds(lambda f, x: 1 - f.activation("sigmoid", x) < f.exp(-x), x=(0, INF))
    enclose.holds(lambda f: f.activation("sigmoid", f.number(LARGE)) > 1 - Fraction(1, 2**54))
    enclose.holds(lambda f: f.activation("sigmoid", f.number(-LARGE)) < Fraction(1, 2**1075))


# ------------------------------------------------------------------------------------------
SHORT = "the distance is at most T ≤ ln 2 · e^b"

forget_bias = claim(
    "LST-30",
    title="A large forget bias keeps gradients alive over a distance of about ln 2 · e^b steps",
    says="""
        Models are initialised with a large positive forget bias, which saturates the forget gate
        near 1; then the gradient from far away does not vanish.
    """,
    statement="With a forget bias b, 1 ≤ b ≤ 5, half of the cell's gradient arrives over T steps.",
    equation="""
        f = σ(b),   f^T ≥ 1/2  ⇔  b ≥ −ln(2^(1/T) − 1)
        −ln(2^(1/T) − 1) ≤ ln(T/ln 2)
        ln 2 · e^b  <  half-life  <  ln 2 · (e^b + 1)
    """,
    verdict=CONDITIONAL,
    because="""
        A constant gate below 1 forgets exponentially, however near to 1 it is; what the bias sets
        is the half-life, about ln 2 · e^b steps: 2.21 for a bias of 1, 5.46 for 2, 103 for 5. For a distance
        of 10, 100 or 1000 steps it takes a bias of 2.63, 4.97 or 7.27. This is the state of
        things at the beginning, with recurrent weights of 0; training changes it. (That large is from
        1 to 5, and enough one half, is our reading; with any other it is the same.)
    """,
    conditions=(SHORT,),
    sources=[D0("questions, 1")],
    rests_on=ENCLOSED,
    floats="A product of T equal gates: T roundings, and those of the gate.",
    see=["LST-25", "LGR-07", "LGR-12"],
)

Bias = Annotated[float, reals(0, 2, 1 / 16)]
LargeBias = Annotated[float, reals(1, 5, 1 / 16)]
Steps = Annotated[int, wholes(0, 8)]
ManySteps = Annotated[int, wholes(1, 150)]


def _passed(impl: Subject, bias: float, steps: int) -> Any:
    """∂c_T/∂c_0 of a layer with a forget bias and nothing else."""
    net = one_unit(steps, b_f=bias)
    return impl.vjp(net, on_the_cell(net, 1.0)).state["c"]


@forget_bias.as_stated(needs=["run_vjp"])
def half_arrives(impl: Subject, hold: Hold, b: LargeBias, T: ManySteps) -> None:
    """With a forget bias of b, half of the cell's gradient arrives over T steps."""
    hold.at_most(0.5, _passed(impl, b, T), "∂c_T/∂c_0")


@forget_bias.necessity(of=half_arrives, condition=SHORT)
def a_bias_of_one_over_three_steps() -> Mapping[str, Any]:
    """b = 1 and T = 3, beyond the half-life of 2.21: 0.391 arrives."""
    return {"b": 1.0, "T": 3}


@forget_bias.law(needs=["run_vjp"])
def power_of_the_gate(impl: Subject, hold: Hold, b: Bias, T: Steps) -> None:
    """σ(b)^T of the gradient arrives."""
    f = hold.reference.activation("sigmoid", np.array([[b]]))
    hold.equal(_passed(impl, b, T), f**T, "∂c_T/∂c_0 = σ(b)^T")


@forget_bias.law(needs=["run_vjp"])
def half_life(impl: Subject, hold: Hold, b: Bias) -> None:
    """Half of it arrives over ln 2 · e^b steps, and at most half over ln 2 · (e^b + 1)."""
    within, beyond = math.floor(math.log(2) * math.exp(b)), math.ceil(math.log(2) * (math.exp(b) + 1))
    hold.at_most(0.5, _passed(impl, b, within), f"over {within} steps")
    hold.at_most(_passed(impl, b, beyond), 0.5, f"over {beyond} steps")


def _bias_for(T: int) -> Callable[[Functions], Enclosed]:
    """−ln(2^(1/T) − 1), with which half arrives over exactly T steps."""
    return lambda f: -f.log(f.exp(f.log(f.number(2)) / T) - 1)


def _half_life(b: int) -> Callable[[Functions], Enclosed]:
    """ln 2 / −ln σ(b) steps."""
    return lambda f: -f.log(f.number(2)) / f.log(f.activation("sigmoid", f.number(b)))


@forget_bias.enclosure
def biases_and_half_lives(enclose: Enclose) -> None:
    """The printed numbers; ln(T/ln 2) is enough for every T; and the half-life lies between its bounds."""
    for T, needed in ((10, "2.6342"), (100, "4.9682"), (1000, "7.2739")):
        enclose.value(_bias_for(T), needed)
    for b, steps in ((1, "2.21"), (2, "5.46"), (5, "103.2")):
        enclose.value(_half_life(b), steps)
    # s = ln 2 / T: 2^(1/T) − 1 = e^s − 1 ≥ s.
    enclose.holds(lambda f, s: f.exp(s) - 1 > s, touching=[0], s=(0, 1))
    # e = e^-b: 1/(1/e + 1) < ln(1 + e) < e, which is −ln σ(b).
    enclose.holds(lambda f, e: [e / (1 + e) < f.log(1 + e), f.log(1 + e) < e], touching=[0], e=(0, 1))


@forget_bias.proof
def product_of_constant_gates(prove: Prove) -> None:
    """A bias b only: a step takes C to f C, f = 1/(1 + e^-b), and t steps to f^t C, for every t."""
    (b,), (f,) = prove.symbols("b"), prove.symbols("f", above=0, below=1)
    net = prove.network(Layer("lstm", 1, 1), 1, rest=0, b_f=b, c=prove.symbols("C"))
    C, after = net.state["c"][0, 0], prove.reference.run(net).state["c"][0, 0]
    prove.identical(after, C / (1 + prove.exp(-b)))
    prove.closed_form(lambda t: f**t * C, first=C, then=lambda t, before: f * before, start=0)
