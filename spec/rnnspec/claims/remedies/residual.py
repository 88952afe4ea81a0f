"""Residual blocks: the 1 that an added input brings into the derivative."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, claim
from rnnspec.claims.remedies.scalar_chains import by_input
from rnnspec.evidence import Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense, Residual
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, arrays, chains, one_unit_a_layer
from rnnspec.subject import Array, Subject

Layers = Annotated[
    Feedforward,
    chains(depth=(1, 3), width=(2, 2), inputs=(2, 2), batch=(1, 2), activations=("tanh", "sigmoid", "relu")),
]
TwoLayers = Annotated[
    Feedforward,
    chains(depth=(1, 2), width=(2, 2), inputs=(2, 2), batch=(1, 2), activations=("tanh", "sigmoid", "relu")),
]
Cotangents = Annotated[Array, arrays(2, 2, low=-2, high=2, unit=1 / 8)]
Weights = Annotated[Array, arrays((1, 6), low=-2, high=2, unit=1 / 8)]


def with_shortcuts(net: Feedforward) -> Feedforward:
    """Every layer of a chain becomes the F of a residual block, x + F(x)."""
    blocks = tuple(Residual((layer,)) for layer in net.chain.links)
    return Feedforward(Chain(blocks), {f"{name}_1": value for name, value in net.parameters.items()}, net.x)


def stack(weights: Any, activation: str = "identity", x: float = 1.0) -> Feedforward:
    """x_{i+1} = x_i + φ(w_i x_i): one unit, so that every F' is a number, w_i if φ is the identity."""
    return with_shortcuts(one_unit_a_layer(weights, x=x, activation=activation))


# ------------------------------------------------------------------------------------------
shortcut = claim(
    "REM-25",
    title="Blocks that add to their input have derivatives that add to 1",
    says="""
        The input is added to what a block computes. So there is always a 1 in the derivative: the
        shortcut passes the gradient on without loss, and a second term goes through the weights.
    """,
    statement="""
        If x_{i+1} = x_i + F_i(x_i) for i = l, ..., L − 1, then x_L = x_l + Σ F_i(x_i), and
        ∂E/∂x_l = ∂E/∂x_L (1 + ∂/∂x_l Σ F_i(x_i)), with the total derivative by x_l.
    """,
    equation="""
        x_L = x_l + Σ F_i(x_i)
        ∂E/∂x_l = ∂E/∂x_L (I + ∂/∂x_l Σ F_i(x_i)) = ∂E/∂x_L (I + F'_{L−1}) ... (I + F'_l)
        F_i(x) = tanh(x/2), x_0 = 1/2, three blocks:  ∂x_3/∂x_0 = 2.903,  1 + Σ F_i'(x_i) = 2.281
    """,
    verdict=HOLDS,
    because="""
        Insert x_{L−1} = x_{L−2} + F_{L−2}(x_{L−2}) into x_L = x_{L−1} + F_{L−1}(x_{L−1}), and so
        on: the sum is what is left. Its derivative is that of a sum all of whose terms depend on
        x_l, through all blocks between. So it is not the sum of the blocks' own slopes, which is
        but the first order of the product of the 1 + F_i'. (Some copies of the
        formula print ∂/∂x_L, the derivative by what comes out; x_l is meant.) For all this the
        shortcut must be the identity and nothing may follow the addition.
    """,
    sources=[D0("1.3, solution 5")],
    floats="The same numbers are added in another order; they may differ by rounding.",
    see=["REM-26", "REM-27", "LGR-07"],
)


def _apart(net: Feedforward) -> list[tuple[Chain, dict[str, Array], Chain, dict[str, Array]]]:
    """Of every layer: itself with its parameters, and the block that it is the F of with its own."""
    found = []
    for place, layer in enumerate(net.chain.links, start=1):
        own = {name: net.parameters[f"{name}_{place}"] for name in ("W", "b")}
        F = Chain((layer,)), {f"{name}_1": value for name, value in own.items()}
        block = Chain((Residual((layer,)),)), {f"{name}_1_1": value for name, value in own.items()}
        found.append((*F, *block))
    return found


@shortcut.law(needs=["chain"])
def sum_of_what_blocks_add(impl: Subject, hold: Hold, layers: Layers) -> None:
    """x_L = x_l + Σ F_i(x_i), every F_i computed by itself."""
    x: Any = layers.x
    total: Any = layers.x
    for F, own, block, its in _apart(layers):
        total = total + impl.chain(F, own, x)
        x = impl.chain(block, its, x)
    net = with_shortcuts(layers)
    hold.equal(impl.chain(net.chain, net.parameters, net.x), total, "x_L = x_l + Σ F_i(x_i)")


