"""tanh and ReLU as remedies: where slopes are below 1, and how many steps of training a ReLU saves."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np

from rnnspec.claim import CONDITIONAL, EMPIRICAL, claim
from rnnspec.claims.empirical.weighing import Setting, weighed
from rnnspec.claims.remedies.scalar_chains import by_input
from rnnspec.evidence import INF, Enclose, Lab, Outcome, Plan, Prove, Start
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, arrays, chains, one_unit_a_layer, reals
from rnnspec.subject import Array, Subject
from rnnspec.tasks import xor_sign

BELOW_ONE = "every weight is at most some w̄ < 1 in size, here w̄ = 7/8"

LAYERS = 8

Weight = Annotated[float, reals(-2, 2, unit=1 / 8)]
Number = Annotated[float, reals(-2, 2, unit=1 / 8)]
TanhChain = Annotated[
    Feedforward, chains(depth=(1, 6), width=(1, 1), inputs=(1, 1), batch=(1, 1), activations=("tanh",))
]
Weights = Annotated[Array, arrays((1, 6), low=-2, high=2, unit=1 / 16)]

# ------------------------------------------------------------------------------------------
tanh_no_cure = claim(
    "REM-10",
    title="tanh is no cure where weights are below 1, and not because its slope is",
    says="""
        tanh is a little better than the sigmoid, but its derivative is still less than 1, so that it
        does not effectively improve matters.
    """,
    statement="Through a chain of tanh units the gradient vanishes exponentially with the depth.",
    equation="""
        ∣w_l∣ ≤ w̄ < 1   ⇒   ∣∂y_L/∂x∣ ≤ w̄^L
        at x = 0, b = 0:   ∂y_L/∂x = w_1 w_2 ... w_L;  for the sigmoid at its centre, w_1 ... w_L / 4^L
    """,
    verdict=CONDITIONAL,
    because="""
        The slope of tanh is at most 1, and it is 1 at 0. So the factor of a layer is at most ∣w∣,
        and chains with ∣w∣ ≤ w̄ < 1 vanish like w̄^L. At x = 0, where a network with zero biases
        begins, nothing is lost to the slopes: with w = 1 the whole gradient arrives, with w = 2 it
        explodes. That is the improvement upon the sigmoid: the weight that keeps the gradient is 1,
        and not 4.
    """,
    conditions=(BELOW_ONE,),
    sources=[D0("1.3, solution 3")],
    floats="Products of slopes and weights; they may differ by rounding.",
    see=["REM-08", "ACT-06", "ACT-08"],
)


@tanh_no_cure.as_stated(needs=["chain_vjp"])
def halved_by_eight_layers(impl: Subject, hold: Hold, w: Weight, x: Number) -> None:
    """After eight layers of one weight w, less than half of the gradient is left: (7/8)^8 is 0.344."""
    net = one_unit_a_layer([w] * LAYERS, x=x, activation="tanh")
    hold.strictly_less(abs(by_input(impl, net)), 0.5, "|∂y/∂x|")


@tanh_no_cure.necessity(of=halved_by_eight_layers, condition=BELOW_ONE)
def weights_of_one_at_zero() -> Mapping[str, Any]:
    """w = 1 at x = 0: all of the gradient arrives."""
    return {"w": 1.0, "x": 0.0}


@tanh_no_cure.law(needs=["chain_vjp"])
def no_more_than_the_weights(impl: Subject, hold: Hold, net: TanhChain) -> None:
    """|∂y/∂x| ≤ |w_1 ... w_L|, whatever biases and input; so w̄^L if no weight is larger."""
    weights = [net.parameters[f"W_{place}"][0, 0] for place in range(1, net.depth + 1)]
    arrived = abs(by_input(impl, net))
    hold.at_most(arrived, abs(np.prod(weights)), "|∂y/∂x| ≤ |w_1 ... w_L|")
    hold.at_most(arrived, Fraction(max(map(abs, weights))) ** net.depth, "|∂y/∂x| ≤ w̄^L")


@tanh_no_cure.law(needs=["chain_vjp"])
def the_threshold_is_one_and_four(impl: Subject, hold: Hold, weights: Weights) -> None:
    """At 0 a tanh chain gives ∏ w; a sigmoid chain held at its centre gives ∏ w/4."""
    product = np.prod(weights)
    hold.equal(
        by_input(impl, one_unit_a_layer(list(weights), x=0.0, activation="tanh")), product, "∂y/∂x by tanh"
    )
    centred = one_unit_a_layer(list(weights), list(-weights / 2), x=0.5, activation="sigmoid")
    hold.equal(4 ** len(weights) * by_input(impl, centred), product, "4^L ∂y/∂x by the sigmoid")


@tanh_no_cure.proof
def products_of_bounded_factors(prove: Prove) -> None:
    """At 0, three layers give w₁w₂w₃; tanh' ≤ 1, and one more factor of at most w̄ keeps |P| ≤ w̄^L.

    A sigmoid at its centre gives w/4, and puts out 1/2, from which a bias of −w/2 leads to the next centre.
    """
    net = prove.chain(*(Dense(1, 1, "tanh", bias=False),) * 3, inputs=0)
    back = prove.reference.chain_vjp(net.chain, net.parameters, net.inputs, prove.matrix([[1]]))
    prove.identical(back.inputs[0, 0], np.prod([W[0, 0] for W in net.parameters.values()]))
    product, power, factor, bound = prove.symbols("P q f w", at_least=0)
    prove.valid(product * factor <= power * bound, given=[product <= power, factor <= bound])
    prove.valid(prove.slope("tanh") <= 1)
    unit, (w,) = prove.chain(Dense(1, 1, "sigmoid"), inputs=Fraction(1, 2)), prove.symbols("v")
    centred = {"W_1": prove.matrix([[w]]), "b_1": prove.matrix([[-w / 2]])[0]}
    half = prove.reference.chain(unit.chain, centred, unit.inputs).outputs
    back = prove.reference.chain_vjp(unit.chain, centred, unit.inputs, prove.matrix([[1]]))
    prove.identical([half[0, 0], back.inputs[0, 0]], [prove.number(1, 2), w / 4])


@tanh_no_cure.enclosure
def slopes_up_to_one(enclose: Enclose) -> None:
    """0 < tanh' ≤ 1, and 1 at 0 alone."""
    enclose.holds(lambda f, x: f.slope("tanh", x) <= 1, touching=[0], x=(-INF, INF))
    enclose.holds(lambda f, x: f.slope("tanh", x) > 0, x=(-INF, INF))


