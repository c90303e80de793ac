"""Points of some columns learned anew, beside a model that stays as it is.

    log-odds'(x) = log-odds(x) + sum over the chosen columns of step_j(x_j)

The steps stand on the scorecard's bins. They come of a logistic regression on deals that the model has not met, with
the model's own log-odds as an offset, and with a ridge on the steps that is chosen by folds of whole accounts: deals
that say nothing change nothing. The mean of a column's steps over those deals is 0, so that the level stays what it
was. Being added bin by bin, they are part of the scorecard's points: explanation, tables and SQL go on as before, and
what every other column contributes does not move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.model.metrics import log_losses
from icp_ml.model.scorecard import ColumnPoints
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.model.win_model import WinModel

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

RIDGES: Final = (5.0, 20.0, 80.0, 320.0)
"""Prior standard deviations of a step of 0.45, 0.22, 0.11 and 0.06 log-odds."""
FOLDS: Final = 5
LEAST_WEIGHT: Final = 1e-6
"""A scorecard that counts for less in the stack cannot carry a correction."""
LEVEL_RIDGE: Final = 1e-6
"""Keeps the level finite where a fold holds one outcome."""


@dataclass(frozen=True)
class NewDeals:
    """Deals that the model has not met. rows: (n, p) encoded by its vocabulary; log_odds: (n,), what it says of them.

    won: (n,) of 0 and 1. groups: accounts that belong together, (n,). weights: (n,), or None for equal ones.
    """

    rows: Floats
    log_odds: Floats
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    weights: Floats | None = None

    def take(self, rows: Rows) -> NewDeals:
        """The same for the given deals, in their order."""
        weights = None if self.weights is None else self.weights[rows]
        return NewDeals(self.rows[rows], self.log_odds[rows], self.won[rows], self.groups[rows], weights)


@dataclass(frozen=True)
class Correction:
    """steps: log-odds to add by bin, one entry for each corrected column by its place in the vocabulary.

    level: log-odds to add to every row, which is no part of the order. ridge: the one that was chosen.
    """

    steps: Mapping[int, Floats]
    level: float
    ridge: float

    def added(self, model: WinModel, rows: Floats) -> Floats:
        """What each column adds to each of the rows (n, p), in log-odds, same shape; 0 for columns that stay."""
        values = np.zeros(rows.shape)
        for place, steps in self.steps.items():
            values[:, place] = steps[model.scorecard.columns[place].codes(rows[:, place])]
        return values


@dataclass(frozen=True)
class CrossedCorrection:
    """added: (n, p) in log-odds, by corrections that had not seen the deal's account. level: (n,) beside them.

    plain: (n,) the level alone, fitted without any step on the same deals. fold: (n,) which one the deal is in.
    """

    added: Floats
    level: Floats
    plain: Floats
    fold: Rows


def can_be_corrected(model: WinModel) -> bool:
    """Whether the scorecard counts for something, so that its points can carry what is added."""
    return model.stack.weights[0] > LEAST_WEIGHT


def fit_correction(model: WinModel, places: Sequence[int], deals: NewDeals, seed: int) -> Correction:
    """Steps for the columns at these places of the vocabulary, by deals with both outcomes."""
    folds = [(complement(fold, len(deals.won)), fold) for fold in _folds(deals, seed)]
    losses = [sum(_lost(model, places, deals, fold, ridge) for fold in folds) for ridge in RIDGES]
    return _fit(model, places, deals, RIDGES[int(np.argmin(losses))])


def cross_correction(model: WinModel, places: Sequence[int], deals: NewDeals, seed: int) -> CrossedCorrection:
    """What corrections say of accounts that they had not seen, their ridge chosen without these too."""
    n = len(deals.won)
    added, level, plain, number = np.zeros(deals.rows.shape), np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.intp)
    for k, held_out in enumerate(_folds(deals, seed)):
        rest = deals.take(complement(held_out, n))
        found = fit_correction(model, places, rest, seed + 1)
        added[held_out] = found.added(model, deals.rows[held_out])
        level[held_out] = found.level
        plain[held_out] = _fit(model, (), rest, RIDGES[0]).level
        number[held_out] = k
    return CrossedCorrection(added, level, plain, number)


def corrected(model: WinModel, correction: Correction) -> WinModel:
    """The model with the steps in its scorecard's points. Base and centres stay: contributions move by the steps."""
    on_scorecard = model.stack.weights[0]
    columns = [
        replace(points, points=points.points + correction.steps[place] / on_scorecard)
        if place in correction.steps
        else points
        for place, points in enumerate(model.scorecard.columns)
    ]
    return replace(model, scorecard=replace(model.scorecard, columns=tuple(columns)))


