"""Two directions side by side: what each of them sees, and what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, LOOSE, SAMPLED, claim
from rnnspec.claims.bidirectional.parts import (
    direction_of,
    halves,
    level_of,
    mirrored,
    of_level,
    on_direction,
    on_everything,
    stack_of,
    with_other,
)
from rnnspec.evidence import Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Cotangent, Network, Stack
from rnnspec.sources import D4
from rnnspec.strategies import stacks, wholes
from rnnspec.subject import Subject

OneLevel = Annotated[Network, stacks(depth=(1, 1), steps=(1, 4))]
SomeSteps = Annotated[Network, stacks(depth=(1, 1), steps=(2, 4))]
FewSteps = Annotated[Network, stacks(depth=(1, 1), steps=(1, 2))]
TwoLevels = Annotated[Network, stacks(depth=(2, 2), hidden=(1, 2), steps=(1, 2), biases=("one",))]
Place = Annotated[int, wholes(0, 31)]

TINY = Stack(Layer("rnn", 1, 1, biases="none"), 1, bidirectional=True)

# ------------------------------------------------------------------------------------------
both_ways = claim(
    "BID-01",
    title="A bidirectional network puts the past and the future side by side",
    says="""
        A bidirectional RNN considers past and future information; the activations of the two
        directions are concatenated into the final one.
    """,
    statement="y_t = [→h_t ; ←h_t] with →h_t = F(x_1 ... x_t), ←h_t = G(x_t ... x_T): 2n numbers.",
    equation="""
        →h_t = F(x_t, →h_{t−1})   from →h_0
        ←h_t = G(x_t, ←h_{t+1})   from ←h_{T+1}
        y_t = [→h_t ; ←h_t]
    """,
    verdict=HOLDS,
    because="""
        One layer reads the sequence from its beginning, another, with parameters of its own, from
        its end. So the first half of y_t knows nothing of later inputs and the second half
        nothing of earlier ones, and together they have seen all. Read the sequence backwards
        and exchange the parameters, and the halves are exchanged.
    """,
    sources=[D4("bidirectional RNNs")],
    rests_on=SAMPLED,
    floats="""
        What does not depend on an input does not depend on its rounding, either: both
        halves are the same to the last bit when others change.
    """,
    see=["BID-02", "BID-05"],
)


@both_ways.law(needs=["run"])
def first_half_sees_the_past(impl: Subject, hold: Hold, net: SomeSteps, place: Place) -> None:
    """Other inputs from step t on leave the first half before it as it was, to the last bit."""
    t = 1 + place % (net.steps - 1)
    changed = replace(net, inputs=np.concatenate([net.inputs[:t], -net.inputs[t:]]))
    before, after = (halves(net, impl.run(it).outputs)[0][:t] for it in (net, changed))
    hold.exactly(before, after, f"→h_1 ... →h_{t}")


@both_ways.law(needs=["run"])
def second_half_sees_the_future(impl: Subject, hold: Hold, net: SomeSteps, place: Place) -> None:
    """Other inputs up to step t leave the second half behind it as it was, to the last bit."""
    t = 1 + place % (net.steps - 1)
    changed = replace(net, inputs=np.concatenate([-net.inputs[:t], net.inputs[t:]]))
    before, after = (halves(net, impl.run(it).outputs)[1][t:] for it in (net, changed))
    hold.exactly(before, after, f"←h_{t + 1} ... ←h_T")


@both_ways.law(needs=["run"])
def two_layers_side_by_side(impl: Subject, hold: Hold, net: OneLevel) -> None:
    """y_t is the output of a layer that reads forwards, above that of one that reads backwards."""
    forward, backward = (impl.run(direction_of(net, reverse)).outputs for reverse in (False, True))
    first, second = halves(net, impl.run(net).outputs)
    hold.equal(first, forward, "the first half")
    hold.equal(second, backward[::-1], "the second half, read from the end")


@both_ways.law(needs=["run"])
def reversal_swaps_the_halves(impl: Subject, hold: Hold, net: OneLevel) -> None:
    """The reversed sequence, with the directions' parameters exchanged, exchanges the halves."""
    mirror = Network(net.layer, mirrored(net.parameters), net.inputs[::-1], mirrored(net.state))
    first, second = halves(net, impl.run(net).outputs)
    there, back = halves(net, impl.run(mirror).outputs)
    hold.equal(there[::-1], second, "the first half of the mirror image")
    hold.equal(back[::-1], first, "the second half of the mirror image")


@both_ways.proof
def past_and_future_traced(prove: Prove) -> None:
    """Three steps of one unit each way: ∂→h_t/∂x_s = 0 for s > t, and ∂←h_t/∂x_s = 0 for s < t.

    Elsewhere they are products of slopes, W and powers of U: y_t depends on every input.
    """
    net = prove.network(TINY, 3)
    y, x = prove.reference.run(net).outputs[:, 0], net.inputs[:, 0, 0]
    seen = prove.derivative(y, x)
    W, U = ([net.parameters[f"{name}_h_l0{end}"][0, 0] for end in ("", "_reverse")] for name in "WU")
    for t in range(3):
        for s in range(3):
            for k, before in enumerate((s > t, s < t)):
                if before:
                    prove.identical(seen[t, k, s], 0)
                    continue
                way = range(min(s, t), max(s, t) + 1)
                slopes = np.prod([1 - y[u, k] ** 2 for u in way])
                prove.identical(seen[t, k, s], slopes * W[k] * U[k] ** abs(s - t))


