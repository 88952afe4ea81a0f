"""Mistakes in ReLU and its relatives, and in the gradients of units that have them."""

from __future__ import annotations

from mutants.planting import RETURNED, SLOPE, SLOPES, VALUE, VALUE_RETURNED, Faulty, faulty

CHAIN_BACK = "rnnspec.implementations.numpy_:NumpyImplementation.chain_vjp"
RELU_SLOPE = 'case "relu":\n            return s.positive(y)'
GRADIENTS = "return back.parameters, back.inputs"

RELU_CAPPED = f"np.minimum({VALUE_RETURNED}, 6).astype(x.dtype) if kind == 'relu' else {VALUE_RETURNED}"
RELU_SMOOTHED = (
    f"np.clip(0.5 + 500 * x.astype(float), 0, 1).astype(x.dtype) * dy if kind == 'relu' else {RETURNED}"
)
SWISH = f"(x / (1 + np.exp(-x))).astype(x.dtype) if kind == 'relu' else {VALUE_RETURNED}"

FAULTY: list[Faulty] = [
    faulty("relu of small devices", VALUE, VALUE_RETURNED, RELU_CAPPED,
           "the capped ReLU of small devices", "ACT-13/maximum_with_zero"),
    faulty("float16 relu capped at six", VALUE, VALUE_RETURNED, RELU_CAPPED,
           "the capped ReLU of small devices", "ACT-13/maximum_with_zero_in_every_float16", dtype="float16"),
    faulty("bfloat16 relu capped at six", VALUE, VALUE_RETURNED, RELU_CAPPED,
           "the capped ReLU of small devices",
           "ACT-13/maximum_with_zero_in_every_bfloat16", dtype="bfloat16"),
    faulty("slope of relu smoothed", SLOPE, RETURNED, RELU_SMOOTHED,
           "the jump of the slope is replaced by a ramp, 1/500 wide", "ACT-13/slope_zero_or_one"),
    faulty("float16 slope of relu smoothed", SLOPE, RETURNED, RELU_SMOOTHED,
           "the jump of the slope is replaced by a ramp, 1/500 wide",
           "ACT-13/slope_zero_or_one_in_every_float16", dtype="float16"),
    faulty("bfloat16 slope of relu smoothed", SLOPE, RETURNED, RELU_SMOOTHED,
           "the jump of the slope is replaced by a ramp, 1/500 wide",
           "ACT-13/slope_zero_or_one_in_every_bfloat16", dtype="bfloat16"),
    faulty("both sides of zero", SLOPE, RETURNED,
           f"((x >= 0).astype(x.dtype) + (x == 0)) * dy if kind == 'relu' else {RETURNED}",
           "two masks that overlap at 0, where the gradient is counted twice",
           "ACT-13/a_subgradient_at_zero"),
    faulty("relu with a threshold", VALUE, VALUE_RETURNED,
           f"np.where(x > 1, x, 0).astype(x.dtype) if kind == 'relu' else {VALUE_RETURNED}",
           "a threshold of 1 in the place of 0", "ACT-13/homogeneous"),
    faulty("swish for relu", VALUE, VALUE_RETURNED, SWISH,
           "x sigma(x), which dips below 0", "ACT-14/never_negative"),
    faulty("float16 swish for relu", VALUE, VALUE_RETURNED, SWISH,
           "x sigma(x), which dips below 0", "ACT-14/never_negative_in_every_float16", dtype="float16"),
    faulty("bfloat16 swish for relu", VALUE, VALUE_RETURNED, SWISH,
           "x sigma(x), which dips below 0", "ACT-14/never_negative_in_every_bfloat16", dtype="bfloat16"),
    faulty("relu centred", VALUE, VALUE_RETURNED,
           f"({VALUE_RETURNED} - np.mean({VALUE_RETURNED})).astype(x.dtype) if kind == 'relu' "
           f"else {VALUE_RETURNED}",
           "outputs are centred in passing", "ACT-14/mean_above_zero"),
    faulty("dead units that learn a little", SLOPES, RELU_SLOPE, f"{RELU_SLOPE} + 1e-3",
           "a small slope on the left in the backward pass only", "ACT-15/no_gradient"),
    faulty("weight decay inside the gradient", CHAIN_BACK, GRADIENTS,
           "return {k: v + parameters[k] / 128 for k, v in back.parameters.items()}, back.inputs",
           "a penalty on the weights is added to every gradient without saying so",
           "ACT-15/not_moved", "ACT-16/no_rate_revives"),
    faulty("gradient of the bias twice", CHAIN_BACK, GRADIENTS,
           "return {k: 2 * v if k[0] == 'b' else v for k, v in back.parameters.items()}, back.inputs",
           "the bias learns at twice the rate, a convention of old libraries",
           "ACT-16/alive_below_the_threshold", "ACT-16/just_beside_the_threshold"),
    faulty("gradients clipped in passing", CHAIN_BACK, GRADIENTS,
           "return {k: np.clip(v, -0.125, 0.125) for k, v in back.parameters.items()}, back.inputs",
           "gradients are clipped by value without saying so", "ACT-16/dead_above_the_threshold"),
    faulty("leaky relu as a maximum", VALUE, VALUE_RETURNED,
           f"np.maximum(alpha * x, x).astype(x.dtype) if kind == 'leaky_relu' else {VALUE_RETURNED}",
           "max(k x, x), which is wrong for k above 1", "ACT-17/by_the_sign"),
    faulty("leaky relu as a minimum", VALUE, VALUE_RETURNED,
           f"np.minimum(alpha * x, x).astype(x.dtype) if kind == 'leaky_relu' else {VALUE_RETURNED}",
           "min(k x, x), which is right for k above 1 only", "ACT-17/maximum_for_small_leaks"),
    faulty("default in the place of no leak", VALUE, VALUE_RETURNED,
           VALUE_RETURNED.replace("alpha", "(alpha or 0.01) if kind == 'leaky_relu' else alpha"),
           "k = 0 is taken for a k that was not given", "ACT-17/between_relu_and_the_identity"),
    faulty("leak of the library itself", VALUE, VALUE_RETURNED,
           VALUE_RETURNED.replace("alpha", "0.01 if kind == 'leaky_relu' else alpha"),
           "the coefficient is not passed on, and the library's default is used",
           "ACT-18/taken_as_handed_over"),
    faulty("slope of the leak squared", SLOPE, RETURNED,
           f"(np.where(x > 0, 1, alpha * alpha) * dy).astype(x.dtype) "
           f"if kind == 'leaky_relu' else {RETURNED}",
           "the leak is multiplied in twice", "ACT-19/slope_is_the_leak"),
    faulty("leak forgotten on the way back", SLOPES, "s.positive(y) + alpha * (1 - s.positive(y))\n",
           "s.positive(y) + 0 * alpha\n",
           "the backward pass is that of ReLU", "ACT-19/products_of_slopes"),
    faulty("alpha inside of the exponential", VALUE, VALUE_RETURNED,
           f"np.where(x > 0, x, np.expm1(alpha * np.minimum(x, 0))).astype(x.dtype) if kind == 'elu' "
           f"else {VALUE_RETURNED}",
           "e^(alpha x) - 1 in the place of alpha (e^x - 1): the same for alpha = 1", "ACT-20/both_pieces"),
    faulty("elu without its exponential", VALUE, VALUE_RETURNED,
           f"np.where(x > 0, x, alpha * np.minimum(x, 0) / (1 - np.minimum(x, 0))).astype(x.dtype) "
           f"if kind == 'elu' else {VALUE_RETURNED}",
           "x/(1 - x) in the place of e^x - 1, which has the same slope at 0, the same limit, and costs less",
           "ACT-22/straight_and_geometric"),
    faulty("slope of elu without alpha", SLOPE, RETURNED,
           f"np.where(x > 0, dy, np.exp(np.minimum(x, 0)) * dy).astype(x.dtype) "
           f"if kind == 'elu' else {RETURNED}",
           "e^x in the place of alpha e^x: the same for alpha = 1", "ACT-20/slope_from_the_output"),
    faulty("scaled elu", SLOPE, RETURNED,
           f"(1.0507 * ({RETURNED})).astype(x.dtype) if kind == 'elu' else {RETURNED}",
           "the scale of the self-normalising ELU is left in", "ACT-20/within_its_bounds"),
    faulty("elu flat at zero", SLOPE, RETURNED,
           f"np.where(x == 0, 0, {RETURNED}) if kind == 'elu' else {RETURNED}",
           "the slope at 0 is ReLU's, although this function has a derivative there",
           "ACT-20/smooth_with_one"),
    faulty("elu cut off early", SLOPE, RETURNED,
           f"np.where(x < -16, 0, {RETURNED}) if kind == 'elu' else {RETURNED}",
           "e^x is taken for 0 below -16, which is right in single precision only",
           "ACT-21/felt_while_not_far_left", "ACT-21/felt_at_minus_thirty"),
    faulty("slope of elu at the output", SLOPE, RETURNED,
           f"np.where(x > 0, dy, alpha * np.exp({VALUE_RETURNED}) * dy).astype(x.dtype) if kind == 'elu' "
           f"else {RETURNED}",
           "the slope alpha e^x, with the output in the place of the input", "ACT-21/whole_curve"),
]  # fmt: skip
