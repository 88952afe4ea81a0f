"""What batch norm and residual blocks do for training: two matters of measurement."""

from __future__ import annotations

import numpy as np

from rnnspec.claim import EMPIRICAL, claim
from rnnspec.claims.empirical.weighing import Setting, weighed
from rnnspec.claims.remedies.overfitting import one_of_ten
from rnnspec.evidence import Lab, Outcome, Plan, Start, Training
from rnnspec.protocol import BatchNorm, Chain, Dense, Residual
from rnnspec.sources import D0, D3
from rnnspec.subject import Array
from rnnspec.tasks import xor_sign

EPSILON = 2.0**-10
"""What the batch norms add to the variance."""

# ------------------------------------------------------------------------------------------
benefits = claim(
    "REM-24",
    title="Batch norm makes training faster, steadier and less delicate; it does not overfit less",
    says="""
        Batch norm makes networks converge faster and training more stable; it controls overfitting,
        so that less dropout and regularisation are needed; it makes networks less sensitive to the
        weights that they begin with, and allows larger learning rates.
    """,
    statement="""
        With batch norm a network needs fewer steps, learns at learning rates and from initial
        weights with which it did not, sees its loss rise by less in all, loses less on new examples
        than on known ones, and gains less from dropout.
    """,
    equation="""
        sign of a product, three hidden layers of eight ReLUs:    steps until the loss is below 1/4;
                                                                  Σ_k max(0, E_{k+1} − E_k)
        one of ten inputs, with noise, one layer of eight tanh units, 16 examples:
                                                                  loss on new examples − on known ones;
                                                                  loss on new examples without dropout
                                                                  of half of the inputs − with it
    """,
    verdict=EMPIRICAL,
    finding="depends on which benefit is meant",
    because="""
        Four of these show in small networks with ReLU: with batch norm they need fewer steps, in
        the median about half as many; they learn at a rate at which most of the others do not; and
        from weights a quarter as large, from which hardly any of the others does. The last has an
        exact core: the scale of the weights is immaterial (REM-19). And where every step sees the same
        32 examples, so that nothing but steps that are too long can make the loss rise, its rises
        come to about a fifth as much at the learning rate 0.3. (That is one reading of "stable". At 0.1
        hardly anything rises, and then rather with batch norm, when next to nothing is left of
        the loss; at 0.7 some networks with it diverge.)

        Overfitting is another matter: with 16 examples the gap between known and new ones becomes wider
        after as many steps. Nor is dropout needed any less: if half of the inputs are dropped,
        at random for each example and step, the loss on new examples falls by more with batch norm than
        without it. Where batches are small and drawn at random their noise may help; here every step
        sees all examples. Hidden units are never dropped here, only inputs.

        Networks with tanh, which were looked at first, need fewer steps, too, but fail more often
        at the large rate.
    """,
    sources=[D0("1.3, solution 4"), D3("6.10")],
    see=["REM-16", "REM-19", "REM-23", "REM-30", "EMP-08", "EMP-10"],
)

SHOWN = (
    "fewer steps",
    "larger learning rates",
    "less sensitive to the first weights",
    "more stable",
)
NOT_SHOWN = ("less overfitting", "less need of dropout")


BOTH = (True, False)


def _normed(inputs: int, hidden: int, kind: str, batch_norm: bool) -> Chain:
    """Hidden layers of eight units, each followed by a batch norm, or not; and a linear read-out."""
    links: list[Dense | BatchNorm] = []
    for _ in range(hidden):
        links.append(Dense(links[-1].outputs if links else inputs, 8, kind))
        if batch_norm:
            links.append(BatchNorm(8, EPSILON))
    return Chain((*links, Dense(8, 1)))


