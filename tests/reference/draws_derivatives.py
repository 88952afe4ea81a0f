"""Networks for the tests of derived formulas: small ones, since every entry is differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from reference.derived import Derived
from reference.draws import SCALES, SEEDS, example, layers
from rnnref import Layer


def derived(random: np.random.Generator, layer: Layer, steps: int, batch: int, scale: float) -> Derived:
    """A network whose numbers are normal, with an o_0 between 0 and 1."""
    return Derived(example(random, layer, steps, batch, scale), random.uniform(size=(batch, layer.hidden)))


@st.composite
def drawn(draw: st.DrawFn, kind: str | None = None, largest: int = 2, steps: int = 3) -> Derived:
    """A network of a drawn layer with whatever options."""
    return draw(_of(draw(layers(kind, largest)), steps))


@st.composite
def plain_lstms(draw: st.DrawFn, forget_gate: bool = True, largest: int = 2, steps: int = 3) -> Derived:
    """A network of an LSTM without peepholes, coupled gates or clipping."""
    options: dict[str, Any] = {
        "forget_gate": forget_gate,
        "biases": draw(st.sampled_from(("none", "one", "two"))),
        "activation": draw(st.sampled_from(("tanh", "g_1997", "relu"))),
        "output_activation": draw(st.sampled_from(("tanh", "h_1997", "sigmoid"))),
    }
    layer = Layer("lstm", draw(st.integers(1, largest)), draw(st.integers(1, largest)), **options)
    return draw(_of(layer, steps))


@st.composite
def _of(draw: st.DrawFn, layer: Layer, steps: int) -> Derived:
    random = np.random.default_rng(draw(SEEDS))
    return derived(random, layer, draw(st.integers(0, steps)), draw(st.integers(1, 2)), draw(SCALES))


def panel() -> list[Derived]:
    """One network for every combination of options that acts on a formula, always the same.

    The seed is arbitrary. Sizes differ from one another, but for n, since U is square.
    """
    random = np.random.default_rng(1986)
    variants: list[dict[str, Any]] = [
        {"kind": "rnn", "biases": "two"},
        {"kind": "rnn", "activation": "elu", "alpha": 1.5},
        {"kind": "jordan", "outputs": 3, "activation": "elu", "alpha": 0.5, "output_activation": "h_1997"},
        {"kind": "lstm", "biases": "two"},
        {"kind": "lstm", "forget_gate": False, "output_activation": "h_1997", "biases": "none"},
        *({"kind": "lstm", "peepholes": p} for p in ("gers", "previous", "layers", "wikipedia")),
        *({"kind": "lstm", "peepholes": p, "coupled": True} for p in ("none", "previous")),
        {"kind": "lstm", "cell_clip": 0.5, "activation": "leaky_relu", "alpha": 0.25},
        {"kind": "gru", "activation": "elu", "alpha": 0.5},
        *(
            {"kind": "gru", "reset": reset, "update": update, "biases": "two"}
            for reset in ("before", "after")
            for update in ("keeps", "replaces")
        ),
    ]
    layers = [Layer(**options, inputs=1, hidden=2) for options in variants]
    return [derived(random, layer, steps=3, batch=1 + k % 2, scale=0.9) for k, layer in enumerate(layers)]
