"""Mistakes in activations, losses, clipping and bfloat16, and which check must notice each."""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller
from typing import Any

import numpy as np

from mutants.patching import Mutant
from mutants.patching import mutant as m
from reference import checks_formats, checks_functions
from rnnref import FORMATS, losses
from rnnref.activations import KINDS, PARAMETRIC

ACTIVATIONS = "rnnref.activations:"
LOSSES = "rnnref.losses:"
CLIPPING = "rnnref.clipping:"
BORDER = "rnnref.functions:Functions."
FORMAT = "rnnref.formats:Format."
FLOATS = "rnnref.systems.floats:"
BALLS = "rnnref.systems.balls:"
MPMATH = "rnnref.systems.mp:Mpmath."

VALUES = [
    m("leaky relu keeps the sign", ACTIVATIONS + "activation", "s.relu(z) - alpha * s.relu(0 - z)",
      "s.relu(z) + alpha * s.relu(0 - z)", "a leaky |z|: the sign of the left side is lost"),
    m("leaky relu leaks to the right", ACTIVATIONS + "activation", "s.relu(z) - alpha * s.relu(0 - z)",
      "alpha * s.relu(z) - s.relu(0 - z)", "alpha on the wrong side of 0"),
    m("elu without alpha", ACTIVATIONS + "activation", "s.relu(z) + alpha * s.expm1(", "s.relu(z) + s.expm1(",
      "the default alpha = 1 is built in"),
    m("elu without its one", ACTIVATIONS + "activation", "s.expm1(", "s.exp(", "e^z in the place of e^z - 1"),
    m("elu exponent of both sides", ACTIVATIONS + "activation", "s.expm1(0 - s.relu(0 - z))", "s.expm1(z)",
      "the exponential is not confined to the left side"),
    m("g 1997 is h 1997", ACTIVATIONS + "activation", "return 2 * s.tanh(0.5 * z)",
      "return s.tanh(0.5 * z)", "the two squashing functions of 1997 are taken for one"),
    m("g 1997 is twice tanh", ACTIVATIONS + "activation", "2 * s.tanh(0.5 * z)", "2 * s.tanh(z)",
      "4 sigmoid(z) - 2 = 2 tanh(z/2) without the inner half"),
    m("alpha not handed on", BORDER + "activation", "kind, z, alpha)", "kind, z, alpha and 0.5)",
      "a constant in the place of the caller's alpha"),
]  # fmt: skip

