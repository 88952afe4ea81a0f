"""The L2 penalty: what it does to the gradient, and to the weights."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, HOLDS, claim
from rnnspec.claims.remedies.clipping import EPSILON, squared
from rnnspec.claims.remedies.scalar_chains import by_input
from rnnspec.evidence import Descent, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0
from rnnspec.strategies import arrays, one_unit_a_layer, reals, wholes
from rnnspec.subject import Array, Numbers, Subject

LARGE_STEP = "η‖g‖ is more than 2‖W‖"
SMALL_RATE = "2ηα is at most 1"
BOUNDED_DATA = "the gradient of the data is bounded by some G"
SMALL_BOUND = "G/(2α) is below the weight at which products begin to grow"

Inputs = Annotated[Array, arrays((1, 3), 2, low=-2, high=2, unit=1 / 8)]
Weights = Annotated[Array, arrays(1, 2, low=-2, high=2, unit=1 / 8)]
Targets = Annotated[Array, arrays(3, 1, low=-2, high=2, unit=1 / 8)]
Root = Annotated[float, reals(0, 2, unit=1 / 4)]
Weight = Annotated[float, reals(-4, 4, unit=1 / 16, where=lambda w: w != 0)]
Number = Annotated[float, reals(-4, 4, unit=1 / 16)]
Size = Annotated[float, reals(-32, 32, unit=1 / 4)]
Power = Annotated[int, wholes(-3, 3)]
Rate = Annotated[float, reals(1 / 16, 2, unit=1 / 16)]
Strength = Annotated[float, reals(1 / 16, 2, unit=1 / 16)]
SmallRate = Annotated[float, reals(1 / 16, 1 / 2, unit=1 / 16)]
SmallStrength = Annotated[float, reals(1 / 16, 1, unit=1 / 16)]
Steps = Annotated[int, wholes(1, 6)]
Bound = Annotated[float, reals(1 / 4, 4, unit=1 / 4)]
Gradients = Annotated[Array, arrays((1, 6), (1, 3), low=-4, high=4, unit=1 / 32)]


def _one_layer(impl: Subject, W: Any, x: Any, t: Any) -> tuple[Numbers, Numbers]:
    """Of y = W x: the losses Σ (y − t)² of the rows, and the gradient of their sum by W."""
    m = np.shape(x)[1]
    chain = Chain((Dense(m, 1, bias=False),))
    y = impl.chain(chain, {"W_1": W}, x)
    back = impl.chain_vjp(chain, {"W_1": W}, x, impl.loss_gradient("sum_squares", y, t))
    return impl.loss("sum_squares", y, t), back.parameters["W_1"]


def _with_the_penalty(x: Array, t: Array, a: float) -> tuple[Array, Array]:
    """The examples, and two more, a e_1 and a e_2, that are to be answered 0."""
    return np.concatenate([x, a * np.eye(2)]), np.concatenate([t, np.zeros((2, 1))])


# ------------------------------------------------------------------------------------------
penalised = claim(
    "REM-13",
    title="The L2 penalty adds 2αW to the gradient, which shrinks the weights at every step",
    says="The regularised loss is the squared error plus α times the squared norm of the weights.",
    statement="""
        L(W) = (y − Wᵀx)² + α‖W‖² has the gradient −2x(y − Wᵀx) + 2αW; a step of descent multiplies W by
        1 − 2ηα and then does what it does without the penalty. The minimiser W* has α‖W*‖² ≤ y².
    """,
    equation="""
        ∇L = −2x(y − Wᵀx) + 2αW
        W − η∇L = (1 − 2ηα) W − η∇(y − Wᵀx)²
        W* = x y / (x·x + α),   L(W* + d) − L(W*) = (d·x)² + α‖d‖²
    """,
    verdict=HOLDS,
    because="""
        The derivative of ‖W‖² is 2W. The penalty is the squared error of further examples: with
        α = a², each weight w_j is asked to answer 0 to an input of a in the place j; so whoever has the
        gradient of squared errors right has this one right. W* costs no more than W = 0 does, and that
        is y². (The `weight_decay` of a library is mostly 2α.)
    """,
    sources=[D0("1.3, solution 2")],
    floats="Both sides are sums of a few products; they may differ by rounding.",
    see=["REM-15"],
)


@penalised.law(needs=["chain", "chain_vjp", "loss", "loss_gradient"])
def penalty_as_further_examples(
    impl: Subject, hold: Hold, x: Inputs, t: Targets, W: Weights, a: Root
) -> None:
    """Examples of a e_j that are to be answered 0 add a²‖W‖² to the loss and 2a²W to its gradient."""
    t = t[: len(x)]
    losses, gradient = _one_layer(impl, W, x, t)
    all_losses, whole = _one_layer(impl, W, *_with_the_penalty(x, t, a))
    hold.equal(all_losses.sum(), losses.sum() + a**2 * (W**2).sum(), "L")
    hold.equal(whole, gradient + 2 * a**2 * W, "∇L")


@penalised.law(needs=["chain", "chain_vjp", "loss", "loss_gradient"])
def a_step_is_decay_and_a_plain_step(
    impl: Subject, hold: Hold, x: Inputs, t: Targets, W: Weights, a: Root, eta: SmallRate
) -> None:
    """Descent with those examples more multiplies W by 1 − 2ηa² and takes the step that it takes without."""
    t = t[: len(x)]
    _, gradient = _one_layer(impl, W, x, t)
    _, whole = _one_layer(impl, W, *_with_the_penalty(x, t, a))
    hold.equal(W - eta * whole, (1 - 2 * eta * a**2) * W - eta * gradient, "W'")


@penalised.law(needs=["chain", "chain_vjp", "loss", "loss_gradient"])
def gradient_of_the_squared_error(impl: Subject, hold: Hold, x: Inputs, t: Targets, W: Weights) -> None:
    """(y − Wᵀx)² and −2x(y − Wᵀx), summed over the examples."""
    t = t[: len(x)]
    missing = t - x @ W.T
    losses, gradient = _one_layer(impl, W, x, t)
    hold.equal(losses, (missing**2)[:, 0], "(y − Wᵀx)²")
    hold.equal(gradient, -2 * missing.T @ x, "−2x(y − Wᵀx)")


@penalised.proof
def gradient_and_minimiser(prove: Prove) -> None:
    """One example, any α > 0: the gradient, where it vanishes, and what it costs there.

    With two weights; and with any number: of one weight, where the others add r to Wᵀx and q to ‖W‖²;
    and of the cost in s = x·x, e = d·x and D = d·d.
    """
    W, x, d = prove.symbols("w1 w2"), prove.symbols("x1 x2"), prove.symbols("d1 d2")
    (y,), (alpha,) = prove.symbols("y"), prove.symbols("alpha", above=0)

    def loss(W: Any) -> Any:
        return (y - W @ x) ** 2 + alpha * (W @ W)

    gradient = -2 * x * (y - W @ x) + 2 * alpha * W
    prove.identical(prove.derivative(loss(W), W), gradient)
    best = x * y / (x @ x + alpha)
    prove.identical(loss(best + d) - loss(best), (d @ x) ** 2 + alpha * (d @ d))
    prove.valid(alpha * (best @ best) <= y**2)

    w, x_j, r, q, e = prove.symbols("w x_j r q e")
    one = prove.derivative((y - w * x_j - r) ** 2 + alpha * (w**2 + q), w)
    prove.identical(one, -2 * x_j * (y - w * x_j - r) + 2 * alpha * w)
    s, D = prove.symbols("s D", at_least=0)
    along, across, length = y * s / (s + alpha), y * e / (s + alpha), y**2 * s / (s + alpha) ** 2
    moved = (y - along - e) ** 2 + alpha * (length + 2 * across + D)
    prove.identical(moved - (y - along) ** 2 - alpha * length, e**2 + alpha * D)
    prove.valid(alpha * length <= y**2)


@penalised.proof
def decay_and_descent(prove: Prove) -> None:
    """A step of the reference's descent with η = 1/2, α = 1/8: (1 − 2ηα) W − η∇, traced with two weights."""
    net = prove.chain(Dense(2, 1, bias=False))
    t, W = prove.symbols("t").reshape(1, 1), net.parameters["W_1"]
    plain, decayed = (
        prove.reference.train(net.chain, net.parameters, net.inputs, t, Descent(0.5, 1, l2)).parameters["W_1"]
        for l2 in (0.0, 0.125)
    )
    prove.identical(decayed, plain - 2 * prove.number(1, 2) * prove.number(1, 8) * W)


