"""Long products: of factors below 1 that do not vanish, and of factors above 1 that do not explode."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import prod
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, About, claim
from rnnspec.claims.depth.layers import at_rest, gradients, one_layer_of_many
from rnnspec.evidence import Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Format
from rnnspec.sources import D0, D3
from rnnspec.strategies import arrays, reals, wholes
from rnnspec.subject import Array, Subject

FACTORS = 60
"""How many factors a finite product has that stands for an infinite one."""

Distance = Annotated[float, reals(0.5, 1, unit=1 / 8)]
"""c, of factors that differ from 1 by c/k^p."""
Power = Annotated[int, wholes(0, 3)]
"""p: with 0 the factors are constant, from 2 on the sum of the differences is finite."""
Layers = Annotated[int, wholes(1, 12)]
BelowOne = Annotated[Array, arrays((1, 12), low=0, high=1)]
Margins = Annotated[Array, arrays((1, 6), low=0, high=15, unit=1 / 16)]


def approaching(sign: int, c: float, p: int, first: int) -> list[Fraction]:
    """1 ± c/k^p for k = first, first + 1, ..."""
    return [1 + sign * Fraction(c) / k**p for k in range(first, first + FACTORS)]


def weights(fmt: Format, layers: int, sign: int) -> list[float]:
    """4 (1 ± 1/k²) for k = 2, ..., one for each layer, rounded to the format."""
    exact = np.array([4 * (1 + sign / k**2) for k in range(2, layers + 2)])
    rounded: list[float] = fmt.round(exact).tolist()
    return rounded


# ------------------------------------------------------------------------------------------
AWAY = "the factors stay below a bound that is itself below 1"

vanishing = claim(
    "DEP-11",
    title="Many numbers below 1 need not multiply to 0; they do if they stay away from 1",
    says="If many numbers below 1 are multiplied, the product gets smaller and smaller and tends to 0.",
    statement="If 0 < a_k < 1 for all k, then a_1 a_2 ⋯ a_n → 0.",
    equation="""
        ∏_{k=2}^{n} (1 − 1/k²) = (n + 1)/(2n) → 1/2
        0 < a_k < 1:  ∏ a_k → 0  ⇔  Σ (1 − a_k) = ∞
        1 − Σ (1 − a_k) ≤ ∏ a_k ≤ 1/(1 + Σ (1 − a_k))
    """,
    verdict=CONDITIONAL,
    because="""
        What decides is by how much the factors fall short of 1: the product vanishes exactly if
        these amounts have an infinite sum. If every factor is at most q < 1, it vanishes as fast as
        q^n; for the sigmoid with weights within 1 the document has q = 1/4, and there it is right. But
        1 − 1/k² is below 1 for every k ≥ 2, and the product stays above 1/2. A chain of sigmoids at
        z = 0 with weights 4(1 − 1/k²), all of them below 4, has these factors.
    """,
    conditions=[AWAY],
    sources=[D0("introduction"), D0("1.2"), D0("1.2, summary"), D3("6.9, why gradients vanish")],
    floats="The weights 4(1 − 1/k²) are rounded to the format; the product is that of the rounded ones.",
    see=["DEP-10", "DEP-14", "LGR-12", "SPE-06"],
)


@vanishing.as_stated()
def sixty_factors_below_one(impl: Subject, hold: Hold, c: Distance, p: Power) -> None:
    """The product of sixty numbers 1 − c/k^p, k ≥ 2, with c from 1/2 to 1, is below a fifth.

    With p ≤ 1 it tends to 0, and is there by then.
    """
    hold.strictly_less(prod(approaching(-1, c, p, first=2)), Fraction(1, 5), "∏ (1 − c/k^p)")


@vanishing.necessity(of=sixty_factors_below_one, condition=AWAY)
def one_minus_a_square() -> Mapping[str, Any]:
    """1 − 1/k² from k = 2 to 61: 62/122 is left."""
    return {"c": 1.0, "p": 2}


@vanishing.law(needs=["chain_vjp"])
def a_chain_that_keeps_half(impl: Subject, hold: Hold, layers: Layers) -> None:
    """Sigmoids at z = 0 with weights 4(1 − 1/k²) < 4: more than half of the gradient arrives."""
    w = weights(impl.format, layers, -1)
    got = gradients(impl, at_rest(w), 1.0)["x"]
    hold.equal(got, prod(Fraction(each) / 4 for each in w), "∂C/∂x")
    hold.at_most(0.5, got, "1/2 ≤ ∂C/∂x")


@vanishing.law(needs=["chain_vjp"])
def geometric_below_a_bound(
    impl: Subject, hold: Hold, w: Annotated[Array, arrays((1, 8), low=-3, high=3, unit=1 / 16)]
) -> None:
    """If no factor exceeds q = max |w_k|/4, no more than q^n arrives."""
    q = Fraction(float(np.abs(w).max())) / 4
    hold.at_most(abs(gradients(impl, at_rest(w.tolist()), 1.0)["x"]), q ** len(w), "|∂C/∂x|")


@vanishing.law(about=About.MATHEMATICS)
def decided_by_the_sum(impl: Subject, hold: Hold, a: BelowOne) -> None:
    """Between 1 − Σ(1 − a) and 1/(1 + Σ(1 − a)), for all factors from 0 to 1."""
    given = [Fraction(float(each)) for each in a]
    near = [1 - (1 - each) / len(given) for each in given]  # so that neither bound is far away
    for factors in (given, near):
        missing, left = sum(1 - each for each in factors), prod(factors)
        hold.at_most(1 - missing, left, "1 − Σ(1 − a) ≤ ∏ a")
        hold.at_most(left * (1 + missing), 1, "∏ a (1 + Σ(1 − a))")


@vanishing.proof
def above_one_half_for_ever(prove: Prove) -> None:
    """∏ (1 − 1/k²) = (n + 1)/(2n) > 1/2 for every n ≥ 2; and each further factor keeps all bounds.

    With factors of at most q = 1/(1 + e) that is q^n, and (1 + e)^n ≥ 1 + n e grows beyond all bounds.
    """
    prove.product_is(lambda k: 1 - 1 / k**2, lambda n: (n + 1) / (2 * n), start=2)
    (n,) = prove.symbols("n", at_least=2)
    prove.valid((n + 1) / (2 * n) > Fraction(1, 2))
    prove.identical(4 * prove.slope("sigmoid", prove.number(0)), 1)
    # One more factor a, after a product P with 1 − S ≤ P ≤ 1/(1 + S), 0 ≤ P ≤ 1.
    a, P = prove.symbols("a P", at_least=0, at_most=1)
    (S,) = prove.symbols("S", at_least=0)
    prove.valid(prove.implies(1 - S <= P, 1 - (S + 1 - a) <= a * P))
    prove.valid(prove.implies(P * (1 + S) <= 1, a * P * (1 + S + 1 - a) <= 1))
    e, bound = prove.symbols("e bound", at_least=0)
    prove.valid(a * P <= bound / (1 + e), given=[bound >= P, a * (1 + e) <= 1])
    prove.by_induction(lambda n: (1 + e) ** n >= 1 + n * e)


# ------------------------------------------------------------------------------------------
MARGIN = "the factors exceed 1 by a margin that is the same for all"

exploding = claim(
    "DEP-14",
    title="Factors above 1 explode if they stay above 1 by a margin",
    says="""
        If |σ'(z) w| > 1 in every layer, the product, and with it the gradient, becomes too large.
    """,
    statement="""
        If |w_{l+1} σ'(z_l)| > 1 for all l, then |∂C/∂b_1| becomes as many times as large as |∂C/∂b_L|
        as one likes, with enough layers.
    """,
    equation="""
        |w_{l+1} σ'(z_l)| ≥ 1 + ε  ⇒  |∂C/∂b_1| ≥ (1 + ε)^{L−1} |∂C/∂b_L|
        ∂C/∂b_L = σ'(z_L) ∂C/∂y_L
        ∏_{k=1}^{∞} (1 + 1/k²) = sinh(π)/π = 3.676...
    """,
    verdict=CONDITIONAL,
    because="""
        With a common margin ε the product is at least (1 + ε)^{L−1}; weights of 100 at z = 0 make
        it 25 a layer. Factors that merely exceed 1 may approach it so fast that the product
        converges: 1 + 1/k² gives sinh(π)/π, which is Euler's product for the sine. Here, too, it is
        the sum of the differences from 1 that decides. The gradient of the last bias, from
        which they multiply, has the last slope in it, which may be small (DEP-22).
    """,
    conditions=[MARGIN],
    sources=[D0("1.2")],
    rests_on=ENCLOSED,
    floats="At z = 0 each factor is w/4 to the last bit, while the product is a number of the format.",
    see=["DEP-11", "DEP-13", "DEP-20", "DEP-22", "SPE-06"],
)


@exploding.as_stated()
def sixty_factors_above_one(impl: Subject, hold: Hold, c: Distance, p: Power) -> None:
    """The product of sixty numbers 1 + c/k^p, k ≥ 1, with c from 1/2 to 1, is above 5.

    With p ≤ 1 it has no limit, and is there by then.
    """
    hold.strictly_less(5, prod(approaching(1, c, p, first=1)), "∏ (1 + c/k^p)")


@exploding.necessity(of=sixty_factors_above_one, condition=MARGIN)
def one_plus_a_square() -> Mapping[str, Any]:
    """1 + 1/k² from k = 1 to 60: 3.62 is all it comes to."""
    return {"c": 1.0, "p": 2}


@exploding.law(needs=["chain_vjp"])
def grows_with_the_margin(impl: Subject, hold: Hold, margins: Margins) -> None:
    """At z = 0 with weights 4(1 + ε_l), the gradient is at least (1 + min ε)^{L−1}/4, and it is exact."""
    hold.given(bool((margins >= 0).all()), "no factor below 1")
    w = (4 * (1 + margins)).tolist()
    got = gradients(impl, at_rest(w), 1.0)["b_1"]
    exact = [1 + Fraction(float(margin)) for margin in margins[1:]]
    hold.equal(4 * got, prod(exact), "4 ∂C/∂b_1")
    hold.at_most(min(exact, default=1) ** len(exact), 4 * got, "(1 + ε)^{L−1} ≤ 4 ∂C/∂b_1")


@exploding.law(needs=["chain_vjp"])
def factor_of_twenty_five(impl: Subject, hold: Hold, layers: Annotated[int, wholes(1, 3)]) -> None:
    """Weights of 100 at z = 0 multiply the gradient by 25 a layer."""
    hold.equal(gradients(impl, at_rest([100.0] * layers), 1.0)["x"], 25**layers, "∂C/∂x")


@exploding.law(needs=["chain_vjp"])
def a_chain_that_does_not_double(impl: Subject, hold: Hold, layers: Layers) -> None:
    """Weights 4(1 + 1/k²), k ≥ 2, all above 4, and yet the gradient does not double."""
    w = weights(impl.format, layers, 1)
    got = gradients(impl, at_rest(w), 1.0)["x"]
    hold.equal(got, prod(Fraction(each) / 4 for each in w), "∂C/∂x")
    hold.strictly_less(got, 2, "∂C/∂x")


@exploding.proof
def below_four_for_ever(prove: Prove) -> None:
    """∏ (1 + 1/k²) ≤ 4n/(n + 1) < 4: equal at n = 1, and no factor exceeds the bound's own ratio.

    With a margin a layer makes what arrives at it, and its bias's gradient, longer by 1 + ε at
    least; and (1 + ε)^n ≥ 1 + n ε grows beyond all bounds.
    """

    def bound(n: Any) -> Any:
        return 4 * n / (n + 1)

    (n,) = prove.symbols("n", at_least=1)
    prove.identical(bound(prove.number(1)), 1 + prove.number(1))
    prove.valid(bound(n) * (1 + 1 / (n + 1) ** 2) <= bound(n + 1))
    prove.valid(bound(n) < 4)
    (c,), (e, P, before) = prove.symbols("c"), prove.symbols("e P before", at_least=0)
    (factor,) = prove.symbols("factor")
    # Of the layer above: its bias has c σ', the one below gets c σ' w, and its bias that times σ'.
    one_layer_of_many(prove, c)
    prove.valid(P * factor >= before * (1 + e), given=[before <= P, factor >= 1 + e])
    prove.by_induction(lambda k: (1 + e) ** k >= 1 + k * e)


@exploding.enclosure
def limit_of_the_product(enclose: Enclose) -> None:
    """sinh(π)/π = 3.67607791037; and a thousand factors show that the limit is there to a thousandth.

    After the n-th factor the product can grow by (n + 1)/n at most, as the bound of the proof does.
    """
    enclose.value(lambda f: f.sinh(f.pi) / f.pi, "3.67607791037")
    partial = prod(1 + Fraction(1, k**2) for k in range(1, 1001))
    enclose.holds(
        lambda f, x: [partial < x, x < partial * Fraction(1001, 1000)], x=("3.676077910374", "3.676077910375")
    )