DERIVATIVES = [
    m("elu slope without alpha", ACTIVATIONS + "slope", "+ alpha * (1 - s.positive(z)) * s.exp(",
      "+ (1 - s.positive(z)) * s.exp(", "e^z in the place of alpha e^z"),
    m("elu slope from output without alpha", ACTIVATIONS + "slope_from_output", "(alpha - s.relu(0 - y))",
      "(1 - s.relu(0 - y))", "y + 1 in the place of y + alpha"),
    m("elu slope from output minus", ACTIVATIONS + "slope_from_output", "(alpha - s.relu(0 - y))",
      "(alpha + s.relu(0 - y))", "alpha - y in the place of alpha + y"),
    m("leaky slope on the wrong side", ACTIVATIONS + "slope",
      "s.positive(z) + alpha * (1 - s.positive(z))\n", "alpha * s.positive(z) + (1 - s.positive(z))\n",
      "the slope is alpha where z > 0"),
    m("leaky slope from output on the wrong side", ACTIVATIONS + "slope_from_output",
      "s.positive(y) + alpha * (1 - s.positive(y))", "alpha * s.positive(y) + (1 - s.positive(y))",
      "the slope is alpha where y > 0"),
    m("leaky slope alpha everywhere added", ACTIVATIONS + "slope",
      "s.positive(z) + alpha * (1 - s.positive(z))\n", "s.positive(z) + alpha\n",
      "1 + alpha where z > 0"),
    m("relu slope at zero from the right", ACTIVATIONS + "slope", "return s.positive(z)\n",
      "return 1 - s.positive(0 - z)\n", "z >= 0 in the place of z > 0"),
    m("h 1997 slope of tanh", ACTIVATIONS + "slope_from_output", "0.5 * (1 - y * y)", "1 - y * y",
      "the inner derivative of tanh(z/2) is forgotten"),
    m("g 1997 slope as of tanh", ACTIVATIONS + "slope_from_output", "1 - 0.25 * (y * y)", "1 - y * y",
      "y is taken to lie in (-1, 1)"),
    m("g 1997 sharp slope of h", ACTIVATIONS + "slope", "return 4 * slope(", "return 2 * slope(",
      "2 sigma' in the place of 4 sigma'"),
    m("identity slope is z", ACTIVATIONS + "slope", "_constant(s, 1, z)", "z",
      "z is returned where 1 is due"),
    m("sigmoid curvature sign", ACTIVATIONS + "curvature", "0 - slope(s, \"sigmoid\", z) * s.tanh(0.5 * z)",
      "slope(s, \"sigmoid\", z) * s.tanh(0.5 * z)", "2 sigma - 1 in the place of 1 - 2 sigma"),
    m("sigmoid curvature inner half", ACTIVATIONS + "curvature", "s.tanh(0.5 * z)", "s.tanh(z)",
      "1 - 2 sigma(z) = -tanh(z/2) without the half"),
    m("tanh curvature sign", ACTIVATIONS + "curvature", "-2 * s.tanh(z)", "2 * s.tanh(z)",
      "tanh'' = -2 tanh tanh' without its sign"),
    m("tanh curvature without two", ACTIVATIONS + "curvature", "-2 * s.tanh(z)", "0 - s.tanh(z)",
      "the derivative of a square without its 2"),
    m("g 1997 curvature of h", ACTIVATIONS + "curvature", "4 * curvature(", "2 * curvature(",
      "2 sigma'' in the place of 4 sigma''"),
    m("elu curvature to the right", ACTIVATIONS + "curvature", "alpha * (1 - s.positive(z)) * s.exp(",
      "alpha * s.exp(", "the curvature of the left side on both"),
    m("elu curvature without alpha", ACTIVATIONS + "curvature", "alpha * (1 - s.positive(z))",
      "(1 - s.positive(z))", "the default alpha = 1 is built in"),
    m("slope of input for output", BORDER + "slope", "activations.activation(s, kind, z, alpha)", "z",
      "the slope in terms of the output is given the input"),
]  # fmt: skip

LOSS_VALUES = [
    m("softmax over the batch", LOSSES + "softmax", "s.sum_rows(e)", "s.sum_columns(e)",
      "normalized along the wrong axis"),
    m("softmax of minus", LOSSES + "softmax", "z - s.largest(z)", "s.largest(z) - z",
      "the sign of the energy: e^-z"),
    m("softmax not normalized", LOSSES + "softmax", "return e / s.sum_rows(e)", "return e",
      "e^z in the place of the softmax"),
    m("log softmax forgets the shift", LOSSES + "log_softmax", "return shifted - ", "return z - ",
      "the largest logit is not subtracted from both"),
    m("log softmax without logarithm", LOSSES + "log_softmax", "s.log(s.sum_rows(s.exp(shifted)))",
      "s.sum_rows(s.exp(shifted))", "log-sum-exp without its log"),
    m("log of the sum of softmax", LOSSES + "cross_entropy", "s.sum_rows(t * log_softmax(s, z))",
      "s.log(s.sum_rows(t * softmax(s, z)))",
      "the logarithm of the expected probability in the place of the expected logarithm"),
    m("cross entropy sign", LOSSES + "cross_entropy", "0 - s.sum_rows(", "s.sum_rows(",
      "the log-likelihood is returned as the loss"),
    m("cross entropy of probabilities", LOSSES + "cross_entropy", "log_softmax(s, z)",
      "log_softmax(s, softmax(s, z))", "softmax is applied to what has been through it already"),
    m("cross entropy mean over entries", LOSSES + "cross_entropy",
      "0 - s.sum_rows(t * log_softmax(s, z))", "0 - s.sum_rows(t * log_softmax(s, z)) / z.shape[0]",
      "divided by the number of classes"),
    m("squared error half is whole", LOSSES + "squared_error", "return total / 2", "return total",
      "the 1/2 is forgotten"),
    m("squared error mean over batch", LOSSES + "squared_error", "y.shape[0]", "y.shape[1]",
      "the mean over the batch in the place of that over the entries"),
    m("squared error mean is half a mean", LOSSES + "squared_error", "total / y.shape[0]",
      "total / (2 * y.shape[0])", "1/2n in the place of 1/n"),
    m("squared error not squared", LOSSES + "squared_error", "s.sum_rows(d * d)", "s.sum_rows(s.absolute(d))",
      "the absolute error"),
    m("squared error of totals", LOSSES + "squared_error", "s.sum_rows(d * d)",
      "s.sum_rows(d) * s.sum_rows(d)", "the square of the sum in the place of the sum of squares"),
    m("batch of losses is summed", LOSSES + "squared_error", "s.sum_rows(d * d)",
      "s.sum_columns(s.sum_rows(d * d)) + 0 * s.sum_rows(d)", "the loss of the whole batch for each member"),
]  # fmt: skip

