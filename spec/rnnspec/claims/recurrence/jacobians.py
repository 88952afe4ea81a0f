"""From state to state: one-step Jacobians, and products of them in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, HOLDS, LOOSE, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    B,
    U,
    W,
    changing_places,
    filled,
    jacobian,
    on_the_last,
    one_unit,
    power,
    rational,
    slope,
    states,
    step,
)
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0, D2, D3
from rnnspec.strategies import networks
from rnnspec.subject import Numbers, Subject

INSIDE = "the weight stands inside of the product, once for every step"
IN_ORDER = "there is one unit, or the factors stay in their order"


def _networks(activation: str, *, hidden: tuple[int, int] = (1, 3), steps: tuple[int, int] = (1, 4)) -> Any:
    return networks(
        "rnn",
        activation=activation,
        biases="one",
        hidden=hidden,
        inputs=(1, 2),
        steps=steps,
        batch=(1, 1),
        scales=(0, -1, 1),
    )


Tanh = Annotated[Network, _networks("tanh", steps=(2, 3))]
Small = Annotated[Network, _networks("tanh", hidden=(1, 2), steps=(2, 3))]
OneStep = Annotated[Network, _networks("tanh", steps=(1, 1))]
TwoSteps = Annotated[Network, _networks("tanh", steps=(2, 2))]
Linear = Annotated[Network, _networks("identity")]
TanhUnit = Annotated[Network, _networks("tanh", hidden=(1, 1), steps=(2, 4))]
SigmoidUnit = Annotated[Network, _networks("sigmoid", hidden=(1, 1), steps=(2, 4))]
Sigmoid = Annotated[Network, _networks("sigmoid", hidden=(2, 3), steps=(2, 3))]
TwoUnits = Annotated[Network, _networks("tanh", hidden=(2, 2), steps=(2, 2))]

# ------------------------------------------------------------------------------------------
product = claim(
    "RNN-16",
    title="The derivative of a state by an earlier one is the product of the Jacobians between, in order",
    says="∂h_t/∂h_i is the product of the one-step derivatives from i to t.",
    statement="∂h_t/∂h_i is the product of the t − i matrices J_j = ∂h_j/∂h_{j−1}, the latest on the left.",
    equation="∂h_t/∂h_i = J_t J_{t−1} ... J_{i+1},   J_j = ∂h_j/∂h_{j−1}",
    verdict=HOLDS,
    because="""
        h_t is a function of h_{t−1} alone, once the inputs are given; so the chain rule has one
        path only. (For an LSTM's cell that is not so.) Jacobians do not commute: in the
        reversed order the product is another matrix.
    """,
    sources=[D2("vanishing gradients")],
    rests_on=SAMPLED,
    floats="Products of the same matrices; they may differ by rounding.",
    see=["RNN-17", "RNN-18"],
)


def _one_step_jacobians(impl: Subject, net: Network) -> list[Numbers]:
    """J_1, ..., J_T of the first sequence, each in the state that the implementation has reached."""
    hs = states(impl, net)
    return [jacobian(impl, step(net, t, hs[t - 1]))[0] for t in range(1, net.steps + 1)]


def _ordered(factors: list[Any]) -> Any:
    """J_T ... J_1."""
    result, *later = factors
    for J in later:
        result = J @ result
    return result


@product.law(needs=["run", "run_vjp"])
def latest_on_the_left(impl: Subject, hold: Hold, net: Small) -> None:
    """The Jacobian of all steps is the product of the single ones."""
    hold.equal(jacobian(impl, net)[0], _ordered(_one_step_jacobians(impl, net)), "∂h_T/∂h_0")


@product.law(needs=["run", "run_vjp"])
def from_anywhere(impl: Subject, hold: Hold, net: Tanh) -> None:
    """From every h_i on, the remaining T − i steps are one factor, and what came before the other."""
    hs, d = states(impl, net), filled(1, net.layer.hidden)
    whole = impl.vjp(net, on_the_last(net, d)).state["h"]
    for i in range(1, net.steps):
        later = Network(net.layer, net.parameters, net.inputs[i:], {"h": hs[i]})
        early = Network(net.layer, net.parameters, net.inputs[:i], net.state)
        halfway = impl.vjp(later, on_the_last(later, d)).state["h"]
        hold.equal(impl.vjp(early, on_the_last(early, halfway)).state["h"], whole, f"through h_{i}")


@product.as_stated(needs=["run", "run_vjp"])
def earliest_on_the_left(impl: Subject, hold: Hold, net: TwoUnits) -> None:
    """The reversed order, as the formula may be read: J_1 J_2."""
    first, second = (slope("tanh", h).T * net.parameters[U] for h in states(impl, net)[1:])
    hold.equal(jacobian(impl, net)[0], first @ second, "∂h_2/∂h_0")


@product.witness(of=earliest_on_the_left)
def units_that_change_places() -> Mapping[str, Any]:
    """U = [0 1; 1 0], and an input that only the first unit reads, at the second step."""
    return {"net": changing_places([0.0, 1.0])}


@product.proof
def two_units_three_steps(prove: Prove) -> None:
    """The derivative of the traced run is the product of the three traced Jacobians, in this order."""
    net = prove.network(Layer("rnn", 1, 2), 3)
    whole = prove.derivative(prove.reference.run(net).outputs[-1, 0], net.state["h"][0])
    factors = [J["dh/dh"][0] for J in prove.reference.jacobians(net)]
    prove.identical(len(factors), 3)
    prove.identical(whole, _ordered(factors))


# ------------------------------------------------------------------------------------------
one_step = claim(
    "RNN-17",
    title="The Jacobian of a step is diag(φ'(z)) U with that step's own z",
    says="""
        ∂h_{k+1}/∂h_k is diag(f'(W_I x_i + W_R h_{i−1})) W_R, and over k steps the product of such
        factors from i to k.
    """,
    statement="""
        As printed, with i = k in the one formula, and with the product from i = 1 for ∂h_k/∂h_1 in
        the other.
    """,
    equation="""
        ∂h_{k+1}/∂h_k = diag(φ'(W x_{k+1} + U h_k + b)) U
        ∂h_k/∂h_1 = ∏_{i=2}^k diag(φ'(W x_i + U h_{i−1} + b)) U   k − 1 factors
        ∂a_{k+1}/∂a_k = U diag(φ'(a_k))   for the state a = W x + U φ(a) + b
    """,
    verdict=LOOSE,
    because="""
        The index i is bound nowhere in the first formula; the original figure is lost. What is
        meant is the argument of the step that makes h_{k+1}, so i = k + 1: with the argument of
        the step before, W = U = 1, h_0 = x_1 = 0 and x_2 = 1 give 1 in the place of
        tanh'(1) = 0.42. Between h_1 and h_k lie k − 1 steps, and a product from 1 has one factor
        too many. The order diag(φ') U belongs to the state after the activation;
        for the one before it, as in Pascanu et al., it is U diag(φ').
    """,
    corrected="""
        With i = k + 1 the formula is right, and so is the product from i = 2. Row j of the
        Jacobian is φ'(z_j) times row j of U.
    """,
    sources=[D2("vanishing gradients")],
    rests_on=SAMPLED,
    floats="One product; it may differ by rounding.",
    see=["RNN-16", "RNN-18"],
)


@one_step.as_stated(needs=["run", "run_vjp"])
def argument_of_the_step_before(impl: Subject, hold: Hold, net: TwoSteps) -> None:
    """∂h_2/∂h_1 with the slopes at h_1's own argument."""
    hs = states(impl, net)
    found = jacobian(impl, step(net, 2, hs[1]))[0]
    hold.equal(found, slope("tanh", hs[1]).T * net.parameters[U], "∂h_2/∂h_1")


@one_step.witness(of=argument_of_the_step_before)
def zero_and_then_one() -> Mapping[str, Any]:
    """W = U = 1, h_0 = 0, inputs 0 and 1: tanh'(1) and not tanh'(0)."""
    return {"net": one_unit([0.0, 1.0], W_h=1.0, U_h=1.0)}


@one_step.as_stated(needs=["run", "run_vjp"])
def a_factor_too_many(impl: Subject, hold: Hold, net: TanhUnit) -> None:
    """∂h_T/∂h_1 is the product from i = 1 to T."""
    hs = states(impl, net)
    later = Network(net.layer, net.parameters, net.inputs[1:], {"h": hs[1]})
    factors = [slope("tanh", h) * net.parameters[U] for h in hs[1:]]
    hold.equal(jacobian(impl, later)[0], _ordered(factors), "∂h_T/∂h_1")


@one_step.witness(of=a_factor_too_many)
def two_steps_at_rest() -> Mapping[str, Any]:
    """U = 2, all else 0: ∂h_2/∂h_1 = 2, and not 4."""
    return {"net": one_unit([0.0, 0.0], U_h=2.0)}


@one_step.law(needs=["run", "run_vjp"])
def slopes_times_rows(impl: Subject, hold: Hold, net: OneStep) -> None:
    """Row j of ∂h_1/∂h_0 is φ'(z_j) times row j of U, with z of this step."""
    h = impl.run(net).outputs[0]
    hold.equal(jacobian(impl, net)[0], slope("tanh", h).T * net.parameters[U], "∂h_1/∂h_0")


@one_step.law(needs=["run", "run_vjp"])
def one_factor_less_than_states(impl: Subject, hold: Hold, net: TanhUnit) -> None:
    """∂h_T/∂h_1 is the product of T − 1 factors, from i = 2."""
    hs = states(impl, net)
    later = Network(net.layer, net.parameters, net.inputs[1:], {"h": hs[1]})
    factors = [slope("tanh", h) * net.parameters[U] for h in hs[2:]]
    hold.equal(jacobian(impl, later)[0], _ordered(factors), "∂h_T/∂h_1")


@one_step.proof
def both_kinds_of_state(prove: Prove) -> None:
    """Two units: the derivatives of h by h, diag(φ') U; and of the arguments by the arguments, U diag(φ')."""
    net = prove.network(Layer("rnn", 1, 2), 1)
    h, u = prove.reference.run(net).outputs[0, 0], net.parameters[U]
    z = net.parameters[W] @ net.inputs[0, 0] + u @ net.state["h"][0] + net.parameters[B]
    slopes = prove.slope("tanh", z)
    prove.identical(prove.derivative(h, net.state["h"][0]), slopes[:, np.newaxis] * u)
    a = prove.symbols("a1 a2")
    following = net.parameters[W] @ net.inputs[0, 0] + u @ prove.activation("tanh", a) + net.parameters[B]
    prove.identical(prove.derivative(following, a), u * prove.slope("tanh", a))


# ------------------------------------------------------------------------------------------
pulled_out = claim(
    "RNN-18",
    title="Slopes and weights stay inside of the product, and for matrices in their order",
    says="""
        With tanh in it, the product of the one-step derivatives is ∏ tanh' · W_s, and with the
        sigmoid ∏ sigmoid' · W_s.
    """,
    statement="∏ ∂h_j/∂h_{j−1} = (∏ φ'(z_j)) · U, or (∏ diag φ'(z_j)) U^(t−k).",
    equation="""
        ∏_{j=k+1}^t ∂h_j/∂h_{j−1} = ∏_{j=k+1}^t (diag(φ'(z_j)) U)
        n = 1:  U^(t−k) ∏_{j=k+1}^t φ'(z_j)
    """,
    verdict=CONDITIONAL,
    because="""
        Every step multiplies by its slopes and by the weights. For one unit these are numbers, so
        the slopes may be collected in front, but the weight occurs t − k times and not once. For
        several units nothing may be collected: diag(φ') and U do not commute. (D3 writes W_s
        where its matrix is called W, and refers to section 6.8 for what stands in 6.9.)
    """,
    conditions=(INSIDE, IN_ORDER),
    sources=[D0("1.3, RNN"), D3("6.9, why gradients vanish")],
    rests_on=SAMPLED,
    floats="Products of the same numbers; they may differ by rounding.",
    see=["RNN-16", "RNN-17", "RNN-34"],
)


def _collected_slopes(hs: list[Any], kind: str) -> Any:
    result: Any = 1
    for h in hs[1:]:
        result = result * slope(kind, h)
    return result


@pulled_out.as_stated(needs=["run", "run_vjp"])
def weight_outside(impl: Subject, hold: Hold, net: TanhUnit) -> None:
    """One unit: (∏ φ') U, with the weight behind the product."""
    found = _collected_slopes(states(impl, net), "tanh") * net.parameters[U]
    hold.equal(jacobian(impl, net)[0], found, "∂h_T/∂h_0")


@pulled_out.necessity(of=weight_outside, condition=INSIDE)
def two_to_the_second() -> Mapping[str, Any]:
    """U = 2, all else 0, two steps: 4, and not 2."""
    return {"net": one_unit([0.0, 0.0], U_h=2.0)}


@pulled_out.as_stated(needs=["run", "run_vjp"])
def slopes_collected(impl: Subject, hold: Hold, net: TwoUnits) -> None:
    """Two units, two steps: (∏ diag φ') U²."""
    u = net.parameters[U]
    found = _collected_slopes(states(impl, net), "tanh").T * (u @ u)
    hold.equal(jacobian(impl, net)[0], found, "∂h_2/∂h_0")


@pulled_out.necessity(of=slopes_collected, condition=IN_ORDER)
def units_that_do_not_commute() -> Mapping[str, Any]:
    """U = [0 1; 1 0], and an input that only the first unit reads, at the first step."""
    return {"net": changing_places([1.0, 0.0])}


@pulled_out.law(needs=["run", "run_vjp"])
def one_unit_with_tanh(impl: Subject, hold: Hold, net: TanhUnit) -> None:
    """n = 1: U^T ∏ tanh'(z_t)."""
    found = _collected_slopes(states(impl, net), "tanh") * net.parameters[U] ** net.steps
    hold.equal(jacobian(impl, net)[0], found, "∂h_T/∂h_0")


@pulled_out.law(needs=["run", "run_vjp"])
def one_unit_with_sigmoid(impl: Subject, hold: Hold, net: SigmoidUnit) -> None:
    """n = 1: U^T ∏ σ'(z_t)."""
    found = _collected_slopes(states(impl, net), "sigmoid") * net.parameters[U] ** net.steps
    hold.equal(jacobian(impl, net)[0], found, "∂h_T/∂h_0")


@pulled_out.law(needs=["run", "run_vjp"])
def matrices_in_order(impl: Subject, hold: Hold, net: Tanh) -> None:
    """Any n, tanh: the product of diag(φ'(z_t)) U, the latest on the left."""
    factors = [slope("tanh", h).T * net.parameters[U] for h in states(impl, net)[1:]]
    hold.equal(jacobian(impl, net)[0], _ordered(factors), "∂h_T/∂h_0")


@pulled_out.law(needs=["run", "run_vjp"])
def matrices_in_order_with_sigmoid(impl: Subject, hold: Hold, net: Sigmoid) -> None:
    """The same with the sigmoid."""
    factors = [slope("sigmoid", h).T * net.parameters[U] for h in states(impl, net)[1:]]
    hold.equal(jacobian(impl, net)[0], _ordered(factors), "∂h_T/∂h_0")


@pulled_out.proof
def traced_products(prove: Prove) -> None:
    """Three steps of one unit and two of two, with tanh and with the sigmoid."""
    for kind in ("tanh", "sigmoid"):
        unit = prove.network(Layer("rnn", 1, 1, activation=kind), 3)
        hs, u = prove.reference.run(unit).outputs[:, 0], unit.parameters[U]
        found = prove.derivative(hs[-1], unit.state["h"][0])
        prove.identical(found, _collected_slopes([None, *hs], kind) * u**3)
        pair = prove.network(Layer("rnn", 1, 2, activation=kind), 2)
        hs, u = prove.reference.run(pair).outputs, pair.parameters[U]
        factors = [slope(kind, h).T * u for h in hs]
        prove.identical(prove.derivative(hs[-1, 0], pair.state["h"][0]), _ordered(factors))


# ------------------------------------------------------------------------------------------
inserted = claim(
    "RNN-34",
    title="Without an activation a step multiplies by U; tanh multiplies that by its slope",
    says="""
        The three-step model has no activation. If one is added, S_j = tanh(z_j), the product of
        the derivatives gets the factors tanh'(z_j).
    """,
    statement="With one unit, ∂S_j/∂S_{j−1} = U without an activation, and tanh'(z_j) U with tanh.",
    equation="""
        S_j = z_j        ⇒  ∂S_j/∂S_{j−1} = U
        S_j = tanh(z_j)  ⇒  ∂S_j/∂S_{j−1} = tanh'(z_j) U = (1 − S_j²) U
    """,
    verdict=HOLDS,
    because="""
        It is the chain rule once more: z_j = W X_j + U S_{j−1} + b has the derivative U, and
        tanh has the derivative tanh'. For several units tanh' is a diagonal matrix on
        the left of U.
    """,
    sources=[D0("1.3, RNN")],
    floats="Without an activation U itself comes back; with tanh a product is rounded.",
    see=["RNN-06", "RNN-18"],
)


@inserted.law(needs=["run_vjp"])
def weights_alone(impl: Subject, hold: Hold, net: Linear) -> None:
    """Without an activation every step multiplies by U, whatever is read: U^T over T steps."""
    hold.equal(jacobian(impl, net)[0], power(rational(net.parameters[U]), net.steps), "∂S_T/∂S_0")


@inserted.law(needs=["run", "run_vjp"])
def slope_times_the_linear_one(impl: Subject, hold: Hold, net: OneStep) -> None:
    """With tanh the Jacobian is 1 − S² times that of the same network without it."""
    linear = Layer("rnn", net.layer.inputs, net.layer.hidden, activation="identity")
    bare = replace(net, layer=linear)
    S = impl.run(net).outputs[0]
    hold.equal(jacobian(impl, net)[0], (1 - S * S).T * jacobian(impl, bare)[0], "∂S_1/∂S_0")


@inserted.proof
def with_and_without(prove: Prove) -> None:
    """One step of one unit, traced both ways; the slope is that of tanh at z."""
    found = {}
    net = prove.network(Layer("rnn", 1, 1), 1)
    for kind in ("identity", "tanh"):
        layer = Layer("rnn", 1, 1, activation=kind)
        h = prove.reference.run(Network(layer, net.parameters, net.inputs, net.state)).outputs[0, 0, 0]
        found[kind] = h, prove.derivative(h, net.state["h"][0, 0])
    z, linear = found["identity"]
    S, bent = found["tanh"]
    prove.identical(linear, net.parameters[U][0, 0])
    prove.identical(bent, prove.slope("tanh", z) * linear)
    prove.identical(bent, (1 - S**2) * linear)
