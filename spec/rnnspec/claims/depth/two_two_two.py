"""The network with two inputs, two hidden units and two outputs, and its gradients."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, HOLDS, SAMPLED, About, claim
from rnnspec.claims.depth.layers import activations, gradients, output
from rnnspec.evidence import Enclose, Enclosed, Functions, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense, Format
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, arrays, chains
from rnnspec.subject import Array, Numbers, Subject

HALF = Fraction(1, 2)
LARGEST = Fraction(4, 27)
"""The largest value of s²(1 − s), at s = 2/3."""

LINKS = (Dense(2, 2, "sigmoid"), Dense(2, 2, "sigmoid"))
Net = Annotated[
    Feedforward,
    chains(depth=(2, 2), width=(2, 2), inputs=(2, 2), batch=(1, 1), activations=("sigmoid",)),
]
Targets = Annotated[Array, arrays(1, 2, low=0, high=1)]
AnswersAndTargets = Annotated[Array, arrays(2, (1, 2), (1, 4))]
"""y and t, each (B, n)."""

# ------------------------------------------------------------------------------------------
forward = claim(
    "DEP-01",
    title="The 2-2-2 network is two affine maps with a sigmoid after each",
    says="""
        The example has two inputs, two hidden units and two outputs. A hidden or output unit adds
        up its weighted inputs and a bias and applies the sigmoid; the inputs are used as they are.
    """,
    statement="""
        net_h = W¹ i + b¹, out_h = σ(net_h), net_o = W² out_h + b², out_o = σ(net_o), with 2 × 2
        matrices; w_1 ... w_4 are the entries of W¹ row by row, w_5 ... w_8 those of W².
    """,
    equation="""
        out_h = σ(W¹ i + b¹)
        out_o = σ(W² out_h + b²)
    """,
    verdict=HOLDS,
    because="""
        This is a definition, and it is held by being followed. The formulas of the document are
        lost; its text follows a well-known worked example, whose numbers are computed again here:
        inputs 0.05 and 0.10, weights 0.15, 0.20, ..., 0.55, biases 0.35 and 0.60, targets 0.01 and
        0.99 give the loss 0.2984.
    """,
    sources=[D0("1.1")],
    floats="""
        The numbers of the example are first rounded to the format; the implementation is then
        compared with the reference at the rounded ones.
    """,
    see=["DEP-02", "DEP-03", "DEP-04"],
)


@forward.law(needs=["chain"])
def as_the_equations_say(impl: Subject, hold: Hold, net: Net) -> None:
    """The outputs are σ(W² σ(W¹ i + b¹) + b²)."""
    sigma, (i,), p = partial(hold.reference.activation, "sigmoid"), net.x, net.parameters
    out_h = sigma(p["W_1"] @ i + p["b_1"])
    out_o = sigma(p["W_2"] @ out_h + p["b_2"])
    hold.equal(output(impl, net)[0], out_o, "out_o")


@forward.law(needs=["chain", "loss", "loss_gradient", "chain_vjp"], about=About.IMPLEMENTATION)
def known_example(impl: Subject, hold: Hold) -> None:
    """Outputs, loss and gradients of the worked example, at its numbers rounded to the format."""
    net, t = _example(impl.format)
    hold.agrees(partial(output, net=net), impl, "out_o")
    hold.agrees(lambda it: it.loss("half_squares", output(it, net), t), impl, "E")
    hold.agrees(lambda it: _of_the_error(it, net, t)["W_2"], impl, "∂E/∂W²")
    hold.agrees(lambda it: _of_the_error(it, net, t)["W_1"], impl, "∂E/∂W¹")


@forward.proof
def traced(prove: Prove) -> None:
    """What the reference computes is what the equations say, for all weights, biases and inputs."""
    net = prove.chain(*LINKS)
    (out_h,), (out_o,) = prove.reference.chain(net.chain, net.parameters, net.inputs).inside
    (i,), p = net.inputs, net.parameters
    prove.identical(out_h, prove.activation("sigmoid", p["W_1"] @ i + p["b_1"]))
    prove.identical(out_o, prove.activation("sigmoid", p["W_2"] @ out_h + p["b_2"]))


@forward.enclosure
def numbers_of_the_example(enclose: Enclose) -> None:
    """E = 0.298371108760, ∂E/∂w_5 = 0.0821670405642 and ∂E/∂w_1 = 0.000438567734474."""
    enclose.value(lambda f: _by_hand(f)[0], "0.298371108760")
    enclose.value(lambda f: _by_hand(f)[1], "0.0821670405642")
    enclose.value(lambda f: _by_hand(f)[2], "0.000438567734474")


def _example(fmt: Format) -> tuple[Feedforward, Array]:
    parameters = {
        "W_1": [[0.15, 0.20], [0.25, 0.30]],
        "b_1": [0.35, 0.35],
        "W_2": [[0.40, 0.45], [0.50, 0.55]],
        "b_2": [0.60, 0.60],
    }
    rounded = {name: fmt.round(np.array(values)) for name, values in parameters.items()}
    x, t = fmt.round(np.array([[0.05, 0.10]])), fmt.round(np.array([[0.01, 0.99]]))
    return Feedforward(Chain(LINKS), rounded, x), t


def _by_hand(f: Functions) -> tuple[Enclosed, Enclosed, Enclosed]:
    """E, ∂E/∂w_5 and ∂E/∂w_1 of the worked example."""
    i1, i2, b1, b2, t1, t2 = map(f.number, ("0.05", "0.10", "0.35", "0.60", "0.01", "0.99"))
    w1, w2, w3, w4, w5, w6, w7, w8 = (f.number(Fraction(k, 20)) for k in range(3, 11 + 1) if k != 7)
    h1 = f.activation("sigmoid", w1 * i1 + w2 * i2 + b1)
    h2 = f.activation("sigmoid", w3 * i1 + w4 * i2 + b1)
    o1 = f.activation("sigmoid", w5 * h1 + w6 * h2 + b2)
    o2 = f.activation("sigmoid", w7 * h1 + w8 * h2 + b2)
    delta1, delta2 = (o1 - t1) * o1 * (1 - o1), (o2 - t2) * o2 * (1 - o2)
    error = ((t1 - o1) ** 2 + (t2 - o2) ** 2) / 2
    return error, delta1 * h1, (delta1 * w5 + delta2 * w7) * h1 * (1 - h1) * i1


def _of_the_error(subject: Subject, net: Feedforward, t: Array) -> Mapping[str, Numbers]:
    """The gradients of E = ½ Σ (t_k − o_k)², with the implementation's own outputs and loss."""
    return gradients(subject, net, subject.loss_gradient("half_squares", output(subject, net), t))


