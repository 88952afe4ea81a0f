"""Hypothesis, with every setting explicit.

A host project's profile must not leak in, and neither must its source files: Hypothesis
collects numeric literals from them and draws those more often, so that a planted fault, or
a constant of the spec itself, would help it to find what it should find unaided.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from rnnspec.errors import CallAtFault


@dataclass(frozen=True)
class Profile:
    """How thoroughly laws are explored.

    Attributes:
        name: `quick`, `standard` or `thorough`.
        examples: inputs drawn for each law and reading.
        search: inputs drawn in the search for a counterexample to a false statement.
        replicates: K, of the noise.
        trials: seeds of an experiment.
    """

    name: str
    examples: int
    search: int
    replicates: int
    trials: int


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("quick", examples=5, search=500, replicates=16, trials=30),
        Profile("standard", examples=10, search=1000, replicates=16, trials=40),
        Profile("thorough", examples=250, search=10_000, replicates=32, trials=120),
    )
}


def profile_named(name: str) -> Profile:
    """The profile of that name.

    Raises:
        CallAtFault: if there is none.
    """
    try:
        return PROFILES[name]
    except KeyError:
        raise CallAtFault(f"--profile: got {name!r}, expected one of {', '.join(PROFILES)}") from None


def explicit_settings(examples: int) -> settings:
    """Settings of which none is left to a default or to a loaded profile."""
    return settings(
        max_examples=examples,
        backend="hypothesis",
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
        report_multiple_bugs=False,
        stateful_step_count=50,
        # How fast inputs are drawn depends on what else the machine does, and must decide nothing.
        suppress_health_check=(HealthCheck.too_slow,),
        verbosity=Verbosity.quiet,
    )


@contextmanager
def without_local_constants() -> Iterator[None]:
    """Keep Hypothesis from drawing literals out of the source files that are loaded.

    There is no public switch for this. The provider asks one function for these constants;
    while the body runs it answers that there are none, and the cache of what it said
    before is emptied on the way in and out.
    """
    original = providers._get_local_constants
    none = Constants()
    providers._get_local_constants = lambda: none
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        providers._get_local_constants = original
        providers.CONSTANTS_CACHE.cache.clear()
