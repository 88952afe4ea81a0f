"""The simple recurrent network: its equations, and the weights that all steps share."""

from __future__ import annotations

from itertools import permutations
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, claim
from rnnspec.claims.recurrence.words import BU, B, U, W, read_out, states, step
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense, Layer, Network
from rnnspec.sources import D0, D1, D2, D3
from rnnspec.strategies import LayerSizes, arrays, networks, wholes
from rnnspec.subject import Array, Subject

AnyTanh = Annotated[Network, networks("rnn", activation="tanh", hidden=(1, 4), steps=(0, 5), large=True)]
OneBias = Annotated[Network, networks("rnn", activation="tanh", biases="one", hidden=(1, 3), steps=(1, 4))]
TwoBiases = Annotated[Network, networks("rnn", activation="tanh", biases="two", hidden=(1, 4), steps=(1, 1))]
Sigmoid = Annotated[Network, networks("rnn", activation="sigmoid", biases="one", hidden=(1, 3), steps=(1, 4))]

Classes = Annotated[Array, arrays((2, 4), 4)]
"""Two to four outputs for up to three units: V in the first columns, c in the last."""

# ------------------------------------------------------------------------------------------
equations = claim(
    "RNN-02",
    title="A simple RNN mixes its previous state with the input in one tanh layer",
    says="""
        The cell of a simple recurrent network calls itself: it passes what it put out at t − 1 on
        to t, where it is combined with the input through weights, a bias and tanh. The
        output is a linear function of the state, and for classes its softmax.
    """,
    statement="""
        h_t = φ(W x_t + U h_{t−1} + b), in general with φ = tanh; o_t = V h_t + c;
        ŷ_t = softmax(o_t). One document leaves the biases out.
    """,
    equation="""
        h_t = tanh(W x_t + U h_{t−1} + b) = tanh([U W] [h_{t−1}; x_t] + b)
        o_t = V h_t + c
        ŷ_t = softmax(o_t):   ŷ_t[i] = e^{o_t[i]} / Σ_j e^{o_t[j]}
    """,
    verdict=HOLDS,
    because="""
        It is a definition, and the documents mean the same one in several notations. What is W
        here is W_x in D0, W_I in D2 and U in D3; what is U here is W_s, W_R and W; and V is W_o,
        W_O and V. A single matrix on [h; x] is the same map as one on each. Two slips are not
        counted: D1 once calls h_t the input at t, against what it says later; and D3 writes σ
        for the softmax, where σ is the sigmoid elsewhere.
    """,
    sources=[
        D1("0, what an LSTM is"),
        D1("3, in detail"),
        D0("2, LSTM"),
        D2("vanishing gradients"),
        D3("6.8"),
    ],
    rests_on=SAMPLED,
    floats="""
        Each step is held by itself, from the state that the implementation has reached: what is
        allowed is the rounding of one step.
    """,
    see=["RNN-05", "RNN-31"],
)


@equations.law(needs=["run"])
def every_step(impl: Subject, hold: Hold, net: AnyTanh) -> None:
    """h_t = tanh(W x_t + U h_{t−1} + b), from the state that was reached; the last h is the final state."""
    p, (before, *later) = net.parameters, states(impl, net)
    bias = sum(p.get(name, 0.0) for name in (B, BU))
    for t, h in enumerate(later, start=1):
        argument = net.inputs[t - 1] @ p[W].T + before @ p[U].T + bias
        hold.equal(h, hold.reference.activation("tanh", argument), f"h_{t}")
        before = h
    hold.exactly(impl.run(net).state["h"], before, "the final state")


@equations.law(needs=["run"])
def from_rest(impl: Subject, hold: Hold, net: TwoBiases) -> None:
    """From h_0 = 0 the first state is tanh(W x_1 + b), with both biases where a library has two."""
    p, rest = net.parameters, {"h": np.zeros_like(net.state["h"])}
    h = impl.run(Network(net.layer, p, net.inputs, rest)).outputs[0]
    argument = net.inputs[0] @ p[W].T + p[B] + p[BU]
    hold.equal(h, hold.reference.activation("tanh", argument), "h_1")


@equations.law(needs=["run"])
def every_step_with_sigmoid(impl: Subject, hold: Hold, net: Sigmoid) -> None:
    """With another activation, here the sigmoid, the same equation."""
    p, (before, *later) = net.parameters, states(impl, net)
    for t, h in enumerate(later, start=1):
        argument = net.inputs[t - 1] @ p[W].T + before @ p[U].T + p[B]
        hold.equal(h, hold.reference.activation("sigmoid", argument), f"h_{t}")
        before = h


@equations.law(needs=["run", "chain"])
def one_matrix_for_both(impl: Subject, hold: Hold, net: OneBias) -> None:
    """A step is a dense layer with the matrix [U W] on [h_{t−1}; x_t]."""
    p, m, n = net.parameters, net.layer.inputs, net.layer.hidden
    layer, joined = Chain((Dense(n + m, n, "tanh"),)), np.concatenate([p[U], p[W]], axis=1)
    hs = states(impl, net)
    for t in range(1, net.steps + 1):
        both = np.concatenate([hs[t - 1], net.inputs[t - 1]], axis=1)
        hold.equal(impl.chain(layer, {"W_1": joined, "b_1": p[B]}, both), hs[t], f"h_{t}")


