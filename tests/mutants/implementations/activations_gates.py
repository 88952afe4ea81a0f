"""Mistakes in gates, candidates, squashing functions and losses, which the claims about their choice find."""

from __future__ import annotations

from mutants.planting import (
    ACTIVATIONS,
    F_GATE,
    SLOPES,
    STEP,
    TANH_SLOPE,
    Faulty,
    faulty,
)

SIGMA = "return activation(s, layer.gate_activation, a)"
CANDIDATE = "g = activation(s, layer.activation, gates.g(x, h, c), layer.alpha)"
CELL = "c = (c if f is None else f * c) + i * g"
H_1997, G_1997 = "return s.tanh(0.5 * z)", "return 2 * s.tanh(0.5 * z)"
IDENTITY_SLOPE = "return _constant(s, 1, y)"
CHAIN = "rnnspec.implementations.numpy_:NumpyImplementation.chain"
CHAIN_RETURNED = "return _evaluator(x).chain(chain, _any(parameters), _any(x), _any(statistics)).outputs"
CHAIN_BACK = "rnnspec.implementations.numpy_:NumpyImplementation.chain_vjp"
GRADIENTS = "return back.parameters, back.inputs"
LOSS = "rnnspec.implementations.numpy_:NumpyImplementation.loss"
SQUARES = "return _evaluator(y).squared_error(_any(y), _any(t), _convention(kind))"
SOFTMAX = "rnnspec.implementations.numpy_:NumpyImplementation.softmax"
SOFTMAX_RETURNED = "_evaluator(x).softmax(_any(x))"

LECUN = "return 1.7159 * s.tanh(0.6667 * z)"

FAULTY: list[Faulty] = [
    faulty("choice of the gates ignored", STEP, SIGMA, 'return activation(s, "sigmoid", a)',
           "gates are sigmoids, whatever the layer asks for", "ACT-12/grows_geometrically_beyond_one"),
    faulty("gates never quite shut", STEP, SIGMA, f"{SIGMA} + a.dtype.type(2**-7)",
           "an epsilon is added to all gates, to keep gradients alive", "ACT-12/a_gate_up_to_one"),
    faulty("cell with a residual connection", STEP, CELL, "c = (c if f is None else c + f * c) + i * g",
           "the old cell is added once more, past the forget gate", "ACT-12/grows_by_what_is_written"),
    faulty("gates clipped to one", STEP, SIGMA, SIGMA.replace("return ", "return s.clip(") + ", 1.0)",
           "gates are clipped, to be safe", "ACT-27/larger_than_one_it_grows"),
    faulty("candidate past the input gate", STEP, CELL, "c = (c if f is None else f * c) + g",
           "the candidate is written without its gate", "ACT-27/tanh_gates_keep_the_bound"),
    faulty("forget gate that turns signs", STEP, F_GATE, f"2 * {F_GATE} - 1",
           "a forget gate in (-1, 1): within the bound on the size, but not a share",
           "ACT-27/within_the_hull"),
    faulty("candidate as it is", STEP, CANDIDATE, "g = gates.g(x, h, c)",
           "the candidate's activation is forgotten", "ACT-28/at_most_one_a_step"),
    faulty("candidate kept within two", STEP, CANDIDATE, f"{CANDIDATE}.clip(-2, 2)",
           "what is written is clipped, whatever its activation",
           "ACT-28/an_unbounded_one_is_written_as_it_is"),
    faulty("candidate as it is where it is not tanh", STEP, CANDIDATE,
           f"{CANDIDATE} if layer.activation == 'tanh' else gates.g(x, h, c)",
           "an activation that is not known is silently left out", "ACT-28/at_most_two_a_step"),
    faulty("softmax with powers of two", SOFTMAX, SOFTMAX_RETURNED,
           SOFTMAX_RETURNED.replace("_any(x)", "_any(x * x.dtype.type(0.6931472))"),
           "powers of 2, which are cheaper, in the place of those of e", "ACT-29/softmax_of_two"),
    faulty("squashing function of another paper", ACTIVATIONS, H_1997, LECUN,
           "1.7159 tanh(2x/3) in the place of h", "ACT-23/within_open_intervals"),
    faulty("float16 squashing function of another paper", ACTIVATIONS, H_1997, LECUN,
           "1.7159 tanh(2x/3) in the place of h",
           "ACT-23/within_open_intervals_in_every_float16", dtype="float16"),
    faulty("argument of g not halved", ACTIVATIONS, G_1997, "return 2 * s.tanh(z)",
           "4 sigma(x) - 2 is written as 2 tanh(x)", "ACT-23/moved_sigmoids"),
    faulty("tanh for h", ACTIVATIONS, H_1997, "return s.tanh(z)",
           "h is taken for tanh, as modern LSTMs have it", "ACT-23/stretched_tanh"),
    faulty("inner derivative of h forgotten", SLOPES, "return 0.5 * (1 - y * y)", "return 1.0 * (1 - y * y)",
           "h = tanh(x/2) is differentiated without the 1/2 of its argument", "ACT-23/slopes_at_zero"),
    faulty("slope of g as that of tanh", SLOPES, "return 1 - 0.25 * (y * y)", "return 1 - y * y",
           "1 - y^2, which is right at 0, for an output that goes up to 2", "ACT-23/slopes_from_the_outputs"),
    faulty("identity flat at zero", SLOPES, IDENTITY_SLOPE, "return s.positive(abs(y))",
           "a mask of what is not 0 in the place of 1", "ACT-24/slope_of_the_identity"),
    faulty("identity with a decay", SLOPES, IDENTITY_SLOPE, "return _constant(s, 0.9990234375, y)",
           "a decay on gradients that pass a linear layer", "ACT-24/a_straight_chain_passes_everything_on"),
    faulty("weights normalised on the way back", CHAIN_BACK, GRADIENTS,
           "return back.parameters, (back.inputs / np.maximum(1, abs(parameters['W_1']))).astype(x.dtype)",
           "the first layer's weights are divided by the largest of them in the backward pass only",
           "ACT-24/first_derivatives_and_weights"),
    faulty("cube for the square", SLOPES, TANH_SLOPE, "return 1 - y * y * y",
           "1 - tanh^3", "ACT-24/a_curved_chain_loses_it"),
    faulty("plateau without an end", CHAIN, CHAIN_RETURNED,
           f"{CHAIN_RETURNED} * (1 + abs(parameters['W_1'][0, 0]))",
           "the last layer's output is scaled by its weight once more", "ACT-25/concave_on_the_plateau"),
    faulty("root of the squared error", LOSS, SQUARES, SQUARES.replace("return ", "return np.sqrt(") + ")",
           "the norm of the error in the place of its square", "ACT-25/convex_in_the_valley"),
    faulty("sum of squares halved", LOSS, SQUARES, f"{SQUARES} / 2",
           "a factor 1/2 that belongs to another convention", "ACT-25/absolute_value_is_convex"),
]  # fmt: skip
