"""Convolutions over time beside recurrences: which inputs an output depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    B,
    U,
    W,
    changing_places,
    one_unit,
    rational,
)
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Activation, Chain, Dense, Layer, Network
from rnnspec.sources import D3
from rnnspec.strategies import arrays, networks, wholes
from rnnspec.subject import Array, Subject

# ------------------------------------------------------------------------------------------
OVER_SPACE = "the convolution runs over the places of one frame, not over time"
RECURRENT = "U is invertible"

Kernel = Annotated[Array, arrays((1, 3), low=-2, high=2, unit=1 / 8)]
Depth = Annotated[int, wholes(1, 4)]
Signal = Annotated[Array, arrays(12, low=-2, high=2, unit=1 / 8)]
Video = Annotated[Array, arrays(3, 5, low=-2, high=2, unit=1 / 8)]
LongSignal = Annotated[Array, arrays(20, low=-2, high=2, unit=1 / 8)]
Dilations = Annotated[Array, arrays((1, 3), low=1, high=3, unit=1.0)]
"""How far apart the taps of each layer are."""


def _impulses(hidden: tuple[int, int], steps: int) -> Any:
    return networks(
        "rnn",
        activation="tanh",
        biases="none",
        hidden=hidden,
        inputs=(1, 1),
        steps=(steps, steps),
        batch=(1, 1),
    )


Impulse = Annotated[Network, _impulses((1, 1), 12)]
ImpulseOfTwo = Annotated[Network, _impulses((1, 2), 1)]
ImpulseOfSeveral = Annotated[Network, _impulses((1, 4), 1)]

space_and_time = claim(
    "RNN-26",
    title="A convolution over time describes sequences too, up to a finite receptive field",
    says="""
        Convolutional networks extend in space and are for static output; recurrent networks
        extend in time, have a memory, and describe output that is continuous in time. Both are
        extensions of the ordinary network, trained forward and backward.
    """,
    statement="The output y_t of a convolutional network does not depend on x_s, s < t; an RNN's does.",
    equation="""
        ∂y_t/∂x_{t−s} = 0   for s ≥ R,   R = 1 + L (k − 1)
        R = 1 + (k − 1) (d_1 + ... + d_L)   with dilations
        k = 3, L = 4:  R = 9
        h_t = tanh(U h_{t−1}) ≠ 0 for every t   if det U ≠ 0 and h_1 ≠ 0
        h_t = 0 for t > n                       if U is strictly triangular
    """,
    verdict=CONDITIONAL,
    because="""
        A convolution is a pattern of shared weights, and it may run over any axis. Over the
        places of a picture it knows nothing of the picture before. Over time, with a kernel that
        looks back, it is a network for sequences like another: each layer looks k − 1 steps
        further back, L layers see R steps, and what is older has no influence at all. A
        recurrence need not have such a border: if U is invertible, an impulse is answered for
        ever, though it may fade. That U is not 0 suffices for one unit alone: with U = [0 1; 0 0]
        what the second unit holds is in the first one a step later, and nowhere after
        two. A strictly triangular U of n units forgets in n steps, as a convolution does. (A
        singular U may well answer for ever; whether it does depends on W and on the slopes.)
    """,
    conditions=(OVER_SPACE, RECURRENT),
    sources=[D3("6.4")],
    rests_on=SAMPLED,
    floats="What is multiplied by 0 is 0 exactly; the rest may differ by rounding.",
    see=["RNN-01", "RNN-25", "RNN-03"],
)


def _looking_back(
    kernel: Array, dilations: Sequence[int], steps: int, kind: Activation = "identity"
) -> tuple[Chain, dict[str, Array]]:
    """Convolutions over time as dense links with shared weights: y_t = φ(k_0 x_t + k_1 x_{t−d} + ...)."""
    weights = {
        f"W_{place}": np.asarray(
            sum(weight * np.eye(steps, k=-d * back) for back, weight in enumerate(kernel))
        )
        for place, d in enumerate(dilations, start=1)
    }
    return Chain(tuple(Dense(steps, steps, kind, bias=False) for _ in dilations)), weights


@space_and_time.as_stated(needs=["chain"])
def static_output(impl: Subject, hold: Hold, kernel: Kernel, x: Signal) -> None:
    """A convolutional network's last output is the same if the input before it was another."""
    chain, weights = _looking_back(kernel, [1], len(x))
    other = np.concatenate([x[:-2], x[-2:-1] + 1, x[-1:]])
    y = impl.chain(chain, weights, np.stack([x, other]))[:, -1]
    hold.equal(y[0], y[1], "y_T for two values of x_{T−1}")


