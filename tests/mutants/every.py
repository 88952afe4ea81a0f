"""All mutants: of implementations, a module a topic, and of the reference's own formulas."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from mutants.formulas import cells, derivatives, feedforward, functions, systems
from mutants.patching import Mutant
from mutants.planting import Faulty
from rnnspec.claim import About, Check, Kind
from rnnspec.claims import registry

_TOPICS = sorted(path.stem for path in (Path(__file__).parent / "implementations").glob("*.py"))

FAULTY: list[Faulty] = [
    each for topic in _TOPICS for each in import_module(f"mutants.implementations.{topic}").FAULTY
]
"""Mistakes in implementations, with the laws that must notice them."""


def held_to_implementations() -> list[Check]:
    """What the first kind of mistake is for: laws, and the same at every value of a format."""
    kinds = (Kind.LAW, Kind.EXHAUSTIVE)
    return [
        check
        for claim in registry
        for check in claim.checks
        if check.kind in kinds and check.about is not About.MATHEMATICS
    ]


FORMULA_TOPICS = (cells, derivatives, feedforward, functions, systems)
"""Each has KILLERS, functions by name, and MUTANTS, a list of mistakes for every killer."""

FORMULAS: list[tuple[Mutant, str]] = [
    (mutant, killer)
    for topic in FORMULA_TOPICS
    for killer, mutants in topic.MUTANTS.items()
    for mutant in mutants
]
"""Mistakes in the reference's formulas, with the name of the function that must notice them."""
