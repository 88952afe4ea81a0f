"""Whatever is asked of an implementation in another process is answered as in this one, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.held import Held
from rnnspec.kit.numbers import to_floats
from rnnspec.kit.worker import Worker
from rnnspec.protocol import FORMATS, Architecture, Format
from spec.agreement import Call, arrays
from spec.test_answers import CALLS, CHAIN, STACK

EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker("numpy") as worker:
        yield worker


@EVERY_FORMAT
@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
def test_calls(worker: Worker, call: Call, fmt: Format) -> None:
    there, here = arrays(call(Held(worker, fmt))), arrays(call(Held(InProcess(NumpyImplementation()), fmt)))
    assert list(there) == list(here)
    for where, value in here.items():
        assert np.array_equal(to_floats(there[where]), to_floats(value))


@EVERY_FORMAT
@pytest.mark.parametrize("layer", [STACK, CHAIN], ids=["stack", "chain"])
def test_parameters(worker: Worker, layer: Architecture, fmt: Format) -> None:
    there, here = Held(worker, fmt), Held(InProcess(NumpyImplementation()), fmt)
    assert there.parameter_count(layer) == here.parameter_count(layer)
    initial, expected = there.initial_parameters(layer, 5), here.initial_parameters(layer, 5)
    assert list(initial) == list(expected)
    assert all(np.array_equal(to_floats(initial[k]), to_floats(v)) for k, v in expected.items())
