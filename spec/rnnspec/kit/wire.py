"""The wire format: what the kit and an implementation in another process say to each other.

Anything that reads lines and writes lines can be held to the spec: a process that greets,
and then answers requests until its standard input ends, in JSON. docs/wire.md says how to
write such a program in whatever language; here are its messages as types, and the way
from NumPy's arrays to them and back.

A line of more than `REPLY_LIMIT` bytes is no reply.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec
import numpy as np

from rnnref import RnnrefError
from rnnspec.errors import RnnspecError
from rnnspec.kit.links import ChainValue, chain_of, value_of_chain
from rnnspec.protocol import FORMATS, Chain, Floats, Format, Layer, Stack

VERSION = 1

# Bytes in one line. The largest calls that the kit makes are answered in a few MB; this
# leaves room, and keeps a runaway reply from filling the memory.
REPLY_LIMIT = 2**27

# What base64 makes of so many bytes is as long as the limit.
_LARGEST_ARRAY = REPLY_LIMIT // 4 * 3

_LARGEST_INTEGER = 2**63 - 1

M = TypeVar("M")


class NotPlain(RnnspecError):
    """A value is not plain data; the message is a noun phrase that says what it is."""


class Array(msgspec.Struct, frozen=True, tag="array", tag_field="type"):
    """A float array; data are the little-endian bytes of its entries in C order."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes  # base64 in JSON


class Arrays(msgspec.Struct, frozen=True, tag="arrays", tag_field="type"):
    """Arrays by name."""

    arrays: dict[str, Array]


class LayerValue(msgspec.Struct, frozen=True, tag="layer", tag_field="type"):
    """A layer, as an argument."""

    layer: Layer


class StackValue(msgspec.Struct, frozen=True, tag="stack", tag_field="type"):
    """A stack of layers, as an argument."""

    stack: Stack


class FloatValue(msgspec.Struct, frozen=True, tag="float", tag_field="type"):
    """A finite 64-bit number, as an argument; `hex` is its hexadecimal form, 0x1.8p+1 for 3."""

    hex: str


Argument: TypeAlias = int | str | Array | Arrays | FloatValue | LayerValue | StackValue | ChainValue
Value: TypeAlias = int | Array | Arrays | list[Array | Arrays]
Status: TypeAlias = Literal["ok", "not_offered", "raised", "rubbish"]


