"""A recurrent layer as plain data: its kind, its sizes and the options libraries differ in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from rnnref.errors import BadInput

Kind: TypeAlias = Literal["rnn", "lstm", "gru"]
Activation: TypeAlias = Literal["tanh", "relu", "sigmoid"]
Biases: TypeAlias = Literal["none", "one", "two"]
Reset: TypeAlias = Literal["before", "after"]
Update: TypeAlias = Literal["keeps", "replaces"]

GATES: dict[Kind, tuple[str, ...]] = {
    "rnn": ("h",),
    "lstm": ("i", "f", "g", "o"),
    "gru": ("r", "z", "n"),
}
STATES: dict[Kind, tuple[str, ...]] = {"rnn": ("h",), "lstm": ("h", "c"), "gru": ("h",)}

_CHOICES = {
    "kind": Kind,
    "activation": Activation,
    "biases": Biases,
    "reset": Reset,
    "update": Update,
}


@dataclass(frozen=True)
class Layer:
    """One recurrent layer of one direction.

    Attributes:
        kind: `rnn` (Elman), `lstm` or `gru`.
        inputs: m, the length of an input vector x_t; at least 1.
        hidden: n, the length of the hidden state h_t; at least 1.
        activation: of an Elman network; LSTM and GRU use tanh for their values.
        biases: `one` vector a gate; `two` (one beside W x, one beside U h), as cuDNN
            and PyTorch have them; or `none`.
        reset: whether a GRU's reset gate acts on h `before` the product with U_n
            (Cho et al. 2014, v1) or on the product `after` it (v3, cuDNN).
        update: what a GRU's update gate z = 1 does: it `keeps` the old state
            (cuDNN, PyTorch) or `replaces` it by the candidate (Chung et al. 2014).
        forget_gate: without it, an LSTM keeps its cell with weight 1
            (Hochreiter and Schmidhuber 1997).
    """

    kind: Kind
    inputs: int
    hidden: int
    activation: Activation = "tanh"
    biases: Biases = "one"
    reset: Reset = "after"
    update: Update = "keeps"
    forget_gate: bool = True

    def __post_init__(self) -> None:
        for field, literal in _CHOICES.items():
            if (got := getattr(self, field)) not in get_args(literal):
                raise BadInput(f"Layer.{field}", repr(got), f"one of {', '.join(get_args(literal))}")
        for field in ("inputs", "hidden"):
            got = getattr(self, field)
            if not isinstance(got, int) or isinstance(got, bool) or got < 1:
                raise BadInput(f"Layer.{field}", repr(got), "a whole number, at least 1")
        if not isinstance(self.forget_gate, bool):
            raise BadInput("Layer.forget_gate", repr(self.forget_gate), "True or False")

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that have parameters, in the order in which textbooks print them."""
        if self.kind == "lstm" and not self.forget_gate:
            return ("i", "g", "o")
        return GATES[self.kind]

    @property
    def states(self) -> tuple[str, ...]:
        """What is carried from one step to the next: `h`, and `c` for an LSTM."""
        return STATES[self.kind]

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the parameters: W (n, m), U (n, n), b (n,), by gate.

        The second bias vector, where there is one, is called `bU_i`, `bU_f`, ... : it
        is added to the recurrent product U h.
        """
        m, n = self.inputs, self.hidden
        shapes: dict[str, tuple[int, ...]] = {}
        for gate in self.gates:
            shapes[f"W_{gate}"] = (n, m)
            shapes[f"U_{gate}"] = (n, n)
            if self.biases != "none":
                shapes[f"b_{gate}"] = (n,)
            if self.biases == "two":
                shapes[f"bU_{gate}"] = (n,)
        return shapes

    @property
    def parameter_count(self) -> int:
        """How many numbers the parameters hold."""
        return sum(int(np.prod(shape)) for shape in self.parameter_shapes.values())
