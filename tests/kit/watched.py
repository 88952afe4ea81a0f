"""Workers for tests, and a watch that none of them leaves a process behind."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnspec.errors import CannotLoad, Misbehaved
from rnnspec.kit.endpoint import Endpoint
from rnnspec.kit.worker import Worker

HOSTILE = Path(__file__).with_name("hostile.py")
X = np.array([-1.0, 0.5], dtype=np.float32)

Make = Callable[..., Worker]


@contextmanager
def workers_watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes workers, and sees to it that no process is left of them, nor of what they started."""
    mark = f"RNNSPEC_TEST={os.urandom(8).hex()}"
    monkeypatch.setenv(*mark.split("="))
    workers: list[Worker] = []

    def made(target: str, **options: Any) -> Worker:
        target = f"{HOSTILE}:{target}" if target[0].isupper() else target
        workers.append(Worker(target, **options))
        return workers[-1]

    yield made
    for worker in workers:
        worker.close()
        assert worker.process_id is None
    assert soon_gone(marked(mark))


def marked(mark: str) -> list[int]:
    """The processes that were started with this in their environment."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark.encode() in environment.read_bytes().split(b"\0"):
                found.append(int(environment.parent.name))
    return found


def alive(process: int) -> bool:
    """Whether a process runs; one that is dead and unburied does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def soon_gone(processes: Iterable[int], seconds: float = 10) -> bool:
    """Whether all of them have ended; what was killed takes a moment."""
    deadline = time.monotonic() + seconds
    while any(map(alive, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def activation(endpoint: Endpoint, kind: str = "tanh") -> Any:
    return endpoint.call("activation", kind=kind, x=X)


def failure(worker: Worker, kind: str = "tanh") -> Misbehaved:
    """What a call is said to have come to, in one sentence."""
    with pytest.raises(Misbehaved) as caught:
        activation(worker, kind)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    assert caught.value.costly == (worker.process_id is None)
    return caught.value


def refusal(worker: Worker) -> str:
    with pytest.raises(CannotLoad) as caught:
        _ = worker.description
    assert worker.process_id is None
    with pytest.raises(CannotLoad, match=re.escape(str(caught.value))):
        activation(worker)
    assert "\n" not in str(caught.value)
    return str(caught.value)
