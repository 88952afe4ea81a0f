"""The built-in implementation: the formulas of `rnnref` in NumPy's floats.

It is also the example of an adapter. Nothing of rnnspec is imported: an adapter is any
object with a name, a version, formats and some of these methods.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref import Cotangent, Evaluator, Floats, Layer, Network, Stack, format_named
from rnnref.feedforward import Chain
from rnnref.feedforward.residual import within

FloatArray = NDArray[np.floating[Any]]
Arrays = Mapping[str, FloatArray]
Architecture = Layer | Stack | Chain


class NumpyImplementation:
    """Every layer, chain and function that `rnnref` knows, forward and backward.

    It computes in the format of the arrays that it is given: each operation is rounded to
    that format. (Inside a matrix product of float16 or bfloat16 it accumulates in float32, as
    hardware does.) Overflow gives infinities, without a warning, as in other libraries.
    """

    name = "numpy"
    version = np.__version__
    formats = ("float16", "bfloat16", "float32", "float64")
    declares: Mapping[str, bool | str] = {"flushes_subnormals": False}

    def activation(self, kind: str, x: FloatArray, alpha: float | None = None) -> FloatArray:
        """phi(x), entry by entry."""
        with _silence():
            return _evaluator(x).activation(kind, _any(x), alpha)

    def activation_vjp(
        self, kind: str, x: FloatArray, dy: FloatArray, alpha: float | None = None
    ) -> FloatArray:
        """phi'(x) times dy, the slope in terms of the output, as back-propagation has it."""
        with _silence():
            if alpha is not None and alpha <= 0:  # the output does not determine the slope
                return _evaluator(x).sharp_slope(kind, _any(x), alpha) * dy
            return _evaluator(x).slope(kind, _any(x), alpha) * dy

    def softmax(self, x: FloatArray) -> FloatArray:
        """The softmax of every row, (B, n)."""
        with _silence():
            return _evaluator(x).softmax(_any(x))

    def softmax_vjp(self, x: FloatArray, dy: FloatArray) -> FloatArray:
        """The cotangent of x, given that of softmax(x), (B, n)."""
        with _silence():
            return _evaluator(x).softmax_vjp(_any(x), _any(dy))

    def loss(self, kind: str, y: FloatArray, t: FloatArray) -> FloatArray:
        """The loss of every row, (B,)."""
        with _silence():
            if kind == "cross_entropy":
                return _evaluator(y).cross_entropy(_any(y), _any(t))
            return _evaluator(y).squared_error(_any(y), _any(t), _convention(kind))

    def loss_gradient(self, kind: str, y: FloatArray, t: FloatArray) -> FloatArray:
        """The gradient of every row's loss by y, (B, n)."""
        with _silence():
            if kind == "cross_entropy":
                return _evaluator(y).cross_entropy_gradient(_any(y), _any(t))
            return _evaluator(y).squared_error_gradient(_any(y), _any(t), _convention(kind))

    def clip(self, kind: str, tensors: Arrays, threshold: float) -> Arrays:
        """All tensors, clipped together by their norm, or by value."""
        with _silence():
            evaluator = _evaluator(*tensors.values())
            if kind == "norm":
                return evaluator.clip_by_norm(_any(tensors), threshold)
            return evaluator.clip_by_value(_any(tensors), threshold)

    def chain(self, chain: Chain, parameters: Arrays, statistics: Arrays, x: FloatArray) -> FloatArray:
        """The outputs of the last link, (B, n)."""
        with _silence():
            return _evaluator(x).chain(chain, _any(parameters), _any(x), _any(statistics)).outputs

    def chain_vjp(
        self, chain: Chain, parameters: Arrays, statistics: Arrays, x: FloatArray, dy: FloatArray
    ) -> tuple[Arrays, FloatArray]:
        """The gradients of the parameters and of x."""
        with _silence():
            back = _evaluator(x).chain_vjp(chain, _any(parameters), _any(x), _any(dy), _any(statistics))
        return back.parameters, back.inputs

    def run(
        self, layer: Layer | Stack, parameters: Arrays, inputs: FloatArray, state: Arrays
    ) -> tuple[FloatArray, Arrays]:
        """All h_t, shape (T, B, n), and the final state; T may be 0."""
        with _silence():
            done = _evaluator(inputs).run(_network(layer, parameters, inputs, state))
        return _like(inputs, done.outputs), done.state

    def run_vjp(
        self,
        layer: Layer | Stack,
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

    def parameter_count(self, layer: Architecture) -> int:
        """How many numbers the parameters hold, counted in arrays made for the purpose."""
        arrays = {name: np.zeros(shape, np.float32) for name, shape in layer.parameter_shapes.items()}
        return sum(array.size for array in arrays.values())

    def initial_parameters(self, layer: Architecture, seed: int, format: str) -> Arrays:
        """What PyTorch's layers begin with: uniform numbers within ±1/sqrt(n), for biases too.

        n is the number of hidden units; of a dense link, that of its inputs. A batch norm
        begins with gamma = 1 and beta = 0.
        """
        random, dtype = np.random.default_rng(seed), format_named(format).dtype
        return {
            name: (random.uniform(-1, 1, shape) * reach + centre).astype(dtype)
            for name, shape, reach, centre in _beginnings(layer)
        }


def _beginnings(layer: Architecture) -> Iterator[tuple[str, tuple[int, ...], float, float]]:
    """Of every parameter its name and shape, how far it reaches, and from where."""
    if not isinstance(layer, Chain):
        yield from ((name, shape, layer.hidden**-0.5, 0.0) for name, shape in layer.parameter_shapes.items())
        return
    for place, link in within(layer.links):
        for name, shape in link.parameter_shapes.items():
            reach = link.inputs**-0.5 if name in ("W", "b") else 0.0
            yield f"{name}_{place}", shape, reach, float(name == "gamma")


def _convention(loss: str) -> str:
    """What the reference calls the factor of a squared error."""
    return loss.removesuffix("_squares")


def _evaluator(like: FloatArray, *others: FloatArray) -> Evaluator:
    return Evaluator(Floats(format_named(like.dtype.name)))


def _network(layer: Layer | Stack, parameters: Arrays, inputs: FloatArray, state: Arrays) -> Network:
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
