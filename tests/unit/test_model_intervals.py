"""The interval of a probability is a table of steps that never fall, and holds what deals scored so are won at."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

from icp_ml.model.intervals import Band, fit_band, venn_abers
from icp_ml.model.levels import calibrate, shift_to

Floats = NDArray[np.float64]


def deals(rows: int, seed: int) -> tuple[Floats, NDArray[np.int8]]:
    """Log-odds that are right, and outcomes drawn by them."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-0.8, 1.0, rows)
    return log_odds, (rng.random(rows) < expit(log_odds)).astype(np.int8)


def test_the_pair_is_the_isotonic_fit_with_the_deal_once_lost_and_once_won() -> None:
    rng = np.random.default_rng(3)
    step, won = rng.integers(0, 6, 40), (rng.random(40) < 0.4).astype(np.int8)
    weights = rng.integers(0, 3, 40).astype(np.float64)
    pair = venn_abers(step, won, weights, 6)
    for outcome, found in enumerate(pair):
        for place in range(6):
            # scikit-learn's own fit over single deals, the one in question among them.
            slow = IsotonicRegression().fit(
                np.append(step, place).astype(float), np.append(won, outcome), np.append(weights, 1.0)
            )
            assert found[place] == pytest.approx(slow.predict([float(place)])[0])


def test_the_table_never_falls_and_the_probability_lies_within() -> None:
    log_odds, won = deals(300, 1)
    band = fit_band(log_odds, won, np.arange(300), seed=2)
    assert len(band.low) == len(band.high) == len(band.edges) + 1
    assert (np.diff(band.edges) > 0).all()
    assert (np.diff(band.low) >= 0).all()
    assert (np.diff(band.high) >= 0).all()
    asked = np.linspace(-9.0, 9.0, 500)
    for shift in (0.0, -2.5, 1.0):
        low, high = band.bounds(asked, shift)
        assert ((low >= 0) & (low <= expit(asked + shift)) & (expit(asked + shift) <= high) & (high <= 1)).all()


def test_a_log_odds_on_an_edge_belongs_to_the_step_above_and_a_shift_moves_the_bounds_as_it_does_the_odds() -> None:
    band = Band(np.array([0.0]), np.array([0.1, 0.4]), np.array([0.6, 0.9]))
    low, high = band.bounds(np.array([-1e-9, 0.0]))
    assert low == pytest.approx([0.1, 0.4])
    assert high == pytest.approx([0.6, 0.9])
    low, high = band.bounds(np.array([0.0, np.nan]), shift=-1.0)
    assert logit(low[0]) == pytest.approx(logit(0.4) - 1.0)
    assert logit(high[0]) == pytest.approx(logit(0.9) - 1.0)
    assert np.isnan([low[1], high[1]]).all()


def test_bounds_of_nought_and_one_stay_where_a_level_is_stated() -> None:
    band = Band(np.empty(0), np.array([0.0]), np.array([1.0]))
    low, high = band.bounds(np.array([0.3]), shift=-4.0)
    assert (low[0], high[0]) == (0.0, 1.0)


def test_nine_in_ten_intervals_hold_the_rate_that_was_planted() -> None:
    held = []
    for seed in range(6):
        log_odds, won = deals(250, seed)
        asked = np.random.default_rng(seed + 100).normal(-0.8, 1.0, 2_000)
        low, high = fit_band(log_odds, won, np.arange(250), seed).bounds(asked)
        low, high = np.where(low == expit(asked), 0, low), np.where(high == expit(asked), 1, high)
        held.append(float(((low <= expit(asked)) & (expit(asked) <= high)).mean()))
        assert 0.05 < (high - low).mean() < 0.5
    assert np.mean(held) > 0.85


def test_deals_of_one_account_are_one_fact() -> None:
    log_odds, won = deals(60, 4)
    many, outcomes, accounts = np.repeat(log_odds, 6), np.repeat(won, 6), np.repeat(np.arange(60), 6)
    asked = np.linspace(-2, 1, 50)
    as_facts, as_deals = (
        fit_band(many, outcomes, groups, 1).bounds(asked) for groups in (accounts, np.arange(len(many)))
    )
    assert (as_facts[1] - as_facts[0]).mean() > 1.5 * (as_deals[1] - as_deals[0]).mean()


def test_the_shift_makes_the_mean_probability_what_was_stated() -> None:
    log_odds = deals(500, 5)[0]
    for base_rate in (1e-6, 0.02, 0.5, 0.97):
        assert expit(log_odds + shift_to(base_rate, log_odds)).mean() == pytest.approx(base_rate, rel=1e-9)
    assert shift_to(float(expit(log_odds).mean()), log_odds) == pytest.approx(0.0, abs=1e-9)


def test_the_reference_stands_for_the_deals() -> None:
    log_odds, won = deals(700, 6)
    found = calibrate(log_odds, won, np.arange(700), seed=1)
    assert found.shift is None
    assert expit(found.reference).mean() == pytest.approx(expit(log_odds).mean(), rel=2e-3)
    assert expit(found.reference - 3.0).mean() == pytest.approx(expit(log_odds - 3.0).mean(), rel=1e-2)
