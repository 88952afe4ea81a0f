"""Whether an implementation's answer to a call is the reference's, within what noise allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from rnnref import working_precision
from rnnspec.kit.endpoint import Endpoint
from rnnspec.kit.held import Held
from rnnspec.kit.judge import FACTOR
from rnnspec.kit.numbers import LAW_PRECISION, from_replicates
from rnnspec.kit.subjects import Mathematics, Scattered
from rnnspec.protocol import Format
from rnnspec.subject import Subject

Call = Callable[[Subject], Any]

REPLICATES = 16


def arrays(answer: Any, where: str = "") -> dict[str, Any]:
    """The arrays in an answer, by where they are."""
    if isinstance(answer, np.ndarray):
        return {where: answer}
    if is_dataclass(answer):
        answer = {field.name: getattr(answer, field.name) for field in fields(answer)}
    return {k: v for name, part in answer.items() for k, v in arrays(part, f"{where}.{name}").items()}


def assert_agrees(endpoint: Endpoint, call: Call, fmt: Format, true: Call | None = None) -> None:
    """Every number of the answer is right, up to rounding.

    Args:
        endpoint: the implementation.
        call: what is asked.
        fmt: the format in which it is asked.
        true: what the reference is asked instead.
    """
    with working_precision(LAW_PRECISION):
        got, expected = arrays(call(Held(endpoint, fmt))), arrays((true or call)(Mathematics(fmt)))
    noise = Scattered(fmt, REPLICATES, seed=0)
    scattered = arrays(call(noise))
    assert set(got) == set(expected) == set(scattered)
    for where, value in got.items():
        assert value.shape == expected[where].shape == scattered[where].shape
        spread = from_replicates(scattered[where], REPLICATES).std(axis=0) * noise.noise.scale
        size = np.abs(value.astype(float))
        allowed = FACTOR * (spread + fmt.unit_roundoff * size + fmt.smallest_normal)
        error = np.abs(np.asarray(value - expected[where], dtype=float))
        assert np.all(error <= allowed), f"{where}: observed/allowed {np.max(error / allowed)}"
