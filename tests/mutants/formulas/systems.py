"""Mistakes in the number systems and in what is proven of their results.

They are grouped by their killer, a function below.
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

ACTIVATIONS = "rnnref.activations:"
CERTIFY = "rnnref.certify:"
BALLS = "rnnref.systems.balls:"
WIDTHS = "rnnref.systems.widths:"
MPMATH = "rnnref.systems.mp:Mpmath."
FLOATS = "rnnref.systems.floats:Floats."
NOISE = "rnnref.systems.noise:"


ENGINES = [
    m("mpmath sigmoid by tanh", MPMATH + "sigmoid", "1 / (1 + ctx.exp(-v))", "(1 + ctx.tanh(v)) / 2",
      "sigma(x) = (1 + tanh(x/2)) / 2 without the inner half"),
    m("mpmath leaky relu", MPMATH + "relu", "zero if", "v * 0.01 if", "a leaky ReLU"),
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
    m("sigmoid halves exchanged", BALLS + "_narrow_sigmoid", "if z <= 0", "if z > 0",
      "e^-z is computed where it is infinite, and nothing is known of the sigmoid of -1e300"),
    m("radius forgotten", BALLS + "_hull", "return low.union(high)", "return increasing(arb(z.mid()))",
      "a wide ball is treated as its midpoint"),
    m("one end forgotten", BALLS + "_hull", "return low.union(high)", "return low",
      "an increasing function is enclosed by its lower end only"),
    m("formula believed on wide balls", BALLS + "_increasing", "value.rel_accuracy_bits() >= SOME_DIGITS",
      "True", "flint's tanh of a wide ball, which leaves the range of tanh"),
    m("open sign taken as negative", BALLS + "relu_ball",
      "z.nonnegative_part() if z.is_finite() else z", "arb(0)", "what is not surely positive is cut to 0"),
    m("open sign left alone", BALLS + "relu_ball", "z.nonnegative_part() if z.is_finite() else z", "z",
      "ReLU hands on what is below 0 wherever it might be above: an enclosure, but twice as wide"),
    m("open slope taken as zero", BALLS + "positive_ball", "arb(0.5, 0.5)", "arb(0)",
      "a tie that is undecided is decided"),
]  # fmt: skip

CERTIFICATION = [
    m("narrowest ball counts", CERTIFY + "certified_bits", "widest = max(", "widest = min(",
      "the bits of a tensor's best entry are claimed for all"),
    m("two bits too many", CERTIFY + "certified_bits", "largest - 1 - _", "largest + 1 - _",
      "exponents of powers of two above are taken for those below"),
    m("smallest entry counts", CERTIFY + "certified_bits", "top = max(sizes)", "top = min(sizes)",
      "accuracy relative to the smallest entry"),
    m("negative entries ignored", CERTIFY + "certified_bits", "list(map(abs, map(float, balls)))",
      "list(map(float, balls))", "the largest entry is taken for the largest in size"),
    m("unknown entries pass", CERTIFY + "certified_bits", "return 0", "return cap",
      "nan counts as if it had no radius"),
    m("no floor", CERTIFY + "certified_bits", ", FLOOR)", ", -(1 << 20))",
      "zeros that are known to within 2^-1200 count as unknown"),
    m("exponent ignored", CERTIFY + "_exponent", "int(exponent) + ", "", "a mantissa is taken for a number"),
    m("hoping instead of proving", CERTIFY + "certified", "proven >= bits:", "proven >= 0:",
      "the predicted precision is believed"),
    m("a blind attempt believed", CERTIFY + "certified", "proven >= bits + spare", "proven >= 0",
      "what was tried without foreseeing anything is not counted"),
    m("spare bits forgotten", CERTIFY + "certified", "proven >= bits + spare", "proven >= bits",
      "a first attempt that has lost the bits to spare is taken"),
    m("best tensor counts", CERTIFY + "_attempt", "min(map(", "max(map(",
      "one good tensor certifies all of a result"),
    m("precision left behind", BALLS + "working_precision", "flint.ctx.prec = before", "pass",
      "a process-wide setting is not restored"),
    m("precision ignored", BALLS + "working_precision", "flint.ctx.prec = int(bits)", "pass",
      "a process-wide setting is not made"),
]  # fmt: skip

FORESIGHT = [
    m("widths stay behind", WIDTHS + "WideMatrix.__matmul__", "size.dot(other.reach)", "size.dot(other.size)",
      "what was lost before a product is forgotten"),
    m("widths of a factor", WIDTHS + "WideMatrix.__mul__", "width += self.width * other.size", "pass",
      "only one factor of a product is uncertain"),
    m("widths squashed away", WIDTHS + "Widths.sigmoid", "values * complement * z.width", "0 * z.width",
      "what was lost before an activation is forgotten"),
    m("slopes that vanish in float64", WIDTHS + "Widths.tanh", "_square_complement = slope",
      "_square_complement = None", "1 - tanh^2 is 0 in the dry run and a 2^-230th in balls"),
    m("gates that close in float64", WIDTHS + "Widths.sigmoid", "_complement = complement",
      "_complement = None", "1 - sigma is 0 in the dry run and a 2^-115th in balls"),
    m("values taken for widths", WIDTHS + "bits_lost", "widths.max()", "values.max()",
      "nothing is ever foreseen to be lost"),
    m("best tensor foreseen", CERTIFY + "foreseen_loss", "max(map(bits_lost", "min(map(bits_lost",
      "the precision that the easiest tensor needs is taken for all"),
]  # fmt: skip

ARITHMETIC = [
    m("float sigmoid branches swapped", FLOATS + "sigmoid", "z < 0", "z > 0",
      "the two stable forms of the sigmoid exchanged"),
    m("float relu slope at zero", FLOATS + "positive", "y > 0", "y >= 0", "the slope of a dead ReLU is 1"),
    m("float batch sum in half precision", FLOATS + "sum_columns",
      "a.sum(axis=1, keepdims=True)",
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
    m("noise of one sign", NOISE + "Noise._errors", "uniform(-self.unit, self.unit, block)",
      "uniform(0, self.unit, block)", "every operation rounds up"),
    m("noise too small", NOISE + "Noise._errors", "uniform(-self.unit, self.unit, block)",
      "uniform(-self.unit / 2, self.unit / 2, block)", "half a gap is taken for half a unit"),
    m("noise too large", NOISE + "Noise._errors", "uniform(-self.unit, self.unit, block)",
      "uniform(-2 * self.unit, 2 * self.unit, block)", "machine epsilon is taken for the unit roundoff"),
    m("replicates alike", NOISE + "Noise.perturbed", "self._errors(self.replicates * rows * columns)",
      "np.tile(self._errors(rows * columns), self.replicates)",
      "one draw of noise is broadcast to all replicates"),
    m("noise used twice", NOISE + "Noise._errors",
      "return self._drawn[first : self._used]", "return self._drawn[:wanted].copy()",
      "every operation is perturbed by the same numbers"),
    m("walk through the whole matrix", NOISE + "Noise.sum_columns", "a.squares.sum(axis=2, keepdims=True)",
      "a.squares.sum(axis=(1, 2), keepdims=True)", "every sum is given the noise of all of them together"),
    m("walk of sizes", NOISE + "NoisyMatrix.__matmul__", "np.sqrt(self.squares @ other.squares)",
      "np.abs(self.values) @ np.abs(other.values)",
      "the worst case, in which all roundings go one way, in the place of a random walk"),
    m("walk taken off", NOISE + "Noise.sum_rows", "np.abs(total) + walk", "np.abs(total) - walk",
      "a sum that is nearly as large as its terms is taken to be nearly exact"),
    m("gap of subnormals ignored", NOISE + "Noise.perturbed", "drawn += gap", "pass",
      "what underflows is compared as if it were exact"),
    m("gap as wide as a unit", NOISE + "Noise.perturbed", "(self.underflow / (2 * self.unit))",
      "(self.underflow / 2)", "the gap is added in units of what was drawn, which is a unit already"),
    m("seed ignored", NOISE + "Noise.__init__", "default_rng(seed)", "default_rng()",
      "a run cannot be repeated"),
]  # fmt: skip

SEED = 11  # arbitrary: for what the killers draw


@cache
def networks() -> list[Example]:
    """The panel, whose textbook answers are then computed once for all mutants."""
    return panel()


def engines() -> None:
    for each in networks():
        checks.check_mpmath(each)
    for kind in ("tanh", "sigmoid", "relu"):
        checks.check_mpmath_entrywise(kind, np.array([-30.0, -0.5, 0.0, 0.25, 40.0]))


def enclosures() -> None:
    random = np.random.default_rng(SEED)
    for kind in ("tanh", "sigmoid", "relu"):
        for middle in (-1e300, -100.0, -1.0, 0.0, 0.5, 70.0):
            for where in (-1.0, 0.0, 1.0):
                for radius in random.uniform(0, (3.0, 2 * abs(middle))):
                    checks_balls.check_enclosure(kind, middle, float(radius), where, bits=64)
                    checks_balls.check_sign_enclosure(middle, float(radius), where)


def certification() -> None:
    checks_balls.check_working_precision()
    random = np.random.default_rng(SEED)
    for _ in range(20):
        checks_balls.check_certified_bits(random)
    checks_balls.check_underestimated(bits=128)
    checks_balls.check_blind(bits=128, spare=0, blind=1)
    checks_balls.check_blind(bits=128, spare=64, blind=200)


def foresight() -> None:
    random = np.random.default_rng(SEED)
    for kind in ("lstm", "gru"):
        drawn = checks_balls.long_sequence(random, kind)
        checks_balls.check_foreseen(drawn.network, drawn.cotangent)
    for activation in ("tanh", "sigmoid"):
        checks_balls.check_foreseen(*checks_balls.saturated(1, activation))


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
    checks_noise.check_noise_of_sums(random)
    checks_noise.check_underflow(SEED)


KILLERS: dict[str, Callable[[], None]] = {
    f.__name__: f for f in (engines, enclosures, certification, foresight, floats, noise)
}

MUTANTS: dict[str, list[Mutant]] = {
    "engines": ENGINES,
    "enclosures": ENCLOSURES,
    "certification": CERTIFICATION,
    "foresight": FORESIGHT,
    "floats": ARITHMETIC,
    "noise": TOLERANCE,
}
