"""In how many of the won and of the lost accounts a state holds, and the difference.

An account counts once on each side where it has deals: as the share of its won (lost) deals, of those whose value is
known, that are in the state. Intervals of shares are Wilson's (1927) at the number of accounts, those of differences
are Newcombe's (1998, method 10) made of them. An account that won some deals and lost others is on both sides, alike as
a rule, which makes the interval rather too wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icp_ml.profile.rates import wilson
from icp_ml.profile.records import Interval

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Groups = NDArray[np.int64]


@dataclass(frozen=True)
class Shares:
    """won, lost: float64[s] for s states, NaN where there is no such account. won_accounts, lost_accounts: counts."""

    won: Floats
    lost: Floats
    won_accounts: int
    lost_accounts: int

    def of_won(self, state: int) -> Interval:
        """Share of won accounts with its 95 % interval; [0, 1] where there are none."""
        return wilson(float(self.won[state]), self.won_accounts)

    def of_lost(self, state: int) -> Interval:
        """Share of lost accounts with its 95 % interval; [0, 1] where there are none."""
        return wilson(float(self.lost[state]), self.lost_accounts)

    def difference(self, state: int) -> Interval:
        """Won minus lost, with its 95 % interval; [-1, 1] around 0 where a side is empty."""
        won, lost = self.of_won(state), self.of_lost(state)
        if not self.won_accounts or not self.lost_accounts:
            return Interval(value=0.0, low=-1.0, high=1.0)
        value = won.value - lost.value
        return Interval(
            value=value,
            low=value - math.hypot(won.value - won.low, lost.high - lost.value),
            high=value + math.hypot(won.high - won.value, lost.value - lost.low),
        )

    def distance(self) -> Floats:
        """float64[s]: differences in standard errors under no difference; 0 where a side is empty or nothing varies."""
        if not self.won_accounts or not self.lost_accounts:
            return np.zeros(len(self.won))
        accounts = self.won_accounts + self.lost_accounts
        pooled = (self.won * self.won_accounts + self.lost * self.lost_accounts) / accounts
        variance = pooled * (1.0 - pooled) * (1.0 / self.won_accounts + 1.0 / self.lost_accounts)
        varies = variance > 0
        return np.where(varies, (self.won - self.lost) / np.sqrt(np.where(varies, variance, 1.0)), 0.0)


def account_shares(states: Mask, known: Mask, won: NDArray[np.int8], groups: Groups) -> Shares:
    """states: bool[s, n], true only where `known`, bool[n]. won: int8[n]. groups: int64[n]."""
    (of_won, won_accounts), (of_lost, lost_accounts) = (
        _side(states, known & (won == outcome), groups) for outcome in (1, 0)
    )
    return Shares(of_won, of_lost, won_accounts, lost_accounts)


def _side(states: Mask, among: Mask, groups: Groups) -> tuple[Floats, int]:
    _, member, sizes = np.unique(groups[among], return_inverse=True, return_counts=True)
    if not len(sizes):
        return np.full(len(states), math.nan), 0
    return states[:, among] @ (1.0 / sizes[member]) / len(sizes), len(sizes)
