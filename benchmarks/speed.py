"""How long each number system takes, as ratios measured in one process.

Forward, and forward with back-propagation through time, of networks with weights of standard
deviation 1/sqrt(n), a batch of one, inputs and cotangents N(0, 1). All engines of a row take
turns (A B C A B C ...), so that whatever else the machine does meets them alike; a figure is
the median of the repetitions, and the spread is that of their middle half.

    python benchmarks/speed.py                        # a table
    python benchmarks/speed.py --json speed.json      # and all figures in a file
    python benchmarks/speed.py --kind gru --all       # mpmath at the largest size too: minutes
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click
import numpy as np
from rich.console import Console
from rich.table import Table

import fused
from rnnref import (
    FORMATS,
    Balls,
    Cotangent,
    Evaluator,
    Floats,
    Layer,
    Mpmath,
    Network,
    Noise,
    Reference,
    working_precision,
)
from rnnref.certify import MARGIN, foreseen_loss
from rnnref.layer import Kind

TORCH = importlib.util.find_spec("torch") is not None

Engine: TypeAlias = Callable[[], object]

SIZES = ((3, 4, 8), (16, 32, 20), (64, 128, 50))  # m, n, T
BITS = 100  # certified, in every tensor
MPMATH = 113  # bits: the mantissa of binary128
REPLICATES = 16

# What a ratio is taken to: the columns of the table.
BASES = {"numpy float64": "/ numpy", "torch float64": "/ torch", "mpmath": "/ mpmath", "fused": "/ fused"}


def network(layer: Layer, T: int, random: np.random.Generator) -> tuple[Network, Cotangent]:
    """A network of a batch of one, and a cotangent."""
    n = layer.hidden
    return (
        Network(
            layer,
            {name: random.normal(0, n**-0.5, shape) for name, shape in layer.parameter_shapes.items()},
            random.normal(size=(T, 1, layer.inputs)),
            {name: random.normal(size=(1, n)) for name in layer.states},
        ),
        Cotangent(random.normal(size=(T, 1, n)), {name: random.normal(size=(1, n)) for name in layer.states}),
    )


def engines(
    layer: Layer, net: Network, cotangent: Cotangent, backward: bool, with_mpmath: bool
) -> dict[str, Engine]:
    """What is timed, by name."""

    def both(e: Any) -> object:
        return e.vjp(net, cotangent) if backward else e.run(net)

    precision = BITS + MARGIN + foreseen_loss(both)
    floats = {name: Evaluator(Floats(FORMATS[name])) for name in ("float32", "float64")}

    def balls() -> object:
        with working_precision(precision):
            return both(Evaluator(Balls()))

    timed: dict[str, Engine] = {
        "numpy float64": lambda: both(floats["float64"]),
        "numpy float32": lambda: both(floats["float32"]),
        f"noise, K = {REPLICATES}": lambda: both(Evaluator(Noise(FORMATS["float32"], REPLICATES))),
        f"reference, {BITS} bits": lambda: both(Reference(BITS)),
        f"of which balls, at {precision}": balls,
    }
    if layer.kind == "lstm":

        def straight() -> object:
            with working_precision(precision):
                lstm = fused.lifted(net, cotangent)
                steps, h, c = fused.forward(lstm)
                return fused.backward(lstm, steps) if backward else (h, c)

        timed["fused"] = straight
    if with_mpmath:
        timed["mpmath"] = lambda: both(Evaluator(Mpmath(MPMATH)))
    if TORCH:
        timed["torch float64"] = torch_engine(layer, net, cotangent, backward)
    return timed


def torch_engine(layer: Layer, net: Network, cotangent: Cotangent, backward: bool) -> Engine:
    """The same kind of layer of PyTorch, on one thread."""
    import torch

    torch.set_num_threads(1)
    kinds = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    # With numbers of its own: how long it takes does not depend on them.
    module = kinds[layer.kind](layer.inputs, layer.hidden, dtype=torch.float64)
    x = torch.tensor(np.asarray(net.inputs), requires_grad=True)
    state = [torch.tensor(np.asarray(v)[np.newaxis], requires_grad=True) for v in net.state.values()]
    given = tuple(state) if len(state) > 1 else state[0]
    d_outputs = torch.tensor(np.asarray(cotangent.outputs))
    d_state = [torch.tensor(np.asarray(v)[np.newaxis]) for v in cotangent.state.values()]

    def run() -> object:
        if not backward:
            with torch.no_grad():
                return module(x, given)
        outputs, last = module(x, given)
        last = list(last) if len(state) > 1 else [last]
        leaves = [*module.parameters(), x, *state]
        return torch.autograd.grad([outputs, *last], leaves, [d_outputs, *d_state])

    return run


def check_fused(net: Network, cotangent: Cotangent) -> None:
    """Raise `SystemExit` unless the fused LSTM and the reference agree in every gradient."""
    expected = Reference(BITS).vjp(net, cotangent)
    with working_precision(2 * BITS):
        lstm = fused.lifted(net, cotangent)
        found = fused.named(lstm, fused.backward(lstm, fused.forward(lstm)[0]))
        everything = {**expected.parameters, "x": expected.inputs, **expected.state}
        for name, values in everything.items():
            pairs = zip(values.ravel().tolist(), found[name], strict=True)
            if not all(one.overlaps(other) for one, other in pairs):
                raise SystemExit(f"the fused LSTM and the reference differ in the gradient of {name}")


def measured(timed: dict[str, Engine], repetitions: int) -> dict[str, dict[str, float]]:
    """Seconds by engine: the median, and the quartiles."""
    taken: dict[str, list[float]] = {name: [] for name in timed}
    for once in range(-1, repetitions):  # the first time is not counted
        for name, engine in timed.items():
            if once > 0 and name == "mpmath" and sum(taken[name]) > 10:
                continue
            begun = time.perf_counter()
            engine()
            if once >= 0 or name == "mpmath":  # which is slow, and has nothing to warm up
                taken[name].append(time.perf_counter() - begun)
    return {
        name: {
            "median": float(np.median(times)),
            "lower": float(np.quantile(times, 0.25)),
            "upper": float(np.quantile(times, 0.75)),
            "repetitions": len(times),
        }
        for name, times in taken.items()
    }


def table(title: str, figures: dict[str, dict[str, float]]) -> Table:
    """Milliseconds and ratios."""
    there = {name: head for name, head in BASES.items() if name in figures}
    result = Table(title=title, title_justify="left")
    result.add_column("engine")
    for head in ("ms", "spread", "times", *there.values()):
        result.add_column(head, justify="right")
    for name, f in figures.items():
        ratios = (f["median"] / figures[base]["median"] for base in there)
        spread = (f["upper"] - f["lower"]) / f["median"]
        row = (f"{1000 * f['median']:.3g}", f"{100 * spread:.0f} %", str(f["repetitions"]))
        result.add_row(name, *row, *(f"{ratio:.3g}" for ratio in ratios))
    return result


def environment(seed: int) -> dict[str, Any]:
    """What the figures depend on."""
    versions = {"python": platform.python_version()}
    for package in ("numpy", "python-flint", "mpmath", "gmpy2", "torch"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    config: Any = np.show_config(mode="dicts")
    blas = config["Build Dependencies"]["blas"]
    return {
        "versions": versions,
        "processor": processor(),
        "instructions": config["SIMD Extensions"],
        "blas": f"{blas.get('name')} {blas.get('version')}",
        "seed": seed,
    }


def processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@click.command()
@click.option("--kind", type=click.Choice(["lstm", "gru", "rnn"]), default="lstm", show_default=True)
@click.option("--repetitions", type=click.IntRange(1), default=15, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--all", "everything", is_flag=True, help="mpmath at the largest size too, which takes minutes")
@click.option(
    "--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="write all figures here"
)
def main(kind: Kind, repetitions: int, seed: int, everything: bool, file: Path | None) -> None:
    """Time every number system, forward and with back-propagation through time."""
    console = Console()
    about = environment(seed)
    console.print(f"{about['processor']}; {about['versions']}; {about['blas']}", highlight=False)
    results = []
    for m, n, T in SIZES:
        layer = Layer(kind, m, n)
        net, cotangent = network(layer, T, np.random.default_rng(seed))
        if kind == "lstm":
            check_fused(net, cotangent)
        largest = (m, n, T) == SIZES[-1]
        for backward in (False, True):
            timed = engines(layer, net, cotangent, backward, with_mpmath=everything or not largest)
            figures = measured(timed, max(3, repetitions // 3) if largest else repetitions)
            what = "forward and backward" if backward else "forward"
            console.print(table(f"{kind} ({m}, {n}, {T}), {what}", figures))
            results.append({"kind": kind, "m": m, "n": n, "T": T, "backward": backward, "seconds": figures})
    if file is not None:
        file.write_text(json.dumps({"environment": about, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
