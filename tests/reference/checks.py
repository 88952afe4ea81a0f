"""What the reference is held to: the textbook's forward pass, and differences of it.

Each check is a plain function that raises AssertionError, so that the tests with drawn
networks and the mutants of the formulas use the very same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reference import textbook
from reference.exact import (
    PROVEN,
    TARGET,
    assert_agrees,
    assert_enclosed,
    assert_proven,
    flat,
    fraction,
    tensors,
)
from rnnref import Balls, Cotangent, Evaluator, Mpmath, Network, Reference, Stack, working_precision

# The textbook's working precision. Its rounding is not estimated but measured, by running it
# at twice that precision as well; this only has to lie well above the bits to be compared.
PRECISION = 400

# Central differences err by step^2 times a third derivative, 2^-240, and by rounding over
# step, 2^-600 / 2^-120 = 2^-480. The former leaves 140 bits beyond TARGET to the third
# derivative, the latter 380 to gradients that have all but vanished.
DIFFERENCES_PRECISION = 600
STEP = -120


@dataclass(eq=False)
class Example:
    """A network and a cotangent, and what the textbook says about them.

    The textbook's answers are kept: they do not depend on the code under test.
    """

    network: Network
    cotangent: Cotangent

    def textbook(self, bits: int) -> Any:
        """Outputs and final state, computed with so many bits."""
        mp = textbook.precision(bits)
        return _textbook_run(mp, self.plain(mp))

    @cached_property
    def forward(self) -> tuple[Any, Any]:
        """The textbook's answer at `PRECISION` and at twice that."""
        return self.textbook(PRECISION), self.textbook(2 * PRECISION)

    @cached_property
    def differences(self) -> dict[str, list[Any]]:
        """Central differences of the textbook's forward pass, for every number that goes in."""
        mp = textbook.precision(DIFFERENCES_PRECISION)
        arguments = self.plain(mp)
        step = mp.ldexp(1, STEP)

        def difference(row: list[Any], k: int) -> Any:
            here = row[k]
            row[k] = here + step
            after = self._paired(mp, arguments)
            row[k] = here - step
            before = self._paired(mp, arguments)
            row[k] = here
            return (after - before) / (2 * step)

        return {
            name: [difference(row, k) for row in _rows(tensor) for k in range(len(row))]
            for name, tensor in _ingoing(arguments)
        }

    def difference_along(self, direction: dict[str, list[Any]]) -> Any:
        """The central difference when everything that goes in moves at once."""
        mp = textbook.precision(DIFFERENCES_PRECISION)
        step = mp.ldexp(1, STEP)
        values = []
        for sign in (1, -1):
            arguments = self.plain(mp)
            for name, tensor in _ingoing(arguments):
                towards = iter(direction[name])
                for row in _rows(tensor):
                    row[:] = [v + sign * step * mp.mpf(next(towards)) for v in row]
            values.append(self._paired(mp, arguments))
        return (values[0] - values[1]) / (2 * step)

    def plain(self, mp: Any) -> tuple[dict[str, Any], dict[str, Any], Any, dict[str, Any]]:
        """Options, parameters, inputs and state as the textbook takes them."""
        network = self.network
        options: dict[str, Any] = {"lengths": network.lengths}
        layer = network.layer
        if isinstance(layer, Stack):
            options |= {"depth": layer.depth, "bidirectional": layer.bidirectional}
            layer = layer.layer
        return (
            options | asdict(layer),
            {name: _lifted(mp, value) for name, value in network.parameters.items()},
            _lifted(mp, network.inputs),
            {name: _lifted(mp, value) for name, value in network.state.items()},
        )

    def _paired(self, mp: Any, arguments: Any) -> Any:
        """What a vector-Jacobian product is the gradient of: all that comes out, times its cotangent."""
        outputs, state = _textbook_run(mp, arguments)
        got = flat(outputs) + [v for name in state for v in flat(state[name])]
        cotangent = flat(self.cotangent.outputs) + [
            v for name in state for v in flat(self.cotangent.state[name])
        ]
        return mp.fsum(g * mp.mpf(d) for g, d in zip(got, cotangent, strict=True))


def check_forward(example: Example) -> None:
    """Outputs and final state enclose what the textbook says."""
    run = Reference(PROVEN).run(example.network)
    (rough, rough_state), (fine, fine_state) = example.forward
    assert_enclosed("outputs", run.outputs, rough, fine)
    assert set(run.state) == set(fine_state)
    for name, value in run.state.items():
        assert_enclosed(f"final {name}", value, rough_state[name], fine_state[name])


