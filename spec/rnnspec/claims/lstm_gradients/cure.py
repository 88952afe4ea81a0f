"""Whether the LSTM solves the problem, or makes it smaller."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, REFUTED, claim
from rnnspec.claims.lstm.words import cell, latch
from rnnspec.claims.lstm_gradients.at_rest import step_at_rest, total_at_rest
from rnnspec.claims.lstm_gradients.passing import on_the_cell, one_unit
from rnnspec.evidence import INF, Cotangent, Enclose, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0, D1, D2, D3, D4
from rnnspec.strategies import arrays, networks, reals, wholes
from rnnspec.subject import Array, Numbers, Subject


def _nothing_reads_h(net: Network) -> Network:
    return net.with_parameters(U_f=0, U_i=0, U_g=0)


def _none_reads_h(net: Network) -> bool:
    return all(bool(np.all(net.parameters[f"U_{gate}"] == 0)) for gate in "fig")


CellsAlone = Annotated[
    Network,
    networks(
        "lstm",
        steps=(0, 6),
        hidden=(1, 3),
        inputs=(1, 1),
        batch=(1, 1),
        biases="one",
        also=_nothing_reads_h,
        where=_none_reads_h,
    ),
]
AtLeastHalf = Annotated[float, reals(0, 1, 1 / 2)]
Gate = Annotated[float, reals(-8, 8)]
Slow = Annotated[float, reals(-0.5, 0.5, 1 / 128)]
Weight = Annotated[float, reals(-2, 2)]
Candidate = Annotated[float, reals(-16, 16)]
State = Annotated[float, reals(-4, 4)]
Steps = Annotated[int, wholes(1, 6)]
Marks = Annotated[int, wholes(0, 63)]
Values = Annotated[Array, arrays((1, 6))]
Several = Annotated[int, wholes(6, 12)]
Many = Annotated[int, wholes(20, 30)]
Bias = Annotated[float, reals(16, 32, 1 / 8)]


def plain_rnn(w: float, h: float, T: int) -> Network:
    """One unit h_t = tanh(w h_{t-1}), from h_0 = h."""
    layer = Layer("rnn", 1, 1, biases="none")
    parameters = {"W_h": np.zeros((1, 1)), "U_h": np.full((1, 1), w)}
    return Network(layer, parameters, np.zeros((T, 1, 1)), {"h": np.full((1, 1), h)})


def from_last_to_first(impl: Subject, net: Network) -> Numbers:
    """dh_T/dh_0 of one unit."""
    on_h = Cotangent(np.zeros((net.steps, 1, 1)), {"h": np.ones((1, 1))})
    return impl.vjp(net, on_h).state["h"]


# ------------------------------------------------------------------------------------------
SLOWER = "the plain RNN that it is compared with loses more in each step"

improved = claim(
    "LGR-13",
    title="Forget gates below 1 do not cure vanishing, and improve on a plain RNN only if that loses more",
    says="""
        Where the forget gate lies strictly between 0 and 1, the LSTM only improves on vanishing
        gradients and does not solve it.
    """,
    statement="""
        If 0 < f_t ≤ f̄ < 1, then ∏ f_t tends to 0; and still the LSTM loses less of the
        gradient than a plain RNN with the same recurrent weight.
    """,
    equation="""
        f_1 ... f_T ≤ f̄^T → 0   if f_t ≤ f̄ < 1
        plain RNN at rest:  ∂h_T/∂h_0 = w^T;  with w = 1 it is 1 for every T
        LSTM at rest, zero parameters:  2^-T
    """,
    verdict=CONDITIONAL,
    because="""
        That it is no cure is right: what passes from cell to cell decays at least as fast as
        f̄^T. That it is an improvement depends on what it is compared with. A plain RNN with
        w = 1 keeps its gradient at h = 0 entirely, an LSTM with zero parameters halves it in
        every step. If the RNN has |w| below every forget gate, its slopes being at most 1, the
        LSTM is the better one indeed.
    """,
    conditions=(SLOWER,),
    sources=[D0("questions, 1")],
    floats="Products of gates and of slopes; rounded in every step.",
    see=["LGR-07", "LGR-12", "LST-25"],
)


@improved.as_stated(needs=["run_vjp"])
def better_than_any_plain_rnn(impl: Subject, hold: Hold, w: Weight, h: State, T: Steps) -> None:
    """At rest an LSTM with zero biases and U_g = w keeps at least what a plain RNN with U = w keeps."""
    lstm = total_at_rest(impl, hold, one_unit(steps=T, U_g=w), 1.0)
    hold.at_most(abs(from_last_to_first(impl, plain_rnn(w, h, T))), abs(lstm), "RNN ≤ LSTM")


@improved.necessity(of=better_than_any_plain_rnn, condition=SLOWER)
def rnn_that_keeps_everything() -> Mapping[str, Any]:
    """w = 1 at h = 0: the RNN keeps 1, the LSTM 3/4."""
    return {"w": 1.0, "h": 0.0, "T": 1}


@improved.law(needs=["run_vjp"])
def vanishes_with_the_largest_gate(impl: Subject, hold: Hold, net: CellsAlone) -> None:
    """From cell to cell no more than f̄^T arrives, f̄ being the largest gate that the inputs allow."""
    p = net.parameters
    largest = (net.inputs @ p["W_f"].T + p["b_f"]).max(axis=0, initial=-100.0)
    f_bar = hold.reference.activation("sigmoid", largest)
    arrives = impl.vjp(net, on_the_cell(net, 1.0)).state["c"]
    hold.at_most(arrives, f_bar**net.steps, "∏ f_t ≤ f̄^T")


@improved.law(needs=["run_vjp"])
def better_than_one_that_loses_more(
    impl: Subject, hold: Hold, w: Slow, h: State, b_f: AtLeastHalf, T: Steps
) -> None:
    """For |w| ≤ 1/2 ≤ f the LSTM's cell keeps at least what the plain RNN keeps."""
    kept = impl.vjp(lstm := one_unit(steps=T, b_f=b_f), on_the_cell(lstm, 1.0)).state["c"]
    hold.at_most(abs(from_last_to_first(impl, plain_rnn(w, h, T))), kept, "RNN ≤ LSTM")