# ------------------------------------------------------------------------------------------
fast = claim(
    "REM-11",
    title="ReLU needs fewer steps at moderate learning rates, and gets stuck at large ones",
    says="ReLU is easy and quick to compute, and it accelerates the training of a network.",
    statement="""
        On the same examples and at the same learning rate, a network with ReLU needs fewer steps of
        training than one with tanh or with the sigmoid.
    """,
    equation="""
        K(φ) = the first step at which the mean of ten losses is below 1/4
        median of K(ReLU)/K(tanh) < 1,   median of K(ReLU)/K(sigmoid) < 1
        sign of a product, four hidden layers of eight units, 200 steps of plain gradient descent
    """,
    verdict=EMPIRICAL,
    finding="depends on the learning rate",
    because="""
        At a learning rate of 0.1 it is so against both. From Glorot's weights, the same for all three,
        ReLU takes about six tenths of the steps of tanh; from those of He et al., which are meant for
        it and 1.4 times as large between hidden layers, about four tenths. The sigmoid gets nowhere in
        200 steps from Glorot's weights, which counts as infinitely many; from four times as large ones
        it got there in one run of ten, in a first look. (Glorot's weights are meant for tanh, and how
        slow the sigmoid is in the end was not followed.) At 0.6 most networks with ReLU and Glorot's
        weights do not get there, nor do half of those with He's, or more; most of those with tanh do.
        That is what is to be expected if large steps switch units off for good, but the experiment
        does not look inside.

        How quick a function is to compute is a matter of the machine, and no part of what is weighed
        here: the times of this one are shown for the reader. Vectorised, tanh can be as quick
        as ReLU.
    """,
    sources=[D0("1.3, solution 3")],
    see=["REM-08", "EMP-03"],
)

STARTS: tuple[Literal["glorot", "he"], ...] = ("glorot", "he")
QUICKER = tuple(
    f"against {other}, learning rate 0.1, {start}" for other in ("tanh", "sigmoid") for start in STARTS
)
STUCK = ("against tanh, learning rate 0.6, glorot",)


def _deep(kind: str) -> Chain:
    hidden = (Dense(8, 8, kind),) * 3
    return Chain((Dense(2, 8, kind), *hidden, Dense(8, 1)))


@fast.experiment
def steps_and_seconds(lab: Lab) -> Outcome:
    """Steps to a loss of 1/4 by pairs on the same seeds; and the time of each function, for the reader.

    tanh and the sigmoid begin with Glorot's weights, ReLU with the very same ones and with He's.
    Where neither of two gets there, their ratio is not known, and could be any.
    """

    def steps(kind: str, start: Literal["glorot", "he"], rate: float) -> Array:
        return lab.train(_deep(kind), xor_sign(), Start(start), Plan(rate, 200, batch=16), one_in=2).steps_to(
            0.25
        )

    rows, settings = [], []
    for rate, kinds in ((0.1, ("tanh", "sigmoid")), (0.6, ("tanh",))):
        others = {kind: steps(kind, "glorot", rate) for kind in kinds}
        relu = {start: steps("relu", start, rate) for start in STARTS}
        for kind, needed in {**others, **{f"ReLU, {start}": own for start, own in relu.items()}}.items():
            rows.append(lab.frequency(f"not there at {rate}, {kind}", np.isinf(needed)))
        for other, needed in others.items():
            for start, own in relu.items():
                levels = {
                    "the other activation": f"against {other}",
                    "the learning rate": f"learning rate {rate}",
                    "the start of ReLU": start,
                }
                row = lab.ratio(f"steps, ReLU / other: {', '.join(levels.values())}", own, needed)
                settings.append(Setting(levels, row.below(1), row.above(1)))
                rows.append(row)
    verdict, settled, says = weighed(settings, QUICKER, STUCK)
    x = np.linspace(-4, 4, 10**4)
    times = [
        lab.time_ratio(f"ReLU / {kind}", partial(lab.activation, "relu", x), partial(lab.activation, kind, x))
        for kind in ("tanh", "sigmoid")
    ]
    return Outcome(verdict, [*rows, *times], says, settled)
