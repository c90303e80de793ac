"""A rate and a difference of rates carry the uncertainty of accounts, not of deals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from icp_ml.profile.rates import Z, win_rate, win_rate_gap
from icp_ml.profile.records import Interval

Outcomes = NDArray[np.int8]
Groups = NDArray[np.int64]
Mask = NDArray[np.bool_]


def wins_then_losses(won: int, lost: int) -> Outcomes:
    return np.repeat([1, 0], [won, lost]).astype(np.int8)


def each_alone(deals: int) -> Groups:
    return np.arange(deals, dtype=np.int64)


def everyone(deals: int) -> Mask:
    return np.ones(deals, dtype=bool)


def wilson(won: int, deals: int) -> tuple[float, float]:
    """SciPy's own, as the second route."""
    found = binomtest(won, deals).proportion_ci(confidence_level=0.95, method="wilson")
    return found.low, found.high


def bounds(found: Interval) -> tuple[float, float]:
    return found.low, found.high


@pytest.mark.parametrize(("won", "lost"), [(8, 2), (1, 9), (50, 50), (3, 1), (1, 1)])
def test_with_one_deal_an_account_the_interval_is_wilsons(won: int, lost: int) -> None:
    deals = won + lost
    found = win_rate(wins_then_losses(won, lost), each_alone(deals), everyone(deals))
    assert found.value == pytest.approx(won / deals)
    assert bounds(found) == pytest.approx(wilson(won, deals), abs=1e-12)


def test_the_bounds_solve_wilsons_own_equation() -> None:
    # Wilson 1927: the bounds are the p at which the rate seen, 0.8 of 10, is Z standard errors away.
    found = win_rate(wins_then_losses(8, 2), each_alone(10), everyone(10))
    for bound in bounds(found):
        assert (0.8 - bound) ** 2 == pytest.approx(Z**2 * bound * (1 - bound) / 10)


def test_deals_that_only_repeat_their_account_add_nothing() -> None:
    won = np.repeat(wins_then_losses(8, 2), 3)
    found = win_rate(won, np.repeat(each_alone(10), 3), everyone(30))
    assert bounds(found) == pytest.approx(wilson(8, 10), abs=1e-12)


def test_accounts_that_win_one_and_lose_one_count_once_each() -> None:
    # Account totals do not differ at all, so their variance is 0: twelve accounts are still only twelve facts.
    won = np.tile([1, 0], 12).astype(np.int8)
    found = win_rate(won, np.repeat(each_alone(12), 2), everyone(24))
    assert bounds(found) == pytest.approx(wilson(6, 12), abs=1e-12)


def test_deals_never_count_for_more_than_themselves() -> None:
    # Nine accounts with a win and a loss each and one with two wins: account totals vary less than single deals do.
    won = np.array([1, 0] * 9 + [1, 1], dtype=np.int8)
    found = win_rate(won, np.repeat(each_alone(10), 2), everyone(20))
    assert bounds(found) == pytest.approx(wilson(11, 20), abs=1e-12)


@pytest.mark.parametrize("deals", [1, 4, 30])
def test_all_won_is_not_certain(deals: int) -> None:
    # Wilson's lower bound at rate 1 is n / (n + Z^2).
    found = win_rate(wins_then_losses(deals, 0), each_alone(deals), everyone(deals))
    assert found.high == pytest.approx(1.0)
    assert found.low == pytest.approx(deals / (deals + Z**2))


def test_of_no_deals_nothing_is_known() -> None:
    found = win_rate(wins_then_losses(2, 2), each_alone(4), ~everyone(4))
    assert math.isnan(found.value)
    assert bounds(found) == (0.0, 1.0)


def test_only_the_deals_asked_for_count() -> None:
    won, among = wins_then_losses(8, 12), np.arange(20) < 10
    found = win_rate(won, each_alone(20), among)
    assert found.value == pytest.approx(0.8)
    assert bounds(found) == pytest.approx(wilson(8, 10), abs=1e-12)


def test_the_gap_of_single_deals_has_the_textbook_error() -> None:
    # 6 of 10 against 3 of 20: variance 0.6 x 0.4 / 10 + 0.15 x 0.85 / 20 = 0.030375, times 30 / 29 for the sample.
    won = np.concatenate([wins_then_losses(6, 4), wins_then_losses(3, 17)])
    first = np.arange(30) < 10
    found = win_rate_gap(won, each_alone(30), first, ~first)
    half = Z * math.sqrt(0.030375 * 30 / 29)
    assert (found.value, found.low, found.high) == pytest.approx((0.45, 0.45 - half, 0.45 + half))


def test_an_account_on_both_sides_does_not_speak_for_a_gap() -> None:
    # Each account has one deal on either side, both won or both lost: the gap is 0 whatever accounts are drawn.
    won = np.repeat(wins_then_losses(7, 5), 2)
    first = np.tile([True, False], 12)
    found = win_rate_gap(won, np.repeat(each_alone(12), 2), first, ~first)
    assert (found.value, found.low, found.high) == pytest.approx((0.0, 0.0, 0.0))


def test_the_gaps_error_is_that_of_drawing_accounts_again() -> None:
    rng = np.random.default_rng(11)
    groups = np.repeat(np.arange(120, dtype=np.int64), rng.integers(1, 6, 120))
    leaning = rng.normal(size=120)[groups]
    won = (rng.random(len(groups)) < 1 / (1 + np.exp(-1.5 * leaning))).astype(np.int8)
    first = rng.random(len(groups)) < 0.4
    found = win_rate_gap(won, groups, first, ~first)
    rows = [np.flatnonzero(groups == account) for account in range(120)]
    gaps = []
    for _ in range(1_500):
        drawn = np.concatenate([rows[account] for account in rng.integers(0, 120, 120)])
        one, other = drawn[first[drawn]], drawn[~first[drawn]]
        gaps.append(won[one].mean() - won[other].mean())
    # The standard deviation of 1,500 draws is itself known to about 2 %.
    assert (found.high - found.low) / (2 * Z) == pytest.approx(np.std(gaps), rel=0.08)


def test_turned_around_the_gap_changes_its_sign() -> None:
    won, first = wins_then_losses(9, 11), np.arange(20) % 3 == 0
    one = win_rate_gap(won, each_alone(20), first, ~first)
    other = win_rate_gap(won, each_alone(20), ~first, first)
    assert (other.value, other.low, other.high) == pytest.approx((-one.value, -one.high, -one.low))


@pytest.mark.parametrize("swapped", [False, True])
def test_without_deals_on_a_side_there_is_no_gap(swapped: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    won, nobody = wins_then_losses(3, 3), ~everyone(6)
    sides = (nobody, everyone(6)) if swapped else (everyone(6), nobody)
    found = win_rate_gap(won, each_alone(6), *sides)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
