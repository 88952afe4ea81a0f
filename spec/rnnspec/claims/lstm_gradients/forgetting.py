"""Far gradients: when they survive, and how often they explode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np

from rnnspec.claim import CONDITIONAL, EMPIRICAL, ENCLOSED, claim
from rnnspec.claims.lstm_gradients.passing import (
    along_the_cell,
    gates,
    on_the_cell,
    one_unit,
    steps_of,
    through_the_output,
)
from rnnspec.evidence import Enclose, Lab, Measurement, Outcome, Prove, Start
from rnnspec.hold import Hold
from rnnspec.protocol import Cotangent, Layer, Network
from rnnspec.sources import D0
from rnnspec.strategies import networks
from rnnspec.subject import Array, Subject

SHORT = "the sum of 1 − f_t over the steps stays small"
UNCANCELLED = "no other path cancels the one from cell to cell"


def _remembering(net: Network) -> Network:
    """Forget gates near 1: a bias between 4 and 8, whatever was drawn."""
    # Multiples of 1/32, which every float format represents up to 8.
    bias = 6 + np.round(np.clip(net.parameters["b_f"], -2, 2) * 32) / 32
    return net.with_parameters(W_f=0, b_f=bias, U_f=0)


def _remembers(net: Network) -> bool:
    p = net.parameters
    return bool(np.all(p["W_f"] == 0) and np.all(p["U_f"] == 0) and np.all(np.abs(p["b_f"] - 6) <= 2))


Remembering = Annotated[
    Network,
    networks(
        "lstm", hidden=(1, 3), inputs=(1, 2), steps=(0, 8), biases="one", also=_remembering, where=_remembers
    ),
]
LongRemembering = Annotated[
    Network,
    networks(
        "lstm",
        hidden=(1, 1),
        inputs=(1, 1),
        steps=(1, 400),
        batch=(1, 1),
        biases="one",
        also=_remembering,
        where=_remembers,
    ),
]
ShortRemembering = Annotated[
    Network,
    networks(
        "lstm",
        hidden=(1, 1),
        inputs=(1, 1),
        steps=(1, 10),
        scales=(1, 2),
        batch=(1, 1),
        biases="one",
        also=_remembering,
        where=_remembers,
    ),
]

# ------------------------------------------------------------------------------------------
near_one = claim(
    "LGR-12",
    title="A forget gate near 1 keeps far gradients alive only for a while",
    says="If the forget gate is near 1 the gradient from far away does not vanish.",
    statement="If every f_t ≥ 0.98, then ∂c_T/∂c_0 ≥ 1/2, whatever T.",
    equation="""
        1 − S  ≤  f_1 f_2 ... f_T  ≤  1 / (1 + S)
        S = (1 − f_1) + (1 − f_2) + ... + (1 − f_T)
        S_∞ < ∞:  from some N on S_∞ − S_N ≤ 1/2, so  f_1 ... f_T ≥ f_1 ... f_N / 2  for T ≥ N
        0.99^100 = 0.3660323,   0.99^1000 = 4.317·10^-5
    """,
    verdict=CONDITIONAL,
    because="""
        How near, and how much must be left, the document does not say; 0.98 and 1/2 are our
        reading, and any other pair fails likewise.

        Near is not one: a constant gate f < 1 vanishes exponentially, only later. 0.99 leaves
        0.366 after 100 steps and 4·10^-5 after 1000. What survives is governed by the sum of
        what is forgotten in all, S: the product is at least 1 − S and at most 1/(1 + S). Over
        infinitely many steps it stays away from 0 if and only if S is finite, gates being above 0:
        if S grows without bound the upper one tends to 0; if S is finite, what is still to be
        forgotten is at most 1/2 from some step on, and of what has arrived there the
        lower one keeps half. And this is the path from cell to cell; the gradient in all is a
        sum over every path, also from the old cell to the first gates by h_0, and the others may
        cancel it.
    """,
    conditions=(SHORT, UNCANCELLED),
    sources=[D0("questions, 1")],
    rests_on=ENCLOSED,  # 0.99^1000
    floats="Products and sums of the same gates; they may differ by rounding.",
    see=["LGR-05", "LGR-07", "LGR-09", "LGR-11"],
)


@near_one.law(needs=["run", "run_vjp"])
def at_least_one_minus_the_forgotten(impl: Subject, hold: Hold, net: Remembering) -> None:
    """Along the cells at least 1 − Σ(1 − f_t) of the gradient arrives."""
    passed: Any = np.ones((net.batch, net.layer.hidden))
    forgotten: Any = np.zeros((net.batch, net.layer.hidden))
    for step in steps_of(impl, net):
        passed = passed * along_the_cell(impl, step)
        forgotten = forgotten + (1 - gates(hold, step)["f"])
    hold.at_most(1 - forgotten, passed, "1 − Σ(1 − f_t) ≤ ∏ f_t")


@near_one.law(needs=["run", "run_vjp"])
def at_most_what_every_gate_lets_through(impl: Subject, hold: Hold, net: Remembering) -> None:
    """And at most 1 / (1 + Σ(1 − f_t)), which tends to 0 if the sum grows without bound."""
    passed: Any = np.ones((net.batch, net.layer.hidden))
    forgotten: Any = np.zeros((net.batch, net.layer.hidden))
    for step in steps_of(impl, net):
        passed = passed * along_the_cell(impl, step)
        forgotten = forgotten + (1 - gates(hold, step)["f"])
    hold.at_most(passed * (1 + forgotten), 1, "∏ f_t (1 + Σ(1 − f_t))")


@near_one.as_stated(needs=["run", "run_vjp"])
def never_vanishes(impl: Subject, hold: Hold, net: LongRemembering) -> None:
    """With forget gates of 0.98 and more, half of the cell's gradient arrives after any time."""
    net = net.with_parameters(U_i=0, U_g=0)
    hold.at_most(0.5, impl.vjp(net, on_the_cell(net, 1.0)).state["c"], "∂c_T/∂c_0")


