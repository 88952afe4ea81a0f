"""Mistakes in the reference's own formulas, and which check must notice each.

Most are mistakes that have been made in real libraries or that every teacher has seen.
They are grouped by their killer, a function below that holds the reference to some check
of `tests/reference` on a fixed panel of networks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from mutants.patching import Mutant
from mutants.patching import mutant as m
from reference import checks, checks_balls, checks_noise
from reference.checks import Example
from reference.draws import panel
from rnnref import FORMATS

CELLS = "rnnref.cells:"
GRADIENTS = "rnnref.gradients:Gradients."
SEQUENCE = "rnnref.sequence:"
ACTIVATIONS = "rnnref.activations:"
CERTIFY = "rnnref.certify:"
BALLS = "rnnref.systems.balls:"
MPMATH = "rnnref.systems.mp:Mpmath."
FLOATS = "rnnref.systems.floats:Floats."
NOISE = "rnnref.systems.noise:"


FORWARD = [
    m("elman without bias", CELLS + "rnn_step", " + p.b_h", "", "the bias is read and never added"),
    m("elman without recurrence", CELLS + "rnn_step", "p.U_h @ h + ", "", "h_{t-1} is not fed back"),
    m("lstm gates swapped", CELLS + "lstm_step", "f * c) + i * g", "i * c) + f * g",
      "the packed gates are unpacked with input and forget gate exchanged"),
    m("lstm writes nothing", CELLS + "lstm_step", ") + i * g", ")", "the new content i * g is left out"),
    m("lstm ignores input gate", CELLS + "lstm_step", ") + i * g", ") + g", "the candidate is added ungated"),
    m("lstm output without tanh", CELLS + "lstm_step", "h = o * tanh_c", "h = o * c", "h = o * c"),
    m("lstm output without gate", CELLS + "lstm_step", "h = o * tanh_c", "h = tanh_c", "h = tanh(c)"),
    m("lstm sigmoid candidate", CELLS + "lstm_step", "g = s.tanh(", "g = s.sigmoid(",
      "one squashing function for all four gates"),
    m("lstm output reads old cell", CELLS + "lstm_step", "tanh_c = s.tanh(c)", "tanh_c = s.tanh(c_before)",
      "h is computed before c is updated"),
    m("lstm always forgets nothing", CELLS + "lstm_step", "if layer.forget_gate else", "if None else",
      "the 1997 cell in the place of the modern one"),
    m("gru update reversed where it keeps", CELLS + "gru_step", "(1 - z) * n + z * h", "z * n + (1 - z) * h",
      "z and 1 - z exchanged: the paper's convention in the place of the library's"),
    m("gru update reversed where it replaces", CELLS + "gru_step", "(1 - z) * h + z * n",
      "z * h + (1 - z) * n", "z and 1 - z exchanged: the library's convention in the place of the paper's"),
    m("gru resets after instead of before", CELLS + "gru_step", "p.U_n @ (r * h)", "r * (p.U_n @ h)",
      "the two published forms of the reset gate are taken for the same"),
    m("gru resets input too", CELLS + "gru_step", "p.W_n @ x + p.b_n + r * recurrent",
      "r * (p.W_n @ x + p.b_n + recurrent)", "the reset gate is applied to the whole preactivation"),
    m("gru second bias not reset", CELLS + "gru_step", "r * recurrent", "r * (p.U_n @ h) + p.bU_n",
      "the second bias of the candidate stands outside of the reset gate"),
    m("gru without reset", CELLS + "gru_step", "p.U_n @ (r * h)", "p.U_n @ h",
      "the reset gate is never used"),
    m("second bias forgotten", SEQUENCE + "_folded", "b if bU is None or apart else b + bU", "b",
      "of two bias vectors only the first is read"),
    m("last step dropped", SEQUENCE + "forward", "in xs:", "in xs[:-1]:",
      "range(T - 1) in the place of range(T)"),
    m("state never advances", SEQUENCE + "forward", "getattr(done, name)", "getattr(done, name + '_before')",
      "every step starts from the initial state, and that is returned as the final one"),
    m("time reversed", SEQUENCE + "forward", "in xs:", "in reversed(xs):", "the sequence is read backwards"),
    m("bias along the wrong axis", BALLS + "BallMatrix._widened",
      "[v for v in entries for _ in range(columns)]", "entries * columns",
      "a column is repeated as if it were a row"),
    m("relu is absolute value", BALLS + "relu_ball", "return arb(0)", "return -z",
      "|z| in the place of max(0, z)"),
]  # fmt: skip

GATES = [
    m("gru gates recorded swapped", CELLS + "gru_step", "h_before, r, z, n", "h_before, z, r, n",
      "gates are packed as r, z and unpacked as z, r"),
    m("lstm gates recorded swapped", CELLS + "lstm_step", "c_before, i, f, g, o", "c_before, i, f, o, g",
      "i, f, g, o and i, f, o, g: the two common packing orders confused"),
]  # fmt: skip

BACKWARD = [
    m("tanh slope one minus t", ACTIVATIONS + "slope_from_output", "return 1 - y * y", "return 1 - y",
      "the square is forgotten"),
    m("tanh slope of input", ACTIVATIONS + "slope_from_output", "return 1 - y * y",
      "return 1 - s.tanh(y) * s.tanh(y)",
      "tanh' written for z is applied to tanh(z)"),
    m("sigmoid slope is s", ACTIVATIONS + "slope_from_output", "y * (1 - y)", "y",
      "the factor 1 - s is lost"),
    m("relu slope one everywhere", ACTIVATIONS + "slope_from_output", "return s.positive(y)\n",
      "return 0 * y + 1\n",
      "ReLU is differentiated as the identity"),
    m("elman slope forgotten", CELLS + "rnn_step_back", "dh * slope_from_output(s, layer.activation, step.h)",
      "dh", "the activation is not differentiated"),
    m("elman reads new state", CELLS + "rnn_step_back", "step.x, step.h_before", "step.x, step.h",
      "dU is formed with h_t in the place of h_{t-1}"),
    m("lstm cell without output path", CELLS + "lstm_step_back",
      'dc = dc + dh * o * slope_from_output(s, "tanh", step.tanh_c)', "dc = dc",
      "c_t is taken to act on the next cell only, not on h_t"),
    m("lstm output path without slope", CELLS + "lstm_step_back",
      'dh * o * slope_from_output(s, "tanh", step.tanh_c)', "dh * o", "tanh(c) is not differentiated"),
    m("lstm cell chain cut", CELLS + "lstm_step_back", "dc = dc + dh * o", "dc = dh * o",
      "the cotangent that comes from c_{t+1} is dropped"),
    m("lstm output gate reads cell", CELLS + "lstm_step_back", "do = dh * step.tanh_c", "do = dh * step.c",
      "do is formed with c in the place of tanh(c)"),
    m("lstm cell detached", CELLS + "lstm_step_back", "dc_before = dc * f", "dc_before = 0 * dc",
      "c is detached between steps"),
    m("lstm cell detached without forget gate", CELLS + "lstm_step_back", "dc_before = dc\n",
      "dc_before = 0 * dc\n", "c is detached between steps"),
    m("lstm forget gate skipped backward", CELLS + "lstm_step_back", "dc_before = dc * f", "dc_before = dc",
      "the constant error carousel of 1997 in the place of f"),
    m("lstm forget gate reads new cell", CELLS + "lstm_step_back", "step.c_before", "step.c",
      "df is formed with c_t in the place of c_{t-1}: the buffer was overwritten"),
    m("lstm candidate and input gate confused", CELLS + "lstm_step_back", "di = dc * g", "di = dc * i",
      "di is formed with the gate itself"),
    m("lstm candidate differentiated as gate", CELLS + "lstm_step_back", 'slope_from_output(s, "tanh", g)',
      'slope_from_output(s, "sigmoid", g)', "one slope for all four gates"),
    m("gru update slope reversed", CELLS + "gru_step_back", "dh * (h - n)", "dh * (n - h)",
      "dz has the sign of the other convention"),
    m("gru candidate weight swapped", CELLS + "gru_step_back", "dh * (n - h), dh * z, dh * (1 - z)",
      "dh * (n - h), dh * (1 - z), dh * z", "z and 1 - z exchanged in the backward pass only"),
    m("gru shortcut lost", CELLS + "gru_step_back", "dh_kept + dh_n + dh_gates", "dh_n + dh_gates",
      "the direct path from h_{t-1} to h_t is not followed back"),
    m("gru candidate path lost", CELLS + "gru_step_back", "dh_kept + dh_n + dh_gates", "dh_kept + dh_gates",
      "the path through the candidate is not followed back"),
    m("gru gate paths lost", CELLS + "gru_step_back", "dh_kept + dh_n + dh_gates", "dh_kept + dh_n",
      "gates are treated as constants"),
    m("gru reset not applied backward", CELLS + "gru_step_back", "drh * h, drh * r", "drh * h, drh",
      "h_{t-1} receives the cotangent of r * h"),
    m("gru recurrent gradient not reset", CELLS + "gru_step_back", "da_n, da_n * r,", "da_n, da_n,",
      "dU_n and the second bias miss the factor r"),
    m("gru reset gate without its bias", CELLS + "gru_step_back", "da_n * step.recurrent",
      "da_n * (step.recurrent - p.bU_n)", "dr is formed with U h in the place of U h + bU"),
    m("second bias gradient not reset", GRADIENTS + "affine_apart", "self._s.sum_columns(da_recurrent)",
      "self._s.sum_columns(da)", "both biases are given the same gradient"),
    m("bias gradient is a mean", GRADIENTS + "affine_apart", "self._s.sum_columns(da))",
      "self._s.sum_columns(da) * (1 / da.shape[1]))", "the mean over the batch in the place of the sum"),
    m("U not transposed", GRADIENTS + "affine_apart", "U.T @ da_recurrent", "U @ da_recurrent",
      "dh = U da: the transposition is forgotten, and a square matrix lets it pass"),
    m("U gradient transposed", GRADIENTS + "affine_apart", "da_recurrent @ h.T", "h @ da_recurrent.T",
      "the gradient of U is laid out like that of its transpose"),
    m("gradients overwritten", GRADIENTS + "_add", "self.total[name] + term if name in self.total else term",
      "term", "= in the place of +=: only one step is counted"),
    m("only one gate feeds back", GRADIENTS + "affines", "sum(dhs[1:], dhs[0])", "dhs[0]",
      "dh_{t-1} is that of one gate, the others overwritten"),
    m("last gate feeds nothing to input", GRADIENTS + "affines", "sum(dxs[1:], dxs[0])",
      "sum(dxs[1:-1], dxs[0])", "an off-by-one over the gates"),
    m("final state's cotangent ignored", SEQUENCE + "backward", 'dstate["h"], ', '0 * dstate["h"], ',
      "only the outputs are differentiated, not the final h"),
    m("truncated to one step", SEQUENCE + "backward", "dh = dh + dh_out", "dh = dh_out",
      "h is detached between steps"),
    m("outputs' cotangents ignored", SEQUENCE + "backward", "dh = dh + dh_out", "dh = dh",
      "only the final state is differentiated, not the outputs"),
    m("outputs' cotangents reversed", SEQUENCE + "backward", "reversed(dhs)", "dhs",
      "the backward loop reads the cotangents forward"),
    m("input gradients reversed", SEQUENCE + "backward", "dxs[::-1]", "dxs",
      "input gradients are returned in the order in which they were computed"),
    m("initial cell's gradient missing", SEQUENCE + "backward", '"c": dc', '"c": 0 * dc',
      "no gradient is returned for c_0"),
]  # fmt: skip

ENGINES = [
    m("mpmath sigmoid by tanh", MPMATH + "sigmoid", "1 / (1 + ctx.exp(-v))", "(1 + ctx.tanh(v)) / 2",
      "sigma(x) = (1 + tanh(x/2)) / 2 without the inner half"),
    m("mpmath leaky relu", MPMATH + "relu", "v * 0", "v * 0.01", "a leaky ReLU"),
    m("mpmath relu slope at zero", MPMATH + "positive", "if v > 0", "if v >= 0",
      "the slope of ReLU is 1 where its output is 0"),
    m("mpmath batch mean", MPMATH + "sum_columns", "a.sum(axis=1, keepdims=True)",
      "a.sum(axis=1, keepdims=True) / a.shape[1]", "the mean over the batch in the place of the sum"),
    m("sharp tanh slope without four", ACTIVATIONS + "slope", "4 * e / (", "e / (",
      "sech^2 = 4 e^-2x / (1 + e^-2x)^2 without the 4"),
    m("sharp sigmoid slope not squared", ACTIVATIONS + "slope",
      "e / ((1 + e) * (1 + e))\n        case \"tanh\"", "e / (1 + e)\n        case \"tanh\"",
      "the denominator is not squared"),
]  # fmt: skip

ENCLOSURES = [
    m("tanh loses its sign", BALLS + "_narrow_tanh", "size if z > 0 else -size", "size",
      "the sign is not put back after computing with |x|"),
    m("radius forgotten", BALLS + "tanh_ball", "return low.union(high)", "return function(arb(z.mid()))",
      "a wide ball is treated as its midpoint"),
    m("one end forgotten", BALLS + "sigmoid_ball", "return low.union(high)", "return low",
      "an increasing function is enclosed by its lower end only"),
    m("open sign taken as negative", BALLS + "relu_ball",
      "z.nonnegative_part() if z.is_finite() else z", "arb(0)", "what is not surely positive is cut to 0"),
    m("open slope taken as zero", BALLS + "positive_ball", "arb(0.5, 0.5)", "arb(0)",
      "a tie that is undecided is decided"),
]  # fmt: skip

CERTIFICATION = [
    m("narrowest ball counts", CERTIFY + "certified_bits", "widest = max(", "widest = min(",
      "the bits of a tensor's best entry are claimed for all"),
    m("two bits too many", CERTIFY + "certified_bits", "largest - 1 - widest", "largest + 1 - widest",
      "exponents of powers of two above are taken for those below"),
    m("smallest entry counts", CERTIFY + "certified_bits", "largest = max(max(", "largest = max(min(",
      "accuracy relative to the smallest entry"),
    m("unknown entries pass", CERTIFY + "certified_bits", "return 0", "return cap",
      "nan counts as if it had no radius"),
    m("no floor", CERTIFY + "certified_bits", ", FLOOR)", ", -(1 << 20))",
      "zeros that are known to within 2^-1200 count as unknown"),
    m("exponent ignored", CERTIFY + "_exponent", "int(exponent) + ", "", "a mantissa is taken for a number"),
    m("hoping instead of proving", CERTIFY + "Reference._certified", "proven >= self.bits", "proven >= 0",
      "the predicted precision is believed"),
    m("best tensor counts", CERTIFY + "Reference._certified", "min(map(", "max(map(",
      "one good tensor certifies all of a result"),
    m("precision left behind", BALLS + "working_precision", "flint.ctx.prec = before", "pass",
      "a process-wide setting is not restored"),
    m("precision ignored", BALLS + "working_precision", "flint.ctx.prec = bits", "pass",
      "a process-wide setting is not made"),
]  # fmt: skip

ARITHMETIC = [
    m("float sigmoid branches swapped", FLOATS + "sigmoid", "z < 0", "z > 0",
      "the two stable forms of the sigmoid exchanged"),
    m("float relu slope at zero", FLOATS + "positive", "y > 0", "y >= 0", "the slope of a dead ReLU is 1"),
    m("float batch sum in half precision", FLOATS + "sum_columns",
      "a.sum(axis=1, keepdims=True, dtype=self.format.dtype)",
      "a.astype(np.float16).sum(axis=1, keepdims=True).astype(self.format.dtype)",
      "an accumulator narrower than the format"),
]  # fmt: skip

TOLERANCE = [
    m("no walk in products", NOISE + "NoisyMatrix.__matmul__", "np.abs(product) + walk", "np.abs(product)",
      "a product's noise is that of its result, however much has cancelled in it"),
    m("no walk in sums", NOISE + "Noise.sum_columns", "np.abs(total) + walk", "np.abs(total)",
      "a sum's noise is that of its result, however much has cancelled in it"),
    m("injected unit too small", NOISE + "Noise.__init__", "max(fmt.unit_roundoff, SMALLEST_INJECTED)",
      "fmt.unit_roundoff", "noise at 2^-53 drowns in float64's own rounding"),
    m("not scaled back", NOISE + "Noise.__init__", "fmt.unit_roundoff / self.unit", "1.0",
      "the tolerance of float64 is that of noise at 2^-33, a million times too wide"),
    m("noise of one sign", NOISE + "Noise.perturbed", "uniform(-self.unit, self.unit, shape)",
      "uniform(0, self.unit, shape)", "every operation rounds up"),
    m("noise too small", NOISE + "Noise.perturbed", "uniform(-self.unit, self.unit, shape)",
      "uniform(-self.unit / 2, self.unit / 2, shape)", "half a gap is taken for half a unit"),
    m("noise too large", NOISE + "Noise.perturbed", "uniform(-self.unit, self.unit, shape)",
      "uniform(-2 * self.unit, 2 * self.unit, shape)", "machine epsilon is taken for the unit roundoff"),
    m("replicates alike", NOISE + "Noise.perturbed", "(self.replicates, *values.shape[1:])",
      "(1, *values.shape[1:])", "one draw of noise is broadcast to all replicates"),
    m("seed ignored", NOISE + "Noise.__init__", "default_rng(seed)", "default_rng()",
      "a run cannot be repeated"),
]  # fmt: skip

SEED = 11  # arbitrary: for what the killers draw


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


def engines() -> None:
    for each in networks():
        checks.check_mpmath(each)
    for kind in ("tanh", "sigmoid", "relu"):
        checks.check_mpmath_entrywise(kind, np.array([-30.0, -0.5, 0.0, 0.25, 40.0]))


def enclosures() -> None:
    random = np.random.default_rng(SEED)
    for kind in ("tanh", "sigmoid", "relu"):
        for middle in (-100.0, -1.0, 0.0, 0.5, 70.0):
            for where in (-1.0, 0.0, 1.0):
                radius = float(random.uniform(0, 3))
                checks_balls.check_enclosure(kind, middle, radius, where, bits=64)
                checks_balls.check_sign_enclosure(middle, radius, where)


def certification() -> None:
    checks_balls.check_working_precision()
    random = np.random.default_rng(SEED)
    for _ in range(20):
        checks_balls.check_certified_bits(random)
    checks_balls.check_saturated_digits()


def floats() -> None:
    for each in networks():
        checks_noise.check_floats(each, FORMATS["float32"], SEED)


def noise() -> None:
    random = np.random.default_rng(SEED)
    for fmt in FORMATS.values():
        checks_noise.check_units(fmt)
        checks_noise.check_one_rounding(random, fmt)
        checks_noise.check_reproducible(networks()[0], fmt, replicates=4, seed=SEED)
    checks_noise.check_cancelling_sums(random)


KILLERS: dict[str, Callable[[], None]] = {
    f.__name__: f for f in (forward, gates, gradients, engines, enclosures, certification, floats, noise)
}

MUTANTS: dict[str, list[Mutant]] = {
    "forward": FORWARD,
    "gates": GATES,
    "gradients": BACKWARD,
    "engines": ENGINES,
    "enclosures": ENCLOSURES,
    "certification": CERTIFICATION,
    "floats": ARITHMETIC,
    "noise": TOLERANCE,
}
