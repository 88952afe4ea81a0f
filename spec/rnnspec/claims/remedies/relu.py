"""ReLU as a remedy: what a slope of 1 does for gradients through many layers, and what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import REFUTED, SAMPLED, claim
from rnnspec.claims.remedies.scalar_chains import by_input, by_weights, pulled
from rnnspec.evidence import Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0, D3
from rnnspec.strategies import Feedforward, arrays, chains, one_unit_a_layer, reals, wholes
from rnnspec.subject import Array, Subject

Positive = Annotated[Array, arrays((1, 12), low=1 / 8, high=4, unit=1 / 8)]
Weights = Annotated[Array, arrays((1, 12), low=-2, high=2, unit=1 / 8)]
Pair = Annotated[Array, arrays(2, low=-2, high=2, unit=1 / 16)]
Factor = Annotated[float, reals(1 / 8, 4, unit=1 / 8)]
Depth = Annotated[int, wholes(1, 14)]
Deep = Annotated[int, wholes(1, 33)]
Place = Annotated[int, wholes(0, 13)]
Flips = Annotated[Array, arrays((1, 3), 4, low=0, high=1, unit=1)]
Vector = Annotated[Array, arrays(1, 4, low=-2, high=2, unit=1 / 16)]
Homogeneous = Annotated[
    Feedforward, chains(depth=(1, 4), activations=("relu", "identity"), bias=False, batch=(1, 2))
]

HADAMARD = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
"""An orthogonal matrix whose entries are ±1/2."""


def orthogonal(flips: Array, bias: float, scale: float = 1.0) -> Feedforward:
    """A ReLU layer for every row: `scale` times an orthogonal matrix, columns flipped where there is a 1.

    With `bias` 1 all units are active for inputs up to 2: each bias is larger than what a layer reads.
    """
    parameters: dict[str, Array] = {}
    for place, row in enumerate(flips, start=1):
        parameters |= {
            f"W_{place}": scale * HADAMARD * (1 - 2 * row),
            f"b_{place}": np.full(4, bias * 8 * 4.0**place),
        }
    return Feedforward(Chain((Dense(4, 4, "relu"),) * len(flips)), parameters, np.zeros((1, 4)))


# ------------------------------------------------------------------------------------------
vanishing = claim(
    "REM-08",
    title="ReLU does not keep gradients from vanishing",
    says="""
        The slope of ReLU is 1 for positive arguments; in deep networks, and in recurrent ones, it
        therefore avoids vanishing gradients.
    """,
    statement="With ReLU, ∂h_L/∂h_0 = D_L W_L ... D_1 W_1 does not tend to 0 with the depth L.",
    equation="""
        one unit a layer, all active, w = 1/2:   ∂h_L/∂h_0 = 2^{-L}
        one unit a layer, one of them inactive:  ∂h_L/∂h_0 = 0
    """,
    verdict=REFUTED,
    because="""
        The slope is one factor of each layer and the weights are the other. With w = 1/2 the gradient
        halves at every layer although every slope is 1. And a slope may be 0: a single unit
        that is off, where there is but one in its layer, makes the gradient exactly 0, which a tanh never
        does. In the mean over random weights it is kept by a suitable variance, 2/m (He et al.), since a
        half of all units is off: that is a property of the weights.
    """,
    corrected="""
        ‖D_L W_L ... D_1 W_1‖ ≤ ‖W_1‖ ... ‖W_L‖. Lengths are kept if every D_l W_l keeps them, as
        orthogonal weights with all units active do; not only then, since weights 2 and 1/2 make 1.
    """,
    sources=[D0("1.3, solution 3"), D3("introduction"), D3("6.10")],
    floats="Powers of two are exact; an inactive unit gives an exact 0.",
    see=["REM-09", "REM-10", "REM-12", "SPE-10", "SPE-11", "ACT-13"],
)


@vanishing.as_stated(needs=["chain_vjp"])
def a_thousandth_arrives(impl: Subject, hold: Hold, weights: Positive) -> None:
    """Where all units are active, at least a thousandth of the gradient arrives."""
    hold.at_most(0.001, by_input(impl, one_unit_a_layer(list(weights), activation="relu")), "∂h_L/∂h_0")


@vanishing.witness(of=a_thousandth_arrives)
def four_eighths() -> Mapping[str, Any]:
    """Four layers of w = 1/8, all active: 1/4096."""
    return {"weights": np.full(4, 1 / 8)}


@vanishing.as_stated(needs=["chain_vjp"])
def something_arrives(impl: Subject, hold: Hold, weights: Weights) -> None:
    """The gradient is not 0, whatever the weights."""
    hold.strictly_less(
        0, abs(by_input(impl, one_unit_a_layer(list(weights), activation="relu"))), "∂h_L/∂h_0"
    )


@vanishing.witness(of=something_arrives)
def one_unit_off() -> Mapping[str, Any]:
    """w = −1 at x = 1: the unit is off."""
    return {"weights": np.array([-1.0])}


@vanishing.law(needs=["chain_vjp"])
def halved_at_every_layer(impl: Subject, hold: Hold, depth: Depth) -> None:
    """L active layers of w = 1/2 give 2^{-L}, to the last bit."""
    net = one_unit_a_layer([0.5] * depth, activation="relu")
    hold.exactly(by_input(impl, net), 0.5**depth, "∂h_L/∂h_0")


@vanishing.law(needs=["chain_vjp"])
def nothing_through_a_dead_unit(impl: Subject, hold: Hold, weights: Positive, place: Place) -> None:
    """One inactive unit: exactly 0 arrives, and nothing at or below it learns."""
    dead = place % len(weights)
    net = one_unit_a_layer([-w if k == dead else w for k, w in enumerate(weights)], activation="relu")
    back = pulled(impl, net)
    hold.exactly(back.inputs, 0, "∂h_L/∂h_0")
    for name in by_weights(net)[: dead + 1]:
        hold.exactly(back.parameters[name], 0, f"d{name}")


@vanishing.law(needs=["chain_vjp"])
def kept_by_active_orthogonal_layers(impl: Subject, hold: Hold, flips: Flips, x: Vector, dy: Vector) -> None:
    """Orthogonal weights and no unit off: the gradient is as long at the input as at the output."""
    net = orthogonal(flips, bias=1)
    back = impl.chain_vjp(net.chain, net.parameters, x, dy)
    hold.equal((back.inputs**2).sum(), (dy**2).sum(), "‖∂E/∂h_0‖² = ‖∂E/∂h_L‖²")


@vanishing.law(needs=["chain_vjp"])
def no_longer_than_the_norms_allow(
    impl: Subject, hold: Hold, flips: Flips, x: Vector, dy: Vector, scale: Factor
) -> None:
    """Whatever is off, ‖∂E/∂h_0‖ ≤ ‖W_1‖ ... ‖W_L‖ ‖∂E/∂h_L‖; here every ‖W‖ is the same number."""
    net = orthogonal(flips, bias=0, scale=scale)
    back = impl.chain_vjp(net.chain, net.parameters, x, dy)
    bound = scale ** (2 * net.depth) * (dy**2).sum()
    hold.at_most((back.inputs**2).sum(), bound, "‖∂E/∂h_0‖²")


@vanishing.proof
def a_rotation_keeps_lengths(prove: Prove) -> None:
    """Two units, both active, weights (a −b; b a): ‖dx‖² = (a² + b²) ‖dy‖². And 2 · 1/2 = 1.

    Whatever the number of units: where all slopes are 1, dx is Wᵀ dy, and orthogonal matrices keep lengths.
    """
    a, b = prove.symbols("a b")
    x, dy = prove.symbols("x1 x2"), prove.symbols("dy1 dy2")
    W = prove.matrix([[a, -b], [b, a]])
    with prove.assuming(*(z > 0 for z in W @ x)):
        net = prove.chain(Dense(2, 2, "relu", bias=False), W_1=W, inputs=x[np.newaxis])
        back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, dy[np.newaxis])
        prove.identical((back.inputs**2).sum(), (a**2 + b**2) * (dy**2).sum())
    links = (Dense(1, 1, bias=False), Dense(1, 1, bias=False))
    pair = prove.chain(*links, W_1=2, W_2=prove.number(1, 2))
    back = prove.reference.chain_vjp(pair.chain, pair.parameters, pair.inputs, prove.matrix([[1]]))
    prove.identical(back.inputs, [[1]])


@vanishing.proof
def cutting_off_makes_nothing_longer(prove: Prove) -> None:
    """D has slopes 0 and 1 on its diagonal, so ‖D v‖ ≤ ‖v‖, entry by entry; then layer by layer.

    If what has arrived is at most P ‖dy‖ long, after one layer more it is at most ‖W‖ P ‖dy‖ long.
    """
    (v,) = prove.symbols("v")
    (on,), (off,) = prove.symbols("on", above=0), prove.symbols("off", below=0)
    prove.identical([prove.slope("relu", on), prove.slope("relu", off)], [1, 0])
    for z in (on, off):
        prove.valid((prove.slope("relu", z) * v) ** 2 <= v**2)
    arrived, cut, passed, W, P, dy = prove.symbols("arrived cut passed W P dy", at_least=0)
    given = [arrived <= P * dy, cut <= arrived, passed <= W * cut]
    prove.valid(passed <= W * P * dy, given=given)


@vanishing.enclosure
def kept_in_the_mean_by_twice_the_variance(enclose: Enclose) -> None:
    """With Var w = 2/m both squares are kept in the mean: 2 E relu(Z)² = 2 E relu'(Z)² = 1."""
    enclose.value(lambda f: 2 * f.mean_of_normal(lambda f, z: f.activation("relu", z) ** 2), "1.000000000000")
    enclose.value(lambda f: 2 * f.mean_of_normal(lambda f, z: f.slope("relu", z) ** 2), "1.000000000000")