# ------------------------------------------------------------------------------------------
two_passes = claim(
    "BID-02",
    title="The backward direction is a pass of its own, and not the way back of the forward one",
    says="""
        After the forward pass one does not stop, but goes back from the last step along
        the dashed line.
    """,
    statement="The backward direction starts at T, from what the forward direction ended with.",
    equation="←h_t = G(x_t, ←h_{t+1}), t = T, ..., 1, from its own ←h_{T+1}, whatever →h is",
    verdict=LOOSE,
    because="""
        What is right is the order in which it reads: T, ..., 1. But it does not turn round where the
        forward pass has arrived: it has its own parameters and its own initial state, and
        never sees →h. Other forward weights change no bit of ←h, and which of the passes is
        run first does not matter.
    """,
    corrected="""
        The two directions of a level are independent: ←h is the layer's output over the
        reversed sequence from its own initial state. They meet only in the concatenation, and
        in the level above.
    """,
    sources=[D4("bidirectional RNNs")],
    rests_on=SAMPLED,
    floats="What one direction computes is the same to the last bit, whatever the other's numbers.",
    see=["BID-01", "BID-03"],
)


@two_passes.as_stated(needs=["run"])
def turns_round_at_the_end(impl: Subject, hold: Hold, net: OneLevel) -> None:
    """The backward direction continues from the forward direction's final state."""
    reached = impl.run(direction_of(net, False)).state
    going_on = replace(direction_of(net, True), state=reached)
    _, second = halves(net, impl.run(net).outputs)
    hold.equal(second, impl.run(going_on).outputs[::-1], "←h, continued from →h_T")


@two_passes.witness(of=turns_round_at_the_end)
def one_that_starts_from_nothing() -> Mapping[str, Any]:
    """One step, weights of 1, no input: →h goes from 1 to tanh 1, and ←h stays at its own 0."""
    shapes = TINY.parameter_shapes
    ones = {name: np.ones(shape) for name, shape in shapes.items()}
    state = {"h_l0": np.ones((1, 1)), "h_l0_reverse": np.zeros((1, 1))}
    return {"net": Network(TINY, ones, np.zeros((1, 1, 1)), state)}


@two_passes.law(needs=["run"])
def directions_do_not_see_each_other(impl: Subject, hold: Hold, net: OneLevel) -> None:
    """Other parameters and another start of one direction change no bit of the other."""
    run = impl.run(net)
    for reverse in (False, True):
        other = impl.run(with_other(net, reverse))
        kept = 0 if reverse else 1
        hold.exactly(halves(net, other.outputs)[kept], halves(net, run.outputs)[kept], "the other half")
        for name, value in run.state.items():
            if name.endswith("_reverse") != reverse:
                hold.exactly(other.state[name], value, f"the final {name}")


@two_passes.law(needs=["run"])
def starts_at_the_end_from_its_own_state(impl: Subject, hold: Hold, net: OneLevel) -> None:
    """←h_T is one step of the backward layer from its own initial state, with x_T."""
    backward = direction_of(net, True)
    first = impl.run(backward.at(0, backward.state)).outputs[0]
    hold.equal(halves(net, impl.run(net).outputs)[1][-1], first, "←h_T")


@two_passes.proof
def whatever_the_forward_direction(prove: Prove) -> None:
    """Three steps, traced: ←h is the same expression for two different forward directions."""
    net = prove.network(TINY, 3)

    def other_forward(named: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: value if name.endswith("_reverse") else prove.symbols("a").reshape(1, 1)
            for name, value in named.items()
        }

    other = replace(net, parameters=other_forward(net.parameters), state=other_forward(net.state))
    here, there = (prove.reference.run(it).outputs[:, 0, 1] for it in (net, other))
    prove.identical(here, there)
    alone = prove.reference.run(direction_of(net, True)).outputs[::-1, 0, 0]
    prove.identical(here, alone)


# ------------------------------------------------------------------------------------------
two_ways_back = claim(
    "BID-03",
    title="Back-propagation goes back each direction by itself; gradients meet at the inputs",
    says="Back-propagation is alike: it has to go round the circle, too.",
    statement="∂←h/∂(the forward direction's parameters) ≠ 0: the gradient turns round as well.",
    equation="""
        ∂←h_t/∂→W = 0,   ∂→h_t/∂←W = 0              within a level
        ∂L/∂x_t = →W^T →a_t + ←W^T ←a_t              they add at its inputs
    """,
    verdict=LOOSE,
    because="""
        As the forward computations of a level have nothing in common but their inputs, neither have
        their gradients: one goes back from T to 1 through the forward layer, the other from 1
        to T through the backward one. Only at the inputs the two are added. In a stack these
        inputs are outputs of both directions below: there, and in no other way, the gradient of
        a backward output reaches forward parameters.
    """,
    corrected="""
        Within a level each direction's gradient by the other's parameters and states is exactly 0,
        and the gradient by the inputs is the sum of the two. Directions mix from the second
        level on.
    """,
    sources=[D4("bidirectional RNNs")],
    rests_on=SAMPLED,
    floats="A gradient that is 0 is so to the last bit: nothing is ever added to it.",
    see=["BID-01", "BID-02"],
)


