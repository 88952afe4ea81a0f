"""Every recurrent layer once more, forward only, for libraries that differentiate by themselves.

Written over the arrays of PyTorch and of JAX alike: members of a batch are rows, x W^T + h U^T + b,
and what the two call differently comes in a `Library`. Nothing is taken from `rnnref` but
the description of the layer. Gradients are the library's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rnnref import Layer, Stack

Tensor: TypeAlias = Any
Parameters: TypeAlias = Mapping[str, Tensor]
State: TypeAlias = dict[str, Tensor]


@dataclass(frozen=True)
class Library:
    """What a library of arrays is asked for.

    Attributes:
        product: x W^T, of (B, m) and (n, m).
        functions: activations by their name in `rnnref`; the second argument is alpha.
        clip: to [-bound, bound].
        where: a choice by a mask.
        side_by_side: arrays (T, B, n_1), (T, B, n_2), ... in one.
        loop: (step, state, (xs, live)) to the outputs of all steps, (T, B, n), and the final
            state, where step(state, x, live) returns a state and an output.
    """

    product: Callable[[Tensor, Tensor], Tensor]
    functions: Mapping[str, Callable[[Tensor, float | None], Tensor]]
    clip: Callable[[Tensor, float], Tensor]
    where: Callable[[Tensor, Tensor, Tensor], Tensor]
    side_by_side: Callable[[list[Tensor]], Tensor]
    loop: Callable[
        [Callable[[State, Tensor, Tensor], tuple[State, Tensor]], State, Any], tuple[Tensor, State]
    ]


def functions_of(sigmoid: Any, tanh: Any, relu: Any, leaky_relu: Any, elu: Any) -> dict[str, Any]:
    """All activations, from those that a library has."""
    return {
        "identity": lambda z, _: z,
        "sigmoid": lambda z, _: sigmoid(z),
        "tanh": lambda z, _: tanh(z),
        "g_1997": lambda z, _: 2 * tanh(z / 2),
        "h_1997": lambda z, _: tanh(z / 2),
        "relu": lambda z, _: relu(z),
        "leaky_relu": leaky_relu,
        "elu": elu,
    }


def run(
    lib: Library, recurrent: Layer | Stack, p: Parameters, xs: Tensor, state: State, lengths: NDArray[Any]
) -> tuple[Tensor, State]:
    """All outputs (T, B, n) and the final state, both by the names and layouts of `rnnref.Network`.

    Args:
        lengths: of the sequences, (B,).
    """
    stack = recurrent if isinstance(recurrent, Stack) else None
    layer = recurrent.layer if isinstance(recurrent, Stack) else recurrent
    T, B = xs.shape[:2]
    times, members = np.arange(T)[:, np.newaxis], np.arange(B)
    live = times < lengths
    # Each sequence reversed within its own length; what lies beyond stays where it is.
    reversal = np.where(live, lengths - 1 - times, times)
    final: State = {}
    for level in range(stack.depth if stack else 1):
        outputs = []
        for end in ("", "_reverse") if stack and stack.bidirectional else ("",):
            place = f"_l{level}{end}" if stack else ""
            own = {name.removesuffix(place): v for name, v in p.items() if name.endswith(place)}
            own_state = {name.removesuffix(place): v for name, v in state.items() if name.endswith(place)}
            hs, last = over_time(lib, layer, own, xs[reversal, members] if end else xs, own_state, live)
            outputs.append(hs[reversal, members] if end else hs)
            final |= {name + place: value for name, value in last.items()}
        xs = lib.side_by_side(outputs)
    return xs, final


def over_time(
    lib: Library, layer: Layer, p: Parameters, xs: Tensor, state: State, live: NDArray[Any]
) -> tuple[Tensor, State]:
    """One layer in one direction. A sequence that has ended puts out 0 and keeps its state."""

    def step(before: State, x: Tensor, going_on: Tensor) -> tuple[State, Tensor]:
        after = CELLS[layer.kind](lib, layer, p, x, before)
        output = after["y" if layer.kind == "jordan" else "h"]
        kept = {name: lib.where(going_on, after[name], before[name]) for name in after}
        return kept, lib.where(going_on, output, 0 * output)

    return lib.loop(step, state, (xs, live[:, :, np.newaxis]))


def elman(lib: Library, layer: Layer, p: Parameters, x: Tensor, state: State) -> State:
    a = _input(lib, p, "h", x) + _state(lib, p, "h", state["h"])
    return {"h": lib.functions[layer.activation](a, layer.alpha)}


def jordan(lib: Library, layer: Layer, p: Parameters, x: Tensor, state: State) -> State:
    a = _input(lib, p, "h", x) + _state(lib, p, "h", state["y"])
    h = lib.functions[layer.activation](a, layer.alpha)
    return {"y": lib.functions[layer.output_activation](_input(lib, p, "y", h), None)}


def lstm(lib: Library, layer: Layer, p: Parameters, x: Tensor, state: State) -> State:
    h, c = state["h"], state["c"]

    def gate(name: str, cell: Tensor) -> Tensor:
        a = _input(lib, p, name, x) + _state(lib, p, name, c if layer.peepholes == "wikipedia" else h)
        if f"P_{name}" in p:
            a = a + cell * p[f"P_{name}"]
        return lib.functions[layer.gate_activation](a, None)

    candidate = _input(lib, p, "g", x)
    if layer.peepholes != "wikipedia":
        candidate = candidate + _state(lib, p, "g", h)
    if layer.peepholes == "layers":
        candidate = candidate + c * p["P_g"]
    g = lib.functions[layer.activation](candidate, layer.alpha)

    if not layer.forget_gate:
        cell = c + gate("i", c) * g
    elif layer.coupled:
        f = gate("f", c)
        cell = f * c + (1 - f) * g
    else:
        cell = gate("f", c) * c + gate("i", c) * g
    if layer.cell_clip is not None:
        cell = lib.clip(cell, layer.cell_clip)
    o = gate("o", cell if layer.peepholes == "gers" else c)
    return {"h": o * lib.functions[layer.output_activation](cell, None), "c": cell}


def gru(lib: Library, layer: Layer, p: Parameters, x: Tensor, state: State) -> State:
    h, sigma = state["h"], lib.functions[layer.gate_activation]
    r = sigma(_input(lib, p, "r", x) + _state(lib, p, "r", h), None)
    z = sigma(_input(lib, p, "z", x) + _state(lib, p, "z", h), None)
    recurrent = _state(lib, p, "n", r * h) if layer.reset == "before" else r * _state(lib, p, "n", h)
    n = lib.functions[layer.activation](_input(lib, p, "n", x) + recurrent, layer.alpha)
    return {"h": z * h + (1 - z) * n if layer.update == "keeps" else (1 - z) * h + z * n}


CELLS = {"rnn": elman, "jordan": jordan, "lstm": lstm, "gru": gru}


def _input(lib: Library, p: Parameters, gate: str, x: Tensor) -> Tensor:
    a = lib.product(x, p[f"W_{gate}"])
    return a + p[f"b_{gate}"] if f"b_{gate}" in p else a


def _state(lib: Library, p: Parameters, gate: str, h: Tensor) -> Tensor:
    a = lib.product(h, p[f"U_{gate}"])
    return a + p[f"bU_{gate}"] if f"bU_{gate}" in p else a
