"""Where laws draw their inputs from, in every regime that a float format has."""

from rnnspec.strategies.chains import Feedforward, chains, one_unit_a_layer
from rnnspec.strategies.layers import LayerSizes
from rnnspec.strategies.networks import networks
from rnnspec.strategies.numbers import arrays, reals, wholes
from rnnspec.strategies.orbits import Orbit, orbits
from rnnspec.strategies.preactivations import FewPreactivations, Preactivations

__all__ = [
    "Feedforward",
    "FewPreactivations",
    "LayerSizes",
    "Orbit",
    "Preactivations",
    "arrays",
    "chains",
    "networks",
    "one_unit_a_layer",
    "orbits",
    "reals",
    "wholes",
]
