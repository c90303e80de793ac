"""The tiers in money, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from icp_ml.profile.potential import LEAST_ACCOUNTS, ValuedDeals, money_by_tier

NAN = np.nan


def valued() -> ValuedDeals:
    return ValuedDeals(
        places=np.array([0, 0, 0, 1, 1], dtype=np.int8),
        won=np.array([1, 1, 0, 1, 0], dtype=np.int8),
        groups=np.arange(5, dtype=np.int64),
        probability=np.array([0.8, 0.5, 0.5, 0.2, 0.1]),
        expected=np.array([100.0, 200.0, 100.0, 50.0, 50.0]),
        amounts=np.array([150.0, NAN, NAN, 40.0, NAN]),
    )


def test_a_tier_in_money_is_what_one_adds_up_by_hand() -> None:
    first, second, third = money_by_tier(valued(), ("1", "2", "3"), seed=1)
    assert (first.label, first.deals, first.won, first.known) == ("1", 3, 2, 1)
    assert first.won_value == 150
    assert first.pipeline_value == 400
    assert first.expected_value == pytest.approx(0.8 * 100 + 0.5 * 200 + 0.5 * 100)
    assert second.won_value == 40
    assert second.expected_value == pytest.approx(0.2 * 50 + 0.1 * 50)
    assert (third.deals, third.won, third.won_value, third.expected_value) == (0, 0, 0, 0)


def test_few_accounts_have_no_mean() -> None:
    assert all(row.mean_acv is None and row.observed_over_expected is None for row in money_by_tier(valued(), "12", 1))


def test_the_mean_is_over_known_wins_and_an_unknown_one_counts_as_expected() -> None:
    accounts = LEAST_ACCOUNTS + 1
    deals = ValuedDeals(
        places=np.zeros(2 * accounts, dtype=np.int8),
        won=np.repeat(np.array([1, 0], dtype=np.int8), accounts),
        groups=np.tile(np.arange(accounts, dtype=np.int64), 2),
        probability=np.full(2 * accounts, 0.5),
        expected=np.full(2 * accounts, 20.0),
        amounts=np.concatenate([np.full(accounts - 1, 30.0), [NAN], np.full(accounts, NAN)]),
    )
    (row,) = money_by_tier(deals, ("1",), seed=1)
    assert row.mean_acv is not None
    assert (row.mean_acv.value, row.mean_acv.low, row.mean_acv.high) == (30, 30, 30)
    assert row.observed_over_expected is not None
    # Observed: 10 known wins of 30 and one unknown taken as 20; expected: 22 deals x 0.5 x 20.
    assert row.observed_over_expected.value == pytest.approx((10 * 30 + 20) / 220)
    assert row.observed_over_expected.low <= row.observed_over_expected.value <= row.observed_over_expected.high
