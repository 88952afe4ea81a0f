"""Adapters that behave badly; each is a target `hostile.py:NAME`."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from rnnspec.implementations.numpy_ import NumpyImplementation


class OffersNothing:
    name = "nothing"
    version = "1.0"
    formats = ("float32", "float64")


class Raises(NumpyImplementation):
    name = "raising"

    def activation_vjp(self, *_: Any) -> Any:
        raise ValueError("bad\nluck")


class WrongShape(NumpyImplementation):
    name = "misshapen"

    def activation_vjp(self, *_: Any) -> Any:
        return np.zeros((2, 3))


class Integers(NumpyImplementation):
    name = "integral"

    def activation_vjp(self, kind: str, x: Any, dy: Any, *alpha: Any) -> Any:
        return np.zeros(x.shape, dtype=np.int64)


class NotANumber(NumpyImplementation):
    name = "nan"

    def activation_vjp(self, kind: str, x: Any, dy: Any, *alpha: Any) -> Any:
        return np.full_like(x, np.nan)


class Exits(NumpyImplementation):
    """Ends its process in every call of one method."""

    name = "exiting"

    def activation_vjp(self, *_: Any) -> Any:
        os._exit(3)


class ExitsAlways(Exits):
    """Ends its process in every call of every method."""

    def activation(self, *_: Any) -> Any:
        os._exit(4)

    def run(self, *_: Any) -> Any:
        os._exit(5)

    def run_vjp(self, *_: Any) -> Any:
        os._exit(6)

    def parameter_count(self, *_: Any) -> Any:
        os._exit(7)


class Hangs(NumpyImplementation):
    """Gives no answer to any call of one method."""

    name = "hanging"

    def activation_vjp(self, *_: Any) -> Any:
        time.sleep(600)


class NothingButAnOption:
    """Has a method that answers NotImplemented to everything."""

    name = "optional"
    version = "1.0"
    formats = ("float64",)

    def run(self, *_: Any) -> Any:
        return NotImplemented
