"""Mistakes in back-propagation through a plain recurrence."""

from __future__ import annotations

from mutants.planting import RECURRENT, SLOPES, TANH_SLOPE, Faulty, faulty

RNN_BACK = "rnnref.cells.elman:rnn_step_back"
SLOPE_AT_H = "slope_from_output(s, layer.activation, done.h, layer.alpha)"
HANDED_BACK = "return dx, dh_before"
THROUGH_U = "gate.U.T @ da"

FAULTY: list[Faulty] = [
    faulty("slope of the state before", RNN_BACK, "done.h, layer.alpha", "done.h_before, layer.alpha",
           "the slope is taken at h_{t-1}, one step too early",
           "SPE-01/at_most_the_ratio_of_the_states"),
    faulty("slopes kept above one half", RNN_BACK, SLOPE_AT_H,
           SLOPE_AT_H + ".clip(0.5)",
           "no unit is allowed to saturate", "SPE-01/vanishes_with_a_large_weight"),
    faulty("gradient clipped to one in every step", RNN_BACK, HANDED_BACK,
           "return dx, dh_before.clip(-1, 1)",
           "clipping by value inside of back-propagation", "SPE-01/the_weight_itself_only_at_the_origin"),
    faulty("gradient clipped to fifty in every step", RNN_BACK, HANDED_BACK,
           "return dx, dh_before.clip(-50, 50)",
           "a wide clip inside of back-propagation, which only an explosion reaches",
           "SPE-02/nilpotent_example_grows"),
    faulty("slope on the wrong side of the weights", RNN_BACK, HANDED_BACK,
           "return dx, gates.h.U.T @ dh * " + SLOPE_AT_H,
           "D W^T in the place of W^T D", "SPE-02/slopes_change_the_powers"),
    faulty("residual gradient", RNN_BACK, HANDED_BACK, "return dx, dh_before + da",
           "a shortcut in the backward pass that the forward pass does not have",
           "SPE-02/bounded_by_the_absolute_values"),
    faulty("stale recurrent weights", RECURRENT, THROUGH_U, "(gate.U.T + gate.U.dtype.type(2**-6)) @ da",
           "the backward pass reads another copy of the weights than the forward pass",
           "SPE-02/eigenvalues_decide_in_a_triangle"),
    faulty("signs of the weights lost", RECURRENT, THROUGH_U, "abs(gate.U.T) @ da",
           "the backward pass reads the weights without their signs",
           "SPE-02/eigenvalues_decide_if_normal"),
    faulty("only the last four steps", "rnnref.sequence:backward", "or t in cut",
           "or t in cut or len(trajectory.steps) - t == 4",
           "back-propagation through time is cut after four steps", "SPE-02/grows_before_it_decays"),
    faulty("dropout undone twice", RNN_BACK, HANDED_BACK, "return dx, dh_before * 2",
           "the factor 1/(1 - p) of a dropout that is switched off", "SPE-03/halved_by_every_step"),
    faulty("weight decay in the backward pass", RECURRENT, THROUGH_U, "gate.U.T @ da * da.dtype.type(0.875)",
           "the weights that back-propagation reads have decayed already", "SPE-03/rate_is_sharp"),
    faulty("slope of a scaled tanh", SLOPES, TANH_SLOPE, "return (1 - y * y) * y.dtype.type(1.1439)",
           "the slope of 1.7159 tanh(2x/3) at 0, of a network that uses tanh",
           "SPE-04/at_most_the_window"),
    faulty("slopes kept above one eighth", RNN_BACK, SLOPE_AT_H,
           SLOPE_AT_H + ".clip(0.125)",
           "saturated units keep a little slope", "SPE-04/the_larger_the_smaller"),
    faulty("half of the sigmoid slope", SLOPES, "y * (1 - y)", "y",
           "s where s(1 - s) was meant", "SPE-12/at_most_the_power_of_the_norm"),
    faulty("hard sigmoid slope", SLOPES, "y * (1 - y)", "y * (1 - y) * y.dtype.type(0.8)",
           "the slope 1/5 of a hard sigmoid in the middle", "SPE-12/reached_where_slopes_are_largest"),
]  # fmt: skip
