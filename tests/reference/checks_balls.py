"""What balls and the certifying loop around them are held to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any
from unittest.mock import patch

import flint
import numpy as np
from flint import arb

from reference import textbook
from reference.checks import Example
from reference.draws import example
from reference.exact import PROVEN, assert_proven, ball, flat, fraction, tensors
from rnnref import (
    Balls,
    Cotangent,
    Evaluator,
    Layer,
    Network,
    Reference,
    certified_bits,
    certify,
    working_precision,
)

# Enough for any number m + w r of doubles m, r and w to be exact: their bits lie between
# 2^1024 and 2^-2148.
EXACT_BITS = 4400

# flint keeps a radius in 30 bits and rounds it up, some three times on the way.
RADIUS_ROUNDING = 1 + 2.0**-27

# For every increasing function: its textbook form and half the width of its range.
INCREASING: dict[str, tuple[Callable[[Any, Any], Any], float]] = {
    "sigmoid": (textbook.sigmoid, 0.5),
    "tanh": (textbook.tanh, 1.0),
}


def check_enclosure(kind: str, middle: float, radius: float, where: float, bits: int) -> None:
    """A ball is mapped to one that holds the function's value at each of its points.

    Args:
        where: which point of the ball: -1 and 1 are its ends, 0 its middle.
        bits: flint's working precision.
    """
    with working_precision(bits):
        z = arb(middle, radius)
        value = getattr(Balls(), kind)(Balls().matrix(np.zeros((1, 1))).each(lambda _: z)).entries[0]
    assert value.is_finite(), f"{kind} of {z} is {value}"

    mp = textbook.precision(EXACT_BITS)
    point = fraction(z.mid()) + fraction(where) * fraction(z.rad())
    x = mp.mpf(point.numerator) / point.denominator  # a dyadic fraction: exact
    if kind == "relu":
        assert value.contains(ball(max(x, mp.mpf(0)))), f"relu of {z} is {value}: not at {where}"
        if z.contains(0):  # from 0 to the upper end is twice this:
            widest = (fraction(z.mid()) + fraction(z.rad())) / 2 * fraction(RADIUS_ROUNDING)
            assert fraction(value.rad()) <= widest, f"relu of {z} is {value}: wider than what is above 0"
        return
    function, half_range = INCREASING[kind]
    assert value.contains(ball(function(mp, x))), f"{kind} of {z} is {value}: not at {where}"
    # Not as fractions: a radius may be e^-1e300.
    assert value.rad() <= half_range * RADIUS_ROUNDING, f"{kind} of {z} is {value}: wider than its range"


def check_sign_enclosure(middle: float, radius: float, where: float) -> None:
    """The slope of ReLU at every point of a ball is in the ball that is returned for it."""
    with working_precision(53):
        y = arb(middle, radius)
        slope = Balls().positive(Balls().matrix(np.zeros((1, 1))).each(lambda _: y)).entries[0]
    point = fraction(y.mid()) + fraction(where) * fraction(y.rad())
    assert slope.contains(arb(int(point > 0))), f"the slope at {y} is {slope}: not at {where}"
    assert slope.abs_upper() <= RADIUS_ROUNDING, f"the slope at {y} is {slope}: beyond 1"


def check_certified_bits(random: np.random.Generator) -> None:
    """The count is true, and within two bits of the most that could have been claimed."""
    size = int(random.integers(1, 6))
    middles = [_dyadic(random, -40, 40) for _ in range(size)]
    radii = [abs(_dyadic(random, -160, -60)) for _ in range(size)]
    values = np.array([_ball(m, r) for m, r in zip(middles, radii, strict=True)], dtype=object)
    bits = certified_bits(values)
    largest, widest = max(map(abs, middles)), max(fraction(b.rad()) for b in values)
    assert widest * 2**bits <= largest, f"{bits} bits claimed of {values}"
    assert widest * 2 ** (bits + 2) > largest, f"only {bits} bits claimed of {values}"

    # Below the smallest normal double, bits are counted from there.
    tiny = np.array([_ball(Fraction(0), Fraction(2) ** -1200), _ball(Fraction(2) ** -1190, Fraction(0))])
    assert 1200 - 1022 - 2 <= certified_bits(tiny) <= 1200 - 1022

    # Nor does it matter that a float could not hold the numbers.
    huge = np.array([_ball(Fraction(2) ** 2000, Fraction(1)), _ball(-(Fraction(2) ** 5000), Fraction(1))])
    assert 5000 - 2 <= certified_bits(huge) <= 5000

    # Nothing is known of a tensor with an unknown entry, everything of an exact or empty one.
    for unknown in (arb("nan"), arb(0, float("inf"))):
        assert certified_bits(np.array([*values, unknown])) == 0
    assert certified_bits(np.array([_ball(Fraction(1), Fraction(3))])) == 0
    exact = np.array([arb(0), _ball(middles[0], Fraction(0))])
    assert certified_bits(exact, cap=77) == 77
    assert certified_bits(np.zeros((0, 2), dtype=object), cap=77) == 77


def check_underestimated(bits: int) -> list[int]:
    """However little was foreseen, as many digits are proven as were asked for.

    Returns:
        The working precisions that were tried, in order.
    """
    network, cotangent = saturated(units=2)
    with recorded_precisions() as tried, patch.object(certify, "foreseen_loss", lambda compute: 0):
        pullback = Reference(bits).vjp(network, cotangent)
    for name, value in tensors(pullback):
        assert_proven(name, flat(value), bits)
    return tried


def check_blind(bits: int, spare: int, blind: int) -> list[int]:
    """A first attempt that foresees nothing counts only if no more is lost than it allows.

    Returns:
        The working precisions that were tried, in order.
    """
    network, cotangent = saturated(units=2)
    with recorded_precisions() as tried:
        pullback = Reference(bits, spare, blind).vjp(network, cotangent)
    assert tried[0] == bits + spare + blind
    for name, value in tensors(pullback):
        assert_proven(name, flat(value), bits)
        if len(tried) == 1:
            assert_proven(name, flat(value), bits + spare)
    return tried


def check_foreseen(network: Network, cotangent: Cotangent, bits: int = PROVEN) -> None:
    """The first precision that is tried suffices, and half of it would not have."""
    with recorded_precisions() as tried:
        Reference(bits).vjp(network, cotangent)
    assert len(tried) == 1, f"tried {tried} for {bits} bits of {network.layer}"
    with working_precision(tried[0] // 2):
        result = Evaluator(Balls()).vjp(network, cotangent)
    proven = min(certified_bits(value) for _, value in tensors(result))
    assert proven < bits, f"worked with {tried[0]} bits to prove {bits}, which half of them do"


@contextmanager
def recorded_precisions() -> Iterator[list[int]]:
    """The working precisions that the reference tries, in order."""
    tried: list[int] = []

    def recording(bits: int) -> Any:
        tried.append(bits)
        return working_precision(bits)

    with patch.object(certify, "working_precision", recording):
        yield tried


def long_sequence(random: np.random.Generator, kind: str) -> Example:
    """A network that loses many bits: weights of size 1 and 25 steps."""
    return example(random, Layer(kind, 2, 6), steps=25, batch=1, scale=1.0)  # type: ignore[arg-type]


def saturated(units: int, activation: Any = "tanh") -> tuple[Network, Cotangent]:
    """A network whose slopes are 1 - tanh(80)^2, about 2^-230; or those of the sigmoid, 2^-115."""
    layer = Layer("rnn", 1, units, activation, biases="none")
    parameters = {"W_h": np.full((units, 1), 80.0), "U_h": np.zeros((units, units))}
    state = {"h": np.zeros((1, units))}
    network = Network(layer, parameters, np.ones((1, 1, 1)), state)
    return network, Cotangent(np.ones((1, 1, units)), state)


def check_working_precision() -> None:
    """flint's precision is what was asked for inside and what it was before outside."""
    before = flint.ctx.prec
    with working_precision(before + 10):
        assert flint.ctx.prec == before + 10
        with working_precision(before + 20):
            assert flint.ctx.prec == before + 20
        assert flint.ctx.prec == before + 10
    assert flint.ctx.prec == before
    try:
        with working_precision(before + 30):
            raise KeyError
    except KeyError:
        pass
    left = flint.ctx.prec
    flint.ctx.prec = before  # so that a failure here is not everybody else's
    assert left == before, f"an exception left the precision at {left} bits"


def _dyadic(random: np.random.Generator, low: int, high: int) -> Fraction:
    """A random number of 30 bits, which is what a radius can hold, of a random size."""
    return int(random.integers(-(2**29), 2**29)) * Fraction(2) ** int(random.integers(low - 29, high - 29))


def _ball(middle: Fraction, radius: Fraction) -> arb:
    """The ball of exactly this midpoint, and of this radius as nearly as flint can hold it."""
    with working_precision(EXACT_BITS):
        return arb(flint.fmpq(middle.numerator, middle.denominator)) + arb(
            0, arb(flint.fmpq(radius.numerator, radius.denominator))
        )
