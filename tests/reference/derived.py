"""Networks whose derivatives are asked for, and what differences of the textbook say they are.

Where a formula holds something fixed, the function that is differentiated here holds it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import textbook
from reference.checks import PRECISION, Example
from reference.exact import flat
from rnnref import Cotangent, Network
from rnnref.derivatives import PLAIN_LSTM, Derivatives

# Central differences with steps of 2^-80 and 2^-160. Their difference is the error of the
# rougher ones, 2^-160 times a third derivative, so nothing about that is left to belief.
DIFFERENCES = (PRECISION, 2 * PRECISION)

Values = dict[Any, Any]


@dataclass(eq=False)
class Derived:
    """A network with a cotangent and an o_0, and what the textbook's differences say.

    They are kept: they do not depend on the code under test. Each is a pair, at `DIFFERENCES`.
    """

    example: Example
    o_before: NDArray[np.float64]

    @property
    def network(self) -> Network:
        return self.example.network

    @property
    def cotangent(self) -> Cotangent:
        return self.example.cotangent

    @property
    def is_plain_lstm(self) -> bool:
        """Whether the formulas of the cell alone are asked for."""
        return all(getattr(self.network.layer, field) == value for field, value in PLAIN_LSTM.items())

    @property
    def all(self) -> dict[str, Callable[[Derivatives], Any]]:
        """Everything that can be asked of the network."""
        network, cotangent, o = self.network, self.cotangent, self.o_before
        asked: dict[str, Callable[[Derivatives], Any]] = {
            "jacobians": lambda e: e.jacobians(network),
            "formulas": lambda e: e.jacobian_formulas(network),
            "product": lambda e: e.jacobian(network, network.steps, 0),
            "terms": lambda e: e.gradient_terms(network, cotangent),
            "misread terms": lambda e: e.gradient_terms(network, cotangent, "total"),
        }
        if self.is_plain_lstm:
            asked |= {
                "cell terms": lambda e: e.cell_terms(network, o),
                "cell jacobian": lambda e: e.cell_jacobian(network, o),
                "paths": lambda e: e.paths(network, o),
                "path groups": lambda e: e.path_groups(network, o),
            }
        return asked

    @cached_property
    def long(self) -> list[Values]:
        """By (t, k), the state after step t by the state after step k and, for t = k + 1, by x_t."""
        return [self._long(mp) for mp in map(textbook.precision, DIFFERENCES)]

    @cached_property
    def directions(self) -> dict[str, NDArray[np.float64]]:
        """One for everything that goes in: a gradient is compared along it."""
        random = np.random.default_rng(4)
        network = self.network
        goes_in = dict(network.parameters) | {"inputs": network.inputs}
        goes_in |= {f"{name}_0": value for name, value in network.state.items()}
        return {name: random.normal(size=np.shape(value)) for name, value in goes_in.items()}

    @cached_property
    def terms(self) -> list[Values]:
        """By (t, k), L_t along the directions where only the parameters move that step k uses."""
        return [self._losses(mp, lambda k, t: k == t) for mp in map(textbook.precision, DIFFERENCES)]

    @cached_property
    def misread_terms(self) -> list[Values]:
        """The same where those of the steps 1 ... k move."""
        return [self._losses(mp, lambda k, t: t <= k) for mp in map(textbook.precision, DIFFERENCES)]

    @cached_property
    def cells(self) -> list[Values]:
        """By (t, gate), dc_t/dc_{t-1} through h_{t-1} and one gate, or past the gates: `kept`."""
        return [self._cells(mp) for mp in map(textbook.precision, DIFFERENCES)]

    @cached_property
    def whole_cell(self) -> list[Any]:
        """dc_T/dc_0 with h_0 = o_0 tanh(c_0) moving along, of every member."""
        return [self._whole_cell(mp) for mp in map(textbook.precision, DIFFERENCES)]

    @cached_property
    def paths(self) -> list[Values]:
        """By their edges, the products of the edges' differences, of every member."""
        return [self._paths(mp) for mp in map(textbook.precision, DIFFERENCES)]

    def truncated(self, detached: Collection[str], cut: Collection[int]) -> list[Any]:
        """Along the directions, the difference where some states are read from a stored run."""
        return [self._truncated(mp, detached, cut) for mp in map(textbook.precision, DIFFERENCES)]

    def _states(self, mp: Any) -> list[Values]:
        """The states before every step, and the final one."""
        options, p, inputs, state = self.example.plain(mp)
        states = [state]
        for x in inputs:
            states.append(textbook.run(mp, options, p, [x], states[-1])[1])
        return states

    def _long(self, mp: Any) -> Values:
        options, p, inputs, _ = self.example.plain(mp)
        states = self._states(mp)
        names = self.network.layer.states
        found: Values = {}
        for k in range(len(inputs)):
            for t in {k + 1, len(inputs)}:
                for old in (*names, "x") if t == k + 1 else names:
                    for b in range(self.network.batch):
                        xs = [x[b] for x in inputs[k:t]]
                        at = {name: states[k][name][b] for name in names} | {"x": xs[0]}

                        def later(v: Any, old: str = old, xs: Any = xs, at: Any = at) -> Any:
                            at = at | {old: v}
                            ins = [[at["x"]], *([x] for x in xs[1:])]
                            start = {name: [at[name]] for name in names}
                            final = textbook.run(mp, options, p, ins, start)[1]
                            return [entry for name in names for entry in final[name][0]]

                        rows = iter(differences(mp, later, at[old]))
                        for new in names:
                            block = [next(rows) for _ in at[new]]
                            found.setdefault((t, k, f"d{new}/d{old}"), []).append(block)
        return found

    def _losses(self, mp: Any, moves: Callable[[int, int], bool]) -> Values:
        """Differences of every loss L_t where the parameters of step t move if `moves(k, t)`."""
        options, p, inputs, state = self.example.plain(mp)
        cotangent, steps = self.cotangent, range(1, len(inputs) + 1)
        found: Values = {}

        def losses(copies: list[Values]) -> list[Any]:
            now, values = state, []
            for t, x, copy in zip(steps, inputs, copies, strict=True):
                outputs, now = textbook.run(mp, options, copy, [x], now)
                values.append(dot(mp, outputs[0], cotangent.outputs[t - 1]))
            if values:
                values[-1] += sum(dot(mp, now[name], cotangent.state[name]) for name in now)
            return values

        for k in steps:

            def along(amount: Any, k: int = k) -> list[Any]:
                moved = {name: shifted(mp, p[name], self.directions[name], amount) for name in p}
                return losses([moved if moves(k, t) else p for t in steps])

            for t, value in zip(steps, difference(mp, along), strict=True):
                if t >= k:
                    found[t, k] = value
        return found

    def _cells(self, mp: Any) -> Values:
        options, p, inputs, _ = self.example.plain(mp)
        states = self._states(mp)
        gates = ("f", "i", "g") if options["forget_gate"] else ("i", "g")
        found: Values = {}
        for t, x in enumerate(inputs, start=1):
            for through in (*gates, "kept"):
                members = []
                for b in range(self.network.batch):
                    h, c = states[t - 1]["h"][b], states[t - 1]["c"][b]
                    o = self._output_gate(mp, t - 1, b, states)

                    def cell(
                        v: Any,
                        b: int = b,
                        x: Any = x,
                        h: Any = h,
                        c: Any = c,
                        o: Any = o,
                        through: str = through,
                    ) -> Any:
                        moved = carried(mp, options, h, c, o, v)
                        hs = {gate: moved if gate == through else h for gate in gates}
                        return new_cell(mp, options, p, x[b], hs, v if through == "kept" else c)

                    members.append(differences(mp, cell, c))
                found[t, through] = members
        return found

    def _whole_cell(self, mp: Any) -> Any:
        options, p, inputs, state = self.example.plain(mp)
        members = []
        for b in range(self.network.batch):
            h, c, o = state["h"][b], state["c"][b], lifted(mp, self.o_before[b])

            def last(v: Any, b: int = b, h: Any = h, c: Any = c, o: Any = o) -> Any:
                start = {"h": [carried(mp, options, h, c, o, v)], "c": [v]}
                return textbook.run(mp, options, p, [[x[b]] for x in inputs], start)[1]["c"][0]

            members.append(differences(mp, last, c))
        return members

    def _paths(self, mp: Any) -> Values:
        """Path by path from a list of edges that is made by walking from node to node."""
        by_member = [self._edges(mp, b) for b in range(self.network.batch)]
        ends = f"c{self.network.steps}"
        found: Values = {}
        unfinished: list[tuple[str, tuple[str, ...]]] = [("c0", ())]
        while unfinished:
            node, edges = unfinished.pop()
            if node == ends:
                found[edges] = [
                    product(mp, [edge[e] for e in edges], self.network.layer.hidden) for edge in by_member
                ]
            unfinished += [
                (edge.split("->")[-1], (*edges, edge)) for edge in by_member[0] if edge.split("->")[0] == node
            ]
        return found

    def _edges(self, mp: Any, b: int) -> Values:
        """The difference of every edge, with all held that the edge does not go through."""
        options, p, inputs, _ = self.example.plain(mp)
        states = self._states(mp)
        gates = ("f", "i", "g") if options["forget_gate"] else ("i", "g")
        squash = options["output_activation"]
        edges: Values = {}
        for t, x in enumerate(inputs):
            h, c, later = states[t]["h"][b], states[t]["c"][b], states[t + 1]["c"][b]
            o = self._output_gate(mp, t, b, states)

            def output(v: Any, o: Any = o, squash: str = squash) -> Any:
                return [o[k] * textbook.squashed(mp, squash, v[k]) for k in range(len(v))]

            def past_gates(v: Any, x: Any = x, h: Any = h) -> Any:
                return new_cell(mp, options, p, x[b], dict.fromkeys(gates, h), v)

            def through_o(v: Any, x: Any = x, later: Any = later, squash: str = squash) -> Any:
                gate = opened(mp, options, p, "o", x[b], v)
                return [gate[k] * textbook.squashed(mp, squash, later[k]) for k in range(len(v))]

            edges[f"c{t}->h{t}"] = differences(mp, output, c)
            edges[f"c{t}->c{t + 1}"] = differences(mp, past_gates, c)
            edges[f"h{t}->o{t + 1}->h{t + 1}"] = differences(mp, through_o, h)
            for name in gates:

                def through(v: Any, name: str = name, x: Any = x, h: Any = h, c: Any = c) -> Any:
                    return new_cell(mp, options, p, x[b], dict.fromkeys(gates, h) | {name: v}, c)

                edges[f"h{t}->{name}{t + 1}->c{t + 1}"] = differences(mp, through, h)
        return edges

    def _output_gate(self, mp: Any, t: int, b: int, states: list[Values]) -> Any:
        """o_t of one member; o_0 is given."""
        if t == 0:
            return lifted(mp, self.o_before[b])
        options, p, inputs, _ = self.example.plain(mp)
        return opened(mp, options, p, "o", inputs[t - 1][b], states[t - 1]["h"][b])

    def _truncated(self, mp: Any, detached: Collection[str], cut: Collection[int]) -> Any:
        options, p, inputs, state = self.example.plain(mp)
        goes_in = {**p, "inputs": inputs} | {f"{name}_0": value for name, value in state.items()}
        stored = self._states(mp)
        cotangent = self.cotangent

        def paired(amount: Any) -> list[Any]:
            given = {
                name: shifted(mp, value, self.directions[name], amount) for name, value in goes_in.items()
            }
            now, total = {name: given[f"{name}_0"] for name in state}, mp.mpf(0)
            for t, x in enumerate(given["inputs"]):
                read = {name: stored[t][name] if name in detached or t in cut else now[name] for name in now}
                outputs, now = textbook.run(mp, options, given, [x], read)
                total += dot(mp, outputs[0], cotangent.outputs[t])
            return [total + sum(dot(mp, now[name], cotangent.state[name]) for name in now)]

        return difference(mp, paired)[0]


