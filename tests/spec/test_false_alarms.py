"""Correct code is not accused: where the tolerance once collapsed, and over many seeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mutants.matrix import laws
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess
from rnnspec.kit.explore import implementation_judge
from rnnspec.kit.held import Held
from rnnspec.kit.judge import Outcome
from rnnspec.kit.results import Status
from rnnspec.kit.runner import MATHEMATICS, Task, run_task
from rnnspec.protocol import Layer, Network, format_named
from rnnspec.strategies.settings import profile_named


def zeros(layer: Layer, steps: int) -> Network:
    parameters = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    state = {name: np.zeros((1, layer.hidden)) for name in layer.states}
    return Network(layer, parameters, np.zeros((steps, 1, layer.inputs)), state)


def saturated_cell() -> Network:
    """1 - tanh(28)^2 is 1e-24, and 0 to whoever forms it from tanh(28) = 1."""
    net = zeros(Layer("lstm", 1, 3), steps=2)
    U_g = np.zeros((3, 3))
    U_g[2, 0] = 1.0
    net.state["c"][0, 0] = 28.0
    return net.with_parameters(U_g=U_g)


def forgetful() -> Network:
    """24 forget gates of 1e-11, each rounded alike: the squares of the product's scatter underflow."""
    return zeros(Layer("lstm", 1, 1), steps=24).with_parameters(b_f=-24.953125)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("law", "network"),
    [("LGR-03/sum_of_four_terms", saturated_cell()), ("LGR-05/product_of_forget_gates", forgetful())],
    ids=["saturated cell", "forgetful"],
)
def test_correct_code_is_not_accused(law: str, network: Network, dtype: str) -> None:
    _, check = Task(law, MATHEMATICS, "standard", 0).find()
    held = Held(InProcess(NumpyImplementation()), format_named(dtype))
    judgement = implementation_judge(check, held, profile_named("standard"))({"net": network})
    assert judgement.outcome is Outcome.TRUE
    assert judgement.decided


TIMES = 20


@pytest.mark.thorough
@pytest.mark.parametrize("dtype", NumpyImplementation.formats)
@pytest.mark.parametrize("law", [law.id for law in laws()])
def test_correct_code_is_never_accused(
    law: str, dtype: str, run_seed: int, record_property: Callable[[str, object], None]
) -> None:
    endpoint = InProcess(NumpyImplementation())
    worst = 0.0
    for seed in range(run_seed * TIMES, (run_seed + 1) * TIMES):
        result = run_task(Task(law, dtype, "standard", seed), endpoint)
        assert result.status is not Status.FAILED, f"seed {seed}: {result.detail} {result.failure}"
        worst = max(worst, result.worst)
    record_property("worst", worst)
