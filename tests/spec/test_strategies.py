"""What laws are shown: numbers of the format, every regime, no two weights alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args

import numpy as np
import pytest

from rnnref import Layer
from rnnspec.claims import registry
from rnnspec.drawn import Drawn
from rnnspec.protocol import FORMATS, Format
from rnnspec.strategies import LayerSizes, Orbit, Preactivations, networks, orbits
from rnnspec.strategies.networks import ONE_BY_ONE
from rnnspec.strategies.preactivations import regimes_of
from rnnspec.strategies.settings import PROFILES
from rnnspec.strategies.small import among
from rnnspec.strategies.writing import as_python
from spec.exploring import collect

STANDARD = PROFILES["standard"].examples
EVERY_FORMAT = pytest.mark.parametrize("fmt", FORMATS.values(), ids=list(FORMATS))
NARROW = [fmt for fmt in FORMATS.values() if fmt.name != "float64"]  # which holds whatever is drawn

# Each source once, however many laws draw from it.
SOURCES: dict[int, tuple[str, Drawn[Any]]] = {
    id(source): (f"{check.id}({name})", source)
    for claim in registry
    for check in claim.checks
    for name, source in check.inputs.items()
}
EVERY_SOURCE = pytest.mark.parametrize(
    "source", [source for _, source in SOURCES.values()], ids=[name for name, _ in SOURCES.values()]
)
NUMBERS: Drawn[Any] = get_args(Preactivations)[1]
SIZES: Drawn[Any] = get_args(LayerSizes)[1]
LARGE = networks("lstm", steps=(0, 5), large=True)


def arrays(value: Any) -> Iterator[Any]:
    """All arrays in it, however deep."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from arrays(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from arrays(getattr(value, field.name))


@pytest.mark.parametrize("fmt", NARROW, ids=lambda fmt: fmt.name)
@EVERY_SOURCE
def test_every_number_is_one_of_the_format(source: Drawn[Any], fmt: Format, run_seed: int) -> None:
    drawn, _ = collect(source, fmt, STANDARD, run_seed)
    if len(drawn) < STANDARD:  # all that a small source has, and a longer run finds no more
        more, _ = collect(source, fmt, 400, run_seed)
        assert {as_python(value) for value in drawn} == {as_python(value) for value in more}
    for value in drawn:
        for array in arrays(value):
            assert np.all(np.isfinite(array))
            assert np.array_equal(array, array.astype(fmt.dtype).astype(np.float64))


@EVERY_SOURCE
def test_what_is_drawn_is_admitted(source: Drawn[Any], run_seed: int) -> None:
    drawn, _ = collect(source, FORMATS["float64"], STANDARD, run_seed)
    assert all(source.admits(value) for value in drawn)


@pytest.mark.parametrize("source", [LARGE, networks("gru"), networks("rnn", activation="tanh"), orbits()])
def test_networks_are_the_same_in_every_format(source: Drawn[Any], run_seed: int) -> None:
    written = [
        [as_python(value) for value in collect(source, fmt, STANDARD, run_seed)[0]]
        for fmt in FORMATS.values()
    ]
    assert all(each == written[0] for each in written)
    assert len(set(written[0])) > 1


@pytest.mark.parametrize("values", [(0, 1), (False, True), (0.0, 1.0)], ids=repr)
def test_numbers_and_truth_values_are_drawn_as_what_they_are(values: tuple[Any, ...], run_seed: int) -> None:
    """Small strategies are kept, and Python takes 1 and True for the same key."""
    among(*((0, 1) if values[0] is False else (False, True)))  # asked for before
    source = Drawn(name="one of two", strategy=lambda fmt: among(*values))
    shown, _ = collect(source, FORMATS["float64"], STANDARD, run_seed)
    assert {type(value) for value in shown} == {type(values[0])}


class TestRegimes:
    EVERYWHERE = frozenset(
        {"zero", "negative zero", "subnormal", "near zero", "bulk", "saturation", "largest finite"}
    )

    @EVERY_FORMAT
    def test_every_array_of_pre_activations_is_in_all_of_them(self, fmt: Format, run_seed: int) -> None:
        drawn, found = collect(NUMBERS, fmt, STANDARD, run_seed)
        for x in drawn:
            assert set(regimes_of(x, fmt)) == self.EVERYWHERE
        assert sum(found.regimes.values()) == sum(x.size for x in drawn)
        assert found.regimes == Counter(name for x in drawn for name in regimes_of(x, fmt))

    @EVERY_FORMAT
    def test_their_borders(self, fmt: Format) -> None:
        tiny, normal, largest = fmt.smallest_subnormal, fmt.smallest_normal, fmt.largest
        below = normal - tiny
        for sign in (1, -1):
            named = {
                tiny: "subnormal",
                below: "subnormal",
                normal: "near zero",
                1.0: "bulk",
                20.0: "bulk",
                20.5: "saturation",
                largest / 2: "saturation",
                largest: "largest finite",
            }
            for size, name in named.items():
                assert regimes_of(np.array([sign * size]), fmt) == [name]
        assert regimes_of(np.array([0.0, -0.0]), fmt) == ["zero", "negative zero"]

    def test_networks_reach_theirs_within_three_standard_runs(self, run_seed: int) -> None:
        """More laws than that draw large ones of every kind, each in every format."""
        _, found = collect(LARGE, FORMATS["float32"], 3 * STANDARD, run_seed)
        assert set(found.regimes) >= {
            "T = 0",
            "T = 1",
            "T = 2 to 15",
            "long",
            "n = 1",
            "n odd",
            "n even",
            "n around a vector's width",
            "large weights",
            "moderate weights",
        }

    def test_sizes_reach_theirs(self, run_seed: int) -> None:
        _, found = collect(SIZES, FORMATS["float32"], STANDARD, run_seed)
        assert set(found.regimes) == {"biases: none", "biases: one", "biases: two"}