@near_one.necessity(of=never_vanishes, condition=SHORT)
def ninety_nine_percent_for_a_hundred_steps() -> Mapping[str, Any]:
    """f = 0.99 for 100 steps: 0.99^100 = 0.366 is left."""
    return {"net": one_unit(steps=100, b_f=np.log(99.0))}


@near_one.as_stated(needs=["run", "run_vjp"])
def survives_on_all_paths_together(impl: Subject, hold: Hold, net: ShortRemembering) -> None:
    """Over ten steps at most, half of the gradient arrives on all paths from c_0 to c_T together.

    Some of them begin with h_0 = o_0 tanh(c_0), whose o_0 is taken to be 1/2.
    """
    hold.at_most(0.5, abs(through_the_output(impl, hold, net, 0.5, 1.0)), "|∂c_T/∂c_0|")


@near_one.necessity(of=survives_on_all_paths_together, condition=UNCANCELLED)
def candidate_that_opposes_the_cell() -> Mapping[str, Any]:
    """One step at rest, f = i = 0.998 and U_g = −2: f + i o_0 U_g is 0, and the cell alone keeps 0.998."""
    return {"net": one_unit(steps=1, b_f=6.0, b_i=6.0, U_g=-2.0)}


@near_one.law(needs=["run_vjp"])
def a_third_is_left_after_a_hundred_steps(impl: Subject, hold: Hold) -> None:
    """f = σ(4.59375), which is 0.98999: f^100 = 0.3655, between 0.36 and 0.37."""
    net = one_unit(steps=100, b_f=4.59375)
    arrives = impl.vjp(net, on_the_cell(net, 1.0)).state["c"]
    hold.strictly_less(Fraction(36, 100), arrives, "0.36 < f^100")
    hold.strictly_less(arrives, Fraction(37, 100), "f^100 < 0.37")


@near_one.proof
def weierstrass(prove: Prove) -> None:
    """If both bounds hold for a product P and the sum S, they do with one more factor f.

    For infinitely many steps: where S is finite and N such that the rest of the sum is at most 1/2,
    the product of the gates after N is at least 1/2, by the lower bound; and if 1/P ≥ 1 + S, P falls
    below any bound as S grows.
    """
    f, P = prove.symbols("f P", above=0, at_most=1)
    (S,) = prove.symbols("S", at_least=0)
    forgotten = S + (1 - f)
    prove.valid(1 - forgotten <= P * f, given=[1 - S <= P])
    prove.valid(P * f * (1 + forgotten) <= 1, given=[P * (1 + S) <= 1])
    until_N, after_N, bound = prove.symbols("until_N after_N bound", above=0)
    (rest,) = prove.symbols("rest", at_least=0, at_most=Fraction(1, 2))
    prove.valid(until_N * after_N >= until_N / 2, given=[1 - rest <= after_N])
    prove.valid(bound >= P, given=[P * (1 + S) <= 1, S * bound >= 1])


