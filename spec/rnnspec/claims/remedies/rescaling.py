"""What the documents' words for clipping come to: the threshold as the new size, and rescaling."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import HOLDS, claim
from rnnspec.claims.remedies.clipping import (
    EPSILON,
    FLOATS,
    Gradient,
    Threshold,
    clipped_by_norm,
    squared,
)
from rnnspec.evidence import Prove
from rnnspec.hold import SURVIVES, Hold
from rnnspec.sources import D3, D4
from rnnspec.strategies import arrays
from rnnspec.subject import Array, Subject

Number = Annotated[Array, arrays(1, low=-128, high=128, unit=0.5)]

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
