"""What activations, losses and clipping are held to: the textbook's, and differences of it.

Each check is a plain function that raises AssertionError, so that the tests with drawn
numbers and the mutants of the formulas use the very same one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import methodcaller
from typing import Any, TypeAlias

import numpy as np
from flint import arb
from numpy.typing import NDArray

from reference import textbook, textbook_functions
from reference.checks import DIFFERENCES_PRECISION, PRECISION, STEP
from reference.checks_noise import FACTOR, worst_ratio
from reference.exact import (
    PROVEN,
    assert_agrees,
    assert_enclosed,
    assert_proven,
    ball,
    bits_of_agreement,
    flat,
)
from rnnref import (
    FORMATS,
    Balls,
    Evaluator,
    Floats,
    Format,
    Mpmath,
    Noise,
    activations,
    clipping,
    working_precision,
)
from rnnref.systems.balls import BallMatrix

Compute: TypeAlias = Callable[[Evaluator], Any]
Tensors: TypeAlias = Mapping[str, NDArray[np.float64]]

# In saturation 1 - tanh^2 cancels 2.9 |x| bits, which is 145 for the largest argument drawn.
# So many are left that what is checked to PROVEN or TARGET bits is never short of them.
BALL_BITS = 640
LARGEST_ARGUMENT = 50.0

ONE_SIDED = ("relu", "leaky_relu", "elu")  # at 0 they are differentiated from the left


def in_balls(compute: Compute) -> Any:
    with working_precision(BALL_BITS):
        return compute(Evaluator(Balls()))


def named(result: Any) -> dict[str, NDArray[Any]]:
    """An array or arrays by name, as arrays by name."""
    return result if isinstance(result, dict) else {"value": result}


def check_enclosed(what: str, balls: Any, expected: Callable[[Any], Any]) -> None:
    """Balls enclose what the textbook says in a context that it is given."""
    rough, fine = (named(expected(textbook.precision(bits))) for bits in (PRECISION, 2 * PRECISION))
    got = named(balls)
    assert set(got) == set(fine)
    for name, value in got.items():
        assert_enclosed(f"{what}: {name}", value, rough[name], fine[name])


def check_engines(what: str, compute: Compute) -> None:
    """mpmath, which shares no code with flint, runs the same formulas to the same numbers."""
    at = [named(compute(Evaluator(Mpmath(bits)))) for bits in (PRECISION, 2 * PRECISION)]
    for name, value in named(in_balls(compute)).items():
        rough, fine = (answer[name] for answer in at)
        assert value.shape == fine.shape
        assert_enclosed(f"{what}: {name}", value, rough, fine)


def check_floats(what: str, compute: Compute, fmt: Format, seed: int = 0) -> float:
    """Floats stay within the tolerance that noise gives them; returns how near they came."""
    noise = Noise(fmt, seed=seed)
    with np.errstate(over="ignore", under="ignore"):
        got, scattered = (named(compute(Evaluator(s))) for s in (Floats(fmt), noise))
    worst = 0.0
    for name, truth in named(in_balls(compute)).items():
        assert got[name].dtype == fmt.dtype, f"{what}: {name} is {got[name].dtype}"
        assert got[name].shape == truth.shape
        ratio = worst_ratio(got[name], scattered[name], truth, noise, fmt)
        assert ratio < FACTOR, f"{what}: {name} in {fmt.name}: observed / scatter = {ratio:.1f}"
        worst = max(worst, ratio)
    return worst


def check_activation(kind: str, alpha: float | None, x: NDArray[np.float64]) -> None:
    """phi(x) is the textbook's."""

    def expected(mp: Any) -> Any:
        a = None if alpha is None else mp.mpf(alpha)
        return [textbook_functions.activation(mp, kind, a, mp.mpf(v)) for v in x.tolist()]

    check_enclosed(kind, in_balls(lambda e: e.activation(kind, x, alpha)), expected)