# ------------------------------------------------------------------------------------------
large_weights = claim(
    "REM-14",
    title="An exploding gradient makes weights large only if the step is much longer than they are",
    says="If gradients explode, the norm of the weights becomes very large.",
    statement="After a step along a large gradient, the weights are larger than before.",
    equation="""
        ‖W − ηg‖ ≥ η‖g‖ − ‖W‖
        L = ½ 2²¹ w²,  w = 1,  η = 2⁻²¹:   g = 2²¹, and the new weight is 0
    """,
    verdict=CONDITIONAL,
    because="""
        What counts is how far the step goes, η‖g‖, and where it begins. A large gradient with a small
        learning rate may be just right: on a steep parabola the step with η = 1/curvature ends
        in the minimum, from a gradient of two million to a weight of 0. If the step is
        longer than twice the weights, the triangle inequality leaves them longer than they were.
    """,
    conditions=(LARGE_STEP,),
    sources=[D0("1.3, solution 2")],
    floats="Powers of two: the step into the minimum is exact.",
    see=["REM-15"],
)


@large_weights.as_stated(needs=["chain", "chain_vjp", "loss_gradient"])
def larger_after_a_large_gradient(impl: Subject, hold: Hold, x: Size, w: Number) -> None:
    """y = wx is to be 0, with η = 2⁻²¹: after a step along a gradient of at least 100, |w| has grown."""
    hold.given(bool(2 * x * x * abs(w) >= 100), "the gradient is not large")
    _, g = _one_layer(impl, np.array([[w]]), np.array([[x]]), np.zeros((1, 1)))
    hold.strictly_less(abs(w), abs(w - g[0, 0] * 2.0**-21), "|w'|")


