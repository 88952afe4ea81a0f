"""Mistakes in chains of dense layers, and in ReLU on the way back."""

from __future__ import annotations

from mutants.planting import SLOPES, TANH_SLOPE, Faulty, faulty

DENSE = "rnnref.feedforward.dense:dense"
DENSE_BACK = "rnnref.feedforward.dense:dense_back"
DA = "da = dy * slope_from_output(s, link.activation, done.y, link.alpha)"
DX = "dx = p.W.T @ da"
DW = '"W": da @ done.x.T'

FAULTY: list[Faulty] = [
    faulty("gradients normalised on the way", DENSE_BACK, DX,
           DX + "\n    dx = dx / s.largest(s.absolute(dx))",
           "each layer's gradient is scaled to 1 'for stability'", "REM-08/halved_at_every_layer"),
    faulty("leaky on the way back", DENSE_BACK, DA, DA + "\n    da = da + (dy - da) / 64",
           "the backward pass is that of a leaky ReLU", "REM-08/nothing_through_a_dead_unit"),
    faulty("a shortcut on the way back", DENSE_BACK, DX,
           DX + " + (dy if p.W.shape[0] == p.W.shape[1] else 0)",
           "the gradient takes a residual shortcut that the forward pass does not have",
           "REM-08/no_longer_than_the_norms_allow"),
    faulty("straight through", DENSE_BACK, DA, "da = dy",
           "the slope of the activation is left out: a straight-through estimator",
           "REM-08/nothing_through_a_dead_unit"),
    faulty("dropout left on", DENSE_BACK, DX,
           DX + " * 0.75",
           "one unit in four was dropped in training, and its scale is left in",
           "REM-08/kept_by_active_orthogonal_layers"),
    faulty("gradient capped", DENSE_BACK, DX, DX + ".clip(-1024, 1024)",
           "gradients are clipped between layers, without saying so", "REM-09/multiplied_at_every_layer"),
    faulty("activations of the layer above", DENSE_BACK, DW, '"W": da @ (done.x.T + 2.0**-8)',
           "the inputs are shifted before the outer product, as if there were a bias",
           "REM-09/balanced"),
    faulty("biases at half the rate", DENSE_BACK, "s.sum_columns(da)", "s.sum_columns(da) / 2",
           "the biases learn at half the rate of the weights", "REM-09/biases_differ_by_the_weights"),
    faulty("slope of tanh in terms of half its argument", SLOPES, TANH_SLOPE, "return (1 - y * y) / 2",
           "tanh is written as 2σ(2x) − 1 and one factor 2 of the chain rule is lost",
           "REM-10/the_threshold_is_one_and_four"),
    faulty("clipped by the largest entry", "rnnref.clipping:norm", "s.sum_columns(s.sum_rows(g * g))",
           "s.sum_columns(s.sum_rows(g * g)) / g.shape[1]",
           "the mean square in the place of the sum", "REM-12/a_threshold_bounds_the_step"),
]  # fmt: skip
