"""Feed-forward networks in the layouts of libraries: inputs (B, m), outputs (B, n).

Infinities and NaN are numbers like others here: they go through the formulas by the rules of
the number system. In floats a NaN reaches all outputs of its member of the batch, and through
a batch norm in training those of all members; in balls such a result has no certified digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnref.arguments import check_type, check_whole, real_array
from rnnref.border import Border
from rnnref.errors import BadInput
from rnnref.feedforward.batch_norm import BatchNorm
from rnnref.feedforward.chain import Chain, backward, forward, updated_statistics
from rnnref.feedforward.pretraining import Autoencoder, Descent, check_stages, descend, greedy, stacked
from rnnref.feedforward.residual import within
from rnnref.network import check_arrays
from rnnref.systems.base import Array, Matrix


@dataclass(frozen=True)
class ChainRun:
    """What a forward pass returns.

    Attributes:
        outputs: of the last link, (B, n).
        inside: the outputs of every link, (B, its outputs), the last one among them.
    """

    outputs: NDArray[Any]
    inside: list[NDArray[Any]]


@dataclass(frozen=True)
class ChainPullback:
    """What back-propagation returns: gradients, shaped like the things they belong to.

    Attributes:
        parameters: by name, summed over the batch.
        inputs: of the first link, (B, m).
        inside: of the inputs of every link, (B, its inputs), the first one among them.
    """

    parameters: Mapping[str, NDArray[Any]]
    inputs: NDArray[Any]
    inside: list[NDArray[Any]]


@dataclass(frozen=True)
class Trained:
    """What training ends with.

    Attributes:
        parameters: by name, after the last step.
        losses: E before every step and after the last one, (steps + 1,).
    """

    parameters: Mapping[str, NDArray[Any]]
    losses: NDArray[Any]


@dataclass(frozen=True)
class Pretrained:
    """What greedy pre-training ends with.

    Attributes:
        chain: the encoders, one after the other.
        parameters: of that chain, by name.
        stages: for every stage its autoencoder's parameters, the decoder's among them, and its losses.
        codes: h^1 ... h^L, what the stages' encoders make of the codes below, each (B, n).
    """

    chain: Chain
    parameters: Mapping[str, NDArray[Any]]
    stages: list[Trained]
    codes: list[NDArray[Any]]


class Feedforward(Border):
    """Chains of links, evaluated in one number system.

    Running statistics may be given to every method by name, as `Chain.statistic_shapes` says;
    without them they are what libraries begin with, means of 0 and variances of 1. Only links
    in inference read them.

    Raises (from every method):
        BadInput: if a name is missing or unknown, a shape does not fit, or a variance is below 0.
    """

    def chain(
        self,
        chain: Chain,
        parameters: Mapping[str, Array],
        x: Array,
        statistics: Mapping[str, Array] | None = None,
    ) -> ChainRun:
        """The forward pass of a batch x (B, m)."""
        values = self._chain_values(chain, parameters, statistics)
        _check_rows("x", x, chain.inputs)
        inside = [self._rows(done.y) for done in forward(self.system, chain.links, values, self._lifted(x))]
        return ChainRun(inside[-1], inside)

    def chain_vjp(
        self,
        chain: Chain,
        parameters: Mapping[str, Array],
        x: Array,
        dy: Array,
        statistics: Mapping[str, Array] | None = None,
    ) -> ChainPullback:
        """The vector-Jacobian product for a cotangent dy (B, n) of the outputs."""
        values = self._chain_values(chain, parameters, statistics)
        _check_rows("x", x, chain.inputs)
        _check_rows("dy", dy, chain.outputs, len(x))
        passes = forward(self.system, chain.links, values, self._lifted(x))
        back = backward(self.system, chain.links, values, passes, self._lifted(dy))
        inside = [self._rows(dx) for dx in back.inputs]
        return ChainPullback(self._parameters(back.parameters, chain.parameter_shapes), inside[0], inside)

    def chain_jacobian(
        self,
        chain: Chain,
        parameters: Mapping[str, Array],
        x: Array,
        member: int = 0,
        statistics: Mapping[str, Array] | None = None,
    ) -> NDArray[Any]:
        """The Jacobian (n, m) of one member's output with respect to its own input.

        Batch norm in training makes an output depend on the other members' inputs as well;
        that dependence is not in here.

        Raises:
            BadInput: as the others; and if the batch has no such member.
        """
        values = self._chain_values(chain, parameters, statistics)
        _check_rows("x", x, chain.inputs)
        check_whole("member", member, 0, len(x) - 1)
        passes = forward(self.system, chain.links, values, self._lifted(x))
        rows = []
        for unit in np.eye(chain.outputs):
            dy = np.zeros((len(x), chain.outputs))
            dy[member] = unit
            back = backward(self.system, chain.links, values, passes, self._lifted(dy))
            rows.append(self._rows(back.inputs[0])[..., member, :])
        return np.stack(rows, axis=-2)

    def batch_norm_statistics(
        self,
        chain: Chain,
        parameters: Mapping[str, Array],
        x: Array,
        statistics: Mapping[str, Array] | None = None,
    ) -> dict[str, NDArray[Any]]:
        """The running statistics after one more batch x (B, m); those of links in inference are held.

        Raises:
            BadInput: as the others; and for the unbiased variance of a batch of one.
        """
        values = self._chain_values(chain, parameters, statistics)
        _check_rows("x", x, chain.inputs)
        norms = [link for _, link in within(chain.links) if isinstance(link, BatchNorm)]
        if len(x) < 2 and any(link.mode == "training" and link.running == "unbiased" for link in norms):
            raise BadInput("x", "a batch of 1", "at least 2, without which no variance is unbiased")
        passes = forward(self.system, chain.links, values, self._lifted(x))
        updated = updated_statistics(chain.links, values, passes, len(x))
        return self._parameters(updated, chain.statistic_shapes)

    def train(
        self,
        chain: Chain,
        parameters: Mapping[str, Array],
        x: Array,
        targets: Array,
        how: Descent,
        statistics: Mapping[str, Array] | None = None,
    ) -> Trained:
        """Train all parameters together, as in fine-tuning, to make targets (B, n) of x (B, m).

        Running statistics are held.
        """
        values = self._chain_values(chain, parameters, statistics)
        check_type("how", how, Descent, "a Descent")
        _check_rows("x", x, chain.inputs)
        _check_rows("targets", targets, chain.outputs, len(x))
        final, losses = descend(self.system, chain.links, values, self._lifted(x), self._lifted(targets), how)
        return Trained(self._parameters(final, chain.parameter_shapes), self._losses(losses))

    def pretrain(
        self,
        stages: Sequence[Autoencoder],
        parameters: Sequence[Mapping[str, Array]],
        x: Array,
        how: Descent,
    ) -> Pretrained:
        """Train one autoencoder after the other on x (B, m), and stack their encoders.

        Args:
            stages: the autoencoders, lowest first; a tuple.
            parameters: what each begins with, by the names of `Autoencoder.chain`.
            x: what the lowest is trained on.
            how: the descent of every stage.
        """
        check_stages(stages)
        check_type("parameters", parameters, Sequence, "a list of those of every stage")
        check_type("how", how, Descent, "a Descent")
        if len(parameters) != len(stages):
            raise BadInput("parameters", f"those of {len(parameters)} stages", f"those of {len(stages)}")
        initial = [
            self._chain_values(stage.chain, own, None) for stage, own in zip(stages, parameters, strict=True)
        ]
        _check_rows("x", x, stages[0].encoder.inputs)
        trained = greedy(self.system, stages, initial, self._lifted(x), how)
        chain, final = stacked(stages, trained)
        return Pretrained(
            chain,
            self._parameters(final, chain.parameter_shapes),
            [
                Trained(
                    self._parameters(done.parameters, stage.chain.parameter_shapes), self._losses(done.losses)
                )
                for stage, done in zip(stages, trained, strict=True)
            ],
            [self._rows(done.codes) for done in trained],
        )

    def _chain_values(
        self, chain: Chain, parameters: Mapping[str, Array], statistics: Mapping[str, Array] | None
    ) -> dict[str, Matrix]:
        """Parameters and running statistics, checked and lifted."""
        check_type("chain", chain, Chain, "a Chain")
        check_arrays("parameters", parameters, chain.parameter_shapes)
        shapes = chain.statistic_shapes
        if statistics is None:
            statistics = {name: np.full(n, float(name.startswith("variance"))) for name, n in shapes.items()}
        check_arrays("statistics", statistics, shapes)
        for name, value in statistics.items():
            if name.startswith("variance") and np.min(value) < 0:
                raise BadInput(f"statistics[{name!r}]", np.min(value), "no number below 0")
        return self._columns({**parameters, **statistics})

    def _losses(self, losses: Sequence[Matrix]) -> NDArray[Any]:
        return np.stack([self._array(E)[..., 0, 0] for E in losses], axis=-1)


def _check_rows(what: str, got: Array, width: int, batch: int | None = None) -> None:
    """Raise `BadInput` unless it is (B, width) with B as given, or at least 1."""
    shape = real_array(what, got).shape
    if len(shape) != 2 or shape[1] != width or (shape[0] != batch if batch else shape[0] < 1):
        expected = f"shape {(batch, width)}" if batch else f"(B, {width}) with B at least 1"
        raise BadInput(what, f"shape {shape}", expected)
