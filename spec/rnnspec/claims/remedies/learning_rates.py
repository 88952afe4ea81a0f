"""Learning rates: whether larger gradients learn faster, and whether each parameter can have its own."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, REFUTED, About, claim
from rnnspec.evidence import Descent, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0, D3
from rnnspec.strategies import arrays, reals
from rnnspec.subject import Array, Subject

STABLE = "the larger gradient stays below the limit: ηλ ≤ 1"

PARABOLA = Chain((Dense(1, 1, bias=False),))

Weight = Annotated[float, reals(-2, 2, unit=1 / 16, where=lambda w: w != 0)]
Input = Annotated[float, reals(1 / 8, 2, unit=1 / 8)]
Small = Annotated[float, reals(1 / 8, 1, unit=1 / 8)]
Gradients = Annotated[
    Array, arrays((1, 4), 2, low=-2, high=2, unit=1 / 8, where=lambda g: bool(np.all((g**2).sum(axis=0) > 0)))
]
Factor = Annotated[float, reals(1 / 4, 4, unit=1 / 4)]


def _step(impl: Subject, w: Any, x: float) -> Any:
    """One step with η = 1 on ½λw², where λ = x²: the loss of w x, which is to be 0."""
    parameters, inputs = {"W_1": np.array([[w]])}, np.array([[x]])
    y = impl.chain(PARABOLA, parameters, inputs)
    return w - impl.chain_vjp(PARABOLA, parameters, inputs, y).parameters["W_1"][0, 0]


# ------------------------------------------------------------------------------------------
faster = claim(
    "REM-22",
    title="A larger gradient means faster learning only up to the limit of the learning rate",
    says="That the gradient becomes larger means that learning converges faster.",
    statement="Of two parabolas ½λx², descent comes nearer to the minimum on the steeper one.",
    equation="""
        x ← (1 − ηλ) x
        η = 1, after 100 steps:  λ = 0.5: 7.9·10⁻³¹;   λ = 1.9: 2.7·10⁻⁵;   λ = 2.1: 1.4·10⁴
    """,
    verdict=CONDITIONAL,
    because="""
        Each step multiplies the distance by 1 − ηλ. While ηλ ≤ 1 a steeper parabola makes that
        smaller, and at ηλ = 1 one step suffices. Beyond, the step goes too far: from 1 to 2 it
        still converges, ever more slowly, and beyond 2 it diverges.
    """,
    conditions=(STABLE,),
    sources=[D0("1.3, solution 4")],
    floats="One step: a product and a difference.",
    see=["REM-21", "REM-29"],
)


@faster.as_stated(needs=["chain", "chain_vjp"])
def nearer_on_the_steeper(impl: Subject, hold: Hold, w: Weight, flat: Input, steep: Input) -> None:
    """After a step with η = 1 from the same w, the one with the larger λ = x² is not farther from 0."""
    hold.given(flat <= steep, "the second parabola is not the steeper one")
    hold.at_most(abs(_step(impl, w, steep)), abs(_step(impl, w, flat)), "|w'|")


@faster.necessity(of=nearer_on_the_steeper, condition=STABLE)
def a_step_too_far() -> Mapping[str, Any]:
    """λ = 0.49 and 2.25: |1 − λ| is 0.51 and 1.25."""
    return {"w": 1.0, "flat": 0.7, "steep": 1.5}


@faster.law(needs=["chain", "chain_vjp"])
def contraction(impl: Subject, hold: Hold, w: Weight, x: Input) -> None:
    """A step with η = 1 multiplies w by 1 − λ, λ = x², for all λ."""
    hold.equal(_step(impl, w, x), (1 - x * x) * w, "w'")


@faster.law(needs=["chain", "chain_vjp"])
def nearer_below_the_limit(impl: Subject, hold: Hold, w: Weight, x: Small, other: Small) -> None:
    """With λ ≤ 1, the steeper parabola leads nearer to the minimum."""
    flat, steep = min(x, other), max(x, other)
    hold.at_most(abs(_step(impl, w, steep)), abs(_step(impl, w, flat)), "|w'|")


@faster.proof
def after_n_steps(prove: Prove) -> None:
    """The reference's descent multiplies w by 1 − ηλ, hence w_n = (1 − ηλ)^n w_0; monotone for ηλ ≤ 1.

    And the three numbers, of η = 1 after 100 steps from 1.
    """
    net = prove.chain(Dense(1, 1, bias=False))
    w, x = net.parameters["W_1"][0, 0], net.inputs[0, 0]
    done = prove.reference.train(net.chain, net.parameters, net.inputs, prove.matrix([[0]]), Descent(0.5, 1))
    prove.identical(done.parameters["W_1"][0, 0], (1 - x**2 / 2) * w)
    (q,), (start,) = prove.symbols("q"), prove.symbols("w0")
    prove.closed_form(lambda n: q**n * start, first=q * start, then=lambda n, w: q * w)
    flat, steep = prove.symbols("flat steep", at_least=0, at_most=1)
    prove.valid((1 - steep) ** 2 <= (1 - flat) ** 2, given=[flat <= steep])
    for rate, power, low, high in ((5, 31, 78, 80), (9, 5, 26, 27), (11, -4, 13, 14)):
        after = Fraction(rate, 10) ** 100 * Fraction(10) ** power * 10
        prove.valid(prove.all_of(prove.number(low) < after, after < prove.number(high)))


# ------------------------------------------------------------------------------------------
individual = claim(
    "REM-29",
    title="Learning rates can be individual: AdaGrad and its successors give each parameter its own",
    says="""
        Gradients are now large and now small, and the learning rate cannot be adjusted individually; so
        the loss of a recurrent network goes up and down during training.
    """,
    statement="Every rule of descent multiplies the gradients of all parameters by the same number.",
    equation="""
        AdaGrad:  Δw_i = −η g_i / √(Σ_s g_{s,i}²)
        g → c g leaves Δw as it is, c_i > 0 for each parameter by itself
        Adam, first step:  Δw_i = −η sign g_i
    """,
    verdict=REFUTED,
    because="""
        Rules that do it were there before the document: AdaGrad (2011) divides each gradient by the root
        of the sum of its own squares so far, RMSProp and Adam by a moving mean of them. A parameter whose
        gradients are a hundred times as large then moves as far as the others. Whether losses
        go up and down is another question, and a matter of measurement.
    """,
    corrected="""
        Δw_i = −η g_i/√(Σ g_{s,i}²) has an own rate for each i, and does not change when the
        gradients of a parameter are multiplied by any positive number.
    """,
    sources=[D3("6.7")],
    see=["REM-22", "EMP-08"],
)


def _rates_squared(gradients: Array) -> list[Fraction]:
    """AdaGrad's (Δw_i / (η g_i))² after the gradients (T, n): one over the sum of squares, exactly."""
    return [1 / sum((Fraction(g) ** 2 for g in column), Fraction(0)) for column in gradients.T]


