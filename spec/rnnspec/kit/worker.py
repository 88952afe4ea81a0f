"""The kit's side of the boundary: an implementation in a process of its own.

Foreign code may crash, hang, print, leak or exit there; here, each is an exception. The
process is started at the first use, and again at the next call after it has come to an
end. It ends with the kit, however the kit ends. POSIX only.
"""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import IO, Any, NoReturn, Self, cast

from rnnspec.errors import CallAtFault, CannotLoad, Misbehaved
from rnnspec.kit import wire
from rnnspec.kit.endpoint import Answer, check_call, checked_description, one_line, value_of
from rnnspec.kit.loading import locate
from rnnspec.protocol import Description

# Seconds. A call of the kit takes milliseconds; a library may compile at its first one.
TIME_LIMIT = 30.0

# Seconds until a started process has described itself: large frameworks import slowly.
LOAD_LIMIT = 120.0

# Seconds between two looks at whether a silent process is still alive. It matters only
# where a process of its own making holds its pipes open: otherwise they say so at once.
_LOOK = 0.1

# Seconds that a process has to exit by itself once its input or its output has ended.
_GRACE = 2.0

# Bytes read at once, and bytes of standard error remembered.
_CHUNK = 2**18
_TAIL = 2**14


class Worker:
    """An `Endpoint` whose implementation runs in another process.

    Not for use by several threads at once.

    Args:
        target: what to load there, as `rnnspec.kit.loading` understands it; with a
            command, only a name for messages.
        command: a program that speaks the wire format itself, in place of Python's.
        time_limit: seconds a call may take, from question to answer.
        load_limit: seconds from the start of the process until it has described itself.
        reply_limit: bytes a reply may have.
    """

    def __init__(
        self,
        target: str,
        *,
        command: Sequence[str] | None = None,
        time_limit: float = TIME_LIMIT,
        load_limit: float = LOAD_LIMIT,
        reply_limit: int = wire.REPLY_LIMIT,
    ) -> None:
        self._target = target
        self._command = command
        self._time_limit = time_limit
        self._load_limit = load_limit
        self._reply_limit = reply_limit
        self._description: Description | None = None
        self._refusal: str | None = None
        self._process: _Process | None = None
        self._calls = 0

    @property
    def description(self) -> Description:
        """What the implementation says of itself; starts the process if need be.

        Raises:
            CannotLoad: if the target does not exist, or does not describe itself in time.
        """
        if self._refusal is not None:
            raise CannotLoad(self._refusal)
        if self._description is None:
            try:
                _, self._description = self._start()
            except CannotLoad as error:
                self._refusal = str(error)
                raise
        return self._description

    @property
    def process_id(self) -> int | None:
        """Of the process, and of its process group; None while there is none."""
        return None if self._process is None else self._process.id

    def call(self, method: str, /, **arguments: Any) -> Any:
        """See `Endpoint.call`. `Misbehaved.costly` says that the process came to an end.

        Raises:
            CannotLoad: if this is the first use and the implementation cannot be loaded.
        """
        check_call(self.description, method, arguments)
        self._calls += 1
        encoded = {name: wire.encode_argument(value) for name, value in arguments.items()}
        request = wire.encode(wire.Request(self._calls, method, encoded))
        reply = self._ask(self._process or self._restarted(), request, method)
        try:
            value = wire.decode_value(reply.value) if reply.status == "ok" else None
        except wire.NotPlain as fault:
            return value_of(Answer("rubbish", message=str(fault)), method)
        return value_of(Answer(reply.status, value, reply.message), method)

    def close(self) -> None:
        """End the process and all of its group; a later call starts a new one."""
        if self._process is not None:
            self._process.end(_GRACE)
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, process: _Process, request: bytes, method: str) -> wire.Reply:
        """Exchange a request for its reply; whatever else comes ends the process."""
        if process.has_exited():
            self._fail(f"{process.fate()} between calls, before {method}{process.last_words()}")
        try:
            line = process.exchange(request, self._time_limit, self._reply_limit)
            reply = wire.decode_reply(line)
            if reply.id == self._calls:
                return reply
            self._fail(f"answered {method} with something that is not its reply: {wire.excerpt(line)}")
        except _Gone:
            self._fail(f"{process.fate()} during {method}{process.last_words()}")
        except _Late:
            self._fail(f"gave no answer to {method} within {self._time_limit:g} s")
        except _TooLong:
            self._fail(f"answered {method} with more than {self._reply_limit:,} bytes")
        except wire.NotPlain as fault:
            self._fail(f"answered {method} with something that is not a reply: {fault}")
        except BaseException:  # Ctrl-C, say: the answer would be taken for the next one's
            self._kill()
            raise

    def _fail(self, message: str) -> NoReturn:
        self._kill()
        raise Misbehaved(message, costly=True) from None

    def _kill(self) -> None:
        if self._process is not None:
            self._process.end(0)
            self._process = None

    def _restarted(self) -> _Process:
        try:
            return self._start()[0]
        except CannotLoad as error:  # it could be loaded before
            raise Misbehaved(f"could not be started again: {error}", costly=True) from error

    def _start(self) -> tuple[_Process, Description]:
        """Start the process and hear its greeting."""
        if self._command is None:
            locate(self._target)  # what is not even there needs no process to say so
            command: Sequence[str] = [sys.executable, "-m", "rnnspec.kit.serve", self._target]
            environment = _environment()
        else:
            command = self._command
            environment = None  # this one: another Python would stumble over the modules of ours
        try:
            process = self._process = _Process(command, environment)
        except OSError as error:
            raise CannotLoad(f"{command[0]} cannot be started: {error.strerror}") from error
        try:
            greeting = wire.decode_greeting(process.exchange(b"", self._load_limit, self._reply_limit))
            return process, self._described(greeting)
        except _Gone:
            self._refuse(f"{self._target} {process.fate()} while it was loaded{process.last_words()}")
        except _Late:
            self._refuse(f"{self._target} did not describe itself within {self._load_limit:g} s")
        except _TooLong:
            self._refuse(f"{self._target} described itself in more than {self._reply_limit:,} bytes")
        except wire.NotPlain as fault:
            self._refuse(f"{self._target} began with something that is not a description: {fault}")
        except BaseException:
            self._kill()
            raise

    def _refuse(self, message: str) -> NoReturn:
        self._kill()
        raise CannotLoad(message) from None

    def _described(self, greeting: wire.Greeting) -> Description:
        if isinstance(greeting, wire.Refusal):
            raise CannotLoad(one_line(greeting.message))
        if greeting.wire != wire.VERSION:
            raise CannotLoad(
                f"{self._target} speaks version {greeting.wire} of the wire format, the kit {wire.VERSION}"
            )
        return checked_description(
            self._target,
            name=greeting.name,
            version=greeting.version,
            formats=greeting.formats,
            offers=greeting.offers,
            declares=greeting.declares,
        )


