"""What became of told deals: figures by hand on ten deals, and laws on random ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from icp_ml.model.tier_outcomes import ToldDeals, measure_lead, measure_told, pooled, resampled, told_by_cuts

LABELS = ("1", "2", "3", "out of scope")
#            1  1  1  1  2  2  3  3  3  3  out, and two of tier 3 that are still open
PLACES = [0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 2, 2]
WON = [1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]
DAYS = [10, 20, 30, 80, 25, 60, 40, 50, 60, 70, 90, 100, 130]
OPEN = [0] * 11 + [1, 1]
LIMIT = 60


def told(labels: tuple[str, ...] = LABELS, block: int = 0) -> ToldDeals:
    n = len(PLACES)
    return told_by_cuts(
        labels,
        np.minimum(np.array(PLACES, dtype=np.int8), len(labels) - 1).astype(np.int8),
        np.array(WON, dtype=np.int8),
        np.arange(n, dtype=np.int64) + 100 * block,
        days=np.array(DAYS, dtype=np.float64),
        is_open=np.array(OPEN, dtype=bool),
        block=block,
    )


def test_each_tier_by_hand() -> None:
    found = {tier.label: tier for tier in measure_told(told(), LIMIT, seed=1)}
    assert [(t.label, t.deals, t.won, t.still_open) for t in found.values()] == [
        ("1", 4, 3, 0),
        ("2", 2, 1, 0),
        ("3", 4, 1, 2),
        ("out of scope", 1, 0, 0),
    ]
    assert found["1"].win_rate.value == 0.75
    assert found["1"].share_of_wins == 3 / 5
    assert found["1"].share_of_deals == 4 / 11
    assert found["1"].days_to_win is not None
    assert found["1"].days_to_win.value == (10 + 20 + 30) / 3
    assert found["1"].days_to_close is not None
    assert found["1"].days_to_close.value == (10 + 20 + 30 + 60) / 4  # the one of 80 days counts up to 60
    assert found["3"].days_to_close is not None
    assert found["3"].days_to_close.value == pytest.approx((40 + 50 + 60 + 60 + 60 + 60) / 6)  # open ones too
    assert found["out of scope"].days_to_win is None


def test_the_lead_by_hand() -> None:
    lead = measure_lead(told(), LIMIT, seed=1)
    assert lead.ratio is not None
    assert lead.ratio.value == pytest.approx((3.5 / 5) / (1.5 / 5))
    assert lead.odds_ratio is not None
    assert lead.odds_ratio.value == pytest.approx((3.5 / 1.5) / (1.5 / 3.5))
    assert lead.wins_in_first is not None
    assert lead.wins_in_first.value == 3 / 5
    assert lead.deals_in_first is not None
    assert lead.deals_in_first.value == 4 / 11
    assert lead.sooner_won is not None
    assert lead.sooner_won.value == 1 - 20 / 40
    assert lead.sooner_closed is not None
    assert lead.sooner_closed.value == pytest.approx(1 - 30 / 55)


def test_out_of_scope_is_never_the_last_tier_and_one_tier_has_no_lead() -> None:
    assert not told().last[np.array(PLACES) == 3].any()
    merged = told(("1-3", "out of scope"))
    assert not (merged.first | merged.last | merged.parted).any()
    assert measure_lead(merged, LIMIT, seed=1).ratio is None


def test_where_tiers_were_not_parted_wins_are_not_missed_in_tier_1() -> None:
    both = pooled([told(), told(("1-3", "out of scope"), block=1)])
    assert both.labels == ("1", "1-3", "2", "3", "out of scope")
    lead = measure_lead(both, LIMIT, seed=1)
    assert lead.wins_in_first is not None
    assert lead.wins_in_first.value == 3 / 5
    tiers = measure_told(both, LIMIT, seed=1)
    assert sum(tier.won for tier in tiers) == 2 * sum(WON)
    assert sum(tier.share_of_wins for tier in tiers) == pytest.approx(1)


def test_twins_halve_the_deals_but_not_the_interval() -> None:
    """Every deal twice under its own account says no more than once."""
    once = told()
    rows = np.repeat(np.arange(len(PLACES)), 2)
    twice = ToldDeals(once.labels, *(getattr(once, name)[rows] for name in (
        "places", "first", "last", "parted", "won", "groups", "days", "is_open", "block"
    )))  # fmt: skip
    one, two = (measure_told(each, LIMIT, seed=3)[0] for each in (once, twice))
    assert two.deals == 2 * one.deals
    assert two.accounts == one.accounts
    assert one.win_rate.value == two.win_rate.value
    assert two.win_rate.low == pytest.approx(one.win_rate.low)
    assert one.days_to_win == two.days_to_win


def test_the_interval_of_a_mean_covers_as_often_as_it_says() -> None:
    """Of 200 samples of 80 accounts, 90 % of intervals hold the truth; 0.84 to 0.96 leaves room for three errors."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        values, groups = rng.exponential(size=80), np.arange(80)
        found = resampled(lambda weights, v=values: np.array([weights @ v / weights.sum()]), groups, seed=1)[0]  # type: ignore[misc]
        assert found is not None
        held += found.low <= 1.0 <= found.high
    assert 0.82 <= held / 200 <= 0.96


def test_what_hardly_ever_exists_is_not_given() -> None:
    groups = np.arange(4)
    rare, never = resampled(lambda w: np.array([np.nan if w[0] < 2 else 1.0, np.nan]), groups, seed=1)
    assert rare is None
    assert never is None


def test_wins_that_took_no_time_cannot_be_beaten() -> None:
    """Where every win of the last tier closed on the day it opened, no share of that time is saved."""
    at_once = replace(told(), days=np.where(np.array(PLACES) == 2, 0.0, np.array(DAYS, dtype=np.float64)))
    lead = measure_lead(at_once, LIMIT, seed=1)
    assert lead.ratio is not None
    assert lead.sooner_won is None
