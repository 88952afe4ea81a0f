"""Mistakes in back-propagation through plain recurrences."""

from __future__ import annotations

from mutants.planting import BACKWARD, DH, RECURRENT, SLOPES, TANH_SLOPE, Faulty, faulty

RNN_BACK = "rnnref.cells.elman:rnn_step_back"
AFFINE = "grad.affine(gates.h, da, done.x, done.h_before)"
SLOPE = "slope_from_output(s, layer.activation, done.h, layer.alpha)"
FLOWS_ON = "return dx, dh_before"
CUT = "if name in detached or t in cut:"
PRODUCT = "rnnref.affine:Gradients._product"
TOTAL = "rnnref.affine:Gradients.total"

FAULTY: list[Faulty] = [
    faulty("truncated after two steps", BACKWARD, CUT,
           "if name in detached or t in cut or t + 1 < len(trajectory.steps):",
           "truncated back-propagation, of which the caller knows nothing",
           "RNN-12/recurrent_weights", "RNN-12/input_weights", "RNN-13/t_terms",
           "RNN-14/counted_by_age", "RNN-15/first_input_moves_the_gradient",
           "RNN-15/every_input_gets_its_product", "RNN-16/latest_on_the_left",
           "RNN-16/from_anywhere", "RNN-24/same_gradients", "RNN-33/truncation_drops_the_far_terms"),
    faulty("truncated after 32 steps", BACKWARD, CUT,
           "if name in detached or t in cut or t + 32 < len(trajectory.steps):",
           "the length of truncation is a default that short sequences never meet",
           "RNN-33/orthogonal_matrices_keep"),
    faulty("final state instead of the outputs", BACKWARD, DH,
           "dstate[layer.output] + doutputs[t]"
           " * (not np.any(dstate[layer.output]) or t + 1 < len(trajectory.steps))",
           "a cotangent of the final state takes the place of the last output's",
           "RNN-20/a_loss_of_the_final_state"),
    faulty("second bias without gradient", RECURRENT, "da, None", "0 * da, None",
           "the second bias is taken for a buffer, which nothing is learnt of",
           "RNN-13/t_terms"),
    faulty("input gradients clipped", "rnnref.affine:Gradients.from_input", "return gate.W.T @ da",
           "return (gate.W.T @ da).clip(-1, 1)",
           "what leaves towards the layer below is clipped to ±1, entry by entry",
           "RNN-15/every_input_gets_its_product", "RNN-20/a_loss_of_the_final_state"),
    faulty("new state for the old one", RNN_BACK, AFFINE, "grad.affine(gates.h, da, done.x, done.h)",
           "∂L/∂U is formed with h_t in the place of h_{t-1}",
           "RNN-12/recurrent_weights", "RNN-13/t_terms", "RNN-13/term_by_term", "RNN-19/two_products",
           "RNN-23/copies_add_up"),
    faulty("slope of tanh for all", RNN_BACK, SLOPE, "slope_from_output(s, 'tanh', done.h)",
           "the backward pass knows no other activation than tanh",
           "RNN-03/fades_sooner_with_sigmoid", "RNN-04/one_choice_for_all_sequences",
           "RNN-13/t_terms_with_sigmoid",
           "RNN-24/same_gradients_with_sigmoid", "RNN-34/weights_alone",
           "RNN-15/first_input_moves_the_gradient"),
    faulty("one slope for the batch", RNN_BACK, SLOPE, SLOPE + ".mean(axis=1, keepdims=True)",
           "the slopes are averaged over the batch before they are used",
           "RNN-04/slopes_alone_depend_on_the_input", "RNN-13/t_terms"),
    faulty("slope at the old state", RNN_BACK, FLOWS_ON,
           "return dx, gates.h.U.T @ dh * (1 - done.h_before * done.h_before)",
           "U diag(φ') of the state before the activation, in the place of diag(φ') U",
           "RNN-17/slopes_times_rows", "RNN-17/one_factor_less_than_states",
           "RNN-18/one_unit_with_tanh", "RNN-18/matrices_in_order",
           "RNN-34/slope_times_the_linear_one", "RNN-29/taylor_with_remainder"),
    faulty("skip connection on the way back", RNN_BACK, FLOWS_ON, "return dx, dh_before + dh",
           "a residual connection in the backward pass and none in the forward one",
           "RNN-03/fades", "RNN-33/contraction", "RNN-22/geometric_tail"),
    faulty("discounted gradients", RNN_BACK, FLOWS_ON, "return dx, dh_before * 0.99",
           "a discount of one in a hundred a step, as for rewards",
           "RNN-33/orthogonal_matrices_keep", "RNN-34/weights_alone", "RNN-13/t_terms"),
    faulty("slopes of at least a quarter", SLOPES, TANH_SLOPE, "return np.maximum(1 - y * y, 0.25)",
           "gradients are kept alive: no slope of tanh is below 1/4",
           "RNN-21/all_vanish_with_the_last_slope", "RNN-28/no_gradient_and_all_the_effect"),
    faulty("slopes of the sigmoid up to one", SLOPES, "y * (1 - y)", "4 * y * (1 - y)",
           "the slope is scaled so that its maximum is 1",
           "RNN-13/t_terms_with_sigmoid", "RNN-18/one_unit_with_sigmoid",
           "RNN-18/matrices_in_order_with_sigmoid"),
    faulty("bias gradient of the last step", PRODUCT, "return s.sum_columns(da)\n",
           "return s.sum_columns(recorded[0][0])\n",
           "the bias gradient is overwritten in every step and not added up",
           "RNN-08/recurrent_bias", "RNN-09/weight_of_a_constant_input", "RNN-13/t_terms"),
    faulty("mean over time", TOTAL, "return self._of(self._steps)",
           "return {name: g / max(1, len(self._steps)) for name, g in self._of(self._steps).items()}",
           "the gradient of the shared weights is averaged over the steps",
           "RNN-21/what_the_others_leave", "RNN-14/counted_by_age", "RNN-23/copies_add_up",
           "RNN-08/recurrent_bias"),
    faulty("losses averaged over time", BACKWARD, DH,
           "dstate[layer.output] + doutputs[t] / len(trajectory.steps)",
           "the cotangents of the outputs are divided by T, that of the final state is not",
           "RNN-07/gradients_add_up", "RNN-20/losses_one_by_one", "RNN-20/every_term_of_every_loss",
           "RNN-24/losses_on_the_way"),
    faulty("only the largest cotangent goes on", RECURRENT, "gate.U.T @ da",
           "gate.U.T @ (da * (np.abs(da) >= np.abs(da).max(axis=0, keepdims=True)))",
           "a sparse backward pass: of every sequence only the largest entry is carried back",
           "RNN-13/t_terms", "RNN-24/same_gradients"),
]  # fmt: skip
