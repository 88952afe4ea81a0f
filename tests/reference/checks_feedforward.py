"""What feed-forward networks are held to: their textbook, and differences of it.

Each check is a plain function that raises AssertionError, so that the tests with drawn
networks and the mutants of the formulas use the very same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from reference import textbook, textbook_feedforward
from reference.checks import DIFFERENCES_PRECISION, PRECISION
from reference.checks_noise import FACTOR
from reference.exact import PROVEN, assert_enclosed, flat
from rnnref import Balls, Floats, Format, Mpmath, Noise, certified_bits, working_precision
from rnnref.certify import LARGEST_PRECISION
from rnnref.feedforward import (
    Autoencoder,
    BatchNorm,
    Chain,
    ChainPullback,
    ChainRun,
    Dense,
    Descent,
    Feedforward,
    Link,
    Pretrained,
    Residual,
    Trained,
)

# Everything that the textbook says is computed at two precisions, whose difference is the
# error of the rougher. Where it is a central difference, these are the precisions: its error,
# 2^-240 times a third derivative, is then known and not only believed to be small, even where
# the truth is 0, as are gradients of what batch norm takes away again.
DIFFERENCES = (DIFFERENCES_PRECISION, 2 * DIFFERENCES_PRECISION)
FORWARD = (PRECISION, 2 * PRECISION)


@dataclass(eq=False)
class ChainExample:
    """A chain with all that goes into it and a cotangent, and what the textbook says about them."""

    chain: Chain
    parameters: Mapping[str, Any]
    statistics: Mapping[str, Any]
    x: NDArray[np.float64]
    dy: NDArray[np.float64]

    def run(self, engine: Feedforward) -> ChainRun:
        return engine.chain(self.chain, self.parameters, self.x, self.statistics)

    def vjp(self, engine: Feedforward) -> ChainPullback:
        return engine.chain_vjp(self.chain, self.parameters, self.x, self.dy, self.statistics)

    def jacobian(self, engine: Feedforward) -> NDArray[Any]:
        return engine.chain_jacobian(self.chain, self.parameters, self.x, self.member, self.statistics)

    def running(self, engine: Feedforward) -> dict[str, NDArray[Any]]:
        return engine.batch_norm_statistics(self.chain, self.parameters, self.x, self.statistics)

    @property
    def member(self) -> int:
        """Whose Jacobian is looked at: the last."""
        return len(self.x) - 1

    @property
    def all(self) -> dict[str, Callable[[Feedforward], Any]]:
        """Everything that can be asked of a chain."""
        asked: dict[str, Callable[[Feedforward], Any]] = {"run": self.run, "vjp": self.vjp}
        asked["jacobian"] = self.jacobian
        if len(self.x) > 1:
            asked["running"] = self.running
        return asked

    def plain(self, mp: Any) -> tuple[list[Any], dict[str, Any], Any]:
        """Links, parameters and statistics together, and inputs, as the textbook takes them."""
        values = {**self.parameters, **self.statistics}
        return (
            [described(link) for link in self.chain.links],
            {name: lifted(mp, value) for name, value in values.items()},
            lifted(mp, self.x),
        )

    @cached_property
    def forward(self) -> list[Any]:
        """The outputs of every link."""
        return [textbook_feedforward.run(mp, *self.plain(mp)) for mp in map(textbook.precision, FORWARD)]

    @cached_property
    def statistics_after(self) -> list[Any]:
        return [
            textbook_feedforward.running_statistics(mp, *self.plain(mp))
            for mp in map(textbook.precision, FORWARD)
        ]

    @cached_property
    def differences(self) -> list[dict[str, list[Any]]]:
        """Central differences of the outputs times the cotangent, by everything that goes in.

        `inside k` is what goes into link k, counted from 1, with what stands before it left out.
        """
        return [self._differences(bits) for bits in DIFFERENCES]

    @cached_property
    def jacobian_differences(self) -> list[list[Any]]:
        """Rows, one after the other: the outputs of the member by its own inputs."""
        jacobians = []
        for mp in map(textbook.precision, DIFFERENCES):
            links, p, xs = self.plain(mp)
            row = xs[self.member]

            def output(k: int, mp: Any = mp, links: Any = links, p: Any = p, xs: Any = xs) -> Any:
                return textbook_feedforward.run(mp, links, p, xs)[-1][self.member][k]

            jacobians.append(
                [
                    textbook_feedforward.difference(mp, lambda k=k, output=output: output(k), row, j)
                    for k in range(self.chain.outputs)
                    for j in range(len(row))
                ]
            )
        return jacobians

    def _differences(self, bits: int) -> dict[str, list[Any]]:
        mp = textbook.precision(bits)
        links, p, xs = self.plain(mp)
        reads = [xs, *textbook_feedforward.run(mp, links, p, xs)[:-1]]
        found = {name: self._by(mp, links, p, xs, p[name]) for name in self.chain.parameter_shapes}
        for place in range(1, len(links) + 1):
            at = reads[place - 1]
            found[f"inside {place}"] = self._by(mp, links[place - 1 :], p, at, at, place)
        return found

    def _by(self, mp: Any, links: Any, p: Any, xs: Any, moving: Any, first: int = 1) -> list[Any]:
        def paired() -> Any:
            ys = textbook_feedforward.run(mp, links, p, xs, first=first)[-1]
            return mp.fsum(y * mp.mpf(d) for y, d in zip(flat(ys), flat(self.dy), strict=True))

        return [
            textbook_feedforward.difference(mp, paired, row, k)
            for row in textbook_feedforward.rows(moving)
            for k in range(len(row))
        ]


@dataclass(eq=False)
class TrainingExample:
    """Autoencoders with what they begin with and a descent, and what the textbook makes of them."""

    stages: tuple[Autoencoder, ...]
    parameters: Sequence[Mapping[str, Any]]
    x: NDArray[np.float64]
    how: Descent

    def trained(self, engine: Feedforward) -> Pretrained:
        return engine.pretrain(self.stages, self.parameters, self.x, self.how)

    @cached_property
    def textbook(self) -> list[dict[str, Any]]:
        """By the names that `tensors` gives."""
        return [self._textbook(bits) for bits in DIFFERENCES]

    def _textbook(self, bits: int) -> dict[str, Any]:
        mp = textbook.precision(bits)
        stages = [[described(link) for link in stage.chain.links] for stage in self.stages]
        parameters = [{k: lifted(mp, v) for k, v in own.items()} for own in self.parameters]
        losses, codes = textbook_feedforward.pretrain(
            mp, stages, parameters, lifted(mp, self.x), asdict(self.how)
        )
        found: dict[str, Any] = {}
        for l, (own, E, h) in enumerate(zip(parameters, losses, codes, strict=True), start=1):
            found |= {f"stage {l}: {name}": value for name, value in own.items()}
            found |= {f"stage {l}: losses": E, f"codes {l}": h}
            found |= {f"{name[0]}_{l}": value for name, value in own.items() if name.endswith("_1")}
        return found


@dataclass(eq=False)
class TuningExample:
    """A chain that is trained as a whole, and what the textbook makes of it."""

    chain: Chain
    parameters: Mapping[str, Any]
    statistics: Mapping[str, Any]
    x: NDArray[np.float64]
    targets: NDArray[np.float64]
    how: Descent

    def trained(self, engine: Feedforward) -> Trained:
        return engine.train(self.chain, self.parameters, self.x, self.targets, self.how, self.statistics)

    @cached_property
    def textbook(self) -> list[dict[str, Any]]:
        """By the names that `tensors` gives."""
        return [self._textbook(bits) for bits in DIFFERENCES]

    def _textbook(self, bits: int) -> dict[str, Any]:
        mp = textbook.precision(bits)
        example = ChainExample(self.chain, self.parameters, self.statistics, self.x, self.targets)
        links, p, xs = example.plain(mp)
        targets, names = lifted(mp, self.targets), list(self.parameters)
        losses = textbook_feedforward.descend(mp, links, p, names, xs, targets, asdict(self.how))
        return {name: p[name] for name in names} | {"losses": losses}


def check_chain_forward(example: ChainExample) -> None:
    """The outputs of all links enclose what the textbook says."""
    got = proven(example.run)
    rough, fine = example.forward
    assert len(got.inside) == len(fine)
    for place, (value, low, high) in enumerate(zip(got.inside, rough, fine, strict=True), start=1):
        assert value.shape == np.shape(high), f"link {place}: shape {value.shape}, not {np.shape(high)}"
        assert_enclosed(f"output of link {place}", value, low, high)
    assert flat(got.outputs) == flat(got.inside[-1])


def check_chain_gradients(example: ChainExample) -> None:
    """Every gradient encloses the textbook's central difference, entry by entry."""
    got = proven(example.vjp)
    shapes = example.chain.parameter_shapes
    assert {name: value.shape for name, value in got.parameters.items()} == shapes
    sizes = [link.inputs for link in example.chain.links]
    assert [value.shape for value in got.inside] == [(len(example.x), size) for size in sizes]
    rough, fine = example.differences
    gradients = dict(got.parameters)
    gradients |= {f"inside {place}": value for place, value in enumerate(got.inside, start=1)}
    assert set(gradients) == set(fine)
    for name, value in gradients.items():
        assert_enclosed(f"d{name}", value, rough[name], fine[name])
    assert flat(got.inputs) == flat(got.inside[0])


