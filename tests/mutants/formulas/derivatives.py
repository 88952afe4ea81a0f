"""Mistakes in formulas that are derived by hand, and which check must notice each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from mutants.patching import Mutant
from mutants.patching import mutant as m
from reference import checks_derivatives as checks
from reference.derived import Derived
from reference.draws import example
from reference.draws_derivatives import panel
from rnnref import Layer, Stack

JACOBIANS = "rnnref.jacobians:"
TERMS = "rnnref.terms:"
PATHS = "rnnref.paths:"
BORDER = "rnnref.derivatives:"
SEQUENCE = "rnnref.sequence:"
STACKING = "rnnref.stacking:"

ONE_STEP = [
    m("elman jacobian W diag", JACOBIANS + "rnn_jacobian", "layer.alpha) * gates.h.U",
      "layer.alpha).T * gates.h.U",
      "U diag(phi') in the place of diag(phi') U: that of the states before the activation"),
    m("elman jacobian of the step before", JACOBIANS + "rnn_jacobian", "done.h,", "done.h_before,",
      "the slope is taken at the argument of step t - 1"),
    m("elman jacobian transposed", JACOBIANS + "rnn_jacobian", "* gates.h.U", "* gates.h.U.T",
      "U^T stands where U belongs: a back-propagated vector is confused with a Jacobian"),
    m("elman jacobian without slope", JACOBIANS + "rnn_jacobian",
      "slope_from_output(s, layer.activation, done.h, layer.alpha) * gates.h.U", "gates.h.U",
      "the activation is not differentiated"),
    m("jordan jacobian without read-out slope", JACOBIANS + "jordan_jacobian",
      "slope_from_output(s, layer.output_activation, done.y) * gates.y.W", "gates.y.W",
      "the output is taken to be linear"),
    m("jordan jacobian one activation", JACOBIANS + "jordan_jacobian", "layer.output_activation, done.y",
      "layer.activation, done.y, layer.alpha", "phi' in the place of psi'"),
    m("gru jacobian without update path", JACOBIANS + "gru_jacobian",
      "+ (n - h) * z_slope * gates.z.U + z *", "+ z *", "z is held"),
    m("gru jacobian update sign", JACOBIANS + "gru_jacobian", "(h - n) * z_slope", "(n - h) * z_slope",
      "z and 1 - z are exchanged and the sign of z' is not"),
    m("gru jacobian without direct path", JACOBIANS + "gru_jacobian", "diagonal(s, z) + ", "",
      "what is kept of h is forgotten"),
    m("gru jacobian reset held", JACOBIANS + "gru_jacobian", " + gates.n.U @ (h * r_slope * gates.r.U)", "",
      "r is held"),
    m("gru jacobian reset on the wrong side", JACOBIANS + "gru_jacobian", "gates.n.U * r.T", "r * gates.n.U",
      "diag(r) U in the place of U diag(r): the two published resets are taken for the same"),
    m("gru jacobian reset without bias", JACOBIANS + "gru_jacobian", "done.recurrent * r_slope",
      "(gates.n.U @ h) * r_slope", "what the reset gate multiplies is taken to be U h, without its bias"),
    m("gru jacobian candidate not differentiated", JACOBIANS + "gru_jacobian", "(1 - z) * n_slope * inner",
      "(1 - z) * inner", "tanh' is lost"),
    m("lstm jacobian cell only", JACOBIANS + "lstm_jacobian", "slopes.c * dc + slopes.o * da_o",
      "slopes.c * dc", "o is held in dh_t"),
    m("lstm jacobian output gate only", JACOBIANS + "lstm_jacobian", "slopes.c * dc + slopes.o * da_o",
      "slopes.o * da_o", "c_t is held in dh_t"),
    m("lstm jacobian forget gate held", JACOBIANS + "lstm_jacobian",
      "dc = dc + slopes.f * reads(gates.f, old)", "dc = dc + 0", "f does not depend on the state"),
    m("lstm jacobian input gate reads forget gate", JACOBIANS + "lstm_jacobian", "reads(gates.i, old)",
      "reads(gates.f, old)", "U_f stands for U_i"),
    m("lstm jacobian cell not kept", JACOBIANS + "lstm_jacobian", "dc = dc + kept", "dc = dc + 0 * kept",
      "the direct path is lost"),
    m("lstm jacobian late peephole early", JACOBIANS + "lstm_jacobian",
      ' and not (gate is gates.o and layer.peepholes == "gers")', "",
      "o is taken to see c_{t-1} as well as c_t"),
    m("lstm jacobian late peephole missing", JACOBIANS + "lstm_jacobian", "da_o + gates.o.P * dc", "da_o",
      "that o sees c_t is forgotten"),
    m("lstm jacobian peephole missing", JACOBIANS + "lstm_jacobian", "return diagonal(s, gate.P)",
      "return 0 * diagonal(s, gate.P)", "what gates see of the cell is held"),
    m("lstm jacobian unclipped", JACOBIANS + "lstm_jacobian",
      "dc = s.inside(done.unclipped, layer.cell_clip) * dc", "dc = 1 * dc", "clipping passes derivatives on"),
    m("coupled gate not coupled", JACOBIANS + "lstm_slopes", "(c - g if layer.coupled else c)", "c",
      "i = 1 - f is held when f moves"),
    m("forget slope reads new cell", JACOBIANS + "lstm_slopes", "done.c_before, done.i", "done.c, done.i",
      "diag(c_t f') in the place of diag(c_{t-1} f')"),
    m("input slope of the gate itself", JACOBIANS + "lstm_slopes", "g * sigma_slope(i)", "i * sigma_slope(i)",
      "diag(i i') in the place of diag(g i')"),
    m("candidate slope of a gate", JACOBIANS + "lstm_slopes",
      "slope_from_output(s, layer.activation, g, layer.alpha)", "sigma_slope(g)",
      "g (1 - g) in the place of 1 - g^2"),
    m("output slope reads cell", JACOBIANS + "lstm_slopes", "done.squashed * sigma_slope(o)",
      "done.c * sigma_slope(o)", "c_t stands for tanh(c_t)"),
    m("output slope without gate", JACOBIANS + "lstm_slopes",
      "o * slope_from_output(s, layer.output_activation", "slope_from_output(s, layer.output_activation",
      "o is lost in dh_t/dc_t"),
    m("lstm jacobian of another alpha", JACOBIANS + "lstm_slopes", "g, layer.alpha)",
      "g, layer.alpha and 1.0)", "alpha is taken to be 1"),
    m("gru jacobian of another alpha", JACOBIANS + "gru_jacobian", "n, layer.alpha)",
      "n, layer.alpha and 1.0)", "alpha is taken to be 1"),
    m("jordan jacobian of another alpha", JACOBIANS + "jordan_jacobian", "done.h, layer.alpha)",
      "done.h, layer.alpha and 1.0)", "alpha is taken to be 1"),
    m("blocks transposed", JACOBIANS + "parted", 'f"d{new}/d{old}": columns.T', 'f"d{old}/d{new}": columns.T',
      "dc/dh and dh/dc are exchanged"),
    m("pulled back rows taken for columns", JACOBIANS + "pulled_back", "joined_rows(s, layer, dold).T",
      "joined_rows(s, layer, dold)", "the transpose of a Jacobian: vectors were pulled back, not pushed"),
]  # fmt: skip

PRODUCTS = [
    m("product reversed", JACOBIANS + "chained", "later @ product", "product @ later",
      "the latest factor stands on the right"),
    m("one factor too many", BORDER + "Derivatives.jacobian", "member.steps[k:t]",
      "member.steps[max(k - 1, 0):t]", "t - k + 1 factors: the product begins at k instead of k + 1"),
    m("one factor too few", BORDER + "Derivatives.jacobian", "member.steps[k:t]",
      "member.steps[k:max(t - 1, k)]", "the last step is left out"),
]  # fmt: skip

BY_TERMS = [
    m("last factor total", TERMS + "gradient_terms", 'derivative == "immediate"',
      'derivative != "immediate"', "dh_k/dW is read as a total derivative: early steps count several times"),
    m("terms from the second step", TERMS + "gradient_terms", "range(1, len(steps) + 1)",
      "range(2, len(steps) + 1)", "the sum begins one step late"),
    m("jacobian of step k in term k", TERMS + "gradient_terms", "jacobians[k:]", "jacobians[k - 1:]",
      "one Jacobian too many in every term"),
    m("terms without jacobians", TERMS + "gradient_terms", "chained(s, jacobians[k:], size).T @ ", "",
      "every h_k is taken to act on the loss as h_t does"),
    m("jacobian not transposed in terms", TERMS + "gradient_terms", "size).T @", "size) @",
      "a row vector times a matrix is written as the matrix times a column"),
    m("final state counted in every loss", BORDER + "Derivatives.gradient_terms", "t == network.steps",
      "True", "the final state's cotangent belongs to the last loss only"),
    m("outputs one step late", BORDER + "Derivatives._cotangent_of", "cotangent.outputs[t - 1]",
      "cotangent.outputs[t % len(cotangent.outputs)]", "h_t is paired with the loss of step t + 1"),
    m("first member for all", BORDER + "Derivatives._cotangent_of", "slice(b, b + 1)", "slice(0, 1)",
      "the cotangent of one sequence is used for the whole batch"),
]  # fmt: skip

BY_DIRECTIONS = [
    m("shares in the order of reading", STACKING + "StackCotangents.by_step",
      "_in_order(place, own.by_step()[::-1])", "own.by_step()[::-1]",
      "the direction from the end is given its shares in the order in which it reads"),
    m("shares in the order of going back", STACKING + "StackCotangents.by_step", "own.by_step()[::-1]",
      "own.by_step()", "back-propagation records the last step first, and so they are left"),
]  # fmt: skip

MISREAD = [
    m("misreading half corrected", TERMS + "_total", "trajectory = Trajectory(list(steps), [], {})",
      "trajectory = Trajectory(list(steps[-1:]), [], {})\n    nothing = nothing[-1:]",
      "the total derivative is cut to the last step: then it is the immediate one"),
]  # fmt: skip

BY_CELLS = [
    m("output gate of this step", BORDER + "Derivatives.cell_terms",
      "o = member.steps[t - 1].o if t else o_0", "o = member.steps[t].o", "o_t in the place of o_{t-1}"),
    m("slope at the new cell", JACOBIANS + "output_by_cell", "done.c_before", "done.c",
      "sech^2 of c_t in the place of c_{t-1}"),
    m("carried on the left", JACOBIANS + "cell_terms", "o_before).T", "o_before)",
      "diag(o sech^2) stands left of U: columns are taken for rows"),
    m("carried without slope", JACOBIANS + "output_by_cell",
      "o_before * slope_from_output(s, layer.output_activation, squashed)", "o_before",
      "h = o c: tanh is not differentiated"),
    m("forget term missing", JACOBIANS + "cell_terms", '"f": slopes.f * gates.f.U * along, ', "",
      "three terms: f is taken not to depend on the cell"),
    m("output matrix in the place of the candidate's", JACOBIANS + "cell_terms", "gates.g.U * along",
      "gates.o.U * along", "U_o is used, which does not occur"),
    m("kept is one", JACOBIANS + "cell_terms", '"kept": diagonal(s, done.f)',
      '"kept": diagonal(s, done.f / done.f)', "the carousel of 1997 in the modern cell"),
    m("initial h held", BORDER + "Derivatives.cell_jacobian", 'J["dc/dc"] + J["dc/dh"] * along.T',
      'J["dc/dc"]', "that h_0 moves along with c_0 is forgotten"),
    m("kept in 1997 is half", JACOBIANS + "cell_terms", '"kept": s.matrix(', '"kept": 0.5 * s.matrix(',
      "without a forget gate, one that is half open is assumed"),
    m("initial output gate forgotten", BORDER + "Derivatives.cell_jacobian", "* along.T", "",
      "dc/dh is added as if h_0 were c_0"),
]  # fmt: skip

BY_PATHS = [
    m("paths through the output gate missing", PATHS + "cell_paths", "if t + 1 < k:", "if t + 1 < 0:",
      "h_t is taken to depend on c_t only, so that products of one-step derivatives would do"),
    m("first hidden state forgotten", PATHS + "cell_paths", "yield from from_output(t, path.along(",
      "yield from () if t == 0 else from_output(t, path.along(", "c_0 -> h_0 is no edge"),
    m("path matrices on the right", PATHS + "Path.through", "jacobian @ self.value", "self.value @ jacobian",
      "the latest edge stands on the right"),
    m("output of the step after", PATHS + "cell_paths", "slopes[t - 1].c if t", "slopes[t].c if t",
      "c_t -> h_t with the slopes of step t + 1"),
    m("paths forget nothing", PATHS + "cell_paths", "steps[t].f))", "None))", "c_t -> c_{t+1} has weight 1"),
    m("candidate path counted twice", PATHS + "cell_paths", '("f", "i", "g")', '("f", "g", "g")',
      "one gate is walked through twice and another never"),
    m("count as powers of four", PATHS + "count_paths", "to_output = to_cell + to_output",
      "to_output = to_cell", "4^k: the paths through the output gate are not counted"),
    m("groups by length", PATHS + "grouped", "len(path.matrices)", "len(path.edges)",
      "edges are counted where matrices are asked for"),
    m("groups overwritten", PATHS + "grouped", "sums[met] + path.value if met in sums else path.value",
      "path.value", "= in the place of +=: only the last path of a group is counted"),
]  # fmt: skip

BY_TRUNCATION = [
    m("detached states leak", SEQUENCE + "backward", "name in detached or t in cut", "t in cut",
      "what should be detached is not"),
    m("cut one step late", SEQUENCE + "backward", "name in detached or t in cut",
      "name in detached or t + 1 in cut", "the gradient is cut after the step instead of before it"),
    m("cell detached with the output", SEQUENCE + "backward", "name in detached or t in cut",
      "detached or t in cut", "c is detached where only h should be: the carousel stops"),
]  # fmt: skip


SEED = 17  # arbitrary: for what the killers draw


@cache
def networks() -> list[Derived]:
    """The panel, whose differences are then computed once for all mutants."""
    return panel()


def jacobian_formulas() -> None:
    for each in networks():
        checks.check_one_step(each)


def jacobian_products() -> None:
    for each in networks():
        checks.check_products(each)
        checks.check_units(each)


def gradient_terms() -> None:
    for each in networks():
        checks.check_terms(each)


def shares_of_directions() -> None:
    for layer in (Layer("lstm", 1, 2), Layer("gru", 2, 1)):
        stack = Stack(layer, bidirectional=True)
        checks.check_shares_of_directions(example(np.random.default_rng(SEED), stack, 3, 2, scale=0.9))
    checks.check_sums(networks()[0])


def misread_terms() -> None:
    for each in networks():
        checks.check_misread_terms(each)


def cell_terms() -> None:
    for each in networks():
        if each.is_plain_lstm:
            checks.check_cells(each)


def cell_paths() -> None:
    for each in networks():
        if each.is_plain_lstm:
            checks.check_paths(each)


@cache
def truncated_differences() -> list[tuple[Derived, set[str], set[int]]]:
    return [
        *((each, {each.network.layer.states[0]}, set[int]()) for each in networks()),
        *((each, set[str](), {1}) for each in networks()),
    ]


def truncated_gradients() -> None:
    for each, detached, cut in truncated_differences():
        checks.check_truncated(each, detached, cut)


KILLERS: dict[str, Callable[[], None]] = {
    f.__name__: f
    for f in (
        jacobian_formulas,
        jacobian_products,
        gradient_terms,
        shares_of_directions,
        misread_terms,
        cell_terms,
        cell_paths,
        truncated_gradients,
    )
}

MUTANTS: dict[str, list[Mutant]] = {
    "jacobian_formulas": ONE_STEP,
    "jacobian_products": PRODUCTS,
    "gradient_terms": BY_TERMS,
    "shares_of_directions": BY_DIRECTIONS,
    "misread_terms": MISREAD,
    "cell_terms": BY_CELLS,
    "cell_paths": BY_PATHS,
    "truncated_gradients": BY_TRUNCATION,
}
