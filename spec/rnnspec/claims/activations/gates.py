"""What makes a function fit to be a gate, and what the candidate's may be."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import CONDITIONAL, EMPIRICAL, claim
from rnnspec.evidence import Lab, Outcome, Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Activation, Layer, Network
from rnnspec.sources import D0
from rnnspec.strategies import arrays, networks, reals, wholes
from rnnspec.subject import Array, Numbers, Subject

Lstm = Annotated[Network, networks("lstm", steps=(1, 4), hidden=(1, 3), inputs=(1, 2))]
OneStep = Annotated[Network, networks("lstm", steps=(1, 1), hidden=(1, 3), inputs=(1, 2))]
TanhGates = Annotated[
    Network, networks("lstm", steps=(1, 4), hidden=(1, 3), inputs=(1, 2), gate_activation="tanh")
]
ReluCandidate = Annotated[Network, networks("lstm", steps=(1, 4), inputs=(1, 2), activation="relu")]
WideCandidate = Annotated[Network, networks("lstm", steps=(1, 4), inputs=(1, 2), activation="g_1997")]

Preactivation = Annotated[float, reals(-4, 4, 1 / 16)]
UpToOne = Annotated[float, reals(-4, 1, 1 / 16)]
BeyondOne = Annotated[float, reals(17 / 16, 4, 1 / 16)]
Below = Annotated[float, reals(-4, -1 / 16, 1 / 16)]
Cell = Annotated[float, reals(1 / 16, 8, 1 / 16)]
Steps = Annotated[int, wholes(1, 4)]
Written = Annotated[float, reals(1 / 2, 128, 1 / 2)]


def gated(gate: Activation, z: float, c: float, steps: int = 1) -> Network:
    """An LSTM that does nothing but multiply its cell c by the gate's value at z in every step."""
    layer = Layer("lstm", 1, 1, gate_activation=gate)
    parameters = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    return Network(
        layer,
        {**parameters, "b_f": np.array([z])},
        np.zeros((steps, 1, 1)),
        {"h": np.zeros((1, 1)), "c": np.array([[c]])},
    )


def kept(impl: Subject, gate: Activation, z: float, c: float, steps: int = 1) -> Numbers:
    """What is left of the cell c after some steps behind a gate that is always the same, (1, 1)."""
    return impl.run(gated(gate, z, c, steps)).state["c"]


def retained_and_written(hold: Hold, net: Network) -> Any:
    """|c_0| + Σ |i_t g_t|, with the reference's gates."""
    written = sum(abs(now["i"] * now["g"]) for now in hold.reference.gates(net))
    return abs(net.state["c"]) + written


# ------------------------------------------------------------------------------------------
EXCEEDS_ONE = "the gate's pre-activation exceeds 1"

relu_gate = claim(
    "ACT-12",
    title="A ReLU gate amplifies once its pre-activation exceeds 1; up to there it gates, and shuts exactly",
    says="With an activation that does not saturate, such as ReLU, gating would be hard to achieve.",
    statement="Behind a gate of ReLU no share of a cell c ≠ 0 is kept, but it grows: |relu(z) c| > |c|.",
    equation="""
        |c_t| = relu(z)^t |c_0|
        |c_t| ≤ |c_{t-1}| + sup|i g|  for all cells  ⇔  sup|gate| ≤ 1
    """,
    verdict=CONDITIONAL,
    because="""
        A gate says how much is kept, so it must not exceed 1 in size: then the cell grows by no
        more than is written to it, and if it ever does, a large cell grows by itself. ReLU has no
        upper bound, and z = 2 doubles the cell in every step. What fails is the missing bound and
        not the missing saturation as such: a gate that is bounded by 2 amplifies as well; while
        up to z = 1 ReLU keeps a share of the cell like any gate, and for z ≤ 0 it shuts
        completely, which a sigmoid never does. (A ReLU that is cut off at 1 gates everywhere;
        but then it saturates.)
    """,
    conditions=[EXCEEDS_ONE],
    sources=[D0("questions, 2")],
    floats="One product a step.",
    see=["ACT-09", "ACT-27", "LST-06", "GRU-06"],
)


