"""How many bits of a result are proven, and how to prove as many as were asked for.

A tensor's certified bits are counted relative to its largest entry, because that is how
errors of sums behave: b bits mean that every entry is known to within 2^-b times the
largest. Below `FLOOR`, the smallest normal number of float64, bits are counted absolutely,
so that a tensor of exact or nearly exact zeros has them too.

How precisely to work is foreseen by a dry run in `Widths`. That saves time and proves
nothing: what is returned has been counted in balls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
from flint import arb
from numpy.typing import NDArray

from rnnref.arguments import check_type
from rnnref.errors import NotCertified
from rnnref.evaluate import Evaluator
from rnnref.feedforward import Chain
from rnnref.systems.balls import Balls, working_precision
from rnnref.systems.widths import Widths, bits_lost

FLOOR = -1022  # as a power of two
LARGEST_PRECISION = 1 << 14

# Bits on top of what is foreseen: a rounding to nearest is counted as half a unit there and
# may be two units here, functions round several times inside, and counting may lose a bit.
MARGIN = 8

R = TypeVar("R")


def certified_bits(values: NDArray[np.object_], cap: int = 1 << 16) -> int:
    """How many bits of a tensor of balls are proven; `cap` if every entry is exact.

    Raises:
        BadInput: if it is no array of balls.
    """
    check_type("values", values, np.ndarray, "an array of balls")
    balls = values.ravel().tolist()
    if not set(map(type, balls)) <= {arb}:
        check_type("values, an entry", next(b for b in balls if type(b) is not arb), arb, "a ball")
    if not balls:
        return cap
    if not all(map(arb.is_finite, balls)):
        return 0
    widest = max(map(arb.rad, balls))
    # Floats find where the largest midpoint is; those that they cannot tell apart, because
    # of rounding or overflow, are all looked at. Where they underflow, the floor counts.
    sizes = list(map(abs, map(float, balls)))
    top = max(sizes)
    outermost = [ball.mid() for ball, size in zip(balls, sizes, strict=True) if size == top]
    largest = max(max(map(_exponent, outermost)), FLOOR)
    # The exponents are those of powers of two just above, so one bit may be lost.
    return int(min(cap, max(0, largest - 1 - _exponent(widest))))


def _exponent(x: Any) -> float:
    """The smallest e with |x| < 2^e; minus infinity for 0. x is an exact ball."""
    if x == 0:
        return -math.inf
    mantissa, exponent = x.man_exp()
    return int(exponent) + int(abs(mantissa)).bit_length()


def foreseen_loss(compute: Callable[[Evaluator], Any]) -> int:
    """By how many bits the results of a computation will fall short of the working precision."""
    with np.errstate(all="ignore"):
        result = compute(Evaluator(Widths()))
        return math.ceil(max(map(bits_lost, tensors(result)), default=0.0))


def tensors(result: Any) -> Iterator[NDArray[Any]]:
    """The arrays of numbers in whatever a method returns: in records, mappings and sequences.

    Raises:
        TypeError: if there is something else in it, which could not be certified.
    """
    if isinstance(result, np.ndarray):
        yield result
    elif isinstance(result, arb):  # what is left of an array of no axes
        yield np.array([result], dtype=object)
    elif isinstance(result, Chain):
        return  # what something was computed of, not what was computed
    elif is_dataclass(result):
        for field in fields(result):
            yield from tensors(getattr(result, field.name))
    elif isinstance(result, Mapping):
        for value in result.values():
            yield from tensors(value)
    elif isinstance(result, list | tuple):
        for value in result:
            yield from tensors(value)
    else:
        raise TypeError(f"{type(result).__name__} is no tensor and holds none")


def certified(compute: Callable[[Evaluator], R], bits: int, spare: int = 0, blind: int = 0) -> R:
    """What `compute` returns in balls, at the first precision that proves so many bits of it.

    Args:
        compute: the computation, in the number system of the evaluator that it is given. It is
            called in a dry run first, and then at least once.
        bits: how many bits of every tensor shall be proven.
        spare: bits to work with beyond those that are foreseen to be necessary.
        blind: if not 0, an attempt is made first with so many bits for what may be lost, without
            foreseeing anything: for small computations that is cheaper. It counts if no more is lost.

    Raises:
        NotCertified: if no working precision up to `LARGEST_PRECISION` proves them.
        TypeError: if there is something else in the result than tensors.
    """
    if blind:
        result, proven = _attempt(compute, min(bits + spare + blind, LARGEST_PRECISION), bits + spare)
        if proven >= bits + spare:
            return result
    precision = min(bits + foreseen_loss(compute) + MARGIN + spare, LARGEST_PRECISION)
    while True:
        result, proven = _attempt(compute, precision, bits)
        if proven >= bits:
            return result
        if precision >= LARGEST_PRECISION:
            raise NotCertified(bits, proven, precision)
        precision = min(2 * precision, LARGEST_PRECISION)


def _attempt(compute: Callable[[Evaluator], R], precision: int, of_nothing: int) -> tuple[R, int]:
    """What `compute` returns at a working precision, and how many bits of every tensor are proven."""
    with working_precision(precision):
        result = compute(Evaluator(Balls()))
        return result, min(map(certified_bits, tensors(result)), default=of_nothing)
