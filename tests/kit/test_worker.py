"""Nothing that an implementation does in its own process is more than an exception in this one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.watched import HOSTILE, Make, X, activation, alive, failure, refusal, soon_gone, workers_watched
from rnnspec.errors import NotOffered
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit import wire
from rnnspec.kit.endpoint import InProcess
from rnnspec.protocol import Layer


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    with workers_watched(monkeypatch) as made:
        yield made


def test_a_worker_answers_like_the_implementation_itself(make: Make) -> None:
    worker, same = make("numpy"), InProcess(NumpyImplementation())
    assert worker.process_id is None
    assert worker.description == same.description
    assert np.array_equal(activation(worker), activation(same))

    random = np.random.default_rng(0)
    layer = Layer("lstm", 2, 3, biases="two")
    call: dict[str, Any] = {
        "layer": layer,
        "parameters": {name: random.normal(0, 1, shape) for name, shape in layer.parameter_shapes.items()},
        "inputs": random.normal(0, 1, (4, 2, 2)),
        "state": {name: random.normal(0, 1, (2, 3)) for name in "hc"},
    }
    for ours, theirs in zip(worker.call("run", **call), same.call("run", **call), strict=True):
        np.testing.assert_equal(ours, theirs)
    call |= {"d_outputs": random.normal(0, 1, (4, 2, 3)), "d_state": call["state"]}
    for ours, theirs in zip(worker.call("run_vjp", **call), same.call("run_vjp", **call), strict=True):
        np.testing.assert_equal(ours, theirs)
    assert worker.call("parameter_count", layer=layer) == same.call("parameter_count", layer=layer) == 84


def test_what_an_implementation_may_refuse(make: Make) -> None:
    with pytest.raises(NotOffered, match="activation is not offered with these options"):
        activation(make("SaysNotImplemented"))
    with pytest.raises(NotOffered, match="run is not offered"):
        make("Honest").call("run")


def test_a_worker_starts_again_after_it_was_closed(make: Make) -> None:
    with make("Honest") as worker:
        activation(worker)
        first = worker.process_id
        assert first is not None
    assert not alive(first)
    activation(worker)
    assert worker.process_id not in (first, None)
    worker.close()
    worker.close()


@pytest.mark.parametrize(
    ("adapter", "said"),
    [
        ("Raises", "activation raised ValueError: bad luck !!!"),
        ("RaisesWithoutMessage", "activation raised Mute"),
        ("SystemExits", "activation raised SystemExit: 0"),
        ("Recurses", "activation raised RecursionError: maximum recursion depth exceeded"),
        ("Integers", "activation returned what is not plain data: an array of int64"),
        ("Objects", "activation returned what is not plain data: an array of object"),
        ("Tensors", "activation returned what is not plain data: a Tensor at ['y']"),
        ("Huge", "activation returned what is not plain data: an array of 7,629,395 MiB, more than the 96"),
        ("UnspeakableName", "activation returned what is not plain data: what cannot be encoded: "),
        ("TakesMemory", "activation raised MemoryError: Unable to allocate 20.0 GiB"),
    ],
)
def test_what_the_process_survives(adapter: str, said: str, make: Make) -> None:
    worker = make(adapter)
    error = failure(worker)
    assert str(error).startswith(said)
    assert not error.costly
    before = worker.process_id
    assert str(failure(worker)) == str(error)
    assert worker.process_id == before


def test_arrays_that_are_together_too_large(make: Make) -> None:
    said = "activation returned what is not plain data: 171 MiB, more than the 128 MiB of a reply"
    assert str(failure(make("ManyArrays"))) == said


@pytest.mark.parametrize(
    ("adapter", "said"),
    [
        ("Exits", "exited with code 3 during activation; its last words: library: giving up"),
        ("Segfaults", "was killed by signal 11 (SIGSEGV) during activation"),
        ("Forges", "answered activation with something that is not a reply: 'over to you'"),
    ],
)
def test_what_the_process_does_not_survive(adapter: str, said: str, make: Make) -> None:
    worker = make(adapter)
    for _ in range(2):  # it is started again for the second
        assert str(failure(worker)) == said
        assert worker.process_id is None


@pytest.mark.parametrize("adapter", ["Prints", "FloodsStderr", "WrongShape"])
def test_what_the_process_may_do(adapter: str, make: Make) -> None:
    worker = make(adapter)
    for _ in range(2):
        assert activation(worker).dtype == (np.float64 if adapter == "WrongShape" else np.float32)


def test_a_hang_costs_the_process_and_not_the_run(make: Make) -> None:
    worker = make("Sleeps", time_limit=2)
    assert activation(worker).shape == X.shape
    error = failure(worker, "sigmoid")
    assert str(error) == "gave no answer to activation within 2 s"
    assert error.costly
    assert activation(worker).shape == X.shape


def test_a_hang_that_lets_nothing_else_run_is_one_as_well(make: Make) -> None:
    assert str(failure(make("HoldsTheLock", time_limit=0.3))) == "gave no answer to activation within 0.3 s"


def test_a_process_that_hangs_up_is_said_to(make: Make) -> None:
    assert str(failure(make("Mutes"))) == "closed its output during activation"


def test_an_end_between_calls_is_told_at_the_next(make: Make) -> None:
    worker = make("ExitsLater")
    activation(worker)
    assert worker.process_id is not None
    os.waitid(os.P_PID, worker.process_id, os.WEXITED | os.WNOWAIT)
    assert str(failure(worker)) == "exited with code 5 between calls, before activation"
    activation(worker)


def test_processes_that_an_implementation_started_end_with_it(make: Make) -> None:
    error = failure(make("LeavesChildren"))
    [child] = re.findall(r"child (\d+)$", str(error))
    assert soon_gone([int(child)])
    assert re.fullmatch(r"was killed by signal 9 \(SIGKILL\) during activation; .*: child \d+", str(error))


def test_neither_side_can_write_into_the_others_arrays(make: Make) -> None:
    assert np.isnan(activation(make("SpoilsArguments"))).all()
    assert np.isfinite(X).all()
    result = activation(make("Honest"))
    result += 1


def test_an_interruption_leaves_no_answer_for_the_next_call(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = make("Honest")
    activation(worker)
    before = worker.process_id

    def interrupted(line: bytes) -> wire.Reply:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(wire, "decode_reply", interrupted)
        with pytest.raises(KeyboardInterrupt):
            activation(worker)
    assert worker.process_id is None
    activation(worker)
    assert worker.process_id != before


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise RuntimeError('no licence')", "importing {file} failed: RuntimeError: no licence"),
        ("import os; os._exit(7)", "{target} exited with code 7 while it was loaded"),
        (
            "import ctypes; ctypes.string_at(0)",
            "{target} was killed by signal 11 (SIGSEGV) while it was loaded",
        ),
        ("raise BaseException('rare')", "loading {target} failed: BaseException: rare"),
        ("import time; time.sleep(600)", "{target} did not describe itself within 1.5 s"),
        ("f = object()", "object.version is missing, where text is expected"),
    ],
)
def test_what_cannot_be_loaded(source: str, said: str, make: Make, tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text(source + "\n")
    target = f"{file}:f"
    hangs = "sleep" in source
    worker = make(target, load_limit=1.5) if hangs else make(target)
    assert refusal(worker) == said.format(file=file, target=target)


def test_what_is_not_there_needs_no_process(make: Make) -> None:
    assert refusal(make("nunpy")).startswith("no adapter called 'nunpy' is installed")


def test_the_adapter_finds_what_the_kit_finds(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The modules on the kit's path, and those of the working directory behind the library's."""
    (tmp_path / "helper_of_mine.py").write_text("from kit.hostile import honest\n")
    (tmp_path / "json.py").write_text("raise RuntimeError('not the one meant')\n")
    monkeypatch.chdir(tmp_path)
    assert make("helper_of_mine:honest").description.name == "honest"


