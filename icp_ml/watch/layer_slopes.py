"""How much a point of each layer's sub-score tells about winning, the other layers being equal.

    log-odds(deal) = level of its list + sum over layers of slope x sub-score

Logistic regression by Newton's method, with the covariance of account totals (Liang and Zeger 1986). A list that was
worked from the top holds fewer deals of low scores, and among those that were opened a layer that is high goes with
others that are low. Because the score is the sum of the sub-scores, that selection is by what stands on the right: it
moves no slope. A layer looked at alone has no such protection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import chi2

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

PRIOR: Final = 1 / 9
"""Precision of a slope for one standard deviation of its sub-score: an odds ratio of 20 is one standard error away. It
gives separated deals a finite fit, and weighs less than one deal."""
LEVEL_PRIOR: Final = PRIOR / 9
"""The same of a list's level, three times as wide: a list of which nothing was won has one too."""
STEPS: Final = 50
LONGEST: Final = 2.0
CONVERGED: Final = 1e-10


@dataclass(frozen=True)
class LayeredDeals:
    """n decided deals. points: (n, layers), sub-scores in points of score. won: int8. groups: account. block: list.

    Every layer has some spread.
    """

    points: Floats
    won: NDArray[np.int8]
    groups: Codes
    block: Codes


@dataclass(frozen=True)
class Slopes:
    """slope: (layers,), log-odds a point. covariance: (layers, layers)."""

    slope: Floats
    covariance: Floats

    def drawn_together(self) -> Floats:
        """(layers,): slopes as far from their mean as the deals support (empirical Bayes).

        The variance between layers is found by moments (DerSimonian and Laird 1986): where slopes differ by no more
        than noise all of them are the mean, and points stay where they are. Of the covariance the diagonal is used.
        """
        variance = np.diag(self.covariance)
        weights = 1 / variance
        mean = float(weights @ self.slope / weights.sum())
        excess = float(weights @ (self.slope - mean) ** 2) - (len(weights) - 1)
        between = max(excess / float(weights.sum() - weights @ weights / weights.sum()), 0.0)
        return np.asarray(mean + between / (between + variance) * (self.slope - mean))

    def p_value(self) -> float:
        """Of the hypothesis that all slopes are one (Wald's test)."""
        contrast = np.eye(len(self.slope))[1:] - np.eye(len(self.slope))[0]
        gaps = contrast @ self.slope
        statistic = gaps @ np.linalg.solve(contrast @ self.covariance @ contrast.T, gaps)
        return float(chi2.sf(statistic, len(gaps)))


def fit_slopes(deals: LayeredDeals, weights: Floats) -> Slopes:
    """weights: (n,), how often each deal counts; deals of one account count alike."""
    spread = deals.points.std(axis=0)
    blocks, block = np.unique(deals.block, return_inverse=True)
    levels = np.eye(len(blocks))[block]
    design = np.hstack([levels, (deals.points - deals.points.mean(axis=0)) / spread])
    prior = np.concatenate([np.full(len(blocks), LEVEL_PRIOR), np.full(len(spread), PRIOR)])
    found = np.zeros(design.shape[1])
    for _ in range(STEPS):
        step = np.linalg.solve(*_ground(design, deals.won, weights, found, prior))
        found = found + step / max(1.0, float(np.abs(step).max()) / LONGEST)
        if np.abs(step).max() < CONVERGED:
            break
    inverse = np.linalg.inv(_ground(design, deals.won, weights, found, prior)[0])
    covariance = inverse @ _between_accounts(design, deals, weights, found) @ inverse
    own = slice(len(blocks), None)
    return Slopes(found[own] / spread, covariance[own, own] / np.outer(spread, spread))


def _ground(design: Floats, won: NDArray[np.int8], weights: Floats, at: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """Curvature and gradient of the penalised log-likelihood."""
    p = expit(design @ at)
    gradient = design.T @ (weights * (won - p)) - prior * at
    curvature = (design.T * (weights * p * (1 - p))) @ design + np.diag(prior)
    return curvature, gradient


def _between_accounts(design: Floats, deals: LayeredDeals, weights: Floats, at: Floats) -> Floats:
    """Sum over accounts, as often as each counts, of the outer product of what its deals add to the gradient."""
    accounts, member = np.unique(deals.groups, return_inverse=True)
    added = design * (deals.won - expit(design @ at))[:, None]
    totals = np.zeros((len(accounts), design.shape[1]))
    np.add.at(totals, member, added)
    counted = np.bincount(member, weights=weights) / np.bincount(member)
    return np.asarray((totals.T * counted) @ totals)
