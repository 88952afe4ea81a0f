"""What noise is held to: its scatter must cover correct floats, and little more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from reference.checks import Example
from reference.draws import SQUASHING
from reference.exact import PROVEN, flat, tensors
from rnnref import (
    Cotangent,
    Evaluator,
    Floats,
    Format,
    Network,
    Noise,
    Reference,
    format_named,
    working_precision,
)
from rnnref.stack import levels_of

# The margin that the project allows over one rms scatter: see the design's measurements,
# where correct LSTMs reached 7 and inputs cut to tf32 started at 250.
FACTOR = 32.0


class Tf32Matrix(np.ndarray):
    """A float32 array whose products see 10 of the 23 mantissa bits, as tensor cores do."""

    def __matmul__(self, other: Any) -> Any:
        return _cut(self) @ _cut(other)

    def __rmatmul__(self, other: Any) -> Any:
        return _cut(other) @ _cut(self)


class Tf32(Floats):
    """float32 on hardware that silently cuts the operands of products."""

    def __init__(self) -> None:
        super().__init__(format_named("float32"))

    def matrix(self, values: Any) -> Any:
        return super().matrix(values).view(Tf32Matrix)


def _cut(a: Any) -> NDArray[np.float32]:
    """Round to 10 stored mantissa bits, to nearest."""
    bits = np.ascontiguousarray(a, dtype=np.float32).view(np.uint32)
    return ((bits + np.uint32(1 << 12)) & np.uint32(0xFFFFE000)).view(np.float32)


def representable(example: Example, fmt: Format) -> Example:
    """The example with all its numbers rounded to a format, so that lifting them is exact."""
    network, cotangent = example.network, example.cotangent

    def rounded(values: Any) -> dict[str, Any]:
        return {name: fmt.round(value) for name, value in values.items()}

    return Example(
        replace(
            network,
            parameters=rounded(network.parameters),
            inputs=fmt.round(network.inputs),
            state=rounded(network.state),
        ),
        Cotangent(fmt.round(cotangent.outputs), rounded(cotangent.state)),
    )


def worst_ratios(
    example: Example, fmt: Format, system: Floats | None = None, seed: int = 0
) -> dict[str, float]:
    """The largest error of every tensor, forward and backward, in units of the tolerance.

    The tolerance without its `FACTOR`, that is.
    """
    example = representable(example, fmt)
    noise = Noise(fmt, seed=seed)
    ratios: dict[str, float] = {}
    answers = (
        _results(Evaluator(system or Floats(fmt)), example),
        _results(Evaluator(noise), example),
        _results(Reference(PROVEN), example),
    )
    for (name, got), (_, scattered), (_, truth) in zip(*answers, strict=True):
        if truth.size:
            ratios[name] = worst_ratio(got, scattered, truth, noise, fmt)
    return ratios


def worst_ratio(
    got: NDArray[Any], scattered: NDArray[Any], truth: NDArray[Any], noise: Noise, fmt: Format
) -> float:
    """The largest error of one tensor, in units of the tolerance without its `FACTOR`."""
    assert scattered.shape == (noise.replicates, *truth.shape)
    value = np.abs(_floats(truth))
    scatter = np.std(np.asarray(scattered, dtype=np.float64), axis=0) * noise.scale
    unit = scatter + fmt.unit_roundoff * value + fmt.smallest_normal
    return float(np.max(_errors(got, truth) / unit))


def fits(example: Example, fmt: Format) -> bool:
    """Whether nothing can overflow, not even a partial sum.

    Squashing functions see to that; for ReLU, whatever is computed is bounded by what the
    network of absolute values computes.
    """
    network, cotangent = example.network, example.cotangent
    layer = levels_of(network.layer)[0][0].layer
    if layer.activation in SQUASHING and layer.output_activation in SQUASHING:
        return True

    def absolute(values: Any) -> dict[str, Any]:
        return {name: np.abs(value) for name, value in values.items()}

    bound = Example(
        Network(network.layer, absolute(network.parameters), np.abs(network.inputs), absolute(network.state)),
        Cotangent(np.abs(cotangent.outputs), absolute(cotangent.state)),
    )
    computed = (value for _, value in _results(Evaluator(Floats(format_named("float64"))), bound))
    return all(np.max(value, initial=0.0) < fmt.largest for value in computed)


def check_floats(example: Example, fmt: Format, seed: int = 0) -> None:
    """A correct implementation stays within the tolerance."""
    for name, ratio in worst_ratios(example, fmt, seed=seed).items():
        assert ratio < FACTOR, f"{name} in {fmt.name}: observed / scatter = {ratio:.1f}"


def check_tf32_is_caught(example: Example, seed: int = 0) -> None:
    """Operands cut to tf32 do not."""
    ratios = worst_ratios(example, format_named("float32"), Tf32(), seed)
    assert max(ratios.values()) > FACTOR, f"tf32 goes unnoticed: {ratios}"


def check_cancelling_sums(random: np.random.Generator) -> None:
    """Noise of a product or a sum is that of its terms, however little is left of them.

    By themselves, since in a layer the terms are noisy already and a kink may be near.
    """
    fmt = format_named("float32")
    floats, noise = Floats(fmt), Noise(fmt)
    terms = fmt.round(random.normal(size=(1, 64)))
    rest = float(terms[0, :-1].sum())
    # The last term takes back what the others have added up to, but for a 2^-20th.
    terms[0, -1] = fmt.round(np.array(abs(rest) * 2.0**-20 - rest))
    ones = np.ones((64, 1))
    exact = float(sum(map(Fraction, terms.ravel().tolist())))
    for what, got, scattered in (
        ("sum", floats.sum_columns(floats.matrix(terms)), noise.sum_columns(noise.matrix(terms))),
        ("product", floats.matrix(terms) @ floats.matrix(ones), noise.matrix(terms) @ noise.matrix(ones)),
    ):
        scatter = float(np.std(noise.array(scattered)))
        unit = scatter + fmt.unit_roundoff * abs(exact) + fmt.smallest_normal
        ratio = abs(float(got.item()) - exact) / unit
        assert ratio < FACTOR, f"{what}: observed / scatter = {ratio:.1f}"


def check_one_rounding(random: np.random.Generator, fmt: Format) -> None:
    """One operation is perturbed evenly by up to one unit: mean 0 and rms u |x| / sqrt 3."""
    replicates = 1 << 12
    noise = Noise(fmt, replicates, seed=int(random.integers(2**32)))
    x = random.uniform(1, 2)

    def perturbation() -> NDArray[np.float64]:
        once: NDArray[np.float64] = noise.array(noise.matrix(np.array([[x]])) * 1.0)
        return (once.ravel() - x) / (x * noise.unit)

    relative = perturbation()
    _assert_even(relative)
    # One operation after another is perturbed independently.
    for one, other in pairwise([relative, *(perturbation() for _ in range(4))]):
        covariance = np.mean(one * other)
        assert abs(covariance) < 5 / 3 / np.sqrt(replicates), f"covariance {covariance} of two roundings"


def check_noise_of_sums(random: np.random.Generator) -> None:
    """Each sum is perturbed by up to a unit of itself and of the root of its own terms' squares.

    One row and one column is a thousand times the other, so that none can have another's noise.
    """
    noise = Noise(format_named("float32"), replicates=1 << 12, seed=int(random.integers(2**32)))
    a, b = random.normal(size=(2, 3)) * [[1], [1000]], random.normal(size=(3, 2)) * [1, 1000]
    ones = np.ones((3, 1))
    A, B = noise.matrix(a), noise.matrix(b)
    for terms, factors, got in (
        (a, ones, noise.sum_columns(A)),
        (a, ones, noise.sum_rows(A.T).T),
        (a, b, A @ B),
    ):
        size = np.abs(terms @ factors) + np.sqrt(terms**2 @ factors**2)
        errors = (noise.array(got) - terms @ factors) / (size * noise.unit)
        for entry in errors.reshape(noise.replicates, -1).T:
            _assert_even(entry)


def check_underflow(seed: int) -> None:
    """In float16 a result of 0 is perturbed evenly by up to half the gap between subnormal numbers."""
    fmt = format_named("float16")
    noise = Noise(fmt, replicates=1 << 12, seed=seed)
    scattered = noise.array(noise.matrix(np.zeros((1, 1))) * 1.0)
    _assert_even(scattered.ravel() / (fmt.smallest_subnormal / 2))


def _assert_even(errors: NDArray[np.float64]) -> None:
    """They look uniform in [-1, 1], beyond which float64's own error may carry them a little."""
    assert np.max(np.abs(errors)) <= 1 + 2.0**-10, "an error beyond one unit"
    # Five standard errors of a mean and of a mean square of uniform numbers.
    assert abs(np.mean(errors)) < 5 * np.sqrt(1 / 3 / errors.size), f"biased: {np.mean(errors)}"
    square, standard_error = np.mean(errors**2), np.sqrt(4 / 45 / errors.size)
    assert abs(square - 1 / 3) < 5 * standard_error, f"mean square {square}, expected 1/3"