class Request(msgspec.Struct, frozen=True):
    """One call of one method."""

    id: int
    method: str
    arguments: dict[str, Argument]


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to the request of the same number."""

    id: int
    status: Status
    value: Value | None = None
    message: str = ""


class Hello(msgspec.Struct, frozen=True, tag="description", tag_field="type"):
    """What an implementation says of itself before anything else."""

    wire: int
    name: str
    version: str
    formats: list[str]
    offers: list[str]
    declares: dict[str, bool | str] = {}


class Refusal(msgspec.Struct, frozen=True, tag="cannot_load", tag_field="type"):
    """Said in place of `Hello` where there is nothing to describe."""

    message: str


Greeting: TypeAlias = Hello | Refusal

_encoder = msgspec.json.Encoder()
_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_replies: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)
_greetings: msgspec.json.Decoder[Greeting] = msgspec.json.Decoder(Greeting)


def encode_array(array: Floats) -> Array:
    """An array of any shape and strides as its bytes.

    Raises:
        NotPlain: if it is no NumPy array of one of the float formats, or too large.
    """
    fmt = FORMATS[_native_type(array, "").name]
    bits = array.astype(fmt.dtype, copy=False).view(_bits(fmt))
    return Array(fmt.name, array.shape, bits.astype(bits.dtype.newbyteorder("<"), copy=False).tobytes())


def decode_array(array: Array) -> Floats:
    """The array that was encoded, bit for bit: new, contiguous, writable, in native byte order.

    Raises:
        NotPlain: if the format is unknown, the shape impossible or the data of another size.
    """
    if array.dtype not in FORMATS:
        raise NotPlain(f"an array of {array.dtype!r}")
    shape = tuple(array.shape)
    if any(length < 0 for length in shape):
        raise NotPlain(f"an array of the shape {shape}")
    fmt = FORMATS[array.dtype]
    needed = math.prod(shape) * fmt.dtype.itemsize
    if len(array.data) != needed:
        raise NotPlain(
            f"an array of {array.dtype} of shape {shape} in {len(array.data)} bytes, which takes {needed}"
        )
    try:
        bits = np.frombuffer(array.data, dtype=_bits(fmt).newbyteorder("<"))
        return bits.reshape(shape).astype(_bits(fmt), copy=True).view(fmt.dtype)
    except ValueError:  # more axes, or longer ones, than NumPy has
        raise NotPlain(f"an array of the shape {shape}") from None


def plain(value: Any) -> Any:
    """What an implementation has returned, if it is plain data, in copies that are the caller's own.

    Plain are float arrays, mappings from names to these, tuples (or lists) of both, and
    whole numbers. Arrays come out contiguous, writable and in native byte order; mappings
    as `dict`, lists as `tuple`, NumPy's integers as `int`.

    Raises:
        NotPlain: if it is anything else.
    """
    if isinstance(value, (tuple, list)):
        return tuple(_plain_part(part, f" at [{i}]") for i, part in enumerate(value))
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        number = int(value)
        if abs(number) > _LARGEST_INTEGER:
            raise NotPlain("an integer of more than 64 bits")
        return number
    return _plain_part(value, "")


def plain_argument(value: Any) -> Any:
    """The same for an argument, which may be text, a float, a layer, stack or chain, but not a tuple.

    Raises:
        NotPlain: if it is anything else.
    """
    if isinstance(value, (str, Layer, Stack, Chain)):
        return value
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, (tuple, list)):
        raise NotPlain(_described(value))
    return plain(value)


def encode_value(value: Any) -> Value:
    """A plain value, as `plain` gives it, ready for a reply.

    Raises:
        NotPlain: if it is not plain.
    """
    if isinstance(value, int):
        return value
    if isinstance(value, tuple):
        return [_encode_part(part) for part in value]
    return _encode_part(value)


def decode_value(value: Value | None) -> Any:
    """The value of a reply: an `int`, an array, a `dict` of arrays or a `tuple` of both.

    Raises:
        NotPlain: if it is missing or an array in it does not make sense.
    """
    if value is None:
        raise NotPlain("no value")
    if isinstance(value, list):
        return tuple(_decode_part(part) for part in value)
    return value if isinstance(value, int) else _decode_part(value)


def encode_argument(value: Any) -> Argument:
    """An argument of a call, ready for a request.

    Raises:
        NotPlain: if it is no text, number, layer, stack, chain, float array or mapping of these.
    """
    match value:
        case Layer():
            return LayerValue(value)
        case Stack():
            return StackValue(value)
        case Chain():
            return value_of_chain(value)
        case float():
            return FloatValue(_finite(value).hex())
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return _encode_part(value)


def decode_argument(value: Argument) -> Any:
    """The argument that was encoded.

    Raises:
        NotPlain: if an array, a float or a chain in it does not make sense.
    """
    match value:
        case LayerValue():
            return value.layer
        case StackValue():
            return value.stack
        case ChainValue():
            try:
                return chain_of(value)
            except RnnrefError as fault:
                raise NotPlain(f"a chain that cannot be: {fault}") from None
        case FloatValue():
            try:
                return _finite(float.fromhex(value.hex))
            except (ValueError, OverflowError):
                raise NotPlain(f"the float {value.hex!r}") from None
        case int() | str():
            return value
    return _decode_part(value)


def encode(message: Request | Reply | Greeting) -> bytes:
    """One line, its end included."""
    return _encoder.encode(message) + b"\n"


def decode_request(line: bytes) -> Request:
    """The request on a line.

    Raises:
        NotPlain: if there is none; the message says what is wrong with it.
    """
    return _decoded(_requests, line)


def decode_reply(line: bytes) -> Reply:
    """The reply on a line.

    Raises:
        NotPlain: if there is none; the message says what is wrong with it.
    """
    return _decoded(_replies, line)


def decode_greeting(line: bytes) -> Greeting:
    """The description, or the refusal, on a line.

    Raises:
        NotPlain: if there is none; the message says what is wrong with it.
    """
    return _decoded(_greetings, line)


def excerpt(line: bytes, length: int = 80) -> str:
    """The beginning of something unreadable, quoted, on one line."""
    text = line[: length + 1].decode("utf-8", "backslashreplace").strip()
    return repr(text if len(text) <= length else text[:length] + "...")


def _decoded(decoder: msgspec.json.Decoder[M], line: bytes) -> M:
    try:
        return decoder.decode(line)
    except msgspec.ValidationError as error:
        raise NotPlain(f"{excerpt(line)} ({error})") from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise NotPlain(excerpt(line)) from None


def _encode_part(value: Any) -> Array | Arrays:
    if isinstance(value, Mapping):
        return Arrays({name: encode_array(array) for name, array in value.items()})
    return encode_array(value)


def _decode_part(value: Array | Arrays) -> Any:
    if isinstance(value, Arrays):
        return {name: decode_array(array) for name, array in value.arrays.items()}
    return decode_array(value)


def _plain_part(value: Any, where: str) -> Any:
    """An array or arrays by name; `where` says at which place of the whole."""
    if not isinstance(value, Mapping):
        return _own_copy(value, where)
    copies = {}
    for name, array in value.items():
        if not isinstance(name, str):
            raise NotPlain(f"a mapping with {_described(name)} for a name{where}")
        copies[name] = _own_copy(array, f"{where or ' at '}[{name!r}]")
    return copies


def _own_copy(array: Any, where: str) -> Floats:
    return np.array(array, dtype=_native_type(array, where), order="C", copy=True)


_NATIVE = tuple(fmt.dtype for fmt in FORMATS.values())


def _native_type(value: Any, where: str) -> np.dtype[Any]:
    """The type of a float array that may cross, in native byte order."""
    # Subclasses are refused: the mask of a masked array, say, would be lost on the way.
    if type(value) is not np.ndarray:
        raise NotPlain(_described(value) + where)
    dtype: np.dtype[Any] = value.dtype
    # Asked first, since to spell out a type's name takes longer; and not by hash, which some have not.
    if not any(dtype is native for native in _NATIVE):
        if dtype.name not in FORMATS:
            raise NotPlain(f"an array of {dtype.name}{where}")
        dtype = np.dtype(dtype.name)
    if value.nbytes > _LARGEST_ARRAY:  # before it is copied: broadcasting costs nothing
        raise NotPlain(
            f"an array of {value.nbytes / 2**20:,.0f} MiB{where}, more than the "
            f"{_LARGEST_ARRAY / 2**20:,.0f} MiB that a reply may hold"
        )
    return dtype


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise NotPlain(f"the float {float(number)}")
    return float(number)


def _described(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return repr(value)
    kind = type(value).__name__
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"


def _bits(fmt: Format) -> np.dtype[Any]:
    """Whole numbers of as many bytes: unlike bfloat16, they can be told in which order."""
    return np.dtype(f"u{fmt.dtype.itemsize}")
