"""Signs that can be read off: certificates for inequalities, without a solver.

A polynomial whose symbols have ranges is rewritten in new variables that are positive: a + u for a
symbol above a, (a + b u) / (1 + u) for one between a and b. If then no coefficient is negative and
every symbol that can be anything occurs in even powers alone, it is not negative; and it is
positive if one of its terms is. Products are split into factors first, so squares are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from flint import fmpq

from rnnspec.kit.proofs.expressions import Expression, Polynomial, rational
from rnnspec.kit.proofs.ring import Range, Ring
from rnnspec.kit.proofs.statements import Comparison, Junction, Negation, Statement

Signs: TypeAlias = frozenset[int]
"""Which of -1, 0 and 1 the sign of something may be."""

ANY: Signs = frozenset({-1, 0, 1})
PLUS: Signs = frozenset({1})
SIGNS: dict[str, Signs] = {"<": frozenset({-1}), "<=": frozenset({-1, 0}), "==": frozenset({0})}
"""Those of left - right, by the relation of left to right."""

MOST_TERMS = 4000  # of a polynomial; of a longer one the sign is left open


def sign(f: Expression, assumed: Sequence[Statement] = ()) -> Signs:
    """The signs that f may have, wherever its denominator is not 0.

    Args:
        f: an expression.
        assumed: statements that hold; of these, comparisons of the same polynomials are used.
    """
    known = _known(assumed)
    top = _of_polynomial(f.ring, f.ring.lift(f.top), known)
    bottom = _of_polynomial(f.ring, f.ring.lift(f.bottom), known) - {0}
    return _times(top, bottom)


def never_zero(f: Expression, assumed: Sequence[Statement] = ()) -> bool:
    """Whether f is certainly not 0."""
    return 0 not in sign(f, assumed)


def _times(left: Signs, right: Signs) -> Signs:
    return frozenset(a * b for a in left for b in right)


def _known(assumed: Sequence[Statement]) -> list[tuple[Polynomial, Signs]]:
    """Polynomials, leading with 1, whose signs are among what is assumed."""
    known = []
    for statement in assumed:
        if isinstance(statement, Junction) and statement.all:
            known += _known(statement.parts)
            continue
        contrary = isinstance(statement, Negation)
        comparison = statement.part if isinstance(statement, Negation) else statement
        if isinstance(comparison, Comparison):
            f = comparison.difference
            bottom = _of_polynomial(f.ring, f.ring.lift(f.bottom), [])
            if bottom in ({1}, {-1}) and not f.top.is_constant():
                signs = SIGNS[comparison.relation]
                signs = _times(ANY - signs if contrary else signs, bottom)
                lead = f.top.leading_coefficient()
                known.append((f.ring.lift(f.top / lead), _times(signs, _of_number(lead))))
    return known


def _of_number(number: fmpq) -> Signs:
    return frozenset({(number > 0) - (number < 0)})


def _of_polynomial(ring: Ring, p: Polynomial, known: list[tuple[Polynomial, Signs]]) -> Signs:
    if p.is_zero():
        return frozenset({0})
    if p.is_constant():
        return _of_number(p.leading_coefficient())
    signs = _of_factor(ring, p, known)
    if signs == ANY and len(p.coeffs()) <= MOST_TERMS:
        lead, factors = p.factor()
        signs = _of_number(fmpq(lead))
        for factor, power in factors:
            one = _of_factor(ring, factor, known)
            signs = _times(signs, frozenset(abs(s) for s in one) if power % 2 == 0 else one)
    return signs


def _of_factor(ring: Ring, p: Polynomial, known: list[tuple[Polynomial, Signs]]) -> Signs:
    lead = p.leading_coefficient()
    monic = p / lead
    possible = ANY
    for same, signs in known:
        if same == monic:
            possible &= _times(signs, _of_number(lead))
    if possible != ANY:
        return possible
    p, strict, free, weakly = _in_positive_variables(ring, p)
    for direction in (1, -1):
        if found := _evidently_positive(p * direction, strict, free):
            return _times(found | {0} if weakly else found, frozenset({direction}))
    return ANY


def _evidently_positive(p: Polynomial, strict: set[int], free: set[int]) -> Signs:
    """{1} or {0, 1} if no coefficient is negative and free variables are squared, else nothing."""
    certainly = False
    for powers, coefficient in p.to_dict().items():
        occurring = {k for k, power in enumerate(powers) if power}
        if coefficient < 0 or any(powers[k] % 2 for k in occurring & free):
            return frozenset()
        certainly = certainly or occurring <= strict
    return PLUS if certainly else frozenset({0, 1})


def _in_positive_variables(ring: Ring, p: Polynomial) -> tuple[Polynomial, set[int], set[int], bool]:
    """A polynomial of the same sign, which of its variables are positive, and which can be anything.

    The variables that are in neither of the two sets are not negative. Last, whether the sign is
    a weak one: a closed upper end is reached as u goes to infinity alone, where it may become 0.
    """
    strict, free, weakly = set(), set(), False
    for k, degree in enumerate(p.degrees()):
        if not degree:
            continue
        within = ring.symbols[k].range
        if within.low is None and within.high is None:
            free.add(k)
            continue
        if within.low is not None and within.high is not None:
            weakly = weakly or within.high_closed
        if not (within.low_closed or within.high_closed):
            strict.add(k)
        p = _substituted(ring, p, k, int(degree), within)
    return p, strict, free, weakly


def _substituted(ring: Ring, p: Polynomial, k: int, degree: int, within: Range) -> Polynomial:
    """a + u, b - u or (a + b u) / (1 + u) for the symbol k, the denominator being multiplied out."""
    u = ring.lift(ring.atom(ring.symbols[k]).top)
    one = ring.one
    if within.low is not None and within.high is not None:
        new, denominator = rational(within.low) + rational(within.high) * u, 1 + u
    elif within.low is not None:
        new, denominator = rational(within.low) + u, one
    else:
        assert within.high is not None
        new, denominator = rational(within.high) - u, one
    by_power: dict[int, dict[tuple[int, ...], fmpq]] = {}
    for powers, coefficient in p.to_dict().items():
        by_power.setdefault(powers[k], {})[(*powers[:k], 0, *powers[k + 1 :])] = coefficient
    total = one - one
    for power, terms in by_power.items():
        total += ring.polynomial(terms) * new**power * denominator ** (degree - power)
    return total
