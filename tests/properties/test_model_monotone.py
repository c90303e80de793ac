"""What was asked to be monotone is, in the model and in each contribution; where nothing is asked, nothing changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icp_ml.deals.monotone_settings import Direction
from icp_ml.deals.vocabulary import Vocabulary
from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.trees import TreeParams
from icp_ml.model.win_model import ModelParams, TrainingRows, WinModel, fit_win_model
from tests.model_columns import category, number, random_rows, training_data

COLUMNS = (number("a"), number("b"), category("c", 4), number("d"))
PARAMS = ModelParams(ScorecardParams(5.0, 8), TreeParams(num_leaves=12, min_data_in_leaf=5, learning_rate=0.1))
ROUNDING = 1e-9


def asked(data: TrainingRows, directions: dict[int, Direction]) -> TrainingRows:
    """The same deals, with the columns at these places asked to be monotone."""
    columns = (replace(column, monotone=directions.get(j, 0)) for j, column in enumerate(data.vocabulary.columns))
    return replace(data, vocabulary=Vocabulary(tuple(columns)))


def sweeps(place: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Rows that differ in one column only, which rises from far below to far above what was seen."""
    swept = []
    for row in random_rows(COLUMNS, 12, rng):
        rows = np.tile(row, (60, 1))
        rows[:, place] = np.linspace(-4.0, 4.0, 60)
        swept.append(rows)
    return swept


def turned_back(model: WinModel, place: int, direction: int, rng: np.random.Generator) -> float:
    """The most that log-odds or the column's own contribution ever move against the direction."""
    steps = [
        direction * np.diff(values)
        for rows in sweeps(place, rng)
        for values in (model.log_odds(rows), model.contributions(rows).values[:, place])
    ]
    return float(-min(step.min() for step in steps))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([{0: 1}, {0: -1}, {1: 1, 3: -1}, {1: -1}, {0: 1, 1: 1, 3: 1}]))
def test_log_odds_and_contributions_never_move_against_what_was_asked(
    seed: int, directions: dict[int, Direction]
) -> None:
    data = asked(training_data(COLUMNS, 160, seed), directions)
    model = fit_win_model(data, PARAMS, seed)
    rng = np.random.default_rng(seed)
    for place, direction in directions.items():
        assert turned_back(model, place, direction, rng) <= ROUNDING
    contributions = model.contributions(data.rows)
    assert np.abs(contributions.base + contributions.values.sum(axis=1) - model.log_odds(data.rows)).max() <= ROUNDING


def test_unasked_the_same_deals_do_turn() -> None:
    """Without this, the law above could hold because nothing ever turns."""
    data = training_data(COLUMNS, 160, 3)
    model = fit_win_model(data, PARAMS, 3)
    rng = np.random.default_rng(3)
    assert all(turned_back(model, place, -1, rng) > ROUNDING for place in (0, 1, 3))


def test_what_the_deals_contradict_says_nothing() -> None:
    """`a` helps in these deals: asked to go down, no value of it differs from another."""
    model = fit_win_model(asked(training_data(COLUMNS, 400, 5), {0: -1}), PARAMS, 5)
    rng = np.random.default_rng(5)
    spread = max(float(np.ptp(model.scorecard.contributions(rows)[:, 0])) for rows in sweeps(0, rng))
    assert spread == pytest.approx(0.0, abs=1e-6)