@near_one.enclosure
def ninety_nine_percent(enclose: Enclose) -> None:
    """0.99^100 = 0.3660323 and 0.99^1000 = 4.317·10^-5; and σ(4.59375)^100 = 0.3655309."""
    enclose.value(lambda f: f.number("0.99") ** 100, "0.3660323")
    enclose.value(lambda f: f.number("0.99") ** 1000, "0.00004317")
    enclose.value(lambda f: f.activation("sigmoid", f.number(Fraction("4.59375"))) ** 100, "0.3655309")


# ------------------------------------------------------------------------------------------
explodes_less = claim(
    "LGR-11",
    title="Whether an LSTM explodes less often than an RNN depends on the size of its weights",
    says="""
        Because its other paths pass through more activations with slopes below 1, an LSTM's
        gradients explode much less often than those of a plain RNN.
    """,
    statement="For random weights, P(gradient grows over 50 steps) is smaller for the LSTM than for the RNN.",
    equation="""
        P(‖Jᵀ v‖ > ‖v‖),  J = ∂(h_T, c_T)/∂(h_0, c_0),  v random
        n = 32,  T = 50,  weights uniform within ± gain/√n
    """,
    verdict=EMPIRICAL,
    finding="depends on the gain",
    because="""
        Where the RNN begins to explode it is so, and the difference is stark. For small
        weights none explodes. For large ones it turns round: the RNN explodes less often
        again, and the LSTM nearly always. Saturation of the RNN's slopes is a likely reason;
        the experiment counts how often gradients grow and does not measure why. Where the RNN
        begins depends on the inputs as well: at gain 4 it does not explode with inputs of standard
        deviation 1, and nearly always with inputs half as large. The gains
        were chosen after a first look at them, to show each of these regimes. The
        reason that the document gives is loose: slopes of exactly 1 exist (ACT-06), and what bounds
        a step of the LSTM grows with its weights (LGR-01). Gates as such are not it either: a
        GRU has them, and at gains 8 and 16 it explodes more often than the LSTM.

        Without inputs and states nothing saturates, and a step is U in the RNN and 1/2 + U/4 in the
        two others, whose gradients begin to grow at about twice the gain: of eight networks with gain 5/2,
        all RNNs explode there, and none of the others.

        Where neither explodes, both vanish, and which of them faster depends on the gain, too: the
        RNN at gain 1, the LSTM at gain 2. At gain 1 forget biases of 1 and 4 keep the LSTM ahead, and
        with 4 most of its gradients grow a little.
    """,
    sources=[D0("questions, 1")],
    see=["LGR-01", "LGR-12", "ACT-06"],
)

HIDDEN, STEPS = 32, 50
Kind: TypeAlias = Literal["rnn", "lstm", "gru"]
KINDS: tuple[Kind, ...] = ("rnn", "lstm", "gru")
WITHOUT = {(2.0, 1.0), (4.0, 1.0)}
"""Gains and standard deviations of the inputs where none of them explodes."""
PLACES = ((2.0, 1.0), (4.0, 1.0), (4.0, 0.5), (8.0, 1.0), (16.0, 1.0), (32.0, 1.0))
GRU_MORE = {(8.0, 1.0), (16.0, 1.0)}
"""Where the GRU explodes more often than the LSTM."""


@explodes_less.experiment
def how_often_gradients_grow(lab: Lab) -> Outcome:
    """The same seeds for all kinds, from gains where none explodes to where the order turns.

    With large weights the dynamics are chaotic: a run in float64 is then not the exact
    orbit of its seed, but a sample from the same ensemble.
    """
    rows, less, more, gru_more = [], [], [], set()
    for gain, inputs in PLACES:
        rnn, lstm, gru = (
            lab.frequency(
                f"{kind.upper()}, gain {gain:g}, inputs {inputs:g}",
                lab.gradient_growth(Layer(kind, HIDDEN, HIDDEN), Start("uniform", gain), STEPS, inputs) > 0,
            )
            for kind in KINDS
        )
        rows += [rnn, lstm, gru]
        if lstm.high < rnn.low:
            less.append((gain, inputs))
        elif rnn.high < lstm.low:
            more.append((gain, inputs))
        if lstm.high < gru.low:
            gru_more.add((gain, inputs))
    return Outcome(
        _verdict(less, more),
        rows,
        f"the 95 % intervals are apart, the LSTM's below the RNN's, at gain and inputs {_listed(less)}, "
        f"and the LSTM's above at {_listed(more)}; below the GRU's at {_listed(sorted(gru_more))}",
        settled={*less, *more} == set(PLACES) - WITHOUT and gru_more >= GRU_MORE,
    )


