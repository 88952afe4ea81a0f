"""How gradients change from layer to layer on their way to the input."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import prod
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, claim
from rnnspec.claims.depth.layers import (
    activations,
    all_alike,
    at_rest,
    gradients,
    lower,
    one_layer_of_many,
    sigmoid_slopes,
    upper,
    weights_of,
)
from rnnspec.claims.depth.products import Distance, approaching
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0, D2
from rnnspec.strategies import Feedforward, arrays, chains, reals, wholes
from rnnspec.subject import Array, Subject

OneUnit = Annotated[
    Feedforward, chains(depth=(2, 3), width=(1, 1), inputs=(1, 1), batch=(1, 1), activations=("sigmoid",))
]
Weight = Annotated[float, reals(-16, 16, unit=1 / 2, where=lambda w: w != 0)]
Weights = Annotated[Array, arrays((2, 5), low=-16, high=16, unit=1 / 8)]
Pairs = Annotated[Array, arrays((1, 8), 2, low=-8, high=8, unit=1 / 2)]
Matrices = Annotated[Array, arrays((1, 5), 4, low=-4, high=4, unit=1 / 2)]
Small = Annotated[Array, arrays((3, 5), low=-1, high=1, unit=1 / 64)]
Large = Annotated[
    Array, arrays((2, 5), low=-16, high=16, unit=1 / 8, where=lambda w: bool((np.abs(w) >= 4).all()))
]

# ------------------------------------------------------------------------------------------
ONE_UNIT = "each layer has one unit"
NOT_ONE = "the mean logarithm of the factors stays away from 0"
DEEP = 20

multiplying = claim(
    "DEP-20",
    title="Gradients are products over the layers; deep networks with factors of size 1 are stable",
    says="""
        Vanishing and exploding gradients both come from networks that are too deep, since
        back-propagation multiplies: deep networks are unstable.
    """,
    statement="""
        ln|∂C/∂b_1| is the sum over the layers of ln|w_l| + ln σ'(z_l), up to a constant, so that
        with enough layers the gradient vanishes or explodes.
    """,
    equation="""
        ln|∂C/∂x| = Σ_l (ln|w_l| + ln σ'(z_l)) + ln|∂C/∂y_L|
        |∂C/∂x| = e^{Lλ} |∂C/∂y_L|   with λ the mean of these logarithms
        many units:  max over ∂C/∂y of ‖∂C/∂x‖/‖∂C/∂y‖ = ‖J_L ⋯ J_1‖₂ = e^{Lλ},  no mean of single ones
    """,
    verdict=CONDITIONAL,
    because="""
        With one unit a layer the gradient is a product, its logarithm a sum, and its fate is
        decided by the mean of the summands, the Lyapunov exponent: below 0 it vanishes, above it
        explodes. With factors of size 1 it does neither, at any depth: as with weights of 4 at
        z = 0, or with orthogonal layers without activation. With many units the factors are
        matrices. Then it is their product that grows or shrinks, and no sum of logarithms of single
        weights says how: in the place of the mean logarithm stands the top Lyapunov exponent,
        λ = (1/L) ln‖J_L ⋯ J_1‖₂, the slope of the gradient's logarithm over the depth. With two units
        that read each other, weights p_l to itself and q_l to the other, it is the larger one of the
        means of ln(|p_l + q_l|/4) and ln(|p_l − q_l|/4), and of a gradient by one unit no more than half
        of ln 2 is missing at any depth.
    """,
    conditions=[ONE_UNIT, NOT_ONE],
    sources=[D0("introduction"), D0("1.2"), D0("1.2, summary")],
    see=["DEP-07", "DEP-09", "DEP-11", "DEP-14", "REM-25", "RNN-16"],
)


@multiplying.as_stated(needs=["chain_vjp"])
def unstable_if_deep(impl: Subject, hold: Hold, w: Weight) -> None:
    """Through twenty layers at z = 0 the gradient becomes ten times as large or as small.

    For weights that are multiples of 1/2: of the next ones, 3.5 and 4.5, it is true.
    """
    hold.given(w != 0, "no weight of 0")
    passed = abs(gradients(impl, at_rest([w] * DEEP), 1.0)["x"])
    hold.at_most(10, passed + 1 / passed, "10 ≤ r + 1/r, with r = |∂C/∂x|")


@multiplying.necessity(of=unstable_if_deep, condition=NOT_ONE)
def factors_of_one() -> Mapping[str, Any]:
    """Weights of 4 at z = 0: every factor is 1, and so is their product."""
    return {"w": 4.0}


@multiplying.as_stated(needs=["chain_vjp"])
def product_of_single_factors(
    impl: Subject,
    hold: Hold,
    w: Weight,
    width: Annotated[int, wholes(1, 3)],
    depth: Annotated[int, wholes(1, 4)],
) -> None:
    """With all weights w and all slopes 1/4 the gradient is (w/4)^L, however wide the layers."""
    got = gradients(impl, all_alike(width, depth, w), 1.0)["x"]
    hold.equal(got, Fraction(w / 4) ** depth, "∂C/∂x")


@multiplying.necessity(of=product_of_single_factors, condition=ONE_UNIT)
def two_units() -> Mapping[str, Any]:
    """One layer of two units with weights of 1: 1/2, and not 1/4."""
    return {"w": 1.0, "width": 2, "depth": 1}


@multiplying.law(needs=["chain", "chain_vjp"])
def layers_multiply(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """What each layer does to a gradient by itself, multiplied, is what they do together."""
    inside = activations(impl, net)
    alone = [lower(upper(net, layer, inside[layer]), 1) for layer in range(net.depth)]
    factors = [gradients(impl, one, 1.0)["x"][0, 0] for one in alone]
    hold.equal(gradients(impl, net, 1.0)["x"][0, 0], prod(factors), "∂C/∂x")


@multiplying.law(needs=["chain_vjp"])
def orthogonal_layers_keep_the_length(
    impl: Subject,
    hold: Hold,
    depth: Annotated[int, wholes(1, 12)],
    turn: Annotated[int, wholes(0, 2)],
    signs: Annotated[Array, arrays(3, low=-1, high=1, unit=1, where=lambda v: bool(v.all()))],
) -> None:
    """Layers without activation that permute three units, with signs, keep a gradient's length."""
    hold.given(bool(signs.all()), "signs, and no 0")
    chain = Chain(tuple(Dense(3, 3, bias=False) for _ in range(depth)))
    W = np.roll(np.diag(signs), turn, axis=0)
    net = Feedforward(chain, {name: W for name in chain.parameter_shapes}, np.ones((1, 3)))
    dy = np.array([1.0, -2.0, 0.5])
    hold.exactly((gradients(impl, net, dy)["x"] ** 2).sum(), float(dy @ dy), "|∂C/∂x|²")


@multiplying.law(needs=["chain_vjp"])
def matrices_multiply(impl: Subject, hold: Hold, layers: Matrices) -> None:
    """Layers of two units at z = 0 with drawn matrices, a different one each: the Jacobian is W_L ⋯ W_1/4^L.

    So its norm, e^{Lλ}, is that of a product in which the order counts, and no mean of single numbers.
    """
    W = layers.reshape(-1, 2, 2)
    chain = Chain(tuple(Dense(2, 2, "sigmoid") for _ in W))
    parameters = {f"W_{place}": one for place, one in enumerate(W, start=1)}
    parameters |= {f"b_{place}": -one.sum(axis=1) / 2 for place, one in enumerate(W, start=1)}
    net = Feedforward(chain, parameters, np.full((1, 2), 0.5))
    J = np.eye(2)
    for one in W:
        J = one / 4 @ J
    for unit, row in zip(np.eye(2), J, strict=True):
        hold.equal(gradients(impl, net, unit)["x"][0], row, "a row of ∂y/∂x")


@multiplying.law(needs=["chain_vjp"])
def slope_is_the_top_exponent(impl: Subject, hold: Hold, pairs: Pairs) -> None:
    """With weights p_l and q_l, ∏|p_l ± q_l|/4 are what single directions are multiplied by.

    The gradient by one of two units is made of both in equal parts. So its length, times √2, is between
    the larger of the two products and √2 times that: the slope of its logarithm is the top exponent.
    """
    back = gradients(impl, _exchanging(pairs), np.array([1.0, 0.0]))["x"]
    both = [prod(Fraction(float(p + sign * q)) / 4 for p, q in pairs) ** 2 for sign in (1, -1)]
    squares = 2 * (back * back).sum()
    hold.equal(squares, sum(both), "2 ‖∂C/∂x‖²")
    hold.at_most(max(both), squares, "e^{2Lλ} ≤ 2 ‖∂C/∂x‖²")
    hold.at_most(squares, 2 * max(both), "2 ‖∂C/∂x‖² ≤ 2 e^{2Lλ}")


def _exchanging(pairs: Array) -> Feedforward:
    """Two units a layer at z = 0, with the weight p to itself and q to the other."""
    chain = Chain(tuple(Dense(2, 2, "sigmoid") for _ in pairs))
    parameters: dict[str, Array] = {}
    for place, (p, q) in enumerate(pairs, start=1):
        parameters |= {f"W_{place}": np.array([[p, q], [q, p]]), f"b_{place}": np.full(2, -(p + q) / 2)}
    return Feedforward(chain, parameters, np.full((1, 2), 0.5))


@multiplying.proof
def top_exponent_of_two_units(prove: Prove) -> None:
    """One traced layer with weights p and q at z = 0, and what follows of many.

    It puts out 1/2 again, and multiplies (1, 1) by (p + q)/4 and (1, −1) by (p − q)/4: to any depth.
    Of (1, 0) both are halves; the squares of two products add up to something from max² to twice that.
    """
    p, q, plus, minus = prove.symbols("p q plus minus")
    half = prove.number(1, 2)
    net = prove.chain(
        Dense(2, 2, "sigmoid"),
        W_1=prove.matrix([[p, q], [q, p]]),
        b_1=prove.matrix([-(p + q) / 2, -(p + q) / 2]),
        inputs=prove.matrix([[half, half]]),
    )
    prove.identical(prove.reference.chain(net.chain, net.parameters, net.inputs).outputs, net.inputs)
    for sign in (1, -1):
        dy = prove.matrix([[1, sign]])
        back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, dy).inputs
        prove.identical(back, dy * (p + sign * q) / 4)
    prove.identical(prove.matrix([1, 1]) / 2 + prove.matrix([1, -1]) / 2, prove.matrix([1, 0]))
    prove.identical(2 * (((plus + minus) / 2) ** 2 + ((plus - minus) / 2) ** 2), plus**2 + minus**2)
    both = plus**2 + minus**2
    at_most_twice = prove.all_of(plus**2 <= both, both <= 2 * plus**2)
    prove.valid(prove.implies(plus**2 >= minus**2, at_most_twice))


