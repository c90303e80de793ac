"""Copies count as much as the deals they are of, stay on their side, and are nowhere but in what is learned from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from icp_ml.deals.vocabulary import fit_vocabulary
from icp_ml.model.masked_copies import ready_for_gaps, with_copies
from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.trees import TreeParams
from icp_ml.model.win_model import ModelParams, TrainingRows, cross_fit, fit_win_model, training_rows
from icp_training.masking import masked_to
from tests.deal_tables import ATTRIBUTES, table_of
from tests.model_columns import number, training_data

PARAMS = ModelParams(ScorecardParams(), TreeParams(num_leaves=4, max_depth=2, min_data_in_leaf=10))
COLUMNS = (number("a"), number("b"))


def emptied(data: TrainingRows, seed: int) -> TrainingRows:
    """The deals with a copy each, in which half of the values are missing."""
    gaps = np.random.default_rng(seed).random(data.rows.shape) < 0.5
    return replace(data, copies=(np.where(gaps, np.nan, data.rows),))


def test_a_deal_and_its_copies_count_as_one() -> None:
    data = training_data(COLUMNS, 50, 1)
    weights = np.random.default_rng(2).uniform(0.5, 2.0, 50)
    learnt = with_copies(data.rows, data.won, weights, (data.rows, data.rows))
    for deal in (0, 7, 49):
        rows = learnt.and_copies(np.array([deal]))
        assert rows.tolist() == [deal, deal + 50, deal + 100]
        assert learnt.weights is not None
        assert learnt.weights[rows].sum() == pytest.approx(weights[deal])
        assert (learnt.won[rows] == data.won[deal]).all()


def test_without_copies_what_is_learned_from_is_what_it_was() -> None:
    data = training_data(COLUMNS, 50, 1)
    learnt = data.learnt()
    assert learnt.rows is data.rows
    assert learnt.weights is None
    assert learnt.and_copies(np.array([3, 1])).tolist() == [3, 1]


def test_no_deal_is_predicted_by_a_model_that_saw_its_copy() -> None:
    """Were a copy on the other side, what it says of its own deal's outcome would show in that deal's prediction.

    Each account is one deal with a value of its own, and outcomes are coins: whoever saw the copy knows the outcome.
    """
    rng = np.random.default_rng(3)
    data = training_data((number("a"),), 200, 3)
    won = (rng.random(200) < 0.5).astype(np.int8)
    data = replace(data, rows=np.arange(200.0)[rng.permutation(200)][:, None], won=won)
    sharp = ModelParams(ScorecardParams(0.5, 200), TreeParams(num_leaves=31, min_data_in_leaf=1, lambda_l2=0.1))
    crossed = cross_fit(replace(data, copies=(data.rows,)), sharp, 1)
    assert crossed.log_odds.shape == (200,)
    # A coin costs log 2 = 0.69; where the copies are left on the other side, it is 0.50.
    assert crossed.loss > 0.6


def test_the_base_is_the_mean_over_deals_and_copies() -> None:
    data = emptied(training_data(COLUMNS, 300, 4), 5)
    model = fit_win_model(data, PARAMS, 1)
    everything = data.learnt().rows
    assert model.base == pytest.approx(model.log_odds(everything).mean(), abs=1e-9)
    found = model.contributions(everything)
    assert np.abs(found.base + found.values.sum(axis=1) - model.log_odds(everything)).max() < 1e-9


def test_what_only_the_copies_lack_has_an_answer_of_its_own() -> None:
    deals = table_of(200, 6)
    copy = masked_to(deals.parsed, {"size": 0.5}, 1)
    before = fit_vocabulary(deals.parsed, ATTRIBUTES)
    after = ready_for_gaps(before, [copy])
    assert {c.name for c in before.columns if c.fill is not None} >= {"size", "tools:axe"}
    assert {c.name for c in after.columns if c.fill is None} >= {"size", "age"}
    assert [c.fill for c in after.columns if c.attribute != "size"] == [
        c.fill for c in before.columns if c.attribute != "size"
    ]
    data = training_rows(deals.parsed, ATTRIBUTES, deals.won, deals.groups(), copies=[copy])
    place = [c.name for c in data.vocabulary.columns].index("size")
    assert not np.isnan(data.rows[:, place]).any()
    assert np.isnan(data.copies[0][:, place]).mean() == pytest.approx(0.5, abs=0.15)


def test_taking_deals_takes_their_copies() -> None:
    data = emptied(training_data(COLUMNS, 60, 7), 8)
    rows = np.array([5, 2, 59])
    taken = data.take(rows)
    assert np.array_equal(taken.copies[0], data.copies[0][rows], equal_nan=True)
    assert (taken.groups == data.groups[rows]).all()
