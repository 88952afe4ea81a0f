"""Gradient clipping: what it does to a gradient."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
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
Entries = Annotated[int, wholes(1, 5)]
Number = Annotated[Array, arrays(1, low=-128, high=128, unit=0.5)]


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


@clipped.law(needs=["clip"])
def nonexpansive(impl: Subject, hold: Hold, pair: Pair, threshold: Threshold) -> None:
    """Two gradients are never further apart after clipping than before."""
    for kind in ("norm", "value"):
        a, b = (impl.clip(kind, {"g": g}, threshold)["g"] for g in pair)
        hold.at_most(squared(a - b), squared(pair[0] - pair[1]), f"‖clip a − clip b‖² by {kind}")


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


# ------------------------------------------------------------------------------------------
threshold_rule = claim(
    "REM-06",
    title="Replacing a gradient beyond the threshold by the threshold works on magnitudes",
    says="""
        A critical value is set; where the gradient is larger it is cut off, and this value is taken as
        the size of the gradient.
    """,
    statement="If ‖g‖ > θ, g is replaced by the gradient of its direction whose magnitude is θ.",
    equation="""
        ‖g‖ > θ  ⇒  ‖clip g‖ = θ
        of one number: clip g = sign(g) min(∣g∣, θ)
    """,
    verdict=HOLDS,
    because="""
        The document speaks of the size of the gradient, so this is clipping by norm. Taken
        literally for a single number, "if g > θ then g := θ", it would be a trap: −100 is not
        larger than 1, and would be left as it is. Of one number, by norm and by value are the same,
        on both sides of 0.
    """,
    sources=[D3("6.7")],
    floats=FLOATS,
    see=["REM-04", "REM-07"],
)


@threshold_rule.law(needs=["clip"])
def both_signs_are_clipped(impl: Subject, hold: Hold, g: Number, threshold: Threshold) -> None:
    """By value a single number becomes sign(g) min(|g|, θ), be it ever so negative."""
    done = impl.clip("value", {"g": g}, threshold)["g"]
    hold.exactly(done, np.sign(g) * np.minimum(np.abs(g), threshold), "clip g")


@threshold_rule.law(needs=["clip"])
def the_threshold_becomes_the_size(impl: Subject, hold: Hold, g: Gradient, threshold: Threshold) -> None:
    """By norm, of what is longer than θ the length is θ, and its signs are kept."""
    hold.given(bool(squared(g) > threshold**2), "the gradient is within the threshold")
    done = impl.clip("norm", {"g": g}, threshold)["g"]
    hold.at_most((threshold - EPSILON) ** 2, squared(done), "θ² ≤ ‖clip g‖²")
    hold.at_most(squared(done), threshold**2, "‖clip g‖² ≤ θ²")
    hold.at_most(0, done * g, "the signs", rounding=SURVIVES)


@threshold_rule.as_stated(needs=["clip"])
def one_sided(impl: Subject, hold: Hold, g: Number, threshold: Threshold) -> None:
    """The rule taken literally: only what is greater than θ is replaced by θ."""
    done = impl.clip("value", {"g": g}, threshold)["g"]
    hold.equal(done, np.minimum(g, threshold), "clip g")


@threshold_rule.witness(of=one_sided)
def a_large_negative_gradient() -> Mapping[str, Any]:
    """g = −100, θ = 1: it becomes −1, and would stay −100."""
    return {"g": np.array([-100.0]), "threshold": 1.0}


@threshold_rule.proof
def one_number(prove: Prove) -> None:
    """Of one number both kinds are the same, and ±θ beyond θ = 1. Of any gradient, the norm becomes θ."""
    (a,) = prove.symbols("a")
    by_norm = prove.reference.clip_by_norm({"g": np.array([a])}, 1.0)["g"][0]
    by_value = prove.reference.clip_by_value({"g": np.array([a])}, 1.0)["g"][0]
    prove.valid(by_norm == by_value)
    prove.valid(prove.implies(a > 1, by_value == 1))
    prove.valid(prove.implies(a < -1, by_value == -1))
    prove.valid(prove.implies(abs(a) <= 1, by_value == a))
    theta, norm, factor = clipped_by_norm(prove)
    prove.valid(prove.implies(norm > theta, factor * norm == theta))
    g = prove.symbols("b c")
    with prove.assuming(g @ g > 1, prove.sqrt(g @ g) > 1):
        prove.identical((prove.reference.clip_by_norm({"g": g}, 1.0)["g"] ** 2).sum(), 1)


# ------------------------------------------------------------------------------------------
two_variants = claim(
    "REM-07",
    title="Clipping and rescaling agree beyond the threshold and differ below it",
    says="""
        One updates with the clipped gradient, or rescales the gradient to a norm of fixed size.
    """,
    statement="""
        g·min(1, θ/‖g‖) and θ g/‖g‖ are the same if ‖g‖ ≥ θ. Below θ the first is g and the second
        is longer; so descent on ½x² with a constant learning rate 0 < η < 1 converges with the first,
        and ends up going to and fro with the second, unless it happens to hit 0.
    """,
    equation="""
        on ½x²:  clipped    x ← (1 − η)x once ∣x∣ ≤ θ,        x_n = (1 − η)^n x_0
                 rescaled   x ← x − ηθ sign x,               a → a − ηθ → a for 0 < a < ηθ
        η = 1/5, θ = 1, x_0 = 3/10:  after 1000 steps below 10⁻⁹⁷, and ±1/10
    """,
    verdict=HOLDS,
    because="""
        The document names two ways, and there are two. "Into the range of a fixed norm" can also be
        read as the first; where it is read as "always to a fixed norm", a gradient of 10⁻⁹ is
        blown up to θ, and near a minimum every step is ηθ long: descent on ½x² ends
        in the cycle a, a − ηθ.
    """,
    sources=[D4("RNN training")],
    floats=FLOATS,
    see=["REM-04", "REM-05"],
)


@two_variants.law(needs=["clip"])
def rescaled_beyond_and_left_below(impl: Subject, hold: Hold, g: Gradient, threshold: Threshold) -> None:
    """Beyond θ, clipping is rescaling: g'² ‖g‖² = θ² g². Well below it nothing changes."""
    done, length = impl.clip("norm", {"g": g}, threshold)["g"], squared(g)
    if length >= threshold**2:
        hold.at_most(done**2 * length, threshold**2 * g**2, "g'² ‖g‖² ≤ θ² g²")
        hold.at_most((threshold - EPSILON) ** 2 * g**2, done**2 * length, "θ² g² ≤ g'² ‖g‖²")
    elif length <= (threshold - EPSILON) ** 2:
        hold.equal(done, g, "clip g")


