"""Mistakes in what an LSTM's gates do to the gradient, and in what they read."""

from __future__ import annotations

from mutants.planting import BACK, BACKWARD, F_GATE, STEP, Faulty, faulty

FAULTY: list[Faulty] = [
    faulty("gates coupled on the way back", BACK, "dg = dc * i", "dg = dc * (1 - i)",
           "the candidate's gradient is multiplied by what the input gate keeps out",
           "LGR-17/raised_input_gate_leads_away"),
    faulty("forget gate blind to the state", STEP, F_GATE, "sigma(gates.f(x, 0 * read, c))",
           "the forget gate reads the input alone", "LGR-18/function_of_input_and_state"),
    faulty("gates of the last step for all", BACKWARD, "trajectory.steps[t], dstate, grad",
           "trajectory.steps[-1], dstate, grad",
           "the record of the last step is read in every step on the way back",
           "LGR-18/decides_at_every_step", "LGR-20/forget_gates_multiply"),
    faulty("forget gate never quite closed", STEP, F_GATE, F_GATE + ".clip(0.01, 1)",
           "the forget gate is kept away from 0 so that gradients flow",
           "LGR-18/keeps_or_forgets_at_will"),
    faulty("cell's gradient grows in every step", BACK, "dc_kept = dc * f",
           "dc_kept = dc * f * dc.dtype.type(1.25)",
           "the cell's gradient is rescaled against vanishing",
           "LGR-19/narrow_band_over_several_steps", "LGR-17/no_bias_keeps_it_for_ever"),
    faulty("hard sigmoid in the forget gate", STEP, F_GATE,
           "(gates.f(x, read, c) / 6 + x.dtype.type(0.5)).clip(0, 1)",
           "a piecewise linear gate in the place of the sigmoid", "LGR-21/half_life"),
]  # fmt: skip
