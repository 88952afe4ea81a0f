"""Where laws draw their inputs from, in every regime that a float format has."""

from rnnspec.strategies.chains import Feedforward, chains, one_unit_a_layer
from rnnspec.strategies.layers import BIAS_VECTORS, LayerSizes
from rnnspec.strategies.networks import networks
from rnnspec.strategies.numbers import arrays, reals, wholes
from rnnspec.strategies.orbits import Orbit, orbits
from rnnspec.strategies.preactivations import FewPreactivations, Preactivations
from rnnspec.strategies.resting import at_rest, resting
from rnnspec.strategies.stacks import stacks
from rnnspec.strategies.updates import Descent, Update, descents, updates

__all__ = [
    "BIAS_VECTORS",
    "Descent",
    "Feedforward",
    "FewPreactivations",
    "LayerSizes",
    "Orbit",
    "Preactivations",
    "Update",
    "arrays",
    "at_rest",
    "chains",
    "descents",
    "networks",
    "one_unit_a_layer",
    "orbits",
    "reals",
    "resting",
    "stacks",
    "updates",
    "wholes",
]
