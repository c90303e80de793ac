"""What anyone would try first: an ordinary logistic regression on standardised numbers and one-hot categories.

It is fitted on the same rows as the model and judged on the same deals, so that "better than the usual" is a
measurement.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from icp_ml.deals.vocabulary import ModelColumn

Floats = NDArray[np.float64]

MOST_STEPS = 500


def logistic_log_odds(train: Floats, won: NDArray[np.int8], test: Floats, columns: Sequence[ModelColumn]) -> Floats:
    """Log-odds for `test` rows of a logistic regression (L2, C = 1) fitted to `train`; both encoded, shape (n, p).

    A missing number becomes the mean, with an indicator column.
    """
    pairs = [_design(train[:, j], test[:, j], column) for j, column in enumerate(columns)]
    if not pairs:
        return np.full(len(test), np.log(won.mean() / (1 - won.mean())))
    fitted = LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=MOST_STEPS)
    fitted.fit(np.concatenate([p[0] for p in pairs], axis=1), won)
    return np.asarray(fitted.decision_function(np.concatenate([p[1] for p in pairs], axis=1)), dtype=np.float64)


def _design(train: Floats, test: Floats, column: ModelColumn) -> tuple[Floats, Floats]:
    if column.is_category:
        levels = np.eye(len(column.levels))
        return levels[train.astype(int)], levels[test.astype(int)]
    mean, spread = float(np.nanmean(train)), float(np.nanstd(train)) or 1.0
    return _standardised(train, mean, spread), _standardised(test, mean, spread)


def _standardised(values: Floats, mean: float, spread: float) -> Floats:
    missing = np.isnan(values)
    return np.column_stack([np.where(missing, 0.0, (values - mean) / spread), missing])
