"""An implementation as the subject of laws: its answers are validated before they are believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref import Cotangent, Network, Pullback, Run
from rnnref.network import check_arrays
from rnnspec.errors import Misbehaved, NotOffered, Raised
from rnnspec.kit.endpoint import Endpoint
from rnnspec.kit.numbers import to_balls, to_floats
from rnnspec.protocol import Architecture, Chain, Floats, Format
from rnnspec.subject import Array, Numbers

COTANGENTS = (1.0, 2.0, 0.5, -1.0)
"""What slopes are multiplied by, in turn. Powers of two are divided out again exactly, and an
implementation that ignores the cotangent, or its sign, is found out."""


class Held:
    """An implementation in one float format, its answers validated and lifted exactly.

    Args:
        endpoint: where its calls go.
        fmt: the format of everything that crosses.

    Attributes:
        answers: how many calls have been answered.
        begun: the initial parameters it has named, by layer and seed.
    """

    def __init__(self, endpoint: Endpoint, fmt: Format) -> None:
        self.format = fmt
        self._endpoint = endpoint
        self.answers = 0
        self.begun: dict[tuple[Architecture, int], dict[str, Array]] = {}

    def _call(self, method: str, **arguments: Any) -> Any:
        value = self._endpoint.call(method, **arguments)
        self.answers += 1
        return value

    def activation(self, kind: str, x: Any, alpha: float | None = None) -> Numbers:
        x = self._narrow(x)
        y = self._call("activation", kind=kind, x=x.ravel(), **_parameter(alpha))
        return to_balls(self._array("activation", "y", y, (x.size,)).reshape(x.shape))

    def slope(self, kind: str, x: Any, alpha: float | None = None) -> Numbers:
        x = self._narrow(x)
        dy = np.resize(np.array(COTANGENTS, dtype=x.dtype), x.size)
        dx = self._call("activation_vjp", kind=kind, x=x.ravel(), dy=dy, **_parameter(alpha))
        slopes: Numbers = to_balls(self._array("activation_vjp", "dx", dx, (x.size,))) / to_balls(dy)
        return slopes.reshape(x.shape)

    def softmax(self, x: Any) -> Numbers:
        x = self._finite("softmax", "x", x)
        y = self._call("softmax", x=x)
        return to_balls(self._array("softmax", "y", y, x.shape))

    def softmax_vjp(self, x: Any, dy: Any) -> Numbers:
        x, dy = self._finite("softmax_vjp", "x", x), self._finite("softmax_vjp", "dy", dy)
        dx = self._call("softmax_vjp", x=x, dy=dy)
        return to_balls(self._array("softmax_vjp", "dx", dx, x.shape))

    def loss(self, kind: str, y: Any, t: Any) -> Numbers:
        y, t = self._finite("loss", "y", y), self._finite("loss", "t", t)
        losses = self._call("loss", kind=kind, y=y, t=t)
        return to_balls(self._array("loss", "losses", losses, y.shape[:1]))

    def loss_gradient(self, kind: str, y: Any, t: Any) -> Numbers:
        y, t = self._finite("loss_gradient", "y", y), self._finite("loss_gradient", "t", t)
        dy = self._call("loss_gradient", kind=kind, y=y, t=t)
        return to_balls(self._array("loss_gradient", "dy", dy, y.shape))

    def clip(self, kind: str, tensors: Mapping[str, Any], threshold: float) -> dict[str, Numbers]:
        return self._clipped(kind, self._all_finite("clip", "tensors", tensors), threshold)

    def clip_reports(self, kind: str, tensors: Mapping[str, Array], threshold: float) -> int:
        broken = {name: self._narrow(g) for name, g in tensors.items()}
        try:
            clipped = self._clipped(kind, broken, threshold, undefined=True)
        except Raised:
            self.answers += 1  # for once it is one
            return 1
        return int(not all(np.isfinite(to_floats(g)).all() for g in clipped.values()))

    def _clipped(
        self, kind: str, tensors: Mapping[str, Floats], threshold: float, *, undefined: bool = False
    ) -> dict[str, Numbers]:
        if not self.format.represents(np.array(threshold, dtype=np.float64)):
            raise ValueError(f"a law passed a threshold that is not {self.format.name}")
        clipped = self._call("clip", kind=kind, tensors=tensors, threshold=float(threshold))
        shapes = {name: g.shape for name, g in tensors.items()}
        return self._mapping("clip", "tensors", clipped, shapes, undefined=undefined)

    def chain(
        self,
        chain: Chain,
        parameters: Mapping[str, Any],
        x: Any,
        statistics: Mapping[str, Any] | None = None,
    ) -> Numbers:
        arguments = self._chain("chain", chain, parameters, x, statistics)
        y = self._call("chain", **arguments)
        return to_balls(self._array("chain", "y", y, (len(arguments["x"]), chain.outputs)))

    def chain_vjp(
        self,
        chain: Chain,
        parameters: Mapping[str, Any],
        x: Any,
        dy: Any,
        statistics: Mapping[str, Any] | None = None,
    ) -> Pullback:
        arguments = self._chain("chain_vjp", chain, parameters, x, statistics)
        reply = self._call("chain_vjp", **arguments, dy=self._finite("chain_vjp", "dy", dy))
        gradients, dx = self._several("chain_vjp", 2, reply)
        return Pullback(
            self._mapping("chain_vjp", "parameters", gradients, chain.parameter_shapes),
            to_balls(self._array("chain_vjp", "dx", dx, arguments["x"].shape)),
            {},
        )

    def run(self, network: Network) -> Run:
        n, T, B = network.layer.width, network.steps, network.batch
        outputs, state = self._several("run", 2, self._call("run", **self._network(network)))
        return Run(
            to_balls(self._array("run", "outputs", outputs, (T, B, n))),
            self._mapping("run", "state", state, _state_shapes(network)),
        )

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        layer, T, B = network.layer, network.steps, network.batch
        reply = self._call(
            "run_vjp",
            **self._network(network),
            d_outputs=self._narrow(cotangent.outputs),
            d_state={k: self._narrow(v) for k, v in cotangent.state.items()},
        )
        parameters, inputs, state = self._several("run_vjp", 3, reply)
        return Pullback(
            self._mapping("run_vjp", "parameters", parameters, layer.parameter_shapes),
            to_balls(self._array("run_vjp", "inputs", inputs, (T, B, layer.inputs))),
            self._mapping("run_vjp", "state", state, _state_shapes(network)),
        )

    def parameter_count(self, layer: Architecture) -> int:
        count = self._call("parameter_count", layer=layer)
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise Misbehaved(f"parameter_count returned {_brief(count)}, expected a whole number")
        return count

    def initial_parameters(self, layer: Architecture, seed: int) -> dict[str, Numbers]:
        got = self._call("initial_parameters", layer=layer, seed=int(seed), format=self.format.name)
        initial = self._mapping("initial_parameters", "parameters", got, layer.parameter_shapes)
        self.begun[layer, seed] = {name: to_floats(value) for name, value in initial.items()}
        return initial

    def gates(self, network: Network) -> list[Mapping[str, Numbers]]:
        raise NotOffered("gates: implementations do not show them")

    def curvature(self, kind: str, x: Any, alpha: float | None = None) -> Numbers:
        raise NotOffered("curvature: implementations have no second derivatives")

    def jacobians(self, network: Network) -> list[Mapping[str, Numbers]]:
        raise NotOffered("jacobians: implementations show only their products with vectors")

    def _network(self, network: Network) -> dict[str, Any]:
        if network.lengths is not None:
            raise NotOffered("run: sequences that differ in length do not cross")
        state = {k: self._narrow(v) for k, v in network.state.items()}
        for name, value in state.items():
            # Drawn states are finite; another can only be one that this implementation returned.
            if not np.isfinite(value).all():
                raise Misbehaved(f"run returned a final state {name!r} that is not finite")
        return {
            "layer": network.layer,
            "parameters": {k: self._narrow(v) for k, v in network.parameters.items()},
            "inputs": self._narrow(network.inputs),
            "state": state,
        }

    def _chain(
        self,
        call: str,
        chain: Chain,
        parameters: Mapping[str, Any],
        x: Any,
        statistics: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        shapes = chain.statistic_shapes
        if statistics is None:
            statistics = {name: np.full(n, float(name.startswith("variance"))) for name, n in shapes.items()}
        check_arrays("parameters", parameters, chain.parameter_shapes)
        check_arrays("statistics", statistics, shapes)
        return {
            "chain": chain,
            "parameters": self._all_finite(call, "parameters", parameters),
            "statistics": self._all_finite(call, "statistics", statistics),
            "x": self._finite(call, "x", x),
        }

    def _all_finite(self, call: str, what: str, named: Mapping[str, Any]) -> dict[str, Floats]:
        return {name: self._finite(call, f"{what}[{name!r}]", value) for name, value in named.items()}

    def _finite(self, call: str, what: str, values: Any) -> Floats:
        """What crosses in a call in which an infinity would become not-a-number.

        What is drawn is finite, so what is not can only be an answer of this implementation.
        """
        narrow = self._narrow(values)
        if not np.isfinite(narrow).all():
            raise Misbehaved(f"an earlier call returned what is not finite, and became {what} of {call}")
        return narrow

    def _narrow(self, values: Any) -> Floats:
        """The arrays that cross are of the implementation's format; this rounds nothing."""
        wide = to_floats(values)
        if not self.format.represents(wide):
            raise ValueError(f"a law passed numbers that are not {self.format.name}")
        return wide.astype(self.format.dtype)

    def _several(self, call: str, length: int, reply: Any) -> Any:
        if not isinstance(reply, (tuple, list)) or len(reply) != length:
            raise Misbehaved(f"{call} returned {_brief(reply)}, expected {length} things")
        return reply

    def _mapping(
        self,
        call: str,
        what: str,
        got: Any,
        shapes: Mapping[str, tuple[int, ...]],
        *,
        undefined: bool = False,
    ) -> dict[str, Numbers]:
        if not isinstance(got, Mapping) or set(got) != set(shapes):
            names = sorted(map(str, got)) if isinstance(got, Mapping) else _brief(got)
            raise Misbehaved(f"{call} returned {what} {names}, expected arrays named {sorted(shapes)}")
        return {
            name: to_balls(self._array(call, f"{what}[{name!r}]", got[name], shape, undefined=undefined))
            for name, shape in shapes.items()
        }

    def _array(
        self, call: str, what: str, got: Any, shape: tuple[int, ...], *, undefined: bool = False
    ) -> NDArray[Any]:
        if not isinstance(got, np.ndarray):
            raise Misbehaved(f"{call} returned {what} as {_brief(got)}, expected an array")
        if got.shape != shape:
            raise Misbehaved(f"{call} returned {what} of shape {got.shape}, expected shape {shape}")
        if got.dtype != self.format.dtype:
            raise Misbehaved(f"{call} returned {what} as {got.dtype}, expected {self.format.name}")
        if not undefined and np.isnan(got).any():  # where every input is finite, every answer is a number
            raise Misbehaved(f"{call} returned not-a-number in {what}")
        return got


def _parameter(alpha: float | None) -> dict[str, float]:
    """The parameter of an activation, which crosses only where there is one."""
    return {} if alpha is None else {"alpha": float(alpha)}


def _state_shapes(network: Network) -> dict[str, tuple[int, ...]]:
    return {name: (network.batch, size) for name, size in network.layer.state_sizes.items()}


def _brief(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
