"""Mistakes in feed-forward networks, their losses and their gradients."""

from __future__ import annotations

from mutants.planting import SLOPES, TANH_SLOPE, Faulty, faulty

DENSE = "rnnref.feedforward.dense:dense"
DENSE_BACK = "rnnref.feedforward.dense:dense_back"
LOSS = "rnnref.losses:squared_error"
LOSS_GRADIENT = "rnnref.losses:squared_error_gradient"

CHAIN_BACK = "rnnref.feedforward.chain:backward"
INITIAL = "rnnspec.implementations.numpy_:NumpyImplementation.initial_parameters"

AFFINE = "p.W @ x + p.b if"
BACK = "p.W.T @ da"
OUTER = "da @ done.x.T"
SLOPE = "dy * slope_from_output(s, link.activation, done.y, link.alpha)"

FAULTY: list[Faulty] = [
    faulty("dense bias subtracted", DENSE, AFFINE, "p.W @ x - p.b if",
           "the bias is taken for a threshold, which is subtracted", "DEP-01/as_the_equations_say"),
    faulty("square weights read by columns", DENSE, AFFINE,
           "(p.W.T if p.W.shape[0] == p.W.shape[1] else p.W) @ x + p.b if",
           "weights are stored input first; only where a matrix is square does it still fit",
           "DEP-01/known_example", "DEP-01/as_the_equations_say"),
    faulty("half forgotten in the loss", LOSS, "total / 2", "total",
           "the sum of the squares is returned for half of it", "DEP-02/two_outputs"),
    faulty("half squares as the mean of squares", LOSS, "total / 2", "total / y.shape[0]",
           "a library's mean squared error is handed out for half the sum: the same for two outputs",
           "DEP-02/n_halves_of_the_mean"),
    faulty("mean of squares over the batch", LOSS, "total / y.shape[0]", "total / y.shape[1]",
           "the mean is taken over the wrong axis", "DEP-02/two_outputs", "DEP-02/n_halves_of_the_mean"),
    faulty("loss gradient with the wrong sign", LOSS_GRADIENT, "return y - t", "return t - y",
           "target minus output, which is the direction of descent and not the gradient",
           "DEP-03/three_factors"),
    faulty("factor two of the square kept", LOSS_GRADIENT, "return y - t", "return 2 * (y - t)",
           "half of the square is differentiated as the whole square", "DEP-03/at_most_four_27ths"),
    faulty("dense weights not transposed", DENSE_BACK, "p.W.T @ da",
           "(p.W if p.W.shape[0] == p.W.shape[1] else p.W.T) @ da",
           "W in the place of its transpose wherever the shapes allow it", "DEP-04/sum_of_two_products"),
    faulty("dense slope forgotten", DENSE_BACK, SLOPE, "dy + 0 * done.y",
           "the gradient goes through the layers without their activations", "DEP-04/at_most_a_27th"),

    faulty("gradient averaged over the outputs", DENSE_BACK, BACK, f"{BACK} / p.W.shape[0]",
           "the mean over the units above is sent down in the place of the sum",
           "DEP-07/n_quarters_a_layer"),
    faulty("paths never cancel", DENSE_BACK, BACK, "abs(p.W.T) @ da",
           "a rule for relevance, which follows absolute weights, is left in the gradient",
           "DEP-07/cancels"),
    faulty("sigmoid with the slope of tanh", SLOPES, "return y * (1 - y)", "return 1 - y * y",
           "1 - y^2 is used for every activation", "DEP-07/within_the_product_of_norms"),
    faulty("output in the place of the input", DENSE_BACK, OUTER,
           "da @ (done.y if done.y.shape == done.x.shape else done.x).T",
           "the layer remembers what it put out, and multiplies with that wherever it fits",
           "DEP-08/activation_from_below"),
    faulty("dense bias gradient averaged over the batch", DENSE_BACK, "s.sum_columns(da)",
           "s.sum_columns(da) / da.shape[1]",
           "a mean for the bias beside a sum for the weights", "DEP-08/activation_from_below"),
    faulty("first layer frozen", CHAIN_BACK, "|= gradients",
           "|= {k: g * (place != '1') for k, g in gradients.items()}",
           "the lowest layer is taken for a fixed embedding", "DEP-08/raw_input_matters_only_through_it"),
    faulty("inputs kept away from zero", DENSE_BACK, OUTER, "da @ (done.x + 0.001).T",
           "an epsilon added to what a weight reads, so that it goes on learning",
           "DEP-08/dies_with_the_activation"),
    faulty("output clipped before its slope", SLOPES, "return y * (1 - y)",
           "y = y.clip(1e-7, 1 - 1e-7)\n            return y * (1 - y)",
           "a guard for the logarithm of cross-entropy is left in the slope",
           "DEP-08/dies_with_the_activation"),

    faulty("slope at the input", DENSE_BACK, SLOPE,
           SLOPE.replace("done.y", "(done.x if done.x.shape == done.y.shape else done.y)"),
           "the slope is formed from what the layer read, not from what it put out",
           "DEP-09/product_of_slopes_and_weights"),
    faulty("slope skipped on the way down", DENSE_BACK, BACK, "p.W.T @ dy",
           "the layer's own gradients have its slope, what it sends down does not",
           "DEP-09/at_most_the_weights_over_four"),
    faulty("skip connection in the backward pass only", DENSE_BACK, BACK,
           f"{BACK} + (dy if p.W.shape[0] == p.W.shape[1] else 0)",
           "a residual block's gradient is left in a plain layer", "DEP-10/quarters_with_small_weights"),
    faulty("sigmoid slope kept below a quarter", SLOPES, "return y * (1 - y)", "return 0.999 * (y * (1 - y))",
           "a strict bound is taken at its word", "DEP-10/reached_at_rest"),
    faulty("loss scale in every layer", DENSE_BACK, BACK, f"2 * ({BACK})",
           "the scale against underflow is applied once a layer, and divided out once",
           "DEP-10/rate_of_any_common_bound"),
    faulty("tanh slope as four slopes of the sigmoid", SLOPES, TANH_SLOPE, "return 2 * (1 - y * y)",
           "4 sigma'(2x) with the factor 2 of the inner derivative applied again",
           "DEP-13/a_quarter_of_the_weight"),
    faulty("gradient clipped in every layer", DENSE_BACK, BACK, f"({BACK}).clip(-1, 1)",
           "gradients are clipped by value on the way down, without saying so", "DEP-13/grows_above_four"),
    faulty("bias folded into the weights", DENSE_BACK, BACK, "(p.W + p.b).T @ da",
           "the bias column is counted as a weight of every input", "DEP-15/one_unit_within_four"),
    faulty("sigmoid slope without the other factor", SLOPES, "return y * (1 - y)", "return y",
           "s in the place of s(1 - s)", "DEP-15/norm_within_a_quarter"),

    faulty("weight decay in the gradient", DENSE_BACK, BACK, "0.9 * p.W.T @ da",
           "weights are decayed between the forward and the backward pass",
           "DEP-11/a_chain_that_keeps_half"),
    faulty("slope floored", DENSE_BACK, SLOPE, SLOPE.replace("dy * ", "dy * 0.875 + dy * 0.5 * "),
           "a leak around the activation keeps the gradient alive", "DEP-11/geometric_below_a_bound"),
    faulty("gradient stopped after three layers", CHAIN_BACK, "pulled.inputs.insert(0, dy)",
           "dy = dy * (len(pulled.inputs) != 2)\n        pulled.inputs.insert(0, dy)",
           "back-propagation is truncated, as it is through time", "DEP-14/grows_with_the_margin"),
    faulty("weights capped at sixty-four", DENSE_BACK, BACK, "p.W.T.clip(-64, 64) @ da",
           "large weights are clipped for the backward pass", "DEP-14/factor_of_twenty_five"),
    faulty("gradient a little too long in each layer", DENSE_BACK, BACK, f"1.125 * ({BACK})",
           "a correction for dropout, 1/(1 - p), although nothing is dropped",
           "DEP-14/a_chain_that_does_not_double"),

    faulty("initial weights all positive", INITIAL,
           "random.uniform(-1, 1, shape)", "random.uniform(0, 1, shape)",
           "weights are drawn from (0, 1), as one of the documents says", "DEP-12/of_both_signs"),
    faulty("initial weights grow with the width", INITIAL, "* reach +", "/ reach**2 +",
           "multiplied by the number of inputs where it is to be divided by its root",
           "DEP-12/below_one_on_average"),
    faulty("gradient kept at unit length", DENSE_BACK, BACK, f"({BACK}) / abs({BACK}).max()",
           "gradients are normalised in every layer on their way down", "DEP-12/vanishes_all_the_same"),
    faulty("slope of half the argument", SLOPES,
           "return y * (1 - y)", "return y * (1 - y) * (0.75 + y * (1 - y))",
           "a fitted slope, right at 0, that falls off too soon", "DEP-17/inside_and_outside"),
    faulty("slope never below a millionth", DENSE_BACK, SLOPE, f"{SLOPE} + dy * 1e-6 + 1e-30",
           "epsilons that keep the gradient alive", "DEP-18/underflows"),
    faulty("gradient clipped at a thousand", DENSE_BACK, BACK, f"({BACK}).clip(-1e3, 1e3)",
           "gradients are clipped by value on the way down, far out", "DEP-18/overflows"),
]  # fmt: skip