@large_weights.necessity(of=larger_after_a_large_gradient, condition=LARGE_STEP)
def into_the_minimum() -> Mapping[str, Any]:
    """x = 2¹⁰, w = 1: the gradient 2x²w is 2²¹, and the new weight 0."""
    return {"x": 2.0**10, "w": 1.0}


@large_weights.law(needs=["chain", "chain_vjp", "loss_gradient", "loss"])
def steep_and_in_one_step(impl: Subject, hold: Hold, w: Weight, k: Power) -> None:
    """With x = 2^k the gradient is 2 · 4^k w, and the step with η = 1/(2 · 4^k) ends at 0 exactly."""
    _, g = _one_layer(impl, np.array([[w]]), np.array([[2.0**k]]), np.zeros((1, 1)))
    hold.exactly(g[0, 0], 2 * 4.0**k * w, "g")
    hold.exactly(w - g[0, 0] / (2 * 4.0**k), 0, "w − ηg")


@large_weights.proof
def reverse_triangle(prove: Prove) -> None:
    """‖W − ηg‖ ≥ η‖g‖ − ‖W‖ for all sizes, in A = ‖W‖, S = η‖g‖, q = W·ηg ≤ A S; larger than A if S > 2A.

    And L = ½c w² with η = 1/c takes every w to 0.
    """
    A, S = prove.symbols("A S", at_least=0)
    (q,) = prove.symbols("q")
    prove.valid(A**2 - 2 * q + S**2 >= (S - A) ** 2, given=[q <= A * S])
    prove.valid(A**2 - 2 * q + S**2 > A**2, given=[q <= A * S, S > 2 * A])
    (w,), (c,) = prove.symbols("w"), prove.symbols("c", above=0)
    prove.identical(w - prove.derivative(c * w**2 / 2, w) / c, 0)


