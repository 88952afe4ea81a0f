"""Mistakes in the GRU, and in what is counted of it."""

from __future__ import annotations

from mutants.planting import COUNT, GRU, STEP, Faulty, faulty

CELL = "(c if f is None else f * c) + i * g"
FORWARD = "rnnref.sequence:forward"
DONE = "return Trajectory(steps, outputs, state)"
R_GATE, Z_GATE = "r = sigma(gates.r(x, h))", "z = sigma(gates.z(x, h))"
KEEPS, REPLACES = "h = (1 - z) * n + z * h", "h = (1 - z) * h + z * n"

FAULTY: list[Faulty] = [
    faulty("second bias outside of the reset", GRU, "n = phi(gates.n.from_input(x) + r * recurrent)",
           "U_h = gates.n.U @ h\n"
           "        n = phi(gates.n.from_input(x) + r * U_h + (recurrent - U_h))",
           "the candidate's recurrent bias is not reset with the rest", "GRU-01/one_step",
           "GRU-01/second_bias_is_reset"),
    faulty("one direction of z for both", GRU, REPLACES, KEEPS,
           "z is taken to keep the state, whatever was asked for", "GRU-01/other_direction_of_z"),
    faulty("reset gates of another unit", GRU, "n = phi(gates.n(x, r * h))",
           "n = phi(gates.n(x, r[::-1] * h))",
           "before the product the reset gates are read in reverse order",
           "GRU-01/resets_agree_for_diagonal_weights"),
    faulty("reset after the product only", GRU, 'if layer.reset == "before":', "if False:",
           "the reset gate acts after the product, whatever was asked for", "GRU-01/resets_differ_otherwise",
           "GRU-01/second_bias_is_not_reset_before"),

    faulty("candidate added in full", GRU, REPLACES, "h = (1 - z) * h + n",
           "the candidate is not weighted by the update gate", "GRU-02/weights_add_up_to_one"),
    faulty("update gate squared", GRU, KEEPS, "h = (1 - z * z) * n + z * z * h",
           "the gate is applied once when it is computed and once more when it is used",
           "GRU-02/coupled_cell", "GRU-03/update_gate_is_a_forget_gate"),

    faulty("reset gate without its bias", GRU, R_GATE,
           "r = sigma(gates.r(x, h) - (0 if gates.r.b is None else gates.r.b))",
           "the bias of the reset gate is left out", "GRU-03/reset_gate_is_a_forget_gate"),
    faulty("tanh in the update gate", GRU, Z_GATE, "z = s.tanh(gates.z(x, h))",
           "the update gate is a tanh, like the candidate, and so may be negative",
           "GRU-03/within_zero_and_one"),

    faulty("reset gate never quite closed", GRU, R_GATE, R_GATE + ".clip(1e-3, 1)",
           "the reset gate is kept away from 0 so that gradients flow",
           "GRU-04/candidate_of_the_input_alone", "GRU-04/another_past_makes_no_difference"),
    faulty("reset gate squared", GRU, R_GATE, "r = sigma(gates.r(x, h)) ** 2",
           "the state is reset twice, before it is handed over and after", "GRU-05/scaled_by_the_reset_gate"),
    faulty("candidate reads the state only where reset", GRU, R_GATE, "r = 1 - sigma(gates.r(x, h))",
           "a reset gate of 1 is taken to mean that the past is dropped",
           "GRU-05/open_it_is_the_lstms"),

    faulty("update gate not cut at one", GRU, Z_GATE, "z = gates.z(x, h) / 4 + x.dtype.type(0.5)",
           "a piecewise linear gate that lacks its two ends", "GRU-06/within_the_two"),
    faulty("state leaks", GRU, REPLACES, "h = (1 - z) * h * h.dtype.type(0.999) + z * n",
           "a decay of one in a thousand acts on the state that is kept",
           "GRU-06/copied_with_a_closed_update_gate"),
    faulty("update gate never quite open", GRU, Z_GATE, Z_GATE + ".clip(0.01, 0.99)",
           "the update gate is kept away from both ends", "GRU-06/replaced_with_an_open_update_gate"),
    faulty("residual beside the update gate", GRU, KEEPS, "h = (1 - z) * n + h",
           "the candidate is added to the state, as in a residual connection",
           "GRU-06/never_beyond_where_it_began"),
    faulty("cell clipped at three", STEP, CELL, f"({CELL}).clip(-3, 3)",
           "the cell of an LSTM is kept within three without saying so",
           "GRU-06/unlike_the_cell_of_an_lstm"),

    faulty("state of a GRU before its last step", FORWARD, DONE,
           "return Trajectory(steps, outputs, {'h': steps[-1].h_before}"
           " if steps and layer.kind == 'gru' else state)",
           "the final state is taken before the last step", "GRU-07/final_state_is_the_last_output"),
    faulty("every output shown through tanh", FORWARD, DONE,
           "return Trajectory(steps, [np.tanh(h) for h in outputs], {'h': np.tanh(state['h'])}"
           " if layer.kind == 'gru' else state)",
           "the state is squashed before it is shown, as an LSTM's cell is, but goes on as it is",
           "GRU-07/any_output_will_do_to_go_on"),
    faulty("cell begins at nothing", STEP, CELL, "(c if f is None else f * c) * (abs(h) > 0) + i * g",
           "a state whose output is 0 is taken for one that was never set",
           "GRU-07/an_lstms_output_does_not_tell_its_cell"),

    faulty("second bias for one kind only", COUNT, "return sum(array.size for array in arrays.values())",
           "return sum(array.size for array in arrays.values())"
           " + 3 * layer.hidden * (layer.kind == 'gru' and layer.biases == 'one')",
           "a GRU with two bias vectors beside an LSTM with one", "GRU-08/counted"),
    faulty("peepholes counted", COUNT, "return sum(array.size for array in arrays.values())",
           "return sum(array.size for array in arrays.values()) + "
           "3 * layer.hidden * (layer.kind == 'lstm')",
           "the LSTM is made with peepholes that were not asked for", "GRU-08/counted"),
]  # fmt: skip