def check_derivatives(kind: str, alpha: float | None, x: NDArray[np.float64]) -> None:
    """Slopes and curvatures are the textbook's differences, one by one, however small."""
    x = np.append(x, 1.0)  # beside which the rounding of a difference that should be 0 is nothing
    orders = {"sharp_slope": 1, "curvature": 2}
    if alpha is None or alpha > 0:
        orders["slope"] = 1
    for method, order in orders.items():
        got = in_balls(methodcaller(method, kind, x, alpha))
        expected = [_difference(kind, alpha, v, order) for v in x.tolist()]
        assert_proven(f"{method} of {kind}", flat(got), PROVEN)
        assert_agrees(f"{method} of {kind}", got, expected)
        for k, v in enumerate(x.tolist()):
            if v != 0:
                assert_agrees(f"{method} of {kind} at {v}", got[k : k + 1], expected[k : k + 1])


def _difference(kind: str, alpha: float | None, v: float, order: int) -> Any:
    mp = textbook.precision(DIFFERENCES_PRECISION)
    step, a, x = mp.ldexp(1, STEP), None if alpha is None else mp.mpf(alpha), mp.mpf(v)

    def phi(steps: int) -> Any:
        return textbook_functions.activation(mp, kind, a, x + steps * step)

    if v == 0 and kind in ONE_SIDED:
        if order == 1:
            return (phi(0) - phi(-1)) / step
        return (phi(0) - 2 * phi(-1) + phi(-2)) / step**2
    if order == 1:
        return (phi(1) - phi(-1)) / (2 * step)
    return (phi(1) - 2 * phi(0) + phi(-1)) / step**2


def check_limits(fmt: Format) -> None:
    """At an infinity every function and every slope has its limit."""
    x, limits = (
        np.array([-np.inf, np.inf]),
        {
            "identity": ([-np.inf, np.inf], [1, 1]),
            "sigmoid": ([0, 1], [0, 0]),
            "tanh": ([-1, 1], [0, 0]),
            "g_1997": ([-2, 2], [0, 0]),
            "h_1997": ([-1, 1], [0, 0]),
            "relu": ([0, np.inf], [0, 1]),
            "leaky_relu": ([-np.inf, np.inf], [0.5, 1]),
            "elu": ([-0.5, np.inf], [0, 1]),
        },
    )
    assert set(limits) == set(activations.KINDS)
    evaluator = Evaluator(Floats(fmt))
    for kind, (values, slopes) in limits.items():
        alpha = 0.5 if kind in activations.PARAMETRIC else None
        expected = {"activation": values, "slope": slopes, "sharp_slope": slopes, "curvature": [0, 0]}
        for method, limit in expected.items():
            with np.errstate(invalid="ignore"):
                got = getattr(evaluator, method)(kind, x, alpha).tolist()
            assert got == limit, f"{method} of {kind} at the ends of the line: {got}"


def check_elu_near_zero(x: float) -> None:
    """e^-x - 1 computed as it stands loses as many bits as x is small."""
    got = Evaluator(Floats(FORMATS["float64"])).activation("elu", np.array([-x]), 1.0).item()
    assert abs(got + x) <= x * x + np.spacing(x)


def check_sharp_slopes() -> None:
    """In saturation the slope from the output is 0, the sharp one keeps its digits."""
    evaluator, x = Evaluator(Floats(FORMATS["float64"])), np.array([40.0])
    assert evaluator.slope("tanh", x).item() == 0
    # Of 53 bits seven roundings may spoil three: of e twice, as it is squared, and of 4 others.
    truth = in_balls(methodcaller("sharp_slope", "tanh", x))
    assert bits_of_agreement(evaluator.sharp_slope("tanh", x).tolist(), [truth[0].mid()]) >= 50


def check_large_logits(fmt: Format) -> None:
    """Nothing overflows on the way where the result does not."""
    x = np.array([[fmt.largest / 2, -fmt.largest / 2, 0.0]])
    evaluator = Evaluator(Floats(fmt))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        assert evaluator.softmax(x).tolist() == [[1, 0, 0]]
        loss = evaluator.cross_entropy(np.tile(x, (2, 1)), np.array([[1.0, 0, 0], [0, 0, 1]]))
        assert loss.tolist() == [0, x[0, 0]]
        assert evaluator.cross_entropy_gradient(x, np.array([[0.0, 1, 0]])).tolist() == [[1, -1, 0]]


