"""Laws that hold for every input of the model's small functions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.model.metrics import auc, calibration, log_losses, top_decile_lift
from icp_ml.model.scorecard import ScorecardParams, fit_scorecard, quantile_thresholds
from icp_ml.model.skill import anchor
from icp_ml.model.stack import Stack, fit_stack
from tests.model_columns import number, training_data
from tests.parity.random_trees import random_trees
from tests.parity.tree_text import read_trees, write_model

SEEDS = st.integers(0, 2**32 - 1)
NUMBERS = st.lists(st.floats(-30, 30).map(lambda value: round(value, 3)), min_size=2, max_size=40)


def outcomes_for(seed: int, deals: int) -> NDArray[np.int8]:
    """Both outcomes, at least once each."""
    rng = np.random.default_rng(seed)
    won = rng.integers(0, 2, deals)
    won[rng.permutation(deals)[:2]] = [0, 1]
    return won.astype(np.int8)


@given(NUMBERS, st.integers(0, 40))
def test_the_anchor_makes_the_mean_probability_the_win_rate(values: list[float], wins: int) -> None:
    z = np.array(values)
    won = (np.arange(len(z)) < wins).astype(np.int8)
    assert expit(z + anchor(z, won)).mean() == pytest.approx((won.sum() + 0.5) / (len(won) + 1.0), abs=1e-6)


@given(NUMBERS, SEEDS)
def test_ranking_depends_on_the_order_alone(values: list[float], seed: int) -> None:
    z = np.array(values)
    won, once = outcomes_for(seed, len(z)), np.ones(len(z))
    assert auc(z, won, once) == auc(3 * z - 1, won, once)
    assert auc(-z, won, once) == pytest.approx(1 - auc(z, won, once), abs=1e-12)
    assert top_decile_lift(z, won, once) == pytest.approx(top_decile_lift(2 * z + 5, won, once), abs=1e-12)


@given(NUMBERS, SEEDS)
def test_a_loss_is_positive_and_turns_around_with_the_outcome(values: list[float], seed: int) -> None:
    z = np.array(values)
    won = outcomes_for(seed, len(z))
    assert (log_losses(z, won) > 0).all()
    assert log_losses(z, won) == pytest.approx(log_losses(-z, (1 - won).astype(np.int8)))


@given(SEEDS, st.floats(0.25, 4.0), st.floats(-2.0, 2.0))
def test_predictions_stretched_k_fold_have_a_slope_of_one_kth(seed: int, stretch: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=100)
    won = (rng.random(100) < expit(z)).astype(np.int8)
    intercept, slope = calibration(z, won, np.ones(100))
    other_intercept, other_slope = calibration(stretch * z + shift, won, np.ones(100))
    assert other_slope == pytest.approx(slope / stretch, abs=1e-5)
    assert other_intercept == pytest.approx(intercept - other_slope * shift, abs=1e-5)


@given(st.lists(st.one_of(st.just(float("nan")), st.integers(-20, 20).map(float)), max_size=80), st.integers(2, 12))
def test_cut_points_lie_strictly_between_observed_values(values: list[float], bins: int) -> None:
    cuts = quantile_thresholds(np.array(values, dtype=np.float64), bins)
    present = sorted({value for value in values if not np.isnan(value)})
    assert len(cuts) <= bins - 1
    assert (np.diff(cuts) > 0).all()
    assert set(present).isdisjoint(cuts.tolist())
    assert all(present[0] < cut < present[-1] for cut in cuts)
    if 1 < len(present) <= bins:
        assert len(cuts) == len(present) - 1


@settings(max_examples=25)
@given(SEEDS, st.floats(0.05, 50.0), st.integers(2, 24))
def test_a_scorecard_adds_up_and_is_centred(seed: int, ridge: float, bins: int) -> None:
    data = training_data((number("a"), number("gaps")), 80, seed)
    won = outcomes_for(seed, 80)
    card = fit_scorecard(data.rows, won, data.vocabulary.columns, ScorecardParams(ridge, bins))
    explained = card.contributions(data.rows)
    assert abs(card.base - card.log_odds(data.rows).mean()) <= 1e-9
    assert np.abs(explained.mean(axis=0)).max() <= 1e-9
    assert all(len(column.thresholds) < bins for column in card.columns)


@given(SEEDS, st.integers(1, 3))
def test_a_stack_is_affine_in_log_odds(seed: int, members: int) -> None:
    """What makes contributions of the members, times their weights, those of the whole."""
    rng = np.random.default_rng(seed)
    stack = Stack(float(rng.normal()), float(rng.normal()), tuple(rng.uniform(0, 2, members).tolist()), 0.0)
    parts, moved = rng.normal(size=(members, 9)), rng.normal(size=(members, 9))
    difference = stack.combine(list(parts + moved)) - stack.combine(list(parts))
    assert difference == pytest.approx(np.array(stack.weights) @ moved, abs=1e-12)


@settings(max_examples=25)
@given(SEEDS, st.integers(30, 80))
def test_weights_of_a_stack_lie_between_0_and_2(seed: int, deals: int) -> None:
    rng = np.random.default_rng(seed)
    won = outcomes_for(seed, deals)
    members = [rng.normal(size=deals) * rng.uniform(0.01, 5) for _ in range(2)]
    stack = fit_stack(members, won, [np.arange(k, deals, 3) for k in range(3)])
    assert all(0.0 <= weight <= 2.0 for weight in stack.weights)


@given(SEEDS, st.integers(1, 8))
def test_the_text_of_a_tree_reads_as_it_was_written(seed: int, attributes: int) -> None:
    trees = random_trees(attributes, np.random.default_rng(seed))
    assert read_trees(write_model(trees, attributes)) == trees
