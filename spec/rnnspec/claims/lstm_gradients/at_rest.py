"""The LSTM at rest: without input or state, where its derivatives have a closed form.

Where x_t = 0, h_0 = c_0 = 0 and the candidate's bias is 0, nothing ever moves: every candidate,
every cell and every output stays 0. What is left of the derivative over one step is

    ∂c_t/∂c_{t-1} = diag(f) + diag(i) U_g diag(o)   with  f = σ(b_f), i = σ(b_i), o = σ(b_o),

for any weights. Where the biases are 0 as well it is ½ + ¼ U_g.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from rnnspec.claims.lstm_gradients.passing import on_the_cell
from rnnspec.evidence import Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.strategies import resting
from rnnspec.subject import Numbers, Subject

RestingLstm = Annotated[Network, resting("lstm", "b_g")]
Resting1997 = Annotated[Network, resting("lstm", "b_g", forget_gate=False)]


def kept_and_read(hold: Hold, net: Network) -> tuple[Any, Any, Any]:
    """f, i and o of a network at rest; f is 1 where there is no forget gate."""
    i, o = (hold.reference.activation("sigmoid", net.parameters[f"b_{gate}"]) for gate in "io")
    if "b_f" not in net.parameters:
        return 1, i, o
    return hold.reference.activation("sigmoid", net.parameters["b_f"]), i, o


def total_at_rest(impl: Subject, hold: Hold, net: Network, dc: Any) -> Numbers:
    """dc ∂c_T/∂c_0 on all paths, for a network at rest.

    There h_0 = o_0 tanh(c_0) moves along with c_0 = 0 as o_0 times it does, and o_0 = σ(b_o).
    """
    back = impl.vjp(net, on_the_cell(net, dc)).state
    if net.steps == 0:
        return back["c"]
    total: Numbers = back["c"] + back["h"] * kept_and_read(hold, net)[2]
    return total


def step_at_rest(prove: Prove, *, units: int = 1, forget_gate: bool = True, **biases: Any) -> tuple[Any, Any]:
    """D = ∂c_t/∂c_{t-1} at rest, after T steps D^T; and U_g.

    Shown are: nothing moves; D = diag(f) + diag(i) U_g diag(o); and, by c_{t-1}, h_t moves as o
    times what c_t does. So h_t is to c_t what h_{t-1} was to c_{t-1}, and every further step
    multiplies by D again. Other units are at 0 and stay there: so two stand for any number.

    Args:
        biases: `b_f`, `b_i` and `b_o`; symbols where they are not given.
    """
    layer = Layer("lstm", 1, units, forget_gate=forget_gate)
    c = prove.symbols(" ".join(f"c{j + 1}" for j in range(units)))
    b_o = prove.matrix([biases.get("b_o", q) for q in prove.symbols(" ".join(f"q{j}" for j in range(units)))])
    i_and_f = {name: value for name, value in biases.items() if name != "b_o"}
    o = prove.activation("sigmoid", b_o)
    h = o * prove.activation("tanh", c)
    net = prove.network(layer, 1, inputs=0, b_g=0, b_o=b_o, c=c, h=h, **i_and_f)
    p, after, zero = net.parameters, prove.reference.run(net).state, {str(each): 0 for each in c}
    f = prove.activation("sigmoid", p["b_f"]) if forget_gate else 1 + 0 * o
    D = prove.at(prove.derivative(after["c"][0], c), zero)
    prove.identical([prove.at(after[name][0], zero) for name in "hc"], np.zeros((2, units)))
    prove.identical(D, np.diag(f) + np.diag(prove.activation("sigmoid", p["b_i"])) @ p["U_g"] @ np.diag(o))
    prove.identical(prove.at(prove.derivative(after["h"][0], c), zero), np.diag(o) @ D)
    return D, p["U_g"]


def closed_form(hold: Hold, net: Network, dc: Any) -> Any:
    """dc (diag(f) + diag(i) U_g diag(o))^T."""
    f, i, o = kept_and_read(hold, net)
    for _ in range(net.steps):
        dc = dc * f + ((dc * i) @ net.parameters["U_g"]) * o
    return dc
