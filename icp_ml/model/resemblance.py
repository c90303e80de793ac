"""From log-odds to resemblance: which share of the universe resembles the won accounts less.

A model that tells won accounts from a company universe, in which some could be won too, gives log-odds of *being one of
the won accounts that were given*. Their level depends on how many were given and on how many companies stand beside
them, and means nothing. Their order is that of the chance to win, where the won accounts are a fair draw from all
companies that could be won (Elkan and Noto 2008; Bekker and Davis 2020 call it SCAR). So only the order is shown: the
place among the companies of the universe, 0 to 100.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 100
MOST = 100.0


@dataclass(frozen=True)
class Resemblance:
    """quantiles: log-odds of the universe at 0 %, 1 %, ... 100 %, each predicted by a model that had not seen it."""

    quantiles: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.quantiles) != STEPS + 1 or any(low > high for low, high in pairwise(self.quantiles)):
            raise ValueError(f"expected {STEPS + 1} quantiles that rise, found {len(self.quantiles)} or others")

    def percentile(self, log_odds: Floats) -> Floats:
        """Share of the universe, in per cent, with lower log-odds, equal ones counting one half; shape (n,).

        Never falls as log-odds rise. Between quantiles it is linear in them.
        """
        known = np.asarray(self.quantiles, dtype=np.float64)
        below, upto = np.searchsorted(known, log_odds, side="left"), np.searchsorted(known, log_odds, side="right")
        between = np.interp(log_odds, known, np.arange(STEPS + 1, dtype=np.float64))
        return np.where(upto > below, (below + upto - 1) / 2.0, between) * (MOST / STEPS)

    def log_odds(self, percentile: float) -> float:
        """Log-odds from which on a company resembles more than this share of the universe, in per cent."""
        return float(np.interp(percentile, np.arange(STEPS + 1) * (MOST / STEPS), self.quantiles))


def fit_resemblance(log_odds: Floats) -> Resemblance:
    """log_odds: (n,) of the companies of the universe, n at least 1, none predicted by a model that had seen it."""
    return Resemblance(tuple(np.quantile(log_odds, np.arange(STEPS + 1) / STEPS).tolist()))
