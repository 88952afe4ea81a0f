"""Mistakes that show between layers, at the output, and in what is done with a gradient."""

from __future__ import annotations

from mutants.planting import BACKWARD, SLOPES, Faulty, faulty

DENSE_BACK = "rnnref.feedforward.dense:dense_back"
CHAIN_BACK = "rnnref.feedforward.chain:backward"
LOSS_GRADIENT = "rnnref.losses:squared_error_gradient"
CROSS_ENTROPY_GRADIENT = "rnnref.losses:cross_entropy_gradient"

BACK = "p.W.T @ da"
OUTER = "da @ done.x.T"
SIGMOID_SLOPE = "return y * (1 - y)"
KEPT = "pulled.parameters |= gradients"

FAULTY: list[Faulty] = [
    faulty("half of the square taken twice", DENSE_BACK, OUTER, f"{OUTER} / 2",
           "the half of the squared error is applied to the gradient as well", "DEP-19/contracts"),
    faulty("bias gradient added to the weights", DENSE_BACK, OUTER, f"{OUTER} + da",
           "an input of 1 is appended for the bias, and added to the others", "DEP-28/descent_lemma"),
    faulty("weight gradient clipped to one", DENSE_BACK, OUTER, f"({OUTER}).clip(-1, 1)",
           "large gradients are cut entry by entry, which turns them",
           "DEP-28/no_direction_is_steeper"),

    faulty("gradient averaged over the layers", CHAIN_BACK, "pulled = Pulled({}, [])",
           "pulled = Pulled({}, [])\n    dy = dy / len(links)",
           "the loss is divided by the number of layers", "DEP-20/layers_multiply"),
    faulty("dropout left on in the backward pass", DENSE_BACK, BACK, f"0.99 * ({BACK})",
           "each layer lets 99 % of the gradient through on average",
           "DEP-20/orthogonal_layers_keep_the_length"),
    faulty("only the largest weight followed", DENSE_BACK, BACK,
           "(p.W * (abs(p.W) == abs(p.W).max())).T @ da",
           "the gradient takes the strongest path alone", "DEP-20/matrices_multiply",
           "DEP-20/slope_is_the_top_exponent"),
    faulty("constant against exact zeros", DENSE_BACK, BACK, f"{BACK} + 0.001",
           "a small constant is added to what is sent down", "DEP-21/ratio_of_neighbours"),
    faulty("sigmoid slope scaled to one", SLOPES, SIGMOID_SLOPE, "return 4 * (y * (1 - y))",
           "the slope is normalised so that it is 1 at 0, like that of tanh",
           "DEP-21/a_sixteenth_two_layers_down", "DEP-16/a_quarter_of_a_normal_weight"),
    faulty("weights clipped at two", DENSE_BACK, BACK, "p.W.T.clip(-2, 2) @ da",
           "weights are clipped, as those of a critic, in the backward pass only",
           "DEP-21/larger_towards_the_input"),
    faulty("first factor of the slope forgotten", SLOPES, SIGMOID_SLOPE, "return 1 - y",
           "1 - s in the place of s(1 - s)", "DEP-21/exponential_without_a_bound"),

    faulty("half squares averaged in the gradient", LOSS_GRADIENT, "return y - t",
           "return (y - t) / y.shape[0]",
           "the gradient of a mean is returned for that of half the sum", "DEP-22/one_slope_at_any_depth"),
    faulty("softmax slope applied twice", CROSS_ENTROPY_GRADIENT, "return softmax(s, z) * s.sum_rows(t) - t",
           "p = softmax(s, z)\n    return (p - t) * p * (1 - p)",
           "p - t is multiplied with the slope p(1 - p), which is in it already",
           "DEP-22/cross_entropy_does_not_saturate"),
    faulty("dead relu leaks in the backward pass", SLOPES, 'case "relu":\n            return s.positive(y)',
           'case "relu":\n            return 0.99 * s.positive(y) + 0.01',
           "ReLU forwards, a leaky one backwards", "DEP-23/nothing_passes_a_dead_layer"),
    faulty("gradient of the whole layer sent to every unit", DENSE_BACK, BACK, f"{BACK} + da.sum()",
           "a sum over units is broadcast where it should not be", "DEP-23/bounded_by_the_layer_above"),
    faulty("layers taken for tied", CHAIN_BACK, KEPT,
           "pulled.parameters |= {k: g + pulled.parameters.get(f'{k[0]}_{int(place) + 1}', 0)"
           " for k, g in gradients.items()}",
           "gradients of neighbouring layers are added up, as if they shared their weights",
           "DEP-23/each_layer_its_own_term"),

    faulty("a hundred steps back and no more", BACKWARD, "or t in cut", "or t == len(trajectory.steps) - 100",
           "back-propagation through time is truncated, at a length that short tests never reach",
           "DEP-24/gradient_of_a_year"),
]  # fmt: skip