@improved.proof
def vanishes_like_a_geometric_sequence(prove: Prove) -> None:
    """f̄^n (1 + n(1 − f̄)) ≤ 1 for every n, so f̄^n tends to 0; one more f ≤ f̄ keeps P ≤ f̄^n."""
    (f_bar,) = prove.symbols("f_bar", above=0, below=1)
    prove.by_induction(lambda n: f_bar**n * (1 + n * (1 - f_bar)) <= 1)
    f, P, Q = prove.symbols("f P Q", above=0)
    prove.valid(P * f <= Q * f_bar, given=[P <= Q, f <= f_bar])


# ------------------------------------------------------------------------------------------
solved = claim(
    "LGR-14",
    title="The LSTM does not solve vanishing or exploding gradients; it can be made to keep them",
    says="""
        The LSTM solves the problem of vanishing gradients, and by two of the documents that of
        exploding ones as well: one says so, a heading of the other presupposes it.
    """,
    statement="""
        Whatever the parameters, ‖∂c_T/∂c_0‖ stays away from 0 and from infinity (after 20
        steps and more it is between 10^-3 and 10^3).
    """,
    equation="""
        at rest, n = 1:  U_g = 0: 2^-T → 0      U_g = 6: 2^T → ∞
        for every T and ε there are parameters with |∂c_T/∂c_0 − 1| < ε:  b_f ≥ ln(T/ε), U = 0
        and with which one and the same network, reading a mark and v at the first of T steps, has
            |c_T − tanh(v)| < ε,  |∂c_T/∂c_1 − 1| < ε:  i = σ(2am − a),  f = σ(a − 2am),  a ≥ ln(2T/ε)
        scalar tanh RNN at a fixed point h = tanh(u) = w h:  J = 2u / sinh(2u) < 1 for u ≠ 0
    """,
    verdict=REFUTED,
    because="""
        Parameters 0 are enough: all gates are 1/2 and the gradient halves in every step. With
        U_g = 6 it doubles. What the LSTM has is the possibility: for any number of steps there
        are parameters with which nearly all of the gradient arrives, while the input gate lets the cell
        be written at will. Nor need the forget gate stay open whatever comes: the latch of LST-24,
        whose gates read a mark, holds what was marked last, and with the same parameters the
        gradient since then is as near to 1, and that from before is gone.
        A plain RNN has not: to latch a bit robustly it
        needs a stable fixed point away from 0, and there its factor is 2u/sinh(2u), below 1. LGR-11
        measures how fast gradients shrink in random networks: at some gains the LSTM's are the
        faster ones. Others among the documents say so themselves: the LSTM alleviates, it can still explode.
    """,
    corrected="""
        There are parameters for which the gradient vanishes, and others for which it explodes.
        For every T and ε there are parameters with |∂c_T/∂c_0 − 1| < ε, with which the input and
        output gates and the candidate still read the input; and others with which the forget gate
        does as well, and what was marked last is kept up to ε. A scalar tanh RNN has a factor
        below 1 wherever it latches.
    """,
    sources=[
        D0("1.3, solution 6"),
        D0("1.3, DNN and RNN"),
        D0("questions, 1"),
        D1("1, why an LSTM is needed"),
        D2("introduction"),
        D2("why it works"),
        D3("introduction"),
        D3("6.10"),
        D4("abstract"),
        D4("RNN training"),
    ],
    rests_on=ENCLOSED,  # 2u < sinh(2u)
    floats="With zero biases and small weights powers of two; otherwise rounded in every step.",
    see=["LGR-10", "LGR-11", "LGR-12", "LGR-13", "LST-24", "EMP-04", "RNN-28"],
)