def check_activation_encloses(kind: str, alpha: float | None, middle: float, radius: float) -> None:
    """What holds at a point of a ball is inside of what holds of the ball, kink or no kink."""
    ball_ = arb(middle, radius)
    functions = [activations.activation, activations.slope, activations.curvature]
    for function in functions:
        with working_precision(64):
            wide = _on_ball(function, kind, alpha, ball_)
        for where in (-1.0, -0.5, 0.0, 0.5, 1.0):
            with working_precision(BALL_BITS):
                point = arb(ball_.mid()) + where * arb(ball_.rad())
                exact = _on_ball(function, kind, alpha, point)
            assert wide.is_finite(), f"{function.__name__} of {kind} at {ball_} is {wide}"
            assert wide.contains(exact), f"{function.__name__} of {kind} at {ball_}: not at {where}"


def _on_ball(function: Callable[..., BallMatrix], kind: str, alpha: float | None, z: arb) -> Any:
    return function(Balls(), kind, BallMatrix(1, 1, [z]), alpha).entries[0]


@dataclass(frozen=True)
class Loss:
    """A function of rows with its gradient, and the textbook's.

    Attributes:
        name: for messages.
        value: (B, n) and (B, n) to (B,).
        gradient: (B, n) and (B, n) to (B, n), of the sum of all values.
        textbook: of one row and its companion.
    """

    name: str
    value: Callable[[Evaluator, Any, Any], Any]
    gradient: Callable[[Evaluator, Any, Any], Any]
    textbook: Callable[[Any, list[Any], list[Any]], Any]


def _softmax_paired(mp: Any, x: list[Any], dy: list[Any]) -> Any:
    return mp.fdot(textbook_functions.softmax(mp, x), dy)


def _squared_error(convention: str) -> Loss:
    return Loss(
        f"squared_error, {convention}",
        lambda e, y, t: e.squared_error(y, t, convention),
        lambda e, y, t: e.squared_error_gradient(y, t, convention),
        partial(textbook_functions.squared_error, convention=convention),
    )


LOSSES = [
    Loss(
        "softmax",  # its gradient is that of what it returns times a cotangent
        lambda e, x, dy: e.softmax(x),
        lambda e, x, dy: e.softmax_vjp(x, dy),
        _softmax_paired,
    ),
    Loss(
        "cross_entropy",
        lambda e, x, t: e.cross_entropy(x, t),
        lambda e, x, t: e.cross_entropy_gradient(x, t),
        textbook_functions.cross_entropy,
    ),
    *map(_squared_error, ("half", "sum", "mean")),
]


def check_loss(loss: Loss, x: NDArray[np.float64], t: NDArray[np.float64]) -> None:
    """Every row's value is the textbook's."""

    def expected(mp: Any) -> Any:
        if loss.name == "softmax":
            return [textbook_functions.softmax(mp, row) for row in numbers(mp, x)]
        return [loss.textbook(mp, *rows) for rows in zip(numbers(mp, x), numbers(mp, t), strict=True)]

    check_enclosed(loss.name, in_balls(lambda e: loss.value(e, x, t)), expected)


def check_loss_gradient(loss: Loss, x: NDArray[np.float64], t: NDArray[np.float64]) -> None:
    """Every row's gradient is what the textbook's central differences say."""
    got = in_balls(lambda e: loss.gradient(e, x, t))
    assert got.shape == x.shape
    mp = textbook.precision(DIFFERENCES_PRECISION)
    for b, (row, companion) in enumerate(zip(numbers(mp, x), numbers(mp, t), strict=True)):
        expected = _differences(mp, lambda moved: loss.textbook(mp, moved, companion), row)  # noqa: B023
        assert_proven(f"gradient of {loss.name}", flat(got[b]), PROVEN)
        assert_agrees(f"gradient of {loss.name}, row {b}", got[b], expected)


def check_penalty(weights: NDArray[np.float64], alpha: float, convention: str) -> None:
    """The penalty is the textbook's, and so is its gradient."""

    def penalty(mp: Any, flattened: list[Any]) -> Any:
        return textbook_functions.l2_penalty(mp, flattened, mp.mpf(alpha), convention)

    def expected(mp: Any) -> Any:
        return penalty(mp, numbers(mp, weights.ravel()))

    value = in_balls(lambda e: e.l2_penalty(weights, alpha, convention))
    assert value.shape == ()
    check_enclosed("l2_penalty", value, expected)
    got = in_balls(lambda e: e.l2_gradient(weights, alpha, convention))
    assert got.shape == weights.shape
    mp = textbook.precision(DIFFERENCES_PRECISION)
    expected_gradient = _differences(mp, lambda row: penalty(mp, row), numbers(mp, weights.ravel()))
    assert_agrees("l2_gradient", got, expected_gradient)


