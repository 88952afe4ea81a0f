"""Planting a mistake in an implementation, and saying which law must notice it.

The implementation is the built-in one in NumPy, with a mistake planted while it answers a
call; the reference that it is held to runs without. The mistakes are in `implementations/`,
a module a topic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mutants.patching import Mutant
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess


@dataclass(frozen=True)
class Faulty:
    """A mutant of the implementation.

    Attributes:
        mutant: the mistake.
        killers: the checks that must notice it.
        dtype: the float format in which they do.
    """

    mutant: Mutant
    killers: tuple[str, ...]
    dtype: str = "float64"


class Planted(InProcess):
    """The NumPy implementation with a mistake in it, and only in it, while it is called."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(NumpyImplementation())
        self._mutant = mutant

    def call(self, method: str, /, **arguments: Any) -> Any:
        with self._mutant.planted():
            return super().call(method, **arguments)


# Where mistakes are made in more than one topic.
SLOPE = "rnnspec.implementations.numpy_:NumpyImplementation.activation_vjp"
VALUE = "rnnspec.implementations.numpy_:NumpyImplementation.activation"
COUNT = "rnnspec.implementations.numpy_:NumpyImplementation.parameter_count"
RUN = "rnnspec.implementations.numpy_:NumpyImplementation.run"
VJP = "rnnspec.implementations.numpy_:NumpyImplementation.run_vjp"
SLOPES = "rnnref.activations:slope_from_output"
ACTIVATIONS = "rnnref.activations:activation"
TANH = "rnnref.systems.floats:Floats.tanh"
SIGMOID = "rnnref.systems.floats:Floats.sigmoid"
RELU = "rnnref.systems.floats:Floats.relu"
STEP = "rnnref.cells.lstm:lstm_step"
BACK = "rnnref.cells.lstm:lstm_step_back"
GRU = "rnnref.cells.gru:gru_step"
GRU_BACK = "rnnref.cells.gru:gru_step_back"
RNN = "rnnref.cells.elman:rnn_step"
RECURRENT = "rnnref.affine:Gradients.from_state"
BACKWARD = "rnnref.sequence:backward"

RETURNED = "_evaluator(x).slope(kind, _any(x), alpha) * dy"
VALUE_RETURNED = "_evaluator(x).activation(kind, _any(x), alpha)"
SIGMOID_RETURNED = "self.matrix(np.where(z < 0, e / (1 + e), 1 / (1 + e)))"
TANH_SLOPE = "return 1 - y * y"
F_GATE = "sigma(gates.f(x, read, c))"
DH = "dstate[layer.output] + doutputs[t]"


def faulty(
    name: str, where: str, old: str, new: str, mistake: str, *killers: str, dtype: str = "float64"
) -> Faulty:
    return Faulty(Mutant(name.replace(" ", "-"), where, old, new, mistake), killers, dtype)
