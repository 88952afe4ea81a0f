"""Mistakes in an implementation, and which law must notice each.

The implementation is the built-in one in NumPy, with a mistake planted while it answers a
call; the reference that it is held to runs without. Every law that speaks of
implementations has at least one mutant here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mutants.patching import Mutant
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit.endpoint import InProcess


@dataclass(frozen=True)
class Faulty:
    """A mutant of the implementation.

    Attributes:
        mutant: the mistake.
        killers: the checks that must notice it.
        dtype: the float format in which they do.
    """

    mutant: Mutant
    killers: tuple[str, ...]
    dtype: str = "float64"


class Planted(InProcess):
    """The NumPy implementation with a mistake in it, and only in it, while it is called."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(NumpyImplementation())
        self._mutant = mutant

    def call(self, method: str, /, **arguments: Any) -> Any:
        with self._mutant.planted():
            return super().call(method, **arguments)


SLOPE = "rnnspec.implementations.numpy_:NumpyImplementation.activation_vjp"
VALUE = "rnnspec.implementations.numpy_:NumpyImplementation.activation"
COUNT = "rnnspec.implementations.numpy_:NumpyImplementation.parameter_count"
RUN = "rnnspec.implementations.numpy_:NumpyImplementation.run"
VJP = "rnnspec.implementations.numpy_:NumpyImplementation.run_vjp"
SLOPES = "rnnref.activations:slope_from_output"
ACTIVATIONS = "rnnref.activations:activation"
TANH = "rnnref.systems.floats:Floats.tanh"
SIGMOID = "rnnref.systems.floats:Floats.sigmoid"
RELU = "rnnref.systems.floats:Floats.relu"
STEP = "rnnref.cells.lstm:lstm_step"
BACK = "rnnref.cells.lstm:lstm_step_back"
RNN = "rnnref.cells.elman:rnn_step"
RECURRENT = "rnnref.affine:Gradients.from_state"
BACKWARD = "rnnref.sequence:backward"

RETURNED = "_evaluator(x).slope(kind, _any(x), alpha) * dy"
VALUE_RETURNED = "_evaluator(x).activation(kind, _any(x), alpha)"
SIGMOID_RETURNED = "self.matrix(np.where(z < 0, e / (1 + e), 1 / (1 + e)))"
TANH_SLOPE = "return 1 - y * y"
F_GATE = "sigma(gates.f(x, read, c))"
DH = "dstate[layer.output] + doutputs[t]"


def faulty(
    name: str, where: str, old: str, new: str, mistake: str, *killers: str, dtype: str = "float64"
) -> Faulty:
    return Faulty(Mutant(name.replace(" ", "-"), where, old, new, mistake), killers, dtype)


