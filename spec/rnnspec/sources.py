"""The five documents whose assertions the spec examines.

A source is cited by file and section, never quoted.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One place of one document.

    Attributes:
        document: its tag, `D0` to `D4`.
        file: its file name.
        section: the section, as the document numbers or names it.
    """

    document: str
    file: str
    section: str

    def __str__(self) -> str:
        return f"{self.document} ({self.file}), {self.section}"


@dataclass(frozen=True)
class Document:
    """A document; call it with a section to cite it: `D0("1.2")`."""

    tag: str
    file: str
    about: str

    def __call__(self, section: str) -> Source:
        return Source(self.tag, self.file, section)


D0 = Document("D0", "000_3fa50237807f6435.txt", "vanishing and exploding gradients, LSTM, GRU")
D1 = Document("D1", "001_78f9da62f644a7d1.txt", "the LSTM network")
D2 = Document("D2", "002_36544c6a760a1d97.txt", "how the LSTM prevents vanishing gradients")
D3 = Document("D3", "003_43c02f3e1caf6306.txt", "500 questions on deep learning, chapter 6 (2)")
D4 = Document("D4", "004_d551211e814f3c9f.txt", "the formulas of RNN, LSTM and GRU")
