"""Units of ReLU that die, and what the learning rate has to do with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, SAMPLED, claim
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Dense
from rnnspec.sources import D0
from rnnspec.strategies import Descent, Update, descents, updates
from rnnspec.subject import Subject

AnyUpdate = Annotated[Update, updates(plain=False)]
OfDeadUnit = Annotated[Update, updates(plain=True)]

FOR_ALL = "the pre-activation is negative for every training input, not only for some"
PLAIN = "gradient descent is plain: without weight decay and without momentum"
FIXED = "the inputs of the unit stay the same: no layer below it learns"

# ------------------------------------------------------------------------------------------
dying = claim(
    "ACT-15",
    title="A ReLU that is off for every training input stays off, if nothing but its gradient moves it",
    says="Because the negative part is constantly 0, some neurons can no longer be activated.",
    statement="Where w·x + b < 0, relu(w·x + b) = 0 after every further step of training.",
    equation="""
        w·x_k + b < 0 for all k  ⇒  ∂L/∂w = 0, ∂L/∂b = 0
        w' = w − η(∂L/∂w + λ w) + momentum,   b' = b − η ∂L/∂b
    """,
    verdict=CONDITIONAL,
    because="""
        The gradient of a unit is a sum over the training inputs, and each of them contributes
        its upstream gradient times the slope of ReLU there. If the unit is off for all of them,
        all slopes are 0, and so are the gradients: exactly, whatever the loss. Then plain
        gradient descent does not move it, and on the same inputs it stays off. One input for
        which the unit is on, weight decay, what momentum carries over, or inputs that move
        because layers below learn can each bring it back.
    """,
    conditions=[FOR_ALL, PLAIN, FIXED],
    sources=[D0("1.3, solution 3")],
    rests_on=SAMPLED,
    floats="Exact: nothing but zeros is added up.",
    see=["ACT-13", "ACT-16"],
)


@dying.as_stated(needs=["chain_vjp"])
def off_for_ever(impl: Subject, hold: Hold, update: AnyUpdate) -> None:
    """Every input for which the unit is off finds it off after one more step."""
    off = update.before < 0
    hold.given(bool(off.any()), "the unit is on for every input")
    hold.at_most(update.after_the_step(impl)[off], 0, "w'·x + b'")


MINIMAL = Update(
    np.array([-1.0]), 0.0, np.array([[1.0]]), np.array([1.0]), 0.5, 0.0, np.zeros(1), np.array([[1.0]])
)
"""The smallest dead unit: w = −1, b = 0, and one input, 1."""


@dying.necessity(of=off_for_ever, condition=FOR_ALL)
def revived_by_another_input() -> Mapping[str, Any]:
    """w = −1, b = 2: off at x = 4 and on at x = 1, where the gradient −4 lifts w to 1 and b to 4."""
    x = np.array([[4.0], [1.0]])
    return {"update": replace(MINIMAL, b=2.0, x=x, gradient=np.array([0.0, -4.0]), after=x)}


@dying.necessity(of=off_for_ever, condition=PLAIN)
def revived_by_weight_decay() -> Mapping[str, Any]:
    """w = −1, b = 1/2, x = 1: decay to w = −1/4 makes the pre-activation 1/4."""
    return {"update": replace(MINIMAL, b=0.5, decay=1.5)}


@dying.necessity(of=off_for_ever, condition=PLAIN)
def revived_by_momentum() -> Mapping[str, Any]:
    """w = −1, x = 1: what is left of an earlier step, 2, makes it 1."""
    return {"update": replace(MINIMAL, momentum=np.array([2.0]))}


@dying.necessity(of=off_for_ever, condition=FIXED)
def revived_by_the_layer_below() -> Mapping[str, Any]:
    """w = −1, and the input moves from 1 to −1."""
    return {"update": replace(MINIMAL, after=np.array([[-1.0]]))}


@dying.law(needs=["chain_vjp"])
def no_gradient(impl: Subject, hold: Hold, update: OfDeadUnit) -> None:
    """The gradients of a unit that is off for all inputs are 0, to the last bit."""
    hold.given(bool((update.before < 0).all()), "the unit is on for some input")
    dw, db = update.gradients(impl)
    hold.exactly(dw, 0, "∂L/∂w")
    hold.exactly(db, 0, "∂L/∂b")


@dying.law(needs=["chain_vjp"])
def not_moved(impl: Subject, hold: Hold, update: OfDeadUnit) -> None:
    """A step of plain gradient descent leaves its pre-activations as they are."""
    hold.given(bool((update.before < 0).all()), "the unit is on for some input")
    hold.exactly(update.after_the_step(impl), update.before, "w'·x + b'")


@dying.proof
def all_slopes_are_zero(prove: Prove) -> None:
    """Two inputs, two weights, any upstream gradients: where both pre-activations are below 0."""
    net = prove.chain(Dense(2, 1, "relu"), batch=2)
    W, b, x = net.parameters["W_1"], net.parameters["b_1"], net.inputs
    d = prove.symbols("d1 d2")[:, np.newaxis]
    with prove.assuming(*((x @ W.T + b)[k, 0] < 0 for k in range(2))):
        back = prove.reference.chain_vjp(net.chain, net.parameters, x, d).parameters
        prove.identical(back["W_1"], 0 * W)
        prove.identical(back["b_1"], 0 * b)


# ------------------------------------------------------------------------------------------
AnyDescent = Annotated[Descent, descents()]
Below = Annotated[Descent, descents(1)]
Above = Annotated[Descent, descents(-1)]

SMALL = "the rate is below z/(s(|x|² + 1))"
ALIVE = "the unit is on before the step: no rate revives a dead one"

small_rate = claim(
    "ACT-16",
    title="A learning rate below z/(s(|x|² + 1)) keeps a ReLU alive in one step; none revives a dead one",
    says="That neurons die can partly be avoided by a small learning rate.",
    statement="""
        After a step with the learning rate η, on one input x with an upstream gradient s > 0,
        w'·x + b' > 0.
    """,
    equation="""
        z' = z − η s (|x|² + 1)
        z' > 0  ⇔  η < z/(s (|x|² + 1))   for z > 0 and an upstream gradient s > 0
        z' = z  for z < 0, whatever η is
    """,
    verdict=CONDITIONAL,
    because="""
        For one input, ∂L/∂w = s x and ∂L/∂b = s. One step moves the pre-activation by
        −η s (x·x + 1). It stays positive exactly below the threshold; at the threshold it is 0,
        beyond it the unit is dead for this input. On a unit that is dead already the rate acts
        as a factor of 0. How often units die in practice is a matter of measurement.
    """,
    conditions=[SMALL, ALIVE],
    sources=[D0("1.3, solution 3")],
    rests_on=SAMPLED,
    floats="The numbers have few digits; what rounding there is gets the usual tolerance.",
    see=["ACT-15"],
)


@small_rate.as_stated(needs=["chain_vjp"])
def alive_after_a_step(impl: Subject, hold: Hold, descent: AnyDescent) -> None:
    """After the step the unit is on."""
    hold.given(descent.before != 0, "z = 0, where ReLU has no slope")
    hold.strictly_less(0, descent.after(impl), "z'")


@small_rate.necessity(of=alive_after_a_step, condition=SMALL)
def at_the_threshold() -> Mapping[str, Any]:
    """z = 1, x = 1, s = 1, η = 1/2, the threshold itself: z' = 0."""
    return {"descent": Descent(np.array([1.0]), np.array([1.0]), 0.0, 1.0, 0.5)}


