"""Chains in the wire format: every link says what it is, and a residual block has its own inside."""

from __future__ import annotations

from typing import TypeAlias, Union

import msgspec

from rnnref.feedforward import Link
from rnnref.feedforward.batch_norm import Mode, Running
from rnnspec.protocol import BatchNorm, Chain, Dense, Residual


class DenseValue(msgspec.Struct, frozen=True, tag="dense", tag_field="type"):
    """y = phi(W x + b); the fields are those of `Dense`."""

    inputs: int
    outputs: int
    activation: str
    alpha: float | None
    bias: bool


class BatchNormValue(msgspec.Struct, frozen=True, tag="batch_norm", tag_field="type"):
    """Batch normalization; the fields are those of `BatchNorm`."""

    features: int
    epsilon: float
    mode: Mode
    running: Running
    momentum: float


class ResidualValue(msgspec.Struct, frozen=True, tag="residual", tag_field="type"):
    """y = x + F(x), with the links that F is made of."""

    inside: list[LinkValue]


class ChainValue(msgspec.Struct, frozen=True, tag="chain", tag_field="type"):
    """A chain of links, as an argument."""

    links: list[LinkValue]


LinkValue: TypeAlias = Union[DenseValue, BatchNormValue, "ResidualValue"]


def value_of_chain(chain: Chain) -> ChainValue:
    """A chain, ready for a request."""
    return ChainValue([_value_of(link) for link in chain.links])


def chain_of(value: ChainValue) -> Chain:
    """The chain that was written down.

    Raises:
        BadInput: if it cannot be: an option is unknown, or a link does not fit the one before.
    """
    return Chain(tuple(map(_link_of, value.links)))


def _value_of(link: Link) -> LinkValue:
    match link:
        case Dense():
            return DenseValue(link.inputs, link.outputs, link.activation, link.alpha, link.bias)
        case BatchNorm():
            return BatchNormValue(link.features, link.epsilon, link.mode, link.running, link.momentum)
        case Residual():
            return ResidualValue([_value_of(each) for each in link.inside])


def _link_of(value: LinkValue) -> Link:
    match value:
        case DenseValue():
            return Dense(value.inputs, value.outputs, value.activation, value.alpha, value.bias)
        case BatchNormValue():
            return BatchNorm(value.features, value.epsilon, value.mode, value.running, value.momentum)
        case ResidualValue():
            return Residual(tuple(map(_link_of, value.inside)))
