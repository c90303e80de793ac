"""Win rates of sets of ranked deals, with bounds that count accounts.

A set's rate has the variance of account totals (linearised ratio estimate, Cochran 1977, chapter 6). What matters of
it is one number: how many independent deals have the same variance. All bounds are those of that many deals.
Every set of the first 1, 2, ..., n deals of an order is measured at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z90 = 1.6448536269514722
"""Two-sided 90 % of the normal distribution: what is called the lower 90 % bound is the lower end of that interval."""
ROUNDING = 1e-9


@dataclass(frozen=True)
class Sets:
    """Sets of deals: each field (m,), one entry a set.

    deals, won: counts. accounts: distinct ones. independent: number of independent deals that tell as much about the
    set's win rate, at most `deals`; where the rate does not vary (none or all won) it is the number of accounts.
    """

    deals: Floats
    won: Floats
    accounts: Floats
    independent: Floats

    def __getitem__(self, places: NDArray[np.intp]) -> Sets:
        return Sets(self.deals[places], self.won[places], self.accounts[places], self.independent[places])

    @property
    def rate(self) -> Floats:
        """Win rates, NaN for a set without deals."""
        rates = np.full(len(self.deals), np.nan)
        np.divide(self.won, self.deals, out=rates, where=self.deals > 0)
        return rates


def growing_sets(won: NDArray[np.int8], groups: NDArray[np.int64]) -> Sets:
    """The sets of the first 1, 2, ..., n deals, in the order given; one entry a deal."""
    deals_before, wins_before = _before(won, groups)
    outcome = won.astype(np.float64)
    deals, wins = np.arange(1.0, len(won) + 1), np.cumsum(outcome)
    accounts = np.cumsum(deals_before == 0).astype(np.float64)
    # The sums over accounts of deals x deals, deals x wins and wins x wins grow by what the new deal adds to its own.
    deals_deals = np.cumsum(2 * deals_before + 1)
    deals_wins = np.cumsum(wins_before + outcome * (deals_before + 1))
    wins_wins = np.cumsum(outcome * (2 * wins_before + 1))
    rate = wins / deals
    squares = wins_wins - 2 * rate * deals_wins + rate**2 * deals_deals
    varies = squares > ROUNDING * deals_deals
    independent = rate * (1 - rate) * deals**2 / np.where(varies, squares, 1.0)
    return Sets(deals, wins, accounts, np.where(varies, np.minimum(independent, deals), accounts))


def one_set(won: NDArray[np.int8], groups: NDArray[np.int64]) -> Sets:
    """The set of all deals given, as its single entry."""
    if not len(won):
        return Sets(*np.zeros((4, 1)))
    return growing_sets(won, groups)[np.array([len(won) - 1])]


def rate_bounds(sets: Sets) -> tuple[Floats, Floats]:
    """90 % interval of each win rate, in [0, 1] (Wilson 1927 at the number of independent deals)."""
    deals = np.maximum(sets.independent, ROUNDING)
    rate = np.nan_to_num(sets.rate, nan=0.5)
    centre = (rate + Z90**2 / (2 * deals)) / (1 + Z90**2 / deals)
    half = Z90 / (1 + Z90**2 / deals) * np.sqrt(rate * (1 - rate) / deals + Z90**2 / (4 * deals**2))
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


def rate_ratio(first: Sets, second: Sets) -> tuple[Floats, Floats, Floats]:
    """Win rate of the first set over that of the second, with its 90 % interval; 0.5 is added to each count.

    Delta method on the logarithm (Katz and others 1978), each set at its number of independent deals. Accounts with
    deals in both sets make the true interval a little narrower.
    """
    value = np.log(_smoothed(first.won, first.deals)) - np.log(_smoothed(second.won, second.deals))
    error = np.sqrt(_log_rate_variance(first) + _log_rate_variance(second))
    return np.exp(value), np.exp(value - Z90 * error), np.exp(value + Z90 * error)


def odds_ratio(first: Sets, second: Sets) -> tuple[Floats, Floats, Floats]:
    """Odds of winning in the first set over those in the second, with the 90 % interval.

    0.5 is added to each cell (Haldane 1956, Anscombe 1956), and the logarithm's variance is Woolf's (1955) at each
    set's number of independent deals.
    """
    value = _log_odds(first) - _log_odds(second)
    error = np.sqrt(_log_odds_variance(first) + _log_odds_variance(second))
    return np.exp(value), np.exp(value - Z90 * error), np.exp(value + Z90 * error)


def _before(won: NDArray[np.int8], groups: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Of each deal's account, how many deals and wins came before it in the order given."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(starts, len(groups)))
    wins = np.concatenate([[0], np.cumsum(won[order], dtype=np.int64)])[:-1]
    deals_before, wins_before = np.empty(len(groups)), np.empty(len(groups))
    deals_before[order] = np.arange(len(groups)) - np.repeat(starts, sizes)
    wins_before[order] = wins - np.repeat(wins[starts], sizes)
    return deals_before, wins_before


def _smoothed(won: Floats, deals: Floats) -> Floats:
    return (won + 0.5) / (deals + 1)


def _log_rate_variance(sets: Sets) -> Floats:
    won = np.nan_to_num(sets.rate) * sets.independent
    return 1 / (won + 0.5) - 1 / (sets.independent + 1)


def _log_odds(sets: Sets) -> Floats:
    return np.log(sets.won + 0.5) - np.log(sets.deals - sets.won + 0.5)


def _log_odds_variance(sets: Sets) -> Floats:
    won = np.nan_to_num(sets.rate) * sets.independent
    return 1 / (won + 0.5) + 1 / (sets.independent - won + 0.5)
