"""Feed-forward networks: against the textbook, between engines, in floats, and in closed form."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import assume, find, given, settings
from hypothesis import strategies as st

from reference.checks_feedforward import (
    ChainExample,
    TrainingExample,
    TuningExample,
    check_chain_engines,
    check_chain_floats,
    check_chain_forward,
    check_chain_gradients,
    check_chain_jacobian,
    check_running_statistics,
    check_training,
    check_training_floats,
    fits,
    proven,
)
from reference.draws import SEEDS, drawing
from reference.draws_feedforward import (
    SMOOTH,
    chain_example,
    chain_examples,
    training_examples,
    tuning_examples,
)
from reference.exact import PROVEN, flat
from rnnref import FORMATS, Balls, Floats, Mpmath, Noise, working_precision
from rnnref.feedforward import Autoencoder, BatchNorm, Chain, Dense, Descent, Feedforward, Residual
from rnnref.feedforward.pretraining import descend

FORMAT_NAMES = ("float16", "float32", "float64")
FLOATS = Feedforward(Floats(FORMATS["float64"]))


# Against the textbook.


@drawing(60)
@given(drawn=chain_examples())
def test_the_outputs_of_every_link_enclose_the_textbooks(drawn: ChainExample) -> None:
    check_chain_forward(drawn)


@drawing(25)
@given(drawn=chain_examples())
def test_every_gradient_encloses_the_textbooks_difference(drawn: ChainExample) -> None:
    check_chain_gradients(drawn)


@drawing(20)
@given(drawn=chain_examples())
def test_the_jacobian_of_one_member_encloses_the_textbooks_differences(drawn: ChainExample) -> None:
    check_chain_jacobian(drawn)


@drawing(40)
@given(drawn=chain_examples())
def test_running_statistics_enclose_the_textbooks(drawn: ChainExample) -> None:
    assume(len(drawn.x) > 1)
    check_running_statistics(drawn)


@drawing(15)
@given(drawn=training_examples())
def test_pretraining_encloses_the_textbooks(drawn: TrainingExample) -> None:
    check_training(drawn)


@drawing(15)
@given(drawn=tuning_examples())
def test_training_together_encloses_the_textbooks(drawn: TuningExample) -> None:
    check_training(drawn)


@drawing(30)
@given(drawn=chain_examples())
def test_mpmath_and_balls_say_the_same(drawn: ChainExample) -> None:
    check_chain_engines(drawn)


@pytest.mark.parametrize("name", FORMAT_NAMES)
@drawing(40)
@given(drawn=chain_examples(), seed=SEEDS)
def test_correct_floats_are_within_the_tolerance(name: str, drawn: ChainExample, seed: int) -> None:
    assume(fits(drawn, FORMATS[name]))
    check_chain_floats(drawn, FORMATS[name], seed)


@pytest.mark.parametrize("name", FORMAT_NAMES)
@drawing(15)
@given(drawn=training_examples(), seed=SEEDS)
def test_training_in_floats_is_within_the_tolerance(name: str, drawn: TrainingExample, seed: int) -> None:
    check_training_floats(drawn, FORMATS[name], seed)


# The network of two inputs, two hidden and two output units of which the documents speak:
# net_h = W_1 i + b_1, out_h = sigmoid(net_h), net_o = W_2 out_h + b_2, out_o = sigmoid(net_o).

NETWORK = Chain((Dense(2, 2, "sigmoid"), Dense(2, 2, "sigmoid")))
WEIGHTS = {
    "W_1": np.array([[0.15, 0.20], [0.25, 0.30]]),  # w1 w2, w3 w4
    "b_1": np.array([0.35, 0.35]),
    "W_2": np.array([[0.40, 0.45], [0.50, 0.55]]),  # w5 w6, w7 w8
    "b_2": np.array([0.60, 0.60]),
}
INPUT, TARGET = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])


def test_the_network_with_two_hidden_units() -> None:
    # The numbers that are published for it have twelve digits.
    run = proven(lambda engine: engine.chain(NETWORK, WEIGHTS, INPUT))
    assert [len(y) for y in run.inside] == [1, 1]
    with working_precision(PROVEN):
        loss = sum((y - arb(float(t))) ** 2 for y, t in zip(flat(run.outputs), flat(TARGET), strict=True)) / 2
    assert f"{float(loss):.12f}" == "0.298371108760"
    dy = np.array([[float(y) for y in flat(run.outputs)]]) - TARGET
    gradient = proven(lambda engine: engine.chain_vjp(NETWORK, WEIGHTS, INPUT, dy)).parameters
    assert f"{float(gradient['W_2'][0, 0]):.13f}" == "0.0821670405642"
    assert f"{float(gradient['W_1'][0, 0]):.15f}" == "0.000438567734474"


def test_training_it_has_that_loss() -> None:
    trained = proven(lambda engine: engine.train(NETWORK, WEIGHTS, INPUT, TARGET, Descent(0.5, 1)))
    assert f"{float(trained.losses[0]):.12f}" == "0.298371108760"
    assert f"{float(trained.parameters['W_2'][0, 0]):.12f}" == f"{0.40 - 0.5 * 0.0821670405642:.12f}"
    assert float(trained.losses[1]) < float(trained.losses[0])


# Residual blocks.


@drawing(20)
@given(data=st.data(), seed=SEEDS, blocks=st.integers(1, 4))
def test_the_sum_form_and_the_product_form(data: st.DataObject, seed: int, blocks: int) -> None:
    # x_L = x_0 + sum F_i(x_i), and its Jacobian is the product of all I + F_i'(x_i).
    n = data.draw(st.integers(1, 3))
    chain = Chain(tuple(Residual((Dense(n, n, data.draw(st.sampled_from(SMOOTH))),)) for _ in range(blocks)))
    example = chain_example(np.random.default_rng(seed), chain, batch=1, scale=1)
    with working_precision(4 * PROVEN):
        engine = Feedforward(Balls())
        inside = [engine.system.matrix(example.x.T)]
        total, product = inside[0], engine.system.matrix(np.eye(n))
        for link, place in zip(chain.links, range(1, blocks + 1), strict=True):
            assert isinstance(link, Residual)
            F = Chain(link.inside)
            p = {f"{k}_1": example.parameters[f"{k}_{place}_1"] for k in "Wb"}
            # A float near the ball is not the ball, so F is evaluated at the ball itself.
            Fx, slope = value_and_jacobian(engine, F, p, inside[-1])
            inside.append(inside[-1] + Fx)
            total = total + Fx
            product = (engine.system.matrix(np.eye(n)) + slope) @ product
        outputs, jacobian = example.run(engine).outputs, example.jacobian(engine)
    assert all(a.overlaps(b) for a, b in zip(flat(outputs), total.entries, strict=True))
    assert all(a.overlaps(b) for a, b in zip(flat(jacobian), product.entries, strict=True))


def value_and_jacobian(engine: Any, chain: Chain, p: Any, x: Any) -> tuple[Any, Any]:
    """phi(W x + b) and diag(phi') W at a column of balls, by the scalar definitions."""
    (link,) = chain.links
    W, b = engine.system.matrix(p["W_1"]), engine.system.matrix(p["b_1"].reshape(-1, 1))
    a = W @ x + b
    phi, slope = {
        "identity": (lambda v: v, lambda v: arb(1)),
        "sigmoid": (lambda v: 1 / (1 + (-v).exp()), lambda v: 1 / (2 + v.exp() + (-v).exp())),
        "tanh": (lambda v: v.sinh() / v.cosh(), lambda v: 1 / v.cosh() ** 2),
        "g_1997": (lambda v: 2 * (v / 2).tanh(), lambda v: 1 / (v / 2).cosh() ** 2),
        "h_1997": (lambda v: (v / 2).tanh(), lambda v: 1 / (v / 2).cosh() ** 2 / 2),
    }[link.activation]  # type: ignore[union-attr]
    return a.each(phi), a.each(slope) * W


@pytest.mark.parametrize(("weight", "factor"), [(-0.5, 0.5), (1.0, 2.0), (-1.0, 0.0)])
def test_fifty_blocks_that_vanish_explode_or_block(weight: float, factor: float) -> None:
    chain = Chain((Residual((Dense(1, 1, bias=False),)),) * 50)
    p = {name: np.full(shape, weight) for name, shape in chain.parameter_shapes.items()}
    back = FLOATS.chain_vjp(chain, p, np.ones((1, 1)), np.ones((1, 1)))
    assert [float(dx.item()) for dx in back.inside] == [factor**L for L in range(50, 0, -1)]


# Depth.


@drawing(20)
@given(seed=SEEDS, depth=st.integers(1, 8))
def test_the_gradient_of_a_linear_chain_is_the_product_of_its_matrices(seed: int, depth: int) -> None:
    # Small whole numbers: exact in any binary arithmetic.
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 4, depth + 1).tolist()
    chain = Chain(tuple(Dense(m, n, bias=False) for m, n in pairwise(sizes)))
    p = {k: random.integers(-3, 4, shape).astype(float) for k, shape in chain.parameter_shapes.items()}
    x, dy = (random.integers(-3, 4, (2, size)).astype(float) for size in (sizes[0], sizes[-1]))
    matrices = [p[f"W_{k}"] for k in range(1, depth + 1)]
    jacobian = reduce(lambda product, W: W @ product, matrices)
    back, run = FLOATS.chain_vjp(chain, p, x, dy), FLOATS.chain(chain, p, x)
    assert back.inputs.tolist() == (dy @ jacobian).tolist()
    assert run.outputs.tolist() == (x @ jacobian.T).tolist()
    assert FLOATS.chain_jacobian(chain, p, x, 1).tolist() == jacobian.tolist()
    reads = [x, *run.inside[:-1]]
    grads = [*back.inside[1:], dy]
    for k in range(depth):
        assert back.parameters[f"W_{k + 1}"].tolist() == (grads[k].T @ reads[k]).tolist()


