"""Deep networks with random weights, with batch norm and without: what passes through their layers."""

from __future__ import annotations

from fractions import Fraction
from math import log2
from typing import Any

import numpy as np

from rnnspec.evidence import Lab, Measurement, Start
from rnnspec.protocol import Activation, BatchNorm, Chain, Dense
from rnnspec.subject import Array, Subject

UNITS, LAYERS = 16, 8


def seeded(shape: tuple[int, int], random: np.random.Generator) -> Array:
    """Weights ±2^−k, of a variance near 1/n for n inputs: every format holds them."""
    size = 2.0 ** -round(log2(shape[1]) / 2)
    return np.asarray(size * (2.0 * random.integers(0, 2, shape) - 1))


def batch(features: int, random: np.random.Generator) -> Array:
    """(16, n): every feature takes the values −1, −7/8, ..., 7/8, in an order of its own."""
    each = np.tile(np.arange(-8.0, 8.0) / 8, (features, 1))
    return np.asarray(random.permuted(each, axis=1).T)


def layers(kind: Activation, batch_norm: bool = True) -> Chain:
    """Eight times sixteen units, each layer with a norm after it or without."""
    layer = (Dense(UNITS, UNITS, kind, bias=False), BatchNorm(UNITS, 0.0))
    return Chain(layer[: 1 + batch_norm] * LAYERS)


def passed(impl: Subject, chain: Chain, seed: int) -> tuple[Any, Any]:
    """‖∂E/∂x‖² and ‖∂E/∂y‖² of a chain without biases, its weights, inputs and ∂E/∂y drawn by a seed."""
    random = np.random.default_rng(seed)
    parameters = {
        name: seeded((shape[0], shape[1]), random)
        if name.startswith("W")
        else np.full(shape, float(name.startswith("gamma")))
        for name, shape in chain.parameter_shapes.items()
    }
    x, dy = batch(UNITS, random), batch(UNITS, random)
    back = impl.chain_vjp(chain, parameters, x, dy).inputs
    return (back * back).sum(), (dy * dy).sum()


def growth(kind: str, gamma: Fraction = Fraction(1), beta: Fraction = Fraction(0)) -> Any:
    """γ² E φ'(γZ + β)² / Var φ(γZ + β): the factor of a wide layer with random weights."""

    def mean(of: Any) -> Any:
        return lambda f: f.mean_of_normal(lambda f, z: of(f, gamma * z + beta))

    squared_slope = mean(lambda f, z: f.slope(kind, z) ** 2)
    first, second = mean(lambda f, z: f.activation(kind, z)), mean(lambda f, z: f.activation(kind, z) ** 2)
    return lambda f: gamma**2 * squared_slope(f) / (second(f) - first(f) ** 2)


WIDTH = BATCH = 128
EPSILON = 2.0**-20


def growth_of_gradients(lab: Lab, kind: Activation, depth: int, batch_norm: bool = True) -> Measurement:
    """ln of the factor of the squared gradient, a layer: layers of 128 units, a batch of 128.

    The factors of so wide layers differ little between trials: half of these tell 3 % from nothing.
    """
    layer = (Dense(WIDTH, WIDTH, kind), BatchNorm(WIDTH, EPSILON))
    chain = Chain(layer[: 1 + batch_norm] * depth)
    grown = 2 * lab.gradient_growth(chain, Start("normal", WIDTH**-0.5), batch=BATCH, one_in=2) / depth
    return lab.mean(f"{kind}, {'with' if batch_norm else 'without'} batch norm: ln factor a layer", grown)