@solved.as_stated(needs=["run_vjp"])
def does_not_vanish(impl: Subject, hold: Hold, b_f: Gate, U_g: Candidate, T: Many) -> None:
    """At rest, |∂c_T/∂c_0| ≥ 10^-3 after 20 steps and more."""
    total = total_at_rest(impl, hold, one_unit(steps=T, b_f=b_f, U_g=U_g), 1.0)
    hold.at_most(Fraction(1, 1000), abs(total), "|∂c_T/∂c_0|")


@solved.witness(of=does_not_vanish)
def zero_parameters() -> Mapping[str, Any]:
    """All parameters 0: 2^-20."""
    return {"b_f": 0.0, "U_g": 0.0, "T": 20}


@solved.as_stated(needs=["run_vjp"])
def does_not_explode(impl: Subject, hold: Hold, b_f: Gate, U_g: Candidate, T: Many) -> None:
    """At rest, |∂c_T/∂c_0| ≤ 1000 after 20 steps and more."""
    total = total_at_rest(impl, hold, one_unit(steps=T, b_f=b_f, U_g=U_g), 1.0)
    hold.at_most(abs(total), 1000, "|∂c_T/∂c_0|")


@solved.witness(of=does_not_explode)
def candidate_of_six() -> Mapping[str, Any]:
    """U_g = 6 and zero biases: 2^20."""
    return {"b_f": 0.0, "U_g": 6.0, "T": 20}


@solved.law(needs=["run_vjp"])
def both_extremes(impl: Subject, hold: Hold, T: Several) -> None:
    """At rest with zero biases: 2^-T for U_g = 0 and 2^T for U_g = 6."""
    small, large = (total_at_rest(impl, hold, one_unit(steps=T, U_g=U), 1.0) for U in (0.0, 6.0))
    hold.equal(small, 2.0**-T, "∂c_T/∂c_0 for U_g = 0")
    hold.equal(large, 2.0**T, "∂c_T/∂c_0 for U_g = 6")


@solved.law(needs=["run_vjp"])
def can_be_made_to_keep(impl: Subject, hold: Hold, b_f: Bias, w: Weight, x: State, T: Steps) -> None:
    """With nothing reading h and b_f ≥ 16, more than 1 − T 2^-b_f arrives, whatever is written."""
    net = _written(b_f, w, x, T)
    arrives = impl.vjp(net, on_the_cell(net, 1.0)).state["c"]
    hold.at_most(1 - arrives, T * 2.0**-b_f, "1 − ∂c_T/∂c_0")
    hold.at_most(arrives, 1, "∂c_T/∂c_0", rounding=SURVIVES)


@solved.law(needs=["run"])
def and_still_be_written(impl: Subject, hold: Hold, b_f: Bias, w: Weight, x: State) -> None:
    """With the same parameters one step from c_0 = 0 leaves σ(w x) tanh(w x): the gates read the input."""
    read = np.array([[w * x]])
    written = hold.reference.activation("sigmoid", read) * hold.reference.activation("tanh", read)
    hold.equal(impl.run(_written(b_f, w, x, 1)).state["c"], written, "c_1")


@solved.law(needs=["run", "run_vjp"])
def one_latch_keeps_both(impl: Subject, hold: Hold, marks: Marks, values: Values) -> None:
    """A latch holds the tanh of the value v that was marked last, and ∂C_T/∂v is the slope of tanh there.

    So the gradient from the cell since then is 1, up to T 2^-22. Without a mark it is ∂C_T/∂C_0; with
    one, nothing arrives from before it.
    """
    net, T = latch(marks, values), len(values)
    last = max((t for t in range(T) if marks >> t & 1), default=None)
    back = impl.vjp(net, on_the_cell(net, 1.0))
    if last is None:
        hold.at_most(abs(cell(impl, net)), Fraction(T, 2**22), "|C_T|, with nothing stored")
        hold.at_most(1 - back.state["c"], Fraction(T, 2**22), "1 − ∂C_T/∂C_0, without a mark")
    else:
        v = values[last : last + 1]
        stored, slope = hold.reference.activation("tanh", v), hold.reference.slope("tanh", v)
        hold.at_most(abs(cell(impl, net)[0] - stored), Fraction(T, 2**22), "|C_T − the value stored last|")
        hold.at_most(abs(back.inputs[last, 0, 1:] - slope), Fraction(T, 2**22), "|∂C_T/∂v − tanh'(v)|")
        hold.at_most(abs(back.state["c"]), Fraction(1, 2**22), "|∂C_T/∂C_0|, after a mark")


