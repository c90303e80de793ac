"""Strength borrowed from other deals: as much as the profile's own deals bear, and never the calibration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from icp_ml.deals.vocabulary import Vocabulary
from icp_ml.model.borrowing import DISCOUNTS, LEVEL_SPREAD, Borrowed, borrow, shrunken_level, weighted
from icp_ml.model.metrics import log_losses
from icp_ml.model.trees import TreeParams
from icp_ml.model.win_model import ModelParams, TrainingRows, fit_win_model
from tests.model_columns import number

PARAMS = ModelParams(trees=TreeParams(learning_rate=0.1, max_depth=3))
OWN = 120


def _deals(seed: int, own: int, outside: int, effect_outside: float) -> tuple[TrainingRows, np.ndarray]:
    """Wins follow the first of three numbers; outside of the profile with another effect, and at another level."""
    rng = np.random.default_rng(seed)
    count = own + outside
    rows = rng.normal(size=(count, 3))
    inside = np.arange(count) < own
    log_odds = np.where(inside, 1.5 * rows[:, 0] - 0.4, effect_outside * rows[:, 0] + 0.4)
    won = (rng.random(count) < expit(log_odds)).astype(np.int8)
    data = TrainingRows(Vocabulary(tuple(number(name) for name in "abc")), rows, won, np.arange(count, dtype=np.int64))
    return data, np.flatnonzero(inside)


def _loss_on_fresh(found: Borrowed, seed: int) -> float:
    data, own = _deals(seed, 4_000, 10, 0.0)
    return float(log_losses(found.model.log_odds(data.rows[own]), data.won[own]).mean())


def test_deals_of_the_same_law_are_borrowed_in_full_and_help() -> None:
    """Ten draws: the mean loss on fresh deals is less than that of a model of the few own deals alone."""
    borrowed, alone, discounts = [], [], []
    for seed in range(10):
        data, own = _deals(seed, OWN, 1_500, 1.5)
        found = borrow(data, own, PARAMS, seed)
        borrowed.append(_loss_on_fresh(found, 1_000 + seed))
        model = fit_win_model(data.take(own), PARAMS, seed)
        fresh, rows = _deals(1_000 + seed, 4_000, 10, 0.0)
        alone.append(float(log_losses(model.log_odds(fresh.rows[rows]), fresh.won[rows]).mean()))
        discounts.append(found.discount)
    assert np.mean(borrowed) < np.mean(alone)
    assert np.median(discounts) == 1.0


def test_deals_of_the_opposite_law_are_hardly_borrowed() -> None:
    data, own = _deals(3, 400, 1_500, -1.5)
    found = borrow(data, own, PARAMS, 3)
    assert found.discount <= 0.1
    by_discount = dict(found.losses)
    assert list(by_discount) == list(DISCOUNTS)
    assert by_discount[1.0] > by_discount[0.0]


def test_the_level_is_that_of_its_own_deals() -> None:
    """The shift of the stack bears no penalty, so that expected wins are observed wins; outside they are not."""
    data, own = _deals(4, OWN, 1_500, 1.5)
    found = borrow(data, own, PARAMS, 4)
    assert expit(found.log_odds).mean() == pytest.approx(data.won[own].mean(), abs=1e-6)


def test_reasons_add_up_to_the_log_odds_that_is_used() -> None:
    data, own = _deals(5, OWN, 600, 1.5)
    model = borrow(data, own, PARAMS, 5).model
    told = model.contributions(data.rows)
    assert np.allclose(told.base + told.values.sum(axis=1), model.log_odds(data.rows), atol=1e-9)


def test_weights_have_mean_one_and_a_discount_of_none_leaves_the_others_out() -> None:
    data, own = _deals(6, 10, 90, 1.5)
    learnt, rows = weighted(data, own, 0.1)
    assert learnt.weights is not None
    assert learnt.weights.mean() == pytest.approx(1.0)
    assert learnt.weights[20] / learnt.weights[0] == pytest.approx(0.1)
    assert rows.tolist() == own.tolist()
    alone, rows = weighted(data, own, 0.0)
    assert len(alone.won) == 10
    assert rows.tolist() == list(range(10))


def test_a_level_of_few_deals_is_the_most_probable_one_under_its_prior() -> None:
    """The second route: the posterior on a fine grid."""
    rng = np.random.default_rng(0)
    log_odds = rng.normal(-0.5, 1.0, 25)
    won = (rng.random(25) < 0.8).astype(np.int8)
    grid = np.linspace(-3, 3, 60_001)
    posterior = [-log_losses(log_odds + shift, won).sum() - shift**2 / (2 * LEVEL_SPREAD**2) for shift in grid]
    assert shrunken_level(log_odds, won) == pytest.approx(grid[int(np.argmax(posterior))], abs=2e-4)


def test_no_deal_moves_no_level_and_many_deals_nearly_all_of_it() -> None:
    assert shrunken_level(np.empty(0), np.empty(0, dtype=np.int8)) == 0.0
    log_odds = np.zeros(20_000)
    won = (np.arange(20_000) % 5 == 0).astype(np.int8)
    assert shrunken_level(log_odds, won) == pytest.approx(np.log(0.2 / 0.8), abs=0.01)
