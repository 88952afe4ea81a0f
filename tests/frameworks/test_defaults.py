"""The hidden activation that a library takes unasked: what EMP-13 says of two that are at hand.

The claim itself is about people, and stays recorded. Of the four libraries in its text these two are
among what the tests run with; Keras and MXNet are not.
"""

from __future__ import annotations

import pytest
from onnx import defs

from rnnspec.claims import registry

TEXT = registry["EMP-13"].because


def test_onnx_defaults_to_tanh() -> None:
    """In each direction."""
    default = defs.get_schema("RNN").attributes["activations"].default_value
    assert {name.decode() for name in default.strings} == {"Tanh"}
    assert "ONNX" in TEXT


@pytest.mark.framework
@pytest.mark.parametrize("name", ["RNN", "RNNCell"])
def test_pytorch_defaults_to_tanh(name: str) -> None:
    """As an attribute of a layer made without naming one; ReLU is the only other one that it knows."""
    import torch

    layer = getattr(torch.nn, name)
    assert layer(1, 1).nonlinearity == "tanh"
    assert layer(1, 1, nonlinearity="relu").nonlinearity == "relu"
    with pytest.raises((ValueError, RuntimeError)):
        layer(1, 1, nonlinearity="sigmoid")(torch.zeros(1, 1))
    assert "PyTorch" in TEXT