@small_rate.necessity(of=alive_after_a_step, condition=ALIVE)
def dead_already() -> Mapping[str, Any]:
    """z = −1: after a step with η = 2^-6 it is −1 still."""
    return {"descent": Descent(np.array([-1.0]), np.array([1.0]), 0.0, 1.0, 2.0**-6)}


@small_rate.law(needs=["chain_vjp"])
def alive_below_the_threshold(impl: Subject, hold: Hold, descent: Below) -> None:
    """Below the threshold the unit is on after the step, by what is left of z."""
    hold.given(descent.before > 0 and descent.slack > 0, "the rate is not below the threshold, or z ≤ 0")
    hold.strictly_less(0, descent.after(impl), "z'")
    hold.equal(descent.after(impl), descent.slack, "z' = z − η s (|x|² + 1)")


@small_rate.law(needs=["chain_vjp"])
def dead_above_the_threshold(impl: Subject, hold: Hold, descent: Above) -> None:
    """Above it, one step is enough to switch the unit off."""
    hold.given(descent.before > 0 and descent.slack < 0, "the rate is not above the threshold, or z ≤ 0")
    hold.strictly_less(descent.after(impl), 0, "z'")


@small_rate.law(needs=["chain_vjp"])
def just_beside_the_threshold(impl: Subject, hold: Hold, descent: Below) -> None:
    """With a rate of 31/32 of the threshold the unit is on after the step, with 33/32 it is off."""
    hold.given(descent.before > 0, "z ≤ 0")
    threshold = descent.before / (descent.s * float(descent.x @ descent.x + 1))
    below, above = (replace(descent, rate=share * threshold) for share in (31 / 32, 33 / 32))
    hold.strictly_less(0, below.after(impl), "0 < z' at 31/32 of the threshold")
    hold.strictly_less(above.after(impl), 0, "z' < 0 at 33/32 of the threshold")


@small_rate.law(needs=["chain_vjp"])
def no_rate_revives(impl: Subject, hold: Hold, update: OfDeadUnit) -> None:
    """Twice the rate, or sixteen times: a dead unit does not move."""
    hold.given(bool((update.before < 0).all()), "the unit is on for some input")
    for times in (2, 16):
        faster = replace(update, rate=times * update.rate)
        hold.exactly(faster.after_the_step(impl), update.before, f"z' with {times} η")


@small_rate.proof
def threshold(prove: Prove) -> None:
    """With two weights: z' = z − η s (|x|² + 1), which is above 0, 0 or below as η is below, at or above."""
    net = prove.chain(Dense(2, 1, "relu"))
    W, b, x = net.parameters["W_1"], net.parameters["b_1"], net.inputs
    s, rate = prove.symbols("s eta", above=0)
    z = (x @ W.T + b)[0, 0]
    with prove.assuming(z > 0):
        back = prove.reference.chain_vjp(net.chain, net.parameters, x, np.array([[s]])).parameters
        after = (x @ (W - rate * back["W_1"]).T + (b - rate * back["b_1"]))[0, 0]
        prove.identical(after, z - rate * s * ((x @ x.T)[0, 0] + 1))
    size, z = prove.symbols("size z", above=0)
    bound = z / (s * (size + 1))
    prove.valid(prove.implies(rate < bound, z - rate * s * (size + 1) > 0))
    prove.valid(prove.implies(rate > bound, z - rate * s * (size + 1) < 0))
    prove.identical(z - bound * s * (size + 1), 0)
