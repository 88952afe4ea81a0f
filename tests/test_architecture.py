"""The shape of the whole: which way imports go, who owns global state, what the wheel holds."""

from __future__ import annotations

import ast
import email
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"rnnspec": ROOT / "spec" / "rnnspec", "rnnref": ROOT / "reference" / "rnnref"}
LONGEST_MODULE = 400  # lines; beyond, a module is about more than one topic

FORBIDDEN = [
    ("rnnref", "rnnspec"),
    ("rnnspec.claims", "rnnref"),
    ("rnnspec.claims", "rnnspec.kit"),
    ("rnnspec.claims", "rnnspec.command"),
    ("rnnspec.kit", "rnnspec.command"),
]

# Precision that is one for the whole process. A context of mpmath's own (`MPContext()`) is free.
GLOBAL_PRECISION = {
    f"{owner}.{name}" for owner in ("flint.ctx", "mpmath.mp", "mpmath.iv") for name in ("prec", "dps")
}
PRECISION_OWNER = PACKAGES["rnnref"] / "systems" / "balls.py"


def sources() -> list[Path]:
    return [path for package in PACKAGES.values() for path in sorted(package.rglob("*.py"))]


def module_name(path: Path) -> str:
    """`rnnspec.kit.judge` for spec/rnnspec/kit/judge.py; a package goes by its own name."""
    [package] = [p for p in PACKAGES.values() if path.is_relative_to(p)]
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported, at the top or inside a function.

    `from a import b` counts as a.b, which may be a module. Relative imports are banned by
    the linter; they come out with their dots in front and so are within no package.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def bound_by_imports(tree: ast.AST) -> dict[str, str]:
    """What each name that an import binds stands for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                names[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def global_precision_set(source: str) -> list[int]:
    """The lines that assign a precision that the whole process shares."""
    tree = ast.parse(source)
    bound = bound_by_imports(tree)
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            root, dot, rest = ast.unparse(node).partition(".")
            if bound.get(root, root) + dot + rest in GLOBAL_PRECISION:
                lines.append(node.lineno)
    return sorted(lines)


@pytest.mark.parametrize(("who", "whom"), FORBIDDEN, ids=lambda package: package)
def test_imports_go_one_way(who: str, whom: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sources()
        if within(module_name(path), who)
        for line, name in imported(path.read_text(encoding="utf-8"))
        if within(name, whom)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "source",
    [
        "import rnnspec.kit",
        "import rnnspec.kit.judge as j",
        "from rnnspec import kit",
        "from rnnspec.kit import judge",
        "from rnnspec.kit.judge import verdict",
        "def f():\n    from rnnspec import kit",
        "if TYPE_CHECKING:\n    import rnnspec.kit",
    ],
)
def test_a_forbidden_import_would_be_seen(source: str) -> None:
    assert any(within(name, "rnnspec.kit") for _, name in imported(source))


def test_a_name_that_only_begins_alike_is_another() -> None:
    assert not any(within(name, "rnnspec.kit") for _, name in imported("from rnnspec import kitchen"))


def test_one_module_owns_the_process_wide_precision() -> None:
    setters = [path for path in sources() if global_precision_set(path.read_text(encoding="utf-8"))]
    assert setters == [PRECISION_OWNER]


@pytest.mark.parametrize(
    "source",
    [
        "import mpmath\nmpmath.mp.prec = 100",
        "import mpmath as m\nm.mp.dps += 5",
        "from mpmath import mp\nmp.prec = 100",
        "from mpmath import mp as numbers, iv\na, numbers.dps = 1, 2",
        "import flint\nflint.ctx.prec = 64",
        "from flint import ctx\nctx.dps = 64",
    ],
)
def test_setting_a_process_wide_precision_would_be_seen(source: str) -> None:
    assert global_precision_set(source) == [2]


@pytest.mark.parametrize(
    "source",
    [
        "import flint\nbefore = flint.ctx.prec",
        "import mpmath\ncontext = mpmath.MPContext()\ncontext.prec = 100",
        "class C:\n    def f(self):\n        self.context.prec = 100",
    ],
)
def test_reading_it_or_setting_ones_own_is_free(source: str) -> None:
    assert global_precision_set(source) == []


def test_no_module_is_long() -> None:
    lengths = {
        path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()
    }
    assert {str(path): n for path, n in lengths.items() if n >= LONGEST_MODULE} == {}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel, built from this tree without isolation and so without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    [path] = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_the_wheel_installs_its_own_two_names_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    top = {name.partition("/")[0] for name in wheel.namelist()}
    [about] = [name for name in top if name.startswith("rnnspec-") and name.endswith(".dist-info")]
    assert top == {*PACKAGES, about}


def test_the_wheel_holds_every_module(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if name.endswith(".py")}
    package_parents = {package.parent for package in PACKAGES.values()}
    written = {
        path.relative_to(parent).as_posix()
        for path in sources()
        for parent in package_parents
        if path.is_relative_to(parent)
    }
    assert held == written


def test_the_wheel_holds_what_modules_read(wheel: zipfile.ZipFile) -> None:
    assert "rnnspec/command/report.html.jinja" in wheel.namelist()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_says_that_it_is_typed(wheel: zipfile.ZipFile, package: str) -> None:
    assert f"{package}/py.typed" in wheel.namelist()


def test_the_wheel_brings_the_command_the_adapters_and_the_license(wheel: zipfile.ZipFile) -> None:
    [entry_points] = [name for name in wheel.namelist() if name.endswith("/entry_points.txt")]
    [metadata] = [name for name in wheel.namelist() if name.endswith("/METADATA")]
    about = email.message_from_bytes(wheel.read(metadata))
    assert (about["Name"], about["License-Expression"], about["License-File"]) == (
        "rnnspec",
        "MIT",
        "LICENSE",
    )
    assert b"[console_scripts]\nrnnspec = " in wheel.read(entry_points)
    assert b"[rnnspec.implementations]\nnumpy = " in wheel.read(entry_points)