LOSS_GRADIENTS = [
    m("softmax vjp diagonal only", LOSSES + "softmax_back", "p * (dp - s.sum_rows(p * dp))",
      "p * (1 - p) * dp", "softmax is differentiated as a sigmoid"),
    m("softmax vjp without probabilities", LOSSES + "softmax_back", "s.sum_rows(p * dp)", "s.sum_rows(dp)",
      "the mean of the cotangent is not weighted"),
    m("softmax vjp adds", LOSSES + "softmax_back", "dp - s.sum_rows", "dp + s.sum_rows",
      "diag(p) + p p^T in the place of diag(p) - p p^T"),
    m("softmax vjp of logits", BORDER + "softmax_vjp", "losses.softmax(s, z), dp", "z, dp",
      "the formula in p is given the logits"),
    m("cross entropy gradient sign", LOSSES + "cross_entropy_gradient", "softmax(s, z) * s.sum_rows(t) - t",
      "t - softmax(s, z) * s.sum_rows(t)", "target minus softmax"),
    m("cross entropy gradient of any targets", LOSSES + "cross_entropy_gradient",
      "softmax(s, z) * s.sum_rows(t) - t", "softmax(s, z) - t", "targets are taken to sum to 1"),
    m("cross entropy gradient through the slope", LOSSES + "cross_entropy_gradient",
      "return softmax(s, z) * s.sum_rows(t) - t",
      "return softmax_back(s, softmax(s, z), softmax(s, z) * s.sum_rows(t) - t)",
      "softmax is differentiated twice"),
    m("squared error gradient sign", LOSSES + "squared_error_gradient", "return y - t", "return t - y",
      "target minus output"),
    m("squared error gradient two with half", LOSSES + "squared_error_gradient", "return y - t",
      "return 2 * (y - t)", "the 1/2 of the loss is forgotten in its gradient"),
    m("squared error gradient two forgotten", LOSSES + "squared_error_gradient",
      "/ y.shape[0]\n    return 2 * (y - t)",
      "/ y.shape[0]\n    return y - t", "the 2 of the square is taken to cancel a 1/2 that is not there"),
    m("squared error gradient mean over batch", LOSSES + "squared_error_gradient", "y.shape[0]",
      "y.shape[1]", "the mean over the batch in the place of that over the entries"),
    m("squared error gradient mean forgotten", LOSSES + "squared_error_gradient",
      "2 * (y - t) / y.shape[0]", "2 * (y - t)", "the mean is differentiated as a sum"),
]  # fmt: skip

PENALTIES = [
    m("l2 half is full", LOSSES + "l2_penalty", "penalty / 2 if", "penalty if",
      "the 1/2 is forgotten"),
    m("l2 full is half", LOSSES + "l2_penalty", "else penalty", "else penalty / 2",
      "alpha/2 is built in"),
    m("l2 not squared", LOSSES + "l2_penalty", "s.sum_columns(s.sum_rows(W * W))",
      "s.sqrt(s.sum_columns(s.sum_rows(W * W)))", "the norm in the place of its square"),
    m("l2 is l1", LOSSES + "l2_penalty", "W * W", "s.absolute(W)", "the sum of sizes"),
    m("l2 gradient two forgotten", LOSSES + "l2_gradient", "else 2 * (alpha * W)", "else alpha * W",
      "weight decay of alpha is taken for the gradient of alpha ||W||^2"),
    m("l2 gradient two with half", LOSSES + "l2_gradient", "return alpha * W if", "return 2 * (alpha * W) if",
      "the 1/2 of the penalty is forgotten in its gradient"),
]  # fmt: skip

