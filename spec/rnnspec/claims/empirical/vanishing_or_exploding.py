"""Which of the two is more frequent in deep networks: vanishing or exploding."""

from __future__ import annotations

from rnnspec.claim import EMPIRICAL, claim
from rnnspec.claims.empirical.weighing import Setting, weighed
from rnnspec.evidence import Lab, Measurement, Outcome, Start
from rnnspec.experiment import Chain, Dense, Model
from rnnspec.protocol import Layer
from rnnspec.sources import D0, D2

# ------------------------------------------------------------------------------------------
vanishing_prevails = claim(
    "EMP-01",
    title="Whether gradients rather vanish or explode depends on how weights are drawn and on the activation",
    says="In deep networks, and in practice in recurrent ones, gradients rather vanish than explode.",
    statement="For random weights, P(ln growth < 0) > P(ln growth > 0) from the output back to the input.",
    equation="""
        ln growth = ln ‖Jᵀ v‖ − ln ‖v‖,  J = ∂y/∂x,  v random
        chains: n = 64, L = 10;   RNN: n = 32, T = 20, J = ∂h_T/∂h_0
    """,
    verdict=EMPIRICAL,
    finding="depends on the activation and on how the weights are drawn",
    because="""
        With the starts that are in use (Glorot and Bengio 2010, or PyTorch's uniform weights) it
        is so, with sigmoid, with tanh and with ReLU, and in the RNN. With standard normal weights
        sigmoid still loses, while tanh and ReLU explode in every network drawn, and so do most
        RNNs with their usual weights times 8. He's weights for ReLU lie in between: they keep
        the gradient's mean square, so that its logarithm is a little below 0 on average, −0.03 a layer, and
        about three in ten grow. They decide nothing here.

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
    ("sigmoid", "Glorot"): ("sigmoid", Start("glorot")),
    ("tanh", "Glorot"): ("tanh", Start("glorot")),
    ("ReLU", "Glorot"): ("relu", Start("glorot")),
    ("ReLU", "He"): ("relu", Start("he")),
    ("sigmoid", "N(0, 1)"): ("sigmoid", Start("normal")),
    ("tanh", "N(0, 1)"): ("tanh", Start("normal")),
    ("ReLU", "N(0, 1)"): ("relu", Start("normal")),
}
RECURRENT = {"uniform": Start("uniform"), "8 times uniform": Start("uniform", 8.0)}

FACTORS = "the network", "the activation", "how the weights are drawn"

VANISHING = (
    "chain, sigmoid, Glorot",
    "chain, tanh, Glorot",
    "chain, ReLU, Glorot",
    "chain, sigmoid, N(0, 1)",
    "RNN, tanh, uniform",
)
EXPLODING = "chain, tanh, N(0, 1)", "chain, ReLU, N(0, 1)", "RNN, tanh, 8 times uniform"


@vanishing_prevails.experiment
def signs_of_growth(lab: Lab) -> Outcome:
    """How often gradients grow on their way back, in nine ensembles, and by how much a layer or step."""
    rows: list[Measurement] = []
    settings: list[Setting] = []

    def follow(levels: tuple[str, str, str], model: Model, start: Start, depth: int, steps: int = 1) -> None:
        growth = lab.gradient_growth(model, start, steps)
        setting = dict(zip(FACTORS, levels, strict=True))
        grows = lab.frequency(f"{', '.join(levels)}: grows", growth > 0)
        settings.append(Setting(setting, grows.below(1 / 2), grows.above(1 / 2)))
        rows.extend([grows, lab.mean(f"{', '.join(levels)}: ln growth a layer", growth / depth)])

    for (activation, weights), (kind, start) in CHAINS.items():
        chain = Chain(tuple(Dense(WIDTH, WIDTH, kind) for _ in range(DEPTH)))
        follow(("chain", activation, weights), chain, start, DEPTH)
    for weights, start in RECURRENT.items():
        follow(("RNN", "tanh", weights), Layer("rnn", HIDDEN, HIDDEN), start, STEPS, STEPS)
    verdict, settled, says = weighed(settings, VANISHING, EXPLODING)
    return Outcome(verdict, rows, says, settled)