class TestVariety:
    @pytest.mark.parametrize("options", [{"reset": "before"}, {"update": "replaces"}, {"biases": "two"}])
    def test_an_option_that_is_given_is_kept_and_the_others_vary(
        self, options: dict[str, Any], run_seed: int
    ) -> None:
        drawn, _ = collect(networks("gru", **options), FORMATS["float32"], STANDARD, run_seed)
        for name, values in {
            "reset": {"before", "after"},
            "update": {"keeps", "replaces"},
            "biases": {"none", "one", "two"},
        }.items():
            seen = {getattr(network.layer, name) for network in drawn}
            assert seen == ({options[name]} if name in options else values)

    def test_sizes_stay_within_what_is_asked_and_reach_its_ends(self, run_seed: int) -> None:
        source = networks("rnn", hidden=(2, 3), inputs=(1, 2), steps=(0, 1), batch=(1, 2))
        drawn, _ = collect(source, FORMATS["float32"], STANDARD, run_seed)
        assert {network.layer.hidden for network in drawn} == {2, 3}
        assert {network.layer.inputs for network in drawn} == {1, 2}
        assert {network.steps for network in drawn} == {0, 1}
        assert {network.batch for network in drawn} == {1, 2}

    @pytest.mark.parametrize("hidden", [2, 12])
    def test_weights_are_not_constant(self, hidden: int, run_seed: int) -> None:
        """Drawn one by one or from a seed: of more than half of all networks, more than half differ."""
        source = networks("lstm", hidden=(hidden, hidden), inputs=(1, 1), biases="none", batch=(1, 1))
        drawn, _ = collect(source, FORMATS["float32"], STANDARD, run_seed)
        shares = []
        for network in drawn:
            weights = np.concatenate([array.ravel() for array in network.parameters.values()])
            assert (weights.size > ONE_BY_ONE) == (hidden > 2)
            shares.append(len(np.unique(weights)) / weights.size)
        assert np.median(shares) > 0.5

    def test_no_two_inputs_ask_for_the_same_numbers(self, run_seed: int) -> None:
        """The combs stand anew each time, so that a run sees more than one input does."""
        drawn, _ = collect(NUMBERS, FORMATS["float64"], STANDARD, run_seed)
        bulk = [set(x[(np.abs(x) > 1) & (np.abs(x) <= 20)].tolist()) for x in drawn]
        assert len(set().union(*bulk)) > sum(map(len, bulk)) / 2

    def test_pieces_of_pre_activations_are_their_entries(self, run_seed: int) -> None:
        [x, *_], _ = collect(NUMBERS, FORMATS["float32"], 1, run_seed)
        pieces = list(NUMBERS.pieces(x))
        assert all(piece.shape == (1,) for piece in pieces)
        assert np.array_equal(np.concatenate(pieces), x)


class TestOrbits:
    def test_numbers_are_units_within_their_range(self, run_seed: int) -> None:
        source = orbits(size=(1, 2), steps=(3, 4), entries=(-4, 2), start=(1, 3), unit=0.25)
        drawn, _ = collect(source, FORMATS["float16"], STANDARD, run_seed)
        for orbit in drawn:
            assert {*(4 * orbit.W).ravel()} <= {*range(-4, 3)}
            assert {*(4 * orbit.start)} <= {1, 2, 3}
            assert orbit.steps in (3, 4)

    def test_admits_only_what_could_be_drawn(self) -> None:
        source = orbits(entries=(-4, 2), start=(1, 3), unit=0.25, where=lambda orbit: orbit.steps == 1)
        W, start = np.array([[-1.0]]), np.array([0.75])
        assert source.admits(Orbit(W, start, 1))
        assert not source.admits(Orbit(W, start, 2))
        assert not source.admits(Orbit(W - 1, start, 1))
        assert not source.admits(Orbit(W + 2, start, 1))
        assert not source.admits(Orbit(W, start - 0.75, 1))

    def test_an_orbit_is_a_network_that_ignores_its_input(self) -> None:
        orbit = Orbit(np.array([[0.5, 1], [2, 0]]), np.array([1.0, 2.0]), 3)
        network = orbit.network("sigmoid")
        assert network.layer == Layer("rnn", network.layer.inputs, 2, activation="sigmoid", biases="none")
        assert not network.parameters["W_h"].any()
        assert not network.inputs.any()
        assert (network.steps, network.batch) == (3, 1)
        assert np.array_equal(network.parameters["U_h"], orbit.W)
        assert np.array_equal(network.state["h"], [[1.0, 2.0]])