# ------------------------------------------------------------------------------------------
exploding = claim(
    "REM-09",
    title="ReLU does not keep gradients from exploding, nor do all layers learn equally fast",
    says="""
        If the derivative of the activation is 1, gradients neither vanish nor explode, and every layer is
        updated at the same speed; that is what ReLU is for.
    """,
    statement="If φ' = 1 everywhere, ∂h_L/∂h_0 stays bounded, and ‖∂E/∂W_l‖ is the same for every l.",
    equation="""
        one unit a layer, w = 2:       ∂h_L/∂h_0 = 2^L
        h = w_L ... w_1 x:             w_l ∂E/∂w_l is the same for every l
        w = (1, 2), x = 1:             ∂E/∂w_1 = 2,  ∂E/∂w_2 = 1
    """,
    verdict=REFUTED,
    because="""
        With slopes of 1 what remains is the product of the weights, and 2^L is no better than
        2^{-L}: in single precision it overflows at 128 layers. (Nor is the slope the cause, as D3
        has it: it is the weights.) Multiplying w_l by c and dividing w_k by c changes nothing, so
        w_l ∂E/∂w_l = w_k ∂E/∂w_k: a layer with smaller weights has larger gradients. If all weights have
        the same size, all layers do learn equally fast, even while the gradient explodes; but their
        biases do not.
    """,
    corrected="""
        Without biases, ⟨W_l, ∂E/∂W_l⟩ is one and the same number for every layer of a ReLU network. Of
        one unit a layer, the gradients of weights are equally large if and only if the weights are;
        ∂E/∂b_l = w_{l+1} ∂E/∂b_{l+1}.
    """,
    sources=[D0("1.3, solution 3")],
    rests_on=SAMPLED,
    floats="Powers of two are exact, and beyond the largest number infinite; the rest is rounded.",
    see=["REM-08", "REM-12", "SPE-11"],
)


