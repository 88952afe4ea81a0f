"""Calling the command line as a shell does, and looking at what it says."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from rnnspec.command.main import main

ROOT = Path(__file__).resolve().parents[2]
ADAPTERS = Path(__file__).with_name("adapters")
CODE = r"^(?:import numpy as np\n)?from rnnspec import .*?^(?:\)|reproduce\([^\n]*\))$"


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str


def environment(**changed: str) -> dict[str, str]:
    """This environment without what would change the look of a page."""
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "TERM", "FORCE_COLOR", "NO_COLOR")}
    paths = [str(ROOT / "spec"), str(ROOT / "reference")]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8", **changed}


def rnnspec(*arguments: str, **environ: str) -> Said:
    """Run `rnnspec` in a process of its own."""
    return python("-m", "rnnspec", *arguments, **environ)


def at_once(*arguments: str) -> Said:
    """Run `rnnspec` in this process, for calls that are over before they do anything."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return Said(code, out.getvalue(), err.getvalue())


def python(*arguments: str, **environ: str) -> Said:
    """Run Python with the two source roots on its path."""
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        encoding="utf-8",
        env=environment(**environ),
        stdin=subprocess.DEVNULL,
        timeout=1200,  # against waiting for ever, not against a machine that is busy
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def adapter(name: str, file: str = "hostile.py") -> str:
    """The target of an adapter of these tests."""
    return f"{ADAPTERS / file}:{name}"


def pasted(said: Said, folder: Path) -> list[Said]:
    """Run every block of Python that a report prints."""
    blocks = re.findall(CODE, said.out, re.DOTALL | re.MULTILINE)
    assert len(blocks) == said.out.count("To see it again")
    results = []
    for number, block in enumerate(blocks):
        script = folder / f"block{number}.py"
        script.write_text(block, encoding="utf-8")
        results.append(python(str(script)))
    return results
