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
from rnnspec.claims.spectra.passing import STEEPEST, carried_back, largest_stretch, with_activation
from rnnspec.evidence import Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D3
from rnnspec.strategies import Orbit, arrays, networks, orbits, wholes
from rnnspec.subject import Array, Subject

CONTRACTION = "the one-step Jacobians have norms of at most ρ = 7/8"


def _networks(activation: str = "tanh", **given: Any) -> Any:
    usual = {"biases": "one", "hidden": (1, 3), "inputs": (1, 2), "steps": (2, 3)}
    return networks("rnn", activation=activation, **{**usual, **given})


Tanh = Annotated[Network, _networks()]
# ------------------------------------------------------------------------------------------
Sixty = Annotated[Orbit, orbits(size=(1, 1), steps=(60, 60), start=(-16, 16))]
Contracting = Annotated[Orbit, orbits(size=(1, 1), steps=(60, 60), entries=(-7, 7), start=(-16, 16))]
Ends = Annotated[Array, arrays(3, unit=1 / 16)]
Shift = Annotated[int, wholes(0, 2)]
Steps = Annotated[int, wholes(1, 40)]

unlimited = claim(
    "RNN-33",
    title="Unlimited history makes gradients vanish if every step contracts, and not by itself",
    says="Vanishing gradients come from using history without a limit.",
    statement="∂h_T/∂h_0 → 0 as T → ∞; say, it is below 1/1000 after 60 steps.",
    equation="""
        ‖∂h_T/∂h_0‖ ≤ ρ^T       if every ‖J_t‖ ≤ ρ;  (7/8)^60 < 1/1000
        ‖∂h_T/∂h_0‖ ≤ (γ‖U‖)^T  with γ = sup φ',  in the spectral norm
        |∂h_T/∂h_0 v| = |v|     if every J_t is orthogonal
        ∂L/∂θ − truncated = the terms k ≤ T − m
    """,
    verdict=CONDITIONAL,
    because="""
        It is not the number of steps that does harm, but what each of them does: if the Jacobians
        have norms of at most ρ < 1, their product is at most ρ^T. How many steps and how little is
        our reading: sixty, 1/1000, and for these ρ = 7/8 is small enough. With U = 1 and no activation, or
        any orthogonal U, history without limit costs nothing. (The condition is enough and no more:
        other products vanish as well.) Truncation does not cure the vanishing: it replaces the far
        terms, small or not, by 0.
    """,
    conditions=(CONTRACTION,),
    sources=[D3("6.10")],
    rests_on=SAMPLED,
    floats="Products of numbers below 1 may underflow, which only makes them smaller.",
    see=["RNN-22", "RNN-27", "SPE-01", "SPE-12", "REM-05"],
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
def contraction(impl: Subject, hold: Hold, net: Tanh, d: Ends) -> None:
    """‖δᵀ ∂h_T/∂h_0‖ ≤ (γ‖U‖)^T ‖δ‖, for tanh and for the sigmoid: with γ‖U‖ < 1 it vanishes."""
    d = d[: net.layer.hidden]
    sent = rational(d) @ rational(d)
    for kind, steepest in STEEPEST.items():
        stretch = steepest**2 * largest_stretch(net.parameters[U])
        found = carried_back(impl, with_activation(net, kind), d)
        bound = stretch**net.steps * sent
        hold.at_most((found**2).sum(axis=-1), bound, f"‖δᵀ ∂h_T/∂h_0‖² with {kind}")


@unlimited.law(needs=["run_vjp"])
def gone_after_sixty_steps(impl: Subject, hold: Hold, orbit: Contracting) -> None:
    """|U| ≤ 7/8: |∂h_60/∂h_0| < 1/1000, with tanh and without an activation."""
    found = carried_back(impl, orbit.network("identity"))
    hold.strictly_less(abs(found), Fraction(1, 1000), "|∂h_60/∂h_0|")
    hold.at_most(abs(carried_back(impl, orbit.network("tanh"))), abs(found), "|∂h_60/∂h_0| with tanh")


@unlimited.law(needs=["run_vjp"])
def absolute_values(impl: Subject, hold: Hold, net: Tanh) -> None:
    """With tanh, |∂h_T/∂h_0| ≤ |U|^T entry by entry, whatever the norm of |U| is."""
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
    """Two units that turn, three steps: |∂L/∂h_0|² is (c² + s²)³ |d|²; and norms of at most ρ, for any T.

    A step makes lengths at most ‖J_t‖ times what they were: this is what the norm is. That
    ‖J_t‖ ≤ γ‖U‖ is shown for SPE-12.
    """
    c, s = prove.symbols("c s")
    linear = Layer("rnn", 1, 2, activation="identity")
    net = prove.network(linear, 3, U_h=prove.matrix([[c, -s], [s, c]]))
    cotangent = prove.cotangent(net, last=True)
    arrived = prove.reference.vjp(net, cotangent).state["h"]
    sent = cotangent.outputs[-1]
    prove.identical((arrived**2).sum(), (c**2 + s**2) ** 3 * (sent**2).sum())

    # From ‖dh_T/dh_0‖ ≤ ρ^T and ‖J‖ ≤ ρ the same follows for T + 1; and ρ^T ≤ 1/(1 + T (1 − ρ)) tends to 0.
    longer, length, factor, reached, rho = prove.symbols("longer length factor reached rho", at_least=0)
    prove.valid(longer <= rho * reached, given=[longer <= factor * length, length <= reached, factor <= rho])
    (q,) = prove.symbols("q", above=0, below=1)
    prove.by_induction(lambda T: q**T * (1 + T * (1 - q)) <= 1)


@unlimited.enclosure
def sixty_steps_are_enough(enclose: Enclose) -> None:
    """(7/8)^60 is 0.000331, below 1/1000; (15/16)^60 is 0.0208, which is not."""
    enclose.value(lambda f: f.number(Fraction(7, 8) ** 60), "0.000331")
    enclose.value(lambda f: f.number(Fraction(15, 16) ** 60), "0.0208")
