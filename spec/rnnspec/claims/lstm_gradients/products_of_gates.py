"""Forget gates over many steps: they multiply, and how slowly their product shrinks."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, REFUTED, claim
from rnnspec.claims.lstm_gradients.passing import (
    on_the_cell,
    one_unit,
)
from rnnspec.evidence import INF, Cotangent, Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D2
from rnnspec.strategies import arrays
from rnnspec.subject import Array, Subject

Input = Annotated[Array, arrays((2, 8), low=-2, high=2, unit=1 / 8)]
Driving = Annotated[Array, arrays((1, 8), low=0.25, high=2, unit=1 / 8)]
Start = Annotated[Array, arrays(1, low=0, high=1, unit=1 / 8)]

# ------------------------------------------------------------------------------------------
not_a_sum = claim(
    "LGR-20",
    title="Over many steps the forget gates are multiplied, not added",
    says="With a forget gate the recursive derivative is still a sum of many numbers between 0 and 1.",
    statement="∂c_T/∂c_0 with every h held is f_1 + f_2 + ... + f_T.",
    equation="""
        ∂c_T/∂c_0 = f_1 f_2 ... f_T   with every h held
        T = 100, f = 0.95:  the product is 0.00592, the sum 95
    """,
    verdict=REFUTED,
    because="""
        By the chain rule the derivatives of successive steps are multiplied. The original
        says so; in translation its product became a sum. Nothing is left of the argument with
        a sum: it would grow with the number of steps and could not vanish at all.
    """,
    corrected="""
        It is the product f_1 f_2 ... f_T, which is smaller than each of its factors; for T ≥ 2
        and gates between 0 and 1 it is smaller than their sum.
    """,
    sources=[D2("appendix")],
    floats="A product of T gates, rounded T times.",
    see=["LGR-05", "LGR-12"],
)


def _reading(x: Array) -> Network:
    """One unit whose forget gate is σ(2 x_t), and nothing else reads anything."""
    net = one_unit(steps=len(x), W_f=2.0)
    return Network(net.layer, net.parameters, x.reshape(-1, 1, 1), net.state)


@not_a_sum.as_stated(needs=["run_vjp"])
def forget_gates_add_up(impl: Subject, hold: Hold, x: Input) -> None:
    """With forget gates σ(2 x_t), ∂c_T/∂c_0 is their sum."""
    net = _reading(x)
    total = hold.reference.activation("sigmoid", 2 * x).sum()
    hold.equal(impl.vjp(net, on_the_cell(net, 1.0)).state["c"], total, "∂c_T/∂c_0")


@not_a_sum.witness(of=forget_gates_add_up)
def two_half_open_gates() -> Mapping[str, Any]:
    """f_1 = f_2 = 1/2: the derivative is 1/4, the sum 1."""
    return {"x": np.zeros(2)}


@not_a_sum.law(needs=["run_vjp"])
def forget_gates_multiply(impl: Subject, hold: Hold, x: Input) -> None:
    """With forget gates σ(2 x_t) of all kinds, ∂c_T/∂c_0 is their product."""
    net, product = _reading(x), 1
    for f in hold.reference.activation("sigmoid", 2 * x):
        product = product * f
    hold.equal(impl.vjp(net, on_the_cell(net, 1.0)).state["c"], product, "∂c_T/∂c_0")


@not_a_sum.law(needs=["run_vjp"], times=6)
def below_each_gate(impl: Subject, hold: Hold, x: Input) -> None:
    """It is at most the smallest of them, where a sum would exceed the largest."""
    net = _reading(x)
    arrives = impl.vjp(net, on_the_cell(net, 1.0)).state["c"]
    hold.at_most(arrives, hold.reference.activation("sigmoid", 2 * x)[np.newaxis], "∂c_T/∂c_0 ≤ f_t")


@not_a_sum.proof
def one_factor_more_makes_it_less(prove: Prove) -> None:
    """Traced over three steps: f_1 f_2 f_3. One factor f more: P f is below P and below f, for any T.

    So a product of gates is below each of them, and two or more are below their sum.
    """
    trace = prove.lstm_derivatives(3)
    f1, f2, f3 = (now["f"] for now in trace.gates)
    prove.identical(trace.along_cells, [f1, f2, f3])
    prove.identical(trace.carried, f1 * f2 * f3)
    P, f = prove.symbols("P f", above=0, below=1)
    prove.valid(prove.all_of(P * f > 0, P * f < P, P * f < f, P * f < P + f))


@not_a_sum.enclosure
def ninety_five_percent(enclose: Enclose) -> None:
    """One hundred factors 0.95: the product is 0.005920529, the sum 95."""
    enclose.value(lambda f: f.number("0.95") ** 100, "0.005920529")
    enclose.value(lambda f: 100 * f.number("0.95"), "95")


# ------------------------------------------------------------------------------------------
SATURATED = "the tanh units are beyond artanh √0.05 = 0.2274 on either side"

slower = claim(
    "LGR-21",
    title="A forget gate of 0.95 outlasts tanh slopes only where these are below 0.95",
    says="""
        The network can easily set f to 0.95 or so; such values shrink far more slowly than
        the derivatives of tanh.
    """,
    statement="0.95^k exceeds every product of k slopes of tanh.",
    equation="""
        tanh'(z) < 0.95  ⇔  |z| > artanh √0.05 = 0.2274495360
        0.95^k = 1/2 at k = 13.51;  0.95^100 = 0.005920529;  below 10^-3 from k = 135
    """,
    verdict=CONDITIONAL,
    because="""
        tanh' is 1 at 0, and above 0.95 for |z| < 0.2274: small states shrink more slowly
        than the gate. Beyond that they shrink faster, and in saturation very much so. Either
        way 0.95 is no rescue over long times: it halves every 13.5 steps and is below one in a
        thousand after 135.
    """,
    conditions=(SATURATED,),
    sources=[D2("appendix")],
    rests_on=ENCLOSED,
    floats="Products of slopes and of gates, rounded in every step.",
    see=["ACT-06", "LGR-12", "LGR-20"],
)

GATE = 2.9375
"""σ(2.9375) = 0.94967, the number of eight bits whose gate is nearest to 0.95 from below."""


def _driven(h: float, x: Array) -> Network:
    """One unit h_t = tanh(h_{t-1} + x_t), whose derivative is the product of its slopes."""
    layer = Layer("rnn", 1, 1, biases="none")
    parameters = {"W_h": np.ones((1, 1)), "U_h": np.ones((1, 1))}
    return Network(layer, parameters, x.reshape(-1, 1, 1), {"h": np.full((1, 1), h)})


def _compared(impl: Subject, hold: Hold, h: Array, x: Array) -> None:
    net, gated = _driven(float(h[0]), x), one_unit(steps=len(x), b_f=GATE)
    on_h = Cotangent(np.zeros((len(x), 1, 1)), {"h": np.ones((1, 1))})
    slopes = impl.vjp(net, on_h).state["h"]
    hold.strictly_less(slopes, impl.vjp(gated, on_the_cell(gated, 1.0)).state["c"], "∏ tanh'(z_t) < f^k")


@slower.as_stated(needs=["run_vjp"])
def outlasts_every_tanh(impl: Subject, hold: Hold, h: Start, x: Input) -> None:
    """Whatever the pre-activations of a tanh unit, the product of its slopes is below that of the gates."""
    _compared(impl, hold, h, x)


@slower.necessity(of=outlasts_every_tanh, condition=SATURATED)
def at_zero() -> Mapping[str, Any]:
    """Two steps at 0: slopes of 1, against 0.9."""
    return {"h": np.zeros(1), "x": np.zeros(2)}


@slower.law(needs=["run_vjp"])
def outlasts_saturated_tanh(impl: Subject, hold: Hold, h: Start, x: Driving) -> None:
    """Where every pre-activation is 1/4 and more, it is."""
    _compared(impl, hold, h, x)


@slower.law(needs=["run_vjp"])
def half_life(impl: Subject, hold: Hold) -> None:
    """With f = 0.9497 more than half arrives after 13 steps and less after 14."""
    after = {T: one_unit(steps=T, b_f=GATE) for T in (13, 14)}
    arrives = {T: impl.vjp(net, on_the_cell(net, 1.0)).state["c"] for T, net in after.items()}
    hold.strictly_less(0.5, arrives[13], "1/2 < f^13")
    hold.strictly_less(arrives[14], 0.5, "f^14 < 1/2")


@slower.enclosure
def where_the_slope_is_smaller(enclose: Enclose) -> None:
    """tanh' crosses 0.95 at ±0.2274495360 and is below it beyond, to infinity."""
    bound = Fraction(19, 20)
    enclose.zeros(lambda f, z: f.slope("tanh", z) - bound, at=["0.2274495360"], z=(0, INF))
    enclose.holds(lambda f, z: f.slope("tanh", z) < bound, z=[(-INF, "-0.22745"), ("0.22745", INF)])
    enclose.holds(lambda f, z: f.slope("tanh", z) > bound, z=("-0.22744", "0.22744"))
    enclose.value(lambda f: f.artanh(f.sqrt(f.number("0.05"))), "0.2274495360")


@slower.proof
def still_vanishes(prove: Prove) -> None:
    """0.95^k is below 10^-3 from k = 135 on, and not before."""
    q, small = prove.number(19, 20), prove.number(1, 1000)
    prove.valid(q**134 > small)
    prove.by_induction(lambda k: q**k < small, start=135)


@slower.enclosure
def half_life_and_after(enclose: Enclose) -> None:
    """Of 0.95^k the half-life is 13.51 steps, and 0.95^100 = 0.005920529."""
    enclose.value(lambda f: f.log(f.number("0.5")) / f.log(f.number("0.95")), "13.51")
    enclose.value(lambda f: f.number("0.95") ** 100, "0.005920529")
    enclose.value(lambda f: f.activation("sigmoid", f.number(Fraction(GATE))), "0.94967")