@equations.law(needs=["run", "chain", "softmax"])
def linear_read_out_and_softmax(impl: Subject, hold: Hold, net: OneBias, R: Classes) -> None:
    """o_t = V h_t + c; of two to four classes, of each two i, j softmax gives i the share σ(o_i − o_j).

    With the sum 1 this is softmax and nothing else.
    """
    link, given = read_out(net, R)
    for t, h in enumerate(impl.run(net).outputs, start=1):
        o = impl.chain(link, given, h)
        hold.equal(o, h @ given["W_1"].T + given["b_1"], f"o_{t}")
        p = impl.softmax(o)
        for i, j in permutations(range(len(R)), 2):
            share = hold.reference.activation("sigmoid", o[:, i] - o[:, j])
            hold.equal(p[:, i], share * (p[:, i] + p[:, j]), f"ŷ_{t}, class {i + 1} beside {j + 1}")
        hold.equal(p.sum(axis=1), 1, f"the sum of ŷ_{t}")


@equations.proof
def traced_index_by_index(prove: Prove) -> None:
    """Two steps of two units, number by number; and the dense layer on [h; x] is the same."""
    net = prove.network(Layer("rnn", 2, 2), 2)
    p, x, h = net.parameters, net.inputs[:, 0], net.state["h"][0]
    outputs = prove.reference.run(net).outputs[:, 0]
    joined = np.concatenate([p[U], p[W]], axis=1)
    dense = prove.chain(Dense(4, 2, "tanh"), W_1=joined, b_1=p[B]).chain
    for t in range(2):
        argument = [
            p[W][j, 0] * x[t, 0] + p[W][j, 1] * x[t, 1] + p[U][j, 0] * h[0] + p[U][j, 1] * h[1] + p[B][j]
            for j in range(2)
        ]
        prove.identical(outputs[t], prove.activation("tanh", argument))
        both = np.concatenate([h, x[t]])[np.newaxis]
        y = prove.reference.chain(dense, {"W_1": joined, "b_1": p[B]}, both).outputs[0]
        prove.identical(outputs[t], y)
        h = outputs[t]


@equations.proof
def read_out_and_softmax(prove: Prove) -> None:
    """Three classes: o = V h + c number by number; softmax is e^{o_i} over the sum of all e^{o_j}."""
    link = prove.chain(Dense(2, 3))
    (h,) = link.inputs
    V, c = link.parameters["W_1"], link.parameters["b_1"]
    o = prove.reference.chain(link.chain, link.parameters, link.inputs).outputs[0]
    prove.identical(o, [V[i, 0] * h[0] + V[i, 1] * h[1] + c[i] for i in range(3)])
    logits = prove.symbols("o1 o2 o3")
    raised = [prove.exp(one) for one in logits]
    p = prove.reference.softmax(prove.matrix([logits]))[0]
    prove.identical(p, [one / sum(raised) for one in raised])


# ------------------------------------------------------------------------------------------
Length = Annotated[int, wholes(1, 12)]

shared = claim(
    "RNN-05",
    title="An RNN has one set of weights for all steps; unrolled, a deep net has one a layer",
    says="""
        The parameters W, U and V of a recurrent network are shared over time, weights of one kind
        being the same at every step; in ordinary networks every layer has its own.
    """,
    statement="The number of parameters is n(n + m + 1) + q(n + 1), whatever the length T.",
    equation="""
        n(n + m + 1) + q(n + 1)   with q outputs
        n = 2, m = 3:  12 recurrent parameters
        T dense layers of n units:  T n(n + 1)
    """,
    verdict=HOLDS,
    because="""
        U is n by n, W is n by m, b has n numbers, V is q by n and c has q. T does not
        occur. The same step function is applied again and again, so a step is the same wherever
        it stands in the sequence.
    """,
    sources=[D0("1.3, DNN and RNN"), D0("questions, 3"), D3("6.6"), D3("6.8")],
    floats="Counting is exact. A step computed alone may be rounded otherwise than one in a sequence.",
    see=["RNN-02", "RNN-23"],
)


@shared.law(needs=["parameter_count"])
def counted(impl: Subject, hold: Hold, sizes: LayerSizes) -> None:
    """n(n + m + k) with k bias vectors, and q(n + 1) of a read-out with q = m outputs."""
    m, n, k = sizes.m, sizes.n, sizes.k
    layer = impl.parameter_count(Layer("rnn", m, n, biases=sizes.biases))
    hold.exactly(layer, n * (n + m + k), "parameters of the recurrent layer")
    hold.exactly(impl.parameter_count(Chain((Dense(n, m),))), m * (n + 1), "parameters of the read-out")


@shared.law(needs=["parameter_count"])
def a_set_for_every_layer(impl: Subject, hold: Hold, sizes: LayerSizes, T: Length) -> None:
    """T dense layers of n units have T times the parameters of one."""
    chain = Chain((Dense(sizes.n, sizes.n, "tanh"),) * T)
    hold.exactly(impl.parameter_count(chain), T * sizes.n * (sizes.n + 1), "parameters of T layers")


@shared.law(needs=["run"])
def a_step_is_the_same_anywhere(impl: Subject, hold: Hold, net: OneBias) -> None:
    """Every step of a sequence is the step that the network makes as its first."""
    hs = states(impl, net)
    for t in range(1, net.steps + 1):
        hold.equal(impl.run(step(net, t, hs[t - 1])).outputs[0], hs[t], f"h_{t}")


@shared.proof
def polynomials_without_T(prove: Prove) -> None:
    """The counts as polynomials in m, n and q; T dense layers need T n(n + 1)."""
    m, n, q, T = prove.sizes("m n q T")
    recurrent = prove.parameter_count("rnn", "one")
    output = prove.count(lambda n, q: Chain((Dense(n, q),)), "n q")
    prove.identical(recurrent + output, n * (n + m + 1) + q * (n + 1))
    prove.identical(prove.at(recurrent, {"n": 2, "m": 3}), 12)
    layers = prove.count_in_depth(_layers, "n", "T")
    prove.identical(layers, T * n * (n + 1))


def _layers(n: Any, T: int) -> Chain:
    return Chain((Dense(n, n),) * T)
