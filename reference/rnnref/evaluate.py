"""Everything that `rnnref` computes, in one number system and in the layouts of libraries."""

from __future__ import annotations

from rnnref.derivatives import Derivatives
from rnnref.feedforward.border import Feedforward
from rnnref.functions import Functions
from rnnref.recurrence import Recurrence


class Evaluator(Recurrence, Derivatives, Feedforward, Functions):
    """All that `rnnref` computes, in the number system `s`.

    Arrays that come out hold numbers of that system: floats, `mpf`, `arb`; in noise they
    have the replicates as an additional first axis.

    Args:
        s: the number system: `Floats`, `Mpmath`, `Balls`, `Noise` or `Widths`.
    """
