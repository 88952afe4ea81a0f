"""A law draws what it speaks of: few inputs are thrown away because they do not satisfy its conditions.

Hypothesis gives up where nearly all are, and whether it does depends on the seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st

from rnnspec.claim import Check, Kind
from rnnspec.claims import registry
from rnnspec.drawn import Drawn
from rnnspec.hold import Hold
from rnnspec.kit.explore import explore
from rnnspec.kit.judge import Judgement
from rnnspec.protocol import FORMATS, Format
from rnnspec.strategies import reals
from spec.exploring import TRUE, a_law

WITH_INPUTS = [
    check
    for claim in registry
    for check in claim.checks
    if check.kind in (Kind.LAW, Kind.AS_STATED) and check.inputs
]
EXAMPLES = 100
AT_LEAST = 0.3


class _Asked(Exception):
    """The law asks its subject for something: it has taken the input, as far as that alone tells."""


class Nobody:
    """A subject that ends a law at its first call."""

    def __getattr__(self, name: str) -> Any:
        raise _Asked


def counting(source: Drawn[Any], counts: Counter[str]) -> Drawn[Any]:
    """The same source, which counts how often a draw begins; what its own filter rejects does not end."""

    @st.composite
    def drawn(draw: st.DrawFn, fmt: Format) -> Any:
        counts["begun"] += 1
        return draw(source.strategy(fmt))

    return replace(source, strategy=drawn)


def share_that_applies(check: Check, run_seed: int) -> float:
    counts: Counter[str] = Counter()
    first, *others = check.inputs.items()
    inputs = dict([(first[0], counting(first[1], counts)), *others])

    def judge(drawn: Mapping[str, Any]) -> Judgement:
        nobody: Any = Nobody()
        with suppress(_Asked):
            check.function(nobody, Hold(nobody), **drawn)
        counts["taken"] += 1
        return TRUE

    explore(replace(check, inputs=inputs), judge, FORMATS["float64"], EXAMPLES, run_seed)
    return counts["taken"] / counts["begun"]


@pytest.mark.thorough
@pytest.mark.parametrize("check", WITH_INPUTS, ids=lambda check: check.id)
def test_few_inputs_are_thrown_away(check: Check, run_seed: int) -> None:
    assert share_that_applies(check, run_seed) >= AT_LEAST


def test_what_is_thrown_away_is_counted_wherever_it_is(run_seed: int) -> None:
    def law_of_any(impl: Any, hold: Hold, x: float) -> None:
        """Of all numbers."""

    def law_of_positive(impl: Any, hold: Hold, x: float) -> None:
        """Of numbers above 0."""
        hold.given(x > 0, "x is not above 0")

    def share(law: Callable[..., None], source: Drawn[Any]) -> float:
        return share_that_applies(replace(a_law(x=source), function=law), run_seed)

    assert share(law_of_any, reals(-1, 1)) > 0.9
    assert 0.2 < share(law_of_positive, reals(-1, 1)) < 0.8
    filtered = reals(-8, 8, where=lambda x: abs(x) <= 2)
    assert 0.2 < share(law_of_any, filtered) < 0.9  # Hypothesis tries three times before it rejects
