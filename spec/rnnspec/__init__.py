"""Recurrent neural networks as an executable specification."""

from importlib.metadata import PackageNotFoundError, version

from rnnref import Layer, Network
from rnnspec.reproduce import reproduce
from rnnspec.strategies.layers import Sizes
from rnnspec.strategies.orbits import Orbit

try:
    __version__ = version("rnnspec")
except PackageNotFoundError:  # run from a source tree that is not installed
    __version__ = "0+source"

__all__ = ["Layer", "Network", "Orbit", "Sizes", "__version__", "reproduce"]