@exploding.as_stated(needs=["chain_vjp"])
def a_thousandfold_at_most(impl: Subject, hold: Hold, weights: Positive) -> None:
    """The gradient does not grow a thousandfold."""
    hold.at_most(abs(by_input(impl, one_unit_a_layer(list(weights), activation="relu"))), 1000, "∂h_L/∂h_0")


@exploding.witness(of=a_thousandfold_at_most)
def five_fours() -> Mapping[str, Any]:
    """Five layers of w = 4: 1024."""
    return {"weights": np.full(5, 4.0)}


@exploding.as_stated(needs=["chain_vjp"])
def all_layers_alike(impl: Subject, hold: Hold, weights: Positive) -> None:
    """The gradients of all weights are the same."""
    net = one_unit_a_layer(list(weights), activation="relu")
    back = pulled(impl, net).parameters
    hold.equal([back[name][0, 0] for name in by_weights(net)], back["W_1"][0, 0], "∂E/∂w_l = ∂E/∂w_1")


@exploding.witness(of=all_layers_alike)
def one_and_two() -> Mapping[str, Any]:
    """w = (1, 2): 2 and 1."""
    return {"weights": np.array([1.0, 2.0])}


@exploding.law(needs=["chain_vjp"])
def multiplied_at_every_layer(impl: Subject, hold: Hold, depth: Deep) -> None:
    """L layers of w = 16 do what 4L of w = 2 do: 16^L, exactly, or infinite, from 4L = 128 in binary32."""
    net = one_unit_a_layer([16.0] * depth, activation="relu")
    hold.exactly(by_input(impl, net), 16**depth, "∂h_L/∂h_0")


