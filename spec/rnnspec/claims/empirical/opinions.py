"""Analogies, opinions, usage and history: what can only be recorded, and where its core is examined."""

from __future__ import annotations

from rnnspec.claim import EMPIRICAL, claim
from rnnspec.evidence import Lab, Outcome
from rnnspec.sources import D0, D1, D3

# ------------------------------------------------------------------------------------------
reading = claim(
    "EMP-09",
    title="That the LSTM borrows from human reading is an analogy; what it stands for is selective memory",
    says="""
        The LSTM's design borrows from how people read: they keep the key words of a review, they
        sum up while reading, and what mattered at first may be forgotten gradually.
    """,
    statement="The idea of the LSTM comes from the intuition of human reading.",
    equation="keeps: f ≈ 1,  forgets: f ≈ 0,  writes: i ≈ 1;  each a function of x_t and h_{t-1}",
    verdict=EMPIRICAL,
    finding="recorded",
    because="""
        Where an idea came from is not in its equations, and how people read is not examined here.
        What the analogy stands for can be stated and shown: that gates which depend on the input let one
        component keep what it has while another is cleared. That is LST-24. That forgetting is
        gradual, by a factor a step, is the product of forget gates, LGR-05.
    """,
    sources=[D1("2, the intuition")],
    see=["LGR-05", "LST-24"],
)


@reading.experiment
def an_analogy(lab: Lab) -> Outcome:
    """Recorded: there is nothing in it to measure."""
    return Outcome.recorded("an analogy to human reading, which no computation can bear out or refute")


# ------------------------------------------------------------------------------------------
important = claim(
    "EMP-10",
    title="That batch norm is among the most important results of deep learning is an opinion",
    says="Batch norm is one of the most important achievements of deep learning and is widely used.",
    statement="Batch norm is important, and in use in most large networks.",
    equation="y = γ (x − μ) / √(s² + ε) + β",
    verdict=EMPIRICAL,
    finding="recorded",
    because="""
        How important a result is, is judged and not computed; how widely it is used, a survey
        would have to tell, and would tell it of its time. What batch norm does is
        examined apart: the effects that the same section gives as reasons are REM-17 to
        REM-24, and REM-30.
    """,
    sources=[D0("1.3, solution 4")],
    see=["REM-17", "REM-24", "REM-30"],
)


@important.experiment
def an_opinion_and_a_usage(lab: Lab) -> Outcome:
    """Recorded: an opinion, and a usage that only a survey can tell."""
    return Outcome.recorded("an opinion, and a usage of which no computation knows anything")


# ------------------------------------------------------------------------------------------
chosen = claim(
    "EMP-11",
    title="That research chose sigmoid and tanh for the LSTM is history, and no necessity",
    says="""
        The LSTM's gates use sigmoid and its candidate tanh, both of which saturate. That is not
        immutable: the first LSTM had other functions, and today's were chosen after much research and
        experiment. Nearly every modern network uses sigmoid for its gates.
    """,
    statement="σ for the gates and tanh for the values are the standard choice, made by experiment.",
    equation="1997:  g(x) = 4σ(x) − 2,  h(x) = 2σ(x) − 1;   today:  g = h = tanh",
    verdict=EMPIRICAL,
    finding="recorded",
    because="""
        What is standard is a usage, and who chose it and why is history. That the choice is not
        forced can be seen in the equations: the functions of 1997 are tanh with other scales
        (ACT-23), and whether changing them changes the network is LST-21. What a gate needs
        (values from 0 to 1) and what a value needs (bounds) are ACT-27 and ACT-28. The slopes that
        the two functions bring along are ACT-02 and ACT-05.
    """,
    sources=[D0("questions, 2")],
    see=["ACT-02", "ACT-05", "ACT-23", "ACT-27", "ACT-28", "LST-21"],
)


@chosen.experiment
def a_choice_of_others(lab: Lab) -> Outcome:
    """Recorded: a standard, and how it came about."""
    return Outcome.recorded("a usage and its history; what follows from the choice is in other claims")


# ------------------------------------------------------------------------------------------
preferred = claim(
    "EMP-13",
    title="That tanh is preferred in practice is a usage; most libraries have it as the default of an RNN",
    says="In practice tanh is chosen before sigmoid as the activation of an RNN.",
    statement="Of those who train an RNN, most choose tanh over sigmoid for its hidden state.",
    equation="h_t = tanh(W x_t + U h_{t-1} + b)",
    verdict=EMPIRICAL,
    finding="recorded",
    because="""
        Whom one would have to ask is not here. What can be looked up are defaults, and these are
        a matter of the libraries' documentation: tanh is the default of an RNN in PyTorch
        (torch.nn.RNN, nonlinearity="tanh"), in Keras (SimpleRNN, activation="tanh") and in ONNX
        (operator RNN); MXNet's gluon.rnn.RNN had ReLU; sigmoid is the default in none of the
        four. They were read in 2026; those of PyTorch and ONNX are held besides by a test of this
        project, in the versions that it runs with.

        The reasons that the document gives are examined apart: that the slope is larger, which holds
        near 0, in ACT-07; that gradients vanish more slowly, in ACT-08; that it converges
        faster, in EMP-03.
    """,
    sources=[D3("6.9, why gradients vanish")],
    see=["EMP-03", "ACT-07", "ACT-08"],
)


@preferred.experiment
def a_usage(lab: Lab) -> Outcome:
    """Recorded: a usage; defaults are in the libraries' documentation."""
    return Outcome.recorded("a usage; what can be looked up, the defaults of four libraries, is in the text")


# ------------------------------------------------------------------------------------------
designed = claim(
    "EMP-14",
    title="That the LSTM was designed for long-term dependencies is history, and documented",
    says="From the beginning the LSTM was designed for the problem of long-term dependencies.",
    statement="Its first publication states that problem as its purpose.",
    equation="c_t = c_{t-1} + i_t g_t,  ∂c_t/∂c_{t-1} = 1 along the cell  (1997)",
    verdict=EMPIRICAL,
    finding="recorded",
    because="""
        Purposes are found in documents: Hochreiter and Schmidhuber, Long Short-Term Memory, Neural
        Computation 9 (1997), begins with the decay of errors that flow back over long times, and has its
        cell keep them constant. What can be checked is whether the equations do what was
        intended: the path along the cell is LGR-05, its constant slope without a forget gate
        LGR-04. Whether the purpose is reached is LGR-12 for gradients, and for
        training EMP-04.
    """,
    sources=[D1("1, why an LSTM is needed")],
    see=["LGR-05", "LGR-12", "EMP-04", "LGR-04"],
)


@designed.experiment
def a_purpose(lab: Lab) -> Outcome:
    """Recorded: what somebody intended is told by documents."""
    return Outcome.recorded("history, told by the publication of 1997; no computation adds to it")
