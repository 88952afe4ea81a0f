"""What people see: tables, lists, one claim as a page; and what is said to a faulty call."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from command.calling import adapter, at_once, rnnspec
from rnnspec import __all__ as public
from rnnspec.claim import Claim
from rnnspec.claims import registry
from rnnspec.command.code import folded, quoted
from rnnspec.command.page import source_of
from rnnspec.command.words import counted, equation_lines, in_figures, listed
from rnnspec.protocol import format_named
from rnnspec.strategies.writing import names_used
from spec.exploring import collect


@pytest.mark.parametrize("columns", ["80", "120"])
def test_a_table_fits(columns: str) -> None:
    said = rnnspec("verify", "GRU-08", "SPE-08", "--profile", "quick", "--jobs", "1", COLUMNS=columns)
    assert said.code == 0
    assert max(map(len, said.out.splitlines())) <= int(columns) or "conform in" in said.out
    table = said.out.split("\n\n")[1]
    assert all(len(line) <= int(columns) for line in table.splitlines())
    for word in ("claim", "title", "examples", "worst", "result", "SPE-08", "refuted", "sampled", "passed"):
        assert word in table
    assert table.index("SPE-08") < table.index("GRU-08")  # the registry's order
    for label in ("checked", "regimes", "coverage", "held", "with", "on", "seed"):
        assert f"\n{label} " in said.out


def test_quietly_there_is_one_line() -> None:
    said = rnnspec("verify", "GRU-08", "--profile", "quick", "--jobs", "1", "-q")
    assert said.out.count("\n") == 1
    assert "conform in float16, float32 and float64: 1 claim held (profile quick, seed 0)." in said.out


def test_a_page() -> None:
    said = rnnspec("claims", "SPE-08", COLUMNS="80")
    assert said.code == 0
    claim = registry["SPE-08"]
    flat = " ".join(said.out.split())
    for text in (claim.title, claim.says, claim.statement, claim.because, claim.corrected, claim.floats):
        assert " ".join(text.split()) in flat
    for check in claim.checks:
        assert f"  {check.name}" in said.out
    assert "hold.strictly_less(0, abs(outputs[-1] - outputs[-2]).sum()" in said.out
    listed_there = " ".join(f"{other} {registry[other].title}" for other in claim.see)
    assert f"See also {listed_there}" in flat


@pytest.mark.parametrize("claim", registry, ids=lambda claim: claim.id)
def test_every_check_has_source_to_show(claim: Claim) -> None:
    for check in claim.checks:
        code = source_of(check)
        assert code.startswith("def ") or not code
        assert '"""' not in code
        compile(code, check.id, "exec")


def test_the_list() -> None:
    said = rnnspec("claims")
    assert said.code == 0
    for claim in registry:
        assert claim.id in said.out
    assert f"{len(registry)} claims, " in said.out
    for topic in {claim.topic_code for claim in registry}:
        of_topic = [claim for claim in registry if claim.topic_code == topic]
        assert re.search(rf"^{topic} +{len(of_topic)} ", said.out, re.MULTILINE)
    assert "\nverdicts: " in said.out
    assert "\nevidence: " in said.out
    assert "\nof parts: " in said.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["claims", "SPE08"], "no claim or topic is called 'SPE08'; did you mean SPE-08?"),
        (["verify", "nonsense"], "no claim or topic is called 'nonsense'; topics are ACT, "),
        (["check", "numpy", "ATC-02"], "did you mean ACT-02?"),
        (["check"], "Missing argument 'TARGET'"),
        (["check", "numpy", "--dtype", "float8"], "'float8' is not one of"),
        (["check", "numpy", "--timeout", "0"], "--timeout"),
        (["verify", "--profile", "slow"], "'slow' is not one of"),
        (["verify", "--seed", "x"], "'x' is not a valid integer"),
        (["verify", "--jobs", "0"], "--jobs"),
        (["verify", "--json", "/nowhere/at/all.json"], "cannot be written: No such file or directory"),
        (["verify", "--json", "."], "cannot be written"),
        (["verify", "--html", "/nowhere/at/all.html"], "--html: /nowhere/at/all.html cannot be written: No"),
        (["check", "numpy", "--junit", "."], "--junit: . cannot be written"),
        (["verify", "--json", "-", "--html", "-"], "--html: standard output is where --json writes"),
        (["verify", "--html", "x", "--junit", "./x"], "--junit: ./x is where --html writes"),
        (["nonsense"], "No such command 'nonsense'"),
        (["verify", "--nonsense"], "No such option"),
    ],
    ids=" ".join,
)
def test_a_faulty_call_is_told_so_in_one_sentence(arguments: list[str], says: str) -> None:
    said = at_once(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("rnnspec: ")
    assert said.err.count("\n") == 1
    assert says in said.err


def test_a_format_that_is_not_there() -> None:
    said = at_once("check", adapter("NothingButAnOption"), "--dtype", "float32")
    assert said.code == 2
    assert said.err == "rnnspec: --dtype: optional 1.0 does not compute in float32, only in float64\n"


def test_nothing_is_left_of_a_report_that_was_not_written(tmp_path: Path) -> None:
    files = [tmp_path / "report.json", tmp_path / "report.html", tmp_path / "nowhere" / "junit.xml"]
    arguments = ["--json", str(files[0]), "--html", str(files[1])]
    assert at_once("check", "no_such_thing", *arguments).code == 2
    assert at_once("check", "numpy", *arguments, "--junit", str(files[2])).code == 2
    assert not any(file.exists() for file in files)


def test_whatever_a_failure_needs_can_be_imported() -> None:
    sources = {
        id(source): source for claim in registry for check in claim.checks for source in check.inputs.values()
    }
    for source in sources.values():
        for value in collect(source, format_named("float64"), 3, 0)[0]:
            assert names_used(value) <= set(public), source.name


@pytest.mark.parametrize("width", [20, 40, 200])
def test_folding_changes_the_layout_only(width: int) -> None:
    call = "f('a, b', np.array([1.0, -2.5, 1e-300, 4.0]), x={'k': [[1, 2], [3, 4]], 'empty': g()}, y=None)"
    text = folded(call, width)
    assert compile_eval(text) == compile_eval(call)
    assert width > len(call) or "\n" in text


def compile_eval(text: str) -> str:
    import ast

    return ast.dump(ast.parse(text, mode="eval"))


def test_words() -> None:
    assert counted(1, "check") == "1 check"
    assert counted(1024, "check") == "1,024 checks"
    assert (listed([]), listed("a"), listed("abc")) == ("", "a", "a, b and c")
    assert [in_figures(x) for x in (0, 1e-9, 0.123, 12, 1e7, float("inf"))] == [
        "0", "<0.01", "0.12", "12", "1e+07", "∞",
    ]  # fmt: skip
    assert (quoted("a"), quoted('a"b'), quoted("a\\b")) == ('"a"', "'a\"b'", r"'a\\b'")
    assert equation_lines("a = b,   c = d", width=8) == ["a = b,", "c = d"]
