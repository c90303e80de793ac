"""Where tiers are cut, as a function of log-odds out of fold and an objective.

    wins      tier 1 is the smallest top set that holds 70 % of the wins; the cut below it is the highest one at which
              tier 1 surely wins 1.5 times as often as tier 3; below the third lie at most 5 % of the wins
    capacity  tiers hold stated shares of the deals
    cost      a tier starts where probability x value of a win pays for its cost
    fixed     a tier starts at a stated probability

Deals with equal log-odds never lie on both sides of a cut that deals decided. Nothing here is random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from icp_ml.deals.policy import TiersSettings
from icp_ml.model.tier_rates import Sets, growing_sets, rate_bounds, rate_ratio
from icp_ml.model.tiers import MARGIN, Cuts, tier_labels, without_bounds

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

LEAST_SHARE = 0.1
"""Tiers 2 and 3, and a tier 1 that was narrowed, hold at least this share of the deals. We chose it: the highest cut
at which a good model tells tier 1 from tier 3 is the one right below tier 1, and would leave nobody in tier 2."""
WINS_OUT_OF_SCOPE = 0.05
NARROWING = 0.05
"""Tier 1 is narrowed by this share of the wins at a time. We chose it: every set tried is a chance to be fooled."""
MOST_TRIED = 40
"""Places tried for the third cut, where the highest one leaves no second cut."""
OUTER = 0.001
"""Scores 0 and 100 lie at this quantile of the log-odds and at its mirror image."""
ROUNDING = 1e-9


@dataclass(frozen=True)
class FittedCuts:
    """Cuts, and what had to be said about them: one sentence each."""

    cuts: Cuts
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Ranked:
    """Deals from the highest log-odds to the lowest, and the places where a cut may lie.

    counts: int[m], deals above each place, rising; a place lies between two different log-odds. top: the sets above.
    """

    log_odds: Floats
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    counts: Indices
    top: Sets

    @property
    def least(self) -> float:
        return LEAST_SHARE * len(self.won)

    @property
    def wins(self) -> int:
        return int(self.won.sum())

    def cut(self, place: int) -> float:
        """The log-odds halfway between the neighbours of a place; where no number lies between, the upper one."""
        upper, lower = self.log_odds[self.counts[place] - 1], self.log_odds[self.counts[place]]
        middle = float(lower + (upper - lower) / 2)
        return middle if middle > lower else float(upper)


Chosen = tuple[int | None, ...]
"""A place for each score, or None where there is no such cut."""


def fit_cuts(
    log_odds: Floats,
    won: NDArray[np.int8],
    groups: NDArray[np.int64],
    settings: TiersSettings,
    anchor: float = 0.0,
) -> FittedCuts:
    """Cuts for an objective.

    log_odds: (n,), out of fold, finite, n at least 1. won, groups: (n,), outcome and account of each deal.
    anchor: what is added to log-odds before they are called a probability; only `cost` and `fixed` know it.
    Cuts that cannot be had are left out, and the tiers that they would have parted are merged and named in a note.
    """
    if settings.cost is not None:
        return _at_probabilities(log_odds, settings.cost.probabilities(), settings, anchor)
    if settings.fixed is not None:
        return _at_probabilities(log_odds, settings.fixed, settings, anchor)
    ranked = _ranked(log_odds, won, groups)
    if settings.capacity is not None:
        chosen, notes = _by_capacity(ranked, settings.capacity)
    else:
        chosen, notes = _by_wins(ranked, settings)
    bounds = [None if place is None else ranked.cut(place) for place in chosen]
    return FittedCuts(_cuts(bounds, log_odds, settings), notes)


def _ranked(log_odds: Floats, won: NDArray[np.int8], groups: NDArray[np.int64]) -> _Ranked:
    order = np.argsort(-log_odds, kind="stable")
    ordered = log_odds[order]
    counts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return _Ranked(ordered, won[order], groups[order], counts, growing_sets(won[order], groups[order])[counts - 1])


def _cuts(bounds: Sequence[float | None], log_odds: Floats, settings: TiersSettings) -> Cuts:
    """Cuts at the bounds that there are; those that are not take their labels with them."""
    found = [bound for bound in bounds if bound is not None]
    low, high = (float(bound) for bound in np.quantile(log_odds, [OUTER, 1 - OUTER]))
    lowest, highest = (min(found), max(found)) if found else (float(np.median(log_odds)),) * 2
    low, high = min(low, lowest - MARGIN), max(high, highest + MARGIN)
    # Stand-ins keep the order until they are dropped.
    filled = [high - (high - highest) * (place + 1) / (len(bounds) + 1) for place in range(len(bounds))]
    del filled
    return _assembled(bounds, settings, low, high)


def _assembled(bounds: Sequence[float | None], settings: TiersSettings, low: float, high: float) -> Cuts:
    raise NotImplementedError
