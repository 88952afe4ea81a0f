"""ONNX's operators in terms of the reference: `translated(case)` computes a case's outputs.

ONNX stacks gates in the order i, o, f, c (LSTM) and z, r, h (GRU), where its c and h are our
g and n; peepholes in the order i, o, f. Both biases lie in one vector, all of W's before all
of R's. Its z keeps the old state; its GRU resets before the product unless
`linear_before_reset` is set. An option that none of the frozen cases sets is refused here
rather than ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.onnx_cases import Case
from rnnref import Evaluator, Layer, Network
from rnnref.feedforward import BatchNorm
from rnnref.feedforward.batch_norm import batch_norm, running_statistics
from rnnref.losses import cross_entropy, log_softmax, softmax

Compute: TypeAlias = Callable[[Evaluator], list[NDArray[Any] | None]]

GATES = {"RNN": "h", "LSTM": "iofg", "GRU": "zrn"}
PEEPHOLES = "iof"

ACTIVATIONS = {"Sigmoid": "sigmoid", "Tanh": "tanh", "Relu": "relu", "LeakyRelu": "leaky_relu", "Elu": "elu"}
DEFAULT_ALPHA = {"LeakyRelu": 0.01, "Elu": 1.0}


def translated(case: Case, gates: str | None = None) -> Compute:
    """What computes the outputs of a case, in the number system of the evaluator that it is given.

    Args:
        case: the case.
        gates: the order of the gates, if it shall be another than ONNX's.
    """
    if case.operator in GATES:
        network = recurrent(case, gates or GATES[case.operator])
        return lambda e: _recurrent_outputs(case, e, network)
    if case.operator in ACTIVATIONS:
        alpha = _attributes(case, alpha=DEFAULT_ALPHA.get(case.operator))["alpha"]
        return lambda e: [e.activation(ACTIVATIONS[case.operator], _given(case, 0), alpha)]
    match case.operator:
        case "Softmax" | "LogSoftmax":
            return lambda e: [_softmax(case, e)]
        case "SoftmaxCrossEntropyLoss":
            return lambda e: _loss(case, e)
        case "BatchNormalization":
            return lambda e: _batch_norm(case, e)
        case "Clip":
            return lambda e: [e.clip_by_value({"x": _given(case, 0)}, _bound(case))["x"]]
    raise NotImplementedError(case.operator)


def recurrent(case: Case, gates: str) -> Network:
    """The network of an RNN, an LSTM or a GRU of one layer and one direction."""
    options = _attributes(case, hidden_size=None, layout=0, linear_before_reset=0)
    X, W, R = (_given(case, k) for k in range(3))
    B, lengths, *initial, P = (case.input(k) for k in range(3, 8))
    if options["layout"]:
        X, initial = X.swapaxes(0, 1), [h if h is None else h.swapaxes(0, 1) for h in initial]
    n, m = options["hidden_size"], W.shape[2]
    assert W.shape[0] == 1, "more than one direction"

    parameters: dict[str, Any] = {}
    for k, gate in enumerate(gates):
        rows = slice(k * n, (k + 1) * n)
        parameters |= {f"W_{gate}": W[0, rows], f"U_{gate}": R[0, rows]}
        if B is not None:
            both = B[0].reshape(2, -1)
            parameters |= {f"b_{gate}": both[0, rows], f"bU_{gate}": both[1, rows]}
    if P is not None:
        parameters |= {f"P_{gate}": part for gate, part in zip(PEEPHOLES, P[0].reshape(3, n), strict=True)}

    chosen: dict[str, Any] = {"biases": "none" if B is None else "two"}
    if case.operator == "GRU":
        chosen |= {"reset": "after" if options["linear_before_reset"] else "before", "update": "keeps"}
    if P is not None:
        chosen |= {"peepholes": "gers"}
    layer = Layer(case.operator.lower(), m, n, **chosen)  # type: ignore[arg-type]
    state = {
        name: np.zeros((X.shape[1], n)) if h is None else h[0]
        for name, h in zip(layer.states, initial, strict=False)
    }
    return Network(layer, parameters, X, state, None if lengths is None else tuple(map(int, lengths)))


def _recurrent_outputs(case: Case, e: Evaluator, network: Network) -> list[NDArray[Any] | None]:
    """Y, Y_h and Y_c with ONNX's axis of directions; in noise the replicates stay in front."""
    run = e.run(network)
    states = list(run.state.values())
    if case.attributes.get("layout"):
        outputs = run.outputs.swapaxes(-3, -2)
        return [np.expand_dims(outputs, -2), *(np.expand_dims(h, -2) for h in states)]
    return [np.expand_dims(run.outputs, -3), *(np.expand_dims(h, -3) for h in states)]


