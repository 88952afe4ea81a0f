"""Training small networks by gradient descent, all trials side by side; and how gradients grow."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from rnnref.clipping import clip_by_norm, norm
from rnnref.feedforward.chain import Chain
from rnnref.feedforward.chain import backward as chain_backward
from rnnref.feedforward.chain import forward as chain_forward
from rnnref.feedforward.dense import Dense
from rnnref.feedforward.pretraining import Autoencoder, Descent, gradient_descent, greedy, stacked
from rnnref.losses import l2_gradient
from rnnref.stacking import backward_stack, forward_stack
from rnnspec.experiment import Model, Plan, Start, Training, Values
from rnnspec.kit.laboratory.models import SYSTEM, Named, Trainable, drawn, statistics, together, trainable
from rnnspec.kit.laboratory.side_by_side import Array, Matrices
from rnnspec.tasks import Examples, Task

TESTED = 256
"""New examples on which a network is tested at the end."""


@np.errstate(all="ignore")  # what diverges does so in silence, and is said to have diverged
def train(
    model: Model, task: Task, start: Start, plan: Plan, randoms: Sequence[np.random.Generator]
) -> Training:
    """Train a network in every trial.

    Args:
        randoms: the generator of each trial. Its weights, its examples, those it is tested on and what
            is dropped come from four of its children, so that networks of different sizes see the same
            examples, with dropout and without it.
    """
    network = trainable(model, task)
    weights, examples, tests, dropped = zip(*(random.spawn(4) for random in randoms), strict=True)
    values = together([drawn(model, network.shapes, start, random) for random in weights])
    given = None if plan.examples is None else _draw(task, plan.examples, examples)
    if plan.pretraining:
        values |= _pretrained(model, start, plan, values, given, weights)
    losses, norms = np.empty((len(randoms), plan.steps)), np.empty((len(randoms), plan.steps))
    for step in range(plan.steps):
        inputs, targets = _batch(task, plan, step, given, examples)
        if plan.dropout:
            inputs = _without_some(inputs, plan.dropout, dropped)
        lesson = network.learn(values, inputs, targets, gradients=True)
        losses[:, step] = lesson.loss
        gradients = {name: lesson.gradients[name] for name in values}
        if plan.l2:
            for name, W in values.items():
                if name[0] in "WU":
                    gradients[name] = gradients[name] + l2_gradient(SYSTEM, W, plan.l2, "full")
        norms[:, step] = norm(SYSTEM, list(gradients.values())).values[:, 0, 0]
        if plan.clip is not None:
            clipped = clip_by_norm(SYSTEM, list(gradients.values()), plan.clip)
            gradients = dict(zip(gradients, clipped, strict=True))
        values = {
            name: gradient_descent(W, gradients[name], plan.learning_rate) for name, W in values.items()
        }
    tested, right = _test(network, task, values, _draw(task, TESTED, tests))
    known = np.full(len(randoms), np.nan) if given is None else _test(network, task, values, given)[0]
    spoiled = [losses, norms, tested[:, np.newaxis]]
    diverged = ~np.all([np.isfinite(found).all(axis=1) for found in spoiled], axis=0)
    return Training(losses, norms, known, tested, right, diverged)


def gradient_growth(
    model: Model, start: Start, steps: int, inputs: float, batch: int, randoms: Sequence[np.random.Generator]
) -> Values:
    """ln of the length of a cotangent after its way back, over that before, in every trial.

    As many trials are side by side as there is room for the weights of.
    """
    size = sum(prod(shape) for shape in model.parameter_shapes.values())
    group = max(1, ROOM // size)
    return np.concatenate(
        [
            _growth(model, start, steps, inputs, batch, randoms[first : first + group])
            for first in range(0, len(randoms), group)
        ]
    )


ROOM = 2**22
"""How many weights, of all trials together, are held at a time."""


@np.errstate(all="ignore")
def _growth(
    model: Model, start: Start, steps: int, inputs: float, batch: int, randoms: Sequence[np.random.Generator]
) -> Values:
    weights, others = zip(*(random.spawn(2) for random in randoms), strict=True)
    values = together([drawn(model, model.parameter_shapes, start, random) for random in weights])

    def normal(*shape: int) -> Array:
        return np.stack([random.normal(size=shape) for random in others])

    if isinstance(model, Chain):
        values |= statistics(model)
        x, dy = normal(model.inputs, batch), normal(model.outputs, batch)
        passes = chain_forward(SYSTEM, model.links, values, Matrices(inputs * x))
        back = chain_backward(SYSTEM, model.links, values, passes, Matrices(dy)).inputs[0]
        return np.asarray(np.log(_length([back.values])) - np.log(_length([dy])))
    xs = inputs * normal(steps, model.inputs, 1)
    sizes = model.state_sizes
    cotangent = {name: normal(size, 1) for name, size in sizes.items()}
    zeros = {name: Matrices(np.zeros_like(d)) for name, d in cotangent.items()}
    done = forward_stack(SYSTEM, model, values, [Matrices(xs[:, t]) for t in range(steps)], zeros)
    silent = [Matrices(np.zeros((len(randoms), model.width, 1)))] * steps
    dstate = {name: Matrices(d) for name, d in cotangent.items()}
    back = backward_stack(SYSTEM, values, done, silent, dstate).state
    lengths = _length([back[name].values for name in sizes]), _length(list(cotangent.values()))
    return np.asarray(np.log(lengths[0]) - np.log(lengths[1]))


def _length(parts: Sequence[Array]) -> Values:
    """The Euclidean length of all parts together, without overflow: one number a trial."""
    joined = np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
    largest = np.abs(joined).max(axis=1, keepdims=True)
    unit = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    return np.asarray(np.sqrt(((joined / unit) ** 2).sum(axis=1)) * unit[:, 0])


def _pretrained(
    model: Model,
    start: Start,
    plan: Plan,
    values: Named,
    given: tuple[Array, Array] | None,
    randoms: Sequence[np.random.Generator],
) -> Named:
    """The parameters of all links but the last, after greedy pre-training on the examples.

    Every stage sees all examples at once. Decoders are drawn like everything else, and left behind.
    """
    if not isinstance(model, Chain) or not all(isinstance(link, Dense) for link in model.links):
        raise ValueError(f"got the network {model}, expected a chain of dense links for pre-training")
    if given is None:
        raise ValueError("got a plan without examples, expected some for pre-training")
    dense = [link for link in model.links[:-1] if isinstance(link, Dense)]
    stages = tuple(Autoencoder(link, Dense(link.outputs, link.inputs)) for link in dense)
    decoders = [
        together([drawn(model, stage.decoder.parameter_shapes, start, random) for random in randoms])
        for stage in stages
    ]
    begun = [
        {f"{name}_1": values[f"{name}_{place}"] for name in stage.encoder.parameter_shapes}
        | {f"{name}_2": own[name] for name in own}
        for place, (stage, own) in enumerate(zip(stages, decoders, strict=True), start=1)
    ]
    x = Matrices(given[0][:, 0].swapaxes(1, 2))
    how = Descent(plan.learning_rate / x.shape[1], plan.pretraining)
    return stacked(stages, greedy(SYSTEM, stages, begun, x, how))[1]


def _draw(task: Task, count: int, randoms: Sequence[np.random.Generator]) -> tuple[Array, Array]:
    """Examples of every trial: (trials, T, B, m) and (trials, S, B, q)."""
    found: list[Examples] = [task.draw(random, count) for random in randoms]
    return np.stack([each.inputs for each in found]), np.stack([each.targets for each in found])


def _batch(
    task: Task,
    plan: Plan,
    step: int,
    given: tuple[Array, Array] | None,
    randoms: Sequence[np.random.Generator],
) -> tuple[Array, Array]:
    """What a step sees: new examples, or the next of those that are there, round and round."""
    if given is None:
        return _draw(task, plan.batch, randoms)
    inputs, targets = given
    which = np.arange(step * plan.batch, (step + 1) * plan.batch) % inputs.shape[2]
    return inputs[:, :, which], targets[:, :, which]


def _without_some(inputs: Array, dropout: float, randoms: Sequence[np.random.Generator]) -> Array:
    """Inverted dropout: some entries are 0, and the others so much larger that means stay as they are."""
    masks = np.stack([random.random(inputs.shape[1:]) >= dropout for random in randoms])
    return np.asarray(inputs * masks / (1 - dropout))


def _test(
    network: Trainable, task: Task, values: Named, examples: tuple[Array, Array]
) -> tuple[Values, Values]:
    """Loss and share of right answers."""
    inputs, targets = examples
    lesson = network.learn(values, inputs, targets, gradients=False)
    return lesson.loss, np.asarray(task.right(lesson.answers, targets).mean(axis=(1, 2)))
