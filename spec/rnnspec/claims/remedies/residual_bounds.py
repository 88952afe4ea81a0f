"""Residual blocks: when the 1 in their derivative keeps the gradient from vanishing, and when not."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import factorial, prod
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, ENCLOSED, HOLDS, claim
from rnnspec.claims.remedies.relu import HADAMARD, Flips, Vector
from rnnspec.claims.remedies.residual import stack
from rnnspec.claims.remedies.scalar_chains import by_input
from rnnspec.evidence import INF, Enclose, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Chain, Dense, Residual
from rnnspec.sources import D0
from rnnspec.strategies import arrays, reals, wholes
from rnnspec.subject import Array, Subject

SMALL = "the residual gradient ∂ΣF/∂x_l is at most some ε < 1 in size, whatever the depth; here ε = 7/8"

Weights = Annotated[Array, arrays((1, 12), low=-2, high=2, unit=1 / 8)]
Few = Annotated[Array, arrays((1, 6), low=-2, high=2, unit=1 / 8)]
SmallWeights = Annotated[Array, arrays((1, 6), low=-7 / 8, high=7 / 8, unit=1 / 8)]
UpToOne = Annotated[Array, arrays(8, low=-1, high=1, unit=1 / 8)]
Slight = Annotated[Array, arrays((1, 6), low=-1 / 8, high=1 / 8, unit=1 / 64)]
Below = Annotated[float, reals(0, 7 / 8, unit=1 / 8)]
Input = Annotated[float, reals(-2, 2, unit=1 / 8)]
Depth = Annotated[int, wholes(1, 14)]
Power = Annotated[int, wholes(1, 3)]
Place = Annotated[int, wholes(0, 5)]
Wholes = Annotated[Array, arrays(2, low=-8, high=8, unit=1)]

# ------------------------------------------------------------------------------------------
lower_bound = claim(
    "REM-26",
    title="The 1 keeps gradients from vanishing only while the residual gradient stays below 1",
    says="""
        Since there is always a 1 in the derivative, gradients do not vanish; even where the
        residual gradient is small, the 1 prevents it.
    """,
    statement="The gradient through residual blocks, ∏ (1 + F_i'), does not vanish with their number.",
    equation="""
        F' = −1/2:  2^{-L}, 8.9·10⁻¹⁶ for L = 50;      F' = 1:  2^L
        ∣∂ΣF/∂x_l∣ ≤ ε < 1   ⇒   ∣∂x_L/∂x_l∣ ≥ 1 − ε;      ‖(I + A) v‖ ≥ (1 − ‖A‖) ‖v‖
        ∣F_i'∣ ≤ ε < 1   ⇒   (1 − ε)^L ≤ ∏ (1 + F_i') ≤ (1 + ε)^L
        Σ∣F_i'∣ ≤ S   ⇒   ∏ (1 + F_i') ≤ e^S,   ∏ (1 + F_i') ≥ 1 − S if S ≤ 1
        ∣F_i'∣ ≤ 1/L, L ≥ 2   ⇒   1/4 ≤ (1 − 1/L)^L ≤ ∏ (1 + F_i') ≤ (1 + 1/L)^L < e
    """,
    verdict=CONDITIONAL,
    because="""
        A sum with a 1 in it can be anything: the other term may be −0.999. Blocks with slopes
        of −1/2 halve the gradient each, as layers without a shortcut may. What the document says
        next is right: where the residual gradient, the derivative of the whole sum, is small, at
        most ε < 1, then at least 1 − ε arrives. For that it is not enough that each F_i' is small;
        they have to be small in the sum. With Σ∣F_i'∣ ≤ S the product is at most e^S in size, and at
        least 1 − S if S ≤ 1. With blocks that are scaled down by their number it is between 1/4 and e
        (and not between 1/e and e: ten slopes of −1/10 make 0.34868). A finite sum alone is
        sufficient for the bound above and not for one below: one block of slope −1 has the sum 1 and
        passes nothing. And for neither is it necessary: slopes of 1 and −1/2 by turns keep the
        product at 2 or 1.
    """,
    conditions=(SMALL,),
    sources=[D0("1.3, solution 5")],
    rests_on=ENCLOSED,
    floats="Powers of two are exact. Of other products of a few factors what is rounded is tolerated.",
    see=["REM-25", "REM-27", "REM-28"],
)


@lower_bound.as_stated(needs=["chain_vjp"])
def an_eighth_arrives(impl: Subject, hold: Hold, weights: Weights) -> None:
    """Of the gradient through up to twelve blocks at least 1/8 arrives, which is 1 − ε."""
    hold.at_most(0.125, abs(by_input(impl, stack(weights))), "1/8 ≤ |∂x_L/∂x_l|")


@lower_bound.necessity(of=an_eighth_arrives, condition=SMALL)
def what_is_added_is_taken_away() -> Mapping[str, Any]:
    """One block, F(x) = −x: the residual gradient is −1, and nothing arrives."""
    return {"weights": np.array([-1.0])}


@lower_bound.law(needs=["chain_vjp"])
def halved_doubled_or_neither(impl: Subject, hold: Hold, depth: Depth) -> None:
    """L slopes of −1/2 give 2^{-L}, of 1 they give 2^L; by turns 2 or 1: all to the last bit."""
    for weights, product in (
        ([-0.5] * depth, Fraction(1, 2**depth)),
        ([1.0] * depth, 2**depth),
        (([1.0, -0.5] * depth)[:depth], 1 + depth % 2),
    ):
        hold.exactly(by_input(impl, stack(weights)), product, "∂x_L/∂x_l")


@lower_bound.law(needs=["chain_vjp"])
def between_the_powers(impl: Subject, hold: Hold, weights: SmallWeights, x: Input) -> None:
    """tanh blocks with |w| ≤ ε < 1: the product is between (1 − ε)^L and (1 + ε)^L."""
    depth, epsilon = len(weights), Fraction(np.abs(weights).max())
    arrived = by_input(impl, stack(weights, "tanh", x))
    hold.at_most((1 - epsilon) ** depth, arrived, "(1 − ε)^L ≤ ∂x_L/∂x_l")
    hold.at_most(arrived, (1 + epsilon) ** depth, "∂x_L/∂x_l ≤ (1 + ε)^L")


@lower_bound.law(needs=["chain_vjp"])
def scaled_down_by_the_depth(impl: Subject, hold: Hold, weights: UpToOne, k: Power, x: Input) -> None:
    """2, 4 or 8 tanh blocks with |w| ≤ 1/L: between 1/4 and (1 + 1/L)^L < e."""
    depth = 2**k
    arrived = by_input(impl, stack(weights[:depth] / depth, "tanh", x))
    hold.at_most(Fraction(1, 4), arrived, "1/4 ≤ ∂x_L/∂x_l")
    hold.at_most(arrived, (1 + Fraction(1, depth)) ** depth, "∂x_L/∂x_l ≤ (1 + 1/L)^L")


@lower_bound.law(needs=["chain_vjp"])
def bounded_by_the_sum(impl: Subject, hold: Hold, weights: Few, slight: Slight, x: Input) -> None:
    """tanh blocks with Σ|w_i| = S: ∏ (1 + F_i') ≤ 1 + S + S²/2 + ... + S^L/L! < e^S, and ≥ 1 − S if S ≤ 1.

    The products of k of L sizes, added up, are at most S^k/k!.
    """
    S = Fraction(np.abs(weights).sum())
    most = sum(S**k / factorial(k) for k in range(len(weights) + 1))
    hold.at_most(abs(by_input(impl, stack(weights, "tanh", x))), most, "|∂x_L/∂x_l| ≤ e^S")
    least = 1 - Fraction(np.abs(slight).sum())
    hold.at_most(least, by_input(impl, stack(slight, "tanh", x)), "1 − S ≤ ∂x_L/∂x_l")


@lower_bound.law(needs=["chain_vjp"])
def smallest_singular_value(
    impl: Subject, hold: Hold, flips: Flips, epsilon: Below, x: Vector, dy: Vector
) -> None:
    """Four units, F(x) = A x with ‖A‖ = ε: each block keeps lengths between 1 − ε and 1 + ε."""
    blocks = Chain((Residual((Dense(4, 4, bias=False),)),) * len(flips))
    A = {f"W_{place}_1": epsilon * HADAMARD * (1 - 2 * row) for place, row in enumerate(flips, start=1)}
    length = (impl.chain_vjp(blocks, A, x, dy).inputs ** 2).sum()
    power, before = 2 * len(flips), (dy**2).sum()
    hold.at_most((1 - epsilon) ** power * before, length, "(1 − ε)^L ‖dy‖ ≤ ‖dx‖")
    hold.at_most(length, (1 + epsilon) ** power * before, "‖dx‖ ≤ (1 + ε)^L ‖dy‖")


@lower_bound.proof
def at_least_one_minus_epsilon(prove: Prove) -> None:
    """|1 + r| ≥ 1 − ε for |r| ≤ ε; and for any A, in A's norm ε, v's length and q = v·Av.

    With r and A the derivative of the whole sum it is the claim, with those of a block it is one step
    of (1 − ε)^L ≤ |∏| ≤ (1 + ε)^L.
    """
    (epsilon,) = prove.symbols("epsilon", at_least=0, below=1)
    (r,) = prove.symbols("r")
    prove.valid(1 - epsilon <= abs(1 + r), given=[abs(r) <= epsilon])
    v, Av = prove.symbols("v Av", at_least=0)  # lengths
    (q,) = prove.symbols("q")
    longest, shortest = (1 + epsilon) * v, (1 - epsilon) * v
    given = [Av <= epsilon * v, q <= v * Av, -q <= v * Av]
    prove.valid(shortest**2 <= v**2 + 2 * q + Av**2, given=given)
    prove.valid(v**2 + 2 * q + Av**2 <= longest**2, given=given)
    low, product, high = prove.symbols("low product high", at_least=0)  # of the blocks so far
    more = (abs(r) <= epsilon, low <= product, product <= high)
    prove.valid(low * (1 - epsilon) <= product * (1 + r), given=more)
    prove.valid(product * (1 + r) <= high * (1 + epsilon), given=more)


@lower_bound.proof
def any_number_of_blocks(prove: Prove) -> None:
    """∏ = (1 + F')^L for equal slopes: 2^{-L} and 2^L; by turns 1 and −1/2 each pair gives 1.

    And ∏ (1 + F_i') ≥ 1 − Σ|F_i'| as long as the sum is at most 1: one more slope a, from P ≥ 1 − S.
    """
    (w,) = prove.symbols("w")
    block = prove.chain(Residual((Dense(1, 1, bias=False),)), W_1_1=w)
    dy = prove.symbols("dy").reshape(1, 1)
    back = prove.reference.chain_vjp(block.chain, block.parameters, block.inputs, dy).inputs
    prove.identical(back, (1 + w) * dy)
    one, half = prove.number(1), prove.number(1, 2)
    prove.product_is(lambda n: 1 - half, lambda n: half**n)
    prove.product_is(lambda n: one + 1, lambda n: (2 * one) ** n)
    prove.identical((one + 1) * (1 - half), 1)
    after = prove.number(1, 2**50) * 10**17
    prove.valid(prove.all_of(after > 88, after < 89))
    P, S = prove.symbols("P S", at_least=0)
    (a,) = prove.symbols("a")
    prove.valid(P * (1 + a) >= 1 - S - abs(a), given=[P >= 1 - S, S + abs(a) <= 1])


@lower_bound.enclosure
def one_quarter_and_e(enclose: Enclose) -> None:
    """With u = 1/L: (1 − u)^{1/u} ≥ 1/4 for u ≤ 1/2 and (1 + u)^{1/u} < e; and 0.9^10 = 0.34868 < 1/e.

    ln(1 − u) is concave, hence above its chord from 0 to u = 1/2, −2u ln 2. And ln(1 + u) < u for every
    u > 0, so that ∏ |1 + F_i'| ≤ ∏ (1 + |F_i'|) ≤ e^S.
    """
    half = Fraction(1, 2)
    enclose.concave(lambda f, u: f.log(1 - u), u=(0, half))
    enclose.holds(lambda f, u: f.log(1 + u) <= u, touching=[0], u=(0, INF))
    enclose.value(lambda f: f.number(Fraction(9, 10)) ** 10, "0.34868")
    enclose.holds(lambda f: f.number(Fraction(9, 10)) ** 10 < f.exp(f.number(-1)))


# ------------------------------------------------------------------------------------------
exactly_minus_one = claim(
    "REM-27",
    title="The gradient is 0 if and only if the residual gradient is exactly −1",
    says="The residual gradient will hardly be so unlucky as to be −1 throughout.",
    statement="""
        1 + ∂ΣF/∂x_l = 0 if and only if ∂ΣF/∂x_l = −1. Of several units, some gradient ∂E/∂x_L ≠ 0
        makes ∂E/∂x_l = 0 if and only if −1 is an eigenvalue of ∂ΣF/∂x_l.
    """,
    equation="""
        1 + r = 0   ⇔   r = −1
        det(I + A) = 0   ⇔   −1 is an eigenvalue of A
        ∏ (1 + F_i') = 0   ⇔   F_i' = −1 for one i
    """,
    verdict=HOLDS,
    because="""
        The residual gradient is the term beside the 1: the derivative of the whole sum of the F_i. It
        has to cancel the 1 exactly. Read of the single blocks it would be a trap: one block whose
        slope is −1 stops everything, whatever the others do. That −1 is hardly ever met is a
        statement on networks, not on formulas: slopes drawn from a density are −1 with
        probability 0, but training need not keep away from it. (He et al. argue that in
        general it cannot be so for all members of a batch.) And to vanish nearly it needs no −1: see REM-26.
    """,
    sources=[D0("1.3, solution 5")],
    floats="1 − 1 is 0 to the last bit, and what is multiplied by it stays so.",
    see=["REM-25", "REM-26"],
)


@exactly_minus_one.law(needs=["chain_vjp"])
def one_block_stops_everything(impl: Subject, hold: Hold, weights: Few, place: Place) -> None:
    """One F(x) = −x among others: exactly 0 arrives, and no weight below it learns."""
    stopped = place % len(weights)
    net = stack([-1.0 if k == stopped else w for k, w in enumerate(weights)])
    back = impl.chain_vjp(net.chain, net.parameters, net.x, np.ones((1, 1)))
    hold.exactly(back.inputs, 0, "∂x_L/∂x_l")
    for k in range(1, stopped + 1):
        hold.exactly(back.parameters[f"W_{k}_1"], 0, f"the gradient of weight {k}")


@exactly_minus_one.law(needs=["chain_vjp"])
def otherwise_something_arrives(impl: Subject, hold: Hold, weights: Few) -> None:
    """If no slope is −1, the gradient is ∏ (1 + F_i'), and not 0."""
    hold.given(not np.any(weights == -1), "a slope is −1")
    arrived = by_input(impl, stack(weights))
    hold.equal(arrived, prod(1 + Fraction(w) for w in weights), "∏ (1 + F_i')")
    smallest = Fraction(1, 8 ** len(weights))  # weights are multiples of 1/8
    hold.at_most(smallest / 2, abs(arrived), "0 < |∂x_L/∂x_l|", rounding=SURVIVES)


@exactly_minus_one.law(needs=["chain_vjp"])
def eigenvalue_of_minus_one(impl: Subject, hold: Hold, u: Wholes, v: Wholes) -> None:
    """F(x) = A x with A = u vᵀ − I, which has the eigenvalue −1: of dy orthogonal to u nothing arrives."""
    block = Chain((Residual((Dense(2, 2, bias=False),)),))
    A, dy = np.outer(u, v) - np.eye(2), np.array([[-u[1], u[0]]])
    hold.equal(impl.chain_vjp(block, {"W_1_1": A}, v[np.newaxis], dy).inputs, 0, "(I + A)ᵀ dy")
    along = u[np.newaxis]
    hold.equal(impl.chain_vjp(block, {"W_1_1": A}, v[np.newaxis], along).inputs, (u @ u) * v, "‖u‖² v")


@exactly_minus_one.as_stated(needs=["chain_vjp"])
def only_if_all_are(impl: Subject, hold: Hold, weights: Few) -> None:
    """The sentence misread: as long as some block's slope is not −1, something arrives."""
    hold.given(bool(np.any(weights != -1)), "all slopes are −1")
    hold.strictly_less(0, abs(by_input(impl, stack(weights))), "0 < |∂x_L/∂x_l|")


@exactly_minus_one.witness(of=only_if_all_are)
def one_of_two() -> Mapping[str, Any]:
    """Slopes −1 and 1: (1 − 1)(1 + 1) = 0."""
    return {"weights": np.array([-1.0, 1.0])}


@exactly_minus_one.proof
def traced(prove: Prove) -> None:
    """Two tanh blocks: ∂x_L/∂x_l = 1 + r, with r the derivative of the sum; 0 iff r = −1."""
    net = prove.chain(*(Residual((Dense(1, 1, "tanh"),)),) * 2)
    x = net.inputs
    added = (prove.reference.chain(net.chain, net.parameters, x).outputs - x)[0, 0]
    back = prove.reference.chain_vjp(net.chain, net.parameters, x, prove.matrix([[1]])).inputs[0, 0]
    prove.identical(back, 1 + prove.derivative(added, x[0, 0]))
    r, s = prove.symbols("r s")
    for one, other in ((1 + r == 0, r == -1), ((1 + r) * (1 + s) == 0, prove.any_of(r == -1, s == -1))):
        prove.valid(prove.implies(one, other))
        prove.valid(prove.implies(other, one))


@exactly_minus_one.proof
def two_units(prove: Prove) -> None:
    """F(x) = A x: dx = (I + A)ᵀ dy, and det(I + A) = det(−I − A), A's characteristic polynomial at −1.

    Of any number of units: dx = dy + Aᵀdy is 0 if and only if Aᵀdy = −dy, entry by entry; such a dy ≠ 0 is
    what an eigenvector for −1 is, and Aᵀ has the eigenvalues of A.
    With adj the adjugate of (I + A)ᵀ: adj dx = det(I + A) dy, so dx = 0 ≠ dy only if the determinant is 0.
    And then the columns of adj are such dy; they are 0 only if I + A is, where every dy is one.
    """
    net = prove.chain(Residual((Dense(2, 2, bias=False),)))
    A, dy = net.parameters["W_1_1"], prove.symbols("d1 d2")
    dx = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, dy[np.newaxis]).inputs[0]
    M = np.eye(2, dtype=int) + A
    prove.identical(dx, M.T @ dy)
    det = prove.determinant(M)
    prove.identical(det, prove.characteristic(A, prove.number(-1)))
    adj = np.array([[M[1, 1], -M[1, 0]], [-M[0, 1], M[0, 0]]])
    prove.identical(adj @ dx, det * dy)
    prove.identical(M.T @ adj, det * np.eye(2, dtype=int))
    entry, through = prove.symbols("dy_j A'dy_j")
    prove.valid(prove.implies(entry + through == 0, through == -entry))
    prove.valid(prove.implies(through == -entry, entry + through == 0))
