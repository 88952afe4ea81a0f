"""Training layer by layer before training everything: what it does, and what it does not find."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import numpy as np

from rnnspec.claim import EMPIRICAL, HOLDS, SAMPLED, About, claim
from rnnspec.evidence import Autoencoder, Descent, Lab, Outcome, Plan, Prove, Start
from rnnspec.hold import Hold
from rnnspec.protocol import Chain, Dense
from rnnspec.sources import D0
from rnnspec.strategies import Feedforward, chains, reals, wholes
from rnnspec.subject import Array, Numbers, Subject
from rnnspec.tasks import Examples, Task

Encoders = Annotated[
    Feedforward, chains(depth=(1, 3), activations=("sigmoid", "tanh", "relu", "identity"), batch=(1, 2))
]
Stacked = Annotated[
    Feedforward, chains(depth=(2, 3), activations=("sigmoid", "tanh", "relu", "identity"), batch=(1, 2))
]
Reach = Annotated[int, wholes(1, 15)]
Answer = Annotated[float, reals(-4, 4, where=lambda v: v != 0)]

# ------------------------------------------------------------------------------------------
layer_by_layer = claim(
    "REM-01",
    title="Greedy pre-training trains one layer at a time on what the layer below puts out",
    says="""
        Without labels, one hidden layer is trained at a time: it reads what the layer below puts
        out, and its own output is read by the next. Then the whole network is fine-tuned.
    """,
    statement="""
        With h⁰ = x, stage l moves the parameters θ_l of layer l (and of a decoder that is left
        behind) down the gradient of its own loss on h^{l-1}, while everything below is held; then
        h^l = f(h^{l-1}; θ_l). The layers, one after the other, are the network that is fine-tuned,
        in which all of them move down the gradient of one loss.
    """,
    equation="""
        θ_l ← θ_l − η ∂E_l/∂θ_l,   E_l = ½ ‖decoder(f(h^{l-1}; θ_l)) − h^{l-1}‖²
        h^l = f(h^{l-1}; θ_l),   h⁰ = x
        then θ_l ← θ_l − η ∂E/∂θ_l for all l at once,   E of h^L
    """,
    verdict=HOLDS,
    because="""
        This is a procedure, and it does what it says. A stage depends on those below through
        their codes h^{l-1} alone, and on those above not at all, so that the stages can be
        run one after the other and none has to be run again. That the layers below are held takes
        nothing from the gradient of those above, which knows of them only the codes; fine-tuning
        carries the gradient on, through the codes, to what was held.
    """,
    sources=[D0("1.3, solution 1")],
    rests_on=SAMPLED,
    floats="""
        The layers in one pass compute what they compute one at a time, each on the rounded codes
        of the one below, up to rounding; and so do their gradients.
    """,
    see=["REM-02"],
)


@layer_by_layer.law(needs=["chain"])
def each_layer_reads_the_codes_below(impl: Subject, hold: Hold, net: Encoders) -> None:
    """The stacked layers compute what they compute one at a time, on h^{l-1}."""
    h: Any = net.x
    for place, link in enumerate(net.chain.links, start=1):
        own = {f"{name}_1": net.parameters[f"{name}_{place}"] for name in ("W", "b")}
        h = impl.chain(Chain((link,)), own, h)
    hold.equal(impl.chain(net.chain, net.parameters, net.x), h, "h^L")


@layer_by_layer.law(needs=["chain"], about=About.IMPLEMENTATION)
def every_code(impl: Subject, hold: Hold, net: Encoders) -> None:
    """h^l = φ(W_l h^{l-1} + b_l), layer by layer."""
    h: Any = net.x
    for place, link in enumerate(net.chain.links, start=1):
        own = {f"{name}_1": net.parameters[f"{name}_{place}"] for name in ("W", "b")}
        hold.agrees(partial(_coded, Chain((link,)), own, h), impl, f"h^{place}")
        h = impl.chain(Chain((link,)), own, h)


@layer_by_layer.law(needs=["chain", "chain_vjp"])
def held_below_or_tuned_together(impl: Subject, hold: Hold, net: Stacked) -> None:
    """The last layer has the same gradient on the codes alone, the layers below held, as in the whole.

    And in the whole, where all are tuned, the layers below have the one that it passes to the codes.
    """
    top, dy = net.depth, np.ones((net.batch, net.chain.outputs))
    held, trained = Chain(net.chain.links[:-1]), Chain(net.chain.links[-1:])
    below = {name: net.parameters[name] for name in held.parameter_shapes}
    own = {f"{name}_1": net.parameters[f"{name}_{top}"] for name in ("W", "b")}
    together = impl.chain_vjp(net.chain, net.parameters, net.x, dy).parameters
    stage = impl.chain_vjp(trained, own, impl.chain(held, below, net.x), dy)
    for name in ("W", "b"):
        hold.equal(together[f"{name}_{top}"], stage.parameters[f"{name}_1"], f"d{name}_{top}, held below")
    for name, gradient in impl.chain_vjp(held, below, net.x, stage.inputs).parameters.items():
        hold.equal(together[name], gradient, f"d{name}, through the codes")


def _coded(layer: Chain, own: Mapping[str, Array], h: Any, subject: Subject) -> Numbers:
    return subject.chain(layer, own, h)


@layer_by_layer.proof
def two_stages(prove: Prove) -> None:
    """Two stages of one step, one unit each, with all numbers free.

    Each moves down the gradient of its own loss; the first is the same with and without the
    second; the second sees the codes that the first has been trained to make.
    """
    stage = Autoencoder(Dense(1, 1, "tanh"), Dense(1, 1))
    begun = [
        {
            name: prove.symbols(f"{name}{k}").reshape(shape)
            for name, shape in stage.chain.parameter_shapes.items()
        }
        for k in (1, 2)
    ]
    x, once = prove.symbols("x1").reshape(1, 1), Descent(0.5, 1)
    both = prove.reference.pretrain((stage, stage), begun, x, once)
    alone = prove.reference.pretrain((stage,), begun[:1], x, once)
    for name, value in alone.stages[0].parameters.items():
        prove.identical(both.stages[0].parameters[name], value)
    for place, (own, done, h) in enumerate(zip(begun, both.stages, [x, both.codes[0]], strict=True)):
        (target,) = prove.symbols(f"h{place}")
        given_back = prove.reference.chain(stage.chain, own, np.full((1, 1), target)).outputs
        E = prove.reference.squared_error(given_back, np.full((1, 1), target), "half")[0]
        for name, value in own.items():
            slope = prove.at(prove.derivative(E, value), {f"h{place}": h[0, 0]})
            prove.identical(done.parameters[name], value - slope / 2)
    prove.identical(prove.reference.chain(both.chain, both.parameters, x).outputs, both.codes[1])


@layer_by_layer.proof
def then_all_of_it(prove: Prove) -> None:
    """Two layers of one unit, all numbers free: a step of fine-tuning moves both down the same loss."""
    net, t = prove.chain(Dense(1, 1, "tanh"), Dense(1, 1, "tanh")), prove.symbols("t").reshape(1, 1)
    y = prove.reference.chain(net.chain, net.parameters, net.inputs).outputs
    E = prove.reference.squared_error(y, t, "half")[0]
    tuned = prove.reference.train(net.chain, net.parameters, net.inputs, t, Descent(0.5, 1)).parameters
    for name, value in net.parameters.items():
        prove.identical(tuned[name], value - prove.derivative(E, value) / 2)


# ------------------------------------------------------------------------------------------
saddle = claim(
    "REM-02",
    title="Pre-training seeks the global optimum, and need not lead there",
    says="""
        The idea amounts to finding local optima first, layer by layer, and putting them together to
        look for the global optimum.
    """,
    statement="Descent that begins at a greedily pre-trained point ends in the global optimum.",
    equation="""
        Var x₁ = 100, Var x₂ = 1, uncorrelated; y = x₂; answer v (u·x):
        greedy u = (1, 0), and at v = 0 the gradient is 0 with E = ½, where the optimum is 0
    """,
    verdict=EMPIRICAL,
    finding="not supported",
    because="""
        The document speaks of seeking, and promises nothing; whether it is found is a matter
        of measurement, and here in 300 steps often it is not. A layer trained without labels keeps
        what varies most, which need not be what the labels depend on. In the example the greedy unit reads
        x₁ alone; with v = 0 its answer does not move and no parameter has a reason to
        move: a saddle. From any other v descent leaves it, but slowly: the first step takes u₂ from 0 to
        ηv, and as long as v u₂ stays between 0 and 1, and ηu₁² Var x₁ within 1, no step takes it back.
        For linear autoencoders greedy is globally optimal if codes are orthonormal, as principal
        components are; with a code of another scale it is not: of a covariance diag(4, 1) read
        as (x₁/10, x₂), the next stage keeps x₂ and loses 4, where 1 would do.
    """,
    sources=[D0("1.3, solution 1")],
    floats="""
        The gradient at the saddle is a sum of a number and its negative: 0 to the last bit. Beside it the
        sums are rounded.
    """,
    see=["REM-01"],
)


@saddle.law(needs=["chain_vjp"])
def stuck_at_the_greedy_point(impl: Subject, hold: Hold, a: Reach, b: Reach) -> None:
    """At u = (1, 0), v = 0 on the batch (±a, ±b) with targets x₂, every gradient is exactly 0."""
    chain = Chain((Dense(2, 1, bias=False), Dense(1, 1, bias=False)))
    x = np.array([[a, b], [a, -b], [-a, b], [-a, -b]], dtype=float)
    greedy = {"W_1": np.array([[1.0, 0.0]]), "W_2": np.zeros((1, 1))}
    back = impl.chain_vjp(chain, greedy, x, -x[:, 1:])  # dE/dy = y − x₂ with y = 0
    for name, gradient in back.parameters.items():
        hold.exactly(gradient, 0, f"d{name}")


@saddle.law(needs=["chain", "chain_vjp", "loss_gradient"])
def free_with_any_other_answer(impl: Subject, hold: Hold, a: Reach, b: Reach, v: Answer) -> None:
    """There with v ≠ 0, the gradients by u are 4a²v² and −4b²v, and that by v is 4a²v: u₂ moves."""
    chain = Chain((Dense(2, 1, bias=False), Dense(1, 1, bias=False)))
    x = np.array([[a, b], [a, -b], [-a, b], [-a, -b]], dtype=float)
    beside = {"W_1": np.array([[1.0, 0.0]]), "W_2": np.array([[v]])}
    y = impl.chain(chain, beside, x)
    back = impl.chain_vjp(chain, beside, x, impl.loss_gradient("half_squares", y, x[:, 1:]))
    hold.equal(back.parameters["W_1"], [[4 * (a * v) ** 2, -4 * b**2 * v]], "du")
    hold.equal(back.parameters["W_2"], [[4 * a**2 * v]], "dv")


@saddle.proof
def what_a_linear_stage_keeps(prove: Prove) -> None:
    """Reading (x₁, x₂) with variances V ≥ 1 by one unit p·x and giving back q (p·x) costs at least 1.

    It costs 1 at p = q = (1, 0), the greedy unit. Then with v = 0 the loss on y = x₂ is ½ with no
    gradient, and at u = (0, 1), v = 1 it is 0.
    """
    p1, p2, q1, q2 = prove.symbols("p1 p2 q1 q2")
    (V,) = prove.symbols("V", at_least=1)

    def cost(p1: Any, p2: Any, q1: Any, q2: Any, V: Any) -> Any:
        return V * (1 - q1 * p1) ** 2 + (q1 * p2) ** 2 + V * (q2 * p1) ** 2 + (1 - q2 * p2) ** 2

    prove.valid(cost(p1, p2, q1, q2, V) >= 1)
    prove.identical(cost(1, 0, 1, 0, V), 1)
    u1, u2, v = prove.symbols("u1 u2 v")
    E = (V * (v * u1) ** 2 + (1 - v * u2) ** 2) / 2
    prove.identical(prove.at(prove.derivative(E, [u1, u2, v]), {"u1": 1, "u2": 0, "v": 0}), [0, 0, 0])
    prove.identical(prove.at(E, {"u1": 1, "u2": 0, "v": 0}), prove.number(1, 2))
    prove.identical(prove.at(E, {"u1": 0, "u2": 1, "v": 1}), 0)


@saddle.proof
def beside_the_saddle(prove: Prove) -> None:
    """From (1, 0) and any v the first step takes u₂ to ηv. With v > 0 it goes up as long as v u₂ ≤ 1.

    So does it go down from v < 0: E is the same at (u₁, −u₂, −v).
    """
    u1, u2, v = u = prove.symbols("u1 u2 v")
    V, eta = prove.symbols("V eta", above=0)

    def loss(u1: Any, u2: Any, v: Any) -> Any:
        return (V * (v * u1) ** 2 + (1 - v * u2) ** 2) / 2

    _, up, answer = u - eta * prove.derivative(loss(u1, u2, v), u)
    prove.identical(prove.at(up, {"u1": 1, "u2": 0}), eta * v)
    near = [u2 >= 0, v >= 0, v * u2 <= 1, eta * V * u1**2 <= 1]
    prove.valid(prove.all_of(up >= u2, answer >= 0), given=near)
    prove.identical(loss(u1, -u2, -v), loss(u1, u2, v))


@saddle.proof
def greedy_is_optimal_for_orthonormal_codes_only(prove: Prove) -> None:
    """3 → 2 → 1 linear, variances V₁ ≥ V₂ ≥ 1: by principal components the cost is V₂ + 1, the optimum.

    For the cost of any q (p·x) is V₁ + V₂ + 1, less at most V₁, plus squares.

    For 2 → 2 → 1 with the first code (x₁/10, x₂) of variances 4 and 1: the code's variances are 1/25 and
    1, so that the second stage keeps x₂; 4 is lost, where keeping x₁ loses 1.
    """
    V1, V2 = prove.symbols("V1 V2", at_least=1)
    p, q = prove.symbols("p1 p2 p3"), prove.symbols("q1 q2 q3")
    variances = (V1, V2, 1)

    # The cost of giving back kept @ x, in the place of x.
    def lost(kept: Any) -> Any:
        missing = np.eye(3).astype(int) - kept
        return sum(variances[j] * missing[i, j] ** 2 for i in range(3) for j in range(3))

    # For the best p of a given q, whose length does not matter: what remains is V₁ + V₂ + 1 − Σ V q².
    with prove.assuming(V1 >= V2):
        prove.valid(V1 * q[0] ** 2 + V2 * q[1] ** 2 + q[2] ** 2 <= V1 * (q**2).sum())
    first, second = np.diag([1, 1, 0]), np.diag([1, 0, 0])
    prove.identical(lost(second @ first), V2 + 1)
    s = (q**2).sum()
    gain = (V1 * (p[0] - q[0] / s) ** 2 + V2 * (p[1] - q[1] / s) ** 2 + (p[2] - q[2] / s) ** 2) * s
    kept = (V1 * q[0] ** 2 + V2 * q[1] ** 2 + q[2] ** 2) / s
    prove.identical(lost(np.outer(q, p)), V1 + V2 + 1 - kept + gain)

    code = np.diag([prove.number(1, 10), 1])
    variance = np.diag([prove.number(4), 1])
    prove.identical(code @ variance @ code.T, np.diag([prove.number(1, 25), 1]))
    rest = [np.diag([1, 0]), np.diag([0, 1])]
    prove.identical([(part @ variance).trace() for part in rest], [4, 1])


def _exclusive_or() -> Task:
    """The product of two signs, which no unit knows of alone."""

    def draw(random: np.random.Generator, batch: int) -> Examples:
        signs = np.where(random.random((1, batch, 2)) < 0.5, -1.0, 1.0)
        return Examples(signs, signs.prod(axis=-1, keepdims=True))

    return Task("product of two signs", 2, 1, "squared", draw, signs=True)


@saddle.experiment
def how_often_the_optimum_is_reached(lab: Lab) -> Outcome:
    """Two tanh units learn the product of two signs, whose optimum is 0, with and without pre-training."""
    chain, reached = Chain((Dense(2, 2, "tanh"), Dense(2, 1))), {}
    for steps in (0, 100):
        plan = Plan(learning_rate=0.5, steps=300, batch=16, examples=16, pretraining=steps)
        trained = lab.train(chain, _exclusive_or(), Start("glorot"), plan)
        reached[steps] = lab.frequency(f"E < 0.01 after {steps} steps of pre-training", trained.known < 0.01)
    found = reached[100]
    verdict = "not supported" if found.below(0.95) else "supported"
    return Outcome(
        verdict,
        list(reached.values()),
        f"{found.value:.0%} of the runs reach the optimum after pre-training, {reached[0].value:.0%} without",
        settled=found.below(0.95) or found.above(0.8),
    )


# ------------------------------------------------------------------------------------------
history = claim(
    "REM-03",
    title="That Hinton pre-trained deep belief nets, and that few do so now, is on record",
    says="""
        Hinton used this method to train deep belief networks, with back-propagation through the whole
        network at the end. It has some benefit, but is not used much any more.
    """,
    statement="Deep belief networks were trained like this by Hinton; the method helps; it has become rare.",
    equation="2006: Hinton, Osindero and Teh, A fast learning algorithm for deep belief nets",
    verdict=EMPIRICAL,
    finding="recorded",
    because="""
        Who did what, and how many do it now, is a matter of literature. The paper of 2006 trains
        restricted Boltzmann machines one on top of the other and then the whole. Whether the method
        helps depends on the network; REM-02 measures one on which it does not.
    """,
    sources=[D0("1.3, solution 1")],
    see=["REM-01", "REM-02"],
)


@history.experiment
def on_record(lab: Lab) -> Outcome:
    """Nothing here can measure who used a method, and how many still do."""
    return Outcome.recorded("a matter of the literature, which no program can measure")