@exploding.law(needs=["chain", "chain_vjp"])
def balanced(impl: Subject, hold: Hold, net: Homogeneous) -> None:
    """⟨W_l, ∂E/∂W_l⟩ = ⟨y, ∂E/∂y⟩ for every layer, whatever is on or off."""
    y = impl.chain(net.chain, net.parameters, net.x)
    back = impl.chain_vjp(net.chain, net.parameters, net.x, np.ones(y.shape)).parameters
    for name, gradient in back.items():
        hold.equal((net.parameters[name] * gradient).sum(), y.sum(), f"⟨{name}, d{name}⟩")


@exploding.law(needs=["chain_vjp"])
def biases_differ_by_the_weights(impl: Subject, hold: Hold, weights: Positive) -> None:
    """∂E/∂b_l = w_{l+1} ∂E/∂b_{l+1}, and ∂E/∂b_L = 1."""
    back = pulled(impl, one_unit_a_layer(list(weights), activation="relu")).parameters
    later: Any = 1
    for place in range(len(weights), 0, -1):
        hold.equal(back[f"b_{place}"][0], later, f"∂E/∂b_{place}")
        later = back[f"b_{place}"][0] * weights[place - 1]


@exploding.proof
def three_layers(prove: Prove) -> None:
    """Three active layers: w_l ∂E/∂w_l = x w₁w₂w₃, so equal gradients mean equal weights; all w: w²x.

    And ∂E/∂b_l = w_{l+1} ∂E/∂b_{l+1}.
    """
    w, (x,) = prove.symbols("w1 w2 w3", above=0), prove.symbols("x1", above=0)
    links = (Dense(1, 1, "relu"),) * 3
    given = {f"W_{place}": value for place, value in enumerate(w, start=1)}
    given |= {f"b_{place}": 0 for place in (1, 2, 3)}
    net = prove.chain(*links, inputs=x, **given)
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, prove.matrix([[1]]))
    gradients = [back.parameters[f"W_{place}"][0, 0] for place in (1, 2, 3)]
    prove.identical(w * gradients, [x * w.prod()] * 3)
    prove.valid(prove.implies(gradients[0] == gradients[1], w[0] == w[1]))
    prove.identical(prove.at(gradients, {"w2": w[0], "w3": w[0]}), [w[0] ** 2 * x] * 3)
    prove.identical(back.inputs[0, 0], w.prod())
    prove.identical([back.parameters[f"b_{place}"][0] for place in (1, 2, 3)], [w[1] * w[2], w[2], 1])


@exploding.proof
def of_one_layer(prove: Prove) -> None:
    """Two inputs, two units, each on or off: ⟨W, ∂E/∂W⟩ = ⟨y, ∂E/∂y⟩ = ⟨x, ∂E/∂x⟩; so from layer to layer."""
    for first in (1, -1):
        for second in (1, -1):
            net, dy = prove.chain(Dense(2, 2, "relu", bias=False)), prove.symbols("d1 d2")
            W, x = net.parameters["W_1"], net.inputs[0]
            with prove.assuming(first * (W[0] @ x) > 0, second * (W[1] @ x) > 0):
                y = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs[0]
                back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, dy[np.newaxis])
                prove.identical((W * back.parameters["W_1"]).sum(), y @ dy)
                prove.identical(x @ back.inputs[0], y @ dy)
