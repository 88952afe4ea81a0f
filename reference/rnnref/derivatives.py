"""Derivatives that are printed as formulas, in the layouts of libraries.

A Jacobian is an array (B, rows, columns): one matrix for every sequence of the batch, with
the derivative of entry j by entry l in row j and column l.

Infinities and NaN are numbers like others here: they go through the formulas by the rules of
the number system. In diag(v) M, an entry of v that is one of them spoils its whole row, since
0 times infinity is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from rnnref.affine import Gates, added
from rnnref.arguments import check_choice, check_type, check_whole, described, real_array
from rnnref.border import Border
from rnnref.errors import BadInput
from rnnref.jacobians import (
    Blocks,
    cell_terms,
    chained,
    joined,
    output_by_cell,
    parted,
    pulled_back,
    step_jacobian,
)
from rnnref.layer import Layer
from rnnref.network import Cotangent, Network, check_cotangent
from rnnref.paths import LONGEST, Path, cell_paths, grouped
from rnnref.sequence import forward
from rnnref.systems.base import Array, Matrix, System
from rnnref.terms import Derivative, gradient_terms

# The options that `cell_terms` and `paths` are the formulas of.
PLAIN_LSTM = {"kind": "lstm", "peepholes": "none", "coupled": False, "cell_clip": None}


@dataclass
class _Member:
    """One sequence of a batch: the records of its steps, each with a single column."""

    s: System[Matrix]
    layer: Layer
    parameters: dict[str, Matrix]
    steps: list[Any]

    @property
    def gates(self) -> Gates:
        return Gates(self.parameters)

    def product(self, steps: Sequence[Any]) -> Blocks:
        """The state after these steps by the state before them."""
        s, layer = self.s, self.layer
        factors = [joined(s, layer, step_jacobian(s, layer, self.gates, done)) for done in steps]
        return parted(s, layer, chained(s, factors, sum(layer.state_sizes.values())))


class Derivatives(Border):
    """Jacobians, terms and paths of single recurrent layers, evaluated in one number system.

    Raises (from every method):
        BadInput: if the network is a stack, or its sequences have lengths of their own; and
            if an argument does not fit.
    """

    def jacobians(self, network: Network) -> list[dict[str, NDArray[Any]]]:
        """Of every step the new state by the old one and by the input.

        By the names `dh/dh`, `dh/dx` and, for an LSTM, `dh/dc`, `dc/dh`, `dc/dc`, `dc/dx`; a
        Jordan network's are `dy/dy` and `dy/dx`. Each is (B, rows, columns). They are found
        by back-propagating unit vectors through the step.
        """
        return self._by_step(network, lambda m, t: pulled_back(self.system, m.layer, m.gates, m.steps[t]))

    def jacobian_formulas(self, network: Network) -> list[dict[str, NDArray[Any]]]:
        """The same as printed formulas, without those by the input: diag(phi'(a_t)) U and so on."""
        return self._by_step(network, lambda m, t: step_jacobian(self.system, m.layer, m.gates, m.steps[t]))

    def jacobian(self, network: Network, t: int, k: int) -> dict[str, NDArray[Any]]:
        """The state after step t by the state after step k: `dh/dh`, which is dh_t/dh_k, ...

        The product J_t ... J_{k+1} of the formulas, with t - k factors; k = 0 is the initial
        state, and for t = k it is I.

        Raises:
            BadInput: unless 0 <= k <= t <= T.
        """
        check_type("network", network, Network, "a Network")
        check_whole("t", t, 0, network.steps)
        check_whole("k", k, 0, t)
        return self._side_by_side([member.product(member.steps[k:t]) for member in self._members(network)])

    def cell_terms(self, network: Network, o_before: Array) -> list[dict[str, NDArray[Any]]]:
        """The four terms of every dc_t/dc_{t-1} where o_{t-1} is held, each (B, n, n).

        [diag(c_{t-1} f') U_f + diag(g i') U_i + diag(i g') U_g] diag(o_{t-1} tanh'(c_{t-1})) + diag(f),
        by the names `f`, `i`, `g` and `kept`. Without a forget gate there is no term `f`.

        Args:
            network: of an LSTM without peepholes, coupled gates or clipping.
            o_before: o_0, (B, n), of the step before the first. The initial h is taken to
                move along with the initial c as o_0 tanh(c_0) does, whatever its value.
        """
        members = self._lstms(network, o_before)

        def terms(member: _Member, o_0: Matrix, t: int) -> Blocks:
            o = member.steps[t - 1].o if t else o_0
            return cell_terms(self.system, member.layer, member.gates, member.steps[t], o)

        return [self._side_by_side([terms(*each, t) for each in members]) for t in range(network.steps)]

    def cell_jacobian(self, network: Network, o_before: Array) -> NDArray[Any]:
        """dc_T/dc_0, (B, n, n), where h_0 = o_0 tanh(c_0) moves along with c_0 and o_0 is held.

        Of the product over (h, c) the block dc/dc, and dc/dh times diag(o_0 tanh'(c_0)). For
        T = 1 it is the sum of the `cell_terms`; for larger T it is not their product.

        Args:
            network: as for `cell_terms`.
            o_before: as for `cell_terms`.
        """

        def total(member: _Member, o_0: Matrix) -> Matrix:
            J = member.product(member.steps)
            if not member.steps:
                return J["dc/dc"]
            along = output_by_cell(self.system, member.layer, member.steps[0], o_0)
            return J["dc/dc"] + J["dc/dh"] * along.T

        return self._batch([total(*each) for each in self._lstms(network, o_before)])

    def paths(self, network: Network, o_before: Array) -> dict[tuple[str, ...], NDArray[Any]]:
        """`cell_jacobian` path by path: by the names of its edges the value of each, (B, n, n).

        The edges are `c0->c1`, `c0->h0`, `h0->i1->c1`, `h0->o1->h1` and so on, in the order of
        time; `rnnref.paths.count_paths` says how many paths there are.

        Args:
            network: as for `cell_terms`, of at most 7 steps.
            o_before: as for `cell_terms`.
        """
        walks = zip(*self._walks(network, o_before), strict=True)
        return {paths[0].edges: self._batch([path.value for path in paths]) for paths in walks}

    def path_groups(self, network: Network, o_before: Array) -> dict[int, NDArray[Any]]:
        """Sums of the `paths` by the number of recurrent matrices that they go through.

        0 is the path through the cells alone, the product of the forget gates.
        """
        sums = [grouped(walk) for walk in self._walks(network, o_before)]
        return {met: self._batch([each[met] for each in sums]) for met in sums[0]}

    def gradient_terms(
        self, network: Network, cotangent: Cotangent, derivative: Derivative = "immediate"
    ) -> list[list[dict[str, NDArray[Any]]]]:
        """The gradient of the parameters, loss by loss and term by term.

        In the list t - 1 are the terms k = 1 ... t of the loss L_t, whose gradient by h_t is
        the cotangent of output t: dL_t/dh_t (dh_t/dh_{t-1} ... dh_{k+1}/dh_k) d+h_k/dW, by
        the names of the parameters and summed over the batch. The cotangent of the final
        state belongs to the last loss. All of them add up to `vjp`.

        Args:
            network: of any single layer.
            cotangent: of every output, and of the final state.
            derivative: what the last factor is taken to be. `immediate` is right: h_k by W
                with h_{k-1} held. With `total`, what the early steps contribute is counted
                again in every later term; then the terms do not add up to the gradient.
        """
        check_cotangent(network, cotangent)
        check_choice("derivative", derivative, get_args(Derivative))
        members = self._members(network)
        losses = []
        for t in range(1, network.steps + 1):
            by_member = [
                gradient_terms(
                    self.system,
                    member.layer,
                    member.parameters,
                    member.steps[:t],
                    self._cotangent_of(member, cotangent, b, t, last=t == network.steps),
                    derivative,
                )
                for b, member in enumerate(members)
            ]
            losses.append([self._summed(network, shares) for shares in zip(*by_member, strict=True)])
        return losses

    def _members(self, network: Network) -> list[_Member]:
        """The sequences of the batch, each run by itself."""
        check_type("network", network, Network, "a Network")
        layer = network.layer
        if not isinstance(layer, Layer):
            raise BadInput("network.layer", described(layer), "a single Layer")
        if network.lengths is not None:
            expected = "None: sequences that have all the same length"
            raise BadInput("network.lengths", network.lengths, expected)
        parameters = self._columns(network.parameters)
        members = []
        for b in range(network.batch):
            one = slice(b, b + 1)
            state = {name: self._lifted(value[one]) for name, value in network.state.items()}
            xs = [self._lifted(x[one]) for x in np.asarray(network.inputs)]
            steps = forward(self.system, layer, parameters, xs, state).steps
            members.append(_Member(self.system, layer, parameters, steps))
        return members

    def _lstms(self, network: Network, o_before: Array) -> list[tuple[_Member, Matrix]]:
        """The members of a batch of LSTMs, and the output gate o_0 of each."""
        members = self._members(network)
        for field, needed in PLAIN_LSTM.items():
            if (got := getattr(network.layer, field)) != needed:
                raise BadInput(
                    f"network.layer.{field}", repr(got), f"{needed!r}: the formula is that of the plain LSTM"
                )
        shape = (network.batch, network.layer.hidden)
        o_before = real_array("o_before", o_before)
        if o_before.shape != shape:
            raise BadInput("o_before", f"shape {o_before.shape}", f"shape {shape}")
        held = [self._lifted(row) for row in o_before[:, np.newaxis]]
        return list(zip(members, held, strict=True))

    def _walks(self, network: Network, o_before: Array) -> list[Iterator[Path]]:
        """Of every member its paths, all in the same order."""
        members = self._lstms(network, o_before)
        if network.steps > LONGEST:
            raise BadInput(
                "network.inputs",
                f"{network.steps} steps",
                f"at most {LONGEST}, of which all paths can be listed",
            )
        return [cell_paths(self.system, m.layer, m.gates, m.steps, o_0) for m, o_0 in members]

    def _batch(self, matrices: Sequence[Matrix]) -> NDArray[Any]:
        """B matrices as one array (B, rows, columns)."""
        return np.stack([self._array(matrix) for matrix in matrices], axis=-3)

    def _side_by_side(self, members: Sequence[Blocks]) -> dict[str, NDArray[Any]]:
        """The blocks of all members by name, each (B, rows, columns)."""
        return {name: self._batch([blocks[name] for blocks in members]) for name in members[0]}

    def _by_step(
        self, network: Network, compute: Callable[[_Member, int], Blocks]
    ) -> list[dict[str, NDArray[Any]]]:
        """What is computed of every member at every step, counted from 0."""
        members = self._members(network)
        return [self._side_by_side([compute(m, t) for m in members]) for t in range(network.steps)]

    def _cotangent_of(
        self, member: _Member, cotangent: Cotangent, b: int, t: int, last: bool
    ) -> dict[str, Matrix]:
        """dL_t by the state after step t, of one member."""
        one, layer = slice(b, b + 1), member.layer
        doutput = self._lifted(cotangent.outputs[t - 1][one])
        if not last:
            sizes = layer.state_sizes.items()
            nothing = {name: self.system.matrix(np.zeros((size, 1))) for name, size in sizes}
            return nothing | {layer.output: doutput}
        dstate = {name: self._lifted(value[one]) for name, value in cotangent.state.items()}
        return dstate | {layer.output: dstate[layer.output] + doutput}

    def _summed(self, network: Network, shares: Sequence[dict[str, Matrix]]) -> dict[str, NDArray[Any]]:
        shapes = network.layer.parameter_shapes
        return self._parameters({name: added(share[name] for share in shares) for name in shapes}, shapes)
