"""One path that does not vanish, and what the others do to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import REFUTED, claim
from rnnspec.claims.lstm_gradients.at_rest import step_at_rest, total_at_rest
from rnnspec.claims.lstm_gradients.other_paths import ways_back
from rnnspec.claims.lstm_gradients.passing import on_the_cell, one_unit
from rnnspec.evidence import Enclose, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D0
from rnnspec.strategies import networks, reals, wholes
from rnnspec.subject import Subject

Weight = Annotated[float, reals(-8, 8)]
Bias = Annotated[float, reals(-2, 2)]
Steps = Annotated[int, wholes(1, 8)]
OneUnit = Annotated[
    Network,
    networks("lstm", steps=(2, 3), hidden=(1, 1), inputs=(1, 1), batch=(1, 1), biases="one", scales=(0, -1)),
]

# ------------------------------------------------------------------------------------------
rescued = claim(
    "LGR-09",
    title="One path that does not vanish does not keep the sum from vanishing",
    says="""
        As long as one far path does not vanish, the far gradient in all does not vanish: a
        normal gradient plus a vanishing one is a normal one.
    """,
    statement="""
        If the path from cell to cell carries a gradient of 1 over any number of steps, then
        ∂c_T/∂c_0 stays away from 0 (in the check: by 1/16 at least).
    """,
    equation="""
        n = 1, at rest, no forget gate:  ∂c_T/∂c_0 = (1 + σ(b_i) σ(b_o) U_g)^T
        zero biases, U_g = −4:  the cell's path is 1 for every T, the sum is 0
        |total| ≥ |path| − Σ |other paths|
    """,
    verdict=REFUTED,
    because="""
        The paths are added with their signs. In the LSTM of 1997 at rest, with zero biases and
        U_g = −4, the path from cell to cell carries exactly 1; the way through h carries
        ½ · ½ · (−4) = −1, and the gradient in all is 0 after one step and for ever. What is
        true is the triangle inequality. The sentence is right where the other paths vanish
        indeed, all of them together, and that nothing guarantees. With a forget gate it is the
        same: b_f = 1.5, b_i = −0.3, b_o = 0.8 and U_g = −2.78443 have a path of 0.8176 a step
        and a sum of nearly 0.
    """,
    corrected="""
        The size of the far gradient is at least the size of one path less the sizes of all
        others; it may be 0 although one path carries 1.
    """,
    sources=[D0("questions, 1")],
    floats="""
        Where a sum cancels, its rounding errors are those of its terms; the tolerance knows.
        With zero biases and U_g = −4 every number on the way is a power of two.
    """,
    see=["LGR-07", "LGR-08", "LGR-12", "DEP-07", "RNN-21"],
)


@rescued.as_stated(needs=["run_vjp"])
def highway_keeps_the_sum(impl: Subject, hold: Hold, U_g: Weight, b_i: Bias, b_o: Bias, T: Steps) -> None:
    """Without a forget gate, so that the cell's path carries 1: at rest |∂c_T/∂c_0| ≥ 1/16."""
    net = one_unit(steps=T, forget_gate=False, U_g=U_g, b_i=b_i, b_o=b_o)
    hold.at_most(0.0625, abs(total_at_rest(impl, hold, net, 1.0)), "|∂c_T/∂c_0|")


@rescued.witness(of=highway_keeps_the_sum)
def candidate_of_minus_four() -> Mapping[str, Any]:
    """U_g = −4 and zero biases: 1 − 4/4 = 0 after a single step."""
    return {"U_g": -4.0, "b_i": 0.0, "b_o": 0.0, "T": 1}


@rescued.law(needs=["run_vjp"])
def nothing_is_left(impl: Subject, hold: Hold, T: Steps) -> None:
    """U_g = −4 at rest, zero biases: the path carries 1, all paths together 0, after any number of steps."""
    alone = one_unit(steps=T, forget_gate=False)
    hold.equal(total_at_rest(impl, hold, alone, 1.0), 1, "∂c_T/∂c_0 where nothing reads h")
    net = alone.with_parameters(U_g=-4)
    hold.equal(total_at_rest(impl, hold, net, 1.0), 0, "∂c_T/∂c_0")


@rescued.law(needs=["run_vjp"], times=6)
def at_least_one_path_less_the_others(impl: Subject, hold: Hold, net: OneUnit) -> None:
    """|∂c_T/∂c_0| with h_0 held is at least the cell's path less the sizes of all others."""
    path, *others = (value for end, value in ways_back(hold, net, np.ones((1, 1))) if end == "c")
    left = abs(path) - sum(abs(value) for value in others)
    hold.at_most(left, abs(impl.vjp(net, on_the_cell(net, 1.0)).state["c"]), "path − Σ |others|")


@rescued.proof
def sums_to_zero(prove: Prove) -> None:
    """Without a forget gate, at rest with zero biases: (1 + U/4)^T, which is 0 at U = −4; and |p| − |q|."""
    D, U = step_at_rest(prove, forget_gate=False, b_i=0, b_o=0)
    prove.identical(D, 1 + U / 4)
    prove.identical(prove.at(D, {str(U[0, 0]): -4}), [[0]])
    p, q = prove.symbols("p q")  # one path, and the sum of all others
    prove.valid(abs(p) - abs(q) <= abs(p + q))
    prove.valid(abs(p + q) <= abs(p) + abs(q))


@rescued.enclosure
def with_a_forget_gate(enclose: Enclose) -> None:
    """b_f = 1.5, b_i = −0.3, b_o = 0.8: the cell's path is 0.8176, and U_g = −2.78443 makes the sum 0."""
    enclose.value(lambda f: f.activation("sigmoid", f.number("1.5")), "0.8176")
    enclose.zeros(
        lambda f, U: (
            f.activation("sigmoid", f.number("1.5"))
            + f.activation("sigmoid", f.number("-0.3")) * f.activation("sigmoid", f.number("0.8")) * U
        ),
        at=["-2.78443"],
        U=(-8, 8),
    )
