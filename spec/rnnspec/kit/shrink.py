"""Making a failing input shorter to write: fewer digits, more zeros.

Hypothesis shrinks what it drew, which is not always what a person reads: numbers that came
from a seed keep all their digits. Here every number of a failing input is tried as 0, as 1,
in simple binary fractions and, if need be, in fewer decimal digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from rnnspec.protocol import Format

MOST_NUMBERS = 120
"""Inputs with more numbers than this are left as they are."""

MOST_CALLS = 400

Path: TypeAlias = tuple[str, ...]
"""The names that lead to an array through nested mappings and dataclasses."""

Place: TypeAlias = tuple[Path, tuple[int, ...]]
"""An entry of an array: the way to the array, and the index in it."""


def shorter(
    inputs: Mapping[str, Any], still_fails: Callable[[Mapping[str, Any]], bool], fmt: Format
) -> Mapping[str, Any]:
    """The same input with its numbers simplified, one after the other, while it still fails."""
    places = [place for path, array in _arrays(inputs, ()) for place in _entries(path, array)]
    if len(places) > MOST_NUMBERS:
        return inputs
    calls = 0
    for path, index in places:
        for candidate in _simpler(float(_get(inputs, path)[index]), fmt):
            if calls >= MOST_CALLS:
                return inputs
            calls += 1
            attempt = _with(inputs, path, index, candidate)
            if still_fails(attempt):
                inputs = attempt
                break
    return inputs


def _simpler(x: float, fmt: Format) -> Iterator[float]:
    """0, ±1, x in coarser and coarser fractions, and, if x is long to write, fewer digits."""
    if x == 0 or not np.isfinite(x):
        return
    sign = float(np.sign(x))
    candidates = [0.0, sign]
    candidates += [float(np.round(x * parts)) / parts for parts in (1, 2, 4, 8, 16) if abs(x) < 2**20]
    if len(repr(x)) > LONG:
        candidates += [float(f"{x:.{digits}g}") for digits in (1, 2, 3, 5, 8, 12)]
    tried = set()
    for candidate in candidates:
        candidate = float(fmt.round(np.array(candidate)))
        if candidate == x:
            return
        if candidate not in tried and abs(candidate) <= fmt.largest:
            tried.add(candidate)
            yield candidate


LONG = 10
"""Numbers that take more characters than this are also tried with fewer decimal digits."""


def _arrays(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """The float arrays within nested mappings and dataclasses, each with the way to it."""
    if isinstance(value, np.ndarray):
        yield path, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _arrays(part, (*path, name))
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _arrays(getattr(value, field.name), (*path, field.name))


def _entries(path: Path, array: Any) -> Iterator[Place]:
    for index in np.ndindex(array.shape):
        yield path, index


def _get(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name] if isinstance(value, Mapping) else getattr(value, name)
    return value


def _with(value: Any, path: Path, index: tuple[int, ...], number: float) -> Any:
    """A copy in which one number is another."""
    if not path:
        changed = np.array(value, dtype=np.float64)
        changed[index] = number
        return changed
    name, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {**value, name: _with(value[name], rest, index, number)}
    return replace(value, **{name: _with(getattr(value, name), rest, index, number)})
