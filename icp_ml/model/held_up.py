"""How well what was said of later deals held up: level, spread, order and skill, with 90 % intervals over accounts.

The order is judged within each period, and skill with model and base rate re-anchored period by period (see `skill`),
so that neither a base rate that moves nor one period's luck passes for knowledge. Level and spread are judged as they
were told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.metrics import Estimate, Judged, calibration, log_losses, observed_over_expected
from icp_ml.model.skill import pairs_in_order, refit_by_block
from icp_ml.model.tier_outcomes import resampled

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Held:
    """bool[n] each. first: which deals a first tier held. parted: told in a period with more tiers than one."""

    first: Flags
    parted: Flags


@dataclass(frozen=True)
class HeldUp:
    """None where a figure does not exist, as where nothing was won.

    ranking: share of pairs of a won and a lost deal of one period that are in the right order; 0.5 is chance. skill:
    share of the base rate's log loss removed. observed_over_expected: wins over the sum of probabilities.
    slope: of the outcome on the log-odds; under 1 the predictions were too bold.
    """

    ranking: Estimate | None
    skill: Estimate | None
    observed_over_expected: Estimate | None
    slope: Estimate | None


def measure_held_up(told: Judged, seed: int) -> HeldUp:
    """Of probabilities. told: log-odds as they were told, the anchor included; blocks are periods."""
    pairs = pairs_in_order(told)
    base = log_losses(refit_by_block(np.zeros(len(told)), told), told.won)
    model = log_losses(refit_by_block(told.log_odds, told), told.won)

    def figures(weights: Floats) -> Floats:
        if not 0 < weights @ told.won < weights.sum():
            return np.full(4, np.nan)
        return np.array(
            [
                weights @ pairs / weights.sum(),
                weights @ (base - model) / (weights @ base),
                observed_over_expected(told.log_odds, told.won, weights),
                calibration(told.log_odds, told.won, weights)[1],
            ]
        )

    ranking, *others = resampled(figures, told.groups, seed)
    return HeldUp(_as_share(ranking), *others)


def ranking_of(scores: Floats, told: Judged, seed: int) -> Estimate | None:
    """The ranking of another order of the same deals. scores: (n,), higher is better, in any unit."""
    if not 0 < told.won.sum() < len(told):
        return None
    pairs = pairs_in_order(replace(told, log_odds=scores))
    return _as_share(resampled(lambda weights: np.array([weights @ pairs / weights.sum()]), told.groups, seed)[0])


def _as_share(found: Estimate | None) -> Estimate | None:
    """Within 0 and 1: the share of pairs is a mean over deals, whose resamples know no such bounds."""
    return None if found is None else Estimate(found.value, max(found.low, 0.0), min(found.high, 1.0))


def wins_in_as_many(scores: Floats, told: Judged, held: Held, seed: int) -> Estimate | None:
    """Share of wins among the deals ranked highest, as many of them in each period as a first tier held.

    scores: (n,), higher is better. held: that tier. Two orders with tiers of different sizes are compared by it. Deals
    that are tied at the end of the set count by the share of them that fits.
    """
    blocks = [np.flatnonzero((told.block == block) & held.parted) for block in np.unique(told.block)]
    ranked = [(rows, np.unique(-scores[rows], return_inverse=True)[1]) for rows in blocks]
    counted = told.won * held.parted

    def share(weights: Floats) -> Floats:
        wins = weights @ counted
        on_top = (_wins_on_top(place, weights[rows], told.won[rows], held.first[rows]) for rows, place in ranked)
        return np.array([sum(on_top) / wins if wins else np.nan])

    return resampled(share, told.groups, seed)[0]


def _wins_on_top(place: NDArray[np.intp], weights: Floats, won: NDArray[np.int8], first: Flags) -> float:
    """place: rank of each row, 0 the highest, equal where tied."""
    size, wins = np.bincount(place, weights=weights), np.bincount(place, weights=weights * won)
    taken = np.clip(weights @ first - (np.cumsum(size) - size), 0.0, size)
    share = np.divide(taken, size, out=np.zeros_like(taken), where=size > 0)
    return float(share @ wins)
