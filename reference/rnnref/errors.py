"""The errors that `rnnref` raises, each one a sentence a caller can act on."""

from __future__ import annotations


class RnnrefError(ValueError):
    """Base of all errors raised on purpose by `rnnref`."""


class BadInput(RnnrefError):
    """An argument does not fit: says which, what was got and what was expected."""

    def __init__(self, parameter: str, got: object, expected: str) -> None:
        super().__init__(f"{parameter}: got {got}, expected {expected}")
        self.parameter = parameter


class NotCertified(RnnrefError):
    """The digits asked for cannot be proven at the largest precision allowed."""

    def __init__(self, wanted: int, proven: int, precision: int) -> None:
        super().__init__(
            f"asked for {wanted} certified bits, proved {proven} at a working precision "
            f"of {precision} bits, the largest allowed here"
        )
        self.wanted, self.proven, self.precision = wanted, proven, precision
