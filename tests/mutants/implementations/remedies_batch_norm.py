"""Mistakes in batch normalization."""

from __future__ import annotations

from mutants.planting import Faulty, faulty

NORM = "rnnref.feedforward.batch_norm:batch_norm"
BACK = "rnnref.feedforward.batch_norm:batch_norm_back"
Y = "y = p.gamma * xhat + p.beta"
DENSE_BACK = "rnnref.feedforward.dense:dense_back"
DY = "dy = dy - dbeta / m - xhat * (dgamma / m)"
DX = "dx = p.gamma / sigma * dy"

FAULTY: list[Faulty] = [
    faulty("unbiased variance in training", NORM, "variance = squares / m",
           "variance = squares / max(m - 1, 1)",
           "the batch is normalised by the variance that belongs into the running one",
           "REM-17/mean_and_variance"),
    faulty("epsilon outside of the root", NORM, "s.sqrt(variance + link.epsilon)",
           "s.sqrt(variance) + link.epsilon", "epsilon is added to the standard deviation",
           "REM-17/mean_and_variance"),
    faulty("shift scaled as well", NORM, Y, "y = p.gamma * (xhat + p.beta)",
           "the scale is applied after the shift", "REM-17/a_constant_batch_becomes_the_shift"),
    faulty("one scale and shift for all", NORM, Y, "y = p.gamma[:1] * xhat + p.beta[:1]",
           "every feature is given the scale and the shift of the first", "REM-17/mean_and_variance"),
    faulty("epsilon that cannot be switched off", NORM, "s.sqrt(variance + link.epsilon)",
           "s.sqrt(variance + link.epsilon + 2.0**-20)", "a default epsilon is added to the one given",
           "REM-19/same_outputs"),
    faulty("statistics taken for constants", BACK, DY, "pass",
           "the gradient through mean and variance is left out, as if the layer were in inference",
           "REM-19/gradients_scale_inversely"),
    faulty("deviations clipped", NORM, Y,
           "y = p.gamma * s.clip(xhat, 1.5) + p.beta", "outliers of a batch are cut off at 1.5 deviations",
           "REM-20/skewness_and_kurtosis_stay"),
    faulty("slope of the neighbour", DENSE_BACK, "da = dy * slope_from_output(",
           "da = dy * slope_from_output(s, link.activation, done.y, link.alpha).mean(axis=1, keepdims=True)\n"
           "    da = da + 0 * dy * slope_from_output(",
           "one slope is taken for the whole batch, its mean", "REM-18/slope_times_weight"),
    faulty("running mean ignored", NORM, "mean, squares, variance = p.mean, None",
           "mean, squares, variance = 0 * p.mean, None",
           "inference divides by the running deviation and forgets the mean", "REM-21/larger_in_saturation"),
    faulty("mean taken for a constant", BACK, DY, "dy = dy - xhat * (dgamma / m)",
           "the gradient through the mean is left out",
           "REM-21/nothing_along_the_ones_and_the_outputs"),
    faulty("divided by the variance", BACK, DX, "dx = p.gamma / (sigma * sigma) * dy",
           "the backward pass divides by the variance", "REM-21/jacobian_of_the_norm"),
    faulty("deviation forgotten", BACK, DX, "dx = p.gamma * dy",
           "the backward pass is that of a norm that only centres",
           "REM-23/gradients_grow_with_the_depth", "REM-30/kept_by_the_norm_and_lost_without"),
    faulty("gradient of the scale unnormalised", BACK, '"gamma": dgamma,', '"gamma": dgamma * sigma,',
           "the gradient of γ is taken with the deviations in the place of x̂",
           "REM-21/jacobian_of_the_norm"),
    faulty("gradient of the shift averaged", BACK, '"beta": dbeta}', '"beta": dbeta / dy.shape[1]}',
           "the gradient of β is a mean over the batch and not a sum", "REM-21/jacobian_of_the_norm"),
    faulty("gradient of the mean error", DENSE_BACK, "done.x.T}", "done.x.T / 2}",
           "the gradient is halved, as that of half of the squares of a loss without a half",
           "REM-22/contraction"),
    faulty("gradient of the sum of squares", DENSE_BACK, "da @ done.x.T}", "2 * (da @ done.x.T)}",
           "the factor of the squares is there twice, in the loss and in the layer",
           "REM-22/nearer_below_the_limit"),
    faulty("gradient of the deviation halved", BACK, DY, "dy = dy - dbeta / m - xhat * (dgamma / m) / 2",
           "the derivative of the root brings a factor 1/2, which its square takes away again",
           "REM-30/nothing_through_a_batch_of_two"),
    faulty("scale kept away from zero", BACK, DX,
           "dx = s.largest(s.absolute(p.gamma) + 2.0**-10) / sigma * dy",
           "γ is bounded from below, 'for stability'", "REM-30/nothing_through_a_scale_of_zero"),
]  # fmt: skip