# ------------------------------------------------------------------------------------------
bounded_weights = claim(
    "REM-15",
    title="Weight decay bounds the weights if the data's gradient is bounded and the rate is small",
    says="Through the penalty the explosion of gradients can be limited in part.",
    statement="With the penalty, the weights stay bounded, and with them the gradient.",
    equation="""
        W ← (1 − 2ηα) W − ηg,  ‖g‖ ≤ G,  0 < 2ηα ≤ 1:
        ‖W_T‖ ≤ q^T ‖W_0‖ + (1 − q^T) G/(2α),   q = 1 − 2ηα
        G = 2, α = 1/20: 20 is reached in the limit;   2ηα = 2.2: 1.2^50 = 9100
    """,
    verdict=CONDITIONAL,
    because="""
        Each step takes away the part 2ηα of the weights and adds at most ηG; in the long run they
        are at most G/(2α), and a gradient that always points the same way gets them there. Three
        things are needed. The data's gradient must be bounded, as by clipping: that of a squared error
        grows with the weights. The decay must not overshoot: with ηα > 1 it makes the weights grow
        by itself. And a bound on the weights bounds products of them only where it is below the weight at
        which these begin to grow: 20³ is much.
    """,
    conditions=(SMALL_RATE, BOUNDED_DATA, SMALL_BOUND),
    sources=[D0("1.3, solution 2")],
    floats="The gradients that are clipped cross; the recursion is followed exactly.",
    see=["REM-05", "REM-13", "REM-14"],
)


def _decayed(impl: Subject, W: Any, gradients: Array, eta: float, alpha: float, bound: float) -> Any:
    """W ← (1 − 2ηα) W − ηg, for every row g of gradients, clipped to the norm G."""
    for g in gradients:
        W = (1 - 2 * eta * alpha) * W - eta * impl.clip("norm", {"g": g}, bound)["g"]
    return W


@bounded_weights.as_stated(needs=["clip"])
def bounded_by_decay(
    impl: Subject, hold: Hold, gradients: Gradients, eta: Rate, alpha: Strength, bound: Bound
) -> None:
    """From W_0 = (1, ..., 1), with ‖g‖ ≤ G, the weights stay within max(‖W_0‖, G/(2α))."""
    W = _decayed(impl, np.ones(gradients.shape[1]), gradients, eta, alpha, bound)
    largest = max(gradients.shape[1], (bound / (2 * alpha)) ** 2)
    hold.at_most(squared(W), largest, "‖W_T‖²")


@bounded_weights.necessity(of=bounded_by_decay, condition=SMALL_RATE)
def decay_that_overshoots() -> Mapping[str, Any]:
    """η = 1, α = 1.1 and no gradient of the data, 50 steps: (1 − 2.2)^50 = 1.2^50 = 9100."""
    return {"gradients": np.zeros((50, 1)), "eta": 1.0, "alpha": 1.1, "bound": 1.0}


@bounded_weights.as_stated(needs=["chain", "chain_vjp", "loss", "loss_gradient"])
def bounded_whatever_the_data(
    impl: Subject, hold: Hold, x: Number, t: Number, eta: Rate, alpha: Strength
) -> None:
    """With 2ηα ≤ 1, eight steps on (wx − t)² + αw² from w = 1 leave |w| within 1000."""
    hold.given(2 * eta * alpha <= 1, "decay overshoots")
    w: Any = 1.0
    for _ in range(8):
        _, g = _one_layer(impl, np.array([[w]]), np.array([[x]]), np.array([[t]]))
        w = (1 - 2 * eta * alpha) * w - eta * g[0, 0]
    hold.at_most(abs(w), 1000, "|w_8|")


