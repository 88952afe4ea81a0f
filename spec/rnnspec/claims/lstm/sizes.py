"""How many parameters an LSTM has, and what shape they are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, cast

import numpy as np

from rnnspec.claim import CONDITIONAL, HOLDS, SAMPLED, claim
from rnnspec.claims.lstm.words import forget_gate, one_unit
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer, Network
from rnnspec.sources import D0, D1, D4
from rnnspec.strategies import BIAS_VECTORS, LayerSizes, arrays, networks, wholes
from rnnspec.subject import Array, Subject

# ------------------------------------------------------------------------------------------
four_layers = claim(
    "LST-02",
    title="Three gates and a candidate: an LSTM has exactly four times the parameters of an Elman network",
    says="""
        The LSTM adds three gates to the RNN; it consists of four function layers, three sigmoids and a tanh.
    """,
    statement="""
        With m inputs, n units and k bias vectors a gate, an LSTM has four affine maps of the same
        size, 4(n² + nm + kn) parameters, four times those of an Elman network.
    """,
    equation="""
        4(n² + nm + kn) : (n² + nm + kn) = 4 : 1
        n = 2, m = 3, k = 1:  48
        n = 2, m = 3, k = 2:  56
    """,
    verdict=HOLDS,
    because="""
        The Elman network has one map, of x and h to the new state. The LSTM has it too, its
        candidate, and three more of the same shape, one for each gate; cell and output are
        computed from these without parameters. Without a forget gate there are three (1997).
    """,
    sources=[D0("2, LSTM"), D1("3, in detail"), D4("abstract")],
    floats="Counting is exact.",
    see=["LST-12", "LST-13", "GRU-08", "RNN-02"],
)


@four_layers.law(needs=["parameter_count"])
def four_times_an_elman_network(impl: Subject, hold: Hold, sizes: LayerSizes) -> None:
    """Counted on the layers themselves: 4 to 1, and the formula."""
    m, n, k = sizes.m, sizes.n, sizes.k
    lstm = impl.parameter_count(Layer("lstm", m, n, biases=sizes.biases))
    rnn = impl.parameter_count(Layer("rnn", m, n, biases=sizes.biases))
    hold.exactly(lstm, 4 * rnn, "LSTM = 4 RNN")
    hold.exactly(lstm, 4 * (n * n + n * m + k * n), "parameters of the LSTM")


@four_layers.law(needs=["parameter_count"])
def three_without_a_forget_gate(impl: Subject, hold: Hold, sizes: LayerSizes) -> None:
    """Without its forget gate the LSTM has three of the four maps."""
    m, n = sizes.m, sizes.n
    whole, without = (
        impl.parameter_count(Layer("lstm", m, n, biases=sizes.biases, forget_gate=it)) for it in (True, False)
    )
    hold.exactly(4 * without, 3 * whole, "4 (without) = 3 (with a forget gate)")


@four_layers.proof
def polynomials(prove: Prove) -> None:
    """The counts traced from the layers' shapes, as polynomials in m and n, and the printed numbers."""
    m, n = prove.sizes("m n")
    for biases, k in BIAS_VECTORS.items():
        lstm = prove.parameter_count("lstm", biases)
        prove.identical(lstm, 4 * prove.parameter_count("rnn", biases))
        prove.identical(lstm, 4 * (n**2 + n * m + k * n))
        old = prove.count(lambda m, n, b=biases: Layer("lstm", m, n, biases=b, forget_gate=False), "m n")
        prove.identical(4 * old, 3 * lstm)
    printed = [Layer("lstm", 3, 2, biases=biases).parameter_count for biases in ("one", "two")]
    prove.identical(printed, [48, 56])


# ------------------------------------------------------------------------------------------
SINGLE = "the layer has one unit"

