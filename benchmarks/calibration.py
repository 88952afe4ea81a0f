"""Is the tolerance right? Correct frameworks must never be accused, worse products always.

    python benchmarks/calibration.py                       # 2,000 networks, as in docs/tolerance.md
    python benchmarks/calibration.py --layers 100 --frameworks torch
    python benchmarks/calibration.py --seed 7 --only 123   # one network again, tensor by tensor

Networks are drawn with all options. PyTorch and JAX compute them in float32 and in float64,
forward and backward, and every number is compared with the reference. Then once more with
products that are worse than the format: in float32 with operands cut to tf32, in float64
with the terms of every product added up in float32.

XLA compiles for every set of options and sizes anew, which is what the time is spent on. So
several networks share theirs (`--share`), each with weights, inputs and a scale of its own.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import platform
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from frameworks.yardstick import Yardstick
from reference.checks import Example
from reference.checks_noise import FACTOR, fits
from reference.draws import KINDS, example, layer_options
from reference.exact import tensors
from rnnref import FORMATS, Evaluator, Floats, Layer, Noise, NotCertified, Stack
from rnnref.activations import PARAMETRIC
from rnnref.layer import Kind
from rnnref.stack import Recurrent

# Hidden units by class, with the share of the networks that are drawn from it.
SIZES: dict[str, tuple[tuple[int, ...], float]] = {
    "1": ((1,), 0.18),
    "2-4": ((2, 3, 4), 0.24),
    "5-16": (tuple(range(5, 17)), 0.28),
    "17-33": (tuple(range(17, 34)), 0.26),
    "64-128": ((64, 128), 0.04),
}
STEPS = {"1": (1, 1), "2-4": (2, 4), "5-12": (5, 12), "13-24": (13, 24), "25-50": (25, 50)}

# A bound of what may be computed, below the largest number: for slopes above 1 that it does not know.
ROOM = 2.0**-30

SUBJECTS = {
    "float32": {
        "torch": ("torch", "answer", "plain"),
        "torch layers": ("torch", "native", None),
        "jax": ("jax", "answer", "plain"),
        "torch, tf32 operands": ("torch", "answer", "tf32"),
        "jax, tf32 operands": ("jax", "answer", "tf32"),
    },
    "float64": {
        "torch": ("torch", "answer", "plain"),
        "torch layers": ("torch", "native", None),
        "jax": ("jax", "answer", "plain"),
        "torch, float32 sums": ("torch", "answer", "float32 sums"),
        "jax, float32 sums": ("jax", "answer", "float32 sums"),
    },
}


@dataclass(frozen=True)
class Design:
    """What is drawn of a network but for its numbers."""

    layer: Recurrent
    steps: int
    batch: int
    lengths: tuple[int, ...] | None


def drawn_design(seed: int, group: int) -> Design:
    """Options and sizes."""
    random = np.random.default_rng([seed, group])
    # Multiples of the golden ratio fill the unit interval evenly, and so every class has its share.
    shares = np.cumsum([share for _, share in SIZES.values()])
    size = list(SIZES)[int(np.searchsorted(shares, (group * (math.sqrt(5) - 1) / 2) % shares[-1]))]
    large = size == "64-128"
    kind: Kind = random.choice(KINDS).item()
    chosen = {name: values[random.integers(len(values))] for name, values in layer_options(kind).items()}
    if chosen["activation"] in PARAMETRIC:
        chosen["alpha"] = float(random.choice((0.125, 1.0, 1.5)))
    gates = chosen.pop("gates", "all")
    if gates != "all":
        chosen |= {"forget_gate": False} if gates == "no forget gate" else {"coupled": True}
    if kind == "jordan":
        chosen["outputs"] = _log_uniform(random, 1, 33)
    hidden = int(random.choice(SIZES[size][0]))
    layer = Layer(kind, 64 if large else _log_uniform(random, 1, 33), hidden, **chosen)
    recurrent: Recurrent = layer
    if random.random() < 0.4:
        recurrent = Stack(layer, int(random.integers(1, 3 if large else 4)), bool(random.integers(2)))
    steps = int(random.integers(25, 51)) if large else _log_uniform(random, 1, 24)
    batch = int(random.integers(1, 4))
    lengths = None
    if random.random() < 0.3:  # of which at least one is not 0: without a step there is nothing to compare
        some = random.integers(0, steps + 1, batch)
        some[random.integers(batch)] = random.integers(1, steps + 1)
        lengths = tuple(some.tolist())
    return Design(recurrent, steps, batch, lengths)


def drawn_example(random: np.random.Generator, design: Design, initialised: bool) -> tuple[Example, float]:
    """Numbers for it, with the scale of the weights: one at which nothing overflows in float32."""
    scale = float(np.exp(random.uniform(np.log(0.1), np.log(3.0))))
    if initialised:
        layer = design.layer.layer if isinstance(design.layer, Stack) else design.layer
        scale = float(1 / np.sqrt(max(layer.inputs, layer.hidden)))
    room = replace(FORMATS["float32"], largest=FORMATS["float32"].largest * ROOM)
    while True:
        state = random.bit_generator.state
        drawn = example(random, design.layer, design.steps, design.batch, scale, design.lengths)
        with np.errstate(all="ignore"):
            if fits(drawn, room) and _largest(drawn) < room.largest:
                return drawn, scale
        random.bit_generator.state = state
        scale *= 0.8


def _largest(drawn: Example) -> float:
    """The largest number of any result: what `fits` says of 1 - z is no bound where z may be below 0."""
    floats = Evaluator(Floats(FORMATS["float64"]))
    results = (floats.run(drawn.network), floats.vjp(drawn.network, drawn.cotangent))
    return float(max(np.max(np.abs(a), initial=0.0) for result in results for _, a in tensors(result)))


def _log_uniform(random: np.random.Generator, low: int, high: int) -> int:
    return min(high, int(np.exp(random.uniform(np.log(low), np.log(high + 1)))))


def examples(
    seed: int, group: int, share: int, initialised: bool
) -> Iterator[tuple[int, Design, Example, float]]:
    """The networks of one design, numbered through."""
    design = drawn_design(seed, group)
    for k in range(share):
        drawn, scale = drawn_example(np.random.default_rng([seed, group, k]), design, initialised)
        yield group * share + k, design, drawn, scale


def measured(
    seed: int, group: int, share: int, initialised: bool, frameworks: tuple[str, ...]
) -> list[dict[str, Any]]:
    """observed/allowed of every subject on every network of one design."""
    modules = {name: _module(name) for name in frameworks}
    records = []
    for number, design, drawn, scale in examples(seed, group, share, initialised):
        record = {"number": number, "scale": scale, **_description(design), "ratios": {}}
        try:
            for fmt, subjects in SUBJECTS.items():
                yardstick = Yardstick(drawn, FORMATS[fmt], seed=number)
                answers: dict[str, Any] = {}
                for name, (framework, function, product) in subjects.items():
                    if framework not in modules:
                        continue
                    if function == "native" and not modules[framework].has(drawn.network):
                        continue
                    got = _answer(modules[framework], function, product, yardstick, fmt)
                    answers[name] = got
                    ratios = yardstick.ratios(got)
                    worst = max(ratios, key=ratios.__getitem__)
                    plain = answers[name.split(",")[0]]
                    record["ratios"][f"{fmt}: {name}"] = {
                        # Where the tolerance cannot be said: nothing counts then.
                        "undecided": yardstick.undecided,
                        "worst": ratios[worst],
                        "tensor": worst,
                        # Whether a worse product has made any difference at all.
                        "same": got is not plain and all(np.array_equal(got[n], plain[n]) for n in got),
                    }
        except NotCertified:
            record["not certified"] = True
        records.append(record)
    if "jax" in modules:
        modules["jax"].forget()
    return records


def _module(framework: str) -> Any:
    if framework == "torch":
        import torch

        torch.set_num_threads(1)
    return import_module(f"frameworks.{framework}_networks")


def _answer(module: Any, function: str, product: str | None, yardstick: Yardstick, fmt: str) -> Any:
    options = {} if product is None else {"product": product}
    asked = yardstick.example
    return getattr(module, function)(asked.network, asked.cotangent, FORMATS[fmt], **options)


def _description(design: Design) -> dict[str, Any]:
    stack = design.layer if isinstance(design.layer, Stack) else None
    layer = stack.layer if stack else design.layer
    return {
        "size": next(name for name, (ns, _) in SIZES.items() if design.layer.hidden in ns),
        "steps": next(name for name, (low, high) in STEPS.items() if low <= design.steps <= high),
        "kind": layer.kind,
        "design": str(design),
    }


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    """The table: a row a subject, with the share that was accused by size and by steps."""
    rows = {}
    names = [f"{fmt}: {name}" for fmt, subjects in SUBJECTS.items() for name in subjects]
    for name in names:
        every = [r for r in records if name in r["ratios"]]
        mine = [r for r in every if not r["ratios"][name]["undecided"]]
        if not mine:
            continue
        worst = np.array([r["ratios"][name]["worst"] for r in mine])
        top = mine[int(np.argmax(worst))]
        wrong = [r for r in mine if (r["ratios"][name]["worst"] > 1) != ("," in name)]
        rows[name] = {
            "networks": len(every),
            "undecided": len(every) - len(mine),
            "worst": {
                "observed/allowed": float(worst.max()),
                "number": top["number"],
                "tensor": top["ratios"][name]["tensor"],
                "scale": top["scale"],
                "design": top["design"],
            },
            "least": float(worst.min()),
            "quantiles": {str(q): float(np.quantile(worst, q)) for q in (0.01, 0.1, 0.5, 0.9, 0.99, 0.999)},
            "accused": int(np.sum(worst > 1)),
            "missed" if "," in name else "wrongly accused": [
                {key: r[key] for key in ("number", "scale", "design")}
                | {key: r["ratios"][name][key] for key in ("worst", "tensor", "same")}
                for r in wrong
            ],
            "by size": _shares(every, name, "size", list(SIZES)),
            "by steps": _shares(every, name, "steps", list(STEPS)),
            "by kind": _shares(every, name, "kind", list(KINDS)),
        }
    return rows


def _shares(records: list[dict[str, Any]], name: str, key: str, classes: list[str]) -> dict[str, Any]:
    shares = {}
    for each in classes:
        every = [r["ratios"][name] for r in records if r[key] == each]
        mine = [r for r in every if not r["undecided"]]
        if every:
            shares[each] = {
                "networks": len(every),
                "undecided": len(every) - len(mine),
                "accused": sum(r["worst"] > 1 for r in mine),
                "the same": sum(r["same"] for r in mine),
                "worst": max((r["worst"] for r in mine), default=None),
            }
    return shares


def environment(frameworks: tuple[str, ...]) -> dict[str, Any]:
    """What the figures depend on."""
    libraries = {"torch": ("torch",), "jax": ("jax", "jaxlib")}
    names = ["numpy", "python-flint", *(n for f in frameworks for n in libraries[f])]
    found: dict[str, Any] = {"python": platform.python_version(), **{name: version(name) for name in names}}
    found["machine"] = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    about = dict(line.split(":", 1) for line in lines if ":" in line)
    about = {key.strip(): value.strip() for key, value in about.items()}
    found["processor"] = about.get("model name", platform.processor())
    flags = about.get("flags", "").split()
    found["instruction sets"] = [f for f in flags if f.startswith(("avx", "fma", "amx")) or f == "f16c"]
    if "torch" in frameworks:
        import torch

        found["instruction set used by torch"] = torch.backends.cpu.get_cpu_capability()
    return found


def printed(rows: dict[str, Any]) -> str:
    """The summary as a table for people; shares are of the networks that are decided."""
    heads = ("networks", "undecided", "worst", "median", "least")
    lines = [f"{'':34}" + "".join(f"{head:>11}" for head in heads) + "   accused, by hidden units"]
    for name, row in rows.items():
        figures = (row["worst"]["observed/allowed"], row["quantiles"]["0.5"], row["least"])
        lines.append(
            f"{name:34}{row['networks']:>11}{row['undecided']:>11}"
            + "".join(f"{figure:>11.3g}" for figure in figures)
            + "".join(
                f"   {size}: {share['accused']}/{share['networks'] - share['undecided']}"
                for size, share in row["by size"].items()
            )
        )
    return "\n".join(lines)


def again(arguments: argparse.Namespace, write: Callable[[str], object]) -> None:
    """One network once more, tensor by tensor."""
    group, k = divmod(arguments.only, arguments.share)
    _, design, drawn, scale = list(examples(arguments.seed, group, k + 1, arguments.initialised))[k]
    write(f"{design}\nscale of the weights {scale}\n")
    for fmt, subjects in SUBJECTS.items():
        yardstick = Yardstick(drawn, FORMATS[fmt], seed=arguments.only)
        for name, (framework, function, product) in subjects.items():
            if framework in arguments.frameworks:
                module = _module(framework)
                if function == "native" and not module.has(drawn.network):
                    continue
                ratios = yardstick.ratios(_answer(module, function, product, yardstick, fmt))
                found = "  ".join(f"{tensor} {ratio:.3g}" for tensor, ratio in ratios.items())
                write(f"{fmt}: {name}: {found}\n")


def _option(named: tuple[str, Any]) -> str:
    name, value = named
    if isinstance(value, bool):
        return f"--{name}" if value else ""
    return f"--{name} {' '.join(value) if isinstance(value, tuple) else value}"


def main() -> None:
    """Measure, print the table, and write it as JSON if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--layers", type=int, default=2000, help="how many networks (2000)")
    parser.add_argument("--share", type=int, default=20, help="how many share options and sizes (20)")
    parser.add_argument("--seed", type=int, default=20000)
    parser.add_argument(
        "--initialised",
        action="store_true",
        help="weights of standard deviation 1/sqrt(max(m, n)), as where training begins, instead of 0.1 to 3",
    )
    parser.add_argument("--jobs", type=int, default=2, help="worker processes (2)")
    parser.add_argument("--frameworks", nargs="+", choices=("torch", "jax"), default=["torch", "jax"])
    parser.add_argument("--only", type=int, help="this one network, tensor by tensor")
    parser.add_argument("--json", type=Path, help="where to add the result to a list")
    arguments = parser.parse_args()
    arguments.frameworks = tuple(arguments.frameworks)
    if arguments.only is not None:
        again(arguments, sys.stdout.write)
        return

    begun = time.monotonic()
    groups = range(-(-arguments.layers // arguments.share))
    records: list[dict[str, Any]] = []
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.jobs, mp_context=spawned) as pool:
        waiting = [
            pool.submit(
                measured, arguments.seed, group, arguments.share, arguments.initialised, arguments.frameworks
            )
            for group in groups
        ]
        for done in waiting:
            records += done.result()
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{len(records)} networks, {time.monotonic() - begun:.0f} s")
    records = records[: arguments.layers]

    uncertified = [r["number"] for r in records if "not certified" in r]
    asked = {
        name: getattr(arguments, name) for name in ("layers", "share", "seed", "initialised", "frameworks")
    }
    result = {
        "command": " ".join(filter(None, ["benchmarks/calibration.py", *map(_option, asked.items())])),
        "seed": arguments.seed,
        "networks": len(records),
        "designs": len(groups),
        "factor": FACTOR,
        "replicates": Noise(FORMATS["float32"]).replicates,
        "not certified": uncertified,
        "seconds": round(time.monotonic() - begun),
        "environment": environment(arguments.frameworks),
        "subjects": summary(records),
    }
    sys.stdout.write(f"seed {arguments.seed}, {len(records)} networks of {len(groups)} designs\n")
    sys.stdout.write(printed(result["subjects"]) + "\n")
    if arguments.json:
        before = json.loads(arguments.json.read_text()) if arguments.json.exists() else []
        arguments.json.write_text(json.dumps([*before, result], indent=1) + "\n")


if __name__ == "__main__":
    main()
