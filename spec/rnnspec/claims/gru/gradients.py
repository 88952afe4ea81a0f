"""The derivative of a GRU over one step, and what becomes of its products."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import REFUTED, SAMPLED, About, claim
from rnnspec.claims.gru.words import OPEN, affine, candidate, one_unit, replacing, resets_before
from rnnspec.claims.lstm_gradients.passing import on_everything
from rnnspec.evidence import Cotangent, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D2, D4
from rnnspec.strategies import networks, reals, resting, wholes
from rnnspec.subject import Numbers, Subject


def _within_one(net: Network) -> Network:
    return Network(net.layer, net.parameters, net.inputs, {"h": np.clip(net.state["h"], -1, 1)})


OneStep = Annotated[Network, networks("gru", steps=(1, 1), hidden=(1, 3), inputs=(1, 2))]
Sequence = Annotated[Network, networks("gru", steps=(0, 5), hidden=(1, 4), inputs=(1, 3), batch=(1, 3))]
OneUnit = Annotated[
    Network,
    networks(
        "gru",
        steps=(1, 1),
        hidden=(1, 1),
        inputs=(1, 1),
        biases="one",
        also=_within_one,
        where=lambda net: bool(np.all(abs(net.state["h"]) <= 1)),
    ),
]
Resting = Annotated[Network, resting("gru", "b_n")]
Gate = Annotated[float, reals(-8, 8)]
Candidate = Annotated[float, reals(-16, 16)]
Above = Annotated[float, reals(1, 8)]
Closed = Annotated[float, reals(-32, -16, 1 / 8)]
State = Annotated[float, reals(-1, 1)]
Steps = Annotated[int, wholes(1, 8)]
Many = Annotated[int, wholes(20, 30)]

solved = claim(
    "GRU-12",
    title="The GRU does not solve vanishing gradients; like the LSTM it can be made to keep them",
    says="The GRU, like the LSTM, solves the problem of vanishing gradients.",
    statement="""
        Whatever the parameters, ‖∂h_T/∂h_0‖ stays away from 0 (after 20 steps and more it is above
        10^-3).
    """,
    equation="""
        ∂h_t/∂h_{t-1} = diag(1−z) + diag((n−h_{t-1}) z') U_z
                        + diag(z n') U_n [diag(r) + diag(h_{t-1} r') U_r]
        z' = z(1−z),  r' = r(1−r),  n' = 1−n²
        at rest, zero biases, n = 1:  ½ + ¼ U_n:   U_n = 0: 2^-T → 0   U_n = 6: 2^T → ∞   U_n = −2: 0
        n = 1, |h_{t-1}| ≤ 1:  |∂h_t/∂h_{t-1}| ≤ max(1, |U_n| (1 + ¼|U_r|)) + ½|U_z|
    """,
    verdict=REFUTED,
    because="""
        At rest both gates are 1/2 and the derivative of one unit is ½ + ¼ U_n, just as that of an
        LSTM: with parameters 0 the gradient halves in every step, with U_n = 6 it doubles, and with
        U_n = −2 it is 0 after a single one. What the GRU has is the possibility: with a closed
        update gate the state is copied and its gradient with it.

        The bound is that of a mean. The shares 1 − z and z of the old state and of the candidate
        add up to 1, so their two terms together are at most the larger of 1 and of what the
        candidate can have; the update gate adds at most 2 · ¼ of its weight, as both |h| and |n| are
        at most 1. The 1 and the |U_n| are approached. The rest is an upper bound only, since z is
        not 1/2 where it is 0 or 1.
    """,
    corrected="""
        The derivative over one step is the one above: there are parameters for which its products
        vanish, others for which they explode; and for every T and ε there are some with
        |∂h_T/∂h_0 − 1| < ε: U = 0 and z < ε/T.
    """,
    sources=[D2("introduction"), D4("RNN training")],
    rests_on=SAMPLED,  # the formula for more than three units
    floats="""
        Sums of products of gates, slopes and weights; they may differ by rounding. At rest with zero
        biases and weights of a few bits there is nothing to round.
    """,
    see=["GRU-06", "LGR-10", "LGR-14"],
)


def _row(impl: Subject, net: Network, v: Any) -> Numbers:
    """v ∂h_T/∂h_0."""
    shape = net.state["h"].shape
    on_h = Cotangent(np.zeros((net.steps, *shape)), {"h": np.broadcast_to(v, shape)})
    return impl.vjp(net, on_h).state["h"]


def _unit(net: Network, j: int) -> Any:
    v = np.zeros_like(net.state["h"])
    v[:, j] = 1.0
    return v


@solved.as_stated(needs=["run_vjp"])
def does_not_vanish(impl: Subject, hold: Hold, b_z: Gate, U_n: Candidate, T: Many) -> None:
    """At rest, |∂h_T/∂h_0| ≥ 10^-3 after 20 steps and more."""
    arrives = _row(impl, one_unit(steps=T, b_z=b_z, U_n=U_n), 1.0)
    hold.at_most(Fraction(1, 1000), abs(arrives), "|∂h_T/∂h_0|")


@solved.witness(of=does_not_vanish)
def zero_parameters() -> Mapping[str, Any]:
    """All parameters 0: 2^-20."""
    return {"b_z": 0.0, "U_n": 0.0, "T": 20}


@solved.law(needs=["run_vjp"])
def one_step(impl: Subject, hold: Hold, net: OneStep) -> None:
    """∂h_t/∂h_{t-1} has the terms of the formula, row by row, in all four conventions."""
    p, h = net.parameters, net.state["h"]
    z, r = (hold.reference.activation("sigmoid", affine(net, gate, h)) for gate in "zr")
    n = candidate(hold, net, r, h)
    kept, written = (1 - z, z) if replacing(net) > 0 else (z, 1 - z)
    for j in range(net.layer.hidden):
        v = _unit(net, j)
        to_n = v * written * (1 - n**2)
        if resets_before(net):
            to_rh = to_n @ p["U_n"]
            through_n, to_r = to_rh * r, to_rh * h
        else:
            through_n, to_r = (to_n * r) @ p["U_n"], to_n * (h @ p["U_n"].T + p.get("bU_n", 0.0))
        to_z = v * (n - h) * replacing(net)
        through_gates = (to_z * z * (1 - z)) @ p["U_z"] + (to_r * r * (1 - r)) @ p["U_r"]
        hold.equal(_row(impl, net, v), v * kept + through_gates + through_n, f"row {j} of ∂h_t/∂h_{{t-1}}")


@solved.law(needs=["run_vjp"], about=About.IMPLEMENTATION)
def whole_gradient(impl: Subject, hold: Hold, net: Sequence) -> None:
    """What back-propagation through all steps must give: every parameter, every input, the state."""
    got, expected = (it.vjp(net, on_everything(net)) for it in (impl, hold.reference))
    for name, gradient in expected.parameters.items():
        hold.equal(got.parameters[name], gradient, f"d{name}")
    hold.equal(got.state["h"], expected.state["h"], "dh_0")
    hold.equal(got.inputs, expected.inputs, "dx")


@solved.law(needs=["run_vjp"])
def powers_at_rest(impl: Subject, hold: Hold, net: Resting) -> None:
    """Without input or state: (diag(1−z) + diag(z) U_n diag(r))^T, row by row, for any weights."""
    p = net.parameters
    z, r = (hold.reference.activation("sigmoid", p[f"b_{gate}"]) for gate in "zr")
    kept, written = (1 - z, z) if replacing(net) > 0 else (z, 1 - z)
    for j in range(net.layer.hidden):
        row: Any = _unit(net, j)
        for _ in range(net.steps):
            seen = row * written
            read = (seen @ p["U_n"]) * r if resets_before(net) else (seen * r) @ p["U_n"]
            row = row * kept + read
        hold.equal(_row(impl, net, _unit(net, j)), row, f"row {j} of ∂h_T/∂h_0")


@solved.law(needs=["run_vjp"])
def halved_doubled_and_gone(impl: Subject, hold: Hold, T: Steps) -> None:
    """One unit at rest with zero biases: 2^-T for U_n = 0, 2^T for U_n = 6 and 0 for U_n = −2."""
    for U_n, factor in ((0.0, 0.5), (6.0, 2.0), (-2.0, 0.0)):
        hold.equal(_row(impl, one_unit(steps=T, U_n=U_n), 1.0), factor**T, f"∂h_T/∂h_0 for U_n = {U_n:g}")


@solved.law(needs=["run_vjp"])
def bounded_by_the_weights(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """For one unit and |h| ≤ 1 no more than max(1, |U_n| (1 + ¼|U_r|)) + ½|U_z|."""
    U_z, U_r, U_n = (Fraction(float(abs(net.parameters[f"U_{gate}"][0, 0]))) for gate in "zrn")
    bound = max(Fraction(1), U_n * (1 + U_r / 4)) + U_z / 2
    hold.at_most(abs(_row(impl, net, 1.0)), bound, "|∂h_t/∂h_{t-1}|")


@solved.law(needs=["run_vjp"])
def bound_is_approached(impl: Subject, hold: Hold, U_n: Above, h: State) -> None:
    """Within 2^-20 of 1 with a closed update gate, and of |U_n| with open gates at rest."""
    almost = 1 - Fraction(1, 2**20)
    closed = one_unit(h=h, b_z=-OPEN, U_n=U_n)
    hold.strictly_less(almost, _row(impl, closed, 1.0), "∂h_t/∂h_{t-1} where the state is kept")
    replaced = one_unit(b_z=OPEN, b_r=OPEN, U_n=-U_n)
    hold.strictly_less(Fraction(U_n) * almost, abs(_row(impl, replaced, 1.0)), "|∂h_t/∂h_{t-1}| near |U_n|")


@solved.law(needs=["run_vjp"])
def can_be_made_to_keep(impl: Subject, hold: Hold, b_z: Closed, h: State, T: Steps) -> None:
    """With U = 0 and b_z ≤ −16, over T steps less than T 2^b_z of the gradient is lost."""
    arrives = _row(impl, one_unit(steps=T, h=h, b_z=b_z, b_n=0.5), 1.0)
    hold.at_most(1 - arrives, T * 2.0**b_z, "1 − ∂h_T/∂h_0")


@solved.proof
def traced_with_three_units(prove: Prove) -> None:
    """The reference's own derivative, three units, reset before the product: the formula."""
    net = prove.network(Layer("gru", 1, 3, reset="before", update="replaces"), 1)
    now, U, h = prove.reference.gates(net)[0], net.parameters, net.state["h"][0]
    z, r, n = (now[name][0] for name in "zrn")
    printed = np.diag(1 - z) + np.diag((n - h) * z * (1 - z)) @ U["U_z"]
    sees = np.diag(r) + np.diag(h * r * (1 - r)) @ U["U_r"]
    printed = printed + np.diag(z * (1 - n**2)) @ U["U_n"] @ sees
    prove.identical(prove.derivative(prove.reference.run(net).state["h"][0], h), printed)


