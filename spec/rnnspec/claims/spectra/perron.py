"""Spectral radii of matrices without negative entries, decided in fractions (Perron and Frobenius)."""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from math import ceil, lcm

import numpy as np

from rnnspec.claims.spectra.passing import exact
from rnnspec.subject import Array, Numbers

UNIT = Fraction(1, 64)


def spectral_radius(W: Array) -> tuple[Fraction, Fraction]:
    """Two neighbouring multiples of 1/64: ρ(|W|) is at least the first, and less than the second."""
    rows = exact(abs(W)).sum(axis=1)
    beyond = bisect_left(range(ceil(max(rows) / UNIT) + 1), True, key=lambda k: _is_above(k * UNIT, W))
    return (beyond - 1) * UNIT, beyond * UNIT


def shrinking(rate: Fraction, W: Array) -> Numbers:
    """v > 0 with |W| v < λ v, for λ > ρ(|W|): a multiple, in whole numbers, of (λ I − |W|)⁻¹ 1."""
    solved = _solved(rate, W)
    if solved is None:
        raise ValueError(f"rate: got {rate}, expected more than the spectral radius")
    scale = lcm(*(each.denominator for each in solved))
    return np.array([int(scale * each) for each in solved], dtype=object)


def _is_above(rate: Fraction, W: Array) -> bool:
    return _solved(rate, W) is not None


def _solved(rate: Fraction, W: Array) -> Numbers | None:
    n = len(W)
    return _eliminated(rate * np.eye(n, dtype=object) - exact(abs(W)), exact(np.ones(n)))


def _eliminated(A: Numbers, b: Numbers) -> Numbers | None:
    """x with A x = b if every pivot is positive, that is, every leading minor; else nothing.

    They are for A = λ I − |W| if and only if λ > ρ(|W|).
    """
    if not len(A):
        return b
    pivot, right, down = A[0, 0], A[0, 1:], A[1:, 0]
    if pivot <= 0:
        return None
    rest = _eliminated(A[1:, 1:] - np.outer(down, right) / pivot, b[1:] - down * b[0] / pivot)
    return None if rest is None else np.concatenate([[(b[0] - right @ rest) / pivot], rest])
