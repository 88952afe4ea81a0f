"""Mistakes in back-propagation that change products over many steps."""

from __future__ import annotations

from mutants.implementations.spectra_gradients import HANDED_BACK, RNN_BACK, SLOPE_AT_H, THROUGH_U
from mutants.planting import BACKWARD, RECURRENT, RNN, SLOPES, TANH_SLOPE, Faulty, faulty

RELU_SLOPE = """case "relu":
            return s.positive(y)"""

FAULTY: list[Faulty] = [
    faulty("record of the neighbouring step", BACKWARD, "trajectory.steps[t]", "trajectory.steps[t // 2 * 2]",
           "every second step reads the record of its neighbour", "SPE-05/turns_multiply"),
    faulty("state overshoots", RNN, "RnnStep(x, h_before, h)", "RnnStep(x, h_before, h - (h_before - h) / 4)",
           "momentum in the state, which makes it overshoot its fixed point",
           "SPE-05/monotone_with_a_positive_weight"),
    faulty("gradient through a saturated unit kept", RNN_BACK, SLOPE_AT_H,
           "(0 * dh + 1)", "tanh is passed straight through on the way back",
           "SPE-05/settles_between_zero_and_one"),
    faulty("gradient fades with the distance", BACKWARD, "dxs.append(dx)",
           "dxs.append(dx); dstate = {k: v * v.dtype.type(0.9375) for k, v in dstate.items()}",
           "a discount of old steps, as for returns in reinforcement learning",
           "SPE-06/power_of_the_weight_at_rest"),
    faulty("weights scaled up on the way back", RECURRENT, THROUGH_U, "gate.U.T @ da * da.dtype.type(1.125)",
           "the backward pass reads the weights before they were rescaled",
           "SPE-06/shrinks_with_a_small_weight"),
    faulty("gradient averaged over the units", RNN_BACK, HANDED_BACK,
           "return dx, (dh_before + dh_before[::-1]) / 2",
           "neighbouring units share their gradients",
           "SPE-07/permutations_keep_every_entry"),
    faulty("back-propagation ends after thirty steps", BACKWARD, "or t in cut",
           "or t in cut or len(trajectory.steps) - t == 30",
           "a maximal length that only long sequences reach",
           "SPE-07/jordan_block_grows_like_the_steps"),
    faulty("tanh slope cut off linearly", SLOPES, TANH_SLOPE, "return np.maximum(1 - 2 * y * y, 0)",
           "a parabola that is too narrow in the place of tanh's slope",
           "SPE-07/tanh_with_weight_one_decays_like_a_power"),
    faulty("weight gradient of the new state", RNN_BACK, "done.x, done.h_before", "done.x, done.h",
           "the gradient of U is formed with h_t in the place of h_{t-1}",
           "SPE-10/sum_over_the_steps"),
    faulty("nothing flows into the first step", BACKWARD, "or t in cut", "or t in cut or t == 1",
           "the first step is taken for a constant",
           "SPE-10/oldest_term_holds_the_power"),
    faulty("gradient of a sequence is its mean", BACKWARD, "dxs.append(dx)",
           "dxs.append(dx); dstate = {k: v / v.dtype.type(len(trajectory.steps)) for k, v in dstate.items()}",
           "every step divides by the number of steps", "SPE-10/slopes_between_the_powers"),
    faulty("relu mask of the output with equality", SLOPES, RELU_SLOPE,
           RELU_SLOPE.replace("s.positive(y)", "(y >= 0).astype(y.dtype)"),
           "h >= 0 where z > 0 was meant: of what ReLU puts out it is always true",
           "SPE-08/product_of_the_active_parts"),
    faulty("relu slope of one half", SLOPES, RELU_SLOPE, RELU_SLOPE + " * y.dtype.type(0.5)",
           "a slope of 1/2 on the active branch, the mean of both sides",
           "SPE-11/halves_and_doubles"),
    faulty("relu slope at six", RNN_BACK, SLOPE_AT_H, f"({SLOPE_AT_H} * (done.h < 6))",
           "the slope of ReLU6 on the way back, which is 0 beyond 6",
           "SPE-11/power_of_the_weight"),
]  # fmt: skip
