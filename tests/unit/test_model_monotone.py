"""The bounded regression against one without bounds, and against what can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from icp_ml.model.monotone import bounded_regression, tree_constraints
from icp_ml.model.scorecard import ScorecardParams, fit_scorecard
from tests.model_columns import number, training_data

NOTHING = np.zeros(3, dtype=np.int8)


def deals(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, outcomes that the first speaks for and the second against, and weights."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(300, 3))
    won = (inputs @ [1.0, -1.0, 0.0] + rng.logistic(size=300) > 0.3).astype(np.int8)
    return inputs, won, rng.uniform(0.5, 2.0, 300)


@pytest.mark.parametrize("seed", [1, 2])
def test_without_bounds_it_is_the_usual_regression(seed: int) -> None:
    inputs, won, weights = deals(seed)
    usual = LogisticRegression(C=1.0, tol=1e-10, max_iter=500).fit(inputs, won, sample_weight=weights)
    intercept, coefficients = bounded_regression(inputs, won, NOTHING, weights)
    assert intercept == pytest.approx(usual.intercept_[0], abs=1e-4)
    assert coefficients == pytest.approx(usual.coef_[0], abs=1e-4)


def test_a_bound_that_binds_is_the_regression_without_that_input() -> None:
    inputs, won, weights = deals(1)
    usual = LogisticRegression(C=1.0, tol=1e-10, max_iter=500).fit(inputs[:, [0, 2]], won, sample_weight=weights)
    intercept, coefficients = bounded_regression(inputs, won, np.array([1, 1, 0], dtype=np.int8), weights)
    assert coefficients[1] == 0.0
    assert coefficients[[0, 2]] == pytest.approx(usual.coef_[0], abs=1e-4)
    assert intercept == pytest.approx(usual.intercept_[0], abs=1e-4)


def test_where_nothing_is_asked_nothing_is_set() -> None:
    assert tree_constraints([number("a"), number("b")]) == {}


def test_a_missing_value_is_asked_nothing() -> None:
    """Missing goes with winning in these deals, and keeps its points though the rest is asked to go down."""
    columns = [number("a"), number("b")]
    data = training_data(columns, 600, 4)
    down = [replace(column, monotone=-1) for column in columns]
    free, bound = (fit_scorecard(data.rows, data.won, which, ScorecardParams(5.0, 6)) for which in (columns, down))
    assert free.columns[1].points[-1] != 0.0
    assert bound.columns[1].points[-1] != 0.0
    assert np.ptp(bound.columns[1].points[:-1]) == pytest.approx(0.0, abs=1e-6)
