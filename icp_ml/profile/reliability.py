"""What was predicted beside what happened, in bins of judged deals, each with its interval and its count.

Bins are quantiles of the log-odds, so that each holds about as many deals; equal log-odds are in one bin. A bin's
interval is Wilson's at the number of independent deals that its accounts amount to (see `icp_ml.profile.rates`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.profile.rates import win_rate
from icp_ml.profile.records import ReliabilityBin

Floats = NDArray[np.float64]

MOST_BINS = 10
LEAST_IN_A_BIN = 20
"""A rate of fewer deals has an interval of half the scale. We chose it."""


def reliability(log_odds: Floats, won: NDArray[np.int8], groups: NDArray[np.int64]) -> tuple[ReliabilityBin, ...]:
    """The bins, lowest probability first. Each argument (n,), of deals that were not learned from; groups: accounts."""
    if not len(won):
        return ()
    count = int(np.clip(len(won) // LEAST_IN_A_BIN, 1, MOST_BINS))
    edges = np.unique(np.quantile(log_odds, np.arange(1, count) / count, method="lower"))
    place = np.searchsorted(edges, log_odds, side="left")
    return tuple(_bin(place == k, log_odds, won, groups) for k in np.unique(place))


def _bin(
    among: NDArray[np.bool_], log_odds: Floats, won: NDArray[np.int8], groups: NDArray[np.int64]
) -> ReliabilityBin:
    return ReliabilityBin(
        predicted=float(expit(log_odds[among]).mean()),
        deals=int(among.sum()),
        won=int(won[among].sum()),
        win_rate=win_rate(won, groups, among),
    )