@relu_gate.as_stated(needs=["run"])
def amplified_by_relu(impl: Subject, hold: Hold, z: Preactivation, c: Cell) -> None:
    """Behind a gate of ReLU the cell grows."""
    hold.strictly_less(c, kept(impl, "relu", z, c), "|c_0| < |c_1|")


@relu_gate.necessity(of=amplified_by_relu, condition=EXCEEDS_ONE)
def half_kept() -> Mapping[str, Any]:
    """z = 1/2 keeps half of the cell."""
    return {"z": 0.5, "c": 1.0}


@relu_gate.necessity(of=amplified_by_relu, condition=EXCEEDS_ONE)
def shut() -> Mapping[str, Any]:
    """z = −1 shuts the gate: nothing is left."""
    return {"z": -1.0, "c": 1.0}


@relu_gate.law(needs=["run"])
def grows_geometrically_beyond_one(impl: Subject, hold: Hold, z: BeyondOne, c: Cell, steps: Steps) -> None:
    """With z > 1 the cell is multiplied by z in every step."""
    last = kept(impl, "relu", z, c, steps)
    hold.strictly_less(c, last, "|c_0| < |c_T|")
    hold.equal(last, Fraction(z) ** steps * Fraction(c), "c_T = z^T c_0")


@relu_gate.law(needs=["run"])
def a_gate_up_to_one(impl: Subject, hold: Hold, z: UpToOne, c: Cell) -> None:
    """With z ≤ 1 a share of the cell is kept, and for z ≤ 0 exactly nothing."""
    left = kept(impl, "relu", z, c)
    hold.at_most(left, c, "c_1 ≤ c_0")
    hold.at_most(0, left, "0 ≤ c_1")
    hold.exactly(left if z <= 0 else 0, 0, "c_1 for z ≤ 0")


@relu_gate.law(needs=["run"])
def grows_by_what_is_written(impl: Subject, hold: Hold, net: Lstm) -> None:
    """Behind gates of at most 1 the cell is no larger than it was, plus all that was written to it."""
    hold.at_most(abs(impl.run(net).state["c"]), retained_and_written(hold, net), "|c_T| ≤ |c_0| + Σ|i g|")


@relu_gate.proof
def grows_exactly_beyond_one(prove: Prove) -> None:
    """A traced step of ReLU gates that writes nothing: for z > 1 it is z c, for z ≤ 1 a share of c.

    For z > 1, T steps are z^T c, by induction.
    """
    (c,), layer = prove.symbols("c"), Layer("lstm", 1, 1, gate_activation="relu")

    def after(z: Any) -> Any:
        net = prove.network(layer, 1, rest=0, b_f=z, c=c)
        return prove.reference.run(net).state["c"][0, 0]

    (large,), (other,) = prove.symbols("z", above=1), prove.symbols("z", at_most=1)
    prove.identical(after(large), large * c)
    prove.valid(prove.implies(prove.not_(c == 0), abs(after(large)) > abs(c)))
    prove.valid(abs(after(other)) <= abs(c))
    prove.closed_form(lambda t: large**t * c, first=after(large), then=lambda t, cell: large * cell)


@relu_gate.proof
def bounded_by_one_and_no_less(prove: Prove) -> None:
    """If |gate| ≤ 1 the bound holds for all cells; if |gate| > 1 there is a cell for which it does not."""
    gate, c, u = prove.symbols("gate c u")
    prove.valid(prove.implies(abs(gate) <= 1, abs(gate * c + u) <= abs(c) + abs(u)))
    (factor,), (bound,) = prove.symbols("factor", above=1), prove.symbols("bound", above=0)
    large = 3 * bound / (factor - 1)
    for sign in (1, -1):
        for written in (bound, -bound, 0 * bound):
            prove.valid(abs(sign * factor * large + written) > large + bound)


# ------------------------------------------------------------------------------------------
LARGER_THAN_ONE = "the values outside of [0, 1] are larger than 1 in size"

