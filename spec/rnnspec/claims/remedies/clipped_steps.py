"""What clipping does for training, and what it does not do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, About, claim
from rnnspec.claims.remedies.clipping import clipped_by_norm, squared
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.sources import D0, D3
from rnnspec.strategies import arrays, one_unit_a_layer, reals, wholes
from rnnspec.subject import Array, Numbers, Subject

STEPS = "what is to be bounded is the step that is taken, and not the gradient"
OUTPUTS = "nothing is asked of what the network puts out"

ETA = 0.5

Gradients = Annotated[Array, arrays((1, 5), (1, 4), low=-4, high=4, unit=1 / 32)]
Weights = Annotated[Array, arrays((1, 5), low=-4, high=4, unit=1 / 32)]
SmallWeights = Annotated[Array, arrays((1, 5), low=-0.5, high=0.5, unit=1 / 64)]
Place = Annotated[int, wholes(0, 4)]
Threshold = Annotated[float, reals(1 / 16, 8)]
Steep = Annotated[float, reals(9 / 4, 4)]

# ------------------------------------------------------------------------------------------
prevents = claim(
    "REM-05",
    title="Clipping bounds every step, not the gradient and not the outputs",
    says="""
        Clipping gradients at a threshold prevents gradients from exploding; in practice that is how
        explosion is dealt with.
    """,
    statement="With the gradient clipped to θ, nothing explodes.",
    equation="""
        ‖θ_{t+1} − θ_t‖ ≤ η θ,   ‖θ_T − θ_0‖ ≤ T η θ
        (x, 1) clipped to 1:  (x, 1)/√(x² + 1) → (1, 0) for x → ∞
    """,
    verdict=CONDITIONAL,
    because="""
        A clipped gradient moves the parameters by at most ηθ a step, so T steps move them by at
        most Tηθ, and descent that would run off to infinity stays finite. But it is the step that
        is bounded. The gradient itself may be as large after it as before, and what the network puts
        out may change by far more than ηθ, as y = w₁w₂ ... w_L does when each of its weights moves a
        little. Nor does clipping help once an entry is infinite: the factor is then 0, what is finite
        is lost and ∞·0 is not a number. What can be asked is that this be seen, by an exception or by
        an answer that is not finite either. And it does nothing about gradients that vanish: what is
        small passes as it is.
    """,
    conditions=(STEPS, OUTPUTS),
    sources=[
        D0("1.3, solution 2"),
        D0("questions, 1"),
        D0("questions, 3"),
        D3("6.7"),
        D3("6.10"),
    ],
    floats="""
        In floats a gradient that has exploded is infinite, or not a number where infinities have met. An
        implementation that is given one may raise, as PyTorch does if it is told to, or answer
        something that is not finite, as (∞, 1) by norm becomes (∞·0, 0); by value an infinity is beyond the
        threshold like any other entry, and may become ±θ. Sums of steps are taken exactly.
    """,
    see=["REM-04", "REM-07", "LGR-11", "DEP-19"],
)


def _gradient(impl: Subject, weights: Any) -> Mapping[str, Numbers]:
    """Of E = y of the chain y = w_L ... w_1 · 1 without biases, by every weight."""
    links = one_unit_a_layer([0.0] * len(weights), activation="identity")
    parameters = {f"b_{place}": np.zeros(1) for place in range(1, len(weights) + 1)}
    parameters |= {f"W_{place}": np.reshape(w, (1, 1)) for place, w in enumerate(weights, start=1)}
    back = impl.chain_vjp(links.chain, parameters, links.x, np.ones((1, 1))).parameters
    return {name: gradient for name, gradient in back.items() if name.startswith("W")}


def _after_a_clipped_step(impl: Subject, weights: Array, threshold: float) -> Any:
    done = impl.clip("norm", _gradient(impl, weights), threshold)
    return [w - ETA * step[0, 0] for w, step in zip(weights, done.values(), strict=True)]


@prevents.as_stated(needs=["chain_vjp", "clip"])
def gradient_stays_small(impl: Subject, hold: Hold, weights: Weights, threshold: Threshold) -> None:
    """After a clipped step the gradient is no longer than the threshold."""
    after = _gradient(impl, _after_a_clipped_step(impl, weights, threshold))
    hold.at_most(squared(*after.values()), threshold**2, "‖gradient‖²")


@prevents.necessity(of=gradient_stays_small, condition=STEPS)
def one_weight() -> Mapping[str, Any]:
    """y = w with w = 1 and θ = ½: the gradient is 1 wherever w has got to."""
    return {"weights": np.ones(1), "threshold": 0.5}


@prevents.as_stated(needs=["chain_vjp", "clip"])
def outputs_move_no_further(impl: Subject, hold: Hold, weights: Weights, threshold: Threshold) -> None:
    """A step of ηθ changes the output by at most ηθ."""
    before = np.prod(weights)
    after = np.prod(np.array(_after_a_clipped_step(impl, weights, threshold), dtype=object))
    hold.at_most(abs(after - before), ETA * threshold, "|y' − y|")


@prevents.necessity(of=outputs_move_no_further, condition=OUTPUTS)
def a_product_of_two_weights() -> Mapping[str, Any]:
    """y = w₂w₁ with w = 2 and θ = 1: a step of ½ takes y from 4 to 2.71, by 1.29 and not by ½."""
    return {"weights": np.full(2, 2.0), "threshold": 1.0}


@prevents.law(needs=["clip"])
def no_further_than_the_steps(impl: Subject, hold: Hold, gradients: Gradients, threshold: Threshold) -> None:
    """Whatever the gradients, T clipped steps move the parameters by at most T η θ."""
    moved: Any = np.zeros(gradients.shape[1])
    for taken, g in enumerate(gradients, start=1):
        moved = moved - ETA * impl.clip("norm", {"g": g}, threshold)["g"]
        hold.at_most(squared(moved), (taken * ETA * threshold) ** 2, f"‖θ_{taken} − θ_0‖²")


@prevents.law(needs=["clip"], about=About.IMPLEMENTATION)
def what_is_not_finite_is_reported(
    impl: Subject, hold: Hold, gradient: Weights, place: Place, threshold: Threshold
) -> None:
    """An infinity, clipped by norm, or not-a-number, clipped in either way, does not become finite unseen."""
    for kind, entry in (("norm", INF), ("norm", -INF), ("norm", math.nan), ("value", math.nan)):
        broken = gradient.copy()
        broken[place % broken.size] = entry
        reported = impl.clip_reports(kind, {"g": broken}, threshold)
        hold.exactly(reported, 1, f"clipping by {kind} reports {entry}")


@prevents.law(needs=["chain_vjp", "clip"])
def what_vanishes_stays_so(impl: Subject, hold: Hold, weights: SmallWeights) -> None:
    """A gradient within the threshold comes back as it is: clipping does nothing against vanishing.

    With weights up to ½ each of L entries is at most 2^{1−L}, and all of them together are below 8.
    """
    gradient = _gradient(impl, weights)
    for kind in ("norm", "value"):
        done = impl.clip(kind, gradient, 8.0)
        for name, value in gradient.items():
            hold.exactly(done[name], value, f"clip d{name} by {kind}")


@prevents.law(needs=["chain_vjp", "clip"], about=About.MATHEMATICS)
def finite_where_descent_diverges(impl: Subject, hold: Hold, start: Steep) -> None:
    """On E = ½(w₂w₁)², w₁ = w₂ ≥ 9/4, η = ½: six steps lead beyond 10⁶, and not beyond 3 if clipped."""
    plain: list[Any] = [start, start]
    clipped: list[Any] = [start, start]
    for _ in range(6):
        y, steps = plain[0] * plain[1], _gradient(impl, plain).values()
        plain = [w - ETA * y * g[0, 0] for w, g in zip(plain, steps, strict=True)]
        y = clipped[0] * clipped[1]
        gradient = {name: y * g for name, g in _gradient(impl, clipped).items()}
        done = impl.clip("norm", gradient, 1.0)
        clipped = [w - ETA * g[0, 0] for w, g in zip(clipped, done.values(), strict=True)]
    hold.strictly_less(10**6, abs(plain[0]), "|w| without clipping")
    moved = [w - start for w in clipped]
    hold.at_most(squared(moved), (6 * ETA) ** 2, "‖w_6 − w_0‖² with clipping")


@prevents.proof
def a_step_and_one_more(prove: Prove) -> None:
    """Traced with two entries, a clipped gradient is at most θ = 1 long; in its norm, for any number and θ.

    And lengths add up at most: after one step more, in units of ηθ.
    """
    g = prove.symbols("a b")
    prove.valid((prove.reference.clip_by_norm({"g": g}, 1.0)["g"] ** 2).sum() <= 1)
    theta, norm, factor = clipped_by_norm(prove)
    prove.valid(factor * norm <= theta)
    moved, steps, step = prove.symbols("moved steps step", at_least=0)
    (along,) = prove.symbols("along")  # the scalar product of what was moved and the next step
    prove.valid(
        moved**2 + 2 * along + step**2 <= (steps + 1) ** 2,
        given=[moved <= steps, step <= 1, along <= moved * step],
    )


@prevents.enclosure
def an_entry_beyond_all_bounds(enclose: Enclose) -> None:
    """(x, 1) clipped to 1 becomes (1, 0) for x to infinity: of the finite entry nothing is left."""
    enclose.limit(lambda f, x: x / f.sqrt(x**2 + 1), is_=1, x=INF)
    enclose.limit(lambda f, x: 1 / f.sqrt(x**2 + 1), is_=0, x=INF)
