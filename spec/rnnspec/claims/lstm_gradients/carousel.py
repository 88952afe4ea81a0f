"""The constant error carousel of 1997, and what back-propagation through all of the LSTM makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, claim
from rnnspec.claims.lstm_gradients.at_rest import Resting1997, closed_form, step_at_rest, total_at_rest
from rnnspec.claims.lstm_gradients.passing import on_the_cell, one_unit, unit
from rnnspec.evidence import Layer, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import Cotangent, Network
from rnnspec.sources import D2
from rnnspec.strategies import networks
from rnnspec.subject import Subject

HELD = "h_{t-1} is held, as in the truncated gradient of 1997"
UNFORGOTTEN = "there is no forget gate, or it is 1"

OneStep1997 = Annotated[Network, networks("lstm", steps=(1, 1), forget_gate=False)]
TwoSteps1997 = Annotated[
    Network,
    networks("lstm", steps=(2, 2), hidden=(1, 2), inputs=(1, 1), batch=(1, 1), forget_gate=False),
]
OneStep = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 2), inputs=(1, 1), batch=(1, 1))]

# ------------------------------------------------------------------------------------------
constant = claim(
    "LGR-04",
    title="The first LSTM's recursive derivative is constant only while h is held",
    says="""
        The original LSTM makes the recursive derivative a constant; then the gradient can
        neither vanish nor explode.
    """,
    statement="In the LSTM of 1997, ∂c_t/∂c_{t-1} = 1.",
    equation="""
        c_t = c_{t-1} + i_t g_t  ⇒  ∂c_t/∂c_{t-1} = 1   with h_{t-1} held
        at rest, on all paths:  ∂c_t/∂c_{t-1} = 1 + diag(i) U_g diag(o)
    """,
    verdict=CONDITIONAL,
    because="""
        With h_{t-1} held the gates are held, and what is added to the cell does not depend on
        it: the derivative is 1 in every step and over any number of them. The LSTM of 1997
        was trained so. Today everything is differentiated. Then i and g depend on the cell
        through h, and the derivative is 1 only by accident: at rest with zero biases one unit
        has 1 + U_g/4, so the gradient doubles in every step for U_g = 4 and is gone after one
        for U_g = −4. Nor does a constant from cell to cell help a gradient to get in: from h
        to the cell it is multiplied by o sech² c.
    """,
    conditions=(HELD, UNFORGOTTEN),
    sources=[D2("preventing vanishing gradients with the LSTM")],
    floats="""
        Without a forget gate the cell's cotangent is multiplied by nothing: it comes back to
        the last bit. The rest may differ by rounding.
    """,
    see=["LGR-01", "LGR-03", "LGR-07"],
)


@constant.as_stated(needs=["run_vjp"])
def constant_on_all_paths(impl: Subject, hold: Hold, net: TwoSteps1997) -> None:
    """Without a forget gate ∂c_2/∂c_0 = 1, everything being differentiated from the first step on."""
    for j in range(net.layer.hidden):
        back = impl.vjp(net, on_the_cell(net, unit(net, j))).state["c"]
        hold.equal(back, unit(net, j), f"row {j} of ∂c_2/∂c_0")


@constant.necessity(of=constant_on_all_paths, condition=HELD)
def candidate_that_reads_h() -> Mapping[str, Any]:
    """U_g = 1, all else 0: over the second step the derivative is 1 + 1/4."""
    return {"net": one_unit(steps=2, forget_gate=False, U_g=1.0)}


@constant.as_stated(needs=["run_vjp"])
def constant_with_a_forget_gate(impl: Subject, hold: Hold, net: OneStep) -> None:
    """With h held and any forget gate, ∂c_t/∂c_{t-1} = 1."""
    hold.equal(impl.vjp(net, on_the_cell(net, 1.0)).state["c"], 1, "∂c_t/∂c_{t-1}")


@constant.necessity(of=constant_with_a_forget_gate, condition=UNFORGOTTEN)
def half_open_forget_gate() -> Mapping[str, Any]:
    """All parameters 0: f = 1/2."""
    return {"net": one_unit(steps=1)}


@constant.law(needs=["run_vjp"])
def comes_back_as_it_was_sent(impl: Subject, hold: Hold, net: OneStep1997) -> None:
    """Over one step with h_{t-1} held, whatever is sent back to the cell arrives, to the last bit."""
    dc = net.state["h"]  # any numbers of the format
    hold.exactly(impl.vjp(net, on_the_cell(net, dc)).state["c"], dc, "dc_{t-1}")


@constant.law(needs=["run_vjp"])
def closed_form_on_all_paths(impl: Subject, hold: Hold, net: Resting1997) -> None:
    """At rest, with everything differentiated, it is (1 + diag(i) U_g diag(o))^T instead, row by row."""
    for j in range(net.layer.hidden):
        v = unit(net, j)
        hold.equal(total_at_rest(impl, hold, net, v), closed_form(hold, net, v), f"row {j} of ∂c_T/∂c_0")


@constant.law(needs=["run_vjp"])
def damped_on_the_way_in(impl: Subject, hold: Hold, net: OneStep1997) -> None:
    """A gradient of h_t reaches the cell multiplied by o_t sech² c_t, which is at most 1."""
    now = hold.reference.gates(net)[0]
    n, nothing = net.layer.hidden, np.zeros((net.batch, net.layer.hidden))
    on_h = Cotangent(np.zeros((1, net.batch, n)), {"h": np.ones((net.batch, n)), "c": nothing})
    back = impl.vjp(net, on_h).state["c"]
    hold.equal(back, now["o"] * hold.reference.slope("tanh", now["c"]), "∂h_t/∂c_{t-1}")
    hold.at_most(back, 1, "∂h_t/∂c_{t-1}", rounding=SURVIVES)


@constant.proof
def identity_with_h_held(prove: Prove) -> None:
    """Without a forget gate, or with one of exactly 1, it is the identity, and so is every product of it.

    Two units stand for n.
    """
    without = prove.network(Layer("lstm", 1, 2, forget_gate=False), 1)
    # A gate that is the identity shows its bias.
    layer = Layer("lstm", 1, 2, gate_activation="identity")
    with_one = prove.network(layer, 1, W_f=0, U_f=0, b_f=1)
    for net in (without, with_one):
        after = prove.reference.run(net).state["c"][0]
        prove.identical(prove.derivative(after, net.state["c"][0]), np.eye(2))


@constant.proof
def at_rest_with_all_derivatives(prove: Prove) -> None:
    """At rest, h = o tanh(c) moving along: 1 + diag(i) U_g diag(o), in every step again."""
    step_at_rest(prove, units=2, forget_gate=False)
