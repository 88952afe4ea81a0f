"""What derived formulas are held to: differences of the textbook, step by step and edge by edge.

Each check is a plain function that raises AssertionError, so that the tests with drawn
networks and the mutants of the formulas use the very same one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from reference.checks import PRECISION, Example
from reference.checks_noise import FACTOR, representable
from reference.derived import Derived, Values
from reference.exact import PROVEN, assert_enclosed, flat, fraction
from rnnref import (
    Balls,
    Cotangent,
    Evaluator,
    Floats,
    Format,
    Mpmath,
    Network,
    Noise,
    certified_bits,
    working_precision,
)
from rnnref.certify import LARGEST_PRECISION, tensors
from rnnref.derivatives import Derivatives
from rnnref.paths import count_paths
from rnnref.stack import levels_of


def check_one_step(derived: Derived) -> None:
    """Both the formulas and what is pulled back are the differences of one step."""
    rough, fine = derived.long
    for what, compute in (("pulled back", "jacobians"), ("formula", "formulas")):
        steps = certified(derived.all[compute])
        assert len(steps) == derived.network.steps
        for t, blocks in enumerate(steps, start=1):
            states = derived.network.layer.states
            olds = states if what == "formula" else (*states, "x")
            assert set(blocks) == {f"d{new}/d{old}" for new in states for old in olds}
            for name, block in blocks.items():
                key = (t, t - 1, name)
                assert_enclosed(f"{what}: {name} of step {t}", block, rough[key], fine[key])


def check_products(derived: Derived) -> None:
    """The state after t steps by the state after k is the difference of t - k steps."""
    rough, fine = derived.long
    network = derived.network
    for t, k in dict.fromkeys((t, k) for t, k, _ in fine):
        for name, block in certified(partial(Derivatives.jacobian, network=network, t=t, k=k)).items():
            key = (t, k, name)
            assert_enclosed(f"{name} from {k} to {t}", block, rough[key], fine[key])
    for t in range(network.steps + 1):
        for name, block in certified(partial(Derivatives.jacobian, network=network, t=t, k=t)).items():
            assert_exactly(name, block, np.eye(*block.shape[1:]) * (name[1] == name[-1]))


def check_units(derived: Derived) -> None:
    """The product over all steps is what back-propagation through time makes of unit vectors."""
    network = derived.network
    sizes = network.layer.state_sizes
    J = certified(derived.all["product"])
    for new, size in sizes.items():
        for b in range(network.batch):
            copies = Network(
                network.layer,
                network.parameters,
                np.repeat(network.inputs[:, b : b + 1], size, axis=1),
                {name: np.repeat(value[b : b + 1], size, axis=0) for name, value in network.state.items()},
            )
            zero = {name: np.zeros((size, width)) for name, width in sizes.items()}
            units = Cotangent(
                np.zeros((network.steps, size, network.layer.width)), zero | {new: np.eye(size)}
            )
            back = certified(partial(Evaluator.vjp, network=copies, cotangent=units), Evaluator)
            for old in sizes:
                assert_overlap(f"d{new}/d{old}", J[f"d{new}/d{old}"][b], back.state[old])


def check_terms(derived: Derived) -> None:
    """Every term is the difference by the copy of the parameters that its step uses."""
    _check_terms(derived, "terms", derived.terms)


def check_misread_terms(derived: Derived) -> None:
    """And where the last factor is a total derivative, by all copies up to that step's."""
    _check_terms(derived, "misread terms", derived.misread_terms)


def _check_terms(derived: Derived, what: str, differences: list[Values]) -> None:
    rough, fine = differences
    along = certified(lambda e: _along(derived, derived.all[what](e)))
    assert set(along) == set(fine)
    for key, value in along.items():
        assert_enclosed(f"{what}: {key}", value, [rough[key]], [fine[key]])


def _along(derived: Derived, losses: Any) -> Values:
    """The terms along the directions, by (t, k)."""
    return {
        (t, k): moving(derived, term)
        for t, terms in enumerate(losses, start=1)
        for k, term in enumerate(terms, start=1)
    }