def worker_of(target: str | Sequence[str], *, time_limit: float = TIME_LIMIT) -> Worker:
    """A worker for a target by its name, or for a program by its command, word by word.

    Raises:
        CallAtFault: if the command has no words.
    """
    if isinstance(target, str):
        return Worker(target, time_limit=time_limit)
    if not target:
        raise CallAtFault("the command is empty")
    return Worker(f"`{one_line(shlex.join(target))}`", command=target, time_limit=time_limit)


class _Gone(Exception):
    """The process has exited, or has closed its output."""


class _Late(Exception):
    """The process did not answer in time."""


class _TooLong(Exception):
    """The process answered with more than it may."""


class _Process:
    """A process of a group of its own, and the three pipes to it.

    All pipes are attended to together and none is ever waited for, so neither a process
    that does not read nor one that floods its standard error can stop the kit.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None) -> None:
        self._popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environment,
            start_new_session=True,
        )
        pipes = (self._popen.stdin, self._popen.stdout, self._popen.stderr)
        self._stdin, self._stdout, self._stderr = (cast("IO[bytes]", pipe) for pipe in pipes)
        self._selector = selectors.DefaultSelector()
        for pipe in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(pipe.fileno(), False)
        for pipe in (self._stdout, self._stderr):
            self._selector.register(pipe, selectors.EVENT_READ)
        self._received = bytearray()
        self._tail = bytearray()
        # Runs when this object is forgotten and when the interpreter exits.
        self._finalizer = weakref.finalize(self, _kill, self._popen)

    @property
    def id(self) -> int:
        return self._popen.pid

    def has_exited(self) -> bool:
        return self._popen.poll() is not None

    def exchange(self, message: bytes, seconds: float, limit: int) -> bytes:
        """Send a message and return the next line, without its end.

        Raises:
            _Gone, _Late, _TooLong: as they say.
        """
        deadline = monotonic() + seconds
        unsent = self._sent(memoryview(message))
        if unsent:
            self._selector.register(self._stdin, selectors.EVENT_WRITE)
        searched = 0
        try:
            while (end := self._received.find(b"\n", searched)) < 0:
                searched = len(self._received)
                if searched > limit:
                    raise _TooLong
                left = deadline - monotonic()
                if left <= 0:
                    raise _Late
                ready = self._selector.select(min(left, _LOOK))
                if not ready and self.has_exited():
                    raise _Gone
                for key, _ in ready:
                    if key.fileobj is self._stdout:
                        self._receive()
                    elif key.fileobj is self._stderr:
                        self._overhear()
                    elif not (unsent := self._sent(unsent)):
                        self._selector.unregister(self._stdin)
        finally:
            if unsent:
                self._selector.unregister(self._stdin)
        if end > limit:
            raise _TooLong
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line

    def fate(self) -> str:
        """How a process that is no longer heard of came to its end, as a predicate."""
        try:
            code = self._popen.wait(_GRACE)
        except subprocess.TimeoutExpired:
            return "closed its output"
        self._overhear()
        if code < 0:
            return f"was killed by signal {-code} ({_signal_name(-code)})"
        return f"exited with code {code}"

    def end(self, grace: float) -> None:
        """Close the pipes; after `grace` seconds, kill what is left of the process group."""
        self._stdin.close()
        if grace:
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(grace)
        self._finalizer()
        self._selector.close()
        self._stdout.close()
        self._stderr.close()

    def last_words(self) -> str:
        """The last line that the process wrote to standard error, ready to be appended."""
        lines = [line for line in self._tail.decode("utf-8", "replace").splitlines() if line.strip()]
        return f"; its last words: {one_line(lines[-1])}" if lines else ""

    def _sent(self, message: memoryview) -> memoryview:
        """Write what the pipe takes; returns what is left."""
        try:
            return message[os.write(self._stdin.fileno(), message) :] if message else message
        except BlockingIOError:
            return message
        except OSError:  # nobody reads any more: that is found out, and said, when reading
            return message[:0]

    def _receive(self) -> None:
        chunk = os.read(self._stdout.fileno(), _CHUNK)
        if not chunk:
            raise _Gone
        self._received += chunk

    def _overhear(self) -> None:
        """Keep the end of what was written to standard error, without waiting for more."""
        try:
            chunk = os.read(self._stderr.fileno(), _CHUNK)
        except BlockingIOError:
            return
        if not chunk and self._stderr in self._selector.get_map():
            self._selector.unregister(self._stderr)
        self._tail += chunk
        del self._tail[:-_TAIL]


def _kill(popen: subprocess.Popen[bytes]) -> None:
    """Kill a process and whatever it has started in its group, and see it buried."""
    with suppress(ProcessLookupError, PermissionError):  # all gone; or, on macOS, all zombies
        os.killpg(popen.pid, signal.SIGKILL)
    popen.wait()


def _environment() -> dict[str, str]:
    """This environment, with which the other Python finds the same modules as this one.

    Without PYTHONSAFEPATH, files of the working directory would hide the standard
    library's; what a target needs of that directory, loading adds.
    """
    path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path if isinstance(entry, str))
    return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "of no name"
