"""Words for gradients through chains of one unit a layer, shared by the claims about remedies."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnspec.strategies import Feedforward
from rnnspec.subject import Subject


def pulled(impl: Subject, net: Feedforward) -> Any:
    """What arrives of a gradient of 1 at every output: `parameters` and `inputs`."""
    return impl.chain_vjp(net.chain, net.parameters, net.x, np.ones((net.batch, net.chain.outputs)))


def by_input(impl: Subject, net: Feedforward) -> Any:
    """∂y/∂x of a chain of one unit a layer: a number."""
    return pulled(impl, net).inputs[0, 0]


def by_weights(net: Feedforward) -> list[str]:
    """The names of the weights, lowest first."""
    return [name for name in net.chain.parameter_shapes if name.startswith("W")]
