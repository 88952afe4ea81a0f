"""Drawn inputs written as Python, so that a failure can be typed in again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any

import numpy as np

MOST_DIGITS = 400
"""Longer texts are abbreviated where only a person reads them."""


def as_python(value: Any) -> str:
    """A Python expression for a value, given `import numpy as np`."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {as_python(part)}" for key, part in value.items()) + "}"
    if isinstance(value, tuple):
        return f"({', '.join(map(as_python, value))}{',' if len(value) == 1 else ''})"
    if is_dataclass(value) and not isinstance(value, type):
        arguments = [
            f"{field.name}={as_python(getattr(value, field.name))}"
            for field in fields(value)
            if not _is_default(field.default, getattr(value, field.name))
        ]
        return f"{type(value).__name__}({', '.join(arguments)})"
    return repr(value)


def _array(values: Any) -> str:
    if values.size and not np.any(values) and not np.any(np.signbit(values)):
        return f"np.zeros({values.shape if values.ndim != 1 else values.size})"
    if values.size == 0:
        return f"np.zeros({values.shape})"
    return f"np.array({values.tolist()!r})"


def _is_default(default: Any, value: Any) -> bool:
    return isinstance(value, (str, bool, int, NoneType)) and type(default) is type(value) and default == value


def names_used(value: Any) -> set[str]:
    """The classes that the expression needs, for its import line."""
    if isinstance(value, Mapping):
        return set().union(*map(names_used, value.values()))
    if isinstance(value, tuple):
        return set().union(*map(names_used, value))
    if is_dataclass(value) and not isinstance(value, type):
        parts = (names_used(getattr(value, field.name)) for field in fields(value))
        return {type(value).__name__}.union(*parts)
    return set()
