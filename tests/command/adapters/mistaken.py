"""NumPy's implementation with a mistake; each is a target `mistaken.py:NAME`."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnspec.implementations.numpy_ import NumpyImplementation


def swapped(parameters: Any) -> dict[str, Any]:
    """The parameters with those of the input and the forget gate exchanged."""
    other = {"i": "f", "f": "i"}

    def name(old: str) -> str:
        kind, _, gate = old.partition("_")
        return f"{kind}_{other.get(gate, gate)}"

    return {name(key): value for key, value in parameters.items()}


class TooSteep(NumpyImplementation):
    """The sigmoid's slope is too large by 1e-6 around 0."""

    name = "too-steep"

    def activation_vjp(self, kind: str, x: Any, dy: Any, *alpha: Any) -> Any:
        near = (np.abs(x) < 1e-2) & (kind == "sigmoid")
        return super().activation_vjp(kind, x, dy, *alpha) + (1e-6 * near).astype(x.dtype)


class SwappedGates(NumpyImplementation):
    """Reads its packed LSTM parameters with input and forget gate exchanged."""

    name = "swapped"

    def run(self, layer: Any, parameters: Any, *rest: Any) -> Any:
        if layer.kind != "lstm" or not layer.forget_gate:
            return super().run(layer, parameters, *rest)
        return super().run(layer, swapped(parameters), *rest)

    def run_vjp(self, layer: Any, parameters: Any, *rest: Any) -> Any:
        if layer.kind != "lstm" or not layer.forget_gate:
            return super().run_vjp(layer, parameters, *rest)
        gradients, inputs, state = super().run_vjp(layer, swapped(parameters), *rest)
        return swapped(gradients), inputs, state
