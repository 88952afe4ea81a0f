"""The binary floating-point formats that results are rounded to.

Those of IEEE 754, and bfloat16: float32 cut to its upper half, with the exponents of
float32 and 8 significant bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import ml_dtypes  # whose import makes NumPy know bfloat16 by name
import numpy as np
from numpy.typing import NDArray

from rnnref.arguments import check_choice
from rnnref.errors import BadInput


@dataclass(frozen=True)
class Format:
    """A float format, described by the numbers that a rounding analysis needs.

    Attributes:
        name: NumPy's name of the format: `float16`, `bfloat16`, `float32` or `float64`.
        unit_roundoff: half the gap between 1 and the next number, 2^-p.
        smallest_normal: below it relative accuracy is lost.
        smallest_subnormal: the gap between subnormal numbers.
        largest: the largest finite number.
    """

    name: str
    unit_roundoff: float
    smallest_normal: float
    smallest_subnormal: float
    largest: float

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.name)

    def represents(self, values: NDArray[np.float64]) -> bool:
        """Whether every entry of a float64 array is one of this format's, exactly; all have not-a-number."""
        # A conversion may round twice; but what it rounds at all does not come back as it was.
        with np.errstate(all="ignore"):
            there_and_back = values.astype(self.dtype).astype(np.float64)
        return bool(np.all((there_and_back == values) | np.isnan(values)))

    def round(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The nearest numbers of this format, carried in float64; overflow becomes infinite.

        Of two that are equally near, the one whose last bit is 0.
        """
        # Not by conversion: float64 becomes bfloat16 by way of float32, and is rounded twice.
        with np.errstate(invalid="ignore"):  # of signalling NaNs
            gap = np.frexp(values)[1] + int(math.log2(self.unit_roundoff))
            gap = np.maximum(gap, int(math.log2(self.smallest_subnormal)))
            nearest: NDArray[np.float64] = np.ldexp(np.rint(np.ldexp(values, -gap)), gap)
        return np.where(np.abs(nearest) > self.largest, np.copysign(np.inf, nearest), nearest)

    def every_finite_value(self) -> NDArray[np.float64]:
        """All finite numbers of a 16-bit format, in float64, both zeros included."""
        if self.dtype.itemsize != 2:
            raise BadInput("format", self.name, "a 16-bit format, small enough to enumerate")
        with np.errstate(invalid="ignore"):  # of signalling NaNs
            values = np.arange(2**16, dtype=np.uint16).view(self.dtype).astype(np.float64)
        return values[np.isfinite(values)]


def _describe(dtype: Any) -> Format:
    info = ml_dtypes.finfo(dtype)
    return Format(
        name=np.dtype(dtype).name,
        unit_roundoff=float(info.eps) / 2,
        smallest_normal=float(info.smallest_normal),
        smallest_subnormal=float(info.smallest_subnormal),
        largest=float(info.max),
    )


FORMATS = {f.name: f for f in map(_describe, (np.float16, ml_dtypes.bfloat16, np.float32, np.float64))}


def format_named(name: str) -> Format:
    """The format called `name`.

    Raises:
        BadInput: if there is no such format.
    """
    check_choice("format", name, FORMATS)
    return FORMATS[name]


def check_format(fmt: object) -> None:
    """Raise `BadInput` unless it is a format."""
    if not isinstance(fmt, Format):
        raise BadInput("fmt", repr(fmt), "a Format, as format_named gives it by its name")
