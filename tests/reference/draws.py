"""What the tests of the reference draw: layers with all their options, and networks.

Sizes and options are drawn one by one, so that a failure shrinks to the smallest layer
that shows it; the numbers come from a drawn seed and scale, so that no two entries are
alike (a test whose weights are all equal cannot tell one gate from another).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from reference.checks import Example
from rnnref import Cotangent, Layer, Network, Stack
from rnnref.activations import PARAMETRIC
from rnnref.stack import Recurrent

KINDS = ("rnn", "jordan", "lstm", "gru")

# Activations that need no parameter and keep within bounds, or nearly.
SQUASHING = ("sigmoid", "tanh", "h_1997", "g_1997")

SEEDS = st.integers(0, 2**32 - 1)
SCALES = st.floats(0.1, 3.0)  # of the weights: from nearly linear to saturated


ORDINARILY = 50  # what the ordinary profile draws a test: see the conftest


def drawing(examples: int) -> settings:
    """Settings of a test that ordinarily draws so many examples.

    They grow in proportion where the profile in force draws more: costs differ too much
    between these tests for one number to suit all.
    """
    return settings(deadline=None, max_examples=max(1, examples * settings().max_examples // ORDINARILY))


def layer_options(kind: str) -> dict[str, tuple[Any, ...]]:
    """The options that make a difference to a layer of this kind, and their values."""
    own: dict[str, dict[str, tuple[Any, ...]]] = {
        "rnn": {},
        "jordan": {"output_activation": (*SQUASHING, "identity", "relu"), "outputs": (1, 2, 3)},
        "lstm": {
            "gates": ("all", "all", "no forget gate", "coupled"),
            "peepholes": ("none", "none", "gers", "previous", "layers", "wikipedia"),
            "cell_clip": (None, None, 0.25, 1.0),
            "gate_activation": ("sigmoid", "sigmoid", *SQUASHING),
            "output_activation": ("tanh", *SQUASHING, "identity", "relu"),
        },
        "gru": {
            "reset": ("before", "after"),
            "update": ("keeps", "replaces"),
            "gate_activation": ("sigmoid", "sigmoid", *SQUASHING),
        },
    }
    return {
        "biases": ("none", "one", "two"),
        "activation": ("tanh", "relu", "sigmoid", "identity", "g_1997", "h_1997", "leaky_relu", "elu"),
        **own[kind],
    }


@st.composite
def layers(
    draw: st.DrawFn, kind: str | None = None, largest: int = 3, smallest: int = 1, smooth: bool = False
) -> Layer:
    """A layer of `smallest` to `largest` inputs and hidden units; without kinks if it is to be smooth."""
    kind = kind or draw(st.sampled_from(KINDS))
    options = layer_options(kind)
    if smooth:
        options |= {"activation": SQUASHING} | {k: SQUASHING for k in options if k == "output_activation"}
        options.pop("cell_clip", None)
    chosen = {name: draw(st.sampled_from(values)) for name, values in options.items()}
    if chosen["activation"] in PARAMETRIC:
        chosen["alpha"] = draw(st.sampled_from((0.125, 1.0, 1.5)))
    gates = chosen.pop("gates", "all")
    if gates != "all":
        chosen |= {"forget_gate": False} if gates == "no forget gate" else {"coupled": True}
    sizes = st.integers(smallest, largest)
    return Layer(kind, draw(sizes), draw(sizes), **chosen)  # type: ignore[arg-type]


@st.composite
def examples(
    draw: st.DrawFn,
    kind: str | None = None,
    largest: int = 3,
    steps: int = 3,
    batch: int = 2,
    scales: st.SearchStrategy[float] = SCALES,
    stacked: bool = False,
    ragged: bool = False,
) -> Example:
    """A network of a drawn layer, of 0 to `steps` steps, with a cotangent that fits it.

    Args:
        stacked: a stack of one to three levels, in one direction or both.
        ragged: perhaps sequences of different lengths.
    """
    layer = draw(layers(kind, largest))
    recurrent: Recurrent = layer
    if stacked:
        recurrent = Stack(layer, depth=draw(st.integers(1, 3)), bidirectional=draw(st.booleans()))
    steps, batch = draw(st.integers(0, steps)), draw(st.integers(1, batch))
    lengths = draw(st.none() | st.tuples(*[st.integers(0, steps)] * batch)) if ragged else None
    random = np.random.default_rng(draw(SEEDS))
    return example(random, recurrent, steps, batch, scale=draw(scales), lengths=lengths)


def example(
    random: np.random.Generator,
    layer: Recurrent,
    steps: int,
    batch: int,
    scale: float,
    lengths: tuple[int, ...] | None = None,
) -> Example:
    """A network whose numbers are normal: the weights of size `scale`, all else of size 1."""
    states = {name: (batch, size) for name, size in layer.state_sizes.items()}
    network = Network(
        layer,
        {name: random.normal(0, scale, shape) for name, shape in layer.parameter_shapes.items()},
        random.normal(size=(steps, batch, layer.inputs)),
        {name: random.normal(size=shape) for name, shape in states.items()},
        lengths,
    )
    return Example(
        network,
        Cotangent(
            random.normal(size=(steps, batch, layer.width)),
            {name: random.normal(size=shape) for name, shape in states.items()},
        ),
    )


def panel() -> list[Example]:
    """One network for every combination of options that acts on a formula, always the same.

    For those tests that must see every formula at work rather than look for a surprise. The
    seed is arbitrary; sizes differ from one another, so that a transposition cannot fit.
    """
    random = np.random.default_rng(2000)
    variants: list[dict[str, Any]] = [
        {"kind": "rnn", "activation": "tanh", "biases": "two"},
        {"kind": "rnn", "activation": "relu", "biases": "one"},
        {"kind": "rnn", "activation": "sigmoid", "biases": "none"},
        {"kind": "lstm", "forget_gate": True, "biases": "two"},
        {"kind": "lstm", "forget_gate": False, "activation": "leaky_relu", "alpha": 0.25},
        *(
            {"kind": "gru", "reset": reset, "update": update, "biases": "two"}
            for reset in ("before", "after")
            for update in ("keeps", "replaces")
        ),
        {"kind": "rnn", "activation": "leaky_relu", "alpha": 0.25},
        {"kind": "rnn", "activation": "elu", "alpha": 1.5},
        {
            "kind": "jordan",
            "outputs": 4,
            "activation": "elu",
            "alpha": 0.5,
            "output_activation": "h_1997",
            "biases": "two",
        },
        *(
            {"kind": "lstm", "peepholes": peepholes, "coupled": peepholes in ("none", "previous")}
            for peepholes in ("none", "gers", "previous", "layers", "wikipedia")
        ),
        {"kind": "lstm", "peepholes": "gers", "cell_clip": 0.5, "forget_gate": False},
        {"kind": "lstm", "activation": "g_1997", "output_activation": "h_1997"},
        {"kind": "gru", "activation": "elu", "alpha": 1.5, "gate_activation": "h_1997"},
    ]
    layers = [Layer(**options, inputs=2, hidden=3) for options in variants]
    lstm, gru = Layer("lstm", 2, 2), Layer("gru", 2, 2)
    return [
        *(example(random, layer, steps=3, batch=2, scale=0.7) for layer in layers),
        example(random, Stack(lstm, depth=2, bidirectional=True), steps=3, batch=2, scale=0.7),
        example(random, Stack(gru, bidirectional=True), steps=3, batch=3, scale=0.7, lengths=(3, 1, 0)),
    ]
