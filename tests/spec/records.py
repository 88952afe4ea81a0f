"""Records of claims that are right, and functions to attach to them."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pytest
from hypothesis import strategies as st

from rnnspec.claim import CONDITIONAL, HOLDS, REFUTED, BadClaim, Claim
from rnnspec.drawn import Drawn
from rnnspec.sources import D0

NUMBERS = Drawn(
    name="numbers",
    strategy=lambda fmt: st.integers(-100, 100).map(float),
    regimes=lambda x, fmt: ["negative" if x < 0 else "positive"],
)
Number = Annotated[float, NUMBERS]

FIELDS: dict[str, Any] = {
    "id": "ACT-99",
    "title": "Nothing is larger than itself",
    "says": "They say so.",
    "statement": "x ≤ x for every x.",
    "equation": "x ≤ x",
    "verdict": HOLDS,
    "because": "Order is reflexive.",
    "sources": (D0("1"),),
}
CONDITIONS = {"verdict": CONDITIONAL, "conditions": ("x is there", "x is a number")}
CORRECTED = {"verdict": REFUTED, "corrected": "x = x"}


def made(**changed: Any) -> Claim:
    """A claim in no registry."""
    return Claim(**{**FIELDS, **changed})


def refused(message: str) -> Any:
    """A `BadClaim` that says exactly this."""
    return pytest.raises(BadClaim, match=f"^{re.escape(message)}$")


def law(impl: Any, hold: Any, x: Number) -> None:
    """It holds."""


def other(impl: Any, hold: Any) -> None:
    """It holds as well."""


def thing() -> dict[str, Any]:
    """A thing on which it fails."""
    return {"x": 1.0}


def thing_too() -> dict[str, Any]:
    """Another one."""
    return {"x": 2.0}
