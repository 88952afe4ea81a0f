"""Where laws draw their inputs from, in every regime that a float format has."""

from rnnspec.strategies.layers import LayerSizes
from rnnspec.strategies.networks import networks
from rnnspec.strategies.orbits import Orbit, orbits
from rnnspec.strategies.preactivations import Preactivations

__all__ = ["LayerSizes", "Orbit", "Preactivations", "networks", "orbits"]
