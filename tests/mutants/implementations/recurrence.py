"""Mistakes in plain recurrences, forward."""

from __future__ import annotations

from mutants.planting import COUNT, RNN, SIGMOID, SIGMOID_RETURNED, TANH, Faulty, faulty

READ = "gates.h(x, h)"
NEW = "RnnStep(x, h_before, h)"
FORWARD = "rnnref.sequence:forward"
ONE_STEP = "done = step(s, layer, gates, x, going_on)"
EMPTY = "steps, outputs, state = [], [], dict(state)"
FROM_STATE = "rnnref.affine:Gate.from_state"
JORDAN = "rnnref.cells.elman:jordan_step"
OUTPUT = "activation(s, layer.output_activation, gates.y.from_input(h))"
COUNTED = "return sum(array.size for array in arrays.values())"

FAULTY: list[Faulty] = [
    faulty("recurrent matrix transposed", FROM_STATE, "self.U @ h", "self.U.T @ h",
           "the recurrent weights are stored by column and read by row",
           "RNN-02/every_step", "RNN-02/one_matrix_for_both", "RNN-06/closed_form",
           "RNN-25/early_inputs_change_late_outputs", "RNN-24/same_function",
           "LST-13/a_unit_is_its_rows", "DEP-25/rotation_and_jordan_block",
           "DEP-25/powers_of_matrices"),
    faulty("recurrent term twice", "rnnref.affine:Gate.__call__", "a = a + self.from_state(h)",
           "a = a + self.from_state(h) + self.from_state(h)",
           "the recurrent product is added by the caller and again by the callee",
           "RNN-27/one_state_beyond_the_fold", "RNN-02/one_matrix_for_both", "RNN-06/closed_form",
           "RNN-04/what_differed_is_undone_with_tanh"),
    faulty("small updates carried on", RNN, NEW,
           "RnnStep(x, h_before, h + (h == h_before) * 1e-15)",
           "what an addition loses is made up for with the smallest change that shows, against a standstill",
           "DEP-26/moved_by_whole_gaps"),
    faulty("recurrence skipped at rest", FROM_STATE, "self.bU is None else",
           "self.bU is None or not np.any(h) else",
           "at an initial state of 0 the recurrent product is left out, and its bias with it",
           "RNN-02/from_rest"),
    faulty("sigmoid from tanh of x", SIGMOID, SIGMOID_RETURNED, "self.matrix((1 + np.tanh(z)) / 2)",
           "sigma(x) = (1 + tanh(x/2))/2: the half in the argument is forgotten",
           "RNN-02/every_step_with_sigmoid", "RNN-31/elman_step_by_step"),
    faulty("hard tanh", TANH, "np.tanh(z)", "np.clip(z, -1, 1)",
           "the piecewise linear relative of tanh, whose slope is still taken to be 1 - y²",
           "RNN-03/difference_that_passes", "RNN-29/taylor_with_remainder"),
    faulty("leaky units", RNN, NEW, "RnnStep(x, h_before, (h + h_before) / 2)",
           "a leaky integrator with a time constant of two steps, which nobody asked for",
           "RNN-03/nothing_of_the_past_without_U", "RNN-27/contraction_forgets",
           "RNN-27/forgotten_after_sixty_steps", "RNN-26/triangular_matrices_forget",
           "RNN-28/small_changes_die_out", "DEP-25/powers_of_a", "RNN-29/taylor_with_remainder"),
    faulty("state clipped before it is read", RNN, READ, "gates.h(x, h.clip(-1, 1))",
           "a guard against overflow, which tanh does not need and a linear unit feels",
           "RNN-04/what_differed_is_undone", "RNN-06/closed_form"),
    faulty("slow decay", RNN, NEW, "RnnStep(x, h_before, h * 0.999)",
           "a decay of one in a thousand a step",
           "RNN-27/nothing_is_lost_without_activation", "RNN-02/every_step"),
    faulty("dropout scales at inference", RNN, READ, "gates.h(x, h / 2)",
           "recurrent dropout: the state is scaled by 1/2 although nothing is dropped",
           "RNN-27/latch_keeps_the_sign", "RNN-27/bistable_within_the_fold",
           "RNN-27/smallest_latches",
           "RNN-28/no_gradient_and_all_the_effect"),
    faulty("sign of the state lost", RNN, READ, "gates.h(x, abs(h))",
           "the state is stored as a magnitude", "RNN-27/phase_of_a_cycle"),
    faulty("small states flushed", RNN, NEW, "RnnStep(x, h_before, h * (abs(h) > 1e-2))",
           "sparse activations: what is below 1/100 is set to 0", "RNN-26/answers_for_ever"),
    faulty("inputs divided by the step", FORWARD, ONE_STEP,
           "done = step(s, layer, gates, x / (t + 1), going_on)",
           "a running mean over the steps seen, of inputs that are no sums",
           "RNN-05/a_step_is_the_same_anywhere", "RNN-25/the_state_is_all_that_is_kept"),
    faulty("next input read", FORWARD, ONE_STEP,
           "done = step(s, layer, gates, xs[min(t + 1, len(xs) - 1)], going_on)",
           "an input too late: x_{t+1} is read at step t", "RNN-25/nothing_is_foreseen"),
    faulty("stateful layer", FORWARD, EMPTY,
           "steps, outputs = forward.__dict__.setdefault('kept', []), []\n"
           "    state = {k: getattr(steps[-1], k) if steps and not np.any(v)"
           " and getattr(steps[-1], k).shape == v.shape else v for k, v in state.items()}",
           "an initial state of 0 is taken to mean: go on where the last call ended",
           "RNN-25/nothing_is_left_of_other_runs"),
    faulty("output not activated", JORDAN, OUTPUT, "gates.y.from_input(h)",
           "Jordan's output is fed back and shown before its activation",
           "RNN-31/jordan_step_by_step"),
    faulty("output bias forgotten", JORDAN, OUTPUT,
           "activation(s, layer.output_activation, gates.y.W @ h)",
           "the bias of the output is left out", "RNN-31/linear_jordan_is_elman",
           "RNN-31/jordan_step_by_step"),
    faulty("second bias of a plain layer", COUNT, COUNTED,
           COUNTED + " + getattr(layer, 'hidden', 0) * (getattr(layer, 'biases', '') == 'one')",
           "a recurrent layer is made with two bias vectors where one was asked for", "RNN-05/counted"),
    faulty("layers of one shape counted once", COUNT, COUNTED,
           "return sum({name[0] + str(a.shape): a.size for name, a in arrays.items()}.values())",
           "parameters are gathered in a dictionary by kind and shape", "RNN-05/a_set_for_every_layer"),
]  # fmt: skip
