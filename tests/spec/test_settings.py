"""Hypothesis as laws see it: no setting, and no number, comes from the host project."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from rnnspec.drawn import Drawn
from rnnspec.errors import CallAtFault
from rnnspec.protocol import FORMATS
from rnnspec.strategies import settings as module
from rnnspec.strategies.settings import (
    PROFILES,
    explicit_settings,
    profile_named,
    without_local_constants,
)
from spec.exploring import collect

LOW, HIGH = 2**44, 2**45  # few literals are so large; a number hit by chance is one in 2^44
DRAWS = 1000


@pytest.fixture
def literal(tmp_path: Path, run_seed: int) -> Iterator[int]:
    """A number that stands in the source of a module which is loaded, and nowhere else."""
    number = int(np.random.default_rng(run_seed).integers(LOW, HIGH))
    path = tmp_path / f"literal_{number}.py"
    path.write_text(f"NUMBER = {number}\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    sys.modules[path.stem] = loaded
    yield number
    del sys.modules[path.stem]


def whole_numbers() -> Drawn[Any]:
    return Drawn(name="whole numbers", strategy=lambda fmt: st.integers(LOW, HIGH))


def unprotected(run_seed: int) -> list[int]:
    """What Hypothesis draws by itself, with the settings of a law."""
    drawn: list[int] = []

    def test(x: int) -> None:
        drawn.append(x)

    seed(run_seed)(explicit_settings(DRAWS)(given(st.integers(LOW, HIGH))(test)))()
    return drawn


def test_a_literal_of_a_loaded_module_is_drawn_by_hypothesis_but_not_for_a_law(
    literal: int, run_seed: int
) -> None:
    assert literal in unprotected(run_seed)  # otherwise this test could not see it
    drawn, _ = collect(whole_numbers(), FORMATS["float64"], DRAWS, run_seed)
    assert len(drawn) == DRAWS
    assert literal not in drawn
    assert literal in unprotected(run_seed)


def test_the_same_with_what_was_drawn_before(literal: int, run_seed: int) -> None:
    """Neither a cache filled outside nor one filled inside reaches over."""
    with without_local_constants():
        assert literal not in unprotected(run_seed)
        assert literal not in unprotected(run_seed + 1)
    assert literal in unprotected(run_seed)


def test_the_provider_gets_its_own_back() -> None:
    original = providers._get_local_constants
    with without_local_constants():
        assert providers._get_local_constants is not original
        inner = providers._get_local_constants
        with without_local_constants():
            pass
        assert providers._get_local_constants is inner
    assert providers._get_local_constants is original
    with pytest.raises(KeyError), without_local_constants():
        raise KeyError
    assert providers._get_local_constants is original
    assert len(providers.CONSTANTS_CACHE.cache) == 0


def test_every_setting_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    every = set(inspect.signature(settings.__init__).parameters) - {"self", "parent"}
    made: dict[str, Any] = {}
    monkeypatch.setattr(module, "settings", lambda **arguments: made.update(arguments))
    explicit_settings(7)
    assert set(made) == every
    assert made["max_examples"] == 7


@pytest.fixture
def hostile_profile() -> Iterator[None]:
    before = settings.get_current_profile_name()
    settings.register_profile(
        "hostile",
        max_examples=1,
        phases=(),
        derandomize=True,
        deadline=1,
        verbosity=Verbosity.debug,
        suppress_health_check=list(HealthCheck),
        stateful_step_count=1,
        print_blob=True,
    )
    settings.load_profile("hostile")
    yield
    settings.load_profile(before)


def test_a_loaded_profile_does_not_leak_in(
    run_seed: int, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn, found = collect(whole_numbers(), FORMATS["float64"], 60, run_seed)
    request.getfixturevalue("hostile_profile")
    assert settings().max_examples == 1
    again, found_again = collect(whole_numbers(), FORMATS["float64"], 60, run_seed)
    assert len(again) == 60
    assert again == drawn
    assert found_again == found
    assert capsys.readouterr().out == ""


def test_no_failure_is_kept_for_the_next_run(run_seed: int) -> None:
    """Each run begins anew: what failed once is not what the next one begins with."""
    failing = collect(whole_numbers(), FORMATS["float64"], 60, run_seed, lambda x: x > LOW)
    again = collect(whole_numbers(), FORMATS["float64"], 60, run_seed, lambda x: x > LOW)
    assert failing[0] == again[0]
    assert failing[1].failure == again[1].failure


def test_profiles() -> None:
    quick, standard, thorough = (profile_named(name) for name in ("quick", "standard", "thorough"))
    assert [quick.name, standard.name, thorough.name] == list(PROFILES)
    for less, more in ((quick, standard), (standard, thorough)):
        assert less.examples < more.examples
        assert less.search < more.search
        assert less.replicates <= more.replicates
        assert less.trials < more.trials
    with pytest.raises(
        CallAtFault, match=r"^--profile: got 'slow', expected one of quick, standard, thorough$"
    ):
        profile_named("slow")
