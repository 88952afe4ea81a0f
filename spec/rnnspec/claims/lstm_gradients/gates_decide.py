"""What the gates can do for the gradient: keep it for as long as needed, and choose when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, HOLDS, claim
from rnnspec.claims.lstm_gradients.at_rest import total_at_rest
from rnnspec.claims.lstm_gradients.passing import on_the_cell, one_unit
from rnnspec.evidence import Enclose, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D2
from rnnspec.strategies import arrays, networks, reals, wholes
from rnnspec.subject import Array, Subject

Bias = Annotated[float, reals(-4, 16)]
Finite = Annotated[float, reals(-4, 6)]
Weight = Annotated[float, reals(-8, 8)]
Moderate = Annotated[float, reals(-2, 2)]
Growing = Annotated[float, reals(2, 8)]
Long = Annotated[int, wholes(1, 100)]
Times = Annotated[int, wholes(1, 4)]
Steps = Annotated[int, wholes(1, 12)]
Input = Annotated[Array, arrays((1, 8), low=-2, high=2, unit=1 / 8)]
OneStep = Annotated[
    Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 3), scales=(0, -1, 1), biases="one")
]

# ------------------------------------------------------------------------------------------
FINITE = "the number of steps is fixed before the bias is chosen"
SMALL = "what passes through h is small"
FORGET = "it is the forget gate that is raised"

raised = claim(
    "LGR-17",
    title="Raising the forget gate keeps the gradient for any number of steps chosen beforehand",
    says="""
        If the derivative begins to converge to 0, the forget gate (or other gates) can always be
        raised, so that it comes near 1 and the gradient does not vanish.
    """,
    statement="""
        For every ε there is a bias b_f with |1 − ∂c_T/∂c_0| ≤ ε after any number of steps,
        whatever reads h; and raising other gates brings the derivative nearer to 1, too.
    """,
    equation="""
        U = 0, constant f = σ(b_f):  ∂c_T/∂c_0 = f^T
        1 − f^T ≤ T(1 − f) < T e^-b_f,   so b_f ≥ ln(T/ε) is enough
        the smallest one:  b_f = logit((1 − ε)^(1/T))
        for every b_f:  f^T ≤ 1/(1 + T(1 − f)) → 0,   and ≤ 2/3 from T = (1 + e^b_f)/2 on
        U ≠ 0, |∂c_t/∂c_{t-1} − 1| ≤ d in every step:  |∂c_T/∂c_0 − 1| ≤ (1 + d)^T − 1
    """,
    verdict=CONDITIONAL,
    because="""
        For any finite T it is so, and the bias needed grows only with the logarithm of T. No
        bias does for every T at once, however large: a constant f < 1 vanishes in the end, and
        for each bias it can be said when at least a third is lost. The terms through
        h are not in it: with f = 1 and U_g = 1 the derivative at rest is 1 + 1/4 a step. And
        raising i or o makes those terms larger, which moves the derivative away from 1 wherever
        they have the same sign as what is already too much.
    """,
    conditions=(FINITE, SMALL, FORGET),
    sources=[D2("the full gradient")],
    floats="""
        1 − f^T is small and the difference of two numbers near 1, so its relative error is
        large; the tolerance is that of the product.
    """,
    see=["LGR-12", "LGR-14"],
)


def _bias_for(T: int) -> float:
    """ln(4T), with which three quarters arrive after T steps; rounded up to a multiple of 1/16."""
    return math.ceil(16 * math.log(4 * T)) / 16


@raised.as_stated(needs=["run_vjp"])
def kept_for_ever(impl: Subject, hold: Hold, T: Long, times: Times) -> None:
    """Of the bias with which three quarters arrive after T steps they arrive after `times` as many."""
    net = one_unit(steps=times * T, b_f=_bias_for(T))
    hold.at_most(0.75, impl.vjp(net, on_the_cell(net, 1.0)).state["c"], "∂c_T/∂c_0")


@raised.necessity(of=kept_for_ever, condition=FINITE)
def twice_as_many_steps() -> Mapping[str, Any]:
    """T = 1 and b_f = 1.4375, so f = 0.808: after one step 0.808, after two 0.653."""
    return {"T": 1, "times": 2}


@raised.as_stated(needs=["run_vjp"])
def near_one_whatever_reads_h(impl: Subject, hold: Hold, U_g: Weight) -> None:
    """With b_f = 64 the derivative at rest is within 1/16 of 1, whatever reads h."""
    total = total_at_rest(impl, hold, one_unit(steps=1, b_f=64.0, U_g=U_g), 1.0)
    hold.at_most(abs(total - 1), 0.0625, "|∂c_t/∂c_{t-1} − 1|")


@raised.necessity(of=near_one_whatever_reads_h, condition=SMALL)
def candidate_that_adds() -> Mapping[str, Any]:
    """U_g = 1: the derivative is 1 + 1/4."""
    return {"U_g": 1.0}


@raised.as_stated(needs=["run_vjp"])
def any_gate_may_be_raised(impl: Subject, hold: Hold, U_g: Weight, b_i: Bias) -> None:
    """Raising the input gate, from b_i to 16, brings the derivative at rest nearer to 1."""
    before, after = (total_at_rest(impl, hold, one_unit(steps=1, U_g=U_g, b_i=b), 1.0) for b in (b_i, 16.0))
    hold.at_most(abs(after - 1), abs(before - 1), "|∂c_t/∂c_{t-1} − 1| after it was raised")


@raised.necessity(of=any_gate_may_be_raised, condition=FORGET)
def input_gate_of_a_growing_cell() -> Mapping[str, Any]:
    """U_g = 4: from 1.5 at i = 1/2 to 2.5 at i = 1."""
    return {"U_g": 4.0, "b_i": 0.0}


@raised.law(needs=["run_vjp"])
def loses_less_than_the_bias_says(impl: Subject, hold: Hold, b_f: Bias, T: Steps) -> None:
    """With nothing reading h, 1 − ∂c_T/∂c_0 ≤ T(1 − f) < T e^-b_f."""
    net = one_unit(steps=T, b_f=b_f)
    lost = 1 - impl.vjp(net, on_the_cell(net, 1.0)).state["c"]
    f = hold.reference.activation("sigmoid", np.array([[b_f]]))
    hold.at_most(lost, T * (1 - f), "1 − ∂c_T/∂c_0 ≤ T(1 − f)")
    hold.strictly_less(lost, T * (1 - f) / f, "1 − ∂c_T/∂c_0 < T e^-b_f")  # e^-b = (1 − f)/f


@raised.law(needs=["run_vjp"])
def no_bias_keeps_it_for_ever(impl: Subject, hold: Hold, b_f: Finite) -> None:
    """For each bias there is a number of steps after which at most 2/3 arrive: T ≥ (1 + e^b_f)/2."""
    net = one_unit(steps=math.ceil((1 + math.exp(b_f)) / 2), b_f=b_f)
    hold.at_most(impl.vjp(net, on_the_cell(net, 1.0)).state["c"], Fraction(2, 3), "∂c_T/∂c_0")


@raised.law(needs=["run_vjp"])
def all_but_a_hundredth_after_a_thousand_steps(impl: Subject, hold: Hold) -> None:
    """T = 1000, ε = 1/100: b_f = 11.5625 is just above ln(T/ε), and 0.9905 arrives."""
    net = one_unit(steps=1000, b_f=11.5625)
    hold.at_most(Fraction(99, 100), impl.vjp(net, on_the_cell(net, 1.0)).state["c"], "1 − ε ≤ ∂c_T/∂c_0")


@raised.law(needs=["run_vjp"])
def raised_input_gate_leads_away(impl: Subject, hold: Hold, U_g: Growing, b_i: Moderate) -> None:
    """Where the candidate adds to a gradient above 1, raising the input gate adds more."""
    before, after = (
        total_at_rest(impl, hold, one_unit(steps=1, U_g=U_g, b_f=64.0, b_i=b), 1.0) for b in (b_i, b_i + 1)
    )
    hold.strictly_less(before, after, "∂c_t/∂c_{t-1} before and after")


@raised.proof
def bernoulli(prove: Prove) -> None:
    """f^n ≥ 1 − n(1 − f) for every n; 1 − σ(b) < e^-b; and σ(logit q) = q, so that bias gives f^T = 1 − ε."""
    (f,) = prove.symbols("f", above=0, below=1)
    prove.by_induction(lambda n: f**n >= 1 - n * (1 - f))
    (q,), (e,) = prove.symbols("q", above=0, below=1), prove.symbols("e", above=0)  # e^b
    prove.identical(prove.activation("sigmoid", prove.log(e)), e / (1 + e))
    prove.valid(1 - e / (1 + e) < 1 / e)
    prove.identical(prove.activation("sigmoid", prove.log(q / (1 - q))), q)


@raised.proof
def for_each_bias_a_number_of_steps(prove: Prove) -> None:
    """f^n (1 + n(1 − f)) ≤ 1 for every n, and 1 − f = 1/(1 + e^b): from n = (1 + e^b)/2 on f^n ≤ 2/3.

    In the same way it falls below any other bound: no bias serves every T.
    """
    (f,), (e,) = prove.symbols("f", above=0, below=1), prove.symbols("e", above=0)  # e^b
    prove.by_induction(lambda n: f**n * (1 + n * (1 - f)) <= 1)
    prove.identical(1 - prove.activation("sigmoid", prove.log(e)), 1 / (1 + e))
    p, n, q, bound = prove.symbols("p n q bound", above=0)  # p = f^n, q = 1 − f
    prove.valid(n / (1 + e) >= prove.number(1, 2), given=[n >= (1 + e) / 2])
    prove.valid(p <= prove.number(2, 3), given=[p * (1 + n * q) <= 1, n * q >= prove.number(1, 2)])
    prove.valid(p <= bound, given=[p * (1 + n * q) <= 1, n * q * bound >= 1])


@raised.proof
def what_passes_through_h_may_add(prove: Prove) -> None:
    """If each factor is within d of 1, so is a product P of n within (1 + d)^n − 1: one factor q more."""
    P, q = prove.symbols("P q")
    within, d = prove.symbols("D d", at_least=0)  # D = (1 + d)^n − 1
    near = [abs(P - 1) <= within, abs(q - 1) <= d]
    prove.valid(abs(P * q - 1) <= (1 + within) * (1 + d) - 1, given=near)


@raised.enclosure
def a_thousand_steps(enclose: Enclose) -> None:
    """T = 1000: b_f ≥ ln(100,000) = 11.5129 keeps 99 %; the smallest that does is 11.5079."""
    enclose.value(lambda f: f.log(f.number(10**5)), "11.5129")
    enclose.holds(
        lambda f, b: 1000 * (1 - f.activation("sigmoid", b)) < Fraction(1, 100), b=("11.513", float("inf"))
    )
    enclose.value(lambda f: _logit(f, f.exp(f.log(f.number("0.99")) / 1000)), "11.5079")


def _logit(f: Any, q: Any) -> Any:
    return f.log(q / (1 - q))


# ------------------------------------------------------------------------------------------
learned = claim(
    "LGR-18",
    title="The forget gate is a function of input and state, so what arrives can differ at every step",
    says="""
        The forget gate is computed from the current input and the hidden state with learned
        weights. So the network decides, step by step, when the gradient is kept and when not.
    """,
    statement="""
        ∂c_t/∂c_{t-1} with h held is σ(W_f x_t + U_f h_{t-1} + b_f); for every pattern of
        steps to keep and steps to forget there are weights and inputs that produce it.
    """,
    equation="""
        f_t = σ(W_f x_t + U_f h_{t-1} + b_f)
        ∂f_t/∂x_t = diag(f_t (1 − f_t)) W_f
        W_f = 1, U_f = 0, b_f = 0, x_t = ln(q_t/(1 − q_t)):  f_t = q_t, for any q_t in (0, 1)
    """,
    verdict=HOLDS,
    because="""
        The dependence is the definition of the gate. As the gate's argument is any affine
        function of what is seen, one weight is enough to open and close it at will: with W_f = 32 an
        input of +1 keeps all but 2·10^-14 of the gradient, and one of −1 leaves less than that. That the
        weights that serve a task are found by training is another matter, and empirical.
    """,
    sources=[D2("the full gradient"), D2("why it works")],
    floats="A sigmoid of a sum; its argument is rounded, which a steep gate turns into more.",
    see=["LGR-05", "LGR-12", "LST-24"],
)


@learned.law(needs=["run_vjp"])
def function_of_input_and_state(impl: Subject, hold: Hold, net: OneStep) -> None:
    """One step: what passes from cell to cell is σ(W_f x + U_f h + b_f)."""
    p = net.parameters
    argument = net.inputs[0] @ p["W_f"].T + net.state["h"] @ p["U_f"].T + p["b_f"]
    arrives = impl.vjp(net, on_the_cell(net, 1.0)).state["c"]
    hold.equal(arrives, hold.reference.activation("sigmoid", argument), "∂c_t/∂c_{t-1} with h held")


@learned.law(needs=["run_vjp"])
def decides_at_every_step(impl: Subject, hold: Hold, x: Input) -> None:
    """With W_f = 4 and any inputs: what arrives is the product of the σ(4 x_t), each of its own step."""
    net = one_unit(steps=len(x), W_f=4.0)
    net = Network(net.layer, net.parameters, x.reshape(-1, 1, 1), net.state)
    product: Any = np.ones((1, 1))
    for gate in hold.reference.activation("sigmoid", 4 * x):
        product = product * gate
    hold.equal(impl.vjp(net, on_the_cell(net, 1.0)).state["c"], product, "∂c_T/∂c_0")


@learned.law(needs=["run_vjp"])
def keeps_or_forgets_at_will(impl: Subject, hold: Hold, x: Input) -> None:
    """With W_f = 32: inputs of +1 keep all but 2^-40 of the gradient, one of −1 leaves less than 2^-40."""
    signs = np.where(x < 0, -1.0, 1.0)
    net = one_unit(steps=len(x), W_f=32.0)
    net = Network(net.layer, net.parameters, signs.reshape(-1, 1, 1), net.state)
    arrives = impl.vjp(net, on_the_cell(net, 1.0)).state["c"]
    hold.at_most(abs(arrives - float((signs > 0).all())), 2.0**-40, "∂c_T/∂c_0 and what was chosen")


@learned.proof
def traced(prove: Prove) -> None:
    """∂c_t/∂c_{t-1} is diag σ(W_f x + U_f h + b_f), its slope by x diag(f') W_f; two units stand for n."""
    net = prove.network(Layer("lstm", 1, 2), 1)
    p, x, h, c = net.parameters, net.inputs[0, 0], net.state["h"][0], net.state["c"][0]
    f = prove.activation("sigmoid", p["W_f"] @ x + p["U_f"] @ h + p["b_f"])
    prove.identical(prove.derivative(prove.reference.run(net).state["c"][0], c), np.diag(f))
    prove.identical(prove.derivative(f, x), np.diag(f * (1 - f)) @ p["W_f"])


@learned.proof
def any_gate_at_any_step(prove: Prove) -> None:
    """With W_f = 1 and x_t = logit(q_t) the gate is q_t: whatever is to be kept, at every step anew."""
    (q,) = prove.symbols("q", above=0, below=1)
    net = prove.network(Layer("lstm", 1, 1), 1, W_f=1, U_f=0, b_f=0, inputs=prove.log(q / (1 - q)))
    after, c = prove.reference.run(net).state["c"][0], net.state["c"][0]
    prove.identical(prove.derivative(after, c), [[q]])