# ------------------------------------------------------------------------------------------
TWO_OUTPUTS = "there are exactly two outputs"

half_the_sum = claim(
    "DEP-02",
    title="Half the sum of squares is the mean squared error of two outputs, and of no other number",
    says="""
        The loss is called the mean squared error; what is differentiated is the sum over the
        outputs of half the squared differences.
    """,
    statement="½ Σ_k (t_k − o_k)² = (1/n) Σ_k (t_k − o_k)².",
    equation="½ Σ_k (t_k − o_k)² = (n/2) · (1/n) Σ_k (t_k − o_k)²",
    verdict=CONDITIONAL,
    because="""
        The two differ by the factor n/2, which is 1 for the two outputs of the example. With one
        output the half sum is half the mean, with ten it is five times the mean. So is the
        gradient, and with it the step that a learning rate makes: whoever moves from one library
        to another has to know which reduction it uses.
    """,
    conditions=[TWO_OUTPUTS],
    sources=[D0("1.1")],
    rests_on=SAMPLED,
    see=["DEP-01", "DEP-03"],
)


@half_the_sum.as_stated(needs=["loss"])
def is_the_mean(impl: Subject, hold: Hold, pair: AnswersAndTargets) -> None:
    """Half the sum of squares is the mean of the squares, for any number of outputs."""
    y, t = pair
    squares = (y - t) ** 2
    hold.equal(y.shape[1] * impl.loss("half_squares", y, t), squares.sum(axis=1), "n · ½ Σ (t − o)²")


@half_the_sum.necessity(of=is_the_mean, condition=TWO_OUTPUTS)
def one_output() -> Mapping[str, Any]:
    """One output that is off by 1: half of the square is 1/2, its mean is 1."""
    return {"pair": np.array([[[1.0]], [[0.0]]])}


@half_the_sum.law(needs=["loss"])
def two_outputs(impl: Subject, hold: Hold, pair: Annotated[Array, arrays(2, (1, 2), 2)]) -> None:
    """With two outputs half the sum and the mean are the same."""
    y, t = pair
    hold.equal(impl.loss("half_squares", y, t), impl.loss("mean_squares", y, t), "½ Σ (t − o)²")


