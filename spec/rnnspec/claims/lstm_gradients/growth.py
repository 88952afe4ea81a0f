"""Factors above 1, between 0 and 1, and below 0; and what becomes of their products."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, HOLDS, REFUTED, SAMPLED, claim
from rnnspec.claims.lstm_gradients.at_rest import RestingLstm, step_at_rest, total_at_rest
from rnnspec.claims.lstm_gradients.passing import on_the_cell, one_unit, unit
from rnnspec.evidence import Enclose, Enclosed, Functions, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D0, D2
from rnnspec.strategies import arrays, networks, reals, wholes
from rnnspec.subject import Array, Subject

Weight = Annotated[float, reals(-16, 16)]
Moderate = Annotated[float, reals(-8, 8)]
Small = Annotated[float, reals(-2, 2)]
Large = Annotated[float, reals(2, 8, where=lambda w: w > 2)]
Negative = Annotated[float, reals(-8, -2, where=lambda w: w < -2)]
Few = Annotated[int, wholes(1, 10)]
Steps = Annotated[int, wholes(1, 12)]
Long = Annotated[int, wholes(1, 20)]
Many = Annotated[int, wholes(30, 40)]
Fewer = Annotated[int, wholes(1, 8)]
Parts = Annotated[Array, arrays(2, low=-2, high=2, unit=1 / 8)]
TwoUnits = Annotated[
    Network, networks("lstm", steps=(2, 2), hidden=(1, 3), inputs=(1, 1), batch=(1, 1), biases="one")
]

# ------------------------------------------------------------------------------------------
explodes = claim(
    "LGR-10",
    title="The gradients of an LSTM can explode",
    says="""
        Other paths may explode, and a normal gradient plus an exploding one explodes. So
        gradients of an LSTM can still explode.
    """,
    statement="There are parameters for which |∂c_T/∂c_0| grows without bound with T.",
    equation="""
        at rest, zero biases:  ∂c_T/∂c_0 = (½ + ¼ U_g)^T
        n = 1, U_g = 6:  2^T, which is 1 + T and more
        n > 1:  grows exponentially iff ρ(½ + ¼ U_g) > 1
        W_g = 1, U_g = 8, x_t = −8 h_{t-1}:  ∂c_t/∂c_{t-1} = ½ + 2 sech² c_{t-1},   c_t = c_{t-1}/2
        c_0 = 1/2, T = 12:  ∏ (½ + 2 sech² (c_0/2^t)) = 46,275   < 2.5^12 = 59,605
    """,
    verdict=HOLDS,
    because="""
        Without input or state everything stays at rest, all gates are 1/2 and all slopes as
        large as they can be: the derivative is ½ + ¼ U_g in every step. Its powers grow
        exponentially if and only if an eigenvalue is larger than 1 in size: powers of a real matrix
        are those of numbers, of scaled rotations and of Jordan blocks, whose entries
        are a power of λ times at most a power of T (DEP-25). Rest is no special case: where an
        input keeps the candidate's argument at 0, a cell anywhere has ½ + 2 sech² c for
        U_g = 8, which is above 2 while |c| ≤ 1/2; as the cell halves in every step it tends
        to 2.5.
    """,
    sources=[D0("questions, 1")],
    rests_on=SAMPLED,  # n > 1, for which rotations and Jordan blocks of two units are drawn
    floats="""
        With U_g = 6 all numbers are powers of two, or three times one, and nothing is rounded as
        long as they are numbers of the format: in float16 over 13 steps, in the others over 40 and more.
    """,
    see=["LGR-08", "LGR-11", "DEP-25"],
)


@explodes.law(needs=["run_vjp"])
def doubles_each_step(impl: Subject, hold: Hold, T: Steps) -> None:
    """One unit at rest with zero biases and U_g = 6: 2^T."""
    hold.equal(total_at_rest(impl, hold, one_unit(steps=T, U_g=6.0), 1.0), 2.0**T, "∂c_T/∂c_0")


@explodes.law(needs=["run_vjp"])
def two_to_the_fortieth(impl: Subject, hold: Hold) -> None:
    """U_g = 6 at rest over forty steps: 2^40. Or over as many as the largest number of the format allows."""
    T = min(40, int(np.log2(impl.format.largest)) - 2)  # h gets 1.5 times as much as is asked for
    hold.equal(total_at_rest(impl, hold, one_unit(steps=T, U_g=6.0), 1.0), 2.0**T, "∂c_T/∂c_0")


@explodes.law(needs=["run_vjp"])
def as_the_spectral_radius_says(impl: Subject, hold: Hold, parts: Parts, v: Parts, T: Fewer) -> None:
    """½ + ¼ U_g a scaled rotation: ‖v ∂c_T/∂c_0‖ = ρ^T ‖v‖. With ρ = 1 a Jordan block adds only T v_1."""
    a, b = parts
    turning = total_at_rest(impl, hold, _two_units(T, np.array([[a, -b], [b, a]])), v)
    squared = Fraction(a * a + b * b) ** T * Fraction(float(v @ v))
    hold.equal((turning**2).sum(), squared, "‖v ∂c_T/∂c_0‖² of a scaled rotation")
    sheared = total_at_rest(impl, hold, _two_units(T, np.array([[1.0, 1.0], [0.0, 1.0]])), v)
    hold.equal(sheared, [[v[0], v[1] + T * v[0]]], "v ∂c_T/∂c_0 of a Jordan block")


def _two_units(T: int, D: Array) -> Network:
    """Two units at rest whose derivative over one step, ½ + ¼ U_g, is D."""
    layer = Layer("lstm", 1, 2)
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    state = {name: np.zeros((1, 2)) for name in layer.states}
    return Network(layer, {**zero, "U_g": 4 * D - 2 * np.eye(2)}, np.zeros((T, 1, 1)), state)


@explodes.law(needs=["run_vjp"])
def powers_of_a_matrix(impl: Subject, hold: Hold, net: RestingLstm) -> None:
    """At rest with zero biases the Jacobian of the cells is (½ + ¼ U_g)^T, row by row."""
    net = net.with_parameters(b_f=0, b_i=0, b_o=0)
    for j in range(net.layer.hidden):
        row = unit(net, j)
        for _ in range(net.steps):
            row = row / 2 + row @ net.parameters["U_g"] / 4
        hold.equal(total_at_rest(impl, hold, net, unit(net, j)), row, f"row {j} of ∂c_T/∂c_0")


@explodes.proof
def at_rest(prove: Prove) -> None:
    """(½ + ¼ U_g)^T, with eigenvalues ½ + λ/4 for the eigenvalues λ of U_g; and 2^T for U_g = 6."""
    D, U = step_at_rest(prove, units=2, b_f=0, b_i=0, b_o=0)
    (x,) = prove.symbols("lambda")
    prove.identical(D, np.eye(2) * prove.number(1, 2) + U / 4)
    prove.identical(16 * prove.characteristic(D, prove.number(1, 2) + x / 4), prove.characteristic(U, x))
    alone = {str(U[0, 0]): 6, str(U[0, 1]): 0, str(U[1, 0]): 0, str(U[1, 1]): 0}
    prove.identical(prove.at(D, alone)[0], [2, 0])
    prove.by_induction(lambda T: prove.number(2) ** T >= 1 + T)  # grows without bound


@explodes.proof
def off_the_fixed_point(prove: Prove) -> None:
    """With W_g = 1, U_g = 8 and x = −8h: ½ + 2 sech² c, wherever c is; and the cell halves.

    Afterwards h is to the cell what it was before, so every further step multiplies.
    """
    (c,) = prove.symbols("c")
    h = prove.activation("tanh", c) / 2
    x = prove.symbols("x1")
    net = prove.network(Layer("lstm", 1, 1), 1, rest=0, W_g=1, U_g=8, c=c, h=h, inputs=x)
    state, there = prove.reference.run(net).state, {"x1": -8 * h}
    after, shown = state["c"][0, 0], state["h"][0, 0]
    derivative = prove.at(prove.derivative(after, c), there)
    prove.identical(derivative, prove.number(1, 2) + 2 * prove.slope("tanh", c))
    prove.identical(prove.at(after, there), c / 2)
    prove.identical(prove.at(shown, there), prove.activation("tanh", c / 2) / 2)
    prove.identical(prove.at(prove.derivative(shown, c), there), prove.slope("tanh", c / 2) / 2 * derivative)


@explodes.proof
def rotations_and_jordan_blocks(prove: Prove) -> None:
    """D a scaled rotation: ‖v D‖² = |λ|² ‖v‖², |λ|² = a² + b². D = [λ 1; 0 λ]: D^n = [λ^n n λ^{n-1}; 0 λ^n].

    (1 + e)^n ≥ 1 + n e tends to infinity, so |λ|^n does if |λ| > 1, and to 0 if 1/|λ| = 1 + e; then
    n |λ|^n does as well, |λ|^n being 1/(1 + e)^n and (1 + e)^n ≥ 1 + n e + n (n − 1) e²/2.
    """
    a, b, x, y = prove.symbols("a b x y")
    (lam, e) = prove.symbols("lam e", above=0)
    v = prove.matrix([x, y])
    turned = v @ prove.matrix([[a, -b], [b, a]])
    prove.identical((turned**2).sum(), (a**2 + b**2) * (x**2 + y**2))
    X = prove.symbols("X")[0]
    prove.identical(prove.characteristic(prove.matrix([[a, -b], [b, a]]), X), (X - a) ** 2 + b**2)
    prove.closed_form(
        lambda n: [lam**n, n * lam**n / lam],
        first=[lam, 1],
        then=lambda n, row: [lam * row[0], row[0] + lam * row[1]],
    )
    prove.by_induction(lambda n: (1 + e) ** n >= 1 + n * e)
    prove.by_induction(lambda n: (1 + e) ** n >= 1 + n * e + n * (n - 1) * e**2 / 2)


@explodes.enclosure
def above_two_near_zero(enclose: Enclose) -> None:
    """½ + 2 sech² c > 2 for |c| ≤ 1/2, its maximum is 2.5, at 0; 2.5^12 = 59,605, and 46,275 from 1/2 on."""
    half = Fraction(1, 2)
    enclose.holds(lambda f, c: half + 2 * f.slope("tanh", c) > 2, c=(-half, half))
    enclose.holds(lambda f, c: half + 2 * f.slope("tanh", c) < half + 2, touching=[0], c=(-1, 1))
    enclose.value(lambda f: f.number("2.5") ** 12, "59605")
    enclose.value(_twelve_steps_from_one_half, "46275")


def _twelve_steps_from_one_half(f: Functions) -> Enclosed:
    product = f.number(1)
    for t in range(12):
        product = product * (Fraction(1, 2) + 2 * f.slope("tanh", f.number(Fraction(1, 2 ** (t + 1)))))
    return product


# ------------------------------------------------------------------------------------------
ABOVE = "the other terms add up to no less than −f"
ONE = "there is one unit"

factors = claim(
    "LGR-15",
    title="The LSTM's one-step factor can also be negative, and for several units it is a matrix",
    says="At any step the LSTM's factor may be larger than 1, or lie in [0, 1].",
    statement="""
        At every step ∂c_t/∂c_{t-1} is a factor either above 1 or in [0, 1], and either
        may occur.
    """,
    equation="""
        at rest, zero biases, n = 1:  ∂c_t/∂c_{t-1} = ½ + U_g/4
        U_g = 6: 2      U_g = 0: ½      U_g = −6: −1
        ∂c_t/∂c_{t-1} < 0  ⇔  (other terms) < −f
    """,
    verdict=CONDITIONAL,
    because="""
        Both occur, as U_g = 6 and U_g = 0 show at rest. But nothing keeps the other terms
        from being negative, and if their sum is below −f so is the derivative: with
        U_g = −6 the gradient changes its sign in every step. And for several units it is a
        matrix, whose entries off the diagonal are a factor of nothing.
    """,
    conditions=(ABOVE, ONE),
    sources=[D2("the full gradient")],
    floats="At rest with zero biases and weights of a few bits there is nothing to round.",
    see=["LGR-01", "LGR-10"],
)


@factors.as_stated(needs=["run_vjp"])
def never_negative(impl: Subject, hold: Hold, U_g: Weight) -> None:
    """For one unit at rest, ∂c_t/∂c_{t-1} ≥ 0."""
    hold.at_most(0, total_at_rest(impl, hold, one_unit(steps=1, U_g=U_g), 1.0), "∂c_t/∂c_{t-1}")


@factors.necessity(of=never_negative, condition=ABOVE)
def candidate_of_minus_six() -> Mapping[str, Any]:
    """U_g = −6: ½ − 6/4 = −1."""
    return {"U_g": -6.0}


@factors.as_stated(needs=["run_vjp"])
def a_factor_for_each_unit(impl: Subject, hold: Hold, net: TwoUnits) -> None:
    """Each cell's gradient is multiplied by a number of its own: off the diagonal there is nothing."""
    for j in range(net.layer.hidden):
        row = impl.vjp(net, on_the_cell(net, unit(net, j))).state["c"]
        hold.equal(row * (1 - unit(net, j)), 0, f"row {j} off the diagonal")


