"""Functions of one real variable x that are quotients of polynomials in e = e^x."""

from __future__ import annotations

from rnnspec.kit.proofs.calculus import in_exponentials, substituted
from rnnspec.kit.proofs.expressions import Expression
from rnnspec.kit.proofs.functions import EXP
from rnnspec.kit.proofs.ring import Symbol
from rnnspec.kit.proofs.signs import never_zero
from rnnspec.proof import NotProved


def of_e(f: Expression, x: Symbol) -> tuple[Expression, Symbol | None]:
    """f, and the symbol e in it; None for a constant.

    Raises:
        NotProved: if f depends on anything else.
    """
    f = in_exponentials(f)
    for symbol in f.symbols:
        if symbol.function is not EXP or symbol.arguments[0].symbol is not x:
            raise NotProved(f"{f} is no quotient of polynomials in e^{x.name}")
    return f, next(iter(f.symbols), None)


def vanishes_only_at_zero(f: Expression, x: Symbol) -> bool:
    """Whether f = 0 just where x = 0: f is a power of e - 1 times what is never 0."""
    rest, e = of_e(f, x)
    if e is None:
        return False
    ring, times = f.ring, 0
    # In lowest terms a zero of the numerator is none of the denominator.
    while rest and not substituted(ring.quotient(rest.top, ring.one), {e.index: ring.expression(1)}):
        rest, times = rest / (ring.atom(e) - 1), times + 1
    bottom = ring.quotient(rest.bottom, ring.one)
    return times > 0 and never_zero(rest) and never_zero(bottom)


def tends_to(f: Expression, limit: Expression, x: Symbol) -> bool:
    """Whether f has the limit on both sides: e tends to 0 on the left, to infinity on the right."""
    rest, e = of_e(f - limit, x)
    if e is None:
        return not rest
    in_top, in_bottom = ([int(powers[e.index]) for powers in p.monoms()] for p in (rest.top, rest.bottom))
    return min(in_top) > min(in_bottom) and max(in_top) < max(in_bottom)
