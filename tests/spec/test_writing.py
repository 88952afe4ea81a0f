"""A drawn input that is written as Python is the same input when it is typed in again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_args

import numpy as np
import pytest

import rnnspec
from rnnspec.drawn import Drawn
from rnnspec.protocol import FORMATS, BatchNorm, Chain, Dense, Format, Layer, Residual, Stack
from rnnspec.strategies import LayerSizes, Orbit, Preactivations, networks, orbits
from rnnspec.strategies.layers import Sizes
from rnnspec.strategies.writing import as_python, names_used
from spec.exploring import collect

SOURCES: list[Drawn[Any]] = [
    get_args(Preactivations)[1],
    get_args(LayerSizes)[1],
    networks("lstm", steps=(0, 3)),
    networks("gru", biases="none", hidden=(5, 9)),
    networks("rnn", activation="relu"),
    orbits(),
]


def typed_in(text: str, names: set[str]) -> Any:
    """The value of an expression, where only NumPy and these classes of rnnspec are known."""
    known: dict[str, Any] = {"np": np, **{name: getattr(rnnspec, name) for name in names}}
    exec(f"value = {text}", known)  # noqa: S102  # it is what a reader does with it
    return known["value"]


def same(one: Any, other: Any) -> bool:
    """To the last bit, signs of zeros included."""
    if isinstance(one, np.ndarray):
        return bool(
            one.shape == other.shape
            and one.astype(np.float64).tobytes() == other.astype(np.float64).tobytes()
        )
    if isinstance(one, Mapping):
        return set(one) == set(other) and all(same(one[key], other[key]) for key in one)
    if is_dataclass(one):
        return type(one) is type(other) and all(
            same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one)
        )
    return bool(one == other)


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_what_is_drawn_comes_back(source: Drawn[Any], fmt: Format, run_seed: int) -> None:
    drawn, _ = collect(source, fmt, 15, run_seed)
    for value in drawn:
        assert same(value, typed_in(as_python(value), names_used(value)))


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.zeros(2), "np.zeros(2)"),
        (np.zeros((2, 1)), "np.zeros((2, 1))"),
        (np.zeros((0, 3)), "np.zeros((0, 3))"),
        (np.array([-0.0]), "np.array([-0.0])"),
        (np.array([0.0, -0.0]), "np.array([0.0, -0.0])"),
        (np.array([[0.1, 5e-324]]), "np.array([[0.1, 5e-324]])"),
        (np.array(1.5), "np.array(1.5)"),
    ],
)
def test_arrays(array: Any, text: str) -> None:
    assert as_python(array) == text
    assert same(array, typed_in(text, set()))


def test_what_has_its_default_is_left_out() -> None:
    layer = Layer("lstm", 2, 1, forget_gate=False)
    assert as_python(layer) == "Layer(kind='lstm', inputs=2, hidden=1, forget_gate=False)"
    assert typed_in(as_python(layer), {"Layer"}) == layer


@dataclass(frozen=True)
class Flag:
    on: int = 1


@pytest.mark.parametrize(("on", "text"), [(1, "Flag()"), (True, "Flag(on=True)"), (1.0, "Flag(on=1.0)")])
def test_what_only_equals_its_default_is_not(on: Any, text: str) -> None:
    assert as_python(Flag(on)) == text


def test_mappings_and_the_classes_in_them() -> None:
    value = {"a": Sizes(1, 2, "two"), "b": {"c": Orbit(np.eye(1), np.ones(1), 2)}}
    assert names_used(value) == {"Sizes", "Orbit"}
    assert same(value, typed_in(as_python(value), names_used(value)))
    assert names_used({"n": 1}) == set()


@pytest.mark.parametrize(
    "value",
    [
        Stack(Layer("gru", 2, 3), depth=2, bidirectional=True),
        Chain(
            (Dense(2, 3, "elu", 0.1), Residual((BatchNorm(3, 1e-5, "inference"), Dense(3, 3, bias=False))))
        ),
        Chain((Dense(2, 3),)),
        (),
    ],
    ids=as_python,
)
def test_architectures(value: Any) -> None:
    assert typed_in(as_python(value), names_used(value)) == value


def test_every_class_in_a_chain_is_imported() -> None:
    chain = Chain((Residual((Dense(2, 2), BatchNorm(2))),))
    assert names_used({"chain": chain}) == {"Chain", "Residual", "Dense", "BatchNorm"}