@factors.necessity(of=a_factor_for_each_unit, condition=ONE)
def two_units_that_read_each_other() -> Mapping[str, Any]:
    """Two units at rest, U_g = 1 everywhere: ∂c_2/∂c_0 has 1/8 off the diagonal."""
    layer = Layer("lstm", 1, 2)
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    state = {name: np.zeros((1, 2)) for name in layer.states}
    return {"net": Network(layer, zero, np.zeros((2, 1, 1)), state).with_parameters(U_g=1)}


@factors.law(needs=["run_vjp"])
def above_one(impl: Subject, hold: Hold, U_g: Large) -> None:
    """At rest, zero biases: above 1 for U_g > 2."""
    hold.strictly_less(1, total_at_rest(impl, hold, one_unit(steps=1, U_g=U_g), 1.0), "∂c_t/∂c_{t-1}")


@factors.law(needs=["run_vjp"])
def between_zero_and_one(impl: Subject, hold: Hold, U_g: Small) -> None:
    """In [0, 1] for −2 ≤ U_g ≤ 2."""
    factor = total_at_rest(impl, hold, one_unit(steps=1, U_g=U_g), 1.0)
    hold.at_most(0, factor, "0 ≤ ∂c_t/∂c_{t-1}")
    hold.at_most(factor, 1, "∂c_t/∂c_{t-1} ≤ 1")