row_by_row = claim(
    "LST-13",
    title="A gate is a matrix of weights, one row a unit: a dot product and a single number only if n = 1",
    says="""
        Each Z is the dot product of a vector of parameters with the concatenated input, a number;
        every gate has a vector of its own.
    """,
    statement="The pre-activation of a gate is w·[x_t, h_{t-1}], one number for the whole layer.",
    equation="""
        a_k = W_k [x_t, h_{t-1}] + b_k ∈ ℝⁿ,   W_k ∈ ℝ^(n × (n + m))
        (a_k)_j = (row j of W_k) · [x_t, h_{t-1}] + (b_k)_j
    """,
    verdict=CONDITIONAL,
    because="""
        A layer of n units has n numbers at each gate, one for every component of the cell, which is what
        lets it keep one component and clear another (LST-24). Unit by unit the document is
        right: each has a row of its own, and its gate is a dot product with that row. And every gate
        has parameters of its own (LST-12).
    """,
    conditions=(SINGLE,),
    sources=[D0("2, LSTM")],
    rests_on=SAMPLED,
    floats="A unit taken by itself adds the same products, possibly in another order.",
    see=["LST-02", "LST-12", "LST-24"],
)

Step = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2), biases="one")]
Sequence = Annotated[Network, networks("lstm", steps=(0, 3), hidden=(2, 4), inputs=(1, 2), biases="one")]
Biases = Annotated[Array, arrays((1, 4))]
Rotation = Annotated[int, wholes(1, 3)]


@row_by_row.as_stated(needs=["run"])
def one_number_a_gate(impl: Subject, hold: Hold, b_f: Biases) -> None:
    """The forget gate of a layer, which has biases here and nothing else, is one number for all units."""
    f = forget_gate(impl, one_unit(units=len(b_f), b_f=b_f))
    hold.equal(f, f[:, :1], "f of each unit, and of the first")


@row_by_row.necessity(of=one_number_a_gate, condition=SINGLE)
def two_units_with_rows_of_their_own() -> Mapping[str, Any]:
    """n = 2 and b_f = (1, −1): the gates are 0.731 and 0.269."""
    return {"b_f": np.array([1.0, -1.0])}


@row_by_row.law(needs=["run"])
def a_unit_is_its_rows(impl: Subject, hold: Hold, net: Step) -> None:
    """Unit j is a layer of one unit that reads [x, h], with the j-th row of every matrix as its vector."""
    whole, p = impl.run(net).state, net.parameters
    reading = np.concatenate([net.inputs, net.state["h"][np.newaxis]], axis=2)
    layer = Layer("lstm", reading.shape[2], 1)
    for j in range(net.layer.hidden):
        rows = {f"W_{k}": np.hstack([p[f"W_{k}"], p[f"U_{k}"]])[j : j + 1] for k in layer.gates}
        rows |= {f"U_{k}": np.zeros((1, 1)) for k in layer.gates}
        rows |= {f"b_{k}": p[f"b_{k}"][j : j + 1] for k in layer.gates}
        state = {name: value[:, j : j + 1] for name, value in net.state.items()}
        alone = impl.run(Network(layer, rows, reading, state)).state
        for name in ("h", "c"):
            hold.equal(whole[name][:, j], alone[name][:, 0], f"{name} of unit {j}")


@row_by_row.law(needs=["run"])
def units_have_no_order(impl: Subject, hold: Hold, net: Sequence, by: Rotation) -> None:
    """Renumbering the units, rows and columns and state alike, renumbers what comes out."""
    order = np.roll(np.arange(net.layer.hidden), by)
    renumbered = replace(
        net,
        parameters={
            name: value[order][:, order] if name.startswith("U") else value[order]
            for name, value in net.parameters.items()
        },
        state={name: value[:, order] for name, value in net.state.items()},
    )
    once, again = impl.run(net), impl.run(renumbered)
    hold.equal(again.outputs, once.outputs[..., order], "outputs, renumbered")
    hold.equal(again.state["c"], once.state["c"][..., order], "the final cell, renumbered")


@row_by_row.proof
def rows_traced(prove: Prove) -> None:
    """Three units, two inputs: entry j of every gate is its function of row j; one unit has one row."""
    for n in (1, 3):
        net = prove.network(Layer("lstm", 2, n), 1)
        p, x, h = net.parameters, net.inputs[0, 0], net.state["h"][0]
        now = prove.reference.gates(net)[0]
        for k in cast(Layer, net.layer).gates:
            prove.identical(p[f"W_{k}"].shape + p[f"U_{k}"].shape, (n, 2, n, n))
            kind = "tanh" if k == "g" else "sigmoid"
            for j in range(n):
                dot = sum(p[f"W_{k}"][j] * x) + sum(p[f"U_{k}"][j] * h) + p[f"b_{k}"][j]
                prove.identical(now[k][0, j], prove.activation(kind, dot))