def check_chain_jacobian(example: ChainExample) -> None:
    """The Jacobian of one member encloses the textbook's central differences."""
    got = proven(example.jacobian)
    assert got.shape == (example.chain.outputs, example.chain.inputs)
    assert_enclosed("Jacobian", got, *example.jacobian_differences)


def check_running_statistics(example: ChainExample) -> None:
    """Running means and variances enclose what the textbook says."""
    got = proven(example.running)
    assert {name: value.shape for name, value in got.items()} == example.chain.statistic_shapes
    rough, fine = example.statistics_after
    for name, value in got.items():
        assert_enclosed(name, value, rough[name], fine[name])


def check_chain_engines(example: ChainExample) -> None:
    """mpmath, which shares no code with flint, runs the same formulas to the same numbers."""
    for what, compute in example.all.items():
        _check_engines(what, compute)


def check_training(example: TrainingExample | TuningExample) -> None:
    """Parameters, losses and codes enclose the textbook's, whose gradients are differences."""
    got = dict(tensors(proven(example.trained)))
    rough, fine = example.textbook
    assert set(got) == set(fine)
    for name, value in got.items():
        assert_enclosed(name, value, rough[name], fine[name])
    _check_engines("training", example.trained)


def check_chain_floats(example: ChainExample, fmt: Format, seed: int = 0) -> None:
    """A correct implementation stays within the tolerance."""
    example = representable(example, fmt)
    for what, compute in example.all.items():
        for name, ratio in worst_ratios(compute, fmt, seed).items():
            assert ratio < FACTOR, f"{what}, {name} in {fmt.name}: observed / scatter = {ratio:.1f}"


