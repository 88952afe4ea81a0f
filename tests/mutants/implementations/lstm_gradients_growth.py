"""Mistakes in how far gradients of an LSTM grow, vanish or cancel."""

from __future__ import annotations

from mutants.planting import BACK, BACKWARD, RECURRENT, Faulty, faulty

DSTATE = "dxs.append(dx)"
RETURNED = "return dx, dread + dh_g, dc_before"

FAULTY: list[Faulty] = [
    faulty("gradient kept away from zero", BACK, RETURNED,
           "return dx, dread + dh_g, dc_before + dc.dtype.type(1e-6)",
           "a small number is added so that no gradient is ever 0", "LGR-09/nothing_is_left"),

    faulty("clipped at one hundred in every step", BACKWARD, DSTATE,
           "dstate = {k: np.clip(d, -100, 100) for k, d in dstate.items()}\n        dxs.append(dx)",
           "gradients are clipped inside of back-propagation, without saying so",
           "LGR-10/doubles_each_step", "LGR-10/two_to_the_fortieth",
           "LGR-23/gradient_explodes_and_its_update_does_not"),
    faulty("independent recurrence", RECURRENT, "return gate.U.T @ da",
           "return np.diag(gate.U)[:, None] * da",
           "only the diagonal of the recurrent matrix is used on the way back",
           "LGR-10/powers_of_a_matrix", "LGR-10/as_the_spectral_radius_says",
           "LGR-22/eigenvalues_along_eigenvectors"),

    faulty("straight through the forget gate", BACK, "dc_kept = dc * f", "dc_kept = dc * (f > 0.5)",
           "on the way back the gate is taken for open or closed, as by a straight-through estimator",
           "LGR-13/vanishes_with_the_largest_gate", "LGR-20/below_each_gate"),

    faulty("small gradients flushed", BACKWARD, DSTATE,
           "dstate = {k: d * (abs(d) > 2e-3) for k, d in dstate.items()}\n        dxs.append(dx)",
           "gradients below a threshold are taken for 0", "LGR-14/both_extremes"),
    faulty("slow leak of the cell's gradient", BACK, "dc_kept = dc * f",
           "dc_kept = dc * f * dc.dtype.type(0.999)",
           "a decay of one in a thousand, meant for the weights, acts on the cell's gradient",
           "LGR-14/can_be_made_to_keep", "LGR-14/one_latch_keeps_both", "LGR-16/may_stay_at_one",
           "LGR-17/loses_less_than_the_bias_says", "LGR-17/all_but_a_hundredth_after_a_thousand_steps",
           "LGR-12/a_third_is_left_after_a_hundred_steps"),

    faulty("gradient of h clipped in every step", BACK, RETURNED,
           "return dx, (dread + dh_g).clip(-0.5, 0.5), dc_before",
           "what flows back to h is clipped in every step",
           "LGR-15/above_one", "LGR-15/negative"),
    faulty("candidate past the input gate on the way back", BACK, "dg = dc * i", "dg = dc",
           "the gradient reaches the candidate without the input gate",
           "LGR-15/between_zero_and_one", "LGR-11/eight_of_eight_and_none_of_eight"),
    faulty("negative gradients rectified", BACKWARD, DSTATE,
           "dstate = {k: np.maximum(d, 0) for k, d in dstate.items()}\n        dxs.append(dx)",
           "gradients that change their sign are cut off at 0",
           "LGR-16/powers_of_one_factor"),
]  # fmt: skip