def _softmax(case: Case, e: Evaluator) -> NDArray[Any]:
    formula = softmax if case.operator == "Softmax" else log_softmax
    x = _given(case, 0)
    # Before version 13 the axis was the first of those that are taken together.
    together = case.version < 13
    axis = _attributes(case, axis=1 if together else -1)["axis"]
    moved = x if together else np.moveaxis(x, axis, -1)
    n = int(np.prod(x.shape[axis:])) if together else x.shape[axis]
    columns = e.system.matrix(np.reshape(moved, (-1, n)).T)
    rows = e.system.array(formula(e.system, columns)).swapaxes(-1, -2)
    back = rows.reshape((*rows.shape[:-2], *moved.shape))
    return back if together else np.moveaxis(back, -1, axis - x.ndim if axis >= 0 else axis)


def _loss(case: Case, e: Evaluator) -> list[NDArray[Any] | None]:
    """The loss, and log softmax as a second output where it is asked for.

    A weight a class, and a class that is ignored, are targets other than 0 and 1.
    """
    options = _attributes(case, reduction=b"mean", ignore_index=None)
    s, x, labels, weights = e.system, _given(case, 0), _given(case, 1), case.input(2)
    classes = x.shape[1]
    weights = np.ones(classes) if weights is None else weights
    # A label may lie outside of the classes if it is the one to be ignored.
    targets = weights * (labels.reshape(-1, 1) == np.arange(classes))
    targets[labels.ravel() == options["ignore_index"]] = 0
    logits, targets = s.matrix(np.moveaxis(x, 1, -1).reshape(-1, classes).T), s.matrix(targets.T)

    loss = cross_entropy(s, logits, targets)
    match options["reduction"]:
        case b"sum":
            loss = s.sum_columns(loss)
        case b"mean":
            loss = s.sum_columns(loss) / s.sum_columns(s.sum_rows(targets))
    losses = s.array(loss)
    shape = labels.shape if options["reduction"] == b"none" else ()
    rows = s.array(log_softmax(s, logits)).swapaxes(-1, -2)
    split = rows.reshape((*rows.shape[:-2], *np.moveaxis(x, 1, -1).shape))
    return [
        losses.reshape((*losses.shape[:-2], *shape)),
        np.moveaxis(split, -1, 1 - x.ndim),
    ]


def _batch_norm(case: Case, e: Evaluator) -> list[NDArray[Any] | None]:
    """y, and in training the running mean and variance; the channels are the second axis of x.

    The running variance is made of biased ones. ONNX's momentum is the weight of what was there before.
    """
    options = _attributes(case, epsilon=1e-5, momentum=0.9, training_mode=0, is_test=1)
    s, x = e.system, _given(case, 0)
    gamma, beta, mean, variance = (s.matrix(_given(case, k).reshape(-1, 1)) for k in range(1, 5))
    p = SimpleNamespace(gamma=gamma, beta=beta, mean=mean, variance=variance)
    mode: Any = "training" if options["training_mode"] else "inference"
    link = BatchNorm(x.shape[1], options["epsilon"], mode, "biased", 1 - options["momentum"])

    last = np.moveaxis(x, 1, -1)
    columns = last.reshape(-1, x.shape[1]).T
    done = batch_norm(s, link, p, s.matrix(columns))
    rows = s.array(done.y).swapaxes(-1, -2)
    y = np.moveaxis(rows.reshape((*rows.shape[:-2], *last.shape)), -1, 1 - x.ndim)
    statistics = running_statistics(link, p, done, columns.shape[1])
    return [y, *(s.array(statistics[name])[..., 0] for name in ("mean", "variance"))]


def _bound(case: Case) -> float:
    """The bound of a clip to [-bound, bound]."""
    low, high = case.attributes.get("min", case.input(1)), case.attributes.get("max", case.input(2))
    assert low is not None, "no lower bound"
    assert high is not None, "no upper bound"
    assert float(low) == -float(high), "no interval around 0"
    return float(high)


def _attributes(case: Case, **known: Any) -> dict[str, Any]:
    """The options of a case; those that it does not set are at the defaults named here."""
    assert set(case.attributes) <= set(known), f"{case.name} sets {sorted(set(case.attributes) - set(known))}"
    return known | case.attributes


def _given(case: Case, position: int) -> NDArray[Any]:
    value = case.input(position)
    assert value is not None, f"{case.name} has no input {position}"
    return value