def check_units(fmt: Format) -> None:
    """What is injected stands clear of float64's own rounding, and is scaled back to u."""
    noise = Noise(fmt)
    assert noise.unit * noise.scale == fmt.unit_roundoff
    assert noise.unit >= 2.0**-33
    assert noise.scale == 1 or noise.unit == 2.0**-33


def check_reproducible(example: Example, fmt: Format, replicates: int, seed: int) -> None:
    """A seed gives one scatter, another seed another; no two replicates are alike."""

    def scattered(seed: int) -> list[tuple[str, NDArray[Any]]]:
        return list(_results(Evaluator(Noise(fmt, replicates, seed)), example))

    once, again, other = scattered(seed), scattered(seed), scattered(seed + 1)
    for (name, first), (_, second) in zip(once, again, strict=True):
        assert first.shape[0] == replicates, f"{name}: shape {first.shape}, {replicates} replicates"
        assert np.array_equal(first, second), f"{name} differs between two runs of one seed"
    layer = levels_of(example.network.layer)[0][0].layer
    computed = example.network.steps and layer.activation != "relu"
    if computed:  # without a step, or with every ReLU dead, there is nothing to perturb
        assert any(not np.array_equal(a, b) for (_, a), (_, b) in zip(once, other, strict=True))
        assert any(len({each.tobytes() for each in value}) == replicates for _, value in once)