CLIPPED = [
    m("norm of each tensor by itself", BORDER + "_together",
      "function(self.system, lifted, threshold, *options)",
      "[function(self.system, [g], threshold, *options)[0] for g in lifted]",
      "every tensor is clipped by its own norm"),
    m("norm not rooted", CLIPPING + "norm",
      "s.sqrt(added(s.sum_columns(s.sum_rows(g * g)) for g in tensors))",
      "added(s.sum_columns(s.sum_rows(g * g)) for g in tensors)",
      "the squared norm is compared with the threshold"),
    m("norm of sizes", CLIPPING + "norm",
      "s.sqrt(added(s.sum_columns(s.sum_rows(g * g)) for g in tensors))",
      "added(s.sum_columns(s.sum_rows(s.absolute(g))) for g in tensors)", "the sum of sizes as the norm"),
    m("sum of norms", CLIPPING + "norm",
      "s.sqrt(added(s.sum_columns(s.sum_rows(g * g)) for g in tensors))",
      "added(s.sqrt(s.sum_columns(s.sum_rows(g * g))) for g in tensors)",
      "the norms of the tensors are added, not their squares"),
    m("norm of the first tensor", CLIPPING + "norm", "for g in tensors", "for g in tensors[:1]",
      "the biases' gradients do not count"),
    m("clip always rescales", CLIPPING + "clip_by_norm",
      "s.largest(s.above([norm(s, tensors) + epsilon, bound]))",
      "(norm(s, tensors) + epsilon)", "the condition is forgotten: small gradients are blown up"),
    m("clip divides by the norm only", CLIPPING + "clip_by_norm", "factor = bound / s.", "factor = 1 / s.",
      "a unit vector in the place of one of length theta"),
    m("clip factor upside down", CLIPPING + "clip_by_norm",
      "bound / s.largest(s.above([norm(s, tensors) + epsilon, bound]))",
      "s.largest(s.above([norm(s, tensors) + epsilon, bound])) / bound", "norm / theta"),
    m("clip without epsilon", CLIPPING + "clip_by_norm", "norm(s, tensors) + epsilon", "norm(s, tensors)",
      "PyTorch's epsilon is read and never added"),
    m("clip subtracts epsilon", CLIPPING + "clip_by_norm", "norm(s, tensors) + epsilon",
      "norm(s, tensors) - epsilon", "the sign of epsilon"),
    m("value clip one sided", CLIPPING + "clip_by_value", "s.clip(g, theta)", "theta - s.relu(theta - g)",
      "min(g, theta): large negative gradients pass"),
    m("value clip zeroes", CLIPPING + "clip_by_value", "s.clip(g, theta)", "s.inside(g, theta) * g",
      "what is beyond the threshold is dropped"),
    m("value clip to the unit", CLIPPING + "clip_by_value", "s.clip(g, theta)", "s.clip(g, 1.0)",
      "a threshold of 1 is built in"),
    m("rescale is a clip", CLIPPING + "rescale", "theta / norm(s, tensors)",
      "theta / (theta + s.relu(norm(s, tensors) - theta))", "small gradients are left alone"),
    m("rescale to one", CLIPPING + "rescale", "theta / norm(s, tensors)", "1 / norm(s, tensors)",
      "a unit vector in the place of one of length theta"),
    m("ball clip one sided", BALLS + "Balls.clip", "v.min(high).max(low)", "v.min(high)",
      "only the upper bound is applied"),
]  # fmt: skip

UNCHANGED = [
    m("clip by strict formula", CLIPPING + "clip_by_norm", "[g * factor for g in tensors]",
      "[g * bound / s.largest(s.above([norm(s, tensors) + epsilon, bound])) for g in tensors]",
      "multiplied by theta and divided by it again: rounding changes what is below the threshold"),
    m("epsilon of PyTorch built in", CLIPPING + "clip_by_norm", "norm(s, tensors) + epsilon",
      "norm(s, tensors) + epsilon + 1e-6",
      "a gradient of exactly the threshold is changed"),
]  # fmt: skip