def difference(mp: Any, along: Callable[[Any], list[Any]]) -> list[Any]:
    """The central difference of several numbers by one."""
    step = mp.ldexp(1, -mp.prec // 5)
    return [(after - before) / (2 * step) for after, before in zip(along(step), along(-step), strict=True)]


def differences(mp: Any, function: Callable[[list[Any]], list[Any]], at: list[Any]) -> list[list[Any]]:
    """The matrix of central differences of a function from vectors to vectors: rows of columns."""

    def column(k: int) -> list[Any]:
        return difference(mp, lambda amount: function([*at[:k], at[k] + amount, *at[k + 1 :]]))

    return [list(row) for row in zip(*map(column, range(len(at))), strict=True)]


def product(mp: Any, factors: list[Any], size: int) -> Any:
    """Of matrices in the order of time, the latest on the left."""
    total = mp.eye(size)
    for factor in factors:
        total = mp.matrix(factor) * total
    return total.tolist()


def lifted(mp: Any, array: Any) -> Any:
    """Nested lists of the context's numbers."""
    return [lifted(mp, each) for each in array] if np.ndim(array) else mp.mpf(float(array))


def shifted(mp: Any, values: Any, direction: Any, amount: Any) -> Any:
    """Nested lists of numbers, moved."""
    if isinstance(values, list):
        return [shifted(mp, v, d, amount) for v, d in zip(values, direction, strict=True)]
    return values + amount * mp.mpf(float(direction))


def dot(mp: Any, values: Any, cotangent: Any) -> Any:
    """The sum of products of all their entries."""
    pairs = zip(flat(values), flat(np.asarray(cotangent)), strict=True)
    return mp.fsum(v * mp.mpf(d) for v, d in pairs)


def opened(mp: Any, options: Any, p: Any, gate: str, x: Any, h: Any) -> list[Any]:
    """A gate of an LSTM without peepholes."""
    sums = [textbook.gate_sum(mp, p, gate, k, x, h, None) for k in range(len(h))]
    return [textbook.squashed(mp, options["gate_activation"], a) for a in sums]


def new_cell(mp: Any, options: Any, p: Any, x: Any, hs: Values, c: Any) -> list[Any]:
    """f c + i g, where every gate reads an h of its own."""
    one = [mp.mpf(1)] * len(c)
    f = opened(mp, options, p, "f", x, hs["f"]) if options["forget_gate"] else one
    i = opened(mp, options, p, "i", x, hs["i"])
    sums = [textbook.gate_sum(mp, p, "g", k, x, hs["g"], None) for k in range(len(c))]
    g = [textbook.squashed(mp, options["activation"], a, options["alpha"]) for a in sums]
    return [f[k] * c[k] + i[k] * g[k] for k in range(len(c))]


def carried(mp: Any, options: Any, h: Any, c: Any, o: Any, moved: Any) -> list[Any]:
    """h, moved by as much as o tanh(c) moves with c, for o held."""
    squash = options["output_activation"]
    return [
        h[k] + o[k] * (textbook.squashed(mp, squash, moved[k]) - textbook.squashed(mp, squash, c[k]))
        for k in range(len(c))
    ]
