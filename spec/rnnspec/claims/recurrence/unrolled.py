"""The recurrent network unrolled: a deep network whose layers share their weights."""

from __future__ import annotations

from typing import Annotated, Any, cast

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    B,
    U,
    W,
    activation,
    beginning,
    filled,
    on_outputs,
    on_the_last,
    power,
    rational,
    states,
    terms,
    unit,
    whole_numbers,
)
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense, Layer, Network
from rnnspec.sources import D0, D3
from rnnspec.strategies import networks
from rnnspec.subject import Array, Subject


def _driven(network: Network) -> Network:
    """As many inputs as units, and each unit reads its own: W = 1. So h_t = φ(U h_{t−1} + x_t)."""
    n = network.layer.hidden
    layer = Layer("rnn", n, n, activation=activation(network), biases="none")
    inputs = np.resize(network.inputs, (network.steps, network.batch, n))
    return Network(layer, {W: np.eye(n), U: network.parameters[U]}, inputs, network.state)


def _is_driven(network: Network) -> bool:
    return network.layer.inputs == network.layer.hidden and bool(
        np.all(network.parameters[W] == np.eye(network.layer.hidden))
    )


def _unrollable(activation: str, steps: tuple[int, int] = (1, 4)) -> Any:
    """One sequence: a dense layer has one bias for the whole batch, and here it is the input."""
    return networks(
        "rnn",
        activation=activation,
        biases="none",
        hidden=(1, 3),
        inputs=(2, 3),
        steps=steps,
        batch=(1, 1),
        scales=(0, -1),
        also=_driven,
        where=_is_driven,
    )


def _with_whole_arguments(network: Network) -> Network:
    """Inputs, W and b as whole numbers, so that every format holds W x_t + b exactly."""
    net = whole_numbers(network)
    return Network(net.layer, {**net.parameters, U: network.parameters[U]}, net.inputs, network.state)


def _has_whole_arguments(network: Network) -> bool:
    read = [network.inputs, network.parameters[W], network.parameters[B]]
    return all(bool(np.all((v == np.round(v)) & (np.abs(v) <= 2))) for v in read)


AnyNetwork = Annotated[
    Network,
    networks(
        "rnn",
        activation="tanh",
        biases="one",
        hidden=(1, 3),
        inputs=(1, 2),
        steps=(1, 4),
        scales=(0, -1),
        also=_with_whole_arguments,
        where=_has_whole_arguments,
    ),
]
Driven = Annotated[Network, _unrollable("tanh")]
DrivenSigmoid = Annotated[Network, _unrollable("sigmoid")]


def _unrolled(network: Network, steps: int | None = None) -> tuple[Chain, dict[str, Array]]:
    """A dense layer for every step, each with its own copy of U for weights and x_t for a bias."""
    n, T = network.layer.hidden, network.steps if steps is None else steps
    chain = Chain((Dense(n, n, activation(network)),) * T)
    weights = {f"W_{t}": network.parameters[U] for t in range(1, T + 1)}
    return chain, weights | {f"b_{t}": network.inputs[t - 1, 0] for t in range(1, T + 1)}


# ------------------------------------------------------------------------------------------
untied = claim(
    "RNN-23",
    title="A deep net's gradients are apart, an RNN's are added up: vanishing means different things",
    says="""
        In a deep network the gradients of the weights are independent, and those near the
        input vanish most. In a recurrent network the weights are shared and the gradient is a
        sum, so vanishing means something else there: far information is not used.
    """,
    statement="""
        Give every step a copy of its own of the recurrent weights: the gradient of the copy k is
        the term k of the sum, and the sum of all copies' gradients is that of the shared weights.
    """,
    equation="""
        ∂L/∂U = Σ_k ∂L/∂U_k   at U_1 = ... = U_T = U
        ∂L/∂U_k = (∂L/∂h_T J_T ... J_{k+1} diag φ'(z_k))ᵀ h_{k−1}ᵀ
    """,
    verdict=HOLDS,
    because="""
        Both networks compute the same function, with tied weights or without. The chain rule
        adds up over every place in which a weight is used. A copy near the input has the longest
        product of Jacobians in front of it; untied, it gets nothing else to learn from, while
        tied it is moved by what the other steps say.
    """,
    sources=[D0("1.3, solution 6"), D0("1.3, DNN and RNN")],
    rests_on=SAMPLED,
    floats="Products and sums in another order; they may differ by rounding.",
    see=["RNN-13", "RNN-24", "RNN-22", "DEP-21", "LGR-14"],
)


@untied.law(needs=["run", "chain_vjp"])
def a_copy_gets_a_term(impl: Subject, hold: Hold, net: Driven) -> None:
    """The gradient of the copy k of U, and of the bias in its place, is the term k."""
    d, (chain, copies) = filled(1, net.layer.hidden), _unrolled(net)
    apart = impl.chain_vjp(chain, copies, net.state["h"], d).parameters
    for k, term in enumerate(terms(net, states(impl, net), d), start=1):
        hold.equal(apart[f"W_{k}"], term[U], f"∂L/∂U_{k}")
        hold.equal(apart[f"b_{k}"], term["b_h"], f"∂L/∂b_{k}")