@space_and_time.necessity(of=static_output, condition=OVER_SPACE)
def kernel_that_looks_back() -> Mapping[str, Any]:
    """y_t = x_t + x_{t−1}."""
    return {"kernel": np.ones(2), "x": np.zeros(12)}


@space_and_time.as_stated(needs=["run"])
def recurrence_remembers(impl: Subject, hold: Hold, net: ImpulseOfTwo) -> None:
    """An impulse at the first step is still there in h_3."""
    hold.given(bool(net.parameters[W].any()), "W = 0, and nothing is read")
    h = impl.run(_struck(net, 3)).outputs[-1]
    hold.strictly_less(0, abs(h).sum(), "Σ|h_3|")


@space_and_time.necessity(of=recurrence_remembers, condition=RECURRENT)
def impulse_forgotten() -> Mapping[str, Any]:
    """U = 0."""
    return {"net": _without_bias(one_unit([0.0], W_h=1.0))}


@space_and_time.necessity(of=recurrence_remembers, condition=RECURRENT)
def impulse_handed_on_once() -> Mapping[str, Any]:
    """U = [0 1; 0 0], which is not 0, and W = (1, 1): h_2 = (tanh tanh 1, 0), and h_3 = 0."""
    net = _without_bias(changing_places([0.0]))
    return {"net": net.with_parameters(W_h=np.ones((2, 1)), U_h=np.array([[0.0, 1.0], [0.0, 0.0]]))}


@space_and_time.law(needs=["chain"])
def a_picture_at_a_time(impl: Subject, hold: Hold, kernel: Kernel, x: Video) -> None:
    """A convolution over places makes of each frame what it makes of it alone."""
    chain, weights = _looking_back(kernel, [1, 1], x.shape[1], "tanh")
    y = impl.chain(chain, weights, x)
    for t in range(len(x)):
        hold.equal(y[t], impl.chain(chain, weights, x[t : t + 1])[0], f"y of frame {t + 1}")


@space_and_time.law(needs=["chain_vjp"])
def receptive_field(impl: Subject, hold: Hold, kernel: Kernel, depth: Depth, x: Signal) -> None:
    """Nothing older than R = 1 + L (k − 1) steps reaches y_T; the oldest that does has (k_last)^L."""
    _hold_reach(impl, hold, kernel, [1] * depth, x)


@space_and_time.law(needs=["chain_vjp"])
def dilated_receptive_field(
    impl: Subject, hold: Hold, kernel: Kernel, dilations: Dilations, x: LongSignal
) -> None:
    """With dilations R = 1 + (k − 1)(d_1 + ... + d_L)."""
    _hold_reach(impl, hold, kernel, [int(d) for d in dilations], x)


def _hold_reach(impl: Subject, hold: Hold, kernel: Array, dilations: Sequence[int], x: Array) -> None:
    chain, weights = _looking_back(kernel, dilations, len(x))
    last = np.zeros((1, len(x)))
    last[0, -1] = 1.0
    dx = impl.chain_vjp(chain, weights, x[np.newaxis], last).inputs[0]
    reach = 1 + (len(kernel) - 1) * sum(dilations)
    hold.exactly(dx[: len(x) - reach], 0, "∂y_T/∂x beyond the receptive field")
    hold.equal(dx[len(x) - reach], rational(kernel)[-1] ** len(dilations), "∂y_T/∂x at its border")


