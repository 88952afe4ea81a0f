"""When gradients overflow and underflow in floats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import count
from typing import Annotated, Any

from rnnspec.claim import CONDITIONAL, claim
from rnnspec.claims.depth.layers import at_rest, gradients
from rnnspec.evidence import Expression, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.protocol import FORMATS, Format
from rnnspec.sources import D0
from rnnspec.strategies import wholes
from rnnspec.subject import Subject

VANISH = {
    Fraction(1, 4): {"float16": 13, "bfloat16": 67, "float32": 75, "float64": 538},
    Fraction(1, 2): {"float16": 25, "bfloat16": 134, "float32": 150, "float64": 1075},
}
"""From how many layers on a product of equal factors is 0 in a format."""

OVERFLOW = {
    Fraction(25): {"float16": 4, "bfloat16": 28, "float32": 28, "float64": 221},
    Fraction(2): {"float16": 16, "bfloat16": 128, "float32": 128, "float64": 1024},
}
"""From how many layers on it is infinite."""


def half_of_the_smallest(fmt: Format) -> Fraction:
    """What is not larger is rounded to 0; at exactly the half, to the even neighbour, which is 0."""
    return Fraction(fmt.smallest_subnormal) / 2


def beyond_the_largest(fmt: Format) -> Fraction:
    """What is not smaller is rounded to infinity: the largest number and half a gap."""
    return Fraction(fmt.largest) * (1 + Fraction(fmt.unit_roundoff) / (2 - 2 * Fraction(fmt.unit_roundoff)))


def first_zero(factor: Fraction, fmt: Format) -> int:
    """From how many layers on a product of equal factors below 1 is rounded to 0."""
    return _first(lambda layers: factor**layers <= half_of_the_smallest(fmt))


def first_infinite(factor: Fraction, fmt: Format) -> int:
    """From how many layers on a product of equal factors above 1 is rounded to infinity."""
    return _first(lambda layers: factor**layers >= beyond_the_largest(fmt))


def _first(happens: Callable[[int], bool]) -> int:
    return next(layers for layers in count(1) if happens(layers))


# ------------------------------------------------------------------------------------------
DEEP = "the network is as deep as it takes for the float format"

range_of_floats = claim(
    "DEP-18",
    title="Gradients become 0 or infinite in floats, each format at a depth of its own",
    says="An exploding gradient may overflow; a vanishing one is practically zero.",
    statement="The product of L equal factors, of 1/4 or of 25, is rounded to 0 or to infinity.",
    equation="""
                    float16  bfloat16  float32  float64
        0.25^L = 0  L ≥ 13   67        75       538
        0.5^L  = 0  L ≥ 25   134       150      1075
        25^L   = ∞  L ≥ 4    28        28       221
        2^L    = ∞  L ≥ 16   128       128      1024
    """,
    verdict=CONDITIONAL,
    because="""
        A real product of positive factors is never 0 and never infinite; floats end somewhere. What
        is at most half the smallest subnormal number is rounded to 0, and what is half a gap above
        the largest number to infinity. With the best slopes and weights of 1 that takes 13 layers
        in binary16 and 538 in binary64; 0.25^74 = 2^−148 is still a number of binary32. Adding such
        a gradient to a weight of ordinary size does nothing much earlier.
    """,
    conditions=[DEEP],
    sources=[D0("introduction"), D0("1.2"), D0("1.2, summary")],
    floats="""
        At z = 0 every factor is a number of the format. A product of quarters is a power of two; one
        of 25 is rounded in each layer, which is tolerated. Whether subnormal numbers are flushed to
        0 makes no difference here: what is held is the last normal product, and the first that is 0
        in any case.
    """,
    see=["DEP-10", "DEP-14"],
)


@range_of_floats.as_stated()
def rounded_to_zero(impl: Subject, hold: Hold, layers: Annotated[int, wholes(1, 600)]) -> None:
    """A product of factors of 1/4 is 0 in floats."""
    hold.at_most(Fraction(1, 4) ** layers, half_of_the_smallest(impl.format), "0.25^L")


@range_of_floats.necessity(of=rounded_to_zero, condition=DEEP)
def not_before_the_538th() -> Mapping[str, Any]:
    """0.25^537 = 2^−1074 is the smallest number of binary64."""
    return {"layers": 537}


@range_of_floats.as_stated()
def rounded_to_infinity(impl: Subject, hold: Hold, layers: Annotated[int, wholes(1, 600)]) -> None:
    """A product of factors of 25 is infinite in floats."""
    hold.at_most(beyond_the_largest(impl.format), 25**layers, "25^L")


@range_of_floats.necessity(of=rounded_to_infinity, condition=DEEP)
def not_before_the_221st() -> Mapping[str, Any]:
    """25^220 = 3.5 · 10^307 is a number of binary64."""
    return {"layers": 220}


@range_of_floats.law(needs=["chain_vjp"])
def underflows(impl: Subject, hold: Hold) -> None:
    """Weights of 1 at z = 0: exact while the gradient is a normal number, and 0 at the known depth."""
    fmt, factor = impl.format, Fraction(1, 4)
    last = _first(lambda layers: factor ** (layers + 1) < fmt.smallest_normal)
    got = gradients(impl, at_rest([1.0] * last), 1.0)["x"]
    hold.exactly(got, factor**last, f"0.25^{last}")
    got = gradients(impl, at_rest([1.0] * first_zero(factor, fmt)), 1.0)["x"]
    hold.at_most(got, half_of_the_smallest(fmt), f"0.25^{first_zero(factor, fmt)}", rounding=SURVIVES)


@range_of_floats.law(needs=["chain_vjp"])
def overflows(impl: Subject, hold: Hold) -> None:
    """Weights of 100 at z = 0: 25^L, and at the known depth nothing below the largest number."""
    fmt = impl.format
    L = first_infinite(Fraction(25), fmt)
    hold.equal(gradients(impl, at_rest([100.0] * (L - 1)), 1.0)["x"], 25 ** (L - 1), f"25^{L - 1}")
    got = gradients(impl, at_rest([100.0] * L), 1.0)["x"]
    hold.at_most(fmt.largest, got, f"25^{L}", rounding=SURVIVES)


@range_of_floats.proof
def known_depths(prove: Prove) -> None:
    """The sixteen depths of the table, each with the one before it, in whole numbers.

    Beyond the first of them a factor below 1 leaves a product 0, and one above 1 infinite.
    """
    for factor, depths in VANISH.items():
        for name, layers in depths.items():
            zero = _number(prove, half_of_the_smallest(FORMATS[name]))
            prove.valid(_number(prove, factor**layers) <= zero)
            prove.valid(zero < _number(prove, factor ** (layers - 1)))
    for factor, depths in OVERFLOW.items():
        for name, layers in depths.items():
            infinite = _number(prove, beyond_the_largest(FORMATS[name]))
            prove.valid(infinite <= _number(prove, factor**layers))
            prove.valid(_number(prove, factor ** (layers - 1)) < infinite)
    smallest = Fraction(FORMATS["float32"].smallest_subnormal)
    prove.identical(_number(prove, Fraction(1, 4) ** 74), 2 * _number(prove, smallest))
    prove.identical(4 * prove.slope("sigmoid", prove.number(0)), 1)
    (P, bound), (small,) = prove.symbols("P bound", above=0), prove.symbols("small", above=0, below=1)
    prove.valid(P * small <= bound, given=[bound >= P])
    prove.valid(P / small >= bound, given=[bound <= P])


def _number(prove: Prove, value: Fraction) -> Expression:
    return prove.number(value.numerator, value.denominator)