def check_clipping(tensors: Tensors, threshold: float, epsilon: float = 0.0) -> None:
    """Clipping by norm and by value and rescaling are the textbook's."""

    def flattened(mp: Any) -> dict[str, list[Any]]:
        return {name: numbers(mp, g.ravel()) for name, g in tensors.items()}

    book = textbook_functions
    cases: dict[str, tuple[Compute, Callable[[Any], Any]]] = {
        "clip_by_norm": (
            lambda e: e.clip_by_norm(tensors, threshold, epsilon),
            lambda mp: book.clip_by_norm(mp, flattened(mp), mp.mpf(threshold), mp.mpf(epsilon)),
        ),
        "clip_by_value": (
            lambda e: e.clip_by_value(tensors, threshold),
            lambda mp: book.clip_by_value(flattened(mp), mp.mpf(threshold)),
        ),
        "rescale": (
            lambda e: e.rescale(tensors, threshold),
            lambda mp: book.rescale(mp, flattened(mp), mp.mpf(threshold)),
        ),
    }
    for what, (compute, expected) in cases.items():
        got = in_balls(compute)
        assert {name: g.shape for name, g in got.items()} == {name: g.shape for name, g in tensors.items()}
        check_enclosed(what, got, expected)


def check_unchanged_below(tensors: Tensors, threshold: float, fmt: Format) -> None:
    """Within the threshold not one bit changes: in floats, in mpmath, in balls."""
    systems: list[Any] = [Floats(fmt), Mpmath(PRECISION), Balls()]
    for system in systems:
        with working_precision(BALL_BITS):
            evaluator = Evaluator(system)
            for what in ("clip_by_norm", "clip_by_value"):
                for name, got in getattr(evaluator, what)(tensors, threshold).items():
                    lifted = system.array(system.matrix(tensors[name].reshape(1, -1))).ravel().tolist()
                    assert got.ravel().tolist() == lifted, f"{what} changes {name} in {type(system).__name__}"


def check_clipping_encloses(middles: Sequence[float], radius: float, threshold: float) -> None:
    """Where it is open whether a norm exceeds the threshold, both answers are enclosed."""
    functions: list[tuple[Any, Any]] = [
        (
            clipping.clip_by_norm,
            lambda mp, g, theta: textbook_functions.clip_by_norm(mp, g, theta, mp.mpf(0)),
        ),
        (clipping.clip_by_value, lambda mp, g, theta: textbook_functions.clip_by_value(g, theta)),
    ]
    for function, expected in functions:
        with working_precision(64):
            wide = function(
                Balls(), [BallMatrix(1, len(middles), [arb(m, radius) for m in middles])], threshold
            )[0].entries
        for where in (-1.0, -0.5, 0.0, 0.5, 1.0):
            mp = textbook.precision(PRECISION)
            at = [mp.mpf(m) + mp.mpf(where) * mp.mpf(radius) for m in middles]
            exact = expected(mp, {"g": at}, mp.mpf(threshold))["g"]
            for got, value in zip(wide, exact, strict=True):
                assert got.is_finite()
                assert got.contains(ball(value)), f"{function.__name__} of {middles} +/- {radius}: {got}"


def numbers(mp: Any, array: NDArray[np.float64]) -> Any:
    """Nested lists of the context's numbers."""
    return [numbers(mp, each) for each in array] if np.ndim(array) else mp.mpf(float(array))


def _differences(mp: Any, function: Callable[[list[Any]], Any], row: list[Any]) -> list[Any]:
    """Central differences of a function of a vector."""
    step = mp.ldexp(1, STEP)

    def moved(k: int, by: Any) -> Any:
        return function([v + by if j == k else v for j, v in enumerate(row)])

    return [(moved(k, step) - moved(k, -step)) / (2 * step) for k in range(len(row))]