@half_the_sum.law(needs=["loss"])
def n_halves_of_the_mean(impl: Subject, hold: Hold, pair: AnswersAndTargets) -> None:
    """Half the sum is n/2 times the mean, and is half the sum of the squares."""
    y, t = pair
    half = impl.loss("half_squares", y, t)
    hold.equal(half, impl.loss("mean_squares", y, t) * y.shape[1] / 2, "½ Σ (t − o)²")
    hold.equal(half, ((y - t) ** 2).sum(axis=1) / 2, "½ Σ (t − o)²")


@half_the_sum.law(needs=["loss_gradient"])
def so_do_the_gradients(impl: Subject, hold: Hold, pair: AnswersAndTargets) -> None:
    """That of half the sum is o − t, n/2 times that of the mean, in each member of a batch for itself."""
    y, t = pair
    half = impl.loss_gradient("half_squares", y, t)
    hold.equal(half, y - t, "∂(½ Σ (t − o)²)/∂o")
    hold.equal(half, impl.loss_gradient("mean_squares", y, t) * y.shape[1] / 2, "∂(½ Σ (t − o)²)/∂o")


@half_the_sum.proof
def of_one_two_and_three_outputs(prove: Prove) -> None:
    """For n = 1, 2, 3 and all outputs and targets: n/2 times the mean, in the reference's losses.

    Where anything is missed, n/2 times the mean is the mean for n = 2 alone.
    """
    for n in (1, 2, 3):
        y = prove.symbols(" ".join(f"y{n}{k}" for k in range(n)))[np.newaxis]
        t = prove.symbols(" ".join(f"t{n}{k}" for k in range(n)))[np.newaxis]
        half, mean = (prove.reference.squared_error(y, t, kind) for kind in ("half", "mean"))
        prove.identical(half, mean * prove.number(n, 2))
        prove.identical(half[0], ((t - y) ** 2).sum() / 2)
    n, average = prove.symbols("n average", above=0)
    prove.valid(prove.implies(average * n / 2 == average, n == 2))


# ------------------------------------------------------------------------------------------
output_weight = claim(
    "DEP-03",
    title="The gradient of an output weight is the product of three derivatives",
    says="""
        By the chain rule the derivative of the loss by w_5 is the product of the derivatives of the
        loss, of the activation function and of the linear map.
    """,
    statement="∂E/∂w_5 = −(t_1 − o_1) · o_1 (1 − o_1) · h_1, and likewise for each entry of W².",
    equation="""
        ∂E/∂w_5 = −(t_1 − o_1) · o_1 (1 − o_1) · h_1
        |∂E/∂w_5| ≤ (4/27) |h_1|   for targets in [0, 1]
    """,
    verdict=HOLDS,
    because="""
        w_5 reaches E on one path only: through net_o1 and o_1. Its three steps have the
        derivatives h_1, o_1(1 − o_1) and −(t_1 − o_1). For a target in [0, 1] the last two
        together are at most max s²(1 − s) = 4/27, at s = 2/3 with the target 0.
    """,
    sources=[D0("1.1")],
    see=["DEP-01", "DEP-04", "DEP-05"],
)


@output_weight.law(needs=["chain", "loss_gradient", "chain_vjp"])
def three_factors(impl: Subject, hold: Hold, net: Net, t: Targets) -> None:
    """Every entry of the gradient of W² is loss derivative times slope times input."""
    _, h, o = activations(hold.reference, net)
    delta = -(t - o) * o * (1 - o)
    got = _of_the_error(impl, net, t)
    hold.equal(got["W_2"], delta.T @ h, "∂E/∂W²")
    hold.equal(got["b_2"], delta[0], "∂E/∂b²")


@output_weight.law(needs=["chain", "loss_gradient", "chain_vjp"])
def at_most_four_27ths(impl: Subject, hold: Hold, net: Net, t: Targets) -> None:
    """With targets in [0, 1] no output weight's gradient exceeds 4/27 of the weight's input."""
    hold.given(bool(((t >= 0) & (t <= 1)).all()), "targets within [0, 1]")
    (h,) = activations(hold.reference, net)[1]
    hold.at_most(27 * abs(_of_the_error(impl, net, t)["W_2"]), 4 * h, "27 |∂E/∂W²|")


@output_weight.proof
def of_all_output_weights(prove: Prove) -> None:
    """dE/dW² of the traced network is δ hᵀ; and |(o − t) o (1 − o)| ≤ 4/27 for o and t in [0, 1]."""
    net, t, E = _traced_error(prove)
    (h,), (o,) = prove.reference.chain(net.chain, net.parameters, net.inputs).inside
    delta = -(t - o) * o * (1 - o)
    prove.identical(prove.derivative(E, net.parameters["W_2"]), np.outer(delta, h))
    _backpropagated(prove, net, t, E, "W_2")
    s, target = prove.symbols("s target", at_least=0, at_most=1)
    prove.valid(abs((s - target) * s * (1 - s)) <= LARGEST)


