"""The example of the wire format (docs/wire.md): a whole adapter that knows nothing of rnnspec.

It offers the sigmoid and tanh and their slopes in float64, and reads as it would in any
language that has JSON, base64 and IEEE 754.
"""

import base64
import json
import math
import struct
import sys
from typing import Any

GREETING = {
    "type": "description",
    "wire": 1,
    "name": "plain-program",
    "version": "1.0",
    "formats": ["float64"],
    "offers": ["activation", "activation_vjp"],
}


def sigmoid(x: float) -> float:
    # exp of a large positive number would overflow.
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def sigmoid_slope(x: float) -> float:
    y = sigmoid(x)
    return y * (1 - y)


def tanh_slope(x: float) -> float:
    y = math.tanh(x)
    return 1 - y * y


FUNCTIONS = {"sigmoid": (sigmoid, sigmoid_slope), "tanh": (math.tanh, tanh_slope)}


def numbers(array: Any) -> tuple[float, ...]:
    data = base64.b64decode(array["data"])
    return struct.unpack(f"<{len(data) // 8}d", data)


def array(values: list[float]) -> Any:
    data = base64.b64encode(struct.pack(f"<{len(values)}d", *values)).decode()
    return {"type": "array", "dtype": "float64", "shape": [len(values)], "data": data}


def answer(method: str, arguments: Any) -> Any:
    """The reply, but for its number."""
    if arguments["kind"] not in FUNCTIONS:
        return {"status": "not_offered"}
    function, slope = FUNCTIONS[arguments["kind"]]
    x = numbers(arguments["x"])
    if method == "activation":
        y = [function(each) for each in x]
    else:
        y = [slope(each) * factor for each, factor in zip(x, numbers(arguments["dy"]), strict=True)]
    return {"status": "ok", "value": array(y)}


def say(message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> None:
    say(GREETING)
    for line in sys.stdin:  # until the kit closes it
        request = json.loads(line)
        try:
            reply = answer(request["method"], request["arguments"])
        except (ArithmeticError, ValueError) as error:
            reply = {"status": "raised", "message": f"{type(error).__name__}: {error}"}
        say({"id": request["id"], **reply})


if __name__ == "__main__":
    main()
