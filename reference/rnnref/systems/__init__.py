"""Number systems: the same formulas in floats, in mpmath, in balls and in noise.

And in `Widths`, where they foretell how wide the balls will be.
"""

from rnnref.systems.balls import Balls
from rnnref.systems.base import Matrix, System
from rnnref.systems.floats import Floats
from rnnref.systems.mp import Mpmath
from rnnref.systems.noise import Noise
from rnnref.systems.widths import Widths

__all__ = ["Balls", "Floats", "Matrix", "Mpmath", "Noise", "System", "Widths"]
