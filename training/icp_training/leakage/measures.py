"""The few figures that several kinds of evidence need."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, rankdata

from icp_ml.model.metrics import auc
from icp_training.leakage.columns import Codes, Column, Facts, Flags, Floats

FOLDS = 5
PRIOR = 2.0
"""So many deals at the base rate are added to each level, so that a level seen once does not count as sure."""
FEWEST = 30
"""Rows under which a rank correlation is not told; we chose it."""
ONE_SIDED_95 = float(norm.ppf(0.95))


def crossed_rates(levels: Codes, won: Flags, groups: Codes) -> Floats:
    """float64[n]: the win rate of each row's level, measured on other accounts. All arrays (n,), decided deals only."""
    fold = np.unique(groups, return_inverse=True)[1] % FOLDS
    base, size = float(won.mean()), int(levels.max(initial=0)) + 1
    rates = np.full(len(won), base)
    for part in range(FOLDS):
        here, there = fold == part, fold != part
        wins = np.bincount(levels[there], weights=won[there].astype(np.float64), minlength=size)
        rows = np.bincount(levels[there], minlength=size)
        rates[here] = ((wins + PRIOR * base) / (rows + PRIOR))[levels[here]]
    return rates


def own_area(column: Column, facts: Facts) -> tuple[float, float, float]:
    """Area under the curve of the column alone, its one-sided 95 % lower bound, and its R2.

    The higher of two readings: the win rates of its levels measured on other accounts, and, for numbers, their own
    order. The bound is that of Hanley and McNeil (1982). It counts an account once for each value that the column has
    on its deals: where the column says the same of them all, they are one fact. NaN where one outcome is missing.
    """
    rows = facts.decided
    won, groups = facts.won[rows], facts.groups[rows]
    if not 0 < won.sum() < len(won):
        return np.nan, np.nan, np.nan
    outcome, ones = won.astype(np.int8), np.ones(len(won))
    rates = crossed_rates(column.levels(facts)[rows], won, groups)
    area = auc(rates, outcome, ones)
    if column.numbers is not None:
        known = rows & ~np.isnan(column.numbers)
        if known.sum() > 0.5 * rows.sum() and 0 < facts.won[known].sum() < known.sum():
            straight = auc(column.numbers[known], facts.won[known].astype(np.int8), np.ones(int(known.sum())))
            area = max(area, straight, 1 - straight)
    facts_of = groups * (len(column.texts.values) + 1) + column.texts.codes[rows] + 1
    error = _standard_error(area, len(np.unique(facts_of[won])), len(np.unique(facts_of[~won])))
    spread = float(np.std(rates))
    explained = float(np.corrcoef(rates, outcome)[0, 1] ** 2) if spread else 0.0
    return area, area - ONE_SIDED_95 * error, explained


def _standard_error(area: float, wins: int, losses: int) -> float:
    pair_wins, pair_losses = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (area * (1 - area) + (wins - 1) * (pair_wins - area**2) + (losses - 1) * (pair_losses - area**2)) / (
        wins * losses
    )
    return float(np.sqrt(max(spread, 0.0)))


def rank_correlation(one: Floats, other: Floats, rows: Flags) -> tuple[float, int]:
    """Spearman's rank correlation over the rows where both are known, and their number; 0 where it is not defined."""
    both = rows & ~np.isnan(one) & ~np.isnan(other)
    count = int(both.sum())
    if count < FEWEST:
        return 0.0, count
    ranks = rankdata(one[both]), rankdata(other[both])
    if not ranks[0].std() or not ranks[1].std():
        return 0.0, count
    return float(np.corrcoef(*ranks)[0, 1]), count


def lower_bound(correlation: float, count: int) -> float:
    """One-sided 95 % bound of the size of a rank correlation, by Fisher's transformation; 0 where too few."""
    if count < FEWEST:
        return 0.0
    size = np.arctanh(min(abs(correlation), 0.999999))
    return max(0.0, float(np.tanh(size - ONE_SIDED_95 * 1.06 / np.sqrt(count - 3))))
