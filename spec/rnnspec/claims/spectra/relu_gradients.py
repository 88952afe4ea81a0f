"""Gradients through a recurrence with ReLU: the weight's powers are still there."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, About, claim
from rnnspec.claims.spectra.passing import carried_back, driven
from rnnspec.evidence import Cotangent, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D0
from rnnspec.strategies import arrays, networks, reals, wholes
from rnnspec.subject import Array, Numbers, Subject

Positive = Annotated[float, reals(0.125, 2, unit=1 / 8)]
PositiveInputs = Annotated[Array, arrays((1, 6), low=0, high=2, unit=1 / 8)]
OneUnit = Annotated[
    Network, networks("rnn", hidden=(1, 1), inputs=(1, 1), steps=(1, 5), batch=(1, 1), scales=(0, -1))
]


def by_the_weight(impl: Any, net: Network) -> Numbers:
    """∂h_T/∂U of one unit, (1, 1)."""
    last = Cotangent(np.zeros((net.steps, 1, 1)), {"h": np.ones((1, 1))})
    back: Numbers = impl.vjp(net, last).parameters["U_h"]
    return back


# ------------------------------------------------------------------------------------------
powers_remain = claim(
    "SPE-10",
    title="With ReLU the oldest term of the gradient still holds the weight to the power t − 1",
    says="""
        At t = 3, even where ReLU's slope is 1, the last term of the derivative by W still
        has W multiplied twice.
    """,
    statement="""
        With net_t = x_t + W f(net_{t−1}),
        ∂net_3/∂W = f(net_2) + W f'(net_2) f(net_1) + W² f'(net_2) f'(net_1) f(net_0).
    """,
    equation="""
        ∂net_t/∂W = Σ_{k<t} W^{t−1−k} f'(net_{t−1}) ... f'(net_{k+1}) f(net_k)
        on the active branch of ReLU:  ∂net_t/∂W = Σ_{k<t} W^{t−1−k} f(net_k)
    """,
    verdict=HOLDS,
    because="""
        W acts once in every step, and what it did in an early step passes through every later
        one, each time times W and a slope. ReLU makes the slopes 1 on the active branch; it
        does nothing about W. So the term of the first of t steps holds W^{t−1}, which vanishes
        or explodes as before. The formula itself is lost in the document; it is rebuilt here
        from the text that speaks of it.
    """,
    sources=[D0("questions, 3")],
    floats="Sums of a few products on both sides; they may differ by rounding.",
    see=["SPE-08", "SPE-11", "REM-08", "REM-09"],
)


@powers_remain.law(needs=["run", "run_vjp"])
def sum_over_the_steps(
    impl: Subject, hold: Hold, w: Positive, inputs: PositiveInputs, start: Positive
) -> None:
    """On the active branch ∂h_T/∂W = Σ W^{T−1−k} h_k, with h_0, ..., h_{T−1}."""
    net = driven(w, list(inputs), start, "relu")
    states: Sequence[Any] = [start, *impl.run(net).outputs[:-1, 0, 0]]
    expected: Any = 0
    for state in states:
        expected = expected * w + state
    hold.equal(by_the_weight(impl, net)[0, 0], expected, "∂h_T/∂W")


@powers_remain.law(needs=["run", "run_vjp"])
def oldest_term_holds_the_power(
    impl: Subject, hold: Hold, w: Positive, inputs: PositiveInputs, start: Positive
) -> None:
    """What the first step adds to ∂h_T/∂W is W^{T−1} h_0: with it, less what begins one step later."""
    net = driven(w, list(inputs), start, "relu")
    first = impl.run(net.at(0, net.state)).state
    later = Network(net.layer, net.parameters, net.inputs[1:], first)
    rest = by_the_weight(impl, later)[0, 0] if later.steps else 0
    oldest = by_the_weight(impl, net)[0, 0] - rest
    hold.equal(oldest, Fraction(w) ** (net.steps - 1) * Fraction(start), "W^{T−1} h_0")


@powers_remain.law(needs=["run", "run_vjp"])
def slopes_between_the_powers(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """With tanh: φ'(net_T) times Σ W^{T−1−k} φ'(net_{T−1}) ... φ'(net_{k+1}) h_k."""
    outputs = impl.run(net).outputs[:, 0, 0]
    w = float(net.parameters["U_h"][0, 0])
    states = [net.state["h"][0, 0], *outputs[:-1]]
    # d net_t/dW = h_{t−1} + W φ'(net_{t−1}) d net_{t−1}/dW, and h_0 is given.
    by_net: Any = 0
    for t, state in enumerate(states):
        by_net = state + (by_net * (1 - state**2) * w if t else 0)
    hold.equal(by_the_weight(impl, net)[0, 0], by_net * (1 - outputs[-1] ** 2), "∂h_T/∂W")


