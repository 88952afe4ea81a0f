"""A reference for recurrent networks: every formula written once, every digit proven."""

from rnnref.certify import certified_bits
from rnnref.errors import BadInput, NotCertified, RnnrefError
from rnnref.evaluate import Evaluator
from rnnref.formats import FORMATS, Format, format_named
from rnnref.layer import Layer
from rnnref.network import Cotangent, Network, Pullback, Run
from rnnref.reference import Reference
from rnnref.stack import Stack
from rnnref.systems import Balls, Floats, Mpmath, Noise
from rnnref.systems.balls import working_precision

__all__ = [
    "FORMATS",
    "BadInput",
    "Balls",
    "Cotangent",
    "Evaluator",
    "Floats",
    "Format",
    "Layer",
    "Mpmath",
    "Network",
    "Noise",
    "NotCertified",
    "Pullback",
    "Reference",
    "RnnrefError",
    "Run",
    "Stack",
    "certified_bits",
    "format_named",
    "working_precision",
]