UNSTABLE = [
    m("softmax without its shift", LOSSES + "softmax", "s.exp(z - s.largest(z))", "s.exp(z)",
      "right, until e^z overflows"),
    m("softmax shifted by half the largest", LOSSES + "softmax", "s.largest(z)", "0.5 * s.largest(z)",
      "right, until e^(z/2) overflows"),
    m("log softmax as it stands", LOSSES + "log_softmax", "shifted - s.log(s.sum_rows(s.exp(shifted)))",
      "s.log(s.exp(shifted) / s.sum_rows(s.exp(shifted)))", "right, until a probability underflows"),
    m("elu by subtracting one", ACTIVATIONS + "activation", "s.expm1(0 - s.relu(0 - z))",
      "(s.exp(0 - s.relu(0 - z)) - 1)", "right, but for all digits near 0"),
    m("sharp slope by subtracting a square", ACTIVATIONS + "slope", "return 4 * e / ((1 + e) * (1 + e))",
      "return 1 - s.tanh(z) * s.tanh(z)", "right, but for all digits in saturation"),
    m("identity slope of infinity", ACTIVATIONS + "_constant", "s.matrix(np.full(like.shape, float(value)))",
      "0 * like + value", "right, but 0 times infinity is no number"),
    m("elu slope of infinity", ACTIVATIONS + "slope_from_output", "(alpha - s.relu(0 - y))", "(alpha + y)",
      "right, but 0 times infinity is no number"),
    m("larger of two by relu", CLIPPING + "clip_by_norm",
      "s.largest(s.above([norm(s, tensors) + epsilon, bound]))",
      "(norm(s, tensors) + epsilon + s.relu(bound - norm(s, tensors) - epsilon))",
      "right, but for rounding: theta / theta is no longer 1"),
]  # fmt: skip

ENGINES = [
    m("mpmath clip one sided", MPMATH + "clip", "min(max(v, -high), high)", "min(v, high)",
      "only the upper bound is applied"),
    m("mpmath largest is smallest", MPMATH + "largest", "a.max(", "a.min(", "the shift is by the smallest"),
    m("mpmath sum over batch", MPMATH + "sum_rows", "axis=0", "axis=1", "the wrong axis"),
    m("mpmath square root missing", MPMATH + "sqrt", "self.context.sqrt", "self.context.mpf",
      "the square root is forgotten"),
    m("mpmath log of two", MPMATH + "log", "self.context.log", "lambda v: self.context.log(v, 2)",
      "the logarithm to base 2"),
    m("mpmath expm1 is exp", MPMATH + "expm1", "self.context.expm1", "self.context.exp", "e^z for e^z - 1"),
]  # fmt: skip

FORMATTED = [
    m("rounded by way of float32", FORMAT + "round",
      "nearest: NDArray[np.float64] = np.ldexp(np.rint(np.ldexp(values, -gap)), gap)",
      "nearest = np.ldexp(np.rint(np.ldexp(values.astype(np.float32).astype(float), -gap)), gap)",
      "float64 is rounded to float32 first: two roundings"),
    m("rounded towards zero", FORMAT + "round", "np.rint(", "np.trunc(", "the lower bits are cut off"),
    m("rounded half up", FORMAT + "round", "np.rint(np.ldexp(values, -gap))",
      "np.floor(np.ldexp(values, -gap) + 0.5)", "ties go up, not to even"),
    m("no subnormal numbers", FORMAT + "round", "np.maximum(gap, int(math.log2(self.smallest_subnormal)))",
      "gap", "exponents without a lower end"),
    m("no infinity", FORMAT + "round", "np.abs(nearest) > self.largest", "np.abs(nearest) > np.inf",
      "exponents without an upper end"),
]  # fmt: skip

OPERATIONS = [
    m("bfloat16 kept in float32", FLOATS + "Bfloat16Matrix.__array_ufunc__",
      "rounded_to_bfloat16(result) if", "result.view(Bfloat16Matrix) if",
      "nothing is rounded before the end"),
    m("bfloat16 never rounded", FLOATS + "rounded_to_bfloat16",
      "values.astype(bfloat16).astype(np.float32)",
      "values", "nothing is rounded before the end"),
    m("bfloat16 numbers of a formula unrounded", FLOATS + "_carried",
      "np.float32(format_named(\"bfloat16\").round(np.array(value, float)))", "np.float32(value)",
      "a product of 24 and 8 bits, rounded twice"),
    m("bfloat16 lost when put together", FLOATS + "Floats.beside",
      "self.matrix(np.concatenate(parts, axis=1))", "np.concatenate(parts, axis=1)",
      "NumPy forgets the class, and float32 goes on"),
    m("bfloat16 lost when chosen", FLOATS + "Floats.choose", "self.matrix(np.where(where, a, b))",
      "np.where(where, a, b)", "NumPy forgets the class, and float32 goes on"),
]  # fmt: skip