@untied.law(needs=["run_vjp", "chain_vjp"])
def copies_add_up(impl: Subject, hold: Hold, net: Driven) -> None:
    """The gradients of all copies add up to that of the shared matrix."""
    d, (chain, copies) = filled(1, net.layer.hidden), _unrolled(net)
    apart = impl.chain_vjp(chain, copies, net.state["h"], d).parameters
    tied = impl.vjp(net, on_the_last(net, d)).parameters[U]
    hold.equal(tied, sum(apart[f"W_{k}"] for k in range(1, net.steps + 1)), "∂L/∂U")


@untied.law(needs=["chain_vjp"])
def the_nearer_the_input_the_less(impl: Subject, hold: Hold, net: Driven) -> None:
    """Untied, the copy k gets at most |U|^(T−k) of what comes in, less and less if |U| contracts."""
    chain, copies = _unrolled(net)
    size = rational(np.abs(net.parameters[U]))
    for j in range(net.layer.hidden):
        apart = impl.chain_vjp(chain, copies, net.state["h"], unit(net, j)).parameters
        for k in range(1, net.steps + 1):
            hold.at_most(abs(apart[f"b_{k}"]), power(size, net.steps - k)[j], f"|∂L/∂b_{k}|, unit {j}")


@untied.proof
def copies_of_three_steps(prove: Prove) -> None:
    """One tanh unit, three steps, each with a copy; then all copies are made the same."""
    copies = prove.chain(*[Dense(1, 1, "tanh")] * 3)
    y = prove.reference.chain(copies.chain, copies.parameters, copies.inputs).outputs[0, 0]
    slopes = [prove.derivative(y, copies.parameters[f"W_{k}"])[0, 0] for k in (1, 2, 3)]
    u = prove.symbols("u")[0]
    tied = dict.fromkeys(("W_1", "W_2", "W_3"), u)
    shared = prove.derivative(prove.at(y, tied), u)
    prove.identical(shared, sum(prove.at(slope, tied) for slope in slopes))


# ------------------------------------------------------------------------------------------
through_time = claim(
    "RNN-24",
    title="Back-propagation through time is back-propagation, through the unrolled network",
    says="""
        BPTT is in essence back-propagation; only that, as the data is a sequence, errors go back
        through time. Recurrent and ordinary networks use the same algorithm.
    """,
    statement="""
        The gradient that BPTT returns is the one that back-propagation returns for the unrolled
        network, the copies of each weight added up: for the weights, the inputs and h_0.
    """,
    equation="""
        ∂L/∂U = Σ_t Σ_{k≤t} ∂L_t/∂U_k
        δ_k = Σ_{t≥k} ∂L_t/∂b_k   the gradient of the copy k of the bias, W x_k + b
        ∂L/∂W = Σ_k δ_k x_kᵀ,   ∂L/∂b = Σ_k δ_k,   ∂L/∂x_k = Wᵀ δ_k
    """,
    verdict=HOLDS,
    because="""
        Unrolled over T steps, a recurrent network is a feed-forward one with T layers. BPTT visits
        them from the last to the first, as back-propagation does, and adds the gradients of the
        copies as it goes.
    """,
    sources=[D3("6.6"), D3("6.9, deriving BPTT")],
    rests_on=SAMPLED,
    floats="The same operations; sums may be taken in another order.",
    see=["RNN-23", "RNN-13"],
)


@through_time.law(needs=["run", "chain"])
def same_function(impl: Subject, hold: Hold, net: Driven) -> None:
    """Unrolled, every state is the output of a chain with as many layers as steps."""
    for t, h in enumerate(impl.run(net).outputs, start=1):
        chain, copies = _unrolled(net, t)
        hold.equal(impl.chain(chain, copies, net.state["h"]), h, f"h_{t}")


@through_time.law(needs=["run_vjp", "chain_vjp"])
def same_gradients(impl: Subject, hold: Hold, net: Driven) -> None:
    """A loss at the end: the gradients of U, of every input and of h_0."""
    _hold_same_gradients(impl, hold, net)


@through_time.law(needs=["run_vjp", "chain_vjp"])
def same_gradients_with_sigmoid(impl: Subject, hold: Hold, net: DrivenSigmoid) -> None:
    """The same with the sigmoid."""
    _hold_same_gradients(impl, hold, net)


def _hold_same_gradients(impl: Subject, hold: Hold, net: Network) -> None:
    d, (chain, copies) = filled(1, net.layer.hidden), _unrolled(net)
    unrolled = impl.chain_vjp(chain, copies, net.state["h"], d)
    back = impl.vjp(net, on_the_last(net, d))
    hold.equal(
        back.parameters[U], sum(unrolled.parameters[f"W_{t}"] for t in range(1, net.steps + 1)), "∂L/∂U"
    )
    for t in range(1, net.steps + 1):
        hold.equal(back.inputs[t - 1, 0], unrolled.parameters[f"b_{t}"], f"∂L/∂x_{t}")
    hold.equal(back.state["h"], unrolled.inputs, "∂L/∂h_0")


