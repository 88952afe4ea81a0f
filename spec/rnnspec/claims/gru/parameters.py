"""How many parameters a GRU has."""

from __future__ import annotations

from rnnspec.claim import HOLDS, claim
from rnnspec.evidence import Prove
from rnnspec.hold import Hold
from rnnspec.protocol import Layer
from rnnspec.sources import D0, D4
from rnnspec.strategies import BIAS_VECTORS, LayerSizes
from rnnspec.subject import Subject

three_quarters = claim(
    "GRU-08",
    title="A GRU has three quarters of the parameters of an LSTM of the same size",
    says="The GRU has two gates instead of three, a simpler model with fewer parameters than the LSTM.",
    statement="""
        With m inputs, n units and k bias vectors a gate, a GRU has 3(n² + nm + kn)
        parameters and an LSTM 4(n² + nm + kn).
    """,
    equation="""
        3(n² + nm + kn) : 4(n² + nm + kn) = 3 : 4
        n = 128, m = 64, k = 1:  74112 and 98816
    """,
    verdict=HOLDS,
    because="""
        Each gate, and the candidate, is an affine map of the input and of the state. The GRU has
        three such maps (r, z, n), the LSTM four (i, f, g, o), all of one size. The ratio is
        exact for every m and n, if both count their biases alike. Libraries have none, one
        or two vectors a gate, k = 0, 1 or 2; one that gives two to its GRU and one to its
        LSTM has another ratio.
    """,
    sources=[D0("3, GRU"), D4("abstract")],
    floats="Counting is exact.",
)


@three_quarters.law(needs=["parameter_count"])
def counted(impl: Subject, hold: Hold, sizes: LayerSizes) -> None:
    """Counted on the layers themselves, in each bias convention: 3 to 4, and the formula."""
    m, n, k = sizes.m, sizes.n, sizes.k
    gru = impl.parameter_count(Layer("gru", m, n, biases=sizes.biases))
    lstm = impl.parameter_count(Layer("lstm", m, n, biases=sizes.biases))
    hold.exactly(4 * gru, 3 * lstm, "4 (GRU) = 3 (LSTM)")
    hold.exactly(lstm, 4 * (n * n + n * m + k * n), "parameters of the LSTM")


@three_quarters.proof
def equal_as_polynomials(prove: Prove) -> None:
    """The counts traced from the layers' shapes, as polynomials in m and n; and the two numbers."""
    m, n = prove.sizes("m n")
    for biases, k in BIAS_VECTORS.items():
        gru, lstm = (prove.parameter_count(kind, biases) for kind in ("gru", "lstm"))
        prove.identical([gru, lstm], [each * (n * n + n * m + k * n) for each in (3, 4)])
    gru, lstm = (prove.parameter_count(kind, "one") for kind in ("gru", "lstm"))
    prove.identical(prove.at([gru, lstm], {"n": 128, "m": 64}), [74112, 98816])
