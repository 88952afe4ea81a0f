"""What checks of the mathematics work with: exact algebra, enclosures and experiments."""

from __future__ import annotations

from rnnref import Cotangent, Network
from rnnspec.enclosure import INF, Enclose, Enclosed, Functions
from rnnspec.experiment import Lab, Measurement, Outcome, Plan, Start, Timing, Training
from rnnspec.proof import Autoencoder, CellTrace, Descent, Expression, NotProved, NotRun, Prove
from rnnspec.protocol import Layer

__all__ = [
    "INF",
    "Autoencoder",
    "CellTrace",
    "Cotangent",
    "Descent",
    "Enclose",
    "Enclosed",
    "Expression",
    "Functions",
    "Lab",
    "Layer",
    "Measurement",
    "Network",
    "NotProved",
    "NotRun",
    "Outcome",
    "Plan",
    "Prove",
    "Start",
    "Timing",
    "Training",
]
