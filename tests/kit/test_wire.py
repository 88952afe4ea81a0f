"""Everything that crosses comes back bit for bit, and nothing else crosses."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rnnspec.kit import wire
from rnnspec.protocol import FORMATS, BatchNorm, Chain, Dense, Layer, Residual, Stack

FloatArray = NDArray[np.floating[Any]]

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)

# Both zeros, subnormals, infinities, and NaN of either sign, quiet and signalling, with payloads.
NOTABLE = {
    "float16": [0x0000, 0x8000, 0x0001, 0x83FF, 0x7C00, 0xFC00, 0x7E00, 0xFE00, 0x7C01, 0xFE2A],
    "bfloat16": [0x0000, 0x8000, 0x0001, 0x807F, 0x7F80, 0xFF80, 0x7FC0, 0xFFC0, 0x7F81, 0xFFAA],
    "float32": [0, 1 << 31, 1, 0x807FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000, 0x7F800001],
    "float64": [0, 1 << 63, 1, 0x7FF0 << 48, 0xFFF0 << 48, 0x7FF8 << 48, 0xFFF8 << 48, (0x7FF0 << 48) + 42],
}


@st.composite
def arrays(draw: st.DrawFn) -> FloatArray:
    """Arrays of any bits whatever."""
    name, shape = draw(st.sampled_from(list(FORMATS))), draw(SHAPES)
    dtype = FORMATS[name].dtype
    size = int(np.prod(shape, dtype=int))
    bits = st.integers(0, 2 ** (8 * dtype.itemsize) - 1) | st.sampled_from(NOTABLE[name])
    drawn = draw(st.lists(bits, min_size=size, max_size=size))
    return np.array(drawn, dtype=f"u{dtype.itemsize}").view(dtype).reshape(shape)


def same(a: Any, b: Any) -> bool:
    """The same type, shape, format and bits, all the way down."""
    if isinstance(a, np.ndarray):
        return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    if isinstance(a, dict):
        return type(b) is dict and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, tuple):
        return type(b) is tuple and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


NAMED = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), arrays(), max_size=3)
INTEGERS = st.integers(-(2**63) + 1, 2**63 - 1)
PLAIN = INTEGERS | arrays() | NAMED | st.lists(arrays() | NAMED, max_size=3).map(tuple)


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """A layer of any size, with the options that a layer of its kind has."""
    own: dict[str, dict[str, tuple[Any, ...]]] = {
        "rnn": {},
        "jordan": {"outputs": (1, 2**40), "output_activation": ("tanh", "identity")},
        "lstm": {
            "forget_gate": (True, False),
            "peepholes": ("none", "gers", "wikipedia"),
            "cell_clip": (None, 0.1, 3.0),
        },
        "gru": {"reset": ("before", "after"), "update": ("keeps", "replaces")},
    }
    kind = draw(st.sampled_from(sorted(own)))
    options = own[kind] | {"activation": ("tanh", "relu", "elu"), "biases": ("none", "one", "two")}
    chosen = {name: draw(st.sampled_from(values)) for name, values in options.items()}
    if chosen["activation"] == "elu":
        chosen["alpha"] = draw(st.floats(1e-300, 1e300))
    sizes = st.integers(1, 2**40)
    return Layer(kind, draw(sizes), draw(sizes), **chosen)  # type: ignore[arg-type]


@st.composite
def links(draw: st.DrawFn, inputs: int, depth: int) -> Dense | BatchNorm | Residual:
    """A link that reads vectors of a given length; residual blocks are at most so deep."""
    kind = draw(st.sampled_from(["dense", "batch norm", "residual"][: 3 if depth else 2]))
    numbers = st.floats(0, 1) | st.sampled_from([1e-5, 0.1, 1 / 3, 5e-324])
    if kind == "dense":
        activation = draw(st.sampled_from(["identity", "tanh", "leaky_relu"]))
        alpha = draw(st.floats(1e-300, 1e300)) if activation == "leaky_relu" else None
        return Dense(inputs, draw(st.integers(1, 2**40)), activation, alpha, draw(st.booleans()))
    if kind == "batch norm":
        mode, running = st.sampled_from(["training", "inference"]), st.sampled_from(["unbiased", "biased"])
        return BatchNorm(inputs, draw(numbers), draw(mode), draw(running), draw(numbers))  # type: ignore[arg-type]
    first = draw(links(inputs, depth - 1))
    return Residual((first, Dense(first.outputs, inputs, bias=draw(st.booleans()))))


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    made = [draw(links(draw(st.integers(1, 2**40)), 2))]
    for _ in range(draw(st.integers(0, 2))):
        made.append(draw(links(made[-1].outputs, 2)))
    return Chain(tuple(made))


STACKS = st.builds(Stack, layers(), st.integers(1, 2**40), st.booleans())
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DATA = layers() | STACKS | chains()


@given(arrays())
def test_an_array_survives_bit_for_bit(array: FloatArray) -> None:
    back = wire.decode_array(wire.encode_array(array))
    assert same(array, back)
    assert back.flags.writeable
    assert back.flags.c_contiguous
    assert back.dtype.isnative
    assert not np.shares_memory(array, back)


@pytest.mark.parametrize("name", FORMATS)
def test_notable_bits_survive(name: str) -> None:
    dtype = FORMATS[name].dtype
    array = np.array(NOTABLE[name], dtype=f"u{dtype.itemsize}").view(dtype)
    assert same(array, wire.decode_array(wire.encode_array(array)))


@given(PLAIN)
def test_a_reply_survives(value: Any) -> None:
    line = wire.encode(wire.Reply(7, "ok", wire.encode_value(wire.plain(value))))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    reply = wire.decode_reply(line)
    assert (reply.id, reply.status) == (7, "ok")
    assert same(value, wire.decode_value(reply.value))


@given(st.dictionaries(st.sampled_from("abc"), INTEGERS | FLOATS | st.text("xyz") | DATA | arrays() | NAMED))
def test_a_request_survives(arguments: dict[str, Any]) -> None:
    encoded = {name: wire.encode_argument(value) for name, value in arguments.items()}
    request = wire.decode_request(wire.encode(wire.Request(8, "run", encoded)))
    assert (request.id, request.method) == (8, "run")
    assert same(arguments, {name: wire.decode_argument(value) for name, value in request.arguments.items()})
    assert same(arguments, {name: wire.plain_argument(value) for name, value in arguments.items()})


@given(arrays())
def test_strides_and_byte_order_do_not_matter(array: FloatArray) -> None:
    others = [np.array(array, order="F"), np.repeat(array, 2, axis=0)[::2] if array.ndim else array]
    if array.dtype.kind == "f":  # bfloat16 has one order of its bytes, the machine's
        others.append(array.astype(array.dtype.newbyteorder(">")))
    for other in others:
        assert same(array, wire.decode_array(wire.encode_array(other)))
        assert same(array, wire.plain(other))


def test_the_format_is_the_documented_one() -> None:
    array = np.array([[1.0, -2.0]], dtype=np.float32)
    line = wire.encode(wire.Reply(7, "ok", wire.encode_value((array, {"h": array}))))
    data = base64.b64encode(bytes.fromhex("0000803f000000c0")).decode()
    written = {"type": "array", "dtype": "float32", "shape": [1, 2], "data": data}
    expected = [written, {"type": "arrays", "arrays": {"h": written}}]
    assert json.loads(line) == {"id": 7, "status": "ok", "value": expected}

    assert written_argument(np.array([1.0, -2.0], dtype=FORMATS["bfloat16"].dtype)) == {
        "type": "array",
        "dtype": "bfloat16",
        "shape": [2],
        "data": base64.b64encode(bytes.fromhex("803f00c0")).decode(),
    }


RNN = {
    "kind": "rnn",
    "inputs": 2,
    "hidden": 3,
    "activation": "tanh",
    "biases": "one",
    "reset": "after",
    "update": "keeps",
    "forget_gate": True,
    "gate_activation": "sigmoid",
    "output_activation": "tanh",
    "alpha": None,
    "coupled": False,
    "peepholes": "none",
    "cell_clip": None,
    "outputs": None,
}
NORM = {"features": 3, "epsilon": 0.1, "mode": "inference", "running": "unbiased", "momentum": 0.1}


def written_argument(value: Any) -> Any:
    request = wire.encode(wire.Request(1, "run", {"it": wire.encode_argument(value)}))
    return json.loads(request)["arguments"]["it"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.1, {"type": "float", "hex": "0x1.999999999999ap-4"}),
        (Layer("rnn", 2, 3), {"type": "layer", "layer": RNN}),
        (
            Stack(Layer("rnn", 2, 3), 4, bidirectional=True),
            {"type": "stack", "stack": {"layer": RNN, "depth": 4, "bidirectional": True}},
        ),
        (
            Chain((Dense(2, 3, "elu", 0.25, bias=False), Residual((BatchNorm(3, 0.1, "inference"),)))),
            {
                "type": "chain",
                "links": [
                    {
                        "type": "dense",
                        "inputs": 2,
                        "outputs": 3,
                        "activation": "elu",
                        "alpha": 0.25,
                        "bias": False,
                    },
                    {"type": "residual", "inside": [{"type": "batch_norm", **NORM}]},
                ],
            },
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_arguments_are_written_as_is_documented(value: Any, written: Any) -> None:
    assert written_argument(value) == written


def test_a_reply_is_a_copy() -> None:
    array = np.zeros(3)
    copy = wire.plain({"a": array})["a"]
    array[:] = 1
    assert not copy.any()


def test_what_is_nearly_plain_is_made_plain() -> None:
    count = wire.plain(np.int32(3))
    assert (count, type(count)) == (3, int)
    assert same(wire.plain([np.zeros(1)]), (np.zeros(1),))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "None"),
        (True, "True"),
        (1.5, "a float"),
        ("text", "a str"),
        (b"bytes", "a bytes"),
        (np.float32(1), "a float32"),
        (object(), "an object"),
        (2**63, "an integer of more than 64 bits"),
        (np.zeros(2, dtype=object), "an array of object"),
        (np.zeros(2, dtype=np.int64), "an array of int64"),
        (np.zeros(2, dtype=complex), "an array of complex128"),
        (np.zeros(2, dtype=np.longdouble), f"an array of {np.dtype(np.longdouble).name}"),
        (np.ma.masked_array([1.0]), "a MaskedArray"),
        ((np.zeros(1), None), "None at [1]"),
        ((np.zeros(1), (np.zeros(1),)), "a tuple at [1]"),
        ({"h": [0.0]}, "a list at ['h']"),
        ((np.zeros(1), {"h": np.zeros(1, int)}), "an array of int64 at [1]['h']"),
        ({1: np.zeros(1)}, "a mapping with an int for a name"),
        (
            np.broadcast_to(0.0, (2**40,)),
            "an array of 8,388,608 MiB, more than the 96 MiB that a reply may hold",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_not_plain_is_named(value: Any, said: str) -> None:
    with pytest.raises(wire.NotPlain) as caught:
        wire.plain(value)
    assert str(caught.value) == said


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy has it from version 2 on")
def test_a_type_that_has_no_hash_is_refused_like_any_other() -> None:
    unhashable = np.array(["a"], dtype=np.dtypes.StringDType(na_object=[]))
    with pytest.raises(TypeError):
        hash(unhashable.dtype)
    with pytest.raises(wire.NotPlain, match="an array of StringDType"):
        wire.plain(unhashable)


@pytest.mark.parametrize(
    "value",
    [
        None,
        math.inf,
        np.float64(math.nan),
        np.float32(1),
        True,
        (np.zeros(1),),
        {"h": None},
        np.zeros(1, int),
        Dense(1, 1),
    ],
)
def test_what_is_no_argument_is_refused(value: Any) -> None:
    with pytest.raises(wire.NotPlain):
        wire.plain_argument(value)
    with pytest.raises(wire.NotPlain):
        wire.encode_argument(value)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (wire.Array("int64", (1,), bytes(8)), "an array of 'int64'"),
        (wire.Array("object", (1,), bytes(8)), "an array of 'object'"),
        (wire.Array("float32", (2, 3), bytes(20)), "of shape (2, 3) in 20 bytes, which takes 24"),
        (wire.Array("float32", (-1, -1), bytes(4)), "an array of the shape (-1, -1)"),
        (wire.Array("float32", (2**62, 0, 2**62), b""), "an array of the shape"),
        (wire.Array("float32", (1,) * 100, bytes(4)), "an array of the shape"),
    ],
)
def test_an_impossible_array_is_refused(array: wire.Array, said: str) -> None:
    with pytest.raises(wire.NotPlain) as caught:
        wire.decode_array(array)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"\xff\xfe",
        b"3",
        b"{}",
        b'{"id": "1", "status": "ok"}',
        b'{"id": 1, "status": "splendid"}',
        b'{"id": 1, "status": "ok", "value": {"type": "array", "dtype": "float32"}}',
        b'{"id": 1, "status": "ok", "value": {"type": "pickle", "data": "gASV"}}',
        b'{"id": 1, "status": "ok", "value": [[1]]}',
        b'{"id": 1, "status": "ok", "value": 1.5}',
        b'{"id": 1, "junk": ' + 100_000 * b"[" + 100_000 * b"]" + b"}",
    ],
    ids=lambda line: line[:40].decode(errors="replace"),
)
def test_a_line_that_is_no_reply_is_refused_in_a_line(line: bytes) -> None:
    with pytest.raises(wire.NotPlain) as caught:
        wire.decode_reply(line)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@given(st.binary(max_size=60))
def test_no_line_whatever_does_more_than_be_refused(line: bytes) -> None:
    for decode in (wire.decode_reply, wire.decode_request, wire.decode_greeting):
        with pytest.raises(wire.NotPlain):
            decode(line)


@pytest.mark.parametrize("text", ["", "one", "0x1p+99999", "inf", "nan", "-infinity"])
def test_a_float_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(wire.NotPlain, match="the float"):
        wire.decode_argument(wire.FloatValue(text))


def test_a_chain_that_cannot_be_is_refused() -> None:
    request = wire.encode(wire.Request(1, "chain", {"chain": wire.encode_argument(Chain((Dense(2, 3),)))}))
    no_activation = wire.decode_request(request.replace(b'"identity"', b'"swish"'))
    with pytest.raises(wire.NotPlain, match=r"a chain that cannot be: .*'swish'"):
        wire.decode_argument(no_activation.arguments["chain"])
    with pytest.raises(wire.NotPlain, match="Invalid value 'convolution'"):
        wire.decode_request(request.replace(b'"dense"', b'"convolution"'))


def test_numpys_numbers_cross_as_pythons() -> None:
    assert type(wire.plain_argument(np.float64(0.1))) is float
    assert wire.encode_argument(np.float64(0.5)) == wire.FloatValue("0x1.0000000000000p-1")


def test_a_layer_that_cannot_be_is_refused() -> None:
    good = wire.encode(wire.Request(1, "run", {"layer": wire.encode_argument(Layer("rnn", 2, 3))}))
    with pytest.raises(wire.NotPlain, match="at least 1"):
        wire.decode_request(good.replace(b'"hidden":3', b'"hidden":0'))