SEED = 13  # arbitrary: for what the killers draw
X = np.array([-3.0, -0.5, -(2.0**-40), 0.0, 2.0**-40, 0.75, 4.0])


def _alphas(kind: str) -> tuple[float | None, ...]:
    return (0.3, 1.7) if kind in PARAMETRIC else (None,)


def _rows() -> tuple[Any, Any]:
    """Three rows of four: of probabilities, of one entry, and of targets that sum to something."""
    random = np.random.default_rng(SEED)
    targets = np.stack([random.dirichlet(np.ones(4)), np.eye(4)[2], random.normal(size=4)])
    return random.normal(0, 2, (3, 4)), targets


def _gradients() -> dict[str, Any]:
    random = np.random.default_rng(SEED)
    return {"W": random.normal(size=(2, 3)), "b": random.normal(0, 0.1, 3), "U": random.normal(0, 3, (2, 2))}


THRESHOLDS = (0.05, 0.7, 2.0, 100.0)


def values() -> None:
    for kind in KINDS:
        for alpha in _alphas(kind):
            checks_functions.check_activation(kind, alpha, X)


def derivatives() -> None:
    for kind in KINDS:
        for alpha in _alphas(kind):
            checks_functions.check_derivatives(kind, alpha, X)


def loss_values() -> None:
    for loss in checks_functions.LOSSES:
        checks_functions.check_loss(loss, *_rows())


def loss_gradients() -> None:
    for loss in checks_functions.LOSSES:
        checks_functions.check_loss_gradient(loss, *_rows())


def penalties() -> None:
    for convention in losses.PENALTIES:
        checks_functions.check_penalty(_gradients()["W"], 0.3, convention)


def clipped() -> None:
    for threshold in THRESHOLDS:
        for epsilon in (0.0, 0.25):
            checks_functions.check_clipping(_gradients(), threshold, epsilon)


def unchanged() -> None:
    for fmt in FORMATS.values():
        g = fmt.round(np.random.default_rng(SEED).normal(size=(20, 20)))  # of norm 20, more or less
        checks_functions.check_unchanged_below({"g": g}, 100 / 3, fmt)
        checks_functions.check_unchanged_below({"a": np.array([3.0]), "b": np.array([-4.0])}, 5.0, fmt)


def stability() -> None:
    for fmt in FORMATS.values():
        checks_functions.check_large_logits(fmt)
        checks_functions.check_limits(fmt)
        g = fmt.round(np.random.default_rng(SEED).normal(size=(3, 3)))
        checks_functions.check_unchanged_below({"g": g}, 100 / 3, fmt)
    checks_functions.check_elu_near_zero(1e-9)
    checks_functions.check_sharp_slopes()


def functions_by_mpmath() -> None:
    checks_functions.check_engines("elu", methodcaller("activation", "elu", X, 0.3))
    checks_functions.check_engines("cross_entropy", methodcaller("cross_entropy", *_rows()))
    checks_functions.check_engines("softmax", methodcaller("softmax", _rows()[0]))
    for remedy in ("clip_by_norm", "clip_by_value", "rescale"):
        checks_functions.check_engines(remedy, methodcaller(remedy, _gradients(), 0.7))


def formats() -> None:
    random = np.random.default_rng(SEED)
    checks_formats.check_rounding_to_bfloat16(random)
    for name in ("float16", "float32", "float64"):
        checks_formats.check_rounding_as_numpy_does(name, random)


def bfloat16() -> None:
    checks_formats.check_bfloat16_operations(np.random.default_rng(SEED))


_TABLES: list[tuple[Callable[[], None], list[Mutant]]] = [
    (values, VALUES),
    (derivatives, DERIVATIVES),
    (loss_values, LOSS_VALUES),
    (loss_gradients, LOSS_GRADIENTS),
    (penalties, PENALTIES),
    (clipped, CLIPPED),
    (unchanged, UNCHANGED),
    (stability, UNSTABLE),
    (functions_by_mpmath, ENGINES),
    (formats, FORMATTED),
    (bfloat16, OPERATIONS),
]

KILLERS: dict[str, Callable[[], None]] = {killer.__name__: killer for killer, _ in _TABLES}

MUTANTS: dict[str, list[Mutant]] = {killer.__name__: mutants for killer, mutants in _TABLES}
