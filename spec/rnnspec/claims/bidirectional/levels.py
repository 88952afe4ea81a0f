"""Levels on top of each other: what they read, and how large they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, claim
from rnnspec.claims.bidirectional.parts import GATES, direction_of, halves, level_of, stack_of
from rnnspec.evidence import Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import LayerKind, Network, Stack
from rnnspec.sources import D4
from rnnspec.strategies import LayerSizes, stacks, wholes
from rnnspec.subject import Subject

Levels = Annotated[Network, stacks(depth=(1, 3), directions=(1, 2), hidden=(1, 2), steps=(1, 2))]
OneDirection = Annotated[Network, stacks(depth=(2, 3), directions=(1,), hidden=(1, 2), steps=(2, 3))]
TwoLevels = Annotated[Network, stacks(depth=(2, 2), hidden=(1, 2), steps=(2, 2))]
ThreeLevels = Annotated[Network, stacks(depth=(3, 3), hidden=(1, 3), steps=(2, 3))]
Depth = Annotated[int, wholes(1, 4)]

# ------------------------------------------------------------------------------------------
stacked = claim(
    "BID-04",
    title="Each level hands its hidden state to the next step and to the level above",
    says="""
        In a stacked network the hidden state of each layer goes to the next time step, and is at
        the same time the input of the next layer; that adds parameters.
    """,
    statement="h_t^(l) = F_l(h_t^(l−1), h_{t−1}^(l)) with h^(0) = x.",
    equation="""
        h_t^(l) = F_l(h_t^(l−1), h_{t−1}^(l))
        parameters, both directions:   2gn(m + n + k) + (L − 1)·2gn(2n + n + k)
        g = 1, 3, 4 for RNN, GRU, LSTM;   k biases a gate
        m = 3, n = 4, L = 3, k = 1:  272 for the RNN
    """,
    verdict=HOLDS,
    because="""
        It is what stacking means. A level reads the outputs of the one below as its inputs, in
        the same step, and its own state of the step before. The lowest level has m inputs; with
        both directions every other one has 2n, so it has matrices of another size.
    """,
    sources=[D4("stacked bidirectional RNNs")],
    rests_on=SAMPLED,
    floats="The same layers, run as a stack and one by one: they may differ by rounding. Counting is exact.",
    see=["BID-05", "BID-06", "GRU-08"],
)


@stacked.law(needs=["run"])
def each_level_reads_the_one_below(impl: Subject, hold: Hold, net: Levels) -> None:
    """The levels one by one, each over the outputs of the one below, give the stack's outputs."""
    outputs: Any = net.inputs
    final: dict[str, Any] = {}
    for level in range(stack_of(net).depth):
        run = impl.run(level_of(net, level, outputs))
        outputs = run.outputs
        final |= {name.replace("_l0", f"_l{level}"): value for name, value in run.state.items()}
    whole = impl.run(net)
    hold.equal(whole.outputs, outputs, "the outputs")
    for name, value in final.items():
        hold.equal(whole.state[name], value, f"the final {name}")


@stacked.law(needs=["run"])
def each_level_keeps_its_own_state(impl: Subject, hold: Hold, net: OneDirection) -> None:
    """Step by step, with all levels' states handed on, a stack of one direction comes to the same."""
    state, outputs = net.state, []
    for t in range(net.steps):
        run = impl.run(net.at(t, state))
        state = run.state
        outputs.append(run.outputs[0])
    hold.equal(impl.run(net).outputs, np.stack(outputs), "h_1 ... h_T")


@stacked.law(needs=["parameter_count"])
def counted(impl: Subject, hold: Hold, sizes: LayerSizes, depth: Depth) -> None:
    """The counts of stacks of every kind, with one direction and with both."""
    m, n, k = sizes.m, sizes.n, sizes.k
    for kind, gates in GATES.items():
        layer = Layer(kind, m, n, biases=sizes.biases)
        for D in (1, 2):
            expected = D * gates * n * ((m + n + k) + (depth - 1) * (D * n + n + k))
            stack = Stack(layer, depth, bidirectional=D == 2)
            hold.exactly(impl.parameter_count(stack), expected, f"{kind}, {D} directions")


@stacked.proof
def counts_for_every_depth(prove: Prove) -> None:
    """As polynomials in m, n and L, counted on the shapes of stacks of both directions."""
    m, n = prove.sizes("m n")
    (L,) = prove.sizes("L")

    def stack(kind: LayerKind) -> Any:
        return lambda m, n, L: Stack(Layer(kind, m, n), L, bidirectional=True)

    one = 2 * n * (m + n + 1) + (L - 1) * 2 * n * (3 * n + 1)
    for kind, gates in GATES.items():
        prove.identical(prove.count_in_depth(stack(kind), "m n", "L"), gates * one)
    prove.identical(prove.at(one, {"m": 3, "n": 4, "L": 3}), 272)


