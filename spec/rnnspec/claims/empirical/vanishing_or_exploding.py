"""Which of the two is more frequent in deep networks: vanishing or exploding."""

from __future__ import annotations

from rnnspec.claim import EMPIRICAL, claim
from rnnspec.claims.empirical.weighing import weighed
from rnnspec.evidence import Lab, Outcome, Start
from rnnspec.experiment import Chain, Dense
from rnnspec.protocol import Layer
from rnnspec.sources import D0, D2

# ------------------------------------------------------------------------------------------
vanishing_prevails = claim(
    "EMP-01",
    title="Whether gradients vanish more often than they explode depends on how the weights are drawn",
    says="In deep networks, and in practice in recurrent ones, gradients rather vanish than explode.",
    statement="For random weights, P(ln growth < 0) > P(ln growth > 0) from the output back to the input.",
    equation="""
        ln growth = ln ‖Jᵀ v‖ − ln ‖v‖,  J = ∂y/∂x,  v random
        chains: n = 64, L = 10;   RNN: n = 32, T = 20, J = ∂h_T/∂h_0
    """,
    verdict=EMPIRICAL,
    finding="depends on how the weights are drawn",
    because="""
        With the starts that are in use (Glorot and Bengio 2010, or PyTorch's uniform weights) it
        is so, with sigmoid, with tanh and with ReLU, and in the RNN. With standard normal weights
        sigmoid still loses, while tanh and ReLU explode in every network drawn, and so does nearly
        every RNN with its usual weights times 8. He's weights for ReLU lie in between: they keep
        the gradient's mean square, so that its logarithm is a little below 0 on average, −0.03 a layer, and
        about three in ten grow.

        The ensembles were fixed before they were measured, but for the factor 8 of the last RNN:
        with 4, about one network in twelve explodes. All of this is about networks that
        have not been trained.
    """,
    sources=[D0("1.3, solution 2"), D2("vanishing gradients")],
    see=["ACT-02", "ACT-06", "SPE-01", "SPE-07", "SPE-12", "LGR-11"],
)

WIDTH, DEPTH = 64, 10
HIDDEN, STEPS = 32, 20
CHAINS = {
    "sigmoid, Glorot": ("sigmoid", Start("glorot")),
    "tanh, Glorot": ("tanh", Start("glorot")),
    "ReLU, Glorot": ("relu", Start("glorot")),
    "ReLU, He": ("relu", Start("he")),
    "sigmoid, N(0, 1)": ("sigmoid", Start("normal")),
    "tanh, N(0, 1)": ("tanh", Start("normal")),
    "ReLU, N(0, 1)": ("relu", Start("normal")),
}
RECURRENT = {"RNN, uniform": Start("uniform"), "RNN, 8 times uniform": Start("uniform", 8.0)}


@vanishing_prevails.experiment
def signs_of_growth(lab: Lab) -> Outcome:
    """How often gradients grow on their way back, in nine ensembles, and by how much a layer or step."""
    growth, layers = {}, {}
    for name, (kind, start) in CHAINS.items():
        chain = Chain(tuple(Dense(WIDTH, WIDTH, kind) for _ in range(DEPTH)))
        growth[name], layers[name] = lab.gradient_growth(chain, start), DEPTH
    for name, start in RECURRENT.items():
        layer = Layer("rnn", HIDDEN, HIDDEN)
        growth[name], layers[name] = lab.gradient_growth(layer, start, STEPS), STEPS
    grows = {name: lab.frequency(f"{name}: grows", values > 0) for name, values in growth.items()}
    rates = [lab.mean(f"{name}: ln growth a layer", values / layers[name]) for name, values in growth.items()]
    verdict, settled, says = weighed(
        {name: row.below(1 / 2) for name, row in grows.items()},
        {name: row.above(1 / 2) for name, row in grows.items()},
        "how the weights are drawn",
    )
    return Outcome(verdict, [*grows.values(), *rates], says, settled)
