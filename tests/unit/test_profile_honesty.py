"""Reliability, base rates over time and steadiness: each figure by hand or by a slow second route."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import spearmanr

from icp_ml.profile.base_rates import base_rates, quarter_name, quarters
from icp_ml.profile.honesty import calibration_told, which_to_believe
from icp_ml.profile.records import Interval, Verdict
from icp_ml.profile.reliability import reliability
from icp_ml.profile.steadiness import FoldVoice, VoicesOverTime, steadiness
from tests import serve_models

Won = NDArray[np.int8]


def by_quarter(rates: list[float], each: int = 60) -> tuple[NDArray[np.datetime64], Won]:
    """As many deals a quarter from 2023 on, of which these shares are won."""
    starts = np.datetime64("2023-01", "M") + 3 * np.arange(len(rates))
    opened = np.repeat(starts, each).astype("datetime64[D]") + np.tile(np.arange(each), len(rates))
    won = np.concatenate([np.arange(each) < round(rate * each) for rate in rates])
    return opened, won.astype(np.int8)


def rates_of(rates: list[float], each: int = 60, per_account: int = 1) -> bool:
    opened, won = by_quarter(rates, each)
    found = base_rates(opened, won, np.arange(len(won)) // per_account, np.datetime64("2030-01-01"))
    assert found is not None
    return found.has_left


def test_bins_hold_all_deals_and_their_counts_and_rates_are_those_of_sorting() -> None:
    rng = np.random.default_rng(1)
    log_odds = rng.permutation(np.linspace(-3, 3, 400))
    won = (rng.random(400) < expit(log_odds)).astype(np.int8)
    found = reliability(log_odds, won, np.arange(400))
    order = np.array_split(np.argsort(log_odds), 10)
    assert [each.deals for each in found] == [len(rows) for rows in order]
    assert [each.won for each in found] == [won[rows].sum() for rows in order]
    assert [each.predicted for each in found] == pytest.approx([expit(log_odds[rows]).mean() for rows in order])
    assert all(each.win_rate.low <= each.won / each.deals <= each.win_rate.high for each in found)


def test_equal_probabilities_share_a_bin_and_few_deals_have_few_bins() -> None:
    won = np.tile([0, 1], 100).astype(np.int8)
    assert [each.deals for each in reliability(np.zeros(200), won, np.arange(200))] == [200]
    assert len(reliability(np.arange(45.0), won[:45], np.arange(45))) == 2
    assert reliability(np.empty(0), won[:0], np.arange(0)) == ()


def test_quarters_are_those_of_the_calendar() -> None:
    days = np.array(["1970-01-01", "2024-06-30", "2024-07-01", "1969-12-31"], dtype="datetime64[D]")
    assert [quarter_name(each) for each in quarters(days).tolist()] == ["1970 Q1", "2024 Q2", "2024 Q3", "1969 Q4"]


def test_the_alarm_is_raised_where_the_recent_interval_lies_outside_and_else_not() -> None:
    # 60 deals at 5 % have the 95 % interval 2 to 14 %, at 20 % it is 12 to 32 %.
    assert rates_of([0.30, 0.25, 0.35, 0.05])
    assert rates_of([0.30, 0.25, 0.35, 0.60])
    assert not rates_of([0.30, 0.25, 0.35, 0.20])
    assert not rates_of([0.30, 0.10, 0.35, 0.05])


def test_what_is_drawn_by_one_rate_hardly_ever_raises_it() -> None:
    opened, _ = by_quarter([0.3] * 6)
    raised = 0
    for seed in range(60):
        won = (np.random.default_rng(seed).random(len(opened)) < 0.3).astype(np.int8)
        found = base_rates(opened, won, np.arange(len(won)), np.datetime64("2030-01-01"))
        raised += found is not None and found.has_left
    assert raised <= 2


def test_deals_that_have_not_matured_are_left_out() -> None:
    opened, won = by_quarter([0.3, 0.3, 0.3, 0.3, 0.9])
    found = base_rates(opened, won, np.arange(len(won)), np.datetime64("2023-12-31"))
    assert found is not None
    assert (found.recent.period, found.recent.deals, found.recent.won) == ("2023 Q4", 60, 18)
    assert [each.period for each in found.learned] == ["2023 Q1", "2023 Q2", "2023 Q3"]
    assert not found.has_left


def test_thin_quarters_are_joined_from_the_latest_backwards_and_no_deal_is_lost() -> None:
    opened, won = by_quarter([0.5] * 11, each=15)
    found = base_rates(opened, won, np.arange(len(won)), np.datetime64("2030-01-01"))
    assert found is not None
    # Three quarters make 45 deals; the first two alone are too few, and join the three after them.
    periods = [(each.period, each.deals) for each in (*found.learned, found.recent)]
    assert periods == [("2023 Q1 to 2024 Q1", 75), ("2024 Q2 to 2024 Q4", 45), ("2025 Q1 to 2025 Q3", 45)]


def test_two_periods_are_no_range() -> None:
    opened, won = by_quarter([0.3, 0.9])
    assert base_rates(opened, won, np.arange(len(won)), np.datetime64("2030-01-01")) is None


RNG = np.random.default_rng(7)
SIZE = RNG.normal(size=200)
NOISE = RNG.normal(size=200)


def fold(size: float, noise: float | None, seed: int) -> FoldVoice:
    """A model that says so much of size and noise; its unseen deals are won where size is large."""
    rng = np.random.default_rng(seed)
    unseen = rng.normal(size=100)
    alike = {"size": size * SIZE}
    said = {"size": size * unseen}
    if noise is not None:
        alike["noise"] = noise * rng.permutation(NOISE)
        said["noise"] = noise * rng.normal(size=100)
    return FoldVoice(alike, said, (unseen > 0).astype(np.int8))


def no_dates() -> VoicesOverTime:
    return VoicesOverTime(("size", "noise"), np.zeros((4, 2)), np.zeros(4, dtype=np.int8), np.arange(4), None)


def test_a_factor_that_every_model_ranks_alike_agrees_and_noise_does_not() -> None:
    own = {"size": SIZE, "noise": 0.1 * NOISE}
    folds = [fold(1.0, 0.1, 1), fold(2.0, 0.1, 2), fold(0.5, None, 3)]
    size, noise = steadiness(own, folds, no_dates())
    assert (size.factor, size.models, size.judged_by, size.held) == ("size", 3, 3, 3)
    assert size.agreement == pytest.approx(1.0)
    by_hand = spearmanr(folds[0].alike["noise"], folds[1].alike["noise"]).statistic / 3  # two pairs have a silent model
    assert noise.agreement == pytest.approx(by_hand)
    assert noise.models == 2
    assert noise.share.low == 0.0
    strength = np.abs(SIZE).mean()
    assert size.share.value == pytest.approx(strength / (strength + 0.1 * np.abs(NOISE).mean()))
    assert size.share.high == 1.0


def test_a_factor_that_turns_round_disagrees_and_its_direction_does_not_hold() -> None:
    (found,) = steadiness({"size": SIZE}, [fold(1.0, None, 1), fold(-1.0, None, 2)], no_dates())
    assert found.agreement == pytest.approx(-1.0)
    assert found.held == 1


def test_one_judging_model_is_nothing_to_compare() -> None:
    (found,) = steadiness({"size": SIZE}, [fold(1.0, None, 1)], no_dates())
    assert found.agreement is None
    assert found.periods == ()


def test_quarters_show_the_share_and_the_gap_of_their_own_deals() -> None:
    opened, won = by_quarter([0.5, 0.5, 0.5], each=40)
    voice = np.where(won == 1, 1.0, -1.0)
    voice[40:80] *= -1  # in the second quarter it speaks against what is won
    voices = VoicesOverTime(("size", "noise"), np.column_stack([voice, np.ones(120)]), won, np.arange(120), opened)
    size, noise = steadiness({"size": voice, "noise": np.ones(120)}, [], voices)
    assert [each.period for each in size.periods] == ["2023 Q1", "2023 Q2", "2023 Q3"]
    assert [each.gap.value for each in size.periods] == [1.0, -1.0, 1.0]
    assert [each.share for each in size.periods] == pytest.approx([0.5] * 3)
    assert [each.gap.value for each in noise.periods] == [0.0] * 3


def verdict(slope: tuple[float, float, float], **other: object) -> Verdict:
    figures = {
        "log_loss": Interval(value=0.6, low=0.5, high=0.7),
        "auc": Interval(value=0.7, low=0.6, high=0.8),
        "calibration_slope": Interval(value=slope[0], low=slope[1], high=slope[2]),
        "calibration_intercept": Interval(value=0.0, low=-0.2, high=0.2),
    }
    plain = serve_models.bundle().verdict
    return plain.model_copy(update={"figures": {"icp-ml": figures}, "random_split": figures, **other})


@pytest.mark.parametrize(
    ("slope", "said"),
    [((0.7, 0.5, 0.9), "too bold"), ((1.4, 1.1, 1.9), "too timid"), ((0.9, 0.7, 1.1), "within what the deals allow")],
)
def test_a_slope_is_read_by_its_interval(slope: tuple[float, float, float], said: str) -> None:
    told = calibration_told(verdict(slope, kind="forward"))
    assert told is not None
    assert said in told
    assert told.startswith("Calibration, forward in time")
    grouped = calibration_told(verdict(slope))
    assert grouped is not None
    assert grouped.startswith("Calibration, not forward in time")


def test_three_ways_of_judging_stand_side_by_side_and_the_first_is_the_one() -> None:
    better = {"log_loss": Interval(value=0.55, low=0.5, high=0.6), "auc": Interval(value=0.75, low=0.7, high=0.8)}
    told = which_to_believe(verdict((1.0, 0.8, 1.2), not_nested=better))
    assert told is not None
    assert "0.6000 and 0.700 as judged, 0.5500 and 0.750 not nested, 0.6000 and 0.700 by a random split" in told
    assert "Believe the first" in told
    assert which_to_believe(verdict((1.0, 0.8, 1.2), random_split={})) is None


def test_a_factor_that_the_judging_models_do_not_have_has_no_quarters() -> None:
    opened, won = by_quarter([0.5, 0.5], each=40)
    voices = VoicesOverTime(("size",), np.ones((80, 1)), won, np.arange(80), opened)
    size, late = steadiness({"size": np.ones(80), "late": np.ones(80)}, [], voices)
    assert [each.period for each in size.periods] == ["2023 Q1", "2023 Q2"]
    assert late.periods == ()
