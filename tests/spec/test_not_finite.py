"""Whether clipping reports a gradient that is not finite: by an exception, or by an answer like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnnspec.errors import Misbehaved, NotOffered
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.held import Held
from rnnspec.kit.subjects import Mathematics, Scattered
from rnnspec.protocol import FORMATS, Format

FLOAT32 = FORMATS["float32"]
BROKEN = {"W": np.array([[np.inf, 1.0]]), "b": np.ones(1)}


def clipping(answer: Callable[[Any], Any]) -> Held:
    """An implementation that clips any tensors to what `answer` makes of them."""

    class Clips(NumpyImplementation):
        def clip(self, kind: str, tensors: Any, threshold: float) -> Any:
            return answer(tensors)

    return Held(InProcess(Clips()), FLOAT32)


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
@pytest.mark.parametrize("entry", [np.inf, -np.inf, np.nan])
def test_numpy_reports_it(fmt: Format, entry: float) -> None:
    held = Held(InProcess(NumpyImplementation()), fmt)
    assert held.clip_reports("norm", {"W": np.array([[1.0, entry]]), "b": np.ones(1)}, 1.0) == 1
    assert held.answers == 1


def test_by_value_an_infinity_becomes_the_threshold() -> None:
    assert Held(InProcess(NumpyImplementation()), FLOAT32).clip_reports("value", BROKEN, 1.0) == 0


def test_an_exception_is_a_report() -> None:
    def refuses(tensors: Any) -> Any:
        raise RuntimeError("the norm is not finite")

    held = clipping(refuses)
    assert held.clip_reports("norm", BROKEN, 1.0) == 1
    assert held.answers == 1


def test_one_entry_in_any_tensor_is_enough() -> None:
    def moved(tensors: Any) -> Any:
        return {"W": np.zeros_like(tensors["W"]), "b": np.full_like(tensors["b"], -np.inf)}

    assert clipping(moved).clip_reports("norm", BROKEN, 1.0) == 1


def test_zeros_are_no_report() -> None:
    hushed = clipping(lambda tensors: {name: np.zeros_like(g) for name, g in tensors.items()})
    assert hushed.clip_reports("norm", BROKEN, 1.0) == 0


def test_nor_is_rubbish() -> None:
    with pytest.raises(Misbehaved, match="expected arrays named"):
        clipping(lambda tensors: {"W": tensors["W"]}).clip_reports("norm", BROKEN, 1.0)


def test_the_reference_meets_none() -> None:
    for subject in (Mathematics(FLOAT32), Scattered(FLOAT32, 8, seed=0)):
        with pytest.raises(NotOffered):
            subject.clip_reports("norm", BROKEN, 1.0)
