"""Single numbers and small arrays of them, for laws that speak of no network.

All are multiples of a power of two with at most eight significant bits, so that every float
format represents them, bfloat16 too, and all of them mean the same number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import strategies as st

from rnnspec.drawn import Drawn
from rnnspec.strategies.small import between, several
from rnnspec.subject import Array

LARGEST_MULTIPLE = 256


def reals(
    low: float, high: float, unit: float = 1 / 16, where: Callable[[float], bool] | None = None
) -> Drawn[float]:
    """Numbers from `low` to `high`, multiples of `unit`.

    Args:
        low, high: the range, at most 256 units from 0 on either side.
        unit: a power of two.
        where: keeps only the numbers that satisfy it.
    """
    first, last = math.ceil(low / unit), math.floor(high / unit)
    _check_grid(first, last, unit)

    def admits(value: float) -> bool:
        return low <= value <= high and (where is None or where(value))

    drawn = between(first, last).map(lambda k: k * unit)
    strategy = drawn if where is None else drawn.filter(where)
    return Drawn(name=f"numbers from {low} to {high}", strategy=lambda fmt: strategy, admits=admits)


def arrays(
    *shape: int | tuple[int, int],
    low: float = -2,
    high: float = 2,
    unit: float = 1 / 64,
    where: Callable[[Array], bool] | None = None,
) -> Drawn[Array]:
    """Arrays of such numbers.

    Args:
        shape: the length of each axis, or the smallest and the largest length that is drawn.
        low, high, unit: as of `reals`.
        where: keeps only the arrays that satisfy it.
    """
    first, last = math.ceil(low / unit), math.floor(high / unit)
    _check_grid(first, last, unit)
    drawn = _drawn_array(shape, first, last, unit)

    def admits(values: Array) -> bool:
        within = bool(np.all((values >= low) & (values <= high)))
        return within and (where is None or where(values))

    strategy = drawn if where is None else drawn.filter(where)
    return Drawn(name=f"arrays of numbers from {low} to {high}", strategy=lambda fmt: strategy, admits=admits)


@st.composite
def _drawn_array(
    draw: st.DrawFn, shape: Sequence[int | tuple[int, int]], first: int, last: int, unit: float
) -> Array:
    lengths = [n if isinstance(n, int) else draw(between(*n)) for n in shape]
    numbers = draw(several(math.prod(lengths), first, last))
    return unit * np.array(numbers, float).reshape(lengths)


def wholes(low: int, high: int) -> Drawn[int]:
    """Whole numbers from `low` to `high`: lengths, widths, depths."""
    strategy = between(low, high)
    return Drawn(
        name=f"whole numbers from {low} to {high}",
        strategy=lambda fmt: strategy,
        admits=lambda value: low <= value <= high,
    )


def _check_grid(first: int, last: int, unit: float) -> None:
    mantissa, _ = math.frexp(unit)
    if mantissa != 0.5:
        raise ValueError(f"unit: got {unit}, expected a power of two")
    if not -LARGEST_MULTIPLE <= first <= last <= LARGEST_MULTIPLE:
        raise ValueError(f"range: got {first} to {last} units, expected at most 256 on either side of 0")
