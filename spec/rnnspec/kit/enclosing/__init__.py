"""Enclosures: what holds on whole intervals, tails included, by bisection with balls."""

from rnnspec.kit.enclosing.encloser import Encloser

__all__ = ["Encloser"]