@powers_remain.proof
def three_steps_traced(prove: Prove) -> None:
    """Three steps: with ReLU on the active branch, and with the slopes of tanh and of the sigmoid."""
    w, x1, x2, x3, h0 = prove.symbols("w x1 x2 x3 h0", above=0)
    inputs = np.array([x1, x2, x3], dtype=object).reshape(3, 1, 1)
    relu = Layer("rnn", 1, 1, activation="relu", biases="none")
    net = prove.network(relu, 3, W_h=1, U_h=w, inputs=inputs, h=h0)
    h1, h2, h3 = prove.reference.run(net).outputs[:, 0, 0]
    formula = h2 + w * h1 + w**2 * h0
    prove.identical(prove.derivative(h3, w), formula)
    prove.identical(by_the_weight(prove.reference, net)[0, 0], formula)
    for kind in ("tanh", "sigmoid"):
        layer = Layer("rnn", 1, 1, activation=kind, biases="none")
        net = prove.network(layer, 3, W_h=1, U_h=w, inputs=inputs, h=h0)
        h = prove.reference.run(net).outputs[:, 0, 0]
        s1, s2, s3 = h * (1 - h) if kind == "sigmoid" else 1 - h**2
        formula = h[1] + w * s2 * h[0] + w**2 * s2 * s1 * h0
        prove.identical(by_the_weight(prove.reference, net)[0, 0], s3 * formula)


@powers_remain.proof
def power_for_every_t(prove: Prove) -> None:
    """What is handed back over n active steps of ReLU is Wⁿ, for every n."""
    w, x, h = prove.symbols("w x h", above=0)
    step = prove.network(Layer("rnn", 1, 1, activation="relu", biases="none"), 1, W_h=1, U_h=w, inputs=x, h=h)
    prove.closed_form(
        lambda n: w**n,
        first=w,
        then=lambda n, d: carried_back(prove.reference, step, np.array([d], dtype=object))[0, 0],
    )


# ------------------------------------------------------------------------------------------
no_cure = claim(
    "SPE-11",
    title="ReLU cures a recurrence neither of vanishing nor of exploding gradients",
    says="In a recurrent network ReLU therefore solves neither vanishing nor exploding gradients.",
    statement="With ReLU there are a W for which ∂h_T/∂h_0 → 0 and a W for which it → ∞.",
    equation="""
        h_t = relu(w h_{t−1}),  h_0 > 0:   ∂h_T/∂h_0 = w^T
        w = 1/2:  2^−T → 0        w = 2:  2^T → ∞
    """,
    verdict=HOLDS,
    because="""
        One unit is enough. On the active branch the slope is 1, and the derivative is the
        weight's power. ReLU takes away one reason for vanishing, slopes below 1, and
        leaves the other. Having no bound it also takes away the saturation that keeps tanh
        from exploding (SPE-01).
    """,
    sources=[D0("questions, 3")],
    floats="Powers of two are exact in every format, as long as they are in its range.",
    see=["SPE-01", "SPE-08", "SPE-10", "REM-08", "REM-09"],
)


@no_cure.law(needs=["run_vjp"])
def halves_and_doubles(
    impl: Subject, hold: Hold, start: Positive, steps: Annotated[int, wholes(1, 13)]
) -> None:
    """With w = 1/2 the gradient is 2^−T, with w = 2 it is 2^T, to the last bit."""
    for w in (Fraction(1, 2), Fraction(2)):
        net = driven(float(w), [0.0] * steps, start, "relu")
        hold.exactly(carried_back(impl, net), w**steps, f"∂h_T/∂h_0 with w = {w}")


@no_cure.law(needs=["run_vjp"])
def power_of_the_weight(
    impl: Subject, hold: Hold, w: Positive, inputs: PositiveInputs, start: Positive
) -> None:
    """On the active branch ∂h_T/∂h_0 = w^T, whatever the (positive) inputs."""
    net = driven(w, list(inputs), start, "relu")
    hold.equal(carried_back(impl, net), Fraction(w) ** net.steps, "∂h_T/∂h_0")


@no_cure.law(needs=["run_vjp"], about=About.MATHEMATICS)
def gone_and_beyond_all_bounds(impl: Subject, hold: Hold, start: Positive) -> None:
    """After 40 steps less than 10^−12 is left with w = 1/2, and more than 10^12 with w = 2."""
    vanished, exploded = (carried_back(impl, driven(w, [0.0] * 40, start, "relu")) for w in (0.5, 2.0))
    hold.strictly_less(vanished, Fraction(1, 10**12), "∂h_40/∂h_0 with w = 1/2")
    hold.strictly_less(10**12, exploded, "∂h_40/∂h_0 with w = 2")


@no_cure.proof
def both_for_every_length(prove: Prove) -> None:
    """2^−n and 2^n for every n, traced step by step; and 2^n ≥ n + 1, beyond all bounds."""
    x, h = prove.symbols("x h", above=0)
    relu = Layer("rnn", 1, 1, activation="relu", biases="none")

    def power_of(w: Any) -> None:
        step = prove.network(relu, 1, W_h=1, U_h=w, inputs=x, h=h)

        def back_by_one(n: Any, d: Any) -> Any:
            return carried_back(prove.reference, step, np.array([d], dtype=object))[0, 0]

        prove.closed_form(lambda n: w**n, first=w, then=back_by_one)

    power_of(prove.number(1, 2))
    power_of(prove.number(2))
    prove.by_induction(lambda n: 2**n >= n + 1)
