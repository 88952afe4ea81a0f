"""Hypothesis for the ordinary tests: two profiles, with every setting explicit.

`ci` is the default and draws from the fixed seed that pyproject.toml gives; `thorough`
(`make thorough`) draws more, from a seed of the day. The laws of rnnspec bring settings of
their own and see nothing of these.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings

from rnnspec.kit import explore
from rnnspec.kit.runner import spare_what_is_loaded


def _register(name: str, examples: int) -> None:
    settings.register_profile(
        name,
        max_examples=examples,
        backend="hypothesis",
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.explicit, Phase.generate, Phase.target, Phase.shrink),
        print_blob=False,
        report_multiple_bugs=True,
        stateful_step_count=50,
        suppress_health_check=(HealthCheck.too_slow,),  # it depends on what else the machine does
        verbosity=Verbosity.normal,
    )


_register("ci", examples=50)
_register("thorough", examples=1000)
settings.load_profile("ci")


@pytest.fixture
def unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure is left as it was found: to make it smaller takes longer than to find it."""
    monkeypatch.setattr(explore, "SHRINKING_CALLS", 0)
    monkeypatch.setattr(explore, "pinned", lambda check, judge, failure, fmt, **how: failure)


def pytest_collection_finish() -> None:
    """Tests and claims are there to stay until the end."""
    spare_what_is_loaded()
