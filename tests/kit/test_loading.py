"""Where a target leads, and what is said when it leads nowhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from rnnspec.errors import CannotLoad
from rnnspec.implementations.numpy_ import NumpyImplementation
from rnnspec.kit import loading
from rnnspec.kit.endpoint import describe
from rnnspec.kit.loading import installed, load, locate

HOSTILE = Path(__file__).with_name("hostile.py")


@pytest.fixture(autouse=True)
def _leave_imports_as_they_were(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def sentence(target: str) -> str:
    with pytest.raises(CannotLoad) as caught:
        describe(load(target))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_built_in_names_lead_somewhere_without_installed_metadata(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loading, "entry_points", lambda group: EntryPoints(()))
    assert set(installed()) == {"numpy", "torch"}
    assert isinstance(load("numpy"), NumpyImplementation)


def test_installed_entry_points_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("mine", f"{NumpyImplementation.__module__}:NumpyImplementation", loading.GROUP)
    monkeypatch.setattr(loading, "entry_points", lambda group: EntryPoints((entry,)))
    assert "mine" in installed()
    assert isinstance(load("mine"), NumpyImplementation)


def test_one_name_for_two_adapters_is_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = EntryPoints(EntryPoint("mine", f"{module}:f", loading.GROUP) for module in "ab")
    monkeypatch.setattr(loading, "entry_points", lambda group: entries)
    assert sentence("mine") == "two installed adapters are called 'mine': a:f and b:f"


@pytest.mark.parametrize("attribute", ["honest", "Honest", "made", "Nested.inner"])
def test_an_attribute_may_be_an_instance_or_make_one(attribute: str) -> None:
    for target in (f"{HOSTILE}:{attribute}", f"kit.hostile:{attribute}"):
        assert describe(load(target)).name == "honest"


def test_a_module_of_the_working_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "neighbour.py").write_text("VERSION = '3'\n")
    (tmp_path / "mymodule.py").write_text(ADAPTER)
    monkeypatch.chdir(tmp_path)
    assert describe(load("mymodule:Mine")).version == "3"
    assert describe(load("mymodule.py:Mine")).version == "3"


ADAPTER = """
from neighbour import VERSION

class Mine:
    version = VERSION
    formats = ["float32"]
    def activation(self, kind, x):
        return x
"""


def test_a_file_may_be_called_like_a_library(tmp_path: Path) -> None:
    (tmp_path / "msgspec.py").write_text("import msgspec\nversion = msgspec.__version__\n" + ADAPTER)
    (tmp_path / "neighbour.py").write_text("VERSION = '3'\n")
    assert describe(load(f"{tmp_path / 'msgspec.py'}:Mine")).name == "Mine"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nunpy", "no adapter called 'nunpy' is installed (there are numpy, torch); did you mean 'numpy'?"),
        (
            "xyz",
            "no adapter called 'xyz' is installed (there are numpy, torch); or write module:attribute or",
        ),
        ("", "no adapter called '' is installed (there are numpy, torch); or write"),
        ("file.py", "file.py does not say which attribute of the file is meant: write file.py:NAME"),
        ("nowhere.py:f", "there is no file nowhere.py"),
        (":f", "':f' is not of the form module:attribute or file.py:attribute"),
        ("module:", "'module:' is not of the form"),
        ("module:f(x)", "'module:f(x)' is not of the form"),
        ("no.such.module:f", "importing no.such.module failed: ModuleNotFoundError: No module named 'no'"),
        ("kit.hostile:Missing", "kit.hostile has no attribute Missing; what looks like an implementation"),
        ("kit.hostile:Nested.no", "kit.hostile has no attribute Nested.no; "),
        ("string:nothing", "string has no attribute nothing; it has whitespace, ascii_lowercase, "),
        ("kit.hostile:CannotBeMade", "failed: RuntimeError: no device of any kind"),
        (
            "kit.hostile:OffersNothing",
            "OffersNothing offers nothing: none of activation, activation_vjp, run",
        ),
        ("kit.hostile:declared_badly", "dict.version is missing, where text is expected"),
        ("json:dumps", "making an implementation by json:dumps failed: TypeError: "),
    ],
)
def test_what_cannot_be_loaded_is_said_in_a_sentence(
    target: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "entry_points", lambda group: EntryPoints(()))
    assert said in sentence(target)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit('enough')", "SystemExit: enough"),
        ("def f(:", "SyntaxError: "),
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
    ],
)
def test_a_failing_import_is_said_in_a_sentence(source: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text(source)
    assert sentence(f"{file}:f").startswith(f"importing {file} failed: {said}")


def test_a_missing_library_is_said_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "rnnspec.implementations.torch_", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert sentence("torch") == "torch needs PyTorch, which is not installed: pip install 'rnnspec[torch]'"


def test_locating_imports_nothing() -> None:
    target = f"{HOSTILE}:Honest"
    program = (
        "import sys; from rnnspec.kit.loading import locate; from rnnspec.kit.worker import Worker\n"
        f"for target in ('numpy', 'torch', {target!r}, 'kit.hostile:Honest'): locate(target)\n"
        "foreign = {'torch', 'kit.hostile', 'rnnspec.implementations.numpy_'} & set(sys.modules)\n"
        "assert not foreign, foreign"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    assert locate(target) == loading.Location(target, str(HOSTILE), "Honest", is_file=True)
