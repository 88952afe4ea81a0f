"""Networks as they are trained: with a read-out, a loss and gradients, for all trials at once.

Everything is computed by the formulas of the reference. What is added here is the arrangement:
which of the outputs are read, and that the loss is the mean over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Protocol, TypeAlias

import numpy as np

from rnnref.feedforward.chain import Chain
from rnnref.feedforward.chain import backward as chain_backward
from rnnref.feedforward.chain import forward as chain_forward
from rnnref.feedforward.dense import Dense, dense, dense_back
from rnnref.losses import (
    cross_entropy,
    cross_entropy_gradient,
    squared_error,
    squared_error_gradient,
)
from rnnref.stack import Recurrent
from rnnref.stacking import backward_stack, forward_stack
from rnnspec.experiment import Model, Start
from rnnspec.kit.laboratory.side_by_side import Array, Matrices, SideBySide
from rnnspec.tasks import Task

Named: TypeAlias = dict[str, Matrices]

SYSTEM = SideBySide()


@dataclass
class Lesson:
    """What examples have taught: the mean loss of every trial, gradients, and the answers.

    Attributes:
        loss: (trials,).
        gradients: of all parameters, by name; none if they were not asked for.
        answers: (trials, S, B, q).
    """

    loss: Array
    gradients: Named
    answers: Array


class Trainable(Protocol):
    """A network with a loss."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The parameters' names and shapes."""
        ...

    def learn(self, values: Named, inputs: Array, targets: Array, gradients: bool) -> Lesson:
        """Loss and gradients of inputs (trials, T, B, m) and targets (trials, S, B, q)."""
        ...


def trainable(model: Model, task: Task) -> Trainable:
    """A model ready to learn a task.

    Raises:
        ValueError: if it does not read what the task has to say, or a chain does not answer as long.
    """
    if model.inputs != task.inputs:
        raise ValueError(f"got a network of {model.inputs} inputs, expected {task.inputs} for {task.name}")
    if not isinstance(model, Chain):
        return RecurrentModel(model, task)
    if model.outputs != task.outputs:
        raise ValueError(f"got a chain of {model.outputs} outputs, expected {task.outputs} for {task.name}")
    return ChainModel(model, task)


class RecurrentModel:
    """A recurrent network, of whose last S outputs each is read by one linear map."""

    def __init__(self, recurrent: Recurrent, task: Task) -> None:
        self._recurrent = recurrent
        self._task = task
        self._readout = Dense(recurrent.width, task.outputs)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        readout = {f"{name}_out": shape for name, shape in self._readout.parameter_shapes.items()}
        return {**self._recurrent.parameter_shapes, **readout}

    def learn(self, values: Named, inputs: Array, targets: Array, gradients: bool) -> Lesson:
        trials, steps, batch, _ = inputs.shape
        asked = targets.shape[1]
        xs = [Matrices(inputs[:, t].swapaxes(1, 2)) for t in range(steps)]
        zeros = {
            name: Matrices(np.zeros((trials, size, batch)))
            for name, size in self._recurrent.state_sizes.items()
        }
        done = forward_stack(SYSTEM, self._recurrent, values, xs, zeros)

        weights = SimpleNamespace(W=values["W_out"], b=values["b_out"])
        read = dense(SYSTEM, self._readout, weights, SYSTEM.beside(done.outputs[steps - asked :]))
        loss, dy = _loss(self._task, read.y, _beside(targets), gradients)
        answers = read.y.values.reshape(trials, -1, asked, batch).transpose(0, 2, 3, 1)
        if dy is None:
            return Lesson(loss, {}, answers)

        dh, own = dense_back(SYSTEM, self._readout, weights, read, dy)
        silent = Matrices(np.zeros((trials, self._recurrent.width, batch)))
        douts = [silent] * (steps - asked) + [
            Matrices(dh.values[:, :, k * batch : (k + 1) * batch]) for k in range(asked)
        ]
        back = backward_stack(SYSTEM, values, done, douts, zeros)
        return Lesson(loss, back.parameters() | {f"{name}_out": d for name, d in own.items()}, answers)


class ChainModel:
    """A feed-forward network, which reads the only step there is."""

    def __init__(self, chain: Chain, task: Task) -> None:
        self._chain = chain
        self._task = task

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return self._chain.parameter_shapes

    def learn(self, values: Named, inputs: Array, targets: Array, gradients: bool) -> Lesson:
        if inputs.shape[1] != 1:
            raise ValueError(f"got {inputs.shape[1]} steps, expected 1 for a feed-forward network")
        values = values | statistics(self._chain)
        passes = chain_forward(SYSTEM, self._chain.links, values, Matrices(inputs[:, 0].swapaxes(1, 2)))
        loss, dy = _loss(self._task, passes[-1].y, _beside(targets), gradients)
        answers = passes[-1].y.values.swapaxes(1, 2)[:, np.newaxis]
        if dy is None:
            return Lesson(loss, {}, answers)
        return Lesson(loss, chain_backward(SYSTEM, self._chain.links, values, passes, dy).parameters, answers)


def _beside(targets: Array) -> Matrices:
    """Targets (trials, S, B, q) as (q, S B) matrices: the steps one after the other."""
    trials, asked, batch, outputs = targets.shape
    return Matrices(targets.transpose(0, 3, 1, 2).reshape(trials, outputs, asked * batch))


def _loss(task: Task, y: Matrices, t: Matrices, gradients: bool) -> tuple[Array, Matrices | None]:
    """The mean over all columns, and its gradient."""
    if task.loss == "squared":
        losses = squared_error(SYSTEM, y, t, "half")
        dy = squared_error_gradient(SYSTEM, y, t, "half") if gradients else None
    else:
        losses = cross_entropy(SYSTEM, y, t)
        dy = cross_entropy_gradient(SYSTEM, y, t) if gradients else None
    columns = y.shape[1]
    return losses.values.mean(axis=(1, 2)), None if dy is None else dy / columns


def drawn(
    model: Model, shapes: Mapping[str, tuple[int, ...]], start: Start, random: np.random.Generator
) -> dict[str, Array]:
    """Parameters to begin with: see `Start`."""
    hidden = None if isinstance(model, Chain) else model.hidden
    return {name: _drawn(name, shape, start, hidden, random) for name, shape in shapes.items()}


def _drawn(
    name: str, shape: tuple[int, ...], start: Start, hidden: int | None, random: np.random.Generator
) -> Array:
    if len(shape) < 2:
        constant = 1.0 if name.startswith("gamma") else 0.0
        return np.full(shape, start.forget_bias if name.startswith("b_f") else constant)
    rows, columns = shape
    match start.weights:
        case "uniform":
            reach = start.gain / np.sqrt(hidden or columns)
        case "glorot":
            reach = start.gain * np.sqrt(6 / (rows + columns))
        case "he":
            return random.normal(scale=start.gain * np.sqrt(2 / columns), size=shape)
        case "normal":
            return random.normal(scale=start.gain, size=shape)
    return random.uniform(-reach, reach, shape)


def statistics(chain: Chain) -> Named:
    """Running means of 0 and variances of 1, which only a batch norm in inference reads."""
    return {
        name: Matrices(np.full((1, *shape, 1), float(name.startswith("variance"))))
        for name, shape in chain.statistic_shapes.items()
    }


def together(parameters: list[dict[str, Array]]) -> Named:
    """The parameters of all trials, each in a matrix of its own; a vector becomes a single column."""
    return {
        name: Matrices(np.stack([np.reshape(own[name], (len(own[name]), -1)) for own in parameters]))
        for name in parameters[0]
    }