@through_time.law(needs=["run_vjp", "chain_vjp"])
def losses_on_the_way(impl: Subject, hold: Hold, net: Driven) -> None:
    """A loss at every step: the sum over t of what the chain of the first t layers gives."""
    d = filled(net.steps, 1, net.layer.hidden)
    back = impl.vjp(net, on_outputs(net, d))
    shared: Any = 0
    start: Any = 0
    for t in range(1, net.steps + 1):
        chain, copies = _unrolled(beginning(net, t))
        unrolled = impl.chain_vjp(chain, copies, net.state["h"], d[t - 1])
        shared = shared + sum(unrolled.parameters[f"W_{k}"] for k in range(1, t + 1))
        start = start + unrolled.inputs
    hold.equal(back.parameters[U], shared, "∂L/∂U")
    hold.equal(back.state["h"], start, "∂L/∂h_0")


@through_time.law(needs=["run_vjp", "chain_vjp"])
def all_weights_and_a_batch(impl: Subject, hold: Hold, net: AnyNetwork) -> None:
    """A loss at the end, any W and b, several sequences: the gradients of W, U, b, the inputs and h_0."""
    hold.given(_has_whole_arguments(net), "W, b or an input is no small whole number")
    d = filled(net.batch, net.layer.hidden)
    back = impl.vjp(net, on_the_last(net, d))
    p, found = net.parameters, dict.fromkeys((W, U, B), cast(Any, 0))
    for member in range(net.batch):
        chain, copies = _unrolled_member(net, member)
        start = net.state["h"][member : member + 1]
        unrolled = impl.chain_vjp(chain, copies, start, d[member : member + 1])
        for t in range(1, net.steps + 1):
            delta, x = unrolled.parameters[f"b_{t}"], net.inputs[t - 1, member]
            found[W] = found[W] + np.multiply.outer(delta, x)
            found[U] = found[U] + unrolled.parameters[f"W_{t}"]
            found[B] = found[B] + delta
            hold.equal(back.inputs[t - 1, member], delta @ p[W], f"∂L/∂x_{t} of the sequence {member + 1}")
        hold.equal(back.state["h"][member], unrolled.inputs[0], f"∂L/∂h_0 of the sequence {member + 1}")
    for name, gradient in found.items():
        hold.equal(back.parameters[name], gradient, f"∂L/∂{name}")


def _unrolled_member(network: Network, member: int) -> tuple[Chain, dict[str, Array]]:
    """The chain of one sequence of the batch: a dense layer has one bias for all."""
    p, n = network.parameters, network.layer.hidden
    chain = Chain((Dense(n, n, activation(network)),) * network.steps)
    weights = {f"W_{t}": p[U] for t in range(1, network.steps + 1)}
    read = {f"b_{t}": p[W] @ x + p[B] for t, x in enumerate(network.inputs[:, member], start=1)}
    return chain, weights | read


@through_time.proof
def all_weights_of_two_steps(prove: Prove) -> None:
    """Two tanh units, two inputs, two steps, any W, U and b: both algorithms return the same gradients."""
    net = prove.network(Layer("rnn", 2, 2), 2)
    cotangent = prove.cotangent(net, last=True)
    back = prove.reference.vjp(net, cotangent)
    chain, copies = _unrolled_member(net, 0)
    unrolled = prove.reference.chain_vjp(chain, copies, net.state["h"], cotangent.outputs[-1])
    delta = [unrolled.parameters[name] for name in ("b_1", "b_2")]
    x = net.inputs[:, 0]
    prove.identical(back.parameters[W], np.outer(delta[0], x[0]) + np.outer(delta[1], x[1]))
    prove.identical(back.parameters[U], unrolled.parameters["W_1"] + unrolled.parameters["W_2"])
    prove.identical(back.parameters[B], delta[0] + delta[1])
    prove.identical(back.inputs[:, 0], [one @ net.parameters[W] for one in delta])
    prove.identical(back.state["h"], unrolled.inputs)


@through_time.proof
def chain_of_copies(prove: Prove) -> None:
    """Two tanh units, two steps, W = 1: both algorithms return the same, and it is the derivative."""
    n, T = 2, 2
    net = prove.network(Layer("rnn", n, n, biases="none"), T, W_h=np.eye(n))
    cotangent = prove.cotangent(net, last=True)
    back = prove.reference.vjp(net, cotangent)
    copies = {f"W_{t}": net.parameters[U] for t in (1, 2)} | {f"b_{t}": net.inputs[t - 1, 0] for t in (1, 2)}
    chain = prove.chain(*[Dense(n, n, "tanh")] * T, **copies).chain
    unrolled = prove.reference.chain_vjp(chain, copies, net.state["h"], cotangent.outputs[-1])
    prove.identical(back.parameters[U], unrolled.parameters["W_1"] + unrolled.parameters["W_2"])
    prove.identical(back.inputs[:, 0], [unrolled.parameters["b_1"], unrolled.parameters["b_2"]])
    prove.identical(back.state["h"], unrolled.inputs)
    L = (cotangent.outputs[-1] * prove.reference.run(net).outputs[-1]).sum()
    prove.identical(back.parameters[U], prove.derivative(L, net.parameters[U]))