@solved.proof
def at_rest(prove: Prove) -> None:
    """One unit at rest with zero biases: nothing moves; ½ + U/4, so 1/2, 2 and 0; and powers of 1/2 and 2."""
    h, U = prove.symbols("h U")
    net = prove.network(Layer("gru", 1, 1, update="replaces"), 1, rest=0, h=h, U_n=U)
    after = prove.reference.run(net).state["h"][0, 0]
    prove.identical(prove.at(after, {"h": 0}), 0)
    J = prove.at(prove.derivative(after, h), {"h": 0})
    prove.identical(J, prove.number(1, 2) + U / 4)
    prove.identical([prove.at(J, {"U": u}) for u in (0, 6, -2)], [prove.number(1, 2), 2, 0])
    half = prove.number(1, 2)
    prove.by_induction(lambda T: half**T * (1 + T * half) <= 1)  # tends to 0
    prove.by_induction(lambda T: prove.number(2) ** T >= 1 + T)  # tends to infinity


@solved.proof
def each_share_at_its_largest(prove: Prove) -> None:
    """The bound: a mean of 1 and of |U_n| (r + |h| r' |U_r|), and |n − h| z' < 1/2; and Bernoulli."""
    z, r = prove.symbols("z r", above=0, below=1)
    n, h = prove.symbols("n h", at_least=-1, at_most=1)
    a, b, most = prove.symbols("a b most", at_least=0)  # |U_n|, |U_r|
    quarter = prove.number(1, 4)
    prove.valid(r + abs(h) * r * (1 - r) * b <= 1 + quarter * b)
    prove.valid((1 - z) + z * most <= prove.maximum(1, most))
    prove.valid(abs(n - h) * z * (1 - z) <= prove.number(1, 2))
    prove.valid(a * (1 - n**2) <= a)
    prove.by_induction(lambda T: (1 - z) ** T >= 1 - T * z)