gate_range = claim(
    "ACT-27",
    title="A gate keeps the cell within bounds if and only if its size is at most 1",
    says="The activation of a gate must have values from 0 to 1; the most usual one is the sigmoid.",
    statement="A gate with a value outside of [0, 1] makes some cell grow by more than is written to it.",
    equation="""
        |c_t| ≤ |c_{t-1}| + |i_t g_t|  for all cells  ⇔  |f_t| ≤ 1
        min(0, c_{t-1}) ≤ c_t − i_t g_t ≤ max(0, c_{t-1})  if 0 ≤ f_t ≤ 1
    """,
    verdict=CONDITIONAL,
    because="""
        |f c + i g| ≤ |f| |c| + |i g|, and |f| ≤ 1 is all that is needed for the bound. So tanh,
        with values from −1 to 1, keeps the cell within the same bounds as the sigmoid. What it does
        in addition, turning the cell's sign, is excluded by [0, 1] alone: behind
        a gate in [0, 1] the cell moves towards 0, and never across it, until something is written. The
        'must' is a choice of design: there are LSTMs with exponential gates, which divide what
        they read from the cell by a sum of these gates.
    """,
    conditions=[LARGER_THAN_ONE],
    sources=[D0("questions, 2")],
    floats="A product, a product and a sum a step.",
    see=["ACT-09", "ACT-12", "LST-09"],
)


@gate_range.as_stated(needs=["run"])
def outside_of_zero_to_one_it_grows(impl: Subject, hold: Hold, z: Below, c: Cell) -> None:
    """A gate of tanh, where it is below 0 and so outside of [0, 1], makes the cell larger."""
    hold.strictly_less(c, abs(kept(impl, "tanh", z, c)), "|c_0| < |c_1|")


@gate_range.necessity(of=outside_of_zero_to_one_it_grows, condition=LARGER_THAN_ONE)
def negative_half() -> Mapping[str, Any]:
    """z = −1/2: the cell is multiplied by −0.46."""
    return {"z": -0.5, "c": 1.0}


@gate_range.law(needs=["run"])
def larger_than_one_it_grows(impl: Subject, hold: Hold, z: BeyondOne, c: Cell) -> None:
    """A gate of z or of −z, with z > 1, makes the cell larger."""
    for side in (z, -z):
        left = kept(impl, "identity", side, c)
        hold.strictly_less(c, abs(left), "|c_0| < |c_1|")
        hold.equal(left, Fraction(side) * Fraction(c), "c_1 = z c_0")


@gate_range.law(needs=["run"])
def tanh_gates_keep_the_bound(impl: Subject, hold: Hold, net: TanhGates) -> None:
    """An LSTM with gates of tanh keeps the bound of one with gates of the sigmoid."""
    hold.at_most(abs(impl.run(net).state["c"]), retained_and_written(hold, net), "|c_T| ≤ |c_0| + Σ|i g|")


@gate_range.law(needs=["run"])
def within_the_hull(impl: Subject, hold: Hold, net: OneStep) -> None:
    """With gates in [0, 1] a cell moves towards 0 and not across it, but for what is written to it."""
    before, (now,) = net.state["c"], hold.reference.gates(net)
    after, written = impl.run(net).state["c"], now["i"] * now["g"]
    hold.at_most(np.minimum(before, 0), after - written, "min(0, c_0) ≤ c_1 − i g")
    hold.at_most(after - written, np.maximum(before, 0), "c_1 − i g ≤ max(0, c_0)")