def test_slopes_of_one_half_halve_the_gradient_link_by_link() -> None:
    chain = Chain((Dense(1, 1, "h_1997", bias=False),) * 12)
    p = {name: np.ones(shape) for name, shape in chain.parameter_shapes.items()}
    back = FLOATS.chain_vjp(chain, p, np.zeros((1, 1)), np.ones((1, 1)))
    assert [float(dx.item()) for dx in back.inside] == [0.5**L for L in range(12, 0, -1)]


# Names and kinds of what comes out.


def test_names_by_place() -> None:
    inner = Residual((Dense(3, 3), BatchNorm(3)))
    chain = Chain((Dense(2, 3), BatchNorm(3), Residual((Dense(3, 5, bias=False), Dense(5, 3), inner))))
    assert chain.parameter_shapes == {
        "W_1": (3, 2),
        "b_1": (3,),
        "gamma_2": (3,),
        "beta_2": (3,),
        "W_3_1": (5, 3),
        "W_3_2": (3, 5),
        "b_3_2": (3,),
        "W_3_3_1": (3, 3),
        "b_3_3_1": (3,),
        "gamma_3_3_2": (3,),
        "beta_3_3_2": (3,),
    }
    assert list(chain.statistic_shapes) == ["mean_2", "variance_2", "mean_3_3_2", "variance_3_3_2"]
    assert (chain.inputs, chain.outputs) == (2, 3)
    assert chain.parameter_count == 6 + 3 + 6 + 15 + 15 + 3 + 9 + 3 + 6