ACTIVATION_MISTAKES = [
    faulty("sigmoid slope too steep near zero", SLOPE, RETURNED,
           f"({RETURNED} + 1e-6 * ((kind == 'sigmoid') & (np.abs(x) < 1e-2))).astype(x.dtype)",
           "a fitted slope that is 1e-6 too large around 0",
           "ACT-02/at_most_a_quarter"),
    faulty("float16 sigmoid slope too steep near zero", SLOPE, RETURNED,
           f"({RETURNED} + np.float16(1e-3) * ((kind == 'sigmoid') & (np.abs(x) < 1e-2))).astype(x.dtype)",
           "a fitted slope that is 1e-3 too large around 0",
           "ACT-02/at_most_a_quarter_in_every_float16", dtype="float16"),
    faulty("bfloat16 sigmoid slope too steep near zero", SLOPE, RETURNED,
           f"({RETURNED} + 1e-2 * ((kind == 'sigmoid') & (np.abs(x) < 1e-2))).astype(x.dtype)",
           "a fitted slope that is 1e-2 too large around 0",
           "ACT-02/at_most_a_quarter_in_every_bfloat16", dtype="bfloat16"),
    faulty("sigmoid overshoots one", SLOPES, "y * (1 - y)", "(1.001 * y) * (1 - 1.001 * y)",
           "an approximation of the sigmoid that passes 1 in saturation, so that 1 - s is negative",
           "ACT-02/positive", "ACT-05/both_positive"),
    faulty("slope of sigmoid vanishes at zero", SLOPE, RETURNED, f"{RETURNED} * np.abs(np.sign(x))",
           "sign(x) where 1 was meant: right everywhere but at 0",
           "ACT-02/attained_at_zero", "ACT-06/one_at_zero"),
    faulty("hard sigmoid forward", VALUE, VALUE_RETURNED,
           f"np.clip(x / 4 + 0.5, 0, 1).astype(x.dtype) if kind == 'sigmoid' else {VALUE_RETURNED}",
           "a hard sigmoid in the forward pass, the smooth one's slope in the backward pass",
           "ACT-02/square_of_the_distance_from_one_half"),
    faulty("one bad table entry", SIGMOID, SIGMOID_RETURNED,
           f"self.matrix(np.where((z > 3) & (z < 3.01), 0.95, {SIGMOID_RETURNED}))",
           "a lookup table with one wrong entry, a hundredth wide",
           "ACT-02/whole_curve"),
    faulty("sigmoid in half precision", SIGMOID, SIGMOID_RETURNED,
           SIGMOID_RETURNED + ".astype(np.float16).astype(z.dtype)",
           "the gate is computed in half precision and widened",
           "ACT-02/whole_curve", dtype="float32"),
    faulty("float16 sigmoid off by a little", SIGMOID, SIGMOID_RETURNED,
           SIGMOID_RETURNED.replace("1 / (1 + e)))", "1 / (1 + e) * 0.95))"),
           "a scale factor left in from quantisation",
           "ACT-02/whole_curve_in_every_float16", dtype="float16"),
    faulty("slope never quite flat", SLOPE, RETURNED,
           f"({RETURNED} + 2e-16 * (x != 0)).astype(x.dtype)",
           "an epsilon added to keep the gradient alive",
           "ACT-03/below_a_quarter_elsewhere", "ACT-06/below_one_elsewhere"),
    faulty("float16 slope never quite flat", SLOPE, RETURNED,
           f"({RETURNED} + np.float16(1e-3) * (x != 0)).astype(x.dtype)",
           "an epsilon added to keep the gradient alive, chosen for another format",
           "ACT-03/below_a_quarter_elsewhere_in_every_float16",
           "ACT-06/below_one_elsewhere_in_every_float16", "ACT-05/at_most_one_in_every_float16",
           dtype="float16"),
    faulty("tanh from sigmoid of x", VALUE, VALUE_RETURNED,
           "2 * _evaluator(x).activation('sigmoid', _any(x)) - 1 if kind == 'tanh' else " + VALUE_RETURNED,
           "tanh x = 2 sigma(x) - 1: the factor 2 in the argument is forgotten",
           "ACT-03/quarter_of_a_squared_tanh"),
    faulty("tanh slope with the wrong sign", SLOPES, TANH_SLOPE, "return 1 + y * y",
           "1 + tanh^2, which is the slope of tan", "ACT-05/at_most_one"),
    faulty("tanh slope without the square", SLOPES, TANH_SLOPE, "return 1 - y",
           "the square is forgotten", "ACT-05/one_minus_the_square"),
    faulty("tanh slope of half the argument", SLOPES, TANH_SLOPE, "return 0.999 * (1 + y) * (2 - (1 + y))",
           "tanh' as four slopes of the sigmoid, with a constant rounded to three digits",
           "ACT-05/whole_tanh_curve"),
    faulty("float16 tanh slope from a coarse table", SLOPES, TANH_SLOPE,
           "return 1 - (y * 16).round() / 16 * y",
           "outputs quantised to sixteenths before the slope is formed",
           "ACT-05/whole_tanh_curve_in_every_float16", dtype="float16"),
    faulty("tanh overflows", TANH, "np.tanh(z)", "(np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))",
           "the textbook quotient of exponentials, which is inf/inf in saturation",
           "ACT-05/whole_tanh_curve", "SPE-09/tanh_within_one"),
    faulty("rational tanh", TANH, "np.tanh(z)", "(z * (27 + z * z) / (27 + 9 * z * z)).astype(z.dtype)",
           "a Pade approximant without the clip that belongs to it",
           "SPE-09/tanh_within_one", "SPE-09/states_within_one"),
    faulty("float16 tanh passes one", TANH, "np.tanh(z)", "np.tanh(z) * np.float16(1.001)",
           "a scale factor left in from quantisation",
           "SPE-09/tanh_within_one_in_every_float16", dtype="float16"),
]  # fmt: skip

