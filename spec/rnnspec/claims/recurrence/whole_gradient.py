"""The gradient of the shared weights as a whole: a sum over losses, and of products in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, REFUTED, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    B,
    U,
    W,
    beginning,
    filled,
    on_outputs,
    on_the_last,
    one_unit,
    states,
    terms,
    total,
    unit,
)
from rnnspec.evidence import Cotangent, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0, D1, D2, D3
from rnnspec.strategies import networks
from rnnspec.subject import Subject

Tanh = Annotated[
    Network, networks("rnn", activation="tanh", biases="one", hidden=(1, 3), inputs=(1, 2), steps=(1, 4))
]
TwoSteps = Annotated[
    Network,
    networks(
        "rnn",
        activation="tanh",
        biases="one",
        hidden=(1, 1),
        inputs=(1, 1),
        steps=(2, 2),
        batch=(1, 1),
        scales=(0,),
    ),
]

# ------------------------------------------------------------------------------------------
one_product = claim(
    "RNN-19",
    title="The gradient of shared weights is a sum of products, not a product",
    says="By the chain rule the gradient of a weight in an RNN is a continued product of derivatives.",
    statement="∂L_T/∂U = ∂L_T/∂h_T ∂h_T/∂h_{T−1} ... ∂h_2/∂h_1 ∂⁺h_1/∂U.",
    equation="""
        T = 2, n = 1:  ∂h_2/∂U = φ'(z_2) h_1 + φ'(z_2) U φ'(z_1) h_0
    """,
    verdict=REFUTED,
    because="""
        The weight is used at every step, and each use contributes a product of its own. What the
        document describes is the longest of them, that of the first step. It may vanish or
        explode without the sum doing so: the terms may be dominated by another, and, having
        signs, they may cancel.
    """,
    corrected="∂L_T/∂U is the sum over k = 1, ..., T of such products, from T down to k.",
    sources=[D1("0, what an LSTM is")],
    rests_on=SAMPLED,
    floats="A sum of two products; it may differ by rounding.",
    see=["RNN-13", "RNN-21", "DEP-07", "LGR-09"],
)


@one_product.as_stated(needs=["run", "run_vjp"])
def longest_product_alone(impl: Subject, hold: Hold, net: TwoSteps) -> None:
    """∂h_2/∂U is the product of all derivatives on the way from h_2 to the first use of U."""
    longest = terms(net, states(impl, net), np.ones((1, 1)))[0][U]
    hold.equal(impl.vjp(net, on_the_last(net, 1.0)).parameters[U], longest, "∂h_2/∂U")


@one_product.witness(of=longest_product_alone)
def from_rest() -> Mapping[str, Any]:
    """h_0 = 0, W = 1, U = 0, inputs 1 and 0: the longest product is 0, the gradient is tanh 1."""
    return {"net": one_unit([1.0, 0.0], W_h=1.0)}


@one_product.law(needs=["run", "run_vjp"])
def two_products(impl: Subject, hold: Hold, net: TwoSteps) -> None:
    """∂h_2/∂U = φ'(z_2) h_1 + φ'(z_2) U φ'(z_1) h_0, and so for W and b."""
    (h0, h1, h2), u = states(impl, net), net.parameters[U]
    late = 1 - h2 * h2
    early = late * u * (1 - h1 * h1)
    back = impl.vjp(net, on_the_last(net, 1.0)).parameters
    hold.equal(back[U], late * h1 + early * h0, "∂h_2/∂U")
    hold.equal(back[W], late * net.inputs[1] + early * net.inputs[0], "∂h_2/∂W")
    hold.equal(back[B], (late + early)[0], "∂h_2/∂b")


@one_product.proof
def differentiated_twice_used(prove: Prove) -> None:
    """Traced with tanh and without: the derivative is the sum of two products, of which neither need be 0."""
    net = prove.network(Layer("rnn", 1, 1), 2)
    h, u = [net.state["h"][0, 0], *prove.reference.run(net).outputs[:, 0, 0]], net.parameters[U][0, 0]
    late = (1 - h[2] ** 2) * h[1]
    early = (1 - h[2] ** 2) * u * (1 - h[1] ** 2) * h[0]
    prove.identical(prove.derivative(h[2], u), late + early)
    bare = prove.network(Layer("rnn", 1, 1, activation="identity"), 2)
    S = prove.reference.run(bare).outputs[:, 0, 0]
    w = bare.parameters[U][0, 0]
    far = w * bare.state["h"][0, 0]
    prove.identical(prove.derivative(S[1], w), S[0] + far)
    prove.possible(prove.not_(S[0] == 0), prove.not_(far == 0))


