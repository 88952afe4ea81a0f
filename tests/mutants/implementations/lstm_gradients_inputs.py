"""Mistakes in Jacobians as matrices, in clipping, and in what reaches the inputs."""

from __future__ import annotations

from mutants.planting import BACKWARD, DH, STEP, Faulty, faulty

CLIP = "rnnspec.implementations.numpy_:NumpyImplementation.clip"
CLIPPED = "return evaluator.clip_by_norm(_any(tensors), threshold)"
RNN_BACK = "rnnref.cells.elman:rnn_step_back"

FAULTY: list[Faulty] = [
    faulty("slopes on the other side of the matrix", RNN_BACK, "return dx, dh_before",
           "return dx, slope_from_output(s, layer.activation, done.h, layer.alpha) * (gates.h.U.T @ dh)",
           "U diag(φ') in the place of diag(φ') U: invisible for one unit", "LGR-22/n_rows_of_n_numbers"),
    faulty("cotangents normalised", BACKWARD, DH,
           "dstate[layer.output] / np.maximum(1, abs(dstate[layer.output]).sum(axis=0)) + doutputs[t]",
           "what comes in is scaled to length 1, which is not linear", "LGR-22/rows_combine"),

    faulty("clipped entry by entry", CLIP, CLIPPED,
           "return evaluator.clip_by_value(_any(tensors), threshold)",
           "the norm's threshold is applied to every entry", "LGR-23/updates_are_bounded"),
    faulty("a norm for each parameter", CLIP, CLIPPED,
           "return {k: evaluator.clip_by_norm({k: v}, threshold)[k] for k, v in tensors.items()}",
           "every tensor is clipped by its own norm", "LGR-23/one_norm_for_all_parameters"),
    faulty("always scaled to the threshold", CLIP, CLIPPED,
           "norm = np.sqrt(sum((v * v).sum() for v in tensors.values()))\n"
           "            return {k: v * v.dtype.type(threshold / max(norm, 1e-3))"
           " for k, v in tensors.items()}",
           "the condition is forgotten: short gradients are made longer",
           "LGR-23/no_help_against_vanishing"),

    faulty("input gate never quite closed", STEP, "sigma(gates.i(x, read, c))",
           "sigma(gates.i(x, read, c)).clip(1e-3, 1)",
           "the input gate is kept away from 0 so that gradients flow",
           "LGR-24/one_from_cell_to_cell_and_nothing_to_the_inputs"),
    faulty("only the last two inputs", BACKWARD, "dxs.append(dx)",
           "dxs.append(dx if len(dxs) < 2 else 0 * dx)",
           "gradients of the inputs are computed for a window of two steps",
           "LGR-24/every_input_that_was_let_in"),
]  # fmt: skip
