"""Elman's network feeds back its hidden state, Jordan's its output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, claim
from rnnspec.claims.recurrence.words import B, U, W, filled, on_outputs, states
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D4
from rnnspec.strategies import networks
from rnnspec.subject import Subject

V, C = "W_y", "b_y"
"""The read-out of a Jordan network, as `Layer` calls it."""


def _quarters(network: Network) -> Network:
    """Numbers in quarters, so that U W_y, U b_y + b and W_y h_0 + b_y are numbers of every format."""

    def coarse(values: Any) -> Any:
        return np.clip(np.round(values * 4) / 4, -2, 2) + 0.0

    return replace(
        network,
        parameters={name: coarse(value) for name, value in network.parameters.items()},
        inputs=coarse(network.inputs),
        state={name: coarse(value) for name, value in network.state.items()},
    )


def _jordan(outputs: int, output_activation: str, **sizes: Any) -> Any:
    return networks(
        "jordan",
        activation="tanh",
        output_activation=output_activation,
        biases="one",
        outputs=outputs,
        inputs=(1, 2),
        scales=(0, -1),
        **sizes,
    )


JordanSigmoid = Annotated[Network, _jordan(2, "sigmoid", hidden=(1, 3), steps=(1, 4))]
Elman = Annotated[Network, networks("rnn", activation="sigmoid", biases="one", hidden=(1, 3), steps=(1, 4))]
Coarse = Annotated[Network, _jordan(1, "identity", hidden=(1, 3), steps=(1, 4), also=_quarters)]

# ------------------------------------------------------------------------------------------
two_kinds = claim(
    "RNN-31",
    title="Elman feeds back the hidden state and Jordan the output, an Elman network of low rank",
    says="""
        There are two definitions of a recurrent network: Elman's hidden layer receives the hidden
        layer of the step before, Jordan's the output of the step before.
    """,
    statement="""
        Elman: h_t = σ_h(W x_t + U h_{t−1} + b). Jordan: h_t = σ_h(W x_t + U y_{t−1} + b).
        In both y_t = σ_y(W_y h_t + b_y). If σ_y is the identity and y_0 = W_y h_0 + b_y, Jordan's
        network is Elman's with U W_y for U and b + U b_y for b.
    """,
    equation="""
        W x_t + U y_{t−1} + b = W x_t + (U W_y) h_{t−1} + (b + U b_y)
        rank(U W_y) ≤ dim y
    """,
    verdict=HOLDS,
    because="""
        Definitions, in the form in which an encyclopaedia prints them; the state units of Jordan's
        own report of 1986 fed themselves as well. A linear output can be put into the equation
        of the hidden state, and the feedback becomes the product U W_y: a square matrix
        that factors through the outputs, so of a rank of at most their number. The two begin
        alike only if the first y is the read-out of the first h. If both begin at 0
        and b_y is not 0, they differ.
    """,
    sources=[D4("vanilla RNN")],
    rests_on=SAMPLED,
    floats="""
        Weights in quarters, of which products are exact in every format; the sums in the two
        networks are rounded differently.
    """,
    see=["RNN-02", "RNN-32"],
)


def _as_elman(jordan: Network, h: Any) -> Network:
    """The Elman network with U W_y and b + U b_y, from the state h."""
    p, m, n = jordan.parameters, jordan.layer.inputs, jordan.layer.hidden
    merged = {W: p[W], U: p[U] @ p[V], B: p[B] + p[U] @ p[C]}
    return Network(Layer("rnn", m, n), merged, jordan.inputs, {"h": h})


def _hidden(jordan: Network) -> Any:
    """Some h_0 in quarters, whose read-out the equivalence takes for y_0."""
    return np.resize([1.0, -0.5, 0.25, -1.0, 0.75], (jordan.batch, jordan.layer.hidden))


@two_kinds.law(needs=["run"])
def elman_step_by_step(impl: Subject, hold: Hold, net: Elman) -> None:
    """h_t = σ_h(W x_t + U h_{t−1} + b), here with the sigmoid."""
    p, (before, *later) = net.parameters, states(impl, net)
    for t, h in enumerate(later):
        argument = net.inputs[t] @ p[W].T + before @ p[U].T + p[B]
        hold.equal(h, hold.reference.activation("sigmoid", argument), f"h_{t + 1}")
        before = h


@two_kinds.law(needs=["run"])
def jordan_step_by_step(impl: Subject, hold: Hold, net: JordanSigmoid) -> None:
    """h_t = tanh(W x_t + U y_{t−1} + b) and y_t = σ(W_y h_t + b_y); y is what comes out and goes back in."""
    p, before, run = net.parameters, net.state["y"], impl.run(net)
    for t, y in enumerate(run.outputs):
        h = hold.reference.activation("tanh", net.inputs[t] @ p[W].T + before @ p[U].T + p[B])
        hold.equal(y, hold.reference.activation("sigmoid", h @ p[V].T + p[C]), f"y_{t + 1}")
        before = y
    hold.exactly(run.state["y"], before, "the final y")


@two_kinds.law(needs=["run"])
def linear_jordan_is_elman(impl: Subject, hold: Hold, net: Coarse) -> None:
    """With a linear output and y_0 = W_y h_0 + b_y, Jordan's outputs are the read-out of Elman's states."""
    p, h = net.parameters, _hidden(net)
    jordan = replace(net, state={"y": h @ p[V].T + p[C]})
    found = impl.run(jordan).outputs
    hidden = impl.run(_as_elman(net, h)).outputs
    for t in range(net.steps):
        hold.equal(found[t], hidden[t] @ p[V].T + p[C], f"y_{t + 1}")


@two_kinds.law(needs=["run_vjp"])
def same_gradients(impl: Subject, hold: Hold, net: Coarse) -> None:
    """And back through time: the gradients of x_t are the same, if Elman's h_t gets what W_y sends back."""
    p, h = net.parameters, _hidden(net)
    jordan, elman = replace(net, state={"y": h @ p[V].T + p[C]}), _as_elman(net, h)
    d = filled(net.steps, net.batch, 1)
    found = impl.vjp(jordan, on_outputs(jordan, d)).inputs
    hold.equal(found, impl.vjp(elman, on_outputs(elman, d @ p[V])).inputs, "∂L/∂x")