@stacked.proof
def two_levels_traced(prove: Prove) -> None:
    """Two levels, two steps, one unit: h_t^(2) = tanh(W h_t^(1) + U h_{t−1}^(2) + b)."""
    layer = Layer("rnn", 1, 1)
    net = prove.network(Stack(layer, 2), 2)
    below = prove.network(layer, 2, **_renamed(net, 0), inputs=net.inputs)
    h = prove.reference.run(below).outputs
    above = prove.network(layer, 2, **_renamed(net, 1), inputs=h)
    prove.identical(prove.reference.run(net).outputs, prove.reference.run(above).outputs)
    W, U, b = (net.parameters[f"{name}_h_l1"].flat[0] for name in ("W", "U", "b"))
    first, second = prove.reference.run(net).outputs[:, 0, 0]
    prove.identical(second, prove.activation("tanh", W * h[1, 0, 0] + U * first + b))


def _renamed(net: Network, level: int) -> dict[str, Any]:
    """The parameters and the state of one level, under the layer's own names."""
    end = f"_l{level}"
    both = (*net.parameters.items(), *net.state.items())
    return {name.removesuffix(end): value for name, value in both if name.endswith(end)}


# ------------------------------------------------------------------------------------------
sizes_of_three = claim(
    "BID-05",
    title="Three bidirectional levels carry 6n numbers of hidden state and put out 2n",
    says="""
        In a bidirectional network of three layers the hidden state has 6 times, the output
        2 times the hidden dimension, since the last layer's two directions are concatenated.
    """,
    statement="With D directions and L levels the states h have D·L·n numbers, an output D·n.",
    equation="""
        states: D L n = 6n       output: D n = 2n       LSTM: 2 D L n = 12n, as it has c, too
        final →h = first half of y_T       final ←h = second half of y_1
    """,
    verdict=HOLDS,
    because="""
        Every layer of the stack has a state of its own, and there are D in each of L levels;
        put out is what the highest level shows, D of them side by side. The final state of the
        backward direction is the one it reaches at t = 1, where it ends: it is the second half
        of the first output, and not of the last.
    """,
    sources=[D4("stacked bidirectional RNNs")],
    rests_on=SAMPLED,
    floats="Sizes are exact; and the final state is an output, the same to the last bit.",
    see=["BID-01", "BID-04"],
)


@sizes_of_three.law(needs=["run"])
def states_and_outputs_counted(impl: Subject, hold: Hold, net: Levels) -> None:
    """Counted on what comes back, for each sequence: DLn numbers h, an LSTM's DLn of c, Dn put out."""
    run, n, stack = impl.run(net), net.layer.hidden, stack_of(net)
    D, L = 2 if stack.bidirectional else 1, stack.depth
    for kind in ("h", "c"):
        sizes = [value.shape[1] for name, value in run.state.items() if name.startswith(f"{kind}_")]
        there = kind == "h" or stack.layer.kind == "lstm"
        hold.exactly(sum(sizes), D * L * n if there else 0, f"numbers of {kind}")
    hold.exactly(run.outputs.shape[2], D * n, "numbers of an output")


@sizes_of_three.law(needs=["run"])
def where_the_final_states_stand(impl: Subject, hold: Hold, net: ThreeLevels) -> None:
    """The highest level's final states are the first half of y_T and the second half of y_1."""
    run = impl.run(net)
    first, second = halves(net, run.outputs)
    hold.exactly(run.state["h_l2"], first[-1], "the final →h is in y_T")
    hold.exactly(run.state["h_l2_reverse"], second[0], "the final ←h is in y_1")


@sizes_of_three.law(needs=["run"])
def final_states_are_reached_in_reading_order(impl: Subject, hold: Hold, net: TwoLevels) -> None:
    """In the lowest level, too: each final state is that of a layer that reads by itself."""
    run = impl.run(net)
    lowest = level_of(net, 0, net.inputs)
    for reverse, end in ((False, "_l0"), (True, "_l0_reverse")):
        for name, value in impl.run(direction_of(lowest, reverse)).state.items():
            hold.equal(run.state[name + end], value, f"the final {name}{end}")


@sizes_of_three.proof
def sizes_traced(prove: Prove) -> None:
    """Three levels, two steps, one unit and two: the sizes, and where the final states stand."""
    states: Mapping[LayerKind, int] = {"rnn": 1, "lstm": 2}
    for kind, count in states.items():
        for n in (1, 2):
            stack = Stack(Layer(kind, 1, n, biases="none"), 3, bidirectional=True)
            net = prove.network(stack, 2, rest=prove.number(1, 2))
            run = prove.reference.run(net)
            prove.identical(sum(value.shape[1] for value in run.state.values()), 6 * n * count)
            prove.identical(run.outputs.shape[2], 2 * n)
            first, second = halves(net, run.outputs)
            prove.identical(run.state["h_l2"], first[-1])
            prove.identical(run.state["h_l2_reverse"], second[0])