@factors.law(needs=["run_vjp"])
def negative(impl: Subject, hold: Hold, U_g: Negative) -> None:
    """Negative for U_g < −2, and over two steps the sign is back."""
    once, twice = (total_at_rest(impl, hold, one_unit(steps=T, U_g=U_g), 1.0) for T in (1, 2))
    hold.strictly_less(once, 0, "∂c_1/∂c_0 < 0")
    hold.strictly_less(0, twice, "0 < ∂c_2/∂c_0")


@factors.proof
def any_number_is_a_factor(prove: Prove) -> None:
    """One unit at rest: f + i U_g o, negative if and only if U_g < −f/(i o), and any v for some U_g."""
    D, U = step_at_rest(prove, b_f=0, b_i=0, b_o=0)
    u = str(U[0, 0])
    prove.identical([prove.at(D, {u: w})[0, 0] for w in (6, 0, -6)], [2, prove.number(1, 2), -1])
    (v,) = prove.symbols("v")
    prove.identical(prove.at(D, {u: 4 * v - 2}), [[v]])
    f, i, o = prove.symbols("f i o", above=0, below=1)
    (w,) = prove.symbols("w")
    prove.valid(prove.implies(f + i * w * o < 0, w < -f / (i * o)))
    prove.valid(prove.implies(w < -f / (i * o), f + i * w * o < 0))


