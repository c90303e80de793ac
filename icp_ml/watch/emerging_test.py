"""Have the odds of a state among won against lost accounts risen from one period to the next? Exactly, for any counts.

                       won             lost
    since the extract  80 of 130       70 of 170     are in the state
    before             230 of 450      350 of 680

Given how many of each period are in the state, and how many of both periods' customers, the 80 are the only number left
free. Zelen (1971): under a common odds ratio, whatever it is, they follow a product of two hypergeometric weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from icp_ml.watch.emerging_records import BEFORE, LOST_BEFORE, LOST_SINCE, SINCE

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_MARGINS = ((SINCE, BEFORE), (SINCE, LOST_SINCE), (BEFORE, LOST_BEFORE))
"""In a state: all customers, all accounts since, all before."""


def odds_rise(inside: Counts, sizes: Counts) -> float:
    """The chance of at least so many customers since in the state, were the odds ratio of both periods the same.

    inside, sizes: int64[4], accounts of each kind (`emerging_records`) in the state, and in all.
    """
    won, met_since, met_before = (inside[list(pair)].sum() for pair in _MARGINS)
    low = max(0, met_since - sizes[LOST_SINCE], won - sizes[BEFORE], won - met_before)
    high = min(sizes[SINCE], met_since, won, won - met_before + sizes[LOST_BEFORE])
    since = np.arange(low, high + 1)
    cells = {SINCE: since, LOST_SINCE: met_since - since, BEFORE: won - since, LOST_BEFORE: met_before - won + since}
    weights = np.sum([_log_choose(int(sizes[kind]), chosen) for kind, chosen in cells.items()], axis=0)
    mass = np.exp(weights - weights.max())
    return float(mass[since >= inside[SINCE]].sum() / mass.sum())


def _log_choose(size: int, chosen: Counts) -> Floats:
    return np.asarray(gammaln(size + 1) - gammaln(chosen + 1) - gammaln(size - chosen + 1), dtype=np.float64)