@space_and_time.law(needs=["run"])
def answers_for_ever(impl: Subject, hold: Hold, net: Impulse) -> None:
    """After an impulse each |h_t| lies between |U h_{t−1}| (1 − |U h_{t−1}|²) and |U h_{t−1}|: never 0."""
    h = impl.run(_struck(net, 12)).outputs[:, 0, 0]
    for t in range(1, 12):
        driven = abs(net.parameters[U][0, 0] * h[t - 1])
        hold.at_most(driven * (1 - driven**2), abs(h[t]), f"|h_{t + 1}| from below")
        hold.at_most(abs(h[t]), driven, f"|h_{t + 1}| from above")


@space_and_time.law(needs=["run"])
def triangular_matrices_forget(impl: Subject, hold: Hold, net: ImpulseOfSeveral) -> None:
    """With what is above the diagonal of U alone, n units answer n steps at most: then the state is 0."""
    n = net.layer.hidden
    above = net.with_parameters(U_h=np.triu(net.parameters[U], k=1))
    hold.exactly(impl.run(_struck(above, n + 3)).outputs[n:], 0, "h_t, t > n")


@space_and_time.proof
def never_zero(prove: Prove) -> None:
    """tanh z = 0 at z = 0 alone, and U h = 0 at h = 0 alone if det U ≠ 0 (Cramer, n = 2): so h_t ≠ 0.

    With U = [0 u; 0 0] and any W, h_3 = 0 after an impulse.
    """
    prove.vanishes_only_at_zero(prove.activation("tanh"))
    net = prove.network(Layer("rnn", 1, 2, biases="none"), 1, inputs=0)
    (p, q), (r, s) = M = net.parameters[U]
    h, (z1, z2) = net.state["h"][0], M @ net.state["h"][0]
    prove.identical(prove.reference.run(net).outputs[0, 0], prove.activation("tanh", np.array([z1, z2])))
    prove.identical([s * z1 - q * z2, p * z2 - r * z1], prove.determinant(M) * h)

    (u,) = prove.symbols("u")
    nilpotent = prove.network(
        Layer("rnn", 1, 2, biases="none"),
        3,
        U_h=prove.matrix([[0, u], [0, 0]]),
        inputs=prove.matrix([[[1]], [[0]], [[0]]]),
        h=0,
    )
    prove.identical(prove.reference.run(nilpotent).outputs[-1, 0], [0, 0])


@space_and_time.proof
def nine_steps(prove: Prove) -> None:
    """k = 3, L = 4 over 12 steps: y_12 depends on x_4 ... x_12 alone; R grows by k − 1 a layer."""
    kernel = prove.symbols("a b c", above=0)
    band = sum(weight * prove.matrix(np.eye(12, k=-back)) for back, weight in enumerate(kernel))
    net = prove.chain(*[Dense(12, 12, bias=False)] * 4, **{f"W_{place}": band for place in range(1, 5)})
    y = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs[0, -1]
    influence = prove.derivative(y, net.inputs[0])
    prove.identical(influence[:3], [0, 0, 0])
    for s in range(3, 12):
        prove.positive(influence[s])
    (k,) = prove.symbols("k", at_least=1)
    prove.closed_form(lambda L: 1 + L * (k - 1), first=k, then=lambda L, R: R + (k - 1))


@space_and_time.proof
def dilated(prove: Prove) -> None:
    """k = 2 with dilations 1, 2, 4: y_10 depends on the last 1 + 7 inputs, and on nothing else."""
    weights: dict[str, Any] = {f"W_{k}": np.eye(10) + np.eye(10, k=-d) for k, d in ((1, 1), (2, 2), (3, 4))}
    net = prove.chain(*[Dense(10, 10, bias=False)] * 3, **weights)
    y = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs[0, -1]
    prove.identical(prove.derivative(y, net.inputs[0]), [0, 0, 1, 1, 1, 1, 1, 1, 1, 1])


def _struck(net: Network, steps: int) -> Network:
    """The network from rest, with its first input, made 1, as the only one."""
    inputs = np.zeros((steps, 1, 1))
    inputs[0] = 1.0
    return Network(net.layer, net.parameters, inputs, {"h": np.zeros((1, net.layer.hidden))})


def _without_bias(net: Network) -> Network:
    weights = {name: value for name, value in net.parameters.items() if name != B}
    layer = Layer("rnn", net.layer.inputs, net.layer.hidden, biases="none")
    return Network(layer, weights, net.inputs, net.state)