@pytest.mark.parametrize(
    ("system", "axes", "dtype"),
    [
        (Balls(), (), np.dtype(object)),
        (Mpmath(64), (), np.dtype(object)),
        (Floats(FORMATS["float16"]), (), np.dtype(np.float16)),
        (Noise(FORMATS["float32"], replicates=5), (5,), np.dtype(np.float64)),
    ],
    ids=["balls", "mpmath", "floats", "noise"],
)
def test_arrays_are_of_the_systems_own_kind(system: Any, axes: tuple[int, ...], dtype: object) -> None:
    chain = Chain((Dense(2, 3, "tanh"), BatchNorm(3, 0.1), Residual((Dense(3, 3, "relu"),))))
    example = chain_example(np.random.default_rng(8), chain, 4, 1)
    engine = Feedforward(system)

    def kinds(values: Any) -> set[Any]:
        return {(value.shape, value.dtype) for value in values}

    run, back = example.run(engine), example.vjp(engine)
    assert kinds(run.inside) == {((*axes, 4, 3), dtype)}
    assert kinds(back.inside) == {((*axes, 4, 2), dtype), ((*axes, 4, 3), dtype)}
    for name, shape in chain.parameter_shapes.items():
        assert kinds([back.parameters[name]]) == {((*axes, *shape), dtype)}
    assert kinds([example.jacobian(engine)]) == {((*axes, 3, 2), dtype)}
    assert kinds(example.running(engine).values()) == {((*axes, 3), dtype)}

    stages = (Autoencoder(Dense(2, 3, "tanh"), Dense(3, 2)),)
    initial = [{name: np.ones(shape) / 4 for name, shape in stages[0].chain.parameter_shapes.items()}]
    got = engine.pretrain(stages, initial, example.x, Descent(0.125, 2))
    assert kinds(got.codes) == {((*axes, 4, 3), dtype)}
    assert kinds([got.stages[0].losses]) == {((*axes, 3), dtype)}
    assert kinds(got.parameters.values()) == {((*axes, 3, 2), dtype), ((*axes, 3), dtype)}


# Pre-training: what is trained when.


