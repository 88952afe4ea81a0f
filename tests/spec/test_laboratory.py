"""Experiments: seeded, by the reference's formulas, and honest about what went wrong."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rnnref import FORMATS, Cotangent, Evaluator, Floats, Layer, Network, Stack
from rnnref.feedforward import BatchNorm, Chain, Dense, Residual
from rnnref.feedforward.pretraining import Descent
from rnnspec.experiment import Model, Plan, Start, Training
from rnnspec.kit.laboratory import Laboratory, training
from rnnspec.kit.laboratory.models import Named, drawn, together, trainable
from rnnspec.tasks import Examples, Task, adding, echo, recall, two_classes, xor_sign

EVALUATOR = Evaluator(Floats(FORMATS["float64"]))
START = Start("glorot")
ROUNDED = 2.0**-53 * 5000
"""What several thousand roundings may come to; a mistake in a formula comes to much more."""

MODELS: list[Model] = [
    Layer("rnn", 2, 3),
    Layer("rnn", 2, 3, activation="relu"),
    Layer("jordan", 2, 3, outputs=2),
    Layer("lstm", 2, 3),
    Layer("lstm", 2, 3, peepholes="gers", cell_clip=0.1),
    Layer("gru", 2, 3, reset="before"),
    Layer("gru", 2, 3, biases="two", update="replaces"),
    Stack(Layer("lstm", 2, 3), depth=2, bidirectional=True),
]
DEEP = Chain(
    (
        Dense(2, 4, "elu", alpha=1.0),
        BatchNorm(4, epsilon=0.1),
        Residual((Dense(4, 4, "tanh"), Dense(4, 4, "sigmoid"))),
        Dense(4, 1),
    )
)


def close(got: Any, expected: Any) -> None:
    size = np.abs(expected).max(initial=0.0)
    assert np.shape(got) == np.shape(expected)
    assert np.abs(np.asarray(got) - expected).max(initial=0.0) <= ROUNDED * size


def test_trials_are_seeded_one_by_one(run_seed: int) -> None:
    lab, same, other = Laboratory(5, run_seed), Laboratory(50, run_seed), Laboratory(5, run_seed + 1)
    for trial in range(5):
        draw = lab.random(trial).random()
        assert lab.random(trial).random() == draw == same.random(trial).random()
        assert other.random(trial).random() != draw
    assert len(set(lab.each(lambda random: random.random()))) == 5
    assert lab.each(lambda random: random.random())[3] == lab.random(3).random()


def test_gradients_are_those_of_the_reference_in_float64(run_seed: int) -> None:
    random, layer = np.random.default_rng(run_seed), Layer("lstm", 2, 3)
    network = Network(
        layer,
        {name: random.normal(size=shape) for name, shape in layer.parameter_shapes.items()},
        random.normal(size=(4, 1, 2)),
        {name: random.normal(size=(1, 3)) for name in "hc"},
    )
    cotangent = Cotangent(random.normal(size=(4, 1, 3)), {name: random.normal(size=(1, 3)) for name in "hc"})
    lab = Laboratory(1, 0)
    got, expected = lab.vjp(network, cotangent), EVALUATOR.vjp(network, cotangent)
    assert np.array_equal(got.inputs, expected.inputs)
    assert all(np.array_equal(got.state[name], expected.state[name]) for name in "hc")
    assert np.array_equal(lab.run(network).outputs, EVALUATOR.run(network).outputs)
    x = random.normal(size=7)
    assert np.array_equal(lab.activation("elu", x, 0.5), EVALUATOR.activation("elu", x, 0.5))


class TestLearning:
    """Trials side by side compute what the evaluator computes of each by itself."""

    @pytest.mark.parametrize("model", MODELS, ids=str)
    @pytest.mark.parametrize("asked", [1, 5])
    def test_recurrent_networks(self, model: Layer | Stack, asked: int, run_seed: int) -> None:
        random, trials, steps, batch = np.random.default_rng(run_seed), 3, 5, 4
        task = replace(adding(5), outputs=2)
        network = trainable(model, task)
        own = [
            {
                name: value + random.normal(size=value.shape)
                for name, value in drawn(model, network.shapes, START, random).items()
            }
            for _ in range(trials)
        ]
        inputs = random.normal(size=(trials, steps, batch, 2))
        targets = random.normal(size=(trials, asked, batch, 2))
        lesson = network.learn(together(own), inputs, targets, gradients=True)
        for trial, parameters in enumerate(own):
            inner = {name: parameters[name] for name in model.parameter_shapes}
            state = {name: np.zeros((batch, size)) for name, size in model.state_sizes.items()}
            alone = Network(model, inner, inputs[trial], state)
            h = EVALUATOR.run(alone).outputs[steps - asked :]
            answers = h @ parameters["W_out"].T + parameters["b_out"]
            close(lesson.answers[trial], answers)
            error = answers - targets[trial]
            close(lesson.loss[trial], (error**2).sum(axis=-1).mean() / 2)
            dy = error / (asked * batch)
            d_outputs = np.zeros((steps, batch, model.width))
            d_outputs[steps - asked :] = dy @ parameters["W_out"]
            back = EVALUATOR.vjp(alone, Cotangent(d_outputs, state)).parameters
            gradients = {name: value.values[trial] for name, value in lesson.gradients.items()}
            close(gradients["b_out"][:, 0], dy.sum(axis=(0, 1)))
            close(gradients["W_out"], np.einsum("tbq,tbn->qn", dy, h))
            for name, expected in back.items():
                close(gradients[name].reshape(expected.shape), expected)

    def test_chains_are_trained_as_the_reference_trains_them(self, run_seed: int) -> None:
        batch, steps = 8, 5
        plan = Plan(0.3, steps, batch=batch, examples=batch, l2=0.0)
        got = Laboratory(6, run_seed).train(DEEP, xor_sign(), START, plan)
        for trial in range(6):
            weights, examples, _ = Laboratory(6, run_seed).random(trial).spawn(3)
            parameters = drawn(DEEP, DEEP.parameter_shapes, START, weights)
            given = xor_sign().draw(examples, batch)
            # The reference adds the loss up over the batch, of which this is the mean.
            how = Descent(plan.learning_rate / batch, steps)
            expected = EVALUATOR.train(DEEP, parameters, given.inputs[0], given.targets[0], how)
            close(got.losses[trial], expected.losses[:-1] / batch)
            close(got.known[trial], expected.losses[-1] / batch)

    def test_weights_shrink_by_l2_and_biases_do_not(self, run_seed: int) -> None:
        """With targets that are met already, only the penalty is left."""

        def draw(random: np.random.Generator, batch: int) -> Examples:
            return Examples(np.zeros((1, batch, 2)), np.zeros((1, batch, 1)))

        task = Task("nothing", 2, 1, "squared", draw)
        layer, start = Layer("lstm", 2, 3), Start("glorot", forget_bias=2.0)
        got = Laboratory(6, run_seed).train(layer, task, start, Plan(0.1, 3, l2=0.5))
        weights, *_ = Laboratory(6, run_seed).random(0).spawn(3)
        own = drawn(layer, trainable(layer, task).shapes, start, weights)
        size = math.sqrt(sum((value**2).sum() for name, value in own.items() if name[0] in "WU"))
        close(got.norms[0], 2 * 0.5 * size * 0.9 ** np.arange(3))

    def test_cross_entropy(self, run_seed: int) -> None:
        random = np.random.default_rng(run_seed)
        task = two_classes(4, 0.5)
        network = trainable(Layer("rnn", 1, 3), task)
        own = drawn(Layer("rnn", 1, 3), network.shapes, START, random)
        examples = task.draw(random, 6)

        def learn(values: Named, gradients: bool) -> Any:
            return network.learn(values, examples.inputs[None], examples.targets[None], gradients)

        lesson = learn(together([own]), True)
        p = np.exp(lesson.answers[0]) / np.exp(lesson.answers[0]).sum(axis=-1, keepdims=True)
        close(lesson.loss[0], -np.log((p * examples.targets).sum(axis=-1)).mean())
        close(lesson.gradients["b_out"].values[0, :, 0], (p - examples.targets).mean(axis=(0, 1)))
        assert not learn(together([own]), False).gradients


class TestTraining:
    def test_a_seed_decides_everything_and_trials_do_not_see_each_other(self, run_seed: int) -> None:
        def train(trials: int, seed: int) -> Training:
            lab = Laboratory(trials, seed)
            return lab.train(Layer("gru", 2, 4), recall(3), START, Plan(0.5, 10, batch=4, examples=12))

        few, many, other = train(6, run_seed), train(9, run_seed), train(6, run_seed + 1)
        for field in ("losses", "norms", "known", "tested", "right"):
            assert np.array_equal(getattr(few, field), getattr(many, field)[:6]), field
            assert not np.array_equal(getattr(few, field), getattr(other, field)) or field == "right"

    def test_settings_see_the_same_examples(self, run_seed: int) -> None:
        """The first loss of networks that say nothing is half the mean square of the targets."""
        lab, nothing = Laboratory(6, run_seed), Start("glorot", gain=0.0)
        plan = Plan(0.5, 4, batch=5)
        layers = Layer("rnn", 2, 2), Layer("lstm", 2, 5)
        silent = [lab.train(layer, adding(6), nothing, plan).losses[:, 0] for layer in layers]
        assert np.array_equal(silent[0], silent[1])

    def test_examples_come_round_and_round(self, run_seed: int) -> None:
        lab = Laboratory(6, run_seed)
        got = lab.train(Layer("rnn", 2, 2), recall(2), START, Plan(1e-300, 6, batch=4, examples=8)).losses
        assert np.array_equal(got[:, :2], got[:, 2:4])
        assert np.array_equal(got[:, :2], got[:, 4:])
        assert not np.array_equal(got[:, 0], got[:, 1])
        fresh = lab.train(Layer("rnn", 2, 2), recall(2), START, Plan(1e-300, 3, batch=4))
        assert len(set(fresh.losses[0])) == 3
        assert np.isnan(fresh.known).all()

    @pytest.mark.parametrize(
        ("model", "task", "plan"),
        [
            (Layer("lstm", 2, 8), recall(4), Plan(0.5, 150, batch=16, clip=1.0)),
            (Layer("rnn", 1, 8), echo(1, 8), Plan(0.3, 150, batch=16, clip=1.0)),
            (Chain((Dense(2, 16, "tanh"), Dense(16, 16, "tanh"), Dense(16, 1))), xor_sign(), Plan(0.5, 600)),
        ],
        ids=["recall", "echo", "xor"],
    )
    def test_what_can_be_learnt_is(self, model: Model, task: Task, plan: Plan, run_seed: int) -> None:
        got = Laboratory(6, run_seed).train(model, task, START, plan)
        assert np.median(got.right) > 0.9
        assert np.median(got.last()) < 0.3 * np.median(got.losses[:, 0])
        assert not got.diverged.any()
        steps = got.steps_to(float(np.median(got.last())))
        assert (steps[np.isfinite(steps)] <= plan.steps).all()
        assert np.isfinite(steps).sum() >= 3

    def test_what_cannot_be_known_is_not_learnt(self, run_seed: int) -> None:
        """Without recurrent weights, nothing that was read before the last step can be told."""

        def blind(random: np.random.Generator, batch: int) -> Examples:
            examples = recall(3).draw(random, batch)
            return Examples(examples.inputs[-1:], examples.targets)

        got = Laboratory(6, run_seed).train(
            Layer("lstm", 2, 8), replace(recall(3), draw=blind), START, Plan(0.5, 100)
        )
        # 256 tests: half of them right, and the median of six trials is within 4 standard deviations.
        assert abs(np.median(got.right) - 0.5) < 4 * 0.5 / math.sqrt(256)

    def test_divergence_is_said_and_clipping_keeps_from_it(self, run_seed: int) -> None:
        lab, wild = Laboratory(6, run_seed), Start("glorot", gain=3.0)
        layer = Layer("rnn", 1, 16, activation="relu")
        free = lab.train(layer, echo(3, 20), wild, Plan(0.5, 60, batch=8))
        assert free.diverged.all()
        assert not np.isfinite(free.last()).any()
        assert np.isinf(free.steps_to(1e-3)).all()
        assert lab.frequency("diverged", free.diverged).value == 1
        assert math.isnan(lab.mean("loss", free.last()).value)
        calm = lab.train(layer, echo(3, 20), START, Plan(0.05, 60, batch=8, clip=1.0))
        assert not calm.diverged.any()
        assert np.isfinite(lab.mean("loss", calm.last()).value)

    def test_no_step_is_longer_than_the_threshold(self, run_seed: int) -> None:
        """One linear unit with a constant target moves by the learning rate times the clipped gradient."""

        def draw(random: np.random.Generator, batch: int) -> Examples:
            return Examples(np.zeros((1, batch, 1)), np.full((1, batch, 1), 100.0))

        task = Task("far away", 1, 1, "squared", draw)
        chain = Chain((Dense(1, 1),))
        got = Laboratory(6, run_seed).train(chain, task, START, Plan(0.5, 4, clip=2.0))
        close(np.sqrt(2 * got.losses[0]), 100.0 - np.arange(4))
        close(got.norms[0], 100.0 - np.arange(4))

    def test_inputs_are_dropped_in_every_step_and_in_no_test(self, run_seed: int) -> None:
        """A linear unit reads 1 and is to say 0: its loss counts the inputs that it still sees."""
        batch, steps, dropped = 400, 5, 0.25

        def draw(random: np.random.Generator, batch: int) -> Examples:
            return Examples(np.ones((1, batch, 1)), np.zeros((1, batch, 1)))

        task, chain = Task("ones", 1, 1, "squared", draw), Chain((Dense(1, 1),))
        plan = Plan(1e-300, steps, batch=batch, examples=batch, dropout=dropped)
        got = Laboratory(6, run_seed).train(chain, task, START, plan)
        close(got.known, got.tested)  # half the square of the weight
        seen = got.losses / got.known[:, np.newaxis] * batch * (1 - dropped) ** 2
        close(seen, np.rint(seen))
        assert len({*seen[0]}) > 1
        # Of 12,000 inputs, and four standard deviations are rare.
        assert abs(seen.mean() / batch - (1 - dropped)) < 4 * math.sqrt(dropped / seen.size / batch)

    def test_a_mismatch_is_refused(self) -> None:
        lab = Laboratory(6, 0)
        for model, task, says in (
            (Layer("rnn", 3, 2), recall(2), "got a network of 3 inputs, expected 2 for recall after 2 steps"),
            (Chain((Dense(2, 2),)), xor_sign(), "got a chain of 2 outputs, expected 1"),
            (Chain((Dense(2, 1),)), recall(2), "got 3 steps, expected 1"),
        ):
            with pytest.raises(ValueError, match=says):
                lab.train(model, task, START, Plan(0.1, 1))


class TestStarts:
    WIDE = Layer("lstm", 200, 100, biases="two", peepholes="gers")

    @pytest.mark.parametrize(
        ("start", "deviation"),
        [
            (Start("uniform", 3.0), 3 / math.sqrt(3 * 100)),
            (Start("glorot", 3.0), 3 * math.sqrt(2 / (200 + 100))),
            (Start("he", 3.0), 3 * math.sqrt(2 / 200)),
            (Start("normal", 3.0), 3.0),
        ],
    )
    def test_laws(self, start: Start, deviation: float, run_seed: int) -> None:
        W = drawn(self.WIDE, self.WIDE.parameter_shapes, start, np.random.default_rng(run_seed))["W_i"]
        assert W.shape == (100, 200)
        # Of 20,000 numbers the standard deviation is known to 1/200 of itself, and four times that is rare.
        assert abs(W.std() / deviation - 1) < 4 / 200
        assert abs(W.mean()) < 4 * deviation / math.sqrt(W.size)
        bounded = start.weights in ("uniform", "glorot")
        assert (np.abs(W).max() <= math.sqrt(3) * deviation) == bounded

    def test_in_a_chain_uniform_weights_go_by_their_inputs(self, run_seed: int) -> None:
        chain = Chain((Dense(100, 4),))
        W = drawn(chain, chain.parameter_shapes, Start(), np.random.default_rng(run_seed))["W_1"]
        assert 0.09 < np.abs(W).max() <= 0.1

    def test_what_is_no_matrix_begins_where_it_is_said(self) -> None:
        random = np.random.default_rng(0)
        own = drawn(self.WIDE, self.WIDE.parameter_shapes, Start(forget_bias=1.5), random)
        for name, value in own.items():
            if value.ndim == 1:
                assert (value == (1.5 if name == "b_f" else 0)).all(), name
        own = drawn(DEEP, DEEP.parameter_shapes, START, random)
        assert (own["gamma_2"] == 1).all()
        assert not own["beta_2"].any()


class TestGrowth:
    def test_of_what_is_known(self, run_seed: int) -> None:
        """A linear network with one unit multiplies by its weight at every step, a chain in every link."""
        lab, start = Laboratory(5, run_seed), Start("normal", gain=0.7)
        weights = [lab.random(trial).spawn(2)[0] for trial in range(5)]
        layer = Layer("rnn", 1, 1, activation="identity")
        expected = [
            9 * math.log(abs(drawn(layer, layer.parameter_shapes, start, w)["U_h"][0, 0])) for w in weights
        ]
        close(lab.gradient_growth(layer, start, 9), np.array(expected))
        chain = Chain((Dense(1, 1), Dense(1, 1)))
        weights = [lab.random(trial).spawn(2)[0] for trial in range(5)]
        pairs = [drawn(chain, chain.parameter_shapes, start, w) for w in weights]
        close(
            lab.gradient_growth(chain, start),
            np.array([math.log(abs(own["W_1"][0, 0] * own["W_2"][0, 0])) for own in pairs]),
        )

    def test_a_chain_without_batch_norm_is_followed_for_one_cotangent(self, run_seed: int) -> None:
        """Of a single unit: |w σ'(w x)|, and not the root of a mean of its squares."""
        lab, start, expected = Laboratory(5, run_seed), Start("normal"), []
        for trial in range(5):
            weights, others = lab.random(trial).spawn(2)
            w, x = weights.normal(), 2 * others.normal()
            expected.append(math.log(abs(w) / 4 / math.cosh(w * x / 2) ** 2))
        close(lab.gradient_growth(Chain((Dense(1, 1, "sigmoid"),)), start, 1, 2.0), np.array(expected))

    def test_trials_in_groups_are_those_side_by_side(self, monkeypatch: pytest.MonkeyPatch) -> None:
        chain, start = Chain((Dense(3, 2, "tanh"), Dense(2, 2, "tanh"))), Start("normal")
        found = []
        for room in (training.ROOM, 30, 1):
            monkeypatch.setattr(training, "ROOM", room)
            found.append(Laboratory(5, 1).gradient_growth(chain, start))
        close(found[1], found[0])
        close(found[2], found[0])

    def test_some_of_the_trials_are_the_first_of_them(self) -> None:
        lab, chain = Laboratory(20, 1), Chain((Dense(2, 2, "tanh"),))
        everything = lab.gradient_growth(chain, Start("normal"))
        close(lab.gradient_growth(chain, Start("normal"), one_in=2), everything[:10])
        close(lab.gradient_growth(chain, Start("normal"), one_in=9), everything[:6])

    def test_without_weights_nothing_comes_back(self) -> None:
        lab = Laboratory(3, 0)
        assert (lab.gradient_growth(Layer("rnn", 2, 2), Start(gain=0.0), 3) == -math.inf).all()
        half = lab.gradient_growth(Layer("lstm", 1, 1), Start(gain=0.0), 10)
        # The cell's gradient halves at every step; that of h is lost in the first.
        assert (half < 10 * math.log(0.5) + 0.3).all()

    def test_what_overflows_is_infinite(self) -> None:
        huge = Laboratory(3, 0).gradient_growth(
            Layer("rnn", 1, 2, activation="identity"), Start("normal", gain=1e4), 100
        )
        assert not np.isfinite(huge).any()