def moving(derived: Derived, gradients: Values) -> NDArray[np.object_]:
    """By how much a loss moves along the directions: a tensor of one ball."""
    balls = [
        g * arb(d)
        for name, gradient in gradients.items()
        for g, d in zip(flat(gradient), flat(derived.directions[name]), strict=True)
    ]
    return np.array([sum(balls, arb(0))])


def check_sums(derived: Derived) -> None:
    """The terms add up to the gradient, those of a step to that step's share of it."""
    network, cotangent = derived.network, derived.cotangent
    if not network.steps:  # and what adds up to 0 has no terms
        assert certified(derived.all["terms"]) == []
        return
    vjp = certified(lambda e: e.vjp(network, cotangent).parameters, Evaluator)
    shares = certified(lambda e: e.vjp_by_step(network, cotangent), Evaluator)

    def sums(e: Derivatives) -> tuple[Values, list[Values]]:
        losses = e.gradient_terms(network, cotangent)
        by_step = [
            {name: sum(losses[t][k][name] for t in range(k, len(losses))) for name in vjp}
            for k in range(len(losses))
        ]
        return {name: sum(share[name] for share in by_step) for name in vjp}, by_step

    total, by_step = certified(sums)
    for name in vjp:
        assert_overlap(f"d{name}", total[name], vjp[name])
        for k, (mine, its) in enumerate(zip(by_step, shares, strict=True), start=1):
            assert_overlap(f"share of step {k} in d{name}", mine[name], its[name])


def check_shares_of_directions(example: Example) -> None:
    """Of a level with two directions every step has its own share: that of single layers.

    The one from the end is a layer that reads the sequence from there, so its shares come in
    the other order.
    """
    network, cotangent = example.network, example.cotangent
    shares = certified(lambda e: e.vjp_by_step(network, cotangent), Evaluator)
    [level] = levels_of(network.layer)
    width = level[0].layer.width
    for k, place in enumerate(level):
        order = slice(None, None, -1 if place.reverse else 1)
        alone = Network(
            place.layer, place.own(network.parameters), network.inputs[order], place.own(network.state)
        )
        part = cotangent.outputs[order, :, k * width : (k + 1) * width]
        own = certified(
            partial(
                Evaluator.vjp_by_step, network=alone, cotangent=Cotangent(part, place.own(cotangent.state))
            ),
            Evaluator,
        )
        for t, (whole, single) in enumerate(zip(shares, own[order], strict=True), start=1):
            for name, value in place.named(single).items():
                assert_overlap(f"share of step {t} in d{name}", whole[name], value)


def check_cells(derived: Derived) -> None:
    """The four terms of dc_t/dc_{t-1} one by one, and dc_T/dc_0."""
    rough, fine = derived.cells
    steps = certified(derived.all["cell terms"])
    assert {(t, name) for t, terms in enumerate(steps, start=1) for name in terms} == set(fine)
    for t, terms in enumerate(steps, start=1):
        for name, term in terms.items():
            assert_enclosed(f"term {name} of step {t}", term, rough[t, name], fine[t, name])
    whole = certified(derived.all["cell jacobian"])
    assert_enclosed("dc_T/dc_0", whole, *derived.whole_cell)


def check_paths(derived: Derived) -> None:
    """Every path is the product of its edges' differences; there are as many as there should be."""
    rough, fine = derived.paths
    paths = certified(derived.all["paths"])
    layer, steps = derived.network.layer, derived.network.steps
    assert set(paths) == set(fine)
    assert len(paths) == count_paths(steps, layer.forget_gate)  # type: ignore[union-attr]
    for edges, value in paths.items():
        assert_enclosed(" ".join(edges), value, rough[edges], fine[edges])
    whole = certified(lambda e: sum(e.paths(derived.network, derived.o_before).values()))
    assert_overlap("the sum of all paths", whole, certified(derived.all["cell jacobian"]))

    groups = certified(derived.all["path groups"])
    met = {edges: sum(edge.count("->") == 2 for edge in edges) for edges in paths}
    assert list(groups) == sorted(set(met.values()))
    for number, value in groups.items():
        own = [edges for edges in paths if met[edges] == number]
        expected = ([flat(each[edges]) for edges in own] for each in (rough, fine))
        sums = ([sum(column) for column in zip(*each, strict=True)] for each in expected)
        assert_enclosed(f"paths through {number} matrices", value, *sums)


