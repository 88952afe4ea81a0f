"""Where the documents contradict each other, or themselves.

Each record names the sides with the claims that examine them, and says which side the
mathematics supports. A side may be right in part; then the record says in which.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rnnspec.sources import D0, D1, D2, D3, D4, Source


@dataclass(frozen=True)
class Side:
    """One of the things that are said.

    Attributes:
        says: what, in our words.
        sources: where.
        claims: the ids of the claims that examine it.
    """

    says: str
    sources: tuple[Source, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Contradiction:
    """Things that cannot all be true.

    Attributes:
        name: a few words, joined by hyphens.
        about: what they are said about.
        sides: at least two.
        supported: what the mathematics supports, and why.
    """

    name: str
    about: str
    sides: tuple[Side, ...]
    supported: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "supported", " ".join(self.supported.split()))

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims on all sides, each once."""
        return tuple(dict.fromkeys(claim for side in self.sides for claim in side.claims))


def _side(says: str, sources: Iterable[Source], *claims: str) -> Side:
    return Side(says, tuple(sources), claims)


CONTRADICTIONS = (
    Contradiction(
        "largest-slopes",
        "how steep the sigmoid and tanh can be",
        (
            _side("At most 1/4 and at most 1, and both are reached.",
                  [D0("1.2"), D3("6.9, why gradients vanish")], "ACT-02", "ACT-05"),
            _side("Less than 1/4 and less than 1.",
                  [D0("1.3, solution 3"), D0("1.3, RNN"), D0("questions, 1"), D2("vanishing gradients")],
                  "ACT-03", "ACT-06"),
        ),
        "The first. Both maxima are reached, at 0 and nowhere else.",
    ),
    Contradiction(
        "what-relu-solves",
        "ReLU against vanishing and exploding gradients",
        (
            _side("It solves both.", [D0("1.3, solution 3")], "REM-08", "REM-09"),
            _side("It solves vanishing and brings explosion about.", [D3("6.10")], "REM-08", "REM-12"),
            _side("It solves neither.", [D0("questions, 3")], "SPE-11"),
        ),
        "The third. With slope 1 everything is left to the weights: 1/2 vanishes, 2 explodes.",
    ),
    Contradiction(
        "an-open-forget-gate",
        "what the forget gate does when it is open",
        (
            _side("It clears the memory; f is how much is forgotten, even the probability of forgetting.",
                  [D0("2, LSTM"), D0("2.1"), D0("2.3")], "LST-05", "LST-07", "LST-08"),
            _side("At 1 it is open and keeps, at 0 it is closed and forgets.",
                  [D0("2, LSTM"), D0("questions, 2"), D1("3, in detail")], "LST-06"),
        ),
        "The second. f is the share that is kept, 1 − f what is forgotten; nothing is left to chance.",
    ),
    Contradiction(
        "whether-the-lstm-solves-it",
        "LSTM and vanishing or exploding gradients",
        (
            _side("It solves vanishing, or both.",
                  [D1("1, why an LSTM is needed"), D2("introduction"), D3("6.10"), D4("abstract")], "LGR-14"),
            _side("It improves on vanishing and does not solve it, and it can explode.",
                  [D0("questions, 1")], "LGR-10", "LGR-13"),
            _side("It alleviates the problem.", [D0("1.3, DNN and RNN")], "LGR-14"),
        ),
        """The second, nearly: parameters exist with which the gradient survives any given number of
        steps, others with which it vanishes or explodes. That it always improves is not true either.""",
    ),
    Contradiction(
        "one-state-or-two",
        "the cell and the hidden state",
        (
            _side("The memory is h; the cell should be called that.",
                  [D0("2, LSTM"), D1("3, in detail")], "LST-10"),
            _side("Cell and hidden state are two vectors.",
                  [D0("2, LSTM"), D1("3, in detail"), D4("LSTM")], "LST-01", "LST-04"),
        ),
        "The second: h = o tanh(c). |h| stays below 1, |c| need not.",
    ),
    Contradiction(
        "initial-weights",
        "how large weights are in the beginning, and how large is too large",
        (
            _side("They lie between 0 and 1; weights above 1 make gradients explode.",
                  [D0("introduction"), D0("1.2, summary")], "DEP-12", "DEP-13"),
            _side("They are drawn from N(0, 1); explosion needs |σ' w| > 1.", [D0("1.2")],
                  "DEP-12", "DEP-14"),
        ),
        """The second. Of N(0, 1) half are negative and a third exceeds 1 in size; and |σ' w| > 1 needs
        |w| > 4.""",
    ),
    Contradiction(
        "the-candidates-activation",
        "which activation the candidate may have",
        (
            _side("Any will do.", [D0("questions, 2")], "ACT-28"),
            _side("tanh must not be replaced by ReLU.", [D0("questions, 3")], "ACT-28", "SPE-08"),
        ),
        "Any bounded one bounds what is written into the cell; an unbounded one, such as ReLU, does not.",
    ),
    Contradiction(
        "tanh-in-the-gates",
        "the activation of the gates",
        (
            _side("tanh is used in the input and output gates.", [D1("3, in detail")], "LST-15"),
            _side("Gates are sigmoids.", [D1("3, in detail")], "LST-01", "LST-14"),
        ),
        "The second; tanh belongs to the candidate and to the read-out of the cell.",
    ),
    Contradiction(
        "peepholes",
        "which gate sees which cell",
        (
            _side("All layers but the output gate get the previous cell.", [D1("4, variants")], "LST-26"),
            _side("All gates get the previous cell, and h is dropped.", [D4("LSTM")], "LST-28"),
        ),
        """Neither is wrong of a variant of its own, and the figure that the first describes is another one:
        f and i see the previous cell, o the new one. A definition has to name its variant.""",
    ),
    Contradiction(
        "how-many-parameters",
        "what is to be learned in a plain recurrent network",
        (
            _side("Five groups: three matrices and two biases.", [D0("1.3, RNN")], "RNN-08"),
            _side("Three matrices.", [D3("6.9, deriving BPTT")], "RNN-09"),
        ),
        "The first, for the model that both print: it has two biases, whose gradients are not 0.",
    ),
    Contradiction(
        "sum-or-product",
        "the gradient of a recurrent network",
        (
            _side("A sum over time.", [D0("1.3, DNN and RNN"), D2("vanishing gradients"),
                                       D3("6.9, deriving BPTT")], "RNN-13", "RNN-20"),
            _side("A product of derivatives.", [D1("0, what an LSTM is")], "RNN-19"),
        ),
        "A sum over time, of which each term has a product in it.",
    ),
    Contradiction(
        "whether-sums-matter",
        "sums against products",
        (
            _side("Only the multiplication matters, the sums may be ignored.", [D0("1.2")], "DEP-07"),
            _side("The sum keeps the whole gradient of an RNN, and of an LSTM, from vanishing.",
                  [D0("1.3, DNN and RNN"), D0("questions, 1")], "RNN-21", "LGR-09"),
        ),
        """Sums matter, and they guarantee nothing: a wide layer makes many small paths large, and terms
        of opposite sign cancel to exactly 0.""",
    ),
    Contradiction(
        "many-forget-gates",
        "the recursive derivative of the LSTM",
        (
            _side("A sum of many numbers between 0 and 1.", [D2("appendix")], "LGR-20"),
            _side("One expression, multiplied as often as there are steps.",
                  [D2("the full gradient")], "LGR-02"),
        ),
        "A product, along the path through the cells; the whole derivative is more than that.",
    ),
    Contradiction(
        "the-sigmoids-range",
        "whether a gate can be 0 or 1",
        (
            _side("From 0 to 1, both included.", [D0("2, LSTM"), D0("questions, 2")], "ACT-09", "LST-09"),
            _side("Strictly between 0 and 1.", [D1("3, in detail")], "ACT-09"),
        ),
        "The second, of the function; its rounded values do reach both ends.",
    ),
    Contradiction(
        "whether-tanh-helps",
        "tanh in the place of the sigmoid",
        (
            _side("It cannot effectively improve matters.", [D0("1.3, solution 3")], "REM-10"),
            _side("Its gradients vanish more slowly, so it is preferred.",
                  [D3("6.9, why gradients vanish")], "ACT-07", "ACT-08"),
        ),
        """Both in part. Near 0 its slope is four times as large; beyond 1.66 it is the smaller one; and
        with weights below 1 its products vanish as well.""",
    ),
    Contradiction(
        "the-update-gates-direction",
        "what z = 1 means in a GRU",
        (
            _side("The candidate replaces the state.", [D0("3, GRU")], "GRU-01", "GRU-06"),
            _side("The state is kept, as in the first paper and in libraries.", [], "GRU-01"),
        ),
        "Neither: the two are one model under another sign of the gate's parameters.",
    ),
    Contradiction(
        "lost-in-translation",
        "what the LSTM's derivative does in the long run",
        (
            _side("It ends up neither at 0 nor at infinity.", [D2("the full gradient")], "LGR-16"),
            _side("It is multiplied by forget gates below 1, and decays slowly.", [D2("appendix")], "LGR-21"),
            _side("The largest eigenvalue of the weights decides.", [D2("vanishing gradients")],
                  "SPE-01", "SPE-02"),
        ),
        """The original of the document says that convergence is not guaranteed, and product where this one
        says sum; the paper it cites speaks of singular values where this one speaks of eigenvalues.""",
    ),
)  # fmt: skip


def contradictions_of(claim: str) -> list[Contradiction]:
    """Those that a claim takes part in."""
    return [each for each in CONTRADICTIONS if claim in each.claims]