def check_gates(example: Example) -> None:
    """The gates that are reported are those of the textbook's equations, step by step."""
    network = example.network
    if network.lengths is not None:
        return  # where a sequence has ended they mean nothing
    steps = Reference(PROVEN).gates(network)
    assert len(steps) == network.steps
    if isinstance(network.layer, Stack):
        _check_levels(example, steps)
        return
    at = [_textbook_gates(example, bits) for bits in (PRECISION, 2 * PRECISION)]
    for t, (got, rough, fine) in enumerate(zip(steps, *at, strict=True), start=1):
        for name, value in got.items():
            assert_enclosed(f"{name}_{t}", value, rough[name], fine[name])


def _check_levels(example: Example, steps: list[Any]) -> None:
    """Each level's hidden states are the outputs of the stack that ends with it."""
    stack = example.network.layer
    assert isinstance(stack, Stack)
    assert {name for step in steps for name in step} >= set(stack.states if steps else ())
    for level in range(stack.depth):
        rough, fine = (
            _textbook_run(mp, (options | {"depth": level + 1}, *rest))[0]
            for mp in (textbook.precision(PRECISION), textbook.precision(2 * PRECISION))
            for options, *rest in [example.plain(mp)]
        )
        names = [place.suffix for place in stack.levels[level]]
        first = stack.layer.output
        for t, step in enumerate(steps):
            got = np.concatenate([step[first + suffix] for suffix in names], axis=1)
            assert_enclosed(f"level {level}, step {t + 1}", got, rough[t], fine[t])


def check_gradients(example: Example) -> None:
    """Every gradient is what the textbook's central differences say, entry by entry."""
    network = example.network
    pullback = Reference(PROVEN).vjp(network, example.cotangent)
    goes_in = dict(network.parameters) | {"inputs": network.inputs}
    goes_in |= {f"{name}_0": value for name, value in network.state.items()}
    got = dict(tensors(pullback))
    assert set(got) == {f"d{name}" for name in goes_in}
    for name, value in goes_in.items():
        gradient = got[f"d{name}"]
        assert gradient.shape == value.shape, f"d{name}: shape {gradient.shape}, not {value.shape}"
        assert_proven(f"d{name}", flat(gradient), PROVEN)
        assert_agrees(f"d{name}", gradient, example.differences[name])


def check_directional_derivative(example: Example, random: np.random.Generator) -> None:
    """All gradients at once, along one random direction: for networks too large for the above."""
    gradients = dict(tensors(Reference(PROVEN).vjp(example.network, example.cotangent)))
    direction = {name[1:]: random.normal(size=g.size).tolist() for name, g in gradients.items()}
    terms = [
        fraction(g.mid()) * fraction(d)
        for name, gradient in gradients.items()
        for g, d in zip(flat(gradient), direction[name[1:]], strict=True)
    ]
    off = abs(sum(terms) - fraction(example.difference_along(direction)))
    assert off * 2**TARGET <= max(map(abs, terms), default=0), f"off by {float(off):.3g}"


def check_mpmath(example: Example) -> None:
    """mpmath, which shares no code with flint, runs the same formulas to the same numbers."""
    network, reference = example.network, Reference(PROVEN)
    _check_engines("run", reference.run(network), lambda e: e.run(network))
    _check_engines("gates", reference.gates(network), lambda e: e.gates(network))
    _check_engines(
        "vjp", reference.vjp(network, example.cotangent), lambda e: e.vjp(network, example.cotangent)
    )


def check_mpmath_entrywise(kind: str, x: Any) -> None:
    """The same for the functions of one number, at arguments that need not be small."""
    reference = Reference(PROVEN)
    # e^-2|x| is what is left of a slope in terms of the output: that many bits cancel.
    bits = PRECISION + int(4 * np.max(np.abs(x), initial=0.0))
    with working_precision(bits):
        slope = Evaluator(Balls()).slope(kind, x)
    answers: dict[str, tuple[Any, Callable[[Evaluator], Any]]] = {
        "activation": (reference.activation(kind, x), lambda e: e.activation(kind, x)),
        "slope": (slope, lambda e: e.slope(kind, x)),
        "sharp slope": (reference.slope(kind, x), lambda e: e.sharp_slope(kind, x)),
    }
    for what, (balls, compute) in answers.items():
        _check_engines(f"{what} of {kind}", balls, compute, bits)
    # And the two ways of writing a slope are one function.
    assert_enclosed("slopes", reference.slope(kind, x), *_at_two(lambda e: e.slope(kind, x), bits))


