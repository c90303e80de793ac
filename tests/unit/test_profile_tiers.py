"""The tier table, on counts worked by hand, and which tiers it merges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from icp_ml.deals.policy import TiersSettings
from icp_ml.model.tier_cuts import fit_cuts
from icp_ml.model.tiers import Cuts
from icp_ml.profile.tiers import (
    QUADRANTS,
    TieredDeals,
    TierTable,
    measure_tiers,
    merge_until_told_apart,
    not_told_apart,
    objective_sentence,
    quadrants,
)

CUTS = Cuts((1.0, 0.0, -1.0), (70.0, 50.0, 30.0), ("1", "2", "3", "out of scope"), low=-4.0, high=4.0)


def tiered(*counts: tuple[int, int]) -> TieredDeals:
    """Deals of one account each, from (deals, won) of each tier."""
    places = np.concatenate([np.full(deals, place, dtype=np.int8) for place, (deals, _) in enumerate(counts)])
    won = np.concatenate([(np.arange(deals) < wins).astype(np.int8) for deals, wins in counts])
    return TieredDeals(places, won, np.arange(len(won)))


def test_the_table_by_hand() -> None:
    table = measure_tiers(tiered((100, 60), (100, 30), (200, 20), (100, 2)), CUTS, "as they are", ["a note"])
    first, second, third, last = table.rows
    assert [(row.score_from, row.score_to) for row in table.rows] == [(70, 100), (50, 70), (30, 50), (0, 30)]
    assert [(row.deals, row.accounts, row.won) for row in table.rows] == [
        (100, 100, 60),
        (100, 100, 30),
        (200, 200, 20),
        (100, 100, 2),
    ]
    assert [row.share_of_deals for row in table.rows] == pytest.approx([0.2, 0.2, 0.4, 0.2])
    assert [row.share_of_wins for row in table.rows] == pytest.approx([60 / 112, 30 / 112, 20 / 112, 2 / 112])
    assert first.win_rate.value == pytest.approx(0.6)
    assert first.odds_ratio_to_next is not None
    assert first.odds_ratio_to_next.value == pytest.approx((60.5 * 70.5) / (40.5 * 30.5))
    assert second.odds_ratio_to_next is not None
    assert second.odds_ratio_to_next.value == pytest.approx((30.5 * 180.5) / (70.5 * 20.5))
    assert third.odds_ratio_to_next is not None
    assert last.odds_ratio_to_next is None
    assert table.first_to_last_ratio is not None
    assert table.first_to_last_ratio.value == pytest.approx((60.5 / 101) / (20.5 / 201))
    assert table.first_to_last_odds_ratio is not None
    assert table.first_to_last_odds_ratio.value == pytest.approx((60.5 * 180.5) / (40.5 * 20.5))
    assert (table.notes, table.warnings) == (("a note",), ())
    assert TierTable.model_validate_json(table.model_dump_json()) == table


def test_tiers_that_are_told_apart_stay() -> None:
    cuts, table = merge_until_told_apart(tiered((100, 60), (100, 30), (200, 20), (100, 2)), CUTS, "")
    assert cuts == CUTS
    assert table.notes == ()


def test_tiers_that_cannot_be_told_apart_are_merged_and_it_is_said() -> None:
    # 30 of 100 and 54 of 200 won: odds ratio (30.5 x 146.5) / (70.5 x 54.5) = 1.163, log 0.151, error 0.268.
    cuts, table = merge_until_told_apart(tiered((100, 60), (100, 30), (200, 54), (100, 2)), CUTS, "", ["before"])
    assert cuts.labels == ("1", "2-3", "out of scope")
    assert table.notes == (
        "before",
        "Tiers 2 and 3 cannot be told apart on 300 judged deals (odds ratio 1.2, 0.75 to 1.8) and are merged.",
    )
    assert [(row.label, row.deals, row.won) for row in table.rows] == [
        ("1", 100, 60),
        ("2-3", 300, 84),
        ("out of scope", 100, 2),
    ]


def test_a_tier_that_wins_less_than_the_next_is_merged_however_sure_that_is() -> None:
    cuts, _ = merge_until_told_apart(tiered((100, 80), (100, 10), (200, 80), (200, 2)), CUTS, "")
    assert cuts.labels == ("1", "2-3", "out of scope")


def test_the_pair_with_the_most_deals_comes_first() -> None:
    table = measure_tiers(tiered((100, 30), (100, 30), (200, 60), (90, 1)), CUTS, "")
    assert not_told_apart(table) == (("2", "3"), ("1", "2"))


def test_an_empty_tier_is_merged() -> None:
    cuts, table = merge_until_told_apart(tiered((100, 60), (0, 0), (200, 20), (100, 2)), CUTS, "")
    assert len(cuts.labels) == 3
    assert sum(row.deals for row in table.rows) == 400


def test_deals_without_a_signal_end_as_one_tier() -> None:
    cuts, table = merge_until_told_apart(tiered((100, 30), (100, 30), (100, 30), (100, 30)), CUTS, "")
    assert cuts.labels == ("1-3",)
    assert cuts.log_odds == ()
    assert len(table.notes) == 3
    assert table.first_to_last_ratio is None
    assert table.warnings == ("There is one tier only: the model does not discriminate between prospects.",)


def test_under_one_and_a_half_times_a_model_does_not_discriminate() -> None:
    weak = measure_tiers(tiered((1000, 400), (1000, 350), (1000, 300), (1000, 100)), CUTS, "")
    assert len(weak.warnings) == 1
    assert weak.warnings[0].startswith("The model does not discriminate: tier 1 won 1.3, ")
    assert not measure_tiers(tiered((1000, 460), (1000, 350), (1000, 300), (1000, 100)), CUTS, "").warnings


def test_deals_of_one_account_count_as_one() -> None:
    alone = tiered((40, 24), (40, 12), (40, 6), (40, 1))
    often = TieredDeals(np.repeat(alone.places, 5), np.repeat(alone.won, 5), np.repeat(alone.groups, 5))
    for one, many in zip(measure_tiers(alone, CUTS, "").rows, measure_tiers(often, CUTS, "").rows, strict=True):
        assert many.accounts == one.accounts
        assert (many.win_rate.low, many.win_rate.high) == pytest.approx((one.win_rate.low, one.win_rate.high))


def test_true_odds_ratios_lie_in_their_intervals_nine_times_in_ten() -> None:
    # Accounts of 3 deals share a part of their chance, so that intervals over deals would be too narrow.
    covered, worlds = 0, 200
    for seed in range(worlds):
        rng = np.random.default_rng(seed)
        places = np.repeat(np.array([0, 1], dtype=np.int8), 300)
        groups = np.repeat(np.arange(200), 3)
        shared = rng.random(200)[groups]
        rate = np.where(places == 0, 0.5, 0.2)
        copied = rng.random(600) < 0.5  # half of the deals end as the account's common draw says
        won = (np.where(copied, shared, rng.random(600)) < rate).astype(np.int8)
        cuts = Cuts((0.0,), (70.0,), ("1", "2-3"), low=-1.0, high=1.0)
        interval = measure_tiers(TieredDeals(places, won, groups), cuts, "").rows[0].odds_ratio_to_next
        assert interval is not None
        covered += interval.low <= 4.0 <= interval.high
    assert 0.84 * worlds <= covered <= 0.96 * worlds


def test_noise_ends_as_one_tier_on_deals_that_the_cuts_did_not_see() -> None:
    merged_away = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        log_odds, groups = rng.normal(size=(2, 300)), np.arange(300)
        won = (rng.random((2, 300)) < 0.3).astype(np.int8)
        cuts = fit_cuts(log_odds[0], won[0], groups, TiersSettings()).cuts
        remaining, _ = merge_until_told_apart(TieredDeals(cuts.tiers(log_odds[1]), won[1], groups), cuts, "")
        merged_away += len(remaining.labels) == 1
    assert merged_away >= 57


def test_a_clear_model_keeps_its_promise_on_deals_that_the_cuts_did_not_see() -> None:
    rng = np.random.default_rng(0)
    log_odds, groups = -1 + 1.5 * rng.normal(size=(2, 4000)), np.arange(4000)
    won = (rng.random((2, 4000)) < expit(log_odds)).astype(np.int8)
    settings = TiersSettings()
    fitted = fit_cuts(log_odds[0], won[0], groups, settings)
    tiered_deals = TieredDeals(fitted.cuts.tiers(log_odds[1]), won[1], groups)
    cuts, table = merge_until_told_apart(tiered_deals, fitted.cuts, objective_sentence(settings), fitted.notes)
    assert cuts.labels == ("1", "2", "3", "out of scope")
    assert table.rows[0].share_of_wins == pytest.approx(0.7, abs=0.03)
    assert table.first_to_last_ratio is not None
    assert table.first_to_last_ratio.value > 1.5
    assert table.objective == (
        "Tier 1 is cut to hold 70% of the wins, tier 3 so that tier 1 wins at least 1.5 times as often."
    )


def test_quadrants() -> None:
    codes = quadrants(np.array([1.0, 1.0, -1.0, -1.0, 0.0]), np.array([1.0, -1.0, 1.0, -1.0, 0.0]))
    assert [QUADRANTS[code] for code in codes] == ["both", "fit", "intent", "neither", "both"]


OBJECTIVES = [
    (
        {"objective": "capacity", "capacity": {1: 0.1, 2: 0.3, 3: 0.6}},
        "Tiers hold shares of the deals, counted from the top: tier 1 10%, tier 2 30%, tier 3 60%.",
    ),
    (
        {"objective": "cost", "cost": {1: 500, 2: 50, 3: 5, "value_of_win": 10_000}},
        "A tier starts where probability x 10000 pays for its cost: tier 1 500, tier 2 50, tier 3 5.",
    ),
    (
        {1: 80, 2: 60, "objective": "fixed", "fixed": {1: 0.5, 2: 0.1234}},
        "Tiers start at stated probabilities: tier 1 0.5, tier 2 0.123.",
    ),
    (
        {"wins": 0.6, "ratio": 2},
        "Tier 1 is cut to hold 60% of the wins, tier 3 so that tier 1 wins at least 2 times as often.",
    ),
]


@pytest.mark.parametrize(("written", "said"), OBJECTIVES)
def test_what_the_cuts_were_made_for_is_said_with_its_numbers(written: dict[object, object], said: str) -> None:
    assert objective_sentence(TiersSettings.model_validate(written)) == said
