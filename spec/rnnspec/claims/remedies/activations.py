"""tanh and ReLU as remedies: where slopes are below 1, and where nothing but weights is left."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, EMPIRICAL, SAMPLED, claim
from rnnspec.claims.remedies.clipping import squared
from rnnspec.claims.remedies.scalar_chains import by_input
from rnnspec.evidence import INF, Cotangent, Enclose, Lab, Outcome, Plan, Prove, Start
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense, Layer
from rnnspec.sources import D0, D3
from rnnspec.strategies import Feedforward, Orbit, arrays, chains, one_unit_a_layer, orbits, reals
from rnnspec.subject import Array, Subject
from rnnspec.tasks import xor_sign

BELOW_ONE = "every weight is at most some w̄ < 1 in size"
SPECTRUM = "the spectral radius of W is greater than 1 (and only then does it explode exponentially)"
ACTIVE = "no weight is negative and all units are active"

LAYERS = 8

Weight = Annotated[float, reals(-2, 2, unit=1 / 8)]
Number = Annotated[float, reals(-2, 2, unit=1 / 8)]
TanhChain = Annotated[
    Feedforward, chains(depth=(1, 6), width=(1, 1), inputs=(1, 1), batch=(1, 1), activations=("tanh",))
]
Weights = Annotated[Array, arrays((1, 6), low=-2, high=2, unit=1 / 16)]
ActiveOrbit = Annotated[Orbit, orbits(entries=(1, 16), start=(1, 16), steps=(1, 4))]


def above_one(W: Array) -> bool:
    """Whether det(W − I) < 0 for a 2 x 2 matrix: one eigenvalue is above 1, and one below."""
    (a, b), (c, d) = W
    return bool(1 - (a + d) + a * d - b * c < 0)


Unstable = Annotated[
    Orbit, orbits(size=(2, 2), start=(1, 16), steps=(4, 4), where=lambda orbit: above_one(orbit.W))
]
Threshold = Annotated[float, reals(1 / 8, 8)]

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
    """After eight layers of one weight w, less than half of the gradient is left."""
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
    title="ReLU speeds training up at moderate learning rates, and gets stuck at large ones",
    says="ReLU is easy and quick to compute, and it accelerates the training of a network.",
    statement="ReLU takes less time than tanh or the sigmoid, and a network with ReLU needs fewer steps.",
    equation="""
        steps until the loss is below 1/4, ReLU : tanh
        sign of a product, four hidden layers of eight units, plain gradient descent
    """,
    verdict=EMPIRICAL,
    finding="depends on the learning rate",
    because="""
        What a function costs is a matter of the machine, and is shown here for this one;
        vectorised, tanh can be as quick as ReLU. What is measured is how many steps training takes:
        at a learning rate of 0.1 networks with ReLU learn in fewer steps; at 0.6 most of them do
        not get there in 200, which most of those with tanh do. (At 0.5, looked at first, it is a
        third to a half of them, and next to none of the others.) That is what is to be expected if
        large steps switch units off for good, but the experiment does not look inside.
    """,
    sources=[D0("1.3, solution 3")],
    see=["REM-08"],
)


def _deep(kind: str) -> Chain:
    hidden = (Dense(8, 8, kind),) * 3
    return Chain((Dense(2, 8, kind), *hidden, Dense(8, 1)))


@fast.experiment
def steps_and_seconds(lab: Lab) -> Outcome:
    """Steps to a loss of 1/4 by pairs on the same seeds; and the time of each function, for the reader."""
    begun = {"relu": Start("he"), "tanh": Start("glorot")}
    steps = {
        (kind, rate): lab.train(_deep(kind), xor_sign(), start, Plan(rate, 200, batch=16), one_in=2).steps_to(
            0.25
        )
        for kind, start in begun.items()
        for rate in (0.1, 0.6)
    }
    ratio = lab.ratio("steps at 0.1, ReLU / tanh", steps["relu", 0.1], steps["tanh", 0.1])
    stuck = {
        kind: lab.frequency(f"not there at 0.6, {kind}", np.isinf(steps[kind, 0.6]))
        for kind in ("relu", "tanh")
    }
    more = lab.difference("not there at 0.6, ReLU − tanh", *np.isinf([steps[kind, 0.6] for kind in begun]))
    x = np.linspace(-4, 4, 10**4)
    times = [
        lab.time_ratio(f"ReLU / {kind}", partial(lab.activation, "relu", x), partial(lab.activation, kind, x))
        for kind in ("tanh", "sigmoid")
    ]
    quicker, worse = ratio.below(1), more.above(0)
    if quicker:
        verdict = "depends on the learning rate" if worse else "supported"
    else:
        verdict = "not supported"
    return Outcome(
        verdict,
        [ratio, *stuck.values(), more, *times],
        f"at 0.1 ReLU takes {ratio.value:.2f} of the steps of tanh; at 0.6 {stuck['relu'].value:.0%} of its "
        f"runs do not get there, and {stuck['tanh'].value:.0%} of those of tanh",
        settled=quicker and worse,
    )


# ------------------------------------------------------------------------------------------
slope_one = claim(
    "REM-12",
    title="With slopes of 1 the powers of the recurrent matrix decide, and a threshold bounds the step",
    says="""
        A derivative that is constantly 1 easily makes gradients explode; setting a suitable threshold
        solves this.
    """,
    statement="In a recurrence with ReLU the gradient grows exponentially with time.",
    equation="""
        W ≥ 0, all units active:   ∂h_T/∂h_0 = W^T
        W v ≥ λ v, v > 0   ⇒   W^T v ≥ λ^T v;     W v ≤ μ v   ⇒   W^T v ≤ μ^T v
        W = [0 2; 1 0]:   W^40 = 2^20 I;     [1 1; 0 1]^T = [1 T; 0 1]
    """,
    verdict=CONDITIONAL,
    because="""
        Where all slopes are 1 the gradient over T steps is the T-th power of W. It explodes exponentially
        if and only if the spectral radius is greater than 1; below 1 it vanishes; at 1 it may still grow,
        though not exponentially: [1 1; 0 1] has the entry T. Where units are off, what counts
        is the part of W between those that are on: [1 −1; −1 1] has the eigenvalue 2, and ReLU never
        lets its direction through. The threshold bounds the step that is taken, and not the
        gradient (REM-05).
    """,
    conditions=(SPECTRUM, ACTIVE),
    sources=[D3("6.10")],
    rests_on=SAMPLED,
    floats="Orbits are short and their numbers have few digits; what is rounded gets the usual tolerance.",
    see=["REM-05", "REM-08", "REM-09", "SPE-08"],
)


def _back(impl: Subject, orbit: Orbit, dh: Any) -> Any:
    """What arrives at h_0 of the cotangent dh on h_T."""
    network = orbit.network()
    cotangent = Cotangent(np.zeros((orbit.steps, 1, len(orbit.start))), {"h": np.reshape(dh, (1, -1))})
    return impl.vjp(network, cotangent).state["h"][0]


@slope_one.as_stated(needs=["run_vjp"])
def grows_in_an_active_network(impl: Subject, hold: Hold, orbit: ActiveOrbit) -> None:
    """All weights and states positive: the gradient of Σ h_T with respect to h_0 is larger than at h_T."""
    hold.strictly_less(len(orbit.start), _back(impl, orbit, np.ones(len(orbit.start))).sum(), "Σ ∂/∂h_0")


@slope_one.necessity(of=grows_in_an_active_network, condition=SPECTRUM)
def a_weight_of_one_half() -> Mapping[str, Any]:
    """One unit, W = 1/2, four steps: 1/16."""
    return {"orbit": Orbit(np.array([[0.5]]), np.ones(1), 4)}


@slope_one.as_stated(needs=["run_vjp"])
def grows_with_a_large_eigenvalue(impl: Subject, hold: Hold, orbit: Unstable) -> None:
    """If an eigenvalue of W is greater than 1, the gradient over four steps is larger than at h_T."""
    hold.given(above_one(orbit.W), "no eigenvalue of W is known to be above 1")
    hold.strictly_less(2, abs(_back(impl, orbit, np.ones(2))).sum(), "Σ |∂/∂h_0|")


@slope_one.necessity(of=grows_with_a_large_eigenvalue, condition=ACTIVE)
def eigenvalue_two_that_is_cut_off() -> Mapping[str, Any]:
    """W = [1 −1; −1 1] has the eigenvalue 2; from (1, 2) one unit goes off, and the gradient stays 1."""
    return {"orbit": Orbit(np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([1.0, 2.0]), 4)}


@slope_one.law(needs=["run_vjp"])
def the_power_of_the_matrix(impl: Subject, hold: Hold, orbit: ActiveOrbit) -> None:
    """∂h_T/∂h_0 = W^T, row by row; with the rates of growth that W v shows on a positive v."""
    n, v = len(orbit.start), orbit.start
    power = np.linalg.matrix_power(orbit.W, orbit.steps)  # exact: the entries are small multiples of 1/8
    rates = [Fraction(Wv) / Fraction(own) for Wv, own in zip(orbit.W @ v, v, strict=True)]
    for i, unit in enumerate(np.eye(n)):
        row = _back(impl, orbit, unit)
        hold.equal(row, power[i], f"row {i} of ∂h_T/∂h_0")
        hold.at_most(min(rates) ** orbit.steps * Fraction(v[i]), (row * v).sum(), "λ^T v ≤ W^T v")
        hold.at_most((row * v).sum(), max(rates) ** orbit.steps * Fraction(v[i]), "W^T v ≤ μ^T v")


@slope_one.law(needs=["run_vjp", "clip"])
def a_threshold_bounds_the_step(impl: Subject, hold: Hold, orbit: ActiveOrbit, threshold: Threshold) -> None:
    """However large it has grown, the clipped gradient is at most θ long."""
    gradient = _back(impl, orbit, np.ones(len(orbit.start)))
    done = impl.clip("norm", {"h_0": gradient}, threshold)["h_0"]
    hold.at_most(squared(done), threshold**2, "‖clip ∂/∂h_0‖²")


@slope_one.proof
def powers(prove: Prove) -> None:
    """Two units, two steps, W > 0, h_0 > 0: ∂h_2/∂h_0 = W², traced. And the powers of the examples.

    [0 2; 1 0]² = 2I, hence 2^n I after 2n steps; [1 1; 0 1]^n = [1 n; 0 1]. If W^n v ≥ λ^n v and W v ≥ λ v
    then W^{n+1} v ≥ λ^n W v ≥ λ^{n+1} v, since W has no negative entry.
    """
    W, h0 = prove.symbols("a b c d", above=0).reshape(2, 2), prove.symbols("h1 h2", above=0)
    layer = Layer("rnn", 1, 2, activation="relu", biases="none")
    net = prove.network(layer, 2, W_h=0, U_h=W, inputs=0, h=h0)
    dh = prove.symbols("dh1 dh2")
    back = prove.reference.vjp(net, Cotangent(np.zeros((2, 1, 2), int), {"h": dh[np.newaxis]}))
    prove.identical(back.state["h"][0], dh @ W @ W)

    swap = prove.matrix([[0, 2], [1, 0]])
    prove.identical(swap @ swap, [[2, 0], [0, 2]])
    prove.closed_form(lambda n: 2**n, first=2, then=lambda n, x: 2 * x)
    prove.closed_form(
        lambda n: [1 + 0 * n, n, 0 * n, 1 + 0 * n],
        first=[1, 1, 0, 1],
        then=lambda n, M: [M[0] + M[2], M[1] + M[3], M[2], M[3]],
    )
    w, rate, power, v, before = prove.symbols("w rate power v before", at_least=0)
    prove.valid(w * before >= w * power * v, given=[before >= power * v])
    prove.valid(power * before >= power * rate * v, given=[before >= rate * v])
