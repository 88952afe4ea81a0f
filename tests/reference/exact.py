"""Comparing results exactly: everything becomes a fraction first, so that nothing is rounded.

Two questions are asked of a tensor. Is every expected number inside its ball? And by how
many bits, counted relative to the tensor's largest entry, do the midpoints agree with it?
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from rnnref.network import Pullback, Run

PROVEN = 128  # bits that the tests ask of the reference: its default
TARGET = 100  # bits that the project promises to float64 subjects


def fraction(number: Any) -> Fraction:
    """An mpf, an exact ball, or a float, as the fraction that it is."""
    if isinstance(number, float | int | Fraction):
        return Fraction(number)
    mantissa, exponent = _mantissa_and_exponent(number)
    return mantissa * Fraction(2) ** exponent


def ball(number: Any) -> arb:
    """An mpf as an exact ball, whatever flint's precision."""
    return arb(_mantissa_and_exponent(number))


def _mantissa_and_exponent(number: Any) -> tuple[int, int]:
    """Of an exact ball or an mpf."""
    # flint has the pair as a method; mpmath has it as an attribute that lacks the sign
    mantissa, exponent = number.man_exp() if callable(number.man_exp) else number.man_exp
    return int(mantissa) if int(mantissa) < 0 or number >= 0 else -int(mantissa), int(exponent)


def flat(values: Any) -> list[Any]:
    """The numbers of a nested list or an array, in order."""
    if isinstance(values, np.ndarray):
        return list(values.ravel().tolist())
    if isinstance(values, list):
        return [number for each in values for number in flat(each)]
    return [values]


def tensors(result: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    """The arrays of whatever a method returns, each with a name for messages."""
    if isinstance(result, Run):
        yield "outputs", result.outputs
        yield from ((f"final {name}", value) for name, value in result.state.items())
    elif isinstance(result, Pullback):
        yield from ((f"d{name}", value) for name, value in result.parameters.items())
        yield "dinputs", result.inputs
        yield from ((f"d{name}_0", value) for name, value in result.state.items())
    elif isinstance(result, list):
        for t, values in enumerate(result, start=1):
            yield from ((f"{name}_{t}", value) for name, value in values.items())
    else:
        yield "values", result


def bits_of_agreement(got: Iterable[Any], expected: Iterable[Any]) -> float:
    """b such that no entry is off by more than 2^-b times the largest; infinity if none is off."""
    expected = [fraction(e) for e in expected]
    errors = [abs(fraction(g) - e) for g, e in zip(got, expected, strict=True)]
    worst, largest = max(errors, default=Fraction(0)), max(map(abs, expected), default=Fraction(0))
    if worst == 0:
        return math.inf
    return _log2(largest) - _log2(worst) if largest else 0.0


def _log2(x: Fraction) -> float:
    """Of fractions that a float could not hold."""
    return math.log2(x.numerator) - math.log2(x.denominator)


def assert_enclosed(what: str, balls: NDArray[Any], rough: Any, fine: Any) -> None:
    """Every number lies in its ball, and the balls have `PROVEN` bits.

    `rough` and `fine` are the expected numbers computed at some precision and at twice that
    precision. Their difference is the rounding error of the former, so that of the latter is
    far below it: it is all that a number is allowed to be outside of its ball.
    """
    balls_, rough, fine = flat(balls), flat(rough), flat(fine)
    assert len(balls_) == len(fine), f"{what}: got {len(balls_)} numbers, expected {len(fine)}"
    for k, (value, low, high) in enumerate(zip(balls_, rough, fine, strict=True)):
        assert value.is_finite(), f"{what}: entry {k} is {value}"
        off = abs(fraction(value.mid()) - fraction(high))
        allowed = fraction(value.rad()) + abs(fraction(low) - fraction(high))
        assert off <= allowed, f"{what}: entry {k} is not in its ball {value}: off by {float(off):.3g}"
    assert_proven(what, balls_, PROVEN)


def assert_proven(what: str, balls: list[Any], bits: int) -> None:
    """No radius exceeds 2^-bits of the largest midpoint (or of the smallest normal number)."""
    largest = max((abs(fraction(b.mid())) for b in balls), default=Fraction(0))
    widest = max((fraction(b.rad()) for b in balls), default=Fraction(0))
    allowed = max(largest, Fraction(2) ** -1022) / 2**bits
    assert widest <= allowed, f"{what}: a radius of {float(widest):.3g}, {bits} bits were asked for"


def assert_agrees(what: str, balls: NDArray[Any], expected: Any) -> None:
    """The midpoints agree with the expected numbers in at least `TARGET` bits."""
    bits = bits_of_agreement((b.mid() for b in flat(balls)), flat(expected))
    assert bits >= TARGET, f"{what}: {bits:.1f} bits agree, expected at least {TARGET}"
