"""The same formulas by two engines that share no code: flint's balls and mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.checks import Example, check_mpmath, check_mpmath_entrywise
from reference.draws import drawing, examples
from rnnref import Evaluator, Mpmath

# e^-2|x| is still a number whose digits can be compared one by one.
ARGUMENTS = st.floats(-300, 300)


@drawing(40)
@given(drawn=examples(largest=4, steps=4))
def test_run_gates_and_gradients(drawn: Example) -> None:
    check_mpmath(drawn)


@pytest.mark.parametrize("kind", ["tanh", "sigmoid", "relu"])
@drawing(30)
@given(x=st.lists(ARGUMENTS, min_size=1, max_size=4))
def test_activations_and_slopes(kind: str, x: list[float]) -> None:
    check_mpmath_entrywise(kind, np.array(x))


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 1, 3)])
def test_activations_keep_any_shape(shape: tuple[int, ...]) -> None:
    for method in ("activation", "slope", "sharp_slope"):
        assert getattr(Evaluator(Mpmath(64)), method)("tanh", np.ones(shape)).shape == shape


def test_mpmaths_own_precision_is_left_alone() -> None:
    before = mpmath.mp.prec
    system = Mpmath(before + 100)
    with system.working_at(before + 200):
        Evaluator(system).activation("tanh", np.ones(3))
        assert mpmath.mp.prec == before
    assert system.context.prec == before + 100
    assert mpmath.mp.prec == before


def test_mpmath_takes_its_own_results_with_all_their_digits() -> None:
    evaluator, x = Evaluator(Mpmath(200)), np.array([[0.3]])
    y = evaluator.activation("tanh", x)  # which no float64 is
    assert evaluator.activation("identity", y).item() == y.item()
    assert evaluator.squared_error(y, y, "sum").item() == 0
    assert evaluator.squared_error(y, y.astype(float), "sum").item() != 0
