"""Whether a state can store everything that was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import REFUTED, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    U,
    W,
    on_the_last,
    one_unit,
    slope,
    unit,
    whole_numbers,
)
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0
from rnnspec.strategies import arrays, networks, reals
from rnnspec.subject import Array, Subject


def _inputs_alone(network: Network) -> Network:
    """Whole numbers, and both sequences from the same state."""
    coarse = whole_numbers(network)
    start = np.broadcast_to(coarse.state["h"][:1], coarse.state["h"].shape).copy()
    return Network(coarse.layer, coarse.parameters, coarse.inputs, {"h": start})


def _from_one_state(network: Network) -> bool:
    return bool(np.all(network.state["h"] == network.state["h"][:1]))


def _two_sequences(activation: str) -> Any:
    """One unit and one input, two steps of two sequences from the same state, all numbers whole."""
    return networks(
        "rnn",
        activation=activation,
        biases="none",
        hidden=(1, 1),
        inputs=(1, 1),
        steps=(2, 2),
        batch=(2, 2),
        scales=(0,),
        also=_inputs_alone,
        where=_from_one_state,
    )


TanhSequences = Annotated[Network, _two_sequences("tanh")]
LinearSequences = Annotated[Network, _two_sequences("identity")]
Weight = Annotated[float, reals(-2, 2, unit=1 / 2)]
TwoOfTwo = Annotated[Array, arrays(2, 2, low=-4, high=4, unit=1.0)]
"""Two sequences of two inputs, one a row."""
Linear = Annotated[
    Network,
    networks("rnn", activation="identity", biases="one", hidden=(1, 3), batch=(2, 2), scales=(0, -1)),
]
Tanh = Annotated[
    Network,
    networks("rnn", activation="tanh", biases="one", hidden=(1, 3), steps=(1, 1), batch=(2, 2)),
]

stores_all = claim(
    "RNN-04",
    title="A plain RNN cannot store everything; what it keeps, fixed weights choose",
    says="A plain recurrent network keeps all information, because it has no ability to choose.",
    statement="x_1, ..., x_t ↦ h_t is injective: different input sequences lead to different states.",
    equation="""
        h_2 = h'_2   if   x'_2 = x_2 + (U/W) (h_1 − h'_1)
        ∂h_t/∂h_{t-1} = diag(φ'(z_t)) U
    """,
    verdict=REFUTED,
    because="""
        The state has n numbers, and after t steps it has seen t m of them: it cannot hold them
        all. With one unit and two inputs, whatever difference the first input has made is
        undone by the second. And with U = 0 nothing of the past is stored at all. There is
        a choice, but it is the same at every step: what U keeps, it keeps of every sequence.
        Only the slopes φ'(z_t) depend on what is read. Gates make the choice a learned
        function of x and h.
    """,
    corrected="""
        For every x_1, x'_1 and x_2 there is an x'_2 with the same h_2 (n = m = 1, W ≠ 0). What a
        step keeps is diag(φ'(z_t)) U: one matrix for all times and sequences, and slopes.
        Without an activation nothing in it depends on the input.
    """,
    sources=[D0("2, LSTM")],
    rests_on=SAMPLED,
    floats="Sums of a few products; they may differ by rounding.",
    see=["RNN-03", "LST-24"],
)


@stores_all.as_stated(needs=["run"])
def states_differ(impl: Subject, hold: Hold, net: TanhSequences) -> None:
    """With tanh, two different sequences of two inputs lead to two different states."""
    _different_sequences(hold, net)
    h = impl.run(net).outputs[-1]
    hold.strictly_less(0, abs(h[0] - h[1]).sum(), "|h_2 − h'_2|")


@stores_all.witness(of=states_differ)
def only_the_last_input() -> Mapping[str, Any]:
    """U = 0: after (1, 0) and after (0, 0) the state is 0."""
    return {"net": _after(one_unit([0.0, 0.0], W_h=1.0), [[1.0, 0.0], [0.0, 0.0]])}


@stores_all.as_stated(needs=["run"])
def states_differ_without_activation(impl: Subject, hold: Hold, w: Weight, u: Weight, X: TwoOfTwo) -> None:
    """Without an activation, and if W and U are not 0, different sequences lead to different states."""
    hold.given(bool(w and u), "a weight is 0")
    hold.given(bool((X[0] != X[1]).any()), "the sequences are the same")
    h = impl.run(_after(_linear_unit(w, u), X)).outputs[-1]
    hold.strictly_less(0, abs(h[0] - h[1]).sum(), "|h_2 − h'_2|")


@stores_all.witness(of=states_differ_without_activation)
def second_input_undoes_the_first() -> Mapping[str, Any]:
    """W = U = 1: after (1, 0) and after (0, 1) the state is 1."""
    return {"w": 1.0, "u": 1.0, "X": np.eye(2)}


@stores_all.law(needs=["run"])
def what_differed_is_undone(impl: Subject, hold: Hold, net: LinearSequences) -> None:
    """With W = 1, the second input x_2 + U (x_1 − x'_1) leads to the same state, whatever U is."""
    net = net.with_parameters(W_h=1.0)
    first, second = net.inputs[:, 0, 0]
    other = net.inputs[0, 1, 0]
    undoing = second + net.parameters[U][0, 0] * (first - other)
    h = impl.run(_after(net, [[first, second], [other, undoing]])).outputs[-1]
    hold.equal(h[0], h[1], "h_2")


@stores_all.law(needs=["run"])
def what_differed_is_undone_with_tanh(impl: Subject, hold: Hold, net: TanhSequences) -> None:
    """W = 1, any U: after other first inputs, x_2 + U (h_1 − h'_1) leads to the same state as x_2.

    The difference is read by two further inputs, h_1 and h'_1 as the implementation makes them, with the
    weights U and −U: so no format has to hold it, nor its product with U.
    """
    hold.given(_from_one_state(net), "the sequences begin in different states")
    u, (first, second), start = net.parameters[U][0, 0], net.inputs[:, :, 0], net.state["h"]
    reading = {W: np.array([[1.0, u, -u]]), U: net.parameters[U]}
    layer = Layer("rnn", 3, 1, biases="none")
    nothing = np.zeros(2)
    begun = Network(layer, reading, np.stack([first, nothing, nothing], axis=-1)[np.newaxis], {"h": start})
    reached = impl.run(begun).state
    h, other = reached["h"][:, 0]
    undoing = np.array([[second[0], 0, 0], [second[0], h, other]])[np.newaxis]
    ended = impl.run(Network(layer, reading, undoing, reached)).outputs[-1]
    hold.equal(ended[0], ended[1], "h_2")


@stores_all.law(needs=["run_vjp"])
def one_choice_for_all_sequences(impl: Subject, hold: Hold, net: Linear) -> None:
    """Without an activation, what is kept of every input is the same in all sequences."""
    dx = impl.vjp(net, on_the_last(net, unit(net, 0))).inputs
    hold.equal(dx[:, 0], dx[:, 1], "∂h_T/∂x_s in two sequences")


@stores_all.law(needs=["run", "run_vjp"])
def slopes_alone_depend_on_the_input(impl: Subject, hold: Hold, net: Tanh) -> None:
    """With tanh, what a step keeps is the same U for both sequences, and the slope of each."""
    h = impl.run(net).outputs[-1]
    for j in range(net.layer.hidden):
        kept = impl.vjp(net, on_the_last(net, unit(net, j))).state["h"]
        hold.equal(kept, slope("tanh", h)[:, j : j + 1] * net.parameters[U][j], f"row {j} of ∂h_1/∂h_0")


@stores_all.proof
def collision(prove: Prove) -> None:
    """Traced over two steps: x'_2 = x_2 + (U/W)(h_1 − h'_1) gives h'_2 = h_2, for all numbers."""
    net = prove.network(Layer("rnn", 1, 1), 2, batch=2)
    outputs = prove.reference.run(net).outputs[..., 0]
    w, u = net.parameters[W][0, 0], net.parameters[U][0, 0]
    start, x = net.state["h"][:, 0], net.inputs[..., 0]
    undoing = x[1, 0] + (u / w) * (outputs[0, 0] - outputs[0, 1])
    met = Network(
        net.layer, net.parameters, np.array([[[x[0, 1]]], [[undoing]]]), {"h": start[1:, np.newaxis]}
    )
    prove.identical(prove.reference.run(met).outputs[1, 0, 0], outputs[1, 0])


def _different_sequences(hold: Hold, net: Network) -> None:
    hold.given(_from_one_state(net), "the sequences begin in different states")
    hold.given(bool((net.inputs[:, 0] != net.inputs[:, 1]).any()), "the sequences are the same")


def _linear_unit(w: float, u: float) -> Network:
    return one_unit([0.0, 0.0], activation="identity", W_h=w, U_h=u)


def _after(net: Network, sequences: Any) -> Network:
    """The same network reading two sequences, from its first state."""
    inputs = np.array(sequences, float).T[:, :, np.newaxis]
    return Network(net.layer, net.parameters, inputs, {"h": np.repeat(net.state["h"][:1], 2, axis=0)})
