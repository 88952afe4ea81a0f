"""PyTorch's implementation with the mistakes of `mistaken.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from mistaken import swapped  # type: ignore[import-not-found]  # a neighbour of this file

from rnnspec.implementations.torch_ import TorchImplementation


class TooSteepTorch(TorchImplementation):
    name = "too-steep-torch"

    def activation_vjp(self, kind: str, x: Any, dy: Any, *alpha: Any) -> Any:
        near = (np.abs(x) < 1e-2) & (kind == "sigmoid")
        return super().activation_vjp(kind, x, dy, *alpha) + (1e-6 * near).astype(x.dtype)


class SwappedTorch(TorchImplementation):
    name = "swapped-torch"

    def run(self, layer: Any, parameters: Any, *rest: Any) -> Any:
        is_packed = layer.kind == "lstm" and layer.forget_gate
        return super().run(layer, swapped(parameters) if is_packed else parameters, *rest)

    def run_vjp(self, layer: Any, parameters: Any, *rest: Any) -> Any:
        if layer.kind != "lstm" or not layer.forget_gate:
            return super().run_vjp(layer, parameters, *rest)
        answer: Any = super().run_vjp(layer, swapped(parameters), *rest)
        if answer is NotImplemented:
            return answer
        gradients, inputs, state = answer
        return swapped(gradients), inputs, state
