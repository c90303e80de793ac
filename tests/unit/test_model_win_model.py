"""The whole model: every number of the explanation is a number of the prediction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.vocabulary import Vocabulary
from icp_ml.errors import NoSignal
from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.trees import TreeParams
from icp_ml.model.win_model import (
    ModelParams,
    TrainingRows,
    WinModel,
    anchored,
    cross_fit,
    cross_scorecard,
    fit_win_model,
    inner_folds,
    training_rows,
)
from tests.model_columns import Floats, category, number, random_rows, training_data

COLUMNS = (number("a"), number("gaps"), category("few", 4), number("b"), category("many", 30))
PARAMS = ModelParams(ScorecardParams(), TreeParams(min_data_in_leaf=5))
SEEDS = range(2)


@pytest.fixture(scope="module", params=SEEDS)
def fitted(request: pytest.FixtureRequest) -> tuple[WinModel, TrainingRows]:
    data = training_data(COLUMNS, 240, request.param, deals_per_account=2)
    if request.param == 1:
        data = replace(data, weights=np.where(np.arange(240) % 3 == 0, 3.0, 0.5))
    return fit_win_model(data, PARAMS, seed=request.param), data


def unseen() -> Floats:
    return random_rows(COLUMNS, 60, np.random.default_rng(99))


def test_base_and_contributions_add_up_to_the_log_odds(fitted: tuple[WinModel, TrainingRows]) -> None:
    model, data = fitted
    for rows in (data.rows, unseen()):
        explained = model.contributions(rows)
        assert np.abs(explained.base + explained.values.sum(axis=1) - model.log_odds(rows)).max() <= 1e-9
        assert explained.base == model.base


def test_each_base_is_the_mean_over_all_training_rows_unweighted(fitted: tuple[WinModel, TrainingRows]) -> None:
    model, data = fitted
    for part in (model, model.scorecard, model.trees):
        assert abs(part.base - part.log_odds(data.rows).mean()) <= 1e-9


def test_contributions_are_the_members_own_times_their_weights(fitted: tuple[WinModel, TrainingRows]) -> None:
    model, _ = fitted
    rows = unseen()
    parts = [model.scorecard.contributions(rows), model.trees.contributions(rows)]
    assert np.allclose(
        model.contributions(rows).values,
        sum(weight * part for weight, part in zip(model.stack.weights, parts, strict=True)),
        rtol=0,
        atol=1e-12,
    )


def test_a_row_alone_is_the_row_in_its_batch_and_order_does_not_matter(
    fitted: tuple[WinModel, TrainingRows],
) -> None:
    model, _ = fitted
    rows = unseen()
    whole = model.log_odds(rows)
    alone = np.concatenate([model.log_odds(row[None]) for row in rows])
    assert np.abs(alone - whole).max() <= 1e-12
    assert np.abs(model.log_odds(rows[::-1])[::-1] - whole).max() <= 1e-12


def test_the_same_seed_makes_the_same_model() -> None:
    data = training_data(COLUMNS, 120, 5)
    first, second = (fit_win_model(data, PARAMS, seed=3) for _ in range(2))
    assert first.trees.text == second.trees.text
    assert first.stack == second.stack
    assert np.array_equal(first.log_odds(data.rows), second.log_odds(data.rows))


def entropy(rate: float) -> float:
    return float(-(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)))


def test_the_loss_out_of_fold_is_less_than_that_of_the_base_rate_only_where_there_is_something() -> None:
    data = training_data(COLUMNS[:3], 300, 4, deals_per_account=2)
    noise = replace(data, won=np.random.default_rng(0).permutation(data.won))
    usual = entropy(data.won.mean())
    assert cross_fit(data, PARAMS, seed=0).loss < 0.9 * usual
    assert cross_fit(noise, PARAMS, seed=0).loss > 0.97 * usual


def test_an_attribute_that_only_tells_accounts_apart_helps_nobody() -> None:
    """Ten deals of an account end alike, by chance. Folds that divided accounts would know the outcomes.

    Forty accounts are forty facts: in one draw of them chance may help, in the mean of five it does not.
    """
    columns = (number("account size"), number("noise"))
    params = replace(PARAMS, scorecard=ScorecardParams(bins=24))
    honest, told = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(40), 10)
        won = np.repeat(rng.permutation(np.arange(40) % 2), 10).astype(np.int8)
        rows = np.column_stack([np.repeat(rng.normal(size=40), 10), rng.normal(size=400)])
        grouped = TrainingRows(Vocabulary(columns), rows, won, groups)
        honest.append(cross_fit(grouped, params, seed=0).loss)
        told.append(cross_fit(replace(grouped, groups=np.arange(400)), params, seed=0).loss)
    assert np.mean(honest) > 0.97 * entropy(0.5)
    assert np.mean(told) < 0.6 * entropy(0.5)


def test_a_scorecard_out_of_fold_does_not_know_the_outcomes_of_the_fold() -> None:
    data = training_data(COLUMNS, 200, 4)
    folds = [np.arange(k, 200, 5) for k in range(5)]
    honest = cross_scorecard(data, PARAMS.scorecard, folds)
    won = data.won.copy()
    won[folds[2]] = 1 - won[folds[2]]
    flipped = cross_scorecard(replace(data, won=won), PARAMS.scorecard, folds)
    assert np.array_equal(honest[folds[2]], flipped[folds[2]])
    assert not np.array_equal(honest[folds[1]], flipped[folds[1]])


def test_weights_enter_the_members_and_not_the_stack() -> None:
    """Won deals count fourfold for the members; the stack brings the level back to that of the deals."""
    data = training_data(COLUMNS, 300, 4)
    model = fit_win_model(replace(data, weights=np.where(data.won == 1, 4.0, 1.0)), PARAMS, seed=0)
    rate = data.won.mean()
    assert expit(model.scorecard.log_odds(data.rows)).mean() > rate + 0.1
    assert expit(model.log_odds(data.rows)).mean() == pytest.approx(rate, abs=0.05)


def test_an_anchor_moves_the_probability_and_nothing_else(fitted: tuple[WinModel, TrainingRows]) -> None:
    model, _ = fitted
    rows, won = unseen(), (np.arange(60) < 50).astype(np.int8)
    moved = anchored(model, rows, won)
    z = model.log_odds(rows)
    # 50 won of 60, with half a win and half a loss: 50.5 / 61.
    assert moved.probability(z).mean() == pytest.approx(50.5 / 61, abs=1e-9)
    assert model.probability(z) == pytest.approx(1 / (1 + np.exp(-z)), abs=1e-12)
    assert np.array_equal(moved.log_odds(rows), z)
    assert np.array_equal(moved.contributions(rows).values, model.contributions(rows).values)
    assert moved.base == model.base


def test_no_rows_have_no_log_odds_and_no_contributions(fitted: tuple[WinModel, TrainingRows]) -> None:
    model, _ = fitted
    assert model.log_odds(np.empty((0, len(COLUMNS)))).shape == (0,)
    assert model.contributions(np.empty((0, len(COLUMNS)))).values.shape == (0, len(COLUMNS))


def test_few_deals_are_divided_twice_and_many_once() -> None:
    few, many = (training_data(COLUMNS, deals, 0) for deals in (200, 5_000))
    assert len(inner_folds(few, 0)) == 2
    assert len(inner_folds(many, 0)) == 1
    first, second = inner_folds(few, 0)
    assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == list(range(len(few.won)))
    assert any(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_crossing_can_be_ended_after_its_first_fold() -> None:
    """Whoever watches is told rows and losses fold by fold, and ends the crossing by raising."""
    data = training_data(COLUMNS, 250, 1)
    told: list[tuple[int, float]] = []

    def watch(held_out: NDArray[np.intp], losses: Floats) -> None:
        told.append((len(held_out), float(losses.mean())))
        if len(told) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        cross_fit(data, PARAMS, 0, watch)
    assert len(told) == 2
    assert all(0.1 < loss < 1.5 for _, loss in told)


def test_columns_that_never_differ_are_nothing_to_learn_from() -> None:
    country = Attribute("country", "country", "category", "firmographic", "fit")
    same = parse_attributes(pa.table({"country": ["NL"] * 40}), [country], None)
    with pytest.raises(NoSignal, match="at least two values, found none among 1 over 40 deals; name columns that diff"):
        training_rows(same, [country], (np.arange(40) % 2).astype(np.int8), np.arange(40))