@bounded_weights.necessity(of=bounded_whatever_the_data, condition=BOUNDED_DATA)
def a_steep_squared_error() -> Mapping[str, Any]:
    """x = 2, t = 0, η = 1, α = 1/2: each step multiplies w by 1 − 1 − 8 = −8."""
    return {"x": 2.0, "t": 0.0, "eta": 1.0, "alpha": 0.5}


@bounded_weights.as_stated(needs=["chain_vjp"])
def no_explosion_within_the_bound(impl: Subject, hold: Hold, bound: Bound, alpha: Strength) -> None:
    """Three layers with the largest weights that decay allows, G/(2α): their gradient is at most 1."""
    net = one_unit_a_layer([bound / (2 * alpha)] * 3, activation="identity")
    hold.at_most(by_input(impl, net), 1, "∂y/∂x")


@bounded_weights.necessity(of=no_explosion_within_the_bound, condition=SMALL_BOUND)
def three_weights_of_twenty() -> Mapping[str, Any]:
    """G = 2, α = 1/20: weights of 20, and 8000."""
    return {"bound": 2.0, "alpha": 0.05}


@bounded_weights.law(needs=["clip"])
def within_what_decay_allows(
    impl: Subject, hold: Hold, gradients: Gradients, eta: SmallRate, alpha: SmallStrength, bound: Bound
) -> None:
    """From W_0 = 0, ‖W_T‖ ≤ (1 − q^T) G/(2α) with q = 1 − 2ηα, whatever the data say."""
    W = _decayed(impl, np.zeros(gradients.shape[1]), gradients, eta, alpha, bound)
    hold.at_most(squared(W), _reach(len(gradients), eta, alpha, bound) ** 2, "‖W_T‖²")


@bounded_weights.law(needs=["clip"])
def attained_by_a_constant_gradient(
    impl: Subject, hold: Hold, steps: Steps, eta: SmallRate, alpha: SmallStrength, bound: Bound
) -> None:
    """A gradient that is beyond G and always points the same way gets there."""
    W = _decayed(impl, np.zeros(1), np.full((steps, 1), -8.0), eta, alpha, bound)
    hold.at_most(W, _reach(steps, eta, alpha, bound), "W_T ≤ (1 − q^T) G/(2α)")
    short = _reach(steps, eta, alpha, bound - EPSILON)  # by the epsilon that a library may add to the norm
    hold.at_most(short, W, "(1 − q^T) G/(2α) ≤ W_T")


def _reach(steps: int, eta: float, alpha: float, bound: float) -> Fraction:
    """(1 − q^T) G/(2α), exactly."""
    q = 1 - 2 * Fraction(eta) * Fraction(alpha)
    return (1 - q**steps) * Fraction(bound) / (2 * Fraction(alpha))


@bounded_weights.proof
def geometric_series(prove: Prove) -> None:
    """W_n = q^n W_0 + (1 − q^n) G/(2α) for a constant gradient; sizes follow it at most. And the two numbers.

    Weights of at most 1 have products of at most 1, be they ever so many.
    """
    eta, alpha, G = prove.symbols("eta alpha G", above=0)
    (q,) = prove.symbols("q")
    largest = eta * G / (1 - q)
    (begun,) = prove.symbols("W0")
    prove.closed_form(
        lambda n: q**n * begun + (1 - q**n) * largest,
        first=q * begun + eta * G,
        then=lambda n, W: q * W + eta * G,
        where=[q != 1],
    )
    prove.identical(prove.at(largest, {"q": 1 - 2 * eta * alpha}), G / (2 * alpha))
    (decay,) = prove.symbols("r", at_least=0, at_most=1)
    size, bound, g = prove.symbols("size bound g", at_least=0)
    prove.valid(decay * size + eta * g <= decay * bound + eta * G, given=[size <= bound, g <= G])
    prove.valid(size * bound <= 1, given=[size <= 1, bound <= 1])
    prove.identical(prove.at(G / (2 * alpha), {"G": 2, "alpha": prove.number(1, 20)}), 20)
    prove.valid(prove.all_of(prove.number(6, 5) ** 50 > 9100, prove.number(6, 5) ** 50 < 9101))
