"""The words in which the spec speaks of claims: verdicts, kinds of check, kinds of evidence, topics."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    """What the mathematics says of a statement as it was made."""

    HOLDS = "holds"
    CONDITIONAL = "conditional"
    REFUTED = "refuted"
    LOOSE = "loose"
    EMPIRICAL = "empirical"


HOLDS, CONDITIONAL, REFUTED, LOOSE, EMPIRICAL = Verdict


class Kind(Enum):
    """What a check does."""

    LAW = "law"
    AS_STATED = "as stated"
    WITNESS = "witness"
    NECESSITY = "necessity"
    PROOF = "proof"
    ENCLOSURE = "enclosure"
    EXHAUSTIVE = "exhaustive"
    EXPERIMENT = "experiment"


class About(Enum):
    """What a check is about."""

    MATHEMATICS = "the mathematics"
    IMPLEMENTATION = "an implementation"
    BOTH = "the mathematics and an implementation"


class Evidence(Enum):
    """How strongly a claim's verdict is supported, strongest first."""

    PROVED = "proved"
    ENCLOSED = "enclosed"
    EXHAUSTIVE = "exhaustive"
    SAMPLED = "sampled"
    MEASURED = "measured"


PROVED, ENCLOSED, EXHAUSTIVE, SAMPLED, MEASURED = Evidence

EVIDENCE_OF = {
    Kind.PROOF: PROVED,
    Kind.ENCLOSURE: ENCLOSED,
    Kind.EXHAUSTIVE: EXHAUSTIVE,
    Kind.LAW: SAMPLED,
    Kind.EXPERIMENT: MEASURED,
}

TOPICS = {
    "ACT": "Activations",
    "DEP": "Depth",
    "REM": "Remedies",
    "RNN": "Recurrence",
    "SPE": "Spectra and dynamics",
    "LST": "LSTM",
    "LGR": "LSTM gradients",
    "GRU": "GRU",
    "BID": "Bidirectional and stacked",
    "EMP": "Empirical",
}
