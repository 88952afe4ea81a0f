"""What a state holds of the states and inputs before it: all, something, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    U,
    W,
    on_the_last,
    one_unit,
    pairs,
    power,
    rational,
    reading_the_same,
    reads_the_same,
    states,
    unit,
    whole_numbers,
)
from rnnspec.claims.spectra.passing import STEEPEST, largest_stretch, with_activation
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Activation, Layer, Network
from rnnspec.sources import D0, D3
from rnnspec.strategies import arrays, networks
from rnnspec.subject import Array, Subject

INVERTIBLE = "the recurrent matrix is invertible"
INJECTIVE = "the activation is injective"

# ------------------------------------------------------------------------------------------
Pair = Annotated[Network, pairs()]


def _starting_apart(network: Network) -> Network:
    net = whole_numbers(reading_the_same(network))
    first, second = net.state["h"]
    if (first == second).all():
        second[0] += 1
    return net


def _starting_apart_and_reading(network: Network) -> Network:
    net = _starting_apart(network)
    matrix = net.parameters[U]
    return net.with_parameters(**{U: np.where(matrix == 0, 1, matrix)})


def _pairs(activation: str, hidden: tuple[int, int], also: Callable[[Network], Network]) -> Any:
    """Two sequences with the same input and other starts, all numbers whole, one step."""
    return networks(
        "rnn",
        activation=activation,
        biases="none",
        hidden=hidden,
        inputs=(1, 1),
        steps=(1, 1),
        batch=(2, 2),
        scales=(0,),
        also=also,
        where=reads_the_same,
    )


TanhPair = Annotated[Network, _pairs("tanh", (1, 2), _starting_apart)]
ReluPair = Annotated[Network, _pairs("relu", (1, 1), _starting_apart_and_reading)]
Fading = Annotated[
    Network,
    networks("rnn", activation="tanh", biases="one", hidden=(1, 3), inputs=(1, 2), batch=(1, 1)),
]

FadingSigmoid = Annotated[
    Network,
    networks(
        "rnn",
        activation="sigmoid",
        biases="one",
        hidden=(1, 3),
        inputs=(1, 2),
        steps=(1, 4),
        batch=(1, 1),
    ),
]

AnyNetwork = Annotated[Network, networks("rnn", hidden=(1, 3), inputs=(1, 2), steps=(1, 5))]
Ends = Annotated[Array, arrays(3, unit=1 / 16)]

remembers = claim(
    "RNN-03",
    title="Different states are sure to stay different only if U and φ are injective",
    says="""
        The stored hidden value guarantees that every moment contains the one before: recurrent
        networks have a memory.
    """,
    statement="If h_{t-1} ≠ h'_{t-1}, then with the same input h_t ≠ h'_t.",
    equation="""
        tanh a − tanh a' = tanh(a − a') (1 − tanh a tanh a')
        h_t − h'_t = tanh(U (h_{t-1} − h'_{t-1})) (1 − h_t h'_t)
        ‖∂h_t/∂x_s‖ ≤ γ (γ‖U‖)^(t−s) ‖W‖,   γ = sup φ'
        |∂h_t/∂x_s| ≤ γ^(t−s+1) |U|^(t−s) |W|   entry by entry
    """,
    verdict=CONDITIONAL,
    because="""
        The difference of two states passes through U and then through φ. With tanh, nothing
        that has passed U is lost: the addition theorem gives what comes out, and it is 0 only
        where U (h − h') is. But a U that is singular loses whole directions, U = 0 loses
        everything, and ReLU loses what it cuts off. (Both conditions are needed if all states and
        inputs may occur; a φ that decreases will do as well.) What is not lost may still become
        as small as one likes: in saturation the slope of tanh is below 4 e^(−2|z|), and while
        γ‖U‖ < 1, in the spectral norm, every difference shrinks geometrically. A structural
        dependence is no memory.
    """,
    conditions=(INVERTIBLE, INJECTIVE),
    sources=[D0("2, LSTM"), D3("6.4"), D3("6.6")],
    rests_on=SAMPLED,
    floats="""
        In floats different states may well meet: what saturates is rounded to 1. So the laws
        hold the size of the difference, and not that it is there.
    """,
    see=["RNN-04", "RNN-25", "RNN-27", "SPE-12"],
)


@remembers.as_stated(needs=["run"])
def always_tells_states_apart(impl: Subject, hold: Hold, net: TanhPair) -> None:
    """A tanh network: two different states are followed by two different states."""
    hold.given(reads_the_same(net), "the inputs differ")
    hold.given(bool((net.state["h"][0] != net.state["h"][1]).any()), "the states are the same")
    h = impl.run(net).outputs[-1]
    hold.strictly_less(0, abs(h[0] - h[1]).sum(), "|h_1 − h'_1|")


@remembers.necessity(of=always_tells_states_apart, condition=INVERTIBLE)
def nothing_is_read() -> Mapping[str, Any]:
    """U = 0: from h_0 = 0 and from h_0 = 1 the state 0 follows."""
    return {"net": _two_starts("tanh", U_h=0.0)}


@remembers.as_stated(needs=["run"])
def tells_states_apart_with_relu(impl: Subject, hold: Hold, net: ReluPair) -> None:
    """A ReLU network with U ≠ 0: two different states are followed by two different states."""
    hold.given(reads_the_same(net), "the inputs differ")
    hold.given(net.layer.hidden == 1 and bool(net.parameters[U].all()), "U is not invertible")
    hold.given(bool(net.state["h"][0] != net.state["h"][1]), "the states are the same")
    h = impl.run(net).outputs[-1]
    hold.strictly_less(0, abs(h[0] - h[1]).sum(), "|h_1 − h'_1|")


@remembers.necessity(of=tells_states_apart_with_relu, condition=INJECTIVE)
def both_are_cut_off() -> Mapping[str, Any]:
    """relu(−h_0) is 0 from h_0 = 0 and from h_0 = 1."""
    return {"net": _two_starts("relu", U_h=-1.0)}


@remembers.law(needs=["run"])
def difference_that_passes(impl: Subject, hold: Hold, net: Pair) -> None:
    """What becomes of the difference of two states in every step, by the addition theorem of tanh."""
    hold.given(reads_the_same(net), "the inputs differ")
    before, *later = states(impl, net)
    for t, h in enumerate(later, start=1):
        passed = hold.reference.activation("tanh", net.parameters[U] @ (before[0] - before[1]))
        hold.equal(h[0] - h[1], passed * (1 - h[0] * h[1]), f"h_{t} − h'_{t}")
        before = h


@remembers.law(needs=["run"])
def nothing_of_the_past_without_U(impl: Subject, hold: Hold, net: Pair) -> None:
    """With U = 0 two sequences that read the same are in the same state, wherever they came from."""
    hold.given(reads_the_same(net), "the inputs differ")
    outputs = impl.run(net.with_parameters(U_h=0)).outputs
    hold.equal(outputs[:, 0], outputs[:, 1], "h_t")


@remembers.law(needs=["run_vjp"])
def fades_by_the_norm(impl: Subject, hold: Hold, net: AnyNetwork, d: Ends) -> None:
    """‖δᵀ ∂h_T/∂x_s‖ ≤ γ (γ‖U‖)^(T−s) ‖W‖ ‖δ‖ for every s, for tanh and for the sigmoid."""
    d = d[: net.layer.hidden]
    sent, into = rational(d) @ rational(d), largest_stretch(net.parameters[W])
    for kind, steepest in STEEPEST.items():
        stretch = steepest**2 * largest_stretch(net.parameters[U])
        dx = impl.vjp(with_activation(net, kind), on_the_last(net, d)).inputs
        for s in range(net.steps):
            bound = steepest**2 * stretch ** (net.steps - 1 - s) * into * sent
            hold.at_most((dx[s] ** 2).sum(axis=-1), bound, f"‖δᵀ ∂h_T/∂x_{s + 1}‖² with {kind}")


@remembers.law(needs=["run_vjp"])
def fades(impl: Subject, hold: Hold, net: Fading) -> None:
    """∂h_T/∂x_s is entry by entry at most |U|^(T−s) |W|."""
    _hold_fading(impl, hold, net, Fraction(1))


@remembers.law(needs=["run_vjp"])
def fades_sooner_with_sigmoid(impl: Subject, hold: Hold, net: FadingSigmoid) -> None:
    """With the sigmoid γ = 1/4: ∂h_T/∂x_s is at most 4^(s−T−1) |U|^(T−s) |W|."""
    _hold_fading(impl, hold, net, Fraction(1, 4))


def _hold_fading(impl: Subject, hold: Hold, net: Network, gamma: Fraction) -> None:
    size, into = rational(abs(net.parameters[U])), rational(abs(net.parameters[W]))
    for j in range(net.layer.hidden):
        dx = impl.vjp(net, on_the_last(net, unit(net, j))).inputs[:, 0]
        for s in range(net.steps):
            age = net.steps - 1 - s
            bound = gamma ** (age + 1) * (power(size, age) @ into)[j]
            hold.at_most(abs(dx[s]), bound, f"|∂h_T/∂x_{s + 1}|, unit {j}")


@remembers.proof
def addition_theorem(prove: Prove) -> None:
    """The addition theorem, its factor > 0; and if det U ≠ 0, U takes no difference to 0 (Cramer, n = 2)."""
    a, b, d1, d2 = prove.symbols("a b d1 d2")
    tanh = {name: prove.activation("tanh", at) for name, at in (("a", a), ("b", b), ("a−b", a - b))}
    prove.identical(tanh["a"] - tanh["b"], tanh["a−b"] * (1 - tanh["a"] * tanh["b"]))
    prove.positive(1 - tanh["a"] * tanh["b"])
    (p, q), (r, s) = M = prove.symbols("p q r s").reshape(2, 2)
    lost = M @ [d1, d2]
    prove.identical(
        [s * lost[0] - q * lost[1], p * lost[1] - r * lost[0]], prove.determinant(M) * prove.matrix([d1, d2])
    )


@remembers.proof
def product_of_norms(prove: Prove) -> None:
    """∂h_T/∂x_s of two units is D_T U ... D_s W; by its factors' norms, the first and one more for any T.

    ‖D δ‖ ≤ γ ‖δ‖ is shown for SPE-12, and ‖M v‖ ≤ ‖M‖ ‖v‖ is what the norm is.
    """
    net = prove.network(Layer("rnn", 2, 2, biases="none"), 2)
    cotangent = prove.cotangent(net, last=True)
    slopes = [1 - h**2 for h in prove.reference.run(net).outputs[:, 0]]
    d, (into, recurrent) = cotangent.outputs[-1, 0], (net.parameters[name] for name in (W, U))
    arrived = prove.reference.vjp(net, cotangent).inputs[:, 0]
    prove.identical(arrived[1], (d * slopes[1]) @ into)
    prove.identical(arrived[0], (((d * slopes[1]) @ recurrent) * slopes[0]) @ into)

    longer, length, rate, reached, found, norm, gamma = prove.symbols("a b q r c w g", at_least=0)
    prove.valid(found <= gamma * norm * length, given=[longer <= gamma * length, found <= norm * longer])
    prove.valid(longer <= rate * reached, given=[longer <= rate * length, length <= reached])


@remembers.enclosure
def saturation(enclose: Enclose) -> None:
    """tanh'(z) < 4 e^(−2z) for every z ≥ 0: a saturated unit passes almost nothing on."""
    enclose.holds(lambda f, z: f.slope("tanh", z) < 4 * f.exp(-2 * z), z=(0, INF))


def _two_starts(activation: Activation, **parameters: float) -> Network:
    """One step of one unit without input, from 0 and from 1."""
    net = one_unit([0.0], activation=activation, **parameters)
    start = np.array([[0.0], [1.0]])
    return Network(net.layer, net.parameters, np.zeros((1, 2, 1)), {"h": start})