def check_training_floats(example: TrainingExample, fmt: Format, seed: int = 0) -> None:
    """The same, over several steps of descent."""
    example = replace(
        example,
        parameters=[{k: fmt.round(v) for k, v in own.items()} for own in example.parameters],
        x=fmt.round(example.x),
    )
    for name, ratio in worst_ratios(example.trained, fmt, seed).items():
        assert ratio < FACTOR, f"{name} in {fmt.name}: observed / scatter = {ratio:.1f}"


def proven(compute: Callable[[Feedforward], Any]) -> Any:
    """What an engine of balls computes, with `PROVEN` bits in every tensor."""
    precision = 2 * PROVEN
    while True:
        with working_precision(precision):
            result = compute(Feedforward(Balls()))
            bits = min((certified_bits(value) for _, value in tensors(result)), default=PROVEN)
        if bits >= PROVEN:
            return result
        assert precision < LARGEST_PRECISION, f"only {bits} bits proven with {precision}"
        precision *= 2


def tensors(result: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    """The arrays of whatever a method returns, each with a name for messages."""
    if isinstance(result, ChainRun):
        yield from ((f"output {place}", value) for place, value in enumerate(result.inside, start=1))
    elif isinstance(result, ChainPullback):
        yield from result.parameters.items()
        yield from ((f"inside {place}", value) for place, value in enumerate(result.inside, start=1))
    elif isinstance(result, Trained):
        yield from result.parameters.items()
        yield "losses", result.losses
    elif isinstance(result, Pretrained):
        yield from result.parameters.items()
        for place, (stage, codes) in enumerate(zip(result.stages, result.codes, strict=True), start=1):
            yield from ((f"stage {place}: {name}", value) for name, value in tensors(stage))
            yield f"codes {place}", codes
    elif isinstance(result, dict):
        yield from result.items()
    else:
        yield "values", result


def representable(example: ChainExample, fmt: Format) -> ChainExample:
    """The example with all its numbers rounded to a format, so that lifting them is exact."""
    return ChainExample(
        example.chain,
        {name: fmt.round(value) for name, value in example.parameters.items()},
        {name: fmt.round(value) for name, value in example.statistics.items()},
        fmt.round(example.x),
        fmt.round(example.dy),
    )


def fits(example: ChainExample, fmt: Format) -> bool:
    """Whether nothing overflows, and no members of a batch that differ are rounded to equals.

    The variance of equals is 0, by which batch norm divides where its epsilon is 0.
    """
    example = representable(example, fmt)
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            for compute in example.all.values():
                compute(Feedforward(Floats(fmt)))
    except FloatingPointError:
        return False
    return True


def worst_ratios(compute: Callable[[Feedforward], Any], fmt: Format, seed: int) -> dict[str, float]:
    """The largest error of every tensor in units of the tolerance, without its `FACTOR`."""
    noise = Noise(fmt, seed=seed)
    got = dict(tensors(compute(Feedforward(Floats(fmt)))))
    scattered = dict(tensors(compute(Feedforward(noise))))
    ratios = {}
    for name, truth in tensors(proven(compute)):
        value = np.array([abs(float(t.mid())) for t in flat(truth)])
        scatter = np.std(scattered[name], axis=0).ravel() * noise.scale
        unit = scatter + fmt.unit_roundoff * value + fmt.smallest_normal
        assert got[name].dtype == fmt.dtype, f"{name} is of type {got[name].dtype}"
        assert got[name].shape == truth.shape
        assert scattered[name].shape == (noise.replicates, *truth.shape)
        with working_precision(2 * PROVEN):  # a float64's own error would be lost in float64
            errors = [abs(arb(float(g)) - t) for g, t in zip(flat(got[name]), flat(truth), strict=True)]
        ratios[name] = float(np.max(np.array([float(e.mid()) for e in errors]) / unit))
    return ratios


def described(link: Link) -> dict[str, Any]:
    """A link as the textbook takes it."""
    match link:
        case Dense():
            return {"kind": "dense"} | {name: getattr(link, name) for name in ("activation", "alpha", "bias")}
        case BatchNorm():
            names = ("epsilon", "mode", "running", "momentum")
            return {"kind": "batch norm"} | {name: getattr(link, name) for name in names}
        case Residual():
            return {"kind": "residual", "inside": [described(each) for each in link.inside]}


def lifted(mp: Any, array: Any) -> Any:
    """Nested lists of the context's numbers."""
    return [lifted(mp, each) for each in array] if np.ndim(array) else mp.mpf(float(array))


def _check_engines(what: str, compute: Callable[[Feedforward], Any]) -> None:
    balls = dict(tensors(proven(compute)))
    rough, fine = (dict(tensors(compute(Feedforward(Mpmath(bits))))) for bits in FORWARD)
    assert set(balls) == set(fine)
    for name, value in balls.items():
        assert_enclosed(f"{what}: {name}", value, rough[name], fine[name])