@gate_range.proof
def size_and_hull(prove: Prove) -> None:
    """|f| ≤ 1 bounds the cell, f in [0, 1] keeps it in the hull, |f| > 1 does neither; and a traced step."""
    f, c, u = prove.symbols("f c u")
    prove.valid(prove.implies(abs(f) <= 1, abs(f * c + u) <= abs(c) + abs(u)))
    low, high = prove.minimum(0, c), prove.maximum(0, c)
    prove.valid(prove.implies(prove.all_of(f >= 0, f <= 1), prove.all_of(low <= f * c, f * c <= high)))
    prove.valid(prove.implies(prove.all_of(abs(f) > 1, prove.not_(c == 0)), abs(f * c) > abs(c)))
    for kind in ("sigmoid", "tanh"):
        net = prove.network(Layer("lstm", 1, 1, gate_activation=kind), 1)
        now, (after,) = prove.reference.gates(net)[0], prove.reference.run(net).state["c"][0]
        (before,), written = net.state["c"][0], now["i"][0, 0] * now["g"][0, 0]
        prove.valid(abs(after) <= abs(before) + abs(written))


# ------------------------------------------------------------------------------------------
BOUNDED = "the candidate's activation is bounded by 1 (by G, if |c_0| + G T is to be the bound)"

candidate = claim(
    "ACT-28",
    title="Any bounded activation of the candidate bounds the cell; an unbounded one does not",
    says="The activation of what is written, of the values, has no special requirement to meet.",
    statement="Whatever the candidate's activation, |c_T| ≤ |c_0| + T.",
    equation="""
        |c_T| ≤ |c_0| + T sup|g|
        c_1 = i_1 M   for the pre-activation M of a candidate that is the identity or ReLU, from c_0 = 0
    """,
    verdict=CONDITIONAL,
    because="""
        Gates of at most 1 add at most |g| a step. For tanh that is 1, for the squashing function of
        1997 it is 2. The identity and ReLU have no largest value, and a single large input
        writes a large cell. As a remark on design the sentence stands: no
        law of the LSTM demands tanh there. (Whether ReLU would do is asked by the same document
        later, and answered with a question mark.)
    """,
    conditions=[BOUNDED],
    sources=[D0("questions, 2")],
    floats="T products, products and sums.",
    see=["ACT-10", "ACT-27", "LST-06", "REM-05"],
)


@candidate.as_stated(needs=["run"])
def bounded_whatever_is_written(impl: Subject, hold: Hold, net: ReluCandidate) -> None:
    """With a candidate of ReLU, the cell grows by at most 1 a step."""
    hold.at_most(abs(impl.run(net).state["c"]), abs(net.state["c"]) + net.steps, "|c_T| ≤ |c_0| + T")


def _written_at_once(activation: Activation, M: float = 8.0) -> Network:
    layer = Layer("lstm", 1, 1, activation=activation)
    parameters = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    state = {name: np.zeros((1, 1)) for name in layer.states}
    return Network(layer, {**parameters, "b_g": np.array([M])}, np.zeros((1, 1, 1)), state)


@candidate.necessity(of=bounded_whatever_is_written, condition=BOUNDED)
def eight_through_relu() -> Mapping[str, Any]:
    """One step with the pre-activation 8 and the input gate at 1/2: c_1 = 4."""
    return {"net": _written_at_once("relu")}


@candidate.necessity(of=bounded_whatever_is_written, condition=BOUNDED)
def eight_through_the_identity() -> Mapping[str, Any]:
    """The same without any activation: c_1 = 4."""
    return {"net": _written_at_once("identity")}


@candidate.law(needs=["run"])
def at_most_one_a_step(impl: Subject, hold: Hold, net: Lstm) -> None:
    """With tanh, |c_T| ≤ |c_0| + T."""
    hold.at_most(abs(impl.run(net).state["c"]), abs(net.state["c"]) + net.steps, "|c_T| ≤ |c_0| + T")


@candidate.law(needs=["run"])
def at_most_two_a_step(impl: Subject, hold: Hold, net: WideCandidate) -> None:
    """With the squashing function of 1997, |c_T| ≤ |c_0| + 2T."""
    hold.at_most(abs(impl.run(net).state["c"]), abs(net.state["c"]) + 2 * net.steps, "|c_T| ≤ |c_0| + 2T")


