"""Mistakes in read-outs, losses and dense chains, as the claims on recurrent networks need them."""

from __future__ import annotations

from mutants.planting import Faulty, faulty

DENSE = "rnnref.feedforward.dense:dense"
DENSE_BACK = "rnnref.feedforward.dense:dense_back"
ARGUMENT = "a = p.W @ x + p.b if link.bias else p.W @ x"
INPUT_GRADIENT = "dx = p.W.T @ da"
WEIGHT_GRADIENT = '{"W": da @ done.x.T}'

FAULTY: list[Faulty] = [
    faulty("arguments centred over the batch", DENSE, ARGUMENT,
           ARGUMENT + "\n    a = a - a.mean(axis=1, keepdims=True) * (a.shape[1] > 1)",
           "a batch norm that nobody asked for: the frames of a batch are mixed",
           "RNN-01/each_frame_by_itself", "RNN-26/a_picture_at_a_time"),
    faulty("frame blended with the one before", DENSE, ARGUMENT,
           ARGUMENT + "\n    a[:, 1:] = a[:, 1:] + a[:, :-1] / 8",
           "frames are smoothed in time, although a batch has no time",
           "RNN-01/backwards_in_time", "RNN-01/each_frame_by_itself"),
    faulty("input gradients averaged over the batch", DENSE_BACK, INPUT_GRADIENT,
           INPUT_GRADIENT + "\n    dx = 0 * dx + dx.mean(axis=1, keepdims=True)",
           "a mean over the wrong axis", "RNN-01/no_gradient_to_other_frames"),
    faulty("input gradients centred", DENSE_BACK, INPUT_GRADIENT,
           INPUT_GRADIENT + "\n    dx = dx - dx.mean(axis=0, keepdims=True)",
           "gradient centralisation, applied to what flows back", "RNN-26/receptive_field",
           "RNN-26/dilated_receptive_field"),
    faulty("skip connection behind a layer", DENSE_BACK, INPUT_GRADIENT, "dx = p.W.T @ da + dy",
           "a residual connection in the backward pass of a dense layer",
           "RNN-23/the_nearer_the_input_the_less"),
    faulty("output for input", DENSE_BACK, WEIGHT_GRADIENT, '{"W": da @ done.y.T}',
           "a layer's weight gradient is formed with its own output in the place of its input",
           "RNN-23/a_copy_gets_a_term", "RNN-24/same_gradients"),
    faulty("weight gradients averaged over the batch", DENSE_BACK, WEIGHT_GRADIENT,
           '{"W": da @ done.x.T / done.x.shape[1]}',
           "the weights' gradient is a mean over the batch, the bias's a sum",
           "RNN-08/all_five", "RNN-09/bias_of_the_read_out", "RNN-10/error_times_state",
           "RNN-11/steps_side_by_side"),
    faulty("gradients clipped before the read-out", DENSE_BACK, INPUT_GRADIENT,
           "dx = p.W.T @ da.clip(-1, 1)",
           "what the read-out sends back is clipped to ±1 on the way",
           "RNN-11/recurrent_weights_behind_a_read_out"),
    faulty("linear layers without bias", DENSE, ARGUMENT,
           "a = p.W @ x + p.b if link.bias and link.activation != 'identity' else p.W @ x",
           "a layer without an activation is taken for one without a bias",
           "RNN-06/outputs_of_each_step", "RNN-02/linear_read_out_and_softmax"),
    faulty("half the mean of squares", "rnnref.losses:squared_error", "return total / 2",
           "return total / (2 * y.shape[0])", "a mean over the entries in the place of their sum",
           "RNN-07/one_long_vector"),
    faulty("softmax over the batch", "rnnref.losses:softmax", "e / s.sum_rows(e)", "e / s.sum_columns(e)",
           "the probabilities are normalised along the wrong axis",
           "RNN-02/linear_read_out_and_softmax"),
    faulty("cross-entropy gradient averaged over classes", "rnnref.losses:cross_entropy_gradient",
           "return softmax(s, z) * s.sum_rows(t) - t",
           "return (softmax(s, z) * s.sum_rows(t) - t) / z.shape[0]",
           "a mean over the classes, as of a squared error", "RNN-10/error_times_state"),
]  # fmt: skip