def _check_engines(what: str, balls: Any, compute: Callable[[Evaluator], Any], bits: int = PRECISION) -> None:
    rough, fine = (dict(tensors(result)) for result in _at_two(compute, bits))
    for name, value in tensors(balls):
        assert_enclosed(f"{what}: {name}", value, rough[name], fine[name])


def _at_two(compute: Callable[[Evaluator], Any], bits: int) -> tuple[Any, Any]:
    """The same by mpmath at some precision and at twice that."""
    return compute(Evaluator(Mpmath(bits))), compute(Evaluator(Mpmath(2 * bits)))


def _textbook_run(mp: Any, arguments: Any) -> Any:
    options, parameters, inputs, state = arguments
    run = textbook.run_stack if "depth" in options else textbook.run
    return run(mp, options, parameters, inputs, state, options["lengths"])


def _textbook_gates(example: Example, bits: int) -> list[dict[str, Any]]:
    """Gates and states by the textbook's own functions, along its own forward pass."""
    mp = textbook.precision(bits)
    options, p, inputs, state = example.plain(mp)
    steps = []
    for x in inputs:
        before = state
        _, state = textbook.run(mp, options, p, [x], state)
        members = [
            _gates_of_one(mp, options, p, x[b], *({k: v[b] for k, v in s.items()} for s in (before, state)))
            for b in range(len(x))
        ]
        steps.append({name: [member[name] for member in members] for name in members[0]} | state)
    return steps


def _gates_of_one(
    mp: Any, options: dict[str, Any], p: dict[str, Any], x: Any, before: dict[str, Any], after: dict[str, Any]
) -> dict[str, Any]:
    """The gates between one old and one new state."""
    kind, peepholes = options["kind"], options["peepholes"]
    units = range(options["hidden"])

    def gate(name: str, activation: str, see: Any = None, alpha: float | None = None) -> list[Any]:
        fed_back = before["c"] if peepholes == "wikipedia" else before["h"]
        sums = (textbook.gate_sum(mp, p, name, k, x, fed_back, see[k] if see else None) for k in units)
        return [textbook.squashed(mp, activation, a, alpha) for a in sums]

    sigma = options["gate_activation"]
    if kind == "lstm":
        old = before["c"] if peepholes in ("gers", "previous", "layers") else None
        seen_by_o = {"gers": after["c"], "previous": old}.get(peepholes)
        gates = {"o": gate("o", sigma, seen_by_o)}
        if options["forget_gate"]:
            gates["f"] = gate("f", sigma, old)
        gates["i"] = [1 - f for f in gates["f"]] if options["coupled"] else gate("i", sigma, old)
        if peepholes == "wikipedia":
            sums = [textbook.from_input(mp, p, "g", k, x) for k in units]
            gates["g"] = [textbook.squashed(mp, options["activation"], a, options["alpha"]) for a in sums]
        else:
            see = old if peepholes == "layers" else None
            gates["g"] = gate("g", options["activation"], see, options["alpha"])
        return gates
    if kind == "gru":
        gates = {"r": gate("r", sigma), "z": gate("z", sigma)}
        # The candidate is what the new state must have been mixed from.
        gates["n"] = [
            (new - z * old) / (1 - z) if options["update"] == "keeps" else (new - (1 - z) * old) / z
            for new, z, old in zip(after["h"], gates["z"], before["h"], strict=True)
        ]
        return gates
    if kind == "jordan":
        sums = [
            textbook.from_input(mp, p, "h", k, x) + textbook.from_state(mp, p, "h", k, before["y"])
            for k in units
        ]
        return {"h": [textbook.squashed(mp, options["activation"], a, options["alpha"]) for a in sums]}
    return {}


def _lifted(mp: Any, array: Any) -> Any:
    """Nested lists of the context's numbers."""
    return [_lifted(mp, each) for each in array] if np.ndim(array) else mp.mpf(float(array))


def _ingoing(arguments: Any) -> Iterator[tuple[str, Any]]:
    _, parameters, inputs, state = arguments
    yield from parameters.items()
    yield "inputs", inputs
    yield from ((f"{name}_0", value) for name, value in state.items())


def _rows(tensor: Any) -> Iterator[list[Any]]:
    """The innermost lists, which may be written to."""
    if tensor and isinstance(tensor[0], list):
        for each in tensor:
            yield from _rows(each)
    else:
        yield tensor