def _written(b_f: float, w: float, x: float, T: int) -> Network:
    """A forget gate that stays open, and all others and the candidate read the input x."""
    net = one_unit(steps=T, b_f=b_f, W_i=w, W_g=w, W_o=w)
    return Network(net.layer, net.parameters, np.full((T, 1, 1), x), net.state)


@solved.proof
def two_closed_forms(prove: Prove) -> None:
    """One unit at rest, zero biases: (½ + U_g/4)^T, so 2^-T for U_g = 0 and 2^T for U_g = 6."""
    D, U = step_at_rest(prove, b_f=0, b_i=0, b_o=0)
    prove.identical([prove.at(D, {str(U[0, 0]): w})[0, 0] for w in (0, 6)], [prove.number(1, 2), 2])
    half = prove.number(1, 2)
    prove.by_induction(lambda T: half**T * (1 + T * half) <= 1)  # tends to 0
    prove.by_induction(lambda T: prove.number(2) ** T >= 1 + T)  # tends to infinity


@solved.proof
def one_network_for_both(prove: Prove) -> None:
    """A step of the latch with i = σ(−a) and f = σ(a): ∂C'/∂C = f = 1 − i, |C' − C| ≤ 2i and |C' − g| ≤ 2f.

    The first two where nothing is marked, so that n such steps leave at least 1 − n i of the gradient and
    move C by 2n i at most; the last, with −a in the place of a, at the mark before them. Over T steps
    with it both are within ε if 2T σ(−a) ≤ ε, which is so for a ≥ ln(2T/ε), since σ(−a) < e^-a
    (`what_a_large_bias_loses`).
    """
    a, v, C = prove.symbols("a v C")
    net = prove.network(Layer("lstm", 1, 1), 1, rest=0, b_i=-a, b_f=a, b_g=v, c=C)
    now = {k: values[0, 0] for k, values in prove.reference.gates(net)[0].items()}
    prove.identical(now["f"], 1 - now["i"])
    prove.identical(now["c"] - C, now["i"] * (now["g"] - C))
    prove.identical(now["c"] - now["g"], now["f"] * (C - now["g"]))
    prove.identical(prove.derivative(prove.reference.run(net).state["c"][0], [C])[0, 0], now["f"])
    (i,) = prove.symbols("i", above=0, below=1)
    prove.by_induction(lambda n: (1 - i) ** n >= 1 - n * i)
    g, C = prove.symbols("g C", at_least=-1, at_most=1)
    apart, n = prove.symbols("apart n", at_least=0)
    prove.valid(abs(i * (g - C)) <= 2 * i)
    prove.valid(apart + abs(i * (g - C)) <= 2 * (n + 1) * i, given=[apart <= 2 * n * i])


@solved.proof
def factor_of_a_plain_rnn(prove: Prove) -> None:
    """At a fixed point tanh(u) = h with u = w h ≠ 0, so w = u/tanh(u), the slope w sech² u is 2u/sinh(2u)."""
    u = prove.x
    w = u / prove.activation("tanh", u)
    sinh = (prove.exp(2 * u) - prove.exp(-2 * u)) / 2
    prove.identical(w * prove.slope("tanh", u), 2 * u / sinh)


@solved.enclosure
def where_a_plain_rnn_latches(enclose: Enclose) -> None:
    """At a fixed point h = tanh(u) with u = w h ≠ 0 the factor w sech² u is 2u/sinh(2u), below 1."""
    enclose.holds(lambda f, u: 2 * u < f.sinh(2 * u), touching=[0], u=(0, INF))


@solved.enclosure
def what_a_large_bias_loses(enclose: Enclose) -> None:
    """1 − σ(b) = σ(−b) < e^-b, so T steps lose less than T e^-b; and that is at most ε for b ≥ ln(T/ε)."""
    enclose.holds(lambda f, b: 1 - f.activation("sigmoid", b) < f.exp(-b), b=(-INF, INF))
