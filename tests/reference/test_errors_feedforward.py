"""What feed-forward networks refuse, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnnref import FORMATS, BadInput, Floats
from rnnref.feedforward import Autoencoder, BatchNorm, Chain, Dense, Descent, Feedforward, Residual

dense: Any = Dense  # so that a type checker lets pass what is refused at run time
batch_norm: Any = BatchNorm
residual: Any = Residual
make_chain: Any = Chain
descent: Any = Descent
autoencoder: Any = Autoencoder

CHAIN = Chain((Dense(2, 3), BatchNorm(3, 0.1)))
P: dict[str, Any] = {name: np.ones(shape) for name, shape in CHAIN.parameter_shapes.items()}
STATISTICS: dict[str, Any] = {"mean_2": np.zeros(3), "variance_2": np.ones(3)}
X, Y = np.ones((4, 2)), np.ones((4, 3))
STAGES = (Autoencoder(Dense(2, 3), Dense(3, 2)),)
INITIAL = {name: np.ones(shape) for name, shape in STAGES[0].chain.parameter_shapes.items()}
HOW = Descent(0.5, 1)

E: Any = Feedforward(Floats(FORMATS["float64"]))

SIZE = "expected a whole number, at least 1"
KINDS = "identity, sigmoid, tanh, g_1997, h_1997, relu, leaky_relu, elu"
NAMES = "['W_1', 'b_1', 'beta_2', 'gamma_2']"

REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    *(
        (f"Dense.inputs {got}", lambda got=got: dense(got, 3), f"Dense.inputs: got {got!r}, {SIZE}")
        for got in (0, -1, 2.0, True, "2", None)
    ),
    ("Dense.outputs", lambda: dense(3, 0), f"Dense.outputs: got 0, {SIZE}"),
    (
        "Dense.activation",
        lambda: dense(2, 3, "gelu"),
        f"Dense.activation: got 'gelu', expected one of {KINDS}",
    ),
    (
        "alpha missing",
        lambda: dense(2, 3, "elu"),
        "alpha: got None, expected the finite number that elu needs",
    ),
    (
        "alpha not asked for",
        lambda: dense(2, 3, "tanh", 0.5),
        "alpha: got 0.5, expected None: tanh has no parameter",
    ),
    ("alpha of 0", lambda: dense(2, 3, "elu", 0), "Dense.alpha: got 0, expected a number above 0"),
    ("Dense.bias", lambda: dense(2, 3, bias=1), "Dense.bias: got 1, expected True or False"),
    ("BatchNorm.features", lambda: batch_norm(0), f"BatchNorm.features: got 0, {SIZE}"),
    *(
        (
            f"BatchNorm.epsilon {got}",
            lambda got=got: batch_norm(2, got),
            f"BatchNorm.epsilon: got {got!r}, expected a finite number, at least 0",
        )
        for got in (-1e-9, float("inf"), float("nan"), None, True)
    ),
    (
        "BatchNorm.mode",
        lambda: batch_norm(2, mode="eval"),
        "BatchNorm.mode: got 'eval', expected one of training, inference",
    ),
    (
        "BatchNorm.running",
        lambda: batch_norm(2, running=True),
        "BatchNorm.running: got True, expected one of unbiased, biased",
    ),
    *(
        (
            f"BatchNorm.momentum {got}",
            lambda got=got: batch_norm(2, momentum=got),
            f"BatchNorm.momentum: got {got!r}, expected a number from 0 to 1",
        )
        for got in (-0.1, 1.1, None)
    ),
    (
        "Residual.inside a list",
        lambda: residual([Dense(2, 2)]),
        "Residual.inside: got a list, expected a tuple of links",
    ),
    ("Residual.inside empty", lambda: residual(()), "Residual.inside: got no link, expected at least one"),
    (
        "Residual.inside of other sizes",
        lambda: residual((Dense(2, 3), Dense(3, 4))),
        (
            "Residual.inside: got 2 inputs and 4 outputs, "
            "expected as many outputs as inputs, for them to be added"
        ),
    ),
    (
        "Residual.inside that does not fit",
        lambda: residual((Dense(2, 3), Dense(2, 2))),
        "Residual.inside, link 2: got 2 inputs, expected 3, the outputs of link 1",
    ),
    ("Chain.links empty", lambda: make_chain(()), "Chain.links: got no link, expected at least one"),
    (
        "Chain.links one",
        lambda: make_chain(Dense(2, 2)),
        "Chain.links: got a Dense, expected a tuple of links",
    ),
    (
        "Chain.links of something else",
        lambda: make_chain((Dense(2, 2), "relu")),
        "Chain.links, link 2: got a str, expected a Dense, BatchNorm or Residual",
    ),
    (
        "Chain.links that do not fit",
        lambda: make_chain((Dense(2, 3), Dense(3, 4), BatchNorm(3))),
        "Chain.links, link 3: got 3 inputs, expected 4, the outputs of link 2",
    ),
    (
        "a residual that does not fit",
        lambda: make_chain((Dense(2, 3), Residual((Dense(2, 2),)))),
        "Chain.links, link 2: got 2 inputs, expected 3, the outputs of link 1",
    ),
    *(
        (
            f"Descent.learning_rate {got}",
            lambda got=got: descent(got, 1),
            f"Descent.learning_rate: got {got!r}, expected a finite number above 0",
        )
        for got in (0, -0.5, float("inf"), None)
    ),
    *(
        (
            f"Descent.steps {got}",
            lambda got=got: descent(0.5, got),
            f"Descent.steps: got {got!r}, expected a whole number, at least 0",
        )
        for got in (-1, 1.0, True)
    ),
    ("Descent.l2", lambda: descent(0.5, 1, -1), "Descent.l2: got -1, expected a finite number, at least 0"),
    ("chain", lambda: E.chain(STAGES, P, X), "chain: got a tuple, expected a Chain"),
    ("how", lambda: E.train(CHAIN, P, X, Y, 0.1), "how: got a float, expected a Descent"),
    ("how, pretraining", lambda: E.pretrain(STAGES, [INITIAL], X, None), "how: got None, expected a Descent"),
    (
        "parameters of stages",
        lambda: E.pretrain(STAGES, INITIAL, X, HOW),
        "parameters: got a dict, expected a list of those of every stage",
    ),
    (
        "parameters as a list",
        lambda: E.chain(CHAIN, [P], X),
        "parameters: got a list, expected a mapping of names to arrays",
    ),
    ("x of names", lambda: E.chain(CHAIN, P, "x"), "x: got an array of <U1, expected one of real numbers"),
    (
        "targets of two lengths",
        lambda: E.train(CHAIN, P, X, [[1.0], [1.0, 2.0]], HOW),
        "targets: got a list of no shape, expected an array of real numbers",
    ),
    (
        "Autoencoder.encoder",
        lambda: autoencoder(BatchNorm(2), Dense(2, 2)),
        "Autoencoder.encoder: got a BatchNorm, expected a Dense",
    ),
    (
        "Autoencoder.decoder",
        lambda: autoencoder(Dense(2, 3), Dense(3, 4)),
        "Autoencoder.decoder: got 3 inputs and 4 outputs, expected 3 and 2, the encoder's outputs and inputs",
    ),
    (
        "parameters missing",
        lambda: E.chain(CHAIN, {k: v for k, v in P.items() if k != "b_1"}, X),
        f"names of parameters: got missing ['b_1'], expected exactly {NAMES}",
    ),
    (
        "parameters of another shape",
        lambda: E.chain_vjp(CHAIN, P | {"W_1": np.ones((2, 3))}, X, Y),
        "parameters['W_1']: got shape (2, 3), expected shape (3, 2)",
    ),
    *(
        (
            f"x of shape {shape}",
            lambda shape=shape: E.chain(CHAIN, P, np.ones(shape)),
            f"x: got shape {shape}, expected (B, 2) with B at least 1",
        )
        for shape in ((2,), (4, 3), (0, 2), (1, 4, 2))
    ),
    (
        "x of a Jacobian",
        lambda: E.chain_jacobian(CHAIN, P, np.ones((4, 3))),
        "x: got shape (4, 3), expected (B, 2) with B at least 1",
    ),
    (
        "x of statistics",
        lambda: E.batch_norm_statistics(CHAIN, P, np.ones((4, 3))),
        "x: got shape (4, 3), expected (B, 2) with B at least 1",
    ),
    *(
        (
            f"dy of shape {shape}",
            lambda shape=shape: E.chain_vjp(CHAIN, P, X, np.ones(shape)),
            f"dy: got shape {shape}, expected shape (4, 3)",
        )
        for shape in ((4, 2), (3, 3), (3,))
    ),
    *(
        (
            f"member {got}",
            lambda got=got: E.chain_jacobian(CHAIN, P, X, got),
            f"member: got {got!r}, expected a whole number from 0 to 3",
        )
        for got in (-1, 4, 1.0, True)
    ),
    (
        "statistics missing",
        lambda: E.chain(CHAIN, P, X, {"mean_2": np.zeros(3)}),
        "names of statistics: got missing ['variance_2'], expected exactly ['mean_2', 'variance_2']",
    ),
    (
        "statistics of another shape",
        lambda: E.chain(CHAIN, P, X, STATISTICS | {"mean_2": np.zeros(2)}),
        "statistics['mean_2']: got shape (2,), expected shape (3,)",
    ),
    (
        "a variance below 0",
        lambda: E.chain(CHAIN, P, X, STATISTICS | {"variance_2": np.array([1.0, -0.5, 2.0])}),
        "statistics['variance_2']: got -0.5, expected no number below 0",
    ),
    (
        "a batch of one",
        lambda: E.batch_norm_statistics(CHAIN, P, X[:1]),
        "x: got a batch of 1, expected at least 2, without which no variance is unbiased",
    ),
    (
        "targets",
        lambda: E.train(CHAIN, P, X, X, HOW),
        "targets: got shape (4, 2), expected shape (4, 3)",
    ),
    (
        "stages empty",
        lambda: E.pretrain((), [], X, HOW),
        "stages: got (), expected a tuple of at least one Autoencoder",
    ),
    (
        "stages of something else",
        lambda: E.pretrain((*STAGES, CHAIN), [INITIAL, P], X, HOW),
        "stages, stage 2: got a Chain, expected an Autoencoder",
    ),
    (
        "stages that do not fit",
        lambda: E.pretrain(STAGES * 2, [INITIAL] * 2, X, HOW),
        "stages, stage 2: got 2 inputs, expected 3, the outputs of the encoder of stage 1",
    ),
    (
        "parameters of too few stages",
        lambda: E.pretrain(STAGES, [], X, HOW),
        "parameters: got those of 0 stages, expected those of 1",
    ),
    (
        "parameters of a stage",
        lambda: E.pretrain(STAGES, [INITIAL | {"b_2": np.ones(3)}], X, HOW),
        "parameters['b_2']: got shape (3,), expected shape (2,)",
    ),
    (
        "x of pre-training",
        lambda: E.pretrain(STAGES, [INITIAL], Y, HOW),
        "x: got shape (4, 3), expected (B, 2) with B at least 1",
    ),
]


@pytest.mark.parametrize(("act", "sentence"), [pytest.param(a, s, id=i) for i, a, s in REFUSED])
def test_refused_in_one_sentence(act: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(BadInput) as refusal:
        act()
    assert str(refusal.value) == sentence


def test_a_batch_of_one_has_a_biased_variance_and_none_is_asked_for_in_inference() -> None:
    for options in ({"running": "biased"}, {"mode": "inference"}):
        chain = Chain((Dense(2, 3), batch_norm(3, 0.1, **options)))
        after = E.batch_norm_statistics(chain, P, X[:1], STATISTICS)
        assert after["variance_2"].tolist() == [0.9 if "running" in options else 1.0] * 3
