"""A recurrent layer as plain data: its kind, its sizes and the options libraries differ in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from rnnref.activations import KINDS, PARAMETRIC, check_kind
from rnnref.arguments import check_choice, check_flag, check_whole, is_finite_number, keep_plain
from rnnref.errors import BadInput

Kind: TypeAlias = Literal["rnn", "jordan", "lstm", "gru"]
Activation: TypeAlias = Literal[
    "tanh", "relu", "sigmoid", "identity", "g_1997", "h_1997", "leaky_relu", "elu"
]
Biases: TypeAlias = Literal["none", "one", "two"]
Reset: TypeAlias = Literal["before", "after"]
Update: TypeAlias = Literal["keeps", "replaces"]
Peepholes: TypeAlias = Literal["none", "gers", "previous", "layers", "wikipedia"]

GATES: dict[Kind, tuple[str, ...]] = {
    "rnn": ("h",),
    "jordan": ("h",),
    "lstm": ("i", "f", "g", "o"),
    "gru": ("r", "z", "n"),
}
STATES: dict[Kind, tuple[str, ...]] = {"rnn": ("h",), "jordan": ("y",), "lstm": ("h", "c"), "gru": ("h",)}

# The gates whose equations read the cell, by how peepholes are read.
SEEING: dict[Peepholes, tuple[str, ...]] = {
    "none": (),
    "gers": ("i", "f", "o"),
    "previous": ("i", "f", "o"),
    "layers": ("i", "f", "g"),
    "wikipedia": (),  # there U reads the cell in the place of h
}

_CHOICES = {"kind": Kind, "biases": Biases, "reset": Reset, "update": Update, "peepholes": Peepholes}

# Which kinds an option belongs to; every other must leave it at its default.
_OF: dict[str, tuple[Kind, ...]] = {
    "reset": ("gru",),
    "update": ("gru",),
    "forget_gate": ("lstm",),
    "coupled": ("lstm",),
    "peepholes": ("lstm",),
    "cell_clip": ("lstm",),
    "gate_activation": ("lstm", "gru"),
    "output_activation": ("lstm", "jordan"),
    "outputs": ("jordan",),
}


@dataclass(frozen=True)
class Layer:
    """One recurrent layer of one direction.

    Attributes:
        kind: `rnn` (Elman), `jordan`, `lstm` or `gru`.
        inputs: m, the length of an input vector x_t; at least 1.
        hidden: n, the length of the hidden state h_t; at least 1.
        activation: phi, of the hidden state of an Elman or Jordan network, of the candidate
            g of an LSTM or n of a GRU.
        biases: `one` vector a gate; `two` (one beside W x, one beside U h), as cuDNN
            and PyTorch have them; or `none`.
        reset: whether a GRU's reset gate acts on h `before` the product with U_n
            (Cho et al. 2014, v3; Chung et al. 2014) or on the product `after` it
            (Cho et al. 2014, v1; cuDNN).
        update: what a GRU's update gate z = 1 does: it `keeps` the old state
            (cuDNN, PyTorch) or `replaces` it by the candidate (Chung et al. 2014).
        forget_gate: without it, an LSTM keeps its cell with weight 1
            (Hochreiter and Schmidhuber 1997).
        gate_activation: of the gates of an LSTM or GRU; one without a parameter.
        output_activation: what an LSTM's cell goes through on its way to h, and what a
            Jordan network's output goes through; one without a parameter.
        alpha: the parameter of `activation`, where it has one; above 0.
        coupled: an LSTM without an input gate of its own, i = 1 - f. (Greff et al. 2017 have
            f = 1 - i, which with the sigmoid is the same but for the signs of the gate's weights.)
        peepholes: which of an LSTM's gates see the cell, through weights P of one number a
            unit. `gers`: i and f see c_{t-1}, o sees c_t (Gers et al. 2002; Greff et al.
            2017; ONNX). `previous`: i, f and o see c_{t-1}. `layers`: i, f and the candidate
            g see c_{t-1}, o does not. `wikipedia`: no P; the matrices U of i, f and o act on
            c_{t-1} in the place of h_{t-1}, and g sees neither.
        cell_clip: the bound that an LSTM's cell is cut to in every step, before h is
            computed from it and before it is handed on; None for none.
        outputs: q, the length of a Jordan network's output y_t, which is what it feeds back.

    Raises:
        BadInput: if an option is unknown, does not belong to the kind, or does not fit another.
    """

    kind: Kind
    inputs: int
    hidden: int
    activation: Activation = "tanh"
    biases: Biases = "one"
    reset: Reset = "after"
    update: Update = "keeps"
    forget_gate: bool = True
    gate_activation: Activation = "sigmoid"
    output_activation: Activation = "tanh"
    alpha: float | None = None
    coupled: bool = False
    peepholes: Peepholes = "none"
    cell_clip: float | None = None
    outputs: int | None = None

    def __post_init__(self) -> None:
        for field, literal in _CHOICES.items():
            check_choice(f"Layer.{field}", getattr(self, field), get_args(literal))
        self._check_sizes()
        self._check_activations()
        for field, kinds in _OF.items():
            got, default = getattr(self, field), getattr(type(self), field)
            if self.kind not in kinds and not (isinstance(got, type(default)) and got == default):
                raise BadInput(
                    f"Layer.{field}",
                    repr(got),
                    f"{default!r}, which only kind {' or '.join(kinds)} may change",
                )
        for field in ("forget_gate", "coupled"):
            check_flag(f"Layer.{field}", getattr(self, field))
        if self.coupled and not self.forget_gate:
            raise BadInput("Layer.coupled", True, "False where there is no forget gate to couple to")
        clip = self.cell_clip
        if clip is not None and not (is_finite_number(clip) and clip > 0):
            raise BadInput("Layer.cell_clip", repr(clip), "a finite number above 0, or None")
        keep_plain(self)

    def _check_sizes(self) -> None:
        sizes = {"inputs": self.inputs, "hidden": self.hidden}
        if self.kind == "jordan":
            sizes["outputs"] = self.outputs  # type: ignore[assignment]  # which is what is asked here
        for field, got in sizes.items():
            check_whole(f"Layer.{field}", got, 1)

    def _check_activations(self) -> None:
        check_kind("Layer.activation", self.activation, self.alpha)
        if self.alpha is not None and self.alpha <= 0:
            raise BadInput("Layer.alpha", repr(self.alpha), "a number above 0")
        plain = [kind for kind in KINDS if kind not in PARAMETRIC]
        for field in ("gate_activation", "output_activation"):
            check_choice(f"Layer.{field}", getattr(self, field), plain)

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that have parameters, in the order in which textbooks print them."""
        without = {"f": not self.forget_gate, "i": self.coupled}
        return tuple(gate for gate in GATES[self.kind] if not without.get(gate))

    @property
    def states(self) -> tuple[str, ...]:
        """What is carried from one step to the next: `h`, with `c` for an LSTM; Jordan's `y`."""
        return STATES[self.kind]

    @property
    def state_sizes(self) -> dict[str, int]:
        """The length of each of the `states`."""
        return {name: self.width if name == "y" else self.hidden for name in self.states}

    @property
    def output(self) -> str:
        """Which of the states is the output: `h`, or a Jordan network's `y`."""
        return self.states[0]

    @property
    def width(self) -> int:
        """The length of an output vector: n, or a Jordan network's q."""
        return self.hidden if self.outputs is None else self.outputs

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the parameters: W (n, m), U (n, n), b (n,), P (n,), by gate.

        The second bias vector, where there is one, is called `bU_i`, `bU_f`, ... : it
        is added to the recurrent product U h. A Jordan network's U_h is (n, q), and its
        read-out is W_y (q, n) and b_y (q,).
        """
        m, n = self.inputs, self.hidden
        shapes: dict[str, tuple[int, ...]] = {}
        for gate in self.gates:
            recurrent = not (gate == "g" and self.peepholes == "wikipedia")
            shapes[f"W_{gate}"] = (n, m)
            if recurrent:
                shapes[f"U_{gate}"] = (n, self.width)
            if gate in SEEING[self.peepholes]:
                shapes[f"P_{gate}"] = (n,)
            if self.biases != "none":
                shapes[f"b_{gate}"] = (n,)
            if self.biases == "two" and recurrent:
                shapes[f"bU_{gate}"] = (n,)
        if self.kind == "jordan":
            shapes["W_y"] = (self.width, n)
            if self.biases != "none":
                shapes["b_y"] = (self.width,)
        return shapes

    @property
    def parameter_count(self) -> int:
        """How many numbers the parameters hold."""
        return sum(int(np.prod(shape)) for shape in self.parameter_shapes.values())
