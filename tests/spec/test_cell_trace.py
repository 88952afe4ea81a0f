"""The traced LSTM: its derivatives are the network's own, and its paths are those of the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from rnnspec.evidence import CellTrace
from rnnspec.kit.proving import Prover

LONGEST = 5


def paths(steps: int) -> int:
    """How many ways lead from c_0 to c_T, by walking all of them on the drawn-out graph."""
    successors: dict[tuple[str, int], list[tuple[str, int]]] = {}

    def arrow(source: tuple[str, int], target: tuple[str, int]) -> None:
        successors.setdefault(source, []).append(target)

    for t in range(steps + 1):
        arrow(("c", t), ("h", t))  # h_t = o_t tanh(c_t)
        if t > 0:
            arrow(("o", t), ("h", t))
        if t < steps:
            arrow(("c", t), ("c", t + 1))  # f c
            for gate in "ifgo":
                arrow(("h", t), (gate, t + 1))
            for gate in "ifg":
                arrow((gate, t + 1), ("c", t + 1))

    def walk(node: tuple[str, int]) -> int:
        return 1 if node == ("c", steps) else sum(map(walk, successors.get(node, ())))

    return walk(("c", 0))


class TestTrace:
    @pytest.mark.parametrize("steps", range(1, LONGEST + 1))
    def test_paths_are_those_of_the_graph(self, steps: int) -> None:
        traced = Prover().lstm_derivatives(steps).count_paths
        assert traced == paths(steps) == [4, 19, 91, 436, 2089][steps - 1]

    def test_of_no_steps(self) -> None:
        trace = Prover().lstm_derivatives(0)
        assert trace.count_paths == 1
        assert trace.total == 1

    @pytest.mark.parametrize("steps", [1, 2, 3])
    def test_the_derivatives_are_those_of_a_scalar_network(self, steps: int, run_seed: int) -> None:
        """Each polynomial at a network's own numbers, against differences in 400 bits."""
        network = Scalar(np.random.default_rng(run_seed), steps)
        trace = Prover().lstm_derivatives(steps)
        known = network.substituted(trace)
        # The quotient of differences at a distance of 2^-100 is off by about as much.
        near = network.context.mpf(2) ** -80
        assert abs(known(trace.total) - network.difference(held="nothing")) < near
        assert abs(known(trace.carried) - network.difference(held="h")) < near
        product = network.context.mpf(1)
        for derivative in trace.one_step:
            product *= known(derivative)
        if steps > 1:
            assert abs(product - known(trace.total)) > near  # a term in U_o is missing

    def test_the_missing_term(self, run_seed: int) -> None:
        network = Scalar(np.random.default_rng(run_seed), 2)
        trace = Prover().lstm_derivatives(2)
        known = network.substituted(trace)
        first, second, U = trace.gates[0], trace.gates[1], trace.weights
        cell_by_hidden = (
            known(trace.cells[1]) * known(second["slope_f"]) * known(U["U_f"])
            + known(second["g"]) * known(second["slope_i"]) * known(U["U_i"])
            + known(second["i"]) * known(second["slope_g"]) * known(U["U_g"])
        )
        through_output = known(first["tanh_c"]) * known(first["slope_o"]) * known(U["U_o"])
        missing = cell_by_hidden * through_output * known(trace.o_first) * known(trace.slope_first)
        product = known(trace.one_step[0]) * known(trace.one_step[1])
        whole = network.difference(held="nothing")
        assert abs(whole - product - missing) < network.context.mpf(2) ** -80


class Scalar:
    """An LSTM with one unit, gate by gate, in mpmath; h_0 = o_0 tanh(c_0), without inputs."""

    def __init__(self, random: np.random.Generator, steps: int) -> None:
        self.context = mpmath.MPContext()
        self.context.prec = 400
        self.steps = steps
        self.U = {gate: self.context.mpf(random.uniform(0.5, 2)) for gate in "ifgo"}
        self.b = {gate: self.context.mpf(random.uniform(-1, 1)) for gate in "ifgo"}
        self.c = self.context.mpf(random.uniform(0.5, 1))
        self.o = self.context.mpf(random.uniform(0.25, 0.75))

    def _gates(self, h: Any) -> dict[str, Any]:
        ctx, z = self.context, {gate: self.U[gate] * h + self.b[gate] for gate in "ifgo"}
        return {gate: ctx.tanh(v) if gate == "g" else 1 / (1 + ctx.exp(-v)) for gate, v in z.items()}

    def run(self, c: Any, hiddens: list[Any] | None = None) -> list[dict[str, Any]]:
        """What each step comes to; with the given h in the place of its own, if there are any."""
        h, steps = self.o * self.context.tanh(c), []
        for t in range(self.steps):
            before = h if hiddens is None else hiddens[t]
            now = self._gates(before)
            now["c_before"], c = c, now["f"] * c + now["i"] * now["g"]
            h = now["o"] * self.context.tanh(c)
            steps.append({**now, "h_before": before, "c": c, "tanh_c": self.context.tanh(c)})
        return steps

    def difference(self, held: str) -> Any:
        """dc_T/dc_0, as a central difference."""
        step = self.context.mpf(2) ** -100
        hiddens = [now["h_before"] for now in self.run(self.c)] if held == "h" else None
        above, below = (self.run(self.c + sign * step, hiddens)[-1]["c"] for sign in (1, -1))
        return (above - below) / (2 * step)

    def substituted(self, trace: CellTrace) -> Callable[[Any], Any]:
        """A polynomial's value where each symbol is this network's number."""
        steps, numbers = self.run(self.c), {}
        for names, now in zip(trace.gates, steps, strict=True):
            for name in ("i", "f", "g", "o", "tanh_c"):
                y = now[name]
                numbers[str(names[name])] = y
                slope_at = 1 - y * y if name in ("g", "tanh_c") else y * (1 - y)
                numbers[str(names[f"slope_{name}"])] = slope_at
        numbers |= {str(symbol): self.U[name[-1]] for name, symbol in trace.weights.items()}
        numbers |= {str(cell): now["c"] for cell, now in zip(trace.cells[1:], steps, strict=True)}
        numbers[str(trace.cells[0])] = self.c
        numbers[str(trace.o_first)] = self.o
        numbers[str(trace.slope_first)] = 1 - self.context.tanh(self.c) ** 2

        def evaluate(f: Any) -> Any:
            total = self.context.mpf(0)
            for powers, coefficient in f.top.to_dict().items():
                term = self.context.mpf(int(coefficient.p)) / int(coefficient.q)
                for k, exponent in enumerate(powers):
                    if exponent:
                        term *= numbers[f.ring.symbols[k].name] ** int(exponent)
                total += term
            return total

        return evaluate