# ------------------------------------------------------------------------------------------
no_limit = claim(
    "LGR-16",
    title="Over many steps the product may tend to 0 or to infinity; it need not",
    says="""
        Since each factor may lie above or below 1, the product over infinitely many steps
        converges neither to 0 nor to infinity.
    """,
    statement="|∂c_T/∂c_0| neither tends to 0 nor to infinity (after 30 steps it is in [10^-6, 10^6]).",
    equation="""
        at rest, zero biases, n = 1:  ∂c_T/∂c_0 = (½ + U_g/4)^T
        U_g = 0: 2^-T → 0      U_g = 6: 2^T → ∞      U_g = 2: 1 for every T
    """,
    verdict=REFUTED,
    because="""
        That factors *may* be on either side of 1 does not mean that they take turns. The
        original text of which this is a translation says that the product is *not guaranteed*
        to converge to 0 or infinity, and that is right: at rest with U_g = 2 it is 1 for ever.
    """,
    corrected="""
        The product need not tend to 0 or to infinity: U_g = 2 at rest keeps it at 1. It may do
        either: (½ + U_g/4)^T tends to 0 for −6 < U_g < 2 and its size to infinity beyond.
    """,
    sources=[D2("the full gradient")],
    floats="Powers of numbers of a few bits; where they grow large, they are rounded in every step.",
    see=["LGR-10", "LGR-15"],
)


