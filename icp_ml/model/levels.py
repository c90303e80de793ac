"""What a probability consists of besides the order: its level, and how sure it is.

The level is that of the deals learned from, moved by an anchor where the latest deals were won more or less often, or
set by a base rate that somebody states. A stated base rate is the share of companies that would be won if they were
like the deals learned from: the log-odds are shifted until their mean probability over those deals is that share.
Order, score, tier and reasons do not move. The order is supported by data; the level is then an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.model.intervals import Band, fit_band

Floats = NDArray[np.float64]

REFERENCE_POINTS = 200
"""Quantiles that stand for the deals learned from: so many give their mean probability to a thousandth of itself."""
FURTHEST = 50.0
"""A shift in log-odds beyond which every probability is 0 or 1 for all that anybody can tell."""


@dataclass(frozen=True)
class Calibration:
    """band: the interval of each probability. reference: ascending log-odds, out of fold, of the deals learned from.

    base_rate: the one that was stated, in (0, 1), or None.
    """

    band: Band
    reference: Floats
    base_rate: float | None = None

    @cached_property
    def shift(self) -> float | None:
        """Log-odds added for the probability alone; None where no base rate is stated."""
        return None if self.base_rate is None else shift_to(self.base_rate, self.reference)


def calibrate(log_odds: Floats, won: NDArray[np.int8], groups: NDArray[np.int64], seed: int) -> Calibration:
    """From deals that were predicted without their own account; each (n,), n at least 1."""
    middles = (np.arange(REFERENCE_POINTS) + 0.5) / REFERENCE_POINTS
    reference = np.asarray(np.quantile(log_odds, middles), dtype=np.float64)
    return Calibration(fit_band(log_odds, won, groups, seed), reference)


def shift_to(base_rate: float, log_odds: Floats) -> float:
    """The shift at which the mean probability is `base_rate`, which lies in (0, 1). log_odds: (n,), finite."""

    from scipy.optimize import brentq  # noqa: PLC0415 - loaded where a model is fitted

    def excess(shift: float) -> float:
        return float(expit(log_odds + shift).mean()) - base_rate

    reach = FURTHEST + float(np.abs(log_odds).max())
    return float(brentq(excess, -reach, reach, xtol=1e-13))