@drawing(15)
@given(drawn=training_examples())
def test_a_stage_is_trained_on_the_codes_below_and_then_held(drawn: TrainingExample) -> None:
    # In floats, where codes can be handed back as they are and everything is bit for bit.
    whole = drawn.trained(FLOATS)
    h = drawn.x
    for l, (stage, initial) in enumerate(zip(drawn.stages, drawn.parameters, strict=True), start=1):
        alone = FLOATS.train(stage.chain, initial, h, h, drawn.how)
        assert alone.losses.tolist() == whole.stages[l - 1].losses.tolist()
        assert len(alone.losses) == drawn.how.steps + 1
        for name, value in alone.parameters.items():
            assert value.tolist() == whole.stages[l - 1].parameters[name].tolist()
        encoder = {f"{name}_{l}": alone.parameters[f"{name}_1"] for name in stage.encoder.parameter_shapes}
        for name, value in encoder.items():
            assert value.tolist() == whole.parameters[name].tolist()

        prefix = replace(drawn, stages=drawn.stages[:l], parameters=drawn.parameters[:l]).trained(FLOATS)
        assert all(v.tolist() == whole.parameters[k].tolist() for k, v in prefix.parameters.items())
        h = FLOATS.chain(stage.chain, alone.parameters, h).inside[0]
        assert h.tolist() == whole.codes[l - 1].tolist()
    assert whole.chain == Chain(tuple(stage.encoder for stage in drawn.stages))
    assert FLOATS.chain(whole.chain, whole.parameters, drawn.x).outputs.tolist() == h.tolist()


def test_without_a_step_nothing_moves() -> None:
    chain = Chain((Dense(2, 1),))
    p = {"W_1": np.array([[1.0, -2.0]]), "b_1": np.array([0.5])}
    trained = FLOATS.train(chain, p, np.array([[3.0, 1.0]]), np.array([[2.5]]), Descent(1.0, 0, l2=1.0))
    assert {name: value.tolist() for name, value in trained.parameters.items()} == {
        "W_1": [[1.0, -2.0]],
        "b_1": [0.5],
    }
    assert trained.losses.tolist() == [0.5]


def test_descent_leaves_alone_what_it_begins_with() -> None:
    begin = {"W_1": np.array([[2.0]])}
    x, t = np.array([[1.0]]), np.array([[0.0]])
    after, _ = descend(FLOATS.system, (Dense(1, 1, bias=False),), begin, x, t, Descent(0.5, 1))
    assert (begin["W_1"].item(), after["W_1"].item()) == (2.0, 1.0)


def test_a_step_by_hand() -> None:
    # y = 1.5, dE/dy = -1: dW = -x = (-3, -1), db = -1; the penalty 1/4 |W|^2 adds W/2 = (1/2, -1).
    chain = Chain((Dense(2, 1),))
    p = {"W_1": np.array([[1.0, -2.0]]), "b_1": np.array([0.5])}
    x, t = np.array([[3.0, 1.0]]), np.array([[2.5]])
    trained = FLOATS.train(chain, p, x, t, Descent(0.5, 1, l2=0.25))
    assert trained.parameters["W_1"].tolist() == [[1 + 0.5 * 2.5, -2 + 0.5 * 2]]
    assert trained.parameters["b_1"].tolist() == [1.0]


def test_nothing_moves_at_the_saddle_that_the_first_component_leads_to() -> None:
    # y = x_2 is asked for; the code is x_1, of greater variance and independent of x_2; v = 0.
    chain = Chain((Dense(2, 1, bias=False), Dense(1, 1, bias=False)))
    p = {"W_1": np.array([[1.0, 0.0]]), "W_2": np.zeros((1, 1))}
    x = np.array([[10.0, 1.0], [10.0, -1.0], [-10.0, 1.0], [-10.0, -1.0]])
    trained = FLOATS.train(chain, p, x, x[:, 1:], Descent(0.125, 3))
    assert all(trained.parameters[name].tolist() == value.tolist() for name, value in p.items())
    assert trained.losses.tolist() == [2.0] * 4
    back = FLOATS.chain_vjp(chain, p, x, FLOATS.chain(chain, p, x).outputs - x[:, 1:])
    assert all(not gradient.any() for gradient in back.parameters.values())


@pytest.mark.parametrize(
    "rare",
    [
        lambda drawn: any(isinstance(link, Residual) and len(link.inside) == 2 for link in drawn.chain.links),
        lambda drawn: any(isinstance(link, BatchNorm) and not link.epsilon for link in drawn.chain.links[1:]),
        lambda drawn: any(getattr(link, "mode", "") == "inference" for link in drawn.chain.links),
        lambda drawn: len(drawn.x) == 1 and len(drawn.chain.links) == 4,
        lambda drawn: any(getattr(link, "alpha", None) for link in drawn.chain.links[1:]),
    ],
    ids=["two inside", "epsilon of 0", "inference", "batch of one", "parameter"],
)
def test_what_is_rare_is_drawn(rare: Any) -> None:
    find(chain_examples(), rare, settings=settings(max_examples=10_000, database=None, deadline=None))
