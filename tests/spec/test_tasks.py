"""The tasks that networks are trained on: shapes, targets, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnnspec.tasks import Task, adding, echo, latest, recall, two_classes, xor_sign


class TestTasks:
    @pytest.mark.parametrize(
        "task",
        [recall(4), echo(2, 7), latest(7, 0.3), adding(6), two_classes(5, 1.0), xor_sign()],
        ids=lambda task: task.name,
    )
    def test_shapes(self, task: Task, run_seed: int) -> None:
        examples = task.draw(np.random.default_rng(run_seed), 9)
        assert examples.inputs.shape[1:] == (9, task.inputs)
        assert examples.targets.shape[1:] == (9, task.outputs)
        assert len(examples.targets) <= len(examples.inputs)

    def test_targets(self, run_seed: int) -> None:
        random = np.random.default_rng(run_seed)

        def fifty(task: Task) -> tuple[Any, Any]:
            examples = task.draw(random, 50)
            return examples.inputs, examples.targets

        x, t = fifty(recall(4))
        assert np.array_equal(x[0, :, :1], t[0])
        assert set(t.flat) == {-1, 1}
        assert not x[1:, :, 0].any()
        x, t = fifty(echo(2, 7))
        assert t.shape == (5, 50, 1)  # of the last 5 steps, 2 to 6
        assert np.array_equal(t[0], x[0])
        x, t = fifty(latest(7, 0.3))
        assert np.array_equal(t[0, :, 0], x[0, :, 0])
        for step in range(1, 7):
            silent = x[step, :, 0] == 0
            assert 0 < silent.sum() < 50
            assert np.array_equal(t[step, :, 0], np.where(silent, t[step - 1, :, 0], x[step, :, 0]))
        x, t = fifty(adding(6))
        assert (x[:3, :, 1].sum(axis=0) == 1).all()
        assert (x[3:, :, 1].sum(axis=0) == 1).all()
        assert np.array_equal(t[0, :, 0], (x[:, :, 0] * x[:, :, 1]).sum(axis=0))
        x, t = fifty(xor_sign())
        assert np.array_equal(t[0, :, 0], np.sign(x[0, :, 0] * x[0, :, 1]))
        x, t = fifty(two_classes(50, 3.0))
        assert np.array_equal(x[:, :, 0].mean(axis=0) > 0, t[0, :, 1] == 1)

    def test_right_answers(self) -> None:
        assert list(recall(1).right(np.array([[2.0], [-0.1], [0.0]]), np.ones((3, 1)))) == [1, 0, 0]
        assert list(two_classes(1, 1.0).right(np.array([[2.0, 1.0], [1.0, 2.0]]), np.eye(2)[[0, 0]])) == [
            1,
            0,
        ]
        assert np.isnan(adding(2).right(np.ones((2, 1)), np.ones((2, 1)))).all()
