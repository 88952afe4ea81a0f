"""What many steps do to a gradient, and what truncation makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, SAMPLED, claim
from rnnspec.claims.recurrence.words import (
    B,
    U,
    W,
    ending,
    filled,
    on_the_last,
    power,
    rational,
    states,
    terms,
    total,
    unit,
)
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D3
from rnnspec.strategies import Orbit, networks, orbits, wholes
from rnnspec.subject import Subject

CONTRACTION = "the one-step Jacobians have norms of at most some ρ < 1"


def _networks(activation: str = "tanh", **given: Any) -> Any:
    usual = {"biases": "one", "hidden": (1, 3), "inputs": (1, 2), "steps": (2, 3)}
    return networks("rnn", activation=activation, **{**usual, **given})


Tanh = Annotated[Network, _networks()]
# ------------------------------------------------------------------------------------------
Sixty = Annotated[Orbit, orbits(size=(1, 1), steps=(60, 60), start=(-16, 16))]
Shift = Annotated[int, wholes(0, 2)]
Steps = Annotated[int, wholes(1, 40)]

unlimited = claim(
    "RNN-33",
    title="Unlimited history makes gradients vanish if every step contracts, and not by itself",
    says="Vanishing gradients come from using history without a limit.",
    statement="∂h_T/∂h_0 → 0 as T → ∞; say, it is below 1/1000 after 60 steps.",
    equation="""
        |∂h_T/∂h_0| ≤ ρ^T       if every ‖J_t‖ ≤ ρ
        |∂h_T/∂h_0 v| = |v|     if every J_t is orthogonal
        ∂L/∂θ − truncated = the terms k ≤ T − m
    """,
    verdict=CONDITIONAL,
    because="""
        It is not the number of steps that does harm, but what each of them does: if the Jacobians
        have norms of at most ρ < 1, their product is at most ρ^T. With U = 1 and no activation, or
        any orthogonal U, history without limit costs nothing. (The condition is enough and no more:
        other products vanish as well.) Truncation does not cure the vanishing: it replaces the far
        terms, small or not, by 0.
    """,
    conditions=(CONTRACTION,),
    sources=[D3("6.10")],
    rests_on=SAMPLED,
    floats="Products of numbers below 1 may underflow, which only makes them smaller.",
    see=["RNN-22", "RNN-27", "SPE-01", "REM-05"],
)


@unlimited.as_stated(needs=["run_vjp"])
def after_sixty_steps(impl: Subject, hold: Hold, orbit: Sixty) -> None:
    """One unit without an activation: |∂h_60/∂h_0| < 1/1000."""
    net = orbit.network("identity")
    found = impl.vjp(net, on_the_last(net, 1.0)).state["h"]
    hold.strictly_less(abs(found), Fraction(1, 1000), "|∂h_60/∂h_0|")


@unlimited.necessity(of=after_sixty_steps, condition=CONTRACTION)
def as_it_was() -> Mapping[str, Any]:
    """U = 1: after any number of steps, 1."""
    return {"orbit": Orbit(np.ones((1, 1)), np.zeros(1), 60)}


@unlimited.law(needs=["run_vjp"])
def contraction(impl: Subject, hold: Hold, net: Tanh) -> None:
    """With tanh, |∂h_T/∂h_0| ≤ |U|^T entry by entry; so a |U| of norm below 1 makes it vanish."""
    size = power(rational(np.abs(net.parameters[U])), net.steps)
    for j in range(net.layer.hidden):
        found = impl.vjp(net, on_the_last(net, unit(net, j))).state["h"]
        hold.at_most(abs(found), size[j], f"|∂h_T/∂h_0|, unit {j}")


@unlimited.law(needs=["run_vjp"])
def orthogonal_matrices_keep(impl: Subject, hold: Hold, shift: Shift, T: Steps) -> None:
    """A U that moves three units in a circle, one with its sign changed, keeps every cotangent's length."""
    turning = np.roll(np.eye(3), shift, axis=0) * np.array([1.0, -1.0, 1.0])
    net = Orbit(turning, np.zeros(3), T).network("identity")
    d = filled(1, 3)
    found = impl.vjp(net, on_the_last(net, d)).state["h"]
    hold.equal((found * found).sum(), (d * d).sum(), "|∂L/∂h_0|²")


@unlimited.law(needs=["run", "run_vjp"])
def truncation_drops_the_far_terms(impl: Subject, hold: Hold, net: Tanh) -> None:
    """The gradient of the last m steps alone is the whole one without the terms before them."""
    d, hs = filled(net.batch, net.layer.hidden), states(impl, net)
    found, whole = terms(net, hs, d), impl.vjp(net, on_the_last(net, d)).parameters
    for m in range(1, net.steps):
        short = ending(net, net.steps - m, hs[net.steps - m])
        truncated = impl.vjp(short, on_the_last(short, d)).parameters
        for name in (W, U, B):
            far = total(found[: net.steps - m], name)
            hold.equal(whole[name] - truncated[name], far, f"what truncation to {m} steps drops of {name}")


@unlimited.proof
def rotations_and_powers(prove: Prove) -> None:
    """Two units that turn, three steps: |∂L/∂h_0|² is (c² + s²)³ |d|²; and factors below ρ, for any T."""
    c, s = prove.symbols("c s")
    linear = Layer("rnn", 1, 2, activation="identity")
    net = prove.network(linear, 3, U_h=prove.matrix([[c, -s], [s, c]]))
    cotangent = prove.cotangent(net, last=True)
    arrived = prove.reference.vjp(net, cotangent).state["h"]
    sent = cotangent.outputs[-1]
    prove.identical((arrived**2).sum(), (c**2 + s**2) ** 3 * (sent**2).sum())

    # From |dh_T/dh_0| ≤ ρ^T and |J| ≤ ρ the same follows for T + 1; and ρ^T ≤ 1/(1 + T (1 − ρ)) tends to 0.
    product, factor = prove.symbols("product factor")
    bound, rho = prove.symbols("bound rho", above=0)
    prove.valid(
        prove.all_of(factor * product <= rho * bound, factor * product >= -rho * bound),
        given=[product <= bound, product >= -bound, factor <= rho, factor >= -rho],
    )
    (q,) = prove.symbols("q", above=0, below=1)
    prove.by_induction(lambda T: q**T * (1 + T * (1 - q)) <= 1)