def _folds(deals: NewDeals, seed: int) -> list[Rows]:
    return grouped_folds(deals.groups, deals.won, FOLDS, seed)


def _lost(model: WinModel, places: Sequence[int], deals: NewDeals, fold: tuple[Rows, Rows], ridge: float) -> float:
    learn, judge = fold
    found = _fit(model, places, deals.take(learn), ridge)
    log_odds = deals.log_odds[judge] + found.level + found.added(model, deals.rows[judge]).sum(axis=1)
    return float(log_losses(log_odds, deals.won[judge]).sum())


def _fit(model: WinModel, places: Sequence[int], deals: NewDeals, ridge: float) -> Correction:
    ladders = [_ladder(model.scorecard.columns[place]) for place in places]
    codes = [model.scorecard.columns[place].codes(deals.rows[:, place]) for place in places]
    bins = [ladder[code] for ladder, code in zip(ladders, codes, strict=True)]
    design = np.column_stack([np.ones(len(deals.won)), *bins])
    found = _regression(design, deals, ridge)
    level, steps = float(found[0]), {}
    for place, ladder, code, part in zip(places, ladders, codes, _parts(found[1:], ladders), strict=True):
        by_bin = ladder @ part
        mean = float(by_bin[code].mean())
        steps[place], level = by_bin - mean, level + mean
    return Correction(steps, level, ridge)


def _parts(coefficients: Floats, ladders: Sequence[Floats]) -> Iterator[Floats]:
    start = 0
    for ladder in ladders:
        yield coefficients[start : start + ladder.shape[1]]
        start += ladder.shape[1]


def _ladder(points: ColumnPoints) -> Floats:
    """What coefficients make of each bin, (bins, k): a category's levels apart, a number's as a thermometer.

    As in the scorecard, a number's step is divided by the root of their number, and missing is a bin of its own.
    """
    if points.is_category:
        return np.eye(len(points.points))
    steps = len(points.thresholds)
    ladder = np.zeros((steps + 2, steps + 1))
    ladder[: steps + 1, :steps] = np.tril(np.ones((steps + 1, steps)), -1) / np.sqrt(max(steps, 1))
    ladder[-1, -1] = 1.0
    return ladder


def _regression(design: Floats, deals: NewDeals, ridge: float) -> Floats:
    """Coefficients of a logistic regression with an offset, the first of them the level, which has no ridge."""
    from scipy.optimize import minimize  # noqa: PLC0415 - loaded where a model is fitted

    won, offset = deals.won.astype(np.float64), deals.log_odds
    weights = np.ones(len(won)) if deals.weights is None else deals.weights
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = LEVEL_RIDGE

    def loss(beta: Floats) -> float:
        return float(weights @ log_losses(offset + design @ beta, deals.won) + penalty @ beta**2 / 2.0)

    def slope(beta: Floats) -> Floats:
        p = expit(offset + design @ beta)
        return np.asarray(design.T @ (weights * (p - won)) + penalty * beta)

    def bend(beta: Floats) -> Floats:
        p = expit(offset + design @ beta)
        return np.asarray((design.T * (weights * p * (1.0 - p))) @ design + np.diag(penalty))

    start = np.zeros(design.shape[1])
    return np.asarray(minimize(loss, start, jac=slope, hess=bend, method="trust-exact", options={"gtol": 1e-8}).x)
