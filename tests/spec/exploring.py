"""Exploring laws that are made for a test, and collecting what is drawn for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rnnspec.claim import About, Check, Kind
from rnnspec.drawn import Drawn
from rnnspec.kit.explore import Exploration, explore
from rnnspec.kit.judge import Judgement, Outcome
from rnnspec.protocol import Format

TRUE = Judgement(Outcome.TRUE, decided=1)
FALSE = Judgement(Outcome.FALSE, decided=1)


def a_law(**inputs: Drawn[Any]) -> Check:
    """A law with these inputs; what it says is for the judge to make up."""

    def law(impl: object, hold: object) -> None:
        """Whatever the judge says."""

    return Check("ACT-99", "law", Kind.LAW, About.BOTH, law, inputs=inputs)


def collect(
    source: Drawn[Any],
    fmt: Format,
    examples: int,
    seed: int,
    failing: Callable[[Any], bool] = lambda x: False,
) -> tuple[list[Any], Exploration]:
    """Every input that a judge is shown, which calls some of them failing."""
    shown: list[Any] = []

    def judge(inputs: Mapping[str, Any]) -> Judgement:
        shown.append(inputs["x"])
        return FALSE if failing(inputs["x"]) else TRUE

    return shown, explore(a_law(x=source), judge, fmt, examples, seed)
