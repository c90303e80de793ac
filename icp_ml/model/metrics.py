"""How good predicted log-odds are, each figure with its interval.

Intervals resample accounts, not deals (Field and Welsh 2007, the cluster bootstrap): an account is drawn with
replacement and brings all of its deals. A resample is a row of whole-number weights, so that nothing is copied and
the ranking is sorted once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]

RESAMPLES = 200
CONFIDENCE = 0.95
TOP_SHARE = 0.1
MOST_NEWTON_STEPS = 50
MOST_HALVINGS = 30
SMALLEST_GAIN = 1e-13
FLATTEST, STEEPEST = -20.0, 20.0
"""Bounds of a calibration slope: where wins and losses separate completely there is no finite estimate."""


@dataclass(frozen=True)
class Estimate:
    """A figure with the interval in which it lies at the stated confidence; value and bounds share one unit."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


@dataclass(frozen=True)
class Judged:
    """Predictions for deals that the model did not learn from.

    log_odds, won, groups: each (n,). base: log-odds of the base rate known when the deal was judged, (n,).
    block: number of the fold that judged each deal, (n,).
    """

    log_odds: Floats
    base: Floats
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    block: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.won)


def log_losses(log_odds: Floats, won: NDArray[np.int8]) -> Floats:
    """Negative log-likelihood of each row in nats, shape (n,)."""
    return np.logaddexp(0.0, log_odds) - won * log_odds


def log_loss(log_odds: Floats, won: NDArray[np.int8], weights: Floats) -> float:
    """Weighted mean negative log-likelihood, in nats; a constant guess of the base rate p has its entropy."""
    return float(weights @ log_losses(log_odds, won) / weights.sum())


def brier(log_odds: Floats, won: NDArray[np.int8], weights: Floats) -> float:
    """Weighted mean squared error of the probability, in [0, 1] (Brier 1950)."""
    return float(weights @ (expit(log_odds) - won) ** 2 / weights.sum())


def auc(log_odds: Floats, won: NDArray[np.int8], weights: Floats) -> float:
    """Chance that a won deal is ranked above a lost one, ties counting one half; NaN without both outcomes."""
    _, rank = np.unique(log_odds, return_inverse=True)
    return _auc_of_ranks(rank, won, weights)


def _auc_of_ranks(rank: NDArray[np.intp], won: NDArray[np.int8], weights: Floats) -> float:
    wins = np.bincount(rank, weights=weights * won)
    losses = np.bincount(rank, weights=weights * (1 - won))
    if not wins.sum() or not losses.sum():
        return float("nan")
    below = np.cumsum(losses) - losses
    return float(wins @ (below + losses / 2) / (wins.sum() * losses.sum()))


def calibration(log_odds: Floats, won: NDArray[np.int8], weights: Floats) -> tuple[float, float]:
    """Intercept and slope of the outcome's log-odds on the predicted ones (Cox 1958); perfect is (0, 1).

    A slope under 1 means predictions too extreme. Newton's method on two parameters from the base rate, each step
    halved until it helps; the slope is kept in [-20, 20].
    """
    rate = float(weights @ won / weights.sum())
    line = np.array([np.log(rate / (1 - rate)) if 0 < rate < 1 else 0.0, 0.0])
    design = np.column_stack([np.ones(len(won)), log_odds])
    loss = log_loss(design @ line, won, weights)
    for _ in range(MOST_NEWTON_STEPS):
        p = expit(design @ line)
        spread = (design.T * (weights * p * (1 - p))) @ design
        step = np.linalg.lstsq(spread, design.T @ (weights * (won - p)), rcond=None)[0]
        line, loss, gained = _step(line, step, loss, lambda at: log_loss(design @ at, won, weights))
        if gained < SMALLEST_GAIN:
            break
    return float(line[0]), float(line[1])


def _step(line: Floats, step: Floats, loss: float, loss_at: Callable[[Floats], float]) -> tuple[Floats, float, float]:
    """The longest of the halved steps that lowers the loss, the new loss, and what was gained."""
    for halvings in range(MOST_HALVINGS):
        tried = line + step / 2**halvings
        tried[1] = np.clip(tried[1], FLATTEST, STEEPEST)
        new = loss_at(tried)
        if new < loss:
            return tried, new, loss - new
    return line, loss, 0.0


def observed_over_expected(log_odds: Floats, won: NDArray[np.int8], weights: Floats) -> float:
    """Wins that happened over wins that were predicted; 1 is a right level."""
    return float(weights @ won / (weights @ expit(log_odds)))


def top_decile_lift(log_odds: Floats, won: NDArray[np.int8], weights: Floats) -> float:
    """Win rate among the tenth of deals ranked highest, over the win rate of all; ties are shared out evenly."""
    order = np.argsort(-log_odds, kind="stable")
    _, tied = np.unique(-log_odds[order], return_inverse=True)
    group_weight = np.bincount(tied, weights=weights[order])
    group_wins = np.bincount(tied, weights=(weights * won)[order])
    wanted = TOP_SHARE * weights.sum()
    before = np.cumsum(group_weight) - group_weight
    taken = np.clip(wanted - before, 0.0, group_weight)
    share = np.divide(taken, group_weight, out=np.zeros_like(taken), where=group_weight > 0)
    return float((share @ group_wins / wanted) / (weights @ won / weights.sum()))


METRICS = (
    "log_loss",
    "auc",
    "brier",
    "calibration_slope",
    "calibration_intercept",
    "observed_over_expected",
    "top_decile_lift",
)


def measure(log_odds: Floats, won: NDArray[np.int8], weights: Floats) -> tuple[float, ...]:
    """All of `METRICS`, in their order."""
    intercept, slope = calibration(log_odds, won, weights)
    return (
        log_loss(log_odds, won, weights),
        auc(log_odds, won, weights),
        brier(log_odds, won, weights),
        slope,
        intercept,
        observed_over_expected(log_odds, won, weights),
        top_decile_lift(log_odds, won, weights),
    )


def resamples(groups: NDArray[np.int64], count: int, seed: int) -> Iterator[Floats]:
    """`count` cluster-bootstrap weights, each (n,): how often each row's account was drawn."""
    rng = np.random.default_rng(seed)
    _, member = np.unique(groups, return_inverse=True)
    accounts = int(member.max()) + 1
    for _ in range(count):
        drawn = np.bincount(rng.integers(0, accounts, accounts), minlength=accounts)
        yield drawn[member].astype(np.float64)


def estimate_all(
    log_odds: Floats, won: NDArray[np.int8], groups: NDArray[np.int64], seed: int, count: int = RESAMPLES
) -> dict[str, Estimate]:
    """Every metric with its percentile interval over accounts."""
    found = measure(log_odds, won, np.ones(len(won)))
    draws = [
        measure(log_odds, won, weights)
        for weights in resamples(groups, count, seed)
        if 0 < weights @ won < weights.sum()
    ]
    low, high = np.nanquantile(np.array(draws), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    return {name: Estimate(found[i], float(low[i]), float(high[i])) for i, name in enumerate(METRICS)}
