"""The scorecard member: points per bin, added up.

A logistic regression with ridge over step functions. A number is cut at its quantiles and coded as a thermometer
(one column for each threshold passed), so that the ridge pulls neighbouring bins towards each other rather than
towards zero; missing is a bin of its own; a category has one column for each level. How strong the ridge is, is
learnt for each attribute's column (`relevance`). What is kept after fitting is not the regression but its result:
thresholds and points, which anyone can add up by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.monotone import bounded_regression
from icp_ml.model.relevance import learnt_ridges

Floats = NDArray[np.float64]

MOST_NEWTON_STEPS = 200
RELEVANCE_BINS = 4
"""How much a number matters shows in four bins; a ridge means the same at any number of bins."""


@dataclass(frozen=True)
class ScorecardParams:
    """What the search may choose about a scorecard.

    ridge: penalty on squared points, above 0, that is expected of a column before its deals are seen; the prior
    standard deviation of its points is about 1 / sqrt(ridge) log-odds. bins: most quantile bins for a number, 2 or
    more.
    """

    ridge: float = 20.0
    bins: int = 8


@dataclass(frozen=True)
class ColumnPoints:
    """One column's step function.

    thresholds: ascending cut points of a number (a value belongs to the bin of the thresholds strictly below it);
    empty for a category. points: log-odds for each bin, then one more for missing; for a category one for each level
    of its vocabulary. mean: average points over the reference rows.
    """

    thresholds: Floats
    points: Floats
    mean: float
    is_category: bool

    def codes(self, values: Floats) -> NDArray[np.intp]:
        """The bin (0-based) of each value; missing is the last one."""
        if self.is_category:
            return values.astype(np.intp)
        bins = np.searchsorted(self.thresholds, values, side="left")
        return np.where(np.isnan(values), len(self.thresholds) + 1, bins)


@dataclass(frozen=True)
class Scorecard:
    """Points per column; log-odds = base + sum over columns of (points - mean points over the reference rows)."""

    base: float
    columns: tuple[ColumnPoints, ...]

    def contributions(self, rows: Floats) -> Floats:
        """Centred points, shape (n, p), in log-odds: the Shapley values of an additive model.

        They are exact for independent columns and, the model being additive, equal to its interventional SHAP
        values on the reference rows (Lundberg and Lee 2017, corollary 1).
        """
        values = np.empty(rows.shape)
        for j, column in enumerate(self.columns):
            values[:, j] = (column.points - column.mean)[column.codes(rows[:, j])]
        return values

    def log_odds(self, rows: Floats) -> Floats:
        """Log-odds of winning, shape (n,)."""
        return np.asarray(self.base + self.contributions(rows).sum(axis=1), dtype=np.float64)


def fit_scorecard(
    rows: Floats,
    won: NDArray[np.int8],
    columns: Sequence[ModelColumn],
    params: ScorecardParams,
    weights: Floats | None = None,
) -> Scorecard:
    """Learn how strongly each column is to be shrunk, then its points; the reference rows are all `rows`, unweighted.

    rows: (n, p) encoded by the vocabulary whose `columns` these are. won: (n,) of 0 and 1, both present.
    """
    if not columns:
        rate = float(won.mean())
        return Scorecard(float(np.log(rate / (1 - rate))), ())
    coarse = _blocks(rows, columns, min(params.bins, RELEVANCE_BINS))
    design, widths = _side_by_side(coarse)
    ridges = learnt_ridges(design, widths, won, params.ridge, weights)
    return _fit(_blocks(rows, columns, params.bins), rows, won, ridges, weights)


def fit_points(
    rows: Floats,
    won: NDArray[np.int8],
    columns: Sequence[ModelColumn],
    *,
    bins: int,
    ridges: Floats,
    weights: Floats | None = None,
) -> Scorecard:
    """Points by logistic regression with a given ridge for each column, shape (p,), above 0; p at least 1."""
    return _fit(_blocks(rows, columns, bins), rows, won, ridges, weights)


def _fit(
    blocks: Sequence[_Block], rows: Floats, won: NDArray[np.int8], ridges: Floats, weights: Floats | None
) -> Scorecard:
    # A column divided by the root of its ridge has ridge 1: the library knows one ridge for all.
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - loaded where a model is fitted

    design, widths = _side_by_side(blocks)
    scale = np.repeat(1.0 / np.sqrt(ridges), widths)
    directions = np.concatenate([block.directions() for block in blocks])
    if directions.any():
        intercept, coefficients = bounded_regression(design * scale, won, directions, weights)
        return _centred(intercept, coefficients * scale, blocks, rows)
    regression = LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=MOST_NEWTON_STEPS, tol=1e-8)
    regression.fit(design * scale, won, sample_weight=weights)
    return _centred(float(regression.intercept_[0]), regression.coef_[0] * scale, blocks, rows)


@dataclass(frozen=True)
class _Block:
    """A column's part of the design matrix and the matrix that turns its coefficients into points.

    monotone: the direction that its points were asked to take; see `ModelColumn`.
    """

    design: Floats
    to_points: Floats
    thresholds: Floats
    is_category: bool
    monotone: int = 0

    def directions(self) -> NDArray[np.int8]:
        """int8[k]: the side of zero that each coefficient has to keep to. A step has one, a missing value none."""
        is_step = np.arange(self.design.shape[1]) < len(self.thresholds)
        return np.where(is_step, self.monotone, 0).astype(np.int8)


def _blocks(rows: Floats, columns: Sequence[ModelColumn], bins: int) -> list[_Block]:
    return [_block(rows[:, j], column, bins) for j, column in enumerate(columns)]


def _side_by_side(blocks: Sequence[_Block]) -> tuple[Floats, list[int]]:
    widths = [block.design.shape[1] for block in blocks]
    return np.concatenate([block.design for block in blocks], axis=1), widths


def _block(values: Floats, column: ModelColumn, bins: int) -> _Block:
    if column.is_category:
        return _category_block(values, len(column.levels))
    return _number_block(values, bins, column.monotone)


def _category_block(values: Floats, levels: int) -> _Block:
    eye = np.eye(levels)
    return _Block(eye[values.astype(np.intp)], eye, np.empty(0), is_category=True)


def _number_block(values: Floats, bins: int, monotone: int) -> _Block:
    thresholds = quantile_thresholds(values, bins)
    missing = np.isnan(values)
    steps = len(thresholds)
    # A step is divided by the root of their number, so that finer bins do not loosen the prior on the whole range.
    scale = 1.0 / np.sqrt(max(steps, 1))
    passed = (values[:, None] > thresholds[None, :]) * scale
    usual = passed[~missing].mean(axis=0) if steps else np.empty(0)
    # A missing value stands at the average of the present ones: its own column then says how it differs from them.
    passed[missing] = usual
    design = np.column_stack([passed, missing.astype(np.float64)]) if missing.any() else passed
    rungs = np.tril(np.ones((steps + 1, steps)), -1) * scale
    to_points = np.zeros((steps + 2, design.shape[1]))
    to_points[:-1, :steps] = rungs
    to_points[-1, :steps] = usual
    to_points[-1, steps:] = 1.0
    return _Block(design, to_points, thresholds, is_category=False, monotone=monotone)


def quantile_thresholds(values: Floats, bins: int) -> Floats:
    """At most bins - 1 cut points half way between neighbouring observed values, at the quantiles of `values`."""
    present = np.sort(values[~np.isnan(values)])
    distinct = np.unique(present)
    if len(distinct) <= bins:
        return (distinct[:-1] + distinct[1:]) / 2.0
    lower = np.unique(np.quantile(present, np.arange(1, bins) / bins, method="lower"))
    position = np.searchsorted(distinct, lower)
    position = position[position < len(distinct) - 1]
    return (distinct[position] + distinct[position + 1]) / 2.0


def _centred(intercept: float, coefficients: Floats, blocks: Sequence[_Block], rows: Floats) -> Scorecard:
    columns, base, start = [], intercept, 0
    for j, block in enumerate(blocks):
        width = block.design.shape[1]
        points = block.to_points @ coefficients[start : start + width]
        start += width
        fitted = ColumnPoints(block.thresholds, points, 0.0, block.is_category)
        mean = float(points[fitted.codes(rows[:, j])].mean())
        base += mean
        columns.append(ColumnPoints(block.thresholds, points, mean, block.is_category))
    return Scorecard(base, tuple(columns))
