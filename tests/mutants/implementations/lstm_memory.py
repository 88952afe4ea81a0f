"""Mistakes in what an LSTM keeps over time: growth, states, peepholes, and gradients along the cell."""

from __future__ import annotations

from mutants.implementations.lstm import CANDIDATE, COUNTED, I_GATE, KEPT, SQUASHED
from mutants.planting import ACTIVATIONS, BACK, BACKWARD, COUNT, F_GATE, RUN, STEP, Faulty, faulty

FORWARD = "rnnref.sequence:forward"
SEEN = 'c if layer.peepholes == "gers" else c_before'
ARGUMENTS = "_network(layer, parameters, inputs, state)"

FAULTY: list[Faulty] = [
    # Growth.
    faulty("leak in the old cell", STEP, "(c if f is None", "(c * x.dtype.type(0.999) if f is None",
           "a decay where there is no forget gate", "LST-18/kept_with_weight_one"),
    faulty("no gate without a forget gate", STEP, KEPT, "(c + g if f is None else f * c + i * g)",
           "without a forget gate the input gate is left out as well", "LST-18/forget_gate_of_one"),
    faulty("input gate of up to two", STEP, I_GATE, "2 * " + I_GATE,
           "gates scaled to be 1 at the start", "LST-19/one_a_step"),
    faulty("four times two sigma minus one", ACTIVATIONS, "return 2 * s.tanh(0.5 * z)",
           "return 4 * s.tanh(0.5 * z)", "g(x) = 4 (2 sigma(x) - 1), a factor of two too many",
           "LST-19/two_a_step_as_published"),
    faulty("cell clipped by default", STEP, "unclipped = c", "c = np.clip(c, -3, 3)\n    unclipped = c",
           "the cell is cut off at 3 without being asked", "LST-10/one_grows_and_the_other_does_not",
           "LST-19/nearly_attained"),
    faulty("cell of 1997 in a modern layer", STEP, KEPT, "c + i * g",
           "the forget gate is computed, and not applied", "LST-20/geometric_series",
           "LST-20/at_most_three_quarters"),
    faulty("coupled the wrong way", STEP, "1 - f if layer.coupled", "f if layer.coupled",
           "input and forget gate are tied to each other, both open at once", "LST-20/coupled_gates"),
    faulty("read-out by lecun's tanh", STEP, SQUASHED,
           "x.dtype.type(1.7159) * s.tanh(c * x.dtype.type(2 / 3))",
           "1.7159 tanh(2c/3), which is not bounded by 1", "LST-16/within_one"),
    faulty("linear read-out", STEP, SQUASHED, "1 * c", "the cell is shown without a tanh",
           "LST-29/a_second_tanh"),

    # States and time.
    faulty("inputs centred over time", RUN, ARGUMENTS,
           "_network(layer, parameters, inputs - inputs.mean(axis=0, keepdims=True), state)",
           "the mean over all steps is subtracted first, that of later ones too",
           "LST-11/later_inputs_do_not_matter"),
    faulty("input gradients one step late", BACKWARD, "dxs[::-1]", "dxs[:1] + dxs[:0:-1]",
           "the gradients of the inputs are returned shifted by a step",
           "LST-11/no_gradient_from_the_future"),
    faulty("states decay", FORWARD, "state = new",
           "state = {k: v * v.dtype.type(0.99) if k == 'c' else v for k, v in new.items()}",
           "the cell loses a hundredth between two steps", "LST-11/a_term_for_every_step"),
    faulty("every call from zero", RUN, ARGUMENTS,
           "_network(layer, parameters, inputs, {k: 0 * v for k, v in state.items()})",
           "the initial state is ignored", "LST-29/may_be_cut_anywhere"),
    faulty("forget gate deaf to the input", STEP, F_GATE, "sigma(gates.f(0 * x, read, c))",
           "the forget gate reads h and its bias alone", "LST-24/holds_the_last_marked_value"),
    faulty("input gate of the first unit", STEP, I_GATE, "0 * c + " + I_GATE + "[:1]",
           "a broadcast where each unit has a gate of its own", "LST-24/each_unit_by_itself"),

    # Peepholes.
    faulty("output gate sees the old cell", STEP, SEEN, "c_before",
           "the three peepholes are computed together, before the cell", "LST-26/as_published",
           "LST-26/output_gate_sees_the_new_cell"),
    faulty("output gate sees the new cell", STEP, SEEN, "c",
           "the output gate's peephole as Gers has it, in a variant that has it otherwise",
           "LST-26/all_see_the_old_one"),
    faulty("candidate without its peephole", STEP, CANDIDATE,
           "activation(s, layer.activation, gates.g(x, h, 0 * c), layer.alpha)",
           "only gates are given peepholes, where a candidate was to have one", "LST-26/as_it_is_drawn"),
    faulty("peepholes as matrices", COUNT, COUNTED,
           COUNTED + " + 3 * layer.hidden * (layer.hidden - 1)"
           " * (layer.kind == 'lstm' and layer.peepholes == 'gers')",
           "each peephole is a full matrix", "LST-26/three_numbers_a_unit"),
    faulty("candidate deaf to the output", STEP, CANDIDATE,
           "activation(s, layer.activation, gates.g(x, 0 * h, c), layer.alpha)",
           "the candidate reads the input alone, as in the second structure", "LST-28/traditional"),
    faulty("gates read the output after all", STEP, 'read = c if layer.peepholes == "wikipedia" else h',
           "read = h", "the matrices that should read the cell read h", "LST-28/peephole"),
    faulty("cell's gradient handed to the output", BACK,
           "return dx, s.matrix(np.zeros(dh.shape)), dc_before + dread", "return dx, dread, dc_before",
           "what flows back through U is taken for the gradient of h", "LST-28/nothing_reads_h"),
    faulty("older steps discounted", BACKWARD, "dxs.append(dx)",
           "dstate = {k: d * d.dtype.type(0.9) if dxs else d for k, d in dstate.items()}\n"
           "        dxs.append(dx)",
           "gradients lose a tenth from step to step, but for the first",
           "LST-28/one_step_jacobians_multiply"),

    # Gradients along the cell.
    faulty("forget gate's slope in the cell's gradient", BACK, "dc_kept = dc * f",
           "dc_kept = dc * f + dc * f * (1 - f)",
           "the gate is differentiated by the cell as if it saw it", "LST-23/not_with_h_held"),
    faulty("candidate's way back to h", BACK, "return dx, dread + dh_g, dc_before",
           "return dx, dread, dc_before", "only the gates' gradients are handed to h",
           "LST-23/through_h_and_nothing_else"),
    faulty("input gate's slope forgotten", BACK, "di * sigma_slope(i)", "di",
           "the gradient passes the input gate as if it were linear", "LST-31/other_paths_remain"),
    faulty("gradient kept alive", BACK, "dc_kept = dc * f", "dc_kept = dc * f + dc * dc.dtype.type(1e-3)",
           "a little of the gradient is let past the forget gate", "LST-25/halved_by_each_step",
           "LST-31/nothing_passes_the_word"),
    faulty("forget gate of at most 0.95", STEP, F_GATE, "np.minimum(" + F_GATE + ", x.dtype.type(0.95))",
           "the gate is bounded, so that the cell is", "LST-25/kept_by_open_gates"),
    faulty("forget gate twice on the way back", BACK, "dc_kept = dc * f", "dc_kept = dc * f * f",
           "the gate of the forward pass is applied to a gradient that has it already",
           "LST-30/power_of_the_gate", "LST-33/forget_gates_without_weights"),
    faulty("backward pass of 1997", BACK, "dc_kept = dc * f", "dc_kept = 1 * dc",
           "the gradient of the cell is handed on whole, though the cell is not",
           "LST-33/nothing_without_both", "LST-33/other_paths_have_the_rank_of_the_weights"),
]  # fmt: skip
