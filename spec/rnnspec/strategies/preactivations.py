"""Pre-activations: dense arrays that visit every regime of a float format each time.

A fault of an activation function may be narrow: a wrong branch, a bad table entry, a sign
lost at -0.0. So one drawn input is not one number but some four thousand of them: combs over
each regime whose teeth are shifted anew each time, the format's special values, and a few
numbers of Hypothesis's own. A fault found is then pinned to a single entry.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, TypeAlias

import numpy as np
from hypothesis import strategies as st

from rnnspec.drawn import Drawn
from rnnspec.protocol import Format
from rnnspec.subject import Array

# The teeth of each comb. 2560 over [-20, 20] stand 1/64 apart, so ten inputs miss a fault
# of width 1e-2 with a probability of about (1 - 0.64)^10 = 4e-5.
BULK, NEAR_ZERO, SATURATION, FAR, SUBNORMAL = 2560, 128, 256, 128, 64

THINNED = 32
"""Laws that look for nothing narrow take one tooth of so many."""

BULK_REACH = 20.0
SATURATION_REACH = 800.0  # e^-800 underflows in every format
NEAR_ZERO_DECADES = 12.0


def _comb(low: float, high: float, teeth: int, offset: float) -> Array:
    return low + (high - low) * (np.arange(teeth) + offset) / teeth


def _both_signs(magnitudes: Array) -> Array:
    return np.concatenate([magnitudes, -magnitudes])


def _assemble(number: int, own: list[float], fmt: Format, thinned: int) -> Array:
    # Hypothesis repeats what it has drawn before, in parts, but never a whole input. So
    # the combs are shifted by a hash of the whole, and stand anew in each.
    shifts = np.random.default_rng([number, zlib.crc32(np.array(own).tobytes())])
    bulk, near, saturation, far, subnormal = shifts.random(5)
    decades = np.log10(fmt.largest)
    gap, normal = fmt.smallest_subnormal, fmt.smallest_normal
    special = np.array([0.0, gap, normal - gap, normal, 1.0, fmt.largest])
    pieces = [
        np.array(own),
        _both_signs(special),
        _comb(-BULK_REACH, BULK_REACH, BULK // thinned, bulk),
        _both_signs(10 ** _comb(-NEAR_ZERO_DECADES, 0, NEAR_ZERO // thinned, near)),
        _both_signs(_comb(BULK_REACH, SATURATION_REACH, SATURATION // thinned, saturation)),
        _both_signs(10 ** _comb(np.log10(BULK_REACH), decades, FAR // thinned, far)),
        _both_signs(gap * np.floor((normal / gap) ** _comb(0, 1, SUBNORMAL // thinned, subnormal))),
    ]
    values = fmt.round(np.concatenate(pieces))
    return np.clip(values, -fmt.largest, fmt.largest)


def _strategy(fmt: Format, thinned: int = 1) -> st.SearchStrategy[Array]:
    # Hypothesis knows no bfloat16. Its numbers are those of float32, rounded below.
    width = 32 if fmt.name == "bfloat16" else 8 * fmt.dtype.itemsize
    # Without bounds it draws wide floats and rejects those that a narrow format does not hold.
    number = st.floats(-fmt.largest, fmt.largest, width=width)  # type: ignore[arg-type]  # 16, 32, 64
    own = st.lists(number, min_size=1, max_size=8)
    return st.builds(lambda number, mine: _assemble(number, mine, fmt, thinned), st.integers(0, 2**32), own)


def regimes_of(values: Array, fmt: Format) -> list[str]:
    """The regime that each number belongs to, for counting."""
    x = values.ravel()
    size = np.abs(x)
    named = {
        "negative zero": (size == 0) & np.signbit(x),
        "zero": size == 0,
        "subnormal": size < fmt.smallest_normal,
        "largest finite": size == fmt.largest,
        "near zero": size < 1e-3,
        "bulk": size <= BULK_REACH,
    }
    regimes: list[str] = np.select(list(named.values()), list(named), "saturation").tolist()
    return regimes


def _entries(values: Array) -> Iterator[Array]:
    for place in range(values.size):
        yield values[place : place + 1]


_DENSE = Drawn(
    name="pre-activations in every regime", strategy=_strategy, pieces=_entries, regimes=regimes_of
)

Preactivations: TypeAlias = Annotated[Array, _DENSE]
"""An array of pre-activations, shape (N,). A law of them must treat its entries alike and
apart, so that it can be held for any one of them alone."""

FewPreactivations: TypeAlias = Annotated[
    Array,
    replace(
        _DENSE, name="a few pre-activations in every regime", strategy=partial(_strategy, thinned=THINNED)
    ),
]
"""The same with fewer teeth, and with all special values: some hundred and thirty numbers."""
