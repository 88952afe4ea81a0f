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
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.strategies import networks
from rnnspec.subject import Numbers, Subject


def _at_rest(net: Network) -> Network:
    state = {name: np.zeros_like(value) for name, value in net.state.items()}
    still = Network(net.layer, net.parameters, np.zeros_like(net.inputs), state)
    return still.with_parameters(b_g=0)


def _rests(net: Network) -> bool:
    arrays = (net.inputs, net.parameters["b_g"], *net.state.values())
    return all(bool(np.all(array == 0)) for array in arrays)


RestingLstm = Annotated[
    Network,
    networks(
        "lstm",
        hidden=(1, 3),
        inputs=(1, 1),
        steps=(0, 4),
        batch=(1, 1),
        biases="one",
        scales=(0, 1, -1, 3),
        also=_at_rest,
        where=_rests,
    ),
]
Resting1997 = Annotated[
    Network,
    networks(
        "lstm",
        hidden=(1, 3),
        inputs=(1, 1),
        steps=(0, 4),
        batch=(1, 1),
        biases="one",
        scales=(0, 1, -1, 3),
        forget_gate=False,
        also=_at_rest,
        where=_rests,
    ),
]


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


def closed_form(hold: Hold, net: Network, dc: Any) -> Any:
    """dc (diag(f) + diag(i) U_g diag(o))^T."""
    f, i, o = kept_and_read(hold, net)
    for _ in range(net.steps):
        dc = dc * f + ((dc * i) @ net.parameters["U_g"]) * o
    return dc
