"""Adapters that do what adapters must not; each is a target `hostile.py:NAME`."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Honest:
    """Offers `activation` and no more; the others spoil it."""

    name = "honest"
    version = "1.0"
    formats = ("float32", "float64")
    declares: ClassVar[dict[str, bool | str]] = {"flushes_subnormals": False, "dialect": "plain"}

    def activation(self, kind: str, x: Array) -> Any:
        return np.tanh(x)


honest = Honest()


def made() -> Honest:
    return Honest()


class OffersNothing:
    version = "1.0"
    formats = ("float32",)


class NoVersion(Honest):
    version = None  # type: ignore[assignment]


class StrangeFormat(Honest):
    formats = ("float32", "float8")


class CannotBeMade(Honest):
    def __init__(self) -> None:
        raise RuntimeError("no device\nof any kind")


class SaysNotImplemented(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        return NotImplemented


class Raises(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        raise ValueError("bad\nluck " + 1000 * "!")


class RaisesWithoutMessage(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        class Mute(Exception):
            def __str__(self) -> str:
                raise RuntimeError

        raise Mute


class SystemExits(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        sys.exit(0)


class Recurses(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        return self.activation(kind, x)


class WrongShape(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        return np.zeros((2, 3))


class Integers(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        return np.zeros(x.shape, dtype=np.int64)


class Objects(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        return np.array([None, "text", object()], dtype=object)


class Tensor:
    """Looks like an array and is none."""

    def __init__(self, values: Array) -> None:
        self.shape, self.dtype, self.values = values.shape, values.dtype, values

    def __array__(self, *_: Any, **__: Any) -> Array:
        return self.values


class Tensors(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        return {"y": Tensor(x)}


class Huge(Honest):
    """8 TB at no cost, by broadcasting."""

    def activation(self, kind: str, x: Array) -> Any:
        return np.broadcast_to(np.float64(1), (10**12,))


class ManyArrays(Honest):
    """Each array is within the limit of a reply, all of them together are not."""

    def activation(self, kind: str, x: Array) -> Any:
        return (np.zeros(2**23), np.zeros(2**23))


class UnspeakableName(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        return {"\ud800": x}


class SpoilsArguments(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        x[...] = np.nan
        return x


class KeepsItsReply(Honest):
    """Returns the same buffer again and again."""

    def __init__(self) -> None:
        self.buffer = np.zeros(1)

    def activation(self, kind: str, x: Array) -> Any:
        self.buffer += 1
        return self.buffer


class Prints(Honest):
    """Writes to everything it can find, and reads what it can."""

    def activation(self, kind: str, x: Array) -> Any:
        print("garbage", 10_000 * "-")  # noqa: T201
        sys.stdout.flush()
        os.write(1, b'{"id": 1, "status": "ok", "value": 3}\n')
        subprocess.run(["echo", "more garbage"], check=True)  # noqa: S607
        if sys.stdin.read():
            raise RuntimeError("there was something to read")
        return np.tanh(x)


class FloodsStderr(Honest):
    """More than a pipe holds, at import of nothing and in every call."""

    def activation(self, kind: str, x: Array) -> Any:
        for _ in range(100):
            os.write(2, 20_000 * b"!" + b"\n")
        return np.tanh(x)


class Forges(Honest):
    """Finds the pipe to the kit by trying, and writes into it."""

    def activation(self, kind: str, x: Array) -> Any:
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, b"over to you\n")
            except OSError:
                continue
        return x


class Exits(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        os.write(2, b"first\nlibrary: giving up\n\n")
        os._exit(3)


class ExitsLater(Honest):
    """Answers, and is gone before the next question."""

    def activation(self, kind: str, x: Array) -> Any:
        import threading

        threading.Timer(0.5, os._exit, (5,)).start()
        return np.tanh(x)


class Segfaults(Honest):
    def activation(self, kind: str, x: Array) -> Any:
        return ctypes.string_at(0)


class Sleeps(Honest):
    """Hangs for some kinds, and does not mind being asked to stop."""

    def activation(self, kind: str, x: Array) -> Any:
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while kind == "sigmoid":
            time.sleep(60)
        return np.tanh(x)


class HoldsTheLock(Honest):
    """Hangs without letting any other thread of its process run."""

    def activation(self, kind: str, x: Array) -> Any:
        ctypes.PyDLL(None).sleep(600)


class LeavesChildren(Honest):
    """Starts a process that holds all pipes open, says which, and crashes."""

    def activation(self, kind: str, x: Array) -> Any:
        child = subprocess.Popen(["sleep", "600"])  # noqa: S607
        os.write(2, b"child %d\n" % child.pid)
        os.kill(os.getpid(), 9)


class Mutes(Honest):
    """Closes its end of every pipe and goes on."""

    def activation(self, kind: str, x: Array) -> Any:
        os.closerange(3, 64)
        time.sleep(600)


class TakesMemory(Honest):
    """More than a process is allowed, though the machine may have it."""

    def activation(self, kind: str, x: Array) -> Any:
        return np.zeros(20 * 2**30 // 8)


class Nested:
    """Has an implementation one level further down."""

    inner = honest


declared_badly: Mapping[str, Any] = {}
