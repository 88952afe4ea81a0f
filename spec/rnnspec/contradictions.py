"""Where the documents contradict each other, or themselves.

Each record names the sides with the claims that examine them, and says of every side whether the
mathematics supports it. A side may be right in part; then the record says in which.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rnnspec.sources import D0, D1, D2, D3, D4, Source

Support: TypeAlias = Literal["supported", "in part", "not supported"]
"""What the mathematics says of a side."""

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")


@dataclass(frozen=True)
class Side:
    """One of the things that are said.

    Attributes:
        says: what, in our words.
        support: whether the mathematics supports it.
        sources: where.
        claims: the ids of the claims that examine it.
        elsewhere: who says so where none of the documents does: it is there since one of them
            reports it, translates it, or prints the opposite.
    """

    says: str
    support: Support
    sources: tuple[Source, ...]
    claims: tuple[str, ...]
    elsewhere: str = ""


@dataclass(frozen=True)
class Contradiction:
    """Things that cannot all be true.

    Attributes:
        name: a few words, joined by hyphens.
        about: what they are said about.
        sides: at least two.
        because: why the sides are supported that are.
    """

    name: str
    about: str
    sides: tuple[Side, ...]
    because: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "because", " ".join(self.because.split()))

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims on all sides, each once."""
        return tuple(dict.fromkeys(claim for side in self.sides for claim in side.claims))

    @property
    def supported(self) -> str:
        """Which sides the mathematics supports, and why."""
        whole, part = self._which("supported"), self._which("in part")
        which = "; ".join([*([whole] if whole else []), *([f"in part {part}"] if part else [])]) or "none"
        return f"{which[0].upper()}{which[1:]}. {self.because}"

    def _which(self, support: Support) -> str:
        named = [f"the {ORDINALS[place]}" for place, side in enumerate(self.sides) if side.support == support]
        return " and ".join([*([", ".join(named[:-1])] if named[1:] else []), *named[-1:]])


def _side(says: str, support: Support, sources: Iterable[Source], *claims: str, elsewhere: str = "") -> Side:
    return Side(says, support, tuple(sources), claims, elsewhere)


