"""Every mistake planted in the reference's formulas is noticed by the check meant for it.

Noticed means that the check's own assertion fails. A mutant that dies of another exception,
a name that is missing or shapes that do not fit, has not been killed and fails here.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from mutants.formulas import MUTANTS
from mutants.patching import Mutant
from reference import checks, checks_balls, checks_noise
from reference.checks import Example
from reference.draws import panel
from rnnref import FORMATS

SEED = 11  # arbitrary: for what the killers draw


@cache
def networks() -> list[Example]:
    """The panel, whose textbook answers are then computed once for all mutants."""
    return panel()


def forward() -> None:
    for each in networks():
        checks.check_forward(each)


def gates() -> None:
    for each in networks():
        checks.check_gates(each)


def gradients() -> None:
    for each in networks():
        checks.check_gradients(each)


def engines() -> None:
    for each in networks():
        checks.check_mpmath(each)
    for kind in ("tanh", "sigmoid", "relu"):
        checks.check_mpmath_entrywise(kind, np.array([-30.0, -0.5, 0.0, 0.25, 40.0]))


def enclosures() -> None:
    random = np.random.default_rng(SEED)
    for kind in ("tanh", "sigmoid", "relu"):
        for middle in (-100.0, -1.0, 0.0, 0.5, 70.0):
            for where in (-1.0, 0.0, 1.0):
                radius = float(random.uniform(0, 3))
                checks_balls.check_enclosure(kind, middle, radius, where, bits=64)
                checks_balls.check_sign_enclosure(middle, radius, where)


def certification() -> None:
    checks_balls.check_working_precision()
    random = np.random.default_rng(SEED)
    for _ in range(20):
        checks_balls.check_certified_bits(random)
    checks_balls.check_saturated_digits()


def floats() -> None:
    for each in networks():
        checks_noise.check_floats(each, FORMATS["float32"], SEED)


def noise() -> None:
    random = np.random.default_rng(SEED)
    for fmt in FORMATS.values():
        checks_noise.check_units(fmt)
        checks_noise.check_one_rounding(random, fmt)
        checks_noise.check_reproducible(networks()[0], fmt, replicates=4, seed=SEED)
    checks_noise.check_cancelling_sums(random)


KILLERS = {
    f.__name__: f for f in (forward, gates, gradients, engines, enclosures, certification, floats, noise)
}
PLANTED = [(mutant, killer) for killer, mutants in MUTANTS.items() for mutant in mutants]


@pytest.mark.parametrize("killer", KILLERS)
def test_correct_code_survives(killer: str) -> None:
    KILLERS[killer]()


@pytest.mark.parametrize(
    ("mutant", "killer"), [pytest.param(mutant, killer, id=mutant.name) for mutant, killer in PLANTED]
)
def test_mutant_is_killed(mutant: Mutant, killer: str) -> None:
    with mutant.planted():
        try:
            KILLERS[killer]()
        except AssertionError:
            return
    pytest.fail(f"{killer} does not notice in {mutant.where}: {mutant.mistake}")


def test_names_are_unique() -> None:
    names = [mutant.name for mutant, _ in PLANTED]
    assert len(set(names)) == len(names)
