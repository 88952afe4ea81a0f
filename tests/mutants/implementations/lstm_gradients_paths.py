"""Mistakes in the paths of an LSTM's gradient: the cell's own, and those through its gates."""

from __future__ import annotations

from mutants.planting import BACK, BACKWARD, Faulty, faulty

FAULTY: list[Faulty] = [
    faulty("forget gate's slope without its complement", BACK, "df * sigma_slope(f)", "df * f",
           "the slope of the forget gate is taken to be f, not f(1 − f)",
           "LGR-01/each_term_by_itself"),
    faulty("output gate differentiated by the cell", BACK, "do = dh * done.squashed",
           "do = (dh + dc) * done.squashed",
           "the cotangents of h and c are added before the output gate is differentiated",
           "LGR-01/output_gate_does_not_occur"),
    faulty("input gate's slope forgotten", BACK, "di * sigma_slope(i)", "di",
           "the gradient goes through the input gate without its sigmoid",
           "LGR-06/each_way_is_damped", "LST-31/other_paths_remain"),
    faulty("shortcut beside the forget gate", BACK, "dc_kept = dc * f", "dc_kept = dc * (1 + f)",
           "the gradient of a residual connection is added, as if the cell had one besides its forget gate",
           "LGR-01/bounded_by_the_weights", "LGR-03/forget_gate_alone_in_a_single_state",
           "LGR-20/below_each_gate"),
    faulty("recurrent gradient scaled for stability", "rnnref.affine:Gradients.from_state",
           "return gate.U.T @ da", "return (gate.U.T @ da) * da.dtype.type(0.99)",
           "what flows back to h is damped a little in every step",
           "LGR-01/bound_is_approached_through_the_candidate", "LGR-01/negative_candidate_is_subtracted",
           "LGR-06/with_open_gates_a_plain_rnn"),
    faulty("saturated candidate taken for zero", BACK, "di = dc * g",
           "di = dc * g * (abs(g) < 1)",
           "a mask for saturated candidates is applied to the input gate as well",
           "LGR-01/bound_is_approached_through_the_input_gate"),

    faulty("carousel with a spurious input gate", BACK, "dc_kept = dc\n",
           "dc_kept = dc * (i > 0) * (abs(dc) < 4) + dc * (abs(dc) >= 4) * i\n",
           "large cotangents of the cell of 1997 are gated on their way back",
           "LGR-04/comes_back_as_it_was_sent"),
    faulty("first LSTM truncated as in 1997", BACKWARD,
           "if name in detached or t in cut:",
           "if name in detached or t in cut or (name == 'h' and not layer.forget_gate):",
           "without a forget gate h is detached in every step, as in 1997, though everything is asked for",
           "LGR-04/closed_form_on_all_paths"),
    faulty("output gate forgotten on the way in", BACK,
           "dc + dh * o * slope_from_output(s, layer.output_activation, done.squashed)",
           "dc + dh * slope_from_output(s, layer.output_activation, done.squashed)",
           "the gradient goes from h to the cell past the output gate",
           "LGR-04/damped_on_the_way_in"),

    faulty("candidate reads the transpose of its weights", BACK,
           "dx, dread + dh_g, dc_before",
           "dx, dread + gates.g.U @ (dg * slope_from_output(s, layer.activation, g, layer.alpha)), dc_before",
           "the candidate's matrix alone is not transposed: invisible for one unit",
           "LGR-06/one_matrix_a_step"),
    faulty("forget gate's way left out", BACK, "added([dread_i, dread_f, dread_o])",
           "added([dread_i, dread_o] if f is not None else [dread_i, dread_f, dread_o])",
           "what the forget gate read of h is not differentiated",
           "LGR-08/over_two_steps"),
    faulty("output gate's way cut after two steps", BACKWARD, "dxs.append(dx)",
           "dxs.append(dx)\n"
           "        if len(dxs) == 2 and 'c' in dstate:\n"
           "            dstate = {**dstate, 'h': dstate['h'] - parameters['U_o'].T @"
           " (later['h'] * trajectory.steps[t].squashed * trajectory.steps[t].o"
           " * (1 - trajectory.steps[t].o))}",
           "the way from output gate to output gate is followed over one step only",
           "LGR-08/over_three_steps"),
]  # fmt: skip
