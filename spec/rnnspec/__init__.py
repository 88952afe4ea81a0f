"""Recurrent neural networks as an executable specification."""

from importlib.metadata import PackageNotFoundError, version

from rnnspec.protocol import BatchNorm, Chain, Cotangent, Dense, Layer, Network, Residual, Stack
from rnnspec.reproduce import reproduce
from rnnspec.strategies.chains import Feedforward
from rnnspec.strategies.layers import Sizes
from rnnspec.strategies.orbits import Orbit
from rnnspec.strategies.updates import Descent, Update

try:
    __version__ = version("rnnspec")
except PackageNotFoundError:  # run from a source tree that is not installed
    __version__ = "0+source"

__all__ = [
    "BatchNorm",
    "Chain",
    "Cotangent",
    "Dense",
    "Descent",
    "Feedforward",
    "Layer",
    "Network",
    "Orbit",
    "Residual",
    "Sizes",
    "Stack",
    "Update",
    "__version__",
    "reproduce",
]
