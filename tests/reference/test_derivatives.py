"""Derived formulas against differences of the textbook, against each other, and in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from reference import checks_derivatives as checks
from reference import textbook
from reference.checks import PRECISION
from reference.checks_derivatives import assert_exactly, assert_overlap, certified
from reference.derived import Derived
from reference.draws import KINDS, SEEDS, drawing, example, layers
from reference.draws_derivatives import derived, drawn, plain_lstms
from reference.exact import PROVEN, assert_enclosed, flat, fraction
from rnnref import FORMATS, Balls, Cotangent, Evaluator, Floats, Layer, Network, Stack, working_precision
from rnnref.derivatives import Derivatives
from rnnref.paths import cell_paths, count_paths


def scalar(layer: Layer, state: Mapping[str, float], x: list[float], **parameters: float) -> Network:
    """A network of sizes 1 whose parameters are 0 but for those that are given."""
    zero = {name: np.zeros(shape) for name, shape in layer.parameter_shapes.items()}
    start = {name: np.full((1, 1), value) for name, value in state.items()}
    return Network(layer, zero, np.reshape(np.array(x, float), (len(x), 1, 1)), start).with_parameters(
        **parameters
    )


@pytest.mark.parametrize("kind", KINDS)
@drawing(12)
@given(data=st.data())
def test_jacobians_are_differences(kind: str, data: st.DataObject) -> None:
    each = data.draw(drawn(kind))
    checks.check_one_step(each)
    checks.check_products(each)
    checks.check_units(each)


@pytest.mark.parametrize("kind", KINDS)
@drawing(12)
@given(data=st.data())
def test_terms_are_differences_by_untied_copies(kind: str, data: st.DataObject) -> None:
    each = data.draw(drawn(kind))
    checks.check_terms(each)
    checks.check_misread_terms(each)
    checks.check_sums(each)


@drawing(8)
@given(seed=SEEDS, layer=layers(largest=2), steps=st.integers(0, 3))
def test_each_direction_has_its_own_shares(seed: int, layer: Layer, steps: int) -> None:
    stack = Stack(layer, bidirectional=True)
    checks.check_shares_of_directions(example(np.random.default_rng(seed), stack, steps, 2, scale=0.7))


@pytest.mark.parametrize("forget_gate", [True, False])
@drawing(5)
@given(data=st.data())
def test_cells_and_paths_are_differences(forget_gate: bool, data: st.DataObject) -> None:
    each = data.draw(plain_lstms(forget_gate))
    checks.check_cells(each)
    checks.check_paths(each)


@pytest.mark.parametrize("kind", KINDS)
@drawing(15)
@given(data=st.data())
def test_truncated_gradients_are_differences_with_stored_states(kind: str, data: st.DataObject) -> None:
    each = data.draw(drawn(kind))
    detached = data.draw(st.sets(st.sampled_from(each.network.layer.states)))
    cut = data.draw(st.sets(st.integers(0, each.network.steps - 1))) if each.network.steps else set()
    checks.check_truncated(each, detached, cut)


@drawing(4)
@given(each=drawn(), plain=plain_lstms())
def test_mpmath_agrees(each: Derived, plain: Derived) -> None:
    checks.check_engines(each)
    checks.check_engines(plain)


@pytest.mark.parametrize("name", ["float32", "float64"])
@drawing(6)
@given(each=drawn(largest=4), plain=plain_lstms(), seed=SEEDS)
def test_floats_are_within_the_tolerance(name: str, each: Derived, plain: Derived, seed: int) -> None:
    checks.check_floats(each, FORMATS[name], seed)
    checks.check_floats(plain, FORMATS[name], seed)


@drawing(10)
@given(seed=SEEDS, k=st.integers(0, 3))
def test_products_compose(seed: int, k: int) -> None:
    """dh_3/dh_0 = dh_3/dh_k dh_k/dh_0."""
    network = derived(np.random.default_rng(seed), Layer("rnn", 2, 3), steps=3, batch=2, scale=1).network
    whole = certified(lambda e: e.jacobian(network, 3, 0)["dh/dh"])
    parts = certified(lambda e: e.jacobian(network, 3, k)["dh/dh"] @ e.jacobian(network, k, 0)["dh/dh"])
    assert_overlap("dh_3/dh_0", whole, parts)


def test_the_reversed_order_is_another_matrix() -> None:
    network = derived(np.random.default_rng(1), Layer("rnn", 2, 3), steps=2, batch=1, scale=1).network
    whole = certified(lambda e: e.jacobian(network, 2, 0)["dh/dh"])
    first, second = certified(lambda e: [J["dh/dh"] for J in e.jacobian_formulas(network)])
    with working_precision(PROVEN):
        off = max(abs(v - w).lower() for v, w in zip(flat(first @ second), flat(whole), strict=True))
    assert off > 1e-4, "the two orders agree, so this shows nothing"
    with pytest.raises(AssertionError):
        assert_overlap("reversed", whole, first @ second)


def test_a_batch_is_many_networks() -> None:
    both = derived(np.random.default_rng(2), Layer("lstm", 1, 2), steps=2, batch=2, scale=1)
    network, o = both.network, both.o_before
    for b in range(2):
        one = Network(
            network.layer,
            network.parameters,
            network.inputs[:, b : b + 1],
            {name: value[b : b + 1] for name, value in network.state.items()},
        )
        J = certified(partial(Derivatives.jacobian, network=network, t=2, k=0))
        for name, block in certified(partial(Derivatives.jacobian, network=one, t=2, k=0)).items():
            assert_overlap(name, block[0], J[name][b])
        alone = certified(partial(Derivatives.paths, network=one, o_before=o[b : b + 1]))
        for edges, value in certified(lambda e: e.paths(network, o)).items():
            assert_overlap(" ".join(edges), value[b], alone[edges][0])


# The terms of a sum over steps.

LINEAR = scalar(Layer("rnn", 1, 1, "identity", biases="none"), {"h": 0.5}, [3, -1, 2], W_h=0.25, U_h=-0.5)
LAST = Cotangent(np.array([0, 0, 4.0]).reshape(3, 1, 1), {"h": np.zeros((1, 1))})


def test_immediate_terms_have_weights_one_one_one() -> None:
    """e (x_3 + U x_2 + U^2 x_1) and e (h_2 + U h_1 + U^2 h_0), from the earliest term to the latest."""
    terms = certified(lambda e: e.gradient_terms(LINEAR, LAST))
    h_0, h_1, h_2, U, e = 0.5, 0.5, -0.5, -0.5, 4
    assert [len(losses) for losses in terms] == [1, 2, 3]
    assert [flat(term["W_h"])[0] for term in terms[2]] == [e * U * U * 3, e * U * -1, e * 2]
    assert [flat(term["U_h"])[0] for term in terms[2]] == [e * U * U * h_0, e * U * h_1, e * h_2]
    assert all(v == 0 for losses in terms[:2] for term in losses for v in flat(term["U_h"]))


def test_total_derivatives_have_weights_three_two_one() -> None:
    """e (h_2 + 2 U h_1 + 3 U^2 h_0): the earlier, the more often it is counted."""
    terms = certified(lambda e: e.gradient_terms(LINEAR, LAST, "total"))
    h_0, h_1, h_2, U, e = 0.5, 0.5, -0.5, -0.5, 4
    assert sum(flat(term["U_h"])[0] for term in terms[2]) == e * (h_2 + 2 * U * h_1 + 3 * U * U * h_0)
    assert sum(flat(term["W_h"])[0] for term in terms[2]) == e * (2 + 2 * U * -1 + 3 * U * U * 3)


def test_the_initial_state_has_no_term_of_its_own() -> None:
    """With one step there is one term, and it is all of the gradient."""
    one = Network(LINEAR.layer, LINEAR.parameters, LINEAR.inputs[:1], LINEAR.state)
    cotangent = Cotangent(np.full((1, 1, 1), 4.0), {"h": np.full((1, 1), 2.0)})
    [[term]] = certified(lambda e: e.gradient_terms(one, cotangent))
    assert flat(term["U_h"]) == [6 * 0.5]
    assert flat(term["W_h"]) == [6 * 3]


# Paths.


def test_numbers_of_paths() -> None:
    assert [count_paths(k) for k in range(8)] == [1, 4, 19, 91, 436, 2089, 10009, 47956]
    assert [count_paths(k, forget_gate=False) for k in range(4)] == [1, 3, 11, 41]


@pytest.mark.parametrize("forget_gate", [True, False])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_as_many_paths_are_found(steps: int, forget_gate: bool) -> None:
    each = derived(np.random.default_rng(3), Layer("lstm", 1, 1, forget_gate=forget_gate), steps, 1, 1)
    paths = Derivatives(Floats(FORMATS["float64"])).paths(each.network, each.o_before)
    assert len(paths) == count_paths(steps, forget_gate)


def test_paths_know_their_matrices() -> None:
    each = derived(np.random.default_rng(3), Layer("lstm", 1, 1), steps=3, batch=1, scale=1)
    system = Floats(FORMATS["float64"])
    [member] = Derivatives(system)._members(each.network)
    for path in cell_paths(system, member.layer, member.gates, member.steps, each.o_before.T):
        through = [edge.split("->")[1][0] for edge in path.edges if edge.count("->") == 2]
        assert path.matrices == tuple(f"U_{gate}" for gate in through)


@drawing(5)
@given(seed=SEEDS, steps=st.integers(1, 4))
def test_one_path_goes_through_cells_only(seed: int, steps: int) -> None:
    """Its value is the product of the forget gates, and no recurrent matrix is in it."""
    each = derived(np.random.default_rng(seed), Layer("lstm", 1, 2), steps, batch=1, scale=2)
    paths = certified(lambda e: e.paths(each.network, each.o_before))
    pure = [edges for edges in paths if not any(edge.split("->")[0][0] == "h" for edge in edges)]
    assert pure == [tuple(f"c{t}->c{t + 1}" for t in range(steps))]
    gates = certified(lambda e: e.gates(each.network), Evaluator)
    with working_precision(2 * PROVEN):
        kept = np.prod([step["f"][0] for step in gates], axis=0)
    assert_overlap("the pure path", np.diag(paths[pure[0]][0]), kept)
    assert_exactly("beside it", paths[pure[0]][0] * (1 - np.eye(2, dtype=int)), 0)
    groups = certified(lambda e: e.path_groups(each.network, each.o_before))
    assert_overlap("no matrix", groups[0], paths[pure[0]])


def test_the_1997_cell_keeps_its_path_at_one() -> None:
    each = derived(np.random.default_rng(3), Layer("lstm", 1, 2, forget_gate=False), 3, batch=1, scale=2)
    paths = certified(lambda e: e.paths(each.network, each.o_before))
    assert_exactly("the pure path", paths["c0->c1", "c1->c2", "c2->c3"][0], np.eye(2))


def test_product_of_cell_terms_is_not_the_jacobian() -> None:
    """U_C = U_o = 1: what o_1 owes to C_0 is missing in the product of one-step derivatives.

    The two numbers were computed by hand from the scalar equations.
    """
    layer = Layer("lstm", 1, 1, biases="none")
    network = scalar(layer, {"h": 0.5 * float(np.tanh(1)), "c": 1.0}, [0, 0], U_g=1, U_o=1)
    o = np.full((1, 1), 0.5)

    def product(e: Derivatives, network: Network = network) -> Any:
        first, second = (sum(terms.values()) for terms in e.cell_terms(network, o))
        return second * first  # of size 1

    def rounded(balls: Any) -> float:
        return round(float(fraction(flat(balls)[0].mid())), 12)

    assert rounded(certified(lambda e: e.cell_jacobian(network, o))) == 0.409741650751
    assert rounded(certified(product)) == 0.396453023355
    missing = certified(lambda e: e.cell_jacobian(network, o) - product(e))
    path = certified(lambda e: e.paths(network, o)["c0->h0", "h0->o1->h1", "h1->g2->c2"])
    assert_overlap("what is missing", missing, path)
    without = network.with_parameters(U_o=0)
    whole = certified(lambda e: e.cell_jacobian(without, o))
    assert_overlap("without U_o", whole, certified(lambda e: product(e, without)))


# Closed forms: at the zero state with zero biases every gate is 1/2.


@drawing(10)
@given(seed=SEEDS, n=st.integers(1, 3), steps=st.integers(1, 4))
def test_at_zero_the_cell_has_one_half_and_one_quarter(seed: int, n: int, steps: int) -> None:
    U = np.random.default_rng(seed).integers(-8, 9, (n, n)).astype(float)
    layer = Layer("lstm", 1, n, biases="none")
    parameters = {name: np.ones(shape) for name, shape in layer.parameter_shapes.items()} | {"U_g": U}
    zero = {name: np.zeros((1, n)) for name in layer.states}
    network, o = Network(layer, parameters, np.zeros((steps, 1, 1)), zero), np.full((1, n), 0.5)
    terms = certified(lambda e: e.cell_terms(network, o))
    for step in terms:
        for name, expected in {"f": 0 * U, "i": 0 * U, "g": U / 4, "kept": np.eye(n) / 2}.items():
            assert_exactly(name, step[name][0], expected)
    whole = np.linalg.matrix_power(np.eye(n) / 2 + U / 4, steps)
    assert_exactly("dc_T/dc_0", certified(lambda e: e.cell_jacobian(network, o))[0], whole)


@pytest.mark.parametrize("update", ["keeps", "replaces"])
@pytest.mark.parametrize("reset", ["before", "after"])
def test_at_zero_so_has_the_gru(reset: Any, update: Any) -> None:
    U = np.array([[1.0, -3], [2, 5]])
    layer = Layer("gru", 1, 2, biases="none", reset=reset, update=update)
    parameters = {name: np.ones(shape) for name, shape in layer.parameter_shapes.items()} | {"U_n": U}
    network = Network(layer, parameters, np.zeros((2, 1, 1)), {"h": np.zeros((1, 2))})
    for step in certified(lambda e: e.jacobian_formulas(network)):
        assert_exactly("dh/dh", step["dh/dh"][0], np.eye(2) / 2 + U / 4)


@drawing(10)
@given(seed=SEEDS)
def test_elman_and_jordan_as_matrices(seed: int) -> None:
    """diag(phi') U and diag(psi') W_y diag(phi') U, written out in mpmath at a zero state."""
    random = np.random.default_rng(seed)
    elman = derived(random, Layer("rnn", 1, 2), 1, 1, 1).network
    jordan = derived(random, Layer("jordan", 1, 2, outputs=3), 1, 1, 1).network

    def tanh_slopes(mp: Any, a: Any) -> Any:
        return mp.diag([1 - textbook.tanh(mp, v) ** 2 for v in a])

    def hidden(mp: Any, network: Network, fed_back: str) -> Any:
        p = {name: mp.matrix(value.tolist()) for name, value in network.parameters.items()}
        x, h = mp.matrix(network.inputs[0].tolist()).T, mp.matrix(network.state[fed_back].tolist()).T
        return p, p["W_h"] * x + p["U_h"] * h + p["b_h"]

    def of_elman(mp: Any) -> Any:
        p, a = hidden(mp, elman, "h")
        return tanh_slopes(mp, a) * p["U_h"]

    def of_jordan(mp: Any) -> Any:
        p, a = hidden(mp, jordan, "y")
        read_out = p["W_y"] * mp.matrix([textbook.tanh(mp, v) for v in a]) + p["b_y"]
        return tanh_slopes(mp, read_out) * p["W_y"] * tanh_slopes(mp, a) * p["U_h"]

    for network, name, formula in ((elman, "dh/dh", of_elman), (jordan, "dy/dy", of_jordan)):
        [blocks] = certified(partial(Derivatives.jacobian_formulas, network=network))
        rough, fine = (
            flat(formula(textbook.precision(bits)).tolist()) for bits in (PRECISION, 2 * PRECISION)
        )
        assert_enclosed(name, blocks[name], rough, fine)


# Truncated gradients.


@pytest.mark.parametrize("forget_gate", [True, False])
@drawing(6)
@given(seed=SEEDS, steps=st.integers(1, 4))
def test_with_h_detached_the_cell_has_its_forget_gates_only(forget_gate: bool, seed: int, steps: int) -> None:
    """dc_T/dc_0 = diag(f_T ... f_1), and exactly I in the cell of 1997, whatever the weights."""
    n = 3
    layer = Layer("lstm", 2, n, forget_gate=forget_gate)
    one = derived(np.random.default_rng(seed), layer, steps, batch=1, scale=2).network
    state = {name: np.repeat(value, n, axis=0) for name, value in one.state.items()}
    copies = Network(layer, one.parameters, np.repeat(one.inputs, n, axis=1), state)
    units = Cotangent(np.zeros((steps, n, n)), {"h": np.zeros((n, n)), "c": np.eye(n)})

    def truncated(e: Evaluator) -> Any:
        return e.vjp(copies, units, detached={"h"}).state

    back = certified(truncated, Evaluator)
    assert_exactly("dc_T/dh_0", back["h"], 0)
    if not forget_gate:
        assert_exactly("dc_T/dc_0", back["c"], np.eye(n))
        return
    gates = certified(lambda e: e.gates(one), Evaluator)
    with working_precision(2 * PROVEN):
        kept = np.prod([step["f"][0] for step in gates], axis=0)
    assert_overlap("dc_T/dc_0", np.diag(back["c"]), kept)
    assert_exactly("beside the diagonal", back["c"] * (1 - np.eye(n, dtype=int)), 0)


@pytest.mark.parametrize("kind", KINDS)
@drawing(5)
@given(data=st.data(), cut=st.integers(1, 3))
def test_a_cut_makes_two_networks(kind: str, data: st.DataObject, cut: int) -> None:
    """The second starts from the first one's final state, as from a constant."""
    seed, layer = data.draw(SEEDS), data.draw(drawn(kind)).network.layer
    each = derived(np.random.default_rng(seed), layer, steps=4, batch=2, scale=1)  # type: ignore[arg-type]
    network, cotangent = each.network, each.cotangent
    nothing = {name: np.zeros_like(value) for name, value in cotangent.state.items()}

    def whole(e: Evaluator) -> Any:
        return e.vjp(network, cotangent, cut={cut})

    def pieces(e: Evaluator) -> Any:
        first = Network(network.layer, network.parameters, network.inputs[:cut], network.state)
        second = Network(network.layer, network.parameters, network.inputs[cut:], e.run(first).state)
        early = e.vjp(first, Cotangent(cotangent.outputs[:cut], nothing))
        late = e.vjp(second, Cotangent(cotangent.outputs[cut:], cotangent.state))
        total = {name: value + late.parameters[name] for name, value in early.parameters.items()}
        return total, np.concatenate([early.inputs, late.inputs]), early.state

    got, (parameters, inputs, state) = certified(whole, Evaluator), certified(pieces, Evaluator)
    for name, value in got.parameters.items():
        assert_overlap(f"d{name}", value, parameters[name])
    assert_overlap("dinputs", got.inputs, inputs)
    for name, value in got.state.items():
        assert_overlap(f"d{name}_0", value, state[name])


# What is no number.


def test_nan_spoils_what_depends_on_it_and_nothing_else() -> None:
    """In floats: the Jacobian of its member of the batch, from its step on."""
    network = derived(np.random.default_rng(5), Layer("gru", 2, 2), steps=3, batch=2, scale=1).network
    inputs = network.inputs.copy()
    inputs[1, 0, 0] = np.nan
    engine = Derivatives(Floats(FORMATS["float64"]))
    steps = engine.jacobian_formulas(Network(network.layer, network.parameters, inputs, network.state))
    spoilt = [[bool(np.isnan(J["dh/dh"][b]).all()) for b in range(2)] for J in steps]
    sound = [[bool(np.isfinite(J["dh/dh"][b]).all()) for b in range(2)] for J in steps]
    assert spoilt == [[False, False], [True, False], [True, False]]
    assert sound == [[True, True], [False, True], [False, True]]


def test_where_relu_is_undecided_nothing_is_certified() -> None:
    """A ball that contains a kink: the slope is all of [0, 1]."""
    with working_precision(64):
        network = scalar(Layer("rnn", 1, 1, "relu", biases="none"), {"h": 0.0}, [1.0], U_h=1.0)
        start = {"h": np.array([[arb(0, 1)]], dtype=object)}
        open_ = Network(network.layer, network.parameters, 0 * network.inputs, start)
        [step] = Derivatives(Balls()).jacobian_formulas(open_)
        [slope] = flat(step["dh/dh"])
        assert slope.contains(0)
        assert slope.contains(1)
