"""A residual block: what a chain of links makes of x, added to x.

The shortcut is the identity and there is no activation after the addition, as in He et al.
2016b. So in a stack of blocks x_L = x_l + the sum of all F_i(x_i) from l on, and the
derivative is the product of all I + F_i'(x_i).

Source: He et al. 2016a, equation 1; 2016b, equations 3 to 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, Union

from rnnref.arguments import check_type
from rnnref.errors import BadInput
from rnnref.feedforward.batch_norm import BatchNorm
from rnnref.feedforward.dense import Dense
from rnnref.systems.base import Matrix

Link: TypeAlias = Union[Dense, BatchNorm, "Residual"]


@dataclass(frozen=True)
class Residual:
    """y = x + F(x).

    Attributes:
        inside: the links that F is made of, in their order; at least one. They end in as many
            outputs as they have inputs.

    Raises:
        BadInput: if the links do not fit one another or the shortcut.
    """

    inside: tuple[Link, ...]

    def __post_init__(self) -> None:
        check_links("Residual.inside", self.inside)
        if self.inputs != self.inside[-1].outputs:
            got = f"{self.inputs} inputs and {self.inside[-1].outputs} outputs"
            raise BadInput("Residual.inside", got, "as many outputs as inputs, for them to be added")

    @property
    def inputs(self) -> int:
        """n."""
        return self.inside[0].inputs

    @property
    def outputs(self) -> int:
        """n."""
        return self.inputs


def check_links(parameter: str, links: Any) -> None:
    """Raise `BadInput` unless it is a tuple of links each of which fits the one before."""
    check_type(parameter, links, tuple, "a tuple of links")
    if not links:
        raise BadInput(parameter, "no link", "at least one")
    for place, link in enumerate(links, start=1):
        kinds = Dense | BatchNorm | Residual
        check_type(f"{parameter}, link {place}", link, kinds, "a Dense, BatchNorm or Residual")
        before = links[place - 2].outputs if place > 1 else link.inputs
        if link.inputs != before:
            expected = f"{before}, the outputs of link {place - 1}"
            raise BadInput(f"{parameter}, link {place}", f"{link.inputs} inputs", expected)


def placed(links: tuple[Link, ...], before: str = "") -> Iterator[tuple[str, Link]]:
    """Every link with its place: counted from 1; inside of a residual `3`, `3_1`, `3_2`, ..."""
    return ((f"{before}{k}", link) for k, link in enumerate(links, start=1))


def within(links: tuple[Link, ...], before: str = "") -> Iterator[tuple[str, Dense | BatchNorm]]:
    """The links that have parameters, those inside of residuals among them, with their places."""
    for place, link in placed(links, before):
        if isinstance(link, Residual):
            yield from within(link.inside, f"{place}_")
        else:
            yield place, link


@dataclass
class ResidualPass:
    """What a forward pass has seen: the passes of the links inside, and y (n, B)."""

    inside: list[Any]
    y: Matrix


def residual(x: Matrix, F: Callable[[Matrix], list[Any]]) -> ResidualPass:
    """y = x + F(x); F returns the passes of its links."""
    inside = F(x)
    y = x + inside[-1].y
    return ResidualPass(inside, y)


def residual_back(dy: Matrix, pull: Callable[[Matrix], Any]) -> tuple[Matrix, dict[str, Matrix]]:
    """dx = dy + F'(x)^T dy; `pull` takes dy to what back-propagation through F ends with."""
    back = pull(dy)
    dx = dy + back.inputs[0]
    return dx, back.parameters
