"""Mistakes in plain recurrences."""

from __future__ import annotations

from mutants.planting import RELU, RNN, Faulty, faulty

FAULTY: list[Faulty] = [
    faulty("relu capped at six", RELU, "np.maximum(z, 0)", "np.clip(z, 0, 6)",
           "ReLU6, as mobile networks have it, in the place of ReLU",
           "SPE-08/positive_matrices_grow_as_their_spectrum_says",
           "SPE-08/positive_matrices_keep_the_rate_of_a_start", "REM-12/forty_steps_by_the_root_of_two"),
    faulty("softplus for relu", RELU, "np.maximum(z, 0)", "np.logaddexp(z, 0).astype(z.dtype)",
           "the smooth relative of ReLU", "SPE-08/no_faster_than_the_absolute_values",
           "SPE-08/vanishes_as_the_absolute_values_do"),
    faulty("a bias nobody asked for", RNN, "gates.h(x, h)", "gates.h(x, h) + x.dtype.type(0.125)",
           "a default bias in a layer without biases", "SPE-08/scales_with_its_start"),
    faulty("residual recurrence", RNN, "RnnStep(x, h_before, h)", "RnnStep(x, h_before, h + h_before)",
           "the old state is added to the new one", "SPE-09/states_within_one"),
    faulty("input shifted by a step", "rnnref.sequence:forward", "done = step(s, layer, gates, x, going_on)",
           "done = step(s, layer, gates, 0 * x, going_on)",
           "the first input is read as padding", "SPE-09/tanh_of_the_preactivation"),
    faulty("second bias forgotten", "rnnref.affine:Gate.from_state", "a + self.bU", "a",
           "of two bias vectors only the first is read", "SPE-09/tanh_of_the_preactivation"),
]  # fmt: skip
