"""One input of one law, held to one implementation: what a reported failure is repeated with."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnnspec.errors import CallAtFault

if TYPE_CHECKING:
    from rnnspec.claim import Check, Claim
    from rnnspec.kit.results import CheckResult


def reproduce(
    check: str, target: str | Sequence[str] | None, dtype: str, /, *, profile: str = "standard", **inputs: Any
) -> CheckResult:
    """Hold one input to one law, as a run does, and print what comes of it.

    Args:
        check: the id of a law, `ACT-02/at_most_a_quarter`.
        target: the implementation, as on the command line; of a program (`--exec`), the
            words of its command as a list; None for the mathematics itself.
        dtype: a float format, or `mathematics`.
        profile: of the run that is repeated; it decides on the replicates of the noise.
        inputs: the law's inputs, by name.

    Returns:
        What it came to.

    Raises:
        CallAtFault: if there is no such law, or the inputs are not its inputs.
        CannotLoad: if the target cannot be loaded, or the program not started.
    """
    # A worker imports this package as well, and needs nothing of what follows.
    from rnnspec.command.consoles import output
    from rnnspec.command.failures import show_outcome
    from rnnspec.kit.results import CheckResult
    from rnnspec.kit.runner import MATHEMATICS

    claim, law = _law(check)
    if set(inputs) != set(law.inputs):
        expected = ", ".join(law.inputs) or "none"
        raise CallAtFault(f"{law.id} has the inputs {expected}; got {', '.join(inputs) or 'none'}")
    if (dtype == MATHEMATICS) != (target is None):
        raise CallAtFault("the mathematics has no target: give None and 'mathematics', or neither of them")
    result = CheckResult(claim.id, law.id, law.kind.value, dtype)
    _judge(claim, law, target, profile, inputs, result)
    show_outcome(output(), claim, law, result, _called(target))
    return result


def _called(target: str | Sequence[str] | None) -> str:
    if target is None:
        return "mathematics"
    return target if isinstance(target, str) else shlex.join(target)


def _law(check: str) -> tuple[Claim, Check]:
    from rnnspec.claim import Kind
    from rnnspec.claims import registry

    for claim in registry:
        for each in claim.checks:
            if each.id == check:
                law = each.of if each.kind is Kind.EXHAUSTIVE else each
                if law is None or law.kind not in (Kind.LAW, Kind.AS_STATED):
                    raise CallAtFault(f"{check} is a {each.kind.value} and has no inputs to be held to")
                return claim, law
    raise CallAtFault(f"there is no check {check!r}; `rnnspec claims` lists the claims")


def _judge(
    claim: Claim,
    law: Check,
    target: str | Sequence[str] | None,
    profile: str,
    inputs: dict[str, Any],
    result: CheckResult,
) -> None:
    from rnnspec.hold import Inapplicable
    from rnnspec.kit.explore import implementation_judge, judge_once, mathematics_judge
    from rnnspec.kit.held import Held
    from rnnspec.kit.runner import WIDEST
    from rnnspec.kit.subjects import Mathematics
    from rnnspec.kit.worker import worker_of
    from rnnspec.protocol import format_named
    from rnnspec.strategies.settings import profile_named

    try:
        if target is None:
            judge = mathematics_judge(law, Mathematics(WIDEST))
            result.take(judge_once(law, judge, WIDEST, inputs, pin=False), claim, law)
            return
        fmt = format_named(result.reading)
        with worker_of(target) as worker:
            if fmt.name not in worker.description.formats:
                raise CallAtFault(f"{_called(target)} does not compute in {fmt.name}")
            judge = implementation_judge(law, Held(worker, fmt), profile_named(profile))
            result.take(judge_once(law, judge, fmt, inputs, pin=False), claim, law)
    except Inapplicable as reason:
        result.detail = f"the input does not satisfy the law's conditions: {reason}"
