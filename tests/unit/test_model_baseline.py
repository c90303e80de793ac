"""The comparison that anyone would make is the one that scikit-learn would make."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.baseline import logistic_log_odds
from tests.model_columns import Floats, category, number, random_rows, training_data

Outcomes = NDArray[np.int8]

MIXED = (number("a"), number("gaps"), category("c", 5), number("b"), number("more gaps"))
NUMBERS = (number("a"), number("gaps"))
CATEGORIES = (category("c", 3), category("d", 8))


def by_scikit_learn(columns: Sequence[ModelColumn], train: Floats, won: Outcomes, test: Floats) -> Floats:
    """Standardised numbers with the mean for gaps and an indicator beside it, one-hot categories, C = 1."""
    numbers = [j for j, column in enumerate(columns) if not column.is_category]
    codes = [j for j, column in enumerate(columns) if column.is_category]
    scaled = make_pipeline(StandardScaler(), SimpleImputer(strategy="constant", fill_value=0.0))
    shape = ColumnTransformer(
        [
            ("numbers", make_union(scaled, MissingIndicator(features="all")), numbers),
            ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), codes),
        ]
    )
    fitted = make_pipeline(shape, LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000)).fit(train, won)
    return np.asarray(fitted.decision_function(test), dtype=np.float64)


@pytest.mark.parametrize("columns", [MIXED, NUMBERS, CATEGORIES], ids=["mixed", "numbers", "categories"])
def test_it_is_the_pipeline_of_scikit_learn(columns: Sequence[ModelColumn]) -> None:
    data = training_data(columns, 200, 0)
    test = random_rows(columns, 50, np.random.default_rng(9))
    ours = logistic_log_odds(data.rows, data.won, test, columns)
    theirs = by_scikit_learn(columns, data.rows, data.won, test)
    assert ours == pytest.approx(theirs, abs=1e-3)


def test_test_rows_do_not_move_each_other() -> None:
    """Means and spreads are those of the rows learnt from."""
    data = training_data(MIXED, 150, 1)
    test = random_rows(MIXED, 20, np.random.default_rng(9))
    whole = logistic_log_odds(data.rows, data.won, test, MIXED)
    alone = [logistic_log_odds(data.rows, data.won, row[None], MIXED)[0] for row in test]
    assert whole == pytest.approx(alone, abs=1e-12)


def test_a_number_that_never_varies_does_no_harm() -> None:
    data = training_data(NUMBERS, 100, 2)
    wide = np.column_stack([data.rows, np.full(100, 5.0)])
    ours = logistic_log_odds(wide, data.won, wide, (*NUMBERS, number("constant")))
    assert ours == pytest.approx(logistic_log_odds(data.rows, data.won, data.rows, NUMBERS), abs=1e-6)


def test_without_columns_it_is_the_base_rate() -> None:
    won = np.array([1, 0, 0, 0], dtype=np.int8)
    found = logistic_log_odds(np.empty((4, 0)), won, np.empty((3, 0)), ())
    assert found == pytest.approx(np.full(3, np.log(1 / 3)))
