"""Everything that an evaluator computes can be had with proven digits, and agrees with mpmath."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference.checks_derivatives import assert_overlap
from reference.draws import example
from reference.exact import PROVEN, assert_enclosed, flat
from rnnref import (
    BadInput,
    Balls,
    Evaluator,
    Floats,
    Layer,
    Mpmath,
    NotCertified,
    Reference,
    certified_bits,
    format_named,
)
from rnnref.certify import tensors
from rnnref.feedforward import Autoencoder, BatchNorm, Chain, Dense, Descent, Residual

RANDOM = np.random.default_rng(21)
LSTM = example(RANDOM, Layer("lstm", 2, 3), steps=3, batch=2, scale=0.7)
NET, COTANGENT = LSTM.network, LSTM.cotangent
X, Y = RANDOM.normal(size=(2, 4, 3))
DEEP = Chain((Dense(3, 3, "tanh"), BatchNorm(3, epsilon=0.125), Residual((Dense(3, 3, "sigmoid"),))))
THETA = {name: RANDOM.normal(size=shape) for name, shape in DEEP.parameter_shapes.items()}
CODER = Autoencoder(Dense(3, 2, "tanh"), Dense(2, 3))
CODES = {name: RANDOM.normal(size=shape) for name, shape in CODER.chain.parameter_shapes.items()}
O_0 = RANDOM.uniform(0.1, 0.9, (2, 3))
HOW = Descent(0.125, 2, l2=0.0625)
NAMED = {"W": X, "b": Y[0]}

# One call of every method, by its name.
CALLS: dict[str, Callable[[Evaluator], Any]] = {
    "activation": lambda e: e.activation("elu", X, 1.5),
    "slope": lambda e: e.slope("sigmoid", X),
    "sharp_slope": lambda e: e.sharp_slope("tanh", X),
    "curvature": lambda e: e.curvature("g_1997", X),
    "softmax": lambda e: e.softmax(X),
    "softmax_vjp": lambda e: e.softmax_vjp(X, Y),
    "cross_entropy": lambda e: e.cross_entropy(X, np.abs(Y)),
    "cross_entropy_gradient": lambda e: e.cross_entropy_gradient(X, np.abs(Y)),
    "squared_error": lambda e: e.squared_error(X, Y, "mean"),
    "squared_error_gradient": lambda e: e.squared_error_gradient(X, Y, "half"),
    "l2_penalty": lambda e: e.l2_penalty(X, 0.3, "half"),
    "l2_gradient": lambda e: e.l2_gradient(X, 0.3, "full"),
    "clip_by_norm": lambda e: e.clip_by_norm(NAMED, 1.0),
    "clip_by_value": lambda e: e.clip_by_value(NAMED, 0.5),
    "rescale": lambda e: e.rescale(NAMED, 1.0),
    "run": lambda e: e.run(NET),
    "gates": lambda e: e.gates(NET),
    "vjp": lambda e: e.vjp(NET, COTANGENT, detached={"h"}, cut={1}),
    "vjp_by_step": lambda e: e.vjp_by_step(NET, COTANGENT),
    "jacobians": lambda e: e.jacobians(NET),
    "jacobian_formulas": lambda e: e.jacobian_formulas(NET),
    "jacobian": lambda e: e.jacobian(NET, 3, 1),
    "cell_terms": lambda e: e.cell_terms(NET, O_0),
    "cell_jacobian": lambda e: e.cell_jacobian(NET, O_0),
    "paths": lambda e: e.paths(NET.at(0, NET.state), O_0),
    "path_groups": lambda e: e.path_groups(NET, O_0),
    "gradient_terms": lambda e: e.gradient_terms(NET, COTANGENT, "total"),
    "chain": lambda e: e.chain(DEEP, THETA, X),
    "chain_vjp": lambda e: e.chain_vjp(DEEP, THETA, X, Y),
    "chain_jacobian": lambda e: e.chain_jacobian(DEEP, THETA, X, member=1),
    "batch_norm_statistics": lambda e: e.batch_norm_statistics(DEEP, THETA, X),
    "train": lambda e: e.train(DEEP, THETA, X, Y, HOW),
    "pretrain": lambda e: e.pretrain((CODER,), [CODES], X, HOW),
}


def test_there_is_a_call_of_every_method() -> None:
    methods = {name for name, _ in inspect.getmembers(Evaluator, inspect.isfunction) if name[0] != "_"}
    assert set(CALLS) == methods


@pytest.mark.parametrize("name", CALLS)
def test_every_method_can_be_certified(name: str) -> None:
    compute = CALLS[name]
    balls = list(tensors(Reference(PROVEN).certified(compute)))
    assert balls
    assert all(certified_bits(value) >= PROVEN for value in balls)
    rough, fine = (list(tensors(compute(Evaluator(Mpmath(bits))))) for bits in (400, 800))
    for value, low, high in zip(balls, rough, fine, strict=True):
        assert value.shape == high.shape
        assert_enclosed(name, value, flat(low), flat(high))


def test_its_own_methods_pass_on_what_they_are_given() -> None:
    own = Reference(PROVEN)
    for got, compute in (
        (own.activation("elu", X, 1.5), CALLS["activation"]),
        (own.slope("leaky_relu", X, 0.25), lambda e: e.sharp_slope("leaky_relu", X, 0.25)),
        (own.run(NET), CALLS["run"]),
        (own.gates(NET), CALLS["gates"]),
        (own.vjp(NET, COTANGENT), lambda e: e.vjp(NET, COTANGENT)),
        (own.vjp(NET, COTANGENT, {"h"}), lambda e: e.vjp(NET, COTANGENT, {"h"})),
        (own.vjp(NET, COTANGENT, cut={1}), lambda e: e.vjp(NET, COTANGENT, cut={1})),
    ):
        for value, other in zip(tensors(got), tensors(own.certified(compute)), strict=True):
            assert_overlap("of its own and certified", value, other)


@pytest.mark.parametrize("x", [1.0, 50.0, 400.0, 800.0])
def test_a_value_is_told_from_the_limit_that_it_approaches(x: float) -> None:
    # 1 - tanh 50 is 2^-143, 1 - tanh 800 is 2^-2307.
    (high, low), _ = Reference(PROVEN).activation("tanh", np.array([[x, -x], [0.0, 0.5]]))
    assert -1 < low < high < 1
    low, high = Reference(PROVEN).activation("sigmoid", np.array([-x, x]))
    assert 0 < low < high < 1
    assert Reference(PROVEN).activation("tanh", np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("bits", [0, -1, 1.0, True, "128", None, 1 << 15])
def test_bits_are_a_whole_number(bits: Any) -> None:
    with pytest.raises(BadInput, match=r"^bits: got .*, expected a whole number from 1 to 8192$"):
        Reference(bits)


@pytest.mark.parametrize("kind", ["sigmoid", "tanh", "relu", "identity"])
def test_of_not_a_number_nothing_is_certified(kind: str) -> None:
    with pytest.raises(NotCertified, match="proved 0"):
        Reference().activation(kind, np.array([0.5, np.nan]))


def test_what_is_no_tensor_is_not_passed_over() -> None:
    with pytest.raises(TypeError, match="float is no tensor"):
        Reference().certified(lambda e: [e.softmax(X), 0.5])


def test_an_evaluator_in_balls_is_what_is_certified() -> None:
    seen = []
    Reference().certified(lambda e: [seen.append(type(e.system)), e.softmax(X)][1])  # type: ignore[func-returns-value]
    assert seen[-1] is Balls


def test_spare_bits_are_what_a_result_may_lose_as_an_argument() -> None:
    nearest = Evaluator(Floats(format_named("float64"))).softmax(X)

    def rounding_errors(reference: Reference) -> Any:
        """Of these some fifty bits less are proven than of what is subtracted."""
        p = reference.certified(lambda e: e.softmax(X))
        return reference.certified(lambda e: e.squared_error_gradient(p, nearest, "half"))

    with pytest.raises(NotCertified):
        rounding_errors(Reference())
    assert certified_bits(rounding_errors(Reference(spare=64))) >= 128


@pytest.mark.parametrize("spare", [-1, 0.5, 1 << 14])
def test_spare_bits_are_a_whole_number(spare: Any) -> None:
    with pytest.raises(BadInput, match="spare"):
        Reference(spare=spare)
