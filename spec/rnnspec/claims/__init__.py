"""The claims of the five documents, a package a topic.

Importing this package imports every claim module and checks that the registry is complete.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from rnnspec.claim import registry

for _module in walk_packages(__path__, f"{__name__}."):
    import_module(_module.name)

registry.check_complete()

__all__ = ["registry"]
