"""Gradient descent, and greedy pre-training layer by layer.

With h^0 = x, stage l = 1 ... L trains one autoencoder, an encoder and a decoder, to give back
the codes h^{l-1} of the stage below. Only this encoder and this decoder move; what was trained
before is held. Then h^l is what the trained encoder makes of h^{l-1}, and the decoder is left
behind. The encoders, one after the other, are the pre-trained network. Training all of it
together afterwards, on targets, is `descend` once more.

Every step of descent uses the whole batch. The loss is E = 1/2 sum (y - t)^2, summed over the
outputs and over the batch.

Sources: Hinton, Osindero and Teh 2006 for the procedure; Bengio et al. 2007 for autoencoders
in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rnnref.arguments import check_number, check_type, check_whole, keep_plain
from rnnref.errors import BadInput
from rnnref.feedforward.chain import Chain, backward, forward
from rnnref.feedforward.dense import Dense
from rnnref.feedforward.residual import Link
from rnnref.losses import l2_gradient, squared_error, squared_error_gradient
from rnnref.systems.base import Matrix, System


@dataclass(frozen=True)
class Descent:
    """Plain gradient descent: how far and how often.

    Attributes:
        learning_rate: eta, above 0.
        steps: how many, at least 0.
        l2: alpha, the weight of the penalty alpha |W|^2 on every matrix W, at least 0; biases,
            gamma and beta have none. (The `weight_decay` of a library is often 2 alpha.)

    Raises:
        BadInput: if a number is out of its range.
    """

    learning_rate: float
    steps: int
    l2: float = 0.0

    def __post_init__(self) -> None:
        check_number("Descent.learning_rate", self.learning_rate, "a finite number above 0", 0)
        if self.learning_rate == 0:
            raise BadInput("Descent.learning_rate", self.learning_rate, "a finite number above 0")
        check_whole("Descent.steps", self.steps, 0)
        check_number("Descent.l2", self.l2, "a finite number, at least 0", 0)
        keep_plain(self)


@dataclass(frozen=True)
class Autoencoder:
    """One stage: an encoder, and a decoder that gives back what the encoder has read.

    Raises:
        BadInput: if the decoder does not fit the encoder.
    """

    encoder: Dense
    decoder: Dense

    def __post_init__(self) -> None:
        for name in ("encoder", "decoder"):
            check_type(f"Autoencoder.{name}", getattr(self, name), Dense, "a Dense")
        expected = (self.encoder.outputs, self.encoder.inputs)
        if (got := (self.decoder.inputs, self.decoder.outputs)) != expected:
            raise BadInput(
                "Autoencoder.decoder",
                f"{got[0]} inputs and {got[1]} outputs",
                f"{expected[0]} and {expected[1]}, the encoder's outputs and inputs",
            )

    @property
    def chain(self) -> Chain:
        """Encoder and decoder, whose parameters are `W_1`, `b_1` and `W_2`, `b_2`."""
        return Chain((self.encoder, self.decoder))


def check_stages(stages: object) -> None:
    """Raise `BadInput` unless it is a tuple of autoencoders, each of which reads the codes below."""
    if not isinstance(stages, tuple) or not stages:
        raise BadInput("stages", repr(stages), "a tuple of at least one Autoencoder")
    for place, stage in enumerate(stages, start=1):
        check_type(f"stages, stage {place}", stage, Autoencoder, "an Autoencoder")
        below = stages[place - 2].encoder.outputs if place > 1 else stage.encoder.inputs
        if stage.encoder.inputs != below:
            expected = f"{below}, the outputs of the encoder of stage {place - 1}"
            raise BadInput(f"stages, stage {place}", f"{stage.encoder.inputs} inputs", expected)


def gradient_descent(W: Matrix, dW: Matrix, learning_rate: float) -> Matrix:
    """One step: W - eta dW."""
    return W - learning_rate * dW


def descend(
    s: System[Matrix],
    links: tuple[Link, ...],
    values: Mapping[str, Matrix],
    x: Matrix,
    t: Matrix,
    how: Descent,
) -> tuple[dict[str, Matrix], list[Matrix]]:
    """Train all parameters of the links together, to make t of x.

    Running statistics among the values are held.

    Returns:
        The values, and the loss before every step and after the last one: steps + 1 of them,
        without the penalty.
    """
    values, losses = dict(values), []
    for _ in range(how.steps):
        passes = forward(s, links, values, x)
        y = passes[-1].y
        losses.append(s.sum_columns(squared_error(s, y, t, "half")))
        dy = squared_error_gradient(s, y, t, "half")
        for name, dW in backward(s, links, values, passes, dy).parameters.items():
            if how.l2 and name.startswith("W"):
                dW = dW + l2_gradient(s, values[name], how.l2, "full")
            values[name] = gradient_descent(values[name], dW, how.learning_rate)
    y = forward(s, links, values, x)[-1].y
    losses.append(s.sum_columns(squared_error(s, y, t, "half")))
    return values, losses


@dataclass
class Stage:
    """A trained stage: the autoencoder's parameters, the losses on the way, and the codes."""

    parameters: dict[str, Matrix]
    losses: list[Matrix]
    codes: Matrix


def greedy(
    s: System[Matrix],
    stages: Sequence[Autoencoder],
    parameters: Sequence[Mapping[str, Matrix]],
    x: Matrix,
    how: Descent,
) -> list[Stage]:
    """Train one autoencoder after the other, each on the codes of the one below.

    Args:
        parameters: what each autoencoder begins with.
    """
    h, trained = x, []
    for stage, initial in zip(stages, parameters, strict=True):
        final, losses = descend(s, stage.chain.links, initial, h, h, how)
        h = forward(s, (stage.encoder,), final, h)[-1].y
        trained.append(Stage(final, losses, h))
    return trained


def stacked(stages: Sequence[Autoencoder], trained: Sequence[Stage]) -> tuple[Chain, dict[str, Matrix]]:
    """The encoders as one chain, with their parameters under its names."""
    parameters = {
        f"{name}_{place}": done.parameters[f"{name}_1"]
        for place, (stage, done) in enumerate(zip(stages, trained, strict=True), start=1)
        for name in stage.encoder.parameter_shapes
    }
    return Chain(tuple(stage.encoder for stage in stages)), parameters