@two_kinds.as_stated(needs=["run"])
def both_from_zero(impl: Subject, hold: Hold, net: Coarse) -> None:
    """The same with y_0 = 0 and h_0 = 0, as if the start did not matter."""
    p = net.parameters
    jordan = replace(net, state={"y": np.zeros_like(net.state["y"])})
    hidden = impl.run(_as_elman(net, np.zeros((net.batch, net.layer.hidden)))).outputs
    hold.equal(impl.run(jordan).outputs[0], hidden[0] @ p[V].T + p[C], "y_1")


@two_kinds.witness(of=both_from_zero)
def bias_of_an_output_that_never_was() -> Mapping[str, Any]:
    """All weights 1, b_y = 1, no input: y_1 = 1 + tanh 0 against 1 + tanh 1."""
    layer = Layer("jordan", 1, 1, outputs=1, output_activation="identity")
    one = np.ones((1, 1))
    parameters = {W: one, U: one, B: np.zeros(1), V: one, C: np.ones(1)}
    return {"net": Network(layer, parameters, np.zeros((1, 1, 1)), {"y": np.zeros((1, 1))})}


@two_kinds.proof
def merged_matrices(prove: Prove) -> None:
    """Two units, one output, two steps, in free symbols; and det(U W_y) = 0, so its rank is 1."""
    layer = Layer("jordan", 1, 2, outputs=1, output_activation="identity")
    h = prove.symbols("h1 h2")[np.newaxis]
    drawn = prove.network(layer, 2)
    p = drawn.parameters
    jordan = replace(drawn, state={"y": h @ p[V].T + p[C]})
    hidden = prove.reference.run(_as_elman(jordan, h)).outputs
    prove.identical(prove.reference.run(jordan).outputs, hidden @ p[V].T + p[C])
    prove.identical(prove.determinant(p[U] @ p[V]), 0)
