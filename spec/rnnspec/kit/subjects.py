"""The subjects that a law is held to: an implementation, the mathematics, and noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref import Cotangent, Evaluator, Network, Noise, Pullback, Reference, Run
from rnnref.systems.noise import NoisyMatrix
from rnnspec.errors import Misbehaved, NotOffered
from rnnspec.kit.endpoint import Endpoint
from rnnspec.kit.numbers import from_replicates, to_balls, to_floats, to_replicates
from rnnspec.protocol import Format, Layer
from rnnspec.subject import Numbers


class Mathematics:
    """The reference in balls: what is true, with proven digits."""

    def __init__(self, fmt: Format) -> None:
        self.format = fmt
        self._reference = Reference()

    def activation(self, kind: str, x: Any) -> Numbers:
        return self._reference.activation(kind, np.asarray(x))

    def slope(self, kind: str, x: Any) -> Numbers:
        return self._reference.slope(kind, np.asarray(x))

    def run(self, network: Network) -> Run:
        return self._reference.run(network)

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        return self._reference.vjp(network, cotangent)

    def gates(self, network: Network) -> list[Mapping[str, Numbers]]:
        return list(self._reference.gates(network))

    def parameter_count(self, layer: Layer) -> int:
        return layer.parameter_count


class LawNoise(Noise):
    """Noise that also takes back what a law was given: states that are replicates already."""

    def matrix(self, values: Any) -> NoisyMatrix:
        return NoisyMatrix(from_replicates(values, self.replicates), self)

    def silence(self) -> None:
        """Perturb nothing from now on."""
        self.unit = self.underflow = 0.0


class Scattered:
    """The reference in noise, K replicates side by side; without noise if `quiet`.

    Quietly it is the reference of the noise reading: exact answers at the replicates'
    own states.
    """

    def __init__(self, fmt: Format, replicates: int, seed: int, *, quiet: bool = False) -> None:
        self.format = fmt
        self.noise = LawNoise(fmt, replicates, seed)
        if quiet:
            self.noise.silence()
        self._evaluator = Evaluator(self.noise)
        self._quiet = quiet

    def activation(self, kind: str, x: Any) -> Numbers:
        return to_replicates(self._evaluator.activation(kind, np.asarray(x)))

    def slope(self, kind: str, x: Any) -> Numbers:
        evaluate = self._evaluator.sharp_slope if self._quiet else self._evaluator.slope
        return to_replicates(evaluate(kind, np.asarray(x)))

    def run(self, network: Network) -> Run:
        run = self._evaluator.run(network)
        return Run(to_replicates(run.outputs), {k: to_replicates(v) for k, v in run.state.items()})

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        pullback = self._evaluator.vjp(network, cotangent)
        return Pullback(
            {k: to_replicates(v) for k, v in pullback.parameters.items()},
            to_replicates(pullback.inputs),
            {k: to_replicates(v) for k, v in pullback.state.items()},
        )

    def gates(self, network: Network) -> list[Mapping[str, Numbers]]:
        steps = self._evaluator.gates(network)
        return [{k: to_replicates(v) for k, v in step.items()} for step in steps]

    def parameter_count(self, layer: Layer) -> int:
        return layer.parameter_count


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
    """

    def __init__(self, endpoint: Endpoint, fmt: Format) -> None:
        self.format = fmt
        self._endpoint = endpoint
        self.answers = 0

    def _call(self, method: str, **arguments: Any) -> Any:
        value = self._endpoint.call(method, **arguments)
        self.answers += 1
        return value

    def activation(self, kind: str, x: Any) -> Numbers:
        x = self._narrow(x)
        y = self._call("activation", kind=kind, x=x.ravel())
        return to_balls(self._array("activation", "y", y, (x.size,)).reshape(x.shape))

    def slope(self, kind: str, x: Any) -> Numbers:
        x = self._narrow(x)
        dy = np.resize(np.array(COTANGENTS, dtype=x.dtype), x.size)
        dx = self._call("activation_vjp", kind=kind, x=x.ravel(), dy=dy)
        slopes: Numbers = to_balls(self._array("activation_vjp", "dx", dx, (x.size,))) / to_balls(dy)
        return slopes.reshape(x.shape)

    def run(self, network: Network) -> Run:
        n, T, B = network.layer.width, network.steps, network.batch
        reply = self._pair("run", 2, self._call("run", **self._network(network)))
        return Run(
            to_balls(self._array("run", "outputs", reply[0], (T, B, n))),
            self._mapping(
                "run", "state", reply[1], {k: (B, size) for k, size in network.layer.state_sizes.items()}
            ),
        )

    def vjp(self, network: Network, cotangent: Cotangent) -> Pullback:
        layer, T, B = network.layer, network.steps, network.batch
        reply = self._call(
            "run_vjp",
            **self._network(network),
            d_outputs=self._narrow(cotangent.outputs),
            d_state={k: self._narrow(v) for k, v in cotangent.state.items()},
        )
        parameters, inputs, state = self._pair("run_vjp", 3, reply)
        return Pullback(
            self._mapping("run_vjp", "parameters", parameters, layer.parameter_shapes),
            to_balls(self._array("run_vjp", "inputs", inputs, (T, B, layer.inputs))),
            self._mapping("run_vjp", "state", state, {k: (B, size) for k, size in layer.state_sizes.items()}),
        )

    def gates(self, network: Network) -> list[Mapping[str, Numbers]]:
        raise NotOffered("gates: implementations do not show them")

    def parameter_count(self, layer: Layer) -> int:
        count = self._call("parameter_count", layer=layer)
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise Misbehaved(f"parameter_count returned {_brief(count)}, expected a whole number")
        return count

    def _network(self, network: Network) -> dict[str, Any]:
        return {
            "layer": network.layer,
            "parameters": {k: self._narrow(v) for k, v in network.parameters.items()},
            "inputs": self._narrow(network.inputs),
            "state": {k: self._finite(k, self._narrow(v)) for k, v in network.state.items()},
        }

    @staticmethod
    def _finite(name: str, state: NDArray[Any]) -> NDArray[Any]:
        # Drawn states are finite; another can only be one that this implementation returned.
        if not np.isfinite(state).all():
            raise Misbehaved(f"run returned a final state {name!r} that is not finite")
        return state

    def _narrow(self, values: Any) -> NDArray[np.floating[Any]]:
        """The arrays that cross are of the implementation's format; this rounds nothing."""
        wide = to_floats(values)
        if not self.format.represents(wide):
            raise ValueError(f"a law passed numbers that are not {self.format.name}")
        return wide.astype(self.format.dtype)

    def _pair(self, call: str, length: int, reply: Any) -> Any:
        if not isinstance(reply, (tuple, list)) or len(reply) != length:
            raise Misbehaved(f"{call} returned {_brief(reply)}, expected {length} things")
        return reply

    def _mapping(
        self, call: str, what: str, got: Any, shapes: Mapping[str, tuple[int, ...]]
    ) -> dict[str, Numbers]:
        if not isinstance(got, Mapping) or set(got) != set(shapes):
            names = sorted(map(str, got)) if isinstance(got, Mapping) else _brief(got)
            raise Misbehaved(f"{call} returned {what} {names}, expected arrays named {sorted(shapes)}")
        return {k: to_balls(self._array(call, f"{what}[{k!r}]", got[k], s)) for k, s in shapes.items()}

    def _array(self, call: str, what: str, got: Any, shape: tuple[int, ...]) -> NDArray[Any]:
        if not isinstance(got, np.ndarray):
            raise Misbehaved(f"{call} returned {what} as {_brief(got)}, expected an array")
        if got.shape != shape:
            raise Misbehaved(f"{call} returned {what} of shape {got.shape}, expected shape {shape}")
        if got.dtype != self.format.dtype:
            raise Misbehaved(f"{call} returned {what} as {got.dtype}, expected {self.format.name}")
        if np.isnan(got).any():  # every input is finite, so no answer is
            raise Misbehaved(f"{call} returned not-a-number in {what}")
        return got


def _brief(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
