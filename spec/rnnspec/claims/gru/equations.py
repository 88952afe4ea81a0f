"""The equations of the GRU, in the two forms of each of its two conventions."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np

from rnnspec.claim import HOLDS, SAMPLED, claim
from rnnspec.claims.gru.words import affine, candidate, interpolated, layer_of, stepped
from rnnspec.evidence import Enclose, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D0
from rnnspec.strategies import networks, reals
from rnnspec.subject import Subject


def _diagonal(net: Network) -> Network:
    return net.with_parameters(U_n=np.diag(np.diag(net.parameters["U_n"])))


def _is_diagonal(net: Network) -> bool:
    U = net.parameters["U_n"]
    return bool(np.all(np.diag(np.diag(U)) == U))


OneStep = Annotated[Network, networks("gru", steps=(1, 1), hidden=(1, 4), inputs=(1, 3))]
Sequence = Annotated[Network, networks("gru", steps=(0, 5), hidden=(1, 4), inputs=(1, 3))]
Diagonal = Annotated[
    Network,
    networks(
        "gru",
        steps=(1, 4),
        hidden=(1, 3),
        inputs=(1, 2),
        biases="one",
        reset="before",
        also=_diagonal,
        where=_is_diagonal,
    ),
]
Bias = Annotated[float, reals(-4, 4, 1 / 16)]

definition = claim(
    "GRU-01",
    title="The GRU's equations, and the conventions in which libraries differ",
    says="""
        A GRU has an update gate and a reset gate, a candidate that sees the reset state, and a
        new state between the old one and the candidate.
    """,
    statement="One step of a GRU is given by the four equations below; the documents have no biases.",
    equation="""
        z = σ(W_z x + U_z h_{t-1}),   r = σ(W_r x + U_r h_{t-1})
        n = tanh(W_n x + U_n (r h_{t-1}))
        h_t = (1 − z) h_{t-1} + z n
        elsewhere:  h_t = z h_{t-1} + (1 − z) n,   n = tanh(W_n x + r (U_n h_{t-1}))
        with two bias vectors:  n = tanh(W_n x + b_n + r (U_n h_{t-1} + b'_n))
    """,
    verdict=HOLDS,
    because="""
        It is a definition, and there are four of it. Which of state and candidate z multiplies
        is a matter of names: as σ(−a) = 1 − σ(a), the other convention is the same network
        with the parameters of z negated. Whether r acts before the product with U_n or after
        it is not: the two agree where U_n is diagonal, for one unit say, and r multiplies no bias;
        otherwise they are different networks. With U_n = [[0, 4], [4, 0]], h = (1, 0), and a reset
        gate that is open for the first unit and closed for the second, one candidate is (0, tanh 4)
        and the other 0. A second bias b'_n, which libraries have beside U_n, is multiplied by r where
        that acts after the product: with b'_n = 1 and all else 0 one unit shows tanh(1)/2 = 0.381 if r acts
        before the product, and tanh(1/2)/2 = 0.231 if it acts after it.
    """,
    sources=[D0("3, GRU")],
    rests_on=SAMPLED,
    floats="A few sums and products and three activations; they may differ by rounding.",
    see=["GRU-08"],
)


@definition.law(needs=["run"])
def one_step(impl: Subject, hold: Hold, net: OneStep) -> None:
    """One step as the equations say, in each of the four conventions and with any biases."""
    h = net.state["h"]
    z, r = (hold.reference.activation("sigmoid", affine(net, gate, h)) for gate in "zr")
    hold.equal(stepped(impl, net), interpolated(net, z, h, candidate(hold, net, r, h)), "h_t")


@definition.law(needs=["run"])
def other_direction_of_z(impl: Subject, hold: Hold, net: Sequence) -> None:
    """With the parameters of z negated, the other convention gives the same states."""
    ours = layer_of(net)
    layer = replace(ours, update="keeps" if ours.update == "replaces" else "replaces")
    negated = {name: -v if name.endswith("_z") else v for name, v in net.parameters.items()}
    turned = Network(layer, negated, net.inputs, net.state)
    hold.equal(impl.run(turned).outputs, impl.run(net).outputs, "h_1 ... h_T")
    hold.equal(impl.run(turned).state["h"], impl.run(net).state["h"], "h_T")


@definition.law(needs=["run"])
def resets_agree_for_diagonal_weights(impl: Subject, hold: Hold, net: Diagonal) -> None:
    """With U_n diagonal and one bias it makes no difference whether r acts before or after the product."""
    after = Network(replace(layer_of(net), reset="after"), net.parameters, net.inputs, net.state)
    hold.equal(impl.run(after).outputs, impl.run(net).outputs, "h_1 ... h_T")


@definition.law(needs=["run"])
def resets_differ_otherwise(impl: Subject, hold: Hold) -> None:
    """U_n = [[0, 4], [4, 0]], h = (1, 0), r = (1, 0) nearly: the second unit differs by tanh(4)."""
    layer = Layer("gru", 1, 2, biases="none", reset="before", update="replaces")
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    state = {"h": np.array([[1.0, 0.0]])}
    before = Network(layer, zero, np.zeros((1, 1, 1)), state).with_parameters(
        U_n=np.array([[0.0, 4.0], [4.0, 0.0]]),
        U_r=np.array([[32.0, 0.0], [-32.0, 0.0]]),
        U_z=np.array([[0.0, 0.0], [32.0, 0.0]]),
    )
    after = Network(replace(layer, reset="after"), before.parameters, before.inputs, state)
    hold.strictly_less(0.875, stepped(impl, before)[0, 1], "h_t of the second unit, reset before")
    hold.at_most(abs(stepped(impl, after)[0, 1]), 2.0**-20, "h_t of the second unit, reset after")


@definition.law(needs=["run"])
def second_bias_is_reset(impl: Subject, hold: Hold, b: Bias) -> None:
    """With r after the product, b'_n = b and else 0, a unit shows tanh(b/2)/2, and not tanh(b)/2."""
    shown = hold.reference.activation("tanh", np.array([[b / 2]])) / 2
    hold.equal(stepped(impl, _second_bias("after", b)), shown, "h_1")


@definition.law(needs=["run"])
def second_bias_is_not_reset_before(impl: Subject, hold: Hold, b: Bias) -> None:
    """With r before the product it acts on h alone: the unit shows tanh(b)/2."""
    shown = hold.reference.activation("tanh", np.array([[b]])) / 2
    hold.equal(stepped(impl, _second_bias("before", b)), shown, "h_1")


def _second_bias(reset: Literal["before", "after"], b: float) -> Network:
    """One unit, all of whose numbers are 0 but b'_n."""
    layer = Layer("gru", 1, 1, biases="two", reset=reset, update="keeps")
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    net = Network(layer, zero, np.zeros((1, 1, 1)), {"h": np.zeros((1, 1))})
    return net.with_parameters(bU_n=b)


@definition.proof
def second_bias(prove: Prove) -> None:
    """Two units, U_n diagonal, two bias vectors: the candidates agree exactly where (1 − r) b'_n = 0.

    Their arguments differ by that, and tanh takes no value twice.
    """
    layer = Layer("gru", 1, 2, biases="two", reset="before", update="replaces")
    free = prove.network(layer, 1)
    p, x, h = free.parameters, free.inputs[0, 0], free.state["h"][0]
    U = np.diag(np.diag(p["U_n"]))
    z, r = (
        prove.activation("sigmoid", p[f"W_{k}"] @ x + p[f"U_{k}"] @ h + p[f"b_{k}"] + p[f"bU_{k}"])
        for k in "zr"
    )
    before = p["W_n"] @ x + p["b_n"] + U @ (r * h) + p["bU_n"]
    after = p["W_n"] @ x + p["b_n"] + r * (U @ h + p["bU_n"])
    for variant, argument in ((layer, before), (replace(layer, reset="after"), after)):
        net = Network(variant, {**p, "U_n": U}, free.inputs, free.state)
        shown = (1 - z) * h + z * prove.activation("tanh", argument)
        prove.identical(prove.reference.run(net).outputs[0, 0], shown)
    prove.identical(before - after, (1 - r) * p["bU_n"])


@definition.enclosure
def printed_outputs(enclose: Enclose) -> None:
    """tanh(1)/2 = 0.381 and tanh(1/2)/2 = 0.231."""
    enclose.value(lambda f: f.tanh(f.number(1)) / 2, "0.381")
    enclose.value(lambda f: f.tanh(f.number(1) / 2) / 2, "0.231")


@definition.proof
def traced_with_two_units(prove: Prove) -> None:
    """Two units: the equations; the sign of z; and where the two resets agree."""
    layer = Layer("gru", 1, 2, biases="none", reset="before", update="replaces")
    net = prove.network(layer, 1)
    p, x, h = net.parameters, net.inputs[0, 0], net.state["h"][0]
    z, r = (prove.activation("sigmoid", p[f"W_{gate}"] @ x + p[f"U_{gate}"] @ h) for gate in "zr")
    n = prove.activation("tanh", p["W_n"] @ x + p["U_n"] @ (r * h))
    out = prove.reference.run(net).outputs[0, 0]
    prove.identical(out, (1 - z) * h + z * n)
    negated = {name: -v if name.endswith("_z") else v for name, v in p.items()}
    turned = Network(replace(layer, update="keeps"), negated, net.inputs, net.state)
    prove.identical(prove.reference.run(turned).outputs[0, 0], out)
    diagonal = {**p, "U_n": np.diag(np.diag(p["U_n"]))}
    one, other = (
        prove.reference.run(Network(replace(layer, reset=reset), diagonal, net.inputs, net.state)).outputs
        for reset in ("before", "after")
    )
    prove.identical(one, other)