def _traced_error(prove: Prove) -> tuple[Any, Any, Any]:
    """The network in symbols, its targets, and E."""
    net, t = prove.chain(*LINKS), prove.symbols("t1 t2")
    o = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
    return net, t, prove.reference.squared_error(o, t[np.newaxis], "half")[0]


def _backpropagated(prove: Prove, net: Any, t: Any, E: Any, name: str) -> None:
    """What back-propagation returns is that derivative, too."""
    o = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
    dE = prove.reference.squared_error_gradient(o, t[np.newaxis], "half")
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, dE)
    prove.identical(back.parameters[name], prove.derivative(E, net.parameters[name]))


# ------------------------------------------------------------------------------------------
hidden_weight = claim(
    "DEP-04",
    title="The gradient of a hidden weight is a sum over both outputs",
    says="""
        w_1 acts on the loss through o_1 and through o_2, so that its derivative is a sum of two
        products, one for each path.
    """,
    statement="""
        ∂E/∂w_1 = (δ_1 w_5 + δ_2 w_7) h_1 (1 − h_1) i_1 with δ_k = −(t_k − o_k) o_k (1 − o_k), and
        likewise for each entry of W¹.
    """,
    equation="""
        ∂E/∂w_1 = (δ_1 w_5 + δ_2 w_7) · h_1 (1 − h_1) · i_1
        |∂E/∂w_1| ≤ (|w_5| + |w_7|) |i_1| / 27   for targets in [0, 1]
    """,
    verdict=HOLDS,
    because="""
        h_1 enters both outputs, with the weights w_5 and w_7, and derivatives along different
        paths add up. What the two paths have in common is taken out of the sum. Each δ is at most
        4/27 (DEP-03) and the hidden unit's slope at most 1/4, together 1/27. The document's last
        formula gives names to two parts of this; they are not recoverable.
    """,
    sources=[D0("1.1")],
    see=["DEP-03", "DEP-05", "DEP-07"],
)


@hidden_weight.law(needs=["chain", "loss_gradient", "chain_vjp"])
def sum_of_two_products(impl: Subject, hold: Hold, net: Net, t: Targets) -> None:
    """Every entry of the gradient of W¹ adds what comes back from both outputs."""
    (i,), (h,), (o,) = activations(hold.reference, net)
    W2 = net.parameters["W_2"]
    delta = -(t[0] - o) * o * (1 - o)
    both = W2[0] * delta[0] + W2[1] * delta[1]
    hold.equal(_of_the_error(impl, net, t)["W_1"], np.outer(both * h * (1 - h), i), "∂E/∂W¹")


@hidden_weight.law(needs=["chain", "loss_gradient", "chain_vjp"])
def at_most_a_27th(impl: Subject, hold: Hold, net: Net, t: Targets) -> None:
    """With targets in [0, 1] it is at most (|w_5| + |w_7|) |i_1| / 27."""
    hold.given(bool(((t >= 0) & (t <= 1)).all()), "targets within [0, 1]")
    leaving = abs(net.parameters["W_2"]).sum(axis=0)
    bound = np.outer(leaving, abs(net.x[0]))
    hold.at_most(27 * abs(_of_the_error(impl, net, t)["W_1"]), bound, "27 |∂E/∂W¹|")


@hidden_weight.proof
def of_all_hidden_weights(prove: Prove) -> None:
    """dE/dW¹ of the traced network is that sum; and the bound follows from those of its factors."""
    net, t, E = _traced_error(prove)
    (h,), (o,) = prove.reference.chain(net.chain, net.parameters, net.inputs).inside
    (i,), W1, W2 = net.inputs, net.parameters["W_1"], net.parameters["W_2"]
    delta = -(t - o) * o * (1 - o)
    for j in (0, 1):
        both = delta[0] * W2[0, j] + delta[1] * W2[1, j]
        prove.identical(prove.derivative(E, W1[j]), both * h[j] * (1 - h[j]) * i)
    _backpropagated(prove, net, t, E, "W_1")

    s, w5, w7 = prove.symbols("s w5 w7")
    prove.valid(s * (1 - s) <= Fraction(1, 4))
    d1, d2 = prove.symbols("d1 d2", at_least=-LARGEST, at_most=LARGEST)
    prove.valid(abs(d1 * w5 + d2 * w7) <= LARGEST * (abs(w5) + abs(w7)))
    prove.identical(LARGEST * Fraction(1, 4), Fraction(1, 27))
