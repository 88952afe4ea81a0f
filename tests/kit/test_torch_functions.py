"""PyTorch's activations, softmax, losses and clipping against the reference, within the noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnref import Reference
from rnnspec.errors import NotOffered
from rnnspec.kit.held import Held
from rnnspec.kit.worker import Worker
from rnnspec.protocol import FORMATS, LOSSES, PARAMETRIC, Format
from rnnspec.subject import Subject
from spec.agreement import assert_agrees

pytestmark = pytest.mark.framework

FLOAT64 = FORMATS["float64"]
EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
SEEDS = st.integers(0, 2**32)
OFFERED = ("identity", "sigmoid", "tanh", "relu", *PARAMETRIC)


@pytest.fixture(scope="module")
def torch() -> Iterator[Worker]:
    with Worker("torch") as worker:
        yield worker


def normal(seed: int, fmt: Format, *shape: int, scale: float = 2.0) -> Any:
    return fmt.round(np.random.default_rng([seed, *shape]).normal(0, scale, shape))


@EVERY_FORMAT
@pytest.mark.parametrize("kind", OFFERED)
@settings(max_examples=5)
@given(seed=SEEDS, alpha=st.floats(0.125, 4))
def test_activations(torch: Worker, kind: str, fmt: Format, seed: int, alpha: float) -> None:
    x, parameter = normal(seed, fmt, 5, 8, scale=4), alpha if kind in PARAMETRIC else None
    assert_agrees(torch, lambda s: s.activation(kind, x, parameter), fmt)
    assert_agrees(torch, lambda s: s.slope(kind, x, parameter), fmt)


@pytest.mark.parametrize("kind", PARAMETRIC)
@pytest.mark.parametrize("alpha", [0.0, -0.5, 2.0])
def test_alphas_of_any_sign(torch: Worker, kind: str, alpha: float) -> None:
    x = normal(0, FLOAT64, 40)
    assert_agrees(torch, lambda s: s.activation(kind, x, alpha), FLOAT64)
    assert_agrees(torch, lambda s: s.slope(kind, x, alpha), FLOAT64)


@EVERY_FORMAT
@settings(max_examples=20)
@given(seed=SEEDS, rows=st.integers(1, 4), n=st.integers(1, 9))
def test_softmax(torch: Worker, fmt: Format, seed: int, rows: int, n: int) -> None:
    x, dy = normal(seed, fmt, rows, n, scale=8), normal(seed + 1, fmt, rows, n)
    assert_agrees(torch, lambda s: s.softmax(x), fmt)
    assert_agrees(torch, lambda s: s.softmax_vjp(x, dy), fmt)


@EVERY_FORMAT
@pytest.mark.parametrize("kind", LOSSES)
@settings(max_examples=10)
@given(seed=SEEDS, rows=st.integers(1, 4), n=st.integers(1, 9))
def test_losses(torch: Worker, kind: str, fmt: Format, seed: int, rows: int, n: int) -> None:
    y, t = normal(seed, fmt, rows, n), np.abs(normal(seed + 1, fmt, rows, n))
    assert_agrees(torch, lambda s: s.loss(kind, y, t), fmt)
    assert_agrees(torch, lambda s: s.loss_gradient(kind, y, t), fmt)


@EVERY_FORMAT
@settings(max_examples=10)
@given(seed=SEEDS, threshold=st.sampled_from([0.25, 1.0, 4.0, 1024.0]))
def test_clipping(torch: Worker, fmt: Format, seed: int, threshold: float) -> None:
    """By norm PyTorch adds 1e-6 to the norm, which in float64 is more than rounding."""
    tensors = {"W": normal(seed, fmt, 3, 2), "b": normal(seed, fmt, 3), "s": normal(seed, fmt)}
    with_epsilon = Reference().certified(lambda e: e.clip_by_norm(tensors, threshold, 1e-6))
    assert_agrees(torch, lambda s: s.clip("value", tensors, threshold), fmt)

    def by_norm(subject: Subject) -> Any:
        return subject.clip("norm", tensors, threshold)

    assert_agrees(torch, by_norm, fmt, true=lambda _: with_epsilon)
    if fmt == FLOAT64 and threshold <= 1:
        with pytest.raises(AssertionError, match="observed/allowed"):
            assert_agrees(torch, by_norm, fmt)


@EVERY_FORMAT
@pytest.mark.parametrize(("kind", "entry"), [("norm", np.inf), ("norm", np.nan), ("value", np.nan)])
def test_clipping_what_is_not_finite(torch: Worker, kind: str, entry: float, fmt: Format) -> None:
    """It comes back as not-a-number, through the wire."""
    assert Held(torch, fmt).clip_reports(kind, {"W": np.array([[entry, 1.0]]), "b": np.ones(1)}, 1.0) == 1


@pytest.mark.parametrize("kind", ["g_1997", "h_1997"])
def test_the_functions_of_1997_are_not_offered(torch: Worker, kind: str) -> None:
    held = Held(torch, FLOAT64)
    for method in (held.activation, held.slope):
        with pytest.raises(NotOffered):
            method(kind, np.zeros(1))


def test_unknown_kinds_are_not_offered(torch: Worker) -> None:
    held, x = Held(torch, FLOAT64), np.ones((1, 1))
    for ask in (
        lambda: held.loss("hinge", x, x),
        lambda: held.loss_gradient("hinge", x, x),
        lambda: held.clip("rank", {"x": x}, 1.0),
    ):
        with pytest.raises(NotOffered):
            ask()