@no_limit.as_stated(needs=["run_vjp"])
def does_not_vanish(impl: Subject, hold: Hold, U_g: Weight, T: Many) -> None:
    """At rest, after 30 steps and more, |∂c_T/∂c_0| ≥ 10^-6."""
    total = total_at_rest(impl, hold, one_unit(steps=T, U_g=U_g), 1.0)
    hold.at_most(Fraction(1, 10**6), abs(total), "|∂c_T/∂c_0|")


@no_limit.witness(of=does_not_vanish)
def all_parameters_zero() -> Mapping[str, Any]:
    """U_g = 0: 2^-30 = 9.3·10^-10."""
    return {"U_g": 0.0, "T": 30}


@no_limit.as_stated(needs=["run_vjp"])
def does_not_explode(impl: Subject, hold: Hold, U_g: Weight, T: Many) -> None:
    """At rest, after 30 steps and more, |∂c_T/∂c_0| ≤ 10^6."""
    hold.at_most(abs(total_at_rest(impl, hold, one_unit(steps=T, U_g=U_g), 1.0)), 10**6, "|∂c_T/∂c_0|")


@no_limit.witness(of=does_not_explode)
def candidate_of_six() -> Mapping[str, Any]:
    """U_g = 6: 2^30 = 1.07·10^9."""
    return {"U_g": 6.0, "T": 30}


@no_limit.law(needs=["run_vjp"])
def may_stay_at_one(impl: Subject, hold: Hold, T: Long) -> None:
    """U_g = 2 at rest: 1 after any number of steps."""
    hold.equal(total_at_rest(impl, hold, one_unit(steps=T, U_g=2.0), 1.0), 1, "∂c_T/∂c_0")


@no_limit.law(needs=["run_vjp"])
def powers_of_one_factor(impl: Subject, hold: Hold, U_g: Moderate, T: Few) -> None:
    """At rest (½ + U_g/4)^T, whether that tends to 0, to infinity, or goes on changing its sign."""
    power = Fraction(0.5 + U_g / 4) ** T
    hold.equal(total_at_rest(impl, hold, one_unit(steps=T, U_g=U_g), 1.0), power, "∂c_T/∂c_0")


@no_limit.proof
def powers(prove: Prove) -> None:
    """(½ + U/4)^T at rest, and U = 2 keeps 1; |½ + U/4| < 1 if and only if −6 < U < 2.

    q^n ≤ 1/(1 + n(1 − q)) for 0 < q < 1, which tends to 0; and q^n ≥ 1 + n(q − 1) for q > 1.
    """
    D, U = step_at_rest(prove, b_f=0, b_i=0, b_o=0)
    prove.identical(D, prove.number(1, 2) + U / 4)
    prove.identical(prove.at(D, {str(U[0, 0]): 2}), [[1]])
    (u,) = prove.symbols("u")
    size = abs(prove.number(1, 2) + u / 4)
    prove.valid(prove.implies(prove.all_of(u > -6, u < 2), size < 1))
    prove.valid(prove.implies(prove.any_of(u < -6, u > 2), size > 1))
    (q,) = prove.symbols("q", above=0, below=1)
    prove.by_induction(lambda n: q**n * (1 + n * (1 - q)) <= 1)
    (p,) = prove.symbols("p", above=1)
    prove.by_induction(lambda n: p**n >= 1 + n * (p - 1))
