"""Python that repeats a failure, folded so that it can be read and pasted."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence

from rnnspec.kit.results import FailureReport
from rnnspec.strategies.settings import PROFILES

WIDTH = 80
INDENT = "    "


def repeating_lines(
    failure: FailureReport, target: str | Sequence[str] | None, reading: str, profile: str
) -> str:
    """The lines that hold the failing input to the law once more."""
    arguments = [quoted(failure.check), _written(target), quoted(reading)]
    arguments += [f"{name}={expression}" for name, expression in failure.inputs.items()]
    if PROFILES[profile].replicates != PROFILES["standard"].replicates:
        arguments.append(f"profile={quoted(profile)}")  # what is allowed depends on the replicates
    imports = ["import numpy as np"] if any("np." in a for a in failure.inputs.values()) else []
    imports.append(f"from rnnspec import {', '.join([*failure.names, 'reproduce'])}")
    return "\n".join([*imports, "", folded(f"reproduce({', '.join(arguments)})")])


def _written(target: str | Sequence[str] | None) -> str:
    """What `reproduce` takes for a target."""
    if target is None:
        return "None"
    return quoted(target) if isinstance(target, str) else f"[{', '.join(map(quoted, target))}]"


def quoted(text: str) -> str:
    """A string as Python, in double quotes if that is simple."""
    return repr(text) if set(text) & set("\"'\\") or not text.isprintable() else f'"{text}"'


def folded(expression: str, width: int = WIDTH) -> str:
    """The same expression over as many lines as it takes, calls and dicts taken apart."""
    return _fold(ast.parse(expression, mode="eval").body, expression, "", width)


def _fold(node: ast.expr, source: str, prefix: str, width: int) -> str:
    """One node; `prefix` is what stands before it on its first line, indentation included."""
    flat = ast.get_source_segment(source, node) or ast.unparse(node)
    indent = prefix[: len(prefix) - len(prefix.lstrip())]
    if len(prefix) + len(flat) < width:
        return prefix + flat
    match node:
        case ast.Call(func=func, args=args, keywords=keywords) if args or keywords:
            parts = [("", arg) for arg in args] + [(f"{k.arg}=", k.value) for k in keywords]
            return _opened(f"{prefix}{ast.unparse(func)}(", parts, ")", source, indent, width)
        case ast.Dict(keys=keys, values=values) if keys:
            pairs = zip(keys, values, strict=True)
            parts = [(f"{ast.get_source_segment(source, k)}: " if k else "**", v) for k, v in pairs]
            return _opened(prefix + "{", parts, "}", source, indent, width)
        case ast.List(elts=elements) if any(isinstance(e, ast.List) or _is_text(e) for e in elements):
            return _opened(prefix + "[", [("", e) for e in elements], "]", source, indent, width)
        case ast.List(elts=elements):
            inner = indent + INDENT
            numbers = ", ".join(map(ast.unparse, elements))
            filled = textwrap.fill(
                numbers,
                width,
                initial_indent=inner,
                subsequent_indent=inner,
                break_long_words=False,
                break_on_hyphens=False,
            )
            return f"{prefix}[\n{filled},\n{indent}]"
    return prefix + flat


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _opened(
    head: str, parts: Sequence[tuple[str, ast.expr]], tail: str, source: str, indent: str, width: int
) -> str:
    inner = indent + INDENT
    lines = [_fold(node, source, inner + name, width) + "," for name, node in parts]
    return "\n".join([head, *lines, indent + tail])