def check_truncated(derived: Derived, detached: Collection[str] = (), cut: Collection[int] = ()) -> None:
    """A truncated gradient is that of a network which reads some of its states from a stored run."""

    def along(e: Evaluator) -> Any:
        back = e.vjp(derived.network, derived.cotangent, detached=detached, cut=cut)
        starts = {f"{name}_0": value for name, value in back.state.items()}
        return moving(derived, {**back.parameters, "inputs": back.inputs, **starts})

    rough, fine = derived.truncated(detached, cut)
    assert_enclosed("the truncated gradient", certified(along, Evaluator), [rough], [fine])


def check_engines(derived: Derived) -> None:
    """mpmath runs the same formulas to the same numbers."""
    for what, compute in derived.all.items():
        balls = certified(compute)
        rough, fine = (compute(Derivatives(Mpmath(bits))) for bits in (PRECISION, 2 * PRECISION))
        for (name, value), (_, low), (_, high) in zip(named(balls), named(rough), named(fine), strict=True):
            assert_enclosed(f"{what}: {name}", value, low, high)


def check_floats(derived: Derived, fmt: Format, seed: int = 0) -> None:
    """Correct floats stay within the tolerance that noise gives."""
    own = Derived(representable(derived.example, fmt), fmt.round(derived.o_before))
    for what, compute in own.all.items():
        noise = Noise(fmt, seed=seed)
        answers = (compute(Derivatives(Floats(fmt))), compute(Derivatives(noise)), certified(compute))
        for (name, got), (_, scattered), (_, truth) in zip(*map(named, answers), strict=True):
            assert np.shape(scattered) == (noise.replicates, *truth.shape)
            values = np.array([float(v.mid()) for v in flat(truth)]).reshape(truth.shape)
            with working_precision(2 * PROVEN):
                errors = [abs(arb(float(g)) - v) for g, v in zip(flat(got), flat(truth), strict=True)]
            scatter = np.std(np.asarray(scattered, dtype=np.float64), axis=0) * noise.scale
            unit = scatter + fmt.unit_roundoff * np.abs(values) + fmt.smallest_normal
            worst = np.max(np.array([float(e.mid()) for e in errors]).reshape(truth.shape) / unit, initial=0)
            assert worst < FACTOR, f"{what}: {name} in {fmt.name}: observed / scatter = {worst:.1f}"


def certified(compute: Callable[[Any], Any], engine: type[Any] = Derivatives) -> Any:
    """What is computed in balls, at the first precision that proves `PROVEN` bits of every tensor."""
    precision = 2 * PROVEN
    while True:
        with working_precision(precision):
            result = compute(engine(Balls()))
            proven = min(map(certified_bits, tensors(result)), default=PROVEN)
        if proven >= PROVEN:
            return result
        assert precision < LARGEST_PRECISION, f"{proven} bits proven at {precision}"
        precision *= 2


def assert_overlap(what: str, a: Any, b: Any) -> None:
    """Two enclosures of the same numbers have them in common, entry by entry."""
    assert np.shape(a) == np.shape(b), f"{what}: shapes {np.shape(a)} and {np.shape(b)}"
    for k, (v, w) in enumerate(zip(flat(a), flat(b), strict=True)):
        off = abs(fraction(v.mid()) - fraction(w.mid()))
        assert off <= fraction(v.rad()) + fraction(w.rad()), f"{what}: entry {k} is {v} and {w}"


def assert_exactly(what: str, balls: Any, expected: Any) -> None:
    """Balls without any width."""
    assert flat(balls) == [arb(float(v)) for v in flat(np.broadcast_to(expected, balls.shape))], what


def named(result: Any, name: str = "") -> Iterator[tuple[str, NDArray[Any]]]:
    """The arrays in lists and mappings, each with a name for messages."""
    if isinstance(result, Mapping):
        for key, value in result.items():
            yield from named(value, f"{name} {key}")
    elif isinstance(result, list):
        for k, value in enumerate(result, start=1):
            yield from named(value, f"{name} {k}")
    else:
        yield name, result
