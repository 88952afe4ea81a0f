"""What a gradient is used for: steps of gradient descent, their length and their direction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, About, claim
from rnnspec.claims.depth.layers import gradients, output
from rnnspec.evidence import Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0, D1, D3
from rnnspec.strategies import Feedforward, arrays, reals, wholes
from rnnspec.subject import Array, Subject


def linear(W: Any, x: Any) -> Feedforward:
    """y = W x without a bias: (n, m) weights, and a batch (B, m)."""
    W, x = np.array(W, float), np.array(x, float)
    return Feedforward(Chain((Dense(W.shape[1], W.shape[0], bias=False),)), {"W_1": W}, x)


def slope_of_a_parabola(subject: Subject, w: float, x: float) -> Any:
    """dE/dw of E = ½ (w x)², whose curvature is λ = x²."""
    net = linear([[w]], [[x]])
    return gradients(subject, net, output(subject, net))["W_1"][0, 0]


Point = Annotated[float, reals(-2, 2, unit=1 / 16)]
Rate = Annotated[float, reals(0, 4, unit=1 / 16)]
LargePoint = Annotated[float, reals(4, 16, unit=1 / 4)]
LargeInput = Annotated[float, reals(2, 4, unit=1 / 8)]
LowRate = Annotated[float, reals(1 / 128, 1, unit=1 / 128)]
SmallPoint = Annotated[float, reals(-1, 1, unit=1 / 16, where=lambda w: w != 0)]
SmallInput = Annotated[float, reals(1 / 32, 1 / 8, unit=1 / 32)]
HighRate = Annotated[float, reals(0, 64, unit=1 / 4)]
Factor = Annotated[float, reals(0.25, 0.984375, unit=1 / 64, where=lambda q: math.frexp(q)[0] != 0.5)]
"""|1 − ηλ|; no power of two, of which no logarithm is a whole multiple of that of ε by accident."""

# ------------------------------------------------------------------------------------------
CURVED = "the learning rate times the curvature exceeds 2"
FLAT = "the learning rate times the curvature is far below 1"

convergence = claim(
    "DEP-19",
    title="Whether descent converges, and how fast, is decided by η λ and not by the gradient's size",
    says="""
        With gradients that are too large the updates are too large and the model does not converge;
        with tiny ones learning is extremely slow.
    """,
    statement="""
        A step of gradient descent on ½ λ x² leads away from the minimum if the gradient is large,
        and hardly anywhere if it is tiny.
    """,
    equation="""
        x_{k+1} = (1 − ηλ) x_k,   x_k → 0  ⇔  0 < ηλ < 2   (x_0 ≠ 0)
        |x_k| ≤ ε |x_0|  from  k = ⌈ln ε / ln|1 − ηλ|⌉ on
        ηλ = 2.1:  |x_100| = 1.1^100 = 13780.6,   ηλ = 1.9:  |x_100| = 0.9^100
    """,
    verdict=CONDITIONAL,
    because="""
        The step is η times the gradient λx, and the distance to go is x. So what counts is ηλ: the
        distance is multiplied by 1 − ηλ each time, whatever the gradient's size. A huge gradient
        with a tiny η converges, a tiny one with η = 1/λ is there in one step. At ηλ = 1.9 descent
        converges, at 2.1 it diverges. What never moves is a plateau, where the gradient is 0.
    """,
    conditions=[CURVED, FLAT],
    sources=[D0("introduction"), D0("1.2"), D1("0, what an LSTM is")],
    see=["DEP-18", "DEP-28", "REM-04", "REM-05"],
)


@convergence.as_stated(needs=["chain", "chain_vjp"])
def a_large_gradient_leads_away(
    impl: Subject, hold: Hold, w: LargePoint, x: LargeInput, rate: LowRate
) -> None:
    """From where the gradient is 16 or more, a step ends further away from the minimum."""
    hold.given(abs(w) * x * x >= 16, "a gradient of at least 16")
    hold.strictly_less(abs(w), abs(w - rate * slope_of_a_parabola(impl, w, x)), "|w| < |w − η E'(w)|")


@convergence.necessity(of=a_large_gradient_leads_away, condition=CURVED)
def a_large_gradient_and_a_small_rate() -> Mapping[str, Any]:
    """The gradient is 64, η = 1/64: the distance goes from 4 to 3."""
    return {"w": 4.0, "x": 4.0, "rate": 1 / 64}


@convergence.as_stated(needs=["chain", "chain_vjp"])
def a_tiny_gradient_is_slow(impl: Subject, hold: Hold, w: SmallPoint, x: SmallInput, rate: HighRate) -> None:
    """From where the gradient is 1/64 or less, a step does not get half of the way."""
    hold.given(0 < abs(w) * x * x <= 1 / 64, "a gradient of at most 1/64, and not 0")
    hold.at_most(abs(w) / 2, abs(w - rate * slope_of_a_parabola(impl, w, x)), "|w|/2 ≤ |w − η E'(w)|")


@convergence.necessity(of=a_tiny_gradient_is_slow, condition=FLAT)
def a_tiny_gradient_and_a_large_rate() -> Mapping[str, Any]:
    """The gradient is 1/64, η = 64: one step, and the minimum is reached."""
    return {"w": 1.0, "x": 1 / 8, "rate": 64.0}


@convergence.law(needs=["chain", "chain_vjp"])
def contracts(impl: Subject, hold: Hold, w: Point, x: Point, rate: Rate) -> None:
    """A step on E = ½ (w x)² multiplies w by 1 − η x²; on a plateau, where x = 0, by 1."""
    exact = (1 - Fraction(rate) * Fraction(x) ** 2) * Fraction(w)
    hold.equal(w - rate * slope_of_a_parabola(impl, w, x), exact, "w − η E'(w)")


@convergence.law(about=About.MATHEMATICS)
def number_of_steps(impl: Subject, hold: Hold, q: Factor, digits: Annotated[int, wholes(1, 60)]) -> None:
    """k = ⌈ln ε / ln q⌉ steps with |1 − ηλ| = q are enough to come down to ε = 2^−digits, one less is not."""
    epsilon = Fraction(1, 2**digits)
    k = math.ceil(math.log(epsilon) / math.log(q))
    hold.at_most(Fraction(q) ** k, epsilon, "q^k ≤ ε")
    hold.strictly_less(epsilon, Fraction(q) ** (k - 1), "ε < q^(k−1)")


@convergence.proof
def closed_form_of_descent(prove: Prove) -> None:
    """The traced step is (1 − ηλ) w with λ = x²; k of them (1 − ηλ)^k; |1 − ηλ| < 1 iff 0 < ηλ < 2.

    With |1 − ηλ| = 1/(1 + e) or 1 + e the powers go where (1 + e)^k ≥ 1 + k e sends them. And for
    |1 − ηλ| = e^−a and ε = e^−d, k steps leave no more than ε from k = d/a on, and before that more.
    """
    net, (eta,) = prove.chain(Dense(1, 1, bias=False)), prove.symbols("eta")
    w, x = net.parameters["W_1"][0, 0], net.inputs[0, 0]
    y = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
    dE = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, y).parameters["W_1"][0, 0]
    prove.identical(w - eta * dE, (1 - eta * x**2) * w)
    start, factor = prove.symbols("start factor")
    prove.closed_form(lambda k: factor**k * start, first=start, then=lambda k, at: factor * at, start=0)
    (p,) = prove.symbols("p")
    prove.valid(prove.implies(prove.all_of(p > 0, p < 2), abs(1 - p) < 1))
    prove.valid(prove.implies(abs(1 - p) < 1, prove.all_of(p > 0, p < 2)))
    prove.valid(prove.implies(p > 2, abs(1 - p) > 1))
    prove.valid(prove.implies(abs(p) <= Fraction(1, 2), abs(1 - p) >= Fraction(1, 2)))
    (e,) = prove.symbols("e", at_least=0)
    prove.by_induction(lambda k: (1 + e) ** k >= 1 + k * e)
    a, d, k, more = prove.symbols("a d k more", above=0)
    prove.identical(prove.exp(-a * k) / prove.exp(-d), prove.exp(d - a * k))
    prove.valid(prove.exp(more) > 1)


@convergence.enclosure
def a_hundred_steps(enclose: Enclose) -> None:
    """After a hundred steps: 13780.6 times as far with ηλ = 2.1, 2.7 · 10⁻⁵ times with 1.9."""
    enclose.value(lambda f: (f.number("2.1") - 1) ** 100, "13780.6")
    enclose.value(lambda f: (f.number("1.9") - 1) ** 100, "2.656e-5")


# ------------------------------------------------------------------------------------------
LOCAL = "only the next instant counts, and not the way to the target"
EUCLIDEAN = "steps are measured by their Euclidean length"
SHORT = "the learning rate is below 2/L, where L bounds the curvature"

Vectors = Annotated[Array, arrays(2, 2, unit=1 / 4, where=lambda v: bool(v.any(axis=1).all()))]
Three = Annotated[Array, arrays(3, 2, unit=1)]
"""W, x and u of two entries each."""

steepest = claim(
    "DEP-28",
    title="Minus the gradient is the steepest direction, for an instant, in the Euclidean metric",
    says="""
        Parameters are moved by the learning rate, which is usually constant, times the negative
        gradient, so that the output approaches the target fastest; this is repeated until it
        converges.
    """,
    statement="θ ← θ − η ∇E(θ) is the fastest way to the minimum, and descends with every step.",
    equation="""
        (∇E · u)² ≤ ‖∇E‖² ‖u‖²,   with equality only for u parallel to ∇E
        E(θ − η∇E) ≤ E(θ) − η(1 − ηL/2) ‖∇E‖²
    """,
    verdict=CONDITIONAL,
    because="""
        Among all directions of the same Euclidean length, E begins to fall fastest along −∇E: this
        is the inequality of Cauchy and Schwarz. It says nothing of the way to the minimum: in the
        valley ½(x² + 100y²), from (1, 0.1), that way and −∇E are 78.58° apart. Nor does it hold for
        other measures of length: where it is the largest entry, the step along the signs of −∇E falls
        fastest. And a step ends lower only if it is short: below 2/L, with the decrease that the
        descent lemma states. That learning rates are usually constant is a custom, which no check
        can find true or false.
    """,
    conditions=[LOCAL, EUCLIDEAN, SHORT],
    sources=[D1("0, what an LSTM is"), D3("6.9, deriving BPTT")],
    see=["DEP-19"],
)


@steepest.as_stated(needs=["chain", "chain_vjp"])
def straight_to_the_minimum(
    impl: Subject, hold: Hold, at: Annotated[Array, arrays(2, unit=1 / 4)], k: Annotated[int, wholes(1, 10)]
) -> None:
    """On ½(p² + k² q²) the gradient at (p, q) points along the line to the minimum, (0, 0)."""
    valley = linear(at[np.newaxis], [[1.0, 0.0], [0.0, float(k)]])
    (g,) = gradients(impl, valley, output(impl, valley))["W_1"]
    hold.equal(g[0] * at[1], g[1] * at[0], "∂E/∂p · q = ∂E/∂q · p")


@steepest.necessity(of=straight_to_the_minimum, condition=LOCAL)
def across_the_valley() -> Mapping[str, Any]:
    """½(p² + 100q²) at (10, 1): the gradient is (10, 100)."""
    return {"at": np.array([10.0, 1.0]), "k": 10}


@steepest.as_stated()
def steepest_in_every_norm(impl: Subject, hold: Hold, pair: Vectors) -> None:
    """No u falls faster than the gradient g itself, for the size of its largest entry."""
    g, u = pair
    hold.at_most((g @ u) * np.abs(g).max(), (g @ g) * np.abs(u).max(), "g·u/max|u| ≤ g·g/max|g|")


@steepest.necessity(of=steepest_in_every_norm, condition=EUCLIDEAN)
def signs_fall_faster() -> Mapping[str, Any]:
    """g = (1, 2): along (1, 1) E falls by 3, along g/2 by 5/2."""
    return {"pair": np.array([[1.0, 2.0], [1.0, 1.0]])}


@steepest.as_stated(needs=["chain", "chain_vjp"])
def every_step_descends(impl: Subject, hold: Hold, w: Point, x: Point, rate: Rate) -> None:
    """On E = ½ (w x)² a step never ends higher than it began."""
    after = (w - rate * slope_of_a_parabola(impl, w, x)) * x
    hold.at_most(after**2, (w * x) ** 2, "E(w − η E'(w)) ≤ E(w)")


@steepest.necessity(of=every_step_descends, condition=SHORT)
def a_step_too_long() -> Mapping[str, Any]:
    """L = 1 and η = 3: from 1 to −2."""
    return {"w": 1.0, "x": 1.0, "rate": 3.0}


@steepest.law(needs=["chain", "chain_vjp"])
def descent_lemma(
    impl: Subject,
    hold: Hold,
    case: Three,
    target: Annotated[int, wholes(-2, 2)],
    halvings: Annotated[int, wholes(2, 4)],
) -> None:
    """On E = ½ (W x − t)² with L = ‖x‖²: E falls by η(1 − ηL/2)‖∇E‖², and not by less."""
    W, x, _ = case
    eta, L = 0.5**halvings, float(x @ x)
    before = linear(W[np.newaxis], x[np.newaxis])
    after = linear((W - eta * (W @ x - target) * x)[np.newaxis], x[np.newaxis])
    missed, left = (output(impl, net)[0, 0] - target for net in (before, after))
    (g,) = gradients(impl, before, float(W @ x - target))["W_1"]
    fall = (g**2).sum() * (eta * (1 - eta * L / 2))
    hold.at_most(left**2, missed**2 - 2 * fall, "2 E(W − η∇E) ≤ 2 E(W) − 2η(1 − ηL/2)‖∇E‖²")


@steepest.law(needs=["chain_vjp"])
def no_direction_is_steeper(impl: Subject, hold: Hold, case: Three) -> None:
    """The rate at which E = ½ (W x)² changes along u is at most ‖∇E‖ ‖u‖; along ∇E it is ‖∇E‖²."""
    W, x, u = case
    y = float(W @ x)
    (g,) = gradients(impl, linear(W[np.newaxis], x[np.newaxis]), y)["W_1"]
    hold.at_most((y * (x @ u)) ** 2, (g**2).sum() * float(u @ u), "(∇E · u)² ≤ ‖∇E‖² ‖u‖²")
    hold.equal((x * g).sum() * y, (g**2).sum(), "∇E · ∇E = ‖∇E‖²")


@steepest.proof
def cauchy_schwarz_and_descent(prove: Prove) -> None:
    """‖g‖²‖u‖² (‖g‖²‖u‖² − (g·u)²) is ‖u‖² times a square, in any dimension, and 0 for parallel ones.

    The descent lemma, of any E: on the way from θ to θ − η∇E the second derivative by s of
    E(θ − s η ∇E) is at most L η² ‖∇E‖², so that Taylor's formula leaves E below its bound. On
    ½ (W x − t)², traced, the bound is reached.
    """
    g, u = prove.symbols("g1 g2 g3"), prove.symbols("u1 u2 u3")
    squares = sum((g[i] * u[j] - g[j] * u[i]) ** 2 for i, j in ((0, 1), (0, 2), (1, 2)))
    prove.identical((g**2).sum() * (u**2).sum() - (g * u).sum() ** 2, squares)
    # In any dimension: ‖U g − D u‖² with G = ‖g‖², U = ‖u‖², D = g·u, multiplied out.
    G, U, D = prove.symbols("G U D")
    prove.identical(U**2 * G - 2 * U * D * D + D**2 * U, U * (U * G - D**2))
    prove.valid(D**2 <= U * G, given=[U > 0, U * (U * G - D**2) >= 0])
    # E(1) ≤ E(0) + E'(0) + max E''/2, of E(s) = E(θ − s η∇E).
    step, bend = prove.symbols("step bend")
    prove.identical(-step * G + bend * step**2 * G / 2, -step * (1 - step * bend / 2) * G)

    net, (t, eta) = prove.chain(Dense(2, 1, bias=False)), prove.symbols("t eta")
    (x,), W = net.inputs, net.parameters["W_1"]
    y = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
    dE = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, y - t).parameters["W_1"]
    E, L, norm = (y[0, 0] - t) ** 2 / 2, (x**2).sum(), (dE**2).sum()
    after = ((W - eta * dE) @ x - t)[0] ** 2 / 2
    prove.identical(after, E - eta * (1 - eta * L / 2) * norm)
    # The valley: of (1, 0.1) and of the gradient (1, 10) there, the square of the cosine.
    prove.identical(4 / (prove.number(101, 100) * 101), prove.number(20, 101) ** 2)
    rate, curvature = prove.symbols("rate curvature", above=0)
    prove.valid(prove.implies(rate * curvature < 2, rate * (1 - rate * curvature / 2) > 0))


@steepest.enclosure
def angle_to_the_minimum(enclose: Enclose) -> None:
    """In the valley ½(x² + 100y²) at (1, 0.1) the cosine is 2/√(1.01 · 101) = 20/101: 78.58°."""
    cosine = Fraction(20, 101)
    enclose.zeros(lambda f, a: f.cos(a * f.pi / 180) - cosine, at=["78.58"], a=(0, 180))