@individual.as_stated()
def one_rate_for_all(impl: Subject, hold: Hold, gradients: Gradients) -> None:
    """AdaGrad, too, gives two parameters the same rate."""
    first, second = _rates_squared(gradients)
    hold.equal(first, second, "(Δw_1/g_1)² = (Δw_2/g_2)²")


@individual.witness(of=one_rate_for_all)
def gradients_of_one_and_two() -> Mapping[str, Any]:
    """g = (1, 2): the rates are η and η/2, and both parameters move by η."""
    return {"gradients": np.array([[1.0, 2.0]])}


@individual.law(about=About.MATHEMATICS)
def scale_does_not_matter(impl: Subject, hold: Hold, gradients: Gradients, c: Factor) -> None:
    """With the gradients of one parameter c times as large, its last step is the same, and the other's."""
    larger = gradients * np.array([c, 1.0])
    for i, (rate, other) in enumerate(zip(_rates_squared(gradients), _rates_squared(larger), strict=True)):
        last, last_larger = Fraction(gradients[-1, i]), Fraction(larger[-1, i])
        hold.exactly(other * last_larger**2, rate * last**2, f"(Δw_{i + 1})²")


@individual.proof
def own_rates(prove: Prove) -> None:
    """Any step of AdaGrad is the same for gradients c times as large, any c > 0; Adam's first step is ±η.

    For what has been added up so far, S = Σ g_s², becomes c² S, from one step to the next.
    """
    g, (c,) = prove.symbols("g1 g2", above=0), prove.symbols("c", above=0)
    (S,), (last,) = prove.symbols("S", above=0), prove.symbols("last")

    def step(added_up: Any, gradient: Any) -> Any:
        return -gradient / prove.sqrt(added_up)

    prove.identical(c**2 * S + (c * last) ** 2, c**2 * (S + last**2))
    prove.identical(step(c**2 * S, c * last), step(S, last))
    prove.possible(1 / prove.sqrt(g[0] ** 2) != 1 / prove.sqrt(g[1] ** 2))
    first, second = prove.symbols(
        "beta1 beta2", above=0, below=1
    )  # Adam's moving means, with its corrections
    mean, square = (1 - first) * g[0] / (1 - first), (1 - second) * g[0] ** 2 / (1 - second)
    prove.identical(mean / prove.sqrt(square), 1)
    prove.identical(-mean / prove.sqrt(square), -1)