def test_large_arrays_pass_both_ways(make: Make) -> None:
    """Far more than a pipe holds."""
    x = np.random.default_rng(0).normal(size=10**6)
    assert np.array_equal(make("Honest").call("activation", kind="tanh", x=x), np.tanh(x))


# --- the end of the kit

GREETING = {
    "type": "description",
    "wire": 1,
    "name": "stubborn",
    "version": "0",
    "formats": ["float32"],
    "offers": ["activation"],
}
STUBBORN = f"import json, time; print(json.dumps({GREETING!r}), flush=True); time.sleep(600)"

KIT = f"""
import signal, sys, time
import numpy as np
from rnnspec.kit.worker import Worker
stubborn = Worker("stubborn", command=[sys.executable, "-c", {STUBBORN!r}])
worker = stubborn if sys.argv[1] == "stubborn" else Worker({str(HOSTILE)!r} + ":Sleeps")
worker.description
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits none
print(worker.process_id, flush=True)
call = lambda: worker.call("activation", kind="sigmoid", x=np.zeros(1))
"""


@pytest.mark.parametrize(
    ("which", "end", "by"),
    [
        ("adapter", "sys.exit()", None),
        ("adapter", "raise RuntimeError", None),
        ("adapter", "call()", signal.SIGKILL),  # in the midst of a call that hangs
        ("adapter", "call()", signal.SIGINT),
        ("adapter", "time.sleep(600)", signal.SIGKILL),
        ("stubborn", "sys.exit()", None),  # does not end with its input, as it should
    ],
)
def test_no_process_outlives_the_kit(which: str, end: str, by: int | None) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", KIT + end, which],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as kit:
        assert kit.stdout is not None
        worker = int(kit.stdout.readline())
        if by is not None:
            time.sleep(0.3)  # it is in its call by now; if not, the test tests less
            assert alive(worker)
            kit.send_signal(by)
        kit.wait(20)
        assert soon_gone([worker])
