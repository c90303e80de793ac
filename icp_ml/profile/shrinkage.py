"""Figures of segments, drawn towards the whole where a segment has few deals (empirical Bayes).

    drawn(s) = whole + (1 - b(s)) (observed(s) - whole)          b(s) = k / (k + n(s))

n(s) is the number of independent deals, k how many deals the whole is worth. With phi the part of a single deal's
variance that lies between segments, k = (1 - phi) / phi, and phi is found by moments over the segments of the
dimension (Kleinman 1973): segments that differ by no more than chance lets them have phi = 0, and all equal the whole.

Deals of one account are alike. With rho the correlation of two deals of an account, found by moments over all accounts
(Fisher 1925), n(s) = deals / (1 + rho (m - 1)), where m is the mean size of an account as a deal sees it (Kish 1965).
What sets segments apart is in rho too, so that n(s) is too small rather than too large.

An interval carries the error of the segment, that of the whole, and that of k, which a few segments tell badly (Morris
1983). It assumes segments that could be exchanged: that none was known beforehand to be another kind of thing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from icp_ml.profile.rates import Z
from icp_ml.profile.records import Interval

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Groups = NDArray[np.int64]

LEAST_STRENGTH: Final = 1.0
"""The whole counts for at least one deal, as in Jeffreys' prior: a segment that won all its deals is not certain."""
EVEN: Final = 0.5
"""Jeffreys' prior for a rate: half a deal on either side."""


@dataclass(frozen=True)
class Observed:
    """The mean of a set of deals. deals: how many have a value. independent: how many independent ones they amount to.

    mean: NaN where there is none.
    """

    deals: int
    accounts: int
    mean: float
    independent: float


@dataclass(frozen=True)
class Alike:
    """rho: the correlation of two deals of an account, in [0, 1]. groups: int64[n]."""

    rho: float
    groups: Groups

    def observed(self, values: Floats, among: Mask) -> Observed:
        """values: float64[n], NaN where not known; those count that are known and `among`."""
        counted = among & ~np.isnan(values)
        deals = int(counted.sum())
        if not deals:
            return Observed(0, 0, math.nan, 0.0)
        sizes = np.unique(self.groups[counted], return_counts=True)[1]
        seen = float(np.sum(sizes**2)) / deals
        return Observed(deals, len(sizes), float(values[counted].mean()), deals / (1.0 + self.rho * (seen - 1.0)))


def alike(values: Floats, groups: Groups) -> Alike:
    """How alike the deals of an account are in `values`, float64[n] with NaN where not known; 0 where none has two."""
    known = ~np.isnan(values)
    _, member, sizes = np.unique(groups[known], return_inverse=True, return_counts=True)
    deals, accounts = int(known.sum()), len(sizes)
    if accounts < 2 or deals == accounts:
        return Alike(0.0, groups)
    means = np.bincount(member, weights=values[known]) / sizes
    between = float(np.sum(sizes * (means - values[known].mean()) ** 2)) / (accounts - 1)
    within = float(np.sum((values[known] - means[member]) ** 2)) / (deals - accounts)
    size = (deals - float(np.sum(sizes**2)) / deals) / (accounts - 1)
    total = between + (size - 1.0) * within
    return Alike(min(max((between - within) / total, 0.0), 1.0) if total > 0 else 0.0, groups)


def strength(segments: Sequence[Observed], variance: float) -> float:
    """k: how many deals the whole is worth, infinite where segments differ by no more than chance; 0 for one segment.

    variance: of a single deal's value.
    """
    known = [each for each in segments if each.deals]
    counts = np.array([each.independent for each in known])
    if len(known) < 2 or variance <= 0:
        return 0.0 if variance > 0 else math.inf
    means = np.array([each.mean for each in known])
    total = counts.sum()
    spread = float(np.sum(counts * (means - counts @ means / total) ** 2)) / variance
    freedom = len(known) - 1
    room = total - float(np.sum(counts**2)) / total - freedom
    share = (spread - freedom) / room if room > 0 else 0.0
    return max((1.0 - share) / share, LEAST_STRENGTH) if share > 0 else math.inf


def drawn_rates(segments: Sequence[Observed], whole: Observed) -> tuple[Interval | None, ...]:
    """Rates in [0, 1] with 95 % intervals, by the beta-binomial model; None for a segment without a deal.

    Where the whole is 0 or 1 there is nothing to be drawn to, and Jeffreys' interval is given.
    """
    variance = whole.mean * (1.0 - whole.mean)
    if not variance > 0:
        return tuple(_jeffreys(each) for each in segments)
    k = strength(segments, variance)
    return tuple(_drawn_rate(each, whole, k, segments) for each in segments)


def drawn_means(segments: Sequence[Observed], whole: Observed, variance: float) -> tuple[Interval | None, ...]:
    """Means with 95 % intervals, by the normal model. variance: of a single deal's value, over all deals."""
    k = strength(segments, variance)
    return tuple(_drawn_mean(each, whole, variance, k, segments) for each in segments)


def _drawn_rate(one: Observed, whole: Observed, k: float, segments: Sequence[Observed]) -> Interval | None:
    if not one.deals:
        return None
    k = max(k, LEAST_STRENGTH)
    rate = _drawn(one, whole, k)
    largest = rate * (1.0 - rate)
    own = largest / (k + one.independent + 1.0)
    spread = own + _of_the_whole(one, whole, k, whole.mean * (1.0 - whole.mean), segments)
    deals = max(largest / spread - 1.0, LEAST_STRENGTH)
    low, high = _beta_bounds(rate * deals, (1.0 - rate) * deals)
    return Interval(value=rate, low=low, high=high)


def _drawn_mean(
    one: Observed, whole: Observed, variance: float, k: float, segments: Sequence[Observed]
) -> Interval | None:
    if not one.deals:
        return None
    mean = _drawn(one, whole, k)
    own = variance / (k + one.independent) if math.isfinite(k) else 0.0
    error = Z * math.sqrt(own + _of_the_whole(one, whole, k, variance, segments))
    return Interval(value=mean, low=mean - error, high=mean + error)


def _drawn(one: Observed, whole: Observed, k: float) -> float:
    weight = _weight(one, k)
    return whole.mean if weight == 1.0 else whole.mean + (1.0 - weight) * (one.mean - whole.mean)


def _of_the_whole(one: Observed, whole: Observed, k: float, variance: float, segments: Sequence[Observed]) -> float:
    """Variance that comes from not knowing the whole, nor how much it should count."""
    weight = _weight(one, k)
    known = sum(each.deals > 0 for each in segments)
    of_weight = 2.0 / (known - 1) * (one.mean - whole.mean) ** 2 if known > 1 else 0.0
    return weight**2 * (variance / whole.independent + of_weight)


def _weight(one: Observed, k: float) -> float:
    """b: how much of a segment's figure is the whole."""
    return k / (k + one.independent) if math.isfinite(k) else 1.0


def _jeffreys(one: Observed) -> Interval | None:
    if not one.deals:
        return None
    won = one.mean * one.independent
    low, high = _beta_bounds(won + EVEN, one.independent - won + EVEN)
    return Interval(value=one.mean, low=min(low, one.mean), high=max(high, one.mean))


def _beta_bounds(won: float, lost: float) -> tuple[float, float]:
    return float(beta.ppf(0.025, won, lost)), float(beta.ppf(0.975, won, lost))
