"""Mistakes in squared errors and in what bounds a gradient."""

from __future__ import annotations

from mutants.planting import Faulty, faulty

DENSE_BACK = "rnnref.feedforward.dense:dense_back"
ERROR = "rnnref.losses:squared_error"
ERROR_BACK = "rnnref.losses:squared_error_gradient"
BY_NORM = "rnnref.clipping:clip_by_norm"

FAULTY: list[Faulty] = [
    faulty("weight gradient averaged over the batch", DENSE_BACK, '"W": da @ done.x.T',
           '"W": da @ done.x.T / da.shape[1]',
           "the gradient of the weights is a mean over the examples, that of the loss a sum",
           "REM-13/penalty_as_further_examples", "REM-13/a_step_is_decay_and_a_plain_step"),
    faulty("factor of two forgotten", ERROR_BACK, "return 2 * (y - t)\n", "return y - t\n",
           "the gradient is that of half the squared error", "REM-13/gradient_of_the_squared_error",
           "REM-14/steep_and_in_one_step"),
    faulty("absolute error", ERROR, "total = s.sum_rows(d * d)", "total = s.sum_rows(s.absolute(d))",
           "the absolute error in the place of its square", "REM-13/gradient_of_the_squared_error"),
    faulty("threshold doubled", BY_NORM, "theta))\n", "2 * theta))\n",
           "the threshold is taken for each of two halves", "REM-15/within_what_decay_allows"),
    faulty("clipped for good measure", BY_NORM, "[g * factor for g in tensors]",
           "[g * factor * factor for g in tensors]",
           "the factor is applied twice, where gradients are clipped and where they are used",
           "REM-15/attained_by_a_constant_gradient"),
]  # fmt: skip