@two_ways_back.as_stated(needs=["run_vjp"])
def goes_round(impl: Subject, hold: Hold, net: OneLevel) -> None:
    """A cotangent on ←h alone has a gradient by the forward direction's parameters."""
    back = impl.vjp(net, on_direction(net, True)).parameters
    crossed = sum(abs(v).sum() for k, v in back.items() if not k.endswith("_reverse"))
    hold.strictly_less(0, crossed, "Σ|∂←h/∂→W|")


@two_ways_back.witness(of=goes_round)
def weights_of_one() -> Mapping[str, Any]:
    """Two steps, all weights, inputs and states 1: every other derivative is there, these are 0."""
    ones = {name: np.ones(shape) for name, shape in TINY.parameter_shapes.items()}
    state = {name: np.ones((1, 1)) for name in TINY.states}
    return {"net": Network(TINY, ones, np.ones((2, 1, 1)), state)}


@two_ways_back.law(needs=["run_vjp"])
def nothing_crosses(impl: Subject, hold: Hold, net: OneLevel) -> None:
    """A cotangent of one direction has no gradient by the other's parameters and start."""
    for reverse in (False, True):
        back = impl.vjp(net, on_direction(net, reverse))
        for name, gradient in (*back.parameters.items(), *back.state.items()):
            if name.endswith("_reverse") != reverse:
                hold.exactly(gradient, 0, f"d{name}")


@two_ways_back.law(needs=["run_vjp"])
def gradients_add_at_the_inputs(impl: Subject, hold: Hold, net: FewSteps) -> None:
    """dx is the sum of what the two directions hand back, each in its own order.

    Gradients by the parameters and by the initial states are those of each direction alone.
    """
    d = on_everything(net)
    whole = impl.vjp(net, d)
    added: Any = 0
    for place in stack_of(net).levels[0]:
        alone = direction_of(net, place.reverse)
        own: Any = halves(net, d.outputs)[place.reverse]
        order = slice(None, None, -1 if place.reverse else 1)
        back = impl.vjp(alone, Cotangent(own[order], place.own(d.state)))
        added = added + back.inputs[order]
        for name, gradient in place.named(back.parameters).items():
            hold.equal(whole.parameters[name], gradient, f"d{name}")
        for name, gradient in place.named(back.state).items():
            hold.equal(whole.state[name], gradient, f"d{name}")
    hold.equal(whole.inputs, added, "dx")


@two_ways_back.law(needs=["run", "run_vjp"])
def directions_mix_in_the_level_above(impl: Subject, hold: Hold, net: TwoLevels) -> None:
    """Through two levels: what the upper one hands back is the cotangent of both directions below."""
    d = on_everything(net)
    below = level_of(net, 0, net.inputs)
    above = level_of(net, 1, impl.run(below).outputs)
    handed = impl.vjp(above, Cotangent(d.outputs, of_level(net, 1, d.state))).inputs
    expected = impl.vjp(below, Cotangent(handed, of_level(net, 0, d.state)))
    whole = impl.vjp(net, d)
    for name, gradient in expected.parameters.items():
        hold.equal(whole.parameters[name], gradient, f"d{name}")
    for name, gradient in expected.state.items():
        hold.equal(whole.state[name], gradient, f"d{name}")
    hold.equal(whole.inputs, expected.inputs, "dx")


@two_ways_back.proof
def crossed_derivatives(prove: Prove) -> None:
    """Two steps, one level: the crossed derivatives are 0. One step, two levels: they are not."""
    net = prove.network(TINY, 2)
    y = prove.reference.run(net).outputs[:, 0]
    for end, other in (("", 1), ("_reverse", 0)):
        for name in "WU":
            crossed = prove.derivative(y[:, other], net.parameters[f"{name}_h_l0{end}"][0, 0])
            prove.identical(crossed, [0, 0])
    two = prove.network(Stack(TINY.layer, 2, bidirectional=True), 1)
    W, below = two.parameters, prove.reference.run(prove.network(TINY, 1, **_lowest(two)))
    top, forward = prove.reference.run(two).outputs[0, 0, 1], below.outputs[0, 0, 0]
    through = (1 - top**2) * W["W_h_l1_reverse"][0, 0] * (1 - forward**2) * two.inputs[0, 0, 0]
    prove.identical(prove.derivative(top, W["W_h_l0"][0, 0]), through)


def _lowest(net: Network) -> dict[str, Any]:
    """The numbers of a stack's lowest level, to be given to a network of that level alone."""
    lowest = {k: v for k, v in (*net.parameters.items(), *net.state.items()) if "_l0" in k}
    return {**lowest, "inputs": net.inputs}
