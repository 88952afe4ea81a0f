"""The gradients of the recurrent weights: sums over time of products over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, HOLDS, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    B,
    U,
    W,
    beginning,
    changing_places,
    filled,
    on_the_last,
    one_unit,
    power,
    rational,
    states,
    step,
    step_by_step,
    terms,
    total,
)
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Cotangent, Layer, Network
from rnnspec.sources import D0, D2, D3
from rnnspec.strategies import networks
from rnnspec.subject import Subject

IMMEDIATE = "the last factor is the immediate partial derivative, with h_{k−1} held"
GIVEN = "h_0 is given, and not itself made with W and U"
ORDERED = "the factors of the product stand in order, the latest on the left"


def _networks(activation: str, **sizes: Any) -> Any:
    usual = {"biases": "one", "hidden": (1, 3), "inputs": (1, 2)}
    return networks("rnn", activation=activation, **{**usual, **sizes})


ALONE = {"inputs": (1, 1), "batch": (1, 1), "scales": (0,)}

LinearThree = Annotated[Network, _networks("identity", steps=(3, 3), scales=(0, -1, 1))]
Tanh = Annotated[Network, _networks("tanh", steps=(1, 5))]
AnyBiases = Annotated[Network, networks("rnn", activation="tanh", hidden=(1, 3), inputs=(1, 2), steps=(1, 5))]
ShortTanh = Annotated[Network, _networks("tanh", hidden=(1, 2), steps=(1, 3))]
Sigmoid = Annotated[Network, _networks("sigmoid", steps=(1, 4))]
OneUnit = Annotated[Network, _networks("tanh", hidden=(1, 1), steps=(2, 3), **ALONE)]
TwoUnits = Annotated[Network, _networks("tanh", hidden=(2, 2), steps=(3, 3), **ALONE)]

# ------------------------------------------------------------------------------------------
three_terms = claim(
    "RNN-12",
    title="At t = 3 the gradients of the recurrent weights are sums of three products",
    says="∂L_3/∂W_s and ∂L_3/∂W_x are sums of three products, one for each step that is gone back.",
    statement="In the linear model ∂L_3/∂U and ∂L_3/∂W have three terms each.",
    equation="""
        with δ = Vᵀ (O_3 − Y_3)
        ∂L_3/∂U = δ S_2ᵀ + Uᵀ δ S_1ᵀ + U²ᵀ δ S_0ᵀ
        ∂L_3/∂W = δ X_3ᵀ + Uᵀ δ X_2ᵀ + U²ᵀ δ X_1ᵀ
    """,
    verdict=HOLDS,
    because="""
        The weights are used at three steps. Used at step k they change S_k by what they are
        multiplied by there, S_{k−1} or X_k, and each later step multiplies the change by U. The
        last factor of each product is this immediate change and no more: that S_{k−1} was
        itself made with U is what the next term is for.
    """,
    sources=[D0("1.3, RNN"), D3("6.9, deriving BPTT")],
    rests_on=SAMPLED,
    floats="Sums of products in another order; they may differ by rounding.",
    see=["RNN-08", "RNN-13"],
)


@three_terms.law(needs=["run", "run_vjp"])
def recurrent_weights(impl: Subject, hold: Hold, net: LinearThree) -> None:
    """∂L_3/∂U = δ S_2ᵀ + Uᵀ δ S_1ᵀ + U²ᵀ δ S_0ᵀ, with S as the implementation has computed it."""
    S, d = states(impl, net), filled(net.batch, net.layer.hidden)
    u = net.parameters[U]
    found = impl.vjp(net, on_the_last(net, d)).parameters[U]
    hold.equal(found, d.T @ S[2] + (d @ u).T @ S[1] + (d @ u @ u).T @ S[0], "∂L_3/∂U")


@three_terms.law(needs=["run_vjp"])
def input_weights(impl: Subject, hold: Hold, net: LinearThree) -> None:
    """∂L_3/∂W = δ X_3ᵀ + Uᵀ δ X_2ᵀ + U²ᵀ δ X_1ᵀ."""
    X, d = rational(net.inputs), rational(filled(net.batch, net.layer.hidden))
    u = rational(net.parameters[U])
    found = impl.vjp(net, on_the_last(net, filled(net.batch, net.layer.hidden))).parameters[W]
    hold.equal(found, sum((d @ power(u, 3 - k)).T @ X[k - 1] for k in (1, 2, 3)), "∂L_3/∂W")


@three_terms.proof
def differentiated(prove: Prove) -> None:
    """Two units, two inputs: δᵀ S_3 differentiated by every weight."""
    net = prove.network(Layer("rnn", 2, 2, activation="identity"), 3)
    d, u, X = prove.symbols("d1 d2"), net.parameters[U], net.inputs[:, 0]
    S = [net.state["h"][0], *prove.reference.run(net).outputs[:, 0]]
    L, back = d @ S[3], [d, d @ u, d @ u @ u]
    prove.identical(prove.derivative(L, u), sum(np.outer(back[3 - k], S[k - 1]) for k in (1, 2, 3)))
    prove.identical(
        prove.derivative(L, net.parameters[W]), sum(np.outer(back[3 - k], X[k - 1]) for k in (1, 2, 3))
    )


# ------------------------------------------------------------------------------------------
general = claim(
    "RNN-13",
    title="The gradient of a loss is a sum of t terms, read with immediate partial derivatives",
    says="""
        The gradient of L_t by the recurrent weights is a sum from k = 0 to t of
        ∂L_t/∂o_t ∂o_t/∂h_t (∏_{j=k+1}^t ∂h_j/∂h_{j−1}) ∂h_k/∂W; for U the same.
    """,
    statement="The formula as printed gives ∂L_t/∂W, whatever ∂h_k/∂W, the order and h_0 are taken to be.",
    equation="""
        ∂L_t/∂θ = Σ_{k=1}^t ∂L_t/∂h_t J_t J_{t−1} ... J_{k+1} ∂⁺h_k/∂θ
        J_j = ∂h_j/∂h_{j−1} = diag(φ'(z_j)) U
    """,
    verdict=CONDITIONAL,
    because="""
        Three things are left unsaid. ∂h_k/∂W must be the immediate derivative ∂⁺, as if h_{k−1}
        did not depend on W: with the total one, early steps are counted again and again. The
        term k = 0 is 0, since h_0 is given; so there are t terms and not t + 1, which
        agrees with the three that are printed for t = 3. If h_0 were made with the same
        weights, t terms would be too few. And Jacobians are matrices: the product has
        an order, the latest factor on the left.
    """,
    conditions=(IMMEDIATE, GIVEN, ORDERED),
    sources=[D0("1.3, RNN"), D2("vanishing gradients"), D3("6.9, deriving BPTT")],
    rests_on=SAMPLED,
    floats="Sums of products of a few steps; they may differ by rounding.",
    see=["RNN-12", "RNN-14", "RNN-16"],
)


@general.as_stated(needs=["run", "run_vjp"])
def with_total_derivatives(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """The sum over k with the total derivative dh_k/dU is ∂L_t/∂U."""
    hold.equal(_with_total(impl, net, np.ones((1, 1)))[U], _whole(impl, net, 1.0)[U], "∂L_t/∂U")


@general.necessity(of=with_total_derivatives, condition=IMMEDIATE)
def counted_twice() -> Mapping[str, Any]:
    """U = 1, all else 0, h_0 = 1, two steps: the first one's share is counted twice."""
    return {"net": one_unit([0.0, 0.0], h=1.0, U_h=1.0)}


@general.as_stated(needs=["run", "run_vjp"])
def whatever_h_0_is(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """Begun after the first step, the sum is the gradient of the sequence as a whole."""
    first = impl.run(beginning(net, 1)).outputs[0]
    later = Network(net.layer, net.parameters, net.inputs[1:], {"h": first})
    found = step_by_step(impl, later, np.ones((1, 1)))
    hold.equal(total(found, U), _whole(impl, net, 1.0)[U], "∂L_t/∂U")


@general.necessity(of=whatever_h_0_is, condition=GIVEN)
def start_made_with_U() -> Mapping[str, Any]:
    """U = 1, all else 0: h_0 = tanh(U · 1) depends on U."""
    return {"net": one_unit([0.0, 0.0], h=1.0, U_h=1.0)}


@general.as_stated(needs=["run", "run_vjp"])
def in_any_order(impl: Subject, hold: Hold, net: TwoUnits) -> None:
    """With the earliest factor on the left, the term k = 1 of three steps is as good."""
    hs, d, u = states(impl, net), np.array([[1.0, 0.0]]), net.parameters[U]
    J2, J3 = ((1 - h[0] ** 2)[:, np.newaxis] * u for h in hs[2:])
    swapped = (d @ J2 @ J3) * (1 - hs[1] ** 2)
    hold.equal(swapped.T @ hs[0], step_by_step(impl, net, d)[0][U], "the term k = 1 of ∂L_3/∂U")


@general.necessity(of=in_any_order, condition=ORDERED)
def slopes_that_differ() -> Mapping[str, Any]:
    """U = [0 1; 1 0], h_0 = (1, 1/2), and an input that only the first unit reads, at the second step."""
    return {"net": changing_places([0.0, 1.0, 0.0], h=(1.0, 0.5))}


@general.law(needs=["run", "run_vjp"])
def t_terms(impl: Subject, hold: Hold, net: AnyBiases) -> None:
    """The t terms by the formula add up to the gradients of W, U and of each bias that there is."""
    d = filled(net.batch, net.layer.hidden)
    found, whole = terms(net, states(impl, net), d), _whole(impl, net, d)
    for name in net.parameters:
        hold.equal(whole[name], total(found, name), f"∂L_t/∂{name}")


@general.law(needs=["run", "run_vjp"])
def t_terms_with_sigmoid(impl: Subject, hold: Hold, net: Sigmoid) -> None:
    """The same with the sigmoid."""
    d = filled(net.batch, net.layer.hidden)
    found, whole = terms(net, states(impl, net), d), _whole(impl, net, d)
    for name in (W, U, B):
        hold.equal(whole[name], total(found, name), f"∂L_t/∂{name}")


@general.law(needs=["run", "run_vjp"])
def term_by_term(impl: Subject, hold: Hold, net: ShortTanh) -> None:
    """Each term is what a network of that one step says, h_{k−1} being given to it."""
    d = filled(net.batch, net.layer.hidden)
    by_formula = terms(net, states(impl, net), d)
    for k, found in enumerate(step_by_step(impl, net, d), start=1):
        for name in (W, U, B):
            hold.equal(found[name], by_formula[k - 1][name], f"the term {k} of ∂L_t/∂{name}")


@general.proof
def derivatives_of_the_last_state(prove: Prove) -> None:
    """One tanh unit, three steps, and two units, two steps: the terms are t, and add up to the derivative."""
    for n, steps in ((1, 3), (2, 2)):
        net = prove.network(Layer("rnn", 1, n), steps)
        cotangent = prove.cotangent(net, last=True)
        L = (prove.reference.run(net).outputs[-1] * cotangent.outputs[-1]).sum()
        found = prove.reference.gradient_terms(net, cotangent)[-1]
        prove.identical(len(found), steps)
        for name, parameter in net.parameters.items():
            prove.identical(total(found, name), prove.derivative(L, parameter))
        prove.identical(
            prove.derivative(net.state["h"], net.parameters[U]), np.zeros((1, n, n, n), dtype=object)
        )


def _whole(impl: Subject, net: Network, d: Any) -> Mapping[str, Any]:
    return impl.vjp(net, on_the_last(net, d)).parameters


def _with_total(impl: Subject, net: Network, d: Any) -> dict[str, Any]:
    """Σ_k of what L_t says of h_k, times the total derivative dh_k/dθ: the misreading."""
    hs, parts = states(impl, net), []
    for k in range(net.steps, 0, -1):
        short, now = beginning(net, k), step(net, k, hs[k - 1])
        parts.append(impl.vjp(short, on_the_last(short, d)).parameters)
        d = impl.vjp(now, on_the_last(now, d)).state["h"]
    return {name: total(parts, name) for name in net.parameters}


# ------------------------------------------------------------------------------------------
twice = claim(
    "RNN-14",
    title="With total derivatives in it, the sum over k counts early steps again and again",
    says="The sum over k is printed with ∂h_k/∂W as its last factor, and nothing says that it is immediate.",
    statement="∂L_t/∂W = Σ_k ∂L_t/∂h_t (∏ ∂h_j/∂h_{j−1}) dh_k/dW, with total derivatives dh_k/dW.",
    equation="""
        Σ_k ∂L_t/∂h_k dh_k/dθ = Σ_j (t − j + 1) ∂L_t/∂h_j ∂⁺h_j/∂θ
        linear, t = 3:  δ (S_2 + 2 U S_1 + 3 U² S_0)   in the place of   δ (S_2 + U S_1 + U² S_0)
    """,
    verdict=CONDITIONAL,
    because="""
        The total derivative dh_k/dW already contains all steps up to k. Summed over k, the step
        j is counted in each of dh_j/dW, ..., dh_t/dW, which is t − j + 1 times. Read
        with immediate derivatives, the formula is right. The notation is the same for both.
    """,
    conditions=(IMMEDIATE,),
    sources=[D0("1.3, RNN"), D2("vanishing gradients"), D3("6.9, deriving BPTT")],
    rests_on=SAMPLED,
    floats="Sums of products of a few steps; they may differ by rounding.",
    see=["RNN-13"],
)


@twice.as_stated(needs=["run", "run_vjp"])
def read_with_total_derivatives(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """The sum over k with total derivatives is the gradient, for W as well."""
    hold.equal(_with_total(impl, net, np.ones((1, 1)))[W], _whole(impl, net, 1.0)[W], "∂L_t/∂W")


@twice.necessity(of=read_with_total_derivatives, condition=IMMEDIATE)
def first_input_counted_twice() -> Mapping[str, Any]:
    """U = 1, all else 0, inputs 1 and 0, two steps: twice 1 in the place of 1."""
    return {"net": one_unit([1.0, 0.0], U_h=1.0)}


@twice.law(needs=["run", "run_vjp"])
def counted_by_age(impl: Subject, hold: Hold, net: ShortTanh) -> None:
    """With total derivatives, the step j counts t − j + 1 times."""
    d, t = filled(net.batch, net.layer.hidden), net.steps
    found, counted = terms(net, states(impl, net), d), _with_total(impl, net, d)
    for name in (W, U, B):
        by_age = sum((t - j + 1) * found[j - 1][name] for j in range(1, t + 1))
        hold.equal(counted[name], by_age, f"the sum with total derivatives, {name}")


@twice.proof
def one_two_three(prove: Prove) -> None:
    """Three linear steps of one unit: with immediate derivatives 1, 1, 1, with total ones 1, 2, 3."""
    net = prove.network(Layer("rnn", 1, 1, activation="identity"), 3)
    cotangent, u = prove.cotangent(net, last=True), net.parameters[U][0, 0]
    S = [net.state["h"][0, 0], *prove.reference.run(net).outputs[:, 0, 0]]
    d = cotangent.outputs[-1, 0, 0]
    counted = {
        kind: total(prove.reference.gradient_terms(net, cotangent, kind)[-1], U)[0, 0]
        for kind in ("immediate", "total")
    }
    prove.identical(counted["immediate"], d * (S[2] + u * S[1] + u**2 * S[0]))
    prove.identical(counted["total"], d * (S[2] + 2 * u * S[1] + 3 * u**2 * S[0]))
    prove.identical(counted["immediate"], prove.derivative(d * S[3], u))


# ------------------------------------------------------------------------------------------
dependence = claim(
    "RNN-15",
    title="The gradients of W and U depend on every earlier step, because the state does",
    says="""
        Differentiation by W_s and W_x acquires a long-term dependence, since S_t is carried on
        through time and is a function of both.
    """,
    statement="∂L_t/∂W and ∂L_t/∂U contain the products ∏ ∂S_j/∂S_{j−1} and change with every earlier input.",
    equation="""
        x_1 → x_1 + Δ   changes (linear, t = 3)
        ∂L_3/∂U by δ (U W Δ)ᵀ + Uᵀ δ (W Δ)ᵀ
        ∂L_3/∂W by U²ᵀ δ Δᵀ
    """,
    verdict=HOLDS,
    because="""
        The term of step k is ∂L_t/∂h_t J_t ... J_{k+1} ∂⁺h_k. Its product leads back to step k, and
        its last factor contains x_k or h_{k−1}, which every earlier input has helped to make.
        With an activation, the slopes in J_j depend on them too.
    """,
    sources=[D0("1.3, RNN")],
    rests_on=SAMPLED,
    floats="Differences of gradients; they may differ by the rounding of both.",
    see=["RNN-12", "RNN-13", "RNN-25"],
)


@dependence.law(needs=["run_vjp"])
def first_input_moves_the_gradient(impl: Subject, hold: Hold, net: LinearThree) -> None:
    """Without an activation: by exactly these products, if 1 is added to the first input."""
    changed = net.inputs.copy()
    changed[0] = impl.format.round(changed[0] + 1)
    other = Network(net.layer, net.parameters, changed, net.state)
    X = rational(changed[0]) - rational(net.inputs[0])
    w, u = rational(net.parameters[W]), rational(net.parameters[U])
    d = filled(net.batch, net.layer.hidden)
    before, after = (impl.vjp(each, on_the_last(each, d)).parameters for each in (net, other))
    d = rational(d)
    moved = X @ w.T
    hold.equal(after[U] - before[U], d.T @ (moved @ u.T) + (d @ u).T @ moved, "the change of ∂L_3/∂U")
    hold.equal(after[W] - before[W], (d @ u @ u).T @ X, "the change of ∂L_3/∂W")


@dependence.law(needs=["run", "run_vjp"])
def every_input_gets_its_product(impl: Subject, hold: Hold, net: Tanh) -> None:
    """What reaches x_k is ∂L_t/∂h_t J_t ... J_{k+1} diag(φ'(z_k)) W, with the slopes of all steps between."""
    hs, d = states(impl, net), filled(net.batch, net.layer.hidden)
    dx = impl.vjp(net, on_the_last(net, d)).inputs
    for k in range(net.steps, 0, -1):
        da = d * (1 - hs[k] * hs[k])
        hold.equal(dx[k - 1], da @ net.parameters[W], f"∂L_t/∂x_{k}")
        d = da @ net.parameters[U]


@dependence.proof
def derivative_by_the_first_input(prove: Prove) -> None:
    """Three linear steps of one unit: the derivatives of ∂L_3/∂U and ∂L_3/∂W by X_1 and by X_2."""
    net = prove.network(Layer("rnn", 1, 1, activation="identity"), 3)
    (d,), zero = prove.symbols("d"), np.zeros((3, 1, 1), dtype=object)
    back = prove.reference.vjp(
        net, Cotangent(prove.matrix(zero[:, 0])[:, np.newaxis], {"h": prove.matrix([[d]])})
    )
    u, w, X = net.parameters[U][0, 0], net.parameters[W][0, 0], net.inputs[:2, 0, 0]
    prove.identical(prove.derivative(back.parameters[U][0, 0], X), [2 * d * u * w, d * w])
    prove.identical(prove.derivative(back.parameters[W][0, 0], X), [d * u**2, d * u])
