"""Is there any skill, and is the level right? Two tests, because they call for different answers.

Ranking: model and base rate both get their intercept refitted on the test block, so that neither gains or loses by
the base rate having moved. What is tested is the log loss saved by the first step from the base rate towards the
model, which is the covariance of outcome and log-odds within the block: it asks for the order alone, and a model
that is right in its order but too sure of itself is not refused for that (paired bootstrap over accounts, pooled over
blocks, one-sided 0.5 %). Failing it, the answer is "no reliable signal". How much the model saves at its own scale is
reported beside it.

Level: wins that happened over wins that were expected, block by block. Where only this one fails, probabilities are
re-anchored and a warning is given; the order stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.model.metrics import Estimate, Judged, log_losses, resamples

Floats = NDArray[np.float64]

ONE_SIDED_LEVEL = 0.005
DRAWS = 4_000
LEVEL_DRAWS = 1_000
LEVEL_CONFIDENCE = 0.99
LEAST_JUDGED = 100
"""Fewer pooled deals than this settle nothing: a perfect ranking of 60 may be chance."""


@dataclass(frozen=True)
class BlockLevel:
    """Observed over expected wins of one block, with its 99 % interval over accounts."""

    block: int
    deals: int
    observed_over_expected: Estimate

    @property
    def is_off(self) -> bool:
        """Whether the interval leaves out 1."""
        return not self.observed_over_expected.low <= 1.0 <= self.observed_over_expected.high


@dataclass(frozen=True)
class Skill:
    """What was tested and what was measured, in nats a deal with bounds at 0.5 % and 99.5 %.

    ranking: log loss saved by the first step from the base rate towards the model, for a whole step at that pace.
    gain: log loss saved by the model as it is. share: the gain as a share of the base rate's log loss (skill in the
    sense of the protocol). Model and base rate are re-anchored block by block in all of them.
    """

    ranking: Estimate
    gain: Estimate
    share: float
    deals: int
    accounts: int
    levels: tuple[BlockLevel, ...]

    @property
    def is_reliable(self) -> bool:
        """Whether the ranking beats the base rate beyond noise."""
        return self.ranking.low > 0.0

    @property
    def level_is_off(self) -> bool:
        """Whether the latest block's level differs from what was expected beyond noise."""
        return bool(self.levels) and self.levels[-1].is_off


def measure_skill(judged: Judged, seed: int, widening: float = 1.0) -> Skill:
    """Test ranking and level on deals that the model did not learn from.

    widening: by how much the bounds of ranking and gain are too narrow, because blocks were judged by models that
    learnt from each other's deals (see `Judgement.widening`); 1 where they did not.
    """
    base = log_losses(refit_by_block(np.zeros(len(judged)), judged), judged.won)
    model = log_losses(refit_by_block(judged.log_odds, judged), judged.won)
    saved = [first_step(judged), base - model]
    ranking, gain = (_widened(found, widening) for found in _paired_intervals(saved, judged.groups, seed))
    return Skill(
        ranking=ranking,
        gain=gain,
        share=gain.value / float(base.mean()),
        deals=len(judged),
        accounts=len(np.unique(judged.groups)),
        levels=tuple(_level(judged, int(block), seed) for block in np.unique(judged.block)),
    )


def first_step(judged: Judged) -> Floats:
    """Each deal's share of the pace at which log loss falls on leaving the base rate towards the model, shape (n,).

    The derivative at s = 0 of the log loss of `s x log-odds`, its intercept refitted: outcome and log-odds, each
    relative to its mean in the block, multiplied.
    """
    pace = np.empty(len(judged))
    for block in np.unique(judged.block):
        rows = judged.block == block
        won, log_odds = judged.won[rows], judged.log_odds[rows]
        pace[rows] = (won - won.mean()) * (log_odds - log_odds.mean())
    return pace


def refit_by_block(log_odds: Floats, judged: Judged) -> Floats:
    """Log-odds shifted, block by block, so that expected wins equal observed wins: only the ranking is left."""
    shifted = np.empty(len(judged))
    for block in np.unique(judged.block):
        rows = judged.block == block
        shifted[rows] = log_odds[rows] + anchor(log_odds[rows], judged.won[rows])
    return shifted


def anchor(log_odds: Floats, won: NDArray[np.int8]) -> float:
    """The shift that makes the mean probability equal the win rate; half a win and half a loss keep it finite."""
    target = (won.sum() + 0.5) / (len(won) + 1.0)
    shift = 0.0
    for _ in range(100):
        p = expit(log_odds + shift)
        step = (target - p.mean()) / max(float(np.mean(p * (1 - p))), 1e-9)
        shift += float(np.clip(step, -2.0, 2.0))
        if abs(step) < 1e-12:
            break
    return shift


def _paired_intervals(saved: list[Floats], groups: NDArray[np.int64], seed: int) -> list[Estimate]:
    """Bounds at 0.5 % and 99.5 % of the mean of each, the same accounts resampled for all."""
    _, member = np.unique(groups, return_inverse=True)
    deals = np.bincount(member)
    totals = np.column_stack([np.bincount(member, weights=values) for values in saved])
    accounts = np.arange(len(deals), dtype=np.int64)
    draws = [(w @ totals) / (w @ deals) for w in resamples(accounts, DRAWS, seed)]
    low, high = np.quantile(draws, [ONE_SIDED_LEVEL, 1 - ONE_SIDED_LEVEL], axis=0)
    return [Estimate(float(v.mean()), float(low[i]), float(high[i])) for i, v in enumerate(saved)]


def _widened(found: Estimate, by: float) -> Estimate:
    value = found.value
    return Estimate(value, value - by * (value - found.low), value + by * (found.high - value))


def _level(judged: Judged, block: int, seed: int) -> BlockLevel:
    rows = judged.block == block
    won, expected = judged.won[rows].astype(np.float64), expit(judged.log_odds[rows])
    ratios = [(w @ won) / (w @ expected) for w in resamples(judged.groups[rows], LEVEL_DRAWS, seed)]
    low, high = np.quantile(ratios, [(1 - LEVEL_CONFIDENCE) / 2, (1 + LEVEL_CONFIDENCE) / 2])
    return BlockLevel(block, int(rows.sum()), Estimate(float(won.sum() / expected.sum()), float(low), float(high)))
