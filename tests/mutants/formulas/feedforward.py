"""Mistakes in the formulas of feed-forward networks, and which check must notice each.

Most are mistakes that have been made in real libraries or that every teacher has seen. They
are grouped by their killer, a function below that holds the reference to some check of
`tests/reference` on a fixed panel of chains.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from mutants.patching import Mutant
from mutants.patching import mutant as m
from reference import checks_feedforward as checks
from reference.checks_feedforward import ChainExample, TrainingExample, TuningExample
from reference.draws_feedforward import panel, training_panel
from rnnref import FORMATS

DENSE = "rnnref.feedforward.dense:"
NORM = "rnnref.feedforward.batch_norm:"
RESIDUAL = "rnnref.feedforward.residual:"
CHAIN = "rnnref.feedforward.chain:"
TRAINING = "rnnref.feedforward.pretraining:"
BORDER = "rnnref.feedforward.border:Feedforward."

FORWARD = [
    m("dense without bias", DENSE + "dense", "+ p.b if link.bias", "if link.bias",
      "b is read and never added"),
    m("dense without activation", DENSE + "dense", "link.activation", '"identity"', "y = W x + b"),
    m("dense activates before the bias", DENSE + "dense", "y = activation(s, link.activation, a, link.alpha)",
      "y = activation(s, link.activation, p.W @ x, link.alpha) + (p.b if link.bias else 0)",
      "phi(W x) + b in the place of phi(W x + b)"),
    m("alpha replaced by a default", DENSE + "dense", "a, link.alpha", "a, link.alpha and 0.01",
      "the slope of leaky ReLU for every parameter"),
    m("dense reads its weights transposed", DENSE + "dense", "p.W @ x + p.b", "p.W.T @ x + p.b",
      "weights stored as (inputs, outputs)"),
    m("normalised by the unbiased variance", NORM + "batch_norm", "squares / m", "squares / (m - 1)",
      "m - 1 for m in what the batch is divided by"),
    m("epsilon outside of the root", NORM + "batch_norm", "s.sqrt(variance + link.epsilon)",
      "s.sqrt(variance) + link.epsilon", "epsilon is added to the standard deviation"),
    m("epsilon squared", NORM + "batch_norm", "+ link.epsilon)", "+ link.epsilon * link.epsilon)",
      "epsilon is taken for a standard deviation"),
    m("divided by the variance", NORM + "batch_norm", "s.sqrt(variance + link.epsilon)",
      "variance + link.epsilon", "the root is forgotten"),
    m("variance without the mean", NORM + "batch_norm", "(x - mean) * (x - mean)", "x * x",
      "the mean square is taken for the variance"),
    m("normalised over the features", NORM + "batch_norm", "s.sum_columns(x) / m",
      "s.sum_rows(x) / x.shape[0]", "layer norm in the place of batch norm"),
    m("beta scaled", NORM + "batch_norm", "p.gamma * xhat + p.beta", "p.gamma * (xhat + p.beta)",
      "the shift is applied before the scale"),
    m("gamma one off", NORM + "batch_norm", "p.gamma * xhat", "(1 + p.gamma) * xhat",
      "gamma is stored as its difference from 1"),
    m("inference by the batch", NORM + "batch_norm", 'link.mode == "training"', 'link.mode != ""',
      "the mode is never looked at"),
    m("training by running statistics", NORM + "batch_norm", 'link.mode == "training"', "False",
      "a model that was never put back into training"),
    m("no shortcut", RESIDUAL + "residual", "x + inside", "inside", "y = F(x)"),
    m("shortcut of the doubled", RESIDUAL + "residual", "x + inside[-1].y", "inside[-1].y + inside[-1].y",
      "F(x) is added to itself"),
    m("shortcut before the last link", RESIDUAL + "residual", "inside[-1]", "inside[0]",
      "only the first link of a block is added"),
    m("links read the first input", CHAIN + "forward", "x = done.y", "pass", "every link reads x"),
]  # fmt: skip

GRADIENTS = [
    m("bias gradient averaged", DENSE + "dense_back", "s.sum_columns(da)", "s.sum_columns(da) / da.shape[1]",
      "the mean over the batch in the place of the sum"),
    m("weight gradient averaged", DENSE + "dense_back", "da @ done.x.T", "da @ done.x.T / da.shape[1]",
      "the mean over the batch in the place of the sum"),
    m("bias gradient before the slope", DENSE + "dense_back", "s.sum_columns(da)", "s.sum_columns(dy)",
      "the slope of the activation is left out of db"),
    m("no slope", DENSE + "dense_back", "dy * slope_from_output(s, link.activation, done.y, link.alpha)",
      "dy", "back-propagation through W only"),
    m("slope at the input", DENSE + "dense_back", "link.activation, done.y, link.alpha",
      "link.activation, p.W @ done.x + (p.b if link.bias else 0), link.alpha",
      "y (1 - y) is given the pre-activation for y"),
    m("slope on the wrong side", DENSE + "dense_back", "dx = p.W.T @ da", "dx = p.W.T @ dy",
      "dx = W^T dy without the slope"),
    m("weights not transposed on the way back", DENSE + "dense_back", "p.W.T @ da", "p.W @ da",
      "dx = W da"),
    m("mean taken for a constant", NORM + "batch_norm_back", " - dbeta / m", "",
      "the batch mean is detached from the gradient"),
    m("variance taken for a constant", NORM + "batch_norm_back", " - xhat * (dgamma / m)", "",
      "the batch variance is detached from the gradient"),
    m("mean and variance taken for constants", NORM + "batch_norm_back", 'link.mode == "training"', "False",
      "the gradient of inference in training"),
    m("inference differentiated as training", NORM + "batch_norm_back", 'link.mode == "training"', "True",
      "the running statistics are taken for the batch's"),
    m("gamma forgotten on the way back", NORM + "batch_norm_back", "p.gamma / sigma", "1 / sigma",
      "dx lacks gamma"),
    m("sigma forgotten on the way back", NORM + "batch_norm_back", "p.gamma / sigma", "p.gamma",
      "dx lacks 1 / sigma"),
    m("divided by m - 1 on the way back", NORM + "batch_norm_back", "m = dy.shape[1]", "m = dy.shape[1] - 1",
      "the gradient of a normalisation by the unbiased variance"),
    m("gamma's gradient with the output", NORM + "batch_norm_back", "dgamma = s.sum_columns(dy * xhat)",
      "dgamma = s.sum_columns(dy * done.y)", "y is taken for xhat"),
    m("beta's gradient after centring", NORM + "batch_norm_back", '"beta": dbeta',
      '"beta": s.sum_columns(dy)', "a variable is overwritten before it is read"),
    m("residual gradient without the 1", RESIDUAL + "residual_back", "dy + back.inputs[0]", "back.inputs[0]",
      "the shortcut is forgotten on the way back"),
    m("residual gradient of the last link", RESIDUAL + "residual_back", "back.inputs[0]", "back.inputs[-1]",
      "back-propagation stops inside of a block"),
    m("residual gradient of the shortcut only", RESIDUAL + "residual_back", "dy + back.inputs[0]", "dy",
      "nothing flows back through F"),
    m("every link is given the last gradient", CHAIN + "backward", "dy, gradients = _backward",
      "dx, gradients = _backward", "dy is not handed on"),
    m("back in the order of the way forth", CHAIN + "backward", "reversed(list(zip(", "iter(list(zip(",
      "the links are gone through from the first to the last"),
    m("gradients by link in reverse", CHAIN + "backward", "insert(0, dy)", "append(dy)",
      "the gradients of the links' inputs come out from the last to the first"),
]  # fmt: skip

JACOBIAN = [
    m("jacobian of the first member", BORDER + "chain_jacobian", "[..., member, :]", "[..., 0, :]",
      "the member asked for is overlooked"),
    m("jacobian transposed", BORDER + "chain_jacobian", "stack(rows, axis=-2)", "stack(rows, axis=-1)",
      "rows and columns exchanged"),
    m("jacobian of all members", BORDER + "chain_jacobian", "dy[member] = unit", "dy[:] = unit",
      "the outputs of the whole batch are pulled back at once"),
]  # fmt: skip

STATISTICS = [
    m("running variance biased", NORM + "running_statistics", 'm - 1 if link.running == "unbiased" else m',
      "m", "the variance that has normalised the batch goes into the running one"),
    m("running variance unbiased", NORM + "running_statistics", 'm - 1 if link.running == "unbiased" else m',
      "m - 1", "no library does otherwise, it is said"),
    m("momentum of the other convention", NORM + "running_statistics",
      "p.mean + link.momentum * (done.mean - p.mean)", "done.mean + link.momentum * (p.mean - done.mean)",
      "momentum is the weight of the old"),
    m("momentum of the other convention for the variance", NORM + "running_statistics",
      "p.variance + link.momentum * (variance - p.variance)",
      "variance + link.momentum * (p.variance - variance)", "momentum is the weight of the old"),
    m("only the last batch counts", NORM + "running_statistics",
      "p.mean + link.momentum * (done.mean - p.mean)", "done.mean", "the running mean is overwritten"),
    m("rounded before it is written", NORM + "running_statistics",
      '"mean": p.mean + link.momentum * (done.mean - p.mean)',
      '"mean": (1 - link.momentum) * p.mean + link.momentum * done.mean',
      "1 - momentum is rounded to a float64 by Python"),
    m("running deviation", NORM + "running_statistics", "(variance - p.variance)",
      "(done.sigma * done.sigma - p.variance)", "sigma^2, with its epsilon, goes into the running variance"),
]  # fmt: skip

ARITHMETIC = [
    m("products in half precision", DENSE + "dense", "a = p.W @ x + p.b if link.bias else p.W @ x",
      "a = s.matrix(s.array(p.W).astype('float16')) @ x if hasattr(s, 'format') else p.W @ x\n"
      "    a = a + p.b if link.bias else a",
      "weights are cut to half precision before the product"),
]  # fmt: skip

TUNING = [
    m("ascent", TRAINING + "gradient_descent", "W - learning_rate", "W + learning_rate",
      "the sign of the step"),
    m("loss without a half", TRAINING + "descend", 'gradient(s, y, t, "half")', 'gradient(s, y, t, "sum")',
      "the gradient is that of the sum of squares, twice what it should be"),
    m("half the penalty", TRAINING + "descend", '"full"', '"half"',
      "weight decay is taken for the coefficient of |W|^2"),
    m("no penalty", TRAINING + "descend", "if how.l2 and", "if False and", "the option is ignored"),
    m("biases decay", TRAINING + "descend", 'name.startswith("W")', 'name[0] in "Wb"',
      "the penalty acts on the biases too"),
    m("one step too many", TRAINING + "descend", "range(how.steps)", "range(how.steps + 1)",
      "from 0 to steps, both included"),
    m("raw inputs for every stage", TRAINING + "greedy", "initial, h, h, how", "initial, x, x, how",
      "every autoencoder is trained on x"),
    m("raw inputs for targets", TRAINING + "greedy", "initial, h, h, how", "initial, h, x, how",
      "every autoencoder is to give back x"),
    m("lower stages go on learning", TRAINING + "greedy", "trained.append(Stage(final, losses, h))",
      "trained = [Stage(descend(s, below.chain.links, t.parameters, x, x, how)[0], t.losses, t.codes)"
      " for below, t in zip(stages, trained)] + [Stage(final, losses, h)]",
      "what was trained before is not held"),
    m("stages begin anew from the first", TRAINING + "greedy", "initial, h, h, how",
      "parameters[0], h, h, how", "one list of parameters for all stages"),
    m("trained to nothing", TRAINING + "greedy", "initial, h, h, how", "initial, h, 0 * h, how",
      "the autoencoder's target is not its input"),
    m("codes of the untrained encoder", TRAINING + "greedy", "final, h)[-1]", "initial, h)[-1]",
      "the codes are computed before training"),
    m("decoder in the place of the encoder", TRAINING + "stacked", '[f"{name}_1"]', '[f"{name}_2"]',
      "the decoders are stacked"),
]  # fmt: skip


@cache
def chains() -> list[ChainExample]:
    """The panel, whose textbook answers are then computed once for all mutants."""
    return panel()


@cache
def trainings() -> list[TrainingExample | TuningExample]:
    return training_panel()


def chain_forward() -> None:
    for each in chains():
        checks.check_chain_forward(each)


def chain_gradients() -> None:
    for each in chains():
        checks.check_chain_gradients(each)


def chain_jacobian() -> None:
    for each in chains():
        checks.check_chain_jacobian(each)


def running_statistics() -> None:
    for each in chains():
        checks.check_running_statistics(each)


def training() -> None:
    for each in trainings():
        checks.check_training(each)


def chain_engines() -> None:
    for each in chains():
        checks.check_chain_engines(each)
        checks.check_chain_floats(each, FORMATS["float32"])


KILLERS: dict[str, Callable[[], None]] = {
    f.__name__: f
    for f in (chain_forward, chain_gradients, chain_jacobian, running_statistics, training, chain_engines)
}

MUTANTS: dict[str, list[Mutant]] = {
    "chain_forward": FORWARD,
    "chain_gradients": GRADIENTS,
    "chain_jacobian": JACOBIAN,
    "running_statistics": STATISTICS,
    "training": TUNING,
    "chain_engines": ARITHMETIC,
}