@benefits.experiment
def with_and_without_batch_norm(lab: Lab) -> Outcome:
    """Each benefit by pairs on the same seeds.

    In a test, too, the batch norms see the statistics of the batch, that of all 256 examples.
    """

    def relu(batch_norm: bool, start: Start, plan: Plan, one_in: int = 2) -> Training:
        return lab.train(_normed(2, 3, "relu", batch_norm), xor_sign(), start, plan, one_in)

    def steps(batch_norm: bool, rate: float, gain: float = 1.0) -> Array:
        return relu(batch_norm, Start("he", gain), Plan(rate, 100, batch=16)).steps_to(0.25)

    def failures(rate: float, gain: float) -> list[Array]:
        return [np.isinf(steps(batch_norm, rate, gain)).astype(float) for batch_norm in BOTH]

    def rises(batch_norm: bool) -> Array:
        plan = Plan(0.3, 60, batch=32, examples=32)
        return _rises(relu(batch_norm, Start("he"), plan, one_in=1).losses)

    def few(batch_norm: bool, dropout: float) -> Training:
        plan = Plan(0.1, 100, batch=16, examples=16, dropout=dropout)
        return lab.train(_normed(10, 1, "tanh", batch_norm), one_of_ten(), Start("glorot"), plan)

    until = [np.minimum(steps(batch_norm, 0.05), 100) for batch_norm in BOTH]
    quicker = lab.ratio("steps at 0.05, or 100, with / without", *until)
    faster = lab.difference("failures at 0.7, with − without", *failures(0.7, 1.0))
    smaller = lab.difference("failures from small weights, with − without", *failures(0.1, 0.25))
    steadier = lab.ratio("rises of the loss at 0.3, with / without", *map(rises, BOTH))
    full, half = ([few(batch_norm, dropout) for batch_norm in BOTH] for dropout in (0.0, 0.5))
    wider = lab.difference("gap, with − without", *(found.tested - found.known for found in full))
    gains = [without.tested - dropped.tested for without, dropped in zip(full, half, strict=True)]
    needed = lab.difference("what dropout gains, with − without", *gains)
    rows = dict(zip((*SHOWN, *NOT_SHOWN), (quicker, faster, smaller, steadier, wider, needed), strict=True))
    alike = {"fewer steps": 1, "more stable": 1}  # ratios; all others are differences
    settings = [
        Setting(
            {"which benefit is meant": benefit},
            row.below(alike.get(benefit, 0)),
            row.above(alike.get(benefit, 0)),
        )
        for benefit, row in rows.items()
    ]
    verdict, settled, says = weighed(settings, SHOWN, NOT_SHOWN)
    own = [
        lab.mean(f"what dropout gains, {name}", gain)
        for name, gain in zip(("with", "without"), gains, strict=True)
    ]
    return Outcome(verdict, [*rows.values(), *own], says, settled)


def _rises(losses: Array) -> Array:
    """How far the loss rises in all, in every trial; infinite where it does not stay finite."""
    with np.errstate(invalid="ignore"):
        each = np.maximum(np.diff(losses, axis=1), 0).sum(axis=1)
    return np.where(np.isfinite(losses).all(axis=1), each, np.inf)


# ------------------------------------------------------------------------------------------
easier = claim(
    "REM-28",
    title="Deep networks learn more easily with shortcuts if the blocks begin small",
    says="Therefore residual learning is easier. (The derivation is said not to be a strict proof.)",
    statement="A deep network with residual blocks learns what the same network without shortcuts does not.",
    equation="""
        sign of a product, 16 layers of eight ReLUs, 100 steps, learning rate 0.1:
        how often the loss does not get below 1/4
    """,
    verdict=EMPIRICAL,
    finding="depends on how small the blocks begin",
    because="""
        The product of the 1 + F_i' has to stay near 1, and that takes small F_i' (REM-26). With the
        usual weights of a ReLU layer (He et al.) sixteen blocks multiply what passes through them, and
        training diverges; without shortcuts the network hardly ever gets there either. With all
        weights a quarter as large the residual network learns in most runs. A quarter was found by
        trying: of 16 blocks fewer learn in a hundred steps with a half, and fewer with an eighth; of 24
        none does with a quarter. That is why residual networks begin with small blocks, or have
        norms in them.
    """,
    sources=[D0("1.3, solution 5")],
    see=["REM-25", "REM-26"],
)


def _sixteen(shortcuts: bool) -> Chain:
    layer = Dense(8, 8, "relu")
    return Chain((Dense(2, 8, "relu"), *(Residual((layer,)) if shortcuts else layer,) * 16, Dense(8, 1)))


@easier.experiment
def sixteen_layers(lab: Lab) -> Outcome:
    """The same network with the usual weights, with shortcuts, and with shortcuts and small blocks."""
    settings = {
        "without shortcuts": (False, 1.0),
        "with shortcuts": (True, 1.0),
        "with shortcuts, weights a quarter as large": (True, 0.25),
    }
    failures = {}
    for name, (shortcuts, gain) in settings.items():
        plan = Plan(0.1, 100, batch=16)
        done = lab.train(_sixteen(shortcuts), xor_sign(), Start("he", gain), plan, one_in=2)
        failures[name] = np.isinf(done.steps_to(0.25)).astype(float)
    plain, usual, small = failures.values()
    rows = [lab.frequency(f"not there, {name}", failed) for name, failed in failures.items()]
    rows.append(
        lab.difference("failures, with shortcuts and small weights − without shortcuts", small, plain)
    )
    rows.append(lab.difference("failures, small weights − usual ones", small, usual))
    better, worse = rows[-2].below(0), rows[-1].below(0)
    if better:
        verdict = "depends on how small the blocks begin" if worse else "supported"
    else:
        verdict = "not supported"
    return Outcome(
        verdict,
        rows,
        f"{rows[0].value:.0%} of the runs without shortcuts do not get there, "
        f"{rows[1].value:.0%} with them and "
        f"usual weights, {rows[2].value:.0%} with them and small ones",
        settled=better and worse,
    )
