"""A law draws what it speaks of: few inputs are thrown away because they do not satisfy its conditions.

Hypothesis gives up where nearly all are, and whether it does depends on the seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from rnnspec.claim import Check, Kind
from rnnspec.claims import registry
from rnnspec.hold import Hold, Inapplicable
from rnnspec.kit.explore import explore
from rnnspec.kit.judge import Judgement
from rnnspec.protocol import FORMATS
from spec.exploring import TRUE

WITH_INPUTS = [
    check
    for claim in registry
    for check in claim.checks
    if check.kind in (Kind.LAW, Kind.AS_STATED) and check.inputs
]
EXAMPLES = 60
AT_LEAST = 0.3


class _Asked(Exception):
    """The law has begun to ask, so what it asks of its inputs by themselves is satisfied."""


class Nobody:
    """A subject that ends a law at its first call."""

    def __getattr__(self, name: str) -> Any:
        raise _Asked


def share_that_applies(check: Check, run_seed: int) -> float:
    seen: Counter[str] = Counter()

    def judge(inputs: Mapping[str, Any]) -> Judgement:
        nobody: Any = Nobody()
        seen["drawn"] += 1
        try:
            check.function(nobody, Hold(nobody), **inputs)
        except _Asked:
            pass
        except Inapplicable:
            seen["thrown away"] += 1
            raise
        return TRUE

    explore(check, judge, FORMATS["float64"], EXAMPLES, run_seed)
    return 1 - seen["thrown away"] / seen["drawn"]


@pytest.mark.thorough
@pytest.mark.parametrize("check", WITH_INPUTS, ids=lambda check: check.id)
def test_few_inputs_are_thrown_away(check: Check, run_seed: int) -> None:
    assert share_that_applies(check, run_seed) >= AT_LEAST