CONTRADICTIONS = (
    Contradiction(
        "largest-slopes",
        "how steep the sigmoid and tanh can be",
        (
            _side("At most 1/4 and at most 1, and both are reached.", "supported",
                  [D0("1.2"), D3("6.9, why gradients vanish")], "ACT-02", "ACT-05"),
            _side("Less than 1/4 and less than 1.", "not supported",
                  [D0("1.3, solution 3"), D0("1.3, RNN"), D0("questions, 1"), D2("vanishing gradients")],
                  "ACT-03", "ACT-06"),
        ),
        "Both maxima are reached, at 0 and nowhere else.",
    ),
    Contradiction(
        "what-relu-solves",
        "ReLU against vanishing and exploding gradients",
        (
            _side("It solves both.", "not supported", [D0("1.3, solution 3")], "REM-08", "REM-09"),
            _side("It solves vanishing and brings explosion about.",
                  "not supported", [D3("6.10")], "REM-08", "REM-12"),
            _side("It solves neither.", "supported", [D0("questions, 3")], "SPE-11"),
        ),
        "With slope 1 everything is left to the weights: 1/2 vanishes, 2 explodes.",
    ),
    Contradiction(
        "an-open-forget-gate",
        "what the forget gate does when it is open",
        (
            _side("It clears the memory; f is how much is forgotten, even the probability of forgetting.",
                  "not supported",
                  [D0("2, LSTM"), D0("2.1"), D0("2.3")], "LST-05", "LST-07", "LST-08"),
            _side("At 1 it is open and keeps, at 0 it is closed and forgets.", "supported",
                  [D0("2, LSTM"), D0("questions, 2"), D1("3, in detail")], "LST-06"),
        ),
        "f is the share that is kept, 1 − f what is forgotten; nothing is left to chance.",
    ),
    Contradiction(
        "whether-the-lstm-solves-it",
        "LSTM and vanishing or exploding gradients",
        (
            _side("It solves vanishing, or both.", "not supported",
                  [D0("1.3, solution 6"), D0("questions, 1"), D1("1, why an LSTM is needed"),
                   D2("introduction"), D2("why it works"), D3("introduction"), D3("6.10"),
                   D4("abstract"), D4("RNN training")], "LGR-14"),
            _side("It improves on vanishing and does not solve it, and it can explode.", "in part",
                  [D0("questions, 1")], "LGR-10", "LGR-13"),
            _side("It alleviates the problem.", "in part", [D0("1.3, DNN and RNN")], "LGR-13", "LGR-14"),
        ),
        """Parameters exist with which the gradient survives any given number of
        steps, others with which it vanishes or explodes. That it always improves is not true either.
        The question under which the second is said takes the first for granted.""",
    ),
    Contradiction(
        "one-state-or-two",
        "the cell and the hidden state",
        (
            _side("The memory is h; the cell should be called that.", "not supported",
                  [D0("2, LSTM"), D1("3, in detail")], "LST-10"),
            _side("Cell and hidden state are two vectors.", "supported",
                  [D0("2, LSTM"), D1("3, in detail"), D4("LSTM")], "LST-01", "LST-04"),
        ),
        "h = o tanh(c). |h| stays below 1, |c| need not.",
    ),
    Contradiction(
        "initial-weights",
        "how large weights are in the beginning, and how large is too large",
        (
            _side("They lie between 0 and 1; weights above 1 make gradients explode.", "not supported",
                  [D0("introduction"), D0("1.2, summary")], "DEP-12", "DEP-13"),
            _side("They are drawn from N(0, 1); explosion needs |σ' w| > 1.", "in part", [D0("1.2")],
                  "DEP-12", "DEP-14"),
        ),
        """Of N(0, 1) half are negative and a third exceeds 1 in size. |σ' w| > 1 needs |w| > 4; and for an
        explosion the factors have to stay above 1 by a margin.""",
    ),
    Contradiction(
        "the-candidates-activation",
        "which activation the candidate may have",
        (
            _side("Any will do.", "in part", [D0("questions, 2")], "ACT-28"),
            _side("tanh must not be replaced by ReLU.", "in part", [D0("questions, 3")], "ACT-28", "SPE-08"),
        ),
        """Any bounded activation bounds what is written into the cell, so there the first is right. An
        unbounded one, such as ReLU, does not, so there the second is; but an eigenvalue above 1, the
        reason that it gives, does not make the output explode.""",
    ),
    Contradiction(
        "tanh-in-the-gates",
        "the activation of the gates",
        (
            _side("tanh is used in the input and output gates.",
                  "not supported", [D1("3, in detail")], "LST-15"),
            _side("Gates are sigmoids.", "supported", [D1("3, in detail")], "LST-01", "LST-14"),
        ),
        "tanh belongs to the candidate and to the read-out of the cell.",
    ),
    Contradiction(
        "peepholes",
        "which gate sees which cell",
        (
            _side("Each gate gets the previous cell.", "in part", [D1("4, variants")], "LST-26"),
            _side("All layers but the output gate get the previous cell.", "not supported",
                  [D1("4, variants")], "LST-26"),
            _side("The forget and the input gate get the previous cell, the output gate the new one.",
                  "supported", [], "LST-26", elsewhere="Gers et al. 2002, Greff et al. 2017"),
            _side("All gates get the previous cell, and h is dropped.", "supported",
                  [D4("LSTM")], "LST-28"),
        ),
        """The last two are variants, each right of itself, so a definition has to name its variant. The
        first two describe the third: all gates do see the cell, but the output gate sees the new one;
        and it is the candidate, not the output gate, that is left out.""",
    ),
    Contradiction(
        "how-many-parameters",
        "what is to be learned in a plain recurrent network",
        (
            _side("Five groups: three matrices and two biases.", "supported", [D0("1.3, RNN")], "RNN-08"),
            _side("Three matrices.", "not supported", [D3("6.9, deriving BPTT")], "RNN-09"),
        ),
        "The model that both print has two biases, whose gradients are not 0.",
    ),
    Contradiction(
        "sum-or-product",
        "the gradient of a recurrent network",
        (
            _side("A sum over time.", "supported", [D0("1.3, DNN and RNN"), D2("vanishing gradients"),
                                       D3("6.9, deriving BPTT")], "RNN-13", "RNN-20"),
            _side("A product of derivatives.", "not supported", [D1("0, what an LSTM is")], "RNN-19"),
        ),
        "Each of its terms has a product in it.",
    ),
    Contradiction(
        "whether-sums-matter",
        "sums against products",
        (
            _side("Only the multiplication matters, the sums may be ignored.",
                  "not supported", [D0("1.2")], "DEP-07"),
            _side("The sum keeps the whole gradient of an RNN, and of an LSTM, from vanishing.",
                  "not supported",
                  [D0("1.3, DNN and RNN"), D0("questions, 1")], "RNN-21", "LGR-09"),
        ),
        """Sums matter, and they guarantee nothing: a wide layer makes many small paths large, and terms
        of opposite sign cancel to exactly 0.""",
    ),
    Contradiction(
        "many-forget-gates",
        "the recursive derivative of the LSTM",
        (
            _side("A sum of many numbers between 0 and 1.", "not supported", [D2("appendix")], "LGR-20"),
            _side("One expression, multiplied as often as there are steps.", "in part",
                  [D2("the full gradient")], "LGR-02", "LGR-05"),
        ),
        """Derivatives of successive steps are multiplied, and along the path through the cells these are the
        forget gates. The derivative over k steps is more than a power or product along that path.""",
    ),
    Contradiction(
        "the-sigmoids-range",
        "whether a gate can be 0 or 1",
        (
            _side("From 0 to 1, both included.", "in part", [D0("2, LSTM"), D0("questions, 2")],
                  "ACT-09", "LST-09"),
            _side("Strictly between 0 and 1.", "supported", [D1("3, in detail")], "ACT-09"),
            _side("Around 0 to 1.", "in part", [D4("LSTM")], "ACT-09"),
        ),
        """That is so of the function. Its rounded values do reach both ends, and there the first is
        right; "around" is right of both, and leaves it open.""",
    ),
    Contradiction(
        "whether-tanh-helps",
        "tanh in the place of the sigmoid",
        (
            _side("It cannot effectively improve matters.", "in part", [D0("1.3, solution 3")], "REM-10"),
            _side("Its gradients vanish more slowly, so it is preferred.", "in part",
                  [D3("6.9, why gradients vanish")], "ACT-07", "ACT-08"),
        ),
        """Near 0 its slope is four times as large; beyond 1.66 it is the smaller one; and
        with weights below 1 its products vanish as well.""",
    ),
    Contradiction(
        "the-update-gates-direction",
        "what z = 1 means in a GRU",
        (
            _side("The candidate replaces the state.", "supported", [D0("3, GRU")], "GRU-01", "GRU-06"),
            _side("The state is kept.", "supported", [], "GRU-01", elsewhere="Cho et al. 2014, PyTorch"),
        ),
        "Each by its own convention: the two are one model under another sign of the gate's parameters.",
    ),
    Contradiction(
        "lost-in-translation",
        "what the LSTM's derivative does in the long run",
        (
            _side("It ends up neither at 0 nor at infinity.", "not supported",
                  [D2("the full gradient")], "LGR-16"),
            _side("It is not guaranteed to end up at 0 or at infinity.", "supported",
                  [], "LGR-16", elsewhere="the original of the document"),
            _side("It is a sum of many numbers between 0 and 1.",
                  "not supported", [D2("appendix")], "LGR-20"),
            _side("It is a product of many numbers between 0 and 1.", "supported",
                  [], "LGR-05", "LGR-20", elsewhere="the original of the document"),
            _side("It decays slowly, as forget gates can be near 1.", "in part", [D2("appendix")], "LGR-21"),
            _side("Of an RNN's, the largest eigenvalue of the weights decides.", "not supported",
                  [D2("vanishing gradients")], "SPE-01", "SPE-02"),
            _side("Of an RNN's, the largest singular value bounds it: below 1 it vanishes, above 1 it may "
                  "explode.", "supported", [], "SPE-03", "SPE-12",
                  elsewhere="Pascanu et al. 2013, which the document cites"),
        ),
        """The translation lost "not guaranteed", and made a sum of a product. A product of factors that may
        lie on either side of 1 can do anything; with forget gates below 1 it decays, more slowly than
        tanh's slopes only where these are smaller. Of a matrix that is not normal, eigenvalues do
        not say how long it makes a vector; singular values do.""",
    ),
)  # fmt: skip


def contradictions_of(claim: str) -> list[Contradiction]:
    """Those that a claim takes part in."""
    return [each for each in CONTRADICTIONS if claim in each.claims]