@shortcut.law(needs=["chain", "chain_vjp"])
def product_and_sum(impl: Subject, hold: Hold, layers: TwoLayers, dy: Cotangents) -> None:
    """∂E/∂x_l is dy + Σ (∂x_i/∂x_l)ᵀ F_i'ᵀ dy; each block takes d to d + F_i'ᵀ d and learns as F_i."""
    net, dy = with_shortcuts(layers), dy[: layers.batch]
    parts = _apart(layers)
    xs: list[Any] = [layers.x]
    for _, _, block, its in parts[:-1]:
        xs.append(impl.chain(block, its, xs[-1]))

    def through_blocks(d: Any, above: int) -> Any:
        for (_, _, block, its), x in reversed(list(zip(parts[:above], xs, strict=False))):
            d = impl.chain_vjp(block, its, x, d).inputs
        return d

    total: Any = dy
    for place, ((F, own, block, its), x) in enumerate(zip(parts, xs, strict=True)):
        alone, back = impl.chain_vjp(F, own, x, dy), impl.chain_vjp(block, its, x, dy)
        branch = alone.inputs
        hold.equal(back.inputs, dy + branch, f"dy + F'_{place + 1}ᵀ dy")
        for name in ("W", "b"):
            hold.equal(back.parameters[f"{name}_1_1"], alone.parameters[f"{name}_1"], f"d{name}_{place + 1}")
        total = total + through_blocks(branch, place)
    whole = impl.chain_vjp(net.chain, net.parameters, net.x, dy).inputs
    hold.equal(whole, total, "∂E/∂x_l, as the sum")
    hold.equal(whole, through_blocks(dy, len(parts)), "∂E/∂x_l, as the product")


@shortcut.as_stated(needs=["chain_vjp"])
def slopes_added_up(impl: Subject, hold: Hold, weights: Weights) -> None:
    """The formula misread: ∂x_L/∂x_l is 1 plus the sum of the blocks' own slopes."""
    hold.equal(by_input(impl, stack(weights)), 1 + weights.sum(), "∂x_L/∂x_l = 1 + Σ F_i'")


@shortcut.witness(of=slopes_added_up)
def two_slopes_of_one() -> Mapping[str, Any]:
    """F' = 1 twice: 4, and not 3."""
    return {"weights": np.ones(2)}


@shortcut.proof
def three_blocks(prove: Prove) -> None:
    """Traced with three blocks of tanh, all numbers free: the sum, its derivative, the product.

    And one more block, whatever the others are: of x_l + S becomes x_l + (S + F), and of the derivative
    I + R, by the chain rule, (I + F')(I + R), which is I plus the derivative R + F'(I + R) of S + F.
    """
    blocks = (Residual((Dense(1, 1, "tanh"),)),) * 3
    net = prove.chain(*blocks)
    x_l = net.inputs
    x: Any = x_l
    added: Any = 0
    product: Any = 1
    for place in (1, 2, 3):
        own = {name: net.parameters[f"{name}_{place}_1"] for name in ("W", "b")}
        layer = {f"{name}_1": value for name, value in own.items()}
        F = prove.reference.chain(Chain((Dense(1, 1, "tanh"),)), layer, x).outputs
        product = product * (1 + prove.slope("tanh", (x @ own["W"].T + own["b"])[0, 0]) * own["W"][0, 0])
        added, x = added + F, x + F
    x_L = prove.reference.chain(net.chain, net.parameters, x_l).outputs
    prove.identical(x_L, x_l + added)
    (dy,) = prove.symbols("dy")
    back = prove.reference.chain_vjp(net.chain, net.parameters, x_l, np.array([[dy]])).inputs[0, 0]
    prove.identical(back, dy * (1 + prove.derivative(added[0, 0], x_l[0, 0])))
    prove.identical(back, dy * product)
    R, slope = (prove.symbols(f"{name}11 {name}12 {name}21 {name}22").reshape(2, 2) for name in "RF")
    one = np.eye(2, dtype=int)
    prove.identical((one + slope) @ (one + R), one + (R + slope @ (one + R)))


@shortcut.proof
def two_blocks_of_two_units(prove: Prove) -> None:
    """Two units, two linear blocks: ∂E/∂x_l = dyᵀ (I + A₂)(I + A₁), in this order."""
    net = prove.chain(*(Residual((Dense(2, 2, bias=False),)),) * 2)
    A = [net.parameters[f"W_{place}_1"] for place in (1, 2)]
    dy, one = prove.symbols("d1 d2"), np.eye(2, dtype=int)
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, dy[np.newaxis]).inputs[0]
    prove.identical(back, dy @ (one + A[1]) @ (one + A[0]))


@shortcut.enclosure
def total_and_local_slopes(enclose: Enclose) -> None:
    """F_i(x) = tanh(x/2) from x_0 = 1/2, three blocks: 2.903, where own slopes add up to 2.281."""

    def slopes(f: Any) -> list[Any]:
        x, found = f.number(Fraction(1, 2)), []
        for _ in range(3):
            found.append(f.slope("tanh", x / 2) / 2)
            x = x + f.activation("tanh", x / 2)
        return found

    enclose.value(lambda f: np.prod([1 + slope for slope in slopes(f)]), "2.903")
    enclose.value(lambda f: 1 + sum(slopes(f)), "2.281")
