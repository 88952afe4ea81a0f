"""What rounding to a format and arithmetic in bfloat16 are held to."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from rnnref import FORMATS, Floats

BFLOAT16 = FORMATS["bfloat16"]
SYSTEM = Floats(BFLOAT16)


def any_floats(random: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Random patterns of 64 bits: numbers of every size, infinities and NaNs; and halfway cases."""
    patterns = random.integers(0, 2**64, size, dtype=np.uint64).view(np.float64)
    few_bits = np.ldexp(random.integers(-(2**13), 2**13, size), random.integers(-160, 130, size))
    return np.concatenate([patterns, few_bits, [0.0, -0.0]])


def check_rounding_as_numpy_does(name: str, random: np.random.Generator) -> None:
    """In the formats that NumPy has, its own conversion from float64 is the same rounding."""
    fmt, values = FORMATS[name], any_floats(random, 500)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        expected = values.astype(fmt.dtype).astype(np.float64)
    got = fmt.round(values)
    assert np.array_equal(got, expected, equal_nan=True)
    assert np.array_equal(np.signbit(got[got == 0]), np.signbit(expected[got == 0]))


def check_rounding_to_bfloat16(random: np.random.Generator) -> None:
    """To the nearest of all numbers of the format; of two, to that whose last bit is 0."""
    numbers = np.unique(BFLOAT16.every_finite_value())
    values = any_floats(random, 40)
    values = np.append(values[np.abs(values) <= BFLOAT16.largest], 1 + 2.0**-8 + 2.0**-40)
    for value, got in zip(values.tolist(), BFLOAT16.round(values).tolist(), strict=True):
        at = int(np.searchsorted(numbers, value))
        near = numbers[max(at - 1, 0) : at + 1].tolist()
        off = [abs(Fraction(n) - Fraction(value)) for n in near]
        assert abs(Fraction(got) - Fraction(value)) == min(off)
        if len(off) == 2 and off[0] == off[1]:  # the one whose last bit is 0
            assert np.array(got).astype(ml_dtypes.bfloat16).view(np.uint16) % 2 == 0


def check_bfloat16_operations(random: np.random.Generator) -> None:
    """Every operation returns the exact result, rounded once."""
    # Sums and products of numbers of 8 bits that are of such sizes are exact in float64, and a
    # quotient or a root of them, rounded there first, is never so rounded to a halfway case.
    x, y = BFLOAT16.round(random.normal(size=(2, 4, 6)) * 2.0 ** random.integers(-8, 8, (2, 4, 6)))
    a, b = SYSTEM.matrix(x), SYSTEM.matrix(y)
    third = float(BFLOAT16.round(np.array(1 / 3)))
    cases: list[tuple[Any, Any]] = [
        (a + b, x + y),
        (a - b, x - y),
        (a * b, x * y),
        (a / b, x / y),
        (SYSTEM.sqrt(abs(a)), np.sqrt(np.abs(x))),
        (a * (1 / 3), x * third),  # a number of a formula is rounded first
        (1 / 3 - a, third - x),
        (1 / 3 / a, third / x),
        (SYSTEM.clip(a, 1 / 3), np.clip(x, -third, third)),
        (SYSTEM.relu(a), np.maximum(x, 0)),
        (SYSTEM.largest(a), x.max(axis=0, keepdims=True)),
        (SYSTEM.positive(a), x > 0),
        (SYSTEM.inside(a, 1 / 3), np.abs(x) <= third),
        (SYSTEM.beside([a, b]), np.concatenate([x, y], axis=1)),
        (SYSTEM.above([a, b]), np.concatenate([x, y], axis=0)),
        (SYSTEM.rows(a.T, 1, 3), x.T[1:3]),
        (SYSTEM.choose(np.arange(6) > 2, a, b), np.where(np.arange(6) > 2, x, y)),
        # Added up in float32, of which these numbers use few enough bits to be exact.
        (SYSTEM.matrix(np.rint(x)) @ SYSTEM.matrix(np.rint(y)).T, np.rint(x) @ np.rint(y).T),
        (SYSTEM.sum_rows(SYSTEM.matrix(np.rint(x))), np.rint(x).sum(axis=0, keepdims=True)),
        (SYSTEM.sum_columns(SYSTEM.matrix(np.rint(x))), np.rint(x).sum(axis=1, keepdims=True)),
    ]
    for k, (got, exact) in enumerate(cases):
        expected = BFLOAT16.round(np.asarray(exact, dtype=np.float64))
        # And it goes on like this: what comes out is of the kind that went in.
        for result, value in ((got, expected), (got * (1 / 3), BFLOAT16.round(expected * third))):
            assert np.array_equal(np.asarray(result, dtype=np.float64), value), k
            array = SYSTEM.array(result)
            assert array.dtype == ml_dtypes.bfloat16, k
            assert np.array_equal(array.astype(np.float64), value), k


def check_bfloat16_functions(random: np.random.Generator) -> None:
    """Functions of one number are all but rounded to the nearest."""
    # Computed in float32 and rounded: at most a unit of float32 beyond half a gap.
    x = BFLOAT16.round(random.uniform(0.1, 8, (3, 4)))
    exact = {"exp": np.exp, "expm1": np.expm1, "log": np.log, "tanh": np.tanh, "absolute": np.abs}
    for name, function in exact.items():
        got = SYSTEM.array(getattr(SYSTEM, name)(SYSTEM.matrix(x))).astype(np.float64)
        off = np.abs(got - function(x))
        assert np.all(off <= BFLOAT16.unit_roundoff * (1 + 2.0**-14) * np.abs(function(x))), name
