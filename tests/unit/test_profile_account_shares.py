"""Among won and lost accounts a state is compared by accounts, with intervals from the literature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest

from icp_ml.profile.account_shares import Shares, account_shares
from icp_ml.profile.association import permuted_p_value
from icp_ml.profile.family_tests import Question, permuted_p_values


def of_counts(won: int, won_accounts: int, lost: int, lost_accounts: int) -> Shares:
    return Shares(np.array([won / won_accounts]), np.array([lost / lost_accounts]), won_accounts, lost_accounts)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),  # Newcombe 1998, table II, method 10, contrasts (a) and (b)
        ((9, 10, 3, 10), 0.1705, 0.8090),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    found = of_counts(*counts).difference(0)
    assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)


@pytest.mark.parametrize(("held", "accounts"), [(0, 12), (5, 12), (12, 12)])
def test_the_interval_of_a_share_is_wilsons(held: int, accounts: int) -> None:
    found = of_counts(held, accounts, 1, 2).of_won(0)
    known = binomtest(held, accounts).proportion_ci(confidence_level=0.95, method="wilson")
    assert [found.low, found.high] == pytest.approx([known.low, known.high], abs=1e-12)


def test_an_account_counts_once_on_each_side_however_many_deals_it_has() -> None:
    #        account  0  0  0  1  2  2  3
    #        won      1  1  0  1  0  0  0
    #        state    y  n  y  y  n  y  ?
    # won:   account 0 is half in the state, account 1 in it: 3/4.  lost: account 0 in it, account 2 half: 3/4.
    states = np.array([[1, 0, 1, 1, 0, 1, 0]], dtype=bool)
    known = np.array([1, 1, 1, 1, 1, 1, 0], dtype=bool)
    won = np.array([1, 1, 0, 1, 0, 0, 0], dtype=np.int8)
    found = account_shares(states, known, won, np.array([0, 0, 0, 1, 2, 2, 3]))
    assert (found.won[0], found.lost[0]) == (0.75, 0.75)
    assert (found.won_accounts, found.lost_accounts) == (2, 2)


def test_without_lost_accounts_nothing_is_said_of_the_difference() -> None:
    states, known = np.ones((1, 3), dtype=bool), np.ones(3, dtype=bool)
    found = account_shares(states, known, np.ones(3, dtype=np.int8), np.arange(3))
    assert found.difference(0).model_dump() == {"value": 0.0, "low": -1.0, "high": 1.0}
    assert found.distance().tolist() == [0.0]


def test_the_distance_is_the_pooled_z() -> None:
    # 30 of 40 against 20 of 40: pooled 5/8, variance 15/64 x (1/40 + 1/40) = 3/256, z = 1/4 over its root.
    assert of_counts(30, 40, 20, 40).distance()[0] == pytest.approx(0.25 / np.sqrt(3 / 256))


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0, 1), st.floats(0, 1))
def test_turning_the_state_round_turns_the_difference_round(m: int, n: int, p: float, q: float) -> None:
    there = Shares(np.array([p]), np.array([q]), m, n).difference(0)
    back = Shares(np.array([1 - p]), np.array([1 - q]), m, n).difference(0)
    assert [back.low, back.high] == pytest.approx([-there.high, -there.low], abs=1e-9)
    assert -1 <= there.low <= there.value + 1e-12
    assert there.value - 1e-12 <= there.high <= 1


# --- p-values -----------------------------------------------------------------------------------------------------


def rows(seed: int) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """Two hundred deals of some hundred accounts; the first state goes with winning, weakly, and others do not."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 140, 200)
    states = (rng.random((4, 140)) < 0.4)[:, groups]
    won = rng.random(200) < 0.3 + 0.2 * states[0]
    return states, won - won.mean(), groups


def test_all_at_once_is_each_alone_by_the_one_way_that_was_there() -> None:
    states, residuals, groups = rows(1)
    known = np.ones(200, dtype=bool)
    together = permuted_p_values([Question(each, known) for each in states], residuals, groups, seed=1)
    alone = [permuted_p_value(each.astype(np.intp), residuals, groups, seed=2) for each in states]
    # Both are shares of at least 250 and of 2,000 random permutations: four of their standard errors.
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, abs=4 * np.sqrt(other * (1 - other) * (1 / 250 + 1 / 2000)) + 0.002)


def test_deals_of_which_it_is_not_known_are_left_out_of_the_comparison() -> None:
    # Those not known were all won: as part of the rest they would make the state look bad.
    states = np.arange(300) < 100
    known = np.arange(300) < 200
    won = np.concatenate([np.tile([1.0, 0.0], 100), np.ones(100)])
    found = permuted_p_values([Question(states, known)], won - won.mean(), np.arange(300), seed=1)
    assert found[0] > 0.9


def test_the_smallest_p_value_is_under_the_first_step_of_the_control() -> None:
    # 150 questions at 10 %: the first step is 0.1 / 150.
    rng = np.random.default_rng(1)
    won = (np.arange(400) < 200).astype(np.float64)
    known = np.ones(400, dtype=bool)
    questions = [Question(won > 0, known), *(Question(rng.random(400) < 0.5, known) for _ in range(149))]
    found = permuted_p_values(questions, won - won.mean(), np.arange(400), seed=1)
    assert found[0] < 0.1 / 150
    assert np.median(found[1:]) == pytest.approx(0.5, abs=0.15)
