"""Clipping, as the remedy against gradients that explode in spite of the LSTM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from rnnspec.claim import CONDITIONAL, ENCLOSED, claim
from rnnspec.claims.lstm_gradients.at_rest import step_at_rest
from rnnspec.claims.lstm_gradients.passing import on_the_cell, one_unit
from rnnspec.evidence import INF, Enclose, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.sources import D0
from rnnspec.strategies import arrays, reals, wholes
from rnnspec.subject import Array, Subject

UPDATE = "it is the update that must not explode, not the gradient"

Gradient = Annotated[Array, arrays((1, 6), low=-8, high=8, unit=1 / 16)]
Gradients = Annotated[Array, arrays((1, 4), (1, 3), low=-8, high=8, unit=1 / 16)]
Threshold = Annotated[float, reals(0.125, 4, 1 / 8)]
Candidate = Annotated[float, reals(-12, 12)]
Which = Annotated[int, wholes(0, 1)]
Steps = Annotated[int, wholes(4, 10)]

clipped = claim(
    "LGR-23",
    title="Clipping bounds the update that an exploding gradient makes, and nothing else",
    says="In practice, explosion in LSTMs is dealt with by clipping the gradient.",
    statement="""
        If gradients g are clipped to the norm θ, every step of gradient descent with learning
        rate η moves the parameters by at most η θ; and with that nothing explodes any more,
        neither the update nor the gradient that it is made of.
    """,
    equation="""
        clip(g) = g · min(1, θ/‖g‖),   ‖clip(g)‖ ≤ θ
        after T steps:  ‖p_T − p_0‖ ≤ T η θ
        at rest, U_g = 6:  ∂c_T/∂b_g = ½ (2^T − 1),  clipped to 1 or not
        (x, 1) clipped to 1 → (1, 0)  for x → ∞
    """,
    verdict=CONDITIONAL,
    because="""
        The norm of what is clipped is at most θ, so an update is at most η θ long and T of them
        T η θ: that is all, and in practice it helps. The gradient itself explodes as before:
        at rest with U_g = 6 it doubles in every step, whatever is done with it afterwards. If
        it overflows before it is clipped there is nothing left to clip: the norm is infinite,
        the factor 0, and 0 times infinity no number; long before that, what is not the largest
        is clipped to nothing. Against vanishing it does nothing, since
        what is shorter than θ is left as it is.
    """,
    conditions=(UPDATE,),
    sources=[D0("questions, 1")],
    rests_on=ENCLOSED,  # the limit of what is clipped
    floats="""
        The norm is a root of a sum of squares; what is clipped may exceed θ by its rounding.
    """,
    see=["LGR-10", "LGR-14", "REM-05"],
)


@clipped.as_stated(needs=["run_vjp", "clip"])
def nothing_explodes(impl: Subject, hold: Hold, U_g: Candidate, T: Steps, which: Which) -> None:
    """An LSTM at rest, its gradients clipped to 1: the update is at most 2, and so is the gradient by b_g.

    `which` of them is looked at: 0 is the update, 1 the gradient.
    """
    net = one_unit(steps=T, U_g=U_g)
    by_bias = impl.vjp(net, on_the_cell(net, 1.0)).parameters["b_g"]
    update = impl.clip("norm", {"b_g": by_bias}, 1.0)["b_g"]
    hold.at_most(abs((update, by_bias)[which]), 2, ("|clip(∂c_T/∂b_g)|", "|∂c_T/∂b_g|")[which])


@clipped.necessity(of=nothing_explodes, condition=UPDATE)
def candidate_of_six() -> Mapping[str, Any]:
    """U_g = 6, four steps: the gradient is ½ (1 + 2 + 4 + 8) = 7.5, its update 1."""
    return {"U_g": 6.0, "T": 4, "which": 1}


@clipped.law(needs=["run_vjp", "clip"])
def gradient_explodes_and_its_update_does_not(impl: Subject, hold: Hold, T: Steps) -> None:
    """U_g = 6 at rest: ∂c_T/∂b_g = ½ (2^T − 1), and clipped to 1 it is at most 1 long."""
    net = one_unit(steps=T, U_g=6.0)
    by_bias = impl.vjp(net, on_the_cell(net, 1.0)).parameters["b_g"]
    hold.equal(by_bias, (2.0**T - 1) / 2, "∂c_T/∂b_g")
    hold.at_most(abs(impl.clip("norm", {"b_g": by_bias}, 1.0)["b_g"]), 1, "|clip(∂c_T/∂b_g)|")


@clipped.law(needs=["clip"])
def updates_are_bounded(impl: Subject, hold: Hold, G: Gradients, theta: Threshold) -> None:
    """Of T gradients, each clipped to θ, no one is longer than θ, and all together than T θ."""
    total: Any = 0
    for g in G:
        update = impl.clip("norm", {"p": g}, theta)["p"]
        hold.at_most((update**2).sum(), theta**2, "‖clip(g)‖² ≤ θ²")
        total = total + update
    hold.at_most((total**2).sum(), (len(G) * theta) ** 2, "‖p_T − p_0‖² ≤ (T θ)², for η = 1")


@clipped.law(needs=["clip"])
def one_norm_for_all_parameters(impl: Subject, hold: Hold, g: Gradient, theta: Threshold) -> None:
    """The weights and the biases of a layer are one long vector: it is that which is at most θ."""
    update = impl.clip("norm", {"W": g, "b": g[:1]}, theta)
    hold.at_most((update["W"] ** 2).sum() + (update["b"] ** 2).sum(), theta**2, "‖clip(g)‖² ≤ θ²")


@clipped.law(needs=["clip"])
def no_help_against_vanishing(impl: Subject, hold: Hold, g: Gradient, theta: Threshold) -> None:
    """What is clearly shorter than θ comes back as it was, to the last bit."""
    small = g / 512  # at most 6 entries of 1/64: shorter than half of any θ here
    hold.exactly(impl.clip("norm", {"p": small}, theta)["p"], small, "clip(g) for ‖g‖ ≤ θ/2")


@clipped.proof
def at_most_theta(prove: Prove) -> None:
    """Any θ > 0 and g = (a, b), b being the length of all entries but one: ‖clip(g)‖ ≤ θ, or g itself.

    Two vectors lie in a plane, so for the length of their sum two entries are enough: |x·y| ≤ ‖x‖ ‖y‖,
    hence ‖x + y‖ ≤ ‖x‖ + ‖y‖.
    """
    g, (theta,) = prove.symbols("a b"), prove.symbols("theta", above=0)
    update = prove.reference.clip_by_norm({"p": g}, theta)["p"]
    prove.valid((update**2).sum() <= theta**2)
    with prove.assuming(prove.sqrt((g**2).sum()) <= theta):
        prove.identical(prove.reference.clip_by_norm({"p": g}, theta)["p"], g)
    x, y = prove.symbols("x1 x2"), prove.symbols("y1 y2")
    gap = (x**2).sum() * (y**2).sum() - (x @ y) ** 2
    prove.identical(gap, (x[0] * y[1] - x[1] * y[0]) ** 2)


@clipped.proof
def gradient_by_the_bias(prove: Prove) -> None:
    """U_g = 6 at rest: of one step ∂c_t/∂b_g is 1/2, and a step doubles what was before: ½ (2^T − 1)."""
    D, U = step_at_rest(prove, b_f=0, b_i=0, b_o=0)
    prove.identical(prove.at(D, {str(U[0, 0]): 6}), [[2]])
    (b,) = prove.symbols("b")
    net = prove.network(Layer("lstm", 1, 1), 1, rest=0, U_g=6, b_g=b)
    half = prove.number(1, 2)
    by_bias = prove.derivative(prove.reference.run(net).state["c"][0, 0], b)
    prove.identical(prove.at(by_bias, {"b": 0}), half)
    prove.closed_form(lambda n: half * (prove.number(2) ** n - 1), first=half, then=lambda n, a: 2 * a + half)


@clipped.enclosure
def before_it_overflows(enclose: Enclose) -> None:
    """(x, 1) clipped to 1 tends to (1, 0) as x grows: what is finite is lost before anything overflows."""
    enclose.limit(lambda f, x: x / f.sqrt(x**2 + 1), is_=1, x=INF)
    enclose.limit(lambda f, x: 1 / f.sqrt(x**2 + 1), is_=0, x=INF)
