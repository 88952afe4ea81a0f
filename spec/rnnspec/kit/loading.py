"""From a target, as it is written on a command line, to an implementation.

A target is the name of an installed adapter (`torch`, or any entry point of the group
`rnnspec.implementations`), `module:attribute` or `file.py:attribute`. The attribute is
an implementation, or a class or function without arguments that makes one.

`locate` only looks names up and runs nothing foreign. `load` imports, and is for the
worker's side of the boundary.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from rnnspec.errors import CannotLoad
from rnnspec.kit.endpoint import raised
from rnnspec.protocol import METHODS

GROUP = "rnnspec.implementations"

# They are entry points as well, but must be found in a source tree that is not installed.
BUILTIN = {
    "numpy": "rnnspec.implementations.numpy_:NumpyImplementation",
    "torch": "rnnspec.implementations.torch_:TorchImplementation",
}

# The library that a built-in adapter is for: the module, and what people call it.
_NEEDS = {"torch": ("torch", "PyTorch")}

# Names listed in a message before it stops being a sentence.
_LISTED = 12


@dataclass(frozen=True)
class Location:
    """Where an implementation is to be found.

    Attributes:
        target: as it was written.
        module: the name of a module, or the path of a file.
        attribute: in it, dotted where it is an attribute of an attribute.
        is_file: whether `module` is a path.
    """

    target: str
    module: str
    attribute: str
    is_file: bool


def installed() -> dict[str, str]:
    """The names that can be given as targets, and where each leads (`module:attribute`).

    Raises:
        CannotLoad: if two distributions lay claim to one name.
    """
    found = dict(BUILTIN)
    for entry in entry_points(group=GROUP):
        if entry.name in BUILTIN:
            continue
        if found.setdefault(entry.name, entry.value) != entry.value:
            both = f"{found[entry.name]} and {entry.value}"
            raise CannotLoad(f"two installed adapters are called {entry.name!r}: {both}")
    return found


def locate(target: str) -> Location:
    """Find where a target leads, without importing it.

    Raises:
        CannotLoad: if it is no installed name, no existing file, or names no attribute.
    """
    where, colon, attribute = target.rpartition(":")
    if not colon:
        return _installed_location(target)
    if not where or not all(part.isidentifier() for part in attribute.split(".")):
        raise CannotLoad(f"{target!r} is not of the form module:attribute or file.py:attribute")
    is_file = where.endswith(".py") or os.sep in where
    if is_file and not Path(where).is_file():
        raise CannotLoad(f"there is no file {where}")
    return Location(target, where, attribute, is_file)


def load(target: str) -> object:
    """Import whatever a target leads to and make the implementation.

    Raises:
        CannotLoad: if any of that fails, with the reason in one sentence.
    """
    location = locate(target)
    module = _import(location)
    found: object = module
    for name in location.attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise CannotLoad(
                f"{location.module} has no attribute {location.attribute}; {_candidates(module)}"
            ) from None
    if isinstance(found, type) or (callable(found) and not _offers_something(found)):
        try:
            return found()
        except (Exception, SystemExit) as error:
            raise CannotLoad(f"making an implementation by {target} failed: {raised(error)}") from error
    return found


def _installed_location(name: str) -> Location:
    names = installed()
    if name in names:
        module, _, attribute = names[name].partition(":")
        # What follows in brackets are an entry point's extras.
        return Location(name, module.strip(), attribute.partition("[")[0].strip(), is_file=False)
    if name.endswith(".py") or os.sep in name:
        raise CannotLoad(f"{name} does not say which attribute of the file is meant: write {name}:NAME")
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "or write module:attribute or file.py:attribute"
    known = ", ".join(sorted(names))
    raise CannotLoad(f"no adapter called {name!r} is installed (there are {known}); {hint}")


def _import(location: Location) -> ModuleType:
    try:
        if location.is_file:
            return _import_file(Path(location.module).resolve())
        # As `python -m` does: what is in the working directory can be named. Adapters
        # that were looked up by name are installed, and are not to be shadowed by it.
        if ":" in location.target and "" not in sys.path:
            sys.path.insert(0, "")
        return importlib.import_module(location.module)
    except (Exception, SystemExit) as error:
        needed, called = _NEEDS.get(location.target, ("", ""))
        if isinstance(error, ModuleNotFoundError) and needed and error.name == needed:
            raise CannotLoad(
                f"{location.target} needs {called}, which is not installed: "
                f"pip install 'rnnspec[{location.target}]'"
            ) from error
        raise CannotLoad(f"importing {location.module} failed: {raised(error)}") from error


def _import_file(path: Path) -> ModuleType:
    # Neighbours of the file can be imported, but last: one called torch.py is likely to
    # be the adapter itself, and must not hide the library.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    name = f"_rnnspec_target_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look the module up by name
    spec.loader.exec_module(module)
    return module


def _offers_something(found: object) -> bool:
    return any(callable(getattr(found, method, None)) for method in METHODS)


def _candidates(module: ModuleType) -> str:
    public = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    fitting = [name for name, value in public.items() if _offers_something(value)]
    if fitting:
        return f"what looks like an implementation there is {', '.join(fitting[:_LISTED])}"
    if public:
        return f"it has {', '.join(list(public)[:_LISTED])}" + (", ..." if len(public) > _LISTED else "")
    return "it has none at all"
