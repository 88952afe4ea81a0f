"""Hypothesis for the ordinary tests: two profiles, with every setting explicit.

`ci` is the default and draws from the fixed seed that pyproject.toml gives; `thorough`
(`make thorough`) draws more, from a seed of the day. The laws of rnnspec bring settings of
their own and see nothing of these.
"""

from __future__ import annotations

from hypothesis import Phase, Verbosity, settings


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
        suppress_health_check=(),
        verbosity=Verbosity.normal,
    )


_register("ci", examples=50)
_register("thorough", examples=1000)
settings.load_profile("ci")
