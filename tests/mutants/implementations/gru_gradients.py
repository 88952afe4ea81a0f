"""Mistakes in back-propagation through a GRU."""

from __future__ import annotations

from mutants.planting import BACKWARD, GRU_BACK, Faulty, faulty

REPLACED = "dz, dn, dh_kept = dh * (n - h), dh * z, dh * (1 - z)"

FAULTY: list[Faulty] = [
    faulty("reset gate not differentiated", GRU_BACK, "dr = da_n * done.recurrent",
           "dr = 0 * da_n * done.recurrent",
           "after the product the reset gate is taken for a constant", "GRU-12/one_step"),
    faulty("sign of the update gate's gradient", GRU_BACK, "dh * (n - h), dh * z", "dh * (h - n), dh * z",
           "one convention's difference of state and candidate in the other", "GRU-12/one_step"),
    faulty("weights of the candidate past the reset gate", GRU_BACK,
           "dh_n = grad.from_state(gates.n, da_n * r, h)",
           "dh_n = grad.from_state(gates.n, da_n, h) * 0 + gates.n.U.T @ (da_n * r)",
           "the gradients of the recurrent weights and of their bias are not reset, that of the state is",
           "GRU-12/whole_gradient"),
    faulty("inputs of the candidate alone", GRU_BACK, "return dx_n + dx_r + dx_z,", "return dx_n,",
           "what the gates read of the input is not differentiated", "GRU-12/whole_gradient"),
    faulty("candidate's gradient past the reset gate", GRU_BACK, "dr, dh_n = drh * h, drh * r",
           "dr, dh_n = drh * h, drh",
           "what flows back from the candidate to the state is not reset",
           "GRU-12/powers_at_rest"),
    faulty("gradient of a GRU clipped at one hundred", BACKWARD, "dxs.append(dx)",
           "dstate = {k: np.clip(d, -100, 100) if layer.kind == 'gru' else d for k, d in dstate.items()}\n"
           "        dxs.append(dx)",
           "gradients are clipped inside of back-propagation, without saying so",
           "GRU-12/halved_doubled_and_gone"),
    faulty("state's gradient kept in full", GRU_BACK, REPLACED,
           "dz, dn, dh_kept = dh * (n - h), dh * z, dh * (1 + z)",
           "a sign in the share of the old state", "GRU-12/bounded_by_the_weights"),
    faulty("gradient dropped out", GRU_BACK, "return dx_n + dx_r + dx_z, dh_kept + dh_n + dh_r + dh_z",
           "return dx_n + dx_r + dx_z, (dh_kept + dh_n + dh_r + dh_z) * dh.dtype.type(0.75)",
           "a recurrent dropout of one quarter that is left on", "GRU-12/bound_is_approached"),
    faulty("slow leak of the state's gradient", GRU_BACK, REPLACED,
           REPLACED + " * h.dtype.type(0.999)",
           "a decay of one in a thousand, meant for the weights, acts on the state's gradient",
           "GRU-12/can_be_made_to_keep"),
]  # fmt: skip