@multiplying.proof
def logarithms_add_up(prove: Prove) -> None:
    """Three layers, traced: the product of the factors; and of e^u_l it is e^(Σ u_l).

    To any depth it is carried by one layer, which multiplies what arrives by its factor, and by
    e^S e^u = e^(S + u). A mean logarithm of λ makes it e^(Lλ), and e^|λ|L ≥ 1 + L|λ| grows beyond
    all bounds. A rotation of two units keeps the length of a gradient.
    """
    net = prove.chain(*(Dense(1, 1, "sigmoid") for _ in range(3)))
    inside = [a[0, 0] for a in prove.reference.chain(net.chain, net.parameters, net.inputs).inside]
    factors = [net.parameters[f"W_{k + 1}"][0, 0] * a * (1 - a) for k, a in enumerate(inside)]
    prove.identical(prove.derivative(inside[-1], net.inputs[0, 0]), prod(factors))
    u = prove.symbols("u1 u2 u3")
    prove.identical(prod(prove.exp(each) for each in u), prove.exp(u.sum()))
    arrived, S, further = prove.symbols("arrived S further")
    one_layer_of_many(prove, arrived)
    prove.identical(prove.exp(S) * prove.exp(further), prove.exp(S + further))
    (e,) = prove.symbols("e", at_least=0)
    prove.by_induction(lambda L: (1 + e) ** L >= 1 + L * e)

    c, s, v1, v2 = prove.symbols("c s v1 v2")
    rotated = prove.chain(Dense(2, 2, bias=False), W_1=prove.matrix([[c, -s], [s, c]]))
    dy = prove.matrix([[v1, v2]])
    dx = prove.reference.chain_vjp(rotated.chain, rotated.parameters, rotated.inputs, dy).inputs
    prove.identical((dx**2).sum(), (c**2 + s**2) * (dy**2).sum())


