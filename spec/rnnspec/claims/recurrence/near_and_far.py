"""What of the gradient comes from far away, and what is left without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, REFUTED, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    B,
    U,
    W,
    filled,
    on_the_last,
    one_unit,
    states,
    step_by_step,
    terms,
    unit,
)
from rnnspec.claims.spectra.norms import shrunk
from rnnspec.evidence import INF, Cotangent, Enclose, Functions, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0
from rnnspec.strategies import arrays, networks, reals, wholes
from rnnspec.subject import Array, Subject

DECAY = "every step back costs a factor of at most ρ = 1/2: ‖∂h_t/∂h_{t−1}‖ ≤ ρ"
NOT_SMALL = "the whole gradient is at least 2 c ρ^m / (1 − ρ), with ρ = 1/2 and c ≥ |h_k| for all k < T"


def _networks(activation: str = "tanh", **given: Any) -> Any:
    usual = {"biases": "one", "hidden": (1, 3), "inputs": (1, 2), "steps": (2, 3)}
    return networks("rnn", activation=activation, **{**usual, **given})


TINY = {"hidden": (1, 1), "inputs": (1, 1), "batch": (1, 1), "scales": (0,)}

Tanh = Annotated[Network, _networks()]
Halves = Annotated[float, reals(-2, 2, unit=1 / 2)]
ThreeInputs = Annotated[Array, arrays(3, low=-4, high=4, unit=1.0)]


def _linear(u: float, start: float, X: Array) -> Network:
    """S_t = X_t + u S_{t−1}, without an activation."""
    return one_unit(X.tolist(), h=start, activation="identity", W_h=1.0, U_h=u)


def _halved(network: Network) -> Network:
    """|U| ≤ 1/2 and |h_0| ≤ 1, in multiples that every format represents."""
    u = np.clip(network.parameters[U], -2, 2) / 4
    return Network(
        network.layer,
        {**network.parameters, U: u},
        network.inputs,
        {"h": np.clip(np.round(network.state["h"] * 16) / 16, -1, 1)},
    )


def _is_halved(network: Network) -> bool:
    return bool(abs(network.parameters[U][0, 0]) <= 0.5 and np.all(np.abs(network.state["h"]) <= 1))


def _from_within(network: Network) -> Network:
    """The same with |h_0| ≤ 1."""
    start = np.clip(network.state["h"], -1, 1)
    return Network(network.layer, network.parameters, network.inputs, {"h": start})


def _is_from_within(network: Network) -> bool:
    return bool(np.all(np.abs(network.state["h"]) <= 1))


FromWithin = Annotated[
    Network, _networks(batch=(1, 1), steps=(2, 5), also=_from_within, where=_is_from_within)
]
Wholes = Annotated[int, wholes(-2, 2)]
First = Annotated[int, wholes(-4, 4)]
Contracting = Annotated[Network, _networks(**{**TINY, "steps": (2, 4)}, also=_halved, where=_is_halved)]

# ------------------------------------------------------------------------------------------
total_survives = claim(
    "RNN-21",
    title="The total gradient of an RNN can vanish as well, even exactly",
    says="""
        In a recurrent network the total gradient does not vanish, being a sum that contains the
        present term; only the far part vanishes.
    """,
    statement="If the present term of the sum is not 0, then ∂L_T/∂U ≠ 0.",
    equation="""
        S_t = X_t + U S_{t−1}:   ∂S_3/∂U = S_2 + U S_1 + U² S_0 = 0   at X_2 = −2U X_1 − 3U² S_0
        U = ½,  S_0 = 0,  X = (1, −1, ...):   S_2 + ½ S_1 = −½ + ½ = 0
        h_t = tanh(h_{t−1} + X_t),  h_0 = 0,  X_1 = 1:   ∂h_3/∂U = 0 at X_2 = −1.36537
        |Σ_k g_k| ≥ |g_t| − Σ_{k<t} |g_k|
    """,
    verdict=REFUTED,
    because="""
        A sum is not bounded from below by one of its terms: they have signs. In the linear model
        with U = ½ and inputs 1, −1 the two terms of ∂S_3/∂U are −½ and ½; and whatever came
        first, there is a next input that makes the sum 0. So it is with tanh. Nor is the present
        term always there: it is 0 where h_{t−1} is, or the error; and every one of the
        terms contains φ'(z_t), so that all of them vanish together when the last unit saturates.
    """,
    corrected="""
        |Σ_k g_k| ≥ |g_t| − Σ_{k<t} |g_k|, entry by entry: if the far terms are small the present one
        remains, as large as it is. Without an activation there is for every U, h_0 and X_1 one X_2
        with ∂S_3/∂U = 0. With one tanh unit and |h_0| ≤ 1, all terms of ∂h_T/∂U together
        are at most tanh'(z_T) (1 + |U| + ... + |U|^(T−1)).
    """,
    sources=[D0("1.3, DNN and RNN")],
    rests_on=ENCLOSED,
    floats="The bounds are sums of the same terms; they may differ by rounding.",
    see=["RNN-19", "RNN-22", "LGR-09", "DEP-07"],
)


@total_survives.as_stated(needs=["run", "run_vjp"])
def some_gradient_is_left(impl: Subject, hold: Hold, u: Halves, X: ThreeInputs) -> None:
    """Three linear steps from rest, with a present term S_2 = X_2 + U X_1 that is not 0: nor is the sum."""
    hold.given(bool(X[1] + u * X[0]), "the present term is 0")
    net = _linear(u, 0.0, X)
    found = impl.vjp(net, on_the_last(net, 1.0)).parameters[U]
    hold.strictly_less(0, abs(found), "|∂S_3/∂U|")


@total_survives.witness(of=some_gradient_is_left)
def half_and_minus_half() -> Mapping[str, Any]:
    """U = ½, inputs 1, −1, 0: ∂S_3/∂U = S_2 + ½ S_1 = 0, with a far term of ½."""
    return {"u": 0.5, "X": np.array([1.0, -1.0, 0.0])}


@total_survives.law(needs=["run", "run_vjp"])
def input_that_makes_it_zero(
    impl: Subject, hold: Hold, u: Halves, start: Wholes, first: First, last: First
) -> None:
    """Linear, three steps: with X_2 = −2U X_1 − 3U² S_0 the present term is what the others take away."""
    net = _linear(u, start, np.array([first, -2 * u * first - 3 * u * u * start, last], float))
    before, present = impl.run(net).outputs[:2, 0]
    hold.equal(present, -(u * before + u * u * start), "S_2, the present term")
    hold.equal(impl.vjp(net, on_the_last(net, 1.0)).parameters[U], 0, "∂S_3/∂U")


@total_survives.law(needs=["run_vjp"])
def its_sign_changes_with_tanh(impl: Subject, hold: Hold) -> None:
    """tanh from rest, W = U = X_1 = 1, X_3 = 0: ∂h_3/∂U > 0 at X_2 = −5/4, < 0 at −3/2; so 0 in between."""
    positive, negative = (
        impl.vjp(net, on_the_last(net, 1.0)).parameters[U]
        for net in (one_unit([1.0, X_2, 0.0], W_h=1.0, U_h=1.0) for X_2 in (-1.25, -1.5))
    )
    hold.strictly_less(0, positive, "∂h_3/∂U at −5/4")
    hold.strictly_less(negative, 0, "∂h_3/∂U at −3/2")


@total_survives.law(needs=["run", "run_vjp"])
def what_the_others_leave(impl: Subject, hold: Hold, net: Tanh) -> None:
    """The total is at least the present term less all others, entry by entry."""
    d = filled(net.batch, net.layer.hidden)
    found = step_by_step(impl, net, d)
    whole = impl.vjp(net, on_the_last(net, d)).parameters
    for name in (W, U, B):
        *far, present = (abs(term[name]) for term in found)
        hold.at_most(present - sum(far), abs(whole[name]), f"|∂L_T/∂{name}|")


@total_survives.law(needs=["run", "run_vjp"])
def all_vanish_with_the_last_slope(impl: Subject, hold: Hold, net: Contracting) -> None:
    """One unit: |∂h_T/∂U| ≤ (1 − h_T²) Σ_k |U|^(T−k), whatever was before; if it saturates, all is gone."""
    hold.given(_is_halved(net), "|U| > 1/2 or |h_0| > 1")
    h, rate = impl.run(net).outputs[-1], Fraction(abs(float(net.parameters[U][0, 0])))
    reach = sum(rate**k for k in range(net.steps))
    found = impl.vjp(net, on_the_last(net, 1.0)).parameters
    hold.at_most(abs(found[U]), (1 - h * h) * float(reach), "|∂h_T/∂U|")


@total_survives.proof
def exactly_zero(prove: Prove) -> None:
    """In rational numbers the sum of −½ and ½; and each of three tanh terms begins with the last slope."""
    half = prove.number(1, 2)
    layer = Layer("rnn", 1, 1, activation="identity", biases="none")
    net = prove.network(layer, 3, W_h=1, U_h=half, h=0, inputs=_column(1, -1, 0))
    d = Cotangent(prove.matrix(np.zeros((3, 1)))[:, np.newaxis], {"h": prove.matrix([[1]])})
    prove.identical(prove.reference.vjp(net, d).parameters[U], [[0]])
    far, present = (term[U][0, 0] for term in prove.reference.gradient_terms(net, d)[-1][1:])
    prove.identical([far, present], [half, -half])

    tanh = prove.network(Layer("rnn", 1, 1), 3)
    cotangent, u = prove.cotangent(tanh, last=True), tanh.parameters[U][0, 0]
    h = [tanh.state["h"][0, 0], *prove.reference.run(tanh).outputs[:, 0, 0]]
    last = cotangent.outputs[-1, 0, 0] * (1 - h[3] ** 2)
    found = [term[U][0, 0] for term in prove.reference.gradient_terms(tanh, cotangent)[-1]]
    second = u * (1 - h[2] ** 2)
    prove.identical(found, [last * second * u * (1 - h[1] ** 2) * h[0], last * second * h[1], last * h[2]])


@total_survives.proof
def zero_for_every_start(prove: Prove) -> None:
    """Three linear steps with any U, S_0, X_1 and X_3: ∂S_3/∂U = 0 if and only if X_2 = −2U X_1 − 3U² S_0."""
    net = prove.network(Layer("rnn", 1, 1, activation="identity", biases="none"), 3, W_h=1)
    u, start, first = net.parameters[U][0, 0], net.state["h"][0, 0], net.inputs[0, 0, 0]
    d = Cotangent(prove.matrix(np.zeros((3, 1)))[:, np.newaxis], {"h": prove.matrix([[1]])})
    found = prove.reference.vjp(net, d).parameters[U][0, 0]
    prove.identical(found, net.inputs[1, 0, 0] - (-2 * u * first - 3 * u**2 * start))


@total_survives.enclosure
def zero_with_tanh(enclose: Enclose) -> None:
    """One tanh unit from rest, W = U = X_1 = 1: h_2 + (1 − h_2²) h_1, and so ∂h_3/∂U, is 0 at one X_2."""

    def without_the_last_slope(f: Functions, x: Any) -> Any:
        h_1 = f.tanh(f.number(1))
        h_2 = f.tanh(x + h_1)
        return h_2 + (1 - h_2 * h_2) * h_1

    enclose.zeros(without_the_last_slope, at=["-1.36537"], x=(-INF, INF))


@total_survives.proof
def bounds_of_the_sum(prove: Prove) -> None:
    """Both bounds for every T, by induction: one more term, and one more step of one tanh unit."""
    far, present, term = prove.symbols("far present term")
    (bound,) = prove.symbols("bound", at_least=0)
    prove.valid(abs(far + term) <= bound + abs(term), given=[abs(far) <= bound])
    prove.valid(abs(far + present) >= abs(present) - bound, given=[abs(far) <= bound])

    net = prove.network(Layer("rnn", 1, 1), 1)
    before, u = net.state["h"][0, 0], net.parameters[U][0, 0]
    h = prove.reference.run(net).outputs[0, 0, 0]
    (D,) = prove.symbols("D")  # ∂h_{T−1}/∂U, of which R is a bound
    (R,) = prove.symbols("R", at_least=0)
    whole = prove.derivative(h, u) + prove.derivative(h, before) * D
    prove.identical(whole, (1 - h**2) * (before + u * D))
    prove.valid(abs(before + u * D) <= 1 + abs(u) * R, given=[abs(before) <= 1, abs(D) <= R])
    prove.positive(1 - h**2)
    prove.valid(prove.all_of(1 - h**2 <= 1, abs(h) <= 1))
    (q,) = prove.symbols("q", at_least=0)
    prove.closed_form(
        lambda T: (1 - q**T) / (1 - q), first=1, then=lambda T, reach: 1 + q * reach, where=[q != 1]
    )


def _column(*inputs: float) -> Any:
    return np.reshape(np.array(inputs, float), (-1, 1, 1))


# ------------------------------------------------------------------------------------------
far_is_lost = claim(
    "RNN-22",
    title="Near terms dominate where Jacobians decay and the total is not small",
    says="""
        That the gradient of a recurrent network vanishes means that an update cannot use far
        information: the near terms are what is left of the sum.
    """,
    statement="In Σ_k g_k the terms older than m steps are smaller than the m newest.",
    equation="""
        |g_{T−j}| ≤ c ρ^j                     if ‖J_t‖ ≤ ρ, φ' ≤ 1 and |h_k| ≤ c
        |Σ_{k ≤ T−m} g_k| ≤ c ρ^m / (1 − ρ)
        |old| − |new| ≤ 2 c ρ^m / (1 − ρ) − |Σ_k g_k|
        share of the old:  ≤ c ρ^m / ((1 − ρ) |Σ_k g_k|)
        |old| ≤ |new|   if |Σ_k g_k| ≥ 2 c ρ^m / (1 − ρ)
    """,
    verdict=CONDITIONAL,
    because="""
        If each step further back costs a factor ρ < 1, what is older than m steps is at most the tail
        of a geometric series. Divided by the total it is the share of the old terms, which is
        small only if the total is not: where it is at least twice the tail, the new ones are the
        larger part. (ρ = 1/2 is our reading; c is what the states are at most, 1 with tanh.)
        Without decay there is no reason why the new ones should be the larger; and with decay
        but with states near 0 at the end, the new ones are 0.
    """,
    conditions=(DECAY, NOT_SMALL),
    sources=[D0("1.3, DNN and RNN")],
    rests_on=SAMPLED,
    floats="Sums of the same terms; they may differ by rounding.",
    see=["RNN-21", "RNN-33"],
)

HALF = Fraction(1, 2)
NEW = 2
"""m in what is stated: the two newest terms against the one before them."""


def _old_and_new(impl: Subject, net: Network, m: int) -> tuple[Any, Any]:
    """The sums of the terms older than m steps, and of the m newest, of ∂h_T/∂U."""
    found: Sequence[Any] = [term[U] for term in terms(net, states(impl, net), np.ones((1, 1)))]
    split = net.steps - m
    return sum(found[:split]), sum(found[split:])


@far_is_lost.as_stated(needs=["run"])
def old_terms_are_smaller(impl: Subject, hold: Hold, u: Halves, start: Halves, X: ThreeInputs) -> None:
    """Three linear steps: the oldest term is smaller than the two newest together."""
    old, new = _old_and_new(impl, _linear(u, start, X), NEW)
    hold.at_most(abs(old), abs(new), "|old| ≤ |new|")


@far_is_lost.necessity(of=old_terms_are_smaller, condition=DECAY)
def as_loud_as_ever() -> Mapping[str, Any]:
    """U = 1, S_0 = 4, then −3 and nothing: S_1 = S_2 = 1, new terms 2, the old one 4.

    They add up to 6, where NOT_SMALL asks for c = 4.
    """
    return {"u": 1.0, "start": 4.0, "X": np.array([-3.0, 0.0, 0.0])}


@far_is_lost.necessity(of=old_terms_are_smaller, condition=NOT_SMALL)
def nothing_new() -> Mapping[str, Any]:
    """U = ½, S_0 = 4, then −2 and nothing: S_1 = S_2 = 0, new terms 0, the old one 1.

    They add up to 1, where NOT_SMALL asks for c = 4.
    """
    return {"u": 0.5, "start": 4.0, "X": np.array([-2.0, 0.0, 0.0])}


@far_is_lost.law(needs=["run", "run_vjp"])
def geometric_tail(impl: Subject, hold: Hold, net: Contracting) -> None:
    """With ρ = |U| ≤ ½ and |h| ≤ 1, what is older than m steps is at most ρ^m / (1 − ρ)."""
    hold.given(_is_halved(net), "|U| > 1/2 or |h_0| > 1")
    rate = Fraction(abs(float(net.parameters[U][0, 0])))
    found = [term[U] for term in step_by_step(impl, net, np.ones((1, 1)))]
    whole = impl.vjp(net, on_the_last(net, 1.0)).parameters[U]
    for m in range(1, net.steps):
        tail = rate**m / (1 - rate)
        hold.at_most(abs(sum(found[: net.steps - m])), tail, f"what is older than {m} steps")
        near = sum(found[net.steps - m :])
        hold.at_most(abs(whole - near), tail, f"the gradient without its {m} newest terms")


@far_is_lost.law(needs=["run", "run_vjp"])
def near_terms_dominate(impl: Subject, hold: Hold, net: FromWithin) -> None:
    """‖U‖ ≤ ρ = ½, |h_0| ≤ 1: |old| ≤ ρ^m/(1 − ρ), and |old| ≤ |new| where the whole is twice as much.

    Entry by entry of every ∂h_T[j]/∂U: |old| − |new| is at most 2 ρ^m/(1 − ρ) less the whole.
    """
    hold.given(_is_from_within(net), "|h_0| > 1")
    net = net.with_parameters(U_h=shrunk(net.parameters[U], HALF))
    for j in range(net.layer.hidden):
        found: Sequence[Any] = [term[U] for term in step_by_step(impl, net, unit(net, j))]
        whole = impl.vjp(net, on_the_last(net, unit(net, j))).parameters[U]
        for m in range(1, net.steps):
            tail = HALF**m / (1 - HALF)
            old, new = abs(sum(found[: net.steps - m])), abs(sum(found[net.steps - m :]))
            hold.at_most(old, tail, f"what is older than {m} steps, of unit {j}")
            hold.at_most(old + abs(whole) - new, 2 * tail, f"|old| + |Σ| − |new|, {m} steps, of unit {j}")


@far_is_lost.proof
def tail_of_a_series(prove: Prove) -> None:
    """Each term is at most c ρ^j; n old ones add up to less than the tail, for every n.

    Where the whole is twice that, the new ones win.
    """
    (rho,) = prove.symbols("rho", above=0, below=1)
    sent, slope, state = prove.symbols("sent slope state")
    reached, c = prove.symbols("reached c", at_least=0)
    prove.valid(
        abs(sent * slope * state) <= c * reached,
        given=[abs(sent) <= reached, slope >= 0, slope <= 1, abs(state) <= c],
    )
    prove.sum_is(lambda j: rho**j, lambda n: (rho - rho ** (n + 1)) / (1 - rho))
    terms_so_far, term = prove.symbols("terms term")
    bound, largest = prove.symbols("bound largest", at_least=0)
    prove.valid(
        abs(terms_so_far + term) <= bound + largest, given=[abs(terms_so_far) <= bound, abs(term) <= largest]
    )
    (power_of_rho,) = prove.symbols("p", above=0)
    prove.positive(rho / (1 - rho) - (rho - rho * power_of_rho) / (1 - rho))
    old, new = prove.symbols("old new")
    (tail,) = prove.symbols("tail", above=0)
    large = prove.any_of(old + new >= 2 * tail, old + new <= -2 * tail)
    prove.valid(prove.any_of(new >= tail, new <= -tail), given=[old <= tail, old >= -tail, large])
