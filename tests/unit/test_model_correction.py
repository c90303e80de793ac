"""Points of some columns learned anew beside a model that stays: what is added, and what does not move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from icp_ml.model.correction import NewDeals, can_be_corrected, corrected, cross_correction, fit_correction
from icp_ml.model.metrics import log_losses
from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.stack import Stack
from icp_ml.model.trees import TreeParams
from icp_ml.model.win_model import ModelParams, WinModel, fit_win_model
from tests.model_columns import Floats, category, number, random_rows, training_data

COLUMNS = (number("size"), number("gaps"), category("few", 4), number("visits"), category("signal", 3))
PLACES = (1, 3, 4)
STAYS = (0, 2)
MOVED = 2.0


@pytest.fixture(scope="module")
def model() -> WinModel:
    params = ModelParams(ScorecardParams(), TreeParams(min_data_in_leaf=5))
    return fit_win_model(training_data(COLUMNS, 400, 1, deals_per_account=2), params, seed=1)


def new_deals(model: WinModel, moved: float, rows: int = 600, seed: int = 7) -> NewDeals:
    """Won as the model says, but for visits, whose bins count for -`moved` to +`moved` more; two deals an account."""
    rng = np.random.default_rng(seed)
    made = random_rows(COLUMNS, rows, rng)
    said = model.log_odds(made)
    won = (rng.random(rows) < expit(said + moved * planted(model, made))).astype(np.int8)
    return NewDeals(made, said, won, np.arange(rows, dtype=np.int64) // 2)


def planted(model: WinModel, rows: Floats) -> Floats:
    """From -1 in the first bin of visits to 1 in the last, 0 where they are not known."""
    points = model.scorecard.columns[3]
    return np.append(np.linspace(-1.0, 1.0, len(points.thresholds) + 1), 0.0)[points.codes(rows[:, 3])]


def unseen() -> Floats:
    return random_rows(COLUMNS, 200, np.random.default_rng(99))


def test_the_correction_is_what_is_added_and_nothing_else_moves(model: WinModel) -> None:
    deals = new_deals(model, MOVED)
    found = fit_correction(model, PLACES, deals, seed=3)
    after = corrected(model, found)
    for rows in (deals.rows, unseen()):
        added = found.added(model, rows)
        assert np.abs(after.log_odds(rows) - model.log_odds(rows) - added.sum(axis=1)).max() <= 1e-9
        before, now = model.contributions(rows), after.contributions(rows)
        assert now.base == before.base
        assert np.array_equal(now.values[:, STAYS], before.values[:, STAYS])
        assert np.abs(now.values - before.values - added).max() <= 1e-9
    assert np.abs(found.added(model, deals.rows).mean(axis=0)).max() <= 1e-9
    assert set(found.steps) == set(PLACES)


def test_planted_steps_come_back(model: WinModel) -> None:
    """What was planted on the bins of `visits`; columns that count as before stay near 0."""
    deals = new_deals(model, MOVED, rows=8_000)
    found = fit_correction(model, PLACES, deals, seed=3)
    added, expected = found.added(model, deals.rows), MOVED * planted(model, deals.rows)
    off = np.column_stack([added[:, 3] - (expected - expected.mean()), added[:, (1, 4)]])
    planted_one, *others = np.sqrt((off**2).mean(axis=0))
    assert planted_one < 0.2 * expected.std(), "the ridge still pulls a little at 8,000 deals"
    assert max(others) < 0.1


@pytest.mark.parametrize("off", [0.0, 8.0])
def test_where_the_regression_ends_nothing_pulls(model: WinModel, off: float) -> None:
    """At the optimum of a penalised likelihood what a level's deals were won beyond expectation is ridge times step.

    off: how far the model's level lies beside that of the deals, in log-odds, so that the way there is long.
    """
    deals = new_deals(model, MOVED)
    deals = replace(deals, log_odds=deals.log_odds + off)
    found = fit_correction(model, (4,), deals, seed=3)
    codes = model.scorecard.columns[4].codes(deals.rows[:, 4])
    beyond = deals.won - expit(deals.log_odds + found.level + found.steps[4][codes])
    by_level = np.bincount(codes, weights=beyond, minlength=len(found.steps[4]))
    assert np.abs(by_level - found.ridge * (found.steps[4] - found.steps[4].mean())).max() < 1e-5
    assert abs(beyond.sum()) < 1e-3


def test_what_is_said_of_an_account_did_not_see_it(model: WinModel) -> None:
    deals = new_deals(model, MOVED)
    crossed = cross_correction(model, PLACES, deals, seed=3)
    fold = 2
    held_out = crossed.fold == fold
    lied = replace(deals, won=np.where(held_out, 1 - deals.won, deals.won).astype(np.int8))
    rest = deals.take(np.flatnonzero(~held_out))
    alone = fit_correction(model, PLACES, rest, seed=4)
    assert np.array_equal(crossed.added[held_out], alone.added(model, lied.rows[held_out]))
    assert set(np.unique(crossed.fold)) == {0, 1, 2, 3, 4}
    for group in np.unique(deals.groups)[:20]:
        assert len(np.unique(crossed.fold[deals.groups == group])) == 1


def test_a_change_lowers_the_loss_of_deals_not_seen_and_none_does_not(model: WinModel) -> None:
    for moved, helps in ((MOVED, True), (0.0, False)):
        deals = new_deals(model, moved)
        crossed = cross_correction(model, PLACES, deals, seed=3)
        before = log_losses(deals.log_odds + crossed.plain, deals.won)
        after = log_losses(deals.log_odds + crossed.level + crossed.added.sum(axis=1), deals.won)
        assert (after.mean() < 0.95 * before.mean()) == helps


def test_weights_count_deals_more_than_once(model: WinModel) -> None:
    deals = new_deals(model, MOVED, rows=200)
    twice = np.concatenate([np.arange(200), np.arange(100)])
    weights = np.where(np.arange(200) < 100, 2.0, 1.0)
    repeated, weighted = deals.take(twice), replace(deals, weights=weights)
    one, other = (fit_correction(model, PLACES, each, seed=3) for each in (repeated, weighted))
    assert one.ridge == other.ridge
    rows = unseen()
    apart = one.added(model, rows) + one.level - other.added(model, rows) - other.level
    assert np.abs(apart - apart[0]).max() < 1e-5


def test_the_level_is_told_apart_from_the_steps(model: WinModel) -> None:
    """Deals that are won more often whatever they are move the level by the logarithm of the odds, and no step much."""
    deals = new_deals(model, 0.0, rows=8_000)
    rng = np.random.default_rng(5)
    more = (rng.random(8_000) < expit(deals.log_odds + logit(0.7))).astype(np.int8)
    found = fit_correction(model, PLACES, replace(deals, won=more), seed=3)
    assert abs(found.level - logit(0.7)) < 0.1
    assert max(np.abs(steps).max() for steps in found.steps.values()) < 0.3


def test_a_scorecard_without_weight_cannot_carry_it(model: WinModel) -> None:
    assert can_be_corrected(model)
    without = replace(model.stack, weights=(0.0, *model.stack.weights[1:]))
    assert isinstance(without, Stack)
    assert not can_be_corrected(replace(model, stack=without))
