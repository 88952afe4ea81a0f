"""The formulas evaluated in one number system, in the layouts that libraries use."""

from __future__ import annotations

from rnnref.functions import Functions
from rnnref.recurrence import Recurrence


class Evaluator(Recurrence, Functions):
    """All that `rnnref` computes, in the number system `s`.

    Arrays that come out hold numbers of that system: floats, `mpf`, `arb`; in noise they
    have the replicates as an additional first axis.
    """
