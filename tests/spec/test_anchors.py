"""The numbers that claims print, calculated a second time: by mpmath and in fractions alone."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import pytest

from rnnspec.claim import Kind
from rnnspec.claims import registry
from rnnspec.kit.runner import MATHEMATICS, Task, run_task

ZERO, ONE = Fraction(0), Fraction(1)

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]


@pytest.fixture
def mp() -> Any:
    """Sixty digits, in a context of its own."""
    context = mpmath.MPContext()
    context.dps = 60
    return context


def claim_says(claim: str, *numbers: str) -> bool:
    """Whether the claim, or a check of it, prints all of these."""
    record = registry[claim]
    text = " ".join(
        [record.equation, record.because, record.corrected, *(check.text for check in record.checks)]
    )
    return all(number in text for number in numbers)


def product(row: Vector, column: Vector) -> Fraction:
    return sum((a * b for a, b in zip(row, column, strict=True)), ZERO)


def relu_orbit(W: Matrix, start: Vector, steps: int) -> list[Vector]:
    orbit = [start]
    for _ in range(steps):
        orbit.append(tuple(max(ZERO, product(row, orbit[-1])) for row in W))
    return orbit


def matrix(*rows: tuple[str, ...]) -> Matrix:
    return tuple(tuple(Fraction(entry) for entry in row) for row in rows)


def test_lgr_02_product_and_derivative(mp: Any) -> None:
    """One unit, U_g = U_o = 1, no biases, C_0 = 1, o_0 = 1/2: every gate is a function of h alone."""
    half = mp.mpf(1) / 2

    def sigmoid(z: Any) -> Any:
        return 1 / (1 + mp.exp(-z))

    def second_cell(c0: Any) -> Any:
        h0 = half * mp.tanh(c0)
        c1 = half * c0 + half * mp.tanh(h0)
        h1 = sigmoid(h0) * mp.tanh(c1)
        return half * c1 + half * mp.tanh(h1)

    def first_cell(c0: Any) -> Any:
        return half * c0 + half * mp.tanh(half * mp.tanh(c0))

    c1 = first_cell(mp.mpf(1))
    o1 = sigmoid(half * mp.tanh(1))  # held while C_1 varies
    step_1 = mp.diff(first_cell, 1)
    step_2 = mp.diff(lambda c: half * c + half * mp.tanh(o1 * mp.tanh(c)), c1)
    whole = mp.diff(second_cell, 1)
    assert mp.nstr(whole, 12) == "0.409741650751"
    assert mp.nstr(step_1 * step_2, 12) == "0.396453023355"
    assert claim_says("LGR-02", "0.409741650751", "0.396453023355")


def test_lgr_03_is_not_the_forget_gate(mp: Any) -> None:
    """U_g = 1 alone: f is 1/2, and the derivative is larger by what the candidate sees."""
    half = mp.mpf(1) / 2
    c1 = half + half * mp.tanh(half * mp.tanh(1))
    derivative = mp.diff(lambda c: half * c + half * mp.tanh(half * mp.tanh(c)), c1)
    assert mp.nstr(derivative, 12) == "0.648752138087"
    [witness] = registry["LGR-03"].of_kind(Kind.WITNESS)
    assert run_task(Task(witness.id, MATHEMATICS, "quick", 0), None).detail.startswith("not 0.648752138087")


def test_lgr_05_numbers_of_paths() -> None:
    direct, through_hidden, counts = 1, 1, []
    for _ in range(5):
        # f c, and three gates that read h; h by tanh of c, and by the output gate.
        direct, through_hidden = direct + 3 * through_hidden, direct + 3 * through_hidden + through_hidden
        counts.append(direct)
    assert counts == [4, 19, 91, 436, 2089]
    assert claim_says("LGR-05", "4, 19, 91, 436, 2089")


def test_lgr_12_what_is_left_of_99_percent(mp: Any) -> None:
    assert float(mp.nstr(mp.mpf("0.99") ** 100, 3)) == 0.366
    assert mp.nstr(mp.mpf("0.99") ** 1000, 1) == "4.0e-5"
    assert claim_says("LGR-12", "0.366", "4·10^-5")
    # The bias of the check, ln 99, gives the gate 0.99.
    assert mp.almosteq(1 / (1 + mp.exp(-mp.log(99))), mp.mpf("0.99"))


def test_lgr_12_bounds_of_a_product() -> None:
    gates = [Fraction(k, 50) for k in range(49, 39, -1)]
    passed, forgotten = ONE, ZERO
    for gate in gates:
        passed, forgotten = passed * gate, forgotten + 1 - gate
        assert 1 - forgotten <= passed <= 1 / (1 + forgotten)


def test_spe_08_an_eigenvalue_of_two_at_rest() -> None:
    W = matrix(("1", "-1"), ("-1", "1"))
    eigenvector = (Fraction(1), Fraction(-1))
    assert [product(row, eigenvector) for row in W] == [2 * v for v in eigenvector]
    orbit = relu_orbit(W, (Fraction(1), Fraction(2)), 8)
    assert orbit[1:] == [(ZERO, ONE)] * 8


@pytest.mark.parametrize("start", [("0", "0"), ("3", "1"), ("1/7", "9/2"), ("-5", "2")])
def test_spe_08_every_orbit_of_it_is_at_rest_after_one_step(start: tuple[str, str]) -> None:
    orbit = relu_orbit(matrix(("1", "-1"), ("-1", "1")), matrix(start)[0], 5)
    assert len(set(orbit[1:])) == 1


def test_spe_08_a_nilpotent_matrix_explodes() -> None:
    W = matrix(("3/2", "9/4"), ("-1", "-3/2"))
    (a, b), (c, d) = W
    assert not any((a * a + b * c, a * b + b * d, c * a + d * c, c * b + d * d))
    orbit = relu_orbit(W, (Fraction(1), Fraction(0)), 10)
    assert orbit == [(Fraction(3, 2) ** t, ZERO) for t in range(11)]
    assert claim_says("SPE-08", "W² = 0", "(3/2)^t h_0")


def test_gru_08_counts() -> None:
    m, n = 64, 128
    assert 3 * (n * n + n * m + n) == 74112
    assert 4 * (n * n + n * m + n) == 98816
    assert claim_says("GRU-08", "74112 and 98816")


class TestSlopes:
    @pytest.mark.parametrize("x", ["0.125", "-0.125", "0.2", "1", "-7", "50"])
    def test_act_03_clearly_below_outside_an_eighth(self, mp: Any, x: str) -> None:
        slope = mp.sech(mp.mpf(x) / 2) ** 2 / 4
        assert slope < mp.mpf(1) / 4 - mp.mpf(1) / 1100
        assert claim_says("ACT-03", "1/1100", "1/8")

    def test_act_03_the_bound_is_nearly_reached(self, mp: Any) -> None:
        """It holds from 1/8 on, and not from 1/9 on: what is missing grows like x²/16."""
        missing = [mp.mpf(1) / 4 - mp.sech(1 / mp.mpf(2 * d)) ** 2 / 4 for d in (8, 9)]
        assert missing[0] > mp.mpf(1) / 1100 > missing[1]

    def test_act_02_the_square(self, mp: Any) -> None:
        for x in (-3, mp.mpf("0.3"), 12):
            s = 1 / (1 + mp.exp(-mp.mpf(x)))
            assert mp.almosteq(mp.mpf(1) / 4 - s * (1 - s), (s - mp.mpf(1) / 2) ** 2)
            assert mp.almosteq(mp.mpf(1) / 4 - s * (1 - s), mp.tanh(mp.mpf(x) / 2) ** 2 / 4)

    def test_act_05_four_slopes_of_the_sigmoid(self, mp: Any) -> None:
        for x in (-3, mp.mpf("0.3"), 12):
            s = 1 / (1 + mp.exp(-2 * mp.mpf(x)))
            assert mp.almosteq(mp.sech(x) ** 2, 4 * s * (1 - s))

    def test_act_06_the_product_along_a_harmonic_sequence_stays_positive(self, mp: Any) -> None:
        """ln cosh(1/t) is at most 1/(2 t²), whose sum is π²/12: the product is above e^(-π²/6)."""
        product = mp.mpf(1)
        for t in range(1, 2000):
            product *= mp.sech(mp.mpf(1) / t) ** 2
        assert product > mp.exp(-(mp.pi**2) / 6)

    def test_spe_09_where_a_rounded_tanh_reaches_one(self, mp: Any) -> None:
        """It does where 1 - tanh is less than half a unit in the last place below 1."""
        for bits, first in ((24, 9), (53, 19)):
            half_a_gap = mp.mpf(2) ** -(bits + 1)
            assert 1 - mp.tanh(first + 1) < half_a_gap < 1 - mp.tanh(first - 1)
        assert "|z| = 9 in binary32 and 19 in" in registry["SPE-09"].floats
