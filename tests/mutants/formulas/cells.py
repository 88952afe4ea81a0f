"""Mistakes in the formulas of recurrent cells, layers and stacks.

Most have been made in real libraries, or every teacher has seen them. They are grouped by
their killer, a function below that holds the reference to the textbook on a fixed panel of
networks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from mutants.patching import Mutant
from mutants.patching import mutant as m
from reference import checks
from reference.checks import Example
from reference.draws import panel

ACTIVATIONS = "rnnref.activations:"
AFFINE = "rnnref.affine:"
ELMAN = "rnnref.cells.elman:"
LSTM = "rnnref.cells.lstm:"
GRU = "rnnref.cells.gru:"
SEQUENCE = "rnnref.sequence:"
STACKING = "rnnref.stacking:"
BALLS = "rnnref.systems.balls:"


FORWARD = [
    m("elman without bias", AFFINE + "Gate.from_input", "a + self.b", "a",
      "the bias is read and never added"),
    m("elman without recurrence", AFFINE + "Gate.__call__", "a + self.from_state(h)", "a",
      "h_{t-1} is not fed back"),
    m("second bias forgotten", AFFINE + "Gate.from_state", "a + self.bU", "a",
      "of two bias vectors only the first is read"),
    m("peephole ignored", AFFINE + "Gate.__call__", "a + self.P * c", "a",
      "the peephole weights are read and never used"),
    m("jordan feeds back its preactivation", ELMAN + "jordan_step",
      "y = activation(s, layer.output_activation, gates.y.from_input(h))",
      "y = gates.y.from_input(h)", "the output is fed back without its activation"),
    m("lstm gates swapped", LSTM + "lstm_step", "f * c) + i * g", "i * c) + f * g",
      "the packed gates are unpacked with input and forget gate exchanged"),
    m("lstm writes nothing", LSTM + "lstm_step", ") + i * g", ")", "the new content i * g is left out"),
    m("lstm ignores input gate", LSTM + "lstm_step", ") + i * g", ") + g", "the candidate is added ungated"),
    m("lstm output without tanh", LSTM + "lstm_step", "h = o * squashed", "h = o * c", "h = o * c"),
    m("lstm output without gate", LSTM + "lstm_step", "h = o * squashed", "h = squashed", "h = tanh(c)"),
    m("lstm sigmoid candidate", LSTM + "lstm_step",
      "g = activation(s, layer.activation, gates.g(x, h, c), layer.alpha)", "g = sigma(gates.g(x, h, c))",
      "one squashing function for all four gates"),
    m("lstm output reads old cell", LSTM + "lstm_step", "layer.output_activation, c)",
      "layer.output_activation, c_before)", "h is computed before c is updated"),
    m("lstm always forgets nothing", LSTM + "lstm_step", "if layer.forget_gate else", "if None else",
      "the 1997 cell in the place of the modern one"),
    m("coupled gates alike", LSTM + "lstm_step", "1 - f if layer.coupled", "f if layer.coupled",
      "i = f in the place of i = 1 - f"),
    m("output peephole sees old cell", LSTM + "lstm_step", 'c if layer.peepholes == "gers" else c_before',
      "c_before", "o sees c_{t-1}: all three peepholes are given the same cell"),
    m("output peephole sees new cell", LSTM + "lstm_step", 'c if layer.peepholes == "gers" else c_before',
      "c", "o sees c_t also where all three gates are to see the old cell"),
    m("wikipedia reads the hidden state", LSTM + "lstm_step",
      'read = c if layer.peepholes == "wikipedia" else h', "read = h",
      "Wikipedia's peephole LSTM is taken for the standard one"),
    m("cell not clipped", LSTM + "lstm_step", "c = s.clip(c, layer.cell_clip)", "pass",
      "the bound of the cell is ignored"),
    m("gru update reversed where it keeps", GRU + "gru_step", "(1 - z) * n + z * h", "z * n + (1 - z) * h",
      "z and 1 - z exchanged: the paper's convention in the place of the library's"),
    m("gru update reversed where it replaces", GRU + "gru_step", "(1 - z) * h + z * n",
      "z * h + (1 - z) * n", "z and 1 - z exchanged: the library's convention in the place of the paper's"),
    m("gru resets after instead of before", GRU + "gru_step", "gates.n(x, r * h)",
      "gates.n.from_input(x) + r * gates.n.from_state(h)",
      "the two published forms of the reset gate are taken for the same"),
    m("gru resets input too", GRU + "gru_step", "gates.n.from_input(x) + r * recurrent",
      "r * (gates.n.from_input(x) + recurrent)", "the reset gate is applied to the whole preactivation"),
    m("gru second bias not reset", GRU + "gru_step", "r * recurrent",
      "r * (gates.n.U @ h) + recurrent - gates.n.U @ h",
      "the second bias of the candidate stands outside of the reset gate"),
    m("gru without reset", GRU + "gru_step", "gates.n(x, r * h)", "gates.n(x, h)",
      "the reset gate is never used"),
    m("last step dropped", SEQUENCE + "forward", "enumerate(xs):", "enumerate(xs[:-1]):",
      "range(T - 1) in the place of range(T)"),
    m("state never advances", SEQUENCE + "forward", "getattr(done, name)", "getattr(done, name + '_before')",
      "every step starts from the initial state, and that is returned as the final one"),
    m("time reversed", SEQUENCE + "forward", "enumerate(xs):", "enumerate(reversed(xs)):",
      "the sequence is read backwards"),
    m("padding is read", SEQUENCE + "forward", "s.choose(live[t], new[name], state[name])", "new[name]",
      "a sequence that has ended goes on changing its state"),
    m("padding comes out", SEQUENCE + "forward", "s.choose(live[t], output, zero(s, output))", "output",
      "what comes out after the end of a sequence is not 0"),
    m("backward direction not reversed", STACKING + "_in_order", "if place.reverse", "if None",
      "both directions read the sequence from the beginning"),
    m("backward outputs not put in order", STACKING + "forward_stack",
      "_in_order(place, done.outputs) for place", "done.outputs for place",
      "the outputs of the direction from the end are left in the order in which they came"),
    m("directions exchanged", STACKING + "forward_stack", "s.above(parts)", "s.above(parts[::-1])",
      "the direction from the end is put first"),
    m("directions turn round", STACKING + "forward_stack", "place.own(parameters), place.own(state)",
      "place.own(parameters), seen[0][1].state if seen else place.own(state)",
      "the direction from the end starts with the final state of the other"),
    m("masks not reversed", STACKING + "_masks", "live[::-1]", "live",
      "in the direction from the end, padding is looked for behind a sequence and not before it"),
    m("bias along the wrong axis", BALLS + "BallMatrix._widened",
      "[v for v in entries for _ in range(columns)]", "entries * columns",
      "a column is repeated as if it were a row"),
    m("relu is absolute value", BALLS + "relu_ball", "return arb(0)", "return -z",
      "|z| in the place of max(0, z)"),
]  # fmt: skip

GATES = [
    m("gru gates recorded swapped", GRU + "gru_step", "h_before, r, z, n", "h_before, z, r, n",
      "gates are packed as r, z and unpacked as z, r"),
    m("lstm gates recorded swapped", LSTM + "lstm_step", "c_before, i, f, g, o", "c_before, i, f, o, g",
      "i, f, g, o and i, f, o, g: the two common packing orders confused"),
]  # fmt: skip

BACKWARD = [
    m("tanh slope one minus t", ACTIVATIONS + "slope_from_output", "return 1 - y * y", "return 1 - y",
      "the square is forgotten"),
    m("tanh slope of input", ACTIVATIONS + "slope_from_output", "return 1 - y * y",
      "return 1 - s.tanh(y) * s.tanh(y)", "tanh' written for z is applied to tanh(z)"),
    m("sigmoid slope is s", ACTIVATIONS + "slope_from_output", "y * (1 - y)", "y",
      "the factor 1 - s is lost"),
    m("relu slope one everywhere", ACTIVATIONS + "slope_from_output", "return s.positive(y)\n",
      "return 0 * y + 1\n", "ReLU is differentiated as the identity"),
    m("elman slope forgotten", ELMAN + "rnn_step_back",
      "dh * slope_from_output(s, layer.activation, done.h, layer.alpha)", "dh",
      "the activation is not differentiated"),
    m("elman reads new state", ELMAN + "rnn_step_back", "done.x, done.h_before", "done.x, done.h",
      "dU is formed with h_t in the place of h_{t-1}"),
    m("jordan reads new output", ELMAN + "jordan_step_back", "done.x, done.y_before", "done.x, done.y",
      "dU is formed with y_t in the place of y_{t-1}"),
    m("jordan output slope forgotten", ELMAN + "jordan_step_back",
      "dy * slope_from_output(s, layer.output_activation, done.y)", "dy",
      "the activation of the output is not differentiated"),
    m("lstm cell without output path", LSTM + "lstm_step_back",
      "dc = dc + dh * o * slope_from_output(s, layer.output_activation, done.squashed)", "dc = dc",
      "c_t is taken to act on the next cell only, not on h_t"),
    m("lstm output path without slope", LSTM + "lstm_step_back",
      "dh * o * slope_from_output(s, layer.output_activation, done.squashed)", "dh * o",
      "tanh(c) is not differentiated"),
    m("lstm cell chain cut", LSTM + "lstm_step_back", "dc = dc + dh * o", "dc = dh * o",
      "the cotangent that comes from c_{t+1} is dropped"),
    m("lstm output gate reads cell", LSTM + "lstm_step_back", "do = dh * done.squashed", "do = dh * done.c",
      "do is formed with c in the place of tanh(c)"),
    m("lstm cell detached", LSTM + "lstm_step_back", "dc_kept = dc * f", "dc_kept = 0 * dc",
      "c is detached between steps"),
    m("lstm cell detached without forget gate", LSTM + "lstm_step_back", "dc_kept = dc\n",
      "dc_kept = 0 * dc\n", "c is detached between steps"),
    m("lstm forget gate skipped backward", LSTM + "lstm_step_back", "dc_kept = dc * f", "dc_kept = dc",
      "the constant error carousel of 1997 in the place of f"),
    m("lstm forget gate reads new cell", LSTM + "lstm_step_back",
      "x, h, c = done.x, done.h_before, done.c_before", "x, h, c = done.x, done.h_before, done.c",
      "df is formed with c_t in the place of c_{t-1}: the buffer was overwritten"),
    m("lstm candidate and input gate confused", LSTM + "lstm_step_back", "di = dc * g", "di = dc * i",
      "di is formed with the gate itself"),
    m("lstm candidate differentiated as gate", LSTM + "lstm_step_back",
      "slope_from_output(s, layer.activation, g, layer.alpha)", "sigma_slope(g)",
      "one slope for all four gates"),
    m("coupled gate forgotten backward", LSTM + "lstm_step_back", "dc * c - di if", "dc * c if",
      "that i = 1 - f depends on f is left out of df"),
    m("coupled gate of wrong sign", LSTM + "lstm_step_back", "dc * c - di if", "dc * c + di if",
      "i = 1 - f is differentiated as if it were f"),
    m("output peephole feeds the old cell", LSTM + "lstm_step_back", "dc, dseen = dc + dseen, None",
      "pass", "what o's peephole returns is given to c_{t-1}, though o sees c_t"),
    m("output peephole gradient with old cell", LSTM + "lstm_step_back", "done.c if gers else c", "c",
      "dP_o is formed with c_{t-1}"),
    m("peepholes return nothing", LSTM + "lstm_step_back", "[dc_kept, dc_i, dc_f, dc_g, dseen]", "[dc_kept]",
      "no cotangent goes through the peepholes"),
    m("peephole gradient like a bias", AFFINE + "Gradients._product", "s.sum_columns(da * factor)",
      "s.sum_columns(da)", "dP is formed without the cell"),
    m("clipped cell passes gradient", LSTM + "lstm_step_back",
      "dc = dc * s.inside(done.unclipped, layer.cell_clip)", "pass", "clipping is not differentiated"),
    m("clip slope of clipped cell", LSTM + "lstm_step_back", "s.inside(done.unclipped, layer.cell_clip)",
      "s.inside(done.c, layer.cell_clip)", "the slope of clipping is asked where the clipping is done"),
    m("wikipedia feeds the hidden state", LSTM + "lstm_step_back", "dc_before + dread\n", "dc_before\n",
      "what the gates read from the cell is not followed back"),
    m("gru update slope reversed", GRU + "gru_step_back", "dh * (h - n)", "dh * (n - h)",
      "dz has the sign of the other convention"),
    m("gru candidate weight swapped", GRU + "gru_step_back", "dh * (n - h), dh * z, dh * (1 - z)",
      "dh * (n - h), dh * (1 - z), dh * z", "z and 1 - z exchanged in the backward pass only"),
    m("gru shortcut lost", GRU + "gru_step_back", "dh_kept + dh_n + dh_r + dh_z", "dh_n + dh_r + dh_z",
      "the direct path from h_{t-1} to h_t is not followed back"),
    m("gru candidate path lost", GRU + "gru_step_back", "dh_kept + dh_n + dh_r + dh_z",
      "dh_kept + dh_r + dh_z", "the path through the candidate is not followed back"),
    m("gru gate paths lost", GRU + "gru_step_back", "dh_kept + dh_n + dh_r + dh_z", "dh_kept + dh_n",
      "gates are treated as constants"),
    m("gru last gate feeds nothing to input", GRU + "gru_step_back", "dx_n + dx_r + dx_z", "dx_n + dx_r",
      "an off-by-one over the gates"),
    m("gru reset not applied backward", GRU + "gru_step_back", "drh * h, drh * r", "drh * h, drh",
      "h_{t-1} receives the cotangent of r * h"),
    m("gru recurrent gradient not reset", GRU + "gru_step_back", "gates.n, da_n * r, h", "gates.n, da_n, h",
      "dU_n and the second bias miss the factor r"),
    m("gru reset gate without its bias", GRU + "gru_step_back", "da_n * done.recurrent",
      "da_n * (gates.n.U @ h)", "dr is formed with U h in the place of U h + bU"),
    m("gru slope of another alpha", GRU + "gru_step_back", "layer.activation, n, layer.alpha)",
      "layer.activation, n, layer.alpha and 1.0)", "alpha is taken to be 1 on the way back"),
    m("lstm slope of another alpha", LSTM + "lstm_step_back", "layer.activation, g, layer.alpha)",
      "layer.activation, g, layer.alpha and 1.0)", "the same in an LSTM"),
    m("jordan slope of another alpha", ELMAN + "jordan_step_back", "done.h, layer.alpha)",
      "done.h, layer.alpha and 1.0)", "the same in a Jordan network"),
    m("bias gradient is a mean", AFFINE + "Gradients._product", "return s.sum_columns(da)\n",
      "return s.sum_columns(da) * (1 / da.shape[1])\n", "the mean over the batch in the place of the sum"),
    m("U not transposed", AFFINE + "Gradients.from_state", "gate.U.T @ da",
      "(gate.U if gate.U.shape[0] == gate.U.shape[1] else gate.U.T) @ da",
      "dh = U da: the transposition is forgotten, and a square matrix lets it pass"),
    m("gradients of one step only", AFFINE + "Gradients._product", "for step in steps if name in step",
      "for step in steps[-1:] if name in step", "= in the place of +=: only one step is counted"),
    m("only one gate feeds back", LSTM + "lstm_step_back", "[dread_i, dread_f, dread_o]", "[dread_o]",
      "dh_{t-1} is that of one gate, the others overwritten"),
    m("last gate feeds nothing to input", LSTM + "lstm_step_back", "[dx_i, dx_f, dx_g, dx_o]",
      "[dx_i, dx_f, dx_g]", "an off-by-one over the gates"),
    m("final state's cotangent ignored", SEQUENCE + "backward", "dstate = dict(dstate)",
      "dstate = {name: zero(s, d) if name == 'h' else d for name, d in dstate.items()}",
      "only the outputs are differentiated, not the final h"),
    m("truncated to one step", SEQUENCE + "backward", "dstate[layer.output] + doutputs[t]", "doutputs[t]",
      "h is detached between steps"),
    m("outputs' cotangents ignored", SEQUENCE + "backward", "dstate[layer.output] + doutputs[t]",
      "dstate[layer.output]", "only the final state is differentiated, not the outputs"),
    m("outputs' cotangents reversed", SEQUENCE + "backward", "doutputs[t]", "doutputs[-1 - t]",
      "the backward loop reads the cotangents forward"),
    m("input gradients reversed", SEQUENCE + "backward", "dxs[::-1]", "dxs",
      "input gradients are returned in the order in which they were computed"),
    m("initial state's gradient missing", SEQUENCE + "backward", "dxs[::-1], dstate)",
      "dxs[::-1], {name: zero(s, d) for name, d in dstate.items()})",
      "no gradient is returned for the initial state"),
    m("padding has a gradient", SEQUENCE + "backward", "dstate = _chosen(s, live[t], dstate)",
      "pass",
      "what comes out after the end of a sequence is differentiated"),
    m("an ended sequence loses its gradient", SEQUENCE + "backward", "s.choose(live[t], d, later[name])", "d",
      "the cotangent of the final state does not reach the last step of a shorter sequence"),
    m("directions' gradients exchanged", STACKING + "backward_stack", "s.rows(d, k * width, (k + 1) * width)",
      "s.rows(d, (1 - k) * width, (2 - k) * width)",
      "the cotangents of the two directions are taken apart in the wrong order"),
    m("one direction feeds the inputs", STACKING + "backward_stack", "a + b for a, b in", "a for a, b in",
      "the level below is given the cotangent of one direction only"),
]  # fmt: skip


@cache
def networks() -> list[Example]:
    """The panel, whose textbook answers are then computed once for all mutants."""
    return panel()


def forward() -> None:
    for each in networks():
        checks.check_forward(each)


def gates() -> None:
    for each in networks():
        checks.check_gates(each)


def gradients() -> None:
    for each in networks():
        checks.check_gradients(each)


KILLERS: dict[str, Callable[[], None]] = {f.__name__: f for f in (forward, gates, gradients)}

MUTANTS: dict[str, list[Mutant]] = {"forward": FORWARD, "gates": GATES, "gradients": BACKWARD}
