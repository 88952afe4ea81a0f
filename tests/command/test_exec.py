"""Programs in the place of a target: the example of docs/wire.md, one with a mistake, and worse ones."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from command.calling import ADAPTERS, ROOT, at_once, pasted, rnnspec
from rnnspec import BatchNorm, Chain, Dense, Layer, Residual, Stack, reproduce
from rnnspec.errors import CallAtFault
from rnnspec.kit import wire
from rnnspec.kit.worker import worker_of

EXAMPLE = ADAPTERS / "plain_program.py"
MISTAKEN = ADAPTERS / "mistaken_program.py"


def run_by_python(*words: str | Path) -> str:
    return shlex.join([sys.executable, *map(str, words)])


def test_the_example_conforms() -> None:
    said = rnnspec(
        "check", "--exec", run_by_python(EXAMPLE), "ACT-02", "ACT-05", "GRU-08", "--profile", "quick"
    )
    assert said.code == 0, said.out
    assert re.search(r"plain-program 1\.0 conforms in float64: \d+ claims held", said.out)
    assert "parameter_count is not offered" in said.out


def test_the_example_knows_nothing_of_rnnspec() -> None:
    imports = re.findall(r"^(?:import|from) (\w+)", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(imports) <= sys.stdlib_module_names


def test_a_mistake_is_found_and_seen_again(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    folder = tmp_path / "a 'quoted' folder"  # what a command's words may look like
    folder.mkdir()
    for program in (EXAMPLE, MISTAKEN):
        (folder / program.name).write_bytes(program.read_bytes())
    command = run_by_python(folder / MISTAKEN.name, "an argument with spaces", "x" * 60)
    said = rnnspec("check", "--exec", command, "act-02", "--profile", "quick", "--json", str(file))
    assert said.code == 1
    assert "mistaken-program 1.0 does not conform" in said.out
    held = json.loads(file.read_text(encoding="utf-8"))["held"]
    assert (held["target"], held["program"]) == (command, shlex.split(command))
    again = pasted(said, tmp_path)
    assert again
    assert all("ACT-02" in each.out and "failed" in each.out for each in again)


def test_a_program_keeps_its_environment() -> None:
    reads = "import os, sys; sys.exit(os.environ.get('PYTHONSAFEPATH', 'none') + os.environ['PYTHONPATH'])"
    said = rnnspec("check", "--exec", run_by_python("-c", reads), PYTHONPATH=str(ROOT / "spec"))
    assert f"its last words: none{ROOT / 'spec'}\n" in said.err


def greets(text: str) -> str:
    return run_by_python("-c", f"print({text!r}, flush=True); input()")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Missing argument 'TARGET', or --exec with a command in its place"),
        (("--exec",), "Option '--exec' requires an argument"),
        (("--exec", "true", "numpy"), "TARGET and --exec exclude each other: no claim or topic is called"),
        (("numpy", "ACT-02", "--exec", "true"), "TARGET and --exec exclude each other: no claim or topic"),
        (
            ("--exec", "true", "ACT-02", "ATC-02"),
            "no claim or topic is called 'ATC-02'; did you mean ACT-02?",
        ),
        (("--exec", " "), "--exec: the command is empty"),
        (("--exec", "a 'b"), '--exec: "a \'b" cannot be split into words: No closing quotation'),
        (("--exec", "a \udcff"), "--exec: 'a \\udcff' is not UTF-8"),
        (("--exec", "/no/such/program -x"), "/no/such/program cannot be started: No such file or directory"),
        (("--exec", str(ADAPTERS)), "cannot be started: Permission denied"),
        (("--exec", "true"), "`true` exited with code 0 while it was loaded"),
        (("--exec", "echo 'hello $HOME'"), "began with something that is not a description: 'hello $HOME'"),
        (("--exec", greets('{"type": "cannot_load", "message": "no\\nlicence"}')), "no licence"),
        (("--exec", greets(json.dumps({"type": "description"}))), "is not a description"),
    ],
    ids=repr,
)
def test_a_faulty_call_is_told_so_in_one_sentence(arguments: tuple[str, ...], says: str) -> None:
    said = at_once("check", *arguments)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("rnnspec: ")
    assert said.err.count("\n") == 1
    assert says in said.err


def test_a_program_without_words_cannot_be_reproduced_with() -> None:
    with pytest.raises(CallAtFault, match="the command is empty"):
        reproduce("ACT-02/attained_at_zero", [], "float64")


def test_the_conversation_in_the_documentation() -> None:
    page = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```json\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    hello, refusal, question, replies, layer, architectures, number = (
        block.encode().splitlines() for block in blocks
    )
    assert isinstance(wire.decode_greeting(hello[0]), wire.Hello)
    assert isinstance(wire.decode_greeting(refusal[0]), wire.Refusal)
    request = wire.decode_request(question[0])
    assert wire.decode_argument(request.arguments["x"]).tolist() == [0, 1]
    answers = [wire.decode_reply(line) for line in replies]
    assert [answer.status for answer in answers] == ["ok", "not_offered", "raised", "rubbish"]
    asked = wire.encode(wire.Request(1, "run", {"layer": wire.LayerValue(Layer("lstm", 3, 4))}))
    assert layer[0].replace(b" ", b"") in asked
    gru = Layer("gru", 3, 4, biases="two")
    block = Residual((Dense(4, 4, "tanh", bias=False),))
    chain = Chain((Dense(3, 4, "elu", 0.5), BatchNorm(4, epsilon=0.001), block))
    for value, line in zip((Stack(gru, 2, True), chain, 0.1), [*architectures, *number], strict=True):
        asked = wire.encode(wire.Request(1, "run", {"it": wire.encode_argument(value)}))
        assert line.replace(b" ", b"") in asked
    with worker_of([sys.executable, str(EXAMPLE)]) as worker:
        said = worker.call("activation", kind="sigmoid", x=np.array([0.0, 1.0]))
    assert wire.decode_value(answers[0].value).tolist() == said.tolist()
