"""Gradient clipping: what it does to a gradient."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, claim
from rnnspec.evidence import Enclose, Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.sources import D0, D3, D4
from rnnspec.strategies import arrays, reals, wholes
from rnnspec.subject import Array, Subject

EPSILON = 2.0**-19
"""A little more than the 10⁻⁶ that PyTorch adds to the norm before it divides by it; a binary number."""

FLOATS = """
    Libraries add a small epsilon to the norm, PyTorch 10⁻⁶, so that a clipped gradient may be
    that much shorter than θ and one within 10⁻⁶ of θ is clipped already. The laws of the norm leave this
    room, and ask for what lies outside of it. Values are clipped without any rounding.
"""

Gradient = Annotated[Array, arrays((1, 5), low=-4, high=4, unit=1 / 32)]
Matrix = Annotated[Array, arrays((1, 2), (1, 3), low=-4, high=4, unit=1 / 32)]
Threshold = Annotated[float, reals(1 / 16, 8, where=lambda theta: theta > 0)]
Pair = Annotated[Array, arrays(2, (1, 5), low=-4, high=4, unit=1 / 32)]
Near = Annotated[Array, arrays(2, (1, 5), low=-1, high=1, unit=1 / 32)]
"""A quarter of a gradient, and a step away from it."""

Entries = Annotated[int, wholes(1, 5)]


def squared(*tensors: Any) -> Any:
    """The square of the norm of all tensors together."""
    return sum((np.asarray(g) * np.asarray(g)).sum() for g in tensors)


def clipped_by_norm(prove: Prove) -> tuple[Any, Any, Any]:
    """θ > 0, the norm ‖g‖ > 0 of any gradient, of whatever many entries, and its factor min(1, θ/‖g‖)."""
    theta, norm = prove.symbols("theta norm", above=0)
    return theta, norm, prove.minimum(1, theta / norm)


# ------------------------------------------------------------------------------------------
clipped = claim(
    "REM-04",
    title="Clipping leaves a gradient below the threshold alone and forces a larger one back to it",
    says="""
        A threshold is set for the gradient; where the gradient exceeds it when weights are updated, it is
        forced back into this range.
    """,
    statement="""
        By norm, g·min(1, θ/‖g‖): its norm is at most θ, its direction is that of g, and g is left
        as it is if ‖g‖ ≤ θ. By value, each entry is moved into [−θ, θ]: the norm is at most θ√n,
        and the direction changes, but to less than a right angle. Both are idempotent and
        nonexpansive.
    """,
    equation="""
        ‖g min(1, θ/‖g‖)‖ ≤ θ
        ‖clip a − clip b‖ ≤ ‖a − b‖
        by value: cos(g, clip g) ≥ 1/√n,   (10⁹, 1, 1, 1), θ = 1 → 0.5000000015
    """,
    verdict=HOLDS,
    because="""
        Both are projections onto a convex set, the ball and the cube of size θ: such a projection
        moves no point that is inside, moves nothing twice and never moves two points apart. The ball
        is round, so the nearest point lies in the direction of the centre; the cube is not. With n
        entries, k ≥ 1 of them clipped (θ = 1), S the sum of the clipped and U the sum of squares
        of the others, g·c = S + U, ‖c‖² = k + U ≤ n and ‖g‖² ≤ S² + U ≤ (S + U)²: hence the cosine. The
        documents do not say which of the two they mean.
    """,
    sources=[D0("1.3, solution 2"), D3("6.7"), D4("RNN training")],
    floats=FLOATS,
    see=["REM-05", "REM-06", "REM-07"],
)


@clipped.law(needs=["clip"])
def norm_within_the_threshold(
    impl: Subject, hold: Hold, g: Gradient, more: Matrix, threshold: Threshold
) -> None:
    """All tensors together are at most θ long, and as long as that if they were longer."""
    done = impl.clip("norm", {"g": g, "more": more}, threshold)
    length = squared(done["g"], done["more"])
    hold.at_most(length, threshold**2, "‖clip g‖²")
    before = squared(g, more)
    hold.at_most(min(before, (threshold - EPSILON) ** 2), length, "min(‖g‖², θ²) ≤ ‖clip g‖²")


@clipped.law(needs=["clip"])
def direction_kept_by_the_norm(
    impl: Subject, hold: Hold, g: Gradient, more: Matrix, threshold: Threshold
) -> None:
    """Every entry of every tensor is multiplied by one and the same factor, between 0 and 1."""
    done = impl.clip("norm", {"g": g, "more": more}, threshold)
    before = np.concatenate([g, more.ravel()])
    after = np.concatenate([done["g"], done["more"].ravel()])
    hold.equal(np.outer(after, before), np.outer(before, after), "g'_i g_j = g_i g'_j")
    hold.at_most(0, after * before, "0 ≤ g'_i g_i", rounding=SURVIVES)


@clipped.law(needs=["clip"])
def unchanged_below_the_threshold(
    impl: Subject, hold: Hold, g: Gradient, more: Matrix, threshold: Threshold
) -> None:
    """What is shorter than θ, or has no entry beyond it, comes back; well below to the last bit."""
    tensors = {"g": g, "more": more}
    length, largest = squared(g, more), max(np.abs(g).max(), np.abs(more).max())
    small, inside = length <= (threshold - EPSILON) ** 2, largest <= threshold
    hold.given(bool(small or inside), "the gradient is above the threshold both ways")
    if small:
        done = impl.clip("norm", tensors, threshold)
        for name, value in tensors.items():
            say = hold.exactly if length <= threshold**2 / 4 else hold.equal
            say(done[name], value, f"clip {name} by norm")
    if inside:
        done = impl.clip("value", tensors, threshold)
        for name, value in tensors.items():
            hold.exactly(done[name], value, f"clip {name} by value")


@clipped.law(needs=["clip"])
def zeros_stay(impl: Subject, hold: Hold, entries: Entries, threshold: Threshold) -> None:
    """A gradient of 0 comes back as it is: nothing is divided by its norm."""
    for kind in ("norm", "value"):
        done = impl.clip(kind, {"g": np.zeros(entries)}, threshold)["g"]
        hold.exactly(done, 0, f"clip 0 by {kind}")


@clipped.law(needs=["clip"])
def values_within_the_threshold(impl: Subject, hold: Hold, more: Matrix, threshold: Threshold) -> None:
    """By value, each entry is the number of [−θ, θ] next to it; so the norm is at most θ√n."""
    done = impl.clip("value", {"g": more}, threshold)["g"]
    hold.exactly(done, np.clip(more, -threshold, threshold), "clip g by value")
    hold.at_most(squared(done), threshold**2 * more.size, "‖clip g‖² ≤ n θ²", rounding=SURVIVES)


@clipped.law(needs=["clip"])
def idempotent(impl: Subject, hold: Hold, g: Gradient, threshold: Threshold) -> None:
    """Clipping once more changes nothing."""
    for kind in ("norm", "value"):
        once = impl.clip(kind, {"g": g}, threshold)
        twice = impl.clip(kind, once, threshold)
        for name, value in once.items():
            hold.equal(twice[name], value, f"clip clip {name} by {kind}")


@clipped.law(needs=["clip"], times=6)
def nonexpansive(impl: Subject, hold: Hold, pair: Pair, near: Near, threshold: Threshold) -> None:
    """Two gradients, far from each other or near, are never further apart after clipping than before."""
    for a, b in (pair, (4 * near[0], 4 * near[0] + near[1])):
        for kind in ("norm", "value"):
            c, d = (impl.clip(kind, {"g": g}, threshold)["g"] for g in (a, b))
            hold.at_most(squared(c - d), squared(a - b), f"‖clip a − clip b‖² by {kind}")


@clipped.law(needs=["clip"])
def still_downhill(impl: Subject, hold: Hold, g: Gradient, threshold: Threshold) -> None:
    """By value, the angle stays below 90°: cos ≥ 1/√n."""
    done = impl.clip("value", {"g": g}, threshold)["g"]
    along = (done * g).sum()
    hold.at_most(squared(g) * squared(done), len(g) * along**2, "‖g‖² ‖c‖² ≤ n (g·c)²")
    hold.at_most(0, along, "0 ≤ g·c", rounding=SURVIVES)


@clipped.proof
def two_entries_by_norm(prove: Prove) -> None:
    """Traced with two entries and θ = 1: the bound, the direction, and what is within stays.

    Of any number of entries and any θ, in ‖g‖: the factor is positive, makes the norm at most θ and
    is 1 if ‖g‖ ≤ θ. So clipping twice is clipping once.
    """
    g = prove.symbols("a b")
    done = prove.reference.clip_by_norm({"g": g}, 1.0)["g"]
    prove.valid((done**2).sum() <= 1)
    prove.identical(done[0] * g[1], done[1] * g[0])
    prove.valid(done[0] * g[0] >= 0)
    prove.valid(prove.implies(g @ g <= 1, prove.all_of(done[0] == g[0], done[1] == g[1])))
    theta, norm, factor = clipped_by_norm(prove)
    prove.valid(prove.all_of(factor > 0, factor * norm <= theta))
    prove.valid(prove.implies(norm <= theta, factor == 1))


@clipped.proof
def never_further_apart(prove: Prove) -> None:
    """Nonexpansive, for any n: by norm in A = ‖a‖, B = ‖b‖, q = a·b ≤ A B; by value entry by entry.

    In units of θ: both are longer, or one of them; if none is, nothing changes.
    """
    A, B = prove.symbols("A B", at_least=1)
    (C,) = prove.symbols("C", at_least=0, at_most=1)
    (q,) = prove.symbols("q")
    prove.valid(2 - 2 * q / (A * B) <= A**2 + B**2 - 2 * q, given=[q <= A * B])
    prove.valid(1 + C**2 - 2 * q / A <= A**2 + C**2 - 2 * q, given=[q <= A * C])
    a, b = prove.symbols("a b")
    left, right = (prove.reference.clip_by_value({"g": np.array([x])}, 1.0)["g"][0] for x in (a, b))
    prove.valid(left == prove.maximum(-1, prove.minimum(1, a)))
    prove.valid(abs(left) <= 1)  # and what is within stays, so that once more changes nothing
    prove.valid(abs(left - right) <= abs(a - b))


@clipped.proof
def less_than_a_right_angle(prove: Prove) -> None:
    """cos ≥ 1/√n by value, for every n, and > for n ≥ 2: in S, the sum of the k ≥ 1 clipped, and U.

    If nothing is clipped the cosine is 1. It is more than 1/√n if U > 0, if k ≥ 2, or if k + U < n; and
    for n ≥ 2 one of these is so.
    """
    (a,) = prove.symbols("a")
    c = prove.reference.clip_by_value({"g": np.array([a])}, 1.0)["g"][0]
    prove.valid(prove.implies(abs(a) > 1, prove.all_of(a * c == abs(a), c**2 == 1)))
    prove.valid(prove.implies(abs(a) <= 1, prove.all_of(a * c == a**2, c**2 == a**2)))
    S, k = prove.symbols("S k", at_least=1)
    U, s = prove.symbols("U s", at_least=0)
    (sizes,) = prove.symbols("Q", at_least=0)
    prove.valid(sizes + s**2 <= (S + s) ** 2, given=[sizes <= S**2])  # one more that is clipped
    prove.valid(prove.implies(s > 0, sizes + s**2 < (S + s) ** 2), given=[sizes <= S**2])
    prove.valid(S**2 + U <= (S + U) ** 2)  # so ‖g‖² ≤ (g·c)²; and ‖c‖² = k + U ≤ n
    prove.valid(prove.implies(U > 0, S**2 + U < (S + U) ** 2))
    n, along = prove.symbols("n along", at_least=1)
    prove.valid(sizes * (k + U) <= n * along**2, given=[sizes <= along**2, k + U <= n])
    prove.valid(sizes * (k + U) < n * along**2, given=[sizes <= along**2, k + U < n])
    prove.valid(sizes * (k + U) < n * along**2, given=[sizes < along**2, k + U <= n])


@clipped.enclosure
def nearly_the_largest_angle(enclose: Enclose) -> None:
    """(10⁹, 1, 1, 1) with θ = 1: its cosine is 0.5000000015."""
    large = 10**9
    enclose.value(lambda f: (large + 3) / f.sqrt(f.number(4 * (large**2 + 3))), "0.5000000015")


@clipped.enclosure
def with_a_millionth_added_to_the_norm(enclose: Enclose) -> None:
    """θ/(‖g‖ + 10⁻⁶), as PyTorch has it, is 0.9999995 for θ = 1 and ‖g‖ = 1 − 5·10⁻⁷, and not yet 1."""
    enclose.value(lambda f: 1 / (f.number("0.9999995") + f.number("0.000001")), "0.9999995")
