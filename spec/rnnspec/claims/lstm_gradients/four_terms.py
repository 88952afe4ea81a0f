"""The four terms of the cell's one-step derivative, one by one, and how large they can be."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import numpy as np

from rnnspec.claim import ENCLOSED, HOLDS, claim
from rnnspec.claims.lstm_gradients.at_rest import total_at_rest
from rnnspec.claims.lstm_gradients.passing import (
    CLOSED,
    KAPPA,
    gates,
    on_the_cell,
    one_unit,
    steps_of,
    through_the_output,
    unit,
)
from rnnspec.evidence import INF, Enclose, Layer, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Network
from rnnspec.sources import D2
from rnnspec.strategies import networks, reals, wholes
from rnnspec.subject import Subject

LstmOfOneStep = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2))]
TinyLstm = Annotated[Network, networks("lstm", steps=(2, 2), hidden=(1, 1), inputs=(1, 1))]
Gate = Annotated[int, wholes(0, 2)]
Weight = Annotated[float, reals(0, 8)]
Negative = Annotated[float, reals(-8, -1 / 16)]

four_terms = claim(
    "LGR-01",
    title="The cell's one-step derivative has four terms, none of them through the output gate",
    says="""
        The chain rule gives the derivative from one cell to the next as four terms: through
        the forget gate, through the input gate, through the candidate, and the direct path.
    """,
    statement="""
        With o_{t-1} held, ∂c_t/∂c_{t-1} is the sum of the four terms below. For one unit its
        size is at most 1 + (κ/4)|U_f| + ¼|U_i| + |U_g|, with κ = max x sech² x = 0.447743204694.
    """,
    equation="""
        ∂c_t/∂c_{t-1} = [diag(c_{t-1} f') U_f + diag(g i') U_i + diag(i g') U_g]
                        · diag(o_{t-1} sech² c_{t-1}) + diag(f)
        f' = f(1−f),  i' = i(1−i),  g' = 1−g²
        n = 1:  |∂c_t/∂c_{t-1}| < 1 + (κ/4)|U_f| + ¼|U_i| + |U_g|
        n = 1, U_f = U_i = 0:  sup |∂c_t/∂c_{t-1}| = 1 + U_g  for U_g ≥ 0,  max(1, |U_g|)  for U_g < 0
    """,
    verdict=HOLDS,
    because="""
        c_t = f c_{t-1} + i g, and each of f, i and g reads h_{t-1} = o_{t-1} tanh(c_{t-1}).
        The product rule gives the direct term and one term for each gate; o_t comes after
        c_t, so U_o does not occur. What is held is o_{t-1}, that is h_{t-2}: LGR-02 shows what
        becomes of that over two steps.

        The bound takes each factor at its largest. Where the other weights are 0, 1 + U_g is
        approached for U_g ≥ 0, and 1 + ¼|U_i|, but not their sum: the one wants i near 1,
        the other i = 1/2. A negative U_g is of another sign than f, and the derivative
        f + i g' U_g o sech² c lies between −|U_g| and 1: the supremum of its size is max(1, |U_g|),
        which is less than the bound. With U_i the candidate's sign may be that of U_i. The term in
        U_f is largest at f = 1/2, where f itself is not 1, so its share is never reached.
    """,
    sources=[D2("the full gradient")],
    rests_on=ENCLOSED,  # the constant κ
    floats="""
        Sums of a few products, which may differ by rounding. That U_o does not occur is held
        to the last bit: what it is multiplied by is an exact 0.
    """,
    see=["LGR-02", "LGR-03"],
)


@four_terms.law(needs=["run_vjp"])
def each_term_by_itself(impl: Subject, hold: Hold, net: LstmOfOneStep, k: Gate) -> None:
    """Where only one gate reads h, diag(f) and that gate's own term are left, row by row.

    The identity holds for any o_{t-1}, here 1/2.
    """
    gate, o_before = "fig"[k], 0.5
    net = net.with_parameters(**{f"U_{other}": 0 for other in "fig" if other != gate})
    now, c_before = gates(hold, net), net.state["c"]
    slopes = {
        "f": c_before * now["f"] * (1 - now["f"]),
        "i": now["g"] * now["i"] * (1 - now["i"]),
        "g": now["i"] * (1 - now["g"] ** 2),
    }
    shown = o_before * hold.reference.slope("tanh", c_before)
    for j in range(net.layer.hidden):
        v = unit(net, j)
        term = ((v * slopes[gate]) @ net.parameters[f"U_{gate}"]) * shown
        whole = through_the_output(impl, hold, net, o_before, v)
        hold.equal(whole, v * now["f"] + term, f"row {j} of ∂c_t/∂c_{{t-1}}, where {gate} alone reads h")


@four_terms.law(needs=["run_vjp"])
def output_gate_does_not_occur(impl: Subject, hold: Hold, net: LstmOfOneStep) -> None:
    """The cell's gradient over one step is the same, to the last bit, with another U_o."""
    other = net.with_parameters(U_o=0)
    back, same = (impl.vjp(each, on_the_cell(each, 1.0)).state for each in (net, other))
    hold.exactly(back["h"], same["h"], "∂c_t/∂h_{t-1} without U_o")
    hold.exactly(back["c"], same["c"], "∂c_t/∂c_{t-1} without U_o")


@four_terms.law(needs=["run", "run_vjp"])
def bounded_by_the_weights(impl: Subject, hold: Hold, net: TinyLstm) -> None:
    """For one unit the derivative is less than 1 + (κ/4)|U_f| + ¼|U_i| + |U_g|."""
    first, second = steps_of(impl, net)
    whole = through_the_output(impl, hold, second, gates(hold, first)["o"], 1.0)
    size = {gate: Fraction(float(abs(net.parameters[f"U_{gate}"][0, 0]))) for gate in "fig"}
    bound = 1 + KAPPA / 4 * size["f"] + size["i"] / 4 + size["g"]
    hold.strictly_less(abs(whole), bound, "|∂c_t/∂c_{t-1}|")


@four_terms.law(needs=["run_vjp"])
def bound_is_approached_through_the_candidate(impl: Subject, hold: Hold, U_g: Weight) -> None:
    """At rest with all gates open the derivative is within 2^-20 of 1 + |U_g|, for U_g ≥ 0."""
    net = one_unit(steps=1, b_f=64.0, b_i=64.0, b_o=64.0, U_g=U_g)
    bound = (1 + Fraction(U_g)) * (1 - Fraction(1, 2**20))
    hold.strictly_less(bound, total_at_rest(impl, hold, net, 1.0), "∂c_t/∂c_{t-1}")


@four_terms.law(needs=["run_vjp"])
def negative_candidate_is_subtracted(impl: Subject, hold: Hold, U_g: Negative) -> None:
    """At rest, U_g < 0: with f open and i closed within 2^-20 of 1, with f closed and i open of U_g."""
    open_f = one_unit(steps=1, b_f=64.0, b_i=CLOSED, b_o=64.0, U_g=U_g)
    open_i = one_unit(steps=1, b_f=CLOSED, b_i=64.0, b_o=64.0, U_g=U_g)
    little = 1 - Fraction(1, 2**20)
    hold.strictly_less(little, total_at_rest(impl, hold, open_f, 1.0), "∂c_t/∂c_{t-1} near 1")
    hold.strictly_less(total_at_rest(impl, hold, open_i, 1.0), little * Fraction(U_g), "near U_g")


@four_terms.law(needs=["run_vjp"])
def bound_is_approached_through_the_input_gate(impl: Subject, hold: Hold, U_i: Weight) -> None:
    """With a saturated candidate and i = 1/2 it is within 2^-20 of 1 + ¼|U_i|."""
    net = one_unit(steps=1, b_f=64.0, b_g=64.0, b_o=64.0, U_i=U_i)
    bound = (1 + Fraction(U_i) / 4) * (1 - Fraction(1, 2**20))
    hold.strictly_less(bound, total_at_rest(impl, hold, net, 1.0), "∂c_t/∂c_{t-1}")


@four_terms.proof
def traced_with_two_units(prove: Prove) -> None:
    """The reference's own derivative, h_{t-1} = o_{t-1} tanh(c_{t-1}) moving along; two units stand for n."""
    c, o = prove.symbols("c1 c2"), prove.symbols("o1 o2", above=0, below=1)
    net = prove.network(Layer("lstm", 1, 2), 1, c=c, h=o * prove.activation("tanh", c))
    now, U = prove.reference.gates(net)[0], net.parameters
    f, i, g = (now[name][0] for name in "fig")
    reads = np.diag(c * f * (1 - f)) @ U["U_f"]
    reads = reads + np.diag(g * i * (1 - i)) @ U["U_i"] + np.diag(i * (1 - g**2)) @ U["U_g"]
    printed = reads @ np.diag(o * prove.slope("tanh", c)) + np.diag(f)
    prove.identical(prove.derivative(prove.reference.run(net).state["c"][0], c), printed)


@four_terms.proof
def each_factor_at_its_largest(prove: Prove) -> None:
    """g i' < 1/4 and i g' < 1 and f' ≤ 1/4; the shares of two gates are never reached together."""
    f, i, o = prove.symbols("f i o", above=0, below=1)
    (g,) = prove.symbols("g", above=-1, below=1)
    a, b, k = prove.symbols("a b k", above=0)
    prove.valid(abs(g * i * (1 - i) * o) < prove.number(1, 4))
    prove.valid(i * (1 - g**2) * o < 1)
    prove.valid(f * (1 - f) <= prove.number(1, 4))
    prove.valid(f + f * (1 - f) * k < 1 + k / 4)  # k = κ |U_f|
    prove.valid(i * (1 - g**2) * a + g * i * (1 - i) * b < a + b / 4)
    (read,) = prove.symbols("read", above=0, below=1)  # i g' o sech² c, times a = |U_g| where U_g < 0
    prove.valid(prove.all_of(f - read * a < 1, f - read * a > -a))


@four_terms.enclosure
def the_constant(enclose: Enclose) -> None:
    """κ = max x sech² x, taken where x tanh x = 1/2."""
    enclose.maximum(
        lambda f, x: x * f.slope("tanh", x), is_="0.447743204694", at="0.771702319209", x=(0, INF)
    )
    enclose.zeros(lambda f, x: x * f.tanh(x) - Fraction(1, 2), at=["0.771702319209"], x=(0, INF))
