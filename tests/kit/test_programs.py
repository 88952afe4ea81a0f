"""Programs that speak the wire format themselves, well and badly."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.watched import Make, X, activation, failure, refusal, workers_watched
from rnnspec.errors import Misbehaved
from rnnspec.kit.worker import Worker

SPEAKER = """
import json, sys
print(json.dumps({greeting}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    print({answer}, flush=True)
"""
GREETING = {
    "type": "description",
    "wire": 1,
    "name": "speaker",
    "version": "0",
    "formats": ["float32"],
    "offers": ["activation"],
}
ECHO = "json.dumps({'id': request['id'], 'status': 'ok', 'value': request['arguments']['x']})"


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    with workers_watched(monkeypatch) as made:
        yield made


def speaker(make: Make, greeting: Any = GREETING, answer: str = ECHO, **options: Any) -> Worker:
    program = SPEAKER.format(greeting=repr(greeting), answer=answer)
    return make("my-program", command=[sys.executable, "-c", program], **options)


def test_a_program_without_rnnspec_can_take_part(make: Make) -> None:
    worker = speaker(make)
    assert worker.description.name == "speaker"
    for _ in range(3):
        assert np.array_equal(activation(worker), X)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("'hello'", "answered activation with something that is not a reply: 'hello'"),
        ("'{}'", "answered activation with something that is not a reply: '{}' (Object missing required"),
        (
            "json.dumps({'id': 77, 'status': 'not_offered'})",
            "answered activation with something that is not its reply: ",
        ),
        ("4000 * 'x'", "answered activation with more than 1,000 bytes"),
        ("sys.exit(1)", "exited with code 1 during activation"),
        (
            "1 / 0",
            "exited with code 1 during activation; its last words: ZeroDivisionError: division by zero",
        ),
    ],
)
def test_a_program_that_talks_nonsense(answer: str, said: str, make: Make) -> None:
    error = failure(speaker(make, answer=answer, reply_limit=1000))
    assert str(error).startswith(said)
    assert error.costly


def test_a_program_that_never_stops_talking(make: Make) -> None:
    endless = "[sys.stdout.write(100_000 * 'x') for _ in iter(int, 1)]"
    error = failure(speaker(make, answer=endless, reply_limit=10**6))
    assert str(error) == "answered activation with more than 1,000,000 bytes"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"status": "ok"}, "activation returned what is not plain data: no value"),
        (
            {
                "status": "ok",
                "value": {"type": "array", "dtype": "float32", "shape": [2], "data": "AAAA"},
            },
            "activation returned what is not plain data: an array of float32 of shape (2,) in 3 bytes",
        ),
        ({"status": "raised", "message": "Oops: a\nb"}, "activation raised Oops: a b"),
        ({"status": "rubbish", "message": "a ghost"}, "activation returned what is not plain data: a ghost"),
    ],
)
def test_a_wrong_value_costs_nothing(reply: Any, said: str, make: Make) -> None:
    error = failure(speaker(make, answer=f"json.dumps({{'id': request['id'], **{reply!r}}})"))
    assert str(error).startswith(said)
    assert not error.costly


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        ("hello", "my-program began with something that is not a description: '\"hello\"'"),
        ({"type": "cannot_load", "message": "no licence"}, "no licence"),
        ({**GREETING, "wire": 2}, "my-program speaks version 2 of the wire format, the kit 1"),
        ({**GREETING, "offers": []}, "my-program offers nothing: none of activation, "),
        ({**GREETING, "offers": ["fly"]}, "my-program offers 'fly', which is none of activation, "),
        ({**GREETING, "formats": ["posit8"]}, "my-program.formats is ['posit8'], where "),
    ],
)
def test_a_program_that_introduces_itself_badly(greeting: Any, said: str, make: Make) -> None:
    assert refusal(speaker(make, greeting)).startswith(said)


def test_a_program_that_is_not_there(make: Make) -> None:
    worker = make("my-program", command=["/no/such/program"])
    assert refusal(worker) == "/no/such/program cannot be started: No such file or directory"


def test_a_program_that_does_not_read_cannot_block_the_kit(make: Make) -> None:
    program = f"import json, time; print(json.dumps({GREETING!r}), flush=True); time.sleep(600)"
    worker = make("deaf", command=[sys.executable, "-c", program], time_limit=0.5)
    with pytest.raises(Misbehaved, match="gave no answer to activation within"):
        worker.call("activation", kind="tanh", x=np.zeros(10**6))


def test_a_program_that_cannot_be_started_twice(make: Make, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    program = f"open({str(lock)!r}, 'x'); " + SPEAKER.format(greeting=repr(GREETING), answer="sys.exit(1)")
    worker = make("my-program", command=[sys.executable, "-c", program])
    assert str(failure(worker)) == "exited with code 1 during activation"
    error = failure(worker)
    assert str(error).startswith(
        "could not be started again: my-program exited with code 1 while it was loaded"
    )
    assert "FileExistsError" in str(error)


def test_a_death_is_noticed_though_the_pipes_stay_open(make: Make) -> None:
    orphan = "__import__('subprocess').Popen(['sleep', '600'])"
    error = failure(speaker(make, answer=f"[{orphan}, __import__('os')._exit(4)]"))
    assert str(error) == "exited with code 4 during activation"
