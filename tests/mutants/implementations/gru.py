"""Mistakes in what is counted."""

from __future__ import annotations

from mutants.planting import COUNT, Faulty, faulty

FAULTY: list[Faulty] = [
    faulty("second bias for one kind only", COUNT, "return sum(array.size for array in arrays.values())",
           "return sum(array.size for array in arrays.values())"
           " + 3 * layer.hidden * (layer.kind == 'gru' and layer.biases == 'one')",
           "a GRU with two bias vectors beside an LSTM with one", "GRU-08/counted"),
    faulty("peepholes counted", COUNT, "return sum(array.size for array in arrays.values())",
           "return sum(array.size for array in arrays.values()) + "
           "3 * layer.hidden * (layer.kind == 'lstm')",
           "the LSTM is made with peepholes that were not asked for", "GRU-08/counted"),
]  # fmt: skip