# ------------------------------------------------------------------------------------------
double_sum = claim(
    "RNN-20",
    title="The gradient of the whole error is a sum over losses, and within each over steps",
    says="The gradient of the total error is the sum of those of all time steps.",
    statement="∂L/∂θ = Σ_t ∂L_t/∂θ, and each of these is a sum over k ≤ t.",
    equation="∂L/∂θ = Σ_{t=1}^T Σ_{k=1}^t ∂L_t/∂h_t J_t ... J_{k+1} ∂⁺h_k/∂θ",
    verdict=HOLDS,
    because="""
        Differentiation is linear, and L = Σ L_t. L_t has seen only the first t steps, so its
        share is the gradient of the sequence broken off there.
    """,
    sources=[D2("vanishing gradients"), D3("6.9, deriving BPTT"), D0("1.3, DNN and RNN")],
    rests_on=SAMPLED,
    floats="Sums in another order; they may differ by rounding.",
    see=["RNN-07", "RNN-13"],
)


@double_sum.law(needs=["run_vjp"])
def losses_one_by_one(impl: Subject, hold: Hold, net: Tanh) -> None:
    """All cotangents at once, or each on the sequence that ends with it: the same in sum."""
    d = filled(net.steps, net.batch, net.layer.hidden)
    shorter = [beginning(net, t) for t in range(1, net.steps + 1)]
    parts = [impl.vjp(short, on_the_last(short, d[short.steps - 1])).parameters for short in shorter]
    whole = impl.vjp(net, on_outputs(net, d)).parameters
    for name in (W, U, B):
        hold.equal(whole[name], total(parts, name), f"∂L/∂{name}")


@double_sum.law(needs=["run", "run_vjp"])
def every_term_of_every_loss(impl: Subject, hold: Hold, net: Tanh) -> None:
    """The sum of all T (T + 1)/2 terms, by the formula."""
    d, hs = filled(net.steps, net.batch, net.layer.hidden), states(impl, net)
    found: list[dict[str, Any]] = []
    for t in range(1, net.steps + 1):
        found += terms(beginning(net, t), hs[: t + 1], d[t - 1])
    whole = impl.vjp(net, on_outputs(net, d)).parameters
    for name in (W, U, B):
        hold.equal(whole[name], total(found, name), f"∂L/∂{name}")


@double_sum.law(needs=["run_vjp"], times=6)
def a_loss_of_the_final_state(impl: Subject, hold: Hold, net: Tanh) -> None:
    """A loss of the final state is one more: what it gives comes on top of what the outputs give."""
    d, last = filled(net.steps, net.batch, net.layer.hidden), unit(net, 0)
    both = Cotangent(d, {"h": last})
    whole, outputs, final = (impl.vjp(net, c) for c in (both, on_outputs(net, d), on_the_last(net, last)))
    for name in (W, U, B):
        hold.equal(whole.parameters[name], outputs.parameters[name] + final.parameters[name], f"∂L/∂{name}")
    hold.equal(whole.inputs, outputs.inputs + final.inputs, "∂L/∂x")
    hold.equal(whole.state["h"], outputs.state["h"] + final.state["h"], "∂L/∂h_0")


@double_sum.proof
def traced_double_sum(prove: Prove) -> None:
    """Three tanh steps: 6 terms, whose sum is the derivative of d_1 h_1 + d_2 h_2 + d_3 h_3."""
    net = prove.network(Layer("rnn", 1, 1), 3)
    d = np.array([*prove.symbols("d1 d2 d3")], dtype=object).reshape(3, 1, 1)
    cotangent = Cotangent(d, {"h": prove.matrix([[0]])})
    found = [term for loss in prove.reference.gradient_terms(net, cotangent) for term in loss]
    prove.identical(len(found), 6)
    L = (d * prove.reference.run(net).outputs).sum()
    for name, parameter in net.parameters.items():
        prove.identical(total(found, name), prove.derivative(L, parameter))
