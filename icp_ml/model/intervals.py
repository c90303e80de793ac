"""An interval for each probability: what deals that score so are won at, as far as the deals can tell.

The target is the win rate of deals with the same log-odds. A bound on the chance of one company, whatever its
attributes, cannot be had from outcomes alone without becoming useless (Barber 2020), and is not claimed.

Method: at each log-odds the Venn-Abers pair, which is the isotonic fit to the out-of-fold log-odds with the deal in
question counted once as lost and once as won (Vovk and Petej 2014, its inductive form). The pair by itself is no
confidence interval: it shrinks with the deals around a score and ignores that they are a draw. So the pair is
computed on resamples of accounts (Field and Welsh 2007), and the interval runs from the 5 % point of its lower ends to
the 95 % point of its upper ends. No model is fitted again. What comes out is a table of steps, which never fall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from icp_ml.model.metrics import resamples

Floats = NDArray[np.float64]

BAND_CONFIDENCE = 0.90
MOST_STEPS = 50
"""Steps of the table, with as many deals each. Isotonic blocks hold about n^(2/3) deals: finer steps show nothing."""
BAND_DRAWS = 200


@dataclass(frozen=True)
class Band:
    """A table of steps over un-anchored log-odds.

    edges: (m - 1,) ascending inner bounds; a log-odds on a bound belongs to the step above it. low, high: (m,)
    probabilities in [0, 1] that never fall, low at most high, at the level of the deals that were learned from.
    """

    edges: Floats
    low: Floats
    high: Floats

    def bounds(self, log_odds: Floats, shift: float = 0.0) -> tuple[Floats, Floats]:
        """Lower and upper bound of each probability, shape (n,), moved by `shift` in log-odds as the probability is.

        The probability itself always lies between them. NaN where the log-odds are.
        """
        step = np.searchsorted(self.edges, log_odds, side="right")
        probability = expit(log_odds + shift)
        low, high = (_moved(side[step], shift) for side in (self.low, self.high))
        return np.minimum(low, probability), np.maximum(high, probability)


def _moved(probability: Floats, shift: float) -> Floats:
    """0 and 1 stay what they are."""
    return np.asarray(expit(logit(probability) + shift), dtype=np.float64)


def fit_band(log_odds: Floats, won: NDArray[np.int8], groups: NDArray[np.int64], seed: int) -> Band:
    """The table, from deals that were predicted without their own account.

    log_odds, won, groups: each (n,), n at least 1; groups are accounts. Same arguments, same table.
    """
    edges = _edges(log_odds)
    step = np.searchsorted(edges, log_odds, side="right")
    pairs = [venn_abers(step, won, weights, len(edges) + 1) for weights in resamples(groups, BAND_DRAWS, seed)]
    tail = (1.0 - BAND_CONFIDENCE) / 2
    low = np.quantile([pair[0] for pair in pairs], tail, axis=0)
    high = np.quantile([pair[1] for pair in pairs], 1.0 - tail, axis=0)
    # Half an account more of each outcome: what was never seen is not impossible.
    least = 0.5 / (len(np.unique(groups)) + 1)
    low, high = (np.clip(np.maximum.accumulate(side), least, 1.0 - least) for side in (low, high))
    return Band(edges, low, high)


def _edges(log_odds: Floats) -> Floats:
    """Inner quantiles, so that equal log-odds are in one step and every step holds a deal."""
    inner = np.unique(np.quantile(log_odds, np.arange(1, MOST_STEPS) / MOST_STEPS, method="lower"))
    return np.asarray(inner[inner > log_odds.min()], dtype=np.float64)


def venn_abers(step: NDArray[np.intp], won: NDArray[np.int8], weights: Floats, steps: int) -> tuple[Floats, Floats]:
    """The isotonic fit at each step with one more lost deal there, and with one more won deal, each (steps,)."""
    deals: Floats = np.bincount(step, weights=weights, minlength=steps).astype(np.float64)
    wins: Floats = np.bincount(step, weights=weights * won, minlength=steps).astype(np.float64)
    return _fits(deals, wins, 0.0), _fits(deals, wins, 1.0)


def _fits(deals: Floats, wins: Floats, outcome: float) -> Floats:
    from scipy.optimize import isotonic_regression  # noqa: PLC0415 - loaded where a model is fitted

    fitted = np.empty(len(deals))
    for place in range(len(deals)):
        total, won = deals.copy(), wins.copy()
        total[place] += 1.0
        won[place] += outcome
        there = total > 0
        fit = isotonic_regression(won[there] / total[there], weights=total[there]).x
        fitted[place] = fit[np.count_nonzero(there[:place])]
    return fitted