# ------------------------------------------------------------------------------------------
BELOW_ONE = "every factor |w σ'(z)| is below 1"
NEGATIVE = "the mean logarithm of the factors stays below a negative number"

decaying = claim(
    "DEP-21",
    title="From layer to layer the gradient changes by |w σ'(z)|, and falls where that is below 1",
    says="""
        The nearer a layer is to the input, the smaller is its gradient; it falls exponentially. The
        same holds of explosion: the nearer to the input, the worse.
    """,
    statement="""
        |∂C/∂b_l| ≤ |∂C/∂b_{l+1}| in every chain of sigmoids, and the decrease is exponential.
    """,
    equation="""
        |∂C/∂b_l| = |∂C/∂b_{l+1}| · |w_{l+1} σ'(z_l)|
        all |w| ≤ 1  ⇒  |∂C/∂b_l| ≤ |∂C/∂b_{l+2}|/16
        |∂C/∂b_{L−n}| ≤ C rⁿ for all n, with some C and r < 1  ⇔  lim sup (1/n) Σ ln|w σ'| < 0
    """,
    verdict=CONDITIONAL,
    because="""
        The ratio of two neighbours is one factor. If all are below 1, as with |w| < 4,
        gradients fall towards the input; if all are above 1 they grow. To fall exponentially takes
        more than to fall: factors 1 − 1/k make the gradient fall like 1/n only. A common bound
        below 1 is enough, but not needed: factors that are 1/4 and 1 − 1/k² by turns have none, and
        yet two layers take away three quarters. What decides is the mean logarithm. Measured with
        Glorot's weights it is about −1.45 a layer (DEP-16).
    """,
    conditions=[BELOW_ONE, NEGATIVE],
    sources=[D2("introduction"), D0("1.3, DNN and RNN"), D0("introduction")],
    see=["DEP-10", "DEP-11", "DEP-16", "DEP-20", "RNN-05", "RNN-21"],
)


