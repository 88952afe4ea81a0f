"""Clipping, as the remedy against gradients that explode in spite of the LSTM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, claim
from rnnspec.claims.lstm_gradients.at_rest import total_at_rest
from rnnspec.claims.lstm_gradients.passing import one_unit
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.sources import D0
from rnnspec.strategies import arrays, reals, wholes
from rnnspec.subject import Array, Subject

UPDATE = "it is the update that must not explode, not the gradient or the state"
FINITE = "every entry of the gradient is a finite number"

Gradient = Annotated[Array, arrays((1, 6), low=-8, high=8, unit=1 / 16)]
Threshold = Annotated[float, reals(0.125, 4, 1 / 8)]
Candidate = Annotated[float, reals(-12, 12)]
Steps = Annotated[int, wholes(4, 10)]
Doublings = Annotated[int, wholes(0, 160)]

clipped = claim(
    "LGR-23",
    title="Clipping bounds the update that an exploding gradient makes, and nothing else",
    says="In practice, explosion in LSTMs is dealt with by clipping the gradient.",
    statement="""
        If gradients g are clipped to the norm θ, every step of gradient descent with learning
        rate η moves the parameters by at most η θ; and with that nothing explodes any more.
    """,
    equation="""
        clip(g) = g · min(1, θ/‖g‖),   ‖clip(g)‖ ≤ θ
        after T steps:  ‖p_T − p_0‖ ≤ T η θ
    """,
    verdict=CONDITIONAL,
    because="""
        The norm of what is clipped is at most θ, so an update is at most η θ long and T of them
        T η θ: that is all, and in practice it helps. The gradient itself explodes as before:
        at rest with U_g = 6 it doubles in every step, whatever is done with it afterwards. If
        it overflows before it is clipped there is nothing left to clip: the norm is infinite,
        the factor 0, and 0 times infinity no number. Against vanishing it does nothing, since
        what is shorter than θ is left as it is.
    """,
    conditions=(UPDATE, FINITE),
    sources=[D0("questions, 1")],
    floats="""
        The norm is a root of a sum of squares; what is clipped may exceed θ by its rounding.
    """,
    see=["LGR-10", "LGR-14"],
)


@clipped.as_stated(needs=["run_vjp"])
def nothing_explodes(impl: Subject, hold: Hold, U_g: Candidate, T: Steps) -> None:
    """With clipping at hand, the gradient of an LSTM at rest stays below 8 after any number of steps."""
    hold.at_most(abs(total_at_rest(impl, hold, one_unit(steps=T, U_g=U_g), 1.0)), 8, "|∂c_T/∂c_0|")


@clipped.necessity(of=nothing_explodes, condition=UPDATE)
def candidate_of_six() -> Mapping[str, Any]:
    """U_g = 6: 2^4 = 16, and the clipping comes only after it."""
    return {"U_g": 6.0, "T": 4}