@two_variants.as_stated(needs=["clip"])
def one_and_the_same(impl: Subject, hold: Hold, g: Gradient, threshold: Threshold) -> None:
    """The two are the same for every gradient."""
    done = impl.clip("norm", {"g": g}, threshold)["g"]
    hold.equal(done**2 * squared(g), threshold**2 * g**2, "g'² ‖g‖² = θ² g²")


@two_variants.witness(of=one_and_the_same)
def below_the_threshold() -> Mapping[str, Any]:
    """g = 1/2, θ = 1: clipped it is 1/2, rescaled 1."""
    return {"g": np.array([0.5]), "threshold": 1.0}


@two_variants.proof
def same_beyond_the_threshold(prove: Prove) -> None:
    """Traced with two entries: the same if ‖g‖ > 1, and rescaling always makes the norm 1.

    Of any number of entries and any θ, in ‖g‖: min(1, θ/‖g‖) is θ/‖g‖ from θ on; below it is 1 and θ/‖g‖
    more than that.
    """
    g = prove.symbols("a b")
    norm = prove.sqrt(g @ g)
    with prove.assuming(g @ g > 1, norm > 1):
        by_norm = prove.reference.clip_by_norm({"g": g}, 1.0)["g"]
        prove.identical(by_norm, prove.reference.rescale({"g": g}, 1.0)["g"])
    rescaled = prove.reference.rescale({"g": g}, 1.0)["g"]
    prove.identical((rescaled**2).sum(), 1)
    prove.identical(rescaled * norm, g)
    theta, length, factor = clipped_by_norm(prove)
    prove.valid(prove.implies(length >= theta, factor == theta / length))
    prove.valid(prove.implies(length < theta, prove.all_of(factor == 1, theta / length > 1)))


@two_variants.proof
def a_cycle_and_a_limit(prove: Prove) -> None:
    """On ½x² with θ = 1 and any 0 < η < 1: rescaled steps go from a to a − η and back, 0 < a < η.

    From farther away they lead nearer by η, to such an a. Clipped steps do so, too, while |x| > 1, and
    then x_n = (1 − η)^n x_0; with η = 1/5 from 3/10, after 1000 steps, 3.7 10⁻⁹⁸.
    """
    (eta,) = prove.symbols("eta", above=0, below=1)
    (part,) = prove.symbols("part", above=0, below=1)
    (far,) = prove.symbols("far", above=1)
    a = eta * part

    def rescaled(x: Any) -> Any:
        return x - eta * prove.reference.rescale({"g": np.array([x])}, 1.0)["g"][0]

    def clipped(x: Any) -> Any:
        return x - eta * prove.reference.clip_by_norm({"g": np.array([x])}, 1.0)["g"][0]

    prove.identical(rescaled(a), a - eta)
    prove.identical(rescaled(rescaled(a)), a)
    prove.identical(rescaled(far * eta), far * eta - eta)
    prove.identical(clipped(far), far - eta)
    fifth, start = prove.number(1, 5), prove.number(3, 10)

    (x,) = prove.symbols("x", at_least=-1, at_most=1)
    prove.valid(clipped(x) == (1 - eta) * x)
    (q,), (first,) = prove.symbols("q"), prove.symbols("x0")
    prove.closed_form(lambda n: q**n * first, first=q * first, then=lambda n, x: q * x)
    prove.identical(prove.at(rescaled(eta * far), {"eta": fifth, "far": start / fifth}), fifth / 2)
    after = Fraction(3, 10) * Fraction(4, 5) ** 1000
    prove.valid(prove.all_of(prove.number(36) <= after * 10**99, after * 10**99 < prove.number(38)))