@decaying.as_stated(needs=["chain_vjp"])
def smaller_towards_the_input(impl: Subject, hold: Hold, w: Weights) -> None:
    """At z = 0, whatever the weights, no bias has a larger gradient than the one above it."""
    got = gradients(impl, at_rest(w.tolist()), 1.0)
    for layer in range(1, len(w)):
        hold.at_most(abs(got[f"b_{layer}"]), abs(got[f"b_{layer + 1}"]), f"|∂C/∂b_{layer}|")


@decaying.necessity(of=smaller_towards_the_input, condition=BELOW_ONE)
def weight_of_eight() -> Mapping[str, Any]:
    """Two layers, w_2 = 8: the first bias has twice the gradient of the second."""
    return {"w": np.array([1.0, 8.0])}


@decaying.as_stated()
def ten_layers_halve_it(impl: Subject, hold: Hold, c: Distance, p: Annotated[int, wholes(0, 3)]) -> None:
    """Of factors 1 − c/k^p, k ≥ 2, all below 1, each ten more halve what is left: n leave 2^(−n/10).

    That is to say that the mean logarithm stays below −ln 2/10 at n = 10, 20, ..., 60.
    """
    factors = approaching(-1, c, p, first=2)
    for n in range(10, len(factors) + 1, 10):
        hold.at_most(prod(factors[:n]), Fraction(1, 2 ** (n // 10)), f"the product of {n} factors")


@decaying.necessity(of=ten_layers_halve_it, condition=NEGATIVE)
def one_minus_one_over_k() -> Mapping[str, Any]:
    """1 − 1/k: sixty factors leave 1/61, and not 1/64; the whole product tends to 0."""
    return {"c": 1.0, "p": 1}


@decaying.law(needs=["chain_vjp"])
def ratio_of_neighbours(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """The gradient of each bias is that of the next one times w_{l+1} σ'(z_l)."""
    got, w = gradients(impl, net, 1.0), weights_of(net)
    slopes = sigmoid_slopes(hold.reference, net)
    for layer in range(1, net.depth):
        factor = w[layer] * slopes[layer - 1][0]
        hold.equal(got[f"b_{layer}"], got[f"b_{layer + 1}"] * factor, f"∂C/∂b_{layer}")


@decaying.law(needs=["chain_vjp"])
def a_sixteenth_two_layers_down(impl: Subject, hold: Hold, w: Small) -> None:
    """With weights within 1 two layers leave a sixteenth at most."""
    hold.given(bool((np.abs(w) <= 1).all()), "weights within 1")
    got = gradients(impl, at_rest(w.tolist()), 1.0)
    for layer in range(1, len(w) - 1):
        hold.at_most(16 * abs(got[f"b_{layer}"]), abs(got[f"b_{layer + 2}"]), f"16 |∂C/∂b_{layer}|")


@decaying.law(needs=["chain_vjp"])
def larger_towards_the_input(impl: Subject, hold: Hold, w: Large) -> None:
    """With weights of 4 and more at z = 0 no bias has a smaller gradient than the one above it."""
    hold.given(bool((np.abs(w) >= 4).all()), "weights of at least 4")
    got = gradients(impl, at_rest(w.tolist()), 1.0)
    for layer in range(1, len(w)):
        hold.at_most(abs(got[f"b_{layer + 1}"]), abs(got[f"b_{layer}"]), f"|∂C/∂b_{layer + 1}|")


@decaying.law(needs=["chain_vjp"])
def exponential_without_a_bound(impl: Subject, hold: Hold, pairs: Annotated[int, wholes(1, 6)]) -> None:
    """Factors 1/4 and 1 − 1/k² by turns: 4^−N is left after 2N layers, and not more."""
    close = impl.format.round(np.array([4 - 4 / k**2 for k in range(2, pairs + 2)]))
    w = [each for pair in zip(np.ones(pairs), close, strict=True) for each in pair]
    passed = abs(gradients(impl, at_rest(w), 1.0)["x"])
    hold.at_most(4**pairs * passed, 1, "4^N |∂C/∂x|")
    hold.equal(4**pairs * passed, prod(Fraction(float(each)) / 4 for each in close), "4^N |∂C/∂x|")


@decaying.proof
def traced_ratio(prove: Prove) -> None:
    """dC/db_l = dC/db_{l+1} w_{l+1} σ'(z_l), of neighbours in a chain of any depth; and what follows.

    What stands above the two is in c, the derivative by what the upper one puts out; what stands
    below them, in the input of the lower.
    """
    net, (c,) = prove.chain(*(Dense(1, 1, "sigmoid") for _ in range(2))), prove.symbols("c")
    (a,), _ = (each[0] for each in prove.reference.chain(net.chain, net.parameters, net.inputs).inside)
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, prove.matrix([[c]])).parameters
    prove.identical(back["b_1"], back["b_2"] * net.parameters["W_2"][0, 0] * a * (1 - a))
    g, factor = prove.symbols("g factor")
    prove.valid(abs(g * factor) <= abs(g), given=[abs(factor) < 1])
    prove.valid(abs(g * factor) >= abs(g), given=[abs(factor) > 1])
    s, t = prove.symbols("s t", above=0, at_most=Fraction(1, 4))
    v, w = prove.symbols("v w", at_least=-1, at_most=1)
    prove.valid(abs(g * (v * s) * (w * t)) <= abs(g) / 16)
    # 1 − 1/k from 2 to n leaves 1/n: it falls, but not exponentially.
    prove.product_is(lambda k: 1 - 1 / k, lambda n: 1 / n, start=2)
    # 1/4 and 1 − 1/k² by turns.
    prove.product_is(
        lambda k: (1 - 1 / k**2) / 4, lambda n: (n + 1) / (2 * n) * 4 / prove.number(4) ** n, start=2
    )


@decaying.proof
def mean_logarithm_decides(prove: Prove) -> None:
    """S_n ≤ c − e n for all n, with some e > 0, if and only if lim sup S_n/n < 0.

    S_n is the sum of n logarithms. From the left, S_n/n ≤ −e/2 as soon as e n ≥ 2c. From the right,
    S_n ≤ −e n from some N on; the sums before that are finitely many, and m ≥ 0 is a bound for them: then
    c = m + e N does. And e^(c − e n) is C rⁿ with C = e^c and r = e^−e < 1.
    """
    total, c = prove.symbols("S c")
    n, first, e, factor = prove.symbols("n N e C", above=0)
    (m,) = prove.symbols("m", at_least=0)
    prove.valid(total <= -e * n / 2, given=[total <= c - e * n, e * n >= 2 * c])
    prove.valid(total <= (m + e * first) - e * n, given=[total <= -e * n, n >= first])
    prove.valid(total <= (m + e * first) - e * n, given=[total <= m, n <= first])
    r = prove.exp(-e)
    prove.closed_form(lambda k: factor * r**k, first=factor, then=lambda k, left: r * left, start=0)
    prove.identical(prove.exp(c - e * n) * r, prove.exp(c - e * (n + 1)))
    prove.valid(r < 1)
