"""What activations, losses and clipping refuse, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnnref import FORMATS, BadInput, Evaluator, Floats, Mpmath, Reference, RnnrefError, activations, losses

FLOAT16 = Floats(FORMATS["float16"])
E: Any = Evaluator(FLOAT16)  # so that a type checker lets pass what is refused at run time
X = np.ones((2, 3))
ACTIVATIONS = "identity, sigmoid, tanh, g_1997, h_1997, relu, leaky_relu, elu"

REFUSED: list[tuple[Callable[[], Any], str]] = [
    *(
        (
            lambda method=method: getattr(E, method)("gelu", X),
            f"activation: got 'gelu', expected one of {ACTIVATIONS}",
        )
        for method in ("activation", "slope", "sharp_slope", "curvature")
    ),
    (
        lambda: E.activation("tanh", X, 1.0),
        "alpha: got 1.0, expected None: tanh has no parameter",
    ),
    *(
        (
            lambda alpha=alpha: E.sharp_slope("elu", X, alpha),
            f"alpha: got {alpha!r}, expected the finite number that elu needs",
        )
        for alpha in (None, np.nan, -np.inf, True, "1", 10**400)
    ),
    *(
        (
            lambda alpha=alpha: E.slope("leaky_relu", X, alpha),
            f"alpha: got {alpha!r}, expected a number above 0, without which y does not determine the slope",
        )
        for alpha in (0.0, -0.5)
    ),
    (
        lambda: activations.slope_from_output(FLOAT16, "elu", X, -1),
        "alpha: got -1, expected a number above 0, without which y does not determine the slope",
    ),
    *(
        (
            lambda shape=shape: E.softmax(np.ones(shape)),
            f"x: got shape {shape}, expected shape (B, n) with B and n at least 1",
        )
        for shape in ((3,), (0, 3), (3, 0), (1, 2, 3))
    ),
    *(
        (lambda act=act, given=given: act(given), f"{name}: got {got}, expected {expected}")
        for name, act in (
            ("x", lambda x: E.activation("tanh", x)),
            ("x", lambda x: E.curvature("elu", x, 1.0)),
            ("x", E.softmax),
            ("targets", lambda t: E.cross_entropy(X, t)),
            ("weights", lambda W: E.l2_gradient(W, 1.0, "half")),
            ("tensors['W']", lambda W: E.clip_by_norm({"W": W}, 1.0)),
            ("tensors['W']", lambda W: E.rescale({"W": W}, 1.0)),
        )
        for given, got, expected in (
            (None, "an array with None in it", "one of real numbers"),
            ("one", "an array of <U3", "one of real numbers"),
            (X + 1j, "an array of complex128", "one of real numbers"),
            (X > 0, "an array of bool", "one of real numbers"),
            ([[1.0], [1.0, 2.0]], "a list of no shape", "an array of real numbers"),
        )
    ),
    (
        lambda: E.clip_by_value([X], 1.0),
        "tensors: got a list, expected a mapping of names to arrays",
    ),
    (
        lambda: Reference().activation("tanh", "one"),  # type: ignore[arg-type]
        "x: got an array of <U3, expected one of real numbers",
    ),
    (lambda: E.softmax_vjp(X, X.T), "dy: got shape (3, 2), expected shape (2, 3)"),
    (
        lambda: E.cross_entropy(X[0], X[0]),
        "logits: got shape (3,), expected shape (B, n) with B and n at least 1",
    ),
    (lambda: E.cross_entropy(X, X[0]), "targets: got shape (3,), expected shape (2, 3)"),
    (lambda: E.cross_entropy_gradient(X, X[:1]), "targets: got shape (1, 3), expected shape (2, 3)"),
    (lambda: E.squared_error(X, X[:1], "half"), "t: got shape (1, 3), expected shape (2, 3)"),
    *(
        (
            lambda call=call: call(X, X, "full"),
            "convention: got 'full', expected one of half, sum, mean",
        )
        for call in (E.squared_error, E.squared_error_gradient)
    ),
    *(
        (
            lambda call=call: call(X, 0.1, "mean"),
            "convention: got 'mean', expected one of full, half",
        )
        for call in (E.l2_penalty, E.l2_gradient)
    ),
    (
        lambda: losses.squared_error_gradient(FLOAT16, X, X, None),  # type: ignore[arg-type]
        "convention: got None, expected one of half, sum, mean",
    ),
    *(
        (
            lambda call=call, alpha=alpha: call(X, alpha, "half"),
            f"alpha: got {alpha!r}, expected a finite number, at least 0",
        )
        for call in (E.l2_penalty, E.l2_gradient)
        for alpha in (-1e-9, np.inf, np.nan, None, False)
    ),
    *(
        (
            lambda call=call: call({}, 1.0),
            "tensors: got none, expected at least one, by name",
        )
        for call in (E.clip_by_norm, E.clip_by_value, E.rescale)
    ),
    *(
        (
            lambda call=call, threshold=threshold: call({"g": X}, threshold),
            f"threshold: got {threshold!r}, expected a finite number above 0 of float16",
        )
        for call in (E.clip_by_norm, E.clip_by_value, E.rescale)
        for threshold in (0, -1.0, np.inf, np.nan, "1", True, None, 1e5, 1e-9)
    ),
    (
        lambda: Evaluator(Mpmath(64)).clip_by_norm({"g": X}, 0.0),
        "threshold: got 0.0, expected a finite number above 0",
    ),
    *(
        (
            lambda epsilon=epsilon: E.clip_by_norm({"g": X}, 1.0, epsilon),
            f"epsilon: got {epsilon!r}, expected a finite number, at least 0",
        )
        for epsilon in (-1e-6, np.inf, np.nan, None)
    ),
    (
        lambda: E.rescale({"g": np.zeros(3), "h": np.zeros((0, 2))}, 1.0),
        "tensors: got nothing but zeros, expected at least one entry that is not 0",
    ),
]


@pytest.mark.parametrize(("refused", "message"), REFUSED, ids=[case[1][:60] for case in REFUSED])
def test_the_sentence(refused: Callable[[], Any], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        refused()
    assert str(caught.value) == message
    assert caught.value.parameter == message.partition(":")[0]
    assert isinstance(caught.value, RnnrefError)


def test_a_threshold_that_a_wider_format_holds_is_taken() -> None:
    for name in ("bfloat16", "float32", "float64"):
        got = Evaluator(Floats(FORMATS[name])).clip_by_norm({"g": X}, 1e5)["g"]
        assert got.tolist() == X.tolist()
