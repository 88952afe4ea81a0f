"""The implementation's side of the boundary: `python -m rnnspec.kit.serve TARGET`.

Loads the target and answers requests in the wire format until standard input ends.
Foreign code runs here and only here.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from typing import BinaryIO

import msgspec

from rnnspec.errors import CannotLoad
from rnnspec.kit import wire
from rnnspec.kit.endpoint import Answer, answer, describe, raised
from rnnspec.kit.loading import load

# Bytes of writable private memory that an implementation may take: ample for the largest
# call that the kit makes, and too little to drive a machine into swapping. It is the data
# segment that is limited, not the address space, of which GPU libraries reserve hundreds
# of GiB without using it.
MEMORY_LIMIT = 16 * 2**30


def main(target: str) -> None:
    """Answer for a target until the kit has gone."""
    requests, replies = _private_pipes()
    _end_with_the_kit(requests)
    _limit_resources()
    try:
        implementation = load(target)
        said = describe(implementation)
    except CannotLoad as error:
        _leave(replies, wire.Refusal(str(error)))
    except BaseException as error:  # foreign code, whose every failure is to be told
        _leave(replies, wire.Refusal(f"loading {target} failed: {raised(error)}"))
    _send(
        replies,
        wire.encode(
            wire.Hello(
                wire=wire.VERSION,
                name=said.name,
                version=said.version,
                formats=list(said.formats),
                offers=list(said.offers),
                declares=dict(said.declares),
            )
        ),
    )
    while line := requests.readline():
        request = wire.decode_request(line)
        arguments = {name: wire.decode_argument(value) for name, value in request.arguments.items()}
        _send(replies, _line(request.id, answer(implementation, request.method, arguments)))
    _leave(replies)


def _line(number: int, got: Answer) -> bytes:
    """The reply as a line; what turns out not to fit into one is rubbish."""
    try:
        value = wire.encode_value(got.value) if got.status == "ok" else None
        line = wire.encode(wire.Reply(number, got.status, value, got.message))
        if len(line) <= wire.REPLY_LIMIT:
            return line
        fault = f"{len(line) / 2**20:,.0f} MiB, more than the {wire.REPLY_LIMIT / 2**20:,.0f} MiB of a reply"
    except (wire.NotPlain, msgspec.MsgspecError, ValueError) as error:
        fault = f"what cannot be encoded: {raised(error)}"
    return wire.encode(wire.Reply(number, "rubbish", message=fault))


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take the conversation away from descriptors 0 and 1, which foreign code knows.

    What it prints goes to standard error, and it reads an empty input.
    """
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _end_with_the_kit(requests: BinaryIO) -> None:
    """End this process when the kit's end of the pipe closes, even in the midst of a call."""

    def watch() -> None:
        hangup = select.poll()
        hangup.register(requests, 0)  # no events but the one that cannot be masked
        hangup.poll()
        os._exit(0)

    threading.Thread(target=watch, name="rnnspec-watch", daemon=True).start()


def _limit_resources() -> None:
    import resource  # POSIX only, as the worker is

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or hard > MEMORY_LIMIT:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, hard))


def _send(replies: BinaryIO, line: bytes) -> None:
    replies.write(line)
    replies.flush()


def _leave(replies: BinaryIO, refusal: wire.Refusal | None = None) -> None:
    """End at once: what a library does at exit (and where it hangs) is not under test."""
    if refusal is not None:
        _send(replies, wire.encode(refusal))
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
