"""All recurrent layers on JAX's arrays, compiled by XLA, with gradients by `jax.vjp`.

Products can be replaced by worse ones, forward and backward, to see whether that is noticed.
Importing this module allows float64 in JAX, for the whole process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from frameworks.equations import Library, functions_of, run
from rnnref import Cotangent, Format, Network

_config: Any = jax.config  # which has no types
_config.update("jax_enable_x64", True)

Answer: TypeAlias = dict[str, NDArray[Any]]
Product: TypeAlias = Callable[[Any, Any], Any]


def answer(network: Network, cotangent: Cotangent, fmt: Format, product: str = "plain") -> Answer:
    """All outputs and gradients, named as in `reference.exact`."""

    def lifted(values: Any) -> Any:
        return np.asarray(values, dtype=fmt.dtype)

    def all_lifted(named: Any) -> Any:
        return {name: lifted(value) for name, value in named.items()}

    (outputs, final), (dp, dxs, dstate) = _forward_and_back(
        network.layer,
        product,
        network.lengths,
        (all_lifted(network.parameters), lifted(network.inputs), all_lifted(network.state)),
        (lifted(cotangent.outputs), all_lifted(cotangent.state)),
    )
    found = {"outputs": outputs} | {f"final {name}": value for name, value in final.items()}
    found |= {f"d{name}": value for name, value in dp.items()} | {"dinputs": dxs}
    found |= {f"d{name}_0": value for name, value in dstate.items()}
    return {name: np.asarray(value) for name, value in found.items()}


def forget() -> None:
    """Free what XLA has compiled, of which every network leaves some behind."""
    free: Any = jax.clear_caches  # which has no types
    free()


@partial(jax.jit, static_argnums=(0, 1, 2))
def _forward_and_back(
    recurrent: Any, product: str, lengths: tuple[int, ...] | None, given: Any, cotangent: Any
) -> Any:
    _, xs, _ = given
    ends = np.array(lengths or [xs.shape[0]] * xs.shape[1])
    results, back = jax.vjp(lambda p, x, h: run(LIBRARIES[product], recurrent, p, x, h, ends), *given)
    return results, back(cotangent)


def _loop(step: Any, state: Any, sequences: Any) -> Any:
    final, outputs = lax.scan(lambda h, at: step(h, *at), state, sequences)
    return outputs, final


def worse(product: Product) -> Product:
    """x W^T by another product, and the gradients of it as well."""

    @jax.custom_vjp
    def times(x: Any, W: Any) -> Any:
        return product(x, W)

    def forward(x: Any, W: Any) -> Any:
        return product(x, W), (x, W)

    def backward(saved: Any, d: Any) -> Any:
        x, W = saved
        return product(d, W.T), product(d.T, x.T)

    times.defvjp(forward, backward)
    return times


def tf32_operands(x: Any, W: Any) -> Any:
    """Operands rounded to the 10 stored bits of tf32, the rest in float32."""
    cut = partial(lax.reduce_precision, exponent_bits=8, mantissa_bits=10)
    return cut(x) @ cut(W).T


def float32_sums(x: Any, W: Any) -> Any:
    """Operands and their products in float64, only added up in float32."""
    terms = x[:, None, :] * W[None, :, :]
    return terms.astype(jnp.float32).sum(axis=2).astype(jnp.float64)


def _library(product: Product) -> Library:
    return Library(
        product,
        functions_of(
            jax.nn.sigmoid,
            jnp.tanh,
            jax.nn.relu,
            # As one with a slope of alpha at 0, which `jax.nn.leaky_relu` has not.
            lambda z, alpha: jnp.where(z > 0, z, alpha * z),
            jax.nn.elu,
        ),
        lambda a, bound: jnp.clip(a, -bound, bound),
        jnp.where,
        lambda parts: jnp.concatenate(parts, axis=-1),
        _loop,
    )


LIBRARIES = {
    "plain": _library(lambda x, W: x @ W.T),
    "tf32": _library(worse(tf32_operands)),
    "float32 sums": _library(worse(float32_sums)),
}
