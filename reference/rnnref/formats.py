"""The binary floating-point formats of IEEE 754 that results are rounded to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnref.errors import BadInput


@dataclass(frozen=True)
class Format:
    """A float format, described by the numbers that a rounding analysis needs.

    Attributes:
        name: NumPy's name of the format, `float16`, `float32` or `float64`.
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
    def dtype(self) -> np.dtype[np.floating]:
        return np.dtype(self.name)

    def represents(self, values: NDArray[np.float64]) -> bool:
        """Whether every entry of a float64 array is a number of this format, exactly."""
        with np.errstate(over="ignore", under="ignore"):
            return bool(np.array_equal(values, values.astype(self.dtype), equal_nan=True))

    def round(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The nearest numbers of this format, carried in float64; overflow becomes infinite."""
        with np.errstate(over="ignore", under="ignore"):
            return values.astype(self.dtype).astype(np.float64)

    def every_finite_value(self) -> NDArray[np.float64]:
        """All finite numbers of a 16-bit format, in float64, both zeros included."""
        if self.dtype.itemsize != 2:
            raise BadInput("format", self.name, "a 16-bit format, small enough to enumerate")
        values = np.arange(2**16, dtype=np.uint16).view(self.dtype).astype(np.float64)
        return values[np.isfinite(values)]


def _describe(dtype: type[np.floating]) -> Format:
    info = np.finfo(dtype)
    return Format(
        name=np.dtype(dtype).name,
        unit_roundoff=float(info.eps) / 2,
        smallest_normal=float(info.smallest_normal),
        smallest_subnormal=float(info.smallest_subnormal),
        largest=float(info.max),
    )


FORMATS = {f.name: f for f in (_describe(np.float16), _describe(np.float32), _describe(np.float64))}


def format_named(name: str) -> Format:
    """The format called `name`.

    Raises:
        BadInput: if there is no such format.
    """
    try:
        return FORMATS[name]
    except KeyError:
        raise BadInput("format", repr(name), f"one of {', '.join(FORMATS)}") from None
