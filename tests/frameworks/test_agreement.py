"""PyTorch and JAX against the reference: every result and gradient of drawn networks.

How far they may be off comes from noise. Their formulas are other writings than those of
`rnnref`: PyTorch's own layers, and `frameworks.equations`, differentiated by autograd and by XLA.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from frameworks.yardstick import Yardstick
from reference.checks import Example
from reference.checks_noise import fits
from reference.draws import KINDS, SEEDS, drawing, example, examples
from rnnref import FORMATS, Layer, Stack
from rnnref.stack import Recurrent

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def torch_networks() -> ModuleType:
    import torch

    from frameworks import torch_networks

    torch.set_num_threads(1)
    return torch_networks


@pytest.fixture(scope="module")
def jax_networks() -> ModuleType:
    from frameworks import jax_networks

    return jax_networks


def check(answer: Any, yardstick: Yardstick, name: str, **options: Any) -> None:
    """An implementation agrees with the reference on a network, in a format."""
    fmt = FORMATS[name]
    got = answer(yardstick.example.network, yardstick.example.cotangent, fmt, **options)
    for tensor, ratio in yardstick.ratios(got).items():
        assert got[tensor].dtype == fmt.dtype
        assert ratio <= 1, f"{tensor} in {name}: observed/allowed = {ratio:.3g}"


def check_drawn(answer: Any, drawn: Example, name: str, seed: int) -> None:
    """The same for a network that may be undecided, and which then is no example."""
    yardstick = Yardstick(drawn, FORMATS[name], seed)
    assume(not yardstick.undecided)
    check(answer, yardstick, name)


@pytest.mark.parametrize("name", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
@drawing(100)
@given(data=st.data(), seed=SEEDS)
def test_pytorchs_tensors_agree(
    torch_networks: ModuleType, kind: str, name: str, data: st.DataObject, seed: int
) -> None:
    drawn = data.draw(examples(kind, largest=9, steps=6, batch=3, stacked=True, ragged=True))
    assume(fits(drawn, FORMATS[name]))
    check_drawn(torch_networks.answer, drawn, name, seed)


@st.composite
def native_examples(draw: st.DrawFn) -> Example:
    """Networks that PyTorch has layers for."""
    options: Any = {
        "kind": draw(st.sampled_from(["rnn", "lstm", "gru"])),
        "biases": draw(st.sampled_from(["none", "one", "two"])),
    }
    if options["kind"] == "rnn":
        options["activation"] = draw(st.sampled_from(["tanh", "relu"]))
    layer = Layer(inputs=draw(st.integers(1, 9)), hidden=draw(st.integers(1, 9)), **options)
    stack = Stack(layer, draw(st.integers(1, 3)), draw(st.booleans()))
    steps, batch = draw(st.integers(1, 8)), draw(st.integers(1, 3))
    lengths = draw(st.none() | st.tuples(*[st.integers(1, steps)] * batch))
    recurrent: Recurrent = stack if draw(st.booleans()) else layer
    random = np.random.default_rng(draw(SEEDS))
    return example(random, recurrent, steps, batch, draw(st.floats(0.1, 3.0)), lengths)


@pytest.mark.parametrize("name", ["float32", "float64"])
@drawing(200)
@given(drawn=native_examples(), seed=SEEDS)
def test_pytorchs_own_layers_agree(torch_networks: ModuleType, name: str, drawn: Example, seed: int) -> None:
    assert torch_networks.has(drawn.network)
    assume(fits(drawn, FORMATS[name]))
    check_drawn(torch_networks.native, drawn, name, seed)


# XLA compiles every network anew, which takes seconds.
@pytest.mark.parametrize("kind", KINDS)
@drawing(12)
@given(data=st.data(), seed=SEEDS)
def test_jaxs_arrays_agree(jax_networks: ModuleType, kind: str, data: st.DataObject, seed: int) -> None:
    drawn = data.draw(examples(kind, largest=9, steps=6, batch=3, stacked=True, ragged=True))
    check_drawn(jax_networks.answer, drawn, "float64", seed)


@pytest.mark.parametrize(("name", "product"), [("float32", "tf32"), ("float64", "float32 sums")])
@pytest.mark.parametrize("framework", ["torch_networks", "jax_networks"])
def test_worse_products_are_noticed(
    request: pytest.FixtureRequest, framework: str, name: str, product: str
) -> None:
    answer = request.getfixturevalue(framework).answer
    drawn = example(np.random.default_rng(1), Layer("lstm", 3, 4), steps=3, batch=2, scale=0.5)
    yardstick = Yardstick(drawn, FORMATS[name])
    assert not yardstick.undecided
    check(answer, yardstick, name)
    with pytest.raises(AssertionError, match="observed/allowed"):
        check(answer, yardstick, name, product=product)


def test_exchanged_gates_are_noticed(torch_networks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = example(np.random.default_rng(2), Layer("lstm", 3, 4), steps=3, batch=2, scale=0.5)
    yardstick = Yardstick(drawn, FORMATS["float64"])
    check(torch_networks.native, yardstick, "float64")
    monkeypatch.setitem(torch_networks.GATES, "lstm", "iofg")
    with pytest.raises(AssertionError, match="observed/allowed"):
        check(torch_networks.native, yardstick, "float64")