MIRRORED = [
    faulty("sigmoid mirrored", VALUE, VALUE_RETURNED, "_evaluator(x).activation(kind, _any(-x))",
           "e^x where e^-x belongs: the sigmoid runs from 1 to 0", "ACT-02/sigmoid_itself"),
    faulty("tanh negated", VALUE, VALUE_RETURNED,
           f"-{VALUE_RETURNED} if kind == 'tanh' else {VALUE_RETURNED}",
           "(1 - e) / (1 + e) with e of the wrong sign", "ACT-05/tanh_itself"),
    faulty("leaky relu", VALUE, VALUE_RETURNED,
           f"np.where(x < 0, x / 64, x) if kind == 'relu' else {VALUE_RETURNED}",
           "a leak of 1/64 by default", "SPE-08/cut_off_at_zero"),
    faulty("upstream gradient ignored", SLOPE, RETURNED, RETURNED.replace("* dy", "* np.abs(np.sign(dy))"),
           "the slope is returned in the place of its product with what comes from above",
           "ACT-02/whole_curve", "ACT-05/whole_tanh_curve"),
]  # fmt: skip

RECURRENCE_MISTAKES = [
    faulty("relu capped at six", RELU, "np.maximum(z, 0)", "np.clip(z, 0, 6)",
           "ReLU6, as mobile networks have it, in the place of ReLU",
           "SPE-08/positive_matrices_grow_as_their_spectrum_says"),
    faulty("softplus for relu", RELU, "np.maximum(z, 0)", "np.logaddexp(z, 0).astype(z.dtype)",
           "the smooth relative of ReLU", "SPE-08/no_faster_than_the_absolute_values"),
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

LSTM_MISTAKES = [
    faulty("input and forget gates swapped", STEP, "f * c) + i * g", "i * c) + f * g",
           "the packed gates are unpacked with input and forget gate exchanged",
           "LGR-05/kept_and_written"),
    faulty("output without tanh", STEP, "h = o * squashed", "h = o * c",
           "the cell is shown as it is", "LGR-03/gates_see_the_cell"),
    faulty("final state is the one before", "rnnref.sequence:forward",
           "return Trajectory(steps, outputs, state)",
           "return Trajectory(steps, outputs, {**state, 'h': steps[-1].h_before} if steps else state)",
           "the final state is taken before the last step", "LGR-03/gates_see_the_cell"),
    faulty("swapped gates all the way", STEP, "return LstmStep(x, h_before, c_before, i, f,",
           "return LstmStep(x, h_before, c_before, f, i,",
           "the backward pass reads the gates in another order than the forward pass wrote them",
           "LGR-05/product_of_forget_gates"),
    faulty("forget bias of one", STEP, F_GATE, "sigma(gates.f(x, read, c) + 1)",
           "1 is added to the forget gate's bias without saying so, as an old library did",
           "LGR-05/product_of_forget_gates", "LGR-03/forget_gates_alone_if_nothing_reads_h"),
    faulty("forget gate capped", STEP, F_GATE, F_GATE + " * x.dtype.type(0.99)",
           "the forget gate is kept away from 1 'for stability'",
           "LGR-07/nearly_unchanged_with_a_large_bias"),
    faulty("leaky constant error carousel", BACK, "dc_kept = dc\n",
           "dc_kept = dc * dc.dtype.type(0.999)\n",
           "a decay on the cell of 1997, which must have none",
           "LGR-07/unchanged_without_forget_gate"),
    faulty("cell gradient mixed across units", BACK, "dc_kept = dc * f",
           "dc_kept = (dc * f).mean(axis=0, keepdims=True) + 0 * dc",
           "a mean over the wrong axis", "LGR-05/no_unit_reaches_another"),
    faulty("gradient detached between steps", BACKWARD, DH,
           "(0 * dstate[layer.output] if dxs else dstate[layer.output]) + doutputs[t]",
           "h is detached from one step to the next: truncated back-propagation",
           "LGR-02/jacobians_of_the_pair_multiply"),
    faulty("final state's cotangent ignored", BACKWARD, DH,
           "(dstate[layer.output] if dxs else 0 * dstate[layer.output]) + doutputs[t]",
           "only the outputs are differentiated, not the final h",
           "LGR-02/jacobian_of_the_pair"),
    faulty("output gate's slope forgotten", BACK, "do * sigma_slope(o)", "do",
           "the gradient goes through the output gate without its sigmoid", "LGR-02/jacobian_of_the_pair"),
    faulty("clipped inside the sequence", BACKWARD, "dxs.append(dx)",
           "dstate = {k: d / 2 if k == 'c' and dxs else d for k, d in dstate.items()}\n"
           "        dxs.append(dx)",
           "the cell's gradient is damped between steps, but not at the last one",
           "LGR-02/product_is_exact_without_recurrent_output_gate",
           "LGR-02/jacobians_of_the_pair_multiply"),
    faulty("recurrent weights not transposed", RECURRENT, "gate.U.T @ da", "gate.U @ da",
           "U in the place of its transpose: invisible for one unit or symmetric weights",
           "LGR-03/sum_of_four_terms"),
    faulty("candidate's slope forgotten", BACK,
           "dg * slope_from_output(s, layer.activation, g, layer.alpha)", "dg",
           "the gradient goes through the candidate without its tanh",
           "LGR-03/sum_of_four_terms"),
    faulty("cell gradient halved", BACK, "dc_kept = dc * f", "dc_kept = dc * f * dc.dtype.type(0.5)",
           "a mean over two in the place of a sum", "LGR-12/at_least_one_minus_the_forgotten"),
    faulty("cell gradient amplified", BACK, "dc_kept = dc * f", "dc_kept = dc * f * dc.dtype.type(1.125)",
           "a loss scale that is never divided out",
           "LGR-12/at_most_what_every_gate_lets_through"),
    faulty("float32 inside float64", STEP, F_GATE,
           F_GATE + ".astype('float32').astype(x.dtype)",
           "one gate of a float64 layer is computed in float32", "LGR-05/product_of_forget_gates"),
    faulty("half precision inside float32", STEP, "gates.g(x, h, c)",
           "gates.g(x, h, c).astype('float16').astype(x.dtype)",
           "tensor cores: the products of a float32 layer are rounded to eleven bits",
           "LGR-03/sum_of_four_terms", dtype="float32"),
]  # fmt: skip

GRADIENT_MISTAKES = [
    faulty("mean over the batch", "rnnref.systems.floats:Floats.sum_columns", "a.sum(", "a.mean(",
           "the bias gradient is averaged over the batch, the weights' is summed", "LGR-02/whole_gradient"),
    faulty("outputs not differentiated", BACKWARD, DH, "dstate[layer.output] + 0 * doutputs[t]",
           "only the final state is differentiated, not the outputs on the way", "LGR-02/whole_gradient"),
    faulty("recurrent weights not trained", RECURRENT, "da, h)", "da, 0 * h)",
           "the recurrent weights are taken for constants", "LGR-02/whole_gradient"),
    faulty("input gradients in reverse", BACKWARD, "dxs[::-1]", "dxs",
           "the list of dx_t is returned in the order in which it was made", "LGR-02/whole_gradient"),
]  # fmt: skip

COUNTING_MISTAKES = [
    faulty("second bias for one kind only", COUNT, "return sum(array.size for array in arrays.values())",
           "return sum(array.size for array in arrays.values())"
           " + 3 * layer.hidden * (layer.kind == 'gru' and layer.biases == 'one')",
           "a GRU with two bias vectors beside an LSTM with one", "GRU-08/counted"),
    faulty("peepholes counted", COUNT, "return sum(array.size for array in arrays.values())",
           "return sum(array.size for array in arrays.values()) + "
           "3 * layer.hidden * (layer.kind == 'lstm')",
           "the LSTM is made with peepholes that were not asked for", "GRU-08/counted"),
]  # fmt: skip

FAULTY = [
    *ACTIVATION_MISTAKES,
    *MIRRORED,
    *RECURRENCE_MISTAKES,
    *LSTM_MISTAKES,
    *GRADIENT_MISTAKES,
    *COUNTING_MISTAKES,
]


def killed_by() -> Mapping[str, list[str]]:
    """By check, the names of the mutants that it is meant to kill."""
    table: dict[str, list[str]] = {}
    for each in FAULTY:
        for killer in each.killers:
            table.setdefault(killer, []).append(each.mutant.name)
    return table