@candidate.law(needs=["run"])
def an_unbounded_one_is_written_as_it_is(impl: Subject, hold: Hold, M: Written) -> None:
    """With the identity or ReLU a half-open input gate writes half of the pre-activation, however large."""
    for activation in ("relu", "identity"):
        (c,) = impl.run(_written_at_once(activation, M)).state["c"][0]
        hold.equal(c, Fraction(M) / 2, f"c_1 = M/2 with {activation}")


@candidate.proof
def as_much_as_it_reads(prove: Prove) -> None:
    """c_1 = i_1 M of the reference's step, for every M > 0 and every input gate."""
    (large,), (b,) = prove.symbols("M", above=0), prove.symbols("b")
    for activation in ("relu", "identity"):
        layer = Layer("lstm", 1, 1, activation=activation)
        net = prove.network(layer, 1, rest=0, b_g=prove.matrix([large]), b_i=prove.matrix([b]))
        ((after,),) = prove.reference.run(net).state["c"]
        prove.identical(after, prove.activation("sigmoid", b) * large)


@candidate.proof
def one_step_with_any_bound(prove: Prove) -> None:
    """A step with gates in (0, 1) and |g| ≤ G adds at most G; that of the reference with tanh at most 1.

    Over T steps it follows by induction: the bound on c_t is the one on c_{t-1} and G more.
    """
    f, i = prove.symbols("f i", above=0, below=1)
    c, g, G, bound = prove.symbols("c g G bound")
    prove.valid(abs(f * c + i * g) <= bound + G, given=[abs(c) <= bound, abs(g) <= G])
    net = prove.network(Layer("lstm", 1, 1), 1)
    (before,), (after,) = net.state["c"][0], prove.reference.run(net).state["c"][0]
    prove.valid(abs(after) <= abs(before) + 1)


# ------------------------------------------------------------------------------------------
ubiquitous = claim(
    "ACT-29",
    title="How usual sigmoid gates are is for a survey to say; a softmax over two things is a sigmoid",
    says="Almost all modern modules use the sigmoid for their gates, GRU and attention among them.",
    statement="Of the gates in use in neural networks, almost all are sigmoids.",
    equation="softmax(a, b)₁ = e^a/(e^a + e^b) = σ(a − b)",
    verdict=EMPIRICAL,
    because="""
        What is in use can be counted in a survey and not computed. The usual attention weighs
        with a softmax, and not with a sigmoid; but between two things the softmax is the
        sigmoid of their difference, exactly.
    """,
    finding="recorded",
    sources=[D0("questions, 2")],
    floats="Both sides are rounded in their own way, and get the tolerance of both.",
    see=["ACT-01"],
)

Pairs = Annotated[Array, arrays((1, 4), 2, low=-8, high=8, unit=1 / 8)]


@ubiquitous.experiment
def a_survey(lab: Lab) -> Outcome:
    """Nothing is measured: what people build is not in the mathematics."""
    return Outcome.recorded(
        "a statement about what is in use, which a survey of programs would have to count"
    )


@ubiquitous.law(needs=["softmax", "activation"])
def softmax_of_two(impl: Subject, hold: Hold, pairs: Pairs) -> None:
    """Of two things, the softmax gives the first the sigmoid of their difference."""
    difference = pairs[:, 0] - pairs[:, 1]
    weights = impl.softmax(pairs)
    hold.equal(weights[:, 0], impl.activation("sigmoid", difference), "softmax(a, b)₁ = σ(a − b)")
    hold.equal(weights[:, 1], impl.activation("sigmoid", -difference), "softmax(a, b)₂ = σ(b − a)")


@ubiquitous.proof
def quotient_of_two_exponentials(prove: Prove) -> None:
    """The softmax of a and b is e^a/(e^a + e^b), which is σ(a − b); and σ(b − a) for the other."""
    a, b = prove.symbols("a b")
    weights = prove.reference.softmax(prove.matrix([[a, b]]))[0]
    prove.identical(weights[0], prove.exp(a) / (prove.exp(a) + prove.exp(b)))
    prove.identical(weights[0], prove.activation("sigmoid", a - b))
    prove.identical(weights[1], prove.activation("sigmoid", b - a))
