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
from rnnref import Cotangent, Layer, Network

KINDS = ("rnn", "lstm", "gru")

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
        "rnn": {"activation": ("tanh", "relu", "sigmoid")},
        "lstm": {"forget_gate": (True, False)},
        "gru": {"reset": ("before", "after"), "update": ("keeps", "replaces")},
    }
    return {"biases": ("none", "one", "two"), **own[kind]}


@st.composite
def layers(draw: st.DrawFn, kind: str | None = None, largest: int = 3, smallest: int = 1) -> Layer:
    """A layer of `smallest` to `largest` inputs and hidden units."""
    kind = kind or draw(st.sampled_from(KINDS))
    chosen = {name: draw(st.sampled_from(values)) for name, values in layer_options(kind).items()}
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
) -> Example:
    """A network of a drawn layer, of 0 to `steps` steps, with a cotangent that fits it."""
    layer = draw(layers(kind, largest))
    return example(
        np.random.default_rng(draw(SEEDS)),
        layer,
        steps=draw(st.integers(0, steps)),
        batch=draw(st.integers(1, batch)),
        scale=draw(scales),
    )


def example(random: np.random.Generator, layer: Layer, steps: int, batch: int, scale: float) -> Example:
    """A network whose numbers are normal: the weights of size `scale`, all else of size 1."""
    states = {name: (batch, layer.hidden) for name in layer.states}
    network = Network(
        layer,
        {name: random.normal(0, scale, shape) for name, shape in layer.parameter_shapes.items()},
        random.normal(size=(steps, batch, layer.inputs)),
        {name: random.normal(size=shape) for name, shape in states.items()},
    )
    return Example(
        network,
        Cotangent(
            random.normal(size=(steps, batch, layer.hidden)),
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
        {"kind": "lstm", "forget_gate": False, "biases": "one"},
        *(
            {"kind": "gru", "reset": reset, "update": update, "biases": "two"}
            for reset in ("before", "after")
            for update in ("keeps", "replaces")
        ),
    ]
    return [
        example(random, Layer(**options, inputs=2, hidden=3), steps=3, batch=2, scale=0.7)
        for options in variants
    ]
