"""Columns, rows and outcomes for the tests of the model, without a table of deals behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.deals.vocabulary import MISSING_LEVEL, OTHER_LEVEL, ModelColumn, Vocabulary
from icp_ml.model.win_model import TrainingRows

Floats = NDArray[np.float64]


def number(name: str) -> ModelColumn:
    return ModelColumn(name, name, name, "firmographic", "fit", "number")


def category(name: str, values: int) -> ModelColumn:
    """A category of `values` values besides the levels for missing and other: codes 0 .. values + 1."""
    levels = (MISSING_LEVEL, OTHER_LEVEL, *(f"value {k}" for k in range(values)))
    return ModelColumn(name, name, name, "technographic", "fit", "category", levels)


def random_rows(columns: Sequence[ModelColumn], rows: int, rng: np.random.Generator) -> Floats:
    """Encoded rows, shape (rows, p): a fifth of each second number is missing, codes are skewed to low ones."""
    made = np.empty((rows, len(columns)))
    for j, column in enumerate(columns):
        if column.is_category:
            made[:, j] = np.floor(len(column.levels) * rng.random(rows) ** 2)
        else:
            made[:, j] = rng.normal(size=rows)
            made[rng.random(rows) < 0.2 * (j % 2), j] = np.nan
    return made


def random_outcomes(columns: Sequence[ModelColumn], rows: Floats, rng: np.random.Generator) -> NDArray[np.int8]:
    """Outcomes that depend on each column, on its gaps, and on a product of the first two columns."""
    z = np.full(len(rows), -0.3)
    for j, column in enumerate(columns):
        effects = rng.normal(size=len(column.levels))
        values = rows[:, j]
        z += effects[values.astype(int)] if column.is_category else np.where(np.isnan(values), 0.7, values)
    if len(columns) > 1:
        z += np.nan_to_num(rows[:, 0]) * (np.nan_to_num(rows[:, 1]) > 0.5)
    return (rng.random(len(rows)) < expit(z)).astype(np.int8)


def training_data(columns: Sequence[ModelColumn], rows: int, seed: int, deals_per_account: int = 1) -> TrainingRows:
    """Encoded deals with outcomes that can be learned, of accounts with `deals_per_account` deals each."""
    rng = np.random.default_rng(seed)
    made = random_rows(columns, rows, rng)
    groups = np.arange(rows, dtype=np.int64) // deals_per_account
    return TrainingRows(Vocabulary(tuple(columns)), made, random_outcomes(columns, made, rng), groups)
