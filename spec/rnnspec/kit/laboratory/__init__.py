"""Experiments: seeded, on the reference's formulas in float64, with an honest uncertainty."""

from rnnspec.kit.laboratory.lab import Laboratory

__all__ = ["Laboratory"]
