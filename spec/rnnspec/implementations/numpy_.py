"""The built-in implementation: the formulas of `rnnref` in NumPy's floats.

It is also the example of an adapter. Nothing of rnnspec is imported: an adapter is any
object with a name, a version, formats and some of these methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref import Cotangent, Evaluator, Floats, Layer, Network, format_named

FloatArray = NDArray[np.floating[Any]]
Arrays = Mapping[str, FloatArray]


class NumpyImplementation:
    """Every layer that `rnnref` knows, forward and backward, in 16 (of both kinds), 32 and 64 bits.

    It computes in the format of the arrays that it is given: each operation is rounded to
    that format. (Inside a matrix product of float16 or bfloat16 it accumulates in float32, as
    hardware does.) Overflow gives infinities, without a warning, as in other libraries.
    """

    name = "numpy"
    version = np.__version__
    formats = ("float16", "bfloat16", "float32", "float64")
    declares: Mapping[str, bool | str] = {"flushes_subnormals": False}

    def activation(self, kind: str, x: FloatArray) -> FloatArray:
        """phi(x), entry by entry."""
        with _silence():
            return _evaluator(x).activation(kind, _any(x))

    def activation_vjp(self, kind: str, x: FloatArray, dy: FloatArray) -> FloatArray:
        """phi'(x) times dy, the slope in terms of the output, as back-propagation has it."""
        with _silence():
            return _evaluator(x).slope(kind, _any(x)) * dy

    def run(
        self, layer: Layer, parameters: Arrays, inputs: FloatArray, state: Arrays
    ) -> tuple[FloatArray, Arrays]:
        """All h_t, shape (T, B, n), and the final state; T may be 0."""
        with _silence():
            done = _evaluator(inputs).run(_network(layer, parameters, inputs, state))
        return _like(inputs, done.outputs), done.state

    def run_vjp(
        self,
        layer: Layer,
        parameters: Arrays,
        inputs: FloatArray,
        state: Arrays,
        d_outputs: FloatArray,
        d_state: Arrays,
    ) -> tuple[Arrays, FloatArray, Arrays]:
        """The gradients with respect to parameters, inputs and initial state."""
        with _silence():
            back = _evaluator(inputs).vjp(
                _network(layer, parameters, inputs, state), Cotangent(_any(d_outputs), _any(d_state))
            )
        return back.parameters, _like(inputs, back.inputs), back.state

    def parameter_count(self, layer: Layer) -> int:
        """How many numbers the parameters hold, counted in arrays made for the purpose."""
        arrays = {name: np.zeros(shape, np.float32) for name, shape in layer.parameter_shapes.items()}
        return sum(array.size for array in arrays.values())


def _evaluator(like: FloatArray) -> Evaluator:
    return Evaluator(Floats(format_named(like.dtype.name)))


def _network(layer: Layer, parameters: Arrays, inputs: FloatArray, state: Arrays) -> Network:
    return Network(layer, _any(parameters), _any(inputs), _any(state))


def _any(arrays: FloatArray | Arrays) -> Any:
    # The reference's types say float64, which carries the narrower formats; its floats
    # take arrays of their own format as they are.
    return arrays


def _like(inputs: FloatArray, sequence: NDArray[Any]) -> FloatArray:
    """The sequence in the format of the inputs, which one of no steps does not know."""
    return sequence.astype(inputs.dtype, copy=False)


def _silence() -> np.errstate:
    return np.errstate(over="ignore", under="ignore", invalid="ignore")
