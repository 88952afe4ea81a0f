"""Planting a mistake in one function of somebody's source, for as long as a `with` lasts.

    mutant = Mutant(
        name="the-old-cell-is-forgotten",
        where="rnnref.cells:lstm_step",
        old="(c if f is None else f * c) + i * g",
        new="i * g",
        mistake="the new cell is only what is written to it",
    )
    with mutant.planted():
        ...  # every caller of lstm_step, however it imported it, runs the mistake

The source of the function is taken, the one occurrence of `old` in it is replaced, and the
code object that results is put in place of the original's. The function object stays the
same one, so it does not matter who holds it: importers, dispatch tables, closures. Defaults
and decorators are not mutated: a decorated function is unwrapped and its body changed.

Not for several threads at once: the mistake is planted for the whole process.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import linecache
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType


@dataclass(frozen=True)
class Mutant:
    """One mistake in one function.

    Attributes:
        name: for test ids: a few words, joined by hyphens.
        where: `package.module:function` or `package.module:Class.method`.
        old: a piece of the function's source that occurs in it exactly once.
        new: what stands there instead.
        mistake: what somebody has done who writes this, in plain English.
    """

    name: str
    where: str
    old: str
    new: str
    mistake: str

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Run the body with the mistake in place.

        Raises:
            AssertionError: if `old` does not occur exactly once, or if the changed function
                would need other variables of an enclosing function than the original has.
        """
        function = self._function()
        original = function.__code__
        changed = self._changed(function)
        function.__code__ = changed
        try:
            yield
        finally:
            function.__code__ = original
            linecache.cache.pop(changed.co_filename, None)

    @property
    def code(self) -> CodeType:
        """The code of the function that the mistake is for, as it runs now."""
        return self._function().__code__

    def _function(self) -> FunctionType:
        module, _, path = self.where.partition(":")
        found = functools.reduce(getattr, path.split("."), importlib.import_module(module))
        found = getattr(found, "fget", found)  # a property's function
        function = inspect.unwrap(found)  # type: ignore[arg-type]
        function = getattr(function, "__func__", function)  # a class method's
        assert isinstance(function, FunctionType), f"{self.where} is no function written in Python"
        return function

    def _changed(self, function: FunctionType) -> CodeType:
        source = textwrap.dedent(inspect.getsource(function))
        times = source.count(self.old)
        assert times == 1, f"{self.name}: {self.old!r} occurs {times} times in {self.where}"
        source = source.replace(self.old, self.new)

        # Variables of an enclosing function would be compiled as globals, so the source is
        # put into a function that has them. Only the code inside is used; none of it runs.
        # A function that calls itself by a global name goes on doing so.
        enclosing, name = function.__code__.co_freevars, function.__code__.co_name
        own = "" if name in enclosing else f"    global {name}\n"
        scope = f"def scope({', '.join(enclosing)}):\n{own}" + textwrap.indent(source, "    ")
        # Tracebacks show the mutated lines, under a name that says that they are none of the
        # author's.
        filename = f"<mutant {self.name} of {self.where}>"
        linecache.cache[filename] = (len(scope), None, scope.splitlines(keepends=True), filename)
        outer = compile(ast.parse(scope), filename, "exec", dont_inherit=True, flags=_future(function))
        code = _inner(_inner(outer, "scope"), function.__code__.co_name)

        assert code.co_freevars == function.__code__.co_freevars, (
            f"{self.name}: needs {code.co_freevars} of the enclosing function, "
            f"{self.where} has {function.__code__.co_freevars}"
        )
        return code


def mutant(name: str, where: str, old: str, new: str, mistake: str) -> Mutant:
    """A mutant whose name may have spaces: for tables of them."""
    return Mutant(name.replace(" ", "-"), where, old, new, mistake)


def _inner(code: CodeType, name: str) -> CodeType:
    """The code of a function defined inside."""
    return next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)


def _future(function: FunctionType) -> int:
    """The `from __future__` switches under which the function was compiled."""
    import __future__

    every = (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
    return functools.reduce(int.__or__, (flag for flag in every if function.__code__.co_flags & flag), 0)
