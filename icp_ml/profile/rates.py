"""Win rates and their differences with intervals that count accounts, not deals.

Deals of one account are won or lost together more often than not, so the variance is that of account totals
(linearised ratio estimate, Cochran 1977, chapter 6; the cluster-robust variance). A rate's interval is Wilson's
(1927) at the number of independent deals that this variance amounts to, and so stays within [0, 1].
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from icp_ml.profile.records import Interval

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

Z = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""


def win_rate(won: NDArray[np.int8], groups: NDArray[np.int64], among: Mask) -> Interval:
    """Win rate of the deals `among`, with its 95 % interval over accounts; [0, 1] where there are none."""
    deals = int(among.sum())
    if not deals:
        return Interval(value=math.nan, low=0.0, high=1.0)
    rate = float(won[among].mean())
    variance = float(np.sum(_influence(won, groups, among) ** 2))
    accounts = len(np.unique(groups[among]))
    independent = min(rate * (1 - rate) / variance, deals) if variance > 0 else accounts
    return wilson(rate, independent)


def win_rate_gap(won: NDArray[np.int8], groups: NDArray[np.int64], first: Mask, second: Mask) -> Interval:
    """Win rate among `first` minus that among `second`, with its 95 % interval; zeros where either is empty."""
    if not first.any() or not second.any():
        return Interval(value=0.0, low=0.0, high=0.0)
    gap = float(won[first].mean() - won[second].mean())
    influence = _influence(won, groups, first) - _influence(won, groups, second)
    accounts = len(influence)
    error = math.sqrt(float(np.sum(influence**2)) * accounts / max(accounts - 1, 1))
    return Interval(value=gap, low=gap - Z * error, high=gap + Z * error)


def _influence(won: NDArray[np.int8], groups: NDArray[np.int64], among: Mask) -> Floats:
    """What each account adds to the error of the rate among `among`, shape (accounts,)."""
    _, member = np.unique(groups, return_inverse=True)
    excess = np.where(among, won - won[among].mean(), 0.0)
    return np.bincount(member, weights=excess) / float(among.sum())


def wilson(rate: float, independent: float) -> Interval:
    """Wilson's 95 % interval of a rate among so many independent ones; [0, 1] around NaN where there are none."""
    if not independent:
        return Interval(value=math.nan, low=0.0, high=1.0)
    centre = (rate + Z**2 / (2 * independent)) / (1 + Z**2 / independent)
    half = Z / (1 + Z**2 / independent) * math.sqrt(rate * (1 - rate) / independent + Z**2 / (4 * independent**2))
    # At a rate of 0 or 1 a bound is the rate itself, and rounding must not carry it past.
    return Interval(value=rate, low=max(min(centre - half, rate), 0.0), high=min(max(centre + half, rate), 1.0))
