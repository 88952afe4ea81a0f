"""Mistakes in clipping gradients."""

from __future__ import annotations

from mutants.planting import Faulty, faulty

BY_NORM = "rnnref.clipping:clip_by_norm"
BY_VALUE = "rnnref.clipping:clip_by_value"
VALUE = "rnnref.systems.floats:Floats.clip"
NORM = "rnnref.clipping:norm"
MULTIPLIED = "[g * factor for g in tensors]"

FAULTY: list[Faulty] = [
    faulty("norm of each tensor alone", BY_NORM, MULTIPLIED,
           "[g * (bound / s.largest(s.above([norm(s, [g]), bound]))) for g in tensors]",
           "every tensor is clipped by its own norm, and all together exceed the threshold",
           "REM-04/norm_within_the_threshold",
           "REM-04/direction_kept_by_the_norm"),
    faulty("only one tensor clipped", BY_NORM, MULTIPLIED, "[tensors[0] * factor, *tensors[1:]]",
           "the weights are clipped and the biases forgotten", "REM-04/direction_kept_by_the_norm"),
    faulty("rescaled always", BY_NORM, "s.largest(s.above([norm(s, tensors) + epsilon, bound]))",
           "(norm(s, tensors) + (norm(s, tensors) == 0))",
           "every gradient is normalised, small ones too",
           "REM-04/unchanged_below_the_threshold", "REM-04/nonexpansive",
           "REM-07/rescaled_beyond_and_left_below"),
    faulty("nothing over nothing", BY_NORM, "bound / s.largest(s.above([norm(s, tensors) + epsilon, bound]))",
           "np.minimum(norm(s, tensors), bound) / norm(s, tensors)",
           "the factor is min(norm, θ)/norm, and 0/0 for a gradient of 0", "REM-04/zeros_stay"),
    faulty("outliers left alone", VALUE, "np.clip(a, -bound, bound)",
           "np.where(np.abs(a) > 4 * bound, a, np.clip(a, -bound, bound))",
           "what is far beyond the threshold is taken for intended", "REM-04/values_within_the_threshold"),
    faulty("shrinks a little each time", BY_NORM, "bound / s.largest(",
           "(bound - bound / 1024) / s.largest(",
           "to be safe, the threshold is taken a thousandth smaller", "REM-04/idempotent"),
    faulty("zeroed beyond the threshold", VALUE, "np.clip(a, -bound, bound)",
           "np.where(np.abs(a) <= bound, a, 0 * a)",
           "what is beyond the threshold is thrown away, in the place of being moved to it",
           "REM-04/nonexpansive", "REM-06/both_signs_are_clipped"),
    faulty("absolute value clipped", VALUE, "np.clip(a, -bound, bound)", "np.minimum(np.abs(a), bound)",
           "the magnitude is clipped and the sign is lost", "REM-04/still_downhill"),
    faulty("one sided", VALUE, "np.clip(a, -bound, bound)", "np.minimum(a, bound)",
           "only what is greater than the threshold is clipped", "REM-06/both_signs_are_clipped"),
    faulty("mean square for sum of squares", NORM, "s.sqrt(added(",
           "0.5 * s.sqrt(added(",
           "the norm is divided by a size, and long gradients pass", "REM-06/the_threshold_becomes_the_size"),
    faulty("largest entry for the norm", NORM, "s.sum_columns(s.sum_rows(g * g))",
           "s.matrix((g * g).max(axis=1, keepdims=True))",
           "the maximum norm in the place of the Euclidean one", "REM-05/no_further_than_the_steps"),
    faulty("small entries flushed", BY_VALUE, "s.clip(g, theta)",
           "s.clip(g, theta) * (np.abs(g) > 2.0**-12)",
           "gradients that are nearly 0 are taken for noise and dropped", "REM-05/what_vanishes_stays_so"),
    faulty("exploded gradients hushed up", BY_NORM, MULTIPLIED,
           "[np.nan_to_num(g * factor, posinf=0, neginf=0) for g in tensors]",
           "entries that are not finite become 0, and training goes on as if nothing had happened",
           "REM-05/what_is_not_finite_is_reported"),
]  # fmt: skip
