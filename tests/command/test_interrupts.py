"""Ctrl-C ends a command quietly, whatever it finds the command at."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from command.calling import adapter, environment, python
from rnnspec.command import interrupts
from rnnspec.command import main as commands
from rnnspec.command.interrupts import interrupts_come_through
from rnnspec.kit.runner import _interrupts_held_back

COMMANDS = [("verify",), ("check", adapter("Hangs"))]
SAY = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))"
SAY_AFTER_THE_FIRST_PROCESS = f"""
from multiprocessing import resource_tracker  # which the first process of a pool starts
from rnnspec.kit.runner import _interrupts_held_back
with _interrupts_held_back():
    resource_tracker.ensure_running()
    {SAY}
"""


@contextlib.contextmanager
def interrupts_heeded() -> Iterator[None]:
    """As at a terminal; what a shell starts in the background inherits that they are ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def interrupt(*_: Any) -> None:
    signal.raise_signal(signal.SIGINT)


def during_a_finalizer() -> None:
    type("Doomed", (), {"__del__": interrupt})()


def during_a_garbage_collection() -> None:
    left = [interrupt]

    def callback(*_: Any) -> None:
        if left:  # once: should it ever stay behind, it does nothing more
            left.pop()()

    gc.callbacks.append(callback)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(callback)


def during_two_finalizers() -> None:
    during_a_finalizer()
    during_a_finalizer()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("seconds", [0, 0.1, 1.5])  # while processes are started; at work
def test_ctrl_c_ends_it_quietly(command: tuple[str, ...], seconds: float) -> None:
    with (
        interrupts_heeded(),
        subprocess.Popen(
            [sys.executable, "-m", "rnnspec", *command, "--profile", "thorough"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            start_new_session=True,  # a group of its own, all of which a terminal would interrupt
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert process.stdout.readline()  # says what it is about to do, and does it
            time.sleep(seconds)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=120)
        finally:
            with contextlib.suppress(ProcessLookupError):  # as it should be
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130
    assert err.strip() == b""
    assert b"Traceback" not in out


@pytest.mark.parametrize(
    "interrupted", [during_a_finalizer, during_a_garbage_collection, during_two_finalizers]
)
def test_an_interrupt_that_python_ignores_comes_through(interrupted: Any) -> None:
    def command() -> None:
        interrupted()
        time.sleep(60)

    with interrupts_heeded(), interrupts_come_through(), pytest.raises(KeyboardInterrupt):
        command()


def test_every_command_runs_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> int:
        during_a_finalizer()
        time.sleep(60)
        return 0

    monkeypatch.setattr(commands.cli, "main", interrupted)
    with interrupts_heeded():
        assert commands.main(["claims"]) == commands.INTERRUPTED


def test_what_else_cannot_be_raised_goes_where_it_went(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda ignored: said.append(str(ignored.exc_value)))

    def fail(_: object) -> None:
        raise ValueError("lost")

    with interrupts_come_through():
        type("Failing", (), {"__del__": fail})()
        time.sleep(0.05)
    assert said == ["lost"]


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "_AGAIN", 60)  # still to come when the command is over
    before = sys.unraisablehook, signal.getsignal(signal.SIGALRM)
    with interrupts_heeded(), interrupts_come_through():
        during_a_finalizer()
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert (sys.unraisablehook, signal.getsignal(signal.SIGALRM)) == before


def test_outside_the_main_thread_nothing_changes() -> None:
    seen: list[Any] = []

    def look() -> None:
        with interrupts_come_through():
            seen.append(sys.unraisablehook)

    before = sys.unraisablehook
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]


def test_an_interrupt_waits_until_the_processes_are_started() -> None:
    started = []

    def start() -> None:
        with _interrupts_held_back():
            interrupt()
            time.sleep(0.05)
            started.append(True)

    with interrupts_heeded(), pytest.raises(KeyboardInterrupt):
        start()
    assert started


def test_processes_started_meanwhile_never_hear_of_it() -> None:
    with _interrupts_held_back():
        inside = python("-c", SAY)
    assert inside.out == "True\n"
    assert python("-c", SAY).out == "False\n"


def test_the_first_process_lets_no_interrupt_through() -> None:
    assert python("-c", SAY_AFTER_THE_FIRST_PROCESS).out == "True\n"