def check_linear(example: Example, seed: int) -> None:
    """Scatter is proportional to the unit: that is what lets float64 be scaled back."""

    def scatter(unit: float) -> Iterator[NDArray[Any]]:
        noise = Noise(format_named("float64"), seed=seed)
        noise.unit = unit
        for _, value in _results(Evaluator(noise), example):
            yield np.std(np.asarray(value, dtype=np.float64), axis=0) / unit

    # Of second order is a unit times a condition number: from 2^-30 to 2^-13 that may be 2^17.
    # And float64's own rounding beside a unit of 2^-33 is 2^-20 of the scatter.
    for small, large in zip(scatter(2.0**-33), scatter(2.0**-30), strict=True):
        allowed = 2.0**-13 * np.max(small, initial=0.0)
        assert np.all(np.abs(small - large) <= allowed), f"{small} and {large}, by their units"


def _results(engine: Any, example: Example) -> Iterator[tuple[str, NDArray[Any]]]:
    with np.errstate(over="ignore", under="ignore"):
        yield from tensors(engine.run(example.network))
        yield from tensors(engine.vjp(example.network, example.cotangent))


def _floats(balls: NDArray[Any]) -> NDArray[np.float64]:
    return np.array([float(b.mid()) for b in flat(balls)]).reshape(balls.shape)


def _errors(got: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.float64]:
    """|got - truth|, subtracted in balls: a float64's own error would be lost in float64."""
    with working_precision(2 * PROVEN):
        errors = [float(abs(arb(float(g)) - t).mid()) for g, t in zip(flat(got), flat(truth), strict=True)]
    return np.array(errors).reshape(truth.shape)
