"""Words for gradients through a plain recurrence, shared by the claims about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Protocol, cast

import numpy as np

from rnnspec.protocol import Activation, Cotangent, Layer, Network
from rnnspec.subject import Array, Numbers, Subject

STEEPEST: Mapping[Activation, Fraction] = {"tanh": Fraction(1), "sigmoid": Fraction(1, 4)}
"""γ, the largest slope of an activation."""


class Backward(Protocol):
    """What back-propagates: a subject of laws, or the reference in a proof."""

    def vjp(self, network: Network, cotangent: Cotangent, /) -> Any:
        """The vector-Jacobian product of a network."""
        ...


def carried_back(impl: Backward, network: Network, d: Any = 1.0) -> Numbers:
    """δᵀ ∂h_T/∂h_0, shape (B, n), for the cotangent δ = d of the final state."""
    shape = network.batch, network.layer.hidden
    cotangent = Cotangent(np.zeros((network.steps, *shape)), {"h": np.broadcast_to(d, shape)})
    back: Numbers = impl.vjp(network, cotangent).state["h"]
    return back


def steps_of(impl: Subject, network: Network) -> list[Network]:
    """The run taken apart: one-step networks, each in the state that the implementation reached."""
    parts, state = [], network.state
    for t in range(network.steps):
        parts.append(network.at(t, state))
        state = impl.run(parts[-1]).state
    return parts


def with_activation(network: Network, kind: Activation) -> Network:
    """The same numbers with another activation."""
    return replace(network, layer=replace(cast(Layer, network.layer), activation=kind))


def driven(w: float, inputs: Sequence[float], start: float = 0.0, activation: Activation = "tanh") -> Network:
    """One unit, h_t = φ(w h_{t-1} + x_t)."""
    layer = Layer("rnn", 1, 1, activation=activation, biases="none")
    return Network(
        layer,
        {"W_h": np.ones((1, 1)), "U_h": np.array([[float(w)]])},
        np.array(inputs, float).reshape(-1, 1, 1),
        {"h": np.array([[float(start)]])},
    )


def held(impl: Subject, W: Array, z: Sequence[Array], activation: Activation = "tanh") -> Network:
    """A recurrence with the matrix W whose pre-activations stay at z_1, z_2, ..., each (n,) or (B, n).

    Left to itself an orbit leaves an unstable place, and rounding suffices to push it off. So the
    inputs bring it back: x_t = (z_t, h_{t-1}), with the h_{t-1} that the implementation reached,
    and the input's weights are (I, −W). As far as gradients go these inputs are numbers like others.
    """
    places = [np.atleast_2d(z_t) for z_t in z]
    batch, n = places[0].shape
    layer = Layer("rnn", 2 * n, n, activation=activation, biases="none")
    parameters = {"W_h": np.hstack([np.eye(n), -W]), "U_h": np.asarray(W, float)}
    start = {"h": np.zeros((batch, n))}
    state: Any = start
    inputs: list[Any] = []
    for place in places:
        inputs.append(np.concatenate([place, state["h"]], axis=1)[np.newaxis])
        state = impl.run(Network(layer, parameters, inputs[-1], state)).state
    return Network(layer, parameters, np.concatenate(inputs), start)


def by_turns(impl: Subject, w: float, z: Array, turns: int) -> Network:
    """One unit held at z_1 and z_2 by turns; and beside it one that begins with z_2."""
    there, back = z[:, np.newaxis], z[::-1, np.newaxis]
    return held(impl, np.array([[w]]), [there, back] * turns)


def exact(values: Any) -> Numbers:
    """Numbers as fractions, with which nothing is rounded."""
    array = np.asarray(values)
    result = np.empty(array.shape, dtype=object)
    result.flat[:] = [Fraction(value) for value in array.flat]
    return result


def largest_stretch(W: Any) -> Fraction:
    """‖W‖², the square of the largest singular value: the largest eigenvalue of WᵀW; see there."""
    M = exact(W)
    return largest_eigenvalue(M.T @ M)


def largest_eigenvalue(S: Any) -> Fraction:
    """That of a symmetric matrix, rounded up: no less for certain, and too large by hardly anything.

    It is guessed in floats, and raised until λ I − S is positive semidefinite in fractions.
    """
    S = exact(S)
    guess = Fraction(float(np.linalg.eigvalsh(S.astype(float))[-1]))
    little = Fraction(float(np.abs(S).max())) / 2**48
    while not _semidefinite(guess * np.eye(len(S), dtype=object) - S):
        guess, little = guess + little, 2 * little
    return guess


def _semidefinite(A: Any) -> bool:
    """Whether a symmetric matrix has no negative eigenvalue: elimination meets no negative pivot."""
    if not len(A):
        return True
    pivot, rest = A[0, 0], A[0, 1:]
    if pivot <= 0:
        return bool(pivot == 0 and not rest.any() and _semidefinite(A[1:, 1:]))
    return _semidefinite(A[1:, 1:] - np.outer(rest, rest) / pivot)
