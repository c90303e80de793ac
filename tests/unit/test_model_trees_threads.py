"""Above the number of deals from which LightGBM has several threads, their number decides nothing."""

from __future__ import annotations

import time

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from icp_ml.model.splits import grouped_folds
from icp_ml.model.trees import ROWS_A_THREAD, CrossedTrees, TreeParams, Trees, cross_trees, fit_trees
from tests.model_columns import Floats, category, number, training_data

COLUMNS = (number("a"), number("gaps"), category("few", 4), category("many", 60))
QUICK = TreeParams(learning_rate=0.3, bagging_fraction=0.6)
ROWS = ROWS_A_THREAD + 1_000


def grown(threads: int, weights: Floats | None) -> tuple[Trees, CrossedTrees, float]:
    """Trees on all rows, and out of fold; and the seconds that other threads than this one worked."""
    data = training_data(COLUMNS, ROWS, 5)
    folds = grouped_folds(data.groups, data.won, 2, 5)
    with threadpool_limits(threads, user_api="openmp"):
        others = time.process_time() - time.thread_time()
        fitted = fit_trees(data.rows, data.won, COLUMNS, QUICK, rounds=30, seed=5, weights=weights)
        crossed = cross_trees(data.rows, data.won, COLUMNS, QUICK, folds, seed=5, weights=weights)
        return fitted, crossed, time.process_time() - time.thread_time() - others


@pytest.mark.parametrize("weights", [None, np.where(np.arange(ROWS) % 10 == 0, 5.0, 0.1)], ids=["alike", "weighted"])
def test_trees_are_the_same_on_one_thread_and_on_two(weights: Floats | None) -> None:
    (one, crossed_one, alone), (two, crossed_two, together) = (grown(threads, weights) for threads in (1, 2))
    assert alone < together / 10  # the second thread did work
    assert one.text == two.text
    assert crossed_one.rounds == crossed_two.rounds
    assert np.array_equal(crossed_one.log_odds, crossed_two.log_odds)
    texts = [[each.model_to_string() for each in crossed.boosters] for crossed in (crossed_one, crossed_two)]
    assert texts[0] == texts[1]