@explodes_less.experiment
def how_fast_gradients_shrink(lab: Lab) -> Outcome:
    """Where neither explodes: the logarithm of the growth per step, LSTM less RNN, on the same seeds.

    With forget gates that begin open the LSTM's shrink more slowly, or grow: that is held as well.
    """

    def growth(kind: Kind, gain: float, forget_bias: float = 0.0) -> Array:
        start = Start("uniform", gain, forget_bias)
        return lab.gradient_growth(Layer(kind, HIDDEN, HIDDEN), start, STEPS) / STEPS

    def ahead(gain: float, forget_bias: float = 0.0) -> Measurement:
        what = f"per step, gain {gain:g}, forget bias {forget_bias:g}: LSTM less RNN"
        return lab.difference(what, growth("lstm", gain, forget_bias), growth("rnn", gain))

    by_gain = {gain: ahead(gain) for gain in (1.0, 2.0)}
    slower = [gain for gain, row in by_gain.items() if row.above(0)]
    faster = [gain for gain, row in by_gain.items() if row.below(0)]
    opened = [ahead(1.0, forget_bias) for forget_bias in (1.0, 4.0)]
    grows = lab.frequency("LSTM, gain 1, forget bias 4", growth("lstm", 1.0, 4.0) > 0)
    return Outcome(
        _verdict(slower, faster),
        [*by_gain.values(), *opened, grows],
        f"with 95 % certainty the LSTM's shrink more slowly at gain {_listed(slower)}, "
        f"and faster at gain {_listed(faster)}",
        settled=len(slower) + len(faster) == len(by_gain)
        and all(row.above(0) for row in opened)
        and grows.above(0.5),
    )


SEEDS = range(8)
UNITS, LENGTH = 16, 8
REACH = 40
"""In units of 1/64, so that each format represents the weights: 5/8, which is 5/2 over the root of 16."""


@explodes_less.law(needs=["run_vjp"])
def eight_of_eight_and_none_of_eight(impl: Subject, hold: Hold) -> None:
    """At rest and at gain 5/2: of eight seeded RNNs all gradients grow over eight steps, of gated ones none.

    A step of the RNN is U there, one of an LSTM's cell or of a GRU 1/2 + U/4. No more than a
    frequency in a sample: a seed is no theorem, and other seeds may have other gradients.
    """
    for seed in SEEDS:
        grown = {kind: _growth_at_rest(impl, kind, seed) for kind in KINDS}
        hold.strictly_less(1, grown["rnn"], f"RNN of seed {seed}: growth, squared")
        for kind in ("lstm", "gru"):
            hold.strictly_less(grown[kind], 1, f"{kind.upper()} of seed {seed}: growth, squared")


def _growth_at_rest(impl: Subject, kind: Kind, seed: int) -> Any:
    """By what factor the squares of a cotangent of ones grow on its way back through a seeded network."""
    layer, random = Layer(kind, 1, UNITS, biases="none"), np.random.default_rng(seed)
    zero, ones = np.zeros((1, UNITS)), np.ones((1, UNITS))
    parameters = {
        name: random.integers(-REACH, REACH + 1, shape) / 64 for name, shape in layer.parameter_shapes.items()
    }
    net = Network(layer, parameters, np.zeros((LENGTH, 1, 1)), dict.fromkeys(layer.states, zero))
    on_states = Cotangent(np.zeros((LENGTH, 1, UNITS)), dict.fromkeys(layer.states, ones))
    back = impl.vjp(net, on_states).state
    squares = np.array([(back[name] ** 2).sum() for name in layer.states])
    return squares.sum() / (UNITS * len(layer.states))


def _verdict(better: Sequence[object], worse: Sequence[object]) -> str:
    if better and worse:
        return "depends on the gain"
    return "supported" if better else "not supported"


def _listed(places: Sequence[float | tuple[float, float]]) -> str:
    return ", ".join(" and ".join(f"{x:g}" for x in np.atleast_1d(place)) for place in places) or "none"
